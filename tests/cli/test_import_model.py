"""`burble import`: what is written where, said and refused; its model is one as any other."""

import json

from tests.support.torch7_files import TEXT, char_rnn, serialize


def test_what_comes_in_is_a_model_that_is_described_and_writes(burble, tmp_path):
    (tmp_path / "c.t7").write_bytes(serialize(char_rnn("gru")[0]))
    done = burble("import", tmp_path / "c.t7", "-o", tmp_path / "run")
    assert (done.returncode, done.stdout) == (0, b"")
    assert b"Imported c.t7 of char-rnn (SHA-256 " in done.stderr
    told = burble("info", tmp_path / "run").stdout.decode()
    assert "2 GRU layers that reset the state before the product of 5 units" in told
    assert "iterations 1000, validation loss 1.25" in told
    assert "c.t7 of char-rnn" in told
    written = burble("sample", tmp_path / "run", "-p", "the", "-l", "20", "--seed", "1")
    assert len(written.stdout.decode().rstrip("\n")) >= 20
    assert set(written.stdout.decode().rstrip("\n")) <= set(TEXT)
    done = burble("import", tmp_path / "c.t7", "-o", tmp_path / "run")
    assert done.returncode == 2
    assert b"run holds a run already. Choose another folder with -o." in done.stderr
    done = burble("import", tmp_path / "run", "-o", tmp_path / "copy")
    assert done.returncode == 2
    assert b"holds a model of burble's already, which sample, eval, serve and" in done.stderr


def test_a_format_without_a_model_becomes_a_text(burble, tmp_path):
    held = {"state_size": 2, "chain": "[]", "parsed_sentences": [["Alice", "was"], ["late", "."]]}
    (tmp_path / "m.json").write_text(json.dumps(held))
    done = burble("import", tmp_path / "m.json", "-o", tmp_path / "text.txt")
    assert done.returncode == 0
    assert (tmp_path / "text.txt").read_text() == "Alice was\nlate .\n"
    assert b"holds no model, but a text, which is" in done.stderr
    done = burble("import", "m.json", "-o", "new/", cwd=tmp_path)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 2)
    assert b"new/ names a folder. Name a file: -o new/m.txt" in done.stderr
    assert not (tmp_path / "new").exists()


def test_what_cannot_be_opened_is_wrong_input(burble, tmp_path):
    (tmp_path / "m.gguf").write_bytes(b"GGUF" + bytes(40))
    done = burble("import", tmp_path / "m.gguf", "-o", tmp_path / "run")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert b"is a model in GGUF, of llama.cpp" in done.stderr
    assert not (tmp_path / "run").exists()
