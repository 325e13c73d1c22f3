"""What trained character models do on real text: sharpness and norms along training, temperatures and attention by character.

Each entry is a function of (verdict body, run file) that returns a matplotlib Figure, as in `reports.selective`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from reports.core.style import COLOURS, GREY, INK, MARKERS, WIDTH, counted, new_figure
from theory.core.evidence import student_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from theory.core.record import RunFile

EXPERIMENT = "selective/language-model"
ARMS = ("standard", "const", "pos", "ssa q", "ssa v", "ssa qv")
TABLED_ONLY = {"ssa k": "ssa k", "ssa qv frequency": "frequency"}
SIZES = ("n_layers", "d", "L", "n_steps")


def _size(cell: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(cell[name] for name in SIZES)


def _trained(run: RunFile, pick: Callable[..., Any]) -> tuple[tuple[int, ...], list[Any]]:
    """(size, records of the arms at all rates), for the largest or least size there is."""
    known = (*ARMS, *TABLED_ONLY)
    rows = [one for one in run.records(EXPERIMENT) if one.status == "ok" and one.cell["variant"] in known]
    size = pick(_size(one.cell) for one in rows if one.cell["variant"] == "standard")
    return size, [one for one in rows if _size(one.cell) == size]


def _at_best_rate(rows: Sequence[Any], arms: Sequence[str] = ARMS) -> dict[str, list[Any]]:
    """Trained models of each arm, each seed's at its best rate by training loss; of arms that have all rates."""
    rates = {arm: {one.cell["learning_rate"] for one in rows if one.cell["variant"] == arm} for arm in arms}
    found: dict[str, dict[int, Any]] = {arm: {} for arm in arms if rates[arm] == rates[arms[0]]}
    for one in rows:
        best = found.get(one.cell["variant"])
        if best is None:
            continue
        if one.seed not in best or one.values["train_loss"] < best[one.seed].values["train_loss"]:
            best[one.seed] = one
    return {arm: [best[seed] for seed in sorted(best)] for arm, best in found.items() if best}


def _title(size: tuple[int, ...]) -> str:
    return f"{counted(size[0], 'layer')} of width {size[1]}, blocks of {size[2]}, {size[3]} steps; medians over seeds"


def _line(index: int, arm: str) -> dict[str, Any]:
    return {"color": COLOURS[index % len(COLOURS)], "label": arm}


def _marked(index: int, arm: str) -> dict[str, Any]:
    return {**_line(index, arm), "marker": MARKERS[index % len(MARKERS)], "markersize": 3.5}


def _median(found: Sequence[Any], name: str) -> np.ndarray:
    """Median over seeds: [checkpoint, position]."""
    return np.asarray(np.median([one.values[name] for one in found], axis=0))


# ---------------------------------------------------------------------------- along length and training
def _sharpness(figure: Any, best: Mapping[str, list[Any]]) -> None:
    """Spikiness against length and against training; norm against length of training, and against spikiness."""
    (by_length, by_training), (norms, against) = figure.subplots(2, 2)
    for index, (arm, found) in enumerate(best.items()):
        spikes, shares = _median(found, "spikiness"), found[0].inner["checkpoint"]
        by_length.plot(found[0].inner["position"], spikes[-1], **_line(index, arm))
        by_training.plot(shares, spikes[:, -1], **_marked(index, arm))
        norms.plot(shares, _median(found, "norm")[:, 0], **_marked(index, arm))
        against.scatter(
            [one.values["norm"][-1][0] for one in found],
            [one.values["spikiness"][-1][-1] for one in found],
            s=9, color=COLOURS[index % len(COLOURS)], marker=MARKERS[index % len(MARKERS)], linewidths=0,
        )  # fmt: skip
    for axes, x, y in (
        (by_length, "position", "spikiness"),
        (by_training, "share of training; last position", "spikiness"),
        (norms, "share of training", "norm of W"),
        (against, "spectral norm of W after training; last position", "spikiness"),
    ):
        axes.set_xlabel(x)
        axes.set_ylabel(y)
    handles, labels = by_length.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(6, len(labels)))


def language(verdict: Any, run: RunFile) -> Figure:
    """Sharpness and norms of the largest models there are, and validation loss and added parameters of every arm."""
    del verdict
    size, rows = _trained(run, max)
    best = _at_best_rate(rows)
    figure = new_figure(WIDTH, 7.2)
    figure.suptitle(_title(size), fontsize=9.5)
    top, middle, bottom = figure.subfigures(3, 1, height_ratios=(2.4, 1, 0.95))
    _sharpness(top, best)
    _loss_table(bottom.subplots(), _at_best_rate(rows, (*ARMS, *TABLED_ONLY)))
    at_best, by_rate = middle.subplots(1, 2)
    for index, found in enumerate(best.values()):
        final = [one.values["validation_loss"] for one in found]
        at_best.scatter(final, [index] * len(final), s=10, color=COLOURS[index % len(COLOURS)], linewidths=0)
        at_best.plot([float(np.median(final))] * 2, [index - 0.3, index + 0.3], color=INK)
    at_best.set_yticks(range(len(best)), list(best))
    at_best.invert_yaxis()
    at_best.set_xlabel("validation loss (nats) at the best rate")
    _loss_by_rate(by_rate, rows)
    return figure


def _loss_by_rate(axes: Axes, rows: Sequence[Any]) -> None:
    """Mean validation loss of each arm at each learning rate."""
    rates = sorted({one.cell["learning_rate"] for one in rows})
    for index, arm in enumerate(ARMS):
        losses = {rate: [] for rate in rates}
        for one in rows:
            if one.cell["variant"] == arm:
                losses[one.cell["learning_rate"]].append(one.values["validation_loss"])
        known = [rate for rate in rates if losses[rate]]
        axes.plot(known, [float(np.mean(losses[rate])) for rate in known], **_marked(index, arm))
    axes.set_xscale("log")
    axes.set_xticks(rates, [f"{rate:g}" for rate in rates])
    axes.minorticks_off()
    axes.set_xlabel("learning rate")
    axes.set_ylabel("mean loss (nats)")


LEVEL = 0.05  # of the intervals in the table
CONTROLS = ("standard", "const")
# (heading, place of its column)
COLUMNS = (
    ("arm", 0.0),
    ("added parameters", 0.10),
    ("best rate", 0.27),
    ("loss, mean", 0.38),
    ("less standard, 95% interval", 0.50),
    ("less one number for all", 0.77),
)


def _loss_table(axes: Axes, best: Mapping[str, list[Any]]) -> None:
    """One line an arm: parameters added, best rate (or rates), mean validation loss, and paired differences to the two controls."""
    axes.set_axis_off()
    losses = {arm: {one.seed: float(one.values["validation_loss"]) for one in found} for arm, found in best.items()}
    lines = [[heading for heading, _ in COLUMNS]]
    for arm, found in best.items():
        mean = sum(losses[arm].values()) / len(found)
        added = f"{float(found[0].values['added_parameters']):,.0f}"
        differences = [_paired(losses[arm], losses.get(control, {})) if arm != control else "" for control in CONTROLS]
        rates = ", ".join(f"{rate:g}" for rate in sorted({one.cell["learning_rate"] for one in found}))
        lines.append([TABLED_ONLY.get(arm, arm), added, rates, f"{mean:.4f}", *differences])
    for row, line in enumerate(lines):
        for text, (_, place) in zip(line, COLUMNS):
            axes.text(
                place, 1 - row / len(lines), text, transform=axes.transAxes, va="top", fontsize=8.5,
                color=INK if row else GREY,
            )  # fmt: skip


def _paired(first: Mapping[int, float], second: Mapping[int, float]) -> str:
    """Mean of first minus second over the seeds that both have, with its Student interval."""
    apart = [first[seed] - second[seed] for seed in sorted(set(first) & set(second))]
    if len(apart) < 2:
        return "too few models"
    mean = sum(apart) / len(apart)
    low, high = student_interval(mean, sum((one - mean) ** 2 for one in apart) / len(apart), len(apart), LEVEL)
    return f"{mean:+.4f} ({low:+.4f} to {high:+.4f})".replace("-", "\N{MINUS SIGN}")


# ---------------------------------------------------------------------------- on the text itself
def text(verdict: Any, run: RunFile) -> Figure:
    """Sharpness and norms of the least models there are, and their temperatures and attention on a piece of real text."""
    del verdict
    size, rows = _trained(run, min)
    best = _at_best_rate(rows)
    figure = new_figure(WIDTH, 5.45)
    figure.suptitle(_title(size), fontsize=9.5)
    top, middle, bottom = figure.subfigures(3, 1, height_ratios=(1.2, 0.6, 1.1))
    _sharpness(top, best)
    if "ssa qv" in best:
        _text_map(middle, best["ssa qv"][0])
    exhibits = [one for one in run.exhibits(EXPERIMENT) if _size(one.cell) == size]
    maps, characters = bottom.subfigures(1, 2, width_ratios=(1.7, 1))
    _attention(maps, {arm: _body(exhibits, found[0], "attention") for arm, found in best.items()})
    if "ssa qv" in best:
        _by_character(characters.subplots(), _body(exhibits, best["ssa qv"][0], "by_character"))
    return figure


def _body(exhibits: Sequence[Any], record: Any, name: str) -> Any:
    """The exhibit of a record's cell, or None."""
    found = [one.body for one in exhibits if one.name == name and dict(one.cell) == dict(record.cell)]
    return found[0] if found else None


def _shown(character: str) -> str:
    return {"\n": "¶", " ": "·", "\t": "·"}.get(character, character)


LINE = 32  # most characters in a line of the map


def _text_map(figure: Any, record: Any) -> None:
    """One piece of validation text, each character on its temperature of the first layer: queries, then values."""
    characters = [chr(int(code)) for code in record.values["character"][-1]]
    length = len(characters)
    line = min(LINE, length)
    n_lines = -(-length // line)
    panels = figure.subplots(2, 1)
    for axes, (name, says) in zip(panels, (("tau_q", "queries"), ("tau_v", "values"))):
        tau = np.array(record.values[name][-1])
        grid = np.full(n_lines * line, np.nan)
        grid[:length] = tau
        image = axes.imshow(grid.reshape(n_lines, line), aspect="auto", cmap="cividis")
        middle = (np.nanmin(tau) + np.nanmax(tau)) / 2
        for place, character in enumerate(characters):
            axes.text(
                place % line, place // line, _shown(character), ha="center", va="center", fontsize=8,
                color="white" if tau[place] < middle else "black",
            )  # fmt: skip
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_ylabel(says)
        figure.colorbar(image, ax=axes, pad=0.01)
    panels[0].set_title("inverse temperatures of the first layer on validation text, one trained model")


def _attention(figure: Any, bodies: Mapping[str, Any]) -> None:
    """Weights of the first layer, mean over heads, query by key, on the same piece of text."""
    kept = {arm: body for arm, body in bodies.items() if body}
    if not kept:
        return
    panels = figure.subplots(1, len(kept), squeeze=False)[0]
    for axes, (arm, body) in zip(panels, kept.items()):
        image = axes.imshow(np.sqrt(np.array(body["weights"])), cmap="cividis", vmin=0, vmax=1)
        letters = [_shown(one) for one in body["text"]]
        axes.set_xticks(range(len(letters)), letters, fontsize=5)
        axes.set_yticks(range(len(letters)), letters, fontsize=5)
        axes.tick_params(length=0, pad=1)
        axes.set_title(arm)
        axes.set_xlabel("key")
    panels[0].set_ylabel("query")
    bar = figure.colorbar(image, ax=list(panels), shrink=0.6, pad=0.02, ticks=[0, 0.5, 1])
    bar.ax.set_yticklabels(["0", ".25", "1"])
    bar.set_label("weight")


MOST_CHARACTERS = 11


def _by_character(axes: Axes, body: Any) -> None:
    """How far the temperature of a frequent character lies from the mean at its position."""
    if not body:
        return
    frequent = sorted(
        sorted(body, key=lambda row: (-row[1], row[0]))[:MOST_CHARACTERS], key=lambda row: (row[2], row[0])
    )
    axes.barh(range(len(frequent)), [row[2] for row in frequent], color=COLOURS[0])
    axes.set_yticks(range(len(frequent)), [_shown(row[0]) for row in frequent], fontsize=6)
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.set_xlabel("query temperature over\nits position's mean")
    axes.set_title("by character")
