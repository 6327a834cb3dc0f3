"""The tests of a module are found in the file of its name, or in the one that is named here."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ELSEWHERE = {
    "data/dumps/json_lines": "data/dumps/test_json_rows.py",
    "__main__": "cli/test_output.py",
    "checks": "test_settings.py",
    "cli/compare": "experiments/test_compare.py",
    "cli/draft": "cli/test_interactive.py",
    "cli/export": "exchange/test_exports.py",
    "exchange/keras_container": "exchange/test_keras_file.py",
    "exchange/keras_layers": "exchange/test_keras_export.py",
    "exchange/keras_own": "exchange/test_keras_export.py",
    "exchange/keras_found": "exchange/test_keras_reader.py",
    "data/parts": "web/test_training_routes.py",
    "data/edges": "data/test_documents.py",
    "data/forms/signs": "data/forms/test_registry.py",
    "data/forms/hyphens": "data/forms/test_pages.py",
    "exchange/apart": "exchange/test_damaged_imports.py",
    "exchange/description": "exchange/test_onnx_export.py",
    "exchange/onnx_check": "exchange/test_onnx_export.py",
    "exchange/onnx_file": "exchange/test_onnx_export.py",
    "exchange/onnx_import": "exchange/test_onnx_export.py",
    "exchange/onnx_network": "exchange/test_onnx_export.py",
    "exchange/options": "exchange/test_imports.py",
    "exchange/own_file": "exchange/test_exports.py",
    "exchange/page_facts": "exchange/test_html_page_in_a_browser.py",
    "exchange/probe": "exchange/test_imports.py",
    "exchange/quantized": "exchange/test_html_page.py",
    "exchange/torch7_formulas": "exchange/test_torch7.py",
    "exchange/torch7_graph": "exchange/test_torch7.py",
    "exchange/torch7_networks": "exchange/test_torch7.py",
    "exchange/torch7_stream": "exchange/test_torch7_file.py",
    "cli/overview": "cli/test_corpus.py",
    "cli/info": "cli/test_sample.py",
    "cli/progress": "training/test_diagnosis.py",
    "cli/push": "reports/test_hub.py",
    "cli/report": "reports/test_page.py",
    "cli/recipes": "runs/test_recipes.py",
    "cli/samples_table": "cli/test_evaluate.py",
    "cli/scores": "cli/test_evaluate.py",
    "cli/serve": "web/test_app.py",
    "cli/terminal": "cli/test_interactive.py",
    "cli/tune": "experiments/test_search.py",
    "cli/voice": "cli/test_interactive.py",
    "data/page": "data/test_overview.py",
    "data/histogram": "data/test_overview.py",
    "data/lines": "data/test_overview.py",
    "data/encoded_texts": "data/test_cache.py",
    "data/label_reader": "data/test_labels.py",
    "data/spool": "data/test_encoder.py",
    "data/recut": "data/test_units.py",
    "data/chats/discord": "data/chats/test_programs.py",
    "data/chats/irc": "data/chats/test_programs.py",
    "data/dumps/json_objects": "data/chats/test_programs.py",
    "data/chats/people": "data/chats/test_message.py",
    "data/chats/signal": "data/chats/test_programs.py",
    "data/chats/slack": "data/chats/test_programs.py",
    "data/chats/kakaotalk": "data/chats/test_programs.py",
    "data/chats/line": "data/chats/test_programs.py",
    "data/chats/telegram": "data/chats/test_programs.py",
    "evaluation/losses": "evaluation/test_combinations.py",
    "experiments/trial": "experiments/test_compare.py",
    "exchange/ml5_reader": "exchange/test_ml5.py",
    "inference/choosers": "inference/test_batching.py",
    "inference/loop": "inference/test_batching.py",
    "inference/notebook": "runs/test_notebook.py",
    "inference/own_memory": "inference/test_memory.py",
    "inference/reader": "inference/test_batching.py",
    "inference/scored": "inference/test_batching.py",
    "inference/spoken": "inference/test_valid_bytes.py",
    "inference/texts": "inference/test_generator.py",
    "model/architecture": "model/test_network.py",
    "model/folding": "model/test_engine.py",
    "model/forward": "model/test_engine.py",
    "model/windows": "model/test_mixture.py",
    "model/metadata": "model/test_format.py",
    "ngram/training_text": "data/test_split.py",
    "runs/card": "runs/test_folder.py",
    "runs/events": "training/test_trainer.py",
    "runs/request": "runs/test_folder.py",
    "runs/state": "runs/test_folder.py",
    "training/collectives": "training/test_processes.py",
    "training/recorder": "runs/test_folder.py",
    "pages": "data/test_overview.py",
    "reports/cells": "reports/test_page.py",
    "reports/charts": "reports/test_page.py",
    "reports/facts": "reports/test_page.py",
    "reports/side_by_side": "reports/test_page.py",
    "reports/write": "reports/test_page.py",
    "text_settings": "test_settings.py",
    "web/answers": "web/test_completions.py",
    "web/bodies": "web/test_server.py",
    "web/description": "web/test_app.py",
    "web/errors": "web/test_completions.py",
    "web/given_text": "web/test_training_routes.py",
    "web/job": "web/test_training_routes.py",
    "web/jobs": "web/test_training_routes.py",
    "web/model_card": "web/test_page_routes.py",
    "web/parameters": "web/test_completions.py",
    "web/preparation": "web/test_completions.py",
    "web/streams": "web/test_server.py",
    "web/worker": "web/test_training_routes.py",
}
"""For each module without a test file of its name, the one that tests it."""


def modules():
    package = ROOT / "src" / "burble"
    paths = (path.relative_to(package) for path in package.rglob("*.py"))
    return {str(path.with_suffix("")).replace("\\", "/") for path in paths} - {"__init__"}


def is_tested(module):
    folder, _, name = module.rpartition("/")
    return (ROOT / "tests" / folder / f"test_{name}.py").is_file()


@pytest.mark.parametrize("module", sorted(m for m in modules() if not m.endswith("/__init__")))
def test_a_module_has_tests_of_its_name_or_is_named_here(module):
    source = (ROOT / "src" / "burble" / f"{module}.py").read_text("utf-8")
    if ">>>" not in source or module in ELSEWHERE:
        assert is_tested(module) != (module in ELSEWHERE)


def test_what_is_named_here_is_there():
    assert set(ELSEWHERE) <= modules()
    assert all((ROOT / "tests" / path).is_file() for path in ELSEWHERE.values())
