"""The layer: its temperatures, their range, what it costs, and a reference forward pass.

Letters: n position from 1, f output of the temperature network, alpha position parameter, s = sigmoid(alpha), tau inverse
temperature, beta the position parameter of the published code (another function), h hidden width, c number of temperatures.

Recipe: `tau = inverse_temperature(f=f, n=range(1, L + 1), alpha=0.5)`, then `selective_attention(X=X, ..., tau_q=tau)`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from theory.core.bound import Source, bound
from theory.core.domain import Parameter, checks, require
from theory.selective.parameters import (
    ALPHA,
    ARXIV,
    BETA,
    DISTANCE,
    SEPARATION,
    Array,
    Count,
    F,
    N,
    array,
    require_rows,
)

LAYERS = Parameter("layers", Count(1), "number of layers")
WIDTH = Parameter("d", Count(1), "width of the model")
BASE = Parameter("base", Count(1), "number of parameters without temperatures")
HIDDEN = Parameter("h", Count(1), "hidden width of the temperature network")
COMPONENTS = Parameter("c", Count(1, 3), "number of temperatures among query, key and value")
HEADS = Parameter("heads", Count(1), "number of heads")
VECTORS_PER_HEAD = 3  # section 3 speaks of three vectors a head, although two temperatures are in use

# Largest slope of GELU(x) = x Phi(x), at x = sqrt 2: (1 + erf 1)/2 + 1/(e sqrt pi), rounded up at the 16th decimal so that
# the bound errs low.
GELU_SLOPE = (11289041451851548, 10**16)


@bound(params=(F, N, ALPHA), direction="exact", source=Source(ARXIV, "section 3, Definition 1", "v1"))
def inverse_temperature(m: Any, *, f: Any, n: Any, alpha: Any) -> Any:
    """Inverse temperature by the layer's formula: tanh f + 1 + sigmoid(alpha) log n.

    tanh f + 1 is computed as 2/(1 + exp(-2 f)), so that the value stays positive where tanh rounds to -1.

    Source: arXiv:2411.12892v1, section 3, Definition 1.

    Examples:
    >>> float(inverse_temperature(f=0, n=1, alpha=0))
    1.0
    >>> round(float(inverse_temperature(f=-1, n=128, alpha=.5)), 11)
    3.25859735709
    >>> float(inverse_temperature(f=-50, n=1, alpha=0)) > 0
    True
    """
    return 2 / (1 + m.exp(-2 * f)) + m.log(n) / (1 + m.exp(-alpha))


@checks(N, ALPHA)
def inverse_temperature_range(*, n: int, alpha: float) -> tuple[float, float]:
    """Ends of the open interval that the layer's inverse temperature fills at position n: (s log n, 2 + s log n).

    Source: derived from arXiv:2411.12892v1, Definition 1.

    Examples:
    >>> [round(end, 11) for end in inverse_temperature_range(n=128, alpha=.5)]
    [3.02019151305, 5.02019151305]
    >>> inverse_temperature_range(n=1, alpha=7.0)
    (0.0, 2.0)
    """
    low = math.log(n) * _sigmoid(alpha)
    return low, 2 + low


@bound(params=(N, ALPHA), direction="upper", source=Source(derived="dynamic-range"))
def selectivity_dynamic_range(m: Any, *, n: Any, alpha: Any) -> Any:
    """Supremum of the ratio of two tokens' inverse temperatures at position n: 1 + 2/(s log n), infinite at n = 1.

    Source: derived from arXiv:2411.12892v1, Definition 1.

    Examples:
    >>> round(float(selectivity_dynamic_range(n=128, alpha=.5)), 11)
    1.66220966158
    >>> float(selectivity_dynamic_range(n=1, alpha=0))
    inf
    """
    return 1 + 2 * (1 + m.exp(-alpha)) / m.log(n)


@checks(N, BETA)
def position_factor_official(*, n: int, beta: float, form: str = "exp") -> float:
    """Inverse temperature of the published code: the factor of the logits of row n; it is not the paper's position term.

    Statement: "exp" 1 + exp(-exp(beta)) log n; "linear" 1 + beta log n, of any sign.

    Raises: DomainError for another form.

    Source: published code of arXiv:2411.12892 (repository umich-sota/selective_attention); follow-up.

    Examples:
    >>> round(position_factor_official(n=2048, beta=2.0), 11)
    1.00471185434
    >>> round(position_factor_official(n=2048, beta=.1, form="linear"), 11)
    1.76246189862
    >>> position_factor_official(n=1, beta=.3)
    1.0
    """
    require(
        form in ("exp", "linear"),
        where="position_factor_official",
        name="form",
        rule="be 'exp' or 'linear'",
        value=form,
    )
    coefficient = float(beta) if form == "linear" else math.exp(-math.exp(min(beta, 700.0)))
    return 1 + coefficient * math.log(n)


@bound(
    params=(SEPARATION, DISTANCE),
    direction="lower",
    source=Source(derived="temperature-network"),
    latex=r"\frac{2\,\mathrm{artanh}(\delta/2)}{1.1289\,|a - b|}",
)
def temperature_network_lower_bound(m: Any, *, delta: Any, distance: Any) -> Any:
    """Least |W_tmp| |W'| (spectral) with which tanh of W_tmp GELU(W' x) separates two tokens by delta.

    Statement: 2 atanh(delta/2)/(1.1289 |a - b|); a Lipschitz bound, so it need not be attained.

    Source: derived from arXiv:2411.12892v1, section 3.

    Examples:
    >>> round(float(temperature_network_lower_bound(delta=.5, distance=.1)), 9)
    4.524968979
    >>> round(float(temperature_network_lower_bound(delta=1.0, distance=.1)), 9)
    9.731670252
    """
    return m.log((2 + delta) / (2 - delta)) / (m.ratio(*GELU_SLOPE) * distance)


@dataclass(frozen=True)
class ParameterOverhead:
    """Parameters that temperatures add, and their share of the base model (0.1139 means 11.39%)."""

    added: int
    fraction: float


@checks(LAYERS, WIDTH, BASE, HIDDEN, COMPONENTS, HEADS)
def ssa_parameter_overhead(
    *, mode: str, layers: int, d: int, base: int, h: int | None = None, c: int = 2, heads: int | None = None
) -> ParameterOverhead:
    """Parameters that temperatures add to a model of `base` parameters.

    Statement: "own_mlp" layers (c (h d + h) + c): a network d -> h -> 1 without biases and one alpha for each of the c
    temperatures of a layer; "head_vectors" 3 d layers heads: three vectors of length d a head.  The paper names no width h.

    Raises: DomainError for another mode, or when h (own_mlp) or heads (head_vectors) is missing.

    Source: counted from arXiv:2411.12892v1, section 3 and appendix A; derived.

    Examples:
    >>> ssa_parameter_overhead(mode="own_mlp", layers=12, d=768, h=768, base=124_439_808).added
    14174232
    >>> round(ssa_parameter_overhead(mode="head_vectors", layers=12, d=768, heads=12, base=124_439_808).fraction, 5)
    0.00267
    """
    where = "ssa_parameter_overhead"
    require(
        mode in ("own_mlp", "head_vectors"), where=where, name="mode", rule="be 'own_mlp' or 'head_vectors'", value=mode
    )
    if mode == "own_mlp":
        require(h is not None, where=where, name="h", rule="be given for mode 'own_mlp'", value=h)
        assert h is not None
        added = int(layers) * (int(c) * (int(h) * int(d) + int(h)) + int(c))
    else:
        require(heads is not None, where=where, name="heads", rule="be given for mode 'head_vectors'", value=heads)
        assert heads is not None
        added = int(layers) * int(heads) * VECTORS_PER_HEAD * int(d)
    return ParameterOverhead(added, added / int(base))


@dataclass(frozen=True)
class AttentionResult:
    """Attention weights [L, L] (rows add up to 1, before the value temperature) and output [L, d_v]."""

    weights: Array
    output: Array


def selective_attention(
    *,
    X: npt.ArrayLike,
    W_q: npt.ArrayLike,
    W_k: npt.ArrayLike,
    W_v: npt.ArrayLike,
    tau_q: npt.ArrayLike | None = None,
    tau_v: npt.ArrayLike | None = None,
    causal: bool = True,
    scale: float | None = None,
) -> AttentionResult:
    """Reference forward pass: softmax(scale (tau_q o X W_q)(X W_k)^T) (tau_v o X W_v).

    The value temperature belongs to the token attended to, not to the one that attends: scaling the output row instead is
    another layer.

    Args:
        X: [L, d].
        W_q, W_k: [d, d_k].
        W_v: [d, d_v].
        tau_q, tau_v: free inverse temperatures, one a token [L], of any sign; None means ones.  For the layer's own pass
            `inverse_temperature`.
        causal: whether a token sees only itself and those before it.
        scale: factor of the logits, 1/sqrt(d) when None.

    Raises: DomainError for arrays whose shapes do not fit or that hold nan or infinity.

    Source: arXiv:2411.12892v1, section 3.

    Examples:
    >>> done = selective_attention(X=[[1, 0], [0, 2]], W_q=[[1, 1], [0, 1]], W_k=[[1, 0], [1, 1]],
    ...                            W_v=[[2, 0], [0, 1]], tau_q=[1, 2], tau_v=[1, .5])
    >>> done.weights.round(8).tolist()
    [[1.0, 0.0], [0.00348133, 0.99651867]]
    >>> done.output.round(8).tolist()
    [[2.0, 0.0], [0.00696265, 0.99651867]]
    """
    where = "selective_attention"
    x = array(where, "X", X, 2, "tokens, one a row")
    length, width = x.shape
    q, k, v = (array(where, name, one, 2, "projection") for name, one in (("W_q", W_q), ("W_k", W_k), ("W_v", W_v)))
    for name, one in (("W_q", q), ("W_k", k), ("W_v", v)):
        require_rows(where, name, one.shape[0], width, "X columns")
    require(q.shape[1] == k.shape[1], where=where, name="W_k", rule=f"have {q.shape[1]} columns, as W_q", value=k.shape)
    factor = 1 / math.sqrt(width) if scale is None else float(scale)
    require(math.isfinite(factor), where=where, name="scale", rule="be finite", value=scale)
    query = _per_token(where, "tau_q", tau_q, length)[:, None] * (x @ q)
    value = _per_token(where, "tau_v", tau_v, length)[:, None] * (x @ v)
    logits = factor * query @ (x @ k).T
    if causal:
        logits = np.where(np.tri(length, dtype=bool), logits, -np.inf)
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    return AttentionResult(weights, weights @ value)


def _per_token(where: str, name: str, tau: npt.ArrayLike | None, length: int) -> Array:
    if tau is None:
        return np.ones(length)
    found = array(where, name, tau, 1, "inverse temperatures")
    require_rows(where, name, found.shape[0], length, "X")
    return found


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))
