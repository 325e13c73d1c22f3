"""The letters of the paper as parameters, and the sources of the functions, so that a report can say whose curve is drawn."""

from __future__ import annotations

from collections.abc import Sequence

from theory.core.bound import Source, derived
from theory.core.domain import Integer, Parameter, Real, is_integer, require
from theory.infinite_precision.statements import FOLLOW_UP, NOTE

N = Parameter("n", Integer(1), "number of table entries or input symbols", typical=(64, 1024, 65536))
N_TWO = Parameter("n", Integer(2), "number of table entries or input symbols", typical=(64, 1024, 65536))
D = Parameter("d", Integer(1), "embedding dimension", typical=(4, 64, 768))
H = Parameter("H", Integer(1), "number of heads", typical=(1, 8, 12))
CERTIFIED_HEADS = Parameter("heads", Integer(2, 3), "number of scalar heads", typical=(2, 3))
U = Parameter("U", Integer(0), "number of hidden ReLU units of the output MLP", typical=(16, 256, 3072))
W = Parameter("W", Integer(0), "number of non-zero weights and biases of the output MLP", typical=(64, 16384))
M_COUNT = Parameter("M", Integer(1), "number of polynomials or affine functions")
M_MODULUS = Parameter("M", Integer(2), "modulus", typical=(8, 32, 128))
P = Parameter("P", Integer(1), "number of real parameters of the class")
DEGREE = Parameter("D", Integer(1), "degree of the polynomials")
CHUNKS = Parameter("D", Integer(1), "value coordinates of the construction")
T = Parameter("t", Integer(0), "number of operations of one evaluation")
Q = Parameter("q", Integer(0), "number of exponentials among the operations")
ROWS = Parameter("m", Integer(1), "number of rows (points)", typical=(8, 64, 1024))
BITS = Parameter("bits", Integer(1), "bits of one table entry", typical=(1, 6, 10))
PRECISION = Parameter("p", Integer(1), "bits in which one accumulator is sent", typical=(8, 16, 32))
ALPHABET = Parameter("alphabet", Integer(2), "number of values of one table entry")
LAYERS = Parameter("L", Integer(1), "number of linear layers of the MLP")
PATTERNS = Parameter("log2_patterns", Real(0), "log2 of the number of answer vectors", "bits")
ENTROPY = Parameter("y", Real(0, 1), "binary entropy", "bits")
CONSTANT = Parameter("C", Real(0, open_low=True), "constant of the lower bound, which has no default")
INPUT_DIM = Parameter("input_dim", Integer(1), "dimension of the network's input")
HIDDEN = Parameter("hidden_layers", Integer(0), "number of hidden layers of the MLP")
FIRST_WIDTH = Parameter("first_width", Integer(1), "number of units that read the attention output")
VALUE_DIM = Parameter("value_dim", Integer(1), "dimension of the values of one head")
GROUP = Parameter("r", Integer(1), "log2 of the number of values of one group")
DIGITS = Parameter("dps", Integer(15), "decimal digits of the real arithmetic")
STEPS = Parameter("steps", Integer(1), "number of applications")
RESIDUE = Parameter("residue", Integer(None), "residue that the sum of a pair must have")

_GJ = Source("Goldberg and Jerrum 1995; Anthony and Bartlett 1999", "Theorem 8.4", provenance="textbook")
_BHLM = Source("1703.02930", "Theorem 6", provenance="textbook")


SOURCES: dict[str, Source] = {
    "split_vc_dimension": Source(FOLLOW_UP, "Definition 3.1", "v3", provenance="follow-up"),
    "shattering_certificate": derived("shattering"),
    "linear_readout_certificate": derived("certificate, certificate-three-heads"),
    "hyperplane_cells": Source("textbook", "cells of M affine functions in R^P", provenance="textbook"),
    "warren_sign_patterns_log2": Source("Warren 1968; Anthony and Bartlett 1999", "Theorem 8.3", provenance="textbook"),
    "goldberg_jerrum_vc": _GJ,
    "anthony_bartlett_exp_vc": Source("Anthony and Bartlett 1999", "Theorem 8.14", provenance="textbook"),
    "relu_vc_upper": _BHLM,
    "relu_vc_lower": Source("1703.02930", "abstract; the constant is a parameter", provenance="textbook"),
    "attention_operation_count": derived("theorem-A"),
    "theorem_a_vc": derived("theorem-A"),
    "min_size_theorem_a": derived("theorem-A"),
    "effective_parameter_count": derived("first-width"),
    "growth_log2": derived("homogenisation"),
    "composition_growth_log2": derived("composition-count"),
    "vc_upper_units": derived("homogenisation"),
    "vc_upper": derived("homogenisation"),
    "vc_upper_closed": derived("closed-form"),
    "min_relu_units": derived("no-dimension-helps"),
    "min_relu_units_any_dim": derived("no-dimension-helps"),
    "min_embedding_dim": derived("no-dimension-helps"),
    "min_size": derived("inversion"),
    "shallow_width_log2_sum": derived("shallow-width"),
    "inverse_binary_entropy": Source("textbook", "binary entropy", provenance="textbook"),
    "accuracy_ceiling": derived("codebooks"),
    "communication_min_precision": derived("message-count"),
    "composition_error_floor": Source("2402.08164", "error floor; the other floor is derived", provenance="textbook"),
    "constructive_size": derived("index-exact"),
    "constructive_units": derived("index-exact"),
    "index_construction": derived("index-exact"),
    "two_layer_composition": derived("two-layers"),
    "chain_of_thought_composition": derived("chain-of-thought"),
    "index_in_readout": derived("query-in-readout"),
    "two_layer_sum2": derived("sum2-two-layers"),
    "palindrome_one_layer": derived("palindrome"),
    "composition_value": Source(NOTE, "function composition", "v1", provenance="secondary"),
    "sum2_label": Source(NOTE, "SUM_2", "v1", provenance="secondary"),
}


def require_one_of(where: str, name: str, value: object, allowed: tuple[object, ...]) -> None:
    """Raise DomainError unless `value` is one of those allowed, of the same type."""
    rule = "be one of " + ", ".join(map(repr, allowed))
    require(
        any(type(value) is type(one) and value == one for one in allowed),
        where=where,
        name=name,
        rule=rule,
        value=value,
    )


def require_flag(where: str, name: str, value: object) -> None:
    """Raise DomainError unless `value` is True or False."""
    require(isinstance(value, bool), where=where, name=name, rule="be True or False", value=value)


def checked_widths(where: str, widths: Sequence[int]) -> tuple[int, ...]:
    """The hidden widths as a tuple of Python integers; () is the linear read-out.  Raises: DomainError for a width < 1."""
    rule = "be a tuple of integers of at least 1, () for a linear read-out"
    fine = isinstance(widths, tuple) and all(is_integer(k) and k >= 1 for k in widths)
    require(fine, where=where, name="widths", meaning="hidden widths of the MLP", rule=rule, value=widths)
    return tuple(int(k) for k in widths)


def checked_word(
    where: str, name: str, word: Sequence[int], low: int, high: int, length: int | None = None
) -> tuple[int, ...]:
    """The word as Python integers.  Raises: DomainError unless it is a tuple of integers in [low, high], of that length."""
    size = "" if length is None else f"{length} "
    rule = f"be a tuple of {size}integers from {low} to {high}"
    fine = isinstance(word, tuple) and len(word) >= 1 and (length is None or len(word) == length)
    fine = fine and all(is_integer(s) and low <= s <= high for s in word)
    require(fine, where=where, name=name, rule=rule, value=word)
    return tuple(int(s) for s in word)
