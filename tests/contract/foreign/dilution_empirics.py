"""Search for the smallest weight that a leading token can be left with."""

import torch

from empirics import Experiment, rng


def smallest_weight(lanes, draws=256):
    """Least weight over `draws` logit vectors, every other one extremal.  weight: [lane]."""
    others = lanes.size("n") - 1
    behind_lbn = 3 * rng.uniform(lanes.keys, draws * others).reshape(-1, draws, others)
    behind_lbn[:, ::2] = 0
    lead_lb1 = lanes.column("gap")[:, None, None].expand(-1, draws, 1)
    weight_lb = torch.cat([lead_lb1, -behind_lbn], dim=-1).softmax(dim=-1)[..., 0]
    return {"weight": weight_lb.amin(dim=-1)}


EXPERIMENTS = (
    Experiment(id="dilution/adversary", version=1, axes=("n", "gap"), shape=("n",), measure=smallest_weight),
)
