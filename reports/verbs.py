"""The verb of this floor: `report`.  It only parses and prints; what draws is imported when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def report(
    run: Annotated[Path, typer.Argument(help="Run file, measured by `sweep` and judged by `judge`.")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="PDF to write; default: beside the run.")] = None,
) -> None:
    """Write what a run shows as a PDF: verdicts first, then a page a claim, statements, proofs and environment."""
    from reports.core.pdf import build_report
    from theory.core.registry import Registry

    registry = Registry.load()
    pages, chapters = registry.pages, registry.chapters
    for text in registry.warnings:
        typer.echo(f"warning: {text}", err=True)
    typer.echo(str(build_report(run, out, figures=pages, chapters=chapters)))


VERBS = (report,)
