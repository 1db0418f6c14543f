from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bursar.domain.periods import Period
from bursar.lake.reports import Delivery, Freshness, Version
from bursar.lake.snapshots import Sums
from bursar.surfaces.web.health import HealthFacts, build, held_rows, late_sources

NOW = datetime(2026, 11, 18, 6, tzinfo=UTC)


def fresh(source: str, period: str, hours: float) -> Freshness:
    """A live source whose newest export is so many hours old."""
    at = NOW - timedelta(hours=hours)
    return Freshness(source=source, format="aws-cur2", newest_period=period, exported_at=at, landed_at=at, published_at=at, rows=10)


def delivery(outcome: str, *, name: str = "drop/part-3.csv", period: str | None = "2026-11") -> Delivery:
    """Something that arrived for source `a`."""
    return Delivery(
        seq=1, seen_at=NOW, name=name, source="a", format="aws-cur2", period=period, snapshot_id=None, exported_at=None, outcome=outcome, rows=312,
        bytes=1, sums={}, cause="drop/part-3.csv holds two currencies", cure="export each apart",
    )  # fmt: skip


def version(period: str, *, change: str) -> Version:
    """A month of source `a` that was delivered again and is now 100 in billed cost."""
    four = {name: Decimal(100) for name in ("billed", "effective", "list", "contracted")}
    return Version(
        source="a", period=period, snapshot_id="s", state="live", exported_at=NOW, landed_at=NOW, published_at=NOW, gen_from=2, gen_to=None, rows=10,
        sums={"USD": Sums(**four)}, rows_change=2, change={"USD": Sums(**{**four, "billed": Decimal(change)})},
    )  # fmt: skip


def facts(*, freshness: list[Freshness], held: list[Delivery], versions: list[Version]) -> HealthFacts:
    """The reports of one house."""
    return HealthFacts(
        now=NOW, period=Period(2026, 10), periods=["2026-10", "2026-11"], currency="USD", invoices=[], effective={}, freshness=freshness,
        live=[("a", "2026-10"), ("a", "2026-11"), ("b", "2026-11")], deliveries=held, held=held, versions=versions,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("period", "hours", "is_late"),
    [("2026-11", 4, False), ("2026-11", 41, True), ("2026-10", 400, True), ("2026-08", 2000, False)],
)
def test_a_source_is_late_while_more_is_to_come(period: str, hours: float, is_late: bool) -> None:
    """Old in an open month, or left behind by the others: late. Ended long ago: history."""
    source = fresh("a", period, hours)
    assert late_sources([source, fresh("b", "2026-11", 1)], NOW) == ([source] if is_late else [])


def test_a_lane_shows_the_worst_of_each_month() -> None:
    """Held back, restated, open and missing months are told apart, each with its word."""
    page = build(
        facts(
            freshness=[fresh("a", "2026-11", 4), fresh("b", "2026-11", 4)],
            held=[delivery("quarantined")],
            versions=[version("2026-10", change="1")],
        )
    )
    assert [[state for state, _ in lane.cells] for lane in page.lanes] == [["again", "bad"], ["none", "part"]]
    assert page.headline == "Nothing is reconciled yet: no invoice was given; one delivery is held back and one month was delivered again"


def test_a_restatement_shows_both_totals() -> None:
    """What was believed and what is believed now stand beside each other; the change is their difference."""
    page = build(facts(freshness=[], held=[], versions=[version("2026-10", change="-12.50")]))
    assert page.restatements[0].sums == [("USD", Decimal("112.50"), Decimal(100))]


def test_what_is_held_says_how_to_mend_it() -> None:
    """Cause and cure as the room wrote them, file names untouched, and a command that can be typed."""
    (row,) = held_rows([delivery("quarantined")])
    assert row.cause == "drop/part-3.csv holds two currencies"
    assert row.cure == "Export each apart"
    assert row.command == "bursar ingest drop/part-3.csv"
    (odd,) = held_rows([delivery("refused", name="my bill; rm -rf.csv", period=None)])
    assert odd.command == "bursar ingest PATH"
    assert odd.period == "not known"
