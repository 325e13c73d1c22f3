"""The split into accumulators, homogenisation, and what the first width and a linear read-out leave over.

Letters: alpha_h, lambda_h weighted values and weights of the half A in head h, beta_h, mu_h of the half B, D the product
of all denominators lambda_h + mu_h, P free parameters, k_1 first width of the MLP, U units.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import Any

from proofs_check.core import certify, exhaust, identity
from proofs_check.core.derivation import Control, Result, Step
from theory.infinite_precision import attention_operation_count, effective_parameter_count, growth_log2, vc_upper
from theory.infinite_precision.counting import hyperplane_cells

DIM, SYMBOLS = 3, 2


# ---------------------------------------------------------------------------- fractions
def _head(source: random.Random) -> dict[str, Any]:
    """Random embeddings of two tokens of A and two of B for every symbol, a read-out token, and one head."""

    def vector() -> list[float]:
        return [source.uniform(-1, 1) for _ in range(DIM)]

    return {
        "tokens": [[vector() for _ in range(SYMBOLS)] for _ in range(4)],
        "readout": vector(),
        "query": [vector() for _ in range(DIM)],
        "value": [vector() for _ in range(DIM)],
    }


def _product(matrix: list[list[Any]], vector: list[Any]) -> list[Any]:
    return [sum(a * b for a, b in zip(row, vector)) for row in matrix]


def _fractions(query_reads_input: bool) -> list[tuple[str, float, Any]]:
    """(name, softmax attention in floats, (alpha + beta)/(lambda + mu) in balls) for every word of four binary tokens.

    beta and mu are computed once for each setting of B, with the query at the first setting of A.
    """
    import math

    source, found = random.Random(5), []
    for draw in range(4):
        head = _head(source)
        settings = list(itertools.product(range(SYMBOLS), repeat=2))

        def query(first: tuple[int, ...], head: dict[str, Any] = head) -> list[float]:
            shift = first[0] if query_reads_input else 0
            return _product(head["query"], [x + shift for x in head["readout"]])

        def weight(token: list[float], q: list[float]) -> Any:
            return certify.ball(sum(a * b for a, b in zip(q, token))).exp()

        def part(tokens: list[list[float]], q: list[float], head: dict[str, Any] = head) -> tuple[list[Any], Any]:
            weights = [weight(token, q) for token in tokens]
            values = [_product(head["value"], token) for token in tokens]
            sums = [sum((w * v[c] for w, v in zip(weights, values)), certify.ball(0)) for c in range(DIM)]
            return sums, sum(weights, certify.ball(0))

        for first, second in itertools.product(settings, settings):
            tokens = [head["tokens"][i][s] for i, s in enumerate((*first, *second))]
            rows = [*tokens, head["readout"]]
            q = query(first)
            weights = [math.exp(sum(a * b for a, b in zip(q, row))) for row in rows]
            values = [_product(head["value"], row) for row in rows]
            (alpha, lam), (beta, mu) = part([*tokens[:2], head["readout"]], q), part(tokens[2:], query(settings[0]))
            for c in range(DIM):
                attended = sum(w * v[c] for w, v in zip(weights, values)) / sum(weights)
                found.append((f"head {draw}, word {first + second}", attended, (alpha[c] + beta[c]) / (lam + mu)))
    return found


# ---------------------------------------------------------------------------- homogenisation
def _units(heads: int, gated: bool) -> tuple[list[Any], Any, list[Any]]:
    """(beta, mu), the product D of the denominators, and the pre-activations over all patterns of the first layer.

    d = 2, a first layer of two units, a second of one, biases and a read-out token everywhere; `gated` multiplies the two
    units in place of a ReLU layer.
    """
    import sympy

    def symbols(name: str, count: int) -> list[Any]:
        return [sympy.Symbol(f"{name}{i}") for i in range(count)]

    beta, mu = symbols("beta", 2 * heads), symbols("mu", heads)
    source = random.Random(heads)

    def number() -> Any:
        return sympy.Rational(source.choice([-3, -2, -1, 1, 2, 3]), source.choice([1, 2, 5]))

    denominators = [sympy.Integer(h + 2) + mu[h] for h in range(heads)]
    y = [
        number() + sum((number() + number() * beta[2 * h + c]) / denominators[h] for h in range(heads)) for c in (0, 1)
    ]
    first = [number() * y[0] + number() * y[1] + number() for _ in range(2)]
    second = (
        [first[0] * first[1]]
        if gated
        else [
            number() * p0 * first[0] + number() * p1 * first[1] + number()
            for p0, p1 in itertools.product((0, 1), (0, 1))
        ]
    )
    return [*beta, *mu], sympy.prod(denominators), [*first, *second]


def _parts(unit: Any, free: list[Any]) -> tuple[int, int]:
    """Degrees in the free parameters of numerator and denominator, in lowest terms."""
    import sympy

    top, bottom = sympy.fraction(sympy.cancel(sympy.together(unit)))
    return int(sympy.Poly(top, *free).total_degree()), int(sympy.Poly(bottom, *free).total_degree())


def _network(heads: int, gated: bool) -> Result:
    """D times each pre-activation keeps no denominator and has degree at most H in (beta, mu)."""
    import sympy

    free, total, units = _units(heads, gated)
    faults: list[Any] = []
    for unit in units:
        top, bottom = _parts(unit * total, free)
        faults += [sympy.Integer(bottom), sympy.Integer(max(0, top - heads))]
    return identity.vanishes(faults)


def _gated_degree(degree: int) -> Result:
    """D^2 clears the denominators of a product of two units at H = 2, and leaves this degree."""
    import sympy

    free, total, units = _units(2, True)
    top, bottom = _parts(units[-1] * total**2, free)
    return identity.vanishes([sympy.Integer(bottom), sympy.Integer(top - degree)])


def _degrees(gated: bool) -> Result:
    for heads in (1, 2):
        found = _network(heads, gated)
        if not found.holds:
            return found
    return Result(found.finding, "degree at most H, no denominator: H = 1, 2, both layers, all activation patterns")


def _single_form(heads: int) -> Result:
    """A linear read-out times D is a function of (alpha, lambda) plus one of (beta, mu): all mixed derivatives vanish."""
    import sympy

    names = [sympy.symbols(f"alpha{h} lambda{h} beta{h} mu{h}", positive=True) for h in range(heads)]
    w, c = sympy.symbols("w c")
    product = sympy.prod(lam + mu for _, lam, _, mu in names)
    output = sympy.expand(
        sympy.cancel(product * (c + sum(w * (alpha + beta) / (lam + mu) for alpha, lam, beta, mu in names)))
    )
    mine = [one for alpha, lam, _, _ in names for one in (alpha, lam)]
    others = [one for _, _, beta, mu in names for one in (beta, mu)]
    return identity.vanishes([sympy.diff(output, a, b) for a, b in itertools.product(mine, others)])


# ---------------------------------------------------------------------------- the first width
def _projected(shift: int) -> Result:
    """W_1 y depends on the accumulators only through W_1 W_O^h times them (d = 3, H = 2, k_1 = 1)."""
    import sympy

    d, heads = 3, 2
    w1 = sympy.Matrix(1, d, sympy.symbols("w0:3"))
    bias = sympy.Symbol("b")
    readout = sympy.Matrix(d, 1, sympy.symbols("x0:3"))
    y, reduced = readout, w1 * readout
    for h in range(heads):
        out = sympy.Matrix(d, d, sympy.symbols(f"o{h}_0:9"))
        alpha = sympy.Matrix(d, 1, sympy.symbols(f"alpha{h}_0:3"))
        beta = sympy.Matrix(d, 1, sympy.symbols(f"beta{h}_0:3"))
        lam, mu = sympy.symbols(f"lambda{h} mu{h}", positive=True)
        y = y + out * (alpha + beta) / (lam + mu)
        seen = w1 * out
        if shift:
            seen[0, 0] = 0  # a projection that forgets one coordinate
        # one real for beta in head h, whatever d is
        reduced = reduced + (seen * alpha + seen * beta) / (lam + mu)
    return identity.vanishes((w1 * y)[0] + bias - (reduced[0] + bias))


def _least_rows(P: int, U: int) -> int:
    """Largest m with Phi(m (2^(U+1) - 1), P) >= 2^m, in integers: one head, tree count, P given."""
    m = 1
    while hyperplane_cells(M=(m + 1) * (2 ** (U + 1) - 1), P=P) >= 2 ** (m + 1):
        m += 1
    return m


def _layer_rows(P: int, width: int) -> int:
    """Largest m with Phi(m k, P) Phi(m, P) >= 2^m, in integers: one head, one hidden layer of width k."""
    m = 1
    while hyperplane_cells(M=(m + 1) * width, P=P) * hyperplane_cells(M=m + 1, P=P) >= 2 ** (m + 1):
        m += 1
    return m


def _cap(capped: bool) -> Iterator[tuple[str, int, int]]:
    """vc_upper with d > k_1 is the count with min(d, k_1) + 1 parameters; uncapped it would be with d + 1."""
    for d, width in ((16, 4), (16, 2), (9, 3), (32, 4)):
        P = (min(d, width) if capped else d) + 1
        yield (
            f"d={d} k_1={width}",
            vc_upper(d=d, H=1, widths=(width,)),
            min(_least_rows(P, width), _layer_rows(P, width)),
        )
    yield (
        "parameters at d=16, k_1=4",
        effective_parameter_count(d=16, H=1, first_width=4, hidden_layers=1),
        5 if capped else 17,
    )


def _same_growth(beyond: bool) -> Iterator[tuple[str, bool]]:
    """log2 Pi(m) is the same for all d >= k_1; `beyond` compares with d = k_1 - 1 instead."""
    for width, heads, m in itertools.product((2, 4, 8), (1, 2, 3), (64, 1024)):
        at = growth_log2(m=m, d=width, H=heads, widths=(width, width))
        other = width - 1 if beyond else 100 * width
        yield f"k_1={width} H={heads} m={m}", growth_log2(m=m, d=other, H=heads, widths=(width, width)) == at


# ---------------------------------------------------------------------------- counting operations
class _Counted:
    """A real number that counts the operations on it."""

    total = 0

    def __init__(self, value: float) -> None:
        self.value = value

    def _with(self, value: float) -> _Counted:
        _Counted.total += 1
        return _Counted(value)

    def __add__(self, other: _Counted) -> _Counted:
        return self._with(self.value + other.value)

    def __mul__(self, other: _Counted) -> _Counted:
        return self._with(self.value * other.value)

    def __truediv__(self, other: _Counted) -> _Counted:
        return self._with(self.value / other.value)

    def jump(self) -> _Counted:
        """ReLU: one comparison."""
        return self._with(max(self.value, 0.0))


def _operations(d: int, heads: int, widths: tuple[int, ...], premultiplied: bool) -> int:
    """Operations of one evaluation of the class, counted while it runs."""
    source = random.Random(d * 100 + heads)

    def number() -> _Counted:
        return _Counted(source.uniform(0.5, 1.5))

    _Counted.total = 0
    y = [number() for _ in range(d)]
    for _ in range(heads):
        denominator = number() + number()
        attended = [(number() + number()) / denominator for _ in range(d)]
        if premultiplied:
            y = [one + more for one, more in zip(y, attended)]
        else:
            for c in range(d):
                for one in attended:
                    y[c] = y[c] + number() * one
    units = y
    for layer, width in enumerate((*widths, 1)):
        after = []
        for _ in range(width):
            total = number()  # the bias: W counts it, and its product is never made
            for one in units:
                total = total + number() * one
            after.append(total.jump() if layer < len(widths) else total)
        units = after
    return _Counted.total + 2  # the final jump, and the output


def _operation_counts(forgotten: bool) -> Iterator[tuple[str, bool]]:
    """What is counted is at most the formula, short of it by the products with W's biases only; `forgotten` leaves out 2W."""
    for d, heads, widths, premultiplied in itertools.product((1, 3, 4), (1, 2), ((), (3,), (4, 2)), (True, False)):
        sizes = (d, *widths, 1)
        biases = sum(sizes[1:])
        W = sum((a + 1) * b for a, b in itertools.pairwise(sizes))
        formula = attention_operation_count(
            d=d, H=heads, W=0 if forgotten else W, U=sum(widths), premultiplied=premultiplied
        )
        counted = _operations(d, heads, widths, premultiplied)
        yield f"d={d} H={heads} widths={widths} W_O folded={premultiplied}", counted + 2 * biases == formula


STEPS = (
    Step(
        "fraction-form",
        ("infinite_precision/split-form",),
        "A head whose query is fixed gives (alpha + beta)/(lambda + mu), beta and mu from the half B alone (4 heads drawn at "
        "random, 16 words each, 3 coordinates, to 1e-12)",
        "certify",
        lambda: certify.all_near(lambda: _fractions(False), within=1e-12),
        Control("a query that depends on the half A", lambda: certify.all_near(lambda: _fractions(True), within=1e-12)),
    ),
    Step(
        "homogenisation",
        ("infinite_precision/theorem-B", "infinite_precision/split-form"),
        "On every activation pattern D times a pre-activation is a polynomial of degree at most H in (beta, mu), in both layers: "
        "d = 2, H = 1 and 2, two units and one, weights drawn at random once for each H",
        "identity",
        lambda: _degrees(False),
        Control("a gated product of two units, which keeps a denominator", lambda: _degrees(True)),
    ),
    Step(
        "gated-product",
        ("infinite_precision/theorem-B",),
        "A product of two units needs D^2 and has degree 4 at H = 2, so gated networks are outside the count",
        "identity",
        lambda: _gated_degree(4),
        Control("degree H = 2", lambda: _gated_degree(2)),
    ),
    Step(
        "linear-readout-one-head",
        ("infinite_precision/split-form",),
        "With one head of one value and a linear read-out D N splits into a part of A plus one real of B: thresholds on a line, VC 1",
        "identity",
        lambda: _single_form(1),
        Control("two heads", lambda: _single_form(2)),
    ),
    Step(
        "first-width",
        ("infinite_precision/first-width",),
        "The first layer sees the accumulators only through k_1 projections of them (d = 3, k_1 = 1, H = 2)",
        "identity",
        lambda: _projected(0),
        Control("a projection that forgets one coordinate", lambda: _projected(1)),
    ),
    Step(
        "first-width-cap",
        ("infinite_precision/first-width",),
        "vc_upper with d > k_1 is the integer count with k_1 + 1 parameters: 45 rows at d = 16, k_1 = 4",
        "exhaust",
        lambda: exhaust.equal(_cap(True)),
        Control("without the cap, 17 parameters", lambda: exhaust.equal(_cap(False))),
    ),
    Step(
        "first-width-growth",
        ("infinite_precision/first-width",),
        "The number of labellings allowed is the same for d = k_1 and d = 100 k_1: k_1 = 2, 4, 8, H = 1, 2, 3, m = 64, 1024",
        "exhaust",
        lambda: exhaust.holds(_same_growth(False)),
        Control("d = k_1 - 1", lambda: exhaust.holds(_same_growth(True))),
    ),
    Step(
        "theorem-A",
        ("infinite_precision/theorem-A",),
        "The operations of 36 layers, counted while they run, are those of the formula, which also counts a product and an "
        "addition for each bias",
        "exhaust",
        lambda: exhaust.holds(_operation_counts(False)),
        Control("the MLP's operations left out", lambda: exhaust.holds(_operation_counts(True))),
    ),
)
