"""The law of the ranking after one step on supervised pairs, in the limit in which the mean bit is 1/2."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from theory.boolean.parameters import PROB, RHO, D, K, N, T, require_one_of, require_pairs, require_support
from theory.core.domain import Parameter, Real, checks, require

GAP = Parameter("gap", Real(0), "difference of mean scores, relevant minus irrelevant")
SD_RELEVANT = Parameter("sd_relevant", Real(0, open_low=True), "standard deviation of one sample's relevant score")
SD_IRRELEVANT = Parameter("sd_irrelevant", Real(0, open_low=True), "standard deviation of one sample's irrelevant score")
TIES = ("uniform", "strict")
Array = np.ndarray[Any, np.dtype[np.float64]]


def _half_weights(count: int) -> Array:
    """Probabilities of 0, ..., count heads of a fair coin."""
    from scipy.special import gammaln

    heads = np.arange(count + 1)
    return np.exp(gammaln(count + 1) - gammaln(heads + 1) - gammaln(count - heads + 1) - count * math.log(2))


def _coin_weights(count: int, p: float) -> Array:
    from scipy.special import gammaln, xlog1py, xlogy

    heads = np.arange(count + 1)
    choose = gammaln(count + 1) - gammaln(heads + 1) - gammaln(count - heads + 1)
    return np.exp(choose + xlogy(heads, p) + xlog1py(count - heads, -p))  # type: ignore[no-any-return]


def _least_score(n: int, rho: float) -> tuple[Array, Array]:
    """P(least score of the pair = m, scores differ) and P(= m, scores equal), for m = 0..n.

    N samples in which the two bits of the pair differ give one point to either; the others give both or none.
    """
    differ, equal = np.zeros(n + 1), np.zeros(n + 1)
    for mixed, weight in enumerate(_half_weights(n)):
        if weight < 1e-22:
            continue
        half = _half_weights(mixed)
        apart = 2 * half[: (mixed + 1) // 2]
        tie = half[mixed // 2 : mixed // 2 + 1] if mixed % 2 == 0 else np.zeros(0)
        rest = n - mixed
        if rho == 0:
            differ[rest : rest + len(apart)] += weight * apart
            if len(tie):
                equal[rest + mixed // 2] += weight * tie[0]
            continue
        both = _coin_weights(rest, 1 - rho)
        if len(apart):
            differ[: rest + len(apart)] += weight * np.convolve(both, apart)
        if len(tie):
            equal[mixed // 2 : mixed // 2 + rest + 1] += weight * tie[0] * both
    return differ, equal


_NODES, _NODE_WEIGHTS = np.polynomial.legendre.leggauss(32)


def _beaten(n: int, others: int) -> tuple[Array, Array]:
    """Probability that one of `others` fair scores beats a score m: with one uniform tie-break, with the lesser of two.

    Integrals over the tie-break v of 1 - (1 - q_m(v))^others, q_m(v) = P(score > m) + P(score = m)(1 - v); the second has
    density 2(1 - v).  Quadrature where the integrand is smooth, the closed form where it is steep (and not small).
    """
    from scipy.special import bdtrc

    m = np.arange(n + 1)
    above, at = bdtrc(m, n, 0.5), _half_weights(n)
    above[-1] = 0.0
    v, weight = (_NODES + 1) / 2, _NODE_WEIGHTS / 2
    tail = np.minimum(above[:, None] + at[:, None] * (1 - v), 1 - 1e-16)
    failure = -np.expm1(others * np.log1p(-tail))
    one, two = failure @ weight, failure @ (weight * 2 * (1 - v))
    steep = others * at > 5
    top = np.clip(1 - above[steep], 0, 1)
    bottom = np.clip(top - at[steep], 0, 1)
    b, power = at[steep], others + 1
    first = (top**power - bottom**power) / power
    second = (top ** (power + 1) - bottom ** (power + 1)) / (power + 1)
    one[steep] = 1 - first / b
    two[steep] = 1 - 2 * (top * first - second) / b**2
    return np.clip(one, 0, 1), np.clip(two, 0, 1)


def _column_failure(n: int, d: int, rho: float, ties: str) -> float:
    """Probability that some irrelevant bit is not below both bits of the pair."""
    from scipy.special import bdtrc

    differ, equal = _least_score(n, rho)
    if ties == "uniform":
        one, two = _beaten(n, d - 2)
        return float(min(1.0, differ @ one + equal @ two))
    reached = np.concatenate([[1.0], bdtrc(np.arange(n), n, 0.5)])
    with np.errstate(divide="ignore"):
        return float(min(1.0, (differ + equal) @ -np.expm1((d - 2) * np.log1p(-reached))))


@checks(N, D, RHO)
def pair_ranking_probability(*, n: int, d: int, rho: float = 0.0, ties: str = "uniform") -> float:
    """Probability that one step on n samples ranks both bits of one supervised pair above all other bits.

    Statement: the limit law, in which the mean bit is 1/2; exact for it up to rounding.

    Args:
        rho: probability that the hint is flipped; 1/2 is chance.
        ties: "uniform" breaks them at random, "strict" counts them as failures.

    Raises: DomainError for other ties.
    Source: derived: P8.

    Examples:
    >>> round(pair_ranking_probability(n=40, d=64), 7)
    0.6460857
    """
    require_one_of("pair_ranking_probability", "ties", ties, TIES)
    return 1.0 - _column_failure(n, d, float(rho), ties)


@checks(N, D, T, RHO)
def all_pairs_probability(*, n: int, d: int, t: int, rho: float = 0.0, ties: str = "uniform") -> float:
    """Probability that all t supervised pairs are ranked, taking the pairs as independent.

    Statement: pair_ranking_probability^t.  At finite d the truth is a little higher (the pairs share the inputs).

    Raises: DomainError for other ties or 2 t > d.
    Source: derived: P8.

    Examples:
    >>> round(all_pairs_probability(n=116, d=64, t=16), 7)
    0.9515186
    """
    require_one_of("all_pairs_probability", "ties", ties, TIES)
    require_pairs("all_pairs_probability", d, t)
    failure = _column_failure(n, d, float(rho), ties)
    return math.exp(t * math.log1p(-failure)) if failure < 1 else 0.0


@checks(D, T, PROB, RHO)
def ranking_n(*, d: int, t: int, prob: float, rho: float = 0.0) -> int:
    """Least number of samples at which all t pairs are ranked with probability `prob` under the limit law.

    Raises: DomainError for 2 t > d or rho >= 1/2 (no number suffices).
    Source: derived: P8.

    Examples:
    >>> ranking_n(d=64, t=16, prob=0.95)
    116
    """
    require_pairs("ranking_n", d, t)
    require(rho < 0.5, where="ranking_n", name="rho", meaning=RHO.meaning, rule="be less than 1/2", value=rho)
    high = 8
    while all_pairs_probability(n=high, d=d, t=t, rho=rho) < prob:
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if all_pairs_probability(n=middle, d=d, t=t, rho=rho) >= prob else (middle, high)
    while high > 1 and high <= 8 and all_pairs_probability(n=high - 1, d=d, t=t, rho=rho) >= prob:
        high -= 1
    return high


@checks(D, K, N, GAP, SD_RELEVANT, SD_IRRELEVANT)
def gaussian_ranking_probability(
    *, d: int, k: int, n: int, gap: float, sd_relevant: float, sd_irrelevant: float
) -> float:
    """Probability that k Gaussian scores all exceed d - k others, all independent, with means `gap` apart.

    Statement: integral of k phi(z) (1 - Phi(z))^(k-1) Phi((g + sr z)/si)^(d-k) dz, g = gap sqrt(n).

    Raises: DomainError for gap < 0 or a standard deviation <= 0.
    Source: textbook; derived: section 3.5.

    Examples:
    >>> round(gaussian_ranking_probability(d=16, k=4, n=512, gap=1/32, sd_relevant=0.25, sd_irrelevant=0.25), 6)
    0.589722
    """
    from scipy.special import log_ndtr

    require_support("gaussian_ranking_probability", d, k)
    edges = np.linspace(-14, 14, 561)
    nodes, weights = np.polynomial.legendre.leggauss(8)
    half = (edges[1] - edges[0]) / 2
    z = ((edges[:-1] + half)[:, None] + half * nodes).reshape(-1)
    weight = np.tile(half * weights, len(edges) - 1)
    score = (gap * math.sqrt(n) + sd_relevant * z) / sd_irrelevant
    log_density = math.log(k) - z * z / 2 - math.log(2 * math.pi) / 2 + (k - 1) * log_ndtr(-z)
    return float(min(1.0, weight @ np.exp(log_density + (d - k) * log_ndtr(score))))
