"""Experiments of the infinite-precision paper: one-layer attention trained on index, composition and SUM_2."""

from __future__ import annotations

from empirics.engine.lanes import Experiment
from empirics.infinite_precision.index import INDEX

EXPERIMENTS: tuple[Experiment, ...] = (INDEX,)
