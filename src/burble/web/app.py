"""The application: its routes, and what they share. Knows nothing of sockets."""

import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from burble import __version__
from burble.errors import BurbleError
from burble.files import find_models_folder
from burble.model.file import find_model_file
from burble.web.access import Access, Guard
from burble.web.completions import complete
from burble.web.description import describe_api
from burble.web.errors import (
    ApiError,
    ClientGone,
    answer_api_error,
    answer_client_gone,
    answer_fault,
    answer_http_error,
)
from burble.web.jobs import Jobs
from burble.web.metrics import CONTENT_TYPE, Metrics
from burble.web.page_routes import page_routes
from burble.web.preparation import Preparation
from burble.web.registry import Registry
from burble.web.tokens import detokenize, show_tokenizer, tokenize
from burble.web.training_routes import training_routes
from burble.web.writer import Writer


def build_app(
    models: Registry, access: Access, *, page: bool = True, folder: Path | None = None
) -> Starlette:
    """The application.

    Args:
        models: What is served.
        access: Who may ask.
        page: Whether there is a page besides the API.
        folder: Where what is trained on the page goes; the person's own models folder if None.

    Returns:
        The application. Its `state` holds `models`, `token` (what the page must send), `writer`,
        `metrics`, `jobs` (the trainings), and `stopping`, which is set once it is to stop.
    """
    metrics = Metrics()
    handlers: dict[Any, Callable[..., Any]] = {
        ApiError: answer_api_error,
        BurbleError: answer_api_error,
        ClientGone: answer_client_gone,
        HTTPException: answer_http_error,
        Exception: answer_fault,
    }
    app = Starlette(
        routes=[*API, *([*page_routes(), *training_routes()] if page else [])],
        middleware=[Middleware(Guard, access=access, metrics=metrics)],
        exception_handlers=handlers,
        lifespan=_lifespan,
    )
    # A path with a slash too many is none; redirects lose bodies.
    app.router.redirect_slashes = False
    app.state.models = models
    app.state.metrics = metrics
    app.state.stopping = threading.Event()
    app.state.preparation = Preparation(models)
    app.state.with_key = access.api_key is not None
    app.state.token = access.token
    app.state.writer = Writer(metrics)
    app.state.jobs = Jobs(folder or find_models_folder())
    return app


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    """Writes as long as the application runs."""
    app.state.writer.start()
    try:
        yield
    finally:
        app.state.writer.stop()


async def _health(_request: Request) -> Response:
    """`GET /health`."""
    return JSONResponse({"status": "ok", "version": __version__})


async def _list_models(request: Request) -> Response:
    """`GET /v1/models`."""
    paths = request.app.state.models.paths()
    data = [_describe(name, path) for name, path in paths.items()]
    return JSONResponse({"object": "list", "data": data})


async def _show_model(request: Request) -> Response:
    """`GET /v1/models/NAME`."""
    name = request.path_params["name"]
    return JSONResponse(_describe(name, request.app.state.models.find(name)))


def _describe(name: str, path: Path) -> dict[str, Any]:
    """A model, as clients read it."""
    created = int(find_model_file(path).stat().st_mtime)
    return {"id": name, "object": "model", "created": created, "owned_by": "burble"}


async def _show_metrics(request: Request) -> Response:
    """`GET /metrics`."""
    return Response(request.app.state.metrics.expose(), media_type=CONTENT_TYPE)


async def _show_description(request: Request) -> Response:
    """`GET /openapi.json`."""
    return JSONResponse(describe_api(with_key=request.app.state.with_key))


API: list[BaseRoute] = [
    Route("/health", _health),
    Route("/openapi.json", _show_description),
    Route("/metrics", _show_metrics),
    Route("/v1/models", _list_models),
    Route("/v1/models/{name}", _show_model),
    Route("/v1/completions", complete, methods=["POST"]),
    Route("/tokenize", tokenize, methods=["POST"]),
    Route("/tokenizer_info", show_tokenizer),
    Route("/detokenize", detokenize, methods=["POST"]),
]
