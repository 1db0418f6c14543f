"""The allocation project's models run straight on DuckDB, without dbt: milliseconds instead of seconds for each example.

Only what our models use of dbt's Jinja is spoken here. Full dbt builds of the same project are in test_build.py.
"""

import re
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import pytest

PROJECT = Path(str(files("bursar").joinpath("allocation/dbt")))
MODELS = {path.stem: path for path in sorted((PROJECT / "models").rglob("*.sql"))}
TESTS = {path.stem: path for path in sorted((PROJECT / "tests").glob("*.sql"))}
_MACRO = re.compile(r"\{%-? macro (\w+)\(.*?endmacro -?%\}", re.DOTALL)


class _Return(Exception):  # noqa: N818 - dbt's `return` leaves a macro the same way
    def __init__(self, value: object) -> None:
        super().__init__()
        self.value = value


class Rendering:
    """Models and tests as SQL, with these variables; remembers which relations each one reads."""

    def __init__(self, variables: Mapping[str, object]) -> None:
        self.environment = jinja2.Environment(extensions=["jinja2.ext.do"], autoescape=False)  # noqa: S701 - SQL, not HTML
        self.reads: set[str] = set()
        self.environment.globals |= {
            "var": lambda name, default=None: variables.get(name, default),
            "ref": self._ref,
            "source": lambda schema, name: f"{schema}.{name}",
            "config": lambda **_: "",
            "return": self._leave,
            "adapter": self,
        }
        for path in sorted((PROJECT / "macros").glob("*.sql")):
            for found in _MACRO.finditer(path.read_text()):
                self.environment.globals[found[1]] = self._macro(found[1], found[0])

    def sql(self, path: Path) -> str:
        """The SQL of one model or test."""
        self.reads = set()
        return self.environment.from_string(path.read_text()).render()

    def dispatch(self, name: str, _package: str) -> Callable[..., object]:
        """dbt's adapter.dispatch, on DuckDB."""
        found = self.environment.globals[f"default__{name}"]
        assert callable(found)
        return found

    def _ref(self, name: str) -> str:
        self.reads.add(name)
        return name

    def _leave(self, value: object) -> None:
        raise _Return(value)

    def _macro(self, name: str, text: str) -> Callable[..., object]:
        def call(*arguments: object, **named: object) -> object:
            try:
                return getattr(self.environment.from_string(text).module, name)(*arguments, **named)
            except _Return as left:
                return left.value

        return call


class Built:
    """One run of every model in a DuckDB in memory, and what its tests found."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, variables: Mapping[str, object]) -> None:
        self.connection = connection
        rendering = Rendering(variables)
        waiting = {name: (rendering.sql(path), set(rendering.reads)) for name, path in MODELS.items()}
        done: set[str] = set()
        while waiting:
            name = next(name for name, (_, reads) in waiting.items() if reads <= done)
            kind = "VIEW" if "staging" in MODELS[name].parts or name == "charge_daily" else "TABLE"
            connection.execute(f"CREATE {kind} {name} AS {waiting.pop(name)[0]}")
            done.add(name)
        self.found = {name: self.rows(rendering.sql(path)) for name, path in TESTS.items()}

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The answer to one SELECT."""
        return self.connection.execute(sql).fetchall()

    def broken(self) -> dict[str, list[tuple[Any, ...]]]:
        """The project's own tests that found something."""
        return {name: rows for name, rows in self.found.items() if rows}
