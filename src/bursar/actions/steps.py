"""What an apply writes down as it goes: each step and its entry of the journal in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from bursar.actions.book import Entry, Made, made_of, move
from bursar.actions.door import Case, Door
from bursar.actions.guards import Rules
from bursar.domain.estates import State
from bursar.domain.periods import stamp
from bursar.domain.plans import token
from bursar.store import journal
from bursar.store.schema import change as change_table


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """How an apply ended: the plan's status, and what became of each change, in the plan's order."""

    digest: str
    status: str
    made: tuple[Made, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One apply under way: the case, the rules in force, and who applies."""

    case: Case
    rules: Rules
    actor: str

    @property
    def door(self) -> Door:
        """What it works with."""
        return self.case.door

    @property
    def entry(self) -> Entry:
        """The plan as the store has it."""
        return self.case.entry


def insert(connection: sa.Connection, run: Run, position: int, *, state: str, outcome: State | None) -> None:
    """Write a change for the first time: an intent, or that it was found stale before it began."""
    change, now = run.case.plan.changes[position], run.door.clock()
    connection.execute(
        change_table.insert().values(
            plan_digest=run.entry.digest,
            position=position,
            resource=change.resource.id,
            verb=change.verb,
            destructive=change.is_destructive,
            state=state,
            token=token(run.entry.digest, position),
            intended_at=stamp(now),
            settled_at=stamp(now) if state == "stale" else None,
            outcome=outcome,
        )
    )
    _note(connection, run, position, state=state, now=now, more=outcome or {})


def settle(run: Run, position: int, state: str, outcome: State) -> None:
    """Write what came of a change."""
    now = run.door.clock()
    mine = (change_table.c.plan_digest == run.entry.digest) & (change_table.c.position == position)
    settled = {} if state == "uncertain" else {"settled_at": stamp(now)}
    with run.door.store.begin() as connection:
        connection.execute(change_table.update().where(mine).values(state=state, outcome=dict(outcome), **settled))
        _note(connection, run, position, state=state, now=now, more=outcome)


def _note(connection: sa.Connection, run: Run, position: int, *, state: str, now: datetime, more: Mapping[str, object]) -> None:
    change = run.case.plan.changes[position]
    payload = {"digest": run.entry.digest, "position": position, "resource": change.resource.id, "verb": change.verb, "outcome": dict(more)}
    journal.append(connection, at=stamp(now), kind=f"change.{state}", actor=run.actor, payload=payload)


def made_under(run: Run) -> dict[int, Made]:
    """What was begun under the plan, by position."""
    with run.door.store.connect().execution_options(read_only=True) as connection:
        return made_of(connection, run.entry.digest)


def close(run: Run, *, broken: bool = False) -> Applied:
    """The plan's end: applied when every change is done, failed otherwise."""
    made = made_under(run)
    whole = not broken and len(made) == len(run.case.plan.changes) and all(one.state == "done" for one in made.values())
    status = "applied" if whole else "failed"
    with run.door.store.begin() as connection:
        journal.lock(connection)
        counts = {state: sum(one.state == state for one in made.values()) for state in sorted({one.state for one in made.values()})}
        move(connection, run.entry, status, now=run.door.clock(), actor=run.actor, why={"changes": counts})
    return Applied(digest=run.entry.digest, status=status, made=tuple(made[at] for at in sorted(made)))
