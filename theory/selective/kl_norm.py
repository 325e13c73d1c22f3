"""Least norm of W within a KL tolerance: a convex program, solved by a barrier method and certified by duality.

Letters: P target rows, m_i = E_q,i W E_k^T the logits of query i, theta_i = 1/tau_i >= 1, H entropy, eta the KL allowed in
every row, lse the log-sum-exp.  KL(P_i || softmax(m_i/theta_i)) <= eta is c_i >= 0 with

    c_i = <P_i, m_i> - theta_i lse(m_i/theta_i) + theta_i (H(P_i) + eta),

the perspective of a concave function, so {(W, theta)} is convex.  For any multipliers lambda_i >= 0 of c_i whose pull on
theta_i is not positive, the Lagrangian's minimum over W has a closed lower bound; it certifies the gap.

Recipe: `min_norm_kl(P=P, E_q=E, E_k=E, eta=.01, selective=True).norm` beside the same with `selective=False`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from theory.core.domain import checks, require
from theory.core.errors import Undecided
from theory.selective.parameters import ETA, TOL, Array, array, probabilities, require_rows

RANK = 1e-12  # chosen: singular values below this share of the largest are no direction of their own
EDGE = 1e-12  # chosen: how near eta may come to a row's distance from uniform
MOST_STAGES = 60  # chosen: weights of the barrier, each 5 times the last; the worked examples take 10 to 15
SMOOTHINGS = tuple(10.0**-k for k in range(1, 16))
RIDGES = (1e-2, 1e-4, 1e-6, 1e-8)  # chosen: pull to 0 in the search for a first point, weaker each time


@dataclass(frozen=True)
class KLNorm:
    """Least |W|_F: norm - gap <= optimum <= norm.  tau [N] with largest entry 1 and W [d_q, d_k] reach the tolerance.

    tau are free inverse temperatures, one a query.  The norm and W are determined; tau need not be: an interval of it can
    give the same norm.
    """

    norm: float
    gap: float
    tau: Array
    W: Array


@checks(ETA, TOL)
def min_norm_kl(
    *, P: npt.ArrayLike, E_q: npt.ArrayLike, E_k: npt.ArrayLike, eta: float, selective: bool, tol: float = 1e-7
) -> KLNorm | None:
    """Least |W|_F with KL(P_i || attention row i) <= eta for every i, with a certified gap of at most tol * norm.

    Args:
        P: target rows [N, K], zeros allowed.
        E_q: query embeddings [N, d_q]; rows may be dependent.
        E_k: key embeddings [K, d_k]; rows may be dependent.
        eta: KL allowed, in nats.
        selective: whether query temperatures in (0, 1] are free; else all are 1.
        tol: relative gap.

    Returns: None when no point with every KL below eta was found (never so when the rows are independent).

    Raises: DomainError for shapes that do not fit or rows that are no probabilities; Undecided when the gap is not reached
    or eta equals a row's distance from uniform, where the least norm may not be attained.

    Source: derived: kl-perspective.

    Examples:
    >>> twins = [[1, 0], [.9, .19 ** .5]]
    >>> target = [[.1, .9], [0, 1]]
    >>> [round(min_norm_kl(P=target, E_q=twins, E_k=twins, eta=.01, selective=on).norm, 5) for on in (False, True)]
    [12.66123, 10.28628]
    """
    where = "min_norm_kl"
    target = probabilities(where, "P", P, 2)
    queries, keys = array(where, "E_q", E_q, 2, "embeddings"), array(where, "E_k", E_k, 2, "embeddings")
    require_rows(where, "E_q", queries.shape[0], target.shape[0], "P")
    require_rows(where, "E_k", keys.shape[0], target.shape[1], "P columns")
    require(
        isinstance(selective, bool | np.bool_), where=where, name="selective", rule="be True or False", value=selective
    )
    target = target / target.sum(axis=1, keepdims=True)
    entropy = -np.where(target > 0, target * np.log(np.where(target > 0, target, 1)), 0).sum(axis=1)
    excess = np.log(target.shape[1]) - entropy  # KL from the uniform row, what a row costs at W = 0 or at tau -> 0
    n_rows = len(target)
    if (excess <= eta).all():
        return KLNorm(0.0, 0.0, np.ones(n_rows), np.zeros((queries.shape[1], keys.shape[1])))
    if not (queries.any() and keys.any()):
        return None
    used = np.arange(n_rows)
    if selective:
        if (abs(excess - eta) <= EDGE * (1 + eta)).any():
            raise Undecided(
                f"{where}: eta equals a row's distance from uniform, where the least norm need not be attained"
            )
        used = np.flatnonzero(excess > eta)  # the others are met by a small tau, whatever W
    program = Program(target[used], queries[used], keys, entropy[used] + eta, bool(selective))
    start = program.first_point()
    if start is None:
        return None
    z, theta, lower = program.solve(start, tol)
    least = theta.min()  # scaling by 1/theta keeps every row and lowers the norm
    core, theta = z / least, theta / least
    norm = float(np.linalg.norm(core))
    matrix = program.left @ core @ program.right.T
    tau = np.ones(n_rows)
    tau[used] = 1 / theta
    for i in np.setdiff1d(np.arange(n_rows), used):
        tau[i] = _small_enough(target[i], queries[i] @ matrix @ keys.T, float(entropy[i] + eta))
    return KLNorm(norm, norm - lower, tau, matrix)


def _small_enough(row: Array, logits: Array, allowance: float) -> float:
    tau = 1.0
    while np.logaddexp.reduce(tau * logits) - tau * row @ logits > allowance:
        tau /= 2
    return tau


class Program:
    """min |Z|_F^2/2 subject to c_i >= 0 and theta_i >= 1, with W = left Z right^T on the span of the embeddings.

    A point is a vector: the entries of Z, then theta (selective only).
    """

    def __init__(self, target: Array, queries: Array, keys: Array, allowance: Array, selective: bool) -> None:
        self.target, self.allowance, self.selective = target, allowance, selective
        self.left, self.right = _row_basis(queries), _row_basis(keys)
        self.shape = (self.left.shape[1], self.right.shape[1])
        self.size, self.rows = self.shape[0] * self.shape[1], len(target)
        # m_i = maps[i] @ vec(Z)
        self.maps: Array = np.einsum("ia,kb->ikab", queries @ self.left, keys @ self.right).reshape(
            self.rows, keys.shape[0], self.size
        )

    def theta(self, point: Array) -> Array:
        """theta [N] of a point."""
        return point[self.size :] if self.selective else np.ones(self.rows)

    def pieces(self, point: Array) -> tuple[Array, Array, Array, Array]:
        """c [N], its gradient [N, n], softmax rows [N, K] and logits over theta [N, K]."""
        theta = self.theta(point)
        u = (self.maps @ point[: self.size]) / theta[:, None]
        top = u.max(axis=1)
        weights = np.exp(u - top[:, None])
        total = weights.sum(axis=1)
        weights /= total[:, None]
        lse = top + np.log(total)
        c = theta * ((self.target * u).sum(axis=1) - lse + self.allowance)
        gradient = np.zeros((self.rows, len(point)))
        gradient[:, : self.size] = np.einsum("ik,ikz->iz", self.target - weights, self.maps)
        if self.selective:
            # d/dtheta of theta lse(m/theta) is the entropy of the row
            slope = self.allowance - (lse - (weights * u).sum(axis=1))
            gradient[np.arange(self.rows), self.size + np.arange(self.rows)] = slope
        return c, gradient, weights, u

    def curvature(self, point: Array, weights: Array, u: Array, factors: Array) -> Array:
        """Sum over i of factors_i times minus the Hessian of c_i, [n, n]: (1/theta) V^T (diag s - s s^T) V, V = [M, -u]."""
        theta, n = self.theta(point), len(point)
        total = np.zeros((n, n))
        for i in range(self.rows):
            v = self.maps[i] - weights[i] @ self.maps[i]
            if self.selective:
                v = np.concatenate([v, -(u[i] - weights[i] @ u[i])[:, None]], axis=1)
            block = (factors[i] / theta[i]) * (v.T * weights[i]) @ v
            at = np.append(np.arange(self.size), self.size + i) if self.selective else np.arange(self.size)
            total[np.ix_(at, at)] += block
        return total

    def first_point(self) -> Array | None:
        """A point strictly inside, or None when none is found."""
        flat = self.maps.reshape(-1, self.size)
        n_keys = self.target.shape[1]
        for (
            mu
        ) in SMOOTHINGS:  # the target itself, smoothed so that its logarithm exists: exact where rows are independent
            logits = np.log((1 - mu) * self.target + mu / n_keys)
            logits -= logits.mean(axis=1, keepdims=True)
            z = np.linalg.lstsq(flat, logits.reshape(-1), rcond=None)[0]
            point = np.concatenate([2 * z, 2 * np.ones(self.rows)]) if self.selective else z
            if self.pieces(point)[0].min() > 0:
                return point
        return self._phase_one()

    def _phase_one(self) -> Array | None:
        """Lower the slack sigma in c_i + sigma >= 0 by a barrier with a ridge, until it is negative."""
        n = self.size + (self.rows if self.selective else 0)
        for ridge in RIDGES:
            point = np.zeros(n)
            point[self.size :] = 2.0
            slack = 1.0 - float(self.pieces(point)[0].min())
            weight = 1.0
            while weight < 1e9:
                for _ in range(60):
                    c, gradient, weights, u = self.pieces(point)
                    if c.min() > 0:
                        return point
                    room = c + slack
                    g = np.append(ridge * point - (gradient / room[:, None]).sum(axis=0), weight - (1 / room).sum())
                    scaled = np.c_[gradient, np.ones(self.rows)] / room[:, None]
                    h = scaled.T @ scaled
                    h[:n, :n] += self.curvature(point, weights, u, 1 / room) + ridge * np.eye(n)
                    if self.selective:
                        beyond = point[self.size :] - 1
                        g[self.size : n] -= 1 / beyond
                        h[np.arange(self.size, n), np.arange(self.size, n)] += 1 / beyond**2
                    step = np.linalg.lstsq(h, -g, rcond=None)[0]
                    decrease = float(-g @ step)
                    length = self._inside(point, step[:n], slack, float(step[n]))
                    length = min(length, 1 / (1 + np.sqrt(max(decrease, 0.0))) if decrease > 1e-2 else 1.0)
                    point, slack = point + length * step[:n], slack + length * float(step[n])
                    if decrease < 1e-6 or length < 1e-14:
                        break
                weight *= 8
        return None

    def _inside(self, point: Array, step: Array, slack: float, slack_step: float) -> float:
        """A step length in (0, 1] that stays strictly inside, or 0."""
        length = 1.0
        while length > 1e-16:
            trial = point + length * step
            if (not self.selective or trial[self.size :].min() > 1) and (
                self.pieces(trial)[0].min() + slack + length * slack_step > 0
            ):
                return length
            length /= 2
        return 0.0

    def lower_bound(self, point: Array) -> float:
        """Certified lower bound on the least norm from the multipliers 1/(t c_i) that fit the point best; 0 says nothing.

        L = |Z|^2/2 - lambda c - mu (theta - 1) is convex and 1-strongly so in Z, so it is at least its value minus half the
        squared gradient in Z, once mu_i = -lambda_i dc_i/dtheta_i >= 0 makes the gradient in theta vanish.
        """
        c, gradient, _, _ = self.pieces(point)
        z = point[: self.size]
        best = 0.0
        if c.min() < np.finfo(float).tiny:  # met to rounding: the multipliers would overflow
            return best
        pull = (gradient[:, : self.size] / c[:, None]).sum(axis=0)
        scale = float(z @ pull) / float(pull @ pull) if pull @ pull > 0 else 0.0
        for factor in (scale, scale * (1 - 1e-9)):
            multipliers = max(factor, 0.0) / c
            residual = z - multipliers @ gradient[:, : self.size]
            value = float(z @ z) / 2 - float(multipliers @ c) - float(residual @ residual) / 2
            if self.selective:
                slopes = gradient[np.arange(self.rows), self.size + np.arange(self.rows)]
                held = -multipliers * slopes
                if (held < 0).any():
                    continue
                value -= float(held @ (self.theta(point) - 1))
            best = max(best, value)
        return float(np.sqrt(2 * best)) if best > 0 else 0.0

    def solve(self, point: Array, tol: float) -> tuple[Array, Array, float]:
        """(Z, theta, certified lower bound on the norm) with a relative gap of at most tol.  Raises: Undecided."""
        constraints = self.rows * (2 if self.selective else 1)
        weight = constraints / max(float(point[: self.size] @ point[: self.size]), 1e-12)
        lower, gap = 0.0, np.inf
        for _ in range(MOST_STAGES):
            point, exhausted = self._centred(point, weight)
            lower = max(lower, self.lower_bound(point))
            norm = float(np.linalg.norm(point[: self.size])) / float(self.theta(point).min())
            gap = (norm - lower) / norm
            if gap <= tol:
                return point[: self.size].reshape(self.shape), self.theta(point), min(lower, norm)
            if exhausted:
                break
            weight *= 5
        raise Undecided(f"min_norm_kl: relative gap {gap:.2g} above {tol:g} at the end; ask for a larger tol or eta")

    def _centred(self, point: Array, weight: float) -> tuple[Array, bool]:
        """The barrier's minimiser for one weight, and whether a constraint was met to rounding, so that no digit is left."""
        for _ in range(60):
            try:
                with np.errstate(over="raise", divide="raise", invalid="raise"):
                    decrease, point = self._newton(point, weight)
            except (FloatingPointError, np.linalg.LinAlgError):
                return point, True
            if decrease < 1e-10:
                break
        return point, False

    def _newton(self, point: Array, weight: float) -> tuple[float, Array]:
        """One damped Newton step on weight |Z|^2/2 - sum log c - sum log(theta - 1); (squared decrement, next point)."""
        c, gradient, weights, u = self.pieces(point)
        scaled = gradient / c[:, None]
        g = -scaled.sum(axis=0)
        g[: self.size] += weight * point[: self.size]
        h = scaled.T @ scaled + self.curvature(point, weights, u, 1 / c)
        h[np.arange(self.size), np.arange(self.size)] += weight
        if self.selective:
            beyond = point[self.size :] - 1
            g[self.size :] -= 1 / beyond
            at = np.arange(self.size, len(point))
            h[at, at] += 1 / beyond**2
        balance = 1 / np.sqrt(np.diag(h))
        step = balance * np.linalg.solve(h * np.outer(balance, balance), -balance * g)
        decrease = float(-g @ step)
        length = self._inside(point, step, 0.0, 0.0)
        if decrease > 0.1:  # damped as for a self-concordant function; the certificate does not rest on it
            length = min(length, 1 / (1 + np.sqrt(decrease)))
        return (decrease if length > 1e-12 else 0.0), point + length * step


def _row_basis(rows: Array) -> Array:
    """Orthonormal basis of the span of the rows, as columns."""
    _, sizes, vectors = np.linalg.svd(rows, full_matrices=False)
    basis: Array = vectors[sizes > RANK * sizes[0]].T
    return basis
