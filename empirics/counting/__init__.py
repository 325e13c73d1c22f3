"""Experiments on counting heads: exact training, interventions on attention, aggregation of heads, and laws of ideal heads.

Words for the letters of the grid: N longest body, H n_heads, d_h d_head, m n_strings, sd spread of ln w01.

Nothing of the paper's set-up beyond the task, the single attention-only layer and the intervention is known, so every
choice it leaves open is a switch: tie rule, length law, share of noise tokens, closing token and loss positions ("loss"),
residual, bias, positions, sizes and initial scales, weights of the losses, optimiser steps and learning rate.
"""

from __future__ import annotations

from empirics.counting.aggregation import AGGREGATION
from empirics.counting.laws import ENSEMBLE, SYMMETRIC
from empirics.counting.surfaces import CANONICAL_SURFACE, INTERVENTION
from empirics.counting.training import SEPARATION, SWAP, TRAINING

EXPERIMENTS = (TRAINING, SEPARATION, SWAP, INTERVENTION, CANONICAL_SURFACE, AGGREGATION, ENSEMBLE, SYMMETRIC)
