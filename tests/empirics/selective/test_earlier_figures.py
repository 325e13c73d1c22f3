"""Figures of an earlier, independent implementation beside ours: floors on 8 graphs a width, training on 48 and 32.

Left out is the floor with temperatures at d = 6, where the earlier search had not converged (.151 to .108 then, .147 to .05 now).

Left out is also the mean KL with the read-out softmax(C f): .0067, .0061, .0079, .0003 then at d = 8 and .0030, .0061, .0084, .0020
at d = 16 (standard, one number, a number a query, queries and values; 32 to 48 graphs).  Such means are those of a few runs that
get stuck at .04 to .09: with 4000 steps 2, 4, 6 and 0 of 144 graphs ended above .01 here at d = 8 and 0, 2, 1 and 0 at d = 16, for
means of .0019, .0023, .0025, .0001 and .0007, .0017, .0011, .0001; medians were .0012 and .0006 for the first three.  Three or four
stuck runs of 48 would make the figures of then; how many there were is not known, nor how those runs started.
"""

import math

import pytest
import torch

from empirics.engine.lanes import Lane, Lanes
from empirics.selective.graphs import EXPRESSIVITY, GRAPH_TRAINING

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


RATE, STEPS = 0.003, 4000  # one learning rate for all arms, as it was then
TRAINED = {"standard": 0.0255, "const": 0.0200, "free": 0.0132, "query and value": 0.0060}  # KL then, d = 4, 48 graphs
MAP_ERRORS = (1.68, 1.75)  # of all arms then, read-out softmax(C f), 32 graphs or more
GRAPHS = 16


def trained(width: int, readout: str, arm: str) -> dict[str, torch.Tensor]:
    """Everything that is measured of `GRAPHS` trained models."""
    cell = {"d": width, "readout": readout, "variant": arm, "learning_rate": RATE, "n_steps": STEPS}
    lanes = Lanes(GRAPH_TRAINING, [Lane(GRAPH_TRAINING.id, cell, seed) for seed in range(GRAPHS)], torch.device("cpu"))
    return GRAPH_TRAINING.measure(lanes)


@pytest.mark.slow
def test_training_in_four_dimensions_gains_as_much():
    """Means and paired gains over standard attention, four standard errors apart at most."""
    now = {arm: trained(4, "pointer", arm)["loss"] for arm in TRAINED}
    for arm, then in TRAINED.items():
        for ours, theirs in ((now[arm], then), (now["standard"] - now[arm], TRAINED["standard"] - then)):
            error = float(ours.std()) * math.sqrt(1 / GRAPHS + 1 / 48)
            print(f"{arm}: {theirs:.4f} then, {float(ours.mean()):.4f} now, error {error:.4f}")
            assert abs(float(ours.mean()) - theirs) <= 4 * error + 1e-4, arm
    assert float((now["standard"] - now["query and value"]).median()) > 0


@pytest.mark.slow
@pytest.mark.parametrize("arm", ["standard", "query and value"])
def test_maps_behind_a_free_read_out_are_as_wrong(arm):
    """Mean l1 error of the attention rows, of 2 possible."""
    found = trained(8, "free", arm)["map_error"]
    error = float(found.std()) * math.sqrt(1 / GRAPHS + 1 / 32)
    print(f"{arm}: {MAP_ERRORS} then, {float(found.mean()):.3f} now, error {error:.3f}")
    assert MAP_ERRORS[0] - 4 * error <= float(found.mean()) <= MAP_ERRORS[1] + 4 * error
