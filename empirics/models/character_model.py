"""Character language models with exchangeable mixing sublayers, many at once: the lane axis comes first everywhere.

A block is x <- x + mix(norm(x)), x <- x + mlp(norm(x)); norms have a gain and no bias; the read-out is the embedding.
`Architecture.mixer` says what stands in the place of attention:

    attention                softmax over earlier positions, scores of queries and keys; `keys` limits how many are seen
    generative               each row reduced with its predecessor, number by number: max, min or mean
    generative_running_mean  the same with the mean of all rows so far as a third operand
    generative_window_mean   the same with the mean of ALL rows of the window: it reads the future, a specimen
    generative_dilated       layer 0, 1, 2, ... reduces with the row 1, 2, 4, ... back
                             (`generative` with `partners` reduces with the rows named there)
    static                   learned maps that do not depend on the input
    none                     a linear map of each row
    removed                  no mixing sublayer and no norm before it

Axes: l lane, b sequence, t position, d feature, m feature of any width, h head, s key position, v symbol.
Parameters of a lane are one flat row, so that an optimiser needs few calls; `unpacked` gives the tensors.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from empirics.engine import rng

Weights = dict[str, torch.Tensor]
MIXERS = (
    "attention", "generative", "generative_running_mean", "generative_window_mean", "generative_dilated", "static",
    "none", "removed",
)  # fmt: skip
CAUSAL_MIXERS = tuple(one for one in MIXERS if one != "generative_window_mean")
CONTEXTS = {"generative_running_mean": "running_mean", "generative_window_mean": "window_mean"}
ACTIVATIONS = ("gelu", "generative", "generative_running_mean", "generative_window_mean")
REDUCTIONS = ("max", "min", "mean")
FIRST_ROWS = ("copied", "zeroed")
NORMS = ("before", "after")
INIT_SCALE = 0.02  # nanoGPT's
NORM_EPSILON = 1e-5


@dataclass(frozen=True)
class Architecture:
    """Sizes and choices of a model.

    Args:
        n_heads: read by attention and static only; must divide d_model there.
        reduction: max, min or mean, wherever rows are reduced.
        activation: gelu, or the reduction of the hidden rows of the MLP with their predecessors.
        keys: how many positions, the current one included, an attention layer sees; 0 for all earlier ones.
        output_map: whether the mixing sublayer ends in a linear map.
        positions: whether a learned vector a position is added to the embedding.
        partners: how many rows back the partner of each layer lies, one number a layer; none for the row before.
        first_row: what becomes of rows that have no partner in mixing: copied as they are, or zeroed.
        norm: whether the norm of the mixing sublayer stands before the reduction or after it.

    Raises: ValueError for a name that is not known, heads that do not divide the width, partners that are not one a layer,
    or one of the last three choices where the mixer reduces no rows.
    """

    vocab_size: int
    seq_len: int
    d_model: int
    n_layers: int
    mixer: str = "generative"
    n_heads: int = 1
    mlp_ratio: int = 4
    reduction: str = "max"
    activation: str = "gelu"
    keys: int = 0
    output_map: bool = True
    positions: bool = True
    partners: tuple[int, ...] = ()
    first_row: str = "copied"
    norm: str = "before"

    def __post_init__(self) -> None:
        for name, allowed in (("mixer", MIXERS), ("reduction", REDUCTIONS), ("activation", ACTIVATIONS),
                              ("first_row", FIRST_ROWS), ("norm", NORMS)):  # fmt: skip
            if getattr(self, name) not in allowed:
                raise ValueError(
                    f"Architecture: {name!r} must be one of {', '.join(allowed)}, got {getattr(self, name)!r}"
                )
        if self.has_heads and self.d_model % self.n_heads:
            raise ValueError(f"Architecture: 'n_heads' must divide d_model = {self.d_model}, got {self.n_heads}")
        if self.partners and (len(self.partners) != self.n_layers or min(self.partners) < 1):
            raise ValueError(
                f"Architecture: 'partners' must be {self.n_layers} numbers of at least 1, got {self.partners}"
            )
        if (self.partners and self.mixer != "generative") or (
            not self.mixer.startswith("generative") and (self.first_row, self.norm) != ("copied", "before")
        ):
            raise ValueError(f"Architecture: 'partners', 'first_row' and 'norm' belong to rows that are reduced, got the "
                             f"mixer {self.mixer!r}")  # fmt: skip

    @property
    def has_heads(self) -> bool:
        """True for the mixers that work in heads."""
        return self.mixer in ("attention", "static")

    @property
    def is_causal(self) -> bool:
        """True unless a mean over the whole window is anywhere in it."""
        return "generative_window_mean" not in (self.mixer, self.activation)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each tensor of one lane, by name."""
        d, hidden = self.d_model, self.mlp_ratio * self.d_model
        found: dict[str, tuple[int, ...]] = {"embedding": (self.vocab_size, d)}
        if self.positions:
            found["positions"] = (self.seq_len, d)
        for layer in range(self.n_layers):
            found |= {f"{layer}.{name}": shape for name, shape in self._mixing_shapes().items()}
            found |= {f"{layer}.mlp_gain": (d,), f"{layer}.mlp_in": (d, hidden), f"{layer}.mlp_out": (hidden, d)}
        return {**found, "final_gain": (d,)}

    def _mixing_shapes(self) -> dict[str, tuple[int, ...]]:
        d = self.d_model
        if self.mixer == "removed":
            return {}
        found: dict[str, tuple[int, ...]] = {"mix_gain": (d,)}
        if self.mixer == "attention":
            found["query_key_value"] = (d, 3 * d)
        if self.mixer == "static":
            found |= {"value": (d, d), "map_scores": (self.n_heads, self.seq_len, self.seq_len)}
        return {**found, "mix_out": (d, d)} if self.output_map else found

    @property
    def n_parameters(self) -> int:
        """Numbers in all tensors of one lane, positions included."""
        return sum(math.prod(shape) for shape in self.shapes().values())


# ---------------------------------------------------------------------------- parameters
def init(arch: Architecture, keys: torch.Tensor, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """Random parameters: weights N(0, .02^2), maps that end a sublayer N(0, (.02 / sqrt(2 layers))^2), gains 1, maps' scores 0.

    A tensor's draws are keyed by its name, so two architectures agree in the tensors that they share.
    Args:
        keys: int64 [lane].

    Returns: [lane, parameter].
    """
    rows = []
    for name, shape in arch.shapes().items():
        last = name.split(".")[-1]
        if last.endswith("gain"):
            rows.append(torch.ones(len(keys), math.prod(shape), dtype=torch.float64, device=keys.device))
        elif last == "map_scores":
            rows.append(torch.zeros(len(keys), math.prod(shape), dtype=torch.float64, device=keys.device))
        else:
            ends = last in ("mix_out", "mlp_out")
            scale = INIT_SCALE / math.sqrt(2 * arch.n_layers) if ends else INIT_SCALE
            rows.append(rng.normal_like(keys, (math.prod(shape),), scale, stream=f"init {name}"))
    return torch.cat(rows, dim=1).to(dtype)


def unpacked(arch: Architecture, flat_lp: torch.Tensor) -> Weights:
    """The tensors of every lane, by name: [lane, *shape]."""
    shapes = arch.shapes()
    parts = flat_lp.split([math.prod(shape) for shape in shapes.values()], dim=1)
    return {name: part.reshape(len(flat_lp), *shape) for (name, shape), part in zip(shapes.items(), parts)}


# ---------------------------------------------------------------------------- the generative function
def reduced(
    rows_lbtm: torch.Tensor, reduction: str = "max", context: str = "none", shift: int = 1, first_row: str = "copied"
) -> torch.Tensor:
    """Each row reduced with the row `shift` back, number by number; the first `shift` rows stay as they are, or are zeroed.

    Args:
        reduction: max, min or mean.
        context: "none"; "running_mean", the mean of the rows up to here as a third operand; "window_mean", the mean of
            all rows, later ones included.

    Returns: [lane, sequence, position, feature].
    """
    length = rows_lbtm.shape[2]
    alone = rows_lbtm[:, :, :shift] if first_row == "copied" else torch.zeros_like(rows_lbtm[:, :, :shift])
    if shift >= length:
        return alone
    here, before = rows_lbtm[:, :, shift:], rows_lbtm[:, :, :-shift]
    operands = [here, before]
    if context == "running_mean":
        counts_t1 = torch.arange(1, length + 1, dtype=rows_lbtm.dtype, device=rows_lbtm.device)[:, None]
        operands.append((rows_lbtm.cumsum(dim=2) / counts_t1)[:, :, shift:])
    elif context == "window_mean":
        operands.append((rows_lbtm.sum(dim=2, keepdim=True) / length).expand_as(here))
    return torch.cat([alone, combined(operands, reduction)], dim=2)


def combined(operands: Sequence[torch.Tensor], reduction: str) -> torch.Tensor:
    """The largest, least or mean of tensors of one shape, number by number ("max", "min" or "mean")."""
    total = operands[0]
    for one in operands[1:]:
        if reduction == "mean":
            total = total + one
        else:
            total = torch.maximum(total, one) if reduction == "max" else torch.minimum(total, one)
    return total / len(operands) if reduction == "mean" else total


# ---------------------------------------------------------------------------- layers
def linear(x_lbtm: torch.Tensor, weight_lmn: torch.Tensor) -> torch.Tensor:
    """Every lane's rows times its own matrix."""
    n_lanes, b, t, m = x_lbtm.shape
    return (x_lbtm.reshape(n_lanes, b * t, m) @ weight_lmn).reshape(n_lanes, b, t, -1)


def normed(x_lbtd: torch.Tensor, gain_ld: torch.Tensor) -> torch.Tensor:
    """Layer norm with a gain and no bias."""
    return F.layer_norm(x_lbtd, x_lbtd.shape[-1:], eps=NORM_EPSILON) * gain_ld[:, None, None, :]


def gelu(x: torch.Tensor) -> torch.Tensor:
    """x times the normal distribution function, by erf: torch's own gelu rounds differently at a tensor's end."""
    return x * (0.5 + 0.5 * torch.erf(x * math.sqrt(0.5)))


def causal_mask(length: int, keys: int, device: torch.device) -> torch.Tensor:
    """True where position t (row) may see position s (column): s <= t, and among the last `keys` where that is not 0."""
    back_ts = torch.arange(length, device=device)[:, None] - torch.arange(length, device=device)[None, :]
    return (back_ts >= 0) & (back_ts < keys) if keys else back_ts >= 0


def in_heads(x_lbtd: torch.Tensor, n_heads: int) -> torch.Tensor:
    """Rows cut into heads.  Returns: [lane, sequence, head, position, feature of a head]."""
    n_lanes, b, t, d = x_lbtd.shape
    return x_lbtd.reshape(n_lanes, b, t, n_heads, d // n_heads).transpose(2, 3)


def attention_maps(query_lbhtd: torch.Tensor, key_lbhsd: torch.Tensor, keys: int) -> torch.Tensor:
    """Causal softmax weights.  Returns: [lane, sequence, head, query position, key position]."""
    scores = query_lbhtd @ key_lbhsd.transpose(-1, -2) / math.sqrt(query_lbhtd.shape[-1])
    hidden_ts = ~causal_mask(scores.shape[-1], keys, scores.device)
    return scores.masked_fill(hidden_ts, float("-inf")).softmax(dim=-1)


def with_maps(maps: torch.Tensor, values_lbhsd: torch.Tensor) -> torch.Tensor:
    """Values mixed by maps [lane, sequence, head, query, key], heads side by side.  Returns: [lane, sequence, query, feature]."""
    mixed = (maps @ values_lbhsd).transpose(2, 3)
    return mixed.reshape(*mixed.shape[:3], -1)


def static_maps(scores_lhts: torch.Tensor, length: int) -> torch.Tensor:
    """Causal softmax of learned scores, cut to the first `length` positions.  Returns: [lane, head, position, position]."""
    hidden_ts = ~causal_mask(length, 0, scores_lhts.device)
    return scores_lhts[:, :, :length, :length].masked_fill(hidden_ts, float("-inf")).softmax(dim=-1)


# ---------------------------------------------------------------------------- the model
@dataclass
class Probe:
    """What to read or replace inside attention.

    Attributes: seen (one tensor a layer, [lane, sequence, head, position, position], filled by a pass), fixed (maps to
    put in place of the model's own, one a layer, [lane, head, position, position], or None).
    """

    seen: list[torch.Tensor]
    fixed: list[torch.Tensor] | None = None


def logits(
    arch: Architecture, weights: Weights, inputs: torch.Tensor, *, probe: Probe | None = None,
    dropout: float = 0.0, drop_keys: torch.Tensor | None = None,
) -> torch.Tensor:  # fmt: skip
    """Scores of the next symbol at every position.

    Args:
        inputs: int64 [lane, sequence, position] symbols, or float [lane, sequence, position, symbol] mixtures of them
            (one-hot rows give the same result, and have a gradient).
        probe: attention only.
        dropout: share of numbers set to 0 after the embedding and after each sublayer, keyed by `drop_keys` [lane].

    Returns: float [lane, sequence, position, symbol].
    """
    x = embedded(weights["embedding"], inputs)
    if arch.positions:
        x = x + weights["positions"][:, None, : x.shape[2]]

    def dropped(rows: torch.Tensor, stream: str) -> torch.Tensor:
        if not dropout or drop_keys is None:
            return rows
        return rows * kept_by_dropout(drop_keys, rows, dropout, stream)

    x = dropped(x, "embedding")
    for layer in range(arch.n_layers):
        own = {name.split(".", 1)[1]: one for name, one in weights.items() if name.startswith(f"{layer}.")}
        if arch.mixer != "removed":
            x = x + dropped(_mixed(arch, own, x, layer, probe), f"{layer} mix")
        x = x + dropped(_mlp(arch, own, normed(x, own["mlp_gain"])), f"{layer} mlp")
    final = normed(x, weights["final_gain"])
    return linear(final, weights["embedding"].transpose(1, 2))


def kept_by_dropout(keys: torch.Tensor, rows: torch.Tensor, share: float, stream: str) -> torch.Tensor:
    """What rows are multiplied by: 0 where a number is dropped, else what keeps the mean.

    Four numbers share a random word of 64 bits: in nanoGPT's larger setting words of their own would be two fifths of all bytes
    that a step moves.  So shares are whole multiples of 2^-16.
    Args:
        keys: int64 [lane].
        rows: [lane, ...].

    Returns: the shape and type of `rows`.
    """
    steps, per_lane = round(share * 2**16), rows[0].numel()
    words = rng.words(keys, -(-per_lane // 4), stream=f"dropout {stream}")
    kept = words.view(torch.int16)[:, :per_lane].reshape(rows.shape) >= steps - 2**15
    return kept.to(rows.dtype) / (1 - steps / 2**16)


def embedded(embedding_lvd: torch.Tensor, inputs: torch.Tensor) -> torch.Tensor:
    """Rows of the embedding for symbols, or for mixtures of them.  Returns: [lane, sequence, position, feature]."""
    if inputs.is_floating_point():
        return linear(inputs, embedding_lvd)
    n_lanes, n_symbols, d = embedding_lvd.shape
    offset_l11 = (torch.arange(n_lanes, device=inputs.device) * n_symbols)[:, None, None]
    return F.embedding(inputs + offset_l11, embedding_lvd.reshape(n_lanes * n_symbols, d))


def _mixed(arch: Architecture, own: Weights, x_lbtd: torch.Tensor, layer: int, probe: Probe | None) -> torch.Tensor:
    z_lbtd = normed(x_lbtd, own["mix_gain"]) if arch.norm == "before" else x_lbtd
    if arch.mixer == "attention":
        query, key, value = (
            in_heads(part, arch.n_heads) for part in linear(z_lbtd, own["query_key_value"]).chunk(3, dim=-1)
        )
        maps = attention_maps(query, key, arch.keys)
        if probe is not None:
            probe.seen.append(maps.detach())
            maps = maps if probe.fixed is None else probe.fixed[layer][:, None].expand_as(maps)
        z_lbtd = with_maps(maps, value)
    elif arch.mixer == "static":
        maps = static_maps(own["map_scores"], z_lbtd.shape[2])[:, None]
        z_lbtd = with_maps(maps, in_heads(linear(z_lbtd, own["value"]), arch.n_heads))
    elif arch.mixer.startswith("generative"):
        shift = 2**layer if arch.mixer == "generative_dilated" else (arch.partners or (1,) * arch.n_layers)[layer]
        z_lbtd = reduced(z_lbtd, arch.reduction, CONTEXTS.get(arch.mixer, "none"), shift, arch.first_row)
        z_lbtd = normed(z_lbtd, own["mix_gain"]) if arch.norm == "after" else z_lbtd
    return linear(z_lbtd, own["mix_out"]) if arch.output_map else z_lbtd


def _mlp(arch: Architecture, own: Weights, z_lbtd: torch.Tensor) -> torch.Tensor:
    hidden = linear(z_lbtd, own["mlp_in"])
    if arch.activation == "gelu":
        hidden = gelu(hidden)
    else:
        hidden = reduced(hidden, arch.reduction, CONTEXTS.get(arch.activation, "none"))
    return linear(hidden, own["mlp_out"])


def one_hot(tokens_lbt: torch.Tensor, n_symbols: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    """Symbols as rows with a single 1.  Returns: float [lane, sequence, position, symbol]."""
    return F.one_hot(tokens_lbt, n_symbols).to(dtype)


@torch.no_grad()
def written(
    arch: Architecture, weights: Weights, start_lt: torch.Tensor, count: int, keys: torch.Tensor
) -> torch.Tensor:
    """Symbols drawn one after another from the model's own distribution, each from a pass over what is there so far.

    Args:
        start_lt: int64 [lane, position], the beginning to continue.
        keys: int64 [lane].

    Returns: int64 [lane, count].
    """
    text = start_lt
    draws_lc = rng.uniform(keys, count, stream="written")
    for i in range(count):
        window = text[:, -arch.seq_len :]
        chance_lv = logits(arch, weights, window[:, None])[:, 0, -1].double().softmax(dim=-1)
        choice = (chance_lv.cumsum(dim=-1) < draws_lc[:, i : i + 1]).sum(dim=-1, keepdim=True)
        text = torch.cat([text, choice.clamp(max=arch.vocab_size - 1)], dim=1)
    return text[:, start_lt.shape[1] :]
