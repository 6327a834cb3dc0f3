"""Models of torch-rnn and char-rnn from their checkpoints (`.t7`): network and alphabet.

Knows both programs' checkpoints, and nothing of bytes or arithmetic; see `torch7_file`,
`torch7_networks` and `torch7_graph`.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from burble.data.units import BYTES
from burble.data.vocabulary import Vocabulary
from burble.errors import ModelFileError, SettingsError
from burble.exchange.imports import Imported
from burble.exchange.options import ImportRequest
from burble.exchange.torch7_file import Table, read_torch7
from burble.exchange.torch7_graph import read_graph
from burble.exchange.torch7_networks import IMPORTABLE, Network, read_language_model
from burble.formatting import shown, some
from burble.model.file import Model
from burble.settings import TextSettings, Unit

PLAIN = 0x80
"""Bytes below it are characters in every encoding that is asked for."""
NEXT, FIRST = 0xC0, range(0xC2, 0xF5)
"""In UTF-8, a character's first byte is in `FIRST`, and its others are from `PLAIN` to `NEXT`."""
_MASKED = re.compile(rb"\[(\d{3})\]")
"""How torch-rnn writes a byte that is no character of ASCII, where it read bytes."""


def read(path: Path, options: ImportRequest, log: Callable[[str], object]) -> Imported:
    """Reads a checkpoint.

    Args:
        path: The file.
        options: Its `encoding`, where its alphabet is of bytes that are no UTF-8.
        log: Takes sentences about what was found.

    Raises:
        ModelFileError: It is none of torch-rnn or char-rnn, is damaged, or holds a network whose
            arithmetic burble does not have.
        SettingsError: Its alphabet is of bytes of an encoding that is not said.
    """
    if others := [name for name in options.reading.given if name != "encoding"]:
        raise SettingsError(
            f"{', '.join(others)} cannot be given with {shown(path)}, which is no text. Leave it "
            "out."
        )
    checkpoint = read_torch7(path)
    program, network, tokens = _read_network(checkpoint, path)
    listed = _in_order(tokens, len(network.bias))
    unit: Unit = "char"
    if not options.reading.encoding and any(_is_byte(token) for token in listed):
        symbols, unit = _read_bytes(listed, log), "bytes"
    else:
        symbols = _read_symbols(listed, options.reading.encoding)
    if "\r" in symbols:
        log(
            "Its alphabet holds the carriage return: lines of its text ended in CR LF, and so do "
            "those that it writes. A prompt's lines end in LF."
        )
    return Imported(_make_model(network, symbols, unit, checkpoint), program)


def _read_network(checkpoint: Table, path: Path) -> tuple[str, Network, Mapping[Any, Any]]:
    """The program that wrote a checkpoint, its network, and its tokens by their numbers.

    Raises:
        ModelFileError: It is of another program.
    """
    model, protos = checkpoint.get("model"), checkpoint.get("protos")
    graph = protos.get("rnn") if isinstance(protos, Table) else None
    if isinstance(model, Table) and model.get("net"):
        tokens = _number_tokens(model.get("idx_to_token"))
        return "torch-rnn", read_language_model(model), tokens
    if isinstance(graph, Table):
        named = _entries(checkpoint.get("vocab"))
        return "char-rnn", read_graph(graph), {number: token for token, number in named}
    raise ModelFileError(
        f"{shown(path)} was written by Torch7, but it is no checkpoint of torch-rnn or char-rnn: "
        f"it holds no network and alphabet side by side. {IMPORTABLE}"
    )


def _make_model(network: Network, symbols: Sequence[str], unit: Unit, checkpoint: Table) -> Model:
    """The model, symbols in the order of their code points; of bytes all that there are."""
    ids = {symbol: number for number, symbol in enumerate(symbols)}
    ordered = BYTES if unit == "bytes" else sorted(symbols)
    order = [ids.get(symbol, -1) for symbol in ordered]
    facts = {"iterations": checkpoint.get("i"), "validation_loss": _last_loss(checkpoint)}
    numbers = {n: v for n, v in facts.items() if isinstance(v, float) and math.isfinite(v)}
    return Model(
        weights=network.weights(order),
        vocabulary=Vocabulary(tuple(ordered), unit),
        architecture=network.shape(len(order)),
        text=TextSettings(unit=unit),
        summary={"imported": numbers} if numbers else {},
    )


def _last_loss(checkpoint: Table) -> Any:
    """The validation loss that its program measured last, in nats per symbol."""
    history = checkpoint.get("val_loss_history")
    losses = history.items if isinstance(history, Table) else []
    return losses[-1] if losses else checkpoint.get("val_loss")


def _entries(table: Any) -> list[tuple[Any, Any]]:
    """The entries of a table."""
    return [*table.entries.items()] if isinstance(table, Table) else []


def _number_tokens(table: Any) -> Mapping[Any, Any]:
    """Tokens by their numbers; bytes that torch-rnn masked are bytes again."""
    found = dict(_entries(table))
    masked = {n: _MASKED.fullmatch(t) for n, t in found.items() if isinstance(t, bytes)}
    if any(match and PLAIN <= int(match[1]) < 256 for match in masked.values()):
        found |= {n: bytes([int(m[1])]) for n, m in masked.items() if m and int(m[1]) < 256}
    return found


def _in_order(tokens: Mapping[Any, Any], size: int) -> list[bytes]:
    """The tokens of all ids, which begin with 1 there.

    Raises:
        ModelFileError: They are not those of a network with so many.
    """
    listed = [tokens.get(number) for number in range(1, size + 1)]
    texts = [token for token in listed if isinstance(token, bytes) and token]
    if len(texts) < size or len(tokens) != size or len(set(texts)) < size:
        raise ModelFileError(
            f"the checkpoint's alphabet has {some(len(tokens), 'symbol')}, and its network "
            f"{size:,}: they do not belong together. Take a checkpoint as the program wrote it."
        )
    return texts


def _is_byte(token: bytes) -> bool:
    """Whether a token is one byte that is no character."""
    return len(token) == 1 and token[0] >= PLAIN


def _read_bytes(tokens: Sequence[bytes], log: Callable[[str], object]) -> list[str]:
    """The symbols of an alphabet of bytes of UTF-8.

    Raises:
        SettingsError: They cannot be those of UTF-8.
    """
    if any(len(token) != 1 for token in tokens):
        raise SettingsError(
            "the checkpoint's alphabet is of bytes and of characters. The file is damaged: copy it "
            "again."
        )
    high = [token[0] for token in tokens if _is_byte(token)]
    begin = any(value in FIRST for value in high)
    if not begin or min(high) >= FIRST[0] or any(v not in FIRST for v in high if v >= NEXT):
        raise SettingsError(
            f"the checkpoint's alphabet is of bytes, of which {len(high)} are no "
            "ASCII, and are not those of UTF-8. Give the encoding of the text it was trained on, "
            "such as --encoding cp1252."
        )
    log(
        "Its alphabet is of single bytes, which are taken for those of UTF-8, as text mostly is. "
        "If its text had an encoding in which each byte is a character, give that: --encoding."
    )
    return [BYTES[token[0]] for token in tokens]


def _read_symbols(tokens: Sequence[bytes], encoding: str) -> list[str]:
    """The characters that tokens stand for.

    Raises:
        ModelFileError: They are longer than one character.
        SettingsError: They are bytes of another encoding than is said.
    """
    if encoding:
        return _decode_bytes(tokens, encoding)
    try:
        symbols = [token.decode() for token in tokens]
    except UnicodeDecodeError as error:
        raise ModelFileError(
            "the checkpoint's alphabet holds what is no UTF-8. The file is damaged: copy it again."
        ) from error
    if long := next((symbol for symbol in symbols if len(symbol) > 1), ""):
        raise ModelFileError(
            f"the checkpoint's symbols are not characters: one is {long!r:.40}. Models of "
            "characters can be imported."
        )
    return symbols


def _decode_bytes(tokens: Sequence[bytes], encoding: str) -> list[str]:
    """The characters of an alphabet of bytes, in an encoding in which each byte is one."""
    try:
        symbols = [token.decode(encoding) for token in tokens]
    except (UnicodeError, LookupError) as error:
        raise SettingsError(
            f"the checkpoint's alphabet is not of {encoding}: {error}. Give the encoding of the "
            "text it was trained on."
        ) from error
    if any(len(symbol) != 1 for symbol in symbols) or len({*symbols}) < len(symbols):
        raise SettingsError(
            f"in {encoding}, the bytes of the checkpoint's alphabet are not each a character. Give "
            "the encoding of the text it was trained on."
        )
    return symbols
