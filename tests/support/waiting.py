"""Waiting for what another process does."""

import time


def wait_for(path, process):
    """Returns once a file is there; fails if the process that should make it ends first."""
    while not path.exists():
        assert process.poll() is None, f"{path} was never made"
        time.sleep(0.01)
