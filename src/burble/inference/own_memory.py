"""The n-gram model that a model writes with: of its own text, or of one that is read for it.

Knows nothing of how either text is read, or of what is written.
"""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from burble.errors import SettingsError
from burble.inference.memory import fit_coefficients
from burble.model.engine import Core
from burble.model.file import Model
from burble.model.mixture import Mixture
from burble.ngram.index import SuffixIndex
from burble.ngram.mixing import MixingWeights
from burble.ngram.predictor import NgramModel

if TYPE_CHECKING:
    from burble.ngram.memory import TextMemory


class OwnMemory:
    """The memory of a model.

    Args:
        model: The model.
        core: What reads texts with it.
        beside: Loads the memory of its own text, once that is needed; None where there is none.
        text: Another text, that takes its place.
    """

    def __init__(
        self,
        model: Model,
        core: Core,
        beside: Callable[[], SuffixIndex] | None,
        text: "TextMemory | None" = None,
    ) -> None:
        self._model, self._core = model, core
        self.beside, self.text = beside, text

    @property
    def exists(self) -> bool:
        """Whether there is one."""
        return self.beside is not None or self.text is not None

    @cached_property
    def ngrams(self) -> NgramModel:
        """The n-gram model.

        Raises:
            SettingsError: There is none.
            ModelFileError: It is damaged, or that of another model.
        """
        size = self._model.vocabulary.size
        if self.text is not None:
            return NgramModel(self.text.index, size)
        if self.beside is None and isinstance(self._model, Mixture):
            raise SettingsError(
                "models that are mixed have no memory that is of all of them. Name a text that is "
                "read at once: --memory TEXT"
            )
        if self.beside is None:
            raise SettingsError(
                "this model has no memory beside it. Name a text that is read at once: --memory "
                "TEXT. Or, if you have the text it was trained on, make one of that: burble "
                "remember MODEL TEXT"
            )
        return NgramModel(self.beside(), size)

    def mixing_weights(self, strength: float, *, adaptive: bool = False) -> MixingWeights:
        """How much network and memory count; see `Generator.mixing_weights`."""
        if self.text is not None:
            return MixingWeights(self._fitted, strength)
        base = self._model.base is not None
        return MixingWeights.trained(strength, adaptive=adaptive, with_base=base)

    @cached_property
    def _fitted(self) -> NDArray[np.float64]:
        """Coefficients of the mixing weights that suit the memory's text, shape (2, F)."""
        return fit_coefficients(self._core, self._model.window, self.ngrams)
