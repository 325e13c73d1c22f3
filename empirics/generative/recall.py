"""Associative recall, loss and accuracy at the query: what reach and order cost.

Words for the letters of the grid: K n_pairs, V n_values, D n_layers, d d_model, B n_words a step.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from empirics.engine.lanes import Experiment, Lanes
from empirics.engine.measure import sample
from empirics.generative.synthetic import N_HEADS, in_blocks
from empirics.models.character_model import Architecture, init, logits, unpacked
from empirics.models.character_training import Recipe, next_symbol_losses, trained
from empirics.tasks.associative_recall import recall_words


def recall(lanes: Lanes) -> Mapping[str, Any]:
    """Loss (nats) and accuracy at the query on fresh words, after training on the query alone.

    loss, accuracy: one number a word, [lane]; the pool holds exactly K keys, the least that there can be.
    """
    n_pairs, n_values, n_words, n_steps = (lanes.size(name) for name in ("K", "V", "B", "steps"))
    arch = Architecture(
        n_pairs + n_values, 2 * n_pairs + 1, lanes.size("d"), lanes.size("D"), lanes.size("mixer"), n_heads=N_HEADS,
        reduction=lanes.size("f"), positions=bool(lanes.size("positions")),
    )  # fmt: skip

    def words(start: int, count: int, stream: str = "data") -> torch.Tensor:
        return recall_words(lanes.keys, count, n_pairs, n_values, n_pairs, stream, start)

    recipe = Recipe(n_steps=n_steps, learning_rate=lanes.size("rate"), final_share=0.05)
    query = 2 * n_pairs
    flat = trained(arch, init(arch, lanes.keys), recipe, in_blocks(words, n_words, n_steps), read_from=query)
    fresh = words(0, lanes.size("test"), "test")
    with torch.no_grad():
        scores = logits(arch, unpacked(arch, flat), fresh[:, :, :-1])[:, :, query:]
    answer = fresh[:, :, query + 1 :]
    return {
        "loss": sample(next_symbol_losses(scores, answer)[:, :, 0].double()),
        "accuracy": sample((scores.argmax(dim=-1) == answer)[:, :, 0].double()),
    }


def _bytes(cell: Mapping[str, Any]) -> int:
    return int(120 * cell["B"] * (2 * cell["K"] + 1) * cell["d"] * cell["D"])


RECALL = Experiment(
    id="generative/recall",
    version=1,
    axes=("K", "V", "mixer", "D", "d", "B", "steps", "test", "rate"),
    measure=recall,
    switches={"f": "max", "positions": 1},
    shape=("K", "V", "mixer", "D", "d", "B", "steps", "test", "rate", "f", "positions"),
    common=("mixer", "D", "d", "B", "steps", "test", "rate"),
    bytes_per_lane=_bytes,
)
