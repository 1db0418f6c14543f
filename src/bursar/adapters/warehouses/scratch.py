"""Temporary folders that outlive nobody: each is locked while its process lives, and swept by a later one when it does not.

The kernel gives a lock back when its holder dies, however it dies.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

PREFIX = "tmp"


@contextmanager
def scratch_folder(root: Path) -> Generator[Path]:
    """A new folder below `root`, gone again at the end."""
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _locked(root, fcntl.LOCK_SH):  # nobody sweeps between its making and its lock
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=root))
        handle = os.open(folder, os.O_RDONLY)
        fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def sweep(root: Path) -> None:
    """Remove the folders below `root` whose process is gone. Leaves all where they are while another sweeps or makes one."""
    if not root.is_dir():
        return
    try:
        with _locked(root, fcntl.LOCK_EX | fcntl.LOCK_NB):
            for folder in root.glob(f"{PREFIX}*"):
                _remove_if_left(folder)
    except OSError:
        return


def _remove_if_left(folder: Path) -> None:
    try:
        with _locked(folder, fcntl.LOCK_EX | fcntl.LOCK_NB):
            shutil.rmtree(folder, ignore_errors=True)
    except OSError:
        return


@contextmanager
def _locked(folder: Path, how: int) -> Generator[None]:
    """Hold a folder's lock. Raises OSError where it is held otherwise and `how` says not to wait."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, how)
        yield
    finally:
        os.close(handle)
