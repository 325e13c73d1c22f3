"""What is refused, with the value, the rule and where it helps the cure in the message."""

import pytest

import theory.infinite_precision as ip
from theory.core.errors import DomainError

LAYER = {"d": 4, "H": 1, "widths": (8,)}
WHOLE = [  # (function, good arguments): every integer argument is tried with a float, a bool and values below its domain
    ("hyperplane_cells", {"M": 5, "P": 2}),
    ("warren_sign_patterns_log2", {"M": 5, "D": 1, "P": 2}),
    ("goldberg_jerrum_vc", {"P": 2, "t": 3}),
    ("anthony_bartlett_exp_vc", {"P": 2, "q": 0, "t": 3}),
    ("relu_vc_lower", {"W": 1000, "L": 4, "C": 2}),
    ("attention_operation_count", {"d": 2, "H": 1, "W": 9, "U": 3}),
    ("theorem_a_vc", {"d": 2, "H": 1, "W": 9, "U": 3}),
    ("min_size_theorem_a", {"n": 8}),
    ("effective_parameter_count", {"d": 2, "H": 1, "first_width": 3, "hidden_layers": 1, "value_dim": 2}),
    ("growth_log2", {"m": 8, "d": 2, "H": 1, "units": 4}),
    ("composition_growth_log2", {"n": 8, "d": 2, "H": 1, "U": 4}),
    ("vc_upper_units", {"d": 2, "H": 1, "U": 4}),
    ("vc_upper_closed", {"d": 2, "H": 1, "U": 4}),
    ("min_relu_units", {"n": 8, "d": 2, "H": 1}),
    ("min_relu_units_any_dim", {"n": 8, "H": 1}),
    ("min_embedding_dim", {"n": 8, "H": 1, "U": 4}),
    ("min_size", {"n": 8}),
    ("shallow_width_log2_sum", {"n": 8, "P": 2, "H": 1, "L": 2}),
    ("communication_min_precision", {"n": 8, "d": 2, "H": 1, "alphabet": 2}),
    ("composition_error_floor", {"n": 8, "H": 1, "d": 2, "p": 4}),
    ("constructive_size", {"n": 8, "bits": 1, "H": 2}),
    ("constructive_units", {"n": 8, "H": 1, "bits": 1}),
    ("index_construction", {"n": 8, "D": 2, "H": 1, "bits": 1}),
    ("two_layer_composition", {"n": 8}),
    ("index_in_readout", {"n": 8}),
    ("two_layer_sum2", {"n": 8, "M": 8}),
    ("histogram_sum2", {"n": 8, "M": 8}),
    ("palindrome_one_layer", {"n": 8}),
]
ZERO_IS_FINE = {"U", "W", "t", "q", "hidden_layers", "units"}
REAL = {("relu_vc_lower", "C")}


def call(name, **arguments):
    return getattr(ip, name)(**arguments)


@pytest.mark.parametrize(("name", "good"), WHOLE, ids=[name for name, _ in WHOLE])
def test_integers_are_asked_for(name, good):
    call(name, **good)
    for key in good:
        bad = [-1] if key in ZERO_IS_FINE else [0, -1]
        bad += [] if (name, key) in REAL else [2.0]
        for value in [*bad, True, "2"]:
            with pytest.raises(DomainError, match=f"'{key}'") as caught:
                call(name, **{**good, key: value})
            assert isinstance(caught.value, ValueError) and "must" in str(caught.value)


CASES = [
    ("growth_log2", {"m": 4, "d": 2, "H": 1}, "exactly one"),
    ("growth_log2", {"m": 4, "d": 2, "H": 1, "units": 3, "widths": (3,)}, "exactly one"),
    ("growth_log2", {"m": 4, "d": 2, "H": 1, "widths": (3, 0)}, "widths"),
    ("growth_log2", {"m": 4, "d": 2, "H": 1, "widths": [3]}, "widths"),
    ("vc_upper", {"d": 2, "H": 1, "widths": (2.0,)}, "widths"),
    ("vc_upper", {"d": 2, "H": 1, "widths": (True,)}, "widths"),
    ("effective_parameter_count", {"d": 2, "H": 1, "first_width": None, "hidden_layers": 1}, "hidden_layers = 0"),
    ("attention_operation_count", {"d": 2, "H": 1, "W": 1, "U": 0, "premultiplied": 1}, "True or False"),
    ("min_size", {"n": 8, "task": "sum2"}, "'index', 'composition'"),
    ("shallow_width_log2_sum", {"n": 4, "P": 5, "H": 1, "L": 2}, "at most n = 4"),
    ("relu_vc_lower", {"W": 1000, "L": 4, "C": 4}, "less than L = 4"),
    ("relu_vc_lower", {"W": 8, "L": 4, "C": 2}, "exceed C L = 8"),
    ("inverse_binary_entropy", {"y": 1.01}, "'y'"),
    ("inverse_binary_entropy", {"y": -0.1}, "'y'"),
    ("accuracy_ceiling", {"n": 8, "log2_patterns": -1.0}, "log2_patterns"),
    ("accuracy_ceiling", {"n": 8, "log2_patterns": float("nan")}, "log2_patterns"),
    ("accuracy_ceiling", {"n": 8, "log2_patterns": 1.0, "alphabet": 1}, "alphabet"),
    ("composition_error_floor", {"n": 1, "H": 1, "d": 1, "p": 1}, "'n'"),
    ("constructive_size", {"n": 2**60}, "64-bit"),
    ("vc_dimension", {"matrix": []}, "at least one row"),
    ("vc_dimension", {"matrix": [[]]}, "at least one row"),
    ("vc_dimension", {"matrix": [[0, 1], [1]]}, "equal length"),
    ("vc_dimension", {"matrix": [[0, 2]]}, "0 and 1"),
    ("vc_dimension", {"matrix": [[0, 1.0]]}, "0 and 1"),
    ("split_vc_dimension", {"f": lambda w: 2, "alphabets": ((0, 1),)}, "values 0 and 1"),
    ("split_vc_dimension", {"f": lambda w: 1, "alphabets": ((0, 1), ())}, "non-empty"),
    ("shattering_certificate", {"task": "parity", "n": 4}, "'index'"),
    ("shattering_certificate", {"task": "index", "n": 1}, "at least 2"),
    ("shattering_certificate", {"task": "sum2", "n": 2, "M": 8}, "at least 3"),
    ("shattering_certificate", {"task": "sum2", "n": 4, "M": 2}, "at least 3"),
    ("shattering_certificate", {"task": "sum2", "n": 4}, "at least 3"),
    ("shattering_certificate", {"task": "index", "n": 4, "M": 4}, "be None"),
    ("shattering_certificate", {"task": "index", "n": 4, "r": 1}, "be None"),
    ("shattering_certificate", {"task": "sum2_large", "n": 8}, "be given"),
    ("shattering_certificate", {"task": "sum2_large", "n": 4, "r": 3}, "leave a token"),
    ("shattering_certificate", {"task": "sum2_large", "n": 4, "r": 10**9}, "leave a token"),
    ("shattering_certificate", {"task": "sum2_large", "n": 8, "r": 2, "M": 48}, "at least 2 b 2\\^r \\+ 1 = 49"),
    ("shattering_certificate", {"task": "sum2_residue", "n": 2}, "at least 4"),
    ("shattering_certificate", {"task": "sum2_residue", "n": 5}, "even"),
    ("composition_value", {"word": (1, 1), "variant": "both"}, "'two_function'"),
    ("composition_value", {"word": (0, 1, 1), "variant": "index"}, "position from 1 to 2"),
    ("composition_value", {"word": (1, 3), "variant": "self"}, "from 1 to 2"),
    ("composition_value", {"word": (1, 1, 1, 1), "variant": "two_function"}, "2n \\+ 1"),
    ("composition_value", {"word": (), "variant": "self"}, "'word'"),
    ("sum2_label", {"word": (0, 8), "M": 8}, "from 0 to 7"),
    ("sum2_label", {"word": (0, 1), "M": 1}, "'M'"),
    ("sum2_label", {"word": (0, 1), "M": 8, "distinct": 1}, "True or False"),
    ("disjointness_label", {"word": (0, 1, 1)}, "even length"),
    ("palindrome_label", {"word": (0, 2)}, "from 0 to 1"),
    ("two_layer_sum2", {"n": 4, "M": 10**7}, "float64"),
    ("chain_of_thought_composition", {"f": (1, 3), "steps": 1}, "from 1 to 2"),
    ("chain_of_thought_composition", {"f": (1, 2), "steps": 0}, "steps"),
    ("exclusion", {"task": "index", "n": 64, **LAYER, "query_depends_on_input": True}, "index_in_readout"),
    ("exclusion", {"task": "index", "n": 64, **LAYER, "normalised": True}, "layer norm"),
    ("exclusion", {"task": "index", "n": 64, **LAYER, "positive_denominators": False}, "vanishes"),
    ("exclusion", {"task": "sum2", "n": 64, **LAYER}, "given for sum2"),
    ("exclusion", {"task": "parity", "n": 64, **LAYER}, "'sum2'"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "arguments", "words"), CASES, ids=[f"{n}-{i}" for i, (n, _, _) in enumerate(CASES)])
def test_refused_with_the_rule(name, arguments, words):
    with pytest.raises(DomainError, match=words):
        call(name, **arguments)


@pytest.mark.parametrize(
    ("table", "p"), [((0, 1, 2), 1), ((0, 1), 1), ((0, 1, 1), 0), ((0, 1, 1), 4), ((0, 1, 1.0), 1), ((0, 1, 1), True)]
)
def test_constructions_refuse_tables_and_positions_outside(table, p):
    one = ip.index_construction(n=3, D=1, H=1)
    for evaluate in (one.evaluate_exact, one.evaluate_embedded):
        with pytest.raises(DomainError):
            evaluate(table=table, p=p)


def test_other_constructions_refuse_words_outside():
    for evaluate, word in (
        (lambda x: ip.two_layer_composition(n=2).evaluate(f=x), (1, 3)),
        (lambda x: ip.index_in_readout(n=2).evaluate(table=x, p=1), (0, 3)),
        (lambda x: ip.index_in_readout(n=2).evaluate(table=x, p=3), (0, 1)),
        (lambda x: ip.two_layer_sum2(n=2, M=4).evaluate(x=x), (0, 4)),
        (lambda x: ip.histogram_sum2(n=2, M=4).evaluate(x=x), (0,)),
        (lambda x: ip.palindrome_one_layer(n=2).evaluate(b=x), (0, 2)),
        (lambda x: ip.shattering_certificate(task="index", n=2).column(labels=x), (0, 2)),
        (lambda x: ip.index_construction(n=2, D=1, H=1).evaluate_embedded(table=x, p=1, dps=3), (0, 1)),
    ):
        with pytest.raises(DomainError):
            evaluate(word)
