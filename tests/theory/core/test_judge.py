"""Relations, folds and the judge on records made by hand: each rule's every outcome."""

import math

import pytest

from theory.core.bound import Source, bound, constant
from theory.core.claim import Claim, Clause, Control, Grid
from theory.core.contract import faults
from theory.core.domain import Integer, Parameter, Real
from theory.core.errors import DomainError
from theory.core.evidence import Observable, Span, spans
from theory.core.fold import Best, Crossing, Difference
from theory.core.judge import judge
from theory.core.judge_run import verdict_body
from theory.core.measured import Measured
from theory.core.record import Record
from theory.core.relation import AtLeast, AtMost, Crosses, Equals, Exceeds, ScalesAs
from theory.core.verdict import Outcome

X = Observable("x", low=0, high=1)
NO, BAD, SOME, YES = Outcome.INCONCLUSIVE, Outcome.VIOLATED, Outcome.CONSISTENT, Outcome.CONFIRMED
INF = math.inf
RULES = [
    (AtMost(), (0.4, 0.5), 0.6, YES), (AtMost(), (0.1, 0.2), 0.6, SOME), (AtMost(), (0.7, 0.8), 0.6, BAD), (AtMost(), (0.5, 0.7), 0.6, NO),
    (AtMost(), (-INF, 0.1), 0.6, YES), (AtMost(), (0.3, INF), 0.6, SOME), (AtMost(), (-INF, 0.7), 0.6, NO), (AtMost(), (0.7, INF), 0.6, BAD),
    (AtLeast(), (0.6, 0.7), 0.5, YES), (AtLeast(), (0.6, 0.9), 0.1, SOME), (AtLeast(), (0.1, 0.2), 0.5, BAD), (AtLeast(), (0.4, 0.6), 0.5, NO),
    (AtLeast(), (0.6, INF), 0.1, YES), (AtLeast(), (-INF, 0.9), 0.5, SOME), (AtLeast(), (-INF, 0.4), 0.5, BAD),
    (AtMost(tolerance=0.2), (0.5, 0.7), 0.6, YES),
    (Equals(0.1), (0.45, 0.55), 0.5, YES), (Equals(0.1), (0.3, 0.35), 0.5, BAD), (Equals(0.1, width=0.4), (0.45, 0.75), 0.5, SOME),
    (Equals(0.1), (0.45, 0.75), 0.5, NO), (Equals(factor=2), (0.3, 0.9), 0.5, YES),
    (Exceeds({}, {}), (0.1, 0.2), 0, YES), (Exceeds({}, {}), (-0.2, -0.1), 0, BAD), (Exceeds({}, {}), (-0.1, 0.1), 0, NO), (Exceeds({}, {}), (0, 0), 0, BAD),
    (Crosses("n", 0.5, factor=2), (30, 70), 50, YES), (Crosses("n", 0.5, factor=2), (200, 300), 50, BAD), (Crosses("n", 0.5), (10, INF), 50, NO),
    (ScalesAs("n", tolerance=0.1), (-0.05, 0.05), 0, YES), (ScalesAs("n", tolerance=0.1), (0.2, 0.3), 0, BAD), (ScalesAs("n"), (-1, 1), 0, NO),
]  # fmt: skip


@pytest.mark.parametrize(("relation", "ends", "target", "expected"), RULES)
def test_every_outcome_of_every_relation(relation, ends, target, expected):
    finite = [end for end in ends if math.isfinite(end)]
    found = relation.judge(Span(*ends, value=sum(finite) / len(finite), n=16), target, X, {})
    assert found.outcome is expected


def test_inconclusive_names_the_seeds_that_would_decide():
    found = AtMost().judge(Span(0.4, 0.8, 0.55, 16), 0.65, X, {})
    assert found.outcome is NO and found.detail == "about 100 seeds would decide"


KINDS = [
    ("exact", "none", (0.5, 0.5)), ("witness_above", "none", (-INF, 0.2)), ("witness_below", "none", (0.8, INF)),
    ("estimate", "bernoulli", None), ("estimate", "bounded", None), ("estimate", "median", None), ("estimate", "gaussian", None),
]  # fmt: skip


@pytest.mark.parametrize(("evidence", "noise", "expected"), KINDS)
def test_spans_of_all_kinds_of_evidence(evidence, noise, expected):
    values = dict(
        enumerate([0.5] * 20 if evidence == "exact" else [0.2, 0.8] * 10 if noise != "bernoulli" else [0.0, 1.0] * 10)
    )
    found = spans(Observable("x", low=0, high=1, evidence=evidence, noise=noise), values, 0.01, (0, 1))
    if expected:
        assert (found[0].low, found[0].high) == expected
    else:
        assert 0 <= found[0].low < 0.5 < found[0].high <= 1


def test_a_diverged_lane_counts_as_failure_or_as_unknown():
    success = Observable("x", low=0, high=1, noise="bernoulli")
    assert spans(success, {0: 1.0, 1: None}, 0.01, (0, 1))[0].value == 0.5
    median = Observable("x", low=0, high=1, noise="median")
    wide = spans(median, {s: 0.5 if s < 10 else None for s in range(20)}, 0.01, (0, 1))[0]
    assert (wide.low, wide.high, wide.n_diverged) == (0, 1, 10)


N = Parameter("n", Integer(1), "size")
C = Parameter("c", Real(0), "measured argument")
SOURCE = Source("0000.00000", "Lemma 1", "v1")


@bound(params=(N,), direction="exact", source=SOURCE)
def square(m, *, n):
    """n squared."""
    return n * n


@bound(params=(N,), direction="exact", source=SOURCE)
def cube(m, *, n):
    """n cubed."""
    return n * n * n


@bound(params=(C,), direction="exact", source=SOURCE)
def twice(m, *, c):
    """Twice the measured argument."""
    return 2 * c


@bound(params=(C,), direction="exact", source=SOURCE)
def thrice(m, *, c):
    """Three times the measured argument."""
    return 3 * c


CARD = {"id": "p/e", "version": 1, "axes": ["n"], "switches": {"arm": "a"}, "inner": [], "common": ["rate"]}


def data(values, seeds=16):
    """values: function (cell, seed) -> {observable: value or None for diverged}, over n, arm, rate."""
    records = []
    for n in (2, 4, 8, 16):
        for arm in ("a", "b"):
            for rate in (0.1, 0.2):
                for seed in range(seeds):
                    cell = {"n": n, "rate": rate, **({"arm": arm} if arm != "a" else {})}
                    found = values({"n": n, "arm": arm, "rate": rate}, seed)
                    records.append(Record("p/e", 1, cell, {}, seed, found or {}, "ok" if found else "diverged"))
    return Measured({"p/e": CARD}, records)


def claim(*clauses, grid=None):
    return Claim("p/c", "says", "p/e", {"smoke": grid or Grid(n=(2, 4, 8, 16), rate=0.1, seeds=16)}, clauses)


def test_scaling_law_and_its_control():
    one = claim(Clause(Observable("t", noise="median", low=0), ScalesAs("n"), Control(bound=cube), square))
    found = judge(one, "smoke", data(lambda cell, seed: {"t": 3 * cell["n"] ** 2 * (1 + seed / 1000)}))
    assert found.outcome is YES and found.control_ok


def test_difference_of_arms_with_the_best_rate():
    clause = Clause(
        Observable("loss", noise="median"),
        Exceeds({"arm": "a"}, {"arm": "b"}),
        Control(relation=Exceeds({"arm": "b"}, {"arm": "a"})),
        folds=(Best("rate"),),
    )
    one = claim(clause, grid=Grid(n=4, rate=(0.1, 0.2), seeds=16))
    values = {("a", 0.1): 3.0, ("a", 0.2): 2.0, ("b", 0.1): 1.0, ("b", 0.2): 9.0}
    found = judge(one, "smoke", data(lambda cell, seed: {"loss": values[cell["arm"], cell["rate"]] + seed / 100}))
    assert found.outcome is YES and found.points[0].span.value == pytest.approx(1.0) and found.control_ok


def test_each_model_against_its_own_prediction():
    one = claim(Clause(Observable("y", evidence="exact"), Equals(), Control(bound=thrice), twice, given=("c",)))
    found = judge(one, "smoke", data(lambda cell, seed: {"c": 1.0 + seed, "y": 2.0 + 2 * seed} if seed else None))
    assert found.outcome is YES and found.control_ok and found.counts == {"outside": 4, "confirmed": 60}


def test_crossing_is_outward_and_open_where_it_never_crosses():
    success = Observable("s", low=0, high=1, noise="bernoulli")
    clause = Clause(
        success,
        Equals(factor=4),
        Control(bound=constant(1000, SOURCE)),
        constant(6, SOURCE),
        folds=(Crossing("n", 0.5),),
    )
    steep = judge(claim(clause), "smoke", data(lambda cell, seed: {"s": float(cell["n"] > 5)}, seeds=40))
    assert (steep.points[0].span.low, steep.points[0].span.high) == (4, 8) and steep.outcome is YES
    never = judge(claim(clause), "smoke", data(lambda cell, seed: {"s": 0.0}, seeds=40))
    assert never.points[0].span.high == INF and never.outcome is NO


@pytest.mark.parametrize(
    ("half", "expected"),
    [
        ({"a": 4, "b": 16}, BAD),
        ({"a": 16, "b": 4}, YES),
        ({"a": 8, "b": 8}, NO),
        ({"a": 99, "b": 4}, YES),
        ({"a": 99, "b": 99}, NO),
    ],
)
def test_crossing_points_of_two_arms_are_compared(half, expected):
    later, opposite = (
        Exceeds({"arm": x}, {"arm": y}, crossing=Crossing("n", 0.5)) for x, y in (("a", "b"), ("b", "a"))
    )
    one = claim(Clause(Observable("s", low=0, high=1, noise="bernoulli"), later, Control(relation=opposite)))
    assert {cell["arm"] for cell, _ in one.wanted("smoke")} == {"a", "b"}
    found = judge(one, "smoke", data(lambda cell, seed: {"s": float(cell["n"] >= half[cell["arm"]])}, seeds=60))
    assert (found.outcome, len(found.points)) == (expected, 1) and found.control_ok == (expected is YES)


def test_vacuous_outside_and_missing_are_told_apart():
    success = Observable("s", low=0, high=1, noise="bernoulli")
    clause = Clause(success, AtMost(), Control(bound=constant(0.0, SOURCE)), constant(1.5, SOURCE))
    assert judge(claim(clause), "smoke", data(lambda cell, seed: {"s": 1.0})).outcome is Outcome.VACUOUS
    assert judge(claim(clause), "smoke", Measured({}, [])).outcome is Outcome.VACUOUS


def test_contract_names_all_faults_at_once():
    wrong = Clause(Observable("s", low=0, high=1, noise="median"), AtMost(), Control(), None, kind="hope")
    found = faults(claim(wrong, grid=Grid(n=2, seeds=3)))
    text = " ".join(why for _, why in found)
    assert "exactly one thing" in text and "kind must be" in text and "has none" in text
    few = Clause(Observable("s", low=0, high=1, noise="median"), AtMost(), Control(bound=cube), square)
    assert any("cannot reach the level" in why for _, why in faults(claim(few, grid=Grid(n=2, seeds=3))))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 0, 2.5, True, 10**400, "4"])
def test_bounds_refuse_what_is_outside(value):
    if value == 10**400:
        with pytest.raises(DomainError, match="must fit into a float"):
            square(n=value)
        return
    with pytest.raises(DomainError, match="'n' \\(size\\) must lie in"):
        square(n=value)


def test_how_far_a_chosen_threshold_lies_says_nothing():
    chosen = Source(where="far below", provenance="chosen")
    for source, expected in ((chosen, YES), (SOURCE, SOME)):
        one = claim(Clause(Observable("s", evidence="exact"), AtLeast(), Control(bound=cube), constant(1e-3, source)))
        assert judge(one, "smoke", data(lambda cell, seed: {"s": 1.0})).outcome is expected
    example = Clause(Observable("s", evidence="witness_above"), AtLeast(), Control(bound=cube), constant(1e-3, chosen))
    found = judge(claim(example), "smoke", data(lambda cell, seed: {"s": 1.0}))
    assert found.outcome is SOME and found.slack is None


def test_a_clause_says_what_its_folds_make_of_the_values():
    folds = (Best("rate"), Difference({"arm": ("a", "c")}, {"arm": "b"}, "log ratio"))
    one = Clause(Observable("loss_x", "nats", noise="median"), AtLeast(), Control(bound=cube), square, folds=folds)
    assert (
        one.says
        == "log ratio of what is measured at arm = a or c to that at arm = b at least bound, each at its best rate"
    )
    assert one.quantity == "log ratio of loss x"
    plain = Clause(Observable("loss_x", "nats"), AtLeast(), Control(bound=cube), square)
    assert (plain.says, plain.quantity) == ("measured at least bound", "loss x (nats)")


def test_a_grid_too_large_to_write_down_is_refused(monkeypatch):
    monkeypatch.setattr("theory.core.claim.MOST_CELLS", 1000)
    with pytest.raises(DomainError, match="give at most 1000 settings"):
        Grid(n=range(10**12)).cells()


@pytest.mark.parametrize(("least", "is_log"), [(1, True), (0, False), (-1, False)])
def test_a_control_at_or_below_zero_keeps_the_axis_linear(least, is_log):
    clause = Clause(
        Observable("t", noise="median"), Equals(factor=2), Control(at={"arm": "b"}), square, at={"arm": "a"}
    )
    one = claim(clause)
    found = judge(
        one, "smoke", values := data(lambda cell, seed: {"t": cell["n"] ** 2 if cell["arm"] == "a" else least})
    )
    assert verdict_body(found, "smoke", values)["clauses"][0]["y_log"] is is_log
