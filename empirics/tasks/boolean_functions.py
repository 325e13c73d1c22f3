"""Samples of Boolean functions: bits, supports, labels, and hints with three kinds of noise.

One sample of AND with d = 6, k = 4 on the support {0, 1, 2, 3}, and its two pair hints:

    bits   1 1 1 0 1 0     label 0     hints (x0 x1, x2 x3) = (1, 0)
    bits   1 1 1 1 0 1     label 1     hints (1, 1)
"""

from __future__ import annotations

import torch

from empirics.engine import rng


def fair_bits(keys: torch.Tensor, n_samples: int, n_bits: int, start: int = 0) -> torch.Tensor:
    """Fair bits of the samples start .. start + n_samples; start must be a multiple of 64.

    Returns: uint8 [lane, sample, bit].
    """
    return rng.bits(keys, n_samples * n_bits, start=start * n_bits // 64).reshape(len(keys), n_samples, n_bits)


def biased_bits(keys: torch.Tensor, n_samples: int, n_bits: int, p: float, start: int = 0) -> torch.Tensor:
    """Bits that are 1 with probability p, of the samples start .. start + n_samples.

    Returns: uint8 [lane, sample, bit].
    """
    chance = torch.tensor(p, dtype=torch.float64, device=keys.device)
    return rng.biased_bits(keys, n_samples * n_bits, chance, start=start * n_bits).reshape(len(keys), n_samples, n_bits)


def random_support(keys: torch.Tensor, n_bits: int, n_relevant: int) -> torch.Tensor:
    """A uniformly drawn support.  Returns: int64 [lane, relevant], positions."""
    return rng.permutation(keys, n_bits, stream="init")[:, :n_relevant]


def gather_support(bits_lnd: torch.Tensor, support_lk: torch.Tensor) -> torch.Tensor:
    """The relevant bits.  Returns: uint8 [lane, sample, relevant]."""
    index = support_lk[:, None, :].expand(-1, bits_lnd.shape[1], -1)
    return bits_lnd.gather(2, index)


def force_support(bits_lnd: torch.Tensor, support_lk: torch.Tensor) -> torch.Tensor:
    """Class balance: every second sample has all relevant bits at 1; the others stay as drawn."""
    forced = torch.zeros_like(bits_lnd).scatter_(2, support_lk[:, None, :].expand(-1, bits_lnd.shape[1], -1), 1)
    forced[:, 1::2] = 0
    return bits_lnd | forced


def labels(relevant_lnk: torch.Tensor, label: str) -> torch.Tensor:
    """AND, OR, majority or parity of the relevant bits.

    Returns: float32 [lane, sample] of 0 and 1.  Raises: ValueError for another label.
    """
    n_ones = relevant_lnk.sum(dim=-1, dtype=torch.int64)
    k = relevant_lnk.shape[-1]
    if label == "and":
        return (n_ones == k).float()
    if label == "or":
        return (n_ones > 0).float()
    if label == "majority":
        return (2 * n_ones > k).float()
    if label == "parity":
        return (n_ones % 2).float()
    raise ValueError(f"labels: 'label' must be one of and, or, majority, parity, got {label!r}")


def pair_hints(bits_lnd: torch.Tensor, n_pairs: int, label: str = "and") -> torch.Tensor:
    """Hints of the pairs (0, 1), (2, 3), ...: their AND, OR or parity.  Returns: uint8 [lane, sample, pair]."""
    first, second = bits_lnd[:, :, 0 : 2 * n_pairs : 2], bits_lnd[:, :, 1 : 2 * n_pairs : 2]
    return {"and": first & second, "or": first | second, "parity": first ^ second}[label]


def flipped(values: torch.Tensor, keys: torch.Tensor, rate: float, stream: str = "noise") -> torch.Tensor:
    """0/1 values, each flipped with probability `rate`.  Returns: uint8 of the same shape [lane, ...]."""
    draws = rng.uniform(keys, values[0].numel(), stream=stream).reshape(values.shape)
    return values ^ (draws < rate).to(torch.uint8)


def corrupted(hints_lnt: torch.Tensor, bits_lnd: torch.Tensor, fraction: float) -> torch.Tensor:
    """Adversarial hints of the first pair: up to `fraction` of the samples, those with x0 = x1 = 1 and the last bit 0, get 0.

    At one eighth nearly all such samples are used up, and the last bit ties with the pair.
    """
    budget = int(fraction * hints_lnt.shape[1])
    target_ln = (hints_lnt[:, :, 0] == 1) & (bits_lnd[:, :, -1] == 0)
    chosen_ln = target_ln & (target_ln.cumsum(dim=1) <= budget)
    changed = hints_lnt.clone()
    changed[:, :, 0] = torch.where(chosen_ln, torch.zeros_like(changed[:, :, 0]), changed[:, :, 0])
    return changed
