"""The built-in text is prose."""

import pytest

from burble.data import python_docs

SENTENCES = (
    "The loop ends when there is nothing\nleft in the list.",
    "* the name of the class that is to be made;",
    '"__doc__"\n   The text that stands in the class, or "None" if there is none.',
    "2. Otherwise, the value is what it was before.",
)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_sentences_are_kept_without_their_indent(sentence):
    indented = "".join(f"   {line}\n" for line in sentence.split("\n"))
    assert python_docs.find_prose(indented) == python_docs.Prose(sentence, 0)


@pytest.mark.parametrize(
    "other",
    [
        "The loops\n=========",
        "| Operator | It is the name of a thing that is in the list. |\n|---|---|",
        "+------+------+\n| a    | It is in the list, and so is the other. |\n+======+======+",
        'loop ::= "for" a "in" the list that is there.',
        ">>> print('It is in the list that was made by it.')\nIt is in the list that was made.",
        "for a in the_list:\n    print(a)",
        "value = [a for a in the_list if a is not in it]  # It is the one that is left.",
        "object.__init__(self)",
        "New in version 3.3.",
    ],
)
def test_tables_rules_headings_and_code_are_left_out_and_counted(other):
    text = f"{SENTENCES[0]}\n\n   {other.replace(chr(10), chr(10) + '   ')}\n\n{SENTENCES[1]}\n"
    kept = "\n\n".join(SENTENCES[:2])
    assert python_docs.find_prose(text) == python_docs.Prose(kept, other.count("\n") + 1)


def test_each_long_paragraph_stands_once_and_every_one_is_sentences():
    prose = python_docs.read_python_docs()
    paragraphs = prose.text.split("\n\n")
    long = [paragraph for paragraph in paragraphs if len(paragraph) >= 80]
    assert len(long) == len(set(long)) > 500
    assert not [
        line for line in prose.text.split("\n") if line.startswith(("|", "+-", "==", ">>>"))
    ]
    assert "::=" not in prose.text
    assert prose.left_out > 1_000
