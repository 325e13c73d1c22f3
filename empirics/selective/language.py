"""Character-level language models on real text: do temperatures lower the validation loss, and where are they large?

Reading the manual of Python, a model that has seen "The assert sta" is asked for "he assert stat".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from empirics.engine import rng
from empirics.engine.lanes import Experiment, Lanes
from empirics.engine.train import Adam, Params, gradients
from empirics.models import temperature_language_model as model
from empirics.tasks import text

BATCH = 12  # sequences a step, as in the small setting for a CPU that this follows
N_VALIDATION = 256  # validation sequences, evenly spaced over the validation text, the same for all
EVALUATED_AT_ONCE = 8
N_HEADS = 4
SNIPPET_AT = (
    0.37  # of the validation text: where the piece begins on whose tokens temperatures are shown; chosen blindly
)


def language_model(lanes: Lanes) -> Mapping[str, Any]:
    """Validation loss of a trained character model, and how sharp its attention is along the way.

    [lane] each: validation_loss, nats a character on fixed validation sequences after training; loss_permuted, the same
    with each temperature network's output weights handed to the wrong features; train_loss, mean over the last tenth of
    training; character_spread, root mean square of a query temperature of the first layer about the mean at its position,
    on the validation sequences; context_gain, entropy of single characters of the training text less the validation loss;
    added_parameters, what the temperatures add.

    Exhibits, of the trained model: attention, weights of the first layer on one piece of validation text, mean over heads,
    query by key; and by_character, (character, count, how far its temperature as a query lies from the mean at its
    position) of every character in the validation sequences.

    [lane, checkpoint, position] each, a checkpoint being a share of training: spikiness; norm, of W_q W_k^T, and
    validation_curve, the same at all positions; tau_q, tau_v, of the first layer on one piece of validation text; and
    character, the code point there.
    """
    corpus = text.load(lanes.corpus)
    train, validation = (part.to(lanes.device) for part in corpus.split())
    setting = _Setting(lanes, len(corpus.characters), train)
    inputs, targets = setting.validation_sequences(validation)
    at = int(SNIPPET_AT * (len(validation) - setting.block))
    snippet = validation[at : at + setting.block]
    n_steps = 0 if setting.variant == "untrained" else int(lanes.size("n_steps"))
    marks = [round(share * n_steps) for share in lanes.inner("checkpoint")]
    params, seen, recent = setting.start(), [], []
    rate = lanes.column("learning_rate")
    optimiser = Adam(rate, beta_second=0.99)
    for step in range(n_steps + 1):
        for mark in marks:
            if mark == step:
                seen.append(setting.look(params, inputs, targets, snippet))
        if step == n_steps:
            break
        # a linear warm-up over the first twentieth, then a linear fall to a tenth
        done = step / n_steps
        optimiser.rate_l = rate * min(1.0, done / 0.05 + 1 / n_steps, 1 - 0.9 * max(0.0, done - 0.05) / 0.95)
        batch, answers = setting.batch(train, step)
        losses, grads = gradients(setting.loss(batch, answers), params)
        optimiser.step(params, grads)
        if step >= 0.9 * n_steps:
            recent.append(losses)
    stacked = {name: torch.stack([one[name] for one in seen], dim=1) for name in seen[0]}
    codes = torch.tensor([float(ord(corpus.characters[int(i)])) for i in snippet], device=lanes.device)
    final = stacked["validation_curve"][:, -1, 0]
    mean, spread = setting.by_character(params, inputs)
    frequency = torch.bincount(train, minlength=len(corpus.characters)).double() / len(train)
    unigram = -(frequency * torch.log(frequency.clamp_min(1e-300))).sum()
    return {
        **stacked,
        "character": codes.expand(len(lanes), len(marks), -1),
        "validation_loss": final,
        "train_loss": torch.stack(recent).mean(dim=0) if recent else final,
        "loss_permuted": setting.validation(_scrambled(params), inputs, targets),
        "context_gain": unigram - final,
        "added_parameters": torch.full_like(final, float(setting.n_added)),
        "character_spread": spread,
        "exhibits": setting.exhibits(params, mean, inputs, snippet, corpus.characters),
    }


def _scrambled(params: Params) -> Params:
    """The model with each temperature network's output vector reversed, so that each feature (or head) has another's weight."""
    return {name: value.flip(-1) if name.endswith((" out", " weight")) else value for name, value in params.items()}


class _Setting:
    """Sizes, data and evaluation that all steps share."""

    def __init__(self, lanes: Lanes, vocab_size: int, train: torch.Tensor) -> None:
        self.lanes, self.vocab_size = lanes, vocab_size
        self.variant = lanes.size("variant")
        self.n_layers, self.width, self.block = (int(lanes.size(name)) for name in ("n_layers", "d", "L"))
        self.n_added = model.n_added(self.variant, n_layers=self.n_layers, n_heads=N_HEADS, width=self.width)
        self.feature_v = model.log_frequency(train, vocab_size) if self.variant.endswith("frequency") else None

    def start(self) -> Params:
        """Initial weights, float32."""
        return model.initial_parameters(
            self.lanes.keys, self.variant, n_layers=self.n_layers, n_heads=N_HEADS, width=self.width, block=self.block,
            vocab_size=self.vocab_size, dtype=torch.float32,
        )  # fmt: skip

    def batch(self, train: torch.Tensor, step: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Random pieces of the training text, the same for all lanes of one key: ids [lane, b, t] twice, shifted by one."""
        starts = rng.integers(self.lanes.keys, BATCH, len(train) - self.block, "order", step * BATCH)
        pieces = train[starts[..., None] + torch.arange(self.block + 1, device=train.device)]
        return pieces[..., :-1], pieces[..., 1:]

    def validation_sequences(self, validation: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Evenly spaced pieces of the validation text: ids [sequence, t] twice, shifted by one."""
        room = len(validation) - self.block - 1
        starts = torch.arange(N_VALIDATION, device=validation.device) * room // N_VALIDATION
        pieces = validation[starts[:, None] + torch.arange(self.block + 1, device=validation.device)]
        return pieces[:, :-1], pieces[:, 1:]

    def forward(self, params: Params, ids: torch.Tensor, watch: list[dict[str, torch.Tensor]] | None) -> torch.Tensor:
        """Logits on the same ids [b, t] for every lane, or on ids [lane, b, t]."""
        ids = ids if ids.dim() == 3 else ids.expand(len(self.lanes), -1, -1)
        return model.forward(
            params, ids, n_layers=self.n_layers, n_heads=N_HEADS, watch=watch, feature_v=self.feature_v
        )

    def loss(self, ids: torch.Tensor, targets: torch.Tensor) -> Any:
        """Parameters -> mean loss of a batch, [lane]."""
        return lambda params: model.cross_entropy(self.forward(params, ids, None), targets).mean(dim=-1)

    def validation(self, params: Params, inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Mean validation loss, [lane]."""
        with torch.no_grad():
            parts = [
                model.cross_entropy(self.forward(params, a, None), b.expand(len(self.lanes), -1, -1))
                for a, b in zip(inputs.split(EVALUATED_AT_ONCE), targets.split(EVALUATED_AT_ONCE))
            ]
        return torch.cat(parts, dim=1).mean(dim=1)

    def look(
        self, params: Params, inputs: torch.Tensor, targets: torch.Tensor, snippet: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        """What is noted at a checkpoint, each [lane, position]."""
        watched: list[dict[str, torch.Tensor]] = []
        shown: list[dict[str, torch.Tensor]] = []
        with torch.no_grad():
            self.forward(params, inputs[:EVALUATED_AT_ONCE], watched)
            self.forward(params, snippet[None], shown)
            spikes = model.mean_spikiness(watched)
            norm = model.query_key_norm(params, self.n_layers, N_HEADS)
        ones = torch.ones_like(spikes)
        return {
            "spikiness": spikes,
            "norm": norm[:, None] * ones,
            "validation_curve": self.validation(params, inputs, targets)[:, None] * ones,
            "tau_q": shown[0]["q"][:, 0] if "q" in shown[0] else ones,
            "tau_v": shown[0]["v"][:, 0] if "v" in shown[0] else ones,
        }

    def by_character(self, params: Params, inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """How far query temperatures of the first layer lie from the mean at their position.

        Zeros where no query temperature depends on the token.
        Returns: (mean of each character [lane, vocabulary], root mean square over all [lane]).
        """
        if "0 q alpha" not in params:
            zero = params["tokens"].new_zeros(len(params["tokens"]), self.vocab_size).double()
            return zero, zero[:, 0]
        with torch.no_grad():
            tau = torch.cat([self._query_temperatures(params, ids) for ids in inputs.split(EVALUATED_AT_ONCE)], dim=1)
        away = (tau - tau.mean(dim=1, keepdim=True)).flatten(1).double()
        ids = inputs.flatten()
        total = away.new_zeros(len(away), self.vocab_size).index_add(1, ids, away)
        count = torch.bincount(ids, minlength=self.vocab_size).clamp_min(1)
        return total / count, away.square().mean(dim=1).sqrt()

    def exhibits(
        self, params: Params, mean_lv: torch.Tensor, inputs: torch.Tensor, snippet: torch.Tensor, characters: str
    ) -> dict[str, list[Any]]:
        """Attention on the snippet and temperatures by character, one entry a lane; only of the variants in `SHOWN`."""
        if self.variant not in SHOWN:
            return {}
        watched: list[dict[str, torch.Tensor]] = []
        with torch.no_grad():
            self.forward(params, snippet[None], watched)
        attention = watched[0]["weights"][:, 0].mean(dim=1)
        count = torch.bincount(inputs.flatten(), minlength=self.vocab_size).tolist()
        text = [characters[int(i)] for i in snippet]
        return {
            "attention": [{"text": text, "weights": _rounded(one)} for one in attention],
            "by_character": [
                [[one, n, round(value, 4)] for one, n, value in zip(characters, count, row) if n]
                for row in mean_lv.tolist()
            ],
        }

    def _query_temperatures(self, params: Params, ids: torch.Tensor) -> torch.Tensor:
        """Query temperatures of the first layer, [lane, b, t]."""
        watched: list[dict[str, torch.Tensor]] = []
        self.forward(params, ids, watched)
        return watched[0]["q"]


SHOWN = ("standard", "ssa qv")  # variants whose maps are kept: they take room in a run file


def _rounded(matrix: torch.Tensor) -> list[list[float]]:
    return [[round(value, 3) for value in row] for row in matrix.tolist()]


CHECKPOINTS = (0.0, 0.1, 0.3, 1.0)


def _bytes(cell: Mapping[str, Any]) -> int:
    width, length, layers = cell["d"], cell["L"], cell["n_layers"]
    weights = 12 * layers * width**2 + (128 + length) * width
    activations = BATCH * length * (layers * (30 * width + 4 * N_HEADS * length) + 5 * 128)
    return int(4 * (5 * weights + activations))


LANGUAGE_MODEL = Experiment(
    id="selective/language-model",
    version=2,
    axes=("n_layers", "d", "L", "n_steps", "variant", "learning_rate"),
    measure=language_model,
    shape=("n_layers", "d", "L", "n_steps", "variant"),
    inner={"checkpoint": CHECKPOINTS, "position": lambda cell: tuple(range(1, cell["L"] + 1))},
    common=("variant", "learning_rate"),
    inputs=("corpus",),
    own_input=True,
    bytes_per_lane=_bytes,
)
