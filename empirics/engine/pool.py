"""Where chunks are measured: in this process, or in worker processes of one thread each.  Results are bitwise equal.

A worker finds the experiment by its id, in the module of its `measure` or in the registry, and sends records back; only
the coordinator writes to the run.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import torch

from empirics.engine import device as devices
from empirics.engine.lanes import Experiment, Lane, Lanes
from empirics.engine.measure import to_records
from theory.core.errors import ContractError, TestbedError
from theory.core.record import Exhibit, Record

Result = tuple[list[Record], list[Exhibit]]
Stored = TypeVar("Stored", Record, Exhibit)
_NO_MEMORY = ("not enough memory", "can't allocate memory", "out of memory", "ALLOC_FAILED")


@dataclass(frozen=True)
class Chunk:
    """Lanes measured together, in a form that can cross to another process.

    Args:
        experiment: its id.
        module: the module of its `measure`, where a worker looks for it first.
        corpus: (path, SHA-256) of the input file, for experiments that read one.
    """

    experiment: str
    lanes: tuple[Lane, ...]
    corpus: tuple[str, str] | None = None
    module: str = ""


def find_experiment(name: str, module: str = "") -> Experiment:
    """The experiment with this id: from `module` (an attribute, or in its EXPERIMENTS), else from the registry.

    Raises: ContractError when neither has it.
    """
    if module:
        try:
            there = vars(importlib.import_module(module))
        except ImportError:  # made by a call, or in a file that is no module: the registry may still know it
            there = {}
        for one in (*there.get("EXPERIMENTS", ()), *there.values()):
            if isinstance(one, Experiment) and one.id == name:
                return one
    from theory.core.registry import Registry

    known = Registry.load().experiments()
    if name not in known:
        raise ContractError(
            (
                (
                    name,
                    "is not known in a worker process; give it a name in an importable module, or use --pool inline",
                ),
            )
        )
    return known[name]  # type: ignore[no-any-return]


def _is_out_of_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and any(words in str(error) for words in _NO_MEMORY)
    )


def measure_chunk(
    experiment: Experiment, lanes: Sequence[Lane], device: torch.device, corpus: tuple[str, str] | None
) -> Result:
    """Records and exhibits of a chunk.

    Out of memory: the chunk is halved.  Any other error of `measure`: lanes are tried one by one, and those that fail
    alone become records with status "failed"; their neighbours are kept.

    Raises: ContractError where the experiment reads a coordinate it does not have, or returns another shape.
    """
    try:
        started = time.perf_counter()
        output = experiment.measure(Lanes(experiment, lanes, device, Path(corpus[0]) if corpus else None))
        records, exhibits = to_records(experiment, lanes, output, time.perf_counter() - started)
        return _with_corpus(records, corpus), _with_corpus(exhibits, corpus)
    except ContractError:  # the experiment itself is not well formed: no lane of it can succeed
        raise
    except Exception as error:  # the lane boundary: an error of one lane must not cost its neighbours
        out_of_memory = _is_out_of_memory(error)
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
    if out_of_memory and device.type == "cuda":
        torch.cuda.empty_cache()  # only here: while the error is handled, its traceback still holds the tensors
    if len(lanes) == 1:
        return _with_corpus([_failed(experiment, lanes[0], reason)], corpus), []
    size = -(-len(lanes) // 2) if out_of_memory else 1
    records, exhibits = [], []
    for start in range(0, len(lanes), size):
        part = measure_chunk(experiment, lanes[start : start + size], device, corpus)
        records += part[0]
        exhibits += part[1]
    return records, exhibits


def _failed(experiment: Experiment, lane: Lane, reason: str) -> Record:
    inner = {name: list(values) for name, values in experiment.inner_values(lane.cell).items()}
    return Record(experiment.id, experiment.version, lane.cell, inner, lane.seed, {}, "failed", reason)


def _with_corpus(found: list[Stored], corpus: tuple[str, str] | None) -> list[Stored]:
    """The same with the hash of the input file in their cells."""
    if corpus is None:
        return found
    return [replace(one, cell={**one.cell, "corpus": corpus[1]}) for one in found]


# ---------------------------------------------------------------------------- pools
def inline(chunks: Iterator[tuple[Experiment, Chunk]], device: torch.device) -> Iterator[Result]:
    """Measure chunk after chunk in this process."""
    for experiment, chunk in chunks:
        yield measure_chunk(experiment, chunk.lanes, device, chunk.corpus)


def _start_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C goes to the coordinator, which lets the chunk end
    devices.settle()


_FOUND: dict[str, Experiment] = {}


def _work(chunk: Chunk, device: str) -> Result:
    if chunk.experiment not in _FOUND:
        _FOUND[chunk.experiment] = find_experiment(chunk.experiment, chunk.module)
    return measure_chunk(_FOUND[chunk.experiment], chunk.lanes, torch.device(device), chunk.corpus)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Ctrl+C waits: processes begun inside inherit the mask, so one that still imports is not killed by it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def processes(chunks: Iterator[tuple[Experiment, Chunk]], device: torch.device, n_workers: int) -> Iterator[Result]:
    """Measure chunks in `n_workers` processes; results come in the order in which they are ready.

    Raises: PoolError when a worker ends without a result.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(n_workers, mp_context=context, initializer=_start_worker) as executor:
        running: set[Future[Result]] = set()
        try:
            for _, chunk in chunks:
                with _interrupts_held():
                    running.add(executor.submit(_work, chunk, str(device)))
                if len(running) >= 2 * n_workers:
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    yield from (future.result() for future in done)
            while running:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)
        except BrokenProcessPool as error:
            raise PoolError(
                f"sweep: 'workers' must end with a result, got one that was killed (memory?) [{n_workers} workers]; "
                "what was stored is kept: repeat the command with fewer --workers"
            ) from error
        finally:
            for future in running:
                future.cancel()


class PoolError(TestbedError):
    """A worker process was killed; what was committed before is intact."""

    exit_code = 3


def default_workers() -> int:
    """One worker a core that this process may use."""
    return max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
