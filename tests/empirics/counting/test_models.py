"""Heads on counts against heads on tokens, autograd, exact metrics of the theory, and lanes by themselves."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from empirics import counting
from empirics.counting import aggregation, laws, surfaces, training
from empirics.engine.lanes import Lane, Lanes
from empirics.engine.train import gradients
from empirics.models import counting_heads as model
from empirics.models import separation
from empirics.tasks import count_strings as task
from theory.counting import (
    canonicalize_head,
    fixed_threshold_accuracy,
    is_freely_separable,
    max_perfect_length,
    population_gradient,
    roc_auc,
    separation_accuracy,
    swap_anova,
)

KEYS = torch.arange(3, dtype=torch.int64) * 7919 + 5


def lanes_of(experiment, cell, seeds=3):
    return Lanes(experiment, [Lane(experiment.id, cell, seed) for seed in range(seeds)], torch.device("cpu"))


def net(n_heads=3, d_head=2, **more):
    return model.initial(KEYS, n_heads=n_heads, d_head=d_head, qk_init=1.5, **more)


# ---------------------------------------------------------------------------- the two paths
@pytest.mark.parametrize(("residual", "bias"), [(False, False), (True, True)])
def test_tables_on_counts_equal_the_causal_model_on_tokens(residual, bias):
    params = net(bias=bias)
    if bias:
        params["bias"] = params["bias"] + torch.linspace(-1, 1, 5, dtype=torch.float64)
    tokens = task.sampled_strings(KEYS, 200, 9, "uniform")
    found = model.token_logits(params, tokens, residual=residual)
    made = model.tables(params, residual=residual)
    counts = torch.nn.functional.one_hot(tokens.clamp(min=0), 5).cumsum(dim=2).double()
    worst = dropped = 0.0
    for query in range(5):
        here = tokens == query
        by_count = model.logits(made, query, counts.reshape(3, -1, 5)).reshape(found.shape)
        worst = max(worst, float((by_count - found).abs()[here].max()))
        if query == model.END:  # control: one token left out of the bag
            less = counts.clone()
            less[..., model.START] = 0
            short = model.logits(made, query, less.reshape(3, -1, 5)).reshape(found.shape)
            dropped = float((short - found).abs()[here].max())
    assert worst < 1e-12 < 1e-2 < dropped


def test_positions_break_the_bag():
    cell = {"N": 6, "H": 2, "d_h": 2, "loss": "answer", "m": 64, "steps": 0}
    plain = counting.INTERVENTION.measure(lanes_of(counting.INTERVENTION, cell, 2))
    moved = counting.INTERVENTION.measure(lanes_of(counting.INTERVENTION, {**cell, "positions": "random"}, 2))
    assert float(plain["path_difference"].max()) < 1e-12 < 1e-2 < float(moved["path_difference"].min())
    assert torch.equal(plain["surface"], moved["surface"])  # the same nets and strings in both arms


def cross_entropy(params, groups, residual):
    """The loss from the logits of every group, differentiated by torch."""
    made = model.tables(params, residual=residual)
    said = [(one, model.logits(made, one.query, one.counts_sk).log_softmax(dim=2)) for one in groups]
    return sum(-(one.weight_s[:, None] * one.target_sv * logs).sum(dim=(1, 2)) for one, logs in said)


@pytest.mark.parametrize("n_heads", [1, 3, 8])
@pytest.mark.parametrize("loss", ["answer", "full+closing"])
def test_the_gradient_in_closed_form_is_that_of_torch(loss, n_heads):
    params = net(n_heads, bias=True)
    groups = task.population(6, "uniform", "neg", loss)
    by_form, by_torch = (
        gradients(of, params)
        for of in (model.population_loss(groups, residual=True), lambda one: cross_entropy(one, groups, True))
    )
    assert torch.allclose(by_form[0], by_torch[0], rtol=0, atol=1e-13)
    for name, expected in by_torch[1].items():
        assert torch.allclose(by_form[1][name], expected, rtol=0, atol=1e-13), name
    without = gradients(model.population_loss(groups), params)[1]  # control: the same net without its residual
    assert (without["unembed"] - by_torch[1]["unembed"]).abs().max() > 1e-3


def placed_net(**more):
    params = net(n_positions=7, **more)
    return params, {**params, "positions": torch.zeros_like(params["positions"])}


@pytest.mark.parametrize("tie", ["neg", "drop"])
@pytest.mark.parametrize("law", ["uniform", "fixed"])
@pytest.mark.parametrize("loss", ["answer", "full", "full+closing"])
def test_every_prefix_by_itself_gives_the_loss_of_the_bags_where_positions_say_nothing(tie, law, loss):
    params, blank = placed_net()
    bag = {name: one for name, one in params.items() if name != "positions"}
    ordered = model.population_loss(task.ordered_population(4, law, tie, loss), residual=True)
    expected = model.population_loss(task.population(4, law, tie, loss), residual=True)(bag)
    assert torch.allclose(ordered(blank), expected, rtol=0, atol=1e-12)
    assert (ordered(params) - expected).abs().min() > 1e-3  # control: positions that say something


def test_a_token_at_a_position_is_a_token_of_a_larger_vocabulary():
    params, _ = placed_net(bias=True)
    tokens = task.sampled_strings(KEYS, 40, 4, "uniform")
    by_token = model.token_logits(params, tokens, residual=True, positions_ltd=params["positions"][:, :6])
    made = model.tables(model.placed(params), residual=True)
    for m, string in enumerate(tokens[0].tolist()):
        for t in range(string.index(task.E) + 1):
            counts = task._placed([tuple(string[: t + 1])], 7)
            found = model.logits(made, 5 * t + string[t], counts)[0, 0]
            assert torch.allclose(found, by_token[0, m, t], rtol=0, atol=1e-12)


def test_trained_positions_break_the_bag_and_only_they_do():
    cell = {"N": 3, "H": 2, "d_h": 2, "loss": "answer", "steps": 30}
    spread = [
        counting.TRAINING.measure(lanes_of(counting.TRAINING, {**cell, **more}))["order_spread"]
        for more in ({}, {"positions": "learned"})
    ]
    assert (spread[0] == 0).all() and (spread[1] > 1e-3).all()
    nets = counting.INTERVENTION.measure(
        lanes_of(counting.INTERVENTION, {**cell, "m": 64, "positions": "learned"}, seeds=2)
    )
    assert float(nets["path_difference"].min()) > 1e-3


def test_more_weight_on_the_answer_is_less_on_the_words():
    for one, other in zip(
        task.population(4, "uniform", "neg", "full", answer_weight=10.0),
        task.population(4, "uniform", "neg", "full", word_weight=0.1),
    ):
        assert torch.allclose(one.weight_s, other.weight_s, rtol=1e-12, atol=0)


def test_labels_drawn_apart_are_answered_no_better_than_by_a_constant():
    cell = {"N": 4, "H": 2, "d_h": 4, "loss": "answer", "steps": 40}
    apart = counting.SEPARATION.measure(lanes_of(counting.SEPARATION, {**cell, "labels": "independent"}))["accuracy"]
    true = counting.SEPARATION.measure(lanes_of(counting.SEPARATION, cell))["accuracy"]
    prior = task.answers(4, "uniform", "neg").majority
    assert (apart[:, :2] - prior).abs().max() < 1e-9 < 0.05 < (true[:, :2] - prior).min()


def test_nets_trained_on_labels_drawn_apart_are_put_to_the_strings_own():
    cell = {"N": 4, "H": 1, "d_h": 4, "loss": "answer", "steps": 40}
    found = {
        labels: counting.TRAINING.measure(lanes_of(counting.TRAINING, {**cell, "labels": labels}))
        for labels in ("true", "independent", "independent in training")
    }
    before, after = (found["independent in training"]["mean_s_acc"][:, stage] for stage in (0, 1))
    assert torch.equal(before, found["true"]["mean_s_acc"][:, 0])  # the same start, judged by the same labels
    assert (after < found["true"]["mean_s_acc"][:, 1]).all()
    trained = [found[labels]["w01"][:, 1] for labels in ("independent", "independent in training")]
    assert torch.equal(*trained)  # the same training
    assert (found["independent"]["mean_s_acc"][:, 0] < before).all()


def test_without_ties_the_tie_rule_changes_nothing_and_with_ties_it_does():
    cell = {"N": 3, "H": 1, "d_h": 2, "loss": "answer", "steps": 30, "length_law": "fixed"}
    for p2, same in ((0.0, True), (0.2, False)):
        rules = [
            counting.TRAINING.measure(lanes_of(counting.TRAINING, {**cell, "p2": p2, "tie": tie}))["w01"]
            for tie in ("neg", "drop")
        ]
        assert torch.equal(*rules) == same


def test_no_gradient_comes_from_the_future():
    params = net()
    tokens = torch.tensor([[[0, 1, 2, 3, 4]]] * 3)
    inputs = torch.zeros(3, 5, 16, dtype=torch.float64, requires_grad=True)
    found = model.token_logits(params, tokens, positions_ltd=inputs)
    for t in range(5):
        (grad,) = torch.autograd.grad(found[:, :, t].square().sum(), inputs, retain_graph=True)
        assert (grad[:, t + 1 :] == 0).all() and (grad[:, : t + 1] != 0).any()


def test_loss_at_zero_moves_is_ln_five_and_falls_under_training():
    groups = task.population(4, "uniform", "neg", "full+closing")
    start = net(ov_init=0.0)
    assert model.population_loss(groups)(start).tolist() == pytest.approx([math.log(5)] * 3, rel=1e-12)
    cell = {"N": 4, "H": 2, "d_h": 4, "loss": "full+closing", "steps": 60}
    nets = training.trained_nets(lanes_of(counting.TRAINING, cell))
    before, after = (model.population_loss(groups)(nets[stage]) for stage in training.STAGES)
    assert (after < before - 0.3).all()


def test_under_a_norm_size_and_offset_of_the_embeddings_say_nothing():
    start, groups = net(), task.population(3, "uniform", "neg", "full")
    moved = {**start, "embed": 3 * start["embed"] + 2}
    plain, by_norm = (
        (model.population_loss(groups)(seen(start)) - model.population_loss(groups)(seen(moved))).abs()
        for seen in (dict, model.normed)
    )
    assert (by_norm < 1e-4).all() and (plain > 1e-2).all()  # torch adds 1e-5 to the variance
    cell = {"N": 3, "H": 1, "d_h": 2, "loss": "answer", "steps": 30}
    for norm, same in (("none", False), ("embedding", True)):
        for params in training.trained_nets(lanes_of(counting.TRAINING, {**cell, "norm": norm})).values():
            square = params["embed"].square().mean(dim=2)
            assert bool((params["embed"].mean(dim=2).abs() < 1e-12).all()) == same
            assert torch.allclose(square, torch.ones_like(square), atol=1e-4) == same


def test_the_optimiser_is_a_choice():
    cell = {"N": 3, "H": 1, "d_h": 2, "loss": "answer", "steps": 1, "learning_rate": 0.05}
    by_adam, by_descent = (
        training.trained_nets(lanes_of(counting.TRAINING, {**cell, "optimiser": name}))["trained"]["out"]
        - training.trained_nets(lanes_of(counting.TRAINING, {**cell, "optimiser": name}))["init"]["out"]
        for name in ("adam", "descent")
    )
    # the first step of Adam is as long as the rate in every entry, that of descent is not
    assert torch.allclose(by_adam.abs(), torch.full_like(by_adam, 0.05), rtol=1e-3)
    assert by_descent.abs().max() < 0.05


def test_the_overwritten_row_is_that_of_the_canonical_score():
    params = net()
    tokens = task.sampled_strings(KEYS, 50, 7, "uniform")
    made, row = model.tables(params), model.EndRow.of(params, tokens)
    numbers = model.canonical_numbers(made)
    found = row.overwritten(3.0, 0.25, made.scores_lhqk[:, :, model.END])
    body = task.body_counts(tokens).double()
    for lane in range(3):
        own = {name: one[lane] for name, one in numbers.items()}
        scores = surfaces.canonical_scores(body[lane], 3.0, 0.25, own["kappa"], own["sigma"], own["wS"])
        expected = own["gain"][:, None] * (scores - own["b"][:, None])
        assert torch.allclose(found[lane], expected, atol=1e-10)
    untouched = (
        model.attention(made, model.END, torch.tensor([[1.0, 2, 1, 0, 1]]).double())
        * model.attribution(made)[:, :, None]
    ).sum(3)
    one = model.EndRow.of(params, torch.tensor([[[0, 1, 2, 1, 4]]] * 3)).scores()
    assert torch.allclose(one, untouched, atol=1e-12)


def test_canonical_numbers_equal_those_of_the_theory():
    made = model.tables(net())
    numbers = model.canonical_numbers(made)
    order = [1, 2, 3, 0, 4]
    for head in range(3):
        logits = made.scores_lhqk[1, head, model.END, order].tolist()
        values = model.attribution(made)[1, head, order].tolist()
        found = canonicalize_head(logits=tuple(logits), values=tuple(values))
        mine = [float(numbers[name][1, head]) for name in ("w01", "w02", "kappa", "sigma", "wS", "gain", "b")]
        assert mine == pytest.approx([*found.head, found.gain, found.b_own], rel=1e-9)


def test_gradient_of_the_answer_loss_is_that_of_the_theory():
    """Worked value: drop, N = 12, gain 3: (d_l1, d_l2, d_lS) = (-.047883, .055036, .040729)."""
    states = task.answers(12, "uniform", "drop")
    shift = torch.zeros(4, dtype=torch.float64, requires_grad=True)  # l_0, l_1, l_2, l_S
    n0, n1, n2 = states.body_s3.unbind(dim=1)
    w0, w1, w2, frame = shift.exp()
    score = (w1 * n1 - w0 * n0) / (w0 * n0 + w1 * n1 + w2 * n2 + frame)
    sign = 2 * states.positive_s - 1
    loss = -(states.weight_s * torch.nn.functional.logsigmoid(3 * sign * score)).sum()
    loss.backward()
    found = population_gradient(head=(1, 1, 0, 0, 1), N=12, tie="drop", gain=3.0)
    expected = [found.d_l0, found.d_l1, found.d_l2, found.d_lS]
    assert shift.grad.tolist() == pytest.approx(expected, abs=1e-12)
    assert shift.grad.tolist()[1:] == pytest.approx([-0.047883, 0.055036, 0.040729], abs=1e-6)
    assert float(loss.detach()) == pytest.approx(0.371463, abs=1e-6)


# ---------------------------------------------------------------------------- metrics
HEAD = st.tuples(
    st.sampled_from([0.25, 0.5, 0.9, 1.0, 1.5, 4.0]),
    st.sampled_from([0.125, 0.5, 1.0, 3.0]),
    st.sampled_from([-1.0, 0.0, 0.25, 1.0]),
    st.sampled_from([-0.5, 0.0, 1.0]),
    st.sampled_from([0.125, 1.0, 5.0]),
)


@settings(deadline=None, max_examples=25)
@given(HEAD, st.sampled_from(["neg", "drop"]), st.sampled_from(["uniform", "fixed"]))
def test_batched_metrics_equal_the_exact_ones(head, tie, law):
    states = task.answers(6, law, tie)
    positive, negative = states.weight_s * states.positive_s, states.weight_s * (1 - states.positive_s)
    w01, w02, kappa, sigma, frame = (torch.tensor(one, dtype=torch.float64) for one in head)
    scores = surfaces.canonical_scores(states.body_s3, w01, w02, kappa, sigma, frame)
    where = {"length_law": law, "N": 6, "tie": tie, "head": head}
    for relative in (False, True):
        found = separation.separation_accuracy(scores, positive, negative, relative=relative)
        assert float(found) == pytest.approx(float(separation_accuracy(**where)), abs=1e-12)
    assert float(separation.roc_auc(scores, positive, negative)) == pytest.approx(float(roc_auc(**where)), abs=1e-12)
    own = float(separation.threshold_accuracy(torch.where(scores.abs() < 1e-13, 0.0, scores), positive, negative))
    assert own == pytest.approx(float(fixed_threshold_accuracy(**where)), abs=1e-12)


def test_equal_scores_are_not_split_by_rounding():
    scores = torch.tensor([0.3, 0.1 + 0.2, 1.0], dtype=torch.float64)  # the first two differ in the last bit
    positive = torch.tensor([0.0, 0.3, 0.2], dtype=torch.float64)
    negative = torch.tensor([0.5, 0.0, 0.0], dtype=torch.float64)
    assert float(separation.separation_accuracy(scores, positive, negative)) == pytest.approx(0.7)
    assert float(separation.roc_auc(scores, positive, negative)) == pytest.approx((0.2 + 0.15) / 0.5)


def test_shares_of_variance_equal_the_worked_value():
    attention = torch.tensor([[1, 1, 0.5, 0.5, 0.5], [1, 3, 0.1, 0.5, 0.5], [1, 0.2, 1, 0.5, 0.5]], dtype=torch.float64)
    values = torch.tensor([[-1.0, 1, 0, 0, 0], [-1, 1, 0.5, -1, -1], [1, 0, -1, 0, 0.5]], dtype=torch.float64)
    states = task.answers(6, "uniform", "neg")
    order = [1, 2, 3, 0, 4]
    parts = states.counts_sk[:, order] * attention[:, None]
    weights = parts / parts.sum(dim=2, keepdim=True)
    scores = torch.einsum("ask,bk->abs", weights, values)
    matrix = separation.separation_accuracy(
        scores, states.weight_s * states.positive_s, states.weight_s * (1 - states.positive_s)
    )
    found = training.variance_shares(matrix[None])[0].tolist()
    exact = swap_anova(
        attn_list=tuple(map(tuple, attention.tolist())), value_list=tuple(map(tuple, values.tolist())), N=6
    )
    assert found == pytest.approx([exact.attention, exact.values, exact.interaction], abs=1e-10)
    assert found == pytest.approx([0.544461087, 0.384246037, 0.071292876], abs=1e-8)


def test_first_failing_length_equals_a_walk_over_lengths():
    """(w01, 1, 0, -1/2, 1) at threshold 0: (19/20, ...) is right up to 18, (1, ...) for ever; 1.04 stands off every tie."""
    heads = torch.tensor([1.04, 0.95, 1.0], dtype=torch.float64)
    scores = torch.zeros(3, 1, 5, 5, dtype=torch.float64)
    scores[:, 0, model.END, model.ONE] = heads.log()
    scores[:, 0, model.END, [model.START, model.END]] = math.log(0.5)
    moves = torch.zeros_like(scores)
    moves[:, 0, :, model.ONE] = torch.tensor([-0.5, -1, 1, 0, -0.5], dtype=torch.float64)
    made = model.Tables(scores, moves, torch.zeros_like(scores[:, 0]))
    expected = max_perfect_length(head=(1.04, 1, 0, -0.5, 1), tie="neg", b=0) + 1
    assert training.first_failing_length(made, "neg").tolist() == [expected, 19, 61]
    assert training.first_failing_length(made, "drop")[2] == 61


def test_a_free_separator_is_perfect_at_initial_weights_only_if_wide_enough():
    cell = {"N": 5, "H": 4, "d_h": 4, "loss": "answer", "steps": 0}
    wide = counting.SEPARATION.measure(lanes_of(counting.SEPARATION, cell))["accuracy"]
    thin = counting.SEPARATION.measure(lanes_of(counting.SEPARATION, {**cell, "d_h": 1}))["accuracy"]
    free = training.MEANINGS.index("free")
    assert (wide[:, free] >= 1 - 1e-12).all() and (thin[:, free] < 1).all()
    assert (wide[:, free] >= wide[:, training.MEANINGS.index("direction")] - 1e-12).all()
    # a head that gives 0 and 1 the same value is not rescued by width
    rows = ((1.0, 0, 0), (1.0, 0, 0), (0, 1.0, 0), (0, 0, 1.0), (0, 0, 0.5))
    assert not is_freely_separable(V=rows, a=(1, 1, 1, 1, 1), N=6, tie="neg")


# ---------------------------------------------------------------------------- aggregation, laws
def test_readers_are_ordered_and_a_bias_never_hurts():
    cell = {"N": 4, "H": 3, "d_h": 4, "loss": "full+closing", "steps": 150, "lp_length": 3}
    found = counting.AGGREGATION.measure(lanes_of(counting.AGGREGATION, cell))
    margin, share = found["margin"], found["share_of_concat"]
    place = {name: i for i, name in enumerate(aggregation.READERS)}
    assert torch.equal(share, margin / margin[:, :1]) and (margin[:, 0] > 0).all()
    one = counting.AGGREGATION.measure(lanes_of(counting.AGGREGATION, {**cell, "H": 1, "steps": 20}))
    assert torch.equal(one["margin"][:, place["concat"]], one["margin"][:, place["sum"]])  # nothing to add up
    assert (one["share_of_concat"][:, place["sum"]] == 1).all()
    assert (margin[:, place["sum with bias"]] >= margin[:, place["sum"]] - 1e-9).all()
    assert (margin >= -1e-9).all()


def test_certificates_add_up_to_the_margin():
    cell = {"N": 3, "H": 2, "d_h": 1, "loss": "full+closing", "steps": 60, "lp_length": 3}
    found = counting.AGGREGATION.measure(lanes_of(counting.AGGREGATION, cell))
    for lane, body in enumerate(found["exhibits"]["certificate"]):
        for place, reader in enumerate(aggregation.READERS):
            one = body[reader]
            assert one["margin"] == float(found["margin"][lane, place])
            assert one["margin"] - 1e-9 <= one["at_most"] <= one["margin"] + 1e-7
            assert sum(weight for *_, weight, _ in one["rows"]) == pytest.approx(1)
            # control: one inequality left out proves less
            total = [
                sum(x * w * ((v == yes) - (v == no)) for _, yes, no, w, (x, *_) in one["rows"][1:]) for v in range(5)
            ]
            if reader in ("sum", "weighted"):
                assert sum(map(abs, total)) > one["at_most"] + 1e-6


def test_the_examples_of_the_laws():
    cell = {"H": 1, "sd": 0.3, "N": 15}
    lanes = lanes_of(counting.ENSEMBLE, cell, 400)
    rate = float(counting.ENSEMBLE.measure(lanes)["success"].double().mean())
    assert abs(rate - 0.343755866) < 5 * (0.25 / 400) ** 0.5
    signs = torch.tensor([-1.0, 1, -1], dtype=torch.float64)
    z = torch.tensor([0.5, -1.0], dtype=torch.float64)
    assert laws.separable(laws._shares(z, 2), signs) and not laws.separable(laws._shares(z[:1], 2), signs)


CELLS = {
    "counting/training": {
        "N": 4,
        "H": 2,
        "d_h": 2,
        "loss": "full+closing",
        "steps": 20,
        "bias": True,
        "residual": True,
    },
    "counting/separation": {"N": 4, "H": 2, "d_h": 2, "loss": "answer", "steps": 20, "tie": "drop"},
    "counting/swap": {"N": 4, "H": 2, "d_h": 2, "loss": "full", "steps": 20, "n_nets": 2},
    "counting/intervention": {"N": 4, "H": 2, "d_h": 2, "loss": "answer", "steps": 20, "m": 50},
    "counting/canonical-surface": {"N": 4, "kappa": 0.0, "sigma": -0.5, "wS": 1.0},
    "counting/aggregation": {"N": 4, "H": 2, "d_h": 1, "loss": "full", "steps": 20, "lp_length": 3},
    "counting/ensemble": {"H": 4, "sd": 0.3, "N": 7},
    "counting/symmetric-functions": {"task": "xor", "n": 2},
}


PLACED = {"N": 3, "H": 1, "d_h": 2, "loss": "full", "steps": 20, "positions": "learned"}


@pytest.mark.parametrize(
    ("experiment", "cell"),
    [*((one, CELLS[one.id]) for one in counting.EXPERIMENTS), (counting.TRAINING, PLACED)],
    ids=[*(one.id for one in counting.EXPERIMENTS), "counting/training with positions"],
)
def test_a_lane_alone_equals_the_same_lane_among_others(experiment, cell, monkeypatch):
    monkeypatch.setattr(laws, "STEPS", 50)
    cell = {**cell, "H": 1} if "H" in cell else cell  # one head: the smallest products, which round most freely
    several = experiment.measure(lanes_of(experiment, cell, seeds=5))
    alone = experiment.measure(lanes_of(experiment, cell, seeds=1))
    for name, values in alone.items():
        if name != "exhibits":
            assert torch.equal(values[0], several[name][0]), name


@pytest.mark.parametrize("experiment", counting.EXPERIMENTS, ids=lambda one: one.id)
def test_inner_axes_stand_in_the_order_in_which_a_run_file_keeps_them(experiment):
    assert list(experiment.inner) == sorted(experiment.inner)
    assert experiment.bytes_per_lane(experiment.full(CELLS[experiment.id])) > 0


def test_arms_of_a_comparison_start_from_the_same_weights():
    experiment = counting.TRAINING
    cell = CELLS["counting/training"]
    keys = [experiment.key({**cell, "loss": loss}, 0) for loss in ("answer", "full")]
    assert keys[0] == keys[1] != experiment.key(cell, 1)


def test_a_lane_that_diverges_disturbs_no_other():
    cell = {"N": 3, "H": 1, "d_h": 1, "loss": "answer", "steps": 10}
    lanes = [Lane("counting/training", {**cell, "learning_rate": rate}, 0) for rate in (0.01, 1e200)]
    both = counting.TRAINING.measure(Lanes(counting.TRAINING, lanes, torch.device("cpu")))
    alone = counting.TRAINING.measure(Lanes(counting.TRAINING, lanes[:1], torch.device("cpu")))
    assert torch.equal(both["l_acc"][0], alone["l_acc"][0])
    assert not torch.isfinite(both["w01"][1, 1])
