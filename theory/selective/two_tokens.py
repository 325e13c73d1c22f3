"""Two tokens: what their similarity costs in the norm of W, with and without temperatures.

Letters: rho cosine of the embeddings, L_a, L_b specificities |W^T a|, |W^T b|, g target weight, eps error allowed, and for
exact logit rows scale = |l_a|, r = |l_b|/|l_a|, c the rows' cosine.  Ours: B = log((1-eps)/eps), p and q the two rows'
logit leads, D = |a - b|.  The minimisers have rank one, so spectral and Frobenius norm coincide.

Recipe: `two_token_norms(g=.1, rho=.9, eps=.01)` sets the printed bounds beside the exact values;
`collinear_pair_norms(scale=6, r=.3, rho=.99, c=1)` tells what temperature gains.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from theory.core.bound import Source, bound
from theory.core.domain import checks, require
from theory.selective.parameters import ARXIV, COSINE, EPS, L_A, L_B, RATIO, RHO, SCALE, G


@bound(params=(L_A, L_B, RHO), direction="lower", source=Source(ARXIV, "Lemma 1", "v1"))
def specificity_norm_lower_bound(m: Any, *, L_a: Any, L_b: Any, rho: Any) -> Any:
    """Lower bound on |W| for |W^T a| >= L_a and |W^T b| <= L_b, unit a and b: (L_a - L_b)/|a - b|; negative says nothing.

    Source: arXiv:2411.12892v1, Lemma 1.

    Examples:
    >>> round(float(specificity_norm_lower_bound(L_a=3, L_b=1, rho=.9)), 6)
    4.472136
    >>> float(specificity_norm_lower_bound(L_a=1, L_b=3, rho=.9)) < 0
    True
    """
    return (L_a - L_b) / m.sqrt(2 - 2 * rho)


@checks(L_A, L_B, RHO)
def specificity_norm_exact(*, L_a: float, L_b: float, rho: float) -> float:
    """Least |W| (spectral = Frobenius) for |W^T a| >= L_a and |W^T b| <= L_b.

    Statement: L_a if L_a |rho| <= L_b, else sqrt((L_a^2 + L_b^2 - 2 |rho| L_a L_b)/(1 - rho^2)).

    Source: derived: lemma-1-exact (sharpens arXiv:2411.12892v1, Lemma 1).

    Examples:
    >>> round(specificity_norm_exact(L_a=3, L_b=1, rho=.9), 9)
    4.920419323
    >>> specificity_norm_exact(L_a=3, L_b=1, rho=.2)
    3.0
    """
    if L_a * abs(rho) <= L_b:
        return float(L_a)
    square = (L_a - L_b) ** 2 + 2 * (1 - abs(rho)) * L_a * L_b
    return math.sqrt(square / ((1 - rho) * (1 + rho)))


@dataclass(frozen=True)
class TwoTokenNorms:
    """Norms for the map [[1-g, g], [0, 1]] within eps; `positive` and `signed` are the largest tau_i |W|.

    Fields: printed_lower, printed_converse (as the paper gives them), sharp_lower (sqrt 2 larger), and the exact least
    norms of standard attention, of temperatures that are positive, and of temperatures of any sign.
    """

    printed_lower: float
    sharp_lower: float
    standard: float
    printed_converse: float
    positive: float
    signed: float


@checks(G, RHO, EPS)
def two_token_norms(*, g: float, rho: float, eps: float) -> TwoTokenNorms:
    """Printed bounds and exact least norms for the attention map [[1-g, g], [0, 1]] of two unit tokens, entrywise within eps.

    Statement: row 1 needs a lead p of the first key in [logit(1-g-eps), logit(1-g+eps)], row 2 a lead q >= B of the second;
    standard attention then costs sqrt((p^2 + q^2 + 2 rho p q)/(1 - rho^2))/D.  A positive temperature keeps the sign of p, so
    `positive` jumps where 0 leaves the interior of row 1's interval; there it is an infimum.

    Raises: DomainError unless eps <= min(g, 1-g)/2.

    Source: arXiv:2411.12892v1, Proposition 1; the exact values are derived (two-token-standard, -positive, -signed).

    Examples:
    >>> found = two_token_norms(g=.1, rho=.9, eps=.01)
    >>> round(found.printed_converse, 6), round(found.positive, 6), round(found.signed, 6)
    (11.271524, 33.55251, 10.275)
    >>> two_token_norms(g=.5, rho=0, eps=.25).printed_lower
    0.0
    """
    least = min(g, 1 - g) / 2
    require(
        eps <= least, where="two_token_norms", name="eps", meaning=EPS.meaning, rule=f"be at most {least:g}", value=eps
    )
    skew = abs(_logit(1 - g))
    large = math.log1p(-eps) - math.log(eps)
    low, high = _logit(1 - g - eps), _logit(1 - g + eps)
    distance, sine = math.sqrt(2 - 2 * rho), math.sqrt((1 - rho) * (1 + rho))
    lower = (math.log(1 / (4 * eps)) - skew) / (distance * sine)
    p = min(max(-rho * large, low), high)  # row 1 is satisfied by an interval of leads; take the cheapest
    nearest = min(max(0.0, low), high)
    against = -rho if high <= 0 else rho  # above 0 where the rows want opposite keys: sign of the lead times rho

    def norm(excess: float) -> float:
        return math.hypot(large, excess / sine) / distance

    return TwoTokenNorms(
        printed_lower=lower / math.sqrt(2),
        sharp_lower=lower,
        standard=norm(p + rho * large),
        printed_converse=max(math.log(1 / eps), skew / sine) / distance,
        positive=norm(0.0 if low < 0 < high else max(abs(nearest) + against * large, 0.0)),
        signed=norm(max(abs(nearest) - abs(rho) * large, 0.0)),
    )


@dataclass(frozen=True)
class CollinearPairNorms:
    """Least Frobenius norms of standard and selective attention for two queries, and the second query's tau (tau_a = 1)."""

    standard: float
    selective: float
    tau_b: float


@checks(SCALE, RATIO, RHO, COSINE)
def collinear_pair_norms(*, scale: float, r: float, rho: float, c: float) -> CollinearPairNorms:
    """Least norms for two queries with exact logit rows of norms scale and r scale and cosine c, in the metric of the keys.

    Statement: standard scale sqrt((1 + r^2 - 2 rho r c)/(1 - rho^2)); selective scale sqrt((1 - rho^2 c^2)/(1 - rho^2)) with
    tau_b = r/(rho c) when rho c > r, else the same with tau_b = 1.  At c = 1 the selective norm is scale, whatever rho.

    Source: derived: collinear-twins.

    Examples:
    >>> found = collinear_pair_norms(scale=6, r=.3, rho=.9, c=1)
    >>> round(found.standard, 7), round(found.selective, 7), round(found.tau_b, 7)
    (10.2083557, 6.0, 0.3333333)
    >>> collinear_pair_norms(scale=6, r=.3, rho=.2, c=1).tau_b
    1.0
    """
    sine = (1 - rho) * (1 + rho)
    standard = scale * math.sqrt(((1 - r) ** 2 + 2 * r * (1 - rho * c)) / sine)
    if rho * c <= r:
        return CollinearPairNorms(standard, standard, 1.0)
    rest = (1 - rho * c) * (1 + rho * c)
    return CollinearPairNorms(standard, scale * math.sqrt(rest / sine), r / (rho * c))


def _logit(p: float) -> float:
    return math.log(p) - math.log1p(-p)
