"""Fixed values, each recomputed by a second implementation written from the statements alone."""

import math
from fractions import Fraction as F

import pytest

import theory.boolean as boolean

EXACT = [
    ("chow_gap", {"k": 2, "threshold": 2}, F(1, 8)),
    ("chow_gap", {"k": 5, "threshold": 5}, F(1, 64)),
    ("chow_gap", {"k": 7, "threshold": 4}, F(5, 64)),
    ("chow_gap", {"k": 6, "threshold": 1}, F(1, 128)),
    ("chow_gap", {"k": 9, "threshold": 5}, F(35, 512)),
    ("chow_gap", {"k": 3, "threshold": 3, "p": F(3, 4)}, F(27, 256)),
    ("chow_gap", {"k": 2, "threshold": 2, "rho": F(1, 10)}, F(1, 10)),
    ("expected_gradient", {"d": 8, "k": 2}, (F(-3, 256), F(1, 256))),
    ("expected_gradient", {"d": 64, "k": 2}, (F(-31, 16384), F(1, 16384))),
    ("expected_gradient", {"d": 16, "k": 4}, (F(-3, 2048), F(1, 2048))),
    ("symmetric_gap", {"d": 16, "k": 2, "label": "parity", "bits": "pm1", "link_derivative": lambda z: 8 * z}, F(1, 2)),
    ("symmetric_gap", {"d": 8, "k": 3, "label": "parity", "bits": "pm1", "link_derivative": lambda z: z * z}, F(1, 32)),
    ("symmetric_gap", {"d": 8, "k": 3, "label": "and"}, F(1, 16)),
    ("symmetric_gap", {"d": 8, "k": 3, "label": "and", "link_derivative": lambda z: 3 * z * z}, F(39, 512)),
    ("symmetric_gap", {"d": 8, "k": 3, "label": "majority"}, F(1, 8)),
    ("contrast_moments", {"d": 16, "k": 2, "label": "and"}, (F(1, 8), F(127, 1024))),
    ("contrast_moments", {"d": 64, "k": 2, "label": "and"}, (F(1, 8), F(2047, 16384))),
    ("contrast_moments", {"d": 16, "k": 4, "label": "and"}, (F(1, 32), F(129, 1024))),
    ("contrast_moments", {"d": 32, "k": 8, "label": "and"}, (F(1, 512), F(2101, 16384))),
    ("contrast_moments", {"d": 32, "k": 15, "label": "majority"}, (F(429, 8192), F(13861, 131072))),
    ("contrast_moments", {"d": 16, "k": 2, "label": "and", "rho": F(1, 10)}, (F(1, 10), F(643, 5120))),
    ("contrast_moments", {"d": 8, "k": 3, "label": "and", "p": F(3, 4)}, (F(27, 256), F(537, 4096))),
    ("contrast_moments", {"d": 8, "k": 3, "label": "and", "p": F(3, 4), "baseline": "centred"}, (F(27, 256), F(2727, 32768))),
    ("trivial_losses", {"k": 4}, (F(1, 16), F(15, 512))),
    ("breakdown_fraction", {}, F(1, 8)),
    ("oracle_tolerance", {"d": 16}, F(1, 256)),
    ("support_bound_max_n", {"d": 16, "k": 8}, 177),
    ("support_bound_max_n", {"d": 32, "k": 16}, 45425),
    ("support_bound_max_n", {"d": 64, "k": 16}, 18853),
    ("support_bound_max_n", {"d": 64, "k": 32}, 2977044471),
    ("support_bound_max_n", {"d": 8, "k": 2}, 0),
    *[("raw_population_mass", {"d": 16, "k": k}, u) for k, u in ((2, 1), (3, F(51, 64)), (4, F(5, 8)), (6, F(63, 128)), (8, F(17, 32)))],
    ("affine_population_scale", {"k": 3}, F(3, 4)),
    ("affine_population_scale", {"k": 8}, F(1, 16)),
    ("parity_pair_moments", {"d": 4}, (2, 16)),
    ("parity_pair_moments", {"d": 8}, (F(7, 8), F(49, 4))),
    ("parity_pair_moments", {"d": 16}, (F(489, 1024), F(286219, 32768))),
    ("parity_pair_moments", {"d": 8, "link": "quadratic"}, (1, F(141, 8))),
    ("parity_pair_moments", {"d": 16, "link": "quadratic"}, (F(1, 2), F(4907, 512))),
    *[("tree_and_covariance", {"level": level}, v) for level, v in ((1, F(1, 8)), (2, F(3, 64)), (3, F(15, 4096)))],
    *[("ranking_n", {"d": d, "t": d // 4, "prob": q}, n) for d, q, n in (
        (64, 0.5, 77), (64, 0.95, 116), (256, 0.5, 115), (256, 0.95, 154), (1024, 0.5, 153), (1024, 0.95, 193),
        (16384, 0.5, 231), (16384, 0.95, 270), (65536, 0.5, 270), (65536, 0.95, 309))],
    *[("ranking_n", {"d": 64, "t": 16, "prob": 0.95, "rho": rho}, n) for rho, n in ((0.05, 146), (0.1, 188), (0.2, 343), (0.3, 784))],
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "arguments", "expected"), EXACT, ids=[f"{n}-{i}" for i, (n, _, _) in enumerate(EXACT)]
)
def test_exact_value(name, arguments, expected):
    assert getattr(boolean, name)(**arguments) == expected


def ranking(d, k, **rest):
    return {"d": d, "k": k, "delta": 0.05, **rest}


METHODS = ("gauss", "chernoff", "bernstein", "hoeffding")
FLOATS = [
    *[("ranking_sample_size", ranking(d, k, method=m), v, 6e-6)
      for d, k, values in ((64, 32, (148.158, 152.713, 211.689, 1355.34)), (256, 128, (187.385, 193.046, 267.695, 1713.29)),
                           (1024, 512, (226.290, 233.118, 323.271, 2068.94))) for m, v in zip(METHODS, values)],
    ("ranking_sample_size", ranking(64, 32, rho=0.1), 244.236, 6e-6),
    ("ranking_sample_size", ranking(64, 32, rho=0.1, method="chernoff"), 248.333, 6e-6),
    *[("ranking_sample_size", ranking(16, 4, hints="label", baseline=b, method=m), v, 1.3e-6)
      for b, values in (("raw", (1757.935, 1909.007, 14063.48)), ("centred", (398.282, 549.355, 14063.48)))
      for m, v in zip(("gauss", "bernstein", "hoeffding"), values)],
    ("pair_ranking_probability", {"n": 40, "d": 64}, 0.6460857, 1e-7),
    ("pair_ranking_probability", {"n": 40, "d": 64, "ties": "strict"}, 0.5852360, 1e-7),
    ("pair_ranking_probability", {"n": 77, "d": 64}, 0.9585500, 1e-7),
    ("pair_ranking_probability", {"n": 77, "d": 64, "ties": "strict"}, 0.9486801, 1e-7),
    ("pair_ranking_probability", {"n": 115, "d": 256}, 0.9896363, 1e-7),
    ("pair_ranking_probability", {"n": 115, "d": 256, "ties": "strict"}, 0.9871375, 1e-7),
    ("pair_ranking_probability", {"n": 124, "d": 64, "rho": 0.1}, 0.9579960, 1e-7),
    ("all_pairs_probability", {"n": 77, "d": 64, "t": 16}, 0.5079682, 1e-7),
    ("all_pairs_probability", {"n": 116, "d": 64, "t": 16}, 0.9515186, 1e-7),
    ("all_pairs_probability", {"n": 270, "d": 16384, "t": 4096}, 0.9513041, 1e-7),
    *[("contrast_misorder_probability", {"d": d, "k": k, "n": n}, v, 1e-8)
      for d, k, n, v in ((8, 2, 10, 0.1124997174), (16, 2, 40, 0.0085923018), (64, 2, 80, 4.209361645e-4), (16, 4, 256, 0.0787439069),
                         (None, 2, 10, 0.1228679344), (None, 2, 40, 0.0094683358), (None, 2, 80, 4.424242846e-4))],
    *[("balance_failure", {"n": n, "G": g}, v, 1e-8)
      for n, g, v in ((1000, 5, 0.0147762798), (2000, 7, 0.0130407292), (4000, 9, 0.0061557262))],
    ("label_entropy", {"k": 2}, 0.8112781245, 1e-10),
    ("label_entropy", {"k": 8}, 0.0368745063, 2e-9),
    ("label_entropy", {"k": 32}, 7.786484212e-9, 1e-9),
    *[("support_error_lower_bound", {"d": d, "k": k, "n": n}, v, 3e-5)
      for d, k, n, v in ((16, 8, 10, 0.461617042), (16, 8, 177, 1.9354e-4), (16, 8, 178, -0.00176034), (32, 16, 1000, 0.484856922),
                         (64, 32, 10**6, 0.499767196))],
    *[("fano_identification_bound", {"d": d, "k": k, "n": n}, v, 1e-8)
      for d, k, n, v in ((16, 8, 50, 0.791694791), (32, 16, 10000, 0.874445546), (12, 6, 20, 0.662770388))],
    *[("elimination_probability", {"d": d, "k": k, "n": n}, v, 1e-8)
      for d, k, n, v in ((16, 4, 64, 0.432440826), (16, 6, 256, 0.470319239), (32, 8, 1024, 0.290887649))],
    ("finite_gradient_query_bound", {"d": 64, "k": 32, "n": 1e20, "T": 1, "eps": 0.01, "grad2": 1984}, 0.873024, 1e-9),
    ("finite_gradient_query_bound", {"d": 64, "k": 32, "n": 1e22, "T": 10, "eps": 0.01, "grad2": 1984}, 0.873024, 1e-9),
    ("interaction_radius", {"d": 64, "n": 10**5, "p": 0.01}, 0.0222290074, 1e-8),
    *[("parity_sample_size", {"d": d, "t": d // 4, "delta": 0.05}, v, 1e-6) for d, v in ((16, 575.525), (32, 1642.055), (64, 4427.044))],
    ("gaussian_ranking_probability", {"d": 16, "k": 4, "n": 512, "gap": 1 / 32, "sd_relevant": 0.25, "sd_irrelevant": 0.25}, 0.589722, 1e-6),
    ("gaussian_ranking_probability",
     {"d": 64, "k": 2, "n": 77, "gap": 1 / 8, "sd_relevant": math.sqrt(3) / 8, "sd_irrelevant": 0.25}, 0.963080, 1e-6),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "arguments", "expected", "relative"), FLOATS, ids=[f"{f[0]}-{i}" for i, f in enumerate(FLOATS)]
)
def test_float_value(name, arguments, expected, relative):
    assert getattr(boolean, name)(**arguments) == pytest.approx(expected, rel=relative)


RECORDS = [
    ("softmax_after_step", {"d": 64, "k": 32, "G": 5}, {"sigma_relevant": 0.413607229, "pair_mass": 0.827214458, "error": 0.089179635, "margin": -1.942927947}),
    ("softmax_after_step", {"d": 64, "k": 32, "G": 7}, {"sigma_relevant": 0.486254395, "pair_mass": 0.972508790, "error": 0.014189012, "margin": 0.531762616}),
    ("softmax_after_step", {"d": 1024, "k": 512, "G": 12}, {"sigma_relevant": 0.498435067, "pair_mass": 0.996870134, "error": 0.001567995, "margin": 0.195618391}),
    ("step_size_for_error", {"d": 64, "k": 32, "tau": 0.25}, {"gap": 3.496507561, "eta": 1790.2118715}),
    ("step_size_for_error", {"d": 64, "k": 32, "tau": 0.01}, {"gap": 7.358193753, "eta": 3767.3952014}),
    ("step_size_for_error", {"d": 1024, "k": 256, "tau": 0.1}, {"gap": 8.110427238, "eta": 66440.6199302}),
    ("theorem_schedule", {"d": 64, "eps": 1}, {"n": 64, "eta": 107.634741, "gap": 0.210224104, "failure_probability": 3.3546263e-4, "order": 0.594603558, "population_error": 0.496370992, "vacuous": True}),
    ("theorem_schedule", {"d": 1024, "eps": 2}, {"gap": 0.707106781, "population_error": 0.498997994, "vacuous": True}),
    ("theorem_schedule", {"d": 65536, "eps": 1}, {"gap": 0.5, "population_error": 0.499990101, "vacuous": True}),
    ("one_step_certificate", {"d": 64, "k": 32, "n": 8000, "G": 7, "delta": 0.05}, {"theta": 0.144765147, "xi": 0.860521184, "error": 0.448487801}),
    ("one_step_certificate", {"d": 256, "k": 128, "n": 20000, "G": 8, "delta": 0.05}, {"theta": 0.101403662, "xi": 0.671735697, "error": 0.382950503}),
    ("one_step_certificate", {"d": 64, "k": 32, "n": 500, "G": 7, "delta": 0.05}, {"theta": 0.6336360, "xi": 3.652308, "error": 2.060992}),
    ("one_step_certificate", {"d": 64, "k": 32, "n": 200, "G": 7, "delta": 0.05}, {"theta": 1.073615, "xi": 6.045173, "error": math.inf}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "arguments", "expected"), RECORDS, ids=[f"{r[0]}-{i}" for i, r in enumerate(RECORDS)])
def test_record_value(name, arguments, expected):
    found = getattr(boolean, name)(**arguments)
    for field, value in expected.items():
        assert getattr(found, field) == pytest.approx(value, rel=2e-6, abs=2e-9), field


@pytest.mark.parametrize(("d", "k", "n"), [(32, 16, 551.137), (64, 32, 1377.557), (128, 64, 3291.989)])
def test_union_sample_size_of_biased_bits(d, k, n):
    mean, second = boolean.contrast_moments(d=d, k=k, label="and", baseline="centred", p=2 ** (-1 / k))
    found = boolean.sample_size_from_moments(mean=mean, second_moment=second, comparisons=k * (d - k), delta=0.5)
    assert found == pytest.approx(n, rel=1e-6)


@pytest.mark.parametrize(("d", "k", "n"), [(32, 15, 468.343), (64, 31, 1270.145), (128, 63, 3201.819)])
def test_union_sample_size_of_majority(d, k, n):
    mean, second = boolean.contrast_moments(d=d, k=k, label="majority")
    found = boolean.sample_size_from_moments(mean=mean, second_moment=second, comparisons=k * (d - k), delta=0.5)
    assert found == pytest.approx(n, rel=1e-6)


@pytest.mark.parametrize(("d", "k", "baseline", "snr2"), [
    (16, 2, "raw", F(16, 111)), (64, 2, "raw", F(256, 1791)), (16, 4, "raw", F(1, 128)), (32, 8, "raw", F(1, 33615)),
    (16, 2, "centred", F(1, 5)), (16, 4, "centred", F(1, 29)), (32, 8, "centred", F(1, 509))])  # fmt: skip
def test_signal_to_noise(d, k, baseline, snr2):
    mean, second = boolean.contrast_moments(d=d, k=k, label="and", baseline=baseline)
    assert mean**2 / (second - mean**2) == snr2
