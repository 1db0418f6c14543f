"""`bursar audit verify`: each row that is not as it was written is named, in the journal and among what was sent."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from bursar.domain.errors import ConfigError
from bursar.operations.audit import Verified, verify
from bursar.store import journal, outbox
from bursar.store.database import open_store, sqlite_url
from bursar.store.outbox import Pace

NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A store with three messages sent, one excepted, and one that waits."""
    path = tmp_path / "bursar.sqlite"
    store = open_store(sqlite_url(path))
    for key in ("a", "b", "c"):
        with store.begin() as connection:
            outbox.put(connection, key=key, kind="slack:incident", payload={"title": key}, now=NOW)
            row = outbox.claim(connection, ["slack"], now=NOW, pace=Pace())
            assert row
            outbox.settle(connection, row, receipt={"channel": "C1", "ts": key}, now=NOW, adopted=key == "b", actor="bursar")
    with store.begin() as connection:
        outbox.note(connection, key="x", kind="journal:triage.excepted", payload={"excepted": "e1"}, now=NOW, actor="bursar")
        outbox.put(connection, key="waits", kind="slack:incident", payload={}, now=NOW)
    store.dispose()
    return path


def tampered(file: Path, *statements: str, anchor: str = "") -> Verified:
    """What is said after somebody with the file at hand took the guards off and edited it."""
    with sqlite3.connect(file) as raw:
        for statement in ("DROP TRIGGER journal_no_update", "DROP TRIGGER journal_no_delete", *statements):
            raw.execute(statement)
    raw.close()
    return verify(open_store(sqlite_url(file)), anchor=anchor)


def test_what_is_as_it_was_written_is_whole(file: Path) -> None:
    """Entries, messages and the head to keep elsewhere."""
    found = verify(open_store(sqlite_url(file)))
    assert (found.entries, found.sent, found.flaws) == (4, 4, ())
    assert verify(open_store(sqlite_url(file)), anchor=found.head).flaws == ()


def test_a_plan_that_was_edited_is_named(file: Path) -> None:
    """Its body is not what its digest names."""
    plan = "INSERT INTO plan VALUES ('ab12cd34ef56', '{}', 'p', 'm', '2026-11-01T00:00:00Z', '2026-11-08T00:00:00Z', 'proposed', NULL, NULL, NULL, NULL)"
    assert [(flaw.row, flaw.problem) for flaw in tampered(file, plan).flaws] == [("plan ab12cd34ef56", "its body was edited")]


def test_an_empty_house_is_whole() -> None:
    """Nothing was written, nothing is wrong; its head is an anchor too."""
    store = open_store("sqlite://")
    assert verify(store, anchor=verify(store).head).flaws == ()


@pytest.mark.parametrize(
    ("statement", "rows"),
    [
        ("UPDATE journal SET payload = replace(payload, 'C1', 'C2') WHERE seq = 2", {"journal 2", "outbox b"}),
        ("UPDATE journal SET actor = 'somebody' WHERE seq = 1", {"journal 1"}),
        ("DELETE FROM journal WHERE seq = 2", {"journal 3", "outbox b"}),
        ("DELETE FROM journal WHERE seq = 4", {"journal 4", "outbox x"}),
        ("""UPDATE outbox SET receipt = '{"channel": "C9"}' WHERE key = 'a'""", {"outbox a"}),
        ("""UPDATE outbox SET payload = '{"title": "other"}' WHERE key = 'c'""", {"outbox c"}),
        ("UPDATE outbox SET journal_seq = NULL WHERE key = 'c'", {"outbox c"}),
        ("UPDATE outbox SET journal_seq = 1 WHERE key = 'c'", {"outbox c"}),
        ("UPDATE outbox SET state = 'done' WHERE key = 'waits'", {"outbox waits"}),
        ("UPDATE outbox SET kind = 'journal:triage.folded' WHERE key = 'x'", {"outbox x"}),
    ],
)
def test_every_edit_is_named(file: Path, statement: str, rows: set[str]) -> None:
    """The journal's row, and every message that its entry no longer proves."""
    assert {flaw.row for flaw in tampered(file, statement).flaws} == rows


def test_a_cut_tail_that_nothing_cites_is_found_by_its_anchor(file: Path) -> None:
    """Without what was kept elsewhere it would be invisible."""
    with open_store(sqlite_url(file)).begin() as connection:
        journal.append(connection, at="2026-11-01T00:00:00Z", kind="flip", actor="bursar", payload={})
    head = verify(open_store(sqlite_url(file))).head
    assert head.startswith("5:")
    cut = tampered(file, "DELETE FROM journal WHERE seq = 5", anchor=head)
    assert [(flaw.row, flaw.problem) for flaw in cut.flaws] == [("journal 5", "it was anchored and is missing")]


def test_a_chain_written_anew_does_not_fit_its_anchor(file: Path) -> None:
    """Whoever forges every hash from the start on still has another head."""
    head = verify(open_store(sqlite_url(file))).head
    forged = head[:-1] + ("0" if head[-1] != "0" else "1")
    assert [flaw.problem for flaw in verify(open_store(sqlite_url(file)), anchor=forged).flaws] == ["it is not the entry that was anchored"]


@pytest.mark.parametrize("anchor", ["5", "x:y", f"5:{'0' * 63}", f"-1:{'0' * 64}"])
def test_what_is_no_anchor_is_refused(anchor: str) -> None:
    """A typo is not taken for proof."""
    with pytest.raises(ConfigError, match="not an anchor"):
        verify(open_store("sqlite://"), anchor=anchor)


def test_the_plain_spelling_of_a_link_is_its_canonical_form() -> None:
    """The quick check hashes what `append` hashed, whatever an actor or payload holds."""
    store = open_store("sqlite://")
    nasty = ['"', "\\", "e\u0301", "\u2028", "\x7f", "😀", "\n\t\x01", "</script>", "≮", "<\u0338"]
    for text in nasty:
        with store.begin() as connection:
            journal.append(connection, at="2026-11-01T00:00:00Z", kind="k", actor=text, payload={text: [text, {"x": text}]})
    with store.connect() as connection:
        assert journal.first_broken(connection) is None
        assert connection.execute(sa.text("SELECT count(*) FROM journal")).scalar() == len(nasty)
