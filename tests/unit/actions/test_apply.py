"""What is applied is what was approved, once; whatever is not, is refused and nothing is changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from unit.actions.world import NOW, World, build, disk

from bursar.actions.apply import apply
from bursar.actions.door import Freeze
from bursar.domain.errors import ConfigError, NotApproved, PolicyDenied, Refused, StalePlan, Unavailable
from bursar.domain.plans import Plan
from bursar.store import journal


def refused(world: World, made: Plan, kind: type[Exception] = Refused) -> str:
    """Why an apply was refused; nothing may have been changed by it."""
    before = world.effects()
    with pytest.raises(kind) as caught:
        world.apply(made)
    assert world.effects() == before
    return str(caught.value)


def test_an_approved_plan_is_carried_out_once(world: World) -> None:
    """Each disk gets a snapshot, then is deleted; the same plan again is refused."""
    made = world.approved()
    done = world.apply(made)
    assert done.status == "applied"
    assert world.effects() == [pair for number in range(3) for pair in (("snapshot", f"vol-{number:03d}"), ("delete", f"vol-{number:03d}"))]
    assert "applied" in refused(world, made)


def test_every_step_is_in_the_journal(world: World) -> None:
    """Proposed, approved, applying, each intent and outcome, applied: in this order, in a whole chain."""
    world.apply(world.approved())
    steps = ["plan.proposed", "plan.approval", "plan.approved", "plan.applying", *["change.intended", "change.done"] * 3, "plan.applied"]
    assert world.journal() == steps
    with world.store.connect() as connection:
        assert journal.first_broken(connection) is None


def test_an_unapproved_plan_is_refused(world: World) -> None:
    """Nobody agreed, nothing happens."""
    assert "0 of 1 approvals" in refused(world, world.plan(), NotApproved)


def test_the_maker_may_not_approve(world: World) -> None:
    """Neither by the door, nor by a row written past it."""
    made = world.plan(maker="ana")
    with pytest.raises(NotApproved, match="made the plan"):
        world.approve(made, "ana")
    forge(world, made, approver="ana")
    assert "may not approve it" in refused(world, made, NotApproved)


def test_a_role_that_may_not_approve_counts_for_nothing(world: World) -> None:
    """A viewer's word is none, neither by the door, nor by a row written past it."""
    made = world.plan()
    with pytest.raises(NotApproved, match="viewer"):
        world.approve(made, role="viewer")
    forge(world, made, role="viewer")
    refused(world, made, NotApproved)


def test_production_needs_two_people(world: World) -> None:
    """One approval is not enough, and one person twice is one."""
    world.env = "prod"
    made = world.plan()
    world.approve(made)
    world.approve(made)
    assert "1 of 2" in refused(world, made, NotApproved)
    world.approve(made, "bob")
    assert world.apply(made).status == "applied"


def test_dear_plans_need_two_people(world: World) -> None:
    """Above ten thousand a month one approval is not enough, wherever it is."""
    world.monthly = Decimal(3334)
    made = world.plan()
    world.approve(made)
    assert "1 of 2" in refused(world, made, NotApproved)


@pytest.mark.parametrize(("late", "is_fine"), [(timedelta(hours=24, seconds=-1), True), (timedelta(hours=24), False)])
def test_an_approval_lives_a_day(world: World, late: timedelta, is_fine: bool) -> None:
    """To the second."""
    made = world.approved()
    world.now = NOW + late
    if is_fine:
        assert world.apply(made).status == "applied"
    else:
        assert "expired" in refused(world, made, NotApproved)


@pytest.mark.parametrize(("late", "is_fine"), [(timedelta(days=7, seconds=-1), True), (timedelta(days=7), False)])
def test_a_plan_lives_a_week(world: World, late: timedelta, is_fine: bool) -> None:
    """To the second, whenever it was approved."""
    made = world.plan()
    world.now = NOW + timedelta(days=6, hours=12)
    world.approve(made)
    world.now = NOW + late
    if is_fine:
        assert world.apply(made).status == "applied"
    else:
        refused(world, made, NotApproved)


def test_an_expired_plan_cannot_be_approved(world: World) -> None:
    """Nor brought back."""
    made = world.plan()
    world.now = NOW + timedelta(days=7)
    with pytest.raises(Refused, match="expired"):
        world.approve(made)


def test_a_used_approval_is_used(world: World) -> None:
    """One that an earlier apply took counts for nothing, also where the plan looks approved."""
    made = world.approved()
    world.sql("UPDATE approval SET used_at = '2026-11-02T09:00:00Z'")
    assert "used" in refused(world, made, NotApproved)


def test_an_edited_plan_needs_a_new_approval(world: World) -> None:
    """A changed body under the old digest is refused; under its own digest it is another plan, which nobody approved."""
    made = world.approved()
    other = replace(made, changes=tuple(replace(change, params={}) for change in made.changes))
    world.sql("UPDATE plan SET body = :body WHERE digest = :digest", body=other.body, digest=made.digest)
    assert "edited" in refused(world, made)
    world.keep(other)
    assert "0 of 1" in refused(world, other, NotApproved)


def test_a_body_that_is_no_plan_is_refused(world: World) -> None:
    """Whatever was written there."""
    made = world.approved()
    world.sql('UPDATE plan SET body = \'{"schema":"bursar.plan/1"}\' WHERE digest = :digest', digest=made.digest)
    assert "edited" in refused(world, made)


def test_a_rejected_plan_is_closed(world: World) -> None:
    """One no outweighs every yes."""
    made = world.approved()
    forge(world, made, approver="carl", verdict="reject")
    assert "rejected" in refused(world, made, NotApproved)


def test_a_changed_card_voids_the_plan(world: World) -> None:
    """Also where only a limit is another."""
    made = world.approved()
    world.card_change = {"version": 2}
    assert "card" in refused(world, made)


def test_policy_is_asked_now(world: World) -> None:
    """It said yes when the plan was made; what counts is what it says when it is applied, and no answer is a no."""
    made = world.approved()
    for answer in (False, None, "true", 1, PolicyDenied("engine.missing")):
        world.judge.answer = answer
        refused(world, made, PolicyDenied)
    world.judge.answer = Unavailable("no engine")
    refused(world, made, Unavailable)
    document = world.judge.asked[-1]
    assert (document["tier"], document["playbook"]) == ("D", "volumes_unattached")
    assert document["approvals"] == [{"approver": "ana", "role": "approver"}]


def test_an_exception_granted_since_counts(world: World) -> None:
    """Also after approval."""
    made = world.approved()
    world.excepted = {"vol-002"}
    assert "exception" in refused(world, made)


def test_outside_hours_and_in_a_freeze_nothing_is_applied(world: World) -> None:
    """The card's hours and the operator's freezes hold to the boundary."""
    world.card_change = {"hours": world.card().hours.model_copy(update={"start": 10, "end": 12})}
    made = world.approved()
    assert "hours" in refused(world, made)
    world.now = NOW.replace(hour=12)
    refused(world, made)
    world.now = NOW.replace(hour=11, minute=59)
    world.freezes = [Freeze(first=date(2026, 11, 1), last=date(2026, 11, 2), reason="launch")]
    assert "launch" in refused(world, made)
    world.freezes = [Freeze(first=date(2026, 11, 3), last=date(2026, 11, 3), reason="later")]
    assert world.apply(made).status == "applied"


def test_a_card_may_keep_out_of_production(world: World) -> None:
    """What nobody says is not production counts as it."""
    world.card_change, world.env = {"production": False}, "unheard of"
    made = world.plan()
    world.approve(made)
    world.approve(made, "bob")
    assert "production" in refused(world, made)


def test_the_population_is_counted_again(world: World) -> None:
    """Three of forty were a tenth; three of twenty are not."""
    made = world.approved()
    world.outside("UPDATE resource SET gone_at = 'x' WHERE id > 'vol-019'")
    assert "3 of 20" in refused(world, made)


def test_plans_of_one_day_share_a_population(world: World) -> None:
    """After three of forty today, not two more the same day; the next day they may go."""
    world.apply(world.approved())
    for name in ("vol-010", "vol-011"):
        world.outside("UPDATE resource SET state = json_set(state, '$.attached_to', NULL) WHERE id = ?", name)
    world.sql("DELETE FROM observation WHERE resource IN ('vol-010', 'vol-011')")
    world.sql(
        "INSERT INTO observation SELECT provider, 'vol-01' || n.i, day, kind, account, region, state FROM observation, "
        "(SELECT 0 AS i UNION SELECT 1) AS n WHERE resource = 'vol-001'"
    )
    made = world.approved()
    assert [change.resource.id for change in made.changes] == ["vol-010", "vol-011"]
    assert "5 of 40" in refused(world, made)
    world.now += timedelta(hours=20)
    assert world.apply(made).status == "applied"


@pytest.mark.parametrize(
    ("limits", "says"),
    [({"changes": 2}, "3 changes"), ({"daily": 2}, "changes today"), ({"daily_destructive": 2}, "destructive changes today")],
)
def test_limits_hold_exactly(world: World, limits: dict[str, int], says: str) -> None:
    """Three pass where three are allowed, and none where two are."""
    world.card_change = {"limits": dict.fromkeys(limits, 3)}
    within = world.plan()
    world.card_change = {"limits": limits}
    large = replace(within, card_digest=world.card().digest, limits=world.card().limit())
    world.keep(large)
    world.approve(large)
    assert says in refused(world, large)
    world.card_change = {"limits": dict.fromkeys(limits, 3)}
    world.approve(within)
    assert world.apply(within).status == "applied"


def test_a_resource_that_moved_makes_the_plan_stale(world: World) -> None:
    """One disk is attached after approval: none is touched."""
    made = world.approved()
    world.attach("vol-002")
    assert "vol-002" in refused(world, made, StalePlan)


def test_a_resource_that_moves_in_between_stops_the_rest(world: World) -> None:
    """The first was deleted, then the second is attached: it and the third stay, and the plan says how far it came."""
    made = world.approved()
    world.on_pause = lambda: world.attach("vol-001")
    with pytest.raises(StalePlan):
        world.apply(made)
    assert world.effects("delete") == [("delete", "vol-000")]
    entry = world.entry(made)
    assert (entry.status, [one.state for one in entry.made.values()]) == ("failed", ["done", "stale"])


def test_the_kill_switch_stops_between_two_changes(world: World) -> None:
    """What was done is done, the rest waits, and goes on when it is off."""
    made = world.approved()

    def stop() -> None:
        world.stopped = "look at this"

    world.on_pause = stop
    with pytest.raises(Refused, match="look at this"):
        world.apply(made)
    assert len(world.effects("delete")) == 1
    world.stopped, world.on_pause = None, lambda: None
    assert world.apply(made).status == "applied"
    assert len(world.effects("delete")) == 3


def test_the_kill_switch_stops_before_anything(world: World) -> None:
    """It is the first guard."""
    made = world.approved()
    world.stopped = "no"
    assert "no" in refused(world, made)


def test_no_more_changes_begin_in_a_second_than_allowed(world: World) -> None:
    """Three changes take two seconds at least, over all plans."""
    world.apply(world.approved())
    assert sum(world.paused) >= 2
    with world.store.connect() as connection:
        begun = connection.execute(sa.text("SELECT intended_at FROM change")).scalars().all()
    assert len(set(begun)) == len(begun) == 3


def test_after_two_failures_nothing_more_is_tried(world: World) -> None:
    """The third disk stays."""
    made = world.approved()
    world.estate.faults.script = ["error", "error"]
    done = world.apply(made)
    assert (done.status, [one.state for one in done.made]) == ("failed", ["failed", "failed"])
    assert world.effects() == []


def test_one_failure_does_not_stop_the_rest(world: World) -> None:
    """It is told, and the plan is no success."""
    made = world.approved()
    world.estate.faults.script = ["error"]
    done = world.apply(made)
    assert (done.status, [one.state for one in done.made]) == ("failed", ["failed", "done", "done"])


@pytest.mark.parametrize("fault", ["lost", "late"])
def test_a_lost_answer_is_looked_after(world: World, fault: str) -> None:
    """Whether the effect happened or not, it happens once, and the plan is applied."""
    made = world.approved()
    world.estate.faults.script = [fault, "ok", fault]
    assert world.apply(made).status == "applied"
    assert sorted(world.effects("delete")) == [("delete", f"vol-{number:03d}") for number in range(3)]
    assert len(world.effects("snapshot")) == 3
    assert "change.uncertain" in world.journal()


def test_silence_leaves_it_uncertain_and_the_next_apply_goes_on(world: World) -> None:
    """After some tries it is not known; nothing else is begun, and the same command finishes it."""
    made = world.approved()
    world.estate.faults.script = ["lost"] * 3
    with pytest.raises(Unavailable, match="not known"):
        world.apply(made)
    entry = world.entry(made)
    assert (entry.status, [one.state for one in entry.made.values()]) == ("applying", ["uncertain"])
    assert world.apply(made).status == "applied"
    assert len(world.effects("delete")) == 3


def test_an_expired_approval_stops_a_resumed_apply(world: World) -> None:
    """What did not happen in time does not happen: it is told as failed, and the plan is closed."""
    made = world.approved()
    world.estate.faults.script = ["lost"] * 3
    with pytest.raises(Unavailable):
        world.apply(made)
    world.now += timedelta(hours=25)
    refused(world, made, NotApproved)
    entry = world.entry(made)
    assert (entry.status, [one.state for one in entry.made.values()]) == ("failed", ["failed"])


def test_while_the_provider_is_silent_nothing_is_told_as_failed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer was lost, the disk is gone, the approvals end: the plan stays open until the provider says what became of it."""
    made = world.approved()
    world.estate.faults.script = ["late"] * 3
    world.estate.faults.lag = 50
    with pytest.raises(Unavailable):
        world.apply(made)
    world.estate = type(world.estate)(world.estate.file)
    world.now += timedelta(hours=25)
    looked = type(world.estate).observe

    def silent(estate: object, resource: object) -> object:
        raise Unavailable("no answer")

    monkeypatch.setattr(type(world.estate), "observe", silent)
    with pytest.raises(Unavailable):
        world.apply(made)
    assert (world.entry(made).status, world.entry(made).made[0].state) == ("applying", "uncertain")
    monkeypatch.setattr(type(world.estate), "observe", looked)
    with pytest.raises(NotApproved):
        world.apply(made)
    assert world.entry(made).made[0].state == "done"


def test_a_name_spelled_otherwise_is_the_same_person(world: World) -> None:
    """The maker under another spelling may not approve, and two spellings are one of two people."""
    world.env = "prod"
    made = world.plan()
    for name in (" Maker", "  "):
        with pytest.raises(NotApproved):
            world.approve(made, name)
    world.approve(made, "ana")
    assert world.approve(made, "ANA ").given == 1
    refused(world, made, NotApproved)


def test_what_happened_is_adopted_even_when_time_is_over(world: World) -> None:
    """The answer was lost for good, the effect was not: the books say done."""
    made = world.approved()
    world.estate.faults.script = ["late"] * 3
    world.estate.faults.lag = 50
    with pytest.raises(Unavailable):
        world.apply(made)
    world.estate = type(world.estate)(world.estate.file)
    world.now += timedelta(hours=25)
    with pytest.raises(NotApproved):
        world.apply(made)
    entry = world.entry(made)
    assert (entry.status, [one.state for one in entry.made.values()]) == ("failed", ["done"])
    assert world.effects("delete") == [("delete", "vol-000")]


def test_a_slow_snapshot_is_waited_for(world: World) -> None:
    """Nothing is deleted before it is complete; there is one snapshot, however often it was asked for."""
    made = world.approved()
    world.estate.faults.polls = 3
    assert world.apply(made).status == "applied"
    assert len(world.effects("snapshot")) == len(world.effects("delete")) == 3


def test_a_snapshot_that_takes_too_long_is_gone_on_with(world: World) -> None:
    """Patience ends, the disk stays, and the next apply goes on with the same snapshot."""
    made = world.approved()
    world.estate.faults.polls = 8
    with pytest.raises(Unavailable, match="still going on"):
        world.apply(made)
    assert world.effects() == [("snapshot", "vol-000")]
    world.estate.faults.polls = 0
    assert world.apply(made).status == "applied"
    assert len(world.effects("snapshot")) == 3


def test_what_is_wanted_again_while_its_snapshot_runs_is_kept(world: World) -> None:
    """A tag comes while the provider works: the snapshot stays, the disk too, and nothing more is done."""
    made = world.approved()
    world.estate.faults.polls = 3
    world.on_pause = lambda: world.tag("vol-000")
    with pytest.raises(StalePlan):
        world.apply(made)
    assert world.effects() == [("snapshot", "vol-000")]
    assert (world.entry(made).status, world.entry(made).made[0].state) == ("failed", "stale")


def test_what_moves_between_two_tries_is_kept(world: World) -> None:
    """No answer, no effect, and then the disk is another: it is not tried again."""
    made = world.approved()
    world.estate.faults.script = ["lost"]
    world.on_pause = lambda: world.tag("vol-000")
    with pytest.raises(StalePlan):
        world.apply(made)
    assert world.effects() == []


def test_an_apply_cut_short_before_its_last_line_is_closed_whatever_the_time(world: World) -> None:
    """All is done, only the plan does not say so: the next apply says it, also after the approvals ended."""
    made = world.approved()
    world.apply(made)
    world.sql("UPDATE plan SET status = 'applying', closed_at = NULL")
    world.now += timedelta(days=30)
    assert world.apply(made).status == "applied"


def test_an_apply_cut_short_after_a_stale_change_does_nothing_more(world: World) -> None:
    """It is closed as failed; the disks that were left stay."""
    made = world.approved()
    world.on_pause = lambda: world.tag("vol-001")
    with pytest.raises(StalePlan):
        world.apply(made)
    world.sql("UPDATE plan SET status = 'applying', closed_at = NULL")
    world.on_pause = lambda: None
    assert world.apply(made).status == "failed"
    assert world.effects("delete") == [("delete", "vol-000")]


def test_reads_that_lag_change_nothing_twice(world: World) -> None:
    """A deleted disk is still shown for a while; it is waited for, and told as done."""
    made = world.approved()
    world.estate.faults.lag = 3
    assert world.apply(made).status == "applied"
    assert len(world.effects()) == 6


def test_taking_back_goes_through_the_same_door(world: World) -> None:
    """The inverse needs another's approval; the disks come back under new ids with what they were, and it is applied once."""
    made = world.approved()
    world.apply(made)
    back = world.undo(made)
    assert [change.verb for change in back.changes] == ["restore_disk"] * 3
    assert back.tier == "R"
    refused(world, back, NotApproved)
    with pytest.raises(NotApproved):
        world.approve(back, "maker")
    world.approve(back)
    assert world.apply(back).status == "applied"
    there = {one.resource.id: one.state for one in world.estate.survey("disk")}
    fresh = [state for name, state in there.items() if name.startswith("vol-0") and len(name) > 8]
    assert fresh == [change.after for change in back.changes]
    assert len(there) == 40
    refused(world, back)


def test_what_was_never_done_cannot_be_taken_back(world: World) -> None:
    """A plan that waits has nothing to undo."""
    with pytest.raises(Refused, match="nothing to take back"):
        world.undo(world.approved())


def test_concurrent_applies_share_one_budget(world: World) -> None:
    """Two plans pass every guard at once; the day's budget lets one change more than it allows begin in neither."""
    world.card_change = {"limits": {"daily_destructive": 2}}
    first = world.plan()
    few = [replace(first, changes=first.changes[:2]), replace(first, changes=first.changes[2:])]
    for made in few:
        world.keep(made)
        world.approve(made)
    calls = [0]

    def other() -> None:
        calls[0] += 1
        if calls[0] == 1:
            world.apply(few[1])

    world.on_pause = other
    with pytest.raises(Refused, match="today"):
        world.apply(few[0])
    assert len(world.effects("delete")) == 2


def test_a_plan_is_named_by_its_first_characters(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Eight are enough where no other begins so; fewer, and unknown ones, are told."""
    world = build(tmp_path_factory.mktemp("named"), [disk(1), *[disk(number, attached=True) for number in range(2, 12)]])
    made = world.approved()
    for name in (made.digest[:7], "0" * 8, "%" * 8):
        with pytest.raises(ConfigError):
            apply(world.door(), name, actor="worker")
    assert apply(world.door(), made.digest[:8], actor="worker").status == "applied"


def forge(world: World, made: Plan, **more: str) -> None:
    """A row of the approval table that no surface wrote."""
    row = {
        "plan_digest": made.digest, "approver": "ana", "role": "approver", "verdict": "approve", "via": "cli", "reason": "",
        "at": "2026-11-02T09:00:00Z", "expires_at": "2026-11-03T09:00:00Z", **more,
    }  # fmt: skip
    world.sql(f"INSERT INTO approval ({', '.join(row)}) VALUES ({', '.join(f':{name}' for name in row)})", **row)
