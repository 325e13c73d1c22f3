"""Linear programs decided with exact rational certificates: a solver proposes in floats, fractions verify.

Feasible: a point that satisfies A x <= b.  Infeasible: y >= 0 with y A = 0 and y b < 0 (Farkas).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from proofs_check.core.derivation import Finding, Result

Matrix = Sequence[Sequence[Fraction | int]]
Vector = Sequence[Fraction | int]


def satisfies(matrix: Matrix, limits: Vector, point: Vector) -> bool:
    """True when A x <= b, in exact arithmetic."""
    return all(sum((a * x for a, x in zip(row, point)), Fraction(0)) <= limit for row, limit in zip(matrix, limits))


def is_farkas(matrix: Matrix, limits: Vector, multipliers: Vector) -> bool:
    """True when the multipliers prove that A x <= b has no solution, in exact arithmetic."""
    columns = range(len(matrix[0]))
    combined = [sum((y * row[j] for y, row in zip(multipliers, matrix)), Fraction(0)) for j in columns]
    return (
        all(y >= 0 for y in multipliers)
        and not any(combined)
        and sum((y * b for y, b in zip(multipliers, limits)), Fraction(0)) < 0
    )


def _rationals(values: Sequence[float], largest: int) -> list[Fraction]:
    return [Fraction(float(value)).limit_denominator(largest) for value in values]


def feasible_point(matrix: Matrix, limits: Vector) -> list[Fraction] | None:
    """A rational point with A x <= b, or None when none was found."""
    import numpy as np
    from scipy.optimize import linprog

    a, b = np.array(matrix, dtype=float), np.array(limits, dtype=float)
    # the largest margin first, so that rounding stays inside
    norms = np.abs(a).sum(axis=1, keepdims=True)
    solved = linprog(
        np.r_[np.zeros(a.shape[1]), -1], A_ub=np.c_[a, norms], b_ub=b, bounds=[(None, None)] * a.shape[1] + [(0, 1)]
    )
    if solved.status != 0:
        return None
    for largest in (1, 8, 64, 10**4, 10**9):
        point = _rationals(solved.x[:-1], largest)
        if satisfies(matrix, limits, point):
            return point
    return None


def farkas_multipliers(matrix: Matrix, limits: Vector) -> list[Fraction] | None:
    """Rational multipliers that prove infeasibility, or None when none were found."""
    import numpy as np
    from scipy.optimize import linprog

    a, b = np.array(matrix, dtype=float), np.array(limits, dtype=float)
    equations = np.vstack([a.T, b])
    solved = linprog(np.ones(len(b)), A_eq=equations, b_eq=np.r_[np.zeros(a.shape[1]), -1], bounds=(0, None))
    if solved.status != 0:
        return None
    for largest in (1, 8, 64, 10**4, 10**9):
        multipliers = _rationals(solved.x, largest)
        if is_farkas(matrix, limits, multipliers):
            return multipliers
    return None


def feasible(matrix: Matrix, limits: Vector) -> Result:
    """PROVED when A x <= b has a solution, REFUTED when it has none, each with an exact certificate; else UNDECIDED."""
    point = feasible_point(matrix, limits)
    if point is not None:
        return Result(Finding.PROVED, "x = (" + ", ".join(map(str, point)) + ")")
    multipliers = farkas_multipliers(matrix, limits)
    if multipliers is not None:
        return Result(Finding.REFUTED, "infeasible by y = (" + ", ".join(map(str, multipliers)) + ")")
    return Result(Finding.UNDECIDED, "no exact certificate of either kind was found")


def infeasible(matrix: Matrix, limits: Vector) -> Result:
    """PROVED when A x <= b has no solution, REFUTED with a point that solves it; else UNDECIDED."""
    found = feasible(matrix, limits)
    turned = {Finding.PROVED: Finding.REFUTED, Finding.REFUTED: Finding.PROVED}
    return Result(turned.get(found.finding, found.finding), found.detail)
