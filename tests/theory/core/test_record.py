"""The run file keeps its promise: each record once, verified by its hash, and every bad file gets one clear line."""

import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.core.errors import DamagedError, RecordError
from theory.core.record import Exhibit, Record, RunFile, canonical, compact


def some(n, value=0.5, status="ok"):
    return [Record("p/e", 1, {"n": 4}, {}, seed, {"w": value} if status == "ok" else {}, status) for seed in range(n)]


@pytest.fixture
def run(tmp_path):
    path = tmp_path / "run.sqlite"
    with RunFile.create(path) as file:
        file.add_launch({"profile": "smoke"})
        file.add_records(some(5), launch=1, exhibits=[Exhibit("p/e", 1, {"n": 4}, "map", [[1, 2]])])
        file.put("verdicts", {"p/c": {"outcome": "confirmed"}})
    return path


def test_records_are_stored_once(run):
    with RunFile.create(run) as file:
        assert file.add_records(some(7), launch=1) == 2
        assert sorted(one.seed for one in file.records()) == list(range(7))
        assert file.n_records() == 7 and file.faults() == []


def test_a_failed_record_gives_way_and_a_finished_one_does_not(run):
    with RunFile.create(run) as file:
        file.add_records([Record("p/e", 1, {"n": 9}, {}, 0, {}, "failed", "why")], launch=1)
        assert [one.reason for one in file.failures()] == ["why"]
        file.add_records([Record("p/e", 1, {"n": 9}, {}, 0, {"w": 1.0})], launch=1)
        file.add_records(some(1, value=0.9), launch=1)
        assert file.failures() == []
        assert {one.values["w"] for one in file.records() if one.cell["n"] == 4} == {0.5}


def test_every_flipped_byte_of_a_row_is_seen(run):
    with sqlite3.connect(run) as database:
        database.execute(
            "UPDATE records SET body = replace(body, '0.5', '0.6') WHERE key = (SELECT min(key) FROM records)"
        )
    with RunFile.read(run) as file:
        assert len(file.faults()) == 1
        with pytest.raises(DamagedError, match="does not match its hash"):
            list(file.records())


@pytest.mark.parametrize("seed", range(12))
def test_flipped_bits_never_pass_for_sound_records(run, seed):
    """Seeded bit flips anywhere in the file: what is read afterwards is either refused or exactly what was written."""
    import random

    data = bytearray(run.read_bytes())
    place = random.Random(seed).randrange(100, len(data))
    data[place] ^= 1 << seed % 8
    run.write_bytes(bytes(data))
    try:
        with RunFile.read(run) as file:
            for one in file.records():
                assert one in some(5)
    except RecordError as error:
        assert str(run) in str(error)


def garbage(path):
    path.write_bytes(b"not a database at all" * 50)


def truncated(path):
    path.write_bytes(path.read_bytes()[:5000])


def empty(path):
    path.write_bytes(b"")


def foreign(path):
    path.unlink()
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE t (x)")


def newer(path):
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 99")


def folder(path):
    path.unlink()
    path.mkdir()


def absent(path):
    path.unlink()


@pytest.mark.parametrize(("spoil", "words", "code"), [
    (garbage, "another kind", 2), (truncated, "damaged", 4), (empty, "empty file", 2), (foreign, "another program", 2),
    (newer, "99", 2), (folder, "got a folder", 2), (absent, "no such file", 2)], ids=lambda v: getattr(v, "__name__", None))  # fmt: skip
def test_bad_files_get_one_line_and_are_left_alone(run, spoil, words, code):
    spoil(run)
    before = run.read_bytes() if run.is_file() else None
    with pytest.raises(RecordError, match=words) as caught, RunFile.read(run) as file:
        list(file.records())
        raise RecordError(f"{words} was not noticed") if file.faults() == [] else DamagedError("damaged")
    assert caught.value.exit_code == code and "\n" not in str(caught.value)
    assert (run.read_bytes() if run.is_file() else None) == before


def test_a_second_writer_is_refused(run):
    with RunFile.create(run), pytest.raises(RecordError, match="another process is writing"):
        RunFile.create(run)


def test_compact_form_reads_like_the_run(run, tmp_path):
    target = tmp_path / "compact.sqlite"
    with RunFile.read(run) as source, RunFile.create(target) as copy:
        compact(source, copy)
    with RunFile.read(run) as source, RunFile.read(target) as copy:
        assert sorted(map(repr, source.records())) == sorted(map(repr, copy.records()))
        assert copy.get("verdicts") == source.get("verdicts") and copy.faults() == []
        assert copy.n_records() == 5 and [one.body for one in copy.exhibits()] == [[[1, 2]]]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda x: st.lists(x) | st.dictionaries(st.text(), x),
        max_leaves=8,
    )
)
@settings(deadline=None, derandomize=True, max_examples=60)
def test_canonical_text_is_stable(value):
    import json

    assert canonical(json.loads(canonical(value))) == canonical(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"x": [float("-inf")]}])
def test_what_is_not_finite_is_not_stored(value):
    with pytest.raises(RecordError, match="must be finite"):
        canonical(value)
