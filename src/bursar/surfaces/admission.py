"""Who may come in: the bearer of a key, whoever signed in on a page, or, while there are no keys, the user of this machine.

Every address is closed but the few in `OPEN`. What is found stands in `request.state.principal`; nothing else says who asks.
"""

from __future__ import annotations

import hashlib
import ipaddress
import logging
import re
import secrets
import threading
from collections import OrderedDict
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import sqlalchemy as sa
from fastapi import Request

from bursar.domain.errors import BursarError
from bursar.ports import Clock
from bursar.store import keys
from bursar.store.keys import Key
from bursar.surfaces.cli.subject import me
from bursar.surfaces.principal import Principal

OPEN = frozenset({"/livez", "/readyz", "/startupz", "/login"})
_STATIC = re.compile(r"/static/[^/]+/[^/]+")
API = "/api/"
NEEDED = "a valid API key is needed"
CURE = "send Authorization: Bearer bur_…; who runs this makes one with: bursar keys create NAME --role viewer"
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
"""Headers of a proxy: whoever stands behind one is not the user of this machine."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
SESSION = timedelta(hours=8)
MOST_SESSIONS = 10_000

log = logging.getLogger(__name__)


class Sessions:
    """Who signed in on a page, by a random token of which only the hash is kept. They end with the process."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[str, datetime]] = OrderedDict()
        self._lock = threading.Lock()

    def open(self, key: Key, *, now: datetime) -> str:
        """A new session of a key: the token for its cookie."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._kept[_hash(token)] = (key.id, now + SESSION)
            while len(self._kept) > MOST_SESSIONS:
                self._kept.popitem(last=False)
        return token

    def key_of(self, token: str, *, now: datetime) -> str | None:
        """The id of the key a session belongs to, while it lasts."""
        with self._lock:
            ident, until = self._kept.get(_hash(token), ("", now))
        return ident if now < until else None

    def close(self, token: str) -> None:
        """Sign out."""
        with self._lock:
            self._kept.pop(_hash(token), None)


class Admission:
    """The door of one server. `is_local` is whether it is bound to loopback only."""

    def __init__(self, store: sa.Engine, clock: Clock, *, is_local: bool) -> None:
        self.store = store
        self.clock = clock
        self.is_local = is_local
        self.sessions = Sessions()

    def who(self, request: Request) -> tuple[Principal, Key | None] | None:
        """The caller and the key that says so; None where nobody is known. A key that does not count is nobody, not the local user."""
        given = request.headers.get("authorization")
        with self.store.connect().execution_options(read_only=True) as connection:
            if given is not None:
                return self._known(self._bearer(connection, given))
            if not path_of(request).startswith(API) and (key := self._signed_in(connection, request)):
                return self._known(key)
            if self._is_local(request) and not keys.exist(connection):
                return Principal(name=me(), role="admin"), None
        return None

    def key_of(self, text: str) -> Key | None:
        """The key whose text this is, while it counts."""
        with self.store.connect().execution_options(read_only=True) as connection:
            return keys.verified(connection, text, now=self.clock())

    def note(self, key: Key) -> None:
        """Write down that a key was used."""
        keys.note_use(self.store, key, now=self.clock())

    def needs_key(self, request: Request) -> bool:
        """Whether whoever comes without a key is refused."""
        with self.store.connect().execution_options(read_only=True) as connection:
            return keys.exist(connection) or not self._is_local(request)

    def _bearer(self, connection: sa.Connection, given: str) -> Key | None:
        scheme, _, text = given.partition(" ")
        return keys.verified(connection, text.strip(), now=self.clock()) if scheme.lower() == "bearer" else None

    def _signed_in(self, connection: sa.Connection, request: Request) -> Key | None:
        """The key behind a session's cookie; one revoked since is nobody's."""
        token = request.cookies.get(cookie_name(request))
        ident = self.sessions.key_of(token, now=self.clock()) if token else None
        key = keys.find(connection, ident) if ident else None
        return key if key is not None and key.status(self.clock()) == "active" else None

    def _known(self, key: Key | None) -> tuple[Principal, Key] | None:
        """The principal of a key; none of one whose scope cannot be read any more."""
        try:
            return (Principal.of(key), key) if key else None
        except BursarError:
            log.exception("the scope of key %s cannot be read; it opens nothing", key.id if key else "")
            return None

    def _is_local(self, request: Request) -> bool:
        return self.is_local and not any(name in request.headers for name in FORWARDED)


def principal_of(request: Request) -> Principal | None:
    """Who asks, as the door found; None where no door was passed."""
    found = getattr(request.state, "principal", None)
    return found if isinstance(found, Principal) else None


def is_open(path: str) -> bool:
    """Whether anybody may ask for this address."""
    return path in OPEN or _STATIC.fullmatch(path) is not None


def path_of(request: Request) -> str:
    """The address by which requests are routed. A URL put together again may read otherwise: its host is the caller's to choose."""
    return str(request.scope["path"])


def is_foreign(request: Request) -> bool:
    """Whether another site makes a browser on this machine change something here, where no key says who asks."""
    if request.method in SAFE:
        return False
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    elsewhere = origin is not None and urlsplit(origin).netloc != request.headers.get("host")
    return site not in {None, "same-origin", "none"} or elsewhere


def is_loopback(address: str) -> bool:
    """Whether a bound address is this machine's own."""
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False


def cookie_name(request: Request) -> str:
    """The session's cookie; with TLS the browser sends it to this very host and path only."""
    return "__Host-bursar" if request.url.scheme == "https" else "bursar_session"


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
