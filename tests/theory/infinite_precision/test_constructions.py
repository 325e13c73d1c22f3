"""The explicit weights: sizes, exactness, agreement of the exact and the embedded form, and what breaks them."""

import dataclasses
import itertools
import random
from fractions import Fraction

import pytest

import theory.infinite_precision as ip


def tables(n, count, seed, top=1):
    source = random.Random(seed)
    return [tuple(source.randint(0, top) for _ in range(n)) for _ in range(count)]


@pytest.mark.parametrize(
    ("n", "D", "H", "bits"), [(1, 1, 1, 1), (1, 3, 2, 2), (5, 1, 1, 1), (5, 2, 2, 1), (6, 1, 6, 1), (3, 2, 1, 3)]
)
def test_all_tables_of_small_cases(n, D, H, bits):
    one = ip.index_construction(n=n, D=D, H=H, bits=bits)
    for table in itertools.product(range(2**bits), repeat=n):
        for p in range(1, n + 1):
            output = one.evaluate_exact(table=table, p=p)
            assert (output > 0) == table[p - 1] if bits == 1 else abs(output - table[p - 1]) < Fraction(1, 2)


@pytest.mark.parametrize(("shape", "change"), [((8, 2, 2), {"g": Fraction(1, 2)}), ((8, 1, 1), {"S": 1})])
def test_wrong_scales_are_wrong_in_a_third_to_a_half_of_the_queries(shape, change):
    n, D, H = shape
    one = dataclasses.replace(ip.index_construction(n=n, D=D, H=H), **change)
    asked = [(table, p) for table in tables(n, 60, seed=3) for p in range(1, n + 1)]
    wrong = sum((one.evaluate_exact(table=table, p=p) > 0) != table[p - 1] for table, p in asked)
    assert 0.3 < wrong / len(asked) < 0.6


def test_largest_error_of_values():
    one = ip.index_construction(n=4, D=1, H=1, bits=2)
    errors = [
        abs(one.evaluate_exact(table=table, p=p) - table[p - 1])
        for table in itertools.product(range(4), repeat=4)
        for p in range(1, 5)
    ]
    assert 0.49 < max(errors) < Fraction(1, 2)


def test_factored_form_gives_the_attention_output():
    """(alpha + beta)/(lambda + mu), layers and network are what evaluate_exact uses, and the exact form of the softmax."""
    import mpmath

    one = ip.index_construction(n=7, D=2, H=2)
    for table in tables(7, 2, seed=4):
        for p in (1, 4, 7):
            (beta, mu), (alpha, lam) = one.accumulators(table=table), one.query_accumulators(p=p)
            y = [sum((alpha[h][c] + beta[h][c]) / (lam[h] + mu[h]) for h in range(2)) for c in range(2)]
            assert y == one.attention(table=table, p=p)
            units = y
            for number, (matrix, bias) in enumerate(layers := one.layers()):
                units = [sum(w * u for w, u in zip(row, units)) + b for row, b in zip(matrix, bias)]
                units = units if number + 1 == len(layers) else [max(u, 0) for u in units]
            exact = one.evaluate_exact(table=table, p=p)
            assert units == [exact]
            with mpmath.workdps(80):
                embedded = one.evaluate_embedded(table=table, p=p, dps=80)
                assert abs(embedded - mpmath.mpf(exact.numerator) / exact.denominator) < mpmath.mpf(10) ** -50
    assert [len(bias) for _, bias in one.layers()] == [*one.widths, 1]


def test_embeddings_are_the_tokens_of_the_proof():
    one = ip.index_construction(n=4, D=2, H=2)
    tokens = one.embeddings(table=(0, 1, 1, 0), p=3)
    assert len(tokens) == 6 and {len(token) for token in tokens} == {one.d}
    readout = tokens[-1]
    for query in one.queries():
        assert sum(a * b for a, b in zip(query, readout)) == 0


def test_non_zero_weights_are_few():
    for n, D, H in ((64, 4, 4), (64, 1, 4), (100, 5, 3)):
        one = ip.index_construction(n=n, D=D, H=H)
        weights = sum(
            sum(w != 0 for row in matrix for w in row) + sum(b != 0 for b in bias) for matrix, bias in one.layers()
        )
        assert weights <= 4 * D + 12 * (one.l - 1) + 4


# ---------------------------------------------------------------------------- two layers, read-out, chain of thought
def test_two_layers_stay_close():
    worst = 0.0
    for n in range(1, 6):
        one = ip.two_layer_composition(n=n)
        for f in itertools.product(range(1, n + 1), repeat=n):
            worst = max(worst, abs(one.evaluate(f=f) - f[f[0] - 1]))
    assert 0.15 < worst <= 0.18


def test_two_layers_at_4096():
    one = ip.two_layer_composition(n=4096)
    f = [4096] * 4096
    f[0], f[99] = 100, 1
    error = abs(one.evaluate(f=tuple(f)) - 1)
    assert error == pytest.approx(0.24977, abs=2e-5)


@pytest.mark.parametrize(("low", "n", "worst"), [(0, 5, 4 / 21), (1, 5, 0.2143), (0, 2, 1 / 9)])
def test_worst_errors_with_the_position_in_the_readout(low, n, worst):
    one = ip.index_in_readout(n=n)
    cases = itertools.product(range(low, low + n), repeat=n)
    found = max(
        abs(one.evaluate(table=t, p=p) - t[p - 1]) for t in itertools.islice(cases, 0, None, 3) for p in range(1, n + 1)
    )
    every = max(
        abs(one.evaluate(table=t, p=p) - t[p - 1])
        for t in [(low,) * i + (low + n - 1,) + (low,) * (n - 1 - i) for i in range(n)]
        + [(low + n - 1,) * i + (low,) + (low + n - 1,) * (n - 1 - i) for i in range(n)]
        + [(low + n - 1,) * n]
        for p in range(1, n + 1)
    )
    assert max(found, every) == pytest.approx(worst, abs=5e-5)


def test_chain_of_thought_needs_one_layer_a_step():
    f = (5, 3, 1, 2, 4)
    walked = [f[0], f[4], f[3], f[1], f[2]]
    assert [ip.chain_of_thought_composition(f=f, steps=s) for s in range(1, 6)] == walked


# ---------------------------------------------------------------------------- SUM_2, palindromes
@pytest.mark.parametrize("distinct", [True, False])
def test_sum2_constructions_on_random_words(distinct):
    source = random.Random(6)
    for n, M in ((2, 2), (3, 9), (6, 14), (12, 100)):
        two, one = ip.two_layer_sum2(n=n, M=M, distinct=distinct), ip.histogram_sum2(n=n, M=M, distinct=distinct)
        for _ in range(40):
            x = tuple(source.randrange(M) for _ in range(n))
            assert two.evaluate(x=x) == one.evaluate(x=x) == ip.sum2_label(word=x, M=M, distinct=distinct)
        assert one.units <= M + 1


def test_share_of_positive_words():
    """58.7 % and 76.6 % at n = 8, M = 32; 60.9 % at n = 16, M = 128: counted without enumerating the words."""
    import math

    def negative(n, M, distinct):
        # words with no pair: of every {s, -s} at most one value occurs; of 0 and M/2 at most one (or no) occurrence
        pairs, fixed, total = (M - 2) // 2, 2, 0
        for k in range(fixed + 1 if distinct else 1):
            ways = math.comb(fixed, k) * math.perm(n, k)
            rest = n - k
            for used in range(min(rest, pairs) + 1):
                onto = sum((-1) ** i * math.comb(used, i) * (used - i) ** rest for i in range(used + 1))
                total += ways * math.comb(pairs, used) * 2**used * onto
        return Fraction(total, M**n)

    assert 1 - float(negative(8, 32, True)) == pytest.approx(0.587, abs=5e-4)
    assert 1 - float(negative(8, 32, False)) == pytest.approx(0.766, abs=5e-4)
    assert 1 - float(negative(16, 128, True)) == pytest.approx(0.609, abs=5e-4)
    words = itertools.product(range(4), repeat=3)
    assert negative(3, 4, True) == Fraction(sum(not ip.sum2_label(word=w, M=4) for w in words), 64)


def test_palindrome_sum_has_a_gap():
    for n in (2, 5, 8):
        one = ip.palindrome_one_layer(n=n)
        sizes = {abs(one.signed_sum(b=b)) for b in itertools.product((0, 1), repeat=n)}
        assert min(sizes - {0}) == Fraction(1, 2 ** (n // 2))
