"""Where papers, plug-ins and verbs are found: entry points, and nothing else.

In a checkout the tables `[project.entry-points]` of the `pyproject.toml` beside the running `theory` package count;
installed elsewhere, our entries come from the installed metadata.  Other distributions add plug-ins in both cases.
Beside a checkout the entries of an installed attnbounds are ignored, so an old installation cannot shadow it.
A plug-in that cannot be loaded is named in `warnings` and skipped; two items with one id are an error.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from theory.core.claim import Claim, Statement
from theory.core.errors import DomainError, PluginError

DISTRIBUTION = "attnbounds"
GROUPS = ("verbs", "theory", "proofs", "empirics", "pages")


@dataclass(frozen=True)
class Entry:
    """One entry point: its name, the module it names, and the distribution it came with."""

    name: str
    module: str
    distribution: str


def checkout() -> Path | None:
    """The folder of the checkout that the running `theory` package lies in, or None for an installed one."""
    folder = Path(__file__).resolve().parents[2]
    file = folder / "pyproject.toml"
    if not file.is_file():
        return None
    with file.open("rb") as stream:
        return folder if tomllib.load(stream).get("project", {}).get("name") == DISTRIBUTION else None


def entries(group: str) -> list[Entry]:
    """The entry points of one group (see GROUPS), ours first, then by distribution and name."""
    full, found = f"attnbounds.{group}", []
    folder = checkout()
    if folder is not None:
        with (folder / "pyproject.toml").open("rb") as stream:
            table = tomllib.load(stream)["project"].get("entry-points", {}).get(full, {})
        found = [Entry(name, module, DISTRIBUTION) for name, module in table.items()]
    foreign: dict[tuple[str, str], Entry] = {}
    for one in importlib.metadata.entry_points(group=full):
        owner = one.dist.name if one.dist is not None else ""
        if owner != DISTRIBUTION or folder is None:
            foreign[owner, one.name] = Entry(one.name, one.value, owner)
    ours = [one for one in foreign.values() if one.distribution == DISTRIBUTION]
    others = [foreign[name] for name in sorted(foreign) if foreign[name].distribution != DISTRIBUTION]
    return [*found, *ours, *others]


@dataclass
class Registry:
    """All items that are known; the properties load on first use."""

    warnings: list[str] = field(default_factory=list)

    @classmethod
    def load(cls) -> Registry:
        """A registry; nothing is imported yet."""
        return cls()

    def modules(self, group: str) -> list[tuple[Entry, ModuleType]]:
        """The modules of a group that can be imported; the others are named in `warnings`."""
        found = []
        for entry in entries(group):
            try:
                found.append((entry, importlib.import_module(entry.module)))
            except Exception as error:  # the plug-in door: whatever a stranger's module raises is reported by name
                cause = f"{type(error).__name__}: {error}".splitlines()[0]
                text = f"{group} plug-in '{entry.name}' ({entry.module}, from {entry.distribution}) is skipped: {cause}"
                if text not in self.warnings:
                    self.warnings.append(text)
        return found

    def _collect(self, group: str, attribute: str, identity: Callable[[Any], str]) -> dict[str, Any]:
        found: dict[str, tuple[Any, str]] = {}
        for entry, module in self.modules(group):
            for one in getattr(module, attribute, ()):
                name = identity(one)
                if name in found:
                    raise PluginError(
                        f"registry: '{name}' is given by both {found[name][1]} and {entry.module}; an id must be unique"
                    )
                found[name] = (one, entry.module)
        return {name: item for name, (item, _) in found.items()}

    @cached_property
    def claims(self) -> dict[str, Claim]:
        """Claim id -> claim."""
        return self._collect("theory", "CLAIMS", lambda one: str(one.id))

    @cached_property
    def statements(self) -> dict[str, Statement]:
        """Statement id -> statement."""
        return self._collect("theory", "STATEMENTS", lambda one: str(one.id))

    @cached_property
    def derivations(self) -> dict[str, Any]:
        """Derivation id -> derivation."""
        return self._collect("proofs", "DERIVATIONS", lambda one: str(one.id))

    @cached_property
    def _experiments(self) -> dict[str, Any]:
        return self._collect("empirics", "EXPERIMENTS", lambda one: str(one.id))

    def experiments(self) -> dict[str, Any]:
        """Experiment id -> experiment; imports torch."""
        return self._experiments

    @cached_property
    def pages(self) -> dict[str, Any]:
        """Claim id -> figure function, where the default figure is not enough."""
        found: dict[str, Any] = {}
        for _, module in self.modules("pages"):
            found |= dict(getattr(module, "PAGES", {}))
        return found

    @cached_property
    def chapters(self) -> dict[str, tuple[str, tuple[str, ...]]]:
        """Paper -> (its title, paragraphs that a report puts in front of its claims)."""
        return {
            entry.name: (str(getattr(module, "TITLE", entry.name)), tuple(getattr(module, "LEAD", ())))
            for entry, module in self.modules("pages")
        }

    @property
    def papers(self) -> list[str]:
        """Short names of all papers, in the order of their entries."""
        return list(
            dict.fromkeys([*(c.paper for c in self.claims.values()), *(s.paper for s in self.statements.values())])
        )

    def choose(self, names: Iterable[str] = (), papers: Iterable[str] = ()) -> list[Claim]:
        """Claims by id and by paper; all when nothing is named.  Raises: DomainError for a name that is not known."""
        names, papers = list(names), list(papers)
        for name in names:
            unknown(name, self.claims, what="claim")
        for name in papers:
            unknown(name, self.papers, what="paper")
        if not names and not papers:
            return list(self.claims.values())
        return [one for one in self.claims.values() if one.id in names or one.paper in papers]


def unknown(name: str, known: Iterable[str], *, what: str) -> None:
    """Raise DomainError when `name` is not known, with the nearest names."""
    import difflib

    known = list(known)
    if name in known:
        return
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
    cure = f"did you mean {', '.join(near)}?" if near else "`attnbounds list` names them all"
    raise DomainError(where="attnbounds", name=what, rule="be a known name", value=name, cure=cure)
