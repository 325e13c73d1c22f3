"""Figures of an earlier, independent implementation (NumPy and SciPy, 8 graphs a width) beside ours."""

import math

import pytest
import torch

from empirics.engine.lanes import Lane, Lanes
from empirics.selective.graphs import EXPRESSIVITY

SEEDS, THEN = 48, 8
FLOORS = {  # width: least KL then, in nats; the key bias stood beside positive temperatures
    2: {"standard": 0.701, "free": 0.603, "signed": 0.575, "biased": 0.561},
    4: {"standard": 0.556, "free": 0.346, "signed": 0.315, "biased": 0.253},
}


def losses(width: int, arm: str) -> torch.Tensor:
    """Least KL of `SEEDS` graphs."""
    cell = {"d": width, "variant": arm, "starts": 8}
    lanes = Lanes(EXPRESSIVITY, [Lane(EXPRESSIVITY.id, cell, seed) for seed in range(SEEDS)], torch.device("cpu"))
    return EXPRESSIVITY.measure(lanes)["loss"]


@pytest.mark.slow
@pytest.mark.parametrize("width", FLOORS)
def test_floors_and_their_differences_are_those_of_other_graphs(width):
    """Means of 8 graphs then and of ours now, four standard errors apart at most; rounding to three decimals is allowed for."""
    now, then = {arm: losses(width, arm) for arm in FLOORS[width]}, FLOORS[width]
    pairs = [(arm, None) for arm in then] + [("standard", "free"), ("free", "signed"), ("free", "biased")]
    for first, second in pairs:
        ours = now[first] - now[second] if second else now[first]
        theirs = then[first] - then[second] if second else then[first]
        error = float(ours.std()) * math.sqrt(1 / SEEDS + 1 / THEN)
        apart = (float(ours.mean()) - theirs) / error
        print(f"d = {width}, {first} to {second}: {theirs:.3f} then, {float(ours.mean()):.3f} now, {apart:.1f} errors")
        assert abs(float(ours.mean()) - theirs) <= 4 * error + 1e-3, (first, second)
