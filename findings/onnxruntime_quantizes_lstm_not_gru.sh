#!/usr/bin/env bash
# onnxruntime's `quantize_dynamic` quantises LSTM layers, and leaves GRU and RNN layers as they are.
#
# Versions: Python 3.11, onnxruntime 1.32.0, onnx 1.22.0.
# One would expect the three recurrent layers of ONNX to be treated alike, or the two others to be
# named. They are passed over without an error, even where `op_types_to_quantize` names them, and
# the file keeps its size. Output seen:
#   LSTM -> DynamicQuantizeLSTM, 25% of its size
#   GRU -> GRU, 100% of its size
#   RNN -> RNN, 100% of its size
# Fails if that changes.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
python3 -m venv own
own/bin/pip install --quiet onnxruntime==1.32.0 onnx==1.22.0

cat >look.py <<'PYTHON'
import logging
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import quantize_dynamic

logging.disable(logging.WARNING)
UNITS, INPUTS = 64, 32
for kind, gates in (("LSTM", 4), ("GRU", 3), ("RNN", 1)):
    draw = np.random.default_rng(0)
    arrays = {
        "W": draw.normal(size=(1, gates * UNITS, INPUTS)),
        "R": draw.normal(size=(1, gates * UNITS, UNITS)),
    }
    held = [numpy_helper.from_array(a.astype(np.float32), name) for name, a in arrays.items()]
    node = helper.make_node(kind, ["x", "W", "R"], ["y"], hidden_size=UNITS)
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [5, 1, INPUTS])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [5, 1, 1, UNITS])
    graph = helper.make_graph([node], kind, [x], [y], held)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, f"{kind}.onnx")
    quantize_dynamic(f"{kind}.onnx", f"{kind}-int8.onnx", op_types_to_quantize=[kind])
    found = onnx.load(f"{kind}-int8.onnx").graph.node
    sizes = [Path(f"{kind}{end}.onnx").stat().st_size for end in ("-int8", "")]
    print(f"{kind} -> {', '.join(one.op_type for one in found)}, {sizes[0] / sizes[1]:.0%} of its size")
PYTHON
own/bin/python look.py | tee found.txt
diff found.txt - <<'SEEN'
LSTM -> DynamicQuantizeLSTM, 25% of its size
GRU -> GRU, 100% of its size
RNN -> RNN, 100% of its size
SEEN
