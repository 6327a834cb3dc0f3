"""What is written in one call is what the network, the draw and the watch give by turns."""

import os
import subprocess
import sys
import threading
import time
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burble.inference.loop_blocker import LoopBlocker
from burble.model import softmax
from burble.model.parallel import count_threads
from burble.native.choosing import average_logits, build_watch, draw_symbols
from burble.native.forward import build_network
from burble.native.library import load_library
from burble.native.writing import Choice, Helper, NotFiniteError, Room, Work
from tests.native.test_forward import CELLS, V, draw_states, make

pytestmark = pytest.mark.skipif(load_library() is None, reason="the kernels are not in use")
IMPOSSIBLE = float(softmax.IMPOSSIBLE)
SIZES = st.tuples(st.sampled_from(CELLS), st.integers(1, 3), st.integers(1, 70))


def build(cell="lstm", layers=2, units=20, seed=0, scale=0.5):
    return build_network(cell, *make(cell, layers, units, seed, scale))


def watch_all(texts, before=()):
    """What watches texts of which a symbol alone says nothing, as a gap does."""
    return LoopBlocker(["-", *map(chr, range(97, 97 + V))], texts, 2, before)


def reset(states, ids, reset_id):
    """States that are zero where that symbol is read."""
    chosen = np.asarray(ids)[:, None] == (-1 if reset_id is None else reset_id)
    return [np.where(chosen, np.float32(0), own) for own in states] if chosen.any() else states


def write_slowly(networks, ids, states, uniforms, choice, blocker):
    """Each step by calls of its own; the symbols, (T, B), and the states."""
    found = []
    (temperature, reset_id) = choice
    for row in uniforms:
        states = reset(states, ids, reset_id)
        stepped = [network.step(ids, own) for network, own in zip(networks, states, strict=True)]
        states = [after for _, after in stepped]
        logits = stepped[0][0]
        if len(networks) > 1:
            logits = average_logits(np.stack([one for one, _ in stepped]))
        blocker.process(logits)
        ids = draw_symbols(logits, temperature, IMPOSSIBLE, row)
        blocker.append_symbols(ids)
        found.append(ids)
    return np.array(found), states


@settings(deadline=None, max_examples=40)
@given(SIZES, st.integers(1, 3), st.integers(1, 14), st.integers(1, 70), st.integers(0, 2**32 - 1))
def test_what_is_written_at_once_is_what_is_written_step_by_step(sizes, many, texts, steps, seed):
    rng = np.random.default_rng(seed)
    cell, layers, units = sizes
    networks = [build(cell, layers, units, number) for number in range(many)]
    ids = rng.integers(0, V, texts)
    states = [draw_states(network, texts, seed) for network in networks]
    # At a low temperature texts soon go round.
    temperature, uniforms = rng.choice([0.05, 1.0]), rng.random((steps, texts))
    reset_id = rng.choice([None, *range(V)])
    slow, blocker = watch_all(texts, [1, 2] * 3), watch_all(texts, [1, 2] * 3)
    expected = write_slowly(networks, ids, states, uniforms, (temperature, reset_id), slow)
    room, choice = Room(networks, texts), Choice(temperature, IMPOSSIBLE, blocker.watch)
    first, done = states, 0
    while done < steps:
        some = uniforms[done : done + int(rng.integers(1, 20))]
        work = Work(networks, ids, reset(states, ids, reset_id), some, choice, room, reset_id)
        middle = int(rng.integers(0, texts + 1))
        for bounds in ((0, middle), (middle, texts)):
            work.write(*bounds)
        np.testing.assert_array_equal(work.drawn, expected[0][done : done + len(some)])
        ids, states, done = work.drawn[-1], work.after, done + len(some)
        blocker.take_written()
    np.testing.assert_array_equal(states, expected[1])
    np.testing.assert_array_equal(first[0], draw_states(networks[0], texts, seed))
    for name in ("_past", "_same", "_silent", "acted"):
        np.testing.assert_array_equal(getattr(blocker, name), getattr(slow, name))


def test_a_loop_is_broken_at_the_step_that_is_told():
    network, texts, steps = build(scale=0.0), 3, 40
    blocker = watch_all(texts)
    room, choice = Room([network], texts), Choice(0.05, IMPOSSIBLE, blocker.watch)
    # All symbols are as likely, and the same number draws the same one.
    uniforms = np.full((steps, texts), 0.5)
    uniforms[:5, 1] = 0.9
    state = np.zeros((network.parts, texts, network.units), np.float32)
    work = Work([network], np.zeros(texts, np.int64), [state], uniforms, choice, room)
    work.write(0, texts)
    assert blocker.watch.broken.tolist() == [12, 17, 12]
    assert [blocker.has_acted(1, step) for step in (16, 17, 39)] == [False, True, True]
    assert not blocker.acted.any()
    blocker.keep_rows([1])
    assert (blocker.acted.tolist(), blocker.has_acted(0, -1)) == ([True], True)


def test_what_cannot_be_is_refused():
    network = build()
    room, choice = Room([network], 2), Choice(1.0, IMPOSSIBLE, None)
    states, uniforms = draw_states(network, 2), np.zeros((4, 2))
    for wrong in ([0, V], [-1, 0]):
        with pytest.raises(IndexError, match=f"none of {V}"):
            Work([network], np.array(wrong), [states], uniforms, choice, room).write(0, 2)
    for shape in ((0, 2), (4, 3)):
        with pytest.raises(ValueError, match="came"):
            Work([network], np.zeros(2, int), [states], np.zeros(shape), choice, room)
    with pytest.raises(ValueError, match="came"):
        Work([network], np.zeros(2, int), [states], uniforms, choice, Room([network], 3))
    speaks = np.ones(V, bool)
    for told, watched in ((speaks, 1), (speaks[1:], 2)):
        watch = build_watch(np.ones(3, np.int32), told, 80)
        past, same = np.zeros((2, watched, 3), np.int32)
        watch.set_texts(past, same, np.zeros(watched, np.int32))
        with pytest.raises(ValueError, match="are watched"):
            Work([network], np.zeros(2, int), [states], uniforms, Choice(1.0, 0, watch), room)
    states[:, 1] = np.nan
    with pytest.raises(NotFiniteError, match="step 0"):
        Work([network], np.zeros(2, int), [states], uniforms, choice, room).write(0, 2)


def test_whoever_helps_may_go_at_any_time():
    network, texts = build(layers=1, units=300), 2
    choice, uniforms = Choice(1.0, IMPOSSIBLE, None), np.random.default_rng(0).random((50, texts))
    found = []
    for helped in (False, True, True):
        helper = Helper([network], texts) if helped else None
        state = np.zeros((network.parts, texts, network.units), np.float32)
        ids, room = np.zeros(texts, np.int64), Room([network], texts)
        work = Work([network], ids, [state], uniforms, choice, room)
        work.write(0, texts, helper)
        found.append(work.drawn)
        assert helper is None or helper.late >= 0
        del helper
    for other in found[1:]:
        np.testing.assert_array_equal(other, found[0])
    # What is made for fewer texts is left alone.
    few = Helper([network], 1)
    work.write(0, texts, few)
    assert few.late == 0


def ask_copy(function):
    """What a function returns, bytes, in a copy of the process."""
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        # That other threads are left behind is what is tried.
        warnings.simplefilter("ignore")
        child = os.fork()
    if not child:
        os.write(writer, function())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        found = pipe.read()
    assert os.waitpid(child, 0)[1] == 0
    return found


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not copied here")
@pytest.mark.skipif(count_threads() < 2, reason="there is one core, and no help")
def test_a_copy_of_the_process_writes_with_a_thread_of_its_own():
    network = build(layers=1, units=300)
    helper, choice = Helper([network], 1), Choice(1.0, IMPOSSIBLE, None)

    def write():
        state = np.zeros((network.parts, 1, network.units), np.float32)
        uniforms = np.linspace(0, 0.99, 60)[:, None]
        work = Work([network], np.zeros(1, np.int64), [state], uniforms, choice, Room([network], 1))
        work.write(0, 1, helper)
        return work.drawn.tobytes()

    def is_helped():
        late = helper.late
        write()
        return helper.late == late

    def write_on():
        while not ended.is_set():
            write()

    def write_helped():
        # However busy the machine is, help comes in time some day.
        return write() if any(is_helped() for _ in range(1000)) else b"without help"

    expected, ended, found = write(), threading.Event(), []
    other = threading.Thread(target=write_on)
    other.start()
    # Most times the thread that helps is there just then.
    for _ in range(4):
        time.sleep(0.01)
        found.append(ask_copy(write_helped))
    ended.set()
    other.join()
    assert found == [expected] * 4


ENDING = """
import threading
import numpy as np
from burble.native.forward import Layer, build_network
from burble.native.writing import Choice, Helper, Room, Work

units, symbols, texts = 1024, 5, 8
shapes = (units, 4 * units), (symbols, 4 * units), (units, symbols), (symbols,)
recurrent, start, kernel, bias = (np.zeros(shape, np.float32) for shape in shapes)
networks = [build_network("lstm", [Layer(None, recurrent, start)], kernel, bias)]
helper, begun = Helper(networks, texts), threading.Event()
choice, room = Choice(1.0, -1e30, None), Room(networks, texts)

def write():
    ids, uniforms = np.zeros(texts, int), np.full((60, texts), 0.5)
    states = [np.zeros((2, texts, units), np.float32)]
    while True:
        Work(networks, ids, states, uniforms, choice, room).write(0, texts, helper)
        begun.set()

threading.Thread(target=write, daemon=True).start()
begun.wait()
"""


def test_python_may_end_while_a_thread_that_is_not_waited_for_writes_with_help():
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", ENDING], capture_output=True, timeout=60)
        assert (done.returncode, done.stderr) == (0, b"")
