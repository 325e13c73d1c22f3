"""Real text as sequences of character ids: a file, or the standard library's own prose where none is given.

Recipe: `corpus = load(None)`; `train, held_out = corpus.split()`; `windows(train, starts, 65)` are inputs and targets:

    text       T  o     b  e
    position   1  2  3  4  5
    inputs     T  o     b       (positions 1..4)
    targets    o     b  e       (the character that follows each input)

Losses of different corpora, or of different releases of Python, must never be compared: the hash says which text it was.
"""

from __future__ import annotations

import functools
import hashlib
import platform
from dataclasses import dataclass
from pathlib import Path

import torch

from theory.core.errors import DomainError


@dataclass(frozen=True)
class Corpus:
    """A text as ids of its characters.

    Attributes: name (file name, or module and Python version), characters (the vocabulary, sorted), ids (int64
    [character]), sha256 (of the UTF-8 bytes).
    """

    name: str
    characters: str
    ids: torch.Tensor
    sha256: str

    def split(self, fraction: float = 0.9) -> tuple[torch.Tensor, torch.Tensor]:
        """(train ids, held-out ids): the first `fraction` of the text, and the rest.

        Raises: DomainError unless 0 < fraction < 1 leaves something on both sides.
        """
        cut = int(fraction * len(self.ids)) if 0 < fraction < 1 else 0
        if not 0 < cut < len(self.ids):
            raise DomainError(where="Corpus.split", name="fraction", meaning="share of the text to train on",
                              rule="lie between 0 and 1 and leave text on both sides", value=fraction)  # fmt: skip
        return self.ids[:cut], self.ids[cut:]

    def text(self, ids: torch.Tensor) -> str:
        """The characters of ids (int64 [character]), for a reader."""
        return "".join(self.characters[i] for i in ids.tolist())


def corpus_of(text: str, name: str) -> Corpus:
    """The corpus of a text in memory.

    Raises: DomainError for a text with fewer than two distinct characters.

    Examples:
    >>> found = corpus_of("abba", "four letters")
    >>> found.characters, found.ids.tolist()
    ('ab', [0, 1, 1, 0])
    """
    characters = "".join(sorted(set(text)))
    if len(characters) < 2:
        raise DomainError(where="text.load", name="path", meaning="the text to read",
                          rule="have at least two distinct characters", value=f"{name}: {text[:20]!r}")  # fmt: skip
    place = {character: i for i, character in enumerate(characters)}
    ids = torch.tensor([place[one] for one in text], dtype=torch.int64)
    return Corpus(name, characters, ids, hashlib.sha256(text.encode()).hexdigest())


@functools.lru_cache(maxsize=4)
def load(path: Path | None) -> Corpus:
    """The corpus of a UTF-8 file, or of `pydoc_data.topics` (values joined over sorted keys) where `path` is None.

    Line ends are kept as they are, so that the hash is that of the file.
    Raises: DomainError for a file that cannot be read, is not UTF-8, or has fewer than two distinct characters.
    """
    if path is None:
        from pydoc_data.topics import topics

        name = f"pydoc_data.topics of Python {platform.python_version()}"
        return corpus_of("".join(topics[key] for key in sorted(topics)), name)
    try:
        text = Path(path).read_bytes().decode()
    except OSError as error:
        raise DomainError(where="text.load", name="path", meaning="the text to read", rule="be a file that can be read",
                          value=str(path), cure=str(error.strerror)) from error  # fmt: skip
    except UnicodeDecodeError as error:
        raise DomainError(where="text.load", name="path", meaning="the text to read", rule="be UTF-8",
                          value=f"{path}: {error.reason} at byte {error.start}", cure="convert it first") from error  # fmt: skip
    return corpus_of(text, Path(path).name)


def windows(ids: torch.Tensor, starts: torch.Tensor, length: int) -> torch.Tensor:
    """Pieces of `length` characters from each start.

    Args:
        ids: int64 [character].
        starts: int64 of any shape, each at most len(ids) - length.

    Returns: int64 [*starts.shape, length].
    """
    return ids[starts[..., None] + torch.arange(length, device=ids.device)]


def spread_windows(ids: torch.Tensor, most: int, seq_len: int, least: int = 1) -> torch.Tensor:
    """Up to `most` windows of inputs and targets, spread evenly over a text, without overlap.

    Returns: int64 [window, seq_len + 1].  Raises: DomainError for a text too short for `least` windows.
    """
    if len(ids) < least * (seq_len + 1):
        raise DomainError(where="text", name="corpus", meaning="the text to read",
                          rule=f"leave at least {least * (seq_len + 1)} characters in each part",
                          value=f"{len(ids)} in one part", cure="take a longer text")  # fmt: skip
    n_windows = max(least, min(most, len(ids) // (seq_len + 1)))
    starts = torch.linspace(0, len(ids) - seq_len - 1, n_windows, dtype=torch.float64).long()
    return windows(ids, starts.to(ids.device), seq_len + 1)


# ---------------------------------------------------------------------------- counting
def _grams(ids: torch.Tensor, length: int, base: int) -> torch.Tensor:
    """Every run of `length` ids as one number in base `base`.  Returns: int64 [character - length + 1]."""
    n = len(ids) - length + 1
    value = torch.zeros(max(n, 0), dtype=torch.int64, device=ids.device)
    for place in range(length if n > 0 else 0):
        value = value * base + ids[place : place + n]
    return value


def _looked_up(table: torch.Tensor, counts: torch.Tensor, asked: torch.Tensor) -> torch.Tensor:
    """counts[i] where table[i] == asked, else 0; table is sorted."""
    if not len(table):
        return torch.zeros_like(asked, dtype=torch.float64)
    place = torch.searchsorted(table, asked).clamp(max=len(table) - 1)
    return torch.where(table[place] == asked, counts[place].double(), 0.0)


def witten_bell(train: torch.Tensor, held_out: torch.Tensor, order: int, n_symbols: int) -> torch.Tensor:
    """Negative log likelihood of each next character by interpolated Witten-Bell counts, for contexts 0..order.

    p_c(x) = (n(ctx, x) + u(ctx) p_(c-1)(x)) / (n(ctx) + u(ctx)), u the number of distinct followers of the last c
    characters, p_(-1) = 1 / n_symbols; a context that the piece does not hold or training never saw followed by
    something leaves p_c = p_(c-1).  Source: Witten and Bell 1991, textbook.

    Args:
        train: int64 [character].
        held_out: int64 [piece, character]; contexts do not reach beyond a piece.
        order: longest context; n_symbols^(order + 1) must stay below 2^63.

    Returns: float64 [context, piece, character], nats.
    Raises: DomainError for a negative order or one whose contexts do not fit a 64-bit number.
    """
    if order < 0 or n_symbols ** (order + 1) >= 2**63:
        raise DomainError(where="witten_bell", name="order", meaning="longest context", value=order,
                          rule=f"be at least 0 and keep {n_symbols}^(order + 1) below 2^63")  # fmt: skip
    chance = torch.full(held_out.shape, 1 / n_symbols, dtype=torch.float64, device=held_out.device)
    found = []
    for context in range(order + 1):
        grams, counts = _grams(train, context + 1, n_symbols).unique(return_counts=True)
        heads, first = (grams // n_symbols).unique_consecutive(return_inverse=True)
        n_followers = torch.bincount(first, minlength=len(heads))
        n_seen = torch.zeros(len(heads), dtype=torch.int64, device=train.device).index_add_(0, first, counts)
        if context < held_out.shape[1]:
            runs = torch.stack([_grams(piece, context + 1, n_symbols) for piece in held_out])
            both = _looked_up(grams, counts, runs)
            seen, distinct = (_looked_up(heads, one, runs // n_symbols) for one in (n_seen, n_followers))
            below = chance[:, context:]
            mixed = (both + distinct * below) / (seen + distinct).clamp(min=1)
            chance = torch.cat([chance[:, :context], torch.where(seen > 0, mixed, below)], dim=1)
        found.append(-chance.log())
    return torch.stack(found)
