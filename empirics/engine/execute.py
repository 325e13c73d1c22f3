"""Carry out a plan: cut buckets into chunks, measure, commit after each chunk, stop at the budget or at Ctrl+C."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import torch

from empirics.engine import device as devices
from empirics.engine import pool
from empirics.engine.lanes import Experiment, Lane
from empirics.engine.plan import Plan, lane_bytes
from theory.core.record import Exhibit, Record, RunFile

COMMIT_SECONDS = (
    0.5  # a crash loses at most this much finished work; a commit alone takes milliseconds to a tenth of a second
)


@dataclass
class Progress:
    """What was done so far: lanes planned, measured, diverged, failed (and why the first); seconds; and why it stopped."""

    planned: int
    measured: int = 0
    diverged: int = 0
    failed: int = 0
    reason: str = ""
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
            sys.stderr.write("\nstopping after what is being measured; Ctrl+C again stops at once\n")

        signal.signal(signal.SIGINT, handler)
        try:
            yield self
        finally:
            signal.signal(signal.SIGINT, before)


def chunks(
    plan: Plan, device: torch.device, chunk_size: int | None, corpus: tuple[Path, str] | None
) -> Iterator[tuple[Experiment, pool.Chunk]]:
    """The plan's buckets, cut to what fits the cache (CPU) or the free memory (GPU); what runs alone comes last."""
    room = devices.chunk_bytes(device)
    for experiment, lanes in sorted(plan.buckets, key=lambda pair: pair[0].alone):
        largest = max(lane_bytes(experiment, lane.cell) for lane in lanes)
        size = 1 if experiment.alone else chunk_size or max(1, room // largest)
        text = (str(corpus[0]), corpus[1]) if corpus and experiment.inputs else None
        for start in range(0, len(lanes), size):
            module = getattr(experiment.measure, "__module__", None) or ""
            yield experiment, pool.Chunk(experiment.id, tuple(lanes[start : start + size]), text, module)


def _warm_up(experiment: Experiment, lanes: list[Lane], device: torch.device, corpus: tuple[str, str] | None) -> None:
    """One lane measured and thrown away, so that the first timed lane pays for nothing but itself."""
    pool.measure_chunk(experiment, lanes[:1], device, corpus)


class _Writer:
    """Commits finished chunks, several at a time where they are short: a commit waits for the disk."""

    def __init__(
        self, run: RunFile, launch: int, progress: Progress, report: Callable[[Progress], None] | None
    ) -> None:
        self.run, self.launch, self.progress, self.report = run, launch, progress, report
        self.started = self.committed = time.perf_counter()
        self.records: list[Record] = []
        self.exhibits: list[Exhibit] = []

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self.started

    def take(self, records: list[Record], exhibits: list[Exhibit]) -> None:
        """Keep a chunk's results, and commit when the last commit was long enough ago."""
        self.records += records
        self.exhibits += exhibits
        if time.perf_counter() - self.committed >= COMMIT_SECONDS:
            self.commit()

    def commit(self) -> None:
        """Write what is held; only then does it count as measured."""
        if self.records:
            self.run.add_records(self.records, launch=self.launch, exhibits=self.exhibits)
            self.progress.measured += len(self.records)
            self.progress.diverged += sum(one.status == "diverged" for one in self.records)
            failures = [f"{one.experiment}: {one.reason}" for one in self.records if one.status == "failed"]
            self.progress.failed += len(failures)
            self.progress.reason = self.progress.reason or next(iter(failures), "")
            self.records, self.exhibits = [], []
        self.committed, self.progress.seconds = time.perf_counter(), self.seconds
        if self.report is not None:
            self.report(self.progress)


def _until(
    stopped: Callable[[], bool], todo: Iterable[tuple[Experiment, pool.Chunk]], device: torch.device
) -> Iterator[tuple[Experiment, pool.Chunk]]:
    """Chunks as long as nothing says stop; an experiment that runs alone is warmed up before its first one."""
    warmed: set[str] = set()
    for experiment, chunk in todo:
        if stopped():
            return
        if experiment.alone and experiment.id not in warmed:
            warmed.add(experiment.id)
            _warm_up(experiment, list(chunk.lanes), device, chunk.corpus)
        yield experiment, chunk


def execute(
    plan: Plan, run: RunFile, *, launch: int, device: torch.device, workers: int = 0, chunk_size: int | None = None,
    budget: float | None = None, corpus: tuple[Path, str] | None = None,
    report: Callable[[Progress], None] | None = None,
) -> Progress:  # fmt: skip
    """Measure what the plan lists, and commit it chunk by chunk (chunks shorter than `COMMIT_SECONDS` together).

    Args:
        workers: 0 measures in this process, else in so many worker processes.
        chunk_size: lanes a chunk; None cuts to the cache (CPU) or the free memory (GPU).
        budget: seconds after which no new chunk is begun.
        report: called after each commit.

    Raises: NoSpaceError, RecordError when a commit fails; ContractError for an experiment that is not well formed;
        PoolError for a worker that was killed.  What was committed before stays.
    """
    progress = Progress(plan.n_lanes)
    writer, interrupt = _Writer(run, launch, progress, report), Interrupt()

    def stopped() -> bool:
        late = budget is not None and writer.seconds > budget
        progress.stopped = "interrupt" if interrupt.asked else "budget" if late else ""
        return bool(progress.stopped)

    with interrupt.listening():
        for alone in (False, True):
            cut = chunks(plan, device, chunk_size, corpus)
            todo = _until(stopped, (pair for pair in cut if pair[0].alone == alone), device)
            results = pool.processes(todo, device, workers) if workers and not alone else pool.inline(todo, device)
            try:
                for records, exhibits in results:
                    writer.take(records, exhibits)
            finally:
                writer.commit()
    if interrupt.asked:
        progress.stopped = "interrupt"
    return progress
