"""Lyrics with times: the lines of the song, each once."""

from burble.data.forms import registry
from tests.support.documents import read_form

SONG = """[ar:The Herons]
[length: 02:11]

[00:12.00]Walking by the canal
[00:15.30] with a [heavy] stone
[00:18.00]
[00:21.10][00:45.10]Oh the lamps
[00:30.00]<00:30.00>I <00:30.50>saw <00:31.00>you
"""


def test_the_lines_are_read_without_times():
    (text,), account = read_form("lyrics", SONG.encode())
    assert text == "\nWalking by the canal\nwith a [heavy] stone\n\nOh the lamps\nI saw you\n"
    assert account.taken == {"line": 4}
    assert account.left == {"tag of the song": 2, "time": 9}


def test_they_are_known_by_how_they_begin():
    song = registry.get_form("lyrics")
    for begin in (SONG.encode(), b"[00:12.00]Walking", b"\xef\xbb\xbf[ti:x]\r\n[01:12.000]Go"):
        assert registry.find_form("a.txt", begin, lambda: None) is song
    for begin in (b"[12:03] she said", b"[ar:Ann] is the artist", b"[a: b]\n[1.2]"):
        assert registry.find_form("a.txt", begin, lambda: None) is None
