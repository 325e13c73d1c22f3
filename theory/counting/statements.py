"""What the paper says about counting heads, as hypotheses, and what holds exactly for such heads, as statements.

Of 2502.06923 (v1) only the abstract could be had, and public summaries of it: its body, tables and figures are unknown
here.  P1 and P2 are read in the abstract, P3 to P6 in the summaries; T1 to T14 are ours and exact.
Nothing here is graded: standings follow from findings and verdicts.
"""

from __future__ import annotations

from theory.core.bound import Source, derived
from theory.core.claim import Statement

ARXIV = "2502.06923"
VERSION = "v1 (the body could not be had)"


def _abstract(mark: str) -> Source:
    return Source(ARXIV, f"abstract, {mark}", VERSION)


def _summary(mark: str) -> Source:
    return Source(ARXIV, f"a public summary, {mark}", VERSION, provenance="secondary")


STATEMENTS = (
    Statement(
        "counting/pseudo-ensemble",
        "P1. On the semantics of counting the heads are a pseudo-ensemble: each solves the same subtask.",
        _abstract("P1"),
        functions=("cooperation_index", "separation_accuracy", "max_margin", "mirror_pair_score"),
    ),
    Statement(
        "counting/non-uniform-syntax",
        "P2. Head outputs must be aggregated non-uniformly to give an encoding that obeys the syntax.",
        _abstract("P2"),
        "So it is for scalar heads summed without bias and residual; a bias, or head outputs of two or more numbers, lift "
        "the obstruction.",
        functions=("grammar_margin", "reference_features"),
    ),
    Statement(
        "counting/attention-decides",
        "P3. The quality of a head is decided mainly by its attention pattern; its values play a minor role.",
        _summary("P3"),
        functions=("swap_anova", "intervention_surface"),
    ),
    Statement(
        "counting/balance-and-suppress",
        "P4. Good heads balance w01 and suppress w02; extreme ratios lower the separation accuracy.",
        _summary("P4"),
        "With a re-tuned threshold balance or suppression is enough (the perfect region is a cross); at the head's own "
        "threshold balance alone decides (a strip).",
        functions=("w01_window_tuned", "w01_window_fixed", "intervention_surface"),
    ),
    Statement(
        "counting/linear-combination",
        "P5. The model is close to a linear combination of the outputs of its heads.",
        _summary("P5"),
        functions=("canonical_score", "canonicalize_head"),
    ),
    Statement(
        "counting/minimal-not-reached",
        "P6. Training need not reach the minimal solution.",
        _summary("P6"),
        functions=("grammar_margin", "max_perfect_length"),
    ),
    Statement(
        "counting/both-needed-reading",
        "A head cannot separate perfectly unless it balances w01 and suppresses w02.",
        _summary("reading of P4"),
        "Either is enough when the threshold is re-tuned: w01 = 1 with any w02, or (w01 - 1) w02 (N - 1) < 2 w01.",
        reading=True,
        functions=("w01_window_tuned", "perfect_threshold_interval"),
    ),
    Statement(
        "counting/never-uniform-reading",
        "A uniform sum of head outputs can never give the grammar.",
        _abstract("reading of P2"),
        "With a bias the uniform sum of four scalar features gives it, with margin 1/(8N).",
        reading=True,
        functions=("grammar_margin",),
    ),
    Statement(
        "counting/separation-shows-training-reading",
        "A separation accuracy of 1, found by a re-fitted read-out of the head's output, shows that the head has learned "
        "to count.",
        _summary("reading of P3 and P4"),
        "With head outputs of three or more numbers every generic head reaches it before training.",
        reading=True,
        functions=("is_freely_separable", "null_separation_accuracy"),
    ),
    Statement(
        "counting/bag-identity",
        "A causal softmax head without positions is a function of the query and of the counts of the tokens in its prefix.",
        derived("bag"),
        functions=("enumerate_states", "n_states"),
    ),
    Statement(
        "counting/halfspace",
        "T1. A head with a threshold is one halfspace of the count space: s(n) - b = L_b(n)/Z(n) with L_b affine and Z > 0.",
        derived("T1"),
        functions=("canonical_score", "canonicalize_head"),
    ),
    Statement(
        "counting/perfect-region",
        "T2. A threshold is right on all strings of length 1 to N iff the largest score of six or seven extreme negative "
        "strings lies below the least score of six extreme positive ones.",
        derived("T2"),
        functions=("perfect_threshold_interval", "perfect_region_vertices", "max_perfect_length"),
    ),
    Statement(
        "counting/tuned-cross",
        "T3. With kappa = wS = 0 and a re-tuned threshold the perfect region is a cross in the plane of w01 and w02: "
        "for w01 >= 1 it is (w01 - 1) w02 (N - 1) < 2 w01.",
        derived("T3"),
        functions=("w01_window_tuned",),
    ),
    Statement(
        "counting/own-strip",
        "T4. With kappa = 0 and threshold 0 the perfect region is the strip (tau + k)/(k + 1) < w01 <= 1 + tau/k', whatever "
        "w02.",
        derived("T4"),
        functions=("w01_window_fixed", "fixed_threshold_accuracy"),
    ),
    Statement(
        "counting/margin",
        "T5. The best worst-case margin of a head with values in [-1, 1] on lengths up to N is (sqrt(k+1) - sqrt(k))^2, or "
        "1/(2k+1) where ties are dropped; so the gain must grow linearly with the length.",
        derived("T5"),
        functions=("max_margin", "required_gain"),
    ),
    Statement(
        "counting/heads-buy-no-margin",
        "T6. A mixture of any number of heads has no larger worst-case margin than one head.",
        derived("T6"),
        functions=("max_margin",),
    ),
    Statement(
        "counting/mirror-pairs",
        "T7. A head and its mirror, summed with equal weights, have the sign of n1 - n0 on every string for every ratio, "
        "although each alone errs at its threshold.",
        derived("T7"),
        functions=("mirror_pair_score", "one_token_head_accuracy"),
    ),
    Statement(
        "counting/large-n-law",
        "T8. As the length grows at wS = 0 the separation accuracy tends to 1/2 + asin|r|/pi and the ROC AUC to "
        "1/2 + (2/pi) asin(|r|/sqrt 2), with one correlation r of the head.",
        derived("T8"),
        functions=(
            "gaussian_head_correlation",
            "gaussian_separation_accuracy",
            "gaussian_auc",
            "auc_from_s_acc",
            "lattice_separation_accuracy",
        ),
    ),
    Statement(
        "counting/free-separator",
        "T9. A re-fitted affine read-out separates perfectly for every attention pattern once the values have three "
        "generic dimensions; with two it does for all lengths iff the wedge condition holds.",
        derived("T9"),
        functions=("wedge_statistic", "is_freely_separable"),
    ),
    Statement(
        "counting/null-model",
        "T10. At uniform attention a random scalar read-out has a separation accuracy that is uniform on [1/2, 1] in the "
        "limit of long strings: mean 3/4.",
        derived("T10"),
        functions=("null_separation_accuracy", "gaussian_head_correlation"),
    ),
    Statement(
        "counting/ensemble",
        "T11. The average of H heads with ln w01 of deviation sd is right on all strings up to N with probability "
        "2 Phi(sqrt(H) ln(1 + 1/k)/sd) - 1, to first order in sd and exactly at H = 1.",
        derived("T11"),
        functions=("ensemble_perfect_probability",),
    ),
    Statement(
        "counting/uniform-sum-syntax",
        "T12. A uniform sum of scalar heads without bias and residual cannot obey the grammar, for any attention and "
        "values; two scalar heads with weights of their own can.",
        derived("T12"),
        functions=("grammar_margin", "reference_features"),
    ),
    Statement(
        "counting/sign-changes",
        "T13. The least number of scalar heads for a symmetric function of n bits is its number of sign changes.",
        derived("T13"),
        functions=("min_heads_symmetric",),
    ),
    Statement(
        "counting/training-signal",
        "T14. At a head that is right on all strings gradient descent suppresses noise; at w01 = 1 the balance is kept by "
        "symmetry where ties are dropped, and w01 is pushed below 1 where ties carry label 0.",
        derived("T14"),
        functions=("population_gradient",),
    ),
    Statement(
        "counting/exact-metrics",
        "Separation accuracy and ROC AUC of a head are finite sums over the groups of strings of equal score.",
        derived("metrics"),
        functions=("separation_accuracy", "roc_auc", "fixed_threshold_accuracy", "class_prior"),
    ),
    Statement(
        "counting/influence",
        "Adding one token t changes the score by a_t (c_t - s)/(Z + a_t), which is O(1/n).",
        derived("influence"),
        functions=("token_influence",),
    ),
    Statement(
        "counting/sampling-error",
        "The separation accuracy on m sampled strings differs from the exact one by at most "
        "sqrt(ln(4 (K+1)/delta)/(2m)) with probability 1 - delta.",
        derived("sampling"),
        functions=("separation_accuracy_error",),
    ),
)
