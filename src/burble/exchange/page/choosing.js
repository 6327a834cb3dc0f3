// From logits to a symbol, as `inference/sampling.py` and `inference/loop_blocker.py` go: loops are blocked, quotes
// closed, the temperature and top-p applied, and one symbol drawn. Tables come from there; knows nothing of networks.
import { exp, round, softmax } from "./arithmetic.js";

const IMPOSSIBLE = round(-1e30);
const COLDEST = 1e-6;

/** Blocks what would make a passage stand too often in a row; see `LoopBlocker` there. */
class LoopBlocker {
  constructor(rules, speaks, rounds) {
    this.speaks = speaks;
    this.layout = rules.layout;
    this.past = new Int32Array(rules.longest_period).fill(-1);
    this.same = new Int32Array(rules.longest_period);
    this.limits = this.same.map((_, place) => Math.max(rounds * (place + 1), rules.shortest_loop) - 1);
    this.silent = 0;
    this.closing = false;
  }

  append(symbol) {
    const { past, same, limits } = this;
    let closing = false;
    for (let place = 0; place < past.length; place += 1) {
      const count = past[place] === symbol ? same[place] + 1 : 0;
      same[place] = count;
      if (count >= limits[place]) closing = true;
    }
    past.copyWithin(1, 0);
    past[0] = symbol;
    this.silent = this.speaks[symbol] ? 0 : this.silent + 1;
    this.closing = closing;
  }

  process(logits) {
    if (!this.closing) return;
    const symbols = [];
    this.same.forEach((count, place) => {
      if (count < this.limits[place]) return;
      if (place + 1 > this.silent || count + 1 >= this.layout) symbols.push(this.past[place]);
    });
    const before = symbols.map((symbol) => logits[symbol]);
    for (const symbol of symbols) logits[symbol] = IMPOSSIBLE;
    if (logits.every((one) => one <= IMPOSSIBLE)) symbols.forEach((symbol, place) => { logits[symbol] = before[place]; });
  }
}

/** The quotes and brackets of a text, as it is read; see `data/quotes.py`. */
class Quotes {
  waiting = [];
  read = 0;
  mark = "";
  before = "";
  last = [];
  word = null;

  constructor(rules) { this.rules = rules; }

  get age() { return this.waiting.length && !this.mark ? this.read - this.waiting.at(-1)[1] : 0; }

  isAlnum(char) { return char !== undefined && char !== "" && this.rules.alnum.has(char); }

  add(char) {
    this.classify(char);
    if (this.rules.marks.has(char)) [this.mark, this.before] = [char, this.last.at(-1) ?? ""];
    this.last = [...this.last.slice(-1), char];
    this.read += 1;
  }

  classify(after) {
    this.checkElision(after);
    if (this.waiting.length && this.read - this.waiting[0][1] > this.rules.longest_quote) this.waiting.shift();
    const { mark } = this;
    this.mark = "";
    if (!mark) return;
    const isApostrophe = "'’".includes(mark);
    const closing = this.waiting.findLastIndex(([closers]) => closers.includes(mark));
    if (closing >= 0 && !(isApostrophe && this.isAlnum(after))) { this.waiting.length = closing; return; }
    const inside = isApostrophe && this.isAlnum(this.before);
    if (mark in this.rules.quotes && !inside && mark !== "’" && this.opens(mark, after)) {
      this.waiting.push([this.rules.quotes[mark], this.read]);
      this.word = "'‘".includes(mark) ? [after] : null;
    }
  }

  opens(mark, after) {
    if (this.rules.always_open.includes(mark)) return true;
    return "»›".includes(mark) ? this.isAlnum(after) : !this.rules.space.has(after);
  }

  checkElision(char) {
    if (this.word === null) return;
    if (this.isAlnum(char) && this.word.length < this.rules.longest_elision) { this.word.push(char); return; }
    if (this.waiting.length && this.rules.elisions.test(this.word.join(""))) this.waiting.pop();
    this.word = null;
  }
}

/** Makes what would close a quote likelier the longer it is open; see `inference/quote_bias.py`. */
class QuoteBias {
  constructor(rules, symbols, strength, temperature) {
    Object.assign(this, { rules, symbols, strength: strength / rules.full_bias, temperature });
    this.places = new Map(symbols.map((symbol, place) => [symbol, place]).filter(([symbol]) => rules.marks.has(symbol)));
    this.quotes = new Quotes(rules);
  }

  append(symbol) {
    if (symbol === this.symbols.length) this.quotes = new Quotes(this.rules);
    else for (const char of this.symbols[symbol]) this.quotes.add(char);
  }

  process(logits) {
    const { quotes } = this;
    if (!quotes.age) return;
    const gain = Math.min(this.strength * quotes.age, this.rules.largest_bias) * this.temperature;
    for (const mark of quotes.waiting.at(-1)[0]) {
      const place = this.places.get(mark);
      if (place !== undefined) logits[place] = logits[place] + round(gain * this.direction(mark));
    }
  }

  direction(mark) {
    const last = this.quotes.last;
    if (this.rules.quotes[mark] !== mark) return 1;
    if (last.length && this.rules.space.has(last.at(-1))) return last.join("") === "\n\n" ? 0 : -1;
    return "'’".includes(mark) && this.isAlnumLast(last) ? 0 : 1;
  }

  isAlnumLast(last) { return this.quotes.isAlnum(last.at(-1)); }
}

/** Draws a symbol: logits (float32) may be changed; uniform is a number from 0 to 1. */
function chooseSymbol(logits, temperature, topP, uniform) {
  let best = 0;
  for (let i = 1; i < logits.length; i += 1) if (logits[i] > logits[best]) best = i;
  if (!Number.isFinite(logits[best])) throw new RangeError("What the model predicts is no number: its weights are damaged.");
  if (temperature < COLDEST) return best;
  const most = logits[best];
  const passed = Float64Array.from(logits, (one) => (one <= IMPOSSIBLE && most > IMPOSSIBLE ? -Infinity : (one - most) / temperature));
  if (topP < 1) keepTopP(passed, topP);
  const sums = new Float64Array(passed.length);
  let sum = 0;
  for (let i = 0; i < passed.length; i += 1) { sum += exp(passed[i]); sums[i] = sum; }
  const aim = uniform * sum;
  const found = sums.findIndex((one) => one > aim);
  return found < 0 ? best : found;
}

/** Keeps the likeliest symbols until their probabilities reach p. */
function keepTopP(logits, p) {
  const chances = softmax(logits);
  const order = [...logits.keys()].sort((one, other) => logits[other] - logits[one] || one - other);
  let sum = 0;
  order.forEach((symbol, place) => {
    sum += chances[symbol];
    if (place && !(sum - chances[symbol] < p)) logits[symbol] = -Infinity;
  });
}

export { LoopBlocker, QuoteBias, chooseSymbol };
