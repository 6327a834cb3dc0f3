"""Routes that the page alone uses: its files, and what it shows of models and texts.

They are for this machine alone; whoever may ask is checked before they are called. Know no
mathematics.
"""

import html
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from burble.data.cleaning import clean
from burble.errors import ModelFileError
from burble.exchange.html_page import build_page
from burble.inference.copies import count_characters, mark_copies
from burble.inference.generator import Generator
from burble.inference.suggestions import Suggestion
from burble.inference.symbol_scores import score_symbols
from burble.model.file import find_model_file, read_model
from burble.ngram.file import index_path
from burble.settings import is_number
from burble.web.bodies import read_json
from burble.web.errors import ApiError
from burble.web.model_card import describe_model

FILES = Path(__file__).parent / "page"
KINDS = {
    "page.css": "text/css",
    "page.js": "text/javascript",
    "write.js": "text/javascript",
    "texts.json": "application/json",
    "icon.svg": "image/svg+xml",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Nothing is loaded from elsewhere, and no script or style stands in the page itself."""
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
MOST_CHARACTERS = 20_000
"""Of a text that is looked at letter by letter."""
MOST_WEIGHT = 1_000
"""Of a model in a mixture."""
_WORKERS = anyio.CapacityLimiter(2)
"""Threads that look at texts at once; the page asks often."""

T = TypeVar("T")


def page_routes() -> list[Route]:
    """The page at /, and all routes below /page/."""
    return [
        Route("/", show_page, methods=["GET"]),
        *(Route(f"/page/{name}", show_file, methods=["GET"]) for name in KINDS),
        Route("/page/models", list_models, methods=["GET"]),
        Route("/page/models/{id}", show_model, methods=["GET"]),
        Route("/page/models/{id}/file", send_model, methods=["GET"]),
        Route("/page/models/{id}/page", send_page, methods=["GET"]),
        Route("/page/next", suggest, methods=["POST"]),
        Route("/page/scores", score, methods=["POST"]),
        Route("/page/copies", show_copies, methods=["POST"]),
    ]


async def _in_thread(work: Callable[[], T]) -> T:
    """Does what takes a while without holding up others."""
    return await anyio.to_thread.run_sync(work, limiter=_WORKERS)


async def show_page(request: Request) -> Response:
    """The page, with the token that its own routes ask for."""
    token = html.escape(str(request.app.state.token))
    page = (FILES / "index.html").read_text("utf-8").replace("$token", token)
    page = page.replace("$write", (FILES / "write.html").read_text("utf-8"))
    return Response(page, media_type="text/html", headers=HEADERS)


async def show_file(request: Request) -> Response:
    """A file of the page."""
    name = request.url.path.rpartition("/")[2]
    data = (FILES / name).read_bytes()
    return Response(data, media_type=KINDS[name], headers=HEADERS)


async def list_models(request: Request) -> Response:
    """All models, with what they are called and whether there is a memory beside them."""
    models, jobs = request.app.state.models, request.app.state.jobs
    names = {job.id: str(job.about["name"]) for job in jobs.find_all()}
    for job in jobs.find_started():
        if job.run.has_model and job.id not in models.names():
            models.add(job.id, job.run.folder)
    found = []
    for name, path in models.paths().items():
        try:
            memory = index_path(find_model_file(path)).exists()
        except ModelFileError:
            # It was removed since it was named; the others are there.
            continue
        found.append({"id": name, "name": names.get(name) or name, "memory": memory})
    return JSONResponse({"data": found})


async def show_model(request: Request) -> Response:
    """The card of a model."""
    name = request.path_params["id"]
    path = request.app.state.models.find(name)
    return JSONResponse({"id": name, **await _in_thread(lambda: describe_model(path))})


async def send_model(request: Request) -> Response:
    """The file of a model."""
    name = request.path_params["id"]
    file = find_model_file(request.app.state.models.find(name))
    return FileResponse(file, filename=f"{name}.safetensors", headers=HEADERS)


async def send_page(request: Request) -> Response:
    """A page that writes with a model, as `burble export` makes it."""
    name = request.path_params["id"]
    models, jobs = request.app.state.models, request.app.state.jobs
    file = find_model_file(models.find(name))
    titles = {job.id: str(job.about["name"]) for job in jobs.find_all()}
    title = titles.get(name) or name
    page = await _in_thread(lambda: build_page(read_model(file), title))
    # It is to be kept, not opened here, where its scripts may not run.
    return Response(page, media_type="application/octet-stream", headers=HEADERS)


@dataclass(frozen=True)
class _Question:
    """A text, and the model that it is laid before.

    Attributes:
        text: The text.
        model: Its name, or names with + between them.
        mix: The weight of each of those.
        memory: Weight of its memory.
    """

    text: str
    model: str | None
    mix: list[float] | None
    memory: float


def _is_weight(value: Any) -> bool:
    """Whether it can be the weight of a model or a memory: a number that has no end of digits."""
    return is_number(value) and 0 <= value <= MOST_WEIGHT


async def _read_question(request: Request) -> _Question:
    """What is asked about a text.

    Raises:
        ApiError: A field is missing, or has a value that it cannot have.
    """
    fields = await read_json(request)
    text, model = fields.get("text"), fields.get("model")
    if not isinstance(text, str) or len(text) > MOST_CHARACTERS:
        raise ApiError(400, f"text must be one of {MOST_CHARACTERS:,} characters at most.")
    if model is not None and not isinstance(model, str):
        raise ApiError(400, f"model is {model!r}, but must be a name.", param="model")
    mix, memory = fields.get("mix"), fields.get("memory", 0.0)
    if mix is not None and not (isinstance(mix, list) and all(map(_is_weight, mix))):
        expected = f"a list of numbers from 0 to {MOST_WEIGHT}"
        raise ApiError(400, f"mix is {repr(mix)[:99]}, but must be {expected}.", param="mix")
    if not _is_weight(memory):
        came = repr(memory)[:99]
        raise ApiError(400, f"memory is {came}, but must be from 0 to 1.", param="memory")
    return _Question(text, model, mix, float(memory))


def _load(request: Request, question: _Question) -> Generator:
    """The model that is asked."""
    found: Generator = request.app.state.models.generator(question.model, question.mix)
    return found


def _list_suggestions(found: tuple[Suggestion, ...]) -> list[dict[str, Any]]:
    """Suggestions in JSON types."""
    return [{"text": one.text, "probability": one.probability} for one in found]


async def suggest(request: Request) -> Response:
    """The likeliest next words and letters after a text."""
    question = await _read_question(request)

    def work() -> dict[str, Any]:
        generator = _load(request, question)
        found = generator.suggest(question.text, unknown="nearest", memory=question.memory)
        model = generator.model
        # What parts documents is none of their symbols, and is read all the same.
        cleaned = clean(question.text, model.text)[0]
        documents = cleaned.split(model.separator) if model.separator else [cleaned]
        unknown = {symbol for one in documents for symbol in model.vocabulary.unknown(one)}
        return {
            "unknown": sorted(unknown),
            "words": _list_suggestions(found.words),
            "letters": _list_suggestions(found.symbols),
        }

    return JSONResponse(await _in_thread(work))


async def score(request: Request) -> Response:
    """How surprised a model is by each symbol of a text, and what it expected instead."""
    question = await _read_question(request)

    def work() -> list[dict[str, Any]]:
        scores = score_symbols(
            _load(request, question), question.text, unknown="nearest", memory=question.memory
        )
        return [
            {
                "at": one.at,
                "text": one.text,
                "log_probability": one.log_probability,
                "likeliest": _list_suggestions(one.likeliest),
            }
            for one in scores
        ]

    return JSONResponse({"symbols": await _in_thread(work)})


async def show_copies(request: Request) -> Response:
    """What of a text stands word for word in the text that a model was trained on."""
    question = await _read_question(request)
    return JSONResponse(
        await _in_thread(lambda: _find_copies(_load(request, question), question.text))
    )


def _find_copies(generator: Generator, text: str) -> dict[str, Any]:
    """The passages that were copied, with where they stand and what stands around them there.

    Raises:
        SettingsError: The model has no memory, which holds its training text.
    """
    source = generator.memory.index.ids()
    model, size = generator.model, len(source)
    read, copied = mark_copies(text, model, source)
    # The end is counted only for those who are told a place.
    characters = count_characters(source, model.vocabulary, [size] * bool(copied)).get(size, 0)
    return {"text": read, "copies": list(map(asdict, copied)), "characters": characters}
