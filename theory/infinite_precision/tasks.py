"""The tasks as functions of words: composition in three layouts, SUM_2, disjointness, palindromes.

Positions, symbols of [n] and p are counted from 1; residues and bits from 0.
"""

from __future__ import annotations

from theory.core.domain import checks, require
from theory.infinite_precision.parameters import M_MODULUS, RESIDUE, checked_word, require_flag, require_one_of

VARIANTS = ("index", "self", "two_function")


def composition_value(*, word: tuple[int, ...], variant: str) -> int:
    """The value of a composed function; the Boolean form of the task asks whether it is 1.

    variant: "index", word (p, q_1..q_n) -> q_p, with p in [n] and q_i from 0 to n (bits, or symbols of [n]);
    "self", word (f(1)..f(n)) -> f(f(1)); "two_function", word (g(1)..g(n), h(1)..h(n), x) -> h(g(x)).

    Raises: DomainError for another variant, for a word of impossible length, or for a symbol outside.
    Source: 2412.20195 (layouts as quoted) and 2501.19215.

    Examples:
    >>> composition_value(word=(2, 1, 3, 3), variant="index")
    3
    >>> composition_value(word=(2, 3, 1), variant="self")
    3
    >>> composition_value(word=(2, 1, 1, 2, 1), variant="two_function")
    2
    """
    where = "composition_value"
    require_one_of(where, "variant", variant, VARIANTS)
    length = len(word) if isinstance(word, tuple) else 0
    if variant == "self":
        f = checked_word(where, "word", word, 1, max(1, length))
        return f[f[0] - 1]
    if variant == "index":
        require(length >= 2, where=where, name="word", rule="hold p and at least one entry", value=word)
        p, *table = checked_word(where, "word", word, 0, length - 1)
        require(p >= 1, where=where, name="p", rule=f"be a position from 1 to {length - 1}", value=p)
        return table[p - 1]
    rule = "hold 2n + 1 tokens, n >= 1: g, h and x"
    require(length >= 3 and length % 2 == 1, where=where, name="word", rule=rule, value=word)
    n = length // 2
    symbols = checked_word(where, "word", word, 1, n)
    g, h, x = symbols[:n], symbols[n : 2 * n], symbols[-1]
    return h[g[x - 1] - 1]


@checks(M_MODULUS, RESIDUE)
def sum2_label(*, word: tuple[int, ...], M: int, residue: int = 0, distinct: bool = True) -> int:
    """1 if some pair of the word sums to `residue` modulo M, else 0.

    Args:
        distinct: whether the two positions must differ; the sources leave it open or allow i = j.

    Raises: DomainError for M < 2, a symbol outside 0..M-1, or a flag that is not a bool.
    Source: 2412.20195 (residue 0, M = n, as quoted); 2501.19215 (residue -1, i = j allowed).

    Examples:
    >>> sum2_label(word=(1, 4, 7), M=8)
    1
    >>> sum2_label(word=(1, 4, 5), M=8), sum2_label(word=(1, 4, 5), M=8, distinct=False)
    (0, 1)
    """
    require_flag("sum2_label", "distinct", distinct)
    seen: set[int] = set()
    for x in checked_word("sum2_label", "word", word, 0, int(M) - 1):
        if not distinct:
            seen.add(x)
        if (residue - x) % M in seen:
            return 1
        seen.add(x)
    return 0


def disjointness_label(*, word: tuple[int, ...]) -> int:
    """1 if the two sets meet: the word is a then b, and some i has a_i = b_i = 1.

    Raises: DomainError for a word of odd length or a symbol other than 0 and 1.
    Source: textbook.

    Examples:
    >>> disjointness_label(word=(1, 0, 1, 0))
    1
    >>> disjointness_label(word=(1, 0, 0, 1))
    0
    """
    bits = checked_word("disjointness_label", "word", word, 0, 1)
    m = len(bits) // 2
    rule = "have even length: a then b"
    require(len(bits) == 2 * m, where="disjointness_label", name="word", rule=rule, value=word)
    return int(any(a and b for a, b in zip(bits[:m], bits[m:])))


def palindrome_label(*, word: tuple[int, ...]) -> int:
    """1 if the bits read the same both ways.

    Raises: DomainError for a symbol other than 0 and 1.
    Source: textbook.

    Examples:
    >>> palindrome_label(word=(1, 0, 1)), palindrome_label(word=(1, 0, 0))
    (1, 0)
    """
    bits = checked_word("palindrome_label", "word", word, 0, 1)
    return int(bits == bits[::-1])
