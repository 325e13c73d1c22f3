"""Experiments of the boolean paper: one gradient step on pairs, one step or training end to end, and the parent's parity.

Words for the letters of the grid: d n_bits, k n_relevant, t n_pairs, n n_samples, G logit gap, rho noise rate.
Positions of supervised pairs are 0..2t-1: the bits are exchangeable, so nothing is lost; end to end the support is drawn.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from typing import Any

import torch

from empirics.engine import rng
from empirics.engine.lanes import Experiment, Lanes
from empirics.models import minimal_attention as model
from empirics.tasks import boolean_functions as task
from theory.boolean import oracle_tolerance
from theory.boolean.grids import ranking_samples

Output = Mapping[str, Any]
Sums = dict[str, torch.Tensor]
Learner = Callable[[Sums, int], torch.Tensor]


# ---------------------------------------------------------------------------- one step on supervised pairs
def pair_ranking(lanes: Lanes) -> Output:
    """Whether all pairs are ranked after one step, for every sample size that the same data are cut to.

    success: [lane, n].
    """
    n_bits, n_pairs, rate, noise = lanes.size("d"), lanes.size("t"), lanes.size("rho"), lanes.size("noise")
    sizes = lanes.inner("n")
    bits_lnd = task.fair_bits(lanes.keys, sizes[-1], n_bits)
    seen = task.flipped(bits_lnd, lanes.keys, rate) if noise == "input" and rate else bits_lnd
    hints_lnt = task.pair_hints(seen, n_pairs, lanes.size("label"))
    if noise == "hint" and rate:
        hints_lnt = task.flipped(hints_lnt, lanes.keys, rate)
    if noise == "adversarial":
        hints_lnt = task.corrupted(hints_lnt, bits_lnd, rate)
    if lanes.size("hints") == "shuffled":
        order = rng.permutation(lanes.keys, sizes[-1], stream="shuffle")
        hints_lnt = hints_lnt.gather(1, order[..., None].expand_as(hints_lnt))
    ties_lt = rng.uniform(lanes.keys, n_pairs, stream="ties")
    scores, found = torch.zeros((), device=lanes.device), []
    for start, stop in itertools.pairwise((0, *sizes)):
        scores = scores + model.first_step_scores(bits_lnd[:, start:stop], hints_lnt[:, start:stop])
        found.append(model.pairs_ranked(scores, ties_lt).all(dim=1))
    return {"success": torch.stack(found, dim=1)}


def _ranking_sizes(cell: Mapping[str, Any]) -> tuple[int, ...]:
    if cell["noise"] == "adversarial":
        return (2000,)
    return ranking_samples(d=cell["d"], t=cell["t"], rho=float(cell["rho"]))


def _ranking_bytes(cell: Mapping[str, Any]) -> int:
    n_max = _ranking_sizes(cell)[-1]
    return int(n_max * (6 * cell["d"] + 9 * cell["t"]) + 12 * cell["d"] * cell["t"])


PAIR_RANKING = Experiment(
    id="boolean/pair-ranking",
    version=1,
    axes=("d", "t"),
    measure=pair_ranking,
    switches={"rho": 0.0, "noise": "hint", "label": "and", "hints": "true"},
    shape=("d", "t", "rho", "noise", "label", "hints"),
    inner={"n": _ranking_sizes},
    bytes_per_lane=_ranking_bytes,
)


def one_step(lanes: Lanes) -> Output:
    """Read-outs after one step with logit gap G.

    readout_success: [lane, readout]; error: [lane], largest deviation of 2 softmax(W) 1 from the support;
    integers_exact: [lane], whether all logits round to the integers that the population's do.
    """
    n_bits, n_relevant, n_samples = lanes.size("d"), lanes.size("k"), lanes.size("n")
    bits_lnd = task.fair_bits(lanes.keys, n_samples, n_bits)
    hints_lnt = task.pair_hints(bits_lnd, n_relevant // 2)
    if any(lanes.size(name) != default for name, default in STEP_SWITCHES.items()):
        logits_ltd = _changed_step(lanes, bits_lnd, hints_lnt)
    else:
        scores_ltd = model.first_step_scores(bits_lnd, hints_lnt).double()
        # eta = 8 d G, and the scores are d n times minus the gradient
        logits_ltd = (8 * lanes.column("G") / (n_samples * n_bits))[:, None, None] * scores_ltd
    successes, error = model.read_out_successes(model.support_read_out(logits_ltd), n_relevant)
    gap_l11 = lanes.column("G")[:, None, None]
    population_ltd = gap_l11 * (_is_pair(n_relevant // 2, n_bits, lanes.device) - 2 / n_bits)
    centred_ltd = logits_ltd - logits_ltd.mean(dim=2, keepdim=True)  # a gradient moves no column's mean
    exact_l = (centred_ltd.round() == population_ltd.round()).flatten(1).all(dim=1)
    return {"readout_success": successes, "error": error, "integers_exact": exact_l}


def _is_pair(n_pairs: int, n_bits: int, device: torch.device) -> torch.Tensor:
    """1 at the two positions of pair m in column m.  Returns: float64 [column, bit]."""
    column = torch.arange(n_pairs, device=device)[:, None]
    return (torch.arange(n_bits, device=device)[None, :] // 2 == column).double()


def _changed_step(lanes: Lanes, bits_lnd: torch.Tensor, hints_lnt: torch.Tensor) -> torch.Tensor:
    """Logits when the step is not the theorem's.  Returns: [lane, column, bit].

    The same total step is cut into `steps`; `start` is the standard deviation of a random start; `oracle` times the
    tolerance 1/(16 d) is added to the gradient where it hurts most.
    """
    n_samples, n_bits, n_pairs, n_steps = bits_lnd.shape[1], bits_lnd.shape[2], hints_lnt.shape[2], lanes.size("steps")
    bits, hints = bits_lnd.float(), hints_lnt.float()
    gram_ldd = (bits.transpose(1, 2) @ bits).double() / n_samples
    cross_ltd = (hints.transpose(1, 2) @ bits).double() / n_samples
    start_ltd = lanes.size("start") * rng.normal(lanes.keys, n_pairs * n_bits, stream="init").reshape(cross_ltd.shape)
    error = lanes.size("oracle") * float(oracle_tolerance(d=n_bits))
    return model.descended(
        gram_ldd,
        cross_ltd,
        start_ltd,
        rate_l11=(8 * n_bits * lanes.column("G") / n_steps)[:, None, None],
        n_steps=n_steps,
        error_ltd=error * (2 * _is_pair(n_pairs, n_bits, lanes.device) - 1),
    )


STEP_SWITCHES = {"steps": 1, "start": 0.0, "oracle": 0.0}

ONE_STEP = Experiment(
    id="boolean/one-step",
    version=1,
    axes=("d", "k", "n", "G"),
    measure=one_step,
    switches=STEP_SWITCHES,
    shape=("d", "k", "n", *STEP_SWITCHES),
    common=("G", *STEP_SWITCHES),
    inner={"readout": ("rank", "linear", "rounding")},
    bytes_per_lane=lambda cell: 7 * cell["n"] * cell["d"] + 20 * cell["d"] * cell["k"],
)


# ---------------------------------------------------------------------------- end to end
ADAM_STEPS = 1500


def end_to_end(lanes: Lanes) -> Output:
    """Support recovery from labels alone by several learners on the same samples, which are drawn and summed in blocks.

    success: whether the support is named; coordinate_error: mean over coordinates of |v - f|; least_coordinate_error:
    its least coordinate.  All [lane, learner].
    """
    n_bits, n_relevant, n_samples = lanes.size("d"), lanes.size("k"), lanes.size("n")
    learners = lanes.inner("learner")
    support_lk = task.random_support(lanes.keys, n_bits, n_relevant)
    sums: Sums = {}
    block = model.exact_block(n_bits)
    for start in range(0, n_samples, block):
        bits_lnd = _samples(lanes, support_lk, start, min(block, n_samples - start))
        labels_ln = task.labels(task.gather_support(bits_lnd, support_lk), lanes.size("label"))
        part = _sums(bits_lnd, labels_ln, n_relevant, learners)
        sums = {name: sums[name] + value if sums else value for name, value in part.items()}
    truth_ld = torch.zeros(len(lanes), n_bits, device=lanes.device).scatter_(1, support_lk, 1.0)
    guess_lrd = torch.stack([_LEARNERS[name](sums, n_relevant) for name in learners], dim=1)
    wrong_lrd = (guess_lrd - truth_ld[:, None, :]).abs()
    return {
        "success": wrong_lrd.amax(dim=2) == 0,
        "coordinate_error": wrong_lrd.mean(dim=2),
        "least_coordinate_error": wrong_lrd.amin(dim=2),
        "misnamed": wrong_lrd.amax(dim=2) > 0,
    }


def _samples(lanes: Lanes, support_lk: torch.Tensor, start: int, count: int) -> torch.Tensor:
    """Samples start .. start + count of every lane; the same bits in any blocks."""
    n_bits, distribution = lanes.size("d"), lanes.size("distribution")
    if distribution == "biased":
        return task.biased_bits(lanes.keys, count, n_bits, 2.0 ** (-1 / lanes.size("k")), start)
    bits_lnd = task.fair_bits(lanes.keys, count, n_bits, start)
    return task.force_support(bits_lnd, support_lk) if distribution == "balanced" else bits_lnd


def _sums(bits_lnd: torch.Tensor, labels_ln: torch.Tensor, n_relevant: int, learners: tuple[str, ...]) -> Sums:
    """What the learners need of a block of samples, as sums over samples (whole numbers, exact).

    n [lane, 1]; positives [lane, 1]; ones, joint (ones among positives), base (ones weighted by the ones of their
    sample) [lane, bit]; disagrees [lane, support] for "bayes"; gram [lane, bit, bit] for trained learners.
    """
    bits = bits_lnd.float()
    found = {
        "n": torch.full((len(bits), 1), float(bits.shape[1]), dtype=torch.float64, device=bits.device),
        "positives": labels_ln.sum(dim=1, keepdim=True),
        "ones": bits.sum(dim=1),
        "joint": (labels_ln[:, None, :] @ bits)[:, 0],
        "base": (bits.sum(dim=2)[:, None, :] @ bits)[:, 0],
    }
    if "bayes" in learners:
        says_lnc = (bits @ _supports(bits.shape[2], n_relevant, bits.device).T) == n_relevant
        found["disagrees"] = (says_lnc != (labels_ln[..., None] > 0)).sum(dim=1)
    if "adam" in learners:
        found["gram"] = bits.transpose(1, 2) @ bits
    return {name: value.double() for name, value in found.items()}


def _supports(n_bits: int, n_relevant: int, device: torch.device) -> torch.Tensor:
    """All supports as 0/1 rows.  Returns: float32 [support, bit]."""
    sets = torch.tensor(list(itertools.combinations(range(n_bits), n_relevant)), device=device)
    return torch.zeros(len(sets), n_bits, device=device).scatter_(1, sets, 1.0)


def _top(scores_ld: torch.Tensor, n_relevant: int) -> torch.Tensor:
    """0/1 mark of the best positions; where a tie decides, of all tied ones, so that the support is not named by luck."""
    edge_l1 = scores_ld.topk(n_relevant, dim=1).values[:, -1:]
    return (scores_ld >= edge_l1).float()


def _raw(sums: Sums, n_relevant: int) -> torch.Tensor:
    """One gradient step of the raw loss."""
    return _top(sums["joint"].shape[1] * sums["joint"] - sums["base"], n_relevant)


def _centred(sums: Sums, n_relevant: int) -> torch.Tensor:
    """One gradient step with the sample mean of the labels taken off; n times the score is a whole number."""
    return _top(sums["n"] * sums["joint"] - sums["positives"] * sums["ones"], n_relevant)


def _uncentred(sums: Sums, n_relevant: int) -> torch.Tensor:
    """Plain correlation: one gradient step without any baseline."""
    return _top(sums["joint"], n_relevant)


def _elimination(sums: Sums, n_relevant: int) -> torch.Tensor:
    """Positions that are 1 in every positive sample."""
    del n_relevant
    return (sums["joint"] == sums["positives"]).float()


def _constant(sums: Sums, n_relevant: int) -> torch.Tensor:
    """The share of relevant bits, whatever the data."""
    return torch.full_like(sums["joint"], n_relevant / sums["joint"].shape[1]).float()


def _bayes(sums: Sums, n_relevant: int) -> torch.Tensor:
    """Median of the posterior, coordinate by coordinate, over all supports that agree with the samples (AND labels)."""
    agrees_lc = (sums["disagrees"] == 0).float()
    posterior_ld = (agrees_lc @ _supports(sums["joint"].shape[1], n_relevant, agrees_lc.device)) / agrees_lc.sum(
        dim=1, keepdim=True
    )
    return (posterior_ld > 0.5).float()


def _trained(optimiser: str, rate: float) -> Learner:
    def learner(sums: Sums, n_relevant: int) -> torch.Tensor:
        """Full-batch training with an affine read-out on the sufficient statistics."""
        n = sums["n"]
        weights = model.train_regression(
            (sums["gram"] / n[..., None]).float(),
            (sums["joint"] / n).float(),
            (sums["ones"] / n).float(),
            (sums["positives"] / n)[:, 0].float(),
            affine=True,
            optimiser=optimiser,
            rate_l=torch.full((len(n),), rate, device=n.device),
            n_steps=ADAM_STEPS,
        )
        return _top(weights, n_relevant)

    return learner


_LEARNERS: dict[str, Learner] = {
    "raw": _raw,
    "centred": _centred,
    "uncentred": _uncentred,
    "elimination": _elimination,
    "constant": _constant,
    "bayes": _bayes,
    "adam": _trained("adam", 0.02),
    "sgd": _trained("sgd", 0.5),
}


def _learners(cell: Mapping[str, Any]) -> tuple[str, ...]:
    more = {"one step": (), "bayes": ("bayes",), "trained": ("adam", "sgd")}
    return ("raw", "centred", "uncentred", "elimination", "constant", *more[cell["learners"]])


def _end_to_end_bytes(cell: Mapping[str, Any]) -> int:
    d = cell["d"]
    n = min(cell["n"], model.exact_block(d))
    drawn = 24 if cell["distribution"] == "biased" else 8
    supports = math.comb(d, cell["k"]) if "bayes" in _learners(cell) else 0
    return int(n * d * drawn + 6 * n * supports + 8 * d * d)


END_TO_END = Experiment(
    id="boolean/end-to-end",
    version=1,
    axes=("d", "k", "n"),
    measure=end_to_end,
    switches={"distribution": "uniform", "label": "and", "learners": "one step"},
    shape=("d", "k", "n", "distribution", "label", "learners"),
    inner={"learner": _learners},
    bytes_per_lane=_end_to_end_bytes,
)


def population_training(lanes: Lanes) -> Output:
    """Mass on the support after training on infinite data (AND of fair bits), support {0..k-1}.  mass: [lane]."""
    n_bits, affine = lanes.size("d"), lanes.size("model") == "affine"
    k_l = lanes.column("k")
    relevant_ld = torch.arange(n_bits, device=lanes.device)[None, :] < k_l[:, None]
    gram_ldd = (0.25 + 0.25 * torch.eye(n_bits, dtype=torch.float64, device=lanes.device)).expand(len(lanes), -1, -1)
    label_l = 2.0**-k_l
    cross_ld = torch.where(relevant_ld, label_l[:, None], label_l[:, None] / 2)
    weights_ld = model.train_regression(
        gram_ldd,
        cross_ld,
        torch.full_like(cross_ld, 0.5),
        label_l,
        affine=affine,
        optimiser=lanes.size("optimiser"),
        rate_l=lanes.column("learning_rate"),
        n_steps=POPULATION_STEPS,
    )
    return {"mass": (weights_ld * relevant_ld).sum(dim=1)}


POPULATION_STEPS = 4000

POPULATION_TRAINING = Experiment(
    id="boolean/population-training",
    version=1,
    axes=("d", "k", "model", "optimiser", "learning_rate"),
    measure=population_training,
    shape=("d", "model", "optimiser"),
    common=("model", "optimiser", "learning_rate"),
    bytes_per_lane=lambda cell: 64 * cell["d"] ** 2,
)


# ---------------------------------------------------------------------------- the parent's parity
def parity_link(lanes: Lanes) -> Output:
    """Whether one step ranks all parity pairs of +-1 bits through a link.  success: [lane]."""
    n_bits, n_pairs, n_samples = lanes.size("d"), lanes.size("t"), lanes.size("n")
    bits_lnd = task.fair_bits(lanes.keys, n_samples, n_bits)
    parity_lnt = 1 - 2 * task.pair_hints(bits_lnd, n_pairs, "parity").double()
    signs_lnd = 2 * bits_lnd.double() - 1
    mean_ln = signs_lnd.mean(dim=2)
    value_ln, slope_ln = _link(mean_ln, lanes.size("link"))
    residual_lnt = (parity_lnt - value_ln[..., None]) * slope_ln[..., None]
    scores_ltd = residual_lnt.transpose(1, 2) @ signs_lnd
    ties_lt = torch.ones(len(lanes), n_pairs, device=lanes.device)
    return {"success": model.pairs_ranked(scores_ltd, ties_lt).all(dim=1)}


def _link(z: torch.Tensor, link: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Value and derivative: the parent's piecewise quadratic link, or none."""
    if link == "identity":
        return z, torch.ones_like(z)
    inside = z.abs() < 0.5
    value = torch.where(inside, 4 * z * z - 1, -4 * z * z + 8 * z.abs() - 3)
    return value, torch.where(inside, 8 * z, -8 * z + 8 * z.sign())


PARITY_LINK = Experiment(
    id="boolean/parity-link",
    version=1,
    axes=("d", "t", "n"),
    measure=parity_link,
    switches={"link": "ks"},
    shape=("d", "t", "n", "link"),
    bytes_per_lane=lambda cell: cell["n"] * (17 * cell["d"] + 25 * cell["t"]),
)

EXPERIMENTS = (PAIR_RANKING, ONE_STEP, END_TO_END, POPULATION_TRAINING, PARITY_LINK)
