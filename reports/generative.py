"""Figures of the claims on the generative function."""

from __future__ import annotations

from typing import Any

PAGES: dict[str, Any] = {}
