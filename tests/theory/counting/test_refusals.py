"""What is refused, with the value in the message."""

import math
from fractions import Fraction as F

import numpy as np
import pytest

from theory import counting
from theory.core.errors import DomainError

HEAD = (1, 1, 0, 0, 1)
LAW = {"length_law": "uniform", "N": 4, "tie": "neg"}
V, ONES = ((-1, 0), (1, 0), (0, 1), (0.5, 0), (0, -1)), (1, 1, 1, 1, 1)
FEATURES, KINDS = np.ones((2, 1)), ("word", "closing")
SURFACE = {"head": HEAD, "grid01": (1,), "grid02": (1,), "N": 4}
SWAP = {"attn_list": (ONES,), "value_list": ((-1, 1, 0, 0, 0),), "N": 4}
CASES = [
    *[("separation_accuracy", {**LAW, "head": head}, "head") for head in (
        (0, 1, 0, 0, 1), (-1, 1, 0, 0, 1), (1, -1, 0, 0, 1), (1, 1, 0, 0, -1), (1, 1, math.nan, 0, 1), (1, 1, 0, math.inf, 1), (1, 1, 0, 0), 3, (1, True, 0, 0, 1), (2, 0, 0, 0, 0))],
    *[(name, {**LAW, "head": HEAD, **bad}, key) for name in ("separation_accuracy", "roc_auc", "fixed_threshold_accuracy") for bad, key in (
        ({"length_law": "poisson"}, "length_law"), ({"N": 0}, "N"), ({"N": 2.0}, "N"), ({"tie": "pos"}, "tie"), ({"p": (F(1, 2), F(1, 2))}, "p"),
        ({"p": (F(1, 2), F(1, 2), F(1, 2))}, "p"), ({"p": (F(3, 2), F(-1, 2), 0)}, "p"), ({"p": (0.5, 0.5, 0.1)}, "p"))],
    ("separation_accuracy", {**LAW, "tie": "drop", "p": (0, 0, 1), "head": HEAD}, "p"),
    ("roc_auc", {**LAW, "p": (1, 0, 0), "head": HEAD}, "p"),
    ("roc_auc", {**LAW, "head": (2, 0, 0, 0, 0)}, "head"),
    ("fixed_threshold_accuracy", {**LAW, "head": HEAD, "gain": 0}, "gain"),
    ("fixed_threshold_accuracy", {**LAW, "head": HEAD, "b": math.nan}, "b"),
    ("fixed_threshold_accuracy", {**LAW, "head": (2.0, 0, 0, 0, 0)}, "head"),
    ("class_prior", {"length_law": "fixed", "N": -1}, "N"),
    ("class_prior", {"length_law": "geometric", "N": 3}, "length_law"),
    ("majority_accuracy", {**LAW, "tie": "drop", "p": (0, 0, 1)}, "p"),
    ("n_states", {"N": 0}, "N"),
    ("n_states", {"N": 3, "tie": "none"}, "tie"),
    ("enumerate_states", {"N": True}, "N"),
    ("enumerate_states", {"N": 3, "p": (0.2, 0.2, 0.2)}, "p"),
    ("canonicalize_head", {"logits": (0, 0, 0, 0), "values": ONES}, "logits"),
    ("canonicalize_head", {"logits": ONES, "values": ONES}, "values"),
    ("canonicalize_head", {"logits": (0, 800, 0, 0, 0), "values": (-1, 1, 0, 0, 0)}, "logits"),
    ("canonicalize_head", {"logits": (0, math.inf, 0, 0, 0), "values": (-1, 1, 0, 0, 0)}, "logits"),
    ("canonical_score", {"n": (0, 0, 0), "head": HEAD}, "n"),
    ("canonical_score", {"n": (1, -1, 0), "head": HEAD}, "n"),
    ("canonical_score", {"n": (1.0, 1, 0), "head": HEAD}, "n"),
    ("canonical_score", {"n": (0, 0, 3), "head": (1, 0, 0, 0, 0)}, "n"),
    ("token_influence", {"n": (1, 1, 1), "head": HEAD, "t": 3}, "t"),
    ("convert_attention_ratio", {"x": 1, "from_": "w10", "to": "w01"}, "from_"),
    ("convert_attention_ratio", {"x": 1, "from_": "w01", "to": "odds"}, "to"),
    ("convert_attention_ratio", {"x": 0, "from_": "w01", "to": "log"}, "x"),
    ("convert_attention_ratio", {"x": 1, "from_": "fraction", "to": "log"}, "x"),
    ("convert_attention_ratio", {"x": 1e4, "from_": "log", "to": "w01"}, "x"),
    ("convert_attention_ratio", {"x": math.nan, "from_": "log", "to": "w01"}, "x"),
    ("perfect_region_vertices", {"N": 1, "tie": "neg"}, "N"),
    ("perfect_region_vertices", {"N": 3, "tie": "both"}, "tie"),
    ("perfect_threshold_interval", {"N": 0, "head": HEAD, "tie": "neg"}, "N"),
    ("perfect_threshold_interval", {"N": 3, "head": (2, 0, 0, 0, 0), "tie": "neg"}, "head"),
    ("max_perfect_length", {"head": HEAD, "tie": "neg", "b": math.inf}, "b"),
    ("max_perfect_length", {"head": (2, 0, 0, 0, 0), "tie": "neg"}, "head"),
    ("w01_window_fixed", {"N": 1, "tau": 0.5}, "N"),
    ("w01_window_fixed", {"N": 9, "tau": 1.0}, "tau"),
    ("w01_window_fixed", {"N": 9, "tau": -0.1}, "tau"),
    ("w01_window_tuned", {"N": 2, "w02": 0.5}, "N"),
    ("w01_window_tuned", {"N": 9, "w02": 0.0}, "w02"),
    ("separation_accuracy_error", {"m": 0, "K": 4, "delta": 0.1}, "m"),
    ("separation_accuracy_error", {"m": 9, "K": 0, "delta": 0.1}, "K"),
    ("separation_accuracy_error", {"m": 9, "K": 4, "delta": 1.0}, "delta"),
    ("separation_accuracy_error", {"m": 9, "K": 4, "delta": 0.1, "heads": "two"}, "heads"),
    ("gaussian_head_correlation", {"w01": 0, "w02": 1, "kappa": 0}, "w01"),
    ("gaussian_head_correlation", {"w01": 1, "w02": -1, "kappa": 0}, "w02"),
    ("gaussian_head_correlation", {"w01": 1, "w02": 1, "kappa": math.nan}, "kappa"),
    ("gaussian_head_correlation", {"w01": 1, "w02": 1, "kappa": 0, "p": (F(1, 2), F(1, 4), F(1, 4))}, "p"),
    ("gaussian_head_correlation", {"w01": 1, "w02": 1, "kappa": 0, "p": (0, 0, 1)}, "p"),
    ("gaussian_separation_accuracy", {"r": 1.01}, "r"),
    ("gaussian_auc", {"r": math.nan}, "r"),
    ("auc_from_s_acc", {"s": 0.4}, "s"),
    ("lattice_separation_accuracy", {"n": 0, "r": 0.5}, "n"),
    ("max_margin", {"N": 3, "tie": "any"}, "tie"),
    ("required_gain", {"N": 3, "eps": 0.0, "tie": "neg"}, "eps"),
    ("ensemble_perfect_probability", {"H": 0, "sd": 1.0, "N": 5}, "H"),
    ("ensemble_perfect_probability", {"H": 1, "sd": 0.0, "N": 5}, "sd"),
    ("mirror_pair_score", {"n": (1, 1, 1), "lam": 0, "w02": 1, "wS": 1}, "lam"),
    ("mirror_pair_score", {"n": (1, 1, 1), "lam": 1, "w02": -1, "wS": 1}, "w02"),
    ("mirror_pair_score", {"n": (0, 0, 1), "lam": 1, "w02": 0, "wS": 0}, "n"),
    ("one_token_head_accuracy", {**LAW, "which": "C"}, "which"),
    ("one_token_head_accuracy", {**LAW, "which": "A", "wS": 0}, "wS"),
    ("reference_features", {"names": (), "N": 3}, "names"),
    ("reference_features", {"names": ("noise",), "N": 3}, "names"),
    ("grammar_margin", {"features": FEATURES, "kinds": KINDS, "mode": "mean"}, "mode"),
    ("grammar_margin", {"features": FEATURES[:, 0], "kinds": KINDS}, "features"),
    ("grammar_margin", {"features": FEATURES * math.nan, "kinds": KINDS}, "features"),
    ("grammar_margin", {"features": FEATURES, "kinds": ("word",)}, "kinds"),
    ("grammar_margin", {"features": FEATURES, "kinds": ("word", "end")}, "kinds"),
    ("population_gradient", {"head": HEAD, "N": 3, "tie": "neg", "gain": math.inf}, "gain"),
    ("population_gradient", {"head": (2, 0, 0, 0, 0), "N": 3, "tie": "neg", "gain": 1.0}, "head"),
    ("wedge_statistic", {"V": V[:4], "a": ONES}, "V"),
    ("wedge_statistic", {"V": tuple((x,) for x, _ in V), "a": ONES}, "V"),
    ("wedge_statistic", {"V": V, "a": (1, 1, 1, 1, 0)}, "a"),
    ("wedge_statistic", {"V": ((1, 1),) * 5, "a": ONES}, "V"),
    ("wedge_statistic", {"V": ((0, 0), (1, 0), (2, 0), (0, 1), (0, 1)), "a": ONES}, "V"),
    ("is_freely_separable", {"V": V, "a": ONES, "N": 1, "tie": "neg"}, "N"),
    ("is_freely_separable", {"V": V, "a": ONES, "N": 3, "tie": "no"}, "tie"),
    ("is_freely_separable", {"V": (*V[:4], (1, 2, 3)), "a": ONES, "N": 3, "tie": "neg"}, "V"),
    ("min_heads_symmetric", {"values": ()}, "values"),
    ("min_heads_symmetric", {"values": (0, 2)}, "values"),
    ("cooperation_index", {"head_scores": (), "sum_score": 1}, "head_scores"),
    ("cooperation_index", {"head_scores": (1,), "sum_score": math.nan}, "sum_score"),
    ("intervention_surface", {**SURFACE, "special": "zero"}, "special"),
    ("intervention_surface", {**SURFACE, "grid01": (1, 0)}, "grid01"),
    ("intervention_surface", {**SURFACE, "grid02": (-1,)}, "grid02"),
    ("intervention_surface", {**SURFACE, "grid02": (0,), "special": "drop"}, "head"),
    ("swap_anova", {**SWAP, "attn_list": ()}, "attn_list"),
    ("swap_anova", {**SWAP, "attn_list": ((1, 1, 1, 1, -1),)}, "attn_list"),
    ("swap_anova", {**SWAP, "value_list": ((1, 2),)}, "value_list"),
    ("swap_anova", SWAP, "attn_list"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "arguments", "bad"), CASES, ids=[f"{c[0]}-{c[2]}-{i}" for i, c in enumerate(CASES)])
def test_refused(name, arguments, bad):
    with pytest.raises(DomainError) as caught:
        getattr(counting, name)(**arguments)
    assert caught.value.name == bad
    assert f"'{bad}'" in str(caught.value) and "got " in str(caught.value) and " must " in str(caught.value)


def test_arguments_are_keyword_only():
    with pytest.raises(TypeError, match="positional"):
        counting.max_margin(3)


def test_pure_noise_has_no_score_only_where_it_can_occur():
    head = (2, 0, 0, 0, 0)
    assert counting.separation_accuracy(length_law="uniform", N=4, head=head, tie="drop") == 1
    assert counting.separation_accuracy(length_law="uniform", N=4, head=head, tie="neg", p=(F(1, 2), F(1, 2), 0)) == 1
