"""A search for good settings: trainings one after another, each chosen by what came before.

Optuna remembers and chooses, in an SQLite file. One training that fails costs one trial.
"""

import csv
import io
import math
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import optuna
import sqlalchemy
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import FrozenTrial, TrialState

from burble import cookbook, wording
from burble.errors import RunError, SettingsError
from burble.settings import Settings, flat
from burble.storage import write_atomically
from burble.trials import Trial
from burble.varying import flags

SPACE: Mapping[str, BaseDistribution] = {
    "layers": IntDistribution(1, 3),
    "units": CategoricalDistribution((64, 128, 192, 256, 384, 512)),
    "embedding": CategoricalDistribution((16, 32, 64, 128)),
    "dropout_input": FloatDistribution(0.0, 0.5, step=0.01),
    "dropout": FloatDistribution(0.0, 0.6, step=0.01),
    "dropout_output": FloatDistribution(0.0, 0.6, step=0.01),
    "learning_rate": FloatDistribution(1e-3, 2e-2, log=True),
    "batch": CategoricalDistribution((4, 8, 16, 32, 64)),
    "length": CategoricalDistribution((16, 32, 64, 128)),
}
"""The settings that are searched unless they are given, and the values they may take."""
AT_RANDOM = 6
"""Trials before the search begins to learn from them, and before any is ended early."""
SCORES_FIRST = 4
"""Held-out scores that every trial may take before it can be ended early."""
SCORE = "held-out bits per symbol"
STUDY, TABLE, BEST = "study.db", "trials.csv", "best.toml"
ONLY_HERE = ("left_out", "seed")
"""Settings of the trials that are no part of the recipe."""


def space(
    given: Mapping[str, Any], vary: Mapping[str, Sequence[Any]], usual: Settings
) -> tuple[dict[str, BaseDistribution], dict[str, Any]]:
    """What is searched, and where the search begins.

    Args:
        given: Settings that are the same in all trials, by name.
        vary: Settings to be searched among some values, by name.
        usual: What burble would choose, with which the search begins.

    Returns:
        `SPACE` without what is given, with what is varied; and the settings of the first trial.

    Raises:
        SettingsError: A setting is both given and varied, or nothing is left to search.
    """
    both = sorted(given.keys() & vary.keys())
    if both:
        raise SettingsError(f"{', '.join(both)} cannot be both fixed and varied. Give one.")
    chosen = flat(usual)
    fixed = {*given} | ({"embedding"} if chosen["input"] != "embedding" else set())
    found: dict[str, BaseDistribution] = {}
    for name, values in SPACE.items():
        if isinstance(values, CategoricalDistribution):
            values = CategoricalDistribution(sorted({*values.choices, chosen[name]}))
        if name not in fixed:
            found[name] = values
    found |= {name: CategoricalDistribution(values) for name, values in vary.items()}
    if not found:
        raise SettingsError("every setting is given, so nothing is left to search.")
    return found, {n: chosen[n] for n in found if n not in vary or chosen[n] in vary[n]}


@dataclass(frozen=True)
class Search:
    """A search, and the folder of all it does.

    Attributes:
        folder: Where all of it goes.
        sources: What to train on, and how it is read, as on the command line of `burble train`.
        given: Settings of all trials.
        space: What is searched; see `space`.
        first: Settings of the first trial.
        seed: Of the search.
        children: The training that is at work, if one is.
    """

    folder: Path
    sources: Sequence[str]
    given: Mapping[str, Any]
    space: Mapping[str, BaseDistribution]
    first: Mapping[str, Any]
    seed: int = 0
    children: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def run(
        self, trials: int, tell: Callable[[str], object], stopped: Callable[[], object]
    ) -> list[dict[str, Any]]:
        """Goes on until there are as many trials, writing table and recipe after each.

        Args:
            trials: How many in all, those of earlier calls included.
            tell: Takes a sentence about each trial.
            stopped: Whether to stop; a trial that was stopped is gone on with the next time.

        Returns:
            The table, the best first.

        Raises:
            SettingsError: The folder is of another search.
            RunError: Its file is damaged, or cannot be written.
        """
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        try:
            study = self._study()
            for number in range(trials):
                known = study.trials[number] if number < len(study.trials) else None
                if known and known.state.is_finished():
                    continue
                tell(f"{number + 1} of {trials} …")
                told = self._trial(study, number, tell, stopped)
                if stopped():
                    break
                tell(f"  {told}")
                self._write(study)
            return _rows(study)
        except (sqlalchemy.exc.SQLAlchemyError, optuna.exceptions.StorageInternalError) as error:
            raise RunError(
                f"{self.folder / STUDY} is damaged or cannot be written. Choose another folder "
                "with -o."
            ) from error

    def _study(self) -> optuna.Study:
        """The study in the folder, made if there is none."""
        self.folder.mkdir(parents=True, exist_ok=True)
        study = optuna.create_study(
            storage=f"sqlite:///{self.folder / STUDY}",
            pruner=optuna.pruners.MedianPruner(AT_RANDOM, SCORES_FIRST),
            study_name="burble",
            load_if_exists=True,
        )
        to_json = optuna.distributions.distribution_to_json
        asked = {
            "sources": list(self.sources),
            "given": dict(self.given),
            "space": {name: to_json(values) for name, values in self.space.items()},
            "seed": self.seed,
        }
        if not study.trials and not study.user_attrs:
            for name, value in asked.items():
                study.set_user_attr(name, value)
            study.enqueue_trial(dict(self.first))
        if study.user_attrs != asked:
            raise SettingsError(
                f"{self.folder} holds a search on other sources or settings. Give the same as "
                "before, or choose another folder with -o."
            )
        return study

    def _trial(
        self,
        study: optuna.Study,
        number: int,
        tell: Callable[[str], object],
        stopped: Callable[[], object],
    ) -> str:
        """Trains one trial, or goes on with one that was stopped; returns what came of it."""
        trial, asked, reported = Trial(self.folder / f"trial-{number + 1}"), None, 0
        if number == len(study.trials) or study.trials[number].state == TrialState.WAITING:
            # Each trial has a generator of its own, so that an interruption changes nothing.
            seed = self.seed + number
            study.sampler = optuna.samplers.TPESampler(n_startup_trials=AT_RANDOM, seed=seed)
            asked = study.ask(dict(self.space))
        chosen = _rounded(study.trials[number].params)
        tell(f"  {_told(chosen)}")

        def is_hopeless() -> bool:
            nonlocal reported
            if asked is None:
                return False
            scores = trial.scores()
            for step in range(reported, len(scores)):
                asked.report(scores[step], step)
            reported = len(scores)
            return asked.should_prune()

        if not trial.is_finished:
            settings = flags({**self.given, **chosen})
            trial.train(self.sources, settings, self.children, is_hopeless)
        score = trial.result().held_out if trial.is_finished else None
        if score is not None and math.isfinite(score):
            study.tell(number, score)
            self._remove_all_but(study.best_trial.number, number)
            return f"{score:.4f} held-out bits per symbol"
        if stopped():
            return "stopped"
        if is_hopeless():
            study.tell(number, state=TrialState.PRUNED)
            trial.remove()
            return "worse than most at this point, so ended early"
        study.tell(number, state=TrialState.FAIL)
        return f"failed: {trial.failure() or 'nothing is held out, so there is no score.'}"

    def _remove_all_but(self, best: int, last: int) -> None:
        """Removes the runs of trials that are not the best so far."""
        for number in range(last + 1):
            if number != best:
                Trial(self.folder / f"trial-{number + 1}").remove()

    def _write(self, study: optuna.Study) -> None:
        """Writes the table, and the best settings as a recipe."""
        rows = _rows(study)
        text = io.StringIO()
        table = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
        write_atomically(self.folder / TABLE, text.getvalue().encode())
        if not study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
            return
        best = study.best_trial
        values = {**self.given, **_rounded(best.params)}
        recipe = cookbook.written(
            {name: value for name, value in values.items() if name not in ONLY_HERE},
            f"The best of {len(rows)} trials: {best.value:.4f} held-out bits per symbol.",
        )
        write_atomically(self.folder / BEST, recipe.encode())


def _rows(study: optuna.Study) -> list[dict[str, Any]]:
    """All trials that ended, the best first, those without a score last."""

    def order(trial: FrozenTrial) -> tuple[bool, float]:
        scored = trial.state == TrialState.COMPLETE and trial.value is not None
        return not scored, trial.value if scored and trial.value is not None else trial.number

    ended = [trial for trial in study.trials if trial.state.is_finished()]
    outcomes = {TrialState.COMPLETE: "finished", TrialState.PRUNED: "ended early"}
    return [
        {
            "trial": trial.number + 1,
            SCORE: trial.value if trial.state == TrialState.COMPLETE else None,
            "outcome": outcomes.get(trial.state, "failed"),
            **_rounded(trial.params),
        }
        for trial in sorted(ended, key=order)
    ]


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as a Markdown table, for a person; empty where there are none."""
    shown = ({n: v if n == SCORE or v is None else str(v) for n, v in row.items()} for row in rows)
    return wording.markdown([*rows[0]], shown) if rows else ""


def _rounded(params: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with no more digits than a person would give."""
    return {
        name: float(f"{value:.3g}") if isinstance(value, float) else value
        for name, value in params.items()
    }


def _told(chosen: Mapping[str, Any]) -> str:
    """Settings in a line."""
    return " ".join(f"{name}={value}" for name, value in chosen.items())
