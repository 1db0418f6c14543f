"""Every invoice against the charges that meet it: its status, and a waterfall of steps that rows prove."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.domain.money import cost, plain
from bursar.ingestion.invoices import Invoice
from bursar.ingestion.reconcile import Earlier, Standing, last_said, reconcile
from bursar.lake.reports import Reconciled, reconciled_from_json
from bursar.lake.snapshots import Snapshot
from bursar.store.database import open_store
from bursar.store.schema import reconciliation
from tests.unit.ingestion.bills import AMAZON, LINE, NOW, Lines, invoice, month

MARKET = "AWS Marketplace"


def standing(
    published: Snapshot | list[Snapshot], *invoices: Invoice, now: datetime = NOW, earlier: Earlier = lambda _live, _moment: None
) -> Standing:
    """The stored rows."""
    several = published if isinstance(published, list) else [published]
    return reconcile(several, invoices, now=now, tolerance=Decimal("0.03"), earlier=earlier)


def one(
    published: Snapshot | list[Snapshot], *invoices: Invoice, now: datetime = NOW, earlier: Earlier = lambda _live, _moment: None
) -> Reconciled:
    """The one row there is."""
    (row,) = standing(published, *invoices, now=now, earlier=earlier)
    return reconciled_from_json(row)


def steps(row: Reconciled) -> dict[str, str]:
    """The waterfall, by name."""
    assert all(step.proof for step in row.waterfall)
    return {step.name: plain(step.amount) for step in row.waterfall}


@pytest.mark.parametrize(
    ("billed", "due", "status", "difference", "ratio"),
    [
        ("100", "100", "reconciled", "0", "0"),
        ("100.05", "100", "reconciled", "0.05", "0.0005"),
        ("1000100", "1000000", "reconciled", "100", "0.0001"),
        ("102.99", "100", "within_tolerance", "2.99", "0.0299"),
        ("97", "100", "within_tolerance", "-3", "-0.03"),
        ("103.01", "100", "out_of_tolerance", "3.01", "0.0301"),
        ("-96", "-100", "out_of_tolerance", "4", "-0.04"),
        ("6", "0", "out_of_tolerance", "6", None),
        ("0.05", "0", "reconciled", "0.05", None),
    ],
)
def test_a_closed_month_is_as_far_from_its_invoice_as_it_is(billed: str, due: str, status: str, difference: str, ratio: str | None) -> None:
    """Difference is billed minus invoice, the ratio is of the invoice, and the two thresholds are inclusive."""
    row = one(month(Lines(billed, rows=1)), invoice(due))
    told = (row.status, plain(row.difference or Decimal(0)), row.difference_ratio and plain(row.difference_ratio))
    assert told == (status, difference, ratio if ratio != "0" else Decimal(0))


def test_a_month_that_runs_is_open_whatever_it_comes_to() -> None:
    """Far from an early invoice, near it, or without any: nothing about an unfinished month is a contradiction."""
    during = datetime(2026, 10, 31, 23, 59, tzinfo=UTC)
    assert one(month(Lines("50")), invoice("100"), now=during).status == "open"
    assert one(month(Lines("50")), now=during).status == "open"
    assert one([], invoice("100"), now=during).status == "open"


def test_without_an_invoice_a_month_is_open_until_its_grace_day() -> None:
    """Then it is known to lack one; lines the provider has not put on an invoice stay open."""
    assert one(month(Lines("50")), now=datetime(2026, 11, 9, tzinfo=UTC)).status == "open"
    row = one(month(Lines("50")))
    assert (row.status, row.invoice_total, row.difference, row.unexplained) == ("no_invoice", None, None, None)
    assert one(month(Lines("50", key="111:2026-10:aws:open"))).status == "open"


def test_an_invoice_whose_bill_never_came_is_all_unexplained() -> None:
    """It is shown, against nothing."""
    row = one([], invoice("100"))
    assert (row.status, row.lines, row.billed_cost, row.difference, row.difference_ratio) == ("out_of_tolerance", 0, 0, -100, -1)
    assert one([], invoice("0")).difference_ratio is None


def test_tax_the_export_lacks_is_a_step() -> None:
    """The invoice states it, no line is tax, and the provider is known to leave it out."""
    row = one(month(Lines("100", provider="azure")), invoice("120", tax=Decimal(20), provider="azure"))
    assert (row.status, steps(row), row.unexplained) == ("reconciled", {"tax the export lacks": "-20"}, 0)
    taxed = one(month(Lines("100"), Lines("20", category="Tax")), invoice("120", tax=Decimal(20)))
    assert (taxed.status, steps(taxed)) == ("reconciled", {})


def test_charges_no_export_holds_are_steps_by_the_invoices_own_lines() -> None:
    """Support and credits that the invoice names, no row of ours is, and the provider is known to leave out."""
    azure = {"provider": "azure"}
    support, credit = invoice("30", charge_category="Support", **azure), invoice("-10", charge_category="Credit", **azure)
    bill = invoice("100", **azure).lines + support.lines + credit.lines
    row = one(month(Lines("100", provider="azure")), Invoice(lines=bill))
    assert steps(row) == {"charges no export holds": "-30", "invoice credits without a row": "10"}
    assert row.status == "reconciled"
    rows = [Lines(billed, provider="azure") for billed in ("100", "30")]
    present = one(month(*rows, Lines("-10", category="Credit", provider="azure")), Invoice(lines=bill))
    assert present.unexplained == 30


def test_what_a_bill_lacks_proves_nothing_where_the_export_holds_everything() -> None:
    """A bill cut short does not reconcile because its invoice names what was cut."""
    bill = invoice("100.50", charge_category="Usage").lines + invoice("900", charge_category="Purchase").lines
    row = one(month(Lines("100.50")), Invoice(lines=bill))
    assert (steps(row), row.status, row.unexplained) == ({}, "out_of_tolerance", Decimal(-900))
    assert one(month(Lines("100")), invoice("120", tax=Decimal(20))).status == "out_of_tolerance"


def test_a_provider_without_a_name_of_ours_meets_its_invoice() -> None:
    """A FOCUS file of any vendor is held against the invoice of its account and id."""
    row = one(month(Lines("100", provider="other")), invoice("100", provider="widget"))
    assert row.status == "reconciled"


def test_another_issuers_charges_under_the_key_are_a_step() -> None:
    """The marketplace invoices apart what the export lists beside."""
    row = one(month(Lines("100"), Lines("40", issuer=MARKET, rows=2)), invoice("100", issuer=AMAZON.upper()))
    assert (steps(row), row.status) == ({"other issuer": "40"}, "reconciled")
    assert "2 lines" in row.waterfall[0].proof


def test_what_was_restated_after_the_invoice_is_a_step() -> None:
    """The bill as exported before the invoice agrees; what came later is told with what it was."""
    before = month(Lines("100"), ident="before", exported_at=datetime(2026, 11, 2, tzinfo=UTC))
    row = one(month(Lines("103")), invoice("100"), earlier=lambda _live, _moment: before)
    assert (steps(row), row.status) == ({"restated after issue": "3"}, "reconciled")


def test_a_restatement_beyond_the_tolerance_explains_nothing() -> None:
    """What the gate would hold is not called reconciled because it came in another order."""
    before = month(Lines("100"), ident="before", exported_at=datetime(2026, 11, 2, tzinfo=UTC))
    row = one(month(Lines("103.01")), invoice("100"), earlier=lambda _live, _moment: before)
    assert (steps(row), row.status) == ({}, "out_of_tolerance")


def test_an_earlier_export_that_knew_no_invoice_proves_nothing() -> None:
    """Before the invoice was final its lines stood under another key."""
    before = month(Lines("100", key="111:2026-10:aws:open"), ident="before")
    row = one(month(Lines("104")), invoice("100"), earlier=lambda _live, _moment: before)
    assert (steps(row), row.status) == ({}, "out_of_tolerance")


def test_an_export_older_than_the_invoice_was_not_restated_after_it() -> None:
    """Nobody looks for earlier exports then."""
    asked: list[datetime] = []

    def earlier(_live: Snapshot, moment: datetime) -> None:
        asked.append(moment)

    one(month(Lines("104"), exported_at=datetime(2026, 11, 2, tzinfo=UTC)), invoice("100"), earlier=earlier)
    assert asked == []
    one(month(Lines("104")), invoice("100"), earlier=earlier)
    assert asked == [datetime(2026, 11, 3, tzinfo=UTC)]


def test_rows_without_an_invoice_id_are_a_step() -> None:
    """Lines of the same issuer that are not on an invoice yet."""
    loose = Lines("5", key="111:2026-10:aws:open", rows=3)
    rows = standing(month(Lines("95"), loose, Lines("8", key=loose.key, issuer=MARKET)), invoice("100"))
    (row,) = [reconciled_from_json(each) for each in rows if each["invoice_key"] == "I-1"]
    assert (steps(row), row.status) == ({"rows without invoice id": "-5"}, "reconciled")


@pytest.mark.parametrize(
    ("billed", "rows", "currency", "rounded"),
    [
        ("100.05", 1, "USD", True),
        ("100.06", 1, "USD", False),
        ("100.5", 10_000, "USD", True),
        ("100.51", 10_000, "USD", False),
        ("105", 1, "JPY", True),
        ("106", 1, "JPY", False),
        ("100.005", 1, "KWD", True),
        ("100.006", 1, "KWD", False),
    ],
)
def test_rounding_is_bounded_by_the_currency_and_the_number_of_lines(billed: str, rows: int, currency: str, rounded: bool) -> None:
    """Five subunits, or half the root of the lines: more is not rounding."""
    row = one(month(Lines(billed, rows=rows, currency=currency)), invoice("100", currency=currency))
    assert ("rounding" in steps(row)) == rounded
    assert (row.unexplained == 0) == rounded


def test_an_invoice_paid_in_the_currency_of_the_lines_is_compared_in_it() -> None:
    """Its own total is in another; nothing is converted."""
    row = one(month(Lines("90", currency="EUR")), invoice("100", payment_currency="EUR", payment_total=Decimal(90)))
    assert (row.currency, row.invoice_total, row.status) == ("EUR", 90, "reconciled")


def test_an_invoice_in_another_currency_is_no_invoice_for_these_lines() -> None:
    """Without a stated payment there is nothing to compare."""
    row = one(month(Lines("90", currency="EUR")), invoice("100"))
    assert (row.status, row.invoice_id, row.invoice_total) == ("no_invoice", "I-1", None)


def test_a_key_with_two_currencies_is_two_rows_and_the_invoice_meets_its_own() -> None:
    """Never one number across them."""
    rows = [reconciled_from_json(row) for row in standing(month(Lines("7", currency="EUR"), Lines("100")), invoice("100"))]
    assert {row.currency: row.status for row in rows} == {"EUR": "no_invoice", "USD": "reconciled"}


def test_an_invoice_without_a_known_id_meets_the_only_key_of_its_account() -> None:
    """Reseller's invoices meet the partner's key, the others the provider's own."""
    google = Lines("100", provider="gcp", account="A", key="A:2026-10:GOOGLE", issuer="Google")
    partner = replace(google, billed="40", key="A:2026-10:PARTNER", issuer="Palo Alto")
    mine = {"provider": "gcp", "billing_account_id": "A"}
    rows = standing(
        month(google, partner),
        invoice("100", invoice_id="5001", issuer="Google LLC", **mine),
        invoice("40", invoice_id="5002", issuer="Google Cloud Marketplace", **mine),
    )
    assert {row["invoice_key"]: row["invoice_id"] for row in rows} == {"A:2026-10:GOOGLE": "5001", "A:2026-10:PARTNER": "5002"}
    assert {row["status"] for row in rows} == {"reconciled"}


@pytest.mark.parametrize("changes", [{"billing_account_id": "222"}, {"provider": "gcp"}, {"billing_period": "2026-09"}])
def test_an_invoice_of_somebody_else_meets_nothing(changes: dict[str, object]) -> None:
    """Another account, provider or month: shown apart, both ways."""
    rows = standing(month(Lines("100")), invoice("100", invoice_id="other", **changes))
    assert sorted(str(row["status"]) for row in rows) == ["no_invoice", "out_of_tolerance"]


def test_where_two_keys_would_fit_none_is_guessed() -> None:
    """An invoice without a known id does not pick one of two."""
    rows = standing(month(Lines("60", key="I-7"), Lines("40", key="I-8")), invoice("60", invoice_id="other"))
    assert sorted(str(row["status"]) for row in rows) == ["no_invoice", "no_invoice", "out_of_tolerance"]


amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=4, allow_nan=False)


@given(billed=amounts, tax=amounts, due=amounts, marketplace=amounts)
def test_steps_and_the_rest_always_make_the_difference(billed: Decimal, tax: Decimal, due: Decimal, marketplace: Decimal) -> None:
    """The waterfall has no plug: steps plus unexplained is the difference, to the last digit."""
    lines = (Lines(plain(billed)), Lines(plain(marketplace), issuer=MARKET))
    row = one(month(*lines), Invoice(lines=(replace(LINE, total=due, tax=tax),)))
    assert row.difference is not None
    assert row.unexplained is not None
    assert cost(sum((step.amount for step in row.waterfall), row.unexplained)) == row.difference == billed + marketplace - due


def test_what_was_last_said_of_a_month_is_what_was_stored_last() -> None:
    """The newest generation's rows of every month, and equal to what is reckoned again."""
    store = open_store("sqlite://")
    rows = standing(month(Lines("100"), Lines("3", key="I-2")), invoice("120", tax=Decimal(20)))
    with store.begin() as connection:
        for n, stored in ((1, [{"old": "1"}]), (3, rows)):
            connection.execute(reconciliation.insert().values(n=n, billing_period="2026-10", rows=stored))
        connection.execute(reconciliation.insert().values(n=2, billing_period="2026-09", rows=[]))
        assert last_said(connection) == {"2026-10": rows, "2026-09": []}
