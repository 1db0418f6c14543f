"""One small simulation, written once."""

from pathlib import Path

import pytest

from bursar.adapters.clouds.simulated.simulate import Truth, simulate


@pytest.fixture(scope="session")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    """Two months of three clouds at a thousand rows a month, with the deliveries of a third."""
    return simulate(tmp_path_factory.mktemp("simulated") / "bills", rows=1000, deliveries="all")


@pytest.fixture(scope="session")
def bills(truth: Truth) -> Path:
    """The folder of that simulation."""
    return truth.out
