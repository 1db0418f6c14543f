"""The one append-only book: every flip and every decision, each entry chained to the one before by its hash.

`hash = SHA-256(prev ‖ canonical JSON of seq, at, kind, version, actor, payload)`. An entry is appended in the same
transaction as the state it tells of; triggers refuse UPDATE and DELETE.
"""

import hashlib
from collections.abc import Mapping

import sqlalchemy as sa

from bursar.domain.canonical import canonical
from bursar.store.schema import generation, journal

GENESIS = "0" * 64


def append(connection: sa.Connection, *, at: str, kind: str, actor: str, payload: Mapping[str, object]) -> int:
    """Write one entry and return its sequence number. The caller's transaction decides whether it happened."""
    last = connection.execute(sa.select(journal.c.seq, journal.c.hash).order_by(journal.c.seq.desc()).limit(1)).first()
    seq, prev = (last.seq + 1, last.hash) if last else (1, GENESIS)
    body = canonical(payload)
    entry = {"seq": seq, "at": at, "kind": kind, "version": 1, "actor": actor, "payload": body}
    connection.execute(journal.insert().values(**entry, prev=prev, hash=chain(prev, entry)))
    return seq


def chain(prev: str, entry: Mapping[str, object]) -> str:
    """The hash an entry must carry after `prev`."""
    return hashlib.sha256((prev + canonical(entry)).encode()).hexdigest()


def first_broken(connection: sa.Connection) -> int | None:
    """Sequence number of the first entry that is not there or does not follow from the one before; None for a whole chain.

    A cut tail leaves no gap in the chain itself; it is missed by the generations that cite their entries.
    """
    prev, expected = GENESIS, 1
    for row in connection.execute(sa.select(journal).order_by(journal.c.seq)).mappings():
        entry = {key: row[key] for key in ("seq", "at", "kind", "version", "actor", "payload")}
        if row["seq"] != expected or row["prev"] != prev or row["hash"] != chain(prev, entry):
            return int(row["seq"])
        prev, expected = row["hash"], expected + 1
    cited = connection.execute(sa.select(sa.func.max(generation.c.journal_seq))).scalar() or 0
    return expected if cited >= expected else None
