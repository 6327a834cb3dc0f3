"""Writing with a model in the terminal, piece by piece: `burble sample --interactive`.

What a line does is in `COMMANDS`; any other line is text. Knows no mathematics.
"""

import os
import re
import shutil
import signal
import sys
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

from burble import interrupts
from burble.cli.draft import Draft, DraftFile, find_free_name
from burble.cli.terminal import PROMPT, Ask, open_terminal, save_terminal, say
from burble.cli.voice import SETTABLE, Voice
from burble.errors import BurbleError, InputError, Interrupted, SettingsError
from burble.formatting import shown, some
from burble.inference.selection import Ending, describe_broken_loops, describe_shortfall
from burble.inference.suggestions import Suggestion

SUGGESTED, TRIES = 9, 3
"""Words or letters that are suggested, and ways to go on where no number is given."""
MOST_TRIES = 64
NARROW = 50
"""Columns below which there is little room."""
LINES = 3
"""Lines of the text that are shown after a step back."""
GREETING = "Enter writes on, /help says what else there is, Ctrl-D ends."


def run_session(voice: Voice, text: str) -> None:
    """Writes with a person until they end it, or the terminal is closed.

    Args:
        voice: What writes.
        text: What the text begins with.

    Raises:
        SettingsError, VocabularyError, EncodingError: The model cannot go on from that text.
    """
    session = Session(voice, voice.prepare(text).prompt.text, open_terminal([*COMMANDS]))
    restore = save_terminal()

    def end(_number: int, _frame: FrameType | None) -> None:
        # At once: nothing on the way out could wait for a terminal that is gone.
        for one in signals:
            signal.signal(one, signal.SIG_IGN)
        kept = session.rescue()
        restore()
        interrupts.print_now(f"\nburble: stopped.{kept}\n".encode())
        os._exit(Interrupted.exit_code)

    signals = {signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)}
    for number in signals:
        signal.signal(number, end)
    try:
        session.run()
    except BaseException:
        if kept := session.rescue():
            say(kept.strip())
        raise


class Session:
    """A text that a person and a model write together.

    Args:
        voice: The model, and how it writes.
        text: What the text begins with.
        ask: What asks for a line.
    """

    def __init__(self, voice: Voice, text: str, ask: Ask) -> None:
        self._voice = voice
        self._draft = Draft(text)
        self._ask = ask
        self._file = DraftFile(self._draft)
        self._typed = ""
        self._unfinished: tuple[str, list[str]] = text, []

    def run(self) -> None:
        """Obeys line after line, until the end."""
        say(f"seed {self._voice.how.seed}")
        say(GREETING)
        if self._draft.text:
            say(self._draft.text)
        while True:
            typed, self._typed = self._typed, ""
            try:
                line = self._ask(PROMPT, typed)
                self._obey(line)
            except KeyboardInterrupt:
                say("Ctrl-D ends.")
            except EOFError:
                if self._leave():
                    return
            except UnicodeDecodeError:
                say("burble: what was typed is no text in UTF-8, and this reads nothing else.")
            except (BurbleError, OSError) as error:
                say(_describe(error))

    def _obey(self, line: str) -> None:
        """Does what a line says."""
        name, _, rest = line.partition(" ")
        if line.startswith("//") or not line.startswith("/"):
            self._add(line.removeprefix("/") if line.startswith("//") else line)
        elif name in COMMANDS:
            COMMANDS[name][0](self, rest)
        else:
            raise InputError(
                f"there is no command {name}. There are: {', '.join(COMMANDS)}. A text that begins "
                f"with a stroke begins with two: /{name}"
            )

    def _add(self, text: str) -> None:
        """Adds what was typed, and goes on writing."""
        self._typed = text
        self._type(text)
        self._typed = ""
        self._write(self._draft.text, text)

    def _type(self, text: str) -> None:
        """Adds what a person typed, as the model reads it."""
        # What is there may end in what the model was just writing between two documents.
        before = self._voice.prepare(self._draft.text).prompt.text
        ready = self._voice.prepare(before + text).prompt
        for note in ready.notes:
            say(note)
        self._draft.change(ready.text)

    def _write(self, before: str, typed: str = "") -> None:
        """Lets the model go on from a text, and shows what it writes, and what was typed before.

        Ctrl-C stops it, and what is written then is kept.
        """
        texts = self._voice.prepare(before, seed=self._voice.take_seed())
        pieces, endings = list[str](), list[Ending]()
        self._unfinished = before, pieces
        sys.stdout.write(typed)
        try:
            with interrupts.ctrl_c() as stopped:
                for item in texts.stream():
                    if isinstance(item, Ending):
                        endings.append(item)
                        continue
                    pieces.append(item)
                    sys.stdout.write(item)
                    sys.stdout.flush()
                    if stopped:
                        break
        finally:
            self._keep_unfinished()
            say("")
        counted = dict.fromkeys(endings, 1)
        notes = describe_broken_loops(counted), describe_shortfall(counted, len(counted))
        for note in filter(None, notes):
            say(note)

    def _keep_unfinished(self) -> None:
        """Takes what the model has written so far as a piece of the text."""
        before, pieces = self._unfinished
        self._draft.change(before + "".join(pieces), given=len(before))
        self._unfinished = self._draft.text, []

    def retry(self, _rest: str) -> None:
        """Writes the last piece anew."""
        if not self._draft.last_piece:
            raise InputError("nothing was written last that could be tried again. Enter writes on.")
        self._write(self._draft.before)

    def words(self, _rest: str) -> None:
        """Offers likely next words."""
        found = self._voice.suggest(self._draft.text, SUGGESTED)
        if not found.words:
            say("No word is likely here.")
        self._pick([*found.words])

    def letters(self, _rest: str) -> None:
        """Offers likely next symbols."""
        found = self._voice.suggest(self._draft.text, SUGGESTED).symbols
        for one in found:
            if not one.text:
                say(f"{one.probability:6.1%}  the end")
        self._pick([one for one in found if one.text])

    def _pick(self, choices: Sequence[Suggestion]) -> None:
        """Shows what there is to choose from, and adds what is chosen."""
        for number, one in enumerate(choices, 1):
            say(f"{number}  {one.probability:6.1%}  {one.text!r}")
        if choices and (number := self._ask_number(len(choices))):
            self._type(choices[number - 1].text)
            self.show_end()

    def _ask_number(self, most: int) -> int:
        """Which of so many; 0 for none.

        Raises:
            InputError: It is no number of them.
        """
        try:
            answer = self._ask(f"1 to {most}, or none: ", "").strip()
        except (KeyboardInterrupt, EOFError):
            return 0
        if answer in ("", "0", "none"):
            return 0
        if not (number := _read_number(answer, most)):
            raise InputError(f"{answer} is none of them: 1 to {most}. Nothing was added.")
        return number

    def tries(self, rest: str) -> None:
        """Offers some ways to go on."""
        count = _read_number(rest.strip() or str(TRIES), MOST_TRIES)
        if not count:
            raise InputError(
                f"{rest.strip()} tries cannot be, but 1 to {MOST_TRIES} can: /tries {TRIES}"
            )
        texts = self._voice.prepare(self._draft.text, seed=self._voice.take_seed())
        before, written = texts.prompt.text, list[str]()
        with interrupts.ctrl_c() as stopped:
            for item in texts.stream_whole(count):
                if isinstance(item, str):
                    written.append(item)
                    say(f"— {len(written)} —\n{item}")
                if stopped:
                    break
        if written and (number := self._ask_number(len(written))):
            self._draft.change(before + written[number - 1], given=len(before))
            self.show_end()

    def add(self, rest: str) -> None:
        """Adds a text, and does not write on."""
        self._type(rest or "\n")
        self.show_end()

    def undo(self, _rest: str) -> None:
        """Goes back to the version before."""
        if not self._draft.undo():
            raise InputError("there is nothing to undo.")
        self.show_end()

    def redo(self, _rest: str) -> None:
        """Goes forward again."""
        if not self._draft.redo():
            raise InputError("there is nothing to redo.")
        self.show_end()

    def show(self, _rest: str) -> None:
        """Shows the whole text."""
        say(self._draft.text)

    def show_end(self) -> None:
        """Shows where the text ends."""
        most = LINES * shutil.get_terminal_size().columns
        text = self._draft.text
        say(f"…{text[-most:]}" if len(text) > most else text)

    def save(self, rest: str) -> None:
        """Saves the text to a file."""
        path = Path(os.path.expanduser(rest.strip())) if rest.strip() else self._file.path
        if path is None:
            raise InputError("a file needs a name: /save story.txt")
        self._save(path)

    def _save(self, path: Path) -> None:
        """Saves the text, in the place of another file only if a person says so."""
        if self._file.would_lose(path) and not self._may_replace(path):
            say("Not saved.")
            return
        self._file.write(path)
        say(f"Saved in {shown(path)}: {some(len(self._draft.text), 'character')}.")

    def _may_replace(self, path: Path) -> bool:
        """Whether a person wants another file in the place of one that is there."""
        try:
            return self._ask(f"{shown(path)} is there. Replace it? (y/n) ", "").strip() == "y"
        except (KeyboardInterrupt, EOFError):
            return False

    def set(self, rest: str) -> None:
        """Shows the settings, or changes one."""
        name, _, value = rest.strip().partition(" ")
        if not name:
            for one, current in self._voice.describe().items():
                say(f"{one} {current}")
            return
        if not value.strip():
            raise SettingsError(f"{name} needs a value: /set {name} VALUE, or /set {name} default")
        self._voice.change(name, value.strip())
        say(f"{name} {value.strip()}")

    def help(self, _rest: str) -> None:
        """Shows what there is."""
        width = max(20, shutil.get_terminal_size().columns)
        lines = {"Enter": "Write on. A text that was typed is added before."}
        lines |= {name: does for name, (_, does) in COMMANDS.items()} | KEYS
        for name, does in lines.items():
            # Where there is little room, what a command does has lines of its own.
            begin, indent = (f"{name:11}", 11) if width >= NARROW else (f"{name}\n ", 1)
            filled = textwrap.fill(does, width - indent)
            say(begin + filled.replace("\n", "\n" + " " * indent))

    def quit(self, _rest: str) -> None:
        """Ends, as Ctrl-D does."""
        raise EOFError

    def _leave(self) -> bool:
        """Whether the session may end: the text has been saved, or a person does not want it."""
        if self._draft.is_saved:
            return True
        name = str(self._file.path or find_free_name(Path()))
        say("The text is not saved. Ctrl-C leaves it so.")
        try:
            answer = self._ask("Save as: ", name).strip()
            self._save(Path(os.path.expanduser(answer or name)))
        except KeyboardInterrupt:
            return True
        except EOFError:
            say(self.rescue().strip())
            return True
        except (BurbleError, OSError) as error:
            say(_describe(error))
        return self._draft.is_saved

    def rescue(self) -> str:
        """Saves what has not been saved where it can; a sentence that says where."""
        if self._unfinished[1]:
            self._keep_unfinished()
        return self._file.rescue()


COMMANDS: dict[str, tuple[Callable[[Session, str], None], str]] = {
    "/words": (Session.words, "Likely next words, to pick one."),
    "/letters": (Session.letters, "Likely next letters, to pick one."),
    "/tries": (Session.tries, f"{TRIES} ways to go on, to pick one; /tries 5 for five."),
    "/retry": (Session.retry, "Write the last piece anew; /undo brings the one before it back."),
    "/undo": (Session.undo, "Take the last step back."),
    "/redo": (Session.redo, "Take it again."),
    "/add": (Session.add, "/add The adds that, and does not write on; /add alone a line end."),
    "/show": (Session.show, "The whole text."),
    "/save": (Session.save, "/save story.txt saves it there."),
    "/set": (Session.set, "The settings; /set temperature 0.7 changes one."),
    "/help": (Session.help, "This."),
    "/quit": (Session.quit, "The end, as Ctrl-D is."),
}
"""What a line does that begins with its name, and what help says of it."""
KEYS = {
    "//": "Begins a text with one stroke.",
    "Alt-Enter": "A line end in what is typed.",
    "Ctrl-C": "Stops the writing, and keeps what is there.",
    "Ctrl-D": "The end.",
}


def _read_number(typed: str, most: int) -> int:
    """A number from 1 to `most`, as it is typed; 0 where it is none."""
    fits = typed.isdecimal() and len(typed) <= len(str(most))
    return int(typed) if fits and int(typed) <= most else 0


def _describe(error: BurbleError | OSError) -> str:
    """What went wrong, as a sentence."""
    if isinstance(error, BurbleError):
        flags = (flag.replace("-", "_") for flag in re.findall("--([a-z-]+)", str(error)))
        advice = next((f" Here that is: /set {one} …" for one in flags if one in SETTABLE), "")
        return f"burble: {error}{advice}"
    named = f"{error.filename}: " if error.filename else ""
    return f"burble: {named}{error.strerror or error}."
