"""Two tokens: Lemma 1 and Proposition 1, their exact forms, and the printed converse, which is false.

Letters as in `theory.selective.two_tokens`: p, q the leads that rows 1 and 2 ask for, B the least q, [low, high] the range of p.
Row i sees u = W (e_1 - e_2) only: e_1 u = p and e_2 u = -q, so the least norm is that of a quadratic in (p, q).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from proofs_check.core import certify, exhaust, identity
from proofs_check.core.derivation import Control, Result, Step
from theory import selective

HALF, NEAR = Fraction(1, 2), Fraction(999, 1000)
Point = tuple[Fraction, Fraction]


# ---------------------------------------------------------------------------- Lemma 1
def _triangle(cross: int) -> Result:
    """|x - y|^2 - (|x| - |y|)^2 = 2(|x||y| - x.y), and |x|^2 |y|^2 - (x.y)^2 is a sum of squares (three dimensions)."""
    import sympy

    xs, ys = sympy.symbols("x0:3", real=True), sympy.symbols("y0:3", real=True)
    x, y = sympy.symbols("X Y", nonnegative=True)
    dot = sum(a * b for a, b in zip(xs, ys))
    squares = {"x": sum(a * a for a in xs), "y": sum(b * b for b in ys)}
    apart = sum((a - b) ** 2 for a, b in zip(xs, ys)) - squares["x"] - squares["y"] + x**2 + y**2
    gap = apart - (x - y) ** 2 - 2 * (x * y - cross * dot)
    lagrange = squares["x"] * squares["y"] - dot**2
    for i, j in itertools.combinations(range(3), 2):
        lagrange -= (xs[i] * ys[j] - xs[j] * ys[i]) ** 2
    return identity.vanishes([sympy.expand(gap), sympy.expand(lagrange)])


def _bound_below_exact(doubled: bool) -> list[tuple[str, Any, Any]]:
    """The printed bound (times sqrt 2 in the control) is below the exact norm, both squared and in balls."""
    found = []
    for a, b, hundredths in itertools.product((1, 2, 3, 5), (0, 1, 2), (-90, -50, 0, 20, 50, 90, 99)):
        rho = Fraction(hundredths, 100)
        if b < a:
            bound = Fraction((a - b) ** 2) / (2 - 2 * rho) * (2 if doubled else 1)
            found.append(
                (f"L_a={a} L_b={b} rho={rho}", certify.ball(bound), certify.ball(_exact_square(a, Fraction(b), rho)))
            )
    return found


def _exact_square(L_a: int, L_b: Fraction, rho: Fraction) -> Fraction:
    if L_a * abs(rho) <= L_b:
        return Fraction(L_a) ** 2
    return (L_a**2 + L_b**2 - 2 * abs(rho) * L_a * L_b) / (1 - rho**2)


def _branch(sign: int) -> Result:
    """(t - L_a^2)(t - L_b^2) - (t rho - L_a L_b)^2 with t = |W|^2 has the factor t and the root of the second branch."""
    import sympy

    t, a, b, rho = sympy.symbols("t L_a L_b rho", positive=True)
    boundary = (t - a**2) * (t - b**2) - (t * rho - a * b) ** 2
    return identity.vanishes(sympy.expand(boundary - t * (t * (1 - rho**2) - (a**2 + b**2 + sign * 2 * rho * a * b))))


def _admits(t: Fraction, L_a: int, L_b: Fraction, rho: Fraction) -> bool:
    """Whether |W|^2 <= t is possible: t G - H is positive semidefinite for some |W^T b| = l <= L_b, h = (W^T a).(W^T b)."""
    for part in range(9):
        length = L_b * part / 8
        best = min(max(t * rho, -L_a * length), L_a * length)
        if t >= L_a**2 and t >= length**2 and (t - L_a**2) * (t - length**2) >= (t * rho - best) ** 2:
            return True
    return False


def _exact_lemma(printed: bool) -> Iterator[tuple[str, bool]]:
    """The exact square is admitted and 999 thousandths of it are not."""
    for a, eighths, hundredths in itertools.product((1, 2, 3), (0, 2, 5, 8, 16), (-95, -60, 0, 30, 80, 99)):
        rho, b = Fraction(hundredths, 100), Fraction(eighths, 8)
        square = Fraction(a - b) ** 2 / (2 - 2 * rho) if printed else _exact_square(a, b, rho)
        name = f"L_a={a} L_b={b} rho={rho}"
        # below the second branch the best length is a |rho|, which the eighths of L_b must hold
        reach = _admits(square, a, b, rho) or _admits(square, a, min(b, a * abs(rho)), rho)
        yield name, reach and not _admits(square * NEAR, a, b, rho)


# ---------------------------------------------------------------------------- the reduction of Proposition 1
def _reduction(sign: int) -> Result:
    """u in the span of unit e_1, e_2 with e_1 u = p, e_2 u = -q has |u|^2 = (p^2 + q^2 + 2 rho p q)/(1 - rho^2)."""
    import sympy

    p, q, rho = sympy.symbols("p q rho", real=True)
    gram = sympy.Matrix([[1, rho], [rho, 1]])
    lead = sympy.Matrix([p, -q])
    square = (lead.T * gram.inv() * lead)[0]
    return identity.vanishes(sympy.together(square - (p**2 + q**2 + sign * 2 * rho * p * q) / (1 - rho**2)))


def _constants(factor: Fraction) -> Iterator[tuple[str, bool]]:
    """|p| <= |logit g| + log 3, B >= log(3/(4 eps)) and |p| <= B, as quotients without logarithms."""
    for i, j in itertools.product(range(1, 200), range(1, 21)):
        g = Fraction(i, 200)
        eps = min(g, 1 - g) / 2 * Fraction(j, 20)
        upper = (1 - g + eps) / (g - eps) <= factor * (1 - g) / g
        lower = (g + eps) / (1 - g - eps) <= factor * g / (1 - g)
        inside = min(g, 1 - g) - eps >= eps
        yield f"g={g} eps={eps}", upper and lower and 1 - eps >= Fraction(3, 4) and inside


def _squares(sign: int) -> Result:
    """p^2 + q^2 + 2 rho p q - (q - |p|)^2 = 2q(|p| + rho p) >= 0, and the logs add up to log(1/(4 eps)) - G."""
    import sympy

    s, q, rho, eps, g = sympy.symbols("s q rho eps G", positive=True)
    parts = [p**2 + q**2 + 2 * rho * p * q - (q - s) ** 2 - 2 * q * (s + sign * rho * p) for p in (s, -s)]
    chain = sympy.expand_log(sympy.log(3 / (4 * eps)) - (g + sympy.log(3)) - (sympy.log(1 / (4 * eps)) - g), force=True)
    return identity.vanishes([*map(sympy.expand, parts), chain])


# ---------------------------------------------------------------------------- exact norms as quadratic programs
def _is_least(point: Point, rho: Fraction, B: Fraction, low: Fraction | None, high: Fraction | None) -> bool:
    """Karush-Kuhn-Tucker for min p^2 + q^2 + 2 rho p q over low <= p <= high, q >= B: enough, as the form is convex."""
    p, q = point
    if (low is not None and p < low) or (high is not None and p > high) or q < B:
        return False
    pull_p, pull_q = p + rho * q, q + rho * p
    good_p = (
        pull_p == 0 or (pull_p > 0 and low is not None and p == low) or (pull_p < 0 and high is not None and p == high)
    )
    return good_p and (pull_q == 0 or (pull_q > 0 and q == B))


def _cells() -> Iterator[tuple[str, Fraction, Fraction, Fraction, Fraction]]:
    """(name, rho, B, low, high) with |low|, |high| <= B, as the reduction ensures; rationals in place of logits."""
    for hundredths, low, width in itertools.product((-90, -40, 0, 30, 90), range(-8, 8), (1, 3, 7)):
        rho, B = Fraction(hundredths, 100), Fraction(9)
        yield f"rho={rho} p in [{low}, {low + width}]", rho, B, Fraction(low), min(Fraction(low + width), B)


def _standard(clipped: bool) -> Iterator[tuple[str, bool]]:
    for name, rho, B, low, high in _cells():
        p = min(max(-rho * B if clipped else Fraction(0), low), high)
        yield name, _is_least((p, B), rho, B, low, high)


def _positive(signed: bool) -> Iterator[tuple[str, bool]]:
    """A positive temperature shrinks p towards 0 and keeps its sign: the range becomes a half-line, or all if 0 is inside."""
    for name, rho, B, low, high in _cells():
        nearest = min(max(Fraction(0), low), high)
        half = (low, None) if low >= 0 else (None, high) if high <= 0 else (None, None)
        towards = -rho if high <= 0 else rho
        excess = max(abs(nearest) + (-abs(rho) if signed else towards) * B, Fraction(0))
        if half == (None, None):
            excess = Fraction(0)
        side = -1 if high <= 0 else 1
        p = side * excess - rho * B  # p + rho B is the excess, on the side of the range
        yield name, _is_least((p, B), rho, B, *half)


def _signed(drop: bool) -> Iterator[tuple[str, bool]]:
    """A temperature of any sign asks for |p| at least the distance of the range from 0: the better of two half-lines."""
    for name, rho, B, low, high in _cells():
        far = abs(min(max(Fraction(0), low), high))
        values = []
        for side in (1, -1):
            p = max(-rho * B * side, far) * side
            if not _is_least((p, B), rho, B, *((far, None) if side > 0 else (None, -far))):
                yield f"{name} side {side}", False
            values.append((p + rho * B) ** 2)
        excess = max(far + (abs(rho) if drop else -abs(rho)) * B, Fraction(0))
        yield name, min(values) == excess**2


# ---------------------------------------------------------------------------- the converse
def _norms(g: Fraction, rho: Fraction, eps: Fraction) -> dict[str, Any]:
    """Printed converse and exact norms in balls, from the formulas of the statement."""
    from flint import arb

    def logit(x: Fraction) -> Any:
        return certify.ball(x / (1 - x)).log()

    B, distance, sine = -logit(eps), certify.ball(2 - 2 * rho).sqrt(), certify.ball(1 - rho**2).sqrt()
    low, high = logit(1 - g - eps), logit(1 - g + eps)
    nearest = low if low > 0 else high if high < 0 else arb(0)
    towards = certify.ball(-rho if high < 0 else rho)
    inside = bool(low < 0) and bool(high > 0)

    def norm(excess: Any) -> Any:
        return (B**2 + (excess.max(arb(0)) / sine) ** 2).sqrt() / distance

    printed = (1 / certify.ball(eps)).log().max(abs(logit(1 - g)) / sine) / distance
    return {
        "printed": printed,
        "positive": norm(arb(0) if inside else abs(nearest) + towards * B),
        "signed": norm(abs(nearest) - abs(certify.ball(rho)) * B),
        "repaired": (B**2 + logit(1 - g) ** 2).sqrt() / distance,
    }


def _tenth(*values: int) -> tuple[Fraction, Fraction, Fraction]:
    g, rho, eps = values
    return Fraction(g, 10), Fraction(rho, 10), Fraction(eps, 100)


def _broken(kind: str, cells: tuple[tuple[int, int, int], ...]) -> list[tuple[str, Any, Any]]:
    found = []
    for cell in cells:
        norms = _norms(*_tenth(*cell))
        found.append(("g={} rho={} eps={}".format(*_tenth(*cell)), norms["printed"], norms[kind]))
    return found


POSITIVE_CELLS = ((1, 0, 1), (1, 9, 1), (3, 3, 5), (9, -9, 1))
SIGNED_CELLS = ((1, 0, 1), (2, 1, 1), (8, -1, 1), (1, 2, 1))
HARMLESS = ((9, 9, 1),)


def _repair(kept: bool) -> Iterator[tuple[str, bool]]:
    """(s - |rho| B)_+^2 <= (1 - rho^2) s^2 for s = |nearest p| <= B; the control asks for half of the right side."""
    for hundredths, s, B in itertools.product(range(0, 100, 5), range(0, 41), (10, 20, 40)):
        rho = Fraction(hundredths, 100)
        if s <= B:
            excess = max(s - rho * B, Fraction(0))
            yield f"rho={rho} s={s} B={B}", excess**2 <= (1 - rho**2) * s**2 * (1 if kept else HALF)


def _agreement(field: str, wrong: str) -> list[tuple[str, float, Any]]:
    found = []
    for cell in (*POSITIVE_CELLS, *SIGNED_CELLS, *HARMLESS, (5, 9, 1), (2, -8, 1)):
        g, rho, eps = _tenth(*cell)
        value = getattr(selective.two_token_norms(g=float(g), rho=float(rho), eps=float(eps)), field)
        found.append((f"g={g} rho={rho} eps={eps}", value, _norms(g, rho, eps)[wrong]))
    return found


LEMMA, LEMMA_EXACT = ("selective/lemma-1",), ("selective/lemma-1-exact",)
PROP, NORMS, CONVERSE = "selective/proposition-1", "selective/two-token-norms", ("selective/proposition-1-converse",)
STEPS = (
    Step(
        "lemma-1",
        LEMMA,
        "|W^T(a - b)| >= |W^T a| - |W^T b|: the difference of squares is twice Cauchy's gap, itself a sum of squares",
        "identity",
        lambda: _triangle(1),
        Control("the cross term with the other sign", lambda: _triangle(-1)),
    ),
    Step(
        "lemma-1-grid",
        LEMMA,
        "The bound is below the exact least norm on a grid of L_a, L_b and rho",
        "certify",
        lambda: certify.all_less(lambda: _bound_below_exact(False)),
        Control("the bound times sqrt 2", lambda: certify.all_less(lambda: _bound_below_exact(True))),
    ),
    Step(
        "lemma-1-exact",
        LEMMA_EXACT,
        "Where |W| <= t meets its boundary, t^2 (1 - rho^2) = L_a^2 + L_b^2 - 2 rho L_a L_b",
        "identity",
        lambda: _branch(-1),
        Control("+ 2 rho L_a L_b", lambda: _branch(1)),
    ),
    Step(
        "lemma-1-exact-grid",
        LEMMA_EXACT,
        "The exact norm is admitted by the semidefinite condition and .9995 of it is not, on a rational grid",
        "exhaust",
        lambda: exhaust.holds(_exact_lemma(False)),
        Control("Lemma 1's bound in its place", lambda: exhaust.holds(_exact_lemma(True))),
    ),
    Step(
        "two-token-reduction",
        (PROP, NORMS),
        "Rows see u = W(e_1 - e_2) only, and |u|^2 = (p^2 + q^2 + 2 rho p q)/(1 - rho^2)",
        "identity",
        lambda: _reduction(1),
        Control("- 2 rho p q", lambda: _reduction(-1)),
    ),
    Step(
        "proposition-1-constants",
        (PROP,),
        "|p| <= |logit g| + log 3, B >= log(3/(4 eps)) and |p| <= B on 3 980 rational cells",
        "exhaust",
        lambda: exhaust.holds(_constants(Fraction(3))),
        Control("5/2 in place of 3", lambda: exhaust.holds(_constants(Fraction(5, 2)))),
    ),
    Step(
        "sqrt-2",
        (PROP, NORMS),
        "p^2 + q^2 + 2 rho p q >= (q - |p|)^2, hence the lower bound with sqrt(1 - rho^2), sqrt 2 above the printed one",
        "identity",
        lambda: _squares(1),
        Control("the remainder with the other sign of rho p", lambda: _squares(-1)),
    ),
    Step(
        "two-token-standard",
        (NORMS,),
        "p = -rho B clipped to its range and q = B are optimal for standard attention (optimality conditions in fractions)",
        "exhaust",
        lambda: exhaust.holds(_standard(True)),
        Control("p nearest 0", lambda: exhaust.holds(_standard(False))),
    ),
    Step(
        "two-token-positive",
        (NORMS,),
        "With a positive temperature the excess |p| + sign(p) rho B, cut at 0, is optimal",
        "exhaust",
        lambda: exhaust.holds(_positive(False)),
        Control("the excess of signed temperatures", lambda: exhaust.holds(_positive(True))),
    ),
    Step(
        "two-token-signed",
        (NORMS,),
        "With a temperature of any sign the excess |p| - |rho| B, cut at 0, is optimal",
        "exhaust",
        lambda: exhaust.holds(_signed(False)),
        Control("|p| + |rho| B", lambda: exhaust.holds(_signed(True))),
    ),
    Step(
        "two-token-values",
        (NORMS,),
        "The function's positive norms agree with balls on eleven cells",
        "certify",
        lambda: certify.all_near(lambda: _agreement("positive", "positive"), within=1e-12),
        Control("the signed norms", lambda: certify.all_near(lambda: _agreement("positive", "signed"), within=1e-12)),
    ),
    Step(
        "converse-positive",
        CONVERSE,
        "The printed converse is below the exact norm of positive temperatures, at g = .1, rho = .9, eps = .01 by a factor 2.97",
        "certify",
        lambda: certify.all_less(lambda: _broken("positive", POSITIVE_CELLS)),
        Control(
            "g = .9, where both rows want one key", lambda: certify.all_less(lambda: _broken("positive", HARMLESS))
        ),
        role="refutes",
    ),
    Step(
        "converse-signed",
        CONVERSE,
        "It is below the exact norm of signed temperatures too",
        "certify",
        lambda: certify.all_less(lambda: _broken("signed", SIGNED_CELLS)),
        Control("g = .9, rho = .9", lambda: certify.all_less(lambda: _broken("signed", HARMLESS))),
        role="refutes",
    ),
    Step(
        "converse-repaired",
        CONVERSE,
        "(|p| - |rho| B)_+^2 <= (1 - rho^2) p^2, hence tau |W| <= sqrt(B^2 + logit^2 g)/|e_1 - e_2| with signed temperatures",
        "exhaust",
        lambda: exhaust.holds(_repair(True)),
        Control("half of the right side", lambda: exhaust.holds(_repair(False))),
        role="corrects",
    ),
)
