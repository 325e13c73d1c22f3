"""What a sublayer costs: computing time against the length, bytes that the backward pass keeps, and bytes at the peak.

Words for the letters of the grid: T seq_len, d d_model, D n_layers, B n_sequences, b bytes of a number.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from empirics.engine import rng
from empirics.engine.lanes import Experiment, Lanes
from empirics.models import character_decoding as decoding
from empirics.models import character_model as model
from theory.generative.grids import timed_lengths

N_REPEATS = 2  # the least of two: a pause of the machine seldom hits both
SHOWN_LENGTHS = (128, 256, 512, 1024, 2048, 4096)  # drawn below those that are judged
DECODED_AFTER = (16, 64, 256, 1024, 4096, 16384)


# ---------------------------------------------------------------------------- time
def _attention(z_lbtd: torch.Tensor, weights: model.Weights, fused: bool) -> torch.Tensor:
    query, key, value = (part[0][:, None] for part in model.linear(z_lbtd, weights["query_key_value"]).chunk(3, dim=-1))
    if fused:
        mixed = F.scaled_dot_product_attention(query, key, value, is_causal=True)
    else:
        mixed = model.attention_maps(query[None], key[None], 0)[0] @ value
    return model.linear(mixed[:, 0][None], weights["mix_out"])


def _sublayer(mixer: str, length: int) -> Callable[[torch.Tensor, model.Weights], torch.Tensor]:
    """The mixing sublayer of one head as a function of (rows, weights)."""
    if mixer in ("attention", "attention fused"):
        return lambda z, weights: _attention(z, weights, mixer == "attention fused")
    if mixer == "static":

        def static(z: torch.Tensor, weights: model.Weights) -> torch.Tensor:
            maps = model.static_maps(weights["map_scores"], length)[:, 0][:, None]
            return model.linear(maps @ model.linear(z, weights["value"]), weights["mix_out"])

        return static
    context = model.CONTEXTS.get(mixer, "none")
    return lambda z, weights: model.linear(model.reduced(z, "max", context), weights["mix_out"])


def sublayer_time(lanes: Lanes) -> Mapping[str, Any]:
    """Computing seconds of one forward and backward pass of a mixing sublayer, single head.

    seconds: [lane, T], at a quarter, a half and all of the cell's length.  exponent: [lane], slope of log seconds along log T.
    Process time on a CPU, device time on a GPU.  The lengths take turns, so that a busy stretch of the machine slows all of
    them; of each the least of two passes counts, after one that is thrown away.
    Exhibits of the first seed, judged by nobody: times, (T, seconds) from the shortest length on; decoding, (t, seconds) for the
    next symbol after t of them; activations, seconds of an MLP with each way to write the function, {} but for the function.
    """
    lengths, first = timed_lengths(lanes.size("length")), lanes.seeds[0] == 0
    shown = [length for length in SHOWN_LENGTHS if length < lengths[0]] if first else []
    least = _in_turns({length: _sublayer_pass(lanes, length) for length in (*shown, *lengths)}, lanes.device)
    seconds = [least[length] for length in lengths]
    return {
        "seconds": torch.tensor([seconds], dtype=torch.float64),
        "exponent": torch.tensor([_exponent(lengths, seconds)], dtype=torch.float64),
        "exhibits": {
            "times": [[[length, spent] for length, spent in least.items()]],
            "decoding": [_decoding_times(lanes) if first else []],
            "activations": [_activation_times(lanes) if first and lanes.size("mixer") == "generative" else {}],
        },
    }


def _exponent(lengths: Sequence[int], seconds: Sequence[float]) -> float:
    """Least-squares slope of log seconds along log length."""
    xs, ys = ([math.log(one) for one in values] for values in (lengths, seconds))
    centre = sum(xs) / len(xs)
    return sum((x - centre) * y for x, y in zip(xs, ys)) / sum((x - centre) ** 2 for x in xs)


def _in_turns(passes: Mapping[Any, Callable[[], Any]], device: torch.device) -> dict[Any, float]:
    """Least seconds of each, when all are run one after another, again and again; the first round is thrown away."""
    least = dict.fromkeys(passes, math.inf)
    for turn in range(1 + N_REPEATS):
        for name, one in passes.items():
            start = _clock(device)
            one()
            spent = _clock(device) - start
            least[name] = min(least[name], spent) if turn else math.inf
    return least


def _sublayer_pass(lanes: Lanes, length: int) -> Callable[[], None]:
    width, mixer = lanes.size("d"), lanes.size("mixer")
    shapes = {"query_key_value": (width, 3 * width), "value": (width, width), "mix_out": (width, width)}
    weights = {name: rng.normal_like(lanes.keys, shape, width**-0.5, name).float().requires_grad_(True)
               for name, shape in shapes.items()}  # fmt: skip
    if mixer == "static":
        weights["map_scores"] = torch.zeros(1, 1, length, length, device=lanes.device, requires_grad=True)
    rows = rng.normal_like(lanes.keys, (lanes.size("B"), length, width), 1.0, "rows").float().requires_grad_(True)
    sublayer = _sublayer(mixer, length)
    return lambda: sublayer(rows, weights).sum().backward()


def _decoding_times(lanes: Lanes) -> list[list[float]]:
    """(t, seconds) of one step of one layer of nanoGPT's small width, when t symbols have been read."""
    mixer = lanes.size("mixer")
    if mixer not in decoding.DECODED:
        return []
    width, n_heads, n_symbols = 128, 4, 65
    arch = model.Architecture(n_symbols, 1, width, 1, mixer, n_heads=n_heads, positions=False)
    weights = model.unpacked(arch, model.init(arch, lanes.keys[:1]))
    symbol = torch.zeros(1, 1, dtype=torch.int64, device=lanes.device)

    def kept(t: int) -> decoding.State:
        shapes = {"row": (1, 1, 1, width), "row sum": (1, 1, 1, width)}
        if mixer == "attention":
            shapes = dict.fromkeys(("keys", "values"), (1, 1, n_heads, t, width // n_heads))
        return [{name: torch.ones(shape, device=lanes.device) for name, shape in shapes.items()}]

    def step(t: int) -> Callable[[], Any]:
        state = kept(t)
        return lambda: decoding.step(arch, weights, symbol, t, state)

    with torch.no_grad():
        least = _in_turns({t: step(t) for t in DECODED_AFTER}, lanes.device)
    return [[t, spent] for t, spent in least.items()]


def _activation_times(lanes: Lanes) -> dict[str, float]:
    """Seconds of a forward and backward pass of one MLP, in nanoGPT's larger setting with 16 bits on a GPU, else its small one."""
    n_sequences, length, width = (64, 256, 384) if lanes.device.type == "cuda" else (12, 64, 128)
    dtype = torch.bfloat16 if lanes.device.type == "cuda" else torch.float32

    def drawn(shape: tuple[int, ...], name: str) -> torch.Tensor:
        return rng.normal_like(lanes.keys[:1], shape, 0.1, name)[0].to(dtype).requires_grad_(True)

    into, out = drawn((width, 4 * width), "into"), drawn((4 * width, width), "out")
    rows = drawn((n_sequences, length, width), "activation rows")

    def through(implementation: str) -> Callable[[], None]:
        return lambda: (IMPLEMENTATIONS[implementation](rows @ into) @ out).sum().backward()

    return _in_turns({name: through(name) for name in IMPLEMENTATIONS}, lanes.device)


def _clock(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
        return time.perf_counter()
    return time.process_time()


def _time_bytes(cell: Mapping[str, Any]) -> int:
    maps = 6 * cell["length"] if cell["mixer"] in ("attention", "static") else 0
    return int(4 * cell["B"] * cell["length"] * (20 * cell["d"] + maps))


SUBLAYER_TIME = Experiment(
    id="generative/sublayer-time",
    version=2,
    axes=("mixer", "length", "d", "B"),
    measure=sublayer_time,
    shape=("mixer", "length", "d", "B"),
    inner={"T": lambda cell: timed_lengths(cell["length"])},
    common=("mixer",),
    alone=True,
    bytes_per_lane=_time_bytes,
)


# ---------------------------------------------------------------------------- kept bytes
class _MaskedMaximum(torch.autograd.Function):
    """Maximum of two tensors that keeps one byte a number for the backward pass: which of the two was larger."""

    @staticmethod
    def forward(ctx: Any, here: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
        """The larger number at every place."""
        is_here = here >= before
        ctx.save_for_backward(is_here)
        return torch.where(is_here, here, before)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The gradient goes to the larger number."""
        (is_here,) = ctx.saved_tensors
        return gradient * is_here, gradient * ~is_here


def _shifted(rows_btm: torch.Tensor) -> torch.Tensor:
    return torch.cat([rows_btm[:, :1], rows_btm[:, :-1]], dim=1)


IMPLEMENTATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "gelu": F.gelu,
    "stack_index": lambda rows: torch.stack([rows, _shifted(rows)]).max(dim=0).values,
    "maximum": lambda rows: torch.maximum(rows, _shifted(rows)),
    "mask": lambda rows: _MaskedMaximum.apply(rows, _shifted(rows)),
}


def _maps(cell: Lanes) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Maps into and out of the hidden rows of D MLPs."""
    width, dtype = cell.size("d"), {2: torch.bfloat16, 4: torch.float32}[cell.size("bytes")]

    def drawn(shape: tuple[int, int], stream: str) -> torch.Tensor:
        return rng.normal_like(cell.keys[:1], shape, 0.1, stream)[0].to(dtype).requires_grad_(True)

    return [(drawn((width, 4 * width), f"{layer} in"), drawn((4 * width, width), f"{layer} out"))
            for layer in range(cell.size("D"))]  # fmt: skip


def _through(
    implementation: str, n_sequences: int, cell: Lanes, maps: list[tuple[torch.Tensor, torch.Tensor]]
) -> torch.Tensor:
    """Rows after D MLPs, each added to its input."""
    rows = torch.ones(n_sequences, cell.size("T"), cell.size("d"), dtype=maps[0][0].dtype, device=cell.device)
    for into, out in maps:
        rows = rows + IMPLEMENTATIONS[implementation](rows @ into) @ out
    return rows


def _kept(implementation: str, n_sequences: int, cell: Lanes) -> tuple[int, torch.Tensor]:
    """(bytes in all storages that autograd keeps, output) of D MLPs on a batch."""
    maps, storages = _maps(cell), dict[int, int]()

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        storages[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        rows = _through(implementation, n_sequences, cell, maps)
    return sum(storages.values()), rows


def kept_bytes(lanes: Lanes) -> Mapping[str, Any]:
    """Bytes a sequence that the backward pass of D MLPs keeps above GELU.  bytes_over_gelu: [lane].

    Storages kept by autograd, each counted once, for one and two sequences: the difference leaves the weights out.
    Exhibit peak: peak bytes on a GPU for one sequence, by implementation ({} on a CPU).
    """
    per_sequence: dict[str, int] = {}
    peak: dict[str, int] = {}
    for name in ("gelu", lanes.size("implementation")):
        if lanes.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(lanes.device)
        kept = []
        for n_sequences in (1, 2):
            count, rows = _kept(name, n_sequences, lanes)
            kept.append(count)
            rows.sum().backward()
        per_sequence[name] = kept[1] - kept[0]
        if lanes.device.type == "cuda":
            peak[name] = int(torch.cuda.max_memory_allocated(lanes.device))
    above = float(per_sequence[lanes.size("implementation")] - per_sequence["gelu"])
    return {"bytes_over_gelu": torch.full((len(lanes),), above), "exhibits": {"peak": [peak] * len(lanes)}}


KEPT_BYTES = Experiment(
    id="generative/kept-bytes",
    version=1,
    axes=("implementation", "T", "d", "D", "bytes"),
    measure=kept_bytes,
    shape=("implementation", "T", "d", "D", "bytes"),
    bytes_per_lane=lambda cell: 2 * cell["D"] * cell["T"] * cell["d"] * 4 * (8 + 4 * cell["bytes"]),
)


# ---------------------------------------------------------------------------- bytes at the peak
class _Living(TorchDispatchMode):
    """Follows every tensor that an operation returns, those of the backward pass too; `peak`: most bytes alive at once."""

    def __init__(self) -> None:
        super().__init__()
        self.peak = 0
        self.alive: dict[int, tuple[StorageWeakRef, int]] = {}

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """False, so that torch does not load its compiler at the first operation, which takes seconds: nothing is compiled."""
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """The operation's own result, after its storages were noted."""
        del types
        found = func(*args, **(kwargs or {}))
        for one in tree_leaves(found):
            if isinstance(one, torch.Tensor):
                storage = one.untyped_storage()
                reference = StorageWeakRef(storage)
                self.alive[reference.cdata] = (reference, storage.nbytes())
        self.alive = {at: pair for at, pair in self.alive.items() if not pair[0].expired()}
        self.peak = max(self.peak, sum(size for _, size in self.alive.values()))
        return found


def _peak(implementation: str, n_sequences: int, cell: Lanes) -> int:
    """Most bytes alive in a forward and backward pass of D MLPs: counted tensor by tensor, on a GPU as its allocator has it."""
    maps = _maps(cell)
    if cell.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(cell.device)
        _through(implementation, n_sequences, cell, maps).sum().backward()
        return int(torch.cuda.max_memory_allocated(cell.device))
    with _Living() as living:
        _through(implementation, n_sequences, cell, maps).sum().backward()
    return living.peak


def peak_bytes(lanes: Lanes) -> Mapping[str, Any]:
    """Bytes at the peak of a training step of D MLPs above those with GELU, for each hidden number of all layers.

    peak_over_gelu: [lane].  The difference of B and 2 B sequences leaves the weights out.
    """
    n_sequences = lanes.size("B")
    numbers = n_sequences * lanes.size("T") * 4 * lanes.size("d") * lanes.size("D")
    per_number = [
        (_peak(name, 2 * n_sequences, lanes) - _peak(name, n_sequences, lanes)) / numbers
        for name in (lanes.size("implementation"), "gelu")
    ]
    return {"peak_over_gelu": torch.full((len(lanes),), per_number[0] - per_number[1], dtype=torch.float64)}


PEAK_BYTES = Experiment(
    id="generative/peak-bytes",
    version=1,
    axes=("implementation", "T", "d", "D", "bytes", "B"),
    measure=peak_bytes,
    shape=("implementation", "T", "d", "D", "bytes", "B"),
    bytes_per_lane=lambda cell: 2 * cell["B"] * cell["D"] * cell["T"] * cell["d"] * 4 * (8 + 4 * cell["bytes"]),
)

EXPERIMENTS = (SUBLAYER_TIME, KEPT_BYTES, PEAK_BYTES)
