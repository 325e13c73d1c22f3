"""The size of the smallest known construction, run in exact fractions, and hand-set models outside the class.

Words: n table entries, task "index" or "composition" (answers in [n]), run "fractions" (the construction is asked random
questions and its size counts only if all answers are right) or "formula" (its size alone, for n too large to run).
Nothing is trained here.

Example with n = 4, index: the construction with D = 1, H = 2 has max(d, H, U) = max(5, 2, 3) = 5; on the table 0 1 1 0 it
answers 0, 1, 1, 0 at p = 1, 2, 3, 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import torch

from empirics.engine import rng
from empirics.engine.lanes import Experiment, Lanes
from theory.infinite_precision import constructive_size, index_construction

ASKED = 8  # random tables, one random address each


def construction_sizes(lanes: Lanes) -> Mapping[str, Any]:
    """size: [lane], max(d, H, U) of the smallest construction, not a number where an answer was wrong.

    Where it is run also wrong: [lane], share of wrong answers in exact fractions, and margin: [lane], least distance
    from the nearest wrong answer.
    """
    n, kind = lanes.size("n"), lanes.size("task")
    bits = 1 if kind == "index" else (n - 1).bit_length()
    best = constructive_size(n=n, bits=bits)
    if lanes.size("run") == "formula":
        return {"size": torch.full((len(lanes),), float(best.s), dtype=torch.float64, device=lanes.device)}
    one = index_construction(n=n, D=best.D, H=best.H, bits=bits)
    entries = rng.integers(lanes.keys, ASKED * n, 2**bits, "test").reshape(-1, ASKED, n).tolist()
    places = rng.integers(lanes.keys, ASKED, n, "test address").tolist()
    wrong, margin = [], []
    for tables, asked in zip(entries, places):
        gaps = [_gap(one.evaluate_exact(table=tuple(t), p=p + 1), t[p], bits) for t, p in zip(tables, asked)]
        wrong.append(sum(gap <= 0 for gap in gaps) / len(gaps))
        margin.append(float(min(gaps)))
    wrong_l = torch.tensor(wrong, dtype=torch.float64, device=lanes.device)
    size_l = torch.where(wrong_l == 0, float(best.s), torch.nan)
    margin_l = torch.tensor(margin, dtype=torch.float64, device=lanes.device)
    return {"size": size_l, "wrong": wrong_l, "margin": margin_l}


def _gap(output: Fraction, entry: int, bits: int) -> Fraction:
    """How far the output is on the right side: of 0 for bits, of a half away from the entry else."""
    if bits == 1:
        return output if entry else -output
    return Fraction(1, 2) - abs(output - entry)


SIZES = Experiment(
    id="infinite_precision/sizes",
    version=1,
    axes=("n", "task"),
    measure=construction_sizes,
    switches={"run": "fractions"},
    shape=("n", "task", "run"),
)
