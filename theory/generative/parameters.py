"""The letters of the paper and of the code it builds on as parameters, and the rules that join several of them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from theory.core.bound import Source
from theory.core.domain import Choice, Integer, Parameter, Real, is_real
from theory.core.errors import DomainError

ARXIV = "2406.10906"

MIXERS = (
    "attention",
    "generative",
    "generative_running_mean",
    "generative_window_mean",
    "generative_dilated",
    "static",
    "none",
    "removed",
)
ATTENTION_LIKE = ("attention", "static")

V = Parameter("V", Integer(1), "size of the vocabulary", typical=(2, 4, 65))
T = Parameter("T", Integer(1), "length of the window, tokens", typical=(8, 32, 64, 256))
D = Parameter("D", Integer(1), "number of blocks", typical=(1, 2, 4, 6))
DEPTH = Parameter("D", Integer(0), "number of blocks, 0 for none", typical=(0, 1, 2, 4))
WIDTH = Parameter("d", Integer(1), "width of the model", typical=(32, 128, 384))
HEADS = Parameter("h", Integer(1), "number of heads", typical=(1, 4, 6))
B = Parameter("B", Integer(1), "number of sequences in a batch", typical=(12, 64))
RATIO = Parameter("mlp_ratio", Integer(1), "inner width of the MLP over d (the letter r)", typical=(4,))
MIXER = Parameter("mixer", Choice(MIXERS), "what mixes the tokens of a block")
BYTES = Parameter("bytes", Integer(1), "bytes of a number (the letter b)", typical=(2, 4))
ACC_BYTES = Parameter("acc_bytes", Integer(1), "bytes of a number of the running sum", typical=(4,))
WIDTH_FACTOR = Parameter("width_factor", Integer(1), "width that the function works on, over d", typical=(1, 4))
STEPS = Parameter("t", Integer(0), "number of tokens decoded so far", typical=(0, 1, 1024))
SHIFTS = Parameter(
    "shifts_per_block", Integer(1), "how often a block compares neighbours (the letter s)", typical=(1, 2)
)
SHIFT = Parameter("shift", Integer(1), "distance of the row that a row is compared with", typical=(1, 2))
WINDOW = Parameter("window", Integer(1), "number of last tokens that a prediction may depend on", typical=(1, 2, 4))
ORDER = Parameter("k", Integer(0), "order of the source", typical=(1, 3))
LAG = Parameter("lag", Integer(1), "distance of the copied symbol", typical=(2, 4))
EPS = Parameter("eps", Real(0, 1), "probability that the copy is replaced by a uniform symbol", typical=(0.1,))
KEYS = Parameter("K", Integer(1), "number of key and value pairs", typical=(2, 3, 4))
VALUES = Parameter("V", Integer(1), "number of values", typical=(2, 4, 8))
TOKENS = Parameter("n", Integer(0), "number of tokens", typical=(0, 4, 14))
STATE_BITS = Parameter("state_bits", Real(0), "bits of the decoding state (the letter S)", typical=(64.0, 1024.0))
KNOWLEDGE = Parameter("knowledge", Choice(("bag", "positions")), "what a position sees of the tokens after it")
SEED = Parameter("seed", Integer(0), "seed of the random words")

TOLERANCE = 1e-9  # chosen: how far probabilities given as floats may sum from 1


def secondary(where: str) -> Source:
    """A source that is known from public summaries of the paper only."""
    return Source(ARXIV, where, "v1", provenance="secondary")


def probabilities(where: str, name: str, values: Sequence[float]) -> tuple[float, ...]:
    """The entries of a probability vector as floats.

    Raises: DomainError unless it is a non-empty sequence of finite numbers >= 0 that sum to 1 within 1e-9.
    """
    try:
        row = tuple(values)
    except TypeError:
        row = ()
    good = bool(row) and all(is_real(one) and math.isfinite(one) and one >= 0 for one in row)
    if not good or abs(math.fsum(float(one) for one in row) - 1) > TOLERANCE:
        raise DomainError(
            where=where,
            name=name,
            meaning="a probability vector",
            rule="hold finite numbers >= 0 that sum to 1",
            value=values,
            cure="divide by the sum",
        )
    return tuple(float(one) for one in row)
