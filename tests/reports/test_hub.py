"""What a push lists and sends: the client is Hugging Face's own, and the hub a stand-in for it."""

import base64
import json
import shutil
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import burble as package
from burble.errors import BurbleError, InputError
from burble.reports.hub import check_repo, plan_push
from burble.runs.folder import Run

hub = pytest.importorskip("huggingface_hub", reason="huggingface_hub is not installed")
SECRET = "the cat sat on the mat.\n"
TEXT = SECRET * 60


class StandIn(ThreadingHTTPServer):
    """A hub on this machine, which keeps what was sent to it."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answers)
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.sent: list[tuple[str, bytes]] = []
        self.private, self.status = False, 200


class Answers(BaseHTTPRequestHandler):
    """What a hub answers to an upload."""

    server: StandIn

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.sent.append((self.path, body))
        if self.server.status != 200:
            self.answer({"error": "no such owner"}, self.server.status)
        elif self.path.endswith("/preupload/main"):
            names = [one["path"] for one in json.loads(body)["files"]]
            modes = [
                {"path": name, "uploadMode": "regular", "shouldIgnore": False} for name in names
            ]
            self.answer({"files": modes})
        elif self.path == "/api/repos/create":
            self.answer({"url": f"{self.server.address}/me/alice"})
        elif "/commit/" in self.path:
            self.answer({"commitUrl": f"{self.server.address}/me/alice/commit/a", "commitOid": "a"})
        else:
            self.answer({"errors": [], "warnings": []})

    def do_GET(self):
        self.server.sent.append((self.path, b""))
        self.answer({"id": "me/alice", "private": self.server.private, "sha": "a"})

    def answer(self, facts, status=200):
        data = json.dumps(facts).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@pytest.fixture
def stand_in(monkeypatch):
    """A hub on this machine, where the client looks for the real one."""
    from huggingface_hub import constants

    server = StandIn()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setattr(constants, "ENDPOINT", server.address)
    monkeypatch.setattr("huggingface_hub.hf_api.constants.ENDPOINT", server.address)
    monkeypatch.setenv("HF_TOKEN", "hf_of_nobody")
    hub.utils.disable_progress_bars()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def run(trained, tmp_path):
    """A run folder with its text, its memory and other things in it."""
    folder = tmp_path / "alice"
    shutil.copytree(trained, folder)
    for name in ("alice.txt", ".env", "notes.md"):
        (folder / name).write_text(TEXT, encoding="utf-8")
    return folder


def committed(server):
    """The files that were committed, by name."""
    (body,) = [body for path, body in server.sent if "/commit/" in path]
    lines = [json.loads(line) for line in body.splitlines()]
    files = [line["value"] for line in lines if line["key"] == "file"]
    assert [line["key"] for line in lines] == ["header"] + ["file"] * len(files)
    return {one["path"]: base64.b64decode(one["content"]) for one in files}


def test_what_is_uploaded_is_what_was_listed_and_never_the_text(run, stand_in, command, tmp_path):
    text = tmp_path / "cat.txt"
    text.write_text(TEXT, encoding="utf-8")
    package.remember(run, text)
    done = command("push", run, "me/alice", "--yes")
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode() == f"{stand_in.address}/me/alice\n"
    files = committed(stand_in)
    assert files == {
        name: (run / name).read_bytes() for name in ("README.md", "model.safetensors", "loss.svg")
    }
    for name, data in files.items():
        assert f"{len(data):,} bytes  {name}\n" in done.stderr.decode()
    # Nor does any of it leave in a sample of a file, which clients send before a commit.
    for path, body in stand_in.sent:
        for one in ("alice.txt", ".env", "notes.md", "memory", "state", "run.json"):
            assert one.encode() not in body, path
        assert 3 * SECRET.encode() not in body, path
        assert base64.b64encode(TEXT.encode())[:200] not in body, path


def test_the_memory_goes_where_that_was_asked_for(run, stand_in, tmp_path):
    with pytest.raises(InputError, match=r"there is no model\.memory\.safetensors beside"):
        package.push(run, "me/alice", memory=True)
    assert stand_in.sent == []
    text = tmp_path / "cat.txt"
    text.write_text(TEXT, encoding="utf-8")
    package.remember(run, text)
    assert package.push(run, "me/alice", memory=True) == f"{stand_in.address}/me/alice"
    name = "model.memory.safetensors"
    assert committed(stand_in)[name] == (run / name).read_bytes()
    assert any("holds the whole text" in note for note in plan_push(run, memory=True).notes)


def test_nothing_is_sent_before_a_person_agrees(run, stand_in, command, monkeypatch):
    done = command("push", run, "me/alice")
    assert done.returncode == 2
    assert "Add --yes to do it unasked." in done.stderr.decode()
    assert "model.safetensors\n" in done.stderr.decode()
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.confirm", lambda *_, **__: False)
    done = command("push", run, "me/alice")
    assert done.returncode == 130
    assert stand_in.sent == []


def test_without_the_client_the_list_is_shown_and_nobody_is_asked(run, command, monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.confirm", lambda *_, **__: pytest.fail("asked"))
    done = command("push", run, "me/alice")
    said = done.stderr.decode()
    assert done.returncode == 2
    assert "model.safetensors\n" in said
    assert said.endswith("which is not installed. Install it with: pip install 'burble[hub]'\n")


def test_what_should_be_private_is_not_sent_to_a_public_place(run, stand_in):
    with pytest.raises(InputError, match="is there already, and is public; nothing was uploaded"):
        package.push(run, "me/alice", private=True)
    assert not [path for path, _ in stand_in.sent if "commit" in path or "preupload" in path]
    stand_in.private = True
    package.push(run, "me/alice", private=True)
    created = [json.loads(body) for path, body in stand_in.sent if path == "/api/repos/create"]
    # By either name that versions of the client have for it.
    assert all(one.get("private") or one.get("visibility") == "private" for one in created)
    assert len(committed(stand_in)) == 3


@pytest.mark.parametrize(
    ("status", "kind", "why"),
    [
        (401, InputError, "does not know who you are"),
        (403, InputError, "you may not write to me/alice"),
        (500, BurbleError, r"the hub refused \(500\)"),
    ],
)
def test_a_refusal_is_one_sentence(run, stand_in, status, kind, why):
    stand_in.status = status
    with pytest.raises(kind, match=why) as found:
        package.push(run, "me/alice")
    assert "\n" not in str(found.value)


@pytest.mark.parametrize(
    "name", ["a/b/c", "bad name", "", "/alice", "me/", "me/-a", "me/a--b", "é/a", "me/a.git"]
)
def test_a_name_that_cannot_be_is_refused_before_anything_is_listed(run, stand_in, command, name):
    with pytest.raises(hub.errors.HFValidationError):
        hub.utils.validate_repo_id(name)
    with pytest.raises(InputError, match=r"cannot be a repository at Hugging Face; give OWNER"):
        package.push(run, name)
    done = command("push", run, name)
    said = done.stderr.decode()
    assert (done.returncode, said.count("\n")) == (2, 1), said
    assert f"'{name}' cannot be a repository" in said
    assert stand_in.sent == []


@pytest.mark.parametrize("name", ["me/alice", "alice", "a/b", "my-self/a.b_c-1", "_a/b_"])
def test_names_that_the_hub_takes_are_taken(name):
    hub.utils.validate_repo_id(name)
    check_repo(name)


def test_a_model_alone_has_a_card_made_for_it(run, stand_in, tmp_path):
    alone = tmp_path / "elsewhere" / "mine.safetensors"
    alone.parent.mkdir()
    shutil.copy(run / "model.safetensors", alone)
    (alone.parent / "README.md").write_text(TEXT, encoding="utf-8")
    package.push(alone, "me/alice")
    files = committed(stand_in)
    assert files.keys() == {"README.md", "model.safetensors"}
    card = hub.ModelCard(files["README.md"].decode())
    assert card.data.library_name == "burble"


def test_the_card_of_a_run_is_one_that_the_hub_reads(trained):
    card = hub.ModelCard((trained / "README.md").read_text("utf-8"))
    assert card.data.language == ["en"]
    assert card.data.tags == ["burble", "char-rnn", "lstm", "text-generation"]
    assert card.data.pipeline_tag == "text-generation"
    (result,) = card.data.eval_results
    metrics = Run(trained).metrics()
    best = min(one["held_out_loss"] for one in metrics if one.get("held_out_loss"))
    assert result.metric_type == "bits_per_character"
    assert result.metric_value == pytest.approx(best / 0.693147, abs=1e-3)
    assert "## What it writes\n\n```\n" in card.text
