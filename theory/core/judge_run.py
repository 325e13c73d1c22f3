"""Judge a whole run file: records in; claim cards, verdicts, predictions and standings out, into the same file."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from theory.core.card import (
    claim_card,
    clause_label,
    control_says,
    curves,
    figure_axes,
    observable_card,
    statement_card,
)
from theory.core.claim import Claim, Clause
from theory.core.errors import RecordError
from theory.core.judge import ClaimVerdict, Judged, judge, judge_clause, slope_points
from theory.core.measured import Measured
from theory.core.record import RunFile
from theory.core.registry import Registry
from theory.core.relation import Equals, ScalesAs
from theory.core.standing import standing
from theory.core.verdict import worst

Body = dict[str, Any]


def judge_run(
    run_path: str | os.PathLike[str], *, profile: str | None = None, registry: Registry | None = None
) -> dict[str, ClaimVerdict]:
    """Judge every claim that the run holds records of; write cards, verdicts, predictions and standings into the run.

    Args:
        profile: grid to judge on; None takes that of the last start of the sweep.

    Returns: claim id -> verdict.  Raises: RecordError where nothing was measured, DamagedError for a damaged file.
    """
    registry = registry or Registry.load()
    with RunFile.create(_existing(run_path)) as run:
        chosen = profile or _last_profile(run, run_path)
        data = Measured.of(run)
        claims = [one for one in registry.claims.values() if one.clauses and one.experiment in data.experiments]
        verdicts = {one.id: judge(one, chosen, data) for one in claims if _has_records(one, chosen, data)}
        measured = [claim for claim in claims if claim.id in verdicts]
        run.put("claims", {c.id: claim_card(c, chosen, data.experiments[c.experiment]) for c in measured})
        run.put("verdicts", {c.id: verdict_body(verdicts[c.id], chosen, data) for c in measured})
        run.put("statements", {name: statement_card(one) for name, one in registry.statements.items()})
        write_standings(run, registry)
    return verdicts


def write_standings(run: RunFile, registry: Registry) -> None:
    """Derive every statement's standing from the findings and verdicts that the run holds."""
    findings, verdicts = run.get("findings"), run.get("verdicts")
    claims: Iterable[Claim] = registry.claims.values()
    run.put("standings", {name: standing(one, findings, verdicts, claims) for name, one in registry.statements.items()})


def _existing(path: str | os.PathLike[str]) -> str | os.PathLike[str]:
    RunFile.read(path).close()
    return path


def _last_profile(run: RunFile, path: str | os.PathLike[str]) -> str:
    launches = [one for one in run.launches() if one.get("profile")]
    if not launches:
        raise RecordError(f"run file {path}: nothing was measured in it; `attnbounds sweep --run {path}` measures")
    return str(launches[-1]["profile"])


def _has_records(claim: Claim, profile: str, data: Measured) -> bool:
    """A claim on request shares no verdict with a claim that happens to measure some of its settings."""
    names = {clause.observable.name for clause in claim.clauses}
    enough = all if claim.on_request else any
    return enough(bool(data.values(claim.experiment, min(names), cell)) for cell, _ in claim.wanted(profile))


# ---------------------------------------------------------------------------- verdicts as stored
def verdict_body(found: ClaimVerdict, profile: str, data: Measured) -> Body:
    """The verdict as a JSON-able mapping: what a report draws."""
    claim = found.claim
    rejected, judged = (sum(part) for part in zip(*found.controls)) if found.controls else (0, 0)
    bodies = [
        _clause_body(claim, clause, number, main, control, profile, data, found.level)
        for number, (clause, (main, control)) in enumerate(zip(claim.clauses, found.clauses))
    ]
    return {
        "claim": claim.id,
        "paper": claim.paper,
        "says": claim.says,
        "outcome": found.outcome.value,
        "sentence": found.sentence,
        "meaning": found.outcome.meaning,
        "slack": found.slack,
        "counts": found.counts,
        "judged": sum(n for name, n in found.counts.items() if name not in ("vacuous", "outside", "missing")),
        "level": found.level,
        "clauses": bodies,
        "control": {
            "rejected": rejected,
            "judged": judged,
            "ok": found.control_ok,
            "says": "; ".join(dict.fromkeys(control_says(clause.control) for clause in claim.clauses)),
        },
    }


def _clause_body(
    claim: Claim,
    clause: Clause,
    number: int,
    main: list[Judged],
    control: list[Judged],
    profile: str,
    data: Measured,
    level: float,
) -> Body:
    swapped = clause.controlled()
    raw, raw_control = (_raw_points(claim, one, profile, data, level) for one in (clause, swapped))
    x, lines = figure_axes(raw or main, clause)
    drawn = curves(clause, main, x, lines, "bound")
    if swapped.bound is not clause.bound:
        drawn += curves(swapped, main, x, lines, "control")
    return {
        "label": clause_label(clause, number),
        "kind": clause.kind,
        "relation": clause.says,
        "quantity": clause.quantity,
        "outcome": worst(point.verdict.outcome for point in main).value,
        "observable": observable_card(clause.observable),
        "x": x,
        "x_log": _is_wide([p.cell.get(x) for p in raw or main] if x else []),
        # a control that falls to 0 or below must stay in sight
        "y_log": _is_wide(_heights(raw or main)) and all(one > 0 for one in _heights(raw_control or control)),
        "lines": lines,
        "cells": [point.body() for point in main],
        "points": [point.body() for point in raw],
        "level": clause.crossing.level if clause.crossing else None,
        "along": clause.crossing.axis if clause.crossing else None,
        "form": type(clause.relation).__name__,
        "control": {
            "says": control_says(clause.control),
            "cells": [point.body() for point in control],
            "points": [point.body() for point in raw_control],
        },
        "curves": drawn,
    }


def _raw_points(claim: Claim, clause: Clause, profile: str, data: Measured, level: float) -> list[Judged]:
    """What a crossing or a slope was taken from: the measured points before that fold."""
    if isinstance(clause.relation, ScalesAs):
        return slope_points(claim, clause, profile, data, level)
    if clause.crossing is not None:
        folds = tuple(one for one in clause.folds if one is not clause.crossing)
        return judge_clause(claim, replace(clause, bound=None, relation=Equals(), folds=folds), profile, data, level)
    return []


def _heights(points: list[Judged]) -> list[float]:
    """Bounds and measured values of points."""
    return [one for p in points for one in (p.bound, p.span.value if p.span else None) if one is not None]


def _is_wide(values: list[Any]) -> bool:
    """True when values are positive and span more than a factor of 20: a logarithmic axis then reads better."""
    numbers = [float(v) for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    return bool(numbers) and min(numbers) > 0 and max(numbers) / min(numbers) > 20
