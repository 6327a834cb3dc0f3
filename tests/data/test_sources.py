import io
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from burble.data import outputs, sources
from burble.errors import EncodingError, InputError, SourceError, StorageError
from burble.experiments.compare import Comparison
from burble.experiments.grid import Variant
from burble.runs.folder import Run
from burble.runs.request import TrainingRequest
from burble.settings import Settings, SourceSettings


def content(source):
    return b"".join(source.read(3))


def test_an_empty_name_is_refused():
    with pytest.raises(SourceError, match="the name of a source is empty"):
        sources.find_sources([""])
    with pytest.raises(SourceError, match="there is no text to read"):
        sources.find_sources([])


def test_a_picture_is_called_a_picture(tmp_path):
    (tmp_path / "cat.txt").write_bytes(b"\xff\xd8\xff\xe0\x00\x10JFIF")
    with pytest.raises(SourceError, match=r"cat\.txt is a JPEG image, not text; leave it out"):
        sources.find_sources([str(tmp_path / "cat.txt")])


def test_a_model_or_a_run_is_to_write_with_not_to_read(tmp_path):
    model = tmp_path / "model.safetensors"
    model.write_bytes(b"\x02\x00\x00\x00\x00\x00\x00\x00{}")
    with pytest.raises(SourceError, match=r"is a model \(safetensors\).*burble sample .*model"):
        sources.find_sources([str(model)])
    (tmp_path / "run.json").write_bytes(b"{}")
    with pytest.raises(SourceError, match=r"is a run folder, not text; .*burble sample"):
        sources.find_sources([str(tmp_path)])


def test_utf16_without_a_mark_is_recognised_and_its_cure_named(tmp_path):
    path = tmp_path / "wide.txt"
    path.write_bytes("plain words in a file".encode("utf-16-be"))
    with pytest.raises(EncodingError, match=r"utf-16-be text without .*--encoding utf-16-be"):
        sources.find_sources([str(path)])
    ((source,), _) = sources.find_sources([str(path)], SourceSettings(encoding="utf-16-be"))
    assert content(source) == path.read_bytes()


def test_patterns_the_shell_left_alone_are_expanded(tmp_path):
    for name in ("b.txt", "a.txt", "c.md"):
        (tmp_path / name).write_bytes(name.encode())
    found, _ = sources.find_sources([str(tmp_path / "*.txt")])
    assert [content(s) for s in found] == [b"a.txt", b"b.txt"]
    with pytest.raises(SourceError, match=r"no file fits .*\*\.tex"):
        sources.find_sources([str(tmp_path / "*.tex")])


def test_a_file_with_a_pattern_in_its_name_is_that_file(tmp_path):
    (tmp_path / "what?.txt").write_bytes(b"x")
    ((source,), _) = sources.find_sources([str(tmp_path / "what?.txt")])
    assert content(source) == b"x"


@pytest.mark.parametrize("how", ["same", "dotted", "absolute", os.symlink, os.link, "folder"])
def test_a_file_is_read_once_by_whatever_name(tmp_path, monkeypatch, how):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_bytes(b"x")
    if callable(how):
        how("a.txt", "b.txt")
    other = {"same": "a.txt", "dotted": "./../" + tmp_path.name + "/a.txt", "folder": "."}
    other |= {"absolute": str(tmp_path / "a.txt")}
    name = "b.txt" if callable(how) else other[how]
    found, notes = sources.find_sources(["a.txt", name])
    assert [source.name for source in found] == ["a.txt"]
    if how in ("same", "folder"):
        assert notes == ["a.txt is named more than once and was read once."]
    else:
        shown = str(Path(name))
        assert notes == [f"{shown} is the same file as a.txt and was read once."]


def test_many_names_of_read_files_are_one_sentence_and_a_column_is_no_other_one(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"a,b\n1,2\n")
    table = str(tmp_path / "t.csv")
    found, notes = sources.find_sources([f"{table}:a", f"{table}:b", f"{table}:a", f"{table}:b"])
    assert [source.part for source in found] == ["a", "b"]
    assert notes == [
        f"2 names are of files that are read already, and each was read once: {table}:a, {table}:b."
    ]


def test_a_table_read_whole_and_by_a_column_is_told(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"a,b\n1,2\n")
    table = str(tmp_path / "t.csv")
    _, notes = sources.find_sources([table, f"{table}:b"], SourceSettings(form="text"))
    assert notes[0] == (
        f"{table} is read as a whole and by a column as well, so that text stands there twice. "
        "Name one of them."
    )


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no full disk")
def test_an_input_that_finds_no_room_is_one_sentence(monkeypatch):
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: io.FileIO("/dev/full", "w"))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"x" * 99)))
    with pytest.raises(StorageError, match=r"could not write in .*: No space left on device"):
        sources.find_sources(["-"])


def test_hints_come_once_and_folders_that_fit_a_pattern_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a.csv", "b.csv", "c.jsonl", "f.txt", "g.txt"):
        (tmp_path / name).write_bytes(b"*** START OF THE PROJECT GUTENBERG EBOOK X ***\n")
    (tmp_path / "d").mkdir()
    (tmp_path / "e").mkdir()
    _, notes = sources.find_sources(["*"])
    assert notes == [
        "2 folders that fit * passed over: d, e.",
        "3 files with fields, of which none is named (`burble corpus FILE` lists them), that fit "
        "* passed over: a.csv, b.csv, c.jsonl.",
        "f.txt, g.txt have the header of Project Gutenberg, which is read as text. "
        "gutenberg:NUMBER would leave it out, or cut it off by hand.",
    ]


def test_a_pattern_passes_over_what_a_folder_does(trained, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_bytes(b"x")
    (tmp_path / "cat.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "run").symlink_to(trained)
    (tmp_path / "m.safetensors").write_bytes((trained / "model.safetensors").read_bytes())
    found, notes = sources.find_sources(["**/*"])
    assert [source.name for source in found] == ["a.txt"]
    assert notes == [
        "2 made by burble that fit **/* passed over: b/run, m.safetensors.",
        "1 not text that fits **/* passed over: cat.jpg.",
        "1 folder that fits **/* passed over: b.",
    ]
    # What is named outright in a run is read.
    assert sources.find_sources(["b/run/samples/*"])[0][0].name.startswith("b/run/samples/step-")
    with pytest.raises(SourceError, match=r"no text file fits c.\.jpg\. 1 not text that fits"):
        sources.find_sources(["c*.jpg"])


@pytest.mark.skipif(sys.platform != "linux", reason="names are UTF-8 there")
def test_a_name_that_is_not_utf_8_works_and_can_be_pasted(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = os.fsdecode(b"caf\xe9 'x'\n.txt")
    (tmp_path / name).write_bytes(b"text")
    ((source,), _) = sources.find_sources(["."])
    assert (source.name, content(source)) == ("caf\\xe9 'x'\\n.txt", b"text")
    command = TrainingRequest({}, sources=(name,)).command(Path("r"), "--resume")
    Run(tmp_path).describe(Settings(), {"names": [source.name]}, resume=command)
    resume = json.loads((tmp_path / "run.json").read_text("utf-8"))["resume"]
    assert resume == "burble train $'caf\\xe9 \\x27x\\x27\\x0a.txt' -o r --resume"
    shell = ["bash", "-c", f"printf '%s|' {resume}"]
    words = subprocess.run(shell, check=True, capture_output=True).stdout.split(b"|")
    assert words[2] == os.fsencode(name)
    comparison = Comparison(tmp_path, [name], [], [Variant({"units": 8})], [0], "sha")
    comparison.write()
    comparison._check_same()
    with pytest.raises(InputError, match=r"the name b.xe9 is not UTF-8\. Choose another folder"):
        outputs.check_folder(Path(os.fsdecode(b"b\xe9")), "study.db")


def test_a_column_is_named_after_the_last_colon(tmp_path):
    (tmp_path / "p.csv").write_bytes(b"a,b\n1,2\n")
    ((source,), _) = sources.find_sources([f"{tmp_path / 'p.csv'}:b"])
    assert (source.form, source.part) == ("table", "b")


@pytest.mark.parametrize("argument", ["C:\\texts\\x.txt", "C:\\x.csv", "no.csv:body", "x.txt:2"])
def test_other_colons_part_nothing(argument):
    with pytest.raises(SourceError, match="there is no "):
        sources.find_sources([argument])


def test_a_file_whose_name_has_a_colon_is_that_file(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"a\n1\n")
    (tmp_path / "a.csv:a").write_bytes(b"plain")
    ((source,), _) = sources.find_sources([str(tmp_path / "a.csv:a")])
    assert (source.form, content(source)) == ("text", b"plain")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_read_once_and_can_be_read_again(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    thread = threading.Thread(target=pipe.write_bytes, args=(b"abcdefgh",))
    thread.start()
    ((source,), _) = sources.find_sources([str(pipe)])
    thread.join()
    assert source.size == 8
    assert [content(source), content(source)] == [b"abcdefgh"] * 2


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is forbidden to this user"
)
def test_a_forbidden_file_is_one_sentence(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"x")
    (tmp_path / "a.txt").chmod(0)
    with pytest.raises(SourceError, match=r"cannot read .*a\.txt: Permission denied"):
        sources.find_sources([str(tmp_path / "a.txt")])


def test_a_file_that_vanishes_is_one_sentence(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"x")
    ((source,), _) = sources.find_sources([str(tmp_path / "a.txt")])
    (tmp_path / "a.txt").unlink()
    with pytest.raises(SourceError, match=r"cannot read .*a\.txt: No such file"):
        content(source)


def test_what_is_left_out_of_the_built_in_text_is_counted():
    ((source,), (note,)) = sources.find_sources(["builtin:python-docs"])
    assert source.size > 100_000
    assert re.fullmatch(
        r"Left out of builtin:python-docs: \d,\d{3} lines of tables, rules, headings and code\.",
        note,
    )
    with pytest.raises(SourceError, match="there is builtin:python-docs"):
        sources.find_sources(["builtin:latin"])


@pytest.mark.skipif(not hasattr(os, "geteuid") or not os.geteuid(), reason="root reads all")
@pytest.mark.parametrize("pattern", ["", "*.txt"])
def test_a_folder_whose_files_may_not_be_looked_at_is_one_sentence(tmp_path, pattern):
    (tmp_path / "a.txt").write_bytes(b"x")
    tmp_path.chmod(0o600)
    try:
        with pytest.raises(SourceError, match=r"^cannot read .*a\.txt: Permission denied\."):
            sources.find_sources([str(tmp_path / pattern)])
    finally:
        tmp_path.chmod(0o700)


def test_an_encoding_that_is_not_used_or_hardly_is_the_right_one_is_told(tmp_path):
    (tmp_path / "a.txt").write_text("\ufeffnaïve\n", encoding="utf-8")
    (tmp_path / "b.txt").write_text("plain words, naïve\n", encoding="utf-8")
    a, b = str(tmp_path / "a.txt"), str(tmp_path / "b.txt")
    assert sources.find_sources([a], SourceSettings(encoding="utf-8"))[1] == []
    assert sources.find_sources([a], SourceSettings(encoding="cp1250"))[1] == [
        f"{a} is read in its own encoding, which is known, not in cp1250."
    ]
    builtin, said = sources.find_sources(["builtin:python-docs"], SourceSettings(encoding="cp1252"))
    assert (builtin[0].encoding_is_known, len(said)) == (True, 2)
    assert sources.find_sources([b], SourceSettings(encoding="utf-16"))[1] == [
        f"{b} is read as utf-16, but looks like utf-8: plain words, naïve."
    ]
    with pytest.raises(EncodingError, match=r"^'klingon' is no encoding Python knows"):
        sources.find_sources([a], SourceSettings(encoding="klingon"))


def test_a_column_may_have_a_colon_in_its_name(tmp_path):
    (tmp_path / "p.csv").write_text("id,dc:title\n1,hello\n", encoding="utf-8")
    name = f"{tmp_path / 'p.csv'}:dc:title"
    assert sources.find_sources([name])[0][0].part == "dc:title"
    assert sources.find_named_files([name]) == [tmp_path / "p.csv"]
