"""Tensors followed as if lanes lived on another device than the host: what a GPU would refuse is found without one.

Every tensor carries where it would lie.  The lanes' device is written cpu:0, the host is plain cpu: both are one place for
torch, and `tensor.device` gives back the right one of the two.  A tensor made without a device lies on the host; `to` and `cpu`
move; everything else lies where its arguments do.
"""

from __future__ import annotations

import sys
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

LANES = torch.device("cpu", 0)
HOST = torch.device("cpu")

_MAKES = ("tensor", "zeros", "ones", "full", "empty", "arange", "linspace", "logspace", "eye", "rand", "randn", "randint",
          "randperm", "from_numpy", "tril_indices", "triu_indices")  # fmt: skip
MAKES = {getattr(torch, name) for name in _MAKES}
TO_HOST = {torch.Tensor.numpy, torch.Tensor.__array__}
INDEXES = {torch.Tensor.__getitem__, torch.Tensor.__setitem__}
DEVICE = torch.Tensor.device.__get__


def on_host(tensor: torch.Tensor) -> bool:
    """Whether a tensor would lie in the host's memory."""
    return getattr(tensor, "on_host", False)


class TwoDevices(TorchFunctionMode):
    """Inside the block, `faults` gathers (what, file and line of the project) of each thing that a GPU would refuse.

    Args:
        folder: path of the project's sources; faults are named by the innermost line in it.
    """

    def __init__(self, folder: str) -> None:
        super().__init__()
        self.folder, self.faults = folder, set[tuple[str, str]]()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        if func == DEVICE:
            return HOST if on_host(args[0]) else LANES
        if func is torch.Tensor.__iter__:
            out = list(out)
        given = [one for one in tree_leaves((args, kwargs)) if isinstance(one, torch.Tensor)]
        host = self._host(func, args, kwargs, given)
        if any(out is one for one in given) and on_host(out) != host:
            out = out.view_as(out)  # torch moved nothing, a GPU would have
        for one in tree_leaves(out):
            if isinstance(one, torch.Tensor) and not any(one is other for other in given):
                one.on_host = host
        return iter(out) if func is torch.Tensor.__iter__ else out

    def _host(self, func: Any, args: Any, kwargs: Any, given: list[torch.Tensor]) -> bool:
        """Where the result lies; notes a fault where the arguments do not lie together."""
        if kwargs.get("device") is not None:
            return torch.device(kwargs["device"]) != LANES
        if func in MAKES:
            return True
        if func is torch.Tensor.cpu:
            return True
        if func is torch.Tensor.to:
            asked = [one for one in args[1:] if isinstance(one, str | torch.device | torch.Tensor)]
            if asked and isinstance(asked[0], torch.Tensor):
                return on_host(asked[0])
            return torch.device(asked[0]) != LANES if asked else on_host(args[0])
        large = [one for one in given if one.dim()]  # a number moves by itself
        if func in TO_HOST and not on_host(args[0]):
            self._fault(f"{func.__name__} of a tensor that lies with the lanes")
        if func in INDEXES:  # an index may lie on the host, what is indexed there may not have one elsewhere
            if on_host(args[0]) and not all(on_host(one) for one in large):
                self._fault("a tensor on the host, indexed or filled by one that lies with the lanes")
            return on_host(args[0])
        if len({on_host(one) for one in large}) == 2:
            self._fault(f"{func.__name__} of tensors on both devices")
        return all(on_host(one) for one in large or given) if given else True

    def _fault(self, what: str) -> None:
        frame = sys._getframe()
        while frame.f_back and (
            frame.f_code.co_filename == __file__ or not frame.f_code.co_filename.startswith(self.folder)
        ):
            frame = frame.f_back
        self.faults.add((what, f"{frame.f_code.co_filename.removeprefix(self.folder)}:{frame.f_lineno}"))
