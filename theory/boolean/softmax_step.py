"""After the step: softmax mass, three read-outs, the theorem's schedule, noise, and a finite-sample certificate."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from theory.boolean.binomial import tail
from theory.boolean.parameters import CONST, DELTA, EPS, RATIO, TAU, D, G, K, N, require_even, require_support
from theory.core.domain import checks, is_integer, is_real, require


@dataclass(frozen=True)
class SoftmaxStep:
    """Weights after the step: of a relevant position, an irrelevant one, the pair; error (l_inf) and linear margin."""

    sigma_relevant: float
    sigma_irrelevant: float
    pair_mass: float
    error: float
    margin: float


@dataclass(frozen=True)
class StepSize:
    """Logit gap and step size eta = 8 d gap."""

    gap: float
    eta: float


@dataclass(frozen=True)
class ReadOuts:
    """Whether ranking, a linear threshold and rounding at 1/2 are exact; error (l_inf) and linear margin."""

    rank: bool
    linear: bool
    rounding: bool
    error: float
    margin: float


@dataclass(frozen=True)
class Schedule:
    """The theorem's n and eta with what they give; vacuous: population error above half the trivial error."""

    n: float
    eta: float
    gap: float
    failure_probability: float
    order: float
    population_error: float
    vacuous: bool


@dataclass(frozen=True)
class Certificate:
    """Relative error of the gap, spread inside a pair, and the guaranteed l_inf error (inf: no guarantee)."""

    theta: float
    xi: float
    error: float


def breakdown_fraction() -> Fraction:
    """Least fraction of corrupted hints that can tie an irrelevant bit with both relevant ones.

    Source: derived: step noise.

    Examples:
    >>> breakdown_fraction()
    Fraction(1, 8)
    """
    return Fraction(1, 8)


@checks(D)
def oracle_tolerance(*, d: int) -> Fraction:
    """Error per gradient entry below which the ranking survives in population: half the gap 1/(8 d).

    Source: derived: step noise.

    Examples:
    >>> oracle_tolerance(d=64)
    Fraction(1, 1024)
    >>> oracle_tolerance(d=3)
    Fraction(1, 48)
    """
    return Fraction(1, 16 * d)


def irrelevant_weight(d: float, gap: float) -> float:
    """Softmax weight of an irrelevant position when two positions lead by `gap`."""
    return math.exp(-gap) / (2 + (d - 2) * math.exp(-gap))


@checks(D, K, G)
def softmax_after_step(*, d: int, k: int, G: float) -> SoftmaxStep:
    """Softmax weights after the population step with logit gap G, k/2 supervised pairs.

    Statement: sigma_rel = 1/(2 + (d-2) e^-G); error = max(k, d-k) sigma_irr; margin = 1 - (d-k)(k+1) sigma_irr.  Exact.

    Raises: DomainError for odd k.
    Source: derived: P6.

    Examples:
    >>> round(softmax_after_step(d=64, k=32, G=7).pair_mass, 9)
    0.97250879
    >>> softmax_after_step(d=64, k=32, G=0).error
    0.5
    """
    require_support("softmax_after_step", d, k)
    require_even("softmax_after_step", k)
    relevant = 1 / (2 + (d - 2) * math.exp(-G))
    irrelevant = irrelevant_weight(d, G)
    margin = 1 - (d - k) * (k + 1) * irrelevant
    return SoftmaxStep(relevant, irrelevant, 2 * relevant, max(k, d - k) * irrelevant, margin)


@checks(D, K, TAU)
def step_size_for_error(*, d: int, k: int, tau: float) -> StepSize:
    """Least logit gap, and the step size, with population error at most tau.

    Statement: gap = ln((max(k, d-k)/tau - d + 2)/2), eta = 8 d gap.  Exact.

    Raises: DomainError for odd k, or tau >= max(k, d-k)/d, which holds without any step.
    Source: derived: P6.

    Examples:
    >>> round(step_size_for_error(d=64, k=32, tau=0.25).gap, 9)
    3.496507561
    >>> round(step_size_for_error(d=64, k=32, tau=0.4999999).gap, 9)
    6.4e-06
    """
    where = "step_size_for_error"
    require_support(where, d, k)
    require_even(where, k)
    widest = max(k, d - k)
    require(
        tau * d < widest,
        where=where,
        name="tau",
        meaning=TAU.meaning,
        rule=f"be below max(k, d-k)/d = {widest / d:g}",
        value=tau,
        cure="any larger error is reached without a step",
    )
    gap = math.log1p((widest / tau - d) / 2)
    return StepSize(gap, 8 * d * gap)


def _checked_readout(where: str, R: Sequence[float], support: Sequence[int]) -> tuple[list[float], list[float]]:
    """(R on the support, R off it)."""
    for name, given in (("R", R), ("support", support)):
        require(isinstance(given, Iterable), where=where, name=name, rule="be a sequence", value=given)
    values, chosen = list(R), list(support)
    require(
        bool(values) and all(is_real(one) and math.isfinite(one) for one in values),
        where=where,
        name="R",
        rule="be a non-empty sequence of finite numbers",
        value=R,
    )
    good = all(is_integer(one) and 0 <= one < len(values) for one in chosen)
    require(
        good and 0 < len(set(chosen)) == len(chosen),
        where=where,
        name="support",
        rule=f"hold distinct positions in 0..{len(values) - 1}, at least one",
        value=support,
    )
    inside = set(chosen)
    return [float(values[j]) for j in chosen], [float(one) for j, one in enumerate(values) if j not in inside]


def linear_margin(*, R: Sequence[float], support: Sequence[int]) -> float:
    """Least weight on the support minus the whole weight off it; positive iff some threshold of x.R computes AND.

    Args:
        R: float [d], read-out 2 softmax(W) 1.
        support: 0-based positions of the relevant bits.

    Raises: DomainError for a bad support or values that are not finite.
    Source: derived: P6, linear-read-out.

    Examples:
    >>> linear_margin(R=[1.0, 0.5, 0.25], support=[0, 1])
    0.25
    >>> linear_margin(R=[0.5, 0.5, 0.5, 0.5], support=[0, 1])
    -0.5
    """
    on, off = _checked_readout("linear_margin", R, support)
    return math.fsum([min(on), *(-one for one in off)])


def read_outs(*, R: Sequence[float], support: Sequence[int]) -> ReadOuts:
    """Whether the support is recovered by ranking, by a linear threshold, and by rounding at 1/2.

    Statement: rank: min_b R > max_not-b R; linear: margin > 0; rounding: min_b R > 1/2 > max_not-b R (strict).

    Raises: DomainError as `linear_margin`, and when the support is everything.
    Source: derived: P6, linear-read-out.

    Examples:
    >>> read_outs(R=[0.9, 0.6, 0.1], support=[0, 1]).linear
    True
    >>> read_outs(R=[0.5, 0.5, 0.5, 0.5], support=[0, 1]).rank
    False
    """
    on, off = _checked_readout("read_outs", R, support)
    require(bool(off), where="read_outs", name="support", rule="leave at least one position out", value=support)
    margin = linear_margin(R=R, support=support)
    error = max(max(abs(1 - one) for one in on), max(abs(one) for one in off))
    return ReadOuts(min(on) > max(off), margin > 0, min(on) > 0.5 > max(off), error, margin)


def _power(base: float, exponent: float) -> float:
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return math.inf


@checks(D, EPS, CONST, K)
def theorem_schedule(*, d: int, eps: float, const: float = 1.0, k: int | None = None) -> Schedule:
    """Sample size and step size of Theorem 4.1, and the population error that they really give.

    Statement: n = d^eps, eta = const d^(1+eps/8), gap = eta/(8d), failure exp(-d^(eps/2)), order d^(-eps/8);
    the population error is max(k, d-k) sigma_irr.

    Args:
        const: multiplies eta only; unknown constant in the paper.
        k: None means k = d/2 as a real number.

    Raises: DomainError for eps <= 0, const <= 0 or odd k.
    Source: 2505.19531, Theorem 4.1, v1 (as quoted in public reviews); derived: P5, P6.

    Examples:
    >>> theorem_schedule(d=64, eps=1).vacuous
    True
    >>> theorem_schedule(d=64, eps=1, const=40).vacuous
    False
    """
    if k is not None:
        require_support("theorem_schedule", d, k)
        require_even("theorem_schedule", k)
    widest = d / 2 if k is None else max(k, d - k)
    gap = const * _power(d, eps / 8) / 8
    error = widest * irrelevant_weight(d, gap)
    failure, order = math.exp(-_power(d, eps / 2)), _power(d, -eps / 8)
    return Schedule(_power(d, eps), 8 * d * gap, gap, failure, order, error, error > widest / d / 2)


@checks(N, G, RATIO)
def balance_failure(*, n: int, G: float, ratio: float = 3.0) -> float:
    """Probability that the two weights of one pair differ by more than `ratio` after the step (large G).

    Statement: P(|4 G (Bin(2n, 1/2) - n)/n| > ln ratio), strict.

    Raises: DomainError for ratio <= 1.
    Source: derived: P6, linear-read-out.

    Examples:
    >>> round(balance_failure(n=1000, G=5), 10)
    0.0147762798
    >>> balance_failure(n=1000, G=0)
    0.0
    """
    if G == 0:
        return 0.0
    reach = math.floor(n + n * math.log(ratio) / (4 * G))
    return float(min(1.0, 2 * float(tail(2 * n, reach, 0.5))))


@checks(D, K, N, G, DELTA)
def one_step_certificate(*, d: int, k: int, n: int, G: float, delta: float) -> Certificate:
    """Guaranteed l_inf error after one step on n samples, with probability at least 1 - delta.

    Statement: Proposition A (Bernstein's inequality for the gap and for the spread inside a pair).  Upper bound;
    useful only below the trivial error max(k, d-k)/d.

    Returns: error = inf where theta >= 1.
    Raises: DomainError for odd k.
    Source: derived: P12.

    Examples:
    >>> round(one_step_certificate(d=64, k=32, n=8000, G=7, delta=0.05).error, 6)
    0.448488
    >>> one_step_certificate(d=64, k=32, n=200, G=7, delta=0.05).error
    inf
    """
    require_support("one_step_certificate", d, k)
    require_even("one_step_certificate", k)
    log_delta, pairs = math.log(delta), k // 2

    def bernstein(variance: float, reach: float, budget: float) -> float:
        linear = 2 * budget * reach / 3
        return (linear + math.sqrt(linear * linear + 8 * n * budget * variance)) / (2 * n)

    theta = 8 * bernstein(7 / 64 - 1 / (4 * d * d), 9 / 8, math.log(4 * pairs * (d - 2)) - log_delta)
    xi = 8 * G * bernstein((0.25 + (d - 2) / (4 * d * d)) / 2, 1.0, math.log(4 * pairs) - log_delta)
    if theta >= 1:
        return Certificate(theta, xi, math.inf)
    shrunk = math.exp(-(1 - theta) * G)
    leak = (d - 2) * shrunk / (2 + (d - 2) * shrunk)
    weak = shrunk / (2 + shrunk)
    lesser = math.exp(-xi) / (1 + math.exp(-xi))
    error = max(1 - 2 * (1 - leak) * lesser, 2 / (1 + math.exp(-xi)) - 1 + (k - 2) * weak, k * weak)
    return Certificate(theta, xi, error)
