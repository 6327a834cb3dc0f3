// The page: Learn, Write and Look. Modules without build step, library or outside request.
// It knows the routes of its own server, and nothing of models.

import {
  $, ServerError, clear, complain, date, desk, dials, duration, guarded, hidePeek, host, list, make, measure,
  models, number, percent, prepareDesk, say, store, t, tail, tree, visible,
} from "./write.js";

// ---------------------------------------------------------------- The server

const token = document.querySelector('meta[name="burble-token"]').content;

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
  if (host.shown && host.shown !== view) { window.scrollTo(0, 0); $("main").focus({ preventScroll: true }); }
  host.shown = view;
  hidePeek();
  learn.leave();
  if (view === "learn") guarded(() => learn.show(id))();
  if (view === "write") guarded(() => desk.show())();
  if (view === "look") guarded(() => look.show(id))();
}

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
  const lines = Object.entries(data.baselines ?? {}).filter(([name, value]) => host.texts.en[name] && Number.isFinite(value));
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
    $("reading").hidden = $("fields").hidden = true;
    $("draft-excerpt").textContent = "";
    const files = job.files.map((file) => (file.startsWith("builtin:") ? t("demoName") : file));
    $("name").value = job.name || files[0].replace(/\.\w+$/, "");
    $("minutes-hint").textContent = t("minutesHint");
    minutesOf($("minutes"), $("minutes-out"));
    let report;
    let parted = [];
    try {
      parted = (await getJson(`/v1/train/${job.id}/fields`)).data;
      if (parted.some((file) => !file.chosen && !file.optional)) {
        if (this.id !== job.id) return;
        $("draft-files").textContent = list(files);
        $("start-form").hidden = $("encodings").hidden = true;
        this.offerFields(job, parted);
        say(t("whichField"));
        return;
      }
      report = await getJson(`/v1/train/${job.id}/report`);
    } catch (error) {
      $("draft-files").textContent = list(files);
      $("start-form").hidden = true;
      this.offerEncodings(job, error.message);
      this.offerFields(job, parted);
      throw error;
    }
    if (this.id !== job.id) return;
    $("encodings").hidden = true;
    $("start-form").hidden = false;
    $("draft-files").textContent = list(files);
    const facts = [["characters", report.characters], ["lines", report.lines], ["documents", report.documents],
      ["kinds", report.symbols], ["validationPart", report.validation]];
    const letters = (symbols) => symbols.map(visible).join(" ");
    $("draft-facts").replaceChildren(
      ...facts.flatMap(([name, value]) => make("div", {}, make("dt", {}, t(name)), make("dd", {}, number(value)))),
      make("div", {}, make("dt", {}, t("frequent")), make("dd", { dir: "auto" }, letters(report.frequent))),
      ...(report.rare.length ? [make("div", {}, make("dt", {}, t("rarest")), make("dd", { dir: "auto" }, letters(report.rare)))] : []));
    $("draft-excerpt").textContent = report.beginning;
    if (report.notes.length) {
      $("draft-notes").replaceChildren(make("h3", {}, t("odd")), make("ul", { class: "notes", lang: "en" }, ...report.notes.map((note) => make("li", {}, note))));
    }
    this.showOverview(report);
    this.offerReading(job, report);
    this.offerFields(job, parted);
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

  /** The fields of files of records, each with a sample; one of each file is its text. An archive of texts may do without. */
  offerFields(job, parted) {
    $("fields").hidden = !parted.length;
    const groups = parted.map(({ file, name, chosen, likeliest, fields, more, optional }) => make("div", { role: "radiogroup", "aria-label": name },
      make("p", { dir: "auto" }, name),
      ...[...(optional ? [{ name: "", sample: "" }] : []), ...fields].map((field) => {
        const radio = make("input", { type: "radio", name: `field-${file}`, value: field.name });
        radio.checked = field.name === (chosen || (optional ? "" : likeliest));
        return make("label", {}, radio, " ", make("b", { dir: "auto" }, field.name || t("wholeTexts")), " ", make("span", { class: "hint", dir: "auto" }, field.sample));
      }),
      ...(more ? [make("p", { class: "hint" }, t("moreFields", { count: number(more) }))] : [])));
    $("fields").querySelector("fieldset > div").replaceChildren(...groups);
    $("fields").onsubmit = guarded(async (event) => {
      event.preventDefault();
      clear();
      const fields = job.files.map((_, file) => $("fields").querySelector(`[name="field-${file}"]:checked`)?.value ?? "");
      await this.showDraft(await getJson(`/v1/train/${job.id}`, { body: { fields } }));
    });
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
    models.fill($("look-model"), $("look-model").value);
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
    const save = (what, ending) => guarded(async () => {
      const data = await (await call(`/page/models/${encodeURIComponent(card.id)}/${what}`)).blob();
      const address = URL.createObjectURL(data);
      make("a", { href: address, download: `${card.id}.${ending}` }).click();
      setTimeout(() => URL.revokeObjectURL(address), 10_000);
    });
    const offer = (key, ...saved) => [
      make("p", { class: "buttons" }, make("button", { type: "button", onclick: save(...saved) }, t(key))), make("p", { class: "hint" }, t(`${key}Hint`)),
    ];
    return make("div", {}, ...offer("download", "file", "safetensors"), ...offer("downloadPage", "page", "html"));
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
  marked({ text, copies, characters }) {
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
      t("copiedAt", { place: number(copy.place + 1), all: number(characters) }), " ",
      make("span", { class: "around", dir: "auto" }, `…${copy.before}`, make("mark", {}, copy.text), `${copy.after}…`)));
    return [make("p", {}, summary), make("p", { class: "sheet-text sample", dir: "auto" }, ...parts), ...(places.length ? [make("ol", {}, ...places)] : [])];
  },
};

// ---------------------------------------------------------------- Start

function listen() {
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

  $("look-model").addEventListener("change", () => { location.hash = `#/look/${encodeURIComponent($("look-model").value)}`; });
  window.addEventListener("hashchange", () => { clear(); route(); });
  window.addEventListener("resize", () => { hidePeek(); if (host.shown === "learn" && learn.view) learn.schedule(); if (host.shown === "look") look.chart(); });
}

Object.assign(host, {
  memory: () => localStorage,
  listModels: async () => (await getJson("/page/models")).data,
  describeModel: (id) => getJson(`/page/models/${encodeURIComponent(id)}`),
  async *write(body, signal) {
    const response = await call("/v1/completions", { body, signal });
    for await (const event of readEvents(response)) {
      if (event.error) throw new ServerError(event.error.message);
      if (event.choices?.[0]?.text) yield event.choices[0].text;
    }
  },
  suggest: (body, signal) => getJson("/page/next", { body, signal }),
  score: (body, signal) => getJson("/page/scores", { body, signal }),
  refreshed: route,
});

async function begin() {
  host.texts = await (await fetch("/page/texts.json")).json();
  prepareDesk();
  listen();
  await models.refresh();
  route();
}

guarded(begin)();
