"""All situations in which a counting model must predict a token, with their exact probabilities.

A sentence is `B w_1 ... w_n E y`, and one more `E` when it is closed.  Without positions a model sees only the last token
and the counts of the prefix, so the expected loss is a finite sum over such states and needs no sample.
Every unknown of the paper is a switch here: length law, tie rule, closing token, law of the body tokens.

Recipe: `table = enumerate_states(N=8)`; the loss is `(table.weight * cross_entropy(table.target)).sum() / table.weight.sum()`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

from theory.core.domain import require
from theory.counting.parameters import Counts, Number, P, exact, is_exact, law_of, like, require_law

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class StateTable:
    """States: kind (words), query token id [S], counts of the five tokens [S, 5], target law [S, 5], weight [S].

    Token order B, 0, 1, 2, E.  A weight is the expected number of occurrences in a sentence; the counts include the query.
    """

    kinds: tuple[str, ...]
    query: Array
    counts: Array
    target: Array
    weight: Array


@dataclass(frozen=True)
class ClassPrior:
    """P(n1 > n0), P(n1 < n0), P(n1 = n0), before any tie rule."""

    more: Number
    fewer: Number
    tied: Number


@dataclass(frozen=True)
class AnswerStates:
    """Bodies that are answered: counts, labels, and masses, whole numbers of one common unit when p is exact."""

    counts: tuple[Counts, ...]
    labels: tuple[bool, ...]
    masses: tuple[Any, ...]
    total: Any
    array: Array  # counts as float64 [K, 3]
    share: Array  # masses / total as float64 [K]
    sign: Array  # +1 where the label is 1, else -1, float64 [K]


def _compositions(n: int) -> list[Counts]:
    return [(i, j, n - i - j) for i in range(n + 1) for j in range(n - i + 1)]


def answer_states(*, length_law: str, N: int, p: tuple[Number, ...], tie: str) -> AnswerStates:
    """The answer states after the tie rule; those of probability 0 are left out."""
    return _answer_states(length_law, N, tuple(map(exact, p)), tie, is_exact(*p))


@lru_cache(maxsize=64)
def _answer_states(length_law: str, N: int, p: tuple[Fraction, ...], tie: str, whole: bool) -> AnswerStates:
    unit = math.lcm(*(one.denominator for one in p))
    weights = [one.numerator * (unit // one.denominator) for one in p] if whole else [float(one) for one in p]
    scale = unit if whole else 1.0
    counts, labels, masses = [], [], []
    for length in (N,) if length_law == "fixed" else range(1, N + 1):
        rest = scale ** (N - length)
        for n in _compositions(length):
            mass = math.comb(length, n[0]) * math.comb(length - n[0], n[1]) * rest
            for weight, count in zip(weights, n):
                mass *= weight**count
            if mass and not (tie == "drop" and n[0] == n[1]):
                counts.append(n)
                labels.append(n[1] > n[0])
                masses.append(mass)
    total = sum(masses)
    share = np.array([float(Fraction(one) / total) if whole else one / total for one in masses])
    return AnswerStates(
        tuple(counts),
        tuple(labels),
        tuple(masses),
        total,
        np.array(counts, dtype=np.float64).reshape(-1, 3),
        share,
        np.where(labels, 1.0, -1.0),
    )


def class_prior(*, length_law: str, N: int, p: tuple[Number, ...] = P) -> ClassPrior:
    """Probabilities that a string has more 1s than 0s, fewer, or equally many, before any tie rule.

    Args:
        length_law: "fixed" (length N) or "uniform" (length uniform on 1 to N).
        p: law of a body token (p0, p1, p2).

    Raises: DomainError for an unknown law, N < 1, or p that is no law.

    Source: derived by enumeration; exact fractions for exact p.

    Examples:
    >>> class_prior(length_law="fixed", N=4)
    ClassPrior(more=Fraction(31, 81), fewer=Fraction(31, 81), tied=Fraction(19, 81))
    """
    require_law("class_prior", N=N, length_law=length_law)
    p = law_of("class_prior", p)
    states = answer_states(length_law=length_law, N=N, p=p, tie="neg")
    found = [0, 0, 0]
    for (zeros, ones, _), mass in zip(states.counts, states.masses):
        found[0 if ones > zeros else 1 if ones < zeros else 2] += mass
    if is_exact(*p):
        return ClassPrior(*(Fraction(one, states.total) for one in found))
    return ClassPrior(*(float(one / states.total) for one in found))


def majority_accuracy(*, length_law: str, N: int, tie: str, p: tuple[Number, ...] = P) -> Number:
    """Accuracy of the better constant answer: the floor of every separation accuracy.

    Args:
        tie: "neg" (ties have label 0) or "drop" (ties are left out, the rest renormalised).

    Raises: DomainError for an unknown law or tie rule, N < 1, p that is no law, or when every string is a dropped tie.

    Source: derived; exact fractions for exact p.

    Examples:
    >>> majority_accuracy(length_law="fixed", N=4, tie="neg")
    Fraction(50, 81)
    >>> majority_accuracy(length_law="fixed", N=4, tie="drop")
    Fraction(1, 2)
    """
    where = "majority_accuracy"
    require_law(where, N=N, tie=tie, length_law=length_law)
    states = scored_states(where, length_law=length_law, N=N, tie=tie, p=p)
    ones = sum((mass for mass, label in zip(states.masses, states.labels) if label), 0 * states.total)
    best = max(ones, states.total - ones)
    return Fraction(best, states.total) if is_exact(*p) else float(best / states.total)


def scored_states(where: str, *, length_law: str, N: int, tie: str, p: tuple[Number, ...]) -> AnswerStates:
    """The answer states of checked arguments.  Raises: DomainError also when none is left."""
    require_law(where, N=N, tie=tie, length_law=length_law)
    states = answer_states(length_law=length_law, N=N, p=law_of(where, p), tie=tie)
    require(
        len(states.counts) > 0,
        where=where,
        name="p",
        meaning="law of a body token",
        rule="leave a string that is not a dropped tie",
        value=p,
        cure='give 0 or 1 a probability above 0, or take tie="neg"',
    )
    return states


# ---------------------------------------------------------------------------- all prediction states
def n_states(*, length_law: str = "uniform", N: int, tie: str = "neg", closing: bool = True) -> int:
    """Number of prediction states when all three body tokens have positive probability.

    Statement: 1 + 3 C(N+2, 3) word states, and one or two (closing) states for every body that is answered.

    Raises: DomainError for an unknown law or tie rule, or N < 1.

    Source: derived; equal to the length of `enumerate_states`.

    Examples:
    >>> n_states(N=8), n_states(N=64), n_states(length_law="fixed", N=4), n_states(N=8, tie="drop")
    (689, 233089, 91, 641)
    """
    require_law("n_states", N=N, tie=tie, length_law=length_law)
    lengths = (N,) if length_law == "fixed" else range(1, N + 1)
    bodies = sum(math.comb(n + 2, 2) - (n // 2 + 1 if tie == "drop" else 0) for n in lengths)
    return 1 + 3 * math.comb(N + 2, 3) + (2 if closing else 1) * bodies


def _multinomials(N: int, p: tuple[Number, ...]) -> tuple[Array, Array]:
    """(counts [M, 3], probability [M] given their length) of all bodies of length 1 to N, by increasing length."""
    counts = np.array([n for length in range(1, N + 1) for n in _compositions(length)], dtype=np.int64)
    choose = np.array([[float(math.comb(n, j)) for j in range(N + 1)] for n in range(N + 1)])
    zeros, ones, noise = counts.T
    chance = choose[counts.sum(axis=1), zeros] * choose[ones + noise, ones]
    for probability, count in zip(p, counts.T):
        chance = chance * float(probability) ** count
    return counts, chance


def enumerate_states(
    *, length_law: str = "uniform", N: int, p: tuple[Number, ...] = P, tie: str = "neg", closing: bool = True
) -> StateTable:
    """All prediction states of positive weight.

    Statement: word states (query B or a body token; body tokens with weight (1 - h_i) p_t, E with the hazard
    h_i = P(n = i | n >= i)); answer states (query E, target the label); closing states (query the answer, target E).
    Weights sum to 1 + E[n] + 1, and + 1 with `closing`; where ties are dropped the last two count P(n0 != n1) each.

    Args:
        p: law of a body token (p0, p1, p2).
        closing: whether the sentence ends with one more E.

    Returns: `StateTable`, float64 weights to a few units in the last place.

    Raises: DomainError for an unknown law or tie rule, N < 1, or p that is no law.

    Source: chosen (the paper's grammar is unknown); probabilities derived.

    Examples:
    >>> table = enumerate_states(N=8)
    >>> len(table.kinds), round(float(table.weight.sum()), 12)
    (689, 7.5)
    """
    require_law("enumerate_states", N=N, tie=tie, length_law=length_law)
    p = law_of("enumerate_states", p)
    law = np.array([float(one) for one in p])
    bodies, chance = _multinomials(N, p)
    length = bodies.sum(axis=1)
    fixed = length_law == "fixed"
    longer = np.ones(N + 1) if fixed else np.minimum(1.0, (N - np.arange(N + 1) + 1) / N)  # P(n >= i)
    equal = (np.arange(N + 1) == N).astype(float) if fixed else np.r_[0.0, np.full(N, 1 / N)]  # P(n = i)
    hazard = equal / longer

    parts: list[tuple[list[str], Array, Array, Array, Array]] = []
    start = np.array([[1, 0, 0, 0, 0]])
    parts.append((["word"], np.array([0]), start, np.array([[0.0, *law, 0.0]]), np.array([1.0])))
    for token in range(3):
        some = (bodies[:, token] > 0) & (chance > 0)
        n, i = bodies[some], length[some]
        weight = longer[i] * chance[some] * n[:, token] / i
        target = np.c_[np.zeros(len(n)), (1 - hazard[i])[:, None] * law, hazard[i]]
        parts.append((["word"] * len(n), np.full(len(n), token + 1), _prefix(n, 0), target, weight))

    answered = (chance > 0) & (equal[length] > 0) & ((tie == "neg") | (bodies[:, 0] != bodies[:, 1]))
    n, weight = bodies[answered], (equal[length] * chance)[answered]
    label = (n[:, 1] > n[:, 0]).astype(np.int64)
    kinds = [f"answer_{one}" for one in label]
    parts.append((kinds, np.full(len(n), 4), _prefix(n, 1), np.eye(5)[label + 1], weight))
    if closing:
        told = n + np.eye(3, dtype=np.int64)[label]
        parts.append((["closing"] * len(n), label + 1, _prefix(told, 1), np.eye(5)[np.full(len(n), 4)], weight))
    return StateTable(
        tuple(kind for part in parts for kind in part[0]),
        np.concatenate([part[1] for part in parts]),
        np.concatenate([part[2] for part in parts]),
        np.concatenate([part[3] for part in parts]),
        np.concatenate([part[4] for part in parts]),
    )


def _prefix(bodies: Array, n_ends: int) -> Array:
    """Counts of B, 0, 1, 2, E in a prefix with these body tokens."""
    size = len(bodies)
    found: Array = np.c_[np.ones(size, dtype=np.int64), bodies, np.full(size, n_ends, dtype=np.int64)]
    return found


def expected(states: AnswerStates, hits: list[bool], *inputs: object) -> Number:
    """Probability of the answer states that are hit: exact when every input and p are exact, else a float."""
    mass = sum((mass for mass, hit in zip(states.masses, hits) if hit), 0 * states.total)
    if isinstance(states.total, int):
        return like(Fraction(mass, states.total), *inputs)
    return float(mass / states.total)
