"""When query temperature lowers the norm of exact targets, for any number of queries and keys.

Letters: l_i logit row of query i, E_q, E_k embeddings (one a row), C the inverse Gram matrix of the keys without its shift
direction, A = (E_q E_q^T)^-1 o (L C L^T) (entrywise) the selectivity matrix, theta = 1/tau >= 1 in the least norm.

Why: W must satisfy E_q W E_k^T = theta_i l_i + shift_i, and the least |W|_F^2 is theta^T A theta.  Standard attention has
theta = 1; the gradient there is 2 A 1, so temperature helps iff a row sum is negative.

Recipe: `temperature_helps(logits=np.log(P), E_q=E, E_k=E)` before training; `min_norm_selective` tells how much.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from theory.core.errors import Undecided
from theory.selective.parameters import Array, array, gram, require_rows

NEGATIVE = -1e-12  # chosen: a row sum that is 0 in exact arithmetic rounds to about 1e-17 of the largest entry
FLAT = 1e-24  # chosen: squared logit norm, relative to the largest, below which a row is uniform
ACCURATE = 1e-10  # chosen: relative gap that the quadratic program must reach


def selectivity_matrix(*, logits: npt.ArrayLike, E_q: npt.ArrayLike, E_k: npt.ArrayLike) -> Array:
    """A [N, N], positive semidefinite, with theta^T A theta the least squared |W|_F for the logits theta_i l_i.

    Args:
        logits: one row a query, [N, K], in nats; each row may be shifted by any number.
        E_q: query embeddings, [N, d_q], independent rows.
        E_k: key embeddings, [K, d_k], independent rows.

    Raises: DomainError for shapes that do not fit, nan or infinity, or dependent rows (condition above 1e12), which
    includes every d below the number of rows.

    Source: derived: selectivity-matrix.

    Examples:
    >>> selectivity_matrix(logits=[[1, -1], [2, -2]], E_q=[[1, 0], [0, 1]], E_k=[[1, 0], [0, 1]]).tolist()
    [[2.0, 0.0], [0.0, 8.0]]
    """
    where = "selectivity_matrix"
    rows = array(where, "logits", logits, 2, "one logit row a query")
    queries, keys = array(where, "E_q", E_q, 2, "embeddings"), array(where, "E_k", E_k, 2, "embeddings")
    require_rows(where, "E_q", queries.shape[0], rows.shape[0], "logits")
    require_rows(where, "E_k", keys.shape[0], rows.shape[1], "logits columns")
    inverse = np.linalg.inv(gram(where, "E_k", keys))
    shift = inverse.sum(axis=1)
    metric = inverse - np.outer(shift, shift) / shift.sum()
    rows = rows - rows.mean(axis=1, keepdims=True)  # the metric ignores shifts; without them less is rounded
    found: Array = np.linalg.inv(gram(where, "E_q", queries)) * (rows @ metric @ rows.T)
    return (found + found.T) / 2


def min_norm(*, logits: npt.ArrayLike, E_q: npt.ArrayLike, E_k: npt.ArrayLike) -> float:
    """Least |W|_F with which standard attention has exactly these logits, up to a shift of each row: sqrt(1^T A 1).

    Raises: DomainError as `selectivity_matrix`.

    Source: derived: selectivity-matrix.

    Examples:
    >>> round(min_norm(logits=[[1, -1], [2, -2]], E_q=[[1, 0], [0, 1]], E_k=[[1, 0], [0, 1]]) ** 2, 12)
    10.0
    """
    return math.sqrt(max(0.0, float(selectivity_matrix(logits=logits, E_q=E_q, E_k=E_k).sum())))


@dataclass(frozen=True)
class SelectiveNorm:
    """Least |W|_F over W and positive temperatures of at most 1, and theta = 1/tau [N] >= 1."""

    norm: float
    theta: Array


def min_norm_selective(*, logits: npt.ArrayLike, E_q: npt.ArrayLike, E_k: npt.ArrayLike) -> SelectiveNorm:
    """Least |W|_F with free query temperatures tau in (0, 1]: sqrt(min over theta >= 1 of theta^T A theta).

    A convex quadratic program, solved by non-negative least squares and certified by duality: with y = A theta >= 0 every
    feasible theta' has theta'^T A theta' >= (1^T y)^2 / theta^T A theta.  A uniform row has an irrelevant theta, returned
    as 1.

    Raises: DomainError as `selectivity_matrix`; Undecided when the relative gap exceeds 1e-10.

    Source: derived: selectivity-criterion.

    Examples:
    >>> l = [3, 1, -1, -3]
    >>> near = [[1, 0, 0], [.8, .6, 0], [.8, .8 / 3, (1 - .64 - .64 / 9) ** .5]]
    >>> found = min_norm_selective(logits=[l, [x / 2 for x in l], [x / 5 for x in l]], E_q=near, E_k=np.eye(4))
    >>> round(found.norm, 9), found.theta.round(9).tolist()
    (4.472135955, [1.0, 1.6, 4.0])
    """
    matrix = selectivity_matrix(logits=logits, E_q=E_q, E_k=E_k)
    theta = np.ones(len(matrix))
    used = np.flatnonzero(np.diag(matrix) > FLAT * np.diag(matrix).max())
    if used.size and np.diag(matrix).max() > 0:
        theta[used] = least_form(matrix[np.ix_(used, used)])
    return SelectiveNorm(math.sqrt(max(0.0, float(theta @ matrix @ theta))), theta)


def temperature_helps(*, logits: npt.ArrayLike, E_q: npt.ArrayLike, E_k: npt.ArrayLike) -> bool:
    """True iff some row sum of the selectivity matrix is negative, beyond rounding: then a tau below 1 lowers |W|_F.

    Raises: DomainError as `selectivity_matrix`.

    Source: derived: selectivity-criterion.

    Examples:
    >>> twins = [[1, 0], [.9, .19 ** .5]]
    >>> temperature_helps(logits=[[3, -3], [1, -1]], E_q=twins, E_k=[[1, 0], [0, 1]])
    True
    >>> temperature_helps(logits=[[3, -3], [-1, 1]], E_q=twins, E_k=[[1, 0], [0, 1]])
    False
    """
    matrix = selectivity_matrix(logits=logits, E_q=E_q, E_k=E_k)
    return bool(matrix.sum(axis=1).min() < NEGATIVE * np.abs(matrix).max())


def least_form(matrix: Array) -> Array:
    """theta >= 1 that minimises theta^T A theta for a positive semidefinite A with a positive diagonal.

    Raises: Undecided when duality does not confirm it to a relative gap of 1e-10.
    """
    from scipy.optimize import nnls

    scale = np.sqrt(np.diag(matrix))
    scaled = matrix / np.outer(scale, scale)
    values, vectors = np.linalg.eigh(scaled)
    root = np.sqrt(np.maximum(values, 0))[:, None] * vectors.T
    try:
        beyond, _ = nnls(root, -root @ scale, maxiter=100 * len(matrix))
    except RuntimeError as reason:
        raise Undecided(f"least_form: {reason}") from None
    free = np.flatnonzero(beyond > 0)
    theta = np.ones(len(matrix))
    if free.size:  # once more on the active set, where the gradient must vanish
        fixed = np.setdiff1d(np.arange(len(matrix)), free)
        right = -scaled[np.ix_(free, fixed)] @ scale[fixed]
        theta[free] = np.linalg.lstsq(scaled[np.ix_(free, free)], right, rcond=None)[0] / scale[free]
        if (theta < 1).any():
            theta = 1 + beyond / scale
    pull = matrix @ theta
    value, least = float(theta @ pull), float(np.maximum(pull, 0).sum())
    short = float(np.maximum(-pull, 0) @ np.abs(theta))
    if value - least**2 / value + short > ACCURATE * value:
        raise Undecided(f"least_form: relative gap {(value - least**2 / value + short) / value:.2g} above {ACCURATE:g}")
    return theta
