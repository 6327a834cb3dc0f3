// Runs Python in Pyodide, under Node: node pyodide.mjs PYODIDE PACKAGES WHEELS CODE
// PYODIDE is its module, PACKAGES a folder of what it has fetched before, WHEELS one whose wheels are
// unpacked and whose other files lie in /given; prints what the code prints, or why it failed.
import { pathToFileURL } from "node:url";

const [place, packages, given, code] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(place));
try {
  const python = await loadPyodide({ packageCacheDir: packages, stdout: console.log });
  await python.loadPackage("numpy", { messageCallback: () => {} });
  python.FS.mkdirTree("/given");
  python.FS.mount(python.FS.filesystems.NODEFS, { root: given }, "/given");
  await python.runPythonAsync(`
import glob, shutil, site
for wheel in glob.glob("/given/*.whl"):
    shutil.unpack_archive(wheel, site.getsitepackages()[0], "zip")
`);
  await python.runPythonAsync(code);
} catch (error) {
  console.error(String(error.message ?? error));
  process.exit(1);
}
