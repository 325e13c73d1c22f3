"""Two layers of attention for pairs of residues, with logits of rank two, read in a token that sees a mean: lane by lane.

A word is a histogram of residues.  In the first layer the tokens of residue s attend to those of residue t with the logit
<query_s, key_t>, both of two dimensions, and to a blank with the logit `blank`; they receive

    a_s = sum_t n_t w_st v_t / (1 + sum_t n_t w_st),   w_st = exp(<query_s, key_t> - blank).

Units follow, h_sk = ReLU(slope_k a_s + offset_sk), the offset being what the embedding of s adds.  The second layer is read
in the read-out token, whose query is fixed: its average of the h_s has weights exp(logit_s), 1 for itself; a ReLU network
answers.  Equal tokens have equal outputs, so residues suffice.

Letters of axes: l lane, b word, m or s residue that attends, t residue attended to, k unit.
"""

from __future__ import annotations

import math

import torch

from empirics.engine import rng
from empirics.engine.train import Params
from empirics.models import fixed_query_attention as layer

UNITS = 3  # of the construction: partners found, zeros, halves of an even modulus
LOGIT = 5.0  # chosen: size of the construction's output where its margin is least, so that its loss is below 1/100


def random_params(keys: torch.Tensor, modulus: int) -> Params:
    """Random weights in float64: queries, keys, values and slopes of deviation 1, offsets and logits of deviation 1/2."""

    def drawn(shape: tuple[int, ...], scale: float, stream: str) -> torch.Tensor:
        return rng.normal_like(keys, shape, scale, stream)

    ones = torch.ones(len(keys), dtype=torch.int64, device=keys.device)
    room = layer.Room(1, UNITS, (UNITS,))
    network = layer.network_params(keys, layer.Sizes(ones, UNITS * ones, (UNITS * ones,)), room)
    return {
        "query": drawn((modulus, 2), 1.0, "queries"),
        "key": drawn((modulus, 2), 1.0, "keys"),
        "blank": torch.zeros(len(keys), 1, 1, dtype=torch.float64, device=keys.device),
        "pair value": drawn((modulus,), 1.0, "pair values"),
        "slope": drawn((1, 1, UNITS), 1.0, "slopes"),
        "offset": drawn((1, modulus, UNITS), 0.5, "offsets"),
        "logit": drawn((modulus,), 0.5, "logits"),
    } | {name: one.double() for name, one in network.items()}


def construction(n: int, modulus: int, scale: float, delta: float, device: torch.device) -> Params:
    """The two-layer construction for n numbers as parameters, float64, without a lane axis.

    Args:
        scale: c, the scale of the first layer's logits; (2/delta) ln(3n) is enough.
        delta: 1 - cos(2 pi/M).

    Proof: with <query_s, key_t> = c cos(2 pi (s + t)/M), c split evenly, and blank = c (1 - delta/2), the mass a_s is at
    least 3/4 if a partner of s is there, at most 1/4 if not.  Unit 1 is ReLU(a_s - 1/2), dropped by an offset of -1 for
    2s = 0; units 2 and 3 mark s = 0 and 2s = M.  The second layer averages over n + 1 tokens; the network adds unit 1 and
    ReLU(mean - 1.5/(n+1)) of the marks, which is positive iff two marked tokens are there.  So the sum is 0 without a
    pair and at least 1/2/(n+1) with one, and the sign of sum - 1/4/(n+1) is the answer.
    """
    residues = torch.arange(modulus, dtype=torch.float64, device=device)
    angle = 2 * math.pi * residues / modulus
    own, zero = (2 * residues) % modulus == 0, residues == 0
    eye = torch.eye(UNITS, dtype=torch.float64, device=device)
    gain = 4 * (n + 1) * LOGIT

    def row(*values: float) -> torch.Tensor:
        return torch.tensor([values], dtype=torch.float64, device=device)

    return {
        "query": math.sqrt(scale) * torch.stack([angle.cos(), -angle.sin()], dim=1),
        "key": math.sqrt(scale) * torch.stack([angle.cos(), angle.sin()], dim=1),
        "blank": row(scale * (1 - delta / 2)),
        "pair value": torch.ones_like(angle),
        "slope": row(1, 0, 0)[None],
        "offset": torch.stack([-0.5 - own.double(), zero.double(), (own & ~zero).double()], dim=1)[None],
        "logit": torch.zeros_like(angle),
        "weight 1": eye,
        "bias 1": row(0, -1.5 / (n + 1), -1.5 / (n + 1)),
        "weight out": gain * torch.ones_like(eye[:, :1]),
        "bias out": row(-LOGIT),
    }


def masses(params: Params, counts_lbm: torch.Tensor) -> torch.Tensor:
    """What a token of each residue receives in the first layer.  Returns: [lane, word, residue]."""
    kernel_lst = (params["query"] @ params["key"].transpose(1, 2) - params["blank"]).exp()
    counts = counts_lbm.to(kernel_lst.dtype)
    top = counts @ (kernel_lst * params["pair value"][:, None]).transpose(1, 2)
    return top / (1 + counts @ kernel_lst.transpose(1, 2))


def two_layers(params: Params, counts_lbm: torch.Tensor) -> torch.Tensor:
    """Output of the two layers; its sign is the answer.  Returns: [lane, word]."""
    units_lbmk = (masses(params, counts_lbm)[..., None] * params["slope"] + params["offset"]).relu()
    weights_lbm = counts_lbm.to(units_lbmk.dtype) * params["logit"].exp()[:, None]
    read_lbk = (weights_lbm[..., None] * units_lbmk).sum(dim=2) / (1 + weights_lbm.sum(dim=2, keepdim=True))
    return layer.network(params, read_lbk)
