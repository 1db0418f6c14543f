"""A house with incidents and plans and hardly a bill: what pages about decisions need."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from e2e.decided import NOW, NothingReal, decide
from e2e.made import MadeHouse, application, make_house
from fastapi.testclient import TestClient

from bursar.lake.generations import flip
from bursar.lake.snapshots import Snapshot, SnapshotFile


@pytest.fixture(scope="session")
def decided_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two generations of one small bill, decided upon, to be copied."""
    home = tmp_path_factory.mktemp("decided")
    made = make_house(home, filled=False)
    file = SnapshotFile(
        path="focus/a.parquet", table="cost_and_usage", rows=1, bytes=1, sha256="0" * 64, min_day=NOW.date(), max_day=NOW.date()
    )
    for at in ("1", "2"):
        put = Snapshot(
            id=f"focus-{at}", layer="focus", source="a", period="2026-11", format="aws-cur2", role="bill", state="live", rows=1,
            files=(file,), seen_at=NOW,
        )  # fmt: skip
        with made.store.begin() as connection:
            flip(connection, now=NOW, actor="test", cause="ingest", put=[put], reconciliation={})
    decide(made.store, home / "lake")
    made.store.dispose()
    return home


@pytest.fixture
def house(decided_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MadeHouse:
    """A house of one's own; the server runs as `karl`."""
    monkeypatch.setenv("LOGNAME", "karl")
    home = tmp_path / "home"
    shutil.copytree(decided_home, home)
    return make_house(home, filled=False)


@pytest.fixture
def client(house: MadeHouse) -> TestClient:
    """A browser on this machine, over a simulated estate."""
    return TestClient(application(house), base_url="http://127.0.0.1", follow_redirects=False)


@pytest.fixture
def real(house: MadeHouse) -> TestClient:
    """The same over an estate behind which something stands."""
    made = replace(house, acting=replace(house.acting, estate=NothingReal(is_simulated=False)))
    return TestClient(application(made), base_url="http://127.0.0.1", follow_redirects=False)
