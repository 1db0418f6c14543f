"""The ports of this house: what it asks of the outside, with few methods each. Standard library only.

A warehouse runs SQL and hands back little. Adapters stand in `adapters/`, the one place
that wires them is `bootstrap`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Protocol

from bursar.domain.estates import Answer, Observed, Resource
from bursar.domain.plans import Change

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


class Estate(Protocol):
    """A control plane. `execute` is the only place where anything in a cloud changes; one caller may use it (ADR 0006)."""

    @property
    def is_simulated(self) -> bool:
        """Whether nothing real stands behind it: only then may a command line name its approver."""
        ...

    def survey(self, kind: str) -> Sequence[Observed]:
        """Every resource of a kind that is there, by id. Raises Unavailable."""
        ...

    def observe(self, resource: Resource) -> Observed:
        """One resource now, there or not, with the receipts of changes made of it. Raises Unavailable."""
        ...

    def execute(self, change: Change, token: str) -> Answer:
        """Carry a change out. The same token is one effect, however often it comes; a `pending` answer is asked for again.

        A parameter `snapshot: required` means that nothing is deleted before its snapshot is complete. Raises StalePlan
        when the provider finds the resource not as `before`, Unavailable when it is not known whether anything happened.
        """
        ...


Receipt = Mapping[str, object]
"""What a channel says of a message that is there: enough to find, answer and change it. JSON without floats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One message. `answers` is the receipt of the message it belongs under, `edits` of the one whose text it replaces."""

    key: str
    payload: Mapping[str, object]
    answers: Receipt | None = None
    edits: Receipt | None = None


class Channel(Protocol):
    """Where people are told. The same key twice is one message: who sends asks `probe` first when an answer was lost.

    Both raise Unavailable when it is worth trying again (`untouched` when certainly nothing was posted, `retry_after` when
    told so), and ConfigError when it is not. Each returns within a minute or two.
    """

    def send(self, notice: Notice) -> Receipt:
        """Post it, or change what it edits."""
        ...

    def probe(self, notice: Notice, since: datetime) -> Receipt | None:
        """The receipt of the message with this key if it was posted since, however much the other side's clock differs."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the policy engine said of one document.

    Without an answer `reason` is engine.missing, unavailable, undefined, shape or broken, `detail` says more, and nothing is
    allowed. A violation has id, severity, resource, key, message, level (deny or warn), unknown, fix and evidence; an
    excepted one has `exceptions` instead of `level`. `policy_digest` is of every rule that was asked.
    """

    allow: bool
    violations: tuple[Mapping[str, object], ...] = ()
    excepted: tuple[Mapping[str, object], ...] = ()
    rules: tuple[str, ...] = ()
    reason: str = ""
    detail: str = ""
    policy_digest: str = ""
    engine: Mapping[str, str] = field(default_factory=dict[str, str])


class PolicyEngine(Protocol):
    """Judges documents by rules. Only real OPA does (ADR 0008); no answer means deny."""

    def evaluate(self, entrypoint: str, document: Mapping[str, object], *, seconds: float | None = None) -> Verdict:
        """The verdict of `gate` or `remediation` within a deadline. Never raises for an engine that does not answer."""
        ...

    def close(self) -> None:
        """End whatever was started. A later question starts it again."""
        ...
