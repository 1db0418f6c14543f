"""The only place where a cloud is changed: what was approved, as it was approved, once.

All guards first. Then for each change: look again, write the intent, execute under the change's own token, write what came
of it. Killed between any two of these, the next apply finds the intent, asks the provider what became of it, and goes on.
An answer that is lost leaves `uncertain`: observe, adopt or try again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from bursar.actions.book import Entry, Made, find, made_of, move
from bursar.actions.door import Case, Door
from bursar.actions.guards import RULES, Rules, check, halt, opened, unchanged, within_day
from bursar.domain.errors import NotApproved, StalePlan, Unavailable
from bursar.domain.estates import Answer, State, same
from bursar.domain.periods import stamp
from bursar.domain.plans import Change, token
from bursar.store import journal
from bursar.store.schema import approval
from bursar.store.schema import change as change_table


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """How an apply ended: the plan's status, and what became of each change, in the plan's order."""

    digest: str
    status: str
    made: tuple[Made, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """One apply under way."""

    case: Case
    rules: Rules
    actor: str

    @property
    def door(self) -> Door:
        return self.case.door

    @property
    def entry(self) -> Entry:
        return self.case.entry


def apply(door: Door, digest: str, *, actor: str, rules: Rules = RULES) -> Applied:
    """Carry an approved plan out, or go on where a cut-short apply stopped.

    Raises Refused (nothing was changed, or nothing more), StalePlan when the world moved, Unavailable when it is not known
    whether a change happened; the plan is `applying` then, and the same command goes on.
    """
    with door.store.connect().execution_options(read_only=True) as connection:
        entry = find(connection, digest)
    if entry.status == "applying":
        entry = _adopt_all(door, entry, actor=actor)
    case = opened(door, entry)
    try:
        check(case, rules)
    except (NotApproved, StalePlan):
        if case.is_resumed:
            _give_up(_Run(case=case, rules=rules, actor=actor))
        raise
    run = _Run(case=replace(case, entry=_begin(case, actor)), rules=rules, actor=actor)
    for position in range(len(run.case.plan.changes)):
        made = _made(run).get(position)
        if (made is None or not made.is_settled) and not _is_enough(run):
            _one(run, position)
    return _close(run)


def _begin(case: Case, actor: str) -> Entry:
    """Take the approvals and open the plan, in one transaction: of two that try, one does."""
    entry, door = case.entry, case.door
    if case.is_resumed:
        return entry
    with door.store.begin() as connection:
        journal.lock(connection)
        mine = (approval.c.plan_digest == entry.digest) & (approval.c.verdict == "approve") & approval.c.used_at.is_(None)
        used = connection.execute(approval.update().where(mine).values(used_at=stamp(case.now))).rowcount
        if not used:
            raise NotApproved("the approvals were used by another apply", cure="Look again: bursar plans list")
        move(connection, entry, "applying", now=case.now, actor=actor)
    return replace(entry, status="applying")


def _one(run: _Run, position: int) -> None:
    """One change, from a look to its outcome."""
    change = run.case.plan.changes[position]
    is_new = position not in _made(run)
    if is_new:
        _pace(run)
    if "kill switch" in run.rules.each:
        halt(run.door)
    _look_again(run, position)
    if is_new:
        _intend(run, position)
    try:
        answer = _executed(run, position)
    except StalePlan as error:
        _stale(run, position, error)
        raise
    if answer.state == "failed":
        _settle(run, position, "failed", answer.detail)
        return
    _verify(run, position, change)
    _settle(run, position, "done", {**answer.detail, "at": stamp(answer.at)})


def _look_again(run: _Run, position: int) -> None:
    """The resource is still as the plan saw it; if not, that is written down, and nothing more is done."""
    if "fresh" not in run.rules.each:
        return
    try:
        unchanged(run.door, run.case.plan.changes[position])
    except StalePlan as error:
        _stale(run, position, error)
        raise


def _stale(run: _Run, position: int, error: StalePlan) -> None:
    outcome = {"error": error.message}
    if position in _made(run):
        _settle(run, position, "stale", outcome)
    else:
        with run.door.store.begin() as connection:
            _insert(connection, run, position, state="stale", outcome=outcome)
    _close(run, broken=True)


def _intend(run: _Run, position: int) -> None:
    """Write what is about to be done, within the day's budget that all plans share, before anything is done."""
    with run.door.store.begin() as connection:
        journal.lock(connection)
        case = replace(run.case, now=run.door.clock())
        if "budget" in run.rules.each:
            within_day(connection, case, [case.plan.changes[position]])
        _insert(connection, run, position, state="intended", outcome=None)


def _insert(connection: sa.Connection, run: _Run, position: int, *, state: str, outcome: State | None) -> None:
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


def _executed(run: _Run, position: int) -> Answer:
    """Execute under the change's token until the provider says done or failed."""
    door, asked, lost = run.door, 0, 0
    while True:
        try:
            answer = door.estate.execute(run.case.plan.changes[position], token(run.entry.digest, position))
        except Unavailable as error:
            lost += 1
            answer = _after_silence(run, position, error, is_last=lost >= door.patience.tries)
        if answer and answer.state != "pending":
            return answer
        asked += 1 if answer else 0
        if asked >= door.patience.questions:
            raise Unavailable(f"{run.case.plan.changes[position].verb} is still going on", cure=_again(run))
        door.pause(door.patience.seconds)
        if "kill switch" in run.rules.each:
            halt(door)


def _after_silence(run: _Run, position: int, error: Unavailable, *, is_last: bool) -> Answer | None:
    """An answer was lost: written down as uncertain, then looked after. None: try again with the same token."""
    change = run.case.plan.changes[position]
    _settle(run, position, "uncertain", {"error": error.message})
    run.door.pause(run.door.patience.seconds)
    found = _receipt(run.door, change, token(run.entry.digest, position))
    if found is None and is_last:
        told = f"it is not known whether {change.verb} of {change.resource.id} happened: {error.message}"
        raise Unavailable(told, cure=_again(run)) from error
    return found


def _give_up(run: _Run) -> None:
    """An apply that was cut short may not go on: what did not happen is told as failed, after looking more than once."""
    for made in _made(run).values():
        if made.is_settled:
            continue
        for _ in range(run.door.patience.tries):
            run.door.pause(run.door.patience.seconds)
            found = _receipt(run.door, run.case.plan.changes[made.position], made.token)
            if found is not None:
                _settle(run, made.position, "done", {**found.detail, "at": stamp(found.at), "adopted": True})
                break
        else:
            _settle(run, made.position, "failed", {"error": "cut short; the provider has no record of it"})
    _close(run)


def _receipt(door: Door, change: Change, key: str) -> Answer | None:
    """What the provider has on record of a change whose answer was lost; None when there is nothing, or it cannot be asked."""
    try:
        found = door.estate.observe(change.resource)
    except Unavailable:
        return None
    told = found.receipts.get(key)
    if told is None:
        return None
    detail = {name: value for name, value in told.items() if name != "at"}
    return Answer(state="done", at=datetime.fromisoformat(str(told["at"])), detail=detail)


def _verify(run: _Run, position: int, change: Change) -> None:
    """See with our own eyes that it is so, as long as reads may lag. An undo that could not be made is no success."""
    door = run.door
    for _ in range(door.patience.questions):
        found = _receipt_or_state(door, change, token(run.entry.digest, position))
        if found:
            return
        door.pause(door.patience.seconds)
    _settle(run, position, "uncertain", {"error": "the provider says done, but the resource is as before"})
    raise Unavailable(f"{change.resource.id} does not show the change yet", cure=_again(run))


def _receipt_or_state(door: Door, change: Change, key: str) -> bool:
    try:
        found = door.estate.observe(change.resource)
    except Unavailable:
        return False
    return same(found.state, change.after) or key in found.receipts


def _adopt_all(door: Door, entry: Entry, *, actor: str) -> Entry:
    """Whatever happened is written down first, by looking alone; what did not happen waits for the guards."""
    for made in entry.made.values():
        if made.is_settled:
            continue
        change = entry.plan.changes[made.position]
        if (found := _receipt(door, change, made.token)) is not None:
            run = _Run(case=opened(door, entry), rules=RULES, actor=actor)
            _settle(run, made.position, "done", {**found.detail, "at": stamp(found.at), "adopted": True})
    with door.store.connect().execution_options(read_only=True) as connection:
        return replace(entry, made=made_of(connection, entry.digest))


def _settle(run: _Run, position: int, state: str, outcome: State) -> None:
    """Write what came of a change."""
    now = run.door.clock()
    mine = (change_table.c.plan_digest == run.entry.digest) & (change_table.c.position == position)
    settled = {} if state == "uncertain" else {"settled_at": stamp(now)}
    with run.door.store.begin() as connection:
        connection.execute(change_table.update().where(mine).values(state=state, outcome=dict(outcome), **settled))
        _note(connection, run, position, state=state, now=now, more=outcome)


def _note(connection: sa.Connection, run: _Run, position: int, *, state: str, now: datetime, more: Mapping[str, object]) -> None:
    change = run.case.plan.changes[position]
    payload = {"digest": run.entry.digest, "position": position, "resource": change.resource.id, "verb": change.verb, "outcome": dict(more)}
    journal.append(connection, at=stamp(now), kind=f"change.{state}", actor=run.actor, payload=payload)


def _pace(run: _Run) -> None:
    """Wait so that no more changes begin in a second than the limit says, over all plans."""
    if "pace" not in run.rules.each:
        return
    door, gap = run.door, timedelta(seconds=1)
    while True:
        now = door.clock()
        with door.store.connect().execution_options(read_only=True) as connection:
            recent = sa.select(sa.func.count()).select_from(change_table).where(change_table.c.intended_at > stamp(now - gap))
            begun = connection.execute(recent).scalar_one()
        if begun < run.case.plan.limits.per_second:
            return
        door.pause(gap.total_seconds())


def _is_enough(run: _Run) -> bool:
    """Whether so many changes failed that nothing more is tried."""
    failed = sum(made.state == "failed" for made in _made(run).values())
    return "failures" in run.rules.each and failed >= run.case.plan.limits.failures


def _made(run: _Run) -> dict[int, Made]:
    with run.door.store.connect().execution_options(read_only=True) as connection:
        return made_of(connection, run.entry.digest)


def _close(run: _Run, *, broken: bool = False) -> Applied:
    """The plan's end: applied when every change is done, failed otherwise."""
    made = _made(run)
    whole = not broken and len(made) == len(run.case.plan.changes) and all(one.state == "done" for one in made.values())
    status = "applied" if whole else "failed"
    with run.door.store.begin() as connection:
        journal.lock(connection)
        counts = {state: sum(one.state == state for one in made.values()) for state in sorted({one.state for one in made.values()})}
        move(connection, run.entry, status, now=run.door.clock(), actor=run.actor, why={"changes": counts})
    return Applied(digest=run.entry.digest, status=status, made=tuple(made[at] for at in sorted(made)))


def _again(run: _Run) -> str:
    return f"Go on later with: bursar apply {run.entry.digest[:12]}"
