"""Nets trained on the exact population of count states, and what their heads can do before and after.

Every net is one lane; the loss is a sum over all states, so nothing is sampled in training or in evaluation, and seeds
differ by their initial weights alone.  The loss stays out of the random key: arms with different losses start equal.

Example, N = 2, loss "full+closing": for the body `1 2` the states are B; B 1; B 1 2; B 1 2 E; B 1 2 E 1.  Their targets:
law of the next token with hazard 0; hazard 1/2; hazard 1; the answer 1 (as n1 = 1 > n0 = 0); E.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from empirics.engine.lanes import Experiment, Lane, Lanes
from empirics.engine.train import Adam, Params, Sgd, fit
from empirics.models import counting_heads as model
from empirics.models import separation
from empirics.tasks import count_strings as task
from theory.counting import is_freely_separable
from theory.counting.grids import LONGEST

Output = Mapping[str, Any]
Measure = Callable[[Lanes], Output]
STAGES = ("init", "trained")
MEANINGS = ("direction", "free", "own")
PARTS = ("attention", "values", "interaction")
SOLVED = 1e-9  # a net is solved when its answers are right up to this mass of strings
MOST_PROGRAMS = 8  # heads of a net that are put through the exact program
GOOD, PERFECT, PARKED = 0.95, 0.999, 100.0  # head accuracies and frame weight that the counts of heads use; chosen
OPTIMISERS: dict[str, Callable[[torch.Tensor], Sgd | Adam]] = {"adam": Adam, "descent": Sgd}

SWITCHES: dict[str, Any] = {
    "tie": "neg",
    "length_law": "uniform",
    "p2": 1 / 3,
    "labels": "true",
    "residual": False,
    "bias": False,
    "d_model": 16,
    "qk_init": 0.1,
    "ov_init": 1.0,
    "word_weight": 1.0,
    "answer_weight": 1.0,
    "norm": "none",
    "optimiser": "adam",
    "learning_rate": 0.01,
    "steps": 500,
}
SHAPE = (
    "N",
    "H",
    "d_h",
    "loss",
    *(name for name in SWITCHES if name not in ("qk_init", "ov_init", "learning_rate")),
)


POSITIONS: dict[str, Any] = {"positions": "none"}  # a switch of those experiments that can do without bags


def has_positions(lanes: Lanes) -> bool:
    """Whether the lanes' nets learn position vectors, and so see strings and not bags."""
    return "positions" in lanes.experiment.switches and bool(lanes.size("positions") == "learned")


def never_alone(measure: Measure) -> Measure:
    """The measure with a lone lane measured twice and given once.

    A batched product of one small matrix takes another path than that of two, and rounds differently; so a lane by itself
    would differ from the same lane among others in the last bits.
    """

    @functools.wraps(measure)
    def measured(lanes: Lanes) -> Output:
        if len(lanes) > 1:
            return measure(lanes)
        twice = Lanes(
            lanes.experiment,
            [Lane(lanes.experiment.id, lanes.cells[0], lanes.seeds[0])] * 2,
            lanes.device,
            lanes.corpus,
        )
        twice.keys = lanes.keys.repeat(2)
        found = dict(measure(twice))
        shown = {name: bodies[:1] for name, bodies in found.pop("exhibits", {}).items()}
        once = {name: value[:1] for name, value in found.items()}
        return {**once, "exhibits": shown} if shown else once

    return measured


def population(lanes: Lanes) -> tuple[task.Group, ...]:
    """The states that the lanes' loss sums over, on their device; with positions, every prefix by itself."""
    law = (lanes.size(name) for name in ("N", "length_law", "tie", "loss", "p2", "word_weight", "answer_weight"))
    if has_positions(lanes):
        groups = task.ordered_population(*law)
    else:
        apart = str(lanes.size("labels")).startswith("independent")
        groups = task.population(*law, "independent" if apart else "true")

    def moved(one: task.Group) -> task.Group:
        parts = (one.counts_sk, one.target_sv, one.weight_s)
        return task.Group(one.kind, one.query, *(part.to(lanes.device) for part in parts))

    return tuple(moved(one) for one in groups)


def answer_states(lanes: Lanes) -> task.Answers:
    """The answer states that the lanes are evaluated on, on their device.

    Labels "independent in training" are the strings' own here: what was learned from the others is put to the test.
    """
    labels = "true" if lanes.size("labels") == "independent in training" else lanes.size("labels")
    found = task.answers(lanes.size("N"), lanes.size("length_law"), lanes.size("tie"), lanes.size("p2"), labels)
    return task.Answers(*(part.to(lanes.device) for part in (found.body_s3, found.positive_s, found.weight_s)))


def trained_nets(lanes: Lanes, n_nets: int = 1) -> dict[str, Params]:
    """Parameters at both stages, [lane * net, ...]; under a norm the embeddings are those that the heads see."""
    start = model.initial(
        lanes.keys,
        n_heads=lanes.size("H"),
        d_head=lanes.size("d_h"),
        d_model=lanes.size("d_model"),
        qk_init=lanes.column("qk_init"),
        ov_init=lanes.column("ov_init"),
        bias=lanes.size("bias"),
        n_nets=n_nets,
        n_positions=lanes.size("N") + 3 if has_positions(lanes) else 0,
    )
    seen: Callable[[Params], Params] = {"none": dict, "embedding": model.normed}[lanes.size("norm")]
    first = seen(start)
    if lanes.size("steps") == 0:
        return {"init": first, "trained": first}
    rate_l = lanes.column("learning_rate").repeat_interleave(n_nets)
    loss = model.population_loss(population(lanes), residual=lanes.size("residual"))
    optimiser = OPTIMISERS[lanes.size("optimiser")](rate_l)
    found, _ = fit(lambda params: loss(seen(params)), start, n_steps=lanes.size("steps"), optimiser=optimiser)
    return {"init": first, "trained": seen(found)}


def at_stages(
    lanes: Lanes, nets: Mapping[str, Params], measure: Callable[[Lanes, Params], dict[str, torch.Tensor]]
) -> list[dict[str, torch.Tensor]]:
    """What is measured at each stage; nets that were not trained are measured once."""
    first = measure(lanes, nets["init"])
    return [first if params is nets["init"] else measure(lanes, params) for params in nets.values()]


def training_bytes(cell: Mapping[str, Any]) -> int:
    """Memory of one net in float64: the larger of training on all states and of sorting the answer states of its heads.

    With positions torch keeps about eight tensors of one number a state, head and word.
    """
    n, H = cell["N"], cell["H"]
    if cell.get("positions") == "learned":
        states = 3 ** (n + 1) // 2 * {"answer": 1, "full": 2, "full+closing": 3}[cell["loss"]]
        return int(64 * states * (5 * H + 5 if cell["steps"] else H + 5))
    states, answers = (_n_states(n, cell["length_law"], loss) for loss in (cell["loss"], "answer"))
    return int(8 * max(states * (7 * H + 20), answers * (20 * H + 20)))


def _n_states(n_longest: int, length_law: str, loss: str) -> int:
    n = n_longest
    answers = (n + 1) * (n + 2) // 2 if length_law == "fixed" else (n + 1) * (n + 2) * (n + 3) // 6 - 1
    words = 0 if loss == "answer" else 1 + n * (n + 1) * (n + 2) // 2
    return words + answers * (2 if loss == "full+closing" else 1)


# ---------------------------------------------------------------------------- what a net can do
@never_alone
def training(lanes: Lanes) -> Output:
    """Accuracies and heads of each net at both stages.  All [lane, stage].

    l_acc: share of strings whose answer is the likeliest of all five words; solved: whether that is 1; mean_s_acc,
    best_s_acc: separation accuracy of the heads; sum_s_acc: of the sum of all; cooperation: the sum's beyond the best
    head's; cooperates: whether that exceeds .01; n_good, n_perfect, n_parked: heads of accuracy >= .95, >= .999, and with
    frame weight > 100; mean_auc, uniform_s_acc: ROC AUC of the heads turned upward, and accuracy of the plain average of
    standardised, turned head scores; first_failing: least length at which logit(1) - logit(0) has the wrong sign (61:
    none up to 60; with positions N + 1: none up to N); other_label: accuracy of the net's answers against the label
    n2 > n0; order_spread: how far the margin depends on the order of a string; w01 ... b: of the best head (with
    positions: of its token embeddings alone).
    """
    found = at_stages(lanes, trained_nets(lanes), _abilities)
    return {name: torch.stack([one[name] for one in found], dim=1) for name in found[0]}


@dataclass(frozen=True)
class Answered:
    """What a net says at all answer states: scores of the heads [lane, head, state], margin and words, and the states."""

    scores_lhs: torch.Tensor
    margin_ls: torch.Tensor
    words_lsv: torch.Tensor
    states: task.Answers

    @property
    def classes(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Masses of the labels 1 and 0 at each state."""
        mass, share = self.states.weight_s, self.states.positive_s
        return mass * share, mass * (1 - share)

    @property
    def l_acc(self) -> torch.Tensor:
        """Mass of the states at which the likeliest of all five words is the label.  Returns: float64 [lane]."""
        positive, negative = self.classes
        said_ls = self.words_lsv.argmax(dim=2)
        right_ls = torch.where(said_ls == model.ONE, positive, torch.where(said_ls == model.ZERO, negative, 0.0))
        return right_ls.sum(dim=1)


def answered(lanes: Lanes, params: Params) -> Answered:
    """The net at the answer: on bags, or with positions on every string."""
    if not has_positions(lanes):
        states = answer_states(lanes)
        made = model.tables(params, residual=lanes.size("residual"))
        return Answered(*_at_answer(made, model.END, states.counts_sk), states)
    made = model.tables(model.placed(params), residual=lanes.size("residual"))
    law = (lanes.size(name) for name in ("N", "length_law", "tie", "p2"))
    groups = task.ordered_answers(*law)
    parts = zip(*(_at_answer(made, one.query, one.counts_sk.to(lanes.device)) for one in groups))
    scores, margin, words = (torch.cat(some, dim=axis) for some, axis in zip(parts, (2, 1, 1)))
    columns = (
        torch.cat([getattr(one.states, name) for one in groups]).to(lanes.device)
        for name in ("body_s3", "positive_s", "weight_s")
    )
    return Answered(scores, margin, words, task.Answers(*columns))


def _at_answer(
    made: model.Tables, query: int, counts_sk: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    return (
        model.head_scores(made, counts_sk, query),
        model.answer_margin(made, counts_sk, query),
        model.logits(made, query, counts_sk),
    )


def order_spread(found: Answered) -> torch.Tensor:
    """How far the answer's margin depends on the order of the tokens, as a share of its largest size.  Returns: [lane].

    The largest difference between two strings of one bag; 0 where the states are bags.
    """
    bags, which = found.states.body_s3.unique(dim=0, return_inverse=True)
    place = which.expand(len(found.margin_ls), -1)
    top, low = (
        found.margin_ls.new_zeros(len(found.margin_ls), len(bags)).scatter_reduce(
            1, place, found.margin_ls, reduce=how, include_self=False
        )
        for how in ("amax", "amin")
    )
    return (top - low).amax(dim=1) / found.margin_ls.abs().amax(dim=1).clamp(min=1e-300)


def _abilities(lanes: Lanes, params: Params) -> dict[str, torch.Tensor]:
    found = answered(lanes, params)
    states, (positive, negative) = found.states, found.classes
    made = model.tables(params, residual=lanes.size("residual"))
    accuracy_lh = separation.separation_accuracy(found.scores_lhs, positive, negative)
    auc_lh = separation.roc_auc(found.scores_lhs, positive, negative)
    sum_l = separation.separation_accuracy(found.margin_ls, positive, negative)
    best_l, which_l = accuracy_lh.max(dim=1)
    numbers = model.canonical_numbers(made)
    noise = (states.body_s3[:, 2] > states.body_s3[:, 0]).double()
    other = separation.threshold_accuracy(found.margin_ls, states.weight_s * noise, states.weight_s * (1 - noise))
    return {
        "l_acc": found.l_acc,
        "solved": found.l_acc >= 1 - SOLVED,
        "mean_s_acc": accuracy_lh.mean(dim=1),
        "best_s_acc": best_l,
        "sum_s_acc": sum_l,
        "cooperation": sum_l - best_l,
        "cooperates": sum_l - best_l > 0.01,
        "n_good": (accuracy_lh >= GOOD).sum(dim=1),
        "n_perfect": (accuracy_lh >= PERFECT).sum(dim=1),
        "n_parked": (numbers["wS"] > PARKED).sum(dim=1),
        "mean_auc": torch.maximum(auc_lh, 1 - auc_lh).mean(dim=1),
        "uniform_s_acc": separation.separation_accuracy(
            _turned(found.scores_lhs, auc_lh, states.weight_s).mean(dim=1), positive, negative
        ),
        "order_spread": order_spread(found),
        "first_failing": _first_wrong(lanes, found)
        if has_positions(lanes)
        else first_failing_length(made, lanes.size("tie")),
        "other_label": other,
        **{name: value.gather(1, which_l[:, None])[:, 0] for name, value in numbers.items()},
    }


def _first_wrong(lanes: Lanes, found: Answered) -> torch.Tensor:
    """Least length up to N with a string answered wrongly, N + 1 for none: beyond there are no positions.  [lane]."""
    wrong_ls = (found.margin_ls > 0) != (found.states.positive_s > 0.5)
    length_s = found.states.body_s3.sum(dim=1)
    return torch.where(wrong_ls, length_s, lanes.size("N") + 1.0).amin(dim=1)


def _turned(scores_lhs: torch.Tensor, auc_lh: torch.Tensor, weight_s: torch.Tensor) -> torch.Tensor:
    """Head scores with mean 0 and deviation 1, turned so that a higher score speaks for the label 1."""
    centred = scores_lhs - (weight_s * scores_lhs).sum(dim=2, keepdim=True)
    spread = (weight_s * centred * centred).sum(dim=2, keepdim=True).sqrt()
    return torch.where(auc_lh < 0.5, -1.0, 1.0)[..., None] * centred / spread.clamp(min=1e-300)


def first_failing_length(made: model.Tables, tie: str) -> torch.Tensor:
    """Least body length with a string whose logit(1) - logit(0) has the wrong sign; 61 where none is up to 60.

    All strings are looked at, by their counts.  Returns: float64 [lane].
    """
    device = made.scores_lhqk.device
    found = torch.full((len(made.scores_lhqk),), LONGEST + 1.0, dtype=torch.float64, device=device)
    for length in range(1, LONGEST + 1):
        body = task.bodies(length, length).to(device)
        ones = torch.ones(len(body), 1, dtype=torch.float64, device=device)
        counts = torch.cat([ones, body.double(), ones], dim=1)
        wrong = (model.answer_margin(made, counts) > 0) != (body[:, 1] > body[:, 0])
        if tie == "drop":
            wrong = wrong & (body[:, 1] != body[:, 0])
        found = torch.where(wrong.any(dim=1) & (found > length), float(length), found)
        if bool((found <= length).all()):
            break
    return found


TRAINING = Experiment(
    id="counting/training",
    version=3,
    axes=("N", "H", "d_h", "loss"),
    measure=training,
    switches={**SWITCHES, **POSITIONS},
    shape=(*SHAPE, *POSITIONS),
    inner={"stage": STAGES},
    common=("loss", "tie", "positions", "word_weight", "answer_weight", "labels"),
    bytes_per_lane=training_bytes,
)


# ---------------------------------------------------------------------------- three meanings of one word
@never_alone
def three_meanings(lanes: Lanes) -> Output:
    """Separation accuracy of the heads in three meanings, at both stages.

    accuracy: mean over the heads, [lane, meaning, stage]: along the head's own direction ("direction"), for the best
    affine read-out of its output ("free": 1 where a linear program finds a perfect one, else the better of the direction
    and a fitted separator, so at least this much), at the head's own threshold ("own").  l_acc; auc: ROC AUC of the
    heads, raw, mean; r_auc: the same turned upward head by head; first_accuracy, first_auc, w01, w02, kappa: of head 0.
    """
    found = at_stages(lanes, trained_nets(lanes), _meanings)
    return {name: torch.stack([one[name] for one in found], dim=2) for name in found[0]}


def _meanings(lanes: Lanes, params: Params) -> dict[str, torch.Tensor]:
    found = answered(lanes, params)
    positive, negative = found.classes
    made = model.tables(params, residual=lanes.size("residual"))
    along_lh = separation.separation_accuracy(found.scores_lhs, positive, negative)
    own_lh = separation.threshold_accuracy(found.scores_lhs, positive, negative)
    outputs_lhse = model.head_outputs(params, made, model.END, found.states.counts_sk)
    fitted = separation.directions(outputs_lhse, positive, negative)
    free_lh = torch.maximum(along_lh, separation.separation_accuracy(fitted, positive, negative))[:, :MOST_PROGRAMS]
    if lanes.size("labels") == "true":
        free_lh = torch.where(_freely_perfect(lanes, params, made), 1.0, free_lh)
    auc_lh = separation.roc_auc(found.scores_lhs, positive, negative)
    turned_lh = torch.maximum(auc_lh, 1 - auc_lh)
    numbers = model.canonical_numbers(made)
    per_net = {
        "l_acc": found.l_acc,
        "auc": auc_lh.mean(dim=1),
        "r_auc": turned_lh.mean(dim=1),
        "first_accuracy": along_lh[:, 0],
        "first_auc": turned_lh[:, 0],
        **{name: numbers[name][:, 0] for name in ("w01", "w02", "kappa")},
    }
    spread = {name: one[:, None].expand(-1, len(MEANINGS)) for name, one in per_net.items()}
    by_meaning = torch.stack([one.mean(dim=1) for one in (along_lh, free_lh, own_lh)], dim=1)
    return {"accuracy": by_meaning, **spread}


def _freely_perfect(lanes: Lanes, params: Params, made: model.Tables) -> torch.Tensor:
    """Whether some affine read-out of a head's output is right on all strings, decided in fractions.  bool [lane, head].

    The one loop over heads here: an exact linear program has no batched form.
    """
    order = [1, 2, 3, 0, 4]  # 0, 1, 2, B, E
    values = (params["embed"][:, None] @ params["value"])[:, :MOST_PROGRAMS, order].cpu().tolist()
    logit_lhk = made.scores_lhqk[:, :MOST_PROGRAMS, model.END][:, :, order]
    weights = (logit_lhk - logit_lhk.amax(dim=2, keepdim=True)).exp().clamp(min=1e-300).cpu().tolist()
    # a fixed length is one of the lengths up to N: what is right on all of them is right there
    found = [
        [
            is_freely_separable(V=tuple(map(tuple, v)), a=tuple(a), N=lanes.size("N"), tie=lanes.size("tie"))
            for v, a in zip(heads, rows)
        ]
        for heads, rows in zip(values, weights)
    ]
    return torch.tensor(found, dtype=torch.bool, device=made.scores_lhqk.device)


SEPARATION = Experiment(
    id="counting/separation",
    version=3,
    axes=("N", "H", "d_h", "loss"),
    measure=three_meanings,
    switches=SWITCHES,
    shape=SHAPE,
    inner={"meaning": MEANINGS, "stage": STAGES},  # by name, as a run file keeps them
    common=("loss", "tie", "labels"),
    bytes_per_lane=training_bytes,
)


# ---------------------------------------------------------------------------- attention of one head, values of another
@never_alone
def swapped_heads(lanes: Lanes) -> Output:
    """Shares of the variance of accuracy when the attention of head i meets the values of head j.

    A lane is a group of nets; all their heads form one matrix of exact separation accuracies.  share: [lane, part, stage].
    """
    nets = trained_nets(lanes, lanes.size("n_nets"))
    return {"share": torch.stack([_shares(lanes, params) for params in nets.values()], dim=2)}


def _shares(lanes: Lanes, params: Params) -> torch.Tensor:
    return variance_shares(swap_matrix(lanes, params))


def swap_matrix(lanes: Lanes, params: Params) -> torch.Tensor:
    """Separation accuracy of the attention of head a with the values of head b, all heads of a lane's nets in order.

    Returns: float64 [lane, a, b].
    """
    states = answer_states(lanes)
    positive, negative = states.weight_s * states.positive_s, states.weight_s * (1 - states.positive_s)
    made = model.tables(params, residual=lanes.size("residual"))
    n_lanes = len(lanes)
    attention_lask = model.attention(made, model.END, states.counts_sk).reshape(n_lanes, -1, len(states.weight_s), 5)
    values_lbk = model.attribution(made).reshape(n_lanes, -1, 5)
    rows = [
        separation.separation_accuracy((attention_lsk[:, None] * values_lbk[:, :, None]).sum(dim=3), positive, negative)
        for attention_lsk in attention_lask.unbind(dim=1)
    ]
    return torch.stack(rows, dim=1)


def variance_shares(matrix_lab: torch.Tensor) -> torch.Tensor:
    """Two-way analysis of variance: shares of row means, column means and the rest.  Returns: [lane, part]."""
    centred = matrix_lab - matrix_lab.mean(dim=(1, 2), keepdim=True)
    row, column = centred.mean(dim=2, keepdim=True), centred.mean(dim=1, keepdim=True)
    rest = centred - row - column
    parts = torch.stack([one.square().mean(dim=(1, 2)) for one in (row, column, rest)], dim=1)
    return parts / parts.sum(dim=1, keepdim=True)


SWAP = Experiment(
    id="counting/swap",
    version=3,
    axes=("N", "H", "d_h", "loss"),
    measure=swapped_heads,
    switches={**SWITCHES, "n_nets": 4},
    shape=(*SHAPE, "n_nets"),
    inner={"part": PARTS, "stage": STAGES},
    bytes_per_lane=lambda cell: cell["n_nets"] * training_bytes(cell),
)
