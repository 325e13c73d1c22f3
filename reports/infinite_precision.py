"""Figures of the infinite-precision paper for claims whose default figure is not enough."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PAGES: dict[str, Callable[..., Any]] = {}
