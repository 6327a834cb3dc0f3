"""The terminal that a person writes in: lines are asked for there. Knows no model.

A terminal that can do nothing, by what `TERM` says, is read line by line as it is; any other has
the keys, the history and the completion of prompt_toolkit.
"""

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from burble.errors import InputError

Ask = Callable[[str, str], str]
"""Asks for a line: what stands before it, and what it holds to begin with.

It raises EOFError where Ctrl-D ends the session, and KeyboardInterrupt for Ctrl-C.
"""
PROMPT = "> "
"""What stands before a line that is a command or a text, and no answer to a question."""
DUMB = ("dumb", "unknown")
PLAIN = b"\x1b[?2004l\x1b[?25h"
"""Ends bracketed paste, and shows the cursor."""


def say(text: str) -> None:
    """Prints a sentence."""
    print(text, flush=True)


def check_terminal() -> None:
    """Refuses to begin where nobody would see it or could answer.

    Raises:
        InputError: Standard input or output is no terminal.
    """
    ends = {"standard input": sys.stdin, "standard output": sys.stdout}
    others = [name for name, stream in ends.items() if not stream.isatty()]
    if others:
        are = "is no terminal" if len(others) == 1 else "are no terminals"
        raise InputError(
            f"--interactive needs a terminal to read from and to write to, and "
            f"{' and '.join(others)} {are}. Leave it out to write a text at once."
        )


def open_terminal(commands: Sequence[str]) -> Ask:
    """What asks for lines; a terminal that can do nothing is read as it is.

    Args:
        commands: What Tab completes.
    """
    if _is_dumb():
        return _ask_plainly
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import PathCompleter, WordCompleter
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
    from prompt_toolkit.shortcuts import CompleteStyle

    keys = KeyBindings()

    # The second is what comes where it is typed before this asks.
    @keys.add("escape", "enter")
    @keys.add("escape", "c-j")
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    style = CompleteStyle.READLINE_LIKE
    common: dict[str, Any] = {"complete_while_typing": False, "complete_style": style}
    # Only a command is completed, and never the words of a text.
    words = WordCompleter([*commands], sentence=True)
    lines = PromptSession[str](completer=words, key_bindings=keys, **common)
    answers = PromptSession[str](completer=PathCompleter(expanduser=True), **common)
    return lambda before, text: (lines if before == PROMPT else answers).prompt(
        before, default=text
    )


def save_terminal() -> Callable[[], None]:
    """What brings the terminal back to how it is now, whatever has been done to it since."""
    if os.name != "posix":
        return lambda: None
    import termios

    modes = termios.tcgetattr(0)

    def restore() -> None:
        # It may be gone.
        with suppress(termios.error, OSError):
            termios.tcsetattr(0, termios.TCSANOW, modes)
            os.write(1, b"" if _is_dumb() else PLAIN)

    return restore


def _is_dumb() -> bool:
    """Whether the terminal can do nothing but show text."""
    return os.environ.get("TERM", "dumb" if os.name == "posix" else "").lower() in DUMB


def _ask_plainly(before: str, text: str) -> str:
    """Asks for a line without any keys of its own; what it would hold is shown before it."""
    return input(f"[{text}] {before}" if text else before) or (text if before != PROMPT else "")
