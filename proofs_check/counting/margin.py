"""T5, T6 and T11: the margin that one head can have, why more heads buy none, and how an average of heads balances."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from proofs_check.core import certify, exhaust, identity, sample, separate
from proofs_check.core.derivation import Control, Finding, Result, Step
from proofs_check.counting.strings import strings
from theory import counting

ONE = Fraction(1)
Row = list[Fraction]


# ---------------------------------------------------------------------------- T5
def _k() -> Any:
    import sympy

    return sympy.Symbol("k", positive=True)


def _weights(theta_of_k: Any) -> Result:
    """With weights 1 on (k, k+1, 0) and 1 + theta on (k, k, 0) both coefficients give m*."""
    import sympy

    k = _k()
    theta, best = theta_of_k(k), (sympy.sqrt(k + 1) - sympy.sqrt(k)) ** 2
    return identity.vanishes([theta / (2 + theta) - best, (1 - theta * k) / (2 * k + 1 + theta * k) - best])


def _optimal_theta(k: Any) -> Any:
    import sympy

    return sympy.sqrt(1 + 1 / k) - 1


def _combined(second: int) -> Result:
    """The conditions of the deciding strings added up: weights 1 and 1 + theta, or 1 and 1 where ties are dropped."""
    import sympy

    k, theta, alpha0, alpha1, gamma = sympy.symbols("k theta alpha0 alpha1 gamma", real=True)
    above = k * alpha0 + (k + 1) * alpha1 + gamma
    tie = k * alpha0 + k * alpha1 + gamma
    below = (k + 1) * alpha0 + k * alpha1 + gamma
    neg = (1 - theta * k) * alpha1 - theta * k * alpha0 - theta * gamma
    return identity.vanishes([above - (second + theta) * tie - neg, above - second * below - (alpha1 - alpha0)])


def _attained(balanced: bool) -> Result:
    """a0 = sqrt(k+1), a1 = sqrt(k), values -1 and 1: +m* at (k, k+1, 0) and -m* at (k, k, 0)."""
    import sympy

    k = _k()
    a0, a1 = (1, 1) if balanced else (sympy.sqrt(k + 1), sympy.sqrt(k))
    best = (sympy.sqrt(k + 1) - sympy.sqrt(k)) ** 2

    def score(n0: Any, n1: Any) -> Any:
        return (n1 * a1 - n0 * a0) / (n1 * a1 + n0 * a0)

    return identity.vanishes([score(k, k + 1) - best, score(k, k) + best])


def _margin_system(N: int, tie: str, margin: Fraction) -> tuple[list[Row], Row]:
    """A x <= b in x = (a0, a1, a2, aS, alpha0, alpha1, alpha2, alphaS): values in [-1, 1], margin at every vertex, sum a = 1."""
    rows, limits = [], []
    for t in range(4):
        for sign in (1, -1):  # |alpha_t| <= a_t
            row = [Fraction(0)] * 8
            row[t], row[4 + t] = Fraction(-1), Fraction(sign)
            rows.append(row)
            limits.append(Fraction(0))
    for strings_, sign in zip(counting.perfect_region_vertices(N=N, tie=tie), (1, -1)):
        for n in strings_:
            counts = [Fraction(x) for x in (*n, 1)]
            rows.append([*(margin * x for x in counts), *(-sign * x for x in counts)])
            limits.append(Fraction(0))
    for sign in (1, -1):
        rows.append([Fraction(sign)] * 4 + [Fraction(0)] * 4)
        limits.append(Fraction(sign))
    return rows, limits


def _bracketed(value: Any, within: Fraction) -> Result:
    """A head reaches (1 - within) of the value on all vertices, and exact multipliers prove that none reaches 1 + within."""
    checked = 0
    for N, tie in itertools.product((3, 4, 5, 8, 12, 20), ("neg", "drop")):
        best = Fraction(value(N, tie)).limit_denominator(10**7)
        for found, name in (
            (separate.feasible(*_margin_system(N, tie, best * (1 - within))), "below"),
            (separate.infeasible(*_margin_system(N, tie, best * (1 + within))), "above"),
        ):
            if found.finding is not Finding.PROVED:
                return Result(found.finding, f"N={N} {tie} {name}: {found.detail[:120]}", counterexample=f"N={N} {tie}")
            checked += 1
    return Result(Finding.PROVED, f"{checked} programs with exact certificates")


def _by_function(N: int, tie: str) -> float:
    return counting.max_margin(N=N, tie=tie)


def _asymptotic(N: int, tie: str) -> float:
    return 1 / (2 * N) if tie == "neg" else 1 / N


def _margin_values(asymptotic: bool) -> list[tuple[str, float, Any]]:
    cases = []
    for N in (1, 2, 3, 4, 12, 20, 64, 10**6):
        k = (N - 1) // 2
        exact = (certify.ball(k + 1).sqrt() - certify.ball(k).sqrt()) ** 2
        one = certify.ball(1)
        cases.append((f"neg N={N}", counting.max_margin(N=N, tie="neg"), one / (2 * N) if asymptotic else exact))
        cases.append(
            (f"drop N={N}", counting.max_margin(N=N, tie="drop"), one / N if asymptotic else one / (2 * k + 1))
        )
    return cases


def _gain_cases(wrong: int) -> list[tuple[str, float, Any]]:
    """At the gain returned the loss ln(1 + exp(-G m*)) is eps."""
    cases = []
    for N, eps, tie in itertools.product((3, 12, 64), (0.01, 0.1, 0.5), ("neg", "drop")):
        k = (N - 1) // 2
        best = (
            (certify.ball(k + 1).sqrt() - certify.ball(k).sqrt()) ** 2
            if tie == "neg"
            else certify.ball(1) / (2 * k + 1)
        )
        gain = certify.ball(counting.required_gain(N=N, eps=eps, tie=tie))
        cases.append((f"N={N} eps={eps} {tie}", eps, (1 + (-gain * best).exp()).log() * wrong))
    return cases


# ---------------------------------------------------------------------------- T6
def _largest_change(at_root: bool) -> Result:
    """2X/((X+k)(X+k+1)) has slope 0 at X = sqrt(k(k+1)) only, where it is 2 m*."""
    import sympy

    k, x = _k(), sympy.Symbol("X", positive=True)
    change = 2 * x / ((x + k) * (x + k + 1))
    at = sympy.sqrt(k * (k + 1)) if at_root else k
    best = 2 * (sympy.sqrt(k + 1) - sympy.sqrt(k)) ** 2
    slope = sympy.diff(change, x) * ((x + k) * (x + k + 1)) ** 2 - 2 * (k * (k + 1) - x**2)
    return identity.vanishes([slope, change.subs(x, at) - best])


def _worst_values(last: int) -> Result:
    """With a1 = 1, c1 = 1 and all other values -1 the change of f by one more 1 is 2X/((X+k)(X+k+1)), X = k a0 + s."""
    import sympy

    k, a0, s = sympy.symbols("k a0 s", positive=True)
    x = k * a0 + s

    def f(ones: Any) -> Any:
        return (ones - k * a0 - last * s) / (ones + k * a0 + s)

    return identity.vanishes(f(k + 1) - f(k) - 2 * x / ((x + k) * (x + k + 1)))


def _variation(cross: int) -> Result:
    """Ties dropped: 1/(2k+1) less the total variation of the two attention vectors, over positive numbers."""
    import sympy

    k, u, v = sympy.symbols("k u v", positive=True)
    first, second = k + 1 + k * u + v, k + (k + 1) * u + v
    left = (1 / (2 * k + 1) - (k + 1) / first + k / second) * (2 * k + 1) * first * second
    return identity.vanishes(left - k * (k + 1) * (1 - u) ** 2 - cross * (2 * k + 1) * u * v - v**2)


def _is_at_most_margin(half_change: Fraction, k: int, tie: str) -> bool:
    """half_change <= m*, in whole numbers: m* = 2k + 1 - 2 sqrt(k(k+1)) or 1/(2k+1)."""
    if tie == "drop":
        return half_change * (2 * k + 1) <= 1
    rest = 2 * k + 1 - half_change
    return rest >= 0 and 4 * k * (k + 1) <= rest**2


def _mixtures(largest: Fraction) -> Iterator[tuple[str, bool]]:
    """Half the change of a mixture of heads between two strings of different labels, values up to `largest`."""
    draw = random.Random(6)
    for k, tie, i in itertools.product((1, 2, 4, 7), ("neg", "drop"), range(40)):
        change = Fraction(0)
        heads = 1 + i % 4
        share = [Fraction(draw.randint(1, 9)) * draw.choice((1, -1)) for _ in range(heads)]
        for omega in share:
            a = [Fraction(draw.randint(1, 60), draw.randint(1, 60)) for _ in range(3)]
            c = [Fraction(draw.randint(-20, 20), 20) * largest for _ in range(3)]
            if i < 4:  # near the extremal head
                a, c = (
                    [ONE, ONE if tie == "drop" else Fraction(2 * k, 2 * k + 1), Fraction(0)],
                    [-largest, largest, -largest],
                )
                omega = abs(omega)

            def f(n0: int, n1: int, a: Row = a, c: Row = c) -> Fraction:
                return sum((m * x * y for m, x, y in zip((n0, n1, 1), a, c)), Fraction(0)) / (
                    n0 * a[0] + n1 * a[1] + a[2]
                )

            size = sum(map(abs, share), Fraction(0))
            change += omega / size * (f(k, k + 1) - f(k, k) if tie == "neg" else f(k, k + 1) - f(k + 1, k))
        yield f"k={k} {tie} mixture {i}", _is_at_most_margin(abs(change) / 2, k, tie)


def _odd_mixtures(values: Fraction) -> Result:
    return exhaust.holds(_mixtures(values))


# ---------------------------------------------------------------------------- T11
def _single_cases(k_shift: int) -> Iterator[tuple[str, bool]]:
    """One head is right at threshold 0 iff |ln w01| <= ln(1 + 1/k), the lower end left out."""
    tiny = Fraction(1, 10**6)
    for N in range(3, 16):
        edge = 1 + Fraction(1, (N - 1) // 2 + k_shift)

        def is_right(w01: Fraction, N: int = N) -> bool:
            found = counting.perfect_threshold_interval(N=N, head=(w01, Fraction(1, 3), 0, 0, 1), tie="drop")
            return bool(found.lo <= 0 < found.hi)

        yield (
            f"N={N}",
            is_right(edge) and not is_right(edge + tiny) and is_right(1 / edge + tiny) and not is_right(1 / edge),
        )


def _averages(power: int) -> Result:
    """Averages of H heads, all strings up to N = 9, against the law with H^(power/2) heads."""
    import numpy as np

    counts = np.array(strings(9, "drop"), dtype=float)
    label = counts[:, 1] > counts[:, 0]
    source, cases = np.random.default_rng(4), []
    for H, sd in ((1, 0.3), (4, 0.4), (16, 0.6)):
        runs = 1200
        w01 = np.exp(sd * source.standard_normal((runs, H, 1)))
        n0, n1, n2 = counts.T
        total = ((w01 * n1 - n0) / (n0 + w01 * n1 + 0.3 * n2 + 0.5)).sum(axis=1)
        right = int(((total > 0) == label).all(axis=1).sum())
        cases.append((right, runs, counting.ensemble_perfect_probability(H=H**power, sd=sd, N=9)))
    return sample.probability(cases, slack=0.01)  # first order in sd: 20000 further runs each differ by at most .003


def _ensemble_values(power: int) -> list[tuple[str, float, Any]]:
    cases = []
    for H, sd, N in ((1, 0.3, 15), (4, 0.3, 15), (16, 0.6, 15), (3, 1.5, 4), (100, 0.2, 64)):
        k = (N - 1) // 2
        z = certify.ball(H**power).sqrt() * (1 + certify.ball(1) / k).log() / certify.ball(sd)
        exact = (z / certify.ball(2).sqrt()).erf()
        cases.append((f"H={H} sd={sd} N={N}", counting.ensemble_perfect_probability(H=H, sd=sd, N=N), exact))
    return cases


STEPS = (
    Step(
        "T5-upper",
        ("counting/margin",),
        "Two strings with weights 1 and 1 + theta, theta = sqrt(1 + 1/k) - 1, bound the margin by m*",
        "identity",
        lambda: _weights(_optimal_theta),
        Control("theta = 1/k, which gives a weaker bound", lambda: _weights(lambda k: 1 / k)),
    ),
    Step(
        "T5-combined",
        ("counting/margin",),
        "Added up, the conditions of two strings read (1 - theta k) alpha1 - theta k alpha0 - theta gamma, or alpha1 - alpha0",
        "identity",
        lambda: _combined(1),
        Control("weights 1 and 2 + theta", lambda: _combined(2)),
    ),
    Step(
        "T5-lower",
        ("counting/margin",),
        "a0 = sqrt(k+1), a1 = sqrt(k) score +m* and -m* at the two strings",
        "identity",
        lambda: _attained(False),
        Control("a0 = a1, which scores 0 at ties", lambda: _attained(True)),
    ),
    Step(
        "T5-programs",
        ("counting/margin",),
        "A head reaches .999 m* on all extreme strings and none reaches 1.001 m*, N = 3 to 20, both ties",
        "separate",
        lambda: _bracketed(_by_function, Fraction(1, 1000)),
        Control("1/(2N) and 1/N", lambda: _bracketed(_asymptotic, Fraction(1, 1000))),
    ),
    Step(
        "T5-value",
        ("counting/margin",),
        "The function equals (sqrt(k+1) - sqrt(k))^2 and 1/(2k+1) in balls, N up to 10^6, to 10^-14",
        "certify",
        lambda: certify.all_near(lambda: _margin_values(False), within=1e-14),
        Control("1/(2N) and 1/N", lambda: certify.all_near(lambda: _margin_values(True), within=1e-14)),
    ),
    Step(
        "T5-gain",
        ("counting/margin",),
        "At the gain required the loss at the margin m* is eps, to 10^-13",
        "certify",
        lambda: certify.all_near(lambda: _gain_cases(1), within=1e-13),
        Control("twice eps", lambda: certify.all_near(lambda: _gain_cases(2), within=1e-13)),
    ),
    Step(
        "T6-change",
        ("counting/heads-buy-no-margin",),
        "With the worst values one more 1 changes f by 2X/((X+k)(X+k+1))",
        "identity",
        lambda: _worst_values(1),
        Control("the frame at value +1", lambda: _worst_values(-1)),
    ),
    Step(
        "T6-largest",
        ("counting/heads-buy-no-margin",),
        "That is largest at X = sqrt(k(k+1)), where it is 2 m*",
        "identity",
        lambda: _largest_change(True),
        Control("at X = k", lambda: _largest_change(False)),
    ),
    Step(
        "T6-drop",
        ("counting/heads-buy-no-margin",),
        "Ties dropped: 1/(2k+1) - TV has numerator k(k+1)(1-u)^2 + (2k+1)uv + v^2",
        "identity",
        lambda: _variation(1),
        Control("without the term in uv", lambda: _variation(0)),
    ),
    Step(
        "T6",
        ("counting/heads-buy-no-margin",),
        "Half the change of 320 mixtures of one to four heads between two strings is at most m*, in whole numbers",
        "exhaust",
        lambda: _odd_mixtures(ONE),
        Control("values up to 1.1", lambda: _odd_mixtures(Fraction(11, 10))),
    ),
    Step(
        "T11-one",
        ("counting/ensemble",),
        "One head is right at threshold 0 iff 1/(1 + 1/k) < w01 <= 1 + 1/k, N = 3 to 15",
        "exhaust",
        lambda: exhaust.holds(_single_cases(0)),
        Control("k + 1 in place of k", lambda: exhaust.holds(_single_cases(1))),
    ),
    Step(
        "T11",
        ("counting/ensemble",),
        "Averages of 1, 4 and 16 heads are right on all strings up to 9 with the probability of the law, within .01",
        "sample",
        lambda: _averages(1),
        Control("H in place of sqrt(H)", lambda: _averages(2)),
    ),
    Step(
        "T11-function",
        ("counting/ensemble",),
        "The function equals erf(sqrt(H) ln(1 + 1/k)/(sd sqrt 2)) in balls, to 10^-14",
        "certify",
        lambda: certify.all_near(lambda: _ensemble_values(1), within=1e-14),
        Control("H in place of sqrt(H)", lambda: certify.all_near(lambda: _ensemble_values(2), within=1e-14)),
    ),
)
