"""Which cells the claims look at: grids of the three profiles.

Letters: n table entries, H heads, d value features of a head, k and k2 hidden widths (0: none), room the padded sizes
"heads x features x width x width" of the tensor program that a cell shares, steps the training steps, batch tables a
step.  Training steps and batches are chosen so that the profile keeps its time; the trained accuracies are still
rising there, so nothing about them is a limit.

Settings that a clause fixes for itself are smaller in the smoke profile, too: they read off a coordinate of the grid
(its steps, its batch) which profile it is.
"""

from __future__ import annotations

from theory.core.claim import Grid

SEEDS = 19  # fewest whose order statistics bound a median at the level of a claim with up to 64 judged cells
MORE_SEEDS = 32  # where a median is close, or steps are few: one seed in eight may then stray
SMOKE_SEEDS = 26


# ---------------------------------------------------------------------------- accuracy ceiling
def _narrow(sizes: tuple[int, ...], d: tuple[int, ...], k: int, *, steps: int, batch: int, heads: int = 1) -> Grid:
    room = f"{heads}x4" if k == 0 else f"{heads}x8x{max(k, 8)}"
    return Grid(seeds=4, n=sizes, H=heads, d=d, k=k, k2=0, room=room, steps=steps, batch=batch)


CEILING = {
    "smoke": _narrow((10,), (1,), 0, steps=120, batch=32),
    "cpu": (
        _narrow((8, 12, 16), (1, 4), 0, steps=400, batch=32)
        + _narrow((16, 32), (1, 2), 1, steps=400, batch=16)
        + _narrow((32, 64), (1,), 0, steps=300, batch=8, heads=2)
        + _narrow((64,), (1, 2, 4), 4, steps=300, batch=8)
        + _narrow((128,), (1, 4), 8, steps=200, batch=8)
    ),
    "gpu": (
        _narrow((8, 12, 16, 32), (1, 4), 0, steps=4000, batch=32)
        + _narrow((64, 256, 1024), (1, 2, 4, 8), 1, steps=2000, batch=16)
        + _narrow((64, 256, 1024), (1, 2, 4, 8), 4, steps=2000, batch=16)
        + _narrow((64, 256, 1024), (1, 2, 4, 8), 16, steps=2000, batch=16)
        + _narrow((256, 1024), (1, 2, 4, 8), 32, steps=2000, batch=16)
        + _narrow((64, 256, 1024), (1,), 0, steps=2000, batch=16, heads=2)
        + _narrow((256, 1024), (1, 4), 8, steps=2000, batch=16, heads=2)
    ),
}


def _briefly(steps: int) -> int:
    return 100 if steps <= 120 else 200


COUNTED = {
    "n": lambda steps: 8 if steps <= 120 else (8, 12), "d": (1, 4), "H": 1, "k": (0, 1), "k2": 0, "batch": 32,
    "steps": _briefly, "room": lambda k: "1x4x1" if k else "1x4",
}  # fmt: skip
COUNTED_ONE_BY_ONE = {
    "n": 6, "H": 4, "d": 1, "k": 16, "k2": 16, "room": "4x1x16x16", "batch": 32,
    "steps": 200,
}  # fmt: skip

# ---------------------------------------------------------------------------- transition
WIDE = {"k": 16, "k2": 16}

HALF_BATCH = 16  # tables a step in the smoke profile; 32 elsewhere
LINEAR = {
    "n": lambda batch: 4 if batch == HALF_BATCH else 6, "H": lambda n: n // 2, "d": 1, "k": 0, "k2": 0,
    "room": lambda n: f"{n // 2}x1",
    "steps": lambda batch: 200 if batch == HALF_BATCH else 900,
}  # fmt: skip


def _arm(batch: int) -> int:
    return 200 if batch == HALF_BATCH else 500


def heads_room(n: int) -> str:
    """Room of the lanes with scalar heads: as many heads as the largest number tried at n or at 12."""
    return f"{8 if n <= 12 else n}x1x16x16" if n <= 16 else f"{n}x1x64x64"


def _heads(n: int, heads: tuple[int, ...], steps: int, seeds: int = SEEDS) -> Grid:
    width = 16 if n <= 16 else 64
    return Grid(
        seeds=seeds, n=n, H=heads, d=1, k=width, k2=width, room=heads_room(n), steps=steps, batch=32, rate=0.02
    )  # fmt: skip


TRANSITION = {
    "smoke": Grid(
        seeds=MORE_SEEDS, n=6, H=(1, 3, 5), d=1, k=16, k2=16, room="5x1x16x16", steps=250, batch=HALF_BATCH, rate=0.05
    ),
    "cpu": (
        _heads(6, (1, 2, 3, 5), 600)
        + _heads(8, (1, 3), 800, MORE_SEEDS)
        + _heads(8, (2, 4, 5), 800)
        + _heads(12, (4, 6, 8), 1000)
    ),
    "gpu": (
        _heads(8, (1, 2, 3, 4, 5, 6, 8), 4000)
        + _heads(16, (2, 4, 6, 8, 10, 12, 16), 5000)
        + _heads(32, (4, 8, 12, 16, 20, 24, 32), 6000)
        + _heads(64, (8, 16, 24, 32, 40, 48, 64), 8000)
    ),
}

ARMS = {"n": 8, "H": 5, "d": 1, "steps": _arm, "room": "5x1x16x16"} | WIDE
HEADS = {"H": 5, "d": 1, "room": "5x1x16x16"}
FIVE_HEADS = {"H": 5, "room": "5x1x16x16"}
FEATURES = {"H": 1, "d": 5, "room": "1x5x16x16"}
ONE_HEAD = {
    "n": lambda batch: 6 if batch == HALF_BATCH else 8, "H": 1, "d": 1,
    "steps": lambda batch: 150 if batch == HALF_BATCH else 500, "room": "1x1x16x16",
} | WIDE  # fmt: skip
HELD_OUT = {  # longer tables than the constant was fitted to, and as many accumulators as entries at n = 6
    "n": lambda n: n if n > 8 else 6, "H": lambda n: 3 if n == 6 else (n // 3, n // 2), "d": 1,
    "steps": lambda n, steps: steps if n > 6 or steps <= 250 else 600,
    "room": lambda n, steps: "5x1x16x16" if steps <= 250 else heads_room(n),
}  # fmt: skip
EQUAL_SUFFICES = {"task": "palindrome", "n": 3, "steps": lambda batch: 100 if batch == HALF_BATCH else 200}
FEW_HEADS = {
    "n": lambda n: min(n, 8), "steps": lambda n, batch: 250 if batch == HALF_BATCH else 100 * n,
    "room": lambda batch: "5x1x16x16" if batch == HALF_BATCH else heads_room(8),
} | WIDE  # fmt: skip

# ---------------------------------------------------------------------------- first width
FIRST_WIDTH_CAP = {
    "smoke": Grid(seeds=SEEDS, n=6, H=1, d=8, k=(2, 8), k2=16, room="1x8x8x16", steps=200),
    "cpu": Grid(seeds=SEEDS, n=8, H=1, d=8, k=(2, 4, 8), k2=16, room="1x8x8x16", steps=700),
    "gpu": Grid(seeds=SEEDS, n=32, H=1, d=8, k=(2, 4, 8), k2=64, room="1x8x8x64", steps=6000),
}
BEHIND_ONE = {
    "d": 8, "k": 1, "k2": 0, "room": "1x8x1", "n": 16, "batch": 16,
    "rate": lambda steps: 0.05 if steps <= 200 else 0.02, "steps": lambda steps: 100 if steps <= 200 else 200,
}  # fmt: skip

# ---------------------------------------------------------------------------- contrast
CONTRAST = {
    "smoke": Grid(seeds=MORE_SEEDS, n=5, H=1, d=2, k=0, room="1x2", steps=130, batch=HALF_BATCH, rate=0.05),
    "cpu": Grid(seeds=SEEDS, n=(8, 16), H=1, d=2, k=0, room="1x2", steps=700, batch=32),
    "gpu": Grid(seeds=SEEDS, n=(8, 16, 32, 64, 128), H=1, d=2, k=0, room="1x2", steps=5000, batch=32),
}
ONE_LAYER = {"model": "one layer", "k": 16, "k2": 16, "room": "1x2x16x16"}
TWO_LAYERS = {"model": "two layers", "k": 0, "k2": 0, "room": "1x2"}
ADDRESS_IN_READOUT = {"model": "address in read-out", "k": 0, "k2": 0, "room": "1x2"}
TWO_OR_FOUR = {"d": lambda batch: 2 if batch == HALF_BATCH else (2, 4), "room": lambda d: f"1x{d}"}
SELF = {"task": "self", "n": lambda n: min(n, 6)}
TWO_FUNCTIONS = {"task": "two_function", "n": 4}
NOTHING_TO_FOLLOW = {"task": "palindrome", "n": 3}
DEEPER_SHUFFLED = {
    "labels": "shuffled", "model": ("two layers", "address in read-out"), "k": 0, "k2": 0, "room": "1x2",
    "n": lambda n: min(n, 8), "steps": lambda steps: min(steps, 200),
}  # fmt: skip
CHAIN = {"model": "chain of thought", "n": (4, 5), "d": 2, "k": 0, "room": "1x2", "steps": 2}


# ---------------------------------------------------------------------------- shattering
def _trial(steps: int) -> int:
    return 350 if steps <= 100 else 1000


SCALAR_HEADS = {
    "H": lambda steps: 2 if steps <= 100 else (2, 3), "m": lambda H: 2 * H + 1, "d": 1, "k": 0, "room": lambda H: f"{H}x1",
    "steps": lambda steps, H: 500 if H == 3 else _trial(steps),
}  # fmt: skip
EIGHT_UNITS = {
    "d": lambda steps: 1 if steps <= 100 else (1, 2), "H": 1, "k": 8, "m": lambda d: d + 2,
    "room": lambda d: f"1x{d}x8", "steps": _trial,
}  # fmt: skip


def _points(m: int, H: int, d: int, k: int, steps: int, seeds: int) -> Grid:
    room = f"{H}x{d}" + (f"x{k}" if k else "")
    return Grid(seeds=seeds, m=m, H=H, d=d, k=k, room=room, steps=steps)


LEARNED = {
    "smoke": _points(1, 1, 1, 0, 40, 16) + _points(2, 1, 1, 0, 100, 16),
    "cpu": _points(1, 1, 1, 0, 150, 16) + _points(2, 1, 1, 0, 1500, 32) + _points(2, 1, 4, 0, 1500, 32),
    "gpu": _points(1, 1, 1, 0, 200, 64) + _points(2, 1, 1, 0, 4000, 64) + _points(2, 1, 8, 0, 4000, 64),
}


# ---------------------------------------------------------------------------- the construction
FORMATS = {
    "smoke": Grid(seeds=4, task="index", p=(11, 53)),
    "cpu": Grid(seeds=16, task="index", p=(8, 11, 24, 53)),
}
SHORT_FORMATS = (8, 11, 24)  # whose message float64 can read without an error of its own
TO_FLOAT32 = {"p": lambda p: min(p, 24)}  # words of 120 letters do not exhaust a longer format
NEAR = {
    "smoke": Grid(seeds=MORE_SEEDS, n=8, D=2, H=2, sigma=0.0, steps=190, batch=8, rate=0.02),
    "cpu": Grid(seeds=SEEDS, n=8, D=2, H=2, sigma=0.0, steps=1500, batch=16, rate=0.02),
    "gpu": Grid(seeds=32, n=(8, 12), D=2, H=2, sigma=0.0, steps=(1500, 4000), batch=64, rate=0.02),
}

PAIRS = {"task": "sum2", "n": 6, "M": 16, "D": 2, "H": 1, "batch": 16, "rate": 0.02}  # D: rank of the logits
PAIR_STEPS = 60

# ---------------------------------------------------------------------------- SUM_2
SUM2 = {
    "smoke": Grid(seeds=SMOKE_SEEDS, n=6, M=16, H=1, d=2, k=16, k2=0, room="1x16x16", steps=130),
    "cpu": Grid(seeds=16, n=8, M=32, H=1, d=2, k=32, k2=0, room="1x32x32", steps=600),
    "gpu": Grid(
        seeds=16, n=(8, 16), M=lambda n: 32 if n == 8 else 128, H=1, d=2, k=64, k2=0, room="1x64x64", steps=6000
    ),
}
SET, TRAINED = {"model": "two layers", "d": 4}, {"model": "two layers, trained", "d": 4}
HALF_SET = {"model": "histogram", "d": lambda M: M // 2}
PAIRS_SHUFFLED = {"labels": "shuffled", "steps": lambda steps: steps // 4}  # few reach the constant answer
LEARNED_PAIRS = {"d": 4, "steps": lambda steps: 60 if steps <= 150 else steps}
EXCLUDED = {
    "n": lambda n: min(n, 8),
    "M": lambda n: 16 if n == 6 else 32,
    "H": 1,
    "d": (1, 2),
    "k": 0,
    "k2": 0,
    "room": "1x2",
    "steps": 30,
    "words": "shattered",
}

# ---------------------------------------------------------------------------- sizes
FAR = (2**10, 2**14, 2**18, 2**22, 2**26, 2**30)


def _sizes(run: tuple[int, ...]) -> Grid:
    return Grid(seeds=1, n=run, task="index", run="fractions") + Grid(seeds=1, n=FAR, task="index", run="formula")


SANDWICH = {
    "smoke": _sizes((16, 64)),
    "cpu": _sizes((8, 16, 32, 64, 128, 256)),
    "gpu": _sizes((8, 16, 32, 64, 128, 256, 512, 1024)),
}
