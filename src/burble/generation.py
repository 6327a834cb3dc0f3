"""A model that writes: prime, stream, stop, many at once. Knows nothing of how it was trained."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from burble import modelfile, sampling, text
from burble.engine import Engine, State
from burble.errors import VocabularyError
from burble.modelfile import Model
from burble.sampling import SamplingSettings
from burble.settings import require
from burble.vocabulary import describe, split

Unknown = Literal["error", "skip", "nearest"]
_ALIKE = str.maketrans("‘’‚‛“”„«»–—−…\u00a0", '\'\'\'\'"""""---. ')


@dataclass(frozen=True)
class Prompt:
    """A prompt made ready for a model.

    Attributes:
        text: As the model reads it.
        ids: What primes the model; never empty.
        notes: What was changed in it, a sentence each.
    """

    text: str
    ids: NDArray[np.integer]
    notes: tuple[str, ...] = ()


class Generator:
    """A model that writes. It is never changed by writing, so threads may share it.

    Args:
        model: A model, as read from its file.
    """

    def __init__(self, model: Model) -> None:
        """Makes the engine ready."""
        self.model = model
        self._engine = Engine(model.weights, model.architecture)

    def prepare(self, prompt: str, unknown: Unknown = "error") -> Prompt:
        """Cleans a prompt as the corpus was cleaned, and encodes it.

        Args:
            prompt: Any text. An empty one starts a document or a line.
            unknown: What to do with symbols the model never saw: refuse, leave them out, or
                take the nearest it knows (other case, plain quotes, no accent).

        Returns:
            The prompt, ready.

        Raises:
            VocabularyError: The prompt has unknown symbols and `unknown` leaves them.
        """
        expected = "error, skip or nearest"
        require(unknown in ("error", "skip", "nearest"), "unknown", unknown, expected)
        vocabulary = self.model.vocabulary
        cleaned, changes = text.clean(prompt, self.model.text)
        notes = [f"In the prompt: {', '.join(said)}."] if (said := changes.sentences()) else []
        if unknown != "error":
            cleaned, replaced = self._replace_unknown(cleaned, unknown)
            notes += replaced
        lead = [vocabulary.boundary_id] if vocabulary.boundary else []
        ids = np.array([*lead, *vocabulary.encode(cleaned)], np.intp)
        return Prompt(cleaned, ids if len(ids) else self._line_start(), tuple(notes))

    def _line_start(self) -> NDArray[np.integer]:
        """What primes a model that was given nothing: a line's end, or its first symbol."""
        return np.array([self.model.vocabulary.ids.get("\n", 0)])

    def _replace_unknown(self, cleaned: str, unknown: Unknown) -> tuple[str, list[str]]:
        """`cleaned` without unknown symbols, and a sentence for each kind that was there."""
        known = self.model.vocabulary.ids
        swaps = {}
        for symbol in self.model.vocabulary.unknown(cleaned):
            near = (symbol.translate(_ALIKE), symbol.lower(), symbol.upper(), text.bare(symbol))
            swaps[symbol] = next((n for n in near if n in known), "") if unknown != "skip" else ""
        notes = [
            f"The prompt's {describe(old)} was {f'read as {new!r}' if new else 'left out'}."
            for old, new in swaps.items()
        ]
        symbols = split(cleaned, self.model.vocabulary.unit)
        return "".join(swaps.get(s, s) for s in symbols), notes

    def generate(
        self,
        prompt: str = "",
        *,
        length: int = 400,
        seed: int = 0,
        stop: str | Sequence[str] = (),
        until_document: bool = False,
        unknown: Unknown = "error",
        **choices: float,
    ) -> str:
        """Writes one text: new characters only, without the prompt.

        Args:
            prompt: What the text goes on from.
            length: New characters; exactly so many unless something stops it before.
            seed: The same seed writes the same text.
            stop: Strings at which to stop; they are not part of the text.
            until_document: Whether to stop where a document would end.
            unknown: See `prepare`.
            **choices: Fields of `SamplingSettings`, such as `temperature`.

        Returns:
            The new text.

        Raises:
            SettingsError: A value that cannot be.
            VocabularyError: See `prepare`; or a stop string that can never occur.
        """
        pieces = self.stream(
            prompt,
            length=length,
            seed=seed,
            stop=stop,
            until_document=until_document,
            unknown=unknown,
            **choices,
        )
        return "".join(pieces)

    def stream(
        self,
        prompt: str = "",
        *,
        length: int | None = None,
        seed: int = 0,
        stop: str | Sequence[str] = (),
        until_document: bool = False,
        unknown: Unknown = "error",
        **choices: float,
    ) -> Iterator[str]:
        """Writes one text piece by piece; see `generate`. A length of None never ends."""
        ready = self.prepare(prompt, unknown)
        stops = self._stops(stop)
        settings = SamplingSettings(**choices)  # type: ignore[arg-type]
        require(length is None or length >= 0, "length", length, "0 or more new characters")
        return _until(self._pieces(ready, settings, seed, until_document), stops, length)

    def generate_many(
        self,
        prompt: str = "",
        *,
        count: int,
        length: int = 400,
        seed: int = 0,
        **options: object,
    ) -> list[str]:
        """Writes `count` texts, with the seeds `seed`, `seed + 1` and so on; see `generate`."""
        require(count >= 0, "count", count, "0 or more texts")
        return [
            self.generate(prompt, length=length, seed=seed + i, **options)  # type: ignore[arg-type]
            for i in range(count)
        ]

    def _stops(self, stop: str | Sequence[str]) -> tuple[str, ...]:
        """The stop strings as the model would write them, each one possible."""
        given = (stop,) if isinstance(stop, str) else tuple(stop)
        stops = tuple(text.clean(s, self.model.text)[0] for s in given)
        for s in stops:
            if not s or self.model.vocabulary.unknown(s):
                raise VocabularyError(
                    f"this model can never write the stop string {s!r}. Choose one made of "
                    "symbols it knows."
                )
        return stops

    def _prime(self, ids: NDArray[np.integer]) -> tuple[NDArray[np.float32], State]:
        """The logits and state after reading `ids`."""
        state = self._engine.start(1)
        for i in ids:
            logits, state = self._engine.step(np.array([i]), state)
        return logits, state

    def _pieces(
        self, prompt: Prompt, settings: SamplingSettings, seed: int, until_document: bool
    ) -> Iterator[str]:
        """Endless symbols after the prompt; the separator stands where a document ends."""
        vocabulary = self.model.vocabulary
        rng = np.random.default_rng(seed)
        logits, state = self._prime(prompt.ids)
        while True:
            chosen = sampling.choose(logits, settings, rng.random(1))
            if chosen[0] == vocabulary.boundary_id:
                if until_document:
                    return
                yield self.model.separator
            else:
                yield vocabulary.symbols[chosen[0]]
            logits, state = self._engine.step(chosen, state)


def _until(pieces: Iterator[str], stops: tuple[str, ...], length: int | None) -> Iterator[str]:
    """Passes pieces on until a stop string or `length` characters.

    Text that may yet turn out to be the beginning of a stop string is held back.
    """
    held, left = "", length
    while left is None or left > 0:
        piece = next(pieces, None)
        if piece is None:
            break
        piece = piece if left is None else piece[:left]
        left = left if left is None else left - len(piece)
        held += piece
        found = [at for at in (held.find(s) for s in stops) if at >= 0]
        if found:
            held = held[: min(found)]
            break
        keep = max((_overlap(held, s) for s in stops), default=0)
        ready, held = held[: len(held) - keep], held[len(held) - keep :]
        if ready:
            yield ready
    if held:
        yield held


def _overlap(held: str, stop: str) -> int:
    """The length of the longest end of `held` that begins `stop`."""
    longest = min(len(held), len(stop) - 1)
    return next((n for n in range(longest, 0, -1) if stop.startswith(held[-n:])), 0)


def load(path: str | Path) -> Generator:
    """Loads a model to write with, from a run folder or a model file."""
    path = Path(path)
    return Generator(modelfile.read(path / "model.safetensors" if path.is_dir() else path))
