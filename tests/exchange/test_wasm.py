"""The module of an exported page: its bytes, and that its figures are those of two other places."""

import re

import numpy as np
import pytest

from burble.exchange.html_page import FOLDER
from burble.exchange.wasm import assemble
from burble.model import portable

ADD = """(module (memory (export "m") 1) ;; a comment
  (func $twice (param $x i32) (result i32) (i32.add (local.get $x) (local.get $x)))
  (func (export "f") (param $x i32) (param $y i32) (local $n i32)
    (loop $again
      (local.set $n (call $twice (i32.const -200)))
      (br_if $again (i32.lt_u (local.get $n) (local.get $y))))
    (v128.store offset=300 (local.get $x) (v128.load (local.get $y)))))"""
BYTES = """
0061736d 01000000
01 0b 02 60017f017f 60027f7f00
03 03 02 00 01
05 03 01 00 01
07 09 02 01 66 00 01 01 6d 02 00
0a 2c 02
07 00 20 00 20 00 6a 0b
22 01 01 7f
03 40 41 b87e 10 00 21 02 20 02 20 01 49 0d 00 0b
20 00 20 01 fd00 04 00 fd0b 04 ac02 0b
"""


def test_a_module_has_the_bytes_that_the_specification_says():
    assert assemble(ADD) == bytes.fromhex(BYTES)


def test_an_instruction_that_is_not_known_is_named():
    with pytest.raises(ValueError, match=r"f32x4.sqrt is no instruction that is known here"):
        assemble("(module (memory 1) (func (f32x4.sqrt (i32.const 0))))")


def test_the_figures_of_the_tangent_are_the_same_in_three_places():
    figures = [*portable.TANH_TOP[::-1], *portable.TANH_BELOW[::-1]]
    step = (FOLDER / "step.wat").read_text("utf-8")
    tanh = step.partition("(func $tanh")[2].partition("(func $sigmoid")[0]
    clamp, least, *there = map(float, re.findall(r"f32.const ([-+.e\d]+)", tanh))
    assert (clamp, least) == (portable.TANH_CLAMP, -portable.TANH_CLAMP)
    assert there == figures
    script = (FOLDER / "arithmetic.js").read_text("utf-8")
    rows = re.findall(r"TANH_(?:TOP|BELOW) = \[([^]]+)]", script)
    assert [float(one) for row in rows for one in row.split(", ")[::-1]] == figures
    for name in ("LOG2_E", "LN2_HIGH", "LN2_LOW"):
        (found,) = re.findall(rf"const {name} = ([-.e\d]+);", script)
        assert float(found) == getattr(portable, f"_{name}")
    assert "round(9.011)" in script
    # They are float32 already, so that none of the three rounds them otherwise.
    assert all(float(np.float32(str(np.float32(one)))) == float(np.float32(one)) for one in figures)
