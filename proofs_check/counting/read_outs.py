"""T9, T12 and T13: linear programs about read-outs of heads, each decided with exact rational certificates."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from proofs_check.core import certify, exhaust, identity, sample, separate
from proofs_check.core.derivation import Control, Finding, Result, Step
from theory import counting

ZERO, ONE = Fraction(0), Fraction(1)
Row = list[Fraction]
System = tuple[list[Row], Row]
Values = tuple[tuple[Fraction, ...], ...]


# ---------------------------------------------------------------------------- T9
def _random_head(draw: random.Random, width: int, alike: bool = False) -> tuple[Values, tuple[Fraction, ...]]:
    """Values [5, width] and attention weights of a head that was not trained; `alike` gives 0 and 1 the same values."""
    values = [tuple(Fraction(draw.randint(-30, 30), 10) for _ in range(width)) for _ in range(5)]
    if alike:
        values[1] = values[0]
    return tuple(values), tuple(Fraction(draw.randint(1, 40), draw.randint(1, 40)) for _ in range(5))


def _separator(values: Values, a: tuple[Fraction, ...], N: int, tie: str) -> System:
    """Rows A c <= b: read-outs c of (output Z, Z) that are >= 1 on label 1 and <= 0 on label 0, at the extreme strings."""
    readable = [[weight * x for x in (*v, ONE)] for v, weight in zip(values, a)]
    rows, limits = [], []
    for strings, sign in zip(counting.perfect_region_vertices(N=N, tie=tie), (-1, 1)):
        for n in strings:
            counts = (*n, 1, 1)
            rows.append([sign * sum((c * x for c, x in zip(counts, column)), ZERO) for column in zip(*readable)])
            limits.append(Fraction(min(sign, 0)))
    return rows, limits


def _untrained(alike: bool) -> Result:
    """A separator for each of 32 untrained heads with values of three and of four dimensions."""
    draw, found = random.Random(13), 0
    for width, N, tie in itertools.product((3, 4), (9, 30), ("neg", "drop")):
        for _ in range(4):
            values, a = _random_head(draw, width, alike)
            one = separate.feasible(*_separator(values, a, N, tie))
            if one.finding is not Finding.PROVED or not counting.is_freely_separable(V=values, a=a, N=N, tie=tie):
                return Result(one.finding, f"width {width}: {one.detail[:150]}", counterexample=one.counterexample)
            found += 1
    return Result(Finding.PROVED, f"{found} heads, each with a separator in fractions")


def _decided(more: int) -> Iterator[tuple[str, bool]]:
    """The function's answer against an exact certificate of the other method; `more` shifts the length it is asked for."""
    draw = random.Random(14)
    for i in range(48):
        width, tie = 1 + i % 2, ("neg", "drop")[i // 2 % 2]
        if i % 3:
            values, a = _random_head(draw, width)
        else:  # near the border: values close to -1, 1, 0
            values = tuple(tuple(c + Fraction(draw.randint(-2, 2), 30) for _ in range(width)) for c in (-1, 1, 0, 0, 0))
            a = (ONE,) * 5
        found = separate.feasible(*_separator(values, a, 9, tie)).finding
        answer = counting.is_freely_separable(V=values, a=a, N=9 + more, tie=tie)
        yield f"head {i}, {tie}, {found.value}", found is (Finding.PROVED if answer else Finding.REFUTED)


def _wedge_cases(low: int) -> Iterator[tuple[str, bool]]:
    """The wedge condition against programs at N = 10^6, for two-dimensional values; `low` is the lower end for "neg"."""
    draw = random.Random(15)
    for i in range(90):
        values, a = _random_head(draw, 2)
        wedge = counting.wedge_statistic(V=values, a=a)
        for tie, start in (("neg", low), ("drop", -1)):
            endless = counting.is_freely_separable(V=values, a=a, N=10**6, tie=tie)
            yield f"head {i} {tie} wedge {wedge:.4g}", endless == (start <= wedge < 1)


def _normal_head(draw: random.Random, width: int) -> tuple[Values, tuple[Fraction, ...]]:
    """Values N(0, 1) and attention with ln a ~ N(0, 1.5^2), to two decimals."""
    values = tuple(tuple(Fraction(round(100 * draw.gauss(0, 1)), 100) for _ in range(width)) for _ in range(5))
    return values, tuple(Fraction(max(1, round(100 * math.exp(draw.gauss(0, 1.5)))), 100) for _ in range(5))


def _shares(all_lengths: float) -> Result:
    """How many of 400 random heads of one and of two dimensions have a separator, and of two one for all lengths."""
    draw, m = random.Random(15), 400
    narrow, wide = ([_normal_head(draw, width) for _ in range(m)] for width in (1, 2))
    found = [sum(counting.is_freely_separable(V=v, a=a, N=9, tie="neg") for v, a in heads) for heads in (narrow, wide)]
    for_all = sum(0 <= counting.wedge_statistic(V=v, a=a) < 1 for v, a in wide)
    # predictions: what 400 heads of another implementation showed, good to about .02 themselves
    return sample.probability([(found[0], m, 0.01), (found[1], m, 0.22), (for_all, m, all_lengths)], slack=0.02)


def _null_vector(shift: int) -> Result:
    """nu is orthogonal to all readable forms, and (-1, 1, 0, -tau) is readable iff tau = (nu_1 - nu_0)/nu_gamma."""
    import sympy

    m = sympy.Matrix(4, 3, sympy.symbols("x0:12"))
    nu = [(-1) ** i * m.extract([j for j in range(4) if j != i], range(3)).det() for i in range(4)]
    tau = (nu[1] - nu[0]) / nu[3] + shift
    return identity.vanishes(
        [*(sum(nu[i] * m[i, j] for i in range(4)) for j in range(3)), -nu[0] + nu[1] - tau * nu[3]]
    )


# ---------------------------------------------------------------------------- T12
ALLOWED = {"word": (1, 2, 3, 4), "answer_0": (1,), "answer_1": (2,), "closing": (4,)}


def _sign_systems(kinds: tuple[str, ...], bias: bool) -> list[tuple[str, list[Row], Row]]:
    """One system for each choice of signs of the sum r of the heads in states of these kinds: logit_t = u_t r + bias_t.

    Allowed above forbidden by 1: without a bias only the signs of r matter, since u may be scaled for each.
    """
    systems = []
    for signs in itertools.product((1, -1), repeat=len(kinds)):
        rows = []
        for kind, sign in zip(kinds, signs):
            for allowed, forbidden in itertools.product(ALLOWED[kind], range(5)):
                if forbidden in ALLOWED[kind]:
                    continue
                row = [ZERO] * (10 if bias else 5)
                row[forbidden], row[allowed] = Fraction(sign), Fraction(-sign)
                if bias:
                    row[5 + forbidden], row[5 + allowed] = ONE, -ONE
                rows.append(row)
        systems.append((f"{dict(zip(kinds, signs))}", rows, [-ONE] * len(rows)))
    return systems


GRAMMAR = ("word", "answer_0", "answer_1")
ARGMAX = ("answer_0", "answer_1", "closing")


def _reference(names: tuple[str, ...], N: int, closing: bool, mode: str, bias: bool) -> System:
    """A x <= b in x = (read-out [5, width], m): logit_allowed - logit_forbidden >= m, read-out in [-1, 1], exact features."""
    table = counting.enumerate_states(N=N, closing=closing)
    outputs = set()
    for kind, n in zip(table.kinds, table.counts.tolist()):
        answer = kind.startswith("answer")
        all_features = {
            "sem": Fraction(2 * (n[2] - n[1]) - 1, 2 * (n[2] + n[1]) + 1) if answer else ZERO,
            "const": ONE,
            "close": ONE * (kind == "closing"),
            "an": ONE * answer,
        }
        row = tuple(all_features[name] for name in names)
        row = (sum(row, ZERO),) if mode == "sum" else row
        outputs.add((kind, (*row, ONE) if bias else row))
    width = len(next(iter(outputs))[1])
    rows, limits = [], []
    for kind, x in sorted(outputs):
        for allowed, forbidden in itertools.product(ALLOWED[kind], range(5)):
            if forbidden in ALLOWED[kind]:
                continue
            row_ = [ZERO] * (5 * width) + [ONE]
            row_[allowed * width : (allowed + 1) * width] = [-value for value in x]
            row_[forbidden * width : (forbidden + 1) * width] = list(x)
            rows.append(row_)
            limits.append(ZERO)
    for j, sign in itertools.product(range(5 * width), (1, -1)):
        box = [ZERO] * (5 * width + 1)
        box[j] = Fraction(sign)
        rows.append(box)
        limits.append(ONE)
    return rows, limits


SCALES: tuple[tuple[str, tuple[str, ...], bool, str, bool, Any], ...] = (
    ("sem, const", ("sem", "const"), True, "concat", False, lambda N: Fraction(1, 4 * N)),
    ("sem, const, close", ("sem", "const", "close"), True, "concat", False, lambda N: Fraction(4 * N, 4 * N * N - 1)),
    ("sem, const, not closed", ("sem", "const"), False, "concat", False, lambda N: Fraction(4 * N, 4 * N * N - 1)),
    ("sum with bias", ("sem", "const", "close", "an"), True, "sum", True, lambda N: Fraction(1, 8 * N)),
    ("sum, bias, not closed", ("sem", "const", "close", "an"), False, "sum", True, lambda N: Fraction(4 * N, 8 * N * N - 1)),
)  # fmt: skip


def _optimum(factor: Fraction) -> Result:
    """The margin of each set of reference features is the stated fraction: a read-out reaches it, multipliers bound it."""
    count = 0
    for (name, names, closing, mode, bias, value), N in itertools.product(SCALES, (4, 6)):
        rows, limits = _reference(names, N, closing, mode, bias)
        best, target = value(N) * factor, [ZERO] * (len(rows[0]) - 1) + [ONE]
        reached = separate.feasible([*rows, [-x for x in target]], [*limits, -best])
        bound = separate.bounded(rows, limits, target, best)
        for one, side in ((reached, "reached"), (bound, "bounded")):
            if one.finding is not Finding.PROVED:
                return Result(
                    one.finding, f"{name}, N={N}, {side}: {one.detail[:120]}", counterexample=f"{name}, N={N}"
                )
            count += 1
    return Result(Finding.PROVED, f"{count} certificates in fractions")


def _with_bias(bias: bool) -> Result:
    """A read-out of the uniform sum of the four reference features that reaches the margin 1/(8N), in fractions."""
    for N in (4, 6):
        rows, limits = _reference(("sem", "const", "close", "an"), N, True, "sum", bias)
        found = separate.feasible([*rows, [ZERO] * (len(rows[0]) - 1) + [-ONE]], [*limits, -Fraction(1, 8 * N)])
        if found.finding is not Finding.PROVED:
            return found
    return found


def _function_cases(power: int) -> list[tuple[str, float, Any]]:
    """The function's margin, and the bound that its dual certificate adds up to, against the same fractions."""
    cases = []
    for (name, names, closing, mode, bias, value), N in itertools.product(SCALES, (4, 6, 8)):
        features, kinds = counting.reference_features(names=names, N=N, closing=closing)
        found = counting.grammar_margin(features=features, kinds=kinds, bias=bias, mode=mode)
        exact = value(N) ** power
        cases.append((f"{name}, N={N}", found.margin, exact))
        cases.append((f"{name}, N={N}, dual", _dual_bound(found, features, bias, mode), exact))
    return cases


def _dual_bound(found: counting.GrammarMargin, features: Any, bias: bool, mode: str) -> float:
    """What the certificate proves: the sum of absolute entries of sum w (e_allowed - e_forbidden) x^T, weights of sum 1."""
    total: dict[tuple[int, int], float] = {}
    for row, allowed, forbidden, weight in found.dual:
        x = [features[row].sum()] if mode == "sum" else list(features[row])
        for j, value in enumerate([*x, 1.0] if bias else x):
            for token, sign in ((allowed, 1), (forbidden, -1)):
                total[token, j] = total.get((token, j), 0.0) + sign * weight * value
    size = sum(weight for *_, weight in found.dual)
    return sum(map(abs, total.values())) / size if min(weight for *_, weight in found.dual) > 0 else float("inf")


def _summed_heads(bias: bool) -> Iterator[tuple[str, bool]]:
    """Random scalar features, and sums of four softmax heads on all states, never give the grammar."""
    import numpy as np

    source = np.random.default_rng(16)
    table = counting.enumerate_states(N=3)
    for i in range(12):
        if i % 2:
            outputs = source.standard_normal((len(table.kinds), 1))
        else:
            attention = np.exp(2 * source.standard_normal((4, 5, 5)))[:, table.query] * table.counts
            values = source.standard_normal((4, 5))
            outputs = (attention @ values[:, :, None])[..., 0].T / attention.sum(axis=2).T
        found = counting.grammar_margin(features=outputs, kinds=table.kinds, mode="sum")
        yield f"features {i}", not found.feasible
    features, kinds = counting.reference_features(names=("sem", "const", "close", "an"), N=4)
    yield (
        "reference features",
        not counting.grammar_margin(features=features, kinds=kinds, mode="sum", bias=bias).feasible,
    )


# ---------------------------------------------------------------------------- T13
def _functions() -> list[tuple[str, list[int]]]:
    """Symmetric functions by their values at n1 = 0..n."""
    parities = [(f"parity {n}", [i % 2 for i in range(n + 1)]) for n in range(2, 7)]
    equals = [(f"equality {n}", [int(2 * i == n) for i in range(n + 1)]) for n in (2, 6)]
    return [*parities, *equals, ("majority 5", [0, 0, 0, 1, 1, 1]), ("two steps", [0, 0, 1, 1, 0, 0, 1])]


def _heads_system(values: list[int], heads: int) -> System:
    """Signs of const + sum_h c_h/(x + p_h), p_h > 0 different: heads with different ratios of attention along n1 = x."""
    poles = [Fraction(1, 2) + 2 * h if h % 2 == 0 else -Fraction(len(values)) - h for h in range(heads)]
    rows = []
    for x, value in enumerate(values):
        sign = 1 if value else -1
        rows.append([-sign * one for one in (ONE, *(1 / (x + pole) for pole in poles))])
    return rows, [-ONE] * len(rows)


def _enough(fewer: int) -> Result:
    """As many heads as the function says suffice, for each function."""
    for name, values in _functions():
        heads = counting.min_heads_symmetric(values=tuple(values)) - fewer
        found = separate.feasible(*_heads_system(values, heads))
        if found.finding is not Finding.PROVED:
            return Result(
                found.finding, f"{name}, {heads} heads: {found.detail[:120]}", counterexample=f"{name}, {heads} heads"
            )
    return Result(Finding.PROVED, f"{len(_functions())} functions, weights in fractions")


def _too_few(fewer: int) -> Result:
    """With one head fewer (at these ratios) exact multipliers prove that there are no weights."""
    systems = []
    for name, values in _functions():
        heads = counting.min_heads_symmetric(values=tuple(values)) - fewer
        systems.append((f"{name}, {heads} heads", *_heads_system(values, heads)))
    return separate.all_infeasible(systems)


def _degree(order: int) -> Result:
    """The numerator of const + sum of H ratios of affine functions has degree H at most: its (H+1)-st derivative is 0."""
    import sympy

    x, parts = sympy.Symbol("x", positive=True), []
    for heads in (1, 2, 3):
        p, q = sympy.symbols(f"p0:{heads}", positive=True), sympy.symbols(f"q0:{heads}", positive=True)
        r, s = sympy.symbols(f"r0:{heads}", positive=True), sympy.symbols(f"s0:{heads}", positive=True)
        below = [u * x + v for u, v in zip(r, s)]
        numerator = sympy.Symbol("c", positive=True) * sympy.prod(below) + sum(
            (p[h] * x + q[h]) * sympy.prod(below[:h] + below[h + 1 :]) for h in range(heads)
        )
        parts.append(sympy.diff(sympy.expand(numerator), x, heads + order))
    return identity.vanishes(parts)


def _cauchy(sign: int) -> Result:
    """det(1, 1/(x_i - p_1), 1/(x_i - p_2)) is a product of differences, so it vanishes for no three different x."""
    import sympy

    x, (p, q) = sympy.symbols("x0:3"), sympy.symbols("p0:2")
    matrix = sympy.Matrix([[(one - p) * (one - q), one - q, one - p] for one in x])  # rows times their denominators
    differences = (x[0] - x[1]) * (x[0] - x[2]) * (x[1] - x[2]) * (q + sign * p)
    return identity.vanishes(matrix.det() - differences)


STEPS = (
    Step(
        "T9-null-vector",
        ("counting/free-separator",),
        "A read-out of the form n1 - n0 - tau exists for two-dimensional values iff tau = (nu_1 - nu_0)/nu_gamma",
        "identity",
        lambda: _null_vector(0),
        Control("tau + 1", lambda: _null_vector(1)),
    ),
    Step(
        "T9-three",
        ("counting/free-separator",),
        "Heads with random values of three and four dimensions have a separator, N = 9 and 30, each given in fractions",
        "separate",
        lambda: _untrained(False),
        Control("equal values of 0 and 1", lambda: _untrained(True)),
    ),
    Step(
        "T9-untrained",
        ("counting/separation-shows-training-reading",),
        "Untrained heads of three dimensions reach separation accuracy 1 with a free separator",
        "separate",
        lambda: _untrained(False),
        Control("equal values of 0 and 1", lambda: _untrained(True)),
        role="refutes",
    ),
    Step(
        "T9-function",
        ("counting/free-separator",),
        "The function agrees with exact certificates on 48 heads of one and two dimensions, N = 9",
        "exhaust",
        lambda: exhaust.holds(_decided(0)),
        Control("asked for N = 39", lambda: exhaust.holds(_decided(30))),
    ),
    Step(
        "T9-wedge",
        ("counting/free-separator",),
        "The wedge condition decides about separability at N = 10^6, 90 heads, both ties",
        "exhaust",
        lambda: exhaust.holds(_wedge_cases(0)),
        Control("-1 as the lower end where ties carry label 0", lambda: exhaust.holds(_wedge_cases(-1))),
    ),
    Step(
        "T9-shares",
        ("counting/free-separator",),
        "Of random heads of one dimension 1 in 100 has a separator at N = 9, of two 22 in 100, and 10 in 100 for all lengths",
        "sample",
        lambda: _shares(0.10),
        Control("for all lengths as many as at N = 9", lambda: _shares(0.22)),
    ),
    Step(
        "T12-margin",
        ("counting/uniform-sum-syntax",),
        "For no signs of the summed output in word and answer states is every allowed token above every forbidden one",
        "separate",
        lambda: separate.all_infeasible(_sign_systems(GRAMMAR, False)),
        Control("with a bias", lambda: separate.all_infeasible(_sign_systems(GRAMMAR, True))),
    ),
    Step(
        "T12-argmax",
        ("counting/uniform-sum-syntax",),
        "Nor is the largest logit right at answer and closing states: three tokens, and at most two can be largest",
        "separate",
        lambda: separate.all_infeasible(_sign_systems(ARGMAX, False)),
        Control("at answer states alone", lambda: separate.all_infeasible(_sign_systems(ARGMAX[:2], False))),
    ),
    Step(
        "T12-conditional",
        ("counting/non-uniform-syntax",),
        "Uniform aggregation is excluded for scalar heads without a bias",
        "separate",
        lambda: separate.all_infeasible(_sign_systems(GRAMMAR, False)),
        Control("and is not with one", lambda: separate.all_infeasible(_sign_systems(GRAMMAR, True))),
        role="corrects",
    ),
    Step(
        "T12-features",
        ("counting/uniform-sum-syntax",),
        "Sums of random scalar features, of four softmax heads, and of the reference features are infeasible",
        "exhaust",
        lambda: exhaust.holds(_summed_heads(False)),
        Control("the reference features with a bias", lambda: exhaust.holds(_summed_heads(True))),
    ),
    Step(
        "T12-reference",
        ("counting/uniform-sum-syntax",),
        "Margins of the reference features, N = 4 and 6: 1/(4N), 4N/(4N^2-1) twice, 1/(8N), 4N/(8N^2-1)",
        "separate",
        lambda: _optimum(ONE),
        Control("a tenth less", lambda: _optimum(Fraction(9, 10))),
    ),
    Step(
        "T12-bias",
        ("counting/never-uniform-reading",),
        "With a bias the uniform sum of four reference features gives the grammar, with margin 1/(8N), N = 4 and 6",
        "separate",
        lambda: _with_bias(True),
        Control("without a bias", lambda: _with_bias(False)),
        role="refutes",
    ),
    Step(
        "T12-function",
        ("counting/uniform-sum-syntax",),
        "The function's margin and its dual certificate equal these fractions, N = 4, 6, 8, to 10^-9",
        "certify",
        lambda: certify.all_near(lambda: _function_cases(1), within=1e-9),
        Control("their squares", lambda: certify.all_near(lambda: _function_cases(2), within=1e-9)),
    ),
    Step(
        "T13-degree",
        ("counting/sign-changes",),
        "Along n1 the sum of H heads and a constant has a numerator of degree H at most, so at most H sign changes",
        "identity",
        lambda: _degree(1),
        Control("degree H - 1", lambda: _degree(0)),
    ),
    Step(
        "T13-cauchy",
        ("counting/sign-changes",),
        "The determinant of 1 and two poles is a product of differences: any signs can be realised",
        "identity",
        lambda: _cauchy(-1),
        Control("the sum of the poles in place of their difference", lambda: _cauchy(1)),
    ),
    Step(
        "T13-enough",
        ("counting/sign-changes",),
        "As many heads as sign changes suffice: parity to 6 bits, equality, majority, in fractions",
        "separate",
        lambda: _enough(0),
        Control("one head fewer", lambda: _enough(1)),
    ),
    Step(
        "T13-too-few",
        ("counting/sign-changes",),
        "One head fewer does not, by exact multipliers",
        "separate",
        lambda: _too_few(1),
        Control("as many as sign changes", lambda: _too_few(0)),
    ),
)
