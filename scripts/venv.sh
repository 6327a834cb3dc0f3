# Makes .venv with burble and its development tools, once, and enters it. Sourced by the scripts beside it.
# Made anew where the locked versions have changed since.
if ! cmp --silent requirements/dev.txt .venv/ready; then
    python3 -m venv .venv
    .venv/bin/python -m pip install --quiet --require-hashes --requirement requirements/dev.txt
    .venv/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
    cp requirements/dev.txt .venv/ready
fi
. .venv/bin/activate
# Compiles what changed since; without a compiler burble runs all the same.
python hatch_build.py || true
