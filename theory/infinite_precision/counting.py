"""Textbook counts: cells, sign patterns, VC dimensions of parametrised classes and of ReLU networks.

Letters: M functions, P real parameters, D degree, t operations, q exponentials, W weights and biases, L linear layers,
k_i units of layer i.  All logarithms have base 2.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from theory.core.domain import checks, require
from theory.infinite_precision.parameters import (
    CONSTANT,
    DEGREE,
    INPUT_DIM,
    LAYERS,
    M_COUNT,
    P,
    Q,
    T,
    W,
    checked_widths,
)

EXACT_CELLS = 4096  # up to here cells are summed as integers; chosen: beyond it the expansion below is exact to 1e-11


@checks(M_COUNT, P)
def hyperplane_cells(*, M: int, P: int) -> int:
    """Largest number of cells into which M affine functions cut R^P; 2^M when P >= M.  Exact.

    Statement: sum over j <= P of C(M, j); bounds the sign vectors [f_1 > 0, .., f_M > 0].

    Source: textbook.

    Examples:
    >>> hyperplane_cells(M=10, P=3)
    176
    >>> hyperplane_cells(M=3, P=5)
    8
    """
    M, P = int(M), int(P)
    total = term = 1
    for j in range(1, min(M, P) + 1):
        term = term * (M - j + 1) // j
        total += term
    return total


def cells_log2(M: int, P: int) -> float:
    """log2 of `hyperplane_cells` for M of any size.

    Beyond EXACT_CELLS it is log2 C(M, P) by Stirling's series, plus the log of 1 + P/(M-P+1) + ..., the terms of lower
    order; for P > M/2 the complement 2^M - Phi(M, M-P-1) is taken instead.
    """
    if P >= M:
        return float(M)
    if M <= EXACT_CELLS:
        return math.log2(hyperplane_cells(M=M, P=P))
    if 2 * P > M:
        return M + math.log1p(-(2.0 ** (cells_log2(M, M - P - 1) - M))) / math.log(2)
    term = total = 1.0
    for i in range(P):
        term *= (P - i) / (M - P + 1 + i)
        total += term
        if term < 1e-17 * total:
            break
    return _binomial_log2(M, P) + math.log2(total)


def _binomial_log2(M: int, P: int) -> float:
    """log2 C(M, P) for 2P <= M, M > EXACT_CELLS: ln M!/(M-P)! = P ln M - (M-P+1/2) ln(1 - P/M) - P + 1/12M - 1/12(M-P)."""
    x = P / M  # an int quotient, rounded once however large M is
    if x < 1e-30:  # (M-P+1/2) ln(1 - x) + P is about P x/2, which is nothing beside P ln M
        correction = 0.0
    else:
        correction = -(M - P + 0.5) * math.log1p(-x) - P + 1 / (12 * M) - 1 / (12 * (M - P))
    return P * math.log2(M) + (correction - math.lgamma(P + 1)) / math.log(2)


@checks(M_COUNT, DEGREE, P)
def warren_sign_patterns_log2(*, M: int, D: int, P: int) -> float:
    """log2 of the number of sign vectors of M polynomials of degree at most D in P real variables; an upper bound.

    Statement: 1 + P log2(2 e M D / P) for P <= M, and never more than M.  For P > M the formula does not hold and may
    fall below the truth, so M is returned.  M may be an integer of any size.

    Source: textbook: Warren 1968; Anthony and Bartlett 1999, Theorem 8.3.

    Examples:
    >>> warren_sign_patterns_log2(M=10, D=1, P=3)
    10.0
    >>> round(warren_sign_patterns_log2(M=64, D=2, P=6), 6)
    42.146395
    """
    M, P = int(M), int(P)
    if P > M:
        return float(M)
    formula = warren_formula_log2(math.log2(M), int(D), P)
    return float(min(formula, M))


def warren_formula_log2(log2_M: float, degree: int, P: int) -> float:
    """1 + P log2(2 e M D / P), from log2 M; the caller has P <= M."""
    return 1 + P * (math.log2(2 * math.e * degree / P) + log2_M)


@checks(P, T)
def goldberg_jerrum_vc(*, P: int, t: int) -> int:
    """VC dimension of a class with P real parameters and t arithmetic operations or jumps; an upper bound: 4 P (t + 2).

    Source: textbook: Goldberg and Jerrum 1995; Anthony and Bartlett 1999, Theorem 8.4.

    Examples:
    >>> goldberg_jerrum_vc(P=2, t=10)
    96
    >>> goldberg_jerrum_vc(P=1, t=0)
    8
    """
    return 4 * int(P) * (int(t) + 2)


@checks(P, Q, T)
def anthony_bartlett_exp_vc(*, P: int, q: int, t: int) -> float:
    """VC dimension when q of the t operations are exponentials; an upper bound.

    Statement: (P(q+1))^2 + 11 P(q+1)(t + log2(9 P(q+1))).  Not needed for attention whose query is fixed: there every
    exponential is part of an accumulator, so q = 0.

    Source: textbook: Anthony and Bartlett 1999, Theorem 8.14.

    Examples:
    >>> round(anthony_bartlett_exp_vc(P=2, q=0, t=10), 3)
    315.738
    >>> round(anthony_bartlett_exp_vc(P=5, q=3, t=100), 3)
    24048.208
    """
    product = int(P) * (int(q) + 1)
    return product**2 + 11 * product * (int(t) + math.log2(9 * product))


@dataclass(frozen=True)
class ReluVcUpper:
    """Upper bounds on the VC dimension of a ReLU network: closed form, and the solved growth bound.

    Attributes: closed; solved (never above closed); W weights and biases; Lbar mean depth of a weight; R = sum i k_i.
    """

    closed: float
    solved: int
    W: int
    Lbar: float
    R: int


@checks(INPUT_DIM)
def relu_vc_upper(*, input_dim: int, widths: tuple[int, ...]) -> ReluVcUpper:
    """Upper bounds on the VC dimension of a fully connected ReLU network with one output.

    Statement: growth <= prod_i 2 (2 e m k_i i / W_i)^(W_i), W_i weights and biases of layers 1..i; `solved` is the largest
    m at which that allows 2^m; closed = L + Lbar W log2(4 e R log2(2 e R)).

    Raises: DomainError for input_dim < 1 or a width < 1.
    Source: textbook: 1703.02930, Theorem 6.

    Examples:
    >>> found = relu_vc_upper(input_dim=2, widths=(3,))
    >>> round(found.closed, 3), found.solved, found.W, found.R
    (178.374, 169, 13, 5)
    >>> relu_vc_upper(input_dim=2, widths=()).solved
    15
    """
    sizes = (*checked_widths("relu_vc_upper", widths), 1)
    so_far: list[int] = []
    inputs = int(input_dim)
    for width in sizes:
        so_far.append((so_far[-1] if so_far else 0) + (inputs + 1) * width)
        inputs = width
    total, layers = so_far[-1], len(sizes)
    mean_depth = sum(so_far) / total
    r = sum(i * k for i, k in enumerate(sizes, 1))

    def allows(m: int) -> bool:
        return sum(1 + w * math.log2(2 * math.e * m * k * i / w) for i, (w, k) in enumerate(zip(so_far, sizes), 1)) >= m

    closed = layers + mean_depth * total * math.log2(4 * math.e * r * math.log2(2 * math.e * r))
    # the count is valid from about m = W on, where it holds: W log2(2 e) > W
    return ReluVcUpper(closed, largest_true(allows, total), total, mean_depth, r)


@checks(W, LAYERS, CONSTANT)
def relu_vc_lower(*, W: int, L: int, C: float) -> float:
    """VC dimension that some ReLU network with W weights and L layers has; a lower bound: W L log2(W/L) / C.

    Raises: DomainError unless W > C L > C^2; C has no default, since the source's value was not verified.
    Source: textbook: 1703.02930, abstract.

    Examples:
    >>> round(relu_vc_lower(W=1000, L=4, C=2), 6)
    15931.568569
    """
    require(
        C * L > C * C, where="relu_vc_lower", name="C", meaning=CONSTANT.meaning, rule=f"be less than L = {L}", value=C
    )
    rule = f"exceed C L = {C * L:g}"
    require(W > C * L, where="relu_vc_lower", name="W", meaning="number of weights", rule=rule, value=W)
    return float(W * L * math.log2(W / L) / C)


def largest_true(holds: Callable[[int], bool], start: int = 1) -> int:
    """Largest m >= start with holds(m), for a predicate that is true at `start` and false for ever once it is false."""
    low, high = start, 2 * start
    while holds(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def least_true(holds: Callable[[int], bool], start: int) -> int:
    """Least m >= start with holds(m), for a predicate that stays true once it is true."""
    return start if holds(start) else _least_above(holds, start)


def _least_above(holds: Callable[[int], bool], start: int) -> int:
    low, step = start, 1
    while not holds(start + step):
        low, step = start + step, 2 * step
    high = start + step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
