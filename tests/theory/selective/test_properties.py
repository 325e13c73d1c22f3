"""Laws that hold for all arguments: ranges, monotonicity, invariances, and one formula in three number systems."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import theory.selective as selective

FEW = settings(deadline=None, max_examples=40, derandomize=True)
RHO = st.floats(-0.99, 0.99)


@FEW
@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=12))
def test_spikiness_lies_between_one_token_and_all(masses):
    s = np.array(masses) / sum(masses)
    found = selective.effective_support_fraction(s=s)
    assert 1 / len(s) - 1e-12 <= found <= 1 + 1e-12
    sharper = s**2 / (s**2).sum()
    assert selective.effective_support_fraction(s=sharper) <= found + 1e-12


@FEW
@given(st.floats(-300, 300), st.integers(1, 10**6), st.floats(-30, 30))
def test_layer_is_positive_and_inside_its_range(f, n, alpha):
    tau = float(selective.inverse_temperature(f=f, n=n, alpha=alpha))
    low, high = selective.inverse_temperature_range(n=n, alpha=alpha)
    assert tau > 0 and low - 1e-12 <= tau <= high + 1e-12
    assert tau == pytest.approx(math.tanh(f) + 1 + math.log(n) / (1 + math.exp(-alpha)), rel=1e-9, abs=1e-15)


@FEW
@given(st.floats(-8, 8), st.floats(-8, 8), st.integers(2, 10**6), st.floats(-10, 10))
def test_two_tokens_at_one_position_stay_within_the_dynamic_range(f, g, n, alpha):
    a, b = (float(selective.inverse_temperature(f=x, n=n, alpha=alpha)) for x in (f, g))
    assert max(a / b, b / a) < float(selective.selectivity_dynamic_range(n=n, alpha=alpha)) * (1 + 1e-12)


@FEW
@given(st.floats(0.001, 0.999), RHO, st.floats(0.001, 1))
def test_order_of_the_two_token_norms(g, rho, part):
    eps = part * min(g, 1 - g) / 2
    found = selective.two_token_norms(g=g, rho=rho, eps=eps)
    room = 1 + 1e-12
    assert (
        found.sharp_lower <= found.standard * room and found.signed <= found.positive * room <= found.standard * room**2
    )
    assert found.sharp_lower == pytest.approx(math.sqrt(2) * found.printed_lower, rel=1e-12, abs=1e-300)
    repaired = math.hypot(math.log((1 - eps) / eps), math.log((1 - g) / g)) / math.sqrt(2 - 2 * rho)
    assert found.signed <= repaired * room
    swapped = selective.two_token_norms(g=1 - g, rho=rho, eps=eps * 0.999)
    assert swapped.signed == pytest.approx(selective.two_token_norms(g=g, rho=rho, eps=eps * 0.999).signed, rel=1e-9)


@FEW
@given(st.floats(0.1, 20), st.floats(0, 20), RHO)
def test_lemma_1_is_below_the_exact_norm_which_is_even_in_rho(L_a, L_b, rho):
    exact = selective.specificity_norm_exact(L_a=L_a, L_b=L_b, rho=rho)
    assert float(selective.specificity_norm_lower_bound(L_a=L_a, L_b=L_b, rho=rho)) <= exact * (1 + 1e-12)
    assert exact >= L_a and exact == selective.specificity_norm_exact(L_a=L_a, L_b=L_b, rho=-rho)


@pytest.mark.parametrize(("L_a", "L_b", "tight"), [(2, 0, 1.000025), (3, 1, 1.0001)])
def test_lemma_1_is_tight_as_tokens_merge(L_a, L_b, tight):
    ratio = selective.specificity_norm_exact(L_a=L_a, L_b=L_b, rho=0.9999) / float(
        selective.specificity_norm_lower_bound(L_a=L_a, L_b=L_b, rho=0.9999)
    )
    assert ratio == pytest.approx(tight, abs=1e-6)


@FEW
@given(st.floats(0.05, 1), RHO, st.floats(-1, 1))
def test_temperature_never_costs_and_collinear_rows_cost_their_scale(r, rho, c):
    found = selective.collinear_pair_norms(scale=6, r=r, rho=rho, c=c)
    assert 6 * (1 - 1e-12) <= found.selective <= found.standard * (1 + 1e-12) and 0 < found.tau_b <= 1
    if rho > r:
        assert selective.collinear_pair_norms(scale=6, r=r, rho=rho, c=1).selective == pytest.approx(6, rel=1e-12)


@FEW
@given(st.integers(0, 10**6))
def test_least_norms_ignore_shifts_and_rotations(seed):
    source = np.random.default_rng(seed)
    logits, E_q, E_k = source.normal(0, 2, (3, 4)), source.normal(0, 1, (3, 5)), source.normal(0, 1, (4, 4))
    turn = np.linalg.qr(source.normal(0, 1, (5, 5)))[0]
    given_, moved = (
        {"logits": logits, "E_q": E_q, "E_k": E_k},
        {"logits": logits + source.normal(0, 5, (3, 1)), "E_q": E_q @ turn, "E_k": E_k},
    )
    assert selective.min_norm(**given_) == pytest.approx(selective.min_norm(**moved), rel=1e-6)
    found, other = selective.min_norm_selective(**given_), selective.min_norm_selective(**moved)
    assert found.norm == pytest.approx(other.norm, rel=1e-6) and found.theta.min() == 1
    assert found.norm <= selective.min_norm(**given_) * (1 + 1e-12)
    doubled = selective.min_norm_selective(**{**given_, "logits": 2 * logits})
    assert doubled.norm == pytest.approx(2 * found.norm, rel=1e-9)


@settings(deadline=None, max_examples=8, derandomize=True)
@given(st.integers(0, 10**6), st.floats(0.002, 0.2))
def test_certified_norm_within_a_tolerance(seed, eta):
    source = np.random.default_rng(seed)
    P, E = source.dirichlet(np.full(3, 0.5), 3), source.normal(0, 1, (3, 3))
    plain, free = (selective.min_norm_kl(P=P, E_q=E, E_k=E, eta=eta, selective=on) for on in (False, True))
    assert free.norm - free.gap <= plain.norm and plain.gap <= 1e-7 * plain.norm
    looser = selective.min_norm_kl(P=P, E_q=E, E_k=E, eta=2 * eta, selective=True)
    assert looser.norm - looser.gap <= free.norm


@pytest.mark.parametrize(("n", "L"), [(3, 4), (1000, 1001), (10**6, 10**6 + 1)])
def test_dilution_falls_with_length_and_rises_with_the_score(n, L):
    assert (
        float(selective.max_weight_bound(L=L, B=1))
        < float(selective.max_weight_bound(L=n, B=1))
        < float(selective.max_weight_bound(L=n, B=1.1))
    )
    assert selective.max_weight_random_keys(L=n, B=1, d=16) <= float(selective.max_weight_bound(L=n, B=1))
    p = float(selective.max_weight_bound(L=n, B=2.5))
    assert float(selective.min_logit_bound(L=n, p=p)) == pytest.approx(2.5, rel=1e-9)


@FEW
@given(st.floats(0.01, 5), st.floats(0, 1), st.integers(2, 10**5))
def test_schedule_turns_where_its_slope_says(w, s, n):
    """The sign of the change from n to n + 1 is that of 2ws (n-1)/n - 1, up to a step of the grid."""
    now, then = (float(selective.schedule_max_weight(n=k, w=w, s=s)) for k in (n, n + 1))
    slopes = [2 * w * s * (k - 1) / k - 1 for k in (n, n + 1)]
    if max(slopes) < -1e-6:
        assert then <= now
    if min(slopes) > 1e-6:
        assert then >= now
    assert float(selective.schedule_exponent(w=w, s=s)) == pytest.approx(2 * w * s - 1)
    assert now == pytest.approx(float(selective.max_weight_bound(L=n, B=w * (1 + s * math.log(n)))), rel=1e-9)


@FEW
@given(st.text("ab", min_size=1, max_size=14), st.floats(0.05, 0.95))
def test_flat_floor_scales_with_the_distance_of_the_tokens(string, mix):
    at_0 = selective.flat_temperature_floor(string=string, rho=0, mix=mix)
    assert at_0 >= 0 and selective.flat_temperature_floor(string=string, rho=0.75, mix=mix) == pytest.approx(
        at_0 / 4, rel=1e-12
    )
    swapped = string.translate(str.maketrans("ab", "ba"))
    assert selective.flat_temperature_floor(string=swapped, rho=0, mix=1 - mix) == pytest.approx(
        at_0, rel=1e-6, abs=1e-15
    )


@FEW
@given(st.integers(2, 10**6), st.floats(0.01, 3), st.floats(0, 2), st.floats(0.01, 5))
def test_sparsity_is_a_fraction_and_the_printed_one_is_larger(n, pow, alpha, gamma):
    found = selective.equivalent_sparsity(n=n, pow=pow, alpha=alpha, gamma=gamma)
    assert 0 < found.corrected <= 1 + 1e-12 and found.printed >= found.corrected * (1 - 1e-12) and found.top_weight > 0


@FEW
@given(st.floats(0, 60), st.integers(1, 64), st.floats(0.01, 5))
def test_resultant_grows_with_the_signal_and_falls_with_the_dimension(delta, d, more):
    value = float(selective.projected_normal_resultant(delta=delta, d=d))
    assert 0 <= value <= 1
    assert value <= float(selective.projected_normal_resultant(delta=delta + more, d=d)) + 1e-13
    assert float(selective.projected_normal_resultant(delta=delta, d=d + 1)) <= value + 1e-13


@FEW
@given(st.integers(2, 16), st.integers(1, 64), st.floats(0.01, 1), st.floats(0.05, 2))
def test_oracle_is_never_worse_than_naive(d, L, alpha, sigma):
    found = selective.denoise_risk(d=d, L=L, alpha=alpha, sigma=sigma)
    assert 0 < found.oracle <= found.naive * (1 + 1e-9) <= 2 * (1 + 1e-9)


@pytest.mark.parametrize("length", [8192, 65536])
def test_risks_at_long_contexts_and_the_gain_of_the_oracle(length):
    d, alpha, sigma = 8, 0.25, 0.1
    found = selective.denoise_risk(d=d, L=length, alpha=alpha, sigma=sigma)
    assert found.naive == pytest.approx((d - 1) * sigma**2 / alpha**2 / length, rel=0.01)
    assert found.oracle == pytest.approx((d - 1) * sigma**2 / alpha / length, rel=0.01)


@FEW
@given(st.integers(0, 10**6), st.booleans())
def test_forward_pass_of_the_layer(seed, causal):
    source = np.random.default_rng(seed)
    n, d = 5, 3
    X, W_q, W_k, W_v = (source.normal(0, 1, s) for s in ((n, d), (d, d), (d, d), (d, 2)))
    tau_q, tau_v = source.uniform(-2, 3, n), source.uniform(0.1, 3, n)
    given_ = {"X": X, "W_q": W_q, "W_k": W_k, "W_v": W_v, "causal": causal}
    found = selective.selective_attention(tau_q=tau_q, tau_v=tau_v, **given_)
    assert found.weights.sum(axis=1) == pytest.approx(np.ones(n)) and found.output.shape == (n, 2)
    # a positive value temperature is an additive key bias, times one factor a query
    scores = tau_q[:, None] * (X @ W_q @ (X @ W_k).T) / math.sqrt(d) + np.log(tau_v)
    scores = np.where(np.tri(n, dtype=bool) | (not causal), scores, -np.inf)
    biased = np.exp(scores - scores.max(axis=1, keepdims=True))
    biased /= biased.sum(axis=1, keepdims=True)
    z = (found.weights * tau_v).sum(axis=1, keepdims=True)
    assert found.output == pytest.approx(z * (biased @ X @ W_v), rel=1e-9, abs=1e-12)
    assert found.weights * tau_v / z == pytest.approx(biased, rel=1e-9, abs=1e-14)
    if causal:
        changed = X.copy()
        changed[-1] += 1
        again = selective.selective_attention(tau_q=tau_q, tau_v=tau_v, **{**given_, "X": changed})
        assert (again.output[:-1] == found.output[:-1]).all()


BOUND_POINTS = [
    ("inverse_temperature", {"f": -0.7, "n": 128, "alpha": 0.5}), ("selectivity_dynamic_range", {"n": 128, "alpha": -3}),
    ("max_weight_bound", {"L": 1024, "B": 3}), ("min_logit_bound", {"L": 1024, "p": 0.9}),
    ("schedule_max_weight", {"n": 1024, "w": 0.75, "s": 0.5}), ("schedule_exponent", {"w": 0.75, "s": 0.5}),
    ("specificity_norm_lower_bound", {"L_a": 3, "L_b": 1, "rho": 0.9}), ("optimal_position_temperature", {"kappa": 4, "mix": 0.3}),
    ("temperature_network_lower_bound", {"delta": 0.5, "distance": 0.1})]  # fmt: skip


@pytest.mark.parametrize(("name", "point"), BOUND_POINTS, ids=[name for name, _ in BOUND_POINTS])
def test_one_formula_in_three_number_systems(name, point):
    one = getattr(selective, name)
    low, high = one.enclose(**point)
    value = float(one(**point))
    room = 1e-13 * max(1, abs(value))
    assert low - room <= value <= high + room and high - low < room
    expression = one.expression()
    assert float(expression.subs({s: point[str(s)] for s in expression.free_symbols})) == pytest.approx(
        value, rel=1e-12
    )
    names = sorted(point)
    column = one(
        **{key: np.array([[point[key]], [point[key]]]) for key in names[:1]},
        **{key: [point[key]] * 3 for key in names[1:]},
    )
    assert column.shape == (2, 3) and column == pytest.approx(np.full((2, 3), value))
