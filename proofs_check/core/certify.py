"""Certified inequalities with ball arithmetic: every comparison is a proof, or it is undecided.

Overlapping balls are "undecided", never "false".  Near a point of tangency plain subdivision stays undecided for ever;
then the sign of a derivative and the face of the box where the function is least are certified instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

from proofs_check.core.derivation import Finding, Result

Function = Callable[..., Any]
Side = tuple[Any, Any]


def ball(value: Any) -> Any:
    """A ball that holds a number or a ball; fractions are divided in ball arithmetic, so nothing is lost."""
    from flint import arb

    return arb(value.numerator) / value.denominator if isinstance(value, Fraction) else arb(value)


def less(a: Any, b: Any) -> str:
    """ "yes", "no" or "undecided" for a < b, with two balls or numbers."""
    a, b = ball(a), ball(b)
    if a < b:
        return "yes"
    return "no" if a >= b else "undecided"


@contextmanager
def _precision(bits: int) -> Iterator[None]:
    from flint import ctx

    before, ctx.prec = ctx.prec, bits
    try:
        yield
    finally:
        ctx.prec = before


def positive_on(
    function: Function,
    box: Sequence[Side],
    *,
    partials: Sequence[Function] = (),
    deepest: int = 24,
    bits: int = 128,
) -> Result:
    """CERTIFIED when function > 0 on the whole box; REFUTED at a certified point; else UNDECIDED.

    Args:
        function: balls, one a coordinate -> ball.
        box: (low, high) of every coordinate, numbers or balls.
        partials: the partial derivatives, one a coordinate.  Where one keeps its sign on a piece, only the face on which
            the function is least is looked at; so a value of 0 that is approached but not reached is settled.
        deepest: how often every side may be halved.
    """
    with _precision(bits):
        todo: list[tuple[list[Side], int]] = [([(ball(a), ball(b)) for a, b in box], 0)]
        n_pieces = 0
        while todo:
            sides, depth = todo.pop()
            n_pieces += 1
            face = _lowest_face(partials, sides)
            if function(*map(_span, face)) > 0:
                continue
            for point in _probes(face):
                value = function(*point)
                if value <= 0:
                    where = _text(point)
                    return Result(Finding.REFUTED, f"{value.str(6, radius=False)} at {where}", counterexample=where)
            widths = [float((b - a).mid()) for a, b in face]
            if depth == deepest * len(box) or max(widths) <= 0:
                return Result(Finding.UNDECIDED, f"undecided near {_text(_middle(face))} after {depth} halvings")
            todo += [(half, depth + 1) for half in _halves(face, widths.index(max(widths)))]
        return Result(Finding.CERTIFIED, f"{n_pieces} interval{'s' if n_pieces > 1 else ''}")


def positive(
    function: Function, low: Any, high: Any, *, derivative: Function | None = None, deepest: int = 24, bits: int = 128
) -> Result:
    """`positive_on` for one coordinate."""
    partials = () if derivative is None else (derivative,)
    return positive_on(function, [(low, high)], partials=partials, deepest=deepest, bits=bits)


def less_on(smaller: Function, larger: Function, box: Sequence[Side], **how: Any) -> Result:
    """CERTIFIED when smaller < larger on the whole box; the settings are those of `positive_on`."""
    return positive_on(lambda *x: larger(*x) - smaller(*x), box, **how)


def _span(side: Side) -> Any:
    return side[0].union(side[1])


def _middle(sides: Sequence[Side]) -> list[Any]:
    return [((a + b) / 2).mid() for a, b in sides]


def _probes(sides: Sequence[Side]) -> list[list[Any]]:
    return [[a for a, _ in sides], _middle(sides), [b for _, b in sides]]


def _text(point: Sequence[Any]) -> str:
    return ", ".join(one.str(8, radius=False) for one in point)


def _lowest_face(partials: Sequence[Function], sides: list[Side]) -> list[Side]:
    """The face with the function's least value: a coordinate whose partial keeps its sign is fixed at one end."""
    spans, face = [_span(one) for one in sides], list(sides)
    for i, partial in enumerate(partials):
        slope, (low, high) = partial(*spans), sides[i]
        if slope >= 0:
            face[i] = (low, low)
        elif slope <= 0:
            face[i] = (high, high)
    return face


def _halves(sides: list[Side], i: int) -> list[list[Side]]:
    low, high = sides[i]
    middle = _middle([sides[i]])[0]
    return [[*sides[:i], half, *sides[i + 1 :]] for half in ((low, middle), (middle, high))]


def convex_negative(function: Function, second_derivative: Function, low: Any, high: Any, *, bits: int = 128) -> Result:
    """CERTIFIED when a function is convex on [low, high] and negative at both ends, hence negative between."""
    with _precision(bits):
        ends = (ball(low), ball(high))
        for end in ends:
            sign, where = less(function(end), 0), end.str(8, radius=False)
            if sign == "no":
                value = function(end).str(6, radius=False)
                return Result(Finding.REFUTED, f"{value} at {where}", counterexample=where)
            if sign == "undecided":
                return Result(Finding.UNDECIDED, f"the sign at {where} is not decided")
        if not second_derivative(_span(ends)) > 0:
            return Result(Finding.UNDECIDED, "convexity is not decided")
        values = ", ".join(function(end).str(6, radius=False) for end in ends)
        return Result(Finding.CERTIFIED, f"values at the ends {values}; convex between")


def all_less(pairs: Callable[[], list[tuple[str, Any, Any]]], *, bits: int = 192) -> Result:
    """CERTIFIED when a < b for every (name, a, b); REFUTED at the first certified failure."""
    with _precision(bits):
        found = pairs()
        for name, a, b in found:
            sign = less(a, b)
            if sign == "no":
                return Result(Finding.REFUTED, f"fails at {name}", counterexample=name)
            if sign == "undecided":
                return Result(Finding.UNDECIDED, name)
        if not found:
            return Result(Finding.UNDECIDED, "no case")
        return Result(Finding.CERTIFIED, f"{len(found)} inequalit{'ies' if len(found) > 1 else 'y'}")


def all_near(cases: Callable[[], list[tuple[str, float, Any]]], *, within: float, bits: int = 192) -> Result:
    """CERTIFIED when every (name, float, ball) differs by less than `within`, relative to max(1, |ball|)."""

    def pairs() -> list[tuple[str, Any, Any]]:
        return [(name, abs(ball(a) - ball(b)), ball(within) * abs(ball(b)).max(ball(1))) for name, a, b in cases()]

    return all_less(pairs, bits=bits)
