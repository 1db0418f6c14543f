"""One writer at a time, and a lock that never outlives its holder."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from bursar.domain.errors import Unavailable
from bursar.lake.locks import writer


def test_a_second_writer_is_turned_away_with_a_reason(tmp_path: Path) -> None:
    """While one writes, another gives up after its patience and says why."""
    with writer(tmp_path), pytest.raises(Unavailable, match="another bursar"), writer(tmp_path, patience=0):
        pass


def test_the_lock_is_free_once_its_holder_failed(tmp_path: Path) -> None:
    """A run that broke down holds nothing."""
    with pytest.raises(ZeroDivisionError), writer(tmp_path):
        _ = 1 / 0
    with writer(tmp_path, patience=0):
        pass


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), RuntimeError("IO Error: No space left on device")])
def test_a_full_disk_is_told_as_one(error: Exception, tmp_path: Path) -> None:
    """Whoever found no room, it is the disk that is named, with what to do; other failures stay what they are."""
    with pytest.raises(Unavailable, match="the disk is full") as caught, writer(tmp_path):
        raise error
    assert "Free some space" in caught.value.cure
    with pytest.raises(FileNotFoundError), writer(tmp_path):
        (tmp_path / "nothing").read_text()
