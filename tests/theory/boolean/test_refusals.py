"""What is refused, with the value in the message."""

import math
from fractions import Fraction as F

import pytest

import theory.boolean as boolean
from theory.core.errors import DomainError

MOMENTS = {"mean": 0.1, "second_moment": 0.2, "comparisons": 9, "delta": 0.1}
GAUSS = {"d": 16, "k": 4, "n": 9, "gap": 0.1, "sd_relevant": 1.0, "sd_irrelevant": 1.0}
STEP = {"d": 16, "k": 4, "G": 5.0}
CASES = [
    ("label_values", {"k": 3, "label": "xor"}, "label"),
    ("label_values", {"k": 3, "label": (0, 1)}, "label"),
    ("label_values", {"k": 2, "label": (0, 1, math.nan)}, "label"),
    ("label_values", {"k": 4, "label": "majority"}, "k"),
    ("label_values", {"k": 3, "label": "and", "bits": "10"}, "bits"),
    ("chow_gap", {"k": 3, "threshold": 4}, "threshold"),
    ("chow_gap", {"k": 3, "threshold": 0}, "threshold"),
    ("chow_gap", {"k": True, "threshold": 1}, "k"),
    ("chow_gap", {"k": 3.0, "threshold": 1}, "k"),
    ("chow_gap", {"k": 1, "threshold": 1}, "k"),
    ("chow_gap", {"k": 3, "threshold": 1, "p": 1}, "p"),
    ("chow_gap", {"k": 3, "threshold": 1, "p": math.nan}, "p"),
    ("chow_gap", {"k": 3, "threshold": 1, "rho": F(3, 5)}, "rho"),
    ("expected_gradient", {"d": 8, "k": 8}, "k"),
    ("expected_gradient", {"d": 8, "k": 4, "threshold": 5}, "threshold"),
    ("expected_gradient", {"d": 2, "k": 2}, "d"),
    ("symmetric_gap", {"d": 8, "k": 3, "label": "none"}, "label"),
    ("contrast_moments", {"d": 8, "k": 3, "label": "and", "baseline": "mean"}, "baseline"),
    ("contrast_moments", {"d": 8, "k": 2, "label": (0, 2, 1)}, "label"),
    ("sample_size_from_moments", {**MOMENTS, "method": "chebyshev"}, "method"),
    ("sample_size_from_moments", {**MOMENTS, "second_moment": 0.001}, "second_moment"),
    ("sample_size_from_moments", {**MOMENTS, "second_moment": 1.5, "method": "hoeffding"}, "second_moment"),
    ("sample_size_from_moments", {**MOMENTS, "delta": 1.0}, "delta"),
    ("sample_size_from_moments", {**MOMENTS, "mean": math.inf}, "mean"),
    ("ranking_sample_size", {"d": 16, "k": 3, "delta": 0.1}, "k"),
    ("ranking_sample_size", {"d": 16, "k": 4, "t": 2, "delta": 0.1, "hints": "label"}, "t"),
    ("ranking_sample_size", {"d": 16, "k": 4, "delta": 0.1, "hints": "none"}, "hints"),
    ("ranking_sample_size", {"d": 16, "k": 4, "delta": 0.1, "method": "exact"}, "method"),
    ("ranking_sample_size", {"d": 16, "k": 4, "delta": 0.1, "method": "chernoff", "hints": "label"}, "method"),
    ("ranking_sample_size", {"d": 16, "k": 4, "delta": 0.1, "method": "chernoff", "baseline": "centred"}, "baseline"),
    ("ranking_sample_size", {"d": 16, "k": 4, "delta": 0.1, "baseline": "median"}, "baseline"),
    ("pair_ranking_probability", {"n": 0, "d": 16}, "n"),
    ("pair_ranking_probability", {"n": 9, "d": 16, "ties": "half"}, "ties"),
    ("pair_ranking_probability", {"n": 10**12, "d": 16, "rho": 0.4999999}, "n"),
    ("all_pairs_probability", {"n": 9, "d": 16, "t": 9}, "t"),
    ("all_pairs_probability", {"n": 9, "d": 16, "t": 2, "ties": "half"}, "ties"),
    ("ranking_n", {"d": 16, "t": 4, "prob": 0.5, "rho": 0.5}, "rho"),
    ("ranking_n", {"d": 16, "t": 9, "prob": 0.5}, "t"),
    ("ranking_n", {"d": 16, "t": 4, "prob": 1.0}, "prob"),
    ("contrast_misorder_probability", {"d": 4, "k": 4, "n": 9}, "k"),
    ("contrast_misorder_probability", {"d": 2.5, "k": 2, "n": 9}, "d"),
    ("contrast_misorder_probability", {"d": 65536, "k": 32768, "n": 10**12}, "n"),
    ("gaussian_ranking_probability", {**GAUSS, "gap": -0.1}, "gap"),
    ("gaussian_ranking_probability", {**GAUSS, "sd_relevant": 0.0}, "sd_relevant"),
    ("gaussian_ranking_probability", {**GAUSS, "sd_irrelevant": -1.0}, "sd_irrelevant"),
    ("oracle_tolerance", {"d": 2}, "d"),
    ("softmax_after_step", {**STEP, "k": 5}, "k"),
    ("softmax_after_step", {**STEP, "G": -1.0}, "G"),
    ("softmax_after_step", {**STEP, "G": math.inf}, "G"),
    ("step_size_for_error", {"d": 16, "k": 4, "tau": 0.75}, "tau"),
    ("step_size_for_error", {"d": 16, "k": 5, "tau": 0.1}, "k"),
    ("step_size_for_error", {"d": 16, "k": 4, "tau": 0.0}, "tau"),
    ("linear_margin", {"R": [1.0, math.nan], "support": [0]}, "R"),
    ("linear_margin", {"R": 3, "support": [0]}, "R"),
    ("linear_margin", {"R": [1.0, 0.0], "support": []}, "support"),
    ("linear_margin", {"R": [1.0, 0.0], "support": [0, 0]}, "support"),
    ("linear_margin", {"R": [1.0, 0.0], "support": [2]}, "support"),
    ("linear_margin", {"R": [1.0, 0.0], "support": [-1]}, "support"),
    ("read_outs", {"R": [1.0, 0.0], "support": [0, 1]}, "support"),
    ("theorem_schedule", {"d": 16, "eps": 0.0}, "eps"),
    ("theorem_schedule", {"d": 16, "eps": 1.0, "const": -1.0}, "const"),
    ("theorem_schedule", {"d": 16, "eps": 1.0, "k": 5}, "k"),
    ("balance_failure", {"n": 9, "G": 1.0, "ratio": 1.0}, "ratio"),
    ("one_step_certificate", {**STEP, "k": 5, "n": 9, "delta": 0.1}, "k"),
    ("one_step_certificate", {**STEP, "n": 9, "delta": 0.0}, "delta"),
    ("label_entropy", {"k": 1}, "k"),
    ("support_error_lower_bound", {"d": 8, "k": 9, "n": 9}, "k"),
    ("support_bound_max_n", {"d": 8, "k": 8}, "k"),
    ("fano_identification_bound", {"d": 8, "k": 4, "n": 1.5}, "n"),
    ("elimination_probability", {"d": 8, "k": 4, "n": 0}, "n"),
    ("raw_population_mass", {"d": 8, "k": 8}, "k"),
    ("tree_and_covariance", {"level": 0}, "level"),
    ("ks_link", {"z": 1.5}, "z"),
    ("ks_link_derivative", {"z": F(-3, 2)}, "z"),
    ("parity_pair_moments", {"d": 8, "link": "cubic"}, "link"),
    ("parity_pair_moments", {"d": 8, "link": "quadratic", "c": 0}, "c"),
    ("parity_sample_size", {"d": 8, "t": 5, "delta": 0.1}, "t"),
    ("finite_gradient_query_bound", {"d": 8, "k": 4, "n": 0.0, "T": 1.0, "eps": 0.1, "grad2": 1.0}, "n"),
    ("interaction_radius", {"d": 8, "n": 9, "p": 1.0}, "p"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "arguments", "bad"), CASES, ids=[f"{c[0]}-{c[2]}-{i}" for i, c in enumerate(CASES)])
def test_refused(name, arguments, bad):
    with pytest.raises(DomainError) as caught:
        getattr(boolean, name)(**arguments)
    assert caught.value.name == bad
    assert f"'{bad}'" in str(caught.value) and "got " in str(caught.value) and " must " in str(caught.value)


def test_arguments_are_keyword_only():
    with pytest.raises(TypeError, match="positional"):
        boolean.label_entropy(3)
