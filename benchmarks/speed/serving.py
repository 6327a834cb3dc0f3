"""How a server writes for many at once, beside one alone, and beside another server.

    python -m benchmarks serving [--quick] [--rival COMMAND] [--rival-name NAME]

`burble serve` and its clients run on the same cores, in processes of their own; the clients talk
over real connections and take streams. The model has random weights, which take as long as trained
ones. Measured in turn, several times: one stream alone, and 64 at once, by all characters from the
first request to the last answer; 16 clients that ask again as soon as they are answered, by the
time to the first character; and 200 such clients for a minute, with the memory of the server at the
beginning and at the end. Of every text it is looked whether it is, to the letter, what the model
writes alone.

A rival is any command that serves completions in the form of the OpenAI API at 127.0.0.1; `{port}`
in it is the port. Its characters are counted as they come. llama-cpp-python, with a Llama of about
as many weights as 2 x 256:

    python benchmarks/rivals/llama_model.py /tmp/llama.gguf
    python -m benchmarks serving --rival-name llama-cpp-python --rival "python -m llama_cpp.server
        --model /tmp/llama.gguf --n_ctx 4096 --interrupt_requests False --port {port}"
"""

import argparse
import asyncio
import itertools
import json
import random
import re
import shlex
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks.harness import call, make_parser, record
from benchmarks.speed.writing import FIRST, SYMBOLS, make
from burble.training.processes import burble_command

SHAPES = ((2, 256), (2, 512))
STREAMS, CLIENTS, CROWD = 64, 16, 200
PROMPT, TEXTS = 60, 24
"""Characters of a prompt, and different requests."""
ALPHABET = "".join(map(chr, range(FIRST[0], FIRST[0] + SYMBOLS)))
PATIENCE = 60.0
"""Seconds in which a server must be there."""


@dataclass(frozen=True)
class Load:
    """What clients ask of a server.

    Attributes:
        clients: How many there are.
        length: Characters of each text.
        seconds: For which each asks again and again; 0 to ask once.
        check: The model file by which the texts are looked at; "" for not at all.
    """

    clients: int
    length: int
    seconds: float = 0.0
    check: str = ""


def main() -> None:
    """Measures all and records the table; as a child, it is the clients."""
    parser = make_parser(__doc__, "one small model, fewer and shorter texts, one round")
    parser.add_argument("--rival", metavar="COMMAND", help="what serves beside burble")
    parser.add_argument("--rival-name", default="rival", metavar="NAME", help="what it is called")
    parser.add_argument("--clients", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.clients:
        port, load = asked.clients
        print(json.dumps(asyncio.run(ask_all(int(port), Load(**json.loads(load))))))
        return
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        for layers, units in ((1, 64),) if asked.quick else SHAPES:
            path = Path(folder) / f"{layers}x{units}.safetensors"
            make(path, layers, units)
            command = burble_command("serve", str(path), "--port", "{port}", "--no-browser")
            rows += measure(command, f"burble, {path.stem}", str(path), asked.quick)
    if asked.rival:
        rows += measure(shlex.split(asked.rival), asked.rival_name, "", asked.quick)
    record("serving", rows, "server and clients on the same cores; medians of rounds")


def measure(
    command: Sequence[str], name: str, check: str, quick: bool
) -> Iterator[dict[str, object]]:
    """The rows of one server."""
    rounds, length, crowd = (1, 40, 8) if quick else (5, 2_000, CROWD)
    streams = 8 if quick else STREAMS
    with serving(command) as (port, process):

        def ask(**fields: Any) -> dict[str, Any]:
            load = Load(check=check, **fields)
            found: dict[str, Any] = call("serving", "--clients", port, json.dumps(vars(load)))
            return found

        ask(clients=1, length=20)
        alone, many = [], []
        for _ in range(rounds):
            alone.append(ask(clients=1, length=length))
            many.append(ask(clients=streams, length=max(20, length // 4)))
        ratios = [
            two["characters_a_second"] / one["characters_a_second"]
            for one, two in zip(alone, many, strict=True)
        ]
        yield describe(name, alone, 1)
        yield describe(name, many, streams) | {"times_one": round(median(ratios), 2)}
        few = ask(clients=4 if quick else CLIENTS, length=100, seconds=1 if quick else 20)
        yield describe(name, [few], 4 if quick else CLIENTS)
        before = measure_memory(process.pid)
        all_of_them = ask(clients=crowd, length=400, seconds=1 if quick else 60)
        yield describe(name, [all_of_them], crowd) | {
            "server_mb": f"{before} to {measure_memory(process.pid)}"
        }


def describe(name: str, found: Sequence[Mapping[str, Any]], clients: int) -> dict[str, object]:
    """A row of several rounds."""
    statuses = Counter[str]()
    for one in found:
        statuses.update(one["statuses"])
    firsts = [seconds for one in found for seconds in one["firsts"]]
    return {
        "server": name,
        "clients": clients,
        "characters_a_second": round(median(one["characters_a_second"] for one in found)),
        "times_one": "",
        "first_character_ms": round(1_000 * median(firsts), 1) if firsts else "",
        "first_character_ms_99_in_100": round(1_000 * find_99th(firsts), 1) if firsts else "",
        "answers": ", ".join(f"{count} x {status}" for status, count in sorted(statuses.items())),
        "wrong_texts": sum(one["wrong"] for one in found),
        "server_mb": "",
    }


def find_99th(values: Sequence[float]) -> float:
    """What 99 of 100 do not exceed."""
    return values[0] if len(values) == 1 else quantiles(values, n=100, method="inclusive")[98]


@contextmanager
def serving(command: Sequence[str]) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Runs a server until the end of a block; its port and process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    filled = [part.replace("{port}", str(port)) for part in command]
    process = subprocess.Popen(filled, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        until = time.monotonic() + PATIENCE
        while not answers(port):
            if process.poll() is not None or time.monotonic() > until:
                sys.exit(f"the server did not begin: {shlex.join(filled)}")
            time.sleep(0.1)
        yield port, process
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE)
        process.kill()


def answers(port: int) -> bool:
    """Whether something listens at a port."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def measure_memory(pid: int) -> int:
    """Megabytes that a process holds, where the system tells it; else 0."""
    status = Path(f"/proc/{pid}/status")
    found = re.search(r"VmRSS:\s+(\d+)", status.read_text()) if status.exists() else None
    return int(found[1]) // 1024 if found else 0


def make_requests(load: Load) -> list[dict[str, object]]:
    """Different requests, the same each time."""
    rng = random.Random(0)
    return [
        {
            "prompt": "".join(rng.choices(ALPHABET, k=PROMPT)),
            "max_tokens": load.length,
            "temperature": 0.8,
            "seed": seed,
            "stream": True,
        }
        for seed in range(TEXTS)
    ]


async def ask_all(port: int, load: Load) -> dict[str, Any]:
    """What clients get of a server, all at once."""
    requests = make_requests(load)
    started = time.perf_counter()
    clients = (ask_on(port, requests, load, number) for number in range(load.clients))
    every = [one for found in await asyncio.gather(*clients) for one in found]
    written = [answer for answer in every if answer.text]
    seconds = max((one.ended for one in written), default=started) - started
    return {
        "characters_a_second": sum(len(one.text) for one in written) / max(seconds, 1e-9),
        "firsts": [one.first - one.asked for one in written],
        "statuses": Counter(one.status for one in every),
        "wrong": count_wrong(written, requests, load.check) if load.check else 0,
    }


@dataclass
class Answer:
    """What came of one request: of which, when, and how it ended."""

    request: int
    asked: float
    first: float = 0.0
    ended: float = 0.0
    text: str = ""
    status: str = "no answer"


async def ask_on(
    port: int, requests: Sequence[Mapping[str, object]], load: Load, number: int
) -> list[Answer]:
    """The answers that one client gets."""
    found = []
    until = time.perf_counter() + load.seconds
    for place in itertools.count(number):
        found.append(await ask(port, requests, place % len(requests)))
        if time.perf_counter() >= until:
            return found
        if found[-1].status != "200":
            await asyncio.sleep(1.0)
    raise AssertionError


async def ask(port: int, requests: Sequence[Mapping[str, object]], which: int) -> Answer:
    """Asks for one text, as a stream."""
    answer = Answer(which, time.perf_counter())
    body = json.dumps(requests[which]).encode()
    head = (
        f"POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head.encode() + body)
        answer.status = (await reader.readline()).split()[1].decode()
        async for line in reader:
            if not line.startswith(b"data: {"):
                continue
            piece = "".join(c["text"] or "" for c in json.loads(line[6:])["choices"])
            if piece and not answer.text:
                answer.first = time.perf_counter()
            answer.text += piece
        writer.close()
    except (OSError, IndexError, ValueError, KeyError) as error:
        answer.status = type(error).__name__
    answer.ended = time.perf_counter()
    return answer


def count_wrong(
    answers: Sequence[Answer], requests: Sequence[Mapping[str, Any]], check: str
) -> int:
    """How many texts are not what the model writes alone."""
    from burble.inference.generator import load

    writer, alone = load(check), dict[int, str]()
    wrong = 0
    for answer in answers:
        request = requests[answer.request]
        if answer.request not in alone:
            options = {name: request[name] for name in ("temperature", "seed")}
            length = request["max_tokens"]
            alone[answer.request] = writer.generate(request["prompt"], length=length, **options)
        wrong += answer.text != alone[answer.request]
    return wrong
