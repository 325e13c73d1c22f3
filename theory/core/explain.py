"""A claim's whole story as text, and the state of the environment."""

from __future__ import annotations

import importlib.metadata
import sqlite3
import sys
from typing import Any

from theory.core.card import claim_card
from theory.core.claim import PROFILES, Claim
from theory.core.registry import GROUPS, Registry, entries

EVIDENCE_WORDS = {
    "exact": "computed exactly; the value is the truth",
    "estimate": "estimated; the truth lies within the noise",
    "witness_above": "an example: the truth is at most the value found, so a failure to train shows nothing",
    "witness_below": "an example: the truth is at least the value found, so a failure to train shows nothing",
}


def explanation(claim: Claim, registry: Registry) -> dict[str, Any]:
    """The claim's card with statements, proof steps and grid sizes, and all of it as `text`."""
    sizes = {name: len(claim.wanted(name)) for name in PROFILES if name in claim.profiles}
    card = claim_card(claim, next(iter(claim.profiles), "smoke"), None) if claim.profiles else {"clauses": []}
    lines = [claim.id, claim.says, ""]
    for role, names in (("bears on", claim.about), ("contradicts", claim.against)):
        for name in names:
            one = registry.statements.get(name)
            if one is not None:
                lines += [f"{role} {name}: {one.says}", f"    source: {one.source}"]
                lines += [f"    corrected: {one.corrected}"] if one.corrected else []
    for clause in card["clauses"]:
        lines += _clause_lines(clause)
    steps = _proof_steps(claim, registry)
    lines += (
        ["", "proof steps about it:"] + [f"    {step}" for step in steps]
        if steps
        else ["", "no proof step is about it"]
    )
    lines += ["settings to measure: " + ", ".join(f"{name} {n}" for name, n in sizes.items())]
    lines += [f"what the verdict does not show: {claim.limits}"] if claim.limits else []
    return {**card, "sizes": sizes, "steps": steps, "text": "\n".join(lines)}


def _clause_lines(clause: dict[str, Any]) -> list[str]:
    observable = clause["observable"]
    lines = ["", f"clause {clause['label']} ({clause['kind']})"]
    if clause["formula"]["name"]:
        lines += [f"    formula {clause['formula']['name']}: {clause['formula']['text']}"]
        lines += [f"        {clause['formula']['latex']}"] if clause["formula"]["latex"] else []
        lines += [f"    source: {clause['source']['text']}"]
        lines += [f"    {p['name']}: {p['meaning']}; must {p['rule']}" for p in clause["parameters"]]
        lines += [f"    hypothesis: {one}" for one in clause["hypotheses"]]
    lines += [
        f"    measured: {observable['name']} {observable['unit']}".rstrip()
        + f"; {EVIDENCE_WORDS[observable['evidence']]}"
    ]
    lines += [f"    rule: {clause['relation']}", f"    control that must fail: {clause['control']}"]
    return lines


def _proof_steps(claim: Claim, registry: Registry) -> list[str]:
    wanted = {*claim.about, *claim.against}
    return [
        f"{derivation.id}/{step.id}: {step.says}"
        for derivation in registry.derivations.values()
        for step in derivation.steps
        if wanted & set(step.about) or derivation.id == claim.derivation
    ]


PURPOSES = {
    "numpy": "arrays",
    "scipy": "distributions and linear programs",
    "sympy": "formulas as algebra",
    "torch": "training",
    "matplotlib": "figures",
    "python-flint": "rigorous enclosures",
    "typer": "the command line",
    "rich": "tables and progress",
    "typst": "PDF reports",
    "pyarrow": "optional: export to parquet",
    "ray": "optional: clusters",
    "jax": "optional: one more contestant in bench",
}


def environment() -> list[dict[str, str]]:
    """One row a part of the environment: part, state, purpose."""
    rows = [{"part": "python", "state": sys.version.split()[0], "purpose": "3.11 or newer"}]
    sqlite = "" if sqlite3.sqlite_version_info >= (3, 37) else " (too old: 3.37 is needed)"
    rows.append({"part": "sqlite", "state": sqlite3.sqlite_version + sqlite, "purpose": "run files"})
    for name, purpose in PURPOSES.items():
        try:
            state = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            state = "not installed"
        rows.append({"part": name, "state": state, "purpose": purpose})
    for group in GROUPS:
        names = ", ".join(f"{one.name} ({one.distribution})" for one in entries(group))
        rows.append({"part": f"plug-ins: {group}", "state": names or "none", "purpose": "what the command line knows"})
    return rows
