"""Symbolic identities: an expression is shown to vanish, or a rational point is found at which it does not."""

from __future__ import annotations

import random
from typing import Any

from proofs_check.core.derivation import Finding, Result


def vanishes(expression: Any, *, seed: int = 0, n_points: int = 12) -> Result:
    """PROVED when sympy reduces the expression to 0; REFUTED with a rational point where it is not 0; else UNDECIDED.

    Args:
        expression: a sympy expression or an integer, or a list of them (all must vanish).  Text is refused, because
            sympy would execute it.
    """
    import sympy

    parts = list(expression) if isinstance(expression, list | tuple) else [expression]
    for part in parts:
        if not isinstance(part, int | sympy.Basic):
            raise TypeError(f"a sympy expression is needed, got {type(part).__name__}")
        value = sympy.Integer(part) if isinstance(part, int) else part
        if _reduces(value):
            continue
        return _away_from_zero(value, random.Random(seed), n_points)
    if not parts:
        return Result(Finding.UNDECIDED, "no expression")
    return Result(Finding.PROVED, f"{len(parts)} expression{'s' if len(parts) > 1 else ''} reduced to 0")


def _reduces(value: Any) -> bool:
    import sympy

    return bool(
        sympy.expand(value) == 0 or sympy.simplify(sympy.expand(value)) == 0 or sympy.cancel(sympy.together(value)) == 0
    )


def _away_from_zero(value: Any, source: random.Random, n_points: int) -> Result:
    """A point with a value other than 0: exact where the value is rational, else beyond the error of 40 digits."""
    import sympy

    symbols = sorted(value.free_symbols, key=str)
    for _ in range(n_points):
        point = {
            s: sympy.Integer(source.randint(2, 12)) if s.is_integer else sympy.Rational(source.randint(1, 40), 7)
            for s in symbols
        }
        at = value.subs(point)
        if not (at.is_number and at.is_finite):
            continue
        if at != 0 if at.is_Rational else abs(sympy.N(at, 40)) > sympy.Float("1e-25", 40):
            where = ", ".join(f"{name} = {number}" for name, number in point.items())
            text = f"{sympy.N(at, 6)} at {where}" if where else f"equals {sympy.N(at, 6)}"
            return Result(Finding.REFUTED, text, counterexample=where or "no symbol")
    return Result(Finding.UNDECIDED, "neither reduced to 0 nor found different from 0")
