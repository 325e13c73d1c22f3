"""A static function of neighbouring tokens in attention's place (arXiv:2406.10906): costs, reach, floors and audits.

Letters: V vocabulary, T length, B batch, D blocks, h heads, d width, r = mlp_ratio (the MLP is r d wide inside), m width
that the function works on, f its reduction, b bytes of a number, s shifts a block; h_j the entropy of a symbol given j
before it; K key and value pairs of the recall task.  The paper has no theorem, so no letter of it differs from ours.

Recipe: `speedup_bound(T=64, d=128)` is what the exchange can save; `receptive_field(D=4)` is what it costs in sight, and
`window_floor(h=conditional_entropies(source=source, kmax=5), T=64, window=5)` what that costs in loss; a loss below the
same floor with window = T is a leak, which `causality_audit` finds position by position.
"""

from theory.generative.audits import MapStatistics, causality_audit, map_statistics, witten_bell_losses
from theory.generative.claims import CLAIMS
from theory.generative.cost import (
    activation_memory_delta,
    block_matmul_flops,
    isoparameter_width,
    kv_cache_bytes,
    parameter_count,
    quadratic_crossover_length,
    recurrent_state_bytes,
    speedup_bound,
)
from theory.generative.floors import (
    copy_success_bound,
    lag_copy_floor,
    leak_floor,
    recall_floor,
    urn_entropy,
    window_floor,
)
from theory.generative.reach import generative_function, merge_is_lossless, reach_weights, receptive_field
from theory.generative.sources import (
    HiddenMarkovSource,
    MarkovSource,
    conditional_entropies,
    entropy_rate_bounds,
    even_process,
    integer_markov_source,
    lag_copy_source,
    stationary_law,
)
from theory.generative.statements import STATEMENTS

__all__ = [
    "CLAIMS",
    "STATEMENTS",
    "HiddenMarkovSource",
    "MapStatistics",
    "MarkovSource",
    "activation_memory_delta",
    "block_matmul_flops",
    "causality_audit",
    "conditional_entropies",
    "copy_success_bound",
    "entropy_rate_bounds",
    "even_process",
    "generative_function",
    "integer_markov_source",
    "isoparameter_width",
    "kv_cache_bytes",
    "lag_copy_floor",
    "lag_copy_source",
    "leak_floor",
    "map_statistics",
    "merge_is_lossless",
    "parameter_count",
    "quadratic_crossover_length",
    "reach_weights",
    "recall_floor",
    "receptive_field",
    "recurrent_state_bytes",
    "speedup_bound",
    "stationary_law",
    "urn_entropy",
    "window_floor",
    "witten_bell_losses",
]
