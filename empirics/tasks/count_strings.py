"""Strings with more 1s than 0s or not, as exact states of counts and as sampled tokens.

A sentence is `B w_1 .. w_n E y`, and one more `E` where it closes; the body w is drawn token by token from (p0, p1, p2).
The answer y is 1 iff n1 > n0.  For a model without positions what comes before is a bag, so a prediction depends on the
query token and on the counts of the five tokens in the prefix (query included) only: `population` lists all such states
with their expected number of occurrences, and a loss over them is the population loss, without sampling noise.

Example, body 1 2 1 (n0, n1, n2 = 0, 2, 1), with what is to be predicted below each token:

    tokens   B  1  2  1  E  1
    target   .  .  .  .  1  E      . = the law of the next token: 0, 1, 2, or E with the hazard of the length

With positions a prefix is no bag: `ordered_population` lists every prefix by itself.  A token at position t counts as
token 5 t + k of a larger vocabulary, each at most once, so that the same sums serve.

Letters: N n_longest, p token_law, tie "neg" (n1 = n0 counts as 0) or "drop" (such strings have no answer).
Tensor axes: s state, k token, v vocabulary, l lane, m string, t position.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from empirics.engine import rng

B, ZERO, ONE, TWO, E = range(5)
PAD = -1
N_TOKENS = 5
LABELS = ("true", "independent", "independent in training", "noise beats zeros")


@dataclass(frozen=True)
class Group:
    """States that share their query token.

    query: token id; counts_sk: float64 [state, 5]; target_sv: float64 [state, 5], rows sum to 1; weight_s: float64.
    """

    kind: str
    query: int
    counts_sk: torch.Tensor
    target_sv: torch.Tensor
    weight_s: torch.Tensor


@dataclass(frozen=True)
class Answers:
    """Answer states: bodies, with the label's probability and the weight of each (sum 1).

    body_s3: float64 [state, 3] = (n0, n1, n2); positive_s: P(y = 1); weight_s: float64.
    """

    body_s3: torch.Tensor
    positive_s: torch.Tensor
    weight_s: torch.Tensor

    @property
    def counts_sk(self) -> torch.Tensor:
        """Counts of all five tokens, with one B and one E.  Returns: float64 [state, 5]."""
        one = torch.ones(len(self.body_s3), 1, dtype=torch.float64, device=self.body_s3.device)
        return torch.cat([one, self.body_s3, one], dim=1)

    @property
    def majority(self) -> float:
        """The larger class prior: the accuracy of a constant answer."""
        share = float((self.weight_s * self.positive_s).sum())
        return max(share, 1 - share)


@dataclass(frozen=True)
class OrderedAnswers:
    """Answer states of one body length: the query E at its position, counts of the larger vocabulary, the strings."""

    query: int
    counts_sk: torch.Tensor
    states: Answers


def bodies(n_low: int, n_high: int) -> torch.Tensor:
    """All (n0, n1, n2) of length n_low to n_high.  Returns: int64 [state, 3].

    Examples:
    >>> bodies(1, 1).tolist()
    [[0, 0, 1], [0, 1, 0], [1, 0, 0]]
    """
    return torch.cat([_bodies_of(n) for n in range(n_low, n_high + 1)])


@functools.cache
def _bodies_of(n: int) -> torch.Tensor:
    rows = [(zeros, ones, n - zeros - ones) for zeros in range(n + 1) for ones in range(n + 1 - zeros)]
    return torch.tensor(rows, dtype=torch.int64)


def token_law(p2: float) -> tuple[float, float, float]:
    """(p0, p1, p2) with p0 = p1."""
    return (1 - p2) / 2, (1 - p2) / 2, p2


def _multinomial(body_s3: torch.Tensor, law: tuple[float, float, float]) -> torch.Tensor:
    """Probability of the counts at their length.  Returns: float64 [state]."""
    rows = body_s3.tolist()
    return torch.tensor(
        [
            math.comb(sum(row), row[0]) * math.comb(row[1] + row[2], row[1]) * math.prod(map(pow, law, row))
            for row in rows
        ],
        dtype=torch.float64,
    )


def _length_laws(n_longest: int, length_law: str) -> tuple[torch.Tensor, torch.Tensor]:
    """P(n = i) and P(n >= i), i = 0..N.  Returns: two float64 [N + 1]."""
    exactly = torch.zeros(n_longest + 1, dtype=torch.float64)
    if length_law == "fixed":
        exactly[n_longest] = 1.0
    else:
        exactly[1:] = 1.0 / n_longest
    at_least = torch.tensor([math.fsum(exactly[i:].tolist()) for i in range(n_longest + 1)], dtype=torch.float64)
    return exactly, at_least


@functools.lru_cache(maxsize=64)
def answers(n_longest: int, length_law: str, tie: str, p2: float = 1 / 3, labels: str = "true") -> Answers:
    """The answer states.

    Args:
        labels: "true"; "independent": drawn apart from the string, with the same prior; "noise beats zeros": n2 > n0.

    Examples:
    >>> round(answers(12, "uniform", "neg").majority, 6), len(answers(4, "fixed", "drop").weight_s)
    (0.604457, 12)
    """
    law = token_law(p2)
    exactly, _ = _length_laws(n_longest, length_law)
    body = bodies(n_longest if length_law == "fixed" else 1, n_longest)
    if tie == "drop":
        body = body[body[:, 0] != body[:, 1]]
    weight = exactly[body.sum(dim=1)] * _multinomial(body, law)
    body, weight = body[weight > 0], weight[weight > 0] / weight.sum()
    positive = (body[:, 1] > body[:, 0]).double()
    if labels == "independent":
        positive = (positive * weight).sum().expand(len(body)).clone()
    elif labels == "noise beats zeros":
        positive = (body[:, 2] > body[:, 0]).double()
    return Answers(body.double(), positive, weight)


@functools.lru_cache(maxsize=64)
def population(
    n_longest: int,
    length_law: str,
    tie: str,
    loss: str,
    p2: float = 1 / 3,
    word_weight: float = 1.0,
    answer_weight: float = 1.0,
    labels: str = "true",
) -> tuple[Group, ...]:
    """All states of the sentence, grouped by query; weights sum to 1.

    Args:
        loss: "answer" (answer states alone), "full" (with the words), "full+closing" (with the last E as well).
        word_weight, answer_weight: factor of the word states, and of answer and closing states.

    Examples:
    >>> sum(len(one.weight_s) for one in population(8, "uniform", "neg", "full+closing"))
    689
    """
    groups = [] if loss == "answer" else _words(n_longest, length_law, token_law(p2), word_weight)
    mass = math.fsum(_length_laws(n_longest, length_law)[0].tolist()) * answer_weight
    if tie == "drop":
        every = answers(n_longest, length_law, "neg", p2)
        tied = every.body_s3[:, 0] == every.body_s3[:, 1]
        mass *= 1 - float(every.weight_s[tied].sum())
    found = answers(n_longest, length_law, tie, p2, labels)
    target = torch.zeros(len(found.weight_s), 5, dtype=torch.float64)
    target[:, ZERO], target[:, ONE] = 1 - found.positive_s, found.positive_s
    groups.append(Group("answer", E, found.counts_sk, target, mass * found.weight_s))
    if loss == "full+closing":
        for answer in (ZERO, ONE):
            share = target[:, answer]
            counts = found.counts_sk.clone()
            counts[:, answer] += 1
            ends = torch.zeros_like(target)
            ends[:, E] = 1.0
            kept = share > 0
            weight = (mass * found.weight_s * share)[kept]
            groups.append(Group("closing", answer, counts[kept], ends[kept], weight))
    total = math.fsum(itertools.chain.from_iterable(one.weight_s.tolist() for one in groups))
    return tuple(Group(g.kind, g.query, g.counts_sk, g.target_sv, g.weight_s / total) for g in groups)


def _words(n_longest: int, length_law: str, law: tuple[float, float, float], factor: float) -> list[Group]:
    """States whose query is B or a body token; they predict the law of the next token."""
    exactly, at_least = _length_laws(n_longest, length_law)
    body = bodies(0, n_longest)
    length = body.sum(dim=1)
    hazard = (exactly / at_least)[length]
    target = torch.zeros(len(body), 5, dtype=torch.float64)
    for token, share in zip((ZERO, ONE, TWO), law):
        target[:, token] = (1 - hazard) * share
    target[:, E] = hazard
    counts = torch.zeros(len(body), 5, dtype=torch.float64)
    counts[:, B], counts[:, 1:4] = 1.0, body.double()
    weight = factor * at_least[length] * _multinomial(body, law)
    start = length == 0
    groups = [Group("word", B, counts[start], target[start], weight[start])]
    for place, token in enumerate((ZERO, ONE, TWO)):
        here = (body[:, place] > 0) & (weight > 0)
        share = (body[:, place].double() / length.clamp(min=1).double())[here]
        groups.append(Group("word", token, counts[here], target[here], weight[here] * share))
    return groups


# ---------------------------------------------------------------------------- every prefix by itself
@functools.lru_cache(maxsize=16)
def ordered_answers(n_longest: int, length_law: str, tie: str, p2: float = 1 / 3) -> tuple[OrderedAnswers, ...]:
    """The answer states string by string, one entry a body length; weights of all together sum to 1.

    Examples:
    >>> [len(one.states.weight_s) for one in ordered_answers(3, "uniform", "neg")]
    [3, 9, 27]
    """
    lengths = (n_longest,) if length_law == "fixed" else range(1, n_longest + 1)
    share = answers(n_longest, length_law, tie, p2)
    of_bag = {tuple(row): weight for row, weight in zip(share.body_s3.tolist(), share.weight_s.tolist())}
    found = []
    for n in lengths:
        words = list(itertools.product((ZERO, ONE, TWO), repeat=n))
        body = torch.tensor([[one.count(k) for k in (ZERO, ONE, TWO)] for one in words], dtype=torch.float64)
        ways = [math.comb(n, a) * math.comb(n - a, b) for a, b, _ in body.int().tolist()]
        mass = torch.tensor(
            [of_bag.get(tuple(row), 0.0) / w for row, w in zip(body.tolist(), ways)], dtype=torch.float64
        )
        kept = mass > 0
        states = Answers(body[kept], (body[:, 1] > body[:, 0]).double()[kept], mass[kept])
        prefixes = [(B, *one, E) for one, used in zip(words, kept.tolist()) if used]
        found.append(OrderedAnswers(N_TOKENS * (n + 1) + E, _placed(prefixes, n_longest + 3), states))
    return tuple(found)


@functools.lru_cache(maxsize=16)
def ordered_population(
    n_longest: int,
    length_law: str,
    tie: str,
    loss: str,
    p2: float = 1 / 3,
    word_weight: float = 1.0,
    answer_weight: float = 1.0,
) -> tuple[Group, ...]:
    """As `population`, with every prefix by itself; queries and counts are those of the larger vocabulary.

    Examples:
    >>> sum(len(one.weight_s) for one in ordered_population(2, "uniform", "neg", "full+closing"))
    37
    """
    by_kind: dict[tuple[str, int], list[tuple[tuple[int, ...], list[float], float]]] = {}
    for one in population(n_longest, length_law, tie, loss, p2, word_weight, answer_weight):
        for counts, target, weight in zip(one.counts_sk.int().tolist(), one.target_sv.tolist(), one.weight_s.tolist()):
            prefixes = list(_prefixes(one.kind, one.query, counts))
            for prefix in prefixes:
                place = N_TOKENS * (len(prefix) - 1) + one.query
                by_kind.setdefault((one.kind, place), []).append((prefix, target, weight / len(prefixes)))
    return tuple(
        Group(
            kind,
            query,
            _placed([prefix for prefix, _, _ in rows], n_longest + 3),
            torch.tensor([target for _, target, _ in rows], dtype=torch.float64),
            torch.tensor([weight for _, _, weight in rows], dtype=torch.float64),
        )
        for (kind, query), rows in sorted(by_kind.items())
    )


def _prefixes(kind: str, query: int, counts: list[int]) -> Iterator[tuple[int, ...]]:
    """All prefixes with these counts that end in the query."""
    body = [0, *counts[1:4], 0]
    if kind == "closing":
        body[query] -= 1
    last = query if kind == "word" and query != B else None
    if last is not None:
        body[last] -= 1
    ends = {"word": (), "answer": (E,), "closing": (E, query)}[kind]
    for order in _orders(tuple(body[1:4])):
        yield (B, *order, *(() if last is None else (last,)), *ends)


def _orders(counts: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """All orders of a bag of 0s, 1s and 2s."""
    if not any(counts):
        yield ()
    for place, n in enumerate(counts):
        if n:
            less = tuple(one - (i == place) for i, one in enumerate(counts))
            for rest in _orders(less):
                yield (ZERO + place, *rest)


def _placed(prefixes: Sequence[tuple[int, ...]], n_positions: int) -> torch.Tensor:
    """1 where a token stands at a position.  Returns: float64 [state, 5 * position]."""
    marks = torch.zeros(len(prefixes), N_TOKENS * n_positions, dtype=torch.float64)
    for row, prefix in enumerate(prefixes):
        marks[row, [N_TOKENS * t + token for t, token in enumerate(prefix)]] = 1.0
    return marks


# ---------------------------------------------------------------------------- samples
def sampled_strings(
    keys: torch.Tensor, n_strings: int, n_longest: int, length_law: str, p2: float = 1 / 3, stream: str = "test"
) -> torch.Tensor:
    """Sentences up to the answer's place, drawn with ties: B, body, E, then padding (-1).

    Returns: int64 [lane, string, N + 2].

    Examples:
    >>> sampled_strings(torch.tensor([7]), 2, 4, "fixed").shape
    torch.Size([1, 2, 6])
    """
    shape = (len(keys), n_strings)
    if length_law == "fixed":
        length = torch.full(shape, n_longest, dtype=torch.int64, device=keys.device)
    else:
        length = 1 + rng.integers(keys, n_strings, n_longest, stream=stream + " length")
    draw = rng.uniform(keys, n_strings * n_longest, stream=stream + " body").reshape(*shape, n_longest)
    p0, p1, _ = token_law(p2)
    body = ZERO + (draw >= p0).long() + (draw >= p0 + p1).long()
    place = torch.arange(n_longest, device=keys.device)
    body = torch.where(place < length[..., None], body, PAD)
    ends = torch.full((*shape, 1), PAD, dtype=torch.int64, device=keys.device)
    tokens = torch.cat([torch.full_like(ends, B), body, ends], dim=2)
    return tokens.scatter(2, length[..., None] + 1, E)


def body_counts(tokens_lmt: torch.Tensor) -> torch.Tensor:
    """(n0, n1, n2) of every sentence.  Returns: int64 [lane, string, 3]."""
    return torch.stack([(tokens_lmt == token).sum(dim=2) for token in (ZERO, ONE, TWO)], dim=2)
