"""A small estate behind the door: a control plane in a file, a store, a clock that tests move, a judge they can turn."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.pool import StaticPool

from bursar.actions import book
from bursar.actions.apply import Applied, apply
from bursar.actions.approve import Agreed, Subject, approve
from bursar.actions.cards import Card, card
from bursar.actions.door import Door, Freeze, Patience
from bursar.actions.guards import RULES, Rules
from bursar.actions.observations import record, with_history
from bursar.actions.playbooks import PLAYBOOKS
from bursar.actions.playbooks.playbook import Worth
from bursar.actions.propose import Ask, propose
from bursar.actions.undo import inverse
from bursar.adapters.clouds.simulated.control import SimulatedEstate
from bursar.domain.plans import Plan
from bursar.store.database import open_store, sqlite_url

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
PLAYBOOK = "volumes_unattached"
IDLE = 3
"""Unattached disks of the estate; the rest of its population is in use."""


def disk(number: int, *, attached: bool = False, days: int = 30, size: int = 100, **more: object) -> dict[str, object]:
    """One disk of the estate's file, seen as it is on so many past days."""
    state = {
        "size_gb": size, "type": "gp3", "attached_to": "i-1" if attached else None, "tags": {}, "locked": False, "created": "2026-01-01",
        **more,
    }  # fmt: skip
    start = date(2026, 11, 1) - timedelta(days=days)
    return {
        "provider": "aws", "account": "1111", "region": "us-east-1", "kind": "disk", "id": f"vol-{number:03d}", "state": state,
        "history": [{"start": start.isoformat(), "end": "2026-11-01", "state": state}],
    }  # fmt: skip


def estate_file(path: Path, disks: Sequence[Mapping[str, object]], *, seed: int = 1, as_of: str = "2026-11-01T00:00:00Z") -> Path:
    """An estate's file of these disks."""
    path.write_text(json.dumps({"schema": "bursar.estate/1", "seed": seed, "as_of": as_of, "resources": list(disks)}))
    return path


def usual() -> list[dict[str, object]]:
    """Three idle disks among forty."""
    return [disk(number, attached=number >= IDLE) for number in range(40)]


@dataclass(slots=True)
class Judge:
    """A policy engine that allows, denies, or is not there."""

    answer: object = True
    asked: list[Mapping[str, object]] = field(default_factory=list[Mapping[str, object]])

    def __call__(self, document: Mapping[str, object]) -> Mapping[str, object]:
        """The answer it was given; an exception is raised."""
        self.asked.append(document)
        if isinstance(self.answer, Exception):
            raise self.answer
        return {"allow": self.answer, "violations": []}


@dataclass(slots=True)
class World:
    """Everything, with handles to turn it."""

    folder: Path
    store: sa.Engine
    estate: SimulatedEstate
    now: datetime = NOW
    stopped: str | None = None
    excepted: set[str] = field(default_factory=set[str])
    freezes: list[Freeze] = field(default_factory=list[Freeze])
    judge: Judge = field(default_factory=Judge)
    paused: list[float] = field(default_factory=list[float])
    env: str = "dev"
    monthly: Decimal = Decimal(10)
    card_change: Mapping[str, object] = field(default_factory=dict[str, object])
    on_pause: Callable[[], None] = lambda: None

    def clock(self) -> datetime:
        """Now."""
        return self.now

    def pause(self, seconds: float) -> None:
        """Time passes."""
        self.paused.append(seconds)
        self.now += timedelta(seconds=seconds)
        self.on_pause()

    def card(self, name: str = PLAYBOOK) -> Card:
        """The card as it is now."""
        return card(name).model_copy(update=dict(self.card_change))

    def door(self) -> Door:
        """The door over all this."""
        return Door(
            store=self.store,
            estate=self.estate,
            card=self.card,
            excepted=lambda _rule, resource: resource in self.excepted,
            stopped=lambda: self.stopped,
            clock=self.clock,
            pause=self.pause,
            judge=self.judge,
            freezes=self.freezes,
            patience=Patience(seconds=1, questions=5, tries=3),
        )

    def plan(self, *, maker: str = "maker") -> Plan:
        """Propose what the estate allows; the one plan that comes of it."""
        survey = self.estate.survey("disk")
        with self.store.begin() as connection:
            record(connection, survey)
            seen = with_history(connection, survey)
            taken = book.taken(connection, now=self.now)
        ask = Ask(
            card=self.card(), maker=maker, now=self.now, generation=1, policy_digest="", taken=taken,
            worths=lambda _: Worth(monthly=self.monthly, currency="USD", source="test", env=self.env),
            excepted=lambda _rule, resource: resource in self.excepted,
        )  # fmt: skip
        return self.keep(propose(PLAYBOOKS[PLAYBOOK], seen, ask).plans[0])

    def keep(self, made: Plan) -> Plan:
        """Store a plan."""
        with self.store.begin() as connection:
            book.keep(connection, made, now=self.now)
        return made

    def approve(self, made: Plan, by: str = "ana", *, role: str = "approver") -> Agreed:
        """One more approval."""
        return approve(self.door(), made.digest, Subject(name=by, role=role, via="cli"))

    def approved(self, *, maker: str = "maker") -> Plan:
        """A plan that may be applied."""
        made = self.plan(maker=maker)
        self.approve(made)
        if self.env != "dev":
            self.approve(made, "bob")
        return made

    def apply(self, made: Plan, *, rules: Rules = RULES) -> Applied:
        """Apply it."""
        return apply(self.door(), made.digest, actor="worker", rules=rules)

    def undo(self, made: Plan) -> Plan:
        """The stored plan of inverses."""
        return self.keep(inverse(self.entry(made), self.card(), maker="maker", now=self.now, policy_digest=""))

    def entry(self, made: Plan) -> book.Entry:
        """What the store holds of a plan."""
        with self.store.connect() as connection:
            return book.find(connection, made.digest)

    def sql(self, statement: str, **values: object) -> None:
        """Somebody edits the store by hand."""
        with self.store.begin() as connection:
            connection.execute(sa.text(statement), values)

    def outside(self, statement: str, *values: object) -> None:
        """Somebody else changes the cloud."""
        with sqlite3.connect(self.estate.file) as connection:
            connection.execute(statement, values)
        connection.close()

    def attach(self, resource: str) -> None:
        """Somebody attaches a disk."""
        self.outside("UPDATE resource SET state = json_set(state, '$.attached_to', 'i-9') WHERE id = ?", resource)

    def detach(self, resource: str) -> None:
        """Somebody detaches it again."""
        self.outside("UPDATE resource SET state = json_set(state, '$.attached_to', NULL) WHERE id = ?", resource)

    def tag(self, resource: str, keep: str = "me") -> None:
        """Somebody tags a disk; no cloud refuses to delete it for that."""
        self.outside("UPDATE resource SET state = json_set(state, '$.tags', json_object('keep', ?)) WHERE id = ?", keep, resource)

    def read(self, statement: str, **values: object) -> list[tuple[object, ...]]:
        """What stands in the store."""
        with self.store.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(statement), values)]

    def effects(self, what: str = "") -> list[tuple[str, str]]:
        """What happened to resources, as the cloud counts it: the witness who does not know our books."""
        with sqlite3.connect(self.estate.file) as connection:
            rows = connection.execute("SELECT what, resource FROM effect ORDER BY seq").fetchall()
        connection.close()
        return [(did, resource) for did, resource in rows if what in {"", did}]

    def journal(self) -> list[str]:
        """The kinds of entries, in order."""
        with self.store.connect() as connection:
            return list(connection.execute(sa.text("SELECT kind FROM journal ORDER BY seq")).scalars())


@cache
def empty_store() -> bytes:
    """A migrated database, made once."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "empty.sqlite"
        open_store(sqlite_url(file)).dispose()
        with sqlite3.connect(file) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")  # a write-ahead log is a file, and memory has none
            return connection.serialize()


@cache
def usual_bytes() -> tuple[bytes, bytes]:
    """The usual estate and a store that remembers its past, made once."""
    with tempfile.TemporaryDirectory() as folder:
        world = build(Path(folder), usual())
        with world.store.connect() as connection:
            raw = connection.connection.dbapi_connection
            assert isinstance(raw, sqlite3.Connection)
            return world.estate.file.read_bytes(), raw.serialize()


def in_memory(content: bytes) -> sa.Engine:
    """A store of its own that no disk slows down."""
    connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    connection.deserialize(content)
    engine = sa.create_engine("sqlite://", poolclass=StaticPool, creator=lambda: connection)
    event.listen(engine, "begin", lambda opened: opened.exec_driver_sql("BEGIN"))
    return engine


def build(folder: Path, disks: Sequence[Mapping[str, object]]) -> World:
    """A world over an estate, its past remembered."""
    folder.mkdir(parents=True, exist_ok=True)
    estate = SimulatedEstate(folder / "estate.sqlite")
    _, past = estate.adopt(estate_file(folder / "estate.json", disks))
    world = World(folder=folder, store=in_memory(empty_store()), estate=estate)
    with world.store.begin() as connection:
        record(connection, past)
    return world


def usual_world(folder: Path, *, is_on_disk: bool = False) -> World:
    """Three idle disks among forty, nothing planned yet. On disk the store survives its process."""
    folder.mkdir(parents=True, exist_ok=True)
    estate, store = usual_bytes()
    (folder / "estate.sqlite").write_bytes(estate)
    if is_on_disk:
        (folder / "bursar.sqlite").write_bytes(store)
    engine = open_store(sqlite_url(folder / "bursar.sqlite")) if is_on_disk else in_memory(store)
    return World(folder=folder, store=engine, estate=SimulatedEstate(folder / "estate.sqlite"))
