"""One layer that computes the index task with about n^(1/3) resources: explicit weights, exact evaluation, least sizes.

Letters: n entries of B = `bits` bits, D value coordinates ("chunks"), H heads ("groups"), l = ceil(n/(D H)) entries of one
chunk of one group, d = D + 4 dimensions, U ReLUs, g the leak of one head into the next group, C and S the scales of the
MLP.  Entry i = p - 1 has the address (head, chunk, place) = (i // (D l), i % (D l) // l, i % l).

Recipe: `best = constructive_size(n=64)`, then `index_construction(n=64, D=best.D, H=best.H)`; its `accumulators`,
`query_accumulators` and `layers` are the weights in the factored form, `embeddings` and `queries` in the usual one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from theory.core.domain import checks, is_integer, require
from theory.infinite_precision.counting import least_true
from theory.infinite_precision.parameters import BITS, CHUNKS, DIGITS, H, N, checked_word

Layer = tuple[list[list[Fraction]], list[Fraction]]
TOO_LONG = 1 << 50  # entries up to which the search over D is made in 64-bit integers


# The proof in short.  Write lambda for the weight of token p in its own head h*, mu for that of the table tokens and of
# the read-out token there.  u3 of token p is chosen so that lambda + mu = C 2^(B(l-1-t*)) exactly: softmax normalisation
# shifts the chunk by t* places.  Coordinate c* of head h* then holds beta/(C 2^(B(l-1-t*))), where beta is the chunk read
# as a binary fraction, plus leaks below (H-1) g; every other coordinate is at most 1 - 2 lambda + leak < 0, as lambda >= 1,
# and the first ReLU removes it.  In any other head token p outweighs the rest by g'^-1 or more, so that head adds at most
# g' = g/(n+2) at c* and about -2 elsewhere.  Hence x = C 2^(B(l-1)) y = 2^(B t*) beta + leak, leak < 2^(-Bl-B-2).
# Each layer of the MLP removes the leading binary digit 2^k of x: S(x - 2^k) is at least 0 if the digit is there, and at
# most -1 if not, because x without its leak is a multiple of 2^(-Bl).  B(l-1) digits removed, the wanted entry is the
# leading part of what is left.
@dataclass(frozen=True)
class IndexConstruction:
    """Weights of the construction.

    Attributes: n, D, H, bits; l entries per chunk; d, U, widths of the network; C, S, g, the scales.
    """

    n: int
    D: int
    H: int
    bits: int
    l: int  # noqa: E741 (the paper's letter)
    d: int
    U: int
    C: int
    S: int
    g: Fraction
    widths: tuple[int, ...]

    def address(self, *, p: int) -> tuple[int, int, int]:
        """(head, chunk, place) of entry p, all counted from 0."""
        i = self._checked_p("address", p) - 1
        return i // (self.D * self.l), i % (self.D * self.l) // self.l, i % self.l

    def entry_weights(self, *, p: int) -> tuple[Fraction, ...]:
        """Attention weight (before normalisation) of table token p in every head: g^((h - its head)^2)."""
        group = self.address(p=p)[0]
        return tuple(self.g ** ((h - group) ** 2) for h in range(self.H))

    def accumulators(self, *, table: tuple[int, ...]) -> tuple[list[list[Fraction]], list[Fraction]]:
        """(beta [head][chunk], mu [head]): weighted values and weights of the table tokens and the read-out token."""
        sums = self._weighted_sums(self._checked_table("accumulators", table))
        _, common = self._shares
        return [[Fraction(one, common) for one in row] for row in sums], list(self._mu)

    def _weighted_sums(self, entries: tuple[int, ...]) -> list[list[int]]:
        """beta [head][chunk] in units of 1/common."""
        shares, _ = self._shares
        beta = [[0] * self.D for _ in range(self.H)]
        for (_, chunk, _), row, entry in zip(self._addresses, shares, entries):
            if entry:
                for h, share in enumerate(row):
                    beta[h][chunk] += share * entry
        return beta

    @cached_property
    def _shares(self) -> tuple[list[list[int]], int]:
        """Weight times place value of every entry in every head, as integers over one common denominator."""
        exact = [
            [weight / (1 << self.bits * (place + 1)) for weight in weights]
            for (_, _, place), weights in zip(self._addresses, self._weights)
        ]
        common = math.lcm(*(one.denominator for row in exact for one in row))
        return [[int(one * common) for one in row] for row in exact], common

    def query_accumulators(self, *, p: int) -> tuple[list[list[Fraction]], list[Fraction]]:
        """(alpha [head][chunk], lambda [head]): weighted values and weight of token p."""
        alpha, lam = self._queries[self._checked_p("query_accumulators", p) - 1]
        return [list(row) for row in alpha], list(lam)

    @cached_property
    def _queries(self) -> list[tuple[list[list[Fraction]], list[Fraction]]]:
        return [self._query(*address) for address in self._addresses]

    def _query(self, group: int, chunk: int, place: int) -> tuple[list[list[Fraction]], list[Fraction]]:
        own = self._own_weight(group, place)
        lam = [own * (self.g / (self.n + 2)) ** (-((h - group) ** 2)) for h in range(self.H)]
        return [[Fraction(0) if c == chunk else -2 * weight for c in range(self.D)] for weight in lam], lam

    def _own_weight(self, group: int, place: int) -> Fraction:
        return (self.C << self.bits * (self.l - 1 - place)) - self._mu[group]

    @cached_property
    def _addresses(self) -> list[tuple[int, int, int]]:
        return [self.address(p=p) for p in range(1, self.n + 1)]

    @cached_property
    def _weights(self) -> list[tuple[Fraction, ...]]:
        return [self.entry_weights(p=p) for p in range(1, self.n + 1)]

    @cached_property
    def _mu(self) -> list[Fraction]:
        return [sum((one[h] for one in self._weights), Fraction(1)) for h in range(self.H)]

    def attention(self, *, table: tuple[int, ...], p: int) -> list[Fraction]:
        """The D coordinates sum_h (alpha_h + beta_h)/(lambda_h + mu_h) of the attention output, exactly."""
        (beta, mu), (alpha, lam) = self.accumulators(table=table), self.query_accumulators(p=p)
        heads = range(self.H)
        return [sum(((alpha[h][c] + beta[h][c]) / (lam[h] + mu[h]) for h in heads), Fraction(0)) for c in range(self.D)]

    def layers(self) -> list[Layer]:
        """(matrix, bias) of the MLP's linear layers; ReLU between them.

        `read` is the row that gives x from the units before: after digit 2^k it is -2^k u_1 + 2^k u_2 + u_3.
        """
        found: list[Layer] = []
        scale, zero = Fraction(self.C << self.bits * (self.l - 1)), Fraction(0)
        read = [scale]
        if self.D > 1:
            found.append(([[scale if i == c else zero for i in range(self.D)] for c in range(self.D)], [zero] * self.D))
            read = [Fraction(1)] * self.D
        steep = [Fraction(self.S) * one for one in read]
        for k in reversed(range(self.bits * (self.l - 1))):
            edge = Fraction(self.S << k)
            found.append(([steep, steep, read], [1 - edge, -edge, zero]))
            read = [Fraction(-(1 << k)), Fraction(1 << k), Fraction(1)]
            steep = [self.S * one for one in read]
        lift, room = (1, self.l + 1) if self.bits == 1 else (1 << self.bits, self.bits * self.l + 2)
        return [*found, ([[lift * one for one in read]], [Fraction(1, 1 << room) - Fraction(1, 2)])]

    @cached_property
    def _sparse_layers(self) -> list[list[tuple[list[tuple[int, Fraction]], Fraction]]]:
        return [
            [([(i, w) for i, w in enumerate(row) if w], bias) for row, bias in zip(matrix, biases)]
            for matrix, biases in self.layers()
        ]

    def network(self, y: list[Any]) -> Any:
        """The MLP at an attention output whose coordinates are fractions, or mpmath reals."""
        if all(isinstance(one, Fraction) for one in y):
            return self._exact_network(y)
        *hidden, output = self._sparse_layers
        for layer in hidden:
            y = [max(0 * y[0], _affine(row, bias, y)) for row, bias in layer]
        return _affine(*output[0], y)

    def _exact_network(self, y: list[Fraction]) -> Fraction:
        """The same in integers: a ReLU network is positively homogeneous in (y, 1), and all weights here are integers."""
        common = math.lcm(
            *(one.denominator for one in y), *(b.denominator for row in self._sparse_layers for _, b in row)
        )
        units = [int(one * common) for one in y]
        *hidden, output = self._sparse_layers
        for layer in hidden:
            units = [max(0, _whole(row, bias, units, common)) for row, bias in layer]
        return Fraction(_whole(*output[0], units, common), common)

    def evaluate_exact(self, *, table: tuple[int, ...], p: int) -> Fraction:
        """Output of the network, in rational numbers.

        For bits = 1 the answer is [output > 0]; for more |output - table[p-1]| < 1/2.

        Args:
            table: n integers from 0 to 2^bits - 1.
            p: the entry asked for, 1..n.

        Raises: DomainError for a table or a position outside.
        """
        value = self.network(self.attention(table=table, p=p))
        assert isinstance(value, Fraction)
        return value

    # ------------------------------------------------------------------------ the same as token embeddings
    def embeddings(self, *, table: tuple[int, ...], p: int, dps: int = 120) -> list[list[Any]]:
        """Embeddings of token p, the n table tokens and the read-out token, as mpmath reals: D values, then u0..u3."""
        import mpmath

        entries = self._checked_table("embeddings", table)
        group, chunk, place = self.address(p=p)
        with mpmath.workdps(dps):
            gap = -mpmath.log(_real(self.g))
            wide = -mpmath.log(_real(self.g / (self.n + 2)))
            shift = mpmath.log(_real(self._own_weight(group, place)))
            values = [mpmath.mpf(0 if c == chunk else -2) for c in range(self.D)]
            tokens = [[*values, wide, wide * group, wide * group**2, shift]]
            for (h, c, t), entry in zip(self._addresses, entries):
                value = _real(Fraction(entry, 1 << self.bits * (t + 1)))
                values = [value if i == c else mpmath.mpf(0) for i in range(self.D)]
                tokens.append([*values, -gap, -gap * h, -gap * h**2, mpmath.mpf(0)])
            zeros = [mpmath.mpf(0)] * (self.D + 2)
            return [*tokens, [*zeros, mpmath.mpf(1), mpmath.mpf(-1)]]

    def queries(self, *, dps: int = 120) -> list[list[Any]]:
        """W_q x_r of every head, sqrt(d) (0; h^2, -2h, 1, 1): of rank one, since x_r has 1 at u2.  W_k is the identity."""
        import mpmath

        with mpmath.workdps(dps):
            root, zeros = mpmath.sqrt(self.d), [mpmath.mpf(0)] * self.D
            return [[*zeros, root * h * h, -2 * root * h, root, root] for h in range(self.H)]

    @checks(DIGITS)
    def evaluate_embedded(self, *, table: tuple[int, ...], p: int, dps: int = 120) -> Any:
        """Output of the network from token embeddings, exp and softmax, an mpmath real of `dps` digits.

        Raises: DomainError for a table or a position outside, or fewer than 15 digits.
        """
        import mpmath

        tokens = self.embeddings(table=table, p=p, dps=dps)
        with mpmath.workdps(dps):
            y = [mpmath.mpf(0)] * self.D
            for query in self.queries(dps=dps):
                logits = [mpmath.fdot(query, token) / mpmath.sqrt(self.d) for token in tokens]
                highest = max(logits)
                weights = [mpmath.exp(one - highest) for one in logits]
                total = mpmath.fsum(weights)
                y = [y[c] + mpmath.fdot(weights, [token[c] for token in tokens]) / total for c in range(self.D)]
            return self.network(y)

    def _checked_table(self, where: str, table: tuple[int, ...]) -> tuple[int, ...]:
        return checked_word(where, "table", table, 0, (1 << self.bits) - 1, self.n)

    def _checked_p(self, where: str, p: int) -> int:
        rule = f"be a position from 1 to {self.n}"
        require(is_integer(p) and 1 <= p <= self.n, where=where, name="p", rule=rule, value=p)
        return int(p)


def _affine(row: list[tuple[int, Fraction]], bias: Fraction, y: list[Any]) -> Any:
    return sum((_real(weight) * y[i] for i, weight in row), _real(bias))


def _whole(row: list[tuple[int, Fraction]], bias: Fraction, units: list[int], common: int) -> int:
    return sum(int(weight) * units[i] for i, weight in row) + int(bias * common)


def _real(value: Fraction) -> Any:
    import mpmath

    return mpmath.mpf(value.numerator) / value.denominator


@checks(N, CHUNKS, H, BITS)
def index_construction(*, n: int, D: int, H: int, bits: int = 1) -> IndexConstruction:
    """A one-layer transformer that returns entry p of a table of n entries of `bits` bits, for every table and p.

    Statement: l = ceil(n/(D H)); d = D + 4, U = [D > 1] D + 3 bits (l-1), widths (D, 3, .., 3).

    Raises: DomainError for a size below 1.
    Source: derived: index-exact, index-embedded.

    Examples:
    >>> one = index_construction(n=8, D=2, H=2)
    >>> one.d, one.U, one.widths
    (6, 5, (2, 3))
    >>> [one.evaluate_exact(table=(0, 1, 1, 0, 1, 0, 0, 1), p=p) > 0 for p in (1, 2, 7, 8)]
    [False, True, False, True]
    >>> four = index_construction(n=4, D=2, H=1, bits=2)
    >>> [round(float(four.evaluate_exact(table=(3, 0, 2, 1), p=p))) for p in (1, 2, 3, 4)]
    [3, 0, 2, 1]
    """
    n, D, H, bits = int(n), int(D), int(H), int(bits)
    places = -(-n // (D * H))
    digits = bits * places
    widths = ((D,) if D > 1 else ()) + (3,) * (bits * (places - 1))
    leak = Fraction(1, H << 2 * digits + 4)
    return IndexConstruction(n, D, H, bits, places, D + 4, sum(widths), n + 2, 2 << digits, leak, widths)


# ---------------------------------------------------------------------------- least sizes
@dataclass(frozen=True)
class ConstructiveSize:
    """Sizes of the best construction: s = max(D + 4, H, U), and what it is made of (l entries per chunk, d = D + 4)."""

    s: int
    D: int
    H: int
    U: int
    d: int
    l: int  # noqa: E741 (the paper's letter)


def _of(n: int, bits: int, D: int, H: int) -> ConstructiveSize:
    places = -(-n // (D * H))
    U = (D if D > 1 else 0) + 3 * bits * (places - 1)
    return ConstructiveSize(max(D + 4, H, U), D, H, U, D + 4, places)


def _least_heads(n: int, bits: int, s: int, U: int) -> tuple[int, int] | None:
    """(H, D): fewest heads, then fewest chunks, with D + 4 <= s and at most U units; None if D + 4 <= s has no D."""
    import numpy as np

    D = np.arange(1, max(1, min(s - 4, U)) + 1)
    D = D[s >= D + 4]
    if not len(D):
        return None
    places = (U - np.where(D > 1, D, 0)) // (3 * bits) + 1
    heads = -(-n // (D * places))
    first = int(np.argmin(heads))
    return int(heads[first]), int(D[first])


@checks(N, BITS, H)
def constructive_size(*, n: int, bits: int = 1, H: int | None = None) -> ConstructiveSize:
    """The best construction for n entries: least s = max(D + 4, H, U), then least H, then least D; exact search.

    Args:
        H: number of heads where it is fixed; None to choose it.

    Raises: DomainError for a size below 1, or n above 2^50.
    Source: derived: index-exact.

    Examples:
    >>> constructive_size(n=64)
    ConstructiveSize(s=8, D=4, H=8, U=7, d=8, l=2)
    >>> constructive_size(n=1024, H=1).s, constructive_size(n=1024, bits=10).s
    (108, 35)
    """
    n, bits = _sizes("constructive_size", n, bits)

    def best(s: int) -> tuple[int, int] | None:
        return _least_heads(n, bits, s, s) if H is None else _fixed_heads(n, bits, int(H), s)

    def enough(s: int) -> bool:
        found = best(s)
        return found is not None and found[0] <= s

    found = best(least_true(enough, 5))
    assert found is not None
    return _of(n, bits, found[1], found[0])


def _fixed_heads(n: int, bits: int, H: int, s: int) -> tuple[int, int] | None:
    """(H, D) for the least D with D + 4 <= s and at most s units; None if there is none."""
    import numpy as np

    D = np.arange(1, s - 3)
    U = np.where(D > 1, D, 0) + 3 * bits * (-(-n // (D * H)) - 1)
    fits = np.flatnonzero(s >= U)
    return (H, int(D[fits[0]])) if len(fits) else None


@checks(N, H, BITS)
def constructive_units(*, n: int, H: int, bits: int = 1) -> int:
    """Least number of ReLUs of the construction with H heads, over all numbers of chunks.

    Raises: DomainError for a size below 1, or n above 2^50.
    Source: derived: index-exact.

    Examples:
    >>> constructive_units(n=1024, H=4), constructive_units(n=10**6, H=16)
    (53, 864)
    >>> constructive_units(n=4, H=4)
    0
    """
    n, bits = _sizes("constructive_units", n, bits)

    def enough(U: int) -> bool:
        found = _least_heads(n, bits, U + 5, U)
        return found is not None and found[0] <= int(H)

    return least_true(enough, 0)


def _sizes(where: str, n: int, bits: int) -> tuple[int, int]:
    rule = f"be at most 2^{int(math.log2(TOO_LONG))}, so that the search stays in 64-bit integers"
    require(n <= TOO_LONG, where=where, name="n", meaning=N.meaning, rule=rule, value=n)
    return int(n), int(bits)
