"""The law of the ranking after one step on supervised pairs, in the limit in which the mean bit is 1/2."""

from __future__ import annotations

import math

import numpy as np

from theory.boolean.binomial import Array, tail, weight_at
from theory.boolean.parameters import (
    PROB,
    RHO,
    D,
    K,
    N,
    T,
    chernoff_rate,
    require_one_of,
    require_pairs,
    require_support,
)
from theory.core.domain import Parameter, Real, checks, require

GAP = Parameter("gap", Real(0), "difference of mean scores, relevant minus irrelevant")
SD_RELEVANT = Parameter("sd_relevant", Real(0, open_low=True), "standard deviation of a sample's relevant score")
SD_IRRELEVANT = Parameter("sd_irrelevant", Real(0, open_low=True), "standard deviation of a sample's irrelevant score")
TIES = ("uniform", "strict")
LARGEST_N = 1 << 20  # samples for which the law is summed; chosen: seconds of work at flips near 1/2
BLOCK = 1 << 20  # matrix entries held at once


def _relevant_scores(n: int, d: int, rho: float) -> tuple[Array, Array]:
    """(scores m that matter, P(A = m)) for one relevant bit.

    Left out are the scores at which P(A = m) min(1, (d-2) P(irrelevant >= m)), which bounds what m adds to the failure,
    is below 1e-22 of its largest value.
    """
    score = np.arange(n + 1)
    weight = weight_at(n, score, 0.75 - rho / 2)
    share = weight * np.minimum(1.0, (d - 2) * tail(n, score - 1, 0.5))
    kept = share > 1e-22 * share.max()
    return score[kept], weight[kept]


def _other_bit(n: int, score: Array, rho: float) -> tuple[Array, Array]:
    """(P(B > m | A = m), P(B = m | A = m)) for the two bits A, B of a pair.

    Given A = m, B = X + Y with X ~ Bin(m, stay) from the samples in which A agrees with the hint and Y ~ Bin(n-m, join)
    from the others.  X is summed over nine standard deviations either side.
    """
    agree = 0.75 - rho / 2
    stay, join = (1 - rho) / 2 / agree, 0.25 / (1 - agree)
    reach = math.ceil(4.5 * math.sqrt(n)) + 10
    above, equal = np.zeros(len(score)), np.zeros(len(score))
    rows = max(1, BLOCK // (2 * reach + 1))
    for begin in range(0, len(score), rows):
        part = slice(begin, begin + rows)
        m = score[part, None]
        x = np.floor(m * stay).astype(int) - reach + np.arange(2 * reach + 1)
        of_x, of_y = weight_at(m, x, stay), weight_at(n - m, m - x, join)
        exceed = tail(n - m, m - x[:, :1], join) + np.cumsum(of_y, axis=1) - of_y  # P(Y > m - x), x ascending
        above[part], equal[part] = (of_x * exceed).sum(axis=1), (of_x * of_y).sum(axis=1)
    return above, equal


_NODES, _NODE_WEIGHTS = np.polynomial.legendre.leggauss(32)


def _beaten(n: int, others: int, score: Array) -> tuple[Array, Array]:
    """Probability that one of `others` fair scores beats a score: with one uniform tie-break, with the lesser of two.

    Integrals over the tie-break v of 1 - (1 - q_m(v))^others, q_m(v) = P(score > m) + P(score = m)(1 - v); the second
    has density 2(1 - v).  Quadrature where the integrand is smooth, the closed form where it is steep (and not small).
    """
    above, at = tail(n, score, 0.5), weight_at(n, score, 0.5)
    v, weight = (_NODES + 1) / 2, _NODE_WEIGHTS / 2
    reached = np.minimum(above[:, None] + at[:, None] * (1 - v), 1 - 1e-16)
    failure = -np.expm1(others * np.log1p(-reached))
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
    if rho == 0.5 and ties == "uniform":  # all d scores have one law
        return 1 - 2 / (d * (d - 1))
    if n * chernoff_rate(rho) > 750 + math.log(2 * (d - 2)):  # below the least float
        return 0.0
    require(
        n <= LARGEST_N,
        where="pair_ranking_probability",
        name="n",
        meaning=N.meaning,
        value=n,
        rule=f"be at most {LARGEST_N} for hints so noisy (rho = {rho:g})",
        cure="use gaussian_ranking_probability",
    )
    score, weight = _relevant_scores(n, d, rho)
    above, equal = _other_bit(n, score, rho)
    differ, equal = 2 * weight * above, weight * equal
    if ties == "uniform":
        one, two = _beaten(n, d - 2, score)
        return float(min(1.0, float(differ @ one + equal @ two)))
    with np.errstate(divide="ignore"):  # ln 0 at score 0, which every bit reaches
        beaten = -np.expm1((d - 2) * np.log1p(-tail(n, score - 1, 0.5)))
    return float(min(1.0, float((differ + equal) @ beaten)))


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
    >>> round(pair_ranking_probability(n=40, d=64, rho=0.5) * 64 * 63 / 2, 9)
    1.0
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
    >>> round(all_pairs_probability(n=1, d=64, t=16), 7)
    0.0
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
    >>> ranking_n(d=3, t=1, prob=0.3)
    1
    """
    require_pairs("ranking_n", d, t)
    require(rho < 0.5, where="ranking_n", name="rho", meaning=RHO.meaning, rule="be less than 1/2", value=rho)
    low, high = 0, 1
    while all_pairs_probability(n=high, d=d, t=t, rho=rho) < prob:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if all_pairs_probability(n=middle, d=d, t=t, rho=rho) >= prob else (middle, high)
    return high


@checks(D, K, N, GAP, SD_RELEVANT, SD_IRRELEVANT)
def gaussian_ranking_probability(
    *, d: int, k: int, n: int, gap: float, sd_relevant: float, sd_irrelevant: float
) -> float:
    """Probability that k Gaussian scores all exceed d - k others, all independent, with means `gap` apart.

    Statement: integral of k phi(z) (1 - Phi(z))^(k-1) Phi((g + sr z)/si)^(d-k) dz, g = gap sqrt(n).

    Raises: DomainError for gap < 0 or a standard deviation <= 0.
    Source: textbook; derived: P3, P8.

    Examples:
    >>> round(gaussian_ranking_probability(d=16, k=4, n=512, gap=1/32, sd_relevant=0.25, sd_irrelevant=0.25), 6)
    0.589722
    >>> round(gaussian_ranking_probability(d=4, k=2, n=9, gap=0, sd_relevant=1, sd_irrelevant=1), 9)
    0.166666667
    """
    from scipy.special import log_ndtr

    require_support("gaussian_ranking_probability", d, k)
    turn = -gap * math.sqrt(n) / sd_relevant + sd_irrelevant / sd_relevant * np.linspace(-12, 12, 241)
    edges = np.unique(np.concatenate([np.linspace(-14, 14, 561), np.clip(turn, -14, 14)]))
    nodes, weights = np.polynomial.legendre.leggauss(8)
    half = np.diff(edges) / 2
    z = ((edges[:-1] + half)[:, None] + half[:, None] * nodes).reshape(-1)
    weight = (half[:, None] * weights).reshape(-1)
    score = (gap * math.sqrt(n) + sd_relevant * z) / sd_irrelevant
    log_density = math.log(k) - z * z / 2 - math.log(2 * math.pi) / 2 + (k - 1) * log_ndtr(-z)
    return float(min(1.0, weight @ np.exp(log_density + (d - k) * log_ndtr(score))))
