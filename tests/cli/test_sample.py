import io
import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import safetensors.numpy

from burble.inference.generator import load
from burble.model.file import write_model
from tests.support.processes import start
from tests.support.speakers import chancy, follower


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A folder with a model that goes in a circle, one of chance, and one with documents."""
    folder = tmp_path_factory.mktemp("models")
    made = {
        "cycle": replace(follower("abc", [1, 2, 0]), summary={"scores": {"held_out_loss": 0.5}}),
        "chancy": chancy(),
        "poems": follower("ab", [1, 2, 0], boundary=True, separator="\n\n"),
    }
    for name, model in made.items():
        write_model(folder / name, model)
    return folder


def refused(done):
    """The sentence of a refusal."""
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"Traceback" not in done.stderr
    return done.stderr.decode()


def test_a_single_text_goes_on_from_its_prompt(command, models):
    done = command("sample", models / "cycle", "-p", "ab", "--greedy", "-l", 7)
    assert done.stdout.decode() == "abcabcabc\n"


def test_several_texts_are_told_apart_on_stderr_alone(command, models):
    done = command("sample", models / "cycle", "-p", "a", "--greedy", "-l", 2, "-n", 3)
    assert done.stdout.decode() == "abc\nabc\nabc\n"
    assert "text 2 of 3" in done.stderr.decode()


def test_a_prompt_comes_from_standard_input_or_a_file_to_its_last_line_end(
    command, models, tmp_path, monkeypatch
):
    def piped(data, *flags):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        return command(*ASKED, models / "chancy", "-p", "-", *flags)

    for data, flags in ((b"b\r\n", []), ("b\n".encode("utf-16"), ["--encoding", "utf-16"])):
        done = piped(data, *flags)
        assert done.stdout.decode() == "b\n" + command_text(models, "b\n") + "\n"
        (tmp_path / "prompt").write_bytes(data)
        other = command(*ASKED, models / "chancy", "--prompt-file", tmp_path / "prompt", *flags)
        assert other.stdout == done.stdout
    assert "In the prompt: 1 line end made plain newlines" in piped(b"b\r\n").stderr.decode()
    assert "line 1, byte 2 is 0xff. Nothing was read from it." in refused(piped(b"ab\xff\n"))
    assert "there is no prompt in standard input." in refused(piped(b""))


ASKED = ["sample", "-l", 9, "--seed", 1]


def command_text(models, prompt):
    """What is written after a prompt."""
    return load(models / "chancy").generate(prompt, length=9, seed=1)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (
            ["-p", "a\udcffb"],
            "the prompt is no text in UTF-8: after 1 character comes the byte 0xFF.",
        ),
        (["-p", "\udcff", "--unknown", "skip"], "the prompt is no text in UTF-8"),
        (["--stop", "a\udce9"], "a stop string is no text in UTF-8: after 1 character"),
        (["-p", "a", "--prompt-file", "f"], "--prompt and --prompt-file are both prompts."),
        (["--text", "f", "--prompt-file", "f"], "--prompt-file and --text are both prompts."),
        (["-p", "-", "--training-text", "-"], "standard input can be read only once"),
        (["--encoding", "cp1252"], "--encoding: this says how a text is read, and none is."),
        (["-p", "-", "--mirror", "x"], "--mirror: this says how a text is read, and none is."),
        (["--greedy", "-t", "0.9"], "--greedy is --temperature 0, and --temperature 0.9 was given"),
        (["--endless", "-l", "9"], "--endless writes until stopped, and --length 9 was given as"),
        (["--word-count", "3"], "--word-count 3 is for --words known"),
        (["--rounds", "3", "--no-break-loops"], "--rounds 3 is for loops that are broken"),
    ],
)
def test_nothing_that_is_given_is_dropped(command, models, flags, said):
    assert f"burble: {said}" in refused(command("sample", models / "chancy", *flags))


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["-t", "0.9"], "--temperature needs a text to score, and none was given. Give one."),
        (["--seed", "3"], "--seed needs a text to score, and none was given."),
        (["--encoding", "cp1252"], "--encoding needs a text to score, and none was given."),
        (["--adaptive", "--memory", "1"], "--adaptive, --memory need a text to score"),
        (["TEXT", "-t", "0.9"], "--temperature: this is about what the model writes, which is"),
        (["TEXT", "-t", "-1"], "temperature is -1.0, but must be a number of 0 or more."),
    ],
)
def test_nothing_that_is_given_to_eval_is_dropped(command, models, tmp_path, flags, said):
    (tmp_path / "text").write_text("abcabc" * 9)
    given = [tmp_path / "text" if flag == "TEXT" else flag for flag in flags]
    assert f"burble: {said}" in refused(command("eval", models / "cycle", *given))


def test_a_stop_string_has_escapes_and_a_prompt_has_none(command, tmp_path):
    write_model(tmp_path / "lines", follower("a\n\\n", [1, 2, 3, 0]))
    asked = ["sample", tmp_path / "lines", "-p", "a", "--greedy", "-l", 9]
    assert command(*asked, "--stop", r"\n").stdout == b"a\n"
    assert command(*asked, "--stop", r"\\n").stdout == b"a\n\n"
    done = command(*asked, "--stop", r"a\n")
    assert done.stdout.decode() == "a\n\\n\n"
    assert r"--stop a\n was read as 'a\n'; \\ is a backslash." in done.stderr.decode()
    done = command("sample", tmp_path / "lines", "-p", r"\n", "--greedy", "-l", 1)
    assert done.stdout.decode() == "\\na\n"
    assert r"The prompt's \n is a backslash and an n. For a line end, write $'\n'" in (
        done.stderr.decode()
    )


def test_jsonl_rows_hold_what_writes_them_again(command, models):
    asked = ["sample", models / "chancy", "-p", "a", "-l", 9, "--seed", 2, "--jsonl", "--top-k", 2]
    rows = [json.loads(line) for line in command(*asked, "-n", 3).stdout.splitlines()]
    assert [row.pop("index") for row in rows] == [0, 1, 2]
    assert len({row.pop("text") for row in rows}) == 3
    common = {"seed": 2, "prompt": "a", "temperature": 0.8, "top_k": 2, "top_p": 1.0, "min_p": 0.0}
    common |= {"close_quotes": 0.0}
    assert rows == [common] * 3
    assert (
        command(*asked, "-n", 1).stdout == command(*asked, "-n", 3).stdout.split(b"\n")[0] + b"\n"
    )


def test_no_texts_are_nothing_to_ask_for(command, models):
    said = refused(command("sample", models / "chancy", "-n", 0))
    assert said == "burble: count is 0, but must be 1 or more texts.\n"


def test_three_temperatures_from_the_safest_to_the_boldest(command, models):
    done = command("sample", models / "chancy", "-l", 30, "--compare-temperatures", "--jsonl")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["temperature"] for row in rows] == [0.4, 0.8, 1.2]
    said = done.stderr.decode()
    assert said.index("0.4: safer") < said.index("1.2: bolder")
    both = command("sample", models / "chancy", "--compare-temperatures", "-t", 1)
    assert "leave out --temperature" in refused(both)


def test_the_help_says_which_way_is_bolder(command):
    said = " ".join(command("sample", "--help").stdout.decode().replace("│", " ").split())
    assert "Lower is safer" in said
    assert "higher is bolder" in said
    assert "exactly so many unless something stops it before. [default: 400]" in said
    assert "0 leaves all. [default: 0]" in said
    assert r"\n is a line end, \t a tab, and \\ a backslash." in said


def test_a_loop_is_told_and_what_to_do(command, models):
    done = command("sample", models / "cycle", "-p", "a", "--greedy", "-l", 100)
    assert "repeats the same 3 characters again and again" in done.stderr.decode()
    done = command("sample", models / "cycle", "-p", "a", "-t", "0.9", "-l", 100)
    assert "again and again" not in done.stderr.decode()


def test_a_broken_loop_is_told_once(command, models):
    done = command("sample", models / "cycle", "-p", "a", "-l", 99, "-n", 3)
    assert done.stderr.decode().count("loop was broken") == 1
    said = "A loop was broken in 3 of 3 texts; --no-break-loops leaves loops as they come.\n"
    assert done.stderr.decode().endswith(said)
    done = command("sample", models / "cycle", "-p", "a", "-l", 99, "--no-break-loops")
    assert "loop" not in done.stderr.decode()


def test_texts_without_chance_cannot_be_distinct(command, models):
    said = refused(command("sample", models / "chancy", "--greedy", "--distinct", "-n", 3, "-l", 9))
    assert "3 distinct texts cannot be written without chance" in said
    assert command("sample", models / "chancy", "--greedy", "--distinct", "-l", 9).returncode == 0


def test_a_random_piece_of_a_text_is_gone_on_from(command, models, tmp_path):
    (tmp_path / "text").write_text("ab" * 300)
    (tmp_path / "poems").write_text("ab\n\n" * 30)
    done = command("sample", models / "chancy", "--text", tmp_path / "text", "-l", 0, "--seed", 1)
    assert done.stdout.decode().strip() in ("ab" * 50, "ba" * 50)
    # Of documents it is a piece of one.
    poems = follower("ab", [1, 2, 0], boundary=True, separator="\n\n", documents="blank")
    write_model(tmp_path / "model", poems)
    done = command("sample", tmp_path / "model", "--text", tmp_path / "poems", "-l", 0)
    assert done.stdout.decode() in ("ab\n", "b\n")


def test_stop_strings_and_documents(command, models):
    done = command("sample", models / "cycle", "-p", "ab", "--greedy", "--stop", "b", "--endless")
    assert done.stdout.decode() == "abca\n"
    done = command("sample", models / "poems", "--greedy", "--until-document", "--endless")
    assert done.stdout.decode() == "ab\n"
    done = command("sample", models / "poems", "--greedy", "-l", 6)
    assert done.stdout.decode() == "ab\n\nab\n"
    assert "running text" in refused(command("sample", models / "cycle", "--until-document"))


def test_endless_texts_are_written_one_at_a_time(command, models):
    assert "whole texts need an end" in refused(
        command("sample", models / "cycle", "--endless", "-n", 2)
    )


def test_whoever_has_had_enough_may_go(models):
    asked = ["sample", models / "chancy", "--endless"]
    with start(*asked, stdout=subprocess.PIPE) as process:
        assert len(process.stdout.read(5000)) == 5000
        process.stdout.close()
        said = process.stderr.read()
    assert process.returncode == 0
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["-t", "hot"], "--temperature"),
        (["-t", "-1"], "temperature is -1.0"),
        (["-t", "nan"], "temperature is nan"),
        (["-t", "inf"], "temperature is inf"),
        (["-l", "-1"], "length is -1"),
        (["-n", "-1"], "count is -1"),
        (["--top-k", "-1"], "top_k is -1"),
        (["--top-p", "1.5"], "top_p is 1.5"),
        (["--seed", "-1"], "seed is -1"),
        (["--stop", "Z"], "stop string 'Z'"),
        (["--unknown", "guess"], "unknown is 'guess', but must be error, skip or nearest"),
        (["-p", "☃"], "'☃' (U+2603)"),
    ],
)
def test_nonsense_is_refused_by_name(command, models, flags, said):
    assert said in refused(command("sample", models / "chancy", *flags))


@pytest.mark.parametrize("value", ["0", "-0.0", "1e-9", "1e9"])
def test_extreme_temperatures_stay_finite(command, models, value):
    done = command("sample", models / "chancy", "-t", value, "-l", 50)
    assert (done.returncode, len(done.stdout)) == (0, 51)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (".", "holds no model.safetensors"),
        ("none", "there is no "),
        ("text", "is not a burble model"),
    ],
)
@pytest.mark.parametrize("verb", ["sample", "eval", "info"])
def test_what_is_no_model_is_refused(command, tmp_path, verb, name, said):
    (tmp_path / "text").write_text("Alice was beginning to get very tired")
    assert said in refused(command(verb, tmp_path / name))


@pytest.mark.parametrize("name", ["last/state.safetensors", "last", "run.json", "x.safetensors"])
def test_a_part_of_a_run_names_the_run(command, models, tmp_path, monkeypatch, name):
    run = tmp_path / "runs" / "mine"
    (run / "last").mkdir(parents=True)
    (run / "model.safetensors").write_bytes((models / "chancy").read_bytes())
    state = safetensors.numpy.save({"a": np.zeros(3)}, {"burble_state": "{}"})
    for path in ("last/state.safetensors", "x.safetensors", "run.json"):
        (run / path).write_bytes(state)
    monkeypatch.chdir(tmp_path)
    said = refused(command("sample", f"runs/mine/{name}"))
    assert said.endswith(" It lies in a run: give runs/mine.\n")
    assert ("is a state of a training, and no model." in said) == name.startswith("last/")
    (run / "model.safetensors").write_bytes(state)
    assert "It lies in a run" not in refused(command("info", "runs/mine"))


@pytest.mark.parametrize("verb", ["info", "recipes", "corpus"])
def test_a_reader_that_has_gone_is_no_failure(models, verb):
    asked = {"info": [models / "chancy"], "recipes": [], "corpus": [__file__]}[verb]
    read, written = os.pipe()
    os.close(read)
    with start(verb, *asked, stdout=written) as process:
        os.close(written)
        said = process.stderr.read()
    assert (process.returncode, "Traceback" in said) == (0, False)


def test_eval_scores_a_text_and_tells_what_it_left_out(burble, models):
    done = burble("eval", models / "cycle", "-", stdin="abQcaé".encode())
    assert done.stdout.decode().splitlines() == [
        "0.0000 bits per character (0.0000 nats)",
        "3 characters, each predicted from all before it",
        "expected calibration error 0.0 %, best temperature 0.50",
        "2 symbols the model does not know were left out: 1 × 'Q' (U+0051), 1 × 'é' (U+00E9)",
    ]
    done = burble("eval", models / "cycle", "-", "--json", stdin=b"abQca")
    report = json.loads(done.stdout)
    assert (report["characters"], report["unknown"]) == (3, {"Q": 1})


def test_eval_without_a_text_tells_the_stored_score(command, models):
    done = command("eval", models / "cycle")
    assert done.stdout.decode().startswith("0.7213 bits per character (0.5000 nats)")
    assert json.loads(command("eval", models / "cycle", "--json").stdout)["nats"] == 0.5
    assert "Give a text" in refused(command("eval", models / "chancy"))


def test_eval_refuses_what_cannot_be_scored(burble, models, tmp_path):
    assert "there is no" in refused(burble("eval", models / "cycle", tmp_path / "none.txt"))
    assert "nothing to score" in refused(burble("eval", models / "cycle", "-", stdin=b"a"))
    assert "utf-8" in refused(burble("eval", models / "cycle", "-", stdin=b"ab\xff"))


def test_info_tells_what_a_model_is(command, models):
    said = command("info", models / "cycle").stdout.decode()
    assert "1 RNN layer of 3 units" in said
    assert "3 characters: 'abc'" in said
    assert "scores     validation loss 0.5 nats per character\n" in said
    facts = json.loads(command("info", models / "poems", "--json").stdout)
    assert facts["symbols"] == ["a", "b"]
    assert facts["boundary"] is True
    # Embedding 3x3, kernel 3x3, recurrent 3x3, output 3x3, and two biases of 3.
    assert facts["weights"] == 42


def test_info_tells_of_other_gates_and_of_the_format_that_they_need(command, models, tmp_path):
    write_model(tmp_path / "m", chancy(recurrent_activation="hard_sigmoid"))
    said = command("info", tmp_path / "m").stdout.decode()
    assert "2 LSTM layers with hard sigmoid gates of 12 units" in said
    for path, number in ((tmp_path / "m", 2), (models / "cycle", 1)):
        assert json.loads(command("info", path, "--json").stdout)["format"] == number


def test_speaking_loads_neither_keras_nor_jax(models):
    code = (
        "import sys\nimport burble.cli.sample\nfrom burble.inference.generator import load\n"
        f"load({str(models / 'chancy')!r}).generate('a', length=5)\n"
        "print({'jax', 'keras', 'safetensors.torch'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, env=os.environ
    )
    assert done.stdout == b"set()\n"
