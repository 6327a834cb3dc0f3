"""The Python door: pinned names, threads, Ctrl-C, and the same bytes as ever."""

import os
import signal
import threading
from typing import Any, cast

import pytest

import burble
from burble.errors import SettingsError
from burble.runs.events import End, Report

SMALL: dict[str, Any] = {
    "units": 12,
    "embedding": 4,
    "layers": 1,
    "batch": 4,
    "length": 16,
    "steps": 40,
}


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "cat.txt"
    path.write_text("the cat sat on the mat.\n" * 60, encoding="utf-8")
    return path


def model(run):
    return (run.folder / "model.safetensors").read_bytes()


def test_the_public_names_are_these():
    names = [
        "Corpus",
        "Generator",
        "Report",
        "Run",
        "evaluate",
        "export",
        "import_model",
        "load",
        "push",
        "read",
        "remember",
        "report",
        "train",
    ]
    assert sorted(burble.__all__) == names
    assert [getattr(burble, name).__name__ for name in names] == names
    with pytest.raises(AttributeError, match="burble has no 'trian'; it has Corpus"):
        _ = burble.trian


@pytest.mark.slow
def test_a_text_is_read_as_it_would_be_trained_on(text, tmp_path):
    corpus = burble.read([text], lowercase=True, validation=0.2)
    assert corpus.vocabulary.symbols == tuple("\n .acehmnost")
    assert (corpus.characters, corpus.cut) == (60 * 24, 60 * 24 * 4 // 5)
    run = burble.train(text, tmp_path / "run", lowercase=True, validation=0.2, **SMALL)
    assert run.facts()["corpus"]["sha256"] == corpus.sha256


@pytest.mark.slow
def test_a_model_remembers_what_it_was_trained_on(text, tmp_path):
    run = burble.train(text, tmp_path / "run", **SMALL)
    alone = burble.evaluate(run, text)
    assert burble.remember(run, text) == run.folder / "model.memory.safetensors"
    # It is a text that it remembers.
    assert burble.evaluate(run, text, memory=1.0).nats < 0.9 * alone.nats
    talk = burble.load(run)
    assert talk.generate(memory=0.5, seed=1) == talk.generate(memory=0.5, seed=1)
    with pytest.raises(SettingsError, match="lowercased is no setting of the text"):
        burble.read(text, lowercased=True)


@pytest.mark.slow
def test_trainings_in_threads_end_in_the_bytes_of_one_alone(text, tmp_path):
    alone = burble.train(text, tmp_path / "alone", **SMALL)
    runs = {}

    def work(number):
        runs[number] = burble.train(text, tmp_path / f"{number}", **SMALL)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert model(runs[0]) == model(runs[1]) == model(alone)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="the signal of Ctrl-C is sent as POSIX does")
@pytest.mark.skipif(
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN, reason="run where Ctrl-C is ignored"
)
def test_ctrl_c_finishes_the_step_and_saves_and_the_next_call_goes_on(text, tmp_path):
    whole = burble.train(text, tmp_path / "whole", **SMALL)

    def interrupt(event):
        if isinstance(event, Report) and event.step == 7:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt, match="stopped at step 7; all is saved") as caught:
        burble.train(text, tmp_path / "run", on_event=interrupt, **SMALL)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    # The traceback is still held, as a notebook holds it.
    resumed = burble.train(text, tmp_path / "run", resume=True)
    assert caught.value is not None
    assert model(resumed) == model(whole)


@pytest.mark.slow
def test_a_training_stops_when_told_and_goes_on(text, tmp_path):
    whole = burble.train(text, tmp_path / "whole", **SMALL)
    events: list[Any] = []
    run = burble.train(
        text,
        tmp_path / "run",
        on_event=events.append,
        stop=lambda: sum(isinstance(e, Report) for e in events) == 9,
        **SMALL,
    )
    assert isinstance(events[-1], End)
    assert (events[-1].reason, events[-1].state.step) == ("stopped", 9)
    assert model(burble.train(text, run.folder, resume=True)) == model(whole)


@pytest.mark.slow
def test_an_error_in_what_listens_frees_the_folder(text, tmp_path):
    def fail(_event):
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine") as caught:
        burble.train(text, tmp_path / "run", on_event=fail, **SMALL)
    burble.train(text, tmp_path / "run", resume=True)
    assert caught.value is not None


@pytest.mark.slow
def test_one_document_cannot_be_framed_as_many(text, tmp_path):
    with pytest.raises(SettingsError, match="framing is 'documents', but the text is one document"):
        burble.train(text, tmp_path / "run", framing="documents", **SMALL)
    run = burble.train(text, tmp_path / "run", framing="auto", **SMALL)
    assert run.settings().training.framing == "streams"


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: burble.load(cast(Any, 5)), "model is 5"),
        (lambda: burble.evaluate(cast(Any, None), "a.txt"), "model is None"),
        (lambda: burble.read(cast(Any, 5)), "source is 5"),
        (lambda: burble.train(cast(Any, ["a.txt", 3]), "run"), r"source is \['a.txt', 3\]"),
        (lambda: burble.train("a.txt", cast(Any, 5)), "run is 5"),
        (lambda: burble.train("a.txt", "run", recipe=cast(Any, 5)), "recipe is 5"),
    ],
)
def test_what_is_no_path_is_refused_by_name(call, named):
    with pytest.raises(SettingsError, match=rf"^{named}, but must be a path, such as '"):
        call()
