"""How well one number separates two classes: best threshold, area under the ROC curve, fixed threshold.

Scores that differ by rounding alone would split ties, so equal ones are merged first: sorted neighbours closer than
1e-11 on the scale of the scores form a group, and a threshold lies between groups.

Tensor axes: any leading axes, then s item.
"""

from __future__ import annotations

import torch

TIE = 1e-11


def _cumulated(
    scores: torch.Tensor, positive: torch.Tensor, negative: torch.Tensor, relative: bool
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Masses of both classes up to each item in order of score, and whether a group ends there."""
    ordered, order = scores.sort(dim=-1)
    width = 1 + ordered.abs() if relative else ordered.abs().amax(dim=-1, keepdim=True)
    gap = ordered[..., 1:] - ordered[..., :-1]
    ends = torch.cat(
        [gap > TIE * width[..., 1:] if relative else gap > TIE * width, gap.new_ones(*gap.shape[:-1], 1) > 0], -1
    )
    up_to_positive = positive.expand_as(scores).gather(-1, order).cumsum(dim=-1)
    up_to_negative = negative.expand_as(scores).gather(-1, order).cumsum(dim=-1)
    return up_to_positive, up_to_negative, ends


def separation_accuracy(
    scores: torch.Tensor, positive: torch.Tensor, negative: torch.Tensor, *, relative: bool = False
) -> torch.Tensor:
    """Largest accuracy over all thresholds and both directions.

    Args:
        scores: float64 [..., item].
        positive, negative: masses of the two classes at each item, broadcast against scores; their sum is 1.
        relative: merge scores closer than 1e-11 (1 + |score|) in place of 1e-11 times the largest one.

    Returns: float64 [...].

    Examples:
    >>> float(separation_accuracy(torch.tensor([0., 1., 1.]).double(), torch.tensor([0., .25, .25]), torch.tensor([.5, 0., 0.])))
    1.0
    """
    above, below, ends = _cumulated(scores, positive, negative, relative)
    all_positive = above[..., -1:]
    right = torch.where(ends, below + all_positive - above, 0.5).clamp(0, 1)
    best = torch.maximum(right, 1 - right).amax(dim=-1)
    return torch.maximum(best, torch.maximum(all_positive, 1 - all_positive)[..., 0])


def roc_auc(
    scores: torch.Tensor, positive: torch.Tensor, negative: torch.Tensor, *, relative: bool = False
) -> torch.Tensor:
    """P(positive scores higher) + P(equal)/2; nothing is turned round.  Returns: float64 [...].

    Examples:
    >>> float(roc_auc(torch.tensor([0., 1.]).double(), torch.tensor([0., .5]), torch.tensor([.5, 0.])))
    1.0
    """
    above, below, ends = _cumulated(scores, positive, negative, relative)
    # trapezoids between the ends of groups: carry the last end forward
    place = torch.arange(scores.shape[-1], device=scores.device).expand_as(scores)
    last = torch.where(ends, place, -1).cummax(dim=-1).values
    before = torch.cat([torch.full_like(last[..., :1], -1), last[..., :-1]], dim=-1)

    def at(mass: torch.Tensor) -> torch.Tensor:
        return torch.where(before < 0, 0.0, mass.gather(-1, before.clamp(min=0)))

    area = torch.where(ends, (above - at(above)) * (below + at(below)) / 2, 0.0).sum(dim=-1)
    return area / (above[..., -1] * below[..., -1])


def threshold_accuracy(scores: torch.Tensor, positive: torch.Tensor, negative: torch.Tensor) -> torch.Tensor:
    """Accuracy of the rule score > 0, strictly.  Returns: float64 [...]."""
    return torch.where(scores > 0, positive.expand_as(scores), negative.expand_as(scores)).sum(dim=-1)


def correlation(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Pearson correlation along the last axis; 0 where one of them is constant.  Returns: float64 [...]."""
    a, b = first - first.mean(dim=-1, keepdim=True), second - second.mean(dim=-1, keepdim=True)
    size = ((a * a).sum(dim=-1) * (b * b).sum(dim=-1)).sqrt()
    return torch.where(size > 0, (a * b).sum(dim=-1) / size.clamp(min=1e-300), 0.0)


def directions(outputs: torch.Tensor, positive: torch.Tensor, negative: torch.Tensor) -> torch.Tensor:
    """Scores along the least-squares direction of the labels: a fitted separator, not the best one.

    Args:
        outputs: float64 [..., item, feature].

    Returns: float64 [..., item].
    """
    mass, sign = positive + negative, positive - negative
    centred = outputs - (mass[..., None] * outputs).sum(dim=-2, keepdim=True)
    gram = centred.transpose(-1, -2) @ (mass[..., None] * centred)
    size = gram.diagonal(dim1=-2, dim2=-1).sum(dim=-1).clamp(min=1e-300)
    ridge = 1e-12 * size[..., None, None] * torch.eye(gram.shape[-1], dtype=gram.dtype, device=gram.device)
    cross = centred.transpose(-1, -2) @ sign[..., None]
    return (centred @ torch.linalg.solve(gram + ridge, cross))[..., 0]
