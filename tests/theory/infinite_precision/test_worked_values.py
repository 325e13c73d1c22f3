"""Fixed values, each recomputed by a second implementation written from the statements alone."""

import math

import pytest

import theory.infinite_precision as ip

POWERS = (64, 256, 1024, 4096, 16384, 65536, 2**20, 2**24, 2**30)
INTEGERS = [
    *[("hyperplane_cells", {"M": m, "P": p}, v) for m, p, v in ((3, 1, 4), (3, 2, 7), (10, 3, 176), (20, 5, 21700))],
    *[("goldberg_jerrum_vc", {"P": p, "t": t}, v) for p, t, v in ((2, 10, 96), (5, 100, 2040), (20, 1000, 80160))],
    *[("attention_operation_count", {"d": d, "H": h, "W": w, "U": u, "premultiplied": pre}, v)
      for d, h, w, u, values in ((4, 1, 64, 16, (159, 187)), (8, 4, 256, 32, (646, 1126)), (64, 8, 16384, 256, (34570, 99594)))
      for pre, v in zip((True, False), values)],
    ("theorem_a_vc", {"d": 4, "H": 1, "W": 64, "U": 16}, 3220),
    ("theorem_a_vc", {"d": 4, "H": 1, "W": 64, "U": 16, "premultiplied": False}, 3780),
    *[("effective_parameter_count", {"d": d, "H": h, "first_width": k, "hidden_layers": layers}, v)
      for d, h, k, layers, v in ((8, 4, 3, 1, 16), (8, 1, None, 0, 1), (8, 4, None, 0, 8), (8, 4, 64, 2, 36))],
    ("effective_parameter_count", {"d": 8, "H": 4, "first_width": 64, "hidden_layers": 2, "value_dim": 2}, 12),
    *[("vc_upper_units", {"d": d, "H": h, "U": u}, v) for d, h, u, v in (
        (1, 1, 4, 17), (2, 1, 8, 40), (4, 1, 32, 196), (4, 4, 32, 858), (8, 2, 64, 1344), (64, 8, 256, 140672),
        (768, 12, 3072, 28520254), (1, 1, 0, 1), (1, 2, 0, 25), (1, 3, 0, 42))],
    *[("vc_upper", {"d": d, "H": h, "widths": w}, v) for d, h, w, v in (
        (1, 1, (4,), 17), (2, 1, (8,), 34), (4, 1, (32,), 72), (4, 1, (16, 16), 123), (4, 4, (32, 32), 787),
        (64, 8, (256,), 14851), (768, 12, (3072,), 311890), (16, 1, (64, 64), 518), (16, 1, (16,), 239), (16, 1, (4,), 45),
        (1, 1, (8,), 21), (4, 1, (8,), 60))],
    *[("min_relu_units", {"n": n, "d": d, "H": h}, v) for n, d, h, v in (
        (64, 1, 1, 26), (256, 4, 1, 44), (1024, 4, 4, 41), (4096, 16, 1, 231), (16384, 16, 8, 108))],
    *[("min_relu_units_any_dim", {"n": n, "H": h}, v) for n, h, v in (
        (1024, 1, 28), (1024, 4, 11), (1024, 16, 3), (4096, 16, 10), (65536, 1, 250), (10**6, 4, 492), (256, 1, 12), (256, 4, 4),
        (4096, 1, 59), (4096, 4, 26), (4096, 64, 3), (65536, 4, 121), (65536, 16, 57), (65536, 64, 25), (10**6, 1, 993),
        (10**6, 16, 242), (10**6, 64, 116))],
    *[("constructive_units", {"n": n, "H": h}, v) for n, h, v in (
        (1024, 1, 108), (1024, 4, 53), (1024, 16, 25), (256, 1, 53), (256, 4, 25), (4096, 1, 219), (4096, 4, 108),
        (4096, 16, 53), (4096, 64, 25), (65536, 1, 884), (65536, 4, 441), (65536, 16, 219), (65536, 64, 108), (10**6, 1, 3462),
        (10**6, 4, 1730), (10**6, 16, 864), (10**6, 64, 431))],
    *[("min_embedding_dim", {"n": n, "H": h, "U": u}, v) for n, h, u, v in (
        (64, 1, 8, 4), (256, 1, 16, 11), (1024, 4, 32, 5), (4096, 1, 64, 56), (100000, 1, 16, None))],
    *[("min_size", {"n": n}, v) for n, v in zip((*POWERS, 10**6), (3, 4, 8, 13, 22, 36, 96, 250, 1016, 95))],
    *[("min_size", {"n": n, "task": "composition"}, v)
      for n, v in zip((*POWERS, 10**6), (5, 9, 17, 31, 54, 93, 265, 725, 3165, 260))],
    *[("min_size_theorem_a", {"n": n}, v) for n, v in zip(POWERS, (1, 2, 3, 4, 6, 8, 17, 34, 97))],
    *[("min_size_theorem_a", {"n": n, "premultiplied": False}, v) for n, v in zip(POWERS, (1, 2, 3, 3, 5, 6, 11, 18, 42))],
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "arguments", "expected"), INTEGERS, ids=[f"{n}-{i}" for i, (n, _, _) in enumerate(INTEGERS)]
)
def test_whole_value(name, arguments, expected):
    found = getattr(ip, name)(**arguments)
    assert found == expected and (expected is None or type(found) is int)


FLOATS = [
    *[("warren_sign_patterns_log2", {"M": m, "D": d, "P": p}, v)
      for m, d, p, v in ((10, 1, 3, 10.0), (64, 2, 6, 42.146395), (1000, 4, 20, 202.731025), (3, 1, 5, 3.0), (4, 1, 4, 4.0))],
    *[("anthony_bartlett_exp_vc", {"P": p, "q": q, "t": t}, v)
      for p, q, t, v in ((2, 0, 10, 315.738), (5, 3, 100, 24048.208), (10, 1, 50, 13048.208))],
    *[("growth_log2", {"m": m, "d": d, "H": h, "widths": w}, v) for m, d, h, w, v in (
        (64, 1, 1, (4,), 20.9091), (128, 1, 1, (8,), 30.9944), (256, 4, 1, (32,), 91.1574), (512, 2, 2, (16,), 144.2928))],
    *[("vc_upper_closed", {"d": d, "H": h, "U": u}, v)
      for d, h, u, v in ((1, 1, 0, 9.169925), (1, 1, 4, 34.339850), (4, 4, 32, 1543.398500))],
    *[("composition_growth_log2", {"n": n, "d": d, "H": h, "U": u}, v) for n, d, h, u, v in (
        (64, 1, 1, 4, 35.882571), (256, 4, 1, 32, 241.603835), (1024, 4, 4, 16, 723.415339))],
    ("shallow_width_log2_sum", {"n": 1024, "P": 2, "H": 1, "L": 2}, 488.114610),
    *[("communication_min_precision", {"n": n, "d": d, "H": h, "alphabet": n}, v)
      for n, d, h, v in ((16, 1, 1, 32.0), (64, 8, 2, 21.3333), (256, 16, 4, 30.1176), (1024, 64, 1, 157.5385))],
    *[("inverse_binary_entropy", {"y": y}, v) for y, v in ((0.1, 0.01298686), (0.5, 0.11002786), (0.9, 0.31601935))],
    ("accuracy_ceiling", {"n": 16, "log2_patterns": 8.0, "alphabet": 16}, 0.341140),
    *[("accuracy_ceiling", {"n": n, "log2_patterns": ip.growth_log2(m=n, d=d, H=h, widths=w)}, v) for n, d, h, w, v in (
        (64, 1, 1, (4,), 0.823079), (128, 1, 1, (8,), 0.781262), (256, 4, 1, (32,), 0.835948), (512, 2, 2, (16,), 0.801867))],
    ("relu_vc_lower", {"W": 1000, "L": 4, "C": 2}, 15931.568569),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "arguments", "expected"), FLOATS, ids=[f"{n}-{i}" for i, (n, _, _) in enumerate(FLOATS)]
)
def test_real_value(name, arguments, expected):
    found = getattr(ip, name)(**arguments)
    digits = len(str(expected).split(".")[1])
    assert type(found) is float and found == pytest.approx(expected, abs=0.6 * 10.0**-digits + 1e-9)


@pytest.mark.parametrize(
    ("input_dim", "widths", "closed", "solved"),
    [
        (2, (), 15.194, 15),
        (2, (3,), 178.374, 169),
        (10, (20,), 4929.706, 4258),
        (10, (20, 20), 19006.056, 16571),
        (784, (128, 64), 4721361.541, 4089299),
        (4, (8,) * 4, 11144.375, 10287),
    ],
)
def test_relu_networks(input_dim, widths, closed, solved):
    found = ip.relu_vc_upper(input_dim=input_dim, widths=widths)
    assert found.closed == pytest.approx(closed, abs=6e-4) and found.solved == solved < found.closed


def test_relu_network_counts():
    assert (ip.relu_vc_upper(input_dim=2, widths=()).W, ip.relu_vc_upper(input_dim=2, widths=(3,)).W) == (3, 13)
    assert ip.relu_vc_upper(input_dim=2, widths=(3,)).R == 5


@pytest.mark.parametrize(
    ("n", "H", "d", "p", "peng", "rate"),
    [
        (16, 1, 1, 4, 0.291667, 0.658860),
        (64, 2, 8, 8, 0.208333, 0.460817),
        (256, 4, 16, 8, 0.244792, 0.614587),
        (1024, 1, 64, 16, 0.299479, 0.833619),
    ],
)
def test_error_floors(n, H, d, p, peng, rate):
    found = ip.composition_error_floor(n=n, H=H, d=d, p=p)
    assert (found.peng, found.rate_distortion) == (pytest.approx(peng, abs=6e-7), pytest.approx(rate, abs=6e-7))


CEILINGS = {
    1: (0.6555, 0.6655, 0.6815, 0.7081, 0.7228, 0.7284, 0.7338),
    2: (0.6555, 0.6982, 0.7179, 0.7502, 0.7655, 0.7722, 0.7788),
    4: (0.6555, 0.6982, 0.7723, 0.8131, 0.8275, 0.8359, 0.8441),
    8: (0.6555, 0.6982, 0.7723, 0.8975, 0.9084, 0.9187, 0.9285),
    16: (0.6555, 0.6982, 0.7723, 0.8975, 0.9941, 1.0, 1.0),
}


@pytest.mark.parametrize("d", CEILINGS)
def test_ceilings_at_256_entries_and_one_head(d):
    """Rows coincide while the first width is below both dimensions: it caps the dimension that is used."""
    found = [
        ip.accuracy_ceiling(n=256, log2_patterns=ip.growth_log2(m=256, d=d, H=1, widths=(k,)))
        for k in (1, 2, 4, 8, 16, 32, 64)
    ]
    assert found == pytest.approx(CEILINGS[d], abs=6e-5)


SIZES = dict(zip(POWERS, ((8, 4, 8, 7), (13, 7, 13, 13), (22, 13, 20, 22), (35, 17, 35, 35), (57, 30, 55, 57), (91, 43, 90, 91),
                          (231, 114, 230, 231), (585, 285, 583, 585), (2343, 1152, 2342, 2343))))  # fmt: skip


@pytest.mark.parametrize("n", SIZES)
def test_best_constructions(n):
    found = ip.constructive_size(n=n)
    assert (found.s, found.D, found.H, found.U) == SIZES[n]
    assert found.d == found.D + 4 and found.l == math.ceil(n / (found.D * found.H))


def test_best_constructions_with_values_or_one_head():
    assert (ip.constructive_size(n=10**6).D, ip.constructive_size(n=10**6).s) == (113, 227)
    values = [ip.constructive_size(n=n, bits=math.ceil(math.log2(n))).s for n in (*POWERS, 10**6)]
    assert values == [11, 19, 35, 67, 114, 204, 594, 1643, 7225, 584]
    six = ip.constructive_size(n=64, bits=6)
    assert (six.D, six.H, six.U) == (7, 10, 7)
    assert [ip.constructive_size(n=n, H=1).s for n in POWERS[:7]] == [25, 53, 108, 219, 441, 884, 3545]


def _one_head(n, warren):
    """Least s = max(d, U) at one head by the tree count, with d = U = s."""
    s = 1
    while True:
        M, P = n * (2 ** (s + 1) - 1), s + 1
        bits = (
            1 + P * (math.log2(2 * math.e / P) + math.log2(M)) if warren else math.log2(ip.hyperplane_cells(M=M, P=P))
        )
        if bits >= n:
            return s
        s += 1


def test_one_head_by_warren_and_by_cells():
    """Warren's formula gives the published column; exact cells raise some entries by one."""
    assert [_one_head(n, True) for n in POWERS[:7]] == [5, 12, 28, 59, 123, 250, 1017]
    assert [_one_head(n, False) for n in (64, 256, 4096, 65536)] == [6, 13, 60, 251]


@pytest.mark.parametrize(
    ("n", "D", "H", "bits", "d", "U", "widths"),
    [
        (4, 1, 1, 1, 5, 9, (3, 3, 3)),
        (6, 2, 1, 1, 6, 8, (2, 3, 3)),
        (8, 2, 2, 1, 6, 5, (2, 3)),
        (8, 8, 1, 1, 12, 8, (8,)),
        (64, 4, 4, 1, 8, 13, (4, 3, 3, 3)),
        (64, 4, 4, 6, 8, 58, (4, *(3,) * 18)),
    ],
)
def test_sizes_of_the_index_construction(n, D, H, bits, d, U, widths):
    found = ip.index_construction(n=n, D=D, H=H, bits=bits)
    assert (found.d, found.U, found.widths) == (d, U, widths) and sum(widths) == U


def test_large_arguments_do_not_overflow():
    assert ip.growth_log2(m=10**9, d=4, H=1, units=100_000) == pytest.approx(
        5 * (math.log2(10**9) + 100_001) - math.log2(120)
    )
    rows = ip.vc_upper_units(d=4, H=1, U=100_000)
    assert rows == 500_092 and rows <= 5 * (math.log2(rows) + 100_001) - math.log2(120) < rows + 1
    assert ip.min_relu_units_any_dim(n=2**30, H=1) == 32759
    assert ip.warren_sign_patterns_log2(M=2**5000, D=1, P=3) == pytest.approx(
        1 + 3 * (math.log2(2 * math.e / 3) + 5000)
    )


def test_gpt2_small_is_excluded_only_beyond_311890_entries():
    shape = {"task": "index", "d": 768, "H": 12, "widths": (3072,)}
    assert ip.exclusion(n=311_890, **shape).excluded_by == ()
    assert ip.exclusion(n=311_891, **shape).excluded_by == ("layer count",)
