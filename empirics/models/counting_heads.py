"""One layer of softmax attention heads without positions, on bags of tokens and token by token.

On a bag the whole layer is two tables a head: attention logits of every (query, token) pair, and what one full unit of
attention to a token adds to the logits of the five words ("moves").  With counts C of the prefix and query q

    A_h[k] = C_k exp(scores_h[q, k]) / sum_j C_j exp(scores_h[q, j]),   logits = sum_h sum_k A_h[k] moves_h[k] + base[q].

So no exponential is taken a state: both sums are products of the counts with tables.  A net with positions is the same
thing on a larger vocabulary, whose token 5 t + k is token k at position t (`placed`).  `token_logits` is the same layer
written token by token with a causal mask, on embeddings, and shares nothing with it but the parameters.

Tensor axes: l lane, h head, q query, k token, v word, s state, m string, t and u position, d feature, e head feature.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch

from empirics.engine import rng
from empirics.engine.train import Params

N_TOKENS = 5
ZERO, ONE, TWO = 1, 2, 3
START, END = 0, 4


class States(Protocol):
    """States with one query token: counts [state, token], target [state, word], weight [state]."""

    query: int
    counts_sk: torch.Tensor
    target_sv: torch.Tensor
    weight_s: torch.Tensor


@dataclass(frozen=True)
class Tables:
    """scores_lhqk and moves_lhkv: float64 [lane, head, 5, 5]; base_lqv: what residual and bias add, [lane, 5, 5]."""

    scores_lhqk: torch.Tensor
    moves_lhkv: torch.Tensor
    base_lqv: torch.Tensor


def initial(
    keys: torch.Tensor,
    *,
    n_heads: int,
    d_head: int,
    d_model: int = 16,
    qk_init: torch.Tensor | float = 1.0,
    ov_init: torch.Tensor | float = 1.0,
    bias: bool = False,
    n_nets: int = 1,
    n_positions: int = 0,
) -> Params:
    """Parameters: embeddings N(0, 1); query, key, value, unembedding N(0, 1/d), output N(0, 1/(d_h H)); bias 0.

    Args:
        qk_init, ov_init: factor of query and key, and of value, output and unembedding; a number or float64 [lane].
        n_nets: nets a lane; they come out as further lanes, [lane * net, ...].
        n_positions: how many position vectors to draw, N(0, 1) as the embeddings; 0 for a model without.

    Returns: name -> float64 [lane * net, ...].
    """
    wide, narrow = d_model**-0.5, (d_head * n_heads) ** -0.5
    shapes = {
        "embed": ((N_TOKENS, d_model), 1.0),
        "query": ((n_heads, d_model, d_head), wide),
        "key": ((n_heads, d_model, d_head), wide),
        "value": ((n_heads, d_model, d_head), wide),
        "out": ((n_heads, d_head, d_model), narrow),
        "unembed": ((d_model, N_TOKENS), wide),
    }
    if n_positions:
        shapes["positions"] = ((n_positions, d_model), 1.0)
    params = {}
    for name, (shape, scale) in shapes.items():
        drawn = rng.normal_like(keys, (n_nets, *shape), scale, stream=f"init {name}")
        factor = qk_init if name in ("query", "key") else ov_init if name in ("value", "out", "unembed") else 1.0
        if isinstance(factor, torch.Tensor):
            factor = factor.reshape(-1, *([1] * (drawn.dim() - 1)))
        params[name] = (drawn * factor).reshape(len(keys) * n_nets, *shape)
    if bias:
        params["bias"] = torch.zeros(len(keys) * n_nets, N_TOKENS, dtype=torch.float64, device=keys.device)
    return params


def tables(params: Params, *, residual: bool = False) -> Tables:
    """The two tables of every head, and the base."""
    embed_l1kd = params["embed"][:, None]
    d_head = params["query"].shape[-1]
    queries_lhqe, keys_lhke = embed_l1kd @ params["query"], embed_l1kd @ params["key"]
    scores = queries_lhqe @ keys_lhke.transpose(2, 3) / math.sqrt(d_head)
    moves = embed_l1kd @ params["value"] @ (params["out"] @ params["unembed"][:, None])
    straight_lqv = params["embed"] @ params["unembed"]
    base = straight_lqv if residual else torch.zeros_like(straight_lqv)
    return Tables(scores, moves, base + params["bias"][:, None] if "bias" in params else base)


def placed(params: Params) -> Params:
    """The net whose vocabulary is that of tokens at positions: embeddings and position vectors added."""
    both = params["embed"][:, None] + params["positions"][:, :, None]
    return {**params, "embed": both.flatten(1, 2)}


def _weights(scores_lhk: torch.Tensor) -> torch.Tensor:
    """exp(scores) relative to the largest one; float64 holds 700 nats below it.  Returns: [lane, head, token]."""
    return (scores_lhk - scores_lhk.detach().amax(dim=2, keepdim=True)).exp()


def logits(made: Tables, query: int, counts_sk: torch.Tensor) -> torch.Tensor:
    """Logits of the words at states with one query.  Returns: float64 [lane, state, word]."""
    weights_lhk = _weights(made.scores_lhqk[:, :, query])
    n_lanes, n_heads = weights_lhk.shape[:2]
    mass_lsh = counts_sk @ weights_lhk.transpose(1, 2)
    pull_lkhv = (weights_lhk[..., None] * made.moves_lhkv).transpose(1, 2)
    pulled = (counts_sk @ pull_lkhv.flatten(2)).reshape(n_lanes, -1, n_heads, N_TOKENS)
    return (pulled / mass_lsh[..., None]).sum(dim=2) + made.base_lqv[:, query, None]


def population_loss(groups: Sequence[States], *, residual: bool = False) -> Callable[[Params], torch.Tensor]:
    """Cross-entropy over all states in nats, exact.  Returns: parameters -> loss [lane]."""
    merged = _by_query(groups)

    def loss_l(params: Params) -> torch.Tensor:
        made = tables(placed(params) if "positions" in params else params, residual=residual)
        total = torch.zeros_like(made.base_lqv[:, 0, 0])
        for query, counts_sk, target_sv, weight_s in merged:
            logits_lsv = logits(made, query, counts_sk)
            nats_ls = logits_lsv.logsumexp(dim=2) - (target_sv * logits_lsv).sum(dim=2)
            total = total + (weight_s * nats_ls).sum(dim=1)
        return total

    return loss_l


def _by_query(groups: Sequence[States]) -> list[tuple[int, torch.Tensor, torch.Tensor, torch.Tensor]]:
    """Groups of one query put together: (query, counts, targets, weights)."""
    found: dict[int, list[States]] = {}
    for one in groups:
        found.setdefault(one.query, []).append(one)
    return [
        (
            query,
            torch.cat([one.counts_sk for one in some]),
            torch.cat([one.target_sv for one in some]),
            torch.cat([one.weight_s for one in some]),
        )
        for query, some in found.items()
    ]


def attention(made: Tables, query: int, counts_sk: torch.Tensor) -> torch.Tensor:
    """Attention mass on all copies of a token.  Returns: float64 [lane, head, state, token]."""
    parts = counts_sk * _weights(made.scores_lhqk[:, :, query])[:, :, None]
    return parts / parts.sum(dim=3, keepdim=True)


def head_scores(made: Tables, counts_sk: torch.Tensor, query: int = END) -> torch.Tensor:
    """What every head adds to logit(1) - logit(0) at the answer.  Returns: float64 [lane, head, state]."""
    return (attention(made, query, counts_sk) * attribution(made)[:, :, None]).sum(dim=3)


def answer_margin(made: Tables, counts_sk: torch.Tensor, query: int = END) -> torch.Tensor:
    """logit(1) - logit(0) of the net at the answer.  Returns: float64 [lane, state]."""
    weights_lhk = _weights(made.scores_lhqk[:, :, query])
    mass_lsh = counts_sk @ weights_lhk.transpose(1, 2)
    pulled_lsh = counts_sk @ (weights_lhk * attribution(made)).transpose(1, 2)
    base_lv = made.base_lqv[:, query]
    return (pulled_lsh / mass_lsh).sum(dim=2) + (base_lv[:, ONE] - base_lv[:, ZERO])[:, None]


def attribution(made: Tables) -> torch.Tensor:
    """c: what full attention to a token adds to logit(1) - logit(0).  Returns: float64 [lane, head, token]."""
    return made.moves_lhkv[..., ONE] - made.moves_lhkv[..., ZERO]


def head_outputs(params: Params, made: Tables, query: int, counts_sk: torch.Tensor) -> torch.Tensor:
    """Outputs of the heads before the output matrix.  Returns: float64 [lane, head, state, head feature]."""
    values_lhke = params["embed"][:, None] @ params["value"]
    return attention(made, query, counts_sk) @ values_lhke


def canonical_numbers(made: Tables) -> dict[str, torch.Tensor]:
    """Canonical coordinates of every head at the answer: w01, w02, kappa, sigma, wS, gain, b.  Each [lane, head].

    They are the weights and values of the head on the scale on which a 0 has weight 1 and value -1 and a 1 has value 1;
    b is the head's own threshold on that scale.
    """
    logit = made.scores_lhqk[:, :, END]
    weight = (logit - logit[..., ZERO : ZERO + 1]).exp()
    value = attribution(made)
    gain, middle = (value[..., ONE] - value[..., ZERO]) / 2, (value[..., ONE] + value[..., ZERO]) / 2
    frame = weight[..., START] + weight[..., END]
    frame_value = (weight[..., START] * value[..., START] + weight[..., END] * value[..., END]) / frame
    return {
        "w01": weight[..., ONE],
        "w02": weight[..., TWO],
        "kappa": (value[..., TWO] - middle) / gain,
        "sigma": (frame_value - middle) / gain,
        "wS": frame,
        "gain": gain,
        "b": -middle / gain,
    }


# ---------------------------------------------------------------------------- token by token
def token_attention(
    params: Params, tokens_lmt: torch.Tensor, positions_ltd: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Causal attention over the tokens themselves; padding (below 0) comes last and is never looked at.

    Args:
        positions_ltd: vectors added to the embeddings, for a model with positions.

    Returns: weights [lane, head, string, query, key], values [lane, head, string, key, head feature], inputs
        [lane, string, position, feature].
    """
    lane = torch.arange(len(tokens_lmt), device=tokens_lmt.device)[:, None, None]
    inputs = params["embed"][lane, tokens_lmt.clamp(min=0)]
    if positions_ltd is not None:
        inputs = inputs + positions_ltd[:, None]

    def seen(name: str) -> torch.Tensor:
        return torch.einsum("lmtd,lhde->lhmte", inputs, params[name])

    scores = torch.einsum("lhmte,lhmue->lhmtu", seen("query"), seen("key")) / math.sqrt(params["query"].shape[-1])
    length = tokens_lmt.shape[2]
    hidden = torch.ones(length, length, dtype=torch.bool, device=tokens_lmt.device).triu(1)
    return scores.masked_fill(hidden, -math.inf).softmax(dim=4), seen("value"), inputs


def token_logits(
    params: Params, tokens_lmt: torch.Tensor, *, residual: bool = False, positions_ltd: torch.Tensor | None = None
) -> torch.Tensor:
    """Logits of the next word at every position.  Returns: float64 [lane, string, position, word]."""
    weights, values, inputs = token_attention(params, tokens_lmt, positions_ltd)
    mixed = torch.einsum("lhmtu,lhmue,lhed->lmtd", weights, values, params["out"])
    if residual:
        mixed = mixed + inputs
    found = torch.einsum("lmtd,ldv->lmtv", mixed, params["unembed"])
    return found + params["bias"][:, None, None] if "bias" in params else found


@dataclass(frozen=True)
class EndRow:
    """The row of attention of the last E of every string, and the scalars it mixes.

    logits_lhmt: attention logits, [lane, head, string, position], -inf at padding; scalars_lhmt: what each position's
    value adds to logit(1) - logit(0).
    """

    tokens_lmt: torch.Tensor
    logits_lhmt: torch.Tensor
    scalars_lhmt: torch.Tensor

    @classmethod
    def of(cls, params: Params, tokens_lmt: torch.Tensor) -> EndRow:
        """From parameters and strings: logits and scalars of each token's embedding, looked up at every position."""
        query_lhe = torch.einsum("ld,lhde->lhe", params["embed"][:, END], params["query"])
        keys_lhke, values_lhke = (params["embed"][:, None] @ params[name] for name in ("key", "value"))
        logit_lhk = torch.einsum("lhe,lhke->lhk", query_lhe, keys_lhke) / math.sqrt(query_lhe.shape[-1])
        direction_ld = params["unembed"][..., ONE] - params["unembed"][..., ZERO]
        reader_lhe = torch.einsum("lhed,ld->lhe", params["out"], direction_ld)
        scalar_lhk = torch.einsum("lhke,lhe->lhk", values_lhke, reader_lhe)
        place = tokens_lmt.clamp(min=0).flatten(1)[:, None].expand(-1, logit_lhk.shape[1], -1)
        shape = (*logit_lhk.shape[:2], *tokens_lmt.shape[1:])
        scores, scalars = (one.gather(2, place).reshape(shape) for one in (logit_lhk, scalar_lhk))
        return cls(tokens_lmt, scores.masked_fill((tokens_lmt < 0)[:, None], -math.inf), scalars)

    def scores(self) -> torch.Tensor:
        """The untouched row: what each head adds to logit(1) - logit(0).  Returns: [lane, head, string]."""
        return (self.logits_lhmt.softmax(dim=3) * self.scalars_lhmt).sum(dim=3)

    def overwritten(self, w01: float, w02: float, scores_lhk: torch.Tensor) -> torch.Tensor:
        """The row with the attention to 1 and 2 set to w01 and w02 times that to 0; B, E and all values untouched.

        Args:
            scores_lhk: the E row of the attention logits by token, for the logit of a 0.

        Returns: [lane, head, string].
        """
        zero_lh11 = scores_lhk[..., ZERO, None, None]
        tokens_l1mt = self.tokens_lmt[:, None]
        changed = torch.where(tokens_l1mt == ONE, zero_lh11 + math.log(w01), self.logits_lhmt)
        changed = torch.where(tokens_l1mt == TWO, zero_lh11 + math.log(w02), changed)
        return (changed.softmax(dim=3) * self.scalars_lhmt).sum(dim=3)


def position_vectors(keys: torch.Tensor, length: int, d_model: int) -> torch.Tensor:
    """Random position vectors of the size of an embedding.  Returns: float64 [lane, position, feature]."""
    return rng.normal_like(keys, (length, d_model), stream="init positions")
