"""Shattered sets as objects that verify themselves, and points shattered by two and by three scalar heads.

Letters: n input symbols, M modulus, r bits of a group, A the positions of the rows, B the others, c a labelling.
A certificate is built by formulas and verified by the tasks' definitions; the two share no code.
"""

from __future__ import annotations

import importlib.resources
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from theory.core.domain import checks, require
from theory.core.errors import DomainError
from theory.infinite_precision.parameters import CERTIFIED_HEADS, GROUP, M_MODULUS, N, require_flag, require_one_of
from theory.infinite_precision.tasks import composition_value, disjointness_label, sum2_label

Word = tuple[int, ...]
Labels = tuple[int, ...]
WHERE = "shattering_certificate"


@dataclass(frozen=True)
class ShatteringCertificate:
    """A set of rows that the columns label in all ways.

    Attributes: task, n, M, distinct, r as asked for; size; A, the 1-based positions of the rows; rows, settings of A.
    """

    task: str
    n: int
    M: int | None
    distinct: bool
    r: int | None
    size: int
    A: tuple[int, ...]
    rows: tuple[Word, ...]

    def column(self, *, labels: Labels) -> Word:
        """The setting of the other positions, in order, that gives the rows these labels.

        Raises: DomainError unless there is one label, 0 or 1, for each row.
        """
        fine = isinstance(labels, tuple) and len(labels) == self.size and all(c in (0, 1) for c in labels)
        require(fine, where="column", name="labels", rule=f"be a tuple of {self.size} zeros and ones", value=labels)
        return COLUMNS[self.task](self, tuple(int(c) for c in labels))

    def verify(self) -> bool:
        """True when for all 2^size labellings each row, joined with the column, has its label by the task's definition."""
        if len(set(self.rows)) != self.size:
            return False
        labellings = itertools.product((0, 1), repeat=self.size)
        return all(self.realises(labels, self.column(labels=labels)) for labels in labellings)

    def realises(self, labels: Labels, column: Word) -> bool:
        """True when this column gives the rows exactly these labels; False also for a word that the task does not know."""
        try:
            return all(self.label(row, column) == label for row, label in zip(self.rows, labels))
        except DomainError:
            return False

    def label(self, row: Word, column: Word) -> int:
        """The label of a row joined with a column, by the task's definition.  Raises: DomainError for a foreign word."""
        rest, inside = iter(column), dict(zip(self.A, row))
        word = tuple(inside[i] if i in inside else next(rest) for i in range(1, len(row) + len(column) + 1))
        return LABELS[self.task](self, word)


# ---------------------------------------------------------------------------- the labels, from the definitions
def _composed(variant: str) -> Callable[[ShatteringCertificate, Word], int]:
    return lambda _, word: int(composition_value(word=word, variant=variant) == 1)


def _bit(_: ShatteringCertificate, word: Word) -> int:
    p, t, *table = word
    return (composition_value(word=(p, *table), variant="index") - 1) >> t & 1


def _sum(residue: int) -> Callable[[ShatteringCertificate, Word], int]:
    return lambda one, word: sum2_label(word=word, M=one.M or 0, residue=residue, distinct=one.distinct)


LABELS: dict[str, Callable[[ShatteringCertificate, Word], int]] = {
    "index": _composed("index"),
    "self": _composed("self"),
    "bit_readout": _bit,
    "sum2": _sum(0),
    "sum2_large": _sum(0),
    "sum2_residue": _sum(-1),
    "disjointness": lambda _, word: disjointness_label(word=word),
}
TASKS = tuple(LABELS)


# ---------------------------------------------------------------------------- the columns, by formula
def _one_or_two(_: ShatteringCertificate, labels: Labels) -> Word:
    return tuple(1 if c else 2 for c in labels)


def _entries(one: ShatteringCertificate, labels: Labels) -> Word:
    """Table entry p is 1 plus the number whose bit t is the label of row (p, t)."""
    width = len(labels) // one.n
    chunks = [labels[i * width : (i + 1) * width] for i in range(one.n)]
    return tuple(1 + sum(c << t for t, c in enumerate(chunk)) for chunk in chunks)


def _negatives(one: ShatteringCertificate, labels: Labels) -> Word:
    """The negatives of the rows labelled 1, padded by one of them that is not its own negative, else by the value 1.

    A pad never makes a pair: 1 + 1 = 0 needs M = 2, and no row is M - 1.  If all n rows are labelled 1, which needs one
    token too many, a pair inside the column labels every row: {1, M-1}, or {0} where i = j is allowed.
    """
    assert one.M is not None
    M, length = one.M, one.n - 1
    chosen = [-row[0] % M for row, c in zip(one.rows, labels) if c]
    if len(chosen) > length:
        chosen = [1, M - 1] if one.distinct else [0]
    pad = next((q for q in chosen if 2 * q % M), 1)
    return tuple(chosen + [pad] * (length - len(chosen)))


def _group_values(one: ShatteringCertificate, labels: Labels) -> Word:
    """Token j carries the value of group j whose bits are the labels of the rows (j, t)."""
    assert one.r is not None
    r = one.r
    groups = [labels[j * r : (j + 1) * r] for j in range(len(labels) // r)]
    return tuple(1 + (j << r) + sum(c << t for t, c in enumerate(bits)) for j, bits in enumerate(groups))


def _odd_partners(one: ShatteringCertificate, labels: Labels) -> Word:
    """q_j = 2l - 2j - 1, the partner of 2j, where label j is 1; else 1."""
    return tuple(2 * one.n - 2 * j - 1 if c else 1 for j, c in enumerate(labels, 1))


COLUMNS: dict[str, Callable[[ShatteringCertificate, Labels], Word]] = {
    "index": _one_or_two,
    "self": _one_or_two,
    "bit_readout": _entries,
    "sum2": _negatives,
    "sum2_large": _group_values,
    "sum2_residue": _odd_partners,
    "disjointness": lambda _, labels: labels,
}


# ---------------------------------------------------------------------------- the rows
def sum2_rows(M: int, distinct: bool) -> tuple[Word, ...]:
    """Values of x_1 no two of which are each other's negatives; those that are their own only for distinct positions."""
    half = tuple(range(1, (M - 1) // 2 + 1))
    fixed = ((0,) if distinct else (), (M // 2,) if distinct and M % 2 == 0 else ())
    return tuple((s,) for s in (*fixed[0], *half, *fixed[1]))


def sum2_size(n: int, M: int, distinct: bool) -> int:
    """Rows of the shattered set "sum2": min(n, floor((M-1)/2) + 1 + [M even]), or min(n, floor((M-1)/2)) with i = j."""
    return min(n, (M - 1) // 2 + (1 + (M % 2 == 0) if distinct else 0))


def residue_rows(half: int) -> tuple[Word, ...]:
    """Row i is ones with 2i at place i, i = 1..half."""
    return tuple(tuple(2 * i if place == i else 1 for place in range(1, half + 1)) for i in range(1, half + 1))


def _units(m: int) -> tuple[Word, ...]:
    return tuple(tuple(int(i == j) for j in range(m)) for i in range(m))


def _group_rows(M: int, b: int, r: int) -> tuple[Word, ...]:
    """Row (j, t): the negatives of the values 1 + j 2^r + v of group j whose v has bit t."""
    return tuple(
        tuple(-(1 + (j << r) + v) % M for v in range(1 << r) if v >> t & 1) for j in range(b) for t in range(r)
    )


@checks(N, M_MODULUS, GROUP)
def shattering_certificate(
    *, task: str, n: int, M: int | None = None, distinct: bool = True, r: int | None = None
) -> ShatteringCertificate:
    """A shattered set of rows of a task, hence a lower bound on its split-VC dimension.

    Statement: "index", word (p, q_1..q_n), q_i in {1, 2}, n rows; "self", word f, n - 1 rows; "bit_readout", word
    (p, t, q), label bit t of q_p - 1, n floor(log2 n) rows; "sum2", min(n, floor((M-1)/2) + 1 + [M even]) rows for
    distinct positions, min(n, floor((M-1)/2)) otherwise; "sum2_large", (n - 2^(r-1)) r rows for M > 2 (n - 2^(r-1)) 2^r;
    "sum2_residue" (residue -1, M = 2n, n even, 2501.19215 Lemma B.1), n/2 rows; "disjointness" of two sets of n, n rows.

    Args:
        M: modulus of "sum2" (needed, at least 3) and "sum2_large" (default: the least one); else None.
        distinct: whether the two positions of a pair must differ, for the three SUM_2 tasks.
        r: bits of a group, for "sum2_large" only.

    Raises: DomainError for another task, a size too small for it, or an M or r that the task does not take.
    Source: derived: shattering; "sum2_residue" is the follow-up's.

    Examples:
    >>> shattering_certificate(task="sum2", n=8, M=8).size
    5
    >>> one = shattering_certificate(task="index", n=3)
    >>> one.column(labels=(1, 0, 1)), one.verify()
    ((1, 2, 1), True)
    >>> shattering_certificate(task="sum2_large", n=8, r=2).size
    12
    """
    require_one_of(WHERE, "task", task, TASKS)
    require_flag(WHERE, "distinct", distinct)
    n = int(n)
    least = {"sum2": 3, "sum2_residue": 4, "sum2_large": 2, "disjointness": 1}.get(task, 2)
    require(n >= least, where=WHERE, name="n", meaning=N.meaning, rule=f"be at least {least} for {task}", value=n)
    require(r is None or task == "sum2_large", where=WHERE, name="r", rule=f"be None for {task}", value=r)
    takes = {"sum2", "sum2_large"} | ({"sum2_residue"} if 2 * n == M else set())
    require(M is None or task in takes, where=WHERE, name="M", rule=f"be None for {task}", value=M)
    if task == "sum2":
        require(M is not None and M >= 3, where=WHERE, name="M", rule="be at least 3", value=M)
        return _certificate(task, n, int(M or 0), distinct, None, (1,), sum2_rows(int(M or 0), distinct)[:n])
    if task == "sum2_large":
        return _large(n, M, distinct, r)
    if task == "sum2_residue":
        require(n % 2 == 0, where=WHERE, name="n", rule="be even for sum2_residue", value=n)
        return _certificate(task, n, 2 * n, distinct, None, tuple(range(1, n // 2 + 1)), residue_rows(n // 2))
    if task == "disjointness":
        return _certificate(task, n, None, distinct, None, tuple(range(1, n + 1)), _units(n))
    if task == "bit_readout":
        pairs = tuple((p, t) for p in range(1, n + 1) for t in range(n.bit_length() - 1))
        return _certificate(task, n, None, distinct, None, (1, 2), pairs)
    first = 1 if task == "index" else 2
    return _certificate(task, n, None, distinct, None, (1,), tuple((p,) for p in range(first, n + 1)))


def _large(n: int, M: int | None, distinct: bool, r: int | None) -> ShatteringCertificate:
    require(r is not None, where=WHERE, name="r", meaning=GROUP.meaning, rule="be given for sum2_large", value=r)
    r = int(r or 0)
    require(r < n.bit_length() + 1, where=WHERE, name="r", rule="leave a token: n > 2^(r-1)", value=r)
    taken = 1 << (r - 1)
    b = n - taken
    require(b >= 1, where=WHERE, name="r", meaning=GROUP.meaning, rule=f"leave a token: n = {n} > 2^(r-1)", value=r)
    least = 2 * (b << r) + 1
    modulus = least if M is None else int(M)
    require(modulus >= least, where=WHERE, name="M", rule=f"be at least 2 b 2^r + 1 = {least}", value=M)
    return _certificate("sum2_large", n, modulus, distinct, r, tuple(range(1, taken + 1)), _group_rows(modulus, b, r))


def _certificate(
    task: str, n: int, M: int | None, distinct: bool, r: int | None, A: tuple[int, ...], rows: tuple[Word, ...]
) -> ShatteringCertificate:
    return ShatteringCertificate(task, n, M, distinct, r, len(rows), A, rows)


# ---------------------------------------------------------------------------- scalar heads, linear read-out
_FILES = importlib.resources.files("theory.infinite_precision")
CERTIFICATE_FILES = {2: "linear_readout.json", 3: "linear_readout_3.json"}  # by heads


@dataclass(frozen=True)
class LinearReadoutCertificate:
    """Points that scalar heads with a linear read-out label in all ways; all numbers are divided by `den`.

    Attributes: den; c, the constant; alpha, lam: [point][head]; params: labels as text -> (beta_1.., mu_1..).
    """

    den: int
    c: int
    alpha: tuple[tuple[int, ...], ...]
    lam: tuple[tuple[int, ...], ...]
    params: dict[str, tuple[int, ...]]

    def output(self, *, point: int, labels: str) -> Fraction:
        """c + sum_h (alpha_h + beta_h)/(lambda_h + mu_h) at a point, with the parameters of a labelling.  Exact."""
        heads = len(self.alpha[point])
        beta, mu = self.params[labels][:heads], self.params[labels][heads:]
        terms = zip(self.alpha[point], self.lam[point], beta, mu)
        return Fraction(self.c, self.den) + sum((Fraction(a + b, lam + u) for a, lam, b, u in terms), Fraction(0))

    def verify(self) -> bool:
        """True when every labelling is there and realised, with positive lambda, mu and constant signs.  Exact."""
        m = len(self.alpha)
        if set(self.params) != {"".join(bits) for bits in itertools.product("01", repeat=m)}:
            return False
        weights = [*itertools.chain(*self.lam), *(u for one in self.params.values() for u in one[len(one) // 2 :])]
        return min(weights) > 0 and all(
            (self.output(point=i, labels=labels) > 0) == (labels[i] == "1") for labels in self.params for i in range(m)
        )


@checks(CERTIFIED_HEADS)
def linear_readout_certificate(*, heads: int = 2) -> LinearReadoutCertificate:
    """Points shattered by two or three scalar heads with a linear read-out, in integers: VC dimensions above 2H.

    Statement: two heads shatter 5 points (integers over 200), three heads 8 (over 10,000).

    Raises: DomainError for other numbers of heads, of which no certificate is known here.
    Source: derived: certificate, certificate-three-heads (found by random search, rounded; they stand by verification alone).

    Examples:
    >>> one = linear_readout_certificate()
    >>> len(one.alpha), len(one.params), one.verify()
    (5, 32, True)
    >>> three = linear_readout_certificate(heads=3)
    >>> len(three.alpha), len(three.params), three.verify()
    (8, 256, True)
    """
    found = json.loads(_FILES.joinpath(CERTIFICATE_FILES[int(heads)]).read_text("utf-8"))
    return LinearReadoutCertificate(
        found["den"],
        found["c"],
        tuple(map(tuple, found["alpha"])),
        tuple(map(tuple, found["lam"])),
        {labels: tuple(values) for labels, values in found["params"].items()},
    )
