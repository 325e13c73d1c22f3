"""Figures of the generative paper's costs: times against the length, of decoding and as activation; bytes kept and at the peak.

Each is a function of (verdict body, run file) that returns a matplotlib Figure.  Times are those of the first repetition, which a
run keeps as exhibits and no clause judges; bytes are the values that were judged, beside what the formula says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reports.core.style import COLOURS, DASHES, GREY, INK, MARKERS, PALE, WIDTH, new_figure, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from theory.core.record import RunFile

Body = Mapping[str, Any]
SUBLAYER_TIME = "generative/sublayer-time"
MIXERS = {
    "attention": "attention, maps kept",
    "attention fused": "attention, fused",
    "generative": "generative",
    "generative_running_mean": "generative, running mean",
}
WAYS = {
    "gelu": "GELU",
    "stack_index": "stack, reduce\nwith indices",
    "maximum": "element-wise\nmaximum",
    "mask": "hand-written,\na mask kept",
}
KEPT = "generative/kept-bytes"
RATIO = 4  # inner width over width in all models here


# ---------------------------------------------------------------------------- time
def time_page(verdict: Body, run: RunFile) -> Figure:
    """Seconds of a sublayer against the length, of the next symbol against those read, and of an MLP by how it is written."""
    del verdict
    times, decoding, activations = (_newest(run, name) for name in ("times", "decoding", "activations"))
    if not times:
        raise LookupError(f"the run keeps no exhibit 'times' of {SUBLAYER_TIME}")
    figure = new_figure(WIDTH, 2.9)
    left, middle, right = figure.subplots(1, 3, width_ratios=(1.2, 1.2, 1.1))
    _draw_times(left, times)
    left.set_xlabel("length T")
    left.set_ylabel("milliseconds")
    left.set_title("Forward and backward,\none sublayer")
    _draw_times(middle, decoding)
    middle.set_xlabel("symbols read, t")
    middle.set_title("Next symbol,\none layer of width 128")
    _draw_ways(right, next(iter(activations.values()), {}))
    known = {label: line for axes in (left, middle) for line, label in zip(*axes.get_legend_handles_labels())}
    figure.legend(known.values(), known.keys(), ncols=4, fontsize=7, loc="outside upper left", alignment="left",
                  title="First repetition, least of two passes; drawn, not judged", title_fontsize=8)  # fmt: skip
    return figure


def _newest(run: RunFile, name: str) -> dict[str, Any]:
    """Mixer -> the exhibit of its largest setting, empty ones left out."""
    found: dict[str, tuple[int, Any]] = {}
    for one in run.exhibits(SUBLAYER_TIME):
        mixer, length = one.cell["mixer"], one.cell.get("length", 0)
        if one.name == name and one.body and length >= found.get(mixer, (0, None))[0]:
            found[mixer] = (length, one.body)
    return {mixer: found[mixer][1] for mixer in MIXERS if mixer in found}


def _draw_times(axes: Axes, times: Mapping[str, Sequence[Sequence[float]]]) -> None:
    for mixer, points in times.items():
        i = list(MIXERS).index(mixer)
        at, seconds = zip(*points)
        axes.plot(at, [1000 * one for one in seconds], color=COLOURS[i], linestyle=DASHES[i], marker=MARKERS[i],
                  markersize=3.5, label=MIXERS[mixer])  # fmt: skip
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    ticks = sorted({one for points in times.values() for one, _ in points})[::2]
    axes.set_xticks(ticks, [number(one) for one in ticks], fontsize=7)
    powers = [10.0**i for i in range(-3, 5)]
    low, high = axes.get_ylim()
    axes.set_yticks(powers, [number(one) for one in powers])
    axes.set_ylim(low, high)
    axes.minorticks_off()


def _draw_ways(axes: Axes, seconds: Mapping[str, float]) -> None:
    names = [one for one in WAYS if one in seconds]
    axes.barh(range(len(names)), [1000 * seconds[one] for one in names], height=0.6,
              color=[GREY if one == "gelu" else COLOURS[0] for one in names])  # fmt: skip
    axes.set_yticks(range(len(names)), [WAYS[one] for one in names], fontsize=7)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("milliseconds")
    axes.set_title("Forward and backward,\none MLP")


# ---------------------------------------------------------------------------- bytes
def kept_page(verdict: Body, run: RunFile) -> Figure:
    """Bytes a hidden number that are kept for the backward pass above GELU: the formula as bars, what was measured as points."""
    del run
    cells = verdict["clauses"][0]["cells"]
    widths = sorted({one["cell"]["bytes"] for one in cells})
    figure = new_figure(WIDTH, 2.3)
    panels = figure.subplots(1, len(widths), sharey=True, squeeze=False)[0]
    for axes, width in zip(panels, widths):
        own = {one["cell"]["implementation"]: one for one in cells if one["cell"]["bytes"] == width}
        names = [one for one in WAYS if one in own]
        axes.bar(range(len(names)), [own[one]["bound"] / _numbers(own[one]["cell"]) for one in names], width=0.6, color=PALE,
                 label="formula")  # fmt: skip
        axes.plot(range(len(names)), [own[one]["value"] / _numbers(own[one]["cell"]) for one in names], linestyle="none",
                  marker="o", markersize=5, color=COLOURS[0], label="measured")  # fmt: skip
        axes.axhline(0, color=INK, linewidth=1)
        axes.set_xticks(range(len(names)), [WAYS[one] for one in names], fontsize=7.5)
        axes.set_title(f"Numbers of {8 * width} bits; GELU keeps {2 * width} bytes of each")
    panels[0].set_ylabel("bytes a hidden number\nabove GELU")
    panels[0].legend(fontsize=7.5)
    return figure


def _numbers(cell: Body) -> int:
    """Hidden numbers of one sequence, of all layers."""
    return int(cell["T"] * RATIO * cell["d"] * cell["D"])


def peak_page(verdict: Body, run: RunFile) -> Figure:
    """Bytes a hidden number at the peak of a step above GELU, beside what the formula says is kept, where the run has that."""
    quoted, others = verdict["clauses"][:2]
    own = {one["cell"]["implementation"]: one for one in (*quoted["cells"], *others["cells"])}
    names = [one for one in WAYS if one in own]
    kept = {
        one["cell"]["implementation"]: one["bound"] / _numbers(one["cell"])
        for one in run.get("verdicts").get(KEPT, {"clauses": [{"cells": []}]})["clauses"][0]["cells"]
        if one["cell"]["bytes"] == quoted["cells"][0]["cell"]["bytes"]
    }
    figure = new_figure(WIDTH, 2.2)
    axes = figure.subplots()
    axes.barh(
        range(len(names)), [kept.get(one, 0) for one in names], height=0.55, color=PALE, label="kept, by the formula"
    )
    axes.plot([own[one]["value"] for one in names], range(len(names)), linestyle="none", marker="o", markersize=5,
              color=COLOURS[0], label="measured at the peak")  # fmt: skip
    axes.axvline(0, color=INK, linewidth=1)
    axes.axvline(
        quoted["cells"][0]["bound"], color=COLOURS[1], linewidth=1.4, linestyle="--", label="quoted: 2.5 to 3.6 GB"
    )
    axes.set_yticks(range(len(names)), [WAYS[one] for one in names], fontsize=8)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("bytes a hidden number above GELU; beyond the bar, transients of the last layer")
    axes.legend(fontsize=7.5, loc="lower right", bbox_to_anchor=(0.95, 0.02))
    return figure
