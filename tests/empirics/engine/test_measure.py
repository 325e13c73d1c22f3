"""From what `measure` returns to records."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from empirics import Experiment, sample
from empirics.engine.lanes import Lane
from empirics.engine.measure import to_records
from theory.core.errors import ContractError

ONE = Experiment(id="toy/measure", version=2, axes=("n",), measure=lambda lanes: {}, inner={"t": (1, 2)})
LANES = [Lane(ONE.id, {"n": 4}, seed) for seed in range(3)]


def records(output: dict[str, Any]) -> Any:
    return to_records(ONE, LANES, output, 6.0)


def test_numbers_truth_values_and_samples_become_lists() -> None:
    items = torch.tensor([1.0, 2.0, 3.0, 6.0]).expand(3, 2, 4)
    found, _ = records({"a": torch.arange(6).reshape(3, 2), "b": torch.tensor([True, False, True]), "c": sample(items)})
    assert found[1].values["a"] == [2.0, 3.0] and found[1].values["b"] == 0.0
    assert found[1].values["c"] == {"count": [4.0, 4.0], "mean": [3.0, 3.0], "variance": [3.5, 3.5]}
    assert found[1].inner == {"t": [1, 2]} and found[1].cell == {"n": 4} and found[1].seed == 1
    assert found[1].status == "ok" and found[1].cost == 2.0 and found[1].version == 2


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_a_lane_that_is_not_finite_is_diverged_and_its_neighbours_are_kept(bad: float) -> None:
    values = torch.ones(3, 2)
    values[1, 1] = bad
    found, shown = records({"a": values, "b": torch.ones(3, 2), "exhibits": {"text": ["x", "y", "z"]}})
    assert [one.status for one in found] == ["ok", "diverged", "ok"]
    assert found[1].values == {} and "a" in found[1].reason and "b" not in found[1].reason
    assert [one.body for one in shown] == ["x"]


def test_a_sample_that_is_not_finite_is_diverged() -> None:
    items = torch.ones(3, 2, 5)
    items[2, 0, 4] = float("nan")
    assert [one.status for one in records({"a": sample(items)})[0]] == ["ok", "ok", "diverged"]


def test_exhibits_are_kept_for_the_first_seed_only() -> None:
    _, shown = records({"a": torch.ones(3, 2), "exhibits": {"map": torch.arange(6).reshape(3, 2)}})
    assert [(one.name, one.body, one.cell) for one in shown] == [("map", [0, 1], {"n": 4})]


WRONG = {
    "shape": {"a": torch.ones(3, 3)},
    "sample shape": {"a": sample(torch.ones(3, 4, 2, 2))},
    "no tensor": {"a": [1.0, 2.0, 3.0]},
    "exhibit not finite": {"a": torch.ones(3), "exhibits": {"e": [float("nan")] * 3}},
    "exhibit no text": {"a": torch.ones(3), "exhibits": {"e": [object()] * 3}},
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_output_is_a_fault_of_the_experiment(name: str) -> None:
    with pytest.raises(ContractError, match="toy/measure"):
        records(WRONG[name])
