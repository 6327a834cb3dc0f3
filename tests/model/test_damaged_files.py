"""Model files that are damaged, hostile or someone else's: one sentence each, never a guess."""

import json
import struct

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st

from burble.errors import ModelFileError
from burble.model.architecture import array_shapes
from burble.model.file import FORMAT, serialize_model
from tests.support.modelfiles import HALF, VALID, assemble, parts, read, small_model, with_meta
from tests.support.speakers import POETS, chancy


@pytest.mark.parametrize("end", [0, 1, 7, 8, 9, 200, len(VALID) // 2, len(VALID) - 1])
def test_a_cut_file_is_refused(end):
    with pytest.raises(ModelFileError):
        read(VALID[:end])


def test_bytes_at_the_end_are_refused():
    with pytest.raises(ModelFileError, match="damaged or was copied only in part"):
        read(VALID + b"\0")


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(VALID) - 1), st.integers(1, 255))
def test_a_flipped_byte_gives_a_model_of_the_same_shape_or_one_sentence(at, flip):
    data = bytearray(VALID)
    data[at] ^= flip
    try:
        model = read(bytes(data))
    except ModelFileError:
        return
    shapes = {name: array.shape for name, array in model.weights.items()}
    assert shapes == array_shapes(small_model().architecture, 5)
    assert model.vocabulary.size == 5
    assert all(np.isfinite(array).all() for array in model.weights.values())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@settings(deadline=None)
@given(st.sampled_from([*sorted(parts()[1]), "window", "excerpt", "regex", "labels"]), JSON)
def test_any_json_in_the_metadata_is_read_or_refused(key, value):
    meta = parts()[1] | {key: value}
    try:
        model = read(with_meta(json.dumps(meta)))
    except ModelFileError:
        return
    assert model.weights.keys() == small_model().weights.keys()


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_refused(data):
    with pytest.raises(ModelFileError):
        read(data)


@settings(deadline=None)
@given(JSON)
def test_any_json_as_a_header_is_refused(value):
    with pytest.raises(ModelFileError):
        read(assemble(json.dumps(value).encode(), b""))


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        (
            "format",
            FORMAT + 1,
            rf"has format {FORMAT + 1}; this version .* knows formats up to {FORMAT}\. Install",
        ),
        ("format", 10**30, "Install a newer burble"),
        ("format", "x", "not those of a burble model"),
        ("format", 0, "not those of a burble model"),
        ("format", True, "not those of a burble model"),
        ("format", 1.0, "not those of a burble model"),
        ("symbols", ["a"], r"embedding has the shape \(5, 2\), expected \(2, 2\)"),
        ("symbols", [], "cannot be"),
        ("symbols", "abcd", "symbols is 'abcd', expected a list"),
        ("symbols", ["\n", "a", "é", 7], "7 is not a symbol"),
        ("symbols", ["\n", "a", "é", "ab"], "'ab' is not a symbol"),
        ("symbols", ["\n", "a", "é", ""], "cannot be"),
        ("symbols", ["\n", "a", "a", "é"], "must be distinct"),
        ("symbols", ["\n", "a", "é", "\ud800"], "cannot be"),
        ("boundary", 1, "boundary is 1, expected a bool"),
        ("separator", None, "separator is None, expected a str"),
        ("separator", "", "nothing to write between them"),
        ("separator", "\udc00", "cannot be"),
        ("summary", [], "summary is "),
        ("regex", 17, "regex is 17, expected a str"),
        ("regex", "\ud800", "cannot be"),
        ("text", 7, "cannot be: its TextSettings are 7, expected names with values"),
        ("architecture", None, "cannot be: its ModelSettings are None, expected names"),
        ("text", {}, "it does not say lowercase"),
    ],
)
def test_odd_metadata_is_refused(key, value, message):
    with pytest.raises(ModelFileError, match=message):
        read(with_meta(json.dumps(parts()[1] | {key: value})))


LABELLED = serialize_model(chancy(labels=POETS))
POEMS = {"column": "poet", "values": ["Dickinson", "Whitman"]}
FORMS = {"column": "form", "values": ["long", "short"]}


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ({}, r"labels is \{\}, expected a list"),
        ([], "arrays missing or too many: 'label_embedding'"),
        ([POEMS], r"label_embedding has the shape \(4, 5\), expected \(2, 5\)"),
        ([POEMS, 7], "labels hold 7, expected a column and its values"),
        ([POEMS, FORMS | {"more": 1}], "expected a column and its values"),
        ([POEMS, {"column": "form"}], "expected a column and its values"),
        ([POEMS, FORMS | {"column": 1}], "labels name 1 with"),
        ([POEMS, FORMS | {"column": " "}], "labels name ' ' with"),
        ([POEMS, FORMS | {"column": "\ud800"}], "cannot be"),
        ([POEMS, FORMS | {"values": []}], r"labels name 'form' with \[\]"),
        ([POEMS, FORMS | {"values": "ab"}], "labels name 'form' with 'ab'"),
        ([POEMS, FORMS | {"values": ["long", 3]}], "3 is not a label"),
        ([POEMS, FORMS | {"values": ["", "long"]}], "'' is not a label"),
        ([POEMS, FORMS | {"values": [" long", "short"]}], "' long' is not a label"),
        ([POEMS, FORMS | {"values": ["long", "s" * 201]}], "is not a label"),
        ([POEMS, FORMS | {"values": ["long", "\ud800"]}], "is not a label"),
        ([POEMS, FORMS | {"values": ["short", "long"]}], "'form' are not in order"),
        ([POEMS, FORMS | {"values": ["long", "long"]}], "not in order, or one occurs twice"),
        ([POEMS, FORMS | {"column": "poet"}], "a column of labels occurs twice"),
        ([FORMS | {"values": [f"{n:05}" for n in range(10_001)]}], "10,001 labels, and at most"),
    ],
)
def test_odd_labels_are_refused(labels, message):
    header, meta, weights = parts(LABELLED)
    assert read(LABELLED).labels == POETS
    header["__metadata__"]["burble"] = json.dumps(meta | {"labels": labels})
    with pytest.raises(ModelFileError, match=message):
        read(assemble(header, weights))


def test_labels_are_refused_where_no_format_or_no_network_has_any():
    header, meta, weights = parts(LABELLED)
    assert (meta["format"], "label" in meta["text"]) == (4, False)
    scalar = meta["architecture"] | {"input": "scalar", "embedding": 1}
    for change, message in (
        ({"format": 3}, "it has labels, and no model of format 3 has any"),
        ({"architecture": scalar}, "it has labels, and its input is scalar"),
        ({"text": meta["text"] | {"label": ["poet"]}}, "label is"),
    ):
        header["__metadata__"]["burble"] = json.dumps(meta | change)
        with pytest.raises(ModelFileError, match=message):
            read(assemble(header, weights))


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("layers", True, "layers is True, expected a int"),
        ("layers", 10**9, "layers is 1000000000"),
        ("units", 3.0, "units is 3.0, expected a int"),
        ("units", -3, "units is -3"),
        ("units", 4, "has the shape"),
        ("cell", "gru", "has the shape"),
        ("cell", "os.system", "cell is 'os.system'"),
        ("cell", None, "cell is None"),
        ("recurrent_activation", "relu", "must be sigmoid or hard_sigmoid"),
        ("recurrent_activation", 1, "recurrent_activation is 1, expected a str"),
        ("dropout", "0.4", "dropout is '0.4', expected a float"),
        (
            "code",
            "import os",
            r"cannot be: it names 'code', which this version of burble \(.*\) does not know\. If a "
            r"newer one wrote it, open it with that\.",
        ),
    ],
)
def test_an_odd_architecture_is_refused(key, value, message):
    meta = parts()[1]
    meta["architecture"][key] = value
    with pytest.raises(ModelFileError, match=message):
        read(with_meta(json.dumps(meta)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "7",
        "NaN",
        '{"format": 1, "format": 1}',
        '{"format": 1e400}',
        '{"format": NaN}',
        "[" * 100_000,
        '{"format": ' + "1" * 10_000 + "}",
    ],
)
def test_odd_json_is_refused(text):
    with pytest.raises(ModelFileError, match="not those of a burble model"):
        read(with_meta(text))


def edit_offsets(entry, begin, end):
    entry["data_offsets"] = [entry["data_offsets"][0] + begin, entry["data_offsets"][1] + end]


@pytest.mark.parametrize(
    "edit",
    [
        lambda h: h["output.bias"].update(dtype="F16"),
        lambda h: h["output.bias"].update(dtype=["F32"]),
        lambda h: h["output.bias"].update(shape=[-5]),
        lambda h: h["output.bias"].update(shape=[1 << 62, 4]),
        lambda h: h["output.bias"].update(shape=[1 << 32, 1 << 32, 0]),
        lambda h: h["output.bias"].update(shape=[5.0]),
        lambda h: h["output.bias"].update(shape=[5, True]),
        lambda h: h["output.bias"].update(shape=5),
        lambda h: h["output.bias"].update(shape=[1, 5]),
        lambda h: h["output.bias"].update(data_offsets=[0]),
        lambda h: h["output.bias"].update(data_offsets=[20, 0]),
        lambda h: h["output.bias"].update(data_offsets=[0, 20]),
        lambda h: h["output.bias"].update(data_offsets=[0, 1 << 70]),
        lambda h: h["output.bias"].update(more=1),
        lambda h: h["output.bias"].pop("shape"),
        lambda h: edit_offsets(h["output.bias"], -4, -4),
        lambda h: edit_offsets(h["output.bias"], 4, 4),
        lambda h: h.update({"extra": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}}),
        lambda h: h.update({"output.bias": 5}),
        lambda h: h.pop("output.bias"),
        lambda h: h.update(__metadata__=None),
        lambda h: h.pop("__metadata__"),
    ],
)
def test_an_odd_header_is_refused(edit):
    header, _, weights = parts()
    edit(header)
    with pytest.raises(ModelFileError):
        read(assemble(header, weights))


def test_an_array_named_twice_is_refused():
    header, _, weights = parts()
    text = json.dumps(header)
    entry = json.dumps({"output.bias": header["output.bias"]})[1:-1]
    with pytest.raises(ModelFileError, match="a key occurs twice"):
        read(assemble((text[:-1] + ", " + entry + "}").encode(), weights))


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused(number):
    model = small_model()
    model.weights["output.bias"][2] = number
    with pytest.raises(ModelFileError, match=r"output\.bias holds numbers that are none"):
        read(serialize_model(model))
    half = bytearray(HALF)
    half[-2:] = np.float16(number).tobytes()
    with pytest.raises(ModelFileError, match="holds numbers that are none"):
        read(bytes(half))


def test_a_file_that_is_partly_in_float16_is_refused():
    header, _, _ = parts(HALF)
    header["output.bias"].update(dtype="U16")
    with pytest.raises(ModelFileError, match="expected F16 or F32, found 'U16'"):
        read(assemble(header, parts(HALF)[2]))
    mixed = small_model().weights
    mixed["output.bias"] = mixed["output.bias"].astype(np.float16)
    meta = parts(HALF)[0]["__metadata__"]
    with pytest.raises(ModelFileError, match="damaged: its arrays are of F16 and F32"):
        read(safetensors.numpy.save(mixed, meta))


def test_readers_of_older_formats_know_no_float16():
    header, meta, weights = parts(HALF)
    header["__metadata__"]["burble"] = json.dumps(meta | {"format": 2})
    with pytest.raises(ModelFileError, match="arrays are F16, and those of format 2 are F32"):
        read(assemble(header, weights))


def test_a_stranger_s_safetensors_is_refused():
    with pytest.raises(ModelFileError, match="not those of a burble model"):
        read(safetensors.numpy.save({"w": np.zeros(3, np.float32)}))


@pytest.mark.parametrize("claim", [1, 100 << 20, 1 << 40, (1 << 64) - 1])
def test_a_header_of_impossible_length_is_refused(claim):
    with pytest.raises(ModelFileError, match="not a burble model"):
        read(struct.pack("<Q", claim) + b"{}" + b" " * 1000)
