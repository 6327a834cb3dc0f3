// The page: Learn, Write and Look. One module, without build step, library or outside request.
// It knows the routes of its own server, and nothing of models.

// ---------------------------------------------------------------- Elements and texts

const $ = (id) => document.getElementById(id);
const token = document.querySelector('meta[name="burble-token"]').content;
const TEXTS = await (await fetch("/page/texts.json")).json();
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
  const text = TEXTS[language][key] ?? TEXTS.en[key] ?? key;
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
  get: (name) => { try { return JSON.parse(localStorage.getItem(`burble.${name}`)); } catch { return null; } },
  // A browser may refuse: what is kept is a convenience.
  set: (name, value) => { try { localStorage.setItem(`burble.${name}`, JSON.stringify(value)); } catch { /* full */ } },
};

// ---------------------------------------------------------------- The server

class ServerError extends Error {}

/** Calls a route; returns its response, or throws with what the server says. */
async function call(path, { method, body, data, signal } = {}) {
  const headers = { "X-Burble-Token": token };
  if (data !== undefined) headers["Content-Type"] = "application/octet-stream";
  else if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    const content = data ?? (body === undefined ? undefined : JSON.stringify(body));
    response = await fetch(path, { method: method ?? (content === undefined ? "GET" : "POST"), headers, body: content, signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ServerError(t("offline"));
  }
  if (response.ok) return response;
  const answer = await response.json().catch(() => ({}));
  throw new ServerError(answer.error?.message ?? `${response.status} ${response.statusText}`);
}

const getJson = async (path, options) => (await call(path, options)).json();

/** The events of a stream of `data:` lines, as they come. */
async function* readEvents(response) {
  const decoder = new TextDecoderStream();
  let rest = "";
  for await (const part of iterate(response.body.pipeThrough(decoder))) {
    const blocks = (rest + part).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const data = block.split("\n").filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trimStart()).join("\n");
      // It ends after [DONE] by itself: to cut it there would look like a client that leaves.
      if (data && data !== "[DONE]") yield JSON.parse(data);
    }
  }
}

async function* iterate(stream) {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

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
  const known = (tag) => Object.keys(TEXTS).find((one) => tag.toLowerCase().split("-")[0] === one);
  language = store.get("language") ?? languages.map(known).find(Boolean) ?? "en";
  if (!TEXTS[language]) language = "en";
}

function chooseTheme(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  $("theme").value = theme;
}

let shown = "";

/** Shows the view that the address names: #/learn, #/learn/ID, #/write, #/look, #/look/ID. */
function route() {
  const [, asked, id] = location.hash.split("/");
  const view = ["learn", "write", "look"].includes(asked) ? asked : models.list.length ? "write" : "learn";
  for (const one of ["learn", "write", "look"]) $(one).hidden = one !== view;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.dataset.view === view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${t(view)} · burble`;
  if (shown && shown !== view) { window.scrollTo(0, 0); $("main").focus({ preventScroll: true }); }
  shown = view;
  hidePeek();
  learn.leave();
  if (view === "learn") guarded(() => learn.show(id))();
  if (view === "write") guarded(() => desk.show())();
  if (view === "look") guarded(() => look.show(id))();
}

// ---------------------------------------------------------------- Models

const models = {
  list: [],
  async refresh() {
    this.list = (await getJson("/page/models")).data;
    this.fill($("model"), store.get("model"));
    this.fill($("second"), store.get("second") ?? "", true);
    this.fill($("look-model"), $("look-model").value);
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

// ---------------------------------------------------------------- Charts

/**
 * The curves of a training beside the lines of simpler predictors.
 * data: { training, validation: [[step, loss]], baselines: {uniform, unigram, ngram}, steps, here }
 */
function drawChart(place, data) {
  const width = Math.max(280, place.clientWidth || 640);
  const height = Math.round(Math.min(340, Math.max(220, width * 0.5)));
  const narrow = width < 480;
  const [left, right, top, bottom] = [38, narrow ? 100 : 166, 14, 26];
  const lines = Object.entries(data.baselines ?? {}).filter(([name, value]) => TEXTS.en[name] && Number.isFinite(value));
  const curves = ["training", "validation"].map((name) => [name, (data[name] ?? []).filter(([, loss]) => Number.isFinite(loss))]);
  const values = [...lines.map(([, value]) => value), ...curves.flatMap(([, points]) => points.map(([, loss]) => loss))];
  if (!values.length) { place.replaceChildren(); return; }
  const high = Math.max(...values) * 1.04;
  const low = Math.max(0, Math.min(...values) - 0.1 * (high - Math.min(...values)));
  const steps = Math.max(1, data.steps || 0, ...curves.flatMap(([, points]) => points.map(([step]) => step)));
  const x = (step) => left + (width - left - right) * (step / steps);
  const y = (loss) => top + (height - top - bottom) * ((high - loss) / (high - low || 1));
  const last = (name) => curves.find(([one]) => one === name)[1].at(-1);
  const figure = (name) => (last(name) ? number(last(name)[1], 2) : t("none"));
  const svg = make("svg", {
    class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img",
    "aria-label": t("chartLabel", { validation: figure("validation"), training: figure("training"), step: number(Math.max(0, ...curves.flatMap(([, points]) => points.map(([step]) => step)))) }),
  });
  for (const value of ticks(low, high)) {
    svg.append(make("line", { class: "axis", x1: left, x2: width - right, y1: y(value), y2: y(value) }));
    svg.append(make("text", { x: left - 8, y: y(value) + 4, "text-anchor": "end" }, number(value, 1)));
  }
  svg.append(make("text", { x: left, y: height - 6 }, "0"));
  svg.append(make("text", { x: width - right, y: height - 6, "text-anchor": "end" }, t("stepOf", { step: "", steps: "" }).split(" ")[0] + " " + number(steps)));
  const labels = [];
  for (const [name, value] of lines) {
    svg.append(make("line", { class: "base", x1: left, x2: width - right, y1: y(value), y2: y(value) }));
    const text = `${t(name)} ${number(value, 2)}`;
    // Where there is no room beside the lines, their names stand above them.
    if (narrow) svg.append(make("text", { x: width - right, y: y(value) - 4, "text-anchor": "end" }, text));
    else labels.push({ y: y(value), text, name });
  }
  if (data.here !== undefined) svg.append(make("line", { class: "here", x1: x(data.here), x2: x(data.here), y1: top, y2: height - bottom }));
  for (const [name, points] of curves) {
    if (!points.length) continue;
    svg.append(make("path", { class: name, d: points.map(([step, loss], i) => `${i ? "L" : "M"}${x(step).toFixed(1)} ${y(loss).toFixed(1)}`).join("") }));
    const [step, loss] = points.at(-1);
    if (name === "validation") svg.append(make("circle", { class: "dot", cx: x(step), cy: y(loss), r: 3.5 }));
    labels.push({ y: y(loss), text: `${t(name)} ${number(loss, 2)}`, name });
  }
  for (const label of spread(labels, 15, top + 6, height - bottom)) {
    svg.append(make("text", { class: `name-${label.name}`, x: width - right + 10, y: label.y + 4 }, label.text));
  }
  place.replaceChildren(svg);
}

/** A few round values between two others. */
function ticks(low, high) {
  const size = [0.1, 0.2, 0.5, 1, 2, 5].find((one) => (high - low) / one <= 5) ?? 10;
  const found = [];
  for (let value = Math.ceil(low / size) * size; value <= high + 1e-9; value += size) found.push(value);
  return found;
}

/** Labels moved apart, so that each can be read. */
function spread(labels, gap, top, bottom) {
  const sorted = labels.toSorted((one, other) => one.y - other.y);
  let place = top;
  for (const label of sorted) { label.y = Math.max(label.y, place); place = label.y + gap; }
  place = bottom;
  for (const label of sorted.toReversed()) { label.y = Math.min(label.y, place); place = label.y - gap; }
  return sorted;
}

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
  build() {
    const kept = store.get("dials") ?? {};
    $("sliders").replaceChildren(...SLIDERS.map((slider) => {
      this.values[slider.name] = kept[slider.name] ?? slider.value;
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
    this.touched = new Set(Object.keys(kept));
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
  // Where the cursor is. Chromium (150) forgets it in a text area that is changed without the focus.
  at: 0,

  get model() { return $("model").value; },
  get second() { return $("second").value; },
  get way() { return document.querySelector('input[name="way"]:checked').value; },
  get isMixed() { return Boolean(this.second) && this.way === "mix"; },
  get hasMemory() { return !this.isMixed && Boolean(models.find(this.model)?.memory); },

  /** The fields that name the model, or both where they are mixed. */
  named() {
    if (!this.isMixed) return { model: this.model, memory: this.hasMemory ? dials.values.memory : 0 };
    const weight = Number($("mix").value) / 100;
    return { model: `${this.model}+${this.second}`, mix: [1 - weight, weight] };
  },

  async show() {
    if (!models.list.length) { complain(new ServerError(t("noModels"))); return; }
    this.suit();
    this.settle();
    this.render();
    tree.draw();
    this.refresh();
  },

  suit: guarded(async () => {
    const id = desk.model;
    if (!id) return;
    const card = await getJson(`/page/models/${encodeURIComponent(id)}`);
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
    return { prompt: tail(before, PROMPT), max_tokens: length, temperature, top_p: topP, unknown: "nearest", stream: true, ...novel, ...fields };
  },

  /** What a model writes, piece by piece. */
  async *write(before, fields) {
    const response = await call("/v1/completions", { body: this.request(before, fields), signal: this.job.signal });
    for await (const event of readEvents(response)) {
      if (event.error) throw new ServerError(event.error.message);
      if (event.choices?.[0]?.text) yield event.choices[0].text;
    }
  },

  async continue() {
    if (this.job || !this.model) return;
    clear();
    hidePeek();
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
      columns.forEach((column, place) => column.keep.addEventListener("click", () => { $("pair").hidden = true; this.go(added[place].id); editor.focus(); }));
    }
  },

  // What follows, and how surprised the model is: asked for a moment after the last change.
  refresh() {
    clearTimeout(this.timer);
    this.asking?.abort();
    for (const row of ["words", "letters"]) $(row).setAttribute("aria-busy", "true");
    if (this.job || !this.model || shown !== "write") return;
    this.timer = setTimeout(() => {
      this.asking = new AbortController();
      guarded(() => this.suggest(this.asking.signal))();
      if (this.coloured) guarded(() => this.score(this.asking.signal))();
    }, 250);
  },

  async suggest(signal) {
    const text = tail(editor.value.slice(0, this.at), 1_000);
    const found = await getJson("/page/next", { body: { text, ...this.named() }, signal });
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
    const { symbols } = await getJson("/page/scores", { body: { text, ...this.named() }, signal });
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
  if (shown !== "write") return;
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

// ---------------------------------------------------------------- Learn

const MOST_BYTES = 64 * 2 ** 20; // of one file, as the server takes it
const minutesOf = (input, output) => {
  output.textContent = measure(Number(input.value), "minute");
  input.setAttribute("aria-valuetext", output.textContent);
};

const learn = {
  id: "",
  following: null,
  view: null,

  leave() { this.following?.abort(); this.following = null; },

  async show(id) {
    this.id = id ?? "";
    for (const part of ["give", "draft", "training"]) $(part).hidden = true;
    $("learn-lead").hidden = Boolean(id);
    const listed = this.showEarlier();
    if (!id) { $("give").hidden = false; await listed; return; }
    const job = await getJson(`/v1/train/${encodeURIComponent(id)}`);
    if (job.state === "text") await this.showDraft(job);
    else await this.follow(job);
    await listed;
  },

  async showEarlier() {
    const jobs = (await getJson("/v1/train")).data;
    $("earlier").hidden = !jobs.length || Boolean(this.id);
    $("earlier-list").replaceChildren(...jobs.map((job) => make("li", {},
      make("a", { href: `#/learn/${job.id}`, dir: "auto" }, this.called(job)),
      make("span", { class: "hint" }, `${t(`state_${job.state}`)} · ${date(job.created)}`))));
  },

  called(job) { return job.name || (job.files[0]?.startsWith("builtin:") ? t("demoName") : job.files[0]); },

  /** Gives files to the server, one after the other; they are one text. */
  async give(files) {
    clear();
    const large = files.find((file) => file.size > MOST_BYTES);
    if (large) throw new ServerError(t("tooLarge", { name: large.name, size: measure(MOST_BYTES / 2 ** 20, "megabyte") }));
    say(t("reading"));
    let job = null;
    for (const file of files) {
      const query = new URLSearchParams({ name: file.name, ...(job ? { text: job.id } : {}) });
      job = await getJson(`/v1/train/texts?${query}`, { data: file });
    }
    if (job) location.hash = `#/learn/${job.id}`;
  },

  async giveDemo() {
    clear();
    const job = await getJson("/v1/train/demo", { body: {} });
    location.hash = `#/learn/${job.id}`;
  },

  async showDraft(job) {
    $("draft").hidden = false;
    $("draft-files").textContent = t("reading");
    $("draft-facts").replaceChildren();
    $("draft-notes").replaceChildren();
    $("draft-lengths").replaceChildren();
    $("reading").hidden = true;
    $("draft-excerpt").textContent = "";
    const files = job.files.map((file) => (file.startsWith("builtin:") ? t("demoName") : file));
    $("name").value = job.name || files[0].replace(/\.\w+$/, "");
    $("minutes-hint").textContent = t("minutesHint");
    minutesOf($("minutes"), $("minutes-out"));
    let report;
    try {
      report = await getJson(`/v1/train/${job.id}/report`);
    } catch (error) {
      $("draft-files").textContent = list(files);
      $("start-form").hidden = true;
      this.offerEncodings(job, error.message);
      throw error;
    }
    if (this.id !== job.id) return;
    $("encodings").hidden = true;
    $("start-form").hidden = false;
    $("draft-files").textContent = list(files);
    const facts = [["characters", report.characters], ["lines", report.lines], ["documents", report.documents],
      ["kinds", report.symbols], ["validationPart", report.validation]];
    const letters = (counts) => Object.keys(counts).map(visible).join(" ");
    $("draft-facts").replaceChildren(
      ...facts.flatMap(([name, value]) => make("div", {}, make("dt", {}, t(name)), make("dd", {}, number(value)))),
      make("div", {}, make("dt", {}, t("frequent")), make("dd", { dir: "auto" }, letters(report.frequent))),
      ...(Object.keys(report.rare).length ? [make("div", {}, make("dt", {}, t("rarest")), make("dd", { dir: "auto" }, letters(report.rare)))] : []));
    $("draft-excerpt").textContent = report.beginning;
    if (report.notes.length) {
      $("draft-notes").replaceChildren(make("h3", {}, t("odd")), make("ul", { class: "notes", lang: "en" }, ...report.notes.map((note) => make("li", {}, note))));
    }
    this.showOverview(report);
    this.offerReading(job, report);
    say(t("readTitle"));
  },

  /** How long lines are, as bars, and lines that are odd or come again. */
  showOverview({ overview }) {
    const { edges, counts, shortest, median, longest } = overview.line_lengths;
    const most = Math.max(1, ...counts);
    const bars = counts.map((count, i) => {
      const bar = make("span", { title: `${number(edges[i])}–${number(edges[i + 1] - 1)}: ${number(count)}` });
      bar.style.height = `${Math.ceil(100 * count / most)}%`;
      return bar;
    });
    const words = t("lengths", { shortest: number(shortest), median: number(median), longest: number(longest) });
    const lines = [...overview.repeated, ...overview.odd];
    $("draft-lengths").replaceChildren(
      make("h3", {}, t("lineLengths")), make("div", { class: "bars", role: "img", "aria-label": words }, ...bars), make("p", { class: "hint" }, words),
      ...(lines.length ? [make("details", {}, make("summary", {}, t("oddLines")),
        make("ul", { class: "notes" }, ...lines.map((line) => make("li", {}, make("span", { class: "hint", lang: "en" }, `${line.place}: ${line.why}`), make("br", {}), make("span", { dir: "auto" }, line.text)))))] : []));
  },

  /** What can be masked, and whether a chat is learned as a whole. */
  offerReading(job, { private: found, chat, reading }) {
    const choices = [
      ...(chat ? [["talk", reading.chat === "talk", (on) => ({ chat: on ? "talk" : "message" })],
        ["maskNames", reading.mask_names, (on) => ({ mask_names: on })]] : []),
      ...(Object.keys(found).length || reading.mask_private ? [["maskPrivate", reading.mask_private, (on) => ({ mask_private: on })]] : []),
    ];
    const boxes = choices.map(([name, checked, body]) => {
      const box = make("input", { type: "checkbox" });
      box.checked = Boolean(checked);
      box.addEventListener("change", guarded(async () => {
        clear();
        await this.showDraft(await getJson(`/v1/train/${job.id}`, { body: body(box.checked) }));
      }));
      return make("label", {}, box, " ", t(name));
    });
    $("reading").hidden = !boxes.length;
    $("reading").replaceChildren($("reading").querySelector("legend"), ...boxes);
  },

  /** Buttons for the encodings that the server names where a text is in none that it can be sure of. */
  offerEncodings(job, message) {
    const named = [...new Set([...message.matchAll(/\bencoding ([\w-]+)/g)].map(([, name]) => name))];
    $("encodings").hidden = !named.length;
    $("encodings").querySelector(".buttons").replaceChildren(...named.map((name) => make("button", {
      type: "button",
      onclick: guarded(async () => {
        clear();
        await this.showDraft(await getJson(`/v1/train/${job.id}`, { body: { encoding: name } }));
      }),
    }, name)));
  },

  async start() {
    clear();
    const body = { text: this.id, minutes: Number($("minutes").value), name: $("name").value };
    const button = $("start-form").querySelector('[type="submit"]');
    button.disabled = true;
    let job;
    try {
      job = await getJson("/v1/train", { body });
    } finally {
      button.disabled = false;
    }
    $("draft").hidden = true;
    await this.follow(job);
    $("main").focus({ preventScroll: true });
  },

  /** Follows a training as long as its view is open. */
  async follow(job) {
    this.leave();
    this.following = new AbortController();
    const { signal } = this.following;
    this.view = { job, training: [], validation: [], samples: [], logs: [], baselines: {}, steps: 0, sample: -1, last: null, error: "" };
    $("training").hidden = false;
    this.draw();
    try {
      const response = await call(`/v1/train/${job.id}/events`, { signal });
      for await (const event of readEvents(response)) { this.take(event); this.schedule(); }
    } catch (error) {
      if (!signal.aborted) throw error;
      return;
    }
    const model = this.view.job.model;
    if (model && !models.find(model)) await models.refresh();
  },

  /** Takes an event into what is shown. */
  take(event) {
    const view = this.view;
    if (event.type !== "log" && event.type !== "base") view.last = event;
    if (event.type === "begin") {
      // What was done after the last save is done again.
      for (const name of ["training", "validation"]) view[name] = view[name].filter(([step]) => step <= event.step);
      view.samples = view.samples.filter((sample) => sample.step <= event.step);
      view.job = { ...view.job, state: "running" };
      view.error = "";
    }
    if (event.type === "base") view.base = event.name;
    if (event.type === "log") view.logs.push(event.message);
    if (event.type === "baselines") view.baselines = { uniform: event.uniform, unigram: event.unigram, ngram: event.ngram };
    if (event.type === "report") { view.training.push([event.step, event.loss]); view.steps = event.steps; }
    if (event.type === "score" && event.loss !== null) view.validation.push([event.step, event.loss]);
    if (event.type === "sample") {
      const follows = view.sample === view.samples.length - 1;
      view.samples.push(event);
      if (follows) view.sample = view.samples.length - 1;
    }
    if (event.type === "error") view.error = event.message;
    if (event.type === "state") { view.job = event; say(t(`state_${event.state}`)); }
    if (event.type === "sample" && view.samples.length === 1) models.refresh().catch(complain);
  },

  schedule() {
    this.due ||= requestAnimationFrame(() => { this.due = 0; if (!$("training").hidden) this.draw(); });
  },

  draw() {
    const { job, last } = this.view;
    const running = job.state === "running";
    $("training-name").textContent = this.called(job);
    $("training-state").textContent = `${t(`state_${job.state}`)} · ${date(job.created)}`;
    this.drawBar(running, last);
    $("stop-training").hidden = !running;
    $("go-on").hidden = running;
    $("more").hidden = job.state !== "finished";
    minutesOf($("more-minutes"), $("more-out"));
    $("write-with").hidden = !(job.model || this.view.samples.length);
    $("remove-training").hidden = running;
    $("training-figure").hidden = !this.view.baselines.uniform && !this.view.training.length;
    drawChart($("training-chart"), { ...this.view, here: this.view.samples.length > 1 ? this.view.samples[this.view.sample]?.step : undefined });
    this.drawSample();
    const box = $("log");
    if (box.childElementCount !== this.view.logs.length) box.replaceChildren(...this.view.logs.map((line) => make("p", {}, line)));
    $("log-box").hidden = !this.view.logs.length;
  },

  drawBar(running, last) {
    const report = last?.type === "report" || last?.type === "score" || last?.type === "sample" ? last : null;
    const done = this.view.training.at(-1)?.[0] ?? 0;
    const bar = $("bar");
    bar.hidden = job_is_over(this.view.job);
    if (running && !this.view.steps) bar.removeAttribute("value");
    else bar.value = this.view.steps ? done / this.view.steps : 0;
    const parts = [];
    if (this.view.error) parts.push(this.view.error);
    else if (running && this.stopping === this.view.job.id) parts.push(t("stopping"));
    else if (running && !this.view.steps) parts.push(t("preparing"), this.view.logs.at(-1) ?? "");
    else if (running && last?.type === "task") { bar.value = last.done; parts.push(t("finishing")); }
    else if (this.view.steps) {
      if (report?.type === "report") this.view.report = report;
      parts.push(t("stepOf", { step: number(done), steps: number(this.view.steps) }));
      const pace = this.view.report;
      if (running && pace?.left) parts.push(t("left", { time: duration(pace.left) }), t("speed", { speed: number(pace.speed) }));
    }
    const best = Math.min(...this.view.validation.map(([, loss]) => loss));
    const line = parts.filter(Boolean).join(" · ");
    const ngram = this.view.baselines.ngram;
    const beside = Number.isFinite(best) && ngram ? t(best < ngram ? "betterNgrams" : "worseNgrams", { loss: number(ngram, 2) }) : "";
    $("training-line").textContent = line;
    const base = this.view.base ? ` ${t("withBase", { base: this.view.base })}` : "";
    $("training-score").textContent = beside ? t("finalScore", { loss: number(best, 2), beside }) + base : "";
  },

  drawSample() {
    const { samples, sample, validation } = this.view;
    $("scrub").hidden = !samples.length;
    if (!samples.length) return;
    const slider = $("scrubber");
    slider.max = samples.length - 1;
    slider.value = sample;
    const shownSample = samples[sample];
    const loss = validation.findLast(([step]) => step <= shownSample.step)?.[1];
    const words = t("sampleAt", { step: number(shownSample.step) }) + (loss ? ` · ${number(loss, 2)}` : "");
    $("scrub-out").textContent = words;
    slider.setAttribute("aria-valuetext", words);
    if ($("sample").textContent !== shownSample.text) $("sample").textContent = shownSample.text;
  },

  scrub() { this.view.sample = Number($("scrubber").value); this.draw(); },

  async stop() {
    this.stopping = this.id;
    this.draw();
    await call(`/v1/train/${this.id}/stop`, { body: {} });
  },

  async goOn() {
    clear();
    this.stopping = "";
    const minutes = this.view.job.state === "finished" ? Number($("more-minutes").value) : null;
    const job = await getJson(`/v1/train/${this.id}/continue`, { body: { minutes } });
    await this.follow(job);
  },

  async rename() {
    const name = prompt(t("renamePrompt"), this.called(this.view.job));
    if (name === null) return;
    const job = await getJson(`/v1/train/${this.id}`, { body: { name } });
    this.view.job = { ...this.view.job, name: job.name };
    this.draw();
    await models.refresh();
  },

  async remove() {
    if (!confirm(t("removeAsk"))) return;
    await call(`/v1/train/${this.id}`, { method: "DELETE" });
    await models.refresh();
    location.hash = "#/learn";
  },
};

const job_is_over = (job) => job.state === "finished";

// ---------------------------------------------------------------- Look

const look = {
  async show(id) {
    await models.refresh();
    if (!models.list.length) { complain(new ServerError(t("noModels"))); return; }
    // Without a name in the address, the model that one writes with.
    const wanted = id ? decodeURIComponent(id) : desk.model;
    if (models.find(wanted)) $("look-model").value = wanted;
    await this.draw();
  },

  async draw() {
    const id = $("look-model").value;
    const card = await getJson(`/page/models/${encodeURIComponent(id)}`);
    if ($("look-model").value !== id) return;
    const parts = [this.facts(card), this.file(card)];
    const scores = this.scores(card);
    if (scores) parts.push(make("h2", {}, t("scores")), scores);
    if (card.curves.training?.length) {
      const place = make("div", { id: "look-chart" });
      parts.push(make("h2", {}, t("curves")), make("figure", { class: "chart-figure" }, make("figcaption", {}, t("lossCaption")), place));
    }
    if (card.samples.length) parts.push(this.samples(card));
    parts.push(...this.copies(card));
    $("card").replaceChildren(...parts);
    this.card = card;
    this.chart();
  },

  chart() {
    if (!$("look-chart")) return;
    const { uniform, unigram, ngram } = this.baselines(this.card);
    drawChart($("look-chart"), { ...this.card.curves, baselines: { uniform, unigram, ngram }, steps: this.card.steps });
  },

  baselines(card) {
    const { nothing, letters, ngrams } = card.baselines;
    return { uniform: nothing, unigram: letters, ngram: ngrams };
  },

  facts(card) {
    const { layers, units, cell, ensemble } = card.network;
    const network = t("networkIs", { layers, units: number(units), cell: cell.toUpperCase() }) + (ensemble > 1 ? t("ensembleIs", { n: ensemble }) : "");
    const rows = [["network", network], ["weights", number(card.weights)], ["file", measure(card.bytes / 1e6, "megabyte", 1)],
      ["kinds", number(card.symbols)], ["began", card.base ?? t("nothing")]];
    if (card.corpus.symbols) rows.push(["trainedOn", t("symbolsIn", { n: number(card.corpus.symbols) })]);
    if (card.steps) rows.push(["steps", number(card.steps)]);
    if (card.seconds) rows.push(["time", duration(card.seconds)]);
    const facts = rows.map(([name, value]) => make("div", {}, make("dt", {}, t(name)), make("dd", {}, value)));
    const alphabet = [...card.alphabet].map(visible).join(" ");
    return make("div", {}, make("dl", { class: "facts" }, ...facts),
      make("p", { class: "hint", dir: "auto" }, alphabet), make("p", { class: "hint" }, `SHA-256 ${card.sha256.slice(0, 16)}…`));
  },

  file(card) {
    const save = guarded(async () => {
      const data = await (await call(`/page/models/${encodeURIComponent(card.id)}/file`)).blob();
      const address = URL.createObjectURL(data);
      make("a", { href: address, download: `${card.id}.safetensors` }).click();
      setTimeout(() => URL.revokeObjectURL(address), 10_000);
    });
    return make("div", {}, make("p", { class: "buttons" }, make("button", { type: "button", onclick: save }, t("download"))), make("p", { class: "hint" }, t("downloadHint")));
  },

  scores(card) {
    const ours = card.scores.held_out_loss;
    const beside = Object.entries(this.baselines(card)).filter(([, value]) => Number.isFinite(value)).map(([name, value]) => [t(name), value, false]);
    if (!Number.isFinite(ours) && !beside.length) return null;
    const rows = [...beside, ...(Number.isFinite(ours) ? [[t("thisModel") + (card.base ? `, ${t("withBaseShort", { base: card.base })}` : ""), ours, true]] : [])].sort((one, other) => other[1] - one[1]);
    const most = rows[0][1];
    return make("table", {}, make("caption", {}, t("scoresCaption")),
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, t("predictor")), make("td", { class: "meter" }), make("th", { scope: "col", class: "number" }, t("nats")))),
      make("tbody", {}, ...rows.map(([name, value, own]) => make("tr", { class: own ? "ours" : null },
        make("th", { scope: "row" }, name),
        make("td", { class: "meter" }, make("svg", { viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" }, make("rect", { width: (100 * value) / most, height: 8 }))),
        make("td", { class: "number" }, number(value, 3))))));
  },

  samples(card) {
    const text = make("p", { class: "sheet-text sample", dir: "auto" });
    const output = make("output", { for: "look-scrubber" });
    const slider = make("input", { id: "look-scrubber", type: "range", min: 0, max: card.samples.length - 1, "aria-label": t("samples"), oninput: () => draw() });
    const draw = () => {
      const sample = card.samples[Number(slider.value)];
      text.textContent = sample.text;
      output.textContent = t("sampleAt", { step: number(sample.step) });
      slider.setAttribute("aria-valuetext", output.textContent);
    };
    slider.value = card.samples.length - 1;
    draw();
    return make("div", {}, make("h2", {}, t("samples")), make("div", { class: "slide" }, slider, output), text);
  },

  copies(card) {
    const title = make("h2", {}, t("copiedTitle"));
    if (!card.memory) return [title, make("p", { class: "hint" }, t("copiedNoMemory"))];
    const place = make("div", { "aria-live": "polite" });
    const check = async (text) => {
      const found = await getJson("/page/copies", { body: { text, model: card.id } });
      place.replaceChildren(...this.marked(found));
    };
    const sample = guarded(async () => {
      place.textContent = t("writing");
      const body = { model: card.id, prompt: "", max_tokens: 800, temperature: card.temperature ?? 0.8 };
      await check((await getJson("/v1/completions", { body })).choices[0].text);
    });
    const own = guarded(() => check(tail(tree.here.value, 10_000)));
    return [title, make("p", {}, t("copiedLead")),
      make("p", { class: "buttons" }, make("button", { type: "button", onclick: sample }, t("copiedSample")),
        tree.here.value ? make("button", { type: "button", onclick: own }, t("copiedPage")) : null), place];
  },

  /** A text with what was copied marked in it, and where each passage stands. */
  marked({ text, copies, symbols }) {
    const chars = [...text];
    const parts = [];
    let at = 0;
    let copied = 0;
    for (const copy of copies) {
      const size = [...copy.text].length;
      parts.push(chars.slice(at, copy.start).join(""), make("mark", {}, copy.text));
      at = copy.start + size;
      copied += size;
    }
    parts.push(chars.slice(at).join(""));
    const summary = copies.length ? t("copiedSome", { p: percent(copied / Math.max(1, chars.length)) }) : t("copiedNone");
    const places = copies.map((copy) => make("li", { class: "found" },
      t("copiedAt", { place: number(copy.place + 1), all: number(symbols) }), " ",
      make("span", { class: "around", dir: "auto" }, `…${copy.before}`, make("mark", {}, copy.text), `${copy.after}…`)));
    return [make("p", {}, summary), make("p", { class: "sheet-text sample", dir: "auto" }, ...parts), ...(places.length ? [make("ol", {}, ...places)] : [])];
  },
};

// ---------------------------------------------------------------- Start

function listen() {
  $("language").addEventListener("change", () => {
    language = $("language").value;
    store.set("language", language);
    translate();
    dials.build();
    models.fill($("second"), $("second").value, true);
    route();
  });
  $("theme").addEventListener("change", () => { chooseTheme($("theme").value); store.set("theme", $("theme").value); });

  const drop = $("drop");
  for (const name of ["dragenter", "dragover"]) drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
  // What is dropped beside it is not opened in place of the page.
  for (const name of ["dragover", "drop"]) document.addEventListener(name, (event) => event.preventDefault());
  drop.addEventListener("drop", guarded((event) => learn.give([...event.dataTransfer.files])));
  $("files").addEventListener("change", guarded(async () => { await learn.give([...$("files").files]); $("files").value = ""; }));
  $("paste").addEventListener("input", () => { $("use-paste").disabled = !$("paste").value.trim(); });
  $("use-paste").addEventListener("click", guarded(async () => { await learn.give([new File([$("paste").value], t("pasted"))]); $("paste").value = ""; $("use-paste").disabled = true; }));
  $("demo").addEventListener("click", guarded(() => learn.giveDemo()));
  $("minutes").addEventListener("input", () => minutesOf($("minutes"), $("minutes-out")));
  $("more-minutes").addEventListener("input", () => minutesOf($("more-minutes"), $("more-out")));
  $("start-form").addEventListener("submit", (event) => { event.preventDefault(); guarded(() => learn.start())(); });
  $("other-text").addEventListener("click", () => { location.hash = "#/learn"; });
  $("stop-training").addEventListener("click", guarded(() => learn.stop()));
  $("continue-training").addEventListener("click", guarded(() => learn.goOn()));
  $("rename").addEventListener("click", guarded(() => learn.rename()));
  for (const id of ["remove-training", "remove-draft"]) $(id).addEventListener("click", guarded(() => learn.remove()));
  $("scrubber").addEventListener("input", () => learn.scrub());
  // The desk is opened once its model is there: nothing is written with another meanwhile.
  $("write-with").addEventListener("click", guarded(async (event) => {
    event.preventDefault();
    store.set("model", learn.id);
    await models.refresh();
    location.hash = $("write-with").hash;
  }));

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
  $("model").addEventListener("change", () => { store.set("model", desk.model); desk.scores = null; desk.suit(); desk.settle(); desk.render(); desk.refresh(); });
  $("second").addEventListener("change", () => { store.set("second", desk.second); $("pair").hidden = true; desk.settle(); desk.refresh(); });
  for (const choice of document.querySelectorAll('input[name="way"]')) choice.addEventListener("change", () => { $("pair").hidden = true; desk.settle(); desk.refresh(); });
  $("mix").addEventListener("input", () => desk.settle());
  $("mix").addEventListener("change", () => desk.refresh());
  $("look-model").addEventListener("change", () => { location.hash = `#/look/${encodeURIComponent($("look-model").value)}`; });
  window.addEventListener("hashchange", () => { clear(); route(); });
  window.addEventListener("resize", () => { hidePeek(); if (shown === "learn" && learn.view) learn.schedule(); if (shown === "look") look.chart(); });
  watchEditor();
}

async function begin() {
  chooseLanguage();
  chooseTheme(store.get("theme") ?? "auto");
  translate();
  tree.restore();
  dials.build();
  listen();
  desk.fresh = tree.here.fresh ?? null;
  desk.put(tree.here.value, tree.here.at);
  await models.refresh();
  route();
}

guarded(begin)();
