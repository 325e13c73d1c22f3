"""Proof steps about the generative function in attention's place: P1 to P15, and what is false as it is often read."""

from proofs_check.core.derivation import Derivation
from proofs_check.generative import cost, floors, leaks, reach

DERIVATIONS = (
    Derivation(
        "generative/cost", "generative", "Parameters, work, decoding state and kept bytes, counted.", cost.STEPS
    ),
    Derivation(
        "generative/reach",
        "generative",
        "What a stack sees, and how maxima alone copy: the shift register.",
        reach.STEPS,
    ),
    Derivation("generative/floors", "generative", "Floors of losses, against enumeration of all words.", floors.STEPS),
    Derivation("generative/leaks", "generative", "Means of the prefix and of the window: bags and leaks.", leaks.STEPS),
)
