"""Temperature over positions: what a flat one loses on imbalanced strings, and which sparsity a growing one equals.

Letters: a (minority) and b the two tokens of a string of length L, rho their cosine, n position from 1, n_a number of a among
the first n, kappa_n = (n - n_a)/n_a, mix weight of a in the target mix a + (1 - mix) b (the paper's alpha, which it uses four
times), M the factor exp(score_b - score_a) of one type of query.  For the sparsity: pow exponent of the fraction n^-pow of
large scores, gamma their lead, alpha the slope in tau = 1 + alpha log n.

Recipe: `optimal_position_temperature(kappa=4, mix=.5)` reaches loss 0; `flat_temperature_floor(string="babbbb", rho=0)` is what
no flat temperature undercuts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from theory.core.bound import Source, bound
from theory.core.domain import checks, require
from theory.selective.parameters import ARXIV, GAMMA, IMBALANCE, KAPPA, L_PAIR, MIX, N_PAIR, POW, RHO, SLOPE, Array

SCAN = 0.02  # chosen: grid in log M; each term's shape in log M is the same logistic curve, of width about 1


@bound(params=(KAPPA, MIX), direction="exact", source=Source(ARXIV, "Proposition 2 (i)", "v1"))
def optimal_position_temperature(m: Any, *, kappa: Any, mix: Any) -> Any:
    """Inverse temperature at which one W gives loss 0: log kappa_n + logit(mix); may be negative.

    Source: arXiv:2411.12892v1, Proposition 2 (i).

    Examples:
    >>> round(float(optimal_position_temperature(kappa=4, mix=.5)), 9)
    1.386294361
    >>> float(optimal_position_temperature(kappa=.5, mix=.5)) < 0
    True
    """
    return m.log(kappa) + m.log(mix / (1 - mix))


@checks(RHO, MIX)
def flat_temperature_floor(*, string: str, rho: float, mix: float = 0.5) -> float:
    """Infimum over W of the loss with a flat temperature on a string of a and b, unit tokens of cosine rho.

    Statement: (2 - 2 rho)/L times the sum over the two types of query of min_M sum (mix - 1/(1 + M kappa_n))^2 over the
    positions n where both tokens have occurred; 0.0 when there is none.

    The inner minimum is not convex: it is scanned in log M between the optima of the extreme kappa, outside which every term
    grows, and polished.

    Raises: DomainError for an empty string or another letter.

    Source: derived: flat-loss-form (for arXiv:2411.12892v1, Proposition 2 (ii)).

    Examples:
    >>> round(flat_temperature_floor(string="babbbb", rho=0), 11)
    0.00946069479
    >>> flat_temperature_floor(string="aaaa", rho=0)
    0.0
    """
    where = "flat_temperature_floor"
    fine = isinstance(string, str) and len(string) > 0 and set(string) <= {"a", "b"}
    require(fine, where=where, name="string", rule="be a text of the letters a and b", value=string)
    imbalance: dict[str, list[float]] = {"a": [], "b": []}
    n_a = 0
    for n, letter in enumerate(string, start=1):
        n_a += letter == "a"
        if 0 < n_a < n:
            imbalance[letter].append((n - n_a) / n_a)
    errors = sum(_least_mix_error(np.array(one), float(mix)) for one in imbalance.values() if one)
    return (2 - 2 * float(rho)) / len(string) * errors


def _least_mix_error(kappa: Array, mix: float) -> float:
    """min over M in [0, inf] of sum (mix - 1/(1 + M kappa))^2."""
    from scipy.optimize import minimize_scalar

    target = math.log1p(-mix) - math.log(mix)
    log_kappa, counts = np.unique(np.log(kappa), return_counts=True)

    def error(x: float | Array) -> Any:
        weight = 1 / (1 + np.exp(np.add.outer(x, log_kappa)))
        return ((mix - weight) ** 2) @ counts

    low, high = target - log_kappa[-1], target - log_kappa[0]
    if high - low < 1e-12:
        return 0.0
    grid = np.linspace(low, high, 3 + math.ceil((high - low) / SCAN))
    values = error(grid)
    best = float(values.min())
    inner = 1 + np.flatnonzero((values[1:-1] <= values[:-2]) & (values[1:-1] <= values[2:]))
    for i in inner:
        polished = minimize_scalar(error, bounds=(grid[i - 1], grid[i + 1]), method="bounded", options={"xatol": 1e-10})
        best = min(best, float(polished.fun))
    return best


@checks(L_PAIR, IMBALANCE)
def imbalance_hypotheses_count(*, L: int, c: float = 4) -> int:
    """Number of strings of a and b of length L that meet the hypotheses on kappa_n, counted exactly.

    Statement: 1 <= kappa_n <= 2 for all whole n in [L/4, L/2], kappa_n >= c for all n in [3L/4, L]; a prefix without a fails.
    With the printed c = 4 it is positive for L = 6, 7, 13, 19 only.

    Source: arXiv:2411.12892v1, Proposition 2 (ii); the count is derived.

    Examples:
    >>> [imbalance_hypotheses_count(L=L) for L in (6, 13, 19, 20)]
    [2, 6, 20, 0]
    >>> imbalance_hypotheses_count(L=18, c=3)
    80
    """
    length, least = int(L), Fraction(c) if isinstance(c, int | Fraction) else Fraction(float(c))
    ways = {0: 1}
    for n in range(1, length + 1):
        step: dict[int, int] = {}
        for n_a, count in ways.items():
            for one in (n_a, n_a + 1):
                if _allowed(length, n, one, least):
                    step[one] = step.get(one, 0) + count
        ways = step
    return sum(ways.values())


def _allowed(length: int, n: int, n_a: int, least: Fraction) -> bool:
    n_b = n - n_a
    if 4 * n >= length and 2 * n <= length and not n_a <= n_b <= 2 * n_a:
        return False
    return not (4 * n >= 3 * length and (n_a == 0 or n_b * least.denominator < least.numerator * n_a))


@dataclass(frozen=True)
class EquivalentSparsity:
    """Fraction of the top scores to keep (corrected, and as printed), and the largest weight that both rows have."""

    corrected: float
    printed: float
    top_weight: float


@checks(N_PAIR, POW, SLOPE, GAMMA)
def equivalent_sparsity(*, n: int, pow: float, alpha: float, gamma: float) -> EquivalentSparsity:
    """Fraction of top scores that a row at inverse temperature 1 must keep to be as sharp as one at tau = 1 + alpha log n.

    Scores are c or c + gamma, the fraction n^-pow is large.  Statement: (1 - n^-pow) n^(-alpha gamma) + n^-pow; printed with a
    quotient in place of the product, which gives more than 1 at alpha = 0.

    Source: arXiv:2411.12892v1, Lemma 2 (appendix D); the corrected form is derived.

    Examples:
    >>> found = equivalent_sparsity(n=100, pow=.5, alpha=.3, gamma=1.2)
    >>> round(found.corrected, 9), round(found.printed, 9), round(found.top_weight, 9)
    (0.271491465, 0.311717858, 0.06594034)
    >>> equivalent_sparsity(n=1000, pow=.2, alpha=0, gamma=2).corrected
    1.0
    """
    log_n = math.log(int(n))
    large, small = math.exp(-pow * log_n), -math.expm1(-pow * log_n)
    decay = math.exp(-alpha * gamma * log_n)
    scores = math.exp((1 - pow) * log_n) + int(n) * small * math.exp(-gamma * (1 + alpha * log_n))
    return EquivalentSparsity(small * decay + large, decay / small + large, 1 / scores)
