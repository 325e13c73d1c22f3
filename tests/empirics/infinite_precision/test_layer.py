"""The factored layer is the class of the theorem: it equals ordinary attention, and stops to where the query moves."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from empirics.infinite_precision import index
from empirics.models import fixed_query_attention as model
from empirics.tasks import composition as task

KEYS = torch.arange(4, dtype=torch.int64) * 7919 + 5
CPU = torch.device("cpu")


def sizes_of(heads, features, *widths):
    def one(value):
        return torch.as_tensor(value).expand(len(KEYS)).long()

    return model.Sizes(one(heads), one(features), tuple(one(w) for w in widths))


def layer_of(n, room, sizes, scale=1.0):
    params = model.attention_params(KEYS, n, sizes, room) | model.network_params(KEYS, sizes, room)
    return {name: scale * one.double() for name, one in params.items()}


@given(st.integers(1, 3), st.integers(1, 3), st.integers(2, 6), st.floats(0.1, 4))
@settings(max_examples=12, deadline=None, derandomize=True)
def test_the_factored_layer_equals_ordinary_attention_token_by_token(heads, features, n, scale):
    room, sizes = model.Room(heads, features, (4,)), sizes_of(heads, features, 4)
    params, tables = layer_of(n, room, sizes, scale), task.random_tables(KEYS, 9, n)
    factored = model.attended(params, tables, model.slots_mask(sizes, room).double())
    ordinary = model.ordinary_attention(model.ordinary_layer(params), tables)
    assert torch.allclose(factored, ordinary, atol=1e-11)


def random_ordinary_layer(n, heads, features, size):
    generator = torch.Generator().manual_seed(3)

    def drawn(*shape):
        return torch.randn(len(KEYS), *shape, generator=generator, dtype=torch.float64)

    return {
        "address": drawn(n, size), "place": drawn(n, 2, size), "readout": drawn(size),
        "query": drawn(heads, size, size), "key": drawn(size, size), "value": drawn(heads, features, size),
    }  # fmt: skip


def test_any_ordinary_layer_is_a_factored_one():
    layer = random_ordinary_layer(4, 2, 3, 7)
    tables = task.random_tables(KEYS, 8, 4)
    ordinary = model.ordinary_attention(layer, tables)
    factored = model.attended(model.from_ordinary(layer), tables, torch.ones(len(KEYS), 2, 3, dtype=torch.float64))
    own = torch.einsum("lhfd,ld->lhf", layer["value"], layer["readout"]).flatten(1)
    assert torch.allclose(ordinary, factored + own[:, None, None], atol=1e-10)


def test_a_query_that_knows_the_address_is_no_fraction_of_two_halves():
    """Negative control: the weights of the table then change with the address, so (mu_p - mu_q) depends on the table."""
    params = {name: one.double() for name, one in model.known_address_params(KEYS, 4, 1).items()}
    tables = task.every_table(4, CPU).expand(len(KEYS), -1, -1)
    weights = params["logit"].exp()
    picked = weights[:, None, :, :, :].expand(-1, 16, -1, -1, -1)
    bits = tables[:, :, None, :, None].expand(-1, -1, 4, -1, 1).long()
    mu = picked.gather(4, bits)[..., 0].sum(dim=3)
    assert (mu[:, :, 0] - mu[:, :, 1]).std(dim=1).min() > 1e-3
    fixed = layer_of(4, model.Room(1, 1, ()), sizes_of(1, 1))
    address, table = model.accumulators(fixed, tables)
    total = table[:, :, None, 0, -1] + address[:, None, :, 0, -1]
    assert (total[:, :, 0] - total[:, :, 1]).std(dim=1).max() < 1e-12


def test_masked_lanes_equal_lanes_of_their_own_size():
    """A lane in a larger room is the same function as its unmasked part, before and after training steps."""
    room = model.Room(3, 4, (8, 8))
    sizes = model.Sizes(torch.tensor([1, 2, 3, 3]), torch.tensor([4, 2, 1, 4]), (torch.tensor([2, 8, 5, 8]),) * 2)
    mask = model.slots_mask(sizes, room)
    params = model.attention_params(KEYS, 4, sizes, room) | model.network_params(KEYS, sizes, room)
    tables = task.random_tables(KEYS, 8, 4)
    trained = index.trained(
        params, lambda p, step: index.cross_entropy(model.one_layer(p, tables, mask), tables), n_steps=5,
        rate_l=torch.full((4,), 0.02),
    )  # fmt: skip
    for found in (params, trained):
        whole = model.one_layer(found, tables, mask)
        for i in range(4):
            h, f, k = int(sizes.heads[i]), int(sizes.features[i]), int(sizes.widths[0][i])
            lane = {name: one[i : i + 1] for name, one in found.items()}
            first = lane["weight 1"].reshape(1, 3, 4, 8)[:, :h, :f, :k].reshape(1, h * f, k)
            cut = {
                "address_logit": lane["address_logit"][..., :h], "table_logit": lane["table_logit"][..., :h],
                "address_value": lane["address_value"][..., :h, :f], "table_value": lane["table_value"][..., :h, :f],
                "weight 1": first, "bias 1": lane["bias 1"][..., :k],
                "weight 2": lane["weight 2"][:, :k, :k], "bias 2": lane["bias 2"][..., :k],
                "weight out": lane["weight out"][:, :k], "bias out": lane["bias out"],
            }  # fmt: skip
            alone = model.one_layer(cut, tables[i : i + 1], torch.ones(1, h, f))
            assert torch.allclose(whole[i : i + 1], alone, atol=1e-5)


def test_folding_the_first_layer_changes_nothing_and_dropping_a_unit_does():
    room, sizes = model.Room(2, 5, (3, 4)), sizes_of(2, 5, 3, 4)
    params, tables = layer_of(4, room, sizes), task.random_tables(KEYS, 8, 4)
    whole = model.one_layer(params, tables, model.slots_mask(sizes, room).double())
    kept = torch.ones(len(KEYS), 2, 3, dtype=torch.float64)
    assert torch.allclose(whole, model.one_layer(model.folded(params), tables, kept), atol=1e-10)
    kept[:, :, -1] = 0
    assert not torch.allclose(whole, model.one_layer(model.folded(params), tables, kept), atol=1e-3)


def test_uniform_and_capped_logits_are_what_they_say():
    params = layer_of(4, model.Room(2, 1, ()), sizes_of(2, 1), scale=3.0)
    tables = task.every_table(4, CPU).expand(len(KEYS), -1, -1)
    _, frozen = model.accumulators(model.with_weights(params, "uniform"), tables)
    assert (frozen[..., -1] == 4).all()
    capped = model.with_weights(params, "capped", 0.1)
    assert capped["table_logit"].abs().max() <= 0.1 < params["table_logit"].abs().max()
    assert torch.equal(capped["table_value"], params["table_value"])


def test_two_layers_equal_a_direct_softmax():
    params = {name: one.double() for name, one in model.two_layer_params(KEYS, 3, 2).items()}
    tables = task.every_table(3, CPU).expand(len(KEYS), -1, -1)
    found = model.two_layers(params, tables)
    ones = torch.ones(len(KEYS), 1, 2, dtype=torch.float64)
    query = model.attended(params, tables, ones)
    for b, table in enumerate(tables[0].tolist()):
        for p in range(3):
            logits = [float(query[1, b, p] @ params["key"][1, j, bit]) + float(params["offset"][1, j, bit])
                      for j, bit in enumerate(table)]  # fmt: skip
            weights = [math.exp(x) for x in logits]
            values = sum(w * params["value"][1, j, bit] for w, (j, bit) in zip(weights, enumerate(table))) / sum(
                weights
            )
            direct = float(values @ params["weight out"][1, :, 0]) + float(params["bias out"][1])
            assert float(found[1, b, p]) == pytest.approx(direct, abs=1e-12)


def test_address_in_the_readout_equals_a_direct_softmax():
    params = {name: one.double() for name, one in model.known_address_params(KEYS, 3, 2).items()}
    tables = task.every_table(3, CPU).expand(len(KEYS), -1, -1)
    found = model.known_address(params, tables)
    for b, table in enumerate(tables[0].tolist()):
        weights = torch.stack([params["logit"][2, :, j, bit] for j, bit in enumerate(table)], dim=1).softmax(dim=1)
        values = torch.stack([params["value"][2, j, bit] for j, bit in enumerate(table)])
        direct = weights @ values @ params["weight out"][2, :, 0] + params["bias out"][2, 0]
        assert torch.allclose(found[2, b], direct, atol=1e-12)


def test_a_room_must_be_well_written():
    with pytest.raises(ValueError, match="2x4x16"):
        model.Room.of("2x")
