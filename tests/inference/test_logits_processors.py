"""What may not be written: long passages of a text, and a third round of a loop."""

import json
from typing import Any

import pytest

from burble.data import words
from burble.evaluation import overlap
from burble.inference.generator import Generator
from burble.inference.passages import Passages
from tests.support.speakers import chancy


def test_texts_side_by_side_are_each_as_alone():
    writer = Generator(chancy("ab\n", scale=0.1))
    passages = Passages.from_ids(writer.model.vocabulary.encode("abba\nbaab"), 4)
    options: dict[str, Any] = {
        "length": 200,
        "temperature": 0.7,
        "seed": 5,
        "novel": passages,
        "stop": "bbbbb",
    }
    many = writer.generate_many("a", count=6, **options)
    assert many[0] == writer.generate("a", **options)
    assert len({len(text) for text in many}) > 1
    assert not any(copy in text for text in many for copy in ("abba", "bba\n", "baab"))


@pytest.mark.slow
def test_a_trained_model_does_not_copy_more_than_it_may(burble, trained, tmp_path):
    text = trained.parent / "cat.txt"
    flags = ["-l", 600, "--seed", 1, "--jsonl", "--no-break-loops"]
    source = text.read_text(encoding="utf-8")

    def longest(*more):
        done = burble("sample", trained, *flags, *more)
        assert done.returncode == 0, done.stderr.decode()
        return overlap.find_overlaps([[json.loads(done.stdout)["text"]]], [source])[0].longest

    assert longest() > 40
    # It learned lines that repeat, so that these are no loop.
    flags = ["-l", 24 * 201, "--seed", 1, "-t", 0.5]
    done = burble("sample", trained, *flags)
    assert done.stdout == burble("sample", trained, *flags, "--no-break-loops").stdout
    assert b"loop" not in done.stderr
    flags = ["-l", 600, "--seed", 1, "--jsonl", "--no-break-loops"]
    assert longest("--novel", 15, "--training-text", text) <= 15
    done = burble("sample", trained, "-l", 400, "--words", "known", "--training-text", text)
    assert set(words.find_words(done.stdout.decode())[:-1]) <= set(words.find_words(source))
    for half in (["--novel", 9], ["--words", "known"]):
        done = burble("sample", trained, *half)
        assert done.returncode == 2
        assert "Give it with --training-text" in done.stderr.decode()
    done = burble("sample", trained, "--training-text", text)
    assert done.returncode == 2
    assert "none was given" in done.stderr.decode()
    other = tmp_path / "other.txt"
    other.write_text("a dog and Ωmega\n" * 9, encoding="utf-8")
    done = burble("sample", trained, "--novel", 9, "--training-text", other, "-l", 9)
    assert "not the text the model was trained on" in done.stderr.decode()
    assert done.returncode == 0
