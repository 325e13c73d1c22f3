"""All steps of the selective paper hold, their controls are refuted, and the standings come out of the findings."""

import dataclasses
import functools
import itertools
from fractions import Fraction

import numpy as np
import pytest

import theory.selective as selective
from proofs_check.core.derivation import Derivation, Finding, check, has_failed
from proofs_check.selective import DERIVATIONS, layer, lengths, temperature, two_tokens
from theory.core.bound import Bound
from theory.core.standing import standing
from theory.selective import STATEMENTS

STEPS = {f"{one.id}/{step.id}": step for one in DERIVATIONS for step in one.steps}
SAMPLED = [name for name, one in STEPS.items() if one.method == "sample"]
MEASURED_ONLY = {
    f"selective/{name}"
    for name in ("claim-1", "claim-2", "aids-optimisation", "fewer-neighbours-sharper", "parameter-overhead", "language-model", "key-temperature", "value-gate", "figure-1", "figure-2")
}  # fmt: skip


@functools.cache
def findings():
    """All steps and controls, run once."""
    return check(DERIVATIONS)


def words(name):
    return standing(next(one for one in STATEMENTS if one.id == f"selective/{name}"), findings(), {}, ())["standing"]


@pytest.mark.parametrize("name", STEPS)
def test_step_holds_and_its_control_is_refuted(name):
    one = findings()[name]
    assert not has_failed(one), one
    assert one["finding"].split(" at ")[0] in ("proved", "certified", "supported"), one


@pytest.mark.parametrize("name", [name for name, one in STEPS.items() if one.method != "sample"][::4])
def test_a_step_with_its_control_in_its_place_is_refuted(name):
    step = STEPS[name]
    wrong = dataclasses.replace(step, run=step.control.run)
    found = check([Derivation("d", "selective", "", (wrong,))])[f"d/{step.id}"]
    assert found["finding"] == Finding.REFUTED.value and has_failed(found)


@pytest.mark.parametrize("name", SAMPLED)
def test_sampled_steps_are_the_same_every_time(name):
    again = STEPS[name].run()
    assert (again.words, again.detail) == (findings()[name]["finding"], findings()[name]["detail"])


def test_every_statement_has_a_step_except_those_that_only_a_measurement_can_judge():
    named = {name for one in findings().values() for name in one["about"]}
    assert {one.id for one in STATEMENTS} - named == MEASURED_ONLY
    assert named <= {one.id for one in STATEMENTS}


def test_derived_sources_name_steps_that_exist():
    steps = {one["step"] for one in findings().values()}
    bounds = [one for one in vars(selective).values() if isinstance(one, Bound)]
    derived = [one.source.derived for one in (*STATEMENTS, *bounds) if one.source.derived]
    assert derived and {name for text in derived for name in text.split(", ")} <= steps


SAFE = ["spikiness", "layer", "lemma-1", "proposition-1", "dilution", "proposition-2-temperature"]
FALSE = [
    "proposition-1-converse",
    "proposition-2-flat",
    "lemma-2",
    "appendix-D-monotonicity",
    "tau-unrestricted",
    "bayes-optimal",
    "decoupled",
]


@pytest.mark.parametrize("name", SAFE)
def test_what_is_safe_stands_as_printed(name):
    assert (
        words(name).startswith("steps of its proof") and "false" not in words(name) and "corrected" not in words(name)
    )


@pytest.mark.parametrize("name", FALSE)
def test_what_is_false_as_printed_stands_beside_its_correction(name):
    assert "false as printed" in words(name) and "corrected form" in words(name)
    assert next(one for one in STATEMENTS if one.id == f"selective/{name}").corrected


def test_an_empty_hypothesis_is_a_finding_of_its_own_and_no_support():
    assert "vacuous in the range stated" in words("proposition-2-flat")
    assert "steps of its proof" not in words("proposition-2-flat")
    roles = {one["step"]: one["role"] for one in findings().values()}
    assert roles["proposition-2-empty"] == roles["proposition-2-lengths"] == "vacuity"


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda one: one.id)
def test_standing_follows_from_the_findings_alone(statement):
    assert standing(statement, {}, {}, ())["standing"] == "not examined in this run"
    text = standing(statement, findings(), {}, ())["standing"]
    assert not ("false as" in text and "steps of its proof" in text), text
    assert (text == "not examined in this run") == (statement.id in MEASURED_ONLY)
    assert ("false as a reading" in text) == statement.reading


def test_a_finding_whose_control_passed_counts_for_nothing():
    found = {name: {**one, "control": {**one["control"], "rejected": False}} for name, one in findings().items()}
    assert {standing(one, found, {}, ())["standing"] for one in STATEMENTS} == {"not examined in this run"}


# ---------------------------------------------------------------------------- the steps' own machinery
def test_printed_converse_fails_on_the_shares_of_a_grid():
    """Shares and worst ratios depend on the grid; that positive temperatures fail more often, and badly, does not."""
    signed, positive, cells = [], [], 0
    for g, rho, part in itertools.product(
        np.linspace(0.05, 0.95, 19), np.linspace(-0.95, 0.95, 39), (0.02, 0.1, 0.4, 0.9)
    ):
        found = selective.two_token_norms(g=g, rho=rho, eps=part * min(g, 1 - g) / 2)
        cells += 1
        for values, norm in ((signed, found.signed), (positive, found.positive)):
            if found.printed_converse < norm * (1 - 1e-9):
                values.append(norm / found.printed_converse)
    assert 0.02 < len(signed) / cells < len(positive) / cells < 0.9
    assert 1 < max(signed) <= 2**0.5 and max(positive) > 3


def test_exact_cells_of_the_converse_agree_with_the_function():
    for cell in (*two_tokens.POSITIVE_CELLS, *two_tokens.SIGNED_CELLS):
        g, rho, eps = two_tokens._tenth(*cell)
        balls = two_tokens._norms(g, rho, eps)
        found = selective.two_token_norms(g=float(g), rho=float(rho), eps=float(eps))
        for field, key in (("printed_converse", "printed"), ("positive", "positive"), ("signed", "signed")):
            assert getattr(found, field) == pytest.approx(float(balls[key].mid()), rel=1e-12)


@pytest.mark.parametrize("string", ["babbbb", "abbbbb", "aabb", "bbababab"])
@pytest.mark.parametrize("c", [3, 4])
def test_hypotheses_read_off_the_string_agree_with_the_count(string, c):
    length = len(string)
    found = {"".join(one) for one in itertools.product("ab", repeat=length) if lengths._meets("".join(one), c)}
    assert len(found) == selective.imbalance_hypotheses_count(L=length, c=c)
    assert (string in found) == lengths._meets(string, c)


def test_exact_loss_is_above_the_floor():
    for b in (Fraction(1, 3), Fraction(1, 2), Fraction(2, 5)):
        loss = lengths._loss("babbbb", Fraction(0), {"a": Fraction(1), "b": b})
        assert float(loss) >= selective.flat_temperature_floor(string="babbbb", rho=0)


def test_repaired_floor_is_below_every_string_that_it_is_about():
    least = 1.0
    for length in range(6, 15):
        for one in itertools.product("ab", repeat=length):
            if lengths._meets("".join(one), 3):
                least = min(least, selective.flat_temperature_floor(string="".join(one), rho=0))
    assert 1.13e-3 <= least < 0.02


def test_three_to_one_imbalance_is_feasible_for_most_lengths():
    feasible = [length for length in range(2, 120) if selective.imbalance_hypotheses_count(L=length, c=3)]
    assert len(feasible) >= 118 - 7


@pytest.mark.parametrize("seed", range(3))
def test_exact_least_square_agrees_with_the_function(seed):
    logits, queries, keys = temperature._problem(seed)
    arrays = [np.array(one.tolist(), dtype=float) for one in (logits, queries, keys)]
    exact = temperature._least_square(logits, queries, keys)
    assert selective.min_norm(logits=arrays[0], E_q=arrays[1], E_k=arrays[2]) ** 2 == pytest.approx(
        float(exact), rel=1e-9
    )


def test_posterior_is_near_perfect_where_the_oracle_is_not():
    cosines = layer._direction("posterior", 4000)
    assert 2 - 2 * cosines.mean() < 1e-4 < 0.05 < layer._oracle()
    attention = layer._direction("attention", 20000)
    assert 2 - 2 * attention.mean() == pytest.approx(0.096, abs=0.003)
