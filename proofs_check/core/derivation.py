"""Derivations: ordered steps of a proof, each repeated by a method and set against a control that it must refute.

Recipe: `Step(id="P5", about=(...), says="...", method="identity", run=lambda: vanishes(...), control=Control(says, run))`.
A step whose role is "refutes" proves that a statement is false as printed; that is a success of the check.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from theory.core.errors import ContractError, Undecided

ROLES = ("supports", "refutes", "corrects", "vacuity")
METHODS = ("identity", "certify", "exhaust", "sample", "separate")


class Finding(Enum):
    """What a method found; the value is the word stored and printed."""

    PROVED = "proved"
    CERTIFIED = "certified"
    SUPPORTED = "supported"
    REFUTED = "refuted"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Result:
    """A finding with what it rests on: a counterexample for `REFUTED`, the error level for `SUPPORTED`."""

    finding: Finding
    detail: str = ""
    level: float | None = None
    counterexample: str | None = None

    @property
    def holds(self) -> bool:
        """True for proved, certified and supported."""
        return self.finding in (Finding.PROVED, Finding.CERTIFIED, Finding.SUPPORTED)

    @property
    def words(self) -> str:
        """The finding as printed: "supported at level 0.001" carries its level."""
        return (
            f"{self.finding.value} at level {self.level:g}"
            if self.level is not None and self.holds
            else self.finding.value
        )


@dataclass(frozen=True)
class Control:
    """The same procedure on a wrong version of the step; it must come out refuted."""

    says: str
    run: Callable[[], Result]


@dataclass(frozen=True)
class Step:
    """One step of a proof.

    Args:
        about: ids of the statements it bears on.
        role: "supports" (proves the statement or a part of it), "refutes" (proves it false as printed), "corrects" (proves
            the corrected form), "vacuity" (proves that it says nothing in a stated range).
    """

    id: str
    about: tuple[str, ...]
    says: str
    method: str
    run: Callable[[], Result]
    control: Control
    role: str = "supports"

    def __post_init__(self) -> None:
        faults = []
        if self.role not in ROLES:
            faults.append((self.id, f"role must be one of {', '.join(ROLES)}, got {self.role!r}"))
        if self.method not in METHODS:
            faults.append((self.id, f"method must be one of {', '.join(METHODS)}, got {self.method!r}"))
        if not isinstance(self.about, tuple) or not self.about:
            faults.append((self.id, f"about must be a tuple of statement ids, got {self.about!r}"))
        if faults:
            raise ContractError(tuple(faults))


@dataclass(frozen=True)
class Derivation:
    """Steps of one paper's proofs, in order."""

    id: str
    paper: str
    says: str
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        counts = Counter(step.id for step in self.steps)
        twice = [name for name, count in counts.items() if count > 1]
        if twice:
            raise ContractError(tuple((f"{self.id}/{name}", "must be the id of one step only") for name in twice))


def _found(run: Callable[[], Result]) -> Result:
    """What a method found; one that gives up with `Undecided` says why."""
    try:
        return run()
    except Undecided as reason:
        return Result(Finding.UNDECIDED, str(reason))


def check(derivations: Iterable[Derivation]) -> dict[str, dict[str, Any]]:
    """Run all steps and their controls; returns step id -> finding as a JSON-able mapping."""
    found: dict[str, dict[str, Any]] = {}
    for derivation in derivations:
        for step in derivation.steps:
            started = time.perf_counter()
            result, control = _found(step.run), _found(step.control.run)
            found[f"{derivation.id}/{step.id}"] = {
                "derivation": derivation.id,
                "paper": derivation.paper,
                "step": step.id,
                "about": list(step.about),
                "role": step.role,
                "says": step.says,
                "method": step.method,
                "finding": result.words,
                "detail": result.detail,
                "control": {
                    "says": step.control.says,
                    "rejected": control.finding is Finding.REFUTED,
                    "detail": control.detail,
                    "finding": control.words,
                },
                "seconds": round(time.perf_counter() - started, 3),
            }
    return found


def has_failed(finding: dict[str, Any]) -> bool:
    """True when a step is refuted or its control was not."""
    return finding["finding"] == Finding.REFUTED.value or not finding["control"]["rejected"]
