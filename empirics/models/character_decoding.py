"""Character models one symbol at a time: each layer keeps what it must, and nothing else.

Attention keeps the keys and values of all symbols so far.  The generative function keeps the last row that it was given, and
with a running mean the sum of all rows.  Outputs equal those of `character_model.logits` on the whole word.

Axes: l lane, b sequence, d feature, m feature of any width, h head, s key position, v symbol; the position is one.
"""

from __future__ import annotations

import torch

from empirics.models import character_model as model

State = list[dict[str, torch.Tensor]]
DECODED = ("attention", "generative", "generative_running_mean", "none", "removed")


def empty(arch: model.Architecture) -> State:
    """What is kept before the first symbol: nothing, in each layer.

    Raises: ValueError for a mixer that is not decoded here, other partners than the row before, zeroed rows, or a norm after
    the function.
    """
    plain = (arch.partners, arch.first_row, arch.norm, arch.keys) == ((), "copied", "before", 0)
    if arch.mixer not in DECODED or not plain or not arch.is_causal:
        raise ValueError(
            f"decoding: 'arch' must mix by one of {', '.join(DECODED)} in the usual form, got {arch.mixer!r}"
        )
    return [{} for _ in range(arch.n_layers)]


def n_bytes(state: State) -> int:
    """Bytes of all that is kept, of all lanes and sequences together."""
    return sum(one.numel() * one.element_size() for layer in state for one in layer.values())


def step(
    arch: model.Architecture, weights: model.Weights, symbols_lb: torch.Tensor, position: int, state: State
) -> tuple[torch.Tensor, State]:
    """Scores of the symbol after this one, and what is kept for the next step.

    Args:
        symbols_lb: int64 [lane, sequence], the symbol at `position` (0, 1, ...).

    Returns: (float [lane, sequence, symbol], state).
    """
    x = model.embedded(weights["embedding"], symbols_lb[:, :, None])
    if arch.positions:
        x = x + weights["positions"][:, None, position : position + 1]
    kept: State = []
    for layer, before in enumerate(state):
        own = {name.split(".", 1)[1]: one for name, one in weights.items() if name.startswith(f"{layer}.")}
        after: dict[str, torch.Tensor] = {}
        if arch.mixer != "removed":
            z = model.normed(x, own["mix_gain"])
            mixed = _attended(arch, own, z, before, after) if arch.mixer == "attention" else _reduced(
                z, arch.reduction, arch.mixer, position, before, after, "row")  # fmt: skip
            x = x + (model.linear(mixed, own["mix_out"]) if arch.output_map else mixed)
        hidden = model.linear(model.normed(x, own["mlp_gain"]), own["mlp_in"])
        if arch.activation == "gelu":
            hidden = model.gelu(hidden)
        else:
            hidden = _reduced(hidden, arch.reduction, arch.activation, position, before, after, "hidden")
        x = x + model.linear(hidden, own["mlp_out"])
        kept.append(after)
    scores = model.linear(model.normed(x, weights["final_gain"]), weights["embedding"].transpose(1, 2))
    return scores[:, :, 0], kept


def _attended(
    arch: model.Architecture, own: model.Weights, z_lb1d: torch.Tensor, before: dict[str, torch.Tensor],
    after: dict[str, torch.Tensor],
) -> torch.Tensor:  # fmt: skip
    """Attention of the newest row to all rows so far; `after` gets the longer cache."""
    parts = model.linear(z_lb1d, own["query_key_value"]).chunk(3, dim=-1)
    query, key, value = (model.in_heads(one, arch.n_heads) for one in parts)  # [lane, sequence, head, 1, feature]
    for name, new in (("keys", key), ("values", value)):
        after[name] = torch.cat([before[name], new], dim=3) if before else new
    scores = query @ after["keys"].transpose(-1, -2) / query.shape[-1] ** 0.5
    return model.with_maps(scores.softmax(dim=-1), after["values"])


def _reduced(
    row_lb1m: torch.Tensor, reduction: str, kind: str, position: int, before: dict[str, torch.Tensor],
    after: dict[str, torch.Tensor], name: str,
) -> torch.Tensor:  # fmt: skip
    """The newest row reduced with the one before it; `after` gets the newest row, and with a running mean the sum of all."""
    if kind == "none":
        return row_lb1m
    after[name] = row_lb1m
    operands = [row_lb1m, before.get(name, row_lb1m)]
    if model.CONTEXTS.get(kind) == "running_mean":
        after[f"{name} sum"] = row_lb1m + before[f"{name} sum"] if before else row_lb1m
        operands.append(after[f"{name} sum"] / (position + 1))
    return row_lb1m if position == 0 else model.combined(operands, reduction)
