"""The verbs of this floor: `list`, `explain`, `judge`, `verify`, `export`, `doctor`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from theory.core.claim import Claim
    from theory.core.judge import ClaimVerdict

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def _print_table(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """A table in a terminal; wide enough that a pipe loses nothing."""
    import sys

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console(width=None if sys.stdout.isatty() else 160).print(table)


def _warn(warnings: list[str]) -> None:
    for text in warnings:
        typer.echo(f"warning: {text}", err=True)


def list_claims(
    paper: Annotated[str | None, typer.Argument(help="Only this paper.")] = None,
    run: Annotated[Path | None, typer.Option(help="Show the outcomes that this run holds.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the claims with their source and, with --run, their outcome."""
    from theory.core.record import RunFile
    from theory.core.registry import Registry

    registry = Registry.load()
    chosen = registry.choose(papers=[paper] if paper else [])
    outcomes: dict[str, Any] = {}
    if run is not None:
        with RunFile.read(run) as file:
            outcomes = file.get("verdicts")
    rows = [
        {
            "id": one.id,
            "says": one.says,
            "source": _source(one),
            "outcome": outcomes.get(one.id, {}).get("sentence", "not judged"),
        }
        for one in chosen
    ]
    _warn(registry.warnings)
    if as_json:
        typer.echo(json.dumps(rows))
    else:
        _print_table(
            ("claim", "says", "source", "outcome"),
            [tuple(row[n] for n in ("id", "says", "source", "outcome")) for row in rows],
        )


list_claims.__name__ = "list"


def _source(claim: Claim) -> str:
    sources = dict.fromkeys(str(one.bound.source) for one in claim.clauses if one.bound is not None)
    return "; ".join(sources)


def explain(
    claim: Annotated[str, typer.Argument(help="Id of a claim, such as boolean/ranking-law.")], as_json: AsJson = False
) -> None:
    """Tell a claim's whole story: statement, formula, hypotheses, what is measured and what that cannot show."""
    from theory.core.explain import explanation
    from theory.core.registry import Registry, unknown

    registry = Registry.load()
    unknown(claim, registry.claims, what="claim")
    found = explanation(registry.claims[claim], registry)
    typer.echo(json.dumps(found) if as_json else found["text"])


def judge(
    run: Annotated[Path, typer.Argument(help="Run file.")],
    profile: Annotated[str | None, typer.Option(help="Grid to judge on; default: that of the last sweep.")] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit 1 if a claim is violated or a control is not rejected.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Judge a run: verdicts from its records, in seconds, without training."""
    from theory.core.judge_run import judge_run
    from theory.core.registry import Registry

    registry = Registry.load()
    verdicts = judge_run(run, profile=profile, registry=registry)
    _warn(registry.warnings)
    rows = [_verdict_row(name, one) for name, one in verdicts.items()]
    if as_json:
        typer.echo(json.dumps(rows))
    else:
        _print_table(
            ("claim", "verdict", "control rejected on"), [(r["claim"], r["sentence"], r["control"]) for r in rows]
        )
    if strict and any(r["outcome"] == "violated" or not r["control_ok"] for r in rows):
        raise typer.Exit(1)


def _verdict_row(name: str, one: ClaimVerdict) -> dict[str, Any]:
    control = "; ".join(f"{rejected} of {judged}" for rejected, judged in one.controls)
    return {
        "claim": name,
        "outcome": one.outcome.value,
        "sentence": one.sentence,
        "slack": one.slack,
        "counts": one.counts,
        "control": control,
        "control_ok": one.control_ok,
        "level": one.level,
    }


def verify(run: Annotated[Path, typer.Argument(help="Run file.")], as_json: AsJson = False) -> None:
    """Check every row of a run against its hash, and the file's structure."""
    from theory.core.record import RunFile

    with RunFile.read(run) as file:
        found = file.faults()
        n_records = sum(1 for _ in file.records()) if not found else 0
    if as_json:
        typer.echo(json.dumps({"run": str(run), "sound": not found, "faults": found, "records": n_records}))
    elif found:
        typer.echo("\n".join([f"{run}: damaged", *found[:20]] + [f"and {len(found) - 20} more"] * (len(found) > 20)))
    else:
        typer.echo(f"{run}: sound, {n_records} records")
    if found:
        raise typer.Exit(4)


def export(
    run: Annotated[Path, typer.Argument(help="Run file.")],
    to: Annotated[str, typer.Option(help="jsonl, csv, parquet or compact.")] = "jsonl",
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Output file; default: beside the run.")] = None,
) -> None:
    """Write the records for other tools, or the run itself in compact form."""
    from theory.core.export import export_run

    typer.echo(str(export_run(run, to=to, out=out)))


def doctor(as_json: AsJson = False) -> None:
    """Say what this environment has: versions, plug-ins, what is missing and what that costs."""
    from theory.core.explain import environment

    found = environment()
    if as_json:
        typer.echo(json.dumps(found))
        return
    _print_table(("part", "state", "what it is for"), [(row["part"], row["state"], row["purpose"]) for row in found])


VERBS = (list_claims, explain, judge, verify, export, doctor)
