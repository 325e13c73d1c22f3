"""From what `measure` returns to records: numbers, samples of test items, exhibits, and divergence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from empirics.engine.lanes import Experiment, Lane
from theory.core.errors import ContractError, RecordError, shown
from theory.core.record import Exhibit, Record, canonical


@dataclass(frozen=True)
class SampleMoments:
    """Count, mean and variance over independent test items; each tensor has shape [lane, *inner]."""

    count: torch.Tensor
    mean: torch.Tensor
    variance: torch.Tensor


def sample(values: torch.Tensor) -> SampleMoments:
    """Moments of one number per independent test item.

    Args:
        values: float [lane, *inner, item].

    Returns: count, mean and variance (divided by count), each float64 [lane, *inner].
    """
    values = values.to(torch.float64)
    mean = values.mean(dim=-1)
    variance = (values - mean[..., None]).square().mean(dim=-1)
    return SampleMoments(torch.full_like(mean, values.shape[-1]), mean, variance)


def _columns(name: str, value: Any, shape: tuple[int, ...], where: str) -> Mapping[str, torch.Tensor] | torch.Tensor:
    parts = (
        {"count": value.count, "mean": value.mean, "variance": value.variance}
        if isinstance(value, SampleMoments)
        else {"": value}
    )
    for part in parts.values():
        if not isinstance(part, torch.Tensor):
            raise ContractError(
                ((f"{where}: observable {name!r}", f"must be a tensor or sample(tensor), got {shown(part)}"),)
            )
        if tuple(part.shape) not in (shape, shape[:1]):
            raise ContractError(
                ((f"{where}: observable {name!r}", f"must have shape {shape}, got {tuple(part.shape)}"),)
            )
    ready = {part: tensor.detach().to("cpu", torch.float64) for part, tensor in parts.items()}
    return ready if isinstance(value, SampleMoments) else ready[""]


def to_records(
    experiment: Experiment, lanes: Sequence[Lane], output: Mapping[str, Any], seconds: float
) -> tuple[list[Record], list[Exhibit]]:
    """Records and exhibits of a chunk of lanes.

    A lane with a value that is not finite becomes a record with status "diverged".
    Raises: ContractError where an observable has another shape than [lane, *inner] or [lane].
    """
    inner = experiment.inner_values(lanes[0].cell)
    shape = (len(lanes), *(len(values) for values in inner.values()))
    shown = output.get("exhibits", {})
    columns = {
        name: _columns(name, value, shape, experiment.id) for name, value in output.items() if name != "exhibits"
    }
    records, exhibits = [], []
    for index, lane in enumerate(lanes):
        values: dict[str, Any] = {}
        bad = []
        for name, column in columns.items():
            tensors = column if isinstance(column, Mapping) else {"": column}
            if not all(bool(torch.isfinite(t[index]).all()) for t in tensors.values()):
                bad.append(name)
                continue
            lists = {part: tensor[index].tolist() for part, tensor in tensors.items()}
            values[name] = lists if isinstance(column, Mapping) else lists[""]
        status, reason = ("diverged", f"not finite: {', '.join(bad)}") if bad else ("ok", "")
        kept = {} if bad else values
        records.append(Record(experiment.id, experiment.version, lane.cell, {n: list(v) for n, v in inner.items()},
                              lane.seed, kept, status, reason, seconds / len(lanes)))  # fmt: skip
        if lane.seed == 0 and not bad:
            exhibits += [_exhibit(experiment, lane, name, bodies[index]) for name, bodies in shown.items()]
    return records, exhibits


def _exhibit(experiment: Experiment, lane: Lane, name: str, body: Any) -> Exhibit:
    """The exhibit of one lane.  Raises: ContractError where it cannot be stored as text."""
    body = body.tolist() if isinstance(body, torch.Tensor) else body
    try:
        canonical(body)
    except RecordError as error:
        raise ContractError(((f"{experiment.id}: exhibit {name!r}", f"cannot be stored: {error}"),)) from error
    return Exhibit(experiment.id, experiment.version, lane.cell, name, body)
