"""Makes `format-4.safetensors`: the model of format 1, and four labels with vectors.

Every later release must read it alike; never run this again for a format that has been released.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from burble.data.labels import LabelSet
from burble.model.file import read_model, write_model

LABELS = LabelSet(("poet", "form"), (("Dickinson", "Whitman"), ("long", "short")))

if __name__ == "__main__":
    here = Path(__file__).parent
    model = read_model(here / "format-1.safetensors")
    width = model.architecture.embedding
    # Eighths, which every float holds as they are.
    vectors = np.random.default_rng(4).integers(-8, 9, (len(LABELS), width)) / np.float32(8)
    weights = {**model.weights, "label_embedding": vectors.astype(np.float32)}
    text = replace(model.text, label=LABELS.columns)
    write_model(
        here / "format-4.safetensors", replace(model, weights=weights, text=text, labels=LABELS)
    )
