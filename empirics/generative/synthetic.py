"""Sources with known entropy: how far above (or, with a leak, below) the true conditional a trained model ends.

Words for the letters of the grid: D n_layers, T seq_len, d d_model, B n_sequences a step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from empirics.engine import audit
from empirics.engine.lanes import Experiment, Lanes
from empirics.engine.measure import SampleMoments, sample
from empirics.models.character_model import Architecture, init, logits, unpacked
from empirics.models.character_training import Recipe, trained
from empirics.tasks import markov_sequences as task
from theory.generative.grids import partners_named, source_named
from theory.generative.sources import MarkovSource

Draw = Callable[..., torch.Tensor]
BLOCK = 50  # steps whose data are drawn at once
READS = ("teacher_forced", "streaming")
N_HEADS = 2
FORMS: dict[str, dict[str, Any]] = {
    "usual": {}, "first row zeroed": {"first_row": "zeroed"}, "norm after": {"norm": "after"},
    "no output map": {"output_map": False}, "no positions": {"positions": False},
}  # fmt: skip


def drawer(name: str) -> tuple[int, Draw, Callable[[torch.Tensor], torch.Tensor]]:
    """(alphabet, draw(keys, count, length, stream, start), true_losses(tokens)) of a source by name."""
    source = source_named(name)
    if isinstance(source, MarkovSource):
        chain = task.chain(source.V, source.k, torch.tensor(source.table, dtype=torch.float64))
        return source.V, lambda *at: task.sequences(chain, *at), lambda tokens: task.true_losses(chain, tokens)
    emission = torch.tensor(source.E, dtype=torch.float64)
    hidden = task.hidden_chain(torch.tensor(source.A, dtype=torch.float64), emission)
    return (
        emission.shape[1],
        lambda *at: task.hidden_sequences(hidden, *at),
        lambda tokens: task.hidden_true_losses(hidden, tokens),
    )


def in_blocks(
    draw_steps: Callable[[int, int], torch.Tensor], per_step: int, n_steps: int
) -> Callable[[int], torch.Tensor]:
    """step -> its batch, where `draw_steps(start, count)` draws `count` sequences from number `start` on, a block at once."""
    held: dict[int, torch.Tensor] = {}

    def batch_of(step: int) -> torch.Tensor:
        block = step // BLOCK
        if block not in held:
            held.clear()
            count = min(BLOCK, n_steps - block * BLOCK)
            held[block] = draw_steps(block * BLOCK * per_step, count * per_step)
        start = (step % BLOCK) * per_step
        return held[block][:, start : start + per_step]

    return batch_of


def joined(parts: list[SampleMoments]) -> SampleMoments:
    """Samples of different sizes side by side: the part becomes the last axis."""
    return SampleMoments(*(torch.stack([getattr(one, name) for one in parts], dim=-1)
                           for name in ("count", "mean", "variance")))  # fmt: skip


def synthetic(lanes: Lanes) -> Mapping[str, Any]:
    """Loss and excess over the true conditional after training, on fresh sequences of the source.

    One number a sequence, the mean over its positions.  All [lane, read]:  loss: nats.  excess: loss minus that of the
    exact conditional on the same sequence.  leak_z: how many standard errors the mean excess lies below 0.
    over_teacher_forced: loss minus that of the same model teacher-forced, on the same sequences.
    "streaming" reads each target's own prefix only.  Exhibit by_position: mean teacher-forced loss at each position.
    """
    seq_len, n_sequences, n_steps = lanes.size("T"), lanes.size("B"), lanes.size("steps")
    n_symbols, draw, true_losses = drawer(lanes.size("source"))
    choices = {"positions": bool(lanes.size("positions")), **FORMS[lanes.size("form")]}
    arch = Architecture(
        n_symbols, seq_len, lanes.size("d"), lanes.size("D"), lanes.size("mixer"), n_heads=N_HEADS,
        reduction=lanes.size("f"), activation=lanes.size("activation"),
        partners=partners_named(lanes.size("partners")), **choices,
    )  # fmt: skip
    batch_of = in_blocks(lambda start, count: draw(lanes.keys, count, seq_len + 1, "data", start), n_sequences, n_steps)
    recipe = Recipe(n_steps=n_steps, learning_rate=lanes.size("rate"), final_share=0.05)
    weights = unpacked(arch, trained(arch, init(arch, lanes.keys), recipe, batch_of))

    def logits_of(tokens: torch.Tensor) -> torch.Tensor:
        return logits(arch, weights, tokens)

    tokens = draw(lanes.keys, lanes.size("test"), seq_len + 1, "test", 0)
    with torch.no_grad():
        seen = audit.teacher_forced_loss(logits_of, tokens).double()
        # a streamed loss takes a pass a position: a sixteenth of the sequences
        few = tokens[:, : max(2, lanes.size("test") // 16)]
        streamed = audit.streaming_loss(logits_of, few).double()
    losses = [seen.mean(dim=2), streamed.mean(dim=2)]
    excess = [loss - true_losses(part).mean(dim=2) for loss, part in zip(losses, (tokens, few))]
    return {
        "loss": joined([sample(one) for one in losses]),
        "excess": joined([sample(one) for one in excess]),
        "over_teacher_forced": joined([sample(0 * losses[0]), sample(losses[1] - losses[0][:, : few.shape[1]])]),
        "leak_z": torch.stack([-audit.floor_audit(one).z for one in excess], dim=-1),
        "exhibits": {"by_position": seen.mean(dim=1)},
    }


def activation_bytes(cell: Mapping[str, Any]) -> int:
    """Memory of a training step of one lane: about 30 rows of the width and the MLP's four a block, kept for backward."""
    rows = cell["B"] * cell["T"]
    maps = 6 * N_HEADS * cell["B"] * cell["T"] ** 2 if cell["mixer"] in ("attention", "static") else 0
    training = 4 * cell["D"] * (rows * 30 * cell["d"] + maps)
    return int(training + 8 * cell["test"] * cell["T"] * 2)


SYNTHETIC = Experiment(
    id="generative/synthetic",
    version=2,
    axes=("source", "mixer", "D", "T", "d", "B", "steps", "test", "rate"),
    measure=synthetic,
    switches={"f": "max", "activation": "gelu", "positions": 1, "partners": "", "form": "usual"},
    shape=(
        "source",
        "mixer",
        "D",
        "T",
        "d",
        "B",
        "steps",
        "test",
        "rate",
        "f",
        "activation",
        "positions",
        "partners",
        "form",
    ),
    inner={"read": READS},
    common=("mixer", "D", "d", "B", "steps", "test", "rate", "partners", "form"),
    bytes_per_lane=activation_bytes,
)
