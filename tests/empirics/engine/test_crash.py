"""kill -9 in the middle of a sweep: after resuming, the records equal those of an undisturbed run, each once."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from empirics import sweep
from theory import Grid
from theory.core.record import RunFile, canonical


def content(path: Path) -> dict[str, str]:
    with RunFile.read(path) as run:
        assert run.faults() == []
        found = [(one.key, canonical({**one.body(), "cost": 0})) for one in run.records()]
    assert len(found) == len(dict(found))
    return dict(found)


@pytest.fixture
def started(toy: Any, registry_of: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sweep in a forked child (torch is loaded already), which this returns the number of."""
    claim = toy.claim(Grid(seeds=60, d=(2, 5), rate=(0.1, 1.0), steps=(1, 3)))
    registry = registry_of([claim], toy.EXPERIMENTS)
    monkeypatch.setattr("empirics.engine.execute.COMMIT_SECONDS", 0.01)
    monkeypatch.setattr("empirics.engine.launch._git", lambda *words: None)  # a fork may be killed inside a subprocess

    def start(name: str) -> int:
        child = os.fork()
        if child == 0:
            try:
                sweep(tmp_path / name, profile="smoke", registry=registry, chunk=2)
                os._exit(0)
            finally:
                os._exit(1)
        return child

    return start


def test_twenty_killed_sweeps_resume_to_the_undisturbed_records(started: Any, tmp_path: Path) -> None:
    began = time.perf_counter()
    assert os.waitpid(started("whole.sqlite"), 0)[1] == 0
    whole, length = content(tmp_path / "whole.sqlite"), time.perf_counter() - began
    n_partial = 0
    for seed in range(20):
        name, after = f"killed{seed}.sqlite", random.Random(seed).uniform(0.05, 0.95) * length
        child = started(name)
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        if (tmp_path / name).exists():
            RunFile.create(tmp_path / name).close()  # rolls back what the kill cut short, as the next sweep would
            before = content(tmp_path / name)
            assert before.items() <= whole.items()
            n_partial += 0 < len(before) < len(whole)
        assert os.waitpid(started(name), 0)[1] == 0
        assert content(tmp_path / name) == whole
    assert n_partial >= 5  # else the kills fell before or after the work, and this test shows nothing
