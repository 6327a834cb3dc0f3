#!/usr/bin/env bash
# Weights that Keras 2 trained with recurrent_activation="hard_sigmoid" load into Keras 3 under the
# same name without a word, and predict otherwise: Keras 2's hard sigmoid is 0.2x + 0.5, Keras 3's
# is relu6(x + 3) / 6. One would expect a name that both know to mean one function, as "sigmoid"
# does.
#
# Versions: Python 3.11, tensorflow-cpu 2.15.1 (its keras is 2.15.0) with numpy 1.26.4;
# keras 3.15.1 on jax 0.10.2 with h5py 3.15.1.
# Output seen:
#   sigmoid       largest difference below 1e-6: True
#   hard_sigmoid  largest difference above 1e-3: True
# Fails if that changes.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
python3 -m venv two
two/bin/pip install --quiet tensorflow-cpu==2.15.1 numpy==1.26.4
python3 -m venv three
three/bin/pip install --quiet keras==3.15.1 jax==0.10.2 h5py==3.15.1

cat >network.py <<'PYTHON'
import numpy as np


def built(layers, models, activation):
    entry = layers.Input((20, 3))
    hidden = layers.LSTM(6, recurrent_activation=activation, name="lstm")(entry)
    return models.Model(entry, layers.Dense(4, activation="softmax", name="dense")(hidden))


DATA = (np.arange(2 * 20 * 3).reshape(2, 20, 3) % 7 - 3).astype("float32")
PYTHON
cat >write.py <<'PYTHON'
import numpy as np
from tensorflow import keras

from network import DATA, built

for name in ("sigmoid", "hard_sigmoid"):
    keras.utils.set_random_seed(1)
    model = built(keras.layers, keras.models, name)
    model.save_weights(f"{name}.h5")
    np.save(f"{name}.npy", model.predict(DATA, verbose=0))
PYTHON
cat >read.py <<'PYTHON'
import numpy as np
from keras import layers, models

from network import DATA, built

for name, expected in (("sigmoid", "below 1e-6"), ("hard_sigmoid", "above 1e-3")):
    model = built(layers, models, name)
    model.load_weights(f"{name}.h5")
    off = np.abs(model.predict(DATA, verbose=0) - np.load(f"{name}.npy")).max()
    print(f"{name:<13} largest difference {expected}:", bool(off < 1e-6 if name == "sigmoid" else off > 1e-3))
PYTHON
TF_CPP_MIN_LOG_LEVEL=3 two/bin/python write.py 2>log.txt || { cat log.txt; exit 1; }
KERAS_BACKEND=jax three/bin/python read.py 2>>log.txt >seen.txt || { cat log.txt; exit 1; }
cat seen.txt
diff seen.txt - <<'SEEN'
sigmoid       largest difference below 1e-6: True
hard_sigmoid  largest difference above 1e-3: True
SEEN
