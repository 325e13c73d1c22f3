"""The claims: which function is compared with which measured quantity, on which grid, and what must fail."""

from theory.boolean.claims.easy import EASY, MAJORITY, PARITY
from theory.boolean.claims.end_to_end import END_TO_END, MISSPECIFIED, SUPPORT_BOUND
from theory.boolean.claims.ranking import LOG_NOT_POWER, RANKING_LAW
from theory.boolean.claims.step import ABLATIONS, STEP_SIZE_VACUOUS, THREE_READOUTS

CLAIMS = (
    RANKING_LAW,
    LOG_NOT_POWER,
    STEP_SIZE_VACUOUS,
    THREE_READOUTS,
    END_TO_END,
    MISSPECIFIED,
    SUPPORT_BOUND,
    EASY,
    MAJORITY,
    PARITY,
    ABLATIONS,
)
