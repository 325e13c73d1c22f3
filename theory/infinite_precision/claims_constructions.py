"""Claims about hand-set weights: in finite formats, as a start of training, and their size beside the lower bounds."""

from __future__ import annotations

from theory.core.bound import constant
from theory.core.claim import Claim, Clause, Control
from theory.core.evidence import Observable
from theory.core.fold import Difference
from theory.core.relation import AtLeast, AtMost, Exceeds
from theory.infinite_precision import claims_bounds as bounds
from theory.infinite_precision import grids
from theory.infinite_precision.claims_bounds import MEDIAN_ACCURACY, NEARLY_ALL, PAPER
from theory.infinite_precision.parameters import SOURCES

# ---------------------------------------------------------------------------- E6
LONGEST = Observable("longest", "entries", low=0, high=120, evidence="estimate")

FINITE_PRECISION = Claim(
    id=PAPER + "finite-precision",
    says="In a format of p significand bits the construction reads at most 2 p entries, the bits of its two accumulators, and "
    "about p where only they are rounded; palindromes, which no labelling count excludes, reach at most 4 p letters.",
    about=(PAPER + "finite-precision", PAPER + "silent-tasks"),
    experiment=PAPER + "finite-precision",
    profiles=grids.FORMATS,
    derivation=PAPER + "message-count",
    clauses=(
        Clause(
            label="index",
            observable=LONGEST,
            bound=bounds.message_entries,
            relation=AtMost(),
            control=Control(bound=bounds.message_of_eleven_bits),
        ),
        Clause(
            label="only the message rounded",
            kind="existence",
            observable=LONGEST,
            bound=bounds.one_entry_a_bit,
            relation=AtLeast(),
            at={"rounded": "message", "p": grids.SHORT_FORMATS},
            control=Control(at={"rounded": "all"}, says="every operation rounded"),
        ),
        Clause(
            label="palindromes",
            observable=LONGEST,
            bound=bounds.message_palindrome,
            relation=AtMost(),
            at={"task": "palindrome"} | grids.TO_FLOAT32,
            control=Control(bound=bounds.message_palindrome_quarter),
        ),
        Clause(
            label="palindromes against index",
            observable=LONGEST,
            relation=Exceeds({"task": "palindrome"}, {"task": "index"}),
            control=Control(
                relation=Exceeds({"task": "palindrome", "p": 8}, {"task": "index", "p": 53}),
                says="index in a format of 53 bits against palindromes in one of 8",
            ),
        ),
    ),
    limits="The longest table is found with random tables, so the true length may be a little shorter. A floating-point number "
    "tells more than its significand: its exponent adds a few bits that the bound does not count.",
)

# ---------------------------------------------------------------------------- E7
BEFORE = Observable("accuracy_before", low=0, high=1, evidence="witness_below")
SLIGHTLY_OFF = {"start": "construction", "sigma": 0.03}
WORDS_BEFORE = Observable("word_accuracy_before", low=0, high=1, evidence="witness_below", noise="within")

CONSTRUCTION_AS_INIT = Claim(
    id=PAPER + "construction-as-init",
    says="The construction solves the index task with fewer accumulators than entries; training keeps most of it when started "
    "there, and does not find it from random weights of the same shape or from a noisy copy. Two layers for SUM_2 it repairs "
    "from a copy that is 3 % off, and does not find as well from random weights.",
    about=(PAPER + "construction-index", PAPER + "construction-sum2"),
    against=(PAPER + "impossible",),
    experiment=PAPER + "from-construction",
    profiles=grids.NEAR,
    clauses=(
        Clause(
            label="before training",
            kind="existence",
            observable=BEFORE,
            bound=constant(1.0, SOURCES["index_construction"]),
            relation=AtLeast(),
            control=Control(at={"sigma": 0.3}, says="weights off by 30 %"),
        ),
        Clause(
            label="start at the construction or at random",
            kind="learnability",
            observable=MEDIAN_ACCURACY,
            bound=bounds.ahead_by(0.01),
            relation=AtLeast(),
            folds=(Difference({"start": "construction"}, {"start": "random"}),),
            control=Control(at={"sigma": 2.0}, says="a start off by twice every weight"),
        ),
        Clause(
            label="exact or noisy start",
            kind="learnability",
            observable=MEDIAN_ACCURACY,
            bound=bounds.ahead_by(0.1),
            relation=AtLeast(),
            folds=(Difference({"sigma": 0.0}, {"sigma": 0.3}),),
            control=Control(at={"noise": 0.01}, says="a hundredth of the noise"),
        ),
        Clause(
            label="two layers for SUM_2, before training",
            kind="existence",
            observable=WORDS_BEFORE,
            bound=NEARLY_ALL,
            relation=AtLeast(),
            at=grids.PAIRS | {"steps": 0},
            control=Control(at={"sigma": 0.3}, says="weights off by 30 %"),
        ),
        Clause(
            label="SUM_2, noisy or random start",
            kind="learnability",
            observable=MEDIAN_ACCURACY,
            at=grids.PAIRS | {"steps": grids.PAIR_STEPS, "sigma": 0.03},
            bound=bounds.ahead_by(0.1),
            relation=AtLeast(),
            folds=(Difference({"start": "construction"}, {"start": "random"}),),
            control=Control(at={"sigma": 0.7}, says="a start off by 70 %"),
        ),
        Clause(
            label="SUM_2, trained or not from a noisy start",
            kind="learnability",
            observable=MEDIAN_ACCURACY,
            at=grids.PAIRS | SLIGHTLY_OFF,
            bound=bounds.ahead_by(0.007),
            relation=AtLeast(),
            folds=(Difference({"steps": grids.PAIR_STEPS}, {"steps": 0}),),
            control=Control(at={"sigma": 0.0}, says="the exact start, which training cannot mend"),
        ),
    ),
    limits="One shape with six accumulators for eight entries, one optimiser. At smaller learning rates training leaves the "
    "construction for a worse point nearby. SUM_2 with six numbers modulo 16; from random weights longer training goes on "
    "rising, so that it falls short here is no limit.",
)

# ---------------------------------------------------------------------------- sizes
SIZE = Observable("size", "max(d, H, U)", low=0, evidence="exact")
UNDERCUT = Control(bound=bounds.two_thirds_power)

SANDWICH = Claim(
    id=PAPER + "sandwich",
    says="The smallest known construction, run in exact fractions, is larger than every lower bound on the size, within a factor "
    "of four of the one by counting labellings, and grows as n^(1/3).",
    about=(PAPER + "theorem-A", PAPER + "theorem-B", PAPER + "theorem-C", PAPER + "exponent", PAPER + "construction-index"),
    against=(PAPER + "impossible",),
    experiment=PAPER + "sizes",
    profiles=grids.SANDWICH,
    derivation=PAPER + "exponents",
    clauses=(
        Clause(label="operations, W_O at run time", observable=SIZE, bound=bounds.operations_size_plain, relation=AtLeast(),
               control=UNDERCUT),
        Clause(label="operations, W_O folded in", observable=SIZE, bound=bounds.operations_size, relation=AtLeast(),
               control=UNDERCUT),
        Clause(label="labellings", observable=SIZE, bound=bounds.labelling_size, relation=AtLeast(),
               control=UNDERCUT),
        Clause(label="labellings, answers in [n]", observable=SIZE, bound=bounds.labelling_size, relation=AtLeast(),
               at={"task": "composition", "n": 64, "run": "fractions"}, control=UNDERCUT),
        Clause(label="exponent", observable=SIZE, bound=bounds.construction_root, relation=AtMost(),
               at={"n": grids.FAR, "run": "formula"}, control=Control(bound=bounds.smaller_root)),
    ),
    limits="The construction is the smallest one known, not the smallest there is: the least size lies between. From n = 1024 on "
    "its size is its formula; it was not run there.",
)  # fmt: skip
