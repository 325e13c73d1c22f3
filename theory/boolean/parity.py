"""The parent paper (parity through a tree of pairs, with a link function) and its finite-size bounds."""

from __future__ import annotations

import math
from fractions import Fraction

from theory.boolean.contrast import sample_size_from_moments
from theory.boolean.parameters import (
    DELTA,
    D,
    K,
    N,
    Number,
    T,
    exact,
    is_exact,
    require_one_of,
    require_pairs,
    require_support,
)
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
    size = z if z >= 0 else -z
    return 4 * z * z - 1 if 2 * size < 1 else -4 * z * z + 8 * size - 3


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
    Source: derived: P3 for +-1 bits, from 2410.08633.

    Examples:
    >>> parity_pair_moments(d=4)
    (Fraction(2, 1), Fraction(16, 1))
    >>> parity_pair_moments(d=16, link="quadratic")[0]
    Fraction(1, 2)
    """
    require_one_of("parity_pair_moments", "link", link, LINKS)
    d, scale = int(d), Fraction(1) if link == "ks" else exact(c)
    top, bottom = scale.numerator, scale.denominator
    mean = second = 0  # of D bottom^2 d^3, times 2^d
    choose = 1
    for rest in range(d - 2):  # ones among the d - 3 bits other than a, b, j; x_j = -x_a, else the contrast is 0
        first = square = 0
        for a, b in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
            z = b + 2 * rest - (d - 3)  # d xbar
            value, slope = _scaled_link(z, d, link, top, bottom)
            contrast = (a * b * bottom * d * d - value) * slope * 2 * a
            first, square = first + contrast, square + contrast * contrast
        mean, second = mean + choose * first, second + choose * square
        choose = choose * (d - 3 - rest) // (rest + 1)
    unit = bottom**2 * d**3
    exact_moments = Fraction(mean, unit * 2**d), Fraction(second, unit * unit * 2**d)
    if link == "quadratic" and not is_exact(c):
        return float(exact_moments[0]), float(exact_moments[1])
    return exact_moments


def _scaled_link(z: int, d: int, link: str, top: int, bottom: int) -> tuple[int, int]:
    """(phi bottom d^2, phi' bottom d) at z/d in integers: the parent's link, or -1 + (top/bottom) z^2."""
    if link == "quadratic":
        return top * z * z - bottom * d * d, 2 * top * z
    value, slope = Fraction(ks_link(z=Fraction(z, d))), Fraction(ks_link_derivative(z=Fraction(z, d)))
    return int(value * d * d), int(slope * d)


@checks(D, T, DELTA, C)
def parity_sample_size(*, d: int, t: int, delta: float, link: str = "ks", c: Number = 4) -> float:
    """Samples after which one step ranks all t supervised parity pairs, Gaussian approximation and union bound.

    Statement: 2 ln(2 t (d-2)/delta) Var/mean^2, about d log d.

    Raises: DomainError for 2 t > d, another link, or c <= 0.
    Source: derived: P3, P8.

    Examples:
    >>> round(parity_sample_size(d=16, t=4, delta=0.05), 3)
    575.525
    >>> round(parity_sample_size(d=3, t=1, delta=0.05), 3)
    11.932
    """
    require_pairs("parity_sample_size", d, t)
    mean, second = parity_pair_moments(d=d, link=link, c=c)
    return sample_size_from_moments(mean=mean, second_moment=second, comparisons=2 * t * (d - 2), delta=delta)


@checks(D, K, SAMPLES, QUERIES, ORACLE, GRAD2)
def finite_gradient_query_bound(*, d: int, k: int, n: float, T: float, eps: float, grad2: float) -> float:
    """Least loss of a learner that makes T gradient queries with oracle error eps, from the parent's equation (5).

    Statement: 1 - (4 T/eps^2) max(1/C(d, k), sqrt(4 d/n)) grad2, without the term 2 exp(-Omega(d)) whose constant is
    unknown; the value is therefore optimistic for the paper.  Lower bound; vacuous where it is negative.

    Source: 2410.08633, equation (5).

    Examples:
    >>> round(finite_gradient_query_bound(d=64, k=32, n=1e20, T=1, eps=0.01, grad2=1984), 6)
    0.873024
    >>> finite_gradient_query_bound(d=64, k=32, n=1e5, T=1, eps=0.01, grad2=1984) < 0
    True
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
    >>> interaction_radius(d=64, n=1, p=0.01) > 1
    True
    """
    return math.sqrt(2 / n * (math.log(32) + 4 * math.log(d) - math.log(p)))
