"""P10 and P12: what a running mean can carry, and what the mean of the whole window gives away.

The rows of all words are computed in fractions, so two equal rows are equal and no rounding hides or makes a difference.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Hashable, Iterator, Sequence
from fractions import Fraction
from functools import cache
from typing import Any

from proofs_check.core import certify, exhaust
from proofs_check.core.certify import ball
from proofs_check.core.derivation import Control, Step
from proofs_check.generative.exact import Number, Row, entropy, optimal_loss, reduced, total
from proofs_check.generative.floors import recall_sequences
from theory import generative

Near = tuple[str, float, Any]
Less = tuple[str, Any, Any]
Case = tuple[str, exhaust.Exact, exhaust.Exact]
Word = tuple[int, ...]
Law = tuple[Fraction, ...]
CLOSE = 1e-12

# Generic codes (chosen): no two multisets of a few tokens have one mean, and no coordinate orders the tokens alike.
CODES: tuple[Row, ...] = ((0, 7, 1), (1, 0, 9), (5, 2, 0))
PLACES: tuple[Row, ...] = tuple((5 * t * t % 11, (7 * t**3 + 3) % 13, (3 * t + t * t) % 7) for t in range(12))
LAWS: tuple[Law, ...] = (
    (Fraction(1, 2), Fraction(1, 2)),
    (Fraction(1, 2), Fraction(3, 10), Fraction(1, 5)),
    (Fraction(7, 10), Fraction(3, 10)),
)


def _normed(row: Row) -> Row:
    """The row centred and divided by its mean absolute deviation: a norm that stays in fractions."""
    middle = Fraction(sum(row), len(row))
    spread = Fraction(sum(abs(a - middle) for a in row)) / len(row)
    return tuple((a - middle) / (spread or 1) for a in row)


def _network(word: Sequence[int], *, f: str, context: str, blocks: int, positions: bool) -> list[Row]:
    """States of a stack with norms, residuals, output maps and MLPs (one max(0, .) of every number), in fractions."""
    rows: list[Row] = [CODES[x] for x in word]
    if positions:
        rows = [total([row, place]) for row, place in zip(rows, PLACES)]
    for _ in range(blocks):
        merged = reduced([_normed(row) for row in rows], f, context)
        rows = [
            total([row, tuple(2 * a - b for a, b in zip(new, new[1:] + new[:1]))]) for row, new in zip(rows, merged)
        ]
        rows = [total([row, tuple(max(0, 3 * a - 4) for a in row)]) for row in rows]
    return rows


# ---------------------------------------------------------------------------- P10: a bag
def _bag_cases(f: str, blocks: int, positions: bool) -> Iterator[Case]:
    """For every word and position: the state is one function of (x_t, x_(t-1), t, multiset of the prefix)."""
    T = 5
    seen: dict[Hashable, tuple[Number, ...]] = {}
    for word in itertools.product(range(3), repeat=T):
        states = _network(word, f=f, context="running_mean", blocks=blocks, positions=positions)
        for t in range(1, T + 1):
            key = (word[t - 1], word[t - 2] if t > 1 else None, t, tuple(sorted(word[:t])))
            yield f"{word[:t]}", states[t - 1], seen.setdefault(key, states[t - 1])


def _bag_everywhere(blocks: int, positions: bool) -> Iterator[Case]:
    return itertools.chain.from_iterable(_bag_cases(f, blocks, positions) for f in ("max", "min", "mean"))


# Two blocks that solve recall.
#
# P10 for two blocks.  Two blocks of max with a running mean answer recall exactly, for every K and V.
#
# Proof.  1. Block 1 takes one-hot codes.  At a value's row, t >= 2, its maximum is 1 at the key just before, and at every
#    other key it is a mean of t >= 2 tokens with at most one 1, so at most 1/2.  The MLP sets
#    b_(k,v) = max(0, current_v + 2 (maximum_k - 1)): 1 where the current token is v and the key before it is k; 0 for any
#    other k, since 1 + 2 (1/2 - 1) = 0, and 0 where the current token is not v.
# 2. Block 2 gets the rows b.  At the query the row itself is 0, so its output is max(b_(t-1), mean of b over the prefix),
#    which is above 0 at (k, v) exactly when the pair (k, v) has occurred.
# 3. The MLP adds up score_v = sum_k max(0, output_(k,v) + 2 (query_k - 1)) over the keys: outputs are at most 1, so only the
#    query's key counts, and since keys are distinct one value alone has a score above 0.                              QED
def recall_scores(
    sequence: Sequence[tuple[str, int]], n_keys: int, V: int, *, mixed: bool = True
) -> tuple[Number, ...]:
    """Scores of the V values at the query from the two blocks written out; `mixed` False leaves block 2 unmixed."""
    codes: list[Row] = []
    for kind, x in sequence:
        place = x if kind == "key" else n_keys + x
        codes.append(tuple(int(i == place) for i in range(n_keys + V)))
    keys = range(n_keys)
    first = reduced(codes, "max", "running_mean")
    pairs: list[Row] = [
        tuple(max(0, code[n_keys + v] + 2 * (top[k] - 1)) for k in keys for v in range(V))
        for code, top in zip(codes, first)
    ]
    second = reduced(pairs, "max", "running_mean") if mixed else pairs
    query, output = codes[-1], second[-1]
    return tuple(sum(max(0, output[k * V + v] + 2 * (query[k] - 1)) for k in keys) for v in range(V))


def _solved_cases(mixed: bool) -> Iterator[Case]:
    for (K, V), extra in itertools.product(((2, 2), (3, 2), (3, 3), (2, 4)), (0, 1)):
        for sequence, answer in recall_sequences(K, V, extra):
            scores = recall_scores(sequence, K + extra, V, mixed=mixed)
            yield f"{sequence}", tuple(v for v, score in enumerate(scores) if score > 0), (answer,)


def _swapped_pair(blocks: int, positions: bool) -> Iterator[tuple[str, bool]]:
    """Two words with one multiset and one pair of last tokens, "0 1 0 2" and "1 0 0 2", end in different states."""
    for f in ("max", "min", "mean"):
        ends = [
            _network(word, f=f, context="running_mean", blocks=blocks, positions=positions)[-1]
            for word in ((0, 1, 0, 2), (1, 0, 0, 2))
        ]
        yield f, ends[0] != ends[1]


def _recall_cases(knows_neighbour_key: bool) -> list[Near]:
    """The least loss at the query given the multiset, the query and the last value: E[H(N/K)]."""
    found = []
    for (K, V), extra in itertools.product(((3, 2), (3, 3), (4, 3)), (0,)):
        cases = []
        for sequence, answer in recall_sequences(K, V, extra):
            key: tuple[Hashable, ...] = (sequence[-1], sequence[-2], tuple(sorted(sequence[:-1])))
            cases.append(((*key, sequence[-3]) if knows_neighbour_key else key, answer, 1))
        found.append((f"K={K} V={V}", generative.urn_entropy(n=K, p=[1 / V] * V), optimal_loss(cases)))
    return found


def _attained_cases(f: str, context: str) -> list[Near]:
    """One-hot codes without norm: the least loss given the one block's output (and its residual) at the query."""
    found = []
    for K, V in ((2, 2), (3, 2), (3, 3)):
        cases = []
        for sequence, answer in recall_sequences(K, V, 0):
            codes: list[Row] = [
                tuple(int(i == (x if kind == "key" else K + x)) for i in range(K + V)) for kind, x in sequence
            ]
            cases.append(((codes[-1], reduced(codes, f, context)[-1]), answer, 1))
        found.append((f"K={K} V={V}", generative.urn_entropy(n=K, p=[1 / V] * V), optimal_loss(cases)))
    return found


# ---------------------------------------------------------------------------- P12: the future
def _future_positions(context: str, blocks: int, T: int) -> tuple[int, ...]:
    """Positions t whose state changes with some later token, over all words of three tokens."""
    found = set()
    for t in range(1, T):
        seen: dict[Word, tuple[Number, ...]] = {}
        for word in itertools.product(range(3), repeat=T):
            state = _network(word, f="mean", context=context, blocks=blocks, positions=True)[t - 1]
            if seen.setdefault(word[:t], state) != state:
                found.add(t)
                break
    return tuple(sorted(found))


def _future_cases(context: str) -> Iterator[Case]:
    for T, blocks in ((3, 1), (4, 1), (4, 2), (5, 1)):
        yield f"T={T}, {blocks} blocks", _future_positions(context, blocks, T), tuple(range(2, T))


def _honest_cases(context: str) -> Iterator[Case]:
    """No position sees the future without a context or with a running mean."""
    for T, blocks in ((3, 1), (4, 2)):
        yield f"T={T}, {blocks} blocks", _future_positions(context, blocks, T), ()


@cache
def _words(law: Law, length: int) -> tuple[tuple[Word, Fraction], ...]:
    return tuple(
        (w, math.prod((law[x] for x in w), start=Fraction(1)))
        for w in itertools.product(range(len(law)), repeat=length)
    )


def _mean_loss(law: Law, T: int, sight: Callable[[Word, int], Hashable]) -> Any:
    """Least mean loss over targets 2..T+1 of an i.i.d. word when position t sees `sight(word of T tokens, t)`."""
    losses = []
    for t in range(1, T + 1):
        losses.append(optimal_loss((sight(w[:T], t), w[t], p) for w, p in _words(law, T + 1)))
    return sum(losses, ball(0)) / T


def _bag_sight(word: Word, t: int) -> Hashable:
    return word[:1] if t == 1 else (word[t - 1], word[t - 2], tuple(sorted(word)))


def _all_sight(word: Word, t: int) -> Hashable:
    return word[:1] if t == 1 else word


def _prefix_sight(word: Word, t: int) -> Hashable:
    return word[:t]


def _output_sight(f: str, context: str) -> Callable[[Word, int], Hashable]:
    """What one block without positions gives: the residual and the function's row, from generic codes."""
    return lambda word, t: (CODES[word[t - 1]], reduced([CODES[x] for x in word], f, context)[t - 1])


def _floor_cases(knowledge: str, sight: Callable[[Word, int], Hashable]) -> list[Near]:
    found = []
    for law in LAWS:
        for T in range(2, 7 if len(law) == 2 else 6):
            said = generative.leak_floor(T=T, p=[float(p) for p in law], knowledge=knowledge)
            found.append((f"T={T} p={law}", said, _mean_loss(law, T, sight)))
    return found


def _missed_cases(f: str) -> list[Less]:
    """Uniform bits: the bag floor lies a hundredth of a nat or more below what one block of f can reach."""
    half = LAWS[0]
    sight = _output_sight(f, "window_mean")
    found = []
    for T in (3, 4, 5, 6):
        floor = ball(generative.leak_floor(T=T, p=(0.5, 0.5), knowledge="bag"))
        found.append((f"T={T}", floor + ball(Fraction(1, 100)), _mean_loss(half, T, sight)))
    return found


def _hidden_mean_cases(f: str) -> Iterator[Case]:
    """A window of two different tokens: the maximum of both is not changed by any mean of them."""
    for p, q, n, k in itertools.product((-3, 0, 2), (-1, 0, 5), range(2, 6), range(1, 5)):
        if k < n:
            middle = Fraction(k * p + (n - k) * q, n)
            rows: list[Row] = [(p,), (q,)]
            plain = reduced(rows, f)[1][0]
            third = max(plain, middle) if f == "max" else (p + q + middle) / Fraction(3)
            yield f"{p}, {q}, share {k}/{n}", Fraction(third), Fraction(plain)


def _below_entropy_cases(context: str) -> list[Less]:
    """The least teacher-forced loss of one block of f = mean, against the entropy that no honest predictor can beat."""
    found = []
    for law in LAWS:
        for T in (4, 5):
            loss = _mean_loss(law, T, _output_sight("mean", context))
            found.append((f"T={T} p={law}", loss + ball(Fraction(1, 100)), entropy(law)))
    return found


def _entropy_cases(sight: Callable[[Word, int], Hashable]) -> list[Near]:
    """Whoever sees the prefix only loses the whole entropy at every position of an i.i.d. word."""
    return [
        (f"p={law}", float(sum(-p * math.log(p) for p in law)), _mean_loss(law, 4, sight)) for law in LAWS
    ]  # fmt: skip


def _urn(n: int, V: int) -> Any:
    """E[H(N/n)] for n uniform draws out of V, over the multiset of counts."""
    if n == 0:
        return ball(0)
    layer: list[tuple[tuple[int, ...], int, Fraction]] = [((), n, Fraction(1))]
    for v in range(V):
        layer = [
            ((*counts, c), left - c, weight / math.factorial(c))
            for counts, left, weight in layer
            for c in (range(left + 1) if v < V - 1 else (left,))
        ]
    terms: dict[tuple[int, ...], Fraction] = {}
    for counts, _, weight in layer:
        key = tuple(sorted(counts))
        terms[key] = terms.get(key, Fraction(0)) + weight * math.factorial(n) / V**n
    return sum((ball(weight) * entropy(Fraction(c, n) for c in counts) for counts, weight in terms.items()), ball(0))


def _urn_cases(upwards: bool) -> list[Less]:
    values = [_urn(n, 4) for n in range(1, 13)]
    rising = list(itertools.pairwise(values))
    found = [(f"n={n}", *(pair if upwards else pair[::-1])) for n, pair in enumerate(rising, start=1)]
    return [*found, ("below log 4", values[-1], ball(4).log())]


def _urn_near(extra: int) -> list[Near]:
    return [(f"n={n}", generative.urn_entropy(n=n + extra, p=[0.25] * 4), _urn(n, 4)) for n in range(13)]


STEPS = (
    Step(
        "P10",
        ("generative/bag-of-prefix",),
        "One block with a running mean and no positions: all states of all words are functions of the last two tokens, t and "
        "the multiset, for max, min and mean",
        "exhaust",
        lambda: exhaust.equal(_bag_everywhere(1, False)),
        Control("two blocks", lambda: exhaust.equal(_bag_everywhere(2, False))),
    ),
    Step(
        "P10-positions",
        ("generative/bag-reading",),
        "With positions before the norm one block already tells two orders of one multiset apart",
        "exhaust",
        lambda: exhaust.holds(_swapped_pair(1, True)),
        Control("without positions", lambda: exhaust.holds(_swapped_pair(1, False))),
        role="refutes",
    ),
    Step(
        "P10-two-blocks",
        ("generative/bag-reading",),
        "Two blocks without positions tell two orders of one multiset apart",
        "exhaust",
        lambda: exhaust.holds(_swapped_pair(2, False)),
        Control("one block", lambda: exhaust.holds(_swapped_pair(1, False))),
        role="refutes",
    ),
    Step(
        "P10-solved",
        ("generative/bag-reading",),
        "Two blocks of max with a running mean, written out, answer every sequence of recall",
        "exhaust",
        lambda: exhaust.equal(_solved_cases(True)),
        Control("the second block without its mixing", lambda: exhaust.equal(_solved_cases(False))),
        role="refutes",
    ),
    Step(
        "P10-recall",
        ("generative/bag-of-prefix",),
        "Given multiset, query and last value the least loss of recall is E[H(N/K)], for K, V = 3,2; 3,3; 4,3, to 10^-12",
        "certify",
        lambda: certify.all_near(lambda: _recall_cases(False), within=CLOSE),
        Control("the last key is known too", lambda: certify.all_near(lambda: _recall_cases(True), within=CLOSE)),
    ),
    Step(
        "P10-attained",
        ("generative/bag-of-prefix",),
        "One block of max with a running mean on one-hot codes keeps all that this loss needs",
        "certify",
        lambda: certify.all_near(lambda: _attained_cases("max", "running_mean"), within=CLOSE),
        Control("without the mean", lambda: certify.all_near(lambda: _attained_cases("max", "none"), within=CLOSE)),
    ),
    Step(
        "P12-future",
        ("generative/future-leak",),
        "With the mean of the whole window exactly the positions 2 to T - 1 change with a later token",
        "exhaust",
        lambda: exhaust.equal(_future_cases("window_mean")),
        Control("the running mean", lambda: exhaust.equal(_future_cases("running_mean"))),
    ),
    Step(
        "P12-honest",
        ("generative/future-leak", "generative/reach"),
        "With a running mean no position changes with a later token",
        "exhaust",
        lambda: exhaust.equal(_honest_cases("running_mean")),
        Control("the mean of the whole window", lambda: exhaust.equal(_honest_cases("window_mean"))),
    ),
    Step(
        "P12-bag",
        ("generative/future-leak",),
        "The bag floor equals enumeration over all words (T to 6, three laws), to 10^-12",
        "certify",
        lambda: certify.all_near(lambda: _floor_cases("bag", _bag_sight), within=CLOSE),
        Control(
            "the prefix alone is seen",
            lambda: certify.all_near(lambda: _floor_cases("bag", _prefix_sight), within=CLOSE),
        ),
    ),
    Step(
        "P12-positions",
        ("generative/future-leak",),
        "The floor 2 H/T equals enumeration when inner positions see the whole window",
        "certify",
        lambda: certify.all_near(lambda: _floor_cases("positions", _all_sight), within=CLOSE),
        Control(
            "they see its bag", lambda: certify.all_near(lambda: _floor_cases("positions", _bag_sight), within=CLOSE)
        ),
    ),
    Step(
        "P12-attained",
        ("generative/future-leak",),
        "One block of the mean with generic codes attains the bag floor",
        "certify",
        lambda: certify.all_near(lambda: _floor_cases("bag", _output_sight("mean", "window_mean")), within=CLOSE),
        Control(
            "one block of max",
            lambda: certify.all_near(lambda: _floor_cases("bag", _output_sight("max", "window_mean")), within=CLOSE),
        ),
    ),
    Step(
        "P12-missed",
        ("generative/future-leak",),
        "One block of max misses the bag floor by .01 and more, on uniform bits and T = 3 to 6",
        "certify",
        lambda: certify.all_less(lambda: _missed_cases("max")),
        Control("one block of the mean", lambda: certify.all_less(lambda: _missed_cases("mean"))),
    ),
    Step(
        "P12-hidden",
        ("generative/future-leak",),
        "max(p, q, any mean of p and q) = max(p, q): a window of two tokens hides its mean",
        "exhaust",
        lambda: exhaust.equal(_hidden_mean_cases("max")),
        Control("the mean of three rows", lambda: exhaust.equal(_hidden_mean_cases("mean"))),
    ),
    Step(
        "P12-entropy",
        ("generative/future-leak", "generative/window-floor"),
        "A position that sees its prefix loses the whole entropy of an i.i.d. word",
        "certify",
        lambda: certify.all_near(lambda: _entropy_cases(_prefix_sight), within=CLOSE),
        Control(
            "it sees the bag of the window", lambda: certify.all_near(lambda: _entropy_cases(_bag_sight), within=CLOSE)
        ),
    ),
    Step(
        "P12-reading",
        ("generative/context-loss-reading",),
        "On i.i.d. words, of which nothing can be predicted, one block with the window mean can lose less than the entropy",
        "certify",
        lambda: certify.all_less(lambda: _below_entropy_cases("window_mean")),
        Control("with the running mean", lambda: certify.all_less(lambda: _below_entropy_cases("running_mean"))),
        role="refutes",
    ),
    Step(
        "P12-urn",
        ("generative/future-leak", "generative/bag-of-prefix"),
        "E[H(N/n)] rises with n and stays below log V (V = 4, n to 12)",
        "certify",
        lambda: certify.all_less(lambda: _urn_cases(True)),
        Control("it falls", lambda: certify.all_less(lambda: _urn_cases(False))),
    ),
    Step(
        "P12-urn-function",
        ("generative/future-leak", "generative/bag-of-prefix"),
        "urn_entropy equals the sum over all counts, to 10^-12",
        "certify",
        lambda: certify.all_near(lambda: _urn_near(0), within=CLOSE),
        Control("one draw more", lambda: certify.all_near(lambda: _urn_near(1), within=CLOSE)),
    ),
)
