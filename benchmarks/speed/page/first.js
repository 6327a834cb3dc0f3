// Notes when the first character was there, in milliseconds since the page was opened.
// A page either says how it writes so many characters, `globalThis.write`, or is burble's own.
addEventListener("load", async () => {
  if (globalThis.burble) {
    globalThis.write = async (length) => [...(await burble.generate("", { length, seed: 1 }))].length;
  }
  await globalThis.ready;
  await globalThis.write(1);
  globalThis.first = performance.now();
});
