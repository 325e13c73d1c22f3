"""How long a plan would take on a GPU that is not here: its work is counted on this machine, two or three steps a bucket.

Each bucket is measured here with one model and few training steps while every tensor operation is counted: how many there
are, bytes they read and write, floating-point operations of the products.  What a step costs follows from the difference of
two counts, and bytes and products grow with the number of models, the number of operations does not.  Training steps are
the coordinate called `steps` or `n_steps`; an experiment without one is counted whole.

The time is bracketed, not predicted: from every resource at its data-sheet rate and all overlapping, to half the rates, nothing
overlapping, and a slow start of every operation.  Work on the host outside torch is timed here and added to both ends.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry

from empirics.engine import device as devices
from empirics.engine.lanes import Experiment, Lane, Lanes
from empirics.engine.plan import Plan, lane_bytes
from theory.core.errors import ContractError

STEPS = ("steps", "n_steps")  # coordinates that count training steps
COUNTED_STEPS = (2, 3)
COUNTED_LANES = 5  # beside one lane, to see what grows with lanes on the host
ROOM = 2**28  # bytes that counting several models may take, and
MOST = 2**32  # one alone; both chosen, so that a small machine can count
NO_KERNEL = ("aten::empty", "aten::new_empty", "aten::detach", "aten::lift_fresh", "aten::_local_scalar_dense")


@dataclass(frozen=True)
class Gpu:
    """A device by its data sheet: bytes a second, FLOP/s by bits of the number format, memory in bytes.

    `starts`: the least and the most seconds that an operation takes to start.
    """

    name: str
    bytes_per_second: float
    flops_per_second: Mapping[int, float]
    memory: float
    starts: tuple[float, float]


# NVIDIA H200 SXM data sheet: 4.8 TB/s, 67 TFLOP/s in float32 and 34 in float64 without tensor cores, 989 in bfloat16, 141 GB.
# Starts: 4 microseconds, about the least that a kernel takes; 10, chosen: small models here take 5 to 8 an operation, all told.
H200 = Gpu("NVIDIA H200", 4.8e12, {16: 989e12, 32: 67e12, 64: 34e12}, 141e9, (4e-6, 10e-6))


@dataclass
class Work:
    """What was counted: operations, bytes read and written, FLOPs by bits of the format, seconds outside operations."""

    operations: float = 0.0
    bytes: float = 0.0
    flops: dict[int, float] = field(default_factory=lambda: dict.fromkeys((16, 32, 64), 0.0))
    host: float = 0.0

    def plus(self, other: Work, times: float) -> Work:
        """This and so many times another."""
        flops = {bits: count + times * other.flops[bits] for bits, count in self.flops.items()}
        return Work(self.operations + times * other.operations, self.bytes + times * other.bytes, flops,
                    self.host + times * other.host)  # fmt: skip

    def seconds(self, gpu: Gpu) -> tuple[float, float]:
        """(least, most) seconds on a device."""
        moved = self.bytes / gpu.bytes_per_second
        multiplied = sum(count / gpu.flops_per_second[bits] for bits, count in self.flops.items())
        fast, slow = (self.operations * start for start in gpu.starts)
        return self.host + max(moved, multiplied, fast), self.host + 2 * (moved + multiplied) + slow


class TooLong(Exception):
    """Counting was given up after its time limit."""


class _Counter(TorchDispatchMode):
    def __init__(self, limit: float) -> None:
        super().__init__()
        self.work, self.until, self.inside = Work(), time.process_time() + limit, 0.0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        entered = time.process_time()
        out = func(*args, **(kwargs or {}))
        if not _is_view(func) and not func.name().startswith(NO_KERNEL):
            self._count(func, args, kwargs or {}, out)
        now = time.process_time()
        self.inside += now - entered
        if now > self.until:
            raise TooLong
        return out

    def _count(self, func: Any, args: Any, kwargs: Any, out: Any) -> None:
        tensors = [one for one in tree_leaves((args, kwargs, out)) if isinstance(one, torch.Tensor)]
        self.work.operations += 1
        # an expanded tensor is read once
        self.work.bytes += sum(min(one.numel() * one.element_size(), one.untyped_storage().nbytes()) for one in tensors)
        packet = func.overloadpacket
        if packet in flop_registry and tensors:
            bits = min(64, 8 * tensors[0].element_size())
            self.work.flops[bits] += flop_registry[packet](*args, **kwargs, out_val=out)


def _is_view(func: Any) -> bool:
    """True where the result shares the memory of an argument and nothing is written."""
    return any(one.alias_info is not None and not one.alias_info.is_write for one in func._schema.returns)


def count(experiment: Experiment, lanes: Sequence[Lane], limit: float, corpus: tuple[Path, str] | None = None) -> Work:
    """The work of one call of `measure` on these lanes.  Raises: TooLong after `limit` seconds."""
    with _Counter(limit) as counter:
        made = Lanes(experiment, lanes, torch.device("cpu"), corpus[0] if corpus and experiment.inputs else None)
        started, inside = time.process_time(), counter.inside
        experiment.measure(made)
        counter.work.host = max(0.0, time.process_time() - started - (counter.inside - inside))
    return counter.work


@dataclass(frozen=True)
class Estimate:
    """What an experiment of a plan would take; `uncounted` lists its buckets' lanes where counting took too long or failed."""

    experiment: str
    work: Work
    n_chunks: int
    uncounted: tuple[str, ...] = ()


def _with_steps(experiment: Experiment, lanes: Sequence[Lane], steps: int | None) -> list[Lane]:
    name = _step_name(experiment)
    if name is None or steps is None:
        return list(lanes)
    return [Lane(one.experiment, {**one.cell, name: steps}, one.seed) for one in lanes]


def _step_name(experiment: Experiment) -> str | None:
    return next((name for name in STEPS if name in (*experiment.axes, *experiment.switches)), None)


def bucket_work(
    experiment: Experiment, lanes: Sequence[Lane], gpu: Gpu, limit: float, corpus: tuple[Path, str] | None = None
) -> tuple[Work, int]:
    """(work of all chunks of a bucket, how many chunks) on a device.

    Raises: TooLong after `limit` seconds of one count, MemoryError for a model of more than `MOST` bytes.
    """
    largest = max(lane_bytes(experiment, one.cell) for one in lanes)
    if largest > MOST:
        raise MemoryError(f"a model of {largest / 2**30:.1f} GiB is not counted here")
    per_chunk = 1 if experiment.alone else max(1, min(len(lanes), int(devices.GPU_SHARE * gpu.memory / largest)))
    n_chunks = -(-len(lanes) // per_chunk)
    name = _step_name(experiment)
    total = int(experiment.full(lanes[0].cell)[name]) if name else None
    few, more = COUNTED_STEPS if total and total > COUNTED_STEPS[1] else (total, None)
    one = count(experiment, _with_steps(experiment, lanes[:1], few), limit, corpus)
    whole = one
    if more and few and total:
        step = count(experiment, _with_steps(experiment, lanes[:1], more), limit, corpus).plus(one, -1)
        whole = one.plus(step, (total - few) / (more - few))
        whole.host = one.host  # the loop's own Python is in the start of each operation
    some = min(len(lanes), COUNTED_LANES, max(1, int(ROOM / largest)))
    beside = count(experiment, _with_steps(experiment, lanes[:some], few), limit, corpus) if some > 1 else one
    extra = max(some - 1, 1)
    per_lane = max(0.0, beside.operations - one.operations) / extra
    host = max(0.0, beside.host - one.host) / extra
    n_lanes = len(lanes)
    flops = {bits: number * n_lanes for bits, number in whole.flops.items()}
    return Work(whole.operations * n_chunks + per_lane * (n_lanes - n_chunks), whole.bytes * n_lanes, flops,
                one.host * n_chunks + host * (n_lanes - n_chunks)), n_chunks  # fmt: skip


def estimate(
    plan: Plan, gpu: Gpu = H200, limit: float = 20.0, corpus: tuple[Path, str] | None = None
) -> list[Estimate]:
    """The work of each experiment of a plan.

    Args:
        limit: seconds of this processor that one count may take; a bucket that takes longer, fails or does not fit is
            named as not counted.
    """
    devices.settle()
    found: dict[str, Estimate] = {}
    for experiment, lanes in plan.buckets:
        before = found.get(experiment.id, Estimate(experiment.id, Work(), 0))
        try:
            work, n_chunks = bucket_work(experiment, lanes, gpu, limit, corpus)
        except ContractError:  # the experiment itself is not well formed
            raise
        except Exception as error:  # one bucket that cannot be counted must not cost the others
            why = (
                f"more than {limit:g} s to count" if isinstance(error, TooLong) else f"{type(error).__name__}: {error}"
            )
            told = f"{experiment.bucket(lanes[0].cell)}: {len(lanes)} models, {why}"
            found[experiment.id] = replace(before, uncounted=(*before.uncounted, told))
            continue
        found[experiment.id] = Estimate(before.experiment, before.work.plus(work, 1), before.n_chunks + n_chunks,
                                        before.uncounted)  # fmt: skip
    return list(found.values())
