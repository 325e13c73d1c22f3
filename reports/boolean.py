"""Figures of the boolean paper for claims whose default figure is not enough.

Each entry is a function of (verdict body, accessor of the records of an experiment) that returns a matplotlib Figure.
It stands in front of the default figures, which are drawn in any case; at present none is needed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PAGES: dict[str, Callable[..., Any]] = {}
