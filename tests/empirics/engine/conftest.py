"""A small plug-in that the tests measure, train and break; it lies in a folder so that other processes find it too."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch

SOURCE = '''
"""Small experiments for the tests of the engine."""
import os
import time

import torch
from empirics import Experiment, rng
from empirics.engine.train import Adam, fit
from theory import Claim, Clause, Control, Equals, Grid, Observable, Source, constant

SOURCE = Source("0000.00000", "made up", "v1")


def trained(lanes):
    """Regression on drawn data, read at two numbers of steps; as exhibit its weights."""
    d, n_examples = lanes.size("d"), 24
    x = rng.normal(lanes.keys, n_examples * d).reshape(len(lanes), n_examples, d)
    y = rng.bits(lanes.keys, n_examples, stream="init").double()
    start = {"w": rng.normal_like(lanes.keys, (d,))}
    rate = lanes.column("rate")
    time.sleep(lanes.size("pause"))
    if lanes.size("label") == "kill":
        os.kill(os.getpid(), 9)

    def losses(params):
        z = (x @ params["w"][..., None])[..., 0]
        return (torch.tanh(z) - y).square().mean(dim=1)

    found = []
    for steps in lanes.inner("steps"):
        weights, last = fit(losses, start, n_steps=steps, optimiser=Adam(rate))
        found.append(last)
    return {"loss": torch.stack(found, dim=1), "norm": weights["w"].square().sum(dim=1),
            "exhibits": {"weights": weights["w"]}}


def process(lanes):
    """The number of the process that measured the lane."""
    return {"loss": torch.full((len(lanes),), float(os.getpid()))}


EXPERIMENTS = (
    Experiment(
        id="toy/trained", version=1, axes=("d", "rate"), measure=trained, switches={"pause": 0.0, "label": "fair"},
        shape=("d", "pause", "label"), inner={"steps": (1, 3)}, common=("rate",),
    ),
    Experiment(id="toy/process", version=1, axes=("i",), measure=process),
)


def claim(grid, experiment="toy/trained", name="toy/claim", at=None):
    """A claim about the loss; the tests here never judge it."""
    clause = Clause(
        observable=Observable("loss", low=0, high=10**9, evidence="exact", noise="none"),
        relation=Equals(tolerance=1), bound=constant(1, SOURCE), control=Control(bound=constant(5, SOURCE)),
    )
    profiles = {"smoke": grid}
    return Claim(id=name, says="A loss is near one.", experiment=experiment, profiles=profiles, clauses=(clause,))


CLAIMS = (
    claim(Grid(seeds=40, d=(2, 5), rate=(0.1, 1.0), steps=(1, 3))),
    claim(Grid(seeds=40, d=2, rate=0.1, steps=3, pause=0.04), name="toy/slow"),
    claim(Grid(seeds=40, i=(1, 2)), "toy/process", "toy/process"),
)
'''
ENTRIES = "[attnbounds.theory]\ntoy = toy_experiments\n[attnbounds.empirics]\ntoy = toy_experiments\n"


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """What the engine settles at the start of a sweep."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def toy_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that, on the path, is an installed plug-in."""
    folder = tmp_path_factory.mktemp("toy")
    (folder / "toy_experiments.py").write_text(SOURCE)
    (folder / "toy-1.0.dist-info").mkdir()
    (folder / "toy-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n")
    (folder / "toy-1.0.dist-info" / "entry_points.txt").write_text(ENTRIES)
    return folder


@pytest.fixture(scope="session")
def toy(toy_folder: Path) -> Iterator[ModuleType]:
    """The module of the small experiments, importable here and in worker processes."""
    sys.path.insert(0, str(toy_folder))
    yield importlib.import_module("toy_experiments")
    sys.path.remove(str(toy_folder))
    del sys.modules["toy_experiments"]


@pytest.fixture
def registry_of() -> Any:
    """A registry of these claims and experiments only."""

    def made(claims: Any, experiments: Any) -> Any:
        known = {one.id: one for one in experiments}
        return SimpleNamespace(
            choose=lambda names=(), papers=(): list(claims), statements={}, experiments=lambda: known, warnings=[]
        )

    return made
