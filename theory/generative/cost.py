"""Costs in closed form: parameters, matmul work, crossovers in length, decoding state, and bytes kept for training.

Letters: V vocabulary, d width, D blocks, T length, h heads, B batch, r = `mlp_ratio` (the MLP is r d wide inside),
b = `bytes` of a number.  One multiply-add counts as 2 FLOP.  The mixers are those of `parameters.MIXERS`: `attention`;
`generative` and its forms with a running mean, a window mean or dilation; `static` (learned causal maps); `none` (only the
output map); `removed` (no mixing sublayer and no norm before it).

Recipe: `speedup_bound(T=64, d=128)` is what leaving attention out can gain at most at that size;
`quadratic_crossover_length(d=128)` is the length from which the quadratic part is the larger half of the work.
"""

from __future__ import annotations

import math

from theory.core.domain import Choice, Parameter, checks, require
from theory.generative.parameters import (
    ACC_BYTES,
    ATTENTION_LIKE,
    BYTES,
    HEADS,
    MIXER,
    RATIO,
    STEPS,
    WIDTH,
    WIDTH_FACTOR,
    B,
    D,
    T,
    V,
)

# Bytes that an implementation keeps for the backward pass, per hidden number of b bytes, input and output together.
KEPT_BYTES = {
    "gelu": (0, 2),  # input and output
    "stack_index": (8, 1),  # a 64-bit index and the output
    "maximum": (0, 3),  # the tensor, its shifted copy and the output
    "mask": (1, 1),  # one boolean and the output
}
IMPLEMENTATION = Parameter(
    "implementation", Choice(("stack_index", "maximum", "mask")), "what the backward pass keeps of the comparison"
)


@checks(V, WIDTH, D, T, MIXER, HEADS, RATIO)
def parameter_count(
    *,
    V: int,
    d: int,
    D: int,
    T: int,
    mixer: str,
    h: int = 1,
    mlp_ratio: int = 4,
    bias: bool = False,
    positions: bool = False,
    output_map: bool = True,
) -> int:
    """Number of parameters of a model with tied output.  Exact.

    Statement: V d + D (c + 2 r d^2 + 2 d) + d, with c = 4 d^2 (attention), 2 d^2 + h T^2 (static), d^2 (all others), and
    for removed c = 0 and d in place of 2 d.  Biases add one per output of every map and every norm; positions T d.
    T matters for static maps and positions only.

    Raises: DomainError when h does not divide d (attention, static), or for removed without an output map.
    Source: derived: P1.

    Examples:
    >>> parameter_count(V=65, d=128, D=4, T=64, mixer="attention")
    795904
    >>> parameter_count(V=65, d=128, D=4, T=64, mixer="generative")
    599296
    >>> parameter_count(V=65, d=128, D=4, T=64, mixer="removed")
    533248
    """
    where = "parameter_count"
    if mixer in ATTENTION_LIKE:
        require(d % h == 0, where=where, name="h", meaning=HEADS.meaning, rule=f"divide d = {d}", value=h)
    for name, flag in (("bias", bias), ("positions", positions), ("output_map", output_map)):
        require(isinstance(flag, bool), where=where, name=name, rule="be True or False", value=flag)
    require(
        output_map or mixer != "removed",
        where=where,
        name="output_map",
        rule="be True for mixer 'removed', which has none",
        value=output_map,
    )
    maps_in = {"attention": 3, "static": 1}.get(mixer, 0)
    maps = maps_in + (mixer != "removed" and output_map)
    mixing = maps * d * (d + bias) + (h * T * T if mixer == "static" else 0)
    mlp = 2 * mlp_ratio * d * d + bias * (mlp_ratio * d + d)
    norm = d * (1 + bias)
    norms = (1 if mixer == "removed" else 2) * norm
    return V * d + positions * T * d + D * (mixing + mlp + norms) + norm


@checks(T, WIDTH, MIXER, RATIO)
def block_matmul_flops(*, T: int, d: int, mixer: str, mlp_ratio: int = 4, causal: bool = False) -> int:
    """FLOP of the matrix products of one block, one sequence, forward (the backward pass costs twice that).  Exact.

    Statement: mixing 8 T d^2 + 4 T^2 d (attention), 4 T d^2 + 2 T^2 d (static), 0 (removed), 2 T d^2 (all others); with
    `causal` only the T (T+1)/2 causal pairs count in place of T^2.  The MLP adds 4 r T d^2.

    Source: derived: P2.

    Examples:
    >>> block_matmul_flops(T=64, d=128, mixer="attention")
    27262976
    >>> block_matmul_flops(T=64, d=128, mixer="attention", causal=True)
    26230784
    >>> block_matmul_flops(T=64, d=128, mixer="generative_running_mean")
    18874368
    """
    require(isinstance(causal, bool), where="block_matmul_flops", name="causal", rule="be True or False", value=causal)
    maps, products = {"attention": (4, 2), "static": (2, 1), "removed": (0, 0)}.get(mixer, (1, 0))
    pairs = T * (T + 1) // 2 if causal else T * T
    return 2 * (maps * T * d * d + products * pairs * d + 2 * mlp_ratio * T * d * d)


@checks(T, WIDTH, RATIO)
def speedup_bound(*, T: int, d: int, mlp_ratio: int = 4, causal: bool = False) -> float:
    """Matmul work of an attention block over that of a generative block of equal width; above 1 at every length.  Exact.

    Statement: ((8 + 4r) d + 4 T)/((2 + 4r) d), with 2 (T + 1) in place of 4 T when only causal pairs count.

    Source: derived: P3.

    Examples:
    >>> round(speedup_bound(T=64, d=128), 4), round(speedup_bound(T=8192, d=768), 4)
    (1.4444, 3.7037)
    >>> round(speedup_bound(T=1, d=10**6), 4)
    1.3333
    """
    attention = block_matmul_flops(T=T, d=d, mixer="attention", mlp_ratio=mlp_ratio, causal=causal)
    return attention / block_matmul_flops(T=T, d=d, mixer="generative", mlp_ratio=mlp_ratio)


@checks(WIDTH, RATIO)
def quadratic_crossover_length(*, d: int, mlp_ratio: int = 4, causal: bool = False) -> int:
    """Length at which the quadratic part of attention equals all other matmul work of its block.  Exact.

    Statement: (2 + r) d over all pairs, (4 + 2r) d - 1 over causal pairs.

    Source: derived: P3.

    Examples:
    >>> quadratic_crossover_length(d=128), quadratic_crossover_length(d=128, causal=True)
    (768, 1535)
    """
    require(
        isinstance(causal, bool),
        where="quadratic_crossover_length",
        name="causal",
        rule="be True or False",
        value=causal,
    )
    return 2 * (2 + mlp_ratio) * d - 1 if causal else (2 + mlp_ratio) * d


@checks(WIDTH, RATIO)
def isoparameter_width(*, d: int, mlp_ratio: int = 4) -> float:
    """Width at which a generative block has the parameters of an attention block of width d, norms left out.  Exact.

    Statement: d sqrt((4 + 2r)/(1 + 2r)), a real number.

    Source: derived: P3.

    Examples:
    >>> round(isoparameter_width(d=128), 5)
    147.80167
    """
    return d * math.sqrt((4 + 2 * mlp_ratio) / (1 + 2 * mlp_ratio))


@checks(B, STEPS, WIDTH, D, BYTES)
def kv_cache_bytes(*, B: int, t: int, d: int, D: int, bytes: int = 2) -> int:
    """Bytes of the key-value cache of attention after t tokens.  Exact.

    Statement: 2 B t D d b.

    Source: derived: P4.

    Examples:
    >>> kv_cache_bytes(B=1, t=1024, d=768, D=12)
    37748736
    >>> kv_cache_bytes(B=1, t=0, d=768, D=12)
    0
    """
    return 2 * B * t * D * d * bytes


@checks(B, WIDTH, D, BYTES, ACC_BYTES, WIDTH_FACTOR)
def recurrent_state_bytes(
    *, B: int, d: int, D: int, bytes: int = 2, average: bool = False, acc_bytes: int = 4, width_factor: int = 1
) -> int:
    """Bytes that the generative function keeps while decoding, the same after every token.  Exact.

    Statement: B D m b, and B D m (b + b_acc) with a running mean, m = d `width_factor`; the counter is not counted.

    Source: derived: P4.

    Examples:
    >>> recurrent_state_bytes(B=1, d=768, D=12)
    18432
    >>> recurrent_state_bytes(B=1, d=768, D=12, average=True, width_factor=4)
    221184
    """
    require(
        isinstance(average, bool), where="recurrent_state_bytes", name="average", rule="be True or False", value=average
    )
    return B * D * d * width_factor * (bytes + (acc_bytes if average else 0))


@checks(B, T, WIDTH, D, IMPLEMENTATION, BYTES, RATIO)
def activation_memory_delta(
    *, B: int, T: int, d: int, D: int, implementation: str, bytes: int = 2, mlp_ratio: int = 4
) -> int:
    """Bytes kept for the backward pass above those of GELU when the function stands in the MLP; may be negative.  Exact.

    Statement: B T r d D times 8 + b - 2b (stack and reduction that returns a 64-bit index), 3b - 2b (maximum of the tensor
    and its shifted copy), 1 + b - 2b (a boolean mask kept by a hand-written backward).

    Source: derived: P5.

    Examples:
    >>> [activation_memory_delta(B=64, T=256, d=384, D=6, implementation=i) // 2**20 for i in ("stack_index", "mask")]
    [864, -144]
    """

    def kept(name: str) -> int:
        fixed, multiple = KEPT_BYTES[name]
        return fixed + multiple * bytes

    return B * T * mlp_ratio * d * D * (kept(implementation) - kept("gelu"))
