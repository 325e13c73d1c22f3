"""VC and split-VC dimension by exact search.

Letters: f a Boolean function of a word, A the positions whose settings are the rows ("inputs"), B the others, whose
settings are the columns ("parameters").  Split-VC is the largest VC dimension of the columns over all A.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from theory.core.domain import is_integer, require
from theory.infinite_precision.parameters import require_flag


def vc_dimension(*, matrix: Sequence[Sequence[int]]) -> int:
    """VC dimension of the columns of a 0/1 matrix, as functions on its rows.  Exact; 0 for one distinct column.

    Raises: DomainError for an empty or ragged matrix, or an entry other than 0 and 1.
    Source: textbook.

    Examples:
    >>> vc_dimension(matrix=[[0, 0, 1, 1], [0, 1, 0, 1]])
    2
    >>> vc_dimension(matrix=[[0, 1], [1, 0]])
    1
    """
    table = np.asarray(_checked_matrix(matrix), dtype=np.int8)
    return _vc_above(table, 0)


def _checked_matrix(matrix: Sequence[Sequence[int]]) -> list[list[int]]:
    where, name = "vc_dimension", "matrix"
    rows = [list(row) for row in matrix]
    require(bool(rows) and bool(rows[0]), where=where, name=name, rule="have at least one row and column", value=matrix)
    require(
        len({len(row) for row in rows}) == 1, where=where, name=name, rule="have rows of equal length", value=matrix
    )
    fine = all(is_integer(entry) and entry in (0, 1) for row in rows for entry in row)
    require(fine, where=where, name=name, rule="hold integers 0 and 1 only", value=matrix)
    return rows


def _vc_above(table: np.ndarray, floor: int) -> int:  # type: ignore[type-arg]
    """The VC dimension of the columns of a 0/1 table, or `floor` if it is not larger.

    Depth first over shattered sets of rows.  A set is kept as its cells: for each labelling the bitmask of the columns
    that realise it.  A row extends it iff it splits every cell; the smallest cell bounds how far one can still go.
    """
    table = np.unique(np.unique(table, axis=0), axis=1)  # equal rows or columns change nothing
    n_columns = table.shape[1]
    rows = [int("".join(map(str, row)), 2) for row in table.tolist()]
    best = floor

    def deeper(cells: list[int], candidates: list[int], size: int) -> None:
        nonlocal best
        best = max(best, size)
        reach = size + (min(cell.bit_count() for cell in cells)).bit_length() - 1
        able = [row for row in candidates if all(0 != cell & row != cell for cell in cells)]
        for i, row in enumerate(able):
            if min(reach, size + len(able) - i) <= best:
                return
            deeper([part for cell in cells for part in (cell & row, cell & ~row)], able[i + 1 :], size + 1)

    if min(len(rows), int(math.log2(n_columns))) > floor:
        deeper([(1 << n_columns) - 1], rows, 0)
    return best


def split_vc_dimension(
    *, f: Callable[[tuple[int, ...]], int], alphabets: tuple[tuple[int, ...], ...], symmetric: bool = False
) -> int:
    """Split-VC dimension of a Boolean function of words, over all splits of its positions.  Exact, by enumeration.

    Args:
        f: word -> 0 or 1, for every word of the product of the alphabets.
        alphabets: the symbols allowed at each position.
        symmetric: f does not change when positions are exchanged, so one A of each size is enough.

    Raises: DomainError for an empty alphabet, or a value of f other than 0 and 1.
    Source: 2501.19215v3, Definition 3.1 (follow-up).

    Examples:
    >>> split_vc_dimension(f=lambda w: w[0] * w[1] ^ w[2] * w[3], alphabets=((0, 1),) * 4)
    2
    >>> split_vc_dimension(f=lambda w: 1, alphabets=((0, 1),) * 2)
    0
    """
    where = "split_vc_dimension"
    require_flag(where, "symmetric", symmetric)
    fine = isinstance(alphabets, tuple) and len(alphabets) > 0 and all(len(one) > 0 for one in alphabets)
    require(fine, where=where, name="alphabets", rule="be a tuple of non-empty tuples of symbols", value=alphabets)
    values = [f(word) for word in itertools.product(*alphabets)]
    require(set(values) <= {0, 1}, where=where, name="f", rule="have the values 0 and 1 only", value=set(values))
    cube = np.asarray(values, dtype=np.int8).reshape([len(one) for one in alphabets])
    best = 0
    for chosen in _splits(len(alphabets), symmetric):
        others = [i for i in range(cube.ndim) if i not in chosen]
        n_rows = math.prod(len(alphabets[i]) for i in chosen)
        best = _vc_above(cube.transpose([*chosen, *others]).reshape(n_rows, -1), best)
    return best


def _splits(n: int, symmetric: bool) -> Iterable[tuple[int, ...]]:
    """The sets A of positions, none and all included."""
    if symmetric:
        return [tuple(range(size)) for size in range(n + 1)]
    return itertools.chain.from_iterable(itertools.combinations(range(n), size) for size in range(n + 1))
