"""Count states and sampled strings against enumeration of all strings, and against the exact theory."""

import itertools
from fractions import Fraction

import pytest
import torch

from empirics.tasks import count_strings as task
from theory.counting import class_prior, enumerate_states, majority_accuracy, n_states

KEYS = torch.arange(2, dtype=torch.int64) * 7919 + 5


def as_mapping(groups):
    return {
        (one.query, *(int(c) for c in counts), one.kind == "closing"): (weight, target)
        for one in groups
        for counts, weight, target in zip(one.counts_sk.tolist(), one.weight_s.tolist(), one.target_sv.tolist())
    }


@pytest.mark.parametrize("law", ["uniform", "fixed"])
@pytest.mark.parametrize("tie", ["neg", "drop"])
@pytest.mark.parametrize(("loss", "closing"), [("full", False), ("full+closing", True)])
def test_states_equal_those_of_the_theory(law, tie, loss, closing):
    mine = as_mapping(task.population(5, law, tie, loss))
    table = enumerate_states(length_law=law, N=5, tie=tie, closing=closing)
    assert len(mine) == len(table.kinds) == n_states(length_law=law, N=5, tie=tie, closing=closing)
    total = table.weight.sum()
    for kind, query, counts, target, weight in zip(table.kinds, table.query, table.counts, table.target, table.weight):
        found_weight, found_target = mine[(int(query), *map(int, counts), kind == "closing")]
        assert found_weight == pytest.approx(weight / total, rel=1e-12)
        assert found_target == pytest.approx(target.tolist(), abs=1e-12)


def test_answer_states_equal_all_strings_one_by_one():
    """Independent second method: every string of length 1 to 4 by itself."""
    law = task.token_law(0.5)
    weights = {}
    for n in range(1, 5):
        for body in itertools.product(range(3), repeat=n):
            counts = tuple(body.count(t) for t in range(3))
            chance = 0.25
            for token in body:
                chance *= law[token]
            weights[counts] = weights.get(counts, 0.0) + chance
    found = task.answers(4, "uniform", "neg", 0.5)
    assert len(found.weight_s) == len(weights)
    for body, weight, positive in zip(found.body_s3.tolist(), found.weight_s.tolist(), found.positive_s.tolist()):
        assert weight == pytest.approx(weights[tuple(map(int, body))], rel=1e-12)
        assert positive == float(body[1] > body[0])


@pytest.mark.parametrize("tie", ["neg", "drop"])
def test_majority_equals_the_class_prior(tie):
    expected = majority_accuracy(length_law="uniform", N=12, tie=tie)
    assert task.answers(12, "uniform", tie).majority == pytest.approx(float(expected), rel=1e-12)
    prior = class_prior(length_law="uniform", N=6)
    assert prior.tied == Fraction(380, 1458)


def test_independent_labels_leave_nothing_to_learn():
    found = task.answers(6, "uniform", "neg", labels="independent")
    assert len(set(found.positive_s.tolist())) == 1
    assert found.majority == pytest.approx(task.answers(6, "uniform", "neg").majority)


def test_the_drawn_example_of_the_generator():
    groups = task.population(3, "uniform", "neg", "full+closing")
    states = as_mapping(groups)
    assert states[(4, 1, 0, 2, 1, 1, False)][1] == [0, 0, 1, 0, 0]
    assert states[(2, 1, 0, 3, 1, 1, True)][1] == [0, 0, 0, 0, 1]
    assert states[(0, 1, 0, 0, 0, 0, False)][1] == pytest.approx([0, 1 / 3, 1 / 3, 1 / 3, 0])
    assert states[(2, 1, 0, 2, 1, 0, False)][1] == [0, 0, 0, 0, 1]


def test_sampled_strings_are_sentences_with_the_right_frequencies():
    tokens = task.sampled_strings(KEYS, 4000, 5, "uniform", 0.5)
    counts = task.body_counts(tokens)
    length = counts.sum(dim=2)
    assert (tokens[..., 0] == task.B).all() and ((tokens == task.E).sum(dim=2) == 1).all()
    assert torch.equal((tokens >= 0).sum(dim=2), length + 2)
    assert torch.equal(tokens.gather(2, length[..., None] + 1)[..., 0], torch.full_like(length, task.E))
    # five deviations of a share over 8000 draws
    for n in range(1, 6):
        assert abs((length == n).double().mean() - 0.2) < 5 * (0.16 / 8000) ** 0.5
    share = counts.sum(dim=(0, 1)) / counts.sum()
    assert share.tolist() == pytest.approx([0.25, 0.25, 0.5], abs=5 * 0.5 / 24000**0.5)
    other = task.sampled_strings(KEYS, 4000, 5, "uniform", 0.5, stream="data")
    assert not torch.equal(tokens, other)


def test_weights_of_kinds_scale_the_loss():
    plain = task.population(4, "fixed", "neg", "full")
    heavy = task.population(4, "fixed", "neg", "full", answer_weight=3.0)
    share = [sum(float(g.weight_s.sum()) for g in groups if g.kind == "answer") for groups in (plain, heavy)]
    assert share == pytest.approx([1 / 6, 3 / 8])
