"""Compiles the library of `burble.native` where a compiler is at hand, as a part of each build.

    python hatch_build.py

builds it in place, for a tree that is used as it is. Without a compiler the package is built
without the library, and runs all the same. BURBLE_NATIVE=0 leaves it out; with BURBLE_NATIVE=1 it
is an error that it cannot be built. Knows nothing of what the sources compute.
"""

import hashlib
import importlib.util
import os
import platform
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
SOURCES = ROOT / "src" / "burble" / "native"
LIBRARY = {"win32": "kernels.dll", "darwin": "kernels.dylib"}.get(sys.platform, "kernels.so")
WISH = os.environ.get("BURBLE_NATIVE", "")
FLAGS = ["-std=c11", "-O3", "-ffp-contract=off", "-fvisibility=hidden"]
"""Sums of products are rounded as the sources say, not as a compiler likes."""
SETS = {
    "x86_64": {
        "avx2": ["-mavx2", "-mfma"],
        "avx512": ["-mavx512f", "-mavx512dq", "-mavx512bw", "-mavx512vl", "-mfma"],
    },
    "arm64": {"neon": []},
}
"""Instruction sets that `kernels/` is compiled for, each with its flags, by processor."""
NAMES = {"amd64": "x86_64", "aarch64": "arm64"}
"""What processors are called elsewhere."""


class CustomBuildHook(BuildHookInterface[Any]):
    """Adds the library to a wheel, and names the wheel after the platform then."""

    def dependencies(self) -> list[str]:
        """What must be installed first.

        `jaxlib`, which has the declarations with which XLA calls a function in C, where burble asks
        for JAX: elsewhere there is none, and `xla_*.c` are left out.
        """
        builds = self.target_name == "wheel" and WISH != "0" and find_compiler()
        needed = [one for one in self.metadata.core.dependencies if one.startswith("jax>")]
        return [one.replace("jax", "jaxlib", 1) for one in needed] if builds else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compiles before the files of the package are gathered."""
        if self.target_name != "wheel" or not build():
            return
        build_data["artifacts"].append(f"/src/burble/native/{LIBRARY}")
        if version != "editable":
            build_data["pure_python"] = False
            build_data["tag"] = f"py3-none-{find_platform()}"


def build() -> bool:
    """Compiles the library beside its sources; whether it is there now.

    Raises:
        RuntimeError: It must be there, and cannot be compiled.
    """
    if WISH == "0":
        return False
    compiler = find_compiler()
    try:
        problem = compile_library(compiler) if compiler else "no C compiler was found"
    except OSError as error:
        # A folder that must not be written to, for one.
        problem = str(error)
    if not problem:
        return True
    if WISH == "1":
        raise RuntimeError(f"burble's kernels were not built: {problem}.")
    print(f"burble is built without its compiled kernels, and runs without them ({problem}).")
    return False


def find_compiler() -> list[str]:
    """The command of a C compiler that knows GCC's vectors; empty where there is none."""
    if processor() not in SETS:
        return []
    if named := shlex.split(os.environ.get("CC", "")):
        return named if shutil.which(named[0]) else []
    names = ("clang", "gcc") if sys.platform == "win32" else ("cc", "gcc", "clang")
    return next(([name] for name in names if shutil.which(name)), [])


def processor() -> str:
    """The name of the processor in `SETS`."""
    name = platform.machine().lower()
    return NAMES.get(name, name)


def compile_library(compiler: list[str]) -> str:
    """Compiles and replaces the library; what went wrong, in a line, or nothing."""
    include = find_headers()
    often = sorted((SOURCES / "kernels").glob("*.c"))
    once = [p for p in sorted(SOURCES.glob("*.c")) if include or not p.name.startswith("xla_")]
    flags = [*FLAGS, f'-DSOURCES="{fingerprint()}"', f"-I{SOURCES}"]
    flags += [f"-I{include}", "-DBURBLE_XLA"] if include else []
    flags += [] if sys.platform == "win32" else ["-fPIC", "-pthread"]
    with tempfile.TemporaryDirectory() as folder:
        objects: list[str] = []
        work = [(source, "", []) for source in once]
        work += [(s, name, more) for name, more in SETS[processor()].items() for s in often]
        for source, name, more in work:
            objects.append(
                str(Path(folder) / f"{source.stem}{name and '_'}{name}_{len(objects)}.o")
            )
            own = [*more, f"-DISA={name}"] if name else []
            command = [*compiler, *flags, *own, "-c", str(source), "-o", objects[-1]]
            if problem := run(command):
                return problem
        made = Path(folder) / LIBRARY
        libraries = [] if sys.platform == "win32" else ["-pthread", "-lm"]
        if problem := run([*compiler, "-shared", *objects, *libraries, "-o", str(made)]):
            return problem
        # A process that has the old one loaded keeps it: a new file takes its name.
        beside = SOURCES / f".{LIBRARY}.new"
        try:
            shutil.copy(made, beside)
            os.replace(beside, SOURCES / LIBRARY)
        finally:
            beside.unlink(missing_ok=True)
    return ""


def find_headers() -> Path | None:
    """The folder of XLA's headers, in the Python that builds."""
    found = importlib.util.find_spec("jaxlib")
    folder = Path(found.origin).parent / "include" if found and found.origin else None
    return folder if folder and (folder / "xla" / "ffi" / "api" / "c_api.h").exists() else None


def run(command: list[str]) -> str:
    """Runs a command; the first line of what it complains of where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    lines = [line for line in done.stderr.splitlines() if "error" in line] or ["it failed"]
    return f"{command[0]}: {lines[0].strip()}" if done.returncode else ""


def fingerprint() -> str:
    """What stands for all sources; `burble.native.library` looks for the same."""
    digest = hashlib.sha256()
    for path in sorted(SOURCES.rglob("*.[ch]")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def find_platform() -> str:
    """The platform in the name of a wheel."""
    if sys.platform == "darwin":
        target = os.environ.get("MACOSX_DEPLOYMENT_TARGET", "11.0").replace(".", "_")
        return f"macosx_{target}_{processor()}"
    return sysconfig.get_platform().replace("-", "_").replace(".", "_")


def is_built() -> bool:
    """Whether the library beside the sources was compiled from them as they are."""
    library = SOURCES / LIBRARY
    return library.exists() and fingerprint().encode() in library.read_bytes()


if __name__ == "__main__":
    sys.exit(0 if is_built() or build() else 1)
