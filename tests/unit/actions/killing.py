"""Dies by SIGKILL before or after the N-th statement or commit of an apply, in a forked process; then goes on in another."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import event
from unit.actions.world import World, usual_world

from bursar.domain.plans import Plan
from bursar.store import journal

QUIET = frozenset({"SELECT", "PRAGMA"})
"""Statements that leave nothing behind; dying there is dying between the others."""


@dataclass(slots=True)
class Trap:
    """Counts moments; at the chosen one the process is gone."""

    at: int
    seen: int = 0

    def __call__(self, statement: str = "") -> None:
        """One moment more, unless nothing is written at it."""
        if statement.split(" ", 1)[0].upper() in QUIET:
            return
        self.seen += 1
        if self.seen == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


def arm(world: World, trap: Trap) -> None:
    """Lay the trap in the store, in the control plane's file, and around its answers."""
    event.listen(world.store, "before_cursor_execute", lambda _c, _cursor, statement, *_: trap(statement))
    event.listen(world.store, "commit", lambda _: trap())

    class Counted(sqlite3.Connection):
        """A connection of the control plane."""

        def execute(self, *args: Any) -> sqlite3.Cursor:  # noqa: ANN401 - as the base has it
            """Die before it, or after it."""
            trap(args[0])
            done = super().execute(*args)
            trap(args[0])
            return done

    connect = sqlite3.connect
    sqlite3.connect = lambda *args, **more: connect(*args, **{"factory": Counted, **more})  # in this process alone, which is about to die


def template(folder: Path) -> Plan:
    """An approved plan in a folder, to be copied and applied there."""
    world = usual_world(folder, is_on_disk=True)
    made = world.approved()
    world.store.dispose()
    return made


def killed(folder: Path, made: Plan, *, at: int, prepare: Callable[[World], None] = lambda _: None) -> bool:
    """Apply in a process that dies at a moment; False when it ended before that."""
    pid = os.fork()
    if pid == 0:
        try:
            world = reopened(folder)
            prepare(world)
            arm(world, Trap(at))
            world.apply(made)
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(pid, 0)[1])


def reopened(folder: Path) -> World:
    """The world as the next process finds it."""
    from bursar.adapters.clouds.simulated.control import SimulatedEstate  # noqa: PLC0415 - fresh in the fork
    from bursar.store.database import open_store, sqlite_url  # noqa: PLC0415 - as above

    return World(
        folder=folder, store=open_store(sqlite_url(folder / "bursar.sqlite")), estate=SimulatedEstate(folder / "estate.sqlite")
    )  # fmt: skip


def run(original: Path, folder: Path, made: Plan, *, at: int, prepare: Callable[[World], None] = lambda _: None) -> tuple[bool, str]:
    """Die at a moment and go on; whether it died, and what is wrong afterwards (nothing, when it is empty)."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(original, folder)
    died = killed(folder, made, at=at, prepare=prepare)
    world = reopened(folder)
    if world.entry(made).status != "applied":
        world.apply(made)
    wrong = amiss(world, made)
    world.store.dispose()
    return died, wrong


def amiss(world: World, made: Plan) -> str:
    """What was lost, doubled or left open."""
    effects = Counter(world.effects())
    wanted = Counter((what, change.resource.id) for change in made.changes for what in ("snapshot", "delete"))
    entry = world.entry(made)
    with world.store.connect() as connection:
        broken = journal.first_broken(connection)
    if effects - wanted:
        return f"doubled: {effects - wanted}"
    if wanted - effects:
        return f"lost: {wanted - effects}"
    if entry.status != "applied" or any(
        one.state != "done" or not one.outcome or "snapshot" not in one.outcome for one in entry.made.values()
    ):
        return f"left open: {entry.status}, {[one.state for one in entry.made.values()]}"
    return f"the journal is broken at {broken}" if broken else ""


def lose(world: World) -> None:
    """Answers are lost, after the effect and before it."""
    world.estate.faults.script = ["late", "ok", "lost"]


def slow(world: World) -> None:
    """Snapshots take their time, and reads lag behind."""
    world.estate.faults.polls = 2
    world.estate.faults.lag = 2


VARIANTS: dict[str, Callable[[World], None]] = {"plain": lambda _: None, "lost answers": lose, "slow": slow}
"""How the control plane behaves while the process dies."""
