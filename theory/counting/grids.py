"""Grids on which the claims measure: ratios of attention, sizes, and the variants of the unknown set-up."""

from __future__ import annotations

from collections.abc import Callable

# The paper's grid is unknown; ours is chosen: powers of sqrt(10) from 1/100 to 100, and one decade less for the noise.
RATIOS = tuple(round(10 ** (j / 2), 6) for j in range(-4, 5))
NOISE_RATIOS = tuple(round(10 ** (j / 2), 6) for j in range(-6, 3))
# where the cross and the strip end at N = 8 .. 64 some points must lie inside and some outside
CROSS_RATIOS = tuple(sorted({*RATIOS, 0.75, 0.9, 0.96, 0.98, 1.02, 1.06, 1.12, 1.25, 1.5, 2.0}))

LONGEST = 60  # body length up to which trained nets are searched for their first error
TASKS = ("majority", "xor", "equality", "parity")


SHORT_STEPS = 70


def rate_of(steps: int) -> float:
    """Learning rate of a training: .01, or .04 where it is short.  Chosen: the smallest grids then take seconds."""
    return 0.04 if steps <= SHORT_STEPS else 0.01


def heads_of(H: int) -> tuple[int, ...]:
    """Numbers of the heads of a net."""
    return tuple(range(H))


def symmetric_values(task: str, n: int) -> tuple[int, ...]:
    """Values at n1 = 0..n of a symmetric function of n bits: majority, xor and parity, equality (as many 1s as 0s).

    Examples:
    >>> symmetric_values("majority", 3), symmetric_values("parity", 3), symmetric_values("equality", 2)
    ((0, 0, 1, 1), (0, 1, 0, 1), (0, 1, 0))
    """
    rules: dict[str, Callable[[int], int]] = {
        "majority": lambda ones: int(2 * ones > n),
        "xor": lambda ones: ones % 2,
        "parity": lambda ones: ones % 2,
        "equality": lambda ones: int(2 * ones == n),
    }
    return tuple(rules[task](ones) for ones in range(n + 1))
