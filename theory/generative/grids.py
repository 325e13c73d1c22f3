"""Names of sources and of settings that the claims measure at, and the windows that each mixer sees."""

from __future__ import annotations

import functools
import random
import re

from theory.core.domain import require
from theory.generative.floors import window_floor
from theory.generative.reach import receptive_field
from theory.generative.sources import (
    HiddenMarkovSource,
    MarkovSource,
    conditional_entropies,
    even_process,
    integer_markov_source,
    lag_copy_source,
)

LAG_NOISE = 0.1  # chosen: the copy of a lag source fails every tenth time
EXACT_HIDDEN = 10  # longest window for which hidden sources are enumerated

MARKOV_SOURCES = tuple(f"int({V},{k})" for V, k in ((3, 1), (3, 2), (3, 3), (3, 4), (2, 4)))
LAG_SOURCES = ("lag(4,4)", *(f"lag(2,{lag})" for lag in range(2, 10)))
UNIFORM_SOURCES = ("uniform(4)", "uniform(2)")
HIDDEN_SOURCES = ("even", "two states")
SOURCES = (*MARKOV_SOURCES, *LAG_SOURCES, *UNIFORM_SOURCES, *HIDDEN_SOURCES)
TWO_STATES = HiddenMarkovSource(A=((0.95, 0.05), (0.1, 0.9)), E=((0.7, 0.2, 0.1), (0.1, 0.3, 0.6)))


@functools.cache
def source_named(source: str) -> MarkovSource | HiddenMarkovSource:
    """The source of a name: "int(V,k)", "lag(V,lag)" with noise .1, "uniform(V)", "even", "two states".

    Raises: DomainError for another name.

    Examples:
    >>> source_named("int(3,2)").k, source_named("uniform(4)").table
    (2, ((0.25, 0.25, 0.25, 0.25),))
    """
    if source == "even":
        return even_process()
    if source == "two states":
        return TWO_STATES
    found = re.fullmatch(r"(int|lag|uniform)\((\d+)(?:,(\d+))?\)", source)
    require(found is not None and (found[1] == "uniform") == (found[3] is None), where="source_named", name="source",
            rule=f"be one such as {', '.join(('int(3,3)', 'lag(4,4)', 'uniform(4)', *HIDDEN_SOURCES))}", value=source)  # fmt: skip
    assert found is not None
    kind, V = found[1], int(found[2])
    if kind == "uniform":
        return MarkovSource(V=V, k=0, table=((1 / V,) * V,))
    return (
        integer_markov_source(V=V, k=int(found[3]))
        if kind == "int"
        else lag_copy_source(V=V, lag=int(found[3]), eps=LAG_NOISE)
    )


@functools.cache
def entropies(source: str, T: int) -> tuple[float, ...]:
    """h_0 .. h_T of a source by name."""
    return conditional_entropies(source=source_named(source), kmax=T)


def sight(mixer: str, D: int, T: int) -> int:
    """How many last tokens an output can depend on, at most T: D + 1 for plain reductions, 2^D dilated, 1 for none, else T."""
    if mixer == "generative":
        return min(T, receptive_field(D=D))
    if mixer == "generative_dilated":
        return min(T, receptive_field(D=D, dilation="doubling"))
    return 1 if mixer in ("none", "removed") else T


def partners_named(partners: str) -> tuple[int, ...]:
    """How many rows back each layer's partner lies, from text such as "2,1"; none for an empty one.

    Raises: DomainError for another text.

    Examples:
    >>> partners_named("2,1"), partners_named("")
    ((2, 1), ())
    """
    require(re.fullmatch(r"([1-9]\d*(,[1-9]\d*)*)?", partners) is not None, where="partners_named", name="partners",
            rule="be whole numbers joined by commas, one a layer, or nothing", value=partners)  # fmt: skip
    return tuple(int(one) for one in partners.split(",")) if partners else ()


def seen_back(partners: str) -> frozenset[int]:
    """How far back the tokens lie that a plain stack with these partners sees: all sums of some of them.

    Examples:
    >>> sorted(seen_back("2,1")), sorted(seen_back("2,2"))
    ([0, 1, 2, 3], [0, 2, 4])
    """
    found = {0}
    for one in partners_named(partners):
        found |= {back + one for back in found}
    return frozenset(found)


def drawn_partners(*, D: int, largest: int, count: int) -> tuple[str, ...]:
    """The first `count` different lists of D partners, each drawn uniformly from 1 to `largest`, by a fixed stream.

    Examples:
    >>> drawn_partners(D=2, largest=3, count=3)
    ('2,2', '1,2', '3,2')
    """
    require(0 < count <= largest**D, where="drawn_partners", name="count", meaning="how many lists",
            rule=f"lie between 1 and the {largest**D} that there are", value=count)  # fmt: skip
    stream, found = random.Random(0), dict[str, None]()
    while len(found) < count:
        found[",".join(str(stream.randint(1, largest)) for _ in range(D))] = None
    return tuple(found)


def rate_factors(rates: int) -> tuple[float, ...]:
    """By what each of so many learning rates differs from the middle one: steps of 2.

    Examples:
    >>> rate_factors(3), rate_factors(1)
    ((0.5, 1.0, 2.0), (1.0,))
    """
    return tuple(2.0 ** (i - rates // 2) for i in range(rates))


def entropy_floor(source: str, T: int) -> float:
    """Least mean loss of any causal predictor over targets 1..T, in nats."""
    return window_floor(h=entropies(source, T), T=T, window=T)


def reach_gap(source: str, mixer: str, D: int, T: int) -> float:
    """Least mean loss of a stack with that sight, above the entropy floor, in nats."""
    return window_floor(h=entropies(source, T), T=T, window=sight(mixer, D, T)) - entropy_floor(source, T)


def timed_lengths(length: int) -> tuple[int, int, int]:
    """A quarter, a half and all of a length: where one sublayer is timed."""
    return length // 4, length // 2, length
