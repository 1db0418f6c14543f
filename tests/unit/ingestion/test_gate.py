"""The gate: nothing is published that contradicts its invoice, bills anything twice, or is older than what is shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from bursar.ingestion.gate import Place, Verdict, gate
from bursar.ingestion.invoices import Invoice
from bursar.lake.snapshots import Snapshot
from tests.unit.ingestion.bills import EXPORTED, NOW, Lines, invoice, month

DAY = timedelta(days=1)


def decided(
    *staged: Snapshot, live: Mapping[Place, Snapshot] | None = None, invoices: tuple[Invoice, ...] = (), now: datetime = NOW
) -> Verdict:
    """What the gate says of these."""
    return gate(staged, live or {}, invoices, now=now, tolerance=Decimal("0.03"))


def ids(snapshots: tuple[Snapshot, ...]) -> list[str]:
    """Their ids."""
    return [one.id for one in snapshots]


def placed(snapshot: Snapshot) -> dict[Place, Snapshot]:
    """The snapshot as the live one of its place."""
    return {(snapshot.source, snapshot.period): snapshot}


def test_a_bill_without_an_invoice_passes() -> None:
    """It is published and shown as not reconciled."""
    assert ids(decided(month(Lines("100"))).passed) == ["a"]


def test_a_bill_within_tolerance_passes() -> None:
    """Three per cent is the bound, and open months have none."""
    assert ids(decided(month(Lines("103")), invoices=(invoice("100"),)).passed) == ["a"]
    during = datetime(2026, 10, 15, tzinfo=UTC)
    assert ids(decided(month(Lines("5")), invoices=(invoice("100"),), now=during).passed) == ["a"]


def test_a_bill_that_contradicts_its_invoice_is_held_with_both_sums() -> None:
    """Cause and cure name the invoice, the amounts and what to check."""
    (held,) = decided(month(Lines("104")), invoices=(invoice("100"),)).held
    assert held.cause == "contradicts invoice I-1: USD 104 against 100, 4 unexplained (more than 3%)"
    assert "deliver either again" in held.cure


def test_an_explained_difference_is_no_contradiction() -> None:
    """Tax on the invoice that no export holds does not hold the bill."""
    assert decided(month(Lines("100", provider="azure")), invoices=(invoice("120", tax=Decimal(20), provider="azure"),)).held == ()


def test_only_its_own_invoices_hold_a_bill() -> None:
    """A contradiction of another source, account or month is not this bill's."""
    wrong = month(Lines("500", account="222", key="I-2"), ident="live", source="aws-other")
    invoices = (
        invoice("100"),
        invoice("100", invoice_id="I-2", billing_account_id="222"),
        invoice("7", invoice_id="I-3"),
        invoice("9", billing_period="2026-09"),
    )
    assert ids(decided(month(Lines("100")), live=placed(wrong), invoices=invoices).passed) == ["a"]


def test_one_bill_through_two_exports_is_held() -> None:
    """The second export of the same account and month would count it twice; the first stays."""
    live = month(Lines("100"), ident="live", source="aws-cur-old")
    verdict = decided(month(Lines("100"), source="aws-cur2-new"), live=placed(live))
    assert verdict.passed == ()
    assert "111 is already published from aws-cur-old" in verdict.held[0].cause
    assert "one export" in verdict.held[0].cure


def test_two_exports_of_one_bill_that_come_together_are_one_too_many() -> None:
    """Neither is live yet, and still only one passes."""
    verdict = decided(month(Lines("100"), source="x"), month(Lines("100"), source="y", ident="b"))
    assert (len(verdict.passed), len(verdict.held)) == (1, 1)


def test_other_accounts_and_months_are_not_doubles() -> None:
    """Two payers, two providers or two months share nothing."""
    live = placed(month(Lines("100"), ident="live", source="old", period="2026-09"))
    several = (
        month(Lines("1"), ident="a"),
        month(Lines("1", account="222"), ident="b", source="two"),
        month(Lines("1", provider="gcp"), ident="c", source="three"),
    )
    assert sorted(ids(decided(*several, live=live).passed)) == ["a", "b", "c"]


def test_a_restatement_takes_the_place_of_its_own_source() -> None:
    """The same source again is no double of itself."""
    assert ids(decided(month(Lines("99")), live=placed(month(Lines("100"), ident="live", exported_at=EXPORTED - DAY))).passed) == ["a"]


def test_exports_of_one_name_do_not_displace_each_other() -> None:
    """Two payers who both call their export 'main' would otherwise hide each other's month."""
    live = placed(month(Lines("100", account="222"), ident="live"))
    (held,) = decided(month(Lines("100")), live=live).held
    assert "holds the bill of 222; this delivery of the same name is the bill of 111" in held.cause
    assert decided(month(Lines("100"), Lines("1", account="222")), live=live).held == ()


def test_of_several_deliveries_of_a_month_the_newest_passes() -> None:
    """In the provider's order; the others are passed over and never published later."""
    staged = [month(Lines(str(n)), ident=f"v{n}", exported_at=EXPORTED + n * DAY) for n in range(3)]
    verdict = decided(*staged)
    assert (ids(verdict.passed), sorted(one.snapshot.id for one in verdict.late), verdict.held) == (["v2"], ["v0", "v1"], ())


def test_when_the_newest_is_wrong_the_one_before_it_is_shown() -> None:
    """A good month is not held back by a bad one that came after."""
    staged = [month(Lines("100"), ident="good"), month(Lines("300"), ident="bad", exported_at=EXPORTED + DAY)]
    verdict = decided(*staged, invoices=(invoice("100"),))
    assert (ids(verdict.passed), [held.snapshot.id for held in verdict.held]) == (["good"], ["bad"])


def test_what_is_older_than_the_live_bill_never_replaces_it() -> None:
    """A delivery staged long ago and forgotten is history by the time it is looked at."""
    live = placed(month(Lines("100"), ident="live", exported_at=EXPORTED + DAY))
    verdict = decided(month(Lines("50")), live=live)
    assert (verdict.passed, [one.snapshot.id for one in verdict.late]) == ((), ["a"])
    assert "exported 2026-11-05 00:00 UTC, this one exported 2026-11-04 00:00 UTC" in verdict.late[0].cause


def test_arrival_is_the_order_where_the_provider_says_nothing() -> None:
    """Of two files of one moment the one that comes later replaces the first."""
    live = placed(month(Lines("100"), ident="live", exported_at=EXPORTED))
    assert ids(decided(month(Lines("50"), exported_at=EXPORTED), live=live).passed) == ["a"]
