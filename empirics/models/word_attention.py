"""One and two layers of attention on words of symbols, read in a token whose query knows at most a question x, lane by lane.

A word has w tokens, token i the symbol s_i; the read-out token holds a question x (one of X; X = 1 where there is none).
Since the query depends on x alone, token i enters head h by its weight exp(logit[x, i, s_i]) and its value [i, s_i]; the
read-out token itself has weight 1 and the value own[x].  All questions about a word are answered together.  For X = 1
this is attention with arbitrary embeddings and a fixed query, the class that the bounds are about.

Letters of axes: l lane, b word, x question, w token, s symbol (from 0), h head, f feature of a head.
"""

from __future__ import annotations

import torch

from empirics.engine import rng
from empirics.engine.train import Params
from empirics.models import fixed_query_attention as layer


def one_layer_params(keys: torch.Tensor, shape: tuple[int, int, int], sizes: layer.Sizes, room: layer.Room) -> Params:
    """Random tables as in the factored layer, values normal with deviation 1 and logits with deviation 1/2, and a network.

    Args:
        shape: questions, tokens, symbols.

    Returns: logit [lane, x, w, s, head], value [lane, w, s, head, feature], own [lane, x, head, feature], network.
    """
    questions, tokens, symbols = shape
    mask = layer.slots_mask(sizes, room)
    heads, features = room.heads, room.features
    logit = rng.normal_like(keys, (questions, tokens, symbols, heads), 0.5, "word logits").float()
    value = rng.normal_like(keys, (tokens, symbols, heads, features), 1.0, "word values").float()
    own = rng.normal_like(keys, (questions, heads, features), 1.0, "read-out values").float()
    return {
        "logit": logit * mask[:, None, None, None, :, 0],
        "value": value * mask[:, None, None],
        "own": own * mask[:, None],
    } | layer.network_params(keys, sizes, room)


def one_hot(words_lbw: torch.Tensor, symbols: int, like: torch.Tensor) -> torch.Tensor:
    """1 at the symbol of each token.  Returns: [lane, word, token, symbol]."""
    return (words_lbw[..., None] == torch.arange(symbols, device=words_lbw.device)).to(like.dtype)


def attended(params: Params, words_lbw: torch.Tensor, mask_lhf: torch.Tensor) -> torch.Tensor:
    """Attention output in the read-out token.  Returns: [lane, word, question, head * feature]."""
    lanes, questions, tokens, symbols, heads = params["logit"].shape
    weight = params["logit"].exp()[..., None]
    moments = torch.cat([weight * params["value"][:, None], weight], dim=-1)
    columns = moments.permute(0, 2, 3, 1, 4, 5).reshape(lanes, tokens * symbols, -1)
    total = one_hot(words_lbw, symbols, weight).flatten(2) @ columns
    total = total.reshape(lanes, -1, questions, heads, moments.shape[-1])
    x = (total[..., :-1] + params["own"][:, None]) / (total[..., -1:] + 1)
    return (x * mask_lhf[:, None, None]).flatten(3)


def one_layer(params: Params, words_lbw: torch.Tensor, mask_lhf: torch.Tensor) -> torch.Tensor:
    """Output of the one-layer transformer; its sign is the answer.  Returns: [lane, word, question]."""
    x = attended(params, words_lbw, mask_lhf)
    return layer.network(params, x.flatten(1, 2)).reshape(x.shape[:3])


def two_layer_params(keys: torch.Tensor, shape: tuple[int, int, int], features: int) -> Params:
    """Two layers of one head with `features` dimensions each and a linear read-out; only the read-out token uses the first.

    Returns: the first layer's tables, and token [lane, w, s, 2 features + 1]: key, offset and value of the second.
    """
    _, tokens, symbols = shape
    ones = torch.ones(len(keys), device=keys.device)
    first = one_layer_params(keys, shape, layer.Sizes(ones, features * ones, ()), layer.Room(1, features, ()))
    scale = torch.tensor([1.0] * features + [0.5] + [1.0] * features, dtype=torch.float64, device=keys.device)
    drawn = rng.normal_like(keys, (tokens, symbols, 2 * features + 1), 1.0, "second layer") * scale
    return first | {"token": drawn.float()}


def two_layers(params: Params, words_lbw: torch.Tensor) -> torch.Tensor:
    """Two layers; the second query depends on the word through the first layer.  Returns: [lane, word, question]."""
    query_lbxf = attended(params, words_lbw, torch.ones_like(params["own"][:, 0]))
    features = query_lbxf.shape[3]
    tokens = one_hot(words_lbw, params["token"].shape[2], query_lbxf).transpose(1, 2) @ params["token"]
    key_lbwf, offset_lbw1, value_lbwf = tokens.transpose(1, 2).split((features, 1, features), dim=3)
    # products and sums: a word has few questions, tokens and features, too few for a matrix product each
    logits_lbxw = (query_lbxf[:, :, :, None] * key_lbwf[:, :, None]).sum(dim=4) + offset_lbw1.transpose(2, 3)
    read = (logits_lbxw.softmax(dim=-1)[..., None] * value_lbwf[:, :, None]).sum(dim=3)
    return layer.read_out(params, read.flatten(1, 2)).reshape(read.shape[:3])
