"""Next-token prediction on random graphs: the context holds every token once, the next token is a neighbour of the last.

One graph on four tokens, a path 0 - 1 - 2 - 3; the next token is uniform over the last one and its neighbours:

    last token 0    target  1/2  1/2   0    0
    last token 1    target  1/3  1/3  1/3   0
"""

from __future__ import annotations

import torch

from empirics.engine import rng

EDGE_RATES = (0.25, 0.35, 0.5)  # edge probabilities, one drawn a lane
N_TRIES = 200  # graphs drawn a lane; the first connected one is kept


def connected_graph(keys: torch.Tensor, n: int) -> torch.Tensor:
    """Adjacency of a connected random graph G(n, p), p drawn from `EDGE_RATES`.  Returns: float64 0/1 [lane, n, n].

    In the rare lane without a connected draw a path is added to the last one.
    """
    n_lanes, pairs = len(keys), n * (n - 1) // 2
    rate = torch.tensor(EDGE_RATES, dtype=torch.float64, device=keys.device)
    p_l = rate[rng.integers(keys, 1, len(EDGE_RATES), "graph rate")[:, 0]]
    above = torch.triu_indices(n, n, 1, device=keys.device)
    found = torch.zeros(n_lanes, n, n, dtype=torch.float64, device=keys.device)
    open_l = torch.ones(n_lanes, dtype=torch.bool, device=keys.device)
    for attempt in range(N_TRIES):
        edges = (rng.uniform(keys, pairs, "graph", attempt * pairs) < p_l[:, None]).double()
        graph = torch.zeros_like(found)
        graph[:, above[0], above[1]] = edges
        graph = graph + graph.transpose(1, 2)
        found = torch.where(open_l[:, None, None], graph, found)
        open_l = open_l & ~is_connected(graph)
        if not bool(open_l.any()):
            return found
    path = torch.diag_embed(torch.ones(n - 1, dtype=torch.float64, device=keys.device), 1)
    return torch.where(open_l[:, None, None], (found + path + path.T).clamp(max=1), found)


def is_connected(graph_lnn: torch.Tensor) -> torch.Tensor:
    """Whether every token can be reached from every other.  Returns: bool [lane]."""
    n = graph_lnn.shape[-1]
    reach = graph_lnn + torch.eye(n, dtype=graph_lnn.dtype, device=graph_lnn.device)
    for _ in range(max(1, (n - 1).bit_length())):
        reach = (reach @ reach).clamp(max=1)
    return (reach > 0).all(dim=-1).all(dim=-1)


def transition_rows(graph_lnn: torch.Tensor, smoothing: float = 0.0) -> torch.Tensor:
    """Row i: uniform over i and its neighbours, mixed with `smoothing` of the uniform row."""
    n = graph_lnn.shape[-1]
    rows = graph_lnn + torch.eye(n, dtype=graph_lnn.dtype, device=graph_lnn.device)
    return (1 - smoothing) * rows / rows.sum(dim=-1, keepdim=True) + smoothing / n


def unit_tokens(keys: torch.Tensor, n: int, width: int, stream: str = "tokens") -> torch.Tensor:
    """Independent random unit vectors.  Returns: float64 [lane, n, width]."""
    drawn = rng.normal_like(keys, (n, width), stream=stream)
    return drawn / drawn.square().sum(dim=-1, keepdim=True).sqrt()
