"""The recipes that come with burble, and those a person writes."""

import json
import re

import numpy as np
import pytest

from burble.errors import SettingsError
from burble.inference import generator
from burble.model.file import read_model
from burble.runs import recipes

TUTORIAL = {
    # The table of the tutorial's two recipes: what they share, and where they differ.
    "lowercase": True,
    "framing": "windows",
    "length": 100,
    "input": "scalar",
    "cell": "lstm",
    "units": 256,
    "dropout_input": 0.0,
    "dropout_output": 0.2,
    "dropout_recurrent": 0.0,
    "ensemble": 1,
    "averaging": 0.0,
    "learning_rate": 0.001,
    "schedule": "constant",
    "beta_2": 0.999,
    "clip": 0.0,
    "weight_decay": 0.0,
    "validation": 0.0,
    "patience": 0,
}
SMALL = {"layers": 1, "dropout": 0.0, "batch": 128, "epochs": 20}
LARGE = {"layers": 2, "dropout": 0.2, "batch": 64, "epochs": 50}


@pytest.mark.parametrize(
    ("name", "own", "kept"),
    [
        ("tutorial-small", SMALL, "weights-improvement-20-1.9277"),
        ("tutorial-large", LARGE, "weights-improvement-50-1.2259-bigger"),
    ],
)
def test_the_recipes_are_those_of_the_tutorial(name, own, kept):
    found = recipes.read_recipe(name)
    pattern = found.pop("epoch_files")
    assert found == TUTORIAL | own
    (loss,) = map(float, re.findall(r"1\.\d+", kept))
    assert pattern.format(epoch=own["epochs"], loss=loss) == kept


def test_every_recipe_is_known_by_name_and_can_be_copied(tmp_path):
    assert recipes.list_recipes() == ["tutorial-large", "tutorial-small"]
    for name in recipes.list_recipes():
        copy = tmp_path / "mine.toml"
        copy.write_text(recipes.read_recipe_text(name), encoding="utf-8")
        assert recipes.read_recipe(str(copy)) == recipes.read_recipe(name)


def test_what_is_given_comes_before_the_recipe():
    chosen = recipes.merge_recipe({"units": 32, "batch": None, "minutes": 2.0}, "tutorial-small")
    assert (chosen["units"], chosen["batch"], chosen["minutes"]) == (32, 128, 2.0)
    # The recipe's twenty epochs are no limit beside two minutes.
    assert "epochs" not in chosen
    assert recipes.merge_recipe({"units": None}, None) == {}


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("units = ", "is no TOML"),
        ("unit = 3\nwidth = 3", "there is no setting called width"),
        ("units = 0", "units is 0, but must be 1 to 8192"),
        ('units = "many"', "units is 'many', but must be a whole number"),
        ("[model]\nunits = 3", "there is no setting called model"),
        ('epoch_files = "a/{epoch}"', "epoch_files is 'a/{epoch}', but must be a short file name"),
        (
            'epoch_files = "model"',
            "epoch_files is 'model', but must be a short file name that holds",
        ),
        ('epoch_files = "{epoch:>400}"', "epoch_files is '{epoch:>400}'"),
        ('epoch_files = "{epoch:99999999999}"', "epoch_files is '{epoch:99999999999}'"),
        ('epoch_files = "{epoch:{epoch}0000}"', "epoch_files is '{epoch:{epoch}0000}'"),
        ('epoch_files = "{epoch.real}"', "epoch_files is '{epoch.real}'"),
        ('epoch_files = "{step}"', "epoch_files is '{step}'"),
        ("epochs = 1e308", "epochs is 1e+308, but must be 0 to 1,000,000,000."),
        ("minutes = 1e308", "minutes is 1e+308, but must be 0 to 10,000,000."),
        ("minutes = nan", "minutes is nan, but must be 0 to 10,000,000."),
        ("clip = 1e308", "clip is 1e+308, but must be 0 to 1,000,000,000,000."),
        ("learning_rate = 1e39", "learning_rate is 1e+39, but must be more than 0, 1e+30 at most."),
        ('schedule = "slow"', "schedule is 'slow', but must be cosine or constant"),
    ],
)
def test_a_recipe_that_cannot_be_is_refused_by_name(tmp_path, written, said):
    path = tmp_path / "mine.toml"
    path.write_text(written, encoding="utf-8")
    with pytest.raises(SettingsError, match=re.escape(said)) as caught:
        recipes.read_recipe(str(path))
    assert "mine.toml" in str(caught.value)


def test_a_recipe_that_is_not_there_is_told_with_those_that_are(tmp_path):
    (tmp_path / "latin").write_bytes(b"units = 3 # \xe9")
    for name in ("tutorial-medium", tmp_path / "latin", tmp_path):
        with pytest.raises(SettingsError, match="one of: tutorial-large, tutorial-small"):
            recipes.read_recipe(str(name))


@pytest.fixture(scope="module")
def run(burble, tmp_path_factory):
    folder = tmp_path_factory.mktemp("recipe")
    text = folder / "cat.txt"
    text.write_text("The cat sat on the mat.\nThe dog lay on the log.\n" * 9, encoding="utf-8")
    small = ["--units", "16", "--length", "20", "--epochs", "3", "--learning-rate", "0.01"]
    recipe = ["--recipe", "tutorial-small", *small]
    done = burble("train", text, "-o", folder / "run", *recipe)
    assert done.returncode == 0, done.stderr.decode()
    return folder / "run"


@pytest.mark.slow
def test_a_file_is_kept_for_each_epoch_that_is_the_best_so_far(run):
    metrics = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    losses = {m["epoch"]: m["epoch_loss"] for m in metrics if "epoch" in m}
    assert list(losses) == [1, 2, 3]
    assert losses[3] < losses[2] < losses[1]
    kept = sorted(path.name for path in run.glob("weights-*"))
    assert kept == [f"weights-improvement-{n:02}-{x:.4f}.safetensors" for n, x in losses.items()]
    scores = [read_model(run / name).summary["scores"]["training_loss"] for name in kept]
    assert scores == list(losses.values())


@pytest.mark.slow
def test_it_writes_from_a_random_window_which_slides_on(burble, run):
    options = ["--greedy", "-l", "30", "--seed", "5"]
    done = burble("sample", run, *options)
    assert done.returncode == 0, done.stderr.decode()
    written = done.stdout.decode().rstrip("\n")
    writer = generator.load(run)
    start = writer.draw_prompt(5)
    assert len(start) == 20
    assert start in writer.model.excerpt
    assert len(written) == 50
    # Every symbol is the likeliest after the twenty before it, from a zero state.
    core, ids = writer.engine, writer.model.vocabulary.encode(written)
    for place in range(20, 50):
        logits, _ = core.read_symbols(ids[place - 20 : place], core.zero_state(1))
        assert logits[-1].argmax() == ids[place]
    many = writer.generate_many(start, count=20, length=10, seed=5)
    assert many[0] == writer.generate(start, length=10, seed=5)


@pytest.mark.slow
def test_a_window_comes_from_a_text_that_is_given(burble, run, tmp_path):
    other = tmp_path / "other.txt"
    other.write_text("On the mat lay the cat. " * 4, encoding="utf-8")
    done = burble("sample", run, "--text", other, "-l", "3", "--seed", "1")
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.decode()[:20] in "on the mat lay the cat. " * 4
    done = burble("sample", run, "--text", other, "--prompt", "the")
    assert done.returncode == 2
    assert "--prompt and --text are both prompts" in done.stderr.decode()


@pytest.mark.slow
def test_its_score_is_of_windows(burble, run, tmp_path):
    text = tmp_path / "new.txt"
    text.write_text("the dog sat on the cat. the mat lay on the log.", encoding="utf-8")
    done = burble("eval", run, text, "--json")
    writer = generator.load(run)
    core, ids = writer.engine, writer.model.vocabulary.encode(text.read_text(encoding="utf-8"))
    spent = 0.0
    for place in range(1, len(ids)):
        logits, _ = core.read_symbols(ids[max(0, place - 20) : place], core.zero_state(1))
        row = logits[-1].astype(float)
        spent += np.log(np.exp(row - row.max()).sum()) + row.max() - row[ids[place]]
    assert json.loads(done.stdout)["nats"] == pytest.approx(spent / (len(ids) - 1), abs=1e-5)


@pytest.mark.slow
def test_it_can_be_gone_on_with(burble, run):
    text = run.parent / "cat.txt"
    done = burble("train", text, "-o", run, "--resume", "--epochs", "9")
    assert done.returncode == 0, done.stderr.decode()
    # Not each of the epochs is the best so far.
    assert len(list(run.glob("weights-improvement-0[4-9]-*"))) > 0


@pytest.mark.slow
def test_a_run_that_is_resumed_has_its_recipe(burble, run):
    text = run.parent / "cat.txt"
    done = burble("train", text, "-o", run, "--resume", "--recipe", "tutorial-small")
    assert done.returncode == 2
    assert "has its settings already" in done.stderr.decode()


def test_windows_are_of_one_running_text(burble, tmp_path):
    names = tmp_path / "names.txt"
    names.write_text("ann\nbob\ncarl\n" * 9, encoding="utf-8")
    windows = ["--documents", "lines", "--framing", "windows"]
    done = burble("train", names, "-o", tmp_path / "run", *windows)
    assert done.returncode == 2
    assert "framing is 'windows', which cuts one running text, but there are 27" in (
        done.stderr.decode()
    )


@pytest.mark.slow
def test_a_seed_that_cannot_be_is_refused_before_a_window_is_drawn(burble, run):
    done = burble("sample", run, "--seed", "-1")
    assert done.returncode == 2
    assert "seed is -1, but must be" in done.stderr.decode()


def test_recipes_are_listed_and_printed(burble):
    said = burble("recipes").stdout.decode().splitlines()
    assert [line.split()[0] for line in said] == recipes.list_recipes()
    assert all(len(line.split()) > 3 for line in said)
    printed = burble("recipes", "tutorial-small").stdout.decode()
    assert printed == recipes.read_recipe_text("tutorial-small")
