"""The functions against a second method: enumeration, direct optimisation, quadrature, higher precision, simulation."""

import itertools
import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize

import theory.selective as selective


# ---------------------------------------------------------------------------- dilution
@pytest.mark.parametrize(("B", "d"), [(1e-8, 2), (0.5, 2), (3, 3), (1e-3, 300), (40, 8000), (2e3, 6000), (700, 64), (9000, 4), (3e9, 3), (1e13, 2)])  # fmt: skip
def test_mean_exponential_score_in_higher_precision(B, d):
    from theory.selective.dilution import log_annealed_weight

    if B < 1e4:
        with mpmath.workdps(60):
            exact = float(mpmath.log(mpmath.hyp0f1(mpmath.mpf(d) / 2, mpmath.mpf(B) ** 2 / 4)) - B)
    else:
        nu = d / 2 - 1
        exact = float(
            mpmath.loggamma(d / 2) + nu * math.log(2 / B) - math.log(2 * math.pi * B) / 2 - (4 * nu**2 - 1) / 8 / B
        )
    assert log_annealed_weight(B, d) == pytest.approx(exact, rel=2e-11, abs=1e-12)


def test_annealed_weight_against_drawn_keys():
    """The mean of the others' exponentials, from keys on the sphere: what the annealed weight replaces the sum by."""
    source = np.random.default_rng(5)
    for d, B in ((3, 4.0), (8, 3.0)):
        keys = source.standard_normal((400_000, d))
        scores = B * keys[:, 0] / np.linalg.norm(keys, axis=1)
        mean, error = np.exp(scores).mean(), np.exp(scores).std() / math.sqrt(len(keys))
        found = selective.max_weight_random_keys(L=2, B=B, d=d)
        assert abs((1 / found - 1) * math.exp(B) - mean) < 4.5 * error


@pytest.mark.parametrize(
    ("L", "p", "d"), [(2, 0.9, 2), (100, 0.011, 5), (10**6, 0.5, 4), (10**6, 0.99, 2), (50, 0.5, 5000)]
)
def test_random_key_score_inverts_the_weight(L, p, d):
    B = selective.min_scale_random_keys(L=L, p=p, d=d)
    assert selective.max_weight_random_keys(L=L, B=B, d=d) == pytest.approx(p, rel=1e-6)
    assert float(selective.min_logit_bound(L=L, p=p)) <= B


def test_random_keys_need_a_power_of_the_length():
    scores = [selective.min_scale_random_keys(L=10**k, p=0.5, d=4) for k in range(2, 7)]
    assert [round(one) for one in scores] == [18, 86, 399, 1853, 8602]
    assert math.log10(scores[4] / scores[3]) == pytest.approx(2 / 3, abs=1e-3)


def test_dilution_bound_is_attained_by_antipodal_keys_and_halved_for_orthogonal_ones():
    for L, B in ((2, 0.3), (64, 2.0), (1000, 5.0)):
        scores = np.array([B, *[-B] * (L - 1)])
        assert float(selective.max_weight_bound(L=L, B=B)) == pytest.approx(
            math.exp(B) / np.exp(scores).sum(), rel=1e-14
        )
        orthogonal = math.exp(B) / (math.exp(B) + L - 1)
        assert float(selective.max_weight_bound(L=L, B=B / 2)) == pytest.approx(orthogonal, rel=1e-14)


# ---------------------------------------------------------------------------- two tokens
def least(objective, constraints, starts):
    found = [
        minimize(objective, x, constraints=constraints, method="SLSQP", options={"ftol": 1e-15, "maxiter": 500})
        for x in starts
    ]
    good = [one.fun for one in found if all(np.min(c["fun"](one.x)) > -1e-8 for c in constraints)]
    return math.sqrt(min(good))


@pytest.mark.parametrize(
    ("g", "rho", "eps"), [(0.1, 0.9, 0.01), (0.9, 0.9, 0.01), (0.3, 0.3, 0.05), (0.2, -0.8, 0.01), (0.6, -0.4, 0.09)]
)
def test_two_token_norms_by_direct_optimisation(g, rho, eps):
    """u = W (e_1 - e_2) and the effective temperatures are the unknowns; |u| over |e_1 - e_2| is the norm of the best W."""
    e = np.array([[1, 0], [rho, math.sqrt(1 - rho**2)]])
    a_low, a_high = (math.log(x / (1 - x)) for x in (1 - g - eps, 1 - g + eps))
    big = math.log((1 - eps) / eps)
    distance = math.sqrt(2 - 2 * rho)

    def rows(x, free):
        t1, t2 = x[2:] if free else (1, 1)
        return np.array([t1 * (e[0] @ x[:2]) - a_low, a_high - t1 * (e[0] @ x[:2]), -t2 * (e[1] @ x[:2]) - big])

    starts = np.random.default_rng(3).normal(0, 8, (12, 2))
    exact = selective.two_token_norms(g=g, rho=rho, eps=eps)
    fixed = least(lambda x: x @ x, [{"type": "ineq", "fun": lambda x: rows(x, False)}], starts) / distance
    assert fixed == pytest.approx(exact.standard, rel=1e-6)
    for low, name in ((1e-9, "positive"), (-1.0, "signed")):
        box = {"type": "ineq", "fun": lambda x, low=low: np.concatenate([x[2:] - low, 1 - x[2:]])}
        together = [{"type": "ineq", "fun": lambda x: rows(x, True)}, box]
        taus = [(0.5, 1.0), (0.05, 1.0)] + ([(-0.5, 1.0), (0.5, -1.0)] if low < 0 else [])
        norm = least(lambda x: x[:2] @ x[:2], together, [np.r_[s, t] for s in starts for t in taus]) / distance
        assert norm == pytest.approx(getattr(exact, name), rel=2e-6), name


def test_positive_norm_jumps_where_no_positive_temperature_flattens_the_row():
    """At eps = .1 the first row needs a lead of at most 0, and the best u gives a positive one: only tau = 0 would do."""
    just, inside = (selective.two_token_norms(g=0.6, rho=-0.4, eps=eps) for eps in (0.1, 0.1000001))
    assert just.positive == pytest.approx(just.signed / math.sqrt(1 - 0.16), rel=1e-12)
    assert inside.positive == pytest.approx(inside.signed, rel=1e-12) and inside.positive < just.positive - 0.1


@pytest.mark.parametrize(
    ("L_a", "L_b", "rho"), [(3, 1, 0.9), (3, 1, 0.2), (5, 0.5, 0.5), (4, 1, -0.7), (2, 0, 0.99), (1, 2, 0.3)]
)
def test_specificity_norm_by_search(L_a, L_b, rho):
    """W^T a = (L_a, 0) without loss, W^T b any vector in the disc: the top singular value of W^T on the span of a, b."""
    base = np.linalg.inv(np.array([[1, rho], [0, math.sqrt(1 - rho**2)]]))
    best = math.inf
    for radius in np.linspace(0, L_b, 41):
        for angle in np.linspace(0, math.pi, 181):
            image = np.array([[L_a, radius * math.cos(angle)], [0, radius * math.sin(angle)]])
            best = min(best, np.linalg.norm(image @ base, 2))
    exact = selective.specificity_norm_exact(L_a=L_a, L_b=L_b, rho=rho)
    assert exact * (1 - 1e-12) <= best <= exact * (1 + 2e-3)
    assert float(selective.specificity_norm_lower_bound(L_a=L_a, L_b=L_b, rho=rho)) <= exact


@pytest.mark.parametrize(
    ("r", "rho", "c"),
    [(0.3, 0.9, 1), (0.3, 0.99, 0.5), (0.8, 0.95, 0.9), (1, 0.5, 1), (0.5, -0.6, 0.7), (0.4, -0.9, -0.8)],
)
def test_collinear_pair_is_the_criterion_for_two_queries(r, rho, c):
    first = np.array([1, -1, 0, 0]) * 6 / math.sqrt(2)
    second = 6 * r * (c * np.array([1, -1, 0, 0]) + math.sqrt(1 - c * c) * np.array([0, 0, 1, -1])) / math.sqrt(2)
    given = {"logits": [first, second], "E_q": [[1, 0], [rho, math.sqrt(1 - rho**2)]], "E_k": np.eye(4)}
    pair = selective.collinear_pair_norms(scale=6, r=r, rho=rho, c=c)
    found = selective.min_norm_selective(**given)
    assert selective.min_norm(**given) == pytest.approx(pair.standard, rel=1e-10)
    assert (found.norm, 1 / found.theta[1]) == pytest.approx((pair.selective, pair.tau_b), rel=1e-9)
    assert selective.temperature_helps(**given) == (pair.tau_b < 1)


# ---------------------------------------------------------------------------- the criterion
def random_problem(seed, n=4, k=5, d=7, spread=1.0, common=0.9):
    source = np.random.default_rng(seed)
    shared = source.standard_normal(d)
    queries = common * shared + math.sqrt(1 - common**2) * source.standard_normal((n, d))
    return {"logits": spread * source.standard_normal((n, k)), "E_q": queries, "E_k": source.standard_normal((k, d))}


def pseudo_inverse_norm(logits, E_q, E_k):
    """Least |W|_F with softmax(E_q W E_k^T) = softmax(logits), from the linear constraints on logit differences alone."""
    differences = np.eye(len(E_k))[:-1] - np.eye(len(E_k))[-1]
    matrix = np.concatenate([np.kron(q[None], differences @ E_k) for q in E_q])
    right = np.concatenate([differences @ row for row in logits])
    return np.linalg.norm(np.linalg.lstsq(matrix, right, rcond=None)[0])


@pytest.mark.parametrize("seed", range(8))
def test_least_norms_by_least_squares_and_by_descent(seed):
    given = random_problem(seed)
    assert selective.min_norm(**given) == pytest.approx(pseudo_inverse_norm(**given), rel=1e-9)
    matrix = selective.selectivity_matrix(**given)
    assert np.linalg.eigvalsh(matrix).min() > -1e-9 * np.abs(matrix).max()
    found = selective.min_norm_selective(**given)
    scaled = {**given, "logits": found.theta[:, None] * given["logits"]}
    assert pseudo_inverse_norm(**scaled) == pytest.approx(found.norm, rel=1e-9)
    direct = minimize(lambda x: x @ matrix @ x, np.ones(4) * 1.5, jac=lambda x: 2 * matrix @ x, bounds=[(1, None)] * 4,
                      method="L-BFGS-B", options={"ftol": 1e-16, "gtol": 1e-12, "maxiter": 5000})  # fmt: skip
    assert found.norm == pytest.approx(math.sqrt(direct.fun), rel=1e-6)
    assert (found.norm < selective.min_norm(**given) * (1 - 1e-9)) == selective.temperature_helps(**given)


def test_both_answers_of_the_criterion_occur():
    answers = {selective.temperature_helps(**random_problem(seed)) for seed in range(8)}
    assert answers == {True, False}


def test_key_temperatures_are_no_query_temperatures():
    """Control: scaling the keys' logits instead of the queries' does not reach the least norm of collinear twins."""
    row = np.array([3.0, 1, -1, -3])
    given = {"E_q": [[1, 0], [0.97, math.sqrt(1 - 0.97**2)]], "E_k": np.eye(4)}
    logits = np.array([row, 0.3 * row])
    query = selective.min_norm_selective(logits=logits, **given).norm
    tries = [selective.min_norm(logits=logits / key, **given) for key in itertools.product((0.25, 0.5, 1.0), repeat=4)]
    assert query < 0.5 * min(tries)


def test_uniform_row_has_an_irrelevant_temperature():
    found = selective.min_norm_selective(logits=[[2, -2, 0], [1, 1, 1]], E_q=[[1, 0], [0.9, 0.3]], E_k=np.eye(3))
    assert found.theta.tolist() == [1, 1]
    flat = selective.min_norm_selective(logits=np.zeros((2, 3)), E_q=np.eye(2), E_k=np.eye(3))
    assert flat.norm == 0 and flat.theta.tolist() == [1, 1]
    assert not selective.temperature_helps(logits=np.zeros((2, 3)), E_q=np.eye(2), E_k=np.eye(3))


# ---------------------------------------------------------------------------- within a KL tolerance
def kl(P, logits):
    log_rows = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    return np.where(P > 0, P * (np.log(np.where(P > 0, P, 1)) - log_rows), 0).sum(axis=1)


@pytest.mark.parametrize("chosen", [False, True], ids=["standard", "selective"])
@pytest.mark.parametrize("d", [2, 3, 5])
def test_kl_norm_by_direct_optimisation(d, chosen):
    """Dependent rows (d < 4) and independent ones; a second solver from the first one's neighbourhood and from elsewhere."""
    source = np.random.default_rng(d)
    E = source.standard_normal((4, d)) / math.sqrt(d)
    P = source.dirichlet(np.ones(4), 4)
    P[0] = [1, 0, 0, 0] if d == 5 else P[0]
    eta = 0.05 if d == 5 else 0.6
    found = selective.min_norm_kl(P=P, E_q=E, E_k=E, eta=eta, selective=chosen)
    assert found is not None and kl(P, found.tau[:, None] * (E @ found.W @ E.T)).max() <= eta
    assert found.norm == pytest.approx(np.linalg.norm(found.W), rel=1e-12)

    def room(x):
        return eta - kl(P, x[d * d :][:, None] * (E @ x[: d * d].reshape(d, d) @ E.T))

    box = {"type": "ineq", "fun": lambda x: np.r_[x[d * d :] - (1e-4 if chosen else 1), 1 - x[d * d :]]}
    best = math.inf
    for scale in (0, 0.3):
        start = np.r_[found.W.ravel() + scale * source.standard_normal(d * d), found.tau]
        done = minimize(lambda x: x[: d * d] @ x[: d * d], start, constraints=[{"type": "ineq", "fun": room}, box],
                        method="SLSQP", options={"ftol": 1e-14, "maxiter": 400})  # fmt: skip
        if room(done.x).min() > -1e-9 and box["fun"](done.x).min() > -1e-9:
            best = min(best, math.sqrt(done.fun))
    assert found.norm - found.gap <= best * (1 + 1e-6) and best == pytest.approx(found.norm, rel=1e-5)


def test_kl_norm_tends_to_the_exact_one():
    given = random_problem(3, n=3, k=4)
    P = np.exp(given["logits"] - np.logaddexp.reduce(given["logits"], axis=1, keepdims=True))
    exact = (selective.min_norm(**given), selective.min_norm_selective(**given).norm)
    for chosen in (False, True):
        norms = [
            selective.min_norm_kl(P=P, E_q=given["E_q"], E_k=given["E_k"], eta=eta, selective=chosen).norm
            for eta in (1e-2, 1e-4, 1e-6)
        ]
        assert norms[0] < norms[1] < norms[2] < exact[chosen]
        assert norms[2] == pytest.approx(exact[chosen], rel=5e-3)


def test_kl_norm_at_its_edges():
    P, E = np.array([[0.7, 0.3], [0.5, 0.5]]), np.eye(2)
    assert selective.min_norm_kl(P=P, E_q=E, E_k=E, eta=0.1, selective=False).norm == 0
    sharp = np.array([[1, 0, 0], [0.4, 0.3, 0.3], [0, 0, 1]])
    twins = np.array([[1, 0], [0.99, 0.1], [0.98, 0.2]])
    freed = selective.min_norm_kl(P=sharp, E_q=twins, E_k=np.eye(3), eta=0.05, selective=True)
    assert kl(sharp, freed.tau[:, None] * (twins @ freed.W)).max() <= 0.05
    same = np.ones((2, 1))  # equal queries cannot attend to different keys, with or without temperatures
    for chosen in (False, True):
        assert selective.min_norm_kl(P=np.eye(2), E_q=same, E_k=np.eye(2), eta=0.1, selective=chosen) is None
        assert selective.min_norm_kl(P=np.eye(2), E_q=0 * same, E_k=np.eye(2), eta=0.1, selective=chosen) is None


def test_temperature_adds_targets_in_a_line_of_queries():
    """Two parallel queries, the same direction of logits at two sharpnesses: out of reach without temperature."""
    row = np.array([2.0, 0, -2])
    P = np.exp([row, 3 * row]) / np.exp([row, 3 * row]).sum(axis=1, keepdims=True)
    given = {"P": P, "E_q": [[1.0], [1.0]], "E_k": np.eye(3), "eta": 1e-5}
    assert selective.min_norm_kl(selective=False, **given) is None
    assert selective.min_norm_kl(selective=True, **given).norm == pytest.approx(3 * math.sqrt(8), rel=0.05)


@pytest.mark.parametrize(("rho", "standard"), [(0.9, 20.42), (0.97, 35.18), (0.99, 59.91)])
def test_four_orthogonal_pairs_of_twins(rho, standard):
    """Four mutually orthogonal pairs cost twice one pair: 16 orthonormal keys, collinear rows of norms 6 and 1.8."""
    rows = np.random.default_rng(2).standard_normal((4, 16))
    rows -= rows.mean(axis=1, keepdims=True)
    rows *= 6 / np.linalg.norm(rows, axis=1, keepdims=True)
    twin = np.array([[1, 0], [rho, math.sqrt(1 - rho**2)]])
    given = {"logits": np.kron(rows, [[1], [0.3]]), "E_q": np.kron(np.eye(4), twin), "E_k": np.eye(16)}
    found = selective.min_norm_selective(**given)
    pair = selective.collinear_pair_norms(scale=6, r=0.3, rho=rho, c=1)
    assert (
        selective.min_norm(**given) == pytest.approx(2 * pair.standard, rel=1e-9) == pytest.approx(standard, abs=5e-3)
    )
    assert found.norm == pytest.approx(12, rel=1e-9) and found.theta[1::2] == pytest.approx(
        np.full(4, 1 / pair.tau_b), rel=1e-8
    )


@pytest.mark.parametrize(
    ("d", "share", "gap"), [(8, (0.75, 0.95), (1.5, 3.5)), (16, (0.03, 0.3), (1, 1.01)), (64, (0, 0.02), (1, 1.001))]
)
def test_random_graphs_gain_from_temperature_at_d_equal_n_only(d, share, gap):
    """60 connected graphs on 8 nodes, transitions smoothed by .01, random unit embeddings as queries and keys."""
    source, gaps, helps = np.random.default_rng(d), [], 0
    while len(gaps) < 60:
        upper = np.triu(source.random((8, 8)) < 0.35, 1)
        near = upper | upper.T | np.eye(8, dtype=bool)
        E = source.standard_normal((8, d))
        E /= np.linalg.norm(E, axis=1, keepdims=True)
        if (np.linalg.matrix_power(near.astype(int), 8) > 0).all():
            given = {"logits": np.log(0.99 * near / near.sum(axis=1, keepdims=True) + 0.01 / 8), "E_q": E, "E_k": E}
            gaps.append(selective.min_norm(**given) / selective.min_norm_selective(**given).norm)
            helps += selective.temperature_helps(**given)
            assert (gaps[-1] > 1 + 1e-9) == selective.temperature_helps(**given)
    assert share[0] <= helps / 60 <= share[1] and gap[0] <= np.quantile(gaps, 0.9) <= gap[1]


@pytest.mark.parametrize("chosen", [False, True], ids=["standard", "selective"])
def test_least_tolerance_that_dependent_rows_reach(chosen):
    """Below d = N: the solver's edge of feasibility against a direct minimisation of the largest KL."""
    source, n = np.random.default_rng(3), 4
    P = 0.95 * source.dirichlet(np.ones(4), 4) + 0.05 / 4
    E = source.normal(size=(4, 2))
    E /= np.linalg.norm(E, axis=1, keepdims=True)
    rows = {"type": "ineq", "fun": lambda x: x[-1] - kl(P, x[n : n + 4, None] * (E @ x[:n].reshape(2, 2) @ E.T))}
    box = [(-60, 60)] * n + [(1e-4 if chosen else 1, 1)] * 4 + [(0, 5)]
    done = [minimize(lambda x: x[-1], np.r_[3 * source.normal(size=n), np.ones(4) * 0.7, 2], constraints=[rows], bounds=box,
                     method="SLSQP", options={"ftol": 1e-12, "maxiter": 500}) for _ in range(8)]  # fmt: skip
    floor = min(one.fun for one in done if rows["fun"](one.x).min() > -1e-8)
    for eta, feasible in ((0.995 * floor, False), (1.005 * floor, True)):
        assert (selective.min_norm_kl(P=P, E_q=E, E_k=E, eta=eta, selective=chosen) is not None) == feasible


# ---------------------------------------------------------------------------- positions
@pytest.mark.parametrize("c", [4, 3, Fraction(7, 2), 2.5])
@pytest.mark.parametrize("L", [2, 3, 6, 7, 11, 13])
def test_hypotheses_by_enumeration(L, c):
    def meets(string):
        for n in range(1, L + 1):
            n_a = string[:n].count("a")
            early, late = L / 4 <= n <= L / 2, n >= 3 * L / 4
            if (early or late) and n_a == 0:
                return False
            if early and not 1 <= Fraction(n - n_a, n_a) <= 2:
                return False
            if late and Fraction(n - n_a, n_a) < c:
                return False
        return True

    assert selective.imbalance_hypotheses_count(L=L, c=c) == sum(
        meets("".join(s)) for s in itertools.product("ab", repeat=L)
    )


def test_printed_hypotheses_can_be_met_for_four_lengths_only():
    counts = {L: selective.imbalance_hypotheses_count(L=L) for L in range(2, 101)}
    assert {L: n for L, n in counts.items() if n} == {6: 2, 7: 2, 13: 6, 19: 20}


def loss(string, rho, mix, W, tau):
    """The loss of the definition, token by token, in two dimensions."""
    a, b = np.array([1.0, 0]), np.array([rho, math.sqrt(1 - rho**2)])
    X = np.array([a if letter == "a" else b for letter in string])
    total = 0.0
    for n in range(1, len(string) + 1):
        if {"a", "b"} <= set(string[:n]):
            scores = tau[n - 1] * X[:n] @ W.T @ X[n - 1]
            weights = np.exp(scores - scores.max())
            total += np.sum((mix * a + (1 - mix) * b - X[:n].T @ weights / weights.sum()) ** 2)
    return total / len(string)


@pytest.mark.parametrize(("string", "rho", "mix"), [("babbbb", 0.0, 0.5), ("babbbb", 0.6, 0.3), ("abbabbb", -0.4, 0.5)])
def test_flat_floor_by_direct_optimisation(string, rho, mix):
    floor = selective.flat_temperature_floor(string=string, rho=rho, mix=mix)
    ones = np.ones(len(string))
    source, best = np.random.default_rng(1), math.inf
    for _ in range(4):
        done = minimize(
            lambda w: loss(string, rho, mix, w.reshape(2, 2), ones),
            source.normal(0, 1, 4),
            method="BFGS",
            options={"gtol": 1e-10},
        )
        assert done.fun >= floor * (1 - 1e-9)
        best = min(best, done.fun)
    assert best == pytest.approx(floor, rel=1e-5)


@pytest.mark.parametrize(("rho", "mix"), [(0.0, 0.5), (0.7, 0.3)])
def test_position_temperature_gives_loss_zero(rho, mix):
    string = "babbbabb"
    basis = np.array([[1.0, 0], [rho, math.sqrt(1 - rho**2)]])
    W = (
        np.linalg.inv(basis) @ np.array([[1.0, 0], [1, 0]]).T @ np.linalg.inv(basis).T
    )  # a^T W a = a^T W b = 1, b^T W = 0
    W = W.T  # scores are x^T W^T x_n
    kappa = [(n - string[:n].count("a")) / max(string[:n].count("a"), 1) for n in range(1, 9)]
    tau = [float(selective.optimal_position_temperature(kappa=k, mix=mix)) if k else 1.0 for k in kappa]
    assert loss(string, rho, mix, W, tau) < 1e-28
    flat = loss(string, rho, mix, W, [tau[-1]] * 8)
    assert flat > 1e-3 and flat >= selective.flat_temperature_floor(string=string, rho=rho, mix=mix)


@pytest.mark.parametrize(
    ("n", "pow", "alpha", "gamma"), [(100, 0.5, 0.3, 1.2), (4096, 0.7, 0.5, 3), (10, 1.5, 0, 0.1), (1000, 0.2, 0, 2)]
)
def test_sparsity_reproduces_the_top_weight(n, pow, alpha, gamma):
    found = selective.equivalent_sparsity(n=n, pow=pow, alpha=alpha, gamma=gamma)
    large = n ** (1 - pow)
    tau = 1 + alpha * math.log(n)
    full = 1 / (large + (n - large) * math.exp(-gamma * tau))

    def kept(fraction):
        return 1 / (large + (fraction * n - large) * math.exp(-gamma))

    assert found.top_weight == pytest.approx(full, rel=1e-12)
    assert kept(found.corrected) == pytest.approx(full, rel=1e-12)
    assert kept(found.printed) < full  # the printed fraction keeps too many


# ---------------------------------------------------------------------------- denoising
@pytest.mark.parametrize(
    ("delta", "d"), [(0.3, 2), (2.0, 5), (30.0, 7), (44.7, 8), (44.8, 8), (1e3, 64), (60.0, 1), (5.0, 400)]
)
def test_resultant_in_higher_precision(delta, d):
    with mpmath.workdps(50):
        x = mpmath.mpf(delta)
        half = mpmath.mpf(d) / 2
        exact = (
            x
            / mpmath.sqrt(2)
            * mpmath.gamma(half + 0.5)
            / mpmath.gamma(half + 1)
            * mpmath.hyp1f1(0.5, half + 1, -x * x / 2)
        )
    assert float(selective.projected_normal_resultant(delta=delta, d=d)) == pytest.approx(float(exact), rel=1e-12)


def test_risks_by_simulation():
    d, L, alpha, sigma, draws = 8, 16, 0.25, 0.5, 40_000
    source = np.random.default_rng(11)
    signal = source.random((draws, L)) < alpha
    signal[:, -1] = True
    noise = sigma * source.standard_normal((draws, L, d))
    noise[:, :, 0] += signal
    found = selective.denoise_risk(d=d, L=L, alpha=alpha, sigma=sigma)
    for weights, value in ((np.ones((draws, L)), found.naive), (signal.astype(float), found.oracle)):
        mean = np.einsum("bt,btd->bd", weights, noise)
        risks = 2 - 2 * mean[:, 0] / np.linalg.norm(mean, axis=1)
        assert abs(risks.mean() - value) < 4.5 * risks.std() / math.sqrt(draws)


@pytest.mark.parametrize(("d", "alpha", "sigma", "t"), [(8, 0.25, 0.25, 0.5), (3, 0.1, 0.6, 0.9), (2, 1.0, 0.4, 0.2)])
def test_gate_floor_by_quadrature(d, alpha, sigma, t):
    """Means of a passing token's coordinates from one-dimensional integrals over what fails."""

    def density(x, mean):
        return math.exp(-(((x - mean) / sigma) ** 2) / 2) / sigma / math.sqrt(2 * math.pi)

    def below(mean, power):
        return quad(lambda x: x**power * density(x, mean), mean - 12 * sigma, t)[0]

    mu_q = alpha * (1 - below(1, 1) * below(0, 0) ** (d - 1)) - (1 - alpha) * below(0, 1) * below(0, 0) ** (d - 1)
    mu_o = -alpha * below(0, 1) * below(1, 0) * below(0, 0) ** (d - 2) - (1 - alpha) * below(0, 1) * below(0, 0) ** (
        d - 1
    )
    floor = 2 - 2 * mu_q / math.hypot(mu_q, math.sqrt(d - 1) * mu_o)
    assert selective.gate_risk_floor(d=d, alpha=alpha, sigma=sigma, t=t) == pytest.approx(floor, rel=1e-8)
    passing = selective.gate_pass_probabilities(d=d, sigma=sigma, t=t)
    assert passing.signal == pytest.approx(1 - below(1, 0) * below(0, 0) ** (d - 1), rel=1e-9)
    assert passing.noise == pytest.approx(1 - below(0, 0) ** d, rel=1e-9)


def test_gelu_slope_in_higher_precision():
    from theory.selective.layer import GELU_SLOPE

    with mpmath.workdps(40):
        slope = (1 + mpmath.erf(1)) / 2 + 1 / (mpmath.e * mpmath.sqrt(mpmath.pi))
        digits = mpmath.nstr(slope, 30)
        top = max(mpmath.diff(lambda x: x * mpmath.ncdf(x), mpmath.sqrt(2) + h) for h in (-0.01, 0, 0.01))
    assert abs(top - slope) < 1e-12
    assert 0 < Fraction(*GELU_SLOPE) - Fraction(digits) < Fraction(1, 10**15)
