"""SUM_2: one trained layer of d features and two trained layers, against hand-set weights of one layer and of two.

The model is "one layer" or "two layers, trained", both from random weights; "histogram" or "two layers", hand-set.

Words: n numbers modulo M, H heads, d features, k and k2 hidden widths, room the padded sizes, steps the training steps.
A word enters a layer with a fixed query through its histogram alone, so words are drawn once and counted.

Words are uniform, or the shattered ones: x_1 runs through the rows of the certificate, the other numbers through its
columns, so that every labelling of the rows is asked for once; there the bounds on labellings apply.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from typing import Any

import torch

from empirics.engine import rng
from empirics.engine.lanes import Experiment, Lanes
from empirics.engine.measure import sample
from empirics.engine.train import Params
from empirics.infinite_precision.index import Blocks, cross_entropy, trained
from empirics.models import fixed_query_attention as model
from empirics.models import pair_attention
from empirics.tasks import pair_sums as task
from theory.infinite_precision import shattering_certificate, two_layer_sum2

Output = Mapping[str, Any]
RATE = 0.03  # chosen: the better of .01 and .03 at d = 32
BATCH = 256  # words a step
FEWER = 32  # the same for two layers, whose units stand at every token
FRESH = 4096  # test words


def attended(params: Params, counts_lbm: torch.Tensor, mask_lhf: torch.Tensor) -> torch.Tensor:
    """Output of one layer with a fixed query: a_h = sum_s n_s w_s v_s / (1 + sum_s n_s w_s), s the residues.

    Returns: [lane, word, head * feature].
    """
    weight = params["logit"].exp()[..., None]
    moments = torch.cat([weight * params["value"], weight], dim=-1)
    total = (counts_lbm.to(weight.dtype) @ moments.flatten(2)).reshape(*counts_lbm.shape[:2], *moments.shape[2:])
    return (total[..., :-1] / (total[..., -1:] + 1) * mask_lhf[:, None]).flatten(2)


def _trained(lanes: Lanes) -> torch.Tensor:
    """Outputs of the trained layer on the test words.  Returns: [lane, word]."""
    n, modulus, room = lanes.size("n"), lanes.size("M"), model.Room.of(lanes.size("room"))
    widths = tuple(lanes.column(name).long() for name in ("k", "k2")[: len(room.widths)])
    sizes = model.Sizes(lanes.column("H").long(), lanes.column("d").long(), widths)
    mask = model.slots_mask(sizes, room)
    shape = (modulus, room.heads, room.features)
    params = {
        "logit": (rng.normal_like(lanes.keys, shape[:2], 0.5, "logits").float() * mask[:, None, :, 0]),
        "value": rng.normal_like(lanes.keys, shape, math.sqrt(n), "values").float() * mask[:, None],
    } | model.network_params(lanes.keys, sizes, room)

    def forward(p: Params, counts_lbm: torch.Tensor) -> torch.Tensor:
        return model.network(p, attended(p, counts_lbm, mask))

    drawn = _training_counts(lanes, BATCH)

    def loss_l(p: Params, step: int) -> torch.Tensor:
        counts, labels = drawn(step)
        return cross_entropy(forward(p, counts), labels)

    rate_l = torch.full((len(lanes),), RATE, dtype=torch.float64, device=lanes.device)
    found = trained(params, loss_l, n_steps=lanes.size("steps"), rate_l=rate_l)
    with torch.no_grad():
        return forward(found, _test_counts(lanes))


def shattered_words(n: int, modulus: int) -> list[tuple[int, ...]]:
    """All words of the shattered matrix: every row with the column of every labelling."""
    one = shattering_certificate(task="sum2", n=n, M=modulus)
    labellings = itertools.product((0, 1), repeat=one.size)
    return [(*row, *one.column(labels=labels)) for labels in labellings for row in one.rows]


def _shattered_counts(lanes: Lanes) -> torch.Tensor:
    modulus = lanes.size("M")
    words = torch.tensor(shattered_words(lanes.size("n"), modulus), device=lanes.device)
    return task.counts(words[None], modulus).expand(len(lanes), -1, -1)


def _training_counts(lanes: Lanes, n_words: int) -> Callable[[int], tuple[torch.Tensor, ...]]:
    """Histograms and labels of a step: fresh words, with their own labels or their neighbours', or all shattered ones."""
    n, modulus = lanes.size("n"), lanes.size("M")
    if lanes.size("words") == "shattered":
        every = _shattered_counts(lanes)
        labels = task.pair_sum_labels(every)
        return lambda step: (every, labels)
    blocks = Blocks(lambda count, start: task.labelled_counts(lanes.keys, count, n, modulus, start=start), n_words)
    if lanes.size("labels") == "true":
        return blocks

    def shuffled(step: int) -> tuple[torch.Tensor, ...]:
        found, labels = blocks(step)
        return found, labels.roll(1, dims=1)

    return shuffled


def _test_counts(lanes: Lanes) -> torch.Tensor:
    if lanes.size("words") == "shattered":
        return _shattered_counts(lanes)
    words = task.random_words(lanes.keys, FRESH, lanes.size("n"), lanes.size("M"), "test")
    return task.counts(words, lanes.size("M"))


def histogram(counts_lbm: torch.Tensor, n_bins_l: torch.Tensor) -> torch.Tensor:
    """Output of one layer with uniform weights whose values count the first residues, `n_bins_l` of them.

    min(a, b) = a - ReLU(a - b) of the counts of s and -s is positive iff both occur; a residue with 2s = 0 must occur
    twice, ReLU(count - 1).  With all M bins the sign of the sum, less one half, is the answer.

    Returns: [lane, word].
    """
    modulus = counts_lbm.shape[2]
    seen_lm = torch.arange(modulus, device=counts_lbm.device) < n_bins_l[:, None]
    bins = counts_lbm * seen_lm[:, None]
    half = (modulus - 1) // 2
    first, second = bins[..., 1 : half + 1], bins[..., modulus - half :].flip(2)
    both = first - (first - second).relu()
    own = bins[..., :: modulus // 2] if modulus % 2 == 0 else bins[..., :1]
    return both.sum(dim=2) + (own[..., :2] - 1).relu().sum(dim=2) - 0.5


def hand_set(n: int, modulus: int, device: torch.device, sharpness: float = 1.0) -> Params:
    """The two-layer construction, without a lane axis, its logits multiplied by `sharpness` (1: as proved)."""
    one = two_layer_sum2(n=n, M=modulus)
    return pair_attention.construction(n, modulus, one.scale * sharpness, one.delta, device)


def two_layers_trained(lanes: Lanes) -> torch.Tensor:
    """Outputs of two layers on the test words, trained from random weights.  Returns: float64 [lane, word]."""
    drawn = _training_counts(lanes, FEWER)

    def loss_l(p: Params, step: int) -> torch.Tensor:
        counts, labels = drawn(step)
        return cross_entropy(pair_attention.two_layers(p, counts), labels)

    params = pair_attention.random_params(lanes.keys, lanes.size("M"))
    rate_l = torch.full((len(lanes),), RATE, dtype=torch.float64, device=lanes.device)
    found = trained(params, loss_l, n_steps=lanes.size("steps"), rate_l=rate_l)
    with torch.no_grad():
        return pair_attention.two_layers(found, _test_counts(lanes))


def pair_sums(lanes: Lanes) -> Output:
    """Accuracy on fresh uniform words, or on all shattered ones.

    accuracy: [lane]; word_accuracy: the same as a sample of words; positives: [lane], share of words with label 1;
    above_majority: [lane], accuracy less that of the constant answer.
    """
    kind, counts = lanes.size("model"), _test_counts(lanes)
    labels = task.pair_sum_labels(counts)
    if kind == "one layer":
        output = _trained(lanes)
    elif kind == "histogram":
        output = histogram(counts, lanes.column("d"))
    elif kind == "two layers, trained":
        output = two_layers_trained(lanes)
    else:
        found = hand_set(lanes.size("n"), lanes.size("M"), lanes.device, lanes.size("sharpness"))
        params = {name: one.expand(len(lanes), *one.shape) for name, one in found.items()}
        output = pair_attention.two_layers(params, counts)
    right = ((output > 0) == labels).double() + 0 * output.double()
    positives = labels.double().mean(dim=1)
    accuracy = right.mean(dim=1)
    majority = torch.maximum(positives, 1 - positives)
    return {"accuracy": accuracy, "word_accuracy": sample(right), "positives": positives,
            "above_majority": accuracy - majority}  # fmt: skip


def _bytes(cell: Mapping[str, Any]) -> int:
    room = model.Room.of(cell["room"])
    if cell["model"].startswith("two layers"):
        return 8 * FRESH * cell["M"] * 12
    row = cell["M"] + 4 * room.heads * room.features + 4 * sum(room.widths)
    return int(4 * row * max(BATCH, FRESH / 8))


PAIR_SUMS = Experiment(
    id="infinite_precision/sum2",
    version=1,
    axes=("n", "M", "H", "d", "k", "room", "steps"),
    measure=pair_sums,
    switches={"k2": 0, "model": "one layer", "sharpness": 1.0, "words": "uniform", "labels": "true"},
    shape=("n", "M", "room", "steps", "model", "sharpness", "words", "labels"),
    common=("H", "d", "k", "k2", "room", "model", "sharpness", "steps", "words", "labels"),
    bytes_per_lane=_bytes,
)
