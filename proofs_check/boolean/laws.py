"""P8 to P12: the ranking law, the vacuous schedule, the lower bound, elimination, and the finite-sample guarantee."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from proofs_check.core import certify, exhaust, sample
from proofs_check.core.derivation import Control, Result, Step
from theory import boolean


def _column_successes(d: int, n: int, runs: int, seed: int) -> int:
    """How often one supervised pair is ranked after one step, ties broken at random; simulated from the definition."""
    import numpy as np

    source, won = np.random.default_rng(seed), 0
    for start in range(0, runs, 500):
        size = min(500, runs - start)
        bits = source.integers(0, 2, (size, n, d), dtype=np.int8).astype(np.float32)
        target = d * bits[:, :, 0] * bits[:, :, 1] - bits.sum(axis=2)
        scores = (target[:, None, :] @ bits)[:, 0] + source.random((size, d)) * 0.5
        won += int((scores[:, :2].min(axis=1) > scores[:, 2:].max(axis=1)).sum())
    return won


def _ranking(rho: float) -> Result:
    cases = []
    for d, n, runs in ((64, 77, 6000), (256, 115, 1500)):
        cases.append((_column_successes(d, n, runs, seed=d), runs, boolean.pair_ranking_probability(n=n, d=d, rho=rho)))
    return sample.probability(cases, slack=0.0015)  # at d >= 64 the limit law lies within .0011 of the truth


def _schedule(largest: int) -> Result:
    """h(x) = e^(x/8)/8 - x + ln 2 < 0 for x = ln d: the theorem's logit gap stays below ln(d/2)."""
    from flint import arb

    return certify.convex_negative(
        lambda x: (x / 8).exp() / 8 - x + arb(2).log(),
        lambda x: (x / 8).exp() / 512,
        arb(4).log(),
        arb(10**largest).log(),
    )


def bayes_error(d: int, k: int, n: int) -> Fraction:
    """Exact least error per coordinate of any learner from n samples of AND, b uniform over all supports of size k.

    Samples are independent of b through the inputs, so it suffices to sum over input tuples and label patterns.
    """
    supports = [sum(1 << j for j in one) for one in itertools.combinations(range(d), k)]
    total = Fraction(0)
    for xs in itertools.product(range(2**d), repeat=n):
        groups: dict[tuple[bool, ...], list[int]] = {}
        for b in supports:
            groups.setdefault(tuple(x & b == b for x in xs), []).append(b)
        for members in groups.values():
            for j in range(d):
                ones = sum(b >> j & 1 for b in members)
                total += min(ones, len(members) - ones)
    return Fraction(total, 2 ** (d * n) * len(supports) * d)


def exact_bound(d: int, k: int, n: int) -> Fraction:
    """The corrected lower bound in fractions."""
    return Fraction(min(k, d - k), d) - (1 - (1 - Fraction(1, 2**k)) ** n)


def _bound_cases(quoted: bool) -> Iterator[tuple[str, bool]]:
    """The bound against the exact Bayes error; `quoted`: against min_j |v_j - 0|, which is 0 as k < d."""
    for d, k, n in ((8, 4, 1), (4, 2, 1), (4, 2, 2), (5, 2, 1), (4, 3, 2), (5, 3, 2)):
        error = Fraction(0) if quoted else bayes_error(d, k, n)
        yield f"d={d} k={k} n={n}: error {error} against {exact_bound(d, k, n)}", error >= exact_bound(d, k, n)


def _bayes_value(value: Fraction) -> Result:
    exact = [("Bayes error at d=8, k=4, n=1", bayes_error(8, 4, 1), value)]
    floats = [
        (
            f"function at d={d} k={k} n={n}",
            abs(boolean.support_error_lower_bound(d=d, k=k, n=n) - float(exact_bound(d, k, n))) < 1e-14,
            True,
        )
        for d, k, n in ((8, 4, 1), (16, 8, 177), (16, 8, 178))
    ]
    return exhaust.equal([*exact, *floats])


def _eliminated(d: int, k: int, n: int, runs: int, seed: int) -> int:
    import numpy as np

    bits: Any = np.random.default_rng(seed).integers(0, 2, (runs, n, d), dtype=np.int8)
    positive = bits[:, :, :k].all(axis=2)
    kept = (bits | ~positive[:, :, None].astype(bool)).all(axis=1)
    return int((positive.any(axis=1) & ~kept[:, k:].any(axis=1)).sum())


def _elimination(exponent_shift: int) -> Result:
    d, k, n, runs = 16, 4, 64, 12000
    return sample.probability(
        [(_eliminated(d, k, n, runs, 11), runs, boolean.elimination_probability(d=d + exponent_shift, k=k, n=n))]
    )


def _exact_elimination(d: int, k: int, n: int) -> Fraction:
    p = Fraction(1, 2**k)
    return sum(
        (math.comb(n, r) * p**r * (1 - p) ** (n - r) * (1 - Fraction(1, 2**r)) ** (d - k) for r in range(1, n + 1)),
        Fraction(0),
    )


def _elimination_sum(shift: int) -> Iterator[tuple[str, bool]]:
    for d, k, n in ((6, 2, 12), (16, 4, 64), (12, 6, 200)):
        exact = float(_exact_elimination(d, k, n))
        yield f"d={d} k={k} n={n}", abs(boolean.elimination_probability(d=d + shift, k=k, n=n) - exact) < 1e-12


def _errors_after_step(d: int, k: int, n: int, gap: float, runs: int, seed: int) -> Any:
    """l_inf errors after one step, simulated from the definition."""
    import numpy as np

    source, errors = np.random.default_rng(seed), []
    truth = np.r_[np.ones(k), np.zeros(d - k)]
    for _ in range(runs):
        bits = source.integers(0, 2, (n, d), dtype=np.int8).astype(np.float32)
        hints = bits[:, 0:k:2] * bits[:, 1:k:2]
        logits = 8 * gap / n * ((hints - bits.mean(axis=1, keepdims=True)).T @ bits).astype(np.float64)
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        readout = 2 * (weights / weights.sum(axis=1, keepdims=True)).sum(axis=0)
        errors.append(np.abs(readout - truth).max())
    return np.array(errors)


def _proposition_a(n: int, runs: int) -> Result:
    bound = boolean.one_step_certificate(d=64, k=32, n=8000, G=7, delta=0.05).error
    return sample.at_most(int((_errors_after_step(64, 32, n, 7.0, runs, seed=n) > bound).sum()), runs, 0.05)


STEPS = (
    Step(
        "P8",
        ("boolean/ranking-law",),
        "One pair is ranked with the probability of the limit law (d = 64 and 256)",
        "sample",
        lambda: _ranking(0.0),
        Control("the law for a tenth of the hints flipped", lambda: _ranking(0.1)),
    ),
    Step(
        "P9",
        ("boolean/theorem-4.1",),
        "With constant 1 and eps <= 1 the theorem's step leaves the population error at 1/4 or more, of at "
        "most 1/2, for every 4 <= d <= 10^20 (k = d/2)",
        "certify",
        lambda: _schedule(20),
        Control("up to 10^21", lambda: _schedule(21)),
        role="vacuity",
    ),
    Step(
        "P9-error",
        ("boolean/schedule-at-reachable-d",),
        "e^G <= (d+2)/2 at the theorem's gap for 4 <= d <= 10^20, hence a population error of at least 1/4",
        "certify",
        lambda: _schedule(20),
        Control("up to 10^21", lambda: _schedule(21)),
    ),
    Step(
        "P10",
        ("boolean/theorem-4.3", "boolean/lower-bound"),
        "The corrected lower bound lies below the exact Bayes error",
        "exhaust",
        lambda: exhaust.holds(_bound_cases(False)),
        Control("the quoted form, minimum over coordinates inside", lambda: exhaust.holds(_bound_cases(True))),
        role="corrects",
    ),
    Step(
        "P10-value",
        ("boolean/theorem-4.3",),
        "The Bayes error at d = 8, k = 4, n = 1 is 15/32, and the function equals the bound",
        "exhaust",
        lambda: _bayes_value(Fraction(15, 32)),
        Control("7/16, the bound itself", lambda: _bayes_value(Fraction(7, 16))),
        role="corrects",
    ),
    Step(
        "P11",
        ("boolean/elimination",),
        "Elimination's success rate at d = 16, k = 4, n = 64",
        "sample",
        lambda: _elimination(0),
        Control("exponent d in place of d - k", lambda: _elimination(4)),
    ),
    Step(
        "P11-sum",
        ("boolean/elimination",),
        "The function equals the exact sum in fractions",
        "exhaust",
        lambda: exhaust.holds(_elimination_sum(0)),
        Control("exponent d - k + 1", lambda: exhaust.holds(_elimination_sum(1))),
    ),
    Step(
        "P12",
        ("boolean/proposition-A",),
        "The guaranteed error is exceeded in at most 5 % of runs (d = 64, k = 32, n = 8000, G = 7)",
        "sample",
        lambda: _proposition_a(8000, 100),
        Control("the same guarantee for data with n = 500", lambda: _proposition_a(500, 60)),
    ),
)
