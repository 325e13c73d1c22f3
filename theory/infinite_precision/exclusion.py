"""Is a given one-layer transformer excluded for a task, by which inequality, and how far above is a construction?

Letters: n symbols, M modulus, d dimension, H heads, widths of the MLP, W its weights and biases, U its units.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from theory.core.bound import Source
from theory.core.domain import Integer, Parameter, checks, require
from theory.infinite_precision.certificates import sum2_size
from theory.infinite_precision.growth import composition_growth_log2, theorem_a_vc, vc_upper, vc_upper_units
from theory.infinite_precision.index_task import ConstructiveSize, constructive_size
from theory.infinite_precision.parameters import SOURCES, D, H, checked_widths, require_flag, require_one_of

SIZE = Parameter("n", Integer(3), "number of table entries or input symbols")
MODULUS = Parameter("M", Integer(3), "modulus of SUM_2")
TASKS = ("index", "self", "composition", "sum2")
WHERE = "exclusion"


@dataclass(frozen=True)
class Inequality:
    """One necessary condition: what the task needs, what the transformer allows, in the unit given, and whose bound it is."""

    name: str
    needs: float
    allows: float
    unit: str
    source: Source

    @property
    def excludes(self) -> bool:
        """True when the task needs more than is allowed."""
        return self.needs > self.allows


@dataclass(frozen=True)
class Exclusion:
    """What is known about one transformer and one task.

    Attributes: inequalities, all that were tried; construction, the best explicit one, or None for SUM_2.
    """

    task: str
    n: int
    inequalities: tuple[Inequality, ...]
    construction: ConstructiveSize | None

    @property
    def excluded_by(self) -> tuple[str, ...]:
        """Names of the inequalities that are broken; () when the transformer is not excluded."""
        return tuple(one.name for one in self.inequalities if one.excludes)

    @property
    def says(self) -> str:
        """One sentence: excluded and by what, or not excluded, which does not mean that the task is solved."""
        if self.excluded_by:
            return f"{self.task} with n = {self.n} is excluded by {', '.join(self.excluded_by)}"
        return f"{self.task} with n = {self.n} is not excluded; whether it is possible is another question"


@checks(SIZE, D, H, MODULUS)
def exclusion(
    *,
    task: str,
    n: int,
    d: int,
    H: int,
    widths: tuple[int, ...],
    M: int | None = None,
    distinct: bool = True,
    query_depends_on_input: bool = False,
    normalised: bool = False,
    positive_denominators: bool = True,
) -> Exclusion:
    """Whether a one-layer transformer with these sizes is excluded for a task, by which inequality.

    Statement: a shattered set of the task has more rows than Theorem A (operation counts, both ways) or Theorem B (tree
    and layer counts) allows; "composition" (values in [n]) compares n log2 n with Theorem C, in bits.

    Args:
        task: "index" and "self" (Boolean composition), "composition" (values in [n]), "sum2" (needs M).
        widths: hidden widths of the MLP; W counts all its weights and biases, d of them a unit of the first layer.
        query_depends_on_input: the read-out token holds p, or anything else of the half A.
        normalised: layer norm or RMS norm on the attention output.
        positive_denominators: lambda + mu > 0, which holds for softmax.

    Raises: DomainError for an unknown task or size, and where a hypothesis of the bounds is not met.
    Source: derived: theorem-A, homogenisation, composition-count.

    Examples:
    >>> exclusion(task="index", n=1024, d=4, H=1, widths=(32,)).excluded_by
    ('layer count', 'tree count')
    >>> exclusion(task="index", n=311890, d=768, H=12, widths=(3072,)).excluded_by
    ()
    >>> exclusion(task="index", n=1024, d=4, H=1, widths=(32,)).construction.s
    22
    """
    require_one_of(WHERE, "task", task, TASKS)
    _require_hypotheses(query_depends_on_input, normalised, positive_denominators)
    n, d, H, sizes = int(n), int(d), int(H), checked_widths(WHERE, widths)
    require(
        (M is not None) == (task == "sum2"), where=WHERE, name="M", rule="be given for sum2 and only there", value=M
    )
    if task == "composition":
        allowed = composition_growth_log2(n=n, d=d, H=H, U=sum(sizes))
        counted = Inequality("answer count", n * math.log2(n), allowed, "bits", SOURCES["composition_growth_log2"])
        return Exclusion(task, n, (counted,), constructive_size(n=n, bits=(n - 1).bit_length()))
    rows = _shattered_rows(task, n, M, distinct)
    W = sum((before + 1) * after for before, after in zip((d, *sizes), (*sizes, 1)))
    U = sum(sizes)
    limits = (
        ("operation count", theorem_a_vc(d=d, H=H, W=W, U=U), "theorem_a_vc"),
        ("operation count, W_O at run time", theorem_a_vc(d=d, H=H, W=W, U=U, premultiplied=False), "theorem_a_vc"),
        ("layer count", vc_upper(d=d, H=H, widths=sizes), "vc_upper"),
        ("tree count", vc_upper_units(d=min(d, *sizes[:1]) if sizes else d, H=H, U=U), "vc_upper_units"),
    )
    tried = tuple(Inequality(name, rows, allows, "rows", SOURCES[whose]) for name, allows, whose in limits)
    return Exclusion(task, n, tried, None if task == "sum2" else constructive_size(n=n))


def _shattered_rows(task: str, n: int, M: int | None, distinct: bool) -> int:
    """Rows of the largest shattered set of the task that the package knows for one token in A."""
    if task == "sum2":
        require_flag(WHERE, "distinct", distinct)
        return sum2_size(n, int(M or 0), distinct)
    return n if task == "index" else n - 1


def _require_hypotheses(query_depends_on_input: bool, normalised: bool, positive_denominators: bool) -> None:
    """Refuse what the bounds do not cover, with the hypothesis that is missing."""
    cases = (
        (
            "query_depends_on_input",
            query_depends_on_input,
            False,
            "be False: the bounds need a read-out query that does not depend on the input",
            "index_in_readout solves the task in one layer when it does",
        ),
        (
            "normalised",
            normalised,
            False,
            "be False: the degree count needs an MLP that reads the attention output itself",
            "no bound here covers layer norm",
        ),
        (
            "positive_denominators",
            positive_denominators,
            True,
            "be True: a sum of attention weights that vanishes has no quotient",
            "softmax weights are positive",
        ),
    )
    for name, value, wanted, rule, cure in cases:
        require_flag(WHERE, name, value)
        require(value is wanted, where=WHERE, name=name, rule=rule, value=value, cure=cure)
