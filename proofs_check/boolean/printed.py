"""P16, P17 and the rest: statements that are false, empty or vague as printed, each with what holds instead."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from fractions import Fraction

from proofs_check.boolean.laws import exact_bound
from proofs_check.core import certify, exhaust, identity, sample, separate
from proofs_check.core.derivation import Control, Result, Step
from theory import boolean


def _quoted_minimum(per_coordinate: bool) -> Iterator[tuple[str, bool]]:
    """f = 0 breaks the quoted bound: its error is below it.  Per coordinate (corrected) it does not: the error is k/d."""
    for d, k, n in ((8, 4, 1), (8, 2, 0), (16, 8, 100)):
        errors = []
        for support in itertools.combinations(range(d), k) if d <= 8 else [tuple(range(k))]:
            values = [1 if j in support else 0 for j in range(d)]
            errors.append(Fraction(sum(values), d) if per_coordinate else Fraction(min(values)))
        yield f"d={d} k={k} n={n}", sum(errors, Fraction(0)) / len(errors) < exact_bound(d, k, n)


def _flip_bound(p: Fraction) -> Iterator[tuple[str, bool]]:
    """3p/d <= 1/(9d) fails."""
    for d in range(2, 65):
        yield f"d={d}, p={p}", 3 * p / d > Fraction(1, 9 * d)


def _solved(p: Fraction) -> Result:
    import sympy

    return identity.vanishes(3 * sympy.Rational(p.numerator, p.denominator) - sympy.Rational(1, 9))


def _triple_products(divisor: float, runs: int) -> Result:
    """How often some product of up to three bits strays further than kappa/divisor from its mean (d = 12, n = 400, p = .1)."""
    import numpy as np

    d, n, p = 12, 400, 0.1
    radius = math.sqrt(math.log(4 * d**3 / p) / (2 * n)) / divisor
    sets = [c for r in (1, 2, 3) for c in itertools.combinations(range(d), r)]
    source, exceeded = np.random.default_rng(17), 0
    for _ in range(runs):
        bits = source.integers(0, 2, (n, d), dtype=np.int8)
        exceeded += any(abs(bits[:, c].all(axis=1).mean() - 2.0 ** -len(c)) > radius for c in sets)
    return sample.at_most(exceeded, runs, p)


def _triple_union(exponent: int) -> Result:
    """2 d^3 two-sided Hoeffding bounds of products in [0, 1] at kappa = sqrt(ln(4 d^3/p)/(2n)) add up to p."""
    import sympy

    d, n, p = sympy.symbols("d n p", positive=True)
    squared = sympy.log(4 * d**exponent / p) / (2 * n)
    return identity.vanishes(2 * (2 * d**3) * sympy.exp(-2 * n * squared) - p)


def _triple_count(power: int) -> Iterator[tuple[str, bool]]:
    """d + d^2 + d^3 <= 2 d^3 tuples of at most three positions."""
    for d in range(2, 129):
        yield f"d={d}", d + d**2 + d**3 <= 2 * d**power


def _readout_system(d: int, k: int, share: Fraction) -> tuple[str, list[list[Fraction | int]], list[Fraction | int]]:
    """Read-outs with error <= tau = share/(1 + min(k, d-k)), sum k, none negative, and R_0 <= the weight off the support."""
    tau = share / (1 + min(k, d - k))
    rows: list[list[Fraction | int]] = []
    limits: list[Fraction | int] = []
    ones: list[Fraction | int] = [1] * d
    for j in range(d):
        unit: list[Fraction | int] = [int(i == j) for i in range(d)]
        minus: list[Fraction | int] = [-int(i == j) for i in range(d)]
        on = int(j < k)
        rows, limits = [*rows, unit, minus, minus], [*limits, on + tau, tau - on, 0]
    rows, limits = [*rows, ones, [-one for one in ones]], [*limits, k, -k]
    against_rest: list[Fraction | int] = [1, *[0] * (k - 1), *[-1] * (d - k)]
    rows, limits = [*rows, against_rest], [*limits, 0]
    return f"d={d} k={k}", rows, limits


def _readout_safe(share: Fraction) -> Result:
    return separate.all_infeasible(
        [_readout_system(d, k, share) for d, k in ((4, 2), (5, 2), (6, 4), (8, 4), (9, 6), (12, 3))]
    )


def _readout_cases(share: Fraction) -> Iterator[tuple[str, bool]]:
    """A read-out with error tau = share/(1 + d - k) on which no linear threshold is exact (k = d/2)."""
    for d in (4, 8, 16, 64):
        k = d // 2
        tau = share / (1 + d - k)
        on, off = 1 - tau, tau  # sums to k, as 2 softmax(W) 1 does
        margin = on - (d - k) * off
        yield f"d={d}: error {tau}, margin {margin}", max(1 - on, off) == tau and margin <= 0


def _linear_rule(rank_instead: bool) -> Iterator[tuple[str, bool]]:
    """Some threshold of x.R computes AND on all 2^d inputs iff the margin is positive, for all R with entries in quarters."""
    d, k = 4, 2
    for readout in itertools.product([Fraction(i, 4) for i in range(5)], repeat=d):
        values = {True: [], False: []}  # type: dict[bool, list[Fraction]]
        for x in itertools.product((0, 1), repeat=d):
            values[all(x[:k])].append(sum((r for r, bit in zip(readout, x) if bit), Fraction(0)))
        separable = min(values[True]) > max(values[False])
        least, off = min(readout[:k]), readout[k:]
        rule = least > max(off) if rank_instead else least > sum(off)
        yield f"R = {tuple(map(str, readout))}", separable == rule


def _mass_limit(with_theorem: bool) -> Result:
    """-ln(irrelevant mass)/d <= (G + ln 3)/d tends to 0 for the theorem's G, so the mass is not exp(-Theta(d))."""
    import sympy

    d = sympy.symbols("d", positive=True)
    gap = d ** sympy.Rational(1, 8) / 8 if with_theorem else d
    return identity.vanishes(sympy.limit((gap + sympy.log(3)) / d, d, sympy.oo))


def _mass_identity(wrong: bool) -> Result:
    import sympy

    d, g = sympy.symbols("d G", positive=True)
    pair = sympy.exp(g) / (2 * sympy.exp(g) + d - 2)
    return identity.vanishes(1 - 2 * pair - (d - (0 if wrong else 2)) / (2 * sympy.exp(g) + d - 2))


def _bernoulli(shift: int) -> Iterator[tuple[str, bool]]:
    """(1 - 2^-k)^n >= 1 - n 2^-k + shift * n 2^-k / 2, in fractions."""
    for k in (2, 4, 8):
        q = Fraction(1, 2**k)
        for n in range(1, 65):
            yield f"k={k} n={n}", (1 - q) ** n >= 1 - n * q + shift * n * q / 2


def _sign(sign: int) -> Result:
    """exp(sign x) - 1 > 0 on [1/100, 100]: a probability of at least 1 - exp(x) says nothing."""
    from flint import arb

    return certify.positive(lambda x: (sign * x).exp() - 1, arb(1) / 100, arb(100))


def _recovers(doublings: int) -> Iterator[tuple[str, bool]]:
    """Elimination, which runs in time n d, names the support of k = d/2 bits with probability 99/100 at n = 2^(k + doublings)."""
    for k in (4, 6, 8):
        d, n, q = 2 * k, 2 ** (k + doublings), 2**k
        # the first terms of the exact sum, over the common denominator q^n 2^(r (d-k)); the rest is not negative
        value = sum(
            (
                Fraction(math.comb(n, r) * (q - 1) ** (n - r), q**n) * (1 - Fraction(1, 2**r)) ** (d - k)
                for r in range(1, min(n, 70))
            ),
            Fraction(0),
        )
        yield f"d={d} k={k} n={n}: {float(value):.4f}", value >= Fraction(99, 100)


def _majority_gap(parity: bool) -> Iterator[tuple[str, bool]]:
    """d * gap of majority is at least 1/(8 sqrt k)."""
    for k in range(3, 64, 4):
        gap = boolean.symmetric_gap(d=k + 3, k=k, label="parity" if parity else "majority")
        yield f"k={k}", Fraction(gap) ** 2 * 64 * k >= 1


STEPS = (
    Step(
        "theorem-4.3-quoted",
        ("boolean/theorem-4.3",),
        "As quoted (minimum over coordinates inside the mean) f = 0 breaks the bound",
        "exhaust",
        lambda: exhaust.holds(_quoted_minimum(False)),
        Control("the corrected form, which f = 0 obeys", lambda: exhaust.holds(_quoted_minimum(True))),
        role="refutes",
    ),
    Step(
        "P16",
        ("boolean/appendix-H",),
        "3p/d <= 1/(9d) fails at the printed p = 1/3, for d = 2..64",
        "exhaust",
        lambda: exhaust.holds(_flip_bound(Fraction(1, 3))),
        Control("p = 1/27", lambda: exhaust.holds(_flip_bound(Fraction(1, 27)))),
        role="refutes",
    ),
    Step(
        "P16-corrected",
        ("boolean/appendix-H",),
        "Equality holds exactly at p = 1/27",
        "identity",
        lambda: _solved(Fraction(1, 27)),
        Control("p = 1/3", lambda: _solved(Fraction(1, 3))),
        role="corrects",
    ),
    Step(
        "P17",
        ("boolean/lemma-E.2",),
        "Products of up to three bits stay within kappa = sqrt(ln(4 d^3/p)/(2n))",
        "sample",
        lambda: _triple_products(1.0, 200),
        Control("kappa/3", lambda: _triple_products(3.0, 60)),
        role="corrects",
    ),
    Step(
        "P17-union",
        ("boolean/lemma-E.2",),
        "At that kappa the union over 2 d^3 products has probability p",
        "identity",
        lambda: _triple_union(3),
        Control("4 d^2", lambda: _triple_union(2)),
        role="corrects",
    ),
    Step(
        "P17-count",
        ("boolean/lemma-E.2",),
        "There are at most 2 d^3 products of at most three bits (d = 2 to 128)",
        "exhaust",
        lambda: exhaust.holds(_triple_count(3)),
        Control("2 d^2", lambda: exhaust.holds(_triple_count(2))),
        role="corrects",
    ),
    Step(
        "linear-read-out",
        ("boolean/theorem-4.1-readout",),
        "An error of 1/(1 + d - k) does not make a linear read-out exact (k = d/2)",
        "exhaust",
        lambda: exhaust.holds(_readout_cases(Fraction(1))),
        Control("nine tenths of that error", lambda: exhaust.holds(_readout_cases(Fraction(9, 10)))),
        role="refutes",
    ),
    Step(
        "linear-read-out-safe",
        ("boolean/theorem-4.1-readout",),
        "Any error below 1/(1 + min(k, d-k)) does: no read-out with 99 hundredths of it fails, for six pairs (d, k)",
        "separate",
        lambda: _readout_safe(Fraction(99, 100)),
        Control("that error itself", lambda: _readout_safe(Fraction(1))),
        role="corrects",
    ),
    Step(
        "linear-rule",
        ("boolean/read-outs",),
        "A linear threshold is exact on all inputs iff the least weight on the support exceeds all weight off it (d = 4)",
        "exhaust",
        lambda: exhaust.holds(_linear_rule(False)),
        Control("the rule for ranking", lambda: exhaust.holds(_linear_rule(True))),
    ),
    Step(
        "mass-rate",
        ("boolean/eq-6-mass",),
        "The irrelevant mass is not exp(-Theta(d)): -ln(mass)/d tends to 0 at the theorem's step",
        "identity",
        lambda: _mass_limit(True),
        Control("a logit gap of d", lambda: _mass_limit(False)),
        role="refutes",
    ),
    Step(
        "mass",
        ("boolean/eq-6-mass",),
        "The irrelevant mass is (d-2)/(2 e^G + d - 2)",
        "identity",
        lambda: _mass_identity(False),
        Control("d in place of d - 2", lambda: _mass_identity(True)),
        role="corrects",
    ),
    Step(
        "sign",
        ("boolean/appendix-G-sign",),
        "A probability of at least 1 - exp(x), x > 0, says nothing",
        "certify",
        lambda: _sign(1),
        Control("1 - exp(-x)", lambda: _sign(-1)),
        role="vacuity",
    ),
    Step(
        "no-positive",
        ("boolean/appendix-G-sign",),
        "The probability of no positive label is at least 1 - n 2^-k",
        "exhaust",
        lambda: exhaust.holds(_bernoulli(0)),
        Control("1 - n 2^-k / 2", lambda: exhaust.holds(_bernoulli(1))),
        role="corrects",
    ),
    Step(
        "elimination",
        ("boolean/hardness-reading",),
        "With n = 32 * 2^k samples elimination recovers the support of AND of k = d/2 bits in time n d (k = 4, 6, 8)",
        "exhaust",
        lambda: exhaust.holds(_recovers(5)),
        Control("n = 2^k / 2", lambda: exhaust.holds(_recovers(-1))),
        role="refutes",
    ),
    Step(
        "majority-gap",
        ("boolean/majority-reading",),
        "Majority has a gap of at least 1/(8 d sqrt k), so one step sees its bits",
        "exhaust",
        lambda: exhaust.holds(_majority_gap(False)),
        Control("parity, whose gap is 0", lambda: exhaust.holds(_majority_gap(True))),
        role="refutes",
    ),
)
