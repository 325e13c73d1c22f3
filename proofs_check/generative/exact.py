"""The function and optimal losses in exact arithmetic, written from their definitions and apart from `theory`.

A row is a tuple of integers or fractions; losses are balls in nats.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from fractions import Fraction
from typing import Any

from proofs_check.core.certify import ball

Number = int | Fraction
Row = tuple[Number, ...]


def _middle(*parts: Number) -> Number:
    return Fraction(sum(parts), len(parts))


REDUCE: dict[str, Callable[..., Number]] = {"max": max, "min": min, "mean": _middle}


def total(rows: Iterable[Row]) -> Row:
    """Sum of rows."""
    return tuple(sum(column) for column in zip(*rows))


def scaled(row: Row, factor: Number) -> Row:
    """A multiple of a row."""
    return tuple(factor * one for one in row)


def mean(rows: Sequence[Row]) -> Row:
    """Mean of rows."""
    return scaled(total(rows), Fraction(1, len(rows)))


def reduced(rows: Sequence[Row], f: str, context: str = "none", shift: int = 1) -> list[Row]:
    """G_f or, with a context, C_f: every row reduced with the row `shift` before it, the first `shift` rows untouched."""
    found = list(rows[:shift])
    for t in range(shift, len(rows)):
        partners = [rows[t], rows[t - shift]]
        if context != "none":
            partners.append(mean(rows[: t + 1] if context == "running_mean" else rows))
        found.append(tuple(REDUCE[f](*parts) for parts in zip(*partners)))
    return found


def entropy(masses: Iterable[Number]) -> Any:
    """Entropy of probabilities, as a ball in nats."""
    return sum((ball(p) * ball(1 / Fraction(p)).log() for p in masses if p), ball(0))


def optimal_loss(cases: Iterable[tuple[Hashable, Hashable, Number]]) -> Any:
    """Least expected log-loss of naming the target from the key, over (key, target, weight): a conditional entropy."""
    table: dict[Hashable, dict[Hashable, Number]] = defaultdict(lambda: defaultdict(int))
    for key, target, weight in cases:
        table[key][target] += weight
    whole = sum(sum(row.values()) for row in table.values())
    # equal terms are added up first: most tables hold few different ratios
    terms: dict[Fraction, Number] = defaultdict(int)
    for row in table.values():
        mass = sum(row.values())
        for weight in row.values():
            if weight:
                terms[Fraction(mass) / weight] += weight
    return sum((ball(Fraction(weight) / whole) * ball(ratio).log() for ratio, weight in terms.items()), ball(0))


def best_accuracy(cases: Iterable[tuple[Hashable, Hashable, Number]]) -> Fraction:
    """Largest probability of naming the target from the key."""
    table: dict[Hashable, dict[Hashable, Number]] = defaultdict(lambda: defaultdict(int))
    for key, target, weight in cases:
        table[key][target] += weight
    whole = sum(sum(row.values()) for row in table.values())
    return Fraction(sum(max(row.values()) for row in table.values())) / whole
