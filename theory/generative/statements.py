"""What the paper says, in our words, what it is often taken to say, and the propositions that hold; none is graded here.

Only the abstract of 2406.10906 is first-hand; sizes, memory and batch remarks come from public summaries of v1.  It has
no theorem, so all propositions are derived.  Standings follow from findings and verdicts.
"""

from __future__ import annotations

from theory.core.bound import Source, derived
from theory.core.claim import Statement
from theory.generative.parameters import ARXIV, secondary


def _abstract(where: str = "abstract") -> Source:
    return Source(ARXIV, where, "v1")


PRINTED = (
    Statement(
        "generative/attention-is-quadratic",
        "Attention's cost grows with the square of the length, and that of the generative function nearly linearly.",
        _abstract("abstract (first half); the second half as quoted in a public review"),
        functions=("block_matmul_flops", "speedup_bound", "quadratic_crossover_length"),
    ),
    Statement(
        "generative/static-pattern",
        "In over-parametrised decoder-only models, trained attention converges to a static pattern.",
        _abstract(),
        functions=("map_statistics",),
    ),
    Statement(
        "generative/smaller-loss",
        "In nanoGPT the generative function in place of attention gives a smaller loss with a smaller model.",
        _abstract(),
        functions=("witten_bell_losses",),
    ),
    Statement(
        "generative/model-sizes",
        "The model with attention has .80 million parameters and the one with the generative function .60 million.",
        secondary("model sizes"),
        functions=("parameter_count",),
    ),
    Statement(
        "generative/average-context",
        "An average context vector lowers the loss further.",
        _abstract(),
        functions=("leak_floor", "generative_function"),
    ),
    Statement(
        "generative/batch-overfits",
        "Batch 64 overfits and batch 16 less, with attention and with the generative function.",
        secondary("batch sizes"),
    ),
    Statement(
        "generative/context-steadies",
        "The average context steadies training where it overfits.",
        secondary("batch sizes"),
    ),
    Statement(
        "generative/activation-cost",
        "As activation the function needs 575 in place of 500 ms an iteration, because it is 4 d wide.",
        secondary("time as activation"),
        functions=("block_matmul_flops",),
    ),
    Statement(
        "generative/activation-memory",
        "As activation the function needs 3.6 in place of 2.5 GB of GPU memory.",
        secondary("memory as activation"),
        functions=("activation_memory_delta",),
    ),
)

READINGS = (
    Statement(
        "generative/bottleneck-reading",
        "At the sizes of the experiment, the part of attention that is quadratic in the length dominates its cost.",
        _abstract("title and abstract, reading"),
        "The quadratic matmuls equal all others of the block at length (2 + r) d only; at length 64 and width 128 they "
        "are 1/13 of the block's matmul work.",
        reading=True,
        functions=("quadratic_crossover_length", "speedup_bound"),
    ),
    Statement(
        "generative/activation-reading",
        "Used as activation, with attention kept, the function saves matmul work as it does in attention's place.",
        _abstract("abstract, reading"),
        "With attention kept the matmul work is the same at every length.",
        reading=True,
        functions=("block_matmul_flops",),
    ),
    Statement(
        "generative/memory-reading",
        "The larger memory of the activation placement belongs to the method.",
        secondary("cost as activation, reading"),
        "It depends on what the implementation keeps: an index per number costs more than GELU, a hand-written backward "
        "that keeps one byte per number costs less.",
        reading=True,
        functions=("activation_memory_delta",),
    ),
    Statement(
        "generative/context-loss-reading",
        "A smaller teacher-forced loss with the mean of the whole window shows a better model of the next token.",
        _abstract("abstract, reading"),
        "The mean of the whole window holds future tokens: its teacher-forced loss can fall to 2/T of the entropy, which "
        "no predictor of the next token can.",
        reading=True,
        functions=("leak_floor", "causality_audit"),
    ),
    Statement(
        "generative/bag-reading",
        "A running mean tells a model the bag of the prefix and nothing of its order, whatever its depth.",
        derived("P10, without its hypotheses"),
        "This holds for one block without positions; with positions before a norm, or with two blocks, it is false.",
        reading=True,
        functions=("urn_entropy",),
    ),
    Statement(
        "generative/lossy-max-reading",
        "An element-wise maximum of neighbours destroys the predecessor, so such a stack cannot copy.",
        derived("P9, without its hypotheses"),
        "With the pair code (u, -u) maximum and linear maps hold the last D + 1 tokens exactly.",
        reading=True,
        functions=("merge_is_lossless",),
    ),
    Statement(
        "generative/depth-reading",
        "A stack of D blocks sees the last D tokens.",
        derived("P6, off by one"),
        "It sees the last D + 1 tokens, the current one included.",
        reading=True,
        functions=("receptive_field",),
    ),
)

PROPOSITIONS = (
    Statement(
        "generative/parameters",
        "N = V d + D (c + 2 r d^2 + 2 d) + d with c = 4 d^2 for attention, d^2 for every generative form and none, "
        "2 d^2 + h T^2 for static maps; removed has c = 0 and one norm; biases, positions and the output map as said.",
        derived("P1"),
        functions=("parameter_count",),
    ),
    Statement(
        "generative/matmul-work",
        "Mixing costs 8 T d^2 + 4 T^2 d (attention), 4 T d^2 + 2 T^2 d (static), 2 T d^2 (generative, none) FLOP and the "
        "MLP 4 r T d^2.",
        derived("P2"),
        functions=("block_matmul_flops",),
    ),
    Statement(
        "generative/crossovers",
        "At equal width the generative block does less work at every length, by the ratio ((8+4r) d + 4T)/((2+4r) d); the "
        "quadratic part equals the rest at (2+r) d; at equal block parameters the width is d sqrt((4+2r)/(1+2r)).",
        derived("P3"),
        functions=("speedup_bound", "quadratic_crossover_length", "isoparameter_width"),
    ),
    Statement(
        "generative/decoding-state",
        "After t tokens the key-value cache holds 2 B t D d b bytes; the generative function keeps B D m b, and with a "
        "running mean B D m (b + b_acc).",
        derived("P4"),
        functions=("kv_cache_bytes", "recurrent_state_bytes"),
    ),
    Statement(
        "generative/kept-bytes",
        "Per hidden number, GELU keeps 2b bytes for the backward pass, stack and reduction with indices 8 + b, an "
        "element-wise maximum 3b, a mask 1 + b.",
        derived("P5"),
        functions=("activation_memory_delta",),
    ),
    Statement(
        "generative/reach",
        "The output at t depends on exactly the last D + 1 tokens and t; s shifts a block give s D + 1, doubling gaps "
        "1 + s (2^D - 1); running mean, attention and static maps reach the whole prefix.",
        derived("P6"),
        functions=("receptive_field", "generative_function"),
    ),
    Statement(
        "generative/window-floor",
        "A predictor that depends on the last w tokens and t has expected loss at least (1/T) sum_t h_min(t,w); for a "
        "source of minimal order k <= T this exceeds the entropy floor iff w < k.",
        derived("P7"),
        functions=("window_floor", "conditional_entropies", "lag_copy_floor", "entropy_rate_bounds"),
    ),
    Statement(
        "generative/shift-register",
        "D blocks of the function max and linear maps, of width 2 V (D + 1), hold the last D + 1 tokens decodably.",
        derived("P8"),
        functions=("generative_function",),
    ),
    Statement(
        "generative/lossless-merge",
        "With the residual one maximum identifies the predecessor iff no c and a != a' have max(c,a) = max(c,a'); for "
        "bits these are the cancellative families, of sizes 1, 2, 3, 4, 6 for 1 to 5 bits.",
        derived("P9"),
        functions=("merge_is_lossless",),
    ),
    Statement(
        "generative/bag-of-prefix",
        "One block with a running mean and without positions is a function of the last two tokens, t and the prefix's "
        "multiset; in recall its best loss is E[H(N/K)].",
        derived("P10"),
        functions=("urn_entropy",),
    ),
    Statement(
        "generative/recall-floor",
        "In recall of K pairs a plain stack of depth D has loss at least (K-m)/K H(pi), m = min(floor(D/2), K), and "
        "accuracy at most m/K + (K-m)/K max(pi); zero loss needs D >= 2K - 1.",
        derived("P11"),
        functions=("recall_floor",),
    ),
    Statement(
        "generative/copy-floor",
        "A uniform token further back than D costs log V; a model with S bits of state reproduces n uniform tokens with "
        "probability at most min(1, 2^S V^-n).",
        derived("P11"),
        functions=("copy_success_bound", "lag_copy_floor"),
    ),
    Statement(
        "generative/future-leak",
        "With the mean of the whole window, positions 2 to T-1 depend on future tokens and 1 and T do not; on an i.i.d. "
        "source the teacher-forced loss is at least 2 H/T, and for one block without positions at least the bag floor.",
        derived("P12"),
        functions=("leak_floor", "causality_audit"),
    ),
    Statement(
        "generative/map-information",
        "The Jensen-Shannon divergence of a row of N maps is the mutual information of input and attended position, "
        "between 0, reached by equal rows, and min(log N, H of the mean row).",
        derived("P13"),
        functions=("map_statistics",),
    ),
    Statement(
        "generative/binomial-reach",
        "The linear mean stack without residual weights the token j back by C(D,j) 2^-D: mean D/2, variance D/4.",
        derived("P14"),
        functions=("reach_weights",),
    ),
    Statement(
        "generative/linear-length",
        "A generative mixing sublayer costs 2 T d^2 matmul FLOP, linear in T, and the function itself at most 4 T d "
        "element-wise operations.",
        derived("P15"),
        functions=("block_matmul_flops",),
    ),
    Statement(
        "generative/counting-law",
        "Interpolated Witten-Bell counts give a distribution over all characters after every context, so their loss is that of "
        "an honest predictor.",
        derived("counting"),
        functions=("witten_bell_losses",),
    ),
    Statement(
        "generative/counting-baseline",
        "Such counts with a few characters of context reach, without any training, a loss that networks of the experiment's "
        "size and budget do not.",
        derived("counting, measured"),
        functions=("witten_bell_losses",),
    ),
)

STATEMENTS = (*PRINTED, *READINGS, *PROPOSITIONS)
