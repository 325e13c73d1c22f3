"""Every experiment keeps its tensors together, so that a GPU can run it: seen without one, by following tensors."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import empirics
from empirics.engine import rng
from empirics.engine.estimate import STEPS
from empirics.engine.lanes import Experiment, Lane, Lanes
from empirics.engine.plan import Plan, make_plan
from tests.contract.two_devices import LANES, TwoDevices
from theory.core.registry import Registry

SOURCES = str(Path(empirics.__file__).parent) + "/"
REGISTRY = Registry.load()
N_STEPS, N_LANES = 2, 2


@functools.cache
def smoke_plan() -> Plan:
    """What the smoke profile of all papers asks for."""
    return make_plan(REGISTRY.choose(), REGISTRY.experiments(), "smoke")


def buckets_of(name: str) -> Iterator[list[Lane]]:
    """Buckets of the smoke profile that bring something new: a text among the shape coordinates that none before had."""
    experiment: Experiment = REGISTRY.experiments()[name]
    seen: set[Any] = set()
    for one, lanes in smoke_plan().buckets:
        full = one.full(lanes[0].cell)
        texts = {("", "")} | {(axis, full[axis]) for axis in one.shape if isinstance(full[axis], str)}
        if one.id == name and not texts <= seen:
            seen |= texts
            few = {axis: N_STEPS for axis in STEPS if axis in (*experiment.axes, *experiment.switches)}
            yield [Lane(lane.experiment, {**lane.cell, **few}, lane.seed) for lane in lanes[:N_LANES]]


def forget() -> None:
    """Empty every cache of the project: a tensor kept from before the watch has no place."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in ("empirics", "theory"):
            for one in vars(module).values():
                if isinstance(one, functools._lru_cache_wrapper) and one.__module__ == name:
                    one.cache_clear()


def faults_of(measure: Callable[[Lanes], Any], experiment: Experiment, lanes: list[Lane], folder: str) -> set[Any]:
    """What a GPU would refuse in one call of `measure`."""
    forget()
    with TwoDevices(folder) as watched:
        measure(Lanes(experiment, lanes, LANES))
    return watched.faults


@pytest.mark.parametrize("name", sorted(REGISTRY.experiments()))
def test_an_experiment_keeps_its_tensors_together(name: str) -> None:
    experiment = REGISTRY.experiments()[name]
    found = [fault for lanes in buckets_of(name) for fault in faults_of(experiment.measure, experiment, lanes, SOURCES)]
    assert not found


# ---------------------------------------------------------------------------- what the test would see
def draws(lanes: Lanes) -> torch.Tensor:
    """[lane, 4] beside the lanes."""
    return rng.uniform(lanes.keys, 4)


def numbers(tensor: torch.Tensor) -> np.ndarray:
    """As a solver on the host takes them."""
    return tensor.numpy()


BAD: dict[str, Callable[[Lanes], object]] = {
    "made on the host": lambda lanes: draws(lanes) * torch.arange(4),
    "moved to the host": lambda lanes: draws(lanes) + draws(lanes).cpu(),
    "moved by name": lambda lanes: draws(lanes) + draws(lanes).to("cpu"),
    "iterated on the host": lambda lanes: [row + draws(lanes)[0] for row in draws(lanes).cpu()],
    "read without a move": lambda lanes: numbers(draws(lanes)),
    "indexed from there": lambda lanes: torch.arange(4.0)[draws(lanes).argmax(dim=1)],
    "filled from there": lambda lanes: torch.zeros(2, 4).__setitem__(0, draws(lanes)[0]),
    "device of the wrong one": lambda lanes: draws(lanes) * torch.ones(4, device=torch.zeros(1).device),
}
GOOD: dict[str, Callable[[Lanes], object]] = {
    "made beside": lambda lanes: draws(lanes) * torch.arange(4, device=lanes.device),
    "made like": lambda lanes: draws(lanes) * torch.ones_like(draws(lanes)) * draws(lanes).new_zeros(4),
    "device of the right one": lambda lanes: draws(lanes) * torch.arange(4, device=draws(lanes).device),
    "moved there": lambda lanes: draws(lanes) + torch.arange(4).to(lanes.device),
    "moved like": lambda lanes: draws(lanes) + torch.arange(4).to(draws(lanes)),
    "a number from the host": lambda lanes: draws(lanes) + torch.tensor(2.0),
    "an index from the host": lambda lanes: draws(lanes)[:, torch.tensor([0, 2])],
    "read after a move": lambda lanes: [numbers(draws(lanes).cpu()), numbers(draws(lanes).to("cpu", torch.float64))],
    "all on the host": lambda lanes: torch.arange(4) + torch.ones(4),
    "gradients": lambda lanes: torch.autograd.grad((w := draws(lanes).requires_grad_(True)).square().sum(), w)[0] + w,
}


@pytest.mark.parametrize("what", BAD)
def test_a_fault_is_seen_and_placed(what: str) -> None:
    experiment, lanes = _toy()
    (fault,) = faults_of(BAD[what], experiment, lanes, str(Path(__file__).parent) + "/")
    assert fault[1].startswith("test_devices.py:")


@pytest.mark.parametrize("what", GOOD)
def test_what_a_gpu_takes_is_no_fault(what: str) -> None:
    assert not faults_of(GOOD[what], *_toy(), SOURCES)


def _toy() -> tuple[Experiment, list[Lane]]:
    experiment = Experiment(id="toy/device", version=1, axes=("i",), measure=lambda lanes: {})
    return experiment, [Lane(experiment.id, {"i": 1}, seed) for seed in range(2)]
