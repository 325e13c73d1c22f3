"""One gradient step of minimal softmax attention on AND and OR of k among d bits (arXiv:2505.19531), and its parent.

Letters: d input bits, k relevant bits (the support b), t = k/2 supervised pairs, n samples, G the logit gap after the
step, eta = 8 d G its size, rho the probability of a flipped hint, delta a failure probability, M comparisons in a union
bound.  Our 'gap' is relevant minus irrelevant of minus the gradient; the paper has no letter for it.

Recipe: `ranking_n(d=64, t=16, prob=.95)` samples rank all pairs; `step_size_for_error(d=64, k=32, tau=.1)` is the step
that then gives the error tau; `theorem_schedule(d=64, eps=1)` shows what the theorem's own step gives.
"""

from theory.boolean.claims import CLAIMS
from theory.boolean.contrast import (
    contrast_misorder_probability,
    contrast_moments,
    ranking_sample_size,
    sample_size_from_moments,
)
from theory.boolean.gradient import chow_gap, expected_gradient, label_values, symmetric_gap
from theory.boolean.hardness import (
    affine_population_scale,
    elimination_probability,
    fano_identification_bound,
    label_entropy,
    raw_population_mass,
    support_bound_max_n,
    support_error_lower_bound,
    tree_and_covariance,
    trivial_losses,
)
from theory.boolean.parity import (
    finite_gradient_query_bound,
    interaction_radius,
    ks_link,
    ks_link_derivative,
    parity_pair_moments,
    parity_sample_size,
)
from theory.boolean.ranking import (
    all_pairs_probability,
    gaussian_ranking_probability,
    pair_ranking_probability,
    ranking_n,
)
from theory.boolean.softmax_step import (
    Certificate,
    ReadOuts,
    Schedule,
    SoftmaxStep,
    StepSize,
    balance_failure,
    breakdown_fraction,
    linear_margin,
    one_step_certificate,
    oracle_tolerance,
    read_outs,
    softmax_after_step,
    step_size_for_error,
    theorem_schedule,
)
from theory.boolean.statements import STATEMENTS

__all__ = [
    "CLAIMS",
    "STATEMENTS",
    "Certificate",
    "ReadOuts",
    "Schedule",
    "SoftmaxStep",
    "StepSize",
    "affine_population_scale",
    "all_pairs_probability",
    "balance_failure",
    "breakdown_fraction",
    "chow_gap",
    "contrast_misorder_probability",
    "contrast_moments",
    "elimination_probability",
    "expected_gradient",
    "fano_identification_bound",
    "finite_gradient_query_bound",
    "gaussian_ranking_probability",
    "interaction_radius",
    "ks_link",
    "ks_link_derivative",
    "label_entropy",
    "label_values",
    "linear_margin",
    "one_step_certificate",
    "oracle_tolerance",
    "pair_ranking_probability",
    "parity_pair_moments",
    "parity_sample_size",
    "ranking_n",
    "ranking_sample_size",
    "raw_population_mass",
    "read_outs",
    "sample_size_from_moments",
    "softmax_after_step",
    "step_size_for_error",
    "support_bound_max_n",
    "support_error_lower_bound",
    "symmetric_gap",
    "theorem_schedule",
    "tree_and_covariance",
    "trivial_losses",
]
