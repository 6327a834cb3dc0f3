"""What a person asked to be trained, checked against what is there. Knows nothing of Keras.

What can be refused is refused here, before the training engine is loaded.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from burble import settings as settings_module
from burble.data import corpus
from burble.data.corpus import Corpus
from burble.data.documents import Progress
from burble.data.vocabulary import cut_here
from burble.errors import RunError, SettingsError
from burble.experiments import grid
from burble.formatting import command_line, relative
from burble.model import file as model_file
from burble.model import transfer
from burble.model.file import Model
from burble.runs import defaults
from burble.runs.folder import Run
from burble.settings import AS_IT_COMES, Settings, SourceSettings, TrainingSettings, require
from burble.training.framings import framed
from burble.training.processes import Peer

MAY_CHANGE = (
    *settings_module.LIMITS,
    *("learning_rate", "warmup", "weight_decay", "clip", "reset_rate"),
    *("evaluations", "patience", "precision"),
)


@dataclass(frozen=True)
class Order:
    """What a person asked to be trained.

    Attributes:
        asked: Settings by name; None means not given.
        size: auto, small, medium or large.
        resume: Whether to go on with the run that is in the folder.
        base: A model to start from, or None.
        base_name: The file or folder of that model, as it was given.
        sources: What to read, as `sources.read` takes it.
        reading: How the sources are read.
        peer: Which of several processes this one is, or None.
    """

    asked: Mapping[str, Any]
    size: str = "auto"
    resume: bool = False
    base: Model | None = None
    sources: tuple[str, ...] = ()
    reading: SourceSettings = AS_IT_COMES
    peer: Peer | None = None
    base_name: str = ""

    def __post_init__(self) -> None:
        """Checks the size, and that nothing is asked for twice."""
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
                "--resume goes on with a run, --from starts a new one from a model; give only one."
            )

    def read(self, settings: Settings, progress: Progress | None = None) -> Corpus:
        """Reads the sources; see `corpus.build`."""
        return corpus.build(
            self.sources,
            settings.text,
            held_out=settings.training.held_out,
            left_out=settings.training.left_out,
            split=settings.training.split,
            reading=self.reading,
            progress=progress,
        )

    def command(self, folder: Path, *flags: str) -> str:
        """The command that trains on the same sources, with other flags."""
        flags = ("-o", str(folder), *flags)
        flags += tuple(grid.flags(self.reading.given))
        flags += self.peer.flags if self.peer else ()
        if any(name.startswith("-") and name != "-" for name in self.sources):
            return command_line(["burble", "train", *flags, "--", *self.sources])
        return command_line(["burble", "train", *self.sources, *flags])

    def kept(self, folder: str, *flags: str) -> str:
        """The command as a run folder keeps it: the same wherever that is copied with its text.

        Absolute paths become paths from the current folder, and a machine's name is left open.
        """
        peer = self.peer
        if peer and not peer.cores:
            peer = replace(peer, coordinator=f"HOST:{peer.coordinator.rpartition(':')[2]}")
        portable = replace(self, sources=tuple(map(relative, self.sources)), peer=peer)
        return portable.command(Path(relative(folder)), *flags)


def text_settings(order: Order, run: Run) -> Settings:
    """The settings as far as they are known before the text is read.

    Raises:
        RunError: There is a run where none should be, or none where one should, or the folder
            cannot be one.
        SettingsError: A value that cannot be, or may not change.
    """
    run.check()
    if order.resume:
        if not run.exists:
            raise RunError(f"there is no run in {run.folder} to resume; leave out --resume.")
        run.check_state()
        settings = _resumed(order, run)
        run.check_epoch_files(settings.training.epoch_files)
        return settings
    if run.exists:
        raise RunError(
            f"{run.folder} holds a run already. Add --resume to go on with it, or choose another "
            "folder with -o."
        )
    return settings_module.make(transfer.asked(order.asked, order.base))


def evaluations(order: Order, run: Run, settings: Settings) -> int:
    """The scores on the way that were asked for, of which short minutes may have left fewer."""
    asked = run.facts().get("asked") if order.resume else None
    before = asked.get("evaluations") if isinstance(asked, Mapping) else None
    known = before if isinstance(before, int) and before >= 1 else settings.training.evaluations
    return order.asked.get("evaluations") or known


def origin(order: Order, run: Run) -> dict[str, str]:
    """The model that a run started from, by its name and fingerprint; nothing where it did not."""
    if order.resume:
        known = run.facts().get("from")
        if isinstance(known, dict) and isinstance(known.get("model"), str):
            return known
        return {}
    if not order.base_name:
        return {}
    data = model_file.find(Path(order.base_name)).read_bytes()
    return {"model": relative(order.base_name), "sha256": hashlib.sha256(data).hexdigest()}


def check(order: Order, run: Run, corpus: Corpus) -> Settings:
    """Refuses what cannot be trained, by all that is known once the text has been read.

    Returns:
        The settings as far as they are known without the text; see `text_settings`.

    Raises:
        RunError: See `text_settings`; or the text is not the one the run began with.
        SettingsError: See `text_settings`; or a value does not suit the text, what was done, or
            the processes.
    """
    early = settings = text_settings(order, run)
    if order.resume:
        _check_same_text(run, corpus)
    else:
        asked = transfer.asked(order.asked, order.base)
        settings = suited(asked, corpus, order.size)
    batches = framed(corpus, settings.training)
    if order.peer:
        order.peer.check_shares(settings.training.batch)
    if order.resume:
        _check_goes_on(settings.training, batches.steps_per_epoch, run.steps_done())
    return early


def suited(asked: Mapping[str, Any], corpus: Corpus, size: str = "auto") -> Settings:
    """The settings of a new run on a text; see `sizing.choose`.

    Raises:
        SettingsError: A value that cannot be, or does not suit the text.
    """
    settings = defaults.choose(asked, corpus, size)
    framed(corpus, settings.training)
    return settings


def _check_same_text(run: Run, corpus: Corpus) -> None:
    """Refuses to go on with another text."""
    described, again = (run.facts().get(name) for name in ("corpus", "resume"))
    if not isinstance(described, dict) or described.get("sha256") != corpus.sha256:
        how = f", read as it was then ({again})" if isinstance(again, str) else ""
        raise RunError(
            f"the text is not the one {run.folder} was trained on. Give the same text to resume"
            f"{how}, or begin in another folder from this model with --from."
        )
    unit = corpus.vocabulary.unit
    if unit == "grapheme" and described.get("symbols") != len(corpus.ids):
        versions = run.facts().get("versions")
        then = versions.get("regex") if isinstance(versions, dict) else None
        cure = f"pip install regex=={then}" if then else "install the version of that time"
        raise RunError(
            f"the text of {run.folder} is the same, but regex {cut_here(unit)} cuts it into other "
            f"graphemes than regex {then or 'of another version'} did when the run began. To go "
            f"on, {cure}; or begin in another folder from this model with --from."
        )
    if described.get("training_sha256", learned := _learned(corpus)) != learned:
        raise RunError(
            f"the text is that of {run.folder}, but from other sources, so that another part of it "
            "would be held out. Give the same files, in the same order"
            f"{f', as in: {again}' if isinstance(again, str) else ''}."
        )


def _learned(corpus: Corpus) -> str | None:
    """The fingerprint of what is learned, where that was drawn from the text."""
    return corpus.training_sha256 if corpus.split == "spread" else None


def _check_goes_on(training: TrainingSettings, steps_per_epoch: int, done: int) -> None:
    """Refuses fewer steps than are done."""
    limits = training.steps, round(training.epochs * steps_per_epoch)
    steps = min((limit for limit in limits if limit), default=done)
    if steps < done:
        raise SettingsError(
            f"steps is {steps:,}, but the run has done {done:,} already. Ask for more than that."
        )


def _resumed(order: Order, run: Run) -> Settings:
    """The settings of a run with what may change changed."""
    settings = run.settings()
    given = {
        name: value
        for name, value in order.asked.items()
        if value is not None and (value or name not in settings_module.LIMITS)
    }
    had = settings_module.flat(settings)
    fixed = [n for n, value in given.items() if n not in MAY_CHANGE and had.get(n) != value]
    if fixed:
        named = ", ".join(f"{n} (it is {had.get(n)!r}, not {given[n]!r})" for n in sorted(fixed))
        raise SettingsError(
            f"a run that is resumed cannot change {named}. What may change: "
            f"{', '.join(sorted(MAY_CHANGE))}. Leave it out, or train anew in another folder."
        )
    if any(given.get(limit) for limit in settings_module.LIMITS):
        had |= {"steps": 0, "evaluations": evaluations(order, run, settings)}
    return settings_module.make(had | given)
