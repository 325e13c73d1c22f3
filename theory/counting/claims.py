"""Claims about counting heads: what is measured, and against which exact prediction."""

from theory.core.claim import Claim

CLAIMS: tuple[Claim, ...] = ()
