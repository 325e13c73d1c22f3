"""Statements as computable values: what a paper bounds, under which hypotheses, and how it is put to the test.

This is the public face of the lowest floor; papers are its submodules (`theory.boolean`, ...).
"""

from theory.core.bound import Bound, Hypothesis, Source, bound, constant
from theory.core.claim import Claim, Clause, Control, Grid, Statement
from theory.core.domain import Choice, Integer, Parameter, Real, checks, require
from theory.core.errors import (
    ContractError,
    DamagedError,
    DomainError,
    NoSpaceError,
    PluginError,
    RecordError,
    TestbedError,
    Undecided,
)
from theory.core.evidence import Observable
from theory.core.fold import Best, Crossing, Difference
from theory.core.numbers import BALL, FLOAT, SYMBOL
from theory.core.record import Record, RunFile
from theory.core.relation import AtLeast, AtMost, Crosses, Equals, Exceeds, ScalesAs
from theory.core.verdict import Outcome, Verdict

__all__ = [
    "BALL",
    "FLOAT",
    "SYMBOL",
    "AtLeast",
    "AtMost",
    "Best",
    "Bound",
    "Choice",
    "Claim",
    "Clause",
    "ContractError",
    "Control",
    "Crosses",
    "Crossing",
    "DamagedError",
    "Difference",
    "DomainError",
    "Equals",
    "Exceeds",
    "Grid",
    "Hypothesis",
    "Integer",
    "NoSpaceError",
    "Observable",
    "Outcome",
    "Parameter",
    "PluginError",
    "Real",
    "Record",
    "RecordError",
    "RunFile",
    "ScalesAs",
    "Source",
    "Statement",
    "TestbedError",
    "Undecided",
    "Verdict",
    "bound",
    "checks",
    "constant",
    "require",
]
