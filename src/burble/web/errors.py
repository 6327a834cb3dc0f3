"""What went wrong, in the one shape that clients of completions read. Knows no requests.

Clients show nothing of any other shape: `{"error": {"message", "type", "param", "code"}}`.
"""

import logging
import re
from collections.abc import Mapping
from dataclasses import fields
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from burble.errors import BurbleError, EncodingError, InputError, SettingsError
from burble.inference.settings import WritingSettings

LOGGER = logging.getLogger(__name__)
RETRY_SECONDS = 1
"""Clients wait as long as they are told; beyond two minutes some do not come back at all."""
TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
CODES = {
    HTTPStatus.REQUEST_TIMEOUT: "timeout",
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too_large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "unsupported_media_type",
    HTTPStatus.UNPROCESSABLE_ENTITY: "not_possible",
    HTTPStatus.TOO_MANY_REQUESTS: "too_many_requests",
    HTTPStatus.INTERNAL_SERVER_ERROR: "internal_error",
    HTTPStatus.SERVICE_UNAVAILABLE: "unavailable",
}
NAMED = frozenset(
    (
        *(one.name for one in fields(WritingSettings)),
        *("model", "mix", "prompt", "max_tokens", "n", "best_of", "logprobs", "echo", "stream"),
        *("user", "stream_options", "tokens", "content", "add_special_tokens"),
        *("minutes", "encoding", "fields", "name"),
    )
)
"""Fields of requests that messages may begin with."""
CHAT = (
    "the models of burble continue text, and none of them chats. Send what they should go on from "
    "as `prompt` to /v1/completions."
)


class ApiError(Exception):
    """An answer that says what went wrong.

    Args:
        status: Of HTTP.
        message: What came, what was expected and what to do.
        param: The field it is about.
        code: A word for programs.
        headers: Of the answer.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        # What came may be repeated in it, and may be no text.
        self.message = message.encode("utf-8", "backslashreplace").decode()
        self.param = param
        self.code = code or CODES.get(HTTPStatus(status))
        self.headers = dict(headers or {})
        if status in (429, 503):
            self.headers.setdefault("Retry-After", str(RETRY_SECONDS))

    @property
    def body(self) -> dict[str, Any]:
        """What a client reads."""
        kind = "server_error" if self.status >= 500 else "invalid_request_error"
        return {
            "error": {
                "message": self.message,
                "type": TYPES.get(self.status, kind),
                "param": self.param,
                "code": self.code,
            }
        }

    @property
    def response(self) -> Response:
        """The answer."""
        return JSONResponse(self.body, self.status, headers=self.headers)


class ClientGone(Exception):
    """Whoever asked is there no more, so there is nobody to answer."""


def translate(error: Exception) -> ApiError:
    """The answer to an error of burble's own.

    What was asked in the wrong way is 400, and what this model or text does not allow is 422.

    >>> translate(SettingsError("top_p is 2, but must be between 0 and 1.")).param
    'top_p'
    """
    if isinstance(error, ApiError):
        return error
    if isinstance(error, InputError):
        message = name_fields(str(error))
        asked = isinstance(error, SettingsError | EncodingError)
        named = re.match(r"([a-z_]+) (?:is|gives|names) ", message)
        param = named[1] if named and named[1] in NAMED else None
        return ApiError(400 if asked else 422, message, param=param)
    if isinstance(error, BurbleError):
        return ApiError(500, name_fields(str(error)))
    return ApiError(500, "something went wrong in burble. The server's own messages say what.")


def name_fields(message: str) -> str:
    """A message with names of fields in the place of flags of the command line.

    >>> name_fields("Give a longer --word-count, or --no-break-loops.")
    'Give a longer word_count, or break_loops false.'
    """
    message = re.sub(r"--no-([a-z][a-z-]*)", r"--\1 false", message)
    return re.sub(r"--([a-z][a-z-]*)", lambda found: found[1].replace("-", "_"), message)


async def answer_fault(_request: Request, error: Exception) -> Response:
    """The answer to a fault of burble's own, which is told to whoever looks at the server."""
    LOGGER.error("a request failed", exc_info=error)
    return translate(error).response


async def answer_api_error(_request: Request, error: Exception) -> Response:
    """The answer to what burble reports on purpose."""
    return translate(error).response


async def answer_client_gone(_request: Request, _error: Exception) -> Response:
    """What nobody reads."""
    return Response(status_code=499)


async def answer_http_error(request: Request, error: Exception) -> Response:
    """The answer to what Starlette refuses: places that are not there, and wrong methods."""
    assert_http = error if isinstance(error, HTTPException) else HTTPException(500)
    status, path = assert_http.status_code, request.url.path
    headers = dict(assert_http.headers or {})
    message = assert_http.detail
    if status == 404:
        places = "There are /v1/models, /v1/completions, /tokenize, /detokenize, /health, /metrics"
        message = f"there is nothing at {path}. {places} and /openapi.json."
        if path.rstrip("/").endswith(("/chat/completions", "/responses", "/messages")):
            message = f"there is nothing at {path}: {CHAT}"
    elif status == 405:
        # In an order that does not change from start to start.
        headers["Allow"] = ", ".join(sorted(headers.get("Allow", "").split(", ")))
        message = f"{path} takes no {request.method}. It takes {headers['Allow']}."
    return ApiError(status, message, headers=headers).response


def stopping() -> ApiError:
    """What is said while the server stops."""
    return ApiError(503, "the server is stopping. Try again when it is back.")
