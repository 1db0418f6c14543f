"""The small estate of these tests."""

from pathlib import Path

import pytest
from unit.actions.world import World, usual_world


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Three idle disks among forty, nothing planned yet."""
    return usual_world(tmp_path / "world")
