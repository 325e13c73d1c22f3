"""From a run file to a PDF: the same run gives the same bytes, and an old report stays until the new one is whole.

The typesetter runs in a child process with a time limit, in a folder of its own that holds the template, the data as
JSON and the figures; nothing in the data is ever evaluated.
"""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from theory.core.errors import DomainError, NoSpaceError, RecordError, TestbedError
from theory.core.record import RunFile

TIME_LIMIT = 120.0  # seconds; the largest report tried, 30 claims, takes three
TEMPLATE = Path(__file__).with_name("template.typ")
_CHILD = """
import sys, typst
root = sys.argv[1]
fonts = typst.Fonts(include_system_fonts=False)
typst.compile(root + "/template.typ", output=root + "/report.pdf", root=root, font_paths=fonts,
ignore_system_fonts=True, format="pdf", timestamp=0)
"""


def build_report(
    run_path: str | os.PathLike[str],
    out: str | os.PathLike[str] | None = None,
    *,
    figures: Mapping[str, Callable[..., Any]] | None = None,
    chapters: Mapping[str, tuple[str, tuple[str, ...]]] | None = None,
    time_limit: float = TIME_LIMIT,
) -> Path:
    """Write the report of a run; returns where it is.

    Args:
        out: PDF to write; None puts it beside the run.
        figures: claim id -> special figure, a function of (verdict body, run file), or several in a tuple.
        chapters: paper -> (its title, paragraphs in front of its claims).
        time_limit: seconds the typesetter may take.

    Raises: RecordError for a run file that cannot be read, DomainError for an output that cannot be written,
    NoSpaceError, TestbedError when the typesetter fails or does not end.
    """
    from reports.core.pages import document

    run_path = Path(run_path)
    target = Path(out) if out is not None else run_path.with_suffix(".pdf")
    with RunFile.read(run_path) as run:
        _check_target(target, run_path)
        made = document(run, figures, chapters)
    data = json.dumps(made.data, ensure_ascii=False, sort_keys=True, allow_nan=False)
    write_whole(target, typeset({**made.figures, "data.json": data.encode()}, time_limit))
    return target


def typeset(files: Mapping[str, bytes], time_limit: float = TIME_LIMIT) -> bytes:
    """The PDF that the template makes of `data.json` and the figures.  Raises: TestbedError, NoSpaceError."""
    try:
        with tempfile.TemporaryDirectory(prefix="attnbounds-report-") as folder:
            root = Path(folder)
            (root / "template.typ").write_bytes(TEMPLATE.read_bytes())
            for name, content in files.items():
                (root / name).write_bytes(content)
            _compile(root, time_limit)
            return (root / "report.pdf").read_bytes()
    except OSError as error:
        raise _as_ours(error, Path(tempfile.gettempdir())) from error


def _compile(root: Path, time_limit: float) -> None:
    command = [sys.executable, "-c", _CHILD, str(root)]
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=time_limit,
            check=False,
            env=environment,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        raise TestbedError(
            f"report: the typesetter must end within {time_limit:g} s, got no end; the old report, if any, is kept"
        ) from None
    if done.returncode != 0:
        lines = [line for line in done.stderr.strip().splitlines() if line.strip()]
        raise TestbedError(f"report: the typesetter failed: {lines[-1] if lines else f'exit code {done.returncode}'}")


def _check_target(target: Path, run_path: Path) -> None:
    def refuse(rule: str, cure: str) -> DomainError:
        return DomainError(
            where="report", name="out", meaning="the PDF to write", rule=rule, value=str(target), cure=cure
        )

    if target.is_dir():
        raise refuse("be a file", f"got a folder; give a path such as {target / 'report.pdf'}")
    if target.exists() and target.samefile(run_path):
        raise refuse("differ from the run file", "name another with -o")
    if target.is_file() and target.stat().st_size and not _is_pdf(target):
        raise refuse("be new or a PDF", "the file there is of another kind and is kept; name another with -o")
    folder = target.parent
    if not folder.exists():
        raise refuse("lie in a folder that exists", f"make the folder {folder} or name another file with -o")
    if not folder.is_dir():
        raise refuse("lie in a folder", f"{folder} is a file; name another with -o")
    if not os.access(folder, os.W_OK):
        raise refuse("lie in a folder that can be written", f"{folder} is read-only; name another file with -o")


def _is_pdf(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return stream.read(5) == b"%PDF-"
    except OSError:
        return False


def write_whole(target: Path, content: bytes) -> None:
    """Write beside the target, then put it in place: a reader finds the old file or the new one, never half of one."""
    beside: str | None = None
    try:
        handle, beside = tempfile.mkstemp(prefix=f".{target.name[:40]}.", suffix=".new", dir=target.parent)
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(beside, 0o644)
        os.replace(beside, target)
        beside = None
    except OSError as error:
        raise _as_ours(error, target) from error
    finally:
        if beside is not None:
            Path(beside).unlink(missing_ok=True)


def _as_ours(error: OSError, place: Path) -> TestbedError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return NoSpaceError(f"report: the disk of {place} is full; free space and repeat the command")
    if isinstance(error, FileNotFoundError) and error.filename == str(TEMPLATE):
        return RecordError("report: the template is missing from the installation; install attnbounds again")
    return DomainError(
        where="report",
        name="out",
        meaning="the PDF to write",
        rule="be writable",
        value=str(place),
        cure=f"{error.strerror or error}; name another with -o",
    )
