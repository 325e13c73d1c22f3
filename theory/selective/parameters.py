"""The letters of the paper as parameters, counts that may be typed as 1e6, and checked arrays.

Every temperature is an inverse temperature, and there are four: a free number per token (`tau_q`, `tau_v`, or theta = 1/tau
in the least norms), the layer's own formula (`inverse_temperature`), and the two factors of the published code
(`position_factor_official`, forms "exp" and "linear").
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from theory.core.domain import Integer, Parameter, Real, require
from theory.selective.statements import ARXIV as ARXIV

Array = npt.NDArray[np.float64]
MOST_CONDITION = 1e12  # chosen: beyond it a Gram matrix leaves fewer than four digits of a norm
SUM_TOLERANCE = 1e-9  # chosen: how far probabilities may be from adding up to 1


class Count(Integer):
    """The integers from `low` to `high`; a float that is a whole number, such as 1e6, is one of them."""

    def __contains__(self, value: object) -> bool:
        if isinstance(value, float | np.floating) and math.isfinite(value) and value == int(value):
            return super().__contains__(int(value))
        return super().__contains__(value)


def _open(low: float | None = None, high: float | None = None) -> Real:
    return Real(low, high, open_low=low is not None, open_high=high is not None)


L = Parameter("L", Count(1), "number of tokens", typical=(128, 1024))
L_PAIR = Parameter("L", Count(2), "number of tokens", typical=(128, 1024))
N = Parameter("n", Count(1), "position of the token, from 1", typical=(128, 2048))
N_PAIR = Parameter("n", Count(2), "number of tokens seen", typical=(100, 4096))
DIM = Parameter("d", Count(2), "dimension of the embedding", typical=(8, 64))
DIM_ONE = Parameter("d", Count(1), "dimension of the embedding", typical=(8, 64))
F = Parameter("f", Real(), "output of the temperature network for the token", typical=(0.0, 2.0))
ALPHA = Parameter("alpha", Real(), "position parameter of the layer", typical=(0.0, 0.5))
BETA = Parameter("beta", Real(), "position parameter of the published code", typical=(2.0,))
B = Parameter("B", Real(0), "largest score, |W| for unit tokens", "nats", typical=(2.0, 6.0))
P = Parameter("p", _open(0, 1), "attention weight of one token", typical=(0.5,))
W = Parameter("w", Real(0), "largest score at inverse temperature 1", "nats", typical=(0.5, 2.0))
S = Parameter("s", Real(0, 1), "sigmoid of the position parameter", typical=(0.5,))
L_A = Parameter("L_a", Real(0), "least specificity asked of a", typical=(3.0,))
L_B = Parameter("L_b", Real(0), "largest specificity allowed for b", typical=(1.0,))
RHO = Parameter("rho", _open(-1, 1), "cosine of the two embeddings", typical=(0.2, 0.9))
G = Parameter("g", _open(0, 1), "target weight of the second token in the first row", typical=(0.1, 0.5))
EPS = Parameter("eps", _open(0), "largest error of an attention weight", typical=(0.01,))
SCALE = Parameter("scale", _open(0), "norm of the larger logit row", "nats", typical=(6.0,))
RATIO = Parameter(
    "r", Real(0, 1, open_low=True), "norm of the smaller logit row over that of the larger", typical=(0.3,)
)
COSINE = Parameter("c", Real(-1, 1), "cosine of the two logit rows", typical=(0.5, 1.0))
ETA = Parameter("eta", _open(0), "KL allowed in every row", "nats", typical=(0.01,))
TOL = Parameter("tol", _open(0, 1), "relative gap at which the program stops")
KAPPA = Parameter("kappa", _open(0), "number of b over number of a among the tokens seen", typical=(4.0,))
MIX = Parameter("mix", _open(0, 1), "weight of a in the target", typical=(0.5,))
IMBALANCE = Parameter("c", _open(0), "least imbalance asked of the last quarter", typical=(3.0, 4.0))
POW = Parameter("pow", _open(0), "exponent of the fraction n^-pow of large scores", typical=(0.5,))
SLOPE = Parameter("alpha", Real(0), "slope of tau = 1 + alpha log n", typical=(0.3,))
GAMMA = Parameter("gamma", _open(0), "lead of the large scores", "nats", typical=(1.2,))
SIGNAL = Parameter("delta", Real(0), "signal in units of the noise", typical=(1.0, 3.0))
RATE = Parameter("alpha", Real(0, 1), "rate of tokens that carry the signal", typical=(0.25,))
SIGMA = Parameter("sigma", _open(0), "standard deviation of the noise", typical=(0.25,))
THRESHOLD = Parameter("t", Real(), "threshold of the gate on the largest coordinate", typical=(0.5,))
SEPARATION = Parameter("delta", _open(0, 2), "difference of the two inverse temperatures", typical=(0.5, 1.9))
DISTANCE = Parameter("distance", _open(0), "distance |a - b| of the two embeddings", typical=(0.1,))


def array(where: str, name: str, value: Any, axes: int, meaning: str = "") -> Array:
    """A finite float64 array with `axes` axes, none of them empty.  Raises: DomainError."""
    shape = {1: "a vector", 2: "a matrix"}[axes]
    try:
        found = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        found = np.empty(0)
    holds = found.ndim == axes and found.size > 0
    require(
        holds, where=where, name=name, meaning=meaning, rule=f"be {shape} of numbers that is not empty", value=value
    )
    require(
        bool(np.isfinite(found).all()), where=where, name=name, meaning=meaning, rule="hold finite numbers", value=value
    )
    return found


def probabilities(where: str, name: str, value: Any, axes: int) -> Array:
    """An array whose last axis holds probability vectors.  Raises: DomainError."""
    found = array(where, name, value, axes, "probabilities")
    require(bool((found >= 0).all()), where=where, name=name, rule="have no negative entry", value=value)
    off = float(np.abs(found.sum(axis=-1) - 1).max())
    require(off <= SUM_TOLERANCE, where=where, name=name, rule=f"add up to 1 within {SUM_TOLERANCE:g}", value=value)
    return found


def require_rows(where: str, name: str, rows: int, wanted: int, other: str) -> None:
    """Raise DomainError unless two arrays have the same number of rows or columns."""
    require(rows == wanted, where=where, name=name, rule=f"have {wanted} rows, as {other} has it", value=rows)


def gram(where: str, name: str, rows: Array) -> Array:
    """Gram matrix of independent rows.  Raises: DomainError when its condition number exceeds 1e12."""
    found: Array = rows @ rows.T
    condition = float(np.linalg.cond(found))
    require(
        condition <= MOST_CONDITION,
        where=where,
        name=name,
        meaning="embeddings, one a row",
        rule=f"have independent rows (condition of the Gram matrix at most {MOST_CONDITION:g})",
        value=condition,
        cure="min_norm_kl takes dependent rows",
    )
    return found
