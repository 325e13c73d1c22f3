"""The size of the one step, the three read-outs after it, and what changes when the step is not the theorem's."""

from __future__ import annotations

from theory.boolean.grids import sharp_gap, theorem_gap
from theory.core.bound import Bound, chosen, constant, derived
from theory.core.claim import Claim, Clause, Control, Grid
from theory.core.evidence import Observable
from theory.core.fold import Crossing
from theory.core.relation import AtLeast, AtMost, Exceeds

ERROR = Observable("error", low=0, high=1, evidence="estimate", noise="median", resolution=1e-6)


def _step_grid(sizes: tuple[int, ...], seeds: int) -> Grid:
    return Grid(seeds=seeds, d=sizes, k=lambda d: d // 2, n=lambda d: 125 * d, G=theorem_gap)


STEP_SIZE_VACUOUS = Claim(
    id="boolean/step-size-vacuous",
    says="The theorem's step leaves the error at .49 or more of at most .5 at these d, while a step of 8 d (ln d + 3) on the "
    "same data brings it below .45.",
    about=("boolean/schedule-at-reachable-d",),
    experiment="boolean/one-step",
    profiles={
        "smoke": _step_grid((32,), 24),
        "cpu": _step_grid((32, 64, 128), 40),
        "gpu": _step_grid((32, 64, 256, 1024, 4096), 100),
    },
    clauses=(
        Clause(
            label="theorem's step",
            observable=ERROR,
            bound=constant(0.49, derived("P9-function: theorem_schedule gives at least .49 at these d")),
            relation=AtLeast(),
            control=Control(at={"G": sharp_gap}, says="the step 8 d (ln d + 3)"),
        ),
        Clause(
            label="sharper step",
            observable=ERROR,
            bound=constant(0.45, chosen("between the theorem step's .49 and the .2 to .3 measured at these n")),
            relation=AtMost(),
            at={"G": sharp_gap},
            control=Control(at={"G": theorem_gap}, says="the theorem's step"),
        ),
    ),
    limits="It does not refute the theorem, which is asymptotic: with constant 1 its error falls only beyond d = 10^20.",
)

INTEGERS = Observable("integers_exact", low=0, high=1, evidence="estimate", noise="bernoulli")
READOUT = Observable("readout_success", low=0, high=1, evidence="estimate", noise="bernoulli")


HALF = Crossing("n", 0.5)


def _later(first: str, second: str) -> Exceeds:
    """Read-out `first` succeeds half the time only at more samples than read-out `second`."""
    return Exceeds({"readout": first}, {"readout": second}, crossing=HALF)


def _readout_grid(seeds: int, gaps: tuple[float, ...], ns: tuple[int, ...]) -> Grid:
    return Grid(seeds=seeds, d=64, k=32, n=ns, G=gaps)


_COARSE = (50, 100, 140, 170, 200, 230, 260, 330, 420, 600, 900, 1500, 2400, 3400)
_FINE = (50, 70, 100, 140, 180, 220, 260, 300, 360, 420, 480, 560, 660, 900, 1200, 1500, 1800, 2100, 2400, 2800, 3400)

THREE_READOUTS = Claim(
    id="boolean/three-readouts",
    says="The three read-outs need different numbers of samples: ranking fewer than a linear threshold, and that fewer than rounding.",
    about=("boolean/read-outs",),
    against=("boolean/theorem-4.1-readout",),
    experiment="boolean/one-step",
    profiles={
        "smoke": _readout_grid(150, (9.0,), _COARSE),
        "cpu": _readout_grid(200, (8.0, 9.0), _FINE),
        "gpu": _readout_grid(1000, (8.0, 9.0), _FINE),
    },
    clauses=(
        Clause(
            label="rank before linear",
            observable=READOUT,
            relation=_later("linear", "rank"),
            control=Control(relation=_later("rank", "linear"), says="the opposite order"),
        ),
        Clause(
            label="linear before rounding",
            observable=READOUT,
            relation=_later("rounding", "linear"),
            control=Control(at={"G": 5.0}, says="a small step, after which no linear threshold is exact"),
        ),
    ),
    limits="The order holds for large steps (G >= ln(kd/2) + 1); after small ones rounding comes first, as the control shows.",
)

# ---------------------------------------------------------------------------- what else could be changed about the step


def _ablation_grid(seeds: int) -> Grid:
    return Grid(seeds=seeds, d=64, k=32, n=400, G=8.0)


def _rarely(why: str) -> Bound:
    return constant(0.2, chosen(why), name="rare success")


ABLATIONS = Claim(
    id="boolean/step-ablations",
    says="On the same data 200 small steps of the same total size leave a small error where one large step does not; a large "
    "random start or gradient entries wrong by the tolerance undo the ranking, and rounding the weights to integers asks for more "
    "than 16000 samples.",
    about=("boolean/step-hypotheses",),
    experiment="boolean/one-step",
    profiles={"smoke": _ablation_grid(60), "cpu": _ablation_grid(60), "gpu": _ablation_grid(1000)},
    clauses=(
        Clause(
            label="small steps",
            observable=ERROR,
            bound=constant(0.25, chosen("between the .15 of many steps and the .6 of one step, both measured")),
            relation=AtMost(),
            at={"steps": 200},
            control=Control(at={"steps": 1}, says="the same total step taken at once"),
        ),
        Clause(
            label="random start",
            observable=READOUT,
            bound=_rarely("the step adds 8 to the logits of a pair, which a start of standard deviation 8 hides"),
            relation=AtMost(),
            at={"readout": "rank", "start": 8.0},
            control=Control(at={"start": 0.0}, says="the start at zero"),
        ),
        Clause(
            label="gradient error",
            observable=READOUT,
            bound=_rarely("at the tolerance the gap is 0 in population, and sampling decides"),
            relation=AtMost(),
            at={"readout": "rank", "n": 3200, "oracle": 1.0},
            control=Control(at={"oracle": 0.1}, says="entries wrong by a tenth of the tolerance"),
        ),
        Clause(
            label="integer weights",
            observable=INTEGERS,
            bound=_rarely(
                "the irrelevant logits lie at -2 G/d = -.22, which takes up half of the margin before rounding fails"
            ),
            relation=AtMost(),
            at={"n": 16000, "G": 7.0},
            control=Control(at={"n": 40000}, says="40000 samples, enough for the rounding"),
        ),
    ),
    limits="One setting (d = 64, k = 32). The sizes of start, error and step were chosen to lie well beyond what is harmless.",
)
