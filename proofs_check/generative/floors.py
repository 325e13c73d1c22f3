"""P7, P11, P13: window floors, recall and copy floors, and the information in attention maps, against enumeration.

All probabilities are integers or fractions and all losses balls, so every comparison is certified.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache
from typing import Any

from proofs_check.core import certify, exhaust
from proofs_check.core.certify import ball
from proofs_check.core.derivation import Control, Step
from proofs_check.generative.exact import best_accuracy, entropy, optimal_loss
from theory import generative

Word = tuple[int, ...]
Near = tuple[str, float, Any]
Less = tuple[str, Any, Any]
Case = tuple[str, exhaust.Exact, exhaust.Exact]
CLOSE = 1e-12


# ---------------------------------------------------------------------------- sources in fractions
def _integer_rows(V: int, k: int) -> list[list[Fraction]]:
    """Transition rows of int(V, k), from its rule."""
    weights = [[1 + ((7 * s + 5 * x + 3 * s * x) % 11) ** 2 for x in range(V)] for s in range(V**k)]
    return [[Fraction(w, sum(row)) for w in row] for row in weights]


def _law(step: list[list[Fraction]]) -> list[Fraction]:
    """The stationary law in fractions, by Gauss-Jordan elimination."""
    n = len(step)
    rows = [[step[i][j] - (i == j) for i in range(n)] + [Fraction(0)] for j in range(n - 1)]
    rows.append([Fraction(1)] * (n + 1))
    for at in range(n):
        pivot = next(i for i in range(at, n) if rows[i][at])
        rows[at], rows[pivot] = rows[pivot], rows[at]
        rows[at] = [value / rows[at][at] for value in rows[at]]
        for other in range(n):
            if other != at and rows[other][at]:
                factor = rows[other][at]
                rows[other] = [a - factor * b for a, b in zip(rows[other], rows[at])]
    return [row[n] for row in rows]


@cache
def _integer_words(V: int, k: int, length: int) -> tuple[tuple[Word, Fraction], ...]:
    """All words of int(V, k) with their exact probabilities."""
    rows = _integer_rows(V, k)
    n = V**k
    step = [[Fraction(0)] * n for _ in range(n)]
    for s, x in itertools.product(range(n), range(V)):
        step[s][(s * V + x) % n] += rows[s][x]
    found = []
    for s, mass in enumerate(_law(step)):
        past = tuple(s // V**i % V for i in reversed(range(k)))
        layer = [(past, s, mass)]
        for _ in range(length - k):
            layer = [((*w, x), (t * V + x) % n, p * rows[t][x]) for w, t, p in layer for x in range(V)]
        found += [(w, p) for w, _, p in layer]
    return tuple(found)


# The two-state source with A = [[.95, .05], [.1, .9]] and E = [[.7, .2, .1], [.1, .3, .6]], times 20 and 10.
STEPS_20 = ((19, 1), (2, 18))
EMITS_10 = ((7, 2, 1), (1, 3, 6))
START_3 = (2, 1)  # its stationary law, times 3


@cache
def _hidden_words(length: int, start: tuple[int, int] = START_3) -> tuple[tuple[Word, int], ...]:
    """All words of the two-state source with integer weights, from a law of the state that emits the first symbol."""
    layer: list[tuple[Word, tuple[int, int]]] = [((), start)]
    for _ in range(length):
        layer = [((*w, x), _stepped(state, x)) for w, state in layer for x in range(3)]
    return tuple((w, sum(state)) for w, state in layer)


def _stepped(state: tuple[int, int], x: int) -> tuple[int, int]:
    """Emit x, then move."""
    first, second = state[0] * EMITS_10[0][x], state[1] * EMITS_10[1][x]
    return (
        first * STEPS_20[0][0] + second * STEPS_20[1][0],
        first * STEPS_20[0][1] + second * STEPS_20[1][1],
    )


def _hidden_entropy(j: int) -> Any:
    return optimal_loss((w[:-1], w[-1], weight) for w, weight in _hidden_words(j + 1))


def _hidden_source() -> generative.HiddenMarkovSource:
    return generative.HiddenMarkovSource(A=((0.95, 0.05), (0.1, 0.9)), E=((0.7, 0.2, 0.1), (0.1, 0.3, 0.6)))


# ---------------------------------------------------------------------------- window floors
def _enumerated_floor(words: Sequence[tuple[Word, Any]], T: int, window: int) -> Any:
    """Least mean loss of any predictor that sees the last `window` tokens and the position, over all words."""
    losses = [optimal_loss((w[max(0, t - window) : t], w[t], p) for w, p in words) for t in range(1, T + 1)]
    return sum(losses, ball(0)) / T


def _floor_cases(shift: int) -> list[Near]:
    found = []
    for V, k, T in ((2, 3, 8), (2, 1, 5), (3, 2, 5)):
        words = _integer_words(V, k, T + 1)
        h = generative.conditional_entropies(source=generative.integer_markov_source(V=V, k=k), kmax=T)
        for window in range(1, 5):
            value = generative.window_floor(h=h, T=T, window=window + shift)
            found.append((f"int({V},{k}) window {window}", value, _enumerated_floor(words, T, window)))
    h = generative.conditional_entropies(source=_hidden_source(), kmax=7)
    for window in (1, 2, 4, 6):
        value = generative.window_floor(h=h, T=6, window=window + shift)
        found.append((f"hidden window {window}", value, _enumerated_floor(_hidden_words(7), 6, window)))
    return found


def _order_cases(shift: int) -> list[Less]:
    """For minimal order k: a window of k - 1 tokens loses at least a thousandth of a nat more than one of k."""
    found = []
    for V, k in ((2, 2), (2, 3), (3, 2)):
        T = k + 2
        words = _integer_words(V, k, T + 1)
        floors = [_enumerated_floor(words, T, window) for window in range(1, T + 1)]
        found.append((f"int({V},{k})", floors[k - 1 + shift] + ball(Fraction(1, 1000)), floors[k - 2 + shift]))
    return found


def _no_further_cases(shift: int) -> Iterator[Case]:
    """For order k: the law of the next token given the last k does not depend on the tokens before them."""
    for V, k in ((2, 1), (2, 2), (3, 2)):
        laws: dict[Word, set[tuple[Fraction, ...]]] = {}
        joint: dict[Word, list[Fraction]] = {}
        for w, p in _integer_words(V, k, k + 3):
            joint.setdefault(w[:-1], [Fraction(0)] * V)[w[-1]] += p
        for past, row in joint.items():
            laws.setdefault(past[len(past) - k + shift :], set()).add(tuple(p / sum(row) for p in row))
        yield f"int({V},{k})", max(map(len, laws.values())), 1


def _better_cases(of_itself: bool) -> list[Less]:
    """Gibbs: any other law q costs more than the posterior p itself, sum p log(1/q) > sum p log(1/p), by 10^-3 at least."""
    laws = [(1, 2, 3), (4, 1, 1), (2, 2, 2), (5, 3, 1)]
    found = []
    for p, q in itertools.permutations(laws, 2):
        masses = [Fraction(a, sum(p)) for a in p]
        other = p if of_itself else q
        cost = sum((ball(a) * (ball(sum(other)) / b).log() for a, b in zip(masses, other)), ball(0))
        found.append((f"{p} by {q}", entropy(masses) + ball(Fraction(1, 1000)), cost))
    return found


def _decrease_cases(upwards: bool) -> list[Less]:
    h = [_hidden_entropy(j) for j in range(8)]
    if upwards:
        return [("h_7 > h_6", h[6], h[7])]
    return [(f"h_{j + 1} < h_{j}", h[j + 1], h[j]) for j in range(7)]


def _rate_cases(swapped: bool) -> list[Near]:
    """Both bounds on the rate of the two-state source: n = 8, the first state known or not."""
    low, high = generative.entropy_rate_bounds(source=_hidden_source(), n=8)
    starts = [(2, 0), (0, 1)]
    # weights of the two starts add up to those of the stationary law, so the loss is a mean over the starts
    known = optimal_loss(
        ((number, w[:-1]), w[-1], weight)
        for number, start in enumerate(starts)
        for w, weight in _hidden_words(8, start)
    )
    unknown = _hidden_entropy(7)
    return [("lower", low, unknown if swapped else known), ("upper", high, known if swapped else unknown)]


def _lag_words(V: int, lag: int, eps: Fraction, length: int) -> Iterator[tuple[Word, Fraction]]:
    for w in itertools.product(range(V), repeat=length):
        p = Fraction(1)
        for t, x in enumerate(w):
            p *= Fraction(1, V) if t < lag else eps / V + (1 - eps) * (w[t - lag] == x)
        yield w, p


def _lag_cases(shift: int) -> list[Near]:
    """The copying source: log V for a window shorter than the lag, and the closed form otherwise."""
    found = []
    for V, lag, eps, T in (
        (2, 3, Fraction(1, 4), 6),
        (3, 2, Fraction(1, 2), 4),
        (2, 1, Fraction(1), 4),
        (2, 4, Fraction(0), 3),
    ):
        words = list(_lag_words(V, lag, eps, T + 1))
        for window in range(1, lag + 2):
            value = generative.lag_copy_floor(V=V, lag=lag, eps=float(eps), T=T, window=window + shift)
            found.append((f"V={V} lag={lag} window={window}", value, _enumerated_floor(words, T, window)))
    return found


# ---------------------------------------------------------------------------- recall and copies
@cache
def recall_sequences(K: int, V: int, extra: int) -> tuple[tuple[tuple[tuple[str, int], ...], int], ...]:
    """All (sequence of 2K + 1 tokens, answer) of associative recall, equally likely; keys come from K + extra."""
    found = []
    for keys in itertools.permutations(range(K + extra), K):
        for values in itertools.product(range(V), repeat=K):
            pairs = tuple(token for k, v in zip(keys, values) for token in (("key", k), ("value", v)))
            found += [((*pairs, ("key", k)), v) for k, v in zip(keys, values)]
    return tuple(found)


def _recall_cases(accuracy: bool, odd_counts: bool) -> list[Near]:
    found = []
    for (K, V), extra in itertools.product(((3, 2), (3, 3), (2, 4)), (0, 1)):
        for D in range(2 * K + 1):
            cases = [(sequence[-D - 1 :], answer, 1) for sequence, answer in recall_sequences(K, V, extra)]
            said = generative.recall_floor(K=K, V=V, D=D if odd_counts else 2 * (D // 2))
            truth = best_accuracy(cases) if accuracy else optimal_loss(cases)
            found.append((f"K={K} V={V} D={D}", said[accuracy], ball(truth)))
    return found


def _zero_cases(offset: int) -> Iterator[tuple[str, bool]]:
    """The answer is determined by the last D + 1 tokens exactly from D = 2K - 1 on."""
    for (K, V), extra in itertools.product(((2, 2), (3, 2), (2, 4)), (0, 1)):
        for D in range(2 * K + 1):
            answers: dict[Any, set[int]] = {}
            for sequence, answer in recall_sequences(K, V, extra):
                answers.setdefault(sequence[-D - 1 :], set()).add(answer)
            known = all(len(one) == 1 for one in answers.values())
            yield f"K={K} V={V} D={D}", known == (2 * K - 1 + offset <= D)


def _copy_cases(lost: int) -> Iterator[Case]:
    """Over all decoders from states to words: the best share of words that some state reproduces is min(1, 2^S/V^n)."""
    for bits, n, V in ((0, 1, 2), (1, 1, 2), (1, 2, 2), (2, 2, 2), (1, 3, 2), (1, 1, 4), (0, 2, 4)):
        words = range(V**n)
        best = max(len(set(decoder)) for decoder in itertools.product(words, repeat=2**bits))
        said = generative.copy_success_bound(state_bits=max(bits - lost, 0), n=n, V=V)
        yield f"S={bits} n={n} V={V}", Fraction(said), Fraction(best, V**n)


# ---------------------------------------------------------------------------- attention maps
Map = tuple[tuple[Fraction, ...], ...]
MAPS: tuple[Map, ...] = tuple(
    tuple(tuple(Fraction(w, sum(row)) for w in row) for row in rows)
    for rows in (
        ((1, 0, 0), (1, 1, 0), (2, 3, 5)),
        ((1, 0, 0), (1, 9, 0), (6, 3, 1)),
        ((1, 0, 0), (0, 1, 0), (1, 0, 1)),
        ((1, 0, 0), (3, 2, 0), (1, 1, 1)),
    )
)


def _divergence(rows: Sequence[Sequence[Fraction]], with_entropies: bool = True) -> Any:
    middle = [sum(column, Fraction(0)) / len(rows) for column in zip(*rows)]
    own = sum((entropy(row) for row in rows), ball(0)) / len(rows)
    return entropy(middle) - (own if with_entropies else 0)


def _information(rows: Sequence[Sequence[Fraction]]) -> Any:
    """Mutual information of (input, position): H(position) less the loss of naming it from the input."""
    position = [((), s, w) for row in rows for s, w in enumerate(row)]
    informed = [(i, s, w) for i, row in enumerate(rows) for s, w in enumerate(row)]
    return optimal_loss(position) - optimal_loss(informed)


def _map_cases(with_entropies: bool) -> list[Near]:
    found = []
    for size in (1, 2, 3, 4):
        for chosen in itertools.combinations(MAPS, size):
            said = generative.map_statistics(maps=[[[float(w) for w in row] for row in one] for one in chosen])
            rows = [[one[t] for one in chosen] for t in (1, 2)]
            jsd = sum((_divergence(row, with_entropies) for row in rows), ball(0)) / 2
            information = sum((_information(row) for row in rows), ball(0)) / 2
            found += [("jsd", said.jsd, jsd), ("information", said.jsd, information)]
            whole = sum((_divergence(row, False) for row in rows), ball(0)) / 2
            found.append(("fraction", said.fraction, jsd / whole))
    return found


def _extreme_cases(copies: int) -> list[Near]:
    """N different one-hot rows give log N; equal rows give 0."""
    found: list[Near] = []
    for T in (2, 3, 5):
        last = [[float(s == i) for s in range(T)] for i in range(T)]
        top = [[float(s == 0) for s in range(T)]] * (T - 1)
        maps = [[*top, row] for row in last for _ in range(copies)]
        rows = T - 1  # the mean is over rows 2..T, and all but the last are equal
        said = generative.map_statistics(maps=maps).jsd
        found.append((f"{T} one-hot rows", said * rows, ball(len(maps)).log()))
        found.append((f"{T} equal rows", generative.map_statistics(maps=maps[:1] * 4).jsd, ball(0)))
    return found


def _limit_cases(share: Fraction) -> list[Less]:
    """Of all sets of the four maps' rows, and of rows that are all but one-hot."""
    sharp = [tuple(Fraction(98 if s == i else 1, 100) for s in range(3)) for i in range(3)]
    sets = [[one[t] for one in chosen] for n in (2, 3, 4) for chosen in itertools.combinations(MAPS, n) for t in (1, 2)]
    sets += [sharp[:2], sharp]
    return [
        (f"set {number}", _divergence(rows), ball(share) * _divergence(rows, False).min(ball(len(rows)).log()))
        for number, rows in enumerate(sets)
    ]


def _sampled_cases(upwards: bool) -> list[Less]:
    """The mean divergence of N inputs drawn from four, over all draws, is below the divergence of the four."""
    found = []
    for t, n in itertools.product((1, 2), (1, 2, 3)):
        truth = _divergence([one[t] for one in MAPS])
        counts = Counter(tuple(sorted(draw)) for draw in itertools.product(range(len(MAPS)), repeat=n))
        mean = sum((times * _divergence([MAPS[i][t] for i in draw]) for draw, times in counts.items()), ball(0))
        mean = mean / len(MAPS) ** n
        found.append(
            (f"row {t + 1}, {n} inputs", truth, mean) if upwards else (f"row {t + 1}, {n} inputs", mean, truth)
        )
    return found


# ---------------------------------------------------------------------------- counting
def _witten_bell_mass(alphabet: str, train: str, context: str, distinct: bool) -> Fraction:
    """Sum over all characters of the interpolated probability, in fractions."""
    total = Fraction(0)
    for x in alphabet:
        p = Fraction(1, len(alphabet))
        for c in range(len(context) + 1):
            past = context[len(context) - c :]
            following = [train[i + c] for i in range(len(train) - c) if train[i : i + c] == past]
            if following:
                u = len(set(following)) if distinct else 1
                p = (following.count(x) + len(set(following)) * p) / (len(following) + u)
        total += p
    return total


def _counting_cases(distinct: bool) -> Iterator[Case]:
    for train in ("abracadabra", "aab", "a", "cabbage"):
        alphabet = "abcdegrz"
        for n in range(4):
            for context in itertools.product("abc", repeat=n):
                yield f"{train}, {context}", _witten_bell_mass(alphabet, train, "".join(context), distinct), 1


def _counting_losses(order: int) -> list[Near]:
    """The function's losses against its recipe in fractions: perplexity products of exact probabilities."""
    found: list[Near] = []
    for train, validation, alphabet in (
        ("abracadabra", "cabra", "abcdr"),
        ("aab", "ba", "ab"),
        ("abcabcab", "bcabz", "abcz"),
    ):
        said = generative.witten_bell_losses(train=train, validation=validation, order=2, V=len(alphabet))
        for c in range(3):
            product = Fraction(1)
            for i, x in enumerate(validation):
                product *= _witten_bell_probability(alphabet, train, validation[max(0, i - c - order) : i], x)
            loss = -ball(product).log() / len(validation)
            found.append((f"{train}, {c} characters", said[c], loss))
    return found


def _witten_bell_probability(alphabet: str, train: str, context: str, x: str) -> Fraction:
    p = Fraction(1, len(alphabet))
    for c in range(len(context) + 1):
        past = context[len(context) - c :]
        following = [train[i + c] for i in range(len(train) - c) if train[i : i + c] == past]
        if following:
            u = len(set(following))
            p = (following.count(x) + u * p) / (len(following) + u)
    return p


STEPS = (
    Step(
        "P7-gibbs",
        ("generative/window-floor",),
        "Of all predictions the posterior itself has the least expected loss (four laws against each other, 10^-3 apart)",
        "certify",
        lambda: certify.all_less(lambda: _better_cases(False)),
        Control("the posterior beats itself", lambda: certify.all_less(lambda: _better_cases(True))),
    ),
    Step(
        "P7",
        ("generative/window-floor",),
        "window_floor equals the least loss over all words, for three Markov sources and a hidden one, to 10^-12",
        "certify",
        lambda: certify.all_near(lambda: _floor_cases(0), within=CLOSE),
        Control("a window larger by one", lambda: certify.all_near(lambda: _floor_cases(1), within=CLOSE)),
    ),
    Step(
        "P7-order",
        ("generative/window-floor",),
        "A window of k - 1 tokens loses more than one of k, k the order, by 10^-3 at least",
        "certify",
        lambda: certify.all_less(lambda: _order_cases(0)),
        Control("k against k + 1", lambda: certify.all_less(lambda: _order_cases(1))),
    ),
    Step(
        "P7-tail",
        ("generative/window-floor",),
        "Beyond the order k nothing is gained: the next law given k tokens is one law",
        "exhaust",
        lambda: exhaust.equal(_no_further_cases(0)),
        Control("given k - 1 tokens", lambda: exhaust.equal(_no_further_cases(1))),
    ),
    Step(
        "P7-decrease",
        ("generative/window-floor",),
        "h_0 > h_1 > ... > h_7 for the two-state source: no finite window reaches its rate",
        "certify",
        lambda: certify.all_less(lambda: _decrease_cases(False)),
        Control("h_7 above h_6", lambda: certify.all_less(lambda: _decrease_cases(True))),
    ),
    Step(
        "P7-rate",
        ("generative/window-floor",),
        "Both bounds on the entropy rate equal enumeration, with and without the first state, to 10^-12",
        "certify",
        lambda: certify.all_near(lambda: _rate_cases(False), within=CLOSE),
        Control("bounds swapped", lambda: certify.all_near(lambda: _rate_cases(True), within=CLOSE)),
    ),
    Step(
        "P7-lag",
        ("generative/window-floor", "generative/copy-floor"),
        "The closed floor of the copying source equals enumeration; shorter than the lag it is log V",
        "certify",
        lambda: certify.all_near(lambda: _lag_cases(0), within=CLOSE),
        Control("a window larger by one", lambda: certify.all_near(lambda: _lag_cases(1), within=CLOSE)),
    ),
    Step(
        "P11-loss",
        ("generative/recall-floor",),
        "The loss equals the least loss over all sequences, for K, V = 3,2; 3,3; 2,4 and pools of K and K + 1 keys",
        "certify",
        lambda: certify.all_near(lambda: _recall_cases(False, True), within=CLOSE),
        Control("odd depths as even ones", lambda: certify.all_near(lambda: _recall_cases(False, False), within=CLOSE)),
    ),
    Step(
        "P11-accuracy",
        ("generative/recall-floor",),
        "So does the accuracy",
        "certify",
        lambda: certify.all_near(lambda: _recall_cases(True, True), within=CLOSE),
        Control("odd depths as even ones", lambda: certify.all_near(lambda: _recall_cases(True, False), within=CLOSE)),
    ),
    Step(
        "P11-zero",
        ("generative/recall-floor",),
        "The answer is determined exactly from D = 2K - 1 on",
        "exhaust",
        lambda: exhaust.holds(_zero_cases(0)),
        Control("from 2K on", lambda: exhaust.holds(_zero_cases(1))),
    ),
    Step(
        "P11-copy",
        ("generative/copy-floor",),
        "Over all decoders of S bits, the best share of words reproduced is min(1, 2^S V^-n)",
        "exhaust",
        lambda: exhaust.equal(_copy_cases(0)),
        Control("one bit fewer", lambda: exhaust.equal(_copy_cases(1))),
    ),
    Step(
        "P13",
        ("generative/map-information",),
        "Divergence, mutual information and map_statistics agree for all sets of four maps, to 10^-12",
        "certify",
        lambda: certify.all_near(lambda: _map_cases(True), within=CLOSE),
        Control("without the mean entropy", lambda: certify.all_near(lambda: _map_cases(False), within=CLOSE)),
    ),
    Step(
        "P13-extremes",
        ("generative/map-information",),
        "N different one-hot rows give log N, equal rows 0",
        "certify",
        lambda: certify.all_near(lambda: _extreme_cases(1), within=CLOSE),
        Control("every row twice, counted as 2N", lambda: certify.all_near(lambda: _extreme_cases(2), within=CLOSE)),
    ),
    Step(
        "P13-limits",
        ("generative/map-information",),
        "The divergence lies below log N and below the entropy of the mean row",
        "certify",
        lambda: certify.all_less(lambda: _limit_cases(Fraction(1))),
        Control("below half of them", lambda: certify.all_less(lambda: _limit_cases(Fraction(1, 2)))),
    ),
    Step(
        "P13-sample",
        ("generative/map-information",),
        "From N inputs the divergence is underestimated in expectation (all draws of 1 to 3 out of four)",
        "certify",
        lambda: certify.all_less(lambda: _sampled_cases(False)),
        Control("overestimated", lambda: certify.all_less(lambda: _sampled_cases(True))),
    ),
    Step(
        "counting-mass",
        ("generative/counting-law",),
        "The interpolated probabilities of all characters sum to 1 after every context",
        "exhaust",
        lambda: exhaust.equal(_counting_cases(True)),
        Control("1 in place of u below the line", lambda: exhaust.equal(_counting_cases(False))),
    ),
    Step(
        "counting-loss",
        ("generative/counting-law",),
        "witten_bell_losses equals its recipe in fractions, to 10^-12",
        "certify",
        lambda: certify.all_near(lambda: _counting_losses(0), within=CLOSE),
        Control("a context longer by one", lambda: certify.all_near(lambda: _counting_losses(1), within=CLOSE)),
    ),
)
