"""Claims about built models without training: how many parameters, and what the future changes."""

from __future__ import annotations

from typing import Any

from theory.core.bound import bound, chosen, constant, derived
from theory.core.claim import Claim, Clause, Control, Grid
from theory.core.evidence import Observable
from theory.core.relation import AtLeast, AtMost, Equals
from theory.generative.cost import parameter_count
from theory.generative.parameters import HEADS, MIXER, MIXERS, WIDTH, D, T, V, secondary

CAUSAL = tuple(one for one in MIXERS if one != "generative_window_mean")
LEAKY = "generative_window_mean"
CPU_SETTING = {"V": 65, "d": 128, "D": 4, "T": 64, "h": 4}
GPU_SETTING = {"V": 65, "d": 384, "D": 6, "T": 256, "h": 6}

# ---------------------------------------------------------------------------- parameters
PARAMETERS = Observable("parameters", low=0, evidence="exact")


@bound(params=(V, WIDTH, D, T, MIXER, HEADS), direction="exact", source=derived("P1"), systems=("float",),
       latex=r"Vd + D(c_{\mathrm{mix}} + 2rd^2 + 2d) + d")  # fmt: skip
def built_parameters(m: Any, *, V: int, d: int, D: int, T: int, mixer: str, h: int) -> float:
    """Parameters of a model without biases, position vectors left out."""
    del m
    return parameter_count(V=V, d=d, D=D, T=T, mixer=mixer, h=h)


@bound(params=(V, WIDTH, D, T, MIXER, HEADS), direction="exact", source=derived("P1 without the d^2 of the output map"),
       systems=("float",), latex=r"Vd + D(c_{\mathrm{mix}} - d^2 + 2rd^2 + 2d) + d")  # fmt: skip
def without_output_map(m: Any, *, V: int, d: int, D: int, T: int, mixer: str, h: int) -> float:
    """Negative control: forgets the output map of every mixing sublayer."""
    del m
    return parameter_count(V=V, d=d, D=D, T=T, mixer=mixer, h=h) - (0 if mixer == "removed" else D * d * d)


def _built(*settings: dict[str, int]) -> Grid:
    total = Grid(seeds=1, **settings[0], mixer=MIXERS)
    for one in settings[1:]:
        total = total + Grid(seeds=1, **one, mixer=MIXERS)
    return total


HALF_DIGIT = 5000  # the sizes are printed in millions with two decimals

BUILT = Claim(
    id="generative/parameters",
    says="Built models have the parameters of the formula; .80 and .60 million are attention and the generative function "
    "with the output map kept.",
    about=("generative/parameters", "generative/model-sizes"),
    experiment="generative/built-models",
    profiles={"smoke": _built(CPU_SETTING), "cpu": _built(CPU_SETTING, GPU_SETTING)},
    clauses=(
        Clause(
            label="formula",
            observable=PARAMETERS,
            bound=built_parameters,
            relation=Equals(),
            control=Control(bound=without_output_map),
        ),
        Clause(
            label=".60 million",
            observable=PARAMETERS,
            bound=constant(600000, secondary("model sizes")),
            relation=Equals(HALF_DIGIT),
            at={**CPU_SETTING, "mixer": "generative"},
            control=Control(at={"output_map": 0}, says="the output map left out as well"),
        ),
        Clause(
            label=".80 million",
            observable=PARAMETERS,
            bound=constant(800000, secondary("model sizes")),
            relation=Equals(HALF_DIGIT),
            at={**CPU_SETTING, "mixer": "attention"},
            control=Control(at={"mixer": "static"}, says="learned static maps"),
        ),
    ),
    limits="It counts our models, built from formulas; the paper's own code was not read.",
)

# ---------------------------------------------------------------------------- causality
GRADIENT = Observable("future_gradient", low=0, evidence="exact")
GAP = Observable("streaming_gap", "nats", low=0, evidence="exact")
SMALL = {"V": 5, "d": 16, "D": 3, "T": 8}
ROUNDING = 1e-5  # how far a streamed loss may lie from the teacher-forced one in any precision we use
VISIBLE = 1e-6  # far above the rounding of float64, 1e-16, and far below the .1 that was measured: chosen


def _positions(T: int) -> tuple[int, ...]:
    return tuple(range(1, T + 1))


def _inside(T: int) -> tuple[int, ...]:
    return tuple(range(2, T))


def _ends(T: int) -> tuple[int, int]:
    return 1, T


def _audited(sizes: dict[str, Any], seeds: int) -> Grid:
    plain = Grid(seeds=seeds, **sizes, mixer=CAUSAL, t=_positions)
    reductions = Grid(seeds=seeds, **sizes, mixer="generative", f=("min", "mean"), t=_positions)
    placements = Grid(seeds=seeds, **sizes, mixer=("removed", "attention"),
                      activation=("generative", "generative_running_mean"), t=_positions)  # fmt: skip
    short = Grid(seeds=seeds, **sizes, mixer="attention", keys=(2, 4), t=_positions)
    return plain + reductions + placements + short


NO_INFLUENCE = constant(0, derived("P12: the future must not change a causal model at all"), name="no influence")

CAUSALITY = Claim(
    id="generative/causality",
    says="Every variant but the whole-window mean has exactly zero gradient from the future, and streamed loss equal to the "
    "teacher-forced one; the whole-window mean reads the future at positions 2 to T - 1 and nowhere else.",
    about=("generative/future-leak",),
    experiment="generative/influence",
    profiles={
        "smoke": _audited(SMALL, 1),
        "cpu": _audited(SMALL, 2),
        "gpu": _audited({**SMALL, "T": 16, "d": 32}, 4),
    },
    clauses=(
        Clause(
            label="causal variants",
            observable=GRADIENT,
            bound=NO_INFLUENCE,
            relation=Equals(),
            control=Control(at={"mixer": LEAKY}, says="the mean of the whole window"),
        ),
        Clause(
            label="window mean, inside",
            observable=GRADIENT,
            bound=constant(VISIBLE, chosen("far above rounding, far below the .1 measured")),
            relation=AtLeast(),
            at={"mixer": LEAKY, "t": _inside},
            control=Control(at={"t": 1}, says="the first position"),
        ),
        Clause(
            label="window mean, first and last",
            observable=GRADIENT,
            bound=NO_INFLUENCE,
            relation=Equals(),
            at={"mixer": LEAKY, "t": _ends},
            control=Control(at={"t": 2}, says="the second position"),
        ),
        Clause(
            label="streamed equals teacher-forced",
            observable=GAP,
            bound=constant(ROUNDING, chosen("rounding in float32, the coarsest precision used")),
            relation=AtMost(),
            control=Control(at={"mixer": LEAKY}, says="the mean of the whole window"),
        ),
    ),
    limits="Random weights, ten times the usual size: at given weights an influence could vanish, a zero of the graph cannot.",
)

CLAIMS = (BUILT, CAUSALITY)
