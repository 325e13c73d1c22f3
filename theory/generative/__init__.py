"""A static function of neighbouring tokens in attention's place (arXiv:2406.10906): costs, reach, floors and audits."""

from theory.generative.claims import CLAIMS
from theory.generative.statements import STATEMENTS

__all__ = ["CLAIMS", "STATEMENTS"]
