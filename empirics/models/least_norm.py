"""Least norms of a score matrix by enumeration, and least losses by damped Newton steps: what training is compared with.

Both are independent of the formulas of `theory`: no cone solver, no closed form.
"""

from __future__ import annotations

import itertools

import torch

from empirics.models.selective_attention import attention_weights, excess_loss


def selectivity_gram(logits_lij: torch.Tensor, queries_lid: torch.Tensor, keys_ljd: torch.Tensor) -> torch.Tensor:
    """Gram matrix A of the unit-temperature solutions: theta^T A theta = least ||W||_F^2 with rows theta_i l_i.

    The row i alone is answered by W_i = (dual query i) (shifted row i)^T (pseudo-inverse of the keys)^T, and
    A_ij = <W_i, W_j>; the free shift of each row is chosen by least squares.  Returns: [lane, N, N].
    """
    dual_lid, back_ljd = _dual(queries_lid), _dual(keys_ljd)
    raw_lid = logits_lij @ back_ljd
    shift_l1d = back_ljd.sum(dim=1, keepdim=True)
    along = (raw_lid @ shift_l1d.transpose(-1, -2)) / shift_l1d.square().sum(dim=-1, keepdim=True)
    rows_lid = raw_lid - along * shift_l1d
    return (dual_lid @ dual_lid.transpose(-1, -2)) * (rows_lid @ rows_lid.transpose(-1, -2))


def _dual(rows_lid: torch.Tensor) -> torch.Tensor:
    """The dual of independent rows: transposed pseudo-inverse, (E E^T)^-1 E."""
    return torch.linalg.solve(rows_lid @ rows_lid.transpose(-1, -2), rows_lid)


def least_norms(gram_lii: torch.Tensor) -> dict[str, torch.Tensor]:
    """Least Frobenius norm with unit temperatures and with any tau in (0, 1], by trying every set of active bounds.

    Args:
        gram_lii: A, [lane, N, N]; N at most 10, since 2^N sets are tried.

    Returns: "standard", "selective" [lane] and "helps" (0 or 1: some row sum of A is negative).
    """
    n = gram_lii.shape[-1]
    # a uniform row of the target costs nothing at any temperature: its row of A is rounding error, and taken as 0
    size = torch.diagonal(gram_lii, dim1=-2, dim2=-1)
    counts = size > 1e-12 * size.amax(dim=-1, keepdim=True)
    gram_lii = gram_lii * (counts[:, :, None] & counts[:, None, :])
    row_sums = gram_lii.sum(dim=-1)
    best = gram_lii.sum(dim=(-2, -1))
    standard = best.clamp_min(0).sqrt()
    free_sn = torch.tensor(list(itertools.product((False, True), repeat=n)), device=gram_lii.device)
    eye = torch.eye(n, dtype=gram_lii.dtype, device=gram_lii.device)
    for free in free_sn[1:]:
        # stationary in the free entries, 1 elsewhere: rows of A where free, rows of the identity where bound
        system = torch.where(free[:, None], gram_lii, eye)
        right = (~free).to(gram_lii.dtype).expand(len(gram_lii), n)
        theta, info = torch.linalg.solve_ex(system, right[..., None])
        fine = (info == 0) & (theta[..., 0] >= 1 - 1e-9).all(dim=-1)
        theta = theta[..., 0].clamp_min(1)
        value = (theta * (gram_lii @ theta[..., None])[..., 0]).sum(dim=-1)
        # a convex objective: any feasible point is an upper bound, and the optimum is stationary for its own active set
        best = torch.where(fine & torch.isfinite(value), torch.minimum(best, value), best)
    edge = -1e-12 * gram_lii.abs().amax(dim=(-2, -1))
    return {
        "standard": standard,
        "selective": best.clamp_min(0).sqrt(),
        "helps": (row_sums.amin(dim=-1) < edge).to(gram_lii.dtype),
    }


MOST_PIVOTS = 1000  # chosen: of 15 queries, the most tried here, none has needed a tenth of it


def pivoted_norms(gram_lii: torch.Tensor) -> dict[str, torch.Tensor]:
    """The same three as `least_norms`, for any number of queries, by pivoting on the set of active bounds.

    With theta = 1 + beta the optimum is the one pair beta >= 0, w = A theta >= 0 with beta w = 0.  All entries that break
    a sign change sides at first, later only the one of least index, which ends for every positive definite A.

    Returns: as `least_norms`; "selective" is not a number where the pivots did not end.
    """
    size = torch.diagonal(gram_lii, dim1=-2, dim2=-1).clamp_min(0)
    counts = size > 1e-12 * size.amax(dim=-1, keepdim=True)  # a uniform row costs nothing at any temperature
    n = gram_lii.shape[-1]
    eye = torch.eye(n, dtype=gram_lii.dtype, device=gram_lii.device)
    scale = torch.where(counts, size.sqrt(), torch.zeros_like(size))
    safe = torch.where(counts, scale, torch.ones_like(scale))
    both = counts[:, :, None] & counts[:, None, :]
    scaled = torch.where(both, gram_lii / (safe[:, :, None] * safe[:, None, :]), eye)
    pull = (scaled * scale[:, None, :]).sum(dim=-1)  # of theta = 1
    edge = 1e-12 * scale.amax(dim=-1, keepdim=True)
    free, beyond = torch.zeros_like(counts), torch.zeros_like(scale)
    wrong = pull < -edge
    for step in range(MOST_PIVOTS):
        if not bool(wrong.any()):
            break
        flip = wrong if step < n else wrong & (wrong.long().cumsum(dim=-1) == 1)
        free = free ^ flip
        system = torch.where(free[..., None], scaled, eye)
        solved, _ = torch.linalg.solve_ex(system, torch.where(free, -pull, torch.zeros_like(pull))[..., None])
        beyond = solved[..., 0]
        slack = (scaled * beyond[:, None, :]).sum(dim=-1) + pull
        wrong = torch.where(free, beyond < -edge, slack < -edge)
    theta = scale + beyond
    square = (theta * (scaled * theta[:, None, :]).sum(dim=-1)).sum(dim=-1)
    standard = (scale * pull).sum(dim=-1)
    selective = torch.where(wrong.any(dim=-1), torch.full_like(square, float("nan")), square.clamp_min(0).sqrt())
    row_sums = (gram_lii * both).sum(dim=-1)
    return {
        "standard": standard.clamp_min(0).sqrt(),
        "selective": selective,
        "helps": (row_sums.amin(dim=-1) < -1e-12 * gram_lii.abs().amax(dim=(-2, -1))).to(gram_lii.dtype),
    }


# ---------------------------------------------------------------------------- least loss with given embeddings
FLOORS = ("standard", "const", "free", "signed", "biased", "signed and biased")
SIGNED, BIASED = ("signed", "signed and biased"), ("biased", "signed and biased")


def least_loss(
    kind: str, target_lij: torch.Tensor, x_lid: torch.Tensor, starts_lrp: torch.Tensor, *, n_steps: int
) -> torch.Tensor:
    """Least mean KL over all score matrices W (and temperatures) with embeddings held fixed.

    Scores are tau_i x_i^T W x_j: tau = 1 ("standard"), one number ("const"), exp(t_i) ("free"), any t_i ("signed"), and
    the last two with a bias for every key ("biased", "signed and biased"), which is what a value temperature adds.
    Damped Gauss-Newton steps; the loss of a start never rises, and the best start counts.  For "standard" the problem is
    convex, so this is the least loss.

    Args:
        target_lij: [lane, N, N] rows that sum to 1.
        x_lid: [lane, N, d].
        starts_lrp: [lane, start, N] first temperature parameters (t); unused by "standard".

    Returns: [lane], nats.
    """
    n_starts = starts_lrp.shape[1]
    target, x = (one.repeat_interleave(n_starts, dim=0) for one in (target_lij, x_lid))
    n_lanes, n, d = x.shape
    start = starts_lrp.reshape(n_lanes, n)
    matrix, t, bias = x.new_zeros(n_lanes, d, d), start.clone(), x.new_zeros(n_lanes, n)
    damping = x.new_full((n_lanes,), 1e-3)
    loss, state = _loss(kind, target, x, matrix, t, bias), (matrix, t, bias)
    for _ in range(n_steps):
        gradient, curvature = _normal_equations(kind, target, x, *state)
        scale = torch.diagonal(curvature, dim1=-2, dim2=-1).mean(dim=-1)
        lifted = curvature + torch.diag_embed((damping * scale + 1e-14)[:, None].expand(-1, curvature.shape[-1]))
        move, _ = torch.linalg.solve_ex(lifted, gradient[..., None])
        tried = _moved(kind, state, move[..., 0])
        new = _loss(kind, target, x, *tried)
        better = new < loss
        loss = torch.where(better, new, loss)
        state = tuple(torch.where(better.reshape(-1, *[1] * (a.dim() - 1)), b, a) for a, b in zip(state, tried))
        damping = torch.where(better, damping / 4, damping * 3).clamp(1e-12, 1e8)
    return loss.reshape(-1, n_starts).amin(dim=1)


State = tuple[torch.Tensor, ...]


def _scale(kind: str, t: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(tau, d tau / d t) of every query."""
    if kind == "standard":
        return torch.ones_like(t), torch.zeros_like(t)
    if kind in SIGNED:
        return t, torch.ones_like(t)
    tau = torch.exp(t[:, :1].expand_as(t) if kind == "const" else t)
    return tau, tau


def _loss(
    kind: str, target: torch.Tensor, x: torch.Tensor, matrix: torch.Tensor, t: torch.Tensor, bias: torch.Tensor
) -> torch.Tensor:
    tau, _ = _scale(kind, t)
    scores = tau[..., None] * (x @ matrix @ x.transpose(-1, -2)) + bias[:, None, :]
    return excess_loss(target, scores.log_softmax(dim=-1)).mean(dim=-1)


def _normal_equations(
    kind: str, target: torch.Tensor, x: torch.Tensor, matrix: torch.Tensor, t: torch.Tensor, bias: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Minus the gradient, and the Gauss-Newton matrix, of N times the loss in (W, temperatures, biases)."""
    n_lanes, n, _ = x.shape
    tau, slope = _scale(kind, t)
    plain = x @ matrix @ x.transpose(-1, -2)
    weights = attention_weights(tau[..., None] * plain + bias[:, None, :], causal=False)
    # Jacobian of the scores [lane, i, j, parameter]
    parts = [(tau[:, :, None, None, None] * x[:, :, None, :, None] * x[:, None, :, None, :]).reshape(n_lanes, n, n, -1)]
    moving = slope[..., None] * plain
    if kind == "const":
        parts.append(moving[..., None])
    elif kind != "standard":
        parts.append(torch.diag_embed(moving.transpose(1, 2)).transpose(1, 2))
    if kind in BIASED:
        parts.append(torch.eye(n, dtype=x.dtype, device=x.device).expand(n_lanes, n, n, n))
    jacobian = torch.cat(parts, dim=-1)
    gradient = ((target - weights).unsqueeze(-1) * jacobian).sum(dim=(1, 2))
    mean = (weights.unsqueeze(-1) * jacobian).sum(dim=2)
    rooted = (weights.sqrt().unsqueeze(-1) * (jacobian - mean.unsqueeze(2))).reshape(n_lanes, n * n, -1)
    return gradient, rooted.transpose(-1, -2) @ rooted


def _moved(kind: str, state: State, move: torch.Tensor) -> State:
    matrix, t, bias = state
    size = matrix.shape[1] * matrix.shape[2]
    first = matrix + move[:, :size].reshape_as(matrix)
    if kind == "standard":
        return first, t, bias
    count = 1 if kind == "const" else t.shape[1]
    stepped = t + move[:, size : size + count].clamp(-2, 2)
    return first, stepped, bias + move[:, size + count :] if kind in BIASED else bias
