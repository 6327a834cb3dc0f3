"""Starting from another model: its settings and weights, fitted to a new alphabet.

Knows nothing of Keras or files.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from burble.data.labels import UNLABELLED, LabelSet
from burble.data.vocabulary import Vocabulary
from burble.errors import SettingsError
from burble.formatting import some
from burble.model.architecture import LABELS, Weights, network_prefix, network_weights
from burble.model.file import Model
from burble.settings import DROPOUTS, OF_WORDS


def merge_base_settings(given: Mapping[str, Any], base: Model | None) -> dict[str, Any]:
    """The settings given, with those that a base model brings filled in.

    Returns:
        Settings by name; architecture (but dropout) and unit are the base model's, and so is how
        its text was cleaned, where nothing else was given.

    Raises:
        SettingsError: Something was given that differs from what the base model is.
    """
    chosen = {name: value for name, value in given.items() if value is not None}
    if base is None:
        return chosen
    # What the text is may differ: another alphabet is all that comes of it.
    free = {*DROPOUTS, *OF_WORDS, "min_count", "label"}
    free |= {"documents", "document_separator", "document_pattern"}
    free |= {"lowercase", "strip_punctuation"} & chosen.keys()
    if base.architecture.input != "embedding":
        # Follows from the alphabet, which may be another.
        free.add("embedding")
    brought = {
        name: value
        for name, value in (asdict(base.text) | asdict(base.architecture)).items()
        if name not in free
    }
    for name in brought.keys() & chosen.keys():
        if chosen[name] != brought[name]:
            raise SettingsError(
                f"{name} is {chosen[name]!r}, but the model to start from has {brought[name]!r}. "
                "Leave it out, or train from nothing: --base none."
            )
    return brought | chosen


def transfer_weights(
    base: Model, vocabulary: Vocabulary, fresh: Weights, labels: LabelSet = UNLABELLED
) -> Weights:
    """The base model's weights, arranged for another alphabet and other labels.

    Args:
        base: The model to start from.
        vocabulary: The new alphabet.
        fresh: Weights of a new model with that alphabet and those labels; new ones keep theirs.
        labels: The new labels.

    Returns:
        Weights for the new alphabet, by the names of the model file.
    """
    pairs = [(base.vocabulary.boundary_id, vocabulary.boundary_id)]
    pairs += [(base.vocabulary.ids.get(s), i) for i, s in enumerate(vocabulary.symbols)]
    shared = np.array([p for p in pairs if None not in p], np.intp).reshape(-1, 2)
    known = base.labels.shared_with(labels)
    kind = base.architecture.input
    first = {"embedding": "embedding", "onehot": "layer0.kernel", "scalar": None}[kind]
    arranged = {}
    for network in range(base.architecture.ensemble):
        for part, new in network_weights(fresh, base.architecture, network).items():
            name = network_prefix(network) + part
            if part == LABELS:
                arranged[name] = _copy_rows(base.weights.get(name, new), new, known)
                continue
            old = base.weights[name]
            if part in (first, "output.bias"):
                arranged[name] = _copy_rows(old, new, shared)
            elif part == "output.kernel":
                arranged[name] = _copy_rows(old.T, new.T, shared).T
            else:
                arranged[name] = np.array(new if part == "embedding" else old)
    return arranged


def _copy_rows(
    old: NDArray[np.float32], new: NDArray[np.float32], shared: NDArray[np.intp]
) -> NDArray[np.float32]:
    """The rows of `new`, those of symbols that both know taken from `old`."""
    rows = np.array(new)
    rows[shared[:, 1]] = old[shared[:, 0]]
    return rows


def describe_alphabet_change(base: Model, vocabulary: Vocabulary) -> str:
    """A sentence about how the alphabet changes."""
    added = [s for s in vocabulary.symbols if s not in base.vocabulary.ids]
    gone = sum(s not in vocabulary.ids for s in base.vocabulary.symbols)
    named = f"{' '.join(map(repr, added[:20]))}{' …' if len(added) > 20 else ''}"
    them = "it" if len(added) == 1 else "them"
    new = f"does not know {some(len(added), 'symbol')} of this text, and learns {them}: {named}"
    told = f"The base {new if added else 'knows every symbol of this text'}."
    are = "is" if gone == 1 else "are"
    return f"{told} {gone:,} that it knows {are} not in it, and left out." if gone else told
