"""Fixed values, each recomputed by a second implementation written from the statements alone."""

import math

import numpy as np
import pytest

import theory.selective as selective
from theory.core.bound import Bound

TWELVE, PRINTED = 1e-9, 1e-6
OVERHEAD = {"layers": 12, "d": 768, "base": 124_439_808}
VALUES = [
    *[("effective_support_fraction", {"s": s}, v, TWELVE)
      for s, v in (([0.7, 0.2, 0.1], 0.617283950617), ([0, 0, 1, 0], 0.25), ([0.2] * 5, 1.0), (np.exp(range(4)) / np.exp(range(4)).sum(), 0.521527693211))],
    *[("inverse_temperature", {"f": f, "n": n, "alpha": a}, v, TWELVE)
      for f, n, a, v in ((0, 1, 0, 1.0), (-1, 128, 0.5, 3.25859735709), (2, 1024, -1, 3.82818745966), (-50, 2048, -3, 0.361604213065))],
    *[("selectivity_dynamic_range", {"n": n, "alpha": a}, v, TWELVE)
      for n, a, v in ((128, 0.5, 1.66220966158), (2048, -3, 6.53090900974), (1, 0.3, math.inf))],
    ("selectivity_dynamic_range", {"n": 1024, "alpha": 0}, 1.577, 4e-4),
    *[("position_factor_official", {"n": n, "beta": b}, v, TWELVE)
      for n, b, v in ((2048, 2, 1.00471185434), (1024, 1.5, 1.07842465705), (2048, -1, 6.27776604709), (1, 0.3, 1.0))],
    ("position_factor_official", {"n": 2048, "beta": 0.1, "form": "linear"}, 1.76246189862, TWELVE),
    *[("max_weight_bound", {"L": n, "B": b}, v, TWELVE)
      for n, b, v in ((2, 0, 0.5), (128, 2, 0.300653668681), (1024, 3, 0.282824348003), (1e6, 7, 0.545992232378))],
    *[("min_logit_bound", {"L": n, "p": p}, v, TWELVE)
      for n, p, v in ((1024, 0.5, 3.46524738298), (1024, 0.9, 4.56385967164), (1e6, 0.5, 6.90775477898))],
    *[("max_weight_random_keys", {"L": n, "B": b, "d": d}, v, TWELVE)
      for n, b, d, v in ((256, 6, 16, 0.353245929432), (1024, 10, 64, 0.908647454339), (1024, 20, 8, 0.695583876177))],
    *[("min_scale_random_keys", {"L": 1e4, "p": 0.5, "d": d}, v, 2e-8) for d, v in ((4, 399.01753), (16, 14.2675322), (128, 9.56677677))],
    *[("schedule_max_weight", {"n": n, "w": w, "s": s}, v, TWELVE)
      for n, w, s, v in ((1024, 1, 0.5, 0.880899622713), (1024, 0.5, 0.5, 0.0783659392335), (1e6, 2, 0.5, 0.999999981684))],
    *[("schedule_exponent", {"w": w, "s": 0.5}, v, TWELVE) for w, v in ((1, 0.0), (0.5, -0.5), (2, 1.0))],
    *[(name, {"L_a": a, "L_b": b, "rho": rho}, v[i], PRINTED)
      for a, b, rho, *v in ((3, 1, 0.9, 4.472136, 4.920419323), (3, 1, 0.2, 1.581139, 3.0), (5, 0.5, 0.5, 4.5, 5.507570547),
                            (4, 1, -0.7, 1.626978, 4.727889717), (2, 0, 0.99, 14.142136, 14.177624))
      for i, name in enumerate(("specificity_norm_lower_bound", "specificity_norm_exact"))],
    *[("optimal_position_temperature", {"kappa": k, "mix": mix}, v, 1e-9)
      for k, mix, v in ((4, 0.5, 1.386294361), (10, 0.3, 1.455287233), (1, 0.9, 2.197224577), (0.5, 0.5, -0.693147181))],
    *[("flat_temperature_floor", {"string": string, "rho": rho, "mix": mix}, v, TWELVE)
      for string, rho, mix, v in (("babbbb", 0, 0.5, 0.00946069479), ("bbabababbbbbbbbbbbb", 0, 0.5, 0.01177416910), ("ab" * 10, 0, 0.5, 0.0017613968626),
                                  ("a" + "b" * 15, 0, 0.5, 0.05124225520), ("babbbb", 0.9, 0.5, 0.000946069479), ("babbbb", 0, 0.3, 0.00685079583))],
    *[("imbalance_hypotheses_count", {"L": n, "c": c}, v, 0) for n, c, v in ((6, 4, 2), (7, 4, 2), (13, 4, 6), (19, 4, 20), (20, 4, 0), (18, 3, 80), (16, 3, 24))],
    *[("projected_normal_resultant", {"delta": x, "d": d}, v, r)
      for x, d, v, r in ((0, 8, 0.0, 0), (1, 8, 0.326578449999, 2e-12), (3, 8, 0.733201042171, TWELVE), (0.5, 2, 0.303835205263, TWELVE), (20, 3, 0.9975, TWELVE),
                         (0.7, 1, math.erf(0.7 / math.sqrt(2)), 1e-13))],
    *[("gate_risk_floor", {"d": 8, "alpha": a, "sigma": s}, v, TWELVE)
      for a, s, v in ((0.25, 0.25, 0.00796633291), (0.25, 0.5, 0.0728893550), (0.1, 0.35, 0.252422487))],
    *[("temperature_network_lower_bound", {"delta": x, "distance": y}, v, TWELVE)
      for x, y, v in ((0.5, 0.1, 4.524968979), (1, 0.1, 9.731670252), (1.9, 0.4472135955, 7.256570822))],
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "arguments", "expected", "relative"), VALUES, ids=[f"{v[0]}-{i}" for i, v in enumerate(VALUES)]
)
def test_value(name, arguments, expected, relative):
    assert float(getattr(selective, name)(**arguments)) == pytest.approx(expected, rel=max(relative, 1e-12), abs=1e-300)


RECORDS = [
    *[("two_token_norms", {"g": g, "rho": rho, "eps": eps}, dict(zip(("printed_lower", "sharp_lower", "standard", "printed_converse", "positive", "signed"), v)))
      for g, rho, eps, *v in (
        (0.1, 0, 0.01, 0.510826, 0.722417, 3.569757, 3.256347, 3.569757, 3.569757), (0.1, 0.9, 0.01, 3.705919, 5.240960, 33.552510, 11.271524, 33.552510, 10.275000),
        (0.9, 0.9, 0.01, 3.705919, 5.240960, 13.890038, 11.271524, 10.275000, 10.275000), (0.5, 0.9, 0.01, 11.676090, 16.512485, 23.387938, 10.297474, 10.275000, 10.275000),
        (0.3, 0.3, 0.05, 0.477458, 0.675227, 2.822116, 2.531856, 2.822116, 2.488505), (0.2, -0.8, 0.01, 1.138271, 1.609759, 3.112711, 2.427138, 2.421841, 2.421841))],
    *[("collinear_pair_norms", {"scale": 6, "r": 0.3, "rho": rho, "c": c}, {"standard": a, "selective": b, "tau_b": t})
      for rho, c, a, b, t in ((0.9, 1, 10.2083557, 6, 1 / 3), (0.99, 1, 29.9547397, 6, 0.3030303), (0.99, 0.5, 37.8757556, 36.9565139, 0.6060606), (0.2, 1, 6.0311690, 6.0311690, 1))],
    *[("equivalent_sparsity", {"n": n, "pow": p, "alpha": a, "gamma": g}, {"corrected": x, "printed": y, "top_weight": z})
      for n, p, a, g, x, y, z in ((100, 0.5, 0.3, 1.2, 0.271491465, 0.311717858, 0.065940340), (1000, 0.2, 0, 2, 1, 1.586638474, 0.002836644),
                                  (4096, 0.7, 0.5, 3, 0.00296418732, 0.00296420994, 0.0824639696))],
    *[("denoise_risk", {"d": 8, "L": n, "alpha": a, "sigma": s}, {"naive": x, "oracle": y})
      for n, a, s, x, y in ((16, 0.25, 0.25, 0.337760459, 0.100830859), (32, 0.25, 0.25, 0.201487953, 0.052925754), (32, 0.25, 0.5, 0.556269759, 0.192745781),
                            (64, 0.25, 0.1, 0.018199870, 0.004364220), (32, 1, 0.25, 0.013572227, 0.013572227))],
    *[("gate_pass_probabilities", {"d": 8, "sigma": s}, {"signal": x, "noise": y})
      for s, x, y in ((0.25, 0.980634743, 0.168150110), (0.5, 0.952655191, 0.748931692), (0.1, 0.999999713, 2.29321e-6))],
    ("ssa_parameter_overhead", {"mode": "own_mlp", "h": 768, **OVERHEAD}, {"added": 14_174_232}),
    ("ssa_parameter_overhead", {"mode": "own_mlp", "layers": 24, "d": 1024, "h": 1024, "base": 405_334_016}, {"added": 50_380_848}),
    ("ssa_parameter_overhead", {"mode": "own_mlp", "layers": 32, "d": 4096, "h": 4096, "base": 6_738_415_616}, {"added": 1_074_004_032}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "arguments", "expected"), RECORDS, ids=[f"{r[0]}-{i}" for i, r in enumerate(RECORDS)])
def test_record_value(name, arguments, expected):
    found = getattr(selective, name)(**arguments)
    for field, value in expected.items():
        assert getattr(found, field) == pytest.approx(value, rel=2e-6), field


@pytest.mark.parametrize(("n", "alpha", "ends"), [
    (128, 0.5, (3.02019151305, 5.02019151305)), (2048, -3, (0.361604213065, 2.36160421306)), (1, 4.0, (0, 2))])  # fmt: skip
def test_range_of_the_layer(n, alpha, ends):
    assert selective.inverse_temperature_range(n=n, alpha=alpha) == pytest.approx(ends, rel=1e-9)


BASES = (
    (124_439_808, 12, 768, 12),
    (162_322_944, 12, 768, 12),
    (405_334_016, 24, 1024, 16),
    (6_738_415_616, 32, 4096, 32),
)


@pytest.mark.parametrize(("base", "shares"), list(zip(BASES, (
    (11.39, 5.70, 0.267), (8.73, 4.37, 0.204), (12.43, 6.21, 0.291), (15.94, 7.97, 0.187)))))  # fmt: skip
def test_shares_of_four_models(base, shares):
    total, layers, d, heads = base
    whole, half = (
        selective.ssa_parameter_overhead(mode="own_mlp", layers=layers, d=d, h=h, base=total) for h in (d, d // 2)
    )
    vectors = selective.ssa_parameter_overhead(mode="head_vectors", layers=layers, d=d, heads=heads, base=total)
    assert [100 * one.fraction for one in (whole, half, vectors)] == pytest.approx(shares, abs=6e-3)


def equicorrelated(n, rho):
    return np.linalg.cholesky((1 - rho) * np.eye(n) + rho)


def path_graph(n=4, mu=0.02):
    near = np.abs(np.subtract.outer(np.arange(n), np.arange(n))) <= 1
    return (1 - mu) * near / near.sum(axis=1, keepdims=True) + mu / n


@pytest.mark.parametrize(("rho", "norm"), [(0, 8.283925463), (0.5, 16.137451098)])
def test_path_graph(rho, norm):
    given = {"logits": np.log(path_graph()), "E_q": equicorrelated(4, rho), "E_k": equicorrelated(4, rho)}
    assert selective.min_norm(**given) == pytest.approx(norm, rel=1e-9)
    assert selective.min_norm_selective(**given).norm == pytest.approx(norm, rel=1e-9)
    assert not selective.temperature_helps(**given)
    if rho == 0:
        sums = selective.selectivity_matrix(**given).sum(axis=1)
        assert sums == pytest.approx((21.11512644, 13.19658410, 13.19658410, 21.11512644), rel=1e-9)


def test_three_near_queries():
    row = np.array([3.0, 1, -1, -3])
    given = {
        "logits": np.outer((1, 0.5, 0.2), row) + np.array([[5], [-7], [0]]),
        "E_q": equicorrelated(3, 0.8),
        "E_k": np.eye(4),
    }
    found = selective.min_norm_selective(**given)
    assert selective.min_norm(**given) == pytest.approx(6.330633703, rel=1e-9)
    assert (found.norm, *found.theta) == pytest.approx((4.472135955, 1, 1.6, 4), rel=1e-9)
    sums = selective.selectivity_matrix(**given).sum(axis=1)
    assert sums == pytest.approx((47.69230769, -1.15384615, -6.46153846), rel=1e-8)
    assert selective.temperature_helps(**given)


def kl_rows(P, E, tau, W):
    logits = np.asarray(tau)[:, None] * (E @ W @ E.T)
    log_rows = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    P = np.asarray(P)
    return np.where(P > 0, P * (np.log(np.where(P > 0, P, 1)) - log_rows), 0).sum(axis=1)


KL_CASES = [((0.9, 0.9, 0.01), (12.66123, 10.28628)), ((0.7, 0.95, 0.001), (60.92881, 21.84266)),
            ((0.1, 0.9, 0.01), (31.93303, 31.93303)), ((0.3, -0.5, 0.005), (3.23367, 3.05754))]  # fmt: skip


@pytest.mark.parametrize("chosen", [False, True], ids=["standard", "selective"])
@pytest.mark.parametrize(("given", "norms"), KL_CASES)
def test_least_norm_within_a_tolerance(given, norms, chosen):
    g, rho, eta = given
    E, P = np.array([[1, 0], [rho, math.sqrt(1 - rho**2)]]), [[1 - g, g], [0, 1]]
    found = selective.min_norm_kl(P=P, E_q=E, E_k=E, eta=eta, selective=chosen)
    assert found.norm == pytest.approx(norms[chosen], abs=1e-5)
    assert 0 <= found.gap <= 1e-7 * found.norm and found.norm == pytest.approx(np.linalg.norm(found.W), rel=1e-12)
    assert kl_rows(P, E, found.tau, found.W).max() <= eta and found.tau.max() == 1 and found.tau.min() > 0


@pytest.mark.parametrize(("given", "interval", "norm"), [
    ((0.9, 0.9, 0.01), (0.43, 0.65), 10.28628), ((0.7, 0.95, 0.001), (0.115, 0.1425), 21.84266), ((0.3, -0.5, 0.005), (0.24, 0.40), 3.05754)])  # fmt: skip
def test_an_interval_of_temperatures_gives_the_same_least_norm(given, interval, norm):
    """With tau_1 fixed: scale the query instead, which is standard attention for the scaled embedding."""
    g, rho, eta = given
    E, P = np.array([[1, 0], [rho, math.sqrt(1 - rho**2)]]), [[1 - g, g], [0, 1]]
    for tau in interval:
        scaled = E * np.array([[tau], [1.0]])
        assert selective.min_norm_kl(P=P, E_q=scaled, E_k=E, eta=eta, selective=False).norm == pytest.approx(
            norm, abs=1.5e-5
        )
    far = E * np.array([[1.6 * interval[1]], [1.0]])
    assert selective.min_norm_kl(P=P, E_q=far, E_k=E, eta=eta, selective=False).norm > norm * 1.001


LAYER = {"X": [[1, 0], [0, 2], [1, -1]], "W_q": [[1, 1], [0, 1]], "W_k": [[1, 0], [1, 1]], "W_v": [[2, 0], [0, 1]],
         "tau_q": (1, 2, 0.5), "tau_v": (1, 0.5, 2)}  # fmt: skip


def test_forward_pass():
    found = selective.selective_attention(**LAYER)
    rows = [(1, 0, 0), (0.00348132730, 0.99651867270, 0), (0.31986616587, 0.45552749050, 0.22460634363)]
    output = [(2, 0), (0.00696265459, 0.99651867270), (1.53815770627, 0.00631480323)]
    assert found.weights == pytest.approx(np.array(rows), abs=1e-10)
    assert found.output == pytest.approx(np.array(output), abs=1e-10)


def test_value_temperature_belongs_to_the_token_attended_to():
    plain = selective.selective_attention(**{**LAYER, "tau_v": None}).output
    assert 2 * plain[2] == pytest.approx((2.17789003800, 1.37289727473), rel=1e-9)
    assert selective.selective_attention(**LAYER).output[2] != pytest.approx(2 * plain[2], rel=0.1)


BOUNDS = [
    "inverse_temperature",
    "selectivity_dynamic_range",
    "max_weight_bound",
    "min_logit_bound",
    "schedule_max_weight",
    "schedule_exponent",
    "specificity_norm_lower_bound",
    "optimal_position_temperature",
    "projected_normal_resultant",
    "temperature_network_lower_bound",
]


@pytest.mark.parametrize("name", BOUNDS)
def test_elementary_formulas_are_bounds(name):
    assert isinstance(getattr(selective, name), Bound)


def test_statements_name_functions_that_exist_and_ids_are_unique():
    names = [one.id for one in selective.STATEMENTS]
    assert len(set(names)) == len(names) and all(name.startswith("selective/") for name in names)
    functions = {name for one in selective.STATEMENTS for name in one.functions}
    assert functions <= set(selective.__all__)
    public = {name for name in selective.__all__ if name[0].islower()}
    assert public - functions == {
        "position_factor_official"
    }  # the published code's factor, about which nothing is stated
