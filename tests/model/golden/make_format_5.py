"""Makes `format-5.safetensors`: the alphabet of format 1, and a GRU that resets before the product.

Every later release must read it alike; never run this again for a format that has been released.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from burble.model.architecture import array_shapes
from burble.model.file import read_model, write_model

if __name__ == "__main__":
    here = Path(__file__).parent
    model = read_model(here / "format-1.safetensors")
    shape = replace(model.architecture, cell="gru", reset_after=False)
    rng = np.random.default_rng(5)
    # Eighths, which every float holds as they are.
    weights = {
        name: (rng.integers(-8, 9, size) / np.float32(8)).astype(np.float32)
        for name, size in array_shapes(shape, model.vocabulary.size).items()
    }
    write_model(here / "format-5.safetensors", replace(model, weights=weights, architecture=shape))
