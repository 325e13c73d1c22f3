"""Figures of the selective paper beyond the default one."""

from __future__ import annotations

from typing import Any

PAGES: dict[str, Any] = {}
