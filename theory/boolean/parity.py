"""The parent paper (parity through a tree of pairs, with a link function) and its finite-size bounds."""

from __future__ import annotations

import math
from fractions import Fraction

from theory.boolean.gradient import binomial_weights
from theory.boolean.parameters import DELTA, D, K, N, Number, T, require_one_of, require_pairs, require_support
from theory.core.domain import Parameter, Real, checks

Z = Parameter("z", Real(-1, 1), "argument of the link")
C = Parameter("c", Real(0, open_low=True), "curvature of the link at 0")
SAMPLES = Parameter("n", Real(0, open_low=True), "number of samples")
QUERIES = Parameter("T", Real(0, open_low=True), "number of gradient queries")
ORACLE = Parameter("eps", Real(0, open_low=True), "error of the gradient oracle")
GRAD2 = Parameter("grad2", Real(0, open_low=True), "largest squared norm of a gradient")
FAILURE = Parameter("p", Real(0, 1, open_low=True, open_high=True), "failure probability")
LINKS = ("ks", "quadratic")


@checks(Z)
def ks_link(*, z: Number) -> Number:
    """The parent's link: 4 z^2 - 1 for |z| < 1/2, else -4 z^2 + 8 |z| - 3.

    Raises: DomainError for |z| > 1.
    Source: 2410.08633, experiments section.

    Examples:
    >>> ks_link(z=0), ks_link(z=1), ks_link(z=Fraction(1, 2))
    (-1, 1, Fraction(0, 1))
    """
    return 4 * z * z - 1 if abs(2 * z) < 1 else -4 * z * z + 8 * abs(z) - 3


@checks(Z)
def ks_link_derivative(*, z: Number) -> Number:
    """Derivative of the parent's link: 8 z for |z| < 1/2, else -8 z + 8 sign(z).

    Raises: DomainError for |z| > 1.
    Source: 2410.08633, experiments section.

    Examples:
    >>> ks_link_derivative(z=Fraction(1, 4)), ks_link_derivative(z=-1)
    (Fraction(2, 1), 0)
    """
    return 8 * z if abs(2 * z) < 1 else -8 * z + (8 if z > 0 else -8)


@checks(D, C)
def parity_pair_moments(*, d: int, link: str = "ks", c: Number = 4) -> tuple[Number, Number]:
    """(E D, E D^2) of one sample's contrast for a supervised pair parity, +-1 bits, at W = 0.

    Statement: D = (x_a x_b - phi(xbar)) phi'(xbar) (x_a - x_j); E D is d times the gradient gap.  Exact.

    Args:
        link: "ks" (c is not used) or "quadratic", phi = -1 + c z^2.

    Raises: DomainError for another link or c <= 0.
    Source: derived: section 3.5, from 2410.08633.

    Examples:
    >>> parity_pair_moments(d=4)
    (Fraction(2, 1), Fraction(16, 1))
    """
    require_one_of("parity_pair_moments", "link", link, LINKS)
    exact_c = Fraction(c)
    mean = second = Fraction(0)
    for rest, weight in enumerate(binomial_weights(d - 3, Fraction(1, 2))):
        for a, b in ((1, 1), (1, -1), (-1, 1), (-1, -1)):  # x_j = -x_a, else the contrast is 0
            z = Fraction(b + 2 * rest - (d - 3), d)
            if link == "ks":
                value, slope = Fraction(ks_link(z=z)), Fraction(ks_link_derivative(z=z))
            else:
                value, slope = -1 + exact_c * z * z, 2 * exact_c * z
            contrast = (a * b - value) * slope * 2 * a
            mean += weight * contrast / 8
            second += weight * contrast * contrast / 8
    return (float(mean), float(second)) if isinstance(c, float) and link == "quadratic" else (mean, second)


@checks(D, T, DELTA, C)
def parity_sample_size(*, d: int, t: int, delta: float, link: str = "ks", c: Number = 4) -> float:
    """Samples after which one step ranks all t supervised parity pairs, Gaussian approximation and union bound.

    Statement: 2 ln(2 t (d-2)/delta) Var/mean^2, about d log d.

    Raises: DomainError for 2 t > d, another link, or c <= 0.
    Source: derived: section 3.5.

    Examples:
    >>> round(parity_sample_size(d=16, t=4, delta=0.05), 3)
    575.525
    """
    require_pairs("parity_sample_size", d, t)
    mean, second = parity_pair_moments(d=d, link=link, c=c)
    if mean <= 0:
        return math.inf
    budget = 2 * (math.log(2 * t * (d - 2)) - math.log(delta))
    return budget * float((second - mean * mean) / (mean * mean))


@checks(D, K, SAMPLES, QUERIES, ORACLE, GRAD2)
def finite_gradient_query_bound(*, d: int, k: int, n: float, T: float, eps: float, grad2: float) -> float:
    """Least loss of a learner that makes T gradient queries with oracle error eps, from the parent's equation (5).

    Statement: 1 - (4 T/eps^2) max(1/C(d, k), sqrt(4 d/n)) grad2, without the term 2 exp(-Omega(d)) whose constant is
    unknown; the value is therefore optimistic for the paper.  Lower bound; vacuous where it is negative.

    Source: 2410.08633, equation (5).

    Examples:
    >>> round(finite_gradient_query_bound(d=64, k=32, n=1e20, T=1, eps=0.01, grad2=1984), 6)
    0.873024
    """
    require_support("finite_gradient_query_bound", d, k)
    share = max(float(Fraction(1, math.comb(d, k))), math.sqrt(4 * d / n))
    return 1 - 4 * T / eps / eps * share * grad2


@checks(D, N, FAILURE)
def interaction_radius(*, d: int, n: int, p: float) -> float:
    """Radius kappa of the parent's concentration lemma for products of at most four +-1 bits.

    Statement: sqrt((2/n) ln(32 d^4/p)).  Upper bound, with probability 1 - p.

    Source: 2410.08633, Lemma 9.

    Examples:
    >>> round(interaction_radius(d=64, n=100000, p=0.01), 10)
    0.0222290074
    """
    return math.sqrt(2 / n * (math.log(32) + 4 * math.log(d) - math.log(p)))


