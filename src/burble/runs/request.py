"""What a person requests to be trained, and the settings it comes to. Knows nothing of Keras.

What can be refused is refused here, before the training engine is loaded.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from burble import settings as settings_module
from burble.data import corpus
from burble.data.corpus import Corpus
from burble.data.documents import Progress
from burble.data.sources import Looked, find_sources
from burble.data.split import Split
from burble.errors import RunError, SettingsError
from burble.formatting import command_line, relative
from burble.model.transfer import merge_base_settings
from burble.runs import defaults, fine_tuning
from burble.runs.base import Base
from burble.runs.folder import Run
from burble.settings import DEFAULT_READING, Settings, SourceSettings, TrainingSettings, require

MAY_CHANGE = (
    *settings_module.LIMITS,
    *("learning_rate", "warmup", "weight_decay", "clip", "reset_rate"),
    *("evaluations", "patience", "precision"),
)


@dataclass(frozen=True)
class TrainingRequest:
    """What a person requests to be trained.

    Attributes:
        options: Settings by name; None means not given.
        size: auto, small, medium or large.
        resume: Whether to go on with the run that is in the folder.
        base: A model to start from, or None.
        sources: What to read, as `sources.find_sources` takes it.
        reading: How the sources are read.
        look: Whether a quick look at the text may bring a base; see `training.start`.
        flags: Further flags of the command, such as those of several processes.
        kept_flags: The same as a run folder keeps them, where they name no machine.
        tensorboard: Whether to write event files for TensorBoard; a run that has some goes on
            with them in any case.
    """

    options: Mapping[str, Any]
    size: str = "auto"
    resume: bool = False
    base: Base | None = None
    sources: tuple[str, ...] = ()
    reading: SourceSettings = DEFAULT_READING
    look: bool = False
    flags: tuple[str, ...] = ()
    kept_flags: tuple[str, ...] = ()
    tensorboard: bool = False

    def __post_init__(self) -> None:
        """Checks the size, and that nothing contradicts it."""
        require(
            self.size in ("auto", *defaults.SIZES),
            "size",
            self.size,
            "auto, small, medium or large",
        )
        if self.size != "auto" and (self.resume or self.base):
            raise SettingsError(
                "--size chooses the network of a new run; a run that is resumed, or starts from "
                "another model, has its network already. Leave out --size."
            )
        if self.resume and self.base:
            raise SettingsError(
                "--resume goes on with a run, --base starts a new one from a model; give only one."
            )

    def read(
        self,
        settings: Settings,
        progress: Progress | None = None,
        looked: Looked | None = None,
    ) -> Corpus:
        """Reads the sources; see `corpus.build`, and `sources.Looked` for what is called first."""
        training = settings.training
        split = Split(training.validation, training.test, training.split)
        found = find_sources(self.sources, self.reading, looked)
        return corpus.build_found(found, settings.text, split, self.reading, progress)

    def command(self, folder: Path, *flags: str) -> str:
        """The command that trains on the same sources, with other flags."""
        flags = ("-o", str(folder), *flags)
        flags += tuple(to_flags(self.reading.given))
        flags += self.flags
        if any(name.startswith("-") and name != "-" for name in self.sources):
            return command_line(["burble", "train", *flags, "--", *self.sources])
        return command_line(["burble", "train", *self.sources, *flags])

    def kept(self, folder: str, *flags: str) -> str:
        """The command as a run folder keeps it: the same wherever that is copied with its text.

        Absolute paths become paths from the current folder, and a machine's name is left open.
        """
        sources = tuple(map(relative, self.sources))
        portable = replace(self, sources=sources, flags=self.kept_flags)
        return portable.command(Path(relative(folder)), *flags)


def resolve_settings(
    request: TrainingRequest,
    run: Run,
    corpus: Corpus | None = None,
    speed: float = defaults.TYPICAL_SPEED,
) -> Settings:
    """The settings of a run, each from the first of these that has it.

    1. What was given: `request.options`, in which flags come before the lines of a recipe.
    2. A run that is resumed has all others in its `run.json`, and none of what follows counts.
    3. The model that training starts from has its cleaning and its architecture.
    4. What suits the text: size, framing, batch, length.
    5. What suits the time, and with it the machine, too: ensemble and dropout.
    6. The defaults of the settings classes.

    Called before the text is read, to know how to read it; then with the text; and again only
    where minutes were given and the machine was measured to be of another speed than an ordinary
    one.

    Args:
        request: What was requested.
        run: The folder.
        corpus: The text; None before it is read, which leaves 4 and 5 out.
        speed: See `defaults.choose_settings`.

    Raises:
        RunError: `run.json` is damaged.
        SettingsError: A value that cannot be, may not change, or does not suit the text.
    """
    if request.resume:
        return _resumed(request, run)
    base = request.base.model if request.base else None
    options = merge_base_settings(request.options, base)
    if corpus is None:
        return settings_module.make_settings(options)
    shape = base.architecture if base else None
    return defaults.choose_settings(options, corpus, request.size, speed, shape)


def resolve_reading(reading: SourceSettings, run: Run, *, resume: bool) -> SourceSettings:
    """How sources are read: as given, or, where nothing is and a run is resumed, as it was then.

    Raises:
        RunError: `run.json` is damaged.
    """
    if not resume or reading.given or not run.exists:
        return reading
    stored = run.facts().get("reading", {})
    try:
        return SourceSettings.pop_from(dict(stored))
    except (TypeError, ValueError, SettingsError) as error:
        raise RunError(
            f"{run.folder}/run.json is damaged: how its text was read is {stored!r:.60}. Give the "
            "flags with which the text was read then."
        ) from error


def check_folder(request: TrainingRequest, run: Run) -> None:
    """Refuses a folder that does not suit the request, before the text is read.

    Raises:
        RunError: There is a run where none should be, or none where one should, or the folder
            cannot be one.
    """
    run.check()
    if not request.resume:
        if run.exists:
            raise RunError(
                f"{run.folder} holds a run already. Add --resume to go on with it, or choose "
                "another folder with -o."
            )
        return
    if not run.exists:
        raise RunError(f"there is no run in {run.folder} to resume; leave out --resume.")
    run.check_state()
    run.check_epoch_files(run.settings().training.epoch_files)


def requested_evaluations(request: TrainingRequest, run: Run, training: TrainingSettings) -> int:
    """The scores on the way that were requested, of which short minutes may have left fewer."""
    stored = run.facts().get("asked") if request.resume else None
    before = stored.get("evaluations") if isinstance(stored, Mapping) else None
    known = before if isinstance(before, int) and before >= 1 else training.evaluations
    return request.options.get("evaluations") or known


def find_origin(request: TrainingRequest, run: Run) -> dict[str, Any]:
    """The model that a run started from, by its name and fingerprint; nothing where it did not."""
    if request.resume:
        known = run.facts().get("from")
        if isinstance(known, dict) and isinstance(known.get("model"), str):
            return known
        return {}
    return request.base.origin if request.base else {}


def _resumed(request: TrainingRequest, run: Run) -> Settings:
    """The settings of a run with what may change changed."""
    settings = run.settings()
    given = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in request.options.items()
        if value is not None and (value or name not in settings_module.LIMITS)
    }
    had = settings_module.flatten_settings(settings)
    fixed = [n for n, value in given.items() if n not in MAY_CHANGE and had.get(n) != value]
    if fixed:
        named = ", ".join(f"{n} (it is {had.get(n)!r}, not {given[n]!r})" for n in sorted(fixed))
        raise SettingsError(
            f"a run that is resumed cannot change {named}. What may change: "
            f"{', '.join(sorted(MAY_CHANGE))}. Leave it out, or train anew in another folder."
        )
    if any(given.get(limit) for limit in settings_module.LIMITS):
        had |= {"steps": 0, "evaluations": requested_evaluations(request, run, settings.training)}
    return settings_module.make_settings(had | given)


def flags_to_repeat(settings: Settings, *, from_base: bool = False) -> list[str]:
    """The flags of `burble train` that give these settings, whatever would be chosen otherwise.

    Args:
        settings: Of a training that is over, or begun.
        from_base: Whether it starts from a base, for which more is chosen.

    >>> flags_to_repeat(settings_module.make_settings({"steps": 9, "lowercase": True}))[-2:]
    ['--length=64', '--steps=9']
    """
    usual = settings_module.flatten_settings(Settings())
    chosen = settings_module.flatten_settings(settings).items()
    always = defaults.CHOSEN | (fine_tuning.CHOSEN if from_base else set())
    return to_flags({n: v for n, v in chosen if v != usual[n] or n in always})


def to_flags(chosen: Mapping[str, Any]) -> list[str]:
    """Settings as flags of `burble train`.

    >>> to_flags({"units": 128, "lowercase": True, "strip_punctuation": False})
    ['--units=128', '--lowercase', '--no-strip-punctuation']
    >>> to_flags({"speaker": ("Anna", "Ben")})
    ['--speaker=Anna', '--speaker=Ben']
    """
    written = []
    for name, value in chosen.items():
        flag = name.replace("_", "-")
        if isinstance(value, bool):
            written.append(f"--{flag}" if value else f"--no-{flag}")
        elif isinstance(value, tuple):
            written += [f"--{flag}={one}" for one in value]
        else:
            written.append(f"--{flag}={value}")
    return written
