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


def _pair_parity(factor: Fraction) -> Iterator[tuple[str, Any, Any]]:
    """d * gap of a pair parity under the link -1 + c z^2: enumeration, the function, and 2c/d."""
    c = Fraction(4)
    for d in (4, 6, 8):
        total = Fraction(0)
        for x in itertools.product((-1, 1), repeat=d):
            z = Fraction(sum(x), d)
            total += (x[0] * x[1] - (-1 + c * z * z)) * 2 * c * z * (x[0] - x[-1])
        total /= 2**d
        yield f"enumeration d={d}", total, factor * 2 * c / d
        yield f"function d={d}", boolean.parity_pair_moments(d=d, link="quadratic", c=c)[0], total


def _query_bound(exponents: range) -> Result:
    """Equation (5) without its last term, at d = 64, k = 32, T = 1, oracle error 1/100, |grad|^2 = 1984, is negative."""

    def pairs() -> list[tuple[str, Any, Any]]:
        from flint import arb

        found = []
        for exponent in exponents:
            share = (arb(4 * 64) / arb(10) ** exponent).sqrt().max(1 / arb(math.comb(64, 32)))
            found.append((f"n = 10^{exponent}", 1 - 4 * arb(10**4) * share * 1984, arb(0)))
        return found

    return certify.all_less(pairs)


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
        "link-gap",
        ("boolean/ks-theorem-5",),
        "d times the gap of a parity pair is 2c/d for the link -1 + c z^2",
        "exhaust",
        lambda: exhaust.equal(_pair_parity(Fraction(1))),
        Control("c/d", lambda: exhaust.equal(_pair_parity(Fraction(1, 2)))),
    ),
    Step(
        "eq-5",
        ("boolean/ks-eq-5",),
        "Equation (5) is negative at d = 64, k = 32, one query, oracle error 1/100, for n = 10^2 .. 10^18",
        "certify",
        lambda: _query_bound(range(2, 19)),
        Control("at n = 10^20", lambda: _query_bound(range(20, 21))),
        role="vacuity",
    ),
)
