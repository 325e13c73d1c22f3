"""Exact theory of one-layer attention heads that count (arXiv:2502.06923): more 1s than 0s, with 2s as noise."""

from theory.counting.claims import CLAIMS
from theory.counting.statements import STATEMENTS

__all__ = ["CLAIMS", "STATEMENTS"]
