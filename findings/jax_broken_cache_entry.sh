#!/usr/bin/env bash
# An entry of JAX's persistent compilation cache that was cut off while it was written, as on a full
# disk, stays there for good: every later start warns that it cannot be read, compiles anew, and
# does not put the whole entry in its place, since a file of that name exists. One would expect the
# second start to mend it. Once somebody deletes the file, all is well again.
#
# Versions: Python 3.11, jax 0.10.2. The full disk is a limit of 1,024 bytes on files, set for the
# first start only; needs a system with such limits (Linux, macOS).
# Output seen (start, what it warned of, whether it took the program from the cache, what is kept):
#   disk full      writing  from cache: False  kept: a part
#   second         reading  from cache: False  kept: a part
#   third          reading  from cache: False  kept: a part
#   file deleted   nothing  from cache: False  kept: all
#   after that     nothing  from cache: True   kept: all
# Fails if that changes.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
python3 -m venv own
own/bin/pip install --quiet jax==0.10.2

cat >start.py <<'PYTHON'
import resource
import sys
import warnings
from pathlib import Path

import jax
import numpy as np

LIMIT = 1024
start = sys.argv[1]
events = []
jax.monitoring.register_event_listener(lambda event, **_: events.append(event))


@jax.jit
def compiled(x):
    for _ in range(6):
        x = jax.numpy.tanh(x @ x)
    return x


if start == "disk full":
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, LIMIT))
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    compiled(np.ones((8, 8), np.float32))
texts = [str(warning.message) for warning in caught]
warned = [word for word in ("writing", "reading") if any(f"Error {word} persistent" in text for text in texts)]
hit = "/jax/compilation_cache/cache_hits" in events
[entry] = Path("cache").glob("*-cache")
kept = "all" if entry.stat().st_size > LIMIT else "a part"
print(f"{start:<14} {' '.join(warned) or 'nothing'}  from cache: {hit!s:<5}  kept: {kept}")
PYTHON
export JAX_PLATFORMS=cpu JAX_COMPILATION_CACHE_DIR=$place/cache
export JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS=0
{
    own/bin/python start.py "disk full"
    own/bin/python start.py "second"
    own/bin/python start.py "third"
    rm cache/*-cache
    own/bin/python start.py "file deleted"
    own/bin/python start.py "after that"
} >seen.txt
cat seen.txt
diff seen.txt - <<'SEEN'
disk full      writing  from cache: False  kept: a part
second         reading  from cache: False  kept: a part
third          reading  from cache: False  kept: a part
file deleted   nothing  from cache: False  kept: all
after that     nothing  from cache: True   kept: all
SEEN
