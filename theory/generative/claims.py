"""All claims: audits without training, exact floors, real text, overfitting, cost, and decoding."""

from __future__ import annotations

from theory.core.claim import Claim
from theory.generative import claims_audit, claims_cost, claims_decoding, claims_floors, claims_overfitting, claims_text

CLAIMS: tuple[Claim, ...] = (
    *claims_audit.CLAIMS,
    *claims_floors.CLAIMS,
    *claims_text.CLAIMS,
    *claims_overfitting.CLAIMS,
    *claims_cost.CLAIMS,
    *claims_decoding.CLAIMS,
)
