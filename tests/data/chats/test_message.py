"""Messages as documents: who is learned, as what, and under which name."""

import pytest

from burble.data.chats.people import People
from burble.errors import SettingsError, SourceError
from tests.support.chats import IPHONE, read_chat


def test_speakers_are_labels_and_are_told(tmp_path):
    found, notes = read_chat(tmp_path / "_chat.txt", IPHONE)
    assert [speaker for speaker, _ in found] == ["Anna Berg", "Carl", "Ben"]
    assert any("3 speakers: Anna Berg 1, Carl 1, Ben 1." in note for note in notes)


def test_some_speakers_alone(tmp_path):
    path = tmp_path / "_chat.txt"
    found, notes = read_chat(path, IPHONE, speaker=("anna berg", "Ben"))
    assert [speaker for speaker, _ in found] == ["Anna Berg", "Ben"]
    assert any("1 message (of other speakers)" in note for note in notes)
    with pytest.raises(SourceError, match=r"no message of Dora\. There are 3 speakers: Anna"):
        read_chat(path, speaker=("Dora",))


def test_a_whole_talk_is_one_document(tmp_path):
    path = tmp_path / "_chat.txt"
    found, _ = read_chat(path, IPHONE, label=(), chat="talk")
    wanted = "Anna Berg: Hi all\nsecond line\nCarl: so be it, Anna\nBen: 12:30 at Carl's: bring tea"
    assert [text for text, _ in found] == [wanted]
    with pytest.raises(SourceError, match="Leave out one of them"):
        read_chat(path, chat="talk")


def test_names_are_masked_wherever_they_stand(tmp_path):
    found, notes = read_chat(tmp_path / "_chat.txt", IPHONE, mask_names=True)
    assert found == [
        ("Person 1", "Hi all\nsecond line"),
        ("Person 2", "so be it, Person 1"),
        ("Person 3", "12:30 at Person 2's: bring tea"),
    ]
    assert "Masked in what was said: 2 names. Names with endings stay." in notes
    assert not any("Anna" in note for note in notes)


def test_names_with_an_apostrophe_are_masked_as_a_whole(tmp_path):
    text = "24.12.23, 18:03 - Pat O'Brien: O'Brien's, not O'Hara\n" * 3
    found, _ = read_chat(tmp_path / "c.txt", text, mask_names=True)
    assert found == [("Person 1", "Person 1's, not O'Hara")] * 3


def test_one_mask_for_a_person_in_several_files(tmp_path):
    line = "24.12.23, 18:03 - {}: ask Anna\n"
    for name, who in (("a", "Ben"), ("b", "Anna")):
        (tmp_path / f"{name}.txt").write_text(line.format(who) * 3)
    found, _ = read_chat(tmp_path, mask_names=True)
    assert found == [("Person 1", "ask Person 2")] * 3 + [("Person 2", "ask Person 2")] * 3


def test_numbers_that_speak_are_masked_as_such(tmp_path):
    text = "24.12.23, 18:03 - +49 171 2345678: mail a@b.org\n" * 3
    found, _ = read_chat(tmp_path / "c.txt", text, mask_private=True)
    assert found == [("[phone]", "mail [email]")] * 3


def test_what_concerns_chats_needs_one(tmp_path):
    with pytest.raises(SettingsError, match="--speaker is for chats, and no chat is read here"):
        read_chat(tmp_path / "a.txt", "HAMLET: To be\n", speaker=("HAMLET",))


def test_a_person_says_what_it_is(tmp_path):
    found, _ = read_chat(tmp_path / "a.txt", IPHONE, label=(), form="text")
    assert len(found) == 1


def test_a_name_that_is_a_word_is_masked_with_a_capital_alone():
    people = People()
    people.learn(["Will Mark", "Jo"])
    assert people.mask_text("Will knows, will not, WILL, jo. Jonas") == (
        "Person 1 knows, will not, Person 1, Person 2. Jonas"
    )
