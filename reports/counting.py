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
    axes.xaxis.set_major_locator(FixedLocator([1e-2, 1, 1e2]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))


def _legend(figure: Figure, axes: Axes) -> None:
    """The two stages, and what lines mean, named once below all panels."""
    found = dict(zip(*reversed(axes.get_legend_handles_labels())))
    figure.legend(found.values(), found.keys(), loc="outside lower center", ncols=3, fontsize=8)


def _base(nets: Sequence[Any], setting: Body, free: Sequence[str] = ()) -> dict[str, Any]:
    """Coordinates that a run file keeps for a setting: it leaves out switches at their default."""
    same = (one.cell for one in nets if all(setting.get(n) == v for n, v in one.cell.items() if n not in free))
    return {name: value for name, value in next(same).items() if name not in free}


def _apart(cell: Body, base: Body) -> dict[str, Any]:
    """In what a setting differs from another one; None where it has the default."""
    return {name: cell.get(name) for name in (*cell, *base) if cell.get(name) != base.get(name)}


def _sizes(verdict: Body) -> set[int]:
    return {one["cell"]["N"] for clause in verdict["clauses"] for one in clause["cells"]}


def _is_asked(verdict: Body, cell: Body) -> bool:
    """Whether a setting has a size and a number of heads that the claim itself asks about; controls may have others."""
    asked = [one["cell"] for clause in verdict["clauses"] for one in clause["cells"]]
    return any((cell["N"], cell["H"]) == (one["N"], one["H"]) for one in asked)


def three_meanings(verdict: Body, run: RunFile) -> Figure:
    """The three meanings of separation accuracy, ROC AUC turned head by head and raw, language accuracy, at both stages.

    Dotted: the accuracy of a constant answer.
    """
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
    labels = [*(label for _, label in names), "ROC AUC, turned upward", "ROC AUC, raw", "language accuracy"]
    priors = {
        one["bound"]
        for clause in verdict["clauses"]
        if clause["label"] == "labels apart"
        for one in clause["cells"][:1]
    }
    figure = new_figure(WIDTH, 1.45 * len(losses) + 0.4)
    grid = figure.subplots(len(losses), len(widths), squeeze=False, sharex=True, sharey=True)
    for line, loss in zip(grid, losses):
        for axes, width in zip(line, widths):
            some = [one for one in nets if one.cell["loss"] == loss and one.cell["d_h"] == width]
            series = []
            for stage, colour, marker in (("init", GREY, "o"), ("trained", COLOURS[0], "s")):
                groups = [_picked(some, "accuracy", stage, name) for name, _ in names]
                groups += [_picked(some, name, stage, "direction") for name in ("r_auc", "auc", "l_acc")]
                series.append((stage, groups, colour, marker))
            _rows_of(axes, labels, *series)
            for prior in priors:
                axes.axvline(prior, color=INK, linewidth=0.7, linestyle=":", label="a constant answer")
            axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
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
    every = [one for one in run.records("counting/training") if one.status == "ok"]
    base = _base(every, verdict["clauses"][0]["cells"][0]["cell"], ("loss",))
    heads = base["H"]
    groups: dict[str, list[Any]] = {}
    for one in every:
        apart = _apart(one.cell, base)
        loss = str(apart.pop("loss", ""))
        if not apart:
            groups.setdefault(loss, []).append(one)
        elif set(apart) == {"answer_weight"} and loss != "answer":
            groups.setdefault(f"{loss}, answer × {number(apart['answer_weight'], 3)}", []).append(one)
        elif apart == {"labels": "independent in training"}:
            groups.setdefault(f"{loss}, labels apart", []).append(one)
        elif one.cell.get("positions") == "learned" and one.cell["H"] == heads:
            groups.setdefault(f"{loss}, positions, N = {one.cell['N']}", []).append(one)
    losses = sorted(
        groups,
        key=lambda name: ("positions" in name, ("answer", "full", "full+closing").index(name.split(",")[0]), name),
    )
    shown = (
        ("mean_s_acc", "mean accuracy of heads"),
        ("uniform_s_acc", "accuracy of their plain average"),
        ("n_good", "heads with accuracy ≥ .95"),
        ("n_parked", "heads with wS > 100"),
        ("cooperation", "sum beyond the best head"),
        ("mean_auc", "mean ROC AUC of heads"),
    )
    figure = new_figure(WIDTH, 1.0 + 0.27 * len(losses))
    grid = figure.subplots(2, 3, sharey=True).ravel()
    for axes, (name, title) in zip(grid, shown):
        series = []
        for stage, colour, marker in (("init", GREY, "o"), ("trained", COLOURS[0], "s")):
            groups_of = [[_stage(net, name, stage) for net in groups[label]] for label in losses]
            series.append((stage, groups_of, colour, marker))
        _rows_of(axes, losses, *series)
        axes.set_title(title, fontsize=8.5)
    _legend(figure, grid[0])
    return figure


def open_choices(verdict: Body, run: RunFile) -> Figure:
    """What the choices do that the paper leaves open: one head trained on the answer, then with words in the loss.

    Positions are tried at a length at which every string can be listed, beside the same length without; there the first
    length failed is N + 1 at most.
    """
    every = [one for one in run.records("counting/training") if one.status == "ok"]
    base = _base(every, verdict["clauses"][0]["cells"][0]["cell"])
    listed = {one.cell["N"] for one in every if one.cell.get("positions") == "learned" and one.cell["H"] == 1}
    groups: dict[str, list[Any]] = {}
    for one in every:
        apart = _apart(one.cell, base)
        if _is_choice(apart, listed):
            groups.setdefault(_choice(apart), []).append(one)
    labels = sorted(groups, key=lambda name: (name != "default", name.startswith("H "), "loss " in name, name))
    figure = new_figure(WIDTH, 1.0 + 0.2 * len(labels))
    panels = figure.subplots(1, 5, sharey=True)
    for axes, (name, title) in zip(
        panels,
        (
            ("l_acc", "language\naccuracy"),
            ("mean_s_acc", "accuracy\nof heads"),
            ("w01", "w01,\nbest head"),
            ("w02", "w02,\nbest head"),
            ("first_failing", "first length\nfailed"),
        ),
    ):
        series = []
        for stage, colour, marker in (("init", GREY, "o"), ("trained", COLOURS[0], "s")):
            values = [[_stage(net, name, stage) for net in groups[label]] for label in labels]
            if name in ("w01", "w02"):
                values = [[min(max(one, 1e-3), 1e3) for one in row] for row in values]
                _decades(axes)
            series.append((stage, values, colour, marker))
        _rows_of(axes, labels, *series)
        axes.set_title(title, fontsize=8)
        axes.tick_params(axis="y", labelsize=7)
    panels[2].axvline(1, color=INK, linewidth=0.7)
    _legend(figure, panels[0])
    return figure


def _is_choice(apart: Body, listed: set[int]) -> bool:
    """Whether a setting differs from the default by one choice: a switch, the length for positions, or the loss."""
    names = set(apart)
    if "N" in names:
        return names <= {"N", "positions"} and apart["N"] in listed
    if "loss" in names:
        return names <= {"loss", "answer_weight", "word_weight"} or names == {"loss", "H"}
    if "optimiser" in names:
        return names <= {"optimiser", "learning_rate"}
    return len(names) <= 1 and not names & {"H", "labels"}


def _choice(apart: Body) -> str:
    words = (f"{n} {'default' if v is None else value_text(v)}" for n, v in sorted(apart.items()))
    return ", ".join(words) or "default"


def solved_by_heads(verdict: Body, run: RunFile) -> Figure:
    """How many nets answer every string, by number of heads and loss; other choices at their default."""
    setting = verdict["clauses"][0]["cells"][0]["cell"]
    every = [one for one in run.records("counting/training") if one.status == "ok"]
    base = _base(every, setting)
    found: dict[tuple[int, str], dict[int, list[float]]] = {}
    for one in every:
        if set(_apart(one.cell, base)) <= {"N", "H", "loss"}:
            row = found.setdefault((one.cell["N"], one.cell["loss"]), {})
            row.setdefault(one.cell["H"], []).append(_stage(one, "solved", "trained"))
    rows = [(where, by_heads) for where, by_heads in sorted(found.items()) if len(by_heads) > 1]
    heads = sorted({n for _, by_heads in rows for n in by_heads})
    figure = new_figure(WIDTH, 0.75 + 0.22 * len(rows))
    axes = figure.subplots()
    nothing = float("nan")
    shares = [[sum(by[n]) / len(by[n]) if n in by else nothing for n in heads] for _, by in rows]
    axes.imshow(shares or [[nothing]], cmap="Blues", vmin=0, vmax=1.6, aspect="auto")  # pale: the numbers stand on it
    for i, (_, by_heads) in enumerate(rows):
        for j, n in enumerate(heads):
            if n in by_heads:
                text = f"{sum(by_heads[n]):.0f} of {len(by_heads[n])}"
                axes.text(j, i, text, ha="center", va="center", fontsize=8, color=INK)
    axes.set_xticks(range(len(heads)), [str(n) for n in heads])
    axes.set_yticks(range(len(rows)), [f"N = {n}, loss {loss}" for (n, loss), _ in rows])
    axes.set_xlabel("number of heads")
    axes.set_title("Nets that answer every string, after training", fontsize=8.5)
    return figure


def margins_by_reader(verdict: Body, run: RunFile) -> Figure:
    """Best margins of each way to put heads together, by width of the heads; 0 means that no read-out obeys the grammar."""
    nets = [one for one in run.records("counting/aggregation") if one.status == "ok" and _is_asked(verdict, one.cell)]
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


WORDS_OF = ("B", "0", "1", "2", "E")
MOST_ROWS = 7


def certificates(verdict: Body, run: RunFile) -> Figure:
    """Why a reader can do no better: for the first net of each width, the inequalities of the dual and their weights.

    Each line is one demand of the grammar, that an allowed word stands above a forbidden one at a state, times a weight;
    added up, the read-out's entries cancel but for what `at most` says, so no read-out has a larger margin.
    """
    every = (one for one in run.exhibits("counting/aggregation") if one.name == "certificate")
    shown = sorted(
        (one for one in every if _is_asked(verdict, one.cell)),
        key=lambda one: (one.cell["d_h"], one.key),
    )
    first = {one.cell["d_h"]: one for one in reversed(shown)}
    lines = [_certificate_lines(reader, first[min(first)].body[reader]) for reader in first[min(first)].body]
    figure = new_figure(WIDTH, 0.3 + 0.125 * (2 + sum(len(one) for one in lines)))
    axes = figure.subplots()
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(2 + sum(len(one) for one in lines), 0)
    axes.set_title(f"One net with d_h = {min(first)}: what bounds the margin of each reader", fontsize=8.5)
    place = 0.8
    for some in lines:
        for k, text in enumerate(some):
            axes.text(
                0.0 if k == 0 else 0.03, place, text, fontsize=7.5, va="center", color=COLOURS[0] if k == 0 else INK
            )
            place += 1
    return figure


def _certificate_lines(reader: str, body: Body) -> list[str]:
    """A heading and one line an inequality, the heaviest first."""
    margin = max(0.0, float(body["margin"]))
    verdict = f"margin {number(margin, 3)}" if margin > 1e-9 else "infeasible"
    rows = sorted(body["rows"], key=lambda row: -row[3])
    found = [f"{reader}: {verdict}; the weights below prove at most {number(float(body['at_most']), 2)}"]
    for kind, allowed, forbidden, weight, seen in rows[:MOST_ROWS]:
        state = {"word": "a word state", "closing": "a closing state"}.get(kind, f"an answer state of {kind[-1]}")
        outputs = ", ".join(number(float(x), 3) for x in seen)
        found.append(
            f"{number(float(weight), 3)} × [ {WORDS_OF[allowed]} above {WORDS_OF[forbidden]} at {state}, "
            f"where the reader sees {outputs} ]"
        )
    if len(rows) > MOST_ROWS:
        found.append(f"and {len(rows) - MOST_ROWS} more")
    return found


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
    "are compared with the formula.",
    "Everything that the paper leaves open is a choice of ours, named with every claim. The defaults: strings with as many 0s "
    "as 1s have the answer 0 (tie = neg); lengths are uniform on 1 to N (length_law = uniform), the share of 2s is p2 = 0.3333 "
    "and 0s and 1s are equally likely; bias = no, residual = no, positions = none, norm = none; d_model = 16, query and key start at "
    "qk_init = 0.1 and values at ov_init = 1 times the usual size; all states weigh as often as they occur (word_weight = 1, "
    "answer_weight = 1); optimiser = adam on the sum over all states, learning_rate = 0.01, steps = 500. Which positions are asked for "
    "has no default: each claim names the loss, “answer” (the answer alone), “full” (words and answer) or “full+closing” "
    "(also the token that closes the sentence, which no other loss has). counting/one-head-suffices changes these choices "
    "one by one.",
)
PAGES: dict[str, Callable[..., Figure] | tuple[Callable[..., Figure], ...]] = {
    "counting/intervention-surface": intervention_maps,
    "counting/value-free-surface": value_free_scatter,
    "counting/cross-and-strip": cross_and_strip_maps,
    "counting/init-baseline": three_meanings,
    "counting/syntax-pressure": heads_by_loss,
    "counting/one-head-suffices": (open_choices, solved_by_heads),
    "counting/uniform-aggregation": (margins_by_reader, certificates),
    "counting/attention-over-values": shares_of_variance,
}
