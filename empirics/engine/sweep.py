"""The sweep: plan, measure, resume.  `sweep(...)` is the function behind the verb of the same name."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from empirics.engine import device as devices
from empirics.engine import launch, pool
from empirics.engine.execute import Progress, execute
from empirics.engine.plan import LARGEST_DRY_RUN, LARGEST_SWEEP, Plan, make_plan
from theory.core.claim import PROFILES, Claim
from theory.core.contract import faults
from theory.core.errors import ContractError, DomainError
from theory.core.record import Record, RunFile, canonical
from theory.core.registry import Registry

POOLS = ("inline", "processes")


@dataclass
class Swept:
    """What a sweep planned and did; `progress` is None after a dry run."""

    plan: Plan
    progress: Progress | None = None
    warnings: list[str] = field(default_factory=list)


def parse_budget(text: str) -> float:
    """Seconds from text such as "90", "90s", "8m", "1.5h".  Raises: DomainError.

    Examples:
    >>> parse_budget("8m")
    480.0
    """
    units = {"s": 1.0, "m": 60.0, "h": 3600.0}
    number, unit = (text[:-1], units[text[-1]]) if text[-1:] in units else (text, 1.0)
    try:
        seconds = float(number) * unit
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise DomainError(where="sweep", name="budget", rule="be a time such as 90s, 8m or 1.5h", value=text)
    return seconds


def read_corpus(path: str | os.PathLike[str] | None) -> tuple[Path, str] | None:
    """(path, SHA-256) of an input file.  Raises: DomainError when it cannot be read."""
    if path is None:
        return None
    file = Path(path)
    try:
        return file.resolve(), hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise DomainError(where="sweep", name="corpus", rule="be a file that can be read", value=str(path),
                          cure=str(error.strerror)) from error  # fmt: skip


def _well_formed(claims: list[Claim], registry: Registry, profile: str) -> None:
    found = [fault for claim in claims for fault in faults(claim, registry.statements, profiles=(profile,))]
    if found:
        raise ContractError(tuple(found))


def _read_plan(run_path: str | os.PathLike[str], planned_on: Callable[[Iterable[Record]], Plan]) -> Plan:
    with RunFile.read(run_path) as run:
        return planned_on(run.records())


def _check_options(pool_name: str, workers: int | None, chunk: int | None) -> None:
    if pool_name not in POOLS:
        raise DomainError(where="sweep", name="pool", rule=f"be one of {', '.join(POOLS)}", value=pool_name)
    for name, value in (("workers", workers), ("chunk", chunk)):
        if value is not None and value < 1:
            raise DomainError(where="sweep", name=name, rule="be a whole number of at least 1", value=value)


def _launched(run: RunFile, plan: Plan, **facts: Any) -> int:
    """Number of this launch; a call that finds everything done leaves the run as it is."""
    number = len(run.launches())
    if plan.n_lanes or not number:
        number = run.add_launch(launch.describe(**facts))
    _note(run, plan)
    return number


def _note(run: RunFile, plan: Plan) -> None:
    """Write the experiments' cards and the skipped cells; an earlier reason goes where a cell is now wanted."""
    known, cards = run.get("experiments"), {name: one.card() for name, one in plan.experiments.items()}
    if any(canonical(known.get(name)) != canonical(card) for name, card in cards.items()):
        run.put("experiments", cards)
    skipped = {f"{name} {canonical(cell)}": {"experiment": name, "cell": cell, "reason": reason}
               for name, cell, reason in plan.skipped}  # fmt: skip
    earlier = run.get("skipped")
    kept = {name: body for name, body in earlier.items() if name not in plan.wanted} | skipped
    if canonical(kept) != canonical(earlier):
        run.clear("skipped")
        run.put("skipped", kept)


def sweep(
    run_path: str | os.PathLike[str], *, claims: Sequence[str] = (), papers: Sequence[str] = (), profile: str = "cpu",
    dry_run: bool = False, budget: float | None = None, device: str = "auto", pool_name: str = "inline",
    workers: int | None = None, chunk: int | None = None, corpus: str | os.PathLike[str] | None = None,
    yes: bool = False, command: str = "", report: Callable[[Progress], None] | None = None,
    registry: Registry | None = None, planned: Callable[[Plan], object] = lambda plan: None,
) -> Swept:  # fmt: skip
    """Measure what the claims need and the run does not hold yet.

    Args:
        claims, papers: all claims when neither is given, but those on request only when named or in the gpu profile.
        budget: seconds after which no new chunk is begun.
        device, pool_name, workers: where; see `empirics.engine.device.pick`, `POOLS`.  chunk: lanes trained together.
        yes: measure even when the plan asks for more than `LARGEST_SWEEP` lanes.
        report: called after each commit; planned: called once before the first lane.

    Raises: DomainError, ContractError, RecordError and NoSpaceError; nothing that was stored is touched.
    """
    _check_options(pool_name, workers, chunk)
    if profile not in PROFILES:
        raise DomainError(where="sweep", name="profile", rule=f"be one of {', '.join(PROFILES)}", value=profile)
    registry = registry or Registry.load()
    chosen = [
        one for one in registry.choose(claims, papers) if one.id in claims or not one.on_request or profile == "gpu"
    ]
    _well_formed(chosen, registry, profile)
    target, text = devices.pick(device), read_corpus(corpus)
    most = None if yes else LARGEST_DRY_RUN if dry_run else LARGEST_SWEEP

    def planned_on(stored: Iterable[Record]) -> Plan:
        return make_plan(chosen, registry.experiments(), profile, stored, text, most)

    new = None if Path(run_path).exists() else planned_on(())  # a plan that is refused leaves no file behind
    if dry_run:
        return Swept(new or _read_plan(run_path, planned_on), None, registry.warnings)
    with RunFile.create(run_path) as run:
        plan = new or planned_on(run.records())
        planned(plan)
        devices.settle()
        number = _launched(run, plan, profile=profile, claims=[one.id for one in chosen], command=command,
                           device=target, corpus=text)  # fmt: skip
        n_workers = (workers or pool.default_workers()) if pool_name == "processes" and target.type == "cpu" else 0
        progress = execute(plan, run, launch=number, device=target, workers=n_workers, chunk_size=chunk, budget=budget,
                           corpus=text, report=report)  # fmt: skip
    return Swept(plan, progress, registry.warnings)
