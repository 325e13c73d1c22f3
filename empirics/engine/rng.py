"""Random numbers keyed by lane, stream and counter: no state, the same bits for any neighbours, order, chunk, device.

word(key, stream, i) is the output function of SplitMix64 (Steele, Lea and Flood 2014) at position i of the sequence
that starts at mix(key xor hash(stream)); the key of a lane is a hash of (experiment, cell, seed).  All arithmetic is
int64 with wrap-around, so a GPU gives the same bits.  Streams are names ("init", "data", "order", "test"), each with a
start of its own.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from typing import Any

import torch

from theory.core.record import canonical

_GOLDEN = 0x9E3779B97F4A7C15
_FIRST = 0xBF58476D1CE4E5B9
_SECOND = 0x94D049BB133111EB
_BYTE_SHIFTS = (0, 1, 2, 3, 4, 5, 6, 7)


def _signed(value: int) -> int:
    """A 64-bit pattern as a signed integer."""
    return value - 2**64 if value >= 2**63 else value


def _hash64(text: str) -> int:
    return _signed(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big"))


def lane_key(experiment: str, cell: Mapping[str, Any], seed: int) -> int:
    """The 64-bit key of a lane (signed); `cell` without common axes, inner axes and switches at their default."""
    return _hash64(canonical([experiment, dict(cell), seed]))


def _shifted(x: torch.Tensor, by: int) -> torch.Tensor:
    """Logical shift to the right of int64."""
    return (x >> by) & ((1 << (64 - by)) - 1)


def _mixed(x: torch.Tensor) -> torch.Tensor:
    """SplitMix64's output function."""
    x = (x ^ _shifted(x, 30)) * _signed(_FIRST)
    x = (x ^ _shifted(x, 27)) * _signed(_SECOND)
    return x ^ _shifted(x, 31)


def words(keys: torch.Tensor, count: int, stream: str = "data", start: int = 0) -> torch.Tensor:
    """`count` random 64-bit words a lane.

    Args:
        keys: int64 [lane].
        start: counter of the first word; draws [start, start + count) of a stream are the same in any number of calls.

    Returns: int64 [lane, count].
    """
    place_1c = torch.arange(start + 1, start + count + 1, device=keys.device)[None, :] * _signed(_GOLDEN)
    origin_l1 = _mixed(keys ^ _hash64("stream:" + stream))[:, None]
    return _mixed(origin_l1 + place_1c)


def uniform(keys: torch.Tensor, count: int, stream: str = "data", start: int = 0) -> torch.Tensor:
    """Uniform numbers in [0, 1) with 53 random bits.  Returns: float64 [lane, count]."""
    return _shifted(words(keys, count, stream, start), 11).to(torch.float64) * 2.0**-53


def normal(keys: torch.Tensor, count: int, stream: str = "data", start: int = 0) -> torch.Tensor:
    """Standard normal numbers, by the inverse of the distribution function.  Returns: float64 [lane, count]."""
    open_unit = uniform(keys, count, stream, start) + 2.0**-54
    return torch.special.ndtri(open_unit)


def bits(keys: torch.Tensor, count: int, stream: str = "data", start: int = 0) -> torch.Tensor:
    """Fair bits, 64 from a word.

    Args:
        start: counter in words, so that chunks of 64 bits can be drawn apart.

    Returns: uint8 [lane, count] of 0 and 1.
    """
    n_words = -(-count // 64)
    words_lw = words(keys, n_words, stream, start)
    bytes_lb = words_lw.contiguous().view(torch.uint8)
    shifts = torch.tensor(_BYTE_SHIFTS, dtype=torch.uint8, device=keys.device)
    bits_lb8 = (bytes_lb[..., None] >> shifts) & 1
    return bits_lb8.reshape(len(keys), -1)[:, :count]


def biased_bits(keys: torch.Tensor, count: int, p: torch.Tensor, stream: str = "data", start: int = 0) -> torch.Tensor:
    """Bits that are 1 with probability p.

    Args:
        p: float64, broadcast against [lane, count].

    Returns: uint8 [lane, count].
    """
    return (uniform(keys, count, stream, start) < p).to(torch.uint8)


def integers(keys: torch.Tensor, count: int, high: int, stream: str = "data", start: int = 0) -> torch.Tensor:
    """Integers from 0 to high - 1, uniform to within high / 2^53.  Returns: int64 [lane, count].

    Raises: ValueError unless 1 <= high <= 2^31.
    """
    if not 1 <= high <= 2**31:
        raise ValueError(f"integers: 'high' must lie in 1..2^31, got {high}")
    return torch.floor(uniform(keys, count, stream, start) * high).to(torch.int64)


def permutation(keys: torch.Tensor, n: int, stream: str = "order", start: int = 0) -> torch.Tensor:
    """A random order of 0..n-1 a lane.  Returns: int64 [lane, n]."""
    return torch.argsort(words(keys, n, stream, start), dim=-1, stable=True)


def normal_like(keys: torch.Tensor, shape: tuple[int, ...], scale: float = 1.0, stream: str = "init") -> torch.Tensor:
    """Normal numbers of a parameter's shape.  Returns: float64 [lane, *shape]."""
    return scale * normal(keys, math.prod(shape), stream).reshape(len(keys), *shape)
