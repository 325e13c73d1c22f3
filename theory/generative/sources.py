"""Stationary sources of symbols, and their conditional entropies by exact enumeration.

Letters: V size of the alphabet, k order, h_j = H(X_(j+1) | X_1..X_j) in nats, A transitions and E emissions of the states.

Recipe: `h = conditional_entropies(source=integer_markov_source(V=3, k=3), kmax=4)` is what `floors.window_floor` wants;
for a hidden Markov source `entropy_rate_bounds(source=s, n=12)` encloses the rate, which no finite h_j reaches.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from theory.core.domain import Integer, Parameter, Real, checks, require
from theory.generative.parameters import LAG, ORDER, V, probabilities

Array = np.ndarray[Any, np.dtype[np.float64]]

MOST_STATES = 4096  # chosen: the stationary law is solved densely
KMAX = Parameter("kmax", Integer(0), "largest number of symbols conditioned on")
LENGTH = Parameter("n", Integer(1), "length of the words")
MAX_WORDS = Parameter("max_words", Integer(1), "largest number of words enumerated")
NOISE = Parameter("eps", Real(0, 1, open_low=True), "probability that the copy is replaced by a uniform symbol")


def _rows(where: str, name: str, values: Sequence[Sequence[float]]) -> tuple[tuple[float, ...], ...]:
    try:
        rows = tuple(values)
    except TypeError:
        rows = ()
    require(bool(rows), where=where, name=name, rule="be a non-empty sequence of rows", value=values)
    return tuple(probabilities(where, name, row) for row in rows)


def _require_one_law(where: str, name: str, step: Array, value: object) -> None:
    """Raise DomainError unless exactly one class of states is never left: then the stationary law is unique."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    edges = csr_matrix(step > 0)
    n_classes, label = connected_components(edges, directed=True, connection="strong")
    start, end = edges.nonzero()
    left = np.unique(label[start[label[start] != label[end]]])
    require(
        n_classes - len(left) == 1,
        where=where,
        name=name,
        rule="have one stationary law",
        value=value,
        cure="let one class of states be reachable from all others",
    )


@dataclass(frozen=True, kw_only=True)
class MarkovSource:
    """Stationary source of order k.

    Args:
        V: size of the alphabet.
        k: order, 0 for independent symbols.
        table: V^k rows of V probabilities; the row's number is the last k symbols in base V, the oldest most significant.

    Raises: DomainError for a wrong shape, a row that is no probability vector, more than 4096 rows, or a table with more
    than one stationary law.

    Examples:
    >>> MarkovSource(V=2, k=0, table=((0.25, 0.75),)).table
    ((0.25, 0.75),)
    """

    V: int
    k: int
    table: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        where = "MarkovSource"
        V.check(self.V, where=where)
        ORDER.check(self.k, where=where)
        _require_few_states(where, self.V, self.k)
        rows = _rows(where, "table", self.table)
        good = len(rows) == self.V**self.k and all(len(row) == self.V for row in rows)
        rule = f"hold {self.V**self.k} rows of {self.V} probabilities"
        require(good, where=where, name="table", rule=rule, value=self.table)
        object.__setattr__(self, "table", rows)
        _require_one_law(where, "table", _next_word(self), self.table)


@dataclass(frozen=True, kw_only=True)
class HiddenMarkovSource:
    """Stationary source whose symbols are emitted by the states of a Markov chain.

    Args:
        A: A[i][j] = P(next state j | state i).
        E: E[i][x] = P(symbol x | state i).

    Raises: DomainError for a wrong shape, a row that is no probability vector, or a chain with more than one stationary law.

    Examples:
    >>> HiddenMarkovSource(A=((1.0,),), E=((0.5, 0.5),)).E
    ((0.5, 0.5),)
    """

    A: tuple[tuple[float, ...], ...]
    E: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        where = "HiddenMarkovSource"
        steps, emits = _rows(where, "A", self.A), _rows(where, "E", self.E)
        states = len(steps)
        square = all(len(row) == states for row in steps)
        require(square, where=where, name="A", rule="be square", value=self.A)
        good = len(emits) == states and len({len(row) for row in emits}) == 1
        require(good, where=where, name="E", rule=f"hold {states} rows of equal length", value=self.E)
        object.__setattr__(self, "A", steps)
        object.__setattr__(self, "E", emits)
        _require_one_law(where, "A", np.array(steps), self.A)


def _require_few_states(where: str, V: int, k: int, order: Parameter = ORDER) -> None:
    few = k * math.log2(V) <= math.log2(MOST_STATES) + 1e-9  # V^k itself could be too long to write down
    rule = f"keep V^{order.name} within {MOST_STATES}"
    require(few, where=where, name=order.name, meaning=order.meaning, rule=rule, value=k)


def _next_word(source: MarkovSource) -> Array:
    """Transitions between words of k symbols: the oldest symbol leaves, the new one enters."""
    n_words = source.V**source.k
    step = np.zeros((n_words, n_words))
    word = np.arange(n_words)
    table = np.array(source.table)
    for x in range(source.V):
        np.add.at(step, (word, (word * source.V + x) % n_words), table[:, x])
    return step


def _solved(step: Array) -> Array:
    """The row vector q with q step = q and sum 1, where it is unique."""
    n = len(step)
    uniform = np.full(n, 1 / n)
    if np.abs(uniform @ step - uniform).max() < 1e-16:
        return uniform
    system = np.vstack([(step.T - np.eye(n))[:-1], np.ones(n)])  # one equation of the chain follows from the others
    target = np.append(np.zeros(n - 1), 1.0)
    law = np.linalg.solve(system, target)
    law += np.linalg.solve(system, target - system @ law)  # one round of refinement
    law = np.maximum(law, 0)
    return np.asarray(law / law.sum())


@lru_cache(maxsize=64)
def _stationary(source: MarkovSource | HiddenMarkovSource) -> Array:
    return _solved(_next_word(source) if isinstance(source, MarkovSource) else np.array(source.A))


def stationary_law(*, source: MarkovSource | HiddenMarkovSource) -> tuple[float, ...]:
    """Stationary probabilities: of the words of k symbols (Markov, the oldest most significant) or of the states (hidden).

    Source: textbook: Cover and Thomas, section 4.1.

    Examples:
    >>> stationary_law(source=even_process())
    (0.3333333333333333, 0.3333333333333333, 0.3333333333333333)
    """
    return tuple(_stationary(source).tolist())


@checks(V, ORDER)
def integer_markov_source(*, V: int, k: int) -> MarkovSource:
    """The source int(V, k): a Markov source of order k from a fixed integer rule, without any random draw.

    Statement: P(x | s) is proportional to 1 + ((7s + 5x + 3sx) mod 11)^2, s the last k symbols in base V.

    Raises: DomainError when V^k exceeds 4096.
    Source: chosen: an arbitrary rule with integer weights, all positive, so that the order k is minimal in the cases used.

    Examples:
    >>> [round(p, 6) for p in integer_markov_source(V=3, k=1).table[0]]
    [0.007812, 0.203125, 0.789062]
    """
    _require_few_states("integer_markov_source", V, k)
    weights = [[1 + ((7 * s + 5 * x + 3 * s * x) % 11) ** 2 for x in range(V)] for s in range(V**k)]
    return MarkovSource(V=V, k=k, table=tuple(tuple(w / sum(row) for w in row) for row in weights))


@checks(V, LAG, NOISE)
def lag_copy_source(*, V: int, lag: int, eps: float) -> MarkovSource:
    """A symbol repeats the one `lag` before it with probability 1 - eps, and is uniform on all V symbols otherwise.

    Raises: DomainError when V^lag exceeds 4096; at eps = 0 the stationary law would not be unique.
    Source: derived: P7.

    Examples:
    >>> lag_copy_source(V=2, lag=1, eps=0.5).table
    ((0.75, 0.25), (0.25, 0.75))
    """
    _require_few_states("lag_copy_source", V, lag, LAG)
    oldest = V ** (lag - 1)
    table = tuple(tuple(eps / V + (1 - eps) * (s // oldest == x) for x in range(V)) for s in range(V**lag))
    return MarkovSource(V=V, k=lag, table=table)


def even_process() -> HiddenMarkovSource:
    """The even process: between zeros, runs of ones have even length; no finite order describes it.

    Its entropy rate is (2/3) log 2: only the first state chooses, and the symbols seen name the state.

    Source: textbook: the standard example of a strictly sofic process.

    Examples:
    >>> even_process().E
    ((1.0, 0.0), (0.0, 1.0), (0.0, 1.0))
    """
    return HiddenMarkovSource(A=((0.5, 0.5, 0), (0, 0, 1), (0.5, 0.5, 0)), E=((1, 0), (0, 1), (0, 1)))


def _conditional_entropy(joint: Array) -> float:
    """H(column | row) of a table of joint probabilities that sums to 1."""
    rows = joint.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(joint > 0, joint * np.log(rows / joint), 0.0)
    return math.fsum(terms.ravel().tolist()) if terms.size <= 4096 else float(terms.sum())


def _markov_entropies(source: MarkovSource, kmax: int) -> tuple[float, ...]:
    joint = _stationary(source)[:, None] * np.array(source.table)  # [word of k, next symbol]
    found = []
    for j in range(min(kmax, source.k) + 1):
        # stationary: sum over the oldest k - j symbols leaves the law of the last j symbols and the next one
        found.append(_conditional_entropy(joint.reshape(-1, source.V**j, source.V).sum(axis=0)))
    return tuple(found + [found[-1]] * (kmax - source.k))


def _extended(reach: Array, A: Array, E: Array) -> Array:
    """Probabilities [words, states] of one symbol more; `reach` holds those of the state before it emits."""
    return np.asarray((reach[:, None, :] * E.T[None, :, :]).reshape(-1, len(A)))


def _hidden_entropies(source: HiddenMarkovSource, start: Array, length: int) -> list[float]:
    """H(X_(j+1) | X_1..X_j) for j = 0..length-1 times the mass of `start`, the (unnormalised) law of the first state."""
    A, E = np.array(source.A), np.array(source.E)
    before, found = start[None, :], []
    for _ in range(length):
        seen = _extended(before, A, E)
        found.append(_conditional_entropy(seen.sum(axis=1).reshape(-1, E.shape[1])))
        before = seen @ A
    return found


def _require_few_words(where: str, source: HiddenMarkovSource, length: int, max_words: int) -> None:
    few = length * math.log(max(len(source.E[0]), 1)) <= math.log(max_words) + 1e-9
    require(
        few,
        where=where,
        name="max_words",
        meaning=MAX_WORDS.meaning,
        rule=f"be at least {len(source.E[0])}^{length}",
        value=max_words,
        cure="ask for shorter words, or allow more",
    )


def _require_source(where: str, source: object, kinds: tuple[type, ...]) -> None:
    names = " or ".join(one.__name__ for one in kinds)
    require(isinstance(source, kinds), where=where, name="source", rule=f"be a {names}", value=source)


@checks(KMAX, MAX_WORDS)
def conditional_entropies(
    *, source: MarkovSource | HiddenMarkovSource, kmax: int, max_words: int = 2**22
) -> tuple[float, ...]:
    """h_0, ..., h_kmax in nats, h_j = H(X_(j+1) | X_1..X_j), by exact enumeration; they do not increase.

    Raises: DomainError for a hidden Markov source when V^(kmax+1) exceeds max_words; a Markov source has no limit, since
    h_j = h_k beyond its order k.
    Source: textbook: Cover and Thomas, section 4.2.

    Examples:
    >>> [round(h, 6) for h in conditional_entropies(source=integer_markov_source(V=3, k=1), kmax=3)]
    [1.084792, 0.805439, 0.805439, 0.805439]
    >>> round(conditional_entropies(source=even_process(), kmax=4)[4], 9)
    0.505702132
    """
    where = "conditional_entropies"
    _require_source(where, source, (MarkovSource, HiddenMarkovSource))
    if isinstance(source, MarkovSource):
        return _markov_entropies(source, kmax)
    _require_few_words(where, source, kmax + 1, max_words)
    return tuple(_hidden_entropies(source, _stationary(source), kmax + 1))


@checks(LENGTH, MAX_WORDS)
def entropy_rate_bounds(*, source: HiddenMarkovSource, n: int, max_words: int = 2**22) -> tuple[float, float]:
    """(lower, upper) bound in nats on the entropy rate of a hidden Markov source; both tighten as n grows.

    Statement: H(X_n | X_1..X_(n-1), S_1) <= rate <= h_(n-1), S_1 the state that emits X_1.

    Raises: DomainError when V^n exceeds max_words.
    Source: textbook: Cover and Thomas, theorem 4.5.1.

    Examples:
    >>> low, high = entropy_rate_bounds(source=even_process(), n=2)
    >>> round(low, 9), round(high, 9)
    (0.46209812, 0.605939157)
    """
    where = "entropy_rate_bounds"
    _require_source(where, source, (HiddenMarkovSource,))
    _require_few_words(where, source, n, max_words)
    law = _stationary(source)
    starts = [weight * one for weight, one in zip(law, np.eye(len(law)))]
    lower = math.fsum(_hidden_entropies(source, start, n)[-1] for start in starts)
    return lower, _hidden_entropies(source, law, n)[-1]
