"""How accurate a one-layer transformer can be on average, and what finite precision allows.

Letters: n entries, h the binary entropy, Delta the error, Pi the answer vectors, p bits of an accumulator,
R = n log2 n - H (d+1) p the bits that are missing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from theory.core.domain import checks
from theory.infinite_precision.parameters import ALPHABET, ENTROPY, N_TWO, PATTERNS, PRECISION, D, H, N


def _rate(error: float, alphabet: int) -> float:
    """h(error) + error log2(alphabet - 1), in bits."""
    if error <= 0:
        return 0.0
    rest = 0.0 if error >= 1 else -(1 - error) * math.log1p(-error) / math.log(2)
    return -error * math.log2(error) + rest + error * math.log2(alphabet - 1)


def _largest_below(increasing: Callable[[float], float], level: float, high: float) -> float:
    """The largest float found in [0, high] at which an increasing function does not exceed `level`."""
    low = 0.0
    while True:
        middle = (low + high) / 2
        if not low < middle < high:
            return low
        low, high = (middle, high) if increasing(middle) <= level else (low, middle)


@checks(ENTROPY)
def inverse_binary_entropy(*, y: float) -> float:
    """The x in [0, 1/2] whose binary entropy is y bits, rounded down (to float accuracy).

    Raises: DomainError outside [0, 1].
    Source: textbook.

    Examples:
    >>> round(inverse_binary_entropy(y=0.5), 8)
    0.11002786
    >>> inverse_binary_entropy(y=0), inverse_binary_entropy(y=1)
    (0.0, 0.5)
    """
    return 0.5 if y == 1 else _largest_below(lambda x: _rate(x, 2), float(y), 0.5)


@checks(N, PATTERNS, ALPHABET)
def accuracy_ceiling(*, n: int, log2_patterns: float, alphabet: int = 2) -> float:
    """Largest accuracy, on uniform tables and queries, of anything that gives at most 2^log2_patterns answer vectors.

    Statement: 1 - Delta for the least Delta in [0, 1 - 1/a] with log2 a - h(Delta) - Delta log2(a - 1) <= log2_patterns/n,
    a = alphabet; for bits 1 - h^-1(1 - log2_patterns/n).  Upper bound, rounded up (in floats); 1.0 when log2_patterns >= n log2 a.
    With n-ary answers log2_patterns must count vectors of n-ary answers (`composition_growth_log2`, or H (d+1) p).

    Source: derived: codebooks (converse of rate-distortion theory).

    Examples:
    >>> round(accuracy_ceiling(n=64, log2_patterns=20.9091), 5)
    0.82308
    >>> round(accuracy_ceiling(n=16, log2_patterns=8.0, alphabet=16), 6)
    0.34114
    >>> accuracy_ceiling(n=8, log2_patterns=8.0)
    1.0
    """
    alphabet, full = int(alphabet), math.log2(alphabet)
    if log2_patterns >= n * full:
        return 1.0
    missing = full - log2_patterns / n
    return 1.0 - _largest_below(lambda x: _rate(x, alphabet), missing, 1 - 1 / alphabet)


@checks(N, D, H, ALPHABET)
def communication_min_precision(*, n: int, d: int, H: int, alphabet: int = 2) -> float:
    """Least bits per accumulator at which a table of n entries fits: n log2(alphabet) / (H (d+1)), not rounded.

    Source: derived: message-count (Theorem H); for alphabet = n the threshold of 2402.08164.

    Examples:
    >>> communication_min_precision(n=16, d=1, H=1, alphabet=16)
    32.0
    >>> round(communication_min_precision(n=64, d=8, H=2, alphabet=64), 4)
    21.3333
    """
    return int(n) * math.log2(int(alphabet)) / (int(H) * (int(d) + 1))


@dataclass(frozen=True)
class ErrorFloors:
    """Two lower bounds on the error of composition at finite precision: Peng et al.'s, and rate-distortion."""

    peng: float
    rate_distortion: float


@checks(N_TWO, H, D, PRECISION)
def composition_error_floor(*, n: int, H: int, d: int, p: int) -> ErrorFloors:
    """Least error on uniform tables in [n]^n when the H (d+1) accumulators have p bits each.

    Statement: R/(3 n log2 n), R = n log2 n - H (d+1) p, and the larger of 1 - accuracy_ceiling and (1 - 2^-R)/n.  Both are
    0 for R <= 0.

    Raises: DomainError for n < 2.
    Source: textbook (2402.08164) for the first; derived: codebooks, floors for the second.

    Examples:
    >>> found = composition_error_floor(n=16, H=1, d=1, p=4)
    >>> round(found.peng, 6), round(found.rate_distortion, 6)
    (0.291667, 0.65886)
    >>> composition_error_floor(n=16, H=1, d=1, p=32)
    ErrorFloors(peng=0.0, rate_distortion=0.0)
    """
    n, sent = int(n), int(H) * (int(d) + 1) * int(p)
    needed = n * math.log2(n)
    missing = needed - sent
    if missing <= 0:
        return ErrorFloors(0.0, 0.0)
    wrong_table = -math.expm1(-missing * math.log(2)) / n
    ceiling = accuracy_ceiling(n=n, log2_patterns=float(sent), alphabet=n)
    return ErrorFloors(missing / (3 * needed), max(1 - ceiling, wrong_table))
