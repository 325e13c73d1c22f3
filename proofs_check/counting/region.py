"""T2 to T4: the perfect region of a head, by its extreme strings, and what it is with a tuned or with its own threshold."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from proofs_check.core import certify, exhaust, identity
from proofs_check.core.derivation import Control, Result, Step
from proofs_check.counting.strings import HALF, Counts, Head, gaps, random_heads, score, strings
from theory import counting

ZERO, ONE = Fraction(0), Fraction(1)


# ---------------------------------------------------------------------------- T2: vertices decide
def _segment(weighted: bool) -> Result:
    """On a segment between two strings the score is the average of the scores at its ends, weighted by Z."""
    import sympy

    t, u, a, v, b, *x = sympy.symbols("t u a v b x0 x1 x2 y0 y1 y2 w01 w02 kappa sigma wS", positive=True)
    first, second, (w01, w02, kappa, sigma, frame) = x[:3], x[3:6], x[6:]

    def parts(n: Any) -> tuple[Any, Any]:
        above = -n[0] + w01 * n[1] + kappa * w02 * n[2] + sigma * frame
        return above, n[0] + w01 * n[1] + w02 * n[2] + frame

    between = parts([(1 - t) * p + t * q for p, q in zip(first, second)])
    affine = [m - (1 - t) * p - t * q for m, p, q in zip(between, parts(first), parts(second))]
    share = t * b / ((1 - t) * a + t * b) if weighted else t  # u/a and v/b are the scores at the ends
    ratio = ((1 - t) * u + t * v) / ((1 - t) * a + t * b)
    return identity.vanishes([*affine, ratio - (1 - share) * u / a - share * v / b])


def _balance(at_balance: bool) -> Result:
    """(s - b) Z at b0 = (w01 - 1)/(w01 + 1) weighs 0s and 1s alike: w (n1 - n0) + w02 (kappa - b0) n2 + wS (sigma - b0)."""
    import sympy

    n0, n1, n2, w01, w02, kappa, sigma, frame = sympy.symbols("n0 n1 n2 w01 w02 kappa sigma wS", positive=True)
    own = (w01 - 1) / (w01 + 1)
    b = own if at_balance else sympy.Integer(0)
    above = -n0 + w01 * n1 + kappa * w02 * n2 + sigma * frame
    total = n0 + w01 * n1 + w02 * n2 + frame
    alike = (1 + own) * (n1 - n0) + w02 * (kappa - own) * n2 + frame * (sigma - own)
    return identity.vanishes([above - b * total - alike])


def _hull_cases(without_middle: bool) -> Iterator[tuple[str, bool]]:
    """The largest value of a linear form over all strings is taken at a vertex, for all directions in a cube."""
    import numpy as np

    directions = np.array(list(itertools.product(range(-4, 5), repeat=3)))
    for N, tie in itertools.product(range(2, 13), ("neg", "drop")):
        k = (N - 1) // 2
        for label, vertices in zip((True, False), counting.perfect_region_vertices(N=N, tie=tie)):
            kept = [n for n in vertices if not (without_middle and n == (k, k + 1, 0))]
            inside = [n for n in strings(N, tie) if (n[1] > n[0]) == label]
            over_all = (directions @ np.array(inside).T).max(axis=1)
            over_vertices = (directions @ np.array(kept).T).max(axis=1)
            yield (
                f"N={N} {tie} label {int(label)}",
                bool((over_all == over_vertices).all()) and set(kept) <= set(inside),
            )


def _scored(vertices: tuple[Counts, ...], head: Head) -> list[Fraction]:
    return [score(n, head) for n in vertices]


def _brute_cases(without_middle: bool) -> Iterator[tuple[str, bool]]:
    """lo < hi at the vertices against all strings, and against the exact separation accuracy."""
    for i, head in enumerate(random_heads(270, seed=11)):
        N, tie = 3 + i % 9, ("neg", "drop")[i % 2]
        positives, negatives = counting.perfect_region_vertices(N=N, tie=tie)
        k = (N - 1) // 2
        kept = tuple(n for n in positives if not (without_middle and n == (k, k + 1, 0)))
        lo, _, _, hi = gaps(N, tie, head)
        at_vertices = max(_scored(negatives, head)) < min(_scored(kept, head))
        perfect = counting.separation_accuracy(length_law="uniform", N=N, head=head, tie=tie) == 1
        found = counting.perfect_threshold_interval(N=N, head=head, tie=tie)
        same = without_middle or (found.lo, found.hi, found.perfect) == (lo, hi, lo < hi)
        yield f"N={N} {tie} {head}", at_vertices == (lo < hi) == perfect and same


def _orientation_cases(N: int) -> Iterator[tuple[str, bool]]:
    """No threshold with the reversed rule "1 iff s < b" is right on all strings up to N."""
    for w01, w02, kappa, sigma, frame in random_heads(240, seed=12):
        head = (w01, w02, kappa, 8 * sigma, frame)
        for tie in ("neg", "drop"):
            _, least_zero, most_one, _ = gaps(N, tie, head)
            yield f"{tie} {head}", most_one >= least_zero


def _reversed_differences(length: int) -> Result:
    """L_b(1,1,0) - L_b(0,1,0) = -(1 + b) and L_b(1,2,0) - L_b(1,1,0) = w01 (1 - b); so too for dropped ties, twice."""
    import sympy

    b, w01, rest = sympy.symbols("b w01 rest", positive=True)

    def plane(n0: int, n1: int) -> Any:
        return -(1 + b) * n0 + w01 * (1 - b) * n1 + rest

    return identity.vanishes(
        [
            plane(1, 1) - plane(0, 1) + (1 + b),
            plane(1, length) - plane(1, 1) - w01 * (1 - b),
            plane(2, 1) - plane(0, 1) + 2 * (1 + b),
            plane(1, 2) - plane(1, 0) - 2 * w01 * (1 - b),
        ]
    )


def _endless_heads() -> Iterator[Head]:
    """Heads on, inside and outside the conditions under which none fails."""
    for w01, w02, frame in itertools.product((HALF, ONE, Fraction(3)), (ZERO, Fraction(1, 3)), (HALF,)):
        level = (w01 - 1) / (w01 + 1)
        for pull in (-1 - level, -(1 + level) / 2, ZERO, (1 + level) / 2, 1 + level, -2 - level, 2 + level):
            for kappa in (level, level + Fraction(1, 50)):
                yield w01, w02, kappa, level + pull / frame, frame


def _endless_cases(far: int) -> Iterator[tuple[str, bool]]:
    """`max_perfect_length` against all strings up to 14, and against vertices at the length it names, the next, and `far`."""
    for i, head in enumerate(_endless_heads()):
        for tie, own in (("neg", False), ("neg", True), ("drop", False), ("drop", True)):
            b = (head[0] - 1) / (head[0] + 1) if own else None
            length = counting.max_perfect_length(head=head, tie=tie, b=b)

            def is_right(N: int, head: Head = head, tie: str = tie, b: Fraction | None = b) -> bool:
                found = counting.perfect_threshold_interval(N=N, head=head, tie=tie)
                return found.perfect if b is None else found.lo <= b < found.hi

            name = f"{tie} b={b} {head} -> {length}"
            if length is None:
                yield name, is_right(far) and is_right(far + 1)
            else:
                yield name, (length == 0 or is_right(length)) and not is_right(length + 1) and not is_right(far)
            if i % 9 == 0:
                lo, _, _, hi = gaps(14, tie, head)
                right = lo < hi if b is None else lo <= b < hi
                yield f"{name}, all strings", right == (length is None or length >= 14)


# ---------------------------------------------------------------------------- T3: threshold re-tuned
def _tuned_factors(shift: int) -> Result:
    """hi - lo, member by member: 2 w01 - (w01 - 1) w02 (N - 1) and 2 w01 - r w02 (w01 - 1), over positive numbers."""
    import sympy

    w01, w02, k, r, N = sympy.symbols("w01 w02 k r N", positive=True)
    lo = (w01 - 1) / (w01 + 1)
    long_noise = w01 / (w01 + w02 * (N - 1))
    balanced = ((k + 1) * w01 - k) / ((k + 1) * w01 + k + r * w02)
    return identity.vanishes(
        [
            (long_noise - lo) * (w01 + w02 * (N - 1)) * (w01 + 1) - ((1 + shift) * w01 - (w01 - 1) * w02 * (N - 1)),
            (balanced - lo) * ((k + 1) * w01 + k + r * w02) * (w01 + 1) - ((1 + shift) * w01 - r * w02 * (w01 - 1)),
        ]
    )


def _end_cases(members: int) -> Iterator[tuple[str, Fraction, Fraction]]:
    """lo is the score of ties, or of pure noise below w01 = 1; hi the lesser of two members (`members` are counted)."""
    w01s, w02s = (
        [Fraction(a, b) for a, b in itertools.product((1, 2, 5, 9), (2, 3, 4))],
        (Fraction(1, 10), ONE, Fraction(6)),
    )
    for N, w01, w02 in itertools.product((3, 4, 9, 12), w01s, w02s):
        k, r = divmod(N - 1, 2)
        lo = (w01 - 1) / (w01 + 1) if w01 >= 1 else ZERO
        hi = [w01 / (w01 + w02 * (N - 1)), ((k + 1) * w01 - k) / ((k + 1) * w01 + k + r * w02)]
        found = counting.perfect_threshold_interval(N=N, head=(w01, w02, 0, 0, 0), tie="neg")
        if w01 >= 1 or (k + 1) * w01 > k:  # else the second member is negative, and larger without noise
            yield f"lo at N={N} w01={w01} w02={w02}", Fraction(found.lo), lo
            yield f"hi at N={N} w01={w01} w02={w02}", Fraction(found.hi), min(hi[:members])


def _closed_form(N: int, w01: Fraction, w02: Fraction, tie: str) -> bool:
    k = (N - 1) // 2
    if tie == "neg":
        return (w01 - 1) * w02 * (N - 1) < 2 * w01 if w01 >= 1 else w01 > Fraction(k, k + 1)
    if w01 < 1:
        w01, w02 = 1 / w01, w02 / w01
    return w01 <= Fraction(k + 1, k) or w02 * (N - 1) * (w01 * k - (k + 1)) < 2 * w01 * (k + 1)


def _naive(N: int, w01: Fraction, w02: Fraction, tie: str) -> bool:
    """The symmetric rule that forgets that pure noise and ties have label 0."""
    return abs(w01 - 1) * w02 * (N - 1) < 2 * w01


def _tuned_cases(rule: Any) -> Iterator[tuple[str, bool]]:
    w01s = sorted(
        {Fraction(a, b) for a, b in itertools.product(range(1, 8), range(1, 8))} | {Fraction(12, 11), Fraction(25)}
    )
    w02s = (Fraction(1, 100), Fraction(1, 10), Fraction(2, 11), HALF, ONE, Fraction(5))
    for N, w01, w02, tie in itertools.product((3, 4, 5, 8, 12, 23, 40), w01s, w02s, ("neg", "drop")):
        found = counting.perfect_threshold_interval(N=N, head=(w01, w02, 0, 0, 0), tie=tie)
        yield f"N={N} w01={w01} w02={w02} {tie}", found.perfect == rule(N, w01, w02, tie)


def _window_cases(wider: Fraction) -> Iterator[tuple[str, bool]]:
    """The window's ends, exactly: right just inside, wrong on them."""
    tiny = Fraction(1, 10**6)
    for N, w02 in itertools.product((3, 4, 7, 12, 40), (Fraction(1, 20), Fraction(3, 10), ONE, Fraction(7))):
        window = counting.w01_window_tuned(N=N, w02=float(w02))

        def is_right(w01: Fraction, N: int = N, w02: Fraction = w02) -> bool:
            return counting.perfect_threshold_interval(N=N, head=(w01, w02, 0, 0, 0), tie="neg").perfect

        k, reach = (N - 1) // 2, w02 * (N - 1)
        ends = [Fraction(k, k + 1), reach / (reach - 2) if reach > 2 else None]
        near = math.isclose(window.lo, ends[0] or 0) and (
            window.hi == math.inf if ends[1] is None else math.isclose(window.hi, ends[1])
        )
        yield f"N={N} w02={w02} values", near and not (window.lo_closed or window.hi_closed)
        low, high = (ends[0] or ZERO) - wider, Fraction(10**6) if ends[1] is None else ends[1] + wider
        yield f"N={N} w02={w02} low", is_right(low + tiny) and not is_right(low)
        yield f"N={N} w02={w02} high", is_right(high - tiny) and (ends[1] is None or not is_right(high))


def _one_is_enough(w01: Fraction, w02: Fraction) -> Result:
    """A balanced head that does not suppress noise, and an unbalanced one that does, at N = 12."""
    heads = ((ONE, Fraction(10)), (w01, w02))
    cases = []
    for one in heads:
        found = counting.separation_accuracy(length_law="uniform", N=12, head=(*one, 0, 0, 0), tie="neg")
        cases.append((f"w01={one[0]} w02={one[1]}", Fraction(found), ONE))
    return exhaust.equal(cases)


# ---------------------------------------------------------------------------- T4: the head's own threshold
def _own_cases(closed_low: bool) -> Iterator[tuple[str, bool]]:
    """The strip's ends with threshold 0: right on the upper one, wrong on the lower one, whatever w02."""
    tiny = Fraction(1, 10**6)
    for N, tau, w02 in itertools.product(
        (2, 3, 6, 9, 12, 25), (ZERO, HALF, Fraction(9, 10)), (ZERO, Fraction(1, 3), Fraction(50))
    ):

        def is_right(w01: Fraction, N: int = N, tau: Fraction = tau, w02: Fraction = w02) -> bool:
            found = counting.perfect_threshold_interval(N=N, head=(w01, w02, 0, -tau / 2, 2), tie="neg")
            return bool(found.lo <= 0 < found.hi)

        k = (N - 1) // 2
        low, high = (tau + k) / (k + 1), 1 + tau / (N // 2)
        window = counting.w01_window_fixed(N=N, tau=float(tau))
        same = math.isclose(window.lo, low) and math.isclose(window.hi, high)
        inside = [(low + high) / 2, high, low + tiny] if low < high else []
        outside = [] if closed_low else [low] if low > 0 else []
        yield f"N={N} tau={tau} values", same and not window.lo_closed and window.hi_closed
        yield (
            f"N={N} tau={tau} w02={w02} inside",
            all(map(is_right, [*inside, *([low] if closed_low and low > 0 else [])])),
        )
        yield f"N={N} tau={tau} w02={w02} outside", not any(map(is_right, [*outside, high + tiny]))


def _no_noise_cases(kappa: Fraction) -> Iterator[tuple[str, Fraction, Fraction]]:
    """Accuracy at threshold 0 is the same for every w02 at kappa = 0."""
    for w01 in (Fraction(1, 10), Fraction(9, 10), ONE, Fraction(2), Fraction(10)):
        of: list[Fraction] = []
        for w02 in (Fraction(1, 1000), ONE, Fraction(10)):
            head = (w01, w02, kappa, -HALF, ONE)
            of.append(Fraction(counting.fixed_threshold_accuracy(length_law="uniform", N=8, head=head, tie="neg")))
        yield f"w01={w01}", of[0], of[1]
        yield f"w01={w01} w02=10", of[0], of[2]


def _strip(N: int, low: Fraction, high: Fraction) -> Result:
    """Certified on a whole interval of w01 at tau = 1/2: the numerator has the sign of the label at every vertex."""
    positives, negatives = counting.perfect_region_vertices(N=N, tie="neg")

    def worst(w01: Any) -> Any:
        least = None
        for n, sign in (*((n, 1) for n in positives), *((n, -1) for n in negatives)):
            value = sign * (-n[0] + w01 * n[1] - certify.ball(HALF))
            least = value if least is None else least.min(value)
        return least

    found = certify.positive(worst, low, high)
    return Result(found.finding, f"N={N}: {found.detail}", counterexample=found.counterexample)


STEPS = (
    Step(
        "T2-segment",
        ("counting/perfect-region",),
        "Between two strings the score is an average of the scores at the ends, so its extremes are at vertices of the hull",
        "identity",
        lambda: _segment(True),
        Control("an average with weights 1 - t and t", lambda: _segment(False)),
    ),
    Step(
        "T2-hull",
        ("counting/perfect-region",),
        "No linear form with entries up to 4 is larger on a string than on the vertices, N = 2 to 12, both labels, both ties",
        "exhaust",
        lambda: exhaust.holds(_hull_cases(False)),
        Control("without the string (k, k+1, 0)", lambda: exhaust.holds(_hull_cases(True))),
    ),
    Step(
        "T2",
        ("counting/perfect-region",),
        "lo < hi at the vertices iff on all strings, iff the separation accuracy is 1: 270 heads, N = 3 to 11, both ties",
        "exhaust",
        lambda: exhaust.holds(_brute_cases(False)),
        Control("without the string (k, k+1, 0)", lambda: exhaust.holds(_brute_cases(True))),
    ),
    Step(
        "T2-orientation-differences",
        ("counting/perfect-region",),
        "The reversed rule would need b < -1 by L_b(1,1,0) - L_b(0,1,0) = -(1+b), and b > 1 by L_b(1,2,0) - L_b(1,1,0)",
        "identity",
        lambda: _reversed_differences(2),
        Control("the string (1,3,0) in place of (1,2,0)", lambda: _reversed_differences(3)),
    ),
    Step(
        "T2-orientation",
        ("counting/perfect-region",),
        "No reversed rule is right on all strings up to 3, for 240 heads",
        "exhaust",
        lambda: exhaust.holds(_orientation_cases(3)),
        Control("up to 1, where it can be", lambda: exhaust.holds(_orientation_cases(1))),
    ),
    Step(
        "T2-length",
        ("counting/perfect-region",),
        "The largest perfect length, and which heads never fail: right there and not beyond, or right at 10^6",
        "exhaust",
        lambda: exhaust.holds(_endless_cases(10**6)),
        Control("a head that is right up to 3 never fails", lambda: exhaust.holds(_endless_cases(3))),
    ),
    Step(
        "T2-balance",
        ("counting/perfect-region",),
        "At the threshold (w01-1)/(w01+1) a 1 weighs as much for as a 0 against, so without noise and frame no length is too long",
        "identity",
        lambda: _balance(True),
        Control("at threshold 0", lambda: _balance(False)),
    ),
    Step(
        "T3-factors",
        ("counting/tuned-cross",),
        "hi - lo has the sign of 2 w01 - (w01 - 1) w02 (N - 1), which is the smaller of its two members",
        "identity",
        lambda: _tuned_factors(1),
        Control("w01 in place of 2 w01", lambda: _tuned_factors(0)),
    ),
    Step(
        "T3-ends",
        ("counting/tuned-cross",),
        "lo = (w01-1)/(w01+1), or 0 below w01 = 1; hi is the lesser of a single 1 in noise and of k against k + 1",
        "exhaust",
        lambda: exhaust.equal(_end_cases(2)),
        Control("the single 1 in noise alone", lambda: exhaust.equal(_end_cases(1))),
    ),
    Step(
        "T3",
        ("counting/tuned-cross",),
        "The closed form agrees with the vertices on a grid of w01 and w02, N up to 40, both ties",
        "exhaust",
        lambda: exhaust.holds(_tuned_cases(_closed_form)),
        Control("the symmetric rule |w01 - 1| w02 (N-1) < 2 w01", lambda: exhaust.holds(_tuned_cases(_naive))),
    ),
    Step(
        "T3-window",
        ("counting/tuned-cross",),
        "The window of w01 is open at both ends, exactly where the function puts them",
        "exhaust",
        lambda: exhaust.holds(_window_cases(ZERO)),
        Control("a window wider by 1/100", lambda: exhaust.holds(_window_cases(Fraction(1, 100)))),
    ),
    Step(
        "T3-either",
        ("counting/balance-and-suppress",),
        "With a re-tuned threshold a balanced head with w02 = 10 and an unbalanced one (w01 = 3, w02 = 1/100) both reach 1",
        "exhaust",
        lambda: _one_is_enough(Fraction(3), Fraction(1, 100)),
        Control("w01 = 3 with w02 = 1", lambda: _one_is_enough(Fraction(3), ONE)),
        role="corrects",
    ),
    Step(
        "T3-not-both",
        ("counting/both-needed-reading",),
        "Heads with one of the two reach separation accuracy 1 at N = 12",
        "exhaust",
        lambda: _one_is_enough(Fraction(3), Fraction(1, 100)),
        Control("a head with neither", lambda: _one_is_enough(Fraction(3), ONE)),
        role="refutes",
    ),
    Step(
        "T4",
        ("counting/own-strip",),
        "With threshold 0 the strip is open below and closed above, whatever w02, N = 2 to 25",
        "exhaust",
        lambda: exhaust.holds(_own_cases(False)),
        Control("closed below", lambda: exhaust.holds(_own_cases(True))),
    ),
    Step(
        "T4-interval-12",
        ("counting/own-strip",),
        "At tau = 1/2 every w01 in [.92, 1.08] is right on all strings up to 12",
        "certify",
        lambda: _strip(12, Fraction(92, 100), Fraction(108, 100)),
        Control("[.9, 1.1]", lambda: _strip(12, Fraction(9, 10), Fraction(11, 10))),
    ),
    Step(
        "T4-interval-20",
        ("counting/own-strip",),
        "At tau = 1/2 every w01 in [.951, 1.049] is right on all strings up to 20",
        "certify",
        lambda: _strip(20, Fraction(951, 1000), Fraction(1049, 1000)),
        Control("[.94, 1.049]", lambda: _strip(20, Fraction(94, 100), Fraction(1049, 1000))),
    ),
    Step(
        "T4-no-noise",
        ("counting/own-strip",),
        "At kappa = 0 the accuracy at threshold 0 does not depend on w02",
        "exhaust",
        lambda: exhaust.equal(_no_noise_cases(ZERO)),
        Control("at kappa = 1/4", lambda: exhaust.equal(_no_noise_cases(Fraction(1, 4)))),
    ),
    Step(
        "T4-balance-alone",
        ("counting/balance-and-suppress",),
        "At its own threshold and kappa = 0 suppressing noise changes nothing: balance alone decides",
        "exhaust",
        lambda: exhaust.equal(_no_noise_cases(ZERO)),
        Control("at kappa = 1/4 it does", lambda: exhaust.equal(_no_noise_cases(Fraction(1, 4)))),
        role="corrects",
    ),
)
