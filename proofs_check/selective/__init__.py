"""Proof steps of the selective paper: what holds, what is false as printed, and what is empty."""

from proofs_check.core.derivation import Derivation

DERIVATIONS: tuple[Derivation, ...] = ()
