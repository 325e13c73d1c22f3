"""Experiments, lanes and what of a cell goes into the random key."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Any

import pytest
import torch

from empirics import Experiment, Lanes, rng
from empirics.engine.lanes import Lane, by_cell, missing_lanes, needs
from theory.core.errors import ContractError, DomainError
from theory.core.record import Record

CPU = torch.device("cpu")


def measure(lanes: Lanes) -> Any:
    return {"one": torch.ones(len(lanes))}


def made(**changes: Any) -> Experiment:
    fields: dict[str, Any] = {
        "id": "toy/made", "version": 1, "axes": ("n", "gap", "arm"), "measure": measure, "shape": ("n",),
        "switches": {"labels": "true", "tie": 0}, "inner": {"t": lambda cell: tuple(range(cell["n"]))},
        "common": ("arm",),
    }  # fmt: skip
    return Experiment(**{**fields, **changes})


FAULTS = {
    "shape unknown": ({"shape": ("m",)}, "neither an axis nor a switch"),
    "common unknown": ({"common": ("m",)}, "neither an axis nor a switch"),
    "inner is an axis": ({"inner": {"n": (1,)}}, "named twice"),
    "switch is an axis": ({"switches": {"n": 1}}, "named twice"),
    "axis twice": ({"axes": ("n", "n", "gap", "arm")}, "named twice"),
    "reserved": ({"switches": {"seed": 1}}, "uses itself"),
    "input": ({"inputs": ("picture",)}, "must be one of corpus"),
    "no inner value": ({"inner": {"t": ()}}, "at least one value"),
    "switch default": ({"switches": {"labels": [1]}}, "as default"),
    "measure": ({"measure": 3}, "function of lanes"),
    "id": ({"id": "made"}, "paper/name"),
    "half an id": ({"id": "toy/"}, "paper/name"),
    "version": ({"version": 0}, "version"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faulty_experiments_are_refused(name: str) -> None:
    changes, text = FAULTS[name]
    with pytest.raises(ContractError, match=text):
        made(**changes)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(ContractError) as caught:
        made(id="made", shape=("m",), measure=None)
    assert len(caught.value.faults) == 3


def test_an_experiment_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        made().version = 2  # type: ignore[misc]


def test_the_key_ignores_common_axes_inner_axes_and_default_switches() -> None:
    one = made()
    cells = [
        {"n": 4, "gap": 0.5, "arm": "a"}, {"n": 4, "gap": 0.5, "arm": "b"},
        {"n": 4, "gap": 0.5, "arm": "a", "labels": "true"},
        {"n": 4.0, "gap": 0.5, "arm": "a", "t": 2},
    ]  # fmt: skip
    keys = {one.key(one.lane_cell(cell)[0], 3) for cell in cells}
    assert keys == {rng.lane_key("toy/made", {"n": 4, "gap": 0.5}, 3)}
    other = one.lane_cell({"n": 4, "gap": 0.5, "arm": "a", "labels": "false"})[0]
    assert one.key(other, 3) not in keys


def test_a_new_switch_leaves_old_keys_valid() -> None:
    cell = {"n": 4, "gap": 0.5, "arm": "a"}
    later = made(switches={"labels": "true", "tie": 0, "noise": 0.0})
    assert later.key(later.lane_cell(cell)[0], 1) == made().key(made().lane_cell(cell)[0], 1)


@pytest.mark.parametrize("cell, text", [({"n": 4, "gap": 1}, "arm"), ({"n": 4, "gap": 1, "arm": 1, "gpa": 2}, "gpa")])
def test_unknown_and_absent_coordinates_are_errors(cell: dict[str, Any], text: str) -> None:
    with pytest.raises(DomainError, match=text):
        made().lane_cell(cell)


def lanes_of(one: Experiment, *cells: dict[str, Any]) -> Lanes:
    return Lanes(one, [Lane(one.id, cell, seed) for seed, cell in enumerate(cells)], CPU)


def test_lanes_give_columns_sizes_keys_and_inner_values() -> None:
    lanes = lanes_of(made(), {"n": 3, "gap": 0.5, "arm": "a"}, {"n": 3, "gap": 2, "arm": "b"})
    assert len(lanes) == 2 and lanes.seeds == [0, 1] and lanes.device == CPU
    assert lanes.column("gap").tolist() == [0.5, 2.0] and lanes.column("gap").dtype == torch.float64
    assert lanes.column("tie").tolist() == [0.0, 0.0]
    assert lanes.size("n") == 3 and lanes.inner("t") == (0, 1, 2)
    assert lanes.keys.dtype == torch.int64 and lanes.keys.shape == (2,)


READS = {
    "size not in shape": (lambda lanes: lanes.size("gap"), "named in 'shape'"),
    "unknown size": (lambda lanes: lanes.size("m"), "none of"),
    "unknown column": (lambda lanes: lanes.column("m"), "none of"),
    "text column": (lambda lanes: lanes.column("arm"), "number"),
    "unknown inner": (lambda lanes: lanes.inner("gap"), "is none"),
}


@pytest.mark.parametrize("name", READS)
def test_wrong_reads_are_faults_of_the_experiment(name: str) -> None:
    read, text = READS[name]
    with pytest.raises(ContractError, match=text):
        read(lanes_of(made(), {"n": 3, "gap": 0.5, "arm": "a"}))


def test_inner_values_see_only_the_shape() -> None:
    one = made(inner={"t": lambda cell: (cell["gap"],)})
    with pytest.raises(ContractError, match="gap"):
        one.inner_values({"n": 3, "gap": 0.5, "arm": "a"})


def record(one: Experiment, seed: int, t: list[int], status: str = "ok") -> Record:
    return Record(one.id, one.version, {"n": 3, "gap": 1, "arm": "a"}, {"t": t}, seed, {}, status)


def test_missing_lanes_counts_points_of_inner_axes_together() -> None:
    one = made()
    cell = {"n": 3, "gap": 1.0, "arm": "a"}
    (need,) = needs(one, [({**cell, "t": 0}, 2), ({**cell, "t": 2}, 5)])
    assert need.seeds == 5 and len(need.points) == 2
    stored = by_cell([
        record(one, 0, [0, 1, 2]),  # serves
        record(one, 1, [2]),  # lacks t = 0, which seed 1 needs
        record(one, 2, [2]),  # serves: t = 0 is wanted for two seeds only
        record(one, 3, [0, 1, 2], "failed"),  # is tried again
        record(one, 4, [0, 1, 2], "diverged"),  # an outcome like any other
    ])  # fmt: skip
    assert [lane.seed for lane in missing_lanes(one, need, stored)] == [1, 3]


def test_two_records_of_one_lane_serve_together() -> None:
    one = made()
    (need,) = needs(one, [({"n": 3, "gap": 1, "arm": "a", "t": t}, 1) for t in (0, 2)])
    assert missing_lanes(one, need, by_cell([record(one, 0, [0]), record(one, 0, [2])])) == []


def test_an_inner_value_that_is_not_measured_is_refused() -> None:
    with pytest.raises(DomainError, match="be one of 0, 1, 2"):
        needs(made(), [({"n": 3, "gap": 1, "arm": "a", "t": 7}, 1)])


def test_the_printed_plug_in_example_runs() -> None:
    def smallest_weight(lanes, draws=256):  # type: ignore[no-untyped-def]
        others = lanes.size("n") - 1
        behind_lbn = 3 * rng.uniform(lanes.keys, draws * others).reshape(-1, draws, others)
        behind_lbn[:, ::2] = 0
        lead_lb1 = lanes.column("gap")[:, None, None].expand(-1, draws, 1)
        weight_lb = torch.cat([lead_lb1, -behind_lbn], dim=-1).softmax(dim=-1)[..., 0]
        return {"weight": weight_lb.amin(dim=-1)}

    one = Experiment(id="dilution/adversary", version=1, axes=("n", "gap"), shape=("n",), measure=smallest_weight)
    weight = one.measure(lanes_of(one, {"n": 8, "gap": 0.5}, {"n": 8, "gap": 2.0}))["weight"]
    extremal = 1 / (1 + 7 * torch.exp(-torch.tensor([0.5, 2.0], dtype=torch.float64)))
    assert torch.allclose(weight, extremal, rtol=1e-12, atol=0)  # every second draw is the extremal one
