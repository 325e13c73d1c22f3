"""The explicit weights compute what they should: exhaustively where it says so, in rationals or in many digits.

Letters: n symbols, D value coordinates, H heads, B bits, M modulus, C the scale of the logits, g and S the scales of the
index construction.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import random
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from typing import Any

from proofs_check.core import exhaust
from proofs_check.core.derivation import Control, Step
from theory.infinite_precision import (
    IndexConstruction,
    chain_of_thought_composition,
    composition_value,
    histogram_sum2,
    index_construction,
    index_in_readout,
    palindrome_label,
    palindrome_one_layer,
    sum2_label,
    two_layer_composition,
    two_layer_sum2,
)
from theory.infinite_precision.constructions import look_up

Word = tuple[int, ...]
BIT_CASES = (
    (1, 1, 1),
    (4, 1, 1),
    (6, 2, 1),
    (6, 1, 3),
    (7, 3, 2),
    (8, 1, 1),
    (8, 2, 2),
    (8, 8, 1),
    (9, 1, 2),
    (9, 3, 1),
    (9, 2, 2),
)
MANY_CASES = ((3, 1, 1, 2), (4, 1, 1, 2), (4, 2, 1, 2), (4, 1, 2, 2), (4, 2, 2, 2), (3, 1, 1, 3), (5, 2, 1, 2))


def _is_right(one: IndexConstruction, table: Word, p: int) -> bool:
    output = one.evaluate_exact(table=table, p=p)
    if one.bits == 1:
        return (output > 0) == bool(table[p - 1])
    return abs(output - table[p - 1]) < Fraction(1, 2)


def _all_right(one: IndexConstruction, tables: Iterable[Word]) -> bool:
    return all(_is_right(one, table, p) for table in tables for p in range(1, one.n + 1))


def _exhaustive(multi: bool, change: Callable[[IndexConstruction], IndexConstruction]) -> Iterator[tuple[str, bool]]:
    """All tables and all queries, in exact rationals."""
    cases = MANY_CASES if multi else tuple((*case, 1) for case in BIT_CASES)
    for n, D, H, bits in cases:
        one = change(index_construction(n=n, D=D, H=H, bits=bits))
        yield f"n={n} D={D} H={H} bits={bits}", _all_right(one, itertools.product(range(1 << bits), repeat=n))


def _sampled(change: Callable[[IndexConstruction], IndexConstruction]) -> Iterator[tuple[str, bool]]:
    """Six random tables each, all queries, up to n = 125."""
    source = random.Random(11)
    for n, D, H, bits in ((27, 3, 3, 1), (64, 4, 4, 1), (100, 5, 7, 1), (125, 5, 5, 1), (20, 3, 2, 5), (16, 4, 4, 4)):
        one = change(index_construction(n=n, D=D, H=H, bits=bits))
        tables = [tuple(source.randrange(1 << bits) for _ in range(n)) for _ in range(6)]
        yield f"n={n} D={D} H={H} bits={bits}", _all_right(one, tables)


def _embedded(change: Callable[[IndexConstruction], IndexConstruction]) -> Iterator[tuple[str, bool]]:
    """From token embeddings, exp and softmax in 120 digits: the sign is right and the value that of the exact form."""
    source = random.Random(12)
    for n, D, H, exhaustive in (
        (6, 2, 1, True),
        (6, 1, 3, True),
        (8, 2, 2, False),
        (9, 1, 1, False),
        (12, 2, 3, False),
    ):
        exact = index_construction(n=n, D=D, H=H)
        one = change(exact)
        tables: Iterable[Word] = itertools.product((0, 1), repeat=n)
        if not exhaustive:
            tables = [tuple(source.randrange(2) for _ in range(n)) for _ in range(4)]
        for table in tables:
            for p in range(1, n + 1):
                value = one.evaluate_embedded(table=table, p=p)
                name = f"n={n} D={D} H={H} table={''.join(map(str, table))} p={p}"
                yield name, (value > 0) == bool(table[p - 1]) and _agree(value, exact.evaluate_exact(table=table, p=p))


def _agree(value: Any, exact: Fraction) -> bool:
    import mpmath

    with mpmath.workdps(120):
        return bool(abs(value - mpmath.mpf(exact.numerator) / exact.denominator) < mpmath.mpf(10) ** -60)


def _same(one: IndexConstruction) -> IndexConstruction:
    return one


def _leaky(one: IndexConstruction) -> IndexConstruction:
    return dataclasses.replace(one, g=Fraction(1, 2))


def _flat(one: IndexConstruction) -> IndexConstruction:
    return dataclasses.replace(one, S=1)


def _denominators(shifted: bool) -> Iterator[tuple[str, bool]]:
    """In the head that holds the entry asked for, lambda + mu = C 2^(B(l-1-t)) exactly, and lambda >= 1."""
    for n, D, H, bits in ((9, 3, 2, 1), (16, 2, 2, 1), (12, 2, 3, 2)):
        one = index_construction(n=n, D=D, H=H, bits=bits)
        _, mu = one.accumulators(table=(0,) * n)
        for p in range(1, n + 1):
            group, _, place = one.address(p=p)
            _, lam = one.query_accumulators(p=p)
            wanted = one.C << bits * (one.l - 1 - place + shifted)
            yield f"n={n} D={D} H={H} p={p}", lam[group] + mu[group] == wanted and lam[group] >= 1


# ---------------------------------------------------------------------------- look-ups
def _two_layers(weak: bool) -> Iterator[tuple[str, bool]]:
    """All functions of [n], n <= 5, and 40 random ones of [64] and [512]; `weak` takes the first scale ln 2."""
    source = random.Random(13)
    cases = [(n, f) for n in range(1, 6) for f in itertools.product(range(1, n + 1), repeat=n)]
    cases += [(n, tuple(source.randint(1, n) for _ in range(n))) for n in (64, 512) for _ in range(40)]
    for n, f in cases:
        one = two_layer_composition(n=n)
        _, second = one.scales
        y = look_up(look_up(1.0, math.log(2), f), second, f) if weak else one.evaluate(f=f)
        yield f"f={f[:6]}", abs(y - composition_value(word=f, variant="self")) < 0.5


def _chain(without_rounding: bool) -> Iterator[tuple[str, bool]]:
    """Five applications, 60 random functions each of [8], [64] and [512]; `without_rounding` feeds the raw output back."""
    source = random.Random(14)
    for n in (8, 64, 512):
        for _ in range(60):
            f = tuple(source.randint(1, n) for _ in range(n))
            u, raw = 1, 1.0
            for _ in range(5):
                u, raw = f[u - 1], look_up(raw, math.log(8 * n), f)
            found = round(raw) if without_rounding else chain_of_thought_composition(f=f, steps=5)
            yield f"n={n} f={f[:6]}", found == u


def _readout(scale: float | None) -> Iterator[tuple[str, bool]]:
    """All tables with values 0..n-1 and 1..n, n <= 4 (n = 5 for 0..4), every p; `scale` replaces ln 8n."""
    worst = 0.0
    for n in range(1, 6):
        for low in (0, 1) if n < 5 else (0,):
            one = index_in_readout(n=n)
            for table in itertools.product(range(low, low + n), repeat=n):
                for p in range(1, n + 1):
                    y = look_up(float(p), scale, table) if scale else one.evaluate(table=table, p=p)
                    worst = max(worst, abs(y - table[p - 1]))
            yield f"n={n} from {low}: {worst:.4f}", worst < 0.25


# ---------------------------------------------------------------------------- SUM_2 and palindromes
SUM2_CASES = tuple((n, M) for n, M in itertools.product(range(2, 6), range(2, 9)) if M**n <= 1300)


def _sum2(build: Callable[..., Any], other_convention: bool) -> Iterator[tuple[str, bool]]:
    """All words of the small cases in both conventions; `other_convention` compares with the label of the other one."""
    for (n, M), distinct in itertools.product(SUM2_CASES, (True, False)):
        one, wanted = build(n=n, M=M, distinct=distinct), distinct ^ other_convention
        words = itertools.product(range(M), repeat=n)
        yield (
            f"n={n} M={M} distinct={distinct}",
            all(one.evaluate(x=x) == sum2_label(word=x, M=M, distinct=wanted) for x in words),
        )


def _large_sum2(broken: bool) -> Iterator[tuple[str, bool]]:
    """Random words, half with a planted pair, up to M = 10^6: labels, and masses off (1/4, 3/4); `broken` plants M - 1."""
    source = random.Random(15)
    for n, M in ((8, 32), (16, 128), (64, 1000), (200, 10**6)):
        one = two_layer_sum2(n=n, M=M)
        for planted in (False, True) * 20:
            x = [source.randrange(1, M) for _ in range(n)]
            if planted:
                x[0] = (-x[1] - broken) % M
            word = tuple(x)
            masses = one.partner_mass(x=word)
            label = 1 if planted else sum2_label(word=word, M=M)
            good = bool(((masses <= 0.25) | (masses >= 0.75)).all()) and one.evaluate(x=word) == label
            yield f"n={n} M={M} x={word[:4]}", good


def _palindromes(mirrored: bool) -> Iterator[tuple[str, bool]]:
    """All strings of n <= 10 bits; without `mirrored` the label asks whether the two halves are equal."""
    for n in range(2, 11):
        one = palindrome_one_layer(n=n)
        for bits in itertools.product((0, 1), repeat=n):
            wanted = palindrome_label(word=bits) if mirrored else int(bits[: n // 2] == bits[n - n // 2 :])
            yield f"n={n} b={''.join(map(str, bits))}", one.evaluate(b=bits) == wanted


STEPS = (
    Step(
        "index-exact",
        ("infinite_precision/construction-index",),
        "All tables and queries of 11 cases with n <= 9, in exact rationals",
        "exhaust",
        lambda: exhaust.holds(_exhaustive(False, _same)),
        Control("slopes S = 1", lambda: exhaust.holds(_exhaustive(False, _flat))),
    ),
    Step(
        "index-values",
        ("infinite_precision/construction-index",),
        "All tables of 2 or 3 bits an entry in 7 cases with n <= 5: within 1/2 of the entry",
        "exhaust",
        lambda: exhaust.holds(_exhaustive(True, _same)),
        Control("leak g = 1/2 between heads", lambda: exhaust.holds(_exhaustive(True, _leaky))),
    ),
    Step(
        "index-large",
        ("infinite_precision/construction-index",),
        "All queries of 36 tables, six drawn at random in each of six cases from n = 16 to n = 125, in exact rationals",
        "exhaust",
        lambda: exhaust.holds(_sampled(_same)),
        Control("leak g = 1/2 between heads", lambda: exhaust.holds(_sampled(_leaky))),
    ),
    Step(
        "index-embedded",
        ("infinite_precision/construction-index",),
        "The same from token embeddings, exp and softmax in 120 digits: all queries of all tables at (n, D, H) = (6, 2, 1) and "
        "(6, 1, 3), and of four tables drawn at random at each of (8, 2, 2), (9, 1, 1), (12, 2, 3)",
        "exhaust",
        lambda: exhaust.holds(_embedded(_same)),
        Control("leak g = 1/2 between heads", lambda: exhaust.holds(_embedded(_leaky))),
    ),
    Step(
        "index-denominator",
        ("infinite_precision/construction-index",),
        "The head that holds the entry has the denominator C 2^(B(l-1-t)) exactly, so that normalisation shifts the chunk: all p "
        "in three cases, (n, D, H, B) = (9, 3, 2, 1), (16, 2, 2, 1), (12, 2, 3, 2)",
        "exhaust",
        lambda: exhaust.holds(_denominators(False)),
        Control("one place further", lambda: exhaust.holds(_denominators(True))),
    ),
    Step(
        "two-layers",
        ("infinite_precision/construction-deeper",),
        "f(f(1)) for all f with n <= 5 and 40 drawn at random at each of n = 64 and n = 512: two layers, d = 5, one head, no MLP",
        "exhaust",
        lambda: exhaust.holds(_two_layers(False)),
        Control("a first layer at scale ln 2", lambda: exhaust.holds(_two_layers(True))),
    ),
    Step(
        "chain-of-thought",
        ("infinite_precision/construction-deeper",),
        "Five applications of 60 functions drawn at random at each of n = 8, 64 and 512, one layer a step, rounded between",
        "exhaust",
        lambda: exhaust.holds(_chain(False)),
        Control("without rounding", lambda: exhaust.holds(_chain(True))),
    ),
    Step(
        "query-in-readout",
        ("infinite_precision/construction-deeper",),
        "With p in the read-out token one layer returns every entry of every table within 1/4: values 0 to n - 1 for n <= 5, 1 "
        "to n for n <= 4",
        "exhaust",
        lambda: exhaust.holds(_readout(None)),
        Control("logits at scale ln 2", lambda: exhaust.holds(_readout(math.log(2)))),
    ),
    Step(
        "sum2-two-layers",
        ("infinite_precision/construction-sum2",),
        "SUM_2 in two layers on all words with n = 2..5, M = 2..8 and M^n <= 1300, in both conventions",
        "exhaust",
        lambda: exhaust.holds(_sum2(two_layer_sum2, False)),
        Control("the label of the other convention", lambda: exhaust.holds(_sum2(two_layer_sum2, True))),
    ),
    Step(
        "sum2-large-modulus",
        ("infinite_precision/construction-sum2",),
        "The same, with masses off (1/4, 3/4), on 40 words drawn at random, half with a planted pair, at each of (n, M) = (8, 32), "
        "(16, 128), (64, 1000), (200, 10^6)",
        "exhaust",
        lambda: exhaust.holds(_large_sum2(False)),
        Control("planted pairs that sum to M - 1", lambda: exhaust.holds(_large_sum2(True))),
    ),
    Step(
        "sum2-histogram",
        ("infinite_precision/sum2-one-layer",),
        "SUM_2 in one layer from the histogram, exactly, on all words with n = 2..5, M = 2..8 and M^n <= 1300",
        "exhaust",
        lambda: exhaust.holds(_sum2(histogram_sum2, False)),
        Control("the label of the other convention", lambda: exhaust.holds(_sum2(histogram_sum2, True))),
    ),
    Step(
        "palindrome",
        ("infinite_precision/construction-palindrome",),
        "All strings of up to 10 bits, exactly: one head, two ReLUs",
        "exhaust",
        lambda: exhaust.holds(_palindromes(True)),
        Control("strings whose halves are equal", lambda: exhaust.holds(_palindromes(False))),
    ),
)
