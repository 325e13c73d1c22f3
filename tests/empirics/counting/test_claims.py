"""The predictions that claims compare with, and the shape of the claims."""

import pytest

from theory.core.errors import DomainError
from theory.counting import CLAIMS, fixed_threshold_accuracy, max_margin, separation_accuracy
from theory.counting import predictions as law
from theory.counting.grids import NOISE_RATIOS, RATIOS, SHORT_STEPS, rate_of, symmetric_values

IDS = [
    "intervention-surface",
    "value-free-surface",
    "cross-and-strip",
    "first-failing-length",
    "init-baseline",
    "attention-over-values",
    "one-head-suffices",
    "syntax-pressure",
    "uniform-aggregation",
    "ensemble-law",
    "heads-are-sign-changes",
    "noise-suppression",
]


def test_the_twelve_claims_are_there():
    assert sorted(one.id for one in CLAIMS) == sorted(f"counting/{name}" for name in IDS)
    for claim in CLAIMS:
        assert claim.limits and claim.about + claim.against
        assert set(claim.profiles) == {"smoke", "cpu", "gpu"}


def test_surfaces_of_the_grid_equal_single_heads():
    numbers = {"kappa": 0.3, "sigma": -0.4, "wS": 0.7}
    for w01, w02 in ((RATIOS[1], NOISE_RATIOS[2]), (0.37, 1.3)):
        expected = separation_accuracy(length_law="uniform", N=6, head=(w01, w02, 0.3, -0.4, 0.7), tie="neg")
        assert float(law.intervened_accuracy(N=6, w01=w01, w02=w02, **numbers)) == pytest.approx(float(expected))
    swapped = law.inverse_ratio_accuracy(N=6, w01=RATIOS[1], w02=NOISE_RATIOS[2], **numbers)
    assert swapped == law.intervened_accuracy(N=6, w01=RATIOS[-2], w02=NOISE_RATIOS[2], **numbers)


def test_lengths_follow_the_worked_values():
    plain = {"w02": 1.0, "kappa": 0.0, "sigma": -0.5, "wS": 1.0, "b": 0.0}
    assert float(law.failing_length(w01=0.95, **plain)) == 19
    assert float(law.failing_length(w01=1.0, **plain)) == 61
    assert float(law.retuned_failing_length(w01=1.1, **{**plain, "w02": 0.5, "sigma": 0.0, "wS": 0.0})) == 45
    assert law.UPWARD.is_broken({"gain": -1.0}) and not law.UPWARD.is_broken({"gain": 1.0})
    assert law.LEARNED.is_broken({"solved": 0.0}) and not law.LEARNED.is_broken({"solved": 1.0})
    assert law.RESOLVED.is_broken({"kappa": 1.0, "sigma": 0.0, "wS": 1e9})


def test_lengths_without_ties_equal_a_walk_over_all_strings():
    """Second method: the score at every pair of counts up to 60, for heads off any tie."""

    def walked(w01, w02, b, with_ties):
        for n in range(1, 61):
            for n0 in range(n + 1):
                for n1 in range(n + 1 - n0):
                    n2 = n - n0 - n1
                    score = (w01 * n1 - n0 - 0.5) / (n0 + w01 * n1 + w02 * n2 + 1)
                    if (score > b) != (n1 > n0) and (with_ties or n1 != n0):
                        return n
        return 61

    # the second has the threshold (w01 - 1)/(w01 + 1) of its balance, and hardly sees noise
    for w01, w02, b in ((0.9, 0.3, -0.02), (0.857, 0.0001, -0.0769), (1.2, 0.001, 0.05)):
        plain = {"w01": w01, "w02": w02, "kappa": 0.0, "sigma": -0.5, "wS": 1.0, "b": b}
        assert float(law.failing_length_without_ties(**plain)) == walked(w01, w02, b, False)
        assert float(law.failing_length(**plain)) == walked(w01, w02, b, True)
    assert float(law.beyond_twice_the_length(N=8)) == 17
    # at the threshold of its balance a head without noise and frame is right on every length, and a little off it is not
    for w01 in (0.5, 0.857, 1.2):
        own = float(law.threshold_of_balance(w01=w01))
        assert all((w01 * (k + 1) - k) / (k + w01 * (k + 1)) > own for k in range(300))
        assert all((w01 * k - k - 1) / (k + 1 + w01 * k) < own for k in range(300))
        assert any((w01 * (k + 1) - k) / (k + w01 * (k + 1)) < own + 0.02 for k in range(300))


@pytest.mark.parametrize("N", [3, 4, 8, 9, 32])
def test_the_balance_of_the_largest_margin_gives_that_margin(N):
    """The worst of (k, k+1) and (k, k) at w01 = sqrt(k/(k+1)) is the exact value of T5; a balance near it gives less."""
    k = (N - 1) // 2

    def worst(w01):
        answers = (((k + 1) * w01 - k) / ((k + 1) * w01 + k), k * (1 - w01) / (k * (1 + w01)))
        return min(answers)

    best = float(law.balance_of_largest_margin(N=N))
    assert worst(best) == pytest.approx(max_margin(N=N, tie="neg"), rel=1e-12)
    assert worst(best) > max(worst(0.99 * best), worst(1.01 * best))


def test_cross_strip_and_naive_cross_differ_where_they_should():
    assert float(law.in_tuned_cross(N=12, w01=1.5, w02=0.5)) == 1  # (5/6, 1.571429)
    assert float(law.in_tuned_cross(N=12, w01=1.6, w02=0.5)) == 0
    assert float(law.in_own_strip(N=12, w01=1.08, sigma=-0.5, wS=1.0)) == 1
    assert float(law.in_own_strip(N=12, w01=1.09, sigma=-0.5, wS=1.0)) == 0
    # below balance the true rule has no product law: ties and strings of noise carry label 0
    assert (
        float(law.in_naive_cross(N=12, w01=0.5, w02=0.1)) == 1
        and float(law.in_tuned_cross(N=12, w01=0.5, w02=0.1)) == 0
    )


@pytest.mark.parametrize("N", [3, 6, 12])
@pytest.mark.parametrize("w01", [0.1, 0.75, 0.96, 1.0, 1.06, 1.5])
def test_own_accuracy_equals_the_sum_over_all_strings(N, w01):
    for sigma, frame in ((-0.5, 1.0), (0.0, 0.5), (0.3, 2.0)):
        head = (w01, 1, 0, sigma, frame)
        expected = fixed_threshold_accuracy(length_law="uniform", N=N, head=head, tie="neg")
        found = law.own_threshold_accuracy(N=N, w01=w01, sigma=sigma, wS=frame)
        assert float(found) == pytest.approx(float(expected), abs=1e-12)


def test_area_and_accuracy_are_two_numbers():
    assert float(law.area_from_accuracy(first_accuracy=5 / 6)) == pytest.approx(0.919569377)
    assert float(law.area_as_accuracy(first_accuracy=5 / 6)) == pytest.approx(5 / 6)
    assert float(law.prior_accuracy(N=12)) == pytest.approx(0.604456876)


def test_short_trainings_take_larger_steps():
    assert rate_of(SHORT_STEPS) == 0.04 and rate_of(500) == 0.01


def test_every_open_choice_is_varied_on_the_cpu():
    """Scales, widths, norm, residual, bias, ties, lengths, noise, weights, closing token, rate, positions."""
    cells = [cell for claim in CLAIMS if claim.id == "counting/one-head-suffices" for cell, _ in claim.wanted("cpu")]
    names = ("qk_init", "ov_init", "d_h", "residual", "bias", "tie", "length_law", "p2", "answer_weight", "positions")
    for name in (*names, "learning_rate", "word_weight", "loss", "H", "d_model", "norm", "optimiser"):
        assert len({cell[name] for cell in cells if name in cell}) > 1, name
    assert {cell["loss"] for cell in cells} == {"answer", "full", "full+closing"}
    assert {cell["H"] for cell in cells} == {1, 2, 4}
    large = [cell for claim in CLAIMS if claim.id == "counting/one-head-suffices" for cell, _ in claim.wanted("gpu")]
    assert {cell["H"] for cell in large} == {1, 2, 4, 8}


def test_sampling_error_and_priors():
    assert law.sampling_error(m=4000, N=12) > 0.0531  # row of the worked value has a larger delta, .01
    assert law.sampling_error(m=8000, N=8) == pytest.approx(law.sampling_error(m=2000, N=8) / 2)
    assert float(law.above_prior(N=12)) == pytest.approx(0.654456876)
    assert float(law.untrained_accuracy(N=5, kappa=0.0)) == 1
    with pytest.raises(DomainError, match="N"):
        law.untrained_accuracy(N=0, kappa=0.0)


@pytest.mark.parametrize(
    ("task", "n", "changes"),
    [("majority", 5, 1), ("majority", 4, 1), ("xor", 2, 2), ("equality", 6, 2), ("parity", 5, 5)],
)
def test_least_heads_counts_the_changes_of_sign(task, n, changes):
    assert len(symmetric_values(task, n)) == n + 1
    assert float(law.least_heads(task=task, n=n)) == changes
    assert float(law.one_head_more(task=task, n=n)) - 1 == float(law.one_head_less(task=task, n=n)) + 1 == changes
