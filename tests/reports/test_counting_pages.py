"""The figures of the counting paper on made-up records: they draw what the records hold, and name it."""

from types import SimpleNamespace

import pytest

from empirics.counting.training import POSITIONS, SWITCHES
from reports.core.style import drawing, svg_bytes, value_text
from reports.counting import LEAD, PAGES, _grid_of, _picked, certificates, heads_by_loss, open_choices, solved_by_heads

RATIOS = [0.1, 1.0, 10.0]
STAGES = ["init", "trained"]


def net(experiment, cell, inner, values, seed=0):
    return SimpleNamespace(experiment=experiment, cell=cell, inner=inner, values=values, seed=seed, status="ok")


def cell(coordinates, value=0.7, bound=0.72):
    return {"cell": coordinates, "value": value, "bound": bound, "low": value, "high": value, "outcome": "confirmed"}


def verdict(cells):
    return {"clauses": [{"label": "first", "cells": cells}]}


def training(loss, seed, **extra):
    names = (
        "mean_auc",
        "mean_s_acc",
        "uniform_s_acc",
        "n_good",
        "n_parked",
        "cooperation",
        "l_acc",
        "w01",
        "w02",
        "first_failing",
        "solved",
    )
    values = {name: [0.5 + 0.01 * seed, 0.9] for name in names}
    cell = {"N": 4, "H": 1, "d_h": 4, "loss": loss, **extra}
    return net("counting/training", cell, {"stage": STAGES}, values, seed)


def grid_of_heads(value):
    return [[[value + 0.1 * head] * 3] * 3 for head in range(2)]


RECORDS = [
    net(
        "counting/intervention",
        {"N": 4, "H": 2, "d_h": 2, "loss": "answer", "m": 50},
        {"head": [0, 1], "w01": RATIOS, "w02": RATIOS},
        {
            name: grid_of_heads(0.6)
            for name in ("s_acc", "kappa", "sigma", "wS", "correlation_own", "correlation_value_free")
        },
    ),
    *(
        net(
            "counting/canonical-surface",
            {"N": 4, "kappa": 0.0, "sigma": -0.5 * frame, "wS": frame},
            {"w01": RATIOS, "w02": RATIOS},
            {
                "s_acc": [[0.8] * 3] * 3,
                "own_accuracy": [[0.7] * 3] * 3,
                "perfect": [[0, 1, 0]] * 3,
                "own_perfect": [[1, 0, 0]] * 3,
            },
        )
        for frame in (0.0, 1.0)
    ),
    *(
        net(
            "counting/separation",
            {"N": 4, "H": 4, "d_h": width, "loss": "answer"},
            {"meaning": ["direction", "free", "own"], "stage": STAGES},
            {
                "auc": [[0.3, 0.2]] * 3,
                **{name: [[0.6, 0.9], [1.0, 1.0], [0.4, 0.8]] for name in ("accuracy", "r_auc", "l_acc")},
            },
        )
        for width in (1, 4)
    ),
    *(training(loss, seed) for loss in ("answer", "full+closing") for seed in range(3)),
    training("answer", 0, residual=True),
    training("answer", 0, N=3),
    training("answer", 0, N=3, positions="learned"),
    training("answer", 0, N=7),
    training("full", 0, answer_weight=10.0),
    training("answer", 0, H=4),
    training("answer", 0, labels="independent in training"),
    net("counting/aggregation", {"N": 4, "H": 4, "d_h": 1}, {"reader": ["concat", "sum"]}, {"margin": [0.9, 0.9]}),
    net("counting/aggregation", {"N": 4, "H": 1, "d_h": 1}, {"reader": ["concat", "sum"]}, {"margin": [0.2, 0.0]}),
    net(
        "counting/swap",
        {"N": 4, "d_h": 2},
        {"part": ["attention", "values", "interaction"], "stage": STAGES},
        {"share": [[0.2, 0.7], [0.6, 0.1], [0.2, 0.2]]},
    ),
]
SURFACE = [
    cell(
        {"N": 4, "m": 50, "H": 2, "loss": "answer", "head": head, "w01": a, "w02": b}, value=0.5 + 0.1 * head + 0.01 * a
    )
    for head in (0, 1)
    for a in RATIOS
    for b in RATIOS
]
CELLS = {
    "counting/intervention-surface": SURFACE,
    "counting/value-free-surface": SURFACE,
    "counting/cross-and-strip": [cell({"N": 4})],
}
PLAIN = [cell({"N": 4, "H": 1, "d_h": 4, "loss": "answer"})]


class Run:
    """As much of a run file as a page reads."""

    @staticmethod
    def records(experiment=None):
        return [one for one in RECORDS if experiment in (None, one.experiment)]

    @staticmethod
    def exhibits(experiment=None):
        rows = [["word", 1, 0, 0.75, [0.5]], ["answer_0", 1, 2, 0.25, [-1.5]]]
        body = {
            "sum": {"margin": 0.0, "at_most": 0.0, "rows": rows},
            "concat": {"margin": 0.2, "at_most": 0.2, "rows": rows * 5},
        }
        return [
            SimpleNamespace(
                experiment=experiment,
                name="certificate",
                cell={"N": 4, "H": 1, "d_h": width},
                body=body,
                key=str(width),
            )
            for width in (4, 1)
        ]


@pytest.mark.parametrize("claim", sorted(PAGES))
def test_every_page_draws(claim):
    for page in PAGES[claim] if isinstance(PAGES[claim], tuple) else (PAGES[claim],):
        with drawing():
            figure = page(verdict(CELLS.get(claim, PLAIN)), Run)
            drawn = [axes for axes in figure.axes if axes.has_data() or axes.texts]
            assert drawn and svg_bytes(figure).startswith(b"<?xml")


def test_every_open_choice_has_a_row_and_other_sizes_have_none():
    with drawing():
        figure = open_choices(verdict(PLAIN), Run)
    labels = [one.get_text() for one in figure.axes[0].get_yticklabels()]
    assert labels == [
        "default", "N 3", "N 3, positions learned", "residual yes", "answer_weight 10, loss full", "loss full+closing",
    ]  # fmt: skip


def test_area_is_shown_turned_and_raw():
    with drawing():
        axes = PAGES["counting/init-baseline"](verdict(PLAIN), Run).axes[0]
    labels = [one.get_text() for one in axes.get_yticklabels()]
    medians = {(round(line.get_ydata()[0]), line.get_xdata()[0]) for line in axes.lines if line.get_marker() in "os"}
    for label, at_stages in (("ROC AUC, turned upward", (0.6, 0.9)), ("ROC AUC, raw", (0.3, 0.2))):
        assert {value for row, value in medians if row == labels.index(label)} == set(at_stages)


def test_defaults_of_all_open_choices_stand_in_front_of_the_claims():
    """Labels are none of the paper's choices; the loss is named with every claim."""
    text = " ".join(LEAD)
    for name, value in {**SWITCHES, **POSITIONS}.items():
        assert name == "labels" or f"{name} = {value_text(value)}" in text, name
    assert all(f"“{loss}”" in text for loss in ("answer", "full", "full+closing"))


def test_nets_that_answer_every_string_are_counted_by_heads_and_loss():
    with drawing():
        axes = solved_by_heads(verdict(PLAIN), Run).axes[0]
    assert [one.get_text() for one in axes.get_yticklabels()] == [
        "N = 4, loss answer"
    ]  # others have one number of heads
    assert [one.get_text() for one in axes.texts] == ["3 of 3", "1 of 1"]  # .9 each, rounded


def test_heads_trained_on_labels_drawn_apart_have_a_row():
    with drawing():
        labels = [one.get_text() for one in heads_by_loss(verdict(PLAIN), Run).axes[0].get_yticklabels()]
    assert labels[:2] == ["answer", "answer, labels apart"]


def test_margins_are_those_of_the_number_of_heads_that_is_asked_about():
    with drawing():
        axes = PAGES["counting/uniform-aggregation"][0](verdict(PLAIN), Run).axes[0]
    assert {float(x) for line in axes.lines for x in line.get_xdata()} == {0.2, 0.0}  # none of .9, of four heads


def test_certificates_name_the_inequalities_heaviest_first():
    with drawing():
        texts = [one.get_text() for one in certificates(verdict(PLAIN), Run).axes[0].texts]
    assert texts[0].startswith("sum: infeasible") and "0.75 × [ 0 above B at a word state" in texts[1]
    assert "0 above 1 at an answer state of 0" in texts[2] and texts[3].startswith("concat: margin 0.2")
    assert texts[-1] == "and 3 more"


def test_maps_show_measured_predicted_and_their_difference():
    with drawing():
        figure = PAGES["counting/intervention-surface"](verdict(SURFACE), Run)
    images = [axes.images[0].get_array() for axes in figure.axes if axes.images]
    measured, predicted, off = images[:3]
    assert measured.shape == (3, 3) and measured[2][0] == pytest.approx(0.7)
    assert (abs(measured - predicted - off) < 1e-12).all()


def test_maps_put_w01_in_rows_and_take_the_first_net():
    rows, y, x = _grid_of([*SURFACE[:9], *SURFACE[9:]], "value")
    assert y == x == RATIOS and rows[2] == [0.6] * 3 and rows[0][0] == pytest.approx(0.501)


def test_stage_and_meaning_are_found_by_name():
    some = Run.records("counting/separation")
    assert _picked(some, "accuracy", "trained", "own") == [0.8, 0.8]
    assert _picked(some, "accuracy", "init", "direction") == [0.6, 0.6]
