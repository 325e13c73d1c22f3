"""Lanes and experiments: what a batched program measures, and how cells become slices of it.

A lane is one cell with one seed.  Lanes whose shape coordinates are equal share a bucket and are measured together.

A lane's numbers must not depend on its neighbours, to the last bit on CPU.  Draws by key and the optimisers of
`empirics.engine.train` see to that; `measure` has to avoid functions that torch rounds differently at the end of a
tensor than inside it (scanned with torch 2.13 on AVX-512, forward and backward, both float types): softplus, silu,
gelu, logaddexp, sigmoid in float32, powers that are not whole, and std or var within a lane.  Exact to the bit in the
same scan: exp, log, log1p, tanh, erf, logsigmoid, softmax, logsumexp, sums, means, products.  So write
-logsigmoid(-x) for softplus and (1 + tanh(x / 2)) / 2 for sigmoid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from empirics.engine import rng
from theory.core.errors import ContractError, DomainError, shown
from theory.core.record import Record, canonical

Cell = dict[str, Any]
INPUTS = ("corpus",)  # files that an experiment may ask for
RESERVED = (*INPUTS, "seed", "exhibits")


@dataclass(frozen=True)
class Experiment:
    """A batched measurement.

    Raises: ContractError, with all faults, when it is not well formed.

    Args:
        id: `paper/name`.
        version: raised when its numbers could change; records of another version do not count.
        axes: coordinates that every cell gives.
        measure: lanes -> {observable: tensor [lane, *inner] or sample(tensor [lane, *inner, item])}, and optionally
            "exhibits": {name: one JSON-able value a lane}.
        switches: axes with a default: hypotheses that can be broken, choices that a paper leaves open.
        shape: axes and switches that fix tensor shapes; lanes with equal values share a bucket.
        inner: axis -> values that one lane measures at once, in order; or a function of the shape coordinates.
        common: axes that stay out of the random key, so that their arms see the same draws.
        alone: lanes one by one, after a warm-up (timing).
        inputs: ("corpus",) for experiments that read a file; its hash becomes part of the cell.
        own_input: True where the experiment reads a text of its own when no file is given.
        bytes_per_lane: memory that a lane takes, from its coordinates; decides how many lanes make a chunk.
    """

    id: str
    version: int
    axes: tuple[str, ...]
    measure: Callable[[Lanes], Mapping[str, Any]]
    switches: Mapping[str, Any] = field(default_factory=dict)
    shape: tuple[str, ...] = ()
    inner: Mapping[str, tuple[Any, ...] | Callable[[Cell], tuple[Any, ...]]] = field(default_factory=dict)
    common: tuple[str, ...] = ()
    alone: bool = False
    inputs: tuple[str, ...] = ()
    own_input: bool = False
    bytes_per_lane: Callable[[Cell], int] | None = None

    def __post_init__(self) -> None:
        found = _experiment_faults(self)
        if found:
            raise ContractError(tuple(found))

    def card(self) -> dict[str, Any]:
        """As a JSON-able mapping, for the run file."""
        return {
            "id": self.id, "version": self.version, "axes": list(self.axes), "switches": dict(self.switches),
            "inner": list(self.inner), "common": list(self.common), "shape": list(self.shape), "alone": self.alone,
            "inputs": list(self.inputs),
        }  # fmt: skip

    def full(self, cell: Cell) -> Cell:
        """A lane's cell with every switch, those at their default included."""
        return {**self.switches, **cell}

    def lane_cell(self, cell: Cell) -> tuple[Cell, Cell]:
        """(cell of the lane without inner axes and default switches, inner coordinates).

        Raises: DomainError for a coordinate that the experiment does not know or lacks.
        """
        known = {*self.axes, *self.switches, *self.inner}
        for name in cell:
            if name not in known:
                raise DomainError(
                    where=self.id, name=name, rule=f"be one of the axes {', '.join(sorted(known))}", value=cell[name]
                )
        for name in self.axes:
            if name not in cell:
                raise DomainError(where=self.id, name=name, rule="be given by the grid", value="nothing")
        inner = {name: cell[name] for name in self.inner if name in cell}
        lane = {name: value for name, value in cell.items() if name not in inner and not self._is_default(name, value)}
        return lane, inner

    def _is_default(self, name: str, value: Any) -> bool:
        return name in self.switches and canonical(self.switches[name]) == canonical(value)

    def inner_values(self, cell: Cell) -> dict[str, tuple[Any, ...]]:
        """Inner axis -> the values that a lane at this cell measures.

        Raises: ContractError where a function of the shape reads a coordinate that is not in `shape`.
        """
        full = self.full(cell)
        shape = {name: full[name] for name in self.shape}
        try:
            return {name: tuple(values(shape) if callable(values) else values) for name, values in self.inner.items()}
        except KeyError as error:
            raise ContractError(
                ((f"{self.id}: inner axis", f"reads {error}, which is not named in 'shape'"),)
            ) from None

    def key(self, cell: Cell, seed: int) -> int:
        """The random key of a lane."""
        return rng.lane_key(self.id, {name: value for name, value in cell.items() if name not in self.common}, seed)

    def bucket(self, cell: Cell) -> str:
        """Lanes with equal text share a bucket."""
        full = self.full(cell)
        return canonical({name: full[name] for name in self.shape})


def _experiment_faults(one: Experiment) -> list[tuple[str, str]]:
    known, named = {*one.axes, *one.switches}, [*one.axes, *one.switches, *one.inner]
    found = [(f"{one.id}: {name!r}", "stands in 'shape' or 'common' and is neither an axis nor a switch")
             for name in (*one.shape, *one.common) if name not in known]  # fmt: skip
    found += [(f"{one.id}: {name!r}", "is named twice among axes, switches and inner axes")
              for name in dict.fromkeys(named) if named.count(name) > 1]  # fmt: skip
    found += [(f"{one.id}: {name!r}", "is a name that the engine uses itself; take another")
              for name in RESERVED if name in named]  # fmt: skip
    found += [
        (f"{one.id}: input {name!r}", f"must be one of {', '.join(INPUTS)}")
        for name in one.inputs
        if name not in INPUTS
    ]
    found += [(f"{one.id}: inner axis {name!r}", "must have at least one value")
              for name, values in one.inner.items() if not callable(values) and not len(values)]  # fmt: skip
    found += [(f"{one.id}: switch {name!r}", f"must have a number, text or truth value as default, got {shown(value)}")
              for name, value in one.switches.items() if not isinstance(value, int | float | str)]  # fmt: skip
    if not callable(one.measure):
        found.append((f"{one.id}: measure", f"must be a function of lanes, got {shown(one.measure)}"))
    if one.id.count("/") != 1 or not all(one.id.split("/")) or one.version < 1:
        found.append((one.id, "an experiment needs an id of the form paper/name and a version of at least 1"))
    return found


@dataclass(frozen=True)
class Lane:
    """One cell with one seed, as planned."""

    experiment: str
    cell: Cell
    seed: int


class Lanes:
    """Lanes of one bucket, as `measure` sees them.

    Attributes: keys (int64 [lane], random keys), device, seeds, cells (one mapping a lane, with all switches),
    corpus (path of the input file or None).
    """

    def __init__(
        self, experiment: Experiment, lanes: Sequence[Lane], device: torch.device, corpus: Path | None = None
    ) -> None:
        self.experiment, self.device, self.corpus = experiment, device, corpus
        self.cells = [experiment.full(lane.cell) for lane in lanes]
        self.seeds = [lane.seed for lane in lanes]
        self.keys = torch.tensor(
            [experiment.key(lane.cell, lane.seed) for lane in lanes], dtype=torch.int64, device=device
        )

    def __len__(self) -> int:
        return len(self.cells)

    def column(self, name: str) -> torch.Tensor:
        """A numeric coordinate of every lane.

        Returns: float64 [lane].  Raises: ContractError for an unknown name or a coordinate that is not a number.
        """
        numbers = [self._coordinate(cell, name) for cell in self.cells]
        if not all(isinstance(one, int | float) for one in numbers):
            raise self._fault(name, "must be a number to be read as a column; read it with lanes.size")
        return torch.tensor([float(one) for one in numbers], dtype=torch.float64, device=self.device)

    def size(self, name: str) -> Any:
        """A coordinate that all lanes of the bucket share.

        Raises: ContractError unless it is named in `shape`: a chunk of one lane must not work where a larger one fails.
        """
        value = self._coordinate(self.cells[0], name)
        if name not in self.experiment.shape:
            raise self._fault(name, "must be named in 'shape' to be read as a size")
        return value

    def inner(self, name: str) -> tuple[Any, ...]:
        """The values of an inner axis.  Raises: ContractError for an unknown name."""
        if name not in self._inner:
            raise self._fault(name, "is read as an inner axis and is none")
        return self._inner[name]

    @cached_property
    def _inner(self) -> dict[str, tuple[Any, ...]]:
        return self.experiment.inner_values(self.cells[0])

    def _coordinate(self, cell: Cell, name: str) -> Any:
        if name not in cell:
            raise self._fault(name, f"is read by measure and is none of {', '.join(cell)}")
        return cell[name]

    def _fault(self, name: str, why: str) -> ContractError:
        return ContractError(((f"{self.experiment.id}: {name!r}", why),))


@dataclass(frozen=True)
class Need:
    """What is wanted of one lane cell: how many seeds, and which points of the inner axes with how many seeds each."""

    cell: Cell
    seeds: int
    points: tuple[tuple[Point, int], ...]


Point = tuple[tuple[str, str], ...]  # (inner axis, canonical value) pairs
Stored = Mapping[str, Mapping[int, Sequence[Record]]]  # text of a lane cell -> seed -> records


def cell_text(experiment: str, version: int, cell: Mapping[str, Any]) -> str:
    """One text for all lanes of a cell."""
    return canonical([experiment, version, dict(cell)])


def by_cell(records: Iterable[Record], *, without: Sequence[str] = ()) -> dict[str, dict[int, list[Record]]]:
    """Stored records by lane cell and seed; a lane can have several, with different inner values.

    Args:
        without: coordinates to leave out of the cell, such as the hash of an input file.
    """
    found: dict[str, dict[int, list[Record]]] = {}
    texts: dict[str, str] = {}
    for one in records:
        name = repr((one.experiment, one.version, one.cell))
        if name not in texts:
            cell = {name: value for name, value in one.cell.items() if name not in without}
            texts[name] = cell_text(one.experiment, one.version, cell)
        found.setdefault(texts[name], {}).setdefault(one.seed, []).append(one)
    return found


def needs(experiment: Experiment, cells: Iterable[tuple[Cell, int]]) -> list[Need]:
    """(cell, seeds) pairs, grouped by lane cell: points of the inner axes are measured by one lane.

    Raises: DomainError for coordinates that the experiment does not know, lacks or does not measure.
    """
    found: dict[str, tuple[Cell, dict[Point, int]]] = {}
    for cell, seeds in cells:
        lane, inner = experiment.lane_cell(cell)
        _, points = found.setdefault(canonical(lane), (lane, {}))
        point = tuple((name, canonical(value)) for name, value in inner.items())
        points[point] = max(seeds, points.get(point, 0))
    made = [Need(lane, max(points.values()), tuple(points.items())) for lane, points in found.values()]
    for need in made:
        offered = experiment.inner_values(need.cell)
        texts = {name: {canonical(value) for value in values} for name, values in offered.items()}
        for point, _ in need.points:
            for name, value in point:
                if value not in texts[name]:
                    rule = f"be one of {', '.join(map(str, offered[name]))}"
                    raise DomainError(where=experiment.id, name=name, rule=rule, value=value)
    return made


def missing_lanes(experiment: Experiment, need: Need, stored: Stored) -> list[Lane]:
    """The lanes of a cell that no stored record serves.  A diverged record serves; a failed one is tried again."""
    there = stored.get(cell_text(experiment.id, experiment.version, need.cell), {})
    served_by: dict[str, frozenset[Point]] = {}

    def served(record: Record) -> frozenset[Point]:
        text = repr(record.inner)
        if text not in served_by:
            values = {name: {canonical(one) for one in measured} for name, measured in record.inner.items()}
            served_by[text] = frozenset(
                point for point, _ in need.points if all(value in values.get(name, ()) for name, value in point)
            )
        return served_by[text]

    missing = []
    for seed in range(need.seeds):
        found = [served(one) for one in there.get(seed, ()) if one.status != "failed"]
        if not all(seed >= seeds or any(point in one for one in found) for point, seeds in need.points):
            missing.append(Lane(experiment.id, need.cell, seed))
    return missing
