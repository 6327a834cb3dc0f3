"""The same corpus in memory and in the cache, whatever the blocks and whoever dies."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from burble import files
from burble.data import corpus, encoder
from burble.settings import TextSettings
from tests.support.corpora import mapped


@pytest.fixture(scope="module", autouse=True)
def _own_cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


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


@pytest.mark.parametrize("name", ["ids", "facts.json", "starts.npy"])
def test_a_damaged_entry_is_made_again(tmp_path, monkeypatch, name):
    path = big(tmp_path, monkeypatch, f"damaged {name}\n")
    first = corpus.build([str(path)], TextSettings())
    ids = np.array(first.ids)
    entry = files.make_folder("corpora") / mapped(first.ids).parent.name
    (entry / name).write_bytes((entry / name).read_bytes()[:100])
    np.testing.assert_array_equal(corpus.build([str(path)], TextSettings()).ids, ids)
