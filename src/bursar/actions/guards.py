"""What must hold before the first change, and before each. Every guard raises Refused with what to do; none changes anything.

Each one is a row of a table, so that a test can take it out and show that something breaks.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import cast

import sqlalchemy as sa

from bursar.actions.book import Entry
from bursar.actions.door import Case, Door
from bursar.domain.errors import NotApproved, NotNow, PolicyDenied, Refused, StalePlan
from bursar.domain.estates import same
from bursar.domain.periods import stamp
from bursar.domain.plans import Approval, Change, read_plan
from bursar.store import journal
from bursar.store.schema import change as change_table
from bursar.store.schema import plan as plan_table

MICROS = 1_000_000
SKEW = timedelta(minutes=5)
"""How far clocks of two machines may be apart."""


def person(name: str) -> str:
    """Who is meant by a name, however it is spelled."""
    return name.strip().casefold()


def usable(case: Case, rules: "Rules") -> tuple[list[Approval], list[str]]:
    """The approvals that count, and why the others do not."""
    good: list[Approval] = []
    why: list[str] = []
    for one in case.entry.approvals:
        if one.verdict != "approve":
            continue
        wrong = [text for rule in rules.approval.values() if (text := rule(case, one))]
        why += [f"{one.approver}: {text}" for text in wrong]
        if not wrong:
            good.append(one)
    return good, why


def _role(case: Case, one: Approval) -> str:
    return "" if case.door.may_approve(one, case.plan) else f"a {one.role} may not approve this"


def _not_maker(case: Case, one: Approval) -> str:
    return "made the plan and may not approve it" if person(one.approver) == person(case.plan.maker) else ""


def _unexpired(case: Case, one: Approval) -> str:
    return "" if stamp(case.now) < one.expires_at else f"expired {one.expires_at}"


def _unused(case: Case, one: Approval) -> str:
    return "used" if one.used_at and not case.is_resumed else ""


def stopped(case: Case, rules: "Rules") -> None:  # noqa: ARG001  one signature for all
    """The kill switch is off."""
    halt(case.door)


def halt(door: Door) -> None:
    """Raises Refused while the kill switch is on."""
    if (why := door.stopped()) is not None:
        raise NotNow(f"applying is stopped: {why}", cure="When it is safe again: bursar resume")


def on_time(case: Case, rules: "Rules") -> None:  # noqa: ARG001
    """The clock is not behind the book: what expired would count again, and the day's limits would begin anew."""
    with case.door.store.connect().execution_options(read_only=True) as connection:
        last = journal.head(connection)
    if last and stamp(case.now + SKEW) < last.at:
        raise Refused(f"the clock went back: it says {stamp(case.now)}, and the journal was written {last.at}", cure="Set the clock right.")


def whole(case: Case, rules: "Rules") -> None:  # noqa: ARG001
    """What is stored is what was approved: the body has the digest, and reads as the plan shown."""
    if sha256(case.entry.body.encode()).hexdigest() != case.entry.digest:
        raise Refused("the plan was edited: its body is not what its digest names", cure="Make a new plan: bursar plan")
    if case.plan.digest != case.entry.digest or any(one.plan_digest != case.entry.digest for one in case.entry.approvals):
        raise Refused("the plan does not read as what was stored", cure="Make a new plan: bursar plan")


def in_order(case: Case, rules: "Rules") -> None:  # noqa: ARG001
    """It is approved, or an apply of it was cut short; it was not applied, rejected or replaced."""
    if any(one.verdict == "reject" for one in case.entry.approvals) or case.entry.status == "rejected":
        raise NotApproved("the plan was rejected", cure="Make a new plan: bursar plan")
    if case.entry.status in {"applied", "failed", "superseded"}:
        raise Refused(f"the plan is {case.entry.status}; it is applied once", cure="Make a new plan: bursar plan")


def agreed(case: Case, rules: "Rules") -> None:
    """Enough people who may agree did, in time, and for this apply alone."""
    good, why = usable(case, rules)
    needed = case.card.needed(case.plan)
    if len({person(one.approver) for one in good}) < needed:
        told = f" ({'; '.join(why)})" if why else ""
        raise NotApproved(f"{len(good)} of {needed} approvals{told}", cure=f"Somebody else: bursar approve {case.entry.digest[:12]}")
    if unheard := case.door.unheard(case.plan, good):
        told = f"none of the approvers of {', '.join(unheard)} agreed"
        raise NotApproved(told, cure="Ask one of those that bursar.yaml names as approvers of the team.")


def alive(case: Case, rules: "Rules") -> None:  # noqa: ARG001
    """The plan itself has not expired."""
    if stamp(case.now) >= case.plan.expires_at:
        raise NotApproved(f"the plan expired {case.plan.expires_at}", cure="Make a new plan: bursar plan")


def same_card(case: Case, rules: "Rules") -> None:  # noqa: ARG001
    """The playbook's card is the one the plan was made under, and its limits are the plan's."""
    if case.card.digest != case.plan.card_digest or case.plan.limits != case.card.limit():
        raise Refused(f"the card of {case.plan.playbook} changed since the plan was made", cure="Make a new plan: bursar plan")


def allowed(case: Case, rules: "Rules") -> None:
    """The policy engine allows it now; no answer is a no."""
    answer = case.door.judge(document(case, usable(case, rules)[0]))
    if answer.get("allow") is not True:
        found = cast("Sequence[Mapping[str, object]]", answer.get("violations") or [])
        words = "; ".join(f"{one.get('id')} {one.get('resource')}: {one.get('message')}" for one in list(found)[:5])
        raise PolicyDenied(f"policy denies it: {words or 'no reason given'}", cure="Mend what it names, or grant an exception.")


def document(case: Case, approvals: list[Approval]) -> dict[str, object]:
    """The slim plan a policy sees: money in millionths, tags as text."""
    plan = case.plan
    return {
        "now_ns": int(case.now.timestamp()) * 10**9,
        "env": "prod" if plan.is_production else "dev",
        "playbook": plan.playbook,
        "tier": plan.tier,
        "digest": case.entry.digest,
        "approvals": [{"approver": one.approver, "role": one.role} for one in approvals],
        "changes": [_slim(change) for change in plan.changes],
        "exceptions": [],
    }


def _slim(change: Change) -> dict[str, object]:
    where = change.resource
    tags = cast("Mapping[str, object]", (change.before or change.after or {}).get("tags") or {})
    return {
        "provider": where.provider,
        "account": where.account,
        "kind": where.kind,
        "resource": where.id,
        "verb": change.verb,
        "env": change.env,
        "tags": {key: str(value) for key, value in tags.items()},
        "saving_monthly_micros": int(change.saving.amount * MICROS) if change.saving else None,
    }


def not_excepted(case: Case, rules: "Rules") -> None:  # noqa: ARG001
    """No exception granted since covers a resource. An undo is always allowed."""
    covered = [change.resource.id for change in case.plan.changes if case.door.excepted(case.plan.playbook, change.resource.id)]
    if covered and not case.plan.undoes:
        raise Refused(f"an exception covers {covered[0]}", cure="Make a new plan, which leaves it alone: bursar plan")


def in_hours(case: Case, rules: "Rules") -> None:  # noqa: ARG001
    """It is within the card's hours, and no freeze holds."""
    if not case.card.hours.hold(case.now):
        hours = case.card.hours
        raise NotNow(f"outside the hours of {case.card.name}", cure=f"{', '.join(hours.days)}, {hours.start} to {hours.end} {hours.tz}.")
    if freeze := next((one for one in case.door.freezes if one.holds(case.now)), None):
        raise NotNow(f"frozen until {freeze.last}: {freeze.reason}", cure="Wait, or end the freeze in bursar.yaml.")


def within_radius(case: Case, rules: "Rules") -> None:  # noqa: ARG001
    """The plan is no larger than its limits, counted against what is there now and what today's other plans took."""
    plan, limits = case.plan, case.plan.limits
    if len(plan.changes) > limits.changes:
        raise Refused(f"{len(plan.changes)} changes; {limits.changes} are the most", cure="Plan again: it will be smaller.")
    if plan.is_production and not case.card.production:
        raise Refused(f"{plan.playbook} does not touch production", cure="Say which environment it is, or change the card.")
    _within_population(case)
    with case.door.store.connect().execution_options(read_only=True) as connection:
        rest = [change for at, change in enumerate(plan.changes) if at not in case.entry.made]
        within_day(connection, case, rest)


def _within_population(case: Case) -> None:
    """Destructive changes of one account and kind stay within the share of its population at the day's beginning."""
    destructive = {change.resource for change in case.plan.changes if change.is_destructive}
    if not destructive:
        return
    kinds = sorted({one.kind for one in destructive})
    there = Counter(one.resource.population for kind in kinds for one in case.door.estate.survey(kind))
    with case.door.store.connect().execution_options(read_only=True) as connection:
        before = _destroyed_today(connection, case)
    mine = Counter(one.population for one in destructive)
    done = Counter(case.plan.changes[at].resource.population for at, made in case.entry.made.items() if made.state == "done")
    for place, number in mine.items():
        share = case.plan.limits.share(there[place] + before[place] + done[place])
        if number + before[place] > share:
            told = f"{number + before[place]} of {there[place] + before[place] + done[place]} in {place}"
            raise Refused(f"{told}; {share} are the most in a day", cure="Wait a day, or plan again.")


def _destroyed_today(connection: sa.Connection, case: Case) -> Counter[str]:
    """What other plans destroyed today, by population."""
    query = (
        sa.select(change_table.c.position, plan_table.c.body)
        .join(plan_table, plan_table.c.digest == change_table.c.plan_digest)
        .where(change_table.c.plan_digest != case.entry.digest, *_today(case), change_table.c.destructive, *_counted())
    )
    return Counter(read_plan(str(row[1])).changes[int(row[0])].resource.population for row in connection.execute(query))


def within_day(connection: sa.Connection, case: Case, changes: list[Change]) -> None:
    """So many more changes fit into the day's budget, which all plans share. Called again in each intent's transaction."""
    limits = case.plan.limits
    for more, most, which in (
        (len(changes), limits.daily, ()),
        (sum(change.is_destructive for change in changes), limits.daily_destructive, (change_table.c.destructive,)),
    ):
        query = sa.select(sa.func.count()).select_from(change_table).where(*_today(case), *which, *_counted())
        begun = connection.execute(query).scalar_one()
        if more and begun + more > most:
            kind = "destructive changes" if which else "changes"
            raise Refused(f"{begun} {kind} today and {more} more; {most} are the most", cure="Wait for tomorrow (UTC), or plan less.")


def _today(case: Case) -> tuple[sa.ColumnElement[bool], ...]:
    start = case.now.replace(hour=0, minute=0, second=0, microsecond=0)
    return change_table.c.intended_at >= stamp(start), change_table.c.intended_at < stamp(start + timedelta(days=1))


def _counted() -> tuple[sa.ColumnElement[bool], ...]:
    """What was found stale was never begun."""
    return (change_table.c.state != "stale",)


def fresh(case: Case, rules: "Rules") -> None:  # noqa: ARG001
    """Every resource that is still to be changed is as the plan saw it."""
    for at, change in enumerate(case.plan.changes):
        if at not in case.entry.made:
            unchanged(case.door, change)


def unchanged(door: Door, change: Change) -> None:
    """Raises StalePlan when a resource is not as the plan saw it."""
    found = door.estate.observe(change.resource)
    if not same(found.state, change.before):
        was = "is gone" if found.state is None else "is not as the plan saw it"
        raise StalePlan(f"{change.resource.id} {was}", cure="Make a new plan: bursar plan")


Guard = Callable[[Case, "Rules"], None]
ApprovalRule = Callable[[Case, Approval], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """All guards, by name, in order: before the first change, of each approval, and before each change."""

    first: dict[str, Guard]
    approval: dict[str, ApprovalRule]
    each: frozenset[str]


RULES = Rules(
    first={
        "kill switch": stopped,
        "clock": on_time,
        "digest": whole,
        "order": in_order,
        "agreed": agreed,
        "alive": alive,
        "card": same_card,
        "policy": allowed,
        "exceptions": not_excepted,
        "hours": in_hours,
        "blast radius": within_radius,
        "fresh": fresh,
    },
    approval={"role": _role, "not the maker": _not_maker, "unexpired": _unexpired, "unused": _unused},
    each=frozenset({"kill switch", "fresh", "budget", "pace", "failures"}),
)
"""The rules in force. Tests apply with one of them taken out."""


def check(case: Case, rules: Rules = RULES) -> None:
    """All guards in order; the first that does not hold raises."""
    for guard in rules.first.values():
        guard(case, rules)


def opened(door: Door, entry: Entry) -> Case:
    """The case of a plan now."""
    return Case(door=door, entry=entry, card=door.card(entry.plan.playbook), now=door.clock())
