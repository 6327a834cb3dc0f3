"""Sentences as a reader would find them, wherever the text is cut into pieces."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burble.data.sentences import EDGE, LONGEST_QUOTE, split_sentences
from tests.support.corpora import from_texts, parts


def sentences(*pieces):
    return "".join(split_sentences(pieces)).split(EDGE)


@pytest.mark.parametrize(
    "text",
    [
        "It rained.| She stayed in!| Why not?| He did…| The end",
        # Abbreviations, initials, numbers.
        "Mr. Hatter met Mrs. Dormouse and Dr. J. R. Hare.| They sat.",
        "Bring pens, ink, etc. and paper.| He came at 5 p.m.| Then he left.",
        "See p. 12, fig. 3, and No. 7 of vol. 2.| The answer is no.| So be it.",
        "The U.S. Army was there, e.g. Smith.| It cost 3.50 at most, approx. Nine was less.",
        "1. Take an egg.| 2. Break it.| Use 12.| Stir.",
        "It was Henry, and so am I.| He ran.",
        "Am 3. Oktober, im 19. Jahrhundert, um 500 v. Chr., z. B. Obst, u. a. Goethe.| Er war 12.",
        "Goethestr. 5, vgl. Meyer, 5 Mio. Euro, Dr. med. Dipl.-Ing. Maier.| Ende.",
        "J.-J. Rousseau, 44 av. J.-C. Rome, MM. Dupont.| Vol. II, No. X, Lieut. Smith.| Yes.",
        "He paused . . . then he left.| He was Wm. Jones of Acme Co. in York.| It was I.| So.",
        # Quotes and brackets stay whole, with who says them.
        '"Oh dear! Oh dear! I shall be late!" said the Rabbit.| It ran.',
        "'Well!' thought she, 'they'll think me brave! Why, I won't!'| (Which was true.)| On.",
        "“Who are you? I am he.”| He sat.| “Me?” asked she.| “She.”",
        "„Ja! Nein!“ sagte er.| «Oui? Non.»| Il rit.",
        "She (it was late. It rained.) went home.| [See above. Twice.]| Fine.",
        "The dogs' bones were gone.| 'Tis a pity.| Rock 'n' roll.| It's mine.",
        "He is 6'2\" tall.| She isn't.| (One (two) three. Four five.)| Six",
        "« Je viens. Tu restes. »| Il partit.| « Je viens », dit-il.| Elle : « Non ! » dit-elle.",
        "»Ja! Nein!«, sagte er.| Dann ging er.| »Nein.«| Ende.",
        # What follows tells.
        "Wait... what?| No! never.| He said yes! and left.",
        "—Who?| —Me.| ¿Qué?| ¡No!| Sí.",
        # Scripts that need no capitals, or no white space.
        "他来了。|「你好。再见。」他说。|好！",
        "यह है।| वह था।| ہاں۔| نہیں؟| حسنا.| Да.| Нет!",
        # Lines and blank lines.
        "one two\nthree.|\nFour.|\n\nA HEADING|\n\nand verse\nafter verse|\n \n\n* * *",
        '"Never closed. Here|\n\nA new paragraph.| Two.',
    ],
)
def test_sentences_are_those_that_a_reader_finds(text):
    expected = [part.strip() for part in text.split("|")]
    assert sentences(text.replace("|", "")) == expected


def test_small_letters_tell_nothing_where_there_are_no_capitals():
    assert sentences("it rained. she slept. mr. hare ran.") == [
        "it rained.",
        "she slept.",
        "mr. hare ran.",
    ]


def test_a_quote_that_never_closes_does_not_swallow_the_text():
    text = 'He said: "no. ' + "It went on. " * 1000
    found = sentences(text)
    assert len(found[0]) > LONGEST_QUOTE
    assert found[1:] == ["It went on."] * (len(found) - 1)
    assert len(found) > 700


TEXTS = st.text(alphabet="aB1 \n\t.!?'\"“”‘’()。」「É,M", max_size=60)
WORDS = st.lists(
    st.sampled_from(
        [
            "Mr. ",
            "a.m. ",
            "I ",
            "'tis ",
            '"Oh! ',
            'No." ',
            "1. ",
            "x. \n\n",
            "x  \n\n",
            "(so. ",
            ") ",
            "« ",
            " »",
            "II ",
        ]
    )
)


@given(TEXTS | WORDS.map("".join), st.integers(1, 7))
def test_sentences_do_not_depend_on_how_the_text_is_cut(text, size):
    pieces = [text[i : i + size] for i in range(0, len(text), size)]
    assert sentences(*pieces) == sentences(text)


@given(TEXTS | WORDS.map("".join))
def test_nothing_but_white_space_between_sentences_is_lost(text):
    found = sentences(text)
    pattern = r"\s*".join(map(re.escape, found))
    assert re.fullmatch(rf"\s*{pattern}\s*", text)
    assert all(part == part.strip() for part in found)
    assert all(found) or found == [""]


def test_a_corpus_of_sentences_is_cut_before_capitals_and_stops_are_gone():
    text = "\n Oh! he said. MR. Hare\nran. *** He fell.\n\n---\n\nThe end\n"
    c = from_texts(text, documents="sentences", lowercase=True, strip_punctuation=True)
    assert parts(c) == ["oh he said", "mr hare\nran", "he fell", "the end"]
    assert "1 empty document skipped." in c.notes
    assert c.lines == 7
    assert "".join(c.text()) == "oh he said mr hare\nran he fell the end"
    assert c.changes.punctuation == len("!." + ".." + "***." + "---")
