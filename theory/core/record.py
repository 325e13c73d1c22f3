"""The run file: one SQLite file that holds what was measured, each finished lane exactly once, hashed.

A `Record` is what one lane (one cell with one seed) gave.  A `RunFile` keeps records, exhibits, launches and the
tables that are derived from them.  One coordinator writes; a second one is refused by a lock on `<run>.lock`, which
the kernel frees with the process.  Recipe: `with RunFile.create(path) as run: run.add_records(records, launch=n)`.

The promise: a record reported as finished is in the file, verified by its hash, exactly once, after any crash of the
process or the machine.  Hence a rollback journal (a run is one file), `synchronous=EXTRA` and one transaction a chunk.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import math
import os
import re
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from theory.core.errors import DamagedError, NoSpaceError, RecordError

APPLICATION_ID = 0x41744264  # "AtBd"
SCHEMA_VERSION = 1
DERIVED = ("experiments", "claims", "statements", "skipped", "predictions", "findings", "verdicts", "standings")
_MAGIC = b"SQLite format 3\x00"
_SCHEMA = """
CREATE TABLE launches (id INTEGER PRIMARY KEY, body TEXT NOT NULL, sha TEXT NOT NULL) STRICT;
CREATE TABLE records (key TEXT PRIMARY KEY, launch INTEGER NOT NULL, body TEXT NOT NULL, sha TEXT NOT NULL) STRICT;
CREATE TABLE exhibits (key TEXT PRIMARY KEY, launch INTEGER NOT NULL, body TEXT NOT NULL, sha TEXT NOT NULL) STRICT;
CREATE TABLE packed (key TEXT PRIMARY KEY, body BLOB NOT NULL, sha TEXT NOT NULL) STRICT;
CREATE TABLE derived (kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, sha TEXT NOT NULL,
                      PRIMARY KEY (kind, id)) STRICT;
"""
# table: (columns that identify a row, columns that the row's hash covers)
_TABLES = {
    "launches": ("id", "id, body"),
    "records": ("key", "key, launch, body"),
    "exhibits": ("key", "key, launch, body"),
    "packed": ("key", "key, body"),
    "derived": ("kind, id", "kind, id, body"),
}


def _plain(value: Any) -> Any:
    """The value with whole floats as integers and tuples as lists, so that 2 and 2.0 name the same cell."""
    if isinstance(value, bool | str | int) or value is None:
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise RecordError(f"record: a value must be finite to be stored, got {value!r}; store a status instead")
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if hasattr(value, "item"):  # a numpy scalar
        return _plain(value.item())
    raise RecordError(f"record: a {type(value).__name__} cannot be stored as text; use numbers, text, lists, mappings")


def canonical(value: Any) -> str:
    """One text for one value: sorted keys, no spaces, whole floats as integers.

    Raises: RecordError for a value that is not finite or not made of numbers, text, lists and mappings.

    Examples:
    >>> canonical({"n": 2.0, "d": 16})
    '{"d":16,"n":2}'
    """
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)


def digest(*fields: Any) -> str:
    """SHA-256 (hex) of fields, each with its length, so that no two lists of fields share a text."""
    total = hashlib.sha256()
    for one in fields:
        data = one if isinstance(one, bytes) else str(one).encode("utf-8", "surrogatepass")
        total.update(len(data).to_bytes(8, "big"))
        total.update(data)
    return total.hexdigest()


def _refuse_constant(text: str) -> Any:
    raise ValueError(f"{text} is not a value")


def _parse(text: str) -> Any:
    return json.loads(text, parse_constant=_refuse_constant)


@dataclass(frozen=True)
class Record:
    """What one lane gave.

    Args:
        cell: coordinates of the lane, without inner axes and without switches at their default.
        inner: inner axis -> the values that this lane measured at once, in the order of the experiment.
        values: observable -> nested list over the inner axes, or a mapping of three such lists (count, mean,
            variance) where the lane measured one number per test item.
        status: "ok", "diverged" or "failed"; the last two carry a reason and no values.
        cost: seconds spent on this lane.
    """

    experiment: str
    version: int
    cell: Mapping[str, Any]
    inner: Mapping[str, Sequence[Any]]
    seed: int
    values: Mapping[str, Any]
    status: str = "ok"
    reason: str = ""
    cost: float = 0.0

    @property
    def key(self) -> str:
        """SHA-256 of what identifies the lane."""
        return digest(self.experiment, self.version, canonical(self.cell), canonical(self.inner), self.seed)

    def body(self) -> dict[str, Any]:
        """The record as a JSON-able mapping."""
        return {
            "experiment": self.experiment,
            "version": self.version,
            "cell": dict(self.cell),
            "inner": {name: list(values) for name, values in self.inner.items()},
            "seed": self.seed,
            "values": dict(self.values),
            "status": self.status,
            "reason": self.reason,
            "cost": self.cost,
        }


@dataclass(frozen=True)
class Exhibit:
    """An array or text that a page shows and no clause judges; kept for the first seed of a cell."""

    experiment: str
    version: int
    cell: Mapping[str, Any]
    name: str
    body: Any

    @property
    def key(self) -> str:
        """SHA-256 of what identifies the exhibit."""
        return digest(self.experiment, self.version, canonical(self.cell), self.name)


@dataclass
class RunFile:
    """An open run file; use `RunFile.create` or `RunFile.read` in a `with` statement."""

    path: Path
    database: sqlite3.Connection
    writable: bool
    lock: IO[str] | None = field(default=None, repr=False)

    # ------------------------------------------------------------------ opening
    @classmethod
    def create(cls, path: str | os.PathLike[str]) -> RunFile:
        """Open `path` for writing; make it (and its folder) where it is absent.

        Raises: RecordError for a foreign, newer or empty file, a folder, a read-only place, or a second writer;
            DamagedError for a damaged file; NoSpaceError when the disk is full.
        """
        path = Path(path)
        with _translated(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists():
                _refuse_foreign(path)
            lock = _take_lock(path)
            try:
                if not path.exists():
                    _lay_out(path)
                return cls(path, _connect(path), True, lock)
            except BaseException:
                lock.close()
                raise

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> RunFile:
        """Open an existing run file for reading only.  Raises: RecordError, DamagedError as `create`."""
        path = Path(path)
        with _translated(path):
            if not path.exists():
                raise RecordError(f"run file {path}: no such file; `attnbounds sweep --run {path}` makes one")
            _refuse_foreign(path)
            _roll_back_after_crash(path)
            database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
            _check_identity(path, database)
            return cls(path, database, False)

    def close(self) -> None:
        """Close the file and free the lock."""
        self.database.close()
        if self.lock is not None:
            self.lock.close()
            self.lock = None

    def __enter__(self) -> RunFile:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # ------------------------------------------------------------------ what was measured
    def add_launch(self, body: Mapping[str, Any]) -> int:
        """Store how a start of the program was made; returns its number."""
        with self._writing():
            number = int(self.database.execute("SELECT coalesce(max(id), 0) + 1 FROM launches").fetchone()[0])
            self._insert("launches", (number, canonical(body)))
        return number

    def launches(self) -> list[dict[str, Any]]:
        """All launches, first to last."""
        return [_parse(body) for _, body in self._rows("launches", "ORDER BY id")]

    def last_corpus(self) -> str | None:
        """SHA-256 of the input file of the last start; None where it read none."""
        last = next((one.get("corpus") for one in reversed(self.launches())), None)
        return str(last["sha256"]) if last else None

    def add_records(self, records: Iterable[Record], *, launch: int, exhibits: Iterable[Exhibit] = ()) -> int:
        """Store records and exhibits in one transaction; those already there are left alone.  Returns how many are new."""
        with self._writing():
            added = 0
            for one in records:
                # a lane that failed once is replaced when it succeeds; anything else stays as it was first stored
                self.database.execute(
                    'DELETE FROM records WHERE key = ? AND body LIKE \'%"status":"failed"%\'', (one.key,)
                )
                added += self._insert("records", (one.key, launch, canonical(one.body())), "OR IGNORE")
            for shown in exhibits:
                body = {
                    "experiment": shown.experiment,
                    "version": shown.version,
                    "cell": dict(shown.cell),
                    "name": shown.name,
                    "body": shown.body,
                }
                self._insert("exhibits", (shown.key, launch, canonical(body)), "OR IGNORE")
        return added

    def records(self, experiment: str | None = None) -> Iterator[Record]:
        """All records, or those of one experiment; each row's hash is checked.  Raises: DamagedError."""
        for _, _, body in self._rows("records", "ORDER BY key", about=experiment):
            fields = _parse(body)
            if experiment is None or fields["experiment"] == experiment:
                yield Record(**fields)
        for _, blob in self._rows("packed", "ORDER BY key"):
            for fields in _parse(zlib.decompress(blob).decode()):
                if experiment is None or fields["experiment"] == experiment:
                    yield Record(**fields)

    def n_records(self) -> int:
        """How many records the file holds."""
        plain = int(self.database.execute("SELECT count(*) FROM records").fetchone()[0])
        return plain + sum(len(_parse(zlib.decompress(blob).decode())) for _, blob in self._rows("packed", ""))

    def failures(self) -> list[Record]:
        """Records of lanes that diverged or failed, in the order of their keys."""
        plain = self._rows("records", 'WHERE body NOT LIKE \'%"status":"ok"%\' ORDER BY key')
        found = [Record(**_parse(body)) for _, _, body in plain]
        packed = (_parse(zlib.decompress(blob).decode()) for _, blob in self._rows("packed", "ORDER BY key"))
        found += [Record(**one) for rows in packed for one in rows]
        return [one for one in found if one.status != "ok"]

    def exhibits(self, experiment: str | None = None) -> list[Exhibit]:
        """All exhibits, or those of one experiment; those of the last start's input file first."""
        found = [Exhibit(**_parse(body)) for _, _, body in self._rows("exhibits", "ORDER BY key", about=experiment)]
        sha = self.last_corpus()
        kept = [one for one in found if experiment is None or one.experiment == experiment]
        return sorted(kept, key=lambda one: one.cell.get("corpus") != sha)

    def add_packed(self, cells: Mapping[str, Sequence[Record]]) -> None:
        """Store records with one compressed row a cell: the compact form of a finished run."""
        with self._writing():
            for key, records in cells.items():
                text = canonical([one.body() for one in records])
                self._insert("packed", (key, zlib.compress(text.encode(), 9)), "OR REPLACE")

    # ------------------------------------------------------------------ what follows from it
    def put(self, table: str, items: Mapping[str, Any]) -> None:
        """Write derived items: id -> JSON-able body; an id already there is replaced."""
        with self._writing():
            for name, body in items.items():
                self._insert("derived", (_known(table), name, canonical(body)), "OR REPLACE")

    def clear(self, table: str) -> None:
        """Remove all items of a derived table."""
        with self._writing():
            self.database.execute("DELETE FROM derived WHERE kind = ?", (_known(table),))

    def get(self, table: str) -> dict[str, Any]:
        """All items of a derived table: id -> body, in the order of the ids."""
        clause = f"WHERE kind = '{_known(table)}' ORDER BY id"
        return {name: _parse(body) for _, name, body in self._rows("derived", clause)}

    # ------------------------------------------------------------------ inside
    def faults(self) -> list[str]:
        """What is wrong with the file: SQLite's own check, then each row's hash.  Empty when it is sound."""
        try:
            found = [str(row[0]) for row in self.database.execute("PRAGMA integrity_check") if row[0] != "ok"]
            for table, (identity, columns) in _TABLES.items():
                for *fields, sha in self.database.execute(f"SELECT {columns}, sha FROM {table}"):
                    if digest(*fields) != sha:
                        names = dict(zip(columns.split(", "), fields))
                        where = " ".join(str(names[one]) for one in identity.split(", "))
                        found.append(f"{table}: row {where} does not match its hash")
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            return [f"the file cannot be read to its end: {error}"]
        return found

    def _rows(self, table: str, clause: str, *, about: str | None = None) -> Iterator[tuple[Any, ...]]:
        """Rows whose hash is right; about: only those whose body names this experiment, and perhaps some others."""
        columns = _TABLES[table][1]
        named = "" if about is None else "WHERE instr(body, ?) > 0"
        with _translated(self.path):
            rows = self.database.execute(
                f"SELECT {columns}, sha FROM {table} {named} {clause}", () if about is None else (canonical(about),)
            ).fetchall()
        for *fields, sha in rows:
            if digest(*fields) != sha:
                raise DamagedError(
                    f"run file {self.path}: a row of {table} does not match its hash; "
                    f"`attnbounds verify {self.path}` names all such rows"
                )
            yield tuple(fields)

    def _insert(self, table: str, fields: tuple[Any, ...], conflict: str = "") -> int:
        """Insert a row with its hash; returns 1, or 0 where the row was there."""
        marks = ", ".join("?" * (len(fields) + 1))
        done = self.database.execute(f"INSERT {conflict} INTO {table} VALUES ({marks})", (*fields, digest(*fields)))
        return done.rowcount

    @contextmanager
    def _writing(self) -> Iterator[None]:
        if not self.writable:
            raise RecordError(f"run file {self.path}: it was opened for reading; open it with RunFile.create to write")
        with _translated(self.path), self.database:
            self.database.execute("BEGIN IMMEDIATE")
            yield


def _known(table: str) -> str:
    if table not in DERIVED:
        raise RecordError(f"run file: 'table' must be one of {', '.join(DERIVED)}, got {table!r}")
    return table


def _refuse_foreign(path: Path) -> None:
    if path.is_dir():
        raise RecordError(f"run file {path}: it must be a file, got a folder; give a path such as {path}/run.sqlite")
    with path.open("rb") as file:  # closed before SQLite opens it: closing later would drop SQLite's own lock
        start = file.read(len(_MAGIC))
    if not start:
        raise RecordError(
            f"run file {path}: it must be a run of attnbounds, got an empty file; delete it or name another"
        )
    if start != _MAGIC:
        raise RecordError(f"run file {path}: it must be a run of attnbounds, got a file of another kind; name another")


def _lay_out(path: Path) -> None:
    """Make the file beside its place and move it there whole: a crash leaves no run or an empty one, never half of one."""
    if sqlite3.sqlite_version_info < (3, 37):
        raise RecordError(f"run file {path}: SQLite must be 3.37 or newer, got {sqlite3.sqlite_version}; update Python")
    beside = path.with_name(path.name + ".new")
    beside.unlink(missing_ok=True)
    database = sqlite3.connect(beside, isolation_level=None)
    try:
        database.executescript(
            f"BEGIN; {_SCHEMA} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
        )
    finally:
        database.close()
    os.replace(beside, path)


def _connect(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None, timeout=10)
    try:
        database.execute("PRAGMA journal_mode = DELETE")
        database.execute("PRAGMA synchronous = EXTRA")
        _check_identity(path, database)
    except BaseException:
        database.close()
        raise
    return database


def _roll_back_after_crash(path: Path) -> None:
    """A writer that was killed leaves a journal, which a read-only connection may not roll back: do it here."""
    if not Path(f"{path}-journal").exists() or not os.access(path, os.W_OK):
        return
    try:
        lock = _take_lock(path)
    except RecordError:  # the writer lives, and the journal is its own
        return
    try:
        _connect(path).close()
    finally:
        lock.close()


def _check_identity(path: Path, database: sqlite3.Connection) -> None:
    application = database.execute("PRAGMA application_id").fetchone()[0]
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if application != APPLICATION_ID:
        database.close()
        raise RecordError(f"run file {path}: it must be a run of attnbounds, got a database of another program")
    if version > SCHEMA_VERSION:
        database.close()
        raise RecordError(
            f"run file {path}: its schema must be {SCHEMA_VERSION} or older, got {version}; update attnbounds"
        )


def _take_lock(path: Path) -> IO[str]:
    lock = open(f"{path}.lock", "a")  # noqa: SIM115 - held open as long as the run is
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise RecordError(
            f"run file {path}: another process is writing to it; wait for it or name another run"
        ) from None
    return lock


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """SQLite's and the system's errors as ours: one line, with the cure."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        text = str(error)
        if (isinstance(error, OSError) and error.errno == 28) or "full" in text:
            raise NoSpaceError(
                f"run file {path}: the disk is full; free space and repeat the command: what was committed is kept"
            ) from error
        if "readonly" in text or "unable to open" in text or isinstance(error, PermissionError):
            raise RecordError(
                f"run file {path}: its folder and file must be writable; name another with --run"
            ) from error
        if isinstance(error, OSError):
            raise RecordError(f"run file {path}: {error.strerror or text}; name another with --run") from error
        raise DamagedError(f"run file {path}: it is damaged ({text}); `attnbounds verify {path}` says where") from error


def cell_key(experiment: str, version: int, cell: Mapping[str, Any]) -> str:
    """One key for all seeds of a cell."""
    return digest(experiment, version, canonical(cell))


def compact(source: RunFile, target: RunFile, *, cell_of: Callable[[Record], str] | None = None) -> None:
    """Copy a run with one compressed row a cell in place of one row a lane, and no folder of the machine in its commands."""
    name = cell_of or (lambda one: cell_key(one.experiment, one.version, one.cell))
    cells: dict[str, list[Record]] = {}
    for one in source.records():
        cells.setdefault(name(one), []).append(one)
    target.add_packed(cells)
    for launch in source.launches():
        target.add_launch({**launch, "command": without_folders(str(launch.get("command", "")))})
    target.add_records((), launch=1, exhibits=source.exhibits())
    for table in DERIVED:
        target.put(table, source.get(table))


def without_folders(command: str) -> str:
    """A command line with every absolute path cut to its last name.

    Examples:
    >>> without_folders("attnbounds sweep --run /home/me/a.sqlite --corpus=/data/text.txt counting/x")
    'attnbounds sweep --run a.sqlite --corpus=text.txt counting/x'
    """
    return re.sub(r"(?<![^\s='\"])/(?:[^\s'\"]*/)?([^\s/'\"]+)", r"\1", command)
