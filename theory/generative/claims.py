"""The twelve claims: audits without training, exact floors, real text, and cost."""

from __future__ import annotations

from theory.core.claim import Claim
from theory.generative import claims_audit, claims_cost, claims_floors, claims_text

CLAIMS: tuple[Claim, ...] = (*claims_audit.CLAIMS, *claims_floors.CLAIMS, *claims_text.CLAIMS, *claims_cost.CLAIMS)
