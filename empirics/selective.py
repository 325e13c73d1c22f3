"""Experiments of the selective paper."""

from empirics.engine.lanes import Experiment

EXPERIMENTS: tuple[Experiment, ...] = ()
