"""The journal: append-only, and any byte, row, order or cut that is not what was written is found."""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError

from bursar.store import journal
from bursar.store.database import open_store, sqlite_url
from bursar.store.schema import generation

AT = "2026-11-01T00:00:00Z"
ENTRIES = 5
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.decimals(allow_nan=False, allow_infinity=False, places=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """The file of a database whose journal holds five entries, the last cited by a generation."""
    file = tmp_path / "bursar.sqlite"
    engine = open_store(sqlite_url(file))
    for n in range(1, ENTRIES + 1):
        with engine.begin() as connection:
            seq = journal.append(connection, at=AT, kind="flip", actor="bursar", payload={"generation": n, "cause": "ingest"})
            connection.execute(generation.insert().values(n=n, at=AT, cause="ingest", journal_seq=seq))
    engine.dispose()
    return file


def tampered(file: Path, *statements: str) -> int | None:
    """What the chain says after somebody with the file at hand took the guards off and edited it."""
    with sqlite3.connect(file) as raw:
        for statement in ("DROP TRIGGER journal_no_update", "DROP TRIGGER journal_no_delete", *statements):
            raw.execute(statement)
    raw.close()
    with open_store(sqlite_url(file)).connect() as connection:
        return journal.first_broken(connection)


def test_a_whole_chain_is_whole(book: Path) -> None:
    """Untouched, every entry follows from the one before."""
    assert tampered(book) is None


@pytest.mark.parametrize("seq", range(1, ENTRIES + 1))
@pytest.mark.parametrize("column", ["at", "kind", "version", "actor", "payload", "prev", "hash"])
def test_every_edited_column_of_every_entry_is_found(book: Path, column: str, seq: int) -> None:
    """One changed character anywhere in a row breaks the chain at that row."""
    edit = "version + 1" if column == "version" else f"substr({column}, 1, length({column}) - 1) || '~'"
    assert tampered(book, f"UPDATE journal SET {column} = {edit} WHERE seq = {seq}") == seq


def test_every_flipped_byte_of_a_payload_is_found(book: Path) -> None:
    """Not one of the bytes of an entry's text can be another."""
    with sqlite3.connect(book) as raw:
        (payload,) = raw.execute("SELECT payload FROM journal WHERE seq = 3").fetchone()
        for name in ("journal_no_update", "journal_no_delete"):
            raw.execute(f"DROP TRIGGER {name}")
    engine = open_store(sqlite_url(book))
    for place, sign in enumerate(payload):
        edited = payload[:place] + chr(ord(sign) ^ 1) + payload[place + 1 :]
        with engine.begin() as connection:
            connection.execute(sa.text("UPDATE journal SET payload = :edited WHERE seq = 3"), {"edited": edited})
            assert journal.first_broken(connection) == 3


@pytest.mark.parametrize("seq", range(1, ENTRIES + 1))
def test_every_missing_entry_is_found(book: Path, seq: int) -> None:
    """A row taken out leaves a gap where it stood, the last one included: a generation cites it."""
    found = tampered(book, f"DELETE FROM journal WHERE seq = {seq}")
    assert found == (seq if seq == ENTRIES else seq + 1)


def test_a_gap_closed_by_renumbering_is_found(book: Path) -> None:
    """Numbers can be forged, hashes not."""
    assert tampered(book, "DELETE FROM journal WHERE seq = 2", "UPDATE journal SET seq = seq - 1 WHERE seq > 2") == 2


def test_two_entries_in_each_others_place_are_found(book: Path) -> None:
    """Order is part of what is hashed."""
    swap = (
        "UPDATE journal SET seq = -2 WHERE seq = 2",
        "UPDATE journal SET seq = 2 WHERE seq = 3",
        "UPDATE journal SET seq = 3 WHERE seq = -2",
    )
    assert tampered(book, *swap) == 2


def test_an_entry_slipped_in_is_found(book: Path) -> None:
    """A row that nobody appended does not follow from the one before."""
    forged = "INSERT INTO journal SELECT 6, at, kind, version, actor, payload, hash, 'forged' FROM journal WHERE seq = 5"
    assert tampered(book, forged) == 6


def test_a_cut_tail_is_missed_by_what_cites_it(book: Path) -> None:
    """The newest entries cannot go quietly while a generation stands on them."""
    assert tampered(book, "DELETE FROM journal WHERE seq > 3") == 4


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal SET actor = 'somebody' WHERE seq = 1",
        "DELETE FROM journal WHERE seq = 1",
        "INSERT OR REPLACE INTO journal SELECT seq, at, kind, version, 'somebody', payload, prev, hash FROM journal WHERE seq = 1",
    ],
)
def test_the_journal_refuses_to_be_edited(book: Path, statement: str) -> None:
    """UPDATE, DELETE and the REPLACE that hides one are refused by the database itself."""
    engine = open_store(sqlite_url(book))
    with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
        connection.execute(sa.text(statement))
    with engine.connect() as connection:
        assert journal.first_broken(connection) is None


def test_an_entry_lives_and_dies_with_the_state_it_tells_of(book: Path) -> None:
    """What was rolled back was never written, and the next entry takes its place in the chain."""
    engine = open_store(sqlite_url(book))
    with engine.connect() as connection:
        journal.append(connection, at=AT, kind="flip", actor="bursar", payload={})
        connection.rollback()
    with engine.begin() as connection:
        assert journal.append(connection, at=AT, kind="flip", actor="bursar", payload={}) == ENTRIES + 1
        assert journal.first_broken(connection) is None


@given(value=json_values)
def test_canonical_json_has_one_form(value: object) -> None:
    """The same value always has the same text: keys sorted, whatever order they came in."""
    shuffled = dict(reversed(list(value.items()))) if isinstance(value, dict) else value
    assert journal.canonical(value) == journal.canonical(shuffled)


def test_equal_amounts_and_equal_texts_have_equal_forms() -> None:
    """1.1 and 1.10 are one amount, and é is one letter however it is composed, as value and as key."""
    one = {"é": Decimal("1.10"), "a": ["é"]}
    other = {"a": ["e\u0301"], "e\u0301": Decimal("1.1")}
    assert journal.canonical(one) == journal.canonical(other) == '{"a":["é"],"é":"1.1"}'


@pytest.mark.parametrize("value", [0.1, {"a": 1.0}, [float("nan")], {"a": [1e3]}, b"bytes", {"a": {1, 2}}, object()])
def test_floats_and_strangers_are_refused(value: object) -> None:
    """A float's digits depend on who prints it, a set's order on nothing: neither is hashed."""
    with pytest.raises(TypeError, match="not canonical"):
        journal.canonical(value)
