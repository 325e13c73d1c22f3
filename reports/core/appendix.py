"""Statements and appendix: what each statement of a paper came to, and everything a reader may want to check."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reports.core.style import breakable, coordinates, counted, literal, number
from theory.core.record import Record, RunFile

Body = Mapping[str, Any]
MOST_LANES = 30
MOST_CELLS = 6


@dataclass
class Lanes:
    """What the records of a run add up to."""

    n: int = 0
    n_diverged: int = 0
    n_failed: int = 0
    cost: float = 0.0
    experiments: dict[str, dict[str, Any]] = field(default_factory=dict)
    bad: list[Record] = field(default_factory=list)

    @classmethod
    def of(cls, records: Iterable[Record]) -> Lanes:
        """Counted in one pass."""
        found = cls()
        for one in records:
            entry = found.experiments.setdefault(
                one.experiment, {"n": 0, "diverged": 0, "failed": 0, "cost": 0.0, "versions": set()}
            )
            entry["n"] += 1
            entry["cost"] += one.cost
            entry["versions"].add(one.version)
            found.n, found.cost = found.n + 1, found.cost + one.cost
            if one.status != "ok":
                entry["diverged" if one.status == "diverged" else "failed"] += 1
                found.n_diverged += one.status == "diverged"
                found.n_failed += one.status != "diverged"
                found.bad.append(one)
        return found


# ---------------------------------------------------------------------------- statements
def papers(run: RunFile) -> dict[str, list[dict[str, Any]]]:
    """Paper -> its statements: what each says, its standing, and what the standing rests on."""
    standings, statements = run.get("standings"), run.get("statements")
    found: dict[str, list[dict[str, Any]]] = {}
    for name in sorted({*standings, *statements}):
        body = {**statements.get(name, {}), **standings.get(name, {})}
        found.setdefault(str(body.get("paper", "")), []).append(_statement(name, body))
    return dict(sorted(found.items()))


def _statement(name: str, body: Body) -> dict[str, Any]:
    from reports.core.pages import source_text

    claims = [
        f"{one['claim']}{' (against it)' if one.get('role') == 'against' else ''}: {one['outcome']}"
        for one in body.get("claims", [])
    ]
    steps = [f"{one['step']}: {one['finding']}" for one in body.get("findings", [])]
    return {
        "id": breakable(name),
        "says": breakable(body.get("says", "")),
        "source": breakable(source_text(body.get("source"))),
        "corrected": breakable(body.get("corrected") or ""),
        "standing": breakable(body.get("standing") or "not examined in this run"),
        "functions": [breakable(one) for one in body.get("functions", [])],
        "findings": [breakable(one) for one in steps],
        "claims": [breakable(one) for one in claims],
    }


# ---------------------------------------------------------------------------- appendix
def sections(run: RunFile, lanes: Lanes, launches: Sequence[Body]) -> dict[str, Any]:
    """Proof findings, what was trained, what was skipped, what failed, and how the program was started."""
    return {
        "findings": [_finding(name, one) for name, one in run.get("findings").items()],
        "trained": _trained(run, lanes),
        "skipped": _skipped(run),
        "lanes": _bad_lanes(lanes),
        "launches": [_launch(i + 1, one) for i, one in enumerate(launches)],
    }


def _finding(name: str, one: Body) -> dict[str, Any]:
    control = one.get("control") or {}
    return {
        "step": breakable(name),
        "says": breakable(one.get("says", "")),
        "method": breakable(one.get("method", "")),
        "finding": breakable(one.get("finding", "")),
        "detail": breakable(one.get("detail") or ""),
        "role": breakable(one.get("role") or ""),
        "about": [breakable(each) for each in one.get("about", [])],
        "control": breakable(control.get("says", "")),
        "ok": bool(control.get("rejected")),
        "seconds": number(one.get("seconds"), 2),
    }


def _trained(run: RunFile, lanes: Lanes) -> list[dict[str, str]]:
    known = run.get("experiments")
    rows = []
    for name in sorted({*lanes.experiments, *known}):
        entry = lanes.experiments.get(name, {"n": 0, "diverged": 0, "failed": 0, "cost": 0.0, "versions": set()})
        versions = sorted(entry["versions"]) or [known.get(name, {}).get("version", "")]
        rows.append(
            {
                "experiment": breakable(name),
                "version": ", ".join(map(str, versions)),
                "n": f"{entry['n']:,}",
                "diverged": f"{entry['diverged']:,}",
                "failed": f"{entry['failed']:,}",
                "seconds": number(round(entry["cost"], 2)),
                "axes": breakable(
                    ", ".join(map(str, (*known.get(name, {}).get("axes", []), *known.get(name, {}).get("inner", []))))
                ),
            }
        )
    return rows


def _skipped(run: RunFile) -> list[dict[str, str]]:
    """Skipped settings by experiment and reason: their number, the ranges of their coordinates, a few examples."""
    groups: dict[tuple[str, str], list[Body]] = {}
    for one in run.get("skipped").values():
        groups.setdefault((str(one["experiment"]), str(one["reason"])), []).append(one["cell"])
    return [
        {
            "experiment": breakable(experiment),
            "reason": breakable(reason),
            "n": f"{len(cells):,}",
            "where": breakable(_ranges(cells)),
        }
        for (experiment, reason), cells in sorted(groups.items())
    ]


def _ranges(cells: list[Body]) -> str:
    if len(cells) == 1:
        return coordinates(cells[0])
    values: dict[str, dict[str, Any]] = {}
    for cell in cells:
        for name, value in cell.items():
            values.setdefault(name, {})[str(value)] = value
    return "; ".join(f"{literal(name)} = {_span(list(found.values()))}" for name, found in values.items())


def _span(values: list[Any]) -> str:
    numeric = all(isinstance(one, int | float) and not isinstance(one, bool) for one in values)
    if numeric and len(values) > MOST_CELLS:
        return f"{number(min(values))} to {number(max(values))} ({len(values)} values)"
    shown = [number(one) for one in sorted(values)] if numeric else sorted(literal(one) for one in values)
    more = f" and {len(shown) - MOST_CELLS} more" if len(shown) > MOST_CELLS else ""
    return ", ".join(shown[:MOST_CELLS]) + more


def _bad_lanes(lanes: Lanes) -> dict[str, Any]:
    """Diverged and failed models by experiment, status and reason; a long list is summarised."""
    groups = Counter((one.experiment, one.status, one.reason) for one in lanes.bad)
    examples: dict[tuple[str, str, str], Record] = {}
    for one in lanes.bad:
        examples.setdefault((one.experiment, one.status, one.reason), one)
    ordered = sorted(groups.items(), key=lambda pair: (pair[0][1] == "diverged", -pair[1], pair[0]))
    rows = [
        {
            "experiment": breakable(key[0]),
            "status": breakable(key[1]),
            "reason": breakable(key[2] or "no reason stored"),
            "n": f"{n:,}",
            "example": breakable(f"{coordinates(examples[key].cell)}; seed {examples[key].seed}"),
        }
        for key, n in ordered[:MOST_LANES]
    ]
    left_out = ordered[MOST_LANES:]
    more = (
        f"{counted(len(left_out), 'further reason')} for {counted(sum(n for _, n in left_out), 'trained model')}"
        if left_out
        else ""
    )
    return {"rows": rows, "more": more}


def _launch(position: int, one: Body) -> dict[str, Any]:
    from reports.core.pages import commit_text

    corpus = one.get("corpus")
    facts = [
        ("Started", one.get("started", "unknown")),
        ("Command", one.get("command") or "unknown"),
        ("Profile", one.get("profile") or "unknown"),
        ("Device", one.get("device") or "unknown"),
        ("Precision", one.get("precision") or "unknown"),
        ("Threads", one.get("threads", "unknown")),
        ("Commit", commit_text(one)),
        ("Sources", f"SHA-256 {one.get('sources', 'unknown')}"),
        (
            "Input file",
            f"{corpus.get('name')}, SHA-256 {corpus.get('sha256')}" if isinstance(corpus, Mapping) else "none",
        ),
        ("Versions", ", ".join(f"{name} {version}" for name, version in sorted((one.get("versions") or {}).items()))),
    ]
    return {"number": position, "facts": [{"name": name, "value": breakable(value)} for name, value in facts]}
