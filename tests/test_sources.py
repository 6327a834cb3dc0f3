import os
import threading
from pathlib import Path

import pytest

from burble import sources
from burble.errors import EncodingError, SourceError
from burble.settings import SourceSettings


def content(source):
    return b"".join(source.read(3))


@pytest.fixture
def mess(tmp_path):
    """A folder of mixed files."""
    folder = tmp_path / "mess"
    (folder / "sub" / ".git").mkdir(parents=True)
    (folder / "sub" / "c.txt").write_bytes(b"three")
    (folder / "sub" / ".git" / "config").write_bytes(b"x")
    (folder / "b.txt").write_bytes(b"two")
    (folder / "a.txt").write_bytes(b"one\n")
    (folder / "wide.txt").write_bytes("four".encode("utf-16"))
    (folder / "empty.txt").write_bytes(b"")
    (folder / ".hidden").write_bytes(b"x")
    (folder / "cat.jpg").write_bytes(b"\xff\xd8\xff\xe0rest")
    (folder / "zeros.bin").write_bytes(b"\x00\x01" * 50)
    return folder


def test_a_folder_is_read_in_order_and_what_is_left_out_is_told(mess):
    found, notes = sources.read([str(mess)])
    names = [Path(s.name).relative_to(mess).as_posix() for s in found]
    assert names == ["a.txt", "b.txt", "empty.txt", "sub/c.txt", "wide.txt"]
    assert notes == [
        f"2 hidden in {mess} passed over: .hidden, sub/.git.",
        f"2 not text in {mess} passed over: cat.jpg, zeros.bin.",
    ]


def test_the_order_is_that_of_the_parts_of_the_path(tmp_path):
    for name in ("a-b/x", "a/x", "a.txt", "B"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    found, _ = sources.read([str(tmp_path)])
    names = [Path(s.name).relative_to(tmp_path).as_posix() for s in found]
    assert names == ["B", "a/x", "a-b/x", "a.txt"]


def test_many_files_passed_over_are_told_in_one_sentence(tmp_path):
    for number in range(9):
        (tmp_path / f"{number}.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (tmp_path / "a.txt").write_bytes(b"x")
    _, (note,) = sources.read([str(tmp_path)])
    assert note.startswith("9 not text")
    assert note.endswith("and 3 more.")


@pytest.mark.parametrize("names", [[], [".hidden"], ["cat.jpg"]])
def test_a_folder_without_text_is_one_sentence(tmp_path, names):
    for name in names:
        (tmp_path / name).write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(SourceError, match="holds no text files") as refusal:
        sources.read([str(tmp_path)])
    assert all(name in str(refusal.value) for name in names)


def test_a_missing_file_says_what_is_there_instead(tmp_path):
    (tmp_path / "alice.txt").write_bytes(b"x")
    with pytest.raises(SourceError, match=r"there is no .*alise\.txt.*it holds alice\.txt"):
        sources.read([str(tmp_path / "alise.txt")])
    with pytest.raises(SourceError, match=r"Looked in .*it holds alice\.txt"):
        sources.read([str(tmp_path / "no" / "such" / "file.txt")])


def test_an_empty_name_is_refused():
    with pytest.raises(SourceError, match="the name of a source is empty"):
        sources.read([""])
    with pytest.raises(SourceError, match="there is no text to read"):
        sources.read([])


def test_a_picture_is_called_a_picture(tmp_path):
    (tmp_path / "cat.txt").write_bytes(b"\xff\xd8\xff\xe0\x00\x10JFIF")
    with pytest.raises(SourceError, match=r"cat\.txt is a JPEG image, not text; leave it out"):
        sources.read([str(tmp_path / "cat.txt")])


def test_a_model_or_a_run_is_to_write_with_not_to_read(tmp_path):
    model = tmp_path / "model.safetensors"
    model.write_bytes(b"\x02\x00\x00\x00\x00\x00\x00\x00{}")
    with pytest.raises(SourceError, match=r"is a model \(safetensors\).*burble sample .*model"):
        sources.read([str(model)])
    (tmp_path / "run.json").write_bytes(b"{}")
    with pytest.raises(SourceError, match=r"is a run folder, not text; .*burble sample"):
        sources.read([str(tmp_path)])


def test_utf16_without_a_mark_is_recognised_and_its_cure_named(tmp_path):
    path = tmp_path / "wide.txt"
    path.write_bytes("plain words in a file".encode("utf-16-be"))
    with pytest.raises(EncodingError, match=r"utf-16-be text without .*--encoding utf-16-be"):
        sources.read([str(path)])
    ((source,), _) = sources.read([str(path)], SourceSettings(encoding="utf-16-be"))
    assert content(source) == path.read_bytes()


def test_patterns_the_shell_left_alone_are_expanded(tmp_path):
    for name in ("b.txt", "a.txt", "c.md"):
        (tmp_path / name).write_bytes(name.encode())
    found, _ = sources.read([str(tmp_path / "*.txt")])
    assert [content(s) for s in found] == [b"a.txt", b"b.txt"]
    with pytest.raises(SourceError, match=r"no file fits .*\*\.tex"):
        sources.read([str(tmp_path / "*.tex")])


def test_a_file_with_a_pattern_in_its_name_is_that_file(tmp_path):
    (tmp_path / "what?.txt").write_bytes(b"x")
    ((source,), _) = sources.read([str(tmp_path / "what?.txt")])
    assert content(source) == b"x"


def test_a_text_named_twice_is_read_once(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"x")
    found, notes = sources.read([str(path), str(tmp_path)])
    assert len(found) == 1
    assert notes == [f"{path} is named more than once and was read once."]


def test_a_column_is_named_after_the_last_colon(tmp_path):
    (tmp_path / "p.csv").write_bytes(b"a,b\n1,2\n")
    ((source,), _) = sources.read([f"{tmp_path / 'p.csv'}:b"])
    assert (source.form, source.part) == ("table", "b")
    (_, notes) = sources.read([str(tmp_path / "p.csv")])
    assert "is read as plain text" in notes[0]


@pytest.mark.parametrize("argument", ["C:\\texts\\x.txt", "C:\\x.csv", "no.csv:body", "x.txt:2"])
def test_other_colons_part_nothing(argument):
    with pytest.raises(SourceError, match="there is no "):
        sources.read([argument])


def test_a_file_whose_name_has_a_colon_is_that_file(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"a\n1\n")
    (tmp_path / "a.csv:a").write_bytes(b"plain")
    ((source,), _) = sources.read([str(tmp_path / "a.csv:a")])
    assert (source.form, content(source)) == ("text", b"plain")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_read_once_and_can_be_read_again(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    thread = threading.Thread(target=pipe.write_bytes, args=(b"abcdefgh",))
    thread.start()
    ((source,), _) = sources.read([str(pipe)])
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
        sources.read([str(tmp_path / "a.txt")])


def test_a_file_that_vanishes_is_one_sentence(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"x")
    ((source,), _) = sources.read([str(tmp_path / "a.txt")])
    (tmp_path / "a.txt").unlink()
    with pytest.raises(SourceError, match=r"cannot read .*a\.txt: No such file"):
        content(source)


def test_the_built_in_text_says_each_long_paragraph_once():
    ((source,), _) = sources.read(["builtin:python-docs"])
    long = [p for p in content(source).decode().split("\n\n") if len(p) >= 80]
    assert source.size > 100_000
    assert len(long) == len(set(long))
    with pytest.raises(SourceError, match="there is builtin:python-docs"):
        sources.read(["builtin:latin"])
