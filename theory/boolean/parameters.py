"""The letters of the paper as parameters, and the rules that join several of them."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable
from fractions import Fraction

from theory.core.domain import Integer, Parameter, Real, require

Number = int | Fraction | float
Label = str | tuple[Number, ...]
Link = Callable[[Number], Number]

ARXIV = "2505.19531"
PARENT = "2410.08633"

D = Parameter("d", Integer(3), "number of input bits", typical=(16, 64, 256))
K = Parameter("k", Integer(2), "number of relevant bits", typical=(2, 8, 32))
T = Parameter("t", Integer(1), "number of supervised pairs", typical=(4, 16, 64))
N = Parameter("n", Integer(1), "number of samples", typical=(64, 1000))
M = Parameter("comparisons", Integer(1), "number of contrasts in the union bound")
G = Parameter("G", Real(0), "logit gap after the step", "nats", typical=(5.0, 7.0, 9.0))
P = Parameter("p", Real(0, 1, open_low=True, open_high=True), "probability that a bit is 1")
RHO = Parameter("rho", Real(0, Fraction(1, 2)), "probability that a label is flipped")
DELTA = Parameter("delta", Real(0, 1, open_low=True, open_high=True), "failure probability")
PROB = Parameter("prob", Real(0, 1, open_low=True, open_high=True), "success probability asked for")
EPS = Parameter("eps", Real(0, open_low=True), "exponent of the theorem's sample size")
TAU = Parameter("tau", Real(0, open_low=True), "largest error allowed")
CONST = Parameter("const", Real(0, open_low=True), "constant in the step size, which the paper leaves open")
THRESHOLD = Parameter("threshold", Integer(1), "number of ones that makes the label 1")
LEVEL = Parameter("level", Integer(1, 24), "level of the tree, 1 for pairs")
RATIO = Parameter("ratio", Real(1, open_low=True), "factor between the two weights of a pair")


def require_support(where: str, d: int, k: int) -> None:
    """Raise DomainError unless 2 <= k < d."""
    require(k < d, where=where, name="k", meaning=K.meaning, rule=f"be less than d = {d}", value=k)


def require_even(where: str, k: int) -> None:
    """Raise DomainError unless the k relevant bits make k/2 pairs."""
    require(k % 2 == 0, where=where, name="k", meaning=K.meaning, rule="be even, since the bits are paired", value=k)


def require_pairs(where: str, d: int, t: int) -> None:
    """Raise DomainError unless t disjoint pairs fit into d bits."""
    require(2 * t <= d, where=where, name="t", meaning=T.meaning, rule=f"be at most d/2 = {d / 2:g}", value=t)


def require_one_of(where: str, name: str, value: object, allowed: tuple[str, ...]) -> None:
    """Raise DomainError unless `value` is one of the names allowed."""
    require(value in allowed, where=where, name=name, rule=f"be one of {', '.join(allowed)}", value=value)


def is_exact(value: object) -> bool:
    """True for integers and fractions; a float of any kind is not exact."""
    return isinstance(value, numbers.Rational)


def exact(value: Number) -> Fraction:
    """The number as a fraction, without rounding."""
    return Fraction(value) if is_exact(value) else Fraction(float(value))


def like(result: Fraction, *inputs: Number) -> Number:
    """The exact result, or its float as soon as one input is a float."""
    return result if all(is_exact(one) for one in inputs) else float(result)


def chernoff_rate(rho: float) -> float:
    """-ln(1/2 + 2 sqrt((3/8 - rho/4)(1/8 + rho/4))): P(an irrelevant score reaches a relevant one) <= exp(-n rate).

    With h = (1 - 2 rho)/8 the product is 1/16 - h^2, so that nothing cancels as rho approaches 1/2.
    """
    square = 16 * ((1 - 2 * rho) / 8) ** 2
    return -math.log1p(-square / 2 / (1 + math.sqrt(1 - square)))
