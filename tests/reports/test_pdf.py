"""The PDF as a whole: repeatable, literal, and good for runs that are empty, broken or huge."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reports.core import pdf
from reports.core.pdf import build_report
from tests.reports.conftest import HOSTILE, LAUNCH, OUTCOMES, cell, clause, every_relation, verdict
from theory.core.errors import DomainError, NoSpaceError, RecordError, TestbedError
from theory.core.record import Record, RunFile

LONG = "a-very-long-name-that-never-seems-to-end-" * 6


def is_pdf(path: Path) -> bool:
    content = path.read_bytes()
    return content.startswith(b"%PDF-") and b"%%EOF" in content[-64:]


def words_of(path: Path) -> str:
    """The text of a PDF without white space, so that line breaks do not matter."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed")
    text = subprocess.run(
        ["pdftotext", "-raw", str(path), "-"], capture_output=True, text=True, check=True, encoding="utf-8"
    ).stdout
    return re.sub("[\\s\u200b]+", "", text)


def test_same_run_gives_same_bytes_wherever_it_lies(new_run: Callable[..., Path], tmp_path: Path) -> None:
    run = new_run([verdict("paper/claim", [clause(), clause("Exceeds", label="second")])])
    first = build_report(run).read_bytes()
    copy = tmp_path / "elsewhere" / "other.sqlite"
    copy.parent.mkdir()
    shutil.copy(run, copy)
    assert build_report(copy, tmp_path / "elsewhere" / "out.pdf").read_bytes() == first
    assert b"CreationDate" not in first
    assert str(tmp_path).encode() not in first


def test_control_characters_are_shown_literally(new_run: Callable[..., Path]) -> None:
    cells = [cell({HOSTILE: n, "other": HOSTILE}) for n in (1, 2, 3)]
    run = new_run(
        [verdict(f"paper/{HOSTILE}", [clause(label=HOSTILE, cells=cells, x=HOSTILE)], says=HOSTILE)],
        latex=HOSTILE,
        limits=HOSTILE,
    )
    out = build_report(run)
    assert is_pdf(out)
    assert words_of(out).count(re.sub(r"\s", "", HOSTILE)) >= 4


def test_unprintable_characters_do_not_stop_a_report(new_run: Callable[..., Path]) -> None:
    name = "bell\x07 null\x00 right-to-left\u202e \u200b emoji\U0001f600 \ufffe"
    assert is_pdf(build_report(new_run([verdict(f"paper/{name}", [clause(label=name)], says=name)])))


def test_empty_run_says_what_to_do(new_run: Callable[..., Path]) -> None:
    out = build_report(new_run())
    assert "attnboundssweep" in words_of(out)


def test_run_without_verdicts_says_judge_first(new_run: Callable[..., Path]) -> None:
    out = build_report(new_run([]))
    assert "attnboundsjudge" in words_of(out)


def test_failed_and_diverged_models_and_skipped_settings_are_listed(new_run: Callable[..., Path]) -> None:
    def also(run: RunFile) -> None:
        bad = [
            Record(
                "paper/adversary", 1, {"n": 99}, {}, s, {}, status="diverged" if s else "failed", reason=f"reason {s}"
            )
            for s in range(50)
        ]
        run.add_records(bad, launch=1)
        run.put(
            "skipped",
            {
                f"s {i}": {"experiment": "paper/adversary", "cell": {"n": i, "v": f"v{i}"}, "reason": "too large"}
                for i in range(600)
            },
        )
        run.put(
            "findings",
            {
                "paper/P1/s": {
                    "derivation": "paper/P1",
                    "paper": "paper",
                    "step": "s",
                    "about": [],
                    "role": "supports",
                    "says": "1 + 1 = 2",
                    "method": "identity",
                    "finding": "proved",
                    "detail": "",
                    "control": {"says": "3", "rejected": False, "detail": ""},
                    "seconds": 0.1,
                }
            },
        )

    text = words_of(build_report(new_run([verdict("paper/claim", [clause()])], also=also)))
    assert "50trainedmodelsof54divergedorfailed" in text
    assert "600" in text and "toolarge" in text and "reason0" in text
    assert "notrejected:thestepsaysnothing" in text


def test_one_failed_cell(new_run: Callable[..., Path]) -> None:
    cells = [cell({"n": 2}), cell({"n": 4}, "missing", None, n_seeds=0), cell({"n": 8})]
    assert is_pdf(build_report(new_run([verdict("paper/claim", [clause(cells=cells)])])))


def test_every_relation_and_long_names(new_run: Callable[..., Path]) -> None:
    verdicts = [
        verdict("paper/every", every_relation(), outcome="violated"),
        verdict(
            f"paper/{LONG}", [clause(label=LONG, cells=[cell({LONG: n, "q": LONG}) for n in (1, 2)], x=LONG)], says=LONG
        ),
    ]
    text = words_of(build_report(new_run(verdicts, limits=LONG)))
    assert text.count(LONG) >= 2


def test_control_that_was_not_rejected_is_said_loudly(new_run: Callable[..., Path]) -> None:
    text = words_of(build_report(new_run([verdict("paper/claim", [clause()], ok=False)])))
    assert "saysnothing" in text and "Thenegativecontrolof1claimwasnotrejected" in text


def test_thirty_claims(new_run: Callable[..., Path]) -> None:
    run = new_run([verdict(f"paper/c{i:02d}", [clause(cells=[])], outcome=OUTCOMES[i % 6]) for i in range(30)])
    text = words_of(build_report(run))
    places = [
        text.index(name)
        for name in ("paper/c03violated", "paper/c04inconclusive", "paper/c01consistent", "paper/c00confirmed")
    ]
    assert places == sorted(places)


# ---------------------------------------------------------------------------- what can go wrong
def test_typesetter_that_does_not_end_is_stopped(new_run: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    run = new_run([])
    run.with_suffix(".pdf").write_bytes(b"%PDF-old")
    monkeypatch.setattr(pdf, "_CHILD", "while True: pass")
    with pytest.raises(TestbedError, match=r"must end within 0\.5 s"):
        build_report(run, time_limit=0.5)
    assert run.with_suffix(".pdf").read_bytes() == b"%PDF-old"


def test_typesetter_that_fails_is_one_line(new_run: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "_CHILD", "raise SystemExit('first\\nlast line')")
    with pytest.raises(TestbedError, match=r"^report: the typesetter failed: last line$"):
        build_report(new_run([]))


def test_outputs_that_are_refused(new_run: Callable[..., Path], tmp_path: Path) -> None:
    run = new_run([])
    (tmp_path / "folder").mkdir()
    (tmp_path / "notes.txt").write_text("mine")
    cases = {
        tmp_path / "absent" / "report.pdf": "folder that exists",
        tmp_path / "folder": "be a file",
        run: "differ from the run file",
        tmp_path / "notes.txt" / "report.pdf": "lie in a folder",
        tmp_path / "notes.txt": "be new or a PDF",
    }
    for out, rule in cases.items():
        with pytest.raises(DomainError, match=rule) as caught:
            build_report(run, out)
        assert "\n" not in str(caught.value)
    assert (tmp_path / "notes.txt").read_text() == "mine"
    with RunFile.read(run) as kept:
        assert kept.launches() == [LAUNCH]


def test_unwritable_folder_and_full_disk(
    new_run: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = new_run([])
    monkeypatch.setattr(pdf.os, "access", lambda *_: False)
    with pytest.raises(DomainError, match="read-only"):
        build_report(run)
    monkeypatch.undo()

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pdf.os, "replace", full)
    with pytest.raises(NoSpaceError, match="free space"):
        pdf.write_whole(tmp_path / "report.pdf", b"%PDF-")
    assert not list(tmp_path.glob(".report*")) and not (tmp_path / "report.pdf").exists()


def test_run_files_that_are_refused(tmp_path: Path) -> None:
    (tmp_path / "foreign").write_text("not a database")
    for name in ("absent", "foreign"):
        with pytest.raises(RecordError):
            build_report(tmp_path / name)
    assert not list(tmp_path.glob("*.pdf"))


def test_special_figures_stand_in_front_and_broken_ones_cost_nothing(new_run: Callable[..., Path]) -> None:
    from matplotlib.figure import Figure

    seen: list[Any] = []

    def good(body: Any, run: Any) -> Figure:
        seen.append((body["claim"], len(list(run.records("paper/adversary")))))
        return Figure(figsize=(2, 1))

    def broken(body: Any, run: Any) -> Figure:
        raise ZeroDivisionError("no data")

    run = new_run([verdict("paper/good", [clause()]), verdict("paper/broken", [clause()])])
    out = build_report(run, figures={"paper/good": good, "paper/broken": broken})
    assert seen == [("paper/good", 4)]
    assert "ZeroDivisionError:nodata" in words_of(out)


def test_a_chapter_has_its_papers_title_and_lead_and_all_its_claims(new_run: Callable[..., Path]) -> None:
    run = new_run([verdict("paper/first", [clause()]), verdict("other/second", [clause()])])
    out = build_report(run, chapters={"paper": ("A title of its own", ("What was read.",))})
    words = words_of(out)
    assert "Atitleofitsown" in words and "Whatwasread." in words
    assert words.rindex("other/second") < words.rindex("paper/first")


def test_light_imports() -> None:
    check = (
        "import sys, reports.verbs; light = set(sys.modules); import reports.core.pdf, reports.core.pages, "
        "reports.core.figures, reports.boolean;"
        "assert not light & {'matplotlib', 'typst', 'numpy', 'theory.core.registry'}, light;"
        "assert not set(sys.modules) & {'torch', 'sympy', 'scipy', 'matplotlib', 'typst'}"
    )
    root = Path(pdf.__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=False, cwd=root)
    assert done.returncode == 0, done.stderr
