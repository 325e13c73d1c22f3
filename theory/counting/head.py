"""A head in five numbers, and its score of a string.

At the answer state a head with attention logits l_t and scalar attributions c_t contributes f = gain s(n) + mid, where s is
a ratio of two affine functions of the counts.  Recipe: `one = canonicalize_head(logits=..., values=...)`, then
`canonical_score(n=(2, 3, 1), head=one.head)`; the head answers 1 where s > b (where s < b when its gain is negative).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from theory.core.domain import require
from theory.counting.parameters import (
    Counts,
    Head,
    Number,
    Vector,
    counts_of,
    entries,
    exact,
    head_of,
    like,
    require_finite,
    require_one_of,
    require_positive,
)

SCALES = ("w01", "inverse", "fraction", "log")
LARGEST_LOG_RATIO = 700  # nats; beyond it exp leaves the range of floats


@dataclass(frozen=True)
class CanonicalHead:
    """A head in canonical coordinates, its gain, and the threshold at which its own contribution changes sign."""

    w01: float
    w02: float
    kappa: float
    sigma: float
    wS: float
    gain: float
    b_own: float

    @property
    def head(self) -> tuple[float, float, float, float, float]:
        """(w01, w02, kappa, sigma, wS): the order in which all functions take a head."""
        return self.w01, self.w02, self.kappa, self.sigma, self.wS


def canonicalize_head(*, logits: Vector, values: Vector) -> CanonicalHead:
    """The head with these attention logits and scalar attributions, in canonical coordinates.

    Statement: a_t = exp(l_t); w01 = a_1/a_0, w02 = a_2/a_0, wS = (a_B + a_E)/a_0; gain = (c_1 - c_0)/2,
    mid = (c_0 + c_1)/2, kappa = (c_2 - mid)/gain, sigma the same for the mean of c_B and c_E with weights a_B and a_E,
    b_own = -mid/gain.

    Args:
        logits: l at the answer state, nats, order 0, 1, 2, B, E.
        values: c, what attention to the token adds to logit("1") - logit("0"), same order.

    Raises: DomainError when c_1 = c_0 (the head tells nothing apart), or a logit is over 700 nats away from l_0.

    Source: derived (T1).

    Examples:
    >>> canonicalize_head(logits=(0, 0, 0, 0, 0), values=(2, -2, 1, 0, 1)).head
    (1.0, 1.0, -0.5, -0.25, 2.0)
    """
    where = "canonicalize_head"
    l_0, l_1, l_2, l_b, l_e = map(float, entries(where, "logits", logits, 5, "order 0, 1, 2, B, E"))
    c_0, c_1, c_2, c_b, c_e = map(float, entries(where, "values", values, 5, "order 0, 1, 2, B, E"))
    require(
        max(abs(one - l_0) for one in (l_1, l_2, l_b, l_e)) <= LARGEST_LOG_RATIO,
        where=where,
        name="logits",
        rule=f"lie within {LARGEST_LOG_RATIO} nats of the logit of 0",
        value=logits,
        cure="ratios beyond it are no floats",
    )
    require(c_1 != c_0, where=where, name="values", rule="differ between 0 and 1", value=values)
    gain, mid = (c_1 - c_0) / 2, (c_0 + c_1) / 2
    of_end = 1 / (1 + math.exp(l_b - l_e)) if l_b <= l_e else 1 - 1 / (1 + math.exp(l_e - l_b))
    frame = c_b + (c_e - c_b) * of_end
    return CanonicalHead(
        w01=math.exp(l_1 - l_0),
        w02=math.exp(l_2 - l_0),
        kappa=(c_2 - mid) / gain,
        sigma=(frame - mid) / gain,
        wS=math.exp(l_b - l_0) + math.exp(l_e - l_0),
        gain=gain,
        b_own=-mid / gain + 0.0,  # no -0.0
    )


def forms(head: Head) -> tuple[tuple[Number, ...], tuple[Number, ...]]:
    """Coefficients of (n0, n1, n2, 1) in the numerator and in the denominator of the score."""
    w01, w02, kappa, sigma, w_s = head
    return (-1, w01, kappa * w02, sigma * w_s), (1, w01, w02, w_s)


def exact_score(n: Counts, head: tuple[Fraction, ...]) -> Fraction | None:
    """The score in fractions, or None where its denominator is 0."""
    w01, w02, kappa, sigma, w_s = head
    below = n[0] + w01 * n[1] + w02 * n[2] + w_s
    if not below:
        return None
    return Fraction(-n[0] + w01 * n[1] + kappa * w02 * n[2] + sigma * w_s) / below


def _score_of(where: str, n: Any, head: Any) -> tuple[Counts, Head, Fraction]:
    counts, one = counts_of(where, n), head_of(where, head)
    score = exact_score(counts, tuple(map(exact, one)))
    require(
        score is not None,
        where=where,
        name="n",
        meaning="counts of 0, 1 and 2",
        rule="hold a token to which the head attends",
        value=n,
        cure="w02 = wS = 0 leaves strings of 2s without a score",
    )
    assert score is not None
    return counts, one, score


def canonical_score(*, n: Counts, head: Head) -> Number:
    """The head's score of a string: in [-1, 1] when kappa and sigma are.

    Statement: s = (-n0 + w01 n1 + kappa w02 n2 + sigma wS)/(n0 + w01 n1 + w02 n2 + wS).

    Args:
        n: counts (n0, n1, n2).
        head: (w01, w02, kappa, sigma, wS).

    Raises: DomainError when the denominator is 0, or for counts or a head outside.

    Source: derived (T1); exact for exact input.

    Examples:
    >>> canonical_score(n=(5, 5, 0), head=(2, Fraction(1, 2), Fraction(1, 4), Fraction(-1, 2), 1))
    Fraction(9, 32)
    """
    _, one, score = _score_of("canonical_score", n, head)
    return like(score, *one)


def token_influence(*, n: Counts, head: Head, t: int) -> Number:
    """Change of the score when one more token t is added: of order 1/n.

    Statement: a_t (c_t - s)/(Z + a_t) with a = (1, w01, w02) and c = (-1, 1, kappa).

    Args:
        t: the token added, 0, 1 or 2.

    Raises: DomainError as `canonical_score`, and for another t.

    Source: derived (influence); exact for exact input.

    Examples:
    >>> token_influence(n=(5, 5, 0), head=(1, 1, 0, 0, 1), t=0)
    Fraction(-1, 12)
    """
    where = "token_influence"
    require(type(t) is int and t in (0, 1, 2), where=where, name="t", rule="be 0, 1 or 2", value=t)
    counts, one, score = _score_of(where, n, head)
    w01, w02, kappa, _, w_s = map(exact, one)
    a, c = (Fraction(1), w01, w02)[t], (Fraction(-1), Fraction(1), kappa)[t]
    below = counts[0] + w01 * counts[1] + w02 * counts[2] + w_s
    return like(a * (c - score) / (below + a), *one)


def convert_attention_ratio(*, x: Number, from_: str, to: str) -> Number:
    """The balance of attention between 1 and 0 on another scale.

    Args:
        x: the ratio on the scale `from_`.
        from_: "w01" (a_1/a_0), "inverse" (a_0/a_1), "fraction" (a_0/(a_0 + a_1)) or "log" (ln a_1/a_0, nats).
        to: the scale of the result, one of the same names.

    Raises: DomainError for an unknown scale, or x outside it (w01, inverse > 0; 0 < fraction < 1).

    Source: chosen; the paper's definition of its ratio is unknown.

    Examples:
    >>> convert_attention_ratio(x=Fraction(1, 4), from_="fraction", to="w01")
    Fraction(3, 1)
    """
    where = "convert_attention_ratio"
    require_one_of(where, "from_", from_, SCALES)
    require_one_of(where, "to", to, SCALES)
    require_finite(where, "x", x)
    if from_ in ("w01", "inverse", "fraction"):
        require_positive(where, "x", x)
        require(from_ != "fraction" or exact(x) < 1, where=where, name="x", rule="lie below 1 as a fraction", value=x)
    if from_ == "log":
        require(abs(exact(x)) <= LARGEST_LOG_RATIO, where=where, name="x", rule="lie within 700 nats", value=x)
        if to == "log":
            return float(x)
        if to == "fraction":
            return 1 / (1 + math.exp(float(x)))
        return math.exp(float(x) if to == "w01" else -float(x))
    value = exact(x)
    w01 = {"w01": value, "inverse": 1 / value, "fraction": (1 - value) / value}[from_]
    if to == "log":
        return _log(w01)
    return like({"w01": w01, "inverse": 1 / w01, "fraction": 1 / (1 + w01)}[to], x)


def _log(value: Fraction) -> float:
    """ln of a fraction, by log1p near 1, where the difference of two logarithms would cancel."""
    near = abs(value - 1) < Fraction(1, 2)
    return math.log1p(float(value - 1)) if near else math.log(value.numerator) - math.log(value.denominator)
