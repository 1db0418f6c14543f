"""`bursar audit verify`: the journal is the one that was written, and everything sent is in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

import sqlalchemy as sa

from bursar.domain.canonical import digest
from bursar.domain.errors import ConfigError
from bursar.store import journal, outbox
from bursar.store.outbox import Row
from bursar.store.schema import journal as entries
from bursar.store.schema import plan

ENTRIES = frozenset({"outbox.sent", "outbox.adopted"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """Something that is not as it was written: which row, and what is wrong with it."""

    row: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What was found. `head` is `SEQ:HASH` of the newest entry: kept elsewhere, it proves later that no tail was cut."""

    entries: int
    sent: int
    head: str
    flaws: tuple[Flaw, ...]


def verify(store: sa.Engine, *, anchor: str = "") -> Verified:
    """Check the chain, the anchor if one is given, and every message that was sent. Raises ConfigError for what is no anchor."""
    with store.connect().execution_options(read_only=True) as connection:
        flaws = [*_chain(connection), *_anchored(connection, anchor), *_plans(connection)]
        sent = outbox.select(connection, states=["done"])
        cited = journal.read(connection, [row.journal_seq for row in sent if row.journal_seq])
        flaws += [flaw for row in sent for flaw in _message(row, cited.get(row.journal_seq or 0))]
        last = journal.head(connection)
    return Verified(
        entries=last.seq if last else 0,
        sent=len(sent),
        head=f"{last.seq}:{last.hash}" if last else f"0:{journal.GENESIS}",
        flaws=tuple(flaws),
    )


def _plans(connection: sa.Connection) -> Iterator[Flaw]:
    """Every plan whose body is not what its digest names."""
    for row in connection.execute(sa.select(plan.c.digest, plan.c.body).order_by(plan.c.digest)):
        if sha256(row.body.encode()).hexdigest() != row.digest:
            yield Flaw(row=f"plan {row.digest[:12]}", problem="its body was edited")


def _chain(connection: sa.Connection) -> Iterator[Flaw]:
    """The first entry that is not the one that was written; what follows it proves nothing."""
    broken = journal.first_broken(connection)
    if broken is None:
        return
    there = connection.execute(sa.select(entries.c.kind).where(entries.c.seq == broken)).scalar()
    problem = (
        f"{there}: it was edited, or what came before it was taken out or moved" if there else "it is missing, though something cites it"
    )
    yield Flaw(row=f"journal {broken}", problem=problem)


def _anchored(connection: sa.Connection, anchor: str) -> Iterator[Flaw]:
    """The entry an anchor names still has its hash."""
    if not anchor:
        return
    seq, _, kept = anchor.partition(":")
    if not seq.isdecimal() or len(kept) != len(journal.GENESIS):
        raise ConfigError(f"not an anchor: {anchor}", cure="Give the head that an earlier verify printed, SEQ:HASH.")
    found = connection.execute(sa.select(entries.c.hash).where(entries.c.seq == int(seq))).scalar()
    if found != kept and int(seq):
        yield Flaw(row=f"journal {seq}", problem="it is not the entry that was anchored" if found else "it was anchored and is missing")


def _message(row: Row, entry: journal.Link | None) -> Iterator[Flaw]:
    """What was sent is what was asked for, and its entry says so."""
    name = f"outbox {row.key}"
    if digest(row.payload) != row.digest:
        yield Flaw(row=name, problem="its payload was edited after it was written")
    if entry is None:
        yield Flaw(row=name, problem="it is done, and the journal does not know it")
    elif not _tells(entry, row):
        yield Flaw(row=name, problem=f"journal {row.journal_seq} tells of another message or another receipt")


def _tells(entry: journal.Link, row: Row) -> bool:
    """Whether an entry is about this message, its words and its receipt."""
    told = journal.payload_of(entry)
    same = (told.get("key"), told.get("digest")) == (row.key, row.digest)
    if row.kind.startswith("journal:"):
        return same and entry.kind == row.kind.partition(":")[2]
    return same and entry.kind in ENTRIES and told.get("receipt") == row.receipt
