"""P6, P8, P9, P14: how far a stack sees, the exact shift register of maxima, and when one maximum keeps the predecessor."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from proofs_check.core import exhaust, identity, separate
from proofs_check.core.derivation import Control, Result, Step
from proofs_check.generative.exact import Row, reduced
from theory import generative

Array = np.ndarray[Any, Any]
Case = tuple[str, exhaust.Exact, exhaust.Exact]
Sight = list[set[int]]


# ---------------------------------------------------------------------------- reach
def _sights(T: int, gaps: Sequence[int], contexts: Sequence[str]) -> Sight:
    """Which tokens each position can depend on.  By induction: a reduction joins the sights of the rows that it reads, and
    norms, maps, MLPs and residuals work on one position, so they add nothing."""
    seen: Sight = [{t} for t in range(T)]
    for gap, context in zip(gaps, contexts):
        joined = []
        for t in range(T):
            rows = {t} if t < gap else {t, t - gap}
            if t >= gap and context != "none":
                rows |= set(range(t + 1 if context == "running_mean" else T))
            joined.append(set().union(*(seen[s] for s in rows)))
        seen = joined
    return seen


def _gaps(D: int, shifts: int, dilation: str) -> list[int]:
    return [2**block if dilation == "doubling" else 1 for block in range(D) for _ in range(shifts)]


def _reach_cases(missing: int) -> Iterator[Case]:
    """Sights against the formula, and against the tokens that really matter in a stack of means (weights above 0)."""
    for D, shifts, dilation in itertools.product(range(5), (1, 2, 3), ("none", "doubling")):
        gaps = _gaps(D, shifts, dilation)
        reach = generative.receptive_field(D=D, shifts_per_block=shifts, dilation=dilation) - missing
        T = sum(gaps) + 3
        seen = _sights(T, gaps, ["none"] * len(gaps))
        name = f"D={D} s={shifts} {dilation}"
        for t in (T - 1, T - 2):
            yield f"{name}: sight", tuple(sorted(seen[t])), tuple(range(t - reach + 1, t + 1))
        yield f"{name}: weights", _influential(T, gaps, "mean"), tuple(range(T - reach, T))


def _influential(T: int, gaps: Sequence[int], f: str) -> tuple[int, ...]:
    """Tokens that the last position of a stack of the function depends on, by the exact weights of unit impulses."""
    rows: list[Row] = [tuple(int(s == t) for s in range(T)) for t in range(T)]
    for gap in gaps:
        rows = reduced(rows, f, shift=gap)
    return tuple(s for s in range(T) if rows[-1][s])


def _layer_norm(x: Array) -> Array:
    centred = x - x.mean(axis=-1, keepdims=True)
    return np.asarray(centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5))


def _network(
    D: int, f: str, source: np.random.Generator, *, gaps: Sequence[int], context: str = "none", shifts: int = 1
) -> Callable[[Sequence[int]], Array]:
    """Tokens -> states of a random stack with norms, positions, residuals, output maps and MLPs, in float64."""
    V, d, T = 4, 8, 16
    embedding, positions = source.normal(size=(V, d)), source.normal(size=(T, d))
    blocks = [[source.normal(size=shape) / 3 for shape in ((d, d), (d, 4 * d), (4 * d, d))] for _ in range(D)]

    def states(tokens: Sequence[int]) -> Array:
        x = embedding[list(tokens)] + positions[: len(tokens)]
        for (mix, up, down), gap in zip(blocks, gaps):
            x = x + generative.generative_function(u=_layer_norm(x), f=f, context=context, shift=gap) @ mix
            hidden = _layer_norm(x) @ up
            inner = generative.generative_function(u=hidden, f=f, shift=gap) if shifts == 2 else np.tanh(hidden)
            x = x + inner @ down
        return x

    return states


def _farthest(states: Callable[[Sequence[int]], Array], T: int, source: np.random.Generator) -> tuple[int, int]:
    """(largest t - s, largest s - t) at which some change of token s changes a bit of the state at t."""
    back = ahead = 0
    for word in source.integers(0, 4, (3, T)).tolist():
        before = states(word)
        for s, other in itertools.product(range(T), range(1, 4)):
            changed = [*word[:s], (word[s] + other) % 4, *word[s + 1 :]]
            moved = np.flatnonzero((states(changed) != before).any(axis=1))
            back, ahead = max(back, int(moved.max()) - s), max(ahead, s - int(moved.min()))
    return back, ahead


def _network_cases(missing: int) -> Iterator[Case]:
    """The bits of random networks: farthest influence backward and forward."""
    T = 12
    for D, f, shifts, dilation in (
        *((D, f, 1, "none") for D in (1, 2, 3) for f in ("max", "min", "mean")),
        *((D, "max", 2, "none") for D in (1, 2, 3)),
        *((D, "max", 1, "doubling") for D in (1, 2, 3)),
    ):
        source = np.random.default_rng(D)
        gaps = [2**block if dilation == "doubling" else 1 for block in range(D)]
        states = _network(D, f, source, gaps=gaps, shifts=shifts)
        reach = generative.receptive_field(D=D, shifts_per_block=shifts, dilation=dilation) - missing
        yield f"{f} D={D} s={shifts} {dilation}", _farthest(states, T, source), (reach - 1, 0)


def _context_cases(context: str) -> Iterator[Case]:
    """A running mean brings the whole prefix and nothing of the future."""
    T = 10
    for D in (1, 2):
        source = np.random.default_rng(D)
        states = _network(D, "max", source, gaps=[1] * D, context=context)
        yield f"D={D}", _farthest(states, T, source), (T - 1, 0)


# ---------------------------------------------------------------------------- binomial reach
def _weight_cases(uniform: bool) -> Iterator[Case]:
    for D in range(9):
        T = D + 2
        rows: list[Row] = [tuple(int(s == t) for s in range(T)) for t in range(T)]
        for _ in range(D):
            rows = reduced(rows, "mean")
        weights = tuple(Fraction(w) for w in rows[-1][::-1][: D + 1])
        said = tuple(Fraction(w) for w in generative.reach_weights(D=D))  # exact: dyadic numbers
        yield f"D={D}", weights, (Fraction(1, D + 1),) * (D + 1) if uniform else said
        first = sum(j * w for j, w in enumerate(weights))
        second = sum(j * j * w for j, w in enumerate(weights))
        yield f"D={D}: moments", (first, second - first**2), (Fraction(D, 2), Fraction(D, 4))


# ---------------------------------------------------------------------------- the shift register
#
# P8.  Without norms and with MLPs that are zero, D blocks of G_max, linear maps and residuals, of width 2 V (D + 1), hold
# the last D + 1 tokens decodably, at every position; before the start read x_s = x_1 for s < 1.
#
# Proof.  1. Code a number u as the pair (u, -u).  Since max(a, b) + min(a, b) = a + b and min(a, b) = -max(-a, -b),
#    max(u_t, u_(t-1)) - max(-u_t, -u_(t-1)) = u_t + u_(t-1): the linear output map turns the maximum into a sum.
# 2. The width is cut into slots 0..D of V pairs each.  At the start slot 0 holds the one-hot code e(x_t), all others 0.
#    The output map of block l = 0..D-1 reads G_max of slot l, takes the difference of step 1, and writes it as pairs into
#    slot l + 1; all its other entries are 0, and the residual keeps slots 0..l.
# 3. Row 1 is left alone by G, so its pair gives u_1 + u_1: row 1 acts as its own predecessor.  With S the shift by one row
#    that repeats row 1, slot l + 1 = (1 + S) slot l, hence slot j = (1 + S)^j e(x) = sum_i C(j, i) e(x_(t-i)).
# 4. S = (1 + S) - 1, so e(x_(t-j)) = S^j e(x) = sum_i (-1)^(j-i) C(j, i) slot_i: linear in the slots.               QED
def shift_register_states(words: Array, V: int, D: int) -> Array:
    """State of the construction after D blocks, for all words at once: int64 [words, T, 2 V (D + 1)]."""
    width = 2 * V * (D + 1)
    x = np.zeros((*words.shape, width), dtype=np.int64)
    one_hot = np.eye(V, dtype=np.int64)[words]
    x[..., :V], x[..., V : 2 * V] = one_hot, -one_hot
    for block in range(D):
        merged = np.concatenate([x[:, :1], np.maximum(x[:, 1:], x[:, :-1])], axis=1)
        output_map = np.zeros((width, width), dtype=np.int64)
        for v in range(V):
            read, write = 2 * V * block + v, 2 * V * (block + 1) + v
            for target, sign in ((write, 1), (write + V, -1)):
                output_map[read, target] = sign
                output_map[read + V, target] = -sign
        x = x + merged @ output_map
    return x


def _decoded(states: Array, V: int, D: int, signed: bool = True) -> Array:
    """Codes of the tokens 0..D back, by the signed binomial sum of the slots: [words, T, D + 1, V]."""
    slots = states.reshape(*states.shape[:2], D + 1, 2, V)[..., 0, :]
    inverse = [[(-1) ** ((i + j) * signed) * math.comb(j, i) for i in range(D + 1)] for j in range(D + 1)]
    return np.asarray(np.einsum("ji,btiv->btjv", np.array(inverse), slots))


def _register_cases(zero_before_start: bool) -> Iterator[tuple[str, bool]]:
    """All words of length T > D + 1: at every position all D + 1 tokens come out, repeated or zero before the start."""
    for V, D, T in ((2, 1, 6), (2, 4, 8), (3, 1, 5), (3, 2, 6), (4, 3, 6), (5, 4, 6)):
        words = np.array(list(itertools.product(range(V), repeat=T)))
        found = _decoded(shift_register_states(words, V, D), V, D)
        for j in range(D + 1):
            source = np.arange(T) - j
            expected = np.eye(V, dtype=np.int64)[words[:, np.maximum(source, 0)]]
            if zero_before_start:
                expected = expected * (source >= 0)[None, :, None]
            yield f"V={V} D={D}, {len(words)} words, {j} back", bool((found[:, :, j] == expected).all())


def _sum_from_maxima(sign: int) -> Result:
    import sympy

    a, b = sympy.symbols("a b", real=True)
    top, low = sympy.Max(a, b), -sympy.Max(-a, -b)
    as_absolute = {sympy.Max(a, b): (a + b + abs(a - b)) / 2, sympy.Max(-a, -b): (-a - b + abs(a - b)) / 2}
    return identity.vanishes((top + low).subs(as_absolute) - (a + sign * b))


def _binomial_inverse(signed: bool) -> Iterator[Case]:
    for n in range(1, 10):
        forward = [[math.comb(j, i) for i in range(n)] for j in range(n)]
        back = [[(-1) ** ((i + j) * signed) * math.comb(j, i) for i in range(n)] for j in range(n)]
        product = tuple(sum(back[i][k] * forward[k][j] for k in range(n)) for i in range(n) for j in range(n))
        yield f"{n} slots", product, tuple(int(i == j) for i in range(n) for j in range(n))


def _copies(V: int, D: int, back: int) -> Iterator[tuple[str, bool]]:
    """A stack of maxima reads off the token `back` positions before, for all words."""
    words = np.array(list(itertools.product(range(V), repeat=D + 3)))
    found = _decoded(shift_register_states(words, V, D), V, D)[:, -1].argmax(axis=-1)
    yield f"V={V} D={D}, {back} back", bool((found[:, min(back, D)] == words[:, -1 - back]).all())


def _copy_cases(further: int) -> Iterator[tuple[str, bool]]:
    return itertools.chain.from_iterable(_copies(V, D, D + further) for V, D in ((2, 1), (3, 2), (4, 3)))


# ---------------------------------------------------------------------------- what one maximum keeps
def _fits(family: list[int], new: int, itself: bool) -> bool:
    """The family stays lossless with the set `new`; `itself`: also when the predecessor equals the current token."""
    for c in [*family, new]:
        others = [a for a in [*family, new] if itself or a != c]
        if len({c | a for a in others}) < len(others):
            return False
    return True


def _largest(bits: int, itself: bool) -> int:
    """Size of the largest lossless family of 0/1 codes, by depth-first search over all families in increasing order."""
    best = 0

    def grow(family: list[int], start: int) -> None:
        nonlocal best
        best = max(best, len(family))
        for new in range(start, 2**bits):
            if len(family) + 2**bits - new > best and _fits(family, new, itself):
                grow([*family, new], new + 1)

    grow([], 0)
    return best


def _family_cases(itself: bool) -> Iterator[Case]:
    for bits, size in enumerate((1, 2, 3, 4, 6), start=1):
        yield f"{bits} bits", _largest(bits, itself), size


def _agreement_cases(with_residual: bool) -> Iterator[tuple[str, bool]]:
    """`merge_is_lossless` against the definition: the pair (current, predecessor) is read off, for all small families."""
    for n in (1, 2, 3):
        codes = list(itertools.product((0, 1), repeat=n))
        for size in range(1, 5):
            for family in itertools.combinations(codes, min(size, len(codes))):
                seen = set()
                for c, a in itertools.product(family, repeat=2):
                    top = tuple(map(max, c, a))
                    seen.add((c, top) if with_residual else top)
                lossless = len(seen) == len(family) ** 2
                yield f"{family}", generative.merge_is_lossless(codes=family) == lossless


def _pair_cases(pairs: bool) -> Iterator[tuple[str, bool]]:
    for V in range(1, 12):
        codes = [[a * a - 7, 7 - a * a] if pairs else [a * a - 7] for a in range(V)]
        yield f"V={V}", generative.merge_is_lossless(codes=codes)


def _domination(m: int, gains: Sequence[Fraction], normed: bool) -> tuple[separate.Matrix, separate.Vector]:
    """x >= y with sum (x - y) >= 1 and, if `normed`, sum x_i/g_i = sum y_i/g_i; the unknowns are x - y."""
    rows: list[list[Fraction | int]] = [[-int(i == j) for j in range(m)] for i in range(m)]
    limits: list[Fraction | int] = [0] * m
    rows.append([-1] * m)
    limits.append(-1)
    if normed:
        for sign in (1, -1):
            rows.append([sign / g for g in gains])
            limits.append(0)
    return rows, limits


def _antichain(normed: bool) -> Result:
    """No code of a norm without bias lies above another: (x - y) >= 0 and sum (x - y)_i/g_i = 0 leave x = y only."""
    systems = []
    for m in (2, 3, 6):
        gains = [Fraction(2 * i + 1, 3) for i in range(m)]
        systems.append((f"{m} numbers", *_domination(m, gains, normed)))
    return separate.all_infeasible(systems)


def _order_cases(residual: bool) -> Iterator[tuple[str, bool]]:
    """The pairs (a, b) and (b, a) give one row, for max, min and mean."""
    for f, (a, b) in itertools.product(("max", "min", "mean"), itertools.combinations(range(4), 2)):
        codes: list[Row] = [(v, -v, v * v) for v in range(4)]
        rows = [reduced([codes[first], codes[last]], f)[1] for first, last in ((a, b), (b, a))]
        kept = [codes[b], codes[a]] if residual else [(), ()]
        yield f"{f} of {a} and {b}", (rows[0], kept[0]) == (rows[1], kept[1])


STEPS = (
    Step(
        "P6",
        ("generative/reach",),
        "Depth by depth, the tokens that a position can see, and those with weight in a stack of means, are those of the "
        "formula, for 1 to 3 shifts a block and both dilations",
        "exhaust",
        lambda: exhaust.equal(_reach_cases(0)),
        Control("one token fewer", lambda: exhaust.equal(_reach_cases(1))),
    ),
    Step(
        "P6-networks",
        ("generative/reach",),
        "In random networks with norms, MLPs and positions the farthest influence is D, 2D and 2^D - 1 back to the bit, and "
        "none comes from ahead",
        "exhaust",
        lambda: exhaust.equal(_network_cases(0)),
        Control("depth D sees D tokens", lambda: exhaust.equal(_network_cases(1))),
    ),
    Step(
        "P6-reading",
        ("generative/depth-reading",),
        "At depth D the token D back still changes the output, so D tokens are not all that a stack sees",
        "exhaust",
        lambda: exhaust.holds((f"D={D}", 0 in _influential(D + 1, [1] * D, "mean")) for D in range(1, 12)),
        Control(
            "the token D + 1 back",
            lambda: exhaust.holds((f"D={D}", 0 in _influential(D + 2, [1] * D, "mean")) for D in range(1, 12)),
        ),
        role="refutes",
    ),
    Step(
        "P6-context",
        ("generative/reach",),
        "With a running mean the whole prefix is seen, and nothing ahead",
        "exhaust",
        lambda: exhaust.equal(_context_cases("running_mean")),
        Control("the mean of the whole window", lambda: exhaust.equal(_context_cases("window_mean"))),
    ),
    Step(
        "P14",
        ("generative/binomial-reach",),
        "Impulses through D means weigh C(D, j) 2^-D, with mean D/2 and variance D/4",
        "exhaust",
        lambda: exhaust.equal(_weight_cases(False)),
        Control("equal weights", lambda: exhaust.equal(_weight_cases(True))),
    ),
    Step(
        "P8-sum",
        ("generative/shift-register",),
        "max(a, b) - max(-a, -b) = a + b",
        "identity",
        lambda: _sum_from_maxima(1),
        Control("a - b", lambda: _sum_from_maxima(-1)),
    ),
    Step(
        "P8-inverse",
        ("generative/shift-register",),
        "The signed binomial matrix inverts the binomial one",
        "exhaust",
        lambda: exhaust.equal(_binomial_inverse(True)),
        Control("without signs", lambda: exhaust.equal(_binomial_inverse(False))),
    ),
    Step(
        "P8",
        ("generative/shift-register",),
        "The construction with the weights written out decodes every one of the last D + 1 tokens, at every position of all "
        "words, for (V, D) = (2,1), (2,4), (3,1), (3,2), (4,3), (5,4)",
        "exhaust",
        lambda: exhaust.holds(_register_cases(False)),
        Control("zero before the start, in place of the first token", lambda: exhaust.holds(_register_cases(True))),
    ),
    Step(
        "P8-reading",
        ("generative/lossy-max-reading",),
        "The stack of maxima copies the token D back without error, for all words",
        "exhaust",
        lambda: exhaust.holds(_copy_cases(0)),
        Control("the token D + 1 back", lambda: exhaust.holds(_copy_cases(1))),
        role="refutes",
    ),
    Step(
        "P9-families",
        ("generative/lossless-merge",),
        "The largest lossless vocabularies of 0/1 codes with 1 to 5 bits have 1, 2, 3, 4 and 6 tokens",
        "exhaust",
        lambda: exhaust.equal(_family_cases(True)),
        Control("a predecessor equal to the token left out", lambda: exhaust.equal(_family_cases(False))),
    ),
    Step(
        "P9-definition",
        ("generative/lossless-merge",),
        "The test for no two equal maxima is the same as reading off every pair, for all families of up to 3 bits",
        "exhaust",
        lambda: exhaust.holds(_agreement_cases(True)),
        Control("without the residual", lambda: exhaust.holds(_agreement_cases(False))),
    ),
    Step(
        "P9-pairs",
        ("generative/lossless-merge",),
        "Two numbers (alpha, -alpha) a token are lossless for any vocabulary",
        "exhaust",
        lambda: exhaust.holds(_pair_cases(True)),
        Control("one number a token", lambda: exhaust.holds(_pair_cases(False))),
    ),
    Step(
        "P9-norm",
        ("generative/lossless-merge",),
        "After a norm without bias and with positive gains no code dominates another one",
        "separate",
        lambda: _antichain(True),
        Control("without the norm", lambda: _antichain(False)),
    ),
    Step(
        "P9-order",
        ("generative/lossless-merge",),
        "Without the residual (a, b) and (b, a) give the same row for max, min and mean",
        "exhaust",
        lambda: exhaust.holds(_order_cases(False)),
        Control("with the residual", lambda: exhaust.holds(_order_cases(True))),
    ),
)
