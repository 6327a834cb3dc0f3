"""Running text and breaks, put together as on a page."""

from burble.data.forms.layout import Layout


def test_white_space_is_one_blank_and_breaks_are_the_widest_that_is_asked_for():
    layout = Layout()
    layout.end_block(2)
    layout.add(" One ")
    layout.add("\n two")
    layout.end_block(1)
    layout.end_block(2)
    layout.add(" three")
    layout.add_line_end()
    layout.add_exactly("  four")
    layout.end_block(2)
    assert "".join(layout.take()) == "One two\n\nthree\n  four"
    assert list(layout.take()) == []
