"""Does the selectivity matrix, computed before training, foretell whether query temperatures help training?

Each instance is drawn until its least norms keep a promise: "none", that temperatures lower the least norm by nothing, or
"large", by at least a factor `LARGE`.  Words for the letters: rho, r, c as in the twins; N tokens, d width.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from empirics.engine import rng
from empirics.engine.lanes import Experiment, Lanes
from empirics.engine.train import Adam, Params, fit
from empirics.models import selective_attention as model
from empirics.models.least_norm import pivoted_norms, selectivity_gram
from empirics.selective.graphs import N_TOKENS, NORM_SMOOTHING
from empirics.selective.twins import SCALE
from empirics.tasks.graph_walks import connected_graph, transition_rows, unit_tokens
from empirics.tasks.twin_queries import twins

LARGE = {"twins": 3.0, "graph": 1.5}  # norm without temperatures over norm with them; graphs of norms 3 apart are rare
TRIED = {"twins": 512, "graph": 64}  # candidates a lane draws; where none keeps the promise, the lane is no number
TWIN_WIDTH = 16
Instance = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


def kept_promise(lanes: Lanes) -> Mapping[str, Any]:
    """Mean KL after Adam from W = 0 on exact targets with embeddings held fixed, and what the criterion said before.

    The targets are collinear twins of drawn rho, r and c, or random walks on graphs smoothed by 1% with random unit
    embeddings of as many dimensions as tokens.  "free" is one temperature a query.
    loss: mean KL over queries, nats; promised: least Frobenius norm at unit temperatures over that with
    temperatures in (0, 1].  All [lane].
    """
    keys, index = torch.unique(lanes.keys, return_inverse=True)  # arms and rates of one key share their instance
    family, promise = lanes.size("family"), lanes.size("promise")
    drawn = _twins(keys, promise) if family == "twins" else _graphs(keys, promise)
    queries, seen, logits = (part[index] for part in drawn)
    least = pivoted_norms(selectivity_gram(logits, queries, seen))
    target = logits.softmax(dim=-1)
    variant, width, n_queries = lanes.size("variant"), queries.shape[2], queries.shape[1]
    params: Params = {"matrix": torch.zeros(len(lanes), width, width, dtype=torch.float64, device=lanes.device)}
    params |= model.initial_temperature(variant, lanes.keys, n_groups=n_queries, width=width, n_hidden=1)
    n = torch.tensor([float(seen.shape[1])], dtype=torch.float64, device=lanes.device)
    group = torch.arange(n_queries, device=lanes.device).expand(len(lanes), -1)

    def log_rows(current: Params) -> torch.Tensor:
        tau = model.temperature(variant, current, queries, n, group)
        return (tau[..., None] * (queries @ current["matrix"] @ seen.transpose(1, 2))).log_softmax(dim=-1)

    def objective(current: Params) -> torch.Tensor:
        return model.cross_entropy(target, log_rows(current)).mean(dim=-1)

    params, _ = fit(objective, params, n_steps=lanes.size("n_steps"), optimiser=Adam(lanes.column("learning_rate")))
    loss = model.excess_loss(target, log_rows(params)).mean(dim=-1).clamp_min(1e-16)
    gap = least["standard"] / least["selective"]
    kept = gap >= LARGE[family] if promise == "large" else least["helps"] == 0
    return {"loss": torch.where(kept, loss, float("nan")), "promised": gap}


def _first(fits: torch.Tensor) -> torch.Tensor:
    """Index of the first candidate that fits, [lane]; 0 where none does."""
    return (fits * torch.arange(fits.shape[1], 0, -1, device=fits.device)).argmax(dim=1)


def _twins(keys: torch.Tensor, promise: str) -> Instance:
    """Twins of a drawn cosine of queries rho, norm ratio r and cosine of rows c, chosen by the closed form."""
    u = rng.uniform(keys, 4 * TRIED["twins"], "promise").reshape(len(keys), -1, 4)
    rho = 1 - 10 ** (-0.15 - 2.35 * u[..., 0])
    r = 0.15 + 0.75 * u[..., 1]
    c = torch.where(u[..., 3] < 0.5, 1 - 10 ** (-3 * u[..., 2]), -0.2 + 1.2 * u[..., 2])
    gap = torch.sqrt((1 + r**2 - 2 * rho * r * c) / (1 - rho**2 * c**2))
    fits = (rho * c > r) & (gap >= LARGE["twins"]) if promise == "large" else rho * c <= r
    pick = _first(fits)[:, None]
    rho, r, c = (one.gather(1, pick)[:, 0] for one in (rho, r, c))
    return twins(keys, TWIN_WIDTH, rho, r, c, SCALE)


def _graphs(keys: torch.Tensor, promise: str) -> Instance:
    """A random connected graph with unit embeddings, the first of some whose least norms keep the promise."""
    n_tried = TRIED["graph"]
    own = rng.words(keys, n_tried, "candidates").reshape(-1)
    logits = torch.log(transition_rows(connected_graph(own, N_TOKENS), NORM_SMOOTHING))
    tokens = unit_tokens(own, N_TOKENS, N_TOKENS)
    least = pivoted_norms(selectivity_gram(logits, tokens, tokens))
    far = least["standard"] / least["selective"] >= LARGE["graph"]
    fits = (far if promise == "large" else least["helps"] == 0).reshape(len(keys), n_tried)
    pick = torch.arange(len(keys), device=keys.device) * n_tried + _first(fits)
    return tokens[pick], tokens[pick], logits[pick]


CRITERION = Experiment(
    id="selective/criterion",
    version=2,
    axes=("family", "promise", "variant", "learning_rate"),
    measure=kept_promise,
    switches={"n_steps": 200},
    shape=("family", "promise", "variant", "n_steps"),
    common=("variant", "learning_rate", "n_steps"),
    bytes_per_lane=lambda cell: 8 * (6 * TWIN_WIDTH**2 + 60 * TWIN_WIDTH + TRIED["graph"] * 4 * N_TOKENS**2),
)
