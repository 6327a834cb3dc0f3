"""The training text in the framing that was chosen. Knows nothing of networks."""

from burble.data.corpus import Corpus
from burble.errors import SettingsError
from burble.settings import TrainingSettings
from burble.training.batches import Batches, Documents, Streams
from burble.training.windows import Windows


def framed(corpus: Corpus, training: TrainingSettings) -> Batches:
    """The training text in the framing that was chosen."""
    ids, edge = corpus.training, corpus.vocabulary.boundary_id
    if training.framing == "windows":
        if len(ids) <= training.length:
            held = len(corpus.ids) - len(ids)
            less = " or hold out less" if len(corpus.ids) > training.length else ""
            raise SettingsError(
                f"length is {training.length}, but the training text has only {len(ids):,} "
                f"symbols ({held:,} more are held out), and a window needs one after it. Take a "
                f"smaller --length{less}."
            )
        return Windows(ids, training.batch, training.length, training.seed)
    if training.framing != "documents" or edge is None:
        rate = training.reset_rate
        return Streams(ids, training.batch, training.length, training.seed, rate, corpus.given)
    starts = corpus.starts[corpus.starts < corpus.cut]
    size = training.batch, training.length
    return Documents(ids, starts, edge, *size, training.seed, corpus.given)
