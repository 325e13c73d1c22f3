"""Proof steps of the infinite-precision paper and its follow-up: the bound, its inversion, and what is built beside it."""

from proofs_check.core.derivation import Derivation
from proofs_check.infinite_precision import accuracy, algebra, constructions, counting, shattering, sizes

PAPER = "infinite_precision"
DERIVATIONS = (
    Derivation(f"{PAPER}/shattering", PAPER, "Shattered sets and split-VC dimensions.", shattering.STEPS),
    Derivation(f"{PAPER}/algebra", PAPER, "Accumulators, degrees and operations.", algebra.STEPS),
    Derivation(f"{PAPER}/counting", PAPER, "Labellings, sign patterns and VC bounds.", counting.STEPS),
    Derivation(f"{PAPER}/exponents", PAPER, "How the least size grows with n.", sizes.EXPONENT_STEPS),
    Derivation(f"{PAPER}/sizes", PAPER, "Units, widths, and constructions below the bounds.", sizes.SIZE_STEPS),
    Derivation(f"{PAPER}/readings", PAPER, "What the papers are taken to say.", sizes.READING_STEPS),
    Derivation(f"{PAPER}/codebooks", PAPER, "Accuracy ceilings.", accuracy.CEILING_STEPS),
    Derivation(f"{PAPER}/message-count", PAPER, "Finite precision.", accuracy.PRECISION_STEPS),
    Derivation(f"{PAPER}/constructions", PAPER, "What explicit weights compute.", constructions.STEPS),
)
