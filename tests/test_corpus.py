import os
import random
import signal
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from burble import corpus, preparation, settings, sources, storage
from burble.documents import Reading
from burble.errors import (
    CorpusError,
    EncodingError,
    SettingsError,
    SourceError,
    StorageError,
    VocabularyError,
)
from burble.settings import TextSettings


@pytest.fixture(scope="module", autouse=True)
def _own_cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


def from_texts(*texts, held_out=0.0, **chosen):
    return corpus.from_texts(texts, TextSettings(**chosen), held_out=held_out)


def parts(c):
    """The documents of a corpus as texts."""
    ends = [*c.starts[1:], len(c.ids) + (not c.vocabulary.boundary)]
    return [c.vocabulary.decode(c.ids[a : b - 1]) for a, b in zip(c.starts, ends, strict=True)]


def test_one_text_is_its_characters():
    c = from_texts("abracadabra", held_out=0.2)
    assert c.vocabulary.decode(c.ids) == "abracadabra"
    assert c.vocabulary.decode(c.training) == "abracadab"
    assert c.vocabulary.decode(c.tail) == "bra"
    assert (c.counts["a"], c.characters, c.lines, c.separator) == (5, 11, 1, "")
    np.testing.assert_array_equal(c.starts, [0])


def test_several_texts_have_an_edge_after_each():
    c = from_texts("ab", "ba")
    np.testing.assert_array_equal(c.ids, [0, 1, 2, 1, 0, 2])
    np.testing.assert_array_equal(c.starts, [0, 3])
    assert "".join(c.text()) == "ab\n\nba"


def test_each_line_is_a_document_where_asked():
    c = from_texts("one\n\n  two\n \t\nthree\n", "\nfour", documents="lines")
    assert parts(c) == ["one", "  two", "three", "four"]
    assert "3 blank lines skipped." in c.notes
    assert c.lines == 7
    assert "".join(c.text()) == "one\n  two\nthree\nfour"


def test_blank_lines_part_documents_where_asked():
    c = from_texts("\n\na\nb\n\nc\n \n\n  d\n\n", "e\n", documents="blank")
    assert parts(c) == ["a\nb", "c", "  d", "e"]
    assert "".join(c.text()) == "a\nb\n\nc\n\n  d\n\ne"


def test_empty_texts_are_skipped_and_counted():
    c = from_texts("ab", " \n", "", "cd")
    assert parts(c) == ["ab", "cd"]
    assert "2 empty documents skipped." in c.notes


def test_rare_symbols_are_removed_and_counted():
    c = from_texts("aaxbb", min_count=2)
    assert c.vocabulary.decode(c.ids) == "aabb"
    assert c.removed == {"x": 1}
    assert c.characters == 4


def test_documents_of_rare_symbols_alone_vanish_with_their_edges():
    c = from_texts("xy", "aa", "z", "bb", "w", min_count=2)
    assert parts(c) == ["aa", "bb"]
    np.testing.assert_array_equal(c.ids, [0, 0, 2, 1, 1, 2])
    with pytest.raises(CorpusError, match=r"fewer than 9 times.*--min-count"):
        from_texts("abc", min_count=9)


def test_the_fingerprint_sees_every_letter_and_every_edge():
    def fingerprint(*texts):
        return from_texts(*texts).sha256

    assert fingerprint("abc", "d") == fingerprint("abc", "d")
    assert len({fingerprint("abc", "d"), fingerprint("ab", "cd"), fingerprint("abcd")}) == 3


def test_the_fingerprint_of_one_text_is_that_of_its_file():
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert from_texts("abc").sha256 == known


def test_too_little_text_is_refused_with_numbers():
    with pytest.raises(CorpusError, match="1 symbols, of which 1 would be trained on"):
        from_texts("a")
    with pytest.raises(SourceError, match="there is no text to read"):
        from_texts("", " ")


def test_one_character_over_and_over_is_a_text():
    c = from_texts("a" * 50, held_out=0.1)
    assert (c.vocabulary.symbols, c.cut) == (("a",), 45)


# The held-out part.


def test_nothing_held_out_is_said():
    assert any("Nothing is held out; all" in note for note in from_texts("abc").notes)
    c = from_texts("abc", held_out=0.1)
    assert c.cut == 3
    assert any("Nothing is held out; the text is too short" in note for note in c.notes)


def test_the_held_out_part_begins_with_a_document_near_the_share():
    c = from_texts(*["x" * 9] * 30, held_out=0.11)
    assert (len(c.ids), c.cut) == (300, 270)
    assert not c.notes
    c = from_texts("x" * 100, "y" * 17, held_out=0.1)
    assert c.cut == 101


@pytest.mark.parametrize("last", [4, 60])
def test_a_document_too_short_or_too_long_is_cut_into_and_said_so(last):
    c = from_texts("x" * 200, "y" * last, held_out=0.1)
    assert c.cut == len(c.ids) - len(c.ids) // 10
    assert any("inside a document" in note for note in c.notes)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=30), st.floats(0, 0.5))
def test_the_held_out_part_is_half_to_double_of_what_was_asked(lengths, share):
    c = from_texts(*["x" * n for n in lengths], "xx", held_out=share)
    asked = int(len(c.ids) * share)
    assert asked / 2 <= len(c.ids) - c.cut <= 2 * asked
    assert c.cut >= 2


@pytest.mark.parametrize("share", [-0.1, 1, 1.5, 100, float("nan")])
def test_a_share_that_is_none_is_refused_by_name(share):
    with pytest.raises(SettingsError, match=r"held_out is .*a share"):
        from_texts("abc", held_out=share)


# The same corpus in memory and in the cache, whatever the blocks.

WORDS = st.text(alphabet="aA1 \n\r.\u0301ΣσİかéÀ一👩\u200d👧\ufeff\0", max_size=30)


@given(
    texts=st.lists(WORDS, min_size=1, max_size=4),
    block=st.integers(1, 9),
    chosen=st.fixed_dictionaries(
        {
            "unit": st.sampled_from(["char", "grapheme"]),
            "documents": st.sampled_from(["sources", "lines", "blank"]),
            "min_count": st.integers(1, 2),
            "lowercase": st.booleans(),
        }
    ),
)
@example(["ab \n", "\n\n"], 1, {"unit": "grapheme", "documents": "blank", "min_count": 1})
def test_memory_cache_and_block_size_make_no_difference(texts, block, chosen):
    made = TextSettings(**chosen)
    found = [sources.from_bytes(str(i), t.encode()) for i, t in enumerate(texts)]

    def prepare(limit, size):
        try:
            return preparation.prepare(found, Reading(made, block=size), limit)
        except (SourceError, CorpusError) as error:
            return str(error)

    whole = prepare(1 << 20, 1 << 20)
    for limit, size in [(1 << 20, block), (0, 1 << 20), (0, block)]:
        other = prepare(limit, size)
        if isinstance(whole, str):
            assert other == whole
            continue
        np.testing.assert_array_equal(other.ids, whole.ids)
        np.testing.assert_array_equal(other.starts, whole.starts)
        assert other.ids.dtype == whole.ids.dtype
        for name in ("vocabulary", "sha256", "counts", "lines", "changes", "removed"):
            assert getattr(other, name) == getattr(whole, name)


@given(st.lists(WORDS, min_size=1, max_size=4), st.sampled_from(["sources", "lines", "blank"]))
def test_the_numbers_add_up(texts, documents):
    try:
        c = from_texts("ab", *texts, documents=documents)
    except CorpusError:
        return
    assert c.characters == c.counts.total()
    edges = len(c.starts) if c.vocabulary.boundary else 0
    assert len(c.ids) == c.characters + edges
    assert "".join(parts(c)) == c.vocabulary.decode(c.ids)
    assert all(part.strip() for part in parts(c))


def big(tmp_path, monkeypatch, words="abc déf\n"):
    monkeypatch.setattr(preparation, "IN_MEMORY", 1000)
    path = tmp_path / "big.txt"
    path.write_text(words * 400, encoding="utf-8")
    return path


def test_a_large_text_is_mapped_from_the_cache_and_found_there_again(tmp_path, monkeypatch):
    path = big(tmp_path, monkeypatch)
    told = []
    first = corpus.build([str(path)], TextSettings(), progress=lambda *done: told.append(done))
    assert isinstance(first.ids, np.memmap)
    assert told[-1] == (path.stat().st_size,) * 2
    entry = storage.folder("corpora")
    kept = sorted(p.name for p in entry.iterdir())
    again = corpus.build([str(path)], TextSettings())
    assert sorted(p.name for p in entry.iterdir()) == kept
    assert again.ids.filename == first.ids.filename
    assert (again.sha256, again.counts, again.notes) == (first.sha256, first.counts, first.notes)
    if os.name == "posix":
        assert entry.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("change", [{"lowercase": True}, {"min_count": 2}, {"unit": "grapheme"}])
def test_other_settings_are_another_entry(tmp_path, monkeypatch, change):
    path = big(tmp_path, monkeypatch)
    first = corpus.build([str(path)], TextSettings())
    other = corpus.build([str(path)], TextSettings(**change))
    assert other.ids.filename != first.ids.filename


def test_one_changed_letter_is_never_served_from_the_cache(tmp_path, monkeypatch):
    path = big(tmp_path, monkeypatch)
    before = corpus.build([str(path)], TextSettings())
    stamp = path.stat()
    path.write_bytes(path.read_bytes().replace(b"c", b"k", 1))
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    after = corpus.build([str(path)], TextSettings())
    assert before.counts["k"] == 0
    assert after.counts["k"] == 1


def test_an_entry_that_was_never_finished_is_not_used(tmp_path, monkeypatch):
    path = big(tmp_path, monkeypatch, "stopped half way é\n")

    def stop(*_done):
        raise KeyboardInterrupt

    before = set(storage.folder("corpora").iterdir())
    with pytest.raises(KeyboardInterrupt):
        corpus.build([str(path)], TextSettings(), progress=stop)
    assert set(storage.folder("corpora").iterdir()) == before
    assert corpus.build([str(path)], TextSettings()).counts["é"] == 400


KILLED = """
import os, signal, sys
from burble import corpus, preparation, settings
preparation.IN_MEMORY = 1000
read = []
def die(done, total):
    read.append(done)
    if len(read) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
corpus.build(sys.argv[1:], settings.TextSettings(), progress=die)
"""


@pytest.mark.skipif(os.name != "posix", reason="this system has no SIGKILL")
def test_a_process_killed_while_it_prepares_leaves_nothing(tmp_path, monkeypatch):
    path = big(tmp_path, monkeypatch, "killed half way ü\n" * 50)
    before = set(storage.folder("corpora").iterdir())
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert set(storage.folder("corpora").iterdir()) == before
    assert corpus.build([str(path)], TextSettings()).counts["ü"] == 20_000


def test_what_a_killed_process_left_is_swept_after_a_day(tmp_path):
    old, new = tmp_path / ".partial-old", tmp_path / ".partial-new"
    for left in (old, new):
        left.mkdir()
        (left / "ids").write_bytes(b"half")
    os.utime(old, (0, 0))
    with storage.new_entry(tmp_path, "key") as partial:
        (partial / "ids").write_bytes(b"whole")
    assert {p.name: (p / "ids").read_bytes() for p in tmp_path.iterdir()} == {
        ".partial-new": b"half",
        "key": b"whole",
    }


def test_the_slower_of_two_processes_takes_what_is_there(tmp_path):
    (tmp_path / "key").mkdir()
    (tmp_path / "key" / "ids").write_bytes(b"first")
    with storage.new_entry(tmp_path, "key") as partial:
        (partial / "ids").write_bytes(b"second")
    assert [p.name for p in tmp_path.iterdir()] == ["key"]
    assert (tmp_path / "key" / "ids").read_bytes() == b"first"


def test_a_full_or_missing_disk_is_one_sentence(tmp_path):
    c = from_texts("abc")
    with pytest.raises(StorageError, match=r"could not write .*out\.txt: No such file"):
        c.save_text(tmp_path / "no" / "out.txt")


@pytest.mark.parametrize("name", ["ids", "facts.json", "starts.npy"])
def test_a_damaged_entry_is_made_again(tmp_path, monkeypatch, name):
    path = big(tmp_path, monkeypatch, f"damaged {name}\n")
    first = corpus.build([str(path)], TextSettings())
    ids = np.array(first.ids)
    entry = storage.folder("corpora") / os.path.basename(os.path.dirname(first.ids.filename))
    (entry / name).write_bytes((entry / name).read_bytes()[:100])
    np.testing.assert_array_equal(corpus.build([str(path)], TextSettings()).ids, ids)


# Edge cases of whole files.


def build(tmp_path, data, **chosen):
    path = tmp_path / "t.txt"
    path.write_bytes(data)
    encoding = chosen.pop("encoding", None)
    return corpus.build([str(path)], TextSettings(**chosen), held_out=0, encoding=encoding)


@pytest.mark.parametrize(
    "words",
    [
        "thirty bytes of plain English.",
        "μῆνιν ἄειδε θεὰ Πηληϊάδεω Ἀχιλῆος\n",
        "في البدء كانت الكلمة ثم جاء الصمت\n",
        "👩‍👧 ☃️ 🇬🇷 emoji 👍🏽\n",
        "吾輩は猫である。名前はまだ無い。\n",
    ],
)
@pytest.mark.parametrize("unit", ["char", "grapheme"])
def test_every_script_comes_back_letter_by_letter(tmp_path, words, unit):
    c = build(tmp_path, words.encode(), unit=unit)
    assert "".join(c.text()) == words
    assert set(c.vocabulary.symbols) == set(c.counts)


@pytest.mark.parametrize("codec", ["utf-16", "utf-32", "utf-8-sig", "cp1252"])
def test_the_encoding_makes_no_difference(tmp_path, codec):
    words = "‘Curly’ café\n"
    named = codec if codec == "cp1252" else None
    assert build(tmp_path, words.encode(codec), encoding=named).sha256 == from_texts(words).sha256


def test_line_ends_make_no_difference(tmp_path):
    shas = {build(tmp_path, end.join([b"a", b"b", b""])).sha256 for end in (b"\n", b"\r\n", b"\r")}
    assert shas == {from_texts("a\nb\n").sha256}


def test_a_mark_at_the_start_is_told_and_one_inside_counted(tmp_path):
    mark = b"\xef\xbb\xbf"
    c = build(tmp_path, mark + b"one\n" + mark + b"two\n")
    assert "".join(c.text()) == "one\ntwo\n"
    assert c.changes.marks == 1
    assert any("starts with a byte-order mark" in note for note in c.notes)


def test_one_line_of_5_mb(tmp_path):
    line = bytes(random.Random(0).choices(b"abcdefgh", k=5_000_000))
    c = build(tmp_path, line)
    assert (len(c.ids), c.lines) == (5_000_000, 1)
    np.testing.assert_array_equal(c.ids, np.frombuffer(line, np.uint8) - ord("a"))


def test_an_empty_file_is_one_sentence(tmp_path):
    with pytest.raises(SourceError, match=r"no text to read\. .*t\.txt is empty"):
        build(tmp_path, b"")


def test_a_wrong_byte_far_into_a_file_is_found_by_its_place(tmp_path):
    with pytest.raises(EncodingError, match=r"line 300,001, byte 3,000,003 is 0x92"):
        build(tmp_path, b"nine here\n" * 300_000 + b"don\x92t")


def test_a_table_gives_one_document_a_row(tmp_path):
    (tmp_path / "p.csv").write_bytes('id,body\n1,"a\nb"\n2,\n3,cé\n'.encode())
    c = corpus.build([f"{tmp_path / 'p.csv'}:body"], TextSettings(), held_out=0)
    assert parts(c) == ["a\nb", "cé"]
    assert any("1 row without text in 'body'" in note for note in c.notes)


def test_more_symbols_than_ids_is_one_sentence(tmp_path):
    points = [*range(0x3400, 0xA000), *range(0xAC00, 0xD7A4), *range(0x20000, 0x2A6D0)]
    with pytest.raises(VocabularyError, match="more than 65,534 different symbols"):
        build(tmp_path, "".join(map(chr, points)).encode())


def test_settings_are_made_from_flat_names():
    made = settings.make({"units": 8, "lowercase": True, "steps": 3, "batch": None})
    assert (made.model.units, made.text.lowercase, made.training.steps) == (8, True, 3)
    with pytest.raises(SettingsError, match="no setting called unitz"):
        settings.make({"unitz": 8})
    with pytest.raises(SettingsError, match=r"held_out is 1\.5"):
        settings.make({"held_out": 1.5})
    with pytest.raises(SettingsError, match="documents is 'pages', but must be sources, lines"):
        settings.make({"documents": "pages"})


def test_an_empty_file_among_others_is_named_and_is_no_source(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"one")
    (tmp_path / "b.txt").write_bytes(b" \n")
    c = corpus.build([str(tmp_path)], TextSettings(), held_out=0)
    assert c.names == (str(tmp_path / "a.txt"),)
    assert c.notes[0] == f"{tmp_path / 'b.txt'} is empty and was passed over."
    assert len(c.notes) == 2
