"""The function itself, how far a stack of it sees, and when one maximum keeps the predecessor.

Letters: u the rows that the function gets (T rows of m numbers), f the element-wise reduction, D blocks, s shifts a block.

Recipe: `generative_function(u=rows)` is the reference forward pass; a stack of D of them sees `receptive_field(D=D)` tokens
with the weights `reach_weights(D=D)` if f is the mean; `merge_is_lossless(codes=codes)` tells whether f = max loses any.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theory.core.domain import Choice, Parameter, checks, require
from theory.generative.parameters import DEPTH, SHIFT, SHIFTS

Rows = np.ndarray[Any, np.dtype[np.float64]]

REDUCTION = Parameter("f", Choice(("max", "min", "mean")), "element-wise reduction of a row and its partners")
CONTEXT = Parameter("context", Choice(("none", "running_mean", "window_mean")), "mean that is reduced as a third row")
DILATION = Parameter("dilation", Choice(("none", "doubling")), "how the gap grows from block to block")

_REDUCE: dict[str, Callable[..., Any]] = {"max": np.max, "min": np.min, "mean": np.mean}


def finite_matrix(where: str, name: str, values: ArrayLike) -> np.ndarray[Any, Any]:
    """The values as a non-empty two-dimensional array of finite real numbers, in their own precision."""
    try:
        array = np.asarray(values)
    except ValueError:  # rows of different lengths
        array = np.empty(0, dtype=object)
    good = array.ndim == 2 and array.size > 0 and array.dtype.kind in "biuf" and bool(np.isfinite(array).all())
    require(good, where=where, name=name, rule="be a two-dimensional array of finite numbers", value=values)
    return array


@checks(REDUCTION, CONTEXT, SHIFT)
def generative_function(*, u: ArrayLike, f: str = "max", context: str = "none", shift: int = 1) -> Rows:
    """Every row reduced with the row `shift` before it, element by element; the first `shift` rows stay as they are.

    Statement: G(u)_t = f(u_t, u_(t-shift)) or, with a context, f(u_t, u_(t-shift), mean); the mean is over rows 1..t
    (running_mean) or over all rows, later ones included (window_mean).  The window mean is not causal.

    Args:
        u: real [T, m].
        f: max, min or mean; the mean divides by the number of rows that are reduced, 2 or 3.
        context: none, running_mean or window_mean.

    Returns: float64 [T, m].
    Raises: DomainError unless u is two-dimensional, not empty and finite.
    Source: arXiv:2406.10906, abstract (each token is compared with the previous one), v1; f = max as quoted in a review.

    Examples:
    >>> generative_function(u=[[1, 5], [3, 2], [2, 9]]).tolist()
    [[1.0, 5.0], [3.0, 5.0], [3.0, 9.0]]
    >>> generative_function(u=[[1, 5], [3, 2], [2, 9]], f="min", context="running_mean").tolist()
    [[1.0, 5.0], [1.0, 2.0], [2.0, 2.0]]
    >>> generative_function(u=[[1, 5]], f="mean", context="window_mean").tolist()
    [[1.0, 5.0]]
    """
    rows = finite_matrix("generative_function", "u", u).astype(np.float64)
    partners = [rows[shift:], rows[:-shift]]
    if context == "running_mean":
        partners.append((rows.cumsum(axis=0) / np.arange(1, len(rows) + 1)[:, None])[shift:])
    elif context == "window_mean":
        partners.append(np.broadcast_to(rows.mean(axis=0), rows[shift:].shape))
    result = rows.copy()
    if len(rows) > shift:
        result[shift:] = _REDUCE[f](np.stack(partners), axis=0)
    return result


@checks(DEPTH, SHIFTS, DILATION)
def receptive_field(*, D: int, shifts_per_block: int = 1, dilation: str = "none") -> int:
    """Number of last tokens, the current one included, that the output of a stack can depend on.  Exact.

    Statement: s D + 1, and 1 + s (2^D - 1) when the gap doubles from block to block (1, 2, 4, ...).

    Source: derived: P6.

    Examples:
    >>> [receptive_field(D=D) for D in (0, 1, 4)]
    [1, 2, 5]
    >>> receptive_field(D=4, shifts_per_block=2), receptive_field(D=4, dilation="doubling")
    (9, 16)
    """
    return 1 + shifts_per_block * (2**D - 1 if dilation == "doubling" else D)


@checks(DEPTH)
def reach_weights(*, D: int) -> tuple[float, ...]:
    """Weights of the tokens 0, 1, ..., D back in a stack of D means of neighbours without residual.  Exact.

    Statement: C(D, j) 2^-D: mean reach D/2, variance D/4.

    Source: derived: P14.

    Examples:
    >>> reach_weights(D=4)
    (0.0625, 0.25, 0.375, 0.25, 0.0625)
    >>> reach_weights(D=0)
    (1.0,)
    """
    return tuple(math.comb(D, j) / 2**D for j in range(D + 1))


def merge_is_lossless(*, codes: ArrayLike) -> bool:
    """True when a token and the maximum of its code with the predecessor's name the predecessor.  Exact comparison.

    Statement: no rows c and a != a' have max(c, a) = max(c, a').  For 0/1 codes: a cancellative family of sets.

    Args:
        codes: real [tokens, m], one row a token; two equal rows are two tokens that cannot be told apart (False).

    Raises: DomainError unless codes is two-dimensional, not empty and finite.
    Source: derived: P9.

    Examples:
    >>> merge_is_lossless(codes=[[0, 0], [1, 0], [1, 1]])
    False
    >>> merge_is_lossless(codes=[[a, -a] for a in range(6)])
    True
    """
    rows = finite_matrix("merge_is_lossless", "codes", codes)
    return all(len({tuple(one) for one in np.maximum(row, rows).tolist()}) == len(rows) for row in rows)
