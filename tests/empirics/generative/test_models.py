"""Character models against the reference function, counts by formula, and exact reach, token by token."""

import math

import numpy as np
import pytest
import torch

from empirics.models import character_model as model
from empirics.models.character_training import Recipe, next_symbol_losses, trained
from theory.generative import generative_function, parameter_count, receptive_field
from theory.generative.grids import partners_named, seen_back

KEYS = torch.tensor([3, 4, 5], dtype=torch.int64)


def built(mixer, D=2, V=4, T=8, d=8, lanes=KEYS[:1], dtype=torch.float64, size=10.0, **more):
    arch = model.Architecture(V, T, d, D, mixer, n_heads=2, **more)
    weights = model.unpacked(arch, model.init(arch, lanes, dtype))
    return arch, {name: one if name.endswith("gain") else size * one for name, one in weights.items()}


@pytest.mark.parametrize("f", model.REDUCTIONS)
@pytest.mark.parametrize("context", ["none", "running_mean", "window_mean"])
@pytest.mark.parametrize("shift", [1, 2, 9])
def test_reduction_equals_the_reference(f, context, shift):
    rows = torch.randn(2, 3, 6, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found = model.reduced(rows, f, context, shift)
    for lane in range(2):
        for word in range(3):
            truth = generative_function(u=rows[lane, word].numpy(), f=f, context=context, shift=shift)
            assert np.allclose(found[lane, word].numpy(), truth, rtol=0, atol=1e-12)


@pytest.mark.parametrize("mixer", model.MIXERS)
@pytest.mark.parametrize("sizes", [(5, 8, 1, 3), (7, 12, 3, 6)])
def test_parameters_equal_the_formula_and_without_the_output_map_do_not(mixer, sizes):
    V, d, D, T = sizes
    arch, weights = built(mixer, D, V, T, d)
    count = sum(one[0].numel() for one in weights.values())
    assert count == arch.n_parameters == parameter_count(V=V, d=d, D=D, T=T, mixer=mixer, h=2, positions=True)
    if mixer != "removed":
        without = model.Architecture(V, T, d, D, mixer, n_heads=2, output_map=False).n_parameters
        assert count - without == D * d * d


@pytest.mark.parametrize(
    ("choices", "sight"),
    [
        ({"mixer": "generative"}, receptive_field(D=2)),
        ({"mixer": "generative", "reduction": "min"}, 3),
        ({"mixer": "generative", "activation": "generative"}, receptive_field(D=2, shifts_per_block=2)),
        ({"mixer": "generative_dilated"}, receptive_field(D=2, dilation="doubling")),
        ({"mixer": "generative", "first_row": "zeroed"}, 3),
        ({"mixer": "generative", "norm": "after"}, 3),
        ({"mixer": "none"}, 1),
        ({"mixer": "removed", "activation": "generative"}, 3),
        ({"mixer": "attention"}, 8),
        ({"mixer": "static"}, 8),
        ({"mixer": "generative_running_mean"}, 8),
        ({"mixer": "attention", "keys": 2}, 3),
        ({"mixer": "attention", "keys": 3}, 5),  # D (keys - 1) + 1: D + 1 keys a layer see more than D + 1 tokens
    ],
    ids=str,
)
def test_reach_is_exact_to_the_bit(choices, sight):
    arch, weights = built(**choices)
    base = torch.tensor([[[0, 1, 2, 3, 0, 1, 2, 3]]])
    before = model.logits(arch, weights, base)[0, 0, -1]
    seen = []
    for place in range(8):
        changed = base.clone()
        changed[0, 0, place] = (base[0, 0, place] + 1) % 4
        seen.append(bool((model.logits(arch, weights, changed)[0, 0, -1] != before).any()))
    assert seen == [8 - place <= sight for place in range(8)]


@pytest.mark.parametrize("partners", ["1,2", "2,1", "2,2", "3,2", "4,1"])
def test_partners_are_seen_at_the_sums_of_their_distances_and_nowhere_else(partners):
    arch, weights = built("generative", partners=partners_named(partners))
    base = torch.tensor([[[0, 1, 2, 3, 0, 1, 2, 3]]])
    before = model.logits(arch, weights, base)[0, 0, -1]
    seen = set()
    for back in range(8):
        changed = base.clone()
        changed[0, 0, 7 - back] = (base[0, 0, 7 - back] + 1) % 4
        if (model.logits(arch, weights, changed)[0, 0, -1] != before).any():
            seen.add(back)
    assert seen == seen_back(partners)


def test_forms_differ_where_they_say_and_nowhere_else():
    rows = torch.randn(1, 2, 5, 3, generator=torch.Generator().manual_seed(6), dtype=torch.float64)
    for shift in (1, 2, 7):
        copied, zeroed = (model.reduced(rows, "max", "none", shift, first) for first in model.FIRST_ROWS)
        assert torch.equal(copied[:, :, shift:], zeroed[:, :, shift:]) and not zeroed[:, :, :shift].any()
        assert torch.equal(copied[:, :, :shift], rows[:, :, :shift])
    words = torch.randint(4, (1, 3, 8), generator=torch.Generator().manual_seed(7))
    found = [model.logits(*built("generative", **more), words)[0]
             for more in ({}, {"first_row": "zeroed"}, {"norm": "after"})]  # fmt: skip
    assert (found[0][:, 0] != found[1][:, 0]).any() and (found[0] != found[2]).any()
    sizes = {built("generative", **more)[0].n_parameters for more in ({}, {"first_row": "zeroed"}, {"norm": "after"})}
    assert len(sizes) == 1


def test_a_factor_of_the_rate_is_the_same_as_that_rate():
    arch = model.Architecture(4, 6, 8, 1, "generative")
    tokens = torch.randint(4, (1, 5, 7), generator=torch.Generator().manual_seed(8)).expand(2, -1, -1)
    first = model.init(arch, KEYS[:1]).expand(2, -1)
    both = trained(arch, first, Recipe(9, 1e-2, n_warm_up=2, decay=0.1), lambda step: tokens,
                   factor_l=torch.tensor([1.0, 2.0], dtype=torch.float64))  # fmt: skip
    for lane, rate in enumerate((1e-2, 2e-2)):
        alone = trained(arch, first[:1], Recipe(9, rate, n_warm_up=2, decay=0.1), lambda step: tokens[:1])
        assert torch.equal(alone[0], both[lane])


def test_symbols_and_one_hot_rows_give_the_same_logits():
    arch, weights = built("attention", lanes=KEYS)
    tokens = torch.randint(4, (3, 2, 8), generator=torch.Generator().manual_seed(2))
    as_rows = model.logits(arch, weights, model.one_hot(tokens, 4))
    assert torch.allclose(model.logits(arch, weights, tokens), as_rows, rtol=0, atol=1e-12)


def test_dropout_drops_its_share_and_keeps_the_mean():
    rows = torch.ones(2, 3, 41, 33)
    found = model.kept_by_dropout(KEYS[:2], rows, 0.2, "a")
    assert torch.equal(found[:1], model.kept_by_dropout(KEYS[:1], rows[:1], 0.2, "a"))
    assert set(found.unique().tolist()) == {0.0, float(torch.tensor(1 / (1 - 13107 / 2**16)))}
    dropped = (found == 0).double().flatten(1)
    for one in (dropped, *(dropped[:, place::4] for place in range(4))):  # also what stands at one place of its word
        assert ((one.mean(dim=1) - 0.2).abs() < 4.5 * (0.16 / one.shape[1]) ** 0.5).all()
    assert not torch.equal(found[0], found[1])
    assert not torch.equal(found, model.kept_by_dropout(KEYS[:2], rows, 0.2, "b"))


def test_attention_is_that_of_torch():
    query, key, value = torch.randn(3, 2, 3, 2, 5, 4, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    ours = model.attention_maps(query, key, 0) @ value
    assert torch.allclose(ours, torch.nn.functional.scaled_dot_product_attention(query, key, value, is_causal=True))
    x = torch.linspace(-4, 4, 50, dtype=torch.float64)
    assert torch.allclose(model.gelu(x), torch.nn.functional.gelu(x), rtol=0, atol=1e-12)


def test_loss_at_the_start_is_nearly_that_of_guessing():
    arch, weights = built("generative", V=11, size=1.0)
    tokens = torch.randint(11, (1, 50, 9), generator=torch.Generator().manual_seed(4))
    loss = next_symbol_losses(model.logits(arch, weights, tokens[:, :, :-1]), tokens[:, :, 1:]).mean()
    assert float(loss) == pytest.approx(math.log(11), abs=0.02)


@pytest.mark.parametrize("mixer", ["attention", "generative_running_mean", "static", "generative_window_mean"])
def test_a_trained_lane_is_the_same_to_the_bit_alone_and_among_others(mixer):
    arch = model.Architecture(4, 6, 8, 2, mixer, n_heads=2)
    tokens = torch.randint(4, (3, 5, 7), generator=torch.Generator().manual_seed(5))
    recipe = Recipe(n_steps=12, learning_rate=1e-2, n_warm_up=3, decay=0.1, dropout=0.2)
    several = trained(arch, model.init(arch, KEYS), recipe, lambda step: tokens.roll(step, 1), keys=KEYS)
    for lane in range(3):
        own = slice(lane, lane + 1)
        alone = trained(
            arch, model.init(arch, KEYS[own]), recipe, lambda step, own=own: tokens[own].roll(step, 1), keys=KEYS[own]
        )
        assert torch.equal(alone[0], several[lane])


def test_half_precision_trains_to_nearly_the_same_loss():
    """The path that a GPU takes in the large grid, at a size that a CPU can run."""
    arch = model.Architecture(3, 6, 8, 1, "attention", n_heads=2)
    word = torch.tensor([0, 1, 2] * 3)[:7].expand(2, 8, -1)
    losses = {}
    for precision in ("float32", "bfloat16"):
        recipe = Recipe(120, 2e-2, n_warm_up=10, precision=precision)
        flat = trained(arch, model.init(arch, KEYS[:2]), recipe, lambda step: word)
        scores = model.logits(arch, model.unpacked(arch, flat), word[:, :, :-1])
        losses[precision] = next_symbol_losses(scores, word[:, :, 1:]).mean(dim=(1, 2))
    assert flat.dtype == torch.float32 and (losses["bfloat16"] < 0.2).all()
    assert (losses["bfloat16"] - losses["float32"]).abs().max() < 0.1


def test_training_learns_a_repeated_word_and_its_sample_repeats_it():
    arch = model.Architecture(3, 6, 8, 1, "generative")
    word = torch.tensor([0, 1, 2] * 3)[:7].expand(1, 8, -1)
    flat = trained(arch, model.init(arch, KEYS[:1]), Recipe(150, 2e-2, n_warm_up=10), lambda step: word)
    text = model.written(arch, model.unpacked(arch, flat), torch.tensor([[0, 1]]), 4, KEYS[:1])
    assert text.tolist() == [[2, 0, 1, 2]]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"mixer": "nothing"}, "'mixer'"),
        ({"reduction": "sum"}, "'reduction'"),
        ({"activation": "relu"}, "'activation'"),
        ({"first_row": "kept"}, "'first_row'"),
        ({"norm": "none"}, "'norm'"),
        ({"mixer": "attention", "n_heads": 3}, "'n_heads'"),
        ({"partners": (1, 2)}, "'partners' must be 1"),
        ({"partners": (0,)}, "at least 1"),
        ({"mixer": "attention", "norm": "after"}, "belong to rows that are reduced"),
        ({"mixer": "generative_dilated", "partners": (1,)}, "belong to rows that are reduced"),
    ],
)
def test_refusals(change, says):
    with pytest.raises(ValueError, match=says):
        model.Architecture(4, 6, 8, 1, **change)
