"""The generators against the definitions of the theory floor, and the examples drawn in their docstrings."""

import itertools

import pytest
import torch

from empirics.tasks import composition, pair_sums
from theory.infinite_precision import composition_value, palindrome_label, sum2_label

KEYS = torch.arange(3, dtype=torch.int64) * 7919 + 5
CPU = torch.device("cpu")


def test_every_table_is_there_once_and_answers_itself():
    tables = composition.every_table(4, CPU)
    assert tables.shape == (16, 4) and len({tuple(one) for one in tables.tolist()}) == 16
    for code, table in enumerate(tables.tolist()):
        assert sum(bit << j for j, bit in enumerate(table)) == code
        assert [composition_value(word=(p + 1, *(bit + 1 for bit in table)), variant="index") - 1
                for p in range(4)] == table  # fmt: skip


def test_composition_of_every_function_with_itself():
    functions = composition.every_function(3, CPU)
    assert len({tuple(f) for f in functions.tolist()}) == 27
    assert composition.twice(torch.tensor([[2, 3, 1]])).tolist() == [3]
    for f, value in zip(functions.tolist(), composition.twice(functions).tolist()):
        assert composition_value(word=tuple(f), variant="self") == value


def test_words_of_composition_agree_with_the_definition_and_half_of_the_answers_are_yes():
    functions, labels = composition.self_compositions(KEYS, 400, 5)
    for word, label in zip(functions.flatten(0, 1).tolist(), labels.flatten().tolist()):
        assert label == (composition_value(word=tuple(word), variant="self") == 1)
    assert functions.min() == 1 and functions.max() == 5 and functions[..., 0].min() == 2
    pairs, answers = composition.pair_compositions(KEYS, 100, 4)
    for word, row in zip(pairs.flatten(0, 1).tolist(), answers.flatten(0, 1).tolist()):
        assert row == [composition_value(word=(*word, x), variant="two_function") == 1 for x in range(1, 5)]
    for one in (labels, answers):
        assert abs(float(one.float().mean()) - 0.5) < 5 * 0.5 / 1200**0.5  # five standard deviations
    drawn = torch.tensor([[2, 2, 2, 1]])  # the pair drawn in the docstring
    assert drawn[:, 2:].gather(1, drawn[:, :2] - 1).tolist() == [[1, 1]]


@pytest.mark.parametrize("n", [4, 5, 9])
def test_near_palindromes_are_half_palindromes_and_half_one_bit_away(n):
    words = composition.near_palindromes(KEYS, 40, n)
    for lane in words:
        truth = [bool(palindrome_label(word=tuple(word))) for word in lane.tolist()]
        assert composition.is_palindrome(lane).tolist() == truth == [True, False] * 20


def test_pair_sums_agree_with_the_definition():
    assert [sum2_label(word=word, M=8) for word in ((1, 2, 3, 7), (1, 2, 3, 4))] == [1, 0]
    for modulus in (4, 5):
        words = torch.tensor(list(itertools.product(range(modulus), repeat=4)))[None]
        labels = pair_sums.pair_sum_labels(pair_sums.counts(words, modulus))[0].tolist()
        assert labels == [bool(sum2_label(word=tuple(word), M=modulus)) for word in words[0].tolist()]


def test_train_and_test_streams_differ_and_frequencies_are_fair():
    train = composition.random_tables(KEYS, 2000, 8).float()
    test = composition.random_tables(KEYS, 2000, 8, "test").float()
    assert abs(train.mean() - 0.5) < 5 * 0.5 / 48000**0.5  # five standard deviations
    assert 0.4 < float((train == test).float().mean()) < 0.6
    words = pair_sums.random_words(KEYS, 4000, 8, 32)
    counts = torch.bincount(words.flatten(), minlength=32)
    assert (counts - 3000).abs().max() < 5 * 3000**0.5
    share = pair_sums.pair_sum_labels(pair_sums.counts(words, 32)).float().mean()
    assert abs(float(share) - 0.587) < 0.02  # 58.7 % of all words, counted exactly by the theory's tests


def test_blocks_of_tables_are_drawn_apart():
    first, second = (composition.random_tables(KEYS, 16, 6, start=i) for i in (0, 1))
    both = composition.random_tables(KEYS, 64, 2)
    assert not torch.equal(first, second) and both.shape == (3, 64, 2)
