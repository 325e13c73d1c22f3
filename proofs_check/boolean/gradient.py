"""P1 to P7: softmax derivative, gap, moments, vanishing base, step size, error and stationary points."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from proofs_check.core import certify, exhaust, identity
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
    d: int, k: int, f: tuple[Any, ...], p: Fraction, link: Callable[[Any], Any], slope: Callable[[Any], Any], pm: bool
) -> Fraction:
    """E[(f - link(xbar)) slope(xbar) (x_relevant - x_irrelevant)] over all inputs: d times the gap, from the definition."""
    total = Fraction(0)
    for x, weight in inputs(d, p):
        label = f[sum(x[:k])]
        if pm:  # bits +-1, of which p is the chance of +1
            x = tuple(2 * bit - 1 for bit in x)
        mean = Fraction(sum(x), d)
        total += weight * (label - link(mean)) * slope(mean) * (x[0] - x[-1])
    return total


GAPS = (
    (5, 2, "and", "01"),
    (6, 3, "or", "01"),
    (6, 3, "majority", "01"),
    (8, 4, "and", "01"),
    (6, 2, "parity", "01"),
    (6, 2, "parity", "pm1"),
    (7, 3, "parity", "pm1"),
)
LINKS: dict[str, tuple[Any, Any, Any]] = {
    "no link": (lambda z: z, lambda z: 1, None),
    "cubic": (lambda z: z**3, lambda z: 3 * z * z, lambda z: 3 * z * z),
    "quadratic": (lambda z: 4 * z * z - 1, lambda z: 8 * z, lambda z: 8 * z),
}


def _gap_cases(wrong: bool) -> Iterator[Case]:
    for d, k, label, bits in GAPS:
        values = boolean.label_values(k=k, label=label, bits=bits)
        for p in (HALF, Fraction(2, 3), Fraction(1, 4)):
            for name, (link, slope, derivative) in LINKS.items():
                found = boolean.symmetric_gap(d=d, k=k, label=label, link_derivative=derivative, p=p, bits=bits)
                truth = _enumerated_gap(d, k, values, p, link, slope, bits == "pm1")
                yield f"d={d} k={k} {label} {bits} p={p} {name}", (Fraction(1, 2**k) if wrong else found), truth
    for k, r in ((3, 2), (4, 3), (5, 1)):
        values = tuple(int(s >= r) for s in range(k + 1))
        truth = _enumerated_gap(7, k, values, HALF, lambda z: z, lambda z: 1, False)
        yield f"threshold {r} of {k}", boolean.chow_gap(k=k, threshold=r), truth


def _parity_gap(d: int, k: int, power: int) -> Fraction:
    """d times the gap of the parity of k bits +-1 when the link's derivative is z^power."""
    values = tuple((-1) ** (k - s) for s in range(k + 1))
    return _enumerated_gap(d, k, values, HALF, lambda z: 0, lambda z: z**power, True)


PARITIES = ((5, 2), (6, 3), (7, 4), (8, 5))


def _parity_zero(with_link: bool) -> Iterator[Case]:
    for d, k in PARITIES:
        for power in (k - 1,) if with_link else range(k - 1):
            yield f"d={d} k={k} phi'=z^{power}", _parity_gap(d, k, power), 0


def _parity_power(wrong: bool) -> Iterator[Case]:
    for d, k in PARITIES:
        yield f"d={d} k={k}", Fraction(math.factorial(k if wrong else k - 1), d ** (k - 1)), _parity_gap(d, k, k - 1)


def _gradient_cases(wrong: bool) -> Iterator[Case]:
    """dL/dw_j = E[(xbar - e)(x_j - xbar)]/d over all inputs; A1 to A4; and the logits after the step eta = 8 d G."""
    for d in (3, 4, 6, 9):
        base, inner, target = [Fraction(0)] * 2, Fraction(0), Fraction(0)
        hint = [Fraction(0)] * 2
        for x, weight in inputs(d, HALF):
            mean, e = Fraction(sum(x), d), x[0] * x[1]
            base = [one + weight * mean * x[j] for one, j in zip(base, (0, -1))]
            hint = [one + weight * e * x[j] for one, j in zip(hint, (0, -1))]
            inner, target = inner + weight * mean * mean, target + weight * e * mean
        shared = 0 if wrong else Fraction(1, 4 * d)
        yield f"d={d} A1", (base[0], base[1]), (HALF / 2 + shared,) * 2
        yield f"d={d} A2", inner, HALF / 2 + shared
        yield f"d={d} A3", (hint[0], hint[1]), (Fraction(1, 4), Fraction(1, 8))
        yield f"d={d} A4", target, Fraction(1, 8) + shared
        truth = tuple((a - inner - h + target) / d for a, h in zip(base, hint))
        yield f"d={d} closed form", ((shared - Fraction(1, 8)) / d, shared / d), truth
        yield f"d={d} function", boolean.expected_gradient(d=d, k=2), truth
        yield f"d={d} logits over G", tuple(-8 * d * one for one in truth), (1 - Fraction(2, d), -Fraction(2, d))


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


def _mean_label(f: tuple[Any, ...], k: int, p: Fraction) -> Fraction:
    return sum((weight * f[sum(x)] for x, weight in inputs(k, p)), Fraction(0))


MOMENTS: tuple[tuple[int, int, str, str, Fraction, Fraction], ...] = (
    (6, 2, "and", "raw", HALF, Fraction(0)),
    (7, 3, "and", "raw", HALF, Fraction(0)),
    (8, 4, "and", "raw", HALF, Fraction(0)),
    (6, 3, "and", "centred", HALF, Fraction(0)),
    (6, 3, "and", "none", HALF, Fraction(0)),
    (6, 3, "or", "none", HALF, Fraction(0)),
    (7, 3, "majority", "raw", HALF, Fraction(0)),
    (7, 3, "and", "raw", Fraction(3, 4), Fraction(0)),
    (7, 3, "and", "centred", Fraction(3, 4), Fraction(1, 5)),
    (6, 2, "and", "raw", HALF, Fraction(1, 10)),
    (6, 2, "parity", "centred", HALF, Fraction(1, 10)),
)


def _moment_cases(factor: int) -> Iterator[Case]:
    """E D and E D^2 of D = (y - base)(x_a - x_j), over all inputs and both values of a flipped label."""
    for d, k, label, baseline, p, rho in MOMENTS:
        f: tuple[Any, ...] = boolean.label_values(k=k, label=label)
        mu = (1 - 2 * rho) * _mean_label(f, k, p) + rho
        mean = second = Fraction(0)
        for x, weight in inputs(d, p):
            base = {"raw": Fraction(sum(x), d), "centred": mu, "none": Fraction(0)}[baseline]
            for y, chance in ((f[sum(x[:k])], 1 - rho), (1 - f[sum(x[:k])], rho)):
                contrast = (y - base) * (x[0] - x[-1])
                mean += weight * chance * contrast
                second += weight * chance * contrast**2
        found = boolean.contrast_moments(d=d, k=k, label=label, baseline=baseline, p=p, rho=rho)
        yield f"d={d} k={k} {label} {baseline} p={p} rho={rho}", (found[0] * factor, found[1]), (mean, second)


def label_free(chances: tuple[Fraction, ...], power: int = 3) -> list[Fraction]:
    """E[phi phi'(xbar)(x_j - xbar)]/d for phi = z^power, position by position; bit i is 1 with probability chances[i]."""
    d = len(chances)
    totals = [Fraction(0)] * d
    for x in itertools.product((0, 1), repeat=d):
        weight = Fraction(1)
        for bit, chance in zip(x, chances):
            weight *= chance if bit else 1 - chance
        mean = Fraction(sum(x), d)
        part = weight * power * Fraction(mean ** (2 * power - 1)) / d
        totals = [total + part * (bit - mean) for total, bit in zip(totals, x)]
    return totals


def _label_free_cases(chances: tuple[Fraction, ...]) -> Iterator[Case]:
    for power in (1, 2, 3):
        for j, value in enumerate(label_free(chances, power)):
            yield f"link z^{power}, position {j}", value, 0


def _step_size(exponent: str) -> Result:
    import sympy

    d, eps = sympy.symbols("d eps", positive=True)
    eta = d ** (1 + eps / (8 if exponent == "eps/8" else 4))
    return identity.vanishes(sympy.powsimp(eta / (8 * d) - d ** (eps / 8) / 8))


def _error_identity(wrong: bool) -> Result:
    """The read-out misses 1 by (d - k) sigma_irr on the support and 0 by k sigma_irr off it.

    On it one column gives sigma_rel and k/2 - 1 give sigma_irr, off it k/2 give sigma_irr, all doubled.
    """
    import sympy

    d, k, g = sympy.symbols("d k G", positive=True)
    relevant, irrelevant = sympy.exp(g) / (2 * sympy.exp(g) + d - 2), 1 / (2 * sympy.exp(g) + d - 2)
    on, off = 2 * relevant + (k - 2) * irrelevant, k * irrelevant
    return identity.vanishes([1 - on - (k if wrong else d - k) * irrelevant, k - k * on - (d - k) * off])


def _softmax_cases(wrong: bool) -> list[tuple[str, float, Any]]:
    """The function against the softmax of the written-out logits, column by column, in balls."""
    from flint import arb

    found = []
    for d, k, gap in ((10, 4, 2), (64, 32, 5), (64, 16, 7), (256, 128, 12)):
        after = boolean.softmax_after_step(d=d, k=k, G=gap)
        readout = [arb(0)] * d
        for pair in range(0, k, 2):
            weights = [(arb(gap * (j in (pair, pair + 1))) - arb(2 * gap) / d).exp() for j in range(d)]
            total = sum(weights, arb(0))
            readout = [one + 2 * weight / total for one, weight in zip(readout, weights)]
        on, off = readout[0], readout[-1]
        error = off if wrong else (1 - on).max(off)
        found += [(f"d={d} k={k} G={gap} error", after.error, error)]
        found += [(f"d={d} k={k} G={gap} margin", after.margin, on - (d - k) * off)]
    return found


def _raw_loss(u: Any, d: Any, k: Any) -> Any:
    """Population loss of one column with the mass u spread over k relevant positions and 1 - u over the others."""
    quarter, label = (u * 0 + 1) / 4, 1 / (u * 0 + 2) ** k
    gram = quarter + quarter * (u**2 / k + (1 - u) ** 2 / (d - k))
    return (gram - 2 * (u * label + (1 - u) * label / 2) + label) / 2


def _stationary(power: int) -> Result:
    """dL/du vanishes at u = 1 (pairs, where L = 1/16) and at u*; dL/du is linear in u with slope (1/k + 1/(d-k))/4 > 0."""
    import sympy

    u, d, k = sympy.symbols("u d k", positive=True)
    pairs, raw = _raw_loss(u, d, 2), _raw_loss(u, d, k)
    optimum = k / d + 2 ** (power - k) * k * (d - k) / d
    return identity.vanishes(
        [
            sympy.diff(pairs, u).subs(u, 1),
            pairs.subs(u, 1) - sympy.Rational(1, 16),
            sympy.diff(raw, u).subs(u, optimum),
            sympy.diff(raw, u, 2) - (1 / k + 1 / (d - k)) / 4,
        ]
    )


def _loss_enumerated(u: Fraction, d: int, k: int) -> Fraction:
    total = Fraction(0)
    for x, weight in inputs(d, HALF):
        z = u * Fraction(sum(x[:k]), k) + (1 - u) * Fraction(sum(x[k:]), d - k)
        total += weight * (z - all(x[:k])) ** 2 / 2
    return total


def _optimum_cases(power: int) -> Iterator[Case]:
    """The vertex of the enumerated loss, a parabola in u, from three of its values; and the regression of y on the mean."""
    for d, k in ((4, 2), (6, 3), (7, 4), (9, 5)):
        at = [_loss_enumerated(Fraction(i), d, k) for i in (-1, 0, 1)]
        vertex = (at[0] - at[2]) / (2 * (at[0] - 2 * at[1] + at[2]))
        mass = boolean.raw_population_mass(d=d, k=k)
        yield f"mass d={d} k={k}", (mass if power else Fraction(k, d) + Fraction(k * (d - k), 2**k * d)), min(vertex, 1)
    for k in (2, 3, 5, 8):
        points = [(Fraction(sum(x), k), int(all(x)), weight) for x, weight in inputs(k, HALF)]
        covariance = sum(((z - HALF) * y * weight for z, y, weight in points), Fraction(0))
        variance = sum(((z - HALF) ** 2 * weight for z, _, weight in points), Fraction(0))
        yield f"scale k={k}", boolean.affine_population_scale(k=k), covariance / variance


SIXTH = (HALF,) * 6
ONE_BIASED = (*SIXTH[:5], Fraction(3, 4))
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
        "The gap formulas equal enumeration over all inputs, for AND, OR, majority, thresholds and parity, bits 0/1 and +-1, "
        "three biases, three links",
        "exhaust",
        lambda: exhaust.equal(_gap_cases(False)),
        Control("a gap of 2^-k", lambda: exhaust.equal(_gap_cases(True))),
    ),
    Step(
        "P2-parity",
        ("boolean/gap-law",),
        "Parity of k bits has no gap without a link, nor with phi' = z^q for q < k - 1 (k = 2 to 5)",
        "exhaust",
        lambda: exhaust.equal(_parity_zero(False)),
        Control("with phi' = z^(k-1)", lambda: exhaust.equal(_parity_zero(True))),
    ),
    Step(
        "P2-parity-link",
        ("boolean/gap-law",),
        "With phi' = z^(k-1) d times the gap of parity is (k-1)!/d^(k-1)",
        "exhaust",
        lambda: exhaust.equal(_parity_power(False)),
        Control("k! in place of (k-1)!", lambda: exhaust.equal(_parity_power(True))),
    ),
    Step(
        "P2-gradient",
        ("boolean/theorem-4.1-gradient",),
        "A1 to A4 and the gradient (-1/8 [relevant] + 1/(4d))/d equal enumeration; the logits after eta = 8dG are "
        "G - 2G/d on the pair, -2G/d elsewhere",
        "exhaust",
        lambda: exhaust.equal(_gradient_cases(False)),
        Control("without the terms 1/(4d)", lambda: exhaust.equal(_gradient_cases(True))),
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
        "Both moments equal enumeration, for three baselines, four labels, biased bits and flipped labels",
        "exhaust",
        lambda: exhaust.equal(_moment_cases(1)),
        Control("twice the mean", lambda: exhaust.equal(_moment_cases(2))),
    ),
    Step(
        "P4",
        ("boolean/gap-law",),
        "The part of the gradient without the label vanishes for the links z, z^2 and z^3 (d = 6)",
        "exhaust",
        lambda: exhaust.equal(_label_free_cases(SIXTH)),
        Control("one bit biased to 3/4", lambda: exhaust.equal(_label_free_cases(ONE_BIASED))),
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
        ("boolean/schedule-at-reachable-d",),
        "The read-out misses by (d - k) sigma_irr on the support and by k sigma_irr off it",
        "identity",
        lambda: _error_identity(False),
        Control("k sigma_irr there too", lambda: _error_identity(True)),
    ),
    Step(
        "P6-function",
        ("boolean/read-outs",),
        "Error and margin after the step equal those of the softmax written out, to 10^-12",
        "certify",
        lambda: certify.all_near(lambda: _softmax_cases(False), within=1e-12),
        Control("the error k sigma_irr", lambda: certify.all_near(lambda: _softmax_cases(True), within=1e-12)),
    ),
    Step(
        "P7",
        ("boolean/misspecification",),
        "The loss is strictly convex in the mass u; its only stationary point is u = 1 for pairs (loss 1/16), u* end to end",
        "identity",
        lambda: _stationary(1),
        Control("2^-k in place of 2^(1-k)", lambda: _stationary(0)),
    ),
    Step(
        "P7-enumerated",
        ("boolean/misspecification",),
        "u* and the affine scale equal the optimum of the enumerated loss",
        "exhaust",
        lambda: exhaust.equal(_optimum_cases(1)),
        Control("2^-k in place of 2^(1-k)", lambda: exhaust.equal(_optimum_cases(0))),
    ),
)
