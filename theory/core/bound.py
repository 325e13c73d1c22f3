"""Bounds: formulas with a source, a direction, parameters and hypotheses.

Recipe: write the formula once with the number system `m` first, put `@bound(params=(N, GAP), direction="lower",
source=LEMMA)` above it; then `kept_weight(n=8, gap=2.0)` is an array, `.enclose` an interval, `.expression` algebra.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from theory.core.domain import Choice, Integer, Parameter
from theory.core.errors import DomainError
from theory.core.numbers import BALL, FLOAT, SYMBOL

PROVENANCES = ("paper", "follow-up", "textbook", "derived", "secondary", "chosen")
DIRECTIONS = ("upper", "lower", "exact", "asymptotic")


@dataclass(frozen=True)
class Source:
    """Where a statement stands: arXiv number, theorem or equation, version; or `derived`, a step of our own proofs.

    provenance: "paper" (read in the paper), "secondary" (as quoted in public reviews or summaries), "follow-up", "textbook",
    "derived" (ours), "chosen" (a threshold that we set; `where` says how, and it proves nothing by itself).
    """

    paper: str = ""
    where: str = ""
    version: str = ""
    derived: str = ""
    provenance: str = ""

    def __post_init__(self) -> None:
        chosen = self.provenance or ("derived" if self.derived else "paper")
        if chosen not in PROVENANCES:
            raise DomainError(where="Source", name="provenance", rule=f"be one of {PROVENANCES}", value=chosen)
        object.__setattr__(self, "provenance", chosen)

    def __str__(self) -> str:
        if self.derived:
            return f"derived: {self.derived}"
        if self.provenance == "chosen":
            return f"chosen: {self.where}"
        parts = [f"arXiv:{self.paper}" if self.paper[:4].isdigit() else self.paper, self.where, self.version]
        note = {"secondary": "as quoted in public reviews or summaries"}.get(self.provenance, "")
        return ", ".join(part for part in (*parts, note) if part)

    def card(self) -> dict[str, str]:
        """As a JSON-able mapping."""
        return {
            "paper": self.paper,
            "where": self.where,
            "version": self.version,
            "provenance": self.provenance,
            "text": str(self),
        }


def derived(step: str) -> Source:
    """A source of ours: the step of a derivation that shows it."""
    return Source(derived=step)


def chosen(how: str) -> Source:
    """A threshold that was set, with the reason; it proves nothing by itself."""
    return Source(where=how, provenance="chosen")


@dataclass(frozen=True)
class Hypothesis:
    """A condition of a bound: its words, and a predicate that takes the coordinates it names by keyword."""

    says: str
    holds: Callable[..., bool]

    @property
    def names(self) -> tuple[str, ...]:
        """The coordinates that the predicate reads."""
        return argument_names(self.holds)

    def is_broken(self, values: Mapping[str, Any]) -> bool:
        """True when all coordinates named are there and the predicate fails."""
        known = {name: values[name] for name in self.names if name in values}
        return len(known) == len(self.names) and not self.holds(**known)


def argument_names(function: Callable[..., Any]) -> tuple[str, ...]:
    """Names of the arguments a function takes by keyword."""
    import inspect

    return tuple(inspect.signature(function).parameters)


@dataclass(frozen=True)
class Bound:
    """A computable bound.  Call it with keyword arguments (scalars or arrays that broadcast): float64 array.

    systems: the number systems the formula supports; a bound that is an algorithm has ("float",) only, is computed
    entry by entry on Python scalars, and may state its formula as `latex` text.
    """

    name: str
    formula: Callable[..., Any]
    params: tuple[Parameter, ...]
    direction: str
    source: Source
    hypotheses: tuple[Hypothesis, ...] = ()
    constants: tuple[tuple[str, Any], ...] = ()
    systems: tuple[str, ...] = ("float", "ball", "symbol")
    latex: str = ""

    def __post_init__(self) -> None:
        if self.direction not in DIRECTIONS:
            raise DomainError(
                where=f"bound {self.name}", name="direction", rule=f"be one of {DIRECTIONS}", value=self.direction
            )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters."""
        return tuple(one.name for one in self.params)

    @property
    def says(self) -> str:
        """First line of the formula's docstring."""
        return (self.formula.__doc__ or self.name).strip().splitlines()[0]

    def __call__(self, **values: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
        """The bound at `values`.  Raises: DomainError for a value outside, TypeError for a name that is no parameter."""
        self._check_names(values)
        for one in self.params:
            for value in _entries(values[one.name]):
                one.check(value, where=self.name, source=str(self.source))
        if "ball" not in self.systems:
            return self._entry_by_entry(values)
        ready = {
            one.name: values[one.name] if isinstance(one.domain, Choice) else FLOAT.number(values[one.name])
            for one in self.params
        }
        with np.errstate(all="ignore"):
            return np.asarray(self.formula(FLOAT, **ready), dtype=np.float64)

    def _entry_by_entry(self, values: Mapping[str, Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
        arrays = [np.asarray(values[name], dtype=object) for name in self.names]
        if not arrays:
            return np.asarray(float(self.formula(FLOAT)), dtype=np.float64)
        spread = np.broadcast_arrays(*arrays)
        result = np.empty(spread[0].shape, dtype=np.float64)
        for index in np.ndindex(result.shape):
            entry = {name: _native(array[index]) for name, array in zip(self.names, spread)}
            result[index] = float(self.formula(FLOAT, **entry))
        return result

    def enclose(self, *, bits: int = 128, **values: Any) -> tuple[float, float]:
        """Rigorous (low, high) around the bound at scalar `values`, rounded outward to float64.

        Raises: DomainError as the call; DomainError when the formula supports floats only.
        """
        self._check_names(values)
        if "ball" not in self.systems:
            raise DomainError(
                where=self.name,
                name="systems",
                rule="hold 'ball' to be enclosed",
                value=self.systems,
                cure="the bound is an algorithm; its tests check it by a second method",
            )
        from flint import ctx

        for one in self.params:
            one.check(values[one.name], where=self.name, source=str(self.source))
        before = ctx.prec
        ctx.prec = bits
        try:
            ready = {
                one.name: values[one.name] if isinstance(one.domain, Choice) else BALL.number(values[one.name])
                for one in self.params
            }
            ball = BALL.number(self.formula(BALL, **ready))
            return _outward(ball.lower(), -math.inf), _outward(ball.upper(), math.inf)
        finally:
            ctx.prec = before

    def expression(self) -> Any:
        """The bound as a sympy expression in symbols that carry the domains' signs.  Raises: DomainError if unsupported."""
        if "symbol" not in self.systems:
            raise DomainError(
                where=self.name, name="systems", rule="hold 'symbol' to be an expression", value=self.systems
            )
        return self.formula(SYMBOL, **{one.name: _symbol(one) for one in self.params})

    def latex_text(self) -> str:
        """The formula in LaTeX, or "" for an algorithm that states none."""
        if self.latex or "symbol" not in self.systems:
            return self.latex
        import sympy

        return str(sympy.latex(self.expression()))

    def _check_names(self, values: Mapping[str, Any]) -> None:
        extra = sorted(set(values) - set(self.names))
        absent = sorted(set(self.names) - set(values))
        if extra or absent:
            parts = [f"unknown {', '.join(extra)}"] * bool(extra) + [f"missing {', '.join(absent)}"] * bool(absent)
            raise TypeError(f"{self.name} takes {', '.join(self.names) or 'no arguments'}; {'; '.join(parts)}")


def bound(
    *,
    params: tuple[Parameter, ...] = (),
    direction: str,
    source: Source,
    hypotheses: tuple[Hypothesis, ...] = (),
    constants: tuple[tuple[str, Any], ...] = (),
    systems: tuple[str, ...] = ("float", "ball", "symbol"),
    latex: str = "",
) -> Callable[[Callable[..., Any]], Bound]:
    """Decorator that makes a Bound of a formula."""

    def wrap(formula: Callable[..., Any]) -> Bound:
        return Bound(formula.__name__, formula, params, direction, source, hypotheses, constants, systems, latex)

    return wrap


def constant(value: float, source: Source, *, direction: str = "exact", name: str = "") -> Bound:
    """A bound that is one number."""

    exact = Fraction(repr(value)) if isinstance(value, float) else value  # the decimal that was typed

    def formula(m: Any) -> Any:
        return m.number(exact)

    formula.__doc__ = f"The constant {value}."
    return Bound(name or f"constant {value}", formula, (), direction, source)


def _native(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _entries(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.reshape(-1).tolist()
    if isinstance(value, list | tuple):
        return itertools.chain.from_iterable(_entries(one) for one in value)
    return (value,)


def _outward(end: Any, towards: float) -> float:
    """The nearest float64 on the safe side of an exact dyadic end."""
    if not end.is_finite():
        return towards if not end.is_nan() else (math.inf if towards > 0 else -math.inf)
    mantissa, exponent = end.mid().man_exp()
    exact = Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
    try:
        near = float(exact)
    except OverflowError:
        return (
            math.inf
            if exact > 0 and towards > 0
            else (-math.inf if exact < 0 and towards < 0 else math.copysign(1.7976931348623157e308, exact))
        )
    on_safe_side = near <= exact if towards < 0 else near >= exact
    return near if on_safe_side else math.nextafter(near, towards)


def _symbol(parameter: Parameter) -> Any:
    import sympy

    domain = parameter.domain
    if isinstance(domain, Choice):
        return domain.values[0]
    low = domain.low
    facts: dict[str, bool] = {"integer": True} if isinstance(domain, Integer) else {"real": True}
    if low is not None and low >= 0:
        facts["nonnegative"] = True
        if low > 0 or (not isinstance(domain, Integer) and domain.open_low):
            facts["positive"] = True
    return sympy.Symbol(parameter.name, **facts)
