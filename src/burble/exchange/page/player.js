// The exported page: the view in which one writes, with a model that the page itself holds. Nothing is asked of any
// server, and nothing is kept.
import { Writer } from "./writer.js";
import { $, complain, desk, guarded, host, models, prepareDesk, t } from "./write.js";

/** The bytes that an element holds. */
function decode(id) {
  const text = $(id).textContent;
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const chars = atob(text);
  const bytes = new Uint8Array(chars.length);
  for (let i = 0; i < chars.length; i += 1) bytes[i] = chars.charCodeAt(i);
  return bytes;
}

const facts = JSON.parse($("facts").textContent);
const writer = new Writer(decode("model-file"), facts, decode("step"));

Object.assign(host, {
  texts: JSON.parse($("texts").textContent),
  shown: "write",
  listModels: async () => [{ id: "model", name: facts.name, memory: false, labels: writer.about.labels ?? [] }],
  describeModel: async () => facts.writing,
  write: (body, signal) => writer.write(body.prompt, {
    length: body.max_tokens, temperature: body.temperature, topP: body.top_p, seed: body.seed, labels: body.label, signal,
  }),
  suggest: ({ text, label }, signal) => writer.suggest(text, { labels: label, signal }),
  score: async ({ text, label }, signal) => ({ symbols: await writer.score(text, { labels: label, signal }) }),
  refreshed: () => { tell(); desk.show(); },
});

/** Says how it computes here. */
function tell() { $("how").textContent = t(writer.usesModule ? "withModule" : "withoutModule"); }

async function begin() {
  prepareDesk();
  tell();
  $("write").hidden = false;
  for (const id of ["model", "second"]) $(id).closest(".field").hidden = true;
  // What was written is nowhere else.
  window.addEventListener("beforeunload", (event) => { if ($("text").value) event.preventDefault(); });
  await models.refresh();
  await desk.show();
}

// For whoever would rather call it: `await burble.generate("Once ", { length: 300, seed: 7 })`.
globalThis.burble = {
  usesModule: writer.usesModule,
  writer,
  async generate(prompt = "", options = {}) {
    let text = "";
    for await (const piece of writer.write(prompt, options)) text += piece;
    return text;
  },
};

guarded(begin)();
