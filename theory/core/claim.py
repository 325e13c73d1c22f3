"""Claims: a statement, an experiment named by text, a grid, and clauses that compare a bound with an observable.

All values here are frozen and free of torch.  Recipe: see "Five minutes to a first claim of your own" in the README.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from theory.core.bound import Bound, Source, argument_names
from theory.core.errors import DomainError
from theory.core.evidence import Observable
from theory.core.fold import Best, Crossing, Difference, Fold, arm_words
from theory.core.record import canonical
from theory.core.relation import AtLeast, AtMost, Crosses, Equals, Exceeds, Relation, ScalesAs

Cell = dict[str, Any]
PROFILES = ("smoke", "cpu", "gpu")
KINDS = ("law", "existence", "learnability")


@dataclass(frozen=True)
class Statement:
    """What a source says, in our words; where it is wrong, `corrected` gives the form that holds.

    Its standing is never typed in: it follows from the findings and verdicts about it.
    """

    id: str
    says: str
    source: Source
    corrected: str | None = None
    functions: tuple[str, ...] = ()
    reading: bool = False  # how a source is commonly read, which it does not itself print

    @property
    def paper(self) -> str:
        """The paper's short name."""
        return self.id.split("/")[0]


# ---------------------------------------------------------------------------- grids
MOST_CELLS = 1_000_000  # settings of one grid; the largest of ours has some thousands


def _values(axis: Any, cell: Mapping[str, Any]) -> Sequence[Any]:
    if callable(axis):
        try:
            axis = axis(**{name: cell[name] for name in argument_names(axis)})
        except KeyError as error:
            raise DomainError(
                where="Grid",
                name=str(error.args[0]),
                rule="stand before the coordinate that reads it",
                value="no such coordinate",
            ) from None
    return axis if isinstance(axis, tuple | list | range) else (axis,)


def _product(axes: Mapping[str, Any], start: Mapping[str, Any]) -> Iterator[Cell]:
    """All cells: each axis a value, a tuple of values, or a function of coordinates that stand before it."""
    if not axes:
        yield dict(start)
        return
    (name, axis), *rest = axes.items()
    for value in _values(axis, start):
        yield from _product(dict(rest), {**start, name: value.item() if hasattr(value, "item") else value})


class Grid:
    """Cells = product of the axes; `+` joins grids.

    Each axis is a value, a tuple of values, or a function of the coordinates before it (taken by name) that gives either.
    `seeds` is a number or such a function.

    Examples:
    >>> [cell for cell, seeds in Grid(seeds=16, d=(8, 16), k=lambda d: d // 2).cells()]
    [{'d': 8, 'k': 4}, {'d': 16, 'k': 8}]
    """

    __slots__ = ("axes", "parts", "seeds")

    def __init__(self, seeds: int | Callable[..., int] = 16, **axes: Any) -> None:
        self.seeds, self.axes = seeds, axes
        self.parts: tuple[Grid, ...] = ()

    def __add__(self, other: Grid) -> Grid:
        joined = Grid()
        joined.parts = (*(self.parts or (self,)), *(other.parts or (other,)))
        return joined

    def cells(self) -> list[tuple[Cell, int]]:
        """(cell, number of seeds) pairs, in order, each cell once with the largest number of seeds asked for."""
        if self.parts:
            return merged(itertools.chain.from_iterable(part.cells() for part in self.parts))
        pairs = []
        for cell in _product(self.axes, {}):
            seeds = _values(self.seeds, cell)[0]
            pairs.append((cell, seeds))
            if len(pairs) > MOST_CELLS:
                raise DomainError(
                    where="Grid",
                    name="axes",
                    rule=f"give at most {MOST_CELLS} settings",
                    value="more",
                    cure="use fewer values",
                )
        return merged(pairs)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all axes."""
        return tuple(dict.fromkeys(name for part in (self.parts or (self,)) for name in part.axes))


def merged(pairs: Iterable[tuple[Cell, int]]) -> list[tuple[Cell, int]]:
    """Each cell once, with the largest number of seeds asked for."""
    found: dict[str, tuple[Cell, int]] = {}
    for cell, seeds in pairs:
        name = canonical(cell)
        if name not in found or found[name][1] < seeds:
            found[name] = (cell, seeds)
    return list(found.values())


def moved(pairs: Iterable[tuple[Cell, int]], at: Mapping[str, Any]) -> list[tuple[Cell, int]]:
    """Cells with the coordinates of `at` in place of their own."""
    if not at:
        return merged(pairs)
    return merged(
        (cell, seeds)
        for start, seeds in pairs
        for cell in _product(at, {name: value for name, value in start.items() if name not in at or callable(at[name])})
    )


def without(pairs: Iterable[tuple[Cell, int]], names: Iterable[str]) -> list[tuple[Cell, int]]:
    """Cells without some coordinates, each once."""
    dropped = set(names)
    return merged(({name: one for name, one in cell.items() if name not in dropped}, seeds) for cell, seeds in pairs)


# ---------------------------------------------------------------------------- clauses
@dataclass(frozen=True)
class Control:
    """The same clause with exactly one thing swapped; it must come out violated."""

    bound: Bound | None = None
    relation: Relation | None = None
    observable: Observable | None = None
    at: Mapping[str, Any] | None = None
    says: str = ""

    @property
    def swapped(self) -> tuple[str, ...]:
        """Which parts are swapped."""
        return tuple(name for name in ("bound", "relation", "observable", "at") if getattr(self, name) is not None)


@dataclass(frozen=True)
class Clause:
    """One comparison.

    Args:
        bound: None only for relations that need none.
        given: observables of the same trained model that are arguments of the bound or of its hypotheses.
        at: coordinates in place of the grid's.
        folds: what turns several cells into one value, in order.
        kind: "law", "existence" or "learnability".
        label: a short name for figures.
    """

    observable: Observable
    relation: Relation
    control: Control
    bound: Bound | None = None
    given: tuple[str, ...] = ()
    at: Mapping[str, Any] = field(default_factory=dict)
    folds: tuple[Fold, ...] = ()
    kind: str = "law"
    label: str = ""

    @property
    def says(self) -> str:
        """The comparison in words: the relation, and what folds make of the measured values before it."""
        text = self.relation.says
        for one in self.folds:
            if isinstance(one, Difference):
                how = "log ratio of what is measured at {} to that at {}"
                how = how if one.scale == "log ratio" else "what is measured at {} minus that at {}"
                text = text.replace("measured", how.format(arm_words(one.first), arm_words(one.second)), 1)
        best = [one.axis + (f", chosen by {one.by.replace('_', ' ')}" if one.by else "") for one in self.best]
        return text + (f", each at its best {' and '.join(best)}" if best else "")

    @property
    def quantity(self) -> str:
        """What is compared, as an axis names it."""
        name = self.observable.name.replace("_", " ")
        if self.crossing_arms:
            return "difference in crossing points"
        if self.difference is None:
            return name + (f" ({self.observable.unit})" if self.observable.unit else "")
        if self.difference.scale == "log ratio":
            return f"log ratio of {name}"
        return f"difference in {name}" + (f" ({self.observable.unit})" if self.observable.unit else "")

    @property
    def rule(self) -> Relation:
        """The relation as it is judged: how far a threshold that was chosen lies from the values says nothing."""
        if (
            self.bound is not None
            and self.bound.source.provenance == "chosen"
            and isinstance(self.relation, AtMost | AtLeast)
        ):
            return replace(self.relation, tight=math.inf)
        return self.relation

    @property
    def all_folds(self) -> tuple[Fold, ...]:
        """The folds, with the one that the relation brings along."""
        if isinstance(self.relation, Crosses) or (isinstance(self.relation, Exceeds) and not self.relation.crossing):
            return (*self.folds, self.relation.fold)
        return self.folds

    @property
    def crossing_arms(self) -> tuple[Clause, Clause] | None:
        """One clause an arm, each with the crossing of its own, where crossing points are compared."""
        if not isinstance(self.relation, Exceeds) or self.relation.crossing is None:
            return None
        folds = (*self.folds, self.relation.crossing)
        first, second = (
            replace(self, relation=Equals(), folds=folds, at={**self.at, **arm})
            for arm in (self.relation.first, self.relation.second)
        )
        return first, second

    @property
    def best(self) -> tuple[Best, ...]:
        """The folds that keep the best point of an axis."""
        return tuple(one for one in self.all_folds if isinstance(one, Best))

    @property
    def difference(self) -> Difference | None:
        """The fold that subtracts two arms, if any."""
        return next((one for one in self.all_folds if isinstance(one, Difference)), None)

    @property
    def crossing(self) -> Crossing | None:
        """The fold that finds a crossing, if any."""
        return next((one for one in self.all_folds if isinstance(one, Crossing)), None)

    @property
    def scale_axes(self) -> tuple[str, ...]:
        """Axes that a slope runs over, if the relation is one of slopes."""
        return self.relation.axes if isinstance(self.relation, ScalesAs) else ()

    def controlled(self) -> Clause:
        """The clause with its control's swap made."""
        swap = self.control
        changes: dict[str, Any] = {name: getattr(swap, name) for name in swap.swapped}
        if "at" in changes:
            changes["at"] = {**self.at, **changes["at"]}
        return replace(self, **changes)

    def cells(self, grid: Grid) -> list[tuple[Cell, int]]:
        """The clause's cells on a grid, before folds and arms."""
        return moved(grid.cells(), self.at)

    def measured_cells(self, grid: Grid) -> list[tuple[Cell, int]]:
        """The cells that must be measured: with both arms of a difference."""
        if self.crossing_arms:
            return merged(pair for arm in self.crossing_arms for pair in arm.cells(grid))
        pairs = self.cells(grid)
        arms = self.difference
        if arms is None:
            return pairs
        base = without(pairs, {*arms.first, *arms.second})
        return merged([*moved(base, arms.first), *moved(base, arms.second)])

    def decided(self, cell: Cell) -> str:
        """ "vacuous" or "outside" when planning can tell so from the cell alone, else ""."""
        if self.bound is None:
            return ""
        if any(one.is_broken(cell) for one in self.bound.hypotheses):
            return "outside"
        if any(isinstance(one, Crossing) for one in self.all_folds) or self.scale_axes:
            return ""
        if set(self.bound.names) - set(cell):
            return ""
        value = float(self.bound(**{name: cell[name] for name in self.bound.names}))
        return "vacuous" if self.relation.is_vacuous(value, self.observable.range(cell)) else ""


@dataclass(frozen=True)
class Claim:
    """A statement put to the test.  `id` is `paper/short-name`; its meaning never changes after release.

    Args:
        says: the claim in the direction we believe, one sentence.
        about, against: ids of statements that it bears out or contradicts.
        experiment: id of the experiment; the floor below does not know the floor above.
        profiles: name -> grid.
        derivation: id of the derivation that proves it, if any.
        limits: what this verdict does not show.
        on_request: measured in the `gpu` profile, or when it is named; too dear for every sweep.
    """

    id: str
    says: str
    experiment: str
    profiles: Mapping[str, Grid]
    clauses: tuple[Clause, ...]
    about: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    derivation: str | None = None
    limits: str = ""
    on_request: bool = False

    @property
    def paper(self) -> str:
        """The paper's short name."""
        return self.id.split("/")[0]

    def grid(self, profile: str) -> Grid:
        """The grid of a profile; a claim without it falls back on the next smaller one.  Raises: DomainError."""
        if profile not in PROFILES:
            raise DomainError(where=self.id, name="profile", rule=f"be one of {', '.join(PROFILES)}", value=profile)
        for name in reversed(PROFILES[: PROFILES.index(profile) + 1]):
            if name in self.profiles:
                return self.profiles[name]
        return next(iter(self.profiles.values()))

    def wanted(self, profile: str) -> list[tuple[Cell, int]]:
        """All cells to measure, with seeds: of every clause and every control."""
        return [pair for pair, reason in self._planned(profile) if not reason]

    def skipped(self, profile: str) -> list[tuple[Cell, str]]:
        """Cells that need not be measured, with the reason."""
        return [(cell, reason) for (cell, _), reason in self._planned(profile) if reason]

    @cached_property
    def _plans(self) -> dict[str, list[tuple[tuple[Cell, int], str]]]:
        return {}

    def _planned(self, profile: str) -> list[tuple[tuple[Cell, int], str]]:
        """((cell, seeds), reason why it need not be measured or "") of every clause and control; worked out once."""
        if profile not in self._plans:
            self._plans[profile] = self._plan(profile)
        return self._plans[profile]

    def _plan(self, profile: str) -> list[tuple[tuple[Cell, int], str]]:
        grid = self.grid(profile)
        reasons: dict[str, str] = {}
        pairs: list[tuple[Cell, int]] = []
        for clause in self.clauses:
            for one in (clause, clause.controlled()):
                for cell, seeds in one.measured_cells(grid):
                    reason = one.decided(cell)
                    pairs.append((cell, seeds))
                    name = canonical(cell)
                    reasons[name] = "" if reasons.get(name) == "" else reason
        return [(pair, _SKIPPED[reasons[canonical(pair[0])]]) for pair in merged(pairs)]


_SKIPPED = {
    "": "",
    "vacuous": "no value that can be measured here would break the bound",
    "outside": "a hypothesis of the bound does not hold here",
}
