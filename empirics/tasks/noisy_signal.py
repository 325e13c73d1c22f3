"""Find which of K directions is hidden in noisy tokens, some of which carry it and some of which are noise only.

d = K; the signal is a basis vector e_q; the last token always carries it, each other one with probability alpha.  One
example with d = 3, L = 4, q = 1, sigma = 0.25 (the last token carries the signal, as does the second):

    tokens   ( 0.2, -0.1,  0.3)  (-0.3,  1.1,  0.1)  ( 0.1,  0.4, -0.2)  ( 0.0,  0.8,  0.2)
    carries        no                  yes                 no                 yes
    answer   ( 0, 1, 0 )
"""

from __future__ import annotations

import torch

from empirics.engine import rng


def noisy_tokens(
    keys: torch.Tensor, n_items: int, length: int, width: int, alpha: float, sigma_l: torch.Tensor, stream: str
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(tokens [lane, item, length, width], carries: bool [lane, item, length], q: int64 [lane, item])."""
    shape = (len(keys), n_items, length)
    q_lb = rng.integers(keys, n_items, width, stream + " q")
    carries = (rng.uniform(keys, n_items * length, stream + " carries") < alpha).reshape(shape)
    carries[..., -1] = True
    noise = rng.normal(keys, n_items * length * width, stream + " noise").reshape(*shape, width)
    direction = torch.nn.functional.one_hot(q_lb, width).double()[:, :, None, :]
    tokens = sigma_l[:, None, None, None] * noise + carries[..., None] * direction
    return tokens, carries, q_lb


def direction_risk(estimate_lbd: torch.Tensor, q_lb: torch.Tensor) -> torch.Tensor:
    """||e_q - y/||y|| ||^2 = 2 - 2 y_q/||y|| of every item; not a number where y is 0."""
    norm = estimate_lbd.square().sum(dim=-1).sqrt()
    return 2 - 2 * estimate_lbd.gather(-1, q_lb[..., None])[..., 0] / norm


def posterior_mean(tokens: torch.Tensor, alpha: float, sigma_l: torch.Tensor) -> torch.Tensor:
    """Posterior mean of e_q given all tokens: what no estimator of e_q beats in squared error.

    Token i < L has likelihood proportional to 1 - alpha + alpha exp((x_iq - 1/2)/sigma^2), the last one to the exponential.
    """
    lift = (tokens - 0.5) / sigma_l[:, None, None, None].square()
    # log(1 - alpha + alpha e^lift), from the larger of the two parts
    floor = torch.log1p(torch.tensor(-alpha, dtype=tokens.dtype, device=tokens.device))
    level = torch.log(torch.tensor(alpha, dtype=tokens.dtype, device=tokens.device)) + lift
    top = torch.maximum(level, floor)
    mixed = top + torch.log(torch.exp(level - top) + torch.exp(floor - top))
    score = mixed[..., :-1, :].sum(dim=-2) + lift[..., -1, :]
    return score.softmax(dim=-1)


def gated_mean(tokens: torch.Tensor, threshold: float) -> torch.Tensor:
    """Mean of the tokens whose largest coordinate reaches the threshold; not a number where none does."""
    passes = (tokens.amax(dim=-1) >= threshold).to(tokens.dtype)
    return (passes[..., None] * tokens).sum(dim=-2) / passes.sum(dim=-1, keepdim=True)
