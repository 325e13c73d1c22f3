"""Tables of bits and the questions asked about them: index look-up, palindromes, and composition of functions.

Index with n = 4: the table q = 0 1 1 0 gives four examples at once, one for each place p, with labels q_p:

    p = 1, q = 0 1 1 0   label 0        p = 2, q = 0 1 1 0   label 1
    p = 3, q = 0 1 1 0   label 1        p = 4, q = 0 1 1 0   label 0

so the label vector of a table is the table itself.  Palindrome with n = 4: 0 1 1 0 has label 1, 0 1 0 0 label 0.
Self composition with n = 3, f = (2, 3, 1): f(f(1)) = f(2) = 3, not 1, label 0.  Composition of two functions with n = 2,
g = (2, 2), h = (2, 1): h(g(1)) = h(2) = 1, label 1 at x = 1, and the same at x = 2.
"""

from __future__ import annotations

import torch

from empirics.engine import rng


def random_tables(keys: torch.Tensor, n_tables: int, n: int, stream: str = "data", start: int = 0) -> torch.Tensor:
    """Uniform bit tables.

    Args:
        start: counter in blocks: tables of different blocks of one size are drawn apart.

    Returns: uint8 [lane, table, n].
    """
    words = -(-n_tables * n // 64)
    return rng.bits(keys, n_tables * n, stream, start * words).reshape(len(keys), n_tables, n)


def every_table(n: int, device: torch.device) -> torch.Tensor:
    """All 2^n bit tables, entry j of table c being bit j of c.  Returns: uint8 [table, n]."""
    places = torch.arange(n, device=device)
    return ((torch.arange(2**n, device=device)[:, None] >> places) & 1).to(torch.uint8)


def every_function(n: int, device: torch.device) -> torch.Tensor:
    """All n^n functions on {1..n} by their values.  Returns: int64 [function, n]."""
    codes = torch.arange(n**n, device=device)[:, None]
    powers = torch.tensor([n**j for j in range(n)], device=device)
    return codes // powers % n + 1


def twice(functions_fn: torch.Tensor) -> torch.Tensor:
    """f(f(1)) for values on {1..n}.  Returns: int64 [function]."""
    return functions_fn.gather(1, functions_fn[:, :1] - 1)[:, 0]


def is_palindrome(words_bn: torch.Tensor) -> torch.Tensor:
    """Whether a word reads the same backwards.  Returns: bool [word]."""
    return (words_bn == words_bn.flip(1)).all(dim=1)


def near_palindromes(keys: torch.Tensor, n_words: int, n: int, stream: str = "test", start: int = 0) -> torch.Tensor:
    """Words of which every second is a palindrome and every other one differs from a palindrome in one place.

    A uniform word of length n is a palindrome with probability 2^-floor(n/2) only, so uniform words test nothing.

    Args:
        start: counter in blocks: words of different blocks of one size are drawn apart.

    Returns: uint8 [lane, word, n].
    """
    n_bits = n_words * (n - n // 2)
    half = rng.bits(keys, n_bits, stream, start * -(-n_bits // 64)).reshape(len(keys), n_words, n - n // 2)
    words = torch.cat([half, half[:, :, : n // 2].flip(2)], dim=2)
    place_lw = rng.integers(keys, n_words, n // 2, stream + " place", start * n_words)
    wrong = torch.zeros_like(words).scatter_(2, place_lw[..., None], 1)
    wrong[:, ::2] = 0
    return words ^ wrong


# ---------------------------------------------------------------------------- composition, asked for the value 1
def _often_one(keys: torch.Tensor, shape: tuple[int, int], n: int, stream: str, start: int) -> torch.Tensor:
    """Values on {1..n}, 1 with probability 1/2 and else uniform on {2..n}.  Returns: int64 [lane, *shape]."""
    count = shape[0] * shape[1]
    others = rng.integers(keys, count, n - 1, stream, start * count) + 2
    is_one = rng.uniform(keys, count, stream + " one", start * count) < 0.5
    return torch.where(is_one, 1, others).reshape(len(keys), *shape)


def self_compositions(
    keys: torch.Tensor, n_words: int, n: int, stream: str = "data", start: int = 0
) -> tuple[torch.Tensor, torch.Tensor]:
    """Random functions f on {1..n} and whether f(f(1)) = 1, which half of them do.

    f(1) is uniform on {2..n}, every other value is 1 with probability 1/2 and else uniform on {2..n}: a uniform f has
    f(f(1)) = 1 about once in n times, so that the constant answer would be right nearly always.

    Returns: int64 [lane, word, n], values from 1; bool [lane, word, 1].
    """
    first = rng.integers(keys, n_words, n - 1, stream + " first", start * n_words) + 2
    rest = _often_one(keys, (n_words, n - 1), n, stream, start)
    functions = torch.cat([first[..., None], rest], dim=2)
    return functions, functions.gather(2, functions[..., :1] - 1) == 1


def pair_compositions(
    keys: torch.Tensor, n_words: int, n: int, stream: str = "data", start: int = 0
) -> tuple[torch.Tensor, torch.Tensor]:
    """Pairs (g, h) of functions on {1..n}, g uniform, and whether h(g(x)) = 1, for all x; half of the answers are yes.

    Returns: int64 [lane, word, 2n], the values of g and then of h, from 1; bool [lane, word, n].
    """
    g = rng.integers(keys, n_words * n, n, stream + " first", start * n_words * n).reshape(len(keys), n_words, n) + 1
    h = _often_one(keys, (n_words, n), n, stream, start)
    return torch.cat([g, h], dim=2), h.gather(2, g - 1) == 1
