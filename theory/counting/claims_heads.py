"""Claims about single heads and ideal ensembles: surfaces, lengths, the untrained baseline, laws of averages."""

from __future__ import annotations

from typing import Any

from theory.core.bound import chosen, constant, derived
from theory.core.claim import Claim, Clause, Control, Grid
from theory.core.evidence import Observable
from theory.core.relation import AtLeast, AtMost, Equals, Exceeds
from theory.counting.grids import CROSS_RATIOS, LONGEST, NOISE_RATIOS, RATIOS, SHORT_STEPS, heads_of, rate_of
from theory.counting.predictions import (
    above_prior,
    area_as_accuracy,
    area_from_accuracy,
    beyond_twice_the_length,
    ensemble_law,
    ensemble_law_linear,
    failing_length,
    failing_length_without_ties,
    in_naive_cross,
    in_own_strip,
    in_tuned_cross,
    intervened_accuracy,
    inverse_ratio_accuracy,
    least_heads,
    limit_accuracy,
    null_accuracy,
    one_head_less,
    one_head_more,
    own_threshold_accuracy,
    prior_accuracy,
    retuned_failing_length,
    sampling_error,
    threshold_of_balance,
    untrained_accuracy,
)

TESTBED = (
    "The paper's set-up is unknown beyond the task and the layer; sizes, lengths, laws and optimiser here are ours, so "
    "this is not a reproduction. "
)

# ---------------------------------------------------------------------------- C1, C2: intervention on the E row
FIRST_CELL: dict[str, Any] = {"head": 0, "w01": RATIOS[0], "w02": NOISE_RATIOS[0]}


SHORT: dict[str, Any] = {"steps": SHORT_STEPS, "learning_rate": rate_of}


def _surface_grid(N: int, losses: tuple[str, ...], m: int, seeds: int, steps: int = 500) -> Grid:
    axes: dict[str, Any] = {"N": N, "H": 4, "d_h": 4, "loss": losses, "m": m, "steps": steps, "learning_rate": rate_of}
    every = 2 if steps == SHORT_STEPS else 1
    return Grid(seeds=seeds, **axes, head=heads_of, w01=RATIOS[::every], w02=NOISE_RATIOS[::every])


INTERVENTION_SURFACE = Claim(
    id="counting/intervention-surface",
    says="What overwriting a head's attention to 0, 1 and 2 in the row of E does to its separation accuracy, on sampled "
    "strings and token by token, is the exact sum for the head's own kappa, sigma and wS, to within sampling error.",
    about=("counting/bag-identity", "counting/halfspace", "counting/sampling-error", "counting/linear-combination"),
    experiment="counting/intervention",
    profiles={
        "smoke": _surface_grid(6, ("answer",), 1000, 1, steps=SHORT_STEPS),
        "cpu": _surface_grid(8, ("answer", "full+closing"), 4000, 2),
        "gpu": _surface_grid(32, ("answer", "full+closing"), 20000, 8, steps=640),
    },
    clauses=(
        Clause(
            label="surface",
            observable=Observable("surface", low=0.5, high=1, evidence="estimate"),
            bound=intervened_accuracy,
            relation=Equals(sampling_error),
            given=("kappa", "sigma", "wS"),
            control=Control(bound=inverse_ratio_accuracy),
        ),
        Clause(
            label="tokens against counts",
            observable=Observable("path_difference", low=0, evidence="exact"),
            bound=constant(0, derived("bag identity: both paths compute the same numbers")),
            relation=Equals(1e-12),
            at={**FIRST_CELL, "m": 500},
            control=Control(at={"positions": "learned", "N": 3}, says="nets trained with positions: they see no bags"),
        ),
    ),
    limits=TESTBED
    + "Heads with numbers beyond 10^6 are left out: floats cannot tell their scores apart. The error allowed "
    "is that of a sample of this size, for all heads, ratios and thresholds at once. The difference between the two paths "
    "is the largest over all logits of sampled sentences, relative to the largest logit where that exceeds 1.",
)

VALUE_FREE_SURFACE = Claim(
    id="counting/value-free-surface",
    says="Attention alone does not give the surface: among good heads (accuracy .99, wS < 1) there are some whose surface "
    "correlates below .9 with that of kappa = wS = 0, and lies .03 or more off it.",
    against=("counting/attention-decides",),
    experiment="counting/intervention",
    profiles={
        "smoke": _surface_grid(6, ("answer",), 600, 6, steps=SHORT_STEPS),
        "cpu": _surface_grid(8, ("answer", "full+closing"), 3000, 6),
        "gpu": _surface_grid(32, ("answer", "full+closing"), 20000, 8, steps=640),
    },
    clauses=(
        Clause(
            label="correlation",
            kind="existence",
            observable=Observable("least_correlation_value_free", low=-1, high=1, evidence="witness_above"),
            bound=constant(0.9, chosen("what the hypothesis would need of every good head")),
            relation=AtMost(),
            at=FIRST_CELL,
            control=Control(
                observable=Observable("least_correlation_own", low=-1, high=1, evidence="witness_above"),
                says="the same with the heads' own kappa, sigma and wS",
            ),
        ),
        Clause(
            label="distance",
            kind="existence",
            observable=Observable("rms_value_free", low=0, high=0.5, evidence="witness_below"),
            bound=constant(0.03, chosen("above the sampling noise of about .01, root mean square over the grid")),
            relation=AtLeast(),
            at=FIRST_CELL,
            control=Control(
                observable=Observable("rms_own", low=0, high=0.5, evidence="witness_below"),
                says="the same with the heads' own kappa, sigma and wS",
            ),
        ),
    ),
    limits=TESTBED
    + "It shows heads for which values matter to the shape of the surface; it does not say how common they "
    "are, and the claim about shares of variance puts attention first all the same.",
)

# ---------------------------------------------------------------------------- C3: cross and strip


def _exact(name: str) -> Observable:
    return Observable(name, low=0, high=1, evidence="exact")


def _ideal_grid(sizes: tuple[int, ...], every: int = 1) -> Grid:
    ratios = {"w01": CROSS_RATIOS[::every], "w02": NOISE_RATIOS[::every]}
    return Grid(seeds=1, N=sizes, kappa=0.0, sigma=-0.5, wS=1.0, **ratios)


CROSS_AND_STRIP = Claim(
    id="counting/cross-and-strip",
    says="With a re-tuned threshold the perfect heads form a cross in the plane of w01 and w02 (balance or suppression is "
    "enough); at their own threshold, a strip: balance decides, and w02 does not enter at kappa = 0.",
    about=("counting/tuned-cross", "counting/own-strip", "counting/perfect-region", "counting/balance-and-suppress"),
    against=("counting/both-needed-reading",),
    experiment="counting/canonical-surface",
    profiles={"smoke": _ideal_grid((6,), 2), "cpu": _ideal_grid((8, 12)), "gpu": _ideal_grid((8, 32, 64))},
    clauses=(
        Clause(
            label="cross",
            observable=_exact("perfect"),
            bound=in_tuned_cross,
            relation=Equals(),
            at={"sigma": 0.0, "wS": 0.0},
            control=Control(bound=in_naive_cross),
        ),
        Clause(
            label="strip",
            observable=_exact("own_perfect"),
            bound=in_own_strip,
            relation=Equals(),
            control=Control(bound=in_tuned_cross, says="the cross in place of the strip"),
        ),
        Clause(
            label="own threshold",
            observable=_exact("own_accuracy"),
            bound=own_threshold_accuracy,
            relation=Equals(1e-9),
            control=Control(at={"kappa": 0.2}, says="a value of 2 that is not midway"),
        ),
    ),
    limits="Ideal heads with kappa = 0, set by hand; trained heads differ by kappa, sigma and wS, and are judged by the claim "
    "about intervention surfaces.",
)

# ---------------------------------------------------------------------------- C4: lengths
NUMBERS = ("w01", "w02", "kappa", "sigma", "wS", "b", "gain")
DROPPED: dict[str, Any] = {"tie": "drop", "loss": "answer", "d_h": 4}
EIGHT: dict[str, Any] = {**DROPPED, "N": 8, "steps": 500, "learning_rate": 0.01}  # trained long enough in every profile


FIRST_FAILING_LENGTH = Claim(
    id="counting/first-failing-length",
    says="The first length on which a trained net of one head errs is the one that its five numbers and its own threshold "
    "predict, exactly; where ties have no answer, training finds the threshold that belongs to the balance of the head, and "
    "nets go far beyond the length that they were trained on.",
    about=("counting/perfect-region", "counting/halfspace"),
    experiment="counting/training",
    profiles={
        "smoke": Grid(seeds=40, N=4, H=1, d_h=4, loss="answer", stage="trained", **SHORT),
        "cpu": Grid(seeds=24, N=8, H=1, d_h=4, loss=("answer", "full", "full+closing"), stage="trained"),
        "gpu": Grid(
            seeds=64, N=32, H=1, d_h=(1, 2, 4), loss=("answer", "full", "full+closing"), steps=640, stage="trained"
        ),
    },
    clauses=(
        Clause(
            label="first failing length",
            observable=Observable("first_failing", "tokens", low=1, high=LONGEST + 1, evidence="exact"),
            bound=failing_length,
            relation=Equals(),
            given=NUMBERS,
            control=Control(bound=retuned_failing_length),
        ),
        Clause(
            label="ties dropped",
            observable=Observable("first_failing", "tokens", low=1, high=LONGEST + 1, evidence="exact"),
            bound=failing_length_without_ties,
            relation=Equals(),
            given=NUMBERS,
            at=DROPPED,
            control=Control(bound=failing_length, says="the length predicted as if ties had to be answered"),
        ),
        Clause(
            label="ties bound the length",
            kind="learnability",
            observable=Observable("first_failing", "tokens", low=1, high=LONGEST + 1, noise="median"),
            bound=beyond_twice_the_length,
            relation=AtLeast(),
            at=EIGHT,
            control=Control(at={"tie": "neg"}, says="ties labelled 0"),
        ),
        Clause(
            label="threshold of the balance",
            kind="learnability",
            observable=Observable("b", evidence="exact"),
            bound=threshold_of_balance,
            relation=Equals(0.02),
            given=("w01", "solved"),
            at=EIGHT,
            control=Control(at={"tie": "neg"}, says="ties labelled 0"),
        ),
    ),
    limits=TESTBED
    + f"All strings up to length {LONGEST} are looked at, not beyond; nets whose head speaks against 1, and heads "
    "with numbers beyond 10^6, are left out of what is predicted. That the threshold lies "
    "within .02 is our measure, asked of nets that have learned; noise and frame, which it does not hold off, end every "
    "head's reach in the end.",
)

# ---------------------------------------------------------------------------- C5: before training
FIRST_ACCURACY = Observable("first_accuracy", low=0.5, high=1, evidence="exact")
ACCURACY = Observable("accuracy", low=0, high=1, evidence="estimate", noise="median")
EXACT_ACCURACY = Observable("accuracy", low=0, high=1, evidence="exact")
NULL: dict[str, Any] = {
    "N": 31, "H": 64, "d_h": 4, "loss": "answer", "length_law": "fixed", "tie": "drop", "qk_init": 0.0, "steps": 0,
    "learning_rate": 0.01, "stage": "init", "meaning": "direction",
}  # fmt: skip


LONG: dict[str, Any] = {**NULL, "N": 101, "H": 1}
APART: dict[str, Any] = {"labels": "independent", "d_h": 4, "loss": "answer", "stage": "trained"}


def _meanings_grid(N: int, losses: tuple[str, ...], widths: tuple[int, ...], seeds: int, steps: int) -> Grid:
    axes: dict[str, Any] = {"N": N, "H": 4, "d_h": widths, "loss": losses, "steps": steps, "learning_rate": rate_of}
    return Grid(seeds=seeds, **axes, stage="init", meaning="direction")


INIT_BASELINE = Claim(
    id="counting/init-baseline",
    says="Untrained heads separate well already: with uniform attention as the exact sum over their values says, .75 on "
    "average in the limit; and with a re-fitted read-out of four numbers perfectly. Training adds to the fixed direction only, "
    "and nothing where labels are drawn apart from the strings. ROC AUC and accuracy are tied by one curve on long strings.",
    about=("counting/null-model", "counting/halfspace", "counting/free-separator", "counting/large-n-law"),
    against=("counting/separation-shows-training-reading",),
    experiment="counting/separation",
    profiles={
        "smoke": _meanings_grid(4, ("answer",), (4,), 24, SHORT_STEPS),
        "cpu": _meanings_grid(8, ("answer", "full+closing"), (1, 2, 4), 24, 500),
        "gpu": _meanings_grid(12, ("answer", "full", "full+closing"), (1, 2, 4), 32, 640),
    },
    clauses=(
        Clause(
            label="law of the values",
            observable=FIRST_ACCURACY,
            bound=untrained_accuracy,
            relation=Equals(1e-9),
            given=("kappa",),
            at=NULL,
            control=Control(bound=limit_accuracy),
        ),
        Clause(
            label="null mean",
            observable=ACCURACY,
            bound=null_accuracy,
            relation=Equals(0.07, width=0.13),
            at=NULL,
            control=Control(bound=constant(0.5, chosen("as if an untrained head knew nothing"))),
        ),
        Clause(
            label="beyond the prior",
            observable=ACCURACY,
            bound=above_prior,
            relation=AtLeast(),
            control=Control(at={"labels": "independent", "loss": "answer"}, says="labels drawn apart from the strings"),
        ),
        Clause(
            label="free separator",
            observable=EXACT_ACCURACY,
            bound=constant(1, derived("T9: three or more generic dimensions of value")),
            relation=Equals(1e-12),
            at={"d_h": 3, "loss": "answer", "meaning": "free", "steps": 0},
            control=Control(at={"d_h": 1}, says="head outputs of one number"),
        ),
        Clause(
            label="labels apart",
            observable=ACCURACY,
            bound=prior_accuracy,
            relation=Equals(0.02),
            at={**APART, "meaning": ("direction", "free")},
            control=Control(at={"labels": "true"}, says="the labels of the strings"),
        ),
        Clause(
            label="area and accuracy",
            observable=Observable("first_auc", low=0.5, high=1, evidence="exact"),
            bound=area_from_accuracy,
            relation=Equals(0.04),
            given=("first_accuracy",),
            at=LONG,
            control=Control(bound=area_as_accuracy),
        ),
        Clause(
            label="training adds",
            kind="learnability",
            observable=ACCURACY,
            relation=Exceeds({"stage": "trained"}, {"stage": "init"}),
            at={"loss": "answer", "d_h": 4},
            control=Control(at={"steps": 0}, says="no training"),
        ),
    ),
    limits=TESTBED
    + "At N = 31 the mean lies about .04 above its limit 3/4. The curve of AUC against accuracy is asked of "
    "untrained heads at N = 101, to within .04 (once measured on 48 of them: .032); at N = 31 it is up to .06 off. What "
    "training adds is shown for the fixed direction and the answer's loss. Labels drawn apart are apart in the whole population, "
    "so a sample may hold more by chance.",
)

# ---------------------------------------------------------------------------- C10, C11: ideal ensembles, sign changes


def _gap_allowed(H: int) -> float:
    """How far the first-order law may be off; it is exact for one head.  Chosen; 600 draws a setting once showed .036."""
    return 0.001 if H == 1 else 0.05


def _ensemble_grid(seeds: int, *pairs: tuple[int, float]) -> Grid:
    first, *rest = [Grid(seeds=seeds, N=15, H=H, sd=sd) for H, sd in pairs]
    for one in rest:
        first = first + one
    return first


ENSEMBLE_LAW = Claim(
    id="counting/ensemble-law",
    says="The average of H heads with randomly wrong balance is right on all strings up to 15 with probability "
    "2 Phi(sqrt(H) ln(1 + 1/k)/sd) - 1: heads average their errors as independent estimates do.",
    about=("counting/ensemble",),
    experiment="counting/ensemble",
    profiles={
        "smoke": _ensemble_grid(800, (1, 0.3), (16, 0.6)),
        "cpu": _ensemble_grid(2500, (1, 0.15), (1, 0.3), (1, 0.6), (4, 0.3), (4, 0.6), (16, 0.3), (16, 0.6)),
        "gpu": _ensemble_grid(20000, (1, 0.15), (1, 0.3), (4, 0.3), (4, 0.6), (16, 0.3), (16, 0.6), (64, 0.6)),
    },
    clauses=(
        Clause(
            label="all strings right",
            observable=Observable("success", low=0, high=1, evidence="estimate", noise="bernoulli"),
            bound=ensemble_law,
            relation=Equals(_gap_allowed, width=0.18),
            control=Control(bound=ensemble_law_linear),
        ),
    ),
    limits="Ideal heads with kappa = sigma = 0 and one w02 and wS; trained heads are not independent draws. Beyond one head "
    "the law is of first order in sd.",
)

LEAST_HEADS = Observable("least_heads", low=1, evidence="witness_above")


def _functions_grid(seeds: int, **sizes: tuple[int, ...]) -> Grid:
    first, *rest = [Grid(seeds=seeds, task=name, n=some, method="linear program") for name, some in sizes.items()]
    for one in rest:
        first = first + one
    return first


SIGN_CHANGES = Claim(
    id="counting/heads-are-sign-changes",
    says="A symmetric function of n bits takes as many scalar heads as it has sign changes: so many are enough, and neither a "
    "linear program nor training finds fewer.",
    about=("counting/sign-changes",),
    experiment="counting/symmetric-functions",
    profiles={
        "smoke": _functions_grid(2, parity=(3,)),
        "cpu": _functions_grid(4, majority=(3, 5), xor=(2,), equality=(2, 4, 6), parity=(2, 3, 4, 5, 6)),
        "gpu": _functions_grid(16, majority=(3, 5), xor=(2,), equality=(2, 4, 6), parity=(2, 3, 4, 5, 6)),
    },
    clauses=(
        Clause(
            label="so many are enough",
            kind="existence",
            observable=LEAST_HEADS,
            bound=least_heads,
            relation=AtMost(),
            control=Control(bound=one_head_less),
        ),
        Clause(
            label="nobody finds fewer",
            observable=LEAST_HEADS,
            bound=least_heads,
            relation=AtLeast(),
            at={"method": ("linear program", "trained")},
            control=Control(bound=one_head_more),
        ),
    ),
    limits="Heads without positions, with one number each and a linear read-out. That training finds no fewer cannot prove that "
    "there are none; the derivation does.",
)

HEAD_CLAIMS = (
    INTERVENTION_SURFACE,
    VALUE_FREE_SURFACE,
    CROSS_AND_STRIP,
    FIRST_FAILING_LENGTH,
    INIT_BASELINE,
    ENSEMBLE_LAW,
    SIGN_CHANGES,
)
