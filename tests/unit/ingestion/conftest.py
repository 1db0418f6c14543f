"""Running scripts in this process, for tests of the SQL rather than of the box."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import duckdb
import pytest

from bursar.domain.errors import BillError
from bursar.ports import Build, Rows, Script

Run = Callable[[Script], Mapping[str, Rows]]


def run_script(script: Script) -> Mapping[str, Rows]:
    """What the boxed child does, without the box."""
    with duckdb.connect() as connection:
        connection.execute("SET threads = 2; SET preserve_insertion_order = false")
        answers: dict[str, Rows] = {}
        for statement in script.statements:
            try:
                cursor = connection.execute(statement.sql)
            except duckdb.Error as error:
                raise BillError(str(error)) from error
            if statement.returns:
                names = tuple(column[0] for column in cursor.description or ())
                types = tuple(str(column[1]) for column in cursor.description or ())
                answers[statement.name] = Rows(names, types, cursor.fetchall())
        return answers


class OpenWarehouse:
    """A warehouse without its boxes: scripts run in this process."""

    def run(self, script: Script) -> Mapping[str, Rows]:
        """Run a script on an in-memory DuckDB."""
        return run_script(script)

    def rows(self, sql: str, parameters: Sequence[object] = (), *, reads: Sequence[Path]) -> Rows:
        """Nothing is asked in these tests."""
        raise NotImplementedError(sql)

    def prepare(self, project: Path) -> None:
        """Nothing is built in these tests."""

    def build(self, build: Build) -> None:
        """Nothing is built in these tests."""
        raise NotImplementedError(build)


@pytest.fixture
def open_warehouse() -> OpenWarehouse:
    """A warehouse that runs scripts in this process."""
    return OpenWarehouse()


@pytest.fixture
def run() -> Run:
    """Run a script on an in-memory DuckDB."""
    return run_script
