"""Figures: the marks that a reader is promised are there, for each relation; names are never read as mathematics."""

from __future__ import annotations

import math
from typing import Any

import pytest
from matplotlib.figure import Figure

from reports.core import panels, series
from reports.core.figures import clause_figure, form_of
from reports.core.style import breakable, formula, literal, number, readable_latex, svg_bytes, wrapped
from tests.reports.conftest import HOSTILE, OUTCOMES, cell, clause, every_relation

NS = (2, 4, 8, 16, 32)


def labels(figure: Figure) -> set[str]:
    return {text.get_text().replace("\n", " ") for one in figure.legends for text in one.get_texts()}


def lines(figure: Figure, label: str) -> list[Any]:
    return [line for axes in figure.axes for line in axes.lines if line.get_label() == label]


@pytest.mark.parametrize("part", every_relation()[:-1], ids=lambda one: one["label"])
def test_each_relation_is_drawn_twice_alike(part: dict[str, Any]) -> None:
    figure = clause_figure(part)
    assert isinstance(figure, Figure)
    assert len(figure.axes) >= 1
    assert svg_bytes(figure) == svg_bytes(clause_figure(part))


def test_a_control_that_has_no_place_on_the_axis_is_still_drawn() -> None:
    part = clause(cells=[cell({"n": n}, "confirmed", 1 / n) for n in NS])
    part["control"]["cells"] = [cell({"arm": "a"}, "violated", 0.4)]
    assert panels.VIOLATED in labels(clause_figure(part))


@pytest.mark.parametrize("open_end", ["low", "high"])
def test_an_arrow_at_an_open_end_stays_inside_its_panel(open_end: str) -> None:
    figure = clause_figure(clause(cells=[{**cell({"n": n}, "confirmed", 1 / n), open_end: None} for n in NS]))
    figure.canvas.draw()
    for axes in figure.axes:
        for note in axes.texts:
            assert axes.bbox.y0 <= note.get_window_extent().y0 <= note.get_window_extent().y1 <= axes.bbox.y1
    assert any(axes.texts for axes in figure.axes)


def test_a_law_shows_points_prediction_control_crosses_and_shading() -> None:
    outcomes = ("consistent", "violated", "confirmed", "vacuous", "outside")
    figure = clause_figure(clause(cells=[cell({"n": n}, outcomes[i], 1 / n) for i, n in enumerate(NS)]))
    assert labels(figure) >= {
        panels.MEASURED,
        panels.PREDICTED,
        panels.CONTROL,
        panels.VIOLATED,
        panels.VACUOUS,
        panels.OUTSIDE,
    }
    main, control = figure.axes
    assert list(lines(figure, panels.VIOLATED)[0].get_xdata()) == [4]
    assert control.get_title(loc="left") == "Control: rejected 5 of 5"
    low, high = main.get_ylim()
    assert low < 0.8 / 32 and high > 0.55


def test_prediction_between_the_grid_points_is_used_when_it_is_stored() -> None:
    xs = [2 + i / 2 for i in range(61)]
    curve = {"cell": {}, "x": xs, "y": [0.8 / x for x in xs], "role": "bound"}
    figure = clause_figure(clause(curves=[curve, {**curve, "role": "control", "y": [1 / x for x in xs]}]))
    assert len(lines(figure, panels.PREDICTED)[0].get_xdata()) == 61
    assert len(lines(figure, panels.CONTROL)[0].get_xdata()) == 61


def test_open_ends_are_arrows() -> None:
    closed = clause_figure(clause())
    opened = clause_figure(clause(cells=[cell({"n": n}, value=1 / n, low=None) for n in NS]))
    count = [sum(len(axes.texts) for axes in figure.axes) for figure in (closed, opened)]
    assert count == [0, 10]  # five in the picture, five in the control's


def test_lines_differ_in_marker_dash_and_colour() -> None:
    figure = clause_figure(clause(cells=[cell({"n": n, "d": d}, value=d / n) for d in (2, 4, 6, 8) for n in NS]))
    drawn = [line for line in figure.axes[0].lines if line.get_label().startswith("d = ")]
    for look in ("get_marker", "get_color"):
        assert len({getattr(line, look)() for line in drawn}) == 4
    assert len({line.get_color() for line in lines(figure, panels.PREDICTED)}) == 4


def test_many_lines_become_small_pictures_or_a_counted_choice() -> None:
    two = [cell({"n": n, "d": d, "v": v}, value=d / n) for d in (2, 4) for v in "abcd" for n in NS]
    assert [axes.get_title(loc="left") for axes in clause_figure(clause(cells=two)).axes] == [
        "d = 2",
        "d = 4",
        "Control: rejected 40 of 40",
    ]
    many = [cell({"n": n, "d": d}, "violated" if d == 17 else "consistent", d / n) for d in range(2, 42) for n in NS]
    title = clause_figure(clause(cells=many)).axes[0].get_title(loc="left")
    assert title == "34 more lines not drawn"
    kept, left_out = series.thinned(series.split(many, "n"), 6)
    assert left_out == 34 and "d = 17" in {one.label for one in kept}


def test_an_axis_that_determines_the_others_is_one_line() -> None:
    diagonal = [cell({"n": n, "d": n // 2}) for n in NS]
    assert len(series.split(diagonal, "n")) == 1
    assert series.ideas([cell({"n": n, "d": n // 2, "k": 1 + n % 3}) for n in NS], ["n", "d", "k"]) == [
        ["n", "d"],
        ["k"],
    ]


def test_settings_without_a_numeric_axis_are_rows() -> None:
    cells = [cell({"variant": v, "d": 8}, OUTCOMES[i]) for i, v in enumerate("abcdef")]
    figure = clause_figure(clause(cells=cells, x=None))
    names = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert names[0] == "variant = a" and names[6] == "control: variant = a"
    assert "vacuous" in {text.get_text() for text in figure.axes[0].texts}
    many = clause_figure(clause(cells=[cell({"variant": f"v{i}"}) for i in range(200)], x=None))
    assert "further settings not drawn" in many.axes[0].get_title(loc="left").replace("\n", " ")


def test_differences_and_slopes_have_a_zero_line() -> None:
    parts = {one["label"]: one for one in every_relation()}
    zero = [line for line in clause_figure(parts["difference"]).axes[0].lines if list(line.get_ydata()) == [0, 0]]
    assert zero
    right = clause_figure(parts["slope"]).axes[1]
    assert [line for line in right.lines if list(line.get_xdata()) == [0, 0]]
    assert right.get_xlim()[0] < -0.05 and right.get_xlim()[1] > 0.08


def test_log_axes_follow_the_verdict() -> None:
    figure = clause_figure(clause(x_log=True, y_log=True))
    assert figure.axes[0].get_xscale() == figure.axes[0].get_yscale() == "log"


def test_names_are_never_read_as_mathematics() -> None:
    figure = clause_figure(clause(cells=[cell({"$x$": n, "d": d}) for n in NS for d in ("$\\bad{", HOSTILE)], x="$x$"))
    assert figure.axes[0].get_xlabel() == "$x$"
    assert svg_bytes(figure)


def test_form_of_older_verdicts() -> None:
    texts = {
        "measured at a = 1 exceeds measured at a = 2": "Exceeds",
        "measured grows along d as the bound does": "ScalesAs",
        "measured equals bound exactly": "Equals",
        "measured at least bound": "AtLeast",
        "measured at most bound": "AtMost",
    }
    assert {text: form_of({"relation": text}) for text in texts} == texts


@pytest.mark.parametrize(
    "latex",
    [r"\frac{1}{1 + \left(n - 1\right) e^{- gap}}", r"\sum_{r \geq 1} \mathrm{Bin}(n)", r"\log{\left(d \right)}"],
)
def test_formulas_are_set(latex: str) -> None:
    made = formula(latex)
    assert made is not None and made.svg.startswith(b"<?xml") and made.width > 10


@pytest.mark.parametrize("latex", ["", r"\begin{cases} 1 \end{cases}", "x^{", r"\unknown{x}", "a$b"])
def test_formulas_that_cannot_be_set_are_left_to_text(latex: str) -> None:
    assert formula(latex) is None


def test_words_and_numbers() -> None:
    assert readable_latex(r"\frac{8106479329266893}{9007199254740992}") == "0.9"
    assert (
        number(-0.5) == "\u22120.5"
        and number(1e-300) == "10⁻³⁰⁰"
        and number(True) == "yes"
        and number(10**400) == "10⁴⁰⁰ or more"
    )
    assert literal("a\x00\x1b\tb\ud800") == "a\\x00\\x1b b\\ud800"
    assert breakable("x" * 60).replace("\u200b", "") == "x" * 60 and "\u200b" in breakable("x" * 60)
    assert wrapped("word " * 50, 20, 2).count("\n") == 1
    assert "more characters" in literal("y" * 5000)


def test_enormous_coordinates_do_not_break_an_axis() -> None:
    assert svg_bytes(clause_figure(clause(cells=[cell({"n": 10**400 + i}) for i in range(3)])))
    assert math.isfinite(
        clause_figure(clause(cells=[cell({"n": 2.0 * i}, value=1e250 * (i + 1)) for i in range(3)]))
        .axes[0]
        .get_ylim()[1]
    )


def test_models_with_predictions_of_their_own_are_drawn_against_them() -> None:
    cells = [cell({"N": 8}, value=0.1 * i, low=0.1 * i, high=0.1 * i, bound=0.1 * i) for i in range(30)]
    body = clause("Equals", cells=cells)
    figure = clause_figure(body)
    (line,) = [one for one in figure.axes[0].lines if one.get_label() == "prediction"]
    assert list(line.get_xdata()) == list(line.get_ydata()) == [0.0, pytest.approx(2.9)]
    assert figure.axes[0].get_xlabel().startswith("predicted") and figure.get_size_inches()[1] < 4


def test_models_of_one_setting_share_a_row_and_pages_are_not_overrun() -> None:
    cells = [
        cell({"reader": name}, value=0.1 * i, bound=0.5) for name in "abcdefghijklmnopqrstuvwxyz" for i in range(9)
    ]
    figure = clause_figure(clause("AtMost", cells=cells))
    labels = [one.get_text() for one in figure.axes[0].get_yticklabels()]
    assert labels[0] == "reader = a (9 models)" and 18 < len(labels) <= 27
    assert figure.get_size_inches()[1] < 9.5


def test_a_control_of_another_scale_does_not_flatten_the_claim() -> None:
    cells = [cell({"n": n}, value=1.0 + n, bound=1.0) for n in (2, 4, 8)]
    huge = [cell({"n": n}, value=-1e7, low=-2e7, high=-1e6, bound=1.0, outcome="violated") for n in (2, 4, 8)]
    body = clause("AtLeast", cells=cells)
    figure = clause_figure({**body, "control": {**body["control"], "cells": huge}})
    assert abs(figure.axes[0].get_ylim()[0]) < 100 and figure.axes[1].get_ylim()[0] < -1e6
