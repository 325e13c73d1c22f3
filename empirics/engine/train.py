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
        if not self.first:
            self.first, self.second = ({name: torch.zeros_like(one) for name, one in params.items()} for _ in "mv")
        grad, first, second = ([of[name] for name in params] for of in (grads, self.first, self.second))
        torch._foreach_mul_(first, self.beta_first)
        torch._foreach_add_(first, grad, alpha=1 - self.beta_first)
        torch._foreach_mul_(second, self.beta_second)
        torch._foreach_addcmul_(second, grad, grad, value=1 - self.beta_second)
        scale = torch._foreach_div(second, second_correction)
        torch._foreach_sqrt_(scale)
        torch._foreach_add_(scale, self.epsilon)
        move = torch._foreach_div(first, first_correction)
        for one in move:
            one.mul_(_per_lane(self.rate_l, one))
        torch._foreach_div_(move, scale)
        torch._foreach_sub_(list(params.values()), move)


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
