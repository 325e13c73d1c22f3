"""SUM_2: does some pair of the n numbers add up to 0 modulo M?

With n = 4, M = 8:

    x = 1 2 3 7   label 1   (1 + 7 = 8)        x = 1 2 3 4   label 0   (4 + 4 = 8 needs a second 4)
"""

from __future__ import annotations

import torch

from empirics.engine import rng


def random_words(
    keys: torch.Tensor, n_words: int, n: int, modulus: int, stream: str = "data", start: int = 0
) -> torch.Tensor:
    """Uniform words over Z_M; `start` counts blocks of one size.  Returns: int64 [lane, word, n]."""
    drawn = rng.integers(keys, n_words * n, modulus, stream, start * n_words * n)
    return drawn.reshape(len(keys), n_words, n)


def counts(words_lbn: torch.Tensor, modulus: int) -> torch.Tensor:
    """How often each residue occurs.  Returns: float32 [lane, word, residue]."""
    ones = torch.ones_like(words_lbn, dtype=torch.float32)
    zeros = torch.zeros(*words_lbn.shape[:2], modulus, device=words_lbn.device)
    return zeros.scatter_add_(2, words_lbn, ones)


def pair_sum_labels(counts_lbm: torch.Tensor) -> torch.Tensor:
    """Whether two different positions add up to 0.  Returns: bool [lane, word]."""
    modulus = counts_lbm.shape[2]
    residues = torch.arange(modulus, device=counts_lbm.device)
    partner_lbm = counts_lbm[:, :, (-residues) % modulus]
    own = ((2 * residues) % modulus == 0).to(counts_lbm.dtype)
    return (counts_lbm * (partner_lbm - own) > 0).any(dim=2)


def labelled_counts(
    keys: torch.Tensor, n_words: int, n: int, modulus: int, stream: str = "data", start: int = 0
) -> tuple[torch.Tensor, torch.Tensor]:
    """Histograms of uniform words and their labels.  Returns: float32 [lane, word, residue], bool [lane, word]."""
    found = counts(random_words(keys, n_words, n, modulus, stream, start), modulus)
    return found, pair_sum_labels(found)
