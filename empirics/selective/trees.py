"""Trees as targets: what the conjectures on query temperatures say about attention maps, in norms and in training.

Words for the letters of the grid: k children a node, depth of the tree, likeness cosine of child and parent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from empirics.engine.lanes import Experiment, Lanes
from empirics.engine.train import Adam, Params, fit
from empirics.models import selective_attention as model
from empirics.models.least_norm import least_norms, pivoted_norms, selectivity_gram
from empirics.tasks.trees import hierarchical_tokens, parents, target_rows

NORM_SMOOTHING = 0.01  # share of the uniform row in targets that must be reached exactly
N_HIDDEN = 8
MOST_NODES = 10  # beyond it, sets of active bounds are too many to try them all
LEAST = 1e-16


def tree_training(lanes: Lanes) -> Mapping[str, Any]:
    """Errors of the attention map after Adam from W = 0 on fixed embeddings, and the least norms of the same instance.

    The width is `room` times the number of nodes; "free" is one temperature a node.
    loss: mean KL over the nodes, nats; map_error: root mean square error of the weights; total_variation: mean over rows
    of half the l1 distance; both again as ..._permuted, with the temperatures handed round among the nodes.  least_gap:
    least Frobenius norm at unit temperatures over that with temperatures in (0, 1], for rows smoothed by 1%; gap_small:
    whether it is below 1.05.  All [lane].
    """
    k, depth, targets = lanes.size("k"), lanes.size("depth"), lanes.size("targets")
    n_nodes = len(parents(k, depth))
    width = lanes.size("room") * n_nodes
    tokens = hierarchical_tokens(lanes.keys, k, depth, width, lanes.column("likeness"))
    target = target_rows(k, depth, targets).to(lanes.device)
    found = _least(tokens, k, depth, targets)
    variant, n_steps = lanes.size("variant"), lanes.size("n_steps")
    params: Params = {"matrix": torch.zeros(len(lanes), width, width, dtype=torch.float64, device=lanes.device)}
    params |= model.initial_temperature(variant, lanes.keys, n_groups=n_nodes, width=width, n_hidden=N_HIDDEN)
    n = torch.tensor([float(n_nodes)], dtype=torch.float64, device=lanes.device)
    group = torch.arange(n_nodes, device=lanes.device).expand(len(lanes), -1)

    def log_rows(current: Params, *, permute: bool = False) -> torch.Tensor:
        tau = model.temperature(variant, current, tokens, n, group)
        tau = model.permuted(tau, lanes.keys) if permute else tau
        return (tau[..., None] * (tokens @ current["matrix"] @ tokens.transpose(1, 2))).log_softmax(dim=-1)

    def objective(current: Params) -> torch.Tensor:
        return model.cross_entropy(target, log_rows(current)).mean(dim=-1)

    if n_steps:
        params, _ = fit(objective, params, n_steps=n_steps, optimiser=Adam(lanes.column("learning_rate")))
    errors = _errors(log_rows(params).exp() - target)
    permuted = _errors(log_rows(params, permute=True).exp() - target)
    return {
        "loss": model.excess_loss(target, log_rows(params)).mean(dim=-1).clamp_min(LEAST),
        **errors,
        **{name + "_permuted": value for name, value in permuted.items()},
        **found,
    }


def _errors(off_lij: torch.Tensor) -> dict[str, torch.Tensor]:
    return {
        "map_error": off_lij.square().mean(dim=(1, 2)).sqrt().clamp_min(LEAST),
        "total_variation": (off_lij.abs().sum(dim=-1).mean(dim=-1) / 2).clamp_min(LEAST),
    }


def _least(tokens: torch.Tensor, k: int, depth: int, targets: str) -> dict[str, torch.Tensor]:
    logits = torch.log(target_rows(k, depth, targets, NORM_SMOOTHING)).to(tokens.device)
    gram = selectivity_gram(logits.expand(len(tokens), -1, -1), tokens, tokens)
    least = least_norms(gram) if len(logits) <= MOST_NODES else pivoted_norms(gram)
    gap = least["standard"] / least["selective"]
    return {"least_gap": gap, "gap_small": (gap < 1.05).double()}


TREES = Experiment(
    id="selective/trees",
    version=1,
    axes=("likeness", "targets", "variant", "learning_rate"),
    measure=tree_training,
    switches={"k": 2, "depth": 2, "room": 4, "n_steps": 100},
    shape=("k", "depth", "room", "targets", "variant", "n_steps"),
    common=("targets", "variant", "learning_rate", "n_steps"),
    bytes_per_lane=lambda cell: 8 * 6 * (cell["room"] * len(parents(cell["k"], cell["depth"]))) ** 2,
)
