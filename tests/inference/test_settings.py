"""How a text is written: what can be, and what is refused in a sentence."""

import pytest

from burble.errors import SettingsError
from burble.inference.generator import Generator
from tests.support.speakers import chancy, follower

CYCLE = Generator(follower("abc", [1, 2, 0]))


def test_whole_texts_need_an_end():
    with pytest.raises(SettingsError, match="whole texts need an end"):
        CYCLE.generate("a", length=None)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"length": -1}, "length is -1"),
        ({"length": 1.5}, "length is 1.5"),
        ({"seed": -1}, "seed is -1"),
        ({"unknown": "guess"}, "unknown is 'guess'"),
        ({"temperature": "hot"}, "temperature is 'hot', but must be a number"),
        ({"top_p": None}, "top_p is None"),
    ],
)
def test_nonsense_is_refused_by_name(options, said):
    with pytest.raises(SettingsError, match=said):
        CYCLE.generate("a", **options)


def test_an_option_that_does_not_exist_is_named():
    with pytest.raises(TypeError, match=r"^there is no option called temprature\. There are: temp"):
        CYCLE.generate(temprature=1)


def test_without_a_seed_each_text_is_another():
    writer = Generator(chancy())
    assert writer.generate(length=60) != writer.generate(length=60)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"top_k": 0.5}, "top_k is 0.5, but must be a whole number: 0 (all symbols) or more."),
        ({"top_k": True}, "top_k is True, but must be a number."),
        ({"temperature": True}, "temperature is True, but must be a number."),
        ({"break_loops": "no"}, "break_loops is 'no', but must be True or False."),
        ({"until_document": 1}, "until_document is 1, but must be True or False."),
        ({"distinct": "yes"}, "distinct is 'yes', but must be True or False."),
        ({"length": True}, "length is True, but must be a whole number of 0 or more."),
        ({"seed": 1.0}, "seed is 1.0, but must be a whole number of 0 or more."),
        ({"rounds": 0}, "rounds is 0, but must be a whole number of 1 or more."),
        ({"novel": -1}, "novel is -1, but must be a whole number of 0 or more symbols."),
        ({"novel": "9"}, "novel is '9', but must be a whole number of 0 or more symbols."),
        ({"words": "knwon"}, "words is 'knwon', but must be any, known, or a set of words."),
        ({"word_count": 0, "words": "known"}, "word_count is 0, but must be a whole number of 1"),
        ({"word_count": 3}, "--word-count 3 is for --words known"),
        ({"word_count": 3, "words": {"a"}}, "--word-count 3 is for --words known"),
        ({"rounds": 3, "break_loops": False}, "--rounds 3 is for loops that are broken"),
        ({"new": "all"}, "new is 'all', but must be True or False, or a set of documents."),
        ({"new": {1}}, "new is {1}, but must be True or False, or a set of documents."),
        ({"words": {1}}, "words is {1}, but must be any, known, or a set of words."),
        ({"stop": 5}, "stop is 5, but must be a text, or several."),
        ({"stop": [5]}, "stop is [5], but must be a text, or several."),
        ({"memory": True}, "memory is True, but must be between 0"),
        ({"close_quotes": True}, "close_quotes is True, but must be a number of 0 or more."),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(options, said):
    with pytest.raises(SettingsError) as error:
        Generator(chancy()).generate(**options)
    assert str(error.value).startswith(said)


@pytest.mark.parametrize("count", [True, 1.5, "3", None])
def test_how_many_is_a_whole_number(count):
    with pytest.raises(SettingsError, match="but must be a whole number of 0 or more texts"):
        Generator(chancy()).generate_many(count=count)
