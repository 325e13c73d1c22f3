"""Exhaustive enumeration in exact numbers: every case is looked at, or the first counterexample is shown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from proofs_check.core.derivation import Finding, Result


def equal(cases: Iterable[tuple[str, Any, Any]]) -> Result:
    """PROVED when both values of every (name, value, expected) case are equal.  Values must be exact (int, Fraction)."""
    n = 0
    for name, value, expected in cases:
        n += 1
        if value != expected:
            return Result(Finding.REFUTED, f"{name}: {value} is not {expected}")
    return Result(Finding.PROVED, f"{n} cases, all equal") if n else Result(Finding.UNDECIDED, "no case")


def holds(cases: Iterable[tuple[str, bool]]) -> Result:
    """PROVED when every (name, truth) case is true."""
    n = 0
    for name, truth in cases:
        n += 1
        if not truth:
            return Result(Finding.REFUTED, f"fails at {name}")
    return Result(Finding.PROVED, f"{n} cases, all true") if n else Result(Finding.UNDECIDED, "no case")
