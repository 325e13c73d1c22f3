"""The layer and the denoising task: ranges of its temperatures, value temperature as a key bias, risks, and the gate.

Letters: f output of the temperature network, x = sigmoid(alpha) log n, s softmax row, delta signal over noise, d dimension,
F, F1 distribution functions of a coordinate off and on the signal at the gate's threshold, f, f1 their densities times sigma^2.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from proofs_check.core import certify, exhaust, identity, sample
from proofs_check.core.derivation import Control, Result, Step
from theory import selective
from theory.core.numbers import BALL
from theory.selective.layer import GELU_SLOPE


# ---------------------------------------------------------------------------- temperatures of the layer
def _formula(base: int) -> Result:
    """tanh f + 1 + x = 2/(1 + exp(-2f)) + x, which is 1 at f = 0, x = 0; 1 -+ tanh f are quotients of exponentials."""
    import sympy

    f, n, alpha = sympy.symbols("f n alpha", positive=True)
    tanh = (sympy.exp(f) - sympy.exp(-f)) / (sympy.exp(f) + sympy.exp(-f))
    position = sympy.log(n) / (1 + sympy.exp(-alpha))
    ours = selective.inverse_temperature.expression()
    ours = ours.subs({one: {"f": f, "n": n, "alpha": alpha}[str(one)] for one in ours.free_symbols})
    at_start = ours.subs({f: 0, n: 1}) - base
    upper = 1 - tanh - 2 / (1 + sympy.exp(2 * f))
    return identity.vanishes([sympy.simplify(ours - tanh - base - position), at_start, sympy.simplify(upper)])


def _positive(with_base: bool) -> Result:
    """tau > 0 on a box of f, alpha and log n that float64 temperatures come from; less 1 in the control."""
    from flint import arb

    def tau(f: Any, alpha: Any, log_n: Any) -> Any:
        found = selective.inverse_temperature.formula(BALL, f=f, n=log_n.exp(), alpha=alpha)
        return found if with_base else found - 1

    def in_f(f: Any, alpha: Any, log_n: Any) -> Any:
        return 1 / (f.exp() + (-f).exp()) ** 2

    def in_alpha(f: Any, alpha: Any, log_n: Any) -> Any:
        return arb(0, 1)  # not needed: on the face log n = 0 the value does not depend on alpha

    def in_log_n(f: Any, alpha: Any, log_n: Any) -> Any:
        return 1 / (1 + (-alpha).exp())

    return certify.positive_on(tau, [(-40, 40), (-20, 20), (0, 20)], partials=(in_f, in_alpha, in_log_n))


def _range_gap(factor: int) -> Result:
    """(1 + 2/x) tau_g - tau_f = (1 - tanh f) + (1 + 2/x)(1 + tanh g), positive: so tau_f/tau_g < 1 + 2/x."""
    import sympy

    x, a, b = sympy.symbols("x a b", positive=True)  # a = tanh f, b = tanh g
    gap = (1 + factor / x) * (1 + b + x) - (1 + a + x)
    supremum = (2 + x) / x - (1 + factor / x)  # a = 1, b = -1, neither of which is reached
    return identity.vanishes([sympy.expand(gap - (1 - a) - (1 + 2 / x) * (1 + b)), sympy.expand(supremum)])


def _order(sign: int) -> Iterator[tuple[str, bool]]:
    """A positive factor on the query keeps the order of any two scores; a factor on one key can turn it round."""
    for tau, x, y in itertools.product((Fraction(1, 3), Fraction(1), Fraction(7, 2)), range(-3, 4), range(-3, 4)):
        yield f"tau={sign * tau} scores {x}, {y}", (sign * tau * x > sign * tau * y) == (x > y)


def _key_turns(factor: Fraction) -> Iterator[tuple[str, bool]]:
    yield f"scores 1, 2 with keys scaled by {factor}, 1/{factor}", 1 * factor > 2 / factor


def _negative_reverses(sign: int) -> Iterator[tuple[str, bool]]:
    for x, y in itertools.permutations(range(-3, 4), 2):
        yield f"scores {x}, {y}", (sign * x > sign * y) == (x < y)


# ---------------------------------------------------------------------------- the temperature network
def _gelu(at_root: bool) -> Result:
    """GELU' = Phi + x phi has derivative phi (2 - x^2), which vanishes at sqrt 2 only."""
    import sympy

    x = sympy.symbols("x", positive=True)
    phi = sympy.exp(-(x**2) / 2) / sympy.sqrt(2 * sympy.pi)
    gelu = x * (1 + sympy.erf(x / sympy.sqrt(2))) / 2
    second = sympy.diff(gelu, x, 2)
    place = sympy.sqrt(2) if at_root else sympy.Integer(1)
    return identity.vanishes([sympy.simplify(second - phi * (2 - x**2)), second.subs(x, place)])


def _slope(at_root: bool) -> list[tuple[str, Any, Any]]:
    """The constant exceeds (1 + erf 1)/2 + 1/(e sqrt pi) by less than 1e-15."""
    from flint import arb

    x = arb(2).sqrt() if at_root else arb(2)
    slope = (1 + (x / arb(2).sqrt()).erf()) / 2 + x * (-(x**2) / 2).exp() / (2 * arb.pi()).sqrt()
    constant = certify.ball(Fraction(*GELU_SLOPE))
    return [("above", slope, constant), ("near", constant, slope + certify.ball(Fraction(1, 10**15)))]


def _tanh_gap(halved: bool) -> Result:
    """tanh x - tanh y = sinh(x-y)/(cosh x cosh y), 2 cosh x cosh y = cosh(x+y) + cosh(x-y), and 2 tanh(D/2) = 2 sinh D/(1 + cosh D).

    As cosh(x+y) >= 1, |tanh x - tanh y| <= 2 tanh(|x - y|/2): a difference delta needs |x - y| >= 2 atanh(delta/2).
    """
    import sympy

    x, y = sympy.symbols("x y", positive=True)

    def sinh(z: Any) -> Any:
        return (sympy.exp(z) - sympy.exp(-z)) / 2

    def cosh(z: Any) -> Any:
        return (sympy.exp(z) + sympy.exp(-z)) / 2

    half = x / 2 if halved else x
    return identity.vanishes(
        [
            sympy.simplify(sinh(x) * cosh(y) - sinh(y) * cosh(x) - sinh(x - y)),
            sympy.simplify(2 * cosh(x) * cosh(y) - cosh(x + y) - cosh(x - y)),
            sympy.simplify(sinh(half) / cosh(half) - sinh(x) / (1 + cosh(x))),
        ]
    )


def _separation(tight: bool) -> list[tuple[str, Any, Any]]:
    """At the least slope that the bound allows, tanh reaches the difference delta exactly for f(a) = -f(b); below it, never."""
    found = []
    for delta, distance in (
        (Fraction(1, 2), Fraction(1, 10)),
        (Fraction(1), Fraction(1, 10)),
        (Fraction(19, 10), Fraction(2, 5)),
    ):
        least = selective.temperature_network_lower_bound.formula(
            BALL, delta=certify.ball(delta), distance=certify.ball(distance)
        )
        share = certify.ball(Fraction(99, 100) if tight else Fraction(101, 100))
        rise = share * least * certify.ball(Fraction(*GELU_SLOPE)) * certify.ball(distance)  # largest |f(a) - f(b)|
        reach = 2 * (rise / 2).tanh()
        found.append((f"delta={delta} |a-b|={distance}", reach, certify.ball(delta)))
    return found


# ---------------------------------------------------------------------------- values and the softmax
def _key_bias(logged: bool) -> Result:
    """s_j tau_j / sum s tau = softmax(m + log tau)_j (three keys)."""
    import sympy

    m, t = sympy.symbols("m0:3", real=True), sympy.symbols("t0:3", positive=True)
    total = sum(map(sympy.exp, m))
    s = [sympy.exp(one) / total for one in m]
    left = [a * b / sum(x * y for x, y in zip(s, t)) for a, b in zip(s, t)]
    raised = [sympy.exp(a) * (b if logged else sympy.exp(b)) for a, b in zip(m, t)]
    return identity.vanishes([sympy.cancel(sympy.together(a - b / sum(raised))) for a, b in zip(left, raised)])


def _jacobian(squared: bool) -> Result:
    """v^T (diag s - s s^T) v = sum s_i s_j (v_i - v_j)^2 >= 0, and the trace is 1 - |s|^2, which bounds the norm."""
    import sympy

    s, v = [*sympy.symbols("s0:2", positive=True)], sympy.symbols("v0:3", real=True)
    s.append(1 - s[0] - s[1])
    matrix = sympy.diag(*s) - sympy.Matrix(s) * sympy.Matrix(s).T
    form = (sympy.Matrix(v).T * matrix * sympy.Matrix(v))[0]
    pairs = sum(s[i] * s[j] * (v[i] - v[j]) ** 2 for i, j in itertools.combinations(range(3), 2))
    trace = matrix.trace() - 1 + sum(one ** (2 if squared else 1) for one in s)
    return identity.vanishes([sympy.expand(form - pairs), sympy.expand(trace)])


def _spikiness(strict: bool) -> Iterator[tuple[str, bool]]:
    """1/L <= 1/(L sum s^2) <= 1 on rational vectors, and mixing with the uniform vector never lowers it."""
    for length in (2, 3, 4):
        for cuts in itertools.product(range(7), repeat=length - 1):
            if sum(cuts) <= 6:
                s = [Fraction(one, 6) for one in (*cuts, 6 - sum(cuts))]
                value = 1 / (length * sum(one**2 for one in s))
                blunter = [one / 2 + Fraction(1, 2 * length) for one in s]
                grows = 1 / (length * sum(one**2 for one in blunter)) >= value
                low = value > Fraction(1, length) if strict else value >= Fraction(1, length)
                yield f"s={tuple(map(str, s))}", low and value <= 1 and grows


# ---------------------------------------------------------------------------- denoising
def _square(shift: int) -> Result:
    """-(x - delta)^2/2 - s x^2 is a square around delta/(1 + 2s) less s delta^2/(1 + 2s), and 2s/(1 + 2s) = sin^2 turns the integral.

    So E x exp(-s x^2) = delta (1 + 2s)^(-3/2) exp(-s delta^2/(1 + 2s)); with 1/|u| = int (pi s)^(-1/2) exp(-s |u|^2) ds the
    resultant is delta sqrt(2/pi) times the integral of cos^d exp(-delta^2 sin^2/2) over a quarter turn.
    """
    import sympy

    x, s, delta, phi = sympy.symbols("x s delta phi", positive=True)
    centre = delta / (1 + shift * s)
    exponent = -((x - delta) ** 2) / 2 - s * x**2 + (1 + 2 * s) / 2 * (x - centre) ** 2 + s * delta**2 / (1 + 2 * s)
    sine, cosine = sympy.sin(phi), sympy.cos(phi)
    turned = sine**2 / cosine**2 / 2  # s as a function of phi
    weight = (
        sympy.diff(turned, phi) ** 2 / turned * (1 + 2 * turned) ** -3
    )  # squared, without (1 + 2s)^(-(d-1)/2) = cos^(d-1)
    return identity.vanishes([sympy.cancel(sympy.together(exponent)), sympy.simplify(weight - 2 * cosine**2)])


def _resultants(shift: int) -> list[tuple[str, float, Any]]:
    """The function against delta sqrt(2/pi) times the integral of cos^d exp(-delta^2 sin^2/2) over a quarter turn, in balls."""
    from flint import acb, arb

    found = []
    for delta, d in ((1, 8), (3, 8), (Fraction(1, 2), 2), (20, 3), (6, 40), (45, 8)):
        square = certify.ball(Fraction(delta) ** 2) / 2
        power = d - shift

        def density(z: Any, _: bool, square: Any = square, power: int = power) -> Any:
            return z.cos() ** power * (-acb(square) * z.sin() ** 2).exp()

        value = acb.integral(density, 0, arb.pi() / 2).real * certify.ball(delta) * (2 / arb.pi()).sqrt()
        found.append(
            (f"delta={delta} d={d}", float(selective.projected_normal_resultant(delta=float(delta), d=d)), value)
        )
    return found


def _tokens(draws: int, seed: int) -> tuple[Any, Any]:
    """Tokens [draw, token, feature] of the denoising task with q = 0, d = 8, L = 32, alpha = 1/4, sigma = 1/4; who has the signal."""
    import numpy as np

    source = np.random.default_rng(seed)
    signal = source.random((draws, 32)) < 0.25
    signal[:, -1] = True
    tokens = 0.25 * source.standard_normal((draws, 32, 8))
    tokens[:, :, 0] += signal
    return tokens, signal


def _direction(kind: str, draws: int) -> Any:
    """Cosines between e_q and an estimate: "posterior" mean, "naive" mean, or one head with W = .7 I ("attention")."""
    import numpy as np

    tokens, _ = _tokens(draws, seed=7)
    if kind == "naive":
        estimate = tokens.mean(axis=1)
    elif kind == "attention":
        scores = 0.7 * np.einsum("btd,bd->bt", tokens, tokens[:, -1])
        weights = np.exp(scores - scores.max(axis=1, keepdims=True))
        estimate = np.einsum("bt,btd->bd", weights, tokens)
    else:  # log likelihood of q: the last token carries it, another one with probability alpha
        lift = (tokens - 0.5) / 0.25**2
        logs = lift[:, -1] + np.logaddexp(np.log(0.75), np.log(0.25) + lift[:, :-1]).sum(axis=1)
        estimate = np.exp(logs - logs.max(axis=1, keepdims=True))
    return estimate[:, 0] / np.linalg.norm(estimate, axis=1)


def _beats(kind: str, risk: float, draws: int) -> Result:
    """The mean cosine is shown to exceed 1 - risk/2, that is the risk 2 - 2 cos to be smaller."""
    cosines = _direction(kind, draws)
    return sample.mean_at_least([(float(cosines.mean()), draws, 1 - risk / 2)], low=-1.0, high=1.0)


def _oracle() -> float:
    return selective.denoise_risk(d=8, L=32, alpha=0.25, sigma=0.25).oracle


def _naive_share() -> float:
    return 0.7 * selective.denoise_risk(d=8, L=32, alpha=0.25, sigma=0.25).naive


def _best_direction(squared: bool) -> Result:
    """E[e_q . v] = p . v for the posterior p, and |p|^2 |v|^2 - (p . v)^2 is a sum of squares: v = p/|p| is best."""
    import sympy

    p, v = sympy.symbols("p0:3", positive=True), sympy.symbols("v0:3", real=True)
    dot = sum(a * b for a, b in zip(p, v))
    gap = sum(a * a for a in p) * sum(b * b for b in v) - dot**2
    pairs = [(p[i] * v[j] - p[j] * v[i]) for i, j in itertools.combinations(range(3), 2)]
    return identity.vanishes(sympy.expand(gap - sum(one**2 if squared else one for one in pairs)))


def _truncated(kept: bool) -> Result:
    """d/dt of (mean Phi((t - mean)/sigma) - sigma phi) is t times the density, so that is E[x; x < t]."""
    import sympy

    t, mean, sigma = sympy.symbols("t m sigma", positive=True)
    density = sympy.exp(-(((t - mean) / sigma) ** 2) / 2) / sympy.sqrt(2 * sympy.pi)
    part = mean * (1 + sympy.erf((t - mean) / sigma / sympy.sqrt(2))) / 2 - (sigma * density if kept else 0)
    return identity.vanishes(sympy.simplify((sympy.diff(part, t) - t * density / sigma) / density))


def _gate(biased: bool) -> list[tuple[str, float, Any]]:
    """The floor from the means E[x; max < t] of the two kinds of token, in balls; without selection bias it would be 0."""
    from flint import arb

    found = []
    for d, alpha, sigma in (
        (8, Fraction(1, 4), Fraction(1, 4)),
        (8, Fraction(1, 4), Fraction(1, 2)),
        (3, Fraction(1, 10), Fraction(1, 3)),
    ):
        value = selective.gate_risk_floor(d=d, alpha=float(alpha), sigma=float(sigma))
        a, width = certify.ball(alpha), certify.ball(float(sigma))

        def below(mean: int, width: Any = width) -> tuple[Any, Any]:
            z = (certify.ball(Fraction(1, 2)) - mean) / width
            mass = (1 + (z / arb(2).sqrt()).erf()) / 2
            bias = width * (-(z**2) / 2).exp() / (2 * arb.pi()).sqrt() if biased else arb(0)
            return mass, mean * mass - bias

        (F, off), (F1, on) = below(0), below(1)
        mu_q = a * (1 - on * F ** (d - 1)) - (1 - a) * off * F ** (d - 1)
        mu_o = -a * off * F1 * F ** (d - 2) - (1 - a) * off * F ** (d - 1)
        found.append((f"d={d} alpha={alpha} sigma={sigma}", value, 2 - 2 * mu_q / (mu_q**2 + (d - 1) * mu_o**2).sqrt()))
    return found


# ---------------------------------------------------------------------------- the graph task
def _path_rows(n: int) -> list[list[Fraction]]:
    near = [[j for j in range(n) if abs(i - j) <= 1] for i in range(n)]
    return [[Fraction(int(j in near[i]), len(near[i])) for j in range(n)] for i in range(n)]


def _unidentified(free: bool) -> Iterator[tuple[str, bool]]:
    """Orthonormal tokens, each once, attention to oneself: softmax(C f) with C = log P gives P, with a map far from P.

    Row i of softmax(C f) is column i of exp C, normalised; a read-out that predicts the attention row itself cannot do so.
    """
    for n in (4, 8):
        P = _path_rows(n)
        smooth = [[Fraction(98, 100) * one + Fraction(2, 100 * n) for one in row] for row in P]  # so that log P exists
        for i, row in enumerate(smooth):
            attention = [Fraction(int(j == i)) for j in range(n)]
            predicted = [row[j] / sum(row) for j in range(n)] if free else attention
            error = sum(abs(a - b) for a, b in zip(attention, row))
            yield f"path of {n}, row {i}: map error {float(error):.3f}", predicted == row and error > Fraction(9, 10)


LAYER, OPEN, NETWORK = ("selective/layer",), ("selective/tau-unrestricted",), ("selective/temperature-network",)
RISKS, GATE, BAYES = ("selective/denoising-risks",), ("selective/gate-floor",), ("selective/bayes-optimal",)
STEPS = (
    Step(
        "layer-formula",
        LAYER,
        "The function is tanh f + 1 + sigmoid(alpha) log n, 1 at n = 1 and f = 0, and tanh stays inside (-1, 1)",
        "identity",
        lambda: _formula(1),
        Control("base value 2", lambda: _formula(2)),
    ),
    Step(
        "layer-positive",
        OPEN,
        "The layer's inverse temperature is positive for |f| <= 40, |alpha| <= 20, log n <= 20",
        "certify",
        lambda: _positive(True),
        Control("the token and position terms without the base value", lambda: _positive(False)),
        role="refutes",
    ),
    Step(
        "suppression",
        OPEN,
        "(1 + 2/x) tau_g - tau_f is a sum of two positive terms, so two tokens differ by less than 1 + 2/(s log n)",
        "identity",
        lambda: _range_gap(2),
        Control("1 + 1/x", lambda: _range_gap(1)),
        role="corrects",
    ),
    Step(
        "dynamic-range",
        ("selective/dynamic-range",),
        "That factor is a supremum: approached as one token term tends to 1 and the other to -1",
        "identity",
        lambda: _range_gap(2),
        Control("1 + 3/x", lambda: _range_gap(3)),
    ),
    Step(
        "key-order",
        ("selective/key-order",),
        "A key factor turns the order of two scores round",
        "exhaust",
        lambda: exhaust.holds(_key_turns(Fraction(2))),
        Control("keys left alone", lambda: exhaust.holds(_key_turns(Fraction(1)))),
    ),
    Step(
        "query-order",
        ("selective/key-order",),
        "A positive factor on the query keeps every order",
        "exhaust",
        lambda: exhaust.holds(_order(1)),
        Control("a negative factor", lambda: exhaust.holds(_order(-1))),
    ),
    Step(
        "negative-query",
        ("selective/key-order",),
        "A negative one reverses it",
        "exhaust",
        lambda: exhaust.holds(_negative_reverses(-1)),
        Control("a positive one", lambda: exhaust.holds(_negative_reverses(1))),
        role="corrects",
    ),
    Step(
        "gelu-slope",
        NETWORK,
        "GELU is steepest at sqrt 2",
        "identity",
        lambda: _gelu(True),
        Control("at 1", lambda: _gelu(False)),
    ),
    Step(
        "gelu-constant",
        NETWORK,
        "The constant 1.1289... is that slope, rounded up",
        "certify",
        lambda: certify.all_less(lambda: _slope(True)),
        Control("the slope at 2", lambda: certify.all_less(lambda: _slope(False))),
    ),
    Step(
        "tanh-difference",
        NETWORK,
        "|tanh x - tanh y| <= 2 tanh(|x - y|/2)",
        "identity",
        lambda: _tanh_gap(True),
        Control("tanh(|x - y|)", lambda: _tanh_gap(False)),
    ),
    Step(
        "temperature-network",
        ("selective/decoupled",),
        "With 99 hundredths of the bound the layer cannot give two near tokens temperatures that differ by delta",
        "certify",
        lambda: certify.all_less(lambda: _separation(True)),
        Control("101 hundredths", lambda: certify.all_less(lambda: _separation(False))),
        role="corrects",
    ),
    Step(
        "value-key-bias",
        ("selective/value-key-bias",),
        "s tau/sum s tau is the softmax of the scores plus log tau",
        "identity",
        lambda: _key_bias(True),
        Control("plus tau", lambda: _key_bias(False)),
    ),
    Step(
        "softmax-jacobian",
        ("selective/softmax-jacobian",),
        "The Jacobian is positive semidefinite with trace 1 - |s|^2",
        "identity",
        lambda: _jacobian(True),
        Control("trace 1 - sum s", lambda: _jacobian(False)),
    ),
    Step(
        "spikiness",
        ("selective/spikiness",),
        "1/L <= spikiness <= 1, and blunter rows have more, on all sixths with up to four tokens",
        "exhaust",
        lambda: exhaust.holds(_spikiness(False)),
        Control("more than 1/L", lambda: exhaust.holds(_spikiness(True))),
    ),
    Step(
        "projected-normal-integral",
        RISKS,
        "The resultant of a projected normal is one integral over a quarter turn: square completed, variable changed",
        "identity",
        lambda: _square(2),
        Control("the square around delta/(1 + s)", lambda: _square(1)),
    ),
    Step(
        "projected-normal",
        RISKS,
        "The closed form agrees with that integral in balls",
        "certify",
        lambda: certify.all_near(lambda: _resultants(0), within=1e-12),
        Control("one dimension fewer", lambda: certify.all_near(lambda: _resultants(1), within=1e-12)),
    ),
    Step(
        "posterior",
        BAYES,
        "The direction of the posterior mean has a smaller risk than the oracle's mean (d = 8, L = 32, sigma = 1/4)",
        "sample",
        lambda: _beats("posterior", _oracle(), 4000),
        Control("the naive mean in its place", lambda: _beats("naive", _oracle(), 4000)),
        role="refutes",
    ),
    Step(
        "posterior-best",
        BAYES,
        "Among all unit vectors the direction of the posterior mean has the least expected risk",
        "identity",
        lambda: _best_direction(True),
        Control("the products without squares", lambda: _best_direction(False)),
        role="corrects",
    ),
    Step(
        "attention-denoises",
        ("selective/vanilla-is-naive",),
        "One standard head with W = .7 I has less than .7 of naive averaging's risk (d = 8, L = 32, sigma = 1/4)",
        "sample",
        lambda: _beats("attention", _naive_share(), 20000),
        Control("the naive mean in its place", lambda: _beats("naive", _naive_share(), 20000)),
        role="refutes",
    ),
    Step(
        "gate-moments",
        GATE,
        "E[x; x < t] = mean Phi - sigma phi",
        "identity",
        lambda: _truncated(True),
        Control("without the density", lambda: _truncated(False)),
    ),
    Step(
        "gate-floor",
        GATE,
        "The floor follows from those moments, in balls",
        "certify",
        lambda: certify.all_near(lambda: _gate(True), within=1e-12),
        Control("without selection bias", lambda: certify.all_near(lambda: _gate(False), within=1e-12)),
    ),
    Step(
        "map-not-identified",
        ("selective/figure-3-map",),
        "Attention to oneself and C = log P predict the graph task exactly, with a map that is far from P",
        "exhaust",
        lambda: exhaust.holds(_unidentified(True)),
        Control("a read-out that predicts the attention row", lambda: exhaust.holds(_unidentified(False))),
        role="refutes",
    ),
)
