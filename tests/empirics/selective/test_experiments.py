"""The experiments on temperature-controlled attention against formulas, brute force, and the rule that lanes are alone."""

import math

import pytest
import torch

from empirics import selective
from empirics.engine.lanes import Lane, Lanes
from empirics.selective import (
    criterion,
    denoising,
    dilution,
    graphs,
    language,
    temperature_network,
    trees,
    twins,
    two_tokens,
)
from empirics.tasks import trees as tree_task
from theory import selective as theory

CPU = torch.device("cpu")
F64 = torch.float64


def lanes_of(experiment, *cells, seeds=1):
    return Lanes(experiment, [Lane(experiment.id, cell, seed) for cell in cells for seed in range(seeds)], CPU)


SMALL = {
    "selective/dilution": {"d": 4, "shortest": 4, "longest": 6},
    "selective/schedule": {"w": 1.0, "s": 0.4, "n": 100},
    "selective/two-token-norms": {"g": 0.1, "rho": 0.9, "eps": 0.01, "variant": "signed"},
    "selective/twins": {"rho": 0.9, "c": 1.0, "variant": "layer", "learning_rate": 0.1, "n_steps": 20},
    "selective/criterion": {"family": "graph", "promise": "large", "variant": "free", "learning_rate": 0.1, "n_steps": 20},
    "selective/graph-training": {"d": 8, "readout": "free", "variant": "query and value", "learning_rate": 0.1, "n_steps": 20},
    "selective/expressivity": {"d": 3, "variant": "free"},
    "selective/string-loss": {"string": "babbbb", "rho": 0.5, "schedule": "flat"},
    "selective/denoising": {"L": 16, "sigma": 0.25, "estimator": "value gate", "learning_rate": 0.1, "n_steps": 5, "n_test": 128},
    "selective/temperature-pair": {"goal": "gap", "rho": 0.9, "n": 1, "n_steps": 60},
    "selective/trees": {"likeness": 0.9, "targets": "subtree", "variant": "layer", "learning_rate": 0.1, "n_steps": 20},
    "selective/language-model": {"n_layers": 1, "d": 16, "L": 8, "n_steps": 5, "variant": "ssa qv", "learning_rate": 0.01},
}  # fmt: skip


@pytest.fixture(autouse=True)
def _short_training(monkeypatch):
    monkeypatch.setattr(denoising, "N_TRAIN", 128)
    monkeypatch.setattr(language, "N_VALIDATION", 16)


def numbers(value):
    return value.mean if hasattr(value, "mean") and not isinstance(value, torch.Tensor) else value


@pytest.mark.parametrize("experiment", selective.EXPERIMENTS, ids=lambda one: one.id)
def test_a_lane_alone_equals_the_same_lane_among_others(experiment):
    cell = SMALL[experiment.id]
    several = experiment.measure(lanes_of(experiment, cell, seeds=5))
    alone = experiment.measure(lanes_of(experiment, cell, seeds=1))
    for name, values in alone.items():
        if name == "exhibits":
            assert values and all(body[0] == several[name][one][0] for one, body in values.items())
            continue
        assert torch.equal(numbers(values)[0], numbers(several[name])[0]), name
        assert torch.isfinite(numbers(values)).all(), name


def test_every_experiment_states_its_memory():
    assert set(SMALL) == {one.id for one in selective.EXPERIMENTS}
    for experiment in selective.EXPERIMENTS:
        assert experiment.bytes_per_lane(experiment.full(SMALL[experiment.id])) > 0


# ---------------------------------------------------------------------------- dilution
def test_required_scale_equals_the_bound_for_antipodal_keys_and_explicit_rows():
    cell = SMALL["selective/dilution"]
    found = dilution.required_scale(lanes_of(dilution.DILUTION, cell))["required_scale"][0]
    for place, length in enumerate((16, 32, 64)):
        antipodal, orthogonal, random = found[place].tolist()
        assert antipodal == pytest.approx(float(theory.min_logit_bound(L=length, p=0.5)), rel=1e-9)
        assert orthogonal == pytest.approx(2 * antipodal, rel=1e-9) and random > antipodal
        row = torch.full((length,), -antipodal, dtype=F64)
        row[0] = antipodal
        assert float(row.softmax(0)[0]) == pytest.approx(0.5, rel=1e-9)


def test_merged_row_of_the_schedule_equals_the_explicit_one():
    w, tau, n = (torch.tensor([one], dtype=F64) for one in (0.8, 2.5, 300.0))
    row = torch.full((300,), -0.8 * 2.5, dtype=F64)
    row[0] = 0.8 * 2.5
    assert float(dilution.antipodal_weight(w, tau, n)) == pytest.approx(float(row.softmax(0)[0]), rel=1e-12)


# ---------------------------------------------------------------------------- two tokens
CASES = [(0.1, 0.0, 0.01), (0.1, 0.9, 0.01), (0.9, 0.9, 0.01), (0.5, 0.9, 0.01), (0.3, 0.3, 0.05), (0.2, -0.8, 0.01)]


@pytest.mark.parametrize("variant", ["standard", "positive", "signed"])
def test_enumerated_norms_equal_the_closed_forms(variant):
    cells = [{"g": g, "rho": rho, "eps": eps, "variant": variant} for g, rho, eps in CASES]
    found = two_tokens.two_token_norms(lanes_of(two_tokens.TWO_TOKEN_NORMS, *cells))
    for value, path, (g, rho, eps) in zip(found["least_norm"], found["path_norm"], CASES):
        exact = theory.two_token_norms(g=g, rho=rho, eps=eps)
        assert float(value) == pytest.approx(getattr(exact, variant), rel=1e-6)
        assert exact.standard * (1 - 1e-9) <= float(path) <= 1.2 * exact.standard


def test_the_path_is_that_of_plain_gradient_descent():
    tokens = two_tokens.token_pair(torch.tensor([0.3], dtype=F64))
    target = two_tokens.two_token_target(torch.tensor([0.3], dtype=F64))
    matrix = torch.zeros(1, 2, 2, dtype=F64)
    for _ in range(20000):
        weights = (tokens @ matrix @ tokens.transpose(1, 2)).softmax(dim=-1)
        if float((weights - target).abs().max()) <= 0.05:
            break
        matrix = matrix + 0.01 * tokens.transpose(1, 2) @ (target - weights) @ tokens
    plain = float(torch.linalg.matrix_norm(matrix, ord=2))
    found = two_tokens._norm_on_path(tokens, target, torch.tensor([0.05], dtype=F64))
    assert float(found) == pytest.approx(plain, rel=0.01)


@pytest.mark.parametrize(("rho", "mix"), [(0.0, 0.5), (0.9, 0.5), (0.0, 0.3)])
def test_trained_flat_temperature_reaches_the_floor_and_no_less(rho, mix):
    cell = {"string": "babbbb", "rho": rho, "schedule": "flat", "mix": mix}
    loss = float(two_tokens.string_loss(lanes_of(two_tokens.STRING_LOSS, cell))["loss"])
    floor = theory.flat_temperature_floor(string="babbbb", rho=rho, mix=mix)
    assert floor * (1 - 1e-9) <= loss <= floor * (1 + 1e-6)


def test_string_loss_is_that_of_an_attention_layer():
    """The drawn example, with W and all positions written out."""
    string, rho = "babb", 0.4
    cell = {"string": string, "rho": rho, "schedule": "optimal"}
    assert float(two_tokens.string_loss(lanes_of(two_tokens.STRING_LOSS, cell))["loss"]) < 1e-30
    const = float(two_tokens.string_loss(lanes_of(two_tokens.STRING_LOSS, {**cell, "schedule": "const"}))["loss"])
    a, b = two_tokens.token_pair(torch.tensor([rho], dtype=F64))[0]
    taus = [math.log(1.0), math.log(2.0), math.log(3.0)]  # kappa_n from n = 2 on
    total = 0.0
    for n in (2, 3, 4):
        tau = sum(taus) / 3
        odds = [1 if letter == "b" else math.exp(tau) for letter in string[:n]]
        mixed = sum(o * (a if letter == "a" else b) for o, letter in zip(odds, string)) / sum(odds)
        total += float(((a + b) / 2 - mixed).square().sum())
    assert const == pytest.approx(total / 4, rel=1e-12)


# ---------------------------------------------------------------------------- twins and graphs
def test_twin_norms_equal_the_closed_form_for_four_pairs():
    cells = [
        {"rho": r, "c": c, "variant": "free", "learning_rate": 0.1, "n_steps": 0} for r, c in ((0.9, 1.0), (0.99, 0.5))
    ]
    found = twins.twin_training(lanes_of(twins.TWINS, *cells))
    for lane, (rho, c) in enumerate(((0.9, 1.0), (0.99, 0.5))):
        exact = theory.collinear_pair_norms(scale=6.0, r=0.3, rho=rho, c=c)
        assert float(found["least_standard"][lane]) == pytest.approx(2 * exact.standard, rel=1e-8)
        assert float(found["least_selective"][lane]) == pytest.approx(2 * exact.selective, rel=1e-8)


def test_untrained_twins_attend_uniformly():
    cell = {"rho": 0.9, "c": 1.0, "variant": "const", "learning_rate": 0.1, "n_steps": 0}
    lanes = lanes_of(twins.TWINS, cell)
    _, _, logits = twins.twins(lanes.keys, 16, *(torch.tensor([v], dtype=F64) for v in (0.9, 0.3, 1.0)), twins.SCALE)
    target = logits.softmax(-1)
    assert float(twins.twin_training(lanes)["loss"]) == pytest.approx(
        float((target * (target * 16).log()).sum(-1).mean()), rel=1e-12
    )


def test_identity_attention_solves_the_graph_task_with_the_wrong_map():
    """W = beta I and C = log of the smoothed target: the loss vanishes and each token attends to itself."""
    lanes = lanes_of(graphs.GRAPH_TRAINING, {**SMALL["selective/graph-training"], "variant": "standard"}, seeds=3)
    graph = graphs.connected_graph(lanes.keys, 8)
    target = graphs.transition_rows(graph)
    network = graphs._Network(lanes, "standard", "free", graph)
    params = network.start(8, "identity")
    eye = torch.eye(8, dtype=F64).expand(3, -1, -1)
    params = {
        **params,
        "tokens": eye,
        "matrix": 60 * eye,
        "classes": torch.log(0.999 * target + 0.001 / 8).transpose(1, 2),
    }
    assert (network.loss(params, target) < 0.01).all()
    wrong = (network.map_rows(params) - target).abs().sum(-1)
    assert torch.allclose(wrong, 2 * (1 - 1 / (graph.sum(-1) + 1)), atol=1e-6)


def test_pointer_loss_bounds_the_map_error_by_pinsker():
    cell = {"d": 8, "readout": "pointer", "variant": "free", "learning_rate": 0.1, "n_steps": 150}
    found = graphs.graph_training(lanes_of(graphs.GRAPH_TRAINING, cell, seeds=6))
    assert (found["map_error"] <= (2 * found["loss"]).sqrt() + 1e-12).all()
    assert (found["loss_permuted"] > found["loss"]).all()


def test_narrow_embeddings_have_no_exact_norm():
    cell = {"d": 4, "readout": "pointer", "variant": "standard", "learning_rate": 0.1, "n_steps": 0}
    assert "least_gap" not in graphs.graph_training(lanes_of(graphs.GRAPH_TRAINING, cell))


def test_one_number_at_the_keys_is_one_number_at_the_queries():
    cell = {"rho": 0.9, "c": 1.0, "variant": "const", "learning_rate": 0.1, "n_steps": 30}
    at_queries, at_keys, free = (
        float(twins.twin_training(lanes_of(twins.TWINS, one))["loss"])
        for one in (cell, {**cell, "place": "key"}, {**cell, "place": "key", "variant": "free"})
    )
    assert at_keys == pytest.approx(at_queries, rel=1e-9) and abs(free - at_keys) > 1e-6 * at_keys


def test_arms_that_do_not_train_are_equal():
    cell = {"d": 8, "readout": "pointer", "learning_rate": 0.0, "n_steps": 3}
    found = [
        graphs.graph_training(lanes_of(graphs.GRAPH_TRAINING, {**cell, "variant": one}, seeds=3))
        for one in ("standard", "const")
    ]
    assert torch.equal(found[0]["loss"], found[1]["loss"]) and not found[1]["harm_permuted"].any()


def test_the_construction_has_no_loss_and_the_error_of_self_attention():
    cell = {
        "d": 8,
        "readout": "free",
        "variant": "standard",
        "learning_rate": 0.1,
        "n_steps": 0,
        "start": "constructed",
    }
    found = graphs.graph_training(lanes_of(graphs.GRAPH_TRAINING, cell, seeds=3))
    assert (found["loss"] < 0.01).all() and (found["self_error"] > 1).all()
    assert torch.allclose(found["map_error"], found["self_error"], atol=1e-9)
    assert "least_gap" not in found


def test_planted_rows_are_sharp_where_the_degree_is_low():
    graph, rows = graphs._planted(lanes_of(graphs.GRAPH_TRAINING, SMALL["selective/graph-training"], seeds=4), 3)
    assert graph.sum(-1).tolist() == [[4.0] * 4 + [1.0] * 4] * 4 and torch.equal(graph, graph.transpose(1, 2))
    assert torch.allclose(rows.sum(-1), torch.ones(4, 8, dtype=F64))
    assert float(rows[:, 4:].amax(-1).median()) > 0.5 and float(rows[:, :4].max()) < 0.2


def test_tied_temperatures_lose_what_free_ones_gained():
    cell = {"rho": 0.99, "c": 1.0, "variant": "free", "learning_rate": 0.1, "n_steps": 150}
    found = twins.twin_training(lanes_of(twins.TWINS, cell, seeds=4))
    assert (found["loss_tied"] > 5 * found["loss"]).all() and (found["tau_ratio"] > 1.5).all()
    tied = twins.twin_training(lanes_of(twins.TWINS, {**cell, "variant": "const"}, seeds=4))
    assert torch.allclose(tied["loss_tied"], tied["loss"], rtol=1e-9)


# ---------------------------------------------------------------------------- the criterion before training
@pytest.mark.parametrize("family", ["twins", "graph"])
@pytest.mark.parametrize("promise", ["large", "none"])
def test_instances_keep_their_promise_by_the_certified_program(family, promise):
    cell = {"family": family, "promise": promise, "variant": "standard", "learning_rate": 0.1, "n_steps": 1}
    lanes = lanes_of(criterion.CRITERION, cell, seeds=2)
    found = criterion.kept_promise(lanes)
    draw = criterion._twins if family == "twins" else criterion._graphs
    queries, keys, logits = draw(lanes.keys, promise)
    for lane in range(2):
        same = {"logits": logits[lane].numpy(), "E_q": queries[lane].numpy(), "E_k": keys[lane].numpy()}
        gap = theory.min_norm(**same) / theory.min_norm_selective(**same).norm
        assert float(found["promised"][lane]) == pytest.approx(gap, rel=1e-6)
        assert theory.temperature_helps(**same) is (promise == "large")
        assert gap >= criterion.LARGE[family] or promise == "none"


def test_an_instance_that_cannot_be_found_is_no_number(monkeypatch):
    monkeypatch.setitem(criterion.LARGE, "graph", 1e9)
    lanes = lanes_of(criterion.CRITERION, {**SMALL["selective/criterion"], "n_steps": 1})
    assert torch.isnan(criterion.kept_promise(lanes)["loss"]).all()


# ---------------------------------------------------------------------------- trees
@pytest.mark.parametrize(("k", "depth"), [(2, 2), (3, 2), (2, 3)])
def test_subtree_rows_have_the_size_that_the_paper_counts(k, depth):
    rows, above = (
        make(k, depth, *more) for make, more in ((tree_task.target_rows, ("subtree",)), (tree_task.parents, ()))
    )
    level = [0] * len(above)
    for node in range(1, len(above)):
        level[node] = level[above[node]] + 1
    for node, row in enumerate(rows):
        size = (k ** (depth + 1 - level[node]) - 1) // (k - 1)
        assert float(row.max()) == pytest.approx(1 / size) and int((row > 0).sum()) == size and float(row[node]) > 0


def test_drawn_tree_and_the_likeness_of_its_embeddings():
    rows = tree_task.target_rows(2, 2, "children")
    third = 1 / 3
    assert rows[0].tolist() == pytest.approx([third] * 3 + [0] * 4)
    assert rows[2].tolist() == pytest.approx([0, 0, third, 0, 0, third, third]) and float(rows[5, 5]) == 1
    keys = torch.tensor([3, 4], dtype=torch.int64)
    tokens = tree_task.hierarchical_tokens(keys, 2, 2, 28, torch.tensor([0.9, 0.5], dtype=F64))
    gram = tokens @ tokens.transpose(1, 2)
    for node, parent in enumerate(tree_task.parents(2, 2)[1:], start=1):
        assert gram[:, node, parent].tolist() == pytest.approx([0.9, 0.5])
    assert torch.allclose(torch.diagonal(gram, dim1=1, dim2=2), torch.ones(2, 7, dtype=F64))


def test_tree_norms_agree_with_the_convex_program():
    """The root of a subtree target has a uniform row, whose temperature means nothing."""
    cell = {**SMALL["selective/trees"], "variant": "standard", "n_steps": 0, "room": 1}
    lanes = lanes_of(trees.TREES, cell, seeds=3)
    found = trees.tree_training(lanes)
    tokens = tree_task.hierarchical_tokens(lanes.keys, 2, 2, 7, lanes.column("likeness")).numpy()
    logits = tree_task.target_rows(2, 2, "subtree", trees.NORM_SMOOTHING).log().numpy()
    for lane in range(3):
        same = {"logits": logits, "E_q": tokens[lane], "E_k": tokens[lane]}
        gap = theory.min_norm(**same) / theory.min_norm_selective(**same).norm
        assert float(found["least_gap"][lane]) == pytest.approx(gap, rel=1e-6)


# ---------------------------------------------------------------------------- denoising
def test_a_gate_that_never_opens_makes_the_lane_no_number():
    cell = {"L": 16, "sigma": 0.25, "estimator": "gate", "learning_rate": 0.0}
    open_, shut = (denoising.denoising(lanes_of(denoising.DENOISING, {**cell, "t": t})) for t in (0.5, 5.0))
    assert torch.isfinite(open_["risk"].mean).all() and torch.isnan(shut["risk"].mean).all()
    assert float(open_["answers"]) == 1 and float(shut["answers"]) == 0


def test_a_hard_gate_on_top_helps_and_on_the_wrong_tokens_harms():
    cell = {"L": 16, "sigma": 0.25, "estimator": "vanilla", "learning_rate": 0.1, "n_steps": 60, "n_test": 256}
    found = denoising.denoising(lanes_of(denoising.DENOISING, cell, seeds=2))
    assert (found["gate_gain"] > 0).all() and (found["gate_gain_permuted"] < 0).all()
    open_ = denoising.denoising(lanes_of(denoising.DENOISING, {**cell, "t": -50.0}, seeds=2))
    assert not open_["gate_gain"].any()
    shut = denoising.denoising(lanes_of(denoising.DENOISING, {**cell, "t": 50.0}, seeds=2))
    assert not shut["gate_gain"].any()  # where no token passes, all do


def test_heads_begin_as_naive_averaging():
    cells = [
        {"L": 16, "sigma": 0.25, "estimator": one, "learning_rate": 0.1, "n_steps": 0}
        for one in ("vanilla", "value gate")
    ]
    naive = denoising.denoising(lanes_of(denoising.DENOISING, {**cells[0], "estimator": "naive", "learning_rate": 0.0}))
    for cell in cells:
        found = denoising.denoising(lanes_of(denoising.DENOISING, cell))
        assert torch.allclose(found["risk"].mean, naive["risk"].mean, atol=1e-12)


def test_training_lowers_the_risk_and_shuffled_gates_raise_it():
    cell = {"L": 16, "sigma": 0.25, "estimator": "value gate", "learning_rate": 0.05, "n_steps": 120}
    found = denoising.denoising(lanes_of(denoising.DENOISING, cell))
    naive = denoising.denoising(lanes_of(denoising.DENOISING, {**cell, "estimator": "naive"}))
    assert float(found["risk"].mean) < 0.7 * float(naive["risk"].mean) < float(found["risk_permuted"].mean)


# ---------------------------------------------------------------------------- the layer's temperature, language
@pytest.mark.parametrize("n", [2, 4096])
def test_ratios_stay_inside_the_dynamic_range(n):
    cell = {"goal": "ratio", "rho": 0.5, "n": n, "n_steps": 800}
    found = temperature_network.temperature_pair(lanes_of(temperature_network.TEMPERATURE_PAIR, cell, seeds=3))
    for ratio, alpha in zip(found["ratio"].tolist(), found["alpha"].tolist()):
        bound = float(theory.selectivity_dynamic_range(n=n, alpha=alpha))
        assert 0.5 * bound < ratio <= bound * (1 + 1e-12)


def test_language_model_reads_a_file_and_learns(tmp_path):
    file = tmp_path / "abc.txt"
    file.write_text("abcd" * 600, encoding="utf-8")
    cell = {"n_layers": 1, "d": 16, "L": 8, "n_steps": 60, "variant": "ssa qv", "learning_rate": 0.03}
    both = [cell, {**cell, "variant": "untrained"}]
    found = []
    for one in both:
        lanes = lanes_of(language.LANGUAGE_MODEL, one)
        lanes.corpus = file
        found.append(language.language_model(lanes))
    assert float(found[0]["validation_loss"]) < 0.1 and float(found[0]["context_gain"]) > 1.2
    assert float(found[1]["validation_loss"]) == pytest.approx(math.log(4), abs=0.1)
    assert set(found[0]["character"].unique().tolist()) == {97.0, 98.0, 99.0, 100.0}
    assert float(found[0]["loss_permuted"]) >= 0 and found[0]["spikiness"].shape == (1, 4, 8)


def test_maps_of_real_text_are_attention_rows_and_temperatures_of_characters(tmp_path):
    file = tmp_path / "abc.txt"
    file.write_text("abcd" * 600, encoding="utf-8")
    cell = {"n_layers": 1, "d": 16, "L": 8, "n_steps": 10, "learning_rate": 0.03}
    found = {}
    for variant in ("standard", "pos", "ssa qv"):
        lanes = lanes_of(language.LANGUAGE_MODEL, {**cell, "variant": variant})
        lanes.corpus = file
        found[variant] = language.language_model(lanes)
    assert found["pos"]["exhibits"] == {} and float(found["pos"]["character_spread"]) < 1e-6
    assert float(found["ssa qv"]["character_spread"]) > 1e-4
    shown = found["ssa qv"]["exhibits"]
    weights = torch.tensor(shown["attention"][0]["weights"])
    assert weights.sum(-1).tolist() == pytest.approx([1] * 8, abs=0.005) and not weights.triu(1).any()
    assert len(shown["attention"][0]["text"]) == 8
    rows = shown["by_character"][0]
    assert [row[0] for row in rows] == list("abcd") and sum(row[1] for row in rows) == 16 * 8
    assert sum(row[1] * row[2] for row in rows) == pytest.approx(0, abs=0.05)


def test_temperatures_noted_early_are_not_those_at_the_end():
    cell = {"n_layers": 1, "d": 8, "L": 4, "n_steps": 6, "variant": "const", "learning_rate": 0.1}
    experiment = language.LANGUAGE_MODEL
    early, *_, late = experiment.measure(lanes_of(experiment, cell, seeds=2))["tau_q"].unbind(dim=1)
    assert (early == 1).all() and (late != 1).all()
