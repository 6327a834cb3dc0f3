"""Bodies of requests, within limits of size and time. Knows nothing of what is in them."""

import asyncio
import json
from typing import Any

from starlette.requests import ClientDisconnect, Request

from burble.web.errors import ApiError, ClientGone

MOST_BYTES = 1 << 20
"""Of a body of JSON: prompts of a hundred thousand characters, several of them."""
MOST_DIGITS = 30
SECONDS = 30.0
"""After which a body must be there."""


async def read_body(request: Request, most: int) -> bytes:
    """The body of a request.

    Args:
        request: The request.
        most: Bytes that it may have.

    Raises:
        ApiError: It has more (413), or takes longer (408).
        ClientGone: The client left before it was all there.
    """
    too_large = ApiError(
        413,
        # What is still to come is read for nothing: who is sending does not hear otherwise.
        f"the body has more than {most:,} bytes. Send less at once.",
    )
    length = request.headers.get("content-length", "0")
    if length.isdecimal() and int(length[:20]) > most:
        raise too_large
    parts, size = [], 0
    try:
        async with asyncio.timeout(SECONDS):
            async for part in request.stream():
                parts.append(part)
                size += len(part)
                if size > most:
                    raise too_large
    except TimeoutError:
        raise ApiError(
            408,
            f"the body was not there after {SECONDS:g} seconds.",
            headers={"Connection": "close"},
        ) from None
    except ClientDisconnect:
        raise ClientGone from None
    return b"".join(parts)


async def read_json(request: Request) -> dict[str, Any]:
    """The fields of a body that is a JSON object; those that are null are left out.

    Raises:
        ApiError: It is none (400), or see `read_body`.
        ClientGone: See `read_body`.
    """
    body = await read_body(request, MOST_BYTES)
    try:
        fields = json.loads(
            body,
            parse_float=_to_number,
            parse_int=_to_whole,
            parse_constant=_refuse_constant,
            object_pairs_hook=_to_fields,
        )
    except (ValueError, RecursionError) as error:
        # Python tells no more of nesting than where it gave up.
        why = "it is nested too deeply" if isinstance(error, RecursionError) else error
        raise ApiError(400, f"the body is no JSON: {why}.", code="invalid_json") from None
    if not isinstance(fields, dict):
        raise ApiError(
            400,
            f"the body is {json.dumps(fields)[:60]}, but must be a JSON object, such as "
            '{"prompt": "Once upon a time"}.',
            code="invalid_json",
        )
    return {name: value for name, value in fields.items() if value is not None}


def _refuse_constant(name: str) -> None:
    """Refuses NaN and infinity, which Python reads and JSON has not."""
    raise ValueError(f"{name} is no number of JSON")


def _to_whole(digits: str) -> int:
    """A whole number, of no more digits than are of use, so that it fits wherever it is used."""
    if len(digits) > MOST_DIGITS:
        raise ValueError(f"a number has {len(digits):,} digits, and may have {MOST_DIGITS}")
    return int(digits)


def _to_number(digits: str) -> float | int:
    """A number; whole where it is, as 2.0 is to JSON.

    >>> _to_number("2.0"), _to_number("0.5"), _to_number("1e400")
    (2, 0.5, inf)
    """
    value = float(digits)
    return int(value) if abs(value) < 1 << 53 and value.is_integer() else value


def _to_fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, each field of which is given once."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice!r} is given twice")
    return found
