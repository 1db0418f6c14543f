"""The ports of this house: what it asks of the outside, with few methods each. Standard library only.

A warehouse runs SQL and hands back little. Adapters stand in `adapters/`, the one place
that wires them is `bootstrap`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Protocol

Clock = Callable[[], datetime]
"""The current moment, aware and in UTC. Injected, so that time can be told."""

Progress = Callable[[str], None]
"""Told in a few words what is being done now."""


class Rows(NamedTuple):
    """A small answer: column names, their SQL types, and the rows."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: list[tuple[object, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One SQL statement of a script. `returns` asks for its rows, under `name`."""

    name: str
    sql: str
    returns: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """Ordered statements over untrusted files: what may be read, and the one folder that may be written."""

    statements: tuple[Statement, ...]
    reads: tuple[Path, ...] = ()
    writes: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """One run of the allocation project: relations by name over Parquet files, variables, and the marts wanted."""

    project: Path
    inputs: Mapping[str, Sequence[Path]]
    views: Mapping[str, str] = field(default_factory=dict[str, str])
    variables: Mapping[str, object] = field(default_factory=dict[str, object])
    outputs: Mapping[str, Path] = field(default_factory=dict[str, Path])


class Warehouse(Protocol):
    """SQL goes in, little comes back. Boxing, limits and dbt live behind it."""

    def run(self, script: Script) -> Mapping[str, Rows]:
        """Run a script in the boxed child. Raises BillError when the input breaks it, OverLimit beyond a limit."""
        ...

    def rows(self, sql: str, parameters: Sequence[object] = (), *, reads: Sequence[Path]) -> Rows:
        """One SELECT over exactly these files, in the reader's box."""
        ...

    def prepare(self, project: Path) -> None:
        """Get ready to build a project while something else goes on. Says nothing; a build that needs it waits."""
        ...

    def build(self, build: Build) -> None:
        """Build the marts and write each wanted one to its path. Raises BillError naming the model or test that failed."""
        ...
