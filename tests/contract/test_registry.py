"""The contract, over everything that the registry knows: our papers and whatever else is installed."""

import pytest

from theory.core.contract import faults
from theory.core.judge import judge
from theory.core.measured import Measured
from theory.core.record import RunFile
from theory.core.registry import DISTRIBUTION, Registry, entries

REGISTRY = Registry.load()
PAPERS = [one.name for one in entries("theory") if one.distribution == DISTRIBUTION]
CLAIMS = [one for one in REGISTRY.claims.values() if one.paper in PAPERS]


@pytest.fixture(scope="session")
def smoke_run(tmp_path_factory):
    """One smoke run of all our claims."""
    from empirics.engine.sweep import sweep

    path = tmp_path_factory.mktemp("run") / "smoke.sqlite"
    done = sweep(path, profile="smoke", claims=[one.id for one in CLAIMS], pool_name="processes")
    assert done.progress.failed == 0
    return path


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda one: one.id)
def test_claim_is_well_formed(claim):
    assert faults(claim, REGISTRY.statements) == []
    assert claim.limits and claim.about + claim.against


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda one: one.id)
def test_control_is_rejected_and_nothing_is_violated_on_the_smoke_profile(claim, smoke_run):
    with RunFile.read(smoke_run) as run:
        found = judge(claim, "smoke", Measured.of(run))
    assert found.control_ok, (claim.id, found.controls)
    assert found.outcome.value in ("confirmed", "consistent", "inconclusive"), found.sentence


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda one: one.id)
def test_formulas_enclose_their_floats(claim):
    """Each bound with a formula: the float lies within the rigorous interval, widened by its own rounding."""
    for clause in claim.clauses:
        for one in (clause.bound, clause.controlled().bound):
            if one is None or "ball" not in one.systems or clause.given:  # measured arguments stand in no cell
                continue
            cell = next(cell for cell, _ in clause.cells(claim.grid("smoke")))
            values = {name: cell[name] for name in one.names}
            if any(h.is_broken(cell) for h in one.hypotheses):
                continue
            low, high = one.enclose(**values)
            room = 1e-12 * max(1.0, abs(low))
            assert low - room <= float(one(**values)) <= high + room
            assert float(
                one.expression().subs({s: values[str(s)] for s in one.expression().free_symbols})
            ) == pytest.approx(float(one(**values)), rel=1e-12)


def test_ids_are_known_to_each_other():
    experiments = REGISTRY.experiments()
    for claim in CLAIMS:
        assert claim.experiment in experiments
    assert set(REGISTRY.derivations)
