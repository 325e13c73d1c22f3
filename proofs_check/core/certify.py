"""Certified inequalities with ball arithmetic: every comparison is a proof, or it is undecided.

Overlapping balls are "undecided", never "false".  Near a point of tangency plain subdivision stays undecided for ever;
then the sign of a derivative and one endpoint are certified instead.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from proofs_check.core.derivation import Finding, Result

Function = Callable[[Any], Any]


def less(a: Any, b: Any) -> str:
    """ "yes", "no" or "undecided" for two balls or numbers."""
    from flint import arb

    a, b = arb(a), arb(b)
    if a < b:
        return "yes"
    return "no" if a >= b else "undecided"


def _interval(low: Any, high: Any) -> Any:
    from flint import arb

    return arb(low).union(arb(high))


def positive(
    function: Function, low: Any, high: Any, *, derivative: Function | None = None, deepest: int = 24, bits: int = 128
) -> Result:
    """CERTIFIED when function > 0 on [low, high]; REFUTED at a certified point; else UNDECIDED.

    Args:
        function, derivative: balls -> balls (derivative of `function`).
        low, high: ends, numbers or balls.
        deepest: how often an interval may be halved.
    """
    from flint import arb, ctx

    before, ctx.prec = ctx.prec, bits
    try:
        todo, n_pieces = [(arb(low), arb(high), 0)], 0
        while todo:
            a, b, depth = todo.pop()
            n_pieces += 1
            if function(_interval(a, b)) > 0 or (derivative is not None and _monotone(function, derivative, a, b)):
                continue
            for point in (a, (a + b) / 2, b):
                if function(point) <= 0:
                    return Result(
                        Finding.REFUTED, f"{function(point).str(6, radius=False)} at {point.str(8, radius=False)}"
                    )
            if depth == deepest:
                return Result(
                    Finding.UNDECIDED, f"undecided near {((a + b) / 2).str(8, radius=False)} after {deepest} halvings"
                )
            middle = arb(((a + b) / 2).mid())
            todo += [(a, middle, depth + 1), (middle, b, depth + 1)]
        return Result(Finding.CERTIFIED, f"{n_pieces} intervals")
    finally:
        ctx.prec = before


def _monotone(function: Function, derivative: Function, a: Any, b: Any) -> bool:
    """True when the derivative has one sign on [a, b] and the lower end is positive."""
    slope = derivative(_interval(a, b))
    return bool((slope > 0 and function(a) > 0) or (slope < 0 and function(b) > 0))


def convex_negative(function: Function, second_derivative: Function, low: Any, high: Any, *, bits: int = 128) -> Result:
    """CERTIFIED when a function is convex on [low, high] and negative at both ends, hence negative between."""
    from flint import arb, ctx

    before, ctx.prec = ctx.prec, bits
    try:
        for end in (arb(low), arb(high)):
            sign = less(function(end), 0)
            if sign == "no":
                return Result(Finding.REFUTED, f"{function(end).str(6, radius=False)} at {end.str(8, radius=False)}")
            if sign == "undecided":
                return Result(Finding.UNDECIDED, f"the sign at {end.str(8, radius=False)} is not decided")
        if not second_derivative(_interval(low, high)) > 0:
            return Result(Finding.UNDECIDED, "convexity is not decided")
        ends = ", ".join(function(arb(end)).str(6, radius=False) for end in (low, high))
        return Result(Finding.CERTIFIED, f"values at the ends {ends}; convex between")
    finally:
        ctx.prec = before


def all_less(pairs: Callable[[], list[tuple[str, Any, Any]]], *, bits: int = 192) -> Result:
    """CERTIFIED when a < b for every (name, a, b); REFUTED at the first certified failure."""
    from flint import ctx

    before, ctx.prec = ctx.prec, bits
    try:
        found = pairs()
        for name, a, b in found:
            sign = less(a, b)
            if sign == "no":
                return Result(Finding.REFUTED, name)
            if sign == "undecided":
                return Result(Finding.UNDECIDED, name)
        return Result(Finding.CERTIFIED, f"{len(found)} inequalities")
    finally:
        ctx.prec = before
