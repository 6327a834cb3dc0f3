# Makes .venv with burble and its development tools, once, and enters it. Sourced by the scripts beside it.
if [ ! -e .venv/ready ]; then
    python3 -m venv .venv
    .venv/bin/python -m pip install --quiet --upgrade "pip>=25.1"
    .venv/bin/python -m pip install --quiet --editable . --group dev
    touch .venv/ready
fi
. .venv/bin/activate
