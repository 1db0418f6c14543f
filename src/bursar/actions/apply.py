"""The only place where a cloud is changed: what was approved, as it was approved, once.

All guards first. Then for each change: look again, write the intent, execute under the change's own token, write what came
of it. Killed between any two of these, the next apply finds the intent, asks the provider what became of it, and goes on.
An answer that is lost leaves `uncertain`: observe, adopt or try again.
"""

from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from bursar.actions.book import Entry, find, made_of, move
from bursar.actions.door import Case, Door
from bursar.actions.guards import RULES, Rules, check, halt, opened, unchanged, within_day
from bursar.actions.steps import Applied, Run, close, insert, made_under, settle
from bursar.domain.errors import NotApproved, StalePlan, Unavailable
from bursar.domain.estates import Answer, same
from bursar.domain.periods import stamp
from bursar.domain.plans import Change, token
from bursar.store import journal
from bursar.store.schema import approval
from bursar.store.schema import change as change_table


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
    if case.is_resumed and _is_over(entry):
        return close(Run(case=case, rules=rules, actor=actor))
    try:
        check(case, rules)
    except (NotApproved, StalePlan):
        if case.is_resumed:
            _give_up(Run(case=case, rules=rules, actor=actor))
        raise
    run = Run(case=replace(case, entry=_begin(case, actor)), rules=rules, actor=actor)
    for position in range(len(run.case.plan.changes)):
        made = made_under(run).get(position)
        if (made is None or not made.is_settled) and not _is_enough(run):
            _one(run, position)
    return close(run)


def _is_over(entry: Entry) -> bool:
    """Whether a cut-short apply has nothing left to do: all is settled, or something was stale, after which nothing is done."""
    states = [made.state for made in entry.made.values()]
    return "stale" in states or (len(states) == len(entry.plan.changes) and all(made.is_settled for made in entry.made.values()))


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


def _one(run: Run, position: int) -> None:
    """One change, from a look to its outcome."""
    change = run.case.plan.changes[position]
    is_new = position not in made_under(run)
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
        settle(run, position, "failed", answer.detail)
        return
    _verify(run, position, change)
    settle(run, position, "done", {**answer.detail, "at": stamp(answer.at)})


def _look_again(run: Run, position: int) -> None:
    """The resource is still as the plan saw it; if not, that is written down, and nothing more is done."""
    if "fresh" not in run.rules.each:
        return
    try:
        unchanged(run.door, run.case.plan.changes[position])
    except StalePlan as error:
        _stale(run, position, error)
        raise


def _stale(run: Run, position: int, error: StalePlan) -> None:
    outcome = {"error": error.message}
    if position in made_under(run):
        settle(run, position, "stale", outcome)
    else:
        with run.door.store.begin() as connection:
            insert(connection, run, position, state="stale", outcome=outcome)
    close(run, broken=True)


def _intend(run: Run, position: int) -> None:
    """Write what is about to be done, within the day's budget that all plans share, before anything is done."""
    with run.door.store.begin() as connection:
        journal.lock(connection)
        case = replace(run.case, now=run.door.clock())
        if "budget" in run.rules.each:
            within_day(connection, case, [case.plan.changes[position]])
        insert(connection, run, position, state="intended", outcome=None)


def _executed(run: Run, position: int) -> Answer:
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
        if "fresh" in run.rules.each:  # a snapshot takes minutes: the disk may be wanted again
            unchanged(door, run.case.plan.changes[position])


def _after_silence(run: Run, position: int, error: Unavailable, *, is_last: bool) -> Answer | None:
    """An answer was lost: written down as uncertain, then looked after. None: try again with the same token."""
    change = run.case.plan.changes[position]
    settle(run, position, "uncertain", {"error": error.message})
    run.door.pause(run.door.patience.seconds)
    found = _receipt(run.door, change, token(run.entry.digest, position))
    if found is None and is_last:
        told = f"it is not known whether {change.verb} of {change.resource.id} happened: {error.message}"
        raise Unavailable(told, cure=_again(run)) from error
    return found


def _give_up(run: Run) -> None:
    """An apply that was cut short may not go on: what did not happen is told as failed, after looking more than once.

    Raises Unavailable while the provider cannot be asked: what it says then is not that nothing happened.
    """
    for made in made_under(run).values():
        if made.is_settled:
            continue
        for _ in range(run.door.patience.tries):
            run.door.pause(run.door.patience.seconds)
            found = _told(run.door, run.case.plan.changes[made.position], made.token)
            if found is not None:
                settle(run, made.position, "done", {**found.detail, "at": stamp(found.at), "adopted": True})
                break
        else:
            settle(run, made.position, "failed", {"error": "cut short; the provider has no record of it"})
    close(run)


def _receipt(door: Door, change: Change, key: str) -> Answer | None:
    """What the provider has on record of a change whose answer was lost; None when there is nothing, or it cannot be asked."""
    try:
        return _told(door, change, key)
    except Unavailable:
        return None


def _told(door: Door, change: Change, key: str) -> Answer | None:
    """What the provider has on record of a change; None when there is nothing. Raises Unavailable."""
    told = door.estate.observe(change.resource).receipts.get(key)
    if told is None:
        return None
    detail = {name: value for name, value in told.items() if name != "at"}
    return Answer(state="done", at=datetime.fromisoformat(str(told["at"])), detail=detail)


def _verify(run: Run, position: int, change: Change) -> None:
    """See with our own eyes that it is so, as long as reads may lag. An undo that could not be made is no success."""
    door = run.door
    for _ in range(door.patience.questions):
        found = _receipt_or_state(door, change, token(run.entry.digest, position))
        if found:
            return
        door.pause(door.patience.seconds)
    settle(run, position, "uncertain", {"error": "the provider says done, but the resource is as before"})
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
            run = Run(case=opened(door, entry), rules=RULES, actor=actor)
            settle(run, made.position, "done", {**found.detail, "at": stamp(found.at), "adopted": True})
    with door.store.connect().execution_options(read_only=True) as connection:
        return replace(entry, made=made_of(connection, entry.digest))


def _pace(run: Run) -> None:
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


def _is_enough(run: Run) -> bool:
    """Whether so many changes failed that nothing more is tried."""
    failed = sum(made.state == "failed" for made in made_under(run).values())
    return "failures" in run.rules.each and failed >= run.case.plan.limits.failures


def _again(run: Run) -> str:
    return f"Go on later with: bursar apply {run.entry.digest[:12]}"
