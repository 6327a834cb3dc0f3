"""burble remember, and what the memory is good for."""

import json

from burble.inference import generator


def test_a_trained_model_remembers(burble, trained, tmp_path):
    text = trained.parent / "cat.txt"
    done = burble("sample", trained, "--memory", 1)
    assert done.returncode == 2
    assert "burble remember MODEL TEXT" in done.stderr.decode()
    model = tmp_path / "cat.safetensors"
    model.write_bytes((trained / "model.safetensors").read_bytes())
    done = burble("remember", model, text)
    assert done.returncode == 0, done.stderr.decode()
    memory = tmp_path / "cat.memory.safetensors"
    assert f"1,296 symbols is {memory}" in done.stderr.decode()
    writer = generator.load(model)
    own = text.read_text(encoding="utf-8")
    assert writer.model.vocabulary.decode(writer.memory.index.ids()) == own[:1296]
    with_it = ["sample", model, "-l", 200, "--seed", 1, "--jsonl"]
    done = burble(*with_it, "--memory", 0.7)
    assert json.loads(done.stdout)["memory"] == 0.7
    done = burble(*with_it, "--novel", 15, "--words", "known", "--no-break-loops")
    found = json.loads(done.stdout)
    assert found["novel"] == 15
    assert not any(found["text"][i : i + 16] in own for i in range(185))
    done = burble("eval", model, text, "--memory", 1, "--adaptive", "--json")
    assert done.returncode == 0, done.stderr.decode()
    found = json.loads(done.stdout)
    assert found["memory"] == 0
    assert found["with_memory"]["memory"] == found["with_memory_adaptive"]["memory"] == 1
    assert found["with_memory_adaptive"]["adaptive"]
    assert found["samples_with_memory"]["words"] <= 1
    assert found["samples_with_memory_overlap"]["longest"] >= 1


def test_another_text_is_not_remembered(burble, trained, tmp_path):
    other = tmp_path / "other.txt"
    other.write_text("the mat sat on the cat.\n" * 9, encoding="utf-8")
    done = burble("remember", trained, other)
    assert done.returncode == 2
    assert "not the text the model was trained on" in done.stderr.decode()
    assert not (trained / "model.memory.safetensors").exists()
