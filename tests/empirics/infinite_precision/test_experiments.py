"""The experiments against independent computation: exact fractions, theory objects, enumeration; lanes do not interact."""

import itertools
import math
from fractions import Fraction

import pytest
import torch

from empirics import infinite_precision
from empirics.engine.lanes import Lane, Lanes
from empirics.engine.measure import to_records
from empirics.infinite_precision import construction, index, pair_sums, shattering, sizes
from empirics.models import fixed_query_attention as model
from empirics.models import pair_attention
from empirics.tasks import composition as task
from theory.infinite_precision import (
    chain_of_thought_composition,
    histogram_sum2,
    index_construction,
    inverse_binary_entropy,
    linear_readout_certificate,
    palindrome_one_layer,
    sum2_label,
    two_layer_sum2,
)

CPU = torch.device("cpu")
SMALL = {
    "infinite_precision/index": [
        {"n": 4, "H": 2, "d": 1, "k": 3, "k2": 4, "room": "2x2x4x4", "steps": 6},
        {"n": 14, "H": 1, "d": 2, "k": 0, "room": "1x2", "steps": 3, "model": "two layers", "batch": 4},
        {"n": 5, "H": 1, "d": 2, "k": 0, "room": "1x2", "steps": 6, "model": "address in read-out"},
        {"n": 4, "H": 1, "d": 1, "k": 0, "room": "1x1", "steps": 2, "model": "chain of thought"},
        {"n": 3, "H": 2, "d": 1, "k": 4, "room": "2x2x4", "steps": 5, "task": "self"},
        {"n": 3, "H": 1, "d": 2, "k": 0, "room": "1x2", "steps": 5, "task": "self", "model": "two layers"},
        {"n": 3, "H": 1, "d": 2, "k": 4, "room": "1x2x4", "steps": 5, "task": "two_function", "batch": 8},
        {"n": 3, "H": 1, "d": 2, "k": 0, "room": "1x2", "steps": 5, "task": "two_function", "model": "two layers"},
        {"n": 6, "H": 1, "d": 1, "k": 2, "room": "1x1x2", "steps": 5, "task": "palindrome"},
        {"n": 3, "H": 1, "d": 2, "k": 4, "room": "1x2x4", "steps": 5, "task": "self", "labels": "shuffled"},
    ],
    "infinite_precision/shattering": [{"m": 3, "H": 1, "d": 1, "k": 4, "room": "1x1x4", "steps": 6}],
    "infinite_precision/finite-precision": [{"task": "index", "p": 11}, {"task": "palindrome", "p": 8}],
    "infinite_precision/from-construction": [
        {"n": 6, "D": 2, "H": 1, "sigma": 0.1, "steps": 3},
        {"n": 4, "D": 2, "H": 1, "sigma": 0.1, "steps": 3, "task": "sum2", "M": 8},
        {"n": 4, "D": 2, "H": 1, "sigma": 0.0, "steps": 3, "task": "sum2", "M": 8, "start": "random"},
        {"n": 6, "D": 2, "H": 1, "sigma": 0.3, "steps": 3, "noise": 0.5},
    ],
    "infinite_precision/sum2": [
        {"n": 4, "M": 6, "H": 1, "d": 2, "k": 4, "room": "1x2x4", "steps": 3},
        {"n": 4, "M": 6, "H": 1, "d": 2, "k": 4, "room": "1x2x4", "steps": 3, "words": "shattered"},
        {"n": 4, "M": 6, "H": 1, "d": 2, "k": 4, "room": "1x2x4", "steps": 3, "labels": "shuffled"},
        {"n": 4, "M": 6, "H": 1, "d": 4, "k": 4, "room": "1x2x4", "steps": 3, "model": "two layers, trained"},
    ],
    "infinite_precision/sizes": [{"n": 16, "task": "index"}],
}
CASES = [(one, cell) for one in infinite_precision.EXPERIMENTS for cell in SMALL[one.id]]


def lanes_of(experiment, cell, seeds=3):
    return Lanes(experiment, [Lane(experiment.id, cell, seed) for seed in range(seeds)], CPU)


def numbers(value):
    return value.mean if hasattr(value, "mean") and hasattr(value, "count") else value


@pytest.mark.parametrize("experiment, cell", CASES, ids=lambda one: getattr(one, "id", None))
def test_a_lane_alone_equals_the_same_lane_among_others(experiment, cell):
    several, alone = (experiment.measure(lanes_of(experiment, cell, seeds)) for seeds in (4, 1))
    for name, value in alone.items():
        assert torch.equal(numbers(value)[0], numbers(several[name])[0]), name
    assert experiment.bytes_per_lane is None or experiment.bytes_per_lane(experiment.full(cell)) > 0


def test_neighbours_of_another_shape_change_no_bit():
    cell = SMALL["infinite_precision/index"][0]
    mixed = [Lane(index.INDEX.id, {**cell, "H": h, "d": d, "k": k}, 0) for h, d, k in ((1, 2, 4), (2, 1, 3), (2, 2, 1))]
    together = index.INDEX.measure(Lanes(index.INDEX, mixed, CPU))
    alone = index.INDEX.measure(Lanes(index.INDEX, mixed[1:2], CPU))
    for name, value in alone.items():
        assert torch.equal(numbers(value)[0], numbers(together[name])[1]), name


@pytest.mark.parametrize("cell", [
    {"n": 8, "H": 5, "d": 1, "k": 16, "k2": 16, "room": "8x1x16x16", "steps": 4},
    {"n": 8, "H": 3, "d": 1, "k": 0, "room": "3x1", "steps": 4},
    {"n": 16, "H": 1, "d": 2, "k": 0, "room": "1x2", "steps": 4, "model": "two layers"},
    {"n": 16, "H": 1, "d": 8, "k": 1, "room": "1x8x1", "steps": 4, "model": "address in read-out"},
], ids=lambda one: one["room"])  # fmt: skip
def test_trained_weights_have_the_same_bits_alone(cell):
    """Weights, not only answers: an answer hides a last bit that rounding changed."""

    def trained(seeds):
        lanes = Lanes(index.INDEX, [Lane(index.INDEX.id, cell, seed) for seed in seeds], CPU)
        params, forward = index._model(lanes)
        tables = index.training_tables(lanes.keys, 32, cell["n"])

        def loss_l(p, step):
            return index.cross_entropy(forward(p, tables(step)), tables(step))

        return index.trained(params, loss_l, n_steps=cell["steps"], rate_l=lanes.column("rate"))

    several, alone = trained(range(5)), trained((3,))
    for name, value in alone.items():
        assert torch.equal(value[0], several[name][3]), name


def test_arms_see_the_same_tables():
    cell = SMALL["infinite_precision/index"][0]
    first = lanes_of(index.INDEX, cell)
    second = lanes_of(index.INDEX, {**cell, "H": 1, "attention": "uniform", "room": "1x2x4x4"})
    assert torch.equal(first.keys, second.keys)


def test_a_diverged_lane_is_a_status_and_disturbs_no_other():
    cell = SMALL["infinite_precision/index"][0]
    lanes = [Lane(index.INDEX.id, {**cell, "rate": rate}, 0) for rate in (0.02, 1e30)]
    output = index.INDEX.measure(Lanes(index.INDEX, lanes, CPU))
    records, _ = to_records(index.INDEX, lanes, output, 1.0)
    assert [one.status for one in records] == ["ok", "diverged"]
    alone = index.INDEX.measure(Lanes(index.INDEX, lanes[:1], CPU))
    assert torch.equal(alone["accuracy"][0], output["accuracy"][0])


def test_training_tables_are_the_same_in_any_blocks(monkeypatch):
    keys = torch.arange(3, dtype=torch.int64)
    whole = index.training_tables(keys, 8, 8)
    drawn = [whole(step).clone() for step in range(index.BLOCK + 2)]
    again = index.training_tables(keys, 8, 8)
    assert torch.equal(again(index.BLOCK + 1), drawn[-1])
    assert len({one.numpy().tobytes() for one in drawn}) == len(drawn)


def test_the_loss_at_zero_output_is_one_bit():
    labels = task.every_table(3, CPU)[None]
    assert float(index.cross_entropy(torch.zeros(1, 8, 3), labels)) == pytest.approx(math.log(2))


def test_told_bits_are_the_inverse_of_the_ceiling():
    for share in (0.25, 0.6, 0.9):
        accuracy = 1 - inverse_binary_entropy(y=1 - share)
        assert float(index.told_bits(torch.tensor([accuracy], dtype=torch.float64), 8)) == pytest.approx(8 * share)
    assert index.told_bits(torch.tensor([0.3, 1.0], dtype=torch.float64), 8).tolist() == [0.0, 8.0]


def test_answer_vectors_are_counted():
    """A model whose output is q_1 - 1/2 at every address has two answer vectors and is right on half of the rest."""
    lanes = lanes_of(index.INDEX, {"n": 4, "H": 1, "d": 1, "k": 0, "room": "1x1", "steps": 1}, 2)
    found = index.tested({}, lambda p, tables: (tables[..., :1].float() - 0.5).expand(-1, -1, 4), lanes)
    assert found["log2_patterns"].tolist() == [1.0, 1.0]
    assert found["accuracy"].tolist() == [0.625, 0.625]


def test_the_layer_applied_twice_composes_as_the_theory_does():
    functions = task.every_function(4, CPU).tolist()
    for steps, share in ((2, 1.0), (1, None)):
        right = [chain_of_thought_composition(f=tuple(f), steps=steps) == f[f[0] - 1] for f in functions]
        assert float(index.chain_of_thought(4, steps, CPU)) == sum(right) / len(right)
        assert share is None or sum(right) / len(right) == share
    with pytest.raises(ValueError, match="lie in 2"):
        index.chain_of_thought(7, 2, CPU)


def test_a_model_without_a_form_for_words_is_refused():
    cell = {"n": 4, "H": 1, "d": 2, "k": 0, "room": "1x2", "steps": 1, "task": "self", "model": "address in read-out"}
    with pytest.raises(ValueError, match="'one layer' or 'two layers'"):
        index.INDEX.measure(lanes_of(index.INDEX, cell))


def test_words_of_a_step_are_drawn_apart_from_other_steps_and_from_the_test():
    for kind in ("self", "two_function", "palindrome"):
        lanes = lanes_of(index.INDEX, {"n": 5, "H": 1, "d": 1, "k": 0, "room": "1x1", "steps": 1, "task": kind})
        drawn = [index.words(lanes, 40, start=0), index.words(lanes, 40, start=1), index.words(lanes, 40, "test")]
        assert len({one.numpy().tobytes() for one, _ in drawn}) == 3
        assert all(int(one.min()) >= 0 and int(one.max()) < index.SHAPES[kind](5)[2] for one, _ in drawn)


def test_shuffled_labels_are_those_of_the_neighbour_and_teach_nothing():
    """Words are independent and half of the answers yes, so the neighbour's label is a coin; the test keeps the true labels."""
    cell = {"n": 4, "H": 1, "d": 2, "k": 0, "room": "1x2", "steps": 150, "task": "two_function", "model": "two layers"}
    true, shuffled = (
        index.INDEX.measure(lanes_of(index.INDEX, cell | {"labels": how}, seeds=4))["accuracy"].median()
        for how in ("true", "shuffled")
    )
    assert shuffled < 0.6 < 0.65 < true
    cell = {"n": 4, "M": 6, "H": 1, "d": 2, "k": 4, "room": "1x2x4", "steps": 3}
    kept, moved = (
        pair_sums._training_counts(lanes_of(pair_sums.PAIR_SUMS, cell | {"labels": how}), 8)(1)
        for how in ("true", "shuffled")
    )
    assert torch.equal(kept[0], moved[0]) and torch.equal(kept[1][:, :-1], moved[1][:, 1:])


def test_frozen_equal_weights_make_heads_and_features_the_same_model():
    """With all weights equal H heads of one feature are one head of H features: same draws, so the same numbers."""
    cell = {"n": 5, "H": 3, "d": 1, "k": 4, "k2": 4, "room": "3x1x4x4", "steps": 20, "attention": "uniform"}
    heads, features, free = (
        index.INDEX.measure(lanes_of(index.INDEX, cell | other))["accuracy"]
        for other in ({}, {"H": 1, "d": 3, "room": "1x3x4x4"}, {"attention": "free"})
    )
    assert torch.equal(heads, features) and not torch.equal(heads, free)


# ---------------------------------------------------------------------------- shattering
def certificate_params():
    """The theory's certificate of five points for two scalar heads as one trained lane would leave it."""
    one = linear_readout_certificate()
    labellings = [one.params["".join(map(str, bits))] for bits in
                  (tuple(c >> i & 1 for i in range(5)) for c in range(32))]  # fmt: skip
    scale = 2.0 ** -round(math.log2(one.den))  # any common scale; a power of two keeps the numbers exact

    def tensor(values):
        return torch.tensor(values, dtype=torch.float64) * scale

    return one, {
        "point value": tensor(one.alpha)[..., None], "point weight": tensor(one.lam),
        "labelling value": tensor([row[:2] for row in labellings])[..., None],
        "labelling weight": tensor([row[2:] for row in labellings]),
        "weight out": torch.ones(2, 1, dtype=torch.float64),
        "bias out": torch.tensor([[one.c / one.den]], dtype=torch.float64), "mask": torch.ones(2, 1, dtype=torch.float64),
    }  # fmt: skip


def test_the_exact_check_accepts_the_theorys_certificate_and_rejects_a_wrong_one():
    one, params = certificate_params()
    assert one.verify()
    logits = {name.replace("weight", "logit"): value.log() for name, value in params.items() if "point w" in name
              or "labelling w" in name}  # fmt: skip
    kept = {name: value for name, value in params.items() if name not in ("point weight", "labelling weight")}
    assert shattering.is_exactly_shattered(kept | logits)
    swapped = kept["labelling value"].clone()
    swapped[[3, 7]] = swapped[[7, 3]]
    assert not shattering.is_exactly_shattered(kept | logits | {"labelling value": swapped})


def test_the_exact_check_runs_the_network():
    """One unit ReLU(x) - 1/2 at (alpha + beta) / (lambda + mu): labels 0 and 1 for beta = 0 and 2; a wrong bias fails."""
    params = {
        "point value": torch.zeros(1, 1, 1, dtype=torch.float64), "point logit": torch.zeros(1, 1, dtype=torch.float64),
        "labelling value": torch.tensor([[[0.0]], [[2.0]]], dtype=torch.float64),
        "labelling logit": torch.zeros(2, 1, dtype=torch.float64),
        "weight 1": torch.ones(1, 1, dtype=torch.float64), "bias 1": torch.zeros(1, 1, dtype=torch.float64),
        "weight out": torch.ones(1, 1, dtype=torch.float64), "bias out": torch.tensor([[-0.5]], dtype=torch.float64),
        "mask": torch.ones(1, 1, dtype=torch.float64),
    }  # fmt: skip
    assert shattering.is_exactly_shattered(params)
    assert not shattering.is_exactly_shattered(params | {"bias out": torch.tensor([[0.5]], dtype=torch.float64)})


# ---------------------------------------------------------------------------- the construction
def test_training_leaves_from_exactly_the_construction_or_a_noisy_copy():
    cell = {"n": 4, "D": 2, "H": 1, "sigma": 0.0, "steps": 0, "task": "sum2", "M": 8}
    exact = construction.FROM_CONSTRUCTION.measure(lanes_of(construction.FROM_CONSTRUCTION, cell))
    assert exact["accuracy_before"].tolist() == exact["accuracy"].tolist() == [1.0] * 3
    quiet = {**cell, "sigma": 0.3, "noise": 0.0}
    assert (
        construction.FROM_CONSTRUCTION.measure(lanes_of(construction.FROM_CONSTRUCTION, quiet))["accuracy_before"] == 1
    ).all()
    noisy = construction.FROM_CONSTRUCTION.measure(lanes_of(construction.FROM_CONSTRUCTION, {**cell, "sigma": 0.3}))
    assert (noisy["accuracy_before"] < 0.99).all() and len(set(noisy["accuracy_before"].tolist())) > 1


@pytest.mark.parametrize("n, D, H", [(4, 1, 1), (6, 2, 1), (6, 1, 3), (8, 2, 2)])
def test_the_factored_construction_equals_the_exact_one(n, D, H):
    one = index_construction(n=n, D=D, H=H)
    params = {name: value[None] for name, value in construction.factored(one, CPU).items()}
    tables = task.every_table(n, CPU)[None, :: 1 if n < 8 else 7]
    found = model.one_layer(params, tables, torch.ones(1, H, D, dtype=torch.float64))
    assert torch.equal(found[0] > 0, tables[0].bool())
    for table, row in list(zip(tables[0].tolist(), found[0].tolist()))[::9]:
        exact = [float(one.evaluate_exact(table=tuple(table), p=p)) for p in range(1, n + 1)]
        assert row == pytest.approx(exact, abs=1e-8)


def test_digits_are_removed_as_by_the_exact_network():
    one = index_construction(n=5, D=1, H=1)
    for table in itertools.product((0, 1), repeat=5):
        for p in (1, 3, 5):
            y = one.attention(table=table, p=p)
            x = torch.tensor([float(y[0]) * one.C * 2.0 ** (one.l - 1)], dtype=torch.float64)
            exact = one.network([Fraction(float(y[0]))])
            assert float(construction.digits_removed(x, one)) == pytest.approx(float(exact), abs=1e-9)


def test_longer_significands_carry_longer_tables_and_never_more_than_the_message():
    for cell, low, high in (
        ({"task": "index", "p": 8}, 3, 16), ({"task": "index", "p": 11}, 4, 22), ({"task": "index", "p": 24}, 9, 48),
        ({"task": "index", "p": 11, "rounded": "message"}, 10, 22), ({"task": "palindrome", "p": 11}, 20, 44),
    ):  # fmt: skip
        found = construction.finite_precision(lanes_of(construction.FINITE_PRECISION, cell))["longest"]
        assert ((low <= found) & (found <= high)).all(), (cell, found)


def test_the_palindrome_layer_in_double_precision_is_the_theorys():
    words = task.near_palindromes(torch.arange(2), 30, 9)
    one = palindrome_one_layer(n=9)
    for lane in words:
        assert [bool(one.evaluate(b=tuple(word))) for word in lane.tolist()] == task.is_palindrome(lane).tolist()


def test_sizes_of_constructions_are_run():
    found = sizes.construction_sizes(lanes_of(sizes.SIZES, {"n": 64, "task": "index"}, 1))
    assert found["size"].tolist() == [8.0] and found["wrong"].tolist() == [0.0] and found["margin"][0] > 0
    far = sizes.construction_sizes(lanes_of(sizes.SIZES, {"n": 1024, "task": "index", "run": "formula"}, 1))
    assert far["size"].tolist() == [22.0]
    assert sizes._gap(Fraction(3, 4), 1, 2) == Fraction(1, 4) and sizes._gap(Fraction(-1, 8), 1, 1) < 0


# ---------------------------------------------------------------------------- SUM_2
@pytest.mark.parametrize("n, M", [(3, 6), (4, 5)])
def test_hand_set_pair_sums_equal_the_theorys_constructions(n, M):
    words = list(itertools.product(range(M), repeat=n))
    counts = pair_sums.task.counts(torch.tensor(words)[None], M)
    labels = [sum2_label(word=word, M=M) for word in words]
    assert (pair_sums.histogram(counts, torch.tensor([M]))[0] > 0).tolist() == [bool(one) for one in labels]
    hand_set = {name: one[None] for name, one in pair_sums.hand_set(n, M, CPU).items()}
    output = pair_attention.two_layers(hand_set, counts)[0]
    assert (output > 0).tolist() == [bool(one) for one in labels]
    assert output.abs().min() > pair_attention.LOGIT - 1e-6  # the margin that its proof promises
    two, bins = two_layer_sum2(n=n, M=M), histogram_sum2(n=n, M=M)
    assert (
        [two.evaluate(x=word) for word in words[::17]]
        == [bins.evaluate(x=word) for word in words[::17]]
        == labels[::17]
    )


def test_the_shattered_words_ask_for_every_labelling_once():
    words = torch.tensor(pair_sums.shattered_words(4, 8))[None]
    labels = pair_sums.task.pair_sum_labels(pair_sums.task.counts(words, 8))[0].reshape(16, 4)
    assert len({tuple(row) for row in labels.tolist()}) == 16


def test_the_pair_sum_layer_equals_its_definition():
    generator = torch.Generator().manual_seed(1)
    params = {"logit": torch.randn(1, 5, 2, generator=generator), "value": torch.randn(1, 5, 2, 3, generator=generator)}
    word = torch.tensor([[[0, 3, 3, 1]]])
    found = pair_sums.attended(params, pair_sums.task.counts(word, 5), torch.ones(1, 2, 3))
    for head in range(2):
        weights = params["logit"][0, word[0, 0], head].exp()
        direct = (weights[:, None] * params["value"][0, word[0, 0], head]).sum(0) / (1 + weights.sum())
        assert torch.allclose(found[0, 0, 3 * head : 3 * head + 3], direct, atol=1e-6)
