"""The three audits of causality, over a table of every model of the project that claims to be causal.

A paper joins with one line a model in CASES: what the model reads and puts out, and, where it predicts symbols, its
logits on symbols.  A model without positions in time (such as one over columns of a table, or one whose only output is
read after the last token, as attention with a fixed query is) has nothing to audit.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch

from empirics.engine import audit, rng
from empirics.models import character_model as character
from empirics.models import counting_heads, selective_attention
from empirics.models import temperature_language_model as temperatures

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


def looked_up(inputs: torch.Tensor, others_lvd: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
    """A table of embeddings in which every place of the inputs has a row of its own, and the ids that ask for them.

    So a model that reads symbols can be asked for gradients at its places; `others_lvd` are rows put behind.
    """
    n_lanes, n_sequences, n_positions, width = inputs.shape
    rows = inputs.reshape(n_lanes, -1, width)
    ids = torch.arange(n_sequences * n_positions).reshape(n_sequences, n_positions).expand(n_lanes, -1, -1)
    return (rows if others_lvd is None else torch.cat([rows, others_lvd], dim=1)), ids


def temperature_case(variant: str) -> Callable[[], Case]:
    """A language model of the selective paper, its temperatures drawn so that none is 1."""

    def build() -> Case:
        sizes = {"n_layers": 2, "n_heads": 2, "width": 8, "block": 7, "vocab_size": 5}
        params = temperatures.initial_parameters(KEYS, variant, dtype=torch.float64, **sizes)
        for name, value in params.items():
            params[name] = value if "gain" in name else 10 * value
            if name.split()[-1] in ("alpha", "out", "tau", "weight"):
                params[name] = 1 + rng.normal_like(KEYS, value.shape[1:], stream=name)

        def logits_of(ids):
            return temperatures.forward(
                params, ids, n_layers=2, n_heads=2, watch=None, feature_v=torch.linspace(-1, 1, 5)
            )

        def outputs_of(inputs):  # the output weights are the embeddings of the symbols alone
            table, ids = looked_up(inputs, params["tokens"])
            found = temperatures.forward(
                {**params, "tokens": table},
                ids,
                n_layers=2,
                n_heads=2,
                watch=None,
                feature_v=torch.linspace(-1, 1, table.shape[1]),
            )
            return found[..., -5:]

        tokens = torch.randint(5, (2, 3, 8), generator=torch.Generator().manual_seed(0))
        return Case(outputs_of, rng.normal_like(KEYS, (3, 7, 8), stream="inputs"), logits_of, tokens)

    return build


def layer_case(kind: str, causal: bool = True) -> Callable[[], Case]:
    """One selective layer, with a temperature of that kind at queries, keys and values."""

    def build() -> Case:
        width, sizes = 6, {"n_groups": 7, "width": 6, "n_hidden": 4}
        maps = {name: rng.normal_like(KEYS, (width, width), width**-0.5, name) for name in "qkv"}  # no map saturates
        parts = {name: selective_attention.initial_temperature(kind, KEYS, prefix=name, **sizes) for name in "qkv"}
        drawn = {
            name: {at: one + rng.normal_like(KEYS, one.shape[1:], stream=at) for at, one in part.items()}
            for name, part in parts.items()
        }

        def outputs_of(inputs):
            x_lid = inputs[:, 0]
            places = torch.arange(x_lid.shape[1]).expand(len(x_lid), -1)
            tau = {name: selective_attention.temperature(kind, drawn[name], x_lid, places[0] + 1.0, places, name)
                   for name in "qkv"}  # fmt: skip
            return selective_attention.selective_layer(x_lid, maps, tau, causal=causal)[1][:, None]

        return Case(outputs_of, rng.normal_like(KEYS, (1, 7, width), stream="inputs"))

    return build


def counting_case(residual: bool, positions: bool) -> Callable[[], Case]:
    """Counting heads token by token, as the language model of the counting paper."""

    def build() -> Case:
        params = counting_heads.initial(KEYS, n_heads=2, d_head=3, d_model=6, bias=True)
        vectors = counting_heads.position_vectors(KEYS, 7, 6) if positions else None

        def read(table, ids):
            at = vectors[:, : ids.shape[2]] if positions else None
            return counting_heads.token_logits({**params, "embed": table}, ids, residual=residual, positions_ltd=at)

        tokens = torch.randint(5, (2, 3, 8), generator=torch.Generator().manual_seed(0))
        return Case(
            lambda inputs: read(*looked_up(inputs)), rng.normal_like(KEYS, (3, 7, 6), stream="inputs"),
            lambda ids: read(params["embed"], ids), tokens,
        )  # fmt: skip

    return build


CASES: dict[str, Callable[[], Case]] = {
    **{f"generative: {mixer}": character_case(mixer=mixer) for mixer in character.CAUSAL_MIXERS},
    **{
        f"generative: reduced by {f}": character_case(mixer="generative_running_mean", reduction=f)
        for f in ("min", "mean")
    },
    "generative: first row zeroed": character_case(mixer="generative", first_row="zeroed"),
    "generative: norm after": character_case(mixer="generative_running_mean", norm="after"),
    "generative: random partners": character_case(mixer="generative", partners=(3, 2)),
    "generative: attention to 3 keys": character_case(mixer="attention", keys=3),
    "generative: activation": character_case(mixer="removed", activation="generative"),
    "generative: activation, running mean": character_case(mixer="attention", activation="generative_running_mean"),
    **{f"selective: {variant}": temperature_case(variant) for variant in temperatures.VARIANTS},
    **{f"selective: layer, {kind}": layer_case(kind) for kind in selective_attention.TEMPERATURES},
    "counting: token by token": counting_case(residual=False, positions=False),
    "counting: residual and positions": counting_case(residual=True, positions=True),
}
LEAKING: dict[str, Callable[[], Case]] = {
    "generative: window mean": character_case(mixer="generative_window_mean"),
    "generative: window mean as activation": character_case(mixer="removed", activation="generative_window_mean"),
    "generative: window mean by min": character_case(mixer="generative_window_mean", reduction="min"),
}


BIDIRECTIONAL = {f"selective: layer, {kind}, no mask": layer_case(kind, causal=False) for kind in ("free", "layer")}


def streaming_gap(case):
    """Largest difference between a loss (without symbols: an output) from the prefix alone and from the whole, a position."""
    if case.logits_of is None:
        whole = case.outputs_of(case.inputs)
        ends = [case.outputs_of(case.inputs[:, :, : t + 1])[:, :, t] for t in range(case.inputs.shape[2])]
        return (torch.stack(ends, dim=2) - whole).abs().amax(dim=(0, 1, 3))
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
    assert float(streaming_gap(build()).max()) < 1e-5


@pytest.mark.parametrize("build", LEAKING.values(), ids=LEAKING.keys())
def test_audits_find_a_leak_where_it_is(build):
    case = build()
    found = audit.causality_audit(case.outputs_of, case.inputs)
    assert (found[:, 1:-1] > 1e-6).all() and not found[:, 0].any() and not found[:, -1].any()
    gap = streaming_gap(case)
    assert (gap[1:-1] > 1e-6).all() and gap[0] < 1e-12 and gap[-1] < 1e-12


@pytest.mark.parametrize("build", BIDIRECTIONAL.values(), ids=BIDIRECTIONAL.keys())
def test_audits_find_a_missing_mask_at_every_position_but_the_last(build):
    case = build()
    found, gap = audit.causality_audit(case.outputs_of, case.inputs), streaming_gap(case)
    assert (found[:, :-1] > 1e-6).all() and not found[:, -1].any()
    assert (gap[:-1] > 1e-6).all() and gap[-1] < 1e-12


@pytest.mark.parametrize("build", CASES.values(), ids=CASES.keys())
def test_an_audited_model_reads_its_inputs_at_all(build):
    """A zero gradient from the future says something only where the present has one."""
    case = build()
    inputs = case.inputs.detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(case.outputs_of(inputs)[:, :, -1].square().sum(), inputs)
    assert (gradient[:, :, -1].abs().amax(dim=(1, 2)) > 1e-6).all()


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
