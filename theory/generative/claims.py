"""What we claim about the generative function, and how training is to be compared with it."""

from __future__ import annotations

from theory.core.claim import Claim

CLAIMS: tuple[Claim, ...] = ()
