"""A small causal language model over characters, many at once, with temperatures on queries, keys and values.

Pre-norm blocks (attention, then a GELU network of four times the width), learned positions, no dropout, no biases, output
weights tied to the embeddings.  Variants differ in the temperatures only and start from the same weights:

    standard   none                    const   one learned number a layer, for all heads
    pos        1 + sigmoid(alpha) log n, one alpha a layer
    ssa q, ssa k, ssa v, ssa qv        the layer's formula at these places, f(x) = out . GELU(x W) with the projection W of
                                       the place itself (weight sharing): one vector and one alpha a layer and place
    ssa qv own                         the same with a network of its own, hidden width d
    ssa qv frequency                   f(x) = weight z, z how frequent the token is: one weight a head, place and layer
    untrained                          the standard model, which its user leaves as it was drawn

What z is the paper does not say; here the logarithm of a token's frequency in the training text, with mean 0 and variance 1.

Axes: l lane, b example, t position, s key position, h head, d feature, v vocabulary.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from empirics.engine import rng
from empirics.engine.train import Params
from empirics.models.character_model import normed
from empirics.models.selective_attention import gelu, position_term, spikiness

VARIANTS = ("standard", "const", "pos", "ssa q", "ssa k", "ssa v", "ssa qv", "ssa qv own", "ssa qv frequency",
            "untrained")  # fmt: skip
_PLACES = {"ssa q": "q", "ssa k": "k", "ssa v": "v", "ssa qv": "qv", "ssa qv own": "qv", "ssa qv frequency": "qv"}


def initial_parameters(
    keys: torch.Tensor, variant: str, *, n_layers: int, n_heads: int, width: int, block: int, vocab_size: int,
    dtype: torch.dtype,
) -> Params:  # fmt: skip
    """Weights of every lane, each drawn from a stream of its own name; temperatures start at 1 plus the position term."""
    deep = 0.02 / math.sqrt(2 * n_layers)
    shapes: dict[str, tuple[tuple[int, ...], float]] = {
        "tokens": ((vocab_size, width), 0.02),
        "positions": ((block, width), 0.02),
    }
    for layer in range(n_layers):
        at = f"{layer} "
        shapes |= {at + name: ((width, width), 0.02) for name in "qkv"}
        shapes |= {
            at + "mix": ((width, width), deep),
            at + "up": ((width, 4 * width), 0.02),
            at + "down": ((4 * width, width), deep),
        }
        if variant.endswith("own"):
            shapes |= {at + name + " hidden": ((width, width), 0.02) for name in _PLACES[variant]}
    params = {name: rng.normal_like(keys, shape, size, "init " + name) for name, (shape, size) in shapes.items()}
    ones, zeros = params["tokens"].new_ones, params["tokens"].new_zeros
    params |= {f"{layer} gain {part}": ones(len(keys), width) for layer in range(n_layers) for part in "am"}
    params["gain"] = ones(len(keys), width)
    for layer in range(n_layers):
        at = f"{layer} "
        if variant == "const":
            params[at + "tau"] = ones(len(keys))
        if variant == "pos":
            params[at + "q alpha"] = zeros(len(keys))
        for place in _PLACES.get(variant, ""):
            params[at + place + " alpha"] = zeros(len(keys))
            name, size = ("weight", n_heads) if variant.endswith("frequency") else ("out", width)
            params[at + f"{place} {name}"] = zeros(len(keys), size)
    return {name: value.to(dtype) for name, value in params.items()}


def _times(x_lbtd: torch.Tensor, matrix_lde: torch.Tensor) -> torch.Tensor:
    flat = x_lbtd.reshape(x_lbtd.shape[0], -1, x_lbtd.shape[-1])
    return (flat @ matrix_lde).reshape(*x_lbtd.shape[:-1], -1)


def log_frequency(ids: torch.Tensor, vocab_size: int) -> torch.Tensor:
    """Logarithm of how often each token of a text occurs, with mean 0 and variance 1 over the text: float32 [v].

    A token that does not occur counts as one that does once.
    """
    count = torch.bincount(ids, minlength=vocab_size).double()
    share, log = count / count.sum(), torch.log(count.clamp_min(1))
    centred = log - (share * log).sum()
    return (centred / (share * centred.square()).sum().sqrt().clamp_min(1e-12)).float()


def layer_temperature(
    params: Params, layer: int, place: str, x: torch.Tensor, projected: torch.Tensor, feature: torch.Tensor | None
) -> torch.Tensor | None:
    """Inverse temperature of every token at a place ("q", "k" or "v") of a layer: [lane, b, t, head or 1], or None where it is 1."""
    at = f"{layer} "
    if place == "q" and at + "tau" in params:
        return params[at + "tau"][:, None, None, None].expand(*x.shape[:-1], 1)
    if at + place + " alpha" not in params:
        return None
    n = torch.arange(1, x.shape[2] + 1, dtype=x.dtype, device=x.device)
    base = position_term(params[at + place + " alpha"][:, None, None], n).expand(x.shape[:-1])[..., None]
    if at + place + " weight" in params:
        if feature is None:
            raise ValueError("forward: 'feature_v' must be given for temperatures of frequency, got None")
        return base + torch.tanh(feature * params[at + place + " weight"][:, None, None, :])
    if at + place + " out" not in params:
        return base
    own = at + place + " hidden"
    hidden = gelu(_times(x, params[own]) if own in params else projected)
    return base + torch.tanh((hidden * params[at + place + " out"][:, None, None, :]).sum(dim=-1, keepdim=True))


def forward(
    params: Params, ids_lbt: torch.Tensor, *, n_layers: int, n_heads: int, watch: list[dict[str, torch.Tensor]] | None,
    feature_v: torch.Tensor | None = None,
) -> torch.Tensor:  # fmt: skip
    """Next-token logits [lane, b, t, v].

    Args:
        feature_v: what "ssa qv frequency" knows of every token, [v]; other variants need none.
        watch: where given, one mapping a layer is appended: "weights" [l, b, h, t, s], and "q", "k", "v" temperatures
            [l, b, t], means over heads.

    Raises: ValueError where temperatures of frequency lack `feature_v`.
    """
    tokens = params["tokens"]
    n_lanes, _, length = ids_lbt.shape
    index = ids_lbt.reshape(n_lanes, -1, 1).expand(-1, -1, tokens.shape[-1])
    x = tokens.gather(1, index).reshape(*ids_lbt.shape, -1) + params["positions"][:, None, :length]
    feature = None if feature_v is None else feature_v.to(x.dtype)[ids_lbt][..., None]
    future = torch.ones(length, length, dtype=torch.bool, device=x.device).triu(1)
    for layer in range(n_layers):
        at = f"{layer} "
        rows = normed(x, params[at + "gain a"])
        parts = {}
        seen: dict[str, torch.Tensor] = {}
        for place in "qkv":
            parts[place] = _times(rows, params[at + place])
            tau = layer_temperature(params, layer, place, rows, parts[place], feature)
            if tau is not None:
                heads = parts[place].unflatten(-1, (tau.shape[-1], -1))
                parts[place] = (heads * tau[..., None]).flatten(-2)
                seen[place] = tau.mean(dim=-1)
        q, k, v = (one.unflatten(-1, (n_heads, -1)).transpose(2, 3) for one in (parts["q"], parts["k"], parts["v"]))
        scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
        weights = scores.masked_fill(future, float("-inf")).softmax(dim=-1)
        if watch is not None:
            watch.append({**seen, "weights": weights})
        x = x + _times((weights @ v).transpose(2, 3).flatten(-2), params[at + "mix"])
        x = x + _times(gelu(_times(normed(x, params[at + "gain m"]), params[at + "up"])), params[at + "down"])
    return _times(normed(x, params["gain"]), tokens.transpose(1, 2))


def cross_entropy(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Nats a character, of every lane and example: [lane, b]."""
    return -logits.log_softmax(dim=-1).gather(-1, targets[..., None])[..., 0].mean(dim=-1)


def query_key_norm(params: Params, n_layers: int, n_heads: int) -> torch.Tensor:
    """Spectral norm of W_q W_k^T / sqrt(d_head), mean over layers and heads, temperatures left out.  Returns: [lane]."""
    found = []
    for layer in range(n_layers):
        q, k = (params[f"{layer} {one}"].unflatten(-1, (n_heads, -1)).transpose(1, 2) for one in "qk")
        scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
        found.append(torch.linalg.matrix_norm(scores, ord=2).mean(dim=1))
    return torch.stack(found).mean(dim=0)


def mean_spikiness(watched: Sequence[dict[str, torch.Tensor]]) -> torch.Tensor:
    """Spikiness at every position, mean over layers, examples and heads: [lane, t]."""
    length = watched[0]["weights"].shape[-1]
    n = torch.arange(1, length + 1, dtype=watched[0]["weights"].dtype, device=watched[0]["weights"].device)
    return torch.stack([spikiness(one["weights"], n).mean(dim=(1, 2)) for one in watched]).mean(dim=0)


def n_added(variant: str, *, n_layers: int, n_heads: int, width: int) -> int:
    """Parameters that a variant adds to the standard model, counted from the tensors it makes."""
    keys = torch.zeros(1, dtype=torch.int64)
    counts = [
        sum(
            one.numel()
            for one in initial_parameters(
                keys, name, n_layers=n_layers, n_heads=n_heads, width=width, block=1, vocab_size=1, dtype=torch.float32
            ).values()
        )
        for name in (variant, "standard")
    ]
    return counts[0] - counts[1]
