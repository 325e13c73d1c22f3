"""Counting labellings: cells, sign patterns, the certificates of five and eight points, and the inversion to VC bounds.

Letters: M polynomials, P parameters, m rows, U units, H heads, Pi(m) labellings of m rows.  Balls stand for certified
intervals; the counts are repeated here in integers or balls, without the functions that are checked.
"""

from __future__ import annotations

import importlib.resources
import itertools
import json
import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from proofs_check.core import certify, exhaust, identity
from proofs_check.core.derivation import Control, Result, Step
from theory.infinite_precision import (
    composition_growth_log2,
    effective_parameter_count,
    growth_log2,
    hyperplane_cells,
    linear_readout_certificate,
    vc_upper,
    vc_upper_closed,
    vc_upper_units,
)


def _log2(value: Any) -> Any:
    return certify.ball(value).log() / certify.ball(2).log()


def _e() -> Any:
    return certify.ball(1).exp()


def warren_ball(M: int, degree: int, P: int) -> Any:
    """1 + P log2(2 e M D / P) in ball arithmetic."""
    return 1 + P * _log2(2 * _e() * M * degree / P)


def tree_ball(m: int, U: int, H: int, P: int) -> Any:
    """The tree count at m rows: Warren's formula for H > 1, the exact number of cells for H = 1."""
    M = m * (2 ** (U + 1) - 1)
    return _log2(hyperplane_cells(M=M, P=P)) if H == 1 else warren_ball(M, H, P)


def layers_ball(m: int, widths: tuple[int, ...], H: int, P: int) -> Any:
    """The layer count at m rows, each layer's sign vectors counted like the tree's and never above 2^(m k)."""
    total = certify.ball(0)
    for k in (*widths, 1):
        M = m * k
        if P >= M:
            total += M
        elif H == 1:
            total += _log2(hyperplane_cells(M=M, P=P))
        else:
            total += certify.ball(M).min(warren_ball(M, H, P))
    return total


# ---------------------------------------------------------------------------- cells and sign patterns
def _cells_below_warren(largest_p_beyond_m: bool) -> list[tuple[str, Any, Any]]:
    """Phi(M, P) < 2 (2 e M / P)^P for P <= M; `largest_p_beyond_m` also tries P > M, where the formula is not valid."""
    found = []
    for P in range(1, 12):
        for M in range(2 if largest_p_beyond_m else P, 200):
            found.append((f"M={M} P={P}", _log2(hyperplane_cells(M=M, P=P)), warren_ball(M, 1, P)))
    return found


def _line_sign_vectors(M: int) -> int:
    """Sign vectors [f_1 > 0, .., f_M > 0] of M lines in general position, f_i = i x + y + i^2, in integers.

    f_i and f_j meet at x = -(i + j), y = i j, where f_k = (k - i)(k - j).  Every cell has a crossing on its edge, and each
    crossing lies on four cells: f_i and f_j take all signs there, the others their own.
    """
    lines, seen = range(M), set()
    for i, j in itertools.combinations(lines, 2):
        for signs in itertools.product((False, True), repeat=2):
            free = dict(zip((i, j), signs))
            seen.add(tuple(free[k] if k in free else (k - i) * (k - j) > 0 for k in lines))
    return len(seen)


# ---------------------------------------------------------------------------- the certificate
def _certificate(heads: int) -> dict[str, Any]:
    folder = importlib.resources.files("theory.infinite_precision")
    text = folder.joinpath({2: "linear_readout.json", 3: "linear_readout_3.json"}[heads]).read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def _labels_of(data: dict[str, Any], params: list[int]) -> str:
    """The labels that one setting (beta_1.., mu_1..) of the parameters gives to the points, in integers only.

    c + sum_h (alpha_h + beta_h)/(lambda_h + mu_h) > 0 is multiplied by the product of the denominators; all are positive.
    """
    text, heads = "", len(params) // 2
    for alpha, lam in zip(data["alpha"], data["lam"]):
        tops = [a + b for a, b in zip(alpha, params[:heads])]
        bottoms = [value + u for value, u in zip(lam, params[heads:])]
        assert min(bottoms) > 0 < data["den"]
        product = math.prod(bottoms)
        value = data["c"] * product + data["den"] * sum(top * (product // bottom) for top, bottom in zip(tops, bottoms))
        text += "1" if value > 0 else "0"
    return text


def _shattered_points(heads: int, rotated: bool) -> Iterator[tuple[str, bool]]:
    """Every labelling of the certificate's points is realised; `rotated` gives each head's numerator to the next one."""
    data = _certificate(heads)
    for labels in map("".join, itertools.product("01", repeat=len(data["alpha"]))):
        params = data["params"][labels]
        beta, mu = params[:heads], params[heads:]
        yield labels, _labels_of(data, [*beta[rotated:], *beta[:rotated], *mu]) == labels
    yield f"more than 2H = {2 * heads} points", len(data["alpha"]) > 2 * heads


def _enough_patterns(heads: int, degree_one: bool) -> Iterator[tuple[str, bool]]:
    """The certificate's labellings fit below the bound of degree H; with degree 1 they do not: 31 of 32, 247 of 256."""
    one = linear_readout_certificate(heads=heads)
    points = len(one.alpha)
    yield "the certificate verifies itself", one.verify()
    allowed = growth_log2(m=points, d=1, H=heads, widths=())
    if degree_one:
        allowed = math.log2(hyperplane_cells(M=points, P=2 * heads))
    yield f"{len(one.params)} labellings", math.log2(len(one.params)) <= allowed
    yield f"{points} points", vc_upper(d=1, H=heads, widths=()) >= points


# ---------------------------------------------------------------------------- labellings found, against the bound
def _found_labellings(bound_units: int) -> Iterator[tuple[str, bool]]:
    """Labellings that one fixed small net gives to m points over a grid of (beta, mu) stay below the bound.

    d = H = 1 and N a ReLU net of one hidden layer with two units; the count is exact, in integers.
    """
    m = 24
    points = [(3 * i * i % 41 - 20, i % 7 + 1) for i in range(m)]  # (alpha, lambda), spread over the plane
    for name, (a, b, cut) in {"tent": (2, 4, 1), "trough": (-2, -4, -1), "ramp": (3, 3, 1)}.items():
        seen = set()
        for beta, mu in itertools.product(range(-30, 31), range(0, 40)):
            labels = 0
            for alpha, lam in points:
                top, bottom = alpha + beta, lam + mu
                # N(y) = a ReLU(y) - b ReLU(y - 1) - cut, times the positive denominator
                labels = 2 * labels + (a * max(top, 0) - b * max(top - bottom, 0) - cut * bottom > 0)
            seen.add(labels)
        allowed = growth_log2(m=m, d=1, H=1, units=bound_units)
        yield f"{name}: {len(seen)} labellings of {m} points, 2^{allowed:.2f} allowed", math.log2(len(seen)) <= allowed


def _tree_polynomials(shift: int) -> Result:
    """sum_{j=1..U} 2^(j-1) + 2^U = 2^(U+1) - 1, and with n - 1 thresholds 2^U (n - 1) + 2^U - 1 = 2^U n - 1."""
    import sympy

    U, n, j = sympy.symbols("U n j", integer=True, positive=True)
    hidden = sympy.summation(2 ** (j - 1), (j, 1, U))
    return identity.vanishes(
        [
            sympy.simplify(hidden + 2**U - (2 ** (U + 1) - 1 + shift)),
            sympy.simplify(hidden + 2**U * (n - 1) - (2**U * n - 1 + shift)),
        ]
    )


def _answer_vectors(missing: bool) -> Iterator[tuple[str, bool]]:
    """Theorem C against the answers in {1..n} that a net gives over a grid of parameters, rounded; n = 6, H = 1, U = 1.

    `missing` counts the signs of Theorem B's binary output in place of the n - 1 thresholds.
    """
    n = 6
    points = [(7 * i % 11 - 5, i % 3 + 1) for i in range(n)]
    seen = set()
    for beta, mu in itertools.product(range(-60, 61), range(0, 40)):
        answers = []
        for alpha, lam in points:
            y = Fraction(alpha + beta, lam + mu)
            value = 3 + 2 * y - 3 * max(y - 1, Fraction(0))
            answers.append(min(n, max(1, round(value))))
        seen.add(tuple(answers))
    allowed = growth_log2(m=n, d=1, H=1, units=1) if missing else composition_growth_log2(n=n, d=1, H=1, U=1)
    yield f"{len(seen)} vectors, 2^{allowed:.2f} allowed", math.log2(len(seen)) <= allowed


# ---------------------------------------------------------------------------- inversion
NETS = tuple(itertools.product((1, 2, 4), (1, 2, 3), (0, 1, 2, 3, 4, 6, 8, 12, 16)))


def _inverted(shift: int) -> Iterator[tuple[str, bool]]:
    """log2 Pi(m) >= m for every m up to vc_upper_units, and below m for every m from there to 3 vc_upper_units + 20."""
    for d, heads, U in NETS:
        top = vc_upper_units(d=d, H=heads, U=U) + shift
        rows = range(1, 3 * top + 21)
        good = all((growth_log2(m=m, d=d, H=heads, units=U) >= m) == (m <= top) for m in rows)
        yield f"d={d} H={heads} U={U}: {top}", good


def _monotone(rising: Callable[[int, int], bool]) -> Iterator[tuple[str, bool]]:
    """vc_upper_units never falls when d, H or U grows (d <= 8, H <= 4, U < 20)."""
    found = {
        (d, heads, U): vc_upper_units(d=d, H=heads, U=U)
        for d, heads, U in itertools.product(range(1, 9), range(1, 5), range(20))
    }
    for (d, heads, U), value in found.items():
        for more in ((d + 1, heads, U), (d, heads + 1, U), (d, heads, U + 1)):
            if more in found:
                yield f"{(d, heads, U)} to {more}", rising(value, found[more])


def _edge(shift: int) -> list[tuple[str, Any, Any]]:
    """The last m allowed and the first excluded, certified in balls from a second text of the counts."""
    found = []
    for d, heads, widths, top in (
        (768, 12, (3072,), 311890),
        (64, 8, (256,), 14851),
        (4, 4, (32, 32), 787),
        (4, 1, (16, 16), 123),
        (4, 1, (32,), 72),
        (1, 1, (4,), 17),
    ):
        P = effective_parameter_count(d=d, H=heads, first_width=widths[0], hidden_layers=1)

        def count(m: int, widths: tuple[int, ...] = widths, heads: int = heads, P: int = P) -> Any:
            U = sum(widths)
            layers = layers_ball(m, widths, heads, P)
            return layers if U > 100 else layers.min(tree_ball(m, U, heads, P))

        last = top + shift
        found.append((f"d={d} H={heads} widths={widths}: {last} allowed", certify.ball(last), count(last)))
        found.append((f"d={d} H={heads} widths={widths}: {last + 1} excluded", count(last + 1), certify.ball(last + 1)))
    return found


def _closed_form(numerator: int) -> list[tuple[str, Any, Any]]:
    """VC <= 2P(U + 1 + log2(12 H)) on 150 cells, at most .66 of it; 2 e 2^1.087 < 12 is what the form rests on."""
    found = [("2 e 2^1.087 < 12", 2 * _e() * certify.ball(2) ** certify.ball(Fraction(1087, 1000)), certify.ball(12))]
    for d, heads, U in itertools.product((1, 2, 4, 8, 16), (1, 2, 4, 8, 16), (1, 4, 16, 64, 256, 1024)):
        exact = vc_upper_units(d=d, H=heads, U=U)
        form = vc_upper_closed(d=d, H=heads, U=U)
        found.append((f"d={d} H={heads} U={U}", certify.ball(exact), certify.ball(form) * numerator / 100))
    return found


def _tangent(thousandths: int) -> Result:
    """log2 y < y/2 + .087 for 1/100 <= y <= 100 (beyond it y/2 grows faster than log2 y)."""
    room = Fraction(thousandths, 1000)
    return certify.positive(
        lambda y: y / 2 + certify.ball(room) - _log2(y), Fraction(1, 100), 100, derivative=lambda y: _slope(y)
    )


def _slope(y: Any) -> Any:
    return certify.ball(Fraction(1, 2)) - 1 / (y * certify.ball(2).log())


STEPS = (
    Step(
        "cell-count",
        ("infinite_precision/theorem-B",),
        "Phi(M, P) < 2 (2 e M / P)^P for P <= 11, P <= M < 200",
        "certify",
        lambda: certify.all_less(lambda: _cells_below_warren(False)),
        Control(
            "P > M as well, where the formula is not valid", lambda: certify.all_less(lambda: _cells_below_warren(True))
        ),
    ),
    Step(
        "cells-by-enumeration",
        ("infinite_precision/theorem-B",),
        "Lines in general position have exactly Phi(M, 2) sign vectors (M = 2..9)",
        "exhaust",
        lambda: exhaust.equal((f"M={M}", _line_sign_vectors(M), hyperplane_cells(M=M, P=2)) for M in range(2, 10)),
        Control(
            "Phi(M, 3)",
            lambda: exhaust.equal((f"M={M}", _line_sign_vectors(M), hyperplane_cells(M=M, P=3)) for M in range(2, 10)),
        ),
    ),
    Step(
        "tree-polynomials",
        ("infinite_precision/theorem-B", "infinite_precision/theorem-C"),
        "A net of U units has 2^(U+1) - 1 polynomials a row, and 2^U n - 1 with n - 1 thresholds",
        "identity",
        lambda: _tree_polynomials(0),
        Control("one more", lambda: _tree_polynomials(1)),
    ),
    Step(
        "labellings-found",
        ("infinite_precision/theorem-B",),
        "The labellings of 24 points that three nets of two units give over 2440 settings stay below the bound",
        "exhaust",
        lambda: exhaust.holds(_found_labellings(2)),
        Control("the bound of a linear read-out", lambda: exhaust.holds(_found_labellings(0))),
    ),
    Step(
        "composition-count",
        ("infinite_precision/theorem-C",),
        "The vectors of six rounded answers that a net of one unit gives over 4840 settings stay below Theorem C",
        "exhaust",
        lambda: exhaust.holds(_answer_vectors(False)),
        Control("the binary count of Theorem B", lambda: exhaust.holds(_answer_vectors(True))),
    ),
    Step(
        "certificate",
        ("infinite_precision/vc-2h-conjecture",),
        "Two scalar heads with a linear read-out shatter five points, more than 2H = 4: 32 labellings, in integers",
        "exhaust",
        lambda: exhaust.holds(_shattered_points(2, False)),
        Control("the two heads' numerators exchanged", lambda: exhaust.holds(_shattered_points(2, True))),
        role="refutes",
    ),
    Step(
        "certificate-three-heads",
        ("infinite_precision/vc-2h-conjecture",),
        "Three scalar heads with a linear read-out shatter eight points, more than 2H = 6: 256 labellings, in integers",
        "exhaust",
        lambda: exhaust.holds(_shattered_points(3, False)),
        Control("each head's numerator given to the next head", lambda: exhaust.holds(_shattered_points(3, True))),
        role="refutes",
    ),
    Step(
        "certificate-corrected",
        ("infinite_precision/vc-2h-conjecture",),
        "The certificate verifies in fractions, and the bound of degree H = 2 allows it",
        "exhaust",
        lambda: exhaust.holds(_enough_patterns(2, False)),
        Control("a bound of degree 1, which allows 31 labellings", lambda: exhaust.holds(_enough_patterns(2, True))),
        role="corrects",
    ),
    Step(
        "degree",
        ("infinite_precision/theorem-B",),
        "The degree H is needed: the bound with it allows the 32 labellings of the certificate",
        "exhaust",
        lambda: exhaust.holds(_enough_patterns(2, False)),
        Control("degree 1", lambda: exhaust.holds(_enough_patterns(2, True))),
    ),
    Step(
        "degree-three-heads",
        ("infinite_precision/theorem-B",),
        "For three heads, too: the bound with degree H = 3 allows the 256 labellings of eight points",
        "exhaust",
        lambda: exhaust.holds(_enough_patterns(3, False)),
        Control("degree 1, which allows 247", lambda: exhaust.holds(_enough_patterns(3, True))),
    ),
    Step(
        "inversion",
        ("infinite_precision/theorem-B",),
        "log2 Pi(m) >= m up to v = vc_upper_units and not beyond: every m from 1 to 3 v + 20 for 81 nets",
        "exhaust",
        lambda: exhaust.holds(_inverted(0)),
        Control("one row more", lambda: exhaust.holds(_inverted(1))),
    ),
    Step(
        "monotone",
        ("infinite_precision/theorem-B",),
        "vc_upper_units does not fall when d, H or U grows (d <= 8, H <= 4, U < 20)",
        "exhaust",
        lambda: exhaust.holds(_monotone(lambda a, b: a <= b)),
        Control("it always rises", lambda: exhaust.holds(_monotone(lambda a, b: a < b))),
    ),
    Step(
        "edges",
        ("infinite_precision/theorem-B",),
        "Six values of vc_upper from a second text of the counts in balls: the last row allowed and the first excluded",
        "certify",
        lambda: certify.all_less(lambda: _edge(0)),
        Control("one row more", lambda: certify.all_less(lambda: _edge(1))),
    ),
    Step(
        "closed-form",
        ("infinite_precision/theorem-B",),
        "The exact bound is at most .66 of 2P(U + 1 + log2(12 H)) on 150 cells",
        "certify",
        lambda: certify.all_less(lambda: _closed_form(66)),
        Control("half of it", lambda: certify.all_less(lambda: _closed_form(50))),
    ),
    Step(
        "tangent",
        ("infinite_precision/theorem-B",),
        "log2 y < y/2 + .087, from which the closed form follows",
        "certify",
        lambda: _tangent(87),
        Control(".08", lambda: _tangent(80)),
    ),
)
