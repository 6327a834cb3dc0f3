import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burble.data import units
from burble.errors import SettingsError, VocabularyError
from burble.inference.batching import Batch
from burble.inference.generator import Generator
from burble.inference.prompts import prepare_ids
from burble.inference.scored import Scored, Symbol
from burble.inference.symbol_scores import score_symbols
from burble.inference.valid_bytes import ByteConstraint
from burble.model.softmax import IMPOSSIBLE
from burble.ngram.index import build_index
from tests.support.speakers import chancy

MODEL = chancy(units.BYTES, unit="bytes", scale=2.0)


def allowed(constraint, size=256):
    logits = np.zeros((1, size), np.float32)
    constraint.process(logits)
    return np.flatnonzero(logits[0] > IMPOSSIBLE)


@given(st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1))
def test_all_of_utf_8_may_be_written(raw):
    constraint = ByteConstraint(1)
    for value in raw.encode():
        assert value in allowed(constraint)
        constraint.append_symbols(np.array([value]))


@given(st.lists(st.integers(0, 255), max_size=12))
def test_what_may_be_written_is_the_beginning_of_utf_8(choices):
    constraint, written = ByteConstraint(1), b""
    for choice in choices:
        possible = allowed(constraint, 257)
        value = int(possible[choice % len(possible)])
        if value == 256:
            written.decode()
            continue
        written += bytes([value])
        constraint.append_symbols(np.array([value]))
    whole = written
    while 256 not in (possible := allowed(constraint, 257)):
        whole += bytes([possible[0]])
        constraint.append_symbols(possible[:1])
    whole.decode()


def test_a_model_of_bytes_writes_whole_characters():
    writer = Generator(MODEL)
    whole = writer.generate("é", length=200, temperature=1.5, seed=1)
    assert len(whole) == 200
    assert whole.encode().decode() == whole
    assert not whole.isascii()
    pieces = [*writer.stream("é", length=200, temperature=1.5, seed=1)]
    assert "".join(pieces) == whole
    assert writer.generate("é", length=7, temperature=1.5, seed=1) == whole[:7]


def test_what_is_predicted_of_bytes_is_told_by_the_character():
    writer = Generator(MODEL)
    settings, _ = writer.resolve_settings({"length": 40, "temperature": 1, "seed": 1})
    batch = Batch(writer)
    batch.join(writer.prepare_texts("né☃", settings), logprobs=2, echo=True)
    symbols: list[Symbol] = []
    text = ""
    while len(batch):
        for _, item in batch.step():
            if isinstance(item, Scored):
                symbols += item.symbols
            elif isinstance(item, str):
                text += item
    assert [one.text for one in symbols] == [*"né☃", *text]
    ids = MODEL.vocabulary.encode("né☃" + text)
    nll = writer.nll(ids)
    known = -sum(one.log_probability for one in symbols[1:])
    np.testing.assert_allclose(known, nll.sum(), rtol=1e-4)
    assert symbols[1].top[0][0] not in ("", "\ufffd")
    assert all(name.encode() for one in symbols for name, _ in one.top)
    found = score_symbols(writer, "né☃")
    assert [one.text for one in found] == [*"né☃"]
    np.testing.assert_allclose(found[2].log_probability, -nll[2:5].sum(), rtol=1e-4)


def test_ids_that_are_no_text_are_refused():
    with pytest.raises(VocabularyError, match="no UTF-8: byte 2 begins no whole character"):
        prepare_ids([97, 0xC3], MODEL)
    assert prepare_ids([97, 0xC3, 0xA9], MODEL).text == "aé"


def test_words_of_bytes_cannot_be_followed():
    with pytest.raises(SettingsError, match="a symbol of this model is a byte"):
        Generator(MODEL, lambda: build_index(np.arange(9))).generate("a", words="known")


def test_what_a_byte_is_called_can_be_written():
    found = Generator(MODEL).probabilities("a")
    assert "bytes:\\xc3" in found
    assert "".join(found).encode()
    assert len(found) == 256
    assert Generator(MODEL).suggest("a").symbols
