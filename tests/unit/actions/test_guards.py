"""Every guard is needed: with all of them a case is refused and nothing is touched; without the one, it would not be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from unit.actions.test_apply import forge
from unit.actions.world import NOW, World

from bursar.actions.door import Freeze
from bursar.actions.guards import RULES, Rules
from bursar.domain.errors import BursarError
from bursar.domain.plans import Plan

Case = Callable[[World], Plan]
PRODUCTION = {"env": "prod"}


def stopped(world: World) -> Plan:
    """The kill switch is on."""
    made = world.approved()
    world.stopped = "stop"
    return made


def back(world: World) -> Plan:
    """Approved, and then it is yesterday."""
    made = world.approved()
    world.now = NOW - timedelta(hours=1)
    return made


def edited(world: World) -> Plan:
    """The body says less than what was approved."""
    made = world.approved()
    world.sql("UPDATE plan SET body = :body WHERE digest = :digest", body=replace(made, changes=made.changes[:1]).body, digest=made.digest)
    return made


def rejected(world: World) -> Plan:
    """Somebody said no to an approved plan."""
    made = world.approved()
    forge(world, made, approver="carl", verdict="reject")
    return made


def too_few(world: World) -> Plan:
    """One of two."""
    world.env = "prod"
    made = world.plan()
    world.approve(made)
    return made


def too_old(world: World) -> Plan:
    """A plan of last week, approved for longer than it lives."""
    made = world.plan()
    forge(world, made, at="2026-11-08T12:00:00Z", expires_at="2026-12-09T12:00:00Z")
    world.now = NOW + timedelta(days=7)
    return made


def other_card(world: World) -> Plan:
    """The card has another version."""
    made = world.approved()
    world.card_change = {"version": 2}
    return made


def denied(world: World) -> Plan:
    """Policy says no."""
    made = world.approved()
    world.judge.answer = False
    return made


def excepted(world: World) -> Plan:
    """Somebody may keep the second disk."""
    made = world.approved()
    world.excepted = {"vol-001"}
    return made


def frozen(world: World) -> Plan:
    """A freeze of today."""
    made = world.approved()
    world.freezes = [Freeze(first=date(2026, 11, 2), last=date(2026, 11, 2), reason="sale")]
    return made


def too_many(world: World) -> Plan:
    """Three of twenty disks."""
    made = world.approved()
    world.outside("UPDATE resource SET gone_at = 'x' WHERE id > 'vol-019'")
    return made


def moved(world: World) -> Plan:
    """The last disk is tagged after approval; no cloud minds that."""
    made = world.approved()
    world.tag("vol-002")
    return made


def by_a_viewer(world: World) -> Plan:
    """A row of somebody who may only look."""
    made = world.plan()
    forge(world, made, role="viewer")
    return made


def by_the_maker(world: World) -> Plan:
    """A row of the maker."""
    made = world.plan(maker="ana")
    forge(world, made)
    return made


def expired(world: World) -> Plan:
    """Yesterday's approval, to the second."""
    made = world.approved()
    world.now = NOW + timedelta(hours=24)
    return made


def used(world: World) -> Plan:
    """One of two approvals was taken by an earlier apply."""
    world.env = "prod"
    made = world.approved()
    world.sql("UPDATE approval SET used_at = '2026-11-02T09:00:00Z' WHERE approver = 'ana'")
    return made


FIRST: dict[str, Case] = {
    "kill switch": stopped,
    "clock": back,
    "digest": edited,
    "order": rejected,
    "agreed": too_few,
    "alive": too_old,
    "card": other_card,
    "policy": denied,
    "exceptions": excepted,
    "hours": frozen,
    "blast radius": too_many,
    "fresh": moved,
}
APPROVAL: dict[str, Case] = {"role": by_a_viewer, "not the maker": by_the_maker, "unexpired": expired, "unused": used}


def books(world: World, made: Plan) -> object:
    """What the store says of the plan: a refusal changes none of it."""
    rows = world.read("SELECT status FROM plan WHERE digest = :digest", digest=made.digest)
    return rows, world.read("SELECT used_at FROM approval ORDER BY approver"), world.read("SELECT * FROM change")


def outcome(world: World, made: Plan, rules: Rules) -> bool:
    """Whether a plan was let through, or anything was touched on the way to refusing it."""
    before = books(world, made)
    try:
        world.apply(made, rules=rules)
    except BursarError:
        return bool(world.effects()) or books(world, made) != before
    return True


@pytest.mark.parametrize("name", sorted(RULES.first))
def test_each_guard_before_the_first_change_is_needed(world: World, name: str) -> None:
    """All guards refuse and touch nothing; all but this one do not."""
    made = FIRST[name](world)
    assert not outcome(world, made, RULES)
    assert outcome(world, made, replace(RULES, first={key: guard for key, guard in RULES.first.items() if key != name}))


@pytest.mark.parametrize("name", sorted(RULES.approval))
def test_each_rule_of_an_approval_is_needed(world: World, name: str) -> None:
    """The approval counts for nothing; without this rule it would count."""
    made = APPROVAL[name](world)
    assert not outcome(world, made, RULES)
    assert outcome(world, made, replace(RULES, approval={key: rule for key, rule in RULES.approval.items() if key != name}))


def test_every_guard_has_a_case() -> None:
    """A new guard needs a case that shows what it is for."""
    assert FIRST.keys() == RULES.first.keys()
    assert APPROVAL.keys() == RULES.approval.keys()
    assert EACH.keys() == RULES.each


def stop_midway(world: World, rules: Rules) -> bool:
    """Whether others are made when the kill switch is turned on after the first change."""
    made = world.approved()

    def stop() -> None:
        world.stopped = "stop"

    world.on_pause = stop
    _applied(world, made, rules)
    return len(world.effects("delete")) > 1


def move_midway(world: World, rules: Rules) -> bool:
    """Whether the last disk is deleted although it was tagged after the first was."""
    made = world.approved()
    world.on_pause = lambda: world.tag("vol-002")
    _applied(world, made, rules)
    return ("delete", "vol-002") in world.effects()


def overspend(world: World, rules: Rules) -> bool:
    """Whether two plans at once delete three disks where a day allows two."""
    world.card_change = {"limits": {"daily_destructive": 2, "population_percent": 50}}
    whole = world.plan()
    parts = [world.keep(replace(whole, changes=whole.changes[:2])), world.keep(replace(whole, changes=whole.changes[2:]))]
    for part in parts:
        world.approve(part)

    def other() -> None:
        world.on_pause = lambda: None
        _applied(world, parts[1], rules)

    world.on_pause = other
    _applied(world, parts[0], rules)
    return len(world.effects("delete")) > 2


def hurry(world: World, rules: Rules) -> bool:
    """Whether two changes begin in one second."""
    _applied(world, world.approved(), rules)
    begun = world.read("SELECT intended_at FROM change")
    return len(set(begun)) < len(begun)


def stumble_on(world: World, rules: Rules) -> bool:
    """Whether a third is tried after two failed."""
    made = world.approved()
    world.estate.faults.script = ["error", "error"]
    _applied(world, made, rules)
    return len(world.read("SELECT * FROM change")) > 2


EACH: dict[str, Callable[[World, Rules], bool]] = {
    "kill switch": stop_midway,
    "fresh": move_midway,
    "budget": overspend,
    "pace": hurry,
    "failures": stumble_on,
}


@pytest.mark.parametrize("name", sorted(RULES.each))
def test_each_guard_before_a_change_is_needed(world: World, name: str) -> None:
    """What it prevents does not happen."""
    assert not EACH[name](world, RULES)


@pytest.mark.parametrize("name", sorted(RULES.each))
def test_without_it_what_a_guard_prevents_happens(world: World, name: str) -> None:
    """So the promise above is its doing."""
    assert EACH[name](world, replace(RULES, each=RULES.each - {name}))


def _applied(world: World, made: Plan, rules: Rules) -> None:
    try:
        world.apply(made, rules=rules)
    except BursarError:
        return
