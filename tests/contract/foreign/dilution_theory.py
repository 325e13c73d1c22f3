"""Attention dilution (arXiv:0000.00000): what a leading token keeps of the softmax weight."""

from theory import AtLeast, Claim, Clause, Control, Grid, Integer, Observable, Parameter, Real, Source, bound

N = Parameter("n", Integer(2), "number of tokens")
GAP = Parameter("gap", Real(0), "lead of the best logit over all others", unit="nats")
LEMMA = Source("0000.00000", "Lemma 1", "v1")


@bound(params=(N, GAP), direction="lower", source=LEMMA)
def kept_weight(m, *, n, gap):
    """Softmax weight of a token whose logit leads every other one by at least `gap`."""
    return 1 / (1 + (n - 1) * m.exp(-gap))


@bound(params=(N, GAP), direction="lower", source=LEMMA)
def kept_weight_halved(m, *, n, gap):
    """Negative control: counts half of the competitors, so it promises too much."""
    return 1 / (1 + (n - 1) / 2 * m.exp(-gap))


CLAIMS = (
    Claim(
        id="dilution/kept-weight",
        says="A token that leads by gap keeps at least 1/(1 + (n-1) exp(-gap)) of the weight.",
        experiment="dilution/adversary",
        profiles={"smoke": Grid(n=(2, 8, 64), gap=(0.5, 2.0, 4.0), seeds=16)},
        clauses=(
            Clause(
                bound=kept_weight,
                relation=AtLeast(),
                control=Control(bound=kept_weight_halved),
                observable=Observable("weight", low=0, high=1, evidence="witness_above", resolution=1e-12),
            ),
        ),
    ),
)
