import json
from dataclasses import replace

import pytest

from burble import settings
from burble.errors import (
    SettingsError,
)
from burble.experiments import compare, grid
from burble.model.file import read_model, write_model
from burble.runs import recipes
from tests.support.speakers import chancy

OLDER = {"held_out": 0.2, "left_out": 0.1, "networks": 2}
NEWER = {"validation": 0.2, "test": 0.1, "ensemble": 2}


def test_older_names_of_settings_are_understood_and_files_keep_them():
    assert settings.with_current_names(OLDER) == settings.with_current_names(NEWER) == NEWER
    assert settings.with_stored_names(NEWER) == OLDER
    assert settings.make_settings(OLDER) == settings.make_settings(NEWER)
    assert [v.values for v in grid.expand_grid(["networks=1,2"])] == [
        {"ensemble": 1},
        {"ensemble": 2},
    ]
    assert compare._rename_flags(["--held-out=0.2", "--units=8"]) == [
        "--validation=0.2",
        "--units=8",
    ]


@pytest.mark.parametrize(("older", "newer"), [*zip(OLDER, NEWER, strict=True)])
def test_a_setting_that_is_given_by_both_its_names_is_refused(older, newer):
    given = {older: OLDER[older], newer: NEWER[newer]}
    said = rf"^{older} is the older name of {newer}, and both are given: .* Leave out {older}\.$"
    with pytest.raises(SettingsError, match=said):
        settings.make_settings(given)


def test_a_recipe_with_older_names_gives_way_to_flags(tmp_path):
    recipe = tmp_path / "mine.toml"
    recipe.write_text("held_out = 0.2\nnetworks = 2\n", encoding="utf-8")
    assert recipes.read_recipe(str(recipe)) == {"validation": 0.2, "ensemble": 2}
    chosen = recipes.merge_recipe({"networks": 3, "test": None}, str(recipe))
    assert chosen == {"validation": 0.2, "ensemble": 3}


def test_a_model_file_keeps_the_older_name(tmp_path):
    write_model(tmp_path / "m", chancy(ensemble=2))
    assert b'\\"networks\\": 2' in (tmp_path / "m").read_bytes()
    assert read_model(tmp_path / "m").architecture.ensemble == 2


def test_flags_have_older_names_that_help_does_not_show(burble, text, tmp_path):
    said = burble("train", "--help").stdout.decode()
    assert "--validation" in said
    assert not any(flag in said for flag in ("--held-out", "--left-out", "--networks"))
    done = burble("train", text, "-o", tmp_path / "run", "--held-out", "1.5")
    assert (done.returncode, done.stderr.decode()[:25]) == (2, "burble: validation is 1.5")
    done = burble("train", text, "-o", tmp_path / "run", "--networks", "2", "--ensemble", "2")
    assert done.returncode == 2
    assert b"networks is the older name of ensemble, and both are given: 2 and 2." in done.stderr


def test_json_has_older_keys_beside_the_newer(burble, text, trained):
    facts = json.loads(burble("corpus", text, "--json").stdout)
    assert facts["validation"] == facts["held_out"] > 0
    assert facts["validation_by_source"] == facts["held_out_by_source"]
    facts = json.loads(burble("info", trained, "--json").stdout)
    assert facts["architecture"]["ensemble"] == facts["architecture"]["networks"] == 1
    assert facts["summary"]["training"]["test"] == facts["summary"]["training"]["left_out"] == 0
    scores = facts["summary"]["scores"]
    assert scores["validation_loss"] == scores["held_out_loss"]


def test_settings_are_made_from_flat_names():
    made = settings.make_settings({"units": 8, "lowercase": True, "steps": 3, "batch": None})
    assert (made.model.units, made.text.lowercase, made.training.steps) == (8, True, 3)
    with pytest.raises(SettingsError, match="no setting called unitz"):
        settings.make_settings({"unitz": 8})
    with pytest.raises(SettingsError, match=r"validation is 1\.5"):
        settings.make_settings({"validation": 1.5})
    with pytest.raises(SettingsError, match="documents is 'pages', but must be sources, lines"):
        settings.make_settings({"documents": "pages"})


def test_a_model_file_holds_what_parts_documents_only_where_it_is_given():
    usual = ["unit", "lowercase", "strip_punctuation", "min_count", "documents"]
    assert [*settings.TextSettings().stored] == usual
    given = settings.TextSettings(document_separator="%%", label=("speaker",))
    assert given.stored == settings.TextSettings().stored | {"document_separator": "%%"}
    assert settings.TextSettings(**given.stored) == replace(given, label=())
    assert given.undivided == settings.TextSettings(label=("speaker",))
