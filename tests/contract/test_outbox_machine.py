"""The outbox against chance: faults, crashes, slow senders, several workers and a jumping clock, in any order."""

from __future__ import annotations

import os
from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bursar.domain.errors import Unavailable
from bursar.ports import Notice, Receipt
from bursar.store import journal, outbox
from bursar.store.database import open_store
from bursar.store.delivery import Worker
from bursar.store.outbox import Pace, Row

START = datetime(2026, 11, 1, tzinfo=UTC)
PACE = Pace(attempts=10**6)
SENDING = 90
"""The longest a sender takes, in seconds: Slack's minute and one call."""
KEYS = ("a", "b", "c")
OUTCOMES = ("ok", "limited", "reset", "lost")


class Outbox(RuleBasedStateMachine):
    """True time passes; the database's clock is it plus an error that jumps. Slow senders claim, post and settle in their own time."""

    def __init__(self) -> None:
        super().__init__()
        self.store = open_store("sqlite://")
        self.posted: Counter[str] = Counter()
        self.plan: list[str] = []
        self.time, self.error, self.jumped = 0, 0, -(10**9)
        self.slow: list[tuple[Row, int, bool]] = []

    def now(self) -> datetime:
        """What the database's clock says."""
        return START + timedelta(seconds=self.time + self.error)

    def send(self, notice: Notice) -> Receipt:
        """Post, with what is planned to go wrong."""
        outcome = self.plan.pop(0) if self.plan else "ok"
        if outcome == "limited":
            raise Unavailable("limited", retry_after=30, untouched=True)
        if outcome == "reset":
            raise Unavailable("reset")
        self.posted[notice.key] += 1
        if outcome == "lost":
            raise Unavailable("lost")
        return {"at": notice.key}

    def probe(self, notice: Notice, since: datetime) -> Receipt | None:  # noqa: ARG002 - everything is remembered
        """Look it up."""
        return {"at": notice.key} if self.posted[notice.key] else None

    @rule(key=st.sampled_from(KEYS), words=st.sampled_from("xy"))
    def ask(self, key: str, words: str) -> None:
        """The same few keys, now and then in other words."""
        with self.store.begin() as connection:
            outbox.put(connection, key=key, kind="room:test", payload={"words": words}, now=self.now())

    @rule(plan=st.lists(st.sampled_from(OUTCOMES), max_size=4), luck=st.sampled_from((0.0, 0.5, 1.0)))
    def deliver(self, plan: list[str], luck: float) -> None:
        """One pass of a worker."""
        self.plan = plan
        Worker(store=self.store, channels={"room": self}, clock=self.now, random=lambda: luck, pace=PACE).deliver()
        self.plan = []

    @rule()
    def claim(self) -> None:
        """A slow sender takes a row; what is uncertain it looks for first, and settles if it is there."""
        with self.store.begin() as connection:
            outbox.recover(connection, now=self.now(), pace=PACE)
            row = outbox.claim(connection, ["room"], now=self.now(), pace=PACE)
            if row is None:
                return
            if row.state == "uncertain" and not self.posted[row.key]:
                outbox.resume(connection, row, now=self.now(), pace=PACE)
            elif row.state == "uncertain":
                outbox.settle(connection, row, receipt={"at": row.key}, now=self.now(), adopted=True, actor="slow")
                return
        self.slow.append((row, self.time, False))

    @precondition(lambda self: any(not posted for _, _, posted in self.slow))
    @rule()
    def post(self) -> None:
        """It posts, unless its time is over."""
        row, since, _ = next(one for one in self.slow if not one[2])
        self.slow.remove((row, since, False))
        if self.time - since <= SENDING:
            self.posted[row.key] += 1
            self.slow.append((row, since, True))

    @precondition(lambda self: self.is_steady())
    @rule(leap=st.sampled_from((300, 301, 10**6, -(10**6))), seconds=st.sampled_from((1, 60, SENDING)))
    def leap_while_it_sends(self, leap: int, seconds: int) -> None:
        """Aimed: a slow sender's lease seems over while it still sends, others go on, and then it posts."""
        self.claim()
        self.jump(leap)
        self.deliver([], 0.0)
        self.wait(seconds)
        self.deliver([], 0.0)
        if any(not posted for _, _, posted in self.slow):
            self.post()

    @precondition(lambda self: any(posted for _, _, posted in self.slow))
    @rule()
    def settle(self) -> None:
        """It says so, however late."""
        row, since, _ = next(one for one in self.slow if one[2])
        self.slow.remove((row, since, True))
        with self.store.begin() as connection:
            outbox.settle(connection, row, receipt={"at": row.key}, now=self.now(), adopted=False, actor="slow")

    @precondition(lambda self: self.slow)
    @rule()
    def die(self) -> None:
        """It is gone."""
        self.slow.pop(0)

    @rule(seconds=st.sampled_from((1, 9, 10, 11, 59, 61, 89, 119, 121, 299, 301, 3600, 7 * 3600)))
    def wait(self, seconds: int) -> None:
        """Time passes, often just up to a deadline or over it."""
        self.time += seconds

    def is_steady(self) -> bool:
        """A clock that jumped keeps still for as long as one sending; two jumps within one could hide each other."""
        return self.time - self.jumped > PACE.quiet_seconds

    @precondition(lambda self: self.is_steady())
    @rule(seconds=st.sampled_from((-(10**6), -3600, -300, -60, -1, 1, 60, 300, 3600, 10**6)))
    def jump(self, seconds: int) -> None:
        """The clock is put right, or wrong."""
        self.error += seconds
        self.jumped = self.time

    @invariant()
    def nothing_is_doubled(self) -> None:
        """No message is there twice, at any time."""
        assert not [key for key, count in self.posted.items() if count > 1]

    @invariant()
    def what_is_done_is_there(self) -> None:
        """A row says done only of a message that is."""
        with self.store.connect() as connection:
            assert all(self.posted[row.key] for row in outbox.select(connection, states=["done"]))

    def teardown(self) -> None:
        """Left alone for some hours, everything that was asked for is there, once, and the book tells it."""
        self.slow.clear()
        for _ in range(12):
            self.time += 7 * 3600
            self.deliver([], 0.0)
        with self.store.connect() as connection:
            rows = outbox.select(connection)
            assert {row.key: row.state for row in rows} == {row.key: "done" for row in rows}
            assert self.posted == {row.key: 1 for row in rows}
            assert journal.first_broken(connection) is None
        self.store.dispose()


TestOutbox = Outbox.TestCase
TestOutbox.settings = settings(
    max_examples=1000 if os.environ.get("BURSAR_DEEP") else 25,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
