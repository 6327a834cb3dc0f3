"""Trainings of the page, in real processes: given, begun, followed, stopped, found again."""

import gzip
import json
import math
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import pytest

from burble import api
from burble.errors import RunError
from burble.runs.events import Task
from burble.web.jobs import Jobs
from burble.web.worker import Journal
from tests.support import documents
from tests.support.dumps import make_zip
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


def test_files_that_come_at_the_same_moment_are_all_kept(folder):
    jobs = Jobs(folder)
    job = jobs.add_text("0.txt", b"0")
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda n: jobs.add_text(f"{n}.txt", b"%d" % n, job), range(1, 12)))
    named = dict(zip(job.about["files"], job.sources, strict=True))
    assert {name: Path(path).read_text() for name, path in named.items()} == {
        f"{n}.txt": str(n) for n in range(12)
    }


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


def test_a_chat_is_told_as_one_and_read_as_is_wanted(page):
    lines = "24.12.23, 18:03 - Anna: mail a@b.org\n24.12.23, 18:04 - Ben: Anna?\n" * 3
    job = page.give(lines.encode(), name="with Anna.txt").json["id"]
    report = page.ask("GET", f"/v1/train/{job}/report").json
    assert (report["documents"], report["chat"], report["private"]) == (6, True, {"email": 3})
    assert any("with Anna.txt: 2 speakers: Anna 3, Ben 3." in note for note in report["notes"])
    assert report["overview"]["line_lengths"]["total"] == 6
    chosen = {"chat": "talk", "mask_names": True, "mask_private": True}
    assert page.ask("POST", f"/v1/train/{job}", chosen).status == 200
    report = page.ask("GET", f"/v1/train/{job}/report").json
    assert report["beginning"].startswith("Person 1: mail [email]\nPerson 2: Person 1?\n")
    assert report["reading"] == chosen
    refused = page.ask("POST", f"/v1/train/{job}", {"mask_names": "yes"})
    assert refused.error["message"] == "mask_names is 'yes', but must be true or false."
    refused = page.ask("POST", f"/v1/train/{job}", {"chat": "all"})
    assert "message or talk" in refused.error["message"]


def test_documents_are_read_by_what_they_are_and_by_their_endings(page):
    word = documents.word(documents.paragraph("In Word."))
    job = page.give(word, name="letter").json["id"]
    page.give(b"<p>On a &lt;page&gt;.\n", name="Page.HTML", text=job)
    report = page.ask("GET", f"/v1/train/{job}/report").json
    assert report["beginning"] == "In Word.\n\n\nOn a <page>.\n\n"
    assert "letter is read as a Word document. Read: 1 paragraph." in report["notes"]
    damaged = page.give(word[:-30], name="letter.docx").json["id"]
    refused = page.ask("GET", f"/v1/train/{damaged}/report")
    assert refused.error["message"].startswith("letter.docx looks like a Word document, but")


def test_a_field_of_each_dump_is_chosen_among_those_it_has(page):
    rows = gzip.compress(b'{"id": 1, "a": {"text": "Hello"}}\n{"id": 2, "a": {"text": "there"}}\n')
    job = page.give(rows, name="posts.jsonl.gz").json["id"]
    page.give(b"by,body\nAnn,one\nBen,two words\n", name="b.csv", text=job)
    page.give(b"plain\n", name="c.txt", text=job)
    report = f"/v1/train/{job}/report"
    refused = page.ask("GET", report).error["message"]
    assert refused == "posts.jsonl.gz is JSON; choose the field of it that is the text."
    first, second = page.ask("GET", f"/v1/train/{job}/fields").json["data"]
    assert first == {
        "file": 0,
        "name": "posts.jsonl.gz",
        "what": "JSON",
        "fields": [{"name": "id", "sample": "1"}, {"name": "a.text", "sample": "'Hello'"}],
        "likeliest": "a.text",
        "more": 0,
        "optional": False,
        "chosen": "",
    }
    assert (second["file"], second["likeliest"]) == (1, "body")
    chosen = page.ask("POST", f"/v1/train/{job}", {"fields": ["a.text", "body", ""]})
    assert chosen.status == 200
    told = page.ask("GET", report).json
    assert told["beginning"].split() == ["Hello", "there", "one", "two", "words", "plain"]
    fields = page.ask("GET", f"/v1/train/{job}/fields").json["data"]
    assert [one["chosen"] for one in fields] == ["a.text", "body"]
    assert told["frequent"][:3] == ["e", "o", "l"]
    # What is not there is said, with the name that the person knows.
    page.ask("POST", f"/v1/train/{job}", {"fields": ["a.text", "title", ""]})
    assert "b.csv has no column 'title'" in page.ask("GET", report).error["message"]
    refused = page.ask("POST", f"/v1/train/{job}", {"fields": ["body"]}).error["message"]
    assert refused == "fields are 1, and must be 3: one of each file."
    refused = page.ask("POST", f"/v1/train/{job}", {"fields": "body"}).error["message"]
    assert refused == "fields is 'body', but must be a list of texts."


def test_a_field_of_a_file_in_an_archive_is_chosen(page):
    rows = b'[{"id": 1, "text": "Hello there"}, {"id": 2, "text": "and here"}]'
    archive = make_zip(
        {"in/posts.json": rows, "b.csv": b"by,body\nAnn,one\n", "c.jpg": b"\xff\xd8\xff"}
    )
    job = page.give(archive, name="all.zip").json["id"]
    (told,) = page.ask("GET", f"/v1/train/{job}/fields").json["data"]
    assert [one["name"] for one in told["fields"]] == [
        *("b.csv:by", "b.csv:body", "in/posts.json:id", "in/posts.json:text")
    ]
    assert (told["likeliest"], told["optional"], told["more"]) == ("in/posts.json:text", False, 0)
    refused = page.ask("GET", f"/v1/train/{job}/report").error["message"]
    assert refused.startswith("all.zip holds no text to be read as a whole.")
    page.ask("POST", f"/v1/train/{job}", {"fields": ["in/posts.json:text"]})
    report = page.ask("GET", f"/v1/train/{job}/report").json
    assert report["beginning"].split() == ["Hello", "there", "and", "here"]


def test_an_archive_of_texts_is_read_as_a_whole_unless_a_field_is_chosen(page):
    archive = make_zip({"a.txt": b"plain words", "b.csv": b"by,body\nAnn,one two\n"})
    job = page.give(archive, name="all.zip").json["id"]
    (told,) = page.ask("GET", f"/v1/train/{job}/fields").json["data"]
    assert (told["optional"], told["likeliest"], told["chosen"]) == (True, "b.csv:body", "")
    report = f"/v1/train/{job}/report"
    assert page.ask("GET", report).json["beginning"] == "plain words"
    page.ask("POST", f"/v1/train/{job}", {"fields": ["b.csv:body"]})
    assert page.ask("GET", report).json["beginning"] == "one two"
    plain = page.give(make_zip({"a.txt": b"one", "b.txt": b"two"}), name="b.zip").json["id"]
    assert page.ask("GET", f"/v1/train/{plain}/fields").json["data"] == []


def test_of_an_archive_with_very_many_fields_the_likeliest_are_shown(page):
    names = ",".join(f"f{n}" for n in range(300))
    cells = ",".join("1" for n in range(300))
    wide = f"{names}\n{cells}\n".encode()
    archive = make_zip({"a.csv": wide, "z.csv": b"id,body\n1,words of somebody\n"})
    job = page.give(archive, name="all.zip").json["id"]
    (told,) = page.ask("GET", f"/v1/train/{job}/fields").json["data"]
    assert (len(told["fields"]), told["more"]) == (200, 102)
    assert told["fields"][-1] == {"name": "z.csv:body", "sample": "'words of somebody'"}


def test_mail_is_read_without_a_field(page):
    mail = b"From: ann@x.org\nMessage-ID: <1@x>\n\nHello there.\n-- \nAnn\n"
    report = page.ask("GET", f"/v1/train/{page.give(mail, name='a.eml').json['id']}/report").json
    assert report["beginning"] == "Hello there."
    assert "a.eml is read as mail. Read: 1 message. Left out: 1 signature." in report["notes"]


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
    # What goes on after a line that was cut takes nothing else with it.
    Journal(job.place / "events.jsonl").add("end", step=5, reason="stopped", speed=math.nan)
    events, _ = job.read_events(place)
    assert events == [{"type": "end", "step": 5, "reason": "stopped", "speed": None}]
    assert jobs.describe(job)["state"] == "stopped"


def test_the_same_progress_is_told_once(tmp_path):
    journal = Journal(tmp_path / "events.jsonl")
    for done in (0.0, 0.001, 0.5, 0.5, 1.0, 1.0):
        journal.add_event(Task("scoring", done))
    lines = (tmp_path / "events.jsonl").read_text().splitlines()
    assert [json.loads(line)["done"] for line in lines] == [0.0, 0.5, 1.0]


def test_of_many_that_are_started_at_once_one_is(folder, monkeypatch):
    # Processes that live until they are ended, as trainings do.
    waiting = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    started: list[subprocess.Popen[bytes]] = []

    def start(_command, **options):
        process = start_process(waiting, **options | {"stdin": subprocess.PIPE})
        started.append(process)
        return process

    start_process = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", start)
    jobs = Jobs(folder)
    texts = [jobs.add_text("cat.txt", CAT.encode()) for _ in range(2)]
    refused = []

    def try_start(text):
        try:
            jobs.start(text, 1)
        except RunError as error:
            refused.append(str(error))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(try_start, texts * 3))
    assert len(started) == 1
    assert len(refused) == 5
    assert sum(map(jobs.is_running, texts)) == 1
    for process in started:
        process.communicate()
    assert not any(map(jobs.is_running, texts))


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
        # Before it has loaded what trains: it stops at once, and goes on for the same minutes.
        first.ask("POST", f"/v1/train/{job}/stop", {})
        *_, end, state = first.events(job)
        assert (end["reason"], state["state"], state["minutes"]) == ("stopped", "stopped", 4)
        first.ask("POST", f"/v1/train/{job}/continue", {})
        following = first.events(job)
        begins = (event for event in following if event["type"] == "begin")
        assert [next(begins), next(begins)] == [{"type": "begin", "step": 0}] * 2
        # Who follows it is no reason to wait.
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
        assert kinds.count("begin") == 2
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
