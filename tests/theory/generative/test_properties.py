"""Relations that must hold over the whole domain: monotone, bounded, consistent with each other."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import theory.generative as generative
from theory.generative.parameters import MIXERS

few = settings(max_examples=30, deadline=None, derandomize=True)
sizes = st.integers(1, 300)


@few
@given(
    V=sizes, half=sizes, D=st.integers(1, 9), T=sizes, r=st.integers(1, 6), bias=st.booleans(), positions=st.booleans()
)
def test_parameters_differ_by_the_maps_left_out(V, half, D, T, r, bias, positions):
    d, shared = 2 * half, {"V": V, "D": D, "T": T, "mlp_ratio": r, "bias": bias, "positions": positions}
    count = {mixer: generative.parameter_count(d=d, h=2, mixer=mixer, **shared) for mixer in MIXERS}
    assert count["attention"] - count["generative"] == 3 * D * d * (d + bias)
    assert count["static"] - count["none"] == D * (d * (d + bias) + 2 * T * T)
    assert count["generative"] - count["removed"] == D * (d * (d + bias) + d * (1 + bias))
    assert len({count[mixer] for mixer in MIXERS if mixer.startswith("generative")} | {count["none"]}) == 1
    bare = generative.parameter_count(d=d, mixer="generative", output_map=False, **shared)
    assert count["generative"] - bare == D * d * (d + bias)


@few
@given(T=sizes, d=sizes, r=st.integers(1, 6), causal=st.booleans())
def test_work_and_its_ratio(T, d, r, causal):
    work = {m: generative.block_matmul_flops(T=T, d=d, mixer=m, mlp_ratio=r, causal=causal) for m in MIXERS}
    ratio = generative.speedup_bound(T=T, d=d, mlp_ratio=r, causal=causal)
    quadratic = 2 * (T + 1) if causal else 4 * T
    assert ratio == pytest.approx(((8 + 4 * r) * d + quadratic) / ((2 + 4 * r) * d), rel=1e-14) and ratio > 1
    assert work["attention"] > work["static"] > work["generative"] > work["removed"]
    assert generative.block_matmul_flops(T=T, d=d, mixer="attention", mlp_ratio=r) >= work["attention"]


@few
@given(d=sizes, r=st.integers(1, 6), causal=st.booleans())
def test_quadratic_part_equals_the_rest_at_the_crossover(d, r, causal):
    T = generative.quadratic_crossover_length(d=d, mlp_ratio=r, causal=causal)
    whole = generative.block_matmul_flops(T=T, d=d, mixer="attention", mlp_ratio=r, causal=causal)
    linear = whole - (2 * T * (T + 1) * d if causal else 4 * T * T * d)
    assert whole == 2 * linear


@few
@given(d=sizes, r=st.integers(1, 6))
def test_equal_parameters_at_the_wider_generative_block(d, r):
    wide = generative.isoparameter_width(d=d, mlp_ratio=r)
    assert (1 + 2 * r) * wide**2 == pytest.approx((4 + 2 * r) * d**2, rel=1e-12)


@few
@given(B=sizes, d=sizes, D=st.integers(1, 9), b=st.sampled_from((1, 2, 4)))
def test_cache_outgrows_the_state_from_the_token_said(B, d, D, b):
    def cache(t):
        return generative.kv_cache_bytes(B=B, t=t, d=d, D=D, bytes=b)

    state = {"B": B, "d": d, "D": D, "bytes": b}
    assert cache(0) == 0 < generative.recurrent_state_bytes(**state) < cache(1)
    assert generative.recurrent_state_bytes(**state, width_factor=4) >= cache(2)
    assert generative.recurrent_state_bytes(**state, width_factor=4) < cache(3)
    if b == 2:
        assert cache(1) < generative.recurrent_state_bytes(**state, average=True) < cache(2)
        assert cache(6) <= generative.recurrent_state_bytes(**state, average=True, width_factor=4) < cache(7)


@few
@given(B=sizes, T=sizes, d=sizes, D=st.integers(1, 9), b=st.integers(1, 8))
def test_memory_order_of_the_implementations(B, T, d, D, b):
    found = {
        how: generative.activation_memory_delta(B=B, T=T, d=d, D=D, implementation=how, bytes=b)
        for how in ("stack_index", "maximum", "mask")
    }
    assert found["mask"] <= 0 < found["maximum"] and found["mask"] < found["stack_index"]
    assert (found["stack_index"] > found["maximum"]) == (b < 4)


@few
@given(D=st.integers(0, 60), s=st.integers(1, 4))
def test_reach_and_its_weights(D, s):
    plain = generative.receptive_field(D=D, shifts_per_block=s)
    assert plain == s * generative.receptive_field(D=D) - s + 1
    assert generative.receptive_field(D=D, shifts_per_block=s, dilation="doubling") >= plain
    weights = np.array(generative.reach_weights(D=D))
    j = np.arange(D + 1)
    assert len(weights) == generative.receptive_field(D=D) and weights.sum() == pytest.approx(1)
    assert weights @ j == pytest.approx(D / 2) and weights @ (j - D / 2) ** 2 == pytest.approx(D / 4)


def test_weights_of_a_deep_stack_do_not_overflow():
    weights = generative.reach_weights(D=3000)
    assert weights[0] == 0.0 and math.fsum(weights) == pytest.approx(1)


rows = st.integers(1, 7).flatmap(
    lambda m: st.lists(st.lists(st.floats(-9, 9), min_size=m, max_size=m), min_size=1, max_size=7)
)


@few
@given(u=rows, shift=st.integers(1, 4), context=st.sampled_from(("none", "running_mean", "window_mean")))
def test_function_by_its_definition(u, shift, context):
    T = len(u)
    for name, reduce in (("max", max), ("min", min), ("mean", lambda *a: sum(a) / len(a))):
        found = generative.generative_function(u=u, f=name, context=context, shift=shift)
        for t in range(T):
            for i in range(len(u[0])):
                parts = [u[t][i], u[max(t - shift, 0)][i]]
                if context != "none":
                    stop = t + 1 if context == "running_mean" else T
                    parts.append(sum(u[s][i] for s in range(stop)) / stop)
                expected = u[t][i] if t < shift else reduce(*parts)
                assert found[t, i] == pytest.approx(expected, rel=1e-12, abs=1e-12)


@few
@given(u=rows)
def test_min_is_max_turned_over_and_their_sum_is_twice_the_mean(u):
    u = np.array(u)
    top, low = generative.generative_function(u=u), generative.generative_function(u=u, f="min")
    np.testing.assert_array_equal(top, -generative.generative_function(u=-u, f="min"))
    np.testing.assert_allclose((top + low) / 2, generative.generative_function(u=u, f="mean"), atol=1e-12)


laws = st.lists(st.integers(0, 9), min_size=1, max_size=5).filter(any).map(lambda w: [x / sum(w) for x in w])


@few
@given(p=laws, n=st.integers(1, 400))
def test_urn_entropy_rises_towards_the_entropy(p, n):
    entropy = -sum(x * math.log(x) for x in p if x)
    a, b = generative.urn_entropy(n=n, p=p), generative.urn_entropy(n=n + 1, p=p)
    assert -1e-12 <= a <= b + 1e-12 and b <= entropy + 1e-12


@few
@given(p=laws, T=st.integers(2, 60))
def test_leak_floors_are_ordered(p, T):
    entropy = -sum(x * math.log(x) for x in p if x)
    bag, positions = (generative.leak_floor(T=T, p=p, knowledge=k) for k in ("bag", "positions"))
    assert positions - 1e-12 <= bag <= entropy + 1e-12


@few
@given(K=st.integers(1, 9), V=st.integers(2, 20))
def test_recall_floor_falls_with_depth_to_zero_at_twice_the_keys(K, V):
    found = [generative.recall_floor(K=K, V=V, D=depth) for depth in range(2 * K + 2)]
    assert all(a[0] >= b[0] - 1e-12 and a[1] <= b[1] + 1e-12 for a, b in itertools.pairwise(found))
    assert found[0] == pytest.approx((math.log(V), 1 / V))
    # the last key's value needs no key in sight
    assert [loss <= 1e-12 for loss, _ in found] == [depth >= 2 * K - 1 for depth in range(2 * K + 2)]


def test_recall_with_one_value_is_known():
    assert generative.recall_floor(K=3, V=1, D=0) == (0.0, 1.0)


@few
@given(V=st.integers(2, 4), k=st.integers(0, 3), T=st.integers(1, 20), window=st.integers(1, 6))
def test_floors_fall_with_the_window_and_stop_at_the_order(V, k, T, window):
    h = generative.conditional_entropies(source=generative.integer_markov_source(V=V, k=k), kmax=k)
    found = [generative.window_floor(h=h, T=T, window=w, constant_tail=True) for w in range(1, 8)]
    assert all(a >= b - 1e-12 for a, b in itertools.pairwise(found))
    assert found[max(k, 1) - 1 :] == pytest.approx([found[-1]] * len(found[max(k, 1) - 1 :]))
    longer = generative.conditional_entropies(source=generative.integer_markov_source(V=V, k=k), kmax=T)
    assert generative.window_floor(h=longer, T=T, window=window) == pytest.approx(found[window - 1], abs=1e-12)


@few
@given(S=st.floats(0, 5000), n=st.integers(0, 5000), V=st.integers(1, 70000))
def test_copy_bound_is_a_probability(S, n, V):
    found = generative.copy_success_bound(state_bits=S, n=n, V=V)
    assert 0 <= found <= 1 and found >= generative.copy_success_bound(state_bits=S, n=n + 1, V=V)
    if 0 < found < 1:
        assert math.log2(found) == pytest.approx(S - n * math.log2(V), abs=1e-6)


@few
@given(seed=st.integers(0, 99), m=st.integers(1, 4), n=st.integers(1, 6), permute=st.permutations(range(6)))
def test_lossless_merging_does_not_depend_on_the_order_of_tokens(seed, m, n, permute):
    codes = np.random.default_rng(seed).integers(0, 2, (n, m))
    found = generative.merge_is_lossless(codes=codes)
    assert found == generative.merge_is_lossless(codes=codes[[i for i in permute if i < n]])
    names = all(
        not np.array_equal(np.maximum(codes[c], codes[a]), np.maximum(codes[c], codes[b]))
        for c in range(n) for a in range(n) for b in range(a)
    )  # fmt: skip
    assert found == names


@few
@given(seed=st.integers(0, 99), N=st.integers(1, 6), T=st.integers(2, 5))
def test_map_statistics_are_bounded_and_zero_for_equal_maps(seed, N, T):
    maps = np.tril(np.random.default_rng(seed).random((N, T, T)) ** 4)
    maps /= maps.sum(axis=2, keepdims=True)
    found = generative.map_statistics(maps=maps)
    assert 0 <= found.fraction <= 1 and found.jsd <= math.log(N) + 1e-12 and 0 <= found.total_variation <= 1
    same = generative.map_statistics(maps=np.repeat(maps[:1], 4, axis=0))
    assert (same.jsd, same.fraction, same.relative_variance, same.total_variation) == (0, 0, 0, 0)


def test_one_hot_rows_that_differ_reach_the_logarithm_of_their_number():
    maps = np.zeros((4, 4, 4))
    maps[:, :3, 0] = 1
    maps[np.arange(4), 3, np.arange(4)] = 1
    assert generative.map_statistics(maps=maps).jsd == pytest.approx(math.log(4) / 3)
