"""Value selectivity: estimating a direction from noisy tokens, by rules without training and by trained attention heads.

Words for the letters of the grid: L length, d width, alpha rate of tokens that carry the signal, sigma noise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from empirics.engine.lanes import Experiment, Lanes
from empirics.engine.measure import sample
from empirics.engine.train import Adam, Params, gradients
from empirics.models import selective_attention as model
from empirics.tasks import noisy_signal as task

ALPHA = 0.25
N_TRAIN, BATCH = 1024, 32
N_GATED = 256  # test items on which a hard gate is put on top of a trained head
N_HIDDEN = 8
RULES = ("naive", "oracle", "gate", "posterior", "sharpness 0.1", "sharpness 1")
# trained head -> (kind of query temperature, whether values are gated by a network)
HEADS = {
    "vanilla": ("standard", False),
    "const": ("const", False),
    "pos": ("pos", False),
    "value gate": ("standard", True),
}


def denoising(lanes: Lanes) -> Mapping[str, Any]:
    """Risk ||e_q - y/||y|| ||^2 of an estimator on fresh items.

    risk: moments over items [lane]; train_risk: [lane], mean risk on the training items, by which a learning rate is
    chosen; risk_permuted: moments, with the value temperatures handed round among the tokens of each item.  Lanes of one
    key share their data: it is drawn once.  A gate that lets no token of an item pass leaves the risk undefined: the lane
    is then no number, and `answers` (1 where every risk is a number) counts as 0.
    Of the trained head without a gate also, on a part of the items: gate_gain, mean risk less that with the hard gate on
    top of its weights (where no token passes, all do); gate_gain_permuted, with the gate handed round among the tokens.
    """
    keys, index = torch.unique(lanes.keys, return_inverse=True)
    first = torch.stack([(index == one).nonzero()[0, 0] for one in range(len(keys))])
    sigma = lanes.column("sigma")[first]
    length, width, estimator = lanes.size("L"), lanes.size("d"), lanes.size("estimator")
    test, carries, q = task.noisy_tokens(keys, lanes.size("n_test"), length, width, ALPHA, sigma, "test")
    if estimator in RULES:
        y = _rule(estimator, test, carries, sigma, lanes.size("t"))
        risk = task.direction_risk(y, q)[index]
        answers = torch.isfinite(risk).all(dim=-1).double()
        return {
            "risk": sample(risk),
            "risk_permuted": sample(risk),
            "train_risk": risk.mean(dim=-1),
            "answers": answers,
        }
    train, _, train_q = task.noisy_tokens(keys, N_TRAIN, length, width, ALPHA, sigma, "train")
    head = _Head(estimator, lanes, length, width)
    params = head.trained(train, train_q, index, lanes)
    each = [_Tested(head, params, test, q, index), _Tested(head, params, train, train_q, index)]
    return {
        "risk": sample(each[0].risk()),
        "risk_permuted": sample(each[0].risk(permute=True)),
        "train_risk": each[1].risk().mean(dim=-1),
        **(each[0].hard_gate_gains(lanes.size("t")) if estimator == "vanilla" else {}),
    }


def _rule(
    name: str, tokens: torch.Tensor, carries: torch.Tensor, sigma: torch.Tensor, threshold: float
) -> torch.Tensor:
    """Estimates of the rules that need no training: [key, item, d]."""
    if name == "naive":
        return tokens.mean(dim=-2)
    if name == "oracle":
        return (carries[..., None] * tokens).sum(dim=-2)
    if name == "gate":
        return task.gated_mean(tokens, threshold)
    if name == "posterior":
        return task.posterior_mean(tokens, ALPHA, sigma)
    scores = float(name.split()[1]) * (tokens @ tokens[..., -1, :, None])[..., 0]
    return (scores.softmax(dim=-1)[..., None] * tokens).sum(dim=-2)


class _Head:
    """One attention head read at the last token, y = sum_i s_i tau_v(x_i) x_i: values are the tokens themselves."""

    def __init__(self, estimator: str, lanes: Lanes, length: int, width: int) -> None:
        self.kind, self.gated = HEADS[estimator]
        self.keys, self.width = lanes.keys, width
        self.n = torch.tensor([float(length)], dtype=torch.float64, device=lanes.device)

    def start(self) -> Params:
        """W = 0 and temperatures of 1: the head begins as naive averaging."""
        zero = torch.zeros(len(self.keys), self.width, self.width, dtype=torch.float64, device=self.keys.device)
        params: Params = {"matrix": zero}
        params |= model.initial_temperature(self.kind, self.keys, n_groups=1, width=self.width, n_hidden=1, prefix="q_")
        if self.gated:
            gate = model.initial_temperature(
                "layer", self.keys, n_groups=1, width=self.width, n_hidden=N_HIDDEN, prefix="v_"
            )
            del gate["v_alpha"]
            gate["v_bias"] = torch.zeros(len(self.keys), N_HIDDEN, dtype=torch.float64, device=self.keys.device)
            params |= gate
        return params

    def risk(
        self,
        params: Params,
        tokens: torch.Tensor,
        q: torch.Tensor,
        *,
        permute: bool = False,
        hard: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """tokens [lane, item, length, d] -> [lane, item]; `hard`: factors on the weights, [lane, item, length]."""
        last = tokens[..., -1, :]
        one = last.new_ones(len(last), 1, 1)
        group = torch.zeros(len(last), 1, dtype=torch.int64, device=last.device)
        tau = model.temperature(self.kind, params, one, self.n, group, "q_")
        # sums of products in place of products with single vectors, which round differently beside other lanes
        scores = (tokens * (tau[..., None] * (last @ params["matrix"]))[..., None, :]).sum(dim=-1)
        weights = scores.softmax(dim=-1)
        if hard is not None:
            weights = weights * hard
        if self.gated:
            gate = self.gates(params, tokens)
            weights = weights * (torch.roll(gate, 1, dims=-1) if permute else gate)
        return task.direction_risk((weights[..., None] * tokens).sum(dim=-2), q)

    def gates(self, params: Params, tokens: torch.Tensor) -> torch.Tensor:
        """1 + tanh(out . GELU(hidden x + bias)), in (0, 2): the layer's value temperature at a fixed position."""
        rows = tokens.reshape(len(tokens), -1, self.width)
        hidden = model.gelu(rows @ params["v_hidden"] + params["v_bias"][:, None, :])
        return (1 + torch.tanh((hidden * params["v_out"][:, None, :]).sum(dim=-1))).reshape(tokens.shape[:-1])

    def trained(self, tokens: torch.Tensor, q: torch.Tensor, index: torch.Tensor, lanes: Lanes) -> Params:
        """Adam on the mean risk of batches that walk through the training items in order."""
        params, optimiser = self.start(), Adam(lanes.column("learning_rate"))
        for step in range(int(lanes.size("n_steps"))):
            begin = step * BATCH % N_TRAIN
            items = slice(begin, begin + BATCH)
            batch, answer = tokens[:, items][index], q[:, items][index]
            _, grads = gradients(self._mean_risk(batch, answer), params)
            optimiser.step(params, grads)
        return params

    def _mean_risk(self, batch: torch.Tensor, answer: torch.Tensor) -> Callable[[Params], torch.Tensor]:
        return lambda params: self.risk(params, batch, answer).mean(dim=-1)


class _Tested:
    """A trained head on items that several lanes share, a block of items at a time."""

    BLOCK = 64

    def __init__(self, head: _Head, params: Params, tokens: torch.Tensor, q: torch.Tensor, index: torch.Tensor) -> None:
        self.head, self.params, self.tokens, self.q, self.index = head, params, tokens, q, index

    def risk(self, *, permute: bool = False) -> torch.Tensor:
        """Risk of every lane and item: [lane, item]."""
        parts = []
        for start in range(0, self.tokens.shape[1], self.BLOCK):
            items = slice(start, start + self.BLOCK)
            tokens, q = self.tokens[:, items][self.index], self.q[:, items][self.index]
            parts.append(self.head.risk(self.params, tokens, q, permute=permute))
        return torch.cat(parts, dim=1)

    def hard_gate_gains(self, threshold: float) -> dict[str, torch.Tensor]:
        """What a hard gate on top of the head's weights takes off the mean risk, and the same gate on the wrong tokens."""
        gains: dict[str, list[torch.Tensor]] = {"gate_gain": [], "gate_gain_permuted": []}
        for start in range(0, min(N_GATED, self.tokens.shape[1]), self.BLOCK):
            items = slice(start, start + self.BLOCK)
            tokens, q = self.tokens[:, items][self.index], self.q[:, items][self.index]
            passes = (tokens.amax(dim=-1) >= threshold).to(tokens.dtype)
            plain = self.head.risk(self.params, tokens, q)
            for name, turn in (("gate_gain", 0), ("gate_gain_permuted", 1)):
                # for lack of any that passes, all tokens pass
                gate = torch.where(passes.amax(dim=-1, keepdim=True) > 0, passes.roll(turn, dims=-1), 1.0)
                gains[name].append(plain - self.head.risk(self.params, tokens, q, hard=gate))
        return {name: torch.cat(parts, dim=1).mean(dim=1) for name, parts in gains.items()}


def _bytes(cell: Mapping[str, Any]) -> int:
    per_item = 8 * cell["L"] * (cell["d"] * 2 + (3 * N_HIDDEN if cell["estimator"] == "value gate" else 4))
    return int(_Tested.BLOCK * per_item + 8 * cell["n_test"] * 4)


DENOISING = Experiment(
    id="selective/denoising",
    version=2,
    axes=("L", "sigma", "estimator", "learning_rate"),
    measure=denoising,
    switches={"d": 8, "t": 0.5, "n_steps": 200, "n_test": 1024},
    shape=("L", "d", "estimator", "t", "n_steps", "n_test"),
    common=("estimator", "learning_rate", "t", "n_steps"),
    bytes_per_lane=_bytes,
)
