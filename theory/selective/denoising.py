"""Value selectivity: risks of averaging noisy tokens, of an oracle, and of a hard gate.

The task: e_q is one of d basis vectors, the last token is e_q + noise, every other one is e_q + noise with probability alpha
and noise alone otherwise; noise is N(0, sigma^2 I).  The risk is the mean of |e_q - y/|y||^2.
Letters: d dimension, L tokens, alpha rate of the signal, sigma noise, t threshold of the gate on the largest coordinate,
delta signal over noise of a mean, m number of tokens that carry the signal.

Recipe: `denoise_risk(d=8, L=32, alpha=.25, sigma=.25)` gives the two ends between which a trained value temperature should lie.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from theory.core.bound import Source, bound
from theory.core.domain import checks
from theory.core.errors import DomainError
from theory.selective.parameters import DIM, DIM_ONE, RATE, SIGMA, SIGNAL, THRESHOLD, Array, L

_FAR = 200.0  # chosen: beyond this squared delta per dimension the expansion in 1/delta^2 has converged to rounding


@bound(
    params=(SIGNAL, DIM_ONE),
    direction="exact",
    source=Source(derived="projected-normal"),
    systems=("float",),
    latex=r"\frac{\delta}{\sqrt2}\frac{\Gamma((d+1)/2)}{\Gamma(d/2+1)}\,{}_1F_1(\tfrac12;\tfrac d2+1;-\tfrac{\delta^2}2)",
)
def projected_normal_resultant(m: Any, *, delta: Any, d: Any) -> Any:
    """Mean of the first coordinate of u/|u| for u ~ N(delta e_1, I_d); at d = 1 erf(delta/sqrt 2).

    Source: derived: projected-normal (textbook integral).

    Examples:
    >>> round(float(projected_normal_resultant(delta=1, d=8)), 12)
    0.326578449999
    >>> float(projected_normal_resultant(delta=0, d=8))
    0.0
    """
    del m
    return float(1 - _half_risks(np.array([float(delta)]), int(d))[0])


def _half_risks(delta: Array, d: int) -> Array:
    """1 - resultant, [m], without cancellation where the resultant is near 1."""
    from scipy.special import gammaln, hyp1f1

    half = delta**2 / 2
    found = np.empty_like(delta)
    far = delta**2 > _FAR * (d + 2)
    if far.any():
        term, total = np.ones(int(far.sum())), np.zeros(int(far.sum()))
        for k in range(12):  # resultant = sum_k (1/2)_k ((1-d)/2)_k / (k! half^k), finite for odd d
            term = term * (k + 0.5) * (k + (1 - d) / 2) / (k + 1) / half[far]
            total = total - term
        found[far] = total
    near = ~far
    ratio = math.exp(gammaln((d + 1) / 2) - gammaln(d / 2 + 1))
    found[near] = 1 - np.sqrt(half[near]) * ratio * hyp1f1(0.5, d / 2 + 1, -half[near])
    return found


@dataclass(frozen=True)
class DenoiseRisk:
    """Risk of the mean of all tokens and of the mean of those that carry the signal (which needs an oracle)."""

    naive: float
    oracle: float


@checks(DIM, L, RATE, SIGMA)
def denoise_risk(*, d: int, L: int, alpha: float, sigma: float) -> DenoiseRisk:
    """Risks of naive and oracle averaging, exact sums over m = 1 + Bin(L-1, alpha): 2 - 2 E resultant.

    The signal over noise is m/(sigma sqrt L) for the mean of all tokens and sqrt(m)/sigma for the oracle's mean.  The
    paper calls the latter Bayes optimal; the posterior mean has a smaller risk.

    Source: derived: projected-normal (for the task of arXiv:2411.12892v1, section 4.3).

    Examples:
    >>> found = denoise_risk(d=8, L=32, alpha=.25, sigma=.25)
    >>> round(found.naive, 9), round(found.oracle, 9)
    (0.201487953, 0.052925754)
    >>> denoise_risk(d=2, L=1, alpha=0, sigma=1).naive == denoise_risk(d=2, L=1, alpha=0, sigma=1).oracle
    True
    """
    from scipy.special import gammaln, xlog1py, xlogy

    length, others = int(L), int(L) - 1
    k = np.arange(length)
    log_pmf = gammaln(length) - gammaln(k + 1) - gammaln(length - k) + xlogy(k, alpha) + xlog1py(others - k, -alpha)
    weights, signal = np.exp(log_pmf), (k + 1).astype(np.float64)
    naive = _half_risks(signal / (sigma * math.sqrt(length)), int(d))
    oracle = _half_risks(signal**0.5 / sigma, int(d))
    return DenoiseRisk(2 * float(weights @ naive), 2 * float(weights @ oracle))


@dataclass(frozen=True)
class GatePassProbabilities:
    """Probabilities with which the gate lets a token with the signal and one without it pass."""

    signal: float
    noise: float


@checks(DIM_ONE, SIGMA, THRESHOLD)
def gate_pass_probabilities(*, d: int, sigma: float, t: float = 0.5) -> GatePassProbabilities:
    """Probabilities that the largest coordinate reaches t: signal 1 - F1 F^(d-1), noise 1 - F^d.

    F = Phi(t/sigma), F1 = Phi((t-1)/sigma).  The default t = 1/2 is the paper's.

    Source: derived (for the gate of arXiv:2411.12892v1, section 4.3).

    Examples:
    >>> found = gate_pass_probabilities(d=8, sigma=.25)
    >>> round(found.signal, 9), round(found.noise, 9)
    (0.980634743, 0.16815011)
    >>> gate_pass_probabilities(d=8, sigma=.1, t=20).noise
    0.0
    """
    from scipy.special import log_ndtr

    log_f, log_f1 = float(log_ndtr(t / sigma)), float(log_ndtr((t - 1) / sigma))
    return GatePassProbabilities(-math.expm1(log_f1 + (int(d) - 1) * log_f), -math.expm1(int(d) * log_f))


@checks(DIM, RATE, SIGMA, THRESHOLD)
def gate_risk_floor(*, d: int, alpha: float, sigma: float, t: float = 0.5) -> float:
    """Risk, as L grows, of the uniform mean of the tokens that the gate lets pass: what selection bias leaves.

    Statement: 2 - 2 mu_q/sqrt(mu_q^2 + (d-1) mu_o^2), where mu_q, mu_o are the means of a passing token's coordinate on and off
    q, times the probability of passing; with f = sigma phi(t/sigma), f1 = sigma phi((t-1)/sigma)
    mu_q = alpha (1 - (F1 - f1) F^(d-1)) + (1-alpha) f F^(d-1), mu_o = alpha f F1 F^(d-2) + (1-alpha) f F^(d-1).

    Raises: DomainError when nothing passes within the range of float64 (mu_q = 0): the risk is then undefined, not 0.

    Source: derived: gate-floor.

    Examples:
    >>> round(gate_risk_floor(d=8, alpha=.25, sigma=.25), 11)
    0.00796633291
    >>> gate_risk_floor(d=8, alpha=.25, sigma=.25, t=-5) < 1e-9  # an open gate, in the limit of all tokens
    True
    """
    from scipy.special import log_ndtr

    d = int(d)
    log_f, log_f1 = float(log_ndtr(t / sigma)), float(log_ndtr((t - 1) / sigma))
    f, f1 = _density(t, sigma), _density(t - 1, sigma)
    rest = math.exp((d - 1) * log_f)
    mu_q = alpha * (f1 * rest - math.expm1(log_f1 + (d - 1) * log_f)) + (1 - alpha) * f * rest
    mu_o = alpha * f * math.exp(log_f1 + (d - 2) * log_f) + (1 - alpha) * f * rest
    if mu_q == 0:
        raise DomainError(
            where="gate_risk_floor",
            name="t",
            meaning=THRESHOLD.meaning,
            rule="let some token pass",
            value=t,
            cure="the risk is undefined where nothing passes",
        )
    ratio = (d - 1) * (mu_o / mu_q) ** 2
    root = math.sqrt(1 + ratio)
    return 2 * ratio / (root * (1 + root))


def _density(x: float, sigma: float) -> float:
    """sigma phi(x/sigma)."""
    return sigma * math.exp(-((x / sigma) ** 2) / 2) / math.sqrt(2 * math.pi)
