"""Figures of the generative paper beyond the default ones: curves and samples of text, the leak by position, heads, counts.

Each entry is a function of (verdict body, run file) that returns a matplotlib Figure.
What they draw are exhibits, arrays and texts that a run keeps for the first seed of a setting and that no clause judges, and
the records of a setting, seed by seed.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reports import generative_cost
from reports.core.style import COLOURS, DASHES, GREY, INK, MARKERS, PALE, WIDTH, literal, new_figure, number
from theory.core.record import canonical

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from theory.core.record import RunFile

Body = Mapping[str, Any]
TEXT, SYNTHETIC, OVERFITTING = "generative/text", "generative/synthetic", "generative/overfitting"
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
SEED_ROW = 0.21  # inches for the seeds of one variant
MOST_SAMPLES = 7  # more would not fit on a page
UNTUNED = ("generative, untrained",)
SHAKESPEARE = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"  # the file that nanoGPT reads
# (setting, loss of attention in its README, windows of its estimate: 20 batches of 12 and 200 of 64)
ANCHORS: tuple[tuple[dict[str, Any], float, int], ...] = (
    ({"d": 128, "D": 4, "h": 4, "T": 64, "B": 12, "steps": 2000}, 1.88, 240),
    ({"d": 384, "D": 6, "h": 6, "T": 256, "B": 64, "steps": 5000}, 1.4697, 12_800),
)


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
    """Held-out loss while training and at each rate, with the line that counting draws, and each seed beside the plain function."""
    cell, curves = _of_text(verdict, run, "curves")
    counting = _first(verdict, run, TEXT, "counting")
    rates = [body for _, body in exhibits(verdict, run, TEXT, "rates")][:1]
    rows = _seed_rows(run, cell)
    below = SEED_ROW * len(rows) + 0.75 if rows else 0
    figure = new_figure(WIDTH, 3.0 + below)
    top = figure
    if rows:
        top, bottom = figure.subfigures(2, 1, height_ratios=(3.0, below))
        _draw_seeds(bottom.subplots(), rows)
    if rates and len(next(iter(rates[0].values()))) > 1:
        left, right = top.subplots(1, 2, width_ratios=(2.2, 1), sharey=False)
        _draw_rates(right, rates[0], cell["rate"], counting)
    else:
        left = top.subplots()
    _draw_curves(left, curves, counting)
    return figure


def nanogpt_page(verdict: Body, run: RunFile) -> Figure:
    """Curves, each seed, what nanoGPT's README gives where the run holds its setting, and a sample of every variant."""
    cell, curves = _of_text(verdict, run, "curves")
    counting, samples = (_first(verdict, run, TEXT, name) for name in ("counting", "samples"))
    corpus = _first(verdict, run, TEXT, "corpus")
    rows, said = _seed_rows(run, cell), anchors(cell, corpus["sha256"], run)
    heights = (
        2.9,
        SEED_ROW * max(len(rows), 1) + 0.75,
        0.17 * (len(said) + 1),
        ROW * (min(len(samples), MOST_SAMPLES) + 1),
    )
    figure = new_figure(WIDTH, sum(heights))
    parts = figure.subfigures(4, 1, height_ratios=heights)
    _draw_curves(parts[0].subplots(), curves, counting, _anchor(cell, corpus["sha256"]))
    _draw_seeds(parts[1].subplots(), rows)
    axes = parts[2].subplots()
    axes.set_axis_off()
    axes.text(0, 1, "\n".join(said), transform=axes.transAxes, fontsize=8, va="top", linespacing=1.3)
    _write_samples(parts[3].subplots(), samples, corpus, min(GIVEN, cell["T"]))
    return figure


def _of_text(verdict: Body, run: RunFile, name: str) -> tuple[Body, Any]:
    """The first setting that keeps this exhibit, and its body."""
    _first(verdict, run, TEXT, name)
    return exhibits(verdict, run, TEXT, name)[0]


# ---------------------------------------------------------------------------- each seed
@dataclass(frozen=True)
class Reading:
    """One variant of one seed, read streaming at its best rate; variance is that of the loss of one window."""

    over_plain: float
    loss: float
    variance: float
    n_windows: int
    at_edge: bool


def readings(run: RunFile, cell: Body) -> dict[str, list[Reading]]:
    """What every seed of a setting of the text has, by variant, seeds in order; nothing where the run has no such records."""
    found: dict[str, list[Reading]] = {}
    lanes = [one for one in run.records(TEXT) if one.cell == cell and one.status == "ok"]
    for lane in sorted(lanes, key=lambda one: one.seed):
        read, n_rates = lane.inner["read"].index("streaming"), len(lane.inner["factor"])
        for i, variant in enumerate(lane.inner["variant"]):
            tuning = lane.values["tuning_loss"][read][i]
            best = tuning.index(min(tuning))
            over, loss = ({part: lane.values[name][part][read][i][best] for part in ("count", "mean", "variance")}
                          for name in ("over_plain", "loss"))  # fmt: skip
            edge = (
                n_rates > 1
                and best in (0, n_rates - 1)
                and variant not in UNTUNED
                and not variant.startswith("counting")
            )
            found.setdefault(variant, []).append(
                Reading(over["mean"], loss["mean"], loss["variance"], int(loss["count"]), edge)
            )
    return found


def _seed_rows(run: RunFile, cell: Body) -> list[tuple[str, list[Reading]]]:
    """The rows of the figure of seeds: every trained variant but the plain one, then counting with one character."""
    found = readings(run, cell)
    names = [one for one in found if one not in (*UNTUNED, "generative") and not one.startswith("counting")]
    return [(name, found[name]) for name in (*names, "counting 1") if name in found]


def _draw_seeds(axes: Axes, rows: Sequence[tuple[str, Sequence[Reading]]]) -> None:
    """Loss of every seed minus that of the plain function; an open mark is a best rate at the edge of the rates tried."""
    for row, (_, seeds) in enumerate(rows):
        for i, one in enumerate(seeds):
            place = row + 0.11 * (i - (len(seeds) - 1) / 2)
            axes.plot([one.over_plain], [place], linestyle="none", marker="o", markersize=4, color=COLOURS[0],
                      markerfacecolor="none" if one.at_edge else COLOURS[0])  # fmt: skip
    axes.axvline(0, color=INK, linewidth=1)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_yticks(
        range(len(rows)), [literal("counts, 1 character" if n == "counting 1" else _said(n)) for n, _ in rows]
    )
    axes.tick_params(axis="y", labelsize=7.5, length=0)
    axes.set_xlabel("streaming loss above the plain generative function, nats")
    axes.set_title("Every seed at its own best rate; open: the best of the rates tried is the least or the largest")


# ---------------------------------------------------------------------------- what nanoGPT's README gives
def _anchor(cell: Body, sha256: str) -> tuple[float, int] | None:
    """(loss, windows it is an estimate over) where the run holds one of nanoGPT's settings on its text, else None."""
    if sha256 != SHAKESPEARE:
        return None
    return next(
        (known for setting, *known in ANCHORS if all(cell.get(name) == at for name, at in setting.items())), None
    )


def anchors(cell: Body, sha256: str, run: RunFile) -> list[str]:
    """What nanoGPT's README gives for attention, beside our attention where the run holds that setting on that text."""
    known = _anchor(cell, sha256)
    if known is None:
        return [
            "nanoGPT's README gives 1.88 and 1.4697 for attention on Shakespeare in its two settings. This run holds neither",
            "the text and all sizes of one of them, so they are no yardstick for its numbers.",
        ]
    loss, n_windows = known
    ours = readings(run, cell)["attention"]
    scatter = [math.sqrt(one.variance / n_windows) for one in ours]
    own = [math.sqrt(one.variance / one.n_windows) for one in ours]
    mean = sum(one.loss for one in ours) / len(ours)
    apart = mean - loss
    return [
        f"Attention in this setting: {', '.join(f'{one.loss:.3f}' for one in ours)}, each known to {max(own):.3f} from its "
        f"{ours[0].n_windows} windows (one standard error).",
        f"Read in nanoGPT's README: {number(loss)}, an estimate over {n_windows:,} random windows. By our spread from window",
        f"to window it has a standard error of {max(scatter):.3f}; our mean lies {abs(apart):.3f} "
        f"{'above' if apart > 0 else 'below'} it. Its seed and windows are not known, and a fifth",
        "of our held-out text serves to choose rates and is not judged.",
    ]


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


def _draw_curves(
    axes: Axes,
    curves: Mapping[str, Sequence[Sequence[float]]],
    counting: Mapping[str, float],
    known: tuple[float, int] | None = None,
) -> None:
    for i, name in enumerate(one for one in SHOWN_IN_CURVES if one in curves):
        steps, held_out = ([float(point[at]) for point in curves[name]] for at in (0, 1))
        axes.plot(
            steps[1:], held_out[1:], color=COLOURS[i % len(COLOURS)], linestyle=DASHES[i % len(DASHES)],
            marker=MARKERS[i % len(MARKERS)], markersize=3.5, label=_said(name),
        )  # fmt: skip
    axes.axhline(counting[COUNTED], color=INK, linewidth=1.4, label="Witten-Bell counts, 4 characters")
    axes.axhline(counting["counting 2"], color=GREY, linewidth=0.9, linestyle=":", label="the same, 2 characters")
    if known is not None:
        axes.axhline(
            known[0], color=COLOURS[0], linewidth=0.9, linestyle=":", label="attention, read in nanoGPT's README"
        )
    axes.set_xlabel("training steps")
    axes.set_ylabel("teacher-forced loss (nats)")
    axes.set_title("Held-out loss of the first seed, at its best rate")
    axes.legend(ncols=2, fontsize=7, loc="lower left", bbox_to_anchor=(0, 1.13), borderaxespad=0, columnspacing=1)


def _write_samples(axes: Axes, samples: Mapping[str, str], corpus: Body, n_given: int) -> None:
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    samples = dict(list(samples.items())[:MOST_SAMPLES])
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


# ---------------------------------------------------------------------------- overfitting
def overfitting_page(verdict: Body, run: RunFile) -> Figure:
    """Loss on held-out text and on the few characters that are read again and again, for every arm of the first seed."""
    curves, counting, corpus = (_first(verdict, run, OVERFITTING, name) for name in ("curves", "counting", "corpus"))
    figure = new_figure(WIDTH, 3.5)
    panels = figure.subplots(1, 2, sharey=True)
    for axes, mixer in zip(panels, ("attention", "generative")):
        own = [name for name in curves if name.startswith(mixer)]
        for i, name in enumerate(own):
            steps, held_out, seen = zip(*curves[name])
            arm = name.split(", ", 1)[1] if not name.startswith(RUNNING) else "running mean, large batch"
            axes.plot(steps, held_out, color=COLOURS[i], marker=MARKERS[i], markersize=3.5, label=arm)
            axes.plot(steps, seen, color=COLOURS[i], marker=MARKERS[i], markersize=3.5, linestyle=":")
        axes.axhline(counting[COUNTED], color=INK, linewidth=1.2, label="Witten-Bell counts of the same few characters")
        first, last = min(curves[own[0]])[0], max(curves[name][-1][0] for name in own)
        ticks = [first * 2**i for i in range(1 + int(math.log2(last / first)))]
        axes.set_xscale("log", base=2)
        axes.set_xticks(ticks, [number(one) for one in ticks])
        axes.minorticks_off()
        axes.set_xlabel("training steps")
        axes.set_title(mixer, pad=4)
    panels[0].set_ylabel("loss (nats a character)")
    known = {label: line for axes in panels for line, label in zip(*axes.get_legend_handles_labels())}
    figure.legend(known.values(), known.keys(), ncols=2, fontsize=7, loc="outside upper left", title_fontsize=8, alignment="left",
                  title=f"First seed; full: held-out text, dotted: the text that is read.  {literal(corpus['name'])}, SHA-256 "
                  f"{corpus['sha256'][:16]}...")  # fmt: skip
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
    """Loss of counting against the length of its context, with the trained variants as lines, and a sample of every variant."""
    counting = _first(verdict, run, TEXT, "counting")
    cell, curves = _of_text(verdict, run, "curves")
    samples, corpus = (_first(verdict, run, TEXT, name) for name in ("samples", "corpus"))
    orders = sorted((int(name.split()[1]), loss) for name, loss in counting.items())
    below = ROW * (min(len(samples), MOST_SAMPLES) + 1)
    figure = new_figure(WIDTH, 2.5 + below)
    top, bottom = figure.subfigures(2, 1, height_ratios=(2.5, below))
    _write_samples(bottom.subplots(), samples, corpus, min(GIVEN, cell["T"]))
    axes = top.subplots()
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
    "generative/smaller-loss-nanogpt": nanogpt_page,
    "generative/smaller-loss-nanogpt-large": nanogpt_page,
    "generative/batch-overfits": overfitting_page,
    "generative/window-mean-leaks": leak_page,
    "generative/static-attention-maps": heads_page,
    "generative/static-maps-nanogpt": heads_page,
    "generative/counting-baseline": counting_page,
    "generative/linear-time": generative_cost.time_page,
    "generative/kept-bytes": generative_cost.kept_page,
    "generative/activation-memory": generative_cost.peak_page,
}
