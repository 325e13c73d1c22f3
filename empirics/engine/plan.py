"""What a sweep will do, before it does anything: cells, skipped cells with reasons, lanes, chunks, bytes and time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from empirics.engine.lanes import INPUTS, Cell, Experiment, Lane, Need, Stored, by_cell, missing_lanes, needs
from theory.core.claim import Claim, merged
from theory.core.errors import DomainError
from theory.core.record import Record, canonical

LARGEST_SWEEP = 2_000_000  # lanes above which --yes is asked for: some hours even where a lane takes milliseconds
LARGEST_DRY_RUN = 10_000_000  # lanes above which even listing them takes minutes and gigabytes
DEFAULT_BYTES = 2**20  # a lane whose experiment states no memory


@dataclass
class Plan:
    """The lanes to measure, grouped in buckets, and what is skipped and why."""

    profile: str
    experiments: dict[str, Experiment] = field(default_factory=dict)
    n_cells: int = 0
    n_stored: int = 0
    skipped: list[tuple[str, Cell, str]] = field(default_factory=list)
    buckets: list[tuple[Experiment, list[Lane]]] = field(default_factory=list)
    seconds: float | None = None
    wanted: set[str] = field(default_factory=set)  # "<experiment> <canonical cell>" of all cells, stored or not

    @property
    def n_lanes(self) -> int:
        """Lanes still to measure."""
        return sum(len(lanes) for _, lanes in self.buckets)

    @property
    def largest_bytes(self) -> int:
        """Memory of the largest single lane."""
        return max(
            (lane_bytes(experiment, lane.cell) for experiment, lanes in self.buckets for lane in lanes), default=0
        )

    @property
    def total_bytes(self) -> int:
        """Memory that all lanes would take at once."""
        return sum(lane_bytes(experiment, lane.cell) for experiment, lanes in self.buckets for lane in lanes)

    def rows(self) -> list[dict[str, Any]]:
        """One row an experiment: cells, lanes, buckets, bytes."""
        found: dict[str, dict[str, Any]] = {}
        for experiment, lanes in self.buckets:
            row = found.setdefault(
                experiment.id, {"experiment": experiment.id, "cells": set(), "lanes": 0, "buckets": 0, "bytes": 0}
            )
            row["cells"] |= {canonical(lane.cell) for lane in lanes}
            row["lanes"] += len(lanes)
            row["buckets"] += 1
            row["bytes"] = max(row["bytes"], max(lane_bytes(experiment, lane.cell) for lane in lanes))
        return [{**row, "cells": len(row["cells"])} for row in found.values()]


def lane_bytes(experiment: Experiment, cell: Cell) -> int:
    """Memory of one lane."""
    if experiment.bytes_per_lane is None:
        return DEFAULT_BYTES
    return max(1, int(experiment.bytes_per_lane(experiment.full(cell))))


def make_plan(
    claims: Sequence[Claim], experiments: Mapping[str, Experiment], profile: str, stored: Iterable[Record] = (),
    corpus: tuple[Path, str] | None = None, most_lanes: int | None = None,
) -> Plan:  # fmt: skip
    """The plan of a sweep.

    Args:
        stored: records already in the run.
        corpus: (path, SHA-256) of the input file, for experiments that read one.
        most_lanes: refuse a plan that asks for more lanes, stored ones included; None takes any.

    Raises: DomainError for a claim whose experiment is unknown, cells that the experiment does not take, and a plan
        that is too large.
    """
    plan, records = Plan(profile), list(stored)
    pairs = _asked(plan, claims, experiments)
    wanted = {name: needs(experiments[name], some) for name, some in pairs.items()}
    _refuse_huge(sum(need.seeds for some in wanted.values() for need in some), most_lanes)
    index = by_cell(records)
    of_corpus = by_cell(
        [one for one in records if one.cell.get("corpus") == corpus[1]] if corpus else (), without=INPUTS
    )
    for name, some in wanted.items():
        experiment = experiments[name]
        plan.experiments[name] = experiment
        if experiment.inputs and corpus is None and not experiment.own_input:
            reason = f"it reads {', '.join(experiment.inputs)}; give --corpus PATH"
            plan.skipped += [(name, cell, reason) for cell, _ in merged(pairs[name])]
            plan.wanted -= {f"{name} {canonical(cell)}" for cell, _ in pairs[name]}
        else:
            _add(plan, experiment, some, of_corpus if experiment.inputs and corpus else index)
    plan.seconds = _expected_seconds(plan, records)
    return plan


def _asked(
    plan: Plan, claims: Sequence[Claim], experiments: Mapping[str, Experiment]
) -> dict[str, list[tuple[Cell, int]]]:
    """Experiment -> (cell, seeds) pairs that some claim asks for; notes in the plan what no claim needs, and why."""
    pairs: dict[str, list[tuple[Cell, int]]] = {}
    skipped = []
    for claim in claims:
        if not claim.clauses:
            continue
        if claim.experiment not in experiments:
            raise DomainError(where=claim.id, name="experiment", rule="be a known experiment", value=claim.experiment,
                              cure="check the entry points in group attnbounds.empirics")  # fmt: skip
        pairs.setdefault(claim.experiment, []).extend(claim.wanted(plan.profile))
        skipped += [(claim.experiment, cell, reason) for cell, reason in claim.skipped(plan.profile)]
    plan.wanted = {f"{name} {canonical(cell)}" for name, some in pairs.items() for cell, _ in some}
    # what one claim can do without, another one may ask for
    plan.skipped = [one for one in skipped if f"{one[0]} {canonical(one[1])}" not in plan.wanted]
    return pairs


def _refuse_huge(n_lanes: int, most_lanes: int | None) -> None:
    if most_lanes is not None and n_lanes > most_lanes:
        raise DomainError(where="sweep", name="lanes", meaning="models to train", rule=f"be at most {most_lanes:,}",
                          value=n_lanes, cure="use a smaller profile or --claims, or say --yes")  # fmt: skip


def _add(plan: Plan, experiment: Experiment, wanted: Sequence[Need], stored: Stored) -> None:
    buckets: dict[str, list[Lane]] = {}
    for need in wanted:
        lanes = missing_lanes(experiment, need, stored)
        plan.n_cells += len(need.points)
        plan.n_stored += need.seeds - len(lanes)
        if lanes:
            buckets.setdefault(experiment.bucket(need.cell), []).extend(lanes)
    plan.buckets += [(experiment, bucket) for bucket in buckets.values()]


def _expected_seconds(plan: Plan, records: Iterable[Record]) -> float | None:
    """Seconds of work, from what lanes of the same experiments cost in this run, in proportion to their memory.

    None where an experiment has no stored lane yet.
    """
    cost: dict[str, float] = {}
    size: dict[str, int] = {}
    for one in records:
        experiment = plan.experiments.get(one.experiment)
        if experiment is not None and experiment.version == one.version and one.status != "failed":
            cost[one.experiment] = cost.get(one.experiment, 0.0) + one.cost
            size[one.experiment] = size.get(one.experiment, 0) + lane_bytes(experiment, dict(one.cell))
    if any(experiment.id not in cost for experiment, _ in plan.buckets):
        return None
    return sum(
        cost[experiment.id] / size[experiment.id] * sum(lane_bytes(experiment, lane.cell) for lane in lanes)
        for experiment, lanes in plan.buckets
    )
