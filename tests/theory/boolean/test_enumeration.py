"""The exact functions against enumeration of all inputs, and the laws against direct sums in fractions."""

import itertools
import math
from fractions import Fraction as F

import pytest

import theory.boolean as boolean

HALF = F(1, 2)
LABELS = [(3, "and"), (3, "or"), (3, "majority"), (3, "parity"), (2, "and"), (4, (0, 1, 1, 0, 1))]


def inputs(d, p):
    """All bit strings with their exact probability."""
    for bits in itertools.product((0, 1), repeat=d):
        yield bits, p ** sum(bits) * (1 - p) ** (d - sum(bits))


def score_law(n, d, rho):
    """P(a pair is ranked above d - 2 independent fair scores), exact: with uniform and with strict ties."""
    step = {(1, 1): (1 - rho) / 2, (0, 0): rho / 2, (0, 1): F(1, 4), (1, 0): F(1, 4)}
    pair = {(0, 0): F(1)}
    for _ in range(n):
        grown = {}
        for (a, b), weight in pair.items():
            for (da, db), share in step.items():
                grown[a + da, b + db] = grown.get((a + da, b + db), 0) + weight * share
        pair = grown
    fair = [F(math.comb(n, m), 2**n) for m in range(n + 1)]
    uniform = strict = F(0)
    for (a, b), weight in pair.items():
        m = min(a, b)
        below, level = sum(fair[:m]), fair[m]
        strict += weight * below ** (d - 2)
        # j others tie with the least bit(s): all orders of the tied scores are equally likely
        for j in range(d - 1):
            tied = math.comb(d - 2, j) * level**j * below ** (d - 2 - j)
            uniform += weight * tied / (math.comb(j + 2, 2) if a == b else j + 1)
    return uniform, strict


@pytest.mark.parametrize("bits", ["01", "pm1"])
@pytest.mark.parametrize("p", [HALF, F(1, 3), F(9, 10)])
@pytest.mark.parametrize(("k", "label"), LABELS)
@pytest.mark.parametrize("slope", [None, lambda z: 3 * z * z, lambda z: 8 * z], ids=["no-link", "cubic", "square"])
def test_symmetric_gap_is_the_enumerated_gradient(k, label, bits, p, slope):
    d, total = 6, F(0)
    values = boolean.label_values(k=k, label=label, bits=bits)
    for x, weight in inputs(d, p):
        x_bits = x if bits == "01" else [2 * one - 1 for one in x]
        mean = F(sum(x_bits), d)
        total += weight * values[sum(x[:k])] * (1 if slope is None else slope(mean)) * (x_bits[0] - x_bits[-1])
    assert boolean.symmetric_gap(d=d, k=k, label=label, bits=bits, p=p, link_derivative=slope) == total


@pytest.mark.parametrize("p", [HALF, F(3, 4)])
@pytest.mark.parametrize(("k", "r"), [(2, 2), (3, 1), (3, 2), (4, 3), (4, 4)])
def test_chow_gap_and_gradient_are_enumerated_covariances(k, r, p):
    d, rho = k + 2, F(1, 10)
    mean_y = sum(w for x, w in inputs(d, p) if sum(x[:k]) >= r)
    covariance = [sum(w * x[j] for x, w in inputs(d, p) if sum(x[:k]) >= r) - mean_y * p for j in (0, d - 1)]
    gap = (1 - 2 * rho) * (covariance[0] - covariance[1])
    assert boolean.chow_gap(k=k, threshold=r, p=p, rho=rho) == gap
    relevant, irrelevant = boolean.expected_gradient(d=d, k=k, threshold=r, p=p, rho=rho)
    assert (irrelevant - relevant) * d == gap
    assert k * relevant + (d - k) * irrelevant == 0


@pytest.mark.parametrize("baseline", ["raw", "centred", "none"])
@pytest.mark.parametrize("rho", [F(0), F(1, 5), HALF])
@pytest.mark.parametrize(("k", "label"), LABELS)
@pytest.mark.parametrize("p", [HALF, F(1, 3)])
def test_contrast_moments_are_enumerated(k, label, baseline, p, rho):
    d = 6
    values = boolean.label_values(k=k, label=label)
    chance = [(1 - 2 * rho) * one + rho for one in values]
    mu = sum(w * chance[sum(x[:k])] for x, w in inputs(d, p))
    mean = second = F(0)
    for x, weight in inputs(d, p):
        base = {"raw": F(sum(x), d), "centred": mu, "none": F(0)}[baseline]
        q = chance[sum(x[:k])]
        for y, share in ((1, q), (0, 1 - q)):
            contrast = (y - base) * (x[0] - x[-1])
            mean, second = mean + weight * share * contrast, second + weight * share * contrast**2
    arguments = {"d": d, "k": k, "label": label, "baseline": baseline}
    assert boolean.contrast_moments(**arguments, p=p, rho=rho) == (mean, second)
    floats = boolean.contrast_moments(**arguments, p=float(p), rho=float(rho))
    assert floats == pytest.approx((float(mean), float(second)), abs=1e-14)


@pytest.mark.parametrize(("d", "k", "n"), [(4, 2, 1), (5, 2, 4), (6, 4, 3), (7, 6, 5), (6, 3, 6)])
def test_misorder_is_the_exact_convolution(d, k, n):
    step, total = {}, {0: F(1)}
    for x, weight in inputs(d, HALF):
        value = (d * all(x[:k]) - sum(x)) * (x[0] - x[-1])
        step[value] = step.get(value, 0) + weight
    for _ in range(n):
        grown = {}
        for (a, u), (b, v) in itertools.product(total.items(), step.items()):
            grown[a + b] = grown.get(a + b, 0) + u * v
        total = grown
    wrong = sum(w for s, w in total.items() if s < 0) + total.get(0, 0) / 2
    assert boolean.contrast_misorder_probability(d=d, k=k, n=n) == pytest.approx(float(wrong), abs=1e-13)


@pytest.mark.parametrize(("n", "d", "rho"), [(1, 3, F(0)), (2, 4, F(0)), (6, 5, F(0)), (9, 8, F(0)),
                                             (5, 4, F(1, 10)), (8, 6, F(1, 4)),
                                             (4, 5, HALF), (12, 40, F(0)), (7, 16, F(2, 5))])  # fmt: skip
def test_ranking_law_is_the_exact_sum(n, d, rho):
    uniform, strict = score_law(n, d, rho)
    found = [boolean.pair_ranking_probability(n=n, d=d, rho=float(rho), ties=ties) for ties in ("uniform", "strict")]
    assert found == pytest.approx([float(uniform), float(strict)], rel=1e-11)


@pytest.mark.parametrize("n", [20, 48])
def test_small_ranking_failures_keep_their_relative_accuracy(n):
    from theory.boolean.ranking import _column_failure

    for rho in (F(0), F(1, 10)):
        uniform, strict = score_law(n, 3, rho)
        assert _column_failure(n, 3, float(rho), "uniform") == pytest.approx(float(1 - uniform), rel=1e-9)
        assert _column_failure(n, 3, float(rho), "strict") == pytest.approx(float(1 - strict), rel=1e-9)


@pytest.mark.parametrize(("d", "k", "n"), [(3, 2, 1), (5, 2, 8), (16, 4, 64), (20, 3, 100)])
def test_elimination_is_the_exact_sum(d, k, n):
    p = F(1, 2**k)
    total = sum(math.comb(n, r) * p**r * (1 - p) ** (n - r) * (1 - F(1, 2**r)) ** (d - k) for r in range(1, n + 1))
    assert boolean.elimination_probability(d=d, k=k, n=n) == pytest.approx(float(total), rel=1e-12)


def test_elimination_by_enumeration_of_data():
    d, k, n, successes = 4, 2, 2, 0
    rows = list(itertools.product((0, 1), repeat=d))
    for data in itertools.product(rows, repeat=n):
        positive = [x for x in data if all(x[:k])]
        successes += bool(positive) and [j for j in range(d) if all(x[j] for x in positive)] == list(range(k))
    assert boolean.elimination_probability(d=d, k=k, n=n) == pytest.approx(successes / 2 ** (d * n), rel=1e-13)


@pytest.mark.parametrize("d", range(3, 9))
def test_support_bound_is_positive_up_to_its_last_n(d):
    for k in range(2, d):
        n, q = boolean.support_bound_max_n(d=d, k=k), 1 - F(1, 2**k)
        positive = [F(min(k, d - k), d) - 1 + q**m > 0 for m in (n, n + 1)]
        assert positive == [True, False]


@pytest.mark.parametrize(("link", "c"), [("ks", 4), ("quadratic", F(7, 3)), ("quadratic", 2)])
@pytest.mark.parametrize("d", [3, 4, 5, 8])
def test_parity_moments_are_enumerated(d, link, c):
    mean = second = F(0)
    for bits, weight in inputs(d, HALF):
        x = [2 * one - 1 for one in bits]
        z = F(sum(x), d)
        phi, slope = c * z * z - 1, 2 * c * z
        if link == "ks":
            phi, slope = boolean.ks_link(z=z), boolean.ks_link_derivative(z=z)
        contrast = (x[0] * x[1] - phi) * slope * (x[0] - x[2])
        mean, second = mean + weight * contrast, second + weight * contrast**2
    assert boolean.parity_pair_moments(d=d, link=link, c=c) == (mean, second)


BALANCE = [(1, 1.0, 3.0), (7, 2.0, 3.0), (50, 5.0, 3.0), (50, 3.0, 1.5), (20, 0.1, 3.0)]


@pytest.mark.parametrize(("n", "G", "ratio"), BALANCE)
def test_balance_failure_is_the_exact_sum(n, G, ratio):
    apart = sum(math.comb(2 * n, s) for s in range(2 * n + 1) if abs(4 * G * (s - n) / n) > math.log(ratio))
    assert boolean.balance_failure(n=n, G=G, ratio=ratio) == pytest.approx(apart / 4**n, rel=1e-12)
