"""How fast the engine trains small models, against other ways to do the same work, in one call on one machine.

The work: one-layer softmax attention (query, key and value matrices, read-out at the last position), squared loss, SGD
with a learning rate of its own for every model.  All contestants start from the same parameters and see the same batch;
their losses are compared before any time is printed.  Axes: l lane, b example, t query position, s key position,
d feature, e feature out.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from empirics.engine import device as devices
from empirics.engine import rng
from empirics.engine.train import Params, Sgd, fit

D_MODEL, SEQ_LEN, N_EXAMPLES = 16, 32, 64
MATRIX = 1024  # side of the matrices whose product gives the roofline
_MATRICES = ("query", "key", "value")


@dataclass(frozen=True)
class Work:
    """The models to train.

    Args:
        params: name -> float32 [lane, ...]; inputs_lbtd: float32 [lane, example, position, feature];
        targets_lb: float32 [lane, example]; rate_l: float32 [lane], learning rates.
    """

    params: Params
    inputs_lbtd: torch.Tensor
    targets_lb: torch.Tensor
    rate_l: torch.Tensor

    def part(self, start: int, stop: int) -> Work:
        """Some of the lanes."""
        params = {name: param[start:stop] for name, param in self.params.items()}
        return Work(params, self.inputs_lbtd[start:stop], self.targets_lb[start:stop], self.rate_l[start:stop])


def make_work(n_lanes: int, device: torch.device) -> Work:
    """Models drawn by their lane's key, and labels that they can learn: the first feature of the last position."""
    keys = torch.arange(n_lanes, device=device)
    params = {
        name: rng.normal_like(keys, (D_MODEL, D_MODEL), D_MODEL**-0.5, stream=f"init {name}").float()
        for name in _MATRICES
    }
    params["out"] = rng.normal_like(keys, (D_MODEL,), D_MODEL**-0.5, stream="init out").float()
    inputs = rng.normal(keys, N_EXAMPLES * SEQ_LEN * D_MODEL).float().reshape(n_lanes, N_EXAMPLES, SEQ_LEN, D_MODEL)
    rates = 0.01 * (1 + torch.arange(n_lanes, device=device) % 5).float()
    return Work(params, inputs, inputs[:, :, -1, 0].clone(), rates)


def step_flops() -> int:
    """FLOPs of one step of one model: multiply-adds count 2, the backward pass twice the forward pass."""
    projections = 3 * SEQ_LEN * D_MODEL * D_MODEL
    attention = 2 * SEQ_LEN * SEQ_LEN * D_MODEL
    return 3 * 2 * N_EXAMPLES * (projections + attention + D_MODEL)


def lane_losses(params: Params, inputs_lbtd: torch.Tensor, targets_lb: torch.Tensor) -> torch.Tensor:
    """Mean squared error of every lane.  Returns: float32 [lane]."""
    n_lanes = len(inputs_lbtd)
    flat = inputs_lbtd.reshape(n_lanes, -1, D_MODEL)
    query, key, value = ((flat @ params[name]).reshape(-1, SEQ_LEN, D_MODEL) for name in _MATRICES)
    weights = (query @ key.transpose(1, 2) * D_MODEL**-0.5).softmax(dim=-1)
    mixed_lbd = (weights @ value)[:, -1].reshape(n_lanes, -1, D_MODEL)
    said_lb = (mixed_lbd @ params["out"][..., None])[..., 0]
    return (said_lb - targets_lb).square().mean(dim=1)


def single_loss(params: Params, inputs_btd: torch.Tensor, targets_b: torch.Tensor) -> torch.Tensor:
    """The same loss for one model without a lane axis.  Returns: float32 []."""
    query, key, value = (inputs_btd @ params[name] for name in _MATRICES)
    weights = (query @ key.transpose(1, 2) * D_MODEL**-0.5).softmax(dim=-1)
    return ((weights @ value)[:, -1] @ params["out"] - targets_b).square().mean()


# ---------------------------------------------------------------------------- contestants: (work, steps) -> last losses
def by_lanes(work: Work, n_steps: int) -> torch.Tensor:
    """The engine."""

    def losses(params: Params) -> torch.Tensor:
        return lane_losses(params, work.inputs_lbtd, work.targets_lb)

    return fit(losses, work.params, n_steps=n_steps, optimiser=Sgd(work.rate_l))[1]


def by_loop(work: Work, n_steps: int) -> torch.Tensor:
    """One model after the other, with `torch.optim.SGD`."""
    found = []
    for lane in range(len(work.rate_l)):
        params = {name: param[lane].clone().requires_grad_(True) for name, param in work.params.items()}
        optimiser = torch.optim.SGD(params.values(), lr=float(work.rate_l[lane]))
        for _ in range(n_steps):
            optimiser.zero_grad()
            loss = single_loss(params, work.inputs_lbtd[lane], work.targets_lb[lane])
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        found.append(loss.detach())
    return torch.stack(found)


def by_vmap(work: Work, n_steps: int) -> torch.Tensor:
    """`torch.func.vmap` over the gradient of one model's loss."""
    step = torch.func.vmap(torch.func.grad_and_value(single_loss))
    params, optimiser = {name: param.clone() for name, param in work.params.items()}, Sgd(work.rate_l)
    for _ in range(n_steps):
        grads, losses = step(params, work.inputs_lbtd, work.targets_lb)
        optimiser.step(params, grads)
    return losses  # type: ignore[no-any-return]


def _jax_contestant() -> Callable[[Work, int], torch.Tensor]:
    """`jax.vmap` of the gradient, compiled."""
    jax = importlib.import_module("jax")
    jnp = importlib.import_module("jax.numpy")

    def loss(params: Any, inputs: Any, targets: Any) -> Any:
        query, key, value = (inputs @ params[name] for name in _MATRICES)
        weights = jax.nn.softmax(query @ jnp.swapaxes(key, 1, 2) * D_MODEL**-0.5, axis=-1)
        return jnp.square((weights @ value)[:, -1] @ params["out"] - targets).mean()

    def step(params: Any, inputs: Any, targets: Any, rate: Any) -> Any:
        value, grads = jax.value_and_grad(loss)(params, inputs, targets)
        return {name: param - rate * grads[name] for name, param in params.items()}, value

    batched = jax.jit(jax.vmap(step))

    def contestant(work: Work, n_steps: int) -> torch.Tensor:
        params = {name: jnp.asarray(param.cpu().numpy()) for name, param in work.params.items()}
        rest = [jnp.asarray(one.cpu().numpy()) for one in (work.inputs_lbtd, work.targets_lb, work.rate_l)]
        for _ in range(n_steps):
            params, losses = batched(params, *rest)
        return torch.tensor(losses.tolist())

    return contestant


# ---------------------------------------------------------------------------- timing
def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def matmul_rate(device: torch.device, seconds: float = 0.5) -> float:
    """FLOP/s of float32 products of square matrices: what this machine can do at most, in this precision."""
    a = torch.ones(MATRIX, MATRIX, device=device)
    a @ a
    _wait(device)
    n_done, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        a @ a
        _wait(device)
        n_done += 1
    return 2 * MATRIX**3 * n_done / (time.perf_counter() - started)


def _rate(
    contestant: Callable[[Work, int], torch.Tensor], parts: list[Work], device: torch.device, seconds: float
) -> float:
    """Model steps a second, parts in turn until the time is over."""
    n_steps, n_done, turn = 5, 0, 0
    contestant(parts[0], n_steps)
    _wait(device)
    started = time.perf_counter()
    while time.perf_counter() - started < seconds:
        part = parts[turn % len(parts)]
        contestant(part, n_steps)
        _wait(device)
        n_done, turn = n_done + n_steps * len(part.rate_l), turn + 1
    return n_done / (time.perf_counter() - started)


def bench(seconds: float = 2.0, n_lanes: int = 256, chunk: int = 16, device: str = "auto") -> dict[str, Any]:
    """Rates of all contestants, measured in this call.

    Args:
        seconds: time for each contestant.
        n_lanes: models; chunk: how many are trained together.

    Returns: {"work", "device", "matmul_flops", "largest_difference", "absent", "rows": [{"name", "rate" (model steps a
        second), "ratio" (to the plain loop), "roofline" (share of the measured matmul rate)}]}.
    """
    devices.settle()
    target = devices.pick(device)
    work, absent = make_work(n_lanes, target), []
    parts = [work.part(start, min(start + chunk, n_lanes)) for start in range(0, n_lanes, chunk)]
    contestants: list[tuple[str, Callable[[Work, int], torch.Tensor], list[Work]]] = [
        ("plain loop", by_loop, [work.part(i, i + 1) for i in range(n_lanes)]),
        (f"vmap, {chunk} together", by_vmap, parts),
        (f"lanes, {chunk} together", by_lanes, parts),
        ("lanes, all together", by_lanes, [work]),
    ]
    if importlib.util.find_spec("jax") is None:
        absent.append("JAX is not installed")
    else:
        contestants.append((f"jax.vmap, {chunk} together", _jax_contestant(), parts))
    truth = by_loop(parts[0], 5)
    difference = max(float((one(parts[0], 5).to(target) - truth).abs().max()) for _, one, _ in contestants)
    peak = matmul_rate(target)
    rates = {name: _rate(one, some, target, seconds) for name, one, some in contestants}
    rows = [{"name": name, "rate": rate, "ratio": rate / rates["plain loop"], "roofline": rate * step_flops() / peak}
            for name, rate in rates.items()]  # fmt: skip
    text = f"attention with d {D_MODEL}, length {SEQ_LEN}, batch {N_EXAMPLES}; {n_lanes} models, SGD"
    return {"work": text, "device": devices.describe(target)["device"], "matmul_flops": peak,
            "largest_difference": difference, "absent": absent, "rows": rows}  # fmt: skip
