"""Random graphs as targets: least norms, least losses with given embeddings, and training with three read-outs.

Words for the letters of the grid: N = 8 tokens, d width.  Every context holds each token once; the last one is the query.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch

from empirics.engine import rng
from empirics.engine.lanes import Experiment, Lanes
from empirics.engine.train import Adam, Params, fit
from empirics.models import selective_attention as model
from empirics.models.least_norm import SIGNED, least_loss, least_norms, selectivity_gram
from empirics.tasks.graph_walks import connected_graph, transition_rows, unit_tokens

N_TOKENS = 8
NORM_SMOOTHING, FLOOR_SMOOTHING = 0.01, 0.02  # share of the uniform row in targets that must be reached exactly
N_HIDDEN = 8
LEAST = 1e-16

# variant -> (kind of query temperature, of value temperature, of key temperature)
PLACEMENTS = {
    "standard": ("standard", "standard", "standard"),
    "const": ("const", "standard", "standard"),
    "pos": ("pos", "standard", "standard"),
    "free": ("free", "standard", "standard"),
    "layer": ("layer", "standard", "standard"),
    "value": ("standard", "free", "standard"),
    "query and value": ("free", "free", "standard"),
    "key": ("standard", "standard", "free"),
}


# ---------------------------------------------------------------------------- training
def graph_training(lanes: Lanes) -> Mapping[str, Any]:
    """KL and attention map after training on a random connected graph, and the least norms for the same graph.

    The prediction is the attention row itself ("pointer"), softmax(C f) with a free C ("free"), or with C the embeddings
    ("tied").  Temperatures "free" are one number for each degree of a node, as in the paper's graph experiment.

    loss: KL in nats, mean over query tokens (the population loss: every token once); loss_permuted: with the temperatures
    handed round among the tokens; harm_permuted: log of the one over the other; map_error: mean over rows of the l1
    distance between attention row and target row; self_error: what that is where each token attends to itself alone;
    spikiness: mean over rows; norm: largest query temperature times the spectral norm of W, 0 where nothing was trained;
    degree_correlation: of query temperature and degree.  Where nothing is trained also, for fixed random embeddings of
    this width and the graph smoothed by 1%, least_gap: least Frobenius norm at unit temperatures over that with
    temperatures in (0, 1]; gap_small, gap_large: whether it is below 1.01, above 1.5; helps: whether temperature lowers
    it.  All [lane].
    """
    variant, readout, width = lanes.size("variant"), lanes.size("readout"), lanes.size("d")
    if lanes.size("targets") == "planted":
        graph, target = _planted(lanes, width)
    else:
        graph = connected_graph(lanes.keys, N_TOKENS)
        target = transition_rows(graph)
    network = _Network(lanes, variant, readout, graph)
    params = network.start(width, lanes.size("start"))
    if lanes.size("n_steps"):
        rate = lanes.column("learning_rate")
        params, _ = fit(
            lambda current: network.objective(current, target),
            params,
            n_steps=lanes.size("n_steps"),
            optimiser=Adam(rate),
        )
    rows = network.map_rows(params)
    tau = network.temperatures(params)["q"]
    loss, permuted = (network.loss(params, target, permute=one).clamp_min(LEAST) for one in (False, True))
    return {
        "loss": loss,
        "loss_permuted": permuted,
        "harm_permuted": torch.log(permuted / loss),
        "map_error": (rows - target).abs().sum(dim=-1).mean(dim=-1),
        "self_error": (2 - 2 / (graph.sum(dim=-1) + 1)).mean(dim=-1),
        "spikiness": model.spikiness(rows, N_TOKENS).mean(dim=-1),
        "norm": tau.abs().amax(dim=1) * (model.operator_norm(params["matrix"]) if lanes.size("n_steps") else 0),
        "degree_correlation": _correlation(tau, graph.sum(dim=-1)),
        **({} if lanes.size("n_steps") or lanes.size("start") != "random" else _exact_gap(lanes, graph, width)),
    }


SOFT, SHARP = 0.1, 5.0  # planted temperatures, chosen far enough apart for one number not to do for both


def _planted(lanes: Lanes, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    """(graph, rows): four tokens joined to each other and one more token hanging on each of them; not the graph's walk but
    the rows of a random attention layer in which the hanging tokens attend `SHARP`/`SOFT` times as sharply as the others.

    Here a temperature for each degree must help: it is how the target was made.  Returns: twice [lane, N, N].
    """
    half = N_TOKENS // 2
    graph = torch.zeros(N_TOKENS, N_TOKENS, dtype=torch.float64, device=lanes.device)
    graph[:half, :half] = 1 - torch.eye(half, dtype=graph.dtype, device=graph.device)
    graph[:half, half:] = graph[half:, :half] = torch.eye(half, dtype=graph.dtype, device=graph.device)
    tau = torch.where(graph.sum(dim=-1) == 1, SHARP, SOFT).to(graph.dtype)
    tokens = unit_tokens(lanes.keys, N_TOKENS, width, "planted tokens")
    matrix = rng.normal_like(lanes.keys, (width, width), 1.0, "planted matrix")
    rows = (tau[:, None] * (tokens @ matrix @ tokens.transpose(1, 2))).softmax(dim=-1)
    return graph.expand(len(lanes), -1, -1), rows


def _exact_gap(lanes: Lanes, graph: torch.Tensor, width: int) -> dict[str, torch.Tensor]:
    if width < N_TOKENS:  # rows of embeddings are dependent: exact targets are out of reach at any norm
        return {}
    tokens = unit_tokens(lanes.keys, N_TOKENS, width)
    logits = torch.log(transition_rows(graph, NORM_SMOOTHING))
    least = least_norms(selectivity_gram(logits, tokens, tokens))
    gap = least["standard"] / least["selective"]
    return {
        "least_gap": gap,
        "gap_small": (gap < 1.01).double(),
        "gap_large": (gap > 1.5).double(),
        "helps": least["helps"],
    }


def _correlation(a_li: torch.Tensor, b_li: torch.Tensor) -> torch.Tensor:
    """Pearson correlation over tokens; 0 where one of them does not vary."""
    a, b = a_li - a_li.mean(dim=1, keepdim=True), b_li - b_li.mean(dim=1, keepdim=True)
    scale = (a.square().sum(dim=1) * b.square().sum(dim=1)).sqrt()
    return torch.where(scale > 1e-12, (a * b).sum(dim=1) / scale.clamp_min(1e-12), 0.0)


class _Network:
    """One attention layer over the eight tokens, with temperatures where the variant puts them."""

    def __init__(self, lanes: Lanes, variant: str, readout: str, graph: torch.Tensor) -> None:
        self.lanes, self.readout = lanes, readout
        self.kinds = dict(zip("qvk", PLACEMENTS[variant]))
        self.graph, self.degree = graph, graph.sum(dim=-1).long()
        self.n = torch.tensor([float(N_TOKENS)], dtype=torch.float64, device=lanes.device)

    def start(self, width: int, start: str) -> Params:
        """Small random weights ("random"), W = 40 I on the initial tokens ("identity": each token sees itself only), or
        the solution of the free read-out with self-attention alone ("constructed").
        """
        keys, size = self.lanes.keys, 1 / math.sqrt(width)
        params: Params = {"tokens": rng.normal_like(keys, (N_TOKENS, width), size, "init tokens")}
        if start == "identity":
            eye = torch.eye(width, dtype=torch.float64, device=self.lanes.device)
            params["matrix"] = 40 * eye.expand(len(keys), -1, -1)
        else:
            params["matrix"] = rng.normal_like(keys, (width, width), size, "init matrix")
        if start == "constructed":
            params |= self._construction(width)
        elif self.readout == "free":
            params["classes"] = rng.normal_like(keys, (N_TOKENS, width), size, "init classes")
        if self.readout == "tied":
            params["sharpness"] = torch.ones(len(keys), dtype=torch.float64, device=self.lanes.device)
        for place, kind in self.kinds.items():
            params |= model.initial_temperature(
                kind, keys, n_groups=N_TOKENS, width=width, n_hidden=N_HIDDEN, prefix=place + "_"
            )
        return params

    def _construction(self, width: int) -> Params:
        """Orthonormal tokens, W = 60 I, and C the log of the target smoothed by a thousandth: no training, and no map."""
        rows = transition_rows(self.graph, 1e-3)
        eye = torch.eye(N_TOKENS, width, dtype=rows.dtype, device=rows.device)
        return {
            "tokens": eye.expand(len(rows), -1, -1),
            "matrix": 60 * torch.eye(width, dtype=rows.dtype, device=rows.device).expand(len(rows), -1, -1),
            "classes": torch.log(rows).transpose(1, 2) @ eye,
        }

    def tokens(self, params: Params) -> torch.Tensor:
        """Unit embeddings."""
        raw = params["tokens"]
        return raw / raw.square().sum(dim=-1, keepdim=True).sqrt()

    def temperatures(self, params: Params) -> dict[str, torch.Tensor]:
        """Inverse temperatures at queries, values and keys, each [lane, token]."""
        x = self.tokens(params)
        return {
            place: model.temperature(kind, params, x, self.n, self.degree, place + "_")
            for place, kind in self.kinds.items()
        }

    def scores(self, params: Params, *, permute: bool = False) -> tuple[torch.Tensor, torch.Tensor]:
        """(attention scores [lane, query, key], value temperatures [lane, key])."""
        x, tau = self.tokens(params), self.temperatures(params)
        if permute:
            tau = {place: model.permuted(value, self.lanes.keys) for place, value in tau.items()}
        plain = x @ params["matrix"] @ x.transpose(1, 2)
        return tau["q"][..., None] * plain * tau["k"][:, None, :], tau["v"]

    def map_rows(self, params: Params) -> torch.Tensor:
        """Attention rows before value temperatures."""
        return self.scores(params)[0].softmax(dim=-1)

    def loss(self, params: Params, target: torch.Tensor, *, permute: bool = False) -> torch.Tensor:
        """Mean KL over query tokens."""
        return model.excess_loss(target, self.log_predicted(params, permute=permute)).mean(dim=-1)

    def objective(self, params: Params, target: torch.Tensor) -> torch.Tensor:
        """What is trained: the mean cross-entropy."""
        return model.cross_entropy(target, self.log_predicted(params)).mean(dim=-1)

    def log_predicted(self, params: Params, *, permute: bool = False) -> torch.Tensor:
        """Logarithms of the predicted rows, [lane, query, token]."""
        scores, tau_v = self.scores(params, permute=permute)
        if self.readout == "pointer":
            if self.kinds["v"] == "standard":
                return scores.log_softmax(dim=-1)
            # weights times value temperatures, normalised: their sum is the prediction's mass
            predicted = scores.softmax(dim=-1) * tau_v.abs().clamp_min(1e-12)[:, None, :]
            return torch.log(predicted.clamp_min(1e-300)) - torch.log(predicted.sum(dim=-1, keepdim=True))
        x = self.tokens(params)
        mixed = scores.softmax(dim=-1) @ (tau_v[..., None] * x)
        if self.readout == "tied":
            logits = params["sharpness"][:, None, None] * (mixed @ x.transpose(1, 2))
        else:
            logits = mixed @ params["classes"].transpose(1, 2)
        return logits.log_softmax(dim=-1)


GRAPH_TRAINING = Experiment(
    id="selective/graph-training",
    version=3,
    axes=("d", "readout", "variant", "learning_rate"),
    measure=graph_training,
    switches={"n_steps": 600, "start": "random", "targets": "graph"},
    shape=("d", "readout", "variant", "n_steps", "start", "targets"),
    common=("readout", "variant", "learning_rate", "n_steps", "start", "targets"),
    bytes_per_lane=lambda cell: 8 * (6 * cell["d"] ** 2 + 60 * cell["d"] + 800),
)


# ---------------------------------------------------------------------------- least loss with given embeddings
def expressivity(lanes: Lanes) -> Mapping[str, Any]:
    """Least KL that any W (and temperatures of a kind) reaches on a graph with fixed random unit embeddings.

    Variants: "standard", "const", "free" (positive), "signed", "biased" (free with a bias for every key, which is what a
    value temperature adds), "signed and biased".
    loss: [lane], nats; the target is smoothed by 2%.  For "standard" the problem is convex and this is the least loss; for
    the others it is the best of some starts, the first of which is the standard problem's.
    """
    graph = connected_graph(lanes.keys, N_TOKENS)
    target = transition_rows(graph, FLOOR_SMOOTHING)
    tokens = unit_tokens(lanes.keys, N_TOKENS, lanes.size("d"))
    kind = lanes.size("variant")
    signed = kind in SIGNED
    n_starts = 1 if kind == "standard" else lanes.size("starts")  # a convex problem has one answer
    starts = rng.normal_like(lanes.keys, (n_starts, N_TOKENS), 1.0 if signed else 0.5, "starts")
    starts[:, 0] = 1.0 if signed else 0.0
    return {"loss": least_loss(kind, target, tokens, starts, n_steps=lanes.size("n_steps")).clamp_min(0)}


EXPRESSIVITY = Experiment(
    id="selective/expressivity",
    version=1,
    axes=("d", "variant"),
    measure=expressivity,
    switches={"n_steps": 60, "starts": 4},
    shape=("d", "variant", "n_steps", "starts"),
    common=("variant", "n_steps", "starts"),
    bytes_per_lane=lambda cell: 8 * cell["starts"] * 3 * N_TOKENS**2 * (cell["d"] ** 2 + 2 * N_TOKENS),
)
