"""P1 to P5 and P15: parameters tensor by tensor, work product by product, what decoding and the backward pass must keep."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from proofs_check.core import exhaust, identity
from proofs_check.core.derivation import Control, Result, Step
from proofs_check.generative.exact import Row, reduced
from theory import generative
from theory.generative.parameters import MIXERS

Shape = tuple[int, ...]
Case = tuple[str, exhaust.Exact, exhaust.Exact]
Array = np.ndarray[Any, Any]


# ---------------------------------------------------------------------------- parameters
def _linear(out: int, into: int, bias: bool) -> list[Shape]:
    return [(out, into), *[(out,)] * bias]


def _norm(d: int, bias: bool) -> list[Shape]:
    return [(d,)] * (1 + bias)


def _tensors(
    V: int, d: int, D: int, T: int, mixer: str, h: int, r: int, bias: bool, positions: bool, output_map: bool
) -> list[Shape]:
    """Shapes of all tensors of a model, written out module by module; the output shares the embedding's tensor."""
    shapes: list[Shape] = [(V, d), *[(T, d)] * positions]
    for _ in range(D):
        if mixer != "removed":
            shapes += _norm(d, bias)
        if mixer == "attention":
            shapes += _linear(3 * d, d, bias)
        if mixer == "static":
            shapes += _linear(d, d, bias) + [(T, T)] * h
        if mixer != "removed" and output_map:
            shapes += _linear(d, d, bias)
        shapes += _norm(d, bias) + _linear(r * d, d, bias) + _linear(d, r * d, bias)
    return shapes + _norm(d, bias)


def _parameter_cases(counted_output: bool) -> Iterator[Case]:
    sizes = ((65, 128, 4, 64, 4, 4), (65, 384, 6, 256, 6, 4), (5, 6, 1, 7, 2, 1), (3, 4, 3, 2, 1, 2))
    for (V, d, D, T, h, r), mixer, bias, positions in itertools.product(sizes, MIXERS, (False, True), (False, True)):
        for output_map in (True, False) if mixer != "removed" else (True,):
            shapes = _tensors(V, d, D, T, mixer, h, r, bias, positions, output_map and counted_output)
            value = generative.parameter_count(
                V=V, d=d, D=D, T=T, mixer=mixer, h=h, mlp_ratio=r, bias=bias, positions=positions, output_map=output_map
            )
            yield f"{mixer} V={V} d={d} D={D} T={T}", value, sum(map(math.prod, shapes))


def _quoted_sizes(output_map: bool) -> Iterator[Case]:
    """Millions of parameters to two places: the sizes that the summaries quote."""
    for mixer, quoted in (("attention", Fraction(80, 100)), ("generative", Fraction(60, 100))):
        n = sum(map(math.prod, _tensors(65, 128, 4, 64, mixer, 4, 4, False, False, output_map or mixer == "attention")))
        yield mixer, Fraction(round(Fraction(n, 10**4)), 100), quoted


# ---------------------------------------------------------------------------- work
class _Work:
    """Counts 2 FLOP for every multiply-add of the matrix products that it is told of."""

    def __init__(self) -> None:
        self.flops = 0

    def product(self, rows: int, inner: int, columns: int) -> None:
        """A [rows, inner] matrix times an [inner, columns] matrix."""
        self.flops += 2 * rows * inner * columns


def _mixing(work: _Work, T: int, d: int, mixer: str, h: int, causal: bool, values: bool = True) -> None:
    if mixer == "attention":
        for _ in range(3):
            work.product(T, d, d)
    if mixer == "static":
        work.product(T, d, d)
    if mixer in ("attention", "static"):
        for _, t in itertools.product(range(h), range(1, T + 1)):
            seen = t if causal else T
            if mixer == "attention":
                work.product(1, d // h, seen)  # scores of one query
            if values:
                work.product(1, seen, d // h)  # weighted sum of values
    if mixer != "removed":
        work.product(T, d, d)


def _block_work(T: int, d: int, mixer: str, h: int, r: int, causal: bool, values: bool = True) -> int:
    """FLOP of one block; the activation between the two maps of the MLP multiplies no matrices, whichever it is."""
    work = _Work()
    _mixing(work, T, d, mixer, h, causal, values)
    work.product(T, d, r * d)
    work.product(T, r * d, d)
    return work.flops


def _work_cases(values: bool) -> Iterator[Case]:
    sizes = ((64, 128, 4, 4), (1, 2, 1, 1), (7, 6, 3, 2), (33, 8, 2, 4))
    for (T, d, h, r), mixer, causal in itertools.product(sizes, MIXERS, (False, True)):
        found = generative.block_matmul_flops(T=T, d=d, mixer=mixer, mlp_ratio=r, causal=causal)
        yield f"{mixer} T={T} d={d} r={r}", found, _block_work(T, d, mixer, h, r, causal, values)


def _activation_cases(mixer_after: str) -> Iterator[Case]:
    """Matmul work before and after the function takes GELU's place; `mixer_after` is what mixes afterwards."""
    for T, d in ((1, 8), (64, 128), (300, 16)):
        before = _block_work(T, d, "attention", 1, 4, False)
        yield f"T={T} d={d}", _block_work(T, d, mixer_after, 1, 4, False), before


def _symbols() -> Any:
    import sympy

    return sympy.symbols("T d r", positive=True)


def _ratio_identity(extra: int) -> Result:
    """Work of attention minus that of the generative block: a sum of positive terms, so no length makes it vanish."""
    T, d, r = _symbols()
    attention, ours = 8 * T * d**2 + 4 * T**2 * d + 4 * r * T * d**2, 2 * T * d**2 + 4 * r * T * d**2
    causal = attention - 4 * T**2 * d + 2 * T * (T + 1) * d
    ratio = ((8 + 4 * r) * d + 4 * T) / ((2 + 4 * r) * d)
    return identity.vanishes(
        [
            attention - ours - (6 + extra) * T * d**2 - 4 * T**2 * d,
            causal - ours - (6 + extra) * T * d**2 - 2 * T * (T + 1) * d,
            attention / ours - ratio,
        ]
    )


def _crossover_identity(offset: int) -> Result:
    T, d, r = _symbols()
    linear = (8 + 4 * r) * T * d**2
    all_pairs = (4 * T**2 * d - linear).subs(T, (2 + r) * d)
    causal = (2 * T * (T + 1) * d - linear).subs(T, (4 + 2 * r) * d - 1 + offset)
    return identity.vanishes([all_pairs, causal])


def _width_identity(attention_maps: int) -> Result:
    """Equal block parameters at width d' = d sqrt((4 + 2r)/(1 + 2r)), and then equal work but for the quadratic term."""
    import sympy

    T, d, r = _symbols()
    wide = d * sympy.sqrt((4 + 2 * r) / (1 + 2 * r))
    parameters = (1 + 2 * r) * wide**2 - (attention_maps + 2 * r) * d**2
    work = (2 + 4 * r) * T * wide**2 + 4 * T**2 * d - (2 * attention_maps * T * d**2 + 4 * r * T * d**2 + 4 * T**2 * d)
    return identity.vanishes([parameters, work])


def _crossover_cases(factor: int) -> Iterator[tuple[str, bool]]:
    """Just below the crossover the quadratic part is the smaller half, at it they are equal, above it is the larger one."""
    for d, r, causal in itertools.product((1, 8, 128), (1, 4), (False, True)):
        at = factor * generative.quadratic_crossover_length(d=d, mlp_ratio=r, causal=causal)
        for T, sign in ((at - 1, -1), (at, 0), (at + 1, 1)):
            whole = generative.block_matmul_flops(T=T, d=d, mixer="attention", mlp_ratio=r, causal=causal) if T else 0
            quadratic = 2 * T * (T + 1) * d if causal else 4 * T * T * d
            apart = quadratic - (whole - quadratic)
            yield f"d={d} r={r} T={T}", not T or (apart > 0) - (apart < 0) == sign


def _share(T: int, d: int) -> Fraction:
    work, whole = _Work(), _block_work(T, d, "attention", 1, 4, False)
    for _ in range(2):
        work.product(T, d, T)
    return Fraction(work.flops, whole)


def _share_cases(T: int) -> Iterator[tuple[str, bool]]:
    """The quadratic part is less than half of the block's work, and at the sizes of both settings far less."""
    for d, length in ((128, T), (384, 4 * T)):
        yield f"T={length} d={d}: {_share(length, d)}", _share(length, d) < Fraction(1, 2)


def _elementwise(T: int, m: int) -> int:
    """Element-wise operations of the function with a running mean, counted row by row; without a mean there are fewer."""
    count = 0
    for t in range(1, T + 1):
        count += m  # scale of the running sum
        if t > 1:
            count += 3 * m  # one addition to the sum, two comparisons
    return count


def _linear_cases(mixer: str) -> Iterator[tuple[str, bool]]:
    for T, d in ((1, 4), (5, 8), (64, 16)):
        one, two = _Work(), _Work()
        _mixing(one, T, d, mixer, 1, False)
        _mixing(two, 2 * T, d, mixer, 1, False)
        yield f"T={T} d={d}", two.flops == 2 * one.flops and _elementwise(T, d) <= 4 * T * d


def _quadratic_cases(mixer: str) -> Iterator[Case]:
    """The third difference of the work in T vanishes and the second is that of 4 T^2 d: quadratic, and no more."""
    for d, start in itertools.product((2, 8), (1, 30)):
        flops = []
        for T in range(start, start + 4):
            work = _Work()
            _mixing(work, T, d, mixer, 1, False)
            flops.append(work.flops)
        second = [a - 2 * b + c for a, b, c in zip(flops, flops[1:], flops[2:])]
        yield f"d={d} T={start}", tuple(second), (8 * d, 8 * d)


# ---------------------------------------------------------------------------- what decoding keeps
def _streamed(rows: list[Row], f: str, average: bool, keep_sum: bool) -> tuple[list[Row], int, int]:
    """Outputs token by token from the state alone; (outputs, numbers of the last row kept, numbers of the sum kept)."""
    last: Row = ()
    running: Row = (0,) * len(rows[0])
    found: list[Row] = []
    for t, row in enumerate(rows, start=1):
        if average:
            kept = running if keep_sum else (last or row)
            running = tuple(a + b for a, b in zip(kept, row))
        partners = [row, last] + ([tuple(Fraction(a, t) for a in running)] if average else [])
        pick = {"max": max, "min": min}[f]
        found.append(row if t == 1 else tuple(pick(*parts) for parts in zip(*partners)))
        last = row
    return found, len(last), len(running) if average else 0


def _state_cases(keep_sum: bool) -> Iterator[Case]:
    rows: list[Row] = [(3, -1), (0, 5), (7, 2), (1, 1), (-4, 6)]
    for f, average in itertools.product(("max", "min"), (False, True)):
        found, last, summed = _streamed(rows, f, average, keep_sum)
        full = reduced(rows, f, "running_mean" if average else "none")
        yield f"{f} average={average}: outputs", tuple(itertools.chain(*found)), tuple(itertools.chain(*full))
        kept = generative.recurrent_state_bytes(B=1, d=2, D=1, bytes=2, average=average, acc_bytes=4)
        yield f"{f} average={average}: bytes", kept, 2 * last + 4 * summed
    for t in range(5):
        keys_and_values = [rows[:t], rows[:t]]
        numbers = sum(len(row) for kept_rows in keys_and_values for row in kept_rows)
        yield f"cache t={t}", generative.kv_cache_bytes(B=1, t=t, d=2, D=1, bytes=2), 2 * numbers


def _first_larger(average: bool, factor: int) -> int:
    state = generative.recurrent_state_bytes(B=1, d=8, D=2, bytes=2, average=average, width_factor=factor)
    return next(t for t in itertools.count() if generative.kv_cache_bytes(B=1, t=t, d=8, D=2, bytes=2) > state)


def _crossing_cases(shift: int) -> Iterator[Case]:
    for (average, factor), t in {(False, 1): 1, (True, 1): 2, (False, 4): 3, (True, 4): 7}.items():
        yield f"average={average} width {factor}d", _first_larger(average, factor), t + shift


# ---------------------------------------------------------------------------- what the backward pass keeps
def _kept(how: str, u: Array, index_type: type) -> tuple[list[Array], Callable[[Array], Array]]:
    """The arrays that a forward pass of max keeps, and the gradient of its input computed from the kept arrays alone."""
    before = np.concatenate([u[:1], u[:-1]])  # the first row is its own predecessor
    output = np.maximum(u, before)

    def spread(g: Array, own: Array) -> Array:
        """Gradient g to the row itself where `own`, else to the row before it."""
        found = np.where(own, g, 0)
        found[:-1] += np.where(own, 0, g)[1:]
        found[0] += np.where(own, 0, g)[0]
        return np.asarray(found)

    if how == "stack_index":
        index = np.stack([u, before]).argmax(axis=0).astype(index_type)
        return [index, output], lambda g: spread(g, index == 0)
    if how == "maximum":
        return [u, before, output], lambda g: spread(g, u >= before)
    mask = u >= before
    return [mask, output], lambda g: spread(g, mask)


def _gradient(u: Array, g: Array) -> Array:
    """Gradient of sum g max(u_t, u_(t-1)): entries are even, so a step of 1 changes no comparison and nothing is rounded."""
    found = np.zeros_like(g)
    for index in np.ndindex(u.shape):
        moved = u.copy()
        moved[index] += 1
        both = [np.maximum(one, np.concatenate([one[:1], one[:-1]])).astype(np.int64) for one in (u, moved)]
        found[index] = (g * (both[1] - both[0])).sum()
    return found


def _memory_cases(index_type: type) -> Iterator[Case]:
    T, d, r = 5, 2, 3
    source = np.random.default_rng(0)
    for number in (np.float16, np.float32):
        u = (2 * source.permutation(T * r * d).reshape(T, r * d)).astype(number)
        g = source.integers(-9, 9, u.shape)
        gelu = 2 * u.nbytes  # its input, for the slope, and its output, for the map behind it
        for how in ("stack_index", "maximum", "mask"):
            arrays, backward = _kept(how, u, index_type)
            name = f"{how}, {u.itemsize} bytes"
            yield f"{name}: gradient", tuple(backward(g).ravel().tolist()), tuple(_gradient(u, g).ravel().tolist())
            promised = generative.activation_memory_delta(
                B=1, T=T, d=d, D=1, implementation=how, bytes=u.itemsize, mlp_ratio=r
            )
            yield f"{name}: bytes", promised, sum(one.nbytes for one in arrays) - gelu


def _more_memory_cases(implementations: tuple[str, ...]) -> Iterator[tuple[str, bool]]:
    """The same gradient from fewer bytes than GELU keeps: the memory is not the method's."""
    for number in (np.float16, np.float32):
        u = (2 * np.arange(30).reshape(5, 6) % 17).astype(number)
        g = np.arange(30).reshape(5, 6) - 15
        for how in implementations:
            arrays, backward = _kept(how, u, np.int64)
            same = np.array_equal(backward(g), _kept("maximum", u, np.int64)[1](g))
            yield f"{how}, {u.itemsize} bytes", same and sum(one.nbytes for one in arrays) < 2 * u.nbytes


def _quoted_memory_cases(how: str) -> Iterator[tuple[str, bool]]:
    """Kept bytes and the transients of one layer, two or three tensors of its hidden numbers, against 2.5 to 3.6 GB, each
    rounded to a tenth: nanoGPT's larger setting, 64 sequences, 16-bit numbers, GB of 10^9 bytes."""
    B, T, d, D, b = 64, 256, 384, 6, 2
    kept = generative.activation_memory_delta(B=B, T=T, d=d, D=D, implementation=how, bytes=b)
    for tensors in (2, 3):
        rise = Fraction(kept + tensors * b * B * T * 4 * d, 10**9)
        yield f"{how}, {tensors} tensors: {float(rise):.3f} GB", Fraction(10, 10) <= rise <= Fraction(12, 10)


STEPS = (
    Step(
        "P1",
        ("generative/parameters",),
        "The formula equals the sizes of all tensors written out, for eight mixers, biases, positions and four shapes",
        "exhaust",
        lambda: exhaust.equal(_parameter_cases(True)),
        Control("without the output map", lambda: exhaust.equal(_parameter_cases(False))),
    ),
    Step(
        "P1-quoted",
        ("generative/model-sizes",),
        "nanoGPT's CPU setting has .80 million parameters, and .60 million with the function and the output map kept",
        "exhaust",
        lambda: exhaust.equal(_quoted_sizes(True)),
        Control("the output map removed too", lambda: exhaust.equal(_quoted_sizes(False))),
    ),
    Step(
        "P2",
        ("generative/matmul-work",),
        "The formula equals the FLOP of every matrix product counted, head by head and query by query",
        "exhaust",
        lambda: exhaust.equal(_work_cases(True)),
        Control("without the sum over values", lambda: exhaust.equal(_work_cases(False))),
    ),
    Step(
        "P3a",
        ("generative/crossovers",),
        "Attention's block costs 6 T d^2 + 4 T^2 d more than the generative one (causal: 6 T d^2 + 2 T (T+1) d) at every T",
        "identity",
        lambda: _ratio_identity(0),
        Control("7 T d^2", lambda: _ratio_identity(1)),
    ),
    Step(
        "P3b",
        ("generative/crossovers",),
        "4 T^2 d equals the rest at T = (2+r) d, and 2 T (T+1) d at T = (4+2r) d - 1",
        "identity",
        lambda: _crossover_identity(0),
        Control("(4+2r) d", lambda: _crossover_identity(1)),
    ),
    Step(
        "P3b-sides",
        ("generative/crossovers",),
        "The quadratic part is the smaller half below the crossover length and the larger one above it",
        "exhaust",
        lambda: exhaust.holds(_crossover_cases(1)),
        Control("twice the length", lambda: exhaust.holds(_crossover_cases(2))),
    ),
    Step(
        "P3b-reading",
        ("generative/bottleneck-reading",),
        "At the lengths and widths of both settings the quadratic part is 1/13 and 1/10 of the block's work",
        "exhaust",
        lambda: exhaust.holds(_share_cases(64)),
        Control("sixteen times the length", lambda: exhaust.holds(_share_cases(1024))),
        role="refutes",
    ),
    Step(
        "P3c",
        ("generative/crossovers",),
        "At width d sqrt((4+2r)/(1+2r)) parameters and work are those of attention, but for the quadratic term",
        "identity",
        lambda: _width_identity(4),
        Control("three maps in attention", lambda: _width_identity(3)),
    ),
    Step(
        "P3d",
        ("generative/activation-reading",),
        "With attention kept, the matmul work is the same before and after the function takes GELU's place",
        "exhaust",
        lambda: exhaust.equal(_activation_cases("attention")),
        Control("with the function in attention's place", lambda: exhaust.equal(_activation_cases("generative"))),
        role="refutes",
    ),
    Step(
        "P4",
        ("generative/decoding-state",),
        "Token by token, the last row (and with a mean the sum) gives exactly the outputs of the whole pass",
        "exhaust",
        lambda: exhaust.equal(_state_cases(True)),
        Control("the sum not kept", lambda: exhaust.equal(_state_cases(False))),
    ),
    Step(
        "P4-crossing",
        ("generative/decoding-state",),
        "The cache is the larger from token 1 on; with a running mean 2; for the 4d-wide placement 3 and 7",
        "exhaust",
        lambda: exhaust.equal(_crossing_cases(0)),
        Control("one token later", lambda: exhaust.equal(_crossing_cases(1))),
    ),
    Step(
        "P5",
        ("generative/kept-bytes",),
        "The arrays kept give the exact gradient, and have the bytes of the formula (16 and 32 bits)",
        "exhaust",
        lambda: exhaust.equal(_memory_cases(np.int64)),
        Control("a 32-bit index", lambda: exhaust.equal(_memory_cases(np.int32))),
    ),
    Step(
        "P5-reading",
        ("generative/memory-reading",),
        "A mask and the output give the same gradient and are fewer bytes than GELU keeps",
        "exhaust",
        lambda: exhaust.holds(_more_memory_cases(("mask",))),
        Control("an index and the output", lambda: exhaust.holds(_more_memory_cases(("stack_index",)))),
        role="refutes",
    ),
    Step(
        "P5-quoted",
        ("generative/activation-memory",),
        "The quoted rise of 1.1 GB is, within its rounding, that of an index in nanoGPT's larger setting with 16-bit numbers",
        "exhaust",
        lambda: exhaust.holds(_quoted_memory_cases("stack_index")),
        Control("an element-wise maximum", lambda: exhaust.holds(_quoted_memory_cases("maximum"))),
    ),
    Step(
        "P15",
        ("generative/linear-length", "generative/attention-is-quadratic"),
        "Twice the length is twice the matmul work of a generative sublayer; its own operations are 4 T d at most",
        "exhaust",
        lambda: exhaust.holds(_linear_cases("generative")),
        Control("attention", lambda: exhaust.holds(_linear_cases("attention"))),
    ),
    Step(
        "P15-attention",
        ("generative/attention-is-quadratic",),
        "The second difference of attention's work in T is constant, 8 d",
        "exhaust",
        lambda: exhaust.equal(_quadratic_cases("attention")),
        Control("static maps", lambda: exhaust.equal(_quadratic_cases("static"))),
    ),
)
