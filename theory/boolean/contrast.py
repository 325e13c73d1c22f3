"""Signal and noise of one comparison between a relevant and an irrelevant bit, and the sample sizes that follow."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from theory.boolean.binomial import Array, exact_weights, float_weights
from theory.boolean.gradient import HALF, label_values
from theory.boolean.parameters import (
    DELTA,
    RHO,
    D,
    K,
    Label,
    M,
    N,
    Number,
    P,
    T,
    chernoff_rate,
    exact,
    is_exact,
    require_even,
    require_one_of,
    require_pairs,
    require_support,
)
from theory.core.domain import Parameter, Real, checks, require

BASELINES = ("raw", "centred", "none")
METHODS = ("gauss", "bernstein", "hoeffding")
LARGEST_LATTICE = 1 << 25  # points of the Fourier transform; chosen so that it stays below a gigabyte
MEAN = Parameter("mean", Real(), "mean of one sample's contrast")
SECOND = Parameter("second_moment", Real(0), "second moment of one sample's contrast")


@checks(D, K, P, RHO)
def contrast_moments(
    *, d: int, k: int, label: Label, baseline: str = "raw", p: Number = HALF, rho: Number = 0
) -> tuple[Number, Number]:
    """(E D, E D^2) of one sample's contrast D = (y - base)(x_relevant - x_irrelevant), {0,1} bits.

    Statement: E D = p(1-p) E[q(u+1) - q(u)]; E D^2 = p(1-p) E[(y1 - base)^2 + (y0 - base)^2] with u ~ Bin(k-1, p),
    v ~ Bin(d-k-1, p), q = (1-2 rho) f + rho; base = (u+v+1)/d (raw), the mean label (centred), 0 (none).  Exact.

    Raises: DomainError for another baseline or label values other than 0 and 1.
    Source: derived: P3.

    Examples:
    >>> contrast_moments(d=16, k=2, label="and")
    (Fraction(1, 8), Fraction(127, 1024))
    >>> contrast_moments(d=16, k=2, label="and", rho=Fraction(1, 2))
    (Fraction(0, 1), Fraction(135, 1024))
    """
    require_support("contrast_moments", d, k)
    require_one_of("contrast_moments", "baseline", baseline, BASELINES)
    values = label_values(k=k, label=label)
    require(
        all(one in (0, 1) for one in values),
        where="contrast_moments",
        name="label",
        rule="take the values 0 and 1 only",
        value=values,
    )
    inexact = not (is_exact(p) and is_exact(rho))
    share: Number = float(p) if inexact else exact(p)
    weights: Any = float_weights if inexact else exact_weights
    chance: list[Any] = [(1 - 2 * rho) * exact(one) + rho for one in values]
    mean: Any = 0
    second: Any = 0
    mu = sum(w * q for w, q in zip(weights(k, share), chance))
    for u, weight in enumerate(weights(k - 1, share)):
        up, down = chance[u + 1], chance[u]
        first, square = _base_moments(baseline, u, d, k, share, mu)
        mean += weight * (up - down)
        second += weight * ((up + down) * (1 - 2 * first) + 2 * square)
    factor = share * (1 - share)
    moments = factor * mean, factor * second
    return (float(moments[0]), float(moments[1])) if inexact else moments


def _base_moments(baseline: str, u: int, d: int, k: int, p: Any, mu: Any) -> tuple[Any, Any]:
    """(E base, E base^2) given u ones among the other relevant bits."""
    if baseline == "none":
        return 0, 0
    if baseline == "centred":
        return mu, mu * mu
    rest = d - k - 1
    first = (u + 1 + rest * p) / d
    return first, first * first + rest * p * (1 - p) / d**2


@checks(MEAN, SECOND, M, DELTA)
def sample_size_from_moments(
    *, mean: Number, second_moment: Number, comparisons: int, delta: float, method: str = "gauss"
) -> float:
    """Samples after which all contrasts are positive with probability 1 - delta, by a union bound.

    Statement: with L = ln(comparisons/delta): gauss 2 L Var/mean^2 (an approximation); bernstein
    2 L (Var + (1 + mean) mean/3)/mean^2; hoeffding 2 L/mean^2 (both upper bounds for D in [-1, 1]).

    Returns: float, not rounded; inf where mean <= 0, or where it exceeds every float.
    Raises: DomainError for another method, second_moment < mean^2, or (not gauss) second_moment > 1.
    Source: derived: P3, P8; textbook inequalities.

    Examples:
    >>> eighth = Fraction(1, 8)
    >>> round(sample_size_from_moments(mean=eighth, second_moment=eighth, comparisons=100, delta=0.05), 3)
    106.413
    >>> sample_size_from_moments(mean=0, second_moment=1, comparisons=10, delta=0.1)
    inf
    """
    require_one_of("sample_size_from_moments", "method", method, METHODS)
    require(
        second_moment >= mean * mean,
        where="sample_size_from_moments",
        name="second_moment",
        meaning=SECOND.meaning,
        rule=f"be at least mean^2 = {float(mean * mean):g}",
        value=second_moment,
    )
    require(
        method == "gauss" or second_moment <= 1,
        where="sample_size_from_moments",
        name="second_moment",
        meaning=SECOND.meaning,
        rule=f"be at most 1 with method='{method}', which needs D in [-1, 1]",
        value=second_moment,
        cure="use method='gauss' or rescale D",
    )
    if mean <= 0:
        return math.inf
    budget = 2 * (math.log(comparisons) - math.log(delta))
    variance = second_moment - mean * mean
    numerator: Number = Fraction(1)
    if method != "hoeffding":
        numerator = exact(variance) if method == "gauss" else exact(variance) + (1 + exact(mean)) * exact(mean) / 3
    try:
        return budget * float(numerator / exact(mean) ** 2)
    except OverflowError:  # more samples than a float can count
        return math.inf


@checks(D, K, T, DELTA, RHO)
def ranking_sample_size(
    *,
    d: int,
    k: int,
    t: int | None = None,
    delta: float,
    method: str = "gauss",
    hints: str = "pairs",
    baseline: str = "raw",
    rho: Number = 0,
) -> float:
    """Samples after which one gradient step ranks every relevant bit above every irrelevant one, by a union bound.

    Args:
        t: supervised pairs, default k/2; must be None for hints="label".
        hints: "pairs" (pair products supervised; M = 2 t (d-2)) or "label" (end to end; M = k (d-k)).
        method: as `sample_size_from_moments`, or "chernoff" (pairs and raw only; the limit of large d).

    Returns: float, not rounded; inf at rho = 1/2.
    Raises: DomainError for other names, odd k with pairs and no t, 2 t > d.
    Source: derived: P3, P8.

    Examples:
    >>> round(ranking_sample_size(d=64, k=32, delta=0.05), 3)
    148.158
    >>> ranking_sample_size(d=64, k=32, delta=0.05, rho=Fraction(1, 2))
    inf
    """
    where = "ranking_sample_size"
    require_support(where, d, k)
    require_one_of(where, "hints", hints, ("pairs", "label"))
    require_one_of(where, "method", method, (*METHODS, "chernoff"))
    require_one_of(where, "baseline", baseline, BASELINES)
    comparisons, relevant = _compared(d, k, t, method, hints)
    if rho == HALF:
        return math.inf
    if method == "chernoff":
        require(baseline == "raw", where=where, name="baseline", rule="be 'raw' with method='chernoff'", value=baseline)
        return (math.log(comparisons) - math.log(delta)) / chernoff_rate(float(rho))
    mean, second = contrast_moments(d=d, k=relevant, label="and", baseline=baseline, rho=rho)
    return sample_size_from_moments(
        mean=mean, second_moment=second, comparisons=comparisons, delta=delta, method=method
    )


def _compared(d: int, k: int, t: int | None, method: str, hints: str) -> tuple[int, int]:
    """(number of contrasts M, relevant bits per target)."""
    where = "ranking_sample_size"
    if hints == "label":
        require(t is None, where=where, name="t", rule="be None with hints='label'", value=t)
        require(
            method != "chernoff",
            where=where,
            name="method",
            rule="be gauss, bernstein or hoeffding with hints='label'",
            value=method,
        )
        return k * (d - k), k
    if t is None:
        require_even(where, k)
    pairs = k // 2 if t is None else t
    require_pairs(where, d, pairs)
    return 2 * pairs * (d - 2), 2


@checks(K, N)
def contrast_misorder_probability(*, d: int | None, k: int, n: int) -> float:
    """Probability that one contrast of AND_k (raw loss, fair bits) comes out wrong after n samples, ties counted half.

    Statement: P(sum D < 0) + P(sum D = 0)/2, exact up to rounding (absolute error about 1e-13): d D is an integer.

    Args:
        d: None takes the limit in which the mean bit is 1/2.

    Source: derived: P3, P8.

    Examples:
    >>> round(contrast_misorder_probability(d=8, k=2, n=10), 9)
    0.112499717
    >>> round(contrast_misorder_probability(d=None, k=2, n=10), 9)
    0.122867934
    """
    if d is None:
        share = 2.0 ** -(k - 1)
        step, scale = np.array([(1 - share) / 4, 0.5, (1 + share) / 4]), 1
    else:
        D.check(d, where="contrast_misorder_probability")
        require_support("contrast_misorder_probability", d, k)
        step, scale = _lattice_step(int(d), int(k)), int(d)
    values = np.arange(-scale, scale + 1) / scale
    mean, deviation = 2.0 ** -(k + 1), math.sqrt(float(step @ values**2))
    # Bernstein: beyond this distance from its mean the sum lies with probability below e^-40
    spread = min(2 * n, math.ceil(9 * deviation * math.sqrt(n)) + 60)
    if n * mean > spread:
        return 0.0
    reach = scale * min(n, math.ceil(n * mean + spread))
    size = 1 << (2 * reach).bit_length()
    require(
        size <= LARGEST_LATTICE,
        where="contrast_misorder_probability",
        name="n",
        meaning=N.meaning,
        value=n,
        rule=f"leave at most 2^25 lattice points (here {size})",
        cure="use the Gaussian value Phi(-sqrt(n) E D / sd D)",
    )
    start = np.zeros(size)
    np.add.at(start, np.arange(-scale, scale + 1) % size, step)
    law = np.fft.irfft(np.fft.rfft(start) ** n, size)
    return float(min(1.0, max(0.0, law[size // 2 + 1 :].sum() + law[0] / 2)))


def _lattice_step(d: int, k: int) -> Array:
    """Probabilities of d D = -d, ..., d for one sample, D = (y - (s+1)/d)(x_a - x_j), s ones among the other bits."""
    step = np.zeros(2 * d + 1)
    step[d] = 0.5
    mean_bits = float_weights(d - 2, 0.5) / 4
    step[d + 1 : 2 * d] += mean_bits  # x_a = 0, x_j = 1: the label is 0
    step[d - 1 : 0 : -1] += mean_bits  # x_a = 1, x_j = 0, first as if the label were 0 here too
    positive = float_weights(d - k - 1, 0.5) / 4 * 2.0 ** -(k - 1)  # all other k - 1 relevant bits are 1: s = k-1+v
    step[d - k : 0 : -1] = np.maximum(0.0, step[d - k : 0 : -1] - positive)
    step[2 * d - k : d : -1] += positive
    return step
