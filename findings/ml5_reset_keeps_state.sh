#!/usr/bin/env bash
# ml5's charRNN does not begin anew: after `reset()`, and in every further `generate()`, it goes on
# from where the last text ended.
#
# Versions: ml5 0.12.2 (its charRNN, for p5.js sketches), run in jsdom 24.1.3 by Node 20.
# `generate()` is documented as stateless, so one would expect the same question to give the same
# probabilities again. The state that it resets to is the object that it wrote the last state into.
# Output seen: the probabilities of the symbol after "a", first asked, asked again, after reset(),
# and of a model that was loaded anew:
#   first: 0.3516 0.3286 0.3198
#   again: differs
#   after reset(): differs
#   loaded anew: same as first
# Fails if that changes.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
npm install --silent --no-audit --no-fund --ignore-scripts jsdom@24.1.3
npm pack --silent ml5@0.12.2 >/dev/null
tar xzf ml5-0.12.2.tgz package/dist/ml5.min.js

cat >look.js <<'JAVASCRIPT'
const fs = require("fs"), http = require("http"), { JSDOM, VirtualConsole } = require("jsdom");

// A model of two layers of four units that knows three symbols; its weights are a sine's values.
const UNITS = 4, SYMBOLS = 3, files = { "vocab.json": '{"a": 0, "b": 1, "c": 2}' }, manifest = {};
function add(name, shape, size = 2) {
  const values = Float32Array.from({ length: shape.reduce((a, b) => a * b) },
    (_, i) => size * Math.sin(i * i + name.length));
  files[name] = Buffer.from(values.buffer);
  manifest[name] = { filename: name, shape };
}
for (const [layer, inputs] of [SYMBOLS, UNITS].entries()) {
  const cell = `rnn_multi_rnn_cell_cell_${layer}_basic_lstm_cell_`;
  add(cell + "kernel", [inputs + UNITS, 4 * UNITS]);
  add(cell + "bias", [4 * UNITS], 0);
}
add("softmax_w", [UNITS, SYMBOLS]);
add("softmax_b", [SYMBOLS], 0);
files["manifest.json"] = JSON.stringify(manifest);

const server = http.createServer((question, answer) => {
  const file = files[question.url.split("/").pop()];
  answer.writeHead(file === undefined ? 404 : 200);
  answer.end(file);
});
server.listen(0, "127.0.0.1", async () => {
  const address = `http://127.0.0.1:${server.address().port}/`;
  const page = new JSDOM("", { url: address, runScripts: "outside-only", virtualConsole: new VirtualConsole() });
  const { window } = page;
  window.fetch = (path) => fetch(new URL(path, address));
  window.eval(fs.readFileSync("package/dist/ml5.min.js", "utf8"));
  const load = () => new Promise((done) => { const made = window.ml5.charRNN(address + "model", () => done(made)); });
  async function ask(model) {
    await model.generate({ seed: "a", length: 1, temperature: 1 });
    return Array.from(model.probabilities, (p) => p.toFixed(4)).join(" ");
  }
  const model = await load(), first = await ask(model);
  const say = (what, found) => console.log(`${what}: ${found === first ? "same as first" : "differs"}`);
  console.log(`first: ${first}`);
  say("again", await ask(model));
  model.reset();
  say("after reset()", await ask(model));
  say("loaded anew", await ask(await load()));
  process.exit();
});
JAVASCRIPT
node look.js | tee found.txt
diff found.txt - <<'SEEN'
first: 0.3516 0.3286 0.3198
again: differs
after reset(): differs
loaded anew: same as first
SEEN
