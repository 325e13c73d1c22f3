"""Claims of the infinite-precision paper: what trained one-layer transformers reach, against what the bounds allow."""

from __future__ import annotations

from theory.core.claim import Claim

CLAIMS: tuple[Claim, ...] = ()
