"""Laws of many tokens or many heads: long strings, random heads, ensembles, margins, mirrored pairs.

Letters: r correlation of the head's linearised score with z1 - z0, Phi the normal distribution function, m* the best
worst-case margin of one head, G the gain (factor from score to logit difference), H number of heads, sd deviation of
ln w01, k = floor((N-1)/2).
Recipe: `r = gaussian_head_correlation(w01=2, w02=1, kappa=0)`, then `gaussian_separation_accuracy(r=r)` in the limit and
`lattice_separation_accuracy(n=31, r=r)` at a length that can be measured.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

from theory.core.domain import Integer, Parameter, Real, checks, require
from theory.counting.parameters import (
    LENGTH,
    TIES,
    Counts,
    Number,
    P,
    counts_of,
    exact,
    law_of,
    like,
    require_finite,
    require_one_of,
    require_positive,
)

R = Parameter("r", Real(-1, 1), "correlation of the head's linearised score with n1 - n0")
S = Parameter("s", Real(Fraction(1, 2), 1), "separation accuracy")
STRING = Parameter("n", Integer(1), "length of the strings", "tokens")
H = Parameter("H", Integer(1), "number of heads")
SD = Parameter("sd", Real(0, open_low=True), "standard deviation of ln w01", "nats")
EPS = Parameter("eps", Real(0, open_low=True), "largest loss on any string", "nats")


# ---------------------------------------------------------------------------- long strings
def gaussian_head_correlation(*, w01: Number, w02: Number, kappa: Number, p: tuple[Number, ...] = P) -> float:
    """Correlation r of a head's linearised score with n1 - n0 on long strings, at wS = 0.

    Statement: a = (1, w01, w02), c = (-1, 1, kappa), sbar = (sum p a c)/(sum p a), g = a (c - sbar), and
    r = corr(g.z, z1 - z0) under the covariance diag(p) - p p^T.

    Args:
        w01, w02: attention to a 1 and to a 2 relative to that to a 0; w01 > 0, w02 >= 0.
        kappa: value of a 2 on the scale on which 0 has -1 and 1 has +1.
        p: law of a body token with p0 = p1 > 0 (otherwise one label dies out).

    Returns: a value in [-1, 1]; exactly 1 where w02 = 0 or kappa = (w01-1)/(w01+1).

    Raises: DomainError for arguments outside.

    Source: derived (T8).

    Examples:
    >>> round(gaussian_head_correlation(w01=2, w02=1, kappa=0), 9)
    0.987829161
    >>> gaussian_head_correlation(w01=3, w02=1, kappa=Fraction(1, 2))
    1.0
    """
    where = "gaussian_head_correlation"
    require_positive(where, "w01", w01)
    require_finite(where, "w02", w02)
    require(w02 >= 0, where=where, name="w02", rule="be at least 0", value=w02)
    require_finite(where, "kappa", kappa)
    law = tuple(map(exact, law_of(where, p)))
    require(law[0] == law[1] > 0, where=where, name="p", rule="have p0 = p1 > 0", value=p)
    a = (Fraction(1), exact(w01), exact(w02))
    c = (Fraction(-1), Fraction(1), exact(kappa))
    mean = sum(q * u * v for q, u, v in zip(law, a, c)) / sum(q * u for q, u in zip(law, a))
    g = [u * (v - mean) for u, v in zip(a, c)]  # sum of p g is 0
    joint = law[1] * g[1] - law[0] * g[0]
    square = joint**2 / (sum(q * one**2 for q, one in zip(law, g)) * (law[0] + law[1]))
    return math.copysign(math.sqrt(square), joint)


@checks(R)
def gaussian_separation_accuracy(*, r: float) -> float:
    """Limit of the separation accuracy on long strings: 1/2 + asin|r|/pi.

    Args:
        r: `gaussian_head_correlation`.

    Raises: DomainError for r outside [-1, 1].

    Source: derived (T8); the orthant probability is textbook (Sheppard).

    Examples:
    >>> gaussian_separation_accuracy(r=1), gaussian_separation_accuracy(r=0)
    (1.0, 0.5)
    """
    return 0.5 + math.asin(abs(r)) / math.pi


@checks(R)
def gaussian_auc(*, r: float) -> float:
    """Limit of the larger of ROC AUC and 1 - ROC AUC on long strings: 1/2 + (2/pi) asin(|r|/sqrt 2).

    Args:
        r: `gaussian_head_correlation`.

    Raises: DomainError for r outside [-1, 1].

    Source: derived (T8).

    Examples:
    >>> gaussian_auc(r=1), gaussian_auc(r=0)
    (1.0, 0.5)
    """
    return 0.5 + 2 * _half_asin(abs(r)) / math.pi


def _half_asin(x: float) -> float:
    """asin(x/sqrt 2), written so that x = 1 gives pi/4 exactly."""
    return math.atan2(x, math.sqrt(2 - x * x))


@checks(S)
def auc_from_s_acc(*, s: float) -> float:
    """ROC AUC of a head on long strings, from its separation accuracy.

    Statement: 1/2 + (2/pi) asin(sin(pi (s - 1/2))/sqrt 2).

    Args:
        s: separation accuracy, in [1/2, 1].

    Raises: DomainError for s outside.

    Source: derived (T8).

    Examples:
    >>> auc_from_s_acc(s=1), auc_from_s_acc(s=Fraction(1, 2))
    (1.0, 0.5)
    """
    return gaussian_auc(r=min(1.0, math.sin(math.pi * (float(s) - 0.5))))


@lru_cache(maxsize=32)
def _difference_law(n: int) -> tuple[Any, Any]:
    """(d, P(n1 - n0 = d)) for d = 1..n at uniform p, halved mass of both signs; by repeated squaring of one token's law."""
    law, square, left = np.ones(1), np.full(3, 1 / 3), n
    while left:
        law = np.convolve(law, square) if left % 2 else law
        square, left = np.convolve(square, square), left // 2
    return np.arange(1, n + 1), law[n + 1 :]


@checks(STRING, R)
def lattice_separation_accuracy(*, n: int, r: float) -> float:
    """Approximate separation accuracy at length n: the exact law of n1 - n0, and a normal score around it.

    Statement: sum over d != 0 of P(n1 - n0 = d) Phi(|d| |r|/(sqrt(2n/3) sqrt(1 - r^2))), over P(d != 0); 1 at |r| = 1.

    Args:
        n: length of the strings (uniform p, ties dropped).
        r: `gaussian_head_correlation`.

    Returns: an approximation.  Measured against the exact sum at n = 11, 31, 101: off by at most .008, .009, .005 on seven
    heads with w02 <= 1, by up to .062, .037, .017 on five that attend to noise more than to 0s.

    Raises: DomainError for arguments outside.

    Source: derived (T8).

    Examples:
    >>> lattice_separation_accuracy(n=11, r=1.0)
    1.0
    """
    if abs(r) == 1:
        return 1.0
    d, law = _difference_law(n)
    slope = abs(r) / math.sqrt((1 - r) * (1 + r)) / math.sqrt(2 * n / 3)
    right = sum(
        chance * (1 + math.erf(one * slope / math.sqrt(2))) / 2 for one, chance in zip(d.tolist(), law.tolist())
    )
    return min(1.0, float(right / math.fsum(law.tolist())))


def null_separation_accuracy() -> float:
    """Mean separation accuracy of a random scalar read-out at uniform attention, on long strings: 3/4.

    Statement: the accuracy is uniform on [1/2, 1] in the limit (uniform p, fixed length, ties dropped, read-out c_t
    independent standard normal).

    Source: derived (T10).

    Examples:
    >>> null_separation_accuracy()
    0.75
    """
    return 0.75


# ---------------------------------------------------------------------------- margins
@checks(LENGTH)
def max_margin(*, N: int, tie: str) -> float:
    """Best worst-case |f| of a head with values in [-1, 1] that is right on all strings up to N.

    Statement: (sqrt(k+1) - sqrt(k))^2 for "neg" (a supremum), 1/(2k+1) for "drop"; about 1/(2N) and 1/N.  A mixture of
    heads with sum of |weights| at most 1 has none larger.

    Args:
        tie: "neg" or "drop".

    Raises: DomainError for arguments outside.

    Source: derived (T5, T6).

    Examples:
    >>> max_margin(N=2, tie="neg"), max_margin(N=64, tie="drop") == 1 / 63
    (1.0, True)
    """
    require_one_of("max_margin", "tie", tie, TIES)
    k = (N - 1) // 2
    if tie == "drop":
        return 1 / (2 * k + 1)
    return float((math.sqrt(k + 1) + math.sqrt(k)) ** -2)  # the same value, without cancellation


@checks(LENGTH, EPS)
def required_gain(*, N: int, eps: float, tie: str) -> float:
    """Least gain G with which softplus(-y G f) <= eps is possible on every string up to N.

    Statement: G >= ln(1/(e^eps - 1))/m*, so it grows linearly with the length.

    Args:
        eps: largest loss, nats.
        tie: "neg" or "drop".

    Returns: a lower bound on G; 0 where eps >= ln 2.

    Raises: DomainError for arguments outside.

    Source: derived (T5).

    Examples:
    >>> round(required_gain(N=12, eps=0.1, tie="drop"), 9)
    24.773853071
    """
    margin = max_margin(N=N, tie=tie)
    return max(0.0, -math.log(math.expm1(eps))) / margin if eps < 1 else 0.0


# ---------------------------------------------------------------------------- several heads
@checks(H, SD, LENGTH)
def ensemble_perfect_probability(*, H: int, sd: float, N: int) -> float:
    """Probability that the average of H random heads is right on all strings up to N, ties dropped.

    Statement: 2 Phi(sqrt(H) ln(1 + 1/k)/sd) - 1 for ln w01 ~ N(0, sd^2) independent, kappa = sigma = 0, equal w02 and wS,
    threshold 0; exact at H = 1, to first order in sd beyond.  1 for N <= 2.

    Args:
        sd: standard deviation of ln w01.

    Raises: DomainError for arguments outside.

    Source: derived (T11).

    Examples:
    >>> ensemble_perfect_probability(H=4, sd=0.3, N=15) == ensemble_perfect_probability(H=16, sd=0.6, N=15)
    True
    """
    k = (N - 1) // 2
    return math.erf(math.sqrt(H) * math.log1p(1 / k) / sd / math.sqrt(2)) if k else 1.0


def mirror_pair_score(*, n: Counts, lam: Number, w02: Number, wS: Number) -> Number:
    """Summed score of a head that attends lam times as much to 1 as to 0, and of its mirror.

    Statement: f_A = (-n0 + lam n1)/(n0 + lam n1 + w02 n2 + wS), f_B = (-lam n0 + n1)/(lam n0 + n1 + w02 n2 + wS); the sum
    has the sign of n1 - n0.

    Args:
        n: counts (n0, n1, n2).
        lam: ratio of attention, above 0.
        w02, wS: attention to a 2 and to the frame, both at least 0.

    Raises: DomainError for arguments outside, and when a denominator is 0.

    Source: derived (T7); exact for exact input.

    Examples:
    >>> mirror_pair_score(n=(3, 4, 2), lam=3, w02=Fraction(1, 2), wS=1)
    Fraction(10, 51)
    """
    where = "mirror_pair_score"
    n0, n1, n2 = counts_of(where, n)
    require_positive(where, "lam", lam, meaning="ratio of attention")
    for name, value in (("w02", w02), ("wS", wS)):
        require_finite(where, name, value)
        require(value >= 0, where=where, name=name, rule="be at least 0", value=value)
    ratio, rest = exact(lam), exact(w02) * n2 + exact(wS)
    require(n0 + n1 + rest > 0, where=where, name="n", rule="hold a token that is attended to", value=n)
    first = (ratio * n1 - n0) / (n0 + ratio * n1 + rest)
    second = (n1 - ratio * n0) / (ratio * n0 + n1 + rest)
    return like(first + second, lam, w02, wS)
