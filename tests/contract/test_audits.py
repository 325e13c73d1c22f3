"""The three audits of causality, over a table of every model of the project that claims to be causal.

A paper joins with one line a model in CASES: what the model reads and puts out, and, where it predicts symbols, its
logits on symbols.  A model without positions in time (such as one over columns of a table) has nothing to audit.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch

from empirics.engine import audit
from empirics.models import character_model as character

KEYS = torch.tensor([11, 12], dtype=torch.int64)


@dataclass(frozen=True)
class Case:
    """A model ready to be audited, in float64.

    outputs_of: inputs float [lane, sequence, position, feature] -> [lane, sequence, position, ...]; logits_of: int64
    symbols -> logits, None where the model predicts no symbols; tokens: int64 [lane, sequence, T + 1].
    """

    outputs_of: audit.Model
    inputs: torch.Tensor
    logits_of: audit.Model | None = None
    tokens: torch.Tensor | None = None


def character_case(**choices) -> Callable[[], Case]:
    """A character model of the generative paper with weights of normal size."""

    def build() -> Case:
        arch = character.Architecture(5, 7, 8, 2, n_heads=2, **choices)
        flat = character.init(arch, KEYS, torch.float64)
        weights = {
            name: one if name.endswith("gain") else 10 * one for name, one in character.unpacked(arch, flat).items()
        }
        tokens = torch.randint(5, (2, 3, 8), generator=torch.Generator().manual_seed(0))

        def logits_of(inputs):
            return character.logits(arch, weights, inputs)

        return Case(logits_of, character.one_hot(tokens[:, :, :-1], 5), logits_of, tokens)

    return build


CASES: dict[str, Callable[[], Case]] = {
    **{f"generative: {mixer}": character_case(mixer=mixer) for mixer in character.CAUSAL_MIXERS},
    **{
        f"generative: reduced by {f}": character_case(mixer="generative_running_mean", reduction=f)
        for f in ("min", "mean")
    },
    "generative: attention to 3 keys": character_case(mixer="attention", keys=3),
    "generative: activation": character_case(mixer="removed", activation="generative"),
    "generative: activation, running mean": character_case(mixer="attention", activation="generative_running_mean"),
}
LEAKING: dict[str, Callable[[], Case]] = {
    "generative: window mean": character_case(mixer="generative_window_mean"),
    "generative: window mean as activation": character_case(mixer="removed", activation="generative_window_mean"),
    "generative: window mean by min": character_case(mixer="generative_window_mean", reduction="min"),
}


def streaming_gap(case):
    """Largest difference between a loss from the prefix alone and the teacher-forced one, a position."""
    gap = audit.streaming_loss(case.logits_of, case.tokens) - audit.teacher_forced_loss(case.logits_of, case.tokens)
    return gap.abs().amax(dim=(0, 1))


@pytest.mark.parametrize("build", CASES.values(), ids=CASES.keys())
def test_gradient_from_the_future_is_exactly_zero(build):
    case = build()
    assert torch.equal(
        audit.causality_audit(case.outputs_of, case.inputs),
        torch.zeros(case.inputs.shape[0], case.inputs.shape[2]).double(),
    )


@pytest.mark.parametrize("build", CASES.values(), ids=CASES.keys())
def test_streaming_loss_equals_the_teacher_forced_one(build):
    case = build()
    if case.logits_of is None:
        pytest.skip("predicts no symbols")
    assert float(streaming_gap(case).max()) < 1e-5


@pytest.mark.parametrize("build", LEAKING.values(), ids=LEAKING.keys())
def test_audits_find_a_leak_where_it_is(build):
    case = build()
    found = audit.causality_audit(case.outputs_of, case.inputs)
    assert (found[:, 1:-1] > 1e-6).all() and not found[:, 0].any() and not found[:, -1].any()
    gap = streaming_gap(case)
    assert (gap[1:-1] > 1e-6).all() and gap[0] < 1e-12 and gap[-1] < 1e-12


def test_gradient_audit_agrees_with_changing_single_tokens():
    """Second method: every single-token change, compared number by number."""
    from theory.generative import causality_audit

    for build, leaks in ((CASES["generative: generative"], False), (LEAKING["generative: window mean"], True)):
        case = build()
        found = causality_audit(
            model=lambda words, case=case: case.logits_of(torch.from_numpy(words)[None].expand(2, -1, -1))[0].numpy(),
            vocabulary=5, T=7, seed=0, words=2,
        )  # fmt: skip
        by_gradient = audit.causality_audit(case.outputs_of, case.inputs)[0]
        assert [one > 0 for one in found] == (by_gradient > 0).tolist() == [leaks and 0 < t < 6 for t in range(7)]


def test_floor_audit_tells_a_leak_from_a_model_on_the_floor():
    noise = torch.randn(1, 4000, generator=torch.Generator().manual_seed(1)).double()
    honest, leaky = audit.floor_audit(0.02 + 0.3 * noise), audit.floor_audit(-0.05 + 0.1 * noise)
    assert not honest.leaks.any() and leaky.leaks.all()
    assert float(leaky.z[0]) == pytest.approx(float(leaky.excess[0] / leaky.standard_error[0]))
    assert audit.floor_audit(torch.zeros(1, 3)).z.tolist() == [0.0]
    assert audit.floor_audit(torch.full((1, 3), -1.0)).leaks.all()


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: audit.causality_audit(lambda x: x, torch.zeros(2, 3, 4)), "inputs_lbtd"),
        (lambda: audit.causality_audit(lambda x: x[:, :, :1], torch.zeros(1, 1, 3, 2)), "keep the axes"),
        (lambda: audit.floor_audit(torch.zeros(2, 1)), "at least two sequences"),
    ],
)
def test_refusals(call, says):
    with pytest.raises(ValueError, match=says):
        call()
