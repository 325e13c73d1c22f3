"""A foreign distribution comes in by the same door as our papers: installed, swept, resumed, judged, reported."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOREIGN = Path(__file__).with_name("foreign")


@pytest.fixture(scope="module")
def command(tmp_path_factory):
    """Run the command line in an environment where the plug-in is installed; returns the finished process."""
    import shutil

    source = tmp_path_factory.mktemp("source") / "foreign"
    shutil.copytree(FOREIGN, source)
    target = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--target", str(target), str(source)], check=True, capture_output=True)

    def run(*words):
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(target), str(ROOT)])}
        return subprocess.run(
            [sys.executable, "-m", "theory.cli", *words],
            capture_output=True,
            text=True,
            env=environment,
            check=False,
            cwd=target,
        )

    return run


def test_foreign_paper_from_sweep_to_report(command, tmp_path):
    run = str(tmp_path / "run.sqlite")
    first = command("sweep", "dilution", "--profile", "smoke", "--run", run)
    assert first.returncode == 0 and "measured 144 models" in first.stdout, first.stderr
    assert "broken" in first.stderr and "a_library_that_nobody_has" in first.stderr
    again = command("sweep", "dilution", "--profile", "smoke", "--run", run)
    assert again.returncode == 0 and "measured 0 models" in again.stdout
    judged = command("judge", run, "--json", "--strict")
    assert judged.returncode == 0, judged.stderr
    (row,) = json.loads(judged.stdout)
    assert row["claim"] == "dilution/kept-weight" and row["outcome"] == "consistent"
    assert row["slack"] == pytest.approx(1, abs=1e-9) and row["control_ok"]
    pdf = tmp_path / "report.pdf"
    made = command("report", run, "-o", str(pdf))
    assert made.returncode == 0 and pdf.read_bytes().startswith(b"%PDF"), made.stderr
    listed = command("list", "dilution", "--json")
    assert [one["id"] for one in json.loads(listed.stdout)] == ["dilution/kept-weight"]
