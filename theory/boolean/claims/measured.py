"""What several claims share: where a number comes from, and the observable of success."""

from theory.core.bound import Source
from theory.core.evidence import Observable


def derived(step: str) -> Source:
    """A bound of ours, from a step of the derivations."""
    return Source(derived=step)


def chosen(how: str) -> Source:
    """A number that was chosen, with the reason."""
    return Source(where=how, provenance="chosen")


SUCCESS = Observable("success", low=0, high=1, evidence="estimate", noise="bernoulli")
