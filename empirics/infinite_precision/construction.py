"""Hand-set constructions: how far the one for index carries in finite precision, and whether training stays near them.

Training starts at the one-layer construction for index, or at the two-layer one for SUM_2 (task "sum2", numbers modulo M).

Words: n table entries, D value coordinates, H heads, p significand bits of the number format (8 bfloat16, 11 float16,
24 float32, 53 float64), sigma relative noise on every weight at the start, noise a factor on sigma, steps the
training steps.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import torch

from empirics.engine import rng
from empirics.engine.lanes import Experiment, Lanes
from empirics.engine.measure import sample
from empirics.engine.train import Params
from empirics.infinite_precision.index import Blocks, cross_entropy, tested, trained, training_tables
from empirics.infinite_precision.pair_sums import hand_set
from empirics.models import fixed_query_attention as model
from empirics.models import pair_attention
from empirics.tasks import composition as task
from empirics.tasks import pair_sums
from theory.infinite_precision import IndexConstruction, index_construction

Output = Mapping[str, Any]
FORMATS = {8: torch.bfloat16, 11: torch.float16, 24: torch.float32, 53: torch.float64}
N_TABLES = 64  # tables asked at all addresses, beside the two constant ones
LONGEST = 120  # entries at which the search stops: above 2 p for p = 53


def factored(one: IndexConstruction, device: torch.device) -> Params:
    """The construction as look-up tables and network of the factored layer, float64, without a lane axis.

    Proof: the construction's attention output is the sum over heads of (alpha_h + beta_h) / (lambda_h + mu_h), with the
    read-out token's weight 1 in mu; so the first layer repeats its matrix for every head.  alpha/lambda is the value
    of the address, 0 on its own coordinate and -2 elsewhere, and entry j of place t has the value bit 2^-(t+1).
    """
    n, heads, size = one.n, one.H, one.D

    def tensor(values: Any) -> torch.Tensor:
        return torch.tensor(values, dtype=torch.float64, device=device)

    address = [one.query_accumulators(p=p) for p in range(1, n + 1)]
    places = [one.address(p=p) for p in range(1, n + 1)]
    logits = tensor([[_log(w) for w in one.entry_weights(p=p)] for p in range(1, n + 1)])
    values = torch.zeros(n, 2, heads, size, dtype=torch.float64, device=device)
    for j, (_, chunk, place) in enumerate(places):
        values[j, 1, :, chunk] = 2.0 ** -(place + 1)
    found = {
        "address_logit": tensor([[_log(w) for w in lam] for _, lam in address]),
        "address_value": tensor(
            [[[float(a / w) for a in row] for row, w in zip(alpha, lam)] for alpha, lam in address]
        ),
        "table_logit": logits[:, None].repeat(1, 2, 1),
        "table_value": values,
    }
    *hidden, (row, bias) = one.layers()
    for i, (matrix, biases) in enumerate(hidden, 1):
        weight = tensor([[float(x) for x in line] for line in matrix]).T
        found[f"weight {i}"] = weight.repeat(heads, 1) if i == 1 else weight
        found[f"bias {i}"] = tensor([[float(b) for b in biases]])
    out = tensor([[float(x) for x in row[0]]]).T
    return found | {"weight out": out if hidden else out.repeat(heads, 1), "bias out": tensor([[float(bias[0])]])}


def _log(value: Fraction) -> float:
    return math.log(value.numerator) - math.log(value.denominator)


def digits_removed(x: torch.Tensor, one: IndexConstruction) -> torch.Tensor:
    """Output of the construction's network for D = H = 1 at x = C 2^(l-1) y, every operation rounded to x's format.

    The hidden units are taken as S (x - 2^k) + 1 and S (x - 2^k): the same units as in `IndexConstruction.layers`,
    where the product S 2^k is multiplied out, which costs twice the bits.
    """
    for k in reversed(range(one.l - 1)):
        behind = one.S * (x - 2.0**k)
        x = x - 2.0**k * ((behind + 1).relu() - behind.relu())
    return x - 0.5 + 2.0 ** (-one.l - 1)


def _index_holds(lanes: Lanes, n: int, dtype: torch.dtype) -> torch.Tensor:
    """Whether every tested table is read without error.  Returns: bool [lane].

    alpha, beta, lambda, mu are summed in float64, which holds them exactly up to 53 entries, and then stored in the
    format: this is the message that the second half of the word sends.  What follows is in the format, too, or in
    float64 where only the message is to be short.
    """
    one = index_construction(n=n, D=1, H=1)
    params = {name: value[None].expand(len(lanes), *value.shape) for name, value in factored(one, lanes.device).items()}
    drawn = task.random_tables(lanes.keys, N_TABLES, n, "test", start=n)
    constant = torch.stack([torch.zeros_like(drawn[:, 0]), torch.ones_like(drawn[:, 0])], dim=1)
    tables = torch.cat([drawn, constant], dim=1)
    address, table = model.accumulators(params, tables)
    table[..., -1] += 1  # the read-out token
    later = torch.float64 if lanes.size("rounded") == "message" else dtype
    total = table.to(dtype).to(later)[:, :, None] + address.to(later)[:, None]
    scaled = float(one.C) * 2.0 ** (one.l - 1) * (total[..., 0, 0] / total[..., 0, 1])
    return ((digits_removed(scaled, one) > 0) == tables).flatten(1).all(dim=1)


def _palindrome_holds(lanes: Lanes, n: int, dtype: torch.dtype) -> torch.Tensor:
    """Whether palindromes and words one bit away are told apart, the sums of both halves stored in the format.

    One head with equal weights; bit j counts +2^-j in the first half and -2^-(n+1-j) in the second, so that the sum
    vanishes for palindromes and is at least 2^-(n/2) else; the output is 2^-(n/2+1)/(n+1) - |s/(n+1)|, two ReLUs.

    Returns: bool [lane].
    """
    words = task.near_palindromes(lanes.keys, 4 * N_TABLES, n).double()
    digits = 2.0 ** -torch.arange(1, n // 2 + 1, dtype=torch.float64, device=lanes.device)
    first = (words[:, :, : n // 2] @ digits).to(dtype)
    second = (words[:, :, (n + 1) // 2 :].flip(2) @ digits).to(dtype)
    mean = (first - second) / torch.tensor(n + 1, dtype=dtype)
    edge = torch.tensor(2.0 ** (-(n // 2) - 1) / (n + 1), dtype=dtype)
    said = edge - (mean.relu() + (-mean).relu()) > 0
    truth = torch.stack([task.is_palindrome(one) for one in words])
    return (said == truth).all(dim=1)


def finite_precision(lanes: Lanes) -> Output:
    """Longest table or word that the hand-set construction still answers without a tested error.

    longest: [lane]; 0 where even two entries fail.  All shorter ones passed too.
    """
    dtype = FORMATS[lanes.size("p")]
    holds = {"index": _index_holds, "palindrome": _palindrome_holds}[lanes.size("task")]
    alive_l = torch.ones(len(lanes), dtype=torch.bool, device=lanes.device)
    longest_l = torch.zeros(len(lanes), dtype=torch.float64, device=lanes.device)
    for n in range(2, LONGEST + 1):
        alive_l = alive_l & holds(lanes, n, dtype)
        longest_l = torch.where(alive_l, float(n), longest_l)
        if not alive_l.any():
            break
    return {"longest": longest_l}


FINITE_PRECISION = Experiment(
    id="infinite_precision/finite-precision",
    version=1,
    axes=("task", "p"),
    measure=finite_precision,
    switches={"rounded": "all"},
    shape=("task", "p", "rounded"),
    common=("task", "p", "rounded"),
    bytes_per_lane=lambda cell: 8 * N_TABLES * cell["p"] * 60,
)


# ---------------------------------------------------------------------------- training from the construction
def noisy(found: Params, lanes: Lanes) -> Params:
    """Each lane's copy of one model's weights, every weight off by a normal share of it, of deviation sigma times noise."""
    params: Params = {}
    for name, value in found.items():
        noise = rng.normal_like(lanes.keys, tuple(value.shape), stream="noise " + name)
        sigma_l = (lanes.column("sigma") * lanes.column("noise")).reshape(-1, *([1] * value.dim()))
        params[name] = value * (1 + sigma_l * noise)
    return params


def from_construction(lanes: Lanes) -> Output:
    """Training on index or SUM_2 that starts at the construction with noise, or at random weights of the same shape.

    accuracy_before, accuracy (after training): [lane]; for index over all tables up to n = 12, and bits: [lane]; for
    SUM_2 over fresh words, and word_accuracy_before: the same as a sample of words.
    """
    return _index_from_construction(lanes) if lanes.size("task") == "index" else _sum2_from_construction(lanes)


def _index_from_construction(lanes: Lanes) -> Output:
    n, chunks, heads = lanes.size("n"), lanes.size("D"), lanes.size("H")
    one = index_construction(n=n, D=chunks, H=heads)
    room = model.Room(heads, chunks, one.widths)
    ones = torch.ones(len(lanes), dtype=torch.int64, device=lanes.device)
    sizes = model.Sizes(heads * ones, chunks * ones, tuple(width * ones for width in one.widths))
    mask = model.slots_mask(sizes, room).double()
    if lanes.size("start") == "random":
        drawn = model.attention_params(lanes.keys, n, sizes, room) | model.network_params(lanes.keys, sizes, room)
        params = {name: value.double() for name, value in drawn.items()}
    else:
        params = noisy(factored(one, lanes.device), lanes)

    def forward(p: Params, asked: torch.Tensor) -> torch.Tensor:
        return model.one_layer(p, asked, mask)

    tables = training_tables(lanes.keys, lanes.size("batch"), n)
    before = tested(params, forward, lanes)["accuracy"]
    rate_l = lanes.column("rate")
    found = trained(
        params, lambda p, step: cross_entropy(forward(p, tables(step)), tables(step)), n_steps=lanes.size("steps"),
        rate_l=rate_l,
    )  # fmt: skip
    after = tested(found, forward, lanes)
    return {"accuracy_before": before, "accuracy": after["accuracy"], "bits": after["bits"]}


N_WORDS = 2048  # test words of SUM_2


def _sum2_from_construction(lanes: Lanes) -> Output:
    n, modulus = lanes.size("n"), lanes.size("M")
    if lanes.size("start") == "random":
        params = pair_attention.random_params(lanes.keys, modulus)
    else:
        params = noisy(hand_set(n, modulus, lanes.device), lanes)
    test, wanted = pair_sums.labelled_counts(lanes.keys, N_WORDS, n, modulus, "test")

    def right(p: Params) -> torch.Tensor:
        with torch.no_grad():
            output = pair_attention.two_layers(p, test)
        return ((output > 0) == wanted).double() + 0 * output  # nan stays nan

    drawn = Blocks(
        lambda count, start: pair_sums.labelled_counts(lanes.keys, count, n, modulus, start=start), lanes.size("batch")
    )

    def loss_l(p: Params, step: int) -> torch.Tensor:
        counts, labels = drawn(step)
        return cross_entropy(pair_attention.two_layers(p, counts), labels)

    before = right(params)
    found = trained(params, loss_l, n_steps=lanes.size("steps"), rate_l=lanes.column("rate"))
    return {
        "accuracy_before": before.mean(dim=1), "word_accuracy_before": sample(before),
        "accuracy": right(found).mean(dim=1),
    }  # fmt: skip


def _bytes(cell: Mapping[str, Any]) -> int:
    if cell["task"] == "sum2":
        return 8 * max(N_WORDS, 3 * cell["batch"]) * cell["M"] * 12
    return 8 * cell["batch"] * cell["n"] * (8 * cell["H"] * (cell["D"] + 1) + 60)


FROM_CONSTRUCTION = Experiment(
    id="infinite_precision/from-construction",
    version=2,
    axes=("n", "D", "H", "sigma", "steps"),
    measure=from_construction,
    switches={"task": "index", "M": 0, "start": "construction", "batch": 32, "rate": 0.005, "noise": 1.0},
    shape=("task", "M", "n", "D", "H", "steps", "start", "batch"),
    common=("sigma", "noise", "start", "rate", "steps"),
    bytes_per_lane=_bytes,
)
