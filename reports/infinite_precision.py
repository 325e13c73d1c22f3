"""The chapter of the infinite-precision paper: its title, what was read of it, and three figures.

The figures are the sandwich of sizes, trained accuracies under their ceilings, and what an accumulator holds.  Each is a
function of (verdict body, run file) that returns a matplotlib Figure.  Nothing is computed here but which trained models
answered all tables, and a constant with its bootstrap interval.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from reports.core.style import COLOURS, DASHES, GREY, INK, MARKERS, WIDTH, new_figure

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from theory.core.record import RunFile

TITLE = "Infinite precision: what one layer of softmax attention cannot compute"
LEAD = (
    "“Lower bounds on transformers with infinite precision” (arXiv:2412.20195v1), a short note without experiments, and "
    "its follow-up “Strassen Attention, Split VC Dimension and Compositionality in Transformers” (arXiv:2501.19215v3), "
    "which proves the note's theorems again and generalises them.",
    "Of the note only the abstract and the first page were read first-hand: its theorems are taken from summaries, and "
    "each says so. The follow-up was read in full. Neither gives an exponent: the bounds with constants, the "
    "constructions and the accuracy ceilings are derived here. A reading that no source prints is called a reading.",
)

Body = Mapping[str, Any]
SOLVED = 1.0  # accuracy over all tables, at every address
LINES = (
    ("operations, W_O at run time", "operation count, W_O at run time"),
    ("operations, W_O folded in", "operation count, W_O folded in"),
    ("labellings", "labelling count"),
)


def _clause(verdict: Body, label: str) -> Any:
    """The clause of that label.  Raises: KeyError where the run holds an older form of the claim."""
    for one in verdict["clauses"]:
        if one["label"] == label:
            return one
    raise KeyError(f"the verdict has no clause {label!r}; judge the run again")


def _points(cells: Iterable[Body], what: str) -> tuple[list[float], list[float]]:
    pairs = sorted((float(one["cell"]["n"]), float(one[what])) for one in cells if one.get(what) is not None)
    return [n for n, _ in pairs], [y for _, y in pairs]


def _trained_sizes(run: RunFile) -> dict[int, int]:
    """n -> least max(d, H, U) of a trained one-layer model that answers all tables.

    The embedding that the look-up tables need has H (d+1) + 1 dimensions: values, one logit a head, the read-out's one.
    """
    found: dict[int, int] = {}
    for one in run.records("infinite_precision/index"):
        cell = one.cell
        if "model" in cell or one.status != "ok" or "log2_patterns" not in one.values:
            continue
        if one.values["accuracy"] >= SOLVED:
            size = max(cell["H"] * (cell["d"] + 1) + 1, cell["k"] + cell.get("k2", 0))
            found[cell["n"]] = min(size, found.get(cell["n"], size))
    return found


def sandwich(verdict: Body, run: RunFile) -> Figure:
    """Size against n: what each inequality excludes, the construction, and trained models that answer all tables."""
    figure = new_figure(WIDTH, 3.1)
    axes = figure.subplots()
    for (label, name), colour, dash in zip(LINES, COLOURS, DASHES[1:]):
        axes.plot(*_points(_clause(verdict, label)["cells"], "bound"), color=colour, linestyle=dash, label=name)
    low = _points(_clause(verdict, "labellings")["cells"], "bound")
    high = _points(_clause(verdict, "labellings")["cells"], "value")
    axes.fill_between(low[0], low[1], high[1], color=GREY, alpha=0.12, linewidth=0, label="open")
    axes.plot(*high, color=INK, linewidth=0.8)
    for how, face, name in (("fractions", INK, "construction, run"), ("formula", "white", "construction, by formula")):
        some = [one for one in _clause(verdict, "labellings")["cells"] if one["cell"].get("run", "fractions") == how]
        axes.plot(*_points(some, "value"), color=INK, marker="o", markerfacecolor=face, linestyle="", label=name)
    trained = sorted(_trained_sizes(run).items())
    axes.plot(
        [n for n, _ in trained], [size for _, size in trained], color=COLOURS[5], marker=MARKERS[3], linestyle="",
        label="trained, smallest of those tried",
    )  # fmt: skip
    axes.set_xscale("log", base=2)
    axes.set_yscale("log", base=2)
    axes.set_xticks([2.0**i for i in range(4, 31, 4)], [f"$2^{{{i}}}$" for i in range(4, 31, 4)], parse_math=True)
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set_xlabel("n, entries of the table")
    axes.set_ylabel("size: max(d, H, U)")
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0))
    return figure


def ceilings(verdict: Body, run: RunFile) -> Figure:
    """Accuracy against n for every shape, one panel a width: ceilings as lines, trained models as points below them."""
    del run
    clause = _clause(verdict, "uniform tables")
    cells = [one for one in clause["cells"] if one.get("bound") is not None and one.get("value") is not None]
    widths = sorted({one["cell"]["k"] for one in cells})
    shapes = sorted({(one["cell"]["H"], one["cell"]["d"]) for one in cells})
    style = {shape: (COLOURS[i % 6], MARKERS[i % 6]) for i, shape in enumerate(shapes)}
    columns = min(3, max(len(widths), 1))
    rows = -(-len(widths) // columns)
    figure = new_figure(WIDTH, 0.6 + 2.0 * rows)
    grid = figure.subplots(rows, columns, sharey=True, squeeze=False).ravel()
    for axes, width in zip(grid, widths):
        here = [one for one in cells if one["cell"]["k"] == width]
        for shape in shapes:
            _shape(axes, [one for one in here if (one["cell"]["H"], one["cell"]["d"]) == shape], *style[shape])
        outside = [one for one in clause["control"]["cells"] if one["cell"]["k"] == width and one.get("value")]
        axes.plot(*_points(outside, "value"), color=INK, marker="x", linestyle="")
        axes.set_title("linear read-out" if width == 0 else f"first width {width}")
        axes.set_xscale("log", base=2)
        axes.xaxis.set_major_formatter("{x:g}")
        axes.set_xticks(sorted({one["cell"]["n"] for one in here}))
        axes.minorticks_off()
        axes.set_xlabel("n")
    for axes in grid[len(widths) :]:
        axes.set_axis_off()
    for axes in grid[::columns]:
        axes.set_ylabel("accuracy")
    _key(figure, shapes, style)
    return figure


# ---------------------------------------------------------------------------- bits an accumulator
RESAMPLES = 2000
Cells = Mapping[tuple[int, int, int], "np.ndarray"]  # (n, H, d) -> bits of every seed


def told_bits(verdict: Body, run: RunFile) -> dict[tuple[int, int, int], np.ndarray]:
    """(n, H, d) -> bits that each trained seed tells of its table: the claim's scalar heads, and one head of d features.

    One layer with free weights and two hidden layers, on the index task with the true labels.  Of one head with features
    the longest training counts, at lengths that scalar heads were tried at.
    """
    import numpy as np

    grid = [one["cell"] for one in _clause(verdict, "bits per accumulator, at least")["cells"]]
    heads = {(one["n"], one["H"], one["d"], one["steps"], one["room"]) for one in grid}
    lengths = {one["n"] for one in grid}
    found: dict[tuple[int, int, int], dict[int, list[float]]] = {}
    for one in run.records("infinite_precision/index"):
        cell = one.cell
        plain = not {"model", "attention", "labels", "task"} & set(cell) and cell["k"] and cell.get("k2")
        shape = (cell["n"], cell["H"], cell["d"])
        wanted = (*shape, cell["steps"], cell["room"]) in heads or (cell["d"] > 1 == cell["H"] and cell["n"] in lengths)
        if plain and wanted and cell["k"] >= cell["k2"] and one.status == "ok":
            found.setdefault(shape, {}).setdefault(cell["steps"], []).append(one.values["bits"])
    return {shape: np.array(by_steps[max(by_steps)]) for shape, by_steps in sorted(found.items())}


def accumulator_constant(cells: Cells) -> tuple[float, float, float]:
    """c of bits = c H (d+1), least squares through the origin over the cells' means, and its 95 % bootstrap interval.

    Seeds are resampled inside each cell, 2000 times, from a fixed start.  Only cells with H (d+1) <= n should be given:
    above, n is what bounds the bits.
    """
    import numpy as np

    sizes = np.array([heads * (d + 1) for _, heads, d in cells], dtype=float)
    source = np.random.default_rng(1)

    def constant(means: np.ndarray) -> np.ndarray:
        return means @ sizes / (sizes @ sizes)

    drawn = [
        values[source.integers(len(values), size=(RESAMPLES, len(values)))].mean(axis=1) for values in cells.values()
    ]
    low, high = np.quantile(constant(np.array(drawn).T), (0.025, 0.975))
    return float(constant(np.array([values.mean() for values in cells.values()]))), float(low), float(high)


def accumulators(verdict: Body, run: RunFile) -> Figure:
    """Bits told of the table against accumulators H (d+1): medians and ranges over seeds, and the line through the origin."""
    import numpy as np

    cells = told_bits(verdict, run)
    figure = new_figure(WIDTH, 3.1)
    axes = figure.subplots()
    heads = {shape: bits for shape, bits in cells.items() if shape[2] == 1 and shape[1] * 2 <= shape[0]}
    for i, n in enumerate(sorted({shape[0] for shape in cells})):
        for wide, face in ((False, COLOURS[i % 6]), (True, "white")):
            some = {shape: bits for shape, bits in cells.items() if shape[0] == n and (shape[2] > 1) == wide}
            if not some:
                continue
            x = np.array([h * (d + 1) for _, h, d in some]) + 0.12 * (i - 1)
            middle = np.array([np.median(bits) for bits in some.values()])
            ends = np.array([[bits.min(), bits.max()] for bits in some.values()]).T
            axes.errorbar(
                x, middle, yerr=abs(ends - middle), color=COLOURS[i % 6], marker=MARKERS[i % 6], markerfacecolor=face,
                linestyle="", elinewidth=0.7, label=f"n = {n}, one head of d features" if wide else f"n = {n}, scalar heads",
            )  # fmt: skip
    if heads:
        c, low, high = accumulator_constant(heads)
        x = np.linspace(0, max(2 * shape[1] for shape in heads), 2)
        axes.fill_between(x, low * x, high * x, color=GREY, alpha=0.25, linewidth=0)
        axes.plot(
            x,
            c * x,
            color=INK,
            linewidth=0.8,
            label=f"scalar heads, H (d+1) at most n:\nc = {c:.3f} [{low:.3f}, {high:.3f}]",
        )
        for n in sorted({shape[0] for shape in heads}):
            one, *ends = accumulator_constant({shape: bits for shape, bits in heads.items() if shape[0] == n})
            axes.plot([], [], linestyle="", label=f"n = {n} alone: c = {one:.3f} [{ends[0]:.3f}, {ends[1]:.3f}]")
    axes.set_xlabel("accumulators, H (d+1)")
    axes.set_ylabel("bits told of the table")
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0))
    return figure


def _shape(axes: Axes, cells: list[Body], colour: str, marker: str) -> None:
    axes.plot(*_points(cells, "bound"), color=colour, marker="_", markersize=11, markeredgewidth=1.6)
    axes.plot(*_points(cells, "value"), color=colour, marker=marker, linestyle="")


def _key(figure: Figure, shapes: list[tuple[int, int]], style: Mapping[tuple[int, int], tuple[str, str]]) -> None:
    from matplotlib.lines import Line2D

    marks = [
        Line2D([], [], color=style[shape][0], marker=style[shape][1], label=f"H = {shape[0]}, d = {shape[1]}")
        for shape in shapes
    ]
    marks.append(Line2D([], [], color=INK, marker="x", linestyle="", label="control: the query knows the address"))
    figure.legend(handles=marks, loc="outside lower center", ncols=3)


PAGES: dict[str, Callable[..., Any]] = {
    "infinite_precision/accuracy-ceiling": ceilings,
    "infinite_precision/sandwich": sandwich,
    "infinite_precision/transition-at-accumulators": accumulators,
}
