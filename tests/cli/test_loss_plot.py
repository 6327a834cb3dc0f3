from burble.cli import train
from burble.cli.loss_plot import HEIGHT, SPECIAL, WIDTH, draw_losses

TRAINING = [(0, 3.0), (100, 1.0)]
VALIDATION = [(50, 2.0), (100, 1.5)]


def test_losses_fall_from_the_left_above_to_the_right_below():
    title, *lines, base, steps = draw_losses(TRAINING, VALIDATION, "grapheme", ascii_only=True)
    assert title == "loss in nats per grapheme: . training   o validation"
    assert lines[0].startswith("  3.00 |...")
    assert lines[-1].startswith("  1.00 |   ")
    assert lines[-1].endswith("....")
    places = [(row, line.index("o") - 8) for row, line in enumerate(lines) if "o" in line]
    assert places == [(4, round((WIDTH - 1) / 2)), (7, WIDTH - 1)]
    assert base == f"       +{'-' * WIDTH}"
    assert steps.split() == ["0", "step", "100"]
    assert len(lines) == HEIGHT


def test_a_terminal_that_has_them_gets_finer_characters():
    plain = draw_losses(TRAINING, VALIDATION, "character", ascii_only=True)
    fine = draw_losses(TRAINING, VALIDATION, "character", ascii_only=False)
    assert "".join(plain).isascii()
    assert len(fine) == len(plain)
    assert "".join(fine).count("●") == 1 + len(VALIDATION)
    assert set("".join(fine[1:-2])) - set(SPECIAL + " .0123456789") <= set(
        map(chr, range(0x2801, 0x2900))
    )


def test_a_steep_line_has_no_gaps():
    lines = draw_losses(
        [(0, 3.0), (1, 3.0), (2, 1.0), (100, 1.0)], [], "character", ascii_only=True
    )
    assert all("." in line[8:] for line in lines[1:-2])


def test_losses_that_are_all_the_same_are_a_flat_line():
    lines = draw_losses([(0, 2.0), (9, 2.0)], [(9, 2.0)], "character", ascii_only=True)
    assert lines[1] == f"  2.00 |{'.' * (WIDTH - 1)}o"


def test_where_there_is_one_step_there_is_no_picture():
    assert draw_losses([], [(1, 2.0)], "character", ascii_only=True) == []
    assert draw_losses([(1, 2.0)], [(1, 2.0)], "character", ascii_only=True) == []


def test_it_depends_on_the_terminal_which_characters_are_taken(monkeypatch):
    monkeypatch.setattr("locale.getencoding", lambda: "utf-8")
    monkeypatch.setenv("TERM", "xterm")
    assert not train._ascii_only()
    monkeypatch.setenv("TERM", "linux")
    assert train._ascii_only()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("locale.getencoding", lambda: "latin-1")
    assert train._ascii_only()
