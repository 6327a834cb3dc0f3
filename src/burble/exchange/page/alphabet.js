// A model's alphabet, and texts made ready for it, as `inference/prompts.py` does: cleaned as its training text was,
// symbols that it does not know read as the nearest or left out. Knows nothing of networks.

const NEWLINES = /\r{0,2}\r\n|[\r\u0085\u2028\u2029]/g;
const UNUSABLE = /[\uFEFF\0]|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;
const NO_LETTERS = /[^\p{L}\p{M}\p{N}\s\x1c-\x1f\x85]/gu;
const MARK = "\u0345"; // the one mark that stands behind all others of a letter

/** Whether a character is an accent: it changes places with the mark that stands behind all others. */
const isAccent = (char) => char === MARK || (MARK + char).normalize("NFD") !== MARK + char;

class Alphabet {
  /** about: what the model file says of itself; alike: plain characters, by what is read as them. */
  constructor(about, alike) {
    const { symbols, boundary, separator, text } = about;
    Object.assign(this, { symbols, separator, text, alike });
    this.edge = boundary ? symbols.length : null;
    this.ids = new Map(symbols.map((symbol, id) => [symbol, id]));
    this.segmenter = text.unit === "grapheme" ? new Intl.Segmenter("en", { granularity: "grapheme" }) : null;
    this.joined = new Map();
    for (const symbol of this.segmenter ? symbols : []) {
      const several = this.cut(symbol);
      if (several.length > 1) this.joined.set(several[0], [...(this.joined.get(several[0]) ?? []), several]);
    }
    for (const several of this.joined.values()) several.sort((one, other) => other.length - one.length);
  }

  clean(text) {
    text = text.replace(UNUSABLE, "").replace(NEWLINES, "\n").normalize("NFC");
    if (this.text.lowercase) text = text.toLowerCase().normalize("NFC");
    if (this.text.strip_punctuation) text = text.replace(NO_LETTERS, "").normalize("NFC");
    return text;
  }

  cut(text) { return this.segmenter ? Array.from(this.segmenter.segment(text), (one) => one.segment) : [...text]; }

  /** A text as symbols: where this browser cuts graphemes otherwise, the model's own say where. */
  split(text) {
    const here = this.cut(text);
    if (!this.segmenter) return here;
    const found = [];
    for (let place = 0; place < here.length;) {
      const several = this.joined.get(here[place])?.find((parts) => parts.every((part, i) => part === here[place + i]));
      const symbol = several ? several.join("") : here[place];
      found.push(...this.part(symbol));
      place += several ? several.length : 1;
    }
    return found;
  }

  /** A symbol, or those known ones that it is made of, the longest first. */
  part(symbol) {
    if (this.ids.has(symbol)) return [symbol];
    const chars = [...symbol];
    const parts = [];
    for (let place = 0; place < chars.length;) {
      let end = chars.length;
      while (end > place && !this.ids.has(chars.slice(place, end).join(""))) end -= 1;
      if (end === place) return [symbol];
      parts.push(chars.slice(place, end).join(""));
      place = end;
    }
    return parts;
  }

  findUnknown(text) { return new Set(this.split(text).filter((symbol) => !this.ids.has(symbol))); }

  findNearest(symbol) {
    const plain = [...symbol].map((char) => this.alike[char] ?? char).join("");
    const bare = [...symbol.normalize("NFKD")].filter((char) => !isAccent(char)).join("");
    return [plain, symbol.toLowerCase(), symbol.toUpperCase(), bare].find((one) => this.ids.has(one)) ?? "";
  }

  /** The documents of a text: what the model writes between two is no symbol of one, if that. */
  partDocuments(cleaned) {
    const { separator } = this;
    if (this.edge === null || !separator || !this.findUnknown(separator).size) return [cleaned];
    const documents = cleaned.split(separator);
    let begun = separator.length - 1;
    while (begun > 0 && !documents.at(-1).endsWith(separator.slice(0, begun))) begun -= 1;
    if (this.findUnknown(separator.slice(0, begun)).size) documents.splice(-1, 1, documents.at(-1).slice(0, -begun), "");
    return documents;
  }

  /** A text as the model reads it: its characters, its ids, which are never none, and the symbols that were not known. */
  read(text) {
    let documents = this.partDocuments(this.clean(text));
    const unknown = new Set(documents.flatMap((one) => [...this.findUnknown(one)]));
    let nearest = (symbol) => this.findNearest(symbol);
    while (documents.some((one) => this.findUnknown(one).size)) {
      documents = documents.map((one) => this.clean(this.split(one).map((symbol) => (this.ids.has(symbol) ? symbol : nearest(symbol))).join("")));
      nearest = () => "";
    }
    const lead = this.edge === null ? [] : [this.edge];
    const ids = documents.flatMap((one) => [...lead, ...this.split(one).map((symbol) => this.ids.get(symbol))]);
    return { text: documents.join(this.separator), ids: ids.length ? ids : [this.ids.get("\n") ?? 0], unknown: [...unknown].sort() };
  }

  name(id) { return id === this.edge ? "" : this.symbols[id]; }

  piece(id) { return id === this.edge ? this.separator : this.symbols[id]; }
}

export { Alphabet };
