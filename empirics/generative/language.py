"""Real text: every variant trained on the same windows, read teacher-forced and streaming, beside counts of short contexts.

A lane is one seed; its variants share initial draws and data, and every difference is taken window by window.  Every
variant is trained at every rate of one grid, alike for all.  The held-out text is cut into stretches: every fifth serves to
choose the rate (`tuning_loss`), the others are what is judged, so both hold the same mixture of matters.

Words for the letters of the grid: D n_layers, d d_model, h n_heads, T seq_len, B n_windows a step, rate the middle learning
rate, rates how many there are, factor by which one of them differs from the middle.
"""

from __future__ import annotations

import platform
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch

from empirics.engine import audit, rng
from empirics.engine.lanes import Experiment, Lanes
from empirics.engine.measure import SampleMoments, sample
from empirics.generative.synthetic import READS
from empirics.models.character_model import Architecture, Probe, Weights, init, logits, unpacked, written
from empirics.models.character_training import Recipe, trained
from empirics.tasks import text
from theory.generative.audits import map_statistics
from theory.generative.grids import rate_factors

COUNTING = tuple(f"counting {order}" for order in range(6))
BASELINE = "generative"
UNTRAINED = "generative, untrained"
COUNTED = "counting 4"  # the context that serves best on Shakespeare; a fixed choice, made on no text of ours
FEW = (
    "attention", BASELINE, "generative_running_mean", "generative_window_mean", "attention, 2 keys", "generative, matched",
)  # fmt: skip
CORE = (*FEW, "attention, D + 1 keys")
ALL = (
    *CORE, "static", "none", "generative_dilated", "generative, min", "generative, mean", "generative, first row zeroed",
    "generative, norm after", "generative, random partners",
    "activation, attention kept", "activation, no mixing", "activation, no mixing, window mean",
)  # fmt: skip
VARIANTS = {"pair": ("attention", BASELINE), "few": FEW, "core": CORE, "all": ALL}
N_MAPS = 64  # inputs whose attention maps are compared
N_FRESH = 256  # other windows, on which mean maps are put in place of a model's own
N_CHECKED = 12  # windows on which a causal model is streamed, to show that nothing changes
N_STREAMED = 320  # windows on which another one is: it takes a pass a position
N_STRETCHES = 50  # of the held-out text, fewer where they would not hold four windows each
TUNING_EVERY = 5  # every so many stretches one serves to choose rates: the rest is judged
N_TUNING = 96  # windows on which a rate is chosen
N_WRITTEN = 120  # characters of each sample that a page shows
N_CURVE = 6  # points of a loss curve
N_CURVE_WINDOWS = 32
LOSSES_AT_ONCE = 2**24  # numbers in one evaluation's logits


def variants_of(cell: Mapping[str, Any]) -> tuple[str, ...]:
    """The variants of a lane: those that are trained, one that is not, then counting with contexts of 0 to 5 characters."""
    return (*VARIANTS[cell["variants"]], UNTRAINED, *COUNTING)


def architecture(variant: str, base: Architecture) -> Architecture:
    """What a variant is, at the sizes of `base`."""
    name, _, detail = variant.partition(", ")
    if name == "activation":
        mean = detail.endswith("window mean")
        return replace(base, mixer="attention" if detail == "attention kept" else "removed",
                       activation="generative_window_mean" if mean else "generative")  # fmt: skip
    if detail == "matched":
        return matched(base)
    keys = {"2 keys": 2, "D + 1 keys": base.n_layers + 1}.get(detail, 0)
    reduction = detail if detail in ("min", "mean") else base.reduction
    partners = random_partners(base.n_layers) if detail == "random partners" else ()
    return replace(base, mixer=name, keys=keys, reduction=reduction, partners=partners,
                   first_row="zeroed" if detail == "first row zeroed" else "copied",
                   norm="after" if detail == "norm after" else "before")  # fmt: skip


def random_partners(n_layers: int) -> tuple[int, ...]:
    """How many rows back each layer's partner lies: drawn once for all from 1 to twice the number of layers."""
    drawn = random.Random(n_layers)
    return tuple(drawn.randint(1, 2 * n_layers) for _ in range(n_layers))


def matched(base: Architecture) -> Architecture:
    """The widest plain variant that has at most the parameters of attention at the sizes of `base`."""
    most, found = replace(base, mixer="attention").n_parameters, replace(base, mixer=BASELINE)
    while (wider := replace(found, d_model=found.d_model + 1)).n_parameters <= most:
        found = wider
    return found


def language(lanes: Lanes) -> Mapping[str, Any]:
    """Losses on held-out windows, in nats a character; one number a window, the mean over its positions.

    [lane, read, variant, factor]:  loss.  over_plain: loss minus that of the plain variant at its best rate on the same
    window.  over_counting, over_teacher_forced: loss minus that of counting with 4 characters, of the same model
    teacher-forced.  tuning_loss: mean loss on the part of the held-out text where rates are chosen.
    The same, alike for both reads:  parameters.  streaming_error: largest mean difference between both reads.
    [lane], about attention at its best rate:  map_fraction, map_fraction_untrained: mean over heads of JSD / entropy of the mean map;
    fraction_rise: their difference; static_map_cost, static_map_cost_untrained: loss increase a window when every map
    is replaced by its mean over 64 inputs.
    Exhibits: curves (step, held-out loss, loss on training text) and samples at the best rate, corpus, counting, heads (map
    fractions), rates (tuning loss at each).
    """
    run = _Run(lanes)
    for variant in lanes.inner("variant"):
        if variant in COUNTING:
            run.count(variant)
        elif variant == UNTRAINED:
            run.leave(variant)
        else:
            run.train(variant)
    return run.output()


class _Run:
    """One call of `language`: the text, the windows, and what was found so far."""

    def __init__(self, lanes: Lanes) -> None:
        self.lanes = lanes
        self.corpus = text.load(lanes.corpus)
        train_ids, held_out = self.corpus.split()
        self.train_ids, held_out = train_ids.to(lanes.device), held_out.to(lanes.device)
        seq_len, most = lanes.size("T"), lanes.size("test")
        stretches = held_out.tensor_split(max(2, min(N_STRETCHES, len(held_out) // (4 * (seq_len + 1)))))
        tuning, judged = stretches[::TUNING_EVERY], [one for i, one in enumerate(stretches) if i % TUNING_EVERY]
        self.tuning_wt = _spread_over(tuning, min(most, N_TUNING), seq_len)
        self.tokens_wt = _spread_over(judged, most, seq_len)
        self.factors = torch.tensor(lanes.inner("factor"), dtype=torch.float64, device=lanes.device)
        self.counted = text.witten_bell(self.train_ids, self.tokens_wt, 5, len(self.corpus.characters))[:, :, 1:]
        self.base = Architecture(
            len(self.corpus.characters), seq_len, lanes.size("d"), lanes.size("D"), "attention", n_heads=lanes.size("h")
        )
        self.recipe = Recipe(
            n_steps=lanes.size("steps"), learning_rate=lanes.size("rate"), final_share=0.1, n_warm_up=lanes.size("warm_up"),
            decay=lanes.size("decay"), dropout=lanes.size("dropout"), precision=lanes.size("precision"),
        )  # fmt: skip
        self.losses: dict[str, dict[str, torch.Tensor]] = {}  # read -> [lane, factor, window]
        self.tuning: dict[str, dict[str, torch.Tensor]] = {}  # read -> [lane, factor]
        self.sizes: dict[str, float] = {}
        self.errors: dict[str, torch.Tensor] = {}  # [lane, factor]
        self.curves: dict[str, list[list[list[float]]]] = {}
        self.samples: dict[str, list[str]] = {}
        self.maps: dict[str, Any] = {}

    def stacked(self, per_lane: torch.Tensor) -> torch.Tensor:
        """Each lane once a rate, its rates side by side: they are trained in one program."""
        return per_lane.repeat_interleave(len(self.factors), dim=0)

    def by_rate(self, stacked: torch.Tensor) -> torch.Tensor:
        """[lane * factor, ...] -> [lane, factor, ...]."""
        return stacked.reshape(len(self.lanes), len(self.factors), *stacked.shape[1:])

    def best(self, variant: str, stacked: torch.Tensor) -> torch.Tensor:
        """What a lane has at the rate that serves best on the tuning part, read as in training.  Returns: [lane, ...]."""
        choice = self.tuning[variant]["teacher_forced"].argmin(dim=1)
        return self.by_rate(stacked)[torch.arange(len(choice), device=choice.device), choice]

    # ------------------------------------------------------------------ training and reading
    def train(self, variant: str) -> None:
        """Train one variant on the lanes' windows and read it both ways."""
        lanes, arch = self.lanes, architecture(variant, self.base)
        per_step, seq_len = lanes.size("B"), arch.seq_len

        def batch_of(step: int) -> torch.Tensor:
            starts = rng.integers(lanes.keys, per_step, len(self.train_ids) - seq_len, "windows", step * per_step)
            return text.windows(self.train_ids, starts, seq_len + 1)

        def stacked_batch(step: int) -> torch.Tensor:
            return self.stacked(batch_of(step))

        first = self.stacked(init(arch, lanes.keys))
        shown = {round(i * self.recipe.n_steps / N_CURVE) for i in range(N_CURVE + 1)}
        curve: list[list[list[float]]] = [[] for _ in range(len(first))]
        every = max(1, len(self.tokens_wt) // N_CURVE_WINDOWS)
        both = (self.tokens_wt[::every], text.spread_windows(self.train_ids, N_CURVE_WINDOWS, seq_len))

        def watch(step: int, flat: torch.Tensor) -> None:
            if step in shown:
                pair = [self._read(arch, flat, windows).mean(dim=1).tolist() for windows in both]
                for one, (held_out, seen) in enumerate(zip(*pair)):
                    curve[one].append([step, round(held_out, 5), round(seen, 5)])

        flat = trained(
            arch, first, self.recipe, stacked_batch, keys=self.stacked(lanes.keys),
            factor_l=self.factors.repeat(len(lanes)), watch=watch,
        )  # fmt: skip
        self.sizes[variant] = float(arch.n_parameters)
        self._read_both(variant, arch, flat)
        places = torch.arange(len(flat), device=flat.device)
        self.curves[variant] = [curve[i] for i in self.best(variant, places).tolist()]
        chosen = self.best(variant, flat)
        self._write(variant, arch, chosen)
        if variant == "attention":
            self._probe(arch, {"untrained": self.best(variant, first), "trained": chosen})

    def _read(
        self, arch: Architecture, flat: torch.Tensor, tokens_wt: torch.Tensor, streaming: bool = False
    ) -> torch.Tensor:
        """Loss of each window, mean over its positions.  Returns: float64 [lane, window]."""
        weights = unpacked(arch, flat)
        room = max(1, LOSSES_AT_ONCE // (len(flat) * arch.seq_len * arch.vocab_size))
        loss = audit.streaming_loss if streaming else audit.teacher_forced_loss

        def logits_of(tokens: torch.Tensor) -> torch.Tensor:
            return logits(arch, weights, tokens)

        with torch.no_grad():
            parts = [loss(logits_of, part[None].expand(len(flat), -1, -1)).double().mean(dim=2)
                     for part in tokens_wt.split(room)]  # fmt: skip
        return torch.cat(parts, dim=1)

    def _read_both(self, variant: str, arch: Architecture, flat: torch.Tensor) -> None:
        """A causal model is streamed on a few windows, to show that both reads agree; another one on many, evenly spread."""
        seen, tuned = self._read(arch, flat, self.tokens_wt), self._read(arch, flat, self.tuning_wt).mean(dim=1)
        read = {"teacher_forced": seen, "streaming": seen}
        chosen_by = {"teacher_forced": tuned, "streaming": tuned}
        stride = _stride(len(self.tokens_wt), N_CHECKED if arch.is_causal else N_STREAMED)
        streamed = self._read(arch, flat, self.tokens_wt[::stride], streaming=True)
        if not arch.is_causal:
            read["streaming"] = streamed
            chosen_by["streaming"] = self._read(arch, flat, self.tuning_wt, streaming=True).mean(dim=1)
        self.errors[variant] = self.by_rate((streamed - seen[:, ::stride]).abs().amax(dim=1))
        self.losses[variant] = {name: self.by_rate(one) for name, one in read.items()}
        self.tuning[variant] = {name: self.by_rate(one) for name, one in chosen_by.items()}

    def leave(self, variant: str) -> None:
        """The plain variant as it was drawn, before any step: what a comparison must tell from a trained one."""
        arch = architecture(BASELINE, self.base)
        self.sizes[variant] = float(arch.n_parameters)
        self._read_both(variant, arch, self.stacked(init(arch, self.lanes.keys)))

    def count(self, variant: str) -> None:
        """Counting with a context of so many characters, on the same windows."""
        order = int(variant.split()[1])
        loss = self.counted[order].mean(dim=1).expand(len(self.lanes), len(self.factors), -1)
        none = torch.zeros(loss.shape[:2], dtype=torch.float64, device=self.lanes.device)
        self.losses[variant] = dict.fromkeys(READS, loss)
        self.tuning[variant] = dict.fromkeys(READS, none)  # counting has no rate
        self.sizes[variant], self.errors[variant] = 0.0, none

    def _write(self, variant: str, arch: Architecture, flat: torch.Tensor) -> None:
        """A sample of text from each first seed, continuing 16 held-out characters."""
        self.samples[variant] = [""] * len(flat)
        for lane, seed in enumerate(self.lanes.seeds):
            if seed == 0:  # exhibits are kept for first seeds only
                one, keys = flat[lane : lane + 1], self.lanes.keys[lane : lane + 1]
                start = self.tokens_wt[:1, : min(arch.seq_len, 16)]
                ids = written(arch, unpacked(arch, one), start, N_WRITTEN, keys)
                self.samples[variant][lane] = self.corpus.text(torch.cat([start[0], ids[0]]))

    # ------------------------------------------------------------------ are attention's maps static?
    def _probe(self, arch: Architecture, stages: Mapping[str, torch.Tensor]) -> None:
        inputs, fresh = _apart(self.tokens_wt)
        for stage, flat in stages.items():
            weights, n_lanes = unpacked(arch, flat), len(flat)
            probe = Probe([])
            with torch.no_grad():
                logits(arch, weights, inputs[None, :, :-1].expand(n_lanes, -1, -1), probe=probe)
                fixed = [maps.mean(dim=1) for maps in probe.seen]
                own = self._read(arch, flat, fresh)
                still = self._with_fixed(arch, weights, fresh, fixed)
            fractions = [_head_fractions(maps) for maps in probe.seen]  # a layer: [lane][head]
            self.maps[stage] = {
                "heads": [[layer[lane] for layer in fractions] for lane in range(n_lanes)],
                "cost": still - own,
            }

    def _with_fixed(
        self, arch: Architecture, weights: Weights, tokens_wt: torch.Tensor, fixed: list[torch.Tensor]
    ) -> torch.Tensor:
        def logits_of(tokens: torch.Tensor) -> torch.Tensor:
            return logits(arch, weights, tokens, probe=Probe([], fixed))

        tokens = tokens_wt[None].expand(len(self.lanes), -1, -1)
        return audit.teacher_forced_loss(logits_of, tokens).double().mean(dim=2)

    # ------------------------------------------------------------------ what is handed over
    def output(self) -> Mapping[str, Any]:
        """Observables and exhibits of all lanes."""
        names = self.lanes.inner("variant")
        counted = self.losses[COUNTED]["teacher_forced"]
        plain_l1w = self.best(BASELINE, self.losses[BASELINE]["teacher_forced"].flatten(0, 1))[:, None]
        own = {name: read["teacher_forced"] for name, read in self.losses.items()}
        found: dict[str, Any] = {
            "loss": self._grid(lambda name: torch.zeros_like(own[name])),
            "over_plain": self._grid(lambda name: plain_l1w.expand_as(own[name])),
            "over_teacher_forced": self._grid(lambda name: own[name]),
            "over_counting": self._grid(lambda name: counted),
        }
        tuning = [torch.stack([self.tuning[name][read] for name in names], dim=1) for read in READS]
        found["tuning_loss"] = torch.stack(tuning, dim=1)
        ones = torch.ones_like(found["tuning_loss"])
        found["parameters"] = ones * torch.tensor([self.sizes[name] for name in names]).to(ones)[:, None]
        found["streaming_error"] = ones * torch.stack([self.errors[name] for name in names], dim=1)[:, None]
        if self.maps:
            found |= self._map_observables()
        found["exhibits"] = self._exhibits(len(self.lanes))
        return found

    def _grid(self, reference_lfw: Callable[[str], torch.Tensor]) -> SampleMoments:
        """Moments of every (read, variant, factor), of losses minus a reference on the same windows: [lane, read, variant, factor]."""

        def moments(name: str, read: str) -> SampleMoments:
            loss, reference = self.losses[name][read], reference_lfw(name)
            if loss.shape[2] < reference.shape[2]:  # streamed on some of the windows
                reference = reference[:, :, :: _stride(reference.shape[2], N_STREAMED)]
            return sample(loss - reference)

        rows = [[moments(name, read) for name in self.lanes.inner("variant")] for read in READS]

        def part(field: str) -> torch.Tensor:
            return torch.stack([torch.stack([getattr(one, field) for one in row], dim=1) for row in rows], dim=1)

        return SampleMoments(part("count"), part("mean"), part("variance"))

    def _map_observables(self) -> dict[str, Any]:
        means = {stage: torch.tensor([sum(map(sum, heads)) / sum(map(len, heads)) for heads in found["heads"]],
                                     dtype=torch.float64) for stage, found in self.maps.items()}  # fmt: skip
        return {
            "map_fraction": means["trained"],
            "map_fraction_untrained": means["untrained"],
            "fraction_rise": means["trained"] - means["untrained"],
            "static_map_cost": sample(self.maps["trained"]["cost"]),
            "static_map_cost_untrained": sample(self.maps["untrained"]["cost"]),
        }

    def _exhibits(self, n_lanes: int) -> dict[str, list[Any]]:
        facts = {
            "name": self.corpus.name, "sha256": self.corpus.sha256, "python": platform.python_version(),
            "n_characters": len(self.corpus.ids), "n_distinct": len(self.corpus.characters),
        }  # fmt: skip
        counting = {name: round(float(self.losses[name]["streaming"].mean()), 5) for name in COUNTING}
        return {
            "corpus": [facts] * n_lanes,
            "counting": [counting] * n_lanes,
            "curves": [{name: curve[lane] for name, curve in self.curves.items()} for lane in range(n_lanes)],
            "samples": [{name: texts[lane] for name, texts in self.samples.items()} for lane in range(n_lanes)],
            "rates": [
                {
                    name: [round(value, 5) for value in self.tuning[name]["teacher_forced"][lane].tolist()]
                    for name in self.curves
                }
                for lane in range(n_lanes)
            ],
            "heads": [{stage: found["heads"][lane] for stage, found in self.maps.items()} for lane in range(n_lanes)],
        }


def _stride(n_windows: int, most: int) -> int:
    """Every which window to take so that at most that many are."""
    return -(-n_windows // most)


def _spread_over(stretches: Sequence[torch.Tensor], most: int, seq_len: int) -> torch.Tensor:
    """Up to `most` windows in all, alike many from each stretch, none across two of them."""
    taken = stretches[:: _stride(len(stretches), most)]
    return torch.cat([text.spread_windows(one, most // len(taken), seq_len) for one in taken])


def _apart(tokens_wt: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Windows to compare maps on, spread over the text, and other windows to measure loss on."""
    stride = max(2, _stride(len(tokens_wt), N_MAPS))
    others = torch.ones(len(tokens_wt), dtype=torch.bool, device=tokens_wt.device)
    others[::stride] = False
    rest = tokens_wt[others]
    return tokens_wt[::stride], rest[:: max(1, len(rest) // N_FRESH)][:N_FRESH]


def _head_fractions(maps_lbhts: torch.Tensor) -> list[list[float]]:
    """Input-dependent fraction of every head of one layer.  Returns: [lane][head]."""
    rows = maps_lbhts.double()
    rows = (rows / rows.sum(dim=-1, keepdim=True)).cpu().numpy()
    return [[map_statistics(maps=lane[:, head]).fraction for head in range(lane.shape[1])] for lane in rows]


def _bytes(cell: Mapping[str, Any]) -> int:
    rows = cell["B"] * cell["T"]
    per_layer = rows * 34 * cell["d"] + 6 * cell["h"] * rows * cell["T"]
    return int(4 * cell["rates"] * (cell["D"] * per_layer + 3 * rows * 100))


TEXT = Experiment(
    id="generative/text",
    version=2,
    axes=("d", "D", "h", "T", "B", "steps", "rate", "test", "variants"),
    measure=language,
    switches={"rates": 1, "dropout": 0.0, "decay": 0.1, "warm_up": 50, "precision": "float32"},
    shape=(
        "d",
        "D",
        "h",
        "T",
        "B",
        "steps",
        "rate",
        "test",
        "variants",
        "rates",
        "dropout",
        "decay",
        "warm_up",
        "precision",
    ),
    inner={"read": READS, "variant": variants_of, "factor": lambda cell: rate_factors(cell["rates"])},
    common=("d", "D", "h", "steps", "rate", "test", "variants", "rates"),
    inputs=("corpus",),
    own_input=True,
    bytes_per_lane=_bytes,
)
