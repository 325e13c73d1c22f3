"""Is the derivation right?  Proof steps that a machine repeats, each with a control that must be refuted."""

from proofs_check.core.derivation import Control, Derivation, Finding, Result, Step, check, has_failed

__all__ = ["Control", "Derivation", "Finding", "Result", "Step", "check", "has_failed"]
