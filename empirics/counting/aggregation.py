"""How the outputs of trained heads can be put together so that one linear read-out obeys the whole grammar.

Readers, each with one read-out of its own, fitted by a linear program on all states:
  concat         every head's output with weights of its own (what a trained output matrix does)
  weighted       outputs scaled to largest entry 1, turned so that the head speaks for 1, then summed
  sum            the plain sum of outputs
  sum with bias  the same, with a bias in every logit

Example (N = 1, one head of one number r): at `B` the words 0, 1, 2 and E are allowed and B is not, at `B 1 E` only 1, at
`B 1 E 1` only E; the margin is the least lead of an allowed word over a forbidden one, with read-out entries in [-1, 1].
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from empirics.counting.training import SHAPE, SWITCHES, never_alone, trained_nets, training_bytes
from empirics.engine.lanes import Experiment, Lanes
from empirics.engine.train import Params
from empirics.models import counting_heads as model
from empirics.tasks import count_strings as task
from theory.counting import grammar_margin
from theory.counting.programs import LEAST_MARGIN, GrammarMargin

Output = Mapping[str, Any]
READERS = ("concat", "weighted", "sum", "sum with bias")


@never_alone
def aggregation(lanes: Lanes) -> Output:
    """Best margin of each reader on trained nets, with its certificate.

    margin: [lane, reader], of features scaled to largest entry 1, so that no reader gains by size; feasible: whether it
    exceeds 1e-9; share_of_concat: the margin over that of concat, 1 where that is infeasible.  Exhibit `certificate`: for
    every reader its margin; `rows`, the multipliers of the linear program's dual, as (kind of state, allowed, forbidden,
    weight, features there); and `at_most`, what they prove: no read-out has a larger margin than the sum of the absolute
    entries of sum weight (e_allowed - e_forbidden) features^T.
    """
    params = trained_nets(lanes)["trained"]
    features_lshe, kinds = head_features(params, lanes.size("lp_length"), lanes.size("tie"))
    gain_lh = model.canonical_numbers(model.tables(params))["gain"]
    margins, certificates = [], []
    # one exact program a net and reader: a linear program has no batched form
    for features_she, gain_h in zip(features_lshe.cpu().numpy(), gain_lh.cpu().numpy()):
        seen = {name: scaled(one) for name, one in _readings(features_she, gain_h).items()}
        found = {
            name: grammar_margin(features=one, kinds=kinds, bias=name == "sum with bias") for name, one in seen.items()
        }
        margins.append([found[name].margin for name in READERS])
        certificates.append({name: certificate(found[name], seen[name], kinds, name) for name in READERS})
    margin = torch.tensor(margins, dtype=torch.float64)
    best = margin[:, :1]  # concat
    return {
        "margin": margin,
        "feasible": margin > LEAST_MARGIN,
        "share_of_concat": torch.where(best > LEAST_MARGIN, margin / best.clamp(min=LEAST_MARGIN), 1.0),
        "exhibits": {"certificate": certificates},
    }


def certificate(found: GrammarMargin, seen: np.ndarray, kinds: tuple[str, ...], reader: str) -> dict[str, Any]:
    """The dual of one program, written out so that it can be added up by hand: margin, at_most, rows."""
    flat = seen.reshape(len(seen), -1)
    if reader == "sum with bias":
        flat = np.c_[flat, np.ones(len(flat))]
    total = np.zeros((5, flat.shape[1]))
    for row, allowed, forbidden, weight in found.dual:
        total[allowed] += weight * flat[row]
        total[forbidden] -= weight * flat[row]
    rows = [[kinds[row], yes, no, weight, flat[row].tolist()] for row, yes, no, weight in found.dual]
    return {"margin": found.margin, "at_most": float(np.abs(total).sum()), "rows": rows}


def _readings(features_she: np.ndarray, gain_h: np.ndarray) -> dict[str, np.ndarray]:
    """What each reader sees.  Returns: reader -> float64 [state, head, feature], one head for those that sum."""
    size_h = np.abs(features_she).max(axis=(0, 2)).clip(min=1e-300)
    turned = features_she * (np.sign(gain_h) / size_h)[None, :, None]
    plain = features_she.sum(axis=1, keepdims=True)
    return {
        "concat": features_she,
        "weighted": turned.sum(axis=1, keepdims=True),
        "sum": plain,
        "sum with bias": plain,
    }


def scaled(features: np.ndarray) -> np.ndarray:
    """The features with largest entry 1; zeros stay zeros."""
    size = np.abs(features).max()
    return features / size if size > 0 else features


def head_features(params: Params, n_longest: int, tie: str) -> tuple[torch.Tensor, tuple[str, ...]]:
    """(outputs of all heads at all states up to a length, [lane, state, head, feature], kinds of the states)."""
    made = model.tables(params)
    device = made.scores_lhqk.device
    outputs, kinds = [], []
    for one in task.population(n_longest, "uniform", tie, "full+closing"):
        outputs.append(model.head_outputs(params, made, one.query, one.counts_sk.to(device)).transpose(1, 2))
        is_one = one.target_sv[:, model.ONE] > 0.5
        kinds += [f"answer_{int(mark)}" if one.kind == "answer" else one.kind for mark in is_one.tolist()]
    return torch.cat(outputs, dim=1), tuple(kinds)


AGGREGATION = Experiment(
    id="counting/aggregation",
    version=4,
    axes=("N", "H", "d_h", "loss"),
    measure=aggregation,
    switches={**SWITCHES, "lp_length": 6},
    shape=(*SHAPE, "lp_length"),
    inner={"reader": READERS},
    bytes_per_lane=training_bytes,
)
