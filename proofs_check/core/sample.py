"""Monte Carlo at a stated level: a hypothesis is supported when it survives a test that would reject it otherwise."""

from __future__ import annotations

from collections.abc import Sequence

from proofs_check.core.derivation import Finding, Result
from theory.core.evidence import clopper_pearson

LEVEL = 1e-4


def probability(counts: Sequence[tuple[int, int, float]], *, slack: float = 0.0, level: float = LEVEL) -> Result:
    """SUPPORTED when every predicted probability lies in the interval of its (successes, trials, prediction), +- slack.

    The level is shared by the cases; REFUTED names the first prediction outside.
    """
    for successes, trials, predicted in counts:
        low, high = clopper_pearson(successes, trials, level / len(counts))
        if not low - slack <= predicted <= high + slack:
            return Result(Finding.REFUTED, f"{successes} of {trials} against {predicted:.5g}", level)
    text = "; ".join(f"{s} of {n} against {p:.4g}" for s, n, p in counts[:4])
    return Result(Finding.SUPPORTED, text, level)


def at_most(exceeded: int, trials: int, promised: float, *, level: float = LEVEL) -> Result:
    """SUPPORTED when the rate of exceedances is not shown to lie above the promised one; REFUTED when it is."""
    low, _ = clopper_pearson(exceeded, trials, 2 * level)
    text = f"exceeded in {exceeded} of {trials} runs; promised at most {promised:g}"
    return Result(Finding.REFUTED if low > promised else Finding.SUPPORTED, text, level)


def mean_at_least(mean: float, standard_error: float, bound: float, *, level: float = LEVEL) -> Result:
    """SUPPORTED when a mean with a normal standard error is not shown to lie below a bound; REFUTED when it is."""
    from scipy.special import ndtri

    reach = -float(ndtri(level)) * standard_error
    text = f"{mean:.5g} +- {standard_error:.2g} against the bound {bound:.5g}"
    return Result(Finding.REFUTED if mean + reach < bound else Finding.SUPPORTED, text, level)
