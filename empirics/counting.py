"""Experiments on counting heads."""

EXPERIMENTS = ()
