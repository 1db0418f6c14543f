"""One writer at a time, and a lock that never outlives its holder."""

from __future__ import annotations

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
