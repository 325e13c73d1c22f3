"""Sample sizes and steps at which the claims measure: around the half points that the formulas predict."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

from theory.boolean.contrast import contrast_moments, sample_size_from_moments
from theory.boolean.hardness import elimination_probability
from theory.boolean.parity import parity_sample_size
from theory.boolean.ranking import gaussian_ranking_probability, ranking_n
from theory.boolean.softmax_step import theorem_schedule

DELTA_UNION = 0.1  # failure probability allowed at the union-bound sample size; chosen so that 200 seeds can tell .9


AROUND_HALF = (0.7, 0.8, 0.88, 0.92, 0.95, 0.98, 1.0, 1.02, 1.05, 1.08, 1.12, 1.2, 1.35)


@functools.cache
def half_and_most(d: int, t: int, rho: float = 0.0) -> tuple[int, ...]:
    """Samples at which the limit law says .5 and .95."""
    return ranking_n(d=d, t=t, prob=0.5, rho=rho), ranking_n(d=d, t=t, prob=0.95, rho=rho)


LOG_PAIRS = 4  # supervised pairs at every d in the claim about growth with d


@functools.cache
def ranking_samples(d: int, t: int, rho: float = 0.0) -> tuple[int, ...]:
    """All sample sizes that one draw of data is cut to: the .5 and .95 points, and those around the .5 point for growth."""
    points = set(half_and_most(d=d, t=t, rho=min(rho, 0.45)))
    return tuple(sorted(points | set(near_half(d=d, t=t)) if t == LOG_PAIRS and not rho else points))


@functools.cache
def near_half(d: int, t: int) -> tuple[int, ...]:
    """Sample sizes around the half point."""
    half = half_and_most(d=d, t=t)[0]
    return tuple(sorted({max(2, round(half * share)) for share in AROUND_HALF}))


def theorem_gap(d: int) -> float:
    """Logit gap of the theorem's step at eps = 1, constant 1."""
    return theorem_schedule(d=d, eps=1.0).gap


def sharp_gap(d: int) -> float:
    """Logit gap ln d + 3."""
    return math.log(d) + 3


@functools.cache
def raw_half(d: int, k: int) -> int:
    """Samples at which one raw end-to-end step succeeds half the time, Gaussian approximation."""
    return _least(
        lambda n: gaussian_ranking_probability(d=d, k=k, n=n, gap=2.0 ** -(k + 1), sd_relevant=0.25, sd_irrelevant=0.25)
    )


@functools.cache
def elimination_half(d: int, k: int) -> int:
    """Samples at which elimination succeeds half the time."""
    return _least(lambda n: elimination_probability(d=d, k=k, n=n))


def _least(probability: Callable[[int], float]) -> int:
    low, high = 0, 1
    while probability(high) < 0.5:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if probability(middle) >= 0.5 else (middle, high)
    return high


LARGEST_RAW = 12  # relevant bits up to which 4^k samples of a raw step are within reach


def around_raw(d: int, k: int) -> tuple[int, ...]:
    """Sample sizes around the raw step's half point; none where they are out of reach."""
    return tuple(round(raw_half(d, k) * 2 ** (j / 3)) for j in range(-3, 4)) if k <= LARGEST_RAW else ()


def around_elimination(d: int, k: int) -> tuple[int, ...]:
    """Sample sizes around elimination's half point."""
    return tuple(round(elimination_half(d, k) * 2 ** (j / 3)) for j in range(-3, 4))


def well_above(d: int, k: int) -> int:
    """Eight times elimination's half point."""
    return 8 * elimination_half(d, k)


def well_below(d: int, k: int) -> int:
    """An eighth of elimination's half point."""
    return max(2, elimination_half(d, k) // 8)


def two_to_k(k: int) -> float:
    """2^k."""
    return 2.0**k


@functools.cache
def union_biased(d: int, k: int) -> int:
    """Union-bound samples for AND of bits that are 1 with probability 2^(-1/k), centred labels."""
    mean, second = contrast_moments(d=d, k=k, label="and", baseline="centred", p=2 ** (-1 / k))
    return math.ceil(
        sample_size_from_moments(mean=mean, second_moment=second, comparisons=k * (d - k), delta=DELTA_UNION)
    )


@functools.cache
def union_majority(d: int, k: int) -> int:
    """Union-bound samples for majority, raw loss."""
    mean, second = contrast_moments(d=d, k=k, label="majority")
    return math.ceil(
        sample_size_from_moments(mean=mean, second_moment=second, comparisons=k * (d - k), delta=DELTA_UNION)
    )


@functools.cache
def union_parity(d: int) -> int:
    """Union-bound samples for d/4 parity pairs with the parent's link."""
    return math.ceil(parity_sample_size(d=d, t=d // 4, delta=DELTA_UNION))
