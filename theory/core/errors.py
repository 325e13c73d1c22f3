"""What can go wrong, as exceptions that carry the facts as attributes as well as words.

`TestbedError` is the root; each class knows the exit code with which the command line ends.
A message has the form `<where>: '<name>' (<meaning>) must <rule>, got <value> [<source>]; <what to do>`.
"""

from __future__ import annotations

from typing import Any

_LONGEST_VALUE = 80


def shown(value: object) -> str:
    """A value as one short printable line, whatever it is."""
    try:
        text = repr(value)
    except ValueError:  # an integer with more digits than Python converts to text
        text = f"an integer of {value.bit_length()} bits" if isinstance(value, int) else type(value).__name__
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 3] + "..."


class TestbedError(Exception):
    """Root of all errors that a user can cause or repair."""

    __test__ = False  # not a test case, although its name starts with "Test"
    exit_code = 2


class DomainError(TestbedError, ValueError):
    """A value lies outside the domain of an argument.

    Attributes: where, name, meaning, rule, value, source, cure (all text except value).
    """

    def __init__(
        self, *, where: str, name: str, rule: str, value: Any, meaning: str = "", source: str = "", cure: str = ""
    ) -> None:
        self.where, self.name, self.meaning, self.rule = where, name, meaning, rule
        self.value, self.source, self.cure = value, source, cure
        text = f"{where}: '{name}'"
        text += f" ({meaning})" if meaning else ""
        text += f" must {rule}, got {shown(value)}"
        text += f" [{source}]" if source else ""
        text += f"; {cure}" if cure else ""
        super().__init__(text)


class ContractError(TestbedError):
    """A claim, derivation or experiment is not well formed.  Attribute: faults, a tuple of (what, why)."""

    def __init__(self, faults: tuple[tuple[str, str], ...]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(f"{what}: {why}" for what, why in self.faults))


class RecordError(TestbedError):
    """A run file cannot be used as asked: absent, foreign, newer, locked or not writable."""


class DamagedError(RecordError):
    """A run file holds bytes that its hashes do not vouch for."""

    exit_code = 4


class NoSpaceError(RecordError):
    """The disk is full; what was committed before is intact."""

    exit_code = 5


class PluginError(TestbedError):
    """A plug-in cannot be loaded, or two items share one id."""


class Undecided(TestbedError):
    """The precision or the time allowed did not settle the question; neither true nor false."""
