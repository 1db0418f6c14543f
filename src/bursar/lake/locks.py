"""One writer at a time, by a lock the kernel takes back when its holder dies."""

import errno
import fcntl
import os
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from bursar.domain.errors import BursarError, Unavailable

PATIENCE_SECONDS = 120.0
POLITE = 10
"""The niceness of a writer."""
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextmanager
def writer(home: Path, *, patience: float = PATIENCE_SECONDS) -> Generator[None]:
    """Hold the state folder's writer lock.

    Raises Unavailable when another process keeps it longer than `patience` seconds, and when the disk is full: what was published
    stands, and what was not is written by the next run.
    """
    folder = home / "run"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _yield_to_readers()
    with (folder / "writer.lock").open("w") as file:
        _wait(file.fileno(), patience)
        try:
            yield
        except BursarError:
            raise
        except Exception as error:
            if _is_full(error):
                cure = "Free some space below --home, then run it again: nothing is half-published."
                raise Unavailable(f"the disk is full: {error}", cure=cure) from error
            raise


def _yield_to_readers() -> None:
    """Who writes, and the children it starts, give way to who answers questions: on Linux this thread alone, and once."""
    if os.getpriority(os.PRIO_PROCESS, 0) < POLITE:
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, 0, POLITE)


def _is_full(error: Exception) -> bool:
    """Whether a write found no room; the warehouse's engine says so in words alone."""
    return getattr(error, "errno", None) in FULL or "No space left on device" in str(error)


def _wait(handle: int, patience: float) -> None:
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if time.monotonic() > deadline:
                raise Unavailable(
                    "another bursar is writing to this state folder", cure="Wait for it to end, or use another --home."
                ) from error
            time.sleep(0.05)
        else:
            return
