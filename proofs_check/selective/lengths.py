"""Length: dilution, schedules, random keys, and Proposition 2, whose second part is empty from L = 20 on.

Letters: L tokens, B or w largest score, n position, s = sigmoid(alpha), kappa_n = n_b/n_a, mix weight of a, M the factor of
one type of query, rho cosine of a and b.  Rows that a proof needs for all L are linear in m for L = 4m + r.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from proofs_check.core import certify, exhaust, identity
from proofs_check.core.derivation import Control, Result, Step
from theory import selective

HALF = Fraction(1, 2)


# ---------------------------------------------------------------------------- dilution
def _maximiser(tenths: int) -> Result:
    """The top weight falls in every other score, so the antipodal keys (scores B and -B) attain the bound; its inverse."""
    import sympy

    B, n, p = sympy.symbols("B L p", positive=True)
    x = sympy.symbols("x0:3", real=True)
    weights = [sympy.exp(one) / sum(map(sympy.exp, x)) for one in x]
    falls = sympy.diff(weights[0], x[1]) + weights[0] * weights[1]
    bound = 1 / (1 + (n - 1) * sympy.exp(-sympy.Rational(tenths, 10) * B))
    antipodal = sympy.exp(B) / (sympy.exp(B) + (n - 1) * sympy.exp(-B))
    odds = p / (1 - p)
    least = (sympy.log(n - 1) + sympy.log(odds)) / 2
    inverse = 1 / (1 + (n - 1) * sympy.exp(-2 * least)) - p
    return identity.vanishes(
        [sympy.simplify(falls), sympy.simplify(1 / antipodal - 1 / bound), sympy.simplify(inverse)]
    )


def _orthogonal(halved: bool) -> Result:
    """Orthogonal distractors have score 0: the bound at B/2."""
    import sympy

    B, n = sympy.symbols("B L", positive=True)
    weight = sympy.exp(B) / (sympy.exp(B) + n - 1)
    return identity.vanishes(sympy.simplify(1 / weight - 1 - (n - 1) * sympy.exp(-2 * (B / 2 if halved else B))))


def _schedule_limits(factor: int) -> Result:
    """1/(1 + c (n-1) n^(-2ws)) tends to 0, 1/(1 + c), 1 for 2ws = 1/2, 1, 3/2; c = e^(-2w)."""
    import sympy

    n, c = sympy.symbols("n c", positive=True)
    found = []
    for twice_ws, limit in ((HALF, 0), (Fraction(1), 1 / (1 + c)), (Fraction(3, 2), 1)):
        power = sympy.Rational(factor * twice_ws.numerator, 2 * twice_ws.denominator)
        found.append(sympy.simplify(sympy.limit(1 / (1 + c * (n - 1) * n ** (-power)), n, sympy.oo) - limit))
    return identity.vanishes(found)


def _schedule_slope(shift: int) -> Result:
    """d log p/d log n = (1 - p)(2ws - n/(n-1)), of the sign of 2ws (n-1)/n - 1."""
    import sympy

    n, w, s = sympy.symbols("n w s", positive=True)
    rest = (n - 1) * n ** (-2 * w * s) * sympy.exp(-2 * w)
    p = 1 / (1 + rest)
    slope = n * sympy.diff(sympy.log(p), n)
    return identity.vanishes(
        sympy.simplify((slope - rest / (1 + rest) * (2 * w * s - n / (n - shift))) * (1 + rest) / rest)
    )


# ---------------------------------------------------------------------------- random keys
def _moments(shift: int) -> Iterator[tuple[str, Fraction, Fraction]]:
    """E u_1^(2k)/(2k)! = 1/(4^k k! (d/2)_k) for odd d, from the integral of u^(2k) (1 - u^2)^((d-3)/2)."""
    for d, k in itertools.product((3, 5, 7, 9, 11), range(12)):
        half = (d - 3) // 2

        def integral(power: int, half: int = half) -> Fraction:
            return sum(
                (Fraction((-1) ** j * math.comb(half, j) * 2, power + 2 * j + 1) for j in range(half + 1)), Fraction(0)
            )

        rising = math.prod((Fraction(d + shift, 2) + j for j in range(k)), start=Fraction(1))
        found = integral(2 * k) / integral(0) / math.factorial(2 * k)
        yield f"d={d} k={k}", found, 1 / (4**k * math.factorial(k) * rising)


def _random_values(shift: int) -> list[tuple[str, float, Any]]:
    from flint import arb

    found = []
    for L, B, d in ((256, 6, 16), (1024, 10, 64), (1024, 20, 8), (10**4, 399, 4), (100, 2, 5000)):
        mean = (arb(B) ** 2 / 4).hypgeom_0f1(arb(d + shift) / 2)
        weight = 1 / (1 + (L - 1) * mean * arb(-B).exp())
        found.append((f"L={L} B={B} d={d}", selective.max_weight_random_keys(L=L, B=B, d=d), weight))
    return found


def _exponents(shift: int) -> Result:
    """B^((d-1)/2) e^(-B) M_d(B) tends to Gamma(d/2) 2^(d/2-1)/sqrt(2 pi), so (L-1) e^(-B) M_d = const needs L^(2/(d-1))."""
    import sympy

    B = sympy.symbols("B", positive=True)
    found = []
    for d in (3, 5, 7):
        # 0F1(; d/2; B^2/4) from d = 1, 3: M_1 = cosh B, M_(d+2) = d M_d'/B
        mean = sympy.cosh(B)
        for k in range(1, d, 2):
            mean = sympy.expand(k * sympy.diff(mean, B) / B)
        limit = sympy.limit(
            sympy.expand((mean * sympy.exp(-B)).rewrite(sympy.exp) * B ** ((d - 1) // 2 - shift)), B, sympy.oo
        )
        half = sympy.Rational(d, 2)
        found.append(sympy.simplify(limit - sympy.gamma(half) * 2 ** (half - 1) / sympy.sqrt(2 * sympy.pi)))
    return identity.vanishes(found)


def _nearness_of_exponents(shortest: int) -> list[tuple[str, Any, Any]]:
    """d log B/d log L = (1 + M e^(-B))/(B (1 - M'/M)) at weight 1/2 in four dimensions, from L = 2^shortest to 2^20."""
    from flint import arb

    found = []
    for power in range(shortest, 21):
        B = arb(selective.min_scale_random_keys(L=2**power, p=0.5, d=4))
        mean = (B**2 / 4).hypgeom_0f1(arb(2))
        growth = B / 4 * (B**2 / 4).hypgeom_0f1(arb(3)) / mean
        slope = (1 + mean * (-B).exp()) / (B * (1 - growth))
        found.append((f"L=2^{power}", abs(slope - arb(2) / 3), arb(1) / 50))
    return found


# ---------------------------------------------------------------------------- Proposition 2
def _perfect(numerator: bool) -> Result:
    """W with W b = 0 and a^T W a = b^T W a = 1 exists, and at tau = log kappa + logit mix the weight of a is mix."""
    import sympy

    rho, mix, n_a, n_b = sympy.symbols("rho mix n_a n_b", positive=True)
    basis = sympy.Matrix([[1, rho], [0, sympy.sqrt(1 - rho**2)]])  # columns a, b
    scores = sympy.Matrix([[1, 0], [1, 0]])  # rows: queries a, b; columns: keys a, b
    weights = basis.inv().T * scores * basis.inv()
    growth = n_b / n_a * mix / (1 - mix)  # exp(tau)
    share = n_a * growth / (n_a * growth + n_b)
    if numerator:  # as printed: the b part carries exp(tau) too
        share = n_a * growth / (n_a * growth + n_b * growth)
    exists = (basis.T * weights * basis - scores).applyfunc(sympy.simplify)
    return identity.vanishes([*exists, sympy.simplify(share - mix)])


def _layer_schedule(inverse: bool) -> Result:
    """log kappa_n + logit mix = w (1 + s log n) for all n iff w = logit mix and s = pow/w (kappa_n = n^pow)."""
    import sympy

    log_n, power, odds = sympy.symbols("log_n pow logit", positive=True)
    w, s = sympy.symbols("w s", positive=True)
    gap = sympy.Poly(
        sympy.expand(power * log_n + odds - w * (1 + s * log_n)), log_n
    ).all_coeffs()  # must vanish: [slope, rest]
    solved = {w: odds, s: odds / power if inverse else power / odds}
    return identity.vanishes([one.subs(solved) for one in gap])


def _impossible(c: int) -> Iterator[tuple[str, bool]]:
    """(1 + c) floor(L/2) > 3 ceil(3L/4) for L = 4m + r, m >= 5: linear in m, so the value at m = 5 and the slope decide.

    kappa <= 2 at floor(L/2) asks n_a >= floor(L/2)/3, kappa >= c at ceil(3L/4) allows n_a <= ceil(3L/4)/(1 + c), and n_a
    does not fall.
    """
    for r in range(4):

        def gap(m: int, r: int = r) -> int:
            length = 4 * m + r
            return (1 + c) * (length // 2) - 3 * -(-3 * length // 4)

        slope = gap(6) - gap(5)
        assert all(gap(m) == gap(5) + slope * (m - 5) for m in range(5, 40))
        yield f"L = 4m + {r}: {gap(5)} at m = 5, slope {slope}", gap(5) > 0 and slope > 0


def _meets(string: str, c: int) -> bool:
    """The hypotheses on kappa_n, read off the string."""
    length = len(string)
    for n in range(1, length + 1):
        n_a = string[:n].count("a")
        if length <= 4 * n and 2 * n <= length and not (n_a and n_a <= n - n_a <= 2 * n_a):
            return False
        if 4 * n >= 3 * length and not (n_a and n - n_a >= c * n_a):
            return False
    return True


def _lengths(c: int) -> Iterator[tuple[str, int, int]]:
    """Numbers of strings that meet the hypotheses: enumerated to L = 13, counted to L = 80."""
    expected = {6: 2, 7: 2, 13: 6, 19: 20}
    for length in range(2, 14):
        found = sum(_meets("".join(one), c) for one in itertools.product("ab", repeat=length))
        yield f"L={length}", found, expected.get(length, 0)
    for length in range(14, 81):
        yield f"L={length}", selective.imbalance_hypotheses_count(L=length, c=c), expected.get(length, 0)


def _loss(string: str, rho: Fraction, factors: dict[str, Fraction]) -> Fraction:
    """The loss with mix 1/2 and one factor M = exp(score_b - score_a) for each type of query."""
    total, n_a = Fraction(0), 0
    for n, letter in enumerate(string, start=1):
        n_a += letter == "a"
        if 0 < n_a < n:
            total += (HALF - 1 / (1 + factors[letter] * Fraction(n - n_a, n_a))) ** 2
    return (2 - 2 * rho) / len(string) * total


def _below_promise(rho: Fraction) -> Iterator[tuple[str, bool]]:
    """Strings that meet the printed hypotheses, and rational factors with which the loss is at most 1/500."""
    for string, factors in (("babbbb", (1, Fraction(1, 3))), ("abbbbb", (1, HALF))):
        M = {"a": Fraction(factors[0]), "b": Fraction(factors[1])}
        yield f"{string} rho={rho}", _meets(string, 4) and _loss(string, rho, M) <= Fraction(1, 500)


def _loss_form(cosine: bool) -> Result:
    """|y - X^T s|^2 = (mix - s_a)^2 (2 - 2 rho) for unit tokens, whatever the mixture."""
    import sympy

    rho, mix, s = sympy.symbols("rho mix s", positive=True)
    a, b = sympy.Matrix([1, 0]), sympy.Matrix([rho, sympy.sqrt(1 - rho**2)])
    error = mix * a + (1 - mix) * b - s * a - (1 - s) * b
    return identity.vanishes(sympy.expand((error.T * error)[0] - (mix - s) ** 2 * (2 - (2 * rho if cosine else 0))))


def _fewest(length: int) -> tuple[int, int] | None:
    """Least numbers of b among the queries in [L/4, L/2] and in [3L/4, L], over the strings with kappa_n >= 3."""
    states = {(0, 0, 0)}
    for n in range(1, length + 1):
        early, late = length <= 4 * n and 2 * n <= length, 4 * n >= 3 * length
        step = set()
        for n_a, x, y in states:
            for is_a in (0, 1):
                a, b = n_a + is_a, n - n_a - is_a
                if (early and not a <= b <= 2 * a) or (late and (a == 0 or b < 3 * a)):
                    continue
                step.add((a, x + (early and not is_a), y + (late and not is_a)))
        states = step
    return (min(s[1] for s in states), min(s[2] for s in states)) if states else None


def _counts(early: int) -> Iterator[tuple[str, bool]]:
    """At least L/12 early and L/6 late queries are b, for every length from 6 to 48 that admits a string."""
    for length in range(6, 49):
        fewest = _fewest(length)
        if fewest is not None:
            yield f"L={length}", early * fewest[0] >= length and 6 * fewest[1] >= length


def _counts_for_all(early: int) -> Iterator[tuple[str, bool]]:
    """The same counts for every L >= 16: linear in m for L = 4m + r, m >= 4.

    With n1 = ceil(L/4), n2 = floor(L/2), n3 = ceil(3L/4): n_a(n2) <= n_a(n3) <= n3/4 and n_b(n1) <= 2 n1/3 leave
    n2 - n3/4 - 2 n1/3 early queries b; n_a(L) <= L/4 and n_a(n2) >= n2/3 leave L - n3 + 1 - L/4 + n2/3 late ones.
    """
    for r in range(4):

        def spare(m: int, r: int = r) -> tuple[Fraction, Fraction]:
            length = 4 * m + r
            n1, n2, n3 = -(-length // 4), length // 2, -(-3 * length // 4)
            first = n2 - Fraction(n3, 4) - Fraction(2 * n1, 3) - Fraction(length, early)
            return first, length - n3 + 1 - Fraction(length, 4) + Fraction(n2, 3) - Fraction(length, 6)

        slopes = [b - a for a, b in zip(spare(4), spare(5))]
        assert all(spare(m) == tuple(a + s * (m - 4) for a, s in zip(spare(4), slopes)) for m in range(4, 40))
        yield f"L = 4m + {r}: {spare(4)} at m = 4", min(spare(4)) >= 0 and min(slopes) >= 0


def _repaired_floor(promise: Fraction) -> Result:
    """(1/12) x^2 + (1/6) y^2 > promise/2 for all M, x and y the least errors at kappa in [1, 2] and kappa >= 3.

    x = 1/(1 + 2M) - 1/2 where positive and y = 1/2 - 1/(1 + 3M) where positive.  Below M = 1/3 x alone is 1/10 or more,
    above 1/2 y alone is, and (1/12)/100 suffices; between them both count.
    """
    if Fraction(1, 1200) <= promise / 2:
        raise ValueError("the outer ranges do not carry this promise")
    return certify.positive(
        lambda M: (
            (1 / (1 + 2 * M) - certify.ball(HALF)) ** 2 / 12
            + (certify.ball(HALF) - 1 / (1 + 3 * M)) ** 2 / 6
            - certify.ball(promise / 2)
        ),
        certify.ball(Fraction(1, 3)),
        certify.ball(HALF),
    )


# ---------------------------------------------------------------------------- appendix D
def _printed_fraction(corrected: bool) -> Iterator[tuple[str, bool]]:
    """At alpha = 0 nothing is sharpened, so the fraction must be 1; as printed it exceeds 1."""
    for root in (2, 3, 10, 31):
        large = Fraction(1, root)  # n = root^2, pow = 1/2
        kept = (1 - large) + large if corrected else 1 / (1 - large) + large
        yield f"n={root**2}: {kept}", kept > 1


def _kept(product: bool) -> Result:
    """The row cut to the fraction kappa at inverse temperature 1 has the top weight of the full row at 1 + alpha log n."""
    import sympy

    n, power, alpha, gamma = sympy.symbols("n pow alpha gamma", positive=True)
    large = n**-power
    decay = n ** (-alpha * gamma)
    kappa = (1 - large) * decay + large if product else decay / (1 - large) + large
    full = n * large + n * (1 - large) * sympy.exp(-gamma) * decay  # exp(-gamma alpha log n) is the power of n
    cut = n * large + (kappa - large) * n * sympy.exp(-gamma)
    return identity.vanishes(sympy.expand(full - cut))


def _entropy_slope(sign: int) -> Result:
    """dH/dtau = -tau Var_s(x) and d log s_i/dtau = x_i - mean (three scores)."""
    import sympy

    tau = sympy.symbols("tau", positive=True)
    x = sympy.symbols("x0:3", real=True)
    total = sum(sympy.exp(tau * one) for one in x)
    s = [sympy.exp(tau * one) / total for one in x]
    mean = sum(a * one for a, one in zip(s, x))
    variance = sum(a * one**2 for a, one in zip(s, x)) - mean**2
    entropy = sympy.log(total) - tau * mean  # -sum s log s
    top = sympy.diff(tau * x[0] - sympy.log(total), tau) - (x[0] - mean)
    return identity.vanishes([sympy.simplify(sympy.diff(entropy, tau) + sign * tau * variance), sympy.simplify(top)])


def _reversed(printed: bool) -> list[tuple[str, Any, Any]]:
    """Scores 0 and 1 at inverse temperatures 1 and 2: the top weight rises, the entropy falls."""
    from flint import arb

    def weight(tau: int) -> Any:
        return 1 / (1 + arb(-tau).exp())

    def entropy(tau: int) -> Any:
        p = weight(tau)
        return -(p * p.log() + (1 - p) * (1 - p).log())

    first, second = (2, 1) if printed else (1, 2)
    return [("top weight", weight(first), weight(second)), ("entropy", entropy(second), entropy(first))]


DILUTION, SCHEDULE, KEYS = ("selective/dilution",), ("selective/schedule",), ("selective/random-keys",)
FLAT, SPARSE, APPENDIX = (
    ("selective/proposition-2-flat",),
    ("selective/lemma-2",),
    ("selective/appendix-D-monotonicity",),
)
STEPS = (
    Step(
        "dilution",
        DILUTION,
        "The top weight falls in every other score; antipodal keys attain the bound, and (log(L-1) + logit p)/2 inverts it",
        "identity",
        lambda: _maximiser(20),
        Control("exp(-1.9 |W|)", lambda: _maximiser(19)),
    ),
    Step(
        "dilution-orthogonal",
        DILUTION,
        "Orthogonal distractors give the bound at |W|/2: the coefficient of log L is 1 there, 1/2 at best",
        "identity",
        lambda: _orthogonal(True),
        Control("the bound at |W|", lambda: _orthogonal(False)),
    ),
    Step(
        "schedule-limit",
        SCHEDULE,
        "(n-1) n^(-2ws) tends to infinity, 1 or 0 as 2ws is below, at or above 1",
        "identity",
        lambda: _schedule_limits(2),
        Control("n^(-ws)", lambda: _schedule_limits(1)),
    ),
    Step(
        "schedule-slope",
        SCHEDULE,
        "At finite n the slope of log p in log n has the sign of 2ws (n-1)/n - 1, so at 2ws = 1 the weight still falls",
        "identity",
        lambda: _schedule_slope(1),
        Control("2ws - 1", lambda: _schedule_slope(0)),
    ),
    Step(
        "random-keys-moments",
        KEYS,
        "The even moments of a coordinate on the sphere are those of 0F1(; d/2; B^2/4), odd d from 3 to 11",
        "exhaust",
        lambda: exhaust.equal(_moments(0)),
        Control("(d+1)/2", lambda: exhaust.equal(_moments(1))),
    ),
    Step(
        "random-keys",
        KEYS,
        "The function agrees with 0F1 in balls, also where the scaled Bessel function underflows",
        "certify",
        lambda: certify.all_near(lambda: _random_values(0), within=1e-11),
        Control("d + 1", lambda: certify.all_near(lambda: _random_values(1), within=1e-11)),
    ),
    Step(
        "random-keys-exponent",
        KEYS,
        "B^((d-1)/2) e^(-B) M_d(B) has a finite positive limit (d = 3, 5, 7), so the score grows like L^(2/(d-1))",
        "identity",
        lambda: _exponents(0),
        Control("the exponent (d-3)/2", lambda: _exponents(1)),
    ),
    Step(
        "random-keys-exponent-four",
        KEYS,
        "In four dimensions the exponent lies within 1/50 of 2/3 at every power of 2 from 2^7 to 2^20",
        "certify",
        lambda: certify.all_less(lambda: _nearness_of_exponents(7)),
        Control("from 2^4 on", lambda: certify.all_less(lambda: _nearness_of_exponents(4))),
    ),
    Step(
        "proposition-2-temperature",
        ("selective/proposition-2-temperature",),
        "W exists for independent a, b, and the weight of a is mix at tau_n = log kappa_n + logit mix",
        "identity",
        lambda: _perfect(False),
        Control("exp(tau) on the b part too, as the proof prints it", lambda: _perfect(True)),
    ),
    Step(
        "layer-schedule",
        ("selective/layer-schedule",),
        "log kappa_n + logit mix = w (1 + s log n) for all n asks w = logit mix and s = pow/w, below 1 iff logit mix > pow",
        "identity",
        lambda: _layer_schedule(False),
        Control("s = w/pow", lambda: _layer_schedule(True)),
    ),
    Step(
        "proposition-2-empty",
        FLAT,
        "No string meets the hypotheses for any L >= 20: n_a >= floor(L/2)/3 and n_a <= ceil(3L/4)/5 exclude each other",
        "exhaust",
        lambda: exhaust.holds(_impossible(4)),
        Control("kappa_n >= 3", lambda: exhaust.holds(_impossible(3))),
        role="vacuity",
    ),
    Step(
        "proposition-2-lengths",
        FLAT,
        "The hypotheses are met by 2, 2, 6, 20 strings for L = 6, 7, 13, 19, by none for other L up to 80",
        "exhaust",
        lambda: exhaust.equal(_lengths(4)),
        Control("kappa_n >= 3", lambda: exhaust.equal(_lengths(3))),
        role="vacuity",
    ),
    Step(
        "proposition-2-flat",
        FLAT,
        "Where they can be met the promise fails for near tokens: at rho = .99 a flat temperature has loss below 1/500",
        "exhaust",
        lambda: exhaust.holds(_below_promise(Fraction(99, 100))),
        Control("orthogonal tokens", lambda: exhaust.holds(_below_promise(Fraction(0)))),
        role="refutes",
    ),
    Step(
        "proposition-2-counts",
        FLAT,
        "With kappa_n >= 3 at least L/12 early and L/6 late queries are b (L = 6 to 48)",
        "exhaust",
        lambda: exhaust.holds(_counts(12)),
        Control("L/8 early, as printed", lambda: exhaust.holds(_counts(8))),
        role="corrects",
    ),
    Step(
        "proposition-2-counts-all",
        FLAT,
        "The same for every L >= 16, from what the hypotheses leave at L/4, L/2 and 3L/4",
        "exhaust",
        lambda: exhaust.holds(_counts_for_all(12)),
        Control("L/8 early", lambda: exhaust.holds(_counts_for_all(8))),
        role="corrects",
    ),
    Step(
        "proposition-2-repaired",
        FLAT,
        "Then no factor M has a loss below 1.13e-3 (1 - rho)",
        "certify",
        lambda: _repaired_floor(Fraction(113, 10**5)),
        Control("1.14e-3", lambda: _repaired_floor(Fraction(114, 10**5))),
        role="corrects",
    ),
    Step(
        "flat-loss-form",
        ("selective/flat-floor",),
        "One position's loss is (2 - 2 rho) times the squared mixing error",
        "identity",
        lambda: _loss_form(True),
        Control("without rho", lambda: _loss_form(False)),
    ),
    Step(
        "lemma-2-printed",
        SPARSE,
        "The printed fraction exceeds 1 at alpha = 0, where it must be 1",
        "exhaust",
        lambda: exhaust.holds(_printed_fraction(False)),
        Control("the corrected fraction", lambda: exhaust.holds(_printed_fraction(True))),
        role="refutes",
    ),
    Step(
        "lemma-2-corrected",
        SPARSE,
        "With the product in place of the quotient both rows have the same top weight",
        "identity",
        lambda: _kept(True),
        Control("the printed quotient", lambda: _kept(False)),
        role="corrects",
    ),
    Step(
        "appendix-D-reversed",
        APPENDIX,
        "From inverse temperature 1 to 2 the top weight rises and the entropy falls (scores 0 and 1)",
        "certify",
        lambda: certify.all_less(lambda: _reversed(False)),
        Control("the printed direction", lambda: certify.all_less(lambda: _reversed(True))),
        role="refutes",
    ),
    Step(
        "appendix-D-slope",
        APPENDIX,
        "dH/dtau = -tau Var_s(score), and a weight's log grows with its score's lead over the mean",
        "identity",
        lambda: _entropy_slope(1),
        Control("+ tau Var", lambda: _entropy_slope(-1)),
        role="corrects",
    ),
)
