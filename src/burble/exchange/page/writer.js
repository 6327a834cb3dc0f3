// Writes, suggests and scores with a model, as `burble sample --portable` does: the same seed, the same text. It does so
// in pieces of a few milliseconds, between which the page can draw. Knows nothing of elements.
import { exp, log, moduleWorks, softmax } from "./arithmetic.js";
import { Alphabet } from "./alphabet.js";
import { LoopBlocker, QuoteBias, chooseSymbol } from "./choosing.js";
import { buildNetwork, readTensors } from "./network.js";
import { buildRandom } from "./random.js";

const SLICE = 8; // milliseconds
const KEPT = 32; // states after texts that were read
const BLOCK = 256;
const AHEAD = 16;
const LIKELIEST = 5;

const channel = new MessageChannel();
const resumed = [];
channel.port1.onmessage = () => resumed.shift()();

/** Lets the page do what waits; unlike a timer it is not held up in a tab that is not seen. */
const pause = () => new Promise((resolve) => { resumed.push(resolve); channel.port2.postMessage(null); });

/** Where work stops for a moment, or for good where it was aborted. */
class Slices {
  constructor(signal) { this.signal = signal; this.begin(); }
  begin() { this.end = performance.now() + SLICE; }
  get over() { return performance.now() >= this.end; }
  async rest() {
    await pause();
    this.signal?.throwIfAborted();
    this.begin();
  }
}

/** Log-probabilities of logits. */
function logSoftmax(logits) {
  let most = -Infinity;
  for (const one of logits) if (one > most) most = one;
  let sum = 0;
  for (const one of logits) sum += exp(one - most);
  const less = most + log(sum);
  return Float64Array.from(logits, (one) => one - less);
}

/** The places of the largest numbers, the largest first. */
function findLargest(row, count) {
  const found = [];
  for (let i = 0; i < row.length; i += 1) {
    if (found.length === count && row[i] <= row[found[count - 1]]) continue;
    let place = found.length;
    while (place && row[i] > row[found[place - 1]]) place -= 1;
    found.splice(place, 0, i);
    found.length = Math.min(found.length, count);
  }
  return found;
}

/** What a model has read of one text: its state, or its last symbols where it sees no more. */
class Reading {
  constructor(writer, from = null) {
    this.writer = writer;
    this.state = from ? from.state.slice() : writer.network.zero;
    this.ids = from ? [...from.ids] : [];
    this.logits = from?.logits ?? null;
  }

  append(id) {
    const { network, window, facts } = this.writer;
    this.logits = null;
    // See `resets.py`.
    if (id === facts.reset) this.state.fill(0);
    if (!window) { this.logits = network.step(id, this.state); return; }
    this.ids = [...this.ids, id].slice(-window);
    this.state.fill(0);
    for (const one of this.ids) this.logits = network.step(one, this.state);
  }
}

class Writer {
  /** bytes: a model file; facts: what `html_page.py` says besides; code: the module's bytes. */
  constructor(bytes, facts, code) {
    const { about, arrays } = readTensors(bytes);
    this.about = about;
    this.facts = facts;
    this.usesModule = moduleWorks(code);
    this.network = buildNetwork(about, arrays, this.usesModule ? code : null);
    this.alphabet = new Alphabet(about, facts.rules.alike);
    this.window = about.window ?? 0;
    this.kept = [];
    const sets = Object.fromEntries(["alnum", "space", "marks"].map((name) => [name, new Set(facts.rules[name])]));
    this.rules = { ...facts.rules, ...sets, elisions: new RegExp(`^(?:${facts.rules.elisions})$`, "iu") };
    this.speaks = about.symbols.map((symbol) => [...symbol].some((char) => sets.alnum.has(char)));
  }

  /** Numbers of labels, one for each column, by their names; 0 where there is none. */
  findLabels(named = {}) {
    let before = 1;
    return (this.about.labels ?? []).map(({ column, values }) => {
      const place = values.indexOf(named[column]);
      const number = place < 0 ? 0 : before + place;
      before += values.length;
      return number;
    });
  }

  /** What has read a text, which goes on from the longest beginning that was read before. */
  async read(ids, labels, slices) {
    const key = String(labels);
    const isBeginning = (one) => one.key === key && one.ids.length <= ids.length && one.ids.every((id, place) => id === ids[place]);
    const known = this.window ? [] : this.kept.filter(isBeginning).sort((one, other) => other.ids.length - one.ids.length);
    const reading = new Reading(this);
    let at = this.window ? Math.max(0, ids.length - this.window) : 0;
    if (known.length) { reading.state.set(known[0].state); reading.logits = known[0].logits; at = known[0].ids.length; }
    if (this.window) reading.ids = ids.slice(at, -1);
    for (at = this.window ? ids.length - 1 : at; at < ids.length; at += 1) {
      if (at % BLOCK === BLOCK - 1 && !this.window) this.keep(ids.slice(0, at), key, reading);
      if (slices.over) await slices.rest();
      this.network.withLabels(labels);
      reading.append(ids[at]);
    }
    reading.logits = reading.logits.slice();
    if (!this.window) this.keep(ids, key, reading);
    return reading;
  }

  keep(ids, key, reading) {
    if (!reading.logits) return;
    this.kept.unshift({ ids, key, state: reading.state.slice(), logits: reading.logits.slice() });
    this.kept.length = Math.min(this.kept.length, KEPT);
  }

  /** The settings of choosing that follow from a temperature, as `fill_defaults` has them. */
  processors(temperature) {
    const { close_quotes: strength, rounds } = this.facts.writing;
    const warm = temperature > 0;
    const quotes = warm && strength ? [new QuoteBias(this.rules, this.about.symbols, strength, temperature)] : [];
    return [...quotes, ...(warm && rounds ? [new LoopBlocker(this.rules, this.speaks, rounds)] : [])];
  }

  /**
   * Writes from a prompt, piece by piece.
   * options: length, in characters; temperature; topP; seed, a whole number; labels, by their columns; signal.
   */
  async *write(prompt, { length = 400, temperature, topP = 1, seed = 0, labels = {}, signal } = {}) {
    temperature ??= this.facts.writing.temperature;
    const slices = new Slices(signal);
    const numbers = this.findLabels(labels);
    const ready = this.alphabet.read(prompt);
    const processors = this.processors(temperature);
    const remembered = processors.length > 1 || processors[0] instanceof QuoteBias ? this.rules.longest_quote : this.rules.longest_period;
    for (const id of ready.text ? ready.ids.slice(-remembered) : []) for (const one of processors) one.append(id);
    const reading = await this.read(ready.ids, numbers, slices);
    const random = buildRandom(BigInt(seed));
    let piece = "";
    for (let left = length; left > 0;) {
      const logits = reading.logits.slice();
      for (const one of processors) one.process(logits);
      const id = chooseSymbol(logits, temperature, topP, random());
      for (const one of processors) one.append(id);
      const chars = [...this.alphabet.piece(id)].slice(0, left);
      left -= chars.length;
      piece += chars.join("");
      if (left && slices.over) { yield piece; piece = ""; await slices.rest(); }
      if (left) { this.network.withLabels(numbers); reading.append(id); }
    }
    yield piece;
  }

  describe(row, ids) { return ids.map((id) => ({ text: this.alphabet.name(id), probability: exp(Math.min(0, row[id])) })); }

  /** The likeliest symbols and words after a text, and its symbols that the model does not know. */
  async suggest(text, { labels = {}, signal } = {}) {
    const slices = new Slices(signal);
    const numbers = this.findLabels(labels);
    const ready = this.alphabet.read(text);
    const reading = await this.read(ready.ids, numbers, slices);
    const row = logSoftmax(reading.logits);
    const search = new WordSearch(this, numbers, slices);
    const words = await search.run(reading, row, ready);
    return { unknown: ready.unknown, words, letters: this.describe(row, findLargest(row, LIKELIEST)) };
  }

  /** How likely each symbol of a text was after those before it, and what was likeliest there; see `symbol_scores.py`. */
  async score(text, { labels = {}, signal } = {}) {
    const slices = new Slices(signal);
    const numbers = this.findLabels(labels);
    const ready = this.alphabet.read(text);
    if (!ready.text) return [];
    const lead = this.alphabet.edge === null ? 0 : 1;
    const symbols = ready.ids.slice(lead);
    const places = alignText([...text], [...symbols.map((id) => this.alphabet.piece(id)).join("")]);
    const reading = new Reading(this);
    const found = [];
    let row = null;
    if (lead) { this.network.withLabels(numbers); reading.append(ready.ids[0]); row = logSoftmax(reading.logits); }
    let at = 0;
    for (const id of symbols) {
      const piece = this.alphabet.piece(id);
      found.push({ at: places[at], text: piece, log_probability: row ? row[id] : null, likeliest: row ? this.describe(row, findLargest(row, LIKELIEST)) : [] });
      at += [...piece].length;
      if (slices.over) await slices.rest();
      this.network.withLabels(numbers);
      reading.append(id);
      row = logSoftmax(reading.logits);
    }
    return found;
  }
}

/** Where each character of a cleaned text stands in the text that was given. */
function alignText(given, cleaned) {
  const alike = (one, other) => one === other || one.toLowerCase() === other.toLowerCase();
  let at = 0;
  return cleaned.map((char) => {
    for (let near = at; near < Math.min(at + AHEAD, given.length); near += 1) if (alike(given[near], char)) { at = near; break; }
    at += 1;
    return Math.min(at - 1, Math.max(0, given.length - 1));
  });
}

/** Looks for the likeliest words that follow, all their beginnings of one length at once; see `suggestions.py`. */
class WordSearch {
  constructor(writer, labels, slices) {
    Object.assign(this, { writer, labels, slices, rules: writer.facts.words, found: [] });
    this.kinds = [...this.rules.kinds].map(Number);
  }

  get least() {
    const best = this.found.map(([one]) => one).sort((one, other) => other - one);
    return Math.max(log(this.rules.least), best[LIKELIEST - 1] ?? -Infinity);
  }

  async run(reading, row, ready) {
    let state = 0;
    for (const id of ready.text ? ready.ids.slice(-this.rules.look_back) : []) {
      const after = this.rules.after[state][this.kinds[id]];
      state = this.rules.in_the_text[after] ?? after;
    }
    let begun = [{ path: [], state, chance: 0, row, reading }];
    for (let length = 0; length < this.rules.longest && begun.length; length += 1) {
      begun = this.extend(begun);
      for (const one of begun) {
        if (this.slices.over) await this.slices.rest();
        this.writer.network.withLabels(this.labels);
        one.reading = new Reading(this.writer, one.reading);
        one.reading.append(one.path.at(-1));
        one.row = logSoftmax(one.reading.logits);
      }
    }
    this.extend(begun);
    const { alphabet } = this.writer;
    return this.found.map(([chance, path]) => ({ names: path.map((id) => alphabet.name(id)), probability: exp(Math.min(0, chance)) }))
      .filter(({ names }) => String(alphabet.split(names.join(""))) === String(names))
      .map(({ names, probability }) => ({ text: names.join(""), probability }))
      .sort((one, other) => other.probability - one.probability || (one.text < other.text ? -1 : 1)).slice(0, LIKELIEST);
  }

  /** Takes the words that end, and returns the longer beginnings that may yet become one. */
  extend(begun) {
    const { after, ended, width } = this.rules;
    const longer = [];
    for (const one of begun) {
      let sum = 0;
      one.row.forEach((chance, id) => {
        const next = after[one.state][this.kinds[id]];
        if (next === ended) sum += exp(Math.min(0, one.chance + chance));
        else if (next < ended) longer.push({ path: one.path, id, state: next, chance: one.chance + chance, reading: one.reading });
      });
      if (sum > this.rules.least) this.found.push([log(sum), one.path]);
    }
    const { least } = this;
    return longer.filter((one) => one.chance > least).sort((one, other) => other.chance - one.chance).slice(0, width)
      .map((one) => ({ ...one, path: [...one.path, one.id] }));
  }
}

export { Writer };
