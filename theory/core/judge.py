"""(claims, records) -> verdicts.  A pure function: it can be repeated in seconds, without training.

A clause is judged in a straight line: cells -> groups (folds collapse axes) -> values per seed -> intervals ->
predictions -> relation -> verdicts.  The level is shared by all intervals of a claim (Bonferroni).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from theory.core.claim import Cell, Claim, Clause, merged, moved, without
from theory.core.errors import DomainError
from theory.core.evidence import POOLED, Sample, Span, Value, difference_spans, spans
from theory.core.fold import crossing
from theory.core.measured import Measured
from theory.core.record import canonical
from theory.core.relation import Exceeds, ScalesAs
from theory.core.verdict import LEVEL, Outcome, Verdict, worst


@dataclass(frozen=True)
class Judged:
    """One judged point: a cell (or what folds left of it), its interval, its prediction and its verdict."""

    cell: Cell
    verdict: Verdict
    span: Span | None = None
    bound: float | None = None

    def body(self) -> dict[str, Any]:
        """As a JSON-able mapping; None stands for an unbounded end."""
        span = self.span or Span(math.nan, math.nan, math.nan, 0)
        return {
            "cell": self.cell,
            "outcome": self.verdict.outcome.value,
            "slack": _finite(self.verdict.slack),
            "detail": self.verdict.detail,
            "value": _finite(span.value),
            "low": _finite(span.low),
            "high": _finite(span.high),
            "bound": _finite(self.bound),
            "bound_high": None,
            "n_seeds": span.n,
            "n_diverged": span.n_diverged,
        }


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


# ---------------------------------------------------------------------------- groups: what folds make of cells
def _groups(clause: Clause, pairs: list[tuple[Cell, int]]) -> list[tuple[Cell, list[tuple[Cell, int]]]]:
    """(cell without the axes of per-seed folds, its member cells before arms)."""
    dropped = {one.axis for one in clause.best}
    arms = clause.difference
    if arms:
        dropped |= {*arms.first, *arms.second}
    groups: dict[str, tuple[Cell, list[tuple[Cell, int]]]] = {}
    for cell, seeds in pairs:
        kept = {name: value for name, value in cell.items() if name not in dropped}
        groups.setdefault(canonical(kept), (kept, []))[1].append((cell, seeds))
    return list(groups.values())


def _arm_values(claim: Claim, clause: Clause, members: list[tuple[Cell, int]], data: Measured) -> dict[int, Value]:
    """Seed -> value of one arm: the best member cell where a fold asks for it, else the only one."""
    name = clause.observable.name
    if not clause.best:
        return data.values(claim.experiment, name, members[0][0])
    chosen: dict[int, tuple[float, Value]] = {}
    fold = clause.best[0]
    sign = 1.0 if fold.take == "min" else -1.0
    for cell, _ in members:
        judged_by = data.values(claim.experiment, fold.by or name, cell)
        values = data.values(claim.experiment, name, cell)
        for seed, mark in judged_by.items():
            if mark is None or values.get(seed) is None:
                continue
            score = sign * (mark.mean if isinstance(mark, Sample) else mark)
            if seed not in chosen or score < chosen[seed][0]:
                chosen[seed] = (score, values[seed])
    every = {seed for cell, _ in members for seed in data.values(claim.experiment, name, cell)}
    return {seed: chosen[seed][1] if seed in chosen else None for seed in every}


def _spans(
    claim: Claim,
    clause: Clause,
    cell: Cell,
    members: list[tuple[Cell, int]],
    data: Measured,
    alpha: float,
    literal: bool,
) -> list[Span]:
    limits = clause.observable.range(members[0][0])
    arms = clause.difference
    if arms is None:
        values = _arm_values(claim, clause, members, data)
        return spans(clause.observable, values, alpha, limits, literal=literal) if values else []
    base = without(members, {*arms.first, *arms.second})
    first = _arm_values(claim, clause, moved(base, arms.first), data)
    second = _arm_values(claim, clause, moved(base, arms.second), data)
    if not first or not second:
        return []
    del cell
    return difference_spans(clause.observable, first, second, alpha, limits, scale=arms.scale, paired=arms.paired)


# ---------------------------------------------------------------------------- predictions
def _prediction(clause: Clause, cell: Cell, given: Mapping[str, float]) -> tuple[float, str]:
    """(bound, "") or (nan, "outside: <hypothesis>")."""
    bound = clause.bound
    if bound is None:
        return 0.0, ""
    values = {**cell, **given}
    for one in bound.hypotheses:
        if one.is_broken(values):
            return math.nan, one.says
    for parameter in bound.params:
        if parameter.name in given and given[parameter.name] not in parameter.domain:
            return math.nan, f"{parameter.name} must {parameter.domain.rule}"
    return float(bound(**{name: values[name] for name in bound.names})), ""


def _given_values(claim: Claim, clause: Clause, cell: Cell, data: Measured) -> dict[int, dict[str, float] | None]:
    """Seed -> the measured values that are arguments of the bound; None where the lane diverged."""
    found: dict[int, dict[str, float] | None] = {}
    for name in clause.given:
        for seed, value in data.values(claim.experiment, name, cell).items():
            entry = found.setdefault(seed, {})
            if value is None or entry is None:
                found[seed] = None
            else:
                entry[name] = value.mean if isinstance(value, Sample) else value
    return found


def _is_vacuous(clause: Clause, bound: float, cell: Cell) -> bool:
    return clause.bound is not None and clause.relation.is_vacuous(bound, clause.observable.range(cell))


# ---------------------------------------------------------------------------- judging one clause
def judge_clause(
    claim: Claim, clause: Clause, profile: str, data: Measured, alpha: float, *, literal: bool = False
) -> list[Judged]:
    """All judged points of a clause.  `literal` is for controls: a witness counts as the value itself."""
    if clause.crossing_arms:
        first, second = (
            judge_clause(claim, arm, profile, data, alpha, literal=literal) for arm in clause.crossing_arms
        )
        return [_judged(clause, point) for point in _apart(clause, first, second)]
    pairs = clause.cells(claim.grid(profile))
    if clause.given:
        return _judge_lanes(claim, clause, pairs, data, alpha)
    points: list[Judged] = []
    for cell, members in _groups(clause, pairs):
        bound, broken = _prediction(clause, {**members[0][0], **cell}, {}) if not clause.crossing else (math.nan, "")
        if broken:
            points.append(Judged(cell, Verdict(Outcome.OUTSIDE, None, broken)))
        elif not clause.crossing and not clause.scale_axes and _is_vacuous(clause, bound, members[0][0]):
            points.append(Judged(cell, Verdict(Outcome.VACUOUS), None, bound))
        else:
            found = _spans(claim, clause, cell, members, data, alpha, literal)
            points += [Judged(cell, Verdict(Outcome.MISSING), span, bound) for span in found] or [
                Judged(cell, Verdict(Outcome.MISSING), None, bound)
            ]
    if clause.crossing:
        points = _crossings(clause, points)
    if isinstance(clause.relation, ScalesAs):
        return _slopes(clause, points)
    return [_judged(clause, point) for point in points]


def _judged(clause: Clause, point: Judged) -> Judged:
    if point.span is None or point.verdict.outcome is not Outcome.MISSING:
        return point
    bound = point.bound if point.bound is not None else math.nan
    return Judged(
        point.cell, clause.rule.judge(point.span, bound, clause.observable, point.cell), point.span, point.bound
    )


def _judge_lanes(
    claim: Claim, clause: Clause, pairs: list[tuple[Cell, int]], data: Measured, alpha: float
) -> list[Judged]:
    """Each trained model against its own prediction."""
    points: list[Judged] = []
    for cell, members in _groups(clause, pairs):
        given = _given_values(claim, clause, members[0][0], data)
        values = _arm_values(claim, clause, members, data)
        if not values:
            points.append(Judged(cell, Verdict(Outcome.MISSING)))
        for seed in sorted(values):
            arguments = given.get(seed)
            if arguments is None or values[seed] is None:
                points.append(Judged(cell, Verdict(Outcome.OUTSIDE, None, "the trained model diverged")))
                continue
            bound, broken = _prediction(clause, members[0][0], arguments)
            if broken:
                points.append(Judged(cell, Verdict(Outcome.OUTSIDE, None, broken)))
            elif _is_vacuous(clause, bound, members[0][0]):
                points.append(Judged(cell, Verdict(Outcome.VACUOUS), None, bound))
            else:
                limits = clause.observable.range(members[0][0])
                span = spans(clause.observable, {seed: values[seed]}, alpha, limits)[0]
                points.append(_judged(clause, Judged(cell, Verdict(Outcome.MISSING), span, bound)))
    return points


def _crossings(clause: Clause, points: list[Judged]) -> list[Judged]:
    fold = clause.crossing
    assert fold is not None
    groups: dict[str, tuple[Cell, list[tuple[float, Span]]]] = {}
    for point in points:
        kept = {name: value for name, value in point.cell.items() if name != fold.axis}
        entry = groups.setdefault(canonical(kept), (kept, []))
        if point.span is not None:
            entry[1].append((float(point.cell[fold.axis]), point.span))
    found = []
    for cell, pairs in groups.values():
        bound, broken = _prediction(clause, cell, {})
        if broken:
            found.append(Judged(cell, Verdict(Outcome.OUTSIDE, None, broken)))
        else:
            span = crossing(pairs, fold.level, rising=fold.rising) if pairs else None
            found.append(Judged(cell, Verdict(Outcome.MISSING), span, bound))
    return found


def _apart(clause: Clause, first: list[Judged], second: list[Judged]) -> list[Judged]:
    """Crossing points of the first arm minus those of the second, setting by setting."""
    assert isinstance(clause.relation, Exceeds)
    arms = {*clause.relation.first, *clause.relation.second}

    def by_setting(points: list[Judged]) -> dict[str, tuple[Cell, Span | None]]:
        kept = [({name: value for name, value in p.cell.items() if name not in arms}, p.span) for p in points]
        return {canonical(cell): (cell, span) for cell, span in kept}

    others, found = by_setting(second), []
    for name, (cell, a) in by_setting(first).items():
        b = others.get(name, (cell, None))[1]
        span = None
        if a and b:
            span = Span(a.low - b.high, a.high - b.low, a.value - b.value, min(a.n, b.n), a.n_diverged + b.n_diverged)
        found.append(Judged(cell, Verdict(Outcome.MISSING), span, 0.0))
    return found


def _slopes(clause: Clause, points: list[Judged]) -> list[Judged]:
    """The points as measured, and for each group of points one judged slope."""
    relation = clause.relation
    assert isinstance(relation, ScalesAs)
    groups: dict[str, tuple[Cell, list[tuple[float, Span, float]]]] = {}
    shown: list[Judged] = []
    for point in points:
        if point.span is None or point.bound is None:
            shown.append(point)
            continue
        kept = {name: value for name, value in point.cell.items() if name not in relation.axes}
        entry = groups.setdefault(canonical(kept), (kept, []))
        entry[1].append((relation.position(point.cell), point.span, point.bound))
    for cell, triples in groups.values():
        if len(triples) < 2:
            shown.append(Judged(cell, Verdict(Outcome.MISSING, None, "a slope needs two settings")))
            continue
        span, bent = relation.slope(triples)
        verdict = relation.judge(span, 0.0, clause.observable, cell)
        if bent:
            verdict = Verdict(Outcome.VIOLATED, None, "the slopes of the lower and the upper half exclude each other")
        shown.append(Judged(cell, verdict, span, 0.0))
    return shown


def slope_points(claim: Claim, clause: Clause, profile: str, data: Measured, alpha: float) -> list[Judged]:
    """The points that a slope was taken over, for figures."""
    from dataclasses import replace

    from theory.core.relation import Equals

    if not isinstance(clause.relation, ScalesAs):
        return []
    folds = clause.all_folds
    return judge_clause(claim, replace(clause, relation=Equals(), folds=folds), profile, data, alpha)


def _n_intervals(claim: Claim, clause: Clause, profile: str, data: Measured) -> int:
    """How many intervals are computed for a clause: one a group, or one a lane where each lane is judged by itself."""
    if clause.crossing_arms:
        return sum(_n_intervals(claim, arm, profile, data) for arm in clause.crossing_arms)
    n = 0
    for cell, members in _groups(clause, clause.cells(claim.grid(profile))):
        del cell
        if clause.decided(members[0][0]):
            continue
        if clause.observable.noise in POOLED or clause.observable.evidence.startswith("witness"):
            n += 1
        else:
            n += max(1, len(data.values(claim.experiment, clause.observable.name, _first_arm(clause, members))))
    return n


def _first_arm(clause: Clause, members: list[tuple[Cell, int]]) -> Cell:
    arms = clause.difference
    return moved(members, arms.first)[0][0] if arms else members[0][0]


# ---------------------------------------------------------------------------- judging a claim
@dataclass(frozen=True)
class ClaimVerdict:
    """The verdict on a claim: outcome over all clauses, the clauses' points, and those of their controls."""

    claim: Claim
    outcome: Outcome
    level: float
    clauses: tuple[tuple[list[Judged], list[Judged]], ...]

    @property
    def points(self) -> list[Judged]:
        """Judged points of all clauses."""
        return [point for main, _ in self.clauses for point in main]

    @property
    def counts(self) -> dict[str, int]:
        """Outcome -> number of points."""
        found = [point.verdict.outcome for point in self.points]
        return {one.value: found.count(one) for one in Outcome if one in found}

    @property
    def slack(self) -> float | None:
        """The largest slack of a judged point."""
        known = [point.verdict.slack for point in self.points if point.verdict.slack is not None]
        return max(known) if known else None

    @property
    def controls(self) -> list[tuple[int, int]]:
        """For each clause's control: (points that rejected it, points judged)."""
        found = []
        for _, control in self.clauses:
            judged = [
                p for p in control if p.verdict.outcome.value in ("violated", "inconclusive", "consistent", "confirmed")
            ]
            found.append((sum(p.verdict.outcome is Outcome.VIOLATED for p in judged), len(judged)))
        return found

    @property
    def control_ok(self) -> bool:
        """True when every clause's control was rejected at least once."""
        return all(rejected > 0 for rejected, _ in self.controls)

    @property
    def sentence(self) -> str:
        """The verdict in one sentence, with the counts beside it."""
        counts = self.counts
        judged = sum(n for name, n in counts.items() if name not in ("vacuous", "outside", "missing"))
        head = self.outcome.value
        if self.outcome is Outcome.CONSISTENT and self.slack is not None:
            head = f"consistent, loose by a factor {self.slack:.3g}"
        text = f"{head}, on {counts.get(self.outcome.value, 0)} of {judged} settings" if judged else head
        rest = [f"{counts[name]} {name}" for name in counts if name in ("vacuous", "outside", "missing")]
        rest += [
            f"{n} {name}"
            for name, n in counts.items()
            if name not in ("vacuous", "outside", "missing", self.outcome.value)
        ]
        text += "".join(f"; {one}" for one in rest)
        if self.outcome is Outcome.INCONCLUSIVE:
            reasons = {p.verdict.detail for p in self.points if p.verdict.outcome is Outcome.INCONCLUSIVE}
            text += f" ({sorted(reasons)[0]})" if reasons else ""
        if self.clauses and not self.control_ok and self.outcome is not Outcome.MISSING:
            text += "; the negative control was not rejected, so this says nothing"
        return text


def judge(claim: Claim, profile: str, data: Measured) -> ClaimVerdict:
    """The verdict on one claim from the records of one run."""
    try:
        n = sum(_n_intervals(claim, clause, profile, data) for clause in claim.clauses)
        level = LEVEL / max(n, 1)
        clauses = tuple(
            (
                judge_clause(claim, clause, profile, data, level),
                judge_clause(claim, clause.controlled(), profile, data, level, literal=True),
            )
            for clause in claim.clauses
        )
    except DomainError as error:
        raise DomainError(
            where=f"{claim.id}: {error.where}",
            name=error.name,
            rule=error.rule,
            value=error.value,
            meaning=error.meaning,
            source=error.source,
            cure=error.cure,
        ) from error
    outcome = worst(point.verdict.outcome for main, _ in clauses for point in main)
    return ClaimVerdict(claim, outcome, level, clauses)


def cells_without_data(claim: Claim, profile: str, data: Measured) -> list[Cell]:
    """Wanted cells that the run holds nothing of."""
    found = []
    for cell, _ in claim.wanted(profile):
        name = claim.clauses[0].observable.name
        if not data.values(claim.experiment, name, cell):
            found.append(cell)
    return [cell for cell, _ in merged((cell, 1) for cell in found)]
