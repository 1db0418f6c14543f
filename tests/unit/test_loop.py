"""The loop: what is taken in is published once, in the provider's order, and whatever was left half-way is finished."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest

from bursar.allocation.build import MartBuilder, Work
from bursar.config import Config
from bursar.domain.errors import ConfigError
from bursar.lake import reports
from bursar.lake.generations import Lake
from bursar.lake.snapshots import Snapshot
from bursar.loop import Bursar
from bursar.store.database import open_store
from tests.unit.ingestion.conftest import OpenWarehouse
from tests.unit.ingestion.focus_files import charge, write

INVOICE = "provider,billing_account_id,invoice_id,billing_period,issuer,currency,total,tax,issued_at\nother,111,I-1,2026-10,Acme,USD,{},0,2026-11-03\n"


class NoMarts:
    """Allocation that makes nothing: the loop's own work is looked at. `wrong` rules fail as the real ones would."""

    def __init__(self) -> None:
        self.wrong = False

    def prepare(self) -> None:
        """Nothing to prepare."""

    def identity(self, period: str, **_: object) -> str:
        """An id; never that of a live one, as there are none."""
        return period

    def build_all(self, works: Sequence[Work], **_: object) -> list[Snapshot]:
        """No marts, of at least one month."""
        assert works
        if self.wrong:
            raise ConfigError("rules.yaml: wrong")
        return []


class Clock:
    """A clock that is set."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The moment it is set to."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Ten days after October closed."""
    return Clock()


@pytest.fixture
def marts() -> NoMarts:
    """Allocation that makes nothing."""
    return NoMarts()


@pytest.fixture
def house(tmp_path: Path, clock: Clock, marts: NoMarts) -> Bursar:
    """An empty house."""
    store = open_store("sqlite://")
    return Bursar(
        config=Config(home=tmp_path / "home"),
        store=store,
        lake=Lake(tmp_path / "home" / "lake", store),
        warehouse=OpenWarehouse(),
        marts=cast("MartBuilder", marts),
        clock=clock,
        progress=lambda _: None,
    )


def live(house: Bursar, table: str = "cost_and_usage") -> list[str]:
    """The snapshots readers see of a table."""
    head = house.lake.head()
    return [file.snapshot_id for file in head.of(table)] if head else []


def billed(house: Bursar) -> Decimal:
    """What the live bills come to."""
    return sum((one.sums["USD"].billed for one in reports.history(house.store) if one.snapshot_id in live(house)), Decimal(0))


def statuses(house: Bursar) -> list[str]:
    """How the invoices stand for readers."""
    head = house.lake.head()
    return [row.status for row in reports.reconciliation(house.store, n=head.n)] if head else []


def test_of_two_versions_in_one_folder_the_later_one_is_shown_for_good(house: Bursar, tmp_path: Path) -> None:
    """The other is history, and no build that follows brings it back."""
    write(tmp_path / "in" / "bill-v1.csv", charge("1"))
    write(tmp_path / "in" / "bill-v2.csv", charge("2"))
    done = house.ingest([tmp_path / "in"])
    assert {one.name: one.outcome for one in done.outcomes} == {"bill-v1.csv": "recorded", "bill-v2.csv": "published"}
    assert {one.name: one.outcome for one in reports.deliveries(house.store)} == {"bill-v1.csv": "recorded", "bill-v2.csv": "published"}
    for _ in range(2):
        house.publish()
        assert (billed(house), house.lake.generation(1).n) == (Decimal(2), 1)


def test_of_two_metric_files_the_later_one_counts_for_good(house: Bursar, tmp_path: Path) -> None:
    """Quantities are replaced by month as bills are."""
    for name, quantity in (("a.csv", 1), ("b.csv", 2)):
        path = tmp_path / "in" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"metric,day,service,env,tenant,quantity\nrequests,2026-10-01,,,,{quantity}\n")
    done = house.ingest([tmp_path / "in"])
    assert [one.outcome for one in done.outcomes] == ["recorded", "published"]
    shown = live(house, "unit_metric_daily")
    house.publish()
    assert live(house, "unit_metric_daily") == shown == [done.outcomes[1].snapshot_id]


def test_a_bill_held_by_its_invoice_gives_way_to_the_one_before(house: Bursar, tmp_path: Path) -> None:
    """Of two that come together the newest that is right is shown, the wrong one quarantined with its cause."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "invoices.csv").write_text(INVOICE.format("1"))
    write(tmp_path / "in" / "bill-v1.csv", charge("1"))
    write(tmp_path / "in" / "bill-v2.csv", charge("2"))
    outcomes = {one.name: one for one in house.ingest([tmp_path / "in"]).outcomes}
    assert (outcomes["bill-v1.csv"].outcome, outcomes["bill-v2.csv"].outcome) == ("published", "quarantined")
    assert "contradicts invoice I-1" in str(outcomes["bill-v2.csv"].cause)
    assert (billed(house), statuses(house)) == (Decimal(1), ["reconciled"])
    assert [one.name for one in reports.quarantine(house.store)] == ["bill-v2.csv"]


def test_a_month_that_closes_is_said_to_be_closed(house: Bursar, tmp_path: Path, clock: Clock) -> None:
    """Without a new delivery: the next build says so in a generation of its own, and only once."""
    clock.now = datetime(2026, 11, 2, tzinfo=UTC)
    house.ingest([write(tmp_path / "bill.csv", charge())])
    assert statuses(house) == ["open"]
    clock.now = datetime(2026, 11, 10, tzinfo=UTC)
    generations = [house.publish(), house.publish()]
    assert [one.n for one in generations if one] == [2, 2]
    assert statuses(house) == ["no_invoice"]


def test_invoices_of_a_run_that_died_are_met_by_the_next(house: Bursar, tmp_path: Path) -> None:
    """They were stored and not reconciled: the file says nothing new, and still they are met."""
    house.ingest([write(tmp_path / "bill.csv", charge("5"))])
    path = tmp_path / "invoices.csv"
    path.write_text(INVOICE.format("5"))
    house.ingest([path], build=False)
    assert statuses(house) == ["no_invoice"]
    done = house.ingest([path])
    assert ([one.outcome for one in done.outcomes], done.changed, statuses(house)) == (["unchanged"], True, ["reconciled"])


def test_an_invoice_of_the_wrong_month_is_corrected_by_giving_it_again(house: Bursar, tmp_path: Path) -> None:
    """The month it was given for by mistake has none any more; what was believed then is still told."""
    house.ingest([write(tmp_path / "bill.csv", charge("5"))])
    path = tmp_path / "invoices.csv"
    path.write_text(INVOICE.format("5").replace("2026-10,", "2026-08,"))
    house.ingest([path])
    assert statuses(house) == ["no_invoice", "out_of_tolerance"]
    path.write_text(INVOICE.format("5"))
    house.ingest([path])
    assert statuses(house) == ["reconciled"]
    assert [row.status for row in reports.reconciliation(house.store, n=2)] == ["no_invoice", "out_of_tolerance"]


def test_wrong_rules_stop_the_build_and_lose_nothing(house: Bursar, tmp_path: Path, marts: NoMarts) -> None:
    """What was read waits, which is said, and is published once the rules are mended."""
    marts.wrong = True
    with pytest.raises(ConfigError, match=r"rules\.yaml") as caught:
        house.ingest([write(tmp_path / "bill.csv", charge("5"))])
    assert "staged, nothing is lost; once it is mended: bursar build" in caught.value.cure
    assert house.lake.head() is None
    marts.wrong = False
    house.publish()
    assert billed(house) == Decimal(5)
    assert [one.outcome for one in reports.deliveries(house.store)] == ["published"]


def test_what_only_waits_is_called_staged_until_a_build(house: Bursar, tmp_path: Path) -> None:
    """Bills and invoices alike, in the outcome and in Data health; a build tells what the gate holds back."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "invoices.csv").write_text(INVOICE.format("5"))
    write(tmp_path / "in" / "bill.csv", charge("5"))
    assert [one.outcome for one in house.ingest([tmp_path / "in"], build=False).outcomes] == ["staged", "staged"]
    house.publish()
    assert [one.outcome for one in reports.deliveries(house.store)] == ["published", "published"]
    house.ingest([write(tmp_path / "wrong.csv", charge("9"))], build=False)
    held: list[str] = []
    for _ in range(2):
        house.publish(held=lambda one: held.append(one.cause))
    assert len(held) == 1
    assert "contradicts invoice I-1" in held[0]


def test_nothing_new_is_no_generation(house: Bursar, tmp_path: Path) -> None:
    """The same bytes, or a build without a change, leave the head where it is."""
    path = write(tmp_path / "bill.csv", charge())
    first, again = house.ingest([path]), house.ingest([path])
    assert (first.generation, first.changed, again.generation, again.changed) == (1, True, 1, False)
    assert [one.outcome for one in again.outcomes] == ["unchanged"]
    head = house.publish()
    assert head is not None
    assert head.n == 1


def test_an_unknown_file_is_refused_and_the_rest_goes_on(house: Bursar, tmp_path: Path) -> None:
    """Its outcome is kept for Data health."""
    write(tmp_path / "in" / "bill.csv", charge())
    (tmp_path / "in" / "notes.csv").write_text("a,b\n")
    done = house.ingest([tmp_path / "in"])
    assert {one.name: one.outcome for one in done.outcomes} == {"notes.csv": "refused", "bill.csv": "published"}
    assert [one.name for one in reports.quarantine(house.store)] == ["notes.csv"]
