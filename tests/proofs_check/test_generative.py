"""All steps about the generative function hold, all their controls are refuted, and the constructions do what they say."""

import dataclasses
import functools
import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

from proofs_check.core import certify
from proofs_check.core.derivation import Derivation, Finding, check, has_failed
from proofs_check.generative import DERIVATIONS, cost, exact, floors, leaks, reach
from theory import generative
from theory.core.standing import standing
from theory.generative import STATEMENTS

STEPS = {f"{one.id}/{step.id}": step for one in DERIVATIONS for step in one.steps}
PROPOSITIONS = {f"P{i}" for i in range(1, 16)} | {"P3a", "P3b", "P3c", "P3d"}
# what no derivation can settle: it is about trained models, or about time on a machine
ONLY_TRAINING = {
    f"generative/{name}"
    for name in (
        "static-pattern",
        "smaller-loss",
        "average-context",
        "batch-overfits",
        "context-steadies",
        "activation-cost",
        "counting-baseline",
    )
}


@functools.cache
def findings():
    """All steps and controls, run once."""
    return check(DERIVATIONS)


def test_all_propositions_have_steps_within_the_time_allowed():
    names = {one["step"] for one in findings().values()}
    missing = {p for p in PROPOSITIONS if not any(n == p or n.startswith((p + "-", p + "a")) for n in names)}
    assert not missing and len(names) == len(findings())


@pytest.mark.parametrize("name", STEPS)
def test_step_holds_and_its_control_is_refuted(name):
    one = findings()[name]
    assert not has_failed(one), one
    assert one["finding"].split(" at ")[0] in ("proved", "certified", "supported"), one


@pytest.mark.parametrize("name", [name for name in STEPS if name.startswith("generative/cost/")])
def test_a_step_with_its_control_in_its_place_is_refuted(name):
    step = STEPS[name]
    wrong = dataclasses.replace(step, run=step.control.run)
    found = check([Derivation("d", "generative", "", (wrong,))])[f"d/{step.id}"]
    assert found["finding"] == Finding.REFUTED.value and has_failed(found)


def test_every_step_is_about_a_known_statement_and_every_statement_has_a_step():
    known, examined = {one.id for one in STATEMENTS}, {name for one in findings().values() for name in one["about"]}
    assert examined <= known
    assert known - examined == ONLY_TRAINING


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda one: one.id)
def test_standing_follows_from_the_findings(statement):
    words = standing(statement, findings(), {}, ())["standing"]
    if statement.id in ONLY_TRAINING:
        assert words == "not examined in this run"
    elif statement.reading:
        assert words == "false as a reading; the source does not print it"
    else:
        assert words.startswith("steps of its proof") and "false" not in words


SOURCES = {"integer_markov_source", "lag_copy_source", "even_process", "stationary_law"}


def test_statements_name_every_function_but_the_sources():
    named = {name for one in STATEMENTS for name in one.functions}
    assert named == {name for name in generative.__all__ if name[0].islower()} - SOURCES


def test_share_of_the_quadratic_part():
    assert cost._share(64, 128) == Fraction(1, 13)
    assert cost._share(256, 384) == Fraction(1, 10)


@pytest.mark.parametrize("f", ["max", "min", "mean"])
@pytest.mark.parametrize("context", ["none", "running_mean", "window_mean"])
@pytest.mark.parametrize("shift", [1, 2])
def test_exact_function_agrees_with_the_reference(f, context, shift):
    rows = [(3, -1), (0, 5), (7, 2), (1, 1), (-4, 6)]
    found = [[float(a) for a in row] for row in exact.reduced(rows, f, context, shift)]
    np.testing.assert_allclose(found, generative.generative_function(u=rows, f=f, context=context, shift=shift))


def test_optimal_loss_of_a_noisy_copy():
    cases = [(x, y, 3 if x == y else 1) for x, y in itertools.product((0, 1), repeat=2)]
    expected = -0.75 * math.log(0.75) - 0.25 * math.log(0.25)
    assert float(exact.optimal_loss(cases).mid()) == pytest.approx(expected, abs=1e-15)
    assert exact.best_accuracy(cases) == Fraction(3, 4)


def test_register_has_the_width_and_the_slots_of_the_proof():
    words = np.array([[2, 0, 1, 1, 2]])
    states = reach.shift_register_states(words, 3, 2)
    assert states.shape == (1, 5, 2 * 3 * 3)
    one_hot = np.eye(3, dtype=int)[words[0]]
    third = states[0, 4].reshape(3, 2, 3)[2, 0]
    assert third.tolist() == (one_hot[4] + 2 * one_hot[3] + one_hot[2]).tolist()
    assert (states[0, 0].reshape(3, 2, 3)[:, 0] == [[0, 0, 1], [0, 0, 2], [0, 0, 4]]).all()


def test_register_with_a_table_reaches_the_window_floor():
    """The decoded window and the position are a key to the same table as the window itself."""
    V, D, T = 2, 2, 5
    words = floors._integer_words(V, 3, T + 1)
    states = reach.shift_register_states(np.array([w[:T] for w, _ in words]), V, D)
    h = generative.conditional_entropies(source=generative.integer_markov_source(V=V, k=3), kmax=T)
    losses = []
    for t in range(T):
        keys = [states[i, t].tobytes() for i in range(len(words))]
        losses.append(exact.optimal_loss((key, w[t + 1], p) for key, (w, p) in zip(keys, words)))
    assert float(sum(losses).mid()) / T == pytest.approx(generative.window_floor(h=h, T=T, window=D + 1), abs=1e-13)


def test_largest_vocabularies_by_trying_all_families():
    """Every family of subsets of 1 to 3 elements, through the public test."""
    for bits, size in ((1, 1), (2, 2), (3, 3)):
        codes = list(itertools.product((0, 1), repeat=bits))
        families = (one for n in range(1, len(codes) + 1) for one in itertools.combinations(codes, n))
        assert max(len(one) for one in families if generative.merge_is_lossless(codes=one)) == size


def test_one_block_of_max_with_the_window_mean_on_uniform_bits():
    half = (Fraction(1, 2), Fraction(1, 2))
    loss = leaks._mean_loss(half, 4, leaks._output_sight("max", "window_mean"))
    assert float(loss.mid()) == pytest.approx(0.6065, abs=5e-5)
    assert generative.leak_floor(T=4, p=(0.5, 0.5), knowledge="bag") == pytest.approx(0.5199, abs=5e-5)


def test_two_blocks_name_the_value_and_no_other():
    sequence = (("key", 1), ("value", 2), ("key", 0), ("value", 1), ("key", 1))
    scores = leaks.recall_scores(sequence, 2, 3)
    assert scores[0] == scores[1] == 0 < scores[2] <= 1


def test_entropies_of_the_hidden_source_in_intervals():
    """Twenty digits found with another program, and the lower bound on the rate."""
    ends = [Fraction(95213027276216691238 + i, 10**20) for i in (0, 1)]
    low, high = generative.entropy_rate_bounds(source=floors._hidden_source(), n=8)
    result = certify.all_less(
        lambda: [("low", ends[0], floors._hidden_entropy(7)), ("high", floors._hidden_entropy(7), ends[1])]
    )
    assert result.finding is Finding.CERTIFIED, result.detail
    assert low == pytest.approx(0.9517975598, abs=1e-10) and high == pytest.approx(float(ends[0]), abs=1e-15)
