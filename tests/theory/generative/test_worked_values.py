"""Fixed values, each computed twice by separate programs written from the statements alone."""

import math

import numpy as np
import pytest

import theory.generative as generative

CPU = {"V": 65, "d": 128, "D": 4, "T": 64}
GPU = {"V": 65, "d": 384, "D": 6, "T": 256}
SIZES = ((64, 128), (256, 384), (1024, 768), (8192, 768))
MEMORY = {"B": 64, "T": 256, "d": 384, "D": 6}
STATE = {"B": 1, "d": 768, "D": 12}

EXACT = [
    *[("parameter_count", {**CPU, "mixer": mixer}, n) for mixer, n in (("attention", 795904), ("generative", 599296), ("removed", 533248))],
    ("parameter_count", {**CPU, "mixer": "generative", "output_map": False}, 533760),
    ("parameter_count", {**CPU, "mixer": "static", "h": 4}, 730368),
    ("parameter_count", {**CPU, "d": 148, "mixer": "generative"}, 799496),
    ("parameter_count", {**CPU, "mixer": "attention", "bias": True, "positions": True}, 809856),
    ("parameter_count", {**GPU, "mixer": "attention"}, 10646784),
    ("parameter_count", {**GPU, "mixer": "generative"}, 7992576),
    *[("block_matmul_flops", {"T": t, "d": d, "mixer": "attention"}, n)
      for (t, d), n in zip(SIZES, (27262976, 1006632960, 17716740096, 322122547200))],
    *[("block_matmul_flops", {"T": t, "d": d, "mixer": "generative"}, n)
      for (t, d), n in zip(SIZES, (18874368, 679477248, 10871635968, 86973087744))],
    *[("block_matmul_flops", {"T": t, "d": d, "mixer": "attention", "causal": True}, n)
      for (t, d), n in ((SIZES[0], 26230784), (SIZES[1], 956497920), (SIZES[3], 219055915008))],
    ("block_matmul_flops", {"T": 64, "d": 128, "mixer": "static"}, 22020096),
    *[("quadratic_crossover_length", {"d": d}, n) for d, n in ((128, 768), (384, 2304), (768, 4608))],
    *[("quadratic_crossover_length", {"d": d, "causal": True}, n) for d, n in ((128, 1535), (384, 4607), (768, 9215))],
    ("kv_cache_bytes", {**STATE, "t": 1024}, 37748736),
    ("recurrent_state_bytes", STATE, 18432),
    ("recurrent_state_bytes", {**STATE, "average": True}, 55296),
    ("recurrent_state_bytes", {**STATE, "average": True, "width_factor": 4}, 221184),
    *[("activation_memory_delta", {**MEMORY, "implementation": how, "bytes": b}, n * 2**20)
      for b, row in ((2, (864, 288, -144)), (4, (576, 576, -432))) for how, n in zip(("stack_index", "maximum", "mask"), row)],
    *[("receptive_field", {"D": d}, n) for d, n in ((0, 1), (1, 2), (4, 5), (6, 7))],
    *[("receptive_field", {"D": d, "shifts_per_block": 2}, n) for d, n in ((1, 3), (4, 9))],
    *[("receptive_field", {"D": d, "dilation": "doubling"}, n) for d, n in ((1, 2), (4, 16), (6, 64))],
    ("reach_weights", {"D": 4}, (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)),
    ("copy_success_bound", {"state_bits": 64, "n": 20, "V": 16}, 1.52587890625e-05),
    ("copy_success_bound", {"state_bits": 64, "n": 10, "V": 16}, 1.0),
    ("copy_success_bound", {"state_bits": 0, "n": 10**400, "V": 3}, 0.0),
    ("copy_success_bound", {"state_bits": 1e300, "n": 10**9, "V": 3}, 1.0),
    ("merge_is_lossless", {"codes": np.eye(4)}, True),
    ("merge_is_lossless", {"codes": [[0, 0], [1, 0], [1, 1]]}, False),
    ("merge_is_lossless", {"codes": [[a, -a] for a in range(6)]}, True),
    ("merge_is_lossless", {"codes": [[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1], [1, 0, 0, 1]]}, True),
    ("merge_is_lossless", {"codes": [[1, 0], [1, 0]]}, False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "arguments", "expected"), EXACT, ids=[f"{n}-{i}" for i, (n, _, _) in enumerate(EXACT)]
)
def test_exact_value(name, arguments, expected):
    found = getattr(generative, name)(**arguments)
    assert found == expected and type(found) is type(expected)


UNIFORM4, UNIFORM8 = (0.25,) * 4, (0.125,) * 8
FLOATS = [
    *[("speedup_bound", {"T": t, "d": d}, v, 5e-5) for (t, d), v in zip(SIZES, (1.4444, 1.4815, 1.6296, 3.7037))],
    *[("speedup_bound", {"T": t, "d": d, "causal": True}, v, 5e-5) for (t, d), v in zip(SIZES, (1.3898, 1.4077, 1.4816, 2.5187))],
    ("isoparameter_width", {"d": 128}, 147.80167, 5e-6),
    ("copy_success_bound", {"state_bits": 1024, "n": 300, "V": 16}, 1.044e-53, 5e-57),
    *[("lag_copy_floor", {"V": 4, "lag": 4, "eps": 0.1, "T": 32, "window": w}, v, 5e-10)
      for w, v in ((2, 1.386294361), (3, 1.386294361), (4, 0.446047320), (5, 0.446047320))],
    ("lag_copy_floor", {"V": 4, "lag": 1, "eps": 0.1, "T": 32, "window": 1}, 0.348780385, 5e-10),
    ("urn_entropy", {"n": 5, "p": (0.5, 0.5)}, 0.57700805, 5e-9),
    ("urn_entropy", {"n": 14, "p": UNIFORM8}, 1.78574936, 5e-9),
    ("urn_entropy", {"n": 10, "p": (0.5, 0.3, 0.2)}, 0.91733725, 5e-9),
    ("urn_entropy", {"n": 4, "p": UNIFORM8}, 1.13951743, 5e-9),
    ("urn_entropy", {"n": 0, "p": (1.0,)}, 0.0, 0),
    ("leak_floor", {"T": 8, "p": UNIFORM4, "knowledge": "bag"}, 1.15715363, 5e-9),
    ("leak_floor", {"T": 8, "p": UNIFORM4, "knowledge": "positions"}, 0.34657359, 5e-9),
    ("leak_floor", {"T": 16, "p": UNIFORM8, "knowledge": "bag"}, 1.82246089, 5e-9),
    ("leak_floor", {"T": 4, "p": (0.5, 0.5), "knowledge": "bag"}, 0.5199, 5e-5),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "arguments", "expected", "within"), FLOATS, ids=[f"{f[0]}-{i}" for i, f in enumerate(FLOATS)]
)
def test_float_value(name, arguments, expected, within):
    assert getattr(generative, name)(**arguments) == pytest.approx(expected, abs=within, rel=0)


RECALL = [(2.07944, 0.125), (1.92050, 0.34375), (1.55958, 0.34375), (1.36073, 0.5625), (1.03972, 0.5625), (0.76832, 0.78125), (0.51986, 0.78125), (0, 1)]  # fmt: skip


@pytest.mark.parametrize(("depth", "expected"), list(enumerate(RECALL)))
def test_recall_floor(depth, expected):
    assert generative.recall_floor(K=4, V=8, D=depth) == pytest.approx(expected, abs=5e-6)


ROWS = [[1, 5], [3, 2], [2, 9]]


@pytest.mark.parametrize(("how", "expected"), [
    ({"f": "max"}, [[1, 5], [3, 5], [3, 9]]),
    ({"f": "max", "context": "window_mean"}, [[1, 5], [3, 16 / 3], [3, 9]]),
    ({"f": "min", "context": "running_mean"}, [[1, 5], [1, 2], [2, 2]]),
    ({"f": "mean", "context": "running_mean"}, [[1, 5], [2, 3.5], [7 / 3, 49 / 9]]),
    ({"f": "max", "shift": 2}, [[1, 5], [3, 2], [2, 9]]),
    ({"f": "min", "shift": 2}, [[1, 5], [3, 2], [1, 5]]),
    ({"f": "mean", "shift": 7, "context": "window_mean"}, ROWS),
])  # fmt: skip
def test_generative_function(how, expected):
    found = generative.generative_function(u=ROWS, **how)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=1e-15)


INT33 = generative.integer_markov_source(V=3, k=3)
HMM = generative.HiddenMarkovSource(A=((0.95, 0.05), (0.1, 0.9)), E=((0.7, 0.2, 0.1), (0.1, 0.3, 0.6)))
ENTROPIES = {
    "int(3,3)": (INT33, (1.093716691, 1.091792640, 1.020312925, 0.756615519, 0.756615519)),
    "int(2,4)": (generative.integer_markov_source(V=2, k=4), (0.684456956, 0.660449829, 0.650410004, 0.525087529, 0.440591309, 0.440591309)),
    "hmm": (HMM, (1.038608835, 0.986042814, 0.965199376, 0.957204882, 0.954041523, 0.952803557, 0.952319609, 0.952130273, 0.952056222, 0.952027260)),
    "even": (generative.even_process(), (0.636514168, 0.605939157, 0.549306144, 0.534018638, 0.505702132)),
    "lag": (generative.lag_copy_source(V=4, lag=4, eps=0.1), (*[math.log(4)] * 4, 0.348780385)),
}  # fmt: skip


@pytest.mark.parametrize("name", ENTROPIES)
def test_conditional_entropies(name):
    source, expected = ENTROPIES[name]
    found = generative.conditional_entropies(source=source, kmax=len(expected) - 1)
    assert found == pytest.approx(expected, abs=1e-9)


def test_short_entropies():
    found = generative.conditional_entropies(source=generative.integer_markov_source(V=3, k=1), kmax=2)
    assert found == pytest.approx((1.084792, 0.805439, 0.805439), abs=5e-7)


def test_window_floors():
    h = generative.conditional_entropies(source=INT33, kmax=3)
    found = [generative.window_floor(h=h, T=32, window=w, constant_tail=True) for w in (1, 2, 3, 4, 32)]
    assert found == pytest.approx((1.091792640, 1.022546666, 0.775330348, 0.775330348, 0.775330348), abs=5e-10)
    h = generative.conditional_entropies(source=HMM, kmax=9)
    found = [generative.window_floor(h=h, T=9, window=w) for w in (2, 3, 5, 9)]
    assert found == pytest.approx((0.967515314, 0.961297374, 0.958500709, 0.958202835), abs=5e-10)


def test_entropy_rate_bounds():
    assert generative.entropy_rate_bounds(source=HMM, n=8) == pytest.approx((0.951797560, 0.952130273), abs=5e-10)
    for n in (2, 3, 7):
        assert generative.entropy_rate_bounds(source=generative.even_process(), n=n)[0] == pytest.approx(
            2 * math.log(2) / 3
        )
    low, high = generative.entropy_rate_bounds(source=HMM, n=13)
    assert 0.951797560 < low < high < 0.952027260 and high - low < 4e-6  # the accuracy of the rate at n = 13


def test_map_statistics():
    maps = [[[1, 0, 0], [0.5, 0.5, 0], [0.2, 0.3, 0.5]], [[1, 0, 0], [0.1, 0.9, 0], [0.6, 0.3, 0.1]]]
    found = generative.map_statistics(maps=maps)
    assert found.jsd == pytest.approx(0.113424915, abs=5e-10)
    assert found.fraction == pytest.approx(0.133459583, abs=5e-10)
    assert found.relative_variance == pytest.approx(0.16 / 2.08, abs=1e-15)
    assert found.total_variation == pytest.approx(0.2, abs=1e-15)


@pytest.mark.parametrize(("train", "validation", "V", "expected"), [
    ("abracadabra", "cabra", 5, (1.477810583, 0.801705919, 0.863759690)),
    ("aab", "ba", 2, (0.713558178, 0.713558178)),
])  # fmt: skip
def test_witten_bell(train, validation, V, expected):
    found = generative.witten_bell_losses(train=train, validation=validation, order=len(expected) - 1, V=V)
    assert found == pytest.approx(expected, abs=5e-10)
