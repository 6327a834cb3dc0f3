"""The text of markovify's models: its sentences, or sentences with exactly its counts."""

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burble.errors import ModelFileError
from burble.exchange.imports import read_import, recognize
from burble.exchange.options import ImportRequest

BEGIN, END = "___BEGIN__", "___END__"
TEXT = "the rabbit was late . the rabbit was not late at all . she was late . late late late ."
SENTENCES = [f"{one} .".split() for one in TEXT.split(" .") if one]


def count(sentences, size):
    """How often each word follows each state, as a chain counts it."""
    found: dict[tuple[str, ...], Counter[str]] = {}
    for words in sentences:
        whole = [BEGIN] * size + [*words, END]
        for place in range(len(words) + 1):
            state = tuple(whole[place : place + size])
            found.setdefault(state, Counter())[whole[place + size]] += 1
    return found


def chain(sentences, size=2, weight=1, *, compiled=False):
    listed = []
    for state, follow in count(sentences, size).items():
        counts = {word: n * weight for word, n in follow.items()}
        if compiled:
            totals = [sum([*counts.values()][: n + 1]) for n in range(len(counts))]
            listed.append([state, [[*counts], totals]])
        else:
            listed.append([state, counts])
    return json.dumps(listed)


def imported(tmp_path, value, log=None):
    path = tmp_path / "m.json"
    path.write_text(value if isinstance(value, str) else json.dumps(value), "utf-8")
    assert recognize(path).name == "markovify"
    told: list[str] = []
    return read_import(path, ImportRequest(), log or told.append).content, " ".join(told)


def whole(sentences=SENTENCES, **how):
    return {"state_size": 2, "chain": chain(sentences, **how), "parsed_sentences": sentences}


def test_its_sentences_are_the_text_one_a_line(tmp_path):
    expected = "".join(" ".join(one) + "\n" for one in SENTENCES)
    for value in (whole(), whole(compiled=True), json.dumps(whole())):
        text, told = imported(tmp_path, value)
        assert text == expected
        assert "It holds 4 sentences. Sentences with quotation marks" in told
    text, told = imported(tmp_path, whole(weight=1.5))
    assert text == expected
    assert "Its chain counts 6: weights it was combined with are left out." in told


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("size", [1, 2, 3])
@given(sentences=st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=6), min_size=1))
def test_without_sentences_there_are_some_with_the_very_counts(
    tmp_path_factory, sentences, size, compiled
):
    folder = tmp_path_factory.mktemp("m")
    value = {"state_size": size, "chain": chain(sentences, size, compiled=compiled)}
    text, told = imported(folder, value | {"parsed_sentences": None})
    assert count([line.split() for line in text.splitlines()], size) == count(sentences, size)
    assert "which are not those of its text" in told


def test_a_chain_alone_and_weights_that_are_ratios_are_counts_as_well(tmp_path):
    text, _ = imported(tmp_path, chain(SENTENCES, weight=1.5))
    doubled = count([line.split() for line in text.splitlines()], 2)
    assert doubled == {
        state: Counter({word: 3 * n for word, n in follow.items()})
        for state, follow in count(SENTENCES, 2).items()
    }
    with pytest.raises(ModelFileError, match=r"weights that are no ratio of small numbers"):
        imported(tmp_path, chain(SENTENCES, weight=3.14159265))


def test_words_are_joined_as_they_were_cut(tmp_path):
    def text_of(sentences):
        return imported(tmp_path, {"state_size": 1, "parsed_sentences": sentences})

    assert text_of([[*"ab c"], [*"d"]])[0] == "ab c\nd\n"
    text, told = text_of([["The::DT", "cat::NN", ".::."]])
    assert text == "The cat .\n"
    assert "part of speech" in told


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ('{"state_size": 2, "chain": ', r"it is no JSON"),
        ('{"chain": ' + "[" * 100_000, r"it is no JSON \(brackets within too many others\)"),
        ({"chain": "[" * 100_000}, r"its chain is none \(brackets within too many others\)"),
        ({"chain": 5}, r"its chain is none"),
        ({"chain": [[["a"], {"b": 1}]]}, r"its states are not words"),
        ({"chain": [[[BEGIN], {"b": -1}]]}, r"its counts are no counts"),
        ({"chain": [[[BEGIN], {"b": 1}]]}, r"its counts make up no whole sentences"),
        ({"chain": [[[BEGIN], {END: 1}], [["a"], {"a": 1}]]}, r"parts of its chain"),
        ({"chain": [[[BEGIN], {END: 1}]]}, r"holds no sentence"),
        ({"chain": [[[BEGIN], {END: 10**9}]]}, r"count more than 5,000,000 words"),
        ({"parsed_sentences": ["a b"]}, r"are no lists of words"),
        ({"parsed_sentences": []}, r"holds no sentence"),
        ('{"parsed_sentences": [["\\ud800"]]}', r"a word cannot be written"),
    ],
)
def test_what_markovify_does_not_write_is_refused(tmp_path, value, message):
    # What is refused is not first described.
    with pytest.raises(ModelFileError, match=message):
        imported(tmp_path, value, pytest.fail)
