"""Killed at every step: what an outbox with keys and probes loses and doubles, beside one that does not look before it sends again."""

import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.report import Line
from bursar.adapters.channels.slack_double import SlackDouble
from bursar.store import journal
from bursar.store.database import open_store, sqlite_url
from tests.doubles.kill_points import FAULTS, KEYS, Trial
from tests.doubles.postgres import postgres

LINKS = 1_000_000
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder with a name of its own is made in it
"""Where a sync costs nothing: killing a process loses no page that was written."""


def lines() -> Iterator[Line]:
    """Kill points over both databases and every fault, and the time a million links take."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        folder = Path(name)
        template = folder / "template.sqlite"
        open_store(sqlite_url(template)).dispose()

        def sqlite() -> str:
            path = folder / "trial.sqlite"
            for old in folder.glob("trial.sqlite*"):
                old.unlink()
            shutil.copy(template, path)
            return sqlite_url(path)

        looking, naive = Counter[str](), Counter[str]()
        for fault in FAULTS:
            looking += _killed(sqlite, fault, forgetful=False)
            naive += _killed(sqlite, fault, forgetful=True)
        yield _line("SQLite", looking, beside=f"without looking: {_told(naive)}")
        with postgres() as server:
            there = sum((_killed(server.database, fault, forgetful=False) for fault in FAULTS), Counter[str]())
        yield _line("PostgreSQL", there)
        yield _links(folder / "links.sqlite")


def _killed(fresh: Callable[[], str], fault: str, *, forgetful: bool) -> Counter[str]:
    """Every step of one variant, until a run ends unkilled."""
    found: Counter[str] = Counter()
    at, was_killed = 0, True
    while was_killed:
        at += 1
        with SlackDouble() as double:
            trial = Trial(fresh(), double, forgetful=forgetful)
            double.fail("chat.postMessage", *FAULTS[fault])
            was_killed = trial.kill(at)
            keys = trial.finish()
            found["points"] += was_killed
            found["lost"] += sum(keys[key] == 0 for key in KEYS)
            found["doubled"] += sum(keys[key] > 1 for key in KEYS)
            found["flaws"] += bool(trial.flaws())
    return found


def _line(database: str, found: Counter[str], *, beside: str = "") -> Line:
    what = f"two messages, killed at {found['points']:,} points on {database}"
    return Line(what=what, value=_told(found), aim="0 lost, 0 doubled", beside=beside)


def _told(found: Counter[str]) -> str:
    flaws = f", {found['flaws']} otherwise wrong" if found["flaws"] else ""
    return f"{found['lost']} lost, {found['doubled']} doubled{flaws}"


def _links(file: Path) -> Line:
    """The journal's chain, checked."""
    store = open_store(sqlite_url(file))
    prev, rows = journal.GENESIS, []
    for n in range(1, LINKS + 1):
        receipt = f'{{"channel":"C0000001","ts":"1793500000.{n:06d}"}}'
        payload = f'{{"digest":"{n:064x}","key":"incident:{n:012x}:S2","receipt":{receipt}}}'
        entry = {"seq": n, "at": "2026-11-01T00:00:00Z", "kind": "outbox.sent", "version": 1, "actor": "bursar", "payload": payload}
        rows.append((*entry.values(), prev, prev := journal.chain(prev, entry)))
    with store.begin() as connection:
        connection.connection.cursor().executemany("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    with store.connect().execution_options(read_only=True) as connection:
        began = time.process_time()
        broken = journal.first_broken(connection)
        seconds = time.process_time() - began
    return Line(what=f"{LINKS:,} links of the journal checked", value=f"{seconds:.1f} s CPU", aim="< 2 s", beside=f"broken: {broken}")
