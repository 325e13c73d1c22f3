"""Experiments of the infinite-precision paper: one-layer attention trained on index, composition and SUM_2.

Recipe: `index` trains lanes of all shapes on the index task, and on composition and palindromes beside it; `shattering`
looks for shattered sets and repeats them in fractions; `construction` runs the hand-set weights in finite formats and
trains from them; `pair_sums` is SUM_2, in one layer and in two; `sizes` counts what the bounds exclude beside
constructions that were run.
"""

from __future__ import annotations

from empirics.engine.lanes import Experiment
from empirics.infinite_precision.construction import FINITE_PRECISION, FROM_CONSTRUCTION
from empirics.infinite_precision.index import INDEX
from empirics.infinite_precision.pair_sums import PAIR_SUMS
from empirics.infinite_precision.shattering import SHATTERING
from empirics.infinite_precision.sizes import SIZES

EXPERIMENTS: tuple[Experiment, ...] = (INDEX, SHATTERING, FINITE_PRECISION, FROM_CONSTRUCTION, PAIR_SUMS, SIZES)
