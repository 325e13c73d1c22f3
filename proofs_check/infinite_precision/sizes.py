"""What the counts say about sizes: exponents, the sandwich, d against the MLP, and practical transformers.

Letters: n entries, s = max(d, H, U) (or W), P parameters, k_i widths, L linear layers.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

from proofs_check.core import certify, exhaust, identity
from proofs_check.core.derivation import Control, Result, Step
from theory.infinite_precision import (
    constructive_size,
    constructive_units,
    effective_parameter_count,
    growth_log2,
    index_construction,
    min_embedding_dim,
    min_relu_units_any_dim,
    min_size,
    min_size_theorem_a,
    shallow_width_log2_sum,
    vc_upper,
)
from theory.infinite_precision.certificates import sum2_size

GPT2_SMALL: dict[str, Any] = {"d": 768, "H": 12, "widths": (3072,)}  # its published shape
LONGEST = 131_072  # chosen: a common longest context of deployed models


# ---------------------------------------------------------------------------- powers of n
def _fourth_power(constant: int) -> Result:
    """c s^4 - 4 s (s+1) (t + 2) has no negative coefficient in s - 1: Theorem A with d = H = W = U = s allows VC <= c s^4."""
    import sympy

    x = sympy.Symbol("x", nonnegative=True)
    s = x + 1
    t = s * (3 * s + 1) + 2 * s + s + 2
    rest = sympy.Poly(sympy.expand(constant * s**4 - 4 * s * (s + 1) * (t + 2)), x)
    return identity.vanishes([sympy.Integer(min(0, int(c))) for c in rest.all_coeffs()])


def _growing_sizes(half: bool) -> Iterator[tuple[str, bool]]:
    """The sizes that Theorem A excludes grow like the fourth root of the shattered sets: 88 s^4 >= rows; SUM_2: n/2 rows.

    `half` claims 8 s^4 >= rows, which the least size does not have.
    """
    for k in range(2, 41):
        n = 2**k
        rows = {
            "composition": n,
            "self": n - 1,
            "SUM_2": sum2_size(n, n, True),
            "Match3": n // 2,
            "relations": math.isqrt(n) - 1,
        }
        for task, size in rows.items():
            if size >= 1:
                s = min_size_theorem_a(n=size)
                yield f"{task} n=2^{k}: {s}", (8 if half else 88) * s**4 >= size


def _slope(size: Callable[[int], int]) -> float:
    """Least-squares slope of ln size against ln n over n = 2^10 .. 2^30."""
    points = [(k * math.log(2), math.log(size(2**k))) for k in range(10, 31)]
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)


SIZES: dict[str, Callable[[int], int]] = {
    "Theorem B": lambda n: min_size(n=n),
    "construction": lambda n: constructive_size(n=n).s,
    "Theorem A, W_O folded": lambda n: min_size_theorem_a(n=n),
    "Theorem A, W_O at run time": lambda n: min_size_theorem_a(n=n, premultiplied=False),
    "Theorem B, one head": lambda n: min_relu_units_any_dim(n=n, H=1),
    "construction, one head": lambda n: constructive_units(n=n, H=1),
    "composition": lambda n: min_size(n=n, task="composition"),
}


def _slopes(cases: dict[str, tuple[float, float]]) -> Iterator[tuple[str, bool]]:
    """Slopes that lie in the intervals given."""
    for name, (low, high) in cases.items():
        value = _slope(SIZES[name])
        yield f"{name}: {value:.3f}", low <= value <= high


CUBE_ROOT = (0.30, 0.37)


def _sandwich(skip_connections: bool) -> Iterator[tuple[str, bool]]:
    """n^(1/3) - log2 n <= min_size <= constructive size <= (12 n)^(1/3), in integers (cubes), for n = 2^6 .. 2^48.

    `skip_connections` claims (8 n)^(1/3), which needs the pass-through unit for free.
    """
    for k in range(6, 49):
        n = 2**k
        low, high = min_size(n=n), constructive_size(n=n).s
        good = (low + k) ** 3 >= n and low <= high and high**3 <= (8 if skip_connections else 12) * n
        yield f"n=2^{k}: {low}, {high}", good


def _ratios() -> list[tuple[str, float]]:
    return [(f"n=2^{k}", constructive_size(n=2**k).s / min_size(n=2**k)) for k in (20, 30, 40, 50)]


def _ratio_falls(limit: float) -> Iterator[tuple[str, bool]]:
    """Construction over lower bound falls towards 12^(1/3) = 2.289 from above and stays above it."""
    values = _ratios()
    for (_, before), (name, after) in itertools.pairwise(values):
        yield f"{name}: {after:.4f}", limit < after < before


# ---------------------------------------------------------------------------- d against the MLP
def _no_dimension(U: int) -> Iterator[tuple[str, bool]]:
    """With n = 100,000 entries, one head and U units every d is excluded; from d = U + 1 on nothing changes."""
    n = 100_000
    last = growth_log2(m=n, d=U + 1, H=1, units=U)
    for d in [*range(1, 1001), 10**4, 10**6, 10**9]:
        bits = growth_log2(m=n, d=d, H=1, units=U)
        yield f"d={d}", bits < n and (d <= U or bits == last)
    yield "min_embedding_dim", min_embedding_dim(n=n, H=1, U=U) is None


def _printed_units(n: int, H: int) -> int:
    """Least U with H (U+2)(U+1+log2(2 e n/(U+2))) >= n - 1."""
    U = 0
    while H * (U + 2) * (U + 1 + math.log2(2 * math.e * n / (U + 2))) < n - 1:
        U += 1
    return U


def _units_needed(extra: int) -> Iterator[tuple[str, bool]]:
    """The units needed whatever d is are at least those of the closed inequality, and at most the construction's."""
    for n, H in itertools.product((64, 256, 1024, 4096, 65536, 10**6), (1, 2, 4, 16)):
        needed, printed = min_relu_units_any_dim(n=n, H=H), _printed_units(n, H)
        built = constructive_units(n=n, H=H)
        yield f"n={n} H={H}: {printed} <= {needed} <= {built}", printed + extra <= needed <= built


def _square_root(root_only: bool) -> Iterator[tuple[str, bool]]:
    """U / sqrt(n/H) rises towards 1 for growing n (H = 1, 4); `root_only` claims that it is there at n = 2^14 already."""
    for H in (1, 4):
        values = [min_relu_units_any_dim(n=2**k, H=H) / math.sqrt(2**k / H) for k in range(14, 61, 2)]
        rising = all(a < b for a, b in itertools.pairwise(values)) and values[-1] < 1
        yield (
            f"H={H}: {values[0]:.3f} to {values[-1]:.5f}",
            values[0] > 0.999 if root_only else rising and values[-1] > 0.999,
        )


def _shallow(beyond: bool) -> Iterator[tuple[str, bool]]:
    """Wherever the layer count allows n rows and P <= n, sum log2 k_i is at least the bound of Corollary F.

    `beyond` takes a case with P > n, where the same formula asks for more than there is.
    """
    for d, H, widths in itertools.product(
        (1, 2, 4), (1, 2), ((4,), (16,), (64,), (4, 4), (16, 16), (8, 8, 8), (64, 2))
    ):
        P = effective_parameter_count(d=d, H=H, first_width=widths[0], hidden_layers=len(widths))
        n, L = max(2, vc_upper(d=d, H=H, widths=widths)), len(widths) + 1
        if n >= P:
            least = shallow_width_log2_sum(n=n, P=P, H=H, L=L)
            yield f"d={d} H={H} widths={widths} n={n}", sum(map(math.log2, widths)) >= least
    if beyond:
        n, P, H, L = 2, 1000, 1, 2
        least = (n - L) / P - L * math.log2(2 * math.e * n * H / P)
        yield "n=2 P=1000, width 999", math.log2(999) >= least


# ---------------------------------------------------------------------------- existence beside the bound
def _constructions_allowed(wrong: bool) -> Iterator[tuple[str, bool]]:
    """Every explicit construction has n rows shattered, so the bound must allow n; `wrong` gives it the size of a chunk less."""
    for n, D, H in itertools.product((8, 27, 64, 125, 512, 1000), (1, 2, 3, 5, 8), (1, 2, 4, 8)):
        one = index_construction(n=n, D=D, H=H)
        widths = one.widths
        top = vc_upper(d=1, H=1, widths=(1,)) if wrong else vc_upper(d=one.d, H=one.H, widths=widths)
        yield f"n={n} D={D} H={H}: {top}", top >= n


def _every_table(n: int, D: int, flat: bool) -> Iterator[tuple[str, bool]]:
    """One head answers every query of all 2^n tables, in exact rationals; `flat` sets the slopes of the MLP to 1.

    The output is a function of the D units of the first layer.  A unit of another chunk than p's grows with the bits of
    that chunk and reads no others; at all ones it is still 0, so it is always 0.  What is left depends on p's own chunk,
    whose settings are all tried.
    """
    one = index_construction(n=n, D=D, H=1)
    one = dataclasses.replace(one, S=1) if flat else one
    for p in range(1, n + 1):
        _, chunk, place = one.address(p=p)
        mine = [i for i in range(n) if one.address(p=i + 1)[1] == chunk]
        for bits in itertools.product((0, 1), repeat=len(mine)):
            table = [1] * n
            for i, bit in zip(mine, bits):
                table[i] = bit
            y = one.attention(table=tuple(table), p=p)
            silent = all(value < 0 for c, value in enumerate(y) if c != chunk)
            answer = one.evaluate_exact(table=tuple(table), p=p) > 0
            yield f"p={p}, chunk {bits}", silent and answer == bool(bits[place])


# ---------------------------------------------------------------------------- practical sizes
def _allows(d: int, H: int, widths: tuple[int, ...], lengths: tuple[int, ...]) -> Iterator[tuple[str, bool]]:
    """The counts allow all labellings of n rows: the task is not excluded."""
    for n in lengths:
        yield f"n={n}", growth_log2(m=n, d=d, H=H, widths=widths) >= n


def _layer_in_balls(shift: int) -> list[tuple[str, Any, Any]]:
    """At n = 311,890 the layer count allows n rows, at 311,891 not; recomputed in balls from P = 12 * 769."""
    P, e, two = 12 * 769, certify.ball(1).exp(), certify.ball(2).log()

    def bits(m: int) -> Any:
        hidden = 1 + P * (2 * e * m * 3072 * 12 / P).log() / two
        return hidden + 1 + P * (2 * e * m * 12 / P).log() / two

    n = 311_890 + shift
    return [(f"{n} allowed", certify.ball(n), bits(n)), (f"{n + 1} excluded", bits(n + 1), certify.ball(n + 1))]


EXPONENT_STEPS = (
    Step(
        "fourth-power",
        (
            "infinite_precision/theorem-3.2",
            "infinite_precision/theorem-3.4",
            "infinite_precision/note-composition",
            "infinite_precision/note-sum2",
        ),
        "Theorem A with d = H = W = U = s allows at most 88 s^4 shattered rows, so the size is at least (split-VC/88)^(1/4)",
        "identity",
        lambda: _fourth_power(88),
        Control("80 s^4", lambda: _fourth_power(80)),
    ),
    Step(
        "fourth-root",
        (
            "infinite_precision/theorem-3.4",
            "infinite_precision/theorem-3.6",
            "infinite_precision/theorem-3.7",
            "infinite_precision/note-composition",
            "infinite_precision/note-sum2",
        ),
        "So the least size for composition, SUM_2, Match3 and relations has 88 s^4 >= rows for n = 2^2 .. 2^40",
        "exhaust",
        lambda: exhaust.holds(_growing_sizes(False)),
        Control("8 s^4", lambda: exhaust.holds(_growing_sizes(True))),
    ),
    Step(
        "exponents",
        ("infinite_precision/exponent",),
        "Fitted over n = 2^10 .. 2^30, Theorem B and the construction have exponents in [.30, .37], close to 1/3",
        "exhaust",
        lambda: exhaust.holds(_slopes({"Theorem B": CUBE_ROOT, "construction": CUBE_ROOT})),
        Control("Theorem A's counts", lambda: exhaust.holds(_slopes({"Theorem A, W_O folded": CUBE_ROOT}))),
    ),
    Step(
        "exponents-theorem-A",
        ("infinite_precision/exponent", "infinite_precision/theorem-A"),
        "Theorem A's have exponents near 1/4 (W_O folded) and 1/5 (W_O at run time)",
        "exhaust",
        lambda: exhaust.holds(
            _slopes({"Theorem A, W_O folded": (0.24, 0.27), "Theorem A, W_O at run time": (0.18, 0.22)})
        ),
        Control("Theorem B's counts", lambda: exhaust.holds(_slopes({"Theorem B": (0.18, 0.27)}))),
    ),
    Step(
        "exponents-one-head",
        ("infinite_precision/exponent", "infinite_precision/corollary-D"),
        "At one head and any d, bound and construction have exponents near 1/2",
        "exhaust",
        lambda: exhaust.holds(_slopes({"Theorem B, one head": (0.48, 0.53), "construction, one head": (0.48, 0.53)})),
        Control("free heads", lambda: exhaust.holds(_slopes({"construction": (0.48, 0.53)}))),
    ),
    Step(
        "sandwich",
        ("infinite_precision/exponent", "infinite_precision/construction-index"),
        "n^(1/3) - log2 n <= least size not excluded <= construction <= (12 n)^(1/3) for n = 2^6 .. 2^48",
        "exhaust",
        lambda: exhaust.holds(_sandwich(False)),
        Control("(8 n)^(1/3), the size with skip connections", lambda: exhaust.holds(_sandwich(True))),
    ),
    Step(
        "sandwich-ratio",
        ("infinite_precision/exponent",),
        "The ratio of construction and bound falls from n = 2^20 to 2^50 and stays above 12^(1/3) = 2.289",
        "exhaust",
        lambda: exhaust.holds(_ratio_falls(12 ** (1 / 3))),
        Control("it stays above 2.3", lambda: exhaust.holds(_ratio_falls(2.3))),
    ),
)

SIZE_STEPS = (
    Step(
        "square-root",
        ("infinite_precision/corollary-D",),
        "The units needed at any d, over sqrt(n/H), rise towards 1 (n = 2^14 .. 2^60, H = 1, 4)",
        "exhaust",
        lambda: exhaust.holds(_square_root(False)),
        Control("they are there at once", lambda: exhaust.holds(_square_root(True))),
    ),
    Step(
        "shallow-width",
        ("infinite_precision/corollary-F",),
        "Wherever the layer count allows n rows, P <= n, the widths obey Corollary F (42 shapes)",
        "exhaust",
        lambda: exhaust.holds(_shallow(False)),
        Control("P > n as well", lambda: exhaust.holds(_shallow(True))),
    ),
    Step(
        "construction-allowed",
        ("infinite_precision/theorem-B", "infinite_precision/construction-index"),
        "The bound allows each of 120 explicit constructions",
        "exhaust",
        lambda: exhaust.holds(_constructions_allowed(False)),
        Control("the bound of the smallest net", lambda: exhaust.holds(_constructions_allowed(True))),
    ),
)

READING_STEPS = (
    Step(
        "no-dimension-helps",
        ("infinite_precision/d-or-mlp",),
        "100,000 entries, one head and 16 units are excluded at every d: 1 to 1000, 10^4, 10^6 and 10^9",
        "exhaust",
        lambda: exhaust.holds(_no_dimension(16)),
        Control("1000 units, where a large d is not excluded", lambda: exhaust.holds(_no_dimension(1000))),
        role="refutes",
    ),
    Step(
        "units-needed",
        ("infinite_precision/d-or-mlp",),
        "For 24 pairs (n, H), n from 64 to 10^6, the units needed at any d lie between the closed inequality and the construction",
        "exhaust",
        lambda: exhaust.holds(_units_needed(0)),
        Control("two units more", lambda: exhaust.holds(_units_needed(2))),
        role="corrects",
    ),
    Step(
        "impossible",
        ("infinite_precision/impossible",),
        "Explicit weights of one layer (n = 64, d = 17, one head, 25 units) answer all queries of all 2^64 tables, in rationals",
        "exhaust",
        lambda: exhaust.holds(_every_table(64, 13, False)),
        Control("slopes of 1 in the MLP", lambda: exhaust.holds(_every_table(64, 13, True))),
        role="refutes",
    ),
    Step(
        "impossible-corrected",
        ("infinite_precision/impossible",),
        "The size needed lies between n^(1/3) - log2 n and (12 n)^(1/3) for n = 2^6 .. 2^48",
        "exhaust",
        lambda: exhaust.holds(_sandwich(False)),
        Control("(8 n)^(1/3)", lambda: exhaust.holds(_sandwich(True))),
        role="corrects",
    ),
    Step(
        "practical-size",
        ("infinite_precision/practical-size",),
        "A layer of GPT-2-small shape is not excluded at any n of 2^8 .. 2^17",
        "exhaust",
        lambda: exhaust.holds(_allows(**GPT2_SMALL, lengths=tuple(2**k for k in range(8, 18)))),
        Control(
            "a layer with d = 4, one head and 16 units",
            lambda: exhaust.holds(_allows(4, 1, (16,), tuple(2**k for k in range(8, 18)))),
        ),
        role="vacuity",
    ),
    Step(
        "practical-threshold",
        ("infinite_precision/practical-size",),
        "The first n excluded for it is 311,891",
        "certify",
        lambda: certify.all_less(lambda: _layer_in_balls(0)),
        Control("311,892", lambda: certify.all_less(lambda: _layer_in_balls(1))),
        role="corrects",
    ),
    Step(
        "figure-1",
        ("infinite_precision/figure-1-reading",),
        "d = 16, one head and 16 units are not excluded at n = 25 .. 30",
        "exhaust",
        lambda: exhaust.holds(_allows(16, 1, (16,), tuple(range(25, 31)))),
        Control("d = 1 and one unit", lambda: exhaust.holds(_allows(1, 1, (1,), tuple(range(25, 31))))),
        role="refutes",
    ),
    Step(
        "figure-1-existence",
        ("infinite_precision/figure-1-reading",),
        "Explicit weights with d = 16, one head and 18 units answer all queries of all 2^30 tables at n = 30, in rationals",
        "exhaust",
        lambda: exhaust.holds(_every_table(30, 12, False)),
        Control("slopes of 1 in the MLP", lambda: exhaust.holds(_every_table(30, 12, True))),
        role="corrects",
    ),
)
