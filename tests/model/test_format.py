import json
import re
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from burble.data.units import BYTES
from burble.errors import ModelFileError
from burble.inference.generator import Generator, load
from burble.model.file import MAX_FILE, read_model, write_model
from burble.model.metadata import ARCHITECTURE_KEYS, TEXT_KEYS
from burble.model.tensors import MAX_HEADER, open_tensors
from burble.settings import TextSettings
from tests.support.speakers import POETS, apart, chancy, wordy

HERE = Path(__file__).parent
GOLDEN = HERE / "golden" / "format-1.safetensors"
# Its weights are large and random, so that it amplifies rounding: what comes after these symbols
# already differs from a reading in float64.
GREEDY = "p\npérßnß\nßß\nßß\nß\nß猫\nß\nß\nß\nßm 猫ee"
GREEDY_WHITMAN = "nn\n\nd\n\nß\nßßssmnn😀c\nßß\nß\n\nß\nß\nß\nß"
GREEDY_GRU = "ß.o!!!!n..!!yyrrrnnnnnnnnnnnnnnnnn"
WORDS_WRITTEN = "wnrbrobrobrobrothethethethethe"
LOGITS = [6.8162, -1.35544, -1.18908]
PAGE = (HERE.parents[1] / "docs/reference" / "model-format.md").read_text("utf-8")


def logits_by_the_page(path, symbols, chosen=()):
    """A reader written from docs/reference/model-format.md, with nothing of burble."""
    data = path.read_bytes()
    n = struct.unpack("<Q", data[:8])[0]
    arrays = json.loads(data[8 : 8 + n])
    about = json.loads(arrays.pop("__metadata__")["burble"])
    hard = "recurrent_activation" in about["architecture"]
    half = {a["dtype"] for a in arrays.values()} == {"F16"}
    labels = [(one["column"], v) for one in about.get("labels", []) for v in one["values"]]
    before = about["architecture"].get("reset_after") is False
    is_new = before or about["text"]["unit"] in ("word", "bytes")
    assert about["format"] == (5 if is_new else 4 if labels else 3 if half else 1 + hard)
    size, code = (2, "e") if half else (4, "f")
    w = {}
    for name, a in arrays.items():
        begin, end = (8 + n + at for at in a["data_offsets"])
        w[name] = np.array(struct.unpack(f"<{(end - begin) // size}{code}", data[begin:end]))
        w[name] = w[name].reshape(a["shape"])
    # What is no symbol is the edge.
    ids = [[*about["symbols"], ""].index(s) for s in symbols]
    ids = [len(about["symbols"])] * about["boundary"] + ids
    shape = about["architecture"]
    ensemble = [f"network{n}." if n else "" for n in range(shape.get("networks", 1))]
    if about["boundary"] and about["summary"].get("training", {}).get("framing") == "documents":
        # From the last edge on: before it the state becomes zero.
        ids = ids[len(ids) - 1 - ids[::-1].index(len(about["symbols"])) :]
    rows = [labels.index(one) for one in chosen]
    each = [network_by_the_page(w, prefix, shape, ids, rows) for prefix in ensemble]
    if len(each) == 1:
        return each[0]
    return np.log(np.mean([np.exp(logits) / np.exp(logits).sum() for logits in each], 0))


def network_by_the_page(w, prefix, shape, ids, labels):
    h, c = np.zeros((2, shape["layers"], shape["units"]))
    for i in ids:
        x = w[f"{prefix}embedding"][i]
        for row in labels:
            x = x + w[f"{prefix}label_embedding"][row]
        for k in range(shape["layers"]):
            part = (w[f"{prefix}layer{k}.{name}"] for name in ("kernel", "recurrent", "bias"))
            hard = shape.get("recurrent_activation") == "hard_sigmoid"
            cell = shape["cell"] + ("" if shape.get("reset_after", True) else " before")
            x, c[k] = step_by_the_page(cell, x, h[k], c[k], part, hard)
            h[k] = x
    return x @ w[f"{prefix}output.kernel"] + w[f"{prefix}output.bias"]


def step_by_the_page(cell, x, h, c, weights, hard):
    W, R, b = weights

    def sigma(a):
        return np.clip(0.2 * a + 0.5, 0, 1) if hard else 1 / (1 + np.exp(-a))

    if cell == "lstm":
        i, f, g, o = np.split(x @ W + h @ R + b, 4)
        c = sigma(f) * c + sigma(i) * np.tanh(g)
        return sigma(o) * np.tanh(c), c
    if cell == "gru before":
        (pz, pr, pn), (Rz, Rr, Rn) = np.split(x @ W + b, 3), np.split(R, 3, axis=1)
        z, r = sigma(pz + h @ Rz), sigma(pr + h @ Rr)
        return z * h + (1 - z) * np.tanh(pn + (r * h) @ Rn), c
    if cell == "gru":
        (pz, pr, pn), (qz, qr, qn) = np.split(x @ W + b[0], 3), np.split(h @ R + b[1], 3)
        z, r = sigma(pz + qz), sigma(pr + qr)
        return z * h + (1 - z) * np.tanh(pn + r * qn), c
    return np.tanh(x @ W + h @ R + b), c


@pytest.mark.parametrize(
    "shape",
    [
        *({"cell": "lstm"}, {"recurrent_activation": "hard_sigmoid"}),
        *({"cell": "gru"}, {"cell": "gru", "reset_after": False}, {"cell": "rnn"}),
    ],
)
@pytest.mark.parametrize(("boundary", "ensemble"), [(False, 1), (True, 2)])
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_a_reader_written_from_the_page_gives_the_same_logits(
    tmp_path, shape, boundary, ensemble, dtype
):
    # Small weights, since a plain layer with large ones amplifies rounding without bound.
    model = chancy(boundary=boundary, ensemble=ensemble, scale=0.5, **shape)
    write_model(tmp_path / "m", replace(model, dtype=dtype))
    probabilities = load(tmp_path / "m").probabilities("abca\nc")
    logits = logits_by_the_page(tmp_path / "m", "abca\nc")
    expected = np.exp(logits) / np.exp(logits).sum()
    found = [probabilities[s] for s in ("a", "b", "c", "\n", "")[: len(expected)]]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_reader_written_from_the_page_reads_documents_as_they_were_learned(tmp_path):
    model = chancy(boundary=True, scale=0.5)
    for one in (model, apart(model)):
        write_model(tmp_path / "m", one)
        probabilities = load(tmp_path / "m").probabilities("ab--ca")
        logits = logits_by_the_page(tmp_path / "m", ["a", "b", "", "c", "a"])
        expected = np.exp(logits) / np.exp(logits).sum()
        found = [probabilities[s] for s in ("a", "b", "c", "\n", "")]
        np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize(
    "chosen", [(), (("poet", "Whitman"),), (("poet", "Dickinson"), ("form", "long"))]
)
def test_a_reader_of_labels_written_from_the_page_gives_the_same_logits(tmp_path, dtype, chosen):
    model = chancy(boundary=True, ensemble=2, scale=0.5, labels=POETS)
    write_model(tmp_path / "m", replace(model, dtype=dtype))
    found = load(tmp_path / "m").probabilities("abca\nc", label=dict(chosen))
    logits = logits_by_the_page(tmp_path / "m", "abca\nc", chosen)
    expected = np.exp(logits) / np.exp(logits).sum()
    np.testing.assert_allclose([found[s] for s in ("a", "b", "c", "\n", "")], expected, atol=1e-6)


def test_the_golden_model_of_format_4_still_loads_and_writes_the_same():
    model = read_model(GOLDEN.with_name("format-4.safetensors"))
    assert model.labels == POETS
    assert model.text.label == ("poet", "form")
    writer, how = Generator(model), {"length": len(GREEDY), "temperature": 0}
    # Without a label it is the model of format 1.
    assert writer.generate("The cat", **how) == GREEDY
    assert writer.generate("The cat", **how, label="poet=Whitman") == GREEDY_WHITMAN


def test_the_golden_model_of_words_still_loads_and_writes_the_same():
    place = GOLDEN.with_name("format-5-words.safetensors")
    model = read_model(place)
    assert model.text == TextSettings(unit="word", min_word_count=3, max_words=9)
    assert model.vocabulary.split("the brown bro, don't") == [
        *["the", " ", "brown", " ", "bro", ",", " ", "don't"]
    ]
    # Without what may be the beginning of another word.
    expected = logits_by_the_page(place, ["the", " ", "brown", " "])
    ids = model.vocabulary.encode("the brown bro")
    chance = np.exp(expected) / np.exp(expected).sum()
    np.testing.assert_allclose(Generator(model).nll(ids)[4], -np.log(chance[ids[-1]]), rtol=1e-4)
    assert Generator(model).generate("the bro", length=30, temperature=0) == WORDS_WRITTEN


@pytest.mark.parametrize("unit", ["word", "bytes"])
def test_words_and_bytes_need_format_5(tmp_path, unit):
    model = wordy() if unit == "word" else chancy(BYTES, unit="bytes", boundary=True)
    write_model(tmp_path / "m", model)
    data = (tmp_path / "m").read_bytes()
    assert b'\\"format\\": 5' in data
    again = read_model(tmp_path / "m")
    assert (again.vocabulary, again.text) == (model.vocabulary, model.text)
    (tmp_path / "m").write_bytes(data.replace(b'\\"format\\": 5', b'\\"format\\": 4'))
    with pytest.raises(ModelFileError, match=f"its unit is {unit}, which format 4 has not"):
        read_model(tmp_path / "m")


def test_bytes_that_are_not_all_bytes_are_refused(tmp_path):
    write_model(tmp_path / "m", chancy(BYTES, unit="bytes"))
    data = (tmp_path / "m").read_bytes()
    (tmp_path / "m").write_bytes(data.replace(b"[0, 1, 2,", b"[1, 0, 2,"))
    with pytest.raises(ModelFileError, match="its symbols are not the bytes 0 to 255"):
        read_model(tmp_path / "m")


def test_only_a_model_that_needs_format_2_is_written_in_it(tmp_path):
    """Readers of format 1 would take hard gates for plain ones, so they must refuse them."""
    for hard in (False, True):
        gates = "hard_sigmoid" if hard else "sigmoid"
        write_model(tmp_path / "m", chancy(recurrent_activation=gates))
        data = (tmp_path / "m").read_bytes()
        assert (b'\\"format\\": 2' in data, b"recurrent_activation" in data) == (hard, hard)
        assert read_model(tmp_path / "m").architecture.recurrent_activation == gates


def test_only_weights_in_float16_need_format_3(tmp_path):
    for gates in ("hard_sigmoid", "sigmoid"):
        write_model(tmp_path / "m", replace(chancy(recurrent_activation=gates), dtype="float16"))
        data = (tmp_path / "m").read_bytes()
        assert b'\\"format\\": 3' in data
        assert (b"recurrent_activation" in data) == (gates == "hard_sigmoid")
        assert read_model(tmp_path / "m").architecture.recurrent_activation == gates


def test_only_a_gru_that_resets_before_the_product_needs_format_5(tmp_path):
    for after in (True, False):
        write_model(tmp_path / "m", chancy(cell="gru", reset_after=after))
        data = (tmp_path / "m").read_bytes()
        assert (b'\\"format\\": 5' in data, b"reset_after" in data) == (not after, not after)
        assert read_model(tmp_path / "m").architecture.reset_after == after


def test_the_golden_model_of_format_5_still_writes_the_same():
    model = read_model(GOLDEN.with_name("format-5.safetensors"))
    assert not model.architecture.reset_after
    written = Generator(model).generate("The cat", length=len(GREEDY_GRU), temperature=0)
    assert written == GREEDY_GRU


def test_the_golden_model_of_format_3_still_loads_and_writes_the_same():
    model = read_model(GOLDEN.with_name("format-3.safetensors"))
    assert model.dtype == "float16"
    # Sums of eighths and smaller parts of two: float16 holds them as they are.
    for name, array in read_model(GOLDEN).weights.items():
        np.testing.assert_array_equal(model.weights[name], array)
    written = Generator(model).generate("The cat", length=len(GREEDY), temperature=0)
    assert written == GREEDY


def test_the_golden_model_of_format_1_still_loads():
    model = read_model(GOLDEN)
    assert GOLDEN.stat().st_size < 20_000
    assert "".join(model.vocabulary.symbols) == "\n !,.?abcdefghilmnoprstuwyéß猫😀"
    assert (model.vocabulary.boundary, model.separator) == (True, "\n\n")
    assert (model.text.lowercase, model.text.strip_punctuation) == (True, False)
    assert (model.architecture.layers, model.architecture.units) == (2, 12)


def test_the_golden_model_still_writes_the_same():
    written = load(GOLDEN).generate("The cat", length=len(GREEDY), temperature=0)
    assert written == GREEDY


def test_the_golden_model_still_predicts_the_same():
    writer = load(GOLDEN)
    logits = logits_by_the_page(GOLDEN, "a cat")
    np.testing.assert_allclose(logits[[0, 5, 30]], LOGITS, atol=1e-4)
    probabilities = list(writer.probabilities("a cat").values())
    np.testing.assert_allclose(
        probabilities, np.sort(np.exp(logits) / np.exp(logits).sum())[::-1], atol=1e-5
    )


def test_the_page_names_every_array_and_key():
    model = read_model(GOLDEN)
    rows = set(re.findall(r"^\| `([\w.]+)` \| ", PAGE, re.M))
    assert {n for n in model.weights if "layer1" not in n} <= rows
    with open_tensors(GOLDEN) as file:
        meta = file.metadata
    assert json.loads(meta["burble"]).keys() <= rows
    for key in TEXT_KEYS | ARCHITECTURE_KEYS:
        assert f"`{key}`" in PAGE
    assert f"header over {MAX_HEADER >> 20} MiB" in PAGE
    assert f"file over {MAX_FILE >> 30} GiB" in PAGE
