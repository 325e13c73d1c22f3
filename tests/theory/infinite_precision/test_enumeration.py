"""Exact enumeration and independent second methods: VC dimensions, shattered sets, cells, Stirling's series."""

import itertools
import math
import random

import pytest

import theory.infinite_precision as ip
from theory.infinite_precision.certificates import TASKS
from theory.infinite_precision.counting import EXACT_CELLS, cells_log2

BIT = (0, 1)


def split(f, *alphabets, symmetric=False):
    return ip.split_vc_dimension(f=f, alphabets=alphabets, symmetric=symmetric)


def by_definition(matrix):
    best = 0
    for size in range(1, len(matrix) + 1):
        if any(len(set(zip(*rows))) == 2**size for rows in itertools.combinations(matrix, size)):
            best = size
    return best


@pytest.mark.parametrize("seed", range(25))
def test_vc_dimension_is_that_of_the_definition(seed):
    source = random.Random(seed)
    rows, columns = source.randint(1, 7), source.randint(1, 40)
    matrix = [[int(source.random() < 0.6) for _ in range(columns)] for _ in range(rows)]
    assert ip.vc_dimension(matrix=matrix) == by_definition(matrix)


def test_split_vc_of_named_functions():
    assert split(lambda w: (w[0] & w[1]) ^ (w[2] & w[3]), *(BIT,) * 4) == 2
    assert (
        ip.vc_dimension(
            matrix=[[(a & b) ^ (c & e) for b, e in itertools.product(BIT, BIT)] for a, c in itertools.product(BIT, BIT)]
        )
        == 2
    )
    for m in (3, 4):
        assert split(lambda w: ip.disjointness_label(word=w), *(BIT,) * (2 * m)) == m
    assert split(lambda w: ip.palindrome_label(word=w), *(BIT,) * 6) == 1
    assert split(lambda w: ip.palindrome_label(word=w), BIT) == 0
    for n in (2, 3, 4):
        assert split(lambda w: ip.composition_value(word=w, variant="index"), tuple(range(1, n + 1)), *(BIT,) * n) == n
        assert (
            split(lambda w: int(ip.composition_value(word=w, variant="self") == 1), *(tuple(range(1, n + 1)),) * n)
            == n - 1
        )


SUM2 = [*[(n, M, True, v) for n, M, v in ((3, 2, 0), (3, 3, 2), (4, 4, 3), (4, 5, 3), (4, 8, 4), (5, 5, 3), (5, 6, 4), (6, 4, 3))],
        *[(n, M, False, v) for n, M, v in ((4, 4, 1), (4, 9, 4), (5, 5, 2), (3, 7, 3))]]  # fmt: skip


@pytest.mark.parametrize(("n", "M", "distinct", "value"), SUM2)
def test_split_vc_of_sum2(n, M, distinct, value):
    def f(word):
        return ip.sum2_label(word=word, M=M, distinct=distinct)

    assert split(f, *(tuple(range(M)),) * n, symmetric=True) == value


def test_self_composition_with_one_free_token_up_to_six():
    for n in (5, 6):
        rest = itertools.product(range(1, n + 1), repeat=n - 1)
        columns = {tuple(int((first, *r)[first - 1] == 1) for first in range(1, n + 1)) for r in rest}
        assert ip.vc_dimension(matrix=list(zip(*columns))) == n - 1


def test_labels_by_search_over_pairs():
    for word in itertools.product(range(5), repeat=3):
        for distinct, residue in itertools.product((True, False), (0, 1, -1)):
            pairs = [(i, j) for i in range(3) for j in range(i + distinct, 3)]
            found = any((word[i] + word[j] - residue) % 5 == 0 for i, j in pairs)
            assert ip.sum2_label(word=word, M=5, residue=residue, distinct=distinct) == found


def test_two_function_composition_contains_the_index_task():
    for n in (2, 3):
        for p, *table in itertools.product(range(1, n + 1), repeat=n + 1):
            g = (p, *[1] * (n - 1))
            two = ip.composition_value(word=(*g, *table, 1), variant="two_function")
            assert two == ip.composition_value(word=(p, *table), variant="index")


@pytest.mark.parametrize(
    ("task", "arguments", "size"),
    [
        ("index", {"n": 12}, 12),
        ("self", {"n": 11}, 10),
        ("bit_readout", {"n": 4}, 8),
        ("sum2", {"n": 8, "M": 8}, 5),
        ("sum2", {"n": 8, "M": 8, "distinct": False}, 3),
        ("sum2", {"n": 12, "M": 12}, 7),
        ("sum2", {"n": 12, "M": 12, "distinct": False}, 5),
        ("sum2", {"n": 12, "M": 30}, 12),
        ("sum2", {"n": 12, "M": 30, "distinct": False}, 12),
        ("sum2_large", {"n": 8, "r": 2}, 12),
        ("sum2_large", {"n": 7, "r": 2}, 10),
        ("sum2_residue", {"n": 8}, 4),
        ("disjointness", {"n": 6}, 6),
    ],
)
def test_sizes_of_shattered_sets(task, arguments, size):
    """The sizes; that they are shattered is enumerated by the proof steps, and here for the small ones."""
    one = ip.shattering_certificate(task=task, **arguments)
    assert one.size == len(one.rows) == size and len(one.A) == len(one.rows[0])
    assert size > 8 or one.verify()
    assert task in TASKS


def test_a_certificate_with_a_wrong_row_is_rejected():
    import dataclasses

    one = ip.shattering_certificate(task="index", n=4)
    assert not dataclasses.replace(one, rows=((1,), (1,), (3,), (4,))).verify()
    assert not dataclasses.replace(one, rows=((2,), (1,), (3,), (4,))).verify()
    assert not dataclasses.replace(one, rows=((9,), (2,), (3,), (4,))).verify()
    two = ip.linear_readout_certificate()
    params = dict(two.params)
    assert not dataclasses.replace(two, params={**params, "00000": params["11111"]}).verify()
    assert not dataclasses.replace(two, params={k: v for k, v in params.items() if k != "00000"}).verify()
    assert not dataclasses.replace(two, lam=((-200, 13), *two.lam[1:])).verify()


def test_eight_points_of_three_heads_stand_and_fall_with_their_numbers():
    import dataclasses

    three = ip.linear_readout_certificate(heads=3)
    assert len(three.alpha) == 8 <= ip.vc_upper(d=1, H=3, widths=()) and three.verify()
    assert not dataclasses.replace(three, c=100 * three.c).verify()
    assert not dataclasses.replace(three, alpha=(three.alpha[1], three.alpha[0], *three.alpha[2:])).verify()
    with pytest.raises(ValueError, match="'heads'"):
        ip.linear_readout_certificate(heads=4)


@pytest.mark.parametrize("M", [EXACT_CELLS + 1, 5000, 9001])
def test_stirling_series_agrees_with_the_integers(M):
    for P in (1, 2, 7, 60, 500, M // 3, M // 2, M // 2 + 1, M - 2, M - 1):
        exact = ip.hyperplane_cells(M=M, P=P)
        assert cells_log2(M, P) == pytest.approx(math.log2(exact), rel=1e-12)


def test_cells_of_very_many_functions():
    for M, P in ((2**80 - 1, 5), (10**12, 300), (2**400 + 3, 12)):
        assert cells_log2(M, P) == pytest.approx(math.log2(ip.hyperplane_cells(M=M, P=P)), rel=1e-13)


def test_best_construction_by_trying_all():
    for n, bits in itertools.product((1, 5, 17, 64, 100, 300), (1, 3)):
        found = []
        for D, H in itertools.product(range(1, 60), range(1, 60)):
            U = (D if D > 1 else 0) + 3 * bits * (math.ceil(n / (D * H)) - 1)
            found.append((max(D + 4, H, U), H, D))
        best = ip.constructive_size(n=n, bits=bits)
        assert (best.s, best.H, best.D) == min(found)
        two = ip.constructive_size(n=n, bits=bits, H=2)
        assert (two.s, two.H, two.D) == min(one for one in found if one[1] == 2)


def test_growth_from_the_statement():
    """The tree and layer counts, typed again with integers where there is one head."""
    for m, d, H, widths in ((40, 3, 1, (4, 2)), (200, 5, 3, (8,)), (1000, 2, 2, (4, 4, 4)), (30, 2, 2, ())):
        P = H * (min(d, widths[0]) + 1) if widths else 2 * H

        def patterns(M, H=H, P=P):
            if P > M:
                return M
            if H == 1:
                return math.log2(sum(math.comb(M, j) for j in range(P + 1)))
            return min(M, 1 + P * math.log2(2 * math.e * M * H / P))

        tree = patterns(m * (2 ** (sum(widths) + 1) - 1))
        layers = sum(patterns(m * k) for k in (*widths, 1))
        assert ip.growth_log2(m=m, d=d, H=H, widths=widths) == pytest.approx(min(tree, layers, m), rel=1e-12)


def test_ceiling_solves_its_equation():
    for n, bits, a in ((16, 8.0, 16), (64, 20.9, 2), (100, 1.0, 5), (7, 0.0, 2)):
        error = 1 - ip.accuracy_ceiling(n=n, log2_patterns=bits, alphabet=a)
        entropy = -error * math.log2(error) - (1 - error) * math.log2(1 - error) if error < 1 else 0
        assert math.log2(a) - entropy - error * math.log2(a - 1) == pytest.approx(bits / n, abs=1e-9)
    assert ip.accuracy_ceiling(n=7, log2_patterns=0.0) == pytest.approx(0.5)
