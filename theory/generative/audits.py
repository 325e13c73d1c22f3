"""Three looks at a trained model: does it see the future, does its attention depend on the input, does counting beat it?

Letters: N inputs, T positions, A_i the map of input i (row t: weights of the positions up to t), JSD in nats.

Recipe: `causality_audit(model=logits, vocabulary=4, T=8, seed=0)` is 0 everywhere for a causal model;
`map_statistics(maps=maps).fraction` is the share of a head's entropy that depends on the input.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theory.core.domain import Integer, Parameter, checks, require
from theory.generative.parameters import SEED, T

VOCABULARY = Parameter("vocabulary", Integer(2), "number of different tokens")
WORDS = Parameter("words", Integer(1), "number of random words tried")
ORDER = Parameter("order", Integer(0), "longest context in characters")
ALPHABET = Parameter("V", Integer(1), "number of different characters")
MAP_TOLERANCE = 1e-6  # chosen: maps come from float32 softmax

Tokens = np.ndarray[Any, np.dtype[np.int64]]
Logits = np.ndarray[Any, Any]


@dataclass(frozen=True, kw_only=True)
class MapStatistics:
    """How much one head's maps differ between inputs.

    jsd: Jensen-Shannon divergence in nats, mean over rows 2..T; fraction: the same over the mean entropy of the mean map;
    relative_variance: variance over inputs, relative to the mean square; total_variation: mean distance to the mean map.
    """

    jsd: float
    fraction: float
    relative_variance: float
    total_variation: float


def _checked_maps(maps: ArrayLike) -> np.ndarray[Any, np.dtype[np.float64]]:
    try:
        found = np.asarray(maps)
        array = found.astype(np.float64) if found.dtype.kind in "biuf" else np.empty(0)
    except ValueError:  # rows of different lengths
        array = np.empty(0)
    shaped = array.ndim == 3 and len(array) >= 1 and array.shape[1] == array.shape[2] >= 2
    where, rule = "map_statistics", "be an array [N, T, T] with N >= 1 and T >= 2"
    require(shaped, where=where, name="maps", rule=rule, value=maps)
    good = (
        bool(np.isfinite(array).all())
        and float(array.min()) >= -MAP_TOLERANCE
        and float(np.abs(array.sum(axis=2) - 1).max()) <= MAP_TOLERANCE
        and float(np.abs(np.triu(array, 1)).max()) <= MAP_TOLERANCE
    )
    rule = "hold causal rows: non-negative, sum 1, zero above the diagonal"
    require(good, where=where, name="maps", rule=rule, value=maps)
    return np.maximum(array, 0)


def map_statistics(*, maps: ArrayLike) -> MapStatistics:
    """How much the causal attention maps of one head depend on the input.

    Statement: per row, JSD = H(mean row) - mean of H(row) = I(input; attended position), the input uniform on the N given.
    Row 1 holds a single weight 1 and is left out, except from relative_variance, which is taken over all rows.  Over N
    inputs JSD underestimates its value over all inputs in expectation.

    Args:
        maps: float [N, T, T], row t of a map sums to 1 and is 0 above the diagonal, within 1e-6.

    Raises: DomainError for another shape or rows that are no causal weights.
    Source: derived: P13.

    Examples:
    >>> found = map_statistics(maps=[[[1, 0], [1, 0]], [[1, 0], [0, 1]]])
    >>> round(found.jsd, 6), found.fraction, found.total_variation
    (0.693147, 1.0, 0.5)
    >>> map_statistics(maps=[[[1, 0], [0.5, 0.5]]] * 3).fraction
    0.0
    """
    A = _checked_maps(maps)
    mean = A.mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = np.where(A > 0, A * np.log(A / mean), 0.0)[:, 1:].sum(axis=2)  # [N, T-1], nats; 0 for equal rows
        entropy = np.where(mean > 0, -mean * np.log(mean), 0.0)[1:].sum(axis=1)
    jsd = max(float(apart.mean()), 0.0)
    whole = float(entropy.mean())
    return MapStatistics(
        jsd=jsd,
        fraction=jsd / whole if whole > 0 else 0.0,
        relative_variance=float(A.var(axis=0).sum() / np.square(A).sum(axis=(1, 2)).mean()),
        total_variation=float(np.abs(A - mean)[:, 1:].sum(axis=2).mean() / 2),
    )


@checks(VOCABULARY, T, SEED, WORDS)
def causality_audit(
    *, model: Callable[[Tokens], Logits], vocabulary: int, T: int, seed: int, words: int = 4
) -> tuple[float, ...]:
    """Largest change of the logits at each position when a later token is changed: all 0 for a causal model.

    Entry t-1 is the largest |change of a logit| at position t over all words, all s > t and all other symbols at s; the last
    entry is 0.  The model is always called with `vocabulary` rows, and a changed word is compared with the unchanged one in
    the same row of the batch, so that equal sums are rounded alike; let the model compute in float64.

    Args:
        model: int tokens [vocabulary, T] -> logits [vocabulary, T, vocabulary].

    Raises: DomainError when the model returns another shape or numbers that are not finite.
    Source: derived: P12.

    Examples:
    >>> one_hot = np.eye(3)
    >>> causality_audit(model=lambda x: one_hot[x], vocabulary=3, T=4, seed=0)
    (0.0, 0.0, 0.0, 0.0)
    >>> causality_audit(model=lambda x: one_hot[np.roll(x, -1, axis=1)], vocabulary=3, T=4, seed=0)
    (1.0, 1.0, 1.0, 0.0)
    """
    require(callable(model), where="causality_audit", name="model", rule="be a function of tokens", value=model)
    found = np.zeros(T)
    for word in np.random.default_rng(seed).integers(vocabulary, size=(words, T)):
        batch = np.tile(word, (vocabulary, 1))
        before = _logits(model, batch, vocabulary)
        for s in range(1, T):
            changed = batch.copy()
            changed[:, s] = np.arange(vocabulary)
            apart = np.abs(_logits(model, changed, vocabulary) - before)[:, :s].max(axis=(0, 2))
            found[:s] = np.maximum(found[:s], apart)
    return tuple(found.tolist())


def _logits(model: Callable[[Tokens], Logits], batch: Tokens, vocabulary: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    logits = np.array(model(batch), dtype=np.float64)  # a copy: a model may write into one buffer
    shape = (*batch.shape, vocabulary)
    good = logits.shape == shape and bool(np.isfinite(logits).all())
    require(good, where="causality_audit", name="model", rule=f"return finite logits of shape {shape}", value=logits)
    return logits


@checks(ORDER, ALPHABET)
def witten_bell_losses(*, train: str, validation: str, order: int, V: int) -> tuple[float, ...]:
    """Mean log-loss of interpolated Witten-Bell counts with 0, 1, ..., `order` characters of context, in nats.

    Statement: p_(-1) = 1/V; if the last c characters lie in the validation text and were followed by something in training,
    p_c(x) = (n(ctx, x) + u(ctx) p_(c-1)(x))/(n(ctx) + u(ctx)), u the number of distinct followers, else p_c = p_(c-1).
    The mean is over all validation characters; contexts do not reach back into training.

    Raises: DomainError for an empty text, or when V is below the number of distinct characters of both texts.
    Source: textbook: Witten and Bell 1991, method C, interpolated.

    Examples:
    >>> [round(x, 6) for x in witten_bell_losses(train="abracadabra", validation="cabra", V=5, order=2)]
    [1.477811, 0.801706, 0.86376]
    >>> witten_bell_losses(train="a", validation="a", V=1, order=0)
    (0.0,)
    """
    where = "witten_bell_losses"
    for name, text in (("train", train), ("validation", validation)):
        require(isinstance(text, str) and bool(text), where=where, name=name, rule="be a text, not empty", value=text)
    symbols = np.frombuffer((train + validation).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    _, x = np.unique(symbols, return_inverse=True)
    n_distinct = int(x.max()) + 1
    require(n_distinct <= V, where=where, name="V", meaning=ALPHABET.meaning, rule=f"be at least {n_distinct}", value=V)
    split, n = len(train), len(x)
    position = np.where(np.arange(n) < split, np.arange(n), np.arange(n) - split)  # inside its own text
    p, losses, context = np.full(n - split, 1 / V), [], np.zeros(n, dtype=np.int64)
    for c in range(order + 1):
        if c:  # the context of i is that of i - 1, one character shorter, and the character i - 1
            key = np.append(0, context[:-1] * n_distinct + x[:-1])
            context = np.unique(key, return_inverse=True)[1]
        exists = position >= c
        p = _interpolated(context, x, exists, split, n_distinct, p)
        losses.append(float(np.log(1 / p).mean()))
    return tuple(losses)


def _interpolated(context: Any, x: Any, exists: Any, split: int, n_distinct: int, p: Any) -> Any:
    """p_c at the validation positions from p_(c-1), by counting followers of every context in training."""
    pair = context * n_distinct + x
    followed = exists[:split]
    seen, times = np.unique(pair[:split][followed], return_counts=True)
    n_contexts = int(context.max()) + 1
    total = np.bincount(seen // n_distinct, weights=times, minlength=n_contexts)[context[split:]]
    distinct = np.bincount(seen // n_distinct, minlength=n_contexts)[context[split:]]
    if not len(seen):
        return p
    at = np.minimum(np.searchsorted(seen, pair[split:]), len(seen) - 1)
    count = np.where(seen[at] == pair[split:], times[at], 0)
    known = exists[split:] & (total > 0)
    return np.where(known, (count + distinct * p) / np.where(known, total + distinct, 1), p)
