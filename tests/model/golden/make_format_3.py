"""Makes `format-3.safetensors`: the model of format 1, with its weights in half the bytes.

Every later release must read it alike; never run this again for a format that has been released.
"""

from dataclasses import replace
from pathlib import Path

from burble.model.file import read_model, write_model

if __name__ == "__main__":
    here = Path(__file__).parent
    model = read_model(here / "format-1.safetensors")
    write_model(here / "format-3.safetensors", replace(model, dtype="float16"))
