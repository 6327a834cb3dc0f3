// The view in which one writes with a model, and what any page of burble needs: elements, texts, theme.
// It knows of no server: whoever shows it puts in what writes, see `host`. The server's page imports it,
// and an exported page holds it, without the lines of imports and exports.

// ---------------------------------------------------------------- Elements and texts

const $ = (id) => document.getElementById(id);

/**
 * What the page around it puts in.
 * texts: what it says, by language; shown: the view that is shown; memory(): keeps what is typed, or null.
 * listModels(), describeModel(id), write(body, signal), suggest(body, signal), score(body, signal): the models.
 * refreshed(): does what else depends on the language.
 */
const host = { texts: { en: {} }, shown: "", memory: () => null };
class ServerError extends Error {}

const languages = navigator.languages?.length ? navigator.languages : [navigator.language || "en"];
let language = "en";
let locale = "en";

/** An element with attributes, listeners (on…) and children. */
function make(tag, attributes = {}, ...children) {
  const svg = ["svg", "g", "line", "path", "text", "circle", "rect"].includes(tag);
  const element = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === false || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** A text of the page in the reader's language, with {names} filled in. */
function t(key, values = {}) {
  const text = host.texts[language][key] ?? host.texts.en[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

const number = (value, digits = 0) =>
  new Intl.NumberFormat(locale, { maximumFractionDigits: digits, minimumFractionDigits: digits }).format(value);
const percent = (value) =>
  new Intl.NumberFormat(locale, { style: "percent", maximumSignificantDigits: value < 0.1 ? 1 : 2 }).format(value);
const measure = (value, unit, digits = 0) =>
  new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long", maximumFractionDigits: digits }).format(value);
const list = (items) => new Intl.ListFormat(locale).format(items);
const date = (value) =>
  new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }).format(new Date(value));

/** Seconds, as a person reads them. */
function duration(seconds) {
  if (seconds < 90) return measure(Math.round(seconds), "second");
  if (seconds < 5400) return measure(Math.round(seconds / 60), "minute");
  return measure(seconds / 3600, "hour", 1);
}

/** A symbol that can be seen. */
function visible(symbol) {
  if (symbol === "") return t("end");
  return symbol.replace(/^ /, "").replace(/\n/g, "⏎").replace(/\t/g, "⇥") || "␣";
}

/** A symbol that can be heard. */
function audible(symbol) {
  return { "": t("end"), " ": t("space"), "\n": t("newline"), "\t": t("tab") }[symbol] ?? symbol.trim();
}

const store = {
  get: (name) => { try { return JSON.parse(host.memory()?.getItem(`burble.${name}`) ?? null); } catch { return null; } },
  // A browser may refuse: what is kept is a convenience.
  set: (name, value) => { try { host.memory()?.setItem(`burble.${name}`, JSON.stringify(value)); } catch { /* full */ } },
};

// ---------------------------------------------------------------- The frame

/** Says something to whoever listens, without showing it. */
function say(text) { $("status").textContent = text; }

/** Shows what went wrong; the server's own sentences are English. */
function complain(error) {
  if (error?.name === "AbortError") return;
  // What a browser says where an answer breaks off.
  if (error instanceof TypeError && /network|fetch|load/i.test(error.message)) error = new ServerError(t("offline"));
  if (!(error instanceof ServerError)) console.error(error);
  const close = make("button", { type: "button", class: "quiet small", onclick: () => $("alert").replaceChildren() }, t("close"));
  $("alert").replaceChildren(make("span", {}, error.message ?? String(error)), close);
}

const clear = () => $("alert").replaceChildren();

/** A listener whose failures are shown. */
const guarded = (work) => async (...values) => {
  try { await work(...values); } catch (error) { complain(error); }
};

function translate() {
  document.documentElement.lang = language;
  locale = languages.find((one) => one.toLowerCase().startsWith(language)) ?? language;
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of document.querySelectorAll("[data-t-label]")) element.setAttribute("aria-label", t(element.dataset.tLabel));
  for (const element of document.querySelectorAll("[data-t-placeholder]")) element.placeholder = t(element.dataset.tPlaceholder);
  $("language").value = language;
}

function chooseLanguage() {
  const known = (tag) => Object.keys(host.texts).find((one) => tag.toLowerCase().split("-")[0] === one);
  language = store.get("language") ?? languages.map(known).find(Boolean) ?? "en";
  if (!host.texts[language]) language = "en";
}

function chooseTheme(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  $("theme").value = theme;
}

// ---------------------------------------------------------------- Models

const models = {
  list: [],
  async refresh() {
    this.list = await host.listModels();
    this.fill($("model"), store.get("model"));
    this.fill($("second"), store.get("second") ?? "", true);
  },
  fill(select, wanted, optional = false) {
    const options = this.list.map((model) => make("option", { value: model.id }, model.name));
    if (optional) options.unshift(make("option", { value: "" }, t("noSecond")));
    const before = select.value;
    select.replaceChildren(...options);
    for (const value of [wanted, before]) {
      if (this.find(value) || (optional && value === "")) { select.value = value; break; }
    }
  },
  find(id) { return this.list.find((model) => model.id === id); },
  name(id) { return this.find(id)?.name ?? id; },
};

// ---------------------------------------------------------------- Write: the text and its tries

const PROMPT = 10_000; // characters before the cursor that the model is given
const SCORED = 3_000; // characters that are coloured, the last ones
const MOST_NODES = 400;
const editor = $("text");

/** The end of a text that is no longer than that, never half a character. */
function tail(text, most) {
  const end = text.slice(-most);
  return /^[\uDC00-\uDFFF]/.test(end) ? end.slice(1) : end;
}

/** All states of the text: each follows from the one before it. */
const tree = {
  nodes: new Map(),
  current: 0,
  next: 1,

  restore() {
    const kept = store.get("desk");
    const nodes = kept?.nodes?.filter((node) => typeof node.value === "string") ?? [];
    if (nodes.some((node) => node.id === kept.current) && nodes.some((node) => node.parent === null)) {
      this.nodes = new Map(nodes.map((node) => [node.id, node]));
      this.current = kept.current;
      this.next = Math.max(...this.nodes.keys()) + 1;
    } else {
      this.reset();
    }
  },
  reset() {
    this.nodes = new Map([[0, { id: 0, parent: null, kind: "start", value: "", at: 0, label: "" }]]);
    this.current = 0;
    this.next = 1;
  },
  get here() { return this.nodes.get(this.current); },
  children(id) { return [...this.nodes.values()].filter((node) => node.parent === id); },
  add(node) {
    const added = { ...node, id: this.next++, parent: node.parent ?? this.current };
    this.nodes.set(added.id, added);
    this.prune();
    return added;
  },
  /** Forgets the oldest ends that do not lead to where one is. */
  prune() {
    const path = new Set();
    for (let node = this.here; node; node = this.nodes.get(node.parent)) path.add(node.id);
    for (const node of [...this.nodes.values()]) {
      if (this.nodes.size <= MOST_NODES) return;
      if (!path.has(node.id) && node.id !== this.next - 1 && !this.children(node.id).length) this.nodes.delete(node.id);
    }
  },
  save() {
    let size = 0;
    const newest = [...this.nodes.values()].toReversed();
    const kept = newest.filter((node) => (size += node.value.length) < 1_000_000 || node.parent === null);
    const known = new Set(kept.map((node) => node.id));
    // One whose parent is forgotten hangs from the beginning.
    const nodes = kept.map((node) => (node.parent === null || known.has(node.parent) ? node : { ...node, parent: 0 }));
    store.set("desk", { current: known.has(this.current) ? this.current : 0, nodes: nodes.toReversed() });
  },
  /** Whether it is shown: what was typed or picked is only where it is an end, or branches. */
  isShown(node, children) {
    return node.kind !== "edit" || node.id === this.current || children.length !== 1;
  },
  draw() {
    const chain = (id) => {
      const items = [];
      for (;;) {
        const node = this.nodes.get(id);
        const children = this.children(id);
        if (this.isShown(node, children)) items.push(make("li", {}, this.button(node)));
        if (children.length !== 1) {
          for (const child of children) items.push(make("li", {}, chain(child.id)));
          return make("ol", {}, ...items);
        }
        id = children[0].id;
      }
    };
    const root = [...this.nodes.values()].find((node) => node.parent === null);
    $("tree").replaceChildren(chain(root.id));
  },
  button(node) {
    const words = node.label.trim().replace(/\s+/g, " ").slice(0, 60) || (node.parent === null ? t("beginning") : t("empty"));
    return make("button", {
      type: "button", class: "try", "aria-current": node.id === this.current ? "true" : null, dir: "auto",
      disabled: Boolean(desk.job), onclick: () => desk.go(node.id),
    }, words);
  },
};

// ---------------------------------------------------------------- Write: sliders

const NOVELTY = [0, 100, 80, 60, 50, 40, 30, 20];
const SLIDERS = [
  { name: "temperature", min: 0, max: 1.5, step: 0.05, value: 0.8, shows: (v) => number(v, 2),
    says: (v) => t(v < 0.05 ? "temp0" : v < 0.6 ? "temp1" : v < 0.95 ? "temp2" : v < 1.05 ? "temp3" : "temp4") },
  { name: "topP", min: 0.1, max: 1, step: 0.05, value: 1, shows: (v) => (v === 1 ? t("off") : percent(v)),
    says: (v) => (v === 1 ? t("topPOff") : t("topPOn", { p: percent(v) })) },
  { name: "memory", min: 0, max: 1, step: 0.1, value: 0, needsMemory: true, shows: (v) => (v ? percent(v) : t("off")),
    says: (v) => t(v ? "memoryOn" : "memoryOff") },
  { name: "novelty", min: 0, max: NOVELTY.length - 1, step: 1, value: 0, needsMemory: true,
    shows: (v) => (v ? `≤ ${number(NOVELTY[v])}` : t("off")),
    says: (v) => (v ? t("noveltyOn", { n: number(NOVELTY[v]) }) : t("noveltyOff")) },
  { name: "length", min: 50, max: 2000, step: 50, value: 300, shows: (v) => number(v), says: () => t("lengthSays") },
];

const dials = {
  values: {},
  touched: null, // the names of those that the person has moved
  build() {
    const kept = store.get("dials") ?? {};
    this.touched ??= new Set(Object.keys(kept));
    $("sliders").replaceChildren(...SLIDERS.map((slider) => {
      this.values[slider.name] ??= kept[slider.name] ?? slider.value;
      const id = `dial-${slider.name}`;
      const input = make("input", {
        id, type: "range", min: slider.min, max: slider.max, step: slider.step, "aria-describedby": `${id}-says`,
        oninput: () => { this.values[slider.name] = Number(input.value); this.touched.add(slider.name); this.show(); },
        onchange: () => { store.set("dials", Object.fromEntries([...this.touched].map((name) => [name, this.values[name]]))); desk.refresh(); },
      });
      return make("div", { class: "field", "data-dial": slider.name },
        make("label", { for: id }, t(slider.name)),
        make("div", { class: "slide" }, input, make("output", { for: id, id: `${id}-out` })),
        make("p", { class: "hint", id: `${id}-says` }));
    }));
    this.show();
  },
  /** Takes what suits a model, where the person has chosen nothing. */
  suit(name, value) {
    if (value && !this.touched.has(name)) { this.values[name] = value; this.show(); }
  },
  show() {
    for (const slider of SLIDERS) {
      const value = this.values[slider.name];
      const input = $(`dial-${slider.name}`);
      input.value = value;
      input.setAttribute("aria-valuetext", slider.shows(value));
      $(`dial-${slider.name}-out`).textContent = slider.shows(value);
      $(`dial-${slider.name}-says`).textContent = slider.says(value);
      input.closest("[data-dial]").hidden = Boolean(slider.needsMemory) && !desk.hasMemory;
    }
  },
};

// ---------------------------------------------------------------- Write: the desk

const desk = {
  job: null, // the AbortController of what is being written
  fresh: null, // [from, to] of what was written last
  scores: null, // { value, start, symbols } of the text that was scored last
  coloured: false,
  typed: 0,
  seed: null, // of what was written last
  // Where the cursor is. Chromium (150) forgets it in a text area that is changed without the focus.
  at: 0,

  get model() { return $("model").value; },
  get second() { return $("second").value; },
  get way() { return document.querySelector('input[name="way"]:checked').value; },
  get isMixed() { return Boolean(this.second) && this.way === "mix"; },
  get hasMemory() { return !this.isMixed && Boolean(models.find(this.model)?.memory); },

  /** The fields that name the model, or both where they are mixed. */
  named() {
    if (!this.isMixed) return { model: this.model, memory: this.hasMemory ? dials.values.memory : 0, ...this.labelled() };
    const weight = Number($("mix").value) / 100;
    return { model: `${this.model}+${this.second}`, mix: [1 - weight, weight] };
  },

  /** The labels that were chosen, if any can be. */
  labelled() {
    const chosen = [...document.querySelectorAll("#labels select")].filter((select) => select.value);
    return chosen.length ? { label: Object.fromEntries(chosen.map((select) => [select.dataset.column, select.value])) } : {};
  },

  offerLabels() {
    const labels = models.find(this.model)?.labels ?? [];
    const before = this.labelled().label ?? {};
    $("labels").replaceChildren(...labels.map(({ column, values }, place) => make("div", { class: "field" },
      make("label", { for: `label-${place}`, dir: "auto" }, column),
      make("select", { id: `label-${place}`, "data-column": column, dir: "auto", onchange: () => this.refresh() },
        make("option", { value: "" }, t("noLabel")),
        ...values.map((value) => make("option", { value, selected: value === before[column] }, value))))));
  },

  /** The seed that is written with: the one that was given, or a new one. */
  chooseSeed() {
    const given = $("seed").value.trim();
    if (!/^\d{0,15}$/.test(given)) throw new ServerError(t("seedWrong"));
    this.seed = given ? Number(given) : crypto.getRandomValues(new Uint32Array(1))[0] & 0xffffff;
    this.saySeed();
  },

  saySeed() { $("seed-says").textContent = t("seedSays") + (this.seed === null ? "" : ` ${t("seedWas", { seed: this.seed })}`); },

  async show() {
    if (!models.list.length) { complain(new ServerError(t("noModels"))); return; }
    this.suit();
    this.offerLabels();
    this.settle();
    this.render();
    tree.draw();
    this.refresh();
  },

  suit: guarded(async () => {
    const id = desk.model;
    if (!id) return;
    const card = await host.describeModel(id);
    if (desk.model === id) dials.suit("temperature", card.temperature);
  }),

  /** Shows what goes with the models that are chosen. */
  settle() {
    $("together").hidden = !this.second;
    $("mix-field").hidden = !this.isMixed;
    const weight = Number($("mix").value) / 100;
    $("mix-out").textContent = percent(weight);
    $("mix").setAttribute("aria-valuetext", percent(weight));
    dials.show();
    this.saySeed();
    this.buttons();
  },

  buttons() {
    const busy = Boolean(this.job);
    $("stop").hidden = !busy;
    $("continue").hidden = busy;
    $("continue").disabled = !this.model;
    $("retry").disabled = busy || tree.here.kind !== "try";
    $("undo").disabled = busy || tree.here.parent === null;
    editor.readOnly = busy;
    editor.setAttribute("aria-busy", String(busy));
    for (const chip of document.querySelectorAll("#words button, #letters button, #tree button")) chip.disabled = busy;
  },

  /** Takes what was typed: into the state one is in while the typing goes on, else into a new one. */
  type() {
    const here = tree.here;
    const goesOn = here.kind === "edit" && !tree.children(here.id).length && Date.now() - this.typed < 1500;
    this.typed = Date.now();
    this.fresh = null;
    this.at = editor.selectionEnd;
    const state = { kind: "edit", value: editor.value, at: this.at, label: editor.value.slice(-60) };
    if (goesOn) Object.assign(here, state);
    else tree.current = tree.add(state).id;
    this.changed();
  },

  changed() {
    this.render();
    this.buttons();
    tree.draw();
    tree.save();
    this.refresh();
  },

  /** Goes to another state of the text. */
  go(id) {
    tree.current = id;
    const node = tree.here;
    this.typed = 0;
    this.fresh = node.fresh ?? null;
    this.put(node.value, node.at);
    this.changed();
  },

  put(value, at) {
    editor.value = value;
    this.at = at;
    editor.setSelectionRange(at, at);
  },

  undo() {
    if (this.job || tree.here.parent === null) return;
    const left = tree.current;
    this.go(tree.here.parent);
    this.left = left;
  },

  redo() {
    const next = tree.nodes.get(this.left)?.parent === tree.current ? this.left : tree.children(tree.current).at(-1)?.id;
    if (!this.job && next !== undefined) this.go(next);
  },

  /** Adds text where the cursor is, as a state of its own. */
  insert(added, kind = "edit") {
    const { at } = this;
    const value = editor.value.slice(0, at) + added + editor.value.slice(at);
    tree.current = tree.add({ kind, value, at: at + added.length, fresh: [at, at + added.length], label: added }).id;
    this.go(tree.current);
  },

  /** The request that goes on from a text. */
  request(before, fields) {
    const { temperature, topP, novelty, length } = dials.values;
    const novel = this.hasMemory && NOVELTY[novelty] ? { novel: NOVELTY[novelty] } : {};
    return { prompt: tail(before, PROMPT), max_tokens: length, temperature, top_p: topP, seed: this.seed, unknown: "nearest", stream: true, ...novel, ...fields };
  },

  /** What a model writes, piece by piece. */
  write(before, fields) { return host.write(this.request(before, fields), this.job.signal); },

  async continue() {
    if (this.job || !this.model) return;
    clear();
    hidePeek();
    say("");
    try { this.chooseSeed(); } catch (error) { complain(error); return; }
    this.job = new AbortController();
    const focused = document.activeElement === $("continue");
    this.buttons();
    if (focused) $("stop").focus();
    say(t("writing"));
    try {
      if (this.second && this.way === "pair") await this.writePair();
      else await this.writeOne();
    } catch (error) {
      complain(error);
    } finally {
      const back = document.activeElement === $("stop");
      this.job = null;
      this.changed();
      if (back) $("continue").focus();
    }
  },

  async writeOne() {
    $("pair").hidden = true;
    const { at } = this;
    const [before, after] = [editor.value.slice(0, at), editor.value.slice(at)];
    let written = "";
    let due = 0;
    const draw = () => {
      due = 0;
      this.put(before + written + after, at + written.length);
      this.fresh = [at, at + written.length];
      this.render();
      this.follow();
    };
    try {
      for await (const piece of this.write(before, this.named())) {
        written += piece;
        due ||= requestAnimationFrame(draw);
      }
    } finally {
      cancelAnimationFrame(due);
      draw();
      if (written) {
        const node = tree.add({ kind: "try", value: editor.value, at: at + written.length, fresh: this.fresh, label: written });
        tree.current = node.id;
      }
      say(t("written", { n: number([...written].length) }));
    }
  },

  /** Keeps the end of what is written in view. */
  follow() {
    const mark = $("backdrop").querySelector(".cursor");
    const below = mark ? mark.getBoundingClientRect().bottom - $("dock").getBoundingClientRect().top : 0;
    if (below > -8) window.scrollBy(0, below + 60);
  },

  async writePair() {
    const { at } = this;
    const before = editor.value.slice(0, at);
    const base = tree.current;
    const nodes = [];
    const columns = [this.model, this.second].map((model) => {
      const text = make("p", { class: "sheet-text", dir: "auto" });
      const keep = make("button", { type: "button", disabled: true }, t("keep"));
      return { model, text, keep, article: make("article", { "aria-label": models.name(model) }, make("h2", {}, models.name(model)), text, keep) };
    });
    $("pair").replaceChildren(...columns.map((column) => column.article));
    $("pair").hidden = false;
    $("pair").scrollIntoView({ block: "nearest" });
    const fill = async (column, place) => {
      let written = "";
      try {
        const memory = models.find(column.model)?.memory ? dials.values.memory : 0;
        const fields = { model: column.model, memory };
        if (!models.find(column.model)?.memory) fields.novel = null;
        for await (const piece of this.write(before, fields)) { written += piece; column.text.textContent = written; }
      } finally {
        nodes[place] = { kind: "try", parent: base, at: at + written.length, fresh: [at, at + written.length], label: written, value: before + written + editor.value.slice(at) };
        column.keep.disabled = !written;
      }
    };
    try {
      await Promise.all(columns.map(fill));
    } finally {
      const added = nodes.map((node) => node?.label && tree.add(node));
      say(t("written", { n: number(nodes.reduce((all, node) => all + [...node?.label ?? ""].length, 0)) }));
      columns.forEach((column, place) => column.keep.addEventListener("click", () => { $("pair").hidden = true; this.go(added[place].id); editor.focus(); }));
    }
  },

  // What follows, and how surprised the model is: asked for a moment after the last change.
  refresh() {
    clearTimeout(this.timer);
    this.asking?.abort();
    for (const row of ["words", "letters"]) $(row).setAttribute("aria-busy", "true");
    if (this.job || !this.model || host.shown !== "write") return;
    this.timer = setTimeout(() => {
      this.asking = new AbortController();
      guarded(() => this.suggest(this.asking.signal))();
      if (this.coloured) guarded(() => this.score(this.asking.signal))();
    }, 250);
  },

  async suggest(signal) {
    const text = tail(editor.value.slice(0, this.at), 1_000);
    const found = await host.suggest({ text, ...this.named() }, signal);
    const chips = (items) => items.filter((item) => item.text).map((item, place) =>
      make("button", { type: "button", class: "chip", "aria-label": `${audible(item.text)}, ${percent(item.probability)}`, onclick: () => this.pick(item.text, place) },
        make("span", { class: "w", dir: "auto" }, visible(item.text)), make("span", { class: "p" }, percent(item.probability))));
    $("words").replaceChildren(...chips(found.words));
    $("letters").replaceChildren(...chips(found.letters));
    for (const row of ["words", "letters"]) $(row).setAttribute("aria-busy", "false");
    const unknown = found.unknown.map(visible).join(" ");
    $("unknown").textContent = unknown ? t("unknownLetters", { letters: unknown }) : "";
    if (this.refocus) { document.querySelectorAll(`#${this.refocus[0]} button`)[this.refocus[1]]?.focus(); this.refocus = null; }
  },

  pick(text, place) {
    const row = document.activeElement?.closest?.("#words, #letters");
    // Whoever picks by keyboard stays where they are, on the button that comes in its place.
    this.refocus = row ? [row.id, place] : null;
    this.insert(text);
  },

  async score(signal) {
    const value = editor.value;
    const text = tail(value, SCORED);
    if (!text) { this.scores = null; return; }
    const { symbols } = await host.score({ text, ...this.named() }, signal);
    const start = value.length - text.length;
    const places = utf16(text);
    this.scores = { value, symbols: symbols.map((one) => ({ ...one, at: start + places[one.at] })) };
    this.render();
  },

  /** Draws what lies behind the text: colours of surprise, or what was written last. */
  render() {
    const value = editor.value;
    const parts = [];
    const cursor = () => make("span", { class: "cursor" });
    if (this.coloured && this.scores) {
      const valid = common(this.scores.value, value);
      let at = 0;
      this.scores.symbols.forEach((symbol, place, all) => {
        const end = all[place + 1]?.at ?? this.scores.value.length;
        if (end > valid || end <= symbol.at) return;
        if (symbol.at > at) parts.push(value.slice(at, symbol.at));
        const level = surprise(symbol.log_probability);
        parts.push(make("span", { class: level ? `s${level}` : null, "data-place": place }, value.slice(symbol.at, end)));
        at = end;
      });
      parts.push(value.slice(at));
    } else if (this.fresh) {
      const [from, to] = this.fresh;
      parts.push(value.slice(0, from), make("span", { class: "fresh" }, value.slice(from, to)), cursor(), value.slice(to));
    } else {
      parts.push(value);
    }
    // The last line counts even where it is empty.
    $("backdrop").replaceChildren(...parts, "\u200b");
  },

  clear() {
    if (editor.value && !confirm(t("clearAsk"))) return;
    tree.reset();
    $("pair").hidden = true;
    this.go(0);
    editor.focus();
  },
};

/** How many first characters two texts have in common. */
function common(one, other) {
  let at = 0;
  while (at < one.length && at < other.length && one[at] === other[at]) at += 1;
  return at;
}

/** Where each character of a text begins in the units that JavaScript counts. */
function utf16(text) {
  const places = [];
  let at = 0;
  for (const char of text) { places.push(at); at += char.length; }
  return places;
}

const bits = (logProbability) => -logProbability / Math.LN2;

/** 0 for what was expected, to 8 for what was not at all. */
function surprise(logProbability) {
  return logProbability === null ? 0 : Math.max(0, Math.min(8, Math.round(bits(logProbability) / 1.2 - 0.4)));
}

// ---------------------------------------------------------------- Write: what was expected instead

const peek = $("peek");
let peeked = -1;

/** The letter under a place of the window, if it is coloured. */
function letterAt(x, y) {
  const span = document.elementsFromPoint(x, y).find((element) => element.dataset?.place !== undefined);
  return span ? Number(span.dataset.place) : -1;
}

function showPeek(place, focus = false) {
  const symbol = desk.scores?.symbols[place];
  const span = $("backdrop").querySelector(`[data-place="${place}"]`);
  if (!symbol || !span || desk.job) return;
  hidePeek();
  peeked = place;
  span.classList.add("at");
  const head = symbol.log_probability === null ? t("peekFirst")
    : t("peekHead", { symbol: audible(symbol.text), p: percent(Math.exp(symbol.log_probability)), bits: number(bits(symbol.log_probability), 1) });
  peek.replaceChildren(make("p", {}, head));
  if (symbol.likeliest.length) {
    peek.append(make("p", { class: "hint" }, t("peekInstead")), make("div", { class: "chips" }, ...symbol.likeliest.map((item) =>
      make("button", { type: "button", class: "chip", disabled: item.text === "", "aria-label": `${audible(item.text)}, ${percent(item.probability)}`, onclick: () => goFrom(symbol.at, item.text) },
        make("span", { class: "w", dir: "auto" }, visible(item.text)), make("span", { class: "p" }, percent(item.probability))))));
  }
  peek.hidden = false;
  const box = span.getBoundingClientRect();
  const room = document.documentElement.clientWidth - peek.offsetWidth - 8;
  peek.style.left = `${window.scrollX + Math.max(8, Math.min(box.left - 12, room))}px`;
  peek.style.top = `${window.scrollY + box.bottom + 6}px`;
  if (focus) peek.querySelector("button:not(:disabled)")?.focus();
}

function hidePeek() {
  if (peeked < 0) return;
  $("backdrop").querySelector(".at")?.classList.remove("at");
  if (peek.contains(document.activeElement)) editor.focus();
  peeked = -1;
  peek.hidden = true;
}

/** Puts what was likelier in the place of a letter, and goes on from there. */
function goFrom(at, symbol) {
  hidePeek();
  const value = editor.value.slice(0, at) + symbol;
  tree.current = tree.add({ kind: "edit", value, at: value.length, label: value.slice(-60) }).id;
  desk.go(tree.current);
  desk.continue();
}

function watchEditor() {
  let timer = 0;
  editor.addEventListener("input", () => { hidePeek(); desk.type(); });
  document.addEventListener("selectionchange", () => {
    if (document.activeElement !== editor || desk.job || desk.at === editor.selectionEnd) return;
    desk.at = editor.selectionEnd;
    desk.refresh();
  });
  editor.addEventListener("focus", () => { if (editor.selectionEnd !== desk.at) editor.setSelectionRange(desk.at, desk.at); });
  editor.addEventListener("mousemove", (event) => {
    clearTimeout(timer);
    if (!desk.coloured || event.buttons) return;
    const place = letterAt(event.clientX, event.clientY);
    timer = setTimeout(() => (place < 0 ? hidePeek() : place !== peeked && showPeek(place)), peeked < 0 ? 180 : 350);
  });
  editor.addEventListener("mouseleave", () => { clearTimeout(timer); timer = setTimeout(hidePeek, 500); });
  peek.addEventListener("mouseenter", () => clearTimeout(timer));
  peek.addEventListener("mouseleave", () => { timer = setTimeout(hidePeek, 300); });
  editor.addEventListener("click", (event) => { if (desk.coloured) showPeek(letterAt(event.clientX, event.clientY)); });
  document.addEventListener("keydown", pressKey);
}

function pressKey(event) {
  if (host.shown !== "write") return;
  const command = event.ctrlKey || event.metaKey;
  const digit = /^Digit([1-5])$/.exec(event.code);
  const inText = document.activeElement === editor;
  let act = null;
  if (command && event.key === "Enter") act = () => desk.continue();
  else if (event.key === "Escape" && (desk.job || peeked >= 0)) act = () => (desk.job ? desk.job.abort() : hidePeek());
  else if (event.altKey && !command && digit) act = () => document.querySelectorAll("#words button")[digit[1] - 1]?.click();
  else if (inText && command && !event.shiftKey && event.key.toLowerCase() === "z") act = () => desk.undo();
  else if (inText && command && (event.key.toLowerCase() === "y" || (event.shiftKey && event.key.toLowerCase() === "z"))) act = () => desk.redo();
  else if (inText && event.altKey && event.key === "ArrowUp" && desk.coloured) act = peekAtCursor;
  if (!act) return;
  event.preventDefault();
  act();
}

/** Shows what was expected in the place of the letter before the cursor. */
function peekAtCursor() {
  const { at } = desk;
  const place = desk.scores?.symbols.findLastIndex((symbol) => symbol.at < at) ?? -1;
  if (place >= 0) showPeek(place, true);
}


// ---------------------------------------------------------------- Start

function listenToDesk() {
  $("language").addEventListener("change", () => {
    language = $("language").value;
    store.set("language", language);
    translate();
    dials.build();
    models.fill($("second"), $("second").value, true);
    host.refreshed();
  });
  $("theme").addEventListener("change", () => { chooseTheme($("theme").value); store.set("theme", $("theme").value); });
  $("continue").addEventListener("click", () => desk.continue());
  $("stop").addEventListener("click", () => desk.job?.abort());
  $("undo").addEventListener("click", () => desk.undo());
  $("retry").addEventListener("click", () => { desk.undo(); desk.continue(); });
  $("clear").addEventListener("click", () => desk.clear());
  $("colour").addEventListener("click", () => {
    desk.coloured = !desk.coloured;
    $("colour").setAttribute("aria-pressed", String(desk.coloured));
    hidePeek();
    desk.render();
    desk.refresh();
  });
  $("model").addEventListener("change", () => { store.set("model", desk.model); desk.scores = null; desk.suit(); desk.offerLabels(); desk.settle(); desk.render(); desk.refresh(); });
  $("second").addEventListener("change", () => { store.set("second", desk.second); $("pair").hidden = true; desk.settle(); desk.refresh(); });
  for (const choice of document.querySelectorAll('input[name="way"]')) choice.addEventListener("change", () => { $("pair").hidden = true; desk.settle(); desk.refresh(); });
  $("mix").addEventListener("input", () => desk.settle());
  $("mix").addEventListener("change", () => desk.refresh());
  watchEditor();
}

/** Shows texts and sliders; the models come after. */
function prepareDesk() {
  chooseLanguage();
  chooseTheme(store.get("theme") ?? "auto");
  translate();
  tree.restore();
  dials.build();
  listenToDesk();
  desk.fresh = tree.here.fresh ?? null;
  desk.put(tree.here.value, tree.here.at);
}

export {
  $, ServerError, chooseTheme, clear, complain, date, desk, dials, duration, guarded, hidePeek, host, list, make, measure,
  models, number, percent, prepareDesk, say, store, t, tail, translate, tree, visible,
};
