"""Exhaustive enumeration in exact numbers: every case is looked at, or the first counterexample is shown."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from proofs_check.core.derivation import Finding, Result

Exact = int | Fraction | bool | tuple[int | Fraction, ...]


def equal(cases: Iterable[tuple[str, Exact, Exact]]) -> Result:
    """PROVED when both values of every (name, value, expected) case are equal.  Values must be exact (int, Fraction)."""
    n = 0
    for name, value, expected in cases:
        n += 1
        for part in (*_parts(value), *_parts(expected)):
            if not isinstance(part, int | Fraction):
                raise TypeError(f"{name}: {part!r} is not exact; use certify for floats")
        if value != expected:
            return Result(Finding.REFUTED, f"{name}: {_text(value)} is not {_text(expected)}", counterexample=name)
    return Result(Finding.PROVED, f"{n} cases, all equal") if n else Result(Finding.UNDECIDED, "no case")


def holds(cases: Iterable[tuple[str, bool]]) -> Result:
    """PROVED when every (name, truth) case is true."""
    n = 0
    for name, truth in cases:
        n += 1
        if not truth:
            return Result(Finding.REFUTED, f"fails at {name}", counterexample=name)
    return Result(Finding.PROVED, f"{n} cases, all true") if n else Result(Finding.UNDECIDED, "no case")


def _parts(value: Exact) -> tuple[int | Fraction, ...]:
    return value if isinstance(value, tuple) else (value,)


def _text(value: Exact) -> str:
    return f"({', '.join(map(str, value))})" if isinstance(value, tuple) else str(value)
