"""Killed at any step, restarted: every message is there once. Nothing lost, nothing doubled, the chain whole."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bursar.adapters.channels.slack_double import SlackDouble
from bursar.store.database import open_store, sqlite_url
from tests.doubles.kill_points import FAULTS, KEYS, Trial
from tests.doubles.postgres import Postgres

ONCE = dict.fromkeys(KEYS, 1)
STRIDE = 1 if os.environ.get("BURSAR_DEEP") else 11
"""Every point in `make test-deep`; every eleventh, another one in each variant, in `make test`."""
MEMORY = Path("/dev/shm")  # noqa: S108 - a sync costs nothing there, and killing a process loses no page that was written
Fresh = Callable[[], str]


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Fresh]:
    """URLs of new migrated databases of each kind."""
    if request.param == "postgresql":
        server: Postgres = request.getfixturevalue("server")
        yield server.database
        return
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else tmp_path) as name:
        template = Path(name) / "template.sqlite"
        open_store(sqlite_url(template)).dispose()
        count = iter(range(10**6))

        def made() -> str:
            path = Path(name) / f"{next(count)}.sqlite"
            shutil.copy(template, path)
            return sqlite_url(path)

        yield made


@pytest.mark.parametrize(("offset", "fault"), list(enumerate(FAULTS)))
def test_killed_anywhere_it_says_everything_once(fresh: Fresh, offset: int, fault: str) -> None:
    """Whatever else the first post meets, at every step of asking, claiming, sending, settling."""
    at, killed = 1 + 2 * offset % STRIDE, 0
    while True:
        with SlackDouble() as double:
            trial = Trial(fresh(), double)
            double.fail("chat.postMessage", *FAULTS[fault])
            was_killed = trial.kill(at)
            assert trial.finish() == ONCE, f"killed at step {at}"
            assert trial.flaws() == [], f"killed at step {at}"
        if not was_killed:
            break
        at, killed = at + STRIDE, killed + 1
    assert killed * STRIDE > 50


def test_without_looking_it_would_say_some_twice(fresh: Fresh) -> None:
    """The guard's own control: an outbox that never probes doubles when an answer is lost."""
    with SlackDouble() as double:
        trial = Trial(fresh(), double, forgetful=True)
        double.fail("chat.postMessage", "lost")
        assert trial.finish()["root"] == 2
