"""What a run file holds, looked up by cell: records by experiment, lane cell, inner point and seed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from theory.core.claim import Cell
from theory.core.errors import DomainError
from theory.core.evidence import Sample, Value
from theory.core.record import Record, RunFile, canonical

FILE_COORDINATES = ("corpus",)  # the hash of an input file: part of a record's cell, of no claim's grid


class Measured:
    """Records of one run, indexed for the judge.  `values` answers numbers, samples, or None for a diverged lane."""

    def __init__(self, experiments: Mapping[str, Any], records: Iterable[Record]) -> None:
        self.experiments = dict(experiments)
        self._records: dict[tuple[str, str], dict[int, list[Record]]] = {}
        self._answers: dict[tuple[str, str, str], dict[int, Value]] = {}
        self._paths: dict[tuple[str, str, str], list[int] | None] = {}
        texts: dict[str, str] = {}
        for one in records:
            card = self.experiments.get(one.experiment)
            if card is None or card["version"] != one.version:
                continue
            plain = repr(one.cell)
            if plain not in texts:
                texts[plain] = canonical(
                    {name: value for name, value in one.cell.items() if name not in FILE_COORDINATES}
                )
            place = self._records.setdefault((one.experiment, texts[plain]), {})
            place.setdefault(one.seed, []).append(one)

    @classmethod
    def of(cls, run: RunFile) -> Measured:
        """The index of a run file; where several input files were read, that of the last start goes first."""
        sha = run.last_corpus()
        return cls(run.get("experiments"), sorted(run.records(), key=lambda one: one.cell.get("corpus") != sha))

    def values(self, experiment: str, observable: str, cell: Cell) -> dict[int, Value]:
        """Seed -> value at a cell whose coordinates include inner axes; empty where nothing was measured.

        Raises: DomainError where the experiment does not measure the observable, or the cell lacks an inner axis of it.
        """
        name = (experiment, observable, canonical(cell))
        if name not in self._answers:
            self._answers[name] = self._look_up(experiment, observable, cell)
        return self._answers[name]

    def _look_up(self, experiment: str, observable: str, cell: Cell) -> dict[int, Value]:
        card = self.experiments.get(experiment)
        if card is None:
            return {}
        inner, lane = self.split(card, cell)
        text = canonical(inner)
        found: dict[int, Value] = {}
        for seed, records in self._records.get((experiment, canonical(lane)), {}).items():
            for one in records:
                path = self._path(one, inner, text)
                if one.status != "failed" and path is not None:
                    found[seed] = _pick(one, observable, path)
                    break
        return found

    def _path(self, record: Record, inner: Cell, text: str) -> list[int] | None:
        """Positions of the inner coordinates in a record, as far as they are given; None where it lacks one."""
        name = (record.experiment, repr(record.inner), text)
        if name not in self._paths:
            self._paths[name] = _positions(record, self.experiments[record.experiment]["inner"], inner)
        return self._paths[name]

    def failures(self) -> list[Record]:
        """Records of lanes that diverged or failed."""
        every = (one for place in self._records.values() for records in place.values() for one in records)
        return sorted(
            (one for one in every if one.status != "ok"), key=lambda one: (one.experiment, canonical(one.cell))
        )

    @staticmethod
    def split(card: Mapping[str, Any], cell: Cell) -> tuple[Cell, Cell]:
        """(inner coordinates, lane coordinates without switches at their default)."""
        axes, switches = set(card["inner"]), card["switches"]
        inner = {name: cell[name] for name in card["inner"] if name in cell}
        lane = {
            name: value
            for name, value in cell.items()
            if name not in axes and not (name in switches and canonical(switches[name]) == canonical(value))
        }
        return inner, lane


def _positions(record: Record, axes: list[str], inner: Cell) -> list[int] | None:
    """Positions in the order in which the experiment names its axes; a stored record has them sorted by name."""
    path: list[int] = []
    for name in axes:
        if name not in inner or name not in record.inner:
            break
        texts = [canonical(one) for one in record.inner[name]]
        if canonical(inner[name]) not in texts:
            return None
        path.append(texts.index(canonical(inner[name])))
    return path


def _pick(record: Record, observable: str, path: list[int]) -> Value:
    if record.status == "diverged":
        return None
    if observable not in record.values:
        raise DomainError(
            where=record.experiment,
            name="observable",
            rule=f"be one of {', '.join(sorted(record.values))}",
            value=observable,
        )
    entry = record.values[observable]

    def at(nested: Any) -> float:
        for index in path:
            if not isinstance(nested, list):
                break  # measured without inner axes
            nested = nested[index]
        if isinstance(nested, list):
            raise DomainError(
                where=record.experiment,
                name="cell",
                rule=f"give the inner axes {', '.join(record.inner)}",
                value=record.cell,
            )
        return float(nested)

    if isinstance(entry, Mapping):
        return Sample(at(entry["count"]), at(entry["mean"]), at(entry["variance"]))
    return at(entry)
