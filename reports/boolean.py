"""The chapter of the boolean paper: its title, what was read of it, and figures where the default one is not enough.

Each figure is a function of (verdict body, run file) that returns a matplotlib Figure.  It stands in front of the default
figures, which are drawn in any case; at present none is needed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

TITLE = "Boolean functions: one gradient step of softmax attention"
LEAD = (
    "“Minimalist Softmax Attention Provably Learns Constrained Boolean Functions” (arXiv:2505.19531v1, withdrawn from its "
    "conference) and the paper that it builds on, “Transformers Provably Solve Parity Efficiently with Chain of Thought” "
    "(arXiv:2410.08633).",
    "Of the first only the abstract and the opening were read first-hand: its theorems are taken as public reviews quote "
    "them, and each says so. The second was read in full. "
    "A reading that no source prints is called a reading.",
)
PAGES: dict[str, Callable[..., Any]] = {}
