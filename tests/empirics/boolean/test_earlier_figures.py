"""Success rates of an earlier, independent implementation (NumPy, 20 to 200 repetitions a setting) beside ours."""

import pytest
import torch
from scipy import stats

from empirics import boolean
from empirics.engine.lanes import Lane, Lanes

SEEDS = 100
STEP = ("rank", "linear", "rounding")
FIGURES = [  # experiment, cell, inner axis, its value, rate then, repetitions then
    *[(boolean.ONE_STEP, {"d": 64, "k": 32, "n": n, "G": float(g)}, "readout", name, rate, 40)
      for g, n, rates in ((5, 500, (0, 0.15)), (5, 1000, (0, 0.80)), (7, 1000, (0.25, 0.28)), (7, 2000, (0.80, 0.68)), (9, 200, (0.15, 0)), (9, 500, (1, 0)), (9, 4000, (1, 0.93)))
      for name, rate in zip(STEP[1:], rates)],
    *[(boolean.END_TO_END, {"d": 16, "k": k, "n": n, "learners": "trained"}, "learner", name, rate, repetitions)
      for k, n, repetitions, rates in ((4, 64, 40, (0, 0.53, 0.40, 0.47)), (4, 256, 40, (0.33, 1, 1, 1)), (6, 256, 20, (0, 0.70, 0.60, 0.65)), (8, 1024, 40, (0, 0.50, 0.50, 0.58)))
      for name, rate in zip(("raw", "centred", "elimination", "adam"), rates)],
    *[(boolean.END_TO_END, {"d": d, "k": d // 2, "n": 80, "distribution": "balanced"}, "learner", "centred", rate, 40)
      for d, rate in ((32, 0.975), (64, 0.975), (128, 0.85), (512, 0.275))],
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("experiment", "cell", "axis", "name", "rate", "repetitions"), FIGURES)
def test_rates_agree_with_the_earlier_ones(experiment, cell, axis, name, rate, repetitions):
    """Fisher's exact test at one in a hundred thousand: 26 comparisons raise a false alarm once in 4000 runs."""
    lanes = Lanes(experiment, [Lane(experiment.id, cell, seed) for seed in range(SEEDS)], torch.device("cpu"))
    found = experiment.measure(lanes)["readout_success" if axis == "readout" else "success"]
    now = int(found[:, lanes.inner(axis).index(name)].sum())
    then = round(rate * repetitions)
    assert stats.fisher_exact([[now, SEEDS - now], [then, repetitions - then]])[1] > 1e-5, (now, then)
