"""Does a trained model obey the statement?  The only floor that knows torch; its public names load it on first use."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from empirics.engine import rng
    from empirics.engine.lanes import Experiment, Lanes
    from empirics.engine.measure import sample
    from empirics.engine.sweep import sweep
    from empirics.engine.train import Adam, Sgd, fit, gradients

_HOME = {
    "rng": "empirics.engine.rng",
    "Experiment": "empirics.engine.lanes",
    "Lanes": "empirics.engine.lanes",
    "sample": "empirics.engine.measure",
    "sweep": "empirics.engine.sweep",
    "Adam": "empirics.engine.train",
    "Sgd": "empirics.engine.train",
    "fit": "empirics.engine.train",
    "gradients": "empirics.engine.train",
}
__all__ = ["Adam", "Experiment", "Lanes", "Sgd", "fit", "gradients", "rng", "sample", "sweep"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'empirics' has no attribute {name!r}")
    module = importlib.import_module(_HOME[name])
    return module if name == "rng" else getattr(module, name)
