"""Where chunks are measured: in this process, or in worker processes of one thread each.  Results are bitwise equal.

A worker gets the experiment by id from the registry (or by "module:attribute") and sends records back; only the
coordinator writes to the run.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from empirics.engine import device as devices
from empirics.engine.lanes import Experiment, Lane, Lanes
from empirics.engine.measure import to_records
from theory.core.errors import ContractError, TestbedError
from theory.core.record import Exhibit, Record

Result = tuple[list[Record], list[Exhibit]]


@dataclass(frozen=True)
class Chunk:
    """Lanes measured together: the experiment (by reference where it crosses to another process) and its lanes."""

    experiment: str
    lanes: tuple[Lane, ...]
    corpus: tuple[str, str] | None = None


def find_experiment(reference: str) -> Experiment:
    """The experiment named by an id of the registry, or by `module:attribute`."""
    if ":" in reference:
        module, attribute = reference.split(":")
        found = getattr(importlib.import_module(module), attribute)
        if not isinstance(found, Experiment):
            raise ContractError(((reference, "is not an Experiment"),))
        return found
    from theory.core.registry import Registry

    return _known(Registry.load().experiments(), reference)


def _known(experiments: dict[str, Any], name: str) -> Experiment:
    if name not in experiments:
        raise ContractError(((name, "is not a known experiment in the worker process"),))
    return experiments[name]  # type: ignore[no-any-return]


def measure_chunk(experiment: Experiment, lanes: Sequence[Lane], device: torch.device, corpus: tuple[str, str] | None) -> Result:
    """Records of a chunk.

    Out of memory: the chunk is halved.  Any other error of `measure`: lanes are tried one by one, and those that fail
    alone become records with status "failed"; their neighbours are kept.
    """
    try:
        started = time.perf_counter()
        output = experiment.measure(Lanes(experiment, lanes, device, Path(corpus[0]) if corpus else None))
        records, exhibits = to_records(experiment, lanes, output, time.perf_counter() - started)
        return _with_corpus(records, corpus), exhibits
    except TestbedError:
        raise
    except Exception as error:  # the lane boundary: an error of one lane must not cost its neighbours
        out_of_memory = isinstance(error, MemoryError | torch.OutOfMemoryError) or "not enough memory" in str(error)
        if out_of_memory and device.type == "cuda":
            torch.cuda.empty_cache()
        if len(lanes) == 1:
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
            one = lanes[0]
            inner = {name: list(values) for name, values in experiment.inner_values(one.cell).items()}
            failed = Record(experiment.id, experiment.version, one.cell, inner, one.seed, {}, "failed", reason)
            return _with_corpus([failed], corpus), []
    size = -(-len(lanes) // 2) if out_of_memory else 1
    records, exhibits = [], []
    for start in range(0, len(lanes), size):
        part = measure_chunk(experiment, lanes[start : start + size], device, corpus)
        records += part[0]
        exhibits += part[1]
    return records, exhibits


def _with_corpus(records: list[Record], corpus: tuple[str, str] | None) -> list[Record]:
    if corpus is None:
        return records
    from dataclasses import replace

    return [replace(one, cell={**one.cell, "corpus": corpus[1]}) for one in records]


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
        _FOUND[chunk.experiment] = find_experiment(chunk.experiment)
    return measure_chunk(_FOUND[chunk.experiment], chunk.lanes, torch.device(device), chunk.corpus)


def processes(chunks: Iterator[tuple[Experiment, Chunk]], device: torch.device, n_workers: int) -> Iterator[Result]:
    """Measure chunks in `n_workers` processes; results come in the order in which they are ready."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(n_workers, mp_context=context, initializer=_start_worker) as executor:
        running: set[Future[Result]] = set()
        try:
            for _, chunk in chunks:
                running.add(executor.submit(_work, chunk, str(device)))
                if len(running) >= 2 * n_workers:
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        yield future.result()
            while running:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        finally:
            for future in running:
                future.cancel()


def default_workers() -> int:
    """One worker a core that this process may use."""
    return max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
