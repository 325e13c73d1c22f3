"""The bounds that the claims compare with, as functions of a cell's coordinates, their negative controls, and what more
than one module of claims uses.

Letters of a cell: n table entries, H heads, d value features of a head, k and k2 hidden widths (0: none), m points, p
significand bits, M modulus, log2_patterns the binary log of the answer vectors counted on a trained model.
"""

from __future__ import annotations

from typing import Any

from theory.core.bound import Bound, Source, bound, chosen, constant, derived
from theory.core.domain import Choice, Integer, Parameter, Real
from theory.core.evidence import Observable
from theory.infinite_precision.accuracy import accuracy_ceiling
from theory.infinite_precision.certificates import shattering_certificate
from theory.infinite_precision.growth import growth_log2, min_size, min_size_theorem_a, vc_upper
from theory.infinite_precision.parameters import PRECISION, SOURCES, D, H, N

K = Parameter("k", Integer(0), "units of the first hidden layer; 0 for a linear read-out")
K2 = Parameter("k2", Integer(0), "units of the second hidden layer; 0 for none")
POINTS = Parameter("m", Integer(1), "points to be shattered")
MODULUS = Parameter("M", Integer(3), "modulus")
COUNTED = Parameter("log2_patterns", Real(0), "binary log of the answer vectors counted on this model", "bits")
TASK = Parameter("task", Choice(("index", "composition")), "entries are bits, or values in [n]")


PAPER = "infinite_precision/"
MEDIAN_ACCURACY = Observable("accuracy", low=0, high=1, evidence="estimate", noise="median", resolution=1e-6)
NEARLY_ALL = constant(0.99, chosen("the construction errs nowhere; what a few thousand words can show"))


def ahead_by(least: float) -> Bound:
    """What one arm must be ahead of another by."""
    return constant(least, chosen("above the difference that the control leaves, below the one measured"))


def widths_of(k: int, k2: int) -> tuple[int, ...]:
    """The hidden widths of a cell, () for a linear read-out."""
    return tuple(width for width in (k, k2) if width)


# ---------------------------------------------------------------------------- labellings and accuracy
@bound(
    params=(N, D, H, K, K2),
    direction="upper",
    source=SOURCES["growth_log2"],
    systems=("float",),
    latex=r"\log_2 \Pi(n) \leq \sum_i \log_2 \Phi(n k_i, P)",
)
def answer_vectors(m: Any, *, n: int, d: int, H: int, k: int, k2: int) -> float:
    """Binary log of the number of answer vectors that one trained model can give over all tables."""
    del m
    return growth_log2(m=n, d=d, H=H, widths=widths_of(k, k2))


@bound(
    params=(N, D, H, K, K2),
    direction="upper",
    source=SOURCES["accuracy_ceiling"],
    systems=("float",),
    latex=r"1 - h^{-1}\left(1 - \log_2 \Pi(n) / n\right)",
)
def ceiling(m: Any, *, n: int, d: int, H: int, k: int, k2: int) -> float:
    """Largest accuracy on uniform tables of any one-layer model of these sizes."""
    del m
    return accuracy_ceiling(n=n, log2_patterns=growth_log2(m=n, d=d, H=H, widths=widths_of(k, k2)))


@bound(
    params=(N, COUNTED),
    direction="upper",
    source=SOURCES["accuracy_ceiling"],
    systems=("float",),
    latex=r"1 - h^{-1}\left(1 - \log_2 \#\mathrm{vectors} / n\right)",
)
def counted_ceiling(m: Any, *, n: int, log2_patterns: float) -> float:
    """Largest accuracy on all tables of anything that gives this many answer vectors."""
    del m
    return accuracy_ceiling(n=n, log2_patterns=log2_patterns)


@bound(params=(N, COUNTED), direction="upper", source=derived("codebooks, with a wrong rate"), systems=("float",))
def halved_ceiling(m: Any, *, n: int, log2_patterns: float) -> float:
    """Negative control: the ceiling for the square root of the number of answer vectors."""
    del m
    return accuracy_ceiling(n=n, log2_patterns=log2_patterns / 2)


@bound(
    params=(N, MODULUS, D, H, K, K2),
    direction="upper",
    source=derived("shattering, codebooks"),
    systems=("float",),
    latex=r"1 - h^{-1}\left(1 - \log_2 \Pi(m) / m\right)",
)
def shattered_ceiling(m: Any, *, n: int, M: int, d: int, H: int, k: int, k2: int) -> float:
    """Largest accuracy of a one-layer model on the shattered words of SUM_2, every labelling of the m rows once."""
    del m
    rows = shattering_certificate(task="sum2", n=n, M=M).size
    return accuracy_ceiling(n=rows, log2_patterns=growth_log2(m=rows, d=d, H=H, widths=widths_of(k, k2)))


# ---------------------------------------------------------------------------- accumulators
OBSERVED = Source(where="one entry an accumulator, as observed; no theorem says so", provenance="chosen")


@bound(params=(N,), direction="asymptotic", source=OBSERVED)
def heads_observed(m: Any, *, n: Any) -> Any:
    """Scalar heads at which n entries are learned, two accumulators a head: n/2."""
    return n / m.number(2)


@bound(params=(N, K, K2), direction="lower", source=SOURCES["vc_upper"], systems=("float",))
def heads_not_excluded(m: Any, *, n: int, k: int, k2: int) -> float:
    """Negative control: the least number of scalar heads that counting does not exclude, the information limit."""
    del m
    heads = 1
    while vc_upper(d=1, H=heads, widths=widths_of(k, k2)) < n:
        heads += 1
    return float(heads)


def _accumulators(H: Any, d: Any) -> Any:
    return H * (d + 1)


@bound(
    params=(D, H),
    direction="asymptotic",
    source=Source(
        where="2/5 of a bit, below every ratio of .60 to 1.04 that the best seeds reached on the cpu grid",
        provenance="chosen",
    ),
)
def few_bits(m: Any, *, d: Any, H: Any) -> Any:
    """2/5 of a bit for each accumulator, H (d+1) in all."""
    return m.ratio(2, 5) * _accumulators(H, d)


@bound(
    params=(D, H),
    direction="asymptotic",
    source=Source(
        where="8/5 of a bit, above every ratio of .60 to 1.04 that the best seeds reached on the cpu grid, with room for more steps",
        provenance="chosen",
    ),
)
def many_bits(m: Any, *, d: Any, H: Any) -> Any:
    """8/5 of a bit for each accumulator, H (d+1) in all."""
    return m.ratio(8, 5) * _accumulators(H, d)


@bound(
    params=(D, H),
    direction="asymptotic",
    source=Source(
        where="3/4 of a bit, least squares through the origin over n = 6 and 8, H (d+1) <= n, on the cpu grid",
        provenance="chosen",
    ),
)
def fitted_bits(m: Any, *, d: Any, H: Any) -> Any:
    """3/4 of a bit for each accumulator, H (d+1) in all."""
    return m.ratio(3, 4) * _accumulators(H, d)


@bound(params=(D, H), direction="asymptotic", source=derived("twice the fitted constant"))
def twice_fitted_bits(m: Any, *, d: Any, H: Any) -> Any:
    """Negative control: a bit and a half for each accumulator."""
    return m.ratio(3, 2) * _accumulators(H, d)


@bound(params=(D, H), direction="asymptotic", source=derived("a quarter of a bit, too few"))
def too_few_bits(m: Any, *, d: Any, H: Any) -> Any:
    """Negative control: a quarter of a bit for each accumulator."""
    return m.ratio(1, 4) * _accumulators(H, d)


@bound(params=(N, D, H, K, K2), direction="upper", source=SOURCES["growth_log2"], systems=("float",))
def information_limit(m: Any, *, n: int, d: int, H: int, k: int, k2: int) -> float:
    """Negative control: all the bits that counting allows."""
    del m
    return growth_log2(m=n, d=d, H=H, widths=widths_of(k, k2))


# ---------------------------------------------------------------------------- shattering
@bound(
    params=(D, H, K),
    direction="upper",
    source=SOURCES["vc_upper"],
    systems=("float",),
    latex=r"\max \{ m : \log_2 \Pi(m) \geq m \}",
)
def most_points(m: Any, *, d: int, H: int, k: int) -> float:
    """Largest set of points that one-layer models of these sizes can shatter."""
    del m
    return float(vc_upper(d=d, H=H, widths=widths_of(k, 0)))


@bound(params=(D, H, K), direction="upper", source=derived("the same less one"), systems=("float",))
def one_point_fewer(m: Any, *, d: int, H: int, k: int) -> float:
    """Negative control: one point fewer than the bound allows."""
    del m
    return float(vc_upper(d=d, H=H, widths=widths_of(k, 0)) - 1)


@bound(params=(H,), direction="lower", source=derived("certificate: five points for two heads"))
def beyond_conjecture(m: Any, *, H: Any) -> Any:
    """One point more than the conjectured VC dimension 2H of H scalar heads with a linear read-out."""
    return m.number(2) * H + 1


@bound(
    params=(D,),
    direction="lower",
    source=Source(where="as many as eight units were found to shatter", provenance="chosen"),
)
def two_beyond(m: Any, *, d: Any) -> Any:
    """One point more than one head with d features has accumulators: d + 2."""
    return m.number(2) + d


# ---------------------------------------------------------------------------- finite precision
@bound(params=(PRECISION,), direction="upper", source=SOURCES["communication_min_precision"])
def message_entries(m: Any, *, p: Any) -> Any:
    """Entries of a table that H (d+1) = 2 accumulators of p bits can tell: 2 p."""
    return m.number(2) * p


@bound(params=(PRECISION,), direction="upper", source=derived("the message of a half-precision format"))
def message_of_eleven_bits(m: Any, *, p: Any) -> Any:
    """Negative control: 22 entries, as if every format had 11 bits."""
    del p
    return m.number(22)


@bound(
    params=(PRECISION,),
    direction="lower",
    source=Source(where="one entry a bit, less two for rounding of the last place", provenance="chosen"),
)
def one_entry_a_bit(m: Any, *, p: Any) -> Any:
    """Entries that the construction reads from a message of p bits: p - 2."""
    return m.number(0) + p - 2


@bound(params=(PRECISION,), direction="upper", source=SOURCES["communication_min_precision"])
def message_palindrome(m: Any, *, p: Any) -> Any:
    """Length of words whose halves 2 accumulators of p bits can compare: 4 p."""
    return m.number(4) * p


@bound(params=(PRECISION,), direction="upper", source=derived("a quarter of it"))
def message_palindrome_quarter(m: Any, *, p: Any) -> Any:
    """Negative control: as many letters as bits, as if one accumulator held the whole word."""
    return m.number(1) * p


# ---------------------------------------------------------------------------- sizes
@bound(params=(N,), direction="lower", source=SOURCES["min_size_theorem_a"], systems=("float",))
def operations_size(m: Any, *, n: int) -> float:
    """Least max(d, H, U, W) that operation counts leave open, W_O folded into the accumulators."""
    del m
    return float(min_size_theorem_a(n=n))


@bound(params=(N,), direction="lower", source=SOURCES["min_size_theorem_a"], systems=("float",))
def operations_size_plain(m: Any, *, n: int) -> float:
    """Least max(d, H, U, W) that operation counts leave open, W_O applied at run time."""
    del m
    return float(min_size_theorem_a(n=n, premultiplied=False))


@bound(params=(N, TASK), direction="lower", source=SOURCES["min_size"], systems=("float",))
def labelling_size(m: Any, *, n: int, task: str) -> float:
    """Least max(d, H, U) that counting labellings leaves open."""
    del m
    return float(min_size(n=n, task=task))


@bound(params=(N,), direction="lower", source=derived("exponents, a wrong one"))
def two_thirds_power(m: Any, *, n: Any) -> Any:
    """Negative control: the power 2/3 of n, which the construction undercuts."""
    return m.power(m.number(n), m.ratio(2, 3))


@bound(params=(N,), direction="upper", source=derived("index-exact, exponents"))
def construction_root(m: Any, *, n: Any) -> Any:
    """(12 n)^(1/3), which the construction's size approaches from below for large n."""
    return m.power(m.number(12) * n, m.ratio(1, 3))


@bound(params=(N,), direction="upper", source=derived("exponents, with the constant of networks with skip connections"))
def smaller_root(m: Any, *, n: Any) -> Any:
    """Negative control: (8 n)^(1/3), which only skip connections would allow."""
    return m.power(m.number(8) * n, m.ratio(1, 3))
