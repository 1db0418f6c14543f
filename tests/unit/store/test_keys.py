"""API keys in the store: shown once, kept as a hash, told in the journal, ended by time or by word."""

from __future__ import annotations

import ast
import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bursar.domain.errors import ConfigError
from bursar.domain.periods import stamp
from bursar.store import keys, schema
from bursar.store.database import open_store, sqlite_url

NOW = datetime(2026, 11, 18, 5, 40, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> sa.Engine:
    """An empty database."""
    return open_store(sqlite_url(tmp_path / "bursar.sqlite"))


def make(store: sa.Engine, **more: object) -> tuple[keys.Key, str]:
    """A viewer's key."""
    with store.begin() as connection:
        return keys.create(connection, keys.Wish(**{"subject": "ana", "role": "viewer", **more}), actor="karl", now=NOW)


def who(store: sa.Engine, text: str, *, now: datetime = NOW) -> str | None:
    """Whose key a text is."""
    with store.connect() as connection:
        found = keys.verified(connection, text, now=now)
    return found.subject if found else None


def test_a_key_is_known_by_its_whole_text_only(store: sa.Engine) -> None:
    """Another secret, id or environment, a part, or nothing at all is nobody."""
    key, text = make(store)
    other, _ = make(store, subject="ben")
    assert who(store, text) == "ana"
    head, env, ident, secret = text.split("_", 3)
    assert (head, env, ident) == ("bur", "live", key.id)
    wrong = [
        text[:-1], f"{text}A", text.upper(), f"bur_test_{ident}_{secret}", f"bur_live_{other.id}_{secret}", f"bur_live_{ident}_", secret, "", "bur___",
        f"bur_live_{ident}_{hashlib.sha256(text.encode()).hexdigest()}", "\ud800", "x" * 5000,
    ]  # fmt: skip
    assert [who(store, each) for each in wrong] == [None] * len(wrong)


def test_the_secret_is_nowhere(store: sa.Engine, tmp_path: Path) -> None:
    """256 bits of it, of which the database and the journal hold a hash alone."""
    key, text = make(store, scope="team = 'core'")
    assert len(text.split("_", 3)[3]) == 43
    assert make(store)[1] != text
    with store.connect() as connection:
        row = connection.execute(sa.select(schema.api_key).where(schema.api_key.c.id == key.id)).mappings().one()
        entry = connection.execute(sa.select(schema.journal).where(schema.journal.c.kind == "key.created")).mappings().first()
    assert row["secret_hash"] == hashlib.sha256(text.encode()).hexdigest()
    assert entry is not None
    assert (entry["actor"], json.loads(entry["payload"])) == (
        "karl", {"id": key.id, "subject": "ana", "role": "viewer", "scope": "team = 'core'", "expires_at": None},
    )  # fmt: skip
    store.dispose()
    assert not any(text.split("_", 3)[3].encode() in file.read_bytes() for file in tmp_path.iterdir())


def test_a_key_ends_by_time_and_by_word(store: sa.Engine) -> None:
    """At its very second it is over; a revoked one is at once, once, and told with who did it."""
    _, text = make(store, expires=NOW + timedelta(hours=1))
    assert who(store, text, now=NOW + timedelta(minutes=59, seconds=59)) == "ana"
    assert who(store, text, now=NOW + timedelta(hours=1)) is None
    key, text = make(store)
    with store.begin() as connection:
        assert keys.revoke(connection, key.id, actor="karl", now=NOW).status(NOW) == "revoked"
    assert who(store, text) is None
    with store.begin() as connection, pytest.raises(ConfigError, match="no key"):
        keys.revoke(connection, key.id, actor="karl", now=NOW)
    with store.connect() as connection:
        told = connection.execute(sa.select(schema.journal.c.payload).where(schema.journal.c.kind == "key.revoked")).scalars().all()
        assert [json.loads(each) for each in told] == [{"id": key.id, "subject": "ana"}]
        assert keys.exist(connection), "there were keys, so there are"


def test_the_last_use_is_written_once_a_minute(store: sa.Engine) -> None:
    """Not with every request; and a database that cannot be written to stops nobody who reads."""
    key, _ = make(store)

    def used(at: datetime) -> str | None:
        with store.connect() as connection:
            found = keys.find(connection, key.id)
        assert found is not None
        keys.note_use(store, found, now=at)
        with store.connect() as connection:
            return connection.execute(sa.select(schema.api_key.c.used_at)).scalar()

    assert used(NOW) == stamp(NOW)
    assert used(NOW + timedelta(seconds=59)) == stamp(NOW)
    keys.note_use(store, key, now=NOW + timedelta(seconds=30))
    assert used(NOW + timedelta(seconds=60)) == stamp(NOW + timedelta(seconds=60))
    with store.begin() as connection:
        connection.execute(sa.text("DROP TABLE api_key"))
    keys.note_use(store, key, now=NOW + timedelta(hours=1))


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        ({"subject": ""}, "no name"),
        ({"subject": "a\nb"}, "no name"),
        ({"subject": "x" * 81}, "no name"),
        ({"role": "root"}, "no role"),
        ({"environment": "a_b"}, "environment"),
        ({"expires": NOW}, "expire before"),
    ],
)
def test_a_key_that_cannot_be_is_not_made(store: sa.Engine, wish: dict[str, object], says: str) -> None:
    """Each with its cause."""
    with pytest.raises(ConfigError, match=says):
        make(store, **wish)
    with store.connect() as connection:
        assert not keys.exist(connection)


def test_hashes_are_compared_in_constant_time() -> None:
    """A stored hash is read by one function, which hands it to `hmac.compare_digest`; no operator ever sees one."""
    tree = ast.parse(Path(keys.__file__).read_text("utf-8"))
    reads = {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and "secret_hash" in ast.dump(node)}
    assert reads == {"create", "verified"}
    verified = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "verified")
    calls = [node for node in ast.walk(verified) if isinstance(node, ast.Call) and ast.unparse(node.func) == "hmac.compare_digest"]
    assert len(calls) == 1
    assert "secret_hash" in ast.unparse(calls[0])
    assert not any("secret_hash" in ast.unparse(node) for node in ast.walk(verified) if isinstance(node, ast.Compare))
