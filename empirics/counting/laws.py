"""Ideal heads: averages of heads with random balance, and the least number of heads for a symmetric function."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from empirics.engine import rng
from empirics.engine.lanes import Experiment, Lanes
from empirics.engine.train import Adam, Params, fit
from empirics.tasks import count_strings as task
from theory.counting.grids import symmetric_values

Output = Mapping[str, Any]


def ensemble(lanes: Lanes) -> Output:
    """Whether the average of H heads with ln w01 ~ N(0, sd^2) is right on all strings up to N.  success: [lane].

    Example, N = 3, H = 1: the string 0 0 1 has n0 = 2, n1 = 1 and label 0; with w01 = 3, w02 = 1 and wS = 1 the score is
    (-2 + 3)/(2 + 3 + 1) > 0: wrong.  The mirror, w01 = 1/3, scores (-2 + 1/3)/(2 + 1/3 + 1) = -1/2: their average is right.
    """
    states = task.answers(lanes.size("N"), "uniform", "drop")
    n0, n1, n2 = states.body_s3.to(lanes.device).unbind(dim=1)
    positive = states.positive_s.to(lanes.device) > 0.5
    balance_lh = (lanes.column("sd")[:, None] * rng.normal(lanes.keys, lanes.size("H"), stream="data")).exp()
    noise, frame = lanes.column("w02")[:, None], lanes.column("wS")[:, None]
    total = torch.zeros(len(lanes), len(n0), dtype=torch.float64, device=lanes.device)
    for w01_l1 in balance_lh[..., None].unbind(dim=1):
        total = total + (w01_l1 * n1 - n0) / (n0 + w01_l1 * n1 + noise * n2 + frame)
    return {"success": ((total > 0) == positive).all(dim=1)}


ENSEMBLE = Experiment(
    id="counting/ensemble",
    version=1,
    axes=("H", "sd", "N"),
    measure=ensemble,
    switches={"w02": 1.0, "wS": 1.0},
    shape=("H", "N"),
    bytes_per_lane=lambda cell: 40 * (cell["N"] + 1) * (cell["N"] + 2) * (cell["N"] + 3) // 6,
)

# ---------------------------------------------------------------------------- heads and sign changes
METHODS = ("linear program", "trained")
STEPS, RATE, RESTARTS = 1000, 0.05, 4  # chosen: enough for parity of three bits


def symmetric_functions(lanes: Lanes) -> Output:
    """Least number of scalar heads, beside a constant, with which a symmetric function of n bits was realised.

    A head that gives a 1 the weight exp(z) times that of a 0 attends to the 1s with p(x) = x e^z/(x e^z + n - x) at x
    ones, so its output is affine in p.  "linear program": z drawn, the rest by an exact separation; "trained": z and all
    weights by gradient descent on the logistic loss, best of a few starts.  n + 1 where no number of heads up to n did.

    Example, parity of 2 bits: x = 0, 1, 2 have labels 0, 1, 0; one head is monotone in x and cannot; two can.

    least_heads: [lane, method].
    """
    n_bits = lanes.size("n")
    sign_x = 2 * torch.tensor(symmetric_values(lanes.size("task"), n_bits), dtype=torch.float64) - 1
    draws = 1.5 * rng.normal(lanes.keys, n_bits, stream="data").cpu()
    by_program = [_least([separable(_shares(z[:H], n_bits), sign_x) for H in range(1, n_bits + 1)]) for z in draws]
    by_training = [_least(row) for row in _trained(lanes, sign_x.to(lanes.device)).cpu().tolist()]
    return {"least_heads": torch.tensor([by_program, by_training], dtype=torch.float64).T}


def _least(solved: list[bool]) -> int:
    return solved.index(True) + 1 if True in solved else len(solved) + 1


def _shares(z_h: torch.Tensor, n_bits: int) -> torch.Tensor:
    """Attention to the 1s of every head at x = 0..n ones.  Returns: float64 [..., x, head]."""
    ones = torch.arange(n_bits + 1, dtype=torch.float64, device=z_h.device)[:, None]
    pull = ones * z_h[..., None, :].exp()
    return pull / (pull + n_bits - ones)


def separable(shares_xh: torch.Tensor, sign_x: torch.Tensor) -> bool:
    """Whether signs are those of some affine function of the shares.

    The program runs on an orthonormal basis of the columns, on which a realisable pattern has a margin far above the
    solver's error, whatever the ratios.
    """
    from scipy.optimize import linprog

    columns = np.c_[np.ones(len(sign_x)), shares_xh.numpy()]
    basis = np.linalg.qr(columns)[0]
    rows = np.c_[-sign_x.numpy()[:, None] * basis, np.ones(len(sign_x))]
    width = basis.shape[1]
    bounds = [(-1, 1)] * width + [(None, None)]
    solved = linprog(np.r_[np.zeros(width), -1.0], A_ub=rows, b_ub=np.zeros(len(rows)), bounds=bounds, method="highs")
    return bool(-solved.fun > 1e-6)


def _trained(lanes: Lanes, sign_x: torch.Tensor) -> torch.Tensor:
    """Whether descent with H = 1..n heads gets every x right from one of a few starts.  Returns: bool [lane, H].

    All numbers of heads train in one program: head h has weight 0 wherever H <= h.
    """
    n_bits = len(sign_x) - 1
    start: Params = {
        name: rng.normal_like(lanes.keys, (RESTARTS, n_bits, width), scale, stream=f"init {name}")
        for name, width, scale in (("z", n_bits, 1.5), ("weights", n_bits, 1.0), ("offset", 1, 1.0))
    }
    there_hh = torch.ones(n_bits, n_bits, dtype=torch.float64, device=lanes.device).tril()[:, None]

    def outputs(params: Params) -> torch.Tensor:
        mixed = (_shares(params["z"], n_bits) * params["weights"][..., None, :] * there_hh).sum(dim=4)
        return mixed + params["offset"]

    def loss_l(params: Params) -> torch.Tensor:
        return -torch.nn.functional.logsigmoid(sign_x * outputs(params)).sum(dim=(1, 2, 3))

    rate_l = torch.full((len(lanes),), RATE, dtype=torch.float64, device=lanes.device)
    found, _ = fit(loss_l, start, n_steps=STEPS, optimiser=Adam(rate_l))
    return (sign_x * outputs(found) > 0).all(dim=3).any(dim=1)


SYMMETRIC = Experiment(
    id="counting/symmetric-functions",
    version=1,
    axes=("task", "n"),
    measure=symmetric_functions,
    shape=("task", "n"),
    inner={"method": METHODS},
    bytes_per_lane=lambda cell: 2000 * cell["n"] ** 3,
)
