"""What the paper says about temperatures of attention, in our words, with the form that holds where the printed one does not.

Source: arXiv:2411.12892 v1 (NeurIPS 2024).  Nothing here is graded: standings follow from findings and verdicts.  All
temperatures are inverse temperatures: large is sharp.  a, b are tokens, rho their cosine, W the joint query-key weights.
"""

from __future__ import annotations

from theory.core.bound import Source, derived
from theory.core.claim import Statement

ARXIV = "2411.12892"


def _paper(where: str) -> Source:
    return Source(ARXIV, where, "v1")


STATEMENTS = (
    # ------------------------------------------------------------------ as printed
    Statement(
        "selective/spikiness",
        "The spikiness |s|_1/(|s|_2^2 L) of a probability vector lies between 0 and 1; smaller is sharper.",
        _paper("section 4.1"),
        functions=("effective_support_fraction",),
    ),
    Statement(
        "selective/layer",
        "Queries and values are scaled by tau(x, n) = tanh f(x) + 1 + sigmoid(alpha) log n, which is 1 at n = 1 and f = 0.",
        _paper("section 3, Definition 1"),
        functions=("inverse_temperature", "inverse_temperature_range", "selective_attention"),
    ),
    Statement(
        "selective/key-order",
        "Scaling the keys can turn the order of two similarities round, scaling the query cannot.",
        _paper("section 3"),
        "Scaling the query cannot while its inverse temperature is positive, as the layer's always is; a negative one "
        "reverses the whole order.",
        functions=("inverse_temperature_range",),
    ),
    Statement(
        "selective/tau-unrestricted",
        "The temperature is not restricted to be non-negative and can reach about 0, which suppresses a token fully.",
        _paper("section 3"),
        "That holds for the token term alone.  The layer's inverse temperature lies in (s log n, 2 + s log n), "
        "s = sigmoid(alpha): it is positive, and at a late position two tokens differ by a factor below 1 + 2/(s log n).",
        functions=("inverse_temperature_range", "selectivity_dynamic_range"),
    ),
    Statement(
        "selective/lemma-1",
        "For unit a, b with |W^T a| >= L_a and |W^T b| <= L_b: |W| >= (L_a - L_b)/|a - b|.",
        _paper("Lemma 1"),
        functions=("specificity_norm_lower_bound",),
    ),
    Statement(
        "selective/decoupled",
        "With temperatures, specificity and semantic similarity are entirely decoupled.",
        _paper("section 4.1"),
        "Free temperatures decouple them only where the logit rows are collinear.  The layer's temperature is a function "
        "of the same embedding, so a difference delta in tau at distance |a - b| needs |W_tmp| |W'| >= "
        "2 atanh(delta/2)/(1.1289 |a - b|).",
        functions=("collinear_pair_norms", "temperature_network_lower_bound"),
    ),
    Statement(
        "selective/proposition-1",
        "If the map [[1-g, g], [0, 1]] is reached within eps by standard attention, then |W| >= "
        "(log(1/(4 eps)) - |logit g|)/(|e_1 - e_2| sqrt(2 - 2 rho^2)).",
        _paper("Proposition 1"),
        functions=("two_token_norms",),
    ),
    Statement(
        "selective/proposition-1-converse",
        "Selective attention reaches eps with tau |W| <= max(log(1/eps), |logit g|/sqrt(1 - rho^2))/|e_1 - e_2|.",
        _paper("Proposition 1, converse"),
        "With temperatures of any sign: tau |W| <= sqrt(log^2((1-eps)/eps) + logit^2 g)/|e_1 - e_2|.  With positive ones, "
        "all that the layer produces, the exact value is that of standard attention unless both rows want the same key.",
        functions=("two_token_norms",),
    ),
    Statement(
        "selective/dilution",
        "For unit tokens the largest attention weight is at most 1/(1 + (L-1) exp(-2|W|)), so a constant weight needs "
        "|W| of order log(L)/2.",
        _paper("section 4.2"),
        functions=("max_weight_bound", "min_logit_bound"),
    ),
    Statement(
        "selective/proposition-2-temperature",
        "With tau_n = log kappa_n + logit(mix) one W gives loss 0 for the target mix a + (1 - mix) b.",
        _paper("Proposition 2 (i)"),
        functions=("optimal_position_temperature",),
    ),
    Statement(
        "selective/proposition-2-flat",
        "With a flat temperature, mix = 1/2, 1 <= kappa_n <= 2 for L/4 <= n <= L/2 and kappa_n >= 4 for n >= 3L/4: the "
        "loss exceeds 1/500 for every W.",
        _paper("Proposition 2 (ii)"),
        "The hypotheses can be met for L = 6, 7, 13, 19 only, and the loss carries the factor 1 - rho.  With "
        "kappa_n >= 3 for n >= 3L/4 they can be met for most L, and for L >= 6 the loss is at least 1.13e-3 (1 - rho).",
        functions=("flat_temperature_floor", "imbalance_hypotheses_count"),
    ),
    Statement(
        "selective/lemma-2",
        "A row at inverse temperature 1 + alpha log n is as sharp as one at 1 that keeps the fraction "
        "n^(-alpha gamma)/(1 - n^-pow) + n^-pow of the top scores.",
        _paper("appendix D, Lemma 2"),
        "The fraction is (1 - n^-pow) n^(-alpha gamma) + n^-pow.",
        functions=("equivalent_sparsity",),
    ),
    Statement(
        "selective/appendix-D-monotonicity",
        "As the inverse temperature grows the top weight falls and the entropy rises.",
        _paper("appendix D"),
        "The top weight rises and the entropy falls: dH/dtau = -tau Var_s(score).",
    ),
    Statement(
        "selective/bayes-optimal",
        "The mean over the tokens that carry the signal is the Bayes optimal estimator of the denoising task.",
        _paper("section 4.3"),
        "It is an oracle mean.  The direction of the posterior mean, which needs no oracle, has a smaller risk.",
        functions=("denoise_risk",),
    ),
    Statement(
        "selective/vanilla-is-naive",
        "On the denoising task standard attention does about as well as naive averaging.",
        _paper("section 4.3, Table 2"),
        "That holds for attention that was hardly trained: a trained head's risk is far below naive averaging's.",
        functions=("denoise_risk",),
    ),
    Statement(
        "selective/value-gate",
        "Value temperatures denoise: they lower the risk of attention on the denoising task.",
        _paper("section 4.3, Table 2"),
        functions=("gate_pass_probabilities", "gate_risk_floor"),
    ),
    Statement(
        "selective/figure-3-map",
        "A small loss on the graph task means that the attention map recovers the transition matrix.",
        _paper("section 4.1, Figure 3, reading"),
        "With the read-out softmax(C f) the attention map is not identified: the least loss goes with a wrong map.",
        reading=True,
    ),
    # ------------------------------------------------------------------ conjectures of the paper
    Statement(
        "selective/figure-1",
        "In trained models tokens of real text differ in their temperatures.",
        _paper("Figure 1"),
        functions=("inverse_temperature",),
    ),
    Statement(
        "selective/figure-2",
        "Trained models with temperatures attend more sharply: spikiness .26 against .39.",
        _paper("section 4.1, Figure 2"),
        functions=("effective_support_fraction",),
    ),
    Statement(
        "selective/claim-1",
        "On k-ary trees query temperatures give a smaller error of the attention map.",
        _paper("appendix E.1, Claim 1"),
        functions=("temperature_helps", "min_norm_selective"),
    ),
    Statement(
        "selective/claim-2",
        "On k-ary trees query temperatures give a smaller total variation from the target map.",
        _paper("appendix E.1, Claim 2"),
    ),
    Statement(
        "selective/aids-optimisation",
        "Temperatures aid optimisation, since saturated softmax rows have vanishing gradients.",
        _paper("section 4.1"),
    ),
    Statement(
        "selective/fewer-neighbours-sharper",
        "Tokens with fewer neighbours get a larger inverse temperature.",
        _paper("section 4.1, Table 1"),
    ),
    Statement(
        "selective/parameter-overhead",
        "The layer adds about 5% parameters with its own networks, less than 0.5% with shared weights.",
        _paper("section 3 and appendix A"),
        functions=("ssa_parameter_overhead",),
    ),
    Statement(
        "selective/language-model",
        "Query and value temperatures lower the loss of language models.",
        _paper("section 5, Tables 3-8"),
    ),
    Statement(
        "selective/key-temperature",
        "Temperatures on the keys alone do not help.",
        _paper("appendix B.1"),
    ),
    # ------------------------------------------------------------------ derived here
    Statement(
        "selective/lemma-1-exact",
        "The least |W| (spectral and Frobenius) of Lemma 1 is L_a if L_a |rho| <= L_b, else "
        "sqrt((L_a^2 + L_b^2 - 2 |rho| L_a L_b)/(1 - rho^2)).",
        derived("lemma-1-exact, lemma-1-exact-grid"),
        functions=("specificity_norm_exact",),
    ),
    Statement(
        "selective/two-token-norms",
        "The least norms that reach the map of Proposition 1 have closed forms for standard attention and for positive "
        "and signed temperatures; the printed lower bound can be multiplied by sqrt 2.",
        derived("two-token-standard, two-token-positive, two-token-signed, sqrt-2"),
        functions=("two_token_norms",),
    ),
    Statement(
        "selective/temperature-criterion",
        "For exact targets query temperature lowers the least norm iff some row of the selectivity matrix has a negative "
        "sum; then the least norm is a convex quadratic program in 1/tau.",
        derived("selectivity-matrix, selectivity-quadratic, selectivity-criterion"),
        functions=("selectivity_matrix", "min_norm", "min_norm_selective", "temperature_helps"),
    ),
    Statement(
        "selective/collinear-twins",
        "For two queries temperature helps iff rho c exceeds the ratio of the logit norms; the cost becomes independent "
        "of rho only for collinear rows, c = 1.",
        derived("collinear-twins"),
        functions=("collinear_pair_norms",),
    ),
    Statement(
        "selective/kl-norm",
        "The least norm within a KL tolerance is a jointly convex program in W and 1/tau; the temperature at its optimum "
        "need not be unique.",
        derived("kl-perspective, kl-certificate-selective, kl-tau-interval"),
        functions=("min_norm_kl",),
    ),
    Statement(
        "selective/expressivity",
        "Below d = N dimensions query temperatures can lower the least KL that any W reaches; from d = N on both reach 0.",
        derived("expressivity"),
        functions=("min_norm_kl",),
    ),
    Statement(
        "selective/random-keys",
        "Among random unit keys in d dimensions a constant weight needs a score of order L^(2/(d-1)), not log L.",
        derived("random-keys-moments, random-keys, random-keys-exponent"),
        functions=("max_weight_random_keys", "min_scale_random_keys"),
    ),
    Statement(
        "selective/schedule",
        "With tau_n = 1 + s log n and logits of at most w, the bound on the top weight tends to 0, 1/(1 + e^(-2w)) or 1 "
        "as 2ws is below, at or above 1.",
        derived("schedule-limit, schedule-slope"),
        functions=("schedule_max_weight", "schedule_exponent"),
    ),
    Statement(
        "selective/layer-schedule",
        "Where kappa_n = n^pow, pow > 0, a position term 1 + s log n with 0 < s < 1 gives loss 0 iff logit(mix) > pow; so "
        "never for mix = 1/2.",
        derived("layer-schedule"),
        functions=("optimal_position_temperature", "inverse_temperature"),
    ),
    Statement(
        "selective/flat-floor",
        "The loss of the flat temperature is (2 - 2 rho)/L times a sum of squared mixing errors, least over one number "
        "for each type of query.",
        derived("flat-loss-form"),
        functions=("flat_temperature_floor",),
    ),
    Statement(
        "selective/dynamic-range",
        "At position n two tokens' inverse temperatures differ by a factor below 1 + 2/(s log n).",
        derived("dynamic-range"),
        functions=("selectivity_dynamic_range",),
    ),
    Statement(
        "selective/temperature-network",
        "A temperature difference delta at distance |a - b| needs |W_tmp| |W'| >= 2 atanh(delta/2)/(1.1289 |a - b|).",
        derived("gelu-slope, tanh-difference, temperature-network"),
        functions=("temperature_network_lower_bound",),
    ),
    Statement(
        "selective/value-key-bias",
        "A positive value temperature equals an additive key bias log tau_v, times one factor per query.",
        derived("value-key-bias"),
        functions=("selective_attention",),
    ),
    Statement(
        "selective/denoising-risks",
        "The risks of naive and oracle averaging follow from the mean resultant of a projected normal.",
        derived("projected-normal-integral, projected-normal"),
        functions=("projected_normal_resultant", "denoise_risk"),
    ),
    Statement(
        "selective/gate-floor",
        "A hard gate on the largest coordinate leaves a risk that does not vanish as L grows.",
        derived("gate-moments, gate-floor"),
        functions=("gate_pass_probabilities", "gate_risk_floor"),
    ),
    Statement(
        "selective/softmax-jacobian",
        "The softmax Jacobian has spectral norm at most 1 - |s|_2^2 = 1 - 1/(L sp).",
        derived("softmax-jacobian"),
        functions=("effective_support_fraction",),
    ),
)
