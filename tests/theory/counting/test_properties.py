"""What must hold for every argument."""

import math
from fractions import Fraction as F

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theory import counting

few = settings(max_examples=20, deadline=None, derandomize=True)
ratio = st.builds(F, st.integers(1, 40), st.integers(1, 16))
signed = st.builds(F, st.integers(-24, 24), st.integers(1, 16))
heads = st.tuples(ratio, ratio, signed, signed, ratio)
inner = st.builds(F, st.integers(-8, 8), st.just(8))
tame = st.tuples(ratio, ratio, inner, inner, ratio)
ties = st.sampled_from(counting.TIES)
laws = st.sampled_from(counting.LENGTH_LAWS)
lengths = st.integers(3, 9)
strings = st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 9))


def mirrored(head):
    """The head that treats 0 as this one treats 1, with a score of the other sign."""
    w01, w02, kappa, sigma, frame = head
    return 1 / w01, w02 / w01, -kappa, -sigma, frame / w01


@few
@given(head=tame, n=strings)
def test_score_is_an_average_of_values(head, n):
    score = counting.canonical_score(n=n, head=head)
    assert isinstance(score, F) and -1 <= score <= 1
    assert counting.canonical_score(n=(n[1], n[0], n[2]), head=mirrored(head)) == -score


@few
@given(head=heads, n=strings, t=st.sampled_from((0, 1, 2)))
def test_influence_is_a_difference_of_scores(head, n, t):
    more = tuple(count + (i == t) for i, count in enumerate(n))
    change = counting.canonical_score(n=more, head=head) - counting.canonical_score(n=n, head=head)
    assert counting.token_influence(n=n, head=head, t=t) == change


@few
@given(head=heads, law=laws, N=lengths, tie=ties)
def test_accuracies_are_ordered(head, law, N, tie):
    how = {"length_law": law, "N": N, "tie": tie}
    best = counting.separation_accuracy(**how, head=head)
    own = counting.fixed_threshold_accuracy(**how, head=head, b=F(1, 7))
    turned = counting.fixed_threshold_accuracy(**how, head=head, b=F(1, 7), gain=-1)
    assert max(own, turned, counting.majority_accuracy(**how)) <= best <= 1
    auc = counting.roc_auc(**how, head=head)
    assert 0 <= auc <= 1 and (best < 1 or auc in (0, 1))


@few
@given(head=heads, law=laws, N=lengths)
def test_dropped_ties_do_not_tell_0_from_1(head, law, N):
    how = {"length_law": law, "N": N, "tie": "drop"}
    assert counting.separation_accuracy(**how, head=head) == counting.separation_accuracy(**how, head=mirrored(head))
    assert counting.roc_auc(**how, head=head) == counting.roc_auc(**how, head=mirrored(head))
    found = [counting.perfect_threshold_interval(N=N, head=one, tie="drop") for one in (head, mirrored(head))]
    assert (found[0].lo, found[0].hi) == (-found[1].hi, -found[1].lo)


@few
@given(head=heads, N=lengths, tie=ties)
def test_perfect_means_accuracy_one_and_shrinks_with_the_length(head, N, tie):
    found = counting.perfect_threshold_interval(N=N, head=head, tie=tie)
    how = {"length_law": "uniform", "N": N, "head": head, "tie": tie}
    assert found.perfect == (counting.separation_accuracy(**how) == 1)
    longer = counting.perfect_threshold_interval(N=N + 1, head=head, tie=tie)
    assert longer.lo >= found.lo and longer.hi <= found.hi
    if found.perfect:
        assert counting.fixed_threshold_accuracy(**how, b=found.lo) == 1
        assert counting.fixed_threshold_accuracy(**how, b=found.hi) < 1
    length = counting.max_perfect_length(head=head, tie=tie)
    assert (length is None or length >= N) == found.perfect


@few
@given(head=heads, tie=ties, b=signed)
def test_own_threshold_is_no_better_than_the_best(head, tie, b):
    own, best = (counting.max_perfect_length(head=head, tie=tie, b=one) for one in (b, None))
    assert best is None or (own is not None and own <= best)


@few
@given(N=st.integers(1, 400), tie=ties, eps=st.floats(1e-6, 0.68))
def test_margin_falls_and_gain_grows_with_the_length(N, tie, eps):
    assert counting.max_margin(N=N + 1, tie=tie) <= counting.max_margin(N=N, tie=tie) <= 1
    assert counting.max_margin(N=N, tie="neg") <= counting.max_margin(N=N, tie="drop")
    gains = [counting.required_gain(N=n, eps=eps, tie=tie) for n in (N, N + 1)]
    assert 0 < gains[0] <= gains[1]
    assert counting.required_gain(N=N, eps=eps / 2, tie=tie) > gains[0]


@few
@given(H=st.integers(1, 50), sd=st.floats(0.01, 5), N=st.integers(1, 60))
def test_ensembles_gain_from_heads_and_lose_with_spread_and_length(H, sd, N):
    here = counting.ensemble_perfect_probability(H=H, sd=sd, N=N)
    assert 0 <= here <= 1
    assert counting.ensemble_perfect_probability(H=H + 1, sd=sd, N=N) >= here
    assert counting.ensemble_perfect_probability(H=H, sd=2 * sd, N=N) <= here
    assert counting.ensemble_perfect_probability(H=H, sd=sd, N=N + 1) <= here


@few
@given(w01=ratio, w02=ratio, kappa=signed)
def test_correlation_is_one_at_its_two_edges_and_turns_with_the_mirror(w01, w02, kappa):
    r = counting.gaussian_head_correlation(w01=w01, w02=w02, kappa=kappa)
    assert -1 <= r <= 1
    mirror = counting.gaussian_head_correlation(w01=1 / w01, w02=w02 / w01, kappa=-kappa)
    assert mirror == pytest.approx(r, abs=1e-12)
    assert abs(counting.gaussian_head_correlation(w01=w01, w02=0, kappa=kappa)) == 1
    assert counting.gaussian_head_correlation(w01=w01, w02=w02, kappa=(w01 - 1) / (w01 + 1)) == 1


@few
@given(r=st.floats(0, 1), n=st.integers(1, 40))
def test_long_string_laws_grow_with_the_correlation(r, n):
    accuracy, auc = counting.gaussian_separation_accuracy(r=r), counting.gaussian_auc(r=r)
    assert 0.5 <= accuracy <= auc + 1e-15 <= 1 + 1e-15
    assert counting.auc_from_s_acc(s=accuracy) == pytest.approx(auc, abs=1e-12)
    assert counting.gaussian_auc(r=-r) == auc
    low, high = (counting.lattice_separation_accuracy(n=n, r=one) for one in (r / 2, r))
    assert 0.5 <= low <= high <= 1


@few
@given(n=strings, lam=ratio, w02=ratio, frame=ratio)
def test_pair_has_the_sign_of_the_difference(n, lam, w02, frame):
    total = counting.mirror_pair_score(n=n, lam=lam, w02=w02, wS=frame)
    assert (total > 0) == (n[1] > n[0]) and (total < 0) == (n[1] < n[0])
    assert counting.mirror_pair_score(n=(n[1], n[0], n[2]), lam=lam, w02=w02, wS=frame) == -total


@few
@given(x=ratio, scales=st.permutations(("w01", "inverse", "fraction")))
def test_scales_of_the_ratio_go_round(x, scales):
    first, second, third = scales
    start = counting.convert_attention_ratio(x=x, from_="w01", to=first)
    there = counting.convert_attention_ratio(x=start, from_=first, to=second)
    back = counting.convert_attention_ratio(x=there, from_=second, to=third)
    assert counting.convert_attention_ratio(x=back, from_=third, to="w01") == x
    log = counting.convert_attention_ratio(x=back, from_=third, to="log")
    assert log == pytest.approx(math.log(x), abs=1e-14)
    assert counting.convert_attention_ratio(x=log, from_="log", to=third) == pytest.approx(float(back), rel=1e-13)


@few
@given(head=tame, tie=ties, N=st.integers(2, 7), gain=st.floats(-8, 8))
def test_partials_sum_to_zero_and_shrinking_the_logits_is_ln_2(head, tie, N, gain):
    found = counting.population_gradient(head=head, N=N, tie=tie, gain=gain)
    total = found.d_l0 + found.d_l1 + found.d_l2 + found.d_lS
    assert total == pytest.approx(0, abs=1e-13)
    assert counting.population_gradient(head=head, N=N, tie=tie, gain=0.0).loss == pytest.approx(math.log(2))


@few
@given(m=st.integers(1, 10**6), K=st.integers(1, 10**4), delta=st.floats(1e-9, 0.999))
def test_sampling_error_falls_with_the_sample(m, K, delta):
    one = counting.separation_accuracy_error(m=m, K=K, delta=delta)
    assert counting.separation_accuracy_error(m=4 * m, K=K, delta=delta) == pytest.approx(one / 2)
    assert counting.separation_accuracy_error(m=m, K=K + 1, delta=delta) >= one
    if K > 4:
        assert counting.separation_accuracy_error(m=m, K=K, delta=delta, heads="all") >= one


@few
@given(values=st.lists(st.sampled_from((0, 1)), min_size=1, max_size=9))
def test_negating_a_function_needs_as_many_heads(values):
    turned = tuple(1 - one for one in values)
    heads = counting.min_heads_symmetric(values=tuple(values))
    assert (
        heads
        == counting.min_heads_symmetric(values=turned)
        == counting.min_heads_symmetric(values=tuple(reversed(values)))
    )


@few
@given(law=laws, tie=ties, closing=st.booleans(), N=st.integers(2, 9), noise=st.integers(0, 9))
def test_weights_of_the_table_add_up(law, tie, closing, N, noise):
    p = (F(10 - noise, 20), F(10 - noise, 20), F(noise, 10))
    table = counting.enumerate_states(length_law=law, N=N, p=p, tie=tie, closing=closing)
    tied = float(counting.class_prior(length_law=law, N=N, p=p).tied) if tie == "drop" else 0.0
    mean = N if law == "fixed" else (N + 1) / 2
    assert table.weight.sum() == pytest.approx(1 + mean + (1 + closing) * (1 - tied))
    assert table.target.sum(axis=1) == pytest.approx(1) and (table.weight > 0).all()
    if noise:
        assert len(table.kinds) == counting.n_states(length_law=law, N=N, tie=tie, closing=closing)
