import itertools
import re

import pytest

from benchmarks.robustness import encodings as table
from burble.data import encoding_detection as detection
from burble.data import encodings, sources
from burble.errors import EncodingError, SourceError
from burble.settings import SourceSettings

HUNGARIAN = "Este a gyerekek a tűz köré ültek, és a hősről szóló mesét kérték, meg őszi szőlőt. "
RUSSIAN = "Вечером дети сели у огня и попросили сказку о смелом зайце. "


def refusal(data, encoding="", size=1 << 16):
    """What is said of bytes that cannot be read."""
    blocks = [data[i : i + size] for i in range(0, len(data), size)]
    with pytest.raises(EncodingError) as told:
        list(encodings.decode_blocks(blocks, "f.txt", encoding).pieces)
    return str(told.value)


@pytest.mark.parametrize(
    ("text", "written", "advised"),
    [
        (HUNGARIAN, "cp1250", "cp1250"),
        (HUNGARIAN, "iso8859-2", "cp1250"),
        (HUNGARIAN, "cp852", "cp852"),
        ("Wieczorem dzieci usiadły przy ognisku i słuchały baśni.", "iso8859-2", "iso8859_2"),
        ("Akşam çocuklar ateşin başına oturdu, ıslık çaldı.", "cp1254", "cp1254"),
        ("בערב ישבו הילדים סביב המדורה", "cp1255", "cp1255"),
        ("في المساء جلس الأطفال حول النار", "cp1256", "cp1256"),
        ("Το βράδυ τα παιδιά κάθισαν γύρω", "cp1253", "cp1253"),
        (RUSSIAN, "cp1251", "cp1251"),
        (RUSSIAN[:20], "koi8-r", "koi8_r"),
        (RUSSIAN, "cp866", "cp866"),
        (RUSSIAN, "mac-cyrillic", "mac_cyrillic"),
        ("夜、子供たちは火を囲んで座った。", "euc-jp", "euc_jp"),
        ("夜、子供たちは火を囲んで座った。", "cp932", "cp932"),
        ("晚上，孩子们围着火堆坐下来听故事。", "gb2312", "gb18030"),
        ("晚上，孩子們圍著火堆坐下來聽故事。", "big5", "big5hkscs"),
        ("저녁에 아이들은 불가에 둘러앉았다.", "euc-kr", "cp949"),
        ("Abends saßen die Kinder am Feuer und hörten ein Märchen.", "mac-roman", "mac_roman"),
        ("Am Abend wünschten sich die Kinder ein Märchen.", "cp850", "cp850"),
    ],
)
def test_one_encoding_is_advised_where_the_text_tells(text, written, advised):
    said = refusal(text.encode(written))
    assert f"; if so, add --encoding {advised} (for all texts read together" in said
    assert said.endswith("where others are UTF-8, save this one as UTF-8 instead).")
    assert text.encode(written).decode(advised) == text


def test_advice_shows_how_the_text_reads():
    said = refusal(HUNGARIAN.encode("cp1250"))
    assert "It looks like cp1250 (it reads: Este a gyerekek a tűz köré ültek, és a hősről" in said


def test_in_doubt_several_are_shown_with_the_same_piece_of_text():
    lines = refusal("vůz".encode("cp1250")).splitlines()
    assert lines[0].endswith("cannot be told for sure; add the one that reads right:")
    shown = dict(line.removeprefix("  --encoding ").split(maxsplit=1) for line in lines[1:])
    assert shown["cp1250"] == "vůz"
    assert 2 <= len(shown) == len(set(shown.values())) <= 5


def test_bytes_that_read_badly_in_every_encoding_get_no_advice():
    noise = bytes(128 + (i * i * 31 + i * 7) % 128 for i in range(400))
    assert refusal(noise).endswith("If you know its encoding, name it with --encoding.")


@pytest.mark.parametrize("size", [7, 1 << 16])
@pytest.mark.parametrize(
    "text", ["Über die Brücke bis Köln: ü", "a café: é", "wow \N{GRINNING FACE}"]
)
def test_utf8_that_is_cut_in_its_last_letter_is_called_that(text, size):
    said = refusal(text.encode()[:-1], size=size)
    assert said.startswith(
        "f.txt is UTF-8 text that is cut short: its last letter, at line 1, byte"
    )
    assert "--encoding" not in said


def test_a_last_letter_of_another_encoding_may_be_either():
    said = refusal("we met in a café".encode("cp1252"))
    assert "It may be UTF-8 that was cut short." in said
    assert "--encoding cp1252" in said


def test_damaged_utf8_gets_no_encoding_that_would_spoil_the_rest():
    good = "naïve café ".encode() * 20
    said = refusal(good + b"\xff" + good)
    assert said.endswith("this place may be damaged: mend it there.")
    joined = refusal(good + ("Les élèves étaient très fatigués. " * 40).encode("cp1252"))
    assert "Or two files were joined; then part them." in joined
    assert "cp1252" in joined


def test_advice_looks_at_what_stands_before_a_block():
    data = ("une ligne sans lui\n" * 3600).encode() + "elle dormait dans le café".encode("cp1252")
    assert "; if so, add --encoding cp1252 (" in refusal(data, size=len(data) - 1)


def test_an_encoding_that_was_named_and_does_not_fit_gets_advice_too():
    assert "--encoding cp1251 (" in refusal(RUSSIAN.encode("cp1251"), "ascii")
    assert "leave it out for UTF-8." in refusal(RUSSIAN.encode(), "ascii")


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize(
    "text", [RUSSIAN, "晚上，孩子们围着火堆坐下来听故事。\n", "Plain, and short.\n"]
)
def test_wide_text_without_a_mark_is_known_in_every_script(codec, text):
    assert encodings.detect_content_type(text.encode(codec)).codec == codec


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        ("夜、子供たちは火を囲んで座った。", "iso2022_jp"),
        ("晚上，孩子们围着火堆坐下。", "hz"),
        ("저녁에 아이들은 불가에 앉았다.", "iso2022_kr"),
    ],
)
def test_text_that_switches_alphabets_in_ascii_is_not_read_in_silence(text, codec, tmp_path):
    path = tmp_path / "t.txt"
    path.write_bytes(b"Subject: news\n" + text.encode(codec))
    with pytest.raises(EncodingError, match=f"looks like {codec} text.*Add --encoding {codec}, or"):
        sources.find_sources([str(path)])
    late = b"a line\n" * 20_000 + text.encode(codec)
    assert f"--encoding {codec}" in refusal(late)
    assert encodings.decode(text.encode(codec), "f", codec) == text
    ascii_text = late.decode("ascii")
    assert encodings.decode(late, "f", "ascii") == ascii_text


@pytest.mark.parametrize(
    "plain", [b"\x1b[1mbold\x1b[0m costs \x1b$5", b"~{x} and ~{\\it y}~{ab}", b"if (~{a|b}) {~}"]
)
def test_what_only_looks_like_such_signs_is_plain_text(plain):
    assert encodings.detect_content_type(plain * 9).codec == ""
    assert encodings.decode(plain, "f") == plain.decode()


WORDS = ["ID3 tags", "BZh 9", "OggS sings", "fLaC", "GIF87a and GIF89a", "%PDF-1.7 begins", "MZ"]


@pytest.mark.parametrize("word", WORDS)
def test_a_text_may_begin_with_any_word(word, tmp_path):
    path = tmp_path / "t.txt"
    path.write_bytes(f"{word}, il était une fois.\n".encode("cp1252"))
    found, notes = sources.find_sources([str(path)], SourceSettings(encoding="cp1252"))
    assert ([s.name for s in found], notes) == ([str(path)], [])
    assert encodings.detect_content_type(path.read_bytes()).binary == ""


@pytest.mark.parametrize(
    ("head", "what"),
    [
        (b"ID3\x03\x00\x00\x00\x00\x0f\x76TIT2\x00\x00", "a sound"),
        (b"BZh91AY&SY\x8e\x1f", "a bzip2 archive"),
        (b"OggS\x00\x02\x00\x00", "a sound"),
        (b"fLaC\x00\x00\x00\x22\x10\x00", "a sound"),
        (b"GIF89a\x10\x00\x10\x00\xf7\x00\x00", "a GIF image"),
        (b"%PDF-1.4\n%\xe2\xe3", "a PDF document"),
        (b"{\\rtf1\\ansi x}", "a rich text document"),
    ],
)
def test_what_the_words_really_begin_is_still_known(head, what):
    assert encodings.detect_content_type(head).binary == what


def test_a_named_encoding_is_honoured_where_the_bytes_can_be_text(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"GIF89a \xe9 is how it begins, and the rest is a text.\n")
    with pytest.raises(SourceError, match=r"leave it out\. If it is text, name its encoding"):
        sources.find_sources([str(path)])
    assert sources.find_sources([str(path)], SourceSettings(encoding="cp1252"))[0][0].name == str(
        path
    )
    path.write_bytes(b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01")
    with pytest.raises(SourceError, match=r"is a JPEG image, not text; leave it out\.$"):
        sources.find_sources([str(path)], SourceSettings(encoding="cp1252"))


def test_advice_is_right_of_a_piece_in_every_encoding():
    texts, outcomes = table.paragraphs(1), []
    for codec, spoken in table.LANGUAGES.items():
        truth, data = next(table.pieces(codec, table.named(spoken), texts, 80, True))
        outcomes.append(table.outcome(data, truth))
    assert len(outcomes) >= 40
    assert outcomes.count("wrong") + outcomes.count("read in silence") <= 1
    assert outcomes.count("right") >= 0.8 * len(outcomes)


@pytest.mark.parametrize(
    ("text", "written", "named", "told"),
    [
        (
            HUNGARIAN,
            "cp1250",
            "cp1252",
            "cp1250: .*hősről szóló.*, not .*hõsrõl szóló",
        ),
        (HUNGARIAN, "utf-8", "latin-1", "utf-8: .*tűz.*, not .*tÅ±z"),
        (RUSSIAN, "koi8-r", "cp1251", "koi8_r: .*дети.*, not чЕЮЕТПН ДЕФЙ"),
    ],
)
def test_a_wrong_encoding_that_reads_all_the_same_is_told(tmp_path, text, written, named, told):
    path = tmp_path / "t.txt"
    path.write_bytes(b"plain words, and on. \n" * 400 + text.encode(written))
    _, notes = sources.find_sources([str(path)], SourceSettings(encoding=named))
    assert re.search(rf"t\.txt is read as {named}, but looks like {told}", " ".join(notes))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (HUNGARIAN, "cp1250"),
        (HUNGARIAN, "iso8859-16"),
        (RUSSIAN, "koi8-r"),
        (RUSSIAN, "utf-8"),
        (RUSSIAN, "utf-16"),
        ("Les élèves étaient déjà à la fête.", "mac-roman"),
        ("plain", "cp037"),
    ],
)
def test_of_a_right_encoding_nothing_is_told(tmp_path, text, named):
    path = tmp_path / "t.txt"
    path.write_bytes(text.encode(named))
    assert sources.find_sources([str(path)], SourceSettings(encoding=named))[1] == []


def test_every_encoding_that_is_tried_is_one_python_knows():
    for codec in itertools.chain(detection.NARROW, detection.WIDE):
        assert detection.decode_part(b"\n\n\n\n", codec) is not None or codec in detection.WIDE
