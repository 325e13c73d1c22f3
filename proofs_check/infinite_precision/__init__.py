"""Proof steps of the infinite-precision paper and its follow-up."""

from proofs_check.core.derivation import Derivation

DERIVATIONS: tuple[Derivation, ...] = ()
