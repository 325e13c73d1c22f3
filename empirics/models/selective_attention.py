"""Attention with learned inverse temperatures, for many models at once: the layer, its controls, and its placements.

All temperatures are inverse: large is sharp.  Four kinds, never one in place of another:

    const   one learned number for all tokens: the control, which adds no expressivity to a free score matrix
    pos     1 + sigmoid(alpha) log n, n the position from 1: the layer's position term alone
    free    one learned number a token (or a group of tokens)
    layer   tanh(f(x)) + 1 + sigmoid(alpha) log n with f(x) = out . GELU(hidden x): the layer as published (2411.12892, 3)

Axes of tensors: l lane, i query token, j key token, d feature, h hidden unit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch

from empirics.engine import rng
from empirics.engine.train import Params

TEMPERATURES = ("standard", "const", "pos", "free", "layer")


def gelu(x: torch.Tensor) -> torch.Tensor:
    """x Phi(x) by erf, which is exact to the bit at any place of a tensor."""
    return x * (1 + torch.erf(x / math.sqrt(2))) / 2


def sigmoid(x: torch.Tensor) -> torch.Tensor:
    """1 / (1 + e^-x) by tanh, for the same reason."""
    return (1 + torch.tanh(x / 2)) / 2


def position_term(alpha: torch.Tensor, n: torch.Tensor) -> torch.Tensor:
    """1 + sigmoid(alpha) log n.  n: positions from 1, broadcast against alpha."""
    return 1 + sigmoid(alpha) * torch.log(n)


def token_term(params: Params, x_lid: torch.Tensor, prefix: str = "") -> torch.Tensor:
    """tanh(out . GELU(hidden x)).  Returns: [lane, token], in (-1, 1)."""
    hidden_lih = gelu(x_lid @ params[prefix + "hidden"])
    # a sum, since a product with a single vector rounds differently beside other lanes
    return torch.tanh((hidden_lih * params[prefix + "out"][..., None, :]).sum(dim=-1))


def initial_temperature(
    kind: str, keys: torch.Tensor, *, n_groups: int, width: int, n_hidden: int, prefix: str = ""
) -> Params:
    """Parameters of a temperature that is 1 for every token at n = 1 (const, free, and the layer's token term start flat).

    Returns: {} for "standard"; else tensors [lane, ...], float64.  Raises: ValueError for an unknown kind.
    """
    n_lanes, device = len(keys), keys.device
    if kind not in TEMPERATURES:
        raise ValueError(f"initial_temperature: 'kind' must be one of {', '.join(TEMPERATURES)}, got {kind!r}")
    found: Params = {}
    if kind in ("pos", "layer"):
        found["alpha"] = torch.zeros(n_lanes, dtype=torch.float64, device=device)
    if kind in ("const", "free"):
        size = 1 if kind == "const" else n_groups
        found["tau"] = torch.ones(n_lanes, size, dtype=torch.float64, device=device)
    if kind == "layer":
        stream = "init " + (prefix or "temperature")
        found["hidden"] = rng.normal_like(keys, (width, n_hidden), 1 / math.sqrt(width), stream)
        found["out"] = torch.zeros(n_lanes, n_hidden, dtype=torch.float64, device=device)
    return {prefix + name: value for name, value in found.items()}


def temperature(
    kind: str, params: Params, x_lid: torch.Tensor, n: torch.Tensor, group_li: torch.Tensor, prefix: str = ""
) -> torch.Tensor:
    """Inverse temperature of every token.

    Args:
        n: positions from 1, [token] or [1].
        group_li: int64 [lane, token], which entry of a free temperature a token reads.

    Returns: [lane, token].
    """
    ones = torch.ones_like(x_lid[..., 0])
    if kind == "standard":
        return ones
    if kind == "const":
        return ones * params[prefix + "tau"]
    if kind == "free":
        return params[prefix + "tau"].gather(1, group_li)
    base = position_term(params[prefix + "alpha"][:, None], n) * ones
    return base + token_term(params, x_lid, prefix) if kind == "layer" else base


def attention_weights(scores_lij: torch.Tensor, *, causal: bool) -> torch.Tensor:
    """Softmax over keys; with `causal`, over the keys up to the query only."""
    if causal:
        future = torch.ones(scores_lij.shape[-2:], dtype=torch.bool, device=scores_lij.device).triu(1)
        scores_lij = scores_lij.masked_fill(future, float("-inf"))
    return scores_lij.softmax(dim=-1)


def selective_layer(
    x_lid: torch.Tensor, projections: Mapping[str, torch.Tensor], tau: Mapping[str, torch.Tensor], *, causal: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """The layer: queries, keys and values projected, each scaled by its token's temperature, scores over sqrt(d).

    Args:
        projections: "q", "k", "v" -> [lane, d, d].
        tau: any of "q", "k", "v" -> [lane, token]; what is missing is 1.  The value temperature acts on the values that
            are mixed, not on the output.

    Returns: (weights [lane, query, key], output [lane, query, d]).
    """
    parts = {name: x_lid @ matrix for name, matrix in projections.items()}
    for name, scale in tau.items():
        parts[name] = parts[name] * scale[..., None]
    scores = parts["q"] @ parts["k"].transpose(-1, -2) / math.sqrt(x_lid.shape[-1])
    weights = attention_weights(scores, causal=causal)
    return weights, weights @ parts["v"]


def spikiness(weights: torch.Tensor, n: torch.Tensor | int) -> torch.Tensor:
    """1 / (n sum s^2): effective support over the number of keys n; smaller is sharper.  Reduces the last axis."""
    return 1 / (n * weights.square().sum(dim=-1))


def excess_loss(target_lij: torch.Tensor, log_predicted_lij: torch.Tensor) -> torch.Tensor:
    """KL(target || predicted) of every row in nats; the target may hold zeros.  Returns: [lane, row]."""
    log_target = torch.log(target_lij.clamp_min(torch.finfo(target_lij.dtype).tiny))
    return (target_lij * (log_target - log_predicted_lij)).sum(dim=-1)


def cross_entropy(target_lij: torch.Tensor, log_predicted_lij: torch.Tensor) -> torch.Tensor:
    """KL of every row up to its target's entropy: the same gradient for less work.  Returns: [lane, row]."""
    return -(target_lij * log_predicted_lij).sum(dim=-1)


def permuted(values_li: torch.Tensor, keys: torch.Tensor) -> torch.Tensor:
    """Each lane's tokens in a random cyclic order of one cycle, so that no token keeps its value."""
    order = rng.permutation(keys, values_li.shape[1], stream="control")
    target = torch.roll(order, 1, dims=1)
    return torch.zeros_like(values_li).scatter(1, target, values_li.gather(1, order))


def operator_norm(matrix: torch.Tensor) -> torch.Tensor:
    """Largest singular value of [..., a, b]."""
    return torch.linalg.matrix_norm(matrix, ord=2)


def frobenius_norm(matrix: torch.Tensor) -> torch.Tensor:
    """Root of the sum of squares of [..., a, b]."""
    return matrix.square().sum(dim=(-2, -1)).sqrt()
