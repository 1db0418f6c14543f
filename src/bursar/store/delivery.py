"""The outbox's worker: claim, probe where an answer was lost, send, settle. Killed anywhere, it loses and doubles nothing."""

import math
import random as chance
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from bursar.domain.errors import BursarError, Unavailable
from bursar.ports import Channel, Clock, Notice, Receipt
from bursar.store import outbox
from bursar.store.database import database_time
from bursar.store.outbox import Pace, Row

ACTOR = "bursar"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What a pass did: messages sent, found to be there already, put off, and given up."""

    sent: int = 0
    adopted: int = 0
    postponed: int = 0
    dead: int = 0


@dataclass(slots=True)
class Breaker:
    """Leaves a channel alone that failed several times in a row, or asked for it; then lets one message try."""

    failures: int = 0
    until: datetime | None = None

    def is_open(self, now: datetime, pace: Pace) -> bool:
        """Whether nothing is sent there now. An end further away than any could be was set by another clock."""
        return self.until is not None and now < self.until <= now + timedelta(seconds=pace.horizon_seconds)

    def fail(self, now: datetime, pace: Pace, *, retry_after: float | None) -> None:
        """One more failure in a row."""
        self.failures += 1
        rest = pace.rest_seconds if self.failures >= pace.failures else 0
        wait = max(rest, min(math.ceil(retry_after or 0), pace.horizon_seconds))
        self.until = now + timedelta(seconds=wait) if wait else self.until

    def succeed(self) -> None:
        """The channel answers."""
        self.failures, self.until = 0, None


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """Delivers what is due. Channels by the word before the colon of a row's kind; `clock` is the database's unless injected.

    Any number of workers may run at once, in one process or on several machines.
    """

    store: sa.Engine
    channels: Mapping[str, Channel]
    clock: Clock | None = None
    random: Callable[[], float] = chance.random
    pace: Pace = field(default_factory=Pace)
    actor: str = ACTOR
    breakers: dict[str, Breaker] = field(default_factory=dict[str, Breaker])

    def deliver(self, *, limit: int = 1000) -> Delivered:
        """Send everything that is due, at most `limit` messages."""
        with self.store.begin() as connection:
            outbox.recover(connection, now=self._now(connection), pace=self.pace)
        counts: Counter[str] = Counter()
        while counts.total() < limit and (row := self._claim()):
            counts[self._handle(row)] += 1
        return Delivered(**{name: counts[name] for name in ("sent", "adopted", "postponed", "dead")})

    def _claim(self) -> Row | None:
        with self.store.begin() as connection:
            now = self._now(connection)
            open_ = [name for name in self.channels if not self.breakers.setdefault(name, Breaker()).is_open(now, self.pace)]
            return outbox.claim(connection, open_, now=now, pace=self.pace)

    def _handle(self, row: Row) -> str:
        """One claimed row, to its outcome."""
        name = row.kind.partition(":")[0]
        try:
            result = self._send(row, self.channels[name])
        except Unavailable as error:
            return self._failed(row, name, error)
        except BursarError as error:
            return self._bury(row, f"{error.message}{f' ({error.cure})' if error.cure else ''}")
        self.breakers[name].succeed()
        return result

    def _send(self, row: Row, channel: Channel) -> str:
        """Find the message or send it; what is uncertain is never sent unprobed."""
        notice = self._notice(row)
        if row.state == "uncertain":
            if found := channel.probe(notice, self._since(row)):
                return self._settle(row, found, adopted=True)
            if row.attempts > self.pace.attempts:
                return self._bury(row, row.error or "given up")
            if not self._resume(row):
                return "overtaken"
        return self._settle(row, channel.send(notice), adopted=False)

    def _since(self, row: Row) -> datetime:
        """Where a probe begins: at the first attempt, or now where that was written by a clock that was ahead."""
        with self.store.connect().execution_options(read_only=True) as connection:
            return min(datetime.fromisoformat(row.attempted_at or row.created_at).astimezone(UTC), self._now(connection))

    def _notice(self, row: Row) -> Notice:
        """The row with the receipts of what it answers and edits."""
        with self.store.connect().execution_options(read_only=True) as connection:
            receipts: dict[str, Receipt | None] = {}
            for name in ("thread_of", "edits"):
                key = row.payload.get(name)
                found = outbox.get(connection, str(key)) if key else None
                receipts[name] = found.receipt if found else None
        return Notice(key=row.key, payload=row.payload, answers=receipts["thread_of"], edits=receipts["edits"])

    def _settle(self, row: Row, receipt: Receipt, *, adopted: bool) -> str:
        with self.store.begin() as connection:
            now = self._now(connection)
            ours = outbox.settle(connection, row, receipt=receipt, now=now, adopted=adopted, actor=self.actor)
        return ("adopted" if adopted else "sent") if ours else "overtaken"

    def _resume(self, row: Row) -> bool:
        with self.store.begin() as connection:
            return outbox.resume(connection, row, now=self._now(connection), pace=self.pace)

    def _bury(self, row: Row, error: str) -> str:
        with self.store.begin() as connection:
            return "dead" if outbox.bury(connection, row, error=error, now=self._now(connection), actor=self.actor) else "overtaken"

    def _failed(self, row: Row, name: str, error: Unavailable) -> str:
        """The other side failed: later again, or given up when it certainly was not posted and was tried often enough."""
        delay = max(self.delay(row.attempts, error.retry_after), 0 if error.untouched else self.pace.probe_seconds)
        with self.store.begin() as connection:
            now = self._now(connection)
            self.breakers[name].fail(now, self.pace, retry_after=error.retry_after)
            if row.attempts >= self.pace.attempts and (error.untouched or row.attempts > self.pace.attempts):
                return "dead" if outbox.bury(connection, row, error=error.message, now=now, actor=self.actor) else "overtaken"
            ours = outbox.postpone(connection, row, delay=delay, error=error.message, untouched=error.untouched, now=now)
        return "postponed" if ours else "overtaken"

    def delay(self, attempts: int, retry_after: float | None) -> int:
        """Seconds until the next attempt: full jitter under a doubling ceiling, never before the other side wants it."""
        ceiling = min(self.pace.cap_seconds, self.pace.base_seconds * 2 ** min(attempts - 1, 30))
        asked = min(math.ceil(retry_after or 0), self.pace.horizon_seconds)
        return max(1, math.ceil(self.random() * ceiling), asked)

    def _now(self, connection: sa.Connection) -> datetime:
        return self.clock() if self.clock else database_time(connection)


def pending(connection: sa.Connection) -> int:
    """How many messages are still to be settled."""
    return len(outbox.select(connection, states=outbox.WAITING))
