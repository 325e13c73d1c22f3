"""What is not hard: balanced or biased samples, majority, and the parent's parity with its link."""

from __future__ import annotations

from theory.boolean.claims.measured import SUCCESS
from theory.boolean.grids import DELTA_UNION, union_biased, union_majority, union_parity
from theory.core.bound import constant, derived
from theory.core.claim import Claim, Clause, Control, Grid
from theory.core.relation import AtLeast

PROMISED = constant(
    1 - DELTA_UNION, derived("Gaussian union bound over all comparisons, delta = .1"), name="promised success"
)


EASY = Claim(
    id="boolean/easy-distributions",
    says="Class-balanced samples, or bits so biased that half the labels are positive, remove the end-to-end hardness of AND at any k.",
    against=("boolean/hardness-reading",),
    experiment="boolean/end-to-end",
    profiles={
        "smoke": Grid(seeds=200, d=32, k=16, learner="centred", n=union_biased, distribution="biased"),
        "cpu": Grid(
            seeds=200, d=(32, 64, 128), k=lambda d: d // 2, learner="centred", n=union_biased, distribution="biased"
        ),
        "gpu": Grid(
            seeds=2000,
            d=(32, 64, 128, 512),
            k=lambda d: d // 2,
            learner="centred",
            n=union_biased,
            distribution="biased",
        ),
    },
    clauses=(
        Clause(
            label="biased bits",
            observable=SUCCESS,
            bound=PROMISED,
            relation=AtLeast(),
            control=Control(at={"distribution": "uniform"}, says="fair bits, same k and n"),
        ),
        Clause(
            label="balanced classes",
            observable=SUCCESS,
            bound=PROMISED,
            relation=AtLeast(),
            at={"distribution": "balanced", "n": 160},
            control=Control(at={"distribution": "uniform"}, says="fair bits, same k and n"),
        ),
    ),
    limits="The distribution is part of the problem: this contradicts 'unsolvable', not the lower bound for fair bits.",
)


def _majority_grid(sizes: tuple[int, ...], seeds: int) -> Grid:
    return Grid(seeds=seeds, d=sizes, k=lambda d: d // 2 - 1, learner="raw", label="majority", n=union_majority)


MAJORITY = Claim(
    id="boolean/majority",
    says="One raw gradient step recovers the support of a majority label at the union-bound number of samples.",
    against=("boolean/majority-reading",),
    experiment="boolean/end-to-end",
    profiles={
        "smoke": _majority_grid((16,), 200),
        "cpu": _majority_grid((32, 64, 128), 200),
        "gpu": _majority_grid((32, 64, 128, 512, 2048, 4096), 300),
    },
    clauses=(
        Clause(
            label="success",
            observable=SUCCESS,
            bound=PROMISED,
            relation=AtLeast(),
            control=Control(at={"label": "parity"}, says="parity of the same bits, whose gap is 0"),
        ),
    ),
    limits="Recovery of the support by ranking, not the 0-1 error of the trained model.",
)


def _parity_grid(sizes: tuple[int, ...], seeds: int) -> Grid:
    return Grid(seeds=seeds, d=sizes, t=lambda d: d // 4, n=union_parity)


PARITY = Claim(
    id="boolean/parity-link",
    says="With the parent's link one step ranks all parity pairs at about d log d samples, fewer than its d^(2+eps).",
    about=("boolean/parity-pairs",),
    experiment="boolean/parity-link",
    profiles={
        "smoke": _parity_grid((16,), 200),
        "cpu": _parity_grid((16, 32, 64), 200),
        "gpu": _parity_grid((16, 32, 64, 128, 256, 512, 1024), 300),
    },
    clauses=(
        Clause(
            label="all pairs",
            observable=SUCCESS,
            bound=PROMISED,
            relation=AtLeast(),
            control=Control(at={"link": "identity"}, says="no link, where the gap is exactly 0"),
        ),
    ),
    limits="First level of the tree, exact gradients of the empirical loss; n < d^2 only from d = 128 on.",
)
