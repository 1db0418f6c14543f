"""Killed at any moment, an apply goes on with the same command: nothing is lost, nothing happens twice."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from unit.actions.killing import VARIANTS, run, template

STRIDE = 1 if os.environ.get("BURSAR_DEEP") else 11


@pytest.mark.parametrize("name", sorted(VARIANTS))
def test_kill_9_between_any_two_steps_loses_and_doubles_nothing(tmp_path: Path, name: str) -> None:
    """Before and after every write of either side; afterwards each disk has one snapshot and is deleted once."""
    made = template(tmp_path / "original")
    at, died, points = 1, True, 0
    while died:
        died, wrong = run(tmp_path / "original", tmp_path / "run", made, at=at, prepare=VARIANTS[name])
        assert not wrong, f"killed at {at}: {wrong}"
        points += died
        at += STRIDE
    assert points * STRIDE > 80
