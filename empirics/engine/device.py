"""The machine a run is made on: device, memory, threads, precision, and how they are described in the run."""

from __future__ import annotations

import os
import platform
from typing import Any

import torch

from theory.core.errors import DomainError

CACHE_BYTES = 16 * 2**20  # a chunk's working set on CPU; measured best near the size of a shared last-level cache

GPU_SHARE = 0.6  # of a GPU's free memory that a chunk may take; chosen: what a step needs beside its lanes' own count is unknown


def pick(name: str = "auto") -> torch.device:
    """The device called `name`: "cpu", "cuda", "cuda:1" or "auto".  Raises: DomainError when it is not there."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    kind, _, index = name.partition(":")
    if kind not in ("cpu", "cuda") or (index and not index.isdigit()):
        raise DomainError(
            where="sweep", name="device", rule="be one of 'auto', 'cpu', 'cuda', 'cuda:<number>'", value=name
        )
    if kind == "cuda" and int(index or 0) >= torch.cuda.device_count():
        raise DomainError(where="sweep", name="device", rule="be a GPU that torch can use", value=name,
                          cure=f"torch sees {torch.cuda.device_count()}; use --device cpu")  # fmt: skip
    return torch.device(name)


def settle() -> None:
    """One thread, full float32 precision: parallelism comes from processes; results must not depend on a mode."""
    torch.set_num_threads(1)
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = False  # it picks a kernel by timing: another one on another day
    torch.backends.cudnn.deterministic = True


def chunk_bytes(device: torch.device) -> int:
    """How many bytes the lanes of one chunk may take together."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return int(GPU_SHARE * free)
    return CACHE_BYTES


def describe(device: torch.device) -> dict[str, Any]:
    """Device, threads and precision as a JSON-able mapping."""
    if device.type == "cuda":
        text = torch.cuda.get_device_name(device)
    else:
        text = f"CPU, {platform.machine()}, {os.cpu_count()} cores"
    return {
        "device": text,
        "threads": torch.get_num_threads(),
        "precision": "float32 products without TF32; float64 where exact",
    }
