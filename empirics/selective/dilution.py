"""How much weight one key keeps among many: fixed temperature with three kinds of distractors, and a schedule with length.

Words for the letters of the grid: L, n number of keys, d width, w largest logit, s slope of tau = 1 + s log n.
Rows hold equal logits many times; such logits are kept once, with the logarithm of their number added.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch

from empirics.engine.lanes import Experiment, Lanes
from empirics.tasks.graph_walks import unit_tokens
from theory.selective import min_scale_random_keys

HALF = 0.5  # weight asked for
N_BISECTIONS = 48


def required_scale(lanes: Lanes) -> Mapping[str, Any]:
    """Least score of the target key at which it holds half the weight, and its weight at the scale of the random-key law.

    required_scale, weight: [lane, L, geometry].  The other keys are antipodal to the query, orthogonal to it, or random
    unit vectors; for those each L takes the first L - 1 of the same keys.
    """
    width = lanes.size("d")
    every = {name: _distractors(lanes, name, width, lanes.inner("L")[-1]) for name in lanes.inner("geometry")}
    scales, weights = [], []
    for length in lanes.inner("L"):
        law = float(min_scale_random_keys(L=length, p=HALF, d=width))
        of_target = [_weight_of_target(cosines, length) for cosines in every.values()]
        scales.append(torch.stack([_bisect(weight, len(lanes), lanes.device) for weight in of_target], dim=1))
        at_law = torch.full((len(lanes),), law, dtype=torch.float64, device=lanes.device)
        weights.append(torch.stack([weight(at_law) for weight in of_target], dim=1))
    return {"required_scale": torch.stack(scales, dim=1), "weight": torch.stack(weights, dim=1)}


GEOMETRIES = {"antipodal": -1.0, "orthogonal": 0.0, "random": None}  # cosine of the query with every other key


def _distractors(lanes: Lanes, geometry: str, width: int, longest: int) -> torch.Tensor:
    """Cosines of the query with the other keys: [lane, 1] where all are equal, else [lane, longest - 1]."""
    cosine = GEOMETRIES[geometry]
    if cosine is None:
        return unit_tokens(lanes.keys, longest - 1, width)[..., 0]
    return torch.full((len(lanes), 1), cosine, dtype=torch.float64, device=lanes.device)


def _weight_of_target(cosines_lj: torch.Tensor, length: int) -> Callable[[torch.Tensor], torch.Tensor]:
    """Score scale [lane] -> softmax weight of a key of cosine 1 among length - 1 others."""
    others = cosines_lj[:, : length - 1] if cosines_lj.shape[1] > 1 else cosines_lj
    copies = (length - 1) / others.shape[1]

    def weight(scale_l: torch.Tensor) -> torch.Tensor:
        target = scale_l[:, None]
        scores = torch.cat([target, scale_l[:, None] * others + math.log(copies)], dim=1)
        return scores.softmax(dim=1)[:, 0]

    return weight


def _bisect(weight: Callable[[torch.Tensor], torch.Tensor], n_lanes: int, device: torch.device) -> torch.Tensor:
    low = torch.zeros(n_lanes, dtype=torch.float64, device=device)
    high = torch.ones_like(low)
    short = weight(high) < HALF
    while bool(short.any()):
        high = torch.where(short, 2 * high, high)
        short = weight(high) < HALF
    for _ in range(N_BISECTIONS):
        middle = (low + high) / 2
        enough = weight(middle) >= HALF
        low, high = torch.where(enough, low, middle), torch.where(enough, middle, high)
    return high


def _lengths(cell: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(2**power for power in range(cell["shortest"], cell["longest"] + 1))


DILUTION = Experiment(
    id="selective/dilution",
    version=1,
    axes=("d", "shortest", "longest"),
    measure=required_scale,
    shape=("d", "shortest", "longest"),
    inner={"L": _lengths, "geometry": tuple(GEOMETRIES)},
    bytes_per_lane=lambda cell: 24 * 2 ** cell["longest"] * (cell["d"] + 3),
)


def schedule_growth(lanes: Lanes) -> Mapping[str, Any]:
    """Largest weight at position n when the temperature follows 1 + s log n, and how it changes to the position 2n.

    The query is a unit token, W = w I; one key equals the query, all others are antipodal: the layout that the bound
    allows.  weight: [lane]; rises: 1 where the weight at 2n is larger than at n, else 0: [lane].
    """
    w_l, s_l, n_l = lanes.column("w"), lanes.column("s"), lanes.column("n")
    now, later = (antipodal_weight(w_l, 1 + s_l * torch.log(n), n) for n in (n_l, 2 * n_l))
    return {"weight": now, "rises": (later > now).double()}


def antipodal_weight(w_l: torch.Tensor, tau_l: torch.Tensor, n_l: torch.Tensor) -> torch.Tensor:
    """Softmax weight of one logit tau w among n - 1 logits -tau w."""
    others = -tau_l * w_l + torch.log(n_l - 1)
    return torch.stack([tau_l * w_l, others], dim=1).softmax(dim=1)[:, 0]


SCHEDULE = Experiment(
    id="selective/schedule",
    version=1,
    axes=("w", "s", "n"),
    measure=schedule_growth,
    bytes_per_lane=lambda cell: 200,
)
