"""What a sweep will do, before it does anything: cells, skipped cells with reasons, lanes, chunks, bytes and time."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from empirics.engine.lanes import Cell, Experiment, Lane, lane_text, missing_lanes
from theory.core.claim import Claim, merged
from theory.core.errors import DomainError
from theory.core.record import Record, canonical

LARGEST_SWEEP = 2_000_000  # lanes above which --yes is asked for: some hours even where a lane takes milliseconds
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

    @property
    def n_lanes(self) -> int:
        """Lanes still to measure."""
        return sum(len(lanes) for _, lanes in self.buckets)

    @property
    def largest_bytes(self) -> int:
        """Memory of the largest single lane."""
        return max((lane_bytes(experiment, lane.cell) for experiment, lanes in self.buckets for lane in lanes), default=0)

    @property
    def total_bytes(self) -> int:
        """Memory that all lanes would take at once."""
        return sum(lane_bytes(experiment, lane.cell) for experiment, lanes in self.buckets for lane in lanes)

    def rows(self) -> list[dict[str, Any]]:
        """One row an experiment: cells, lanes, buckets, bytes."""
        found: dict[str, dict[str, Any]] = {}
        for experiment, lanes in self.buckets:
            row = found.setdefault(experiment.id, {"experiment": experiment.id, "cells": set(), "lanes": 0, "buckets": 0, "bytes": 0})
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
    corpus: tuple[Path, str] | None = None,
) -> Plan:  # fmt: skip
    """The plan of a sweep.

    Args:
        stored: records already in the run.
        corpus: (path, SHA-256) of the input file, for experiments that read one.

    Raises: DomainError for a claim whose experiment is unknown, or cells that the experiment does not take.
    """
    plan = Plan(profile)
    records = list(stored)
    index = {lane_text(one.experiment, one.version, one.cell, one.seed): one for one in records}
    wanted: dict[str, list[tuple[Cell, int]]] = {}
    for claim in claims:
        if not claim.clauses:
            continue
        if claim.experiment not in experiments:
            raise DomainError(where=claim.id, name="experiment", rule="be a known experiment", value=claim.experiment,
                              cure="check the entry points in group attnbounds.empirics")  # fmt: skip
        wanted.setdefault(claim.experiment, []).extend(claim.wanted(profile))
        plan.skipped += [(claim.experiment, cell, reason) for cell, reason in claim.skipped(profile)]
    for name, pairs in wanted.items():
        _add(plan, experiments[name], merged(pairs), index, corpus)
    plan.seconds = _expected_seconds(plan, records)
    return plan


def _add(
    plan: Plan, experiment: Experiment, pairs: list[tuple[Cell, int]], index: Mapping[str, Record],
    corpus: tuple[Path, str] | None,
) -> None:  # fmt: skip
    plan.experiments[experiment.id] = experiment
    if experiment.inputs and corpus is None:
        plan.skipped += [(experiment.id, cell, f"it reads {', '.join(experiment.inputs)}; give --corpus PATH") for cell, _ in pairs]
        return
    plan.n_cells += len(pairs)
    lanes = missing_lanes(experiment, pairs, index if not experiment.inputs else _of_corpus(index, corpus))
    plan.n_stored += len({(canonical(experiment.lane_cell(cell)[0]), seed) for cell, n in pairs for seed in range(n)}) - len(lanes)
    buckets: dict[str, list[Lane]] = {}
    for lane in lanes:
        buckets.setdefault(experiment.bucket(lane.cell), []).append(lane)
    plan.buckets += [(experiment, bucket) for bucket in buckets.values()]


def _of_corpus(index: Mapping[str, Record], corpus: tuple[Path, str] | None) -> dict[str, Record]:
    """Records made with this very file, under the text of their lane without it."""
    found = {}
    for one in index.values():
        if corpus is not None and one.cell.get("corpus") == corpus[1]:
            cell = {name: value for name, value in one.cell.items() if name != "corpus"}
            found[lane_text(one.experiment, one.version, cell, one.seed)] = one
    return found


def _expected_seconds(plan: Plan, records: Iterable[Record]) -> float | None:
    """Seconds of work, from the cost of lanes of the same experiments in this run; None where some have none yet."""
    costs: dict[str, list[float]] = {}
    for one in records:
        costs.setdefault(one.experiment, []).append(one.cost)
    if any(experiment.id not in costs for experiment, _ in plan.buckets):
        return None
    return sum(statistics.fmean(costs[experiment.id]) * len(lanes) for experiment, lanes in plan.buckets)
