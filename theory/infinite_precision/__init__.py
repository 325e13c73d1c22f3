"""One-layer softmax attention at infinite precision (arXiv:2412.20195) and its follow-up (arXiv:2501.19215).

For a number of entries n, a dimension d, H heads and an MLP: is the layer excluded for function composition or SUM_2, by
which inequality, and how far above it is the best construction?

Letters: n symbols of the input (positions and symbols of [n] from 1, residues and bits from 0), d embedding dimension
(d_v of a head's values), H heads, U hidden ReLUs of the output MLP (the note's |N| is a size without a unit: every function
here names its unit), W its non-zero weights and biases, L its linear layers, k_i their widths, P = H (d'+1) effective
parameters with d' = min(d, d_v, k_1), m rows, Pi(m) labellings of m rows, p bits of an accumulator (or the position asked
for, in the index task), M a modulus, alpha, lambda and beta, mu the accumulated values and weights of the two halves.

Covered: one layer, an answer read in a token whose query does not depend on the half A, reals with exact exp, positive
denominators, any embedding, any ReLU network.  Not covered: a read-out token that holds p (`index_in_readout` solves it),
layer norm or RMS norm (a square root spoils the degree count), causal layers below, dropout.

Recipe: `min_size(n=1024)` is excluded below 8, `constructive_size(n=1024).s` = 22 is enough; `vc_upper(d=768, H=12,
widths=(3072,))` = 311890 entries is where a layer of GPT-2-small shape is first excluded, and
`accuracy_ceiling(n=n, log2_patterns=growth_log2(m=n, d=d, H=H, widths=widths))` is the best accuracy on random tables.
`SOURCES[name]` says whose a function is: paper, follow-up, textbook or derived.
"""

from theory.infinite_precision.accuracy import (
    ErrorFloors,
    accuracy_ceiling,
    communication_min_precision,
    composition_error_floor,
    inverse_binary_entropy,
)
from theory.infinite_precision.certificates import (
    LinearReadoutCertificate,
    ShatteringCertificate,
    linear_readout_certificate,
    shattering_certificate,
)
from theory.infinite_precision.claims import CLAIMS
from theory.infinite_precision.constructions import (
    HistogramSum2,
    IndexInReadout,
    PalindromeOneLayer,
    TwoLayerComposition,
    TwoLayerSum2,
    chain_of_thought_composition,
    histogram_sum2,
    index_in_readout,
    palindrome_one_layer,
    two_layer_composition,
    two_layer_sum2,
)
from theory.infinite_precision.counting import (
    ReluVcUpper,
    anthony_bartlett_exp_vc,
    goldberg_jerrum_vc,
    hyperplane_cells,
    relu_vc_lower,
    relu_vc_upper,
    warren_sign_patterns_log2,
)
from theory.infinite_precision.exclusion import Exclusion, Inequality, exclusion
from theory.infinite_precision.growth import (
    attention_operation_count,
    composition_growth_log2,
    effective_parameter_count,
    growth_log2,
    min_embedding_dim,
    min_relu_units,
    min_relu_units_any_dim,
    min_size,
    min_size_theorem_a,
    shallow_width_log2_sum,
    theorem_a_vc,
    vc_upper,
    vc_upper_closed,
    vc_upper_units,
)
from theory.infinite_precision.index_task import (
    ConstructiveSize,
    IndexConstruction,
    constructive_size,
    constructive_units,
    index_construction,
)
from theory.infinite_precision.parameters import SOURCES
from theory.infinite_precision.shattering import split_vc_dimension, vc_dimension
from theory.infinite_precision.statements import STATEMENTS
from theory.infinite_precision.tasks import composition_value, disjointness_label, palindrome_label, sum2_label

__all__ = [
    "CLAIMS",
    "SOURCES",
    "STATEMENTS",
    "ConstructiveSize",
    "ErrorFloors",
    "Exclusion",
    "HistogramSum2",
    "IndexConstruction",
    "IndexInReadout",
    "Inequality",
    "LinearReadoutCertificate",
    "PalindromeOneLayer",
    "ReluVcUpper",
    "ShatteringCertificate",
    "TwoLayerComposition",
    "TwoLayerSum2",
    "accuracy_ceiling",
    "anthony_bartlett_exp_vc",
    "attention_operation_count",
    "chain_of_thought_composition",
    "communication_min_precision",
    "composition_error_floor",
    "composition_growth_log2",
    "composition_value",
    "constructive_size",
    "constructive_units",
    "disjointness_label",
    "effective_parameter_count",
    "exclusion",
    "goldberg_jerrum_vc",
    "growth_log2",
    "histogram_sum2",
    "hyperplane_cells",
    "index_construction",
    "index_in_readout",
    "inverse_binary_entropy",
    "linear_readout_certificate",
    "min_embedding_dim",
    "min_relu_units",
    "min_relu_units_any_dim",
    "min_size",
    "min_size_theorem_a",
    "palindrome_label",
    "palindrome_one_layer",
    "relu_vc_lower",
    "relu_vc_upper",
    "shallow_width_log2_sum",
    "shattering_certificate",
    "split_vc_dimension",
    "sum2_label",
    "theorem_a_vc",
    "two_layer_composition",
    "two_layer_sum2",
    "vc_dimension",
    "vc_upper",
    "vc_upper_closed",
    "vc_upper_units",
    "warren_sign_patterns_log2",
]
