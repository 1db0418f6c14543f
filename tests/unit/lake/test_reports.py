"""What the store tells about the data: history, restatements, quarantine, freshness, reconciliation."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from bursar.lake import reports, snapshots
from bursar.lake.generations import flip
from bursar.lake.snapshots import Snapshot
from bursar.store.schema import delivery
from tests.unit.lake.conftest import DAY, Make


def flipped(store: sa.Engine, *put: Snapshot, reconciliation: dict[str, list[dict[str, object]]] | None = None) -> None:
    """Flip these in."""
    with store.begin() as connection:
        flip(connection, now=DAY, actor="bursar", cause="ingest", put=put, reconciliation=reconciliation or {})


def delivered(store: sa.Engine, *entries: tuple[str, str, str | None, str | None]) -> None:
    """Write deliveries: (name, outcome, source, period), oldest first."""
    with store.begin() as connection:
        for name, outcome, source, period in entries:
            row = {"seen_at": "2026-11-01T00:00:00Z", "name": name, "outcome": outcome, "source": source, "billing_period": period}
            connection.execute(delivery.insert().values(**row))


def held(store: sa.Engine) -> list[tuple[str, str | None]]:
    """Names and periods of what Data health shows as held back."""
    return [(one.name, one.period) for one in reports.quarantine(store)]


def test_history_tells_every_delivery_and_what_it_changed(store: sa.Engine, make: Make) -> None:
    """In the provider's order: the first, its restatement with the difference, and one that was never shown."""
    flipped(store, make("first", billed="100", rows=10))
    flipped(store, make("second", billed="90.5", rows=9, exported_at=DAY + timedelta(days=2)))
    with store.begin() as connection:
        snapshots.record(connection, make("late", billed="99", exported_at=DAY + timedelta(days=1), state="superseded"))
        snapshots.record(connection, make("bad", billed="500", exported_at=DAY + timedelta(days=3), state="quarantined"))
    told = [(one.snapshot_id, one.gen_from, one.gen_to, one.change and one.change["USD"].billed) for one in reports.history(store)]
    assert told == [
        ("first", 1, 2, None),
        ("late", None, None, Decimal(-1)),
        ("second", 2, None, Decimal("-9.5")),
        ("bad", None, None, Decimal("409.5")),
    ]
    assert [one.rows_change for one in reports.history(store, period="2026-10")][2] == -1
    assert reports.history(store, period="2026-09") == []


def test_a_currency_that_went_away_is_a_change(store: sa.Engine, make: Make) -> None:
    """A month restated from dollars to euros shows both: the one gone and the one come."""
    flipped(store, make("dollars"))
    euros = {"EUR": make("x").sums["USD"]}
    flipped(store, make("euros", sums=euros, exported_at=DAY + timedelta(days=1)))
    change = reports.history(store)[1].change
    assert change is not None
    assert {currency: four.billed for currency, four in change.items()} == {"EUR": Decimal(10), "USD": Decimal(-10)}


def test_restatements_are_what_readers_saw_change(store: sa.Engine, make: Make) -> None:
    """First deliveries and what never went live are none; the newest comes first."""
    for day, one in enumerate(("a", "b", "c")):
        flipped(store, make(one, exported_at=DAY + timedelta(days=day)))
    with store.begin() as connection:
        snapshots.record(connection, make("bad", exported_at=DAY + timedelta(days=9), state="quarantined"))
    assert [one.snapshot_id for one in reports.restatements(store)] == ["c", "b"]


def test_freshness_is_of_the_newest_live_month_of_every_source(store: sa.Engine, make: Make) -> None:
    """One row a source, by name, with the export of its newest month."""
    flipped(store, make("s", period="2026-09"), make("o", exported_at=DAY - timedelta(days=1)), make("g", source="gcp-1", exported_at=None))
    told = [(one.source, one.newest_period, one.exported_at) for one in reports.freshness(store)]
    assert told == [("aws-main", "2026-10", DAY - timedelta(days=1)), ("gcp-1", "2026-10", None)]


def test_what_is_held_back_is_shown_until_it_is_mended(store: sa.Engine) -> None:
    """Refused and quarantined deliveries stay until the same file, or a newer bill of their place, is published."""
    delivered(store, ("x.txt", "refused", None, None), ("a.csv", "quarantined", "aws", "2026-10"), ("b.csv", "quarantined", None, None))
    assert held(store) == [("b.csv", None), ("a.csv", "2026-10"), ("x.txt", None)]
    delivered(store, ("b.csv", "published", "gcp", "2026-10"), ("restated.csv", "published", "aws", "2026-10"))
    assert held(store) == [("x.txt", None)]


@pytest.mark.parametrize("periods", [("2026-09", "2026-10"), ("2026-10", "2026-09")])
def test_a_good_month_does_not_hide_the_bad_one_of_the_same_file(store: sa.Engine, periods: tuple[str, str]) -> None:
    """A file of two months, one published and one held: the held one is shown, whichever came last."""
    bad, good = periods
    fates = sorted([(good, "published"), (bad, "quarantined")])
    delivered(store, *[("gcp.jsonl", fate, "gcp-1", period) for period, fate in fates])
    assert held(store) == [("gcp.jsonl", bad)]
    delivered(store, *[("gcp.jsonl", "published", "gcp-1", period) for period in periods])
    assert held(store) == []


def test_a_file_that_failed_again_is_shown_once(store: sa.Engine) -> None:
    """Of several tries only the last counts."""
    delivered(store, *[("a.csv", "quarantined", None, None)] * 3)
    assert held(store) == [("a.csv", None)]


def test_an_old_bill_published_before_does_not_mend_a_newer_one(store: sa.Engine) -> None:
    """The good one that stays live is no excuse for the wrong one that came after."""
    delivered(store, ("a.csv", "published", "aws", "2026-10"), ("b.csv", "quarantined", "aws", "2026-10"))
    assert held(store) == [("b.csv", "2026-10")]


def test_reconciliation_is_the_newest_at_or_below_a_generation(store: sa.Engine, make: Make) -> None:
    """Each month keeps the rows made last; a later flip does not change what an earlier generation said."""

    def row(status: str, period: str) -> dict[str, object]:
        names = ("provider", "billing_account_id", "invoice_id", "invoice_key", "issuer", "currency")
        money = dict.fromkeys(("invoice_total", "difference", "difference_ratio", "unexplained"))
        bucket = {"name": "rounding", "amount": "0.01", "proof": "told"}
        texts = dict.fromkeys(names, "x")
        return {**texts, **money, "billing_period": period, "billed_cost": "1.5", "status": status, "lines": 2, "waterfall": [bucket]}

    flipped(store, make("a"), reconciliation={"2026-10": [row("open", "2026-10")], "2026-09": [row("no_invoice", "2026-09")]})
    flipped(store, make("b"), reconciliation={"2026-10": [row("reconciled", "2026-10")]})
    told = [[(one.billing_period, one.status) for one in reports.reconciliation(store, n=n)] for n in (0, 1, 2)]
    assert told == [[], [("2026-10", "open"), ("2026-09", "no_invoice")], [("2026-10", "reconciled"), ("2026-09", "no_invoice")]]
    (only,) = reports.reconciliation(store, n=2, period="2026-10")
    assert (only.billed_cost, only.invoice_total, only.waterfall[0].amount) == (Decimal("1.5"), None, Decimal("0.01"))
