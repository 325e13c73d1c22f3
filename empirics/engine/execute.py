"""Carry out a plan: cut buckets into chunks, measure, commit after each chunk, stop at the budget or at Ctrl+C."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import torch

from empirics.engine import device as devices
from empirics.engine import pool
from empirics.engine.lanes import Experiment, Lane
from empirics.engine.plan import Plan, lane_bytes
from theory.core.record import RunFile


@dataclass
class Progress:
    """What was done so far: lanes planned, measured, diverged, failed; seconds; and why it stopped."""

    planned: int
    measured: int = 0
    diverged: int = 0
    failed: int = 0
    seconds: float = 0.0
    stopped: str = ""  # "", "budget" or "interrupt"


class Interrupt:
    """Set by the first Ctrl+C; the second one raises KeyboardInterrupt as usual."""

    def __init__(self) -> None:
        self.asked = False

    @contextmanager
    def listening(self) -> Iterator[Interrupt]:
        """Listen for Ctrl+C inside the block (in the main thread only)."""
        if threading.current_thread() is not threading.main_thread():
            yield self
            return
        before = signal.getsignal(signal.SIGINT)

        def handler(number: int, frame: FrameType | None) -> None:
            del number, frame
            self.asked = True
            signal.signal(signal.SIGINT, before)

        signal.signal(signal.SIGINT, handler)
        try:
            yield self
        finally:
            signal.signal(signal.SIGINT, before)


def chunks(
    plan: Plan, device: torch.device, chunk_size: int | None, corpus: tuple[Path, str] | None
) -> Iterator[tuple[Experiment, pool.Chunk]]:
    """The plan's buckets, cut to what fits the cache (CPU) or the free memory (GPU), experiments that run alone last."""
    room = devices.chunk_bytes(device)
    for experiment, lanes in sorted(plan.buckets, key=lambda pair: pair[0].alone):
        largest = max(lane_bytes(experiment, lane.cell) for lane in lanes)
        size = 1 if experiment.alone else chunk_size or max(1, room // largest)
        text = (str(corpus[0]), corpus[1]) if corpus and experiment.inputs else None
        for start in range(0, len(lanes), size):
            yield experiment, pool.Chunk(experiment.id, tuple(lanes[start : start + size]), text)


def _warm_up(experiment: Experiment, lanes: list[Lane], device: torch.device, corpus: tuple[str, str] | None) -> None:
    """One lane measured and thrown away, so that the first timed lane pays for nothing but itself."""
    pool.measure_chunk(experiment, lanes[:1], device, corpus)


def execute(
    plan: Plan, run: RunFile, *, launch: int, device: torch.device, workers: int = 0, chunk_size: int | None = None,
    budget: float | None = None, corpus: tuple[Path, str] | None = None, report: Callable[[Progress], None] | None = None,
) -> Progress:  # fmt: skip
    """Measure what the plan lists; each chunk's records are in the file before the next chunk counts as begun.

    Args:
        workers: 0 measures in this process, else in so many worker processes.
        budget: seconds after which no new chunk is begun.
        report: called after each chunk.
    """
    progress, started = Progress(plan.n_lanes), time.perf_counter()
    interrupt = Interrupt()

    def until_stopped(alone: bool) -> Iterator[tuple[Experiment, pool.Chunk]]:
        warmed: set[str] = set()
        for experiment, chunk in chunks(plan, device, chunk_size, corpus):
            if experiment.alone != alone:
                continue
            if interrupt.asked:
                progress.stopped = "interrupt"
                return
            if budget is not None and time.perf_counter() - started > budget:
                progress.stopped = "budget"
                return
            if alone and experiment.id not in warmed:
                warmed.add(experiment.id)
                _warm_up(experiment, list(chunk.lanes), device, chunk.corpus)
            yield experiment, chunk

    with interrupt.listening():
        for alone in (False, True):
            todo = until_stopped(alone)
            results = pool.processes(todo, device, workers) if workers and not alone else pool.inline(todo, device)
            for records, exhibits in results:
                run.add_records(records, launch=launch, exhibits=exhibits)
                progress.measured += len(records)
                progress.diverged += sum(one.status == "diverged" for one in records)
                progress.failed += sum(one.status == "failed" for one in records)
                progress.seconds = time.perf_counter() - started
                if report is not None:
                    report(progress)
    progress.seconds = time.perf_counter() - started
    return progress
