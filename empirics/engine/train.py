"""Training of many models at once: parameters and losses have a leading lane axis, and one backward pass serves all.

Lanes do not interact, so each gets its own gradient.  Learning rates are columns [lane]: `torch.optim` has none per
model in a stacked tensor.  A lane whose loss stops being finite keeps parameters that are not numbers
and disturbs no other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch

Params = dict[str, torch.Tensor]


def _per_lane(rate_l: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    return rate_l.to(like.dtype).reshape(-1, *([1] * (like.dim() - 1)))


@dataclass
class Sgd:
    """Gradient descent with a learning rate for each lane (float [lane])."""

    rate_l: torch.Tensor

    def step(self, params: Params, grads: Params) -> None:
        """Move the parameters in place."""
        for name, param in params.items():
            param.sub_(_per_lane(self.rate_l, param) * grads[name])


@dataclass
class Adam:
    """Adam (Kingma and Ba 2015) with a learning rate for each lane (float [lane])."""

    rate_l: torch.Tensor
    beta_first: float = 0.9
    beta_second: float = 0.999
    epsilon: float = 1e-8
    n_steps: int = 0
    first: Params = field(default_factory=dict)
    second: Params = field(default_factory=dict)

    def step(self, params: Params, grads: Params) -> None:
        """Move the parameters in place."""
        self.n_steps += 1
        first_correction = 1 - self.beta_first**self.n_steps
        second_correction = 1 - self.beta_second**self.n_steps
        for name, param in params.items():
            grad = grads[name]
            if name not in self.first:
                self.first[name], self.second[name] = torch.zeros_like(param), torch.zeros_like(param)
            first = self.first[name].mul_(self.beta_first).add_(grad, alpha=1 - self.beta_first)
            second = self.second[name].mul_(self.beta_second).addcmul_(grad, grad, value=1 - self.beta_second)
            scale = (second / second_correction).sqrt_().add_(self.epsilon)
            param.sub_(_per_lane(self.rate_l, param) * (first / first_correction) / scale)


def gradients(loss_l: Callable[[Params], torch.Tensor], params: Params) -> tuple[torch.Tensor, Params]:
    """Loss of every lane (float [lane]) and its gradients, from one backward pass."""
    leaves = {name: param.detach().requires_grad_(True) for name, param in params.items()}
    losses = loss_l(leaves)
    grads = torch.autograd.grad(losses.sum(), list(leaves.values()))
    return losses.detach(), dict(zip(leaves, grads))


def fit(
    loss_l: Callable[[Params], torch.Tensor], params: Mapping[str, torch.Tensor], *, n_steps: int, optimiser: Sgd | Adam
) -> tuple[Params, torch.Tensor]:
    """Trained parameters and last losses.

    Args:
        loss_l: parameters -> float [lane]; lane i depends on slice i of each parameter only.
        params: name -> float [lane, ...]; not changed.

    Returns: (parameters, losses before the last step, float [lane]).
    Raises: ValueError unless n_steps is at least 1.
    """
    if n_steps < 1:
        raise ValueError(f"fit: 'n_steps' must be at least 1, got {n_steps}")
    trained = {name: param.detach().clone() for name, param in params.items()}
    losses, grads = gradients(loss_l, trained)
    optimiser.step(trained, grads)
    for _ in range(n_steps - 1):
        losses, grads = gradients(loss_l, trained)
        optimiser.step(trained, grads)
    return trained, losses
