"""What was said already of one subject, and what that leaves to say: a first message, a reply, an edit, or nothing.

One message a subject; a reply when it got worse; numbers change in place. Keys: `<stem>:<severity>` of the first message and
of replies, `<stem>:<severity>:x<n>` when it doubled, `<stem>:plan:<n>` when a plan would end it, `<stem>:now:<n>` of edits.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa

from bursar.domain.canonical import digest
from bursar.store import outbox
from bursar.store.outbox import Row
from bursar.triage.rows import Json, decimal

RANK = {"S1": 4, "critical": 4, "S2": 3, "high": 3, "S3": 2, "medium": 2, "S4": 1, "low": 1}
UNSEEN = ("thread_of", "edits")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a thread is about. `kind` is the outbox's.

    `worse` makes the reply's payload from the severity told last; `planned` is the one that names a plan that would end it.
    """

    stem: str
    kind: str
    severity: str
    is_open: bool
    excess: Decimal
    payload: Json
    worse: Callable[[str], Mapping[str, object]]
    planned: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """The rows of one subject: its first message, the replies, the edits, oldest first."""

    root: Row
    replies: tuple[Row, ...]
    edits: tuple[Row, ...]

    @property
    def shown(self) -> Json:
        """What the first message says, or is about to say."""
        living = [row for row in self.edits if row.state != "dead"]
        return living[-1].payload if living else self.root.payload

    @property
    def plans(self) -> bool:
        """Whether a message of it named a plan."""
        return any(row.payload.get("plan_digest") for row in (self.root, *self.replies))

    @property
    def loudest(self) -> str:
        """The worst severity that was said."""
        return max((str(row.payload.get("severity")) for row in (self.root, *self.replies)), key=lambda name: RANK.get(name, 0))

    @property
    def largest(self) -> Decimal:
        """The largest excess that was said."""
        return max(abs(decimal(row.payload.get("excess")) or Decimal(0)) for row in (self.root, *self.replies))


def thread(connection: sa.Connection, stem: str) -> Thread | None:
    """What was said of a subject; None when nothing was."""
    rows = [row for row in outbox.select(connection, prefix=f"{stem}:") if not row.kind.startswith("journal:")]
    firsts = [row for row in rows if not row.payload.get("thread_of") and not row.payload.get("edits")]
    if not firsts:
        return None
    replies = tuple(row for row in rows if row.payload.get("thread_of"))
    return Thread(root=firsts[0], replies=replies, edits=tuple(row for row in rows if row.payload.get("edits")))


def begin(connection: sa.Connection, subject: Subject, *, now: datetime) -> str:
    """The first message; its key."""
    key = f"{subject.stem}:{subject.severity}"
    outbox.put(connection, key=key, kind=subject.kind, payload=subject.payload, now=now)
    return key


def follow(connection: sa.Connection, subject: Subject, said: Thread, *, now: datetime) -> list[str]:
    """Bring a thread up to date; the keys of what is newly asked for."""
    asked = [_reply(connection, subject, said, now=now)] if subject.is_open else []
    if subject.planned and not said.plans and said.root.state != "ready":
        asked.append(_answer(connection, f"{subject.stem}:plan:1", {**subject.payload, **subject.planned}, said, now=now))
    return [key for key in (*asked, _refresh(connection, subject, said, now=now)) if key]


def _reply(connection: sa.Connection, subject: Subject, said: Thread, *, now: datetime) -> str | None:
    """A reply when it is worse than what was said, or twice as much. A first message that still waits is reworded instead."""
    is_worse = RANK.get(subject.severity, 0) > RANK.get(said.loudest, 0)
    doubled = 0 < 2 * said.largest <= abs(subject.excess)
    if said.root.state == "ready" or not (is_worse or doubled):
        return None
    key = f"{subject.stem}:{subject.severity}" if is_worse else f"{subject.stem}:{subject.severity}:x{len(said.replies) + 1}"
    return _answer(connection, key, {**subject.payload, **subject.worse(said.loudest)}, said, now=now)


def _answer(connection: sa.Connection, key: str, payload: Json, said: Thread, *, now: datetime) -> str:
    """A reply under the first message."""
    told = {**payload, "channel": said.root.payload.get("channel"), "thread_of": said.root.key}
    outbox.put(connection, key=key, kind=said.root.kind, payload=told, now=now, after=said.root.key)
    return key


def _refresh(connection: sa.Connection, subject: Subject, said: Thread, *, now: datetime) -> str | None:
    """The first message with the numbers of now, where they differ from what it shows."""
    root = said.root
    payload = {**subject.payload, "channel": root.payload.get("channel")}
    if root.state == "dead" or _seen(payload) == _seen(said.shown):
        return None
    if root.state == "ready":
        outbox.put(connection, key=root.key, kind=root.kind, payload=payload, now=now)
        return root.key
    payload = {**payload, "edits": root.key}
    last = said.edits[-1] if said.edits else None
    if last and last.state == "ready":
        outbox.put(connection, key=last.key, kind=root.kind, payload=payload, now=now)
        return last.key
    key = f"{subject.stem}:now:{len(said.edits) + 1}"
    after = last.key if last and last.state in outbox.WAITING else root.key
    outbox.put(connection, key=key, kind=root.kind, payload=payload, now=now, after=after)
    return key


def _seen(payload: Json) -> str:
    """What of a payload a reader sees."""
    return digest({name: value for name, value in payload.items() if name not in UNSEEN})
