"""What the two papers say, in our words, with the form that holds where the printed one does not.

Of 2505.19531 only the abstract and the opening were first-hand; its theorems are quoted from public reviews of v1.
2410.08633 was read in full.  Nothing here is graded: standings follow from findings and verdicts.
"""

from __future__ import annotations

from theory.boolean.parameters import ARXIV, PARENT
from theory.core.bound import Source, derived
from theory.core.claim import Statement


def _quoted(where: str) -> Source:
    return Source(ARXIV, where, "v1", provenance="secondary")


def _parent(where: str) -> Source:
    return Source(PARENT, where)


STATEMENTS = (
    Statement(
        "boolean/theorem-4.1-gradient",
        "At W = 0 the expected gradient separates relevant from irrelevant positions by 1/(8d), so the quoted step "
        "eta = d^(1+eps/8) gives the logit gap d^(eps/8)/8.",
        _quoted("Theorem 4.1, proof"),
        functions=("expected_gradient", "symmetric_gap"),
    ),
    Statement(
        "boolean/theorem-4.1",
        "For eps > 0, n = Omega(d^eps) and one step eta = d^(1+eps/8), the read-out differs from the support by "
        "O(d^(-eps/8)) in every coordinate.",
        _quoted("Theorem 4.1"),
        functions=("theorem_schedule", "softmax_after_step"),
    ),
    Statement(
        "boolean/theorem-4.1-readout",
        "An error of order d^(-eps/8) in every coordinate means that AND is computed by a linear read-out.",
        _quoted("Theorem 4.1, reading"),
        "A linear read-out is exact iff min_b R exceeds the whole weight off the support; an error bound tau implies it "
        "only for tau < 1/(1 + min(k, d-k)), rounding needs tau < 1/2.",
        reading=True,
        functions=("linear_margin", "read_outs"),
    ),
    Statement(
        "boolean/theorem-4.1-sample-size",
        "A number of samples of order d^eps is needed for one step to rank the bits.",
        _quoted("Theorem 4.1, reading"),
        "Theta(log d) samples suffice for the ranking.",
        reading=True,
        functions=("ranking_n", "ranking_sample_size"),
    ),
    Statement(
        "boolean/theorem-4.3",
        "For n = e^Theta(d): E_{b,x}[min_j |(v_b - f(x, y))_j|] >= min{k/d, 1 - k/d} - e^-Theta(d) for every learner f.",
        _quoted("Theorem 4.3"),
        "For every coordinate j, with b uniform: E|v_j - f_j| >= min{k/d, 1 - k/d} - (1 - (1 - 2^-k)^n).",
        functions=("support_error_lower_bound", "support_bound_max_n", "fano_identification_bound"),
    ),
    Statement(
        "boolean/hardness-reading",
        "No polynomial-time algorithm learns AND or OR end to end, even with e^Omega(d) samples.",
        _quoted("Theorem 4.3, reading"),
        "Recovery fails below about 2^k samples for lack of positive labels, and succeeds by elimination or one centred "
        "gradient step above about 2^k log d.",
        reading=True,
        functions=("elimination_probability", "raw_population_mass", "affine_population_scale"),
    ),
    Statement(
        "boolean/majority-reading",
        "Gradient descent fails on majority labels.",
        Source("2504.04702", "abstract, reading", provenance="secondary"),
        "One gradient step recovers the support of majority with about 2 pi k ln(.) samples.",
        reading=True,
        functions=("contrast_moments", "sample_size_from_moments"),
    ),
    Statement(
        "boolean/eq-6-mass",
        "After the step the irrelevant weight is exp(-Theta(d)).",
        _quoted("equation (6)"),
        "It is (d-2)/(2 e^G + d - 2) in all, with G the logit gap.",
        functions=("softmax_after_step",),
    ),
    Statement(
        "boolean/lemma-E.2",
        "Products of at most two bits concentrate; triple products follow.",
        _quoted("Lemma E.2"),
        "The union must run over products of up to three bits: kappa = sqrt(ln(4 d^3/p)/(2n)).",
        functions=("interaction_radius",),
    ),
    Statement(
        "boolean/appendix-G-sign",
        "The probability that no label is 1 is at least 1 - exp(Theta(d)).",
        _quoted("Appendix G"),
        "At least 1 - n 2^-k, that is 1 - exp(-Theta(d)) for n <= c 2^k.",
        functions=("support_error_lower_bound",),
    ),
    Statement(
        "boolean/appendix-H",
        "3p/d <= 1/(9d) holds for p <= 1/3.",
        _quoted("Appendix H"),
        "It holds iff p <= 1/27.",
        functions=("breakdown_fraction", "oracle_tolerance"),
    ),
    Statement(
        "boolean/ks-theorem-2",
        "The exponent of the sample size in the parent's lower bound is nu = 11 + eps for its parameters.",
        _parent("Theorem 2"),
        functions=("finite_gradient_query_bound",),
    ),
    Statement(
        "boolean/ks-eq-5",
        "Loss >= 1 - (4T/eps^2) max(1/C(d,k), sqrt(4d/n)) sup|grad f|^2 - 2 e^-Omega(d) for T gradient queries.",
        _parent("equation (5)"),
        functions=("finite_gradient_query_bound",),
    ),
    Statement(
        "boolean/ks-theorem-5",
        "With teacher forcing, n = Omega(d^(2+eps)) samples suffice for one step to learn parity.",
        _parent("Theorem 5"),
        functions=("parity_pair_moments", "parity_sample_size"),
    ),
    Statement(
        "boolean/ks-lemma-8",
        "The mean of a random k-parity over any near-balanced input is at most e^-Omega(d).",
        _parent("Lemma 8"),
    ),
    Statement(
        "boolean/ks-lemma-9",
        "There are fewer than (2d)^4 products of at most four bits to bound.",
        _parent("Lemma 9"),
        functions=("interaction_radius",),
    ),
    Statement(
        "boolean/lower-bound",
        "For every learner, every coordinate j and b uniform: E|v_j - f_j| >= min{k/d, 1 - k/d} - (1 - (1 - 2^-k)^n).",
        derived("P10, corrected form of Theorem 4.3"),
        functions=("support_error_lower_bound", "support_bound_max_n", "fano_identification_bound"),
    ),
    Statement(
        "boolean/schedule-at-reachable-d",
        "With constant 1 and eps <= 1 the theorem's step leaves the population error at 1/4 or more for every "
        "4 <= d <= 10^20, while the step 8 d (ln d + c) leaves about 1/(4 e^c + 2).",
        derived("P6, P9"),
        functions=("theorem_schedule", "step_size_for_error", "softmax_after_step"),
    ),
    Statement(
        "boolean/read-outs",
        "Ranking, a linear threshold and rounding become exact at different steps and sample sizes.",
        derived("linear-read-out"),
        functions=("read_outs", "linear_margin", "balance_failure"),
    ),
    Statement(
        "boolean/gap-law",
        "d times the gap is E[f(s) phi'(xbar) (s/k - r/(d-k))] for any symmetric label and link.",
        derived("P2, P4"),
        functions=("symmetric_gap", "chow_gap"),
    ),
    Statement(
        "boolean/contrast-moments",
        "One sample's contrast has the closed second moment of the derivation.",
        derived("P3"),
        functions=("contrast_moments", "contrast_misorder_probability"),
    ),
    Statement(
        "boolean/ranking-law",
        "All t supervised pairs are ranked with the probability of the limit law.",
        derived("P8"),
        functions=("pair_ranking_probability", "all_pairs_probability", "ranking_n"),
    ),
    Statement(
        "boolean/proposition-A",
        "A finite-sample bound on the error after one step, with explicit constants.",
        derived("P12"),
        functions=("one_step_certificate", "balance_failure"),
    ),
    Statement(
        "boolean/elimination",
        "Elimination names the support with probability sum_r Bin(n, 2^-k)(r) (1 - 2^-r)^(d-k).",
        derived("P11"),
        functions=("elimination_probability",),
    ),
    Statement(
        "boolean/misspecification",
        "The raw model's population optimum keeps mass off the support for k >= 3.",
        derived("P7"),
        functions=("raw_population_mass", "affine_population_scale"),
    ),
    Statement(
        "boolean/parity-pairs",
        "With the parent's link one step ranks all d/4 parity pairs at about 2 ln(M/delta)/SNR^2 samples, of order d log d.",
        derived("link-moments, link-signal"),
        functions=("parity_pair_moments", "parity_sample_size"),
    ),
    Statement(
        "boolean/step-hypotheses",
        "What one step learns needs the zero start, gradient entries better than 1/(16 d) and weights that are not rounded.",
        derived("step noise, for the gradient; measured, for the rest"),
        functions=("oracle_tolerance",),
    ),
    Statement(
        "boolean/noise",
        "Flipped hints shrink the gap by 1 - 2 rho; an eighth of corrupted hints can tie an irrelevant bit.",
        derived("step noise"),
        functions=("breakdown_fraction", "oracle_tolerance"),
    ),
)
