"""The command line: collects the verbs of all floors and turns our errors into one line and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from theory.core.errors import TestbedError
from theory.core.registry import Registry

EPILOG = "Exit codes: 0 done, 1 refuted, 2 bad input, 3 partial, 4 store damaged, 5 no space, 130 interrupted."


def build() -> typer.Typer:
    """The application with every verb that can be imported; the others are named in its help."""
    registry = Registry.load()
    modules = registry.modules("verbs")
    absent = "".join(f"\n\nNot available: {text}" for text in registry.warnings)
    app = typer.Typer(
        help="Checks what papers prove about attention against proofs by machine and trained models." + absent,
        epilog=EPILOG,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    for _, module in modules:
        for verb in module.VERBS:
            app.command(name=verb.__name__.replace("_", "-").strip("-"), no_args_is_help=False)(verb)
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line.  Every error that a user can repair is one line on stderr."""
    try:
        code = build()(args=list(arguments) if arguments is not None else None, standalone_mode=True)
    except TestbedError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.exit(0)
    except KeyboardInterrupt:
        print("interrupted; what was stored is kept", file=sys.stderr)
        sys.exit(130)
    except MemoryError:
        print(
            "error: attnbounds: memory must suffice for the plan, got too little; use a smaller --chunk",
            file=sys.stderr,
        )
        sys.exit(2)
    sys.exit(code or 0)


if __name__ == "__main__":
    main()
