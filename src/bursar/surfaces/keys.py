"""`keys` as a listing: every key there ever was and how it stands (`schemas/keys.json`). Never a secret: none is kept."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bursar.store.keys import Key
from bursar.surfaces.documents import Listing, objects

COLUMNS = ("id", "name", "role", "scope", "status", "created_at", "expires_at", "revoked_at", "used_at")


def keys_listing(found: Iterable[Key], *, now: datetime) -> Listing:
    """Keys in the order given."""
    rows = [
        (one.id, one.subject, one.role, one.scope, one.status(now), one.created_at, one.expires_at, one.revoked_at, one.used_at)
        for one in found
    ]
    return Listing(document={"rows": objects(COLUMNS, rows)}, columns=COLUMNS, rows=rows)
