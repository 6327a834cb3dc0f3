"""Pictures of figures, as SVG."""

from burble.runs import plots


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
