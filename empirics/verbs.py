"""The verbs of this floor: `sweep` and `bench`.  They only parse and print; torch is imported when they run."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from empirics.engine.execute import Progress
    from empirics.engine.plan import Plan


def _names(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def sweep(
    papers: Annotated[list[str] | None, typer.Argument(help="Papers; all when none is named.")] = None,
    claims: Annotated[str, typer.Option(help="Claims by id, separated by commas.")] = "",
    profile: Annotated[str, typer.Option(help="Size of the grids: smoke, cpu or gpu.")] = "cpu",
    run: Annotated[Path, typer.Option(help="Run file; made where it is absent.")] = Path("results/cpu.sqlite"),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="As --dry-run; also count here what an H200 would take.")
    ] = False,
    budget: Annotated[str, typer.Option(help="Begin nothing new after this time, such as 8m.")] = "",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:<number>.")] = "auto",
    pool: Annotated[str, typer.Option(help="inline or processes.")] = "inline",
    workers: Annotated[int | None, typer.Option(help="Worker processes; default: one a core.")] = None,
    chunk: Annotated[int | None, typer.Option(help="Models trained together; default: as memory allows.")] = None,
    corpus: Annotated[Path | None, typer.Option(help="Text file, for experiments that read one.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Carry out a very large plan without asking.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print only the outcome, warnings and errors.")] = False,
) -> None:
    """Train and measure what the claims need; a repeated call continues where the last one stopped."""
    from empirics.engine.sweep import parse_budget
    from empirics.engine.sweep import sweep as run_sweep

    shown = _Shown(run, quiet)
    try:
        done = run_sweep(
            run, claims=_names(claims), papers=papers or (), profile=profile, dry_run=dry_run or estimate,
            budget=parse_budget(budget) if budget else None, device=device, pool_name=pool, workers=workers,
            chunk=chunk, corpus=corpus, yes=yes, command=shlex.join(["attnbounds", *sys.argv[1:]]),
            report=shown.update, planned=shown.start,
        )  # fmt: skip
    except KeyboardInterrupt:
        typer.echo(f"interrupted; what was stored is kept, and the same command with --run {run} continues", err=True)
        raise typer.Exit(130) from None
    finally:
        shown.stop()
    for text in done.warnings:
        typer.echo(f"warning: {text}", err=True)
    if done.progress is None:
        print_plan(done.plan)
        if estimate:
            try:
                print_estimate(done.plan, corpus)
            except KeyboardInterrupt:
                raise typer.Exit(130) from None
        return
    print_outcome(done.progress, run)


class _Shown:
    """A progress bar in a terminal, a line every few seconds elsewhere."""

    def __init__(self, run: Path, quiet: bool) -> None:
        self.run, self.quiet, self.last = run, quiet, 0.0
        self.bar: Any = None

    def start(self, plan: Plan) -> None:
        """Say what will be done."""
        if self.quiet:
            return
        typer.echo(
            f"{plan.n_lanes} models to train, {plan.n_stored} already in {self.run}, "
            f"{len(plan.skipped)} settings skipped"
        )
        if sys.stderr.isatty() and plan.n_lanes:
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

            self.bar = Progress(BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), transient=True)
            self.task = self.bar.add_task("", total=plan.n_lanes)
            self.bar.start()

    def update(self, progress: Progress) -> None:
        """Show how far it is."""
        if self.bar is not None:
            self.bar.update(self.task, completed=progress.measured)
        elif not self.quiet and progress.seconds - self.last >= 10:
            self.last = progress.seconds
            typer.echo(f"{progress.measured} of {progress.planned} trained after {progress.seconds:.0f} s")

    def stop(self) -> None:
        """Take the bar away."""
        if self.bar is not None:
            self.bar.stop()


def print_plan(plan: Plan) -> None:
    """What a sweep would do."""
    from rich.console import Console
    from rich.table import Table

    table = Table("experiment", "settings", "models", "buckets", "largest model, MiB", title=f"profile {plan.profile}")
    for row in plan.rows():
        counts = (str(row[name]) for name in ("cells", "lanes", "buckets"))
        table.add_row(row["experiment"], *counts, f"{row['bytes'] / 2**20:.2f}")
    Console().print(table)
    time = "unknown until some are measured" if plan.seconds is None else f"{plan.seconds:.0f} s of one process"
    typer.echo(f"{plan.n_cells} settings, {plan.n_lanes} models to train, {plan.n_stored} already stored; "
               f"{plan.total_bytes / 2**30:.3f} GiB all at once; expected time {time}")  # fmt: skip
    for name, cell, reason in plan.skipped:
        typer.echo(f"skipped {name} {cell}: {reason}")


def print_estimate(plan: Plan, corpus: Path | None) -> None:
    """How long the plan would take on a GPU, from work counted here."""
    from rich.console import Console
    from rich.table import Table

    from empirics.engine import estimate as estimates
    from empirics.engine.sweep import read_corpus

    found = estimates.estimate(plan, corpus=read_corpus(corpus))
    table = Table(
        "experiment",
        "chunks",
        "operations",
        "moved, GB",
        "products, TFLOP",
        "seconds",
        title=f"one {estimates.H200.name}",
    )
    for one in found:
        least, most = one.work.seconds(estimates.H200)
        products = sum(one.work.flops.values()) / 1e12
        table.add_row(one.experiment, str(one.n_chunks), f"{one.work.operations:.2g}", f"{one.work.bytes / 1e9:.3g}",
                      f"{products:.3g}", f"{least:.0f} to {most:.0f}")  # fmt: skip
    Console().print(table)
    least, most = (
        (sum(ends) for ends in zip(*(one.work.seconds(estimates.H200) for one in found))) if found else (0.0, 0.0)
    )
    typer.echo(f"{least:.0f} to {most:.0f} s in all, estimated from counted work, not measured"
               + ("; without the buckets below" if any(one.uncounted for one in found) else ""))  # fmt: skip
    for one in found:
        for text in one.uncounted:
            typer.echo(f"not counted: {one.experiment} {text}")


def print_outcome(progress: Progress, run: Path) -> None:
    """What a sweep did; exits with 130 after Ctrl+C and with 3 when something is missing."""
    typer.echo(f"measured {progress.measured} models in {progress.seconds:.1f} s"
               + (f"; {progress.diverged} diverged" if progress.diverged else "")
               + (f"; {progress.failed} failed, the first with {progress.reason}" if progress.failed else ""))  # fmt: skip
    if progress.stopped:
        typer.echo(f"stopped ({progress.stopped}) with {progress.planned - progress.measured} to go; "
                   f"the same command with --run {run} continues")  # fmt: skip
        raise typer.Exit(130 if progress.stopped == "interrupt" else 3)
    if progress.failed:
        raise typer.Exit(3)


def bench(
    seconds: Annotated[float, typer.Option(min=0.1, help="Time given to each contestant.")] = 2.0,
    lanes: Annotated[int, typer.Option(min=1, help="Models to train.")] = 256,
    chunk: Annotated[int, typer.Option(min=1, help="Models trained together.")] = 16,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Time the engine against a plain loop over models, vmap, and JAX where it is installed, on the same work."""
    import json

    from empirics.engine.bench import bench as run_bench

    found = run_bench(seconds=seconds, n_lanes=lanes, chunk=chunk, device=device)
    if as_json:
        typer.echo(json.dumps(found))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(
        "contestant", "model steps a second", "ratio to the loop", "share of the matmul rate", title=found["work"]
    )
    for row in found["rows"]:
        table.add_row(row["name"], f"{row['rate']:.0f}", f"{row['ratio']:.2f}", f"{row['roofline']:.3f}")
    Console().print(table)
    typer.echo(f"{found['device']}; measured matmul rate {found['matmul_flops'] / 1e9:.1f} GFLOP/s (multiply-add = 2); "
               f"largest difference between losses {found['largest_difference']:.1e}")  # fmt: skip
    for text in found["absent"]:
        typer.echo(f"not measured: {text}")


VERBS = (sweep, bench)
