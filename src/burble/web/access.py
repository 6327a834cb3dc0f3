"""Who may ask what: hosts, origins, keys and kinds of content. Knows nothing of models.

A page elsewhere can make a browser send requests to this machine. It cannot give them a Host or an
Origin of its choice, nor JSON without asking first, nor a key it does not know.
"""

import asyncio
import hmac
import ipaddress
import secrets
from collections.abc import Set
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.routing import Match, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from burble.web.errors import ApiError, stopping
from burble.web.metrics import Metrics

OPEN = ("/", "/health", "/openapi.json")
"""What needs no key."""
STATIC = ("/page/page.css", "/page/page.js", "/page/write.js", "/page/texts.json", "/page/icon.svg")
PAGE = ("/page/", "/v1/train")
"""What only the page may ask: where these paths begin."""
UPLOADS = "/v1/train/texts"
"""Where a body is any file."""
METHODS = ("GET", "HEAD", "OPTIONS", "POST")
TOKEN = "x-burble-token"
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}
"""Headers of every answer."""


@dataclass(frozen=True)
class Access:
    """What is demanded of requests.

    Attributes:
        local: Whether only this machine can reach the server, by its address.
        api_key: What clients must know; None where that is nothing.
        origins: Of pages elsewhere that may ask besides, such as https://example.org, or null for
            a page that was opened as a file.
        token: What the page must know; it is in the page.
    """

    local: bool = True
    api_key: str | None = None
    origins: Set[str] = frozenset()
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    def check(self, scope: Scope) -> None:
        """Refuses a request that nobody here may have meant.

        Raises:
            ApiError: See `Guard`.
        """
        headers, path = Headers(scope=scope), scope["path"]
        host = headers.get("host", "")
        if self.local and not is_local_host(host):
            raise ApiError(
                403,
                f"this server answers to localhost, 127.0.0.1 and [::1], and the request is for "
                f"{host[:100]!r}. Ask by one of those names, or serve with --host and --api-key.",
                code="host_not_allowed",
            )
        self._check_origin(headers, scope)
        if path not in STATIC and any(map(path.startswith, PAGE)):
            self._check_page(headers, scope)
        elif path not in (*OPEN, *STATIC) and not self._is_page(headers, scope):
            self._check_key(headers)
        if scope["method"] == "POST" and is_there(scope, "POST"):
            _check_content_type(headers, path)

    def _check_origin(self, headers: Headers, scope: Scope) -> None:
        """Refuses pages of other places."""
        origin = headers.get("origin")
        own = _own(headers, scope)
        if origin is not None and origin not in (own, *self.origins):
            raise ApiError(
                403,
                f"the page at {origin[:100]} may not ask this server. If it should, serve with "
                f"--allow-origin {origin[:100]}.",
                code="origin_not_allowed",
            )

    def _check_page(self, headers: Headers, scope: Scope) -> None:
        """Lets nobody but the page on this machine pass."""
        if not _is_here(headers, scope):
            raise ApiError(403, "only the page on this machine may do this.", code="page_only")
        if not _same(headers.get(TOKEN, ""), self.token):
            raise ApiError(
                401,
                f"this is for the page at /, whose token goes into the header {TOKEN}. If the "
                "page is open, load it again: the server was started anew.",
                code="invalid_token",
            )

    def _is_page(self, headers: Headers, scope: Scope) -> bool:
        """Whether the page on this machine asks, which needs no other key than its token."""
        return _is_here(headers, scope) and _same(headers.get(TOKEN, ""), self.token)

    def _check_key(self, headers: Headers) -> None:
        """Refuses whoever does not know the key."""
        if self.api_key is None:
            return
        kind, _, key = headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not _same(key.strip(), self.api_key):
            came = "an api key that is not the one" if key else "no api key"
            raise ApiError(
                401,
                f"there came {came} of this server. Send the one that it was started with, in the "
                "header Authorization: Bearer KEY.",
                code="invalid_api_key",
                headers={"WWW-Authenticate": "Bearer"},
            )


def _is_here(headers: Headers, scope: Scope) -> bool:
    """Whether a program or the server's own page on this machine asks."""
    client = (scope.get("client") or ("",))[0]
    here = is_local_host(headers.get("host", "")) and is_local_host(client)
    return here and headers.get("origin") in (None, _own(headers, scope))


def _own(headers: Headers, scope: Scope) -> str:
    """The origin of the server's own pages, as this request names it."""
    return f"{scope['scheme']}://{headers.get('host', '')}"


def _same(given: str, known: str) -> bool:
    """Whether two secrets are the same, in a time that tells nothing of where they differ."""
    return hmac.compare_digest(given.encode(), known.encode())


def is_local_host(host: str) -> bool:
    """Whether a name or address, with a port or without, can only mean this machine.

    >>> [is_local_host(one) for one in ("localhost:80", "127.0.0.1", "[::1]:80", "::1", "a.org")]
    [True, True, True, True, False]
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        pass
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _check_content_type(headers: Headers, path: str) -> None:
    """Refuses what a form or a script of another page could send unasked."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    wanted = "application/octet-stream" if path == UPLOADS else "application/json"
    if kind != wanted:
        came = f"came as {kind[:60]}" if kind else "has no content type"
        raise ApiError(
            415, f"the body {came}, but must be {wanted}: send the header Content-Type: {wanted}."
        )


class Guard:
    """Lets a request pass, or answers it: everything goes through here first.

    A request that is not for this machine, or comes from a page elsewhere, is 403; one without a
    key is 401, and one whose body is no JSON 415. HEAD is answered without running anything.

    Args:
        app: What answers the requests that pass.
        access: What is demanded.
        metrics: Counts the answers.
    """

    def __init__(self, app: ASGIApp, access: Access, metrics: Metrics) -> None:
        self._app = app
        self._access = access
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        origin = Headers(scope=scope).get("origin")
        more = dict(HEADERS)
        if origin in self._access.origins:
            more |= {"access-control-allow-origin": origin or "", "vary": "Origin"}
            more["cross-origin-resource-policy"] = "cross-origin"

        begun = False

        async def send_more(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                found = {name.lower() for name, _ in message["headers"]}
                added = [(n.encode(), v.encode()) for n, v in more.items()]
                message["headers"] = [*message["headers"], *(h for h in added if h[0] not in found)]
                self._count(scope, message["status"])
            await send(message)

        try:
            await self._answer(scope)(scope, receive, send_more)
        except asyncio.CancelledError:
            # The server stops, and has waited long enough for what was still to come.
            if begun:
                raise
            await stopping().response(scope, receive, send_more)

    def _count(self, scope: Scope, status: int) -> None:
        """Counts an answer, by the path of its route: others may be any."""
        route = scope.get("route")
        path = getattr(route, "path", "other")
        method = scope["method"] if scope["method"] in METHODS else "other"
        self._metrics.count("burble_requests_total", path=path, method=method, status=str(status))

    def _answer(self, scope: Scope) -> ASGIApp:
        """What answers a request."""
        headers = Headers(scope=scope)
        if scope["method"] == "OPTIONS" and headers.get("origin") in self._access.origins:
            allowed = {
                "Access-Control-Allow-Methods": "GET, POST",
                "Access-Control-Allow-Headers": headers.get("access-control-request-headers", "*"),
                "Access-Control-Max-Age": "600",
            }
            return Response(status_code=204, headers=allowed)
        try:
            self._access.check(scope)
        except ApiError as error:
            return error.response
        if scope["method"] == "HEAD" and is_there(scope, "GET"):
            return Response(status_code=200)
        return self._app


def is_there(scope: Scope, method: str) -> bool:
    """Whether there is a route at the place of a request that takes a method."""
    router: Router = scope["app"].router
    asked = {**scope, "method": method}
    return any(route.matches(asked)[0] is Match.FULL for route in router.routes)
