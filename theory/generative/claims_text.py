"""Claims about real text: losses with and without the leak, static maps, and the line that counting draws."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from theory.core.bound import chosen, constant
from theory.core.claim import Claim, Clause, Control, Grid
from theory.core.evidence import Observable
from theory.core.fold import Best
from theory.core.relation import AtLeast, AtMost, Exceeds
from theory.generative.grids import rate_factors

COUNTED, UNTRAINED = "counting 4", "generative, untrained"
PLAIN, LEAKY, RUNNING = "generative", "generative_window_mean", "generative_running_mean"
OVER_PLAIN = Observable("over_plain", "nats", noise="within")
OVER_SEEN = Observable("over_teacher_forced", "nats", noise="within")
OVER_COUNTING = Observable("over_counting", "nats", noise="within")
PARAMETERS = Observable("parameters", low=0, evidence="exact")
STREAMING_ERROR = Observable("streaming_error", "nats", low=0, evidence="exact")

# rates of .005, .01 and .02 hold the best of both sides: of five from .0025 to .04, measured once with 140 steps and four
# seeds, attention did best at .005 in every seed, the function at .01 or .02 in three; in one it gained .07 more at .04
SMALL: dict[str, Any] = {"d": 32, "D": 2, "h": 4, "T": 32, "B": 16, "rate": 1e-2}
NANO_CPU: dict[str, Any] = {"d": 128, "D": 4, "h": 4, "T": 64, "B": 12, "rate": 1e-3, "warm_up": 100}
NANO_GPU: dict[str, Any] = {"d": 384, "D": 6, "h": 6, "T": 256, "rate": 1e-3, "warm_up": 100, "dropout": 0.2,
                            "precision": "bfloat16"}  # fmt: skip
PROFILES = {
    "smoke": Grid(seeds=1, **{**SMALL, "B": 12}, rates=1, steps=70, test=128, variants="few"),
    "cpu": Grid(seeds=4, **{**SMALL, "B": 14}, rates=3, steps=140, test=1100, variants="few"),
    "gpu": Grid(seeds=16, **{**SMALL, "B": 14}, rates=5, steps=140, test=1100, variants="few"),
}
# a quarter of an hour a seed on one core; the last part takes minutes a model on a GPU: measure with --chunk 1
NANO_PROFILES = {
    "smoke": PROFILES["smoke"],
    "cpu": Grid(seeds=4, **NANO_CPU, rates=1, steps=2000, test=871, variants="few"),
    "gpu": Grid(seeds=4, **NANO_CPU, rates=3, steps=2000, test=871, variants="all")
    + Grid(seeds=4, **NANO_CPU, rates=1, steps=5000, test=871, variants="core")
    + Grid(seeds=4, **NANO_GPU, rates=1, B=(64, 16), steps=5000, test=400, variants="few"),
}
NO_GAIN = 0.005  # chosen: small beside the .03 to .3 by which variants differ
TUNED = (Best("factor", by="tuning_loss"),)  # each arm at its own best rate, chosen on text that is not judged


def _clause(label: str, observable: Observable, first: str, second: str, control: str = UNTRAINED) -> Clause:
    """The first variant has the larger loss, each at its best rate; the control puts another variant in the second place."""
    says = f"{control} in the second place"
    return Clause(
        label=label,
        kind="learnability",
        observable=observable,
        relation=Exceeds({"variant": first}, {"variant": second}),
        folds=TUNED,
        at={"read": "streaming", "factor": rate_factors},
        control=Control(relation=Exceeds({"variant": first}, {"variant": control}), says=says),
    )


LIMITS = (
    "One text; a grid of a few learning rates, the same for all variants, is all the tuning there is; held-out windows "
    "are treated as independent. At these budgets short contexts are what is learned, so the order may turn for larger models "
    "and longer training. The function against attention of the same reach is drawn and not "
    "judged: there seeds scatter by as much as the two differ."
)

SMALLER_LOSS = Claim(
    id="generative/smaller-loss-smaller-model",
    says="At this size and budget, each at the best of the same learning rates, the generative function has a smaller loss than "
    "attention with fewer parameters and, made wider, than attention of the same size; attention cut to the same reach does "
    "better than attention to all; and an average context does not lower the loss of an honest reading: the causal one is no "
    "better, that of the whole window worse.",
    about=("generative/smaller-loss",),
    against=("generative/average-context", "generative/context-loss-reading"),
    experiment="generative/text",
    profiles=PROFILES,
    clauses=(
        _clause("attention above generative", OVER_PLAIN, "attention", PLAIN),
        Clause(
            label="fewer parameters",
            observable=PARAMETERS,
            relation=Exceeds({"variant": "attention"}, {"variant": PLAIN}),
            at={"read": "streaming", "factor": 1.0},
            control=Control(
                relation=Exceeds({"variant": "attention"}, {"variant": "attention, 2 keys"}),
                says="attention to two keys, which sees less and has as many parameters",
            ),
        ),
        _clause("attention above generative of its size", OVER_PLAIN, "attention", "generative, matched"),
        _clause("attention above attention with 2 keys", OVER_PLAIN, "attention", "attention, 2 keys"),
        Clause(
            label="running mean no better than plain",
            kind="learnability",
            observable=OVER_PLAIN,
            bound=constant(0, chosen("the plain variant at its best rate")),
            relation=AtLeast(NO_GAIN),
            folds=TUNED,
            at={"variant": RUNNING, "read": "streaming", "factor": rate_factors},
            control=Control(at={"variant": COUNTED}, says="counts of four characters, which are better"),
        ),
        _clause("window mean above plain, streaming", OVER_PLAIN, LEAKY, PLAIN),
        Clause(
            label="window mean, streaming above teacher-forced",
            kind="learnability",
            observable=OVER_SEEN,
            relation=Exceeds({"read": "streaming"}, {"read": "teacher_forced"}),
            folds=TUNED,
            at={"variant": LEAKY, "factor": rate_factors},
            control=Control(at={"variant": PLAIN}, says="the plain variant, for which both readings are one"),
        ),
        Clause(
            label="causal variants stream alike",
            observable=STREAMING_ERROR,
            bound=constant(1e-5, chosen("rounding in float32")),
            relation=AtMost(),
            at={"variant": ("attention", PLAIN, RUNNING), "read": "streaming", "factor": 1.0},
            control=Control(at={"variant": LEAKY}, says="the mean of the whole window"),
        ),
    ),
    limits=LIMITS
    + " In this small setting attention has not passed counts of one character in any of four seeds, and each "
    "does best at the least of the rates tried; half of that rate, tried once, served none better.",
)

SMALLER_LOSS_NANO = replace(
    SMALLER_LOSS,
    id="generative/smaller-loss-nanogpt",
    says="The same in nanoGPT's small setting: four layers of width 128, 2000 steps of 12 windows of 64 characters, at its own "
    "learning rate.",
    profiles=NANO_PROFILES,
    limits="Only the gpu profile tries other learning rates than nanoGPT's own, and its larger setting.  " + LIMITS,
    on_request=True,
)

MAP_COST = Observable("static_map_cost", "nats", noise="within")
MAP_COST_UNTRAINED = Observable("static_map_cost_untrained", "nats", noise="within")
FRACTION_RISE = Observable("fraction_rise", evidence="exact")
FRACTION_UNTRAINED = Observable("map_fraction_untrained", low=0, high=1, evidence="exact")

STATIC_MAPS = Claim(
    id="generative/static-attention-maps",
    says="Attention maps start out static and become dependent on the input as training goes on; replacing each by its mean "
    "then costs loss.",
    against=("generative/static-pattern",),
    about=("generative/map-information",),
    experiment="generative/text",
    profiles={**NANO_PROFILES, "cpu": Grid(seeds=4, **SMALL, rates=1, steps=260, test=320, variants="pair")},
    clauses=(
        Clause(
            label="loss increase with mean maps",
            kind="learnability",
            observable=MAP_COST,
            bound=constant(0.005, chosen("a static pattern would cost nothing; untrained maps cost less than .0001")),
            relation=AtLeast(),
            control=Control(observable=MAP_COST_UNTRAINED, says="the same models before training"),
        ),
        Clause(
            label="input-dependent fraction rises",
            kind="learnability",
            observable=FRACTION_RISE,
            bound=constant(0.005, chosen("over two hundred times the fraction of untrained maps")),
            relation=AtLeast(),
            control=Control(observable=FRACTION_UNTRAINED, says="the fraction before training"),
        ),
    ),
    limits="Small models that are not over-parametrised for their text; nothing is said about where longer training or far "
    "larger models would end.",
)

COUNTING = Claim(
    id="generative/counting-baseline",
    says="Interpolated Witten-Bell counts with four characters of context, without any training, predict held-out text better "
    "than every trained variant of this size and budget.",
    about=("generative/counting-baseline",),
    experiment="generative/text",
    profiles={name: PROFILES[name] for name in ("smoke", "cpu")},
    clauses=(
        _clause("generative above counting", OVER_COUNTING, PLAIN, COUNTED),
        _clause("attention above counting", OVER_COUNTING, "attention", COUNTED),
        _clause("wider generative above counting", OVER_COUNTING, "generative, matched", COUNTED),
        _clause("one character less above counting", OVER_COUNTING, "counting 3", COUNTED, control="counting 2"),
    ),
    limits="Counting is cut to the same windows. The larger setting with 5000 steps is the first that lies beyond it, so this "
    "claim has no such grid.",
)

CLAIMS = (SMALLER_LOSS, SMALLER_LOSS_NANO, STATIC_MAPS, COUNTING)
