"""Which heads are right on every string up to a length, and up to which length a head is right.

The score is a ratio of two affine functions, so its extremes over a polytope of counts lie at vertices: six or seven
strings of each label decide about all of them, for every length.

Letters: k = floor((N-1)/2), r = N - 1 - 2k, k' = floor(N/2), r' = N - 2k', b threshold, tau = -sigma wS.
Recipe: `perfect_threshold_interval(N=12, head=head, tie="neg")` gives all thresholds that work; `max_perfect_length`
searches N; `w01_window_tuned` and `w01_window_fixed` solve it for w01 in two plain cases.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from theory.core.domain import Parameter, Real, checks, require
from theory.counting.head import exact_score
from theory.counting.parameters import (
    LENGTH,
    LENGTH_2,
    LENGTH_3,
    TIES,
    Counts,
    Head,
    Number,
    exact,
    head_of,
    like,
    require_finite,
    require_one_of,
)

TAU = Parameter("tau", Real(0, 1, open_high=True), "-sigma wS, pull of the frame tokens towards 0")
NOISE = Parameter("w02", Real(0, open_low=True), "attention to a 2 relative to that to a 0")

Vertices = tuple[tuple[Counts, ...], tuple[Counts, ...]]


@dataclass(frozen=True)
class ThresholdInterval:
    """The thresholds b with lo <= b < hi are right on every string; there is one iff `perfect`."""

    lo: Number
    hi: Number
    perfect: bool


@dataclass(frozen=True)
class Window:
    """An interval of w01; `hi` may be infinite."""

    lo: float
    hi: float
    lo_closed: bool
    hi_closed: bool


@checks(LENGTH_2)
def perfect_region_vertices(*, N: int, tie: str) -> Vertices:
    """(positives, negatives): the strings that decide whether a threshold is right on all strings of length 1 to N.

    Statement: the vertices of the integer hulls of the counts with label 1 and with label 0.

    Args:
        tie: "neg" (ties have label 0) or "drop" (ties are left out; the negatives mirror the positives).

    Returns: counts (n0, n1, n2), each list sorted and without repeats.

    Raises: DomainError for N < 2 or another tie rule.

    Source: derived (T2).

    Examples:
    >>> perfect_region_vertices(N=3, tie="neg")[0]
    ((0, 1, 0), (0, 1, 2), (0, 3, 0), (1, 2, 0))
    """
    require_one_of("perfect_region_vertices", "tie", tie, TIES)
    return _vertices(N, tie)


def _vertices(N: int, tie: str) -> Vertices:
    k, r = divmod(N - 1, 2)
    positives = {(0, 1, 0), (0, N, 0), (0, 1, N - 1), (k, k + 1, 0), (k, k + 1 + r, 0), (k, k + 1, r)}
    if tie == "drop":
        negatives = {(n1, n0, n2) for n0, n1, n2 in positives}
    elif N == 1:
        negatives = {(1, 0, 0), (0, 0, 1)}
    else:
        k, r = divmod(N, 2)
        negatives = {(1, 0, 0), (0, 0, 1), (1, 1, 0), (N, 0, 0), (0, 0, N), (k, k, 0), (k + r, k, 0), (k, k, r)}
    return tuple(sorted(positives)), tuple(sorted(negatives))


def _interval(where: str, N: int, head: tuple[Fraction, ...], tie: str) -> tuple[Fraction, Fraction]:
    """Largest score of a negative and least score of a positive vertex."""
    ends = []
    for strings, extreme in zip(_vertices(N, tie), (min, max)):
        scores = [exact_score(n, head) for n in strings]
        known = [one for one in scores if one is not None]
        require(
            len(known) == len(scores),
            where=where,
            name="head",
            rule="attend to a token of every string up to N",
            value=head,
            cure='w02 = wS = 0 leaves strings of 2s without a score; take tie="drop"',
        )
        ends.append(extreme(known))
    return ends[1], ends[0]


@checks(LENGTH)
def perfect_threshold_interval(*, N: int, head: Head, tie: str) -> ThresholdInterval:
    """The thresholds b for which "1 iff s > b" is right on every string of length 1 to N.

    Statement: lo = largest score of a string with label 0, hi = least score of one with label 1, at the vertices of
    `perfect_region_vertices`; perfect iff lo < hi.  For N <= 2 the reversed rule may be perfect as well.

    Args:
        head: (w01, w02, kappa, sigma, wS); floats are taken as exact fractions.
        tie: "neg" or "drop".

    Raises: DomainError for arguments outside, and where a string up to N has no score.

    Source: derived (T2); exact for exact input.

    Examples:
    >>> perfect_threshold_interval(N=12, head=(2, Fraction(1, 2), 0, 0, 0), tie="neg")
    ThresholdInterval(lo=Fraction(1, 3), hi=Fraction(4, 15), perfect=False)
    """
    where = "perfect_threshold_interval"
    one = head_of(where, head)
    require_one_of(where, "tie", tie, TIES)
    lo, hi = _interval(where, N, tuple(map(exact, one)), tie)
    return ThresholdInterval(like(lo, *one), like(hi, *one), lo < hi)


def _never_fails(head: tuple[Fraction, ...], tie: str, b: Fraction | None) -> bool:
    """True when a threshold, the same for all lengths where b is given, is right on all strings of every length."""
    w01, w02, kappa, sigma, w_s = head
    level = (w01 - 1) / (w01 + 1)
    weight, pull = 1 + level, w_s * (sigma - level)
    if (w02 and kappa != level) or (b is not None and b != level):
        return False
    above = pull >= -weight if b is None else pull > -weight
    return above and pull <= (0 if tie == "neg" else weight)


def max_perfect_length(*, head: Head, tie: str, b: Number | None = None) -> int | None:
    """The largest N such that "1 iff s > b" is right on every string of length 1 to N.

    Statement: with level b0 = (w01-1)/(w01+1), w = 1 + b0 and G = wS(sigma - b0) a rule never fails iff w02 = 0 or
    kappa = b0, and -w <= G <= 0 ("neg") or |G| <= w ("drop"); with one b for all N: b = b0, and G > -w.
    Otherwise the length is found by doubling and bisection, in fractions.

    Args:
        head: (w01, w02, kappa, sigma, wS); floats are taken as exact fractions.
        tie: "neg" or "drop".
        b: the threshold; None allows one for each N.

    Returns: 0 if it fails at length 1; None if it never fails.

    Raises: DomainError for arguments outside, and where a string of 2s has no score.

    Source: derived (T2).

    Examples:
    >>> max_perfect_length(head=(Fraction(11, 10), Fraction(1, 2), 0, 0, 0), tie="neg")
    44
    >>> max_perfect_length(head=(1, 1, 0, Fraction(-1, 2), 1), tie="neg", b=0) is None
    True
    """
    where = "max_perfect_length"
    one: tuple[Fraction, ...] = tuple(map(exact, head_of(where, head)))
    require_one_of(where, "tie", tie, TIES)
    if b is not None:
        require_finite(where, "b", b, meaning="threshold")
    limit = None if b is None else exact(b)

    def is_right(N: int) -> bool:
        lo, hi = _interval(where, N, one, tie)
        return lo < hi if limit is None else lo <= limit < hi

    if not is_right(1):
        return 0
    if _never_fails(one, tie, limit):
        return None
    low, high = 1, 2
    while is_right(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if is_right(middle) else (low, middle)
    return low


@checks(LENGTH_2, TAU)
def w01_window_fixed(*, N: int, tau: float) -> Window:
    """The w01 for which threshold 0 is right on all strings up to N, at kappa = 0 and ties with label 0.

    Statement: (tau + k)/(k + 1) < w01 <= 1 + tau/k'; w02 does not enter.  Its width is about 2/N.

    Args:
        tau: -sigma wS, in [0, 1).

    Raises: DomainError for N < 2 or tau outside.

    Source: derived (T4).

    Examples:
    >>> w01_window_fixed(N=9, tau=0.5)
    Window(lo=0.9, hi=1.125, lo_closed=False, hi_closed=True)
    """
    k, pull = (N - 1) // 2, exact(tau)
    return Window(float((pull + k) / (k + 1)), float(1 + pull / (N // 2)), False, True)


@checks(LENGTH_3, NOISE)
def w01_window_tuned(*, N: int, w02: float) -> Window:
    """The w01 for which some threshold is right on all strings up to N, at kappa = wS = 0 and ties with label 0.

    Statement: w01 > k/(k+1), and w01 < 1 or (w01 - 1) w02 (N - 1) < 2 w01; no upper end where w02 (N-1) <= 2.

    Args:
        w02: attention to a 2 relative to that to a 0, above 0.

    Raises: DomainError for N < 3 or w02 <= 0.

    Source: derived (T3).

    Examples:
    >>> w01_window_tuned(N=12, w02=0.5)
    Window(lo=0.8333333333333334, hi=1.5714285714285714, lo_closed=False, hi_closed=False)
    >>> w01_window_tuned(N=12, w02=0.1).hi
    inf
    """
    k, reach = (N - 1) // 2, exact(w02) * (N - 1)
    return Window(float(Fraction(k, k + 1)), float(reach / (reach - 2)) if reach > 2 else math.inf, False, False)
