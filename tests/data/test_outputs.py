"""Nothing is written over what is read, nor over what burble did not write itself."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from burble import api
from burble.data import outputs
from burble.errors import InputError, ModelFileError, RunError
from burble.experiments import trial
from burble.model.file import is_model_file, read_model
from burble.ngram.file import write_index
from burble.ngram.index import build_index
from burble.runs.folder import Run
from tests.support.corpora import from_texts
from tests.support.speakers import chancy

TABLE = "id,body\n1,hello there\n2,bye now\n"


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path


@pytest.mark.parametrize("source", ["p.csv:body", "p.csv", ".", "*.csv"])
@pytest.mark.parametrize("link", [None, os.symlink, os.link])
@pytest.mark.parametrize("overwrite", [False, True])
def test_what_is_read_is_never_written_over(table, monkeypatch, source, link, overwrite):
    monkeypatch.chdir(table.parent)
    (table.parent / "b.csv").write_text("body\nmore\n", encoding="utf-8")
    output = table
    if link:
        output = table.parent.parent / f"other-{link.__name__}-{os.path.basename(table.parent)}"
        output.unlink(missing_ok=True)
        link(table, output)
    text = api.read(source, form="" if ":" in source else "text")
    with pytest.raises(InputError, match="is what is read; choose another name for the clean"):
        text.save_text(output, overwrite=overwrite)
    assert table.read_text(encoding="utf-8") == TABLE


def test_the_command_refuses_before_it_reads_and_saves_before_it_prints(burble, table):
    source = f"{table}:body"
    done = burble("corpus", source, "-o", table)
    assert done.returncode == 2
    assert done.stderr.decode() == (
        f"burble: {table} is what is read; choose another name for the clean text.\n"
    )
    out = table.with_name("out.txt")
    done = burble("corpus", source, "-o", out)
    assert (done.returncode, out.read_text(encoding="utf-8")) == (0, "hello there\n\nbye now")
    out.write_text("mine", encoding="utf-8")
    done = burble("corpus", source, "-o", out)
    assert done.returncode == 2
    assert done.stderr.decode() == (
        f"burble: {out} is there already. Choose another name, or add --overwrite to replace it.\n"
    )
    done = burble("corpus", table.parent, "-o", table.with_name("in.txt"))
    told = "That lies in a folder that is read; leave it out the next time."
    assert told in done.stderr.decode()
    # rich would make a sign of ":a:".
    assert b"there is no :a:b." in burble("corpus", ":a:b").stderr
    # Nothing can be printed, yet the text is whole.
    closed = "import os; os.dup2(os.open(os.devnull, os.O_RDONLY), 1)"
    burble("corpus", source, "-o", out, "--overwrite", first=closed)
    assert out.read_text(encoding="utf-8") == "hello there\n\nbye now"


def test_only_a_text_may_be_replaced(tmp_path):
    c = from_texts("abc")
    model = tmp_path / "model.safetensors"
    model.write_bytes(b"\x02\x00\x00\x00\x00\x00\x00\x00{}")
    with pytest.raises(InputError, match=r"is there already, and is a model .*, not text"):
        c.save_text(model, overwrite=True)
    assert model.read_bytes().endswith(b"{}")
    model.unlink()
    (tmp_path / "run.json").write_bytes(b"{}")
    (tmp_path / "metrics.jsonl").write_bytes(b"{}")
    with pytest.raises(InputError, match=r"metrics\.jsonl belongs to a run\. Choose another name"):
        c.save_text(tmp_path / "metrics.jsonl", overwrite=True)
    (tmp_path / "samples").mkdir()
    (tmp_path / "samples" / "step-00000001.txt").write_bytes(b"ab")
    with pytest.raises(InputError, match=r"00000001\.txt belongs to a run\. Choose another name"):
        c.save_text(tmp_path / "samples" / "step-00000001.txt", overwrite=True)
    with pytest.raises(InputError, match=r"x: File name too long\. Choose another name"):
        c.save_text(tmp_path / ("x" * 300))
    with pytest.raises(InputError, match=r"^- stands for standard input, and the clean text needs"):
        c.save_text(Path("-"))
    with pytest.raises(InputError, match=r"is a folder, and the clean text needs a file"):
        c.save_text(tmp_path)
    with pytest.raises(InputError, match=r"there is no folder .*no to write in"):
        c.save_text(tmp_path / "no" / "out.txt")
    (tmp_path / "empty.txt").touch()
    c.save_text(tmp_path / "empty.txt")
    assert (tmp_path / "empty.txt").read_bytes() == b"abc"


@pytest.mark.parametrize("part", ["last/mine.txt", "samples/step-00000100.txt", "notes.txt"])
def test_a_run_begins_in_a_folder_of_its_own(tmp_path, part):
    (tmp_path / "last").mkdir()
    Run(tmp_path).check()
    (tmp_path / part).parent.mkdir(exist_ok=True)
    (tmp_path / part).write_bytes(b"mine")
    with pytest.raises(RunError, match=f"holds other things .*{part.split('/')[-1]}.*of its own"):
        Run(tmp_path).check()


@pytest.mark.slow
def test_a_file_of_an_epoch_takes_no_place_of_other_things(trained, tmp_path):
    run = Run(tmp_path)
    (tmp_path / "epoch-1-0.5.safetensors").write_bytes((trained / "model.safetensors").read_bytes())
    (tmp_path / "other.safetensors").write_bytes(b"mine")
    run.check_epoch_files("epoch-{epoch}-{loss:.1f}")
    run.check_epoch_files("")
    (tmp_path / "epoch-2-0.4.safetensors").write_bytes(b"mine")
    # With its ending or without, the name is the same.
    for pattern in ("epoch-{epoch}-{loss:.1f}", "epoch-{epoch}-{loss:.1f}.safetensors"):
        with pytest.raises(RunError, match=r"/epoch-2-0\.4\.safetensors is no model that burble"):
            run.check_epoch_files(pattern)
    run.write_epoch("last-1.safetensors", read_model(trained / "model.safetensors"))
    assert is_model_file(tmp_path / "last-1.safetensors")


def test_a_comparison_or_a_search_begins_in_a_folder_of_its_own(tmp_path):
    outputs.check_folder(tmp_path / "new", "compare.json")
    (tmp_path / "trial-1.log.txt").write_bytes(b"said")
    outputs.check_folder(tmp_path, "compare.json")
    (tmp_path / "compare.csv").write_bytes(b"mine")
    with pytest.raises(InputError, match=r"holds other things \(compare\.csv\), and a folder of"):
        outputs.check_folder(tmp_path, "compare.json")
    with pytest.raises(InputError, match=r"compare\.csv is a file, and a folder is needed"):
        outputs.check_folder(tmp_path / "compare.csv", "compare.json")
    (tmp_path / "compare.json").write_text(json.dumps({}), encoding="utf-8")
    outputs.check_folder(tmp_path, "compare.json")


def test_a_recipe_or_table_of_the_same_search_is_not_read(tmp_path):
    for name in ("compare.csv", "best.toml", "text.txt"):
        (tmp_path / name).write_bytes(b"a,b\n1,2\n")
    table, recipe = f"{tmp_path / 'compare.csv'}:a", str(tmp_path / "best.toml")
    for source, brought, said in ((table, None, "compare.csv"), ("builtin:x", recipe, "best.toml")):
        with pytest.raises(InputError, match=f"{said} is read and lies in .*all is written anew"):
            trial.check_sources([source], brought, tmp_path)
    trial.check_sources([table], "tutorial-small", tmp_path / "below")


def test_a_memory_replaces_a_memory_alone(tmp_path):
    path = tmp_path / "model.memory.safetensors"
    memory = build_index(np.array([0, 1, 0, 1, 1] * 9, np.uint8))
    model, other = (
        replace(chancy(), summary={"corpus": {"sha256": letter * 64}}) for letter in "ab"
    )
    write_index(path, memory, model)
    write_index(path, memory, other)
    assert b"b" * 64 in path.read_bytes()
    path.write_bytes(b"my own notes")
    with pytest.raises(ModelFileError, match="is there already, and is no memory that burble"):
        write_index(path, memory, model)
    assert path.read_bytes() == b"my own notes"
