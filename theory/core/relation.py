"""Relations between a bound and the interval that the measurements leave for the truth.

Each relation answers one question with a `Verdict`; the table of rules is in the README under 'How to read a verdict'.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from theory.core.bound import argument_names
from theory.core.evidence import Observable, Span, seeds_that_decide
from theory.core.fold import Crossing, Difference, arm_words
from theory.core.verdict import Outcome, Verdict, ratio

Number = float | Callable[..., float]


def _resolved(number: Number, cell: Mapping[str, Any]) -> float:
    if callable(number):
        return float(number(**{name: cell[name] for name in argument_names(number)}))
    return float(number)


def _undecided(span: Span, target: float) -> Verdict:
    if span.n_diverged:
        return Verdict(Outcome.INCONCLUSIVE, None, f"{span.n_diverged} of {span.n} trained models diverged")
    needed = seeds_that_decide(span, target)
    return Verdict(
        Outcome.INCONCLUSIVE,
        None,
        f"about {needed} seeds would decide" if needed else "no number of seeds is known to decide",
    )


class Relation(ABC):
    """How measured and bound must compare."""

    needs_bound = True

    @abstractmethod
    def judge(self, span: Span, bound: float, observable: Observable, cell: Mapping[str, Any]) -> Verdict:
        """The verdict for one interval."""

    def is_vacuous(self, bound: float, limits: tuple[float, float]) -> bool:
        """True when no value within `limits` could break the relation."""
        del bound, limits
        return False

    @property
    @abstractmethod
    def says(self) -> str:
        """The relation in words."""


@dataclass(frozen=True)
class AtMost(Relation):
    """measured <= bound (+ tolerance).  Confirmed where the bound is within the factor `tight`."""

    tolerance: float = 0.0
    tight: float = 2.0

    def judge(self, span: Span, bound: float, observable: Observable, cell: Mapping[str, Any]) -> Verdict:
        """See the table of rules."""
        del cell
        edge = bound + max(self.tolerance, observable.resolution)
        if span.low > edge:
            return Verdict(Outcome.VIOLATED, None, "measured values lie above the bound")
        if span.high <= edge:
            if span.low == -math.inf:
                return Verdict(Outcome.CONFIRMED, None, "attained by an example")
            return _tight_or_loose(ratio(bound, span.low), self.tight)
        if span.high == math.inf and math.isfinite(span.low):
            return Verdict(Outcome.CONSISTENT, self._slack(bound, span.low), "examples can refute but not confirm it")
        return _undecided(span, edge)

    def _slack(self, larger: float, smaller: float) -> float | None:
        return None if self.tight == math.inf else ratio(larger, smaller)

    def is_vacuous(self, bound: float, limits: tuple[float, float]) -> bool:
        """True when the bound is not below the highest value there is."""
        return bound >= limits[1]

    @property
    def says(self) -> str:
        """The relation in words."""
        return "measured at most bound" + (f" + {self.tolerance:g}" if self.tolerance else "")


@dataclass(frozen=True)
class AtLeast(Relation):
    """measured >= bound (- tolerance).  Confirmed where the bound is within the factor `tight`."""

    tolerance: float = 0.0
    tight: float = 2.0

    def judge(self, span: Span, bound: float, observable: Observable, cell: Mapping[str, Any]) -> Verdict:
        """See the table of rules."""
        del cell
        edge = bound - max(self.tolerance, observable.resolution)
        if span.high < edge:
            return Verdict(Outcome.VIOLATED, None, "measured values lie below the bound")
        if span.low >= edge:
            if span.high == math.inf:
                return Verdict(Outcome.CONFIRMED, None, "attained by an example")
            return _tight_or_loose(ratio(span.high, bound), self.tight)
        if span.low == -math.inf and math.isfinite(span.high):
            return Verdict(Outcome.CONSISTENT, self._slack(span.high, bound), "examples can refute but not confirm it")
        return _undecided(span, edge)

    def _slack(self, larger: float, smaller: float) -> float | None:
        return None if self.tight == math.inf else ratio(larger, smaller)

    def is_vacuous(self, bound: float, limits: tuple[float, float]) -> bool:
        """True when the bound is not above the lowest value there is."""
        return bound <= limits[0]

    @property
    def says(self) -> str:
        """The relation in words."""
        return "measured at least bound" + (f" - {self.tolerance:g}" if self.tolerance else "")


def _tight_or_loose(slack: float | None, tight: float) -> Verdict:
    if tight == math.inf:
        return Verdict(Outcome.CONFIRMED, None, "on the good side of the threshold")
    if slack is not None and slack <= tight:
        return Verdict(Outcome.CONFIRMED, slack, f"within a factor {slack:.3g}")
    return Verdict(
        Outcome.CONSISTENT, slack, f"loose by a factor {slack:.3g}" if slack else "loose; the ratio has no meaning"
    )


def _equals(span: Span, low: float, high: float, bound: float, width: float | None) -> Verdict:
    if span.low > high or span.high < low:
        side = "above" if span.low > high else "below"
        return Verdict(Outcome.VIOLATED, None, f"measured values lie {side} the predicted range")
    off = max(abs(span.high - bound), abs(span.low - bound))
    slack = ratio(max(span.value, bound), min(span.value, bound))
    if low <= span.low and span.high <= high:
        return Verdict(Outcome.CONFIRMED, slack, f"agrees to within {off:.3g}")
    if width is not None and span.high - span.low <= width:
        return Verdict(Outcome.CONSISTENT, slack, f"agrees to within {off:.3g}")
    return _undecided(span, high if span.value > bound else low)


@dataclass(frozen=True)
class Equals(Relation):
    """measured = bound, within `tolerance` and within the ratio `factor` (both allowed); `width`: an overlapping
    interval no wider than this is called consistent.  `tolerance` may be a function of coordinates."""

    tolerance: Number = 0.0
    width: float | None = None
    factor: float = 1.0

    def judge(self, span: Span, bound: float, observable: Observable, cell: Mapping[str, Any]) -> Verdict:
        """See the table of rules."""
        allowed = max(_resolved(self.tolerance, cell), observable.resolution)
        ends = sorted((bound / self.factor, bound * self.factor))
        return _equals(span, ends[0] - allowed, ends[1] + allowed, bound, self.width)

    @property
    def says(self) -> str:
        """The relation in words."""
        parts = []
        if self.factor != 1.0:
            parts.append(f"a factor {self.factor:g}")
        if callable(self.tolerance):
            parts.append("a tolerance that depends on the setting")
        elif self.tolerance:
            parts.append(f"{self.tolerance:g}")
        return "measured equals bound" + (" to within " + " and ".join(parts) if parts else " exactly")


@dataclass(frozen=True)
class Exceeds(Relation):
    """Arm `first` is greater than arm `second`; arms are written like `at`.  No bound is needed.

    With `crossing` it is not the values that are compared but the points where each arm crosses the level.
    """

    first: Mapping[str, Any]
    second: Mapping[str, Any]
    scale: str = "difference"
    paired: bool = True
    crossing: Crossing | None = None

    needs_bound = False

    @property
    def fold(self) -> Difference:
        """The fold that subtracts the arms."""
        return Difference(self.first, self.second, self.scale, self.paired)

    def judge(self, span: Span, bound: float, observable: Observable, cell: Mapping[str, Any]) -> Verdict:
        """Confirmed above 0, violated below, else inconclusive."""
        del bound, cell
        if span.low > 0:
            return Verdict(Outcome.CONFIRMED, None, "the first is greater")
        if span.high < 0:
            return Verdict(Outcome.VIOLATED, None, "the first is smaller")
        if span.low == span.high == 0:
            return Verdict(Outcome.VIOLATED, None, "both are equal")
        del observable
        return _undecided(span, 0.0)

    @property
    def says(self) -> str:
        """The relation in words."""

        if self.crossing:
            what = f"crosses {self.crossing.level:g} along {self.crossing.axis}"
            return f"the point where {arm_words(self.first)} {what} exceeds that of {arm_words(self.second)}"
        return f"measured at {arm_words(self.first)} exceeds measured at {arm_words(self.second)}"


@dataclass(frozen=True)
class Crosses(Relation):
    """The point where the value crosses `level` along `axis` equals the bound, within `tolerance` or `factor`."""

    axis: str
    level: float
    tolerance: Number = 0.0
    width: float | None = None
    factor: float = 1.0
    rising: bool = True

    @property
    def fold(self) -> Crossing:
        """The fold that finds the crossing."""
        return Crossing(self.axis, self.level, self.rising)

    def judge(self, span: Span, bound: float, observable: Observable, cell: Mapping[str, Any]) -> Verdict:
        """As Equals, on the interval of the crossing point."""
        del observable
        allowed = _resolved(self.tolerance, cell)
        return _equals(span, bound / self.factor - allowed, bound * self.factor + allowed, bound, self.width)

    @property
    def says(self) -> str:
        """The relation in words."""
        return f"measured crosses {self.level:g} along {self.axis} at the bound, to within a factor {self.factor:g}"


@dataclass(frozen=True)
class ScalesAs(Relation):
    """measured is a constant times the bound: log(measured/bound) has slope 0 along log `x` to within `tolerance`.

    x: an axis, or a function of coordinates; `along` names the axes it runs over (default: those it reads).
    """

    x: str | Callable[..., float]
    tolerance: float = 0.1
    width: float | None = None
    along: tuple[str, ...] = ()

    @property
    def axes(self) -> tuple[str, ...]:
        """The axes that one slope runs over."""
        if self.along:
            return self.along
        return argument_names(self.x) if callable(self.x) else (self.x,)

    def position(self, cell: Mapping[str, Any]) -> float:
        """The coordinate x of a cell."""
        if callable(self.x):
            return _resolved(self.x, cell)
        return float(cell[self.x])

    def slope(self, points: Sequence[tuple[float, Span, float]]) -> tuple[Span, bool]:
        """Interval of the slope from (x, span, bound) points, and whether the two halves' slopes exclude each other."""
        whole = _slope_span(points)
        ordered = sorted(points, key=lambda point: point[0])
        if len(ordered) < 4:
            return whole, False
        middle = (len(ordered) + 1) // 2
        lower, upper = _slope_span(ordered[:middle]), _slope_span(ordered[middle - 1 :])
        return whole, lower.high < upper.low or upper.high < lower.low

    def judge(self, span: Span, bound: float, observable: Observable, cell: Mapping[str, Any]) -> Verdict:
        """As Equals, on the interval of the slope; the bound is 0."""
        del observable, cell
        return _equals(span, bound - self.tolerance, bound + self.tolerance, bound, self.width)

    @property
    def says(self) -> str:
        """The relation in words."""
        name = self.x if isinstance(self.x, str) else (self.x.__doc__ or "x").strip().rstrip(".")
        return f"measured grows along {name} as the bound does: exponent of the ratio within {self.tolerance:g} of 0"


def _slope_span(points: Sequence[tuple[float, Span, float]]) -> Span:
    """Least-squares slope of log(measured/bound) against log x: linear in its points, so its interval follows from theirs."""
    xs = [math.log(x) for x, _, _ in points]
    centre = math.fsum(xs) / len(xs)
    square = math.fsum((x - centre) ** 2 for x in xs)
    n = min((span.n for _, span, _ in points), default=0)
    if square == 0:
        return Span(-math.inf, math.inf, math.nan, n)

    def log(value: float) -> float:
        return math.log(value) if 0 < value < math.inf else (-math.inf if value <= 0 else math.inf)

    low = high = value = 0.0
    for x, (_, span, bound) in zip(xs, points):
        weight = (x - centre) / square
        if weight == 0:
            continue
        ends = sorted((weight * (log(span.low) - log(bound)), weight * (log(span.high) - log(bound))))
        low, high = low + ends[0], high + ends[1]
        value += weight * ((log(span.value) if not math.isnan(span.value) else math.nan) - log(bound))
    return Span(low, high, value, n, sum(span.n_diverged for _, span, _ in points))
