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

COUNTED = "counting 4"
PLAIN, LEAKY, RUNNING = "generative", "generative_window_mean", "generative_running_mean"
# two keys a layer reach D + 1 tokens, as the function does; the wider function has at most attention's parameters
SAME_REACH, WIDER = "attention, 2 keys", "generative, matched"
LOSS = Observable("loss", "nats", low=0, noise="within")
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
    "smoke": Grid(seeds=1, **{**SMALL, "B": 12}, rates=1, steps=120, test=512, variants="few"),
    "cpu": Grid(seeds=4, **{**SMALL, "B": 14}, rates=3, steps=140, test=1100, variants="few"),
    "gpu": Grid(seeds=16, **{**SMALL, "B": 14}, rates=5, steps=140, test=1100, variants="few"),
}
# a quarter of an hour a seed on one core
NANO_PROFILES = {
    "smoke": PROFILES["smoke"],
    "cpu": Grid(seeds=4, **NANO_CPU, rates=1, steps=2000, test=871, variants="few"),
    "gpu": Grid(seeds=4, **{**NANO_CPU, "rate": 2e-3}, rates=3, steps=2000, test=871, variants="all")
    + Grid(seeds=4, **NANO_CPU, rates=1, steps=5000, test=871, variants="few"),
}
# on a GPU minutes a model, with work counted for an H200: --chunk 1 keeps what is finished
LARGE = Grid(seeds=4, **NANO_GPU, rates=1, B=(64, 16), steps=5000, test=400, variants="pair")
LARGE_PROFILES = {"smoke": PROFILES["smoke"], "gpu": LARGE}
NO_GAIN = 0.005  # chosen: small beside the .03 to .3 by which variants differ
TUNED = (Best("factor", by="tuning_loss"),)  # each arm at its own best rate, chosen on text that is not judged


def _clause(
    label: str, observable: Observable, first: str, second: str, *, instead: str = "", against: str = ""
) -> Clause:
    """The first variant has the larger loss, each at its best rate.  The control puts `instead` in the first place, or
    `against` in the second: a predictor that is known to be the better or the worse one."""
    return Clause(
        label=label,
        kind="learnability",
        observable=observable,
        relation=Exceeds({"variant": first}, {"variant": second}),
        folds=TUNED,
        at={"read": "streaming", "factor": rate_factors},
        control=Control(
            relation=Exceeds({"variant": instead or first}, {"variant": against or second}),
            says=f"{instead} in the first place" if instead else f"{against} in the second place",
        ),
    )


FEWER_PARAMETERS = Clause(
    label="fewer parameters",
    observable=PARAMETERS,
    relation=Exceeds({"variant": "attention"}, {"variant": PLAIN}),
    at={"read": "streaming", "factor": 1.0},
    control=Control(
        relation=Exceeds({"variant": "attention"}, {"variant": SAME_REACH}),
        says="attention to two keys, which sees less and has as many parameters",
    ),
)
RUNNING_NO_BETTER = Clause(
    label="running mean no better than plain",
    kind="learnability",
    observable=OVER_PLAIN,
    bound=constant(0, chosen("the plain variant at its best rate")),
    relation=AtLeast(NO_GAIN),
    folds=TUNED,
    at={"variant": RUNNING, "read": "streaming", "factor": rate_factors},
    control=Control(at={"variant": COUNTED}, says="counts of four characters, which are better"),
)
LEAK_READ_HONESTLY = Clause(
    label="window mean, streaming above teacher-forced",
    kind="learnability",
    observable=OVER_SEEN,
    relation=Exceeds({"read": "streaming"}, {"read": "teacher_forced"}),
    folds=TUNED,
    at={"variant": LEAKY, "factor": rate_factors},
    control=Control(at={"variant": PLAIN}, says="the plain variant, for which both readings are one"),
)
STREAMED_ALIKE = Clause(
    label="causal variants stream alike",
    observable=STREAMING_ERROR,
    bound=constant(1e-5, chosen("rounding in float32")),
    relation=AtMost(),
    at={"variant": ("attention", PLAIN, RUNNING), "read": "streaming", "factor": 1.0},
    control=Control(at={"variant": LEAKY}, says="the mean of the whole window"),
)


def _compared(**control: str) -> tuple[Clause, ...]:
    """What both settings are judged by; `control` is that of the comparisons with the wider function."""
    return (
        _clause("attention above generative", OVER_PLAIN, "attention", PLAIN, instead=COUNTED),
        FEWER_PARAMETERS,
        _clause("attention above generative of its size", OVER_PLAIN, "attention", WIDER, **control),
        _clause("same reach and size: attention above generative", OVER_PLAIN, SAME_REACH, WIDER, **control),
        _clause("attention above attention with 2 keys", OVER_PLAIN, "attention", SAME_REACH, instead=COUNTED),
        RUNNING_NO_BETTER,
        _clause("window mean above plain, streaming", OVER_PLAIN, LEAKY, PLAIN, against="counting 0"),
        LEAK_READ_HONESTLY,
        STREAMED_ALIKE,
    )


def _by_draw(label: str, evidence: str, relation: AtMost | AtLeast, control: str) -> Clause:
    """There is a draw in which attention of the same reach lies on that side of the plain function."""
    return Clause(
        label=label,
        kind="existence",
        observable=replace(OVER_PLAIN, evidence=evidence),
        bound=constant(0, chosen("the plain variant at its best rate")),
        relation=relation,
        folds=TUNED,
        at={"variant": SAME_REACH, "read": "streaming", "factor": rate_factors},
        control=Control(at={"variant": control}, says=f"{control} in its place"),
    )


LIMITS = (
    "One text; held-out windows are treated as independent. At these budgets short contexts are what is "
    "learned, so the order may turn for larger models "
    "and longer training."
)

SMALLER_LOSS = Claim(
    id="generative/smaller-loss-smaller-model",
    says="Part of the gain is reach: attention cut to two keys a layer, which sees as far as the function, does better than "
    "attention to all, and which of it and the function does better depends on the draw. Otherwise, at this size and budget, each "
    "at the best of the same learning rates, the generative function has a smaller loss than attention with fewer parameters, and, "
    "made as large, than attention to all and than attention of the same reach; and an average context does not lower the loss of "
    "an honest reading: the causal one is no better, that of the whole window worse.",
    about=("generative/smaller-loss",),
    against=("generative/average-context", "generative/context-loss-reading"),
    experiment="generative/text",
    profiles=PROFILES,
    clauses=(
        *_compared(instead=COUNTED),
        _by_draw("same reach: in some draw attention is above", "witness_below", AtLeast(), COUNTED),
        _by_draw("same reach: in some draw attention is below", "witness_above", AtMost(), "counting 0"),
    ),
    limits=LIMITS + " A grid of a few learning rates, the same for all variants, is all the tuning there is. "
    "In this small setting attention has not passed counts of one character in any of four seeds, and each "
    "does best at the least of the rates tried; half of that rate, tried once, served none better. In one run four settings stayed "
    "undecided: a running mean that equals the plain function (.000, known to .013); a window mean .016 and .022 above it on the "
    "270 windows that are streamed, each known to .03; and attention of the same reach .021 below the function in one draw of four.",
)

SMALLER_LOSS_NANO = replace(
    SMALLER_LOSS,
    id="generative/smaller-loss-nanogpt",
    says="Part of the gain is reach: attention cut to two keys a layer, which sees as far as the function, does better than "
    "attention to all. The rest is not: in nanoGPT's small setting (four layers of width 128, 2000 steps of 12 "
    "windows of 64 characters, its own learning rate) the function has a smaller loss than attention of the same reach, and, made "
    "as large, too; and an average context does not lower the loss of an honest reading.",
    profiles=NANO_PROFILES,
    clauses=(
        *_compared(against="counting 0"),  # counts of four characters are too near the wider function there
        _clause("same reach: attention above generative", OVER_PLAIN, SAME_REACH, PLAIN, instead=COUNTED),
    ),
    limits="One learning rate in the cpu profile, nanoGPT's own; generative/smaller-loss-nanogpt-faster tries another. "
    "On its text attention "
    "lay .167 to .183 above the function, of which .109 to .129, two thirds, went with the reach.  " + LIMITS,
    on_request=True,
)

SMALLER_LOSS_LARGE = replace(
    SMALLER_LOSS,
    id="generative/smaller-loss-nanogpt-large",
    says="In nanoGPT's larger setting (six layers of width 384, dropout, 5000 steps of 64 or 16 windows of 256 characters) the "
    "generative function has a smaller loss than attention.",
    against=(),
    profiles=LARGE_PROFILES,
    clauses=(_clause("attention above generative", OVER_PLAIN, "attention", PLAIN, against="counting 0"),),
    limits="Only a GPU can train it, and none has: nothing is known of how it comes out. One learning rate, nanoGPT's own; neither "
    "reach nor size is matched, and no context is tried.  " + LIMITS,
    on_request=True,
)

SMALLER_LOSS_FASTER = replace(
    SMALLER_LOSS,
    id="generative/smaller-loss-nanogpt-faster",
    says="At three times nanoGPT's learning rate, in its small setting, attention does better than at its own, and the generative "
    "function still has a smaller loss with fewer parameters.",
    against=(),
    profiles={
        "smoke": Grid(seeds=1, **{**SMALL, "B": 12, "rate": 3e-3}, rates=1, steps=120, test=512, variants="pair"),
        "cpu": Grid(seeds=4, **{**NANO_CPU, "rate": 3e-3}, rates=1, steps=2000, test=871, variants="pair"),
    },
    clauses=(
        Clause(
            label="attention: nanoGPT's rate above three times it",
            kind="learnability",
            observable=LOSS,
            relation=Exceeds(
                {"rate": 1e-3, "variants": "few", "variant": "attention"},
                {"rate": 3e-3, "variants": "pair", "variant": "attention"},
            ),
            at={"read": "streaming", "factor": 1.0},
            control=Control(
                relation=Exceeds(
                    {"rate": 1e-3, "variants": "few", "variant": "attention"},
                    {"rate": 3e-3, "variants": "pair", "variant": "generative, untrained"},
                ),
                says="a model as it starts in the second place",
            ),
        ),
        _clause("attention above generative", OVER_PLAIN, "attention", PLAIN, against="counting 0"),
    ),
    limits="On nanoGPT's text attention lay .167 to .183 above the function at .001 and .065 to .104 at .003: half of the "
    "difference went with the rate. The function gained .04 on average; as a clause that was undecided in every draw (losses of two "
    "trainings are not paired window by window) and is left out. No larger rate was tried here, and neither reach nor size is "
    "matched at this one. The setting was added after .003 had been seen to serve attention better in another comparison.",
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
    profiles={
        "smoke": PROFILES["smoke"],
        "cpu": Grid(seeds=4, **SMALL, rates=1, steps=260, test=320, variants="pair"),
        "gpu": LARGE,
    },
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

STATIC_MAPS_NANO = replace(
    STATIC_MAPS,
    id="generative/static-maps-nanogpt",
    says="In nanoGPT's small setting attention maps start out static and become dependent on the input; after 2000 steps "
    "replacing each by its mean costs loss.",
    profiles=NANO_PROFILES,
    limits="On its text the loss rose by .32 to .39 in four draws.  " + STATIC_MAPS.limits,
    on_request=True,
)

COUNTING = Claim(
    id="generative/counting-baseline",
    says="Interpolated Witten-Bell counts with four characters of context, without any training, predict held-out text better "
    "than every trained variant of this size and budget.",
    about=("generative/counting-baseline",),
    experiment="generative/text",
    profiles={name: PROFILES[name] for name in ("smoke", "cpu")},
    clauses=(
        _clause("generative above counting", OVER_COUNTING, PLAIN, COUNTED, against="counting 0"),
        _clause("attention above counting", OVER_COUNTING, "attention", COUNTED, against="counting 0"),
        _clause("wider generative above counting", OVER_COUNTING, WIDER, COUNTED, against="counting 0"),
        _clause("one character less above counting", OVER_COUNTING, "counting 3", COUNTED, against="counting 2"),
    ),
    limits="Counting is cut to the same windows. The larger setting with 5000 steps is the first that lies beyond it, so this "
    "claim has no such grid.",
)

CLAIMS = (
    SMALLER_LOSS,
    SMALLER_LOSS_NANO,
    SMALLER_LOSS_FASTER,
    SMALLER_LOSS_LARGE,
    STATIC_MAPS,
    STATIC_MAPS_NANO,
    COUNTING,
)
