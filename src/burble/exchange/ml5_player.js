// Plays charRNN folders in p5.js sketches and other pages: burble's own, and those made for ml5.
//
//   <script src="model/charrnn.js"></script>
//   const rnn = ml5.charRNN("model", () => rnn.generate({seed: "The ", length: 200}, show));
//
// The calls are those of ml5 0.12: generate, feed, predict, reset, getState, setState. Besides:
// - randomSeed: an option of generate, or rnn.randomSeed(7), makes a text repeatable.
// - temperature may be anything from 0 on, where 0 always takes the likeliest symbol.
// - unknown: "skip", an option of generate or in rnn.defaults, leaves out characters that the model
//   never saw; otherwise they are an error.
// - An empty seed begins a text, as the model's own texts begin.
// Knows nothing of training. No part of it was taken from ml5.
(function (scope) {
  "use strict";

  const PAUSE = 12; // Milliseconds after which a page gets to draw.

  // Numbers from 0 to 1, the same for the same seed (Marsaglia's xorshift, 128 bits).
  function makeRandom(seed) {
    let state = [seed >>> 0, Math.floor(seed / 4294967296) >>> 0, 0x9e3779b9, 0x243f6a88];
    function next() {
      let t = state[3];
      const s = state[0];
      t ^= t << 11;
      t ^= t >>> 8;
      state = [(t ^ s ^ (s >>> 19)) >>> 0, state[0], state[1], state[2]];
      return state[0] / 4294967296;
    }
    for (let i = 0; i < 20; i += 1) next();
    return next;
  }

  async function fetchFile(url, kind) {
    let answer;
    try {
      answer = await fetch(url);
    } catch (error) {
      throw new Error(
        `${url} cannot be read (${error.message}). A page opened as a file may not read others: ` +
          "open it through a local server, such as that of the p5.js editor."
      );
    }
    if (!answer.ok) throw new Error(`${url} cannot be read: the server says ${answer.status}.`);
    return answer[kind]();
  }

  // The arrays by what they are: embedding, layers of {kernel, bias, units}, output.
  async function loadArrays(folder) {
    const manifest = await fetchFile(`${folder}manifest.json`, "json");
    const found = { layers: [] };
    const load = async (name, { filename, shape }) => {
      const cell = name.match(/(?:cell|lstm)_(\d+)/i);
      const isMatrix = shape.length === 2;
      if (name !== "embedding" && !cell && !/softmax/i.test(name)) return;
      const values = new Float32Array(await fetchFile(folder + filename, "arrayBuffer"));
      const size = shape.reduce((all, one) => all * one, 1);
      if (values.length !== size) {
        throw new Error(`${folder}${filename} holds ${values.length} numbers, expected ${size}.`);
      }
      if (name === "embedding") {
        found.embedding = { values, width: shape[1] };
      } else if (cell) {
        const layer = (found.layers[cell[1]] = found.layers[cell[1]] || {});
        if (isMatrix) layer.kernel = values;
        else Object.assign(layer, { bias: values, units: shape[0] / 4 });
      } else {
        found[isMatrix ? "kernel" : "bias"] = values;
      }
    };
    await Promise.all(Object.entries(manifest).map(([name, one]) => load(name, one)));
    return found;
  }

  // sums[j] += the products of inputs and the rows of a matrix, four rows at a time.
  function addProducts(sums, inputs, matrix, firstRow) {
    const width = sums.length;
    const whole = inputs.length - (inputs.length % 4);
    let at = firstRow * width;
    for (let i = 0; i < whole; i += 4) {
      const [a, b, c, d] = [inputs[i], inputs[i + 1], inputs[i + 2], inputs[i + 3]];
      const [q, r, s] = [at + width, at + 2 * width, at + 3 * width];
      for (let j = 0; j < width; j += 1) {
        sums[j] +=
          a * matrix[at + j] + b * matrix[q + j] + c * matrix[r + j] + d * matrix[s + j];
      }
      at += 4 * width;
    }
    for (let i = whole; i < inputs.length; i += 1, at += width) {
      for (let j = 0; j < width; j += 1) sums[j] += inputs[i] * matrix[at + j];
    }
  }

  const sigmoid = (x) => 1 / (1 + Math.exp(-x));

  // One LSTM step: gates i, j, f, o, and 1 is added to f.
  function stepCell(sums, c) {
    const units = c.length;
    const after = { c: new Float32Array(units), h: new Float32Array(units) };
    for (let u = 0; u < units; u += 1) {
      const kept = c[u] * sigmoid(sums[2 * units + u] + 1);
      after.c[u] = kept + sigmoid(sums[u]) * Math.tanh(sums[units + u]);
      after.h[u] = Math.tanh(after.c[u]) * sigmoid(sums[3 * units + u]);
    }
    return after;
  }

  class CharRNN {
    constructor(path, callback) {
      this.folder = path.endsWith("/") ? path : `${path}/`;
      this.defaults = { seed: "", length: 20, temperature: 0.5, stateful: false };
      this.vocab = {};
      this.vocabSize = 0;
      this.probabilities = [];
      this.random = Math.random;
      this.products = new Map();
      this.drawn = {};
      this.done = Promise.resolve();
      this.ready = this.answer(this.load(), callback);
    }

    // ml5's way: a promise, and a callback that is given an error or a result.
    answer(promise, callback) {
      if (!callback) return promise;
      return promise.then(
        (result) => {
          callback(undefined, result);
          return result;
        },
        (error) => {
          callback(error);
          throw error;
        }
      );
    }

    // Things asked for are done one after the other, also by those who do not wait for them.
    queue(work) {
      const result = this.done.then(() => this.loaded).then(work);
      this.done = result.catch(() => {});
      return result;
    }

    load() {
      this.loaded = (async () => {
        const [model, vocab, own] = await Promise.all([
          loadArrays(this.folder),
          fetchFile(`${this.folder}vocab.json`, "json"),
          fetchFile(`${this.folder}burble.json`, "json").catch(() => ({})),
        ]);
        this.model = model;
        this.vocab = vocab;
        this.about = own.model || {};
        this.vocabSize = Object.keys(vocab).length;
        this.texts = [];
        for (const [text, id] of Object.entries(vocab)) this.texts[id] = text;
        this.boundary = this.about.boundary ? this.about.symbols.length : -1;
        this.resetId = own.reset_id ?? -1;
        this.ids = new Map(Object.entries(vocab));
        if (this.boundary >= 0) {
          // What is made of symbols is read as those, and does not end a document.
          const { separator, symbols } = this.about;
          this.ids.delete(this.texts[this.boundary]);
          this.texts[this.boundary] = separator;
          const known = new Set(symbols);
          if ([...separator].some((one) => !known.has(one))) this.ids.set(separator, this.boundary);
        }
        this.ids.delete("");
        this.longest = Math.max(...Array.from(this.ids.keys(), (text) => text.length));
        this.zeroState = this.makeState();
        this.state = this.zeroState;
        return this;
      })();
      return this.loaded;
    }

    makeState() {
      const zeros = () => this.model.layers.map((layer) => new Float32Array(layer.units));
      return { c: zeros(), h: zeros(), isNew: true };
    }

    // The ids of a text; the longest symbols first.
    encode(text, unknown) {
      // As burble cleans texts; what was made for ml5 is read as it stands.
      const cleaning = this.about.text;
      let clean = cleaning ? text.replace(/\r\n?/g, "\n").normalize("NFC") : text;
      if (cleaning && cleaning.lowercase) clean = clean.toLowerCase();
      if (cleaning && cleaning.strip_punctuation) clean = clean.replace(/[^\p{L}\p{N}\p{M}\s]/gu, "");
      const ids = [];
      const strange = new Set();
      for (let at = 0; at < clean.length; ) {
        let end = Math.min(clean.length, at + this.longest);
        while (end > at && !this.ids.has(clean.slice(at, end))) end -= 1;
        if (end > at) {
          ids.push(this.ids.get(clean.slice(at, end)));
          at = end;
        } else {
          const character = String.fromCodePoint(clean.codePointAt(at));
          strange.add(character);
          at += character.length;
        }
      }
      if (strange.size && unknown !== "skip") {
        const named = [...strange].map((one) => JSON.stringify(one)).join(", ");
        throw new Error(
          `the model never saw ${named}. Leave it out, or pass unknown: "skip".`
        );
      }
      return ids;
    }

    // What a text begins with that goes on from nothing.
    beginning() {
      if (this.boundary >= 0) return [this.boundary];
      return [this.ids.get("\n") || 0];
    }

    // The first layer's sums for a symbol, which are the same each time.
    productsOf(id) {
      let sums = this.products.get(id);
      if (!sums) {
        const { embedding, layers } = this.model;
        sums = Float32Array.from(layers[0].bias);
        if (embedding) {
          const at = id * embedding.width;
          const row = embedding.values.subarray(at, at + embedding.width);
          addProducts(sums, row, layers[0].kernel, 0);
        } else {
          addProducts(sums, Float32Array.of(1), layers[0].kernel, id);
        }
        this.products.set(id, sums);
      }
      return Float32Array.from(sums);
    }

    // The state after one more symbol; the state given stays as it is. Where each document was
    // learned from a zero state, what parts two is read from one.
    step(id, before) {
      const state = id === this.resetId ? this.zeroState : before;
      const { layers, embedding } = this.model;
      const after = { c: [], h: [], isNew: false };
      layers.forEach((layer, place) => {
        let sums;
        let rows;
        if (place) {
          sums = Float32Array.from(layer.bias);
          addProducts(sums, after.h[place - 1], layer.kernel, 0);
          rows = layers[place - 1].units;
        } else {
          sums = this.productsOf(id);
          rows = embedding ? embedding.width : this.vocabSize;
        }
        addProducts(sums, state.h[place], layer.kernel, rows);
        const { c, h } = stepCell(sums, state.c[place]);
        after.c.push(c);
        after.h.push(h);
      });
      return after;
    }

    // The probability of each id at a temperature; at 0 the likeliest has all of it.
    predictFrom(state, temperature) {
      const logits = Float32Array.from(this.model.bias);
      addProducts(logits, state.h[state.h.length - 1], this.model.kernel, 0);
      let best = 0;
      logits.forEach((one, id) => {
        if (one > logits[best]) best = id;
      });
      const found = Array.from(logits, (one, id) =>
        temperature > 0 ? Math.exp((one - logits[best]) / temperature) : Number(id === best)
      );
      const sum = found.reduce((all, one) => all + one, 0);
      return found.map((one) => one / sum);
    }

    draw(probabilities, random) {
      let left = random();
      let last = 0;
      for (let id = 0; id < probabilities.length; id += 1) {
        if (probabilities[id] > 0) {
          last = id;
          left -= probabilities[id];
          if (left < 0) return id;
        }
      }
      return last;
    }

    // Reads a text; one that is read from nothing begins as the model's texts do.
    read(text, state, unknown) {
      const ids = this.encode(text, unknown);
      const lead = state.isNew && (this.boundary >= 0 || !ids.length) ? this.beginning() : [];
      return [...lead, ...ids].reduce((before, id) => this.step(id, before), state);
    }

    async write(options) {
      const chosen = { ...this.defaults };
      for (const [name, value] of Object.entries(options || {})) {
        if (value !== undefined && value !== null) chosen[name] = value;
      }
      const length = Number(chosen.length);
      const temperature = checkTemperature(chosen.temperature);
      if (!(length >= 0)) throw new Error(`length is ${chosen.length}, expected 0 or more.`);
      const random =
        chosen.randomSeed === undefined ? this.random : makeRandom(Number(chosen.randomSeed));
      let state = chosen.stateful ? this.state : this.zeroState;
      if (chosen.seed || state.isNew) state = this.read(String(chosen.seed), state, chosen.unknown);
      let sample = "";
      let drawn = performance.now();
      for (let i = 0; i < length; i += 1) {
        this.probabilities = this.predictFrom(state, temperature);
        const id = this.draw(this.probabilities, random);
        sample += this.texts[id];
        state = this.step(id, state);
        if (performance.now() - drawn > PAUSE) {
          await new Promise((resolve) => setTimeout(resolve));
          drawn = performance.now();
        }
      }
      this.state = state;
      return { sample, state };
    }

    generate(options, callback) {
      return this.answer(this.queue(() => this.write(options)), callback);
    }

    feed(text, callback) {
      const work = () => {
        // What predict drew goes back as what it was, also where other symbols make the same text.
        const { id, sample } = this.drawn;
        this.drawn = {};
        if (id !== undefined && text === sample) this.state = this.step(id, this.state);
        else this.state = this.read(String(text), this.state, this.defaults.unknown);
      };
      const fed = this.queue(work);
      return callback ? fed.then(() => callback()) : fed;
    }

    predict(temperature, callback) {
      const work = () => {
        if (this.state.isNew) this.state = this.read("", this.state);
        this.probabilities = this.predictFrom(this.state, checkTemperature(temperature));
        const id = this.draw(this.probabilities, this.random);
        const sample = this.texts[id];
        this.drawn = { id, sample };
        const probabilities = Object.entries(this.vocab).map(([char, id]) => ({
          char,
          probability: this.probabilities[id],
        }));
        if (callback) callback(sample);
        return { sample, probabilities };
      };
      return this.queue(work);
    }

    // Makes all that is drawn from here on repeatable.
    randomSeed(seed) {
      this.random = makeRandom(Number(seed));
    }

    reset() {
      return this.queue(() => {
        this.state = this.zeroState;
        this.drawn = {};
      });
    }

    resetState() {
      return this.reset();
    }

    getState() {
      return this.state;
    }

    setState(state) {
      return this.queue(() => {
        this.state = state;
      });
    }
  }

  function checkTemperature(given) {
    const temperature = given === undefined ? 0.5 : Number(given);
    if (!(temperature >= 0)) throw new Error(`temperature is ${given}, expected 0 or more.`);
    return temperature;
  }

  const own = { charRNN: (path = "./", callback) => new CharRNN(path, callback) };
  try {
    // Where ml5 is loaded as well, the rest of it stays.
    scope.ml5 = Object.assign(scope.ml5 || {}, own);
  } catch (error) {
    scope.ml5 = Object.assign(Object.create(scope.ml5), own);
  }
})(globalThis);
