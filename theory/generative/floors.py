"""Least expected loss that any predictor of a given sight can have: windows, copies, recall, bags, and leaks.

Letters: T length, D blocks, h_j = H(X_(j+1) | X_1..X_j), K pairs of key and value, V values, N multinomial counts.
All losses in nats.

Recipe: a plain stack of D blocks on a source of known entropies loses at least
`window_floor(h=h, T=T, window=D + 1)`; a mean loss below `window_floor(h=h, T=T, window=T)` proves that the future leaks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from theory.core.domain import Integer, Parameter, checks, is_real, require
from theory.generative.parameters import (
    DEPTH,
    EPS,
    KEYS,
    KNOWLEDGE,
    LAG,
    STATE_BITS,
    TOKENS,
    VALUES,
    WINDOW,
    T,
    V,
    probabilities,
)

LEAST_ENTROPY = -1e-9  # chosen: rounding of an entropy that is 0
LONG = Parameter("T", Integer(2), "length of the window, tokens", typical=(8, 16))


def _entropy(p: Sequence[float]) -> float:
    return math.fsum(-one * math.log(one) for one in p if one > 0)


def _entropy_of_one_and_others(one: float, other: float, n_others: int) -> float:
    """Entropy of a law with one probability apart and the others equal."""
    return _entropy([one]) + n_others * _entropy([other])


@checks(T, WINDOW)
def window_floor(*, h: Sequence[float], T: int, window: int, constant_tail: bool = False) -> float:
    """Least mean log-loss over positions 1..T of a predictor that sees the last `window` tokens and the position.

    Statement: (1/T) sum_t h_min(t, window); equality iff the predictor outputs the window posterior.  `window` = T gives the
    entropy floor, `window` = D + 1 that of a plain stack of D blocks.

    Args:
        h: h_0, h_1, ... in nats, to index min(T, window) at least, unless `constant_tail`.
        constant_tail: repeat the last entry, which is right for a Markov source of order len(h) - 1 or less; for a hidden
            Markov source it would overstate the floor.

    Raises: DomainError when h is too short, or holds an entry that is not finite or below -1e-9.
    Source: derived: P7.

    Examples:
    >>> round(window_floor(h=(1.0, 0.5, 0.25), T=4, window=2), 6)
    0.3125
    >>> window_floor(h=(1.0, 0.5), T=4, window=4, constant_tail=True)
    0.5
    """
    where = "window_floor"
    try:
        values = tuple(h)
    except TypeError:
        values = ()
    good = bool(values) and all(is_real(one) and math.isfinite(one) and one >= LEAST_ENTROPY for one in values)
    require(good, where=where, name="h", rule="be a sequence of finite numbers >= 0", value=h)
    require(
        isinstance(constant_tail, bool),
        where=where,
        name="constant_tail",
        rule="be True or False",
        value=constant_tail,
    )
    needed = min(T, window)
    require(
        constant_tail or len(values) > needed,
        where=where,
        name="h",
        rule=f"reach index min(T, window) = {needed}",
        value=h,
        cure="compute more entropies, or say constant_tail=True for a Markov source",
    )
    last = min(needed, len(values) - 1)
    whole = [float(one) for one in values[1 : last + 1]]
    return math.fsum([*whole, (T - last) * float(values[last])]) / T


@checks(V, LAG, EPS, T, WINDOW)
def lag_copy_floor(*, V: int, lag: int, eps: float, T: int, window: int) -> float:
    """Window floor of the source that copies the symbol `lag` before with probability 1 - eps.

    Statement: log V if window < lag, else (a log V + (T - a) rate)/T with a = min(T, lag - 1), where rate is the entropy of
    1 - eps + eps/V on one symbol and eps/V on each other.

    Source: derived: P7.

    Examples:
    >>> [round(lag_copy_floor(V=4, lag=4, eps=0.1, T=32, window=w), 6) for w in (3, 4)]
    [1.386294, 0.446047]
    >>> lag_copy_floor(V=4, lag=2, eps=0, T=4, window=2) == math.log(4) / 4
    True
    """
    if window < lag:
        return math.log(V)
    rate = _entropy_of_one_and_others(1 - eps + eps / V, eps / V, V - 1)
    first = min(T, lag - 1)
    return (first * math.log(V) + (T - first) * rate) / T


@checks(KEYS, VALUES, DEPTH)
def recall_floor(*, K: int, V: int, D: int) -> tuple[float, float]:
    """(least loss, best accuracy) at the query of associative recall for a plain stack of D blocks.

    The task: K distinct keys in random order, each followed by a uniform value out of V, then one of the keys as query;
    keys and values come from disjoint alphabets.

    Statement: with m = min(floor(D/2), K) pairs in sight, loss (K-m)/K H(pi) and accuracy m/K + (K-m)/K max(pi); pi is
    uniform for even D, and for odd D, where one value is in sight without its key, it adds 1/(K-m) to that value.

    Source: derived: P11.

    Examples:
    >>> [round(x, 5) for x in recall_floor(K=4, V=8, D=1)]
    [1.9205, 0.34375]
    >>> recall_floor(K=4, V=8, D=7)
    (0.0, 1.0)
    """
    m = min(D // 2, K)
    if m == K:
        return 0.0, 1.0
    known = Fraction(D % 2, K - m)
    other = (1 - known) / V
    posterior = _entropy_of_one_and_others(float(known + other), float(other), V - 1)
    unseen = Fraction(K - m, K)
    return float(unseen) * posterior, float(Fraction(m, K) + unseen * (known + other))


@checks(TOKENS)
def urn_entropy(*, n: int, p: Sequence[float]) -> float:
    """Mean entropy of the relative frequencies of n draws from p: E[H(N/n)], N multinomial; 0 for n <= 1.

    Statement: sum_v p_v E[log(n/(1 + M_v))], M_v binomial(n - 1, p_v).  It is the loss left to someone who knows the bag of
    n draws and has to name one of them.  Increasing in n, below H(p).

    Source: derived: P10, P12.

    Examples:
    >>> round(urn_entropy(n=5, p=(0.5, 0.5)), 8), urn_entropy(n=1, p=(0.5, 0.5))
    (0.57700805, 0.0)
    """
    law = probabilities("urn_entropy", "p", p)
    if n <= 1:
        return 0.0
    from scipy.special import gammaln

    m = np.arange(n)
    found = []
    for one in law:
        if 0 < one < 1:
            log_mass = gammaln(n) - gammaln(m + 1) - gammaln(n - m) + m * math.log(one) + (n - 1 - m) * math.log1p(-one)
            mass = np.exp(log_mass)
            found.append(one * float((mass * np.log(n / (m + 1))).sum() / mass.sum()))
    return math.fsum(found)


@checks(LONG, KNOWLEDGE)
def leak_floor(*, T: int, p: Sequence[float], knowledge: str) -> float:
    """Least mean teacher-forced loss on i.i.d. symbols when every inner position sees a mean of the whole window.

    Statement: `positions` (any depth, with positions): 2 H/T, since only positions 1 and T are honest; `bag` (one block
    without positions): (2 H + (T - 2) E[H(N/(T-2))])/T, N multinomial(T - 2, p).

    Raises: DomainError when p is no probability vector.
    Source: derived: P12.

    Examples:
    >>> round(leak_floor(T=8, p=[0.25] * 4, knowledge="positions"), 8)
    0.34657359
    >>> round(leak_floor(T=8, p=[0.25] * 4, knowledge="bag"), 8)
    1.15715363
    """
    honest = _entropy(probabilities("leak_floor", "p", p))
    inner = urn_entropy(n=T - 2, p=p) if knowledge == "bag" else 0.0
    return (2 * honest + (T - 2) * inner) / T


@checks(STATE_BITS, TOKENS, V)
def copy_success_bound(*, state_bits: float, n: int, V: int) -> float:
    """Largest probability that a model with so many bits of decoding state reproduces n uniform tokens.  Upper bound.

    Statement: min(1, 2^(S - n log2 V)).  Nothing overflows; what is below the least float is 0.0.

    Source: arXiv:2402.01032, theorem on state space models (follow-up); the proof is one line, see P11.

    Examples:
    >>> copy_success_bound(state_bits=64, n=20, V=16)
    1.52587890625e-05
    >>> copy_success_bound(state_bits=64, n=10, V=16)
    1.0
    """
    exponent = Fraction(state_bits) - n * Fraction(math.log2(V))
    if exponent >= 0:
        return 1.0
    return 2.0 ** float(exponent) if exponent > -1100 else 0.0
