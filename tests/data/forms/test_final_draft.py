"""Screenplays of Final Draft."""

import pytest

from burble.data.forms import registry
from burble.errors import SourceError
from tests.support.documents import read_form


def said(kind, text):
    return f'<Paragraph Type="{kind}"><Text Font="Courier">{text}</Text></Paragraph>'


SCRIPT = (
    '<?xml version="1.0" encoding="UTF-8" standalone="no" ?>\n'
    '<FinalDraft DocumentType="Script" Template="No" Version="5">\n<Content>\n'
    '<Paragraph Number="1" Type="Scene Heading"><SceneProperties Page="1"/>'
    "<Text>INT. MILL - </Text><Text>DAY</Text></Paragraph>\n"
    f"{said('Action', 'Rain &amp; wind.')}\n{said('Character', 'MIRA')}\n"
    f"{said('Parenthetical', '(low)')}\n{said('Dialogue', 'Close the door.')}\n"
    f"<Paragraph><DualDialogue>{said('Character', 'BEN')}{said('Dialogue', 'No.')}"
    f"{said('Character', 'IDA')}{said('Dialogue', 'Yes.')}</DualDialogue></Paragraph>\n"
    f'<Paragraph Type="Action"><ScriptNote>{said("", "cut this?")}</ScriptNote>'
    "<Text>They wait.</Text></Paragraph>\n"
    f"<Paragraph Type='Action'/>{said('Transition', 'CUT TO:')}\n</Content>\n"
    f"<TitlePage><Content>{said('General', 'The Mill')}</Content></TitlePage>\n"
    f"<SmartType><Characters><Character>MIRA</Character></Characters></SmartType></FinalDraft>"
)
TEXT = """\
INT. MILL - DAY

Rain & wind.

MIRA
(low)
Close the door.

BEN
No.

IDA
Yes.

They wait.

CUT TO:
"""


def test_a_screenplay_is_laid_out_as_one_is_in_plain_text():
    (text,), account = read_form("screenplay", SCRIPT.encode())
    assert text == TEXT
    assert account.taken == {"paragraph": 11}
    assert account.left == {"note on the script": 1, "title page": 1}


def test_it_is_known_by_its_first_element_whatever_it_is_called():
    screenplay = registry.get_form("screenplay")
    assert registry.find_form("a.xml", SCRIPT.encode(), lambda: None) is screenplay
    told = b"# On <FinalDraft>\nIts files begin with it."
    assert registry.find_form("a.txt", told, lambda: None) is None


def test_one_that_breaks_off_is_refused():
    with pytest.raises(SourceError, match=r"its XML breaks off"):
        read_form("screenplay", SCRIPT[:200].encode())
