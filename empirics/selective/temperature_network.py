"""What the layer's temperature can do to two tokens: how far apart it can pull them, and what weights that takes.

Words for the letters of the grid: n position, rho cosine of the two tokens, delta difference of temperatures.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from empirics.engine import rng
from empirics.engine.lanes import Experiment, Lanes
from empirics.engine.train import Adam, Params, fit
from empirics.models import selective_attention as model
from empirics.tasks.graph_walks import unit_tokens

WIDTH, N_HIDDEN = 16, 16
PRICE = 1e-3  # of the squared weights; chosen: the difference reached is then within 3% of the one wanted


def temperature_pair(lanes: Lanes) -> Mapping[str, Any]:
    """Two tokens a, b at position n after training their temperatures apart.

    goal "ratio" maximises tau(a)/tau(b) over the network, alpha being drawn and fixed (it would run to -infinity, where
    every ratio is allowed); "gap" trains tau(a) - tau(b) to the switch `wanted`, starting from a small network.
    ratio: tau(a)/tau(b); delta: tau(a) - tau(b) as reached; alpha; distance: |a - b|; network_norm: product of the
    spectral norms of the two weight matrices.  All [lane].
    """
    goal, rho = lanes.size("goal"), lanes.column("rho")
    n, wanted = lanes.column("n"), lanes.column("wanted")
    tokens = _pair(lanes.keys, rho)
    alpha = rng.normal_like(lanes.keys, (), 1.0, "init alpha")
    params: Params = {
        "hidden": rng.normal_like(lanes.keys, (WIDTH, N_HIDDEN), 0.1, "init hidden"),
        "out": rng.normal_like(lanes.keys, (N_HIDDEN,), 0.1, "init out"),
    }

    def tau(current: Params) -> torch.Tensor:
        base = model.position_term(alpha, n)
        return base[:, None] + model.token_term(current, tokens)

    def loss(current: Params) -> torch.Tensor:
        first, second = tau(current).unbind(dim=1)
        if goal == "ratio":
            return torch.log(second) - torch.log(first)
        # a small price on the weights chooses, of all networks that reach the gap, one that is not needlessly large
        size = current["hidden"].square().sum(dim=(1, 2)) + current["out"].square().sum(dim=1)
        return (first - second - wanted).square() + PRICE * size

    rate = torch.full((len(lanes),), 0.02, dtype=torch.float64, device=lanes.device)
    params, _ = fit(loss, params, n_steps=lanes.size("n_steps"), optimiser=Adam(rate))
    first, second = tau(params).unbind(dim=1)
    norm = model.operator_norm(params["hidden"]) * params["out"].square().sum(dim=1).sqrt()
    return {
        "ratio": first / second,
        "delta": first - second,
        "alpha": alpha,
        "distance": (tokens[:, 0] - tokens[:, 1]).square().sum(dim=1).sqrt(),
        "network_norm": norm,
    }


def _pair(keys: torch.Tensor, rho: torch.Tensor) -> torch.Tensor:
    """Unit tokens a, b of cosine rho in a random plane.  Returns: [lane, 2, WIDTH]."""
    drawn = unit_tokens(keys, 2, WIDTH)
    first = drawn[:, 0]
    across = drawn[:, 1] - (drawn[:, 1] * first).sum(dim=1, keepdim=True) * first
    across = across / across.square().sum(dim=1, keepdim=True).sqrt()
    return torch.stack([first, rho[:, None] * first + (1 - rho[:, None] ** 2).sqrt() * across], dim=1)


TEMPERATURE_PAIR = Experiment(
    id="selective/temperature-pair",
    version=1,
    axes=("goal", "rho", "n"),
    measure=temperature_pair,
    switches={"wanted": 1.0, "n_steps": 1500},
    shape=("goal", "n_steps"),
    common=("n_steps",),
    bytes_per_lane=lambda cell: 8 * 4 * (WIDTH * N_HIDDEN + 6 * N_HIDDEN),
)
