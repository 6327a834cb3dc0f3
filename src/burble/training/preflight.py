"""Prepares a training once its text has been read, or refuses it. Loads neither Keras nor JAX."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from burble.data.corpus import Corpus
from burble.data.vocabulary import cut_here
from burble.errors import RunError, SettingsError
from burble.runs import defaults
from burble.runs.folder import Run
from burble.runs.request import TrainingRequest, resolve_settings
from burble.settings import ModelSettings, Settings, TrainingSettings
from burble.training.framings import frame_text
from burble.training.processes import Peer
from burble.training.start import decide_start


@dataclass(frozen=True)
class PreparedRun:
    """A training that nothing speaks against: its text is read, and its settings are resolved."""

    request: TrainingRequest
    run: Run
    corpus: Corpus
    settings: Settings
    peer: Peer | None = None


def prepare(
    request: TrainingRequest,
    run: Run,
    corpus: Corpus,
    peer: Peer | None = None,
    log: Callable[[str], object] = str,
) -> PreparedRun:
    """Decides what training starts from, resolves all settings, and refuses what cannot be trained.

    Args:
        request: What was requested.
        run: The folder.
        corpus: The text.
        peer: This process among several, if there are.
        log: Takes a message about what training starts from.

    Raises:
        RunError: The text is not the one the run began with.
        SettingsError: A value does not suit the text, what was done, or the processes.
    """
    request = decide_start(request, corpus, log)
    settings = resolve_settings(request, run, corpus)
    if corpus.labels and settings.model.input != "embedding":
        raise SettingsError(
            f"input is {settings.model.input!r}, but a label is a vector that is added to each "
            "symbol's. Take --input embedding, or leave out --label."
        )
    if request.resume:
        _check_same_text(run, corpus)
    framing = frame_text(corpus, settings.training)
    if peer:
        peer.check_batch(settings.training.batch)
    if request.resume:
        _check_goes_on(settings.training, framing.steps_per_epoch, run.steps_done())
    return PreparedRun(request, run, corpus, settings, peer)


def suit_settings(
    options: Mapping[str, Any], corpus: Corpus, base: ModelSettings | None = None
) -> Settings:
    """The settings of a new run on a text; see `defaults.choose_settings`.

    Raises:
        SettingsError: A value that cannot be, or does not suit the text.
    """
    settings = defaults.choose_settings(options, corpus, base=base)
    frame_text(corpus, settings.training)
    return settings


def _check_same_text(run: Run, corpus: Corpus) -> None:
    """Refuses to go on with another text."""
    described, again = (run.facts().get(name) for name in ("corpus", "resume"))
    if not isinstance(described, dict) or described.get("sha256") != corpus.sha256:
        how = f", read as it was then ({again})" if isinstance(again, str) else ""
        raise RunError(
            f"the text is not the one {run.folder} was trained on. Give the same text to resume"
            f"{how}, or begin in another folder from this model with --base."
        )
    unit = corpus.vocabulary.unit
    if unit in ("grapheme", "word") and described.get("symbols") != len(corpus.ids):
        versions = run.facts().get("versions")
        then = versions.get("regex") if isinstance(versions, dict) else None
        cure = f"pip install regex=={then}" if then else "install the version of that time"
        raise RunError(
            f"the text of {run.folder} is the same, but regex {cut_here('grapheme')} cuts it into "
            f"other {unit}s than regex {then or 'of another version'} did when the run began. To "
            f"go on, {cure}; or begin in another folder from this model with --base."
        )
    if described.get("labels_sha256") != (corpus.labels.sha256 if corpus.labels else None):
        raise RunError(
            f"the text is that of {run.folder}, but its labels are others. Give the same table to "
            "resume, or begin in another folder from this model with --base."
        )
    if described.get("training_sha256", learned := _learned(corpus)) != learned:
        raise RunError(
            f"the text is that of {run.folder}, but from other sources, so that another part of it "
            "would be for validation. Give the same files, in the same order"
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
