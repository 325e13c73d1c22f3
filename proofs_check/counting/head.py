"""One head in exact form: the bag, the halfspace, influence of a token, metrics as finite sums, and their sampling error."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from proofs_check.core import certify, exhaust, identity, sample
from proofs_check.core.derivation import Control, Result, Step
from proofs_check.counting.strings import HALF, Head, chances, random_heads, score, strings
from theory import counting

PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97)


MIXED: Head = (HALF, Fraction(1), Fraction(0), Fraction(0), Fraction(1))  # (1, 2, 0) and (0, 0, 1) both score 0


# ---------------------------------------------------------------------------- the bag
def _bag_cases(left_out: int) -> Iterator[tuple[str, Fraction, Fraction]]:
    """Causal softmax token by token against the counts of the prefix, weights exp(M[q, k]) = different primes."""
    values = (Fraction(-3, 2), Fraction(1), Fraction(2, 3), Fraction(5), Fraction(-1, 7))
    for length in range(1 + left_out, 6):
        for word in itertools.product(range(5), repeat=length):
            weights = [PRIMES[5 * word[-1] + token] for token in word]
            token_by_token = sum((a * values[t] for a, t in zip(weights, word)), Fraction(0)) / sum(weights)
            bag = [word[left_out:].count(t) for t in range(5)]
            row = PRIMES[5 * word[-1] : 5 * word[-1] + 5]
            total = sum(c * a for c, a in zip(bag, row))
            from_bag = (
                sum((c * a * v for c, a, v in zip(bag, row, values)), Fraction(0)) / total if total else Fraction(0)
            )
            yield f"sequence {word}", token_by_token, from_bag


def _sentences(N: int, tie: str) -> dict[tuple[str, int, tuple[int, ...]], Fraction]:
    """Expected occurrences of each state, by writing out every sentence of length 1 to N token by token."""
    found: dict[tuple[str, int, tuple[int, ...]], Fraction] = {}
    for n in range(1, N + 1):
        for body in itertools.product((1, 2, 3), repeat=n):
            mass = Fraction(1, N * 3**n)
            label = 1 + (body.count(2) > body.count(1))
            answered = tie == "neg" or body.count(1) != body.count(2)
            sentence = [0, *body, 4, label] if answered else [0, *body]
            for i, query in enumerate(sentence):
                counts = tuple(sentence[: i + 1].count(t) for t in range(5))
                kind = "word" if i <= n else f"answer_{label - 1}" if i == n + 1 else "closing"
                found[kind, query, counts] = found.get((kind, query, counts), Fraction(0)) + mass
    return found


def _state_cases(tie: str) -> list[tuple[str, float, Any]]:
    """Weights of the table against sentences written out, N = 5; `tie` is the rule under which they are written."""
    expected, cases = _sentences(5, tie), []
    table = counting.enumerate_states(N=5)
    for kind, query, counts, weight in zip(table.kinds, table.query, table.counts, table.weight):
        key = (kind, int(query), tuple(map(int, counts)))
        cases.append((f"{key}", float(weight), expected.pop(key, Fraction(0))))
    return cases + [(f"{key}", 0.0, mass) for key, mass in expected.items()]


def _hazard_cases(shift: int) -> list[tuple[str, float, Any]]:
    """Chance that E comes next, from the table and from the lengths, N = 7."""
    table, cases = counting.enumerate_states(N=7), []
    for kind, counts, target in zip(table.kinds, table.counts, table.target):
        if kind == "word":
            i = int(counts[1:4].sum())
            cases.append((f"{i} tokens", float(target[4]), Fraction(1, 7 - i + 1 + shift) if i else Fraction(0)))
    return cases


def _count_cases(shift: int) -> Iterator[tuple[str, int, int]]:
    for N in range(1, 9):
        for law, tie, closing in itertools.product(("fixed", "uniform"), ("neg", "drop"), (True, False)):
            how: dict[str, Any] = {"length_law": law, "tie": tie, "closing": closing}
            yield (
                f"N={N} {how}",
                counting.n_states(N=N, **how) + shift,
                len(counting.enumerate_states(N=N, **how).kinds),
            )


# ---------------------------------------------------------------------------- the halfspace
def _symbols() -> dict[str, Any]:
    import sympy

    names = ["n0", "n1", "n2", "w01", "w02", "kappa", "sigma", "wS", "b"]
    return dict(zip(names, sympy.symbols(names, positive=True)))


def _score_parts(v: dict[str, Any]) -> tuple[Any, Any]:
    above = -v["n0"] + v["w01"] * v["n1"] + v["kappa"] * v["w02"] * v["n2"] + v["sigma"] * v["wS"]
    return above, v["n0"] + v["w01"] * v["n1"] + v["w02"] * v["n2"] + v["wS"]


def _halfspace(sign: int) -> Result:
    v = _symbols()
    above, below = _score_parts(v)
    b = v["b"]
    plane = (
        -(1 + b) * v["n0"]
        + v["w01"] * (1 - sign * b) * v["n1"]
        + v["w02"] * (v["kappa"] - b) * v["n2"]
        + v["wS"] * (v["sigma"] - b)
    )
    return identity.vanishes(above / below - b - plane / below)


def _coordinates(own_threshold: bool) -> Result:
    """The contribution of a head in its five weights and values equals gain s + mid in canonical coordinates."""
    import sympy

    a = sympy.symbols("a0 a1 a2 aB aE", positive=True)
    c = sympy.symbols("c0 c1 c2 cB cE", positive=True)
    n = (*sympy.symbols("n0 n1 n2", positive=True), 1, 1)
    direct = sum(k * x * y for k, x, y in zip(n, a, c)) / sum(k * x for k, x in zip(n, a))
    gain, mid = (c[1] - c[0]) / 2, (c[0] + c[1]) / 2
    centre = mid if own_threshold else 0
    frame = (a[3] * c[3] + a[4] * c[4]) / (a[3] + a[4])
    v = {"n0": n[0], "n1": n[1], "n2": n[2], "w01": a[1] / a[0], "w02": a[2] / a[0], "wS": (a[3] + a[4]) / a[0]}
    v |= {"kappa": (c[2] - centre) / gain, "sigma": (frame - centre) / gain}
    above, below = _score_parts(v)
    return identity.vanishes(direct - gain * above / below - mid)


def _converted_cases(with_mid: bool) -> list[tuple[str, float, Any]]:
    """`canonicalize_head` and `canonical_score` against softmax attention in balls."""
    draw, cases = random.Random(1), []
    for i in range(30):
        logits = tuple(Fraction(draw.randint(-16, 16), 8) for _ in range(5))
        values = tuple(Fraction(draw.randint(-16, 16), 8) + j % 2 * 5 for j in range(5))
        n = (draw.randint(0, 5), draw.randint(0, 5), draw.randint(1, 5))
        made = counting.canonicalize_head(logits=logits, values=values)
        mid = float(values[0] + values[1]) / 2 if with_mid else 0.0
        found = made.gain * float(counting.canonical_score(n=n, head=made.head)) + mid
        a = [certify.ball(one).exp() for one in logits]
        counts = (*n, 1, 1)
        exact = sum(k * x * certify.ball(c) for k, x, c in zip(counts, a, values)) / sum(
            k * x for k, x in zip(counts, a)
        )
        cases.append((f"head {i}", found, exact))
    return cases


def _influence(shift: int) -> Result:
    v = _symbols()
    above, below = _score_parts(v)
    parts = []
    for name, a, c in (("n0", 1, -1), ("n1", v["w01"], 1), ("n2", v["w02"], v["kappa"])):
        more = {v[name]: v[name] + 1}
        change = above.subs(more) / below.subs(more) - above / below
        parts.append(change - a * (c - above / below) / (below + shift * a))
    return identity.vanishes(parts)


def _influence_cases(added: int) -> Iterator[tuple[str, Fraction, Fraction]]:
    for head, n in zip(random_heads(40, seed=3), itertools.cycle(strings(4, "neg"))):
        for t in range(3):
            more = list(n)
            more[t] += added
            change = score((more[0], more[1], more[2]), head) - score(n, head)
            yield f"{head} {n} token {t}", Fraction(counting.token_influence(n=n, head=head, t=t)), change


# ---------------------------------------------------------------------------- the model is linear in its heads
def _linear_cases(last: int) -> Iterator[tuple[str, Fraction, Fraction]]:
    """Logit difference of a net of three heads against the sum of gain s + mid over the first `last` of them."""
    draw = random.Random(5)
    for i, n in zip(range(60), itertools.cycle(strings(5, "neg"))):
        net = [
            (
                [Fraction(draw.randint(1, 9)) for _ in range(5)],
                [Fraction(draw.randint(-9, 9)) + 20 * (j == 1) for j in range(5)],
            )
            for _ in range(3)
        ]
        counts, direct, summed = (*n, 1, 1), Fraction(0), Fraction(0)
        for number, (a, c) in enumerate(net):
            direct += sum((k * x * y for k, x, y in zip(counts, a, c)), Fraction(0)) / sum(
                k * x for k, x in zip(counts, a)
            )
            gain, mid = (c[1] - c[0]) / 2, (c[0] + c[1]) / 2
            frame = (a[3] * c[3] + a[4] * c[4]) / (a[3] + a[4])
            head = (a[1] / a[0], a[2] / a[0], (c[2] - mid) / gain, (frame - mid) / gain, (a[3] + a[4]) / a[0])
            if number < last:
                summed += gain * Fraction(counting.canonical_score(n=n, head=head)) + mid
        yield f"net {i} at {n}", direct, summed


# ---------------------------------------------------------------------------- metrics
def _best_by_all_cuts(law: list[tuple[Any, Fraction]], head: Head, split: bool) -> Fraction:
    """Separation accuracy by trying a cut below, between and above all scores; `split` parts equal scores by label."""
    ranked = sorted((score(n, head), int(split and n[1] > n[0]), n[1] > n[0], mass) for n, mass in law)
    cuts = [(min(ranked)[0] - 1, 0), *((value, order) for value, order, _, _ in ranked)]
    best = Fraction(0)
    for cut in cuts:
        right = sum((mass for value, order, label, mass in ranked if ((value, order) > cut) == label), Fraction(0))
        best = max(best, right, 1 - right)
    return best


def _separation_cases(split: bool) -> Iterator[tuple[str, Fraction, Fraction]]:
    for law, tie in itertools.product(("fixed", "uniform"), ("neg", "drop")):
        states = chances(5, law, tie)
        for head in (MIXED, *random_heads(12, seed=7)):
            found = counting.separation_accuracy(length_law=law, N=5, head=head, tie=tie)
            yield f"{law} {tie} {head}", Fraction(found), _best_by_all_cuts(states, head, split)


def _auc_cases(for_ties: Fraction) -> Iterator[tuple[str, Fraction, Fraction]]:
    for law, tie in itertools.product(("fixed", "uniform"), ("neg", "drop")):
        states = chances(5, law, tie)
        for head in random_heads(8, seed=8):
            scored = [(score(n, head), n[1] > n[0], mass) for n, mass in states]
            ones, zeros = [one for one in scored if one[1]], [one for one in scored if not one[1]]
            won = sum((p * q * ((s > t) + for_ties * (s == t)) for s, _, p in ones for t, _, q in zeros), Fraction(0))
            total = sum(p for *_, p in ones) * sum(q for *_, q in zeros)
            found = counting.roc_auc(length_law=law, N=5, head=head, tie=tie)
            yield f"{law} {tie} {head}", Fraction(found), won / total


def _own_cases(strict: bool) -> Iterator[tuple[str, Fraction, Fraction]]:
    """Accuracy at a threshold that some scores meet exactly; `strict` reads the rule as s > b."""
    for law, tie in itertools.product(("fixed", "uniform"), ("neg", "drop")):
        states = chances(6, law, tie)
        for head in random_heads(12, seed=9):
            b = score((1, 2, 0), head)
            for gain in (2, -1):
                right = Fraction(0)
                for n, mass in states:
                    away = gain * (score(n, head) - b)
                    answer = away > 0 if strict else away >= 0
                    right += mass * (answer == (n[1] > n[0]))
                how: dict[str, Any] = {"length_law": law, "N": 6, "head": head, "tie": tie, "b": b, "gain": gain}
                yield f"{how}", Fraction(counting.fixed_threshold_accuracy(**how)), right


def _prior_cases(tie: str) -> Iterator[tuple[str, Fraction, Fraction]]:
    for N in range(2, 9):
        for law in ("fixed", "uniform"):
            ones = sum((mass for n, mass in chances(N, law, tie) if n[1] > n[0]), Fraction(0))
            more = Fraction(counting.class_prior(length_law=law, N=N).more)
            yield f"more, {law} {N}", more, ones
            found = Fraction(counting.majority_accuracy(length_law=law, N=N, tie="neg"))
            yield f"floor, {law} {N}", found, max(ones, 1 - ones)


# ---------------------------------------------------------------------------- sampling
def _deviations(m: int, runs: int, seed: int, factor: Fraction) -> Any:
    """|accuracy on m drawn strings - the exact one of a head whose w01 is multiplied by `factor`|, one a run."""
    import numpy as np

    head: Head = (Fraction(1), Fraction(1), HALF, Fraction(0), Fraction(1))
    states = counting.enumerate_states(N=12, closing=False)
    rows = [i for i, kind in enumerate(states.kinds) if kind != "word"]
    bodies = [(int(a), int(b), int(c)) for a, b, c in states.counts[rows, 1:4]]
    scores = [score(n, head) for n in bodies]
    order = sorted(range(len(rows)), key=scores.__getitem__)
    last = np.array([i + 1 == len(order) or scores[order[i + 1]] > scores[order[i]] for i in range(len(order))])
    drawn = np.random.default_rng(seed).multinomial(m, states.weight[rows] / states.weight[rows].sum(), runs)
    sign = np.array([-1 if bodies[i][1] > bodies[i][0] else 1 for i in order])
    right = np.cumsum(drawn[:, order] * sign, axis=1)[:, last]
    ones = (drawn[:, order] * (sign < 0)).sum(axis=1, keepdims=True)
    accuracy = np.c_[ones, ones + right, m - ones, m - ones - right].max(axis=1) / m
    wrong = (head[0] * factor, *head[1:])
    exact = counting.separation_accuracy(length_law="uniform", N=12, head=wrong, tie="neg")
    return np.abs(accuracy - float(exact))


def _sampled(factor: Fraction) -> Result:
    allowed = counting.separation_accuracy_error(m=4000, K=454, delta=0.05)
    return sample.at_most(int((_deviations(4000, 400, 2, factor) > allowed).sum()), 400, 0.05)


def _radius_cases(cuts: int) -> list[tuple[str, float, Any]]:
    cases = []
    for m, K, delta in ((4000, 454, Fraction(1, 100)), (100, 20, Fraction(1, 2)), (10**6, 6544, Fraction(1, 1000))):
        cover = sum(math.comb(K - 1, i) for i in range(3 + cuts))
        for heads, number in (("one", K + cuts), ("all", cover)):
            exact = ((certify.ball(4 * number) / certify.ball(delta)).log() / (2 * m)).sqrt()
            found = counting.separation_accuracy_error(m=m, K=K, delta=float(delta), heads=heads)
            cases.append((f"{heads} m={m}", found, exact))
    return cases


STEPS = (
    Step(
        "bag",
        ("counting/bag-identity",),
        "Causal softmax token by token equals the form in counts, on all 3905 sequences of up to five tokens",
        "exhaust",
        lambda: exhaust.equal(_bag_cases(0)),
        Control("the first token left out of the bag", lambda: exhaust.equal(_bag_cases(1))),
    ),
    Step(
        "states",
        ("counting/bag-identity",),
        "The weights of all states equal their expected occurrences in sentences written out, N = 5, to 10^-14",
        "certify",
        lambda: certify.all_near(lambda: _state_cases("neg"), within=1e-14),
        Control(
            "sentences without the answer to a tie",
            lambda: certify.all_near(lambda: _state_cases("drop"), within=1e-14),
        ),
    ),
    Step(
        "hazards",
        ("counting/bag-identity",),
        "After i tokens the sentence ends with probability 1/(N - i + 1), and never at i = 0",
        "certify",
        lambda: certify.all_near(lambda: _hazard_cases(0), within=1e-14),
        Control("1/(N - i + 2)", lambda: certify.all_near(lambda: _hazard_cases(1), within=1e-14)),
    ),
    Step(
        "number-of-states",
        ("counting/bag-identity",),
        "The closed number of states is that of the table, N up to 8, every switch",
        "exhaust",
        lambda: exhaust.equal(_count_cases(0)),
        Control("one more", lambda: exhaust.equal(_count_cases(1))),
    ),
    Step(
        "T1",
        ("counting/halfspace",),
        "s - b = L_b/Z with L_b affine in the counts",
        "identity",
        lambda: _halfspace(1),
        Control("1 + b in place of 1 - b", lambda: _halfspace(-1)),
    ),
    Step(
        "T1-coordinates",
        ("counting/halfspace",),
        "A head's contribution is gain s + mid in its five canonical numbers",
        "identity",
        lambda: _coordinates(True),
        Control("kappa and sigma not centred at mid", lambda: _coordinates(False)),
    ),
    Step(
        "T1-function",
        ("counting/halfspace",),
        "The functions give the same contribution as softmax attention in balls, to 10^-13",
        "certify",
        lambda: certify.all_near(lambda: _converted_cases(True), within=1e-13),
        Control("mid left out", lambda: certify.all_near(lambda: _converted_cases(False), within=1e-13)),
    ),
    Step(
        "linear",
        ("counting/linear-combination",),
        "Without residual and bias the answer's logit difference is the sum of gain s + mid over the heads, exactly",
        "exhaust",
        lambda: exhaust.equal(_linear_cases(3)),
        Control("the sum without one head", lambda: exhaust.equal(_linear_cases(2))),
    ),
    Step(
        "influence",
        ("counting/influence",),
        "One more token t changes s by a_t (c_t - s)/(Z + a_t)",
        "identity",
        lambda: _influence(1),
        Control("divided by Z", lambda: _influence(0)),
    ),
    Step(
        "influence-function",
        ("counting/influence",),
        "The function equals the difference of two scores",
        "exhaust",
        lambda: exhaust.equal(_influence_cases(1)),
        Control("two more tokens", lambda: exhaust.equal(_influence_cases(2))),
    ),
    Step(
        "metrics",
        ("counting/exact-metrics",),
        "Separation accuracy equals the best of all cuts, in fractions, N = 5",
        "exhaust",
        lambda: exhaust.equal(_separation_cases(False)),
        Control("equal scores parted", lambda: exhaust.equal(_separation_cases(True))),
    ),
    Step(
        "metrics-auc",
        ("counting/exact-metrics",),
        "ROC AUC equals the sum over all pairs of strings, equal scores counting one half",
        "exhaust",
        lambda: exhaust.equal(_auc_cases(HALF)),
        Control("equal scores counting 0", lambda: exhaust.equal(_auc_cases(Fraction(0)))),
    ),
    Step(
        "metrics-threshold",
        ("counting/exact-metrics",),
        "Accuracy at a threshold equals the sum over all strings, for both signs of the gain, ties of score included",
        "exhaust",
        lambda: exhaust.equal(_own_cases(True)),
        Control("a score at the threshold answered 1", lambda: exhaust.equal(_own_cases(False))),
    ),
    Step(
        "metrics-floor",
        ("counting/exact-metrics",),
        "Class prior and accuracy of the constant answer equal sums over all strings, N up to 8",
        "exhaust",
        lambda: exhaust.equal(_prior_cases("neg")),
        Control("with ties dropped", lambda: exhaust.equal(_prior_cases("drop"))),
    ),
    Step(
        "sampling",
        ("counting/sampling-error",),
        "The accuracy on 4000 sampled strings leaves the exact one by more than the bound in at most 5 % of runs",
        "sample",
        lambda: _sampled(Fraction(1)),
        Control("the exact accuracy of a head with 2 w01", lambda: _sampled(Fraction(2))),
    ),
    Step(
        "sampling-function",
        ("counting/sampling-error",),
        "The function equals sqrt(ln(4 M/delta)/(2m)) in balls, M = K + 1 cuts or the sum of C(K-1, i), i <= 3",
        "certify",
        lambda: certify.all_near(lambda: _radius_cases(1), within=1e-13),
        Control("one cut fewer, and i <= 2", lambda: certify.all_near(lambda: _radius_cases(0), within=1e-13)),
    ),
)
