"""The command that tells what burble runs on and what it keeps, and clears that.

Imports none of the packages that it tells of.
"""

import importlib.util
import json
import platform
import shutil
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any

import typer

from burble import __version__, files
from burble.cli.options import AsJson
from burble.data import cache
from burble.formatting import shown, some
from burble.native.library import explain
from burble.training.processes import available_cores

TRAINS = ("jax", "keras", "h5py")
NEEDED = (*TRAINS, "numpy", "safetensors")
EXTRAS = {"pydivsufsort": "scores", "pyppmd": "scores", "optuna": "tune"}


def doctor(
    clear_cache: Annotated[
        bool, typer.Option("--clear-cache", help="Remove all of the cache folder.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Report what burble runs on and what its cache folder holds, or clear that folder."""
    freed = _clear_cache() if clear_cache else {}
    found = collect_facts() | freed
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        print("\n".join(_format_facts(found)))


def _clear_cache() -> dict[str, Any]:
    """Clears the cache; what came of it, in JSON types."""
    freed, stays = cache.clear()
    return {"freed": freed, "in_use": [shown(path) for path in stays]}


def collect_facts() -> dict[str, Any]:
    """What burble runs on and what it keeps, in JSON types."""
    base = files.find_cache()
    there = next(path for path in (base, *base.parents) if path.exists())
    return {
        "burble": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": available_cores(),
        "kernels": explain(),
        "packages": {name: _installed_version(name) for name in (*NEEDED, *EXTRAS)},
        "cache": shown(base),
        "kept": {
            part.name: {"entries": part.entries, "bytes": part.size} for part in cache.list_parts()
        },
        "corpora_limit": cache.read_limit(),
        "free": shutil.disk_usage(there).free,
    }


def _installed_version(name: str) -> str | None:
    """The version of a package that can be imported, without importing it; otherwise None."""
    if importlib.util.find_spec(name) is None:
        return None
    try:
        return version(name)
    except PackageNotFoundError:
        return "of unknown version"


def _format_facts(found: dict[str, Any]) -> list[str]:
    """The facts as lines for a person."""
    lines = [
        f"burble {found['burble']}, Python {found['python']}, {found['system']}, "
        f"{some(found['cores'], 'core')}"
    ]
    for name, there in found["packages"].items():
        extra = EXTRAS.get(name, "")
        needed = f"needed by burble {extra}" if extra == "tune" else f"needed for {extra}"
        needed = needed if extra else "needed to train" if name in TRAINS else "needed"
        cure = f"not installed, {needed}: pip install {name}"
        lines.append(f"{name:<14}{there or cure}")
    lines.append(f"kernels       {found['kernels']}")
    lines.append(f"cache         {found['cache']}, {_format_bytes(found['free'])} free on its disk")
    for name, what in cache.PARTS.items():
        part = found["kept"][name]
        entries = f"{part['entries']:,} {'entry' if part['entries'] == 1 else 'entries'}"
        lines.append(f"  {name:<12}{_format_bytes(part['bytes'])} in {entries} ({what})")
    lines.append(
        f"  corpora may take {_format_bytes(found['corpora_limit'])} in all (set "
        f"{cache.LIMIT_VARIABLE} for another limit); --clear-cache removes all of it"
    )
    if "freed" in found:
        lines.append(f"{_format_bytes(found['freed'])} freed.")
    lines += [f"{path} is in use and stays." for path in found.get("in_use", ())]
    return lines


def _format_bytes(size: int) -> str:
    """A size as a person reads it.

    >>> _format_bytes(12_300_000), _format_bytes(2_500_000_000), _format_bytes(800)
    ('12.3 MB', '2.5 GB', '800 bytes')
    """
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("KB", 10**3)):
        if size >= factor:
            return f"{size / factor:,.1f} {unit}"
    return some(size, "byte")
