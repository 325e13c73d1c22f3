"""All steps of the boolean paper hold, all their controls are refuted, and the figures of the derivations come out."""

import dataclasses
import functools
import itertools
import math
from fractions import Fraction

import pytest

from proofs_check.boolean import DERIVATIONS, gradient, laws, parent, printed
from proofs_check.core.derivation import Derivation, Finding, check, has_failed
from theory.boolean import STATEMENTS
from theory.core.standing import standing

EXPECTED = {f"P{i}" for i in range(1, 18)}
STEPS = {f"{one.id}/{step.id}": step for one in DERIVATIONS for step in one.steps}
SAMPLED = [name for name, one in STEPS.items() if one.method == "sample"]


@functools.cache
def findings():
    """All steps and controls, run once."""
    return check(DERIVATIONS)


def test_all_steps_of_the_derivations_are_there():
    assert {one["step"] for one in findings().values()} >= EXPECTED


@pytest.mark.parametrize("name", STEPS)
def test_step_holds_and_its_control_is_refuted(name):
    one = findings()[name]
    assert not has_failed(one), one
    assert one["finding"].split(" at ")[0] in ("proved", "certified", "supported"), one


@pytest.mark.parametrize("name", list(STEPS)[::3])
def test_a_step_with_its_control_in_its_place_is_refuted(name):
    step = STEPS[name]
    wrong = dataclasses.replace(step, run=step.control.run)
    found = check([Derivation("d", "boolean", "", (wrong,))])[f"d/{step.id}"]
    assert found["finding"] == Finding.REFUTED.value and has_failed(found)


@pytest.mark.parametrize("name", SAMPLED)
def test_sampled_steps_are_the_same_every_time(name):
    again = STEPS[name].run()
    assert (again.words, again.detail) == (findings()[name]["finding"], findings()[name]["detail"])


def test_every_step_is_about_a_known_statement_and_every_statement_has_a_step():
    assert {one.id for one in STATEMENTS} == {name for one in findings().values() for name in one["about"]}


STANDINGS = {
    "boolean/theorem-4.1": "vacuous in the range stated",
    "boolean/theorem-4.1-readout": "false as a reading; the source does not print it",
    "boolean/theorem-4.3": "false as printed",
    "boolean/ks-eq-5": "vacuous in the range stated",
    "boolean/appendix-H": "false as printed",
    "boolean/appendix-G-sign": "vacuous in the range stated",
    "boolean/eq-6-mass": "false as printed",
    "boolean/hardness-reading": "false as a reading; the source does not print it",
    "boolean/majority-reading": "false as a reading; the source does not print it",
    "boolean/ranking-law": "supported",
    "boolean/lemma-E.2": "corrected form",
}


@pytest.mark.parametrize(("name", "words"), STANDINGS.items())
def test_standing_follows_from_the_findings(name, words):
    statement = next(one for one in STATEMENTS if one.id == name)
    assert words in standing(statement, findings(), {}, ())["standing"]
    assert standing(statement, {}, {}, ())["standing"] == "not examined in this run"


def test_biased_bit_leaves_the_residues_of_the_derivation():
    values = gradient.label_free(gradient.ONE_BIASED)
    assert values == [Fraction(-367, 248832)] * 5 + [Fraction(1835, 248832)]


def test_schedule_at_its_ends():
    found = findings()["boolean/laws/P9"]
    assert found["detail"] == "values at the ends -0.544496, -5.83008; convex between"
    assert found["control"]["detail"].startswith("5.05")


@pytest.mark.parametrize(("d", "k", "n", "value"), [(8, 4, 1, Fraction(15, 32)), (3, 1, 1, None), (4, 2, 2, None)])
def test_bayes_error_by_a_second_route(d, k, n, value):
    """Through the joint law of inputs, labels and one coordinate of the support, instead of groups of supports."""
    joint = {}
    supports = list(itertools.combinations(range(d), k))
    for xs in itertools.product(itertools.product((0, 1), repeat=d), repeat=n):
        for b in supports:
            y = tuple(all(x[j] for j in b) for x in xs)
            for j in range(d):
                counts = joint.setdefault((xs, y, j), [0, 0])
                counts[j in b] += 1
    found = Fraction(sum(map(min, joint.values())), 2 ** (d * n) * len(supports) * d)
    assert found == laws.bayes_error(d, k, n)
    assert value is None or found == value


def test_sampled_bayes_error_agrees_with_the_exact_one():
    errors = laws._bayes_draws(4, 2, 2, 20000, seed=2)
    spread = 4 * errors.std() / len(errors) ** 0.5
    assert abs(errors.mean() - float(laws.bayes_error(4, 2, 2))) < spread


@pytest.mark.parametrize(("n", "value", "error"), [(8, 0.3405, 0.0025), (16, 0.2533, 0.0026), (64, 0.0256, 0.0011)])
def test_sampled_bayes_error_agrees_with_the_derivation(n, value, error):
    errors = laws._bayes_draws(8, 4, n, 3000, seed=n)
    assert abs(errors.mean() - value) < 4 * math.hypot(error, errors.std() / len(errors) ** 0.5)


def test_mean_parity_by_direct_summation():
    for d, k, m in ((6, 2, 1), (7, 3, 4), (8, 4, 4)):
        signs = [-1] * m + [1] * (d - m)
        total = sum(math.prod(signs[j] for j in one) for one in itertools.combinations(range(d), k))
        assert parent.krawtchouk(d, k, m) == total


def test_largest_mean_parity_in_the_window():
    for d, k, value in ((64, 32, 9.0e-10), (16, 8, 0.00699)):
        reach = min(0.25, k / (2 * d)) * d / 2
        ms = [m for m in range(d + 1) if abs(m - d / 2) <= reach]
        largest = max(abs(parent.krawtchouk(d, k, m)) for m in ms) / math.comb(d, k)
        assert largest == pytest.approx(value, rel=0.01)


def test_quoted_bound_is_broken_only_where_it_is_positive():
    assert all(truth for _, truth in printed._quoted_minimum(False))
    assert all(laws.exact_bound(d, k, n) > 0 for d, k, n in ((8, 4, 1), (8, 2, 0), (16, 8, 100)))


def test_errors_after_the_step_have_the_size_of_the_derivation():
    errors = sorted(laws._errors_after_step(64, 32, 8000, 7.0, 60, seed=1))
    assert 0.2 < errors[30] < 0.27 and errors[-1] < 0.4485


def test_a_statement_that_is_false_as_printed_has_no_proof_step_in_its_support():
    for statement in STATEMENTS:
        words = standing(statement, findings(), {}, ())["standing"]
        assert not ("false as" in words and "steps of its proof" in words), (statement.id, words)
