"""Run files made up for reports: any number of claims, every relation, every outcome, hostile names."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from theory.core.record import Record, RunFile

HOSTILE = "#let $x$ *b* _i_ <b> \\alpha @ref `q` // [c] {d} ~ & % ^"
OUTCOMES = ("confirmed", "consistent", "vacuous", "violated", "inconclusive", "outside")
LAUNCH = {
    "started": "2030-01-01T00:00:00+00:00",
    "commit": "0123456789abcdef",
    "dirty": False,
    "sources": "ab" * 32,
    "versions": {"python": "3.11", "numpy": "2.0"},
    "device": "CPU, 1 core",
    "precision": "float64",
    "threads": 1,
    "profile": "smoke",
    "command": "attnbounds sweep --profile smoke",
    "corpus": None,
}


def cell(
    coordinates: dict[str, Any], outcome: str = "consistent", value: float | None = 1.0, **changed: Any
) -> dict[str, Any]:
    """A judged cell as a verdict stores it."""
    known = value is not None and outcome not in ("vacuous", "outside", "missing")
    body = {
        "cell": coordinates,
        "outcome": outcome,
        "value": value if known else None,
        "low": value * 0.9 if known else None,
        "high": value * 1.1 if known else None,
        "bound": None if value is None else value * 0.8,
        "bound_high": None,
        "slack": None,
        "detail": "a reason",
        "n_seeds": 16,
        "n_diverged": 0,
    }
    return {**body, **changed}


def clause(
    form: str = "AtLeast", *, cells: list[dict[str, Any]] | None = None, x: str | None = "n", **changed: Any
) -> dict[str, Any]:
    """A judged clause with a control that is rejected everywhere."""
    if cells is None:
        cells = [cell({"n": n, "d": 8}, value=1 / n) for n in (2, 4, 8, 16)]
    control = [
        {**one, "outcome": "violated", "value": one["value"] or 0.1, "bound": 1.5 * (one["bound"] or 0.1)}
        for one in cells
    ]
    body = {
        "label": "main",
        "kind": "law",
        "form": form,
        "relation": "measured at least bound",
        "outcome": "consistent",
        "observable": {
            "name": "kept_weight",
            "unit": "",
            "low": 0,
            "high": 1,
            "evidence": "estimate",
            "noise": "bounded",
            "resolution": 0,
        },
        "x": x,
        "x_log": False,
        "y_log": False,
        "lines": [],
        "cells": cells,
        "points": [],
        "level": None,
        "control": {"says": "half of the competitors", "cells": control, "points": []},
        "curves": [],
    }
    return {**body, **changed}


def verdict(
    name: str,
    clauses: list[dict[str, Any]],
    *,
    outcome: str = "consistent",
    ok: bool = True,
    says: str = "A bound holds.",
) -> dict[str, Any]:
    """A verdict over clauses."""
    found = [one["outcome"] for part in clauses for one in part["cells"]]
    judged = sum(one not in ("vacuous", "outside", "missing") for one in found)
    return {
        "claim": name,
        "paper": name.split("/")[0],
        "says": says,
        "outcome": outcome,
        "sentence": f"{outcome}, on {judged} settings",
        "slack": 1.5,
        "counts": {one: found.count(one) for one in sorted(set(found))},
        "judged": judged,
        "level": 0.0005 / max(judged, 1),
        "control": {"rejected": judged if ok else 0, "judged": judged, "ok": ok, "says": "half of the competitors"},
        "clauses": clauses,
    }


def card(
    one: dict[str, Any], *, latex: str = r"\frac{1}{1 + \left(n - 1\right) e^{- gap}}", limits: str = "One step only."
) -> dict[str, Any]:
    """The card of a verdict's claim."""
    source = {"paper": "0000.00000", "where": "Lemma 1", "version": "v2", "provenance": "paper"}
    return {
        "id": one["claim"],
        "paper": one["paper"],
        "says": one["says"],
        "about": ["paper/lemma-1"],
        "against": [],
        "profile": "smoke",
        "experiment": "paper/adversary",
        "limits": limits,
        "derivation": None,
        "n_cells": 4,
        "n_lanes": 64,
        "switches": {"noise": "hint"},
        "clauses": [
            {
                "label": part["label"],
                "kind": part["kind"],
                "says": "bound",
                "source": source,
                "hypotheses": ["n is at least 2"],
                "formula": {
                    "name": "kept_weight",
                    "latex": latex,
                    "text": "Least weight kept.",
                    "doc": "Least weight kept.",
                },
                "observable": part["observable"],
                "relation": part["relation"],
                "control": "half",
            }
            for part in one["clauses"]
        ],
    }


def fill(run: RunFile, verdicts: list[dict[str, Any]], **cards: Any) -> None:
    """Launch, records, verdicts, cards and one statement."""
    launch = run.add_launch(LAUNCH)
    run.add_records(
        [
            Record("paper/adversary", 1, {"n": n}, {}, seed, {"weight": 1 / n}, cost=0.5)
            for n in (2, 4)
            for seed in (0, 1)
        ],
        launch=launch,
    )
    run.put(
        "experiments",
        {"paper/adversary": {"id": "paper/adversary", "version": 1, "axes": ["n"], "switches": {}, "inner": []}},
    )
    run.put("verdicts", {one["claim"]: one for one in verdicts})
    run.put("claims", {one["claim"]: card(one, **cards) for one in verdicts})
    source = {"paper": "0000.00000", "where": "Lemma 1", "version": "v2", "provenance": "secondary"}
    run.put(
        "statements",
        {
            "paper/lemma-1": {
                "id": "paper/lemma-1",
                "paper": "paper",
                "says": "Lemma.",
                "source": source,
                "corrected": None,
            }
        },
    )


def every_relation() -> list[dict[str, Any]]:
    """One clause of each kind of figure."""
    ns = (4, 8, 16, 32, 64, 128)
    raw = [cell({"n": n, "d": d}, value=1 / (1 + math.exp(d - n / 8))) for d in (2, 4, 6) for n in ns]
    slope = [cell({"t": 1}, value=0.02, low=-0.05, high=0.08, bound=0)]
    laws = [
        cell({"n": n, "d": d, "variant": v}, OUTCOMES[(i + d) % 6], d / n)
        for d in (2, 4)
        for v in "abcd"
        for i, n in enumerate(ns)
    ]
    open_ends = [cell({"n": n, "d": 8}, value=1 / n, low=None) for n in ns[:3]] + [
        cell({"n": n, "d": 8}, value=1 / n, high=None) for n in ns[3:]
    ]
    return [
        clause("AtLeast", cells=open_ends, label="open ends", x_log=True, y_log=True),
        clause("AtMost", cells=laws, label="two ideas", x_log=True, lines=["d", "variant"]),
        clause(
            "Equals",
            cells=[cell({"variant": v, "d": 8}, OUTCOMES[i]) for i, v in enumerate("abcdef")],
            x=None,
            label="no axis",
        ),
        clause("Exceeds", cells=[cell({"n": n}, value=0.1 * n, low=-0.1, bound=0) for n in ns], label="difference"),
        clause("ScalesAs", cells=slope, points=raw, level=0.5, label="slope of a crossing"),
        clause(
            "ScalesAs",
            cells=slope,
            points=[cell({"n": n, "d": d}, value=float(n * d)) for n in ns for d in (2, 4)],
            label="slope",
        ),
        clause(
            "Crosses", cells=[cell({"d": d}, value=8.0 * d) for d in (2, 4, 6)], points=raw, level=0.5, label="crossing"
        ),
        clause("AtLeast", cells=[], label="empty"),
    ]


@pytest.fixture
def new_run(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Makes a run file: `new_run(verdicts, name=..., also=function of the open run)`."""

    def make(
        verdicts: list[dict[str, Any]] | None = None,
        *,
        name: str = "made",
        also: Callable[[RunFile], None] | None = None,
        **cards: Any,
    ) -> Path:
        path = tmp_path / f"{name}.sqlite"
        with RunFile.create(path) as run:
            if verdicts is not None:
                fill(run, verdicts, **cards)
            if also is not None:
                also(run)
        return path

    yield make
