"""After one gradient step: with how many samples all supervised pairs are ranked, and how that grows with d."""

from __future__ import annotations

from typing import Any

from theory.boolean.claims.measured import SUCCESS
from theory.boolean.grids import LOG_PAIRS, half_and_most, near_half
from theory.boolean.parameters import D, N, T
from theory.boolean.ranking import all_pairs_probability, pair_ranking_probability
from theory.core.bound import bound, chosen, constant, derived
from theory.core.claim import Claim, Clause, Control, Grid
from theory.core.fold import Crossing
from theory.core.relation import AtLeast, Equals, ScalesAs


@bound(
    params=(D, T, N),
    direction="exact",
    source=derived("P8, limit law"),
    systems=("float",),
    latex=r"\left(1 - \Pr[\mathrm{some\ irrelevant\ score\ beats\ the\ pair}]\right)^{t}",
)
def all_pairs_law(m: Any, *, d: int, t: int, n: int) -> float:
    """Probability that all t supervised pairs are ranked after one step on n samples (limit law)."""
    del m
    return all_pairs_probability(n=n, d=d, t=t)


@bound(
    params=(D, T, N),
    direction="exact",
    source=derived("P8, one pair"),
    systems=("float",),
    latex=r"1 - \Pr[\mathrm{some\ irrelevant\ score\ beats\ the\ pair}]",
)
def one_pair_law(m: Any, *, d: int, t: int, n: int) -> float:
    """Negative control: the law of one pair, which forgets that all t must be ranked."""
    del m, t
    return pair_ranking_probability(n=n, d=d)


@bound(
    params=(D, T, N),
    direction="exact",
    source=derived("P8 with flipped hints, rho = 1/10"),
    systems=("float",),
    latex=r"\left(1 - \Pr_{\rho = 1/10}[\mathrm{some\ irrelevant\ score\ beats\ the\ pair}]\right)^{t}",
)
def noisy_pairs_law(m: Any, *, d: int, t: int, n: int) -> float:
    """Probability that all t pairs are ranked when every tenth hint is flipped (limit law)."""
    del m
    return all_pairs_probability(n=n, d=d, t=t, rho=0.1)


def excess_allowed(d: int) -> float:
    """How far the finite-d success may differ from the limit law.

    Chosen before this grid was run; it measured an excess of .032, .033, .029, .026, .008 at d = 16 .. 256 (n at half,
    3000 to 8000 draws each).
    """
    return 0.04 if d <= 64 else 0.03 if d == 128 else 0.02


def _law_grid(sizes: tuple[int, ...], seeds: Any) -> Grid:
    return Grid(seeds=seeds, d=sizes, t=lambda d: d // 4, n=lambda d, t: half_and_most(d=d, t=t))


RANKING_LAW = Claim(
    id="boolean/ranking-law",
    says="After one gradient step on n samples all supervised pairs are ranked with the probability of the limit law, "
    "also with flipped hints or flipped input bits, and the ranking survives corruption of fewer than an eighth of the hints.",
    about=("boolean/ranking-law", "boolean/noise", "boolean/theorem-4.1-gradient"),
    experiment="boolean/pair-ranking",
    profiles={
        "smoke": _law_grid((16, 32), 1500),
        "cpu": _law_grid((16, 32, 64, 128, 256), lambda d: 4000 if d <= 128 else 3000),
        "gpu": _law_grid((16, 32, 64, 128, 256, 1024, 4096, 16384), lambda d: 20000 if d <= 256 else 1000),
    },
    clauses=(
        Clause(
            label="true hints",
            observable=SUCCESS,
            bound=all_pairs_law,
            relation=Equals(excess_allowed, width=0.13),
            control=Control(bound=one_pair_law),
        ),
        Clause(
            label="flipped hints",
            observable=SUCCESS,
            bound=noisy_pairs_law,
            relation=Equals(excess_allowed, width=0.13),
            at={"d": 32, "t": 8, "rho": 0.1, "n": half_and_most},
            control=Control(bound=all_pairs_law),
        ),
        Clause(
            label="flipped inputs",
            observable=SUCCESS,
            bound=noisy_pairs_law,
            relation=Equals(excess_allowed, width=0.13),
            at={"d": 32, "t": 8, "rho": 0.1, "noise": "input", "n": half_and_most},
            control=Control(bound=all_pairs_law),
        ),
        Clause(
            label="corrupted hints",
            observable=SUCCESS,
            bound=constant(
                0.9, chosen("well above the control's .5 (measured); step noise proves that less than 1/8 is safe")
            ),
            relation=AtLeast(),
            at={"d": 16, "t": 1, "rho": 0.0625, "noise": "adversarial", "n": 2000},
            control=Control(at={"rho": 0.125}, says="an eighth of the hints corrupted"),
        ),
    ),
    limits="The law is exact only as d grows: at finite d the truth lies up to .04 higher, which the tolerance allows. "
    "It is about ranking after one step, not about the error of the weights.",
)


@bound(
    params=(D, T),
    direction="exact",
    source=derived("least squares on the limit law at t = 4, d = 16..16384"),
    constants=(("a", "12.962"), ("b", "10.078")),
)
def log_law(m: Any, *, d: Any, t: Any) -> Any:
    """Samples at which four supervised pairs are ranked half the time: a + b ln d."""
    del t
    return m.ratio(12962, 1000) + m.ratio(10078, 1000) * m.log(d)


@bound(params=(D, T), direction="exact", source=derived("best power of d on the same points"))
def power_law(m: Any, *, d: Any, t: Any) -> Any:
    """Negative control: the best power of d."""
    del t
    return m.exp(m.ratio(3382, 1000)) * m.power(m.number(d), m.ratio(143, 1000))


def _log_grid(sizes: tuple[int, ...], seeds: Any) -> Grid:
    return Grid(seeds=seeds, d=sizes, t=LOG_PAIRS, n=lambda d, t: near_half(d=d, t=t))


LOG_NOT_POWER = Claim(
    id="boolean/log-not-power",
    says="The number of samples that one step needs grows as the logarithm of d, not as a power.",
    about=("boolean/ranking-law",),
    against=("boolean/theorem-4.1-sample-size",),
    experiment="boolean/pair-ranking",
    profiles={
        "smoke": _log_grid((16, 64, 256, 1024, 4096), lambda d: 6000 if d <= 256 else 2500 if d == 1024 else 1200),
        "cpu": _log_grid((16, 64, 256, 1024, 4096), lambda d: 8000 if d <= 256 else 5000 if d == 1024 else 3000),
        "gpu": _log_grid(tuple(2**j for j in range(4, 15)), lambda d: 20000 if d <= 1024 else 4000),
    },
    clauses=(
        Clause(
            label="n at half",
            observable=SUCCESS,
            bound=log_law,
            folds=(Crossing("n", 0.5),),
            relation=ScalesAs("d", tolerance=0.06, width=0.12),
            control=Control(bound=power_law),
        ),
    ),
    limits="Four pairs are supervised at every d; the theorem asks for n of order d^eps as a sufficient number, which stays true.",
)
