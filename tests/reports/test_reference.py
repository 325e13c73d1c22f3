"""Reference runs: sound, small, told without folders of a machine, and judged today as they were."""

import shutil
from pathlib import Path

import pytest

import reports
from theory.core.judge_run import judge_run
from theory.core.record import RunFile, without_folders

RUNS = sorted((Path(reports.__file__).parent / "reference").glob("*.sqlite"))


@pytest.mark.parametrize("path", RUNS, ids=lambda one: one.stem)
def test_a_reference_run_is_judged_today_as_it_was(path, tmp_path):
    copy = shutil.copy(path, tmp_path)
    with RunFile.read(copy) as run:
        told = {name: body["sentence"] for name, body in run.get("verdicts").items()}
        commands = [one["command"] for one in run.launches()]
    assert told and {name: found.sentence for name, found in judge_run(copy).items()} == told
    assert commands and [without_folders(one) for one in commands] == commands
    assert path.stat().st_size < 2 * 2**20


def test_there_is_one_at_least_and_each_is_described():
    described = (Path(reports.__file__).parent / "reference" / "README.md").read_text()
    assert RUNS and all(path.name in described for path in RUNS)
