"""Records for other tools: JSON lines, CSV, Parquet; or the run itself with one compressed row a cell."""

from __future__ import annotations

import csv
import importlib.util
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from theory.core.errors import DomainError, RecordError
from theory.core.record import Record, RunFile, canonical, compact

FORMATS = {"jsonl": ".jsonl", "csv": ".csv", "parquet": ".parquet", "compact": ".compact.sqlite"}


def export_run(run: str | os.PathLike[str], *, to: str = "jsonl", out: str | os.PathLike[str] | None = None) -> Path:
    """Write the records of a run in another form; returns the path written.

    Raises: DomainError for an unknown form, an output that exists, or a form whose library is not installed.
    """
    if to not in FORMATS:
        raise DomainError(where="export", name="to", rule=f"be one of {', '.join(FORMATS)}", value=to)
    if to == "parquet" and importlib.util.find_spec("pyarrow") is None:
        raise DomainError(
            where="export", name="to", rule="be a form that is installed", value=to, cure="pip install pyarrow"
        )
    target = Path(out) if out is not None else Path(run).with_suffix(FORMATS[to])
    if target.exists():
        raise DomainError(
            where="export",
            name="out",
            rule="be a path where nothing is",
            value=str(target),
            cure="remove it or name another",
        )
    with RunFile.read(run) as file:
        if to == "compact":
            with RunFile.create(target) as copy:
                compact(file, copy)
            Path(f"{target}.lock").unlink(missing_ok=True)
            return target
        try:
            _write(file, to, target)
        except OSError as error:
            raise RecordError(
                f"export: {target} must be writable ({error.strerror}); name another with --out"
            ) from error
    return target


def _write(file: RunFile, to: str, target: Path) -> None:
    if to == "jsonl":
        with target.open("w", encoding="utf-8") as stream:
            stream.writelines(json.dumps(one.body()) + "\n" for one in file.records())
    elif to == "csv":
        with target.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(_row_names()))
            writer.writeheader()
            writer.writerows(_rows(file))
    else:
        import pyarrow
        import pyarrow.parquet

        rows = list(_rows(file))
        pyarrow.parquet.write_table(pyarrow.table({name: [row[name] for row in rows] for name in _row_names()}), target)


def _row_names() -> tuple[str, ...]:
    return (
        "experiment",
        "version",
        "cell",
        "seed",
        "status",
        "observable",
        "inner",
        "value",
        "count",
        "variance",
        "cost",
    )


def _rows(file: RunFile) -> Iterator[dict[str, Any]]:
    """One row a measured number."""
    for one in file.records():
        head = {
            "experiment": one.experiment,
            "version": one.version,
            "cell": canonical(one.cell),
            "seed": one.seed,
            "status": one.status,
            "cost": one.cost,
        }
        if not one.values:
            yield {**head, "observable": one.reason, "inner": "{}", "value": None, "count": None, "variance": None}
        for name, entry in one.values.items():
            sample = isinstance(entry, dict)
            means = entry["mean"] if sample else entry
            for inner, path in _points(one) if isinstance(means, list) else [({}, [])]:
                value = _at(means, path)
                yield {
                    **head,
                    "observable": name,
                    "inner": canonical(inner),
                    "value": value,
                    "count": _at(entry["count"], path) if sample else None,
                    "variance": _at(entry["variance"], path) if sample else None,
                }


def _points(record: Record) -> list[tuple[dict[str, Any], list[int]]]:
    points: list[tuple[dict[str, Any], list[int]]] = [({}, [])]
    for name, values in record.inner.items():
        points = [
            ({**cell, name: value}, [*path, index]) for cell, path in points for index, value in enumerate(values)
        ]
    return points


def _at(nested: Any, path: list[int]) -> float:
    for index in path:
        nested = nested[index]
    return float(nested)
