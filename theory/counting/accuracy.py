"""Exact quality of a head: separation accuracy, ROC AUC, accuracy at its own threshold, and surfaces of them.

All are sums over the answer states, sorted by score; equal scores are one group, because no threshold can part them.
Exact input is computed in whole numbers: a score A/B becomes the key floor(2^s A/B) with 2^s > B^2 for all B, which orders
fractions and tells equal from different without rounding.  Floats are sorted, and neighbours closer than 1e-11 (1 + |s|)
are one group; where the attention weights differ by more than a factor of a million, or a value lies beyond a thousand,
scores come closer than that or are rounded by more, and the floats are taken as exact fractions instead.

Letters: s score, b threshold, K number of answer states.  Recipe: `separation_accuracy(length_law="uniform", N=12,
head=(3, Fraction(1, 2), 0, 0, 1), tie="neg")`, to be read beside `majority_accuracy`, which needs no head at all.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from theory.core.domain import Integer, Parameter, Real, checks, require
from theory.counting.head import forms
from theory.counting.parameters import (
    Head,
    Number,
    P,
    Vector,
    entries,
    exact,
    head_of,
    is_exact,
    like,
    require_finite,
    require_one_of,
    require_positive,
)
from theory.counting.states import AnswerStates, expected, scored_states

Array = np.ndarray[Any, np.dtype[np.float64]]
Forms = tuple[Sequence[Number], Sequence[Number]]

TIE_WIDTH = 1e-11  # measured: rounding of one score stays below it while weights lie within LARGEST_RATIO
LARGEST_RATIO = 1e6  # chosen: between attention weights, up to which floats are compared with that tolerance
LARGEST_VALUE = 1e3  # chosen: of kappa and sigma, likewise; a head of tiny gain has larger ones
CELLS = 1 << 21  # chosen: float64 entries sorted at once

M = Parameter("m", Integer(1), "number of sampled strings")
K = Parameter("K", Integer(1), "number of answer states")
DELTA = Parameter("delta", Real(0, 1, open_low=True, open_high=True), "failure probability")


@dataclass(frozen=True)
class SwapShares:
    """Mean accuracy over all pairs of attention and values, and the shares of its variance; the shares sum to 1."""

    mean: Number
    attention: Number
    values: Number
    interaction: Number


# ---------------------------------------------------------------------------- sorting without rounding
def _whole(form: Forms) -> tuple[list[int], list[int]]:
    """The two forms as whole numbers with one common factor, which leaves the ratio as it is."""
    above, below = [exact(one) for one in form[0]], [exact(one) for one in form[1]]
    unit = math.lcm(*(one.denominator for one in (*above, *below)))
    return [int(one * unit) for one in above], [int(one * unit) for one in below]


def _pairs(where: str, states: AnswerStates, form: Forms) -> list[tuple[int, int]]:
    """Numerator and denominator of every state's score.  Raises: DomainError where a denominator is 0."""
    (u0, u1, u2, u), (v0, v1, v2, v) = _whole(form)
    found = [(u0 * n0 + u1 * n1 + u2 * n2 + u, v0 * n0 + v1 * n1 + v2 * n2 + v) for n0, n1, n2 in states.counts]
    _require_scores(where, min(below for _, below in found) > 0)
    return found


def _require_scores(where: str, holds: bool) -> None:
    require(
        holds,
        where=where,
        name="head",
        rule="attend to a token of every string that can occur",
        value="a weight of 0 on all tokens of a string",
        cure='w02 = wS = 0 leaves strings of 2s without a score; take tie="drop" or p2 = 0',
    )


def _groups(states: AnswerStates, pairs: Iterable[tuple[int, int]]) -> list[tuple[Any, Any]]:
    """Masses (label 0, label 1) of the groups of equal score, by increasing score."""
    pairs = list(pairs)
    shift = 2 * max(below for _, below in pairs).bit_length()
    found: dict[int, list[Any]] = {}
    for (above, below), label, mass in zip(pairs, states.labels, states.masses):
        found.setdefault((above << shift) // below, [0, 0])[label] += mass
    return [(found[key][0], found[key][1]) for key in sorted(found)]


def _best_cut(groups: list[tuple[Any, Any]], total: Any) -> Any:
    """Largest mass that a threshold of either orientation gets right; both ends count as thresholds."""
    right = sum(ones for _, ones in groups)  # the lowest threshold answers 1 everywhere
    best = max(right, total - right)
    for zeros, ones in groups:
        right += zeros - ones
        best = max(best, right, total - right)
    return best


def _exact_separation(states: AnswerStates, pairs: list[tuple[int, int]], *inputs: object) -> Number:
    best = _best_cut(_groups(states, pairs), states.total)
    if isinstance(states.total, int):
        return like(Fraction(best, states.total), *inputs)
    return float(best / states.total)


# ---------------------------------------------------------------------------- sorting floats, many heads at once
def _needs_fractions(form: Forms) -> bool:
    """True when floats cannot be told from ties, or when nothing is a float."""
    if is_exact(*form[0], *form[1]):
        return True
    weights = [float(one) for one in form[1] if one]
    values = [abs(float(above) / float(below)) for above, below in zip(*form) if below]
    return not weights or max(weights) > LARGEST_RATIO * min(weights) or max(values) > LARGEST_VALUE


def _scores(where: str, states: AnswerStates, above: Array, below: Array) -> Array:
    """Scores [form, state] of forms [form, 4]."""
    parts = np.c_[states.array, np.ones(len(states.array))]
    divisor = below @ parts.T
    _require_scores(where, bool((divisor > 0).all()))
    scores: Array = (above @ parts.T) / divisor
    return scores


def _sorted_groups(scores: Array) -> tuple[Any, Any]:
    """(order, last): the sorting permutation of each row, and whether a sorted entry is the last of its group."""
    order = np.argsort(scores, axis=1, kind="stable")
    ranked = np.take_along_axis(scores, order, axis=1)
    gap = np.diff(ranked, axis=1) > TIE_WIDTH * (1 + np.abs(ranked[:, :-1]))
    return order, np.c_[gap, np.ones(len(scores), dtype=bool)]


def _separations(states: AnswerStates, scores: Array) -> Array:
    """Separation accuracy of every row of scores [form, state]."""
    order, last = _sorted_groups(scores)
    gain = np.cumsum((-states.sign * states.share)[order], axis=1)
    ones = float(states.share[states.sign > 0].sum())
    high = np.where(last, gain, 0.0).max(axis=1)
    low = np.where(last, gain, 0.0).min(axis=1)
    best: Array = np.maximum(ones + np.maximum(high, 0.0), 1 - ones - np.minimum(low, 0.0))
    return np.minimum(best, 1.0)


def _all_separations(where: str, states: AnswerStates, all_forms: Sequence[Forms]) -> list[Number]:
    """Separation accuracy of every form: exact ones in fractions, floats in batches, extreme ones as fractions."""
    found: list[Number] = [0] * len(all_forms)
    plain = []
    for i, form in enumerate(all_forms):
        if _needs_fractions(form):
            found[i] = _exact_separation(states, _pairs(where, states, form), *form[0], *form[1])
        else:
            plain.append(i)
    step = max(1, CELLS // len(states.counts))
    for start in range(0, len(plain), step):
        part = plain[start : start + step]
        above = np.array([[float(one) for one in all_forms[i][0]] for i in part])
        below = np.array([[float(one) for one in all_forms[i][1]] for i in part])
        for i, value in zip(part, _separations(states, _scores(where, states, above, below)).tolist()):
            found[i] = value
    return found


# ---------------------------------------------------------------------------- one head
def separation_accuracy(*, length_law: str, N: int, head: Head, tie: str, p: tuple[Number, ...] = P) -> Number:
    """Largest probability that one threshold on the head's score, of either orientation, gives the label.

    Args:
        length_law: "fixed" (length N) or "uniform" (length uniform on 1 to N).
        head: (w01, w02, kappa, sigma, wS).
        tie: "neg" (ties have label 0) or "drop" (ties are left out, the rest renormalised).
        p: law of a body token (p0, p1, p2).

    Returns: a value in [majority_accuracy, 1].

    Raises: DomainError for arguments outside, and where a string that can occur has no score.

    Source: derived (exact enumeration).  The paper's definition of its separation accuracy is unknown; this one is chosen.

    Examples:
    >>> separation_accuracy(length_law="uniform", N=6, head=(2, 1, 0, 0, 1), tie="neg")
    Fraction(1451, 1458)
    """
    where = "separation_accuracy"
    one = head_of(where, head)
    states = scored_states(where, length_law=length_law, N=N, tie=tie, p=p)
    return _all_separations(where, states, [forms(one)])[0]


def roc_auc(*, length_law: str, N: int, head: Head, tie: str, p: tuple[Number, ...] = P) -> Number:
    """Probability that a string with label 1 scores above one with label 0; equal scores count one half.

    Args: as `separation_accuracy`.

    Returns: the raw value; 1 minus it belongs to the head with the sign of its gain turned.

    Raises: DomainError as `separation_accuracy`, and when a class is empty.

    Source: textbook (Mann-Whitney), summed exactly.

    Examples:
    >>> roc_auc(length_law="uniform", N=6, head=(2, 1, 0, 0, 1), tie="neg")
    Fraction(1485388, 1486023)
    """
    where = "roc_auc"
    one = head_of(where, head)
    states = scored_states(where, length_law=length_law, N=N, tie=tie, p=p)
    require(
        0 < sum(states.labels) < len(states.labels),
        where=where,
        name="p",
        meaning="law of a body token",
        rule="leave strings of both labels",
        value=p,
    )
    form = forms(one)
    if _needs_fractions(form):
        groups = _groups(states, _pairs(where, states, form))
    else:
        above, below = (np.array([[float(one) for one in part]]) for part in form)
        order, last = _sorted_groups(_scores(where, states, above, below))
        ends = np.flatnonzero(last[0])
        ones = (states.share * (states.sign > 0))[order[0]].cumsum()[ends]
        zeros = (states.share * (states.sign < 0))[order[0]].cumsum()[ends]
        groups = list(zip(np.diff(zeros, prepend=0.0).tolist(), np.diff(ones, prepend=0.0).tolist()))
    before, twice = 0 * groups[0][0], 0 * groups[0][0]
    for of_zero, of_one in groups:
        twice += of_one * (2 * before + of_zero)
        before += of_zero
    whole = 2 * before * sum(of_one for _, of_one in groups)
    return like(Fraction(twice, whole), *one) if isinstance(whole, int) else float(twice / whole)


def fixed_threshold_accuracy(
    *,
    length_law: str,
    N: int,
    head: Head,
    tie: str,
    b: Number = 0,
    gain: Number = 1,
    p: tuple[Number, ...] = P,
) -> Number:
    """Probability that the rule "answer 1 iff gain (s - b) > 0" gives the label.

    Args: as `separation_accuracy`, and
        b: the threshold; a head's own one is `canonicalize_head(...).b_own`.
        gain: only its sign counts; a negative one turns the rule round.

    Raises: DomainError as `separation_accuracy`, and when the gain is 0.

    Source: derived (exact enumeration); a score equal to the threshold answers 0.

    Examples:
    >>> round(float(fixed_threshold_accuracy(length_law="fixed", N=11, head=(2, 1, 0, 0, 0), tie="drop")), 9)
    0.766050141
    """
    where = "fixed_threshold_accuracy"
    one = head_of(where, head)
    require_finite(where, "b", b, meaning="threshold")
    require_finite(where, "gain", gain)
    require(gain != 0, where=where, name="gain", rule="differ from 0", value=gain)
    states = scored_states(where, length_law=length_law, N=N, tie=tie, p=p)
    form = forms(one)
    if is_exact(*one, b) or _needs_fractions(form):
        pairs, limit = _pairs(where, states, form), exact(b)
        signs = [above * limit.denominator - limit.numerator * below for above, below in pairs]
    else:
        above, below = (np.array([[float(one) for one in part]]) for part in form)
        away = _scores(where, states, above, below)[0] - float(b)
        signs = np.where(np.abs(away) <= TIE_WIDTH * (1 + abs(float(b))), 0.0, away).tolist()
    answers = [sign > 0 if gain > 0 else sign < 0 for sign in signs]
    return expected(states, [a == y for a, y in zip(answers, states.labels)], *one, b)


def one_token_head_accuracy(
    *, length_law: str, N: int, tie: str, which: str, wS: Number = 1, p: tuple[Number, ...] = P
) -> Number:
    """Separation accuracy of a head that sees only 1s, of its mirror that sees only 0s, or of their sum.

    Statement: the scores are n1/(n1 + wS) for A, -n0/(n0 + wS) for B; their sum has the sign of n1 - n0.

    Args: as `separation_accuracy`, and
        which: "A", "B" or "sum".
        wS: weight of the frame relative to that of the token seen, above 0.

    Raises: DomainError for arguments outside.

    Source: derived (T7, its extreme case).

    Examples:
    >>> one_token_head_accuracy(length_law="fixed", N=11, tie="drop", which="sum")
    Fraction(1, 1)
    """
    where = "one_token_head_accuracy"
    require_one_of(where, "which", which, ("A", "B", "sum"))
    require_positive(where, "wS", wS, meaning="weight of the frame")
    states = scored_states(where, length_law=length_law, N=N, tie=tie, p=p)
    frame = exact(wS)
    up, down = frame.denominator, frame.numerator  # n/(n + wS) = up n/(up n + down)
    pairs = []
    for n0, n1, _ in states.counts:
        seen, unseen = (up * n1, up * n1 + down), (-up * n0, up * n0 + down)
        both = (seen[0] * unseen[1] + unseen[0] * seen[1], seen[1] * unseen[1])
        pairs.append({"A": seen, "B": unseen, "sum": both}[which])
    return _exact_separation(states, pairs, wS)


@checks(M, K, DELTA)
def separation_accuracy_error(*, m: int, K: int, delta: float, heads: str = "one") -> float:
    """Largest error of the separation accuracy measured on m sampled strings, with probability 1 - delta.

    Statement: sqrt(ln(4 (K+1)/delta)/(2m)) for one head fixed beforehand; for all heads and thresholds at once the K + 1
    cuts become the sum over i <= 3 of C(K-1, i) halfspaces that Cover counts (T1: a head is a halfspace).

    Args:
        m: number of sampled strings.
        K: number of answer states.
        delta: failure probability.
        heads: "one" or "all".

    Raises: DomainError for arguments outside.

    Source: textbook (Hoeffding and a union; Cover's count), put together here.

    Examples:
    >>> round(separation_accuracy_error(m=4000, K=454, delta=0.01), 9)
    0.038909771
    """
    require_one_of("separation_accuracy_error", "heads", heads, ("one", "all"))
    cuts = K + 1 if heads == "one" else sum(math.comb(K - 1, i) for i in range(4))
    return math.sqrt((math.log(4) + math.log(cuts) - math.log(delta)) / (2 * m))


# ---------------------------------------------------------------------------- several heads
def cooperation_index(*, head_scores: Vector, sum_score: Number) -> Number:
    """How much better the sum of the heads separates than the best of them.

    Args:
        head_scores: separation accuracies of the heads.
        sum_score: separation accuracy of their sum.

    Returns: about 0 for a pseudo-ensemble or a single winner, above 0 where heads cooperate.

    Raises: DomainError without heads, or for values that are not finite.

    Source: chosen.

    Examples:
    >>> cooperation_index(head_scores=(Fraction(9, 10), Fraction(4, 5)), sum_score=1)
    Fraction(1, 10)
    """
    found = entries("cooperation_index", "head_scores", head_scores)
    require_finite("cooperation_index", "sum_score", sum_score)
    return sum_score - max(found)


def intervention_surface(
    *,
    head: Head,
    grid01: Vector,
    grid02: Vector,
    special: str = "keep",
    length_law: str = "uniform",
    N: int,
    tie: str = "neg",
    p: tuple[Number, ...] = P,
) -> tuple[tuple[Number, ...], ...]:
    """Separation accuracy with the head's attention row overwritten by every pair of the grid, its values kept.

    Args: as `separation_accuracy`, and
        grid01: values of w01, the rows of the result.
        grid02: values of w02, the columns.
        special: "keep" leaves wS as it is relative to the weight of 0; "drop" sets it to 0.

    Raises: DomainError for arguments outside.

    Source: derived.  The paper's grid is unknown.

    Examples:
    >>> surface = intervention_surface(head=(1, 1, 0, 0, 0), grid01=(Fraction(1, 10), 10), grid02=(10,), N=12)
    >>> [round(float(row[0]), 9) for row in surface]
    [0.758762497, 0.792459715]
    """
    where = "intervention_surface"
    require_one_of(where, "special", special, ("keep", "drop"))
    _, _, kappa, sigma, frame = head_of(where, head)
    rows, columns = entries(where, "grid01", grid01), entries(where, "grid02", grid02)
    for name, values, open_end in (("grid01", rows, True), ("grid02", columns, False)):
        holds = all(one > 0 or (one == 0 and not open_end) for one in values)
        require(holds, where=where, name=name, rule="hold weights " + ("above 0" if open_end else ">= 0"), value=values)
    frame = frame if special == "keep" else 0
    states = scored_states(where, length_law=length_law, N=N, tie=tie, p=p)
    cells = [forms((w01, w02, kappa, sigma, frame)) for w01 in rows for w02 in columns]
    found, width = _all_separations(where, states, cells), len(columns)
    return tuple(tuple(found[i * width : (i + 1) * width]) for i in range(len(rows)))


def swap_anova(
    *,
    attn_list: Sequence[Vector],
    value_list: Sequence[Vector],
    length_law: str = "uniform",
    N: int,
    tie: str = "neg",
    p: tuple[Number, ...] = P,
) -> SwapShares:
    """Shares of attention, of values, and of their interaction in the separation accuracy of swapped heads.

    Statement: M_ij is the accuracy of attention i with values j; the shares are the mean squares of the row means, of the
    column means and of the rest, each less the grand mean, over the total (a two-way analysis without replication).

    Args: as `separation_accuracy`, and
        attn_list: attention weights of each head, order 0, 1, 2, B, E; those of body tokens above or equal to 0.
        value_list: scalar attributions of each head, same order.

    Raises: DomainError for arguments outside, and when all accuracies are equal (no variance to share).

    Source: textbook (analysis of variance) on exact accuracies.

    Examples:
    >>> rows = ((1, 1, 1, 1, 1), (1, 3, 1, 1, 1))
    >>> swap_anova(attn_list=rows, value_list=((-1, 1, 0, 0, 0),), N=4).attention
    Fraction(1, 1)
    """
    where = "swap_anova"
    require(len(attn_list) > 0, where=where, name="attn_list", rule="hold a head", value=attn_list)
    require(len(value_list) > 0, where=where, name="value_list", rule="hold a head", value=value_list)
    attention = [entries(where, "attn_list", one, 5, "order 0, 1, 2, B, E") for one in attn_list]
    values = [entries(where, "value_list", one, 5, "order 0, 1, 2, B, E") for one in value_list]
    for row in attention:
        require(min(row) >= 0, where=where, name="attn_list", rule="hold weights >= 0", value=row)
    states = scored_states(where, length_law=length_law, N=N, tie=tie, p=p)
    swapped = [_swapped(a, c) for a in attention for c in values]
    found = [exact(one) for one in _all_separations(where, states, swapped)]
    n_rows, n_columns = len(attention), len(values)
    mean = sum(found, Fraction(0)) / len(found)
    of_rows = [sum(found[i * n_columns : (i + 1) * n_columns], Fraction(0)) / n_columns - mean for i in range(n_rows)]
    of_columns = [sum(found[j::n_columns], Fraction(0)) / n_rows - mean for j in range(n_columns)]
    total = sum(((one - mean) ** 2 for one in found), Fraction(0)) / len(found)
    require(
        total > 0, where=where, name="attn_list", rule="give accuracies that differ", value="all accuracies are equal"
    )
    row_share = sum((one**2 for one in of_rows), Fraction(0)) / n_rows / total
    column_share = sum((one**2 for one in of_columns), Fraction(0)) / n_columns / total
    inputs = [*(x for one in (*attention, *values) for x in one), *p]
    shares = (mean, row_share, column_share, 1 - row_share - column_share)
    return SwapShares(*(like(one, *inputs) for one in shares))


def _swapped(a: Vector, c: Vector) -> Forms:
    """The two forms of a head with attention a and values c, both in the order 0, 1, 2, B, E.

    Values are moved and scaled as in canonical coordinates, which changes no separation accuracy, so that the tolerance
    for equal floats has the same meaning for every head.
    """
    mid = Fraction(exact(c[0]) + exact(c[1])) / 2
    unit = abs(exact(c[1]) - exact(c[0])) / 2 or max(abs(exact(one) - mid) for one in c) or Fraction(1)
    above = [exact(weight) * (exact(value) - mid) / unit for weight, value in zip(a, c)]
    below = [exact(weight) for weight in a]
    inputs = (*a, *c)
    return (
        [like(one, *inputs) for one in (*above[:3], above[3] + above[4])],
        [like(one, *inputs) for one in (*below[:3], below[3] + below[4])],
    )
