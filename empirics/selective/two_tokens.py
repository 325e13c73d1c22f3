"""Two tokens: the norm that a two-token map costs, and the loss that a flat temperature leaves on unbalanced strings.

Words for the letters of the grid: g mixing weight of row a, rho cosine of the tokens, eps largest error of a weight.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch

from empirics.engine.lanes import Experiment, Lanes
from empirics.engine.train import Adam, Params, fit
from empirics.models.selective_attention import sigmoid


def token_pair(rho_l: torch.Tensor) -> torch.Tensor:
    """Unit vectors (1, 0) and (rho, sqrt(1 - rho^2)).  Returns: float64 [lane, token, 2]."""
    zero, one = torch.zeros_like(rho_l), torch.ones_like(rho_l)
    return torch.stack([torch.stack([one, zero], -1), torch.stack([rho_l, (1 - rho_l**2).sqrt()], -1)], dim=1)


def two_token_target(g_l: torch.Tensor) -> torch.Tensor:
    """[[1 - g, g], [0, 1]].  Returns: [lane, 2, 2]."""
    zero, one = torch.zeros_like(g_l), torch.ones_like(g_l)
    return torch.stack([torch.stack([1 - g_l, g_l], -1), torch.stack([zero, one], -1)], dim=1)


# ---------------------------------------------------------------------------- norms
N_PATH = 4000  # most steps along the path of gradient descent
STEP = 0.01  # of the norm plus 1 that an explicit step would move


def two_token_norms(lanes: Lanes) -> Mapping[str, Any]:
    """Norms at which a map within eps of the target is reached: on the path of gradient descent, and the least one found.

    path_norm: spectral norm of W when gradient descent on the cross-entropy from W = 0 first has every weight within eps
    (standard attention).  least_norm: least max_i |tau_i| ||W|| found by enumeration, for the lane's variant.
    Both [lane].
    """
    rho, g, eps = (lanes.column(name) for name in ("rho", "g", "eps"))
    tokens, target = token_pair(rho), two_token_target(g)
    return {
        "path_norm": _norm_on_path(tokens, target, eps),
        "least_norm": _least_norm(lanes.size("variant"), tokens, target, eps),
    }


def _norm_on_path(tokens: torch.Tensor, target: torch.Tensor, eps: torch.Tensor) -> torch.Tensor:
    """Follow gradient flow from W = 0 until both rows are within eps.

    The gradient is always of the form v (e_1 - e_2)^T, so W = u (e_1 - e_2)^T / |e_1 - e_2|^2 on the whole path, with
    du/dt = sum_i (target_i - weight_i) e_i up to the speed.  The path does not depend on the speed: each step has a length
    that suits the lane, and is linearly implicit, so that a stiff row does not make it oscillate.
    """
    wanted = target[:, :, 0]
    u = torch.zeros_like(wanted)
    eye = torch.eye(2, dtype=u.dtype, device=u.device)
    distance = (tokens[:, 0] - tokens[:, 1]).square().sum(dim=1).sqrt()
    reached = torch.full_like(eps, math.nan)
    for _ in range(N_PATH):
        weight = sigmoid((tokens @ u[..., None])[..., 0])
        error = wanted - weight
        size = u.square().sum(dim=1).sqrt()
        close = error.abs().amax(dim=1) <= eps
        reached = torch.where(close & torch.isnan(reached), size / distance, reached)
        if not bool(torch.isnan(reached).any()):
            break
        force = (error[..., None] * tokens).sum(dim=1)
        time = STEP * (1 + size) / force.square().sum(dim=1).sqrt().clamp_min(1e-300)
        curvature = tokens.transpose(1, 2) @ ((weight * (1 - weight))[..., None] * tokens)
        system = eye + time[:, None, None] * curvature
        u = u + torch.linalg.solve(system, (time[:, None] * force)[..., None])[..., 0]
    return reached


N_GRID, N_ZOOMS = 801, 6
STRETCH = (1.0, 1.02, 1.1, 1.5)  # of the second row's score beyond what it needs: more never pays, and is tried


def _least_norm(variant: str, tokens: torch.Tensor, target: torch.Tensor, eps: torch.Tensor) -> torch.Tensor:
    """Least max_i |tau_i| ||W|| by enumeration, with max_i |tau_i| = 1 by scale.

    Rows of weights see W only through z_i = tau_i e_i . u, u = W (e_1 - e_2), and the least W for a u has the norm
    |u| / |e_1 - e_2|.  Tried is every u whose plain scores p = e_1 . u and -q = e_2 . u can be brought within eps by
    temperatures of the kind allowed.
    """
    low, high = _score_limits(target[:, 0, 0], eps)
    need = torch.log1p(-eps) - torch.log(eps)  # of q: the second row must put at most eps on the first token
    reach = 4 * (need + low.abs() + high.abs())
    ends = _plain_scores(variant, low, high, reach)
    found = [_zoomed(tokens, start, stop, need) for start, stop in ends]
    return torch.stack(found, dim=1).amin(dim=1) / (tokens[:, 0] - tokens[:, 1]).square().sum(dim=1).sqrt()


def _score_limits(weight_l: torch.Tensor, eps_l: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Differences of scores at which a two-token softmax weight is off by eps on either side."""
    least, most = weight_l - eps_l, weight_l + eps_l
    return torch.log(least) - torch.log1p(-least), torch.log(most) - torch.log1p(-most)


def _plain_scores(
    variant: str, low: torch.Tensor, high: torch.Tensor, reach: torch.Tensor
) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Intervals of the first row's plain score from which a temperature in (0, 1], or in [-1, 1], reaches [low, high]."""
    if variant == "standard":
        return [(low, high)]
    nearest = torch.where(low > 0, low, torch.where(high < 0, high, torch.zeros_like(low)))
    if variant == "signed":
        return [(-reach, -nearest.abs()), (nearest.abs(), reach)]
    start = torch.where(low > 0, low, -reach)
    stop = torch.where(high < 0, high, reach)
    return [(start, stop)]


def _zoomed(tokens: torch.Tensor, start: torch.Tensor, stop: torch.Tensor, need: torch.Tensor) -> torch.Tensor:
    """Least |u| over a grid of plain scores between start and stop, made finer around the best one."""
    place = torch.linspace(0, 1, N_GRID, dtype=tokens.dtype, device=tokens.device)
    solve = torch.linalg.inv(tokens)
    low, high = start, stop
    best = torch.full_like(need, math.inf)
    for _ in range(N_ZOOMS):
        p = low[:, None] + (high - low)[:, None] * place
        length = torch.stack([_length(solve, p, -stretch * need[:, None].expand_as(p)) for stretch in STRETCH])
        length, _ = length.min(dim=0)
        least, index = length.min(dim=1)
        best = torch.minimum(best, least)
        centre = p.gather(1, index[:, None])[:, 0]
        half = 2 * (high - low) / (N_GRID - 1)
        low, high = torch.maximum(start, centre - half), torch.minimum(stop, centre + half)
    return best


def _length(solve: torch.Tensor, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """|u| for the u with e_1 . u = first, e_2 . u = second.  Returns: [lane, grid]."""
    u = solve[:, None, :, 0] * first[..., None] + solve[:, None, :, 1] * second[..., None]
    return u.square().sum(dim=-1).sqrt()


TWO_TOKEN_NORMS = Experiment(
    id="selective/two-token-norms",
    version=1,
    axes=("g", "rho", "eps", "variant"),
    measure=two_token_norms,
    shape=("variant",),
    bytes_per_lane=lambda cell: 4000,
)


# ---------------------------------------------------------------------------- unbalanced strings of two tokens
N_STRING_STEPS = 900
STARTS = (
    -3.0,
    -1.5,
    -0.5,
    0.5,
    1.5,
    3.0,
)  # log-odds from which the flat temperature is trained: its loss is not convex


def string_loss(lanes: Lanes) -> Mapping[str, Any]:
    """Loss (1/L) sum over n >= n0 of ||y - X^T softmax(tau_n X W^T x_n)||^2 for the target mix a + (1 - mix) b.

    loss: [lane].  schedule "flat": W is trained with one temperature for all positions (best of 36 starts);
    "optimal": tau_n = log kappa_n + logit(mix) with the fixed W of the paper's proposition, nothing trained;
    "const": the same W with the mean of that temperature at every position.

    The string b a b b at n = 4 (kappa = 3), mix 1/2: the target (a + b)/2 asks for weights b 1/6, a 1/2, b 1/6, b 1/6.
    """
    string, schedule = lanes.size("string"), lanes.size("schedule")
    rho_l, mix_l = lanes.column("rho"), lanes.column("mix")
    is_a = torch.tensor([float(letter == "a") for letter in string], dtype=torch.float64, device=lanes.device)
    n_a = is_a.cumsum(0)
    n = torch.arange(1, len(string) + 1, dtype=torch.float64, device=lanes.device)
    both = (n_a > 0) & (n_a < n)
    log_kappa = torch.where(both, torch.log(((n - n_a) / n_a.clamp_min(1)).clamp_min(1e-300)), 0.0)
    tokens = token_pair(rho_l)

    def loss_of(matrix: torch.Tensor, tau_ln: torch.Tensor) -> torch.Tensor:
        """matrix [lane, start, 2, 2] or [lane, 1, 2, 2] -> [lane, start]."""
        scores = torch.einsum("lia,lsab,ljb->lsij", tokens, matrix, tokens)  # query i, key j
        lead = scores[..., 0] - scores[..., 1]  # of key a over key b
        lead_n = torch.where(is_a.bool(), lead[..., :1], lead[..., 1:]) * tau_ln[:, None, :]
        weight_a = 1 / (1 + torch.exp(log_kappa - lead_n))
        off = torch.where(both, mix_l[:, None, None] - weight_a, 0.0)
        return (2 - 2 * rho_l)[:, None] * off.square().sum(dim=-1) / len(string)

    if schedule == "flat":
        return {"loss": _trained_flat(loss_of, tokens, len(string))}
    solved = torch.linalg.inv(tokens)
    # e_a^T W e_a = e_b^T W e_a = 1 and W e_b = 0: key a is led by 1 for either query
    wanted = torch.tensor([[1.0, 0.0], [1.0, 0.0]], dtype=torch.float64, device=lanes.device)
    matrix = (solved @ wanted @ solved.transpose(1, 2))[:, None]
    tau = torch.where(both, log_kappa, 0.0) + (torch.log(mix_l) - torch.log1p(-mix_l))[:, None]
    if schedule == "const":
        tau = ((tau * both).sum(dim=1) / both.sum().clamp_min(1))[:, None].expand_as(tau)
    return {"loss": loss_of(matrix, tau)[:, 0]}


def _trained_flat(loss_of: Any, tokens: torch.Tensor, length: int) -> torch.Tensor:
    """Least loss over W, by Adam with a falling rate from a grid of starts in the two leads."""
    grid = torch.cartesian_prod(*(torch.tensor(STARTS, dtype=torch.float64),) * 2).to(tokens.device)
    solved = torch.linalg.inv(tokens)
    start = torch.stack([grid, torch.zeros_like(grid)], dim=-1)  # [start, query, key]
    matrix = torch.einsum("lai,sij,lbj->lsab", solved, start, solved)
    ones = torch.ones(len(tokens), length, dtype=torch.float64, device=tokens.device)
    # the trained parameter holds W in the coordinates of the token pair, so that near-parallel tokens train as fast
    params: Params = {"lead": torch.einsum("lia,lsab,ljb->lsij", tokens, matrix, tokens)}

    def loss(current: Params) -> torch.Tensor:
        moved = torch.einsum("lai,lsij,lbj->lsab", solved, current["lead"], solved)
        return loss_of(moved, ones).sum(dim=1) / (1 - (tokens[:, 0] * tokens[:, 1]).sum(dim=1))

    for rate in (0.1, 0.01, 0.001):
        steps = Adam(torch.full((len(tokens),), rate, dtype=torch.float64, device=tokens.device), beta_second=0.99)
        params, _ = fit(loss, params, n_steps=N_STRING_STEPS // 3, optimiser=steps)
    moved = torch.einsum("lai,lsij,lbj->lsab", solved, params["lead"], solved)
    return loss_of(moved, ones).amin(dim=1)


STRING_LOSS = Experiment(
    id="selective/string-loss",
    version=1,
    axes=("string", "rho", "schedule"),
    measure=string_loss,
    switches={"mix": 0.5},
    shape=("string", "schedule"),
    bytes_per_lane=lambda cell: 36 * 100 * len(cell["string"]),
)
