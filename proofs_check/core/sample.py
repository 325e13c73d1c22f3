"""Monte Carlo at a stated level: supported, refuted, or undecided where the sample is too small to tell.

`at_most` and `mean_at_least` claim an inequality: they support it only when the whole interval lies on its good side.
`probability` claims an equality: no sample can prove one, so it is supported when the interval is narrow and holds it.
"""

from __future__ import annotations

from collections.abc import Sequence

from proofs_check.core.derivation import Finding, Result
from theory.core.evidence import clopper_pearson, hoeffding_interval

LEVEL = 1e-4
WIDEST = 0.2


def probability(
    counts: Sequence[tuple[int, int, float]], *, slack: float = 0.0, level: float = LEVEL, widest: float = WIDEST
) -> Result:
    """SUPPORTED when every predicted probability lies in the interval of its (successes, trials, prediction), +- slack.

    The level is shared by the cases; REFUTED names the first prediction outside; an interval wider than `widest` could
    hold almost anything, so it leaves the step UNDECIDED.
    """
    intervals = [clopper_pearson(s, n, level / len(counts)) if n else (0.0, 1.0) for s, n, _ in counts]
    for (low, high), (successes, trials, predicted) in zip(intervals, counts):
        if not low - slack <= predicted <= high + slack:
            text = f"{successes} of {trials} against {predicted:.5g}"
            return Result(Finding.REFUTED, text, level, counterexample=text)
    if not counts or any(high - low > widest for low, high in intervals):
        return Result(Finding.UNDECIDED, "too few runs to tell")
    text = "; ".join(f"{s} of {n} against {p:.4g}" for s, n, p in counts[:4])
    return Result(Finding.SUPPORTED, text, level)


def at_most(exceeded: int, trials: int, promised: float, *, level: float = LEVEL) -> Result:
    """SUPPORTED when the rate of exceedances is shown to be at most the promised one, REFUTED when it is shown above."""
    low, high = clopper_pearson(exceeded, trials, 2 * level) if trials else (0.0, 1.0)
    text = f"exceeded in {exceeded} of {trials} runs; promised at most {promised:g}"
    return _against(promised - high, promised - low, text, level)


def mean_at_least(
    cases: Sequence[tuple[float, int, float]], *, low: float = 0.0, high: float = 1.0, level: float = LEVEL
) -> Result:
    """SUPPORTED when in every (mean, count, bound) the mean of independent values in [low, high] is shown to reach the bound.

    By Hoeffding's inequality in its sharp form; the level is shared by the cases.
    """
    width, worst = high - low, Result(Finding.UNDECIDED, "no case")
    for number, (mean, count, bound) in enumerate(cases):
        share = 2 * level / len(cases)
        least, most = hoeffding_interval((mean - low) / width, count, share) if count else (0.0, 1.0)
        least, most = low + width * least, low + width * most
        text = f"mean {mean:.5g} of {count}, at least {least:.5g}, against {bound:.5g}"
        found = _against(least - bound, most - bound, text, level)
        if not found.holds:
            return found
        worst = found if number == 0 else Result(found.finding, f"{worst.detail}; {text}", level)
    return worst


def _against(worst: float, best: float, text: str, level: float) -> Result:
    """The three outcomes of a margin that lies between `worst` and `best` and is claimed not to be negative."""
    if worst >= 0:
        return Result(Finding.SUPPORTED, text, level)
    if best < 0:
        return Result(Finding.REFUTED, text, level, counterexample=text)
    return Result(Finding.UNDECIDED, text + "; too few runs to tell")
