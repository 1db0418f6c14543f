"""A bill that comes again: the same changes nothing, a newer one replaces it whole, an older or wrong one stays out."""

from __future__ import annotations

from decimal import Decimal

from tests.acceptance.conftest import MONTH, House, bill, charge, invoice


def test_the_same_bytes_again_change_nothing(house: House) -> None:
    """Under any name: the same generation, the same totals, no entry more in the history."""

    def told() -> tuple[int, dict[str, Decimal], int]:
        return house.generation(), house.totals(), len(house.run("history", "--period", MONTH, "--format", "json").json["rows"])

    house.run("ingest", "bill.csv")  # by the code as it is now: bytes known to other code are read again, and in a checkout code changes
    before = told()
    (house.project / "again.csv").write_bytes((house.project / "bill.csv").read_bytes())
    said = house.run("ingest", "bill.csv", "again.csv")
    assert said.out.count("unchanged") == 2
    assert f"Nothing changed; generation {before[0]} stands." in said.out
    assert told() == before


def test_a_restated_month_is_replaced_whole_and_history_shows_both(house: House) -> None:
    """Rows that are gone disappear, the difference is told, and what was believed before can still be asked."""
    bill(house.project / "restated.csv", charge("11"), charge("0.5", day=9))
    assert "Published as generation 2." in house.run("ingest", "restated.csv").out
    assert house.totals() == {"USD": Decimal("11.5")}
    teams = house.costs("billed_cost", "--group-by", "team")["rows"]
    assert {row["team"]: row["value"] for row in teams} == {"core": "11.5"}
    first, second = house.run("history", "--period", MONTH, "--format", "json").json["rows"]
    assert (first["sums"]["USD"]["billed"], second["sums"]["USD"]["billed"]) == ("30", "11.5")
    assert second["change"]["USD"]["billed"] == "-18.5"
    assert "nothing was published by 2025-01-01" in house.run("reconcile", "--as-of", "2025-01-01", code=2).err


def test_an_older_delivery_that_comes_late_is_recorded_not_shown(house: House) -> None:
    """The provider's order counts, not the order of arrival; the user is told what is shown, and how to show this one instead."""
    bill(house.project / "older.csv", charge("1", day=2))
    said = house.run("ingest", "older.csv")
    assert "recorded" in said.out
    assert "Not shown  older.csv" in said.err
    assert "bill.csv is newer" in said.err
    assert "bursar ingest --exported-at YYYY-MM-DD older.csv" in said.err
    assert (house.generation(), house.totals()) == (1, {"USD": Decimal(30)})
    assert [row["state"] for row in house.run("history", "--format", "json").json["rows"]] == ["superseded", "live"]
    house.run("build")
    assert (house.generation(), house.totals()) == (1, {"USD": Decimal(30)})
    house.run("ingest", "--exported-at", "2025-04-02", "older.csv")
    assert (house.generation(), house.totals()) == (2, {"USD": Decimal(1)})


def test_a_delivery_that_contradicts_its_invoice_is_quarantined(house: House) -> None:
    """More than three per cent off: exit 3 with cause and cure, shown in Data health, and the good one stays."""
    house.run("ingest", invoice(house.project / "invoices.csv", "30"))
    (row,) = house.run("reconcile", "--format", "json").json["rows"]
    assert (row["status"], row["difference"], row["invoice_id"]) == ("reconciled", "0", "INV-1")
    bill(house.project / "wrong.csv", charge("15"), charge("16.01", day=9))
    said = house.run("ingest", "wrong.csv", code=3)
    assert "Quarantined  wrong.csv" in said.err
    assert "contradicts invoice INV-1: USD 31.01 against 30" in said.err
    assert "Cure" in said.err
    assert house.totals() == {"USD": Decimal(30)}
    assert [row["state"] for row in house.run("history", "--format", "json").json["rows"]] == ["live", "quarantined"]
    assert "quarantine wrong.csv: contradicts invoice INV-1" in house.run("doctor").out
    house.run("build")
    assert house.totals() == {"USD": Decimal(30)}
    bill(house.project / "mended.csv", charge("14"), charge("16.01", day=9))
    house.run("ingest", "mended.csv")
    assert house.totals() == {"USD": Decimal("30.01")}
    assert "quarantine" not in house.run("doctor").out


def test_what_is_only_staged_is_published_by_the_next_build(house: House) -> None:
    """`--no-build` shows nothing yet; invoices that came with it are met too."""
    bill(house.project / "more.csv", charge("7", account="9002"))
    house.run("ingest", "--no-build", "more.csv", invoice(house.project / "invoices.csv", "7", account="9002"))
    assert house.totals() == {"USD": Decimal(30)}
    house.run("build")
    assert house.totals() == {"USD": Decimal(37)}
    standing = {row["billing_account_id"]: row["status"] for row in house.run("reconcile", "--format", "json").json["rows"]}
    assert standing == {"9001": "no_invoice", "9002": "reconciled"}
