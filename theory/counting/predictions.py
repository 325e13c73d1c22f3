"""What the claims compare with: exact predictions for heads whose numbers are measured, and the controls' wrong ones."""

from __future__ import annotations

import functools
import math
from fractions import Fraction
from typing import Any

import numpy as np

from theory.core.bound import Hypothesis, bound, chosen, derived
from theory.core.domain import Choice, Integer, Parameter, Real
from theory.counting.accuracy import (
    intervention_surface,
    separation_accuracy,
    separation_accuracy_error,
)
from theory.counting.grids import LONGEST, NOISE_RATIOS, RATIOS, TASKS, symmetric_values
from theory.counting.laws import (
    auc_from_s_acc,
    ensemble_perfect_probability,
    gaussian_head_correlation,
    gaussian_separation_accuracy,
    null_separation_accuracy,
)
from theory.counting.parameters import LENGTH, LENGTH_3
from theory.counting.perfect import max_perfect_length, w01_window_fixed, w01_window_tuned
from theory.counting.programs import min_heads_symmetric
from theory.counting.states import majority_accuracy

W01 = Parameter("w01", Real(0, open_low=True), "attention to a 1 relative to that to a 0")
W02 = Parameter("w02", Real(0, open_low=True), "attention to a 2 relative to that to a 0")
KAPPA = Parameter("kappa", Real(), "value of a 2, on the scale on which 0 has -1 and 1 has +1")
SIGMA = Parameter("sigma", Real(), "value of the frame B and E on that scale")
FRAME = Parameter("wS", Real(0), "attention to the frame B and E relative to that to a 0")
OWN = Parameter("b", Real(), "the head's own threshold on that scale")
HEADS = Parameter("H", Integer(1), "number of heads")
SPREAD = Parameter("sd", Real(0, open_low=True), "standard deviation of ln w01")
FIRST = Parameter("first_accuracy", Real(0.5, 1), "separation accuracy of a head")
BITS = Parameter("n", Integer(1), "number of bits")
TASK = Parameter("task", Choice(TASKS), "symmetric function")

LARGEST_NUMBER = 1e6
RESOLVED = Hypothesis(
    "the head's numbers lie below 10^6, so that floats tell its scores apart",
    lambda kappa, sigma, wS: max(abs(kappa), abs(sigma), wS) <= LARGEST_NUMBER,
)
LEARNED = Hypothesis("the net has learned: it answers every string up to N", lambda solved: solved > 0)
UPWARD = Hypothesis("the head speaks for 1: its gain is positive", lambda gain: gain > 0)
DELTA = 1e-4  # probability with which one sample of strings may leave the stated error; chosen


# ---------------------------------------------------------------------------- surfaces
@functools.lru_cache(maxsize=4096)
def _surface(N: int, kappa: float, sigma: float, frame: float) -> tuple[tuple[float, ...], ...]:
    found = intervention_surface(head=(1.0, 1.0, kappa, sigma, frame), grid01=RATIOS, grid02=NOISE_RATIOS, N=N)
    return tuple(tuple(float(one) for one in row) for row in found)


@bound(
    params=(LENGTH, W01, W02, KAPPA, SIGMA, FRAME),
    direction="exact",
    source=derived("T1, exact sum over all strings"),
    hypotheses=(RESOLVED,),
    systems=("float",),
    latex=r"\max_b \Pr[\,1(s > b) = y\,],\ s = \frac{-n_0 + w_{01} n_1 + \kappa w_{02} n_2 + \sigma w_S}"
    r"{n_0 + w_{01} n_1 + w_{02} n_2 + w_S}",
)
def intervened_accuracy(m: Any, *, N: int, w01: float, w02: float, kappa: float, sigma: float, wS: float) -> float:
    """Separation accuracy of a head whose attention ratios are overwritten while its own kappa, sigma and wS stay."""
    del m
    if w01 in RATIOS and w02 in NOISE_RATIOS:
        return _surface(N, kappa, sigma, wS)[RATIOS.index(w01)][NOISE_RATIOS.index(w02)]
    return float(separation_accuracy(length_law="uniform", N=N, head=(w01, w02, kappa, sigma, wS), tie="neg"))


@bound(
    params=(LENGTH, W01, W02, KAPPA, SIGMA, FRAME),
    direction="exact",
    source=derived("T1 with the other convention of w01"),
    hypotheses=(RESOLVED,),
    systems=("float",),
)
def inverse_ratio_accuracy(m: Any, *, N: int, w01: float, w02: float, kappa: float, sigma: float, wS: float) -> float:
    """Negative control: w01 read as the attention to a 0 relative to that to a 1."""
    inverse = RATIOS[len(RATIOS) - 1 - RATIOS.index(w01)] if w01 in RATIOS else 1 / w01
    return float(intervened_accuracy.formula(m, N=N, w01=inverse, w02=w02, kappa=kappa, sigma=sigma, wS=wS))


def sampling_error(m: int, N: int) -> float:
    """How far the accuracy on m strings may lie from the exact one, for all heads, ratios and thresholds at once."""
    n_states = math.comb(N + 3, 3) - 1
    return separation_accuracy_error(m=m, K=n_states, delta=DELTA, heads="all")


# ---------------------------------------------------------------------------- cross and strip
@bound(
    params=(LENGTH_3, W01, W02),
    direction="exact",
    source=derived("T3"),
    systems=("float",),
    latex=r"1[\,w_{01} \geq 1,\ (w_{01}-1)\, w_{02} (N-1) < 2 w_{01}\,] + 1[\,\frac{k}{k+1} < w_{01} < 1\,]",
)
def in_tuned_cross(m: Any, *, N: int, w01: float, w02: float) -> float:
    """1 where a re-tuned threshold is right on all strings up to N (kappa = wS = 0), else 0."""
    del m
    window = w01_window_tuned(N=N, w02=w02)
    return float(window.lo < w01 < window.hi)


@bound(params=(LENGTH_3, W01, W02), direction="exact", source=derived("T3, made symmetric"), systems=("float",))
def in_naive_cross(m: Any, *, N: int, w01: float, w02: float) -> float:
    """Negative control: the symmetric rule |w01 - 1| w02 (N - 1) < 2 w01."""
    del m
    return float(abs(w01 - 1) * w02 * (N - 1) < 2 * w01)


@bound(
    params=(LENGTH_3, W01, SIGMA, FRAME),
    direction="exact",
    source=derived("T4"),
    systems=("float",),
    latex=r"1[\,\frac{\tau + k}{k + 1} < w_{01} \leq 1 + \frac{\tau}{k'}\,],\ \tau = -\sigma w_S",
)
def in_own_strip(m: Any, *, N: int, w01: float, sigma: float, wS: float) -> float:
    """1 where threshold 0 is right on all strings up to N (kappa = 0), else 0; w02 does not enter."""
    del m
    window = w01_window_fixed(N=N, tau=-sigma * wS)
    return float(window.lo < w01 <= window.hi)


@bound(
    params=(LENGTH_3, W01, SIGMA, FRAME),
    direction="exact",
    source=derived("T4, exact sum over the strings without their 2s, which do not enter"),
    systems=("float",),
    latex=r"\Pr[\,1(w_{01} n_1 - n_0 + \sigma w_S > 0) = y\,]",
)
def own_threshold_accuracy(m: Any, *, N: int, w01: float, sigma: float, wS: float) -> float:
    """Accuracy at threshold 0 of a head with kappa = 0: the same for every w02."""
    del m
    return _own_accuracy(N, w01, sigma * wS)


@functools.lru_cache(maxsize=1024)
def _own_accuracy(N: int, w01: float, offset: float) -> float:
    """Sum over k tokens that are no 2, of which j are 1s: k has the law of a binomial of 2/3, j given k that of 1/2."""
    total = 0.0
    for k, share in enumerate(_shares_without_noise(N)):
        j = np.arange(k + 1)
        says_one = np.round(w01 * j - (k - j) + offset, 12) > 0  # a score that is 0 but for rounding is not above 0
        total += share * float(_halves(k)[says_one == (2 * j > k)].sum())
    return total


@functools.lru_cache(maxsize=32)
def _shares_without_noise(N: int) -> tuple[float, ...]:
    """P(k of the tokens are no 2), k = 0..N, for lengths uniform on 1..N."""
    exact = [sum(Fraction(math.comb(n, k) * 2**k, 3**n) for n in range(max(k, 1), N + 1)) / N for k in range(N + 1)]
    return tuple(map(float, exact))


@functools.lru_cache(maxsize=128)
def _halves(k: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Law of the number of 1s among k tokens that are 0 or 1, j = 0..k."""
    return np.array([math.comb(k, j) / 2**k for j in range(k + 1)])


# ---------------------------------------------------------------------------- lengths
@bound(
    params=(W01, W02, KAPPA, SIGMA, FRAME, OWN),
    direction="exact",
    source=derived("T2 at the head's own threshold"),
    hypotheses=(RESOLVED, UPWARD),
    systems=("float",),
    latex=r"\min\{N : \max_{-} s > b\ \mathrm{or}\ \min_{+} s \leq b\}",
)
def failing_length(m: Any, *, w01: float, w02: float, kappa: float, sigma: float, wS: float, b: float) -> float:
    """First body length on which a net of one head errs, from its five numbers and threshold; 61 for none up to 60."""
    del m
    found = max_perfect_length(head=(w01, w02, kappa, sigma, wS), tie="neg", b=b)
    return float(min(LONGEST if found is None else found, LONGEST) + 1)


@bound(
    params=(W01, W02, KAPPA, SIGMA, FRAME, OWN),
    direction="exact",
    source=derived("T2 at the head's own threshold, strings of as many 0s as 1s left out"),
    hypotheses=(RESOLVED, UPWARD),
    systems=("float",),
    latex=r"\min\{N : \max_{n_1 < n_0} s > b\ \mathrm{or}\ \min_{n_1 > n_0} s \leq b\}",
)
def failing_length_without_ties(
    m: Any, *, w01: float, w02: float, kappa: float, sigma: float, wS: float, b: float
) -> float:
    """First body length on which a net of one head errs where ties have no answer; 61 for none up to 60."""
    del m
    found = max_perfect_length(head=(w01, w02, kappa, sigma, wS), tie="drop", b=b)
    return float(min(LONGEST if found is None else found, LONGEST) + 1)


@bound(
    params=(W01, W02, KAPPA, SIGMA, FRAME, OWN),
    direction="exact",
    source=derived("T2 with a threshold for each length"),
    hypotheses=(RESOLVED, UPWARD),
    systems=("float",),
)
def retuned_failing_length(m: Any, *, w01: float, w02: float, kappa: float, sigma: float, wS: float, b: float) -> float:
    """Negative control: the first length that no threshold at all could serve, as if it were re-tuned."""
    del m, b
    found = max_perfect_length(head=(w01, w02, kappa, sigma, wS), tie="neg")
    return float(min(LONGEST if found is None else found, LONGEST) + 1)


@bound(params=(LENGTH,), direction="exact", source=chosen("twice the length trained on"), systems=("float",))
def beyond_twice_the_length(m: Any, *, N: int) -> float:
    """2 N + 1: right on all strings up to twice the length trained on."""
    del m
    return float(2 * N + 1)


@bound(
    params=(W01,),
    direction="exact",
    source=derived("T2: the one threshold that serves every length"),
    hypotheses=(LEARNED,),
    latex=r"\frac{w_{01} - 1}{w_{01} + 1}",
)
def threshold_of_balance(m: Any, *, w01: Any) -> Any:
    """The threshold at which a 1 weighs as much for the answer as a 0 against it."""
    del m
    return (w01 - 1) / (w01 + 1)


@bound(
    params=(LENGTH_3,),
    direction="asymptotic",
    source=derived("T5: the balance of the largest margin"),
    systems=("float",),
    latex=r"\sqrt{\frac{k}{k + 1}},\ k = \lfloor (N - 1)/2 \rfloor",
)
def balance_of_largest_margin(m: Any, *, N: int) -> float:
    """w01 of the head whose worst margin on strings up to N is the largest, where ties carry label 0."""
    del m
    k = (N - 1) // 2
    return math.sqrt(k / (k + 1))


# ---------------------------------------------------------------------------- before training
@bound(
    params=(LENGTH, KAPPA),
    direction="exact",
    source=derived("T1 at w01 = w02 = 1, exact sum over all strings of one length"),
    systems=("float",),
    latex=r"\max_b \Pr[\,1(n_1 - n_0 + \kappa n_2 > b) = y \mid n_0 \neq n_1\,]",
)
def untrained_accuracy(m: Any, *, N: int, kappa: float) -> float:
    """Separation accuracy of a head with uniform attention and values -1, 1, kappa on strings of length N without ties."""
    del m
    return float(separation_accuracy(length_law="fixed", N=N, head=(1.0, 1.0, kappa, 0.0, 2.0), tie="drop"))


@bound(params=(LENGTH, KAPPA), direction="exact", source=derived("T8 in the limit of long strings"), systems=("float",))
def limit_accuracy(m: Any, *, N: int, kappa: float) -> float:
    """Negative control: the law of infinitely long strings, which is still up to .04 off at this length."""
    del m, N
    return gaussian_separation_accuracy(r=gaussian_head_correlation(w01=1, w02=1, kappa=kappa))


@bound(direction="asymptotic", source=derived("T10"))
def null_accuracy(m: Any) -> Any:
    """Mean separation accuracy of an untrained head in the limit of long strings: 3/4."""
    return m.number(Fraction(null_separation_accuracy()))


@bound(
    params=(FIRST,),
    direction="asymptotic",
    source=derived("T8 in the limit of long strings"),
    systems=("float",),
    latex=r"\frac{1}{2} + \frac{2}{\pi} \arcsin\left(\frac{\sin(\pi(s - 1/2))}{\sqrt{2}}\right)",
)
def area_from_accuracy(m: Any, *, first_accuracy: float) -> float:
    """ROC AUC of a head, turned upward, from its separation accuracy."""
    del m
    return auc_from_s_acc(s=first_accuracy)


@bound(
    params=(FIRST,), direction="asymptotic", source=derived("T8 with the area read as an accuracy"), systems=("float",)
)
def area_as_accuracy(m: Any, *, first_accuracy: float) -> float:
    """Negative control: area and accuracy taken for one number."""
    del m
    return first_accuracy


@bound(
    params=(LENGTH,),
    direction="exact",
    source=derived("what no string can tell, only a constant answer can hold"),
    systems=("float",),
)
def prior_accuracy(m: Any, *, N: int) -> float:
    """The accuracy of a constant answer."""
    del m
    return float(majority_accuracy(length_law="uniform", N=N, tie="neg"))


@bound(params=(LENGTH,), direction="lower", source=chosen("the class prior and a twentieth"), systems=("float",))
def above_prior(m: Any, *, N: int) -> float:
    """The accuracy of a constant answer, plus .05."""
    del m
    return float(majority_accuracy(length_law="uniform", N=N, tie="neg")) + 0.05


# ---------------------------------------------------------------------------- several heads
@bound(
    params=(HEADS, SPREAD, LENGTH_3),
    direction="asymptotic",
    source=derived("T11"),
    systems=("float",),
    latex=r"2 \Phi\left(\sqrt{H} \ln(1 + 1/k)/\mathrm{sd}\right) - 1",
)
def ensemble_law(m: Any, *, H: int, sd: float, N: int) -> float:
    """Probability that the average of H heads is right on all strings up to N, to first order in sd."""
    del m
    return ensemble_perfect_probability(H=H, sd=sd, N=N)


@bound(params=(HEADS, SPREAD, LENGTH_3), direction="asymptotic", source=derived("T11 with H"), systems=("float",))
def ensemble_law_linear(m: Any, *, H: int, sd: float, N: int) -> float:
    """Negative control: H in place of its square root."""
    del m
    return ensemble_perfect_probability(H=H * H, sd=sd, N=N)


@bound(
    params=(TASK, BITS),
    direction="exact",
    source=derived("T13"),
    systems=("float",),
    latex=r"\#\{x : f(x) \neq f(x + 1)\}",
)
def least_heads(m: Any, *, task: str, n: int) -> float:
    """Least number of scalar heads for a symmetric function: its number of sign changes."""
    del m
    return float(min_heads_symmetric(values=symmetric_values(task, n)))


@bound(params=(TASK, BITS), direction="exact", source=derived("T13 with one more"), systems=("float",))
def one_head_more(m: Any, *, task: str, n: int) -> float:
    """Negative control: one head more than sign changes."""
    return float(least_heads.formula(m, task=task, n=n)) + 1


@bound(params=(TASK, BITS), direction="exact", source=derived("T13 with one less"), systems=("float",))
def one_head_less(m: Any, *, task: str, n: int) -> float:
    """Negative control: one head less than sign changes."""
    return float(least_heads.formula(m, task=task, n=n)) - 1
