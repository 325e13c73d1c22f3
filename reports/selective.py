"""Figures of the paper on temperature-controlled attention that the default ones cannot give.

Each entry is a function of (verdict body, run file) that returns a matplotlib Figure; it
stands in front of the default figures of the claim.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from reports.core import panels
from reports.core.style import COLOURS, GREY, INK, MARKERS, WIDTH, new_figure
from reports.selective_text import language, text
from theory.core.evidence import median_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from theory.core.record import RunFile

ARMS = ("standard", "const", "pos", "free", "layer")
NAMES = {
    "standard": "standard",
    "const": "one number for all",
    "pos": "position term",
    "free": "free, per query",
    "layer": "layer's network",
}


def _ok(run: RunFile, experiment: str) -> list[Any]:
    return [one for one in run.records(experiment) if one.status == "ok"]


def _median(values: Sequence[float]) -> float:
    return float(np.median(values)) if len(values) else float("nan")


def _style(index: int) -> dict[str, Any]:
    return {"color": COLOURS[index % len(COLOURS)], "marker": MARKERS[index % len(MARKERS)], "markersize": 3.5}


# ---------------------------------------------------------------------------- learning rates, arm by arm
def _by_rate(axes: Axes, rows: Sequence[Any], name: str, arm_axis: str, arms: Sequence[str]) -> None:
    """Median over seeds of an observable against the learning rate, one line an arm."""
    for index, arm in enumerate(arms):
        mine = [one for one in rows if one.cell[arm_axis] == arm]
        rates = sorted({one.cell["learning_rate"] for one in mine if one.cell["learning_rate"] > 0})
        values = [_median([r.values[name] for r in mine if r.cell["learning_rate"] == rate]) for rate in rates]
        if rates:
            axes.plot(rates, values, label=NAMES.get(arm, arm), **_style(index))
    rates = sorted({one.cell["learning_rate"] for one in rows if one.cell["learning_rate"] > 0})
    panels.set_x_axis(axes, rates, log=True, most=4)
    panels.set_log_y(axes)
    axes.set_xlabel("learning rate")


def _fullest(rows: Sequence[Any], *names: str) -> list[Any]:
    """The rows whose coordinates `names` have the values that most models share."""
    kept = Counter(tuple(one.cell.get(name) for name in names) for one in rows)
    most = max(kept, key=lambda key: (kept[key], str(key)), default=())
    return [one for one in rows if tuple(one.cell.get(name) for name in names) == most]


def twins(verdict: Any, run: RunFile) -> Figure:
    """Above: KL of every arm against the learning rate.  Below: how far free temperatures end under the best plain arm.

    One panel above and one row below for each cosine of the queries and of their logit rows.
    """
    del verdict
    rows = [one for one in _ok(run, "selective/twins") if one.cell.get("place", "query") == "query"]
    rows = _fullest(rows, "n_steps")
    settings = sorted({(one.cell["c"], one.cell["rho"]) for one in rows}, reverse=True)
    full = [s for s in settings if len({r.cell["variant"] for r in rows if (r.cell["c"], r.cell["rho"]) == s}) > 2][:6]
    columns = min(3, len(full))
    n_rows = -(-len(full) // columns)
    figure = new_figure(WIDTH, 1.2 + 1.9 * n_rows + 0.25 * len(full))
    above, below = figure.subfigures(2, 1, height_ratios=(0.3 + 1.9 * n_rows, 0.9 + 0.25 * len(full)))
    grid = above.subplots(n_rows, columns, squeeze=False, sharey=True).ravel()
    for axes, (c, rho) in zip(grid, full):
        here = [one for one in rows if (one.cell["c"], one.cell["rho"]) == (c, rho)]
        _by_rate(axes, here, "loss", "variant", ARMS)
        axes.set_title(f"queries {rho:g}, rows {c:g}")
    for axes in grid[len(full) :]:
        axes.set_axis_off()
    for axes in grid[::columns]:
        axes.set_ylabel("KL after training (nats)")
    _legend(above, grid[0])
    _advantages(below.subplots(), rows, full)
    return figure


PLAIN = ("standard", "const", "pos")
LEVEL = 0.01  # of the intervals drawn


def _advantages(axes: Axes, rows: Sequence[Any], settings: Sequence[tuple[float, float]]) -> None:
    """Dots: seeds; bars: interval of the median by order statistics, where there are seeds enough."""
    for place, (c, rho) in enumerate(settings):
        best: dict[tuple[bool, int], float] = {}
        for one in rows:
            if (one.cell["c"], one.cell["rho"]) == (c, rho) and one.cell["variant"] in (*PLAIN, "free"):
                key = (one.cell["variant"] == "free", one.seed)
                best[key] = min(best.get(key, np.inf), one.values["loss"])
        seeds = [seed for free, seed in best if free and (False, seed) in best]
        ratios = [float(np.log(best[False, seed] / best[True, seed])) for seed in seeds]
        axes.scatter(ratios, [place] * len(ratios), s=6, color=COLOURS[0], alpha=0.35, linewidths=0)
        low, high = median_interval(ratios, LEVEL)
        if np.isfinite(low):
            axes.plot([low, high], [place, place], color=INK, linewidth=2)
    axes.axvline(0, color=GREY, linewidth=0.8)
    axes.axvline(1, color=GREY, linewidth=0.8, linestyle="--")
    axes.set_yticks(range(len(settings)), [f"queries {rho:g}, rows {c:g}" for c, rho in settings])
    axes.invert_yaxis()
    axes.set_xlabel("log of KL: best of the three plain arms over free temperatures; bar: 99% interval of the median")


FAMILIES = {"twins": "pairs of queries", "graph": "random graphs"}


def criterion(verdict: Any, run: RunFile) -> Figure:
    """What the criterion promised before training against what free temperatures gained in it, one mark an instance."""
    from matplotlib.ticker import NullLocator

    del verdict
    rows = _fullest(_ok(run, "selective/criterion"), "n_steps")
    figure = new_figure(WIDTH, 2.1)
    both_axes = figure.subplots(1, len(FAMILIES), sharey=True)
    for index, (axes, (family, says)) in enumerate(zip(both_axes, FAMILIES.items())):
        here = [one for one in rows if one.cell["family"] == family]
        best: dict[tuple[str, int, bool], float] = {}
        promised: dict[tuple[str, int], float] = {}
        for one in here:
            place = (one.cell["promise"], one.seed)
            key = (*place, one.cell["variant"] == "free")
            best[key] = min(best.get(key, np.inf), one.values["loss"])
            promised[place] = float(one.values["promised"])
        both = [place for place in sorted(promised) if (*place, True) in best and (*place, False) in best]
        axes.scatter(
            [promised[place] for place in both],
            [float(np.log(best[*place, False] / best[*place, True])) for place in both],
            s=10, color=COLOURS[index], marker=MARKERS[index], linewidths=0, alpha=0.7,
        )  # fmt: skip
        axes.axhline(0, color=GREY, linewidth=0.8)
        axes.axhline(1, color=GREY, linewidth=0.8, linestyle="--")
        axes.set_title(says)
        axes.set_xlabel("norm without over norm with temperatures")
    both_axes[0].set_yscale("symlog", linthresh=1)
    both_axes[0].set_yticks([-10, -1, 0, 1], ["\N{MINUS SIGN}10", "\N{MINUS SIGN}1", "0", "1"])
    both_axes[0].yaxis.set_minor_locator(NullLocator())
    both_axes[0].set_ylabel("log of KL: best plain\narm over free")
    return figure


def _legend(figure: Figure, axes: Axes) -> None:
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(5, len(labels)))


def _on_graphs(run: RunFile, width: int) -> list[Any]:
    """Models trained on random graphs from random weights, in this width, whose attention row is the prediction."""
    return [
        one
        for one in _ok(run, "selective/graph-training")
        if (one.cell["readout"], one.cell["d"]) == ("pointer", width)
        and one.cell.get("n_steps", 600)
        and not {"start", "targets"} & set(one.cell)
    ]


def graphs(verdict: Any, run: RunFile) -> Figure:
    """Left the KL against the learning rate; right sharpness against norm of the trained models, each at its best rate."""
    del verdict
    rows = _fullest(_on_graphs(run, 8), "n_steps")
    figure = new_figure(WIDTH, 2.7)
    left, right = figure.subplots(1, 2)
    _by_rate(left, rows, "loss", "variant", ARMS)
    left.set_ylabel("KL after training (nats)")
    for index, arm in enumerate(ARMS):
        best = _best_by_seed([one for one in rows if one.cell["variant"] == arm], "loss")
        right.scatter(
            [one.values["norm"] for one in best],
            [one.values["spikiness"] for one in best],
            s=9,
            color=COLOURS[index],
            marker=MARKERS[index],
            linewidths=0,
        )
    panels.set_log_x(right)
    right.set_xlabel("largest temperature times spectral norm of W")
    right.set_ylabel("spikiness (smaller is sharper)")
    right.set_title("each graph at its best rate")
    _legend(figure, left)
    return figure


PLACES = {
    "const": "one number for all",
    "pos": "position term",
    "free": "at queries",
    "value": "at values",
    "key": "at keys",
    "query and value": "at queries and values",
}


def placements(verdict: Any, run: RunFile) -> Figure:
    """How far every arm ends under standard attention, each graph at its best rate: dots are graphs, bars intervals."""
    del verdict
    rows = _fullest(_on_graphs(run, 4), "n_steps")
    rates = {one.cell["learning_rate"] for one in rows if one.cell["variant"] == "standard"} - {0}
    rows = [one for one in rows if one.cell["learning_rate"] in rates]
    best = {
        arm: {
            one.seed: one.values["loss"] for one in _best_by_seed([r for r in rows if r.cell["variant"] == arm], "loss")
        }
        for arm in ("standard", *PLACES)
    }
    arms = [arm for arm in PLACES if best[arm]]
    figure = new_figure(WIDTH, 0.8 + 0.25 * len(arms))
    axes = figure.subplots()
    for place, arm in enumerate(arms):
        both = sorted(set(best["standard"]) & set(best[arm]))
        ratios = [float(np.log(best["standard"][seed] / best[arm][seed])) for seed in both]
        axes.scatter(ratios, [place] * len(ratios), s=6, color=COLOURS[0], alpha=0.35, linewidths=0)
        low, high = median_interval(ratios, LEVEL)
        if np.isfinite(low):
            axes.plot([low, high], [place, place], color=INK, linewidth=2)
    axes.axvline(0, color=GREY, linewidth=0.8)
    axes.set_yticks(range(len(arms)), [PLACES[arm] for arm in arms])
    axes.invert_yaxis()
    axes.set_xlabel("log of KL: standard attention over this arm; bar: 99% interval of the median")
    return figure


def _best_by_seed(rows: Sequence[Any], name: str) -> list[Any]:
    best: dict[int, Any] = {}
    for one in rows:
        if one.seed not in best or one.values[name] < best[one.seed].values[name]:
            best[one.seed] = one
    return [best[seed] for seed in sorted(best)]


def attention_maps(verdict: Any, run: RunFile) -> Figure:
    """KL against the error of the attention map, one mark a trained model, by read-out."""
    del verdict
    rows = [one for one in _ok(run, "selective/graph-training") if one.cell.get("n_steps", 600)]
    judged = {one.cell["d"] for one in rows if one.cell["readout"] == "free"}
    rows = [one for one in rows if one.cell["d"] in judged and "targets" not in one.cell]
    figure = new_figure(WIDTH, 2.8)
    axes = figure.subplots()
    words = {
        "pointer": "attention row, with value temperatures if any, is the prediction",
        "tied": "C tied to the embeddings",
        "free": "free C",
    }
    for index, (readout, says) in enumerate(words.items()):
        mine = [one for one in rows if one.cell["readout"] == readout]
        axes.scatter(
            [one.values["loss"] for one in mine],
            [one.values["map_error"] for one in mine],
            s=8, color=COLOURS[index], marker=MARKERS[index], linewidths=0, alpha=0.7, label=says,
        )  # fmt: skip
    axes.axvline(0.01, color=GREY, linewidth=0.8, linestyle="--")
    panels.set_log_x(axes)
    axes.set_ylim(0, 2)
    axes.set_xlabel("KL after training (nats); left of the dashed line the task counts as learned")
    axes.set_ylabel("l1 error of the attention row")
    _legend(figure, axes)
    return figure


FLOOR_NAMES = {
    "standard": "one score matrix",
    "const": "one number for all",
    "free": "positive, per query",
    "signed": "of any sign",
    "biased": "positive, key biases",
    "signed and biased": "of any sign, key biases",
}


def floors(verdict: Any, run: RunFile) -> Figure:
    """Least KL of every arm that fixed embeddings allow, one panel a width: dots are graphs, bars their medians."""
    from matplotlib.ticker import MaxNLocator

    del verdict
    rows = _fullest(_ok(run, "selective/expressivity"), "n_steps", "starts")
    widths = sorted({one.cell["d"] for one in rows})[:4]
    arms = [one for one in FLOOR_NAMES if any(r.cell["variant"] == one for r in rows)]
    figure = new_figure(WIDTH, 0.9 + 0.22 * len(arms))
    for axes, width in zip(figure.subplots(1, len(widths), squeeze=False, sharey=True)[0], widths):
        for place, arm in enumerate(arms):
            here = [r.values["loss"] for r in rows if (r.cell["d"], r.cell["variant"]) == (width, arm)]
            axes.scatter(here, [place] * len(here), s=6, color=COLOURS[0], alpha=0.35, linewidths=0)
            if here:
                axes.plot([_median(here)] * 2, [place - 0.35, place + 0.35], color=INK, linewidth=2)
        axes.set_title(f"{width} dimensions")
        axes.set_xlabel("least KL (nats)")
        axes.set_xlim(left=0)
        axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.set_yticks(range(len(arms)), [FLOOR_NAMES[arm] for arm in arms])
    figure.axes[0].invert_yaxis()
    return figure


def denoising(verdict: Any, run: RunFile) -> Figure:
    """Risk of every estimator, trained ones at the rate with the least training risk; dots are seeds."""
    from matplotlib.ticker import MaxNLocator

    del verdict
    rows = _ok(run, "selective/denoising")
    settings = sorted({(one.cell["L"], one.cell["sigma"]) for one in rows})[:4]
    order = (
        "naive",
        "gate",
        "sharpness 0.1",
        "sharpness 1",
        "vanilla",
        "const",
        "pos",
        "value gate",
        "oracle",
        "posterior",
    )
    figure = new_figure(WIDTH, 2.3)
    panels = figure.subplots(1, len(settings), squeeze=False, sharey=True)[0]
    for axes, (length, sigma) in zip(panels, settings):
        here = [one for one in rows if (one.cell["L"], one.cell["sigma"]) == (length, sigma)]
        for place, name in enumerate(order):
            best = _best_by_seed([one for one in here if one.cell["estimator"] == name], "train_risk")
            risks = [one.values["risk"]["mean"] for one in best]
            axes.scatter(risks, [place] * len(risks), s=8, color=COLOURS[0], alpha=0.5, linewidths=0)
            if risks:
                axes.plot([_median(risks)] * 2, [place - 0.3, place + 0.3], color=INK)
        axes.set_title(f"length {length}, noise {sigma:g}")
        axes.set_xlabel("risk")
        axes.set_xlim(left=0)
        axes.xaxis.set_major_locator(MaxNLocator(3))
        axes.set_yticks(range(len(order)), [_estimator(name) for name in order])
    panels[0].invert_yaxis()
    return figure


def _estimator(name: str) -> str:
    return {
        "naive": "mean of all tokens",
        "gate": "hard gate",
        "sharpness 0.1": "W = 0.1 I, untrained",
        "sharpness 1": "W = I, untrained",
        "vanilla": "trained head",
        "const": "trained, one number",
        "pos": "trained, position term",
        "value gate": "trained, value gate",
        "oracle": "mean of signal tokens",
        "posterior": "posterior mean",
    }[name]


TITLE = "Selective attention: temperatures on queries and values"
LEAD = (
    "“Selective Attention: Enhancing Transformer through Principled Context Control” (arXiv:2411.12892v1, NeurIPS 2024), read in "
    "full, and the repository that was published with it, which holds another layer than the paper. It is not the "
    "“Selective Attention” of arXiv:2410.02703.",
    "All temperatures here are inverse ones: large is sharp. The paper compares with standard attention only; every comparison "
    "here also has an arm with one learned number for all tokens, all arms share one grid of learning rates, and each arm's "
    "best rate must lie inside it (where single draws lie at its end, the claim says so).",
)
PAGES: dict[str, Callable[..., Any]] = {
    "selective/collinear-twins": twins,
    "selective/criterion-in-training": criterion,
    "selective/graph-targets": graphs,
    "selective/placements": placements,
    "selective/floors-by-kind": floors,
    "selective/map-not-identified": attention_maps,
    "selective/value-denoising": denoising,
    "selective/text-temperatures": text,
    "selective/language-model": language,
}
