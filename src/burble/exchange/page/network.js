// The networks of a model file, which give the logits of what comes next for each symbol that they read. They compute
// what `portable.py` does, to the bit. Knows nothing of texts.
import { PANEL, exp, log, moduleKernels, plainKernels } from "./arithmetic.js";

const LEAST_PROBABILITY = 1e-30;
const GATES = { lstm: 4, hard_lstm: 4, gru: 3, rnn: 1 };

/** All float16 numbers as float32, by their bits. */
function halves() {
  const table = new Float32Array(65536);
  for (let bits = 0; bits < 65536; bits += 1) {
    const [exponent, rest] = [(bits >> 10) & 31, bits & 1023];
    const size = exponent ? (1024 + rest) * 2 ** (exponent - 25) : rest * 2 ** -24;
    table[bits] = bits >> 15 ? -size : size;
  }
  return table;
}

/** Numbers of 16 bits as float32. */
function widen(bits, half) {
  const values = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i += 1) values[i] = half[bits[i]];
  return values;
}

/** The arrays of a model file and what it says of itself; arrays of whole numbers meet their scales. */
function readTensors(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = Number(view.getBigUint64(0, true));
  const { __metadata__: metadata, ...entries } = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + size)));
  const half = halves();
  const arrays = {};
  const read = { F32: (part) => new Float32Array(part), F16: (part) => widen(new Uint16Array(part), half), I8: (part) => new Float32Array(new Int8Array(part)) };
  for (const [name, { dtype, shape, data_offsets: [first, end] }] of Object.entries(entries)) {
    const part = bytes.slice(8 + size + first, 8 + size + end).buffer;
    arrays[name] = { shape, values: read[dtype](part) };
  }
  for (const [name, { values: scales }] of Object.entries(arrays)) {
    if (!name.endsWith(".scale")) continue;
    const { values } = arrays[name.slice(0, -6)];
    for (let i = 0; i < values.length; i += 1) values[i] = values[i] * scales[i % scales.length];
    delete arrays[name];
  }
  return { about: JSON.parse(metadata.burble), arrays };
}

/** Places in memory, each at a multiple of 64 bytes; `bytes` is how much all take. */
class Layout {
  bytes = 64;
  take(floats) {
    const place = this.bytes;
    this.bytes += Math.ceil((4 * floats + 16) / 64) * 64;
    return place;
  }
}

const padded = (width) => Math.ceil(width / PANEL) * PANEL;

/** One network. Its state is an array that the caller keeps, so any number of texts may be read by turns. */
class Network {
  /**
   * shape: cell, layers, units and input as the model file has them; arrays: by name; size: V, how many symbols.
   * code: the module, or null where JavaScript is to compute.
   */
  constructor(shape, arrays, size, code) {
    this.cell = shape.recurrent_activation === "hard_sigmoid" ? "hard_lstm" : shape.cell;
    Object.assign(this, { units: shape.units, layers: shape.layers, input: shape.input, size, arrays });
    this.gates = GATES[this.cell] * this.units;
    this.width = shape.embedding;
    this.parts = shape.cell === "lstm" ? 2 : 1;
    const layout = new Layout();
    const places = {};
    for (const [name, { shape: [rows, columns] }] of Object.entries(arrays)) {
      if (columns !== undefined && !/bias$|embedding$/.test(name)) places[name] = layout.take(rows * padded(columns));
    }
    this.places = places;
    this.x = layout.take(Math.max(this.width, 1));
    this.sums = layout.take(padded(this.gates));
    this.across = layout.take(padded(this.gates));
    this.logits = layout.take(padded(size));
    this.states = Array.from({ length: this.layers * this.parts }, () => layout.take(padded(this.units)));
    this.kernels = code ? moduleKernels(code, layout.bytes) : plainKernels(layout.bytes);
    this.f = new Float32Array(this.kernels.memory.buffer);
    for (const [name, place] of Object.entries(places)) { this.pack(arrays[name], place); delete arrays[name]; }
    this.withLabels([]);
  }

  /** Lays a matrix (K, G) out as the module reads it: panels of sums, in each of which stand the weights of every input. */
  pack({ shape: [rows, columns], values }, place) {
    let to = place / 4;
    for (let first = 0; first < columns; first += PANEL) {
      const end = Math.min(first + PANEL, columns);
      for (let row = 0; row < rows; row += 1, to += PANEL) {
        this.f.set(values.subarray(row * columns + first, row * columns + end), to);
      }
    }
  }

  /** Reads texts that have these labels from now on: numbers from 1, 0 for none. */
  withLabels(labels) {
    if (String(labels) === this.labelled) return;
    this.labelled = String(labels);
    this.labels = labels.filter(Boolean);
    this.rows = new Map();
  }

  get zero() { return new Float32Array(this.states.length * this.units); }

  /** What the sums of the first layer begin with for a symbol. */
  row(id) {
    if (this.rows.has(id)) return this.rows.get(id);
    const vector = new Float32Array(this.width);
    if (this.input === "onehot") vector[id] = 1;
    else vector.set(this.arrays.embedding.values.subarray(id * this.width, (id + 1) * this.width));
    for (const label of this.labels) {
      const from = (label - 1) * this.width;
      for (let i = 0; i < this.width; i += 1) vector[i] = vector[i] + this.arrays.label_embedding.values[from + i];
    }
    this.f.set(vector, this.x / 4);
    this.f.set(this.bias(0, 0), this.sums / 4);
    this.multiply(this.sums, this.x, "layer0.kernel", this.width, this.gates);
    const row = this.f.slice(this.sums / 4, this.sums / 4 + this.gates);
    this.rows.set(id, row);
    return row;
  }

  bias(layer, row) { return this.arrays[`layer${layer}.bias`].values.subarray(row * this.gates, (row + 1) * this.gates); }

  multiply(to, x, name, inputs, outputs) {
    this.kernels.multiply(to, x, this.places[name], inputs, Math.ceil(outputs / PANEL));
  }

  /** Reads a symbol into a state; the logits are a view that the next call changes. */
  step(id, state) {
    const { f, units, sums, across, states, parts } = this;
    const first = this.row(id);
    for (let part = 0; part < states.length; part += 1) f.set(state.subarray(part * units, (part + 1) * units), states[part] / 4);
    for (let layer = 0; layer < this.layers; layer += 1) {
      const h = states[layer * parts];
      f.set(layer ? this.bias(layer, 0) : first, sums / 4);
      if (layer) this.multiply(sums, states[(layer - 1) * parts], `layer${layer}.kernel`, units, this.gates);
      const isGru = this.cell === "gru";
      if (isGru) f.set(this.bias(layer, 1), across / 4);
      this.multiply(isGru ? across : sums, h, `layer${layer}.recurrent`, units, this.gates);
      this.kernels[this.cell](sums, h, isGru ? across : states[layer * parts + 1] ?? 0, 4 * units);
    }
    for (let part = 0; part < states.length; part += 1) state.set(f.subarray(states[part] / 4, states[part] / 4 + units), part * units);
    f.set(this.arrays["output.bias"].values, this.logits / 4);
    this.multiply(this.logits, states[(this.layers - 1) * parts], "output.kernel", units, this.size);
    return f.subarray(this.logits / 4, this.logits / 4 + this.size);
  }
}

/** Several networks, whose probabilities are averaged; see `Network`. */
class Ensemble {
  constructor(networks) { this.networks = networks; }

  withLabels(labels) { for (const one of this.networks) one.withLabels(labels); }

  get zero() { return new Float32Array(this.networks.length * this.networks[0].zero.length); }

  step(id, state) {
    const count = this.networks.length;
    const size = state.length / count;
    const total = new Float64Array(this.networks[0].size);
    this.networks.forEach((network, place) => {
      const logits = network.step(id, state.subarray(place * size, (place + 1) * size));
      let most = -Infinity;
      for (const one of logits) if (one > most) most = one;
      const chances = Float64Array.from(logits, (one) => exp(one - most));
      let sum = 0;
      for (const one of chances) sum += one;
      for (let i = 0; i < chances.length; i += 1) total[i] += chances[i] / sum;
    });
    return Float32Array.from(total, (one) => log(one / count + LEAST_PROBABILITY));
  }
}

/** The network or networks of a model file. */
function buildNetwork(about, arrays, code) {
  const shape = about.architecture;
  const size = about.symbols.length + (about.boundary ? 1 : 0);
  const networks = Array.from({ length: shape.networks }, (_, number) => {
    const prefix = number ? `network${number}.` : "";
    const own = Object.keys(arrays).filter((name) => (number ? name.startsWith(prefix) : !/^network\d/.test(name)));
    return new Network(shape, Object.fromEntries(own.map((name) => [name.slice(prefix.length), arrays[name]])), size, code);
  });
  return networks.length === 1 ? networks[0] : new Ensemble(networks);
}

export { buildNetwork, readTensors };
