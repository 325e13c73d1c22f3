"""Proof steps of the theory of counting heads: T1 to T14 of its derivations, and readings that they refute."""

from proofs_check.core.derivation import Derivation
from proofs_check.counting import head, laws, margin, read_outs, region

DERIVATIONS = (
    Derivation("counting/head", "counting", "One head in exact form: bag, halfspace, influence, metrics.", head.STEPS),
    Derivation("counting/region", "counting", "Which heads are right on every string, and how far.", region.STEPS),
    Derivation("counting/margin", "counting", "What margin one head has, and that more heads buy none.", margin.STEPS),
    Derivation("counting/laws", "counting", "Pairs, long strings, random read-outs, first gradients.", laws.STEPS),
    Derivation(
        "counting/read-outs", "counting", "Linear programs: free separators, grammar, sign changes.", read_outs.STEPS
    ),
)
