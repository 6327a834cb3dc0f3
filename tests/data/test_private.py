"""Private data: found where it is, and nothing else; masked before anything is learned."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burble.data import corpus, private
from burble.data.private import PrivateData
from burble.settings import SourceSettings, TextSettings


def mask(text):
    return PrivateData(is_masked=True).mask(text)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("write to Anna.Berg+x@mail.example.co.uk.", "write to [email]."),
        ("call +49 (0)171 234 5678 now", "call [phone] now"),
        ("+491712345678, (555) 123-4567; 555-123-4567", "[phone], [phone]; [phone]"),
        ("Tel. 030 1234567 or 0171/2345678", "Tel. [phone] or [phone]"),
        (
            "Telefon:+491711234567, tel.0171-1234567; or @491711234567",
            "Telefon:[phone], tel.[phone]; or @[phone]",
        ),
        (
            "0151/23456789 (030) 901820 555-123-4567 +1 (555) 123-4567",
            "[phone] [phone] [phone] [phone]",
        ),
        ("de89370400440532013000 DE89-3704-0044-0532-0130-00 then", "[iban] [iban] then"),
        ("BE68 5390 0754 7034 then", "[iban] then"),
        ("card 4111 1111 1111 1111!", "card [card]!"),
        ("5500-0000-0000-0004", "[card]"),
        ("to DE89 3704 0044 0532 0130 00 today", "to [iban] today"),
        ("GB29NWBK60161331926819", "[iban]"),
        ("o'neil@example.org, 'ann@x.org'", "[email], '[email]'"),
        ("06.12.34.56.78, 01 23 45 67 89", "[phone], [phone]"),
        ("(11) 91234-5678, 8 (495) 123-45-67, 8 912 345-67-89", "[phone], [phone], [phone]"),
        ("138 0013 8000, 13800138000.", "[phone], [phone]."),
        ("555-0123 or 867-5309; 555 123 4567", "[phone] or [phone]; [phone]"),
        ("Tel. 23 45 67, phone: 5550123, ☎ 234567", "Tel. [phone], phone: [phone], ☎ [phone]"),
        ("call me at 555 0123 or ring", "call me at [phone] or ring"),
        ("Meine Handynummer ist 234567.", "Meine Handynummer ist [phone]."),
        ("Tlf 23 45 67 89, tél. : 23.45.67", "Tlf [phone], tél. : [phone]"),
        ("telefono 347 1234567; моб. 123-45-67", "telefono [phone]; моб. [phone]"),
        ("My number is 98765 43210", "My number is [phone]"),
        ("电话:87654321", "电话:[phone]"),
        ("378282246310005 12/26, 4111 1111 1111 1111 12/26", "[card] 12/26, [card] 12/26"),
    ],
)
def test_what_is_private_is_masked(text, masked):
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1112 fails its check digit",
        "FR15 2004 1010 0505 0001 3M02 606 as well",
        "on 24.12.2023 at 18:03:12, 1,234,567 people and 3.14159265358979",
        "2023-12-24 18:03, ISBN 978-3-16-148410-0, 10.1000/182",
        "01 02 2024, 01.02.2024 10:00, ISBN 0306406152, ISSN 0317-8471, IP 192.168.100.200",
        "@anna and a@b and user@localhost",
        "pages 1914-1918, lines 0 to 12, 1000000000",
        "0 1 1 2 3 5 8 13 21 34 55 89 144, 2001 2002 2003 2004, 1990 1991 1992 1993",
        "01 02 03 04 05 and 04 12 23 34 42 49 and 00 01 02 03 04 05 06 07",
        "6-4 6-3 7-5, 21-19, 3:2, 1704189600.000100, 1704189600000, $1,299.00",
        "476-1453, pp. 998-1004, 200-1000 words, 300-3000 Hz, $200-2500, 911-0123, 〒530-0001",
        "23 45 67 and 105-98, 12:30:45, 119:105-176, 612 345 678, 2,345,678, 0:00:01.000",
        "the telephone of 1876, phones 1914-1918, call 911, phone 799.99, mobile 250 000",
        "call on 24.12.23, call 2023-12-24 10:30, dial M, tell 234567, the phone rang 12345 times",
        "SMS 12345, No. 345-6789-1, 1-555-0123-4, 12-555-0123, 555-01234, 555-0123.5",
        "1. e4 e5 2. Nf3 Nc6 3. Bb5 a6, 52.520008, 13.404954, 94103-1234, 1234567890123456",
    ],
)
def test_other_numbers_stay(text):
    assert mask(text) == text


@given(
    st.lists(st.sampled_from(["a@b.org ", "x\n", "4111 1111 1111 1111", " and ", "tel 234567 "])),
    st.integers(1, 9),
)
def test_the_same_is_found_wherever_a_text_was_cut(parts, size):
    text = "".join(parts)
    pieces = [text[i : i + size] for i in range(0, len(text), size)]
    whole, cut = PrivateData(is_masked=True), PrivateData(is_masked=True)
    assert "".join(cut.read(pieces)) == whole.mask(text)
    assert cut.to_json() == whole.to_json()


def test_a_long_line_is_cut_between_words():
    text = "word " * 20_000 + "a@b.org" + " word" * 20_000
    pieces = [text[i : i + 1000] for i in range(0, len(text), 1000)]
    found = PrivateData(is_masked=True)
    assert "".join(found.read(pieces)) == text.replace("a@b.org", "[email]")


def test_it_is_reported_with_its_place_and_never_told(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("one\nmail a@b.org\n")
    found = corpus.build([str(path)], TextSettings())
    note = next(note for note in found.notes if note.startswith("Private data"))
    assert f"1 e-mail address, first in {path}, line 2." in note
    assert "a@b" not in "".join(found.notes)
    assert "a@b" in "".join(found.text())


def test_masked_data_is_not_learned(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("one\nmail a@b.org\n")
    found = corpus.build([str(path)], TextSettings(), reading=SourceSettings(mask_private=True))
    assert "".join(found.text()) == "one\nmail [email]\n"
    assert "Masked as [email]: 1 e-mail address." in found.notes
    assert found.encoded.private["email"]["count"] == 1


def test_check_digits_change_with_any_digit():
    assert private.is_card("4111111111111111")
    assert not any(private.is_card(f"411111111111111{d}") for d in "023456789")
