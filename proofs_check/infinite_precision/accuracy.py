"""Accuracy ceilings against the best codebooks, error floors at finite precision, and how many tables there are.

Letters: n entries, K answer vectors (code words), h the binary entropy, p bits of an accumulator, R missing bits.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from proofs_check.core import certify, exhaust
from proofs_check.core.derivation import Control, Step
from theory.infinite_precision import (
    accuracy_ceiling,
    communication_min_precision,
    composition_error_floor,
    composition_value,
    inverse_binary_entropy,
)

BEST = {
    (3, 2): Fraction(1, 4),
    (4, 2): Fraction(5, 16),
    (4, 4): Fraction(3, 16),
    (5, 2): Fraction(5, 16),
    (5, 4): Fraction(9, 40),
    (4, 8): Fraction(1, 8),
}


def best_error(n: int, K: int, alphabet: int = 2) -> Fraction:
    """Least error per entry when every table of n entries is answered by the nearest of K words; all codebooks are tried.

    A table of zeros may be taken as a word, since shifting all words changes nothing.
    """
    import numpy as np

    words = np.array(list(itertools.product(range(alphabet), repeat=n)))
    distance = (words[:, None, :] != words[None, :, :]).sum(axis=2)
    least = min(
        int(distance[:, [0, *others]].min(axis=1).sum())
        for others in itertools.combinations(range(1, len(words)), K - 1)
    )
    return Fraction(least, n * len(words))


def _codebooks(rate_shared_by: int) -> Iterator[tuple[str, bool]]:
    """No codebook beats the floor 1 - ceiling; `rate_shared_by` = 2 computes the floor from half the bits."""
    for (n, K), known in BEST.items():
        best = best_error(n, K)
        floor = 1 - accuracy_ceiling(n=n, log2_patterns=math.log2(K) / rate_shared_by)
        yield f"n={n} K={K}: {float(best):.6f}, floor {floor:.6f}", best == known and floor <= best


def _ternary_codebooks(binary: bool) -> Iterator[tuple[str, bool]]:
    """The same for entries with three values; `binary` claims the floor of an alphabet of nine."""
    for n, K in ((2, 2), (2, 3), (2, 4), (3, 2), (3, 3)):
        best = best_error(n, K, alphabet=3)
        floor = 1 - accuracy_ceiling(n=n, log2_patterns=math.log2(K), alphabet=9 if binary else 3)
        yield f"n={n} K={K}: {float(best):.6f}, floor {floor:.6f}", floor <= best


def _entropy_inverse(shift: Fraction) -> list[tuple[str, Any, Any]]:
    """h(x) <= y < h(x + shift) for x = h^-1(y), in balls: the value is rounded down, by less than the shift."""

    def entropy(x: Any) -> Any:
        two = certify.ball(2).log()
        return -(x * x.log() + (1 - x) * (1 - x).log()) / two

    found = []
    for i in range(1, 20):
        y = Fraction(i, 20)
        x = certify.ball(Fraction(inverse_binary_entropy(y=float(y))))
        target, tiny = certify.ball(Fraction(float(y))), certify.ball(Fraction(1, 10**13))
        found.append((f"below {y}", entropy(x) - tiny, target))
        found.append((f"above {y}", target, entropy(x + certify.ball(shift)) + tiny))
        found.append((f"near {y}", target, entropy(x) + certify.ball(Fraction(1, 10**12))))
    return found


def _wrong_inverse() -> list[tuple[str, Any, Any]]:
    """The same with x replaced by x + 1e-6."""

    def entropy(x: Any) -> Any:
        return -(x * x.log() + (1 - x) * (1 - x).log()) / certify.ball(2).log()

    x = certify.ball(Fraction(inverse_binary_entropy(y=0.5))) + certify.ball(Fraction(1, 10**6))
    return [("below 1/2", entropy(x) - certify.ball(Fraction(1, 10**13)), certify.ball(Fraction(1, 2)))]


def _floors(factor: int) -> Iterator[tuple[str, bool]]:
    """Peng et al.'s floor times `factor` stays below the derived one (n = 2..4096, 96 rates each)."""
    for n in (2, 3, 4, 5, 7, 8, 16, 33, 64, 100, 256, 1024, 4096):
        needed = n * math.log2(n)
        for step in range(1, 97):
            sent = max(1, int(needed * step / 97))
            if sent % 2 or sent >= needed:
                continue
            floors = composition_error_floor(n=n, H=1, d=1, p=sent // 2)
            yield f"n={n}, {sent} of {needed:.1f} bits", factor * floors.peng <= floors.rate_distortion


RATES = 2000  # missing bits R = i/2001 of n log2 n, i = 1..2000: R need not be whole
LENGTHS = (*range(2, 33), 40, 48, 64, 100, 128, 200, 256, 500, 512, 1000, 1024, 4096)


def _floors_between(percent: int) -> Iterator[tuple[str, bool]]:
    """`percent`/100 of Peng et al.'s floor x is below the larger derived one, at 2000 rates for each of 43 lengths.

    No inverse is needed: x is below the rate-distortion floor iff h(x) + x log2(n-1) <= R/n, and below the other iff
    x <= (1 - 2^-R)/n.  In floats, with room of 1e-12 on the safe side.
    """
    import numpy as np

    for n in LENGTHS:
        needed = n * math.log2(n)
        missing = needed * np.arange(1, RATES + 1) / (RATES + 1)
        x = percent / 100 * missing / (3 * needed)
        rate = -(x * np.log(x) + (1 - x) * np.log1p(-x)) / math.log(2) + x * math.log2(n - 1)
        below_rate = (rate + 1e-12 <= missing / n) & (x <= 1 - 1 / n)
        below_tables = x * (1 + 1e-12) <= -np.expm1(-missing * math.log(2)) / n
        yield f"n={n}", bool((below_rate | below_tables).all())


def _tables(variant: str) -> Iterator[tuple[str, int, int]]:
    """The half B of the index task has as many different columns as there are tables, so as many messages are needed."""
    for n in range(2, 6):
        for alphabet in (2, n):
            tables = list(itertools.product(range(1, alphabet + 1), repeat=n))
            if variant == "index":
                columns = {
                    tuple(composition_value(word=(p, *q), variant="index") for p in range(1, n + 1)) for q in tables
                }
            else:
                columns = {tuple(composition_value(word=(p, *q), variant="index") for p in range(1, n)) for q in tables}
            yield f"n={n} alphabet={alphabet}", len(columns), alphabet**n


def _precision(extra: int) -> Iterator[tuple[str, bool]]:
    """H (d+1) numbers of p bits name a table iff p is at least `communication_min_precision`: in integers."""
    for n, d, H in itertools.product((4, 8, 16, 64, 256), (1, 3, 8), (1, 2, 5)):
        for alphabet in (2, 4, 16):
            least = math.ceil(communication_min_precision(n=n, d=d, H=H, alphabet=alphabet)) - extra
            messages = [2 ** (H * (d + 1) * max(p, 0)) for p in (least - 1, least)]
            yield f"n={n} d={d} H={H} alphabet={alphabet}: {least}", messages[0] < alphabet**n <= messages[1]


CEILING_STEPS = (
    Step(
        "codebooks",
        ("infinite_precision/accuracy-ceiling",),
        "No codebook of K words beats the floor: all codebooks for (n, K) = (3,2), (4,2), (4,4), (5,2), (5,4), (4,8)",
        "exhaust",
        lambda: exhaust.holds(_codebooks(1)),
        Control("the floor from half the bits", lambda: exhaust.holds(_codebooks(2))),
    ),
    Step(
        "codebooks-ternary",
        ("infinite_precision/accuracy-ceiling",),
        "Nor for entries with three values: all codebooks for (n, K) = (2,2), (2,3), (2,4), (3,2), (3,3)",
        "exhaust",
        lambda: exhaust.holds(_ternary_codebooks(False)),
        Control("the floor of an alphabet of nine", lambda: exhaust.holds(_ternary_codebooks(True))),
    ),
    Step(
        "entropy-inverse",
        ("infinite_precision/accuracy-ceiling",),
        "The inverse of the binary entropy is rounded down, by less than 1e-12 bits (19 values, in balls)",
        "certify",
        lambda: certify.all_less(lambda: _entropy_inverse(Fraction(1, 10**12))),
        Control("the inverse plus 1e-6", lambda: certify.all_less(_wrong_inverse)),
    ),
)

PRECISION_STEPS = (
    Step(
        "message-count",
        ("infinite_precision/finite-precision",),
        "Each table of the index task is a column of its own: 2^n for bits, n^n for symbols (n = 2..5)",
        "exhaust",
        lambda: exhaust.equal(_tables("index")),
        Control("queries that never ask for the last entry", lambda: exhaust.equal(_tables("without the last"))),
    ),
    Step(
        "precision-needed",
        ("infinite_precision/finite-precision",),
        "H (d+1) accumulators of p bits have as many messages as there are tables from p = ceil(n log2(a) / (H (d+1))) on: n = 4, "
        "8, 16, 64, 256, d = 1, 3, 8, H = 1, 2, 5, a = 2, 4, 16",
        "exhaust",
        lambda: exhaust.holds(_precision(0)),
        Control("one bit less", lambda: exhaust.holds(_precision(1))),
    ),
    Step(
        "floors",
        ("infinite_precision/error-floor",),
        "The floor R/(3 n log2 n) lies below the rate-distortion floor, so it holds there: 13 lengths, even rates out of 96 each, "
        "H = d = 1",
        "exhaust",
        lambda: exhaust.holds(_floors(1)),
        Control("three times that floor", lambda: exhaust.holds(_floors(3))),
    ),
    Step(
        "floors-between",
        ("infinite_precision/error-floor",),
        "Even 1.15 of it does, at 86,000 points: 43 lengths from 2 to 4096, 2000 rates each",
        "exhaust",
        lambda: exhaust.holds(_floors_between(115)),
        Control("1.16 of it, which n = 2 refuses", lambda: exhaust.holds(_floors_between(116))),
    ),
)
