"""What measured values leave open for the truth: noise models, evidence, and `span`.

An `Observable` declares what kind of evidence its values are and by which noise model they scatter.  `span` turns the
values of one cell into the interval that is left for the truth at a level alpha.  Every interval is two-sided and holds
with probability at least 1 - alpha for any law in the family that the noise model names:

  none       the value itself (nothing random, or a property of this one lane)
  within     one lane's mean over independent test items: Clopper-Pearson for 0/1 items, else the better of Hoeffding's
             inequality in relative-entropy form and the empirical Bernstein inequality on a bounded range, else Student
  bernoulli  share of successes over seeds: Clopper-Pearson
  bounded    mean over seeds of values in [low, high]: Hoeffding's inequality in relative-entropy form
  median     median over seeds: order statistics, for any continuous law
  gaussian   mean over seeds: Student, for light tails only

Sources: Clopper and Pearson 1934; Hoeffding 1963, Theorem 1; Maurer and Pontil 2009, Theorem 4; textbook otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from theory.core.errors import DomainError

EVIDENCE = ("exact", "estimate", "witness_above", "witness_below")
NOISE = ("none", "within", "bernoulli", "bounded", "median", "gaussian")
POOLED = ("bernoulli", "bounded", "median", "gaussian")
INF = math.inf


@dataclass(frozen=True)
class Sample:
    """Mean over independent test items of one lane: count, mean, and variance (divided by count)."""

    count: float
    mean: float
    variance: float


Value = float | Sample | None  # None: the lane diverged


@dataclass(frozen=True)
class Observable:
    """A measured quantity.

    Args:
        low, high: the range it can take, numbers or functions of coordinates taken by name; they decide what is vacuous.
        evidence: "exact" (truth = value), "estimate" (truth within the noise), "witness_above" (truth <= every value
            found), "witness_below" (truth >= every value found).
        noise: see the module.
        resolution: values closer than this are not told apart; the least tolerance and half-width.
    """

    name: str
    unit: str = ""
    low: float | Callable[..., float] = -INF
    high: float | Callable[..., float] = INF
    evidence: str = "estimate"
    noise: str = "none"
    resolution: float = 0.0

    def __post_init__(self) -> None:
        where = f"observable {self.name}"
        if self.evidence not in EVIDENCE:
            raise DomainError(where=where, name="evidence", rule=f"be one of {EVIDENCE}", value=self.evidence)
        if self.noise not in NOISE:
            raise DomainError(where=where, name="noise", rule=f"be one of {NOISE}", value=self.noise)
        if self.evidence == "exact" and self.noise != "none":
            raise DomainError(where=where, name="noise", rule="be 'none' where the evidence is exact", value=self.noise)
        if not 0 <= self.resolution < INF:
            raise DomainError(where=where, name="resolution", rule="be a number >= 0", value=self.resolution)

    def range(self, cell: Mapping[str, Any]) -> tuple[float, float]:
        """(low, high) at a cell."""
        return _at(self.low, cell), _at(self.high, cell)


def _at(end: float | Callable[..., float], cell: Mapping[str, Any]) -> float:
    from theory.core.bound import argument_names

    if callable(end):
        return float(end(**{name: cell[name] for name in argument_names(end)}))
    return float(end)


@dataclass(frozen=True)
class Span:
    """The interval [low, high] that values leave for the truth; `value` is the point estimate, `n` how many lanes."""

    low: float
    high: float
    value: float
    n: int = 1
    n_diverged: int = 0

    def widened(self, resolution: float) -> Span:
        """The span with half-width at least `resolution` around its value."""
        low = min(self.low, self.value - resolution)
        return Span(low, max(self.high, self.value + resolution), self.value, self.n, self.n_diverged)


# ---------------------------------------------------------------------------- intervals
def clopper_pearson(successes: float, trials: float, alpha: float) -> tuple[float, float]:
    """Two-sided interval for a success probability.

    Examples:
    >>> low, high = clopper_pearson(16, 16, 0.0005)
    >>> round(low, 4), high
    (0.5955, 1.0)
    """
    from scipy.special import betaincinv

    low = 0.0 if successes <= 0 else float(betaincinv(successes, trials - successes + 1, alpha / 2))
    high = 1.0 if successes >= trials else float(betaincinv(successes + 1, trials - successes, 1 - alpha / 2))
    return low, high


def _relative_entropy(a: float, b: float) -> float:
    total = 0.0
    if a > 0:
        total += a * math.log(a / b)
    if a < 1:
        total += (1 - a) * math.log((1 - a) / (1 - b))
    return total


def hoeffding_interval(mean: float, count: float, alpha: float) -> tuple[float, float]:
    """Interval for the mean of values in [0, 1]: all mu with count * KL(mean, mu) <= ln(2/alpha)."""
    budget = math.log(2 / alpha) / count

    def edge(inside: float, outside: float) -> float:
        for _ in range(80):
            middle = (inside + outside) / 2
            if middle in (inside, outside):
                break
            within = 0 < middle < 1 and _relative_entropy(mean, middle) <= budget
            inside, outside = (middle, outside) if within else (inside, middle)
        return outside

    return (0.0 if mean <= 0 else edge(mean, 0.0)), (1.0 if mean >= 1 else edge(mean, 1.0))


def median_interval(values: Sequence[float], alpha: float) -> tuple[float, float]:
    """Order-statistic interval for the median; unbounded when there are too few values for the level."""
    from scipy.special import bdtr

    ordered = sorted(values)
    n, rank = len(ordered), 0
    while rank + 1 <= n // 2 and bdtr(rank, n, 0.5) <= alpha / 2:
        rank += 1
    return (-INF, INF) if rank == 0 else (ordered[rank - 1], ordered[n - rank])


def student_interval(mean: float, variance: float, count: float, alpha: float) -> tuple[float, float]:
    """Student interval for a mean; `variance` is divided by count.  Unbounded for fewer than two values."""
    from scipy.special import stdtrit

    if count < 2:
        return -INF, INF
    half = float(stdtrit(count - 1, 1 - alpha / 2)) * math.sqrt(variance / (count - 1))
    return mean - half, mean + half


def sample_interval(item: Sample, alpha: float, low: float, high: float) -> tuple[float, float]:
    """Interval for the expectation of one test item of a lane."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return student_interval(item.mean, item.variance, item.count, alpha)
    scale = high - low
    mean, variance = (item.mean - low) / scale, item.variance / scale**2
    if abs(variance - mean * (1 - mean)) < 1e-9:  # only 0/1 items have this variance
        ends = clopper_pearson(round(mean * item.count), item.count, alpha)
    else:
        first = hoeffding_interval(mean, item.count, alpha / 2)
        log_term = math.log(8 / alpha)
        half = math.sqrt(2 * variance * log_term / item.count) + 7 * log_term / (3 * max(item.count - 1, 1))
        ends = max(first[0], mean - half), min(first[1], mean + half)
    return low + scale * ends[0], low + scale * ends[1]


def _pooled_interval(noise: str, values: Sequence[float], alpha: float, low: float, high: float) -> tuple[float, float]:
    n, mean = len(values), math.fsum(values) / len(values)
    if noise == "bernoulli":
        return clopper_pearson(sum(values), n, alpha)
    if noise == "bounded":
        ends = hoeffding_interval(min(1.0, max(0.0, (mean - low) / (high - low))), n, alpha)
        return low + (high - low) * ends[0], low + (high - low) * ends[1]
    if noise == "median":
        return median_interval(values, alpha)
    return student_interval(mean, math.fsum((x - mean) ** 2 for x in values) / n, n, alpha)


def least_seeds(noise: str, alpha: float) -> int:
    """Fewest seeds whose interval at level alpha can be bounded at all."""
    if noise == "median":
        return max(2, 1 + math.ceil(math.log2(2 / alpha)) - 1)
    return 2 if noise == "gaussian" else 1


def seeds_that_decide(span: Span, target: float) -> int | None:
    """Rough number of seeds at which the interval would exclude `target`; None when the value sits on it."""
    distance = abs(span.value - target)
    half = max(span.high - span.value, span.value - span.low)
    if not (math.isfinite(half) and distance > 0):
        return None
    return max(span.n + 1, math.ceil(span.n * (half / distance) ** 2 - 1e-9))


# ---------------------------------------------------------------------------- from values to spans
def _centre(noise: str, values: Sequence[float]) -> float:
    ordered = sorted(values)
    if noise == "median":
        middle = len(ordered) // 2
        return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
    return math.fsum(ordered) / len(ordered)


def _with_unknown(values: Sequence[Value], low: float, high: float, build: Callable[[list[float]], Span]) -> Span:
    """The hull of the spans with the diverged lanes at `low` and at `high`."""
    known = [one for one in values if one is not None]
    n_diverged = len(values) - len(known)
    ends = [
        build([float(end) if one is None else _number(one) for one in values])
        for end in ((low, high) if n_diverged else (low,))
    ]
    return Span(min(s.low for s in ends), max(s.high for s in ends), ends[0].value, len(values), n_diverged)


def pooled_span(observable: Observable, values: Sequence[Value], alpha: float, limits: tuple[float, float]) -> Span:
    """The span of one cell whose seeds are the sample."""
    low, high = limits
    if observable.noise == "bernoulli":
        values = [0.0 if one is None else one for one in values]
    if any(one is None for one in values) and not (math.isfinite(low) and math.isfinite(high)):
        known = [_number(one) for one in values if one is not None]
        return Span(
            -INF, INF, _centre(observable.noise, known) if known else math.nan, len(values), len(values) - len(known)
        )

    def build(numbers: list[float]) -> Span:
        ends = _pooled_interval(observable.noise, numbers, alpha, low, high)
        return Span(*ends, _centre(observable.noise, numbers), len(numbers))

    return _with_unknown(values, low, high, build).widened(observable.resolution)


def lane_span(observable: Observable, value: Value, alpha: float, limits: tuple[float, float]) -> Span:
    """The span of one lane judged by itself."""
    if value is None:
        return Span(*limits, math.nan, 1, 1)
    if isinstance(value, Sample):
        ends = sample_interval(value, alpha, *limits)
        return Span(*ends, value.mean, 1).widened(observable.resolution)
    return Span(value, value, value, 1).widened(observable.resolution if observable.evidence == "estimate" else 0.0)


def spans(
    observable: Observable,
    values: Mapping[int, Value],
    alpha: float,
    limits: tuple[float, float],
    *,
    literal: bool = False,
) -> list[Span]:
    """The intervals that one cell's values leave for the truth: one, or one a lane where every lane is judged by itself.

    Args:
        values: seed -> value.
        literal: a control asks what the procedure returned: a witness then counts as the value itself.
    """
    witness = observable.evidence.startswith("witness")
    if observable.noise in POOLED:
        found = [pooled_span(observable, list(values.values()), alpha, limits)]
    else:
        share = alpha / len(values) if witness else alpha
        found = [lane_span(observable, values[seed], share, limits) for seed in sorted(values)]
    if not witness:
        return found
    above = observable.evidence == "witness_above"
    known = [one for one in found if not math.isnan(one.value)]
    n_diverged = sum(one.n_diverged for one in found)
    if not known:
        return [Span(-INF, INF, math.nan, len(values), n_diverged)]
    value = min(one.value for one in known) if above else max(one.value for one in known)
    edge = min(one.high for one in known) if above else max(one.low for one in known)
    if literal:
        low, high = (value, edge) if above else (edge, value)
        return [Span(min(low, value), max(high, value), value, len(values), n_diverged)]
    low, high = (-INF, edge) if above else (edge, INF)
    return [Span(low, high, value, len(values), n_diverged)]


# ---------------------------------------------------------------------------- differences of two arms
def _difference(first: float, second: float, scale: str) -> float:
    if scale == "difference":
        return first - second
    if first <= 0 or second <= 0:
        raise DomainError(where="Difference", name="value", rule="be positive for a log ratio", value=(first, second))
    return math.log(first / second)


def difference_spans(
    observable: Observable,
    first: Mapping[int, Value],
    second: Mapping[int, Value],
    alpha: float,
    limits: tuple[float, float],
    *,
    scale: str = "difference",
    paired: bool = True,
) -> list[Span]:
    """Intervals for first minus second.

    For 0/1 outcomes the sign is what is tested: paired, the interval is that of (share of discordant pairs in favour of
    the first) * 2 - 1 (exact sign test); unpaired, that of the log odds ratio (Fisher's exact conditional interval).
    Both are positive exactly when the first succeeds more often.
    """
    if observable.noise == "bernoulli":
        return [_bernoulli_difference(first, second, alpha, paired)]
    if not paired or observable.noise == "within":
        one = list(spans(_as_estimate(observable), first, alpha / 2, limits))
        two = list(spans(_as_estimate(observable), second, alpha / 2, limits))
        return [_apart(a, b, scale) for a, b in zip(one, two)]
    seeds = sorted(set(first) & set(second))
    reach = limits[1] - limits[0]
    diffs: dict[int, Value] = {}
    for seed in seeds:
        a, b = first[seed], second[seed]
        diffs[seed] = None if a is None or b is None else _difference(_number(a), _number(b), scale)
    ends = (-reach, reach) if scale == "difference" else (-INF, INF)
    return spans(_as_estimate(observable), diffs, alpha, ends)


def _as_estimate(observable: Observable) -> Observable:
    if observable.evidence.startswith("witness"):
        return Observable(
            observable.name,
            observable.unit,
            observable.low,
            observable.high,
            "estimate",
            observable.noise,
            observable.resolution,
        )
    return observable


def _number(value: float | Sample) -> float:
    return value.mean if isinstance(value, Sample) else value


def _apart(a: Span, b: Span, scale: str) -> Span:
    n, n_diverged = a.n + b.n, a.n_diverged + b.n_diverged
    if scale == "difference":
        return Span(a.low - b.high, a.high - b.low, a.value - b.value, n, n_diverged)

    def log(x: float) -> float:
        return math.log(x) if 0 < x < INF else (-INF if x <= 0 else INF)

    return Span(log(a.low) - log(b.high), log(a.high) - log(b.low), log(a.value) - log(b.value), n, n_diverged)


def _bernoulli_difference(first: Mapping[int, Value], second: Mapping[int, Value], alpha: float, paired: bool) -> Span:
    one = {seed: 0.0 if value is None else _number(value) for seed, value in first.items()}
    two = {seed: 0.0 if value is None else _number(value) for seed, value in second.items()}
    n_diverged = sum(value is None for value in (*first.values(), *second.values()))
    if paired:
        shared = sorted(set(one) & set(two))
        wins = sum(one[seed] > two[seed] for seed in shared)
        losses = sum(one[seed] < two[seed] for seed in shared)
        if not wins + losses:
            return Span(-1.0, 1.0, 0.0, len(shared), n_diverged)
        low, high = clopper_pearson(wins, wins + losses, alpha)
        return Span(2 * low - 1, 2 * high - 1, 2 * wins / (wins + losses) - 1, len(shared), n_diverged)
    from scipy.stats.contingency import odds_ratio

    table = [
        [int(sum(one.values())), int(len(one) - sum(one.values()))],
        [int(sum(two.values())), int(len(two) - sum(two.values()))],
    ]
    if table[0][0] + table[1][0] == 0 or table[0][1] + table[1][1] == 0:
        return Span(-INF, INF, 0.0, len(one) + len(two), n_diverged)
    found = odds_ratio(table, kind="conditional")
    ends = found.confidence_interval(confidence_level=1 - alpha)
    low, high = (-INF if ends.low <= 0 else math.log(ends.low)), (INF if ends.high == INF else math.log(ends.high))
    value = max(
        low,
        min(high, math.log(found.statistic) if 0 < found.statistic < INF else (-INF if found.statistic <= 0 else INF)),
    )
    return Span(low, high, value, len(one) + len(two), n_diverged)
