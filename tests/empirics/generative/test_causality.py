"""Every model that an experiment of this paper trains is audited: none is left out of the claims about the future.

The table of the contract goes by mixers; this one goes by what the experiments build.
"""

import pytest
import torch

from empirics.engine import audit
from empirics.generative import language, overfitting, synthetic
from empirics.models.character_model import Architecture, init, logits, one_hot, unpacked
from theory.generative.claims import CLAIMS
from theory.generative.grids import partners_named

KEYS = torch.tensor([11], dtype=torch.int64)
V, T, D, WIDTH, HEADS = 5, 8, 2, 8, 2
BASE = Architecture(V, T, WIDTH, D, "attention", n_heads=HEADS)


def of_synthetic_sources():
    """Architectures of all synthetic settings of all profiles, at the sizes of this test."""
    switches = synthetic.SYNTHETIC.switches
    for claim in CLAIMS:
        for profile in claim.profiles if claim.experiment == synthetic.SYNTHETIC.id else ():
            for cell, _ in claim.wanted(profile):
                own = {**switches, **cell}
                partners = partners_named(own["partners"])
                choices = {"positions": bool(own["positions"]), **synthetic.FORMS[own["form"]]}
                depth = min(own["D"], 3) if not partners else len(partners)
                yield Architecture(V, T, WIDTH, depth, own["mixer"], n_heads=HEADS, reduction=own["f"],
                                   activation=own["activation"], partners=partners, **choices)  # fmt: skip


TRAINED = {
    **{f"text: {name}": language.architecture(name, BASE) for name in language.ALL},
    **{f"overfitting: {name}": Architecture(V, T, WIDTH, D, arm.mixer, n_heads=HEADS)
       for name, arm in overfitting.ARMS.items()},
    **{f"synthetic: {one}": one for one in dict.fromkeys(of_synthetic_sources())},
}  # fmt: skip


def future_gradient(arch):
    """Largest gradient of each position from its future, weights ten times as large as usual."""
    flat = init(arch, KEYS, torch.float64)
    weights = {name: one if name.endswith("gain") else 10 * one for name, one in unpacked(arch, flat).items()}
    words = torch.randint(V, (1, 2, T), generator=torch.Generator().manual_seed(3))
    return audit.causality_audit(lambda rows: logits(arch, weights, rows), one_hot(words, V))[0]


@pytest.mark.parametrize("arch", TRAINED.values(), ids=TRAINED.keys())
def test_nothing_that_is_trained_reads_the_future_but_the_mean_of_the_whole_window(arch):
    found = future_gradient(arch)
    if arch.is_causal:
        assert torch.equal(found, torch.zeros(T).double())
    else:
        assert (found[1:-1] > 1e-6).all() and not found[0] and not found[-1]


def test_both_kinds_are_among_what_is_trained():
    assert {arch.is_causal for arch in TRAINED.values()} == {True, False}
    assert len(TRAINED) > len(language.ALL) + len(overfitting.ARMS) + 10
