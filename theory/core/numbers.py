"""Three number systems with one vocabulary, so that one formula serves the sweep, the certificate and the algebra.

A formula takes the system `m` first and uses only what all three can do:
`1 / (1 + (n - 1) * m.exp(-gap))` is an array under FLOAT, a rigorous enclosure under BALL, an expression under SYMBOL.
Write whole numbers or `m.ratio(1, 3)`: a typed `1/3` or `0.1` is a rounded point, not an enclosure.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Protocol

import numpy as np

from theory.core.errors import DomainError


class Numbers(Protocol):
    """The vocabulary.  Values are arrays (FLOAT), balls (BALL) or expressions (SYMBOL)."""

    name: str

    def number(self, value: Any) -> Any:
        """A Python number (int, Fraction, float) in this system, without rounding where the system has it exactly."""

    def ratio(self, numerator: int, denominator: int) -> Any:
        """The quotient of two integers."""

    def pi(self) -> Any:
        """The constant pi."""

    def exp(self, x: Any) -> Any: ...
    def log(self, x: Any) -> Any: ...
    def log1p(self, x: Any) -> Any: ...
    def expm1(self, x: Any) -> Any: ...
    def sqrt(self, x: Any) -> Any: ...
    def power(self, base: Any, exponent: Any) -> Any: ...
    def gamma(self, x: Any) -> Any: ...
    def log_gamma(self, x: Any) -> Any: ...
    def binomial(self, n: Any, k: Any) -> Any: ...
    def maximum(self, x: Any, y: Any) -> Any: ...
    def minimum(self, x: Any, y: Any) -> Any: ...
    def floor(self, x: Any) -> Any: ...
    def ceil(self, x: Any) -> Any: ...


class _Float:
    """Arrays of float64; results that leave the range become 0, inf or nan without a warning."""

    name = "float"

    def number(self, value: Any) -> Any:
        try:
            return np.asarray(float(value) if isinstance(value, Fraction) else value, dtype=np.float64)
        except OverflowError:
            raise DomainError(
                where="FLOAT",
                name="value",
                rule="fit into a float",
                value=value,
                cure="use .enclose for larger numbers",
            ) from None

    def ratio(self, numerator: int, denominator: int) -> Any:
        return np.float64(Fraction(numerator, denominator))

    def pi(self) -> Any:
        return np.float64(np.pi)

    def exp(self, x: Any) -> Any:
        return np.exp(x)

    def log(self, x: Any) -> Any:
        return np.log(x)

    def log1p(self, x: Any) -> Any:
        return np.log1p(x)

    def expm1(self, x: Any) -> Any:
        return np.expm1(x)

    def sqrt(self, x: Any) -> Any:
        return np.sqrt(x)

    def power(self, base: Any, exponent: Any) -> Any:
        return np.power(self.number(base), exponent)

    def gamma(self, x: Any) -> Any:
        from scipy.special import gamma

        return gamma(x)

    def log_gamma(self, x: Any) -> Any:
        from scipy.special import gammaln

        return gammaln(x)

    def binomial(self, n: Any, k: Any) -> Any:
        from scipy.special import binom

        return binom(n, k)

    def maximum(self, x: Any, y: Any) -> Any:
        return np.maximum(x, y)

    def minimum(self, x: Any, y: Any) -> Any:
        return np.minimum(x, y)

    def floor(self, x: Any) -> Any:
        return np.floor(x)

    def ceil(self, x: Any) -> Any:
        return np.ceil(x)


class _Ball:
    """Balls of python-flint's `arb`: every operation encloses the exact result."""

    name = "ball"

    def number(self, value: Any) -> Any:
        from flint import arb, fmpq

        if isinstance(value, arb):
            return value
        if isinstance(value, Fraction):
            return arb(fmpq(value.numerator, value.denominator))
        if isinstance(value, bool | np.bool_):
            raise DomainError(where="BALL", name="value", rule="be a number", value=value)
        return arb(int(value)) if isinstance(value, int | np.integer) else arb(float(value))

    def ratio(self, numerator: int, denominator: int) -> Any:
        return self.number(Fraction(numerator, denominator))

    def pi(self) -> Any:
        from flint import arb

        return arb.pi()

    def exp(self, x: Any) -> Any:
        return self.number(x).exp()

    def log(self, x: Any) -> Any:
        return self.number(x).log()

    def log1p(self, x: Any) -> Any:
        return self.number(x).log1p()

    def expm1(self, x: Any) -> Any:
        return self.number(x).expm1()

    def sqrt(self, x: Any) -> Any:
        return self.number(x).sqrt()

    def power(self, base: Any, exponent: Any) -> Any:
        return self.number(base) ** self.number(exponent)

    def gamma(self, x: Any) -> Any:
        return self.number(x).gamma()

    def log_gamma(self, x: Any) -> Any:
        return self.number(x).lgamma()

    def binomial(self, n: Any, k: Any) -> Any:
        n, k = self.number(n), self.number(k)
        whole = k.unique_fmpz()
        if whole is not None and 0 <= int(whole) < 10**6:
            return n.bin(int(whole))
        return (n + 1).gamma() / ((k + 1).gamma() * (n - k + 1).gamma())

    def maximum(self, x: Any, y: Any) -> Any:
        return self.number(x).max(self.number(y))

    def minimum(self, x: Any, y: Any) -> Any:
        return self.number(x).min(self.number(y))

    def floor(self, x: Any) -> Any:
        return self.number(x).floor()

    def ceil(self, x: Any) -> Any:
        return self.number(x).ceil()


class _Symbol:
    """Expressions of sympy."""

    name = "symbol"

    def number(self, value: Any) -> Any:
        import sympy

        if isinstance(value, Fraction):
            return sympy.Rational(value.numerator, value.denominator)
        if isinstance(value, float):
            return sympy.Rational(*value.as_integer_ratio())
        return sympy.Integer(value) if isinstance(value, int | np.integer) else value

    def ratio(self, numerator: int, denominator: int) -> Any:
        return self.number(Fraction(numerator, denominator))

    def pi(self) -> Any:
        import sympy

        return sympy.pi

    def exp(self, x: Any) -> Any:
        import sympy

        return sympy.exp(x)

    def log(self, x: Any) -> Any:
        import sympy

        return sympy.log(x)

    def log1p(self, x: Any) -> Any:
        return self.log(1 + x)

    def expm1(self, x: Any) -> Any:
        return self.exp(x) - 1

    def sqrt(self, x: Any) -> Any:
        import sympy

        return sympy.sqrt(x)

    def power(self, base: Any, exponent: Any) -> Any:
        import sympy

        return sympy.Pow(self.number(base), self.number(exponent))

    def gamma(self, x: Any) -> Any:
        import sympy

        return sympy.gamma(x)

    def log_gamma(self, x: Any) -> Any:
        import sympy

        return sympy.loggamma(x)

    def binomial(self, n: Any, k: Any) -> Any:
        import sympy

        return sympy.binomial(n, k)

    def maximum(self, x: Any, y: Any) -> Any:
        import sympy

        return sympy.Max(x, y)

    def minimum(self, x: Any, y: Any) -> Any:
        import sympy

        return sympy.Min(x, y)

    def floor(self, x: Any) -> Any:
        import sympy

        return sympy.floor(x)

    def ceil(self, x: Any) -> Any:
        import sympy

        return sympy.ceiling(x)


FLOAT: Numbers = _Float()
BALL: Numbers = _Ball()
SYMBOL: Numbers = _Symbol()
