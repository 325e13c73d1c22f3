"""Claims about overfitting: few characters read again and again, with more or fewer windows a step, with and without a mean."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from theory.core.bound import chosen, constant
from theory.core.claim import Claim, Clause, Control, Grid
from theory.core.evidence import Observable
from theory.core.relation import AtLeast, AtMost

RISE = Observable("rise", "nats", noise="within")
FALL = Observable("fall", "nats", noise="within")
OVER_SMALL = Observable("over_small", "nats", noise="within")
OVER_AS_MANY = Observable("over_as_many", "nats", noise="within")
LEAST_OVER_MEAN = Observable("over_mean", "nats", evidence="witness_above", noise="within")
MOST_OVER_MEAN = Observable("over_mean", "nats", evidence="witness_below", noise="within")
ATTENTION, PLAIN = "attention, large batch", "generative, large batch"
MARKED = constant(0.2, chosen("a twentieth of the loss at which held-out text is read best here"))
MORE = constant(0.1, chosen("small beside the rise of .5 and more, and not zero: an arm against itself must fail"))
WHOLE = Control(at={"arm": "generative, large batch, whole text"}, says="the whole text in place of a few characters")


def _few_characters(seeds: int, **more: Any) -> Grid:
    # with 1000 held-out windows two rises of 24 settings, .21 and .35 against .1, were known to .13 and .30 only and stayed
    # undecided; three times as many was fixed before looking again, and as sizes are part of the key, all draws are others
    usual = {"B": 16, "n": 250, "steps": 100, "T": 8, "d": 24, "D": 2, "h": 4, "rate": 2e-2, "test": 3000}
    return Grid(seeds=seeds, **{**usual, **more})


OVERFITTING = Claim(
    id="generative/batch-overfits",
    says="On few characters, with as many steps, the larger batch overfits, the smaller one less, with attention and with the "
    "generative function; by as many windows read, the smaller one overfits more.",
    about=("generative/batch-overfits",),
    experiment="generative/overfitting",
    profiles={
        "smoke": _few_characters(1, steps=60, test=700, n=150),
        "cpu": _few_characters(4),
        "gpu": _few_characters(16, B=64, d=64, n=1000, steps=400, T=32, test=2000, rate=5e-3),
    },
    clauses=(
        Clause(
            label="held-out loss rises",
            kind="learnability",
            observable=RISE,
            bound=MARKED,
            relation=AtLeast(),
            at={"arm": (ATTENTION, PLAIN)},
            control=WHOLE,
        ),
        Clause(
            label="loss on the training text falls on",
            kind="learnability",
            observable=FALL,
            bound=MARKED,
            relation=AtLeast(),
            at={"arm": (ATTENTION, PLAIN)},
            control=WHOLE,
        ),
        Clause(
            label="larger batch rises more, attention",
            kind="learnability",
            observable=OVER_SMALL,
            bound=MORE,
            relation=AtLeast(),
            at={"arm": ATTENTION},
            control=Control(at={"arm": "attention, small batch"}, says="the smaller batch against itself"),
        ),
        Clause(
            label="larger batch rises more, generative",
            kind="learnability",
            observable=OVER_SMALL,
            bound=MORE,
            relation=AtLeast(),
            at={"arm": PLAIN},
            control=Control(
                observable=OVER_AS_MANY,
                says="the smaller batch with as many more steps, so that both have read as many windows",
            ),
        ),
    ),
    limits="A few hundred characters, small models, one learning rate for all and no dropout, so that training overfits in a "
    "hundred steps; the summaries speak of batches of 64 and 16 and of the whole text. Batches are compared at as many steps, as "
    "there: the larger one has then read the text more often, and the control shows that this is what counts.",
)

MARGIN = 0.05  # chosen: small beside the rise of .5 and more

CONTEXT = Claim(
    id="generative/context-by-draw",
    says="Whether a causal average context lets held-out loss rise less depends on the draw of weights and windows: there are "
    "draws in which it rises less than without, and draws in which it rises more.",
    against=("generative/context-steadies",),
    experiment="generative/overfitting",
    profiles=OVERFITTING.profiles,
    clauses=(
        Clause(
            label="some draw rises more with the mean",
            kind="existence",
            observable=LEAST_OVER_MEAN,
            bound=constant(-MARGIN, chosen("plain minus running mean, visibly below zero")),
            relation=AtMost(),
            at={"arm": PLAIN},
            control=Control(
                observable=replace(LEAST_OVER_MEAN, name="over_small"),
                says="the plain small batch in place of the mean",
            ),
        ),
        Clause(
            label="some draw rises less with the mean",
            kind="existence",
            observable=MOST_OVER_MEAN,
            bound=constant(MARGIN, chosen("plain minus running mean, visibly above zero")),
            relation=AtLeast(),
            at={"arm": PLAIN},
            control=Control(at={"arm": "generative, small batch"}, says="the plain function with the smaller batch"),
        ),
    ),
    limits="A tendency over many draws is not excluded: four draws cannot tell. What the summaries call the context is not known "
    "to be causal; a causal mean is what is tried, at one size, on a few hundred characters.",
)

CLAIMS = (OVERFITTING, CONTEXT)
