"""What a model has from its training text besides its weights: a memory in a file beside it.

Knows nothing of terminals.
"""

from pathlib import Path

from burble.data.corpus import Corpus
from burble.errors import CorpusError
from burble.evaluation import report as evaluation_report
from burble.model.file import Model
from burble.ngram import file as ngram_file


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
    own = evaluation_report.own(model, text)
    if own is None:
        raise CorpusError(
            "this is not the text the model was trained on, and its memory would be of another "
            "text. Give that text as it was given then: all of its files, with the flags that say "
            "how they are read, and nothing else."
        )
    path, memory = ngram_file.beside(file), own.memory()
    ngram_file.write(path, memory, model)
    return path, len(memory.contexts)
