"""The boolean experiments against independent computation: autograd, brute force, and the definitions."""

import itertools

import pytest
import torch

from empirics import boolean
from empirics.engine.lanes import Lane, Lanes
from empirics.models import minimal_attention as model
from empirics.tasks import boolean_functions as task

KEYS = torch.arange(3, dtype=torch.int64) * 7919 + 5


def test_the_drawn_example_of_the_generator():
    bits = torch.tensor([[[1, 1, 1, 0, 1, 0], [1, 1, 1, 1, 0, 1]]], dtype=torch.uint8)
    support = torch.arange(4)[None]
    assert task.labels(task.gather_support(bits, support), "and").tolist() == [[0.0, 1.0]]
    assert task.pair_hints(bits, 2).tolist() == [[[1, 0], [1, 1]]]


def test_bits_are_fair_and_biased_bits_are_biased():
    fair = task.fair_bits(KEYS, 4000, 16).float().mean()
    biased = task.biased_bits(KEYS, 4000, 16, 0.9).float().mean()
    assert abs(fair - 0.5) < 5 * 0.5 / 192000**0.5 and abs(biased - 0.9) < 5 * 0.3 / 192000**0.5


def test_scores_are_minus_the_gradient_of_the_loss_by_autograd():
    n, d, t = 40, 8, 2
    bits = task.fair_bits(KEYS, n, d)
    hints = task.pair_hints(bits, t)
    weights = torch.zeros(3, d, t, dtype=torch.float64, requires_grad=True)
    attended = bits.double() @ weights.softmax(dim=1)
    loss = ((attended - hints.double()) ** 2).sum() / (2 * n)
    (grad,) = torch.autograd.grad(loss, weights)
    scores = model.first_step_scores(bits, hints).double().transpose(1, 2) / (d * d * n)
    centred = scores - scores.mean(dim=1, keepdim=True)
    assert torch.allclose(centred, -grad, atol=1e-12)


def test_steps_on_the_statistics_are_steps_of_autograd_on_the_samples():
    n, d, t = 40, 8, 2
    bits, start = task.fair_bits(KEYS, n, d), torch.linspace(-1, 1, 3 * t * d, dtype=torch.float64).reshape(3, t, d)
    x, hints = bits.double(), task.pair_hints(bits, t).double()
    gram, cross = x.transpose(1, 2) @ x / n, hints.transpose(1, 2) @ x / n
    rate = torch.tensor([1.0, 20.0, 5.0], dtype=torch.float64)[:, None, None]
    found = model.descended(gram, cross, start, rate_l11=rate, n_steps=3, error_ltd=0.01)
    weights = start.clone()
    for _ in range(3):
        weights.requires_grad_(True)
        loss = ((x @ weights.softmax(dim=2).transpose(1, 2) - hints) ** 2).sum() / (2 * n)
        weights = (weights - rate * (torch.autograd.grad(loss, weights)[0] + 0.01)).detach()
    assert torch.allclose(found, weights, atol=1e-12)


def test_one_changed_step_without_a_change_is_the_step():
    cell = {"d": 16, "k": 8, "n": 300, "G": 6.0}
    lanes = Lanes(boolean.ONE_STEP, [Lane("boolean/one-step", cell, seed) for seed in range(3)], torch.device("cpu"))
    bits = task.fair_bits(lanes.keys, 300, 16)
    changed = boolean._changed_step(lanes, bits, task.pair_hints(bits, 4))
    scores = model.first_step_scores(bits, task.pair_hints(bits, 4)).double()
    step = 8 * 6.0 / (300 * 16) * scores
    assert torch.allclose(changed, step - step.mean(dim=2, keepdim=True), atol=1e-12)
    two = {**cell, "steps": 2}
    assert not torch.equal(
        *(
            boolean.one_step(Lanes(boolean.ONE_STEP, [Lane("boolean/one-step", c, 0)], torch.device("cpu")))["error"]
            for c in (cell, two)
        )
    )


@pytest.mark.parametrize("shape", [(40, 3, 8), (300, 64, 96)])
def test_counts_are_exact_whatever_multiplies(shape, monkeypatch):
    n, a, b = shape
    left, right = task.fair_bits(KEYS, n, a), task.fair_bits(KEYS + 1, n, b)
    truth = torch.einsum("lna,lnb->lab", left.long(), right.long()).float()
    for fast in (True, False):
        monkeypatch.setattr(model, "int8_is_faster", lambda fast=fast: fast)
        monkeypatch.setattr(model, "SMALL_PRODUCT", 0)
        assert torch.equal(model.count_products(left, right), truth)


def test_ties_are_won_with_the_probability_of_a_uniform_tie_break():
    scores = torch.tensor(
        [[[2.0, 5.0, 2.0, 2.0]], [[2.0, 2.0, 2.0, 0.0]], [[3.0, 4.0, 2.0, 1.0]], [[1.0, 4.0, 2.0, 0.0]]]
    )
    draws = torch.linspace(0, 1, 3001)[:-1]
    rates = [
        float(torch.stack([model.pairs_ranked(scores[i : i + 1], v.reshape(1, 1)) for v in draws[::10]]).float().mean())
        for i in range(4)
    ]
    assert rates == pytest.approx([1 / 3, 1 / 3, 1.0, 0.0], abs=0.01)


def test_read_outs_agree_with_the_definition():
    from theory.boolean import read_outs

    readout = torch.rand(64, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 1.2
    successes, error = model.read_out_successes(readout, 2)
    for row, found, worst in zip(readout.tolist(), successes.tolist(), error.tolist()):
        truth = read_outs(R=row, support=[0, 1])
        assert found == [truth.rank, truth.linear, truth.rounding] and worst == pytest.approx(truth.error)


def lanes_of(experiment, cell, seeds=3):
    return Lanes(experiment, [Lane(experiment.id, cell, seed) for seed in range(seeds)], torch.device("cpu"))


def test_bayes_learner_equals_brute_force_over_supports():
    cell = {"d": 6, "k": 2, "n": 5, "learners": "bayes"}
    lanes = lanes_of(boolean.END_TO_END, cell, seeds=6)
    support = task.random_support(lanes.keys, 6, 2)
    bits = task.fair_bits(lanes.keys, 5, 6)
    labels = task.labels(task.gather_support(bits, support), "and")
    guess = boolean._bayes(boolean._sums(bits, labels, 2, ("bayes",)), 2)
    for lane in range(6):
        rows, marks = bits[lane].tolist(), labels[lane].tolist()
        agreeing = [s for s in itertools.combinations(range(6), 2)
                    if all(float(all(row[j] for j in s)) == mark for row, mark in zip(rows, marks))]  # fmt: skip
        share = [sum(j in s for s in agreeing) / len(agreeing) for j in range(6)]
        assert guess[lane].tolist() == [float(one > 0.5) for one in share]


def test_shuffled_hints_rank_at_chance():
    """Negative control of the whole procedure: with shuffled hints success must vanish."""
    lanes = lanes_of(boolean.PAIR_RANKING, {"d": 16, "t": 4, "hints": "shuffled"}, seeds=200)
    assert boolean.pair_ranking(lanes)["success"].float().mean() < 0.02


def test_or_of_complemented_bits_behaves_like_and():
    rates = []
    for label in ("and", "or"):
        lanes = lanes_of(
            boolean.PAIR_RANKING, {"d": 32, "t": 8, **({"label": "or"} if label == "or" else {})}, seeds=400
        )
        rates.append(float(boolean.pair_ranking(lanes)["success"][:, 0].float().mean()))
    assert abs(rates[0] - rates[1]) < 5 * (0.5 / 400) ** 0.5


@pytest.mark.parametrize("experiment", boolean.EXPERIMENTS, ids=lambda one: one.id)
def test_a_lane_alone_equals_the_same_lane_among_others(experiment):
    cells = {
        "boolean/pair-ranking": {"d": 16, "t": 4},
        "boolean/one-step": {"d": 16, "k": 8, "n": 200, "G": 5.0},
        "boolean/end-to-end": {"d": 8, "k": 3, "n": 50, "learners": "bayes"},
        "boolean/population-training": {"d": 8, "k": 3, "model": "affine", "optimiser": "adam", "learning_rate": 0.05},
        "boolean/parity-link": {"d": 16, "t": 4, "n": 100},
    }
    cell = cells[experiment.id]
    several = experiment.measure(lanes_of(experiment, cell, seeds=5))
    alone = experiment.measure(lanes_of(experiment, cell, seeds=1))
    for name, values in alone.items():
        assert torch.equal(values[0], several[name][0]), name


@pytest.mark.parametrize("distribution", ["uniform", "biased", "balanced"])
def test_blocks_of_samples_change_no_bit(distribution, monkeypatch):
    cell = {"d": 8, "k": 3, "n": 200, "learners": "bayes", "distribution": distribution}
    whole = boolean.end_to_end(lanes_of(boolean.END_TO_END, cell, seeds=20))
    monkeypatch.setattr(model, "exact_block", lambda n_bits: 64)
    blocks = boolean.end_to_end(lanes_of(boolean.END_TO_END, cell, seeds=20))
    for name, values in whole.items():
        assert torch.equal(values, blocks[name]), name


def test_scores_are_the_same_in_blocks(monkeypatch):
    bits = task.fair_bits(KEYS, 300, 16)
    hints = task.pair_hints(bits, 4)
    whole = model.first_step_scores(bits, hints)
    monkeypatch.setattr(model, "exact_block", lambda n_bits: 64)
    assert torch.equal(model.first_step_scores(bits, hints), whole.double())
