"""Who is let in: hosts, origins, keys, tokens and kinds of content."""

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from burble.web.access import Access
from burble.web.errors import ApiError
from tests.support.servers import JSON, serving

HERE = {"host": "localhost:8000"}
KEY = "correct horse"


def check(access=None, *, path="/v1/models", method="GET", client="127.0.0.1", **headers):
    """The status and code of a refusal; None where a request passes."""
    named = {name.replace("_", "-"): value for name, value in (HERE | headers).items()}
    scope = {
        "type": "http",
        "method": method,
        "scheme": "http",
        "path": path,
        "client": (client, 50_000),
        "app": Starlette(routes=[Route("/v1/completions", print, methods=["POST"])]),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in named.items()],
    }
    try:
        (access or Access()).check(scope)
    except ApiError as error:
        return error.status, error.code
    return None


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:80", "127.0.0.1:8000", "127.1.2.3", "[::1]", "[::1]:8000"]
)
def test_this_machine_may_be_called_by_any_of_its_names(host):
    assert check(host=host) is None


@pytest.mark.parametrize(
    "host",
    ["", "evil.org", "localhost.evil.org", "127.0.0.1.evil.org", "10.0.0.1", "[::2]", "[", "a:b:c"],
)
def test_a_name_that_another_page_could_have_made_this_machine_is_refused(host):
    assert check(host=host) == (403, "host_not_allowed")
    # Where a key is demanded, the name says nothing.
    assert check(Access(local=False, api_key="k"), host=host, authorization="Bearer k") is None


@pytest.mark.parametrize("origin", ["https://evil.org", "null", "http://localhost:8001", "file://"])
def test_pages_elsewhere_are_refused_unless_they_are_allowed(origin):
    assert check(origin=origin) == (403, "origin_not_allowed")
    assert check(Access(origins=frozenset({origin})), origin=origin) is None
    assert check(origin="http://localhost:8000") is None


@pytest.mark.parametrize(
    ("kind", "refused"),
    [
        ("application/json", False),
        ("Application/JSON; charset=utf-8", False),
        ("text/plain", True),
        ("application/x-www-form-urlencoded", True),
        ("multipart/form-data", True),
        ("application/json-seq", True),
    ],
)
def test_a_body_is_declared_as_json(kind, refused):
    expected = (415, "unsupported_media_type") if refused else None
    assert check(method="POST", path="/v1/completions", content_type=kind) == expected


def test_a_body_of_no_kind_is_refused():
    assert check(method="POST", path="/v1/completions") == (415, "unsupported_media_type")
    # Where nothing takes it, that is what is told.
    assert check(method="POST", path="/nowhere") is None
    assert check(method="PUT", path="/v1/completions") is None


@pytest.mark.parametrize(
    "sent", ["", "Bearer", "Bearer ", "Bearer wrong", f"Basic {KEY}", KEY, "Bearer ñ"]
)
def test_who_does_not_know_the_key_is_refused(sent):
    access = Access(api_key=KEY)
    assert check(access, authorization=sent) == (401, "invalid_api_key")
    assert check(access, path="/health", authorization=sent) is None


def test_who_knows_the_key_is_let_in():
    assert check(Access(api_key=KEY), authorization=f"Bearer {KEY}") is None
    assert check(Access(api_key=KEY), authorization=f"bearer {KEY}") is None
    assert check(authorization="Bearer any") is None


def test_the_page_needs_no_key_but_its_token():
    access = Access(api_key=KEY)
    known = {"x_burble_token": access.token}
    assert check(access, **known) is None
    assert check(access, x_burble_token="guess") == (401, "invalid_api_key")
    assert check(access, client="192.0.2.1", **known) == (401, "invalid_api_key")


def test_what_is_of_the_page_needs_its_token_on_this_machine():
    access = Access()
    known = {"x_burble_token": access.token}
    for path in ("/page/models", "/v1/train", "/v1/train/x/events"):
        assert check(access, path=path) == (401, "invalid_token")
        assert check(access, path=path, x_burble_token="guess") == (401, "invalid_token")
        assert check(access, path=path, **known) is None
        assert check(access, path=path, client="192.0.2.1", **known) == (403, "page_only")
        elsewhere = Access(local=False, api_key=KEY, token=access.token)
        assert check(elsewhere, path=path, host="example.org", **known) == (403, "page_only")
        assert check(Access(token=access.token), path=path, **known) is None
    allowed = Access(origins=frozenset({"null"}), token=access.token)
    assert check(allowed, path="/v1/train", origin="null", **known) == (403, "page_only")
    assert Access().token != access.token


@pytest.fixture(scope="module")
def locked(models):
    """A server that demands a key, and lets a page ask that is opened as a file."""
    flags = ["--api-key", KEY, "--allow-origin", "null", "--no-page"]
    with serving(models / "verse", *flags) as running:
        yield running


def test_a_server_with_a_key_answers_whoever_has_it(locked):
    asked = {"prompt": "a", "max_tokens": 3}
    assert locked.complete(**asked).error["code"] == "invalid_api_key"
    assert locked.get("/v1/models").headers["www-authenticate"] == "Bearer"
    answer = locked.ask("POST", "/v1/completions", asked, {"Authorization": f"Bearer {KEY}"})
    assert len(answer.json["choices"][0]["text"]) == 3


def test_a_page_that_is_allowed_may_read_what_it_asked(locked):
    asking = {"Origin": "null", "Access-Control-Request-Headers": "authorization,content-type"}
    answer = locked.ask("OPTIONS", "/v1/completions", headers=asking)
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == "null"
    assert answer.headers["access-control-allow-headers"] == "authorization,content-type"
    answer = locked.get("/v1/models", Origin="null", Authorization=f"Bearer {KEY}")
    assert answer.headers["access-control-allow-origin"] == "null"
    assert answer.headers["vary"] == "Origin"
    refused = locked.ask("OPTIONS", "/v1/completions", headers=JSON | {"Origin": "https://a.org"})
    assert refused.status == 403
    assert "access-control-allow-origin" not in refused.headers


def test_every_answer_says_what_browsers_may_not_do_with_it(locked):
    for answer in (locked.get("/health"), locked.get("/nowhere"), locked.get("/v1/models")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
