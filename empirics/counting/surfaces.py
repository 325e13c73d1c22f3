"""Attention overwritten on a grid of (w01, w02), values untouched: token by token, and on the exact states of ideal heads.

Example: in `B 1 2 1 E` the row of E holds five attention logits.  With w01 = 3, w02 = 1/10 the logits of both 1s become
that of a 0 plus ln 3, that of the 2 becomes it plus ln(1/10); B and E keep theirs, and the softmax is taken again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch

from empirics.counting.training import (
    POSITIONS,
    SHAPE,
    SWITCHES,
    answer_states,
    has_positions,
    never_alone,
    trained_nets,
    training_bytes,
)
from empirics.engine.lanes import Experiment, Lanes
from empirics.engine.train import Params
from empirics.models import counting_heads as model
from empirics.models import separation
from empirics.tasks import count_strings as task
from theory.counting.grids import CROSS_RATIOS, NOISE_RATIOS, RATIOS, heads_of

Output = Mapping[str, Any]
N_CHECKED = 64  # strings on which the two paths are compared at every position


@never_alone
def intervention(lanes: Lanes) -> Output:
    """Token-level surfaces of all heads of trained nets, with what predicts them.

    surface: separation accuracy on m sampled strings, [lane, head, w01, w02]; kappa, sigma, wS, s_acc (exact, untouched
    row): of each head, [lane, head, ...], the same for all w01, w02.  path_difference: largest difference between the
    logits of the two paths, at all positions of sampled sentences; off_own, off_value_free: correlations of the surface
    with the exact one of the head's own numbers and of kappa = wS = 0, off by more the smaller; rms_own, rms_value_free:
    root mean square differences.  These are taken over the good heads of a net (accuracy >= .99, wS < 1): the least
    correlation, the largest rms; a net without any gives 1 and 0.
    """
    params = trained_nets(lanes)["trained"]
    made = model.tables(params, residual=lanes.size("residual"))
    tokens = task.sampled_strings(
        lanes.keys, lanes.size("m"), lanes.size("N"), lanes.size("length_law"), lanes.size("p2")
    )
    row = model.EndRow.of(params, tokens)
    body = task.body_counts(tokens)
    kept = (body[..., 0] != body[..., 1]) | (lanes.size("tie") == "neg")
    ones = ((body[..., 1] > body[..., 0]) & kept).double()
    zeros = ((body[..., 1] <= body[..., 0]) & kept).double()
    total_l1 = kept.sum(dim=1, keepdim=True)
    positive, negative = (ones / total_l1)[:, None], (zeros / total_l1)[:, None]
    grid = [(w01, w02) for w01 in lanes.inner("w01") for w02 in lanes.inner("w02")]
    logit_lhk = made.scores_lhqk[:, :, model.END]
    surface_lhg = torch.stack(
        [separation.separation_accuracy(row.overwritten(*cell, logit_lhk), positive, negative) for cell in grid], dim=2
    )
    shape = (*surface_lhg.shape[:2], len(lanes.inner("w01")), len(lanes.inner("w02")))
    numbers = model.canonical_numbers(made)
    states = answer_states(lanes)
    exact = separation.separation_accuracy(
        model.head_scores(made, states.counts_sk),
        states.weight_s * states.positive_s,
        states.weight_s * (1 - states.positive_s),
    )
    own = _predicted(states, numbers, grid)
    plain = {name: torch.zeros_like(one) for name, one in numbers.items()}
    value_free = _predicted(states, plain, grid)
    is_good = (exact >= 0.99) & (numbers["wS"] < 1)
    per_head = {
        "kappa": numbers["kappa"],
        "sigma": numbers["sigma"],
        "wS": numbers["wS"],
        "s_acc": exact,
        "correlation_own": separation.correlation(surface_lhg, own),
        "correlation_value_free": separation.correlation(surface_lhg, value_free),
        "good": is_good,
    }
    spread = {name: one[..., None, None].expand(shape) for name, one in per_head.items()}
    per_net = {"path_difference": path_difference(lanes, params, made, tokens[:, :N_CHECKED])}
    for name, exact_lhg in (("own", own), ("value_free", value_free)):
        close = torch.where(is_good, per_head[f"correlation_{name}"], 1.0)
        rms = (surface_lhg - exact_lhg).square().mean(dim=2).sqrt()
        per_net[f"least_correlation_{name}"] = close.amin(dim=1)
        per_net[f"rms_{name}"] = torch.where(is_good, rms, 0.0).amax(dim=1)
    everywhere = {name: one[:, None, None, None].expand(shape) for name, one in per_net.items()}
    return {"surface": surface_lhg.reshape(shape), **spread, **everywhere}


def _predicted(
    states: task.Answers, numbers: Mapping[str, torch.Tensor], grid: list[tuple[float, float]]
) -> torch.Tensor:
    """Exact accuracy of heads whose weights of 1 and 2 are those of the grid.  Returns: float64 [lane, head, cell]."""
    positive, negative = states.weight_s * states.positive_s, states.weight_s * (1 - states.positive_s)
    found = []
    for w01, w02 in grid:
        scores = canonical_scores(states.body_s3, w01, w02, numbers["kappa"], numbers["sigma"], numbers["wS"])
        found.append(separation.separation_accuracy(scores, positive, negative, relative=True))
    return torch.stack(found, dim=2)


def canonical_scores(
    body_s3: torch.Tensor, w01: Any, w02: Any, kappa: torch.Tensor, sigma: torch.Tensor, frame: torch.Tensor
) -> torch.Tensor:
    """s(n) of heads given by their canonical numbers, [...] each.  Returns: float64 [..., state]."""
    n0, n1, n2 = body_s3.unbind(dim=1)
    kappa, sigma, frame = kappa[..., None], sigma[..., None], frame[..., None]
    return (-n0 + w01 * n1 + kappa * w02 * n2 + sigma * frame) / (n0 + w01 * n1 + w02 * n2 + frame)


def path_difference(lanes: Lanes, params: Params, made: model.Tables, tokens_lmt: torch.Tensor) -> torch.Tensor:
    """Largest difference of logits between the causal model on tokens and the tables on counts.  Returns: [lane].

    It is relative to the largest logit of the net, where that exceeds 1.
    """
    positions = None
    if has_positions(lanes):
        positions = params["positions"][:, : tokens_lmt.shape[2]]
    elif lanes.size("positions") == "random":
        positions = model.position_vectors(lanes.keys, tokens_lmt.shape[2], lanes.size("d_model"))
    by_token = model.token_logits(params, tokens_lmt, residual=lanes.size("residual"), positions_ltd=positions)
    counts_lmtk = torch.nn.functional.one_hot(tokens_lmt.clamp(min=0), 5).cumsum(dim=2).double()
    worst = torch.zeros(len(lanes), dtype=torch.float64, device=lanes.device)
    size = by_token.abs().amax(dim=(1, 2, 3)).clamp(min=1)
    flat = counts_lmtk.reshape(len(lanes), -1, 5)
    for query in range(5):
        by_count = model.logits(made, query, flat).reshape(by_token.shape)
        off = torch.where((tokens_lmt == query)[..., None], (by_count - by_token).abs(), 0.0)
        worst = torch.maximum(worst, off.amax(dim=(1, 2, 3)))
    return worst / size


def _intervention_bytes(cell: Mapping[str, Any]) -> int:
    rows = cell["m"] * cell["H"] * (cell["N"] + 2) * 5 * 8
    checked = N_CHECKED * (cell["N"] + 2) ** 2 * cell["H"] * 24
    return int(rows + checked + training_bytes(cell))


INTERVENTION = Experiment(
    id="counting/intervention",
    version=3,
    axes=("N", "H", "d_h", "loss", "m"),
    measure=intervention,
    switches={**SWITCHES, **POSITIONS},
    shape=(*SHAPE, "m", *POSITIONS),
    common=("positions", "m"),
    inner={"head": lambda cell: heads_of(H=cell["H"]), "w01": RATIOS, "w02": NOISE_RATIOS},
    bytes_per_lane=_intervention_bytes,
)


# ---------------------------------------------------------------------------- ideal heads
@never_alone
def canonical_surface(lanes: Lanes) -> Output:
    """Exact accuracies of heads that are set by hand: kappa, sigma, wS of the cell, w01 and w02 of the grid.

    Hand-set net: scores[E, (B, 0, 1, 2, E)] = ln(wS/2), 0, ln w01, ln w02, ln(wS/2), and values sigma, -1, 1, kappa,
    sigma, so that s = (-n0 + w01 n1 + kappa w02 n2 + sigma wS)/(n0 + w01 n1 + w02 n2 + wS): attention of E times value.

    s_acc, perfect (1 where it is 1), own_accuracy, own_perfect (at threshold 0): [lane, w01, w02].
    """
    states = task.answers(lanes.size("N"), lanes.size("length_law"), lanes.size("tie"), lanes.size("p2"))
    states = task.Answers(*(one.to(lanes.device) for one in (states.body_s3, states.positive_s, states.weight_s)))
    positive, negative = states.weight_s * states.positive_s, states.weight_s * (1 - states.positive_s)
    grid = [(w01, w02) for w01 in lanes.inner("w01") for w02 in lanes.inner("w02")]
    kappa, sigma, frame = lanes.column("kappa"), lanes.column("sigma"), lanes.column("wS")
    scores_lgs = torch.stack([_attended(states, *cell, kappa, sigma, frame) for cell in grid], dim=1)
    accuracy = separation.separation_accuracy(scores_lgs, positive, negative)
    # a score that is 0 but for rounding is not above the threshold
    own = separation.threshold_accuracy(torch.where(scores_lgs.abs() < 1e-13, 0.0, scores_lgs), positive, negative)
    shape = (len(lanes), len(lanes.inner("w01")), len(lanes.inner("w02")))
    found = {
        "s_acc": accuracy,
        "perfect": accuracy >= 1 - 1e-12,
        "own_accuracy": own,
        "own_perfect": own >= 1 - 1e-12,
    }
    return {name: one.reshape(shape) for name, one in found.items()}


def _attended(
    states: task.Answers, w01: float, w02: float, kappa_l: torch.Tensor, sigma_l: torch.Tensor, frame_l: torch.Tensor
) -> torch.Tensor:
    """Scores of the hand-set net, by softmax attention over tables.  Returns: float64 [lane, state]."""
    half = (frame_l / 2).log()
    zero = torch.zeros_like(half)
    row_lk = torch.stack([half, zero, zero + math.log(w01), zero + math.log(w02), half], dim=1)
    value_lk = torch.stack([sigma_l, zero - 1, zero + 1, kappa_l, sigma_l], dim=1)
    scores = torch.zeros(len(half), 1, 5, 5, dtype=torch.float64, device=half.device)
    scores[:, 0, model.END] = row_lk
    moves = torch.zeros_like(scores)
    moves[:, 0, :, model.ONE] = value_lk
    made = model.Tables(scores, moves, torch.zeros_like(scores[:, 0]))
    return model.head_scores(made, states.counts_sk)[:, 0]


CANONICAL_SURFACE = Experiment(
    id="counting/canonical-surface",
    version=1,
    axes=("N", "kappa", "sigma", "wS"),
    measure=canonical_surface,
    switches={"tie": "neg", "length_law": "uniform", "p2": 1 / 3},
    shape=("N", "tie", "length_law", "p2"),
    inner={"w01": CROSS_RATIOS, "w02": NOISE_RATIOS},
    bytes_per_lane=lambda cell: (
        40 * len(CROSS_RATIOS) * len(NOISE_RATIOS) * (cell["N"] + 1) * (cell["N"] + 2) * (cell["N"] + 3) // 6
    ),
)
