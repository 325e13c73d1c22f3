"""Minimal softmax attention over positions: X softmax(W), one column a target; one gradient step or many.

The loss is quadratic in softmax(W), so counts suffice: the data matrix is never trained on.  Counts are integers below
2^24 and exact in float32 on any device.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable

import torch

from empirics.engine.train import Adam, Params, Sgd, fit


@functools.cache
def int8_is_faster() -> bool:
    """Whether this CPU multiplies 0/1 matrices faster as int8 than as float32, timed once a process.

    Counts are whole numbers below 2^24 either way, so the choice cannot change a result.
    """
    left, right = torch.ones(64, 256, dtype=torch.int8), torch.ones(256, 256, dtype=torch.int8)
    left_float, right_float = left.float(), right.float()

    def seconds(product: Callable[[], torch.Tensor]) -> float:
        product()
        started = time.perf_counter()
        for _ in range(5):
            product()
        return time.perf_counter() - started

    return seconds(lambda: torch._int_mm(left, right)) < seconds(lambda: left_float @ right_float)


SMALL_PRODUCT = 2**20  # multiply-adds a lane below which one batched float product beats a call for each lane: measured


def count_products(left_lna: torch.Tensor, right_lnb: torch.Tensor) -> torch.Tensor:
    """How often both are 1: left^T right of 0/1 matrices, exact below 2^24 samples.

    Args:
        left_lna, right_lnb: uint8 or float 0/1, [lane, sample, a] and [lane, sample, b].

    Returns: float32 [lane, a, b], whole numbers.
    """
    n_products = left_lna.shape[1] * left_lna.shape[2] * right_lnb.shape[2]
    if right_lnb.device.type == "cpu" and n_products > SMALL_PRODUCT and int8_is_faster():
        left = left_lna.to(torch.int8).transpose(1, 2).contiguous()
        products = [torch._int_mm(a, b) for a, b in zip(left, right_lnb.to(torch.int8))]
        return torch.stack(products).float()
    return left_lna.float().transpose(1, 2) @ right_lnb.float()


def exact_block(n_bits: int) -> int:
    """Samples whose weighted counts stay below 2^24, so that float32 holds them exactly: a multiple of 64."""
    return max(64, 2**24 // n_bits // 64 * 64)


def first_step_scores(bits_lnd: torch.Tensor, targets_lnt: torch.Tensor) -> torch.Tensor:
    """d n times minus the gradient at W = 0, up to a constant a column: sum_i (d e_im - s_i) x_ij, s_i the ones in sample i.

    Args:
        bits_lnd: 0/1 [lane, sample, bit].
        targets_lnt: 0/1 [lane, sample, column].

    Returns: [lane, column, bit], whole numbers: float32 where one block of samples suffices, else float64.
    """
    block = exact_block(bits_lnd.shape[2])
    if bits_lnd.shape[1] > block:
        parts = zip(bits_lnd.split(block, dim=1), targets_lnt.split(block, dim=1))
        return torch.stack([first_step_scores(*part).double() for part in parts]).sum(dim=0)
    bits = bits_lnd.float()
    base_l1d = bits.sum(dim=2)[:, None, :] @ bits
    return bits.shape[2] * count_products(targets_lnt, bits_lnd) - base_l1d


def pairs_ranked(scores_ltd: torch.Tensor, ties_lt: torch.Tensor) -> torch.Tensor:
    """Whether both bits of pair m (positions 2m, 2m+1) score above all others, in column m.

    Args:
        ties_lt: uniform [lane, column]; decides with the probability that a uniform tie-break favours the pair.

    Returns: bool [lane, column].
    """
    n_columns = scores_ltd.shape[1]
    pair = 2 * torch.arange(n_columns, device=scores_ltd.device)[:, None] + torch.arange(2, device=scores_ltd.device)
    index_lt2 = pair.expand(len(scores_ltd), -1, -1)
    pair_lt2 = scores_ltd.gather(2, index_lt2)
    others = scores_ltd.scatter(2, index_lt2, float("-inf"))
    least, best = pair_lt2.amin(dim=2), others.amax(dim=2)
    n_tied = (others == least[..., None]).sum(dim=2)
    both = pair_lt2[..., 0] == pair_lt2[..., 1]
    chance = torch.where(both, 2.0 / ((n_tied + 1) * (n_tied + 2)), 1.0 / (n_tied + 1))
    return (least > best) | ((least == best) & (ties_lt < chance))


def support_read_out(logits_ltd: torch.Tensor) -> torch.Tensor:
    """R = 2 softmax(W) 1: twice the softmax weights summed over columns.  Returns: [lane, bit]."""
    return 2 * logits_ltd.softmax(dim=2).sum(dim=1)


def read_out_successes(readout_ld: torch.Tensor, n_relevant: int) -> tuple[torch.Tensor, torch.Tensor]:
    """(exactness of ranking, linear threshold and rounding: bool [lane, 3]; l_inf error: [lane]).

    The support is the first `n_relevant` positions.
    """
    on, off = readout_ld[:, :n_relevant], readout_ld[:, n_relevant:]
    least, most = on.amin(dim=1), off.amax(dim=1)
    successes = torch.stack([least > most, least > off.sum(dim=1), (least > 0.5) & (most < 0.5)], dim=1)
    error = torch.maximum((1 - on).abs().amax(dim=1), off.abs().amax(dim=1))
    return successes, error


def descended(
    gram_ldd: torch.Tensor,
    cross_ltd: torch.Tensor,
    start_ltd: torch.Tensor,
    *,
    rate_l11: torch.Tensor,
    n_steps: int,
    error_ltd: torch.Tensor | float = 0.0,
) -> torch.Tensor:
    """Logits after gradient steps on sum_m mean_i (x_i . softmax(W_m) - e_im)^2 / 2, from its sufficient statistics.

    Args:
        gram_ldd: mean of x x^T; cross_ltd: mean of e_m x; start_ltd: logits to start from.
        error_ltd: added to every gradient, as an oracle would that is wrong.

    Returns: [lane, column, bit].
    """
    logits_ltd = start_ltd
    for _ in range(n_steps):
        weights_ltd = logits_ltd.softmax(dim=2)
        residual_ltd = weights_ltd @ gram_ldd - cross_ltd
        mean_lt1 = (weights_ltd * residual_ltd).sum(dim=2, keepdim=True)
        logits_ltd = logits_ltd - rate_l11 * (weights_ltd * (residual_ltd - mean_lt1) + error_ltd)
    return logits_ltd


def regression_loss(
    gram_ldd: torch.Tensor, cross_ld: torch.Tensor, mean_ld: torch.Tensor, label_l: torch.Tensor, affine: bool
) -> Callable[[Params], torch.Tensor]:
    """Half the mean squared error of x.softmax(w), or of slope * x.softmax(w) + offset, without the constant term.

    Args:
        gram_ldd: mean of x x^T; cross_ld: mean of y x; mean_ld: mean of x; label_l: mean of y.

    Returns: parameters {"logits": [lane, bit], "slope": [lane], "offset": [lane]} -> loss [lane].
    """

    def loss_l(params: Params) -> torch.Tensor:
        weights_ld = params["logits"].softmax(dim=1)
        square = torch.einsum("ld,lde,le->l", weights_ld, gram_ldd, weights_ld)
        cross = (weights_ld * cross_ld).sum(dim=1)
        if not affine:
            return square / 2 - cross
        slope, offset = params["slope"], params["offset"]
        mean = (weights_ld * mean_ld).sum(dim=1)
        return slope**2 * square / 2 + slope * offset * mean + offset**2 / 2 - slope * cross - offset * label_l

    return loss_l


def train_regression(
    gram_ldd: torch.Tensor,
    cross_ld: torch.Tensor,
    mean_ld: torch.Tensor,
    label_l: torch.Tensor,
    *,
    affine: bool,
    optimiser: str,
    rate_l: torch.Tensor,
    n_steps: int,
) -> torch.Tensor:
    """Softmax weights after full-batch training from W = 0, slope 1, offset 0.  Returns: [lane, bit]."""
    params = {"logits": torch.zeros_like(cross_ld)}
    if affine:
        params |= {"slope": torch.ones_like(label_l), "offset": torch.zeros_like(label_l)}
    loss = regression_loss(gram_ldd, cross_ld, mean_ld, label_l, affine)
    chosen = {"adam": Adam, "sgd": Sgd}[optimiser](rate_l)
    trained, _ = fit(loss, params, n_steps=n_steps, optimiser=chosen)
    return trained["logits"].softmax(dim=1)
