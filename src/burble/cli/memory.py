"""Reads the texts that --memory names, and shows how far it is. Imports neither Keras nor JAX."""

from collections.abc import Mapping
from typing import Any

from burble.cli.output import console, log
from burble.inference.generator import Generator
from burble.inference.settings import choose_memory
from burble.settings import SourceSettings


def take_memory(
    writer: Generator, options: Mapping[str, Any], reading: SourceSettings
) -> tuple[Generator, dict[str, Any]]:
    """The generator with the memory that some options name; see `Generator.take_memory`."""
    if not choose_memory(options.get("memory", 0.0), options.get("memory_weight")).texts:
        return writer.take_memory(options, reading, log)
    with console.status("Reading for the memory …") as status:
        return writer.take_memory(
            options,
            reading,
            log,
            lambda done, total: status.update(
                f"Reading for the memory: {done / 1e6:,.0f} of {total / 1e6:,.0f} MB …"
            ),
        )
