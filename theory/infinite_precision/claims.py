"""Claims of the infinite-precision paper: what trained one-layer transformers reach, against what the bounds allow.

Every clause says what kind of statement it is: a law holds for every model, an existence clause needs one example, a
learnability clause is about what training finds.  A failed training never counts as an impossibility.
"""

from __future__ import annotations

from theory.core.bound import Source, chosen, constant
from theory.core.claim import Claim, Clause, Control
from theory.core.evidence import Observable
from theory.core.fold import Difference
from theory.core.relation import AtLeast, AtMost, Crosses, Equals, Exceeds
from theory.infinite_precision import claims_bounds as bounds
from theory.infinite_precision import grids
from theory.infinite_precision.claims_bounds import MEDIAN_ACCURACY, NEARLY_ALL, PAPER
from theory.infinite_precision.claims_constructions import CONSTRUCTION_AS_INIT, FINITE_PRECISION, SANDWICH

BEST_ACCURACY = Observable("accuracy", low=0, high=1, evidence="witness_below")
EXACT_ACCURACY = Observable("accuracy", low=0, high=1, evidence="exact")  # of one model, over all tables


# ---------------------------------------------------------------------------- E1
TABLE_ACCURACY = Observable("table_accuracy", low=0, high=1, evidence="witness_below", noise="within")
VECTORS = Observable("log2_patterns", "bits", low=0, high=lambda n: n, evidence="witness_below")
OUT_OF_CLASS = Control(at={"model": "address in read-out"}, says="a read-out token that holds the address")

ACCURACY_CEILING = Claim(
    id=PAPER + "accuracy-ceiling",
    says="No trained one-layer model with a fixed query is more accurate on uniform tables than the count of its labellings "
    "allows, or gives more answer vectors.",
    about=(PAPER + "accuracy-ceiling", PAPER + "theorem-B", PAPER + "split-form"),
    experiment=PAPER + "index",
    profiles=grids.CEILING,
    derivation=PAPER + "codebooks",
    clauses=(
        Clause(
            label="uniform tables",
            observable=TABLE_ACCURACY,
            bound=bounds.ceiling,
            relation=AtMost(),
            control=OUT_OF_CLASS,
        ),
        Clause(
            label="answer vectors",
            observable=VECTORS,
            bound=bounds.answer_vectors,
            relation=AtMost(),
            at=grids.COUNTED,
            control=OUT_OF_CLASS,
        ),
        Clause(
            label="counted vectors",
            observable=EXACT_ACCURACY,
            bound=bounds.counted_ceiling,
            given=("log2_patterns",),
            relation=AtMost(),
            at=grids.COUNTED_ONE_BY_ONE,
            control=Control(bound=bounds.halved_ceiling),
        ),
    ),
    limits="An inequality for all models cannot be confirmed by training some: it was obeyed. The ceilings are far above what "
    "training reaches, and at these sizes most wider networks are not excluded at all.",
)

# ---------------------------------------------------------------------------- E2
BITS = Observable("bits", "bits", low=0, high=lambda n: n, evidence="witness_below")


MEDIAN_BITS = Observable("bits", "bits", low=0, high=lambda n: n, evidence="estimate", noise="median", resolution=1e-6)

TRANSITION = Claim(
    id=PAPER + "transition-at-accumulators",
    says="Training solves the index task when the scalar heads number about n/2, one accumulator an entry, far above the "
    "information limit; each accumulator more adds about a bit, heads serve better than as many features, frozen or nearly frozen "
    "denominators take the heads away, and palindromes need one head.",
    against=(PAPER + "impossible", PAPER + "figure-1-reading"),
    experiment=PAPER + "index",
    profiles=grids.TRANSITION,
    clauses=(
        Clause(
            label="heads at which it is learned",
            kind="learnability",
            observable=MEDIAN_ACCURACY,
            bound=bounds.heads_observed,
            relation=Crosses("H", 0.97, factor=1.7),
            control=Control(bound=bounds.heads_not_excluded, says="the information limit"),
        ),
        Clause(
            label="bits per accumulator, at least",
            kind="learnability",
            observable=BITS,
            bound=bounds.few_bits,
            relation=AtLeast(),
            control=Control(bound=bounds.information_limit),
        ),
        Clause(
            label="bits per accumulator, at most",
            kind="learnability",
            observable=BITS,
            bound=bounds.many_bits,
            relation=AtMost(),
            control=Control(bound=bounds.too_few_bits),
        ),
        Clause(
            label="bits per accumulator, one constant",
            kind="learnability",
            observable=MEDIAN_BITS,
            bound=bounds.fitted_bits,
            relation=Equals(factor=1.5),
            at=grids.HELD_OUT,
            control=Control(bound=bounds.twice_fitted_bits),
        ),
        Clause(
            label="bits that two heads more add",
            kind="learnability",
            observable=MEDIAN_BITS,
            bound=constant(
                4.0, chosen("two scalar heads have four accumulators; one bit each, as prototypes suggested")
            ),
            relation=Equals(factor=1.9),
            folds=(Difference({"H": 3}, {"H": 1}),),
            at=grids.FEW_HEADS,
            control=Control(
                bound=constant(16.0, chosen("four bits an accumulator")), says="four bits for each accumulator"
            ),
        ),
        Clause(
            label="linear read-out",
            kind="existence",
            observable=BEST_ACCURACY,
            bound=constant(1.0, chosen("all tables and addresses right")),
            relation=AtLeast(),
            at=grids.LINEAR,
            control=Control(at={"H": 1}, says="one head in place of three"),
        ),
        Clause(
            label="heads against features",
            kind="learnability",
            observable=MEDIAN_ACCURACY,
            at=grids.ARMS,
            bound=bounds.ahead_by(0.005),
            relation=AtLeast(),
            folds=(Difference(grids.HEADS, grids.FEATURES),),
            control=Control(at={"attention": "uniform"}, says="equal weights, under which a head is a feature"),
        ),
        Clause(
            label="free against equal weights",
            kind="learnability",
            observable=MEDIAN_ACCURACY,
            at=grids.ARMS,
            bound=bounds.ahead_by(0.005),
            relation=AtLeast(),
            folds=(Difference({"attention": "free"}, {"attention": "uniform"}),),
            control=Control(at=grids.EQUAL_SUFFICES, says="palindromes of three bits, which equal weights decide"),
        ),
        Clause(
            label="free against capped logits",
            kind="learnability",
            observable=MEDIAN_ACCURACY,
            at=grids.ARMS,
            bound=bounds.ahead_by(0.005),
            relation=AtLeast(),
            folds=(Difference({"attention": "free", "cap": 0.0}, {"attention": "capped", "cap": 0.05}),),
            control=Control(at=grids.EQUAL_SUFFICES, says="palindromes of three bits, which equal weights decide"),
        ),
        Clause(
            label="shuffled labels",
            kind="learnability",
            observable=MEDIAN_ACCURACY,
            bound=constant(0.5, chosen("a coin; the tolerance is twice the largest deviation measured before")),
            relation=Equals(0.17),
            at=grids.ARMS | {"labels": "shuffled"},
            control=Control(at={"labels": "true"}, says="the true labels"),
        ),
        Clause(
            label="palindromes against index, one head",
            kind="learnability",
            observable=MEDIAN_ACCURACY,
            at=grids.ONE_HEAD,
            bound=bounds.ahead_by(0.15),
            relation=AtLeast(),
            folds=(Difference({"task": "palindrome"}, {"task": "index"}),),
            control=Control(at=grids.FIVE_HEADS, says="five heads, which suffice for both"),
        ),
    ),
    limits="It is about what Adam finds in so many steps with this network. One head with unbounded precision could hold all n "
    "entries, as the construction shows; that no seed found it is not an impossibility. The 3/4 of a bit was fitted at n = 6 and 8, "
    "so only longer tables test it; the least-squares constant rises with n. Palindromes are told from words that are wrong in "
    "one place.",
)

# ---------------------------------------------------------------------------- E3
FOLDED = Observable("folded_gap", low=0, evidence="witness_below")
FOLDED_FEWER = Observable("folded_gap_one_fewer", low=0, evidence="witness_below")


FIRST_WIDTH = Claim(
    id=PAPER + "first-width-cap",
    says="An MLP of first width k sees k features of a head at most: the trained model with eight is reproduced by one with k, "
    "stays below the ceiling of k features, and learns less than behind a first layer of eight units.",
    about=(PAPER + "first-width",),
    against=(PAPER + "d-or-mlp",),
    experiment=PAPER + "index",
    profiles=grids.FIRST_WIDTH_CAP,
    clauses=(
        Clause(
            label="folded model",
            observable=FOLDED,
            bound=constant(1e-9, chosen("float64 rounding of outputs of order 1, with room")),
            relation=AtMost(),
            control=Control(observable=FOLDED_FEWER, says="one feature fewer"),
        ),
        Clause(
            label="ceiling of the first width",
            observable=TABLE_ACCURACY,
            bound=bounds.ceiling,
            relation=AtMost(),
            at=grids.BEHIND_ONE,
            control=OUT_OF_CLASS,
        ),
        Clause(
            label="wide against narrow first layer",
            kind="learnability",
            observable=MEDIAN_ACCURACY,
            relation=Exceeds({"k": 8, "d": 8}, {"k": 2, "d": 8}),
            control=Control(
                relation=Exceeds({"k": 8, "d": 2}, {"k": 8, "d": 8}),
                says="as wide a layer behind two features, against eight",
            ),
        ),
    ),
    limits="Folding and ceiling hold for every model. That a wide first layer is used better is what training did.",
)

# ---------------------------------------------------------------------------- E4
CONTRAST = Claim(
    id=PAPER + "contrast-two-layers",
    says="What one layer with two features does not learn, two layers, one layer whose query knows the address, and one layer "
    "applied twice with rounding between do; the same for a function composed with itself and for two functions.",
    about=(PAPER + "construction-deeper",),
    experiment=PAPER + "index",
    profiles=grids.CONTRAST,
    clauses=(
        Clause(
            label="two layers",
            kind="existence",
            observable=BEST_ACCURACY,
            bound=constant(0.99, chosen("nearly all tables and addresses right")),
            relation=AtLeast(),
            at=grids.TWO_LAYERS,
            control=Control(at=grids.ONE_LAYER, says="one layer"),
        ),
        Clause(
            label="address in the read-out token",
            kind="existence",
            observable=BEST_ACCURACY,
            bound=constant(0.99, chosen("nearly all tables and addresses right")),
            relation=AtLeast(),
            at=grids.ADDRESS_IN_READOUT | grids.TWO_OR_FOUR,
            control=Control(at=grids.ONE_LAYER | {"d": 2}, says="a query that does not know the address"),
        ),
        Clause(
            label="one layer, twice",
            kind="existence",
            observable=BEST_ACCURACY,
            bound=constant(1.0, Source(derived="chain-of-thought")),
            relation=AtLeast(),
            at=grids.CHAIN,
            control=Control(at={"steps": 1}, says="one application only"),
        ),
        Clause(
            label="two layers against one",
            kind="learnability",
            observable=MEDIAN_ACCURACY,
            bound=bounds.ahead_by(0.02),
            relation=AtLeast(),
            folds=(Difference(grids.TWO_LAYERS, grids.ONE_LAYER),),
            control=Control(
                at=grids.NOTHING_TO_FOLLOW, says="palindromes of three bits, where no entry points to another"
            ),
        ),
        Clause(
            label="two layers against one, f(f(1))",
            kind="learnability",
            observable=MEDIAN_ACCURACY,
            at=grids.SELF,
            bound=bounds.ahead_by(0.005),
            relation=AtLeast(),
            folds=(Difference(grids.TWO_LAYERS, grids.ONE_LAYER),),
            control=Control(at=grids.NOTHING_TO_FOLLOW, says="palindromes, where no entry points to another"),
        ),
        Clause(
            label="two layers against one, h(g(x))",
            kind="learnability",
            observable=MEDIAN_ACCURACY,
            at=grids.TWO_FUNCTIONS,
            bound=bounds.ahead_by(0.02),
            relation=AtLeast(),
            folds=(Difference(grids.TWO_LAYERS, grids.ONE_LAYER),),
            control=Control(at=grids.NOTHING_TO_FOLLOW, says="palindromes, where no entry points to another"),
        ),
        Clause(
            label="shuffled labels",
            kind="learnability",
            observable=MEDIAN_ACCURACY,
            bound=constant(0.5, chosen("a coin; the tolerance is twice the largest deviation measured before")),
            relation=Equals(0.17),
            at=grids.DEEPER_SHUFFLED,
            control=Control(at={"labels": "true"}, says="the true labels"),
        ),
    ),
    limits="That one layer fails here is about training: at these n no inequality excludes it. The layer applied twice is hand-set "
    "and tried on all functions; the other two are trained. Functions are composed at six symbols and less, drawn so that half of "
    "the answers are yes.",
)

# ---------------------------------------------------------------------------- E5
CERTIFIED = Observable("certified", "points", low=0, high=lambda m: m, evidence="witness_below")

LEARNED_SHATTERING = Claim(
    id=PAPER + "learned-shattering",
    says="Training finds sets of points that a one-layer class shatters, repeated in exact fractions: five for two scalar heads "
    "and seven for three, with a linear read-out, one more than conjectured, and never more than the bound allows.",
    about=(PAPER + "theorem-B",),
    against=(PAPER + "vc-2h-conjecture",),
    experiment=PAPER + "shattering",
    profiles=grids.LEARNED,
    clauses=(
        Clause(
            label="never above the bound",
            observable=CERTIFIED,
            bound=bounds.most_points,
            relation=AtMost(),
            control=Control(bound=bounds.one_point_fewer),
        ),
        Clause(
            label="beyond the conjecture",
            kind="existence",
            observable=CERTIFIED,
            bound=bounds.beyond_conjecture,
            relation=AtLeast(),
            at=grids.SCALAR_HEADS,
            control=Control(at={"H": 1, "m": 3, "room": "1x1"}, says="one head, whose dimension is 1"),
        ),
        Clause(
            label="with a hidden layer",
            kind="existence",
            observable=CERTIFIED,
            bound=bounds.two_beyond,
            relation=AtLeast(),
            at=grids.EIGHT_UNITS,
            control=Control(at={"k": 0, "room": lambda d: f"1x{d}"}, says="no hidden layer"),
        ),
    ),
    limits="A set that is found is a proof that the dimension is at least so large; one that is not found says nothing. For three "
    "heads a longer search found the eight points of the certificate. Above one head the bound is several times what was found.",
)

# ---------------------------------------------------------------------------- E8
WORD_ACCURACY = Observable("word_accuracy", low=0, high=1, evidence="witness_below", noise="within")
ABOVE_MAJORITY = Observable("above_majority", low=-1, high=1, evidence="estimate", noise="median", resolution=1e-6)

SUM2 = Claim(
    id=PAPER + "sum2",
    says="Hand-set weights decide SUM_2 in one layer with M features and in two layers with a few; one trained layer gains "
    "little over the constant answer below M features, two trained layers fall short of the hand-set ones; on the shattered "
    "words the ceiling holds.",
    about=(
        PAPER + "construction-sum2", PAPER + "sum2-one-layer", PAPER + "technique", PAPER + "shattered-sets",
    ),
    experiment=PAPER + "sum2",
    profiles=grids.SUM2,
    clauses=(
        Clause(
            label="shattered words",
            observable=BEST_ACCURACY,
            bound=bounds.shattered_ceiling,
            relation=AtMost(),
            at=grids.EXCLUDED,
            control=Control(at={"model": "two layers"}, says="two layers, outside the class"),
        ),
        Clause(
            label="two layers",
            kind="existence",
            observable=WORD_ACCURACY,
            bound=NEARLY_ALL,
            relation=AtLeast(),
            at={"model": "two layers", "d": 4},
            control=Control(at={"sharpness": 0.1}, says="logits a tenth as sharp"),
        ),
        Clause(
            label="histogram of M bins",
            kind="existence",
            observable=WORD_ACCURACY,
            bound=NEARLY_ALL,
            relation=AtLeast(),
            at={"model": "histogram", "d": lambda M: M},
            control=Control(at={"d": lambda M: M // 2}, says="half of the bins"),
        ),
        Clause(
            label="more features",
            kind="learnability",
            observable=ABOVE_MAJORITY,
            bound=bounds.ahead_by(0.01),
            relation=AtLeast(),
            folds=(Difference({"d": 16}, {"d": 2}),),
            control=Control(at=grids.PAIRS_SHUFFLED, says="shuffled labels"),
        ),
        Clause(
            label="trained below M features",
            kind="learnability",
            observable=BEST_ACCURACY,
            bound=constant(0.9, chosen("between .79, the best measured with up to half of M features, and 1")),
            relation=AtMost(),
            at={"d": (2, 8)},
            control=Control(at={"model": "two layers"}, says="two layers, hand-set"),
        ),
        Clause(
            label="two layers, hand-set against trained",
            kind="learnability",
            observable=ABOVE_MAJORITY,
            at=grids.LEARNED_PAIRS,
            relation=Exceeds(grids.SET, grids.TRAINED),
            control=Control(relation=Exceeds(grids.HALF_SET, grids.TRAINED), says="a hand-set histogram of half the bins"),
        ),
    ),
    limits="n^(1/3) is needed and order M suffices in one layer: the exponent between is open, and what training reaches says "
    "nothing about it. The class of the two trained layers contains the hand-set ones, so what it lacks is training.",
)  # fmt: skip

CLAIMS: tuple[Claim, ...] = (
    ACCURACY_CEILING,
    TRANSITION,
    FIRST_WIDTH,
    CONTRAST,
    LEARNED_SHATTERING,
    FINITE_PRECISION,
    CONSTRUCTION_AS_INIT,
    SUM2,
    SANDWICH,
)
