"""Sequences of a stationary Markov source of any order, with the exact log loss of the true conditional.

A source is a table of V^k rows of V chances; the row of a context is its base-V value, the oldest symbol most
significant.  Example, V = 2, k = 1, rows (.9, .1) and (.2, .8):

    sequence        0    0    1    1
    target of t=1        0              true loss  -log .9
    target of t=2             1         true loss  -log .1
    target of t=3                  1    true loss  -log .8

A sequence starts in the stationary law, so that early targets are scored by the exact chance given the short prefix.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch

from empirics.engine import rng


@dataclass(frozen=True)
class Chain:
    """A source ready to be drawn from.

    Attributes: n_symbols, order, stationary (float64 [V^k] chances of the contexts), conditionals (for each prefix
    length 0..k the chances of the next symbol, float64 [V^length, V]).
    """

    n_symbols: int
    order: int
    stationary: torch.Tensor
    conditionals: tuple[torch.Tensor, ...]


def chain(n_symbols: int, order: int, table: torch.Tensor) -> Chain:
    """The chain of a table, float64 [V^k, V].

    Raises: ValueError for a table of another shape or a stationary law that is not unique.
    """
    n_contexts = n_symbols**order
    if table.shape != (n_contexts, n_symbols):
        raise ValueError(f"chain: 'table' must have shape {(n_contexts, n_symbols)}, got {tuple(table.shape)}")
    table = table.to(torch.float64).cpu()
    table = table / table.sum(dim=1, keepdim=True)
    stationary = _stationary(table, n_symbols, n_contexts)
    marginals = [stationary.reshape(n_symbols**length, -1).sum(dim=1) for length in range(order + 1)]
    early = []
    for length in range(order):
        pairs = marginals[length + 1].reshape(-1, n_symbols)
        early.append(pairs / pairs.sum(dim=1, keepdim=True).clamp(min=1e-300))
    return Chain(n_symbols, order, stationary, (*early, table))


def _settled(law: torch.Tensor, moved: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
    """The law that a step leaves as it is, by halfway steps (which also settle where whole ones go round in circles).

    Sums are taken term by term: a library's solver rounds differently from call to call, and draws must not.
    """
    for _ in range(MOST_STEPS):
        onward = (law + moved(law)) / 2
        if float((onward - law).abs().max()) <= SETTLED:
            break
        law = onward
    return law / math.fsum(law.tolist())


MOST_STEPS, SETTLED = 20000, 1e-16  # a law that settles by a tenth in a hundred steps is then right to 1e-13


def _stationary(table: torch.Tensor, n_symbols: int, n_contexts: int) -> torch.Tensor:
    """The law of the last k symbols that a step leaves as it is."""
    uniform = torch.full((n_contexts,), 1 / n_contexts, dtype=torch.float64)
    if n_contexts == 1:
        return uniform
    context = torch.arange(n_contexts).repeat_interleave(n_symbols)
    following = (context * n_symbols + torch.arange(n_symbols).repeat(n_contexts)) % n_contexts
    step = torch.zeros(n_contexts, n_contexts, dtype=torch.float64)
    step.index_put_((context, following), table.reshape(-1), accumulate=True)
    if torch.linalg.matrix_rank(step.T - torch.eye(n_contexts, dtype=torch.float64)) < n_contexts - 1:
        raise ValueError("chain: the stationary law of 'table' must be unique")
    by_oldest = table.reshape(n_symbols, n_contexts // n_symbols, n_symbols)

    def moved(law: torch.Tensor) -> torch.Tensor:
        parts = law.reshape(n_symbols, -1, 1) * by_oldest
        return _sum(parts)

    return _settled(uniform, moved)


def _sum(parts: torch.Tensor) -> torch.Tensor:
    """Sum over the first axis, one term after another.  Returns: float64 [entry]."""
    total = parts[0]
    for one in parts[1:]:
        total = total + one
    return total.reshape(-1)


def _chosen(cumulative: torch.Tensor, draws: torch.Tensor) -> torch.Tensor:
    """Index of the first cumulative chance above a draw."""
    last = cumulative.shape[-1] - 1
    return (cumulative <= draws[..., None]).sum(dim=-1).clamp(max=last)


def sequences(
    source: Chain, keys: torch.Tensor, count: int, length: int, stream: str = "data", start: int = 0
) -> torch.Tensor:
    """Independent sequences.

    Args:
        keys: int64 [lane].
        start: number of the first sequence, so that blocks drawn apart are the same as one block.

    Returns: int64 [lane, count, length].
    """
    draws = rng.uniform(keys, count * length, stream, start * length).reshape(len(keys), count, length)
    columns: list[torch.Tensor] = []
    context = torch.zeros(len(keys), count, dtype=torch.int64, device=keys.device)
    cumulative = [table.cumsum(dim=1).to(keys.device) for table in source.conditionals]
    n_contexts = source.n_symbols**source.order
    for t in range(length):
        symbol = _chosen(cumulative[min(t, source.order)][context], draws[:, :, t])
        columns.append(symbol)
        context = context * source.n_symbols + symbol
        context = context % n_contexts if t >= source.order else context
    return torch.stack(columns, dim=2)


def true_losses(source: Chain, tokens_lbt: torch.Tensor) -> torch.Tensor:
    """Log loss of the exact conditional given the whole prefix, for every symbol but the first.

    Args:
        tokens_lbt: int64 [lane, sequence, T + 1].

    Returns: float64 [lane, sequence, T], nats.
    """
    n_contexts, found = source.n_symbols**source.order, []
    context = torch.zeros_like(tokens_lbt[:, :, 0])
    for t in range(tokens_lbt.shape[2]):
        symbol = tokens_lbt[:, :, t]
        table = source.conditionals[min(t, source.order)].to(tokens_lbt.device)
        found.append(-table[context, symbol].log())
        context = context * source.n_symbols + symbol
        context = context % n_contexts if t >= source.order else context
    return torch.stack(found[1:], dim=2)


# ---------------------------------------------------------------------------- hidden Markov sources
@dataclass(frozen=True)
class HiddenChain:
    """A stationary hidden Markov source: float64 start [state], transition [state, state], emission [state, symbol]."""

    start: torch.Tensor
    transition: torch.Tensor
    emission: torch.Tensor


def hidden_chain(transition: torch.Tensor, emission: torch.Tensor) -> HiddenChain:
    """The source that starts in the law which a step leaves as it is; for one such law only."""
    uniform = torch.full((len(transition),), 1 / len(transition), dtype=torch.float64)
    start = _settled(uniform, lambda law: _sum(law[:, None] * transition))
    return HiddenChain(start, transition, emission)


def hidden_sequences(
    source: HiddenChain, keys: torch.Tensor, count: int, length: int, stream: str = "data", start: int = 0
) -> torch.Tensor:
    """Independent sequences of emitted symbols; arguments as `sequences`.  Returns: int64 [lane, count, length]."""
    shape = (len(keys), count, length)
    moves, shows = (
        rng.uniform(keys, count * length, f"{stream} {what}", start * length).reshape(shape)
        for what in ("state", "symbol")
    )
    first, step, emit = (
        one.cumsum(dim=-1).to(keys.device) for one in (source.start, source.transition, source.emission)
    )
    state = _chosen(first.expand(len(keys), count, -1), moves[:, :, 0])
    columns = []
    for t in range(length):
        if t:
            state = _chosen(step[state], moves[:, :, t])
        columns.append(_chosen(emit[state], shows[:, :, t]))
    return torch.stack(columns, dim=2)


def hidden_true_losses(source: HiddenChain, tokens_lbt: torch.Tensor) -> torch.Tensor:
    """Log loss of the exact filter for every symbol but the first; as `true_losses`.  Returns: float64 [lane, sequence, T]."""
    step, emit_vs = source.transition.to(tokens_lbt.device), source.emission.T.contiguous().to(tokens_lbt.device)
    belief_lbs = source.start.to(tokens_lbt.device).expand(*tokens_lbt.shape[:2], -1)
    found = []
    for t in range(tokens_lbt.shape[2]):
        if t:
            belief_lbs = belief_lbs @ step
        joint_lbs = belief_lbs * emit_vs[tokens_lbt[:, :, t]]
        chance_lb = joint_lbs.sum(dim=2)
        found.append(-chance_lb.log())
        belief_lbs = joint_lbs / chance_lb[..., None]
    return torch.stack(found[1:], dim=2)
