"""The experiments of the generative paper: lanes alone and among others, shapes, and what they must find."""

import itertools
import math
from dataclasses import replace

import pytest
import torch

from empirics import generative
from empirics.engine.lanes import Lane, Lanes
from empirics.generative import cost, language, overfitting
from empirics.models.character_model import Architecture
from theory.generative import activation_memory_delta
from theory.generative.grids import (
    drawn_partners,
    entropies,
    partners_named,
    reach_gap,
    seen_back,
    sight,
    source_named,
)

SMALL = {"T": 6, "d": 8, "B": 4, "steps": 8, "test": 16, "rate": 1e-2}
CELLS = {
    "generative/built-models": {"V": 5, "d": 8, "D": 1, "T": 4, "mixer": "static"},
    "generative/influence": {"V": 5, "d": 8, "D": 2, "T": 5, "mixer": "attention"},
    "generative/synthetic": {"source": "int(3,3)", "mixer": "generative_window_mean", "D": 2, **SMALL},
    "generative/text": {"D": 1, "h": 2, "variants": "all", **SMALL, "steps": 4},
    "generative/decoding": {"V": 5, "d": 8, "D": 2, "T": 5, "h": 2, "mixer": "generative_running_mean"},
    "generative/overfitting": {"D": 1, "h": 2, **SMALL, "n": 60, "steps": 4},
    "generative/recall": {
        "K": 2,
        "V": 3,
        "mixer": "generative",
        "D": 1,
        **{k: v for k, v in SMALL.items() if k != "T"},
    },
    "generative/kept-bytes": {"implementation": "mask", "T": 4, "d": 4, "D": 1, "bytes": 4},
    "generative/peak-bytes": {"implementation": "mask", "T": 4, "d": 4, "D": 1, "bytes": 4, "B": 2},
}


def measured(experiment, cell, seeds, first=0):
    lanes = Lanes(
        experiment, [Lane(experiment.id, cell, seed) for seed in range(first, first + seeds)], torch.device("cpu")
    )
    return experiment.measure(lanes)


def tensors(output):
    for name, value in output.items():
        if name != "exhibits":
            yield from ((name, value),) if isinstance(value, torch.Tensor) else (
                (f"{name}.{part}", getattr(value, part)) for part in ("count", "mean", "variance")
            )  # fmt: skip


@pytest.mark.parametrize("experiment", [one for one in generative.EXPERIMENTS if not one.alone], ids=lambda one: one.id)
def test_a_lane_alone_equals_the_same_lane_among_others(experiment):
    cell = CELLS[experiment.id]
    several, alone = measured(experiment, cell, 3), measured(experiment, cell, 1, first=1)
    for (name, many), (_, one) in zip(tensors(several), tensors(alone)):
        assert torch.equal(one[0], many[1]), name
    assert experiment.bytes_per_lane(experiment.full(cell)) > 0


@pytest.mark.parametrize("mixer", ["attention", "attention fused", "static", "generative", "generative_running_mean"])
def test_every_sublayer_is_timed_and_only_the_first_seed_shows_more(mixer, monkeypatch):
    monkeypatch.setattr(cost, "SHOWN_LENGTHS", (2, 64))
    monkeypatch.setattr(cost, "DECODED_AFTER", (1, 3))
    cell = {"mixer": mixer, "length": 16, "d": 4, "B": 1 if mixer == "static" else 2}
    first, second = (measured(cost.SUBLAYER_TIME, cell, 1, first=seed) for seed in (0, 1))
    for output in (first, second):
        assert output["seconds"].shape == (1, 3) and (output["seconds"] > 0).all()
        assert float(output["exponent"]) == pytest.approx(cost._exponent((4, 8, 16), output["seconds"][0].tolist()))
    shown, hidden = first["exhibits"], second["exhibits"]
    assert [length for length, _ in shown["times"][0]] == [2, 4, 8, 16]
    assert [t for t, _ in shown["decoding"][0]] == ([] if mixer in ("attention fused", "static") else [1, 3])
    assert set(shown["activations"][0]) == (set(cost.IMPLEMENTATIONS) if mixer == "generative" else set())
    assert len(hidden["times"][0]) == 3 and not hidden["decoding"][0] and not hidden["activations"][0]


def test_the_exponent_of_a_power_is_found():
    assert cost._exponent((8, 16, 32), [3.0 * length**1.7 for length in (8, 16, 32)]) == pytest.approx(1.7)


def test_fused_and_explicit_attention_are_the_same_function():
    rows = torch.randn(1, 1, 6, 4, generator=torch.Generator().manual_seed(0))
    weights = {
        "query_key_value": torch.randn(1, 4, 12, generator=torch.Generator().manual_seed(1)),
        "mix_out": torch.eye(4)[None],
    }
    explicit, fused = (cost._sublayer(name, 6)(rows, weights) for name in ("attention", "attention fused"))
    assert torch.allclose(explicit, fused, atol=1e-6)


@pytest.mark.parametrize("implementation", ["stack_index", "maximum", "mask"])
@pytest.mark.parametrize("bytes_", [2, 4])
def test_kept_bytes_are_the_formulas_and_not_those_of_a_short_index(implementation, bytes_):
    cell = {"implementation": implementation, "T": 6, "d": 5, "D": 2, "bytes": bytes_}
    found = float(measured(cost.KEPT_BYTES, cell, 1)["bytes_over_gelu"])
    assert found == activation_memory_delta(B=1, **cell)


@pytest.mark.parametrize(
    ("implementation", "kept", "layers_worth"), [("stack_index", 6, 6), ("maximum", 2, 6), ("mask", -1, 3)]
)
def test_peak_is_what_is_kept_and_the_transients_of_one_layer(implementation, kept, layers_worth):
    """16 bits: kept bytes above GELU of every layer, and at the peak some bytes a number of the last layer beside them."""
    for n_layers, n_sequences in ((3, 4), (6, 4), (6, 8)):
        cell = {"implementation": implementation, "T": 16, "d": 8, "D": n_layers, "bytes": 2, "B": n_sequences}
        found = float(measured(cost.PEAK_BYTES, cell, 1)["peak_over_gelu"])
        assert found == pytest.approx(kept + layers_worth / n_layers, abs=1e-9)


def test_living_tensors_are_counted_until_they_are_freed():
    with cost._Living() as living:
        first = torch.ones(100)
        second = first + first
        del first
        third = second[:50] * 1  # a view is no storage of its own
    assert (living.peak, second.numel() + third.numel()) == (4 * 200, 150)


def test_implementations_of_the_maximum_agree_in_value_and_gradient():
    rows = torch.randn(2, 5, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    found = []
    for name in ("stack_index", "maximum", "mask"):
        leaf = rows.clone().requires_grad_(True)
        value = cost.IMPLEMENTATIONS[name](leaf)
        (gradient,) = torch.autograd.grad((value * torch.arange(3)).sum(), leaf)
        found.append((value.detach(), gradient))
    for value, gradient in found[1:]:
        assert torch.equal(value, found[0][0]) and torch.equal(gradient, found[0][1])


def test_overfitting_compares_arms_window_by_window_and_rises_on_few_characters_only():
    cell = {"B": 8, "n": 80, "steps": 60, "T": 6, "d": 16, "D": 1, "h": 2, "rate": 3e-2, "test": 60}
    output = measured(generative.OVERFITTING, cell, 2)
    at = {name: i for i, name in enumerate(overfitting.ARMS)}
    mean = {name: output[name].mean for name in ("rise", "fall", "over_small", "over_as_many", "over_mean")}
    zero = {"over_small": "small batch", "over_as_many": "small batch, as many windows"}
    assert not any(mean[name][:, at[f"generative, {arm}"]].any() for name, arm in zero.items())
    assert not mean["over_mean"][:, at["generative_running_mean, large batch"]].any()
    large, small = at["generative, large batch"], at["generative, small batch"]
    assert torch.allclose(mean["over_small"][:, large], mean["rise"][:, large] - mean["rise"][:, small])
    assert (mean["rise"][:, large] > 0.1).all() and (mean["fall"][:, large] > 0.1).all()
    assert (mean["rise"][:, at["generative, large batch, whole text"]] < 0.05).all()
    curves = output["exhibits"]["curves"][0]
    assert [point[0] for point in curves["generative, large batch"]] == [15, 30, 45, 60]
    assert curves["generative, small batch, as many windows"][-1][0] == 4 * 60


def test_text_output_is_consistent_with_itself():
    experiment, cell = generative.TEXT, CELLS["generative/text"]
    output = measured(experiment, {**cell, "variants": "core", "rates": 3}, 2)
    names = list(language.variants_of({"variants": "core"}))
    loss, over, tuning = output["loss"].mean, output["over_plain"].mean, output["tuning_loss"]
    plain = names.index("generative")
    assert loss.shape == tuning.shape == (2, 2, len(names), 3)
    best = tuning[:, 0, plain].argmin(dim=1)
    best_plain_l111 = loss[[0, 1], 0, plain, best][:, None, None, None]
    assert torch.allclose(over, loss - best_plain_l111) and not over[[0, 1], 0, plain, best].any()
    assert not output["over_counting"].mean[:, :, names.index(language.COUNTED)].any()
    leaky = torch.tensor([("window" in name) for name in names])
    assert ((output["streaming_error"][0, 0] > 1e-5) == leaky[:, None]).all()
    assert torch.equal((tuning[:, 0] != tuning[:, 1]).any(dim=2), leaky.expand(2, -1))
    shown = output["exhibits"]
    assert (
        shown["curves"][0]["attention"][-1][0] == 4 and len(shown["samples"][0]["generative"]) == 6 + language.N_WRITTEN
    )
    assert shown["samples"][1]["generative"] == "" and set(shown["heads"][0]) == {"untrained", "trained"}
    assert shown["rates"][0]["generative"] == [round(one, 5) for one in tuning[0, 0, plain].tolist()]


def test_a_rate_in_a_grid_of_rates_is_trained_as_it_would_be_alone():
    cell = {**CELLS["generative/text"], "variants": "few"}
    three = measured(generative.TEXT, {**cell, "rates": 3}, 1)
    one = measured(generative.TEXT, {**cell, "rate": 2 * cell["rate"]}, 1)
    assert torch.equal(three["loss"].mean[..., 2], one["loss"].mean[..., 0])


def test_rates_are_chosen_on_text_that_is_not_judged():
    lanes = Lanes(generative.TEXT, [Lane("generative/text", CELLS["generative/text"], 0)], torch.device("cpu"))
    run = language._Run(lanes)
    held_out = run.corpus.split()[1]
    stretches = [run.corpus.text(one) for one in held_out.tensor_split(language.N_STRETCHES)]
    assert len(held_out) // (4 * 7) > language.N_STRETCHES
    tuned, judged = ([run.corpus.text(one) for one in part] for part in (run.tuning_wt, run.tokens_wt))
    for words, kept in ((tuned, stretches[::5]), (judged, [one for i, one in enumerate(stretches) if i % 5])):
        assert words and all(any(word in one for one in kept) for word in words)


def test_variants_are_what_they_are_called():
    base = Architecture(65, 64, 128, 4, "attention", n_heads=4)
    assert language.architecture("attention, 2 keys", base).keys == 2
    assert language.architecture("attention, D + 1 keys", base).keys == 5
    assert language.architecture("generative, min", base).reduction == "min"
    kept, alone = (language.architecture(f"activation, {what}", base) for what in ("attention kept", "no mixing"))
    assert (kept.mixer, kept.activation, alone.mixer) == ("attention", "generative", "removed")
    assert not language.architecture("activation, no mixing, window mean", base).is_causal
    zeroed, after, drawn = (
        language.architecture(f"generative, {what}", base)
        for what in ("first row zeroed", "norm after", "random partners")
    )
    assert (zeroed.first_row, after.norm, len(drawn.partners)) == ("zeroed", "after", 4)
    assert drawn.partners != (1,) * 4 and 1 <= min(drawn.partners) <= max(drawn.partners) <= 8
    wide = language.matched(base)
    assert wide.d_model == 147 and wide.n_parameters <= base.n_parameters < replace(wide, d_model=148).n_parameters


def test_sight_and_gap_of_the_grids():
    assert [sight(mixer, 2, 32) for mixer in ("generative", "generative_dilated", "none", "attention")] == [3, 4, 1, 32]
    assert reach_gap("int(3,3)", "generative", 1, 32) == pytest.approx(0.24722, abs=1e-5)
    assert reach_gap("lag(4,4)", "generative", 2, 32) == pytest.approx(0.94025, abs=1e-5)
    with pytest.raises(ValueError, match="int"):
        source_named("int(3)")
    with pytest.raises(ValueError, match="partners"):
        partners_named("1,0")
    with pytest.raises(ValueError, match="4 that there are"):
        drawn_partners(D=2, largest=2, count=5)


@pytest.mark.parametrize("partners", ["1,1", "2,2", "1,2", "3,2"])
def test_partners_that_miss_the_copy_know_nothing_of_it(partners):
    """Exact, by enumeration: what the tokens at these distances tell about the next one of a lag source."""
    V, lag = 2, 4
    table, back = source_named("lag(2,4)").table, seen_back(partners)
    joint = {}
    for word in itertools.product(range(V), repeat=7):
        chance = V**-4.0
        for t in range(4, 7):
            chance *= table[int("".join(map(str, word[t - lag : t])), V)][word[t]]
        key = tuple(word[5 - one] for one in sorted(back) if one <= 5), word[6]
        joint[key] = joint.get(key, 0) + chance
    loss = 0.0
    for (seen, _), chance in joint.items():
        loss -= chance * math.log(chance / sum(joint[seen, x] for x in range(V)))
    assert loss == pytest.approx(math.log(2) if 3 not in back else entropies("lag(2,4)", 4)[4], abs=1e-12)


def test_a_short_training_already_shows_the_depth_cliff_and_the_leak():
    cliff = {
        "source": "lag(2,2)",
        "T": 8,
        "d": 16,
        "B": 32,
        "steps": 150,
        "test": 256,
        "rate": 2e-2,
        "mixer": "generative",
    }
    shallow, deep = (float(measured(generative.SYNTHETIC, {**cliff, "D": D}, 1)["excess"].mean[0, 0]) for D in (0, 1))
    assert deep < 0.02 < 0.5 * reach_gap("lag(2,2)", "none", 1, 8) < shallow
