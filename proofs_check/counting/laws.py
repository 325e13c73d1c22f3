"""T7, T8, T10 and T14: mirrored pairs, long strings, random read-outs, and the first-order training signal."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from proofs_check.core import certify, exhaust, identity, sample
from proofs_check.core.derivation import Control, Result, Step
from proofs_check.counting.strings import HALF, THIRD, chances, score, strings
from theory import counting

ZERO, ONE = Fraction(0), Fraction(1)


def _sympy(value: Fraction) -> Any:
    import sympy

    return sympy.Rational(value.numerator, value.denominator)


# ---------------------------------------------------------------------------- T7
def _swap(kappa: int) -> Result:
    """The pair's score is odd under n0 <-> n1; its slope in n1 is w1 (2 n0 + w2 n2 + wS)/Z^2, a sum of positive terms."""
    import sympy

    n0, n1, n2, lam, w02, frame = sympy.symbols("n0 n1 n2 lam w02 wS", positive=True)
    noise = w02 * n2

    def pair(x: Any, y: Any) -> Any:
        a = (-x + lam * y + kappa * noise) / (x + lam * y + noise + frame)
        return a + (-lam * x + y + kappa * noise) / (lam * x + y + noise + frame)

    rest = noise + frame
    slope = lam * (2 * n0 + rest) / (n0 + lam * n1 + rest) ** 2 + (2 * lam * n0 + rest) / (lam * n0 + n1 + rest) ** 2
    odd = pair(n0, n1) + pair(n1, n0)
    return identity.vanishes([odd, sympy.diff(pair(n0, n1), n1) - slope])


def _pair_cases(kappa: Fraction, second: Fraction, sigma: Fraction) -> Iterator[tuple[str, bool]]:
    """Sign of a head plus `second` times its mirror on all strings up to 5, 40 random pairs."""
    draw = random.Random(7)
    for i in range(40):
        lam, w02, frame = (Fraction(draw.randint(1, 40), draw.randint(1, 12)) for _ in range(3))
        for n in strings(5, "neg"):
            first = score(n, (lam, w02, kappa, sigma, frame))
            mirror = -score((n[1], n[0], n[2]), (lam, w02, -kappa, -sigma, frame))
            total = first + second * mirror
            sign = (total > 0) - (total < 0)
            plain = not kappa and not sigma and second == 1
            same = not plain or total == counting.mirror_pair_score(n=n, lam=lam, w02=w02, wS=frame)
            yield f"pair {i}, lambda={lam} at {n}", same and sign == (n[1] > n[0]) - (n[1] < n[0])


def _alone_cases(lams: tuple[Fraction, ...]) -> Iterator[tuple[str, bool]]:
    """A head alone errs at threshold 0 on some string, although the pair does not."""
    closest = [one for k in range(60) for one in ((k, k + 1, 0), (k + 1, k, 0))]
    for lam, w02, frame in itertools.product(lams, (Fraction(1, 10), ONE), (HALF, Fraction(4))):
        head = (lam, w02, ZERO, ZERO, frame)
        yield f"lambda={lam} w02={w02}", any((score(n, head) > 0) != (n[1] > n[0]) for n in closest)


def _one_token_cases(weight: Fraction) -> Iterator[tuple[str, Fraction, Fraction]]:
    """A sees only 1s, B only 0s: each below 1, their sum 1; by all cuts on the exact law."""
    for law, tie in itertools.product(("fixed", "uniform"), ("neg", "drop")):
        states = chances(7, law, tie)
        for which in ("A", "B", "sum"):
            value = {
                n: Fraction(n[1], n[1] + 1) * (which != "B") - weight * Fraction(n[0], n[0] + 1) * (which != "A")
                for n, _ in states
            }
            best = ZERO
            for cut in (Fraction(-2), *set(value.values())):
                right = sum((mass for n, mass in states if (value[n] > cut) == (n[1] > n[0])), ZERO)
                best = max(best, right, 1 - right)
            found = counting.one_token_head_accuracy(length_law=law, N=7, tie=tie, which=which)
            yield f"{law} {tie} {which}", Fraction(found), best


# ---------------------------------------------------------------------------- T8
def _uniform_form(w01: Any, w02: Any, kappa: Any) -> tuple[Any, Any]:
    """(g, 1 - r^2) at uniform p, from the definitions."""
    a, c = (1, w01, w02), (-1, 1, kappa)
    mean = sum(x * y for x, y in zip(a, c)) / sum(a)
    g = [x * (y - mean) for x, y in zip(a, c)]
    return g, 1 - (g[1] - g[0]) ** 2 / (2 * sum(one**2 for one in g))


def _correlation(factor: int) -> Result:
    """g sums to 0, and 1 - r^2 = 3 w02^2 (kappa w01 + kappa - w01 + 1)^2/(4 D)."""
    import sympy

    w, u = sympy.symbols("w01 w02", positive=True)
    k = sympy.Symbol("kappa", real=True)
    g, rest = _uniform_form(w, u, k)
    d = (
        u**2 * (k**2 * (w**2 + w + 1) + 2 * k * (1 - w**2) + w**2 - w + 1)
        + 2 * w * u * (w + 1 + k * (1 - w))
        + 4 * w**2
    )
    plain = w**2 * u**2 + 2 * w**2 * u + 4 * w**2 - w * u**2 + 2 * w * u + u**2
    return identity.vanishes(
        [
            sympy.together(sum(g)),
            sympy.cancel(rest - 3 * u**2 * (k * w + k - w + 1) ** 2 / (factor * d)),
            sympy.cancel(rest.subs(k, 0) - 3 * u**2 * (w - 1) ** 2 / (factor * plain)),
        ]
    )


def _correlation_values(sign: int) -> list[tuple[str, float, Any]]:
    """The function against the moments of one token's law, p0 = p1, in balls."""
    draw, cases = random.Random(8), []
    for i in range(40):
        w01, w02 = Fraction(draw.randint(1, 30), 7), Fraction(draw.randint(0, 30), 9)
        kappa, noise = Fraction(draw.randint(-12, 12), 5), Fraction(draw.randint(0, 9), 10)
        p = ((1 - noise) / 2, (1 - noise) / 2, noise)
        a, c = (ONE, w01, w02), (-ONE, ONE, sign * kappa)
        mean = sum(q * x * y for q, x, y in zip(p, a, c)) / sum(q * x for q, x in zip(p, a))
        g = [x * (y - mean) for x, y in zip(a, c)]
        first = sum(q * x for q, x in zip(p, g))
        variance = sum(q * x * x for q, x in zip(p, g)) - first**2
        exact = certify.ball(p[1] * g[1] - p[0] * g[0]) / certify.ball(variance * (p[0] + p[1])).sqrt()
        cases.append((f"case {i}", counting.gaussian_head_correlation(w01=w01, w02=w02, kappa=kappa, p=p), exact))
    return cases


Three = tuple[int | Fraction, int | Fraction, int | Fraction]
LIGHT: tuple[Three, ...] = (
    (2, 1, 0),
    (1, 1, 1),
    (1, 1, -HALF),
    (5, Fraction(1, 5), 0),
    (HALF, HALF, 0),
    (3, 1, 0),
    (1, HALF, 1),
)
HEAVY: tuple[Three, ...] = ((1, 2, HALF), (1, 2, 1), (4, 3, 0), (1, 5, 1), (2, 2, -1))


def _lattice_cases(limit: bool) -> list[tuple[str, Any, Any]]:
    """|exact accuracy - lattice form| by heads that attend to noise at most as to a 0, or more; `limit` takes n = infinity."""
    cases = []
    for heads, allowed in ((LIGHT, (10, 10, 6)), (HEAVY, (65, 40, 20))):
        for (w01, w02, kappa), (n, within) in itertools.product(heads, zip((11, 31, 101), allowed)):
            head = (w01, w02, kappa, 0, 0)
            exact = counting.separation_accuracy(length_law="fixed", N=n, head=head, tie="drop")
            r = counting.gaussian_head_correlation(w01=w01, w02=w02, kappa=kappa)
            law = counting.gaussian_separation_accuracy(r=r)
            found = law if limit else counting.lattice_separation_accuracy(n=n, r=r)
            away = abs(certify.ball(found) - certify.ball(exact))
            cases.append((f"n={n} head {w01}, {w02}, {kappa}", away, Fraction(within, 1000)))
    return cases


def _lattice_values(step: int) -> list[tuple[str, float, Any]]:
    """The lattice form in balls, with trinomial probabilities in whole numbers."""
    cases = []
    for n, r in ((1, 0.5), (11, 0.9878), (30, -0.3), (101, 0.9607)):
        ways = [
            sum(math.comb(n, i) * math.comb(n - i, i + d) for i in range((n - d) // 2 + 1)) for d in range(1, n + 1)
        ]
        slope = certify.ball(abs(r)) / (1 - certify.ball(r) ** 2).sqrt() / (certify.ball(2 * n) / 3).sqrt()
        right = sum(
            w * (1 + (step * d * slope / certify.ball(2).sqrt()).erf()) / 2 for d, w in enumerate(ways, start=1)
        )
        cases.append((f"n={n} r={r}", counting.lattice_separation_accuracy(n=n, r=r), right / sum(ways)))
    return cases


def _orthants(half: bool) -> Result:
    """Accuracy and AUC of a normal score with correlation r to a normal label, by drawing."""
    import numpy as np

    source, cases, m = np.random.default_rng(10), [], 40000
    for r in (0.3, 0.8, 0.97):
        label = source.standard_normal(m)
        drawn = r * label + math.sqrt(1 - r * r) * source.standard_normal(m)
        accuracy = counting.gaussian_separation_accuracy(r=r)
        cases.append((int(((drawn > 0) == (label > 0)).sum()), m, accuracy))
        ones, zeros = drawn[label > 0], drawn[label <= 0]
        pairs = min(len(ones), len(zeros))
        auc = counting.gaussian_auc(r=r) if half else accuracy
        cases.append((int((ones[:pairs] > zeros[:pairs]).sum()), pairs, auc))
    return sample.probability(cases)


def _relation_values(root: int) -> list[tuple[str, float, Any]]:
    from flint import arb

    cases = []
    for s in (0.5, 0.6, 0.75, 0.9, 0.999, 1.0):
        exact = arb(1) / 2 + 2 / arb.pi() * ((arb.pi() * (arb(s) - arb(1) / 2)).sin() / arb(root).sqrt()).asin()
        cases.append((f"s={s}", counting.auc_from_s_acc(s=s), exact))
    return cases


# ---------------------------------------------------------------------------- T10
def _angle(noise: Any) -> Result:
    """At uniform attention and uniform p the read-out at angle t of its plane has r = cos t."""
    import sympy

    t = sympy.Symbol("t", real=True)
    p = ((1 - noise) / 2, (1 - noise) / 2, noise)
    along, across = (
        (-1 / sympy.sqrt(2), 1 / sympy.sqrt(2), 0),
        (1 / sympy.sqrt(6), 1 / sympy.sqrt(6), -2 / sympy.sqrt(6)),
    )
    c = [x * sympy.cos(t) + y * sympy.sin(t) for x, y in zip(along, across)]
    mean = sum(q * x for q, x in zip(p, c))
    joint = p[1] * (c[1] - mean) - p[0] * (c[0] - mean)
    square = joint**2 / (sum(q * (x - mean) ** 2 for q, x in zip(p, c)) * (p[0] + p[1]))
    return identity.vanishes(sympy.simplify(square - sympy.cos(t) ** 2))


def _null_draws(attention: float) -> Result:
    """Limit accuracy of 4000 random read-outs: uniform on [1/2, 1]."""
    import numpy as np

    source, m = np.random.default_rng(12), 4000
    a = np.array([1.0, 1.0, attention])
    c = source.standard_normal((m, 3))
    g = a * (c - ((a * c).sum(axis=1) / a.sum())[:, None])
    r = np.abs(g[:, 1] - g[:, 0]) / np.sqrt(2 * (g**2).sum(axis=1))
    accuracy = np.array([counting.gaussian_separation_accuracy(r=min(1.0, one)) for one in r.tolist()])
    mean = counting.null_separation_accuracy()
    cases = [(int((accuracy <= cut).sum()), m, (cut - 0.5) / (2 * mean - 1)) for cut in (0.55, 0.65, mean, 0.85, 0.95)]
    return sample.probability(cases)


# ---------------------------------------------------------------------------- T14
def _noise_slope(kappa: int) -> Result:
    """ds/d ln w02 = -s w02 n2/Z at kappa = 0."""
    import sympy

    n0, n1, n2, w01, w02, sigma, frame = sympy.symbols("n0 n1 n2 w01 w02 sigma wS", positive=True)
    below = n0 + w01 * n1 + w02 * n2 + frame
    s = (-n0 + w01 * n1 + kappa * w02 * n2 + sigma * frame) / below
    return identity.vanishes(w02 * sympy.diff(s, w02) + s * w02 * n2 / below)


def _shift(only_one: bool) -> Result:
    """A common shift of all attention logits leaves the score as it is."""
    import sympy

    n = (*sympy.symbols("n0 n1 n2", positive=True), 1)
    logits, c = sympy.symbols("l0 l1 l2 lS", real=True), sympy.symbols("c0 c1 c2 cS", real=True)
    a = [k * sympy.exp(one) for k, one in zip(n, logits)]
    s = sum(x * y for x, y in zip(a, c)) / sum(a)
    slopes = [sympy.diff(s, one) for one in logits]
    return identity.vanishes(slopes[1] if only_one else sum(slopes))


HEADS = (
    (ONE, ONE, ZERO, ZERO, ONE),
    (ONE, ONE, ZERO, -HALF, ONE),
    (Fraction(9, 10), THIRD, Fraction(1, 5), -HALF, Fraction(2)),
)


def _difference_quotients(swapped: bool) -> list[tuple[str, float, Any]]:
    """Loss and its four partials against central differences of the loss in 192-bit balls, N = 5."""
    from flint import arb

    step, cases = arb(2) ** -60, []
    for head, tie in itertools.product(HEADS, ("neg", "drop")):
        law = chances(5, "uniform", tie)

        def loss(shifts: tuple[Any, ...], head: Any = head, law: Any = law) -> Any:
            a = [x * shift.exp() for x, shift in zip(map(certify.ball, (1, head[0], head[1], head[4])), shifts)]
            c = [certify.ball(x) for x in (-1, 1, head[2], head[3])]
            total = arb(0)
            for n, mass in law:
                parts = [m * x for m, x in zip((*n, 1), a)]
                s = sum(x * y for x, y in zip(parts, c)) / sum(parts)
                total += certify.ball(mass) * (1 + (s * (-3 if n[1] > n[0] else 3)).exp()).log()
            return total

        found = counting.population_gradient(head=head, N=5, tie=tie, gain=3)
        zero = (arb(0),) * 4
        cases.append((f"loss {tie} {head}", found.loss, loss(zero)))
        names = ("d_l0", "d_l1", "d_l2", "d_lS")
        for i, name in enumerate(reversed(names) if swapped else names):
            up, down = ([step * sign if j == i else arb(0) for j in range(4)] for sign in (1, -1))
            quotient = (loss(tuple(up)) - loss(tuple(down))) / (2 * step)
            cases.append((f"{name} {tie} {head}", getattr(found, name), quotient))
    return cases


def _suppression(gain: float) -> list[tuple[str, Any, Any]]:
    """0 < dLoss/d l_2 at heads that are right on all strings up to N."""
    cases = []
    for N, tau, w02 in itertools.product((3, 6, 12), (ZERO, HALF), (Fraction(1, 100), ONE, Fraction(10))):
        k = (N - 1) // 2
        w01 = ((tau + k) / (k + 1) + 1 + tau / (N // 2)) / 2
        head = (w01, w02, ZERO, -tau, ONE)
        found = counting.perfect_threshold_interval(N=N, head=head, tie="neg")
        assert found.lo <= 0 < found.hi
        cases.append((f"N={N} {head}", 0, counting.population_gradient(head=head, N=N, tie="neg", gain=gain).d_l2))
    return cases


def _tie_pull(factor: int) -> list[tuple[str, float, Any]]:
    """dLoss/dl_1 - dLoss/dl_0 at w01 = 1, kappa = sigma = 0: a sum over ties for "neg", 0 for "drop"."""
    cases = []
    for N, gain, w02 in itertools.product((6, 12), (1, 3), (HALF, ONE)):
        head = (ONE, w02, ZERO, ZERO, ONE)
        ties = sum(
            (mass * n[0] / (2 * n[0] + w02 * n[2] + 1) for n, mass in chances(N, "uniform", "neg") if n[0] == n[1]),
            ZERO,
        )
        for tie, exact in (("neg", ties * factor * gain / 2), ("drop", ZERO)):
            found = counting.population_gradient(head=head, N=N, tie=tie, gain=gain)
            cases.append((f"{tie} N={N} G={gain} w02={w02}", found.d_l1 - found.d_l0, exact))
    return cases


def _below_one(tie: str) -> list[tuple[str, Any, Any]]:
    """dLoss/dl_1 exceeds dLoss/dl_0, so a step of gradient descent lowers w01."""
    cases = []
    for N, sigma in itertools.product((3, 6, 12), (ZERO, -HALF)):
        found = counting.population_gradient(head=(1, 1, 0, sigma, 1), N=N, tie=tie, gain=3)
        cases.append((f"N={N} sigma={sigma}", found.d_l0 + 1e-6, found.d_l1))
    return cases


STEPS = (
    Step(
        "T7-swap",
        ("counting/mirror-pairs",),
        "The pair's score is odd under n0 <-> n1 and grows in n1, so it has the sign of n1 - n0",
        "identity",
        lambda: _swap(0),
        Control("kappa = 1", lambda: _swap(1)),
    ),
    Step(
        "T7-kappa",
        ("counting/mirror-pairs",),
        "Sign of 40 random pairs on all strings up to 5, ties included",
        "exhaust",
        lambda: exhaust.holds(_pair_cases(ZERO, ONE, ZERO)),
        Control("kappa = 1/5", lambda: exhaust.holds(_pair_cases(Fraction(1, 5), ONE, ZERO))),
    ),
    Step(
        "T7-weights",
        ("counting/mirror-pairs",),
        "Equal weights are needed for it",
        "exhaust",
        lambda: exhaust.holds(_pair_cases(ZERO, ONE, ZERO)),
        Control("the mirror with weight 1/2", lambda: exhaust.holds(_pair_cases(ZERO, HALF, ZERO))),
    ),
    Step(
        "T7-sigma",
        ("counting/mirror-pairs",),
        "And a frame of value 0",
        "exhaust",
        lambda: exhaust.holds(_pair_cases(ZERO, ONE, ZERO)),
        Control("sigma = -1/5", lambda: exhaust.holds(_pair_cases(ZERO, ONE, Fraction(-1, 5)))),
    ),
    Step(
        "T7-alone",
        ("counting/mirror-pairs",),
        "Each head alone, lambda = 1/2, 9/10, 11/10, 5, errs at threshold 0 on a string that is not a tie",
        "exhaust",
        lambda: exhaust.holds(_alone_cases((HALF, Fraction(9, 10), Fraction(11, 10), Fraction(5)))),
        Control("lambda = 1, which errs on none", lambda: exhaust.holds(_alone_cases((ONE,)))),
    ),
    Step(
        "T7-extreme",
        ("counting/mirror-pairs",),
        "A head that sees only 1s, one that sees only 0s, and their sum, by all cuts in fractions, N = 7",
        "exhaust",
        lambda: exhaust.equal(_one_token_cases(ONE)),
        Control("the second with the other sign", lambda: exhaust.equal(_one_token_cases(-ONE))),
    ),
    Step(
        "T8",
        ("counting/large-n-law",),
        "g sums to 0 and 1 - r^2 has the closed form, at any kappa and at kappa = 0",
        "identity",
        lambda: _correlation(4),
        Control("3 in place of 4 in the denominator", lambda: _correlation(3)),
    ),
    Step(
        "T8-not-one",
        ("counting/large-n-law",),
        "At (1, 1, 1) r^2 is 3/4",
        "identity",
        lambda: identity.vanishes(_sympy(1 - _uniform_form(ONE, ONE, ONE)[1] - Fraction(3, 4))),
        Control("r^2 = 1", lambda: identity.vanishes(_sympy(_uniform_form(ONE, ONE, ONE)[1]))),
    ),
    Step(
        "T8-function",
        ("counting/large-n-law",),
        "The function equals the correlation from the moments of one token's law in balls, to 10^-13",
        "certify",
        lambda: certify.all_near(lambda: _correlation_values(1), within=1e-13),
        Control("kappa with the other sign", lambda: certify.all_near(lambda: _correlation_values(-1), within=1e-13)),
    ),
    Step(
        "T8-orthants",
        ("counting/large-n-law",),
        "Accuracy and AUC of normal scores with r = .3, .8, .97, by drawing",
        "sample",
        lambda: _orthants(True),
        Control("AUC 1/2 + asin(r)/pi, the accuracy", lambda: _orthants(False)),
    ),
    Step(
        "T8-relation",
        ("counting/large-n-law",),
        "The AUC of an accuracy equals 1/2 + (2/pi) asin(sin(pi(s - 1/2))/sqrt 2) in balls, to 10^-13",
        "certify",
        lambda: certify.all_near(lambda: _relation_values(2), within=1e-13),
        Control("sqrt 3 in place of sqrt 2", lambda: certify.all_near(lambda: _relation_values(3), within=1e-13)),
    ),
    Step(
        "T8-lattice",
        ("counting/large-n-law",),
        "The lattice form is within .010, .010, .006 of the exact accuracy at n = 11, 31, 101 on seven heads with w02 <= 1, "
        "within .065, .040, .020 on five with more",
        "certify",
        lambda: certify.all_less(lambda: _lattice_cases(False)),
        Control("the limit of long strings in its place", lambda: certify.all_less(lambda: _lattice_cases(True))),
    ),
    Step(
        "T8-lattice-function",
        ("counting/large-n-law",),
        "The function equals the lattice form in balls, to 10^-12",
        "certify",
        lambda: certify.all_near(lambda: _lattice_values(1), within=1e-12),
        Control("2d in place of d", lambda: certify.all_near(lambda: _lattice_values(2), within=1e-12)),
    ),
    Step(
        "T10",
        ("counting/null-model",),
        "At uniform attention and p the read-out at angle t has r = cos t, so the accuracy is 1 - t/pi for t in [0, pi/2]",
        "identity",
        lambda: _angle(_sympy(THIRD)),
        Control("p = (1/4, 1/4, 1/2)", lambda: _angle(_sympy(HALF))),
    ),
    Step(
        "T10-uniform",
        ("counting/null-model",),
        "The limit accuracy of 4000 normal read-outs is uniform on [1/2, 1], at five quantiles",
        "sample",
        lambda: _null_draws(1.0),
        Control("attention 1/10 to noise", lambda: _null_draws(0.1)),
    ),
    Step(
        "T14-noise",
        ("counting/training-signal",),
        "ds/d ln w02 = -s w02 n2/Z at kappa = 0",
        "identity",
        lambda: _noise_slope(0),
        Control("at kappa = 1", lambda: _noise_slope(1)),
    ),
    Step(
        "T14-shift",
        ("counting/training-signal",),
        "The partials in the four logits sum to 0",
        "identity",
        lambda: _shift(False),
        Control("the partial in l_1 alone", lambda: _shift(True)),
    ),
    Step(
        "T14-function",
        ("counting/training-signal",),
        "Loss and partials equal difference quotients of the loss in balls, N = 5, to 10^-12",
        "certify",
        lambda: certify.all_near(lambda: _difference_quotients(False), within=1e-12),
        Control(
            "partials in the reverse order", lambda: certify.all_near(lambda: _difference_quotients(True), within=1e-12)
        ),
    ),
    Step(
        "T14-suppression",
        ("counting/training-signal",),
        "At heads that are right on all strings the partial in l_2 is above 0, so descent suppresses noise",
        "certify",
        lambda: certify.all_less(lambda: _suppression(3.0)),
        Control("the gain with the other sign", lambda: certify.all_less(lambda: _suppression(-3.0))),
    ),
    Step(
        "T14-ties",
        ("counting/training-signal",),
        "At w01 = 1 the partials in l_1 and l_0 differ by the sum over ties of G n0/Z, and not at all where ties are dropped",
        "certify",
        lambda: certify.all_near(lambda: _tie_pull(2), within=1e-14),
        Control("half that sum", lambda: certify.all_near(lambda: _tie_pull(1), within=1e-14)),
    ),
    Step(
        "T14-below-one",
        ("counting/training-signal",),
        "Where ties carry label 0 descent lowers w01 at w01 = 1",
        "certify",
        lambda: certify.all_less(lambda: _below_one("neg")),
        Control("where ties are dropped", lambda: certify.all_less(lambda: _below_one("drop"))),
    ),
)
