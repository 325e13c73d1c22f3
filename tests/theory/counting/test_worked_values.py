"""Fixed values, each recomputed by a second implementation written from the statements alone."""

import math
from fractions import Fraction as F

import numpy as np
import pytest

from theory import counting

HEAD = (2, F(1, 2), F(1, 4), F(-1, 2), 1)
UNIFORM_12 = {"length_law": "uniform", "N": 12, "tie": "neg"}
V2 = ((-1, 0), (1, 0), (0, 1), (-0.5, 0), (0, -1))
V2_DROP = (*V2[:3], (0.5, 0), V2[4])
ONES = (1, 1, 1, 1, 1)
SKEW = (1, 2, 0.5, 1, 1)


def interval(N, head, tie="neg"):
    return ("perfect_threshold_interval", {"N": N, "head": head, "tie": tie})


def length(head, b=None):
    return ("max_perfect_length", {"head": head, "tie": "neg", "b": b})


def at(law, N, head, tie):
    return {"length_law": law, "N": N, "head": head, "tie": tie}


EXACT = [
    ("class_prior", {"length_law": "fixed", "N": 4}, counting.ClassPrior(F(31, 81), F(31, 81), F(19, 81))),
    ("class_prior", {"length_law": "fixed", "N": 5}, counting.ClassPrior(F(32, 81), F(32, 81), F(17, 81))),
    ("class_prior", {"length_law": "uniform", "N": 6}, counting.ClassPrior(F(539, 1458), F(539, 1458), F(380, 1458))),
    ("class_prior", {"length_law": "fixed", "N": 4, "p": (F(1, 2), F(1, 4), F(1, 4))}, counting.ClassPrior(F(47, 256), F(5, 8), F(49, 256))),
    ("majority_accuracy", {**UNIFORM_12, "tie": "drop"}, F(1, 2)),
    ("canonical_score", {"n": (0, 0, 4), "head": HEAD}, 0),
    ("canonical_score", {"n": (5, 5, 0), "head": HEAD}, F(9, 32)),
    ("token_influence", {"n": (5, 5, 0), "head": (1, 1, 0, 0, 1), "t": 0}, F(-1, 12)),
    (*interval(12, (F(11, 10), F(1, 2), 0, 0, 0)), counting.ThresholdInterval(F(1, 21), F(16, 121), True)),
    (*interval(12, (2, F(1, 10), 0, 0, 0)), counting.ThresholdInterval(F(1, 3), F(70, 171), True)),
    (*interval(12, (2, F(1, 2), 0, 0, 0)), counting.ThresholdInterval(F(1, 3), F(4, 15), False)),
    (*interval(9, (F(9, 10), 1, 0, F(-1, 2), 1)), counting.ThresholdInterval(F(-1, 20), F(0), True)),
    (*interval(8, (3, F(1, 4), F(1, 2), 0, 1), "drop"), counting.ThresholdInterval(F(41, 114), F(73, 130), True)),
    (*length((F(11, 10), F(1, 2), 0, 0, 0)), 44),
    (*length((F(9, 10), F(1, 2), 0, 0, 0)), 18),
    (*length((2, F(1, 100), 0, 0, 0)), 400),
    (*length((F(21, 20), 1, 0, F(-1, 2), 1), 0), 21),
    (*length((F(19, 20), 1, 0, F(-1, 2), 1), 0), 18),
    (*length((1, 1, 0, F(-1, 2), 1), 0), None),
    (*length((1, 1, 0, 5, 1)), 1),
    (*length((1, 1, 0, 1, 1)), 2),
    (*length((2, 0, 0, 0, 1)), None),
    (*length((3, 1, F(1, 2), 0, 1)), None),
    (*length((1, 1, 0, -1, 1)), None),
    (*length((1, 1, 0, -1, 1), 0), 0),
    ("separation_accuracy", at("fixed", 5, (2, 1, 0, 0, 0), "drop"), 1),
    ("separation_accuracy", at("uniform", 6, (2, 1, 0, 0, 1), "neg"), F(1451, 1458)),
    ("separation_accuracy", at("uniform", 12, (3, F(1, 2), 0, 0, 1), "neg"), F(58715, 59049)),
    ("separation_accuracy", at("uniform", 12, (1, 1, F(1, 2), 0, 1), "neg"), F(5800823, 6377292)),
    ("separation_accuracy", at("fixed", 11, (F(1, 2), F(1, 2), 0, 0, 0), "drop"), F(151021, 151494)),
    ("separation_accuracy", at("uniform", 10, (F(1, 4), 2, -1, 1, F(1, 2)), "neg"), F(433277, 590490)),
    ("separation_accuracy", at("uniform", 12, (1, 1, 0, F(-1, 2), 1), "neg"), 1),
    ("separation_accuracy", at("uniform", 12, (10, F(1, 100), 0, F(-1, 2), F(1, 10)), "neg"), 1),
    ("roc_auc", at("fixed", 5, (2, 1, 0, 0, 0), "drop"), 1),
    ("roc_auc", at("uniform", 6, (2, 1, 0, 0, 1), "neg"), F(1485388, 1486023)),
    ("roc_auc", at("uniform", 12, (1, 1, 0, F(-1, 2), 1), "neg"), 1),
    ("roc_auc", at("uniform", 12, (10, F(1, 100), 0, F(-1, 2), F(1, 10)), "neg"), 1),
    ("mirror_pair_score", {"n": (4, 4, 1), "lam": 3, "w02": F(1, 2), "wS": 1}, 0),
    *[("one_token_head_accuracy", {"length_law": law, "N": N, "tie": tie, "which": "sum"}, 1) for law, N, tie in (("fixed", 11, "drop"), ("uniform", 12, "neg"), ("fixed", 31, "drop"))],
    ("convert_attention_ratio", {"x": F(1, 4), "from_": "fraction", "to": "w01"}, 3),
    ("convert_attention_ratio", {"x": 4, "from_": "inverse", "to": "fraction"}, F(4, 5)),
    ("cooperation_index", {"head_scores": (F(9, 10), F(4, 5)), "sum_score": 1}, F(1, 10)),
    ("cooperation_index", {"head_scores": (1, F(7, 10)), "sum_score": 1}, 0),
    *[("min_heads_symmetric", {"values": v}, h) for v, h in (((0, 0, 1, 1), 1), ((0, 1, 0), 2), ((0, 1, 0, 1, 0, 1), 5), ((0, 0, 0), 0))],
    *[("n_states", {"N": N}, s) for N, s in ((8, 689), (10, 1231), (12, 2001), (16, 4385), (32, 31041), (64, 233089))],
    ("n_states", {"length_law": "fixed", "N": 4}, 91),
    ("n_states", {"N": 8, "tie": "drop"}, 641),
    ("n_states", {"length_law": "fixed", "N": 4, "tie": "drop"}, 85),
    ("null_separation_accuracy", {}, 0.75),
    ("is_freely_separable", {"V": V2, "a": ONES, "N": 10**6, "tie": "neg"}, True),
    ("is_freely_separable", {"V": V2_DROP, "a": ONES, "N": 10**6, "tie": "drop"}, True),
    ("is_freely_separable", {"V": V2_DROP, "a": ONES, "N": 6, "tie": "neg"}, True),
    ("is_freely_separable", {"V": V2_DROP, "a": ONES, "N": 7, "tie": "neg"}, False),
    ("is_freely_separable", {"V": V2, "a": SKEW, "N": 27, "tie": "neg"}, True),
    ("is_freely_separable", {"V": V2, "a": SKEW, "N": 28, "tie": "neg"}, False),
    ("wedge_statistic", {"V": V2, "a": ONES}, 0.5),
    ("wedge_statistic", {"V": V2_DROP, "a": ONES}, -0.5),
    ("wedge_statistic", {"V": V2, "a": SKEW}, 1.125),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "arguments", "expected"), EXACT, ids=[f"{n}-{i}" for i, (n, _, _) in enumerate(EXACT)]
)
def test_exact_value(name, arguments, expected):
    assert getattr(counting, name)(**arguments) == expected


def r(w01, w02, kappa):
    return counting.gaussian_head_correlation(w01=w01, w02=w02, kappa=kappa)


def own(w, gain=1):
    return {**UNIFORM_12, "head": (w, 1, 0, F(-1, 2), 1), "gain": gain}


def pair(*n):
    return {"n": n, "lam": 3, "w02": F(1, 2), "wS": 1}


FLOATS = [
    ("majority_accuracy", UNIFORM_12, 0.604456876),
    ("canonical_score", {"n": (2, 3, 1), "head": HEAD}, 0.381578947),
    ("token_influence", {"n": (2, 3, 1), "head": HEAD, "t": 1}, 0.107551487),
    ("token_influence", {"n": (2, 3, 1), "head": HEAD, "t": 2}, -0.006578947),
    ("roc_auc", at("uniform", 12, (3, F(1, 2), 0, 0, 1), "neg"), 0.999632169),
    ("roc_auc", at("uniform", 12, (1, 1, F(1, 2), 0, 1), "neg"), 0.973844243),
    ("roc_auc", at("fixed", 11, (F(1, 2), F(1, 2), 0, 0, 0), "drop"), 0.999945970),
    ("roc_auc", at("uniform", 10, (F(1, 4), 2, -1, 1, F(1, 2)), "neg"), 0.769480285),
    *[("fixed_threshold_accuracy", own(w, g), v) for w, g, v in ((F(11, 10), 1, 0.999855111), (2, 1, 0.738555644), (2, -1, 0.261444356), (F(9, 10), 1, 0.988995015), (1.1, 1, 0.999855111), (0.9, 1, 0.988995015))],
    ("fixed_threshold_accuracy", at("fixed", 11, (2, 1, 0, 0, 0), "drop"), 0.766050141),
    *[("one_token_head_accuracy", {"length_law": law, "N": N, "tie": tie, "which": w}, v)
      for law, N, tie, w, v in (("fixed", 11, "drop", "A", 0.889778), ("fixed", 11, "drop", "B", 0.889778), ("uniform", 12, "neg", "A", 0.736357), ("uniform", 12, "neg", "B", 0.686506), ("fixed", 31, "drop", "A", 0.865187))],
    *[("gaussian_head_correlation", {"w01": a, "w02": b, "kappa": c}, v) for a, b, c, v in (
        (2, 1, 0, 0.987829161), (0.5, 0.5, 0, 0.987829161), (1, 1, 1, 0.866025404), (1, 1, -0.5, 0.960768923), (5, 0.2, 0, 0.997870828), (3, 1, 0.5, 1.0))],
    ("gaussian_head_correlation", {"w01": 2, "w02": 1, "kappa": 0, "p": (F(1, 4), F(1, 4), F(1, 2))}, 0.980196059),
    *[("gaussian_separation_accuracy", {"r": r(*h)}, v) for h, v in (((2, 1, 0), 0.950287358), ((1, 1, 1), 5 / 6), ((1, 1, -0.5), 0.910543812), ((5, 0.2, 0), 0.979224686), ((3, 1, 0.5), 1.0))],
    *[("gaussian_auc", {"r": r(*h)}, v) for h, v in (((2, 1, 0), 0.992298203), ((1, 1, 1), 0.919569377), ((1, 1, -0.5), 0.975490412), ((5, 0.2, 0), 0.998645966), ((3, 1, 0.5), 1.0))],
    *[("lattice_separation_accuracy", {"n": n, "r": r(*h)}, v) for n, h, v in ((11, (2, 1, 0), 0.996978477), (31, (1, 1, 1), 0.863518523), (101, (1, 1, -0.5), 0.930202669))],
    *[("auc_from_s_acc", {"s": s}, v) for s, v in ((F(5, 6), 0.919569377), (1, 1.0), (F(1, 2), 0.5))],
    *[("max_margin", {"N": N, "tie": tie}, v) for N, tie, v in ((3, "neg", 0.171572875), (12, "neg", 0.045548850), (64, "neg", 0.007937008), (12, "drop", 1 / 11), (64, "drop", 1 / 63), (2, "neg", 1), (1, "drop", 1))],
    *[("required_gain", {"N": N, "eps": e, "tie": tie}, v) for N, e, tie, v in ((12, 0.01, "neg", 100.994120), (64, 0.01, "neg", 579.584407), (12, 0.1, "drop", 24.773853), (12, 0.7, "neg", 0.0))],
    *[("ensemble_perfect_probability", {"H": H, "sd": s, "N": N}, v) for H, s, N, v in ((1, 0.3, 15, 0.343755866), (4, 0.3, 15, 0.626646480), (16, 0.6, 15, 0.626646480), (1, 9.0, 2, 1.0))],
    ("mirror_pair_score", pair(3, 4, 2), 0.196078431),
    ("mirror_pair_score", pair(6, 5, 0), -0.132575758),
    ("convert_attention_ratio", {"x": 2, "from_": "w01", "to": "log"}, 0.693147181),
    ("separation_accuracy_error", {"m": 4000, "K": 454, "delta": 0.01}, 0.038909771),
    ("separation_accuracy_error", {"m": 4000, "K": 454, "delta": 0.01, "heads": "all"}, 0.053088848),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "arguments", "expected"), FLOATS, ids=[f"{n}-{i}" for i, (n, _, _) in enumerate(FLOATS)]
)
def test_value(name, arguments, expected):
    """To the digits given, six or nine."""
    assert float(getattr(counting, name)(**arguments)) == pytest.approx(expected, abs=6e-7, rel=1e-8)


def test_prior_at_twelve():
    found = counting.class_prior(length_law="uniform", N=12)
    assert [float(x) for x in (found.more, found.fewer, found.tied)] == pytest.approx([0.395543124] * 2 + [0.208913752])


@pytest.mark.parametrize(
    ("logits", "values", "expected"),
    [
        ((0, math.log(2), math.log(0.5), 0, 0), (-3, 1, 0, 1, -1), (2, 0.5, 0.5, 0.5, 2, 2, 0.5)),
        ((1, 1, -1, 0, 0.5), (-1, 1, 0.2, -0.5, 0.5), (1, 0.135335283, 0.2, 0.122459331, 0.974410101, 1, 0)),
        ((0, 0, 0, 0, 0), (2, -2, 1, 0, 1), (1, 1, -0.5, -0.25, 2, -2, 0)),
    ],
)
def test_canonical_head(logits, values, expected):
    found = counting.canonicalize_head(logits=logits, values=values)
    assert (*found.head, found.gain, found.b_own) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("N", "lo", "hi"), [(9, 0.9, 1.125), (12, 0.916666667, 1.083333333), (20, 0.95, 1.05), (64, 0.984375, 1.015625)])  # fmt: skip
def test_window_at_the_own_threshold(N, lo, hi):
    found = counting.w01_window_fixed(N=N, tau=0.5)
    assert (found.lo, found.hi) == pytest.approx((lo, hi)) and (found.lo_closed, found.hi_closed) == (False, True)


@pytest.mark.parametrize(("N", "w02", "lo", "hi"), [(12, 0.1, 5 / 6, math.inf), (12, 0.5, 5 / 6, 1.571428571), (12, 1, 5 / 6, 1.222222222), (64, 0.1, 0.96875, 1.465116279), (64, 1, 0.96875, 1.032786885)])  # fmt: skip
def test_window_with_a_tuned_threshold(N, w02, lo, hi):
    found = counting.w01_window_tuned(N=N, w02=w02)
    assert (found.lo, found.hi) == pytest.approx((lo, hi)) and not (found.lo_closed or found.hi_closed)


REFERENCE = {
    (("sem", "const"), True, "concat", False): (0.0625, 0.041666667, 0.03125),
    (("sem", "const", "close"), True, "concat", False): (0.253968254, 0.167832168, 0.125490196),
    (("sem", "const"), False, "concat", False): (0.253968254, 0.167832168, 0.125490196),
    (("sem",), True, "concat", False): (0, 0, 0),
    (("sem", "const", "close", "an"), True, "sum", False): (0, 0, 0),
    (("sem", "const", "close", "an"), True, "sum", True): (0.03125, 0.020833333, 0.015625),
    (("sem", "const", "close", "an"), False, "sum", True): (0.125984252, 0.083623693, 0.062622309),
}


@pytest.mark.parametrize("how", REFERENCE, ids=str)
def test_reference_margins(how):
    names, closing, mode, bias = how
    for N, expected in zip((4, 6, 8), REFERENCE[how]):
        features, kinds = counting.reference_features(names=names, N=N, closing=closing)
        found = counting.grammar_margin(features=features, kinds=kinds, bias=bias, mode=mode)
        assert found.margin == pytest.approx(expected, abs=1e-9) and found.feasible == (expected > 0)
        assert sum(weight for *_, weight in found.dual) == pytest.approx(1) and min(w for *_, w in found.dual) > 0


@pytest.mark.parametrize(
    ("N", "tie", "sigma", "loss", "partials"),
    [
        (6, "drop", 0, 0.308912, (-0.057831, 0.050971, 0.064691)),
        (12, "drop", 0, 0.371463, (-0.047883, 0.055036, 0.040729)),
        (20, "drop", 0, 0.417632, (-0.040874, 0.054099, 0.027650)),
        (12, "neg", F(-1, 2), 0.414955, (-0.006924, 0.050742, 0.023678)),
    ],
)
def test_gradient(N, tie, sigma, loss, partials):
    found = counting.population_gradient(head=(1, 1, 0, sigma, 1), N=N, tie=tie, gain=3)
    assert found.loss == pytest.approx(loss, abs=5e-7)
    assert (found.d_l1, found.d_l2, found.d_lS) == pytest.approx(partials, abs=5.1e-7)
    assert found.d_l0 == pytest.approx(found.d_l1 if tie == "drop" else -0.067496, abs=1e-12 if tie == "drop" else 5e-7)
    assert found.d_l0 + found.d_l1 + found.d_l2 + found.d_lS == pytest.approx(0, abs=1e-15)


def test_pull_of_ties_at_twelve():
    found = counting.population_gradient(head=(1, 1, 0, 0, 1), N=12, tie="neg", gain=3)
    assert found.d_l1 - found.d_l0 == pytest.approx(0.142918, abs=5e-7)
    shifted = counting.population_gradient(head=(1, 1, 0, -0.5, 1), N=12, tie="neg", gain=3)
    assert shifted.d_l1 - shifted.d_l0 == pytest.approx(0.060572, abs=1e-6)


GRID = (F(1, 10), F(10))


@pytest.mark.parametrize(
    ("head", "special", "expected"),
    [
        ((1, 1, 0, 0, 0), "keep", ((0.892759340, 0.758762497), (1, 0.792459715))),
        ((1, 1, 0, 0, 0), "drop", ((0.892759340, 0.758762497), (1, 0.792459715))),
        ((1, 1, F(1, 2), F(-1, 2), 1), "keep", ((0.855341734, 0.710460647), (1, 0.864019556))),
    ],
)
def test_surface(head, special, expected):
    found = counting.intervention_surface(head=head, grid01=GRID, grid02=GRID, special=special, N=12)
    assert np.array(found, dtype=float) == pytest.approx(np.array(expected), abs=1e-9)
    assert all(isinstance(one, F) for row in found for one in row)


VALUE_FREE = {
    0.01: (0.956, 0.759, 0.756, 0.756),
    0.1: (0.958, 0.893, 0.774, 0.759),
    1: (1, 1, 1, 1),
    10: (1, 1, 0.927, 0.792),
    100: (1, 1, 0.927, 0.783),
}


def test_value_free_surface_and_strip():
    """The same heads: a cross with a re-tuned threshold, a strip with their own."""
    w02 = (0.001, 0.1, 1, 10)
    cross = counting.intervention_surface(head=(1, 1, 0, 0, 0), grid01=tuple(VALUE_FREE), grid02=w02, N=12)
    assert np.array(cross, dtype=float) == pytest.approx(np.array(list(VALUE_FREE.values())), abs=6e-4)
    for w01, expected in zip(VALUE_FREE, (0.6045, 0.6073, 1, 0.561, 0.561)):
        found = {counting.fixed_threshold_accuracy(**UNIFORM_12, head=(F(w01).limit_denominator(1000), F(u).limit_denominator(1000), 0, F(-1, 2), 1)) for u in w02}  # fmt: skip
        assert len(found) == 1 and float(found.pop()) == pytest.approx(expected, abs=6e-4)


def test_swap_shares():
    found = counting.swap_anova(
        attn_list=(
            (1, 1, F(1, 2), F(1, 2), F(1, 2)),
            (1, 3, F(1, 10), F(1, 2), F(1, 2)),
            (1, F(1, 5), 1, F(1, 2), F(1, 2)),
        ),
        value_list=((-1, 1, 0, 0, 0), (-1, 1, F(1, 2), -1, -1), (1, 0, -1, 0, F(1, 2))),
        N=6,
    )
    shares = (found.mean, found.attention, found.values, found.interaction)
    assert [float(x) for x in shares] == pytest.approx([0.882182594, 0.544461087, 0.384246037, 0.071292876], abs=1e-9)
    assert found.attention + found.values + found.interaction == 1


def test_state_of_the_table():
    table = counting.enumerate_states(N=8)
    (row,) = np.flatnonzero((table.query == 2) & (table.counts == (1, 1, 2, 0, 0)).all(axis=1))
    assert table.kinds[row] == "word" and table.weight[row] == pytest.approx(1 / 18)
    assert table.target[row] == pytest.approx([0, 5 / 18, 5 / 18, 5 / 18, 1 / 6])
    assert table.weight.sum() == pytest.approx(7.5)
