"""The demo, in a few steps where it takes a minute."""

import re
import shlex
from pathlib import Path

import pytest

DEMO = Path(__file__).parents[2] / "scripts" / "demo"
FEW = ["--steps", "30", "--units", "16", "--layers", "1", "--embedding", "8"]


@pytest.mark.slow
def test_the_demo_draws_its_losses_names_what_to_try_next_and_ends_in_text(burble, tmp_path):
    lines = re.findall(r"^burble (.*)$", DEMO.read_text("utf-8"), re.M)
    train, sample = (shlex.split(line.replace("$run", str(tmp_path / "run"))) for line in lines)
    place = train.index("--minutes")
    done = burble(*train[:place], *FEW, *train[place + 2 :])
    assert done.returncode == 0, done.stderr.decode()
    said = done.stderr.decode()
    assert "Left out of builtin:python-docs: " in said
    title, *picture = said.partition("loss in nats per character")[2].splitlines()
    assert "training" in title
    assert [line[7:8] in "│|└+" for line in picture[:11]] == [True] * 11
    following = said.partition("What to try next:\n")[2].splitlines()
    assert [line.split()[1] for line in following] == ["sample", "eval", "train"]
    text = burble(*sample).stdout.decode()
    assert len(text) == 600 + len("\n")
    assert "| --- |" not in text
