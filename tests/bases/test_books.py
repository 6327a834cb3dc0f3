import struct

from bases.books import read_novels, read_strings, split_chapters, split_paragraphs


def test_paragraphs_stand_between_blank_lines():
    lines = ["One line\xa0and", "the  next. ", "", "", "Two.", ""]
    assert split_paragraphs(lines) == (["One line and\nthe next.", "Two."], True)


def test_long_lines_are_paragraphs():
    assert split_paragraphs(["a " * 300, "", "b"]) == ([("a " * 300).strip(), "b"], True)


def test_where_no_line_is_blank_lines_are_left_as_they_are():
    assert split_paragraphs(["a"] * 90)[1] is False


def test_a_novel_loses_its_byte_order_mark_and_page_breaks(tmp_path):
    (tmp_path / "A_B_1850.txt").write_bytes(b"\xef\xbb\xbfOne.\n\fTwo.\n")
    (book,) = read_novels(tmp_path)
    assert book == ("A_B_1850", ["One.", "Two."], True)


def test_chapters_lose_notes_titles_and_marks():
    marked = (
        '<title>Genesis</title><chapter osisID="1" sID="a"/><p>In the  <w lemma="x">beginning</w>'
        '<note>Or, first</note>.</p><lb/><chapter osisID="2" sID="b"/>One,<l/>two.<lg/>'
    )
    assert [*split_chapters(marked)] == [[], ["In the beginning."], ["One,\ntwo."]]


def test_strings_of_a_vector_are_read_to_its_end():
    words = [b"Emma", "é".encode(), b""]
    each = b"".join(b"\x00\x04\x00\x09" + struct.pack(">i", len(w)) + w for w in words)
    assert [*read_strings(b"X\n......" + each + b"\x00\x00\x00\xfe")] == ["Emma", "é", ""]
