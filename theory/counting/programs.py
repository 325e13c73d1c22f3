"""Linear programs about read-outs: what a free separator sees, and what a grammar asks of the sum of head outputs.

Letters: V value rows of a head in the order 0, 1, 2, B, E, a its attention weights in that order, nu the left null vector
of its rows a_t (v_t, 1), U the read-out matrix [token, feature].
Recipe: `reference_features(names=("sem", "const"), N=6)` gives features and kinds for `grammar_margin`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from theory.core.domain import require
from theory.counting.parameters import KINDS, LENGTH_2, TIES, Vector, entries, exact, require_one_of
from theory.counting.perfect import perfect_region_vertices
from theory.counting.states import StateTable, enumerate_states

Array = np.ndarray[Any, np.dtype[np.float64]]
Rows = list[list[Fraction]]

FEATURES = ("sem", "const", "close", "an")
LEAST_MARGIN = 1e-9  # chosen: above what the solver returns for infeasible programs, 1e-14 either side of 0
ALLOWED = {"word": (1, 2, 3, 4), "answer_0": (1,), "answer_1": (2,), "closing": (4,)}


@dataclass(frozen=True)
class GrammarMargin:
    """Largest margin of a read-out, whether it is above 1e-9, and the dual certificate.

    dual: (row, allowed id, forbidden id, weight > 0), weights of sum 1.  The margin is at most the sum of the absolute
    entries of sum weight (e_allowed - e_forbidden) x^T over the features x (with a 1 appended under `bias`).
    """

    margin: float
    feasible: bool
    dual: tuple[tuple[int, int, int, float], ...]


# ---------------------------------------------------------------------------- a free separator on one head
def _value_rows(where: str, V: Any, a: Any, width: int | None = None) -> tuple[list[Vector], Vector]:
    rows = [entries(where, "V", one, width, "value rows, order 0, 1, 2, B, E") for one in V]
    same = len(rows) == 5 and len({len(one) for one in rows}) == 1
    require(same, where=where, name="V", meaning="value rows", rule="be 5 rows of one length", value=V)
    weights = entries(where, "a", a, 5, "attention weights, order 0, 1, 2, B, E")
    require(min(weights) > 0, where=where, name="a", meaning="attention weights", rule="be above 0", value=a)
    return rows, weights


def _readable(V: list[Vector], a: Vector) -> Rows:
    """Rows a_t (v_t, 1) for 0, 1, 2 and the sum of those of B and E, in fractions."""
    rows = [[exact(weight) * exact(x) for x in (*v, 1)] for v, weight in zip(V, a)]
    return [*rows[:3], [x + y for x, y in zip(rows[3], rows[4])]]


def _determinant(m: Rows) -> Fraction:
    return (
        m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1])
        - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
        + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
    )


def wedge_statistic(*, V: Sequence[Vector], a: Vector) -> float:
    """(nu_1 - nu_0)/nu_gamma of a head with two-dimensional values: what decides whether it separates for all lengths.

    Statement: nu spans the left null space of the 4x3 matrix with rows a_t (v_t, 1), t = 0, 1, 2, and
    a_B (v_B, 1) + a_E (v_E, 1) for gamma.  One read-out is right for all lengths iff the statistic lies in [0, 1) ("neg")
    or [-1, 1) ("drop").

    Args:
        V: 5 value rows of 2 numbers, order 0, 1, 2, B, E.
        a: attention weights, above 0, same order.

    Raises: DomainError for other shapes, a matrix of rank below 3, or nu_gamma = 0.

    Source: derived (T9).

    Examples:
    >>> wedge_statistic(V=((-1, 0), (1, 0), (0, 1), (-0.5, 0), (0, -1)), a=(1, 1, 1, 1, 1))
    0.5
    """
    where = "wedge_statistic"
    rows = _readable(*_value_rows(where, V, a, 2))
    nu = [(-1) ** i * _determinant(rows[:i] + rows[i + 1 :]) for i in range(4)]
    require(any(nu), where=where, name="V", meaning="value rows", rule="have rank 3 with a column of ones", value=V)
    require(nu[3] != 0, where=where, name="V", meaning="value rows", rule="have nu_gamma different from 0", value=V)
    return float((nu[1] - nu[0]) / nu[3])


def is_freely_separable(*, V: Sequence[Vector], a: Vector, N: int, tie: str) -> bool:
    """True when some affine read-out of the head's output is above 0 exactly on the label 1, for all strings up to N.

    Statement: feasibility of one linear program on the strings of `perfect_region_vertices`, decided in fractions: either
    a read-out is found, or multipliers prove that there is none.

    Args:
        V: 5 value rows of any width, order 0, 1, 2, B, E; floats are taken as exact fractions.
        a: attention weights, above 0, same order.
        N: largest body length, at least 2.
        tie: "neg" or "drop".

    Raises: DomainError for arguments outside.

    Source: derived (T9).

    Examples:
    >>> is_freely_separable(V=((-1,), (1,), (0,), (0,), (0,)), a=(1, 1, 1, 1, 1), N=9, tie="drop")
    True
    >>> is_freely_separable(V=((1,), (1,), (0,), (0,), (0,)), a=(1, 1, 1, 1, 1), N=9, tie="drop")
    False
    """
    where = "is_freely_separable"
    rows = _whole(_readable(*_value_rows(where, V, a)))
    LENGTH_2.check(N, where=where)
    require_one_of(where, "tie", tie, TIES)
    above, below = (
        [[n[0] * x + n[1] * y + n[2] * z + frame for x, y, z, frame in zip(*rows)] for n in strings]
        for strings in perfect_region_vertices(N=N, tie=tie)
    )
    return _opposing_weights(above, below) is None


def _whole(rows: Sequence[Sequence[Fraction | int]]) -> list[list[int]]:
    """The rows times their least common denominator."""
    scale = math.lcm(*(x.denominator for row in rows for x in row))
    return [[x.numerator * (scale // x.denominator) for x in row] for row in rows]


def _opposing_weights(
    above: Sequence[Sequence[Fraction | int]], below: Sequence[Sequence[Fraction | int]]
) -> list[Fraction] | None:
    """Weights that prove that no c has x c > 0 on `above` and x c <= 0 on `below`, or None when there is such a c.

    By Motzkin's theorem: weights >= 0, those of `above` of sum 1, with sum(above) = sum(below).  They are searched by the
    first phase of the simplex method with Bland's rule, so it ends, and rounds nothing: the table holds integers over one
    common divisor, the determinant of the basis, by which every pivot divides without a remainder (Edmonds 1967).
    """
    facing = _whole([*above, *([-x for x in row] for row in below)])
    n, height = len(facing), len(facing[0]) + 1
    is_above = [int(i < len(above)) for i in range(n)]
    table = [[row[i] for row in facing] + [0] for i in range(height - 1)] + [[*is_above, 1]]
    basis = list(range(n, n + height))  # artificial unknowns, whose columns are never needed again
    cost = [sum(row[j] for row in table) for j in range(n + 1)]
    divisor = 1
    while cost[n]:
        enter = next((j for j in range(n) if cost[j] > 0 and j not in basis), None)
        if enter is None:
            return None
        _, _, leave = min((Fraction(row[n], row[enter]), basis[i], i) for i, row in enumerate(table) if row[enter] > 0)
        kept = table[leave]
        pivot = kept[enter]
        table = [
            row if row is kept else [(x * pivot - row[enter] * y) // divisor for x, y in zip(row, kept)]
            for row in table
        ]
        cost = [(x * pivot - cost[enter] * y) // divisor for x, y in zip(cost, kept)]
        divisor = pivot
        basis[leave] = enter
    weights = [Fraction(0)] * n
    for j, row in zip(basis, table):
        if j < n:
            weights[j] = Fraction(row[n], divisor)
    return weights


# ---------------------------------------------------------------------------- the grammar on all heads
def reference_features(
    *, names: tuple[str, ...], N: int, closing: bool = True, tie: str = "neg"
) -> tuple[Array, tuple[str, ...]]:
    """(features [state, name], kinds): scalar head outputs that carry the meaning and the syntax, on all states.

    Statement: "sem" = (n1 - n0 - 1/2)/(n0 + n1 + 1/2) at answer states; "const" = 1; "close" = 1 at closing states;
    "an" = 1 at answer states; each 0 elsewhere.

    Args:
        names: any of "sem", "const", "close", "an", in the order wanted.
        N: largest body length; lengths are uniform on 1 to N.
        closing: whether the sentence ends with one more E.
        tie: "neg" or "drop".

    Raises: DomainError for an unknown or missing name, N < 1, or another tie rule.

    Source: chosen, as witnesses for T12; each is a limit of softmax heads.

    Examples:
    >>> features, kinds = reference_features(names=("sem", "const"), N=4)
    >>> features.shape, len(kinds)
    ((129, 2), 129)
    """
    where = "reference_features"
    require(len(names) > 0, where=where, name="names", rule="hold a feature", value=names)
    for one in names:
        require_one_of(where, "names", one, FEATURES)
    table = enumerate_states(N=N, tie=tie, closing=closing)
    return np.stack([_feature(one, table) for one in names], axis=1), table.kinds


def _feature(name: str, table: StateTable) -> Array:
    kinds = np.array(table.kinds)
    answer = np.char.startswith(kinds, "answer")
    if name == "sem":
        zeros, ones = table.counts[:, 1], table.counts[:, 2]
        found: Array = np.where(answer, (ones - zeros - 0.5) / (ones + zeros + 0.5), 0.0)
        return found
    marks = {"const": np.ones(len(kinds), dtype=bool), "close": kinds == "closing", "an": answer}
    mark: Array = marks[name].astype(np.float64)
    return mark


def grammar_margin(
    *, features: Array, kinds: tuple[str, ...], bias: bool = False, mode: str = "concat"
) -> GrammarMargin:
    """Largest margin by which a linear read-out of head outputs puts every allowed token above every forbidden one.

    Statement: maximise m over read-outs U (and biases) with entries in [-1, 1] under logit_allowed - logit_forbidden >= m
    for all states.  Word states allow 0, 1, 2, E; answer states the label; closing states E; the rest is forbidden.

    Args:
        features: head outputs, float [state, head] or [state, head, dimension]; they are not rescaled.
        kinds: kind of each state, "word", "answer_0", "answer_1" or "closing".
        bias: whether each logit has a bias.
        mode: "concat" reads every output with weights of its own, "sum" reads the sum over heads.

    Returns: `GrammarMargin`; float64 from a solver, with a dual certificate that anyone can add up.

    Raises: DomainError for other shapes, values that are not finite, unknown kinds or mode.

    Source: derived (T12).

    Examples:
    >>> features, kinds = reference_features(names=("sem", "const"), N=4)
    >>> round(grammar_margin(features=features, kinds=kinds).margin, 9)
    0.0625
    >>> grammar_margin(features=features, kinds=kinds, mode="sum").feasible
    False
    """
    where = "grammar_margin"
    require_one_of(where, "mode", mode, ("concat", "sum"))
    outputs = np.asarray(features, dtype=np.float64)
    shaped = outputs.ndim in (2, 3) and 0 not in outputs.shape and bool(np.isfinite(outputs).all())
    require(
        shaped,
        where=where,
        name="features",
        meaning="head outputs [state, head] or [state, head, dimension]",
        rule="be a finite array of two or three axes",
        value=outputs.shape,
    )
    require(len(kinds) == len(outputs), where=where, name="kinds", rule=f"name {len(outputs)} states", value=len(kinds))
    for one in set(kinds):
        require_one_of(where, "kinds", one, KINDS)
    if mode == "sum":
        outputs = outputs.sum(axis=1)
    flat = outputs.reshape(len(outputs), -1)
    return _solve(np.c_[flat, np.ones(len(flat))] if bias else flat, kinds)


def _solve(flat: Array, kinds: tuple[str, ...]) -> GrammarMargin:
    from scipy.optimize import linprog
    from scipy.sparse import csr_matrix

    width = flat.shape[1]
    first: dict[tuple[str, bytes], int] = {}  # equal rows of one kind ask for the same, so one of them is enough
    for row, kind in enumerate(kinds):
        first.setdefault((kind, flat[row].tobytes()), row)
    pairs = [
        (row, allowed, forbidden)
        for (kind, _), row in first.items()
        for allowed in ALLOWED[kind]
        for forbidden in range(5)
        if forbidden not in ALLOWED[kind]
    ]
    system = np.zeros((len(pairs), 5 * width + 1))
    for i, (row, allowed, forbidden) in enumerate(pairs):
        system[i, allowed * width : (allowed + 1) * width] = -flat[row]
        system[i, forbidden * width : (forbidden + 1) * width] = flat[row]
        system[i, -1] = 1.0
    solved = linprog(
        np.r_[np.zeros(5 * width), -1.0],
        A_ub=csr_matrix(system),
        b_ub=np.zeros(len(pairs)),
        bounds=[(-1, 1)] * (5 * width) + [(None, None)],
        method="highs",
    )
    assert solved.status == 0, solved.message  # U = 0, m = 0 is feasible, and m is bounded by the features
    weights = -solved.ineqlin.marginals
    dual = tuple((*pair, float(w)) for pair, w in zip(pairs, weights) if w > 0)
    total = math.fsum(w for *_, w in dual)
    margin = float(-solved.fun)
    return GrammarMargin(margin, margin > LEAST_MARGIN, tuple((row, yes, no, w / total) for row, yes, no, w in dual))


# ---------------------------------------------------------------------------- heads for a symmetric function
def min_heads_symmetric(*, values: tuple[int, ...]) -> int:
    """Least number of scalar heads, beside a constant, for a symmetric function of n bits without noise.

    Statement: the number of changes along the values at n1 = 0, 1, ..., n.

    Args:
        values: 0 or 1 for each n1.

    Raises: DomainError for an empty list or another value.

    Source: derived (T13).

    Examples:
    >>> min_heads_symmetric(values=(0, 1, 0, 1, 0, 1)), min_heads_symmetric(values=(0, 0, 1, 1))
    (5, 1)
    """
    where = "min_heads_symmetric"
    found = entries(where, "values", values)
    require(all(one in (0, 1) for one in found), where=where, name="values", rule="be 0 or 1 each", value=values)
    return sum(before != after for before, after in itertools.pairwise(found))
