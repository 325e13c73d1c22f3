"""Three audits of models that claim to be causal: gradient from the future, streaming loss, loss below the floor.

They need nothing of a model but a function, so they serve every sequence model of the project:

    causality_audit   outputs at t must have exactly zero gradient with respect to inputs at s > t
    streaming_loss    the loss of target t from a pass over the prefix alone; equals the teacher-forced loss when causal
    floor_audit       mean excess over the true conditional, in standard errors; far below 0 proves a leak

Axes: l lane, b sequence, t position, d feature, v symbol.  Recipe:

    logits_of = lambda inputs: model.logits(arch, weights, inputs)
    assert causality_audit(logits_of, one_hot_lbtv).max() == 0
    assert (streaming_loss(logits_of, tokens_lbt) - teacher_forced_loss(logits_of, tokens_lbt)).abs().max() < 1e-5
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

Model = Callable[[torch.Tensor], torch.Tensor]
LEAK_Z = -10.0  # chosen: no chance reaches it, and leaks that were learned measured -14 to -47


def causality_audit(outputs_of: Model, inputs_lbtd: torch.Tensor) -> torch.Tensor:
    """Largest absolute gradient of each position's outputs with respect to later inputs; exactly 0 for a causal model.

    Args:
        outputs_of: float [lane, sequence, position, feature] -> float [lane, sequence, position, ...]; differentiable.
        inputs_lbtd: float inputs: embeddings, one-hot rows, or whatever the model reads at a position.

    Returns: float [lane, position]; the last position has no future, so its entry is 0.
    Raises: ValueError unless inputs have four axes and outputs keep the first three.
    """
    if inputs_lbtd.dim() != 4 or not inputs_lbtd.is_floating_point():
        raise ValueError(f"causality_audit: 'inputs_lbtd' must be float [lane, sequence, position, feature], got "
                         f"{inputs_lbtd.dtype} {tuple(inputs_lbtd.shape)}")  # fmt: skip
    inputs = inputs_lbtd.detach().requires_grad_(True)
    outputs = outputs_of(inputs)
    if outputs.shape[:3] != inputs.shape[:3]:
        raise ValueError(f"causality_audit: outputs must keep the axes {tuple(inputs.shape[:3])}, got "
                         f"{tuple(outputs.shape)}")  # fmt: skip
    n_positions = inputs.shape[2]
    found = torch.zeros(len(inputs), n_positions, dtype=inputs.dtype, device=inputs.device)
    outputs_lbtv = outputs.reshape(*outputs.shape[:3], -1)
    # several fixed weightings of the outputs: one alone could cancel, as the sum of a softmax row does
    places = torch.arange(outputs_lbtv.shape[3], dtype=inputs.dtype, device=inputs.device)
    for weighting in (torch.cos(1.7 * places + 0.3), torch.cos(2.9 * places + 1.1)):
        for position in range(n_positions - 1):
            score = (outputs_lbtv[:, :, position] * weighting).sum()
            (gradient,) = torch.autograd.grad(score, inputs, retain_graph=True, allow_unused=True)
            if gradient is not None:
                late = gradient[:, :, position + 1 :].abs().flatten(1).amax(dim=1)
                found[:, position] = torch.maximum(found[:, position], late)
    return found


def _target_losses(logits_lbtv: torch.Tensor, targets_lbt: torch.Tensor) -> torch.Tensor:
    chosen = logits_lbtv.gather(-1, targets_lbt[..., None])[..., 0]
    return logits_lbtv.logsumexp(dim=-1) - chosen


def teacher_forced_loss(logits_of: Model, tokens_lbt: torch.Tensor) -> torch.Tensor:
    """Negative log likelihood of every next token from one pass over the whole window.

    Args:
        logits_of: int64 [lane, sequence, position] -> logits [lane, sequence, position, symbol].
        tokens_lbt: int64 [lane, sequence, T + 1]; inputs are the first T, targets the last T.

    Returns: float [lane, sequence, T], nats.
    """
    return _target_losses(logits_of(tokens_lbt[:, :, :-1]), tokens_lbt[:, :, 1:])


def streaming_loss(logits_of: Model, tokens_lbt: torch.Tensor) -> torch.Tensor:
    """Negative log likelihood of every next token, each from a pass over its own prefix: what a reader in time can reach.

    Args: as `teacher_forced_loss`.

    Returns: float [lane, sequence, T], nats.  For a causal model it equals the teacher-forced loss up to rounding.
    """
    found = []
    for length in range(1, tokens_lbt.shape[2]):
        last_lb1v = logits_of(tokens_lbt[:, :, :length])[:, :, -1:]
        found.append(_target_losses(last_lb1v, tokens_lbt[:, :, length : length + 1]))
    return torch.cat(found, dim=2)


@dataclass(frozen=True)
class FloorAudit:
    """Mean excess over the true conditional, its standard error over sequences, and their ratio; each float [lane]."""

    excess: torch.Tensor
    standard_error: torch.Tensor
    z: torch.Tensor

    @property
    def leaks(self) -> torch.Tensor:
        """bool [lane]: the loss lies below what any causal model can reach."""
        return self.z < LEAK_Z


def floor_audit(excess_lb: torch.Tensor) -> FloorAudit:
    """Whether a loss lies below the exact floor: excess = model's minus the true conditional's log loss, same sample.

    Args:
        excess_lb: float [lane, sequence], one number per independent sequence, averaged over its positions.

    Returns: the audit; z is 0 where the excess is 0 on every sequence.
    Raises: ValueError for fewer than two sequences.
    """
    if excess_lb.dim() != 2 or excess_lb.shape[1] < 2:
        raise ValueError(f"floor_audit: 'excess_lb' must be [lane, at least two sequences], got "
                         f"{tuple(excess_lb.shape)}")  # fmt: skip
    values = excess_lb.double()
    mean = values.mean(dim=1)
    n = values.shape[1]
    error = ((values - mean[:, None]).square().sum(dim=1) / (n * (n - 1))).sqrt()
    z = torch.where(error > 0, mean / error.clamp(min=torch.finfo(torch.float64).tiny), mean.sign() * torch.inf)
    return FloorAudit(mean, error, torch.where(mean == 0, torch.zeros_like(mean), z))
