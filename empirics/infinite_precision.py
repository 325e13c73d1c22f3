"""Experiments of the infinite-precision paper: one-layer attention trained on index, composition and SUM_2."""

from __future__ import annotations

from empirics.engine.lanes import Experiment

EXPERIMENTS: tuple[Experiment, ...] = ()
