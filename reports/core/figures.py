"""Default figures: what was measured against what was predicted, one picture a clause, its control beside it.

`clause_figure(clause)` reads the body of a clause as a verdict stores it and chooses by relation: a law along an axis,
a slope, a crossing, a difference of two arms; without a numeric axis, one row a setting.  Points are measurements with
the interval that they leave for the truth; an arrow marks an end that is open; solid lines are predictions, dotted
ones those of the negative control; a cross marks a setting that contradicts; shading, settings that cannot.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reports.core import panels
from reports.core.series import axis_of, facets, is_number, split, thinned
from reports.core.style import MOST_SERIES, WIDTH, counted, drawing, literal, new_figure, number, wrapped
from theory.core.record import canonical

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Body = Mapping[str, Any]
MOST_ROWS = 18  # with half as many of the control they fill a page


def form_of(clause: Body) -> str:
    """Name of the relation; taken from its words where an older run does not store it."""
    if clause.get("form"):
        return str(clause["form"])
    text = str(clause.get("relation", ""))
    for words, form in (
        ("exceeds", "Exceeds"),
        ("crosses", "Crosses"),
        ("grows along", "ScalesAs"),
        ("equals", "Equals"),
    ):
        if words in text:
            return form
    return "AtLeast" if "at least" in text else "AtMost"


def clause_figure(clause: Body) -> Figure:
    """The default figure of one clause."""
    with drawing():
        form, cells = form_of(clause), clause.get("cells", [])
        if form in ("ScalesAs", "Crosses") and clause.get("points"):
            return _folded(clause, form)
        if _has_own_predictions(cells):
            return _agreement(clause)
        x = axis_of(cells, clause.get("x"))
        others = clause.get("control", {}).get("cells", [])
        if x is None or (others and not any(x in cell["cell"] for cell in others)):  # a control must be seen
            return _rows(clause, form)
        groups = facets(cells, x)
        return _law(clause, form, x) if len(groups) == 1 else _law_in_parts(clause, form, x, groups)


def quantity(clause: Body) -> str:
    """What an axis shows: the measured quantity with its unit, or the difference of it between two arms."""
    if clause.get("quantity"):
        return wrapped(literal(clause["quantity"]), 34, 2)
    observable = clause.get("observable", {})
    unit = observable.get("unit")
    name = literal(observable.get("name", "measured")).replace("_", " ")
    if form_of(clause) == "Exceeds":
        name = "difference in crossing points" if "crosses" in str(clause.get("relation")) else f"difference in {name}"
    return wrapped(name + (f" ({unit})" if unit else ""), 34, 2)


# ---------------------------------------------------------------------------- along an axis
def _law(clause: Body, form: str, x: str) -> Figure:
    figure = new_figure(WIDTH, 2.2)
    shared = _alike(clause, form)
    main, control = figure.subplots(1, 2, sharey=shared, width_ratios=(2.1, 1))
    _scales((main,), clause, clause["cells"], x)
    _scales((control,), clause, clause["control"]["cells"], x, most=3)
    part = facets(clause["cells"], x)[0]
    panels.law(main, part.series, clause, x, form)
    _title_of_part(main, "", part.n_left_out)
    _control_panel(control, clause, x, form)
    main.set_ylabel(quantity(clause))
    main.set_xlabel(wrapped(x, 40, 2))
    control.set_xlabel(wrapped(x, 20, 2))
    if shared:
        panels.fit(main, _extent(clause, form))
    else:
        panels.fit(main, [*panels.extent(clause["cells"], bounds=form != "Exceeds"), 0.0])
        panels.fit(control, [*panels.extent(clause["control"]["cells"], bounds=form != "Exceeds"), 0.0])
    panels.legend(figure, (main, control))
    return figure


def _alike(clause: Body, form: str) -> bool:
    """True when the claim's values stay visible on one scale with its control's, which may be of another quantity."""
    own, others = (
        [abs(v) for v in panels.extent(part["cells"], bounds=form != "Exceeds") if v is not None]
        for part in (clause, clause["control"])
    )
    return clause.get("y_log") is True or not own or not others or max(others) <= 50 * max(own)


def _extent(clause: Body, form: str) -> list[float | None]:
    """All that the panels of a law must show."""
    with_bound = form != "Exceeds"
    found = panels.extent([*clause["cells"], *clause["control"]["cells"]], bounds=with_bound)
    if with_bound:
        return found + [y for curve in clause.get("curves", []) for y in curve["y"]]
    return [*found, 0.0]


def _law_in_parts(clause: Body, form: str, x: str, groups: Sequence[Any]) -> Figure:
    columns = min(3, len(groups) + 1)
    n_rows = -(-(len(groups) + 1) // columns)
    figure = new_figure(WIDTH, 0.5 + 2.1 * n_rows)
    grid = figure.subplots(n_rows, columns, squeeze=False, sharey=True).ravel()
    for axes, part in zip(grid, groups):
        _scales((axes,), clause, [cell for one in part.series for cell in one.cells], x, most=4)
        panels.law(axes, part.series, clause, x, form)
        _title_of_part(axes, part.label, part.n_left_out)
    _scales((grid[len(groups)],), clause, clause["control"]["cells"], x, most=4)
    _control_panel(grid[len(groups)], clause, x, form)
    for axes in grid[len(groups) + 1 :]:
        axes.set_axis_off()
    for i, axes in enumerate(grid[: len(groups) + 1]):
        axes.set_xlabel(wrapped(x, 24, 2))
        if i % columns == 0:
            axes.set_ylabel(quantity(clause))
    panels.fit(grid[0], _extent(clause, form))
    panels.legend(figure, grid[: len(groups) + 1])
    return figure


def _title_of_part(axes: Axes, label: str, n_left_out: int) -> None:
    words = [wrapped(label, 32, 2)] if label else []
    if n_left_out:
        words.append(f"{counted(n_left_out, 'more line')} not drawn")
    if words:
        axes.set_title("\n".join(words))


def _scales(several: Sequence[Axes], clause: Body, cells: Sequence[Body], x: str, most: int = 7) -> None:
    xs = sorted({float(cell["cell"][x]) for cell in cells if is_number(cell["cell"].get(x))})
    for axes in several:
        panels.set_x_axis(axes, xs, log=bool(clause.get("x_log")) or panels.is_wide(xs), most=most)
        if clause.get("y_log"):
            panels.set_log_y(axes)


def _control_panel(axes: Axes, clause: Body, x: str, form: str) -> None:
    cells = clause["control"]["cells"]
    panels.control(axes, cells, x, form)
    axes.set_title(panels.control_title(cells))


# ---------------------------------------------------------------------------- slopes and crossings
def _folded(clause: Body, form: str) -> Figure:
    """Left what was measured; right what was taken from it: a slope, or the points of crossing."""
    crossed = clause.get("level") is not None and form != "ScalesAs"
    x = axis_of(clause["points"], clause.get("x"))
    figure = new_figure(WIDTH, 2.2)
    left, right = figure.subplots(1, 2, width_ratios=(1.55, 1))
    if x is not None:
        _measured(left, clause, x, crossed)
    else:
        left.set_axis_off()
    inner = axis_of(clause["cells"], None) if form == "Crosses" else None
    if inner is None:
        what = "exponent of measured / predicted" if form == "ScalesAs" else "crossing point"
        panels.rows(
            right,
            *_row_lists(clause, 6),
            zero=form == "ScalesAs",
            with_bound=form != "ScalesAs",
            what=what,
            stacked=True,
        )
    else:
        _scales((right,), {**clause, "x_log": None}, clause["cells"], inner, most=4)
        panels.law(right, facets(clause["cells"], inner)[0].series, {**clause, "x": inner}, inner, form)
        panels.fit(right, _extent(clause, form))
        right.set_xlabel(wrapped(inner, 24, 2))
        right.set_ylabel("crossing point")
        right.set_title(panels.control_title(clause["control"]["cells"]))
    panels.legend(figure, (left, right))
    return figure


def _measured(axes: Axes, clause: Body, x: str, crossed: bool) -> None:
    points = clause["points"]
    xs = sorted({float(one["cell"][x]) for one in points if is_number(one["cell"].get(x))})
    panels.set_x_axis(axes, xs, log=panels.is_wide(xs) or bool(clause.get("x_log")) or not crossed)
    lines, left_out = thinned(split(points, x, keep_diagonal=not crossed), MOST_SERIES)
    if crossed:
        panels.curves(axes, lines, x, level=float(clause["level"]))
        axes.set_ylabel(quantity(clause))
    else:
        panels.scaled(axes, lines, x)
        axes.set_ylabel(_scaled_quantity(clause))
    axes.set_xlabel(wrapped(x, 40, 2))
    _title_of_part(axes, "", left_out)


def _scaled_quantity(clause: Body) -> str:
    if clause.get("level") is None:
        return quantity(clause)
    return wrapped(
        f"{clause.get('along') or 'point'} where {quantity(clause)} crosses {number(clause['level'])}", 34, 2
    )


# ---------------------------------------------------------------------------- one prediction a model
def _has_own_predictions(cells: Sequence[Body]) -> bool:
    """Several models at one setting, with different predictions."""
    bounds: dict[str, set[float]] = {}
    for cell in cells:
        bounds.setdefault(canonical(cell["cell"]), set()).add(cell["bound"])
    return any(len(found - {None}) > 2 for found in bounds.values())


def _agreement(clause: Body) -> Figure:
    figure = new_figure(WIDTH, 2.6)
    main, control = figure.subplots(1, 2, sharey=True)
    panels.agreement(main, clause["cells"], is_control=False)
    panels.agreement(control, clause["control"]["cells"], is_control=True)
    main.set_xlabel("predicted from the model's own numbers")
    control.set_xlabel("predicted by the control")
    main.set_ylabel(quantity(clause))
    control.set_title(panels.control_title(clause["control"]["cells"]))
    panels.fit(main, _extent(clause, form_of(clause)))
    panels.legend(figure, (main, control))
    return figure


# ---------------------------------------------------------------------------- one row a setting
def _rows(clause: Body, form: str) -> Figure:
    main, control = _row_lists(clause, MOST_ROWS)
    n = len(main.groups) + len(control.groups)
    figure = new_figure(WIDTH, 0.95 + 0.29 * max(n, 1))
    axes = figure.subplots()
    if clause.get("y_log") and form != "Exceeds":
        panels.set_log_x(axes)
    what = quantity(clause)
    panels.rows(axes, main, control, zero=form == "Exceeds", with_bound=form != "Exceeds", what=what, stacked=False)
    panels.legend(figure, (axes,))
    return figure


def _row_lists(clause: Body, most: int) -> tuple[panels.Rows, panels.Rows]:
    return panels.Rows.of(clause.get("cells", []), most), panels.Rows.of(clause["control"]["cells"], max(most // 2, 3))
