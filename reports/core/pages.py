"""What a report says, as one JSON-able document and the figures it names; `template.typ` only sets it in type.

The order is that of a reader who has five minutes: what was run, the verdicts (violated and inconclusive first), how to
read them; then a chapter a paper with its claims and statements; an appendix with proofs, what was skipped or failed,
and the environment.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reports.core import appendix
from reports.core.style import (
    breakable,
    coordinates,
    counted,
    formula,
    literal,
    number,
    readable_latex,
    svg_bytes,
    value_text,
)
from theory.core.record import RunFile
from theory.core.verdict import LEVEL, WORST_FIRST, Outcome

Body = Mapping[str, Any]
RANK = {one.value: i for i, one in enumerate((*WORST_FIRST, Outcome.VACUOUS, Outcome.OUTSIDE, Outcome.MISSING))}
MOST_FAILURES = 12
_EVIDENCE = {
    "exact": "The value is exact: it is the truth, so the comparison has no sampling error.",
    "estimate": "The value is an estimate: the interval holds the truth at the stated level.",
    "witness_above": (
        "The value found is an example: the truth is at most this. It can refute a lower bound, not confirm it."
    ),
    "witness_below": (
        "The value found is an example: the truth is at least this. It can refute an upper bound, not confirm it."
    ),
}
_NOISE = {
    "none": "nothing is drawn at random",
    "within": "one number per test item of one trained model",
    "bernoulli": "successes over trained models, exact binomial interval",
    "bounded": "mean over trained models, distribution-free interval",
    "median": "median over trained models, order statistics",
    "gaussian": "mean over trained models, Student interval",
}
_KIND = {
    "existence": "This is an existence statement: one example bears it out, and a failure to train cannot refute it.",
    "learnability": "This is a statement about what training finds, not about what could exist.",
}


@dataclass
class Document:
    """The text of a report and its figures, by file name."""

    data: dict[str, Any] = field(default_factory=dict)
    figures: dict[str, bytes] = field(default_factory=dict)

    def add_figure(self, svg: bytes) -> str:
        """Keep a figure; returns the name under which the text refers to it."""
        name = f"figure-{len(self.figures) + 1}.svg"
        self.figures[name] = svg
        return name


def document(
    run: RunFile,
    figures: Mapping[str, Any] | None = None,
    chapters: Mapping[str, tuple[str, tuple[str, ...]]] | None = None,
) -> Document:
    """The whole report of a run file.

    figures: claim id -> special figure of (verdict body, run file), or several in a tuple.
    chapters: paper -> (its title, paragraphs in front of its claims).
    """
    made = Document()
    verdicts = sorted(run.get("verdicts").values(), key=lambda one: (_rank(one), one["claim"]))
    launches = run.launches()
    lanes = appendix.Lanes.of(run.records())
    made.data = {
        "title": "Attention bounds against trained models",
        "header": "Verdict report",
        "facts": [_pair(*one) for one in _facts(launches, lanes, verdicts)],
        "notices": [breakable(text) for text in _notices(launches, lanes, verdicts)],
        "verdicts": [_verdict_row(one) for one in verdicts],
        "reading": _reading(),
        "controls": _CONTROLS,
        "chapters": _chapters(made, run, verdicts, figures or {}, chapters or {}),
        "appendix": appendix.sections(run, lanes, launches),
    }
    return made


def _chapters(
    made: Document,
    run: RunFile,
    verdicts: Sequence[Body],
    figures: Mapping[str, Any],
    known: Mapping[str, tuple[str, tuple[str, ...]]],
) -> list[dict[str, Any]]:
    """A chapter a paper: what was read, its claims (worst first), its statements."""
    cards, statements = run.get("claims"), appendix.papers(run)
    found = []
    for paper in dict.fromkeys([*sorted({str(one["paper"]) for one in verdicts}), *statements]):
        title, lead = known.get(paper, (paper, ()))
        claims = [
            _claim(made, one, cards.get(one["claim"], {}), run, figures.get(one["claim"]))
            for one in verdicts
            if one["paper"] == paper
        ]
        found.append(
            {
                "paper": breakable(paper),
                "title": breakable(title),
                "lead": [breakable(text) for text in lead],
                "claims": claims,
                "statements": statements.get(paper, []),
            }
        )
    return found


def _rank(verdict: Body) -> tuple[int, int]:
    """Worst first; among equals, those whose control was not rejected."""
    return RANK.get(verdict["outcome"], len(RANK)), int(verdict["control"]["ok"])


def _pair(name: Any, value: Any) -> dict[str, str]:
    return {"name": breakable(name), "value": breakable(value)}


# ---------------------------------------------------------------------------- cover
def _facts(launches: Sequence[Body], lanes: appendix.Lanes, verdicts: Sequence[Body]) -> Iterable[tuple[str, str]]:
    papers = dict.fromkeys(one["paper"] for one in verdicts)
    yield "Judged", counted(len(verdicts), "claim") + (f" about {', '.join(map(str, papers))}" if papers else "")
    yield (
        "Measured",
        f"{counted(lanes.n, 'trained model')} in {number(round(lanes.cost, 1))} s of computing"
        + (f"; {lanes.n_diverged} diverged, {lanes.n_failed} failed" if lanes.n_diverged + lanes.n_failed else ""),
    )
    if not launches:
        return
    first, last = launches[0], launches[-1]
    when = str(first.get("started", "unknown"))
    yield "When", when if len(launches) == 1 else f"{when} to {last.get('started', 'unknown')}, {len(launches)} starts"
    for name, key in (("Device", "device"), ("Precision", "precision"), ("Profile", "profile")):
        yield name, ", ".join(dict.fromkeys(str(one.get(key)) for one in launches if one.get(key))) or "unknown"
    yield "Commit", "; ".join(dict.fromkeys(commit_text(one) for one in launches))
    yield "Command", str(last.get("command") or "unknown")


def commit_text(launch: Body) -> str:
    """The commit of a launch, shortened, and whether files had changed since; else the digest of the sources."""
    if launch.get("commit"):
        return str(launch["commit"])[:12] + (" with uncommitted changes" if launch.get("dirty") else "")
    return f"no repository; sources {str(launch.get('sources', 'unknown'))[:12]}"


def _notices(launches: Sequence[Body], lanes: appendix.Lanes, verdicts: Sequence[Body]) -> Iterable[str]:
    if not launches and not lanes.n:
        yield (
            "Nothing was measured in this run file yet: “attnbounds sweep --run FILE” measures, “attnbounds "
            "judge FILE” judges."
        )
    elif not verdicts:
        yield (
            "This run holds measurements and no verdicts: run “attnbounds judge FILE” first, then “attnbounds "
            "report FILE” again."
        )
    silent = [one["claim"] for one in verdicts if not one["control"]["ok"] and one["outcome"] != "missing"]
    if silent:
        yield (
            f"The negative control of {counted(len(silent), 'claim')} was not rejected, so the verdict says nothing "
            f"there: "
            f"{', '.join(silent)}."
        )
    bad = lanes.n_diverged + lanes.n_failed
    if bad:
        yield f"{counted(bad, 'trained model')} of {lanes.n:,} diverged or failed; the appendix lists them."
    profiles = list(dict.fromkeys(str(one["profile"]) for one in launches if one.get("profile")))
    if len(profiles) > 1:
        yield (
            f"Settings of several profiles are in this run ({', '.join(profiles)}); the verdicts are those of one "
            f"profile each."
        )


def _verdict_row(verdict: Body) -> dict[str, Any]:
    return {
        "claim": breakable(verdict["claim"]),
        "outcome": verdict["outcome"],
        "sentence": breakable(_sentence(verdict)),
        "meaning": _meaning(verdict),
        "ok": verdict["control"]["ok"] or verdict["outcome"] == "missing",
        "control": _control_count(verdict),
    }


def _sentence(verdict: Body) -> str:
    """The verdict's own sentence; that its control failed is said apart, and louder."""
    text = literal(verdict.get("sentence") or verdict["outcome"]).split("; the negative control was not")[0]
    return text[:1].upper() + text[1:]


def _meaning(verdict: Body) -> str:
    if verdict.get("meaning"):
        return literal(verdict["meaning"])
    known = {one.value: one.meaning for one in Outcome}
    return known.get(verdict["outcome"], "")


def _control_count(verdict: Body) -> str:
    return f"{verdict['control']['rejected']} of {verdict['control']['judged']}"


_CONTROLS = (
    "Every claim carries a negative control: the same comparison with one thing made wrong on purpose, which the "
    "same procedure "
    "must reject. A claim whose control was not rejected says nothing, whatever its verdict, and is marked so."
)


def _reading() -> dict[str, Any]:
    return {
        "outcomes": [
            {"outcome": one.value, "meaning": one.meaning} for one in (*WORST_FIRST, Outcome.VACUOUS, Outcome.OUTSIDE)
        ],
        "paragraphs": [
            "A claim is a statement of a paper, or of our own, that is compared with measured quantities on a grid "
            "of settings. Each "
            "setting is judged by itself; the claim's verdict is the worst of its judged settings, and the counts "
            "stand beside it. "
            "“Loose by a factor” is the ratio between the bound and what was measured.",
            f"The error rate is fixed in advance: {LEVEL:g} for a claim, divided equally among its judged settings. "
            f"Of twenty true "
            f"claims, at least one comes out “violated” by chance in at most {100 * 20 * LEVEL:g} % of runs. No "
            f"verdict depends on "
            "which other claims were judged.",
        ],
    }


# ---------------------------------------------------------------------------- claims
def _claim(made: Document, verdict: Body, card: Body, run: RunFile, special: Any) -> dict[str, Any]:
    cards = {one["label"]: one for one in card.get("clauses", [])}
    counts = verdict.get("counts", {})
    return {
        **_verdict_row(verdict),
        "says": breakable(verdict.get("says", "")),
        "about": [breakable(one) for one in card.get("about", [])],
        "against": [breakable(one) for one in card.get("against", [])],
        "counts": [
            {"outcome": name, "n": f"{counts[name]:,}"} for name in sorted(counts, key=lambda one: RANK.get(one, 99))
        ],
        "level": number(verdict["level"], 2) if verdict.get("level") else "",
        "special": _special(made, verdict, run, special),
        "clauses": [_clause(made, one, cards.get(one["label"], {})) for one in verdict["clauses"]],
        "failures": _failures(verdict),
        "limits": breakable(card.get("limits") or "None stated."),
        "switches": [_pair(name, value_text(value)) for name, value in sorted(card.get("switches", {}).items())],
        "experiment": breakable(card.get("experiment", "")),
        "derivation": breakable(card.get("derivation") or ""),
    }


def _special(made: Document, verdict: Body, run: RunFile, special: Any) -> list[dict[str, str]]:
    if special is None:
        return []
    from reports.core.style import drawing

    found = []
    for draw in special if isinstance(special, tuple) else (special,):
        try:
            with drawing():
                figure = draw(verdict, run)
            found.append({"figure": made.add_figure(svg_bytes(figure)), "note": ""})
        except Exception as error:  # the plug-in door: a stranger's figure must not cost the reader the report
            text = f"The claim's own figure could not be drawn: {type(error).__name__}: {error}"
            found.append({"figure": "", "note": breakable(text)})
    return found


def _clause(made: Document, clause: Body, card: Body) -> dict[str, Any]:
    from reports.core.figures import clause_figure

    observable = clause.get("observable", {})
    return {
        "label": breakable(clause["label"]),
        "outcome": clause["outcome"],
        "formula": _formula(made, card.get("formula") or {}),
        "parameters": [_pair(one["name"], _meaning_of(one)) for one in card.get("parameters") or []],
        "source": breakable(source_text(card.get("source"))),
        "hypotheses": [breakable(one) for one in card.get("hypotheses") or []],
        "relation": breakable(_relation(clause)),
        "kind": _KIND.get(str(clause.get("kind")), ""),
        "observable": breakable(_observable(observable)),
        "evidence": _EVIDENCE.get(str(observable.get("evidence")), ""),
        "figure": made.add_figure(svg_bytes(clause_figure(clause))) if _has_cells(clause) else "",
        "caption": breakable(_caption(clause)),
        "control": breakable(_control_text(clause)),
        "control_ok": _control_ok(clause),
    }


def _has_cells(clause: Body) -> bool:
    return bool(clause.get("cells") or clause.get("points") or clause["control"]["cells"])


def _meaning_of(parameter: Body) -> str:
    unit = f", in {parameter['unit']}" if parameter.get("unit") else ""
    return f"{parameter.get('meaning', '')}{unit}"


def _formula(made: Document, card: Body) -> dict[str, Any]:
    latex = str(card.get("latex") or "")
    if not re.search(r"[A-Za-z]", re.sub(r"\\[A-Za-z]+", "", latex)):  # a constant: its words say it all
        latex = ""
    set_in_type = formula(latex)
    shown = {
        "name": breakable(card.get("name", "")),
        "says": breakable(card.get("text", "")),
        "svg": "",
        "width": 0.0,
        "text": "",
    }
    if set_in_type is not None:
        return {
            **shown,
            "svg": made.add_figure(set_in_type.svg),
            "width": round(set_in_type.width, 2),
            "alt": literal(latex),
        }
    return {**shown, "text": breakable(readable_latex(latex))}


def source_text(source: Any) -> str:
    """Where a statement stands, with its version; the provenance where it was not read in the paper itself."""
    if not source:
        return ""
    if isinstance(source, str):
        return source
    if source.get("text"):
        return str(source["text"])
    note = {"secondary": "as quoted in public reviews or summaries", "derived": "derived here"}.get(
        str(source.get("provenance")), ""
    )
    return ", ".join(
        str(part) for part in (source.get("paper"), source.get("where"), source.get("version"), note) if part
    )


def _relation(clause: Body) -> str:
    text = literal(clause.get("relation", ""))
    return text[:1].upper() + text[1:]


def _observable(one: Body) -> str:
    if not one:
        return ""
    unit = f" in {one['unit']}" if one.get("unit") else ""
    ends = [number(one[name]) if isinstance(one.get(name), int | float) else None for name in ("low", "high")]
    between = f", between {ends[0]} and {ends[1]}" if None not in ends else ""
    noise = _NOISE.get(str(one.get("noise")), "")
    return f"{literal(one.get('name', '')).replace('_', ' ')}{unit}{between}" + (f" ({noise})" if noise else "")


def _fixed(cells: Iterable[Body]) -> dict[str, Any]:
    cells = list(cells)
    from reports.core.series import varying

    moving = set(varying(cells))
    return {name: value for name, value in (cells[0]["cell"] if cells else {}).items() if name not in moving}


def _caption(clause: Body) -> str:
    cells = clause.get("points") or clause.get("cells") or []
    fixed = _fixed(cells)
    seeds = sorted({cell["n_seeds"] for cell in cells if cell["n_seeds"]})
    parts = [f"{counted(len(cells), 'setting')}"]
    if seeds:
        span = f"{seeds[0]:,}" if seeds[0] == seeds[-1] else f"{seeds[0]:,} to {seeds[-1]:,}"
        parts[0] += f", each from {span} trained model{'' if seeds[-1] == 1 else 's'}"
    if fixed:
        parts.append(f"Fixed: {coordinates(fixed)}")
    diverged = sum(cell["n_diverged"] for cell in cells)
    if diverged:
        parts.append(f"{counted(diverged, 'trained model')} diverged")
    return ". ".join(parts) + "."


def _control_text(clause: Body) -> str:
    text = literal(clause["control"].get("says", "")).removeprefix("Negative control: ").strip().rstrip(".")
    return text[:1].upper() + text[1:]


def _control_ok(clause: Body) -> bool:
    return any(cell["outcome"] == "violated" for cell in clause["control"]["cells"]) or clause["outcome"] == "missing"


def _failures(verdict: Body) -> dict[str, Any]:
    """The settings that contradict or do not decide, worst first, at most a dozen."""
    bad = [
        (clause["label"], cell)
        for clause in verdict["clauses"]
        for cell in clause["cells"]
        if cell["outcome"] in ("violated", "inconclusive")
    ]
    bad.sort(key=lambda pair: pair[1]["outcome"] != "violated")
    rows = [
        {
            "where": breakable(f"{label}: {coordinates(cell['cell'])}"),
            "outcome": cell["outcome"],
            "measured": number(cell["value"]),
            "interval": _interval(cell),
            "bound": number(cell["bound"]),
            "detail": breakable(cell.get("detail", "")),
        }
        for label, cell in bad[:MOST_FAILURES]
    ]
    n_more = Counter(cell["outcome"] for _, cell in bad[MOST_FAILURES:])
    more = ", ".join(f"{n} {name}" for name, n in n_more.items())
    return {"rows": rows, "more": f"and further settings: {more}" if more else ""}


def _interval(cell: Body) -> str:
    low = "−∞" if cell["low"] is None else number(cell["low"], 3)
    high = "∞" if cell["high"] is None else number(cell["high"], 3)
    return f"{low} to {high}"
