"""Training of character models in lanes: AdamW with warm-up, cosine decay and a clipped gradient, nanoGPT's recipe.

One step is one forward and one backward pass for all lanes; each lane has its own learning rate, gradient norm and data.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass

import torch

from empirics.engine.train import Adam, gradients
from empirics.models.character_model import Architecture, logits, unpacked


@dataclass(frozen=True)
class Recipe:
    """How a model is trained.

    Args:
        final_share: last learning rate as a share of the largest.
        decay: weight decay on tensors with two or more axes.
        clip: largest gradient norm of a lane.
    """

    n_steps: int
    learning_rate: float
    final_share: float = 0.1
    n_warm_up: int = 50
    decay: float = 0.0
    beta_second: float = 0.99
    clip: float = 1.0
    dropout: float = 0.0
    precision: str = "float32"

    def share(self, step: int) -> float:
        """Learning rate of a step (0, 1, ...) as a share of the largest.

        Examples:
        >>> one = Recipe(n_steps=101, learning_rate=1.0, n_warm_up=0)
        >>> one.share(0), round(one.share(50), 2), round(one.share(100), 2)
        (1.0, 0.55, 0.1)
        """
        if step < self.n_warm_up:
            return (step + 1) / (self.n_warm_up + 1)
        along = (step - self.n_warm_up) / max(self.n_steps - 1 - self.n_warm_up, 1)
        return self.final_share + (1 - self.final_share) * 0.5 * (1 + math.cos(math.pi * along))


def next_symbol_losses(logits_lbtv: torch.Tensor, targets_lbt: torch.Tensor) -> torch.Tensor:
    """Negative log likelihood of every target.  Returns: [lane, sequence, position], nats."""
    chosen = logits_lbtv.gather(-1, targets_lbt[..., None])[..., 0]
    return logits_lbtv.logsumexp(dim=-1) - chosen


def _decayed(arch: Architecture, device: torch.device) -> torch.Tensor:
    """1 for numbers that weight decay takes hold of, 0 for gains.  Returns: float [1, parameter]."""
    marks = [torch.full((math.prod(shape),), float(len(shape) > 1)) for shape in arch.shapes().values()]
    return torch.cat(marks)[None].to(device)


def trained(
    arch: Architecture,
    flat_lp: torch.Tensor,
    recipe: Recipe,
    batch_of: Callable[[int], torch.Tensor],
    *,
    read_from: int = 0,
    keys: torch.Tensor | None = None,
    factor_l: torch.Tensor | None = None,
    watch: Callable[[int, torch.Tensor], None] | None = None,
) -> torch.Tensor:
    """Parameters after training.

    Args:
        flat_lp: float [lane, parameter], where it starts; not changed.
        batch_of: step -> int64 [lane, sequence, T + 1]: inputs are the first T, targets the last T.
        read_from: only targets from this position on are learned (0: all).
        keys: int64 [lane], for dropout.
        factor_l: float64 [lane], by which the recipe's learning rate is multiplied; 1 where none are given.
        watch: called before each step with (step, parameters).

    Returns: float [lane, parameter].
    """
    params = {"flat": flat_lp.detach().clone()}
    rate_l = torch.full((len(flat_lp),), recipe.learning_rate, dtype=torch.float64, device=flat_lp.device)
    if factor_l is not None:
        rate_l = rate_l * factor_l
    optimiser = Adam(rate_l, beta_second=recipe.beta_second)
    decayed_1p = _decayed(arch, flat_lp.device) if recipe.decay else None
    half = recipe.precision == "bfloat16"

    def loss_l(leaves: dict[str, torch.Tensor], step: int) -> torch.Tensor:
        batch, drop_keys = batch_of(step), None if keys is None else keys * 1_000_003 + step
        with torch.autocast(flat_lp.device.type, dtype=torch.bfloat16, enabled=half):
            weights = unpacked(arch, leaves["flat"])
            scores = logits(arch, weights, batch[:, :, :-1], dropout=recipe.dropout, drop_keys=drop_keys)
        losses = next_symbol_losses(scores[:, :, read_from:].float(), batch[:, :, 1 + read_from :])
        return losses.mean(dim=(1, 2))

    for step in range(recipe.n_steps):
        if watch is not None:
            watch(step, params["flat"])
        _, grads = gradients(functools.partial(loss_l, step=step), params)
        norm_l1 = grads["flat"].square().sum(dim=1, keepdim=True).sqrt()
        grads["flat"] = grads["flat"] * (recipe.clip / norm_l1.clamp(min=recipe.clip))
        optimiser.rate_l = rate_l * recipe.share(step)
        if decayed_1p is not None:
            shrunk_l1 = (optimiser.rate_l * recipe.decay).to(flat_lp.dtype)[:, None]
            params["flat"].mul_(1 - shrunk_l1 * decayed_1p)
        optimiser.step(params, grads)
    if watch is not None:
        watch(recipe.n_steps, params["flat"])
    return params["flat"]
