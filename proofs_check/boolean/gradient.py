"""P1 to P7: softmax derivative, gap, moments, vanishing base, step size, error and stationary points."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from proofs_check.core import exhaust, identity
from proofs_check.core.derivation import Control, Result, Step
from theory import boolean

HALF = Fraction(1, 2)
Case = tuple[str, Any, Any]


def inputs(d: int, p: Fraction) -> Iterator[tuple[tuple[int, ...], Fraction]]:
    """All 0/1 inputs with their probabilities."""
    for x in itertools.product((0, 1), repeat=d):
        ones = sum(x)
        yield x, p**ones * (1 - p) ** (d - ones)


def _softmax_derivative(with_mean: bool) -> Result:
    import sympy

    w, x = sympy.symbols("w0:4"), sympy.symbols("x0:4")
    total = sum(sympy.exp(one) for one in w)
    weights = [sympy.exp(one) / total for one in w]
    z = sum(s * value for s, value in zip(weights, x))
    return identity.vanishes([sympy.diff(z, w[j]) - weights[j] * (x[j] - (z if with_mean else 0)) for j in range(4)])


def _enumerated_gap(
    d: int, k: int, f: tuple[Any, ...], p: Fraction, link: Callable[[Any], Any], slope: Callable[[Any], Any]
) -> Fraction:
    """E[(f - link(xbar)) slope(xbar) (x_relevant - x_irrelevant)] over all inputs: d times the gap, from the definition."""
    total = Fraction(0)
    for x, weight in inputs(d, p):
        mean = Fraction(sum(x), d)
        total += weight * (f[sum(x[:k])] - link(mean)) * slope(mean) * (x[0] - x[-1])
    return total


def _gap_cases(wrong: bool) -> Iterator[Case]:
    links: dict[str, tuple[Any, Any, Any]] = {
        "no link": (lambda z: z, lambda z: 1, None),
        "cubic": (lambda z: z**3, lambda z: 3 * z * z, lambda z: 3 * z * z),
    }
    for d, k, label in ((5, 2, "and"), (6, 3, "or"), (6, 3, "majority"), (7, 4, "and"), (6, 2, "parity")):
        values = boolean.label_values(k=k, label=label)
        for p in (HALF, Fraction(2, 3), Fraction(1, 4)):
            for name, (link, slope, derivative) in links.items():
                found = boolean.symmetric_gap(d=d, k=k, label=label, link_derivative=derivative, p=p)
                truth = _enumerated_gap(d, k, values, p, link, slope)
                yield f"d={d} k={k} {label} p={p} {name}", (Fraction(1, 2**k) if wrong else found), truth
    for k, r in ((3, 2), (4, 3), (5, 1)):
        truth = _enumerated_gap(7, k, tuple(int(s >= r) for s in range(k + 1)), HALF, lambda z: z, lambda z: 1)
        yield f"threshold {r} of {k}", boolean.chow_gap(k=k, threshold=r), truth


def _second_moment(shift: int) -> Result:
    """E D^2 from E B and E B^2 against the closed form; `shift` = 1 is the wrong k in place of k - 1."""
    import sympy

    d, k = sympy.symbols("d k", positive=True, integer=True)
    base_square = sympy.Rational(1, 4) + (d - 2) / (4 * d**2)  # u + v ~ Bin(d - 2, 1/2)
    all_ones = 2 ** (1 - k)
    joint = all_ones * (d + k - 1) / (2 * d)
    derived = (all_ones - 2 * joint + 2 * base_square) / 4
    closed = sympy.Rational(1, 8) + (d - 2) / (8 * d**2) - (k - 1 + shift) / (d * 2 ** (k + 1))
    return identity.vanishes(derived - closed)


def _moment_cases(factor: int) -> Iterator[Case]:
    for d, k, baseline in ((6, 2, "raw"), (7, 3, "raw"), (8, 4, "raw"), (6, 3, "centred"), (6, 3, "none")):
        mean = second = Fraction(0)
        for x, weight in inputs(d, HALF):
            y = int(all(x[:k]))
            base = {"raw": Fraction(sum(x), d), "centred": Fraction(1, 2**k), "none": Fraction(0)}[baseline]
            contrast = (y - base) * (x[0] - x[-1])
            mean += weight * contrast
            second += weight * contrast**2
        found = boolean.contrast_moments(d=d, k=k, label="and", baseline=baseline)
        yield f"d={d} k={k} {baseline}", (found[0] * factor, found[1]), (mean, second)


def _label_free(chances: tuple[Fraction, ...]) -> Iterator[Case]:
    """E[phi phi'(xbar)(x_j - xbar)]/d for phi = z^3; bit i is 1 with probability chances[i]."""
    d = len(chances)
    for j in range(d):
        total = Fraction(0)
        for x in itertools.product((0, 1), repeat=d):
            weight = Fraction(1)
            for bit, chance in zip(x, chances):
                weight *= chance if bit else 1 - chance
            mean = Fraction(sum(x), d)
            total += weight * 3 * mean**5 * (x[j] - mean)
        yield f"position {j}", total / d, 0


def _step_size(exponent: str) -> Result:
    import sympy

    d, eps = sympy.symbols("d eps", positive=True)
    eta = d ** (1 + eps / (8 if exponent == "eps/8" else 4))
    return identity.vanishes(sympy.powsimp(eta / (8 * d) - d ** (eps / 8) / 8))


def _error_identity(wrong: bool) -> Result:
    """1 - R on the support = (d - k) sigma_irr, with R = 2 sigma_rel + (k - 2) sigma_irr there."""
    import sympy

    d, k, g = sympy.symbols("d k G", positive=True)
    relevant, irrelevant = sympy.exp(g) / (2 * sympy.exp(g) + d - 2), 1 / (2 * sympy.exp(g) + d - 2)
    readout = 2 * relevant + (k - 2) * irrelevant
    return identity.vanishes(1 - readout - (k if wrong else d - k) * irrelevant)


def _stationary(power: int) -> Result:
    """dL/du vanishes at u = 1 (pairs, where L = 1/16) and at u* (raw, end to end); `power` = 1 is the right 2^(1-k)."""
    import sympy

    u, d, k = sympy.symbols("u d k", positive=True)
    quarter = sympy.Rational(1, 4)
    pairs = (quarter + quarter * (u**2 / 2 + (1 - u) ** 2 / (d - 2)) - 2 * (u * quarter + (1 - u) / 8) + quarter) / 2
    label = 2 ** (-k)
    raw = (quarter + quarter * (u**2 / k + (1 - u) ** 2 / (d - k)) - 2 * (u * label + (1 - u) * label / 2) + label) / 2
    optimum = k / d + 2 ** (power - k) * k * (d - k) / d
    return identity.vanishes(
        [sympy.diff(pairs, u).subs(u, 1), pairs.subs(u, 1) - sympy.Rational(1, 16), sympy.diff(raw, u).subs(u, optimum)]
    )


def _flip_cases(factor: int) -> Iterator[Case]:
    """Gap of one pair with hints flipped, and with input bits flipped before the hint is computed, by enumeration."""
    for rho in (Fraction(1, 10), Fraction(1, 3), HALF):
        truth = (1 - factor * rho) / 8
        hint = Fraction(0)
        for x, weight in inputs(4, HALF):
            for flip, chance in ((0, 1 - rho), (1, rho)):
                hint += weight * chance * ((x[0] & x[1]) ^ flip) * (x[0] - x[3])
        yield f"hint flips {rho}", hint, truth
        seen = Fraction(0)
        for x, weight in inputs(3, HALF):
            for a, b in itertools.product((0, 1), repeat=2):
                chance = (rho if a else 1 - rho) * (rho if b else 1 - rho)
                seen += weight * chance * ((x[0] ^ a) & (x[1] ^ b)) * (x[0] - x[2])
        yield f"input flips {rho}", seen, truth


SIXTH = (HALF,) * 6
STEPS = (
    Step(
        "P1",
        ("boolean/theorem-4.1-gradient",),
        "d sigma: dz/dw_j = sigma_j (x_j - z)",
        "identity",
        lambda: _softmax_derivative(True),
        Control("without - z", lambda: _softmax_derivative(False)),
    ),
    Step(
        "P2",
        ("boolean/gap-law", "boolean/theorem-4.1-gradient"),
        "The gap formulas equal enumeration over all inputs, for five labels, three biases and two links",
        "exhaust",
        lambda: exhaust.equal(_gap_cases(False)),
        Control("a gap of 2^-k", lambda: exhaust.equal(_gap_cases(True))),
    ),
    Step(
        "P3",
        ("boolean/contrast-moments",),
        "Closed form of the contrast's second moment",
        "identity",
        lambda: _second_moment(0),
        Control("k in place of k - 1", lambda: _second_moment(1)),
    ),
    Step(
        "P3-enumerated",
        ("boolean/contrast-moments",),
        "Both moments equal enumeration for three baselines",
        "exhaust",
        lambda: exhaust.equal(_moment_cases(1)),
        Control("twice the mean", lambda: exhaust.equal(_moment_cases(2))),
    ),
    Step(
        "P4",
        ("boolean/gap-law",),
        "The part of the gradient without the label vanishes for the link z^3",
        "exhaust",
        lambda: exhaust.equal(_label_free(SIXTH)),
        Control("one bit biased to 3/4", lambda: exhaust.equal(_label_free((*SIXTH[:5], Fraction(3, 4))))),
    ),
    Step(
        "P5",
        ("boolean/theorem-4.1-gradient",),
        "eta/(8d) with eta = d^(1+eps/8) is d^(eps/8)/8",
        "identity",
        lambda: _step_size("eps/8"),
        Control("eta = d^(1+eps/4)", lambda: _step_size("eps/4")),
    ),
    Step(
        "P6",
        ("boolean/eq-6-mass", "boolean/schedule-at-reachable-d"),
        "The error on the support is (d - k) sigma_irr",
        "identity",
        lambda: _error_identity(False),
        Control("k sigma_irr there too", lambda: _error_identity(True)),
    ),
    Step(
        "P7",
        ("boolean/misspecification",),
        "The only stationary points: u = 1 for pairs (loss 1/16), u* end to end",
        "identity",
        lambda: _stationary(1),
        Control("2^-k in place of 2^(1-k)", lambda: _stationary(0)),
    ),
    Step(
        "noise",
        ("boolean/noise",),
        "Flipped hints and flipped inputs leave the gap (1 - 2 rho)/8",
        "exhaust",
        lambda: exhaust.equal(_flip_cases(2)),
        Control("1 - rho", lambda: exhaust.equal(_flip_cases(1))),
    ),
)
