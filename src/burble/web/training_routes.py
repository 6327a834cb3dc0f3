"""Routes of trainings: a text is given, looked at, learned, and what happens is followed.

They are the page's own, for this machine alone; whoever may ask is checked before they are called.
Know nothing of how a model is trained.
"""

import threading
from collections.abc import AsyncGenerator
from typing import Any

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from burble.settings import is_number
from burble.web.bodies import read_body, read_json
from burble.web.errors import ApiError, stopping
from burble.web.given_text import list_fields, read_report
from burble.web.job import Job
from burble.web.jobs import Jobs
from burble.web.streams import EventStream

MOST_BYTES = 64 << 20
"""Of one file that is given."""
MASKS = ("mask_names", "mask_private")
READING = ("chat", *MASKS)
"""What can be said of how a text is read, besides its encoding."""
LOOK_EVERY = 0.2
"""Seconds after which it is looked again what has happened."""


def training_routes() -> list[Route]:
    """All routes below /v1/train."""
    return [
        Route("/v1/train", list_trainings, methods=["GET"]),
        Route("/v1/train", start_training, methods=["POST"]),
        Route("/v1/train/texts", give_text, methods=["POST"]),
        Route("/v1/train/demo", give_demo, methods=["POST"]),
        Route("/v1/train/{id}", show_training, methods=["GET"]),
        Route("/v1/train/{id}", change_training, methods=["POST"]),
        Route("/v1/train/{id}", remove_training, methods=["DELETE"]),
        Route("/v1/train/{id}/report", report_text, methods=["GET"]),
        Route("/v1/train/{id}/fields", show_fields, methods=["GET"]),
        Route("/v1/train/{id}/events", follow_training, methods=["GET"]),
        Route("/v1/train/{id}/stop", stop_training, methods=["POST"]),
        Route("/v1/train/{id}/continue", continue_training, methods=["POST"]),
    ]


def _jobs(request: Request) -> Jobs:
    """The trainings of this server."""
    jobs: Jobs = request.app.state.jobs
    return jobs


def _find(request: Request, name: object) -> Job:
    """The training of an id.

    Raises:
        ApiError: There is none (404).
    """
    try:
        return _jobs(request).find(str(name))
    except LookupError as error:
        raise ApiError(404, str(error.args[0]), code="training_not_found") from None


def _describe(request: Request, job: Job, status: int = 200) -> Response:
    """What a training is and how far it has come."""
    return JSONResponse(_jobs(request).describe(job), status)


def _check_fields(fields: dict[str, Any], *known: str) -> None:
    """Refuses fields that would be ignored, and texts that are none.

    Raises:
        ApiError: There is one, by its name (400).
    """
    for field, value in fields.items():
        if field not in known:
            raise ApiError(400, f"there is no field {field!r} here. There are: {', '.join(known)}.")
        fits = _is_text(value)
        if field == "fields" and not (isinstance(value, list) and all(map(_is_text, value))):
            raise ApiError(400, f"fields is {value!r}, but must be a list of texts.", param=field)
        if field in MASKS and not isinstance(value, bool):
            raise ApiError(400, f"{field} is {value!r}, but must be true or false.", param=field)
        if field not in ("minutes", "fields", *MASKS) and not fits:
            raise ApiError(400, f"{field} is {value!r}, but must be a text.", param=field)


def _is_text(value: object) -> bool:
    """Whether it is a text that a file can hold: JSON may have halves of characters."""
    return isinstance(value, str) and not any("\ud800" <= char <= "\udfff" for char in value)


def _read_minutes(fields: dict[str, Any]) -> float | None:
    """The minutes of a request, if they are there.

    Raises:
        ApiError: They are no number.
    """
    minutes = fields.get("minutes")
    if minutes is None or is_number(minutes):
        return minutes
    raise ApiError(400, f"minutes is {minutes!r}, but must be a number.", param="minutes")


async def give_text(request: Request) -> Response:
    """Keeps a file, which is the body."""
    query, jobs = request.query_params, _jobs(request)
    before = _find(request, query["text"]) if "text" in query else None
    name = query.get("name", "").strip() or "text"
    data = await read_body(request, MOST_BYTES)
    return _describe(request, await run_in_threadpool(jobs.add_text, name, data, before), 201)


async def give_demo(request: Request) -> Response:
    """Takes the text that comes with Python."""
    return _describe(request, await run_in_threadpool(_jobs(request).add_demo), 201)


async def report_text(request: Request) -> Response:
    """What a text holds, and what is odd about it."""
    job = _find(request, request.path_params["id"])
    return JSONResponse(await run_in_threadpool(read_report, job))


async def show_fields(request: Request) -> Response:
    """The fields of each file that has fields, each with a sample."""
    job = _find(request, request.path_params["id"])
    return JSONResponse({"data": await run_in_threadpool(list_fields, job)})


async def start_training(request: Request) -> Response:
    """Starts the training on a text that was given."""
    fields = await read_json(request)
    _check_fields(fields, "text", "minutes", "name")
    if "text" not in fields:
        raise ApiError(400, "text is not given. Give the id of one that was given.", param="text")
    job, jobs = _find(request, fields["text"]), _jobs(request)
    if "name" in fields:
        jobs.rename(job, fields["name"])
    await run_in_threadpool(jobs.start, job, _read_minutes(fields))
    return _describe(request, job, 201)


async def list_trainings(request: Request) -> Response:
    """All trainings, the latest first."""
    jobs = _jobs(request)
    found = await run_in_threadpool(lambda: [jobs.describe(job) for job in jobs.find_all()])
    return JSONResponse({"data": found})


async def show_training(request: Request) -> Response:
    """One training."""
    return _describe(request, _find(request, request.path_params["id"]))


async def change_training(request: Request) -> Response:
    """Gives a training another name to show, or says how its text is read."""
    job, fields = _find(request, request.path_params["id"]), await read_json(request)
    jobs = _jobs(request)
    _check_fields(fields, "name", "encoding", "fields", *READING)
    if "name" in fields:
        jobs.rename(job, fields["name"])
    if "encoding" in fields:
        jobs.set_encoding(job, fields["encoding"])
    if "fields" in fields:
        jobs.set_fields(job, fields["fields"])
    if reading := {name: fields[name] for name in READING if name in fields}:
        jobs.set_reading(job, **reading)
    return _describe(request, job)


async def remove_training(request: Request) -> Response:
    """Removes a training with its text and its model."""
    job = _find(request, request.path_params["id"])
    await run_in_threadpool(_jobs(request).remove, job)
    return Response(status_code=204)


async def stop_training(request: Request) -> Response:
    """Requests that a training stops; its exact state is kept."""
    job = _find(request, request.path_params["id"])
    _jobs(request).stop(job)
    return _describe(request, job)


async def continue_training(request: Request) -> Response:
    """Goes on with a training that was stopped, or for some minutes more."""
    job = _find(request, request.path_params["id"])
    fields = await read_json(request)
    _check_fields(fields, "minutes")
    minutes = _read_minutes(fields)
    await run_in_threadpool(_jobs(request).start, job, minutes)
    return _describe(request, job)


async def follow_training(request: Request) -> Response:
    """What has happened in a training from its beginning on, and what happens until it ends."""
    job = _find(request, request.path_params["id"])
    return EventStream(_follow(_jobs(request), job, request.app.state.stopping), lambda: None)


async def _follow(jobs: Jobs, job: Job, stop: threading.Event) -> AsyncGenerator[dict[str, Any]]:
    """The events; at last what the training is then."""
    place = 0
    while True:
        # Looked at first, so that nothing is missed that a process writes before it ends.
        running = jobs.is_running(job)
        events, place = job.read_events(place)
        for event in events:
            yield event
        if not running:
            yield {"type": "state", **jobs.describe(job)}
            return
        if stop.is_set():
            raise stopping()
        await anyio.sleep(LOOK_EVERY)
