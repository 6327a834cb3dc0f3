// Arithmetic that is the same to the bit in every engine: that of `portable.py`, in JavaScript and, by the module of
// `step.wat`, in WebAssembly. It knows nothing of networks or texts.

const round = Math.fround;
const PANEL = 32; // sums that the module adds to at once
const TANH_CLAMP = round(9.011);
const TANH_TOP = [1.0, 0.1338034, 0.003494771, 2.0595526e-05, 1.3335636e-08].map(round);
const TANH_BELOW = [1.0, 0.46713656, 0.02587388, 0.00032842939, 7.7688245e-07].map(round);

/** The hyperbolic tangent of a float32. */
function tanh(x) {
  x = x > TANH_CLAMP ? TANH_CLAMP : x < -TANH_CLAMP ? -TANH_CLAMP : x;
  const square = round(x * x);
  let top = TANH_TOP[4];
  let below = TANH_BELOW[4];
  for (let k = 3; k >= 0; k -= 1) {
    top = round(round(top * square) + TANH_TOP[k]);
    below = round(round(below * square) + TANH_BELOW[k]);
  }
  return round(round(x * top) / below);
}

const sigmoid = (x) => round(0.5 + round(0.5 * tanh(round(0.5 * x))));
const FIFTH = round(0.2);

function hardSigmoid(x) {
  const line = round(round(FIFTH * x) + 0.5);
  return line < 0 ? 0 : line > 1 ? 1 : line;
}

const LOG2_E = 1.4426950408889634;
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const LEAST_EXPONENT = -700;
// Made by halving, which is exact; no engine need be trusted with a power.
const HALVES = new Float64Array(1024);
HALVES[0] = 1;
for (let n = 1; n < 1024; n += 1) HALVES[n] = HALVES[n - 1] / 2;

/** The exponential of a number that is not above 0. */
function exp(x) {
  if (x < LEAST_EXPONENT) return 0;
  const n = Math.floor(x * LOG2_E + 0.5);
  const rest = x - n * LN2_HIGH - n * LN2_LOW;
  let value = 1;
  for (let k = 13; k > 0; k -= 1) value = (value * rest) / k + 1;
  return value * HALVES[-n];
}

const parts = new DataView(new ArrayBuffer(8));

/** The natural logarithm of a number above 0 that is not subnormal. */
function log(x) {
  parts.setFloat64(0, x);
  const high = parts.getUint32(0);
  let e = (high >>> 20) - 1022;
  parts.setUint32(0, (high & 0xfffff) | (1022 << 20));
  let m = parts.getFloat64(0);
  if (m < 0.7071067811865476) { m *= 2; e -= 1; }
  const s = (m - 1) / (m + 1);
  const square = s * s;
  let total = 0;
  for (let k = 23; k > 0; k -= 2) total = total * square + 1 / k;
  return e * LN2_HIGH + (e * LN2_LOW + 2 * s * total);
}

/** The probabilities of logits, at their temperature; what is minus infinity has none. */
function softmax(logits) {
  let most = -Infinity;
  for (const one of logits) if (one > most) most = one;
  const chances = new Float64Array(logits.length);
  let sum = 0;
  for (let i = 0; i < logits.length; i += 1) { chances[i] = exp(logits[i] - most); sum += chances[i]; }
  for (let i = 0; i < logits.length; i += 1) chances[i] /= sum;
  return chances;
}

/** What the module does, in JavaScript; addresses are in bytes, as there. */
function plainKernels(bytes) {
  const memory = { buffer: new ArrayBuffer(bytes) };
  const f = new Float32Array(memory.buffer);
  const lstm = (sigma) => (gates, h, c, width) => {
    const units = width / 4;
    const [i, to, cell] = [gates / 4, h / 4, c / 4];
    for (let u = 0; u < units; u += 1) {
      const kept = round(sigma(f[i + units + u]) * f[cell + u]);
      const after = round(kept + round(sigma(f[i + u]) * tanh(f[i + 2 * units + u])));
      f[cell + u] = after;
      f[to + u] = round(sigma(f[i + 3 * units + u]) * tanh(after));
    }
  };
  return {
    memory,
    multiply(to, x, w, inputs, panels) {
      [to, x, w] = [to / 4, x / 4, w / 4];
      for (let panel = 0; panel < panels; panel += 1, to += PANEL) {
        for (let k = 0; k < inputs; k += 1, w += PANEL) {
          const number = f[x + k];
          for (let j = 0; j < PANEL; j += 1) f[to + j] = round(f[to + j] + round(number * f[w + j]));
        }
      }
    },
    lstm: lstm(sigmoid),
    hard_lstm: lstm(hardSigmoid),
    gru(below, h, across, width) {
      const units = width / 4;
      const [a, b, to] = [below / 4, across / 4, h / 4];
      for (let u = 0; u < units; u += 1) {
        const z = sigmoid(round(f[a + u] + f[b + u]));
        const reset = sigmoid(round(f[a + units + u] + f[b + units + u]));
        const fresh = tanh(round(f[a + 2 * units + u] + round(reset * f[b + 2 * units + u])));
        f[to + u] = round(round(z * f[to + u]) + round(round(1 - z) * fresh));
      }
    },
    rnn(gates, h, unused, width) {
      for (let u = 0; u < width / 4; u += 1) f[h / 4 + u] = tanh(f[gates / 4 + u]);
    },
  };
}

/** The module's functions with so much memory. */
function moduleKernels(code, bytes) {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(code));
  const missing = bytes - exports.memory.buffer.byteLength;
  if (missing > 0) exports.memory.grow(Math.ceil(missing / 65536));
  return exports;
}

/** Whether the module computes here what JavaScript does; it may be missing, forbidden, or wrong. */
function moduleWorks(code) {
  const results = [];
  try {
    for (const kernels of [moduleKernels(code, 4096), plainKernels(4096)]) {
      const f = new Float32Array(kernels.memory.buffer);
      for (let i = 0; i < 1024; i += 1) f[i] = (((i * 7919) % 1021) - 510) / 97;
      kernels.multiply(0, 256, 512, 5, 1);
      for (const [place, cell] of ["lstm", "hard_lstm", "gru", "rnn"].entries()) kernels[cell](64 * place, 1024 + 64 * place, 2048 + 64 * place, 16);
      results.push([...f.subarray(0, 1024)].join());
    }
  } catch {
    return false;
  }
  return results[0] === results[1];
}

export { LEAST_EXPONENT, PANEL, exp, log, moduleKernels, moduleWorks, plainKernels, round, softmax };
