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


def test_a_line_that_ends_a_block_leaves_no_blank_line():
    layout = Layout()
    layout.add("One")
    layout.add_line_end()
    layout.end_block(1)
    layout.add("two")
    layout.end_block(1)
    layout.add_line_end()
    layout.end_block(1)
    layout.add("three")
    layout.add_line_end()
    layout.end_block(2)
    layout.add("four")
    assert "".join(layout.take()) == "One\ntwo\n\nthree\n\nfour"
