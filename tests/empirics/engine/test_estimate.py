"""The estimate of time on another device: extrapolated counts equal counts of the whole work."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from empirics import Experiment, rng
from empirics.engine import estimate as estimates
from empirics.engine.estimate import H200, Gpu, TooLong, Work, bucket_work, count, estimate
from empirics.engine.lanes import Lane, Lanes
from empirics.engine.plan import Plan
from empirics.engine.train import Adam, fit
from empirics.verbs import print_estimate

N_EXAMPLES, WIDTH = 24, 7


def regression(lanes: Lanes) -> dict[str, torch.Tensor]:
    """Linear regression by Adam."""
    x_lbd = rng.normal(lanes.keys, N_EXAMPLES * WIDTH).reshape(len(lanes), N_EXAMPLES, WIDTH)
    start = {"w": rng.normal_like(lanes.keys, (WIDTH, 1))}
    rate = torch.full((len(lanes),), 0.01, dtype=torch.float64)
    fitted, last = fit(lambda params: (x_lbd @ params["w"]).square().mean(dim=(1, 2)), start,
                       n_steps=int(lanes.size("n_steps")), optimiser=Adam(rate))  # fmt: skip
    return {"loss": last, "norm": fitted["w"].square().sum(dim=(1, 2))}


def one_by_one(lanes: Lanes) -> dict[str, torch.Tensor]:
    """A loop over lanes, as an exact solver would need it: two operations a lane, and one that stacks."""
    return {"loss": torch.stack([(torch.full((3,), float(seed)) * 2).sum() for seed in lanes.seeds])}


TRAINED = Experiment(id="toy/regression", version=1, axes=("n_steps",), measure=regression, shape=("n_steps",))
LOOPED = Experiment(id="toy/looped", version=1, axes=("i",), measure=one_by_one)


def lanes_of(experiment: Experiment, n: int, **cell: Any) -> list[Lane]:
    return [Lane(experiment.id, cell, seed) for seed in range(n)]


def test_two_steps_of_one_model_tell_the_work_of_many_steps_of_many_models() -> None:
    lanes = lanes_of(TRAINED, 6, n_steps=40)
    guessed, n_chunks = bucket_work(TRAINED, lanes, H200, limit=60)
    whole = count(TRAINED, lanes, limit=60)
    assert n_chunks == 1
    assert guessed.operations == whole.operations
    assert guessed.flops == whole.flops
    assert guessed.bytes == pytest.approx(whole.bytes, rel=0.02)  # what lanes share is counted once a lane


def test_products_are_counted_as_they_are_computed_by_hand() -> None:
    # a step multiplies x by w, and its gradient x^T by the errors; x has no gradient.  A multiply-add counts 2
    per_step = 2 * (2 * N_EXAMPLES * WIDTH)
    assert count(TRAINED, lanes_of(TRAINED, 1, n_steps=9), limit=60).flops == {16: 0, 32: 0, 64: 9 * per_step}


def test_a_loop_over_lanes_is_seen_as_one() -> None:
    lanes = lanes_of(LOOPED, 30, i=1)
    assert bucket_work(LOOPED, lanes, H200, limit=60)[0].operations == count(LOOPED, lanes, limit=60).operations == 91


def test_models_that_do_not_fit_together_make_several_chunks() -> None:
    lanes, small = lanes_of(TRAINED, 10, n_steps=5), Gpu("small", 1.0, {16: 1.0, 32: 1.0, 64: 1.0}, 5 * 2**20, (0, 0))
    together, apart = bucket_work(TRAINED, lanes, H200, 60), bucket_work(TRAINED, lanes, small, 60)
    assert (together[1], apart[1]) == (1, 4)  # a mebibyte each, three of them in six tenths of five
    assert apart[0].operations == 4 * together[0].operations
    assert apart[0].bytes == together[0].bytes


def test_the_bracket_overlaps_all_at_one_end_and_nothing_at_the_other() -> None:
    gpu = Gpu("made up", 10.0, {16: 1.0, 32: 5.0, 64: 2.0}, 1.0, (0.5, 1.0))
    work = Work(operations=4, bytes=100, flops={16: 0, 32: 20, 64: 2}, host=3)
    assert work.seconds(gpu) == (3 + 10, 3 + 2 * (10 + 4 + 1) + 4)


def test_what_takes_too_long_is_named_and_the_rest_is_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = Plan("smoke", buckets=[(LOOPED, lanes_of(LOOPED, 3, i=1)), (TRAINED, lanes_of(TRAINED, 3, n_steps=5))])
    with pytest.raises(TooLong):
        count(TRAINED, lanes_of(TRAINED, 1, n_steps=5), limit=-1)

    def impatient(experiment: Experiment, lanes: Any, limit: float, corpus: Any = None) -> Work:
        return count(experiment, lanes, -1 if experiment is TRAINED else limit, corpus)

    monkeypatch.setattr(estimates, "count", impatient)
    looped, trained = estimate(plan)
    assert looped.work.operations == 10 and not looped.uncounted
    assert trained.work.operations == 0 and "3 models" in trained.uncounted[0]
    print_estimate(plan, None)
    said = capsys.readouterr().out
    assert "not counted: toy/regression" in said and "not measured; without the buckets below" in said


def test_a_bucket_that_fails_or_does_not_fit_costs_no_other() -> None:
    def broken(lanes: Lanes) -> Any:
        raise ZeroDivisionError("made up")

    failing = Experiment(id="toy/failing", version=1, axes=("i",), measure=broken)
    large = Experiment(id="toy/large", version=1, axes=("i",), measure=broken, bytes_per_lane=lambda cell: 2**40)
    plan = Plan("smoke", buckets=[(one, lanes_of(one, 2, i=1)) for one in (failing, large, LOOPED)])
    said = {one.experiment: " ".join(one.uncounted) for one in estimate(plan)}
    assert "ZeroDivisionError: made up" in said["toy/failing"] and "1024.0 GiB" in said["toy/large"]
    assert not said["toy/looped"]
