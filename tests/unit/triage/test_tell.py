"""Triage: one message a cause to whom it belongs, and what was said is kept true."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bursar.store import outbox
from tests.unit.triage.conftest import NOW, Desk, Open


def test_an_incident_is_said_once_to_its_owner(desk: Desk) -> None:
    """However often triage runs, before and after it was sent."""
    desk.incident()
    assert desk.tell().begun == ("incident:a1:S2",)
    assert desk.tell().begun == ()
    desk.sent()
    assert desk.tell().followed == ()
    (row,) = desk.rows()
    assert (row.kind, row.payload["channel"], row.payload["owner"]) == ("slack:incident", "#payments-cost", "payments")
    assert desk.entries() == ["triage.told", "outbox.sent"]


@pytest.mark.parametrize("owner", [None, "ml", "nobody-knows"])
def test_what_nobody_hears_goes_to_the_default_channel(desk: Desk, owner: str | None) -> None:
    """No owner, an owner without a channel, an owner the configuration does not know: it is still said."""
    desk.incident(owner=owner)
    desk.tell()
    assert desk.rows()[0].payload["channel"] == "#finops"


def test_without_any_channel_the_console_is_told(open_desk: Open) -> None:
    """No configuration is needed to be told."""
    desk = open_desk({})
    desk.incident()
    desk.tell()
    assert desk.rows()[0].kind == "console:incident"


@pytest.mark.parametrize(
    "quiet", [{"severity": "S4"}, {"status": "withheld"}, {"status": "closed", "closed_at": "2026-11-10T00:00:00Z"}, {"status": "settled"}]
)
def test_what_is_quiet_is_not_sent(desk: Desk, quiet: dict[str, Any]) -> None:
    """The least severe, what a team's alert budget withholds, and what was over before it was first seen."""
    desk.incident(**quiet)
    assert desk.tell().begun == ()
    assert desk.rows() == []
    assert desk.entries() == []


@pytest.mark.parametrize(("status", "head"), [("closed", "Over: "), ("settled", "New level: ")])
def test_what_came_and_went_is_told_as_over(desk: Desk, status: str, head: str) -> None:
    """Between two looks at the bill it began and ended: its owner hears of it, once."""
    desk.incident(status=status, closed_at="2026-11-10T00:00:00Z", detail={"is_news": True})
    assert len(desk.tell().begun) == 1
    assert desk.tell().begun == ()
    assert str(desk.rows()[0].payload["title"]).startswith(head)


def test_numbers_change_in_place(desk: Desk) -> None:
    """A waiting message is reworded; a sent one is edited, each edit after the one before."""
    desk.incident()
    desk.tell()
    desk.incident(actual="1300", excess="507.6")
    assert desk.tell().followed == ("incident:a1:S2",)
    assert desk.rows()[0].payload["actual"] == "1300"
    desk.sent()
    for actual in ("1301", "1302"):
        desk.incident(actual=actual, excess=str(float(actual) - 792.4))
        desk.tell(days=1)
    (root, edit) = desk.rows()
    assert (edit.key, edit.after, edit.payload["edits"], edit.payload["actual"]) == ("incident:a1:now:1", root.key, root.key, "1302")
    desk.sent()
    desk.incident(actual="1303", excess="510.6")
    desk.tell(days=2)
    assert desk.rows()[2].key == "incident:a1:now:2"


def test_edits_do_not_overtake_each_other(desk: Desk) -> None:
    """While one edit is under way the next waits for it."""
    desk.incident()
    desk.tell()
    desk.sent()
    desk.incident(actual="1301")
    desk.tell()
    with desk.store.begin() as connection:
        assert outbox.claim(connection, ["slack"], now=NOW, pace=outbox.Pace())
    desk.incident(actual="1302")
    desk.tell()
    assert desk.rows()[2].after == "incident:a1:now:1"


def test_worse_is_a_reply(desk: Desk) -> None:
    """A higher severity is said in the thread of the first message, once; the first message shows the new numbers."""
    desk.incident()
    desk.tell()
    desk.sent()
    desk.incident(severity="S1", actual="1404.5", excess="612.1")
    assert desk.tell().followed == ("incident:a1:S1", "incident:a1:now:1")
    assert desk.tell().followed == ()
    reply = desk.rows()[1]
    assert (reply.after, reply.payload["thread_of"], reply.payload["channel"]) == ("incident:a1:S2", "incident:a1:S2", "#payments-cost")
    assert reply.payload["title"] == "Now S1, was S2: 612.10 USD more than expected"
    desk.incident(severity="S2", excess="600")
    assert desk.tell().followed == ("incident:a1:now:1",)


def test_twice_as_much_is_a_reply(desk: Desk) -> None:
    """Each doubling of what was said, and nothing in between."""
    desk.incident()
    desk.tell()
    desk.sent()
    for excess, replies in (("824.1", 0), ("824.2", 1), ("1600", 1), ("1649", 2)):
        desk.incident(excess=excess)
        desk.tell()
        assert len([row for row in desk.rows() if row.payload.get("thread_of")]) == replies


def test_a_message_that_waits_is_not_answered(desk: Desk) -> None:
    """Worse before anything was sent: the first message says the worst at once."""
    desk.incident(severity="S3")
    desk.tell()
    desk.incident(severity="S1", excess="5000")
    desk.tell()
    (row,) = desk.rows()
    assert row.payload["severity"] == "S1"


@pytest.mark.parametrize(("status", "word"), [("closed", "Over"), ("settled", "New level"), ("retracted", "Taken back")])
def test_an_end_is_said_where_the_beginning_was(desk: Desk, status: str, word: str) -> None:
    """The message itself says that it is over, not a new one; later it is left alone."""
    desk.incident()
    desk.tell()
    desk.sent()
    desk.incident(status=status, closed_at="2026-11-12T00:00:00Z")
    assert desk.tell(days=2).followed == ("incident:a1:now:1",)
    assert str(desk.rows()[1].payload["title"]).startswith(f"{word}: payments / checkout")
    desk.incident(status=status, closed_at="2026-11-12T00:00:00Z", actual="1")
    assert desk.tell(days=60).followed == ()


def test_one_message_a_cause(desk: Desk) -> None:
    """Two incidents of the same money: the larger one is said, the other noted once, and said itself when the first is over."""
    cause = {"scope": {"team": "payments", "service": "checkout", "provider": "aws"}, "share": "1", "excess": "1"}
    desk.incident("small", excess="300", scope={"provider": "aws"}, detail={"causes": [cause]})
    desk.incident("large", excess="400", detail={"causes": [cause]}, onset="2026-11-04")
    desk.incident("apart", excess="300", detail={"causes": [cause]}, onset="2026-11-06")
    told = desk.tell()
    assert told.begun == ("incident:large:S2", "incident:apart:S2")
    assert told.folded == ("incident:small:S2:folded:large",)
    assert desk.tell().folded == ()
    desk.sent()
    assert desk.tell().begun == ()
    desk.incident("large", status="closed", closed_at="2026-11-12T00:00:00Z", detail={"causes": [cause]})
    assert desk.tell(days=2).begun == ("incident:small:S2",)


@pytest.mark.parametrize(
    ("changes", "covered"),
    [
        ({}, True),
        ({"resource": "*", "scope": None}, False),
        ({"scope": "team IN ('payments', 'ml') AND NOT service = 'search'"}, True),
        ({"scope": "service LIKE 'check%'"}, True),
        ({"scope": "team = 'payments' OR env = 'dev'"}, True),
        ({"scope": "env = 'dev'"}, False),
        ({"scope": "NOT env = 'prod'"}, False),
        ({"scope": "team = 'payments' AND env = 'dev'"}, False),
        ({"scope": "team = 'ml'"}, False),
        ({"scope": "team IS NULL"}, False),
        ({"scope": "tag:team = 'payments'"}, False),
        ({"rule": "BRS-TAG-001"}, False),
        ({"resource": "i-0*"}, False),
        ({"expires": "2026-11-10T05:59:59Z"}, False),
        ({"created": "2026-11-11T00:00:00Z"}, False),
        ({"revoked_at": "2026-11-09T00:00:00Z"}, False),
        ({"approver": "payments"}, False),
        ({"owner": "gone"}, False),
        ({"max_monthly_cost": "412", "currency": "USD"}, False),
        ({"max_monthly_cost": "413", "currency": "USD"}, True),
        ({"max_monthly_cost": "413", "currency": "EUR"}, False),
    ],
)
def test_an_exception_keeps_its_own_quiet_and_nothing_else(desk: Desk, changes: dict[str, Any], covered: bool) -> None:
    """Not sent and said in the journal, once, where it applies now and holds for the whole scope; else it is sent."""
    desk.incident()
    desk.grant(**changes)
    told = desk.tell()
    assert bool(told.excepted) == covered
    assert bool(told.begun) != covered
    assert desk.tell() == type(told)()
    if covered:
        assert desk.entries() == ["triage.excepted", "exception.used"]


def test_a_resource_is_excepted_by_its_name_or_prefix(desk: Desk) -> None:
    """Exact, or with one star at its end."""
    desk.incident(scope={"resource_id": "i-0123"})
    desk.grant(resource="i-0*", scope=None)
    assert desk.tell().excepted


def test_a_file_of_exceptions_that_cannot_be_read_silences_nobody(desk: Desk, tmp_path: Path) -> None:
    """With it no exception counts, and the incident is said."""
    (tmp_path / "exceptions.yaml").write_text("- id: [")
    desk = Desk(desk.store, desk.config.model_copy(update={"project": tmp_path}))
    desk.incident()
    desk.grant()
    assert desk.tell().begun


def test_a_dead_message_is_left_to_the_operator(desk: Desk) -> None:
    """No edit of what is not there; once retried and sent, it is brought up to date."""
    desk.incident()
    desk.tell()
    with desk.store.begin() as connection:
        row = outbox.claim(connection, ["slack"], now=NOW, pace=outbox.Pace())
        assert row
        outbox.bury(connection, row, error="no channel", now=NOW, actor="bursar")
    desk.incident(actual="1300")
    assert desk.tell().followed == ()


def test_a_reassigned_incident_stays_in_its_thread(desk: Desk) -> None:
    """Replies and edits go where the first message went."""
    desk.incident()
    desk.tell()
    desk.sent()
    desk.incident(owner="ml", severity="S1")
    desk.tell()
    assert {row.payload["channel"] for row in desk.rows()} == {"#payments-cost"}


def test_budget_alerts_are_said_once_and_answered_when_worse(desk: Desk) -> None:
    """One message for a budget, rule and period; a worse severity replies; clearing changes the message."""
    desk.alert()
    assert desk.tell().begun == ("budget:payments-prod:threshold:0.8:actual:2026-11-01:medium",)
    assert desk.tell() == type(desk.tell())()
    row = desk.rows()[0]
    assert (row.kind, row.payload["channel"]) == ("slack:budget", "#payments-cost")
    assert row.payload["title"] == "budget payments-prod, November 2026: spent 80 %"
    assert row.payload["sentences"] == [
        "35,000.00 USD of 42,000.00 USD is spent, 83 %.",
        "It breaks its budget with a probability of 83 %.",
    ]
    desk.sent()
    desk.alert(severity="critical")
    assert desk.tell().followed[0].endswith(":critical")
    desk.sent()
    desk.alert(severity="critical", status="cleared", cleared_at="2026-11-11T00:00:00Z")
    assert desk.tell(days=1).followed[0].endswith(":now:2")


def test_a_plan_that_would_end_it_is_named(desk: Desk) -> None:
    """The newest one that can still be approved and that changes most of what costs too much."""
    desk.plan("old", resource="i-0123", made="2026-11-01", expires="2026-12-01")
    desk.plan("new", resource="i-0123", made="2026-11-02", expires="2026-12-01")
    desk.plan("over", resource="i-0123", made="2026-11-03", expires="2026-11-09")
    desk.incident(detail={"resources": [{"resource_id": "i-0123", "share": "0.7"}, {"resource_id": "i-9", "share": "0.3"}]})
    desk.tell()
    payload = desk.rows()[0].payload
    assert payload["plan_digest"] == "new"
    assert "A plan would end 70 % of it: bursar plans show new, then bursar approve new" in str(payload["do"])


def test_a_plan_that_comes_later_is_a_reply(desk: Desk) -> None:
    """Also when the level is believed by then: said once, and the first message names it too."""
    desk.incident(detail={"resources": [{"resource_id": "i-0123", "share": "1"}]})
    desk.tell()
    desk.sent()
    desk.incident(status="settled", closed_at="2026-11-09T00:00:00Z", detail={"resources": [{"resource_id": "i-0123", "share": "1"}]})
    desk.plan("later", resource="i-0123")
    assert desk.tell().followed == ("incident:a1:plan:1", "incident:a1:now:1")
    assert desk.tell().followed == ()
    reply = desk.rows()[1]
    assert reply.payload["do"] == ["A plan would end it: bursar plans show later, then bursar approve later"]
    assert str(reply.payload["title"]).startswith("A plan is ready: ")
