"""Where a snapshot lies on disk, and the one way it gets there: staged aside, synced, renamed.

`<root>/<layer>/<source>/<billing period>/<snapshot id>/`. Nothing under a snapshot id is ever rewritten, so a reader
holds no lock. A crash before the rename leaves a `.part` folder that nobody lists.
"""

import json
import os
import shutil
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import cast

MANIFEST = "snapshot.json"
DEPTH = 4
"""Folders above a snapshot up to the lake's root; each may be new, and a new folder must be synced in the one that holds it."""


def snapshot_folder(root: Path, layer: str, source: str, period: str, snapshot_id: str) -> Path:
    """The folder of a snapshot, existing or not."""
    return root / layer / source / period / snapshot_id


def stage(folder: Path) -> Path:
    """An empty folder beside the final one, to be filled and then settled. Leftovers of a crash are cleared."""
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True, mode=0o700)
    return part


@contextmanager
def staged(folder: Path) -> Generator[Path]:
    """A staged folder that is gone again if it was not settled: what failed leaves nothing behind."""
    part = stage(folder)
    try:
        yield part
    finally:
        shutil.rmtree(part, ignore_errors=True)


def settle(part: Path, folder: Path, manifest: Mapping[str, object]) -> None:
    """Make a staged folder final: manifest written, every file synced and read-only, renamed, folders above synced.

    If the final folder is already there (the same content, landed by a run that died later), the staged one is dropped.
    """
    (part / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")
    for file in part.iterdir():
        _sync(file)
        file.chmod(0o444)
    _sync(part)
    try:
        rename(part, folder)
    except OSError:
        if not (folder / MANIFEST).exists():
            raise
        shutil.rmtree(part)
    for above in folder.parents[:DEPTH]:
        _sync(above)


def rename(part: Path, folder: Path) -> None:
    """The moment a snapshot begins to exist."""
    part.rename(folder)


def read_manifest(folder: Path) -> dict[str, object] | None:
    """The manifest of a settled snapshot, or None where there is none."""
    try:
        return cast("dict[str, object]", json.loads((folder / MANIFEST).read_text()))
    except FileNotFoundError:
        return None


def _sync(path: Path) -> None:
    """Flush a file or folder to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
