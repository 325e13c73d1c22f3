"""Training of the generative function and of what it replaces: audits, floors, recall, real text, and cost."""

from __future__ import annotations

from empirics.generative.audits import BUILT_MODELS, INFLUENCE
from empirics.generative.cost import KEPT_BYTES, PEAK_BYTES, SUBLAYER_TIME
from empirics.generative.decoding import DECODED
from empirics.generative.language import TEXT
from empirics.generative.overfitting import OVERFITTING
from empirics.generative.recall import RECALL
from empirics.generative.synthetic import SYNTHETIC

EXPERIMENTS = (
    BUILT_MODELS,
    INFLUENCE,
    SYNTHETIC,
    TEXT,
    OVERFITTING,
    RECALL,
    SUBLAYER_TIME,
    KEPT_BYTES,
    PEAK_BYTES,
    DECODED,
)
