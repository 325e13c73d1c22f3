"""The first gradient step: what it sees of the support, exactly, for any label that depends on the number of ones."""

from __future__ import annotations

import math
from fractions import Fraction

from theory.boolean.binomial import exact_weights
from theory.boolean.parameters import (
    RHO,
    THRESHOLD,
    D,
    K,
    Label,
    Link,
    Number,
    P,
    exact,
    is_exact,
    like,
    require_one_of,
    require_support,
)
from theory.core.domain import checks, is_real, require

HALF = Fraction(1, 2)


@checks(K)
def label_values(*, k: int, label: Label, bits: str = "01") -> tuple[Number, ...]:
    """Values f(0), ..., f(k) of a label as a function of the number of ones among the k relevant bits.

    Args:
        label: "and", "or", "majority" (more than k/2 ones), "parity", or the k+1 values themselves.
        bits: "01" or "pm1"; parity is s mod 2 for the first and (-1)^(k-s) for the second.

    Raises: DomainError for an unknown name, a wrong length, "majority" with even k, or other bits.

    Source: derived: convention of P2.

    Examples:
    >>> label_values(k=2, label="and")
    (0, 0, 1)
    >>> label_values(k=2, label="parity", bits="pm1")
    (1, -1, 1)
    """
    require_one_of("label_values", "bits", bits, ("01", "pm1"))
    if isinstance(label, tuple):
        require(
            len(label) == k + 1 and all(is_real(one) and math.isfinite(one) for one in label),
            where="label_values",
            name="label",
            rule=f"hold k + 1 = {k + 1} finite values",
            value=label,
        )
        return label
    require_one_of("label_values", "label", label, ("and", "or", "majority", "parity"))
    ones = range(k + 1)
    if label == "and":
        return tuple(int(s == k) for s in ones)
    if label == "or":
        return tuple(int(s >= 1) for s in ones)
    if label == "majority":
        require(k % 2 == 1, where="label_values", name="k", rule="be odd for 'majority'", value=k)
        return tuple(int(2 * s > k) for s in ones)
    return tuple(s % 2 if bits == "01" else (-1) ** (k - s) for s in ones)


@checks(K, THRESHOLD, P, RHO)
def chow_gap(*, k: int, threshold: int, p: Number = HALF, rho: Number = 0) -> Number:
    """Cov(y, x_relevant) - Cov(y, x_irrelevant) for the label "at least `threshold` of k bits are 1".

    Statement: (1 - 2 rho) C(k-1, r-1) p^r (1-p)^(k-r+1), exact.

    Returns: Fraction for exact inputs, else float.
    Raises: DomainError outside 1 <= threshold <= k.
    Source: derived: P2 (degree-1 correlations; Chow 1961).

    Examples:
    >>> chow_gap(k=2, threshold=2)
    Fraction(1, 8)
    >>> chow_gap(k=2, threshold=2, rho=Fraction(1, 2))
    Fraction(0, 1)
    """
    require(
        threshold <= k,
        where="chow_gap",
        name="threshold",
        meaning=THRESHOLD.meaning,
        rule=f"lie in 1..k = {k}",
        value=threshold,
    )
    share, flips = exact(p), exact(rho)
    gap = (1 - 2 * flips) * math.comb(k - 1, threshold - 1) * share**threshold * (1 - share) ** (k - threshold + 1)
    return like(gap, p, rho)


@checks(D, K, P, RHO)
def expected_gradient(
    *, d: int, k: int, threshold: int | None = None, p: Number = HALF, rho: Number = 0
) -> tuple[Number, Number]:
    """Expected dL/dw at W = 0 of a (relevant, irrelevant) position, without a link function.

    Statement: gap = chow_gap / d; relevant -gap (1 - k/d), irrelevant +gap k/d, exact.

    Args:
        threshold: ones that make the label 1; None means k, that is AND.

    Raises: DomainError unless 2 <= k < d and 1 <= threshold <= k.
    Source: derived: P2, P4.

    Examples:
    >>> expected_gradient(d=8, k=2)
    (Fraction(-3, 256), Fraction(1, 256))
    >>> expected_gradient(d=8, k=2, rho=0.5)
    (0.0, 0.0)
    """
    require_support("expected_gradient", d, k)
    gap = chow_gap(k=k, threshold=k if threshold is None else threshold, p=p, rho=rho)
    per_position = Fraction(gap) / d
    relevant, irrelevant = -per_position * (1 - Fraction(k, d)), per_position * Fraction(k, d)
    return like(relevant, p, rho), like(irrelevant, p, rho)


@checks(D, K, P, RHO)
def symmetric_gap(
    *,
    d: int,
    k: int,
    label: Label,
    link_derivative: Link | None = None,
    p: Number = HALF,
    bits: str = "01",
    rho: Number = 0,
) -> Number:
    """d times the gradient gap between relevant and irrelevant positions, for any symmetric label and any link.

    Statement: E[f(s) phi'(xbar) (s/k - r/(d-k))] with s ~ Bin(k, p), r ~ Bin(d-k, p); the bracket doubles for +-1 bits.

    Args:
        link_derivative: phi' at xbar; it gets a Fraction where p is one.  None: no link.

    Raises: DomainError as `label_values`.
    Source: derived: P2 (equal to enumeration over 2^d inputs).

    Examples:
    >>> symmetric_gap(d=8, k=3, label="and")
    Fraction(1, 16)
    >>> symmetric_gap(d=16, k=2, label="parity", bits="pm1", link_derivative=lambda z: 8 * z)
    Fraction(1, 2)
    """
    require_support("symmetric_gap", d, k)
    values = label_values(k=k, label=label, bits=bits)
    share, scale, inexact = exact(p), (1 if bits == "01" else 2), not is_exact(p)
    others = exact_weights(d - k, share) if link_derivative is not None else []
    total: Number = Fraction(0)
    for s, weight in enumerate(exact_weights(k, share)):
        if not values[s]:
            continue
        inner: Number = Fraction(s, k) - share  # without a link only the mean of r is needed
        if link_derivative is not None:
            inner = Fraction(0)
            for r, other in enumerate(others):
                mean = Fraction(s + r, d) if bits == "01" else Fraction(2 * (s + r) - d, d)
                slope = link_derivative(float(mean) if inexact else mean)
                inner += other * (Fraction(s, k) - Fraction(r, d - k)) * slope
        total += weight * values[s] * inner * scale
    return float(total) * float(1 - 2 * rho) if inexact else total * (1 - 2 * rho)
