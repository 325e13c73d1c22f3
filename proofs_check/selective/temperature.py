"""When query temperature helps: the selectivity matrix, twins, and the norm within a KL tolerance with its certificate.

Letters as in `theory.selective.criterion`: L logit rows, G_q, G_k Gram matrices, A selectivity matrix, theta = 1/tau.
Exact problems are in fractions: with logits that are multiples of log 2 the attention rows are rational too.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from proofs_check.core import certify, exhaust, identity
from proofs_check.core.derivation import Control, Result, Step
from theory import selective

Rows = list[list[Fraction]]
EXAMPLES = ((9, 90, 10), (7, 95, 1), (3, -50, 5))  # g in tenths, rho in hundredths, eta in thousandths


# ---------------------------------------------------------------------------- exact least norms
def _problem(seed: int) -> tuple[Any, Any, Any]:
    """(L, E_q, E_k) with small whole entries: 3 near queries, 4 keys, as sympy matrices."""
    import sympy

    source = random.Random(seed)
    logits = sympy.Matrix(3, 4, lambda i, j: source.randint(-4, 4))
    base = [source.randint(-3, 3) for _ in range(4)]
    queries = sympy.Matrix(3, 4, lambda i, j: 2 * base[j] + source.randint(-2, 2) + (1 if i == j else 0))
    keys = sympy.Matrix(4, 4, lambda i, j: source.randint(-2, 2) + (5 if i == j else 0))
    return logits, queries, keys


def _problems(n: int) -> Iterator[tuple[str, Any, Any, Any]]:
    found, seed = 0, 0
    while found < n:
        logits, queries, keys = _problem(seed)
        if (queries * queries.T).det() != 0 and (keys * keys.T).det() != 0:
            yield f"problem {seed}", logits, queries, keys
            found += 1
        seed += 1


def _matrix(logits: Any, queries: Any, keys: Any, projected: bool = True) -> Any:
    """A = G_q^-1 o (L C L^T), from the formula."""
    import sympy

    inverse = (keys * keys.T).inv()
    ones = sympy.ones(inverse.rows, 1)
    shift = inverse * ones
    metric = inverse - shift * shift.T / (ones.T * shift)[0] if projected else inverse
    return (queries * queries.T).inv().multiply_elementwise(logits * metric * logits.T)


def _least_square(logits: Any, queries: Any, keys: Any) -> Fraction:
    """Least |W|_F^2 with E_q W E_k^T = L + s 1^T, from its optimality conditions: W = E_q^T V E_k and V 1 = 0."""
    import sympy

    shift = sympy.symbols(f"s0:{logits.rows}")
    wanted = logits + sympy.Matrix(shift) * sympy.ones(1, logits.cols)
    multipliers = (queries * queries.T).inv() * wanted * (keys * keys.T).inv()
    solved = sympy.solve(list(multipliers * sympy.ones(logits.cols, 1)), shift, dict=True)[0]
    weights = queries.T * multipliers.subs(solved) * keys
    reached = queries * weights * keys.T - logits
    assert all(
        sympy.simplify(reached[i, j] - reached[i, 0]) == 0 for i in range(reached.rows) for j in range(reached.cols)
    )
    return _fraction(sum(entry**2 for entry in weights))


def _fraction(value: Any) -> Fraction:
    return Fraction(int(value.p), int(value.q))


def _matrix_cases(projected: bool) -> Iterator[tuple[str, Fraction, Fraction]]:
    import sympy

    for name, logits, queries, keys in _problems(4):
        matrix = _matrix(logits, queries, keys, projected)
        for theta in ((1, 1, 1), (1, 3, 2), (2, 1, 5)):
            scaled = sympy.diag(*theta) * logits
            vector = sympy.Matrix(theta)
            yield (
                f"{name} theta={theta}",
                _fraction((vector.T * matrix * vector)[0]),
                _least_square(scaled, queries, keys),
            )


def _optimal(matrix: Any, theta: list[Fraction]) -> bool:
    """theta >= 1, A theta >= 0, and (A theta)_i = 0 wherever theta_i > 1: enough for a convex form."""
    import sympy

    pull = matrix * sympy.Matrix([sympy.Rational(t.numerator, t.denominator) for t in theta])
    return all(t >= 1 and y >= 0 and (t == 1 or y == 0) for t, y in zip(theta, pull))


def _exact_theta(matrix: Any, theta: list[float]) -> list[Fraction]:
    """The exact point on the active set of a float solution: (A theta)_i = 0 where theta_i > 1, 1 elsewhere."""
    import sympy

    free = [i for i, t in enumerate(theta) if t > 1 + 1e-9]
    found = [Fraction(1)] * len(theta)
    if free:
        fixed = [i for i in range(len(theta)) if i not in free]
        right = -sympy.Matrix([sum((matrix[i, j] for j in fixed), sympy.Integer(0)) for i in free])
        solved = matrix.extract(free, free).LUsolve(right)
        for place, i in enumerate(free):
            found[i] = _fraction(solved[place])
    return found


def _quadratic_cases(always_one: bool) -> Iterator[tuple[str, bool]]:
    """The function's theta, made exact on its active set, satisfies the optimality conditions in fractions."""
    import numpy as np

    for name, logits, queries, keys in _problems(16):
        matrix = _matrix(logits, queries, keys)
        arrays = [np.array(one.tolist(), dtype=float) for one in (logits, queries, keys)]
        found = selective.min_norm_selective(logits=arrays[0], E_q=arrays[1], E_k=arrays[2])
        theta = [Fraction(1)] * 3 if always_one else _exact_theta(matrix, list(found.theta))
        near = always_one or max(abs(float(a) - b) / float(a) for a, b in zip(theta, found.theta)) < 1e-7
        yield name, near and _optimal(matrix, theta)


def _criterion_cases(entries: bool) -> Iterator[tuple[str, bool]]:
    """Some row sum is negative iff theta = 1 is not optimal; the control looks at the entries off the diagonal."""
    for name, logits, queries, keys in _problems(16):
        matrix = _matrix(logits, queries, keys)
        sums = [sum(matrix[i, :]) for i in range(3)]
        helps = any(one < 0 for one in sums)
        if entries:
            helps = any(matrix[i, j] < 0 for i, j in itertools.permutations(range(3), 2))
        if helps and not entries:  # then a step along that theta lowers the form: exactly, by sums_i^2/A_ii
            i = min(range(3), key=lambda k: sums[k])
            step = [Fraction(int(j == i)) * _fraction(-sums[i] / matrix[i, i]) + 1 for j in range(3)]
            value = sum(_fraction(matrix[j, k]) * step[j] * step[k] for j in range(3) for k in range(3))
            yield f"{name} lower", value < _fraction(sum(matrix))
        yield name, helps != _optimal(matrix, [Fraction(1)] * 3)


# ---------------------------------------------------------------------------- twins
def _twins(collinear: bool) -> Result:
    """The two-query matrix: row sum, optimal theta, least form, and at c = 1 the form of the larger row alone."""
    import sympy

    rho, r, c, theta = sympy.symbols("rho r c theta", positive=True)
    entry = (1 - rho**2) ** -1
    form = entry * (1 - 2 * rho * r * c * theta + r**2 * theta**2)
    best = rho * c / r
    cosine = sympy.Integer(1) if collinear else sympy.Rational(1, 2)
    return identity.vanishes(
        [
            sympy.diff(form, theta).subs(theta, best),
            sympy.together(form.subs(theta, best) - (1 - rho**2 * c**2) / (1 - rho**2)),
            sympy.together(sympy.diff(form, theta).subs(theta, 1) / 2 - entry * r * (r - rho * c)),
            sympy.together(form.subs(theta, best).subs(c, cosine) - 1),
        ]
    )


def _coupled(cosine: Fraction) -> list[tuple[str, Any, Any]]:
    """Least norms with free temperatures grow with rho: (1 - rho^2 c^2)/(1 - rho^2) exceeds 37 at rho = .99."""
    rho = Fraction(99, 100)
    return [(f"c={cosine}", certify.ball(37), certify.ball((1 - rho**2 * cosine**2) / (1 - rho**2)))]


# ---------------------------------------------------------------------------- within a KL tolerance
def _perspective(with_theta: bool) -> Result:
    """Second derivative of theta lse(m/theta) along (h, k) is Var_s(h - k m/theta)/theta >= 0 (three keys)."""
    import sympy

    theta = sympy.symbols("theta", positive=True)
    m, h = sympy.symbols("m0:3", real=True), sympy.symbols("h0:3", real=True)
    k = sympy.symbols("k", real=True)
    weights = sympy.symbols("w0:3", positive=True)  # exp(m_i/theta)
    total = sum(weights)
    # first and second derivative of u_i(t) = (m_i + t h_i)/(theta + t k) at 0
    first = [(a * theta - b * k) / theta**2 for a, b in zip(h, m)]
    second = [-2 * k * one / theta for one in first]
    mean = sum(w * one for w, one in zip(weights, first)) / total
    spread = sum(w * one**2 for w, one in zip(weights, first)) / total - mean**2
    lse_first, lse_second = mean, spread + sum(w * one for w, one in zip(weights, second)) / total
    found = 2 * k * lse_first + theta * lse_second if with_theta else lse_second
    directions = [a - k * b / theta for a, b in zip(h, m)]
    average = sum(w * one for w, one in zip(weights, directions)) / total
    variance = sum(w * one**2 for w, one in zip(weights, directions)) / total - average**2
    return identity.vanishes(sympy.together(found - variance / theta))


def _balls(rows: Any) -> list[list[Any]]:
    return [[certify.ball(float(one)) for one in row] for row in rows]


def _rows(P: list[list[Any]], E: list[list[Any]], W: list[list[Any]], theta: list[Any]) -> list[dict[str, Any]]:
    """Per query, in balls: KL to its row, the entropy of that row, and c_i's gradient in W."""
    from flint import arb

    found = []
    for i, target in enumerate(P):
        projected = [sum((E[i][a] * W[a][b] for a in range(2)), arb(0)) for b in range(2)]
        u = [sum((projected[b] * E[j][b] for b in range(2)), arb(0)) / theta[i] for j in range(len(E))]
        top = max(u, key=lambda one: float(one.mid()))
        lse = top + sum(((one - top).exp() for one in u), arb(0)).log()
        s = [(one - lse).exp() for one in u]
        own = sum((p * p.log() for p in target if p > 0), arb(0))
        gradient = [
            [sum(((target[j] - s[j]) * E[i][a] * E[j][b] for j in range(len(E))), arb(0)) for b in range(2)]
            for a in range(2)
        ]
        cross = sum((p * one for p, one in zip(target, u)), arb(0))
        entropy = lse - sum((p * one for p, one in zip(s, u)), arb(0))
        found.append({"kl": own - cross + lse, "entropy": entropy, "own": -own, "gradient": gradient})
    return found


def _certified(free: bool, tolerance: int) -> list[tuple[str, Any, Any]]:
    """Pairs that must be ordered: KL of every row below eta, and the norm below 1 + 1e-6 times the dual bound.

    The dual bound is that of `theory.selective.kl_norm`, evaluated in balls at float multipliers 1/c_i, scaled to fit.
    """
    import math

    import numpy as np
    from flint import arb

    found = []
    for tenths, hundredths, thousandths in EXAMPLES:
        g, rho, eta = tenths / 10, hundredths / 100, thousandths / 1000
        P, E = np.array([[1 - g, g], [0, 1]]), np.array([[1, 0], [rho, math.sqrt(1 - rho**2)]])
        solved = selective.min_norm_kl(P=P, E_q=E, E_k=E, eta=eta, selective=free)
        assert solved is not None
        target, embedding, weights = _balls(P), _balls(E), _balls(solved.W)
        theta = [certify.ball(float(1 / tau)) for tau in solved.tau]
        rows = _rows(target, embedding, weights, theta)
        name = f"g={g} rho={rho} eta={eta}"
        found += [(f"{name} row {i}", row["kl"], certify.ball(eta) / tolerance) for i, row in enumerate(rows)]
        norm = sum((one**2 for row in weights for one in row), arb(0)).sqrt()
        # multipliers: floats, any are allowed; near the optimum lambda_i is proportional to 1/c_i and binds where c_i is small
        room = [float((theta[i] * (certify.ball(eta) - row["kl"])).mid()) for i, row in enumerate(rows)]
        pull = np.array([[float(one.mid()) for line in row["gradient"] for one in line] for row in rows])
        fitted = np.linalg.lstsq(pull[np.array(room) < 1e-3 * eta].T, solved.W.ravel(), rcond=None)[0]
        multipliers = np.zeros(len(rows))
        multipliers[np.array(room) < 1e-3 * eta] = np.maximum(fitted, 0)
        lam = [certify.ball(float(one)) for one in multipliers]
        value = norm**2 / 2
        for i, row in enumerate(rows):
            value -= lam[i] * theta[i] * (certify.ball(eta) - row["kl"])
            if free:
                held = -lam[i] * (row["own"] + certify.ball(eta) - row["entropy"])
                value -= held.max(arb(0)) * (theta[i] - 1)
                if not held >= 0:
                    value = arb(0)  # no certificate from these multipliers
        for a, b in itertools.product(range(2), repeat=2):
            residual = weights[a][b] - sum((lam[i] * rows[i]["gradient"][a][b] for i in range(len(rows))), arb(0))
            value -= residual**2 / 2
        found.append((f"{name} norm", norm, (2 * value).max(arb(0)).sqrt() * (1 + certify.ball(1) / 10**6)))
    return found


def _interval(taus: tuple[int, ...]) -> list[tuple[str, Any, Any]]:
    """One W, the least to 1e-6, stays within the tolerance at several tau_1 (in thousandths)."""
    import math

    import numpy as np

    g, rho, eta = 0.9, 0.9, 0.01
    P, E = np.array([[1 - g, g], [0, 1]]), np.array([[1, 0], [rho, math.sqrt(1 - rho**2)]])
    solved = selective.min_norm_kl(P=P, E_q=E, E_k=E, eta=eta, selective=True)
    assert solved is not None
    found = []
    for thousandths in taus:
        theta = [certify.ball(Fraction(1000, thousandths)), certify.ball(1)]
        for i, row in enumerate(_rows(_balls(P), _balls(E), _balls(solved.W), theta)):
            found.append((f"tau_1={thousandths / 1000} row {i}", row["kl"], certify.ball(eta)))
    return found


def _parallel(sharper: int) -> Iterator[tuple[str, bool]]:
    """Two equal queries have equal rows in standard attention; targets l and 2l (l = log 4, 0) are reached with tau alone.

    By Pinsker the sum of both KL from any common row is at least the squared total variation of the targets.
    """
    for base in (2, 3, 4, 9):
        low = Fraction(base, base + 1)
        high = Fraction(base**sharper, base**sharper + 1)
        apart = (high - low) ** 2
        odds = low / (1 - low)
        reached = odds**sharper / (odds**sharper + 1) == high
        yield f"odds {base} and {base**sharper}: total KL at least {apart}", reached and apart > 0


def _independent(n_dimensions: int) -> Iterator[tuple[str, bool]]:
    """The least-squares W = E_q^+ M E_k^+T has exactly the logits M, in fractions; three queries, four keys."""
    for name, logits, queries, keys in _problems(4):
        q = queries[:, :n_dimensions]
        inverse = q.T * (q * q.T).inv() if n_dimensions >= 3 else (q.T * q).inv() * q.T
        weights = inverse * logits * (keys * keys.T).inv() * keys
        yield name, q * weights * keys.T == logits


CRITERION, KL = ("selective/temperature-criterion",), ("selective/kl-norm",)
STEPS = (
    Step(
        "selectivity-matrix",
        CRITERION,
        "theta^T A theta is the least |W|_F^2 for the logits theta_i l_i: twelve exact problems solved from their conditions",
        "exhaust",
        lambda: exhaust.equal(_matrix_cases(True)),
        Control(
            "A without the projection, that is without the freedom of a shift",
            lambda: exhaust.equal(_matrix_cases(False)),
        ),
    ),
    Step(
        "selectivity-quadratic",
        CRITERION,
        "The quadratic program's theta satisfies the optimality conditions exactly, on sixteen rational problems",
        "exhaust",
        lambda: exhaust.holds(_quadratic_cases(False)),
        Control("theta = 1 throughout", lambda: exhaust.holds(_quadratic_cases(True))),
    ),
    Step(
        "selectivity-criterion",
        CRITERION,
        "theta = 1 is optimal iff no row sum of A is negative; where one is, a step along that theta lowers the norm",
        "exhaust",
        lambda: exhaust.holds(_criterion_cases(False)),
        Control("some entry off the diagonal is negative", lambda: exhaust.holds(_criterion_cases(True))),
    ),
    Step(
        "collinear-twins",
        ("selective/collinear-twins",),
        "For two queries theta_b = rho c/r, the norm is that of the closed form, and for c = 1 it does not depend on rho",
        "identity",
        lambda: _twins(True),
        Control("c = 1/2 in the last part", lambda: _twins(False)),
    ),
    Step(
        "decoupled-twins",
        ("selective/decoupled",),
        "With free temperatures and rows of cosine 1/2 the squared least norm grows 37-fold by rho = .99",
        "certify",
        lambda: certify.all_less(lambda: _coupled(Fraction(1, 2))),
        Control("collinear rows", lambda: certify.all_less(lambda: _coupled(Fraction(1)))),
        role="refutes",
    ),
    Step(
        "kl-perspective",
        KL,
        "theta lse(m/theta) is jointly convex: its second derivative along any direction is a variance over theta",
        "identity",
        lambda: _perspective(True),
        Control("lse(m/theta) without the factor", lambda: _perspective(False)),
    ),
    Step(
        "kl-certificate-selective",
        KL,
        "The least norms with temperatures are certified to 1e-6 in balls: tolerance met, dual bound reached",
        "certify",
        lambda: certify.all_less(lambda: _certified(True, 1)),
        Control("half of the tolerance", lambda: certify.all_less(lambda: _certified(True, 2))),
    ),
    Step(
        "kl-certificate-standard",
        KL,
        "The least norms of standard attention likewise",
        "certify",
        lambda: certify.all_less(lambda: _certified(False, 1)),
        Control("half of the tolerance", lambda: certify.all_less(lambda: _certified(False, 2))),
    ),
    Step(
        "kl-tau-interval",
        KL,
        "At g = .9, rho = .9, eta = .01 one W of least norm serves tau_1 = .44, .5, .6 and .64",
        "certify",
        lambda: certify.all_less(lambda: _interval((440, 500, 600, 640))),
        Control("tau_1 = .75", lambda: certify.all_less(lambda: _interval((750,)))),
    ),
    Step(
        "expressivity",
        ("selective/expressivity",),
        "Two equal queries, targets l and 2l: temperature reaches both, standard attention has a positive total KL",
        "exhaust",
        lambda: exhaust.holds(_parallel(2)),
        Control("targets l and l", lambda: exhaust.holds(_parallel(1))),
    ),
    Step(
        "expressivity-independent",
        ("selective/expressivity",),
        "Independent queries and keys reach any logits exactly without temperature",
        "exhaust",
        lambda: exhaust.holds(_independent(4)),
        Control("three queries in two dimensions", lambda: exhaust.holds(_independent(2))),
    ),
)
