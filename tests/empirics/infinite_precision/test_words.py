"""Attention on words of symbols, and the two layers for pairs of residues, against direct sums token by token."""

import math

import pytest
import torch

from empirics.infinite_precision import index
from empirics.infinite_precision.pair_sums import hand_set
from empirics.models import fixed_query_attention as layer
from empirics.models import pair_attention, word_attention
from empirics.tasks import composition, pair_sums

KEYS = torch.arange(3, dtype=torch.int64) * 7919 + 5
ONES = torch.ones(3, dtype=torch.int64)
SHAPE = (2, 4, 3)  # questions, tokens, symbols


def double(params):
    return {name: one.double() for name, one in params.items()}


def softmax_average(pairs):
    """sum w v / sum w of (logit, value) pairs."""
    total = sum(math.exp(logit) for logit, _ in pairs)
    return sum(math.exp(logit) * value for logit, value in pairs) / total


def first_layer(params, word, x, head, feature, lane=1):
    pairs = [(0.0, float(params["own"][lane, x, head, feature]))]
    for w, s in enumerate(word):
        pairs.append((float(params["logit"][lane, x, w, s, head]), float(params["value"][lane, w, s, head, feature])))
    return softmax_average(pairs)


WORDS = torch.tensor([[0, 2, 1, 1], [2, 2, 0, 1]]).expand(3, -1, -1)


def test_one_layer_equals_a_softmax_token_by_token():
    room, sizes = layer.Room(2, 2, (3,)), layer.Sizes(2 * ONES, 2 * ONES, (3 * ONES,))
    params = double(word_attention.one_layer_params(KEYS, SHAPE, sizes, room))
    found = word_attention.attended(params, WORDS, layer.slots_mask(sizes, room).double())
    for b, word in enumerate(WORDS[0].tolist()):
        for x in range(2):
            direct = [first_layer(params, word, x, h, f) for h in range(2) for f in range(2)]
            assert found[1, b, x].tolist() == pytest.approx(direct, abs=1e-12)


def test_two_layers_equal_two_softmaxes():
    params = double(word_attention.two_layer_params(KEYS, SHAPE, 2))
    found = word_attention.two_layers(params, WORDS)
    for b, word in enumerate(WORDS[0].tolist()):
        for x in range(2):
            query = [first_layer(params, word, x, 0, f) for f in range(2)]
            tokens = [params["token"][1, w, s].tolist() for w, s in enumerate(word)]
            logits = [query[0] * t[0] + query[1] * t[1] + t[2] for t in tokens]
            read = [softmax_average([(logit, t[3 + f]) for logit, t in zip(logits, tokens)]) for f in range(2)]
            direct = sum(r * float(w) for r, w in zip(read, params["weight out"][1, :, 0]))
            assert float(found[1, b, x]) == pytest.approx(direct + float(params["bias out"][1]), abs=1e-12)


def test_unused_heads_and_features_change_nothing():
    room, sizes = layer.Room(3, 4, (5,)), layer.Sizes(2 * ONES, ONES, (3 * ONES,))
    params = word_attention.one_layer_params(KEYS, SHAPE, sizes, room)
    assert not params["logit"][..., 2].any() and not params["value"][..., 1:].any() and not params["own"][:, :, 2].any()
    assert not params["weight 1"][:, :, 3:].any()


def test_a_palindrome_word_reads_the_places_and_not_the_order_of_the_batch():
    words = composition.near_palindromes(KEYS, 8, 5)
    room, sizes = layer.Room(1, 1, (2,)), layer.Sizes(ONES, ONES, (2 * ONES,))
    params = word_attention.one_layer_params(KEYS, index.SHAPES["palindrome"](5), sizes, room)
    mask = layer.slots_mask(sizes, room)
    found = word_attention.one_layer(params, words, mask)
    assert torch.allclose(word_attention.one_layer(params, words.flip(1), mask), found.flip(1))
    assert not torch.allclose(word_attention.one_layer(params, words.flip(2), mask), found)


def test_two_layers_for_pairs_equal_their_definition():
    params = double(pair_attention.random_params(KEYS, 5))
    word = [0, 3, 3, 1]
    counts = pair_sums.counts(torch.tensor([[word]]).expand(3, -1, -1), 5)
    lane = {name: one[1] for name, one in params.items()}
    units = []
    for s in word:
        pairs = [(0.0, 0.0)]
        for t in word:
            logit = float(lane["query"][s] @ lane["key"][t] - lane["blank"][0, 0])
            pairs.append((logit, float(lane["pair value"][t])))
        units.append((softmax_average(pairs) * lane["slope"][0, 0] + lane["offset"][0, s]).relu())
    weights = [math.exp(float(lane["logit"][s])) for s in word]
    read = sum(w * h for w, h in zip(weights, units)) / (1 + sum(weights))
    hidden = (read @ lane["weight 1"] + lane["bias 1"][0]).relu()
    direct = float(hidden @ lane["weight out"][:, 0] + lane["bias out"][0, 0])
    assert float(pair_attention.two_layers(params, counts)[1, 0]) == pytest.approx(direct, abs=1e-12)


def test_the_masses_of_the_construction_leave_the_middle_free():
    """At least 3/4 where a partner is in the word and at most 1/4 where not, for residues of the word; not if blunted."""
    counts = pair_sums.counts(pair_sums.random_words(KEYS, 200, 6, 16), 16)
    partner = counts[:, :, (-torch.arange(16)) % 16] > 0
    for sharpness, holds in ((1.0, True), (0.1, False)):
        one = {name: value[None].expand(3, *value.shape) for name, value in
               hand_set(6, 16, torch.device("cpu"), sharpness).items()}  # fmt: skip
        masses = pair_attention.masses(one, counts)
        assert bool(((masses >= 0.75) == partner).all() and ((masses <= 0.25) == ~partner).all()) == holds
