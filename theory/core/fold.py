"""Folds: what turns several cells into one value.

Per seed: `Best` keeps the best point of an axis; `Difference` subtracts two arms.  On the cells' intervals: `Crossing`
finds where a level is crossed along an axis, outward to grid points, open where it never crosses.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from theory.core.evidence import Span


class Fold:
    """What turns several cells into one value; the three below are all there are."""


@dataclass(frozen=True)
class Best(Fold):
    """Per seed the best point of `axis`: least (`take="min"`) or greatest value of the observable `by` (default: itself).

    Choose by another observable, such as validation loss, when the value is itself noisy.
    """

    axis: str
    by: str | None = None
    take: str = "min"


@dataclass(frozen=True)
class Difference(Fold):
    """Per seed, arm `first` minus arm `second`; each arm is written like `at`.  scale: "difference" or "log ratio"."""

    first: Mapping[str, Any]
    second: Mapping[str, Any]
    scale: str = "difference"
    paired: bool = True


def arm_words(arm: Mapping[str, Any]) -> str:
    """The coordinates of an arm in words."""

    def value_words(value: Any) -> str:
        return " or ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)

    return ", ".join(f"{name} = {value_words(value)}" for name, value in arm.items())


@dataclass(frozen=True)
class Crossing(Fold):
    """Where along `axis` the value crosses `level`; it is taken to be monotone, rising unless said otherwise."""

    axis: str
    level: float
    rising: bool = True


def crossing(points: Sequence[tuple[float, Span]], level: float, *, rising: bool = True) -> Span:
    """The interval for the crossing point, from (position, span) pairs.

    Its ends are grid points: the last one whose span lies before the level, and the first one whose span lies behind it.
    """
    ordered = sorted(points, key=lambda point: point[0])
    sign = 1.0 if rising else -1.0
    before = [x for x, span in ordered if (span.high if rising else -span.low) < sign * level]
    behind = [x for x, span in ordered if (span.low if rising else -span.high) > sign * level]
    low = max(before, default=-math.inf)
    high = min(behind, default=math.inf)
    if low > high:  # not monotone at this level: nothing is known
        low, high = -math.inf, math.inf
    value = _interpolated(ordered, level)
    return Span(low, high, value, min((s.n for _, s in ordered), default=0), sum(s.n_diverged for _, s in ordered))


def _interpolated(ordered: Sequence[tuple[float, Span]], level: float) -> float:
    """Where the straight line between neighbouring point values meets the level; nan where it never does."""
    for (x0, a), (x1, b) in itertools.pairwise(ordered):
        if (a.value - level) * (b.value - level) <= 0 and a.value != b.value:
            share = (level - a.value) / (b.value - a.value)
            if x0 > 0:
                return float(x0 * (x1 / x0) ** share)
            return x0 + (x1 - x0) * share
    return math.nan
