"""Proof steps of the theory of counting heads."""

from proofs_check.core.derivation import Derivation

DERIVATIONS: tuple[Derivation, ...] = ()
