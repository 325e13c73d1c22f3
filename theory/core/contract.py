"""The contract of a claim: all faults as (what, why), for our papers and plug-ins alike, before anything is measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from theory.core.bound import Bound
from theory.core.claim import KINDS, PROFILES, Cell, Claim, Clause, Statement
from theory.core.domain import Parameter
from theory.core.errors import ContractError, DomainError
from theory.core.evidence import POOLED, least_seeds
from theory.core.verdict import LEVEL

Fault = tuple[str, str]


def faults(
    claim: Claim, statements: Mapping[str, Statement] | None = None, *, profiles: Iterable[str] | None = None
) -> list[Fault]:
    """What is wrong with a claim, as (what, why); empty when it is well formed.

    profiles: whose grids are looked at; None takes all that the claim has.
    """
    found: list[Fault] = []
    if claim.id.count("/") != 1 or not all(claim.id.split("/")):
        found.append((claim.id, "a claim's id must have the form paper/short-name"))
    if not claim.says.strip():
        found.append((claim.id, "it must say in one sentence what it claims"))
    if not claim.clauses and not claim.derivation:
        found.append((claim.id, "it must have a clause or a derivation"))
    if claim.clauses and not claim.profiles:
        found.append((claim.id, f"it must have a grid for one of {', '.join(PROFILES)}"))
    for name in claim.profiles:
        if name not in PROFILES:
            found.append((f"{claim.id}: profile {name!r}", f"must be one of {', '.join(PROFILES)}"))
    for name in (*claim.about, *claim.against):
        if statements is not None and name not in statements:
            found.append((f"{claim.id}: statement {name!r}", "is not among the statements"))
    for number, clause in enumerate(claim.clauses):
        found += _clause_faults(f"{claim.id}: clause {clause.label or number + 1}", clause)
    if not found:
        for profile in claim.profiles if profiles is None else profiles:
            found += _grid_faults(claim, profile)
    return found


def _clause_faults(what: str, clause: Clause) -> list[Fault]:
    found: list[Fault] = []
    if clause.kind not in KINDS:
        found.append((what, f"kind must be one of {', '.join(KINDS)}, got {clause.kind!r}"))
    if clause.relation.needs_bound and clause.bound is None:
        found.append((what, "its relation compares with a bound, and it has none"))
    if clause.bound is not None and not str(clause.bound.source):
        found.append((what, f"bound {clause.bound.name} has no source"))
    if len(clause.control.swapped) != 1:
        found.append((what, f"its control must swap exactly one thing, got {clause.control.swapped or 'none'}"))
    if clause.given and clause.observable.noise in POOLED:
        found.append(
            (what, f"'given' judges every trained model by itself, noise {clause.observable.noise!r} pools them")
        )
    arms = clause.difference
    if arms and arms.scale not in ("difference", "log ratio"):
        found.append((what, f"scale must be 'difference' or 'log ratio', got {arms.scale!r}"))
    if arms and arms.scale == "log ratio" and clause.observable.noise in ("bounded", "bernoulli"):
        found.append((what, f"a log ratio has no {clause.observable.noise} interval; use 'difference'"))
    return found


def _grid_faults(claim: Claim, profile: str) -> list[Fault]:
    what = f"{claim.id}: profile {profile}"
    try:
        wanted = claim.wanted(profile)
        judged = sum(_judged_cells(claim, clause, profile) for clause in claim.clauses)
    except DomainError as error:
        return [(what, str(error))]
    found: list[Fault] = []
    if claim.clauses and not wanted:
        found.append((what, "nothing is left to measure: every cell is vacuous or outside the hypotheses"))
    for cell, seeds in wanted:
        if not isinstance(seeds, int) or isinstance(seeds, bool) or seeds < 1:
            found.append((what, f"'seeds' must be a whole number of at least 1, got {seeds!r} at {cell}"))
            break
    for clause in claim.clauses:
        found += _bound_faults(what, claim, clause, profile)
        fewest = min((seeds for _, seeds in clause.cells(claim.grid(profile))), default=1)
        needed = least_seeds(clause.observable.noise, LEVEL / max(judged, 1))
        if clause.observable.noise in POOLED and fewest < needed:
            found.append(
                (what, f"{fewest} seeds cannot reach the level with {clause.observable.noise} noise; {needed} can")
            )
    return found


def _judged_cells(claim: Claim, clause: Clause, profile: str) -> int:
    if clause.crossing_arms:
        return sum(_judged_cells(claim, arm, profile) for arm in clause.crossing_arms)
    return sum(1 for cell, _ in clause.cells(claim.grid(profile)) if not clause.decided(cell))


def _bound_faults(what: str, claim: Claim, clause: Clause, profile: str) -> list[Fault]:
    """Every parameter of the bound comes from the cell or from `given`, and lies in its domain."""
    found: list[Fault] = []
    for one, role in ((clause, "bound"), (clause.controlled(), "control's bound")):
        if one.bound is None:
            continue
        for cell, _ in one.cells(claim.grid(profile)):
            problem = _cell_problem(one.bound, one.given, cell)
            if problem:
                found.append((what, f"{role} {problem} at {cell}"))
                break
    return found


def _cell_problem(bound: Bound, given: tuple[str, ...], cell: Cell) -> str:
    if any(one.is_broken(cell) for one in bound.hypotheses):
        return ""
    for one in bound.params:
        if one.name in given:
            continue
        if one.name not in cell:
            return f"{bound.name} needs '{one.name}', which neither the grid nor 'given' provides"
        if not _inside(one, cell):
            return f"{bound.name}: '{one.name}' ({one.meaning}) must {one.domain.rule}, got {cell[one.name]!r}"
    return ""


def _inside(parameter: Parameter, cell: Cell) -> bool:
    return cell[parameter.name] in parameter.domain


def insist(claim: Claim, statements: Mapping[str, Statement] | None = None) -> None:
    """Raise ContractError with all faults, if there are any."""
    found = faults(claim, statements)
    if found:
        raise ContractError(tuple(found))
