"""Shattered sets, exact split-VC dimensions, and the tasks on which the method says nothing; all by enumeration.

Letters: n symbols, M modulus, l even length of the follow-up's lemma, A the positions of the rows.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from proofs_check.core import exhaust
from proofs_check.core.derivation import Control, Step
from theory.infinite_precision import (
    ShatteringCertificate,
    composition_value,
    disjointness_label,
    palindrome_label,
    shattering_certificate,
    split_vc_dimension,
    sum2_label,
    vc_dimension,
)
from theory.infinite_precision.certificates import residue_rows, sum2_rows, sum2_size

Word = tuple[int, ...]
BITS = (0, 1)
CASES: tuple[dict[str, Any], ...] = (
    *({"task": "index", "n": n} for n in range(2, 13)),
    *({"task": "self", "n": n} for n in range(2, 12)),
    {"task": "bit_readout", "n": 4},
    *(
        {"task": "sum2", "n": n, "M": M, "distinct": distinct}
        for n, M in [(n, n) for n in range(3, 13)]
        + [(3, 9), (4, 9), (5, 12), (6, 20), (7, 11), (8, 30), (10, 15), (11, 40)]
        for distinct in (True, False)
    ),
    *({"task": "sum2_large", "n": n, "r": r} for n, r in ((8, 2), (7, 2), (7, 3))),
    *({"task": "disjointness", "n": n} for n in range(1, 9)),
)


def _shattered(constant: bool) -> Iterator[tuple[str, bool]]:
    """Every set is shattered; `constant` gives all rows one and the same column, that of the labels 0..0."""
    for case in CASES:
        one = shattering_certificate(**case)
        name = " ".join(f"{key}={value}" for key, value in case.items())
        if constant:
            still = one.column(labels=(0,) * one.size)
            yield name, all(one.realises(c, still) for c in itertools.product(BITS, repeat=one.size))
        else:
            yield name, one.verify()


def _first_token(n: int, M: int, distinct: bool) -> int:
    """VC dimension of SUM_2 with A = {x_1}, by exact search over the sets of the other tokens."""
    # SUM_2 does not see the order of the other tokens
    others = list(itertools.combinations_with_replacement(range(M), n - 1))
    matrix = [[sum2_label(word=(s, *rest), M=M, distinct=distinct) for rest in others] for s in range(M)]
    return vc_dimension(matrix=matrix)


def _sum2_sizes(extra: int) -> Iterator[tuple[str, int, int]]:
    """The stated size is the VC dimension with A = {x_1}."""
    for n, M, distinct in itertools.product(range(3, 6), range(3, 9), (True, False)):
        stated = sum2_size(n, M, distinct)
        assert stated == len(sum2_rows(M, distinct)[:n])
        yield f"n={n} M={M} distinct={distinct}", _first_token(n, M, distinct), stated + extra


def _by_subsets(f: Callable[[Word], int], alphabets: tuple[Word, ...]) -> int:
    """Split-VC dimension from the definition: every split, every set of rows, every labelling."""
    n, best = len(alphabets), 0
    for chosen in itertools.chain.from_iterable(itertools.combinations(range(n), k) for k in range(n + 1)):
        rest = [i for i in range(n) if i not in chosen]
        rows = list(itertools.product(*(alphabets[i] for i in chosen)))
        columns = list(itertools.product(*(alphabets[i] for i in rest)))

        def word(row: Word, column: Word, order: tuple[int, ...] = (*chosen, *rest)) -> Word:
            return tuple(symbol for _, symbol in sorted(zip(order, (*row, *column))))

        labels = [[f(word(row, column)) for column in columns] for row in rows]
        for size in range(best + 1, len(rows) + 1):
            found = any(len(set(zip(*some))) == 2**size for some in itertools.combinations(labels, size))
            if not found:
                break
            best = size
    return best


def _index(word: Word) -> int:
    return composition_value(word=word, variant="index")


def _self(word: Word) -> int:
    return int(composition_value(word=word, variant="self") == 1)


def _split_values(shift: int) -> Iterator[tuple[str, Any, Any]]:
    """(search, search) against (definition, stated value)."""
    small: list[tuple[str, Callable[[Word], int], tuple[Word, ...], int]] = [
        ("x1 x2 xor x3 x4", lambda w: (w[0] & w[1]) ^ (w[2] & w[3]), (BITS,) * 4, 2),
        ("disjointness, 2", lambda w: disjointness_label(word=w), (BITS,) * 4, 2),
        ("index, 2", _index, ((1, 2), *(BITS,) * 2), 2),
        ("index, 3", _index, ((1, 2, 3), *(BITS,) * 3), 3),
        ("self, 3", _self, ((1, 2, 3),) * 3, 2),
        ("palindrome, 4", lambda w: palindrome_label(word=w), (BITS,) * 4, 1),
        ("SUM_2, (3, 3)", lambda w: sum2_label(word=w, M=3), ((0, 1, 2),) * 3, 2),
    ]
    for name, f, alphabets, stated in small:
        found = split_vc_dimension(f=f, alphabets=alphabets)
        yield name, (found, _by_subsets(f, alphabets)), (stated, stated + shift)


def _silent(tasks: Iterable[str]) -> Iterator[tuple[str, int, int]]:
    """Split-VC dimension 1."""
    for task in tasks:
        if task == "palindrome":
            for n in range(2, 7):
                found = split_vc_dimension(f=lambda w: palindrome_label(word=w), alphabets=(BITS,) * n)
                yield f"palindrome {n}", found, 1
        elif task == "index":
            yield "index 3", split_vc_dimension(f=_index, alphabets=((1, 2, 3), *(BITS,) * 3)), 1
        else:
            n = 4 if task == "parity" else 5
            rule = (lambda w: sum(w) % 2) if task == "parity" else (lambda w: int(2 * sum(w) > len(w)))
            yield f"{task} {n}", split_vc_dimension(f=rule, alphabets=(BITS,) * n, symmetric=True), 1


def _two_rows_apart(palindrome: bool) -> Iterator[tuple[str, bool]]:
    """For every split of n bits no column is 1 on two rows that another column tells apart: columns overlap only if equal."""
    for n in range(2, 9):
        for size in range(n + 1):
            for chosen in itertools.combinations(range(n), size):
                seen: dict[frozenset[int], None] = {}
                columns: dict[int, set[int]] = {}
                for code in range(1 << n):
                    bits = tuple(code >> i & 1 for i in range(n))
                    if palindrome_label(word=bits) if palindrome else disjointness_label(word=bits[: n - n % 2]):
                        row = sum(bits[i] << k for k, i in enumerate(chosen))
                        columns.setdefault(code & ~sum(1 << i for i in chosen), set()).add(row)
                for one in columns.values():
                    seen[frozenset(one)] = None
                disjoint = sum(map(len, seen)) == len(set().union(*seen)) if seen else True
                yield f"n={n} A={chosen}", disjoint


def _lemma_b1(lengths: Iterable[int], shattered: bool) -> Iterator[tuple[str, bool]]:
    """The rows of the lemma are shattered, or are not, at each even l."""
    for length in lengths:
        half, distinct = length // 2, False
        places = tuple(range(1, half + 1))
        rows = residue_rows(half)
        one = ShatteringCertificate("sum2_residue", length, 2 * length, distinct, None, half, places, rows)
        yield f"l={length}", one.verify() == shattered


def _match3(word: Word, m: int) -> int:
    """1 if some pair of positions j, k, equal or not, has w_1 + w_j + w_k = 0 modulo m."""
    seen = set(word)
    return int(any((-word[0] - x) % m in seen for x in word))


def _match3_rows(shift: int) -> Iterator[tuple[str, bool]]:
    """With first symbol 1 Match3[n, 2n-2] labels the lemma's l/2 rows in all ways, l = n - 1."""
    for length in (4, 6, 8, 10):
        one = shattering_certificate(task="sum2_residue", n=length)
        n = length + 1
        for labels in itertools.product(BITS, repeat=one.size):
            column = one.column(labels=labels)
            found = tuple(_match3((1, *row, *column), 2 * n - 2 + shift) for row in one.rows)
            yield f"n={n} labels={labels}", found == labels


def _relations(mirrored: bool) -> Iterator[tuple[str, bool]]:
    """Relations a, b on m points, one pair of bits a token: (1, 1) is in the composition iff some k has a(1,k) and b(k,1).

    Rows: a(1, k) is 1 for one k > 1.  Columns: b(k, 1) = c_k for k > 1, so no token is in both halves.  `mirrored` sets
    b(1, k) in place of b(k, 1).
    """
    for m in (3, 4, 5, 6):
        points = range(m)
        for labels in itertools.product(BITS, repeat=m - 1):
            b = {((1, k + 1) if mirrored else (k + 1, 1)): bit for k, bit in enumerate(labels, 1)}
            found = []
            for one in range(1, m):
                a = {(1, one + 1): 1}
                found.append(int(any(a.get((1, k + 1), 0) and b.get((k + 1, 1), 0) for k in points)))
            yield f"n={m * m} labels={labels}", tuple(found) == labels


STEPS = (
    Step(
        "shattering",
        ("infinite_precision/technique", "infinite_precision/shattered-sets", "infinite_precision/note-sum2"),
        "All sets named are shattered, every labelling enumerated: index n <= 12, self n <= 11, SUM_2 for 18 pairs (n, M) in both "
        "conventions, its large form at (n, r) = (8, 2), (7, 2), (7, 3), bit read-out at n = 4, disjointness n <= 8",
        "exhaust",
        lambda: exhaust.holds(_shattered(False)),
        Control("one constant column for all labellings", lambda: exhaust.holds(_shattered(True))),
    ),
    Step(
        "sum2-size",
        ("infinite_precision/shattered-sets",),
        "For SUM_2 with x_1 as the input the size stated is the exact VC dimension (n = 3..5, M = 3..8)",
        "exhaust",
        lambda: exhaust.equal(_sum2_sizes(0)),
        Control("one row more", lambda: exhaust.equal(_sum2_sizes(1))),
    ),
    Step(
        "split-vc",
        ("infinite_precision/technique", "infinite_precision/shattered-sets"),
        "The search for the split-VC dimension agrees with its definition on seven small tasks; x1 x2 xor x3 x4 has 2",
        "exhaust",
        lambda: exhaust.equal(_split_values(0)),
        Control("one more than stated", lambda: exhaust.equal(_split_values(1))),
    ),
    Step(
        "silent-tasks",
        ("infinite_precision/silent-tasks",),
        "Palindromes (n = 2..6), parity of 4 and majority of 5 bits have split-VC dimension 1",
        "exhaust",
        lambda: exhaust.equal(_silent(("palindrome", "parity", "majority"))),
        Control("the index task", lambda: exhaust.equal(_silent(("palindrome", "index")))),
    ),
    Step(
        "palindrome-columns",
        ("infinite_precision/silent-tasks",),
        "For every split of a palindrome two different columns have no row in common, so no two rows are shattered (n <= 8)",
        "exhaust",
        lambda: exhaust.holds(_two_rows_apart(True)),
        Control("disjointness, whose columns overlap", lambda: exhaust.holds(_two_rows_apart(False))),
    ),
    Step(
        "lemma-B.1",
        ("infinite_precision/lemma-B.1",),
        "At l = 2 the one row of the lemma is not shattered",
        "exhaust",
        lambda: exhaust.holds(_lemma_b1((2,), False)),
        Control("l = 4, where it is", lambda: exhaust.holds(_lemma_b1((4,), False))),
        role="refutes",
    ),
    Step(
        "lemma-B.1-corrected",
        ("infinite_precision/lemma-B.1",),
        "For even l from 4 to 16 the l/2 rows are shattered",
        "exhaust",
        lambda: exhaust.holds(_lemma_b1(range(4, 17, 2), True)),
        Control("l = 2 as well", lambda: exhaust.holds(_lemma_b1(range(2, 17, 2), True))),
        role="corrects",
    ),
    Step(
        "match3",
        ("infinite_precision/theorem-3.6",),
        "Match3[n, 2n-2] with first symbol 1 shatters the (n-1)/2 rows of the lemma (n = 5, 7, 9, 11)",
        "exhaust",
        lambda: exhaust.holds(_match3_rows(0)),
        Control("modulus 2n", lambda: exhaust.holds(_match3_rows(2))),
    ),
    Step(
        "relation-composition",
        ("infinite_precision/theorem-3.7",),
        "The composition of two relations on sqrt(n) points shatters sqrt(n) - 1 rows (n = 9, 16, 25, 36)",
        "exhaust",
        lambda: exhaust.holds(_relations(False)),
        Control("the second relation read along its row", lambda: exhaust.holds(_relations(True))),
    ),
)
