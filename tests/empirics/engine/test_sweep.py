"""Sweeps of a small experiment: resume, chunks, memory, failures, budget, Ctrl+C, disk, refusals."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import typer

from empirics import Experiment, Lanes, sweep
from empirics.engine import sweep as sweep_module
from empirics.engine.sweep import Swept, parse_budget, read_corpus
from empirics.verbs import print_outcome
from theory import Grid
from theory.core.errors import ContractError, DomainError, NoSpaceError, RecordError
from theory.core.measured import Measured
from theory.core.record import RunFile, canonical


def content(path: Path) -> dict[str, str]:
    """Everything that was measured, apart from its cost."""
    with RunFile.read(path) as run:
        found = {one.key: canonical({**one.body(), "cost": 0}) for one in run.records()}
        return found | {one.key: canonical(one.body) for one in run.exhibits()}


@pytest.fixture
def swept(toy: Any, registry_of: Any, tmp_path: Path) -> Callable[..., Swept]:
    """Sweep an experiment made of one function, over a grid."""

    def run_it(
        measure: Callable[[Lanes], Any],
        grid: Grid | None = None,
        name: str = "run.sqlite",
        fields: Any = None,
        **options: Any,
    ) -> Swept:
        grid = grid or Grid(seeds=20, i=(1, 2))
        one = Experiment(id="toy/made", version=1, axes=("i",), measure=measure, **(fields or {}))
        claim = toy.claim(grid, "toy/made")
        return sweep(tmp_path / name, profile="smoke", registry=registry_of([claim], [one]), **options)

    return run_it


def ones(lanes: Lanes) -> Any:
    return {"loss": torch.ones(len(lanes))}


# ---------------------------------------------------------------------------- the same numbers, each once
@pytest.mark.parametrize("chunk", [1, 3, 64])
def test_numbers_do_not_depend_on_the_chunk(toy: Any, registry_of: Any, tmp_path: Path, chunk: int) -> None:
    registry = registry_of(toy.CLAIMS[:1], toy.EXPERIMENTS)
    sweep(tmp_path / "a.sqlite", profile="smoke", registry=registry)
    sweep(tmp_path / "b.sqlite", profile="smoke", registry=registry, chunk=chunk)
    found = content(tmp_path / "a.sqlite")
    assert found == content(tmp_path / "b.sqlite") and len(found) == 4 * 40 + 4


def test_a_second_call_measures_nothing_and_leaves_the_run_alone(swept: Any, tmp_path: Path) -> None:
    assert swept(ones).progress.measured == 40
    before = (tmp_path / "run.sqlite").read_bytes()
    again = swept(ones)
    assert again.progress.measured == 0 and again.plan.n_stored == 40
    assert (tmp_path / "run.sqlite").read_bytes() == before


def test_more_seeds_and_cells_are_measured_and_the_others_are_not(swept: Any) -> None:
    swept(ones)
    assert swept(ones, Grid(seeds=25, i=(1, 2, 3))).progress.measured == 5 + 5 + 25


def test_arms_of_a_common_axis_see_the_same_draws(toy: Any, registry_of: Any, tmp_path: Path) -> None:
    claim = toy.claim(Grid(seeds=16, d=2, rate=(0.1, 1.0), steps=1))
    sweep(tmp_path / "a.sqlite", profile="smoke", registry=registry_of([claim], toy.EXPERIMENTS))
    with RunFile.read(tmp_path / "a.sqlite") as run:
        first = {(one.cell["rate"], one.seed): one.values["loss"][0] for one in run.records()}
    assert all(first[0.1, seed] == first[1, seed] for seed in range(16))  # before the first step the rate plays no part


def test_a_lane_with_all_inner_values_serves_a_claim_that_needs_one(toy: Any, registry_of: Any, tmp_path: Path) -> None:
    wide, narrow = (toy.claim(Grid(seeds=16, d=2, rate=0.1, steps=steps)) for steps in ((1, 3), 3))
    sweep(tmp_path / "a.sqlite", profile="smoke", registry=registry_of([wide], toy.EXPERIMENTS))
    again = sweep(tmp_path / "a.sqlite", profile="smoke", registry=registry_of([narrow], toy.EXPERIMENTS))
    assert again.progress is not None and again.progress.measured == 0


def test_the_run_tells_experiments_and_launch(swept: Any, tmp_path: Path) -> None:
    swept(ones, command="attnbounds sweep")
    with RunFile.read(tmp_path / "run.sqlite") as run:
        assert run.get("experiments")["toy/made"]["axes"] == ["i"]
        (launch,) = run.launches()
    assert launch["threads"] == 1 and launch["command"] == "attnbounds sweep" and launch["profile"] == "smoke"
    assert len(launch["sources"]) == 64 and launch["versions"]["torch"] == torch.__version__


# ---------------------------------------------------------------------------- memory, failures, divergence
def test_out_of_memory_halves_the_chunk(swept: Any, tmp_path: Path) -> None:
    sizes: list[int] = []

    def greedy(lanes: Lanes) -> Any:
        sizes.append(len(lanes))
        if len(lanes) > 5:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 99 bytes.")
        return {"loss": lanes.keys.double()}

    done = swept(greedy, Grid(seeds=20, i=1), chunk=20)
    assert done.progress.measured == 20 and done.progress.failed == 0
    assert sizes == [20, 10, 5, 5, 10, 5, 5]
    swept(lambda lanes: {"loss": lanes.keys.double()}, Grid(seeds=20, i=1), name="other.sqlite")
    assert content(tmp_path / "run.sqlite") == content(tmp_path / "other.sqlite")


@pytest.mark.parametrize(
    "error", [MemoryError(), torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("not enough memory")]
)
def test_a_lane_too_large_by_itself_is_failed_with_its_reason(swept: Any, tmp_path: Path, error: Exception) -> None:
    def greedy(lanes: Lanes) -> Any:
        raise error

    assert swept(greedy, Grid(seeds=3, i=1)).progress.failed == 3
    with RunFile.read(tmp_path / "run.sqlite") as run:
        assert {(one.status, type(error).__name__ in one.reason) for one in run.records()} == {("failed", True)}


def test_a_failing_lane_does_not_cost_its_neighbours(
    swept: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(lanes: Lanes) -> Any:
        if 7 in lanes.seeds:
            raise ZeroDivisionError("made up")
        return {"loss": lanes.keys.double()}

    done = swept(broken, Grid(seeds=20, i=1), chunk=20)
    assert (done.progress.measured, done.progress.failed) == (20, 1)
    with RunFile.read(tmp_path / "run.sqlite") as run:
        found = {one.seed: one for one in run.records()}
    assert found[7].reason == "ZeroDivisionError: made up" and found[7].values == {}
    assert all(found[seed].status == "ok" for seed in range(20) if seed != 7)
    with pytest.raises(typer.Exit) as left:
        print_outcome(done.progress, tmp_path / "run.sqlite")
    assert left.value.exit_code == 3
    assert "1 failed, the first with toy/made: ZeroDivisionError: made up" in capsys.readouterr().out


def test_a_failed_lane_is_tried_again(swept: Any) -> None:
    def broken(lanes: Lanes) -> Any:
        raise ZeroDivisionError

    swept(broken, Grid(seeds=4, i=1))
    assert swept(ones, Grid(seeds=4, i=1)).plan.n_lanes == 4


def test_a_lane_that_failed_once_is_done_when_it_succeeds(swept: Any) -> None:
    def broken(lanes: Lanes) -> Any:
        raise ZeroDivisionError

    swept(broken, Grid(seeds=4, i=1))
    swept(ones, Grid(seeds=4, i=1))
    assert swept(ones, Grid(seeds=4, i=1)).plan.n_lanes == 0


def test_a_diverged_lane_is_an_outcome_and_its_neighbours_keep_their_bits(swept: Any, tmp_path: Path) -> None:
    def half(lanes: Lanes) -> Any:
        values = lanes.keys.double()
        values[[seed == 3 for seed in lanes.seeds]] = float("nan")
        return {"loss": values}

    done = swept(half, Grid(seeds=8, i=1), chunk=8)
    assert done.progress.diverged == 1 and swept(half, Grid(seeds=8, i=1)).plan.n_lanes == 0
    swept(lambda lanes: {"loss": lanes.keys.double()}, Grid(seeds=8, i=1), name="other.sqlite")
    ours, theirs = content(tmp_path / "run.sqlite"), content(tmp_path / "other.sqlite")
    assert sum(ours[key] != theirs[key] for key in theirs) == 1


def test_an_experiment_that_is_not_well_formed_stops_the_sweep(swept: Any) -> None:
    with pytest.raises(ContractError, match="must have shape"):
        swept(lambda lanes: {"loss": torch.ones(len(lanes), 2)})


# ---------------------------------------------------------------------------- stopping
def test_a_budget_stops_between_chunks_and_the_next_call_goes_on(swept: Any, tmp_path: Path) -> None:
    def slow(lanes: Lanes) -> Any:
        time.sleep(0.05)
        return {"loss": lanes.keys.double()}

    done = swept(slow, chunk=4, budget=0.12)
    assert done.progress.stopped == "budget" and 0 < done.progress.measured < 40
    with RunFile.read(tmp_path / "run.sqlite") as run:
        assert len(list(run.records())) == done.progress.measured
    with pytest.raises(typer.Exit) as left:
        print_outcome(done.progress, tmp_path / "run.sqlite")
    assert left.value.exit_code == 3
    rest = swept(slow, chunk=20)
    assert rest.progress.measured == 40 - done.progress.measured and rest.progress.stopped == ""


def test_ctrl_c_ends_the_chunk_commits_and_says_how_to_go_on(swept: Any, tmp_path: Path, capsys: Any) -> None:
    def pressed(lanes: Lanes) -> Any:
        if 0 in lanes.seeds:
            os.kill(os.getpid(), signal.SIGINT)
        return ones(lanes)

    before = signal.getsignal(signal.SIGINT)
    done = swept(pressed, Grid(seeds=20, i=1), chunk=5)
    assert signal.getsignal(signal.SIGINT) is before
    assert done.progress.stopped == "interrupt" and done.progress.measured == 5
    with pytest.raises(typer.Exit) as left:
        print_outcome(done.progress, tmp_path / "run.sqlite")
    shown = capsys.readouterr()
    assert left.value.exit_code == 130 and "continues" in shown.out and "Ctrl+C again" in shown.err
    assert swept(ones, Grid(seeds=20, i=1)).progress.measured == 15


def test_a_second_ctrl_c_stops_at_once_and_keeps_what_was_done(swept: Any, tmp_path: Path) -> None:
    def pressed(lanes: Lanes) -> Any:
        if 10 in lanes.seeds:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
        return ones(lanes)

    with pytest.raises(KeyboardInterrupt):
        swept(pressed, Grid(seeds=20, i=1), chunk=5)
    assert len(content(tmp_path / "run.sqlite")) == 10


def test_a_sweep_runs_outside_the_main_thread(swept: Any) -> None:
    found: list[Swept] = []
    worker = threading.Thread(target=lambda: found.append(swept(ones)))
    worker.start()
    worker.join()
    assert found[0].progress is not None and found[0].progress.measured == 40


def test_a_full_disk_is_said_so_and_keeps_what_was_committed(swept: Any, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("empirics.engine.execute.COMMIT_SECONDS", 0.0)
    made = RunFile.create

    def small(path: Any) -> RunFile:
        run = made(path)
        pages = run.database.execute("PRAGMA page_count").fetchone()[0]
        run.database.execute(f"PRAGMA max_page_count = {pages + 25}")
        return run

    monkeypatch.setattr(RunFile, "create", small)
    with pytest.raises(NoSpaceError) as caught:
        swept(ones, Grid(seeds=1000, i=1), chunk=10)
    assert caught.value.exit_code == 5
    monkeypatch.setattr(RunFile, "create", made)
    with RunFile.read(tmp_path / "run.sqlite") as run:
        assert run.faults() == []
        n_stored = len(list(run.records()))
    assert 0 < n_stored < 1000 and n_stored % 10 == 0
    assert swept(ones, Grid(seeds=1000, i=1)).progress.measured == 1000 - n_stored


# ---------------------------------------------------------------------------- alone, corpus, dry run
def test_lanes_that_run_alone_come_one_by_one_after_a_warm_up(swept: Any) -> None:
    seen: list[tuple[int, ...]] = []

    def timed(lanes: Lanes) -> Any:
        seen.append(tuple(lanes.seeds))
        return ones(lanes)

    swept(timed, Grid(seeds=3, i=1), fields={"alone": True}, chunk=10)
    assert seen == [(0,), (0,), (1,), (2,)]


def test_an_input_file_is_part_of_the_cell(swept: Any, tmp_path: Path) -> None:
    def reader(lanes: Lanes) -> Any:
        assert lanes.corpus is not None
        return {"loss": torch.full((len(lanes),), float(len(lanes.corpus.read_text())))}

    grid, fields = Grid(seeds=2, i=1), {"inputs": ("corpus",)}
    without = swept(reader, grid, fields=fields)
    assert without.progress.measured == 0 and "--corpus" in without.plan.skipped[0][2]
    with RunFile.read(tmp_path / "run.sqlite") as run:
        assert len(run.get("skipped")) == 1
    (tmp_path / "a.txt").write_text("abc")
    (tmp_path / "b.txt").write_text("abcd")
    assert swept(reader, grid, fields=fields, corpus=tmp_path / "a.txt").progress.measured == 2
    assert swept(reader, grid, fields=fields, corpus=tmp_path / "a.txt").progress.measured == 0
    assert swept(reader, grid, fields=fields, corpus=tmp_path / "b.txt").progress.measured == 2
    with RunFile.read(tmp_path / "run.sqlite") as run:
        assert sorted(one.values["loss"] for one in run.records()) == [3, 3, 4, 4]
        assert len({one.cell["corpus"] for one in run.records()}) == 2
        assert run.get("skipped") == {}
    with pytest.raises(DomainError, match="corpus"):
        read_corpus(tmp_path / "absent.txt")


def test_an_experiment_with_a_text_of_its_own_is_measured_without_a_file_and_judged_on_the_last_one(
    swept: Any, toy: Any, registry_of: Any, tmp_path: Path
) -> None:
    def reader(lanes: Lanes) -> Any:
        length = len(lanes.corpus.read_text()) if lanes.corpus else 5
        return {"loss": torch.full((len(lanes),), float(length)), "exhibits": {"length": [length] * len(lanes)}}

    grid, fields = Grid(seeds=2, i=1), {"inputs": ("corpus",), "own_input": True}
    (tmp_path / "a.txt").write_text("abc")

    def judged_on() -> set[Any]:
        with RunFile.read(tmp_path / "run.sqlite") as run:
            return set(Measured.of(run).values("toy/made", "loss", {"i": 1}).values())

    assert swept(reader, grid, fields=fields).progress.measured == 2 and judged_on() == {5.0}
    assert swept(reader, grid, fields=fields, corpus=tmp_path / "a.txt").progress.measured == 2 and judged_on() == {3.0}
    assert swept(reader, grid, fields=fields).progress.measured == 0
    with RunFile.read(tmp_path / "run.sqlite") as run:
        shown = {one.cell.get("corpus"): one.body for one in run.exhibits()}
        assert shown == {None: 5, run.last_corpus(): 3} and run.last_corpus()


def test_inner_axes_are_found_whatever_their_names(toy: Any, registry_of: Any, tmp_path: Path) -> None:
    def table(lanes: Lanes) -> Any:
        return {"loss": torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).expand(len(lanes), 2, 3)}

    one = Experiment(id="toy/made", version=1, axes=("i",), measure=table, inner={"z": ("a", "b"), "b": (0, 1, 2)})
    grid = Grid(seeds=2, i=1, z=("a", "b"), b=(0, 1, 2))
    sweep(tmp_path / "r.sqlite", profile="smoke", registry=registry_of([toy.claim(grid, "toy/made")], [one]))
    with RunFile.read(tmp_path / "r.sqlite") as run:
        data = Measured.of(run)
    assert data.values("toy/made", "loss", {"i": 1, "z": "b", "b": 2})[0] == 6.0
    assert data.values("toy/made", "loss", {"i": 1, "z": "a", "b": 1})[1] == 2.0


def test_a_claim_on_request_is_measured_when_named_or_in_the_largest_profile(
    toy: Any, registry_of: Any, tmp_path: Path
) -> None:
    dear = replace(toy.claim(Grid(seeds=20, i=1), "toy/made"), on_request=True)
    registry = registry_of([dear], [Experiment(id="toy/made", version=1, axes=("i",), measure=ones)])
    for number, (options, found) in enumerate([({}, 0), ({"claims": [dear.id]}, 20), ({"profile": "gpu"}, 20)]):
        done = sweep(tmp_path / f"{number}.sqlite", **{"profile": "smoke", "registry": registry, **options})
        assert done.progress.measured == found


def test_a_dry_run_plans_and_writes_nothing(swept: Any, tmp_path: Path) -> None:
    done = swept(ones, dry_run=True)
    assert done.progress is None and done.plan.n_lanes == 40 and done.plan.seconds is None
    assert list(tmp_path.iterdir()) == []
    swept(ones, Grid(seeds=10, i=1))
    before = (tmp_path / "run.sqlite").read_bytes()
    planned = swept(ones, dry_run=True).plan
    assert (planned.n_lanes, planned.n_stored, planned.n_cells) == (30, 10, 2)
    assert planned.seconds is not None and planned.seconds > 0
    assert (tmp_path / "run.sqlite").read_bytes() == before


# ---------------------------------------------------------------------------- refusals
def test_a_huge_plan_needs_yes(swept: Any, tmp_path: Path, monkeypatch: Any) -> None:
    with pytest.raises(DomainError, match="--yes"):
        swept(ones, Grid(seeds=10**12, i=1))
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(sweep_module, "LARGEST_SWEEP", 30)
    with pytest.raises(DomainError, match="at most 30"):
        swept(ones)
    assert swept(ones, yes=True).progress.measured == 40


OPTIONS = {
    "pool": {"pool_name": "threads"}, "workers": {"workers": 0}, "chunk": {"chunk": -1}, "device": {"device": "tpu"},
    "no such gpu": {"device": "cuda:77"}, "device index": {"device": "cuda:x"},
}  # fmt: skip


@pytest.mark.parametrize("name", OPTIONS)
def test_bad_options_are_refused_before_anything_is_written(swept: Any, tmp_path: Path, name: str) -> None:
    with pytest.raises(DomainError, match="sweep"):
        swept(ones, **OPTIONS[name])
    assert list(tmp_path.iterdir()) == []


def test_unknown_claims_and_profiles_are_refused_with_near_matches(tmp_path: Path) -> None:
    with pytest.raises(DomainError, match="did you mean boolean/ranking-law"):
        sweep(tmp_path / "run.sqlite", claims=["boolean/rankin-law"], profile="smoke")
    with pytest.raises(DomainError, match="smoke"):
        sweep(tmp_path / "run.sqlite", claims=["boolean/ranking-law"], profile="large")


def test_unknown_experiments_and_coordinates_are_refused(
    toy: Any, registry_of: Any, tmp_path: Path, swept: Any
) -> None:
    with pytest.raises(DomainError, match="known experiment"):
        sweep(tmp_path / "a.sqlite", profile="smoke", registry=registry_of(toy.CLAIMS[:1], []))
    with pytest.raises(DomainError, match="'j'"):
        swept(ones, Grid(seeds=16, j=1))


def test_a_second_writer_is_refused(swept: Any, tmp_path: Path) -> None:
    swept(ones)
    with RunFile.create(tmp_path / "run.sqlite"), pytest.raises(RecordError, match="another process"):
        swept(ones)


def test_a_foreign_database_is_refused_and_left_alone(swept: Any, tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "run.sqlite")
    database.execute("CREATE TABLE mine (x)")
    database.close()
    before = (tmp_path / "run.sqlite").read_bytes()
    with pytest.raises(RecordError):
        swept(ones)
    assert (tmp_path / "run.sqlite").read_bytes() == before


@pytest.mark.parametrize("text, seconds", [("90", 90), ("90s", 90), ("8m", 480), ("1.5h", 5400)])
def test_budgets_are_read(text: str, seconds: float) -> None:
    assert parse_budget(text) == seconds


@pytest.mark.parametrize("text", ["", "m", "8 minutes", "-1", "0", "nan", "inf", "1e999", "8d"])
def test_bad_budgets_are_explained(text: str) -> None:
    with pytest.raises(DomainError, match=r"90s, 8m or 1\.5h"):
        parse_budget(text)
