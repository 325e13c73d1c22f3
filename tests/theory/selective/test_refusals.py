"""What is refused, with the value in the message."""

import math

import numpy as np
import pytest

import theory.selective as selective
from theory.core.errors import DomainError, Undecided

EYE = np.eye(2)
EXACT = {"logits": [[1, -1], [2, -2]], "E_q": EYE, "E_k": EYE}
KL = {"P": [[0.9, 0.1], [0.2, 0.8]], "E_q": EYE, "E_k": EYE, "eta": 0.01, "selective": True}
LAYER = {"X": EYE, "W_q": EYE, "W_k": EYE, "W_v": EYE}
GPT = {"layers": 12, "d": 768, "base": 10**8}
CASES = [
    ("effective_support_fraction", {"s": [0.5, 0.6]}, "s"),
    ("effective_support_fraction", {"s": [1.5, -0.5]}, "s"),
    ("effective_support_fraction", {"s": [math.nan, 1]}, "s"),
    ("effective_support_fraction", {"s": []}, "s"),
    ("effective_support_fraction", {"s": [[1.0]]}, "s"),
    ("inverse_temperature", {"f": math.inf, "n": 1, "alpha": 0}, "f"),
    ("inverse_temperature", {"f": 0, "n": 0, "alpha": 0}, "n"),
    ("inverse_temperature", {"f": 0, "n": 1.5, "alpha": 0}, "n"),
    ("inverse_temperature", {"f": 0, "n": math.inf, "alpha": 0}, "n"),
    ("inverse_temperature", {"f": 0, "n": 1, "alpha": math.nan}, "alpha"),
    ("inverse_temperature_range", {"n": 0, "alpha": 0}, "n"),
    ("selectivity_dynamic_range", {"n": 0, "alpha": 0}, "n"),
    ("position_factor_official", {"n": 4, "beta": 1, "form": "sigmoid"}, "form"),
    ("position_factor_official", {"n": 0, "beta": 1}, "n"),
    ("max_weight_bound", {"L": 0, "B": 1}, "L"),
    ("max_weight_bound", {"L": 3, "B": -1}, "B"),
    ("min_logit_bound", {"L": 1, "p": 0.5}, "L"),
    ("min_logit_bound", {"L": 3, "p": 1}, "p"),
    ("max_weight_random_keys", {"L": 3, "B": 1, "d": 1}, "d"),
    ("max_weight_random_keys", {"L": 3, "B": math.inf, "d": 2}, "B"),
    ("min_scale_random_keys", {"L": 1, "p": 0.5, "d": 2}, "L"),
    ("min_scale_random_keys", {"L": 3, "p": 0.0, "d": 2}, "p"),
    ("schedule_max_weight", {"n": 3, "w": -1, "s": 0.5}, "w"),
    ("schedule_max_weight", {"n": 3, "w": 1, "s": 1.5}, "s"),
    ("schedule_exponent", {"w": 1, "s": -0.1}, "s"),
    ("specificity_norm_lower_bound", {"L_a": -1, "L_b": 1, "rho": 0}, "L_a"),
    ("specificity_norm_exact", {"L_a": 1, "L_b": 1, "rho": 1}, "rho"),
    ("two_token_norms", {"g": 0.1, "rho": 0, "eps": 0.06}, "eps"),
    ("two_token_norms", {"g": 0.1, "rho": -1, "eps": 0.01}, "rho"),
    ("two_token_norms", {"g": 1.0, "rho": 0, "eps": 0.01}, "g"),
    ("collinear_pair_norms", {"scale": 0, "r": 0.5, "rho": 0, "c": 0}, "scale"),
    ("collinear_pair_norms", {"scale": 1, "r": 1.1, "rho": 0, "c": 0}, "r"),
    ("collinear_pair_norms", {"scale": 1, "r": 1, "rho": 0, "c": 1.1}, "c"),
    ("selectivity_matrix", {**EXACT, "logits": [[1, -math.inf], [2, -2]]}, "logits"),
    ("min_norm", {**EXACT, "E_q": [[1, 0], [1, 0]]}, "E_q"),
    ("min_norm", {**EXACT, "E_q": [[1], [2]]}, "E_q"),
    ("min_norm_selective", {**EXACT, "E_k": [[1, 2], [2, 4]]}, "E_k"),
    ("temperature_helps", {**EXACT, "E_k": np.eye(3)}, "E_k"),
    ("temperature_helps", {**EXACT, "E_q": np.eye(3)}, "E_q"),
    ("min_norm", {**EXACT, "logits": [1, 2]}, "logits"),
    ("min_norm", {**EXACT, "logits": [["a", "b"]]}, "logits"),
    ("min_norm_kl", {**KL, "P": [[0.9, 0.2], [0.2, 0.8]]}, "P"),
    ("min_norm_kl", {**KL, "P": [[1.1, -0.1], [0.2, 0.8]]}, "P"),
    ("min_norm_kl", {**KL, "eta": 0.0}, "eta"),
    ("min_norm_kl", {**KL, "tol": 0.0}, "tol"),
    ("min_norm_kl", {**KL, "E_q": np.eye(3)}, "E_q"),
    ("min_norm_kl", {**KL, "E_k": np.eye(3)}, "E_k"),
    ("min_norm_kl", {**KL, "selective": "yes"}, "selective"),
    ("optimal_position_temperature", {"kappa": 0, "mix": 0.5}, "kappa"),
    ("optimal_position_temperature", {"kappa": 1, "mix": 1}, "mix"),
    ("flat_temperature_floor", {"string": "", "rho": 0}, "string"),
    ("flat_temperature_floor", {"string": "abc", "rho": 0}, "string"),
    ("flat_temperature_floor", {"string": 7, "rho": 0}, "string"),
    ("flat_temperature_floor", {"string": "ab", "rho": 1}, "rho"),
    ("imbalance_hypotheses_count", {"L": 1}, "L"),
    ("imbalance_hypotheses_count", {"L": 6, "c": 0}, "c"),
    ("equivalent_sparsity", {"n": 1, "pow": 0.5, "alpha": 0, "gamma": 1}, "n"),
    ("equivalent_sparsity", {"n": 9, "pow": 0, "alpha": 0, "gamma": 1}, "pow"),
    ("equivalent_sparsity", {"n": 9, "pow": 1, "alpha": -0.1, "gamma": 1}, "alpha"),
    ("equivalent_sparsity", {"n": 9, "pow": 1, "alpha": 0, "gamma": 0}, "gamma"),
    ("projected_normal_resultant", {"delta": -1, "d": 3}, "delta"),
    ("projected_normal_resultant", {"delta": 1, "d": 0}, "d"),
    ("denoise_risk", {"d": 1, "L": 4, "alpha": 0.5, "sigma": 1}, "d"),
    ("denoise_risk", {"d": 8, "L": 4, "alpha": 1.5, "sigma": 1}, "alpha"),
    ("denoise_risk", {"d": 8, "L": 4, "alpha": 0.5, "sigma": 0}, "sigma"),
    ("gate_pass_probabilities", {"d": 8, "sigma": -1}, "sigma"),
    ("gate_pass_probabilities", {"d": 8, "sigma": 1, "t": math.nan}, "t"),
    ("gate_risk_floor", {"d": 8, "alpha": 0.25, "sigma": 0.1, "t": 5}, "t"),
    ("gate_risk_floor", {"d": 8, "alpha": -0.1, "sigma": 0.1}, "alpha"),
    ("temperature_network_lower_bound", {"delta": 2, "distance": 1}, "delta"),
    ("temperature_network_lower_bound", {"delta": 1, "distance": 0}, "distance"),
    ("ssa_parameter_overhead", {**GPT, "mode": "shared"}, "mode"),
    ("ssa_parameter_overhead", {**GPT, "mode": "own_mlp"}, "h"),
    ("ssa_parameter_overhead", {**GPT, "mode": "head_vectors"}, "heads"),
    ("ssa_parameter_overhead", {**GPT, "mode": "own_mlp", "h": 8, "c": 4}, "c"),
    ("selective_attention", {**LAYER, "X": [[1, math.inf]]}, "X"),
    ("selective_attention", {**LAYER, "W_v": np.eye(3)}, "W_v"),
    ("selective_attention", {**LAYER, "W_k": [[1, 0, 0], [0, 1, 0]]}, "W_k"),
    ("selective_attention", {**LAYER, "tau_q": [1.0]}, "tau_q"),
    ("selective_attention", {**LAYER, "tau_v": [[1.0, 1.0]]}, "tau_v"),
    ("selective_attention", {**LAYER, "scale": math.nan}, "scale"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "arguments", "bad"), CASES, ids=[f"{c[0]}-{c[2]}-{i}" for i, c in enumerate(CASES)])
def test_refused(name, arguments, bad):
    with pytest.raises(DomainError) as caught:
        getattr(selective, name)(**arguments)
    assert caught.value.name == bad
    assert f"'{bad}'" in str(caught.value) and "got " in str(caught.value) and " must " in str(caught.value)


def test_arguments_are_keyword_only():
    with pytest.raises(TypeError, match="positional"):
        selective.min_scale_random_keys(128, 0.5, 4)
    with pytest.raises(TypeError):
        selective.max_weight_bound(128, 2.0)


def test_a_tolerance_at_a_row_s_distance_from_uniform_is_left_undecided():
    given = {"P": [[1, 0, 0], [0.5, 0.5, 0]], "E_q": EYE, "E_k": np.eye(3), "eta": math.log(1.5)}
    with pytest.raises(Undecided, match="distance from uniform"):
        selective.min_norm_kl(selective=True, **given)
    assert selective.min_norm_kl(selective=False, **given).norm > 0


@pytest.mark.parametrize("L", [6, 6.0, np.int64(6), np.float64(6)])
def test_counts_may_be_typed_as_whole_floats(L):
    assert selective.imbalance_hypotheses_count(L=L) == 2
    assert float(selective.max_weight_bound(L=L, B=0)) == pytest.approx(1 / 6)
