"""The command line of this floor, as a user starts it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def started(*words: str, folder: Path, forbid: str = "") -> subprocess.Popen[str]:
    """`python3 -m empirics ...` in the checkout, with the plug-in of `folder` and without the modules in `forbid`."""
    blocked = f"import sys; sys.modules.update(dict.fromkeys({forbid.split()!r})); sys.argv[0] = 'empirics'"
    start = ["-c", f"{blocked}; from theory.cli import main; main()"] if forbid else ["-m", "empirics"]
    return subprocess.Popen(
        [sys.executable, *start, *words], cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{folder}", "COLUMNS": "200", "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip


def test_the_verbs_load_without_torch() -> None:
    program = (
        "import sys; import empirics, empirics.verbs; print(sorted({'torch', 'sympy', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_ctrl_c_ends_with_130_and_the_same_command_continues(toy_folder: Path, tmp_path: Path) -> None:
    words = ("sweep", "--claims", "toy/slow", "--profile", "smoke", "--run", str(tmp_path / "r.sqlite"), "--chunk", "1")
    forbid = "flint typst ray matplotlib"
    process = started(*words, folder=toy_folder, forbid=forbid)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("40 models to train"), line + process.communicate()[1]
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert f"the same command with --run {tmp_path / 'r.sqlite'} continues" in out and "Traceback" not in err
    rest = started(*words, folder=toy_folder, forbid=forbid)
    out, err = rest.communicate(timeout=30)
    assert rest.returncode == 0, err
    assert "already in" in out and not out.startswith("40 models to train, 0 already")


@pytest.mark.parametrize("words, text", [
    (["--claims", "toy/claim,toy/clam"], "did you mean toy/claim"),
    (["--budget", "soon"], "90s, 8m or 1.5h"),
])  # fmt: skip
def test_bad_input_is_one_line_and_exit_2(toy_folder: Path, tmp_path: Path, words: list[str], text: str) -> None:
    process = started("sweep", *words, "--profile", "smoke", "--run", str(tmp_path / "r.sqlite"), folder=toy_folder)
    _, err = process.communicate(timeout=30)
    lines = [line for line in err.splitlines() if line.startswith("error:")]
    assert process.returncode == 2 and len(lines) == 1 and text in lines[0] and "Traceback" not in err
    assert not (tmp_path / "r.sqlite").exists()


def test_a_dry_run_prints_the_plan(toy_folder: Path, tmp_path: Path) -> None:
    process = started(
        "sweep", "toy", "--profile", "smoke", "--run", str(tmp_path / "r.sqlite"), "--dry-run", folder=toy_folder
    )
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert "toy/trained" in out and "models to train" in out and "expected time" in out


def test_bench_compares_on_the_same_work(toy_folder: Path) -> None:
    process = started(
        "bench", "--seconds", "0.1", "--lanes", "4", "--chunk", "2", "--device", "cpu", "--json", folder=toy_folder
    )
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    found = json.loads(out.splitlines()[-1])
    assert found["largest_difference"] < 1e-4 and found["matmul_flops"] > 0
    assert found["rows"][0]["ratio"] == 1 and all(row["rate"] > 0 for row in found["rows"])
    assert {"plain loop", "vmap, 2 together", "lanes, 2 together"} <= {row["name"] for row in found["rows"]}
