"""What decoding must keep: bytes after every symbol, and outputs that equal those of a pass over the whole word.

Words for the letters of the grid: V vocab_size, T seq_len, d d_model, D n_layers, h n_heads, t symbols read so far (1..T).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from empirics.engine import rng
from empirics.engine.lanes import Experiment, Lanes
from empirics.models import character_decoding as decoding
from empirics.models.character_model import Architecture, init, logits, unpacked

N_WORDS = 2
SCALE = 10.0  # as in the audits of causality: initial weights are too small for an influence to be seen


def decoded(lanes: Lanes) -> Mapping[str, Any]:
    """What a model with random weights, in float64, keeps after t symbols, and how far it is from a pass over the whole word.

    Both [lane, t].  state_bytes: bytes a sequence of all tensors kept after t symbols.  decoding_gap: largest difference of
    logits at t between decoding and the whole pass.  With forget = 1 the state is thrown away before every step.
    """
    arch = Architecture(
        lanes.size("V"), lanes.size("T"), lanes.size("d"), lanes.size("D"), lanes.size("mixer"), n_heads=lanes.size("h"),
        activation=lanes.size("activation"),
    )  # fmt: skip
    flat = init(arch, lanes.keys, torch.float64)
    weights = {name: one if name.endswith("gain") else SCALE * one for name, one in unpacked(arch, flat).items()}
    words = rng.integers(lanes.keys, N_WORDS * arch.seq_len, arch.vocab_size, "words").reshape(len(lanes), N_WORDS, -1)
    kept, gaps = [], []
    with torch.no_grad():
        whole = logits(arch, weights, words)
        state = decoding.empty(arch)
        for t in range(arch.seq_len):
            if lanes.size("forget"):
                state = decoding.empty(arch)
            scores, state = decoding.step(arch, weights, words[:, :, t], t, state)
            kept.append(decoding.n_bytes(state) / (len(lanes) * N_WORDS))
            gaps.append((scores - whole[:, :, t]).abs().amax(dim=(1, 2)))
    return {
        "state_bytes": torch.tensor([kept] * len(lanes), dtype=torch.float64),
        "decoding_gap": torch.stack(gaps, dim=1),
    }


DECODED = Experiment(
    id="generative/decoding",
    version=1,
    axes=("V", "d", "D", "T", "h", "mixer"),
    measure=decoded,
    switches={"activation": "gelu", "forget": 0},
    shape=("V", "d", "D", "T", "h", "mixer", "activation", "forget"),
    inner={"t": lambda cell: tuple(range(1, cell["T"] + 1))},
    common=("mixer", "forget"),
    bytes_per_lane=lambda cell: 8 * N_WORDS * cell["T"] * cell["D"] * (40 * cell["d"] + 4 * cell["T"]),
)

EXPERIMENTS = (DECODED,)
