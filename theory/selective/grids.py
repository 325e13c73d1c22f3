"""Where the claims measure: grids that depend on other coordinates, and the learning rates that all arms share."""

from __future__ import annotations

import inspect
import math
from dataclasses import dataclass
from typing import Any

# one grid of rates for all arms of a comparison, wide enough that the best of every arm lies inside (a clause checks it)
TWIN_RATES = (0.01, 0.1, 0.3, 1.0, 2.0, 8.0)
GRAPH_RATES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
CRITERION_RATES = (0.01, 0.03, 0.1, 0.5, 3.0, 40.0)
DENOISING_RATES = (0.003, 0.01, 0.03, 0.1, 0.7)
PLACEMENT_RATES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
TREE_RATES = (0.1, 0.3, 1.0, 3.0, 10.0)
LARGER_TREE_RATES = (0.03, *TREE_RATES)
LANGUAGE_RATES = (0.001, 0.003, 0.01, 0.03, 0.1)

PLAIN = ("standard", "const", "pos")  # arms without a temperature that depends on the token

STRINGS = ("babbbb", "bbabababbbbbbbbbbbb", "ab" * 10, "a" + "b" * 15)  # the first two meet Proposition 2's hypotheses


def lengths(shortest: int, longest: int) -> tuple[int, ...]:
    """Powers of two from 2^shortest to 2^longest."""
    return tuple(2**power for power in range(shortest, longest + 1))


def slopes(w: float) -> tuple[float, ...]:
    """Slopes s < 1 of tau = 1 + s log n on both sides of 2ws = 1, none nearer to it than .02."""
    products = (0.0, 0.3, 0.6, 0.8, 0.9, 0.95, 0.98, 1.02, 1.05, 1.1, 1.2, 1.5, 2.0, 3.0)
    return tuple(product / (2 * w) for product in products if product < 2 * w)


def twin_distance(rho: float) -> float:
    """Distance of two unit tokens of cosine rho."""
    return math.sqrt(2 - 2 * rho)


@dataclass(frozen=True)
class _Kept:
    """An axis of one coordinate that keeps some of its values."""

    name: str
    values: tuple[Any, ...]

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.Signature([inspect.Parameter(self.name, inspect.Parameter.KEYWORD_ONLY)])

    def __call__(self, **cell: Any) -> tuple[Any, ...]:
        return (cell[self.name],) if cell[self.name] in self.values else ()


def only(**kept: Any) -> dict[str, Any]:
    """Axes that keep the cells of a grid with these coordinates, one value or several each, and drop the others.

    Examples:
    >>> axis = only(rho=(0.9, 0.97))["rho"]
    >>> axis(rho=0.9), axis(rho=0.99)
    ((0.9,), ())
    """
    return {name: _Kept(name, value if isinstance(value, tuple) else (value,)) for name, value in kept.items()}


def edges(rates: tuple[float, ...]) -> tuple[float, float]:
    """The least and the largest rate."""
    return rates[0], rates[-1]


def inside(rates: tuple[float, ...]) -> tuple[float, ...]:
    """All rates but the two at the edges."""
    return rates[1:-1]
