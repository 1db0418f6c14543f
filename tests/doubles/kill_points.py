"""A process killed at its k-th step: each statement, commit, request and answer is a step, before and after it happens.

Run again until it ends, then counted: what was asked for must be there once.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import httpx2
import sqlalchemy as sa
from sqlalchemy import event

from bursar.adapters.channels.slack import Slack
from bursar.adapters.channels.slack_double import TOKEN, SlackDouble
from bursar.adapters.channels.slack_web import SlackWeb
from bursar.operations.audit import verify
from bursar.ports import Channel, Notice, Receipt
from bursar.store import outbox
from bursar.store.database import open_store
from bursar.store.delivery import Worker, pending

NOW = datetime(2026, 11, 1, tzinfo=UTC)
KEYS = ("root", "reply")
FAULTS: Mapping[str, tuple[str, ...]] = {"calm": (), "limited": ("429:7",), "broken": ("500",), "reset": ("reset",), "lost": ("lost",)}
"""What the first post meets besides."""
PASSES = 8
Tick = Callable[[], None]


def never() -> None:
    """No kill."""


class Killer:
    """Kills its own process at a step."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.steps = 0

    def __call__(self) -> None:
        """One more step."""
        self.steps += 1
        if self.steps == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


class Watched(httpx2.BaseTransport):
    """HTTP whose requests and answers are steps."""

    def __init__(self, tick: Tick) -> None:
        self._inner = httpx2.HTTPTransport(verify=False)  # plain HTTP on this machine; loading certificates takes longest
        self._tick = tick

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """A step before it leaves and one once it is answered."""
        self._tick()
        response = self._inner.handle_request(request)
        self._tick()
        return response

    def close(self) -> None:
        """Let go."""
        self._inner.close()


def opened(url: str, tick: Tick) -> sa.Engine:
    """The store, whose statements and commits are steps."""
    engine = open_store(url)

    def step(*_: Any) -> None:  # noqa: ANN401 - an event's arguments
        tick()

    for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
        event.listen(engine, name, step)
    return engine


class Forgetful:
    """The anchor: a channel that never looks, so that whatever is uncertain is simply sent again."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def send(self, notice: Notice) -> Receipt:
        """As the channel does."""
        return self._channel.send(notice)

    def probe(self, notice: Notice, since: datetime) -> Receipt | None:  # noqa: ARG002 - it never looks
        """Never there."""
        return None


class Trial(NamedTuple):
    """One database, one Slack, one way to send."""

    url: str
    double: SlackDouble
    forgetful: bool = False

    def work(self, tick: Tick = never, *, at: datetime = NOW) -> int:
        """The whole of it: ask for a message and its reply in one transaction, deliver what is due; how many are left."""
        engine = opened(self.url, tick)
        slack: Channel = Slack(SlackWeb(TOKEN, url=self.double.url, seconds=5, transport=Watched(tick)))
        with engine.begin() as connection:
            for key, root in (("root", None), ("reply", "root")):
                payload = {"title": key, "channel": "#finops", "thread_of": root}
                outbox.put(connection, key=key, kind="slack:incident", payload=payload, now=at, after=root)
        channel = Forgetful(slack) if self.forgetful else slack
        Worker(store=engine, channels={"slack": channel}, clock=lambda: at, random=lambda: 0.0).deliver()
        with engine.connect() as connection:
            left = pending(connection)
        engine.dispose()
        return left

    def kill(self, at: int) -> bool:
        """Run in a child that is killed at a step; whether it was, or ended before."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the child is one thread and never returns
            child = os.fork()
        if child == 0:
            try:
                self.live(Killer(at))
            except BaseException:  # noqa: BLE001 - told, then the child is gone whatever it was
                traceback.print_exc(file=sys.stderr)
                os._exit(3)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) in {0, -signal.SIGKILL}
        return os.WIFSIGNALED(status)

    def live(self, tick: Tick = never, *, first: int = 0) -> None:
        """Pass after pass, an hour apart, until nothing is left."""
        for hour in range(first, first + PASSES):
            if not self.work(tick, at=NOW + timedelta(hours=hour)):
                return

    def finish(self) -> Counter[str]:
        """Start again after a kill; how often each key was posted in the end."""
        self.live(first=PASSES)
        return self.double.keys()

    def flaws(self) -> list[str]:
        """What is not as it should be besides: unsettled rows, a broken chain, a reply outside its thread."""
        engine = open_store(self.url)
        with engine.connect() as connection:
            found = [f"{row.key} is {row.state}" for row in outbox.select(connection) if row.state != "done"]
        found += [f"{flaw.row}: {flaw.problem}" for flaw in verify(engine).flaws]
        engine.dispose()
        messages = {one["metadata"]["event_payload"]["key"]: one for one in self.double.workspace.messages}
        if messages["reply"].get("thread_ts") != messages["root"]["ts"]:
            found.append("the reply is not in the thread")
        return found
