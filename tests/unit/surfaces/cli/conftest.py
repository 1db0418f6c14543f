"""A state folder with a published book, as the command line opens it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner

from bursar.domain.errors import BursarError
from bursar.lake.generations import Generation, flip
from bursar.lake.snapshots import Snapshot, SnapshotFile
from bursar.store.database import open_store, sqlite_url
from bursar.surfaces.cli.main import cli, exit_code


class Said(NamedTuple):
    """What a command said, and the exit code of the contract."""

    out: str
    err: str
    code: int


Say = Callable[..., Said]


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory, generation: Generation) -> Path:
    """June published on 1 July, July on the 21st, each with its marts."""
    folder = tmp_path_factory.mktemp("home")
    store = open_store(sqlite_url(folder / "bursar.sqlite"))
    for period, day in (("2026-06", 1), ("2026-07", 21)):
        moment = datetime(2026, 7, day, 6, tzinfo=UTC)
        put = [_snapshot(generation, folder / "lake", period=period, layer=layer, moment=moment) for layer in ("focus", "marts")]
        with store.begin() as connection:
            flip(connection, now=moment, actor="test", cause="ingest", put=put, reconciliation={})
    store.dispose()
    return folder


def _snapshot(generation: Generation, lake: Path, *, period: str, layer: str, moment: datetime) -> Snapshot:
    """Lay one layer of a period into the lake."""
    lake.mkdir(exist_ok=True)
    told: list[SnapshotFile] = []
    for file in generation.files:
        if file.period == period and (file.table == "cost_and_usage") == (layer == "focus"):
            shutil.copy(file.path, lake / file.path.name)
            told.append(
                SnapshotFile(
                    path=file.path.name,
                    table=file.table,
                    rows=file.rows,
                    bytes=file.bytes,
                    sha256="",
                    min_day=file.min_day,
                    max_day=file.max_day,
                )
            )
    return Snapshot(
        id=f"{layer}-{period}", layer=layer, source="src" if layer == "focus" else "_all", period=period, format="test", role="bill",
        state="staged", files=tuple(told), rows=told[0].rows, exported_at=moment, seen_at=moment, landed_at=moment,
        input_ids=(f"focus-{period}",) if layer == "marts" else (),
    )  # fmt: skip


@pytest.fixture(scope="session")
def say(home: Path) -> Say:
    """Run a command line on that folder."""

    def run(*words: str) -> Said:
        done = CliRunner().invoke(cli, ["--home", str(home), *words])
        if isinstance(done.exception, BursarError):
            return Said(done.stdout, f"{done.exception.message}\n{done.exception.cure}", exit_code(done.exception))
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Said(done.stdout, done.stderr, done.exit_code)

    return run
