"""The verb of this floor: `check`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer


def check(
    papers: Annotated[list[str] | None, typer.Argument(help="Papers; all when none is named.")] = None,
    run: Annotated[Path | None, typer.Option(help="Write the findings and the standings into this run file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print only failures and the counts.")] = False,
) -> None:
    """Check the contract of every claim, then every proof step and the control that it must refute."""
    from proofs_check.core.derivation import has_failed

    faults, found, warnings = check_papers(papers or (), run=run)
    for text in warnings:
        typer.echo(f"warning: {text}", err=True)
    if as_json:
        typer.echo(json.dumps({"faults": faults, "findings": list(found.values())}))
    else:
        _print(faults, {name: one for name, one in found.items() if not quiet or has_failed(one)}, len(found))
    if faults:
        raise typer.Exit(2)
    if any(has_failed(one) for one in found.values()):
        raise typer.Exit(1)


def check_papers(
    papers: Any = (), *, run: Path | None = None
) -> tuple[list[tuple[str, str]], dict[str, dict[str, Any]], list[str]]:
    """(contract faults, findings by step, warnings) of the papers named, all when none is; findings go into the run."""
    from proofs_check.core.derivation import check as check_steps
    from theory.core.contract import faults
    from theory.core.judge_run import write_standings
    from theory.core.record import RunFile
    from theory.core.registry import Registry, unknown

    registry = Registry.load()
    known = [*registry.papers, *(one.paper for one in registry.derivations.values())]
    for name in papers:
        unknown(name, known, what="paper")
    broken = [
        fault
        for claim in registry.claims.values()
        if not papers or claim.paper in papers
        for fault in faults(claim, registry.statements)
    ]
    broken += _derivation_faults(registry, papers)
    found = check_steps(one for one in registry.derivations.values() if not papers or one.paper in papers)
    if run is not None:
        with RunFile.create(run) as file:
            file.put("findings", found)
            write_standings(file, registry)
    return broken, found, registry.warnings


def _derivation_faults(registry: Any, papers: Any) -> list[tuple[str, str]]:
    """Names that lead nowhere: a claim's derivation, or a statement that a step is about."""
    found = [
        (f"{claim.id}: derivation {claim.derivation!r}", "is not among the derivations")
        for claim in registry.claims.values()
        if claim.derivation and claim.derivation not in registry.derivations and (not papers or claim.paper in papers)
    ]
    return found + [
        (f"{one.id}/{step.id}: statement {name!r}", "is not among the statements")
        for one in registry.derivations.values()
        for step in one.steps
        for name in step.about
        if name not in registry.statements and (not papers or one.paper in papers)
    ]


def _print(faults: list[tuple[str, str]], found: dict[str, dict[str, Any]], n_steps: int) -> None:
    import sys

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    for what, why in faults:
        typer.echo(f"contract: {what}: {why}")
    table = Table("step", "says", "finding", "control")
    for name, one in found.items():
        control = "rejected" if one["control"]["rejected"] else "NOT REJECTED"
        words = _WORDS.get(one["role"], "{}").format(one["finding"])
        table.add_row(*(Text(cell) for cell in (name, one["says"], words, control)))
    if found:
        Console(width=None if sys.stdout.isatty() else 160).print(table)
    typer.echo(f"{n_steps} proof steps, {len(faults)} contract faults")


_WORDS = {
    "refutes": "as printed: refuted ({})",
    "corrects": "corrected form: {}",
    "vacuity": "vacuous in the range: {}",
}

VERBS = (check,)
