"""One-layer softmax attention at infinite precision (arXiv:2412.20195) and its follow-up (arXiv:2501.19215)."""

from theory.infinite_precision.claims import CLAIMS
from theory.infinite_precision.statements import STATEMENTS

__all__ = ["CLAIMS", "STATEMENTS"]
