"""Training in lanes: each lane as if it were alone, with its own learning rate, whatever its neighbours do."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from empirics.engine.train import Adam, Params, Sgd, fit, gradients

OPTIMISERS = {"sgd": (Sgd, torch.optim.SGD), "adam": (Adam, torch.optim.Adam)}


def problem(n_lanes: int) -> tuple[torch.Tensor, torch.Tensor, Params]:
    made = torch.Generator().manual_seed(0)
    x = torch.randn(n_lanes, 12, 3, generator=made, dtype=torch.float64)
    y = torch.randn(n_lanes, 12, generator=made, dtype=torch.float64)
    w = torch.randn(n_lanes, 3, generator=made, dtype=torch.float64)
    return x, y, {"w": w, "b": torch.zeros(n_lanes, dtype=torch.float64)}


def losses_on(x: torch.Tensor, y: torch.Tensor) -> Any:
    def losses(params: Params) -> torch.Tensor:
        said = torch.tanh((x @ params["w"][..., None])[..., 0] + params["b"][:, None])
        return (said - y).square().mean(dim=1)

    return losses


@pytest.mark.parametrize("name", OPTIMISERS)
def test_a_lane_equals_the_librarys_optimiser_on_one_model(name: str) -> None:
    ours, theirs = OPTIMISERS[name]
    x, y, start = problem(4)
    rate_l = torch.tensor([0.01, 0.1, 0.5, 1.0], dtype=torch.float64)
    trained, last_l = fit(losses_on(x, y), start, n_steps=25, optimiser=ours(rate_l))
    for lane in range(4):
        params = {key: value[lane : lane + 1].clone().requires_grad_(True) for key, value in start.items()}
        optimiser = theirs(params.values(), lr=float(rate_l[lane]))
        for _ in range(25):
            optimiser.zero_grad()
            loss = losses_on(x[lane : lane + 1], y[lane : lane + 1])(params)[0]
            loss.backward()
            optimiser.step()
        assert torch.allclose(trained["w"][lane], params["w"][0], rtol=1e-9, atol=1e-12)  # order of rounding differs
        assert float(last_l[lane]) == pytest.approx(float(loss.detach()), rel=1e-9)


@pytest.mark.parametrize("name", OPTIMISERS)
@pytest.mark.parametrize("size", [1, 3])
def test_a_lane_alone_equals_the_lane_among_others_to_the_bit(name: str, size: int) -> None:
    x, y, start = problem(64)
    rate_l = torch.linspace(0.01, 1, 64, dtype=torch.float64)
    together, _ = fit(losses_on(x, y), start, n_steps=20, optimiser=OPTIMISERS[name][0](rate_l))
    for first in range(0, 64, size):
        cut = slice(first, first + size)
        some = {key: value[cut] for key, value in start.items()}
        apart, _ = fit(losses_on(x[cut], y[cut]), some, n_steps=20, optimiser=OPTIMISERS[name][0](rate_l[cut]))
        assert torch.equal(apart["w"], together["w"][cut]) and torch.equal(apart["b"], together["b"][cut])


@pytest.mark.parametrize("name", OPTIMISERS)
@pytest.mark.parametrize("poison", [float("nan"), float("inf"), 1e300])
def test_a_diverging_lane_leaves_its_neighbours_unchanged_to_the_bit(name: str, poison: float) -> None:
    x, y, start = problem(8)
    rate_l = torch.full((8,), 0.1, dtype=torch.float64)
    clean, clean_l = fit(losses_on(x, y), start, n_steps=20, optimiser=OPTIMISERS[name][0](rate_l))
    y[3] = poison
    broken, broken_l = fit(losses_on(x, y), start, n_steps=20, optimiser=OPTIMISERS[name][0](rate_l))
    others = [lane for lane in range(8) if lane != 3]
    assert torch.equal(broken["w"][others], clean["w"][others])
    assert torch.equal(broken_l[others], clean_l[others])
    assert not bool(torch.isfinite(broken_l[3]))


def test_gradients_are_those_of_each_lane() -> None:
    losses, grads = gradients(
        lambda params: params["w"].square().sum(dim=1), {"w": torch.tensor([[1.0, 2.0], [3.0, 0.0]])}
    )
    assert losses.tolist() == [5.0, 9.0] and grads["w"].tolist() == [[2.0, 4.0], [6.0, 0.0]]


def test_the_start_is_not_changed_and_no_step_is_refused() -> None:
    x, y, start = problem(2)
    before = start["w"].clone()
    fit(losses_on(x, y), start, n_steps=3, optimiser=Sgd(torch.ones(2)))
    assert torch.equal(start["w"], before)
    with pytest.raises(ValueError, match="n_steps"):
        fit(losses_on(x, y), start, n_steps=0, optimiser=Sgd(torch.ones(2)))


SAFE = {
    "softplus": lambda x: -torch.nn.functional.logsigmoid(-x),
    "sigmoid": lambda x: (1 + torch.tanh(x / 2)) / 2,
    "tanh": torch.tanh,
    "erf": torch.erf,
    "softmax": lambda x: x.softmax(dim=1),
    "logsumexp": lambda x: x.logsumexp(dim=1),
    "mean square": lambda x: x.square().mean(dim=1),
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", SAFE)
def test_functions_named_safe_do_not_depend_on_the_place_in_a_chunk(name: str, dtype: torch.dtype) -> None:
    for width in (1, 3, 7, 16, 33):
        x = torch.randn(65, width, generator=torch.Generator().manual_seed(width), dtype=dtype)

        def run(some: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            leaf = some.clone().requires_grad_(True)
            out = SAFE[name](leaf)
            return out.detach(), torch.autograd.grad(out.square().sum(), leaf)[0]

        out, grad = run(x)
        alone = [run(x[lane : lane + 1]) for lane in range(65)]
        assert torch.equal(torch.cat([one for one, _ in alone]), out)
        assert torch.equal(torch.cat([one for _, one in alone]), grad)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("rows, inside, columns", [(24, 2, 1), (64, 16, 16), (5, 7, 3), (100, 33, 17)])
def test_products_do_not_depend_on_the_place_in_a_chunk(
    dtype: torch.dtype, rows: int, inside: int, columns: int
) -> None:
    made = torch.Generator().manual_seed(1)
    x = torch.randn(17, rows, inside, generator=made, dtype=dtype)
    y = torch.randn(17, rows, columns, generator=made, dtype=dtype)
    together = x.transpose(1, 2) @ y
    alone = [x[lane : lane + 1].clone().transpose(1, 2) @ y[lane : lane + 1].clone() for lane in range(17)]
    assert torch.equal(torch.cat(alone), together)
