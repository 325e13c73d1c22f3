"""What lies outside is refused with a message that shows the value, the rule and the cure."""

import math

import numpy as np
import pytest

import theory.generative as generative
from theory.core.errors import DomainError

GOOD = {
    "parameter_count": {"V": 5, "d": 4, "D": 1, "T": 3, "mixer": "attention", "h": 2, "mlp_ratio": 4},
    "block_matmul_flops": {"T": 3, "d": 4, "mixer": "static", "mlp_ratio": 4, "causal": False},
    "speedup_bound": {"T": 3, "d": 4, "mlp_ratio": 4},
    "quadratic_crossover_length": {"d": 4, "mlp_ratio": 4},
    "isoparameter_width": {"d": 4, "mlp_ratio": 4},
    "kv_cache_bytes": {"B": 1, "t": 0, "d": 4, "D": 1, "bytes": 2},
    "recurrent_state_bytes": {"B": 1, "d": 4, "D": 1, "bytes": 2, "acc_bytes": 4, "width_factor": 1, "average": True},
    "activation_memory_delta": {"B": 1, "T": 2, "d": 3, "D": 1, "implementation": "mask", "bytes": 2, "mlp_ratio": 4},
    "receptive_field": {"D": 0, "shifts_per_block": 1, "dilation": "none"},
    "reach_weights": {"D": 0},
    "generative_function": {"u": [[1, 2]], "f": "max", "context": "none", "shift": 1},
    "integer_markov_source": {"V": 2, "k": 0},
    "lag_copy_source": {"V": 2, "lag": 1, "eps": 0.5},
    "conditional_entropies": {"source": generative.even_process(), "kmax": 0, "max_words": 8},
    "entropy_rate_bounds": {"source": generative.even_process(), "n": 1, "max_words": 8},
    "window_floor": {"h": (1, 0.5), "T": 1, "window": 1, "constant_tail": False},
    "lag_copy_floor": {"V": 2, "lag": 1, "eps": 0, "T": 2, "window": 1},
    "recall_floor": {"K": 1, "V": 1, "D": 0},
    "urn_entropy": {"n": 0, "p": (0.5, 0.5)},
    "leak_floor": {"T": 2, "p": (0.5, 0.5), "knowledge": "bag"},
    "copy_success_bound": {"state_bits": 0, "n": 0, "V": 1},
    "merge_is_lossless": {"codes": [[1, 0]]},
    "map_statistics": {"maps": [[[1, 0], [0.5, 0.5]]]},
    "causality_audit": {"model": lambda x: np.zeros((*x.shape, 2)), "vocabulary": 2, "T": 2, "seed": 0, "words": 1},
    "witten_bell_losses": {"train": "a", "validation": "b", "order": 0, "V": 2},
}
LEAST = {"t": 0, "k": 0, "kmax": 0, "n": 0, "order": 0, "seed": 0}
INTEGERS = [
    (name, argument)
    for name, arguments in GOOD.items()
    for argument, value in arguments.items()
    if isinstance(value, int) and not isinstance(value, bool) and argument not in ("eps", "state_bits")
]


@pytest.mark.parametrize("name", GOOD)
def test_edge_of_the_domain_is_accepted(name):
    getattr(generative, name)(**GOOD[name])


@pytest.mark.parametrize(("name", "argument"), INTEGERS, ids=[f"{n}-{a}" for n, a in INTEGERS])
@pytest.mark.parametrize("value", [-1, 1.0, True, "1", None, math.nan], ids=repr)
def test_integers_are_integers(name, argument, value):
    with pytest.raises(DomainError, match=f"'{argument}'"):
        getattr(generative, name)(**{**GOOD[name], argument: value})


@pytest.mark.parametrize(
    ("name", "argument"),
    [
        one
        for one in INTEGERS
        if one[1] not in LEAST and one[0] not in ("receptive_field", "reach_weights", "recall_floor")
    ],
    ids=str,
)
def test_sizes_are_positive(name, argument):
    with pytest.raises(DomainError, match=f"'{argument}'"):
        getattr(generative, name)(**{**GOOD[name], argument: 0})


CASES = [
    ("parameter_count", {"h": 3}, "divide d = 4"),
    ("parameter_count", {"mixer": "static", "h": 3}, "divide d = 4"),
    ("parameter_count", {"mixer": "removed", "output_map": False}, "which has none"),
    ("parameter_count", {"mixer": "mamba"}, "be one of"),
    ("parameter_count", {"bias": 1}, "True or False"),
    ("block_matmul_flops", {"mixer": "Attention"}, "be one of"),
    ("block_matmul_flops", {"causal": 1}, "True or False"),
    ("activation_memory_delta", {"implementation": "gelu"}, "be one of"),
    ("receptive_field", {"dilation": "triple"}, "be one of"),
    ("generative_function", {"f": "sum"}, "be one of"),
    ("generative_function", {"context": "mean"}, "be one of"),
    ("generative_function", {"u": [1, 2]}, "two-dimensional"),
    ("generative_function", {"u": [[[1]]]}, "two-dimensional"),
    ("generative_function", {"u": [[1, 2], [3]]}, "two-dimensional"),
    ("generative_function", {"u": [[]]}, "two-dimensional"),
    ("generative_function", {"u": [[1, math.nan]]}, "finite"),
    ("generative_function", {"u": [["a"]]}, "finite numbers"),
    ("integer_markov_source", {"V": 2, "k": 13}, "within 4096"),
    ("integer_markov_source", {"V": 2, "k": 10**9}, "within 4096"),
    ("lag_copy_source", {"eps": 0}, "'eps'"),
    ("lag_copy_source", {"eps": 1.5}, "'eps'"),
    ("lag_copy_source", {"lag": 13}, "within 4096"),
    ("conditional_entropies", {"kmax": 3}, "at least 2\\^4"),
    ("conditional_entropies", {"source": "even"}, "be a MarkovSource or HiddenMarkovSource"),
    ("entropy_rate_bounds", {"n": 4}, "at least 2\\^4"),
    ("entropy_rate_bounds", {"n": 0}, "'n'"),
    ("entropy_rate_bounds", {"source": generative.integer_markov_source(V=2, k=1)}, "be a HiddenMarkovSource"),
    ("window_floor", {"T": 2, "window": 2}, "constant_tail=True"),
    ("window_floor", {"h": ()}, "'h'"),
    ("window_floor", {"h": 1.0}, "'h'"),
    ("window_floor", {"h": (1.0, math.nan)}, "finite"),
    ("window_floor", {"h": (1.0, math.inf)}, "finite"),
    ("window_floor", {"h": (1.0, -1e-8)}, "finite numbers >= 0"),
    ("window_floor", {"constant_tail": 1}, "True or False"),
    ("lag_copy_floor", {"eps": -0.1}, "'eps'"),
    ("lag_copy_floor", {"eps": math.nan}, "'eps'"),
    ("urn_entropy", {"p": (0.5, 0.6)}, "divide by the sum"),
    ("urn_entropy", {"p": (1.5, -0.5)}, "finite numbers >= 0"),
    ("urn_entropy", {"p": (math.nan, 1)}, "finite"),
    ("urn_entropy", {"p": ()}, "'p'"),
    ("urn_entropy", {"p": 1.0}, "'p'"),
    ("leak_floor", {"T": 1}, "'T'"),
    ("leak_floor", {"knowledge": "all"}, "be one of"),
    ("leak_floor", {"p": (0.5, 0.4)}, "sum to 1"),
    ("copy_success_bound", {"state_bits": -1}, "'state_bits'"),
    ("copy_success_bound", {"state_bits": math.inf}, "'state_bits'"),
    ("merge_is_lossless", {"codes": [1, 0]}, "two-dimensional"),
    ("merge_is_lossless", {"codes": [[1, math.inf]]}, "finite"),
    ("map_statistics", {"maps": [[1, 0], [0.5, 0.5]]}, "N, T, T"),
    ("map_statistics", {"maps": [[[1.0]]]}, "N, T, T"),
    ("map_statistics", {"maps": np.zeros((0, 2, 2))}, "N, T, T"),
    ("map_statistics", {"maps": [[[1, 0], [0.5, 0.4]]]}, "sum 1"),
    ("map_statistics", {"maps": [[[0.9, 0.1], [0.5, 0.5]]]}, "above the diagonal"),
    ("map_statistics", {"maps": [[[1, 0], [1.5, -0.5]]]}, "non-negative"),
    ("causality_audit", {"vocabulary": 1}, "'vocabulary'"),
    ("causality_audit", {"model": None}, "'model'"),
    ("causality_audit", {"model": lambda x: np.zeros(x.shape)}, "of shape"),
    ("causality_audit", {"model": lambda x: np.full((*x.shape, 2), np.nan)}, "finite"),
    ("witten_bell_losses", {"train": ""}, "'train'"),
    ("witten_bell_losses", {"validation": ""}, "'validation'"),
    ("witten_bell_losses", {"train": b"a"}, "'train'"),
    ("witten_bell_losses", {"V": 1}, "at least 2"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "changed", "message"), CASES, ids=[f"{c[0]}-{i}" for i, c in enumerate(CASES)])
def test_outside_is_refused(name, changed, message):
    with pytest.raises(DomainError, match=message) as caught:
        getattr(generative, name)(**{**GOOD[name], **changed})
    assert isinstance(caught.value, ValueError) and caught.value.name in {*GOOD[name], *changed}


@pytest.mark.parametrize(("V", "k", "table", "message"), [
    (2, 1, ((0.5, 0.5),), "2 rows of 2"),
    (2, 1, ((0.5, 0.5), (0.5, 0.25, 0.25)), "2 rows of 2"),
    (2, 0, ((0.5, 0.6),), "sum to 1"),
    (2, 0, (), "non-empty"),
    (2, 1, ((1, 0), (0, 1)), "one stationary law"),
    (2, 13, ((0.5, 0.5),), "within 4096"),
    (0, 0, ((1.0,),), "'V'"),
    (2, -1, ((0.5, 0.5),), "'k'"),
])  # fmt: skip
def test_markov_sources_are_checked(V, k, table, message):
    with pytest.raises(DomainError, match=message):
        generative.MarkovSource(V=V, k=k, table=table)


@pytest.mark.parametrize(("A", "E", "message"), [
    (((0.5, 0.5),), ((1.0,),), "square"),
    (((1, 0), (0, 1)), ((1.0,), (1.0,)), "one stationary law"),
    (((1.0,),), ((0.5, 0.5), (1, 0)), "1 rows"),
    (((0.5, 0.5), (0.5, 0.5)), ((1.0,), (0.5, 0.5)), "equal length"),
    (((1.0,),), ((0.5, 0.4),), "sum to 1"),
])  # fmt: skip
def test_hidden_sources_are_checked(A, E, message):
    with pytest.raises(DomainError, match=message):
        generative.HiddenMarkovSource(A=A, E=E)


def test_periodic_and_transient_chains_have_one_law():
    flip = generative.MarkovSource(V=2, k=1, table=((0, 1), (1, 0)))
    assert generative.conditional_entropies(source=flip, kmax=1) == pytest.approx((math.log(2), 0))
    left = generative.HiddenMarkovSource(A=((0, 1), (0, 1)), E=((1, 0), (0.5, 0.5)))
    assert generative.stationary_law(source=left) == (0.0, 1.0)


@pytest.mark.parametrize("name", GOOD)
def test_arguments_are_keywords_and_unknown_ones_are_refused(name):
    with pytest.raises(TypeError):
        getattr(generative, name)(*GOOD[name].values())
    with pytest.raises(TypeError):
        getattr(generative, name)(**GOOD[name], other=1)


def test_sources_can_be_hashed_and_compared():
    a, b = (generative.MarkovSource(V=2, k=1, table=[[0.5, 0.5], [0.25, 0.75]]) for _ in range(2))
    assert a == b and hash(a) == hash(b)
