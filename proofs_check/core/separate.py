"""Linear programs decided with exact rational certificates: a solver proposes in floats, fractions verify.

Feasible: a point that satisfies A x <= b.  Infeasible: y >= 0 with y A = 0 and y b < 0 (Farkas).
Bounded: y >= 0 with y A = c and y b <= bound, so that c x <= bound for every solution (weak duality).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

from proofs_check.core.derivation import Finding, Result

Matrix = Sequence[Sequence[Fraction | int]]
Vector = Sequence[Fraction | int]
DENOMINATORS = (1, 8, 64, 10**4, 10**9)


def dot(left: Vector, right: Vector) -> Fraction:
    """Scalar product in exact arithmetic."""
    return sum((Fraction(a) * b for a, b in zip(left, right)), Fraction(0))


def combined(matrix: Matrix, multipliers: Vector) -> list[Fraction]:
    """y A in exact arithmetic."""
    return [dot(multipliers, [row[j] for row in matrix]) for j in range(len(matrix[0]))]


def satisfies(matrix: Matrix, limits: Vector, point: Vector) -> bool:
    """True when A x <= b, in exact arithmetic."""
    return all(dot(row, point) <= limit for row, limit in zip(matrix, limits))


def is_farkas(matrix: Matrix, limits: Vector, multipliers: Vector) -> bool:
    """True when the multipliers prove that A x <= b has no solution, in exact arithmetic."""
    return all(y >= 0 for y in multipliers) and not any(combined(matrix, multipliers)) and dot(multipliers, limits) < 0


def is_dual(matrix: Matrix, limits: Vector, objective: Vector, bound: Fraction | int, multipliers: Vector) -> bool:
    """True when the multipliers prove c x <= bound for all x with A x <= b, in exact arithmetic."""
    return (
        all(y >= 0 for y in multipliers)
        and combined(matrix, multipliers) == [Fraction(c) for c in objective]
        and dot(multipliers, limits) <= bound
    )


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
    x = solved.x[:-1]
    tight = [i for i in range(len(b)) if a[i] @ x > b[i] - 1e-7]
    exact = _solve([matrix[i] for i in tight], [limits[i] for i in tight], len(x))
    return _first(x, exact, lambda point: satisfies(matrix, limits, point))


def farkas_multipliers(matrix: Matrix, limits: Vector) -> list[Fraction] | None:
    """Rational multipliers that prove infeasibility, or None when none were found."""
    return _multipliers(matrix, limits, [0] * len(matrix[0]), -1, lambda y: is_farkas(matrix, limits, y))


def dual_multipliers(matrix: Matrix, limits: Vector, objective: Vector, bound: Fraction | int) -> list[Fraction] | None:
    """Rational multipliers that prove c x <= bound, or None when none were found."""
    return _multipliers(matrix, limits, objective, None, lambda y: is_dual(matrix, limits, objective, bound, y))


def _multipliers(
    matrix: Matrix, limits: Vector, target: Vector, value: int | None, proves: Callable[[Vector], bool]
) -> list[Fraction] | None:
    """y >= 0 with y A = target and y b = value (as small as possible when None), if fractions confirm that it proves."""
    import numpy as np
    from scipy.optimize import linprog

    a, b = np.array(matrix, dtype=float), np.array(limits, dtype=float)
    rows: list[Vector] = [[row[j] for row in matrix] for j in range(len(matrix[0]))]
    right = list(target)
    if value is not None:
        rows, right = [*rows, limits], [*right, value]
    cost = np.ones(len(b)) if value is not None else b
    solved = linprog(cost, A_eq=np.array(rows, dtype=float), b_eq=np.array(right, dtype=float), bounds=(0, None))
    if solved.status != 0:
        return None
    used = [i for i in range(len(b)) if solved.x[i] > 1e-9]
    part = _solve([[row[i] for i in used] for row in rows], right, len(used))
    exact = None if part is None else [part[used.index(i)] if i in used else Fraction(0) for i in range(len(a))]
    return _first(solved.x, exact, proves)


def _first(
    values: Sequence[float], exact: list[Fraction] | None, good: Callable[[Vector], bool]
) -> list[Fraction] | None:
    """The simplest rounding of the solver's values that verifies, else the exact solution on its basis."""
    for candidate in _candidates(values, exact):
        if good(candidate):
            return candidate
    return None


def _candidates(values: Sequence[float], exact: list[Fraction] | None) -> Iterator[list[Fraction]]:
    for largest in DENOMINATORS:
        yield [Fraction(float(value)).limit_denominator(largest) for value in values]
    if exact is not None:
        yield exact


def _solve(rows: Matrix, right: Vector, n: int) -> list[Fraction] | None:
    """One exact solution of rows x = right by Gauss-Jordan elimination (free unknowns 0), or None when there is none."""
    todo = [[*map(Fraction, row), Fraction(value)] for row, value in zip(rows, right)]
    pivots: list[int] = []
    for j in range(n):
        i = next((i for i in range(len(pivots), len(todo)) if todo[i][j]), None)
        if i is None:
            continue
        at = len(pivots)
        todo[at], todo[i] = todo[i], todo[at]
        todo[at] = [value / todo[at][j] for value in todo[at]]
        for other in range(len(todo)):
            if other != at and todo[other][j]:
                factor = todo[other][j]
                todo[other] = [a - factor * b for a, b in zip(todo[other], todo[at])]
        pivots.append(j)
    if any(row[n] for row in todo[len(pivots) :]):
        return None
    solution = [Fraction(0)] * n
    for at, j in enumerate(pivots):
        solution[j] = todo[at][n]
    return solution


def feasible(matrix: Matrix, limits: Vector) -> Result:
    """PROVED when A x <= b has a solution, REFUTED when it has none, each with an exact certificate; else UNDECIDED."""
    point = feasible_point(matrix, limits)
    if point is not None:
        return Result(Finding.PROVED, f"x = {_text(point)}")
    multipliers = farkas_multipliers(matrix, limits)
    if multipliers is not None:
        text = f"infeasible by y = {_text(multipliers)}"
        return Result(Finding.REFUTED, text, counterexample=text)
    return Result(Finding.UNDECIDED, "no exact certificate of either kind was found")


def infeasible(matrix: Matrix, limits: Vector) -> Result:
    """PROVED when A x <= b has no solution, REFUTED with a point that solves it; else UNDECIDED."""
    found = feasible(matrix, limits)
    turned = {Finding.PROVED: Finding.REFUTED, Finding.REFUTED: Finding.PROVED}
    finding = turned.get(found.finding, found.finding)
    return Result(finding, found.detail, counterexample=found.detail if finding is Finding.REFUTED else None)


def all_infeasible(systems: Sequence[tuple[str, Matrix, Vector]]) -> Result:
    """PROVED when every (name, A, b) has no solution; else the first finding that differs, with its name."""
    for name, matrix, limits in systems:
        found = infeasible(matrix, limits)
        if found.finding is not Finding.PROVED:
            return Result(found.finding, f"{name}: {found.detail}", counterexample=found.counterexample)
    count = len(systems)
    return Result(Finding.PROVED, f"{count} systems") if count else Result(Finding.UNDECIDED, "no system")


def bounded(matrix: Matrix, limits: Vector, objective: Vector, bound: Fraction | int) -> Result:
    """PROVED when c x <= bound for all x with A x <= b, REFUTED with a solution beyond the bound; else UNDECIDED."""
    multipliers = dual_multipliers(matrix, limits, objective, bound) or farkas_multipliers(matrix, limits)
    if multipliers is not None:
        return Result(Finding.PROVED, f"y = {_text(multipliers)}")
    point = feasible_point([*matrix, [-c for c in objective]], [*limits, -bound])
    if point is not None and dot(objective, point) > bound:
        text = f"{dot(objective, point)} at x = {_text(point)}"
        return Result(Finding.REFUTED, text, counterexample=text)
    return Result(Finding.UNDECIDED, "no exact certificate of either kind was found")


def _text(values: Sequence[Fraction]) -> str:
    return f"({', '.join(map(str, values))})"
