"""Sources, recall and text: frequencies, exact conditionals, counts by a second method, streams that differ."""

import platform
from pathlib import Path

import pytest
import torch

from empirics.generative.synthetic import drawer
from empirics.tasks import associative_recall, markov_sequences, text
from theory.core.errors import DomainError
from theory.generative import conditional_entropies, stationary_law, witten_bell_losses
from theory.generative.grids import source_named

KEYS = torch.tensor([21, 22], dtype=torch.int64)
SHAKESPEARE = Path(__file__).resolve().parents[4] / "shared" / "data" / "tinyshakespeare.txt"


# ---------------------------------------------------------------------------- sources
@pytest.mark.parametrize("name", ["int(3,3)", "int(2,4)", "lag(4,4)", "uniform(4)", "even", "two states"])
def test_true_loss_has_the_exact_entropy_at_every_position(name):
    n_symbols, draw, true_losses = drawer(name)
    tokens = draw(KEYS, 4000, 8, "data", 0)
    assert int(tokens.min()) >= 0 and int(tokens.max()) < n_symbols
    losses = true_losses(tokens).reshape(-1, 7)
    exact = conditional_entropies(source=source_named(name), kmax=7)[1:]
    error = losses.std(dim=0) / len(losses) ** 0.5
    assert ((losses.mean(dim=0) - torch.tensor(exact, dtype=torch.float64)).abs() <= 5 * error + 1e-9).all()


@pytest.mark.parametrize("name", ["int(3,3)", "lag(2,9)", "even", "two states"])
def test_stationary_law_is_that_of_the_exact_solver_and_the_same_in_every_call(name):
    source = source_named(name)
    exact = stationary_law(source=source)
    if hasattr(source, "table"):
        table = torch.tensor(source.table, dtype=torch.float64)
        found = [markov_sequences.chain(source.V, source.k, table.clone()).stationary for _ in range(2)]
    else:
        parts = [torch.tensor(one, dtype=torch.float64) for one in (source.A, source.E)]
        found = [markov_sequences.hidden_chain(*parts).start for _ in range(2)]
    assert torch.equal(*found) and found[0].tolist() == pytest.approx(list(exact), abs=1e-12)


def test_the_drawn_example_of_the_source():
    chain = markov_sequences.chain(2, 1, torch.tensor([[0.9, 0.1], [0.2, 0.8]], dtype=torch.float64))
    losses = markov_sequences.true_losses(chain, torch.tensor([[[0, 0, 1, 1]]]))
    assert losses[0, 0].exp().reciprocal().tolist() == pytest.approx([0.9, 0.1, 0.8])
    assert chain.stationary.tolist() == pytest.approx([2 / 3, 1 / 3])


@pytest.mark.parametrize("name", ["int(3,2)", "two states"])
def test_blocks_of_sequences_and_streams(name):
    _, draw, _ = drawer(name)
    whole = draw(KEYS, 10, 5, "data", 0)
    assert torch.equal(whole[:, 4:], draw(KEYS, 6, 5, "data", 4))
    assert torch.equal(whole[1:], draw(KEYS[1:], 10, 5, "data", 0))
    assert not torch.equal(whole, draw(KEYS, 10, 5, "test", 0))


def test_a_source_with_two_laws_is_refused():
    with pytest.raises(ValueError, match="unique"):
        markov_sequences.chain(2, 1, torch.eye(2))
    with pytest.raises(ValueError, match="shape"):
        markov_sequences.chain(2, 2, torch.eye(2))


# ---------------------------------------------------------------------------- recall
def test_recall_words_are_what_they_say():
    words = associative_recall.recall_words(KEYS, 3000, 3, 4, 5)
    keys, values = words[:, :, 0:6:2], words[:, :, 1:6:2]
    assert int(keys.max()) == 4 and int(values.min()) == 5 and int(values.max()) == 8
    assert (keys.sort(dim=2).values.diff(dim=2) > 0).all()
    hit = keys == words[:, :, 6:7]
    assert (hit.sum(dim=2) == 1).all() and torch.equal(values[hit], words[:, :, 7].reshape(-1))
    for place in range(3):
        assert abs(float(hit[:, :, place].float().mean()) - 1 / 3) < 5 * (2 / 9 / 6000) ** 0.5
    assert torch.equal(words[:, 7:], associative_recall.recall_words(KEYS, 2993, 3, 4, 5, start=7))
    with pytest.raises(ValueError, match="pool"):
        associative_recall.recall_words(KEYS, 1, 3, 4, 2)


# ---------------------------------------------------------------------------- text
def test_counts_equal_the_worked_values():
    both = text.corpus_of("abracadabra" + "cabra", "letters")
    found = text.witten_bell(both.ids[:11], both.ids[None, 11:], 2, 5).mean(dim=(1, 2))
    assert found.tolist() == pytest.approx([1.477810583, 0.801705919, 0.863759690], abs=1e-9)
    short = text.corpus_of("aabba", "letters")
    assert text.witten_bell(short.ids[:3], short.ids[None, 3:], 1, 2).mean(dim=(1, 2)).tolist() == pytest.approx(
        [0.713558178] * 2
    )


@pytest.mark.parametrize("start", [0, 100_000])
def test_counts_equal_a_second_method(start):
    corpus = text.load(None)
    train, held_out = corpus.ids[start : start + 6000], corpus.ids[start + 6000 : start + 7000]
    V = len(corpus.characters)
    found = text.witten_bell(train, held_out[None], 4, V).mean(dim=(1, 2)).tolist()
    truth = witten_bell_losses(train=corpus.text(train), validation=corpus.text(held_out), order=4, V=V)
    assert found == pytest.approx(list(truth), abs=1e-9)


def test_contexts_do_not_reach_beyond_a_piece():
    corpus = text.corpus_of("abcabcabc" * 30, "letters")
    whole = text.witten_bell(corpus.ids, corpus.ids[None, :12], 3, 3)
    pieces = text.witten_bell(corpus.ids, corpus.ids[:12].reshape(2, 6), 3, 3)
    assert torch.equal(whole[:, 0, :6], pieces[:, 0])
    assert float(pieces[3, 1, 0]) == float(pieces[0, 1, 0]) > float(whole[3, 0, 6])


def test_default_text_is_the_standard_librarys_own():
    from pydoc_data.topics import topics

    corpus = text.load(None)
    assert corpus.text(corpus.ids) == "".join(topics[key] for key in sorted(topics))
    assert corpus.name.startswith("pydoc_data.topics of Python 3") and len(corpus.sha256) == 64
    train, held_out = corpus.split()
    assert len(train) == int(0.9 * len(corpus.ids)) and len(train) + len(held_out) == len(corpus.ids)
    if platform.python_version() == "3.11.7":  # the release whose text was measured; others have another
        assert (len(corpus.ids), len(corpus.characters)) == (464_970, 103)
        assert corpus.sha256 == "37d06970fc926e60c16dff401e441b84752446a36b6b64516c229fdec77e992c"


def test_a_file_keeps_its_bytes(tmp_path):
    file = tmp_path / "some.txt"
    file.write_bytes("héé\r\nh".encode())
    corpus = text.load(file)
    import hashlib

    assert corpus.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert corpus.name == "some.txt" and corpus.characters == "\n\rhé" and corpus.text(corpus.ids) == "héé\r\nh"


@pytest.mark.parametrize(
    ("content", "says"), [(None, "can be read"), (b"\xff\xfe\xfa", "UTF-8"), (b"aaaa", "two distinct")]
)
def test_texts_that_are_refused(tmp_path, content, says):
    file = tmp_path / f"{says[:3]}.txt"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(DomainError, match=says):
        text.load(file)


@pytest.mark.parametrize(
    "call", [lambda c: c.split(0.0), lambda c: c.split(1.0), lambda c: text.witten_bell(c.ids, c.ids[None], 40, 103)]
)
def test_settings_that_are_refused(call):
    with pytest.raises(DomainError, match=r"fraction|order"):
        call(text.load(None))


@pytest.mark.skipif(not SHAKESPEARE.exists(), reason="the file is not beside this checkout")
def test_counts_on_shakespeare_are_those_of_two_other_implementations():
    corpus = text.load(SHAKESPEARE)
    train, held_out = corpus.split()
    assert (len(corpus.characters), len(train), len(held_out)) == (65, 1_003_854, 111_540)
    found = text.witten_bell(train, held_out[None], 8, 65).mean(dim=(1, 2)).tolist()
    known = [3.3473, 2.4858, 2.0492, 1.7738, 1.6688, 1.6981, 1.7792, 1.8758, 1.9702]
    assert found == pytest.approx(known, abs=2e-4)
