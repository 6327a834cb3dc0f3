"""The command that serves models to a page and to other programs: serve. Loads no JAX."""

import os
import re
import socket
import threading
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from burble.cli.options import MODEL_HELP, note_namesakes
from burble.cli.output import log
from burble.errors import InputError, SettingsError
from burble.files import find_models_folder
from burble.formatting import listed, shown
from burble.settings import require

PORT = 8000
Models = Annotated[
    list[Path] | None,
    typer.Argument(
        help=f"{MODEL_HELP} Without any, all of the models folder, and the bases.",
        callback=note_namesakes,
    ),
]
Folder = Annotated[
    Path | None,
    typer.Option(
        "--models",
        help="The models folder. \\[default: your own, or what BURBLE_MODELS names]",
        metavar="FOLDER",
    ),
]
Host = Annotated[str, typer.Option(help="The address to listen at. Others need --api-key.")]
Port = Annotated[int, typer.Option(help="The port to listen at; 0 takes one that is free.")]
Key = Annotated[
    str | None,
    typer.Option(
        help="What clients must send as their api key.", envvar="BURBLE_API_KEY", metavar="KEY"
    ),
]
Origins = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-origin",
        help="The origin of a page elsewhere that may ask, such as https://example.org; null for "
        "one that is opened as a file.",
        metavar="ORIGIN",
    ),
]
Browser = Annotated[bool, typer.Option(help="Open the page in the browser.")]
Page = Annotated[bool, typer.Option(help="Serve the page besides the API.")]


def serve(
    model: Models = None,
    models: Folder = None,
    host: Host = "127.0.0.1",
    port: Port = PORT,
    api_key: Key = None,
    allow_origin: Origins = None,
    browser: Browser = True,
    page: Page = True,
) -> None:
    """Serve models on this machine: a page to train on and write with, and an API.

    Other programs find completions at /v1, as of the OpenAI API.
    """
    from burble.web.access import Access, is_local_host
    from burble.web.app import build_app
    from burble.web.registry import Registry, name_models
    from burble.web.server import serve as serve_app

    local = is_local_host(host)
    _check(host, port, api_key, local=local)
    _check_origins(allow_origin or [])
    _check_folder(models)
    folder = models or find_models_folder()
    registry = Registry(name_models(model or []), None if model else folder)
    for path in registry.paths().values() if model else []:
        # What is damaged is told now, not to the first client.
        registry.generator(next(n for n, p in registry.paths().items() if p == path))
    access = Access(local, api_key, frozenset(allow_origin or ()))
    listening = _listen(host, port)
    url = _url(listening)

    def tell() -> None:
        log(f"burble serves {listed(registry.names()) or 'no model yet'} at {url}")
        log("Ctrl-C stops it.")
        if browser and page:
            threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()

    serve_app(build_app(registry, access, page=page, folder=folder), listening, tell)


def _check(host: str, port: int, api_key: str | None, *, local: bool) -> None:
    """Refuses what would open the server to others, or cannot be.

    Raises:
        SettingsError: Anybody who reaches the machine could ask.
    """
    require(0 <= port < 1 << 16, "port", port, "0 to 65535")
    if api_key is not None and not re.fullmatch(r"[!-~]([ -~]*[!-~])?", api_key):
        raise SettingsError(
            "api_key must be of printable ASCII characters, without a blank at either end."
        )
    if not local and api_key is None:
        raise SettingsError(
            f"host is {host!r}, so that other machines could ask this server. Give a key that "
            "they must know, with --api-key, or leave out --host."
        )


def _check_folder(models: Path | None) -> None:
    """Refuses a models folder that is none and cannot be made: what is trained on the page does.

    Raises:
        SettingsError: It is that.
    """
    if models and not (models.is_dir() or (models.parent.is_dir() and not models.exists())):
        raise SettingsError(
            f"models is {shown(models)}, but must be a folder, or the name of one in a folder that "
            "is there. Name another, or leave out --models."
        )


def _check_origins(origins: list[str]) -> None:
    """Refuses what no browser ever calls the origin of a page.

    Raises:
        SettingsError: One is an address, or a pattern.
    """
    for origin in origins:
        if not re.fullmatch(r"null|[a-z][a-z0-9+.-]*://[^/*\s]+", origin):
            raise SettingsError(
                f"allow_origin is {origin!r}, but must be as browsers send it: a scheme, a host "
                "and perhaps a port, without anything behind, such as https://example.org; or null."
            )


def _listen(host: str, port: int) -> socket.socket:
    """A socket where clients come.

    Raises:
        InputError: The address is not of this machine, or the port is taken.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(address[:2], family=family, backlog=1024)
    except OSError as error:
        # Python adds the address to the system's own words.
        why = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        raise InputError(
            f"cannot listen at {shown(host)}, port {port}: {why}. Choose another with "
            "--port, or 0 for one that is free."
        ) from error


def _url(listening: socket.socket) -> str:
    """Where the server is found."""
    host, port = listening.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"
