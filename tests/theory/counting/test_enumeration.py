"""Against strings written out token by token, and against other routes to the same number."""

import itertools
import math
from fractions import Fraction as F

import numpy as np
import pytest

from theory import counting
from theory.counting.programs import _opposing_weights

LAWS = [(law, tie) for law in ("fixed", "uniform") for tie in ("neg", "drop")]
SKEWED = (F(1, 2), F(1, 3), F(1, 6))


def bodies(N, law, tie, p):
    """(body, probability after the tie rule) of every string, written out."""
    found = []
    for n in (N,) if law == "fixed" else range(1, N + 1):
        for body in itertools.product(range(3), repeat=n):
            mass = math.prod(p[t] for t in body) / (1 if law == "fixed" else N)
            if tie == "neg" or body.count(0) != body.count(1):
                found.append((body, mass))
    total = sum(mass for _, mass in found)
    return [(body, mass / total) for body, mass in found]


def attended(body, head):
    """Score from softmax weights, one token after the other, the frame token B first."""
    w01, w02, kappa, sigma, frame = head
    weights = [frame, *((1, w01, w02)[t] for t in body)]
    values = [sigma, *((-1, 1, kappa)[t] for t in body)]
    return F(sum(a * c for a, c in zip(weights, values))) / sum(weights)


HEADS = [
    (F(2), F(1), F(0), F(0), F(1)),
    (F(1, 2), F(1, 3), F(1, 4), F(-1, 2), F(2)),
    (F(1), F(2), F(-1, 2), F(0), F(0)),
    (F(3), F(1, 5), F(2), F(3), F(1, 7)),
]


@pytest.mark.parametrize(("law", "tie"), LAWS)
@pytest.mark.parametrize("p", [counting.P, SKEWED], ids=["uniform", "skewed"])
def test_metrics_on_written_strings(law, tie, p):
    states = bodies(4, law, tie, p)
    for head in HEADS:
        scored = [(attended(body, head), body.count(1) > body.count(0), mass) for body, mass in states]
        accuracies = []
        for b in {-F(10), *(s for s, _, _ in scored)}:
            right = sum(mass for s, y, mass in scored if (s > b) == y)
            accuracies += [right, 1 - right]
        how = {"length_law": law, "N": 4, "head": head, "tie": tie, "p": p}
        assert counting.separation_accuracy(**how) == max(accuracies)
        ones, zeros = [(s, m) for s, y, m in scored if y], [(s, m) for s, y, m in scored if not y]
        won = sum(m * q * ((s > t) + F(s == t, 2)) for s, m in ones for t, q in zeros)
        assert counting.roc_auc(**how) == won / sum(m for _, m in ones) / sum(m for _, m in zeros)
        for b, gain in ((0, 1), (F(1, 3), -2)):
            right = sum(mass for s, y, mass in scored if (gain * (s - b) > 0) == y)
            assert counting.fixed_threshold_accuracy(**how, b=b, gain=gain) == right


@pytest.mark.parametrize(("law", "tie"), LAWS)
def test_prior_on_written_strings(law, tie):
    states = bodies(5, law, tie, SKEWED)
    ones = sum(mass for body, mass in states if body.count(1) > body.count(0))
    assert counting.majority_accuracy(length_law=law, N=5, tie=tie, p=SKEWED) == max(ones, 1 - ones)
    if tie == "neg":
        assert counting.class_prior(length_law=law, N=5, p=SKEWED).more == ones


@pytest.mark.parametrize(("law", "tie"), LAWS)
@pytest.mark.parametrize("p", [SKEWED, (F(1, 2), F(1, 2), F(0))], ids=["skewed", "no noise"])
def test_table_of_states_on_written_sentences(law, tie, p):
    expected, following = {}, {}
    for n in (5,) if law == "fixed" else range(1, 6):
        for body in itertools.product(range(3), repeat=n):
            mass = math.prod(p[t] for t in body) / (1 if law == "fixed" else 5)
            y = 1 + (body.count(1) > body.count(0))
            answered = tie == "neg" or body.count(1) != body.count(0)
            sentence = [0, *(t + 1 for t in body), 4, *([y, 4] if answered else [])]
            for i in range(len(sentence) - 1):
                kind = "word" if i <= n else f"answer_{y - 1}" if i == n + 1 else "closing"
                key = (kind, sentence[i], tuple(sentence[: i + 1].count(t) for t in range(5)))
                expected[key] = expected.get(key, 0) + mass
                following.setdefault(key, [0] * 5)[sentence[i + 1]] += mass
    expected = {key: mass for key, mass in expected.items() if mass}
    table = counting.enumerate_states(length_law=law, N=5, p=p, tie=tie)
    keys = [(k, int(q), tuple(map(int, c))) for k, q, c in zip(table.kinds, table.query, table.counts)]
    assert len(keys) == len(set(keys)) and set(keys) == set(expected)
    for key, weight, target in zip(keys, table.weight, table.target):
        assert weight == pytest.approx(float(expected[key]), rel=1e-13)
        assert target == pytest.approx([float(m / expected[key]) for m in following[key]], abs=1e-13)


def test_softmax_token_by_token_equals_the_canonical_score():
    source = np.random.default_rng(0)
    for _ in range(50):
        logits, values = source.normal(size=5) * 2, source.normal(size=5)
        body = source.integers(0, 3, source.integers(1, 30))
        tokens = [3, *body, 4]
        weights = np.exp(logits[tokens])
        direct = (weights * values[tokens]).sum() / weights.sum()
        made = counting.canonicalize_head(logits=logits, values=values)
        n = tuple(int((body == t).sum()) for t in range(3))
        mid = (values[0] + values[1]) / 2
        assert made.gain * counting.canonical_score(n=n, head=made.head) + mid == pytest.approx(
            direct, rel=1e-11, abs=1e-11
        )
        assert made.gain * made.b_own + mid == pytest.approx(0, abs=1e-12)


def test_floats_and_fractions_agree_and_surfaces_are_single_heads():
    source, draws = np.random.default_rng(1), []
    for _ in range(30):
        head = tuple(F(int(x), 16) for x in (source.integers(1, 40), source.integers(0, 40), *source.integers(-20, 20, 2), source.integers(1, 40)))  # fmt: skip
        exact = {"length_law": "uniform", "N": 9, "head": head, "tie": "neg"}
        floats = {**exact, "head": tuple(map(float, head))}  # sixteenths are exact floats
        for name in ("separation_accuracy", "roc_auc", "fixed_threshold_accuracy"):
            value = getattr(counting, name)(**floats)
            assert isinstance(value, float)
            assert value == pytest.approx(float(getattr(counting, name)(**exact)), abs=1e-13), (name, head)
        draws.append(head)
    grid01, grid02 = (0.5, 1.0, 4.0), (0.25, 2.0)
    for head in draws[:4]:
        surface = counting.intervention_surface(head=tuple(map(float, head)), grid01=grid01, grid02=grid02, N=9)
        for i, j in itertools.product(range(3), range(2)):
            one = (grid01[i], grid02[j], *map(float, head[2:]))
            assert surface[i][j] == pytest.approx(counting.separation_accuracy(length_law="uniform", N=9, head=one, tie="neg"), abs=1e-14)  # fmt: skip


def test_equal_scores_of_decimal_heads_stay_together():
    """-n0 + .1 n1 + .003 n2 in floats parts strings whose scores are equal; the groups do not."""
    decimal = (0.1, 0.01, 0.3, -0.2, 1.5)
    exact = tuple(F(x).limit_denominator(1000) for x in decimal)
    how = {"length_law": "uniform", "N": 12, "tie": "neg"}
    grouped = float(counting.separation_accuracy(**how, head=exact))
    assert counting.separation_accuracy(**how, head=decimal) == pytest.approx(grouped, abs=1e-14)
    parted = float(counting.separation_accuracy(**how, head=tuple(map(F, decimal))))
    assert abs(parted - grouped) > 5e-4


@pytest.mark.parametrize("big", [1e7, 1e12, 1e25])
def test_extreme_ratios_are_summed_in_fractions(big):
    """Scores nearer than 1e-11 are kept apart, so floats give what fractions give."""
    how = {"length_law": "uniform", "N": 8, "tie": "neg"}
    for head in ((big, 1.0, 0.0, 0.5, 1.0), (1.0, 1 / big, 0.5, -0.5, big), (1 / big, 1.0, 0.25, 0.0, 2.0)):
        exact = float(counting.separation_accuracy(**how, head=tuple(map(F, head))))
        assert counting.separation_accuracy(**how, head=head) == exact
        own = counting.fixed_threshold_accuracy(**how, head=head, b=0.125)
        assert own == float(counting.fixed_threshold_accuracy(**how, head=tuple(map(F, head)), b=F(1, 8)))


def test_a_frame_that_takes_all_attention_still_ranks():
    """At wS = 1e13 all scores lie within 1e-11; the order is still that of n1 - n0."""
    head = (1.0, 1.0, 0.0, 0.0, 1e13)
    assert counting.separation_accuracy(length_law="uniform", N=8, head=head, tie="neg") == 1.0
    assert counting.roc_auc(length_law="uniform", N=8, head=head, tie="drop") == 1.0


@pytest.mark.parametrize("gain", [1e-4, 1e-9, 1e-13])
def test_a_head_of_tiny_gain_is_still_ranked(gain):
    """kappa and sigma grow as 1/gain; the accuracy is that of the exact head."""
    how = {"length_law": "uniform", "N": 8, "tie": "neg"}
    head = (1.5, 0.5, 0.25 / gain, -0.5 / gain, 2.0)
    assert counting.separation_accuracy(**how, head=head) == pytest.approx(
        float(counting.separation_accuracy(**how, head=tuple(map(F, head)))), abs=1e-14
    )


@pytest.mark.parametrize("scale", [1.0, 2.0**-40, 2.0**40])
def test_swapped_values_may_be_scaled_and_moved(scale):
    attention = ((1, 2, 1, 1, 0.5), (1, 0.5, 0.25, 0.25, 1))
    values = ((-1, 1, 0, 0, 0), (0, 1, 1, -1, 0.5), (0.5, 0.5, 1, 0, 0), (1, 1, 1, 1, 1))
    moved = tuple(tuple(scale * (c + 3) for c in one) for one in values)
    plain = counting.swap_anova(attn_list=attention, value_list=values, N=6)
    assert counting.swap_anova(attn_list=attention, value_list=moved, N=6) == plain


def test_opposing_weights_prove_what_they_say():
    source = np.random.default_rng(2)
    proved = 0
    for _ in range(60):
        above, below = ([[F(int(x), 4) for x in row] for row in source.integers(-6, 7, (4, 3))] for _ in range(2))
        weights = _opposing_weights(above, below)
        if weights is None:
            continue
        proved += 1
        assert min(weights) >= 0 and sum(weights[:4]) == 1
        for j in range(3):
            assert sum(w * row[j] for w, row in zip(weights[:4], above)) == sum(
                w * row[j] for w, row in zip(weights[4:], below)
            )
    assert 10 < proved < 60


def test_free_separator_of_one_dimension_is_the_threshold_of_the_head():
    """One scalar output and an affine read-out: a head that is perfect for either orientation."""
    source = np.random.default_rng(3)
    found = set()
    for _ in range(60):
        values = tuple((F(int(c) * 15 + int(x), 15),) for c, x in zip((-1, 1, 0, 0, 0), source.integers(-3, 4, 5)))
        a = tuple(F(int(x), 8) for x in source.integers(6, 11, 5))
        one = (a[1] / a[0], a[2] / a[0])
        gain, mid = (values[1][0] - values[0][0]) / 2, (values[0][0] + values[1][0]) / 2
        frame = (a[3] * values[3][0] + a[4] * values[4][0]) / (a[3] + a[4])
        head = (*one, (values[2][0] - mid) / gain, (frame - mid) / gain, (a[3] + a[4]) / a[0])
        perfect = counting.perfect_threshold_interval(N=5, head=head, tie="neg").perfect
        assert counting.is_freely_separable(V=values, a=a, N=5, tie="neg") == perfect
        found.add(perfect)
    assert found == {True, False}


def test_margin_of_a_grammar_by_its_own_certificate():
    """The dual adds up to the margin, and no read-out of a random search reaches beyond it."""
    source = np.random.default_rng(4)
    table = counting.enumerate_states(N=3)
    allowed = {"word": (1, 2, 3, 4), "answer_0": (1,), "answer_1": (2,), "closing": (4,)}
    for bias in (False, True):
        features = source.normal(size=(len(table.kinds), 2, 2)) + 3 * np.eye(4)[[("word", "answer_0", "answer_1", "closing").index(k) for k in table.kinds]].reshape(-1, 2, 2)  # fmt: skip
        found = counting.grammar_margin(features=features, kinds=table.kinds, bias=bias)
        flat = features.reshape(len(features), 4)
        flat = np.c_[flat, np.ones(len(flat))] if bias else flat
        combined = np.zeros((5, flat.shape[1]))
        for row, yes, no, weight in found.dual:
            combined[yes] += weight * flat[row]
            combined[no] -= weight * flat[row]
        assert np.abs(combined).sum() == pytest.approx(found.margin, rel=1e-7)
        for u in np.sign(combined) + 0.3 * source.normal(size=(200, *combined.shape)):
            logits = flat @ np.clip(u, -1, 1).T
            worst = min(logits[i, list(allowed[k])].min() - np.delete(logits[i], allowed[k]).max() for i, k in enumerate(table.kinds))  # fmt: skip
            assert worst <= found.margin + 1e-9


def test_sums_over_heads_read_less_than_their_concatenation():
    source = np.random.default_rng(5)
    kinds = counting.enumerate_states(N=2).kinds
    features = source.normal(size=(len(kinds), 3, 2))
    margins = [counting.grammar_margin(features=features, kinds=kinds, mode=mode).margin for mode in ("sum", "concat")]
    assert margins[0] <= margins[1] + 1e-9
    summed = counting.grammar_margin(features=features.sum(axis=1), kinds=kinds)
    assert summed.margin == pytest.approx(margins[0], abs=1e-9)


def test_lattice_law_by_counting():
    """P(n1 - n0 = d) at n = 6 from all 729 strings."""
    signs = [sum((-1, 1, 0)[t] for t in body) for body in itertools.product(range(3), repeat=6)]
    r, slope = 0.8, 0.8 / 0.6 / math.sqrt(4)
    right = sum((1 + math.erf(abs(d) * slope / math.sqrt(2))) / 2 for d in signs if d) / sum(d != 0 for d in signs)
    assert counting.lattice_separation_accuracy(n=6, r=r) == pytest.approx(right, rel=1e-12)


def test_anova_by_numpy():
    attention = ((1, 2, 1, 1, 0), (1, 0.5, 0.25, 0, 1), (2, 2, 3, 1, 1))
    values = ((-1, 1, 0, 0, 0), (0, 1, 1, -1, 0.5))
    matrix = np.empty((3, 2))
    for i, j in itertools.product(range(3), range(2)):
        a, c = attention[i], values[j]
        gain, mid = (c[1] - c[0]) / 2, (c[0] + c[1]) / 2
        frame = (a[3] * c[3] + a[4] * c[4]) / (a[3] + a[4])
        head = (a[1] / a[0], a[2] / a[0], (c[2] - mid) / gain, (frame - mid) / gain, (a[3] + a[4]) / a[0])
        matrix[i, j] = counting.separation_accuracy(length_law="uniform", N=5, head=head, tie="drop")
    found = counting.swap_anova(attn_list=attention, value_list=values, N=5, tie="drop")
    total = matrix.var()
    assert found.mean == pytest.approx(matrix.mean())
    assert found.attention == pytest.approx(matrix.mean(axis=1).var() / total)
    assert found.values == pytest.approx(matrix.mean(axis=0).var() / total)
    assert found.attention + found.values + found.interaction == pytest.approx(1)
