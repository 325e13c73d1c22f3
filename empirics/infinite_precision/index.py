"""Training on the index task and its neighbours: one layer with a fixed query, and models outside that class.

The task is index, composition of a function with itself ("self": is f(f(1)) = 1, f a word of n symbols), composition of
two functions ("two_function": is h(g(x)) = 1, a word of 2n symbols and x in the read-out token, all x asked at once), or
palindromes of n bits.

Words for the letters of the grid: n table entries, H heads, d value features of a head, k and k2 hidden widths (0: none),
room the padded sizes, steps the training steps, batch tables a step (each asked at all n addresses).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch

from empirics.engine.lanes import Experiment, Lanes
from empirics.engine.measure import sample
from empirics.engine.train import Adam, Params, gradients
from empirics.models import fixed_query_attention as model
from empirics.models import word_attention as word_model
from empirics.tasks import composition as task

Output = Mapping[str, Any]
Forward = Callable[[Params, torch.Tensor], torch.Tensor]

RATE = 0.02  # chosen: the best of .005, .01, .02, .05 at n = 8 for heads and for features alike
WARM = 0.05  # share of the steps over which the rate rises; it then falls as a cosine
ENUMERATED = 12  # entries up to which all tables are tested: 2^12 tables with 12 addresses each
FRESH = 512  # test tables above
BLOCK = 32  # steps whose tables are drawn together
ROWS = 2**13  # rows of the network that are tested together


def schedule(step: int, n_steps: int) -> float:
    """Share of the learning rate at a step: a linear rise, then a cosine down to zero."""
    warm = max(1, round(WARM * n_steps))
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, n_steps - warm)))


def cross_entropy(output_lbn: torch.Tensor, labels_lbn: torch.Tensor) -> torch.Tensor:
    """Mean logistic loss of 0/1 labels.  Returns: [lane]."""
    signed = output_lbn * (2 * labels_lbn.to(output_lbn.dtype) - 1)
    return -torch.nn.functional.logsigmoid(signed).flatten(1).mean(dim=1)


def trained(
    params: Params,
    loss_l: Callable[[Params, int], torch.Tensor],
    *,
    n_steps: int,
    rate_l: torch.Tensor,
) -> Params:
    """Parameters after Adam with the schedule; `loss_l(params, step)` gives the losses of a step, float [lane].

    The optimiser sees one tensor a lane, of which the parameters are views: for models as small as these a step's time is
    the number of operations, not their size.
    """
    flat = {"all": torch.cat([one.detach().flatten(1) for one in params.values()], dim=1)}
    sizes = [one[0].numel() for one in params.values()]

    def parts(whole: Params) -> Params:
        views = whole["all"].split(sizes, dim=1)
        return {name: view.unflatten(1, one.shape[1:]) for view, (name, one) in zip(views, params.items())}

    optimiser = Adam(rate_l)
    for step in range(n_steps):
        optimiser.rate_l = rate_l * schedule(step, n_steps)
        _, grads = gradients(lambda p, step=step: loss_l(parts(p), step), flat)
        optimiser.step(flat, grads)
    return {name: one.clone() for name, one in parts(flat).items()}


class Blocks:
    """The training examples of every step, drawn for `BLOCK` steps together.

    Args:
        draw: (count, start) -> tensors [lane, count, ...], start counting blocks of that size.
        count: examples a step.
    """

    def __init__(self, draw: Callable[[int, int], tuple[torch.Tensor, ...]], count: int) -> None:
        self.draw, self.count = draw, count
        self.start, self.block = -1, tuple[torch.Tensor, ...]()

    def __call__(self, step: int) -> tuple[torch.Tensor, ...]:
        """The tensors of a step, [lane, count, ...]."""
        start = step // BLOCK
        if start != self.start:
            self.start, self.block = start, self.draw(BLOCK * self.count, start)
        place = step % BLOCK * self.count
        return tuple(one[:, place : place + self.count] for one in self.block)


def training_tables(keys: torch.Tensor, n_tables: int, n: int) -> Callable[[int], torch.Tensor]:
    """The training tables of a step, uint8 [lane, table, n], as a function of the step."""
    blocks = Blocks(lambda count, start: (task.random_tables(keys, count, n, start=start),), n_tables)
    return lambda step: blocks(step)[0]


def _sizes(lanes: Lanes, room: model.Room) -> model.Sizes:
    widths = tuple(lanes.column(name).long() for name in ("k", "k2")[: len(room.widths)])
    return model.Sizes(lanes.column("H").long(), lanes.column("d").long(), widths)


def _model(lanes: Lanes) -> tuple[Params, Forward]:
    """Initial parameters and the forward pass."""
    n, room, kind = lanes.size("n"), model.Room.of(lanes.size("room")), lanes.size("model")
    if kind != "one layer":
        init = {"address in read-out": model.known_address_params, "two layers": model.two_layer_params}[kind]
        return init(lanes.keys, n, room.features), {
            "address in read-out": model.known_address,
            "two layers": model.two_layers,
        }[kind]
    sizes = _sizes(lanes, room)
    mask = model.slots_mask(sizes, room)
    attention, cap = lanes.size("attention"), lanes.size("cap")
    params = model.attention_params(lanes.keys, n, sizes, room) | model.network_params(lanes.keys, sizes, room)
    return params, lambda p, tables: model.one_layer(model.with_weights(p, attention, cap), tables, mask)


# ---------------------------------------------------------------------------- words of symbols
SHAPES: Mapping[str, Callable[[int], tuple[int, int, int]]] = {  # questions, tokens, symbols
    "self": lambda n: (1, n, n),
    "two_function": lambda n: (n, 2 * n, n),
    "palindrome": lambda n: (1, n, 2),
}


def words(lanes: Lanes, n_words: int, stream: str = "data", start: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Words of the lanes' task, half of whose answers are yes.

    Returns: symbols from 0, int [lane, word, token]; bool [lane, word, question].
    """
    n, kind = lanes.size("n"), lanes.size("task")
    if kind == "palindrome":
        found = task.near_palindromes(lanes.keys, n_words, n, stream, start)
        return found, (found == found.flip(2)).all(dim=2, keepdim=True)
    draw = {"self": task.self_compositions, "two_function": task.pair_compositions}[kind]
    values, labels = draw(lanes.keys, n_words, n, stream, start)
    return values - 1, labels


def word_training(lanes: Lanes) -> Output:
    """The same for the tasks whose input is a word of symbols; accuracy on fresh words.

    accuracy: [lane]; word_accuracy: the same as a sample of words.
    Raises: ValueError for a model other than "one layer" and "two layers".
    """
    n, kind, room = lanes.size("n"), lanes.size("model"), model.Room.of(lanes.size("room"))
    shape = SHAPES[lanes.size("task")](n)
    if kind == "one layer":
        sizes = _sizes(lanes, room)
        mask = model.slots_mask(sizes, room)
        params = word_model.one_layer_params(lanes.keys, shape, sizes, room)

        def forward(p: Params, asked: torch.Tensor) -> torch.Tensor:
            return word_model.one_layer(p, asked, mask)
    elif kind == "two layers":
        params, forward = word_model.two_layer_params(lanes.keys, shape, room.features), word_model.two_layers
    else:
        raise ValueError(
            f"index: 'model' must be 'one layer' or 'two layers' for the task {lanes.size('task')!r}, got {kind!r}"
        )
    n_words = lanes.size("batch") * n // shape[0]  # as many answers a step as the index task has
    drawn = Blocks(lambda count, start: words(lanes, count, start=start), n_words)
    shuffled = lanes.size("labels") == "shuffled"

    def loss_l(p: Params, step: int) -> torch.Tensor:
        asked, labels = drawn(step)
        return cross_entropy(forward(p, asked), labels.roll(1, dims=1) if shuffled else labels)

    params = trained(params, loss_l, n_steps=lanes.size("steps"), rate_l=lanes.column("rate"))
    asked, labels = words(lanes, FRESH, "test")
    with torch.no_grad():
        output = forward(params, asked)
    right_lb = ((output > 0) == labels).double().mean(dim=2) + 0 * output.double().sum(dim=2)  # nan stays nan
    return {"accuracy": right_lb.mean(dim=1), "word_accuracy": sample(right_lb)}


# ---------------------------------------------------------------------------- the index task
def index_training(lanes: Lanes) -> Output:
    """Accuracy after training, on the index task or, for the other tasks, as `word_training` says.

    accuracy: [lane], over all tables where they are enumerated, else over fresh ones; table_accuracy: the same as a
    sample of tables; bits: [lane], n (1 - h(error)), what the answers tell of the table; log2_patterns: [lane], answer
    vectors over all tables (n <= 12); folded_gap, folded_gap_one_fewer: [lane], largest change of the output relative
    to its size when the first layer is folded into the values (all its units; all but the last one).
    """
    if lanes.size("task") != "index":
        return word_training(lanes)
    n, n_steps, n_tables = lanes.size("n"), lanes.size("steps"), lanes.size("batch")
    if lanes.size("model") == "chain of thought":
        return {"accuracy": chain_of_thought(n, n_steps, lanes.device).expand(len(lanes))}
    params, forward = _model(lanes)
    tables = training_tables(lanes.keys, n_tables, n)
    shuffled = lanes.size("labels") == "shuffled"

    def loss_l(p: Params, step: int) -> torch.Tensor:
        asked = tables(step)
        return cross_entropy(forward(p, asked), asked.roll(1, dims=1) if shuffled else asked)

    rate_l = lanes.column("rate")
    params = trained(params, loss_l, n_steps=n_steps, rate_l=rate_l)
    return tested(params, forward, lanes) | _fold_gaps(params, lanes)


def chain_of_thought(n: int, n_steps: int, device: torch.device) -> torch.Tensor:
    """Share of functions f on {1..n} for which one hand-set layer, applied `n_steps` times to 1, gives f(f(1)).

    The value u emitted last is the query; token j has the logit C (2 u j - j^2), C = ln 8n, and the value f(j), so all
    but the wanted token weigh at most 2/(8n) of it and rounding gives f(u) exactly.  All n^n functions.

    Raises: ValueError for n > 6, where the functions are too many.
    """
    if not 2 <= n <= 6:
        raise ValueError(f"chain_of_thought: 'n' must lie in 2..6, since all n^n functions are tried, got {n}")
    functions = task.every_function(n, device)
    places = torch.arange(1, n + 1, dtype=torch.float64, device=device)
    emitted = torch.ones(len(functions), dtype=torch.float64, device=device)
    for _ in range(n_steps):
        logits = math.log(8 * n) * (2 * emitted[:, None] * places - places**2)
        emitted = (logits.softmax(dim=1) * functions).sum(dim=1).round()
    return (emitted == task.twice(functions)).double().mean(dim=0, keepdim=True)


def tested(params: Params, forward: Forward, lanes: Lanes) -> dict[str, Any]:
    """Accuracy, bits and answer vectors of trained models on all tables or on fresh ones."""
    n = lanes.size("n")
    if n <= ENUMERATED:
        every = task.every_table(n, lanes.device).expand(len(lanes), -1, -1)
    else:
        every = task.random_tables(lanes.keys, FRESH, n, "test")
    answers = []
    with torch.no_grad():
        for part in every.split(max(1, ROWS // n), dim=1):
            output = forward(params, part)
            finite = torch.isfinite(output)
            answers.append(torch.where(finite, (output > 0).double(), torch.nan))
    answers_lbn = torch.cat(answers, dim=1)
    right_lb = (answers_lbn == every).double().mean(dim=2) + 0 * answers_lbn.sum(dim=2)  # nan stays nan
    accuracy_l = right_lb.mean(dim=1)
    found: dict[str, Any] = {
        "accuracy": accuracy_l,
        "table_accuracy": sample(right_lb),
        "bits": told_bits(accuracy_l, n),
    }
    if n <= ENUMERATED:
        powers = 2.0 ** torch.arange(n, device=lanes.device, dtype=torch.float64)
        codes = (answers_lbn @ powers).sort(dim=1).values
        found["log2_patterns"] = (1 + (codes[:, 1:] != codes[:, :-1]).sum(dim=1)).double().log2() + 0 * accuracy_l
    return found


def told_bits(accuracy_l: torch.Tensor, n: int) -> torch.Tensor:
    """n (1 - h(error)), bits of the table that answers with this accuracy hold at most; 0 below one half."""
    error = (1 - accuracy_l).clamp(0, 0.5)
    entropy = -(torch.xlogy(error, error) + torch.xlogy(1 - error, 1 - error)) / math.log(2)
    return n * (1 - entropy) + 0 * accuracy_l


def _fold_gaps(params: Params, lanes: Lanes) -> dict[str, torch.Tensor]:
    room = model.Room.of(lanes.size("room"))
    if lanes.size("model") != "one layer" or not room.widths:
        return {}
    params = {
        name: one.double()
        for name, one in model.with_weights(params, lanes.size("attention"), lanes.size("cap")).items()
    }
    sizes = _sizes(lanes, room)
    asked = task.random_tables(lanes.keys, 64, lanes.size("n"), "fold")
    whole = model.one_layer(params, asked, model.slots_mask(sizes, room).double())
    scale_l = whole.abs().flatten(1).amax(dim=1)
    found = {}
    for name, dropped in (("folded_gap", 0), ("folded_gap_one_fewer", 1)):
        kept = model.Sizes(sizes.heads, sizes.widths[0] - dropped, sizes.widths)
        mask = model.slots_mask(kept, model.Room(room.heads, room.widths[0], room.widths)).double()
        changed = (model.one_layer(model.folded(params), asked, mask) - whole).abs().flatten(1).amax(dim=1)
        found[name] = changed / scale_l
    return found


def _bytes(cell: Mapping[str, Any]) -> int:
    """Of one training step forward and backward, or of one block of the test, whichever is larger."""
    room, n = model.Room.of(cell["room"]), cell["n"]
    if cell["model"] == "chain of thought":
        return 64 * n**n * n
    if cell["model"] == "address in read-out":
        return int(4 * 12 * n * max(cell["batch"], min(FRESH, 2 ** min(n, 13))) * (room.features + 1))
    if cell["task"] != "index":
        questions, tokens, symbols = SHAPES[cell["task"]](n)
        per_word = questions * (6 * room.heads * (room.features + 1) + 4 * sum(room.widths) + 8)
        return int(4 * max(FRESH / 3, cell["batch"] * n // questions) * (per_word + tokens * (2 * symbols + questions)))
    if cell["model"] == "two layers":
        return int(4 * cell["batch"] * n * (8 * n + 10 * room.features))
    per_row = 6 * room.heads * (room.features + 1) + 4 * sum(room.widths) + 8
    return int(4 * max(cell["batch"] * n, min(ROWS, 2 ** min(n, 13) * n) / 3) * per_row)


INDEX = Experiment(
    id="infinite_precision/index",
    version=1,
    axes=("n", "H", "d", "k", "room", "steps"),
    measure=index_training,
    switches={
        "task": "index", "k2": 0, "batch": 32, "model": "one layer", "attention": "free", "cap": 0.0, "labels": "true", "rate": RATE,
    },
    shape=("task", "n", "room", "steps", "batch", "model", "attention", "cap", "labels"),
    common=("task", "H", "d", "k", "k2", "room", "model", "attention", "cap", "labels", "rate"),
    bytes_per_lane=_bytes,
)  # fmt: skip
