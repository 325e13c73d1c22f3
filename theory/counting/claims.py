"""The twelve claims: which prediction is compared with which measured quantity, on which grid, and what must fail."""

from __future__ import annotations

from theory.core.claim import Claim
from theory.counting.claims_heads import HEAD_CLAIMS
from theory.counting.claims_nets import NET_CLAIMS

CLAIMS: tuple[Claim, ...] = (*HEAD_CLAIMS, *NET_CLAIMS)
