"""Exact theory of one-layer attention heads that count (arXiv:2502.06923): more 1s than 0s, with 2s as noise.

Letters: N largest body length, n = (n0, n1, n2) counts of a string's body, p the law of a body token, head =
(w01, w02, kappa, sigma, wS), s the score of a string, b a threshold, k = floor((N-1)/2), H number of heads, V and a values
and attention weights of a head in the order 0, 1, 2, B, E.  w01 and w02 are the paper's names; its definition of them is
unknown, ours (ratios of attention per token) is chosen.

Recipe: `canonicalize_head(logits=..., values=...).head` makes a head of a trained one; `separation_accuracy` and
`fixed_threshold_accuracy` give its quality exactly, `perfect_threshold_interval` and `max_perfect_length` say up to which
length it is right, `intervention_surface` what overwriting its attention would do.
"""

from theory.counting.accuracy import (
    SwapShares,
    cooperation_index,
    fixed_threshold_accuracy,
    intervention_surface,
    one_token_head_accuracy,
    roc_auc,
    separation_accuracy,
    separation_accuracy_error,
    swap_anova,
)
from theory.counting.claims import CLAIMS
from theory.counting.gradient import PopulationGradient, population_gradient
from theory.counting.head import (
    CanonicalHead,
    canonical_score,
    canonicalize_head,
    convert_attention_ratio,
    token_influence,
)
from theory.counting.laws import (
    auc_from_s_acc,
    ensemble_perfect_probability,
    gaussian_auc,
    gaussian_head_correlation,
    gaussian_separation_accuracy,
    lattice_separation_accuracy,
    max_margin,
    mirror_pair_score,
    null_separation_accuracy,
    required_gain,
)
from theory.counting.parameters import HEAD_TOKENS, KINDS, LENGTH_LAWS, TIES, TOKENS, Number, P
from theory.counting.perfect import (
    ThresholdInterval,
    Window,
    max_perfect_length,
    perfect_region_vertices,
    perfect_threshold_interval,
    w01_window_fixed,
    w01_window_tuned,
)
from theory.counting.programs import (
    GrammarMargin,
    grammar_margin,
    is_freely_separable,
    min_heads_symmetric,
    reference_features,
    wedge_statistic,
)
from theory.counting.statements import STATEMENTS
from theory.counting.states import (
    ClassPrior,
    StateTable,
    class_prior,
    enumerate_states,
    majority_accuracy,
    n_states,
)

__all__ = [
    "CLAIMS",
    "HEAD_TOKENS",
    "KINDS",
    "LENGTH_LAWS",
    "STATEMENTS",
    "TIES",
    "TOKENS",
    "CanonicalHead",
    "ClassPrior",
    "GrammarMargin",
    "Number",
    "P",
    "PopulationGradient",
    "StateTable",
    "SwapShares",
    "ThresholdInterval",
    "Window",
    "auc_from_s_acc",
    "canonical_score",
    "canonicalize_head",
    "class_prior",
    "convert_attention_ratio",
    "cooperation_index",
    "ensemble_perfect_probability",
    "enumerate_states",
    "fixed_threshold_accuracy",
    "gaussian_auc",
    "gaussian_head_correlation",
    "gaussian_separation_accuracy",
    "grammar_margin",
    "intervention_surface",
    "is_freely_separable",
    "lattice_separation_accuracy",
    "majority_accuracy",
    "max_margin",
    "max_perfect_length",
    "min_heads_symmetric",
    "mirror_pair_score",
    "n_states",
    "null_separation_accuracy",
    "one_token_head_accuracy",
    "perfect_region_vertices",
    "perfect_threshold_interval",
    "population_gradient",
    "reference_features",
    "required_gain",
    "roc_auc",
    "separation_accuracy",
    "separation_accuracy_error",
    "swap_anova",
    "token_influence",
    "w01_window_fixed",
    "w01_window_tuned",
    "wedge_statistic",
]
