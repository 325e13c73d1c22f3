"""Claims about temperature-controlled attention that are put to the test by measurement."""

from theory.core.claim import Claim

CLAIMS: tuple[Claim, ...] = ()
