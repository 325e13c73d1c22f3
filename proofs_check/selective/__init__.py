"""Proof steps of the selective paper: what holds, what is false as printed, and what is empty."""

from proofs_check.core.derivation import Derivation
from proofs_check.selective import layer, lengths, temperature, two_tokens

DERIVATIONS = (
    Derivation(
        "selective/two-tokens",
        "selective",
        "Lemma 1 and Proposition 1, their exact forms and the converse.",
        two_tokens.STEPS,
    ),
    Derivation(
        "selective/temperature",
        "selective",
        "When query temperature lowers the norm, and by how much.",
        temperature.STEPS,
    ),
    Derivation(
        "selective/lengths",
        "selective",
        "Dilution, schedules, random keys, Proposition 2 and appendix D.",
        lengths.STEPS,
    ),
    Derivation(
        "selective/layer", "selective", "The layer's temperatures, its values, and the denoising task.", layer.STEPS
    ),
)
