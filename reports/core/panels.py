"""The marks of a figure: intervals, predictions, shading, crosses, rows, legends; each drawn in one way everywhere."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reports.core.series import Series, is_number, split, varying
from reports.core.style import (
    COLOURS,
    DASHES,
    GREY,
    INK,
    MARKERS,
    PALE,
    SHADE,
    coordinates,
    counted,
    literal,
    number,
    wrapped,
)
from theory.core.record import canonical

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Body = Mapping[str, Any]
ARROW_ROOM = 0.15  # of an axis: what an arrow at an open end takes of a panel of the usual height
JUDGED = ("confirmed", "consistent", "inconclusive", "violated")
MEASURED, PREDICTED, CONTROL = "measured, with interval", "prediction", "control's prediction"
VIOLATED, VACUOUS, OUTSIDE, OPEN = "contradicts", "cannot be contradicted", "outside the hypotheses", "not measured"
_ORDER = (MEASURED, PREDICTED, CONTROL, VIOLATED, VACUOUS, OUTSIDE, OPEN)


# ---------------------------------------------------------------------------- axes
def is_wide(values: Sequence[float]) -> bool:
    """True when values are positive and span more than a factor of 20."""
    return bool(values) and min(values) > 0 and max(values) / min(values) > 20


def set_x_axis(axes: Axes, xs: Sequence[float], *, log: bool, most: int = 7) -> None:
    """Scale, limits and at most `most` labels of the horizontal axis; few values are all marked."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

    log = log and bool(xs) and xs[0] > 0
    if xs and xs[-1] >= 1e5:
        most = min(most, 4)  # long labels
    if log:
        axes.set_xscale("log")
        axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
    if xs:
        room = 0.12 if log else 0.07
        low, high = (math.log(xs[0]), math.log(xs[-1])) if log else (xs[0], xs[-1])
        pad = room * (high - low) or (0.5 if log else 0.5 * abs(xs[0]) or 1.0)
        ends = (low - pad, high + pad)
        axes.set_xlim(*((math.exp(one) for one in ends) if log else ends))
        chosen = _spread(xs, log, most)
        if log or len(xs) <= most:
            axes.xaxis.set_major_locator(FixedLocator(chosen))
        else:
            axes.xaxis.set_major_locator(MaxNLocator(most - 1, integer=all(float(x).is_integer() for x in xs)))


def _spread(xs: Sequence[float], log: bool, most: int) -> list[float]:
    """Values that are far enough apart to be labelled."""
    places = [math.log(x) if log else x for x in xs]
    least = (places[-1] - places[0]) / most if len(xs) > 1 else 0.0
    chosen: list[int] = []
    for i, place in enumerate(places):
        if not chosen or place - places[chosen[-1]] >= least:
            chosen.append(i)
    return [xs[i] for i in chosen]


def set_log_y(axes: Axes) -> None:
    """A logarithmic vertical axis with plain labels."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    axes.set_yscale("log", nonpositive="clip")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
    axes.yaxis.set_minor_formatter(NullFormatter())


def set_log_x(axes: Axes) -> None:
    """A logarithmic horizontal axis with plain labels."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    axes.set_xscale("log", nonpositive="clip")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
    axes.xaxis.set_minor_formatter(NullFormatter())


def fit(axes: Axes, values: Iterable[float | None], *, flat: bool = False, room: float = 0.08) -> None:
    """Limits that hold all values with some room; marks that are moved sideways are not seen by automatic limits."""
    log = (axes.get_xscale() if flat else axes.get_yscale()) == "log"
    known = [float(one) for one in values if one is not None and math.isfinite(one) and (one > 0 or not log)]
    if not known:
        return
    low, high = (math.log(min(known)), math.log(max(known))) if log else (min(known), max(known))
    pad = room * (high - low) or (0.7 if log else 0.2 * abs(low) or 1.0)
    for_arrow = ARROW_ROOM * (high - low + 2 * pad)
    down, up = _open_ends(axes, flat)
    ends = [low - pad - down * for_arrow, high + pad + up * for_arrow]
    ends = [math.exp(min(one, 700)) if log else one for one in ends]
    (axes.set_xlim if flat else axes.set_ylim)(*ends)
    if log:
        _label_log(axes.xaxis if flat else axes.yaxis, (high - low + 2 * pad) / math.log(10))


def _open_ends(axes: Axes, flat: bool) -> tuple[bool, bool]:
    """Whether arrows at open ends point down and up (left and right) here or in a panel with the same scale."""
    shared = axes.get_shared_x_axes() if flat else axes.get_shared_y_axes()
    arrows = [one for panel in shared.get_siblings(axes) for one in panel.texts if getattr(one, "arrow_patch", None)]
    along = [one.get_position()[0 if flat else 1] for one in arrows]
    return any(one < 0 for one in along), any(one > 0 for one in along)


def _label_log(axis: Any, decades: float) -> None:
    """Labels also where a logarithmic axis spans too little for powers of ten."""
    from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

    if decades < 0.5:
        axis.set_major_locator(MaxNLocator(4))
    elif decades < 2:
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    if decades < 2:
        axis.set_minor_locator(NullLocator())


def extent(cells: Iterable[Body], *, bounds: bool = True) -> list[float | None]:
    """All values, interval ends and predictions of cells."""
    names = ("value", "low", "high", "bound") if bounds else ("value", "low", "high")
    return [cell[name] for cell in cells for name in names]


# ---------------------------------------------------------------------------- intervals
def place(cell: Body) -> float | None:
    """Where the marker stands: the value, else the middle of the interval, else its one finite end."""
    if cell["value"] is not None:
        return float(cell["value"])
    ends = [float(one) for one in (cell["low"], cell["high"]) if one is not None]
    return sum(ends) / len(ends) if ends else None


def _moved(axes: Axes, base: Any, shift: float) -> Any:
    """A transform whose marks stand `shift` points to the side, so that lines that share an x stay apart."""
    from matplotlib.transforms import ScaledTranslation

    return base + ScaledTranslation(shift / 72, 0, axes.get_figure().dpi_scale_trans)  # type: ignore[union-attr]


def intervals(
    axes: Axes,
    points: Sequence[tuple[float, Body]],
    *,
    colour: str,
    marker: str,
    shift: float = 0.0,
    label: str = "",
    flat: bool = False,
    scale: Sequence[float] | None = None,
    size: float = 4.6,
) -> None:
    """Markers with intervals; arrows at open ends.  `flat`: the value runs along the horizontal axis."""
    moved = _moved(axes, axes.transData, shift)
    drawn: list[tuple[float, float, float, float]] = []
    for i, (at, cell) in enumerate(points):
        middle = place(cell)
        if middle is None:
            continue
        factor = scale[i] if scale else 1.0
        low, high = (middle if cell[name] is None else float(cell[name]) for name in ("low", "high"))
        drawn.append((at, middle * factor, min(low, middle) * factor, max(high, middle) * factor))
        for name, sign in (("low", -1), ("high", 1)):
            if cell[name] is None:
                _arrow(axes, (at, (low if name == "low" else high) * factor), sign, shift, colour, flat)
    if not drawn:
        return
    at, middle, low, high = ([row[i] for row in drawn] for i in range(4))
    draw = axes.hlines if flat else axes.vlines
    draw(at, low, high, colors=colour, linewidth=1.3, transform=moved, zorder=3)
    pair = (middle, at) if flat else (at, middle)
    look: dict[str, Any] = {"linestyle": "none", "marker": marker, "markersize": size, "color": colour}
    edge: dict[str, Any] = {"markeredgecolor": "white", "markeredgewidth": 0.5}
    axes.plot(*pair, **look, **edge, transform=moved, zorder=4, label=label or None)


def _arrow(axes: Axes, start: tuple[float, float], sign: int, shift: float, colour: str, flat: bool) -> None:
    base = start[::-1] if flat else start
    away = (15 * sign, 0) if flat else (0, 15 * sign)
    moved = _moved(axes, axes.transData, shift)
    axes.annotate(
        "",
        xy=base,
        xycoords=moved,
        xytext=away,
        textcoords="offset points",
        zorder=2.9,
        annotation_clip=False,
        arrowprops={
            "arrowstyle": "<-",
            "color": colour,
            "linewidth": 1.1,
            "shrinkA": 0,
            "shrinkB": 0,
            "mutation_scale": 7,
        },
    )


def crosses(axes: Axes, points: Sequence[tuple[float, Body]], *, shift: float = 0.0, flat: bool = False) -> None:
    """A black cross over each setting that contradicts."""
    bad = [(at, place(cell)) for at, cell in points if cell["outcome"] == "violated" and place(cell) is not None]
    if not bad:
        return
    moved = _moved(axes, axes.transData, shift)
    ats, values = [a for a, _ in bad], [v for _, v in bad]
    pair = (values, ats) if flat else (ats, values)
    axes.plot(
        *pair,
        linestyle="none",
        marker="x",
        markersize=8.5,
        markeredgewidth=1.4,
        color=INK,
        transform=moved,
        zorder=5,
        label=VIOLATED,
    )


# ---------------------------------------------------------------------------- predictions
def _lines_of(clause: Body, role: str, one: Series, xs: set[float]) -> list[tuple[list[float], list[float]]]:
    """The stored curves that belong to a line and are denser than its cells."""
    found = []
    for curve in clause.get("curves", []):
        same = all(one.cells[0]["cell"].get(name) == value for name, value in curve["cell"].items())
        if curve["role"] == role and same and len(curve["x"]) > 1 and not set(map(float, curve["x"])) <= xs:
            found.append((list(map(float, curve["x"])), list(map(float, curve["y"]))))
    return found


def _bounds(one: Series, x: str) -> tuple[list[float], list[float]]:
    pairs = [(float(c["cell"][x]), float(c["bound"])) for c in one.cells if c["bound"] is not None]
    return [a for a, _ in pairs], [b for _, b in pairs]


def law(axes: Axes, lines: Sequence[Series], clause: Body, x: str, form: str) -> None:
    """Measured points and predictions along x, with shading where nothing could contradict."""
    cells = [cell for one in lines for cell in one.cells]
    xs = {float(cell["cell"][x]) for cell in clause.get("cells", [])}
    shade(axes, cells, x)
    if form == "Exceeds":
        axes.axhline(0, color=INK, linewidth=0.9, zorder=1.5)
    predicted = [_lines_of(clause, "bound", one, xs) or [_bounds(one, x)] for one in lines]
    shared = len({str(one) for one in predicted}) == 1
    drawn: set[str] = set()
    for i, one in enumerate(lines):
        colour = COLOURS[i % len(COLOURS)]
        shift = (i - (len(lines) - 1) / 2) * min(5.0, 16 / max(len(lines), 1))
        points = [(float(cell["cell"][x]), cell) for cell in one.cells]
        if form != "Exceeds":
            _predictions(axes, predicted[i], drawn, INK if shared else colour, DASHES[i % len(DASHES)])
            _gaps(axes, points, shift)
        for curve in _lines_of(clause, "control", one, xs) or _control_cells(clause, one, x):
            if form != "Exceeds" and f"control {curve}" not in drawn:
                axes.plot(*curve, linestyle=":", color=GREY, linewidth=1.3, zorder=1.9, label=CONTROL)
                drawn.add(f"control {curve}")
        intervals(
            axes, points, colour=colour, marker=MARKERS[i % len(MARKERS)], shift=shift, label=one.label or MEASURED
        )
        hollow(axes, points, colour, MARKERS[i % len(MARKERS)], shift)
        crosses(axes, points, shift=shift)


def _predictions(axes: Axes, curves_: Iterable[Any], drawn: set[str], colour: str, dash: Any) -> None:
    for curve in curves_:
        if curve[0] and str(curve) not in drawn:
            drawn.add(str(curve))
            if len(curve[0]) == 1:
                axes.plot(
                    *curve,
                    linestyle="none",
                    marker="_",
                    markersize=16,
                    markeredgewidth=1.4,
                    color=colour,
                    zorder=2,
                    label=PREDICTED,
                )
            else:
                axes.plot(*curve, linestyle=dash, color=colour, zorder=2, label=PREDICTED)


def _control_cells(clause: Body, one: Series, x: str) -> list[tuple[list[float], list[float]]]:
    """The control's prediction at the line's own settings, where it differs from the claim's."""
    own = {_name(cell): cell["bound"] for cell in one.cells}
    pairs = [
        (float(c["cell"][x]), float(c["bound"]))
        for c in clause["control"]["cells"]
        if _name(c) in own and c["bound"] is not None and c["bound"] != own[_name(c)]
    ]
    pairs.sort()
    return [([a for a, _ in pairs], [b for _, b in pairs])] if len(pairs) > 1 else []


def _name(cell: Body) -> str:
    return repr(sorted(cell["cell"].items()))


def _gaps(axes: Axes, points: Sequence[tuple[float, Body]], shift: float) -> None:
    """A thin line from the prediction to the interval: how loose it is."""
    found = []
    for at, cell in points:
        middle = place(cell)
        if middle is None or cell["bound"] is None:
            continue
        ends = sorted(
            (cell["low"] if cell["low"] is not None else middle, cell["high"] if cell["high"] is not None else middle)
        )
        bound = float(cell["bound"])
        if bound < ends[0] or bound > ends[1]:
            found.append((at, bound, ends[0] if bound < ends[0] else ends[1]))
    if found and len(found) <= 60:
        moved = _moved(axes, axes.transData, shift)
        at, low, high = ([row[i] for row in found] for i in range(3))
        axes.vlines(at, low, high, colors=PALE, linewidth=0.8, linestyles=(0, (1, 1.5)), transform=moved, zorder=1.2)


def hollow(axes: Axes, points: Sequence[tuple[float, Body]], colour: str, marker: str, shift: float) -> None:
    """Hollow markers where nothing was measured: on the prediction, else at the foot of the axis."""
    for at, cell in points:
        known = cell["bound"] is not None
        if place(cell) is None and not (known and cell["outcome"] == "vacuous"):
            base = axes.transData if known else axes.get_xaxis_transform()
            axes.plot(
                [at],
                [float(cell["bound"]) if known else 0.03],
                linestyle="none",
                marker=marker,
                markersize=4.6,
                zorder=3,
                markerfacecolor="white",
                markeredgecolor=colour,
                markeredgewidth=0.9,
                transform=_moved(axes, base, shift),
                label=OPEN,
            )


def shade(axes: Axes, cells: Sequence[Body], x: str) -> None:
    """Shading where all settings of an x are vacuous or outside the hypotheses."""
    found: dict[float, set[str]] = {}
    for cell in cells:
        found.setdefault(float(cell["cell"][x]), set()).add(cell["outcome"])
    xs = sorted(found)
    low, high = axes.get_xlim()
    log = axes.get_xscale() == "log"
    for i, at in enumerate(xs):
        kinds = found[at]
        if not kinds <= {"vacuous", "outside"}:
            continue
        left = low if i == 0 else _between(xs[i - 1], at, log)
        right = high if i == len(xs) - 1 else _between(at, xs[i + 1], log)
        if "vacuous" in kinds:
            axes.axvspan(left, right, facecolor=SHADE, edgecolor="none", zorder=0.1, label=VACUOUS)
        else:
            axes.axvspan(
                left, right, facecolor="white", edgecolor=PALE, hatch="////", linewidth=0, zorder=0.1, label=OUTSIDE
            )


def _between(a: float, b: float, log: bool) -> float:
    return math.sqrt(a * b) if log else (a + b) / 2


# ---------------------------------------------------------------------------- what a slope or a crossing was taken from
def curves(axes: Axes, lines: Sequence[Series], x: str, *, level: float) -> None:
    """Measured curves that cross a level."""
    axes.axhline(level, color=INK, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1.5, label=f"level {number(level)}")
    for i, one in enumerate(lines):
        colour, points = COLOURS[i % len(COLOURS)], [(float(cell["cell"][x]), cell) for cell in one.cells]
        known = [(at, place(cell)) for at, cell in points if place(cell) is not None]
        axes.plot(
            [a for a, _ in known],
            [v for _, v in known],
            linestyle=DASHES[i % len(DASHES)],
            color=colour,
            linewidth=0.9,
            zorder=2,
        )
        intervals(axes, points, colour=colour, marker=MARKERS[i % len(MARKERS)], label=one.label or MEASURED, size=3.6)
    fit(axes, [level, *extent((cell for one in lines for cell in one.cells), bounds=False)])


def scaled(axes: Axes, lines: Sequence[Series], x: str) -> None:
    """Measured points, and the prediction times the constant that fits best: a scaling law leaves that constant free."""
    values: list[float | None] = []
    for i, one in enumerate(lines):
        cells = [cell for cell in one.cells if cell["bound"] and place(cell)]
        points = [(float(cell["cell"][x]), cell) for cell in cells]
        logs = [
            math.log((place(cell) or 1) / cell["bound"]) for cell in cells if (place(cell) or 0) * cell["bound"] > 0
        ]
        factor = math.exp(math.fsum(logs) / len(logs)) if logs else 1.0
        colour = COLOURS[i % len(COLOURS)]
        curve = sorted((at, cell["bound"] * factor) for at, cell in points)
        axes.plot([a for a, _ in curve], [v for _, v in curve], color=INK, linestyle=DASHES[i % len(DASHES)],
                  linewidth=1.0, zorder=1.5, label="prediction, constant fitted" if i == 0 else None)  # fmt: skip
        intervals(axes, points, colour=colour, marker=MARKERS[i % len(MARKERS)], label=one.label or MEASURED)
        values += [v for _, v in curve] + extent(cells, bounds=False)
    known = [value for value in values if value is not None]
    if known and min(known) > 0 and is_wide(known):
        set_log_y(axes)
    fit(axes, values)


# ---------------------------------------------------------------------------- control
def control(axes: Axes, cells: Sequence[Body], x: str, form: str) -> None:
    """The negative control, in grey: its predictions, the points, and a cross on each setting that rejected it."""
    points = [(float(cell["cell"][x]), cell) for cell in cells if is_number(cell["cell"].get(x))]
    if not points:
        axes.text(
            0.5, 0.5, "no setting along this axis", ha="center", va="center", transform=axes.transAxes, color=GREY
        )
        return
    if form == "Exceeds":
        axes.axhline(0, color=INK, linewidth=0.9, zorder=1.5)
    else:
        for one in split([cell for _, cell in points], x):
            pairs = _bounds(one, x)
            style = {"linestyle": ":"} if len(pairs[0]) > 1 else {"linestyle": "none", "marker": "_", "markersize": 9}
            if pairs[0]:
                axes.plot(*pairs, color=GREY, linewidth=1.3, zorder=2, label=CONTROL, **style)
    intervals(axes, points, colour="#8a8a8a", marker="o", size=3.8)
    crosses(axes, points)


def control_title(cells: Sequence[Body]) -> str:
    """How many settings rejected the control."""
    judged = [cell for cell in cells if cell["outcome"] in JUDGED]
    n = sum(cell["outcome"] == "violated" for cell in judged)
    return f"Control: rejected {n} of {len(judged)}" if judged else "Control: nothing judged"


# ---------------------------------------------------------------------------- rows
@dataclass(frozen=True)
class Rows:
    """Settings drawn one a row; models that were each judged against a prediction of their own share the row of their setting."""

    groups: tuple[tuple[Body, ...], ...]
    n_left_out: int = 0

    @property
    def cells(self) -> list[Body]:
        """All that is drawn."""
        return [cell for group in self.groups for cell in group]

    @classmethod
    def of(cls, cells: Sequence[Body], most: int) -> Rows:
        """At most `most` of the settings, the worst first, in their own order."""
        found: dict[str, list[Body]] = {}
        for cell in cells:
            found.setdefault(canonical(cell["cell"]), []).append(cell)
        groups = [tuple(group) for group in found.values()]
        rank = {"violated": 0, "inconclusive": 1}
        worst = [min(rank.get(cell["outcome"], 2) for cell in group) for group in groups]
        kept = sorted(sorted(range(len(groups)), key=lambda i: (worst[i], i))[:most])
        return cls(tuple(groups[i] for i in kept), len(groups) - len(kept))


def rows(axes: Axes, main: Rows, control_: Rows, *, zero: bool, with_bound: bool, what: str, stacked: bool) -> None:
    """One row a setting: interval, prediction as an upright stroke; below a rule the control's rows, in grey."""
    names = varying([*main.cells, *control_.cells])
    labels = _row_labels(main, names, False, stacked) + _row_labels(control_, names, True, stacked)
    _row_marks(axes, main, 0, False, with_bound)
    _row_marks(axes, control_, len(main.groups), True, with_bound)
    fit(axes, [*extent([*main.cells, *control_.cells], bounds=with_bound), *([0.0] if zero else [])], flat=True)
    if zero:
        axes.axvline(0, color=INK, linewidth=0.9, zorder=1.5)
    if main.cells and control_.cells:
        axes.axhline(0.5 - len(main.groups), color=PALE, linewidth=0.7, zorder=1)
    # a row is 21 points high: two lines of a label must fit
    small = {"fontsize": 7.5, "linespacing": 1.0} if any("\n" in one for one in labels) else {}
    axes.set_yticks([-i for i in range(len(labels))], labels, **small)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(-max(len(labels), 1) + 0.4, 0.6)
    axes.set_xlabel(what)
    left_out = main.n_left_out + control_.n_left_out
    note = f"; {counted(left_out, 'further setting')} not drawn, in the counts" if left_out else ""
    axes.set_title(
        wrapped(control_title(control_.cells) + note, 34 if stacked else 90, 3) if control_.cells or note else ""
    )


def _row_labels(block: Rows, names: Sequence[str], is_control: bool, stacked: bool) -> list[str]:
    found = []
    for group in block.groups:
        own = coordinates({name: group[0]["cell"][name] for name in names if name in group[0]["cell"]})
        head = "control" if is_control else ("claim" if not own or stacked else "")
        text = ": ".join(part for part in (head, own) if part)
        many = f" ({counted(len(group), 'model')})" if len(group) > 1 else ""
        found.append(wrapped(text + many, 26 if stacked else 46, 2))
    return found


def _row_marks(axes: Axes, block: Rows, start: int, is_control: bool, with_bound: bool) -> None:
    points = [
        (-(start + i) + 0.5 * ((j + 0.5) / len(group) - 0.5), cell)
        for i, group in enumerate(block.groups)
        for j, cell in enumerate(group)
    ]
    known = [(float(cell["bound"]), at) for at, cell in points if cell["bound"] is not None]
    if with_bound and known:
        look = {"color": GREY, "label": CONTROL} if is_control else {"color": INK, "label": PREDICTED}
        places = [bound for bound, _ in known], [at for _, at in known]
        axes.plot(*places, linestyle="none", marker="|", markersize=13, markeredgewidth=1.8, zorder=2, **look)
    colour = "#8a8a8a" if is_control else COLOURS[0]
    intervals(axes, points, colour=colour, marker="o", flat=True, label="" if is_control else MEASURED)
    for at, cell in points:
        if place(cell) is None and at == int(at):
            base = axes.get_yaxis_transform()
            axes.text(0.99, at, literal(cell["outcome"]), transform=base, ha="right", va="center", color=GREY)
    crosses(axes, points, flat=True)


# ---------------------------------------------------------------------------- one prediction a model
def agreement(axes: Axes, cells: Sequence[Body], *, is_control: bool) -> None:
    """Measured against predicted, a point a model, with the line where both are equal."""
    points = [(float(cell["bound"]), cell) for cell in cells if cell["bound"] is not None and place(cell) is not None]
    ends = [v for at, cell in points for v in (at, place(cell)) if v is not None]
    if ends:
        look = {"color": GREY, "linestyle": ":", "label": CONTROL} if is_control else {"color": INK, "label": PREDICTED}
        axes.plot([min(ends), max(ends)], [min(ends), max(ends)], linewidth=1.0, zorder=1.5, **look)
    colour = "#8a8a8a" if is_control else COLOURS[0]
    intervals(axes, points, colour=colour, marker="o", size=3.8, label="" if is_control else MEASURED)
    crosses(axes, points)


# ---------------------------------------------------------------------------- legend
def legend(figure: Figure, several: Iterable[Axes]) -> None:
    """One legend below the figure: lines of data first, then the marks; each named once."""
    found: dict[str, Any] = {}
    for axes in several:
        for handle, label in zip(*axes.get_legend_handles_labels()):
            found.setdefault(label, handle)
    names = [n for n in found if n not in _ORDER] + [n for n in _ORDER if n in found]
    if names:
        labels = [wrapped(name, 44, 2) for name in names]
        columns = _columns([max(map(len, label.split("\n"))) for label in labels])
        figure.legend([found[n] for n in names], labels, loc="outside lower center", ncols=columns, columnspacing=1.6)


def _columns(lengths: Sequence[int]) -> int:
    """How many columns of a legend fit the text width; the first columns are one longer where the rows do not come out."""
    for n in range(min(len(lengths), 5), 1, -1):
        short, longer = divmod(len(lengths), n)
        ends = [short * i + min(i, longer) for i in range(n + 1)]
        if sum(max(lengths[a:b]) + 8 for a, b in itertools.pairwise(ends)) <= 112:
            return n
    return 1
