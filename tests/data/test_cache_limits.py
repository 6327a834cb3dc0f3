"""What burble keeps: whole or made again, within its limit, told, and cleared when asked."""

import json
import os
import shutil

import numpy as np
import pytest

from burble import api, files
from burble.cli import doctor
from burble.data import cache, encoder
from burble.errors import (
    SettingsError,
)
from tests.support.corpora import mapped


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(encoder, "IN_MEMORY", 1000)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "big.txt"
    path.write_text("abc déf\nghi\n" * 400, encoding="utf-8")
    return path


def entries():
    return sorted(p.name for p in files.make_folder("corpora").iterdir())


def entry(corpus):
    return files.make_folder("corpora") / os.path.basename(
        os.path.dirname(corpus.encoded.ids.filename)
    )


def facts_with(**changed):
    def change(data):
        return json.dumps(json.loads(data) | changed).encode()

    return change


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("starts.npy", b""),
        ("starts.npy", lambda data: bytes(len(data))),
        ("starts.npy", lambda data: data[:-8] + (10**6).to_bytes(8, "little")),
        ("starts.npy", lambda data: data.replace(b"<i8", b"<f8")),
        ("ids", b""),
        ("ids", lambda data: data + b"x"),
        ("ids", lambda data: bytes(len(data))),
        ("ids", lambda data: b"\xff" * len(data)),
        ("facts.json", b""),
        ("facts.json", b"null"),
        ("facts.json", b"[]"),
        ("facts.json", b"\xff"),
        ("facts.json", b"[" * 100_000),
        ("facts.json", facts_with(symbols=None)),
        ("facts.json", facts_with(symbols=["b", "a"], counts=[1, 2])),
        ("facts.json", facts_with(unit="word")),
        ("facts.json", facts_with(counts=["a"] * 9)),
        ("facts.json", facts_with(names=None)),
        ("facts.json", facts_with(names=[1])),
        ("facts.json", facts_with(notes="x" * 3, lines="3")),
        ("facts.json", facts_with(changes={"marks": "many"})),
        ("facts.json", facts_with(removed=[1])),
        ("facts.json", facts_with(size=None)),
    ],
)
def test_an_entry_that_a_power_cut_spoilt_is_made_again(path, name, change):
    first = api.read(path, documents="lines")
    ids, starts, place = np.array(first.ids), np.array(first.starts), entry(first)
    spoilt = change((place / name).read_bytes()) if callable(change) else change
    (place / name).write_bytes(spoilt)
    again = api.read(path, documents="lines")
    np.testing.assert_array_equal(again.ids, ids)
    np.testing.assert_array_equal(again.starts, starts)
    assert (again.sha256, again.names, again.notes) == (first.sha256, first.names, first.notes)
    assert (place / name).read_bytes() != spoilt


def test_the_longest_unused_goes_first_and_nothing_in_use_goes(path, monkeypatch):
    used = api.read(path)
    old, middle = (api.read(path, documents=d) for d in ("lines", "blank"))
    names = [entry(corpus) for corpus in (used, old, middle)]
    for age, place in enumerate(names):
        os.utime(place, (age, age))
    size = sum(p.stat().st_size for p in names[2].iterdir())
    monkeypatch.setenv(cache.LIMIT_VARIABLE, str(3.5 * size / 1e9))
    del old, middle
    # The first is in use, the second was not used for longest.
    newest = api.read(path, lowercase=True)
    assert entries() == sorted(place.name for place in (names[0], names[2], entry(newest)))
    monkeypatch.setenv(cache.LIMIT_VARIABLE, "0")
    del newest
    last = api.read(path, strip_punctuation=True)
    assert entries() == sorted(place.name for place in (names[0], entry(last)))
    np.testing.assert_array_equal(last.ids[:3], used.ids[:3])


def test_reading_an_entry_makes_it_the_latest(path):
    place = entry(api.read(path))
    os.utime(place, (1, 1))
    api.read(path)
    assert place.stat().st_mtime > 10**9


@pytest.mark.parametrize("said", ["much", "-1", "nan", "inf"])
def test_a_limit_that_is_none_is_refused_before_the_reading(path, monkeypatch, said):
    monkeypatch.setenv(cache.LIMIT_VARIABLE, said)
    with pytest.raises(SettingsError, match=f"BURBLE_CACHE_GB is '{said}', but must be a number"):
        api.read(path)
    assert entries() == []


def test_clearing_removes_all_but_what_is_in_use(path, capsys):
    kept, gone = api.read(path), entry(api.read(path, documents="lines"))
    assert gone.is_dir()
    (files.make_folder("gutenberg") / "pg11.txt").write_bytes(b"x" * 1000)
    step = files.make_folder("compiled") / "abc" / "step"
    step.parent.mkdir()
    step.write_bytes(b"x" * 2000)
    (files.make_folder("corpora") / ".partial-left").mkdir()
    mine = files.find_cache() / "mine.txt"
    mine.write_bytes(b"x")
    parts = {part.name: part for part in cache.list_parts()}
    assert (parts["corpora"].entries, parts["gutenberg"].size) == (3, 1000)
    assert parts["compiled"] == cache.Part("compiled", 1, 2000)
    doctor.doctor(clear_cache=True)
    said = capsys.readouterr().out.splitlines()
    assert said[-1] == f"{entry(kept)} is in use and stays."
    assert said[-2].endswith(" KB freed.")
    assert entries() == [entry(kept).name]
    assert not step.parent.exists()
    assert mine.exists()
    place = entry(kept)
    del kept
    doctor.doctor(clear_cache=True, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert (told["in_use"], told["kept"]["corpora"]) == ([], {"entries": 0, "bytes": 0})
    assert told["freed"] > 1000
    assert not place.exists()


def test_an_entry_without_a_place_for_notes_can_be_used(path):
    place = entry(api.read(path))
    shutil.rmtree(place / "in-use.lock", ignore_errors=True)
    (place / "in-use.lock").unlink(missing_ok=True)
    (place / "in-use.lock").mkdir()
    assert entry(api.read(path)) == place


@pytest.mark.skipif(not os.path.exists("/proc/self/smaps"), reason="this system tells no maps")
def test_what_was_read_of_a_mapped_text_leaves_the_memory(path):
    corpus = api.read(path, validation=0.0)

    def resident():
        with open("/proc/self/smaps", encoding="utf-8") as file:
            lines = file.read().splitlines()
        start = next(i for i, line in enumerate(lines) if line.endswith(str(mapped(corpus.ids))))
        return next(line for line in lines[start:] if line.startswith("Rss:")).split()[1]

    part = corpus.ids[10:].copy(), corpus.ids[10:]
    assert resident() != "0"
    files.release(part[1])
    assert resident() == "0"
    np.testing.assert_array_equal(*part)
