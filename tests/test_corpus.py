import numpy as np
import pytest

from burble import corpus, settings, sources
from burble.errors import CorpusError, SettingsError, SourceError
from burble.settings import TextSettings
from burble.sources import Source


def test_one_text_is_its_characters():
    c = corpus.build([Source("a", b"abracadabra")], TextSettings(), held_out=0.2)
    assert c.vocabulary.decode(c.ids) == "abracadabra"
    assert c.vocabulary.decode(c.training) == "abracadab"
    assert c.vocabulary.decode(c.tail) == "bra"
    assert c.counts["a"] == 5


def test_several_texts_have_an_edge_after_each():
    c = corpus.build([Source("1", b"ab"), Source("2", b"ba")], TextSettings(), held_out=0)
    np.testing.assert_array_equal(c.ids, [0, 1, 2, 1, 0, 2])


def test_rare_symbols_are_removed_and_counted():
    c = corpus.build([Source("1", b"aaxbb")], TextSettings(min_count=2), held_out=0)
    assert c.vocabulary.decode(c.ids) == "aabb"
    assert c.removed == {"x": 1}


def test_the_fingerprint_sees_every_letter_and_every_edge():
    def fingerprint(*parts):
        return corpus.build([Source("x", p) for p in parts], TextSettings(), held_out=0).sha256

    assert fingerprint(b"abc", b"d") == fingerprint(b"abc", b"d")
    assert len({fingerprint(b"abc", b"d"), fingerprint(b"ab", b"cd"), fingerprint(b"abcd")}) == 3


def test_too_little_text_is_refused_with_numbers():
    with pytest.raises(CorpusError, match="1 symbols"):
        corpus.build([Source("1", b"a")], TextSettings())


def test_a_folder_is_read_in_order_and_what_is_left_out_is_told(tmp_path):
    (tmp_path / "b.txt").write_bytes(b"two")
    (tmp_path / "a.txt").write_bytes(b"one\n")
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / ".hidden").write_bytes(b"x")
    (tmp_path / "cat.jpg").write_bytes(b"\xff\xd8\x00")
    found, notes = sources.read([str(tmp_path)])
    assert [s.data for s in found] == [b"one\n", b"two"]
    told = " ".join(notes)
    assert all(name in told for name in (".hidden is hidden", "cat.jpg is not text", "empty.txt"))


def test_a_missing_file_says_what_is_there_instead(tmp_path):
    (tmp_path / "alice.txt").write_bytes(b"x")
    with pytest.raises(SourceError, match=r"there is no .*alise\.txt.*it holds alice\.txt"):
        sources.read([str(tmp_path / "alise.txt")])


def test_the_built_in_text_says_each_long_paragraph_once():
    ((source,), _) = sources.read(["builtin:python-docs"])
    long = [p for p in source.data.decode().split("\n\n") if len(p) >= 80]
    assert len(source.data) > 100_000
    assert len(long) == len(set(long))


def test_settings_are_made_from_flat_names():
    made = settings.make({"units": 8, "lowercase": True, "steps": 3, "batch": None})
    assert (made.model.units, made.text.lowercase, made.training.steps) == (8, True, 3)
    with pytest.raises(SettingsError, match="no setting called unitz"):
        settings.make({"unitz": 8})
    with pytest.raises(SettingsError, match=r"held_out is 1\.5"):
        settings.make({"held_out": 1.5})
