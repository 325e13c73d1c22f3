"""Flipped hints, flipped inputs, an adversary, and an inexact gradient: what the gap of one supervised pair survives."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction

from proofs_check.boolean.gradient import HALF, Case, inputs
from proofs_check.core import exhaust, separate
from proofs_check.core.derivation import Control, Result, Step
from theory import boolean

EIGHTH = Fraction(1, 8)


def _flip_cases(factor: int) -> Iterator[Case]:
    """Gap of one pair with hints flipped, and with input bits flipped before the hint is computed, by enumeration."""
    for rho in (Fraction(1, 10), Fraction(1, 3), HALF):
        truth = (1 - factor * rho) / 8
        hint = Fraction(0)
        for x, weight in inputs(4, HALF):
            for flip, chance in ((0, 1 - rho), (1, rho)):
                hint += weight * chance * ((x[0] & x[1]) ^ flip) * (x[0] - x[3])
        yield f"hint flips {rho}", hint, truth
        seen = Fraction(0)
        for x, weight in inputs(3, HALF):
            for a, b in itertools.product((0, 1), repeat=2):
                chance = (rho if a else 1 - rho) * (rho if b else 1 - rho)
                seen += weight * chance * ((x[0] ^ a) & (x[1] ^ b)) * (x[0] - x[2])
        yield f"input flips {rho}", seen, truth


def _signs(where: str, rho: Fraction) -> tuple[Fraction, ...]:
    """Law of the signs (2 e - 1)(2 x - 1) of both relevant bits and a third one, hints or input bits flipped."""
    law = dict.fromkeys(itertools.product((-1, 1), repeat=3), Fraction(0))
    for x, weight in inputs(3, HALF):
        for a, b in itertools.product((0, 1), repeat=2):
            chance = weight * (rho if a else 1 - rho) * (rho if b else 1 - rho)
            e = (x[0] ^ a) & (x[1] ^ b) if where == "input" else (x[0] & x[1]) ^ a
            first, second, third = ((2 * e - 1) * (2 * one - 1) for one in x)
            law[first, second, third] += chance
    return tuple(law.values())


def _alike_cases(other: Fraction) -> Iterator[Case]:
    """At xbar = 1/2 a raw step sees only those signs: equal laws give equal ranking."""
    for rho in (Fraction(1, 10), Fraction(1, 3)):
        yield f"rho = {rho}", _signs("input", rho), _signs("hint", rho * other)


def _corrupted(share: Fraction) -> tuple[Fraction, Fraction, Fraction]:
    """(share of hints changed, contrasts of both relevant bits with the third) when an adversary erases hints.

    It sets e = 0 on the given share of the samples with x_a = x_b = 1 and x_j = 0.
    """
    changed, contrasts = Fraction(0), [Fraction(0), Fraction(0)]
    for (a, b, j), weight in inputs(3, HALF):
        erased = share if a == b == 1 and j == 0 else Fraction(0)
        changed += weight * erased
        hint = a * b * (1 - erased)
        contrasts = [one + weight * hint * (x - j) for one, x in zip(contrasts, (a, b))]
    return changed, contrasts[0], contrasts[1]


def _attack_cases(share: Fraction) -> Iterator[Case]:
    changed, first, second = _corrupted(share)
    yield "share of hints changed", changed, boolean.breakdown_fraction()
    yield "contrasts that are left", (first, second), (0, 0)


def _safe(share: Fraction, left: Fraction) -> Result:
    """The least contrast an adversary can leave by flipping at most a share of the hints, as a linear program.

    Unknowns: the mass flipped of each of the eight inputs (x_a, x_b, x_j).  A flip of e = x_a x_b moves the contrast
    by (1 - 2e)(x_a - x_j) times its mass.
    """
    cells = list(itertools.product((0, 1), repeat=3))
    matrix, limits = [[1] * 8], [share]
    for i in range(8):
        unit = [int(i == j) for j in range(8)]
        matrix, limits = [*matrix, unit, [-one for one in unit]], [*limits, EIGHTH, Fraction(0)]
    loss = [-(1 - 2 * a * b) * (a - j) for a, b, j in cells]
    return separate.bounded(matrix, limits, loss, EIGHTH - left)


def _tolerance_cases(factor: int) -> Iterator[Case]:
    """Half of the enumerated gap: errors of eps up and eps down close a gap of 2 eps."""
    for d in (3, 4, 6, 8):
        total = Fraction(0)
        for x, weight in inputs(d, HALF):
            total += weight * (x[0] * x[1] - Fraction(sum(x), d)) * (x[0] - x[-1])
        yield f"d={d}", factor * boolean.oracle_tolerance(d=d), total / d


STEPS = (
    Step(
        "noise",
        ("boolean/noise",),
        "Flipped hints and flipped inputs leave the gap (1 - 2 rho)/8",
        "exhaust",
        lambda: exhaust.equal(_flip_cases(2)),
        Control("1 - rho", lambda: exhaust.equal(_flip_cases(1))),
    ),
    Step(
        "noise-alike",
        ("boolean/noise",),
        "To a raw step, flipped input bits and flipped hints at the same rate have the same law of signs",
        "exhaust",
        lambda: exhaust.equal(_alike_cases(Fraction(1))),
        Control("hints flipped at half the rate", lambda: exhaust.equal(_alike_cases(HALF))),
    ),
    Step(
        "noise-adversary",
        ("boolean/noise",),
        "Erasing an eighth of the hints ties an irrelevant bit with both relevant ones",
        "exhaust",
        lambda: exhaust.equal(_attack_cases(Fraction(1))),
        Control("erasing a ninth", lambda: exhaust.equal(_attack_cases(Fraction(8, 9)))),
    ),
    Step(
        "noise-safe",
        ("boolean/noise",),
        "However chosen, flips of 124 in 1000 hints leave a contrast of at least 1/1000",
        "separate",
        lambda: _safe(Fraction(124, 1000), Fraction(1, 1000)),
        Control("flips of an eighth", lambda: _safe(EIGHTH, Fraction(1, 1000))),
    ),
    Step(
        "noise-oracle",
        ("boolean/noise", "boolean/step-hypotheses"),
        "An error of 1/(16d) in every entry of the gradient is half of the gap",
        "exhaust",
        lambda: exhaust.equal(_tolerance_cases(2)),
        Control("the whole gap", lambda: exhaust.equal(_tolerance_cases(1))),
    ),
)
