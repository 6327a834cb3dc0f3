"""Trainings of the page, in real processes: given, begun, followed, stopped, found again."""

import json
import re
from urllib.parse import urlencode

import pytest

from burble import api
from burble.web.jobs import Jobs
from tests.support.servers import serving

CAT = "the cat sat on the mat.\nthe dog lay on the log.\n" * 60


class Page:
    """Asks as the page does."""

    def __init__(self, server):
        self._server = server
        page = server.get("/").body.decode()
        self._token = {"X-Burble-Token": re.search(r'"burble-token" content="([^"]+)"', page)[1]}

    def ask(self, method, path, body=None, kind="application/json"):
        sent = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        headers = self._token | ({"Content-Type": kind} if sent is not None else {})
        return self._server.ask(method, path, sent, headers)

    def give(self, data, **query):
        return self.ask(
            "POST", f"/v1/train/texts?{urlencode(query)}", data, "application/octet-stream"
        )

    def events(self, job):
        """The events of a training as they come."""
        connection = self._server.connect()
        connection.request("GET", f"/v1/train/{job}/events", headers=self._token)
        answer = connection.getresponse()
        assert answer.status == 200
        try:
            for line in answer:
                if line.startswith(b"data: {"):
                    yield json.loads(line.removeprefix(b"data: "))
        finally:
            connection.close()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "models"


@pytest.fixture
def page(folder):
    with serving("--models", folder) as server:
        yield Page(server)


def test_files_are_kept_by_names_of_burbles_own_and_read_as_one_text(page, folder):
    first = page.give(CAT.encode(), name="../../cat.txt")
    assert first.status == 201
    job = first.json["id"]
    second = page.give(b"\xef\xbb\xbfAn ending.\n", name="b.txt", text=job).json
    assert second["files"] == ["../../cat.txt", "b.txt"]
    assert second["state"] == "text"
    kept = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert {name for name in kept if not name.endswith(".lock")} == {
        f".texts/{job}/{name}" for name in ("1.txt", "2.txt", "about.json")
    }
    report = page.ask("GET", f"/v1/train/{job}/report").json
    assert report["characters"] == len(CAT) + len("An ending.\n")
    assert report["documents"] == 2
    # What is said of a file has the name that the person knows.
    assert any("b.txt" in note for note in report["notes"])
    assert not any("2.txt" in note for note in report["notes"])
    assert report["beginning"].startswith("the cat sat")


def test_a_text_in_another_encoding_is_read_once_that_is_named(page):
    text = "The café – “naïve” – déjà vu.\n" * 30
    job = page.give(text.encode("cp1252"), name="b.txt").json["id"]
    message = page.ask("GET", f"/v1/train/{job}/report").error["message"]
    assert message.startswith("b.txt is not utf-8")
    # As the page finds it.
    assert "cp1252" in re.findall(r"\bencoding ([\w-]+)", message)
    refused = page.ask("POST", f"/v1/train/{job}", {"encoding": "klingon"})
    assert "klingon" in refused.error["message"]
    assert page.ask("POST", f"/v1/train/{job}", {"encoding": "cp1252"}).status == 200
    assert page.ask("GET", f"/v1/train/{job}/report").json["beginning"].startswith("The café – “na")


def test_what_is_no_text_is_refused_in_words(page):
    assert "is empty" in page.give(b" \n", name="a.txt").error["message"]
    job = page.give(b"\x89PNG\r\n\x1a\n" + bytes(100), name="cat.png").json["id"]
    refused = page.ask("GET", f"/v1/train/{job}/report")
    assert refused.status in (400, 422)
    assert "cat.png is" in refused.error["message"]
    assert "1.txt" not in refused.error["message"]


@pytest.mark.parametrize("name", ["nobody", "text-000000000000", "..", "%2e%2e", "text-0%2f..%2f1"])
def test_no_name_leads_out_of_the_folder(page, name):
    assert page.ask("GET", f"/v1/train/{name}").status == 404


def test_minutes_that_cannot_be_start_nothing(page):
    job = page.give(CAT.encode(), name="cat.txt").json["id"]
    for minutes in (0, -1, 1e9, None):
        refused = page.ask("POST", "/v1/train", {"text": job, "minutes": minutes})
        assert refused.status == 400
        assert "must be more than 0" in refused.error["message"]
    assert (
        "must be a number"
        in page.ask("POST", "/v1/train", {"text": job, "minutes": "five"}).error["message"]
    )
    assert page.ask("GET", f"/v1/train/{job}").json["state"] == "text"


@pytest.mark.parametrize(
    ("path", "fields", "message"),
    [
        ("/{id}", {"name": "\ud800"}, "must be a text"),
        ("/{id}", {"\ud800": "x"}, "there is no field"),
        ("/{id}", {"colour": "red"}, "there is no field 'colour'"),
        ("/{id}", {"encoding": "a\0"}, "is no encoding"),
        ("/{id}/continue", {"steps": 5}, "there is no field 'steps'"),
        ("", {"minutes": 1}, "text is not given"),
        ("", {"text": "{id}", "minutes": 1, "name": 5}, "name is 5"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(page, path, fields, message):
    job = page.give(CAT.encode(), name="cat.txt").json["id"]
    refused = page.ask("POST", f"/v1/train{path.format(id=job)}", fields)
    assert refused.status == 400
    assert message in refused.error["message"]


def test_the_text_of_python_needs_no_file(page):
    job = page.ask("POST", "/v1/train/demo", {}).json
    assert job["files"] == ["builtin:python-docs"]
    assert page.ask("GET", f"/v1/train/{job['id']}/report").json["characters"] > 100_000
    assert page.ask("DELETE", f"/v1/train/{job['id']}").status == 204
    assert page.ask("GET", "/v1/train").json == {"data": []}


def test_what_was_killed_can_go_on(folder):
    jobs = Jobs(folder)
    job = jobs.add_text("cat.txt", CAT.encode())
    (job.place / "request.json").write_text('{"minutes": 1, "resume": false}')
    (job.place / "events.jsonl").write_text('{"type": "begin", "step": 0}\n{"type": "rep')
    assert jobs.describe(job)["state"] == "stopped"
    events, place = job.read_events()
    assert [event["type"] for event in events] == ["begin"]
    assert job.read_events(place) == ([], place)


@pytest.mark.slow
def test_a_training_outlives_its_server_and_is_stopped_and_continued_by_another(folder):
    with serving("--models", folder) as server:
        first = Page(server)
        job = first.give(CAT.encode(), name="cat.txt").json["id"]
        begun = first.ask("POST", "/v1/train", {"text": job, "minutes": 4, "name": "Cats"}).json
        assert (begun["state"], begun["name"]) == ("running", "Cats")
        other = first.give(CAT.encode(), name="cat.txt").json["id"]
        refused = first.ask("POST", "/v1/train", {"text": other, "minutes": 1})
        assert "'Cats' is being trained" in refused.error["message"]
        next(event for event in first.events(job) if event["type"] == "begin")
        server.stop()
    with serving("--models", folder) as server:
        page = Page(server)
        assert page.ask("GET", f"/v1/train/{job}").json["state"] == "running"
        assert "is at work" in page.ask("DELETE", f"/v1/train/{job}").error["message"]
        events = page.events(job)
        seen = []
        for event in events:
            seen.append(event)
            if event["type"] == "report":
                page.ask("POST", f"/v1/train/{job}/stop", {})
        kinds = [event["type"] for event in seen]
        assert kinds[0] == "begin"
        assert {"log", "baselines", "report"} <= set(kinds)
        assert seen[-2]["type"] == "end"
        assert seen[-2]["reason"] == "stopped"
        assert (seen[-1]["type"], seen[-1]["state"]) == ("state", "stopped")
        done = seen[-2]["step"]
        page.ask("POST", f"/v1/train/{job}/continue", {"minutes": 0.01})
        more = [*page.events(job)][len(seen) - 1 :]
        assert more[0] == {"type": "begin", "step": done}
        assert more[-1]["state"] == "finished"
        assert more[-1]["model"] == job
        assert server.get(f"/v1/models/{job}").status == 200
    # Its memory is of the text that was given.
    assert api.load(folder / job).memory.index.ids().size < len(CAT)
