"""Chooses the settings that a person left open, by the amount of text, and says why.

Knows nothing of Keras or files. Everything here depends on the text and on what was given; where
minutes were given, also on how fast the machine was measured to be, but only roughly, so that the
same command makes the same choice on the same machine.
"""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from burble import settings as settings_module
from burble.errors import SettingsError
from burble.formatting import some
from burble.model.architecture import input_width
from burble.runs import fine_tuning
from burble.settings import DROPOUTS, LIMITS, ModelSettings, Settings

if TYPE_CHECKING:
    from burble.data.corpus import Corpus

SIZES: Mapping[str, Mapping[str, int]] = {
    "small": {"layers": 1, "units": 128, "embedding": 32},
    "medium": {"layers": 2, "units": 256, "embedding": 64},
    "large": {"layers": 2, "units": 512, "embedding": 64},
}
"""The named sizes. `auto` is small below `SMALL_TEXT` training symbols and medium from there on:
in the minutes most people have, on two cores, a large one learns too few symbols to be better."""

CHOSEN = {
    *SIZES["small"],
    *("ensemble", *DROPOUTS),
    *("framing", "batch", "length"),
}
"""Settings that are chosen for the text unless they are given."""
SMALL_TEXT = 40_000
DEFAULT_LIMITS = {"minutes": 5.0, "epochs": 100.0}
TYPICAL_SPEED = 2_000_000
"""Symbols that one network of medium size learns in each of the minutes given on two ordinary
cores, rounded; starting and scores included."""
ORDINARY = 1_000_000, 4_000_000
"""The same, scores left out, on two cores that are shared, without compiled kernels, or quick."""
PASSES = {2: 12, 4: 15}
"""Numbers of networks, and how often one alone would read the text at least where there are so
many: it would learn the text by heart."""
PASSES_WITHOUT_DROPOUT = 2.4
"""How often a text of up to `SYMBOLS_WITHOUT_DROPOUT` training symbols may be read without dropout;
a longer one as many times as often as the cube root of how many times as long it is."""
SYMBOLS_WITHOUT_DROPOUT = 130_000
SYMBOLS_A_NETWORK = {"small": 700_000, "medium": 500_000, "large": 1_500_000}
"""Symbols that each network of a size needs to learn, however often it reads the text; reckoned at
the speed of a medium one, of which a large one has about a third. A small one is several times as
fast, but learns less from each symbol."""
WORDS = 5
"""How many times as many it needs where they are words: each of them is seldom seen."""
MANY_DOCUMENTS = 20
MOST_ONEHOT = 8192
SHORT_DOCUMENT = 1_000
# In equal time, many small steps learn more than few large ones; and a network that is alone shares
# its streams with all cores. Of several networks of medium size each has a core on most machines,
# where steps half as large take half as long.
STEP_SYMBOLS = 1_024


def choose_settings(
    options: Mapping[str, Any],
    corpus: "Corpus",
    size: str = "auto",
    speed: float = TYPICAL_SPEED,
    base: ModelSettings | None = None,
) -> Settings:
    """Fills in what was not given.

    Args:
        options: Settings by name, as given; None means not given. Those that a base brings, its
            shape among them, are here as well.
        corpus: What will be learned.
        size: auto, or one of `SIZES`.
        speed: Symbols that one network will learn in each of the minutes; see `round_speed`.
        base: The shape of the model that training starts from; None where it begins from nothing.

    Raises:
        SettingsError: A value that cannot be.
    """
    given = {name: value for name, value in options.items() if value is not None}
    if given.get("framing") == "auto":
        del given["framing"]
    _check_framing(given.get("framing"), corpus)
    name = _size(corpus, size)
    chosen: dict[str, Any] = {**SIZES[name], **_framing(given, corpus)}
    if base:
        chosen |= fine_tuning.choose_settings(chosen | given, corpus.cut)
    else:
        words = WORDS if corpus.vocabulary.unit == "word" else 1
        chosen |= _learning(SYMBOLS_A_NETWORK[name] * words, chosen, given, corpus.cut, speed)
        if name == "medium" and chosen["framing"] == "streams" and chosen["ensemble"] > 1:
            chosen["batch"] = max(1, chosen["batch"] // 2)
    known = {**_width(given, corpus), "split": corpus.split}
    return settings_module.make_settings(chosen | given | known)


def _check_framing(framing: str | None, corpus: "Corpus") -> None:
    """Refuses a framing that does not suit a text.

    Raises:
        SettingsError: It is of documents, and there is one; or of windows, and there are several.
    """
    if framing == "documents" and not corpus.vocabulary.boundary:
        raise SettingsError(
            "framing is 'documents', but the text is one document. Say what a document is "
            "(--documents lines, blank or sentences), or leave out --framing."
        )
    if framing == "windows" and corpus.vocabulary.boundary:
        raise SettingsError(
            f"framing is 'windows', which cuts one running text, but there are "
            f"{len(corpus.starts):,} documents here. Give one text, or leave out --framing."
        )


def _learning(
    least: int, chosen: Mapping[str, Any], given: Mapping[str, Any], symbols: int, speed: float
) -> dict[str, Any]:
    """What ends a training from nothing, its networks, and their dropout."""
    if given.get("average_base"):
        raise SettingsError(
            "average_base is True, but training begins from nothing, so that there is no model "
            "whose weights the average could begin with. Leave it out, or name a model: --base."
        )
    limited = any(given.get(limit) for limit in LIMITS)
    limits: dict[str, Any] = {} if limited else {**DEFAULT_LIMITS}
    before = settings_module.make_settings({**chosen, **limits, **given})
    ensemble = given.get("ensemble") or _ensemble_size(least, before, symbols, speed)
    dropout = _dropout(_passes(before, symbols, speed / ensemble), symbols)
    return {**limits, "ensemble": ensemble, **dropout}


def round_speed(measured: float) -> float:
    """The speed to choose by, from a measured one: an ordinary machine's, doubled or halved.

    So roughly that a machine which is a little slower today makes the same choice as yesterday.

    Args:
        measured: Symbols that one network learns in each of the minutes given, if all the time
            that is left of them went to steps.

    >>> [round_speed(speed) for speed in (400_000, 1_000_000, 4_000_000, 8_000_000)]
    [500000.0, 2000000.0, 2000000.0, 4000000.0]
    """
    slow, fast = ORDINARY
    above, below = (max(0, math.ceil(math.log2(r))) for r in (measured / fast, slow / measured))
    return TYPICAL_SPEED * 2.0 ** (above - below)


def _size(corpus: "Corpus", size: str) -> str:
    """The name of the network's size."""
    return size if size != "auto" else "small" if corpus.cut < SMALL_TEXT else "medium"


def _framing(given: Mapping[str, Any], corpus: "Corpus") -> dict[str, Any]:
    """The framing, with streams and steps that fit the text."""
    lengths = len(corpus.starts), corpus.cut / len(corpus.starts)
    many_short = lengths[0] >= MANY_DOCUMENTS and lengths[1] <= SHORT_DOCUMENT
    framing = given.get("framing", "documents" if many_short else "streams")
    usual = min(64, max(8, math.ceil(lengths[1] * 1.25))) if framing == "documents" else 64
    length = min(given.get("length", usual), max(1, corpus.cut // 4))
    batch = min(STEP_SYMBOLS // min(length, STEP_SYMBOLS), max(1, corpus.cut // (4 * length)))
    return {"framing": framing, "length": length, "batch": min(batch, 128)}


def _width(given: Mapping[str, Any], corpus: "Corpus") -> dict[str, int]:
    """Numbers that stand for a symbol, where the alphabet decides it."""
    kind = given.get("input", "embedding")
    width = input_width(kind, corpus.vocabulary.size)
    if width is None:
        return {}
    if given.get("embedding", width) != width:
        raise SettingsError(
            f"embedding is {given['embedding']}, but with --input {kind} each symbol is {width} "
            "numbers here. Leave out --embedding."
        )
    if width > MOST_ONEHOT:
        raise SettingsError(
            f"input is 'onehot', but the alphabet has {width:,} symbols, of at most "
            f"{MOST_ONEHOT:,} that can each have a number of their own. Take --input embedding."
        )
    return {"embedding": width}


def _passes(settings: Settings, symbols: int, speed: float) -> float:
    """How often each network will read the text, about, at symbols a minute for each."""
    training = settings.training
    limits = (
        training.steps * training.predicted_a_step / symbols,
        training.epochs,
        training.minutes * speed / symbols,
    )
    return min((limit for limit in limits if limit), default=1.0)


def _ensemble_size(least: int, settings: Settings, symbols: int, speed: float) -> int:
    """Networks trained side by side: several where one alone would learn the text by heart.

    No more than have time to learn it at all. One where windows are read anew for each symbol that
    is written, which takes long enough; and where no minutes were given, since steps and epochs
    are those of each network.
    """
    training = settings.training
    if training.window or not training.minutes:
        return 1
    passes = _passes(settings, symbols, speed)
    limits = training.steps * training.predicted_a_step, training.epochs * symbols
    needed = min([least, *(limit for limit in limits if limit)])
    most = training.minutes * speed / needed
    return max([1, *(n for n, fewest in PASSES.items() if passes >= fewest and n <= most)])


def _dropout(passes: float, symbols: int) -> dict[str, float]:
    """Dropout that grows with how often each symbol is seen: none at few passes, half at most."""
    without = PASSES_WITHOUT_DROPOUT * max(1.0, symbols / SYMBOLS_WITHOUT_DROPOUT) ** (1 / 3)
    rate = round(min(0.5, max(0.0, 0.12 * math.log(passes / without))), 2)
    half, recurrent = round(rate / 2, 2), round(rate * 2 / 3, 2)
    return dict(zip(DROPOUTS, (half, rate, rate, recurrent), strict=True))


def describe_choice(settings: Settings, corpus: "Corpus", passes: float, size: str = "auto") -> str:
    """What was chosen, for a person, once it is known how long it will train.

    Args:
        settings: What was chosen.
        corpus: What will be learned.
        passes: How often it will be read.
        size: See `choose_settings`.
    """
    model, training = settings.model, settings.training
    name, symbols = _size(corpus, size), corpus.cut
    usual = size == "auto" and all(getattr(model, key) == n for key, n in SIZES[name].items())
    sized = f" (size {name}, for {symbols:,} training symbols)" if usual else ""
    ensemble = (
        f"Ensemble of {model.ensemble} networks, each " if model.ensemble > 1 else "Network: "
    )
    times = f"{passes:,.0f}" if passes >= 9.5 else f"{passes:.2g}"
    left = fine_tuning.describe_share(training) if training.average_base else ""
    return (
        f"{ensemble}{model.cell.upper()} of {some(model.layers, 'layer')} of {model.units} units"
        f"{sized}, dropout {model.dropout:g}. The text will be read about {times} times, in steps "
        f"of {training.batch} {training.framing} side by side, {some(training.length, 'symbol')} "
        f"of each.{left}"
    )
