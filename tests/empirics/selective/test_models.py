"""Models and tasks of the paper on temperature-controlled attention against definitions and independent computation."""

import math

import numpy as np
import pytest
import torch

from empirics.engine import rng
from empirics.models import least_norm
from empirics.models import selective_attention as model
from empirics.models import temperature_language_model as language_model
from empirics.tasks import graph_walks, noisy_signal, text, twin_queries
from theory import selective as theory

KEYS = rng.words(torch.arange(4, dtype=torch.int64) * 7919 + 5, 1)[:, 0]
F64 = torch.float64


def test_layer_equals_the_reference_and_scales_values_not_outputs():
    x = torch.tensor([[[1.0, 0.0], [0.0, 2.0], [1.0, -1.0]]], dtype=F64)
    parts = {
        "q": torch.tensor([[[1.0, 1.0], [0.0, 1.0]]], dtype=F64),
        "k": torch.tensor([[[1.0, 0.0], [1.0, 1.0]]], dtype=F64),
        "v": torch.tensor([[[2.0, 0.0], [0.0, 1.0]]], dtype=F64),
    }
    tau = {"q": torch.tensor([[1.0, 2.0, 0.5]], dtype=F64), "v": torch.tensor([[1.0, 0.5, 2.0]], dtype=F64)}
    weights, output = model.selective_layer(x, parts, tau, causal=True)
    truth = theory.selective_attention(
        X=x[0].numpy(), W_q=parts["q"][0].numpy(), W_k=parts["k"][0].numpy(), W_v=parts["v"][0].numpy(),
        tau_q=tau["q"][0].numpy(), tau_v=tau["v"][0].numpy(),
    )  # fmt: skip
    assert np.allclose(weights[0].numpy(), truth.weights, atol=1e-14)
    assert np.allclose(output[0].numpy(), truth.output, atol=1e-14)
    assert output[0, 2].tolist() == pytest.approx([1.53815770627, 0.00631480323], abs=1e-10)
    _, plain = model.selective_layer(x, parts, {"q": tau["q"]}, causal=True)
    on_output = plain[0, 2] * tau["v"][0, 2]  # a value temperature in the wrong place
    assert on_output.tolist() == pytest.approx([2.17789003800, 1.37289727473], abs=1e-10)


def test_layer_has_no_gradient_from_the_future():
    x = rng.normal_like(KEYS, (6, 4)).requires_grad_(True)
    parts = {name: rng.normal_like(KEYS, (4, 4), stream=name) for name in "qkv"}
    tau = {"q": torch.ones(4, 6, dtype=F64), "v": torch.ones(4, 6, dtype=F64)}
    _, output = model.selective_layer(x, parts, tau, causal=True)
    (grad,) = torch.autograd.grad(output[:, 2].sum(), x)
    assert (grad[:, 3:] == 0).all() and (grad[:, :3] != 0).any()


@pytest.mark.parametrize(("f", "n", "alpha"), [(0.0, 1, 0.0), (-1.0, 128, 0.5), (2.0, 1024, -1.0)])
def test_temperature_equals_the_formula(f, n, alpha):
    params = {
        "alpha": torch.tensor([alpha], dtype=F64),
        "hidden": torch.ones(1, 1, 1, dtype=F64),
        "out": torch.tensor([[f / float(model.gelu(torch.tensor(1.0, dtype=F64)))]], dtype=F64),
    }
    x = torch.ones(1, 1, 1, dtype=F64)
    group = torch.zeros(1, 1, dtype=torch.int64)
    found = model.temperature("layer", params, x, torch.tensor([float(n)], dtype=F64), group)
    assert float(found) == pytest.approx(float(theory.inverse_temperature(f=f, n=n, alpha=alpha)), rel=1e-12)


@pytest.mark.parametrize("kind", model.TEMPERATURES)
def test_temperatures_start_flat(kind):
    params = model.initial_temperature(kind, KEYS, n_groups=3, width=4, n_hidden=5)
    x, group = rng.normal_like(KEYS, (3, 4)), torch.arange(3).expand(4, -1)
    found = model.temperature(kind, params, x, torch.ones(1, dtype=F64), group)
    assert torch.equal(found, torch.ones(4, 3, dtype=F64))


def test_unknown_temperature_is_refused():
    with pytest.raises(ValueError, match="must be one of standard, const"):
        model.initial_temperature("cold", KEYS, n_groups=1, width=1, n_hidden=1)


def test_value_temperature_is_a_key_bias():
    scores, tau = rng.normal_like(KEYS, (5, 5)), rng.uniform(KEYS, 5)[:, None, :] + 0.1
    weights = scores.softmax(dim=-1) * tau
    biased = (scores + torch.log(tau)).softmax(dim=-1)
    assert torch.allclose(weights / weights.sum(dim=-1, keepdim=True), biased, atol=1e-15)


def test_spikiness_equals_the_definition():
    row = torch.tensor([0.7, 0.2, 0.1], dtype=F64)
    assert float(model.spikiness(row, 3)) == pytest.approx(theory.effective_support_fraction(s=row.numpy()), rel=1e-14)


def test_permuted_temperatures_leave_no_token_its_own():
    values = torch.arange(8, dtype=F64).expand(4, -1)
    moved = model.permuted(values, KEYS)
    assert (moved != values).all() and torch.equal(moved.sort(dim=1).values, values)


# ---------------------------------------------------------------------------- least norms and losses
def test_least_norms_agree_with_the_criterion():
    graph = graph_walks.connected_graph(KEYS, 6)
    tokens = graph_walks.unit_tokens(KEYS, 6, 7)
    logits = torch.log(graph_walks.transition_rows(graph, 0.02))
    found = least_norm.least_norms(least_norm.selectivity_gram(logits, tokens, tokens))
    for lane in range(len(KEYS)):
        given = {"logits": logits[lane].numpy(), "E_q": tokens[lane].numpy(), "E_k": tokens[lane].numpy()}
        assert float(found["standard"][lane]) == pytest.approx(theory.min_norm(**given), rel=1e-7)
        assert float(found["selective"][lane]) == pytest.approx(theory.min_norm_selective(**given).norm, rel=1e-6)
        assert bool(found["helps"][lane]) == theory.temperature_helps(**given)


def test_least_norms_of_the_worked_example():
    gram_q = 0.2 * torch.eye(3, dtype=F64) + 0.8
    queries, keys = torch.linalg.cholesky(gram_q)[None], torch.eye(4, dtype=F64)[None]
    row = torch.tensor([3.0, 1.0, -1.0, -3.0], dtype=F64)
    logits = torch.stack([row, 0.5 * row, 0.2 * row])[None]
    found = least_norm.least_norms(least_norm.selectivity_gram(logits, queries, keys))
    assert float(found["standard"]) == pytest.approx(6.330633703, rel=1e-9)
    assert float(found["selective"]) == pytest.approx(4.472135955, rel=1e-9)


@pytest.mark.parametrize("kind", least_norm.FLOORS)
def test_gauss_newton_direction_is_the_gradient(kind):
    target = graph_walks.transition_rows(graph_walks.connected_graph(KEYS, 4), 0.02)
    x = graph_walks.unit_tokens(KEYS, 4, 2)
    state = (rng.normal_like(KEYS, (2, 2)), rng.normal_like(KEYS, (4,), stream="t"), torch.zeros(4, 4, dtype=F64))
    leaves = [one.clone().requires_grad_(True) for one in state]
    grads = torch.autograd.grad(least_norm._loss(kind, target, x, *leaves).sum(), leaves, allow_unused=True)
    minus, _ = least_norm._normal_equations(kind, target, x, *state)
    sizes = {"standard": 4, "const": 5, "free": 8, "signed": 8, "biased": 12, "signed and biased": 12}
    assert minus.shape == (4, sizes[kind])
    assert torch.allclose(minus[:, :4] / 4, -grads[0].reshape(4, -1), atol=1e-12)
    if kind == "const":
        assert torch.allclose(minus[:, 4] / 4, -grads[1].sum(dim=1), atol=1e-12)
    elif kind != "standard":
        assert torch.allclose(minus[:, 4:8] / 4, -grads[1], atol=1e-12)
    if kind in least_norm.BIASED:
        assert torch.allclose(minus[:, 8:] / 4, -grads[2], atol=1e-12)


def test_least_loss_is_no_larger_with_more_freedom():
    target = graph_walks.transition_rows(graph_walks.connected_graph(KEYS, 6), 0.02)
    x = graph_walks.unit_tokens(KEYS, 6, 2)
    starts = torch.zeros(4, 1, 6, dtype=F64)
    standard, const, free, biased = (
        least_norm.least_loss(kind, target, x, starts, n_steps=30) for kind in ("standard", "const", "free", "biased")
    )
    assert torch.allclose(standard, const, atol=1e-5)
    assert (free < standard - 1e-4).all() and (biased < free - 1e-4).all()


# ---------------------------------------------------------------------------- tasks
def test_twins_have_the_cosines_asked_for():
    ones = torch.ones(4, dtype=F64)
    queries, keys, logits = twin_queries.twins(KEYS, 17, 0.9 * ones, 0.3 * ones, 0.5 * ones, 6.0)
    gram = queries @ queries.transpose(1, 2)
    wanted = torch.block_diag(*[torch.tensor([[1.0, 0.9], [0.9, 1.0]])] * 4).double()
    assert torch.allclose(gram, wanted.expand_as(gram), atol=1e-12)
    assert torch.allclose(keys @ keys.transpose(1, 2), torch.eye(16, dtype=F64).expand(4, -1, -1), atol=1e-12)
    norms = logits.square().sum(dim=2).sqrt()
    assert torch.allclose(norms[:, 0::2], 6 * torch.ones(4, 4, dtype=F64)) and torch.allclose(
        norms[:, 1::2], 0.3 * norms[:, 0::2]
    )
    cosine = (logits[:, 0::2] * logits[:, 1::2]).sum(dim=2) / (norms[:, 0::2] * norms[:, 1::2])
    assert torch.allclose(cosine, 0.5 * torch.ones(4, 4, dtype=F64)) and torch.allclose(
        logits.sum(dim=2), torch.zeros(4, 8, dtype=F64), atol=1e-12
    )


def test_the_drawn_graph_and_the_connected_ones():
    path = torch.diag_embed(torch.ones(1, 3, dtype=F64), 1)
    rows = graph_walks.transition_rows(path + path.transpose(1, 2))
    assert rows[0, 0].tolist() == [0.5, 0.5, 0, 0] and rows[0, 1].tolist() == pytest.approx([1 / 3] * 3 + [0])
    keys = rng.words(torch.arange(300, dtype=torch.int64), 1)[:, 0]
    graph = graph_walks.connected_graph(keys, 8)
    assert graph_walks.is_connected(graph).all() and torch.equal(graph, graph.transpose(1, 2))
    assert not graph_walks.is_connected(torch.zeros(1, 3, 3, dtype=F64)).any()
    assert 2.0 < float(graph.sum(dim=2).mean()) < 4.5


def test_noisy_tokens_have_the_rates_and_risks_of_their_definition():
    sigma = 0.25 * torch.ones(4, dtype=F64)
    tokens, carries, q = noisy_signal.noisy_tokens(KEYS, 2000, 16, 8, 0.25, sigma, "test")
    assert carries[..., -1].all()
    assert abs(float(carries[..., :-1].double().mean()) - 0.25) < 5 * math.sqrt(0.1875 / (4 * 2000 * 15))
    risk = noisy_signal.direction_risk(tokens.mean(dim=2), q)
    exact = theory.denoise_risk(d=8, L=16, alpha=0.25, sigma=0.25)
    assert float(risk.mean()) == pytest.approx(exact.naive, abs=5 * float(risk.std()) / math.sqrt(8000))
    oracle = noisy_signal.direction_risk((carries[..., None] * tokens).sum(dim=2), q)
    assert float(oracle.mean()) == pytest.approx(exact.oracle, abs=5 * float(oracle.std()) / math.sqrt(8000))


def test_posterior_equals_enumeration_over_carriers():
    sigma, alpha = torch.tensor([0.7], dtype=F64), 0.25
    tokens, _, _ = noisy_signal.noisy_tokens(KEYS[:1], 5, 4, 3, alpha, sigma, "test")
    found = noisy_signal.posterior_mean(tokens, alpha, sigma)
    for item in range(5):
        x, scores = tokens[0, item].numpy(), []
        for q in range(3):
            total = 0.0
            for mask in range(8):
                marks = [mask >> i & 1 for i in range(3)] + [1]
                prior = math.prod(alpha if one else 1 - alpha for one in marks[:3])
                mean = np.array([[float(one and axis == q) for axis in range(3)] for one in marks])
                total += prior * math.exp(-((x - mean) ** 2).sum() / (2 * 0.49))
            scores.append(total)
        assert found[0, item].tolist() == pytest.approx((np.array(scores) / sum(scores)).tolist(), rel=1e-9)


def test_a_gate_that_closes_always_has_no_risk_rather_than_none():
    sigma = 0.25 * torch.ones(4, dtype=F64)
    tokens, _, q = noisy_signal.noisy_tokens(KEYS, 10, 16, 8, 0.25, sigma, "test")
    assert torch.isnan(noisy_signal.direction_risk(noisy_signal.gated_mean(tokens, 5.0), q)).all()
    passes = (tokens.amax(dim=-1) >= 0.5).double()
    assert 0 < float(passes.mean()) < 1


def test_text_is_read_from_a_file_and_from_the_library(tmp_path):
    file = tmp_path / "small.txt"
    file.write_text("abca", encoding="utf-8")
    corpus = text.load(file)
    assert (corpus.name, corpus.characters, corpus.ids.tolist()) == ("small.txt", "abc", [0, 1, 2, 0])
    assert [one.tolist() for one in corpus.split(0.5)] == [[0, 1], [2, 0]]
    library = text.load(None)
    assert (
        len(library.ids) > 300_000
        and len(library.sha256) == 64
        and list(library.characters) == sorted(library.characters)
    )


# ---------------------------------------------------------------------------- language model
SIZES = {"n_layers": 2, "n_heads": 2, "width": 8, "block": 6, "vocab_size": 5}
FEATURE = torch.tensor([-1.5, -0.5, 0.0, 0.5, 1.5])


def start(variant, dtype=F64, keys=KEYS):
    params = language_model.initial_parameters(keys, variant, dtype=dtype, **SIZES)
    # away from the start, where temperatures are flat
    return {
        name: one + 0.3 * rng.normal_like(keys, tuple(one.shape[1:]), stream="move " + name).to(dtype)
        for name, one in params.items()
    }


@pytest.mark.parametrize("variant", language_model.VARIANTS)
def test_model_is_causal(variant):
    params = start(variant)
    ids = rng.integers(KEYS, 12, 5).reshape(4, 2, 6)
    changed = ids.clone()
    changed[:, :, 4:] = (changed[:, :, 4:] + 1) % 5
    first, second = (
        language_model.forward(params, one, n_layers=2, n_heads=2, watch=None, feature_v=FEATURE)
        for one in (ids, changed)
    )
    assert torch.equal(first[:, :, :4], second[:, :, :4]) and not torch.equal(first[:, :, 4:], second[:, :, 4:])


def test_variants_start_from_the_same_weights_and_differ_in_temperatures_only():
    plain = language_model.initial_parameters(KEYS, "standard", dtype=F64, **SIZES)
    for variant in language_model.VARIANTS:
        params = language_model.initial_parameters(KEYS, variant, dtype=F64, **SIZES)
        assert all(torch.equal(params[name], one) for name, one in plain.items())
        n_extra = sum(one[0].numel() for name, one in params.items() if name not in plain)
        assert n_extra == language_model.n_added(variant, n_layers=2, n_heads=2, width=8)


def test_overheads_are_those_of_the_formulas():
    own = theory.ssa_parameter_overhead(mode="own_mlp", layers=4, d=128, base=1, h=128, c=2)
    nano = {"n_layers": 4, "n_heads": 4, "width": 128}
    assert language_model.n_added("ssa qv own", **nano) == own.added
    assert language_model.n_added("ssa qv", **nano) == 4 * 2 * (128 + 1)
    assert language_model.n_added("ssa qv frequency", **nano) == 4 * 2 * (4 + 1)
    assert language_model.n_added("const", **nano) == 4


def test_temperatures_of_the_model_follow_the_layer_formula():
    params = start("ssa qv")
    watch: list = []
    language_model.forward(params, rng.integers(KEYS, 12, 5).reshape(4, 2, 6), n_layers=2, n_heads=2, watch=watch)
    for layer, seen in enumerate(watch):
        for place in "qv":
            s = model.sigmoid(params[f"{layer} {place} alpha"])[:, None, None]
            low = s * torch.log(torch.arange(1, 7, dtype=F64))
            assert (seen[place] > low).all() and (seen[place] < low + 2).all()
        assert torch.allclose(seen["weights"].sum(dim=-1), torch.ones(4, 2, 2, 6, dtype=F64))


def test_a_frequency_moves_temperatures_by_one_weight_a_head():
    params, ids = start("ssa qv frequency"), rng.integers(KEYS, 12, 5).reshape(4, 2, 6)

    def seen(factor_h):
        changed = {name: one * factor_h if "weight" in name else one for name, one in params.items()}
        watch: list = []
        language_model.forward(changed, ids, n_layers=2, n_heads=2, watch=watch, feature_v=FEATURE)
        return watch[0]

    both, first, neither = (seen(torch.tensor(one, dtype=F64)) for one in ([1, 1], [1, 0], [0, 0]))
    s = model.sigmoid(params["0 q alpha"])[:, None, None] * torch.log(torch.arange(1, 7, dtype=F64))
    by_head = torch.tanh(FEATURE.double()[ids][..., None] * params["0 q weight"][:, None, None, :])
    assert torch.allclose(both["q"], 1 + s + by_head.mean(dim=-1))
    assert torch.equal(both["weights"][:, :, 0], first["weights"][:, :, 0])
    assert not torch.allclose(both["weights"][:, :, 1], first["weights"][:, :, 1])
    assert torch.equal(first["weights"][:, :, 1], neither["weights"][:, :, 1])


def test_frequencies_are_standardised_over_the_text():
    ids = torch.tensor([0] * 8 + [1] * 4 + [2] * 2)
    z = language_model.log_frequency(ids, 4).double()
    assert float(z[ids].mean()) == pytest.approx(0, abs=1e-6) and float(z[ids].square().mean()) == pytest.approx(
        1, abs=1e-6
    )
    assert z[0] > z[1] > z[2] > z[3]


def test_loss_at_the_start_is_the_logarithm_of_the_vocabulary():
    params = language_model.initial_parameters(KEYS, "ssa qv", dtype=F64, **SIZES)
    ids = rng.integers(KEYS, 12, 5).reshape(4, 2, 6)
    logits = language_model.forward(params, ids, n_layers=2, n_heads=2, watch=None)
    assert torch.allclose(
        language_model.cross_entropy(logits, ids), torch.full((4, 2), math.log(5), dtype=F64), atol=0.2
    )


# ---------------------------------------------------------------------------- least norms by pivoting
def near_queries(n, width=24, near=0.8):
    """Unit queries that share a direction, and rows of logits of one order and different size: temperatures help."""
    fresh = rng.normal_like(KEYS, (n, width), stream="near")
    queries = near * fresh[:, :1] + (1 - near) * fresh
    queries = queries / queries.square().sum(-1, keepdim=True).sqrt()
    size = 0.2 + rng.normal_like(KEYS, (n,), stream="size").abs()
    logits = size[..., None] * fresh[:, :1, :n] + 0.05 * rng.normal_like(KEYS, (n, n), stream="rest")
    return queries, torch.eye(n, dtype=F64).expand(len(KEYS), -1, -1), logits


def test_pivoting_finds_what_trying_every_set_finds():
    for near in (0.0, 0.8):
        gram = least_norm.selectivity_gram(*(near_queries(7, near=near)[i] for i in (2, 0, 1)))
        every, pivoted = least_norm.least_norms(gram), least_norm.pivoted_norms(gram)
        for name in ("standard", "selective"):
            assert torch.allclose(every[name], pivoted[name], rtol=1e-9), (near, name)
        assert torch.equal(every["helps"], pivoted["helps"])
    assert (pivoted["selective"] < 0.9 * pivoted["standard"]).all()


def test_pivoting_agrees_with_the_certified_program_for_fifteen_queries():
    queries, keys, logits = near_queries(15)
    logits[:, 3] = 1.0  # a uniform row, whose temperature means nothing
    found = least_norm.pivoted_norms(least_norm.selectivity_gram(logits, queries, keys))
    for lane in range(2):
        same = {"logits": logits[lane].numpy(), "E_q": queries[lane].numpy(), "E_k": keys[lane].numpy()}
        assert float(found["standard"][lane]) == pytest.approx(theory.min_norm(**same), rel=1e-7)
        assert float(found["selective"][lane]) == pytest.approx(theory.min_norm_selective(**same).norm, rel=1e-7)


def test_pivots_that_do_not_end_are_no_number(monkeypatch):
    monkeypatch.setattr(least_norm, "MOST_PIVOTS", 1)
    queries, keys, logits = near_queries(15)
    found = least_norm.pivoted_norms(least_norm.selectivity_gram(logits, queries, keys))
    assert torch.isnan(found["selective"]).any() and torch.isfinite(found["standard"]).all()
