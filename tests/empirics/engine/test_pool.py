"""Worker processes give the same bits as this process, and only the coordinator writes."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from empirics import sweep
from empirics.engine.pool import PoolError, find_experiment
from theory import Grid
from theory.core.errors import ContractError
from theory.core.record import RunFile, canonical


def content(path: Path) -> dict[str, str]:
    with RunFile.read(path) as run:
        found = {one.key: canonical({**one.body(), "cost": 0}) for one in run.records()}
        return found | {one.key: canonical(one.body) for one in run.exhibits()}


def test_processes_give_the_same_bits_as_one_process(toy: Any, registry_of: Any, tmp_path: Path) -> None:
    registry = registry_of(toy.CLAIMS[:1], toy.EXPERIMENTS)
    sweep(tmp_path / "a.sqlite", profile="smoke", registry=registry)
    done = sweep(tmp_path / "b.sqlite", profile="smoke", registry=registry, pool_name="processes", workers=2, chunk=7)
    assert done.progress is not None and done.progress.measured == 160
    assert content(tmp_path / "a.sqlite") == content(tmp_path / "b.sqlite")


def test_workers_are_other_processes_and_ctrl_c_lets_them_end(toy: Any, registry_of: Any, tmp_path: Path) -> None:
    registry = registry_of(toy.CLAIMS[2:], toy.EXPERIMENTS)

    def press(progress: Any) -> None:
        if progress.measured and not progress.stopped:
            os.kill(os.getpid(), signal.SIGINT)

    done = sweep(
        tmp_path / "a.sqlite",
        profile="smoke",
        registry=registry,
        pool_name="processes",
        workers=1,
        chunk=10,
        report=press,
    )
    assert done.progress is not None and done.progress.stopped == "interrupt"
    assert 0 < done.progress.measured <= 80 and done.progress.measured % 10 == 0
    with RunFile.read(tmp_path / "a.sqlite") as run:
        stored = list(run.records())
    assert len(stored) == done.progress.measured
    assert {one.values["loss"] for one in stored}.isdisjoint({float(os.getpid())})


def test_a_killed_worker_is_said_so(toy: Any, registry_of: Any, tmp_path: Path) -> None:
    claim = toy.claim(Grid(seeds=16, d=2, rate=0.1, steps=1, label="kill"))
    with pytest.raises(PoolError, match="--workers"):
        sweep(tmp_path / "a.sqlite", profile="smoke", registry=registry_of([claim], toy.EXPERIMENTS),
              pool_name="processes", workers=1)  # fmt: skip


def test_an_experiment_is_found_by_its_module_or_not_at_all(toy: Any) -> None:
    assert find_experiment("toy/trained", "toy_experiments") is toy.EXPERIMENTS[0]
    with pytest.raises(ContractError, match="--pool inline"):
        find_experiment("toy/absent", "no_such_module")
