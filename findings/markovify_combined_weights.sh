#!/usr/bin/env bash
# markovify 0.9.4 (Python 3.11): `combine([a, b], [3, 1])` weights the chain, and not the sentences.
#
# The combined model keeps the sentences of both (`parsed_sentences`, which `to_json` writes beside
# the chain). One would take them for those that the chain was made of, so that a chain made of them
# is the same. It is not: each sentence stands there once, whatever the weight of its model, so a
# model that is made again from the sentences has forgotten the weights. Seen:
#
#     in the combined chain, after "The cat": {'sat': 3, 'ran': 1}
#     in a chain of its own sentences:        {'sat': 1, 'ran': 1}
#
# Exits with 1 if that has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet markovify==0.9.4
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import markovify

first = markovify.Text("The cat sat down.")
second = markovify.Text("The cat ran away.")
both = markovify.combine([first, second], [3, 1])
again = markovify.Text(None, parsed_sentences=both.parsed_sentences)
found = [dict(model.chain.model["The", "cat"]) for model in (both, again)]
print('in the combined chain, after "The cat":', found[0])
print("in a chain of its own sentences:       ", found[1])
sys.exit(found != [{"sat": 3, "ran": 1}, {"sat": 1, "ran": 1}])
PYTHON
