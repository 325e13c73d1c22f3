"""Proof steps of the infinite-precision paper and its follow-up: the bound, its inversion, and what is built beside it."""

from proofs_check.core.derivation import Derivation
from proofs_check.infinite_precision import accuracy, algebra, constructions, counting, shattering, sizes

DERIVATIONS = (
    Derivation(
        "infinite_precision/shattering",
        "infinite_precision",
        "Shattered sets and split-VC dimensions.",
        shattering.STEPS,
    ),
    Derivation(
        "infinite_precision/algebra", "infinite_precision", "Accumulators, degrees and operations.", algebra.STEPS
    ),
    Derivation(
        "infinite_precision/counting", "infinite_precision", "Labellings, sign patterns and VC bounds.", counting.STEPS
    ),
    Derivation(
        "infinite_precision/sizes", "infinite_precision", "Exponents, readings and practical sizes.", sizes.STEPS
    ),
    Derivation(
        "infinite_precision/accuracy", "infinite_precision", "Accuracy ceilings and finite precision.", accuracy.STEPS
    ),
    Derivation(
        "infinite_precision/constructions", "infinite_precision", "What explicit weights compute.", constructions.STEPS
    ),
)
