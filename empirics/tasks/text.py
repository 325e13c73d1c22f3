"""Real text as a sequence of characters: a file, or the manual that comes with Python.

    corpus = text.load(None)            # pydoc_data.topics of the standard library
    train, val = corpus.split(0.9)      # the first nine tenths, and the rest

"abca" has the vocabulary "abc" and the ids 0 1 2 0; a model that has read 0 1 2 is asked for 1 2 0.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import torch


@dataclass(frozen=True)
class Corpus:
    """A text: its name, its sorted vocabulary, its characters as ids (int64 [n]), and the SHA-256 of its UTF-8 bytes."""

    name: str
    characters: str
    ids: torch.Tensor
    sha256: str

    def split(self, fraction: float = 0.9) -> tuple[torch.Tensor, torch.Tensor]:
        """(training ids, validation ids): the first `fraction` of the text, and the rest."""
        edge = int(fraction * len(self.ids))
        return self.ids[:edge], self.ids[edge:]


def load(path: Path | None) -> Corpus:
    """The text of a UTF-8 file, or, for None, Python's own manual (`pydoc_data.topics`, another text in each release)."""
    if path is None:
        from pydoc_data.topics import topics

        name, text = "pydoc_data.topics", "".join(topics[key] for key in sorted(topics))
    else:
        name, text = path.name, path.read_text(encoding="utf-8")
    characters = "".join(sorted(set(text)))
    place = {character: index for index, character in enumerate(characters)}
    ids = torch.tensor([place[character] for character in text], dtype=torch.int64)
    return Corpus(name, characters, ids, hashlib.sha256(text.encode()).hexdigest())
