"""Domains of arguments, and parameters: one source for validation, documentation, grids and random test values.

Recipe: `N = Parameter("n", Integer(2), "number of tokens")`, then `@checks(N)` above a function whose
keyword-only argument is called `n`; a value outside raises `DomainError` that names value, rule and meaning.
"""

from __future__ import annotations

import functools
import inspect
import math
import numbers
import random
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ParamSpec, TypeVar

import numpy as np

from theory.core.errors import DomainError

P = ParamSpec("P")
R = TypeVar("R")


def is_integer(value: object) -> bool:
    """True for Python and numpy integers; a bool or a float is not an integer."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def is_real(value: object) -> bool:
    """True for a finite or infinite real number that is not a NaN and not a bool."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Real):
        return False
    return isinstance(value, numbers.Rational) or not math.isnan(value)


@dataclass(frozen=True)
class Integer:
    """The integers from `low` to `high`, both included; None leaves an end open."""

    low: int | None = 1
    high: int | None = None

    def __contains__(self, value: object) -> bool:
        return is_integer(value) and not (
            (self.low is not None and value < self.low) or (self.high is not None and value > self.high)  # type: ignore[operator]
        )

    @property
    def rule(self) -> str:
        """The domain in words that follow 'must'."""
        if self.low is None:
            return "be an integer" + ("" if self.high is None else f" of at most {self.high}")
        if self.high is None:
            return f"lie in {{{self.low}, {self.low + 1}, ...}}"
        return f"be an integer from {self.low} to {self.high}"

    def draw(self, source: random.Random) -> int:
        """A random member, small ones more often than large ones."""
        low = self.low if self.low is not None else -100
        high = self.high if self.high is not None else low + 200
        return min(source.randint(low, high), source.randint(low, high))


@dataclass(frozen=True)
class Real:
    """The reals from `low` to `high`; an end is left out where `open_low` or `open_high` says so, infinity always."""

    low: float | Fraction | None = None
    high: float | Fraction | None = None
    open_low: bool = False
    open_high: bool = False

    def __contains__(self, value: object) -> bool:
        if not is_real(value) or (isinstance(value, float | np.floating) and math.isinf(value)):
            return False
        above = self.low is None or (value > self.low if self.open_low else value >= self.low)  # type: ignore[operator]
        below = self.high is None or (value < self.high if self.open_high else value <= self.high)  # type: ignore[operator]
        return bool(above and below)

    @property
    def rule(self) -> str:
        """The domain in words that follow 'must'."""
        left = "(-inf" if self.low is None else ("(" if self.open_low else "[") + str(self.low)
        right = "inf)" if self.high is None else str(self.high) + (")" if self.open_high else "]")
        return f"be a finite number in {left}, {right}"

    def draw(self, source: random.Random) -> float:
        """A random member, uniform on a bounded range and within ten of the end on an unbounded one."""
        low = float(self.low) if self.low is not None else (float(self.high) - 10 if self.high is not None else -10.0)
        high = float(self.high) if self.high is not None else low + 10
        value = low + (high - low) * source.uniform(0.001, 0.999)
        return value


@dataclass(frozen=True)
class Choice:
    """One of the listed values."""

    values: tuple[Any, ...]

    def __contains__(self, value: object) -> bool:
        return any(type(value) is type(one) and value == one for one in self.values)

    @property
    def rule(self) -> str:
        """The domain in words that follow 'must'."""
        return "be one of " + ", ".join(repr(one) for one in self.values)

    def draw(self, source: random.Random) -> Any:
        """A random member."""
        return source.choice(self.values)


Domain = Integer | Real | Choice


@dataclass(frozen=True)
class Parameter:
    """An argument of a bound: its name, domain, meaning in words, unit, and typical values for examples."""

    name: str
    domain: Domain
    meaning: str
    unit: str = ""
    typical: tuple[Any, ...] = ()

    def check(self, value: Any, *, where: str, source: str = "", cure: str = "") -> None:
        """Raise DomainError unless `value` is in the domain."""
        if value not in self.domain:
            raise DomainError(
                where=where,
                name=self.name,
                meaning=self.meaning,
                rule=self.domain.rule,
                value=value,
                source=source,
                cure=cure,
            )


def checks(*parameters: Parameter, source: str = "") -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorator: the keyword-only arguments named by `parameters` are in their domains; None passes where it is the default.

    Raises: DomainError at the call for a value outside; TypeError at the definition for a name that is no argument.
    """

    def wrap(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)
        absent = [one.name for one in parameters if one.name not in signature.parameters]
        if absent:
            raise TypeError(f"{function.__name__} has no argument {', '.join(absent)}")
        optional = {one.name for one in parameters if signature.parameters[one.name].default is None}

        @functools.wraps(function)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            for one in parameters:
                if one.name in kwargs and not (kwargs[one.name] is None and one.name in optional):
                    one.check(kwargs[one.name], where=function.__name__, source=source)
            return function(*args, **kwargs)

        return checked

    return wrap


def require(holds: bool, *, where: str, name: str, rule: str, value: Any, meaning: str = "", cure: str = "") -> None:
    """Raise DomainError unless `holds`: for rules that join several arguments, such as k < d."""
    if not holds:
        raise DomainError(where=where, name=name, meaning=meaning, rule=rule, value=value, cure=cure)
