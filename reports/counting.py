"""Figures of the counting paper: heat maps of interventions, the untrained baseline, heads under each loss, variants.

Each entry of PAGES is a function of (verdict body, run file) that returns a matplotlib
Figure; nothing is predicted here, predictions are those that the verdict holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING, Any

from reports.core.style import COLOURS, GREY, INK, MARKERS, PALE, WIDTH, new_figure, number, value_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from theory.core.record import RunFile

Body = Mapping[str, Any]
ACCURACY = "viridis"  # one scale for all maps of accuracy
OFFSET = "PuOr"  # differences


# ---------------------------------------------------------------------------- heat maps
def _map(axes: Axes, rows: Sequence[Sequence[float]], x: Sequence[float], y: Sequence[float], **look: Any) -> Any:
    """A heat map with w02 to the right and w01 upward; ratios stand at their places in order, not to scale."""
    drawn = axes.imshow(rows, origin="lower", aspect="auto", interpolation="nearest", **look)
    for axis, values in ((axes.xaxis, x), (axes.yaxis, y)):
        chosen = range(0, len(values), max(1, -(-len(values) // 5)))
        axis.set_ticks(list(chosen), [number(values[i], 2) for i in chosen])
    axes.set_xlabel("w02")
    return drawn


def _grid_of(cells: Sequence[Body], name: str) -> tuple[list[list[float]], list[float], list[float]]:
    """Values of the first net of each setting as rows of w01 and columns of w02."""
    rows = sorted({cell["cell"]["w01"] for cell in cells})
    columns = sorted({cell["cell"]["w02"] for cell in cells})
    first: dict[tuple[float, float], float] = {}
    for cell in cells:
        first.setdefault((cell["cell"]["w01"], cell["cell"]["w02"]), cell[name])
    return [[first[a, b] for b in columns] for a in rows], rows, columns


def intervention_maps(verdict: Body, run: RunFile) -> Figure:
    """Measured surface, predicted surface and their difference, for the best and the least head of one trained net."""
    cells = [one for one in verdict["clauses"][0]["cells"] if one["bound"] is not None and one["value"] is not None]
    loss = cells[0]["cell"]["loss"]
    cells = [one for one in cells if one["cell"]["loss"] == loss]
    net = next(
        one
        for one in run.records("counting/intervention")
        if one.seed == 0 and one.cell["loss"] == loss and one.cell["m"] == cells[0]["cell"]["m"] and one.status == "ok"
    )
    accuracy = {head: net.values["s_acc"][head][0][0] for head in {one["cell"]["head"] for one in cells}}
    shown = list(dict.fromkeys((max(accuracy, key=accuracy.__getitem__), min(accuracy, key=accuracy.__getitem__))))
    figure = new_figure(WIDTH, 2.3 * len(shown))
    grid = figure.subplots(len(shown), 3, squeeze=False)
    for line, head in zip(grid, shown):
        own = [one for one in cells if one["cell"]["head"] == head]
        measured, y, x = _grid_of(own, "value")
        predicted, _, _ = _grid_of(own, "bound")
        off = [[a - b for a, b in zip(*pair)] for pair in zip(measured, predicted)]
        reach = max(abs(one) for row in off for one in row) or 1e-6
        for axes, rows in zip(line, (measured, predicted)):
            drawn = _map(axes, rows, x, y, cmap=ACCURACY, vmin=0.5, vmax=1)
        gaps = _map(line[2], off, x, y, cmap=OFFSET, vmin=-reach, vmax=reach)
        figure.colorbar(drawn, ax=line[1])
        figure.colorbar(gaps, ax=line[2])
        numbers = {name: net.values[name][head][0][0] for name in ("kappa", "sigma", "wS")}
        line[0].set_ylabel("w01")
        line[0].set_title(f"measured: head {head},\naccuracy {number(accuracy[head], 3)} untouched", fontsize=8)
        line[1].set_title("predicted from\n" + ", ".join(f"{n} {number(v, 2)}" for n, v in numbers.items()), fontsize=8)
        line[2].set_title(f"measured − predicted,\nat most {number(reach, 2)}", fontsize=8)
    return figure


def value_free_scatter(verdict: Body, run: RunFile) -> Figure:
    """Correlation of each head's measured surface with two predictions: its own numbers, and kappa = wS = 0."""
    sizes = {(one["cell"]["N"], one["cell"]["m"]) for clause in verdict["clauses"] for one in clause["cells"]}
    nets = [one for one in run.records("counting/intervention") if (one.cell["N"], one.cell["m"]) in sizes]
    figure = new_figure(WIDTH, 2.4)
    axes = figure.subplots()
    for name, label, colour, marker in (
        ("correlation_own", "own kappa, sigma, wS", COLOURS[0], MARKERS[0]),
        ("correlation_value_free", "kappa = wS = 0", COLOURS[5], MARKERS[1]),
    ):
        pairs = [
            (accuracy[0][0], close[0][0])
            for net in nets
            if net.status == "ok"
            for accuracy, close in zip(net.values["s_acc"], net.values[name])
        ]
        axes.plot(*zip(*pairs), linestyle="none", marker=marker, markersize=4, color=colour, alpha=0.7, label=label)
    axes.axhline(0.9, color=GREY, linewidth=0.9, linestyle=":")
    axes.set_xlabel("separation accuracy of the head, untouched")
    axes.set_ylabel("correlation of surfaces")
    axes.legend(loc="lower left")
    return figure


def cross_and_strip_maps(verdict: Body, run: RunFile) -> Figure:
    """Accuracy with a re-tuned threshold (cross) and at threshold 0 (strip); dots mark ratios that are perfect."""
    largest = max(one["cell"]["N"] for one in verdict["clauses"][0]["cells"])
    nets = [
        one for one in run.records("counting/canonical-surface") if one.cell["N"] == largest and one.cell["kappa"] == 0
    ]
    figure = new_figure(WIDTH, 2.9)
    panels = figure.subplots(1, 2)
    for axes, frame, name, mark, title in (
        (panels[0], 0, "s_acc", "perfect", "threshold re-tuned, wS = 0"),
        (panels[1], 1, "own_accuracy", "own_perfect", "threshold 0, sigma = −1/2, wS = 1"),
    ):
        net = next(one for one in nets if one.cell["wS"] == frame)
        y, x = net.inner["w01"], net.inner["w02"]
        drawn = _map(axes, net.values[name], x, y, cmap=ACCURACY, vmin=0.5, vmax=1)
        dots = [(j, i) for i, row in enumerate(net.values[mark]) for j, one in enumerate(row) if one]
        axes.plot(*zip(*dots), linestyle="none", marker=".", markersize=3, color="white")
        axes.set_title(f"{title}, N = {largest}", fontsize=8.5)
        axes.set_ylabel("w01")
        figure.colorbar(drawn, ax=axes)
    return figure


# ---------------------------------------------------------------------------- groups of nets
def _rows_of(axes: Axes, labels: Sequence[str], *series: tuple[str, Sequence[Sequence[float]], str, str]) -> None:
    """One row a label: all nets as pale marks, their median as a full one."""
    for k, (name, groups, colour, marker) in enumerate(series):
        shift = 0.13 * (k - (len(series) - 1) / 2)
        for i, values in enumerate(groups):
            at = i + shift
            axes.plot(values, [at] * len(values), linestyle="none", marker="|", markersize=5, color=colour, alpha=0.25)
            if values:
                axes.plot(
                    [median(values)], [at], linestyle="none", marker=marker, markersize=5, color=colour,
                    label=name if i == 0 else None,
                )  # fmt: skip
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.grid(axis="x", color=PALE, linewidth=0.4)


def _decades(axes: Axes) -> None:
    """A logarithmic axis from 1/1000 to 1000, where smaller and larger values stand at its ends."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    axes.set_xscale("log")
    axes.set_xlim(6e-4, 1.6e3)
    axes.xaxis.set_major_locator(FixedLocator([1e-3, 1, 1e3]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))


def _legend(figure: Figure, axes: Axes) -> None:
    """The two stages, named once below all panels."""
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=8)


def _sizes(verdict: Body) -> set[int]:
    return {one["cell"]["N"] for clause in verdict["clauses"] for one in clause["cells"]}


def three_meanings(verdict: Body, run: RunFile) -> Figure:
    """The three meanings of separation accuracy, ROC AUC and language accuracy, before and after training, by width."""
    sizes = _sizes(verdict)
    nets = [
        one
        for one in run.records("counting/separation")
        if one.status == "ok" and one.cell["N"] in sizes and one.cell["H"] == 4 and "labels" not in one.cell
        and one.cell.get("steps") != 0
    ]  # fmt: skip
    losses = sorted({one.cell["loss"] for one in nets})
    widths = sorted({one.cell["d_h"] for one in nets})
    names = [("direction", "fixed direction"), ("free", "free separator"), ("own", "own threshold")]
    labels = [*(label for _, label in names), "ROC AUC", "language accuracy"]
    figure = new_figure(WIDTH, 1.75 * len(losses) + 0.4)
    grid = figure.subplots(len(losses), len(widths), squeeze=False, sharex=True, sharey=True)
    for line, loss in zip(grid, losses):
        for axes, width in zip(line, widths):
            some = [one for one in nets if one.cell["loss"] == loss and one.cell["d_h"] == width]
            series = []
            for stage, colour, marker in (("init", GREY, "o"), ("trained", COLOURS[0], "s")):
                groups = [_picked(some, "accuracy", stage, name) for name, _ in names]
                groups += [_picked(some, name, stage, "direction") for name in ("r_auc", "l_acc")]
                series.append((stage, groups, colour, marker))
            _rows_of(axes, labels, *series)
            axes.set_title(f"loss {loss}, d_h = {width}", fontsize=8.5)
    _legend(figure, grid[0][0])
    return figure


def _picked(nets: Sequence[Any], name: str, stage: str, meaning: str) -> list[float]:
    found = []
    for one in nets:
        place = {"stage": one.inner["stage"].index(stage), "meaning": one.inner["meaning"].index(meaning)}
        value = one.values[name]
        for axis in one.inner:
            value = value[place[axis]]
        found.append(float(value))
    return found


def _stage(one: Any, name: str, stage: str) -> float:
    return float(one.values[name][one.inner["stage"].index(stage)])


def heads_by_loss(verdict: Body, run: RunFile) -> Figure:
    """Heads of nets under each loss: mean accuracy, plain average, good, parked heads, and cooperation."""
    sizes, heads = _sizes(verdict), {one["cell"]["H"] for c in verdict["clauses"] for one in c["cells"]}
    steps = {one["cell"].get("steps") for c in verdict["clauses"] for one in c["cells"]}
    nets = [
        one
        for one in run.records("counting/training")
        if one.status == "ok" and one.cell["N"] in sizes and one.cell["H"] in heads and one.cell["d_h"] == 4
        and one.cell.get("steps") in steps and not set(one.cell) - {"N", "H", "d_h", "loss", "steps"}
    ]  # fmt: skip
    losses = [one for one in ("answer", "full", "full+closing") if any(net.cell["loss"] == one for net in nets)]
    shown = (
        ("mean_s_acc", "mean accuracy of heads"),
        ("uniform_s_acc", "accuracy of their plain average"),
        ("n_good", "heads with accuracy ≥ .95"),
        ("n_parked", "heads with wS > 100"),
        ("cooperation", "sum beyond the best head"),
    )
    figure = new_figure(WIDTH, 3.4)
    grid = figure.subplots(2, 3).ravel()
    for axes, (name, title) in zip(grid, shown):
        series = []
        for stage, colour, marker in (("init", GREY, "o"), ("trained", COLOURS[0], "s")):
            groups = [[_stage(net, name, stage) for net in nets if net.cell["loss"] == loss] for loss in losses]
            series.append((stage, groups, colour, marker))
        _rows_of(axes, losses, *series)
        axes.set_title(title, fontsize=8.5)
    _legend(figure, grid[0])
    grid[5].set_axis_off()
    return figure


def variants_of_one_head(verdict: Body, run: RunFile) -> Figure:
    """What one head trained on the answer reaches under every choice that the paper leaves open."""
    base = verdict["clauses"][0]["cells"][0]["cell"]
    fixed = {name: base[name] for name in ("N", "H", "loss")}
    groups: dict[str, list[Any]] = {}
    for one in run.records("counting/training"):
        same = all(one.cell.get(name) == value for name, value in fixed.items())
        if one.status == "ok" and same and one.cell.get("steps") == base.get("steps"):
            extra = {n: v for n, v in one.cell.items() if n not in {*fixed, "steps", "d_h"} or (n == "d_h" and v != 4)}
            label = ", ".join(f"{n} {value_text(v)}" for n, v in sorted(extra.items())) or "default"
            groups.setdefault(label, []).append(one)
    labels = ["default", *sorted(name for name in groups if name != "default")]
    labels = [one for one in labels if one in groups]
    figure = new_figure(WIDTH, 0.8 + 0.2 * len(labels))
    panels = figure.subplots(1, 4, sharey=True)
    for axes, (name, title) in zip(
        panels,
        (("l_acc", "language accuracy"), ("w01", "w01"), ("w02", "w02"), ("first_failing", "first length failed")),
    ):
        values = [[_stage(net, name, "trained") for net in groups[label]] for label in labels]
        if name in ("w01", "w02"):
            values = [[min(max(one, 1e-3), 1e3) for one in row] for row in values]
            _decades(axes)
        _rows_of(axes, labels, ("trained", values, COLOURS[0], "s"))
        axes.set_title(title, fontsize=8.5)
    panels[1].axvline(1, color=INK, linewidth=0.7)
    return figure


def margins_by_reader(verdict: Body, run: RunFile) -> Figure:
    """Best margins of each way to put heads together, by width of the heads; 0 means that no read-out obeys the grammar."""
    sizes = _sizes(verdict)
    nets = [one for one in run.records("counting/aggregation") if one.status == "ok" and one.cell["N"] in sizes]
    widths = sorted({one.cell["d_h"] for one in nets})
    figure = new_figure(WIDTH, 1.9)
    panels = figure.subplots(1, len(widths), squeeze=False, sharey=True)[0]
    for axes, width in zip(panels, widths):
        some = [one for one in nets if one.cell["d_h"] == width]
        labels = list(some[0].inner["reader"])
        groups = [[max(0.0, float(one.values["margin"][i])) for one in some] for i in range(len(labels))]
        _rows_of(axes, labels, ("margin", groups, COLOURS[0], "s"))
        axes.set_title(f"d_h = {width}", fontsize=8.5)
        axes.set_xlabel("margin")
    return figure


def shares_of_variance(verdict: Body, run: RunFile) -> Figure:
    """Shares of the variance of head accuracy before and after training, by width of the heads."""
    sizes = _sizes(verdict)
    nets = [one for one in run.records("counting/swap") if one.status == "ok" and one.cell["N"] in sizes]
    widths = sorted({one.cell["d_h"] for one in nets})
    figure = new_figure(WIDTH, 2.0)
    panels = figure.subplots(1, len(widths), squeeze=False, sharey=True, sharex=True)[0]
    for axes, width in zip(panels, widths):
        some = [one for one in nets if one.cell["d_h"] == width]
        labels = list(some[0].inner["part"])
        series = []
        for stage, colour, marker in (("init", GREY, "o"), ("trained", COLOURS[0], "s")):
            at = some[0].inner["stage"].index(stage)
            groups = [[float(one.values["share"][i][at]) for one in some] for i in range(len(labels))]
            series.append((stage, groups, colour, marker))
        _rows_of(axes, labels, *series)
        axes.set_title(f"d_h = {width}", fontsize=8.5)
        axes.set_xlabel("share of variance")
    _legend(figure, panels[0])
    return figure


TITLE = "Counting: heads that compare the number of 0s and 1s"
LEAD = (
    "“Do Attention Heads Compete or Cooperate during Counting?” (arXiv:2502.06923v1). The body of the paper could not be had, only "
    "its abstract and short summaries: nothing here reproduces its tables, and what it is said to find stands as a hypothesis.",
    "What is offered instead is exact: one layer of attention on a bag of tokens is solved in closed form, and trained models "
    "are compared with the formula. Everything that the paper leaves open (ties, lengths, closing token, biases, residual, "
    "positions) is a switch, whose default stands at the end of each claim.",
)
PAGES: dict[str, Callable[..., Figure]] = {
    "counting/intervention-surface": intervention_maps,
    "counting/value-free-surface": value_free_scatter,
    "counting/cross-and-strip": cross_and_strip_maps,
    "counting/init-baseline": three_meanings,
    "counting/syntax-pressure": heads_by_loss,
    "counting/one-head-suffices": variants_of_one_head,
    "counting/uniform-aggregation": margins_by_reader,
    "counting/attention-over-values": shares_of_variance,
}
