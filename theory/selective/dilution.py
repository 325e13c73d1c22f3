"""Dilution: how the largest attention weight falls with the number of tokens, and what a temperature schedule repairs.

Letters: s softmax row, L number of tokens, B score of the target key (at most |W| for unit tokens), p its weight, d dimension
of the keys, n position, w largest score at inverse temperature 1; in the schedule tau_n = 1 + s log n the letter s is
sigmoid(alpha).

Recipe: `min_logit_bound(L=1024, p=.5)` is necessary for any keys, `min_scale_random_keys(L=1024, p=.5, d=16)` is what random
keys need, `schedule_exponent(w=1, s=.5)` tells whether a schedule stops the dilution.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from theory.core.bound import Source, bound
from theory.core.domain import checks
from theory.selective.parameters import ARXIV, DIM, L_PAIR, B, L, N, P, S, W, probabilities

_FAR = 100  # chosen: beyond this multiple of nu^2 + 1 twelve terms of the Bessel function's expansion leave less than rounding
_LARGEST = 1e9  # the library's scaled function gives nan from about 2e9 on
_LEAST = 1e-290  # chosen: below it the scaled Bessel function is near its underflow


def effective_support_fraction(*, s: npt.ArrayLike) -> float:
    """Effective number of tokens attended to, divided by L: |s|_1 / (|s|_2^2 L), in [1/L, 1]; the paper's spikiness.

    Smaller is sharper.  `s` is one probability vector [L].

    Raises: DomainError when an entry is negative or the sum differs from 1 by more than 1e-9.

    Source: arXiv:2411.12892v1, section 4.1 (which prints the range 0 to 1).

    Examples:
    >>> round(effective_support_fraction(s=[.7, .2, .1]), 12)
    0.617283950617
    >>> effective_support_fraction(s=[0, 1, 0, 0])
    0.25
    >>> effective_support_fraction(s=[.25] * 4)
    1.0
    """
    found = probabilities("effective_support_fraction", "s", s, 1)
    return float(found.sum() / (found @ found) / len(found))


@bound(params=(L, B), direction="upper", source=Source(ARXIV, "section 4.2", "v1"))
def max_weight_bound(m: Any, *, L: Any, B: Any) -> Any:
    """Largest softmax weight among L unit tokens when |W| <= B: 1/(1 + (L-1) exp(-2B)); attained by antipodal keys.

    Source: arXiv:2411.12892v1, section 4.2.

    Examples:
    >>> float(max_weight_bound(L=2, B=0))
    0.5
    >>> round(float(max_weight_bound(L=1e6, B=7)), 12)
    0.545992232378
    """
    return 1 / (1 + (L - 1) * m.exp(-2 * B))


@bound(params=(L_PAIR, P), direction="lower", source=Source(ARXIV, "section 4.2", "v1"))
def min_logit_bound(m: Any, *, L: Any, p: Any) -> Any:
    """Least |W| that gives one of L unit tokens the weight p: (log(L-1) + logit p)/2; negative where it says nothing.

    Source: arXiv:2411.12892v1, section 4.2.

    Examples:
    >>> round(float(min_logit_bound(L=1024, p=.5)), 11)
    3.46524738298
    >>> float(min_logit_bound(L=2, p=.25)) < 0
    True
    """
    return (m.log(L - 1) + m.log(p / (1 - p))) / 2


@bound(params=(N, W, S), direction="upper", source=Source(derived="schedule-limit"))
def schedule_max_weight(m: Any, *, n: Any, w: Any, s: Any) -> Any:
    """Largest softmax weight at position n when scores of at most w are multiplied by tau_n = 1 + s log n.

    Statement: 1/(1 + (n-1) n^(-2ws) e^(-2w)), the dilution bound at w tau_n.

    Source: derived from arXiv:2411.12892v1, section 4.2.

    Examples:
    >>> round(float(schedule_max_weight(n=1024, w=1, s=.5)), 12)
    0.880899622713
    >>> float(schedule_max_weight(n=1, w=0, s=0))
    1.0
    """
    return 1 / (1 + (n - 1) * m.power(n, -2 * w * s) * m.exp(-2 * w))


@bound(params=(W, S), direction="exact", source=Source(derived="schedule-limit"))
def schedule_exponent(m: Any, *, w: Any, s: Any) -> Any:
    """2ws - 1: the bound on the top weight tends to 0 where it is negative, to 1 where it is positive.

    At 0 the limit is 1/(1 + e^(-2w)); since s < 1, no schedule helps unless w > 1/2.

    Source: derived.

    Examples:
    >>> float(schedule_exponent(w=1, s=.5)), float(schedule_exponent(w=.5, s=.5))
    (0.0, -0.5)
    """
    return 2 * w * s - 1


@checks(L, B, DIM)
def max_weight_random_keys(*, L: int, B: float, d: int) -> float:
    """Weight of a key with score B among L-1 keys drawn uniformly from the sphere of scores of radius B, annealed.

    Statement: 1/(1 + (L-1) M_d(B) e^(-B)), M_d(B) = 0F1(; d/2; B^2/4) the mean of exp(score).

    Source: derived (arXiv:2411.12892v1, section 4.2, has the bound for the worst keys only).

    Examples:
    >>> round(max_weight_random_keys(L=256, B=6, d=16), 12)
    0.353245929432
    >>> max_weight_random_keys(L=4, B=0, d=2)
    0.25
    """
    return 1 / (1 + (int(L) - 1) * math.exp(log_annealed_weight(float(B), int(d))))


@checks(L_PAIR, P, DIM)
def min_scale_random_keys(*, L: int, p: float, d: int) -> float:
    """Score B at which the target key has weight p among L-1 random keys; 0 when p <= 1/L.

    The inverse of `max_weight_random_keys`.  For log L far above d/2 it grows like L^(2/(d-1)).

    Source: derived.

    Examples:
    >>> round(min_scale_random_keys(L=1e4, p=.5, d=4), 5)
    399.01753
    >>> min_scale_random_keys(L=4, p=.25, d=8)
    0.0
    """
    lead = math.log(int(L) - 1) + math.log(p) - math.log1p(-p)
    if p * int(L) <= 1 or lead <= 0:
        return 0.0
    from scipy.optimize import brentq

    def short(score: float) -> float:
        return -log_annealed_weight(score, int(d)) - lead

    high = lead  # M_d >= 1, so the score is at least the lead
    while short(high) < 0:
        high *= 2
    return float(brentq(short, min(lead, high / 2), high, xtol=1e-13 * high, rtol=1e-14))


def log_annealed_weight(B: float, d: int) -> float:
    """log of e^(-B) 0F1(; d/2; B^2/4), the mean of exp(B u_1 - B) over the unit sphere in d dimensions; B >= 0, d >= 2."""
    if B == 0:
        return 0.0
    from scipy.special import gammaln, ive

    nu = d / 2 - 1
    scaled = _hankel(nu, B) if max(_FAR * (nu * nu + 1), 1.0) < B or _LARGEST < B else float(ive(nu, B))
    if scaled > _LEAST:
        return float(gammaln(d / 2)) + nu * math.log(2 / B) + math.log(scaled)
    # the scaled function underflows for B << d: the positive series, summed in logs up to well beyond its largest term
    peak = (math.sqrt(nu * nu + B * B) - nu) / 2
    k = np.arange(int(peak + 12 * math.sqrt(peak + 1) + 60))
    terms = 2 * k * math.log(B / 2) - gammaln(k + 1) - gammaln(d / 2 + k) + gammaln(d / 2)
    top = float(terms.max())
    return top + math.log(float(np.exp(terms - top).sum())) - B


def _hankel(nu: float, B: float) -> float:
    """e^(-B) I_nu(B) by its expansion for large B."""
    term, total = 1.0, 1.0
    for k in range(1, 13):
        term *= -(4 * nu * nu - (2 * k - 1) ** 2) / (8 * B * k)
        total += term
    return total / math.sqrt(2 * math.pi * B)
