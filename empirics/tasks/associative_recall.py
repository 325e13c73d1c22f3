"""Associative recall: pairs of a key and a value, then one key again; what was its value?

K distinct keys in uniformly random order out of a pool, each followed by an independent uniform value; keys are
0 .. pool-1, values pool .. pool+V-1, so the alphabets are disjoint.  Example, K = 3, pool = 3, V = 2 (values 3, 4):

    position   1  2  3  4  5  6  7
    inputs     2  4  0  3  1  3  2
    target                       4   (read at the last position only)
"""

from __future__ import annotations

import torch

from empirics.engine import rng


def recall_words(
    keys: torch.Tensor, count: int, n_pairs: int, n_values: int, pool: int, stream: str = "data", start: int = 0
) -> torch.Tensor:
    """Inputs with the answer behind them.

    Args:
        keys: int64 [lane], random keys.
        pool: number of keys there are, at least n_pairs.
        start: number of the first word, so that blocks drawn apart are the same as one block.

    Returns: int64 [lane, count, 2 n_pairs + 2]; the last entry is the target of the one before.
    Raises: ValueError for a pool smaller than the pairs.
    """
    if pool < n_pairs:
        raise ValueError(f"recall_words: 'pool' must be at least n_pairs = {n_pairs}, got {pool}")
    n_lanes = len(keys)
    order = rng.words(keys, count * pool, f"{stream} keys", start * pool).reshape(n_lanes, count, pool)
    chosen_lbk = torch.argsort(order, dim=-1, stable=True)[:, :, :n_pairs]
    values = rng.integers(keys, count * n_pairs, n_values, f"{stream} values", start * n_pairs)
    values_lbk = pool + values.reshape(n_lanes, count, n_pairs)
    asked_lb1 = rng.integers(keys, count, n_pairs, f"{stream} query", start).reshape(n_lanes, count, 1)
    pairs = torch.stack([chosen_lbk, values_lbk], dim=3).reshape(n_lanes, count, 2 * n_pairs)
    return torch.cat([pairs, chosen_lbk.gather(2, asked_lb1), values_lbk.gather(2, asked_lb1)], dim=2)
