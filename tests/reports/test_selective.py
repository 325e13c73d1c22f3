"""Figures of the paper on temperature-controlled attention, drawn from small measured records."""

from types import SimpleNamespace

import pytest
import torch

from empirics import selective as experiments
from empirics.engine.lanes import Lane, Lanes
from empirics.engine.measure import to_records
from empirics.selective import denoising, language
from reports.core.style import drawing, new_figure, svg_bytes
from reports.selective import ARMS, PAGES
from reports.selective_text import _at_best_rate, _loss_table, _paired

BY_ID = {one.id: one for one in experiments.EXPERIMENTS}


def measured(name, cells, seeds=2):
    """(records, exhibits) of a few lanes, bucket by bucket."""
    experiment, found, shown = BY_ID[name], [], []
    for cell in cells:
        lanes = [
            Lane(name, {k: v for k, v in cell.items() if experiment.switches.get(k) != v}, s) for s in range(seeds)
        ]
        output = experiment.measure(Lanes(experiment, lanes, torch.device("cpu")))
        records, exhibits = to_records(experiment, lanes, output, 0.0)
        found, shown = found + records, shown + exhibits
    return found, shown


def arms(**more):
    return [{"variant": arm, "learning_rate": rate, "n_steps": 8, **more} for arm in ARMS for rate in (0.1, 0.3)]


CELLS = {
    "selective/collinear-twins": ("selective/twins", arms(rho=0.9, c=1.0) + arms(rho=0.9, c=0.5)),
    "selective/criterion-in-training": (
        "selective/criterion",
        [
            {"family": family, "promise": promise, "variant": arm, "learning_rate": 0.1, "n_steps": 3}
            for family in ("twins", "graph")
            for promise in ("large", "none")
            for arm in ("standard", "free")
        ],
    ),
    "selective/graph-targets": ("selective/graph-training", arms(d=8, readout="pointer")),
    "selective/placements": (
        "selective/graph-training",
        [
            {"d": 4, "readout": "pointer", "variant": one, "learning_rate": rate, "n_steps": 8}
            for one in ("standard", "free", "query and value")
            for rate in (0.1, 0.3)
        ],
    ),
    "selective/floors-by-kind": (
        "selective/expressivity",
        [
            {"d": width, "variant": one, "n_steps": 3}
            for width in (2, 3)
            for one in ("standard", "free", "signed and biased")
        ],
    ),
    "selective/map-not-identified": (
        "selective/graph-training",
        [
            {"d": 8, "readout": one, "variant": "standard", "learning_rate": 0.1, "n_steps": 8}
            for one in ("pointer", "free", "tied")
        ],
    ),
    "selective/value-denoising": (
        "selective/denoising",
        [
            {"L": 8, "sigma": 0.25, "estimator": one, "learning_rate": 0.1, "n_steps": 3}
            for one in (*denoising.RULES, *denoising.HEADS)
        ],
    ),
    **{
        claim: (
            "selective/language-model",
            [
                {"n_layers": 1, "d": 8, "L": 8, "n_steps": 3, "variant": one, "learning_rate": 0.01}
                for one in ("standard", "ssa qv")
            ],
        )
        for claim in ("selective/language-model", "selective/text-temperatures")
    },
}


@pytest.mark.parametrize("claim", PAGES)
def test_the_figure_is_drawn_from_records_and_twice_the_same(claim, monkeypatch):
    monkeypatch.setattr(denoising, "N_TRAIN", 64)
    monkeypatch.setattr(language, "N_VALIDATION", 8)
    experiment, cells = CELLS[claim]
    rows, shown = measured(experiment, cells)
    asked = []

    def records(name):
        asked.append(name)
        return iter(rows)

    with drawing():
        first, second = (PAGES[claim]({}, SimpleNamespace(records=records, exhibits=lambda _: shown)) for _ in range(2))
        assert svg_bytes(first) == svg_bytes(second)
        texts = [text.get_text() for axes in first.axes for text in (axes.xaxis.label, axes.yaxis.label)]
        assert any(texts) and set(asked) == {experiment}
        assert any(axes.lines or axes.collections for axes in first.axes)


def test_every_special_figure_belongs_to_a_claim():
    from theory.selective import CLAIMS

    assert set(PAGES) <= {one.id for one in CLAIMS} and set(CELLS) == set(PAGES)


def test_paired_differences_carry_their_student_interval():
    first, second = {0: 1.0, 1: 2.0, 2: 4.0, 9: 5.0}, {0: 0.5, 1: 1.0, 2: 2.0, 7: 3.0}
    # differences .5, 1, 2: mean 7/6, standard deviation .7638, t(.975, 2) = 4.3027
    assert _paired(first, second) == "+1.1667 (\N{MINUS SIGN}0.7306 to +3.0640)"
    assert _paired(first, {}) == "too few models"


def arm(variant, seed, loss, rate=0.001, added=0.0):
    """A trained model, whose loss in training is a tenth lower."""
    values = {"validation_loss": loss, "train_loss": loss - 0.1, "added_parameters": added}
    return SimpleNamespace(seed=seed, cell={"variant": variant, "learning_rate": rate}, values=values)


def test_each_seed_counts_at_its_best_rate_and_arms_that_lack_a_rate_do_not():
    rows = [
        arm("standard", seed, loss, rate)
        for seed, rate, loss in ((0, 0.001, 2), (0, 0.003, 1), (1, 0.001, 3), (1, 0.003, 4))
    ]
    rows += [arm("const", 0, 2.0, 0.001), arm("const", 0, 3.0, 0.003), arm("pos", 0, 0.5, 0.001)]
    best = _at_best_rate(rows)
    assert {name: [one.values["validation_loss"] for one in found] for name, found in best.items()} == {
        "standard": [1, 3],
        "const": [2.0],
    }


def test_the_table_of_arms_shows_losses_differences_and_added_parameters():
    best = {
        "standard": [arm("standard", 0, 2.0), arm("standard", 1, 2.2)],
        "ssa qv": [arm("ssa qv", 0, 1.9, added=1234.0), arm("ssa qv", 1, 2.0, rate=0.003, added=1234.0)],
    }
    with drawing():
        axes = new_figure(6, 2).subplots()
        _loss_table(axes, best)
        texts = [one.get_text() for one in axes.texts]
    assert "0.001" in texts and "0.001, 0.003" in texts
    assert "1,234" in texts and "2.1000" in texts and "1.9500" in texts
    assert any(one.startswith("\N{MINUS SIGN}0.1500 (") for one in texts) and "too few models" in texts
