"""Monotone, consistent and safe: what must hold at every size, and what every public name must carry."""

import inspect
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import theory.infinite_precision as ip
from theory.core.relation import Exceeds

SMALL = settings(max_examples=40, deadline=None, derandomize=True)
D, H, U = st.integers(1, 40), st.integers(1, 6), st.integers(0, 60)
WIDTHS = st.lists(st.integers(1, 30), max_size=3).map(tuple)


@SMALL
@given(d=D, heads=H, u=U, m=st.integers(1, 10**6))
def test_growth_never_exceeds_the_rows_and_grows_in_everything(d, heads, u, m):
    bits = ip.growth_log2(m=m, d=d, H=heads, units=u)
    assert 0 <= bits <= m
    for more in ({"m": m + 1}, {"d": d + 1}, {"H": heads + 1}, {"units": u + 1}):
        assert ip.growth_log2(**{"m": m, "d": d, "H": heads, "units": u, **more}) >= bits - 1e-9


@SMALL
@given(d=D, heads=H, widths=WIDTHS)
def test_vc_upper_is_the_last_row_allowed_and_below_the_other_bounds(d, heads, widths):
    top = ip.vc_upper(d=d, H=heads, widths=widths)
    assert ip.growth_log2(m=top, d=d, H=heads, widths=widths) >= top
    assert ip.growth_log2(m=top + 1, d=d, H=heads, widths=widths) < top + 1
    units = ip.vc_upper_units(d=min(d, *widths[:1]) if widths else d, H=heads, U=sum(widths))
    assert top <= units
    assert units <= ip.vc_upper_closed(d=d, H=heads, U=sum(widths)) or not widths


@SMALL
@given(n=st.integers(1, 10**6), d=D, heads=H)
def test_least_units_are_least(n, d, heads):
    least = ip.min_relu_units(n=n, d=d, H=heads)
    assert ip.growth_log2(m=n, d=d, H=heads, units=least) >= n
    assert least == 0 or ip.growth_log2(m=n, d=d, H=heads, units=least - 1) < n
    assert ip.min_relu_units_any_dim(n=n, H=heads) <= least
    assert ip.vc_upper_units(d=d, H=heads, U=least) >= n


@SMALL
@given(n=st.integers(1, 2**40))
def test_lower_bounds_stay_below_the_construction(n):
    assert ip.min_size(n=n) <= ip.constructive_size(n=n).s
    assert ip.min_size_theorem_a(n=n, premultiplied=False) <= ip.min_size_theorem_a(n=n) <= ip.min_size(n=n) + 1
    assert ip.min_relu_units_any_dim(n=n, H=3) <= ip.constructive_units(n=n, H=3)


@SMALL
@given(n=st.integers(1, 10**5), share=st.floats(0, 1.2), alphabet=st.integers(2, 50))
def test_ceiling_lies_between_guessing_and_one(n, share, alphabet):
    bits = share * n * math.log2(alphabet)
    found = ip.accuracy_ceiling(n=n, log2_patterns=bits, alphabet=alphabet)
    assert 1 / alphabet - 1e-12 <= found <= 1
    assert (found == 1) == (bits >= n * math.log2(alphabet)) or found > 0.999
    assert ip.accuracy_ceiling(n=n, log2_patterns=bits + 0.01, alphabet=alphabet) >= found


@SMALL
@given(n=st.integers(2, 4096), heads=H, d=D, p=st.integers(1, 64))
def test_rate_distortion_floor_is_the_higher_one(n, heads, d, p):
    found = ip.composition_error_floor(n=n, H=heads, d=d, p=p)
    assert 0 <= found.peng <= found.rate_distortion <= 1 - 1 / n + 1e-12
    assert (found.peng == 0) == (p >= ip.communication_min_precision(n=n, d=d, H=heads, alphabet=n))


@SMALL
@given(n=st.integers(1, 400), d=D, heads=H, u=st.integers(0, 2000))
def test_answers_in_n_are_at_most_all_of_them(n, d, heads, u):
    bits = ip.composition_growth_log2(n=n, d=d, H=heads, U=u)
    assert 0 <= bits <= n * math.log2(n) + 1e-9


@SMALL
@given(n=st.integers(1, 30), D=st.integers(1, 6), H=st.integers(1, 4), data=st.data())
def test_construction_answers_random_tables(n, D, H, data):
    one = ip.index_construction(n=n, D=D, H=H)
    table = tuple(data.draw(st.lists(st.integers(0, 1), min_size=n, max_size=n)))
    p = data.draw(st.integers(1, n))
    assert (one.evaluate_exact(table=table, p=p) > 0) == table[p - 1]
    assert ip.vc_upper(d=one.d, H=H, widths=one.widths) >= n  # it shatters n rows


FUNCTIONS = [name for name in ip.__all__ if inspect.isfunction(getattr(ip, name))]
TASKS = {
    "composition_value",
    "sum2_label",
    "disjointness_label",
    "palindrome_label",
    "vc_dimension",
    "exclusion",
    "histogram_sum2",
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_is_keyword_only_documented_and_has_a_source(name):
    function = getattr(ip, name)
    signature = inspect.signature(function)
    assert all(one.kind is one.KEYWORD_ONLY for one in signature.parameters.values())
    assert "Examples:" in function.__doc__ and "Source:" in function.__doc__
    assert name in ip.SOURCES or name in TASKS
    if name in ip.SOURCES:
        assert ip.SOURCES[name].provenance in ("paper", "secondary", "follow-up", "textbook", "derived")


def test_sources_tell_textbook_from_ours():
    kinds = {name: source.provenance for name, source in ip.SOURCES.items()}
    assert kinds["warren_sign_patterns_log2"] == kinds["goldberg_jerrum_vc"] == kinds["relu_vc_upper"] == "textbook"
    assert (
        kinds["vc_upper"]
        == kinds["theorem_a_vc"]
        == kinds["index_construction"]
        == kinds["accuracy_ceiling"]
        == "derived"
    )
    assert kinds["split_vc_dimension"] == "follow-up" and set(kinds) <= set(ip.__all__)


def test_statements_name_functions_that_exist():
    for one in ip.STATEMENTS:
        assert set(one.functions) <= set(ip.__all__), one.id


CLAUSES = [(claim.id, clause) for claim in ip.CLAIMS for clause in claim.clauses]


@pytest.mark.parametrize(("name", "clause"), CLAUSES, ids=[f"{name}/{one.label}" for name, one in CLAUSES])
def test_no_control_is_only_the_opposite_order(name, clause):
    """The opposite order is rejected by whatever confirms the clause, so it shows nothing more."""
    del name
    for relation in (clause.relation, clause.control.relation):
        assert relation is None or relation.needs_bound or relation.first != relation.second
    if isinstance(clause.control.relation, Exceeds) and isinstance(clause.relation, Exceeds):
        mine, other = clause.relation, clause.control.relation
        assert (other.first, other.second) != (mine.second, mine.first)
    assert clause.control.says or clause.control.bound is not None
