"""The one append-only book: every flip and every decision, each entry chained to the one before by its hash.

`hash = SHA-256(prev ‖ canonical JSON of seq, at, kind, version, actor, payload)`. An entry is appended in the same
transaction as the state it tells of; triggers refuse UPDATE and DELETE.
"""

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from json.encoder import encode_basestring as quoted
from typing import Any, NamedTuple, cast

import sqlalchemy as sa

from bursar.domain.canonical import canonical
from bursar.store.schema import generation, journal, outbox

GENESIS = "0" * 64
_LOCK = 0x6275727361720001
"""The advisory lock of the journal's head on PostgreSQL; SQLite has one writer at a time anyway."""
_MOST = 1000
"""Entries asked for in one statement."""


class Link(NamedTuple):
    """One stored row, in the order of its columns."""

    seq: int
    at: str
    kind: str
    version: int
    actor: str
    payload: str
    prev: str
    hash: str


def lock(connection: sa.Connection) -> None:
    """Become the one transaction that may append, until it ends. `append` does it too.

    Who changes rows that other appenders change takes the book first: two that take rows and book in different
    orders would wait for each other.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))


def append(connection: sa.Connection, *, at: str, kind: str, actor: str, payload: Mapping[str, object]) -> int:
    """Write one entry and return its sequence number. The caller's transaction decides whether it happened."""
    lock(connection)
    last = head(connection)
    seq, prev = (last.seq + 1, last.hash) if last else (1, GENESIS)
    entry = {"seq": seq, "at": at, "kind": kind, "version": 1, "actor": unicodedata.normalize("NFC", actor), "payload": canonical(payload)}
    connection.execute(journal.insert().values(**entry, prev=prev, hash=chain(prev, entry)))
    return seq


def head(connection: sa.Connection) -> Link | None:
    """The newest entry: what is written down elsewhere to prove later that no tail was cut."""
    row = connection.execute(sa.select(journal).order_by(journal.c.seq.desc()).limit(1)).first()
    return Link(*row) if row else None


def read(connection: sa.Connection, seqs: Sequence[int]) -> dict[int, Link]:
    """These entries, by their numbers; what is missing is left out."""
    found: dict[int, Link] = {}
    for start in range(0, len(seqs), _MOST):
        query = sa.select(journal).where(journal.c.seq.in_(seqs[start : start + _MOST]))
        found |= {row.seq: Link(*row) for row in connection.execute(query)}
    return found


def payload_of(entry: Link) -> Mapping[str, object]:
    """What an entry tells."""
    return cast("Mapping[str, object]", json.loads(entry.payload))


def chain(prev: str, entry: Mapping[str, object]) -> str:
    """The hash an entry must carry after `prev`."""
    return hashlib.sha256((prev + canonical(entry)).encode()).hexdigest()


def first_broken(connection: sa.Connection) -> int | None:
    """Sequence number of the first entry that is not there or does not follow from the one before; None for a whole chain.

    A cut tail leaves no gap in the chain itself; it is missed by the generations and messages that cite their entries.
    """
    broken, expected = _walk(_rows(connection))
    if broken is not None:
        return broken
    cited = max(
        connection.execute(sa.select(sa.func.max(column))).scalar() or 0 for column in (generation.c.journal_seq, outbox.c.journal_seq)
    )
    return expected if cited >= expected else None


def _walk(rows: Iterable[sa.Row[Any]]) -> tuple[int | None, int]:
    """The first broken link, and the number the next entry would have. Spells the canonical form out: a million links a few seconds."""
    sha256, before, expected = hashlib.sha256, GENESIS, 1
    for seq, at, kind, version, actor, payload, prev, found in rows:
        text = (
            f'{prev}{{"actor":{quoted(actor)},"at":{quoted(at)},"kind":{quoted(kind)},"payload":{quoted(payload)},'
            f'"seq":{seq},"version":{version}}}'
        )
        if seq != expected or prev != before or found != sha256(text.encode("utf-8", "surrogatepass")).hexdigest():
            return seq, expected
        before, expected = found, expected + 1
    return None, expected


def _rows(connection: sa.Connection) -> Iterable[sa.Row[Any]]:
    """Every row in order, a few thousand in memory at a time."""
    result = connection.execution_options(yield_per=5000).execute(sa.select(journal).order_by(journal.c.seq))
    for part in result.partitions():
        yield from part
