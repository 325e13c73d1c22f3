"""Symbolic identities: an expression is shown to vanish, or a rational point is found at which it does not."""

from __future__ import annotations

import random
from typing import Any

from proofs_check.core.derivation import Finding, Result


def vanishes(expression: Any, *, seed: int = 0, n_points: int = 12) -> Result:
    """PROVED when sympy reduces the expression to 0; REFUTED with a rational point where it is not 0; else UNDECIDED.

    Args:
        expression: a sympy expression, or a list of them (all must vanish); never text.
    """
    import sympy

    parts = list(expression) if isinstance(expression, list | tuple) else [expression]
    for part in parts:
        value = sympy.sympify(part) if isinstance(part, int | sympy.Basic) else part
        if sympy.simplify(sympy.expand(value)) == 0 or sympy.cancel(sympy.together(value)) == 0:
            continue
        return _away_from_zero(value, random.Random(seed), n_points)
    return Result(Finding.PROVED, f"{len(parts)} expression{'s' if len(parts) > 1 else ''} reduced to 0")


def _away_from_zero(value: Any, source: random.Random, n_points: int) -> Result:
    import sympy

    symbols = sorted(value.free_symbols, key=str)
    for _ in range(n_points):
        point = {
            s: sympy.Integer(source.randint(2, 12)) if s.is_integer else sympy.Rational(source.randint(1, 40), 7)
            for s in symbols
        }
        at = value.subs(point)
        if at.is_number and at.is_finite and abs(sympy.N(at, 40)) > sympy.Float("1e-25", 40):
            where = ", ".join(f"{name} = {number}" for name, number in point.items())
            return Result(Finding.REFUTED, f"{sympy.N(at, 6)} at {where}" if where else f"equals {sympy.N(at, 6)}")
    return Result(Finding.UNDECIDED, "neither reduced to 0 nor found different from 0")
