"""The generator: known answers, uniformity at a stated level, independence of neighbours, streams and lanes."""

from __future__ import annotations

import hashlib
import math
import time

import pytest
import torch

from empirics.engine import rng

MASK = 2**64 - 1
LEVEL = 1e-6  # of each statistical test below; keys are fixed, so a test that passes once passes always


def _mix(x: int) -> int:
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def _reference(key: int, stream: str, index: int) -> int:
    """Word number `index` of a stream, in Python's integers of any size."""
    name = int.from_bytes(hashlib.sha256(f"stream:{stream}".encode()).digest()[:8], "big")
    return _mix((_mix((key & MASK) ^ name) + (index + 1) * 0x9E3779B97F4A7C15) & MASK)


def _unsigned(words: torch.Tensor) -> list[int]:
    return [int(word) & MASK for word in words]


def test_the_output_function_gives_splitmix64s_published_answers() -> None:
    # the first five outputs of SplitMix64 for seed 1234567, as listed on Rosetta Code
    known = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821]
    state = torch.tensor([(1234567 + i * 0x9E3779B97F4A7C15) & MASK for i in range(1, 6)], dtype=torch.uint64)
    assert _unsigned(rng._mixed(state.view(torch.int64))) == known


@pytest.mark.parametrize("key", [0, 1, -1, 2**62, -(2**63), 0x123456789ABCDEF])
@pytest.mark.parametrize("stream", ["init", "data", "test", "Gewichte α"])
def test_words_equal_a_reference_in_plain_python(key: int, stream: str) -> None:
    words = rng.words(torch.tensor([key]), 5, stream)
    assert _unsigned(words[0]) == [_reference(key, stream, index) for index in range(5)]


def test_known_answers_of_this_generator() -> None:
    # computed once with `_reference`; a change of these is a new generator, and every experiment needs a new version
    words = rng.words(torch.tensor([42]), 3, "data")
    assert _unsigned(words[0]) == KNOWN_WORDS
    assert rng.lane_key("dilution/adversary", {"n": 8, "gap": 0.5}, 3) == KNOWN_KEY


KNOWN_WORDS = [11700530972250851055, 50961326517750672, 7602455715098291015]
KNOWN_KEY = -1087815376258332840


def test_a_key_does_not_depend_on_order_or_number_type() -> None:
    assert rng.lane_key("a/b", {"n": 8, "gap": 2.0}, 0) == rng.lane_key("a/b", {"gap": 2, "n": 8}, 0)
    assert len({rng.lane_key("a/b", {"n": n}, seed) for n in range(50) for seed in range(50)}) == 2500


DRAWS = {
    "words": lambda keys: rng.words(keys, 130),
    "uniform": lambda keys: rng.uniform(keys, 130),
    "normal": lambda keys: rng.normal(keys, 130),
    "bits": lambda keys: rng.bits(keys, 130),
    "biased_bits": lambda keys: rng.biased_bits(keys, 130, torch.tensor(0.3, dtype=torch.float64)),
    "integers": lambda keys: rng.integers(keys, 130, 7),
    "permutation": lambda keys: rng.permutation(keys, 130),
}


@pytest.mark.parametrize("name", DRAWS)
def test_a_lane_draws_the_same_alone_and_among_others(name: str) -> None:
    keys = torch.arange(64) * 7919 - 100
    together = DRAWS[name](keys)
    for size in (1, 3):
        apart = torch.cat([DRAWS[name](keys[start : start + size]) for start in range(0, 64, size)])
        assert torch.equal(apart, together)


@pytest.mark.parametrize("draw", [rng.words, rng.uniform, rng.normal])
def test_draws_can_be_cut_anywhere(draw) -> None:
    keys = torch.arange(3)
    whole = draw(keys, 100)
    assert torch.equal(torch.cat([draw(keys, 37), draw(keys, 63, start=37)], dim=1), whole)


def test_bits_can_be_cut_at_words() -> None:
    keys = torch.arange(3)
    assert torch.equal(torch.cat([rng.bits(keys, 128), rng.bits(keys, 72, start=2)], dim=1), rng.bits(keys, 200))


def _chi_square_limit(freedom: int) -> float:
    """Upper quantile at LEVEL (Wilson and Hilferty's approximation)."""
    z = float(torch.special.ndtri(torch.tensor(1 - LEVEL, dtype=torch.float64)))
    return freedom * (1 - 2 / (9 * freedom) + z * math.sqrt(2 / (9 * freedom))) ** 3


def _chi_square(counts: torch.Tensor) -> float:
    expected = counts.sum().double() / counts.numel()
    return float(((counts - expected) ** 2 / expected).sum())


@pytest.mark.parametrize("stream", ["data", "test"])
def test_uniform_numbers_fill_their_range_evenly(stream: str) -> None:
    values = rng.uniform(torch.arange(100), 10_000, stream)
    assert float(values.min()) >= 0 and float(values.max()) < 1
    counts = torch.bincount((values.flatten() * 1000).long(), minlength=1000)
    assert _chi_square(counts) < _chi_square_limit(999)


@pytest.mark.parametrize("along", ["lanes", "counters"])
def test_pairs_of_neighbours_are_independent(along: str) -> None:
    values = rng.uniform(torch.arange(1000), 1000)
    values = values if along == "lanes" else values.T
    cells = (values[:-1] * 20).long() * 20 + (values[1:] * 20).long()
    assert _chi_square(torch.bincount(cells[::2].flatten(), minlength=400)) < _chi_square_limit(399)


def test_streams_of_one_lane_share_no_word_and_do_not_correlate() -> None:
    names = ("init", "data", "order", "test")
    keys = torch.arange(50)
    drawn = {name: rng.words(keys, 2000, name) for name in names}
    assert len(torch.unique(torch.cat([words.flatten() for words in drawn.values()]))) == 4 * 50 * 2000
    for first, second in [("data", "test"), ("init", "order")]:
        a, b = (rng.normal(keys, 2000, name).flatten() for name in (first, second))
        assert abs(float((a * b).mean())) < 5 / math.sqrt(a.numel())  # five standard errors: level 6e-7


def test_every_bit_is_fair_and_biased_bits_have_their_bias() -> None:
    n = 20_000
    bits = rng.bits(torch.arange(n), 64).double()
    assert float((bits.mean(dim=0) - 0.5).abs().max()) < 6 * 0.5 / math.sqrt(n)
    rare = rng.biased_bits(torch.arange(n), 64, torch.tensor(0.1, dtype=torch.float64)).double()
    assert abs(float(rare.mean()) - 0.1) < 5 * math.sqrt(0.09 / (64 * n))


def test_normal_numbers_have_their_moments_and_are_finite() -> None:
    values = rng.normal(torch.arange(100), 10_000).flatten()
    assert bool(torch.isfinite(values).all())
    for power, expected, spread in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        assert abs(float((values**power).mean()) - expected) < 5 * math.sqrt(spread / values.numel())


@pytest.mark.parametrize("high", [1, 2, 7, 1000])
def test_integers_are_uniform(high: int) -> None:
    values = rng.integers(torch.arange(50), 4000, high)
    assert int(values.min()) >= 0 and int(values.max()) <= high - 1
    if high > 1:
        counts = torch.bincount(values.flatten(), minlength=high)
        assert _chi_square(counts) < _chi_square_limit(high - 1)


@pytest.mark.parametrize("high", [0, -3, 2**31 + 1])
def test_integers_refuse_a_bad_range(high: int) -> None:
    with pytest.raises(ValueError, match="high"):
        rng.integers(torch.arange(2), 4, high)


def test_permutations_hold_everything_once_and_all_orders_come_up() -> None:
    orders = rng.permutation(torch.arange(24_000), 4)
    assert torch.equal(orders.sort(dim=1).values, torch.arange(4).expand(24_000, -1))
    codes = (orders * torch.tensor([64, 16, 4, 1])).sum(dim=1)
    counts = torch.unique(codes, return_counts=True)[1]
    assert len(counts) == 24 and _chi_square(counts) < _chi_square_limit(23)


def test_bits_come_fast_enough() -> None:
    keys = torch.arange(16)
    rng.bits(keys, 2**16)
    best = math.inf
    for _ in range(5):
        started = time.perf_counter()
        rng.bits(keys, 2**18)
        best = min(best, time.perf_counter() - started)
    assert 16 * 2**18 / best > 50e6
