"""One-layer softmax attention read in a token whose query is fixed, followed by a ReLU network, lane by lane.

The word is an address p and a table q of n bits.  Since the query does not depend on the word, a token enters head h
only by its weight w = exp(logit) > 0 and by w v, v its value, and so

    a_h = (alpha_h(p) + beta_h(q)) / (lambda_h(p) + mu_h(q) + 1),   beta_h = sum_j w_j v_j,  mu_h = sum_j w_j;

the 1 is the read-out token itself (weight 1, value 0).  beta and mu of all tables are one matmul of the bits with
differences of tables; alpha and lambda are one look-up; and all n addresses of a table are answered together.  With free
look-up tables this is exactly what attention with arbitrary embeddings computes: `ordinary_layer` and `from_ordinary`
go both ways.

Letters of axes: l lane, b table, p address, j place, h head, f feature of a head, k hidden unit.  Lanes of different
numbers of heads, features and units share one program: parameters are padded to the sizes of a `Room`, and what
lies outside a lane's own size is masked to zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from empirics.engine import rng
from empirics.engine.train import Params


@dataclass(frozen=True)
class Room:
    """Padded sizes: heads, features of a head, hidden widths.  Written "heads x features x width x width"."""

    heads: int
    features: int
    widths: tuple[int, ...]

    @staticmethod
    def of(text: str) -> Room:
        """The room written as text.  Raises: ValueError unless it is two or more positive numbers joined by "x".

        Examples:
        >>> Room.of("2x4x16x16")
        Room(heads=2, features=4, widths=(16, 16))
        """
        parts = text.split("x")
        if len(parts) < 2 or not all(part.isdigit() and int(part) for part in parts):
            raise ValueError(f"Room: must be like '2x4x16' (heads, features, widths), got {text!r}")
        heads, features, *widths = map(int, parts)
        return Room(heads, features, tuple(widths))


@dataclass(frozen=True)
class Sizes:
    """What each lane uses of its room: int64 [lane] heads and features, and one int64 [lane] a hidden layer."""

    heads: torch.Tensor
    features: torch.Tensor
    widths: tuple[torch.Tensor, ...]


def _up_to(size_l: torch.Tensor, room: int) -> torch.Tensor:
    """1 for the first `size` places of `room`.  Returns: float32 [lane, place]."""
    return (torch.arange(room, device=size_l.device) < size_l[:, None]).float()


def slots_mask(sizes: Sizes, room: Room) -> torch.Tensor:
    """1 where a feature of a head is in use.  Returns: float32 [lane, head, feature]."""
    return _up_to(sizes.heads, room.heads)[:, :, None] * _up_to(sizes.features, room.features)[:, None, :]


# ---------------------------------------------------------------------------- the ReLU network
def network_params(keys: torch.Tensor, sizes: Sizes, room: Room) -> Params:
    """Random weights of the ReLU network: normal with variance 2/inputs (He et al. 2015), biases normal with deviation 1/2.

    Biases are drawn, too: a unit whose input has one sign would otherwise stay linear or dead.
    """
    found: Params = {}
    inputs_l = sizes.heads * sizes.features
    mask_lf = slots_mask(sizes, room).reshape(len(keys), -1)
    for i, (used_l, width) in enumerate(zip(sizes.widths, room.widths), 1):
        units_lk = _up_to(used_l, width)
        scale_l = (2 / inputs_l.double()).sqrt()
        drawn = rng.normal_like(keys, (mask_lf.shape[1], width), stream=f"weights {i}") * scale_l[:, None, None]
        found[f"weight {i}"] = drawn.float() * mask_lf[:, :, None] * units_lk[:, None, :]
        found[f"bias {i}"] = rng.normal_like(keys, (1, width), 0.5, f"biases {i}").float() * units_lk[:, None, :]
        inputs_l, mask_lf = used_l, units_lk
    drawn = rng.normal_like(keys, (mask_lf.shape[1], 1), stream="weights out") / inputs_l.double().sqrt()[:, None, None]
    found["weight out"] = drawn.float() * mask_lf[:, :, None]
    found["bias out"] = torch.zeros(len(keys), 1, 1, device=keys.device)
    return found


def network(params: Params, x_lrf: torch.Tensor) -> torch.Tensor:
    """The ReLU network on rows of features.  Returns: [lane, row]."""
    depth = sum(name.startswith("bias") for name in params) - 1
    for i in range(1, depth + 1):
        x_lrf = torch.baddbmm(params[f"bias {i}"], x_lrf, params[f"weight {i}"]).relu()
    return read_out(params, x_lrf)


def read_out(params: Params, x_lrf: torch.Tensor) -> torch.Tensor:
    """The linear read-out of rows of features, as products and a sum: a matrix with one column is multiplied by another
    routine when a lane is alone, and rounds differently.  Returns: [lane, row]."""
    return (x_lrf * params["weight out"].transpose(1, 2)).sum(dim=2) + params["bias out"][:, 0]


# ---------------------------------------------------------------------------- the attention layer
def attention_params(keys: torch.Tensor, n: int, sizes: Sizes, room: Room) -> Params:
    """Random tables: values normal with deviation 1, logits with deviation 1/2.

    address_logit [lane, p, head], address_value [lane, p, head, feature], table_logit [lane, place, bit, head],
    table_value [lane, place, bit, head, feature].
    """
    mask = slots_mask(sizes, room)
    heads = mask[:, :, 0]

    def drawn(shape: tuple[int, ...], scale: float, stream: str) -> torch.Tensor:
        return rng.normal_like(keys, shape, scale, stream).float()

    h, f = room.heads, room.features
    return {
        "address_logit": drawn((n, h), 0.5, "address logits") * heads[:, None],
        "address_value": drawn((n, h, f), 1.0, "address values") * mask[:, None],
        "table_logit": drawn((n, 2, h), 0.5, "table logits") * heads[:, None, None],
        "table_value": drawn((n, 2, h, f), 1.0, "table values") * mask[:, None, None],
    }


def _moments(logit: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """(w v, w) with w = exp(logit), the features first and the weight last.  Returns: [..., head, feature + 1]."""
    weight = logit.exp()[..., None]
    return torch.cat([weight * value, weight], dim=-1)


def accumulators(params: Params, tables_lbn: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(alpha, lambda) of every address and (beta, mu) of every table.

    Returns: [lane, p, head, feature + 1] and [lane, b, head, feature + 1], the denominators last.
    """
    address = _moments(params["address_logit"], params["address_value"])
    place_ljvhf = _moments(params["table_logit"], params["table_value"])
    lanes, n, _, heads, size = place_ljvhf.shape
    off, on = place_ljvhf.reshape(lanes, n, 2, heads * size).unbind(dim=2)
    table = torch.baddbmm(off.sum(dim=1, keepdim=True), tables_lbn.to(off.dtype), on - off)
    return address, table.reshape(lanes, -1, heads, size)


def attended(params: Params, tables_lbn: torch.Tensor, mask_lhf: torch.Tensor) -> torch.Tensor:
    """Attention output at every table and address.  Returns: [lane, b, p, head * feature]."""
    address, table = accumulators(params, tables_lbn)
    total = table[:, :, None] + address[:, None]
    heads = total[..., :-1] / (total[..., -1:] + 1) * mask_lhf[:, None, None]
    return heads.flatten(3)


def one_layer(params: Params, tables_lbn: torch.Tensor, mask_lhf: torch.Tensor) -> torch.Tensor:
    """Output of the transformer; its sign is the answer.  Returns: [lane, b, p]."""
    x = attended(params, tables_lbn, mask_lhf)
    return network(params, x.flatten(1, 2)).reshape(x.shape[:3])


def with_weights(params: Params, kind: str, cap: float = 0.0) -> Params:
    """The parameters with their logits as the kind of attention allows.

    kind: "free"; "uniform" (all logits 0: the denominators are frozen and equal in all heads); "capped" (logits squeezed
    into (-cap, cap) by a tanh).
    """
    if kind == "free":
        return params
    squeeze = {"uniform": lambda x: 0 * x, "capped": lambda x: cap * (x / cap).tanh()}[kind]
    return {name: squeeze(one) if name.endswith("logit") else one for name, one in params.items()}


# ---------------------------------------------------------------------------- the same layer with embeddings
def ordinary_layer(params: Params) -> Params:
    """Embeddings and matrices of an ordinary attention layer with the factored layer's outputs.

    One embedding has a block of values for each head, a block of logits and a coordinate that is 1 in the read-out
    token only.  Proof: W_q^h sends the read-out token to sqrt(D) times the unit vector of logit h, W_k keeps the logit
    block, so token t has logit <sqrt(D) e_h, k_t> / sqrt(D) = logit_h(t), and the read-out token 0; W_v^h keeps the block
    of head h; W_O is the identity on the value blocks.

    Returns: "address", "place" (embeddings of the tokens), "readout", "query" [lane, head, D, D], "key" [lane, D, D],
    "value" [lane, head, feature, D].
    """
    heads, features = params["table_value"].shape[-2:]
    size = heads * features + heads + 1

    def embedded(logit: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        return torch.cat([value.flatten(-2), logit, torch.zeros_like(logit[..., :1])], dim=-1)

    lanes = len(params["table_logit"])
    eye = torch.eye(size, dtype=params["table_logit"].dtype, device=params["table_logit"].device)
    of_values, of_logits = eye[: heads * features], eye[heads * features : -1]
    query = size**0.5 * of_logits[:, :, None] * eye[-1]
    return {
        "address": embedded(params["address_logit"], params["address_value"]),
        "place": embedded(params["table_logit"], params["table_value"]),
        "readout": eye[-1].expand(lanes, -1),
        "query": query.expand(lanes, -1, -1, -1),
        "key": (of_logits.T @ of_logits).expand(lanes, -1, -1),
        "value": of_values.reshape(heads, features, size).expand(lanes, -1, -1, -1),
    }


def ordinary_attention(layer: Params, tables_lbn: torch.Tensor) -> torch.Tensor:
    """Softmax attention of the read-out token over [read-out, address, n places], token by token.

    Returns: [lane, b, p, head * feature].
    """
    bits = tables_lbn.long()
    place = layer["place"]
    n, size = place.shape[1], place.shape[3]
    at_lbjd = place.gather(2, bits.transpose(1, 2)[..., None].expand(-1, -1, -1, size)).transpose(1, 2)
    n_tables = bits.shape[1]
    tokens = torch.cat(
        [
            layer["readout"][:, None, None, None].expand(-1, n_tables, n, 1, -1),
            layer["address"][:, None, :, None].expand(-1, n_tables, -1, 1, -1),
            at_lbjd[:, :, None].expand(-1, -1, n, -1, -1),
        ],
        dim=3,
    )
    query_lhd = torch.einsum("lhde,le->lhd", layer["query"], layer["readout"])
    keys_lbptd = torch.einsum("lde,lbpte->lbptd", layer["key"], tokens)
    logits = torch.einsum("lhd,lbptd->lbpht", query_lhd, keys_lbptd) / size**0.5
    values = torch.einsum("lhfd,lbptd->lbphtf", layer["value"], tokens)
    return (logits.softmax(dim=-1)[..., None] * values).sum(dim=-2).flatten(3)


def from_ordinary(layer: Params) -> Params:
    """Look-up tables of the factored layer with the outputs of any ordinary layer (logits less that of the read-out
    token, values less its value; the read-out token's value is added back by the caller, a constant)."""
    size = layer["readout"].shape[-1]
    query_lhd = torch.einsum("lhde,le->lhd", layer["query"], layer["readout"])

    def logits(tokens: torch.Tensor) -> torch.Tensor:
        keys = torch.einsum("lde,l...e->l...d", layer["key"], tokens)
        return torch.einsum("lhd,l...d->l...h", query_lhd, keys) / size**0.5

    def values(tokens: torch.Tensor) -> torch.Tensor:
        return torch.einsum("lhfd,l...d->l...hf", layer["value"], tokens)

    own_logit, own_value = logits(layer["readout"]), values(layer["readout"])
    return {
        "address_logit": logits(layer["address"]) - own_logit[:, None],
        "address_value": values(layer["address"]) - own_value[:, None],
        "table_logit": logits(layer["place"]) - own_logit[:, None, None],
        "table_value": values(layer["place"]) - own_value[:, None, None],
    }


def folded(params: Params) -> Params:
    """The same transformer with as many features a head as the first layer has units, and that layer the identity sum.

    Proof: the first layer sees W_1 a = sum_h W_1^h a_h, and W_1^h a_h has the values W_1^h v in place of v under the same
    weights.  So a head needs no more than k_1 features, whatever it has.
    """
    heads, features = params["table_value"].shape[-2:]
    weight = params["weight 1"]
    lanes, _, units = weight.shape
    by_head_lhfk = weight.reshape(lanes, heads, features, units)
    eye = torch.eye(units, dtype=weight.dtype, device=weight.device)
    return {
        **params,
        "address_value": (params["address_value"][..., None] * by_head_lhfk[:, None]).sum(dim=-2),
        "table_value": (params["table_value"][..., None] * by_head_lhfk[:, None, None]).sum(dim=-2),
        "weight 1": eye.repeat(lanes, heads, 1),
    }


# ---------------------------------------------------------------------------- outside the class: queries that know p
def known_address_params(keys: torch.Tensor, n: int, features: int) -> Params:
    """Random tables of one head whose query depends on the address: logits [lane, p, place, bit], values, a linear read-out."""
    return {
        "logit": rng.normal_like(keys, (n, n, 2), 0.5, "table logits").float(),
        "value": rng.normal_like(keys, (n, 2, features), 1.0, "table values").float(),
        "weight out": rng.normal_like(keys, (features, 1), features**-0.5, "weights out").float(),
        "bias out": torch.zeros(len(keys), 1, 1, device=keys.device),
    }


def known_address(params: Params, tables_lbn: torch.Tensor) -> torch.Tensor:
    """One layer whose read-out token holds the address.  Returns: [lane, b, p]."""
    moments = _moments(params["logit"][..., None], params["value"][:, None, :, :, None, :])[..., 0, :]
    return _read(params, moments, tables_lbn)


def two_layer_params(keys: torch.Tensor, n: int, features: int) -> Params:
    """Two layers of one head with `features` dimensions each and a linear read-out; only the read-out token uses the first.

    The first layer is the factored one; the second layer's query is the first one's output, its keys and values are
    tables: key [lane, place, bit, feature], value [lane, place, bit, feature].
    """
    device = keys.device
    sizes = Sizes(torch.ones(len(keys), device=device), torch.full((len(keys),), features, device=device), ())
    first = attention_params(keys, n, sizes, Room(1, features, ()))
    return first | {
        "key": rng.normal_like(keys, (n, 2, features), 1.0, "keys").float(),
        "offset": rng.normal_like(keys, (n, 2), 0.5, "key offsets").float(),
        "value": rng.normal_like(keys, (n, 2, features), 1.0, "second values").float(),
        "weight out": rng.normal_like(keys, (features, 1), features**-0.5, "weights out").float(),
        "bias out": torch.zeros(len(keys), 1, 1, device=device),
    }


def two_layers(params: Params, tables_lbn: torch.Tensor) -> torch.Tensor:
    """Two layers; the second query depends on the word through the first layer.  Returns: [lane, b, p]."""
    mask = torch.ones_like(params["table_value"][:, 0, 0])
    query_lbpf = attended(params, tables_lbn, mask)
    bits = tables_lbn.to(query_lbpf.dtype)
    off, on = params["key"].unbind(dim=2)
    keys_lbjf = off[:, None] + bits[..., None] * (on - off)[:, None]
    base, step = params["offset"].unbind(dim=2)
    offsets_lbj = base[:, None] + bits * (step - base)[:, None]
    logits_lbpj = query_lbpf @ keys_lbjf.transpose(2, 3) + offsets_lbj[:, :, None]
    off, on = params["value"].unbind(dim=2)
    values_lbjf = off[:, None] + bits[..., None] * (on - off)[:, None]
    read = logits_lbpj.softmax(dim=-1) @ values_lbjf
    return read_out(params, read.flatten(1, 2)).reshape(read.shape[:3])


def _read(params: Params, moments_lpjvf: torch.Tensor, tables_lbn: torch.Tensor) -> torch.Tensor:
    """Softmax average over the places with weights that depend on the address, and a linear read-out."""
    lanes, n, places, _, size = moments_lpjvf.shape
    off, on = moments_lpjvf.transpose(1, 2).unbind(dim=3)
    off, on = off.reshape(lanes, places, n * size), on.reshape(lanes, places, n * size)
    total = torch.baddbmm(off.sum(dim=1, keepdim=True), tables_lbn.to(off.dtype), on - off)
    total = total.reshape(lanes, -1, n, size)
    read = total[..., :-1] / total[..., -1:]
    return read_out(params, read.flatten(1, 2)).reshape(read.shape[:3])
