"""Several models that write together, as the command line, Python and JSON name them."""

import json
import shutil
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest

import burble as library
from burble.errors import SettingsError
from burble.inference.mixtures import Voices, choose_voices
from burble.model.file import write_model
from tests.support.speakers import chancy, follower


@pytest.fixture
def files(tmp_path):
    """Two models of different alphabets."""
    one, other = tmp_path / "one.safetensors", tmp_path / "other.safetensors"
    write_model(one, chancy("abc\n"))
    write_model(other, chancy("abAé\n", seed=1, cell="gru"))
    return one, other


@pytest.mark.parametrize(
    ("given", "models", "message"),
    [
        ("7;3", 2, "mix is '7;3', but must be a number for each model"),
        ("1,2,3", 2, "mix is 1,2,3, 3 of them, but must be 2"),
        ("1", 2, "mix is 1, 1 of them, but must be 2"),
        ("0,0", 2, "mix is 0,0, .* not 0 for all"),
        ("1,-1", 2, "mix is 1,-1, .* 0 or more for each"),
        ("nan,1", 2, "mix is nan,1,"),
        ("inf,1", 2, "mix is inf,1,"),
        ("1", 1, "there is one. Give another model"),
    ],
)
def test_weights_that_cannot_be_are_refused_with_a_sentence(given, models, message):
    with pytest.raises(SettingsError, match=message):
        choose_voices(["a", "b"][:models], given)


def test_only_proportions_of_weights_count_and_without_any_all_are_equal():
    assert choose_voices(["a", "b"], "7,3").weights == pytest.approx((0.7, 0.3))
    assert choose_voices(["a", "b"], "0.7, 0.3").weights == pytest.approx((0.7, 0.3))
    plain = choose_voices(["a", "b"], None)
    assert plain.weights == (0.5, 0.5)
    assert plain.notes == ["Mixes a, b in equal parts; weights are given with --mix."]
    assert choose_voices(["a"], None).notes == []
    with pytest.raises(SettingsError, match="there is no model"):
        Voices(())


def test_python_mixes_as_the_command_does(burble, files):
    how = {"length": 60, "seed": 3, "temperature": 1.0}
    writer = library.load([*files], mix=[0.7, 0.3])
    expected = writer.generate("Ab", **how)
    flags = ["--mix", "7,3", "-p", "Ab", "-l", "60", "--seed", "3", "-t", "1"]
    done = burble("sample", *files, *flags)
    assert done.stdout.decode() == f"Ab{expected}\n"
    assert f"Mixes {files[0]} (0.7), {files[1]} (0.3)." in done.stderr.decode()
    rows = burble("sample", *files, *flags, "--jsonl", "-n", "2").stdout.decode().splitlines()
    row = json.loads(rows[0])
    assert row["text"] == expected
    assert row["models"] == [*map(str, files)]
    assert row["mix"] == pytest.approx([0.7, 0.3])
    # It is steered as any model is.
    assert set(writer.generate("a", top_k=1, length=50)) < set("abcAé\n")
    assert "A" not in library.load(files[0]).model.vocabulary.ids
    known = writer.generate_many("é", count=3, seed=3, length=40)
    assert known[1:] == writer.generate_many("é", count=3, seed=3, length=40)[1:]


def test_one_model_in_a_list_is_that_model_and_what_is_no_model_is_refused(files):
    one = library.load([files[0]])
    assert one.generate("a", seed=1) == library.load(files[0]).generate("a", seed=1)
    with pytest.raises(SettingsError, match="model is 3, but must be a path"):
        library.load(cast(Any, 3))
    with pytest.raises(SettingsError, match=r"mix is 0\.5, but must be a list of weights"):
        library.load([*files], mix=cast(Any, 0.5))
    with pytest.raises(SettingsError, match="there is one"):
        library.load(files[0], mix=[1.0])


def test_scores_of_a_mixture_say_what_it_is(burble, files, tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("abcAé\nabba" * 30 + "z")
    done = burble("eval", files[0], text, "--with", files[1], "--mix", "0.7,0.3", "--json")
    facts = json.loads(done.stdout)
    assert facts["models"] == [*map(str, files)]
    assert facts["unknown"] == {"z": 1}
    score = library.evaluate([*files], text, mix=[7, 3])
    assert facts["nats"] == pytest.approx(score.nats, abs=1e-7)
    assert score.nats != library.evaluate([*files], text).nats
    said = burble("eval", files[0], text, "--with", files[1]).stdout.decode()
    assert said.startswith(f"{files[0]} (0.5), {files[1]} (0.5), mixed\n")
    refused = burble("eval", files[0], "--with", files[1])
    assert refused.returncode == 2
    assert "--with needs a text to score" in refused.stderr.decode()


def test_a_text_that_one_of_them_was_trained_on_is_scored_in_its_validation_part(
    burble, trained, files, tmp_path
):
    text = trained.parent / "cat.txt"
    alone = json.loads(burble("eval", trained, text, "--json").stdout)
    done = burble("eval", files[0], text, "--with", trained, "--mix", "0,1", "--json")
    mixed = json.loads(done.stdout)
    assert mixed["nats"] == pytest.approx(alone["nats"], abs=1e-5)
    assert mixed["baselines"] == alone["baselines"]
    assert mixed["mix"] == [0, 1]
    both = burble("eval", files[0], text, "--with", trained, "--memory", "1").stdout.decode()
    assert "This is the text one of them was trained on" in both
    assert "with n-gram model (memory)" in both
    # Another model that has learned from what this one keeps leaves nothing to score.
    other = tmp_path / "other"
    shutil.copytree(trained, other)
    model = library.load(trained).model
    moved = {"held_out": model.facts("corpus")["held_out"] + 40}
    summary = {**model.summary, "corpus": {**model.facts("corpus"), **moved}}
    summary["corpus"].pop("training_sha256", None)
    write_model(other / "model.safetensors", replace(model, summary=summary))
    refused = burble("eval", trained, text, "--with", other)
    assert refused.returncode == 2
    assert "not with the same validation part" in refused.stderr.decode()


def test_filters_stops_and_restrictions_work_on_a_mixture(tmp_path):
    for name, follows in (("one", [1, 2, 3, 0]), ("other", [1, 0, 3, 0])):
        write_model(tmp_path / name, follower("abc.", follows))
    writer = library.load([tmp_path / "one", tmp_path / "other"], mix=[3, 1])
    # After b they disagree, and the heavier one wins.
    assert writer.generate("a", length=7, temperature=0) == "bc.abc."
    assert writer.generate("a", length=70, stop=".", temperature=0) == "bc"
    source = tmp_path / "text.txt"
    source.write_text("abc." * 9)
    with pytest.warns(UserWarning, match="not the text"):
        found = writer.generate("a", length=7, temperature=0, novel=3, training_text=source)
    assert "bc.a" not in f"a{found}"
    lighter = library.load([tmp_path / "one", tmp_path / "other"], mix=[1, 3])
    assert lighter.generate("a", length=7, temperature=0) == "bababab"
    np.testing.assert_allclose(sum(writer.probabilities("ab").values()), 1, atol=1e-9)


def test_the_memory_of_a_mixture_is_of_a_text_that_is_named(files, tmp_path):
    writer = library.load([*files])
    assert not writer.has_memory
    with pytest.raises(SettingsError, match=r"mixed have no memory .* --memory TEXT"):
        writer.generate("a", memory=0.5)
    text = tmp_path / "text.txt"
    text.write_text("abcAé" * 40)
    with_memory = writer.probabilities("abcAéab", memory=str(text))
    assert with_memory["c"] > writer.probabilities("abcAéab")["c"]
    assert len(writer.generate("abcAéab", memory=str(text), length=30, seed=1)) == 30
