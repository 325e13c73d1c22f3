"""Cards: what a claim said when it was judged, as JSON-able mappings that a report can print without the code."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from theory.core.bound import Bound
from theory.core.claim import Cell, Claim, Clause, Control, Statement
from theory.core.domain import Integer
from theory.core.evidence import Observable
from theory.core.judge import Judged
from theory.core.record import canonical

Body = dict[str, Any]
CURVE_POINTS = 33


def formula_card(bound: Bound | None) -> Body:
    """Name, LaTeX (may be ""), first line of the docstring and whole docstring of a bound."""
    if bound is None:
        return {"name": "", "latex": "", "text": "", "doc": ""}
    return {
        "name": bound.name,
        "latex": bound.latex_text(),
        "text": bound.says,
        "doc": (bound.formula.__doc__ or "").strip(),
    }


def observable_card(one: Observable) -> Body:
    """An observable; ends that depend on the cell are given as text."""

    def end(value: Any) -> Any:
        if callable(value):
            return "depends on the setting"
        return value if math.isfinite(value) else None

    return {
        "name": one.name,
        "unit": one.unit,
        "low": end(one.low),
        "high": end(one.high),
        "evidence": one.evidence,
        "noise": one.noise,
        "resolution": one.resolution,
    }


def control_says(control: Control) -> str:
    """The control's swap in words."""
    if control.says:
        return control.says
    if control.bound is not None:
        return control.bound.says
    if control.relation is not None:
        return control.relation.says
    if control.observable is not None:
        return f"observable {control.observable.name} in place of the claim's"
    return ", ".join(f"{name} = {value}" for name, value in (control.at or {}).items())


def clause_label(clause: Clause, number: int) -> str:
    """The clause's own label, else its observable's name with a number."""
    return clause.label or f"{clause.observable.name} ({number + 1})"


def claim_card(claim: Claim, profile: str, experiment: Mapping[str, Any] | None) -> Body:
    """The claim as it stood: statement, formulas, sources, hypotheses, observables, switches and size of the grid."""
    wanted = claim.wanted(profile)
    return {
        "id": claim.id,
        "paper": claim.paper,
        "says": claim.says,
        "about": list(claim.about),
        "against": list(claim.against),
        "experiment": claim.experiment,
        "profile": profile,
        "limits": claim.limits,
        "derivation": claim.derivation,
        "n_cells": len(wanted),
        "n_lanes": sum(seeds for _, seeds in wanted),
        "switches": dict(experiment["switches"]) if experiment else {},
        "clauses": [_clause_card(clause, number) for number, clause in enumerate(claim.clauses)],
    }


def _clause_card(clause: Clause, number: int) -> Body:
    bound = clause.bound
    return {
        "label": clause_label(clause, number),
        "kind": clause.kind,
        "says": bound.says if bound else clause.says,
        "formula": formula_card(bound),
        "source": bound.source.card() if bound else None,
        "hypotheses": [one.says for one in bound.hypotheses] if bound else [],
        "parameters": [
            {"name": p.name, "meaning": p.meaning, "unit": p.unit, "rule": p.domain.rule} for p in bound.params
        ]
        if bound
        else [],
        "observable": observable_card(clause.observable),
        "relation": clause.says,
        "control": control_says(clause.control),
    }


def statement_card(one: Statement) -> Body:
    """A statement with its source."""
    return {"id": one.id, "paper": one.paper, "says": one.says, "source": one.source.card(), "corrected": one.corrected}


# ---------------------------------------------------------------------------- axes and curves of a figure
def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def figure_axes(points: list[Judged], clause: Clause) -> tuple[str | None, list[str]]:
    """(axis to plot along, axes that tell series apart).

    The x axis is the numeric axis with the most values, one that the bound names where there is a choice; an axis that x
    determines tells nothing apart.
    """
    cells = [point.cell for point in points]
    names = list(dict.fromkeys(name for cell in cells for name in cell))
    values = {name: {canonical(cell[name]) for cell in cells if name in cell} for name in names}
    numeric = [n for n in names if len(values[n]) > 1 and all(_is_number(cell.get(n)) for cell in cells)]
    named = set(clause.bound.names) if clause.bound else set()
    x = max(numeric, key=lambda n: (len(values[n]), n in named, -names.index(n)), default=None)
    lines = []
    for name in names:
        if name == x or len(values[name]) < 2:
            continue
        pairs = {(canonical(cell.get(x)), canonical(cell.get(name))) for cell in cells} if x else set()
        if not x or len(pairs) > len(values[x]):
            lines.append(name)
    return x, lines


def curve_points(xs: list[float], integer: bool) -> list[float]:
    """Positions between the least and greatest x, geometric where all are positive and span a decade."""
    low, high = min(xs), max(xs)
    if low > 0 and high / low >= 10:
        grid = [low * (high / low) ** (i / (CURVE_POINTS - 1)) for i in range(CURVE_POINTS)]
    else:
        grid = [low + (high - low) * i / (CURVE_POINTS - 1) for i in range(CURVE_POINTS)]
    return sorted({*xs, *(round(x) for x in grid)} if integer else {*xs, *grid})


def curves(clause: Clause, points: list[Judged], x: str | None, lines: list[str], role: str) -> list[Body]:
    """The bound along x for each series, also between the grid points where only x changes."""
    bound = clause.bound
    if bound is None or x is None or x not in bound.names or clause.given or clause.scale_axes:
        return []
    series: dict[str, list[Judged]] = {}
    for point in points:
        if point.bound is not None or point.verdict.outcome.value == "vacuous":
            series.setdefault(canonical({name: point.cell.get(name) for name in lines}), []).append(point)
    found = []
    for members in series.values():
        curve = _curve(bound, [point.cell for point in members], x)
        if len(curve) > 1:
            found.append(
                {
                    "cell": {name: members[0].cell.get(name) for name in lines},
                    "role": role,
                    "x": [a for a, _ in curve],
                    "y": [b for _, b in curve],
                }
            )
    return found


def _curve(bound: Bound, cells: list[Cell], x: str) -> list[tuple[float, float]]:
    others = [name for name in bound.names if name != x]
    fixed = {canonical({name: cell.get(name) for name in others}) for cell in cells}
    places = [dict(cell) for cell in cells]
    if len(fixed) == 1:
        domain = next(p.domain for p in bound.params if p.name == x)
        xs = curve_points(sorted({float(cell[x]) for cell in cells}), isinstance(domain, Integer))
        places = [{**cells[0], x: int(v) if isinstance(domain, Integer) else v} for v in xs]
    found = {}
    for cell in places:
        if any(one.is_broken(cell) for one in bound.hypotheses) or cell[x] not in next(
            p.domain for p in bound.params if p.name == x
        ):
            continue
        value = float(bound(**{name: cell[name] for name in bound.names}))
        if math.isfinite(value):
            found[float(cell[x])] = value
    return sorted(found.items())
