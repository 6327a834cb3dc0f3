"""What a model has from its training text besides its weights: a memory in a file beside it.

Knows nothing of terminals.
"""

from pathlib import Path

from burble import judging, memoryfile
from burble.corpus import Corpus
from burble.errors import CorpusError
from burble.modelfile import Model


def remember(file: Path, model: Model, text: Corpus) -> tuple[Path, int]:
    """Writes the memory of what a model was trained on, beside it.

    Args:
        file: The model's file.
        model: The model.
        text: The text it was trained on; what was held out of it is not remembered.

    Returns:
        Where the memory is, and how many symbols it holds; see `Own.memory`.

    Raises:
        CorpusError: The text is another one.
        StorageError: The disk refused.
    """
    own = judging.own(model, text)
    if own is None:
        raise CorpusError(
            "this is not the text the model was trained on, and its memory would be of another "
            "text. Give that text as it was given then: all of its files, with the flags that say "
            "how they are read, and nothing else."
        )
    path, memory = memoryfile.beside(file), own.memory()
    memoryfile.write(path, memory, model)
    return path, len(memory.contexts)
