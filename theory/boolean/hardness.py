"""What no learner can do end to end, what one can, and where the raw model's optimum lies."""

from __future__ import annotations

import decimal
import math
from fractions import Fraction

from theory.boolean.binomial import tail
from theory.boolean.parameters import LEVEL, D, K, N, require_support
from theory.core.domain import checks


@checks(K)
def label_entropy(*, k: int) -> float:
    """Entropy of AND of k fair bits, in bits.

    Source: textbook; P11.

    Examples:
    >>> round(label_entropy(k=2), 10)
    0.8112781245
    >>> label_entropy(k=2000)
    0.0
    """
    p = 2.0**-k
    return k * p - (1 - p) * math.log1p(-p) / math.log(2)


@checks(K)
def trivial_losses(*, k: int) -> tuple[Fraction, Fraction]:
    """(0-1 error of the constant 0, half the squared loss of the constant 2^-k), exact.

    Source: derived: P11.

    Examples:
    >>> trivial_losses(k=4)
    (Fraction(1, 16), Fraction(15, 512))
    >>> trivial_losses(k=2)
    (Fraction(1, 4), Fraction(3, 32))
    """
    p = Fraction(1, 2 ** int(k))
    return p, p * (1 - p) / 2


@checks(D, K, N)
def support_error_lower_bound(*, d: int, k: int, n: int) -> float:
    """Least error per coordinate of any learner of a uniformly drawn support from n samples of AND.

    Statement: E|v_j - f_j| >= min(k/d, 1-k/d) - (1 - (1 - 2^-k)^n).  Lower bound; vacuous where it is negative.

    Source: derived: P10 (corrected form of 2505.19531, Theorem 4.3).

    Examples:
    >>> round(support_error_lower_bound(d=16, k=8, n=10), 9)
    0.461617042
    >>> support_error_lower_bound(d=16, k=8, n=178) < 0
    True
    """
    require_support("support_error_lower_bound", d, k)
    return min(k, d - k) / d + math.expm1(n * math.log1p(-(2.0**-k)))


@checks(D, K)
def support_bound_max_n(*, d: int, k: int) -> int:
    """Largest n >= 0 at which `support_error_lower_bound` is positive.

    Statement: the largest integer below ln(1 - min(k/d, 1-k/d)) / ln(1 - 2^-k); a tie is settled in integers.

    Source: derived: P10.

    Examples:
    >>> support_bound_max_n(d=16, k=8)
    177
    >>> support_bound_max_n(d=8, k=2)
    0
    """
    require_support("support_bound_max_n", d, k)
    d, k = int(d), int(k)
    least = min(k, d - k)
    with decimal.localcontext() as context:
        context.prec = 60 + k // 3  # the digits of 2^k and fifty more
        context.Emin, context.Emax = -(10**9), 10**9
        quotient = (1 - decimal.Decimal(least) / d).ln() / (1 - decimal.Decimal(2) ** -k).ln()
        nearest = int(quotient.to_integral_value())
    # a tie (2^k - 1)^m d = (d - least) 2^(k m) needs 2^(k m) to divide d, as 2^k - 1 is odd: only small m can tie
    if nearest * k <= d.bit_length() and (2**k - 1) ** nearest * d == (d - least) * 2 ** (k * nearest):
        return nearest - 1
    return math.ceil(quotient) - 1


@checks(D, K, N)
def fano_identification_bound(*, d: int, k: int, n: int) -> float:
    """Least probability of naming a wrong support, for any learner, from n samples of AND.

    Statement: 1 - (n H2(2^-k) + 1)/log2 C(d, k).  Lower bound; vacuous where it is negative.

    Source: textbook (Fano's inequality); derived: P11.

    Examples:
    >>> round(fano_identification_bound(d=16, k=8, n=50), 9)
    0.791694791
    >>> fano_identification_bound(d=16, k=8, n=10**6) < 0
    True
    """
    require_support("fano_identification_bound", d, k)
    return 1 - (n * label_entropy(k=k) + 1) / math.log2(math.comb(d, k))


@checks(D, K, N)
def elimination_probability(*, d: int, k: int, n: int) -> float:
    """Probability that intersecting the positive samples names the support exactly (AND of k fair bits).

    Statement: sum over r >= 1 of Bin(n, 2^-k)(r) (1 - 2^-r)^(d-k); no positive sample counts as failure.  Exact.

    Source: derived: P11 (elimination: Valiant 1984).

    Examples:
    >>> round(elimination_probability(d=16, k=4, n=64), 9)
    0.432440826
    >>> elimination_probability(d=16, k=4, n=10**12)
    1.0
    """
    require_support("elimination_probability", d, k)
    p = 2.0**-k
    last = min(n, 64 + (d - k).bit_length())  # beyond, the last factor is 1 to double precision
    log_weight, total = n * math.log1p(-p), 0.0
    for r in range(1, last + 1):
        log_weight += math.log((n - r + 1) / r) - k * math.log(2) - math.log1p(-p)
        total += math.exp(log_weight + (d - k) * math.log1p(-(2.0**-r)))
    return float(min(1.0, total + float(tail(n, last, p))))


@checks(D, K)
def raw_population_mass(*, d: int, k: int) -> Fraction:
    """Softmax mass on the support at the population optimum of the raw end-to-end model.

    Statement: min(1, k/d + 2^(1-k) k (d-k)/d), exact.

    Source: derived: P7.

    Examples:
    >>> raw_population_mass(d=16, k=8)
    Fraction(17, 32)
    >>> raw_population_mass(d=16, k=2)
    Fraction(1, 1)
    """
    require_support("raw_population_mass", d, k)
    d, k = int(d), int(k)
    return min(Fraction(1), Fraction(k, d) + Fraction(2 * k * (d - k), d * 2**k))


@checks(K)
def affine_population_scale(*, k: int) -> Fraction:
    """Slope of the best affine read-out of the end-to-end model, whose optimum puts all mass on the support.

    Statement: k 2^(1-k), exact.

    Source: derived: P7.

    Examples:
    >>> affine_population_scale(k=3)
    Fraction(3, 4)
    >>> affine_population_scale(k=2)
    Fraction(1, 1)
    """
    return Fraction(2 * k, 2 ** int(k))


@checks(LEVEL)
def tree_and_covariance(*, level: int) -> Fraction:
    """Covariance of a node of an AND tree with either child, at a level of the tree (1: pairs of input bits).

    Statement: q^2 (1 - q), q = 2^-(2^(level-1)), exact.

    Source: derived: AND tree.

    Examples:
    >>> tree_and_covariance(level=2)
    Fraction(3, 64)
    >>> tree_and_covariance(level=1)
    Fraction(1, 8)
    """
    q = Fraction(1, 2 ** (2 ** (int(level) - 1)))
    return q * q * (1 - q)
