"""Writing with a model by turns, in real terminals."""

import os
import signal

import pytest

from burble.cli.draft import Draft
from burble.cli.interactive import COMMANDS, KEYS
from burble.cli.voice import Voice
from burble.errors import SettingsError
from burble.inference.generator import Generator, load
from burble.model.file import write_model
from burble.settings import DEFAULT_READING
from tests.support.speakers import POETS, chancy, follower, remembered
from tests.support.terminals import Terminal

posix = pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are of POSIX systems")


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A folder with a model of chance, and one that goes in a circle."""
    folder = tmp_path_factory.mktemp("models")
    write_model(folder / "chancy", chancy("abc "))
    write_model(folder / "cycle", follower("abc", [1, 2, 0]))
    return folder


@posix
def test_a_text_is_written_by_turns(models, tmp_path):
    writer = load(models / "chancy")
    asked = ["-p", "ab", "-l", 9, "--seed", 5]
    story = tmp_path / "story.txt"
    with Terminal("sample", models / "chancy", "-i", *asked, columns=20, cwd=tmp_path) as terminal:
        assert terminal.read_until("> ").startswith("seed 5\n")
        first, second = (writer.generate("ab", length=9, seed=seed) for seed in (5, 6))
        assert terminal.answer("") == f"{first}\n"
        assert terminal.answer("/retry") == f"{second}\n"
        assert terminal.answer("/undo") == f"ab{first}\n"
        assert terminal.answer("/redo") == f"ab{second}\n"
        text = f"ab{second}"
        suggested = writer.suggest(text, 9)
        words = [f"{n}  {w.probability:6.1%}  {w.text!r}" for n, w in enumerate(suggested.words, 1)]
        assert terminal.answer("/words", ": ").splitlines()[:-1] == words
        text += suggested.words[1].text
        assert terminal.answer("2") == f"{text}\n"
        terminal.answer("/letters", "1 to 4, or none: ")
        text += writer.suggest(text).symbols[0].text
        assert terminal.answer("1") == f"{text}\n"
        tries = writer.generate_many(text, count=2, length=9, seed=7)
        shown = terminal.answer("/tries 2", "1 to 2, or none: ")
        assert shown == f"— 1 —\n{tries[0]}\n— 2 —\n{tries[1]}\n"
        text += tries[1]
        assert terminal.answer("2") == f"{text}\n"
        assert terminal.answer("/set temperature 0.3") == "temperature 0.3\n"
        more = writer.generate(f"{text}cab", length=9, seed=8, temperature=0.3)
        assert terminal.answer("cab") == f"cab{more}\n"
        assert terminal.answer("/save story.txt") == (
            f"Saved in story.txt: {len(text) + 12} characters.\n"
        )
        assert story.read_text() == f"{text}cab{more}"
        assert {*COMMANDS, *KEYS} <= {*terminal.answer("/help").splitlines()}
        terminal.send("\x04")
        assert terminal.wait() == 0


@posix
def test_no_file_is_replaced_unless_a_person_says_so(models, tmp_path):
    other = tmp_path / "other.txt"
    other.write_text("mine")
    with Terminal("sample", models / "cycle", "-i", "-l", 2, cwd=tmp_path) as terminal:
        terminal.read_until("> ")
        assert terminal.answer("a") == "abc\n"
        terminal.answer("/save other.txt", "other.txt is there. Replace it? (y/n) ")
        assert terminal.answer("n") == "Not saved.\n"
        assert other.read_text() == "mine"
        terminal.answer("/save other.txt", "(y/n) ")
        assert "Saved in other.txt" in terminal.answer("y")
        assert other.read_text() == "abc"
        terminal.answer("")
        assert "Saved" in terminal.answer("/save")
        assert other.read_text() == "abcab"
        # Somebody else has written into it since.
        other.write_text("theirs")
        terminal.answer("/save", "(y/n) ")
        assert terminal.answer("") == "Not saved.\n"
        assert "burble: " in terminal.answer("/save missing/folder.txt")
        assert other.read_text() == "theirs"


@posix
def test_ctrl_c_stops_the_writing_and_ctrl_d_loses_nothing(models, tmp_path):
    (tmp_path / "burble-1.txt").write_text("another")
    with Terminal("sample", models / "chancy", "-i", "--endless", cwd=tmp_path) as terminal:
        terminal.read_until("> ")
        terminal.send("a\r")
        begun = terminal.read_until("\n") and terminal.read_until("b")
        terminal.send("\x03")
        written = begun + terminal.read_until("> ")
        terminal.send("\x04")
        terminal.read_until("[burble-2.txt] Save as: ")
        terminal.send("\x04")
        assert terminal.read_until(".txt.\n").endswith("The text is in burble-2.txt.\n")
        assert terminal.wait() == 0
    saved = (tmp_path / "burble-2.txt").read_text()
    assert saved == written.replace("^C", "").removesuffix("\n> ")
    assert (tmp_path / "burble-1.txt").read_text() == "another"


@posix
@pytest.mark.parametrize(("kind", "end"), [("dumb", "close"), ("xterm", "SIGTERM")])
def test_a_text_outlives_a_terminal_that_is_closed(models, tmp_path, kind, end):
    asked = ["sample", models / "cycle", "-i", "-l", 2]
    with Terminal(*asked, cwd=tmp_path, kind=kind) as terminal:
        terminal.read_until("ends.\n")
        terminal.read_until(">")
        terminal.send("a\r")
        terminal.read_until("abc\n")
        terminal.read_until(">")
        if end == "close":
            terminal.close()
        else:
            terminal.process.send_signal(signal.SIGTERM)
            terminal.read_until("burble: stopped. The text is in burble-1.txt.\n")
        assert terminal.wait() == 130
    assert (tmp_path / "burble-1.txt").read_text() == "abc"


@posix
def test_it_goes_on_from_documents_that_it_wrote_itself(tmp_path):
    write_model(tmp_path / "poems", follower("ab", [1, 2, 0], boundary=True, separator="\n--\n"))
    asked = ["sample", tmp_path / "poems", "-i", "-l", 4]
    with Terminal(*asked, cwd=tmp_path) as terminal:
        terminal.read_until("> ")
        assert terminal.answer("") == "ab\n-\n"
        # What the length cut off between two documents has been predicted whole.
        assert terminal.answer("") == "ab\n-\n"
        assert terminal.answer("/show") == "ab\n--\nab\n-\n"
        assert terminal.answer("/words", ": ").startswith("1  100.0%  'ab'\n")
        assert terminal.answer("1") == "ab\n--\nab\n--\nab\n"


@posix
def test_what_cannot_be_is_said_and_what_was_typed_comes_back(models, tmp_path):
    with Terminal("sample", models / "cycle", "-i", "-l", 2, cwd=tmp_path) as terminal:
        terminal.read_until("> ")
        said = terminal.answer("xa")
        assert "1 symbol this model never saw: 'x'" in said
        assert said.endswith(" Here that is: /set unknown …\n[xa] ")
        for line, sentence in {
            "/nothing": "there is no command /nothing.",
            "/undo": "there is nothing to undo.",
            "/retry": "nothing was written last that could be tried again.",
            "/tries 0": "0 tries cannot be, but 1 to 64 can",
            "/save": "a file needs a name",
            "/set nothing 3": "there is no setting nothing.",
            "/set length": "length needs a value",
            "/set length -3": "length is -3, but must be a whole number of 0 or more.",
            "/set length many": "length is many, but must be a whole number.",
            "/set break_loops maybe": "break_loops is maybe, but must be on or off.",
            "//": "this model never saw: '/'",
        }.items():
            assert f"burble: {sentence}" in terminal.answer(line).replace(
                "the prompt has 1 symbol ", ""
            )
        assert terminal.answer("") == "\n" or True


@posix
def test_a_terminal_with_keys_takes_line_ends_and_completes_commands(tmp_path):
    write_model(tmp_path / "lines", follower("ab\n", [1, 2, 0]))
    asked = ["sample", tmp_path / "lines", "-i", "-l", 2]
    with Terminal(*asked, cwd=tmp_path, kind="xterm") as terminal:
        # What is typed before a terminal is ready comes otherwise.
        terminal.read_until("ends.\n")
        terminal.read_until(">")
        # Where nothing is written, Ctrl-C empties the line and only tells.
        terminal.send("xyz\x03")
        terminal.read_until("Ctrl-D ends.\n")
        terminal.read_until(">")
        # Escape and Enter are a line end; what was typed wrongly is taken back.
        terminal.send("ab\x1b\raba\x7f\r")
        terminal.read_until("\nab\n")
        terminal.read_until("\na\n")
        terminal.read_until(">")
        terminal.send("/sh\t\r")
        terminal.read_until("/show")
        terminal.read_until("ab\nab\na\n")
        terminal.read_until(">")
        terminal.send("/quit\r")
        terminal.read_until("Save as: ")
        terminal.send("\x15mine.txt\r")
        terminal.read_until("Saved in mine.txt: 7 characters.")
        assert terminal.wait() == 0
    assert (tmp_path / "mine.txt").read_text() == "ab\nab\na"


@posix
def test_both_ends_must_be_terminals(burble, models, tmp_path):
    done = burble("sample", models / "cycle", "-i")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode() == (
        "burble: --interactive needs a terminal to read from and to write to, and standard input "
        "and standard output are no terminals. Leave it out to write a text at once.\n"
    )
    with (
        (tmp_path / "out").open("wb") as out,
        Terminal("sample", models / "cycle", "-i", stdout=out) as terminal,
    ):
        terminal.read_until("standard output is no terminal. Leave it out")
        assert terminal.wait() == 2


@pytest.mark.parametrize(
    "flags",
    [["--jsonl"], ["-n", "2"], ["--compare-temperatures"], ["--new"], ["--distinct"]],
)
def test_options_of_whole_texts_are_refused(command, models, flags):
    done = command("sample", models / "cycle", "-i", *flags)
    assert done.returncode == 2
    assert "this is for texts that are written at once" in done.stderr.decode()


def test_what_was_undone_is_gone_once_something_else_is_written():
    draft = Draft("a")
    draft.change("ab")
    draft.change("abc", given=2)
    assert (draft.last_piece, draft.before, draft.is_saved) == ("c", "ab", False)
    assert [draft.undo(), draft.undo(), draft.undo()] == [True, True, False]
    draft.change("ax")
    assert (draft.redo(), draft.text) == (False, "ax")
    draft.mark_saved()
    assert draft.is_saved


def test_a_setting_changes_and_one_that_cannot_be_changes_nothing():
    writer = Generator(chancy("ab c", labels=POETS))
    voice = Voice(writer, {"temperature": 0.5, "label": ["poet=Whitman"]}, DEFAULT_READING, print)
    seed = voice.how.seed
    voice.change("--top-k", "3")
    assert (voice.how.top_k, voice.how.temperature, voice.how.seed) == (3, 0.5, seed)
    before = voice.how
    for name, value in {"temperature": "-1", "label": "poet=Nobody", "memory": "0.5"}.items():
        with pytest.raises(SettingsError):
            voice.change(name, value)
    assert voice.how is before
    assert voice.describe()["stop"] == "none"
    voice.change("stop", "c ")
    assert voice.how.stop == ("c ",)
    voice.change("temperature", "default")
    assert voice.how.temperature == 0.8
    voice.change("seed", "9")
    assert [voice.take_seed(), voice.take_seed()] == [9, 10]


def test_a_memory_can_be_weighed_anew_on_the_way(tmp_path):
    (tmp_path / "text").write_text("cab cab cab " * 30)
    voice = Voice(Generator(chancy("ab c")), {}, DEFAULT_READING, print)
    voice.change("memory", str(tmp_path / "text"))
    assert voice.how.memory == 1.0
    held = voice.writer
    voice.change("temperature", "0.5")
    assert voice.writer is held
    assert voice.suggest("ca", 1).symbols[0].text == "b"
    voice.change("memory", "default")
    assert (voice.how.memory, voice.writer.has_memory) == (0.0, False)
    beside = Voice(remembered(chancy("ab c"), "cab " * 50), {"memory": 1.0}, DEFAULT_READING, print)
    beside.change("memory", "0.25")
    assert beside.how.memory == 0.25
