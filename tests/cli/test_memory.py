"""--memory on the command line: a weight, or a text that is read at once."""

import json

import pytest

OTHER = "mats sat on that hat, and the mat at home ate the cats.\n"


@pytest.fixture
def other(tmp_path):
    """A text that the model has not read, with a letter that it does not know."""
    path = tmp_path / "other.txt"
    path.write_text(OTHER * 20 + "é", encoding="utf-8")
    return path


def test_a_text_is_mixed_in_at_once_and_nothing_is_written(burble, trained, other):
    before = sorted(path.name for path in trained.iterdir())
    flags = ["sample", trained, "-l", 120, "--seed", 1, "-t", 0.5, "--jsonl"]
    alone = json.loads(burble(*flags).stdout)["text"]
    done = burble(*flags, "--memory", other, "--memory-weight", 0.9)
    assert done.returncode == 0, done.stderr.decode()
    found = json.loads(done.stdout)
    assert found["memory"] == [str(other)]
    assert found["memory_weight"] == 0.9
    assert "'é' (U+00E9)" in done.stderr.decode()
    assert "Symbols in it: 1," in done.stderr.decode()
    assert "at home ate the cats.\n" in found["text"]
    assert "home" not in alone
    assert sorted(path.name for path in trained.iterdir()) == before
    # What may not be copied is looked up in it, too; case makes no difference.
    done = burble(*flags, "--memory", other, "--novel", 8, "--words", "known")
    text = json.loads(done.stdout)["text"]
    assert not any(text[i : i + 9] in OTHER * 2 for i in range(len(text) - 8))
    assert "look in the memory's text alone" in done.stderr.decode()


def test_a_score_with_the_memory_of_a_text_is_better_on_its_like(burble, trained, other, tmp_path):
    scored = tmp_path / "scored.txt"
    scored.write_text("the mat at home ate the cats, and that hat sat on mats.\n" * 4, "utf-8")
    alone = json.loads(burble("eval", trained, scored, "--json").stdout)
    done = burble("eval", trained, scored, "--json", "--memory", other)
    found = json.loads(done.stdout)
    assert found["nats"] < 0.8 * alone["nats"]
    assert (found["memory"], found["memory_text"]) == (1, [str(other)])
    assert (alone["memory"], alone["memory_text"]) == (0, [])
    done = burble("eval", trained, other, "--memory", other)
    assert done.returncode == 2
    assert "holds what is to be scored" in done.stderr.decode()


def test_a_number_is_a_weight_whatever_files_there_are(burble, trained, tmp_path):
    (tmp_path / "0.5").write_text(OTHER, encoding="utf-8")
    given = ["sample", trained.resolve(), "-l", 9, "--jsonl", "--memory"]
    done = burble(*given, "0.5", cwd=tmp_path)
    assert (done.returncode, b"no memory beside it" in done.stderr) == (2, True)
    done = burble(*given, "./0.5", cwd=tmp_path)
    assert json.loads(done.stdout)["memory"] == ["./0.5"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--memory", "2"], "memory is 2.0, but must be between 0, the network alone, and 1, or"),
        (["--memory", "a.txt", "--memory", "0.5"], "--memory a.txt --memory-weight 0.5"),
        (["--memory", "0.1", "--memory", "0.5"], "--memory 0.1 is a weight, and beside it"),
        (["--memory-weight", "0.5"], "none was given. Add --memory TEXT."),
        (["--memory", "0.5", "--memory-weight", "1"], "--memory 0.5 is a weight itself. Give only"),
        (["--memory", "a.txt", "--memory-weight", "2"], "memory_weight is 2.0, but must be"),
        (["--memory", "nowhere.txt"], "nowhere.txt"),
        (["--memory", "-", "-p", "-"], "standard input can be read only once"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(burble, trained, given, said):
    done = burble("sample", trained, *given)
    assert done.returncode == 2
    assert said in done.stderr.decode()
    assert b"Traceback" not in done.stderr
