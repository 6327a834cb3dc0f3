import json
import shutil


def said(done):
    assert b"Traceback" not in done.stderr
    return done.stderr.decode()


def test_text_goes_to_stdout_and_the_rest_to_stderr(burble, trained):
    done = burble("sample", trained, "-p", "the ", "-l", 40, "--seed", 1)
    assert done.returncode == 0
    assert len(done.stdout.decode()) == len("the ") + 40 + 1
    assert "seed 1" in said(done)
    assert done.stdout == burble("sample", trained, "-p", "the ", "-l", 40, "--seed", 1).stdout


def test_a_copied_model_file_writes_the_same_elsewhere(burble, trained, tmp_path):
    shutil.copy(trained / "model.safetensors", tmp_path / "m.bin")
    there = burble("sample", trained, "-l", 80, "--seed", 5)
    here = burble("sample", "m.bin", "-l", 80, "--seed", 5, cwd=tmp_path, env={"LC_ALL": "C"})
    assert here.stdout == there.stdout != b""


def test_the_model_has_learned(burble, trained):
    done = burble("sample", trained, "-p", "the cat", "--greedy", "-l", 16)
    assert done.stdout.decode() == "the cat sat on the mat.\n"


def test_jsonl_gives_one_object_a_text(burble, trained):
    done = burble("sample", trained, "-n", 3, "-l", 9, "--jsonl", "--seed", 2)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(row["seed"], row["index"]) for row in rows] == [(2, 0), (2, 1), (2, 2)]
    assert all(len(row["text"]) == 9 for row in rows)


def test_an_unknown_symbol_in_a_prompt_is_named(burble, trained):
    done = burble("sample", trained, "-p", "the é")
    assert (done.returncode, done.stdout) == (2, b"")
    assert "'é' (U+00E9)" in said(done)
    done = burble("sample", trained, "-p", "THE é", "--unknown", "nearest", "-l", 0)
    assert done.stdout == b"the e\n"
    assert "'T' (U+0054) was read as 't'" in said(done)


def test_a_bad_temperature_is_refused_by_name(burble, trained):
    done = burble("sample", trained, "-t", "-1")
    assert done.returncode == 2
    assert "temperature is -1.0" in said(done)


def test_a_missing_source_is_one_sentence(burble, tmp_path):
    done = burble("train", tmp_path / "no.txt", "-o", tmp_path / "r")
    assert done.returncode == 2
    assert "there is no" in said(done)
    assert not (tmp_path / "r").exists()


def test_a_run_is_not_written_over(burble, trained, tmp_path):
    done = burble("train", trained.parent / "cat.txt", "-o", trained)
    assert done.returncode == 2
    assert "holds a run already" in said(done)
    (tmp_path / "dog.txt").write_text("a dog", encoding="utf-8")
    done = burble("train", tmp_path / "dog.txt", "-o", trained, "--resume")
    assert done.returncode == 2
    assert "the text is not the one" in said(done)
    assert "Give the same text to resume, read as it was then (burble train " in said(done)


def test_corpus_reports_and_writes_clean_text(burble, tmp_path):
    out = tmp_path / "clean.txt"
    done = burble("corpus", "-", "-o", out, "--lowercase", stdin=b"A\r\nb\r\n")
    assert done.returncode == 0
    assert out.read_bytes() == b"a\nb\n"
    assert "2 line ends made plain newlines" in said(done)


def test_a_dialect_is_refused_where_no_text_is_read_at_all(burble, trained):
    done = burble("sample", trained, "--delimiter", ";")
    assert done.returncode == 2
    assert said(done) == (
        "burble: --delimiter: this says how a text is read, and none is. "
        "Leave it out, or give a text.\n"
    )
