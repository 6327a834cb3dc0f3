"""WebAssembly's text form to its binary form, as much of both as a page's step needs.

Instructions are folded, their operands in brackets: `(f32x4.add (local.get $a) (local.get $b))`.
Knows nothing of networks. Source: the WebAssembly core specification, version 2.0, chapters 5 and
6.
"""

import re
import struct
from collections.abc import Iterator, Sequence
from typing import Any

Form = list[Any]
"""A bracketed form: words, strings in quotes, and forms."""
TYPES = {"i32": 0x7F, "v128": 0x7B}
PLAIN = {
    "i32.add": b"\x6a",
    "i32.sub": b"\x6b",
    "i32.shl": b"\x74",
    "i32.lt_u": b"\x49",
    "f32x4.splat": b"\xfd\x13",
    "f32x4.add": b"\xfd\xe4\x01",
    "f32x4.sub": b"\xfd\xe5\x01",
    "f32x4.mul": b"\xfd\xe6\x01",
    "f32x4.div": b"\xfd\xe7\x01",
    "f32x4.pmin": b"\xfd\xea\x01",
    "f32x4.pmax": b"\xfd\xeb\x01",
}
"""Instructions without anything but their operands."""
MEMORY = {
    "v128.load": (b"\xfd\x00", 4),
    "v128.load32_splat": (b"\xfd\x09", 2),
    "v128.store": (b"\xfd\x0b", 4),
}
"""Instructions on memory, and the power of two of what they are aligned to."""
LOCAL = {"local.get": b"\x20", "local.set": b"\x21", "local.tee": b"\x22"}
_TOKEN = re.compile(r'\s+|;;[^\n]*|([()]|"[^"]*"|[^\s()"]+)')


def assemble(text: str) -> bytes:
    """The module of a text.

    Raises:
        ValueError: It has something that is not known here.
    """
    (module,) = _read(text)
    functions = [form for form in module[1:] if form[0] == "func"]
    memories = [form for form in module[1:] if form[0] == "memory"]
    names = {form[1]: place for place, form in enumerate(functions) if form[1][0] == "$"}
    signatures = [_signature(form) for form in functions]
    kinds = sorted({*signatures})
    exports = [
        _name(part[1]) + bytes([kind]) + _unsigned(place)
        for kind, forms in ((0, functions), (2, memories))
        for place, form in enumerate(forms)
        for part in form
        if part[0] == "export"
    ]
    sections = {
        1: kinds,
        3: [_unsigned(kinds.index(one)) for one in signatures],
        5: [b"\x00" + _unsigned(int(form[-1])) for form in memories],
        7: exports,
        10: [_sized(_body(form, names)) for form in functions],
    }
    parts = [bytes([number]) + _sized(_vector(items)) for number, items in sections.items()]
    return b"".join([b"\0asm\1\0\0\0", *parts])


def _read(text: str) -> Form:
    """The forms of a text."""
    stack: list[Form] = [[]]
    for found in _TOKEN.finditer(text):
        match found[1]:
            case None:
                continue
            case "(":
                stack.append([])
            case ")":
                form = stack.pop()
                stack[-1].append(form)
            case word:
                stack[-1].append(word)
    return stack[0]


def _unsigned(number: int) -> bytes:
    """A number in LEB128."""
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])


def _signed(number: int) -> bytes:
    """A number that may be below 0 in LEB128."""
    found = bytearray()
    while not -0x40 <= number < 0x40:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number & 0x7F])


def _sized(data: bytes) -> bytes:
    """Bytes with how many they are."""
    return _unsigned(len(data)) + data


def _vector(items: Sequence[bytes]) -> bytes:
    """Items with how many they are."""
    return _unsigned(len(items)) + b"".join(items)


def _name(word: str) -> bytes:
    """A name in quotes."""
    return _sized(word.strip('"').encode())


def _types(form: Form, kind: str) -> list[str]:
    """The types of a function's parameters, results or locals."""
    return [part[-1] for part in form if part[0] == kind]


def _signature(form: Form) -> bytes:
    """The type of a function."""
    sides = (_vector([bytes([TYPES[one]]) for one in _types(form, k)]) for k in ("param", "result"))
    return b"\x60" + b"".join(sides)


def _body(form: Form, functions: dict[str, int]) -> bytes:
    """The locals and instructions of a function."""
    declared = [part for part in form if part[0] in ("param", "local")]
    places = {part[1]: place for place, part in enumerate(declared)}
    own = [_unsigned(1) + bytes([TYPES[one]]) for one in _types(form, "local")]
    known = ("export", "param", "result", "local")
    code = [part for part in form[1:] if isinstance(part, list) and part[0] not in known]
    work = (_instruction(one, places | functions, ()) for one in code)
    return _vector(own) + b"".join(work) + b"\x0b"


def _instruction(form: Form, places: dict[str, int], loops: tuple[str, ...]) -> bytes:
    """An instruction, after those of its operands.

    Args:
        form: The instruction.
        places: The number of each local and function.
        loops: What it stands in, the innermost first.
    """
    name, *rest = form
    words = [one for one in rest if isinstance(one, str)]
    if name == "loop":
        inside = (_instruction(one, places, (words[0], *loops)) for one in rest[1:])
        return b"\x03\x40" + b"".join(inside) + b"\x0b"
    operands = b"".join(_instruction(one, places, loops) for one in rest if isinstance(one, list))
    return operands + b"".join(_encode(name, words, places, loops))


def _encode(
    name: str, words: Sequence[str], places: dict[str, int], loops: Sequence[str]
) -> Iterator[bytes]:
    """An instruction without its operands."""
    if name in PLAIN:
        yield PLAIN[name]
    elif name in LOCAL:
        yield LOCAL[name] + _unsigned(places[words[0]])
    elif name in MEMORY:
        code, aligned = MEMORY[name]
        offset = int(words[0].removeprefix("offset=")) if words else 0
        yield code + _unsigned(aligned) + _unsigned(offset)
    elif name == "i32.const":
        yield b"\x41" + _signed(int(words[0]))
    elif name == "f32.const":
        yield b"\x43" + struct.pack("<f", float(words[0]))
    elif name == "call":
        yield b"\x10" + _unsigned(places[words[0]])
    elif name == "br_if":
        yield b"\x0d" + _unsigned(loops.index(words[0]))
    else:
        raise ValueError(f"{name} is no instruction that is known here.")
