"""How many labellings a one-layer softmax transformer can give to m rows, and the sizes that this excludes.

Letters: n entries, d embedding dimension, H heads, U hidden ReLU units, W weights and biases, k_1 first width,
d' = min(d, d_v, k_1), P = H (d'+1) effective parameters, Pi(m) labellings of m rows.

The idea: the readout query is fixed, so the second half of the word enters head h only through beta_h (d' reals) and
mu_h.  Multiplied by D = prod_h (lambda_h + mu_h) > 0, every pre-activation on a given activation pattern is a polynomial
of degree at most H in these P reals, whatever the depth; their sign vectors are counted.
"""

from __future__ import annotations

import math

from theory.core.domain import Integer, Parameter, checks, require
from theory.infinite_precision.counting import (
    cells_log2,
    goldberg_jerrum_vc,
    largest_true,
    least_true,
    warren_formula_log2,
)
from theory.infinite_precision.parameters import (
    FIRST_WIDTH,
    HIDDEN,
    LAYERS,
    N_TWO,
    ROWS,
    VALUE_DIM,
    D,
    H,
    N,
    P,
    U,
    W,
    checked_widths,
    require_flag,
    require_one_of,
)

UNITS = Parameter("units", Integer(0), U.meaning)
LARGE_U = 512  # from here on 2^(U+1) - 1 is taken as 2^(U+1): the log2 is the same float


# ---------------------------------------------------------------------------- operations (Theorem A)
@checks(D, H, W, U)
def attention_operation_count(*, d: int, H: int, W: int, U: int, premultiplied: bool = True) -> int:
    """Operations of one evaluation of the class: H(3d+1) + 2W + U + 2, with W_O folded into the accumulators.

    With premultiplied=False W_O is applied at run time: H(2d+1) + 2 H d^2 + 2W + U + 2.

    Raises: DomainError for a flag that is not a bool.
    Source: derived: theorem-A.

    Examples:
    >>> attention_operation_count(d=4, H=1, W=64, U=16)
    159
    >>> attention_operation_count(d=4, H=1, W=64, U=16, premultiplied=False)
    187
    """
    require_flag("attention_operation_count", "premultiplied", premultiplied)
    d, H, W, U = int(d), int(H), int(W), int(U)
    attention = H * (3 * d + 1) if premultiplied else H * (2 * d + 1) + 2 * H * d * d
    return attention + 2 * W + U + 2


@checks(D, H, W, U)
def theorem_a_vc(*, d: int, H: int, W: int, U: int, premultiplied: bool = True) -> int:
    """Largest split-VC dimension that a one-layer transformer can compute, by operation counts: 4 H (d+1) (t + 2).

    Source: derived: theorem-A, from Goldberg and Jerrum 1995.

    Examples:
    >>> theorem_a_vc(d=4, H=1, W=64, U=16)
    3220
    >>> theorem_a_vc(d=4, H=1, W=64, U=16, premultiplied=False)
    3780
    """
    t = attention_operation_count(d=d, H=H, W=W, U=U, premultiplied=premultiplied)
    return goldberg_jerrum_vc(P=int(H) * (int(d) + 1), t=t)


@checks(N)
def min_size_theorem_a(*, n: int, premultiplied: bool = True) -> int:
    """Least s with d = H = W = U = s that operation counts do not exclude for the index task on n entries.

    Source: derived: theorem-A.

    Examples:
    >>> min_size_theorem_a(n=1024), min_size_theorem_a(n=2**30)
    (3, 97)
    >>> min_size_theorem_a(n=2**30, premultiplied=False)
    42
    """
    return least_true(lambda s: theorem_a_vc(d=s, H=s, W=s, U=s, premultiplied=premultiplied) >= n, 1)


# ---------------------------------------------------------------------------- labellings (Theorem B)
@checks(D, H, HIDDEN, VALUE_DIM)
def effective_parameter_count(
    *, d: int, H: int, first_width: int | None, hidden_layers: int, value_dim: int | None = None
) -> int:
    """Number P of reals through which the second half of the word enters a binary output.

    Statement: H (min(d, value_dim, first_width) + 1) with a hidden layer; for a linear read-out 2H, and 1 if H = 1 (the
    label is then the sign of one affine form with a single free constant).

    Args:
        first_width: units that read the attention output; ignored, and may be None, iff hidden_layers = 0.
        value_dim: dimension of a head's values; None for d.

    Raises: DomainError when first_width is None with a hidden layer.
    Source: derived: first-width.

    Examples:
    >>> effective_parameter_count(d=8, H=4, first_width=3, hidden_layers=1)
    16
    >>> effective_parameter_count(d=8, H=1, first_width=None, hidden_layers=0)
    1
    """
    if hidden_layers == 0:
        return 1 if H == 1 else 2 * int(H)
    FIRST_WIDTH.check(
        first_width, where="effective_parameter_count", cure="None is for a linear read-out, hidden_layers = 0"
    )
    widths = [int(d), int(first_width or 0), *([] if value_dim is None else [int(value_dim)])]
    return int(H) * (min(widths) + 1)


def _patterns_log2(M: int, H: int, P: int) -> float:
    """log2 of the sign vectors of M polynomials of degree H in P reals: exact cells if H = 1, else Warren; at most M."""
    if P > M:
        return float(M)
    return cells_log2(M, P) if H == 1 else min(float(M), warren_formula_log2(math.log2(M), H, P))


def _tree_log2(m: int, U: int, H: int, P: int, *, warren: bool = False) -> float:
    """log2 of the labellings of m rows by a net with U units: signs of m (2^(U+1) - 1) polynomials.  At most m.

    warren: count by Warren's formula also for H = 1, where the exact number of cells is known.
    """
    log2_M = math.log2(m) + (U + 1 if U > LARGE_U else math.log2(2 ** (U + 1) - 1))
    if log2_M < 60:
        M = m * (2 ** (U + 1) - 1)
        if P > M:
            return float(m)
        return min(float(m), warren_formula_log2(log2_M, H, P) if warren else _patterns_log2(M, H, P))
    if H > 1 or warren:
        return min(float(m), warren_formula_log2(log2_M, H, P))
    if U > LARGE_U:  # P is nothing beside M, so the cells are M^P/P!
        return min(float(m), P * log2_M - math.lgamma(P + 1) / math.log(2))
    return min(float(m), cells_log2(m * (2 ** (U + 1) - 1), P))


def _layers_log2(m: int, widths: tuple[int, ...], H: int, P: int) -> float:
    """log2 of the labellings of m rows, layer by layer (nets without skip connections)."""
    return sum(_patterns_log2(m * k, H, P) for k in (*widths, 1))


@checks(ROWS, D, H)
def growth_log2(*, m: int, d: int, H: int, widths: tuple[int, ...] | None = None, units: int | None = None) -> float:
    """log2 of the labellings of m rows that a one-layer transformer can give; an upper bound, at most m.

    Statement: the tree count log2 Pi <= 1 + P log2(2 e m (2^(U+1)-1) H / P), for nets of `units` = U ReLUs wired in any
    way; with `widths` also the count by layers, sum_i 1 + P log2(2 e m k_i H / P), and the lesser of the two.  Terms with
    more parameters than polynomials count every sign vector; for H = 1 the exact number of cells is used.

    Args:
        widths: hidden widths of a net without skip connections; () is the linear read-out.
        units: number of hidden units of a net with any wiring, in place of widths.

    Raises: DomainError unless exactly one of widths and units is given.
    Source: derived: homogenisation.

    Examples:
    >>> round(growth_log2(m=64, d=1, H=1, widths=(4,)), 4)
    20.9091
    >>> round(growth_log2(m=512, d=2, H=2, widths=(16,)), 4)
    144.2928
    >>> growth_log2(m=8, d=64, H=8, units=256)
    8.0
    """
    given = (widths is not None) + (units is not None)
    rule = "be exactly one of widths and units"
    require(given == 1, where="growth_log2", name="widths, units", rule=rule, value=(widths, units))
    m, d, H = int(m), int(d), int(H)
    if units is not None:
        UNITS.check(units, where="growth_log2")
        U = int(units)
        return _tree_log2(m, U, H, _parameters(d, H, U + 1, U))
    sizes = checked_widths("growth_log2", widths or ())
    P = _parameters(d, H, sizes[0] if sizes else 1, len(sizes))
    return min(_tree_log2(m, sum(sizes), H, P), _layers_log2(m, sizes, H, P))


def _parameters(d: int, H: int, first_width: int, hidden: int) -> int:
    return effective_parameter_count(d=d, H=H, first_width=first_width, hidden_layers=min(1, hidden))


@checks(D, H, U)
def vc_upper_units(*, d: int, H: int, U: int) -> int:
    """Largest number of rows that a one-layer transformer with U ReLUs, wired in any way, can shatter; an upper bound.

    Statement: the largest m with log2 Pi(m) >= m, by the tree count.

    Source: derived: homogenisation, inversion.

    Examples:
    >>> vc_upper_units(d=4, H=4, U=32)
    858
    >>> vc_upper_units(d=1, H=1, U=0)
    1
    """
    return largest_true(lambda m: growth_log2(m=m, d=d, H=H, units=U) >= m)


@checks(D, H)
def vc_upper(*, d: int, H: int, widths: tuple[int, ...]) -> int:
    """Largest number of rows that a one-layer transformer with these hidden widths can shatter; an upper bound.

    Statement: the largest m with log2 Pi(m) >= m, by the lesser of tree and layer count.

    Source: derived: homogenisation, inversion.

    Examples:
    >>> vc_upper(d=4, H=1, widths=(16, 16))
    123
    >>> vc_upper(d=768, H=12, widths=(3072,))
    311890
    """
    return largest_true(lambda m: growth_log2(m=m, d=d, H=H, widths=widths) >= m)


@checks(D, H, U)
def vc_upper_closed(*, d: int, H: int, U: int) -> float:
    """Closed form above `vc_upper_units`: 2 P (U + 1 + log2(12 H)).

    Source: derived: closed-form (log2 y <= y/2 + .087).

    Examples:
    >>> round(vc_upper_closed(d=4, H=4, U=32), 4)
    1543.3985
    >>> round(vc_upper_closed(d=1, H=1, U=0), 6)
    9.169925
    """
    d, H, U = int(d), int(H), int(U)
    return 2 * _parameters(d, H, U + 1, U) * (U + 1 + math.log2(12 * H))


# ---------------------------------------------------------------------------- answers in [n] (Theorem C)
@checks(N, D, H, U)
def composition_growth_log2(*, n: int, d: int, H: int, U: int) -> float:
    """log2 of the vectors of n answers in [n] that a one-layer transformer can give; an upper bound, at most n log2 n.

    Statement: 1 + P log2(2 e n (2^U n - 1) H / P), P = H (min(d, U+1) + 1): rounding adds n - 1 tests per pattern.

    Source: derived: composition-count.

    Examples:
    >>> round(composition_growth_log2(n=64, d=1, H=1, U=4), 6)
    35.882571
    >>> composition_growth_log2(n=1, d=1, H=1, U=0)
    0.0
    """
    n, d, H, U = int(n), int(d), int(H), int(U)
    P, ceiling = H * (min(d, U + 1) + 1), n * math.log2(n)
    if n == 1:
        return 0.0
    if U <= LARGE_U:
        M = n * (2**U * n - 1)
        if P > M:
            return min(ceiling, float(M))
        log2_M = math.log2(M)
    else:
        log2_M = 2 * math.log2(n) + U
    return min(ceiling, warren_formula_log2(log2_M, H, P))


# ---------------------------------------------------------------------------- least sizes (Corollaries D, E, F)
@checks(N, D, H)
def min_relu_units(*, n: int, d: int, H: int) -> int:
    """Least number of ReLUs that the tree count does not exclude for the index task on n entries; a lower bound.

    Source: derived: no-dimension-helps (Corollary D).

    Examples:
    >>> min_relu_units(n=256, d=4, H=1)
    44
    >>> min_relu_units(n=1, d=4, H=1)
    0
    """
    return least_true(lambda U: growth_log2(m=n, d=d, H=H, units=U) >= n, 0)


@checks(N, H)
def min_relu_units_any_dim(*, n: int, H: int) -> int:
    """Least number of ReLUs not excluded for the index task however large d is (d' <= U + 1); a lower bound.

    Source: derived: no-dimension-helps (Corollary D).

    Examples:
    >>> min_relu_units_any_dim(n=1024, H=1)
    28
    >>> min_relu_units_any_dim(n=4096, H=16)
    10
    """
    return least_true(lambda U: growth_log2(m=n, d=U + 1, H=H, units=U) >= n, 0)


@checks(N, H, U)
def min_embedding_dim(*, n: int, H: int, U: int) -> int | None:
    """Least embedding dimension not excluded for the index task with U ReLUs; None when no dimension suffices.

    Source: derived: no-dimension-helps.

    Examples:
    >>> min_embedding_dim(n=4096, H=1, U=64)
    56
    >>> min_embedding_dim(n=100000, H=1, U=16) is None
    True
    """
    if growth_log2(m=n, d=int(U) + 1, H=H, units=U) < n:
        return None
    return least_true(lambda d: growth_log2(m=n, d=d, H=H, units=U) >= n, 1)


@checks(N)
def min_size(*, n: int, task: str = "index") -> int:
    """Least s with d = H = U = s that Theorem B ("index") or Theorem C ("composition") does not exclude; a lower bound.

    Warren's formula is used also at s = 1.

    Raises: DomainError for another task.
    Source: derived: inversion (Corollary E).

    Examples:
    >>> min_size(n=1024), min_size(n=1024, task="composition")
    (8, 17)
    >>> min_size(n=2**30)
    1016
    """
    require_one_of("min_size", "task", task, ("index", "composition"))
    n = int(n)
    if task == "index":
        return least_true(lambda s: _tree_log2(n, s, s, s * (s + 1), warren=True) >= n, 1)
    return least_true(lambda s: composition_growth_log2(n=n, d=s, H=s, U=s) >= n * math.log2(n), 1)


@checks(N_TWO, P, H, LAYERS)
def shallow_width_log2_sum(*, n: int, P: int, H: int, L: int) -> float:
    """Least sum of log2 k_i over the hidden layers of a net that computes the index task; negative where it says nothing.

    Statement: (n - L)/P - L log2(2 e n H / P), L linear layers.  Lower bound, for P <= n.

    Raises: DomainError for P > n, where it is false.
    Source: derived: shallow-width (Corollary F).

    Examples:
    >>> round(shallow_width_log2_sum(n=1024, P=2, H=1, L=2), 6)
    488.11461
    """
    require(
        n >= P,
        where="shallow_width_log2_sum",
        name="P",
        meaning="number of parameters",
        rule=f"be at most n = {n}",
        value=P,
    )
    return (n - L) / P - L * math.log2(2 * math.e * n * H / P)
