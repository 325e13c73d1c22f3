"""The three figures of the infinite-precision paper, from made-up verdicts and records, without any computing floor."""

import subprocess
import sys

import pytest

from reports import infinite_precision as pages
from reports.core.style import drawing, svg_bytes
from theory.core.record import Record


def cell(value, bound, outcome="consistent", **coordinates):
    return {"cell": coordinates, "value": value, "bound": bound, "outcome": outcome}


def clause(label, cells, control=()):
    return {"label": label, "cells": cells, "control": {"cells": list(control)}}


SIZES = {"clauses": [
    clause(label, [cell(4 + i, 1 + i * step, n=4**i, run="fractions" if i < 3 else "formula") for i in range(1, 5)])
    for label, step in (("operations, W_O at run time", 0.2), ("operations, W_O folded in", 0.4), ("labellings", 1))
]}  # fmt: skip
CEILINGS = {"clauses": [clause(
    "uniform tables",
    [cell(0.6, 0.8, n=8, H=1, d=1, k=0), cell(0.55, 0.7, n=16, H=1, d=1, k=0), cell(0.52, 0.9, n=64, H=1, d=4, k=8),
     cell(None, 1.0, "vacuous", n=8, H=2, d=4, k=8)],
    [cell(1.0, 0.8, "violated", n=8, H=1, d=1, k=0), cell(None, 0.7, n=16, H=1, d=1, k=0)],
)]}  # fmt: skip


def record(accuracy, status="ok", **coordinates):
    base = {"n": 8, "H": 4, "d": 1, "k": 16, "k2": 16}
    values = {"accuracy": accuracy, "log2_patterns": 3.0} if status == "ok" else {}
    return Record("infinite_precision/index", 1, {**base, **coordinates}, {}, 0, values, status, "", 0.1)


RECORDS = [
    record(1.0), record(1.0, H=6, k=0, k2=0), record(0.99, H=1, k=0, k2=0), record(1.0, n=12),
    record(1.0, H=1, k=0, k2=0, model="two layers"), record(1.0, "diverged", H=1, k=0, k2=0),
]  # fmt: skip


def told(bits, **coordinates):
    cell = {"n": 8, "d": 1, "k": 16, "k2": 16, "room": "8x1x16x16", "steps": 800, **coordinates}
    return Record("infinite_precision/index", 1, cell, {}, 0, {"bits": bits}, "ok", "", 0.1)


BITS = [told(bits, H=heads) for heads, some in ((1, (0.5, 2.5)), (2, (2.0, 3.0, 4.0)), (5, (8.0,))) for bits in some]
BITS += [
    told(9.0, H=2, steps=200), told(9.0, H=2, labels="shuffled"), told(9.0, H=2, k2=0), told(9.0, H=2, n=64),
    told(4.0, H=1, d=5, room="1x5x16x16", steps=500), told(3.0, H=1, d=5, room="1x5x16x16", steps=100),
]  # fmt: skip
TRANSITION = {"clauses": [clause("bits per accumulator, at least", [
    cell(1, 0.8, n=8, H=heads, d=1, steps=800, room="8x1x16x16") for heads in (1, 2, 5)
])]}  # fmt: skip


class Bits:
    """A run file of the transition claim."""

    def records(self, experiment):
        assert experiment == "infinite_precision/index"
        return iter(BITS)


class Run:
    """A run file as far as the figures read it."""

    def records(self, experiment):
        assert experiment == "infinite_precision/index"
        return iter(RECORDS)


RUN = Run()


def test_the_trained_size_is_the_least_one_layer_model_that_answers_everything():
    assert pages._trained_sizes(RUN) == {8: 13, 12: 32}


@pytest.mark.parametrize(
    "name, verdict, run",
    [("sandwich", SIZES, RUN), ("accuracy-ceiling", CEILINGS, RUN), ("transition-at-accumulators", TRANSITION, Bits())],
)
def test_a_figure_is_drawn_with_the_same_bytes_twice(name, verdict, run):
    made = []
    for _ in range(2):
        with drawing():
            made.append(svg_bytes(pages.PAGES[f"infinite_precision/{name}"](verdict, run)))
    assert made[0] == made[1] and b"<svg" in made[0]


def test_what_is_drawn_is_what_was_measured():
    with drawing():
        axes = pages.sandwich(SIZES, RUN).axes[0]
    lines = {line.get_label(): line.get_xydata().tolist() for line in axes.lines}
    assert lines["labelling count"] == [[4.0**i, 1.0 + i] for i in range(1, 5)]
    assert lines["construction, run"] == [[4.0, 5.0], [16.0, 6.0]]
    assert lines["construction, by formula"] == [[64.0, 7.0], [256.0, 8.0]]
    assert lines["trained, smallest of those tried"] == [[8.0, 13.0], [12.0, 32.0]]
    with drawing():
        panels = pages.ceilings(CEILINGS, RUN).axes
    assert [one.get_title() or one.get_title("left") for one in panels[:2]] == ["linear read-out", "first width 8"]
    drawn = [line.get_xydata().tolist() for line in panels[0].lines if len(line.get_xydata())]
    assert drawn == [[[8.0, 0.8], [16.0, 0.7]], [[8.0, 0.6], [16.0, 0.55]], [[8.0, 1.0]]]


def test_only_the_claims_heads_and_the_longest_training_of_features_are_shown():
    found = pages.told_bits(TRANSITION, Bits())
    assert {shape: bits.tolist() for shape, bits in found.items()} == {
        (8, 1, 1): [0.5, 2.5], (8, 1, 5): [4.0], (8, 2, 1): [2.0, 3.0, 4.0], (8, 5, 1): [8.0],
    }  # fmt: skip


def test_the_constant_is_least_squares_through_the_origin_with_an_interval_from_resampled_seeds():
    """Means 1.5 and 3 at 2 and 4 accumulators: c = (2 * 1.5 + 4 * 3)/(4 + 16) = 3/4, by hand."""
    cells = {
        shape: bits for shape, bits in pages.told_bits(TRANSITION, Bits()).items() if shape in ((8, 1, 1), (8, 2, 1))
    }
    c, low, high = pages.accumulator_constant(cells)
    assert c == 0.75 and (c, low, high) == pages.accumulator_constant(cells)
    # all resamples lie between the constants of the least and of the greatest seeds
    assert (2 * 0.5 + 4 * 2) / 20 <= low < c < high <= (2 * 2.5 + 4 * 4) / 20
    import numpy as np

    wide = {
        (64, 4, 1): np.random.default_rng(5).normal(6, 1, 4000)
    }  # the interval of a mean: 6/8 +- 1.96/(8 sqrt(4000))
    _, low, high = pages.accumulator_constant(wide)
    assert high - low == pytest.approx(2 * 1.96 / (8 * 4000**0.5), rel=0.1)
    with drawing():
        axes = pages.accumulators(TRANSITION, Bits()).axes[0]
    assert any("c = 0.750 [" in text.get_text() for text in axes.get_legend().get_texts())


def test_a_run_without_the_clauses_says_so():
    with pytest.raises(KeyError, match="judge the run again"):
        pages.sandwich({"clauses": []}, RUN)


def test_the_pages_load_without_torch():
    code = "import sys; sys.modules['torch'] = None; import reports.infinite_precision"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_chapter_says_what_was_read():
    text = " ".join(pages.LEAD)
    assert pages.TITLE and "2412.20195v1" in text and "2501.19215v3" in text
    assert "only the abstract and the first page" in text
