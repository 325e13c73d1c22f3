"""Pages of the generative paper: drawn from exhibits alone, and a page without them says so."""

from types import SimpleNamespace

import pytest

from reports import generative as pages
from reports import generative_cost
from reports.core.style import drawing, svg_bytes
from theory.core.record import Exhibit, Record, RunFile

TEXT_CELL = {"d": 8, "D": 1, "h": 2, "T": 6, "B": 4, "steps": 8, "rate": 0.01, "test": 16, "variants": "few"}
UNIFORM_CELL = {"source": "uniform(4)", "D": 2, "T": 8, "d": 8, "B": 4, "test": 16, "rate": 0.01}
OVERFIT_CELL = {"B": 8, "n": 50, "steps": 8, "T": 6, "d": 8, "D": 1, "h": 2, "rate": 0.01, "test": 16}
ARMS = ("attention, large batch", "generative, large batch", "generative_running_mean, large batch")
NAMES = ("attention", "generative", "generative_window_mean")
BODIES = {
    "curves": {name: [[0, 4.0, 4.0], [4, 3.0, 3.0], [8, 2.5, 2.4]] for name in NAMES},
    "samples": dict.fromkeys(NAMES, "the $x$ #let\nof *b* \\alpha" + 110 * "é"),
    "counting": {f"counting {order}": 3.0 - order / 3 for order in range(6)},
    "corpus": {"name": "x_$y$", "n_characters": 1000, "n_distinct": 40, "sha256": "ab" * 32, "python": "3.11.7"},
    "rates": {name: [2.6, 2.5, 2.7] for name in NAMES},
    "heads": {"untrained": [[0.001, 0.002]], "trained": [[0.2, 0.4]]},
}


LOSSES = {  # by variant: loss, loss above the plain function, and loss where rates are chosen, at each of three rates
    "attention": ([1.95, 1.90, 1.92], [0.25, 0.2, 0.22], [1.9, 1.85, 1.87]),
    "generative": ([1.75, 1.72, 1.70], [0.05, 0.02, 0.0], [1.7, 1.69, 1.68]),
    "counting 1": ([2.5, 2.5, 2.5], [0.8, 0.8, 0.8], [0.0, 0.0, 0.0]),
}


def lane(cell, seed):
    """A record of the text as the experiment leaves it; each seed's losses are .01 above those of the seed before."""

    def moments(at):
        rows = [[round(one[at][i] + 0.01 * seed, 6) for i in range(3)] for one in LOSSES.values()]
        return {"count": [[[900] * 3] * 3] * 2, "mean": [rows] * 2, "variance": [[[0.09] * 3] * 3] * 2}

    tuning = [[one[2] for one in LOSSES.values()]] * 2
    inner = {"read": ["teacher_forced", "streaming"], "variant": list(LOSSES), "factor": [0.5, 1.0, 2.0]}
    values = {"loss": moments(0), "over_plain": moments(1), "tuning_loss": tuning}
    return Record(pages.TEXT, 1, cell, inner, seed, values)


def verdict(cell):
    return {"clauses": [{"cells": [{"cell": cell}], "control": {"cells": []}}]}


def cost_verdict(*ways, **cell):
    """A verdict on bytes: for each way to write the function 6 bytes a hidden number promised and 7 measured."""
    sizes = {"T": 4, "d": 2, "D": 3, "bytes": 2, **cell}
    judged = [{"cell": {**sizes, "implementation": one}, "bound": 6 * 96, "value": 7 * 96} for one in ways]
    return {"clauses": [{"cells": [one], "control": {"cells": []}} for one in judged]}


COST_VERDICTS = {
    "generative/kept-bytes": cost_verdict("mask"),
    "generative/activation-memory": cost_verdict("stack_index", "maximum"),
}


@pytest.fixture
def run(tmp_path):
    shown = [Exhibit(pages.TEXT, 1, TEXT_CELL, name, body) for name, body in BODIES.items()]
    shown.append(Exhibit(pages.TEXT, 1, {**TEXT_CELL, "steps": 9}, "counting", {}))
    for mixer, losses in (("generative", [1.386] * 8), ("generative_window_mean", [1.386, *[0.1] * 6, 1.386])):
        cell = {**UNIFORM_CELL, "mixer": mixer, "steps": 3}
        shown.append(Exhibit(pages.SYNTHETIC, 1, cell, "by_position", losses))
    arms = {name: [[2, 3.5, 3.0], [8, 3.9, 1.5]] for name in ARMS}
    for name, body in (("curves", arms), ("counting", BODIES["counting"]), ("corpus", BODIES["corpus"])):
        shown.append(Exhibit(pages.OVERFITTING, 1, OVERFIT_CELL, name, body))
    for mixer, activations in (("attention", {}), ("generative", {"gelu": 0.001, "mask": 0.002})):
        cell = {"mixer": mixer, "length": 512, "d": 8, "B": 2}
        bodies = {
            "times": [[128, 0.001], [512, 0.004]],
            "decoding": [[16, 1e-4], [64, 2e-4]],
            "activations": activations,
        }
        shown += [Exhibit(generative_cost.SUBLAYER_TIME, 2, cell, name, body) for name, body in bodies.items()]
    with RunFile.create(tmp_path / "run.sqlite") as made:
        number = made.add_launch({"started": "x"})
        made.add_records([lane(TEXT_CELL, seed) for seed in (1, 0)], launch=number, exhibits=shown)
        yield made


@pytest.mark.parametrize("name", pages.PAGES)
def test_page_is_drawn_and_repeats(name, run):
    cell = {"leaks": UNIFORM_CELL, "overfits": OVERFIT_CELL}.get(name.split("-")[-1], TEXT_CELL)
    with drawing():
        told = COST_VERDICTS.get(name, verdict(cell))
        first, second = (svg_bytes(pages.PAGES[name](told, run)) for _ in range(2))
    assert first == second and first.startswith(b"<?xml")


def test_bytes_at_the_peak_stand_beside_what_the_run_says_is_kept(run):
    told = COST_VERDICTS["generative/activation-memory"]
    with drawing():
        alone = generative_cost.peak_page(told, run).axes[0]
        run.put("verdicts", {"generative/kept-bytes": cost_verdict("stack_index")})
        both = generative_cost.peak_page(told, run).axes[0]
    assert [bar.get_width() for bar in alone.patches] == [0, 0] and [bar.get_width() for bar in both.patches] == [6, 0]
    assert list(both.lines[0].get_xdata()) == [7 * 96, 7 * 96]


def test_only_exhibits_of_the_claims_settings_are_drawn(run):
    found = pages.exhibits(verdict(TEXT_CELL), run, pages.TEXT, "counting")
    assert [body for _, body in found] == [BODIES["counting"]]


@pytest.mark.parametrize("name", [one for one in pages.PAGES if one not in COST_VERDICTS])
def test_page_without_exhibits_says_so(name):
    with pytest.raises(LookupError, match="exhibit"):
        pages.PAGES[name](verdict(TEXT_CELL), SimpleNamespace(exhibits=lambda experiment: []))


def test_every_loss_plot_has_the_line_that_counting_draws(run):
    with drawing():
        figure = pages.text_page(verdict(TEXT_CELL), run)
        plots = [axes for axes in figure.axes if axes.get_xlabel()]
        assert {"training steps", "learning rate"} <= {axes.get_xlabel() for axes in plots}
        for axes in (one for one in plots if "above the plain" not in one.get_xlabel()):
            assert any(set(line.get_ydata()) == {BODIES["counting"]["counting 4"]} for line in axes.lines)


@pytest.mark.parametrize("page", [pages.counting_page, pages.nanogpt_page])
def test_sample_says_where_the_models_own_text_begins(page, run):
    with drawing():
        texts = [one.get_text() for axes in page(verdict(TEXT_CELL), run).axes for one in axes.texts]
    shown = [one for one in texts if one.startswith("the ")]
    assert len(shown) == len(NAMES) and all(one.index(pages.BEGINS) == TEXT_CELL["T"] for one in shown)


def test_overfitting_shows_both_losses_of_every_arm_beside_counting(run):
    with drawing():
        left, right = pages.overfitting_page(verdict(OVERFIT_CELL), run).axes
    curves = [(line.get_linestyle(), list(line.get_ydata())) for line in right.lines]
    assert curves[:2] == curves[2:4] == [("-", [3.5, 3.9]), (":", [3.0, 1.5])]
    for axes, n_arms in ((left, 1), (right, 2)):
        assert len(axes.lines) == 2 * n_arms + 1
        assert set(axes.lines[-1].get_ydata()) == {BODIES["counting"]["counting 4"]}


def test_sample_is_shown_with_its_line_ends():
    assert pages.visible("a\nb") == "a\u21b5b" and len(pages.visible("x" * 500).split("\n")) == 2


def test_each_seed_is_read_at_its_own_best_rate(run):
    found = pages.readings(run, TEXT_CELL)
    assert [(one.loss, one.over_plain, one.at_edge) for one in found["attention"]] == [
        (1.9, 0.2, False),
        (1.91, 0.21, False),
    ]
    assert [(one.loss, one.at_edge) for one in found["generative"]] == [(1.7, True), (1.71, True)]
    assert not any(one.at_edge for one in found["counting 1"])  # counting has no rate


def test_seeds_are_drawn_open_where_the_best_rate_is_an_edge(run):
    with drawing():
        figure = pages.text_page(verdict(TEXT_CELL), run)
        (axes,) = [one for one in figure.axes if "above the plain" in one.get_xlabel()]
        assert [one.get_text() for one in axes.get_yticklabels()] == ["attention", "counts, 1 character"]
        filled = [one.get_markerfacecolor() for one in axes.lines if one.get_marker() == "o"]
    assert len(filled) == 4 and "none" not in filled


NANO_CELL = {"d": 128, "D": 4, "h": 4, "T": 64, "B": 12, "steps": 2000, "corpus": pages.SHAKESPEARE}


def test_readme_of_nanogpt_is_a_yardstick_only_in_its_setting_on_its_text(tmp_path):
    with RunFile.create(tmp_path / "nano.sqlite") as made:
        made.add_records([lane(NANO_CELL, seed) for seed in (0, 1)], launch=made.add_launch({"started": "x"}))
        said = " ".join(pages.anchors(NANO_CELL, pages.SHAKESPEARE, made))
        others = [pages.anchors({**NANO_CELL, "steps": 5000}, pages.SHAKESPEARE, made),
                  pages.anchors(NANO_CELL, "0" * 64, made)]  # fmt: skip
    # a spread of .3 a window: .3 / sqrt(240) for its 20 batches of 12 windows, .3 / sqrt(900) for ours
    assert "1.900, 1.910, each known to 0.010" in said and "Read in nanoGPT's README: 1.88" in said
    assert "240 random windows" in said and "standard error of 0.019" in said and "0.025 above" in said
    assert all("no yardstick" in " ".join(one) for one in others)
