"""Which cells belong on one line, and which lines on one picture.

Coordinates that always change together are one idea; a line is a set of cells that differ in x only; where there are
more lines than a reader can tell apart, the picture is cut into small ones, and what is left out is counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reports.core.style import MOST_SERIES, coordinates
from theory.core.record import canonical

Body = Mapping[str, Any]
MOST_PARTS = 8


@dataclass(frozen=True)
class Series:
    """One line: its label, the varying coordinates that its cells share, and its cells in order of x."""

    label: str
    cell: Mapping[str, Any]
    cells: tuple[Body, ...]


@dataclass(frozen=True)
class Part:
    """One small picture: its label, its lines, and how many lines were left out of it."""

    label: str
    series: tuple[Series, ...]
    n_left_out: int = 0


def is_number(value: Any) -> bool:
    """True for an int or float that is not a bool."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300


def varying(cells: Sequence[Body]) -> list[str]:
    """Names of the coordinates that differ between the cells, in the order of their first appearance."""
    values: dict[str, set[str]] = {}
    for cell in cells:
        for name, value in cell["cell"].items():
            values.setdefault(name, set()).add(canonical(value))
    present = {name: sum(name in cell["cell"] for cell in cells) for name in values}
    return [name for name, found in values.items() if len(found) > 1 or present[name] < len(cells)]


def axis_of(cells: Sequence[Body], wished: str | None) -> str | None:
    """The axis to plot along: the one wished where all cells have it, else the numeric one with the most values."""
    if not cells:
        return None
    names = [n for n in varying(cells) if all(is_number(cell["cell"].get(n)) for cell in cells)]
    if wished in names:
        return wished
    return max(names, key=lambda n: len({cell["cell"][n] for cell in cells}), default=None)


def split(cells: Sequence[Body], x: str, *, keep_diagonal: bool = True) -> list[Series]:
    """The lines along x.

    keep_diagonal: where every line would have one cell only, x determines the other coordinates: one line then.
    """
    names = [name for name in varying(cells) if name != x]
    groups: dict[str, list[Body]] = {}
    for cell in cells:
        groups.setdefault(canonical({name: cell["cell"].get(name) for name in names}), []).append(cell)
    if (
        keep_diagonal
        and len({cell["cell"][x] for cell in cells}) == len(cells)
        and all(len(g) == 1 for g in groups.values())
    ):
        groups = {"": list(cells)}
        names = []
    found = []
    for members in groups.values():
        shared = {name: members[0]["cell"][name] for name in names if name in members[0]["cell"]}
        ordered = tuple(sorted(members, key=lambda one: float(one["cell"][x])))
        found.append(Series(coordinates(_short(shared, cells)), shared, ordered))
    return sorted(found, key=lambda one: [_order(value) for value in one.cell.values()])


def _order(value: Any) -> tuple[int, float, str]:
    return (0, float(value), "") if is_number(value) else (1, 0.0, str(value))


def _short(shared: Mapping[str, Any], cells: Sequence[Body]) -> dict[str, Any]:
    """Of coordinates that change together only the first: one of them names the line."""
    return {name: shared[name] for name in (names[0] for names in ideas(cells, list(shared)))}


def ideas(cells: Sequence[Body], names: Sequence[str]) -> list[list[str]]:
    """The names in groups; within a group each coordinate determines the others."""
    found: list[list[str]] = []
    for name in names:
        for group in found:
            pairs = {(canonical(c["cell"].get(group[0])), canonical(c["cell"].get(name))) for c in cells}
            if len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs}):
                group.append(name)
                break
        else:
            found.append([name])
    return found


def thinned(lines: Sequence[Series], most: int) -> tuple[list[Series], int]:
    """At most `most` lines, evenly chosen, those with a violated cell first; and how many are left out."""
    if len(lines) <= most:
        return list(lines), 0
    bad = [i for i, one in enumerate(lines) if any(cell["outcome"] == "violated" for cell in one.cells)][:most]
    rest = [i for i in range(len(lines)) if i not in set(bad)]
    room = most - len(bad)
    steps = [round(j * (len(rest) - 1) / max(room - 1, 1)) for j in range(room)] if rest else []
    chosen = sorted({*bad, *(rest[j] for j in steps)})
    return [lines[i] for i in chosen], len(lines) - len(chosen)


def facets(cells: Sequence[Body], x: str) -> list[Part]:
    """The pictures a law needs: one where its lines can be told apart, else one for each value of one idea."""
    lines = split(cells, x)
    if len(lines) <= MOST_SERIES:
        return [Part("", tuple(lines))]
    names = [name for name in varying(cells) if name != x]
    best: list[Part] = []
    for group in ideas(cells, names):
        values: dict[str, list[Body]] = {}
        for cell in cells:
            values.setdefault(canonical(cell["cell"].get(group[0])), []).append(cell)
        if not 1 < len(values) <= MOST_PARTS:
            continue
        parts = [_part(group, members, x) for members in values.values()]
        if not best or _cost(parts) < _cost(best):
            best = parts
    if best:
        return best
    kept, left_out = thinned(lines, MOST_SERIES)
    return [Part("", tuple(kept), left_out)]


def _part(group: Sequence[str], members: Sequence[Body], x: str) -> Part:
    kept, left_out = thinned(split(members, x), MOST_SERIES)
    label = coordinates({name: members[0]["cell"][name] for name in group if name in members[0]["cell"]})
    return Part(label, tuple(kept), left_out)


def _cost(parts: Sequence[Part]) -> tuple[int, int]:
    return sum(part.n_left_out for part in parts), len(parts)
