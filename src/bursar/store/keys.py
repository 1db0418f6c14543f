"""API keys: who may ask over HTTP, in which role, about which rows.

A key reads `bur_<env>_<id>_<secret>` with 256 random bits of secret. It is shown once; what is kept is its SHA-256, and what
becomes of it is told in the journal. A key is never deleted, only revoked: once there was one, there always are keys.
"""

import hashlib
import hmac
import logging
import re
import secrets
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from bursar.domain.errors import ConfigError
from bursar.domain.periods import stamp
from bursar.store import journal
from bursar.store.schema import api_key

ROLES = ("viewer", "analyst", "approver", "operator", "admin")
"""From the least to the most: each may what those before it may."""
NOTED_EVERY = timedelta(minutes=1)
"""How often the last use of a key is written down at most."""
ID_BYTES, SECRET_BYTES = 6, 32
_NOBODY = hashlib.sha256(b"").hexdigest()
"""What a key of an unknown id is compared with, so that it takes as long as any other."""
_ENVIRONMENT = re.compile(r"[a-z0-9]{1,16}")
_SUBJECT = re.compile(r"[\w.@+-](?:[\w.@+ -]{0,78}[\w.@+-])?")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key without its secret. Moments are RFC 3339 in UTC; `scope` is a filter, None for all rows."""

    id: str
    subject: str
    role: str
    scope: str | None
    created_at: str
    expires_at: str | None
    revoked_at: str | None
    used_at: str | None

    def status(self, now: datetime) -> str:
        """`active`, `expired` or `revoked`."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= stamp(now) else "active"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A key to be made: whose, in which role, cut to which rows, until when, and the word it carries for its environment."""

    subject: str
    role: str
    scope: str | None = None
    expires: datetime | None = None
    environment: str = "live"


_COLUMNS = tuple(api_key.c[one.name] for one in fields(Key))


def create(connection: sa.Connection, wish: Wish, *, actor: str, now: datetime) -> tuple[Key, str]:
    """A new key, and the text that is shown once. Raises ConfigError for a wish that cannot be."""
    _check(wish, now=now)
    ident = secrets.token_hex(ID_BYTES)
    text = f"bur_{wish.environment}_{ident}_{secrets.token_urlsafe(SECRET_BYTES)}"
    made = Key(
        id=ident, subject=wish.subject, role=wish.role, scope=wish.scope, created_at=stamp(now),
        expires_at=stamp(wish.expires) if wish.expires else None, revoked_at=None, used_at=None,
    )  # fmt: skip
    row = {one.name: getattr(made, one.name) for one in fields(Key)}
    connection.execute(api_key.insert().values(**row, secret_hash=_hash(text)))
    told = {name: row[name] for name in ("id", "subject", "role", "scope", "expires_at")}
    journal.append(connection, at=stamp(now), kind="key.created", actor=actor, payload=told)
    return made, text


def revoke(connection: sa.Connection, ident: str, *, actor: str, now: datetime) -> Key:
    """End a key now. Raises ConfigError when there is none of that id that still counts."""
    mine = (api_key.c.id == ident) & api_key.c.revoked_at.is_(None)
    found = connection.execute(api_key.update().where(mine).values(revoked_at=stamp(now))).rowcount
    if not found:
        raise ConfigError(f"there is no key {ident!r} to revoke", cure="List them with: bursar keys list")
    key = find(connection, ident)
    assert key is not None  # noqa: S101 - updated in this very transaction
    journal.append(connection, at=stamp(now), kind="key.revoked", actor=actor, payload={"id": ident, "subject": key.subject})
    return key


def every(connection: sa.Connection) -> list[Key]:
    """Every key there ever was, newest first."""
    return [Key(**row) for row in connection.execute(sa.select(*_COLUMNS).order_by(api_key.c.created_at.desc(), api_key.c.id)).mappings()]


def exist(connection: sa.Connection) -> bool:
    """Whether a key was ever made; from then on one is needed, also when it is revoked or expired."""
    return connection.execute(sa.select(api_key.c.id).limit(1)).first() is not None


def find(connection: sa.Connection, ident: str) -> Key | None:
    """The key of an id."""
    row = connection.execute(sa.select(*_COLUMNS).where(api_key.c.id == ident)).mappings().first()
    return Key(**row) if row else None


def verified(connection: sa.Connection, text: str, *, now: datetime) -> Key | None:
    """The key whose text this is, while it counts; None for every other, whatever is wrong with it."""
    parts = text.split("_", 3)
    ident = parts[2] if len(parts) == 4 else ""
    row = connection.execute(sa.select(*_COLUMNS, api_key.c.secret_hash).where(api_key.c.id == ident)).mappings().first()
    told = dict(row) if row else {}
    is_it = hmac.compare_digest(_hash(text), str(told.pop("secret_hash", _NOBODY)))
    key = Key(**told) if is_it and told else None
    return key if key is not None and key.status(now) == "active" else None


def note_use(store: sa.Engine, key: Key, *, now: datetime) -> None:
    """Write down that a key was used, once a minute at most. A store that cannot be written to does not stop who reads."""
    ago = stamp(now - NOTED_EVERY)
    if key.used_at is not None and key.used_at > ago:
        return
    due = (api_key.c.id == key.id) & (api_key.c.used_at.is_(None) | (api_key.c.used_at <= ago))
    try:
        with store.begin() as connection:
            connection.execute(api_key.update().where(due).values(used_at=stamp(now)))
    except SQLAlchemyError as error:
        log.warning("the use of key %s could not be noted: %s", key.id, type(error).__name__)


def _check(wish: Wish, *, now: datetime) -> None:
    if not _SUBJECT.fullmatch(wish.subject):
        raise ConfigError(f"{wish.subject!r} is no name for a key", cure="Take letters, digits and . @ + - _, 80 at most.")
    if wish.role not in ROLES:
        raise ConfigError(f"there is no role {wish.role!r}", cure=f"Choose {', '.join(ROLES)}.")
    if not _ENVIRONMENT.fullmatch(wish.environment):
        raise ConfigError(f"{wish.environment!r} is no name of an environment", cure="Take small letters and digits, 16 at most.")
    if wish.expires is not None and wish.expires <= now:
        raise ConfigError("the key would expire before it is made", cure="Give a day that is still to come.")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
