"""Temperature-controlled attention (arXiv:2411.12892): what is true, what is false as printed, and when it helps.

Letters: tau inverse temperature (large is sharp), W joint query-key weights, rho cosine of two embeddings, L tokens, n
position, d dimension.  The score of key k for query q is q^T W k without 1/sqrt(d), save in `selective_attention`.

Four temperatures occur and are never mixed: a free number per token (theta = 1/tau in the least norms), the layer's formula
(`inverse_temperature`), and the two factors of the published code (`position_factor_official`, "exp" and "linear").

Recipe: `temperature_helps(logits=..., E_q=..., E_k=...)` says before any training whether query temperature lowers the norm,
`min_norm` and `min_norm_selective` by how much; `two_token_norms` sets the printed proposition beside the exact values.
"""

from theory.selective.claims import CLAIMS
from theory.selective.criterion import (
    SelectiveNorm,
    min_norm,
    min_norm_selective,
    selectivity_matrix,
    temperature_helps,
)
from theory.selective.denoising import (
    DenoiseRisk,
    GatePassProbabilities,
    denoise_risk,
    gate_pass_probabilities,
    gate_risk_floor,
    projected_normal_resultant,
)
from theory.selective.dilution import (
    effective_support_fraction,
    max_weight_bound,
    max_weight_random_keys,
    min_logit_bound,
    min_scale_random_keys,
    schedule_exponent,
    schedule_max_weight,
)
from theory.selective.kl_norm import KLNorm, min_norm_kl
from theory.selective.layer import (
    AttentionResult,
    ParameterOverhead,
    inverse_temperature,
    inverse_temperature_range,
    position_factor_official,
    selective_attention,
    selectivity_dynamic_range,
    ssa_parameter_overhead,
    temperature_network_lower_bound,
)
from theory.selective.positions import (
    EquivalentSparsity,
    equivalent_sparsity,
    flat_temperature_floor,
    imbalance_hypotheses_count,
    optimal_position_temperature,
)
from theory.selective.statements import STATEMENTS
from theory.selective.two_tokens import (
    CollinearPairNorms,
    TwoTokenNorms,
    collinear_pair_norms,
    specificity_norm_exact,
    specificity_norm_lower_bound,
    two_token_norms,
)

__all__ = [
    "CLAIMS",
    "STATEMENTS",
    "AttentionResult",
    "CollinearPairNorms",
    "DenoiseRisk",
    "EquivalentSparsity",
    "GatePassProbabilities",
    "KLNorm",
    "ParameterOverhead",
    "SelectiveNorm",
    "TwoTokenNorms",
    "collinear_pair_norms",
    "denoise_risk",
    "effective_support_fraction",
    "equivalent_sparsity",
    "flat_temperature_floor",
    "gate_pass_probabilities",
    "gate_risk_floor",
    "imbalance_hypotheses_count",
    "inverse_temperature",
    "inverse_temperature_range",
    "max_weight_bound",
    "max_weight_random_keys",
    "min_logit_bound",
    "min_norm",
    "min_norm_kl",
    "min_norm_selective",
    "min_scale_random_keys",
    "optimal_position_temperature",
    "position_factor_official",
    "projected_normal_resultant",
    "schedule_exponent",
    "schedule_max_weight",
    "selective_attention",
    "selectivity_dynamic_range",
    "selectivity_matrix",
    "specificity_norm_exact",
    "specificity_norm_lower_bound",
    "ssa_parameter_overhead",
    "temperature_helps",
    "temperature_network_lower_bound",
    "two_token_norms",
]
