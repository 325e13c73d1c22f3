"""Proof steps about the generative function in attention's place."""

from proofs_check.core.derivation import Derivation

DERIVATIONS: tuple[Derivation, ...] = ()
