"""Hand-set transformers beside the one-layer bound: two layers, chain of thought, p in the read-out token, SUM_2, palindromes.

Letters: n symbols, f a function of [n], M modulus, C the scale of the logits, u the position that is looked up.
The read-out token stands last.  Each class evaluates real softmax attention on explicit tokens, in float64, except the
palindrome, which is exact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from theory.core.domain import checks, is_integer, require
from theory.infinite_precision.parameters import M_MODULUS, N_TWO, STEPS, N, checked_word, require_flag

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
LARGEST_M = 10**6  # chosen: up to here float64 keeps the logits of SUM_2, of order M^2, to about 1e-4
J, SQUARE, VALUE, SLOT = 1, 2, 3, 4  # coordinates of the look-up tokens (1, j, j^2, value, slot)


def _attended(query: Array, keys: Array, values: Array) -> Array:
    """Softmax attention of one query, or of one query a row.  query: [.., d], keys: [key, d], values: [key] -> [..]."""
    logits = query @ keys.T
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(weights @ values / weights.sum(axis=-1))


# ---------------------------------------------------------------------------- looking up position u
# Logit C (2uj - j^2) = C u^2 - C (u - j)^2 is largest at j = u, and at least C lower elsewhere; it is linear in
# (1, j, j^2) of the key and in (1, u) of the query.  The read-out token is (1, 0, 0, 0, slot): logit 0, value 0.
def look_up(u: float, scale: float, table: tuple[int, ...]) -> float:
    """What one head fetches from table position u (1-based) for a read-out token whose slot is u."""
    n = len(table)
    j = np.arange(1, n + 1, dtype=np.float64)
    symbols = np.stack([np.ones(n), j, j * j, np.asarray(table, dtype=np.float64), np.zeros(n)], axis=1)
    tokens = np.concatenate([symbols, [[1.0, 0.0, 0.0, 0.0, u]]])
    # W_q x_r: reads the constant and the slot of the read-out token; W_k is the identity; W_v picks the value
    query_map = np.zeros((5, 5))
    query_map[J, SLOT], query_map[SQUARE, 0] = 2 * scale, -scale
    return float(_attended(query_map @ tokens[-1], tokens, tokens[:, VALUE]))


@dataclass(frozen=True)
class TwoLayerComposition:
    """Two layers, five dimensions, one head, no MLP: f(f(1)) for a function f of [n].

    Layer 1 fetches f(1) into the slot of the read-out token, within 2 n eps of it; layer 2 looks that position up.
    """

    n: int

    @property
    def scales(self) -> tuple[float, float]:
        """Logit scales of the layers: C_1 = ln(16 n^2), C_2 = ln(8 n)/(1 - 2 eps), eps = 2n e^-C_1/(1 - e^-3C_1)."""
        first = math.log(16 * self.n**2)
        error = 2 * self.n * math.exp(-first) / (1 - math.exp(-3 * first))
        return first, math.log(8 * self.n) / (1 - 2 * error)

    def evaluate(self, *, f: tuple[int, ...]) -> float:
        """A number within 1/2 of f(f(1)).  Raises: DomainError unless f is a tuple of n integers from 1 to n."""
        f = checked_word("evaluate", "f", f, 1, self.n, self.n)
        first, second = self.scales
        return look_up(look_up(1.0, first, f), second, f)


@checks(N)
def two_layer_composition(*, n: int) -> TwoLayerComposition:
    """A two-layer transformer (d = 5, one head, no MLP) that computes f(f(1)).

    Source: derived: two-layers.

    Examples:
    >>> round(two_layer_composition(n=4).evaluate(f=(3, 1, 4, 2)))
    4
    """
    return TwoLayerComposition(int(n))


@checks(STEPS)
def chain_of_thought_composition(*, f: tuple[int, ...], steps: int) -> int:
    """`steps` applications of f, starting from 1: one layer, one emitted token per step, rounding between the steps.

    Raises: DomainError unless f maps [n] to [n].
    Source: derived: chain-of-thought.

    Examples:
    >>> chain_of_thought_composition(f=(3, 1, 4, 2), steps=3)
    2
    >>> chain_of_thought_composition(f=(1,), steps=5)
    1
    """
    where = "chain_of_thought_composition"
    f = checked_word(where, "f", f, 1, max(1, len(f) if isinstance(f, tuple) else 1))
    scale, u = math.log(8 * len(f)), 1
    for _ in range(steps):
        u = round(look_up(float(u), scale, f))
    return u


@dataclass(frozen=True)
class IndexInReadout:
    """One layer, five dimensions, one head, no MLP: table[p-1], with p in the read-out token, so that the query knows it."""

    n: int

    def evaluate(self, *, table: tuple[int, ...], p: int) -> float:
        """A number within 1/2 of table[p-1].  Raises: DomainError for a table not of n integers from 0 to n, or a p outside."""
        table = checked_word("evaluate", "table", table, 0, self.n, self.n)
        rule = f"be a position from 1 to {self.n}"
        require(is_integer(p) and 1 <= p <= self.n, where="evaluate", name="p", rule=rule, value=p)
        return look_up(float(p), math.log(8 * self.n), table)


@checks(N)
def index_in_readout(*, n: int) -> IndexInReadout:
    """The layer that solves the index task when the query may depend on p: the hypothesis of the bound is needed.

    Source: derived: query-in-readout.

    Examples:
    >>> round(index_in_readout(n=4).evaluate(table=(0, 3, 1, 2), p=2))
    3
    """
    return IndexInReadout(int(n))


# ---------------------------------------------------------------------------- SUM_2
@dataclass(frozen=True)
class TwoLayerSum2:
    """Two layers with a constant number of dimensions: does some pair sum to 0 modulo M.

    Token x carries cos and sin of 2 pi x/M, whether 2x = 0, x = 0, 2x = M; the read-out token doubles as a blank.
    """

    n: int
    M: int
    distinct: bool

    # Layer 1.  Token i attends to j with logit c cos(2 pi (x_i + x_j)/M) = c (cos cos - sin sin), and to the blank with
    # c (1 - delta/2), delta = 1 - cos(2 pi/M).  Values: 1 for symbols, 0 for the blank.  With c = (2/delta) ln(3n) a
    # partner weighs 3n times the blank, and all n others together at most n/(3n): the mass off the blank is >= 3/4 or <= 1/4.
    @cached_property
    def scale(self) -> float:
        """c = (2/delta) ln(3n)."""
        return 2 * math.log(3 * self.n) / self.delta

    @property
    def delta(self) -> float:
        """1 - cos(2 pi/M), as 2 sin^2(pi/M), so that nothing cancels."""
        return 2 * math.sin(math.pi / self.M) ** 2

    def partner_mass(self, *, x: tuple[int, ...]) -> Array:
        """Attention mass that each token of the word gives to symbols in layer 1: at least 3/4 or at most 1/4."""
        x = checked_word("partner_mass", "x", x, 0, self.M - 1, self.n)
        angle = 2 * np.pi * np.asarray(x) / self.M
        symbols = np.stack([np.cos(angle), np.sin(angle), np.zeros(self.n)], axis=1)
        keys = np.concatenate([symbols, [[0.0, 0.0, 1.0]]])
        queries = self.scale * symbols * np.array([1.0, -1.0, 0.0])
        queries[:, 2] = self.scale * (1 - self.delta / 2)
        return _attended(queries, keys, np.append(np.ones(self.n), 0.0))

    # Layer 2, at the read-out token: uniform means of ReLU(mass - 1/2), and for distinct positions only over tokens with
    # 2x != 0, plus ReLU(count - 1) of x = 0 and of 2x = M.  A token that is its own partner is so dropped where it must be.
    def evaluate(self, *, x: tuple[int, ...]) -> int:
        """1 if some pair sums to 0.  Raises: DomainError unless x is a tuple of n integers from 0 to M - 1."""
        flags = np.maximum(self.partner_mass(x=x) - 0.5, 0.0)
        values = np.asarray(x)
        if not self.distinct:
            return int(flags.sum() / (self.n + 1) > 0)
        own = 2 * values % self.M == 0
        flags = np.maximum(flags - own, 0.0)  # a flag is below 1/2, so one ReLU drops those of the tokens with 2x = 0
        means = [np.count_nonzero(one) / (self.n + 1) for one in (values == 0, own & (values != 0))]
        twice = sum(max(mean - 1.5 / (self.n + 1), 0.0) for mean in means)
        return int(flags.sum() / (self.n + 1) + twice > 0)


@checks(N_TWO, M_MODULUS)
def two_layer_sum2(*, n: int, M: int, distinct: bool = True) -> TwoLayerSum2:
    """A two-layer transformer that decides SUM_2 on n numbers modulo M.

    Raises: DomainError for n < 2, M < 2, M above 10^6 (float64 would round the logits), or a flag that is not a bool.
    Source: derived: sum2-two-layers.

    Examples:
    >>> two_layer_sum2(n=3, M=8).evaluate(x=(1, 4, 7)), two_layer_sum2(n=3, M=8).evaluate(x=(1, 4, 5))
    (1, 0)
    >>> two_layer_sum2(n=3, M=8, distinct=False).evaluate(x=(1, 4, 5))
    1
    """
    require_flag("two_layer_sum2", "distinct", distinct)
    rule = f"be at most {LARGEST_M}, so that float64 resolves the logits"
    require(M <= LARGEST_M, where="two_layer_sum2", name="M", meaning=M_MODULUS.meaning, rule=rule, value=M)
    return TwoLayerSum2(int(n), int(M), distinct)


@dataclass(frozen=True)
class HistogramSum2:
    """One layer, d = M, one head with uniform weights and M ReLUs or fewer: SUM_2 from the histogram of the word.

    Attributes: n, M, distinct; units, the ReLUs: two for a pair {s, -s}, one for s = -s where positions must differ.
    """

    n: int
    M: int
    distinct: bool

    @property
    def units(self) -> int:
        """Hidden ReLU units."""
        fixed = 1 + (self.M % 2 == 0)
        return 2 * ((self.M - 1) // 2) + (fixed if self.distinct else 0)

    # min(a, b) = a - ReLU(a - b) with a = ReLU(a), a count: positive iff both s and -s occur.  A value with 2s = 0 needs a
    # second occurrence, ReLU(count - 1), if positions must differ, and a first one, a term linear in y, if not.
    def evaluate(self, *, x: tuple[int, ...]) -> int:
        """1 if some pair sums to 0.  Exact.  Raises: DomainError unless x is a tuple of n integers from 0 to M - 1."""
        x = checked_word("evaluate", "x", x, 0, self.M - 1, self.n)
        share = [Fraction(x.count(s), self.n + 1) for s in range(self.M)]  # the read-out token has value 0
        total = Fraction(0)
        for s in range(1, (self.M - 1) // 2 + 1):
            total += max(share[s], Fraction(0)) - max(share[s] - share[self.M - s], Fraction(0))
        for s in (0, self.M // 2)[: 1 + (self.M % 2 == 0)]:
            total += max(share[s] - Fraction(1, self.n + 1), Fraction(0)) if self.distinct else share[s]
        return int(total > 0)


@checks(N_TWO, M_MODULUS)
def histogram_sum2(*, n: int, M: int, distinct: bool = True) -> HistogramSum2:
    """The one-layer transformer that reads SUM_2 from a histogram; its size is linear in M.

    Raises: DomainError for n < 2, M < 2 or a flag that is not a bool.
    Source: derived: sum2-histogram.

    Examples:
    >>> one = histogram_sum2(n=3, M=8)
    >>> one.units, one.evaluate(x=(1, 4, 7)), one.evaluate(x=(1, 4, 5)), one.evaluate(x=(4, 1, 4))
    (8, 1, 0, 1)
    """
    require_flag("histogram_sum2", "distinct", distinct)
    return HistogramSum2(int(n), int(M), distinct)


# ---------------------------------------------------------------------------- palindromes
@dataclass(frozen=True)
class PalindromeOneLayer:
    """One layer, one head with uniform weights, one value, two ReLUs: palindromes of n bits.

    Bit j weighs +2^-j in the first half and -2^-(n+1-j) in the second: the sum s vanishes for palindromes only, and is
    otherwise at least 2^-floor(n/2) in size, the difference of two unequal binary fractions of floor(n/2) digits.
    """

    n: int

    def signed_sum(self, *, b: tuple[int, ...]) -> Fraction:
        """s = sum_j e_j b_j 2^-min(j, n+1-j), exactly; the head's output is s/(n+1)."""
        bits = checked_word("signed_sum", "b", b, 0, 1, self.n)
        half = self.n // 2
        first = sum((Fraction(bit, 2 << j) for j, bit in enumerate(bits[:half])), Fraction(0))
        mirror = sum((Fraction(bit, 2 << j) for j, bit in enumerate(bits[::-1][:half])), Fraction(0))
        return first - mirror

    def evaluate(self, *, b: tuple[int, ...]) -> int:
        """1 for a palindrome.  Exact.  Raises: DomainError unless b is a tuple of n bits."""
        attended = self.signed_sum(b=b) / (self.n + 1)
        size = max(attended, Fraction(0)) + max(-attended, Fraction(0))
        return int(Fraction(1, (self.n + 1) * (2 << self.n // 2)) - size > 0)


@checks(N_TWO)
def palindrome_one_layer(*, n: int) -> PalindromeOneLayer:
    """The one-layer transformer that decides palindromes at infinite precision.

    Raises: DomainError for n < 2.
    Source: derived: palindrome (the claim: secondary).

    Examples:
    >>> palindrome_one_layer(n=5).evaluate(b=(1, 0, 1, 0, 1)), palindrome_one_layer(n=5).evaluate(b=(1, 0, 1, 1, 1))
    (1, 0)
    """
    return PalindromeOneLayer(int(n))
