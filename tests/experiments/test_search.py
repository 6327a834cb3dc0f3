"""Searches: each trial a real process, one ended early, one that fails, one interrupted."""

import csv
import json
import re
import signal
import tomllib
from typing import Any

import optuna
import pytest
from optuna.distributions import CategoricalDistribution

from burble import settings
from burble.data import folders
from burble.errors import SettingsError
from burble.experiments import search as experiments_search
from burble.experiments.trial import Trial, alone_in
from burble.model.file import write_model
from burble.settings import make_settings
from tests.support.processes import start, wait_for
from tests.support.speakers import chancy

SMALL: dict[str, Any] = {
    "batch": 4,
    "length": 12,
    "embedding": 8,
    "units": 8,
    "layers": 1,
    "steps": 30,
}
SMALL |= {"evaluations": 3, "patience": 0, "dropout": 0.0, "dropout_input": 0.0}
SMALL_FLAGS = [f"--{name.replace('_', '-')}={value}" for name, value in SMALL.items()]


@pytest.fixture(scope="module")
def tuned(burble, text, tmp_path_factory):
    """A search of two trials, the second of which has a loss that runs away."""
    folder = tmp_path_factory.mktemp("tune") / "search"
    flags = [*SMALL_FLAGS, "--dropout-output=0", "--vary", "learning-rate=0.005,1e30"]
    command = ["tune", text, "-o", folder, *flags, "--trials"]
    return folder, command, burble(*command, 2)


@pytest.mark.slow
def test_the_best_settings_are_a_recipe_that_trains(burble, tuned, text, tmp_path):
    folder, _, done = tuned
    assert done.returncode == 0, done.stderr.decode()
    recipe = (folder / "best.toml").read_text(encoding="utf-8")
    assert recipe.startswith("# The best of ")
    values = tomllib.loads(recipe)
    assert values == SMALL | {"learning_rate": 0.005, "dropout_output": 0.0}
    done = burble("train", text, "-o", tmp_path / "r", "--recipe", folder / "best.toml")
    assert done.returncode == 0, done.stderr.decode()
    # The recipe is scored on text that the search left out.
    facts = json.loads((tmp_path / "r" / "run.json").read_text(encoding="utf-8"))
    assert facts["corpus"]["held_out"] == facts["corpus"]["symbols"] // 10
    assert folders.walk_folder(folder.parent)[1][folders.OURS] == [folder]
    searched = json.loads((folder / "trial-1" / "run.json").read_text(encoding="utf-8"))
    assert searched["corpus"]["symbols"] == facts["corpus"]["symbols"] * 9 // 10


@pytest.mark.slow
def test_a_search_goes_on_to_more_trials_and_a_failure_costs_one(burble, tuned):
    folder, command, done = tuned
    with open(folder / "trials.csv", encoding="utf-8", newline="") as file:
        before = list(csv.DictReader(file))
    assert len(before) == 2
    done = burble(*command, 4)
    assert done.returncode == 0, done.stderr.decode()
    assert "3 of 4" in done.stderr.decode()
    assert "2 of 4" not in done.stderr.decode()
    with open(folder / "trials.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["trial"] for row in rows} == {"1", "2", "3", "4"}
    for row in rows:
        failed = row["learning_rate"] == "1e+30"
        assert row["outcome"] == ("failed" if failed else "finished")
        assert bool(row[experiments_search.SCORE]) != failed
    assert any(row["outcome"] == "failed" for row in rows)
    assert done.stdout.decode().count("\n") == 6
    assert "loss diverged" in done.stderr.decode()
    assert len(list(folder.glob("trial-*/model.safetensors"))) == 1


@pytest.mark.slow
def test_a_folder_holds_one_search(burble, tuned, text, tmp_path):
    _, command, _ = tuned
    done = burble(*command, 2, "--clip", 2)
    assert done.returncode == 2
    assert "holds a search on other texts or settings" in done.stderr.decode()
    (tmp_path / "study.db").write_bytes(b"no database" * 100)
    done = burble("tune", text, "-o", tmp_path)
    assert done.returncode == 2
    assert "study.db is damaged or cannot be written" in done.stderr.decode()
    assert b"Traceback" not in done.stderr


@pytest.mark.slow
def test_a_hopeless_trial_is_ended_early(text, tmp_path, monkeypatch):
    monkeypatch.setattr(experiments_search, "RANDOM_TRIALS", 1)
    monkeypatch.setattr(experiments_search, "SCORES_FIRST", 0)
    space = {"learning_rate": CategoricalDistribution([1e-2, 1.2345e-9])}
    given = SMALL | {"steps": 2000, "evaluations": 40}
    first = {"learning_rate": 1e-2}
    search = experiments_search.Search(tmp_path, [str(text)], "sha", given, space, first, seed=1)
    rows = search.run(4, print)
    slow = [row for row in rows if row["learning_rate"] == 1.2345e-9]
    assert slow
    assert all(
        row["outcome"] == "ended early" and row[experiments_search.SCORE] is None for row in slow
    )
    assert rows[0]["learning_rate"] == 1e-2
    assert not any((tmp_path / f"trial-{row['trial']}").exists() for row in slow)


@pytest.mark.slow
def test_what_is_on_disk_is_written_again_if_it_was_not(text, tmp_path):
    space = {"batch": CategoricalDistribution([4])}
    given = {name: value for name, value in SMALL.items() if name != "batch"}
    search = experiments_search.Search(tmp_path, [str(text)], "sha", given, space, {"batch": 4})
    rows = search.run(1, print)
    for name in ("best.toml", "trials.csv"):
        (tmp_path / name).unlink()
    assert search.run(1, print) == rows
    assert tomllib.loads((tmp_path / "best.toml").read_text(encoding="utf-8")) == SMALL
    other = experiments_search.Search(tmp_path, [str(text)], "other", given, space, {"batch": 4})
    with pytest.raises(SettingsError, match="holds a search on other texts"):
        other.run(1, print)
    half = optuna.load_study(study_name="burble", storage=f"sqlite:///{tmp_path / 'study.db'}")
    half.ask()
    assert search.run(2, print)[1]["outcome"] == "failed"


def test_trainings_of_a_search_that_is_forgotten_are_no_results_of_a_new_one(text, tmp_path):
    (tmp_path / "trial-1").mkdir()
    search = experiments_search.Search(
        tmp_path, [str(text)], "sha", SMALL, experiments_search.SPACE, {}
    )
    for _ in range(2):
        with pytest.raises(SettingsError, match=r"\(trial-1\) of a search whose study\.db is gone"):
            search.run(1, print)


@pytest.mark.slow
def test_an_interrupted_search_goes_on_with_its_trial(burble, text, tmp_path):
    folder = tmp_path / "my%20s?"
    arguments = ["tune", text, "-o", folder, *SMALL_FLAGS, "--steps=2000", "--trials=1"]
    with start(*arguments) as process:
        # Written before the first step is compiled.
        wait_for(folder / "trial-1" / "run.json", process)
        process.send_signal(signal.SIGTERM)
        said = process.stderr.read()
    assert process.returncode == 130, said
    assert "The same command goes on." in said
    facts = json.loads((folder / "trial-1" / "run.json").read_text(encoding="utf-8"))
    assert facts["status"] == "interrupted"
    done = burble(*arguments)
    assert done.returncode == 0, done.stderr.decode()
    assert "| 1 | " in done.stdout.decode()
    facts = json.loads((folder / "trial-1" / "run.json").read_text(encoding="utf-8"))
    assert (facts["status"], facts["done"]["steps"]) == ("finished", 2000)


def test_two_searches_in_one_folder_are_refused(burble, text, tmp_path):
    with alone_in(tmp_path, "study.db"):
        done = burble("tune", text, "-o", tmp_path, *SMALL_FLAGS, "--trials=1")
    assert done.returncode == 2
    assert "another comparison or search is at work" in done.stderr.decode()


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--vary", "lowercase=true,false"], "lowercase cannot be searched"),
        (["--vary", "minutes=1,2"], "minutes cannot be searched"),
        (["--validation", "0"], "there is no validation text"),
        (["--recipe", "tutorial-small", "--vary", "cell=lstm,gru"], "there is no validation text"),
        (["--trials", "0"], "trials is 0"),
    ],
)
def test_what_cannot_be_searched_is_refused_before_anything_is_trained(
    burble, text, tmp_path, flags, said
):
    done = burble("tune", text, "-o", tmp_path / "s", *flags)
    assert done.returncode == 2
    assert said in done.stderr.decode()
    assert not (tmp_path / "s").exists()


def test_without_optuna_one_sentence_says_what_to_install(burble, text, tmp_path):
    without = "import sys; sys.modules['optuna'] = None"
    done = burble("tune", text, "-o", tmp_path / "s", first=without)
    assert done.returncode == 2
    assert "burble tune needs optuna" in done.stderr.decode()
    assert "pip install optuna" in done.stderr.decode()


def test_what_is_given_is_not_searched():
    usual = make_settings({"batch": 9, "dropout": 0.2})
    space, first = experiments_search.build_space(
        {"units": 10}, {"cell": ["gru", "rnn"], "batch": [1, 2]}, usual
    )
    assert set(space) == {*experiments_search.SPACE, "cell"} - {"units"}
    assert vars(space["batch"])["choices"] == (1, 2)
    assert first == {
        n: settings.flatten_settings(usual)[n] for n in space.keys() - {"cell", "batch"}
    }
    space, first = experiments_search.build_space({}, {}, usual)
    assert 9 in vars(space["batch"])["choices"]
    assert first["batch"] == 9
    assert (
        "embedding"
        not in experiments_search.build_space({}, {}, make_settings({"input": "onehot"}))[0]
    )
    assert (
        "embedding"
        not in experiments_search.build_space({}, {"input": ["onehot", "embedding"]}, usual)[0]
    )
    with pytest.raises(SettingsError, match=re.escape("units cannot be both fixed and varied")):
        experiments_search.build_space({"units": 10}, {"units": [1]}, usual)
    with pytest.raises(SettingsError, match="nothing is left to search"):
        experiments_search.build_space(dict.fromkeys(experiments_search.SPACE, 1), {}, usual)


@pytest.mark.slow
def test_trials_that_start_from_a_base_search_what_it_leaves_open(burble, text, tmp_path):
    base = tmp_path / "base.safetensors"
    write_model(base, chancy("acdeghlmnost. \n", units=8, embedding=8, layers=1, scale=0.2))
    flags = ["--base", base, "--steps", "4", "--evaluations", "1", "--trials", "1"]
    done = burble("tune", text, "-o", tmp_path / "t", *flags)
    assert done.returncode == 0, done.stderr.decode()
    said = done.stdout.decode() + done.stderr.decode()
    assert f"| trial | validation bits per symbol, with base {base} | outcome | dropout" in said
    assert f"--base {base} --recipe {tmp_path / 't' / 'best.toml'}" in said
    recipe = tomllib.loads((tmp_path / "t" / "best.toml").read_text(encoding="utf-8"))
    assert not {"units", "layers", "embedding"} & recipe.keys()
    again = burble("tune", text, "-o", tmp_path / "t", *flags[2:])
    assert (again.returncode, b"holds a search on other" in again.stderr) == (2, True)


def test_searches_of_two_seeds_share_no_trial(tmp_path):
    def drawn(seed):
        search = experiments_search.Search(
            tmp_path, [], "sha", {}, experiments_search.SPACE, {}, seed
        )
        study = optuna.create_study()
        trials = [
            search._ask_trial(study, number, None)
            for number in range(experiments_search.RANDOM_TRIALS)
        ]
        return [tuple(trial.params.items()) for trial in trials]

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    assert drawn(0) == drawn(0)
    assert not set(drawn(0)) & set(drawn(1))
    seeds = [experiments_search.sampler_seed(s, number) for s in range(50) for number in range(50)]
    seeds += [experiments_search.sampler_seed(1 << 32, number) for number in range(50)]
    assert len(set(seeds)) > 0.99 * len(seeds)


def test_a_trial_that_is_to_end_early_is_so_whatever_it_scores_while_it_ends(tmp_path):
    facts = {"format": 2, "settings": {"training": {"steps": 100}}}
    (tmp_path / "run.json").write_text(json.dumps(facts), encoding="utf-8")
    metrics = tmp_path / "metrics.jsonl"
    metrics.write_text('{"step": 10, "held_out_loss": 9.0}\n', encoding="utf-8")
    study = optuna.create_study(pruner=optuna.pruners.ThresholdPruner(upper=5.0))
    pruner = experiments_search._Pruner(study.ask(), Trial(tmp_path), set())
    assert pruner.should_stop()
    with metrics.open("a", encoding="utf-8") as file:
        file.write('{"step": 20, "held_out_loss": 1.0}\n')
    assert pruner.should_stop()
