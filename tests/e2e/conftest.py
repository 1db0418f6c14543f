"""One estate and one server for all page tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from e2e.budgeted import budget
from e2e.chromium import launch
from e2e.made import MadeHouse, make_house, serve
from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> MadeHouse:
    """Thirteen published months of three clouds with invoices, a restatement and a file in quarantine; budgeted, and saved upon."""
    home = tmp_path_factory.mktemp("home")
    return budget(make_house(home), home)


@pytest.fixture(scope="session")
def site(house: MadeHouse) -> Iterator[str]:
    """The address of the filled site."""
    yield from serve(house)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    yield from launch()
