"""Writes with a model that `burble export runs/alice alice.onnx` made; without burble.

pip install onnxruntime
python write.py alice.onnx "Alice was"
"""

import json
import sys

import numpy as np
import onnxruntime

if len(sys.argv) != 3:
    sys.exit('Give a model and how the text begins: python write.py alice.onnx "Alice was"')
session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
model = json.loads(session.get_modelmeta().custom_metadata_map["burble"])
texts, rng = [*model["symbols"], model["separator"]], np.random.default_rng(7)
prompt = sys.argv[2].lower() if model["text"]["lowercase"] else sys.argv[2]
ids = [texts.index(symbol) for symbol in prompt]
edge = len(texts) - 1
if model["boundary"]:
    ids = [edge, *ids]
resets = model["boundary"] and model["summary"].get("training", {}).get("framing") == "documents"
feeds = {}  # States begin at zero, and number 0 is no label.
for given in session.get_inputs():
    kind = np.float32 if given.type == "tensor(float)" else np.int64
    feeds[given.name] = np.zeros([n if isinstance(n, int) else 1 for n in given.shape], kind)
zeros = {name: array for name, array in feeds.items() if name in ("h0", "c0")}
print(prompt, end="")
for _ in range(400):
    if resets and ids == [edge]:  # It learned each document from a zero state.
        feeds |= zeros
    feeds["ids"] = np.array([ids])
    logits, *states = session.run(None, feeds)
    feeds |= zip(zeros, states, strict=True)
    chances = np.exp((logits[0, -1].astype(float) - logits[0, -1].max()) / 0.8)
    ids = [rng.choice(len(chances), p=chances / chances.sum())]
    print(texts[ids[0]], end="", flush=True)
