"""Strings, labels, scores and random heads, written from the definitions alone, as a second way beside `theory.counting`."""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction

Counts = tuple[int, int, int]
Head = tuple[Fraction, Fraction, Fraction, Fraction, Fraction]

HALF, THIRD = Fraction(1, 2), Fraction(1, 3)


def strings(N: int, tie: str, shortest: int = 1) -> list[Counts]:
    """Counts of all strings of length `shortest` to N that are answered."""
    return [
        (n0, n1, n - n0 - n1)
        for n in range(shortest, N + 1)
        for n0 in range(n + 1)
        for n1 in range(n - n0 + 1)
        if tie == "neg" or n0 != n1
    ]


def score(n: Counts, head: Head) -> Fraction:
    """The score of a string, from attention weights and values token by token."""
    w01, w02, kappa, sigma, frame = head
    parts = ((n[0], Fraction(-1)), (w01 * n[1], Fraction(1)), (w02 * n[2], kappa), (frame, sigma))
    return Fraction(sum(a * c for a, c in parts)) / sum(a for a, _ in parts)


def gaps(N: int, tie: str, head: Head) -> tuple[Fraction, Fraction, Fraction, Fraction]:
    """(largest, least) score of label 0, then of label 1, over all strings up to N."""
    by_label: tuple[list[Fraction], list[Fraction]] = ([], [])
    for n in strings(N, tie):
        by_label[n[1] > n[0]].append(score(n, head))
    return max(by_label[0]), min(by_label[0]), max(by_label[1]), min(by_label[1])


def random_heads(count: int, seed: int) -> Iterator[Head]:
    """Heads with small fractions, many of them near the border of the perfect region."""
    draw = random.Random(seed)

    def ratio(low: int, high: int, bottom: int = 8) -> Fraction:
        return Fraction(draw.randint(low, high), draw.randint(1, bottom))

    for i in range(count):
        near = 1 + Fraction(draw.randint(-3, 3), draw.randint(5, 20))
        w01 = near if i % 4 else ratio(1, 12)
        w02 = ratio(1, 4, 40) if i % 3 else ratio(1, 8)
        kappa = Fraction(0) if i % 2 else ratio(-4, 4)
        frame = Fraction(0) if i % 5 == 0 else ratio(1, 8)
        yield w01, w02, kappa, Fraction(draw.randint(-6, 6), 8), frame


def chances(N: int, length_law: str, tie: str) -> list[tuple[Counts, Fraction]]:
    """Exact law of the answered strings at uniform p, by adding one token at a time."""
    law: dict[Counts, Fraction] = {(0, 0, 0): Fraction(1)}
    found: dict[Counts, Fraction] = {}
    for n in range(1, N + 1):
        longer: dict[Counts, Fraction] = {}
        for (a, b, c), mass in law.items():
            for grown in ((a + 1, b, c), (a, b + 1, c), (a, b, c + 1)):
                longer[grown] = longer.get(grown, Fraction(0)) + mass * THIRD
        law = longer
        if length_law == "uniform" or n == N:
            found.update({n_: mass / (N if length_law == "uniform" else 1) for n_, mass in law.items()})
    kept = {n_: mass for n_, mass in found.items() if tie == "neg" or n_[0] != n_[1]}
    total = sum(kept.values(), Fraction(0))
    return [(n_, mass / total) for n_, mass in kept.items()]
