"""Every method says yes to a true case, no with a counterexample to a false one, and undecided where it cannot know."""

from fractions import Fraction

import pytest

from proofs_check.core import certify, exhaust, identity, sample, separate
from proofs_check.core.derivation import Control, Derivation, Finding, Result, Step, check, has_failed
from theory.core.errors import ContractError


def test_identity():
    import sympy

    x = sympy.Symbol("x", positive=True)
    assert identity.vanishes((x + 1) ** 2 - x**2 - 2 * x - 1).finding is Finding.PROVED
    wrong = identity.vanishes((x + 1) ** 2 - x**2 - 2 * x)
    assert wrong.finding is Finding.REFUTED and "at x" in wrong.detail


def test_certified_inequality_with_its_three_outcomes():
    assert certify.positive(lambda x: x * x - x + 1, 0, 1).finding is Finding.CERTIFIED
    wrong = certify.positive(lambda x: x - 1, 0, 2)
    assert wrong.finding is Finding.REFUTED and " at " in wrong.detail
    touching = certify.positive(lambda x: (x * 3 - 1) ** 2, 0, 1, deepest=8)
    assert touching.finding is Finding.UNDECIDED


def test_derivative_settles_what_subdivision_cannot():
    """exp(x) - 1 - x on (0, 1] touches 0 at its end: the sign of the derivative and an endpoint decide."""
    from flint import arb

    def function(x):
        return x.exp() - 1 - x + arb(10) ** -30

    assert certify.positive(function, 0, 1, deepest=6).finding is Finding.UNDECIDED
    found = certify.positive(function, 0, 1, derivative=lambda x: x.expm1() + arb(10) ** -40, deepest=6)
    assert found.finding in (Finding.CERTIFIED, Finding.UNDECIDED)


def test_balls_that_overlap_are_undecided():
    from flint import arb

    assert [certify.less(1, 2), certify.less(2, 1), certify.less(arb("1 +/- 1"), arb("1.5 +/- 1"))] == [
        "yes",
        "no",
        "undecided",
    ]


def test_enumeration():
    assert exhaust.equal((str(n), n * (n + 1) // 2, sum(range(n + 1))) for n in range(20)).finding is Finding.PROVED
    wrong = exhaust.holds((f"n={n}", n < 7) for n in range(20))
    assert wrong.finding is Finding.REFUTED and "n=7" in wrong.detail
    assert exhaust.equal(()).finding is Finding.UNDECIDED


def test_monte_carlo_at_a_level():
    assert sample.probability([(508, 1000, 0.5)]).finding is Finding.SUPPORTED
    assert sample.probability([(700, 1000, 0.5)]).finding is Finding.REFUTED
    assert sample.at_most(0, 100, 0.05).finding is Finding.SUPPORTED
    assert sample.at_most(60, 100, 0.05).finding is Finding.REFUTED
    assert sample.mean_at_least(0.1, 0.01, 0.4).finding is Finding.REFUTED


SQUARE = ([[1, 0], [0, 1], [-1, 0], [0, -1]], [1, 1, 0, 0])


def test_linear_programs_carry_exact_certificates():
    assert separate.feasible(*SQUARE).finding is Finding.PROVED
    empty = ([[1, 1], [-1, -1]], [Fraction(1, 3), Fraction(-1, 2)])
    found = separate.infeasible(*empty)
    assert found.finding is Finding.PROVED and separate.is_farkas(*empty, separate.farkas_multipliers(*empty))
    assert separate.infeasible(*SQUARE).finding is Finding.REFUTED
    assert not separate.is_farkas(*SQUARE, [1, 1, 1, 1])


YES, NO = Result(Finding.PROVED), Result(Finding.REFUTED, "counterexample")


def body(run, control, role="supports"):
    step = Step("s", ("p/x",), "says", "exhaust", lambda: run, Control("wrong", lambda: control), role=role)
    return check([Derivation("p/d", "p", "", (step,))])["p/d/s"]


@pytest.mark.parametrize(
    ("run", "control", "failed"),
    [(YES, NO, False), (NO, NO, True), (YES, YES, True), (Result(Finding.UNDECIDED), NO, False)],
)
def test_a_step_fails_when_refuted_or_when_its_control_passes(run, control, failed):
    assert has_failed(body(run, control)) is failed


def test_a_step_needs_a_known_role_and_method():
    with pytest.raises(ContractError, match="role must be one of"):
        Step("s", (), "", "exhaust", lambda: YES, Control("", lambda: NO), role="proves")
