"""The worker beside a server: it works while pages are served, and one bad pass does not end it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bursar.config import Config, Schedule
from bursar.domain.errors import Unavailable
from bursar.operations.rounds import Pass
from bursar.surfaces import worker


class Turns:
    """Passes that fail as told, then work."""

    def __init__(self, *faults: Exception) -> None:
        self.faults = list(faults)
        self.done = 0

    def once(self) -> Pass:
        """One pass."""
        if self.faults:
            raise self.faults.pop(0)
        self.done += 1
        return Pass()


def until(true: Callable[[], bool]) -> None:
    """Wait, a while at most."""
    deadline = time.monotonic() + 20
    while not true() and time.monotonic() < deadline:
        time.sleep(0.01)


def test_a_bad_pass_is_said_and_the_next_one_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is unavailable and what nobody foresaw: each is said once, and the worker goes on until the server ends."""
    turns, said = Turns(Unavailable("the disk is away"), Unavailable("the disk is away"), ValueError("odd")), list[str]()
    monkeypatch.setattr(worker, "wire", lambda *_, **__: None)
    monkeypatch.setattr(worker, "open_rounds", lambda _: turns)
    config = Config.model_construct(home=tmp_path, schedule=Schedule.model_construct(poll_seconds=0))
    with worker.working(config, say=said.append):
        until(lambda: turns.done > 1)
    after = turns.done
    assert said == ["the disk is away", "a pass failed: ValueError: odd"]
    assert after > 1
    time.sleep(0.05)
    assert turns.done == after
