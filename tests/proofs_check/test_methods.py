"""Every method says yes to a true case, no with a counterexample to a false one, and undecided where it cannot know."""

import random
from fractions import Fraction

import pytest

from proofs_check.core import certify, exhaust, identity, sample, separate
from proofs_check.core.derivation import Finding


def is_refuted(result):
    return result.finding is Finding.REFUTED and bool(result.counterexample) and bool(result.detail)


def test_identity_that_holds_fails_or_is_beyond_reach():
    import sympy

    x = sympy.Symbol("x", positive=True)
    assert identity.vanishes((x + 1) ** 2 - x**2 - 2 * x - 1).finding is Finding.PROVED
    wrong = identity.vanishes((x + 1) ** 2 - x**2 - 2 * x)
    assert is_refuted(wrong) and "x = " in wrong.counterexample
    free = sympy.Function("f")(x)
    assert identity.vanishes(free - sympy.Function("g")(x)).finding is Finding.UNDECIDED
    assert identity.vanishes([]).finding is Finding.UNDECIDED


def test_identity_looks_at_every_expression_of_a_list():
    import sympy

    x = sympy.Symbol("x")
    assert is_refuted(identity.vanishes([x - x, x * 0, x]))


def test_identity_finds_a_difference_far_below_double_precision():
    import sympy

    assert is_refuted(identity.vanishes(sympy.Rational(1, 10**60)))


@pytest.mark.parametrize("text", ["0", "__import__('os').getcwd()", ["0"]])
def test_identity_refuses_text(text):
    with pytest.raises(TypeError, match="sympy expression"):
        identity.vanishes(text)


def test_certified_inequality_with_its_three_outcomes():
    assert certify.positive(lambda x: x * x - x + 1, 0, 1).finding is Finding.CERTIFIED
    wrong = certify.positive(lambda x: x - 1, 0, 2)
    assert is_refuted(wrong) and " at " in wrong.detail
    touching = certify.positive(lambda x: (x * 3 - 1) ** 2, 0, 1, deepest=8)
    assert touching.finding is Finding.UNDECIDED


def test_a_zero_that_is_hit_exactly_refutes_a_strict_inequality():
    assert is_refuted(certify.positive(lambda x: (x * 2 - 1) ** 2, 0, 1))


def test_derivative_settles_what_subdivision_cannot():
    """exp(x) - 1 + 10^-30 on [0, 1] nearly touches 0 at its end: the sign of the derivative and that end decide."""
    from flint import arb

    def function(x):
        return x.exp() - 1 + arb(10) ** -30

    assert certify.positive(function, 0, 1, deepest=6).finding is Finding.UNDECIDED
    found = certify.positive(function, 0, 1, derivative=lambda x: x.exp(), deepest=6)
    assert found.finding is Finding.CERTIFIED and found.detail == "1 interval"


def test_derivative_does_not_hide_a_negative_value():
    assert is_refuted(certify.positive(lambda x: x - 1, 0, 2, derivative=lambda x: x * 0 + 1))
    assert is_refuted(certify.positive(lambda x: 1 - x, 0, 2, derivative=lambda x: x * 0 - 1))


def test_inequality_on_a_box():
    """x y < 1 on a square from 0: true up to .999, false up to 1.1; with the partial derivatives one piece is enough."""
    from flint import arb

    def product(x, y):
        return x * y

    def one(x, y):
        return arb(1)

    partials = (lambda x, y: -y, lambda x, y: -x)
    box = [(0, Fraction(999, 1000))] * 2
    assert certify.less_on(product, one, box).finding is Finding.CERTIFIED
    assert certify.less_on(product, one, box, partials=partials).detail == "1 interval"
    wrong = certify.less_on(product, one, [(0, Fraction(11, 10))] * 2)
    assert is_refuted(wrong) and wrong.counterexample.count(",") == 1


def test_certificates_agree_with_plain_evaluation_on_random_cubics():
    source = random.Random(5)
    for _ in range(60):
        c = [source.randint(-9, 9) for _ in range(4)]

        def function(x, c=c):
            return ((c[0] * x + c[1]) * x + c[2]) * x + c[3]

        least = min(function(Fraction(i, 64)) for i in range(-64, 65))
        found = certify.positive(function, -1, 1).finding
        assert found is not Finding.CERTIFIED if least <= 0 else found is not Finding.REFUTED or least < 1
        assert found is not Finding.UNDECIDED or least < 1


def test_fractions_enter_as_enclosures_and_precision_is_restored():
    from flint import ctx

    before = ctx.prec
    assert certify.ball(Fraction(1, 3)).contains(certify.ball(1) / 3)
    certify.positive(lambda x: x + 1, 0, 1, bits=333)
    with pytest.raises(ZeroDivisionError):
        certify.positive(lambda x: 1 // 0, 0, 1, bits=333)
    assert ctx.prec == before


def test_balls_that_overlap_are_undecided():
    from flint import arb

    wide = arb("1 +/- 1"), arb("1.5 +/- 1")
    outcomes = [certify.less(1, 2), certify.less(2, 1), certify.less(1, 1), certify.less(*wide)]
    assert outcomes == ["yes", "no", "no", "undecided"]
    assert certify.all_less(lambda: [("wide", *wide)]).finding is Finding.UNDECIDED
    assert certify.all_less(lambda: [("thirds", Fraction(1, 3), Fraction(2, 3))]).finding is Finding.CERTIFIED
    assert is_refuted(certify.all_less(lambda: [("ok", 1, 2), ("bad", 2, 1)]))
    assert certify.all_less(list).finding is Finding.UNDECIDED
    assert certify.all_near(lambda: [("third", 1 / 3, arb(1) / 3)], within=1e-15).finding is Finding.CERTIFIED
    assert is_refuted(certify.all_near(lambda: [("third", 0.333, arb(1) / 3)], within=1e-15))


def test_convexity_with_two_ends():
    def parabola(x):
        return x * x - 1

    def curvature(x):
        return x * 0 + 2

    half = Fraction(1, 2)
    assert certify.convex_negative(parabola, curvature, -half, half).finding is Finding.CERTIFIED
    assert is_refuted(certify.convex_negative(parabola, curvature, -half, 2))
    assert certify.convex_negative(parabola, lambda x: x, -half, half).finding is Finding.UNDECIDED


def test_enumeration():
    assert exhaust.equal((str(n), n * (n + 1) // 2, sum(range(n + 1))) for n in range(20)).finding is Finding.PROVED
    wrong = exhaust.holds((f"n={n}", n < 7) for n in range(20))
    assert is_refuted(wrong) and wrong.counterexample == "n=7"
    assert exhaust.equal([("pair", (1, 2), (1, Fraction(4, 2)))]).finding is Finding.PROVED
    assert is_refuted(exhaust.equal([("pair", (1, 2), (1, Fraction(5, 2)))]))
    assert exhaust.equal(()).finding is exhaust.holds(()).finding is Finding.UNDECIDED


@pytest.mark.parametrize("value", [0.5, (Fraction(1, 2), 0.5), "1/2"])
def test_enumeration_refuses_what_is_not_exact(value):
    with pytest.raises(TypeError, match="not exact"):
        exhaust.equal([("half", value, value)])


def test_probabilities_at_a_level():
    assert sample.probability([(508, 1000, 0.5)]).finding is Finding.SUPPORTED
    assert is_refuted(sample.probability([(508, 1000, 0.5), (700, 1000, 0.5)]))
    assert sample.probability([(3, 6, 0.5)]).finding is Finding.UNDECIDED
    assert sample.probability([(0, 0, 0.5)]).finding is sample.probability([]).finding is Finding.UNDECIDED
    assert sample.probability([(508, 1000, 0.5)]).words == "supported at level 0.0001"


def test_rates_are_supported_only_when_shown():
    assert sample.at_most(0, 200, 0.05).finding is Finding.SUPPORTED
    assert sample.at_most(0, 100, 0.05).finding is Finding.UNDECIDED
    assert sample.at_most(0, 0, 0.05).finding is Finding.UNDECIDED
    assert is_refuted(sample.at_most(60, 100, 0.05))


def test_means_by_hoeffding():
    assert sample.mean_at_least([(0.6, 4000, 0.5)]).finding is Finding.SUPPORTED
    assert sample.mean_at_least([(0.6, 40, 0.5)]).finding is Finding.UNDECIDED
    assert is_refuted(sample.mean_at_least([(0.6, 4000, 0.5), (0.4, 4000, 0.5)]))
    assert sample.mean_at_least([(-0.4, 4000, -0.5)], low=-1).finding is Finding.SUPPORTED
    assert sample.mean_at_least([]).finding is sample.mean_at_least([(0.9, 0, 0.5)]).finding is Finding.UNDECIDED


def test_the_level_of_a_sampled_refutation_is_kept():
    """A true probability is refuted in at most the stated share of seeded samples, a false one nearly always."""
    import numpy as np

    counts = np.random.default_rng(3).binomial(500, 0.3, 2000)
    true = [sample.probability([(int(c), 500, 0.3)], level=0.02).finding for c in counts]
    false = [sample.probability([(int(c), 500, 0.45)], level=0.02).finding for c in counts]
    assert true.count(Finding.REFUTED) <= 40
    assert false.count(Finding.REFUTED) >= 1990


SQUARE = ([[1, 0], [0, 1], [-1, 0], [0, -1]], [1, 1, 0, 0])
EMPTY = ([[1, 1], [-1, -1]], [Fraction(1, 3), Fraction(-1, 2)])


def test_linear_programs_carry_exact_certificates():
    assert separate.feasible(*SQUARE).finding is Finding.PROVED
    found = separate.infeasible(*EMPTY)
    assert found.finding is Finding.PROVED and separate.is_farkas(*EMPTY, separate.farkas_multipliers(*EMPTY))
    assert is_refuted(separate.infeasible(*SQUARE)) and is_refuted(separate.feasible(*EMPTY))
    assert not separate.is_farkas(*SQUARE, [1, 1, 1, 1])
    assert not separate.is_farkas(*EMPTY, [-1, -1])
    assert separate.all_infeasible([("empty", *EMPTY)]).finding is Finding.PROVED
    assert is_refuted(separate.all_infeasible([("empty", *EMPTY), ("square", *SQUARE)]))
    assert separate.all_infeasible([]).finding is Finding.UNDECIDED


def test_a_single_solution_with_an_awkward_denominator_is_found_exactly():
    """x = 10^6 / 3000000019 alone: no interior to round into, and a denominator beyond any rounding."""
    value = Fraction(10**6, 3 * 10**9 + 19)
    assert separate.feasible_point([[3 * 10**9 + 19], [-1]], [10**6, -value]) == [value]


def test_a_gap_below_double_precision_is_not_called_feasible():
    """x <= 0 and x >= 10^-40: the solver in floats cannot see it, and the certificate must not say yes."""
    found = separate.feasible([[1], [-1]], [0, Fraction(-1, 10**40)])
    assert found.finding is Finding.UNDECIDED


def test_optimum_is_bounded_by_an_exact_dual():
    assert separate.bounded(*SQUARE, [1, 2], 3).finding is Finding.PROVED
    assert is_refuted(separate.bounded(*SQUARE, [1, 2], Fraction(29, 10)))
    assert separate.bounded(*EMPTY, [1, 0], 0).finding is Finding.PROVED
    assert is_refuted(separate.bounded([[-1]], [0], [1], 10**6))
    y = separate.dual_multipliers(*SQUARE, [1, 2], 3)
    assert separate.is_dual(*SQUARE, [1, 2], 3, y) and not separate.is_dual(*SQUARE, [1, 2], 2, y)


def test_random_programs_get_a_verified_answer():
    source = random.Random(7)
    answers = []
    for _ in range(60):
        rows = [[source.randint(-4, 4) for _ in range(3)] for _ in range(6)]
        limits = [source.randint(-3, 2) for _ in range(6)]
        answers.append(separate.feasible(rows, limits).finding)
        point, multipliers = separate.feasible_point(rows, limits), separate.farkas_multipliers(rows, limits)
        assert point is None or separate.satisfies(rows, limits, point)
        assert multipliers is None or separate.is_farkas(rows, limits, multipliers)
        assert point is None or multipliers is None
    assert {Finding.PROVED, Finding.REFUTED} == set(answers)


def test_separability_of_and_and_of_parity():
    """AND of three bits is linearly separable, their parity is not; unknowns: three weights and a threshold."""
    inputs = [[i & 1, i >> 1 & 1, i >> 2] for i in range(8)]

    def system(label):
        signs = [1 if label(x) else -1 for x in inputs]
        return [[-s * bit for bit in x] + [s] for s, x in zip(signs, inputs)], [-1] * 8

    assert separate.feasible(*system(all)).finding is Finding.PROVED
    assert separate.infeasible(*system(lambda x: sum(x) % 2)).finding is Finding.PROVED
