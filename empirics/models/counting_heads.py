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
from typing import Any, Protocol

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
    d_head = params["query"].shape[-1]
    queries_lhqe, keys_lhke, values_lhke = (
        _of_heads(params["embed"], params[name]) for name in ("query", "key", "value")
    )
    scores = queries_lhqe @ keys_lhke.transpose(2, 3) / math.sqrt(d_head)
    readers_lhev = (params["out"].flatten(1, 2) @ params["unembed"]).unflatten(1, params["out"].shape[1:3])
    moves = values_lhke @ readers_lhev
    straight_lqv = params["embed"] @ params["unembed"]
    base = straight_lqv if residual else torch.zeros_like(straight_lqv)
    return Tables(scores, moves, base + params["bias"][:, None] if "bias" in params else base)


def _of_heads(embed_lkd: torch.Tensor, matrix_lhde: torch.Tensor) -> torch.Tensor:
    """What every head makes of the embeddings, one product a lane.  Returns: [lane, head, token, head feature]."""
    made_lkp = embed_lkd @ matrix_lhde.transpose(1, 2).flatten(2)
    return made_lkp.unflatten(2, (matrix_lhde.shape[1], -1)).transpose(1, 2)


def placed(params: Params) -> Params:
    """The net whose vocabulary is that of tokens at positions: embeddings and position vectors added."""
    both = params["embed"][:, None] + params["positions"][:, :, None]
    return {**params, "embed": both.flatten(1, 2)}


def normed(params: Params) -> Params:
    """The net whose token embeddings have mean 0 and mean square 1 over their features, as after a layer norm.

    A token's embedding is the same wherever it stands, so without positions the layer stays one on bags.
    """
    return {**params, "embed": torch.nn.functional.layer_norm(params["embed"], params["embed"].shape[-1:])}


def _weights(scores: torch.Tensor) -> torch.Tensor:
    """exp(scores) relative to the largest one of a query; float64 holds 700 nats below it.  Returns: [..., token]."""
    return (scores - scores.detach().amax(dim=-1, keepdim=True)).exp()


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
        ordered = "positions" in params  # every prefix is a state, and the vocabulary is large
        of_states = differentiated_nats if ordered else _Nats.apply
        made = tables(placed(params) if ordered else params, residual=residual)
        weights_lhqk = _weights(made.scores_lhqk)
        pull_lhqkv = weights_lhqk[..., None] * made.moves_lhkv[:, :, None]
        at_query = list(zip(weights_lhqk.unbind(2), pull_lhqkv.unbind(2), made.base_lqv.unbind(1)))
        total = torch.zeros_like(made.base_lqv[:, 0, 0])
        for query, states in merged:
            total = total + of_states(*at_query[query], *states)
        return total

    return loss_l


def differentiated_nats(
    weights_lhk: torch.Tensor,
    pull_lhkv: torch.Tensor,
    base_lv: torch.Tensor,
    counts_ks: torch.Tensor,
    target_vs: torch.Tensor,
    weight_s: torch.Tensor,
) -> torch.Tensor:
    """Cross-entropy in nats over states of one query, from plain operations that torch differentiates.  Returns: [lane].

    Args:
        weights_lhk: attention weights up to a factor.
        pull_lhkv: those times the moves.
        base_lv: what residual and bias add at this query.
    """
    counts_lks = counts_ks.expand(len(weights_lhk), -1, -1)  # one product a lane, so that lanes round alike
    mass_lhs = torch.bmm(weights_lhk, counts_lks)
    pulled_lhvs = torch.bmm(pull_lhkv.transpose(2, 3).flatten(1, 2), counts_lks).unflatten(1, (-1, N_TOKENS))
    logits_lvs = (pulled_lhvs / mass_lhs[:, :, None]).sum(dim=1) + base_lv[..., None]
    nats_ls = logits_lvs.logsumexp(dim=1) - (target_vs * logits_lvs).sum(dim=1)
    return (weight_s * nats_ls).sum(dim=1)


class _Nats(torch.autograd.Function):
    """`differentiated_nats` with its gradient in closed form, for few tokens: nothing of the states outlives the call.

    With r = 1/mass and g = weight (softmax - target), the gradient of pull[h, k, v] is the sum over s of r[h] c[k] g[v],
    that of mass[h] is -r[h]^2 times the sum over k and v of pull[h, k, v] c[k] g[v].
    """

    @staticmethod
    def forward(ctx: Any, *inputs: torch.Tensor) -> torch.Tensor:
        weights_lhk, pull_lhkv, base_lv, counts_ks, target_vs, weight_s = inputs
        counts_lks, pull_lpv = counts_ks.expand(len(weights_lhk), -1, -1), pull_lhkv.flatten(1, 2)
        share_lhs = torch.bmm(weights_lhk, counts_lks).reciprocal_()
        part_lps = (share_lhs[:, :, None] * counts_ks).flatten(1, 2)
        logits_lvs = torch.bmm(pull_lpv.transpose(1, 2), part_lps).add_(base_lv[..., None])
        log_said_lvs = logits_lvs.log_softmax(dim=1)
        wanted_vs = weight_s * target_vs
        loss_l = -(wanted_vs * log_said_lvs).sum(dim=(1, 2))
        slope_lvs = log_said_lvs.exp_().mul_(weight_s).sub_(wanted_vs)
        by_pull_lhkv = torch.bmm(part_lps, slope_lvs.transpose(1, 2)).view_as(pull_lhkv)
        by_part_lps = torch.bmm(pull_lpv, slope_lvs, out=part_lps)  # in its place: large tensors are costly to make
        by_share_lhs = by_part_lps.unflatten(1, weights_lhk.shape[1:]).mul_(counts_ks).sum(dim=2)
        by_mass_lhs = by_share_lhs.mul_(share_lhs).mul_(share_lhs).neg_()
        by_weights_lhk = torch.bmm(by_mass_lhs, counts_lks.transpose(1, 2))
        ctx.save_for_backward(by_weights_lhk, by_pull_lhkv, slope_lvs.sum(dim=2))
        return loss_l

    @staticmethod
    def backward(ctx: Any, *upstream: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        (up_l,) = upstream
        return *(one * up_l.reshape(-1, *([1] * (one.dim() - 1))) for one in ctx.saved_tensors), None, None, None


def _by_query(groups: Sequence[States]) -> list[tuple[int, tuple[torch.Tensor, torch.Tensor, torch.Tensor]]]:
    """Groups of one query put together, states last: (query, (counts_ks, target_vs, weight_s))."""
    found: dict[int, list[States]] = {}
    for one in groups:
        found.setdefault(one.query, []).append(one)
    return [
        (
            query,
            (
                torch.cat([one.counts_sk for one in some]).T.contiguous(),
                torch.cat([one.target_sv for one in some]).T.contiguous(),
                torch.cat([one.weight_s for one in some]),
            ),
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
