"""The outbox over both databases: once per key, whatever fails, whoever else works, however the clock jumps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
import sqlalchemy as sa

from bursar.domain.errors import ConfigError, Unavailable
from bursar.ports import Notice, Receipt
from bursar.store import journal, outbox
from bursar.store.delivery import Delivered, Worker, pending
from bursar.store.outbox import Pace, Row

NOW = datetime(2026, 11, 1, tzinfo=UTC)
PACE = Pace()
HEALED = NOW + timedelta(hours=1)
Fault = Callable[[], None]


def nothing() -> None:
    """No fault."""


def failing(error: Exception) -> Fault:
    """A fault that raises."""

    def fail() -> None:
        raise error

    return fail


class Room:
    """A channel in memory that can be told to fail before or after a message is there."""

    def __init__(self) -> None:
        self.posted: list[Notice] = []
        self.before: list[Fault] = []
        self.after: list[Fault] = []
        self.probes: list[Fault] = []

    def send(self, notice: Notice) -> Receipt:
        """Post it, failing as told."""
        (self.before.pop(0) if self.before else nothing)()
        self.posted.append(notice)
        (self.after.pop(0) if self.after else nothing)()
        return {"at": str(len(self.posted))}

    def probe(self, notice: Notice, since: datetime) -> Receipt | None:
        """Look it up, failing as told."""
        (self.probes.pop(0) if self.probes else nothing)()
        assert since <= max(HEALED, NOW + timedelta(days=2))
        found = [n for n, one in enumerate(self.posted, start=1) if one.key == notice.key]
        return {"at": str(found[0])} if found else None

    def counts(self) -> Counter[str]:
        """How often each key was posted."""
        return Counter(one.key for one in self.posted)


class House(NamedTuple):
    """A store, a room and what works between them at a moment."""

    store: sa.Engine
    room: Room

    def put(self, key: str, *, after: str | None = None, **payload: object) -> str:
        """Ask for a message."""
        with self.store.begin() as connection:
            return outbox.put(connection, key=key, kind="room:test", payload={"text": key, **payload}, now=NOW, after=after)

    def deliver(self, at: datetime = NOW, *, pace: Pace = PACE, random: float = 0.0) -> Delivered:
        """One pass of one worker."""
        return Worker(store=self.store, channels={"room": self.room}, clock=lambda: at, random=lambda: random, pace=pace).deliver()

    def claim(self, at: datetime = NOW) -> Row:
        """Claim as a worker does, that then does nothing more."""
        with self.store.begin() as connection:
            row = outbox.claim(connection, ["room"], now=at, pace=PACE)
        assert row
        return row

    def row(self, key: str) -> Row:
        """The row as it stands."""
        with self.store.connect() as connection:
            row = outbox.get(connection, key)
        assert row
        return row

    def entries(self) -> list[str]:
        """The journal's kinds, of a chain that is whole."""
        with self.store.connect() as connection:
            assert journal.first_broken(connection) is None
            return [row.kind for row in connection.execute(sa.text("SELECT kind FROM journal ORDER BY seq"))]


@pytest.fixture
def house(store: sa.Engine) -> House:
    """The outbox of each database."""
    return House(store, Room())


def test_the_same_key_is_the_same_message(house: House) -> None:
    """However often it is asked for, before or after it was sent, it is sent once, and said once in the journal."""
    assert house.put("a") == "new"
    assert house.put("a") == "same"
    assert house.deliver() == Delivered(sent=1)
    assert house.put("a") == "same"
    assert house.put("a", more="words") == "kept"
    assert house.deliver(HEALED) == Delivered()
    assert house.room.counts() == {"a": 1}
    assert house.entries() == ["outbox.sent"]
    assert house.row("a").receipt == {"at": "1"}


def test_what_waits_can_still_be_reworded(house: House) -> None:
    """Until an attempt may have begun, the newest words are the ones sent."""
    house.put("a", amount="1")
    assert house.put("a", amount="2") == "changed"
    house.deliver()
    assert house.room.posted[0].payload == {"text": "a", "amount": "2"}


def test_a_message_lives_and_dies_with_what_it_tells(house: House) -> None:
    """Rolled back with its finding, it was never asked for."""
    with house.store.connect() as connection:
        outbox.put(connection, key="a", kind="room:test", payload={}, now=NOW)
        connection.rollback()
    assert house.deliver() == Delivered()


def test_messages_go_in_the_order_they_were_asked_for(house: House) -> None:
    """Oldest first."""
    for key in "cab":
        house.put(key)
    house.deliver()
    assert [notice.key for notice in house.room.posted] == ["c", "a", "b"]


def test_an_answer_waits_for_its_question(house: House) -> None:
    """A reply goes when what it answers is there, and knows where."""
    house.room.before = [failing(Unavailable("busy", untouched=True))]
    house.put("root")
    house.put("reply", after="root", thread_of="root")
    house.put("edit", after="root", edits="root")
    assert house.deliver() == Delivered(postponed=1)
    assert house.deliver(HEALED) == Delivered(sent=3)
    root, reply, edit = house.room.posted
    assert (root.answers, reply.answers, edit.edits) == (None, {"at": "1"}, {"at": "1"})


def test_nobody_waits_for_the_dead(house: House) -> None:
    """A worse alarm is said although the first one could not be."""
    house.room.before = [failing(ConfigError("no such channel"))]
    house.put("root")
    house.put("reply", after="root", thread_of="root")
    assert house.deliver() == Delivered(dead=1, sent=1)
    assert house.room.posted[0].answers is None


def test_certain_failure_is_tried_again_without_asking(house: House) -> None:
    """What certainly did not happen is ready again, no sooner than the other side wants it."""
    house.room.before = [failing(Unavailable("limited", retry_after=90, untouched=True))]
    house.room.probes = [failing(AssertionError("nothing to look for"))]
    house.put("a")
    assert house.deliver() == Delivered(postponed=1)
    assert house.row("a").state == "ready"
    assert house.deliver(NOW + timedelta(seconds=89)) == Delivered()
    assert house.deliver(NOW + timedelta(seconds=90)) == Delivered(sent=1)


def test_a_lost_answer_is_looked_up(house: House) -> None:
    """The message is there though nobody said so: it is adopted, not sent again."""
    house.room.after = [failing(Unavailable("reset"))]
    house.put("a")
    assert house.deliver() == Delivered(postponed=1)
    assert house.row("a").state == "uncertain"
    assert house.deliver(NOW + timedelta(seconds=PACE.probe_seconds - 1)) == Delivered()
    assert house.deliver(HEALED) == Delivered(adopted=1)
    assert house.room.counts() == {"a": 1}
    assert house.row("a").receipt == {"at": "1"}
    assert house.entries() == ["outbox.adopted"]


def test_an_attempt_that_came_to_nothing_is_made_again(house: House) -> None:
    """Uncertain, looked for, not there: sent."""
    house.room.before = [failing(Unavailable("reset"))]
    house.put("a")
    house.deliver()
    assert house.deliver(HEALED) == Delivered(sent=1)
    assert house.room.counts() == {"a": 1}


def test_nothing_is_sent_that_cannot_be_looked_up(house: House) -> None:
    """While probing fails, an uncertain message stays uncertain, even where the probe certainly did nothing."""
    house.room.after = [failing(Unavailable("reset"))]
    house.room.probes = [failing(Unavailable("limited", retry_after=7, untouched=True))] * 3
    house.put("a")
    house.deliver()
    for hours in (1, 2, 3):
        assert house.deliver(NOW + timedelta(hours=hours) - timedelta(minutes=30)) == Delivered(postponed=1)
        assert house.row("a").state == "uncertain"
    assert house.deliver(HEALED + timedelta(hours=8)) == Delivered(adopted=1)
    assert house.room.counts() == {"a": 1}


def test_what_can_never_be_sent_is_dead_at_once(house: House) -> None:
    """An operator's mistake is said with its cure, in the journal too; retried once mended, it goes, after a look."""
    house.room.before = [failing(ConfigError("no channel #x", cure="Invite the bot."))]
    house.put("a")
    assert house.deliver() == Delivered(dead=1)
    assert house.row("a").error == "no channel #x (Invite the bot.)"
    assert house.deliver(HEALED) == Delivered()
    with house.store.begin() as connection:
        assert outbox.retry(connection, "a", now=HEALED, actor="ana").state == "uncertain"
    assert house.deliver(HEALED) == Delivered(sent=1)
    assert house.entries() == ["outbox.dead", "outbox.retried", "outbox.sent"]


@pytest.mark.parametrize("key", ["a", "b"])
def test_only_the_dead_are_retried(house: House, key: str) -> None:
    """What is on its way, or not there, is named."""
    house.put("a")
    with pytest.raises(ConfigError, match="it is ready" if key == "a" else "no such message"), house.store.begin() as connection:
        outbox.retry(connection, key, now=NOW, actor="ana")


@pytest.mark.parametrize("untouched", [True, False])
def test_attempts_end(house: House, *, untouched: bool) -> None:
    """A channel that never answers makes a dead letter, not an endless loop; uncertain ones are looked for once more."""
    pace = Pace(attempts=4, failures=99)
    house.room.before = [failing(Unavailable("down", untouched=untouched))] * 9
    house.put("a")
    for hour in range(8):
        house.deliver(NOW + timedelta(hours=hour), pace=pace)
    assert house.row("a").state == "dead"
    assert len(house.room.before) == 9 - 4
    assert house.entries() == ["outbox.dead"]


def test_delays_double_under_a_ceiling_with_full_jitter(house: House) -> None:
    """Anything between a second and the ceiling, which doubles up to its cap; Retry-After is never undercut, nor unbounded."""
    worker = Worker(store=house.store, channels={}, random=lambda: 1.0)
    assert [worker.delay(n, None) for n in (1, 2, 3, 12, 99)] == [2, 4, 8, 3600, 3600]
    assert Worker(store=house.store, channels={}, random=lambda: 0.0).delay(9, None) == 1
    assert worker.delay(1, 17.2) == 18
    assert worker.delay(1, 1e9) == PACE.horizon_seconds


def test_a_failing_channel_rests_and_others_go_on(house: House) -> None:
    """After some failures in a row nothing is tried there for a while; then one message tries for all."""
    quiet = Room()
    now = [NOW]
    worker = Worker(
        store=house.store, channels={"room": house.room, "quiet": quiet}, clock=lambda: now[0], random=lambda: 0.0, pace=Pace(failures=2)
    )
    house.room.before = [failing(Unavailable("down", untouched=True))] * 3
    for key in "abcd":
        house.put(key)
    with house.store.begin() as connection:
        outbox.put(connection, key="q", kind="quiet:test", payload={}, now=NOW)
    assert worker.deliver() == Delivered(postponed=2, sent=1)
    now[0] = NOW + timedelta(seconds=61)
    assert worker.deliver() == Delivered(postponed=1)
    now[0] = HEALED
    assert worker.deliver() == Delivered(sent=4)
    assert house.room.counts() == dict.fromkeys("abcd", 1)


def test_a_limited_channel_is_left_alone_as_long_as_it_wants(house: House) -> None:
    """One Retry-After holds all its messages back."""
    house.room.before = [failing(Unavailable("limited", retry_after=120, untouched=True))]
    house.put("a")
    house.put("b")
    now = [NOW]
    worker = Worker(store=house.store, channels={"room": house.room}, clock=lambda: now[0], random=lambda: 0.0)
    assert worker.deliver() == Delivered(postponed=1)
    now[0] = NOW + timedelta(seconds=119)
    assert worker.deliver() == Delivered()
    now[0] = NOW + timedelta(seconds=120)
    assert worker.deliver() == Delivered(sent=2)


def test_a_message_without_its_channel_waits(house: House) -> None:
    """A worker leaves alone what it has no channel for."""
    house.put("a")
    assert Worker(store=house.store, channels={}, clock=lambda: NOW).deliver() == Delivered()
    with house.store.connect() as connection:
        assert pending(connection) == 1


def test_a_worker_that_died_while_sending_leaves_an_uncertain_message(house: House) -> None:
    """Its lease runs out, a silence follows, then the message is looked for before anything else."""
    house.put("a")
    claimed = house.claim()
    house.room.send(Notice(key="a", payload={}))
    assert house.deliver(NOW + timedelta(seconds=PACE.lease_seconds - 1)) == Delivered()
    gone = NOW + timedelta(seconds=PACE.lease_seconds)
    assert house.deliver(gone) == Delivered()
    assert house.row("a").state == "uncertain"
    assert house.deliver(gone + timedelta(seconds=PACE.quiet_seconds)) == Delivered(adopted=1)
    assert house.room.counts() == {"a": 1}
    assert house.row("a").fence > claimed.fence


def test_an_outcome_counts_only_under_its_fence(house: House) -> None:
    """Whoever was overtaken writes neither receipt nor entry, whatever became of the message."""
    house.put("a")
    late = house.claim()
    after = NOW + timedelta(seconds=PACE.lease_seconds + PACE.quiet_seconds)
    house.deliver(after - timedelta(seconds=PACE.quiet_seconds))
    assert house.deliver(after) == Delivered(sent=1)
    with house.store.begin() as connection:
        assert not outbox.settle(connection, late, receipt={"at": "late"}, now=after, adopted=False, actor="late")
        assert not outbox.postpone(connection, late, delay=1, error="late", untouched=True, now=after)
        assert not outbox.bury(connection, late, error="late", now=after, actor="late")
        assert not outbox.resume(connection, late, now=after, pace=PACE)
    assert house.row("a").receipt == {"at": "1"}
    assert house.entries() == ["outbox.sent"]


def test_a_clock_that_goes_back_neither_doubles_nor_starves(house: House) -> None:
    """Rows written by a clock that was days ahead go now; the sender of one that was under way is not run over."""
    ahead = NOW + timedelta(days=3)
    house.room.after = [failing(Unavailable("reset"))]
    with house.store.begin() as connection:
        for key in ("done", "waits", "lost"):
            outbox.put(connection, key=key, kind="room:test", payload={}, now=ahead)
    worker = Worker(store=house.store, channels={"room": house.room}, clock=lambda: ahead, random=lambda: 0.0)
    assert worker.deliver(limit=1) == Delivered(postponed=1)
    under_way = house.claim(ahead)
    house.room.send(Notice(key=under_way.key, payload={}))
    assert house.deliver(NOW) == Delivered(adopted=1, sent=1)
    assert house.row(under_way.key).state == "uncertain"
    assert house.deliver(NOW + timedelta(seconds=PACE.quiet_seconds)) == Delivered(adopted=1)
    assert house.room.counts() == {"done": 1, "waits": 1, "lost": 1}


def test_a_clock_that_leaps_ahead_does_not_double(house: House) -> None:
    """A lease that seems over while its holder still sends is followed by a silence longer than any sending."""
    house.put("a")
    holder = house.claim()
    leap = NOW + timedelta(days=1)
    assert house.deliver(leap) == Delivered()
    house.room.send(Notice(key="a", payload={}))
    with house.store.begin() as connection:
        assert not outbox.settle(connection, holder, receipt={"at": "1"}, now=leap, adopted=False, actor="a")
    assert house.deliver(leap + timedelta(seconds=PACE.quiet_seconds)) == Delivered(adopted=1)
    assert house.room.counts() == {"a": 1}


def test_two_workers_at_once_send_each_message_once(house: House) -> None:
    """No message is lost between them and none goes twice."""
    keys = [f"m{n}" for n in range(24)]
    for key in keys:
        house.put(key)
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda _: house.deliver(), range(2)))
    assert sum(one.sent for one in done) == len(keys)
    assert house.room.counts() == dict.fromkeys(keys, 1)
    assert house.entries() == ["outbox.sent"] * len(keys)


def test_what_is_not_sent_is_said_once_in_the_journal(house: House) -> None:
    """Nothing leaves, and the book knows why."""
    for _ in range(2):
        with house.store.begin() as connection:
            outbox.note(connection, key="x", kind="journal:triage.excepted", payload={"exception": "e1"}, now=NOW, actor="bursar")
    assert house.deliver() == Delivered()
    assert house.entries() == ["triage.excepted"]


def test_the_databases_clock_is_used_unless_another_is_given(house: House) -> None:
    """A worker needs no clock of its own."""
    house.put("a")
    assert Worker(store=house.store, channels={"room": house.room}).deliver() == Delivered(sent=1)
