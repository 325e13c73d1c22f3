"""Pages of the generative paper: drawn from exhibits alone, and a page without them says so."""

from types import SimpleNamespace

import pytest

from reports import generative as pages
from reports.core.style import drawing, svg_bytes
from theory.core.record import Exhibit, RunFile

TEXT_CELL = {"d": 8, "D": 1, "h": 2, "T": 6, "B": 4, "steps": 8, "rate": 0.01, "test": 16, "variants": "few"}
UNIFORM_CELL = {"source": "uniform(4)", "D": 2, "T": 8, "d": 8, "B": 4, "test": 16, "rate": 0.01}
NAMES = ("attention", "generative", "generative_window_mean")
BODIES = {
    "curves": {name: [[0, 4.0, 4.0], [4, 3.0, 3.0], [8, 2.5, 2.4]] for name in NAMES},
    "samples": dict.fromkeys(NAMES, "the $x$ #let\nof *b* \\alpha" + 110 * "é"),
    "counting": {f"counting {order}": 3.0 - order / 3 for order in range(6)},
    "corpus": {"name": "x_$y$", "n_characters": 1000, "n_distinct": 40, "sha256": "ab" * 32, "python": "3.11.7"},
    "rates": {name: [2.6, 2.5, 2.7] for name in NAMES},
    "heads": {"untrained": [[0.001, 0.002]], "trained": [[0.2, 0.4]]},
}


def verdict(cell):
    return {"clauses": [{"cells": [{"cell": cell}], "control": {"cells": []}}]}


@pytest.fixture
def run(tmp_path):
    shown = [Exhibit(pages.TEXT, 1, TEXT_CELL, name, body) for name, body in BODIES.items()]
    shown.append(Exhibit(pages.TEXT, 1, {**TEXT_CELL, "steps": 9}, "counting", {}))
    for mixer, losses in (("generative", [1.386] * 8), ("generative_window_mean", [1.386, *[0.1] * 6, 1.386])):
        cell = {**UNIFORM_CELL, "mixer": mixer, "steps": 3}
        shown.append(Exhibit(pages.SYNTHETIC, 1, cell, "by_position", losses))
    with RunFile.create(tmp_path / "run.sqlite") as made:
        number = made.add_launch({"started": "x"})
        made.add_records((), launch=number, exhibits=shown)
        yield made


@pytest.mark.parametrize("name", pages.PAGES)
def test_page_is_drawn_and_repeats(name, run):
    cell = UNIFORM_CELL if "leaks" in name else TEXT_CELL
    with drawing():
        first, second = (svg_bytes(pages.PAGES[name](verdict(cell), run)) for _ in range(2))
    assert first == second and first.startswith(b"<?xml")


def test_only_exhibits_of_the_claims_settings_are_drawn(run):
    found = pages.exhibits(verdict(TEXT_CELL), run, pages.TEXT, "counting")
    assert [body for _, body in found] == [BODIES["counting"]]


@pytest.mark.parametrize("name", pages.PAGES)
def test_page_without_exhibits_says_so(name):
    with pytest.raises(LookupError, match="exhibit"):
        pages.PAGES[name](verdict(TEXT_CELL), SimpleNamespace(exhibits=lambda experiment: []))


def test_every_loss_plot_has_the_line_that_counting_draws(run):
    with drawing():
        figure = pages.text_page(verdict(TEXT_CELL), run)
        plots = [axes for axes in figure.axes if axes.get_xlabel()]
        assert [axes.get_xlabel() for axes in plots] == ["training steps", "learning rate"]
        for axes in plots:
            assert any(set(line.get_ydata()) == {BODIES["counting"]["counting 4"]} for line in axes.lines)


def test_sample_says_where_the_models_own_text_begins(run):
    with drawing():
        texts = [one.get_text() for axes in pages.text_page(verdict(TEXT_CELL), run).axes for one in axes.texts]
    shown = [one for one in texts if one.startswith("the ")]
    assert len(shown) == len(NAMES) and all(one.index(pages.BEGINS) == TEXT_CELL["T"] for one in shown)


def test_sample_is_shown_with_its_line_ends():
    assert pages.visible("a\nb") == "a\u21b5b" and len(pages.visible("x" * 500).split("\n")) == 2
