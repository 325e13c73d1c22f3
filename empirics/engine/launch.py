"""How a start of the program is described in the run: code, versions, device, command."""

from __future__ import annotations

import datetime
import hashlib
import importlib.metadata
import subprocess
from pathlib import Path
from typing import Any

import torch

from empirics.engine import device as devices
from theory.core.registry import checkout

PACKAGES = ("numpy", "scipy", "sympy", "torch", "matplotlib", "python-flint", "typst")
FLOORS = ("theory", "proofs_check", "empirics", "reports")


def sources_digest() -> str:
    """SHA-256 over all Python files of the four floors, by relative name."""
    root = Path(__file__).resolve().parents[2]
    total = hashlib.sha256()
    for floor in FLOORS:
        for file in sorted((root / floor).rglob("*.py")):
            total.update(str(file.relative_to(root)).encode() + b"\0" + file.read_bytes() + b"\0")
    return total.hexdigest()


def _git(*words: str) -> str | None:
    folder = checkout()
    if folder is None:
        return None
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that are installed."""
    import platform

    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def describe(
    *, profile: str, claims: list[str], command: str, device: torch.device, corpus: tuple[Path, str] | None
) -> dict[str, Any]:
    """The launch as a JSON-able mapping."""
    commit = _git("rev-parse", "HEAD")
    dirty = bool(_git("status", "--porcelain")) if commit else None
    return {
        "started": datetime.datetime.now(datetime.UTC).replace(microsecond=0).isoformat(),
        "commit": commit, "dirty": dirty,
        "sources": sources_digest(), "versions": versions(), "profile": profile, "claims": claims, "command": command,
        "corpus": {"name": corpus[0].name, "sha256": corpus[1]} if corpus else None, **devices.describe(device),
    }  # fmt: skip
