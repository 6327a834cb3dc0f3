"""What is refused before a training begins: a run that was begun with another text."""

import json
from importlib.metadata import version

import pytest

from burble.errors import RunError
from burble.runs.folder import Run
from burble.settings import TextSettings
from burble.training import preflight, recorder
from tests.support.corpora import build_corpus

HERE = version("regex")


@pytest.mark.parametrize(
    ("versions", "said"),
    [
        (
            {"regex": "2024.11.6"},
            "than regex 2024.11.6 did when the run began. To go on, pip install regex==2024.11.6; "
            "or begin in another folder from this model with --base.",
        ),
        ({}, "To go on, install the version of that time; or begin in another folder"),
    ],
)
def test_a_run_that_another_regex_began_is_not_called_damaged(tmp_path, versions, said):
    read = build_corpus(["abcab"], TextSettings(unit="grapheme"), validation=0)
    facts = recorder.corpus_facts(read)

    def begun(**changed):
        described = {"format": 2, "versions": versions, "corpus": facts | changed}
        (tmp_path / "run.json").write_text(json.dumps(described), encoding="utf-8")
        preflight._check_same_text(Run(tmp_path), read)

    begun()
    with pytest.raises(RunError) as raised:
        begun(symbols=3)
    assert f"is the same, but regex {HERE} cuts it into other graphemes" in str(raised.value)
    assert said in str(raised.value)
    with pytest.raises(RunError, match="the text is not the one"):
        begun(symbols=3, sha256="0" * 64)
