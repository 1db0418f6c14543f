"""One writer at a time, by a lock the kernel takes back when its holder dies."""

import fcntl
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from bursar.domain.errors import Unavailable

PATIENCE_SECONDS = 120.0


@contextmanager
def writer(home: Path, *, patience: float = PATIENCE_SECONDS) -> Generator[None]:
    """Hold the state folder's writer lock. Raises Unavailable when another process keeps it longer than `patience` seconds."""
    folder = home / "run"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "writer.lock").open("w") as file:
        _wait(file.fileno(), patience)
        yield


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
