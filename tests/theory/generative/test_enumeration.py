"""Floors, entropies and audits against enumeration of all cases, and against second methods."""

import itertools
import math
from collections import Counter, defaultdict
from fractions import Fraction as F

import numpy as np
import pytest

import theory.generative as generative


def words(source, length):
    """Every word of a source with its probability, symbol by symbol from the stationary law."""
    law = generative.stationary_law(source=source)
    if isinstance(source, generative.HiddenMarkovSource):
        A, E = np.array(source.A), np.array(source.E)
        for word in itertools.product(range(E.shape[1]), repeat=length):
            state = np.array(law)
            for x in word:
                state = (state * E[:, x]) @ A
            yield word, float(state.sum())
        return
    V, k = source.V, source.k
    for past, mass in enumerate(law):
        start = tuple(past // V**i % V for i in reversed(range(k)))
        for rest in itertools.product(range(V), repeat=max(length - k, 0)):
            word, p = start + rest, mass
            for t in range(k, len(word)):
                p *= source.table[sum(word[t - 1 - i] * V**i for i in range(k))][word[t]]
            yield word[:length] if length < k else word, p


def optimal_loss(pairs):
    """Least expected log-loss of guessing the second entry from the first, from (key, target, probability)."""
    table = defaultdict(Counter)
    for key, target, p in pairs:
        table[key][target] += p
    return math.fsum(p * math.log(sum(row.values()) / p) for row in table.values() for p in row.values() if p > 0)


SOURCES = {
    "int(2,3)": generative.integer_markov_source(V=2, k=3),
    "int(3,2)": generative.integer_markov_source(V=3, k=2),
    "iid": generative.MarkovSource(V=3, k=0, table=((0.5, 0.3, 0.2),)),
    "lag": generative.lag_copy_source(V=2, lag=3, eps=0.25),
    "hmm": generative.HiddenMarkovSource(A=((0.95, 0.05), (0.1, 0.9)), E=((0.7, 0.2, 0.1), (0.1, 0.3, 0.6))),
    "even": generative.even_process(),
}


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("window", [1, 2, 3, 4])
def test_window_floor_is_the_optimal_loss_over_all_words(name, window):
    T, source = 6, SOURCES[name]
    everything = list(words(source, T + 1))
    assert math.fsum(p for _, p in everything) == pytest.approx(1, abs=1e-12)
    found = [optimal_loss((w[max(0, t - window) : t], w[t], p) for w, p in everything) for t in range(1, T + 1)]
    h = generative.conditional_entropies(source=source, kmax=T)
    assert generative.window_floor(h=h, T=T, window=window) == pytest.approx(math.fsum(found) / T, abs=1e-12)


@pytest.mark.parametrize("name", ["hmm", "even"])
def test_lower_bound_of_the_rate_is_the_loss_given_the_first_state(name):
    source, n = SOURCES[name], 4
    A, E, law = np.array(source.A), np.array(source.E), generative.stationary_law(source=source)
    pairs = []
    for states in itertools.product(range(len(A)), repeat=n):
        for word in itertools.product(range(E.shape[1]), repeat=n):
            p = law[states[0]] * math.prod(E[s, x] for s, x in zip(states, word))
            p *= math.prod(A[a, b] for a, b in itertools.pairwise(states))
            pairs.append(((states[0], word[:-1]), word[-1], p))
    assert generative.entropy_rate_bounds(source=source, n=n)[0] == pytest.approx(optimal_loss(pairs), abs=1e-12)


def test_rate_by_filtering_one_long_word():
    source, rng, n = SOURCES["hmm"], np.random.default_rng(1), 20000
    A, E = np.array(source.A), np.array(source.E)
    state, belief, nll = 0, np.array([2 / 3, 1 / 3]), []
    for _ in range(n):
        x = rng.choice(3, p=E[state])
        nll.append(-math.log(belief @ E[:, x]))
        belief = belief * E[:, x] / (belief @ E[:, x]) @ A
        state = rng.choice(2, p=A[state])
    low, high = generative.entropy_rate_bounds(source=source, n=9)
    assert abs(np.mean(nll) - (low + high) / 2) < 4 * np.std(nll) * 3 / math.sqrt(n)  # 3: correlated terms


@pytest.mark.parametrize("V", [2, 3])
def test_stationary_law_solves_its_equation_in_fractions(V):
    source, k = generative.integer_markov_source(V=V, k=2), 2
    weights = [[1 + ((7 * s + 5 * x + 3 * s * x) % 11) ** 2 for x in range(V)] for s in range(V**k)]
    import sympy

    n = V**k
    q = sympy.symbols(f"q:{n}")
    step = [[F(0)] * n for _ in range(n)]
    for s in range(n):
        for x in range(V):
            step[s][(s * V + x) % n] += F(weights[s][x], sum(weights[s]))
    equations = [sum(q[i] * sympy.Rational(step[i][j]) for i in range(n)) - q[j] for j in range(n)] + [sum(q) - 1]
    (solution,) = sympy.linsolve(equations, *q)
    assert generative.stationary_law(source=source) == pytest.approx([float(v) for v in solution], abs=1e-15)


@pytest.mark.parametrize(("K", "V", "extra"), [(2, 2, 0), (2, 3, 1), (3, 2, 0), (3, 2, 1), (2, 4, 0)])
def test_recall_floor_over_all_sequences(K, V, extra):
    for depth in range(2 * K + 1):
        table = defaultdict(Counter)
        for keys in itertools.permutations(range(K + extra), K):
            for values in itertools.product(range(V), repeat=K):
                sequence = [one for k, v in zip(keys, values) for one in (("key", k), ("value", v))]
                for i in range(K):
                    table[tuple([*sequence, ("key", keys[i])][-depth - 1 :])][values[i]] += 1
        total = sum(sum(row.values()) for row in table.values())
        loss = math.fsum(n / total * math.log(sum(row.values()) / n) for row in table.values() for n in row.values())
        best = sum(max(row.values()) for row in table.values()) / total
        assert generative.recall_floor(K=K, V=V, D=depth) == pytest.approx((loss, best), abs=1e-12)


@pytest.mark.parametrize("p", [(0.5, 0.5), (0.5, 0.3, 0.2), (0.7, 0.3), (1.0, 0.0)])
@pytest.mark.parametrize("n", [0, 1, 2, 5, 7])
def test_urn_entropy_over_all_draws(p, n):
    terms = []
    for draws in itertools.product(range(len(p)), repeat=n):
        entropy = sum(c / n * math.log(n / c) for c in Counter(draws).values())
        terms.append(math.prod(p[x] for x in draws) * entropy)
    assert generative.urn_entropy(n=n, p=p) == pytest.approx(math.fsum(terms), abs=1e-14)


def test_urn_entropy_of_many_draws_is_near_the_entropy():
    p = (0.5, 0.3, 0.2)
    entropy = -sum(x * math.log(x) for x in p)
    n = 10**6
    assert entropy - generative.urn_entropy(n=n, p=p) == pytest.approx((len(p) - 1) / (2 * n), rel=1e-3)  # Miller-Madow


@pytest.mark.parametrize("T", [2, 3, 4, 5])
@pytest.mark.parametrize("p", [(0.5, 0.5), (0.5, 0.3, 0.2)])
def test_leak_floors_over_all_words(T, p):
    bag, positions = [], []
    for t in range(1, T + 1):
        rows = []
        for word in itertools.product(range(len(p)), repeat=T + 1):
            mass = math.prod(p[x] for x in word)
            inside = 2 <= t <= T - 1
            seen = (word[t - 1], word[t - 2], tuple(sorted(word[:T]))) if inside else word[:t]
            rows.append((seen, word[:T] if inside else seen, word[t], mass))
        bag.append(optimal_loss((seen, x, mass) for seen, _, x, mass in rows))
        positions.append(optimal_loss((all_, x, mass) for _, all_, x, mass in rows))
    assert generative.leak_floor(T=T, p=p, knowledge="bag") == pytest.approx(sum(bag) / T, abs=1e-13)
    assert generative.leak_floor(T=T, p=p, knowledge="positions") == pytest.approx(sum(positions) / T, abs=1e-13)


def test_lag_copy_floor_agrees_with_the_entropies_of_its_source():
    for V, lag, eps, T in ((2, 1, 0.5, 3), (2, 4, 0.1, 9), (3, 3, 1.0, 2), (4, 2, 0.3, 32)):
        h = generative.conditional_entropies(source=generative.lag_copy_source(V=V, lag=lag, eps=eps), kmax=lag)
        for window in range(1, lag + 3):
            expected = generative.window_floor(h=h, T=T, window=window, constant_tail=True)
            assert generative.lag_copy_floor(V=V, lag=lag, eps=eps, T=T, window=window) == pytest.approx(
                expected, abs=1e-13
            )


def slow_witten_bell(train, validation, order, V):
    followers = defaultdict(Counter)
    for i, x in enumerate(train):
        for c in range(min(i, order) + 1):
            followers[train[i - c : i]][x] += 1
    sums = [0.0] * (order + 1)
    for i, x in enumerate(validation):
        p = 1 / V
        for c in range(order + 1):
            seen = followers.get(validation[i - c : i]) if c <= i else None
            if seen:
                p = (seen[x] + len(seen) * p) / (seen.total() + len(seen))
            sums[c] -= math.log(p)
    return tuple(s / len(validation) for s in sums)


@pytest.mark.parametrize("seed", range(6))
def test_witten_bell_by_dictionaries(seed):
    source = np.random.default_rng(seed)
    letters = "ab é\U0001f600"[: 2 + seed % 4]
    train = "".join(source.choice(list(letters), source.integers(1, 200)))
    validation = "".join(source.choice([*letters, "z"], source.integers(1, 60)))
    found = generative.witten_bell_losses(train=train, validation=validation, order=7, V=9)
    assert found == pytest.approx(slow_witten_bell(train, validation, 7, 9), abs=1e-12)


def test_map_divergence_is_the_mutual_information_of_the_joint_table():
    source = np.random.default_rng(0)
    maps = np.tril(source.random((5, 4, 4)) ** 3)
    maps /= maps.sum(axis=2, keepdims=True)
    information = []
    for t in range(1, 4):
        joint = maps[:, t, :] / len(maps)
        product = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
        information.append(float((joint[joint > 0] * np.log(joint[joint > 0] / product[joint > 0])).sum()))
    assert generative.map_statistics(maps=maps).jsd == pytest.approx(np.mean(information), abs=1e-15)


def test_causality_audit_finds_the_future_position_by_position():
    table = np.random.default_rng(0).normal(size=(8, 3))

    def stack(context):
        def logits(tokens):
            u = np.stack([generative.generative_function(u=table[:3][row], context=context) for row in tokens])
            return np.stack([generative.generative_function(u=one, context=context) for one in u])

        return logits

    for context in ("none", "running_mean"):
        assert generative.causality_audit(model=stack(context), vocabulary=3, T=5, seed=1) == (0.0,) * 5
    found = generative.causality_audit(model=stack("window_mean"), vocabulary=3, T=5, seed=1)
    assert found[0] == found[-1] == 0.0 and min(found[1:-1]) > 0
