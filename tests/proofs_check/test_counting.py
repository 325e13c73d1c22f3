"""All steps of the counting derivations hold, all their controls are refuted, and the figures come out."""

import dataclasses
import functools
import random
from fractions import Fraction

import pytest

from proofs_check.core import separate
from proofs_check.core.derivation import Derivation, Finding, check, has_failed
from proofs_check.counting import DERIVATIONS, margin, read_outs, region, strings
from theory import counting
from theory.core.standing import standing

STEPS = {f"{one.id}/{step.id}": step for one in DERIVATIONS for step in one.steps}
HYPOTHESES = {"counting/pseudo-ensemble", "counting/attention-decides", "counting/minimal-not-reached"}  # empirical


@functools.cache
def findings():
    """All steps and controls, run once."""
    return check(DERIVATIONS)


def test_all_fourteen_statements_have_steps():
    begun = {one["step"].split("-")[0] for one in findings().values()}
    assert begun >= {f"T{i}" for i in range(1, 15)}


@pytest.mark.parametrize("name", STEPS)
def test_step_holds_and_its_control_is_refuted(name):
    one = findings()[name]
    assert not has_failed(one), one
    assert one["finding"].split(" at ")[0] in ("proved", "certified", "supported"), one
    assert one["control"]["finding"].split(" at ")[0] == "refuted", one


@pytest.mark.parametrize("name", [name for name, one in STEPS.items() if one.method != "sample"][::4])
def test_a_step_with_its_control_in_its_place_is_refuted(name):
    step = STEPS[name]
    wrong = dataclasses.replace(step, run=step.control.run)
    found = check([Derivation("d", "counting", "", (wrong,))])[f"d/{step.id}"]
    assert found["finding"] == Finding.REFUTED.value and has_failed(found)


@pytest.mark.parametrize("name", [name for name, one in STEPS.items() if one.method == "sample"])
def test_sampled_steps_are_the_same_every_time(name):
    again = STEPS[name].run()
    assert (again.words, again.detail) == (findings()[name]["finding"], findings()[name]["detail"])


def test_every_step_is_about_a_known_statement_and_every_statement_of_ours_has_a_step():
    known, named = (
        {one.id for one in counting.STATEMENTS},
        {name for one in findings().values() for name in one["about"]},
    )
    assert known - named == HYPOTHESES and named <= known


STANDINGS = {
    "counting/non-uniform-syntax": "corrected form proved",
    "counting/balance-and-suppress": "corrected form proved",
    "counting/both-needed-reading": "false as a reading; the source does not print it",
    "counting/never-uniform-reading": "false as a reading; the source does not print it",
    "counting/separation-shows-training-reading": "false as a reading; the source does not print it",
    "counting/margin": "steps of its proof proved",
    "counting/ensemble": "supported",
    "counting/pseudo-ensemble": "not examined in this run",
}


@pytest.mark.parametrize(("name", "words"), STANDINGS.items())
def test_standing_follows_from_the_findings(name, words):
    statement = next(one for one in counting.STATEMENTS if one.id == name)
    assert words in standing(statement, findings(), {}, ())["standing"]
    assert standing(statement, {}, {}, ())["standing"] == "not examined in this run"


def test_a_statement_with_a_correction_has_no_step_that_supports_it_as_it_stands():
    for statement in counting.STATEMENTS:
        words = standing(statement, findings(), {}, ())["standing"]
        if statement.corrected:
            assert "steps of its proof" not in words, statement.id


def test_the_extreme_string_decides_for_some_heads_only():
    """Without (k, k+1, 0) few verdicts change, so the control of the vertices is not trivial."""
    changed = total = 0
    for i, head in enumerate(strings.random_heads(300, seed=11)):
        N, tie = 3 + i % 9, ("neg", "drop")[i % 2]
        positives, negatives = counting.perfect_region_vertices(N=N, tie=tie)
        k = (N - 1) // 2
        lo = max(strings.score(n, head) for n in negatives)
        with_it, without = (
            lo < min(strings.score(n, head) for n in positives if keep or n != (k, k + 1, 0)) for keep in (True, False)
        )
        changed, total = changed + (with_it != without), total + 1
    assert 0 < changed < total / 4


@pytest.mark.parametrize("tie", counting.TIES)
@pytest.mark.parametrize("N", [1, 2])
def test_vertices_serve_the_shortest_lengths(N, tie):
    for head in strings.random_heads(60, seed=20):
        lo, _, _, hi = strings.gaps(N, tie, head)
        found = counting.perfect_threshold_interval(N=N, head=head, tie=tie)
        assert (found.lo, found.hi) == (lo, hi)


def test_heads_of_the_vertex_check_are_of_both_kinds():
    verdicts = [
        lo < hi for lo, _, _, hi in (strings.gaps(5, "neg", head) for head in strings.random_heads(120, seed=11))
    ]
    assert 20 < sum(verdicts) < 100


def test_the_naive_rule_errs_on_a_part_of_the_cases_only():
    draw, wrong = random.Random(3), 0
    for _ in range(400):
        N, w01 = draw.randint(3, 40), Fraction(draw.randint(1, 30), draw.randint(1, 30))
        w02 = Fraction(draw.randint(1, 30), draw.randint(1, 30))
        truth = counting.perfect_threshold_interval(N=N, head=(w01, w02, 0, 0, 0), tie="neg").perfect
        assert region._closed_form(N, w01, w02, "neg") == truth
        wrong += region._naive(N, w01, w02, "neg") != truth
    assert 5 < wrong < 100


def test_margin_programs_against_bisection_in_floats():
    """The best margin by bisection over programs, N = 7 and 10, to 1e-4 of it."""
    for N, tie in ((7, "neg"), (10, "neg"), (10, "drop")):
        low, high = 0.0, 1.0
        while high - low > 1e-6:
            middle = (low + high) / 2
            system = margin._margin_system(N, tie, Fraction(middle).limit_denominator(10**9))
            low, high = (middle, high) if separate.feasible_point(*system) else (low, middle)
        assert low == pytest.approx(counting.max_margin(N=N, tie=tie), rel=1e-4)


def test_margin_of_ten_differs_from_its_asymptotic_form():
    assert counting.max_margin(N=10, tie="neg") == pytest.approx(0.0557, abs=5e-5) != 1 / 20


def test_values_beyond_one_break_the_margin_where_the_derivation_says():
    """Half the change at the extremal head with values 1.1: .111 at k = 2, .0613 at k = 4."""
    for k, value, best in ((2, 0.111, 0.101), (4, 0.0613, 0.0557)):
        x = (k * (k + 1)) ** 0.5
        change = x / ((x + k) * (x + k + 1))
        assert change == pytest.approx(best, abs=5e-4) and 1.1 * change == pytest.approx(value, abs=5e-4)


def test_reference_programs_have_an_optimum_at_every_length_tried():
    rows, limits = read_outs._reference(("sem", "const"), 3, True, "concat", False)
    target = [Fraction(0)] * (len(rows[0]) - 1) + [Fraction(1)]
    assert separate.bounded(rows, limits, target, Fraction(1, 12)).finding is Finding.PROVED
    assert separate.bounded(rows, limits, target, Fraction(1, 13)).finding is Finding.REFUTED
