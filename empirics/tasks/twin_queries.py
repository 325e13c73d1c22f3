"""Pairs of nearly equal queries that want the same keys with different sharpness.

Four pairs; within a pair the queries a, b have cosine rho, pairs are orthogonal to each other.  One pair with 4 of its
16 keys drawn, scale 6, r = 0.3, c = 1 (collinear rows: the same order of keys, b is softer):

    logits of a    +3.1  -1.9  +0.4  -1.6   ->  weights 0.92  0.01  0.06  0.01
    logits of b    +0.9  -0.6  +0.1  -0.5   ->  weights 0.49  0.11  0.22  0.12
"""

from __future__ import annotations

import torch

from empirics.engine import rng

N_PAIRS, N_KEYS = 4, 16


def orthonormal_frame(keys: torch.Tensor, width: int, count: int, stream: str) -> torch.Tensor:
    """`count` random orthonormal directions in `width` dimensions.  Returns: float64 [lane, count, width]."""
    drawn = rng.normal(keys, width * count, stream).reshape(len(keys), count, width)
    rows: list[torch.Tensor] = []
    for index in range(
        count
    ):  # Gram-Schmidt, twice each row: exact to rounding and free of a library's choice of signs
        row = drawn[:, index]
        for _ in range(2):
            for other in rows:
                row = row - (row * other).sum(dim=1, keepdim=True) * other
        rows.append(row / row.square().sum(dim=1, keepdim=True).sqrt())
    return torch.stack(rows, dim=1)


def twins(
    keys: torch.Tensor, width: int, rho_l: torch.Tensor, r_l: torch.Tensor, c_l: torch.Tensor, scale: float
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(queries [lane, 8, width], keys [lane, 16, width], logit rows [lane, 8, 16]).

    Queries 2m, 2m + 1 are a pair of cosine rho.  Their centred logit rows have norms scale and r scale and cosine c.
    """
    frame = orthonormal_frame(keys, width, 2 * N_PAIRS, "queries")
    first, second = frame[:, 0::2], frame[:, 1::2]
    rho, c, r = rho_l[:, None, None], c_l[:, None, None], r_l[:, None, None]
    twin = rho * first + (1 - rho**2).sqrt() * second
    queries = torch.stack([first, twin], dim=2).reshape(len(keys), 2 * N_PAIRS, width)
    rows = rng.normal(keys, 2 * N_PAIRS * N_KEYS, "logits").reshape(len(keys), N_PAIRS, 2, N_KEYS)
    rows = rows - rows.mean(dim=-1, keepdim=True)
    along = rows[:, :, 0] / rows[:, :, 0].square().sum(dim=-1, keepdim=True).sqrt()
    across = rows[:, :, 1] - (rows[:, :, 1] * along).sum(dim=-1, keepdim=True) * along
    across = across / across.square().sum(dim=-1, keepdim=True).sqrt()
    soft = r * (c * along + (1 - c**2).clamp_min(0).sqrt() * across)
    logits = scale * torch.stack([along, soft], dim=2).reshape(len(keys), 2 * N_PAIRS, N_KEYS)
    return queries, orthonormal_frame(keys, width, N_KEYS, "keys"), logits
