"""Which sets of points does training shatter?  A labelling found counts only after it is repeated in exact fractions.

The class: point i has (alpha_i, lambda_i), a labelling c has (beta_c, mu_c), and the label is the sign of the network at
((alpha_ih + beta_ch) / (lambda_ih + mu_ch))_h.  Points and network are shared, (beta_c, mu_c) are free for each of the 2^m
labellings: exactly the question of the VC dimension.

Example with m = 2, one head, one feature, no hidden layer: the labellings 00, 10, 01, 11 of two points ask for
(alpha_1 + beta) / (lambda_1 + mu) + c > 0 and the same for point 2, four times with other beta and mu.  One of them cannot
be had: after multiplying by the denominators only one real, beta + c mu, is free.

Words: m points, H heads, d features of a head, k hidden width (0: linear read-out), steps the training steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import torch

from empirics.engine import rng
from empirics.engine.lanes import Experiment, Lanes
from empirics.engine.train import Params
from empirics.infinite_precision.index import trained
from empirics.models import fixed_query_attention as model
from empirics.tasks import composition as task

RATE = 0.05  # chosen: of .02, .05, .1 the one that shattered most often with two heads


def _params(lanes: Lanes) -> Params:
    m, room = lanes.size("m"), model.Room.of(lanes.size("room"))
    sizes = model.Sizes(lanes.column("H").long(), lanes.column("d").long(), tuple(
        lanes.column("k").long() for _ in room.widths))  # fmt: skip
    mask = model.slots_mask(sizes, room)

    def drawn(count: int, stream: str) -> Params:
        values = rng.normal_like(lanes.keys, (count, room.heads, room.features), stream=stream + " values")
        logits = rng.normal_like(lanes.keys, (count, room.heads), stream=stream + " logits")
        return {f"{stream} value": values * mask[:, None], f"{stream} logit": logits * mask[:, None, :, 0]}

    network = {name: one.double() for name, one in model.network_params(lanes.keys, sizes, room).items()}
    return drawn(m, "point") | drawn(2**m, "labelling") | network | {"mask": mask.double()}


def outputs(params: Params) -> torch.Tensor:
    """Output for every labelling and point.  Returns: float64 [lane, labelling, point]."""
    top = params["labelling value"][:, :, None] + params["point value"][:, None]
    bottom = params["labelling logit"].exp()[:, :, None] + params["point logit"].exp()[:, None]
    x = (top / bottom[..., None] * params["mask"][:, None, None]).flatten(3)
    return model.network(params, x.flatten(1, 2)).reshape(x.shape[:3])


def shattering(lanes: Lanes) -> Mapping[str, Any]:
    """Points that are shattered, checked in fractions.

    certified: [lane], m if all 2^m labellings are produced exactly, else 0; labelled: [lane], share of (labelling,
    point) pairs that the trained class labels as asked, in float64.
    """
    m = lanes.size("m")
    params = _params(lanes)
    mask = params.pop("mask")
    wanted_cm = task.every_table(m, lanes.device).double()
    signs = 2 * wanted_cm - 1

    def loss_l(p: Params, step: int) -> torch.Tensor:
        del step
        signed = outputs(p | {"mask": mask}) * signs
        return -torch.nn.functional.logsigmoid(signed).sum(dim=(1, 2))

    rate_l = torch.full((len(lanes),), RATE, dtype=torch.float64, device=lanes.device)
    found = trained(params, loss_l, n_steps=lanes.size("steps"), rate_l=rate_l) | {"mask": mask}
    with torch.no_grad():
        right_lcm = outputs(found) * signs > 0
    share_l = right_lcm.double().mean(dim=(1, 2))
    certified = [
        float(m) if share_l[i] == 1 and is_exactly_shattered({name: one[i] for name, one in found.items()}) else 0.0
        for i in range(len(lanes))
    ]
    certified_l = torch.tensor(certified, dtype=torch.float64, device=lanes.device)
    return {"certified": certified_l, "labelled": share_l}


def is_exactly_shattered(params: Params) -> bool:
    """Whether all labellings hold for one lane's parameters, read as the exact binary fractions that they are.

    Denominators are exp(logit) rounded to float64: positive fractions, so the class is the theorem's.
    """

    def fractions(values: torch.Tensor) -> Any:
        listed = values.tolist()

        def exact(one: Any) -> Any:
            return [exact(x) for x in one] if isinstance(one, list) else Fraction(one)

        return exact(listed)

    lam, mu = fractions(params["point logit"].exp()), fractions(params["labelling logit"].exp())
    alpha, beta = fractions(params["point value"]), fractions(params["labelling value"])
    used = params["mask"].tolist()
    layers = [(fractions(params[f"weight {i}"]), fractions(params[f"bias {i}"])[0])
              for i in range(1, sum(name.startswith("bias") for name in params))]  # fmt: skip
    layers.append((fractions(params["weight out"]), fractions(params["bias out"])[0]))
    for c in range(len(beta)):
        for i in range(len(alpha)):
            x = [
                (alpha[i][h][f] + beta[c][h][f]) / (lam[i][h] + mu[c][h]) if used[h][f] else Fraction(0)
                for h in range(len(used))
                for f in range(len(used[h]))
            ]
            for depth, (weight, bias) in enumerate(layers):
                x = [sum((a * w[k] for a, w in zip(x, weight)), bias[k]) for k in range(len(bias))]
                if depth < len(layers) - 1:
                    x = [max(one, Fraction(0)) for one in x]
            if (x[0] > 0) != bool(c >> i & 1):
                return False
    return True


def _bytes(cell: Mapping[str, Any]) -> int:
    room = model.Room.of(cell["room"])
    return int(8 * 2 ** cell["m"] * cell["m"] * (6 * room.heads * (room.features + 1) + 4 * sum(room.widths) + 8))


SHATTERING = Experiment(
    id="infinite_precision/shattering",
    version=1,
    axes=("m", "H", "d", "k", "room", "steps"),
    measure=shattering,
    shape=("m", "room", "steps"),
    common=("room",),
    bytes_per_lane=_bytes,
)
