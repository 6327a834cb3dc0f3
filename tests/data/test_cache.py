"""The same corpus in memory and in the cache, whatever the blocks and whoever dies."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from burble import files
from burble.data import cache, corpus, encoder, sources
from burble.data.documents import ReadOptions
from burble.errors import (
    CorpusError,
    SourceError,
)
from burble.settings import TextSettings
from tests.support.corpora import mapped


@pytest.fixture(scope="module", autouse=True)
def _own_cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


WORDS = st.text(alphabet="aA1 \n\r.\u0301ΣσİかéÀ一👩\u200d👧\ufeff\0", max_size=30)


@given(
    texts=st.lists(WORDS, min_size=1, max_size=4),
    block=st.integers(1, 9),
    chosen=st.fixed_dictionaries(
        {
            "unit": st.sampled_from(["char", "grapheme"]),
            "documents": st.sampled_from(["sources", "lines", "blank", "sentences"]),
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
            options = ReadOptions(made, block=size)
            if limit:
                return encoder.encode_sources(found, options, limit)
            return cache.load_or_encode(found, options, limit)
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


def big(tmp_path, monkeypatch, words="abc déf\n"):
    monkeypatch.setattr(encoder, "IN_MEMORY", 1000)
    path = tmp_path / "big.txt"
    path.write_text(words * 400, encoding="utf-8")
    return path


def test_a_large_text_is_mapped_from_the_cache_and_found_there_again(tmp_path, monkeypatch):
    path = big(tmp_path, monkeypatch)
    told = []
    first = corpus.build([str(path)], TextSettings(), progress=lambda *done: told.append(done))
    assert isinstance(first.ids, np.memmap)
    assert told[-1] == (path.stat().st_size,) * 2
    entry = files.make_folder("corpora")
    kept = sorted(p.name for p in entry.iterdir())
    again = corpus.build([str(path)], TextSettings())
    assert sorted(p.name for p in entry.iterdir()) == kept
    assert mapped(again.ids) == mapped(first.ids)
    assert (again.sha256, again.counts, again.notes) == (first.sha256, first.counts, first.notes)
    if os.name == "posix":
        assert entry.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("change", [{"lowercase": True}, {"min_count": 2}, {"unit": "grapheme"}])
def test_other_settings_are_another_entry(tmp_path, monkeypatch, change):
    path = big(tmp_path, monkeypatch)
    first = corpus.build([str(path)], TextSettings())
    other = corpus.build([str(path)], TextSettings(**change))
    assert mapped(other.ids) != mapped(first.ids)


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

    before = set(files.make_folder("corpora").iterdir())
    with pytest.raises(KeyboardInterrupt):
        corpus.build([str(path)], TextSettings(), progress=stop)
    assert set(files.make_folder("corpora").iterdir()) == before
    assert corpus.build([str(path)], TextSettings()).counts["é"] == 400


KILLED = """
import os, signal, sys
from burble import settings
from burble.data import corpus, encoder
encoder.IN_MEMORY = 1000
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
    before = set(files.make_folder("corpora").iterdir())
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert set(files.make_folder("corpora").iterdir()) == before
    assert corpus.build([str(path)], TextSettings()).counts["ü"] == 20_000


def test_what_a_killed_process_left_is_swept_after_a_day(tmp_path):
    old, new = tmp_path / ".partial-old", tmp_path / ".partial-new"
    for left in (old, new):
        left.mkdir()
        (left / "ids").write_bytes(b"half")
    os.utime(old, (0, 0))
    with files.new_entry(tmp_path, "key") as partial:
        (partial / "ids").write_bytes(b"whole")
    assert {p.name: (p / "ids").read_bytes() for p in tmp_path.iterdir()} == {
        ".partial-new": b"half",
        "key": b"whole",
    }


def test_the_slower_of_two_processes_takes_what_is_there(tmp_path):
    (tmp_path / "key").mkdir()
    (tmp_path / "key" / "ids").write_bytes(b"first")
    with files.new_entry(tmp_path, "key") as partial:
        (partial / "ids").write_bytes(b"second")
    assert [p.name for p in tmp_path.iterdir()] == ["key"]
    assert (tmp_path / "key" / "ids").read_bytes() == b"first"


@pytest.mark.parametrize("name", ["ids", "facts.json", "starts.npy"])
def test_a_damaged_entry_is_made_again(tmp_path, monkeypatch, name):
    path = big(tmp_path, monkeypatch, f"damaged {name}\n")
    first = corpus.build([str(path)], TextSettings())
    ids = np.array(first.ids)
    entry = files.make_folder("corpora") / mapped(first.ids).parent.name
    (entry / name).write_bytes((entry / name).read_bytes()[:100])
    np.testing.assert_array_equal(corpus.build([str(path)], TextSettings()).ids, ids)
