"""P13 to P15 and the link: the parent paper's lemmas, exponents, and the gap of a parity pair."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from proofs_check.core import certify, exhaust, identity
from proofs_check.core.derivation import Control, Result, Step
from theory import boolean


def krawtchouk(d: int, k: int, m: int) -> int:
    """Sum over all k-subsets of the parity of an input with m entries -1."""
    return sum((-1) ** j * math.comb(m, j) * math.comb(d - m, k - j) for j in range(k + 1))


def _mean_parity(windowed: bool) -> Iterator[tuple[str, bool]]:
    for d, k in ((16, 8), (32, 16), (64, 32)):
        reach = min(Fraction(1, 4), Fraction(k, 2 * d)) * d / 2 if windowed else Fraction(d, 2)
        # (d/4) (d/k)^(-k/4), with d/k = 2: exact when k/4 is whole
        bound = Fraction(d, 4) * Fraction(k, d) ** (k // 4)
        for m in range(d + 1):
            if abs(m - Fraction(d, 2)) <= reach:
                value = Fraction(abs(krawtchouk(d, k, m)), math.comb(d, k))
                yield f"d={d} k={k} m={m}: {float(value):.3g} against {float(bound):.3g}", value <= bound


def _union_count(shift: int) -> Result:
    """(2d)^4 - sum_{r=1..4} (2d-1)^r = 3x^3 + 5x^2 + 3x + 1 > 0 with x = 2d - 1."""
    import sympy

    x = sympy.symbols("x", positive=True, integer=True)
    terms = x + x**2 + x**3 + x**4
    return identity.vanishes((x + shift) ** 4 - terms - (3 * x**3 + 5 * x**2 + 3 * x + 1))


def _exponent(third: str) -> Result:
    import sympy

    eps = sympy.symbols("eps", positive=True)
    nu = [sympy.Rational(1, 2), 2 + eps / 8, eps / 4 if third == "eps/4" else eps / 2, 0]
    return identity.vanishes(4 * nu[0] + 4 * nu[1] + 2 * nu[2] + 2 * nu[3] + 1 - (11 + eps))


def _link(z: Fraction) -> tuple[Fraction, Fraction]:
    """The parent's link and its derivative, from the printed pieces."""
    size, sign = abs(z), (z > 0) - (z < 0)
    if 2 * size < 1:
        return 4 * z * z - 1, 8 * z
    return -4 * size * size + 8 * size - 3, 8 * (sign - z)


def _link_cases(slope: int) -> Iterator[tuple[str, Any, Any]]:
    """Its values where the parent fixes them, its symmetry, both pieces where they meet, and the functions."""
    half = Fraction(1, 2)
    for z, value, derivative in ((0, -1, 0), (1, 1, 0), (-1, 1, 0), (half, 0, slope), (-half, 0, -slope)):
        found = (boolean.ks_link(z=Fraction(z)), boolean.ks_link_derivative(z=Fraction(z)))
        yield f"z={z}", found, (value, derivative)
    for i in range(-16, 17):
        z = Fraction(i, 16)
        yield f"function z={z}", (boolean.ks_link(z=z), boolean.ks_link_derivative(z=z)), _link(z)
        yield f"symmetry z={z}", boolean.ks_link(z=-z), _link(z)[0]


def _enumerated_moments(d: int, quadratic: int) -> tuple[Fraction, Fraction]:
    """E D and E D^2 of D = (x_a x_b - phi(xbar)) phi'(xbar) (x_a - x_j) over all inputs; `quadratic` = 0: the link."""
    mean = second = Fraction(0)
    for x in itertools.product((-1, 1), repeat=d):
        z = Fraction(sum(x), d)
        phi, slope = (quadratic * z * z - 1, 2 * quadratic * z) if quadratic else _link(z)
        contrast = (x[0] * x[1] - phi) * slope * (x[0] - x[-1])
        mean, second = mean + contrast, second + contrast**2
    return mean / 2**d, second / 2**d


def _pair_parity(factor: Fraction) -> Iterator[tuple[str, Any, Any]]:
    """d * gap of a pair parity under the link -1 + c z^2: enumeration, the function, and 2c/d."""
    for d in (4, 6, 8):
        truth = _enumerated_moments(d, 4)
        yield f"enumeration d={d}", truth[0], factor * 8 / d
        yield f"function d={d}", boolean.parity_pair_moments(d=d, link="quadratic", c=Fraction(4)), truth


def _ks_moments(factor: int) -> Iterator[tuple[str, Any, Any]]:
    for d in (3, 4, 6, 8, 10):
        mean, second = boolean.parity_pair_moments(d=d)
        yield f"d={d}", (factor * mean, second), _enumerated_moments(d, 0)


def _signal_limit(wrong: bool) -> Iterator[tuple[str, bool]]:
    """d SNR^2 = d (E D)^2 / Var D falls and lies above 1/4 by less than 4/d, in fractions, for the parent's link."""
    before = Fraction(1)
    for d in (16, 32, 64, 128, 256, 1024):
        mean, second = (Fraction(one) for one in boolean.parity_pair_moments(d=d))
        signal = d * mean**2 / (second - mean**2) * (d if wrong else 1)
        distance = signal - Fraction(1, 4)
        yield f"d={d}: {float(signal):.4f}", signal < before and 0 < d * distance < 4
        before = signal


GRADIENT = 4 * 4**2 * 31  # Lemma 4 at k = 32 with sup |phi'| = 4


def _query_value(n: Any, factor: int = 1) -> Any:
    """Equation (5) without its last term, at d = 64, k = 32, T = 1, oracle error 1/100."""
    from flint import arb

    share = (arb(4 * 64) / n).sqrt().max(1 / arb(math.comb(64, 32)))
    return 1 - 4 * arb(10**4) * share * factor * GRADIENT


def _query_bound(tops: tuple[int, ...]) -> Result:
    """Negative at every n = 10^2 .. 10^18 and at `tops`; it grows with n, so it is negative below each."""

    def pairs() -> list[tuple[str, Any, Any]]:
        from flint import arb

        sizes = [*(10**i for i in range(2, 19)), *tops]
        return [(f"n = {n}", _query_value(arb(n)), arb(0)) for n in sizes]

    return certify.all_less(pairs)


def _query_half(n: int) -> Result:
    """Below 1/2 at n."""

    def pairs() -> list[tuple[str, Any, Any]]:
        from flint import arb

        return [(f"n = {n}", _query_value(arb(n)), arb(1) / 2)]

    return certify.all_less(pairs)


def _query_cases(factor: int) -> list[tuple[str, float, Any]]:
    from flint import arb

    found = []
    for n in (1e10, 1e18, 1e20, 1e22):
        value = boolean.finite_gradient_query_bound(d=64, k=32, n=n, T=1, eps=0.01, grad2=GRADIENT)
        found.append((f"n={n:g}", value, _query_value(arb(n), factor)))
    return found


def _radius(exponent: int) -> Result:
    """(2d)^4 two-sided Hoeffding bounds of products in [-1, 1] at kappa = sqrt((2/n) ln(32 d^4/p)) add up to p."""
    import sympy

    d, n, p = sympy.symbols("d n p", positive=True)
    squared = 2 / n * sympy.log(32 * d**exponent / p)
    return identity.vanishes(2 * (2 * d) ** 4 * sympy.exp(-n * squared / 2) - p)


def _radius_cases(factor: int) -> list[tuple[str, float, Any]]:
    from flint import arb

    found = []
    for d, n, p in ((64, 100000, 0.01), (12, 400, 0.1), (1024, 10**9, 1e-6)):
        radius = (factor * (32 * arb(d) ** 4 / p).log() / n).sqrt()
        found.append((f"d={d} n={n} p={p}", boolean.interaction_radius(d=d, n=n, p=p), radius))
    return found


STEPS = (
    Step(
        "P13",
        ("boolean/ks-lemma-8",),
        "The mean parity of an input in the window, exactly, against the explicit bound",
        "exhaust",
        lambda: exhaust.holds(_mean_parity(True)),
        Control("without the window", lambda: exhaust.holds(_mean_parity(False))),
    ),
    Step(
        "P14",
        ("boolean/ks-lemma-9",),
        "There are fewer than (2d)^4 products of at most four bits",
        "identity",
        lambda: _union_count(1),
        Control("2d in place of 2d - 1", lambda: _union_count(0)),
    ),
    Step(
        "P15",
        ("boolean/ks-theorem-2",),
        "The exponent nu is 11 + eps",
        "identity",
        lambda: _exponent("eps/4"),
        Control("nu_3 = eps/2", lambda: _exponent("eps/2")),
    ),
    Step(
        "lemma-9-radius",
        ("boolean/ks-lemma-9",),
        "At kappa = sqrt((2/n) ln(32 d^4/p)) the union over (2d)^4 products has probability p",
        "identity",
        lambda: _radius(4),
        Control("32 d^3", lambda: _radius(3)),
    ),
    Step(
        "lemma-9-function",
        ("boolean/ks-lemma-9",),
        "The function equals kappa in balls, to 10^-12",
        "certify",
        lambda: certify.all_near(lambda: _radius_cases(2), within=1e-12),
        Control("1/n in place of 2/n", lambda: certify.all_near(lambda: _radius_cases(1), within=1e-12)),
    ),
    Step(
        "link",
        ("boolean/ks-theorem-5",),
        "The link takes its fixed values, is symmetric, and has the slope 4 where its pieces meet",
        "exhaust",
        lambda: exhaust.equal(_link_cases(4)),
        Control("slope 2 there", lambda: exhaust.equal(_link_cases(2))),
    ),
    Step(
        "link-gap",
        ("boolean/ks-theorem-5",),
        "d times the gap of a parity pair is 2c/d for the link -1 + c z^2",
        "exhaust",
        lambda: exhaust.equal(_pair_parity(Fraction(1))),
        Control("c/d", lambda: exhaust.equal(_pair_parity(Fraction(1, 2)))),
    ),
    Step(
        "link-moments",
        ("boolean/ks-theorem-5", "boolean/parity-pairs"),
        "Both moments of a parity pair under the parent's link equal enumeration (d = 3 to 10)",
        "exhaust",
        lambda: exhaust.equal(_ks_moments(1)),
        Control("twice the mean", lambda: exhaust.equal(_ks_moments(2))),
    ),
    Step(
        "link-signal",
        ("boolean/ks-theorem-5", "boolean/parity-pairs"),
        "d SNR^2 falls and exceeds 1/4 by less than 4/d (d = 16 to 1024): there n of order d log d ranks parity pairs",
        "exhaust",
        lambda: exhaust.holds(_signal_limit(False)),
        Control("d^2 SNR^2", lambda: exhaust.holds(_signal_limit(True))),
    ),
    Step(
        "eq-5",
        ("boolean/ks-eq-5",),
        "Equation (5) is negative at d = 64, k = 32, one query, oracle error 1/100, for all n up to 1.6 * 10^18",
        "certify",
        lambda: _query_bound((16 * 10**17,)),
        Control("up to 1.7 * 10^18", lambda: _query_bound((17 * 10**17,))),
        role="vacuity",
    ),
    Step(
        "eq-5-half",
        ("boolean/ks-eq-5",),
        "There it stays below 1/2 for all n up to 6.4 * 10^18",
        "certify",
        lambda: _query_half(64 * 10**17),
        Control("up to 6.5 * 10^18", lambda: _query_half(65 * 10**17)),
        role="vacuity",
    ),
    Step(
        "eq-5-function",
        ("boolean/ks-eq-5",),
        "The function equals equation (5) without its last term in balls, to 10^-12",
        "certify",
        lambda: certify.all_near(lambda: _query_cases(1), within=1e-12),
        Control("twice the squared gradient", lambda: certify.all_near(lambda: _query_cases(2), within=1e-12)),
    ),
)
