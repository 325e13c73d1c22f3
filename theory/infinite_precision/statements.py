"""What the note, its follow-up and their readers say, in our words, with the form that holds where the printed one does not.

Of 2412.20195 (the note) only the abstract and the first page were first-hand; its theorems are quoted from summaries.
2501.19215 (the follow-up, which re-proves and generalises the note) was read in full.  Nothing here is graded:
standings follow from findings and verdicts.
"""

from __future__ import annotations

from theory.core.bound import Source, derived
from theory.core.claim import Statement

NOTE, FOLLOW_UP = "2412.20195", "2501.19215"


def _abstract(where: str) -> Source:
    return Source(NOTE, where, "v1")


def _quoted(where: str) -> Source:
    return Source(NOTE, where, "v1", provenance="secondary")


def _follow_up(where: str) -> Source:
    return Source(FOLLOW_UP, where, "v3", provenance="follow-up")


STATEMENTS = (
    # ------------------------------------------------------------------ the note
    Statement(
        "infinite_precision/technique",
        "A set of inputs that the second half of the word can label in all ways bounds the size of a one-layer softmax "
        "transformer from below even with infinitely many bits, for function composition and SUM_2.",
        _abstract("abstract"),
        functions=("split_vc_dimension", "shattering_certificate", "vc_upper"),
    ),
    Statement(
        "infinite_precision/note-composition",
        "A one-layer softmax transformer that computes Comp_n at infinite precision has d or |N| of order n^Omega(1).",
        _quoted("theorem on function composition"),
        functions=("theorem_a_vc", "min_size_theorem_a", "min_size"),
    ),
    Statement(
        "infinite_precision/note-sum2",
        "A one-layer softmax transformer that computes SUM_2 on n numbers modulo n at infinite precision has d or |N| of "
        "order n^Omega(1).",
        _quoted("theorem on SUM_2"),
        functions=("shattering_certificate", "theorem_a_vc"),
    ),
    # ------------------------------------------------------------------ the follow-up
    Statement(
        "infinite_precision/theorem-3.2",
        "A one-layer transformer that computes f in an auxiliary token has size split-VC(f)^Omega(1).",
        _follow_up("Theorem 3.2"),
        functions=("split_vc_dimension", "theorem_a_vc", "vc_upper"),
    ),
    Statement(
        "infinite_precision/theorem-3.4",
        "One-layer transformers of size n^o(1) cannot compute function composition.",
        _follow_up("Theorem 3.4"),
        functions=("shattering_certificate", "min_size"),
    ),
    Statement(
        "infinite_precision/theorem-3.6",
        "One-layer transformers of size n^o(1) cannot compute Match3[n, 2n-2].",
        _follow_up("Theorem 3.6"),
        functions=("shattering_certificate",),
    ),
    Statement(
        "infinite_precision/theorem-3.7",
        "One-layer transformers of size n^o(1) cannot compute the composition of two binary relations.",
        _follow_up("Theorem 3.7"),
        functions=("disjointness_label", "shattering_certificate"),
    ),
    Statement(
        "infinite_precision/lemma-B.1",
        "For even l the l/2 words p^i of ones with one entry 2i are shattered by the second half in Sum_2[l, 2l].",
        _follow_up("Lemma B.1"),
        "It holds for even l >= 4; at l = 2 the one row has the same label under both settings.",
        functions=("shattering_certificate",),
    ),
    # ------------------------------------------------------------------ how they are read
    Statement(
        "infinite_precision/d-or-mlp",
        "Either resource serves: a one-layer transformer with a small MLP computes composition if d is large enough.",
        _quoted("theorem on function composition, reading of 'd or |N|'"),
        "d never makes up for a small MLP: H (U+2)(U+1+log2(2 e n/(U+2))) >= n - 1 for every d, so U is at least about "
        "sqrt(n/H).",
        reading=True,
        functions=("min_relu_units_any_dim", "min_embedding_dim"),
    ),
    Statement(
        "infinite_precision/impossible",
        "No one-layer softmax transformer computes function composition, at any precision and with any number of parameters.",
        Source(NOTE, "a digest in circulation", provenance="secondary"),
        "It is a threshold on the size: max(d, H, U) of about (12 n)^(1/3) is enough, and n^(1/3) - O(log n) is needed.",
        reading=True,
        functions=("index_construction", "constructive_size", "min_size"),
    ),
    Statement(
        "infinite_precision/practical-size",
        "The bound excludes composition for one-layer transformers of practical size at practical lengths, 131,072 and less.",
        Source(NOTE, "reading of the abstract", provenance="secondary"),
        "By the sharpest inequality here a layer of GPT-2-small shape (d 768, 12 heads, MLP 3072) is excluded for "
        "n > 311,890 only.",
        reading=True,
        functions=("vc_upper", "vc_upper_units"),
    ),
    Statement(
        "infinite_precision/figure-1-reading",
        "That one layer with d = 16 and one head fails to learn composition at n = 25 to 30 is what the theorem says.",
        _follow_up("Figure 1, reading"),
        "No explicit bound excludes that layer: it may shatter up to 239 points with an MLP of 16 units, and with 18 units "
        "explicit weights compute the index task at n = 30, so the failure is one of learning.",
        reading=True,
        functions=("vc_upper",),
    ),
    Statement(
        "infinite_precision/vc-2h-conjecture",
        "H attention heads of width one with a linear read-out have VC dimension 2H.",
        Source("public note", "conjecture", provenance="secondary"),
        "Two such heads shatter 5 points, three shatter 8.",
        functions=("linear_readout_certificate",),
    ),
    # ------------------------------------------------------------------ derived here: shattered sets
    Statement(
        "infinite_precision/shattered-sets",
        "Index: n rows; self composition: n - 1; bit read-out: n floor(log2 n); SUM_2: min(n, floor((M-1)/2) + 1 + [M "
        "even]) (distinct) or min(n, floor((M-1)/2)); SUM_2 with large M: of order n log n; disjointness: m.",
        derived("shattering"),
        functions=("shattering_certificate", "split_vc_dimension"),
    ),
    Statement(
        "infinite_precision/silent-tasks",
        "Palindrome, parity and majority have split-VC dimension 1, so the method says nothing about them.",
        derived("silent-tasks"),
        functions=("split_vc_dimension", "palindrome_one_layer"),
    ),
    # ------------------------------------------------------------------ derived here: lower bounds
    Statement(
        "infinite_precision/split-form",
        "With a fixed query the output of each head is (alpha_h(w_A) + beta_h(w_B)) / (lambda_h(w_A) + mu_h(w_B)), so f has "
        "split-VC at most the VC dimension of a class with H (d+1) real parameters.",
        derived("fraction-form"),
        functions=("effective_parameter_count",),
    ),
    Statement(
        "infinite_precision/theorem-A",
        "split-VC(f) <= 4 P (t + 2), P = H (d+1), t = H (3d+1) + 2W + U + 2 (or + 2 H d^2 with W_O at run time).",
        derived("theorem-A, from Goldberg and Jerrum 1995"),
        functions=("theorem_a_vc", "attention_operation_count", "goldberg_jerrum_vc"),
    ),
    Statement(
        "infinite_precision/theorem-B",
        "m shattered rows need m <= log2 Pi(m), with log2 Pi <= 1 + P log2(2 e m (2^(U+1) - 1) H / P) for any ReLU network, "
        "and a sum over layers without skip connections: after multiplication by all denominators the degree is H at any "
        "depth.",
        derived("homogenisation, cell-count, inversion"),
        functions=("growth_log2", "vc_upper_units", "vc_upper"),
    ),
    Statement(
        "infinite_precision/theorem-C",
        "With answers in [n]: n log2 n <= 1 + P log2(2 e n (2^U n - 1) H / P), P = H (min(d, U+1) + 1).",
        derived("composition-count"),
        functions=("composition_growth_log2", "min_size"),
    ),
    Statement(
        "infinite_precision/corollary-D",
        "For every d: H (U+2)(U+1+log2(2 e n/(U+2))) >= n - 1 if the index task on n entries is computed.",
        derived("no-dimension-helps"),
        functions=("min_relu_units", "min_relu_units_any_dim", "min_embedding_dim"),
    ),
    Statement(
        "infinite_precision/exponent",
        "The least max(d, H, U) for the index task is of order n^(1/3); the operation counts give n^(1/4) and n^(1/5) only.",
        derived("exponents"),
        functions=("min_size", "min_size_theorem_a", "constructive_size"),
    ),
    Statement(
        "infinite_precision/corollary-F",
        "At fixed depth the width is exponential in n/P: sum of log2 k_i >= (n - L)/P - L log2(2 e n H/P), if P <= n.",
        derived("shallow-width"),
        functions=("shallow_width_log2_sum",),
    ),
    Statement(
        "infinite_precision/first-width",
        "The MLP sees min(d, k_1) dimensions at most, k_1 its first width: a larger d changes nothing.",
        derived("first-width"),
        functions=("effective_parameter_count", "growth_log2"),
    ),
    Statement(
        "infinite_precision/accuracy-ceiling",
        "On uniform tables the accuracy is at most 1 - h^-1(1 - log2 Pi(n)/n), h the binary entropy.",
        derived("codebooks"),
        functions=("accuracy_ceiling", "inverse_binary_entropy", "growth_log2"),
    ),
    Statement(
        "infinite_precision/finite-precision",
        "With p bits an accumulator, index needs H (d+1) p >= n and composition H (d+1) p >= n log2 n.",
        derived("message-count"),
        functions=("communication_min_precision",),
    ),
    Statement(
        "infinite_precision/error-floor",
        "Below that threshold the error of composition is at least R/(3 n log2 n), R = n log2 n - H (d+1) p.",
        Source("2402.08164", "function composition, finite precision", provenance="textbook"),
        functions=("composition_error_floor",),
    ),
    # ------------------------------------------------------------------ derived here: constructions
    Statement(
        "infinite_precision/construction-index",
        "One layer with D + 4 dimensions, H heads and [D > 1] D + 3 B (l-1) ReLUs, l = ceil(n/(D H)), computes the index "
        "task with entries of B bits.",
        derived("index-exact, index-embedded"),
        functions=("index_construction", "constructive_size", "constructive_units"),
    ),
    Statement(
        "infinite_precision/construction-deeper",
        "Two layers, or one layer used twice with rounding between, or p in the read-out token, compute composition with "
        "d = 5, one head and no MLP.",
        derived("two-layers, chain-of-thought, query-in-readout"),
        functions=("two_layer_composition", "chain_of_thought_composition", "index_in_readout"),
    ),
    Statement(
        "infinite_precision/construction-sum2",
        "Two layers with a constant number of dimensions compute SUM_2 at every M.",
        derived("sum2-two-layers"),
        functions=("two_layer_sum2",),
    ),
    Statement(
        "infinite_precision/sum2-one-layer",
        "One layer with d = M (a histogram) and O(M) ReLUs computes SUM_2; n^(1/3) is needed, and what lies between is open.",
        derived("sum2-histogram"),
        functions=("sum2_label",),
    ),
    Statement(
        "infinite_precision/construction-palindrome",
        "One head with uniform weights, one value and two ReLUs decides palindromes of every length at infinite precision.",
        derived("palindrome"),
        functions=("palindrome_one_layer",),
    ),
)
