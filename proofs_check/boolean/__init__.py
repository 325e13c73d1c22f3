"""Proof steps of the boolean paper and its parent: P1 to P17 of the derivations, and what is false or empty as printed."""

from proofs_check.boolean import gradient, laws, noise, parent, printed
from proofs_check.core.derivation import Derivation

DERIVATIONS = (
    Derivation("boolean/gradient", "boolean", "The first gradient step, exactly.", (*gradient.STEPS, *noise.STEPS)),
    Derivation(
        "boolean/laws", "boolean", "Ranking, lower bound, elimination and the finite-sample guarantee.", laws.STEPS
    ),
    Derivation("boolean/parent", "boolean", "The parent paper's lemmas and exponents.", parent.STEPS),
    Derivation(
        "boolean/as-printed",
        "boolean",
        "Statements that are false, empty or vague as printed, with what holds.",
        printed.STEPS,
    ),
)
