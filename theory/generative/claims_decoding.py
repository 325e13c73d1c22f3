"""The claim about decoding: what each mixer keeps after t tokens, and that nothing more is needed."""

from __future__ import annotations

from typing import Any

from theory.core.bound import bound, chosen, constant, derived
from theory.core.claim import Claim, Clause, Control, Grid
from theory.core.domain import Choice, Parameter
from theory.core.evidence import Observable
from theory.core.relation import AtMost, Equals
from theory.generative.cost import kv_cache_bytes, recurrent_state_bytes
from theory.generative.parameters import MIXER, STEPS, WIDTH, D

STATE = Observable("state_bytes", "bytes a sequence", low=0, evidence="exact")
GAP = Observable("decoding_gap", "logits", low=0, evidence="exact")
ACTIVATION = Parameter(
    "activation", Choice(("gelu", "generative", "generative_running_mean")), "what stands in the MLP"
)
FULL = 8  # bytes of a number here: models run in float64
PLACEMENT = {"mixer": "removed", "activation": ("generative", "generative_running_mean")}


@bound(params=(WIDTH, D, STEPS), direction="exact", source=derived("P4"), systems=("float",), latex=r"2\,t\,D\,d\,b")
def cache(m: Any, *, d: int, D: int, t: int) -> float:
    """Bytes a sequence of keys and values after t tokens."""
    del m
    return kv_cache_bytes(B=1, t=t, d=d, D=D, bytes=FULL)


@bound(params=(WIDTH, D, MIXER, ACTIVATION), direction="exact", source=derived("P4"), systems=("float",),
       latex=r"D\,m\,b,\ \mathrm{with\ a\ mean}\ D\,m\,(b + b_{\mathrm{acc}})")  # fmt: skip
def last_rows(m: Any, *, d: int, D: int, mixer: str, activation: str) -> float:
    """Bytes a sequence of the last row of every layer, m = d or as activation 4 d wide, and of the sums of a running mean."""
    del m
    average = "generative_running_mean" in (mixer, activation)
    factor = 1 if activation == "gelu" else 4
    return recurrent_state_bytes(B=1, d=d, D=D, bytes=FULL, average=average, acc_bytes=FULL, width_factor=factor)


def _all(T: int) -> tuple[int, ...]:
    return tuple(range(1, T + 1))


def _decoded(seeds: int, **sizes: int) -> Grid:
    return Grid(seeds=seeds, **sizes, mixer=("generative", "generative_running_mean"), t=_all)


def _later(T: int) -> tuple[int, ...]:
    return _all(T)[1:]  # after one token nothing has been kept from before


DECODING = Claim(
    id="generative/decoding-state",
    says="Decoded token by token, attention keeps 2 t D d numbers after t tokens; the function keeps the last row of every layer, "
    "and with a running mean the sum as well, however many tokens were read; from these alone all outputs follow.",
    about=("generative/decoding-state",),
    experiment="generative/decoding",
    profiles={
        "smoke": _decoded(1, V=5, d=8, D=2, T=6, h=2),
        "cpu": _decoded(2, V=5, d=16, D=3, T=16, h=2),
        "gpu": _decoded(2, V=65, d=128, D=4, T=64, h=4),
    },
    clauses=(
        Clause(
            label="attention",
            observable=STATE,
            bound=cache,
            relation=Equals(),
            at={"mixer": "attention"},
            control=Control(at={"mixer": "generative", "t": _later}, says="the generative function"),
        ),
        Clause(
            label="the function in attention's place",
            observable=STATE,
            bound=last_rows,
            relation=Equals(),
            at={"activation": "gelu"},
            control=Control(at={"mixer": "attention", "t": _later}, says="attention"),
        ),
        Clause(
            label="the function as activation",
            observable=STATE,
            bound=last_rows,
            relation=Equals(),
            at=PLACEMENT,
            control=Control(at={"mixer": "attention", "activation": "generative"}, says="attention kept beside it"),
        ),
        Clause(
            label="outputs of the whole pass",
            observable=GAP,
            bound=constant(1e-9, chosen("far above rounding in float64, far below the influence of a state")),
            relation=AtMost(),
            control=Control(at={"forget": 1, "t": _later}, says="the state thrown away before every token"),
        ),
        Clause(
            label="outputs of the whole pass, as activation",
            observable=GAP,
            bound=constant(1e-9, chosen("far above rounding in float64, far below the influence of a state")),
            relation=AtMost(),
            at=PLACEMENT,
            control=Control(at={"forget": 1, "t": _later}, says="the state thrown away before every token"),
        ),
    ),
    limits="Bytes of the tensors kept, without the counter of the mean; time a symbol is drawn on the page of "
    "generative/linear-time and not judged.",
)

CLAIMS = (DECODING,)
