"""Which models are served, by name, and those that are loaded. Knows no requests."""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path

from burble.errors import ModelFileError
from burble.formatting import listed
from burble.inference.catalogue import list_models
from burble.inference.generator import Generator
from burble.inference.mixtures import Voices
from burble.model.file import MODEL_NAME, find_model_file
from burble.ngram.file import index_path
from burble.web.errors import ApiError

MOST_LOADED = 8
"""Models that are kept in memory."""
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
        self._lock = threading.Lock()

    def names(self) -> list[str]:
        """The names of all models, the one that is taken where none is named first."""
        return [*self.paths()]

    def paths(self) -> dict[str, Path]:
        """The run folder or file of each model."""
        found = {} if self.folder is None else list_models(self.folder)
        return self._named | {n: path for n, path in found.items() if n not in self._named}

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
        voices = self._choose(name, mix)
        key, stamp = _key(voices), _stamp(voices.paths)
        with self._lock:
            held = self._loaded.get(key)
            if held is None or held[0] != stamp:
                held = (stamp, voices.load())
            self._loaded[key] = held
            self._loaded.move_to_end(key)
            while len(self._loaded) > MOST_LOADED:
                self._loaded.popitem(last=False)
        return held[1]

    def find_loaded(self, name: str | None, mix: Sequence[float] | None = None) -> Generator | None:
        """A model, if it is loaded as its file is now, which takes no time; see `generator`."""
        voices = self._choose(name, mix)
        held = self._loaded.get(_key(voices))
        return held[1] if held and held[0] == _stamp(voices.paths) else None

    def _choose(self, name: str | None, mix: Sequence[float] | None) -> Voices:
        """The models that a name means, and their weights."""
        whole = name is None or BETWEEN not in name or name in self.paths()
        paths = [self.find(one) for one in ([name] if whole or not name else name.split(BETWEEN))]
        return Voices(tuple(paths), None if mix is None else tuple(mix))


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
        named = file.absolute().parent.name if file.name == MODEL_NAME else file.stem
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
