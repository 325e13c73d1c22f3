"""What a sweep will do, before it does anything: cells, skipped cells with reasons, lanes, chunks, bytes and time."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from empirics.engine.lanes import Cell, Experiment, Lane, by_lane, lane_text, missing_lanes
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
    index = by_lane(records)
    wanted: dict[str, list[tuple[Cell, int]]] = {}
    for claim in claims:
        if not claim.clauses:
            continue
        if claim.experiment not in experiments:
            raise DomainError(where=claim.id, name="experiment", rule="be a known experiment", value=claim.experiment,
                              cure="check the entry points in group attnbounds.empirics")  # fmt: skip
        wanted.setdefault(claim.experiment, []).extend(claim.wanted(profile))
        plan.skipped += [(claim.experiment, cell, reason) for cell, reason in claim.skipped(profile)]
    together = {name: merged(pairs) for name, pairs in wanted.items()}
    _refuse_huge(sum(_n_lanes(experiments[name], pairs) for name, pairs in together.items()), most_lanes)
    asked = {f"{name} {canonical(cell)}" for name, pairs in together.items() for cell, _ in pairs}
    # what one claim can do without, another one may ask for
    plan.skipped = [one for one in plan.skipped if f"{one[0]} {canonical(one[1])}" not in asked]
    for name, pairs in together.items():
        _add(plan, experiments[name], pairs, index, corpus)
    plan.seconds = _expected_seconds(plan, records)
    return plan


def _n_lanes(experiment: Experiment, pairs: list[tuple[Cell, int]]) -> int:
    """Lanes of (cell, seeds) pairs, counted without making them: points of an inner axis share one."""
    seeds_of: dict[str, int] = {}
    for cell, seeds in pairs:
        name = canonical(experiment.lane_cell(cell)[0])
        seeds_of[name] = max(seeds, seeds_of.get(name, 0))
    return sum(seeds_of.values())


def _refuse_huge(n_lanes: int, most_lanes: int | None) -> None:
    if most_lanes is not None and n_lanes > most_lanes:
        raise DomainError(where="sweep", name="lanes", meaning="models to train", rule=f"be at most {most_lanes:,}",
                          value=n_lanes, cure="use a smaller profile or --claims, or say --yes")  # fmt: skip


def _add(
    plan: Plan, experiment: Experiment, pairs: list[tuple[Cell, int]], index: Mapping[str, list[Record]],
    corpus: tuple[Path, str] | None,
) -> None:  # fmt: skip
    plan.experiments[experiment.id] = experiment
    if experiment.inputs and corpus is None:
        plan.skipped += [(experiment.id, cell, f"it reads {', '.join(experiment.inputs)}; give --corpus PATH") for cell, _ in pairs]
        return
    plan.n_cells += len(pairs)
    plan.wanted |= {f"{experiment.id} {canonical(cell)}" for cell, _ in pairs}
    lanes = missing_lanes(experiment, pairs, index if not experiment.inputs else _of_corpus(index, corpus))
    plan.n_stored += len({(canonical(experiment.lane_cell(cell)[0]), seed) for cell, n in pairs for seed in range(n)}) - len(lanes)
    buckets: dict[str, list[Lane]] = {}
    for lane in lanes:
        buckets.setdefault(experiment.bucket(lane.cell), []).append(lane)
    plan.buckets += [(experiment, bucket) for bucket in buckets.values()]


def _of_corpus(index: Mapping[str, list[Record]], corpus: tuple[Path, str] | None) -> dict[str, list[Record]]:
    """Records made with this very file, under the text of their lane without it."""
    found: dict[str, list[Record]] = {}
    for one in itertools.chain.from_iterable(index.values()):
        if corpus is not None and one.cell.get("corpus") == corpus[1]:
            cell = {name: value for name, value in one.cell.items() if name != "corpus"}
            found.setdefault(lane_text(one.experiment, one.version, cell, one.seed), []).append(one)
    return found


def _expected_seconds(plan: Plan, records: Iterable[Record]) -> float | None:
    """Seconds of work, from the cost of lanes of the same experiments in this run; None where some have none yet."""
    costs: dict[str, list[float]] = {}
    for one in records:
        costs.setdefault(one.experiment, []).append(one.cost)
    if any(experiment.id not in costs for experiment, _ in plan.buckets):
        return None
    return sum(statistics.fmean(costs[experiment.id]) * len(lanes) for experiment, lanes in plan.buckets)
