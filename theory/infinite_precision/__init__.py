"""One-layer softmax attention at infinite precision (arXiv:2412.20195) and its follow-up (arXiv:2501.19215)."""

from theory.infinite_precision.accuracy import (
    ErrorFloors,
    accuracy_ceiling,
    communication_min_precision,
    composition_error_floor,
    inverse_binary_entropy,
)
from theory.infinite_precision.claims import CLAIMS
from theory.infinite_precision.counting import (
    ReluVcUpper,
    anthony_bartlett_exp_vc,
    goldberg_jerrum_vc,
    hyperplane_cells,
    relu_vc_lower,
    relu_vc_upper,
    warren_sign_patterns_log2,
)
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
from theory.infinite_precision.parameters import SOURCES
from theory.infinite_precision.statements import STATEMENTS

__all__ = [
    "CLAIMS",
    "SOURCES",
    "STATEMENTS",
    "ErrorFloors",
    "ReluVcUpper",
    "accuracy_ceiling",
    "anthony_bartlett_exp_vc",
    "attention_operation_count",
    "communication_min_precision",
    "composition_error_floor",
    "composition_growth_log2",
    "effective_parameter_count",
    "goldberg_jerrum_vc",
    "growth_log2",
    "hyperplane_cells",
    "inverse_binary_entropy",
    "min_embedding_dim",
    "min_relu_units",
    "min_relu_units_any_dim",
    "min_size",
    "min_size_theorem_a",
    "relu_vc_lower",
    "relu_vc_upper",
    "shallow_width_log2_sum",
    "theorem_a_vc",
    "vc_upper",
    "vc_upper_closed",
    "vc_upper_units",
    "warren_sign_patterns_log2",
]
