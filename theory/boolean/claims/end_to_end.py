"""From labels alone: how the samples needed grow with k, where training ends, and what no learner can beat."""

from __future__ import annotations

from typing import Any

from theory.boolean.claims.measured import SUCCESS
from theory.boolean.grids import around_elimination, around_raw, two_to_k, well_above, well_below
from theory.boolean.hardness import elimination_probability
from theory.boolean.parameters import D, K, N
from theory.core.bound import Hypothesis, Source, bound, chosen, constant, derived
from theory.core.claim import Claim, Clause, Control, Grid
from theory.core.evidence import Observable
from theory.core.fold import Crossing
from theory.core.relation import AtLeast, Equals, Exceeds, ScalesAs


@bound(
    params=(K,),
    direction="asymptotic",
    source=derived("P3: the signal-to-noise ratio of the raw loss is about 2 * 4^-k"),
)
def four_to_k(m: Any, *, k: Any) -> Any:
    """Samples of a raw end-to-end step, up to a factor: 4^k."""
    return m.power(4, k)


@bound(params=(K,), direction="asymptotic", source=derived("P11: one label in 2^k is positive"))
def two_to_k_law(m: Any, *, k: Any) -> Any:
    """Samples of elimination and of a centred step, up to a factor: 2^k."""
    return m.power(2, k)


@bound(
    params=(D, K, N),
    direction="exact",
    source=derived("P11"),
    systems=("float",),
    latex=r"\sum_{r \geq 1} \mathrm{Bin}(n, 2^{-k})(r)\, (1 - 2^{-r})^{d-k}",
)
def elimination_law(m: Any, *, d: int, k: int, n: int) -> float:
    """Probability that elimination names the support."""
    del m
    return elimination_probability(d=d, k=k, n=n)


@bound(params=(D, K, N), direction="exact", source=derived("P11 without the other bits"))
def any_positive(m: Any, *, d: Any, k: Any, n: Any) -> Any:
    """Negative control: the probability of one positive sample, as if it named the support."""
    del d
    return -m.expm1(n * m.log1p(-m.power(2, -k)))


def _exponent_grid(ks: tuple[int, ...], seeds: Any) -> Grid:
    return Grid(seeds=seeds, k=ks, d=lambda k: max(16, 2 * k), learner="centred", n=around_elimination)


END_TO_END = Claim(
    id="boolean/end-to-end-exponent",
    says="End to end, the samples needed grow as 4^k for a raw gradient step and as 2^k for a centred step and for elimination, "
    "whose success probability is exact; training an affine read-out succeeds there too.",
    about=("boolean/elimination",),
    against=("boolean/hardness-reading",),
    experiment="boolean/end-to-end",
    profiles={
        "smoke": _exponent_grid((2, 4), 500),
        "cpu": _exponent_grid((2, 3, 4, 5, 6), 500),
        "gpu": _exponent_grid((4, 6, 8, 10, 12, 14, 16, 18, 20, 22), lambda k: 2000 if k <= 6 else 200),
    },
    clauses=(
        Clause(
            label="raw step",
            observable=SUCCESS,
            bound=four_to_k,
            folds=(Crossing("n", 0.5),),
            relation=ScalesAs(two_to_k, tolerance=0.25, width=0.5, along=("k", "d")),
            at={"learner": "raw", "n": around_raw},
            control=Control(bound=two_to_k_law, says="2^k in place of 4^k"),
        ),
        Clause(
            label="centred step",
            observable=SUCCESS,
            bound=two_to_k_law,
            folds=(Crossing("n", 0.5),),
            relation=ScalesAs(two_to_k, tolerance=0.25, width=0.5, along=("k", "d")),
            control=Control(bound=four_to_k, says="4^k in place of 2^k"),
        ),
        Clause(
            label="elimination",
            observable=SUCCESS,
            bound=elimination_law,
            relation=Equals(0.03, width=0.3),
            at={"learner": "elimination"},
            control=Control(bound=any_positive),
        ),
        Clause(
            label="trained affine read-out",
            kind="learnability",
            observable=SUCCESS,
            bound=constant(0.8, chosen("far above chance, at eight times elimination's half point")),
            relation=AtLeast(),
            at={"learner": ("adam", "sgd"), "learners": "trained", "d": 16, "k": (4, 5), "n": well_above},
            control=Control(
                at={"n": well_below}, says="an eighth of elimination's half point, nearly no positive label"
            ),
        ),
    ),
    limits="It shows that enough samples suffice for these learners at these k; it says nothing about other labels.",
)

# ---------------------------------------------------------------------------- C6: the optimum of the raw model
MASS = Observable("mass", low=0, high=1, evidence="exact")


INTERIOR = Hypothesis(
    "the optimum lies inside, k >= 3: at k = 2 it is 1 and reached only as the logits diverge", lambda k: k >= 3
)


@bound(params=(D, K), direction="exact", source=derived("P7"), hypotheses=(INTERIOR,))
def optimal_mass(m: Any, *, d: Any, k: Any) -> Any:
    """Softmax mass on the support at the raw model's population optimum."""
    return m.minimum(m.number(1), k / d + m.power(2, 1 - k) * k * (d - k) / d)


@bound(params=(D, K), direction="exact", source=derived("P7 with a wrong power"))
def optimal_mass_wrong(m: Any, *, d: Any, k: Any) -> Any:
    """Negative control: 2^-k in place of 2^(1-k)."""
    return m.minimum(m.number(1), k / d + m.power(2, -k) * k * (d - k) / d)


def _mass_grid(sizes: tuple[int, ...], ks: tuple[int, ...]) -> Grid:
    return Grid(seeds=1, d=sizes, k=ks, model="raw", optimiser="adam", learning_rate=0.05)


MISSPECIFIED = Claim(
    id="boolean/misspecified-optimum",
    says="Trained on infinite data, the raw end-to-end model stops at a softmax mass below 1 on the support; with an affine "
    "read-out the optimum puts all mass there.",
    about=("boolean/misspecification",),
    experiment="boolean/population-training",
    profiles={
        "smoke": _mass_grid((16,), (3, 4)),
        "cpu": _mass_grid((16,), (2, 3, 4, 6, 8)),
        "gpu": _mass_grid((16, 32, 64), (2, 3, 4, 6, 8)),
    },
    clauses=(
        Clause(
            label="raw model",
            observable=MASS,
            bound=optimal_mass,
            relation=Equals(2e-3),
            control=Control(bound=optimal_mass_wrong),
        ),
        Clause(
            label="affine read-out",
            observable=MASS,
            bound=constant(0.99, chosen("close to the optimum 1 of P7, which is reached only as the logits diverge")),
            relation=AtLeast(),
            at={"model": "affine", "k": (4, 6), "learning_rate": 0.1},
            control=Control(at={"model": "raw"}, says="the raw model"),
        ),
        Clause(
            label="gradient descent stalls",
            observable=MASS,
            relation=Exceeds({"optimiser": "adam"}, {"optimiser": "sgd"}),
            at={"model": "affine", "k": (6,)},
            control=Control(at={"learning_rate": 0.0}, says="no training at all, after which both are equal"),
        ),
    ),
    limits="Population gradients: no sampling noise, so this is about the model, not about the amount of data.",
)

# ---------------------------------------------------------------------------- C7: no learner beats the lower bound
COORDINATE = Observable("coordinate_error", low=0, high=1, evidence="witness_above", noise="bounded")
LEAST = Observable("least_coordinate_error", low=0, high=1, evidence="witness_above", noise="bounded")


@bound(params=(D, K, N), direction="lower", source=derived("P10, corrected form of 2505.19531, Theorem 4.3"))
def support_bound(m: Any, *, d: Any, k: Any, n: Any) -> Any:
    """Least error per coordinate of any learner of the support."""
    return m.minimum(k, d - k) / d + m.expm1(n * m.log1p(-m.power(2, -k)))


MISNAMED = Observable("misnamed", low=0, high=1, evidence="witness_above", noise="bernoulli")


@bound(params=(D, K, N), direction="lower", source=Source(where="Fano's inequality", provenance="textbook"))
def fano_bound(m: Any, *, d: Any, k: Any, n: Any) -> Any:
    """Least probability that a learner names a wrong support: 1 - (n H2(2^-k) + 1)/log2 C(d, k)."""
    rare = m.power(2, -k)
    entropy = -(rare * m.log(rare) + (1 - rare) * m.log1p(-rare))  # nats
    return 1 - (n * entropy + m.log(2)) / m.log(m.binomial(d, k))


def _support_grid(pairs: tuple[tuple[int, int], ...], seeds: int) -> Grid:
    grids = [
        Grid(
            seeds=seeds,
            d=d,
            k=k,
            n=ns,
            learners="bayes",
            learner=("constant", "raw", "centred", "elimination", "bayes"),
        )
        for (d, k), ns in zip(pairs, ((1, 2, 4, 16), (10, 50, 170)))
    ]
    total = grids[0]
    for one in grids[1:]:
        total = total + one
    return total


SUPPORT_BOUND = Claim(
    id="boolean/support-lower-bound",
    says="No learner, the Bayes rule included, has a smaller error per coordinate than the corrected lower bound, or names a "
    "wrong support less often than Fano's inequality says.",
    about=("boolean/lower-bound",),
    experiment="boolean/end-to-end",
    profiles={
        "smoke": _support_grid(((8, 4),), 200),
        "cpu": _support_grid(((8, 4), (16, 8)), 400),
        "gpu": _support_grid(((8, 4), (16, 8)), 4000),
    },
    clauses=(
        Clause(
            label="error per coordinate",
            observable=COORDINATE,
            bound=support_bound,
            relation=AtLeast(),
            control=Control(observable=LEAST, says="the least coordinate's error, as the quoted form has it"),
        ),
        Clause(
            label="naming the support",
            observable=MISNAMED,
            bound=fano_bound,
            relation=AtLeast(),
            control=Control(
                observable=COORDINATE, says="the error per coordinate, which Fano's inequality is not about"
            ),
        ),
    ),
    limits="Learners can refute a lower bound and never confirm it. Where the bound is negative it says nothing.",
)
