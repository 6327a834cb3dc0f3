"""Pictures of figures, as SVG."""

import re

from burble.runs import plots


def test_bars_are_as_long_as_their_values():
    picture = plots.draw_bars({"'a'": 0.5, "<b>": 0.25, "none": 0.0}, "share")
    lengths = [float(n) for n in re.findall(r'width="([\d.]+)" height="16"', picture)]
    assert lengths[0] == 2 * lengths[1] > 200
    assert lengths[2] == 0
    assert "&lt;b&gt;" in picture
    assert ">0.25</text>" in picture
    assert "0.0</text>" not in picture


def test_many_curves_have_room_for_their_names():
    few = plots.draw_curves({"a": [(0, 1), (9, 2)]}, "x")
    many = plots.draw_curves({f"curve {n}": [(0, n), (9, n + 1)] for n in range(20)}, "a < b")
    assert 'viewBox="0 0 640 360"' in few
    assert 'viewBox="0 0 640 576"' in many
    assert many.count("<polyline") == 20
    assert "a &lt; b" in many


def test_a_curve_of_one_point_is_a_dot():
    drawn = plots.draw_curves({"training": [(1, 3.0), (2, 2.0)], "validation": [(2, 2.5)]}, "loss")
    assert drawn.count("<circle") == 1
    assert 'cx="592.0" cy="180.0"' in drawn
