"""A search for good settings: trials one after another, each chosen by those before it.

Optuna keeps and chooses them, in an SQLite file. A training that fails costs one trial.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import sqlalchemy
import tomli_w
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import FrozenTrial, TrialState

from burble import formatting
from burble.errors import RunError, SettingsError
from burble.experiments.trial import Trial, Work
from burble.files import write_atomically
from burble.runs.base import NONE
from burble.runs.request import to_flags
from burble.settings import Settings, flatten_settings, with_stored_names

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
RANDOM_TRIALS = 6
"""Trials before the search begins to learn from them, and before any is ended early."""
SCORES_FIRST = 4
"""Of the `SCORES` places, those that every trial may pass before it can be ended early."""
SCORE = "validation bits per symbol"
SCORES = 15
"""Places on the way at which scores of trials are compared, whatever the length of their steps."""
STUDY, TABLE, BEST = "study.db", "trials.csv", "best.toml"
REQUEST = "asked"
"""The attribute of the study that holds what was to be searched."""


def build_space(
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
    chosen = flatten_settings(usual)
    fixed = {*given}
    if "input" in vary or chosen["input"] != "embedding":
        # What is not learned has its own width.
        fixed |= {"embedding"}
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


@dataclass
class _Pruner:
    """Whether a trial is to end early, by its scores beside those of the others.

    Attributes:
        drawn: The trial as the study knows it.
        trial: The same as a training.
        reported: Steps whose scores the study knows.
        stopped: Whether it was to end; what it scored while it was ending changes nothing.
    """

    drawn: optuna.Trial
    trial: Trial
    reported: set[int]
    stopped: bool = False

    def should_stop(self) -> bool:
        """Reports what is new, and says whether the trial is to end."""
        for fraction, loss in self.trial.scores():
            step = round(fraction * SCORES)
            if step not in self.reported:
                self.drawn.report(loss, step)
                self.reported.add(step)
        self.stopped = self.stopped or self.drawn.should_prune()
        return self.stopped


@dataclass(frozen=True)
class Search:
    """A search, and the folder of all it does.

    Attributes:
        folder: Where all of it goes.
        sources: What to train on, and how it is read, as on the command line of `burble train`.
        text: The fingerprint of the text.
        given: Settings of all trials.
        space: What is searched; see `build_space`.
        first: Settings of the first trial.
        seed: Of the search.
        private: Settings of the trials that are no part of the recipe.
        base: The model that all trials start from; none for none.
        work: The training that is at work, if one is.
    """

    folder: Path
    sources: Sequence[str]
    text: str
    given: Mapping[str, Any]
    space: Mapping[str, BaseDistribution]
    first: Mapping[str, Any]
    seed: int = 0
    private: Sequence[str] = ()
    base: str = NONE
    work: Work = field(default_factory=Work)

    def run(self, trials: int, log: Callable[[str], object]) -> list[dict[str, Any]]:
        """Goes on until there are as many trials, writing table and recipe after each.

        A trial that was stopped is gone on with the next time.

        Args:
            trials: How many in all, those of earlier calls included.
            log: Takes a sentence about each trial.

        Returns:
            The table, the best first.

        Raises:
            SettingsError: The folder is of another search.
            RunError: Its file is damaged, or cannot be written.
        """
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        try:
            study = self._open_study()
            for number in range(trials):
                known = study.trials[number] if number < len(study.trials) else None
                if self.work.stopped or (known and known.state.is_finished()):
                    continue
                log(f"{number + 1} of {trials} …")
                log(f"  {self._run_trial(study, number, known, log)}")
                self._write(study)
            return self._write(study)
        except (sqlalchemy.exc.SQLAlchemyError, optuna.exceptions.StorageInternalError) as error:
            raise RunError(
                f"{self.folder / STUDY} is damaged or cannot be written. Choose another folder "
                "with -o."
            ) from error

    def _open_study(self) -> optuna.Study:
        """The study in the folder, made if there is none."""
        place = sqlalchemy.URL.create("sqlite", database=str(self.folder / STUDY))
        study = optuna.create_study(
            storage=place.render_as_string(hide_password=False),
            pruner=optuna.pruners.MedianPruner(
                RANDOM_TRIALS, SCORES_FIRST, n_min_trials=max(1, RANDOM_TRIALS // 2)
            ),
            study_name="burble",
            load_if_exists=True,
        )
        to_json = optuna.distributions.distribution_to_json
        request = {
            "text": self.text,
            "given": with_stored_names(self.given),
            "space": {name: to_json(values) for name, values in self.space.items()},
            "seed": self.seed,
            "base": self.base,
        }
        if REQUEST not in study.user_attrs:
            self._check_empty()
            if not study.trials:
                study.enqueue_trial(dict(self.first))
            study.set_user_attr(REQUEST, request)
        # Earlier versions kept the names of the sources, too, and knew no bases.
        known = {"base": NONE} | study.user_attrs[REQUEST]
        if known | request != known:
            raise SettingsError(
                f"{self.folder} holds a search on other texts or settings. Give the same as "
                "before, or choose another folder with -o."
            )
        return study

    def _check_empty(self) -> None:
        """Refuses to begin where trials of a search lie whose study is gone."""
        if left := sorted(path.name for path in self.folder.glob("trial-*") if path.is_dir()):
            raise SettingsError(
                f"{self.folder} holds trainings ({', '.join(left[:3])}) of a search whose {STUDY} "
                f"is gone, so nobody knows what they tried. Put {STUDY} back, or choose another "
                "folder with -o."
            )

    def _run_trial(
        self,
        study: optuna.Study,
        number: int,
        known: FrozenTrial | None,
        log: Callable[[str], object],
    ) -> str:
        """Trains one trial, or goes on with one that was stopped; returns what came of it."""
        drawn = self._ask_trial(study, number, known)
        if drawn is None:
            return "failed: it was interrupted before its settings were chosen."
        chosen = self._round_values(drawn.params)
        log(f"  {' '.join(f'{name}={value}' for name, value in chosen.items())}")
        trial = Trial(self.folder / f"trial-{number + 1}")
        pruner = _Pruner(drawn, trial, set(known.intermediate_values) if known else set())
        if not trial.is_finished:
            flags = to_flags({"base": self.base, **self.given, **chosen})
            trial.train(self.sources, flags, self.work, pruner.should_stop)
        score = trial.result().validation if trial.is_finished else None
        if score is not None and math.isfinite(score):
            study.tell(number, score)
            for other in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
                if other.number != study.best_trial.number:
                    Trial(self.folder / f"trial-{other.number + 1}").remove()
            return f"{score:.4f} {name_score(self.base)}"
        if self.work.stopped:
            return "stopped"
        if pruner.should_stop():
            study.tell(number, state=TrialState.PRUNED)
            trial.remove()
            return "worse than most at this point, so ended early"
        study.tell(number, state=TrialState.FAIL)
        return f"failed: {trial.failure()}"

    def _ask_trial(
        self, study: optuna.Study, number: int, known: FrozenTrial | None
    ) -> optuna.Trial | None:
        """The trial of a number, its settings chosen now or before; None if only some were."""
        if known is None or known.state == TrialState.WAITING:
            # Each trial has a generator of its own, so that an interruption changes nothing.
            study.sampler = optuna.samplers.TPESampler(
                n_startup_trials=RANDOM_TRIALS, seed=sampler_seed(self.seed, number)
            )
            return study.ask(dict(self.space))
        if known.params.keys() == self.space.keys():
            return optuna.Trial(study, known._trial_id)
        study.tell(number, state=TrialState.FAIL)
        return None

    def _round_values(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Settings, those from a range with no more digits than a person would give."""
        ranges = {n for n, values in self.space.items() if isinstance(values, FloatDistribution)}
        return {
            name: float(f"{value:.3g}") if name in ranges else value
            for name, value in params.items()
        }

    def _write(self, study: optuna.Study) -> list[dict[str, Any]]:
        """Writes the table, and the best settings as a recipe; returns the table."""
        rows = self._rows(study)
        named = _name_column(rows, self.base)
        names = ["trial", name_score(self.base), "outcome", *self.space]
        table = formatting.format_csv(names, named)
        write_atomically(self.folder / TABLE, table.encode())
        if rows and rows[0][SCORE] is not None:
            best = study.best_trial
            values = {**self.given, **self._round_values(best.params)}
            recipe = {name: value for name, value in values.items() if name not in self.private}
            remark = (
                f"# The best of {len(rows)} trials: {best.value:.4f} {name_score(self.base)}.\n"
            )
            write_atomically(self.folder / BEST, (remark + tomli_w.dumps(recipe)).encode())
        return rows

    def _rows(self, study: optuna.Study) -> list[dict[str, Any]]:
        """All trials that ended, the best first, those without a score last."""
        outcomes = {TrialState.COMPLETE: "finished", TrialState.PRUNED: "ended early"}
        rows = [
            {
                "trial": trial.number + 1,
                SCORE: trial.value if trial.state == TrialState.COMPLETE else None,
                "outcome": outcomes.get(trial.state, "failed"),
                **dict.fromkeys(self.space),
                **self._round_values(trial.params),
            }
            for trial in study.trials
            if trial.state.is_finished()
        ]
        return sorted(rows, key=lambda row: math.inf if row[SCORE] is None else row[SCORE])


def sampler_seed(seed: int, number: int) -> int:
    """The seed with which a trial's settings are drawn: no other search has it for one of its own.

    A sum of the two would be the same for trial 3 of seed 0 and trial 2 of seed 1.
    """
    return int(np.random.SeedSequence(seed, spawn_key=(number,)).generate_state(1)[0])


def name_score(base: str) -> str:
    """What the score of trials is called that start from a base, or from nothing."""
    return SCORE if base == NONE else f"{SCORE}, with base {base}"


def _name_column(rows: Sequence[Mapping[str, Any]], base: str) -> list[dict[str, Any]]:
    """Rows whose score has its name."""
    return [{name_score(base) if n == SCORE else n: v for n, v in row.items()} for row in rows]


def format_table(rows: Sequence[Mapping[str, Any]], base: str = NONE) -> str:
    """The rows as a Markdown table, for a person; empty where there are none."""
    shown = [{n: v if n == SCORE or v is None else str(v) for n, v in row.items()} for row in rows]
    named = _name_column(shown, base)
    return formatting.markdown([*named[0]], named) if named else ""
