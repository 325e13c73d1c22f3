"""What a verdict says, and at which level.

A verdict is a pure function of a claim and records.  Its level is fixed: `LEVEL` a claim, divided by the claim's judged
cells (Bonferroni), so that twenty true claims show a false "violated" in at most 1 % of runs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

LEVEL = 0.0005


class Outcome(Enum):
    """The possible outcomes; the value is the word stored and printed, `meaning` the sentence a reader needs."""

    VIOLATED = "violated"
    INCONCLUSIVE = "inconclusive"
    CONSISTENT = "consistent"
    CONFIRMED = "confirmed"
    VACUOUS = "vacuous"
    OUTSIDE = "outside"
    MISSING = "missing"

    @property
    def meaning(self) -> str:
        """One sentence for a reader."""
        return _MEANING[self]


_MEANING = {
    Outcome.VIOLATED: "The measurements contradict the statement at the stated level.",
    Outcome.INCONCLUSIVE: "The measurements neither support nor contradict the statement.",
    Outcome.CONSISTENT: "The measurements obey the statement, but it is loose here or they are not sharp enough to confirm it.",
    Outcome.CONFIRMED: "The measurements obey the statement, and it is tight here.",
    Outcome.VACUOUS: "No value that can be measured here would contradict the statement.",
    Outcome.OUTSIDE: "A hypothesis of the statement does not hold here.",
    Outcome.MISSING: "Nothing was measured here.",
}

WORST_FIRST = (Outcome.VIOLATED, Outcome.INCONCLUSIVE, Outcome.CONSISTENT, Outcome.CONFIRMED)


@dataclass(frozen=True)
class Verdict:
    """Outcome, slack (a factor >= 1 between bound and measurement, None where it has no meaning) and the reason."""

    outcome: Outcome
    slack: float | None = None
    detail: str = ""


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The outcome of a whole: the worst of the judged ones; vacuous only when no judged one remains; else missing.

    Examples:
    >>> worst([Outcome.CONFIRMED, Outcome.VACUOUS, Outcome.CONSISTENT]).value
    'consistent'
    """
    found = set(outcomes)
    for outcome in WORST_FIRST:
        if outcome in found:
            return outcome
    for outcome in (Outcome.VACUOUS, Outcome.OUTSIDE):
        if outcome in found:
            return outcome
    return Outcome.MISSING


def ratio(upper: float, lower: float) -> float | None:
    """Slack of a true inequality lower <= upper: their ratio, at least 1; None where a ratio has no meaning."""
    if not (math.isfinite(upper) and math.isfinite(lower)):
        return None
    if upper == lower:
        return 1.0
    if lower <= 0 or upper <= 0:
        return None
    return max(1.0, upper / lower)
