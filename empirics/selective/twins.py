"""Nearly equal queries that want the same keys with different sharpness: norms, and training with temperatures of each kind.

Words for the letters of the grid: rho cosine of two twins, r ratio of their logit norms, c cosine of their logit rows,
d width.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from empirics.engine.lanes import Experiment, Lanes
from empirics.engine.train import Adam, Params, fit
from empirics.models import selective_attention as model
from empirics.models.least_norm import least_norms, selectivity_gram
from empirics.tasks.twin_queries import N_KEYS, twins

SCALE = 6.0  # norm of the sharper twin's logit row
N_HIDDEN = 8  # of the layer's temperature network


def twin_training(lanes: Lanes) -> Mapping[str, Any]:
    """Mean KL after Adam from W = 0 and tau = 1 on exact targets, and the least norms of the same instance.

    Temperatures stand at the queries, or with place "key" at the keys, one for each of the 16 that all queries share.

    loss: mean KL over the 8 queries in nats; loss_permuted: the same with the trained temperatures handed round among the
    queries (or keys); loss_tied: with all of them at their geometric mean; tau_ratio: largest over smallest trained
    temperature; norm: largest |tau| times the Frobenius norm of W; least_standard, least_selective: least Frobenius norms
    that reach the target exactly.  All [lane].
    Positions: all queries stand at position n = 16, after the keys.
    """
    width, variant, n_steps = lanes.size("d"), lanes.size("variant"), lanes.size("n_steps")
    rho, r, c = (lanes.column(name) for name in ("rho", "r", "c"))
    queries, keys, logits = twins(lanes.keys, width, rho, r, c, SCALE)
    least = least_norms(selectivity_gram(logits, queries, keys))
    target = logits.softmax(dim=-1)
    params: Params = {"matrix": torch.zeros(len(lanes), width, width, dtype=torch.float64, device=lanes.device)}
    at_keys = lanes.size("place") == "key"
    tokens = keys if at_keys else queries
    params |= model.initial_temperature(variant, lanes.keys, n_groups=tokens.shape[1], width=width, n_hidden=N_HIDDEN)
    n = torch.tensor([float(N_KEYS)], dtype=torch.float64, device=lanes.device)
    group = torch.arange(tokens.shape[1], device=lanes.device).expand(len(lanes), -1)

    def temperatures(current: Params) -> torch.Tensor:
        return model.temperature(variant, current, tokens, n, group)

    def log_rows(current: Params, tau: torch.Tensor) -> torch.Tensor:
        scale = tau[:, None, :] if at_keys else tau[..., None]
        return (scale * (queries @ current["matrix"] @ keys.transpose(1, 2))).log_softmax(dim=-1)

    def objective(current: Params) -> torch.Tensor:
        return model.cross_entropy(target, log_rows(current, temperatures(current))).mean(dim=-1)

    def loss(current: Params, tau: torch.Tensor) -> torch.Tensor:
        floor = 1e-16  # below it the sum of rounding errors is no loss
        return model.excess_loss(target, log_rows(current, tau)).mean(dim=-1).clamp_min(floor)

    if n_steps:
        params, _ = fit(objective, params, n_steps=n_steps, optimiser=Adam(lanes.column("learning_rate")))
    tau = temperatures(params)
    size = tau.abs()
    return {
        "loss": loss(params, tau),
        "loss_permuted": loss(params, model.permuted(tau, lanes.keys)),
        "loss_tied": loss(params, torch.exp(torch.log(size.clamp_min(1e-12)).mean(dim=1, keepdim=True)).expand_as(tau)),
        "tau_ratio": size.amax(dim=1) / size.amin(dim=1).clamp_min(1e-12),
        "norm": size.amax(dim=1) * model.frobenius_norm(params["matrix"]),
        "least_standard": least["standard"],
        "least_selective": least["selective"],
    }


TWINS = Experiment(
    id="selective/twins",
    version=2,
    axes=("rho", "c", "variant", "learning_rate"),
    measure=twin_training,
    switches={"r": 0.3, "d": 16, "n_steps": 400, "place": "query"},
    shape=("d", "variant", "n_steps", "place"),
    common=("variant", "learning_rate", "n_steps", "place"),
    bytes_per_lane=lambda cell: 8 * (5 * cell["d"] ** 2 + 60 * cell["d"] + 1500),
)
