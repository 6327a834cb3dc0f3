"""The thread that writes: who joins, who leaves, and what happens when it fails."""

import asyncio

import numpy as np
import pytest

from burble.inference.generator import Generator
from burble.inference.selection import Ending
from burble.web import writer as module
from burble.web.errors import ApiError
from burble.web.metrics import Metrics
from burble.web.writer import Inbox, Part, Writer
from tests.support.speakers import chancy


def part(generator, inbox, place=0, **options):
    settings, _ = generator.resolve_settings({"seed": place, "length": 30} | options)
    texts = generator.prepare_texts("ab", settings)
    return Part(generator, texts, 0, None, False, inbox, place)


async def read(inbox, count):
    """The texts of an inbox by place, once `count` of them ended; and what was raised."""
    found: dict[int, str] = {}
    ended: set[int] = set()
    raised: dict[int, Exception] = {}
    while len(ended) < count:
        for place, item in await inbox.take():
            if isinstance(item, str):
                found[place] = found.get(place, "") + item
            else:
                ended.add(place)
                if not isinstance(item, Ending):
                    raised[place] = item
    return found, raised


def run(work):
    """Runs some work beside a writer."""

    async def both():
        writer = Writer(Metrics())
        writer.start()
        try:
            return await asyncio.wait_for(work(writer), 600)
        finally:
            writer.stop()

    return asyncio.run(both())


def test_texts_of_several_models_are_written_side_by_side():
    generators = [Generator(chancy(seed=n)) for n in range(3)]

    async def work(writer):
        inbox = Inbox()
        parts = [part(generators[n % 3], inbox, n) for n in range(9)]
        writer.submit(parts[:4])
        writer.submit(parts[4:])
        return await read(inbox, 9)

    found, raised = run(work)
    assert raised == {}
    for n, text in found.items():
        assert text == generators[n % 3].generate("ab", seed=n, length=30)


def test_too_many_are_refused_and_the_others_written(monkeypatch):
    monkeypatch.setattr(module, "MOST_WRITTEN", 2)
    monkeypatch.setattr(module, "MOST_WAITING", 3)
    generator = Generator(chancy())

    async def work(writer):
        inbox = Inbox()
        taken, refused = [], []
        for n in range(50):
            one = part(generator, inbox, n, length=200)
            try:
                writer.submit([one])
                taken.append(n)
            except ApiError as error:
                refused.append(error)
        found, raised = await read(inbox, len(taken))
        assert [*found] == taken
        assert raised == {}
        return refused

    refused = run(work)
    assert refused
    assert {error.status for error in refused} == {429}
    assert {error.headers["Retry-After"] for error in refused} == {"1"}


def test_a_small_request_does_not_wait_for_a_large_one(monkeypatch):
    monkeypatch.setattr(module, "MOST_WRITTEN", 8)
    monkeypatch.setattr(module, "ROOM", 2)
    monkeypatch.setattr(module, "FEW", 1)
    generator = Generator(chancy())

    async def work(writer):
        large = [Inbox() for _ in range(2)]
        for inbox in large:
            writer.submit([part(generator, inbox, n, length=None) for n in range(20)])
        await large[0].take()
        small = Inbox()
        writer.submit([part(generator, small)])
        # Those of the large ones never end.
        return await read(small, 1)

    found, _ = run(work)
    assert found == {0: generator.generate("ab", seed=0, length=30)}


def test_who_leaves_is_written_no_more_and_makes_room(monkeypatch):
    monkeypatch.setattr(module, "MOST_WRITTEN", 1)
    generator = Generator(chancy())

    async def work(writer):
        inboxes = [Inbox(), Inbox(), Inbox()]
        parts = [part(generator, inbox, n, length=None) for n, inbox in enumerate(inboxes[:2])]
        writer.submit(parts)
        await inboxes[0].take()
        writer.withdraw([*parts, *parts])
        writer.submit([part(generator, inboxes[2], 2)])
        return await read(inboxes[2], 1)

    found, _ = run(work)
    assert found == {2: generator.generate("ab", seed=2, length=30)}


def test_a_damaged_model_fails_alone():
    broken, sound = chancy(), Generator(chancy(seed=1))
    broken.weights["output.kernel"][:] = np.nan

    async def work(writer):
        inbox = Inbox()
        writer.submit([part(Generator(broken), inbox, 0), part(sound, inbox, 1)])
        writer.submit([part(Generator(broken), inbox, 2)])
        return await read(inbox, 3)

    found, raised = run(work)
    assert set(raised) == {0, 2}
    assert "is not a number any more" in str(raised[0])
    assert found[1] == sound.generate("ab", seed=1, length=30)


def test_all_are_told_when_it_stops():
    generator = Generator(chancy())

    async def work(writer):
        inbox = Inbox()
        writer.submit([part(generator, inbox, n, length=None) for n in range(3)])
        await inbox.take()
        writer.end_all()
        _, raised = await read(inbox, 3)
        with pytest.raises(ApiError, match="the server is stopping"):
            writer.submit([part(generator, inbox)])
        return raised

    assert {error.status for error in run(work).values()} == {503}
