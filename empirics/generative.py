"""Training of the generative function and of what it replaces."""

from __future__ import annotations

from empirics import Experiment

EXPERIMENTS: tuple[Experiment, ...] = ()
