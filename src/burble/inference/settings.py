"""How a text is written: what is drawn, where it ends, and what may not come. Knows no models."""

import os
import sys
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from burble.data.labels import GivenLabels
from burble.errors import SettingsError
from burble.files import path_names
from burble.inference.passages import Passages
from burble.settings import is_integer, is_number, require

COLDEST = 1e-6
"""A lower temperature is none: the likeliest symbol is certain."""
ROUNDS = 2
"""Times that a passage may stand in a row where loops are blocked."""
MIN_WORD_COUNT = 2
"""Times that a word occurs in a training text, to be known."""
Unknown = Literal["error", "skip", "nearest"]
Paths = str | os.PathLike[str]


def check_memory_weight(weight: float) -> None:
    """Raises `SettingsError` unless it can be the weight of a memory."""
    fits = is_number(weight) and 0 <= weight <= 1
    require(fits, "memory", weight, "between 0, the network alone, and 1")


@dataclass(frozen=True)
class MemoryChoice:
    """What the options of a memory come to.

    Attributes:
        texts: The texts of which an n-gram model is built on the spot; none for the one that is
            beside the model.
        weight: Its weight, 0 to 1; 0 is the network alone.
    """

    texts: tuple[str, ...]
    weight: float


def choose_memory(memory: Any = 0.0, weight: float | None = None) -> MemoryChoice:
    """What `memory` and `memory_weight` come to; see `WritingSettings`.

    Args:
        memory: A weight, or a text or several. A string that is a number is a weight, whatever
            files there are; `./0.5` is a file of that name.
        weight: The weight of a text.

    Raises:
        SettingsError: A weight that cannot be, or two of them, or one of nothing.

    >>> choose_memory("0.5"), choose_memory(["a.txt"], 0.7)
    (MemoryChoice(texts=(), weight=0.5), MemoryChoice(texts=('a.txt',), weight=0.7))
    """
    if weight is not None:
        fits = is_number(weight) and 0 <= weight <= 1
        require(fits, "memory_weight", weight, "between 0, the network alone, and 1")
    if not isinstance(memory, str | os.PathLike | Sequence):
        check_memory_weight(memory)
        return _choose_weight(memory, weight)
    texts = path_names("memory", memory)
    numbers = [text for text in texts if _is_numeral(text)]
    if not numbers:
        return MemoryChoice(texts, 1.0 if weight is None else weight)
    number = numbers[0]
    if len(texts) > 1:
        others = [text for text in texts if text not in numbers]
        instead = (
            f"a text: give the weight by itself, --memory {others[0]} --memory-weight {number}"
            if others
            else "another one: give only one"
        )
        raise SettingsError(
            f"--memory {number} is a weight, and beside it there is {instead}. A file of that name "
            f"is ./{number}."
        )
    fits = 0 <= float(number) <= 1
    expected = f"between 0, the network alone, and 1, or a text; a file of that name is ./{number}"
    require(fits, "memory", float(number), expected)
    return _choose_weight(float(number), weight)


def _choose_weight(memory: float, weight: float | None) -> MemoryChoice:
    """The choice where `memory` is a weight."""
    if weight is not None:
        none = memory == 0
        given = "none was given" if none else f"--memory {memory:g} is a weight itself"
        raise SettingsError(
            f"--memory-weight {weight:g} is the weight of a text that --memory names, and {given}. "
            f"{'Add --memory TEXT' if none else 'Give only one of them'}."
        )
    return MemoryChoice((), memory)


def _is_numeral(text: str) -> bool:
    """Whether a string is a number, as a weight is."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def _are_texts(given: object) -> bool:
    """Whether it is a set of texts."""
    return isinstance(given, Set) and all(isinstance(one, str) for one in given)


def draw_seed() -> int:
    """A new seed, short enough to be typed again."""
    return int.from_bytes(os.urandom(3), "little")


def fill_defaults(options: Mapping[str, Any], suited: object) -> dict[str, Any]:
    """Options of writing, with what suits a model where they give nothing.

    Args:
        options: Fields of `WritingSettings`. At temperature 0 no quote is closed by default.
        suited: What the model's file holds of it; values that cannot be are ignored.
    """
    given = {name: value for name, value in options.items() if value is not None}
    known: Mapping[str, Any] = suited if isinstance(suited, Mapping) else {}
    found: dict[str, Any] = {"temperature": WritingSettings.temperature, "close_quotes": 0.0}
    for name in found:
        value = known.get(name, 0)
        if is_number(value) and 0 < value <= sys.float_info.max:
            found[name] = float(value)
    warm, breaks = given.get("temperature") != 0, given.get("break_loops")
    if not warm:
        found["close_quotes"] = 0.0
    # What the text itself repeats is no loop.
    if known.get("break_loops") is False and warm and breaks is None and "rounds" not in given:
        found["break_loops"] = False
    elif is_integer(known.get("rounds")) and (warm if breaks is None else breaks):
        found["rounds"] = max(1, known["rounds"])
    return dict(options) | {name: found[name] for name in found.keys() - given.keys()}


@dataclass(frozen=True, kw_only=True)
class SamplingSettings:
    """How the next symbol is chosen.

    Attributes:
        temperature: Lower is safer and repeats itself more, higher is bolder and makes more
            mistakes; 1 draws with the model's own probabilities, 0 always takes the likeliest.
        top_k: Only the k likeliest symbols are possible; 0 leaves all.
        top_p: Only the likeliest symbols that together reach this probability; 1 leaves all.
        min_p: Only symbols at least this many times as likely as the likeliest; 0 leaves all.
    """

    temperature: float = 0.8
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0

    def __post_init__(self) -> None:
        """Checks every field."""
        for name in (one.name for one in fields(SamplingSettings)):
            value = getattr(self, name)
            require(is_number(value), name, value, "a number")
        finite = 0 <= self.temperature < float("inf")
        require(finite, "temperature", self.temperature, "a number of 0 or more")
        some = is_integer(self.top_k) and self.top_k >= 0
        require(some, "top_k", self.top_k, "a whole number: 0 (all symbols) or more")
        require(0 <= self.top_p <= 1, "top_p", self.top_p, "between 0 and 1")
        require(0 <= self.min_p <= 1, "min_p", self.min_p, "between 0 and 1")

    @property
    def is_greedy(self) -> bool:
        """Whether the likeliest symbol is always chosen, so that nothing is left to chance."""
        return self.temperature < COLDEST or self.top_k == 1


@dataclass(frozen=True, kw_only=True)
class WritingSettings(SamplingSettings):
    r"""How a text is chosen, and where it ends.

    In Python, a `length` of None never ends, `novel` may also be the passages that may not be
    written, `words` those that alone may be, in lower case, and `new` the documents that a text may
    not be: a flag takes less, as the metadata of its field says.

    Attributes:
        length: New characters, exactly so many unless something stops it before.
        seed: The same seed writes the same text. Without it, a new one is drawn.
        stop: End before this string; may be given several times. On the command line, \n is a line
            end, \t a tab, and \\ a backslash.
        until_document: End where a document would end.
        unknown: What to do with symbols of the prompt that the model never saw: error, skip, or
            nearest, which reads them as a similar one.
        break_loops: Never write a passage too often in a row; --no-break-loops leaves loops as they
            come. Without either, loops are broken unless greedy, or the training text repeats
            itself.
        rounds: Times that a passage may stand in a row where loops are broken. Without it, 2, or
            as often as in its training text.
        novel: Never write a longer passage of the training text than this, in symbols, whatever its
            case; 0 sets no limit.
        words: Which words may be written: any, or only those of the training text (known).
        word_count: Times that a word occurs in the training text at least, to be known. Without it,
            2.
        new: Each text is one document, and none of the training text.
        distinct: Texts that are written together are all different.
        training_text: The training text, for --novel, --words known and --new, where there is no
            memory.
        memory: An n-gram model to mix in: that of a text, which is built on the spot (a file or
            folder, several times if need be), or the one beside the model (see burble remember), by
            its weight, 0 to 1; 0 is the network alone.
        memory_weight: Weight of the text that --memory names, 0 to 1. Without it, 1.
        label: What the text should be like: COLUMN=VALUE, a label that its training text had (see
            burble train --label), such as poet=Dickinson; one for each column at most. In Python
            also {"poet": "Dickinson"}.
        portable: Compute as exported pages do (see burble export), with which the same seed then
            writes the same text on any machine; slower.
        close_quotes: Logit bias towards closing quotes and brackets, in nats for each 100
            characters that they have been open; 0 is none.
    """

    length: int | None = 400
    seed: int | None = None
    stop: str | tuple[str, ...] | list[str] = field(default=(), metadata={"flag": list[str]})
    until_document: bool = False
    unknown: Unknown = "error"
    break_loops: bool | None = None
    rounds: int | None = None
    novel: int | Passages = field(default=0, metadata={"flag": int})
    words: str | Set[str] = "any"
    word_count: int | None = None
    new: bool | Set[str] = field(default=False, metadata={"flag": bool})
    distinct: bool = False
    training_text: Paths | Sequence[Paths] | None = field(
        default=None, metadata={"flag": list[str]}
    )
    memory: float | Paths | Sequence[Paths] = field(default=0.0, metadata={"flag": list[str]})
    memory_weight: float | None = None
    label: GivenLabels = field(default=(), metadata={"flag": list[str]})
    portable: bool = False
    close_quotes: float = 0.0

    def __post_init__(self) -> None:
        """Checks every field."""
        super().__post_init__()
        self._check_kinds()
        for name, least in (("length", 0), ("seed", 0), ("rounds", 1), ("word_count", 1)):
            value = getattr(self, name)
            whole = value is None or (is_integer(value) and value >= least)
            require(whole, name, value, f"a whole number of {least} or more")
        _ = self.memory_choice
        bias = self.close_quotes
        fits = is_number(bias) and 0 <= bias < float("inf")
        require(fits, "close_quotes", bias, "a number of 0 or more")
        if self.word_count is not None and self.words != "known":
            raise SettingsError(
                f"--word-count {self.word_count} is for --words known, which was not given. Add "
                "it, or leave out --word-count."
            )
        if self.rounds is not None and self.break_loops is False:
            raise SettingsError(
                f"--rounds {self.rounds} is for loops that are broken, and --no-break-loops breaks "
                "none. Give only one of them."
            )

    def _check_kinds(self) -> None:
        """Checks the fields that are no numbers."""
        for name in ("until_document", "distinct", "portable"):
            value = getattr(self, name)
            require(isinstance(value, bool), name, value, "True or False")
        choice = self.break_loops
        require(choice is None or isinstance(choice, bool), "break_loops", choice, "True or False")
        stops = (self.stop,) if isinstance(self.stop, str) else self.stop
        fits = isinstance(stops, tuple | list) and all(isinstance(stop, str) for stop in stops)
        require(fits, "stop", self.stop, "a text, or several")
        novel, words, new = self.novel, self.words, self.new
        fits = isinstance(novel, Passages) or (is_integer(novel) and novel >= 0)
        require(fits, "novel", novel, "a whole number of 0 or more symbols")
        fits = _are_texts(words) or words in ("any", "known")
        require(fits, "words", words, "any, known, or a set of words")
        fits = isinstance(new, bool) or _are_texts(new)
        require(fits, "new", new, "True or False, or a set of documents")

    @property
    def memory_choice(self) -> MemoryChoice:
        """What its memory and the weight of that come to."""
        return choose_memory(self.memory, self.memory_weight)

    @property
    def blocks_loops(self) -> bool:
        """Whether no passage may stand too often in a row."""
        if self.break_loops is None:
            return self.temperature > 0 or self.rounds is not None
        return self.break_loops

    @property
    def by_document(self) -> bool:
        """Whether a text ends where a document would end."""
        return self.until_document or self.new is not False

    def check_whole_texts(self, count: int) -> None:
        """Refuses to write that many texts, each of them whole.

        Raises:
            SettingsError: Nothing ends them, or all must be different and nothing is left to
                chance.
        """
        if self.length is None and not (self.stop or self.by_document):
            raise SettingsError(
                "whole texts need an end. Give a length or a stop string, or stream one text."
            )
        if count > 1 and self.distinct and self.is_greedy:
            raise SettingsError(
                f"{count:,} distinct texts cannot be written without chance: always taking the "
                "likeliest symbol (--greedy, --temperature 0 or --top-k 1) gives the same text "
                "every time. Give a --temperature above 0, or leave out --distinct."
            )
