"""First-order training signal on the attention logits of one head.

Letters: G gain, y = +1 or -1 the label, s the score; l_0, l_1, l_2 the logits of the body tokens, l_S a common shift of
those of B and E.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from theory.core.domain import require
from theory.counting.head import forms
from theory.counting.parameters import Head, Number, P, head_of, require_finite
from theory.counting.states import scored_states


@dataclass(frozen=True)
class PopulationGradient:
    """Expected loss in nats and its partial derivatives; the four partials sum to 0 up to rounding."""

    loss: float
    d_l0: float
    d_l1: float
    d_l2: float
    d_lS: float


def population_gradient(
    *, head: Head, N: int, tie: str, gain: float, length_law: str = "uniform", p: tuple[Number, ...] = P
) -> PopulationGradient:
    """E[softplus(-y G s)] over the answer states, and its gradient in the attention logits at fixed values.

    Statement: d s/d l_t = a_t n_t (c_t - s)/Z, so each partial is E[-y G logistic(-y G s) a_t n_t (c_t - s)/Z].  Each of
    the four is computed, none inferred from the others.

    Args:
        head: (w01, w02, kappa, sigma, wS).
        N: largest body length.
        tie: "neg" (ties have y = -1) or "drop" (ties are left out, the rest renormalised).
        gain: G, factor from the score to the logit difference.
        length_law: "fixed" (length N) or "uniform" (length uniform on 1 to N).
        p: law of a body token (p0, p1, p2).

    Returns: `PopulationGradient`, float64, nats per nat.

    Raises: DomainError for arguments outside, and where a string that can occur has no score.

    Source: derived (T14).

    Examples:
    >>> found = population_gradient(head=(1, 1, 0, 0, 1), N=12, tie="drop", gain=3)
    >>> round(found.loss, 6), round(found.d_l2, 6), round(found.d_l1 - found.d_l0, 12) + 0.0
    (0.371463, 0.055036, 0.0)
    """
    where = "population_gradient"
    one = head_of(where, head)
    require_finite(where, "gain", gain)
    states = scored_states(where, length_law=length_law, N=N, tie=tie, p=p)
    above, below = (np.array([float(part) for part in form]) for form in forms(one))
    parts = np.c_[states.array, np.ones(len(states.array))]
    divisor = parts @ below
    require(
        bool((divisor > 0).all()),
        where=where,
        name="head",
        rule="attend to a token of every string that can occur",
        value=head,
        cure='w02 = wS = 0 leaves strings of 2s without a score; take tie="drop" or p2 = 0',
    )
    score = parts @ above / divisor
    margin = states.sign * float(gain) * score
    loss = np.logaddexp(0.0, -margin)
    pull = -states.sign * float(gain) * np.exp(-np.logaddexp(0.0, margin)) * states.share / divisor
    slopes = (pull[:, None] * parts * (above - below * score[:, None])).sum(axis=0)
    return PopulationGradient(float(states.share @ loss), *slopes.tolist())
