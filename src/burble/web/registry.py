"""Which models are served, by name, and those that are loaded. Knows no requests."""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from weakref import WeakSet

from burble.errors import ModelFileError
from burble.formatting import listed, shown
from burble.inference.catalogue import list_models
from burble.inference.generator import Generator
from burble.inference.mixtures import Voices
from burble.model import bases
from burble.model.file import MODEL_NAME, find_model_file
from burble.ngram.file import index_path
from burble.web.errors import ApiError

MOST_LOADED = 8
"""Models that are kept in memory."""
MOST_ALIVE = 16
"""Those, and others that texts are still being written with."""
MOST_MIXED = 8
BETWEEN = "+"
"""Between the names of models that are mixed."""
Stamp = tuple[tuple[int, int], ...]


class Registry:
    """The models that are served.

    Args:
        models: Run folders or files, by name.
        folder: A folder of which all models are served besides, also those that come later; None
            for none, and no base either.
    """

    def __init__(self, models: Mapping[str, Path], folder: Path | None = None) -> None:
        self.folder = folder
        self._named = dict(models)
        self._loaded: OrderedDict[tuple[object, ...], tuple[Stamp, Generator]] = OrderedDict()
        # Only who loads waits: whoever needs what is there is not held up.
        self._loading = threading.Lock()
        self._alive: WeakSet[Generator] = WeakSet()

    def names(self) -> list[str]:
        """The names of all models, the one that is taken where none is named first."""
        return [*self.paths()]

    def paths(self) -> dict[str, Path]:
        """The run folder or file of each model."""
        found = {} if self.folder is None else list_models(self.folder)
        # One that is gone, or is just being replaced, takes none of the others with it.
        named = {name: path for name, path in self._named.items() if _is_there(path)}
        return named | {n: path for n, path in found.items() if n not in named}

    def add(self, name: str, path: Path) -> None:
        """Serves one more model."""
        self._named[name] = path

    def find(self, name: str | None) -> Path:
        """The run folder or file of a model.

        Args:
            name: Its name; None for the first.

        Raises:
            ApiError: There is none of that name (404).
        """
        paths = self.paths()
        chosen = next(iter(paths), None) if name is None else name
        if chosen not in paths:
            known = f"There are: {listed([*paths], most=20)}." if paths else "There is none yet."
            named = "there is no model" if name is None else f"there is no model called {name!r}"
            raise ApiError(404, f"{named}. {known}", param="model", code="model_not_found")
        return paths[chosen]

    def generator(self, name: str | None, mix: Sequence[float] | None = None) -> Generator:
        """A model, loaded; anew where its file has changed. Takes a while.

        Args:
            name: Its name; names with + between them are mixed.
            mix: The weight of each of those.

        Raises:
            ApiError: There is none of that name (404).
            ModelFileError: It is damaged.
            SettingsError: They cannot be mixed.
        """
        if found := self.find_loaded(name, mix):
            return found
        voices = self._choose(name, mix)
        key, stamp = _key(voices), _stamp(voices.paths)
        with self._loading:
            if found := self.find_loaded(name, mix):
                return found
            if len(self._alive) >= MOST_ALIVE:
                raise ApiError(
                    429,
                    f"{len(self._alive)} models and mixtures of models are in use. Try again in a "
                    "moment.",
                )
            found = voices.load()
            self._alive.add(found)
            self._loaded[key] = (stamp, found)
            while len(self._loaded) > MOST_LOADED:
                self._loaded.popitem(last=False)
        return found

    def find_loaded(self, name: str | None, mix: Sequence[float] | None = None) -> Generator | None:
        """A model, if it is loaded as its file is now, which takes no time; see `generator`."""
        voices = self._choose(name, mix)
        key = _key(voices)
        held = self._loaded.get(key)
        if held is None or held[0] != _stamp(voices.paths):
            return None
        # It may have given way to another meanwhile.
        with suppress(KeyError):
            self._loaded.move_to_end(key)
        return held[1]

    def _choose(self, name: str | None, mix: Sequence[float] | None) -> Voices:
        """The models that a name means, and their weights."""
        whole = name is None or BETWEEN not in name or name in self.paths()
        names = [name] if whole or not name else name.split(BETWEEN)
        if len(names) > MOST_MIXED or len({*names}) < len(names):
            raise ApiError(
                400,
                f"model names {len(names):,} models to mix, but must name at most {MOST_MIXED}, "
                "each once.",
                param="model",
            )
        paths = [self.find(one) for one in names]
        return Voices(tuple(paths), None if mix is None else tuple(mix))


def _is_there(path: Path) -> bool:
    """Whether there is a model at a path."""
    return path.is_file() or (path / MODEL_NAME).is_file() or bases.find_base(path) is not None


def _key(voices: Voices) -> tuple[object, ...]:
    """What tells models and their weights from others."""
    return (*voices.paths, *voices.weights)


def _stamp(paths: Sequence[Path]) -> Stamp:
    """What changes where a model or its memory is written anew."""
    found = []
    for path in paths:
        file = find_model_file(path)
        for one in (file, index_path(file)):
            try:
                facts = one.stat()
                found.append((facts.st_mtime_ns, facts.st_size))
            except OSError:
                found.append((0, 0))
    return tuple(found)


def name_models(paths: Sequence[Path]) -> dict[str, Path]:
    """Models by the names of their folders or files, each name once.

    Raises:
        ModelFileError: There is no model at a path.

    >>> [*name_models([Path("english")])]
    ['english']
    """
    found: dict[str, Path] = {}
    for path in paths:
        file = find_model_file(path)
        named = shown(file.absolute().parent.name if file.name == MODEL_NAME else file.stem)
        name, number = named, 1
        while name in found:
            number += 1
            name = f"{named}-{number}"
        if BETWEEN in name:
            raise ModelFileError(
                f"{path} has a {BETWEEN} in its name, which stands between models that are mixed. "
                "Give its folder or file another name."
            )
        found[name] = path
    return found
