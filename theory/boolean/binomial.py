"""Binomial probabilities: exact as fractions, as floats through logarithms, and tails through the beta function."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]


def exact_weights(count: int, p: Fraction) -> list[Fraction]:
    """Exact probabilities of 0, ..., count successes."""
    return [math.comb(count, s) * p**s * (1 - p) ** (count - s) for s in range(count + 1)]


def weight_at(count: Any, hits: Any, p: float) -> Array:
    """P(Bin(count, p) = hits), elementwise and broadcasting over integer arrays; 0 where hits is not in 0..count."""
    from scipy.special import gammaln, xlog1py, xlogy

    count, hits = np.asarray(count), np.asarray(hits)
    inside = (hits >= 0) & (hits <= count)
    hits = np.where(inside, hits, 0)
    log_factorial = gammaln(np.arange(int(count.max()) + 1) + 1.0)
    logs = log_factorial[count] - log_factorial[hits] - log_factorial[count - hits]
    logs = logs + xlogy(hits, p) + xlog1py(count - hits, -p)
    return np.asarray(np.where(inside, np.exp(logs), 0.0))


def float_weights(count: int, p: float) -> Array:
    """Probabilities of 0, ..., count successes in floating point."""
    return weight_at(count, np.arange(count + 1), p)


def tail(count: Any, hits: Any, p: float) -> Array:
    """P(Bin(count, p) > hits), elementwise; small values keep their relative accuracy.

    Through the regularised beta function: scipy's own binomial tail answers 1 for counts of 10^12.
    """
    from scipy.special import betainc

    count, hits = np.asarray(count, dtype=float), np.asarray(hits, dtype=float)
    inside = (hits >= 0) & (hits < count)
    value = betainc(np.where(inside, hits + 1, 1.0), np.where(inside, count - hits, 1.0), p)
    return np.asarray(np.where(inside, value, np.where(hits < 0, 1.0, 0.0)))
