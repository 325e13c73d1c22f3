"""P8 to P12: the ranking law, the vacuous schedule, the lower bound, elimination, and the finite-sample guarantee."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from proofs_check.core import certify, exhaust, identity, sample
from proofs_check.core.derivation import Control, Result, Step
from theory import boolean

EIGHTH = Fraction(1, 8)


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


def _joint_successes(d: int, t: int, n: int, runs: int, seed: int) -> int:
    """How often all t supervised pairs are ranked after one step, ties broken at random; simulated from the definition."""
    import numpy as np

    source, won = np.random.default_rng(seed), 0
    pair = np.zeros((t, d), dtype=bool)
    pair[np.arange(t), 2 * np.arange(t)] = pair[np.arange(t), 2 * np.arange(t) + 1] = True
    for _ in range(runs):
        bits = source.integers(0, 2, (n, d), dtype=np.int8).astype(np.float32)
        targets = d * bits[:, 0 : 2 * t : 2] * bits[:, 1 : 2 * t : 2] - bits.sum(axis=1, keepdims=True)
        scores = targets.T @ bits + source.random((t, d)) * 0.5
        least = np.where(pair, scores, np.inf).min(axis=1)
        won += bool((least > np.where(pair, -np.inf, scores).max(axis=1)).all())
    return won


def _joint_ranking(rho: float) -> Result:
    predicted = boolean.all_pairs_probability(n=77, d=64, t=16, rho=rho)
    return sample.probability([(_joint_successes(64, 16, 77, 4000, seed=64), 4000, predicted)], slack=0.04)


def _beats(n: int, others: int, scores: tuple[int, int], ties: bool) -> Fraction:
    """Chance that both scores beat `others` independent Bin(n, 1/2) scores; s + r tied scores fall as 1/C(s + r, s)."""
    least = min(scores)
    tied = scores.count(least)
    below = Fraction(sum(math.comb(n, i) for i in range(least)), 2**n)
    equal = Fraction(math.comb(n, least), 2**n)
    total = Fraction(0)
    for r in range(others + 1 if ties else 1):
        total += math.comb(others, r) * equal**r * below ** (others - r) / math.comb(tied + r, tied)
    return total


def _limit_law(n: int, d: int, rho: Fraction, ties: bool) -> Fraction:
    """One column's chance in the limit law, over all n samples of (x_a, x_b, flip); a score counts agreements with e."""
    chances: dict[tuple[int, int], Fraction] = {(0, 0): Fraction(1)}
    for _ in range(n):
        after: dict[tuple[int, int], Fraction] = {}
        for (a, b), chance in chances.items():
            for x, y, flip in itertools.product((0, 1), repeat=3):
                e = (x & y) ^ flip
                key = (a + (e == x), b + (e == y))
                after[key] = after.get(key, Fraction(0)) + chance * (rho if flip else 1 - rho) / 4
        chances = after
    return sum((chance * _beats(n, d - 2, key, ties) for key, chance in chances.items()), Fraction(0))


def _law_cases(ties: bool) -> list[tuple[str, float, Any]]:
    found = []
    for n, d, rho in ((3, 5, 0.0), (7, 8, 0.0), (7, 8, 0.25), (20, 64, 0.125), (30, 16, 0.5)):
        one = certify.ball(_limit_law(n, d, Fraction(rho), ties))
        found.append((f"n={n} d={d} rho={rho}", boolean.pair_ranking_probability(n=n, d=d, rho=rho), one))
        found.append((f"n={n} d={d} rho={rho} twice", boolean.all_pairs_probability(n=n, d=d, t=2, rho=rho), one**2))
        if ties:
            strict = certify.ball(_limit_law(n, d, Fraction(rho), False))
            value = boolean.pair_ranking_probability(n=n, d=d, rho=rho, ties="strict")
            found.append((f"n={n} d={d} rho={rho} strict", value, strict))
    return found


def _contrast_cases(mean: Fraction) -> Iterator[tuple[str, bool]]:
    """One sample's contrast (e - xbar)(x_a - x_j) has mean 1/8 and lies in [-1, 1]."""
    for d in (3, 5, 8):
        total, inside = Fraction(0), True
        for x in itertools.product((0, 1), repeat=d):
            contrast = (x[0] * x[1] - Fraction(sum(x), d)) * (x[0] - x[-1])
            total, inside = total + contrast, inside and -1 <= contrast <= 1
        yield f"d={d}", total / 2**d == mean and inside


def _hoeffding_cases(factor: int) -> list[tuple[str, float, Any]]:
    """n with M exp(-2 n (1/8)^2 / 2^2) = delta, for M = 2 t (d - 2) contrasts of range 2 and mean 1/8."""
    from flint import arb

    found = []
    for d, k in ((16, 8), (64, 32), (1024, 512)):
        n = boolean.ranking_sample_size(d=d, k=k, delta=0.05, method="hoeffding")
        chance = k * (d - 2) * (-arb(factor * n) / 128).exp()
        found.append((f"d={d} k={k}", 1.0, chance / arb(0.05)))
    return found


def _log_limit(power_of_log: bool) -> Result:
    """128 ln(d (d-2) / (2 delta)) / d^eps tends to 0 for every exponent; t = d/4 pairs, delta = 1/20."""
    import sympy

    d = sympy.symbols("d", positive=True)
    enough = 128 * sympy.log(10 * d * (d - 2)) if power_of_log else d ** sympy.Rational(1, 16)
    exponents = (sympy.Rational(1, 16), sympy.Rational(1, 4), sympy.Integer(1))
    return identity.vanishes([sympy.limit(enough / d**eps, d, sympy.oo) for eps in exponents])


def _schedule(largest: int) -> Result:
    """h(x) = e^(x/8)/8 - x + ln 2 < 0 for x = ln d: the theorem's logit gap stays below ln(d/2)."""
    from flint import arb

    return certify.convex_negative(
        lambda x: (x / 8).exp() / 8 - x + arb(2).log(),
        lambda x: (x / 8).exp() / 512,
        arb(4).log(),
        arb(10**largest).log(),
    )


def _schedule_error(largest_eps: int) -> Result:
    """(d/2) sigma_irr > 1/4 iff e^G < (d + 2)/2: ln((d + 2)/2) - d^(eps/8)/8 > 0 on the plane of ln d and eps."""
    from flint import arb

    def slack(x: Any, eps: Any) -> Any:
        return ((x.exp() + 2) / 2).log() - (eps * x / 8).exp() / 8

    def along_d(x: Any, eps: Any) -> Any:
        return 1 / (1 + 2 * (-x).exp()) - eps * (eps * x / 8).exp() / 64

    def along_eps(x: Any, eps: Any) -> Any:
        return -x * (eps * x / 8).exp() / 64

    box = [(arb(4).log(), arb(10**20).log()), (0, largest_eps)]
    return certify.positive_on(slack, box, partials=(along_d, along_eps))


def _schedule_cases(wrong: bool) -> list[tuple[str, float, Any]]:
    """The function's population error against (d/2)/(2 e^G + d - 2) in balls, with G = d^(eps/8)/8."""
    from flint import arb

    found = []
    for d in (4, 64, 1024, 65536, 10**12, 10**20):
        for eps in (0.25, 1.0, 4.0):
            gap = arb(d) ** (arb(eps) / 8) / (1 if wrong else 8)
            error = arb(d) / 2 / (2 * gap.exp() + d - 2)
            found.append((f"d={d} eps={eps}", boolean.theorem_schedule(d=d, eps=eps).population_error, error))
    return found


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


def _bayes_draws(d: int, k: int, n: int, runs: int, seed: int) -> Any:
    """Posterior error per coordinate, averaged over the coordinates, for drawn supports and samples of AND."""
    import numpy as np

    source = np.random.default_rng(seed)
    supports = np.zeros((math.comb(d, k), d), dtype=np.int64)
    for row, one in enumerate(itertools.combinations(range(d), k)):
        supports[row, list(one)] = 1
    codes = supports @ (1 << np.arange(d))
    drawn, truth = source.integers(0, 2**d, (runs, n)), source.integers(0, len(codes), runs)
    labels = (drawn[:, :, None] & codes) == codes
    agree = (labels == np.take_along_axis(labels, truth[:, None, None], axis=2)).all(axis=1)
    share = agree @ supports / agree.sum(axis=1, keepdims=True)
    return np.minimum(share, 1 - share).mean(axis=1)


def _bayes_sampled(with_positives: bool) -> Result:
    """Means at n = 2, 4, 8 against the bound; the control forgets the samples with a positive label."""
    cases = []
    for n in (2, 4, 8):
        errors = _bayes_draws(8, 4, n, 6000, seed=n)
        cases.append((float(errors.mean()), len(errors), float(exact_bound(8, 4, n if with_positives else 0))))
    return sample.mean_at_least(cases, high=0.5)


def identification_error(d: int, k: int, n: int) -> Fraction:
    """Exact least probability of naming the wrong support from n samples of AND, b uniform."""
    supports = [sum(1 << j for j in one) for one in itertools.combinations(range(d), k)]
    told_apart = sum(
        len({tuple(x & b == b for x in xs) for b in supports}) for xs in itertools.product(range(2**d), repeat=n)
    )
    return 1 - Fraction(told_apart, 2 ** (d * n) * len(supports))


def _fano_cases(wrong: bool) -> Iterator[tuple[str, bool]]:
    """Fano's bound against the exact error of the best rule, and of elimination; `wrong` counts one sample for all."""
    for d, k, n in ((4, 2, 1), (4, 2, 2), (5, 2, 2), (5, 3, 2), (8, 4, 1)):
        bound = boolean.fano_identification_bound(d=d, k=k, n=1 if wrong else n)
        yield f"best rule d={d} k={k} n={n}", Fraction(bound) <= identification_error(d, k, n)
    for n in (1, 8, 16, 28, 64):
        bound = boolean.fano_identification_bound(d=16, k=4, n=1 if wrong else n)
        yield f"elimination d=16 k=4 n={n}", Fraction(bound) <= 1 - _exact_elimination(16, 4, n)


def _fano_values(extra: int) -> list[tuple[str, float, Any]]:
    """1 - (n H2(2^-k) + 1)/log2 C(d, k) in balls."""
    from flint import arb

    found = []
    for d, k, n in ((16, 8, 50), (32, 16, 10000), (12, 6, 20), (64, 32, 10**9)):
        q = arb(1) / 2**k
        entropy = -(q * q.log() + (1 - q) * (1 - q).log()) / arb(2).log()
        bound = 1 - (n * entropy + extra) * arb(2).log() / arb(math.comb(d, k)).log()
        found.append((f"entropy k={k}", boolean.label_entropy(k=k), entropy))
        found.append((f"d={d} k={k} n={n}", boolean.fano_identification_bound(d=d, k=k, n=n), bound))
    return found


def _largest_n_cases(shift: int) -> Iterator[tuple[str, bool]]:
    """The largest n with a positive bound, in fractions: it is positive there and not one further."""
    for d, k in ((8, 2), (8, 4), (16, 8), (12, 3), (32, 8)):
        n = boolean.support_bound_max_n(d=d, k=k) + shift
        yield f"d={d} k={k} n={n}", (n == 0 or exact_bound(d, k, n) > 0) and exact_bound(d, k, n + 1) <= 0


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


def _bernstein(n: int, variance: Any, reach: Any, log: Any) -> Any:
    """The positive root s of n s^2 = 2 L (v + b s/3)."""
    linear = 2 * log * reach / 3
    return (linear + (linear**2 + 8 * n * log * variance).sqrt()) / (2 * n)


def _certificate_cases(reach: int) -> list[tuple[str, float, Any]]:
    """theta, xi and the error of the guarantee in balls; `reach` over 8 is the largest contrast less its mean."""
    from flint import arb

    found = []
    for d, k, n, gap in ((64, 32, 8000, 7), (256, 128, 20000, 8), (64, 32, 500, 7), (16, 4, 4000, 3)):
        made = boolean.one_step_certificate(d=d, k=k, n=n, G=gap, delta=0.05)
        many, few = (arb(2 * k * (d - 2)) / arb(0.05)).log(), (arb(2 * k) / arb(0.05)).log()
        theta = 8 * _bernstein(n, arb(7) / 64 - arb(1) / (4 * d * d), arb(reach) / 8, many)
        xi = 8 * gap * _bernstein(n, arb(1) / 8 + arb(d - 2) / (8 * d * d), arb(1), few)
        lead = ((1 - theta) * gap).exp()
        leak, q = (d - 2) / (2 * lead + d - 2), 1 / (2 * lead + 1)
        above = 2 / (1 + (-xi).exp()) - 1 + (k - 2) * q
        error = (1 - 2 * (1 - leak) / (1 + xi.exp())).max(above).max(k * q)
        name = f"d={d} k={k} n={n} G={gap}"
        found += [
            (f"{name} theta", made.theta, theta),
            (f"{name} xi", made.xi, xi),
            (f"{name} error", made.error, error),
        ]
    return found


def _centred_moments(variance: Fraction) -> Iterator[tuple[str, bool]]:
    """What the guarantee puts into Bernstein: variance and reach of a contrast, and second moment of a pair's difference."""
    for d in (4, 6, 9):
        first = second = within = Fraction(0)
        reach = Fraction(0)
        for x in itertools.product((0, 1), repeat=d):
            rest = x[0] * x[1] - Fraction(sum(x), d)
            contrast = rest * (x[0] - x[-1])
            first, second = first + contrast, second + contrast**2
            within, reach = within + (rest * (x[0] - x[1])) ** 2, max(reach, EIGHTH - contrast)
        spread = second / 2**d - (first / 2**d) ** 2
        yield f"d={d} contrast", spread == variance - Fraction(1, 4 * d * d) and reach <= 9 * EIGHTH
        yield f"d={d} within a pair", within / 2**d == EIGHTH + Fraction(d - 2, 8 * d * d)


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
        "P8-law",
        ("boolean/ranking-law",),
        "The function equals the limit law summed in fractions, both rules for ties, with and without flips, to 10^-12",
        "certify",
        lambda: certify.all_near(lambda: _law_cases(True), within=1e-12),
        Control("ties lost", lambda: certify.all_near(lambda: _law_cases(False), within=1e-12)),
    ),
    Step(
        "P8-joint",
        ("boolean/ranking-law",),
        "All 16 pairs are ranked with the probability of the limit law, within .04 (d = 64, n = 77)",
        "sample",
        lambda: _joint_ranking(0.0),
        Control("the law for a tenth of the hints flipped", lambda: _joint_ranking(0.1)),
    ),
    Step(
        "log-contrast",
        ("boolean/theorem-4.1-sample-size",),
        "A contrast has mean 1/8 and lies in [-1, 1]",
        "exhaust",
        lambda: exhaust.holds(_contrast_cases(EIGHTH)),
        Control("mean 1/4", lambda: exhaust.holds(_contrast_cases(2 * EIGHTH))),
        role="corrects",
    ),
    Step(
        "log-enough",
        ("boolean/theorem-4.1-sample-size",),
        "At the n of Hoeffding's inequality and a union over all contrasts the failure probability is delta",
        "certify",
        lambda: certify.all_near(lambda: _hoeffding_cases(1), within=1e-9),
        Control("at twice that n", lambda: certify.all_near(lambda: _hoeffding_cases(2), within=1e-9)),
        role="corrects",
    ),
    Step(
        "log-not-power",
        ("boolean/theorem-4.1-sample-size",),
        "That n, 128 ln(M/delta), divided by d^eps tends to 0 for eps = 1/16, 1/4, 1: order d^eps is not needed",
        "identity",
        lambda: _log_limit(True),
        Control("an n of d^(1/16)", lambda: _log_limit(False)),
        role="refutes",
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
        "The population error exceeds 1/4 on the whole plane 4 <= d <= 10^20, 0 <= eps <= 1",
        "certify",
        lambda: _schedule_error(1),
        Control("eps up to 2", lambda: _schedule_error(2)),
    ),
    Step(
        "P9-function",
        ("boolean/schedule-at-reachable-d",),
        "The schedule's population error equals (d/2)/(2 e^G + d - 2), d up to 10^20, to 10^-12",
        "certify",
        lambda: certify.all_near(lambda: _schedule_cases(False), within=1e-12),
        Control("G = d^(eps/8)", lambda: certify.all_near(lambda: _schedule_cases(True), within=1e-12)),
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
        "P10-sampled",
        ("boolean/theorem-4.3", "boolean/lower-bound"),
        "The Bayes error at d = 8, k = 4 and n = 2, 4, 8 lies above the bound",
        "sample",
        lambda: _bayes_sampled(True),
        Control("the bound at n = 0 for all n", lambda: _bayes_sampled(False)),
        role="corrects",
    ),
    Step(
        "largest-n",
        ("boolean/lower-bound",),
        "The largest n with a positive bound, in fractions",
        "exhaust",
        lambda: exhaust.holds(_largest_n_cases(0)),
        Control("one more", lambda: exhaust.holds(_largest_n_cases(1))),
    ),
    Step(
        "fano",
        ("boolean/lower-bound",),
        "Fano's bound lies below the exact error of the best rule and of elimination",
        "exhaust",
        lambda: exhaust.holds(_fano_cases(False)),
        Control("the bound for one sample, for all n", lambda: exhaust.holds(_fano_cases(True))),
    ),
    Step(
        "fano-function",
        ("boolean/lower-bound",),
        "The function equals 1 - (n H + 1)/log2 C(d, k) in balls, to 10^-12",
        "certify",
        lambda: certify.all_near(lambda: _fano_values(1), within=1e-12),
        Control("without the 1", lambda: certify.all_near(lambda: _fano_values(0), within=1e-12)),
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
        "P12-moments",
        ("boolean/proposition-A",),
        "A contrast has variance 7/64 - 1/(4d^2) and falls below its mean by at most 9/8; in a pair the second moment is "
        "(1/4 + (d-2)/(4d^2))/2",
        "exhaust",
        lambda: exhaust.holds(_centred_moments(Fraction(7, 64))),
        Control("variance 1/8", lambda: exhaust.holds(_centred_moments(EIGHTH))),
    ),
    Step(
        "P12-function",
        ("boolean/proposition-A",),
        "The function's theta, xi and error equal the guarantee's in balls, to 10^-12",
        "certify",
        lambda: certify.all_near(lambda: _certificate_cases(9), within=1e-12),
        Control("reach 1 in place of 9/8", lambda: certify.all_near(lambda: _certificate_cases(8), within=1e-12)),
    ),
    Step(
        "P12",
        ("boolean/proposition-A",),
        "The guaranteed error is exceeded in at most 5 % of runs (d = 64, k = 32, n = 8000, G = 7)",
        "sample",
        lambda: _proposition_a(8000, 200),
        Control("the same guarantee for data with n = 500", lambda: _proposition_a(500, 60)),
    ),
)
