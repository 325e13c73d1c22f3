"""The text experiment on a file of the user's: a sweep at toy size, its verdict, and a run that holds two texts apart."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from empirics.engine.sweep import sweep
from theory.core.claim import Grid
from theory.core.judge import judge
from theory.core.measured import Measured
from theory.core.record import RunFile
from theory.core.registry import Registry

SHAKESPEARE = Path(__file__).resolve().parents[4] / "shared" / "data" / "tinyshakespeare.txt"
TOY = Grid(seeds=1, d=8, D=1, h=2, T=8, B=4, steps=6, rate=1e-2, rates=1, test=60, variants="few")
CLAIM = "generative/counting-baseline"


def toy_registry():
    registry = Registry.load()
    registry.claims = {CLAIM: replace(registry.claims[CLAIM], profiles={"smoke": TOY})}
    return registry


def exhibit(run, name):
    return [one.body for one in run.exhibits("generative/text") if one.name == name]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "rhyme.txt"
    path.write_text("".join(f"the {one} cat sat on the {two} mat\n" for one in range(40) for two in range(9)))
    return path


def test_a_sweep_reads_the_file_it_is_given_and_another_the_own_text(file, tmp_path):
    registry, path = toy_registry(), tmp_path / "run.sqlite"
    done = sweep(path, claims=[CLAIM], profile="smoke", corpus=file, registry=registry)
    assert (done.progress.measured, done.progress.failed) == (1, 0)
    assert sweep(path, claims=[CLAIM], profile="smoke", corpus=file, registry=registry).plan.n_lanes == 0
    assert sweep(path, claims=[CLAIM], profile="smoke", registry=registry).progress.measured == 1
    sha = hashlib.sha256(file.read_bytes()).hexdigest()
    with RunFile.read(path) as run:
        own, given = exhibit(run, "corpus")  # both are kept, that of the last start first
        assert own["name"].startswith("pydoc_data") and (given["name"], given["sha256"]) == ("rhyme.txt", sha)
        assert [one.cell.get("corpus") for one in run.records()] in ([sha, None], [None, sha])


def test_a_text_too_short_for_a_window_is_refused_by_name(tmp_path):
    (tmp_path / "short.txt").write_text("ab" * 20)
    done = sweep(tmp_path / "run.sqlite", claims=[CLAIM], profile="smoke", corpus=tmp_path / "short.txt",
                 registry=toy_registry())  # fmt: skip
    assert done.progress.failed == 1
    with RunFile.read(tmp_path / "run.sqlite") as run:
        assert all("leave at least 9 characters" in one.reason for one in run.records())


@pytest.mark.skipif(not SHAKESPEARE.exists(), reason="the file is not beside this checkout")
def test_counting_on_shakespeare_is_judged_from_a_sweep(tmp_path):
    registry, path = toy_registry(), tmp_path / "run.sqlite"
    done = sweep(path, claims=[CLAIM], profile="smoke", corpus=SHAKESPEARE, registry=registry)
    assert (done.progress.measured, done.progress.failed) == (1, 0)
    with RunFile.read(path) as run:
        found = judge(registry.claims[CLAIM], "smoke", Measured.of(run))
        (facts,), (counting,), (samples,) = (exhibit(run, name) for name in ("corpus", "counting", "samples"))
    assert (facts["name"], facts["n_characters"], facts["n_distinct"]) == ("tinyshakespeare.txt", 1_115_394, 65)
    assert counting["counting 2"] < counting["counting 1"] < counting["counting 0"]
    assert set("".join(samples.values())) <= set(SHAKESPEARE.read_text())
    assert found.outcome.value in ("confirmed", "inconclusive"), found.sentence
