"""Figures of the generative paper beyond the default ones: curves and samples of text, the leak by position, heads, counts.

Each entry is a function of (verdict body, run file) that returns a matplotlib Figure.
What they draw are exhibits: arrays and texts that a run keeps for the first seed of a setting and that no clause judges.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reports.core.style import COLOURS, DASHES, GREY, INK, MARKERS, PALE, WIDTH, literal, new_figure, number
from theory.core.record import canonical

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from theory.core.record import RunFile

Body = Mapping[str, Any]
TEXT, SYNTHETIC = "generative/text", "generative/synthetic"
COUNTED = "counting 4"
LEAKY, RUNNING = "generative_window_mean", "generative_running_mean"
WORDS = {
    LEAKY: "generative, window mean (leaks)",
    RUNNING: "generative, running mean",
    "generative_dilated": "generative, dilated",
}
SHOWN_IN_CURVES = ("attention", "generative", RUNNING, LEAKY, "attention, 2 keys", "generative, matched")
LINE = 72  # characters of a sample on one line
GIVEN = 16  # characters that a sample continues, where the window is not shorter
BEGINS = "\u25b8"  # stands before the first character that a model wrote itself
ROW = 0.47  # inches for a sample of two lines and its name


# ---------------------------------------------------------------------------- exhibits
def exhibits(verdict: Body, run: RunFile, experiment: str, name: str) -> list[tuple[dict[str, Any], Any]]:
    """(cell, body) of every exhibit of that name whose cell agrees with one of the claim's settings."""
    settings = [one["cell"] for clause in verdict["clauses"] for one in clause["cells"]]
    settings += [one["cell"] for clause in verdict["clauses"] for one in clause["control"]["cells"]]
    found = [(dict(one.cell), one.body) for one in run.exhibits(experiment) if one.name == name]
    return [pair for pair in found if any(_agree(pair[0], cell) for cell in settings)]


def _agree(lane: Body, cell: Body) -> bool:
    """True when the coordinates that both have are equal."""
    return all(canonical(lane[name]) == canonical(cell[name]) for name in lane if name in cell)


def _first(verdict: Body, run: RunFile, experiment: str, name: str) -> Any:
    found = exhibits(verdict, run, experiment, name)
    if not found:
        raise LookupError(f"the run keeps no exhibit {name!r} of {experiment}")
    return found[0][1]


def _said(variant: str) -> str:
    return WORDS.get(variant, variant)


# ---------------------------------------------------------------------------- curves and samples
def text_page(verdict: Body, run: RunFile) -> Figure:
    """Held-out loss while training and at each rate, with the line that counting draws, and a sample of every variant."""
    curves = _first(verdict, run, TEXT, "curves")
    samples = _first(verdict, run, TEXT, "samples")
    counting = _first(verdict, run, TEXT, "counting")
    cell, corpus = exhibits(verdict, run, TEXT, "corpus")[0]
    rates = [body for _, body in exhibits(verdict, run, TEXT, "rates")][:1]
    below = ROW * (len(samples) + 1)
    figure = new_figure(WIDTH, 3.3 + below)
    top, bottom = figure.subfigures(2, 1, height_ratios=(3.3, below))
    if rates and len(next(iter(rates[0].values()))) > 1:
        left, right = top.subplots(1, 2, width_ratios=(2.2, 1), sharey=False)
        _draw_rates(right, rates[0], cell["rate"], counting)
    else:
        left = top.subplots()
    _draw_curves(left, curves, counting)
    _write_samples(bottom.subplots(), samples, corpus, min(GIVEN, cell["T"]))
    return figure


def _draw_rates(
    axes: Axes, losses: Mapping[str, Sequence[float]], middle: float, counting: Mapping[str, float]
) -> None:
    """Loss on the part of the held-out text where rates are chosen, against the rate."""
    for i, name in enumerate(one for one in SHOWN_IN_CURVES if one in losses):
        half = len(losses[name]) // 2
        places = [middle * 2.0 ** (at - half) for at in range(len(losses[name]))]
        axes.plot(places, losses[name], color=COLOURS[i % len(COLOURS)], linestyle=DASHES[i % len(DASHES)],
                  marker=MARKERS[i % len(MARKERS)], markersize=3.5)  # fmt: skip
    axes.axhline(counting[COUNTED], color=INK, linewidth=1.4)
    axes.set_xscale("log", base=2)
    axes.set_xticks(places, [number(one) for one in places])
    axes.minorticks_off()
    axes.set_xlabel("learning rate")
    axes.set_ylabel("loss where rates are chosen")
    axes.set_title("The same rates for all")


def _draw_curves(axes: Axes, curves: Mapping[str, Sequence[Sequence[float]]], counting: Mapping[str, float]) -> None:
    known = [name for name in SHOWN_IN_CURVES if name in curves]
    for i, name in enumerate(known):
        steps, held_out = ([float(point[at]) for point in curves[name]] for at in (0, 1))
        axes.plot(
            steps[1:], held_out[1:], color=COLOURS[i % len(COLOURS)], linestyle=DASHES[i % len(DASHES)],
            marker=MARKERS[i % len(MARKERS)], markersize=3.5, label=_said(name),
        )  # fmt: skip
    axes.axhline(counting[COUNTED], color=INK, linewidth=1.4, label="Witten-Bell counts, 4 characters")
    axes.axhline(counting["counting 2"], color=GREY, linewidth=0.9, linestyle=":", label="the same, 2 characters")
    axes.set_xlabel("training steps")
    axes.set_ylabel("teacher-forced loss (nats)")
    axes.set_title("Held-out loss of the first seed, at its best rate")
    axes.legend(ncols=2, fontsize=7, loc="lower left", bbox_to_anchor=(0, 1.13), borderaxespad=0, columnspacing=1)


def _write_samples(axes: Axes, samples: Mapping[str, str], corpus: Body, n_given: int) -> None:
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    n_rows = len(samples) + 1
    axes.set_ylim(n_rows, 0)
    facts = (
        f"Text: {corpus['name']}, {corpus['n_characters']:,} characters, {corpus['n_distinct']} distinct, "
        f"SHA-256 {corpus['sha256'][:16]}...; read by Python {corpus['python']}. {n_given} held-out characters, and what each model "
        f"writes from {BEGINS} on, at its best rate:"
    )
    axes.text(0, 0.05, textwrap.fill(literal(facts), 112), fontsize=8, va="top")
    for row, (name, sample) in enumerate(samples.items(), 1):
        axes.text(0, row + 0.02, literal(_said(name)), fontsize=8, va="top", color=COLOURS[0])
        shown = visible(sample[:n_given] + BEGINS + sample[n_given:])
        axes.text(0, row + 0.34, shown, fontsize=7.8, va="top", family="DejaVu Sans Mono", linespacing=1.15)


def visible(sample: str) -> str:
    """A sample on at most two lines, with line ends as arrows: what the model wrote, space by space."""
    text = sample.replace("\n", "\u21b5").replace("\t", "\u21e5")
    lines = [text[start : start + LINE] for start in range(0, min(len(text), 2 * LINE), LINE)]
    return "\n".join(literal(line) for line in lines)


# ---------------------------------------------------------------------------- the leak by position
def leak_page(verdict: Body, run: RunFile) -> Figure:
    """Teacher-forced loss at every position: the window mean is honest at the first and the last one only."""
    found = exhibits(verdict, run, SYNTHETIC, "by_position")
    if not found:
        raise LookupError(f"the run keeps no exhibit 'by_position' of {SYNTHETIC}")
    figure = new_figure(WIDTH, 2.5)
    axes = figure.subplots()
    latest = {cell["mixer"]: (cell, losses) for cell, losses in sorted(found, key=lambda pair: pair[0]["steps"])}
    for i, (mixer, (_, losses)) in enumerate(sorted(latest.items())):
        places = range(1, len(losses) + 1)
        axes.plot(
            places, losses, color=COLOURS[i % len(COLOURS)], linestyle=DASHES[i % len(DASHES)],
            marker=MARKERS[i % len(MARKERS)], markersize=4, label=_said(mixer),
        )  # fmt: skip
    n_symbols = round(math.exp(max(losses[0] for _, losses in latest.values())))
    axes.axhline(math.log(n_symbols), color=INK, linewidth=1.2, zorder=1, label=f"log {n_symbols}: the entropy")
    axes.set_ylim(bottom=0)
    axes.set_xlabel("position in the window")
    axes.set_ylabel("teacher-forced loss (nats)")
    axes.set_title("Independent uniform symbols: no reader in time can be below the line, at any position")
    axes.legend(fontsize=7.5, ncols=2)
    return figure


# ---------------------------------------------------------------------------- heads
def heads_page(verdict: Body, run: RunFile) -> Figure:
    """How much of each head's map depends on the input, before and after training."""
    stages = _first(verdict, run, TEXT, "heads")
    figure = new_figure(WIDTH, 2.3)
    axes = figure.subplots()
    n_layers, n_heads = len(stages["trained"]), len(stages["trained"][0])
    names = [f"layer {layer}, head {head}" for layer in range(n_layers) for head in range(n_heads)]
    for i, stage in enumerate(("untrained", "trained")):
        values = [value for layer in stages[stage] for value in layer]
        places = [at + (i - 0.5) * 0.38 for at in range(len(values))]
        axes.bar(places, values, width=0.36, color=(PALE, COLOURS[0])[i], label=stage)
    if len(names) <= 16:
        axes.set_xticks(range(len(names)), [name.replace(", ", "\n") for name in names], fontsize=7)
    else:
        axes.set_xlabel(f"heads, {n_heads} a layer, {n_layers} layers in order")
    axes.set_ylabel("share of the map that\ndepends on the input")
    axes.set_title("Jensen-Shannon divergence over 64 inputs / entropy of the mean map; 0 is a static pattern")
    axes.legend(fontsize=7.5)
    return figure


# ---------------------------------------------------------------------------- counting
def counting_page(verdict: Body, run: RunFile) -> Figure:
    """Loss of counting against the length of its context, with the trained variants as lines."""
    counting = _first(verdict, run, TEXT, "counting")
    curves = _first(verdict, run, TEXT, "curves")
    orders = sorted((int(name.split()[1]), loss) for name, loss in counting.items())
    figure = new_figure(WIDTH, 2.5)
    axes = figure.subplots()
    axes.plot(*zip(*orders), color=INK, marker="o", markersize=4.5, label="interpolated Witten-Bell counts")
    for i, name in enumerate(one for one in SHOWN_IN_CURVES if one in curves):
        last = curves[name][-1]
        axes.axhline(last[1], color=COLOURS[i % len(COLOURS)], linestyle=DASHES[i % len(DASHES)], linewidth=1,
                     label=f"{_said(name)}, {number(last[0])} steps")  # fmt: skip
    axes.set_xlabel("characters of context")
    axes.set_ylabel("held-out loss (nats)")
    axes.legend(fontsize=7, ncols=2)
    return figure


TITLE = "A generative function in place of attention"
LEAD = (
    "“Breaking the Attention Bottleneck” (arXiv:2406.10906v1). Only its abstract was read first-hand; sizes, memory and remarks on "
    "batches come from public summaries. It states no theorem: the propositions here are derived, its findings are claims.",
    "Losses on sources whose true conditional is known are given as excess over it, on the same sample. A loss below what any "
    "reader in time can reach is a leak, and is judged as one. Text is the documentation that comes with Python unless a file is "
    "given; the curves carry the line that counting characters draws, without any training.",
)
PAGES: dict[str, Callable[..., Any]] = {
    "generative/smaller-loss-smaller-model": text_page,
    "generative/window-mean-leaks": leak_page,
    "generative/static-attention-maps": heads_page,
    "generative/counting-baseline": counting_page,
}
