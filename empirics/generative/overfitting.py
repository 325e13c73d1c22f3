"""Few characters of real text, read again and again: when the loss on held-out text turns, and how far it rises.

A lane is one seed; its arms share initial draws and held-out windows, and differences are taken window by window.

Words for the letters of the grid: D n_layers, d d_model, h n_heads, T seq_len, B n_windows a step of the larger batch, n
n_characters to train on.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from empirics.engine import audit, rng
from empirics.engine.lanes import Experiment, Lanes
from empirics.engine.measure import SampleMoments, sample
from empirics.generative.synthetic import joined
from empirics.models.character_model import Architecture, init, logits, unpacked
from empirics.models.character_training import Recipe, trained
from empirics.tasks import text

N_LOOKS = 4  # times in training at which losses are read, the end one of them
CHOOSING_EVERY = 5  # every so many held-out windows one serves to choose the time to stop: the rest is judged
N_SEEN = 64  # windows of the training text whose loss is read
SHORT_WARM_UP = 20  # steps: a fifth of nanoGPT's, as runs are short
FEWER = 4  # the smaller batch has a fourth as many windows: 16 beside 64 in the summaries of the paper


@dataclass(frozen=True)
class Arm:
    """What is trained: fewer windows a step or not, how many times the steps, on few characters or on the whole text."""

    mixer: str
    fewer: int = 1
    times: int = 1
    whole_text: bool = False


ARMS = {
    "attention, large batch": Arm("attention"),
    "attention, small batch": Arm("attention", FEWER),
    "generative, large batch": Arm("generative"),
    "generative, small batch": Arm("generative", FEWER),
    "generative, small batch, as many windows": Arm("generative", FEWER, FEWER),
    "generative_running_mean, large batch": Arm("generative_running_mean"),
    "generative, large batch, whole text": Arm("generative", whole_text=True),
}


def overfitting(lanes: Lanes) -> Mapping[str, Any]:
    """How losses move from the time at which held-out loss is least to the end of training, in nats a character.

    One number a window, the mean over its positions; all [lane, arm].  rise: held-out loss at the end minus that at the best
    time, which is chosen on other held-out windows.  over_small, over_as_many: rise minus that of the small batch of the same
    mixer (of the generative function for the running mean), and minus that of the generative small batch with as many
    windows read in all.  over_mean: rise minus that with the running mean.  fall: loss on windows of the training text at the
    best time minus that at the end.
    Exhibits: curves by arm, (step, held-out loss, loss on the training text); counting, held-out loss of Witten-Bell counts
    with contexts of 0 to 5 characters of the same few; corpus, where the text is from.
    """
    corpus = text.load(lanes.corpus)
    train_ids, held_out = (part.to(lanes.device) for part in corpus.split())
    few = train_ids[: lanes.size("n")]
    windows = text.spread_windows(held_out, lanes.size("test"), lanes.size("T"), least=2)
    rises: dict[str, torch.Tensor] = {}
    falls: dict[str, SampleMoments] = {}
    curves: list[dict[str, Any]] = [{} for _ in range(len(lanes))]
    for name in lanes.inner("arm"):
        arm = ARMS[name]
        steps, held_out_sw, seen_sw = _read_while_training(
            lanes, arm, train_ids if arm.whole_text else few, windows, len(corpus.characters)
        )
        choosing = torch.arange(len(windows), device=lanes.device) % CHOOSING_EVERY == 0
        best_l, at = (
            held_out_sw[:, :, choosing].mean(dim=2).argmin(dim=0),
            torch.arange(len(lanes), device=lanes.device),
        )
        rises[name] = (held_out_sw[-1] - held_out_sw[best_l, at])[:, ~choosing]
        falls[name] = sample(seen_sw[best_l, at] - seen_sw[-1])
        for lane, curve in enumerate(curves):
            pair = (part[:, lane].mean(dim=1).tolist() for part in (held_out_sw, seen_sw))
            curve[name] = [[step, round(a, 5), round(b, 5)] for step, a, b in zip(steps, *pair)]
    counted = text.witten_bell(few, windows, 5, len(corpus.characters))[:, :, 1:].mean(dim=(1, 2)).tolist()
    counting = {f"counting {order}": round(loss, 5) for order, loss in enumerate(counted)}
    facts = {"name": corpus.name, "sha256": corpus.sha256, "python": platform.python_version()}
    references = {
        "over_small": lambda name: rises[_small_batch(name)],
        "over_as_many": lambda name: rises["generative, small batch, as many windows"],
        "over_mean": lambda name: rises["generative_running_mean, large batch"],
    }
    return {
        "rise": joined([sample(one) for one in rises.values()]),
        "fall": joined(list(falls.values())),
        **{key: joined([sample(one - of(name)) for name, one in rises.items()]) for key, of in references.items()},
        "exhibits": {"curves": curves, "counting": [counting] * len(lanes), "corpus": [facts] * len(lanes)},
    }


def _small_batch(name: str) -> str:
    """The arm with the small batch that an arm is compared with."""
    return f"{'attention' if name.startswith('attention') else 'generative'}, small batch"


def _read_while_training(
    lanes: Lanes, arm: Arm, train_ids: torch.Tensor, windows: torch.Tensor, n_symbols: int
) -> tuple[list[int], torch.Tensor, torch.Tensor]:
    """(steps, losses of held-out windows, of windows of the training text) at each look: float64 [look, lane, window]."""
    seq_len, per_step, n_steps = lanes.size("T"), lanes.size("B") // arm.fewer, lanes.size("steps") * arm.times
    arch = Architecture(n_symbols, seq_len, lanes.size("d"), lanes.size("D"), arm.mixer, n_heads=lanes.size("h"))
    seen = text.spread_windows(train_ids, N_SEEN, seq_len, least=2)
    looks = {round(i * n_steps / N_LOOKS) for i in range(1, N_LOOKS + 1)}
    read: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}

    def watch(step: int, flat: torch.Tensor) -> None:
        if step in looks:
            read[step] = (_losses(arch, flat, windows), _losses(arch, flat, seen))

    def batch_of(step: int) -> torch.Tensor:
        starts = rng.integers(lanes.keys, per_step, len(train_ids) - seq_len, "windows", step * per_step)
        return text.windows(train_ids, starts, seq_len + 1)

    recipe = Recipe(n_steps=n_steps, learning_rate=lanes.size("rate"), n_warm_up=SHORT_WARM_UP, decay=0.1)
    trained(arch, init(arch, lanes.keys), recipe, batch_of, watch=watch)
    held_out_sw, seen_sw = (torch.stack([pair[part] for pair in read.values()]) for part in (0, 1))
    return list(read), held_out_sw, seen_sw


def _losses(arch: Architecture, flat: torch.Tensor, tokens_wt: torch.Tensor) -> torch.Tensor:
    """Teacher-forced loss of each window, mean over its positions.  Returns: float64 [lane, window]."""
    weights = unpacked(arch, flat)
    with torch.no_grad():
        every = tokens_wt[None].expand(len(flat), -1, -1)
        return audit.teacher_forced_loss(lambda t: logits(arch, weights, t), every).double().mean(dim=2)


OVERFITTING = Experiment(
    id="generative/overfitting",
    version=1,
    axes=("B", "n", "steps", "T", "d", "D", "h", "rate", "test"),
    measure=overfitting,
    shape=("B", "n", "steps", "T", "d", "D", "h", "rate", "test"),
    inner={"arm": tuple(ARMS)},
    inputs=("corpus",),
    own_input=True,
    # rows of a step kept for backward, and the widest rows of a pass over all held-out windows
    bytes_per_lane=lambda cell: int(
        4 * cell["T"] * (40 * cell["D"] * cell["B"] * cell["d"] + 4 * cell["test"] * cell["d"])
    ),
)
