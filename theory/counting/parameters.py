"""Letters, names and rules that the functions of this package share.

Letters: N largest (or only) body length, p = (p0, p1, p2) law of a body token, n = (n0, n1, n2) counts of a string's body,
a head = (w01, w02, kappa, sigma, wS): attention to a 1, to a 2 and to the two frame tokens B and E together, each relative
to that to a 0, and the values of 2 and of the frame on the scale on which 0 has value -1 and 1 has value +1.
k = floor((N-1)/2) and k' = floor(N/2).  The paper writes w01 and w02; its definition of them is unknown, so ours is chosen.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable
from fractions import Fraction
from typing import Any, TypeGuard, cast

from theory.core.domain import Integer, Parameter, is_integer, is_real, require

Number = int | Fraction | float
Head = tuple[Number, Number, Number, Number, Number]
Counts = tuple[int, int, int]
Vector = tuple[Number, ...]

LENGTH_LAWS = ("fixed", "uniform")  # n = N; n uniform on 1..N
TIES = ("neg", "drop")  # strings with n1 = n0: label 0; no answer state
TOKENS = ("B", "0", "1", "2", "E")  # ids 0 to 4: the order of tensors and states
HEAD_TOKENS = ("0", "1", "2", "B", "E")  # the order of logits, values and attention weights of a head
KINDS = ("word", "answer_0", "answer_1", "closing")
P: tuple[Number, ...] = (Fraction(1, 3),) * 3

LENGTH = Parameter("N", Integer(1), "largest body length", "tokens", typical=(6, 12, 32))
LENGTH_2 = Parameter("N", Integer(2), "largest body length", "tokens", typical=(6, 12, 32))
LENGTH_3 = Parameter("N", Integer(3), "largest body length", "tokens", typical=(6, 12, 32))

_HEAD_PARTS = ("w01", "w02", "kappa", "sigma", "wS")


def is_exact(*values: object) -> bool:
    """True when all values are integers or fractions."""
    return all(isinstance(one, numbers.Rational) for one in values)


def exact(value: Number) -> Fraction:
    """The number as a fraction, without rounding."""
    return Fraction(value) if isinstance(value, numbers.Rational) else Fraction(float(value))


def like(result: Fraction, *inputs: object) -> Number:
    """The exact result, or its float as soon as one input is a float."""
    return result if is_exact(*inputs) else float(result)


def is_finite(value: object) -> TypeGuard[Number]:
    """True for a real number that is neither infinite nor a NaN nor a bool."""
    return is_real(value) and (is_exact(value) or math.isfinite(float(cast(Number, value))))


def require_finite(where: str, name: str, *values: object, meaning: str = "") -> None:
    """Raise DomainError unless every value is a finite number."""
    for one in values:
        require(is_finite(one), where=where, name=name, meaning=meaning, rule="be a finite number", value=one)


def require_positive(where: str, name: str, value: object, meaning: str = "") -> None:
    """Raise DomainError unless the value is a finite number above 0."""
    holds = is_finite(value) and value > 0
    require(holds, where=where, name=name, meaning=meaning, rule="be a finite number above 0", value=value)


def require_one_of(where: str, name: str, value: object, allowed: Iterable[str]) -> None:
    """Raise DomainError unless `value` is one of the words allowed."""
    words = tuple(allowed)
    require(isinstance(value, str) and value in words, where=where, name=name, rule=f"be one of {words}", value=value)


def require_law(where: str, *, N: object, tie: object = "neg", length_law: object = "uniform") -> None:
    """Raise DomainError unless length, tie rule and length law are known."""
    LENGTH.check(N, where=where)
    require_one_of(where, "tie", tie, TIES)
    require_one_of(where, "length_law", length_law, LENGTH_LAWS)


def entries(where: str, name: str, values: Any, size: int | None = None, meaning: str = "") -> Vector:
    """The values as a tuple of finite numbers.  Raises: DomainError for another size, or for what is no list of numbers."""
    rule = "be a list of finite numbers" + ("" if size is None else f", {size} of them")
    try:
        found = tuple(values)
    except TypeError:
        found = ()
    require(
        len(found) > 0 and (size is None or len(found) == size) and all(is_finite(one) for one in found),
        where=where,
        name=name,
        meaning=meaning,
        rule=rule,
        value=values,
    )
    return tuple(one.item() if hasattr(one, "item") else one for one in found)


def head_of(where: str, head: Any) -> Head:
    """The five numbers of a head.  Raises: DomainError unless w01 > 0, w02 >= 0 and wS >= 0."""
    found = entries(where, "head", head, 5, meaning=", ".join(_HEAD_PARTS))
    w01, w02, kappa, sigma, w_s = found
    require(w01 > 0, where=where, name="head", meaning="w01, weight of a 1", rule="have w01 > 0", value=head)
    require(w02 >= 0, where=where, name="head", meaning="w02, weight of a 2", rule="have w02 >= 0", value=head)
    require(w_s >= 0, where=where, name="head", meaning="wS, weight of the frame", rule="have wS >= 0", value=head)
    return w01, w02, kappa, sigma, w_s


def counts_of(where: str, n: Any) -> Counts:
    """The counts (n0, n1, n2) of a string.  Raises: DomainError unless they are three integers >= 0, one above 0."""
    try:
        found: tuple[Any, ...] = tuple(n)
    except TypeError:
        found = ()
    holds = len(found) == 3 and all(is_integer(one) and one >= 0 for one in found) and sum(found) > 0
    require(
        holds,
        where=where,
        name="n",
        meaning="counts of 0, 1 and 2",
        rule="be three integers >= 0 that are not all 0",
        value=n,
    )
    return int(found[0]), int(found[1]), int(found[2])


def law_of(where: str, p: Any) -> tuple[Number, Number, Number]:
    """The law of a body token.  Raises: DomainError unless the three probabilities sum to 1 (floats: to 1e-12)."""
    found = entries(where, "p", p, 3, meaning="probabilities of 0, 1 and 2")
    total = sum(found)
    close = total == 1 if is_exact(*found) else abs(float(total) - 1) <= 1e-12
    require(
        close and all(one >= 0 for one in found),
        where=where,
        name="p",
        meaning="probabilities of 0, 1 and 2",
        rule="be three numbers >= 0 with sum 1",
        value=p,
    )
    return found[0], found[1], found[2]
