"""What is read of a folder, and what is passed over."""

from pathlib import Path

import pytest

from burble.data import folders, sources
from burble.errors import SourceError
from burble.settings import SourceSettings


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
    found, notes = sources.find_sources([str(mess)])
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
    found, _ = sources.find_sources([str(tmp_path)])
    names = [Path(s.name).relative_to(tmp_path).as_posix() for s in found]
    assert names == ["B", "a/x", "a-b/x", "a.txt"]


def test_many_files_passed_over_are_told_in_one_sentence(tmp_path):
    for number in range(9):
        (tmp_path / f"{number}.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (tmp_path / "a.txt").write_bytes(b"x")
    _, (note,) = sources.find_sources([str(tmp_path)])
    assert note.startswith("9 not text")
    assert note.endswith("and 3 more.")


@pytest.mark.parametrize("names", [[], [".hidden"], ["cat.jpg"]])
def test_a_folder_without_text_is_one_sentence(tmp_path, names):
    for name in names:
        (tmp_path / name).write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(SourceError, match="holds no text files") as refusal:
        sources.find_sources([str(tmp_path)])
    assert all(name in str(refusal.value) for name in names)


def test_a_missing_file_says_what_is_there_instead(tmp_path):
    (tmp_path / "alice.txt").write_bytes(b"x")
    with pytest.raises(SourceError, match=r"there is no .*alise\.txt.*it holds alice\.txt"):
        sources.find_sources([str(tmp_path / "alise.txt")])
    with pytest.raises(SourceError, match=r"Looked in .*it holds alice\.txt"):
        sources.find_sources([str(tmp_path / "no" / "such" / "file.txt")])


def test_a_run_inside_the_folder_is_passed_over(trained):
    found, notes = sources.find_sources([str(trained.parent)])
    assert [Path(source.name).name for source in found] == ["cat.txt"]
    assert notes == [f"1 made by burble in {trained.parent} passed over: run."]
    with pytest.raises(SourceError, match=r"run is a run folder, not text; to write with it: bur"):
        sources.find_sources([str(trained)])
    assert sources.find_sources([str(trained.parent / "cat.txt"), str(trained.parent)])[1] == [
        f"1 made by burble in {trained.parent} passed over: run.",
        f"{trained.parent / 'cat.txt'} is named more than once and was read once.",
    ]


def test_all_that_burble_made_in_a_folder_is_one_note(trained, tmp_path):
    (tmp_path / "a.txt").write_bytes(b"x")
    for name in ("cmp/compare.json", "cmp/compare.csv", "tn/study.db", "tn/trial-1.log.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    # A training that has just begun.
    (tmp_path / "new" / "last").mkdir(parents=True)
    (tmp_path / "new" / "run.json").write_bytes(b"{}")
    (tmp_path / "m.safetensors").write_bytes((trained / "model.safetensors").read_bytes())
    found, notes = sources.find_sources([str(tmp_path)])
    assert len(found) == 1
    assert notes == [f"4 made by burble in {tmp_path} passed over: cmp, m.safetensors, new, tn."]
    for name, what in {"cmp": "a comparison's", "tn": "a search's"}.items():
        with pytest.raises(SourceError, match=f"{name} is {what} folder, not text; leave it out"):
            sources.find_sources([str(tmp_path / name)])


def test_what_may_be_text_in_a_folder_is_read_where_an_encoding_is_named(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"a\x01b\x02" * 50)
    with pytest.raises(SourceError, match="holds no text files"):
        sources.find_sources([str(tmp_path)])
    assert len(sources.find_sources([str(tmp_path)], SourceSettings(encoding="utf-8"))[0]) == 1


def test_a_link_to_a_folder_is_told(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "a.txt").write_bytes(b"x")
    (tmp_path / "b").symlink_to("a")
    assert sources.find_sources([str(tmp_path)])[1] == [
        f"1 link to a folder in {tmp_path} passed over: b."
    ]


def test_a_link_to_nothing_is_called_that(tmp_path):
    (tmp_path / "a.txt").symlink_to("nowhere.txt")
    told = folders.describe_missing(tmp_path / "a.txt", "a.txt")
    assert told == "a.txt is a link to nowhere.txt, which is not there."


def test_of_a_scrivener_project_its_pieces_are_read_and_no_index_or_copy(tmp_path):
    project = tmp_path / "Novel.scriv"
    pieces = ["Files/Data/B1/content.rtf", "Files/Data/B1/synopsis.txt"]
    others = ["Novel.scrivx", "Files/search.indexes", "Files/Data/docs.checksum"]
    others += ["Files/Data/B1/content.styles", "QuickLook/Preview.html", "Settings/recents.txt"]
    for name in (*pieces, *others):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("<?xml?> the lamps")
    (tmp_path / "search.indexes").write_text("another text")
    found, notes = sources.find_sources([str(tmp_path)])
    names = [Path(source.name).relative_to(tmp_path).as_posix() for source in found]
    assert names == [*(f"Novel.scriv/{name}" for name in pieces), "search.indexes"]
    assert notes[0].startswith("6 files of a Scrivener project that are not its text, whose pieces")


def test_a_file_beside_an_index_of_scrivener_needs_no_folder(tmp_path):
    for name in ("Notes.scrivx", "Files", "a.txt"):
        (tmp_path / name).write_text("the lamps")
    with pytest.raises(SourceError, match="3 files of a Scrivener project"):
        sources.find_sources([str(tmp_path)])
