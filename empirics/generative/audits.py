"""What needs no training: parameters of built models, and influence of the future on every position.

Words for the letters of the grid: V vocab_size, T seq_len, d d_model, D n_layers, h n_heads, t position (1..T).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from empirics.engine import audit, rng
from empirics.engine.lanes import Experiment, Lanes
from empirics.models.character_model import Architecture, init, logits, one_hot, unpacked

N_WORDS = 4
SCALE = 10.0  # initial weights are so small that a depth-4 influence would drown in rounding: chosen


def _architecture(lanes: Lanes, n_heads: int, **more: Any) -> Architecture:
    return Architecture(
        lanes.size("V"), lanes.size("T"), lanes.size("d"), lanes.size("D"), lanes.size("mixer"), n_heads=n_heads,
        reduction=lanes.size("f"), activation=lanes.size("activation"), keys=lanes.size("keys"), **more,
    )  # fmt: skip


def built_models(lanes: Lanes) -> Mapping[str, Any]:
    """How many numbers the tensors of a built model hold, position vectors left out.  parameters, all_parameters: [lane]."""
    arch = _architecture(lanes, lanes.size("h"), output_map=bool(lanes.size("output_map")))
    weights = unpacked(arch, init(arch, lanes.keys))
    counts = {name: tensor[0].numel() for name, tensor in weights.items()}
    every = torch.full((len(lanes),), float(sum(counts.values())))
    return {"parameters": every - counts["positions"], "all_parameters": every}


BUILT_MODELS = Experiment(
    id="generative/built-models",
    version=1,
    axes=("V", "d", "D", "T", "mixer"),
    measure=built_models,
    switches={"h": 4, "f": "max", "activation": "gelu", "keys": 0, "output_map": 1},
    shape=("V", "d", "D", "T", "mixer", "h", "f", "activation", "keys", "output_map"),
    bytes_per_lane=lambda cell: 16 * (cell["V"] + 12 * cell["D"] * cell["d"]) * cell["d"],
)


def influence(lanes: Lanes) -> Mapping[str, Any]:
    """Influence of later tokens on every position of a model with random weights, in float64.

    future_gradient: [lane, t], largest |gradient| of the logits at t with respect to one-hot inputs after t.
    streaming_gap: [lane, t], largest |loss of target t from its prefix alone - teacher-forced loss|.
    """
    arch = _architecture(lanes, 2)
    flat = init(arch, lanes.keys, torch.float64)
    spread = torch.cat([torch.full((tensor[0].numel(),), 1.0 if name.endswith("gain") else SCALE)
                        for name, tensor in unpacked(arch, flat).items()])  # fmt: skip
    weights = unpacked(arch, flat * spread.to(flat))
    count = N_WORDS * (arch.seq_len + 1)
    words = rng.integers(lanes.keys, count, arch.vocab_size, "words").reshape(len(lanes), N_WORDS, -1)

    def logits_of(inputs: torch.Tensor) -> torch.Tensor:
        return logits(arch, weights, inputs)

    gradient_lt = audit.causality_audit(logits_of, one_hot(words[:, :, :-1], arch.vocab_size))
    with torch.no_grad():
        gap = audit.streaming_loss(logits_of, words) - audit.teacher_forced_loss(logits_of, words)
    return {"future_gradient": gradient_lt, "streaming_gap": gap.abs().amax(dim=1)}


INFLUENCE = Experiment(
    id="generative/influence",
    version=1,
    axes=("V", "d", "D", "T", "mixer"),
    measure=influence,
    switches={"f": "max", "activation": "gelu", "keys": 0},
    shape=("V", "d", "D", "T", "mixer", "f", "activation", "keys"),
    inner={"t": lambda cell: tuple(range(1, cell["T"] + 1))},
    common=("mixer",),
    bytes_per_lane=lambda cell: 8 * N_WORDS * cell["T"] ** 2 * cell["d"] * 30,
)

EXPERIMENTS = (BUILT_MODELS, INFLUENCE)
