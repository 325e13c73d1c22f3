"""Temperature-controlled attention (arXiv:2411.12892): what is true, what is false as printed, and when it helps."""

from theory.selective.claims import CLAIMS
from theory.selective.statements import STATEMENTS

__all__ = ["CLAIMS", "STATEMENTS"]
