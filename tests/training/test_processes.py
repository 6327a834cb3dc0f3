"""Processes that train together: real ones, over loopback, killed and stopped for real."""

import json
import os
import re
import select
import shlex
import shutil
import signal
import socket
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from burble.errors import SettingsError
from burble.runs.folder import Run
from burble.training import processes
from burble.training.processes import Peer
from tests.support.processes import PATIENCE, start

NETWORK = ["--layers", "1", "--units", "16", "--embedding", "8", "--batch", "8", "--length", "12"]
NETWORK += ["--dropout", "0.2", "--dropout-input", "0.1", "--dropout-output", "0.2"]
NETWORK += ["--dropout-recurrent", "0.1"]
STEPS = ["--steps", "50", "--evaluations", "2"]
# Told of early, after a two hundredth of its steps, and far from over when it is interrupted.
LONG = ["--steps", "20000", "--evaluations", "1", "--patience", "0"]

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="reads /proc to find the processes that train"
)


@pytest.fixture(scope="module")
def alone(burble, text, tmp_path_factory):
    folder = tmp_path_factory.mktemp("alone") / "run"
    done = burble("train", text, "-o", folder, *NETWORK, *STEPS)
    assert done.returncode == 0, done.stderr.decode()
    return metrics(folder)


def metrics(folder):
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def assert_alike(found, expected):
    assert [m["step"] for m in found] == [m["step"] for m in expected]
    for ours, theirs in zip(found, expected, strict=True):
        assert ours == pytest.approx(theirs, abs=1e-5)


def has_begun(process):
    """Waits until the process has told of a step."""
    for line in process.stderr:
        if line.startswith("step "):
            return
    raise AssertionError("training ended before it could be interrupted")


def children(process):
    path = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return sorted(map(int, path.read_text().split()))


def free_address():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


@pytest.mark.slow
def test_two_processes_come_to_the_losses_of_one(burble, text, alone, with_own_files, tmp_path):
    # Each gets the standard input, and both measure the machine before the first step.
    asked = ["train", "-", "-o", tmp_path / "run", *NETWORK, *STEPS, "--minutes", "5"]
    done = burble(*asked, "--processes", "2", stdin=text.read_bytes(), cwd=with_own_files)
    assert done.returncode == 0, done.stderr.decode()
    assert_alike(metrics(tmp_path / "run"), alone)


@pytest.mark.slow
def test_one_that_is_killed_stops_all_and_four_go_on_as_one_would(burble, text, tmp_path):
    run, copy = tmp_path / "run", tmp_path / "copy"
    with start("train", text, "-o", run, *NETWORK, *LONG, "--processes", "2") as process:
        has_begun(process)
        os.kill(children(process)[1], signal.SIGKILL)
        said = process.stderr.read()
        assert process.wait(PATIENCE) == 1
    assert "process 1 of 2 was ended by SIGKILL, so all have stopped." in said
    again = shlex.split(re.findall(r"Go on with: burble (.*)", said)[0])
    assert again[-2:] == ["--resume", "--processes=2"]
    shutil.copytree(run, copy)
    again[-1] = "--processes=4"
    more = ["--steps", Run(run).read_state().step + 50, "--evaluations", 2]
    for command in (again, ["train", text, "-o", copy, "--resume"]):
        done = burble(*command, *more)
        assert done.returncode == 0, done.stderr.decode()
    assert_alike(metrics(run), metrics(copy))


@pytest.mark.slow
def test_killing_the_one_that_watches_ends_all(text, tmp_path):
    arguments = ["train", text, "-o", tmp_path / "run", *NETWORK, *LONG, "--processes", "2"]
    with start(*arguments) as process:
        has_begun(process)
        ends = [os.pidfd_open(child) for child in children(process)]
        process.kill()
        for end in ends:
            assert select.select([end], [], [], PATIENCE)[0]
            os.close(end)


@pytest.mark.slow
def test_two_commands_train_as_on_two_machines(burble, text, alone, tmp_path):
    there = tmp_path / "there"
    there.mkdir()
    several = ["--coordinator", free_address(), "--num-processes", "2"]
    arguments = ["train", text, "-o", "run", *NETWORK, *STEPS, *several]
    with start(*arguments, "--process-id", "1", cwd=there) as other:
        done = burble(*arguments, "--process-id", "0", cwd=tmp_path)
        assert done.returncode == 0, done.stderr.decode()
        assert other.wait(PATIENCE) == 0, other.stderr.read()
    assert_alike(metrics(tmp_path / "run"), alone)
    assert list(there.iterdir()) == []


@contextmanager
def two_machines(text, folder):
    """Processes 0 and 1, started as on two machines, at work."""
    several = ["--coordinator", free_address(), "--num-processes", "2"]
    arguments = ["train", text, "-o", folder / "run", *NETWORK, *LONG, *several]
    with (
        start(*arguments, "--process-id", "1") as other,
        start(*arguments, "--process-id", "0") as first,
    ):
        has_begun(first)
        yield first, other


@pytest.mark.slow
def test_ctrl_c_on_one_machine_stops_and_saves_on_all(text, tmp_path):
    with two_machines(text, tmp_path) as (first, other):
        other.send_signal(signal.SIGINT)
        assert first.wait(PATIENCE) == 130
        assert "all is saved. Go on with:" in first.stderr.read()
        assert other.wait(PATIENCE) == 0


@pytest.mark.slow
def test_one_that_is_killed_on_another_machine_is_missed(text, tmp_path):
    with two_machines(text, tmp_path) as (first, other):
        os.kill(children(other)[0], signal.SIGKILL)
        assert first.wait(PATIENCE) == 1
        said = first.stderr.read()
        assert "another process of this training has ended or cannot be reached any more" in said
        assert "--resume --coordinator=" in said
        assert other.wait(PATIENCE) == 1
        assert "process 1 of 2 was ended by SIGKILL" in other.stderr.read()


@pytest.mark.slow
def test_all_must_read_the_same_text(burble, text, tmp_path):
    unlike = tmp_path / "other.txt"
    unlike.write_text(text.read_text(encoding="utf-8") + "more", encoding="utf-8")
    several = ["--coordinator", free_address(), "--num-processes", "2"]
    arguments = ["-o", tmp_path / "run", *NETWORK, *STEPS, *several]
    with start("train", unlike, *arguments, "--process-id", "1") as other:
        done = burble("train", text, *arguments, "--process-id", "0")
        assert other.wait(PATIENCE) == 2
        assert "the text of process 1 is not that of process 0" in other.stderr.read()
    assert done.returncode in (1, 2)


def test_a_batch_that_cannot_be_shared_is_refused(burble, text, tmp_path):
    run = tmp_path / "run"
    done = burble("train", text, "-o", run, *NETWORK, *STEPS, "--processes", "3")
    assert done.returncode == 2
    said = "batch is 8, which 3 processes cannot share evenly. Take a multiple of 3, such as"
    assert said in done.stderr.decode()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((0, None, None, None), "processes is 0, but must be 1 or more"),
        ((2, "a:1", None, None), "give only one of them"),
        ((None, "a:1", None, 2), "missing: --process-id"),
        ((None, None, 1, 2), "missing: --coordinator"),
        ((None, "a", 0, 2), "coordinator is 'a', but must be HOST:PORT"),
        ((None, "a:99999", 0, 2), "coordinator is 'a:99999'"),
        ((None, "a:1", 2, 2), "process_id is 2, but must be from 0 to num_processes - 1, here 1"),
        ((None, "a:1", 0, 0), "num_processes is 0"),
    ],
)
def test_flags_that_do_not_fit_together_are_refused(given, said):
    with pytest.raises(SettingsError, match=re.escape(said)):
        processes.peers_to_start(given[0], given[1], given[2], given[3], {})


def test_nothing_is_started_for_one_process_alone():
    assert processes.peers_to_start(None, None, None, None, {}) == []
    assert processes.peers_to_start(1, None, None, None, {}) == []
    assert processes.peers_to_start(None, "a:1", 0, 1, {}) == []


def test_processes_here_share_its_cores_and_one_port():
    peers = processes.peers_to_start(2, None, None, None, {})
    assert [peer.process_id for peer in peers] == [0, 1]
    assert len({peer.coordinator for peer in peers}) == 1
    assert peers[0].cores == max(1, processes.available_cores() // 2)
    assert peers[0].flags == ("--processes=2",)


KERAS = {
    "KERAS_DISTRIBUTION_JOB_ADDRESSES": "10.0.0.1:1234,10.0.0.2:2345",
    "KERAS_DISTRIBUTION_PROCESS_ID": "1",
}
SLURM = {
    "SLURM_STEP_NODELIST": "gpu[03-04]",
    "SLURM_PROCID": "1",
    "SLURM_STEP_NUM_TASKS": "2",
    "SLURM_JOB_ID": "5000",
}


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (KERAS, Peer("10.0.0.1:1234", 1, 2)),
        (KERAS | {"KERAS_DISTRIBUTION_NUM_PROCESSES": "4"}, Peer("10.0.0.1:1234", 1, 4)),
        (SLURM, Peer("gpu03:62344", 1, 2)),
        (SLURM | KERAS, Peer("10.0.0.1:1234", 1, 2)),
    ],
)
def test_the_environment_of_keras_and_slurm_is_understood(environment, expected):
    assert processes.peers_to_start(None, None, None, None, environment) == [expected]


def test_flags_come_before_the_environment():
    assert processes.peers_to_start(1, None, None, None, SLURM) == []
    assert processes.peers_to_start(None, "a:1", 0, 3, SLURM) == [Peer("a:1", 0, 3)]


def test_a_slurm_job_that_is_no_step_of_several_tasks_trains_alone():
    without = {name: value for name, value in SLURM.items() if name != "SLURM_STEP_NODELIST"}
    assert processes.peers_to_start(None, None, None, None, without) == []
    one = SLURM | {"SLURM_STEP_NUM_TASKS": "1", "SLURM_PROCID": "0"}
    assert processes.peers_to_start(None, None, None, None, one) == []


def test_an_environment_without_numbers_is_refused():
    with pytest.raises(SettingsError, match="names process 'x' of '2'"):
        processes.peers_to_start(None, None, None, None, SLURM | {"SLURM_PROCID": "x"})


def test_a_training_ends_with_the_comparison_that_began_it(monkeypatch):
    assert not processes.is_orphaned()
    monkeypatch.setenv(processes.STARTER, str(os.getppid()))
    assert not processes.is_orphaned()
    monkeypatch.setenv(processes.STARTER, "1" if os.getppid() != 1 else "2")
    assert processes.is_orphaned()
