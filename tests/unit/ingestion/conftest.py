"""Running scripts in this process, for tests of the SQL rather than of the box."""

from collections.abc import Callable, Mapping

import duckdb
import pytest

from bursar.domain.errors import BillError
from bursar.ports import Rows, Script

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


@pytest.fixture
def run() -> Run:
    """Run a script on an in-memory DuckDB."""
    return run_script
