"""Decoding one symbol at a time: outputs of the whole pass from what is kept, and no more kept than the formulas say."""

import pytest
import torch

from empirics.models import character_decoding as decoding
from empirics.models import character_model as model
from theory.generative import kv_cache_bytes, recurrent_state_bytes

KEYS = torch.tensor([3, 4], dtype=torch.int64)
V, T, WIDTH, D = 5, 7, 8, 2
FORMS = {
    "attention": ({"mixer": "attention"}, lambda t: kv_cache_bytes(B=1, t=t, d=WIDTH, D=D, bytes=8)),
    "function": ({"mixer": "generative"}, lambda t: recurrent_state_bytes(B=1, d=WIDTH, D=D, bytes=8)),
    "min": ({"mixer": "generative", "reduction": "min"}, lambda t: recurrent_state_bytes(B=1, d=WIDTH, D=D, bytes=8)),
    "running mean": (
        {"mixer": "generative_running_mean", "reduction": "mean"},
        lambda t: recurrent_state_bytes(B=1, d=WIDTH, D=D, bytes=8, average=True, acc_bytes=8),
    ),
    "activation": (
        {"mixer": "removed", "activation": "generative_running_mean"},
        lambda t: recurrent_state_bytes(B=1, d=WIDTH, D=D, bytes=8, average=True, acc_bytes=8, width_factor=4),
    ),
    "both": (
        {"mixer": "attention", "activation": "generative"},
        lambda t: (
            kv_cache_bytes(B=1, t=t, d=WIDTH, D=D, bytes=8)
            + recurrent_state_bytes(B=1, d=WIDTH, D=D, bytes=8, width_factor=4)
        ),
    ),
    "none": ({"mixer": "none"}, lambda t: 0),
}


@pytest.mark.parametrize(("choices", "promised"), FORMS.values(), ids=FORMS.keys())
def test_decoding_gives_the_logits_of_the_whole_pass_from_the_promised_bytes(choices, promised):
    arch = model.Architecture(V, T, WIDTH, D, n_heads=2, **choices)
    flat = model.init(arch, KEYS, torch.float64)
    weights = {name: one if name.endswith("gain") else 10 * one for name, one in model.unpacked(arch, flat).items()}
    words = torch.randint(V, (2, 3, T), generator=torch.Generator().manual_seed(1))
    whole, state = model.logits(arch, weights, words), decoding.empty(arch)
    for t in range(T):
        scores, state = decoding.step(arch, weights, words[:, :, t], t, state)
        assert torch.allclose(scores, whole[:, :, t], rtol=0, atol=1e-12)
        assert decoding.n_bytes(state) == 2 * 3 * promised(t + 1)


@pytest.mark.parametrize(
    "choices",
    [{"mixer": "static"}, {"mixer": "generative_window_mean"}, {"mixer": "generative", "norm": "after"}],
    ids=str,
)
def test_other_forms_are_refused(choices):
    with pytest.raises(ValueError, match="usual form"):
        decoding.empty(model.Architecture(V, T, WIDTH, D, n_heads=2, **choices))
