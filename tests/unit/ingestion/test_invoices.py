"""Invoices: lines that add up within one currency, replaced by what is given later, and wrong ones named by line."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from bursar.domain.errors import BillError
from bursar.ingestion.invoices import InvoiceLine, known_invoices, read_invoices, store_invoices
from bursar.store.database import open_store

HEADER = "provider,billing_account_id,invoice_id,billing_period,issuer,currency,total,tax,issued_at,payment_currency,payment_total,charge_category"
LINE = "aws,111,I-1,2026-10,Amazon Web Services Inc.,USD,120.50,20.50,2026-11-02,,,"
NOW = datetime(2026, 11, 3, tzinfo=UTC)


@pytest.fixture
def store() -> sa.Engine:
    """A migrated database in memory."""
    return open_store("sqlite://")


def read(folder: Path, *lines: str, header: str = HEADER) -> list[InvoiceLine]:
    """The lines of a file of these."""
    path = folder / "invoices.csv"
    path.write_text("\n".join((header, *lines, "")), "utf-8")
    return read_invoices(path)


def changed(line: str, **values: str) -> str:
    """A line with other values in some columns."""
    cells = dict(zip(HEADER.split(","), line.split(","), strict=True))
    return ",".join({**cells, **values}.values())


def test_a_line_is_read_to_the_digit(tmp_path: Path) -> None:
    """Amounts keep theirs, ids stay text, the provider is folded, a stamp becomes its day."""
    (line,) = read(
        tmp_path, changed(LINE, provider="AWS", billing_account_id="000123", total="0.000000000001", issued_at="2026-11-02T23:59:00Z")
    )
    assert (line.provider, line.billing_account_id, line.total, line.tax, line.issued_at) == (
        "aws",
        "000123",
        Decimal("1E-12"),
        Decimal("20.5"),
        "2026-11-02",
    )
    assert (line.payment_currency, line.payment_total, line.charge_category) == (None, None, None)


def test_a_short_header_and_a_byte_order_mark_are_fine(tmp_path: Path) -> None:
    """The last three columns are optional, further ones are left alone, an empty tax is none."""
    header = "\ufeff" + ",".join(HEADER.split(",")[:9]) + ",note"
    (line,) = read(tmp_path, "gcp,A,A:2026-10:GOOGLE,2026-10,Google,JPY,5000,,2026-11-02,hello", header=header)
    assert (line.currency, line.total, line.tax) == ("JPY", Decimal(5000), Decimal(0))


@pytest.mark.parametrize(
    ("values", "cause"),
    [
        ({"total": "1,200"}, "not an amount"),
        ({"total": "NaN"}, "not an amount"),
        ({"total": "1e400"}, "not an amount"),
        ({"tax": "some"}, "not an amount"),
        ({"currency": "US$"}, "unknown currency"),
        ({"currency": ""}, "currency is empty"),
        ({"invoice_id": " "}, "invoice_id is empty"),
        ({"billing_period": "October"}, "not a billing period"),
        ({"issued_at": "02/11/2026"}, "issued_at|Invalid isoformat"),
        ({"payment_total": "10"}, "unknown currency"),
        ({"payment_currency": "EUROS", "payment_total": "10"}, "unknown currency"),
    ],
)
def test_a_wrong_line_is_named_by_file_and_line(tmp_path: Path, values: dict[str, str], cause: str) -> None:
    """Blank lines and quoted line breaks before it do not shift the number an editor shows."""
    before = ['aws,111,I-0,2026-10,"Amazon,\nInc.",USD,1,0,2026-11-02,,,', ""]
    with pytest.raises(BillError, match=rf"invoices\.csv, line 5: .*({cause})") as caught:
        read(tmp_path, *before, changed(LINE.replace("1,200", '"1,200"'), **{key: f'"{value}"' for key, value in values.items()}))
    assert caught.value.cure


def test_a_missing_column_is_told_with_the_whole_header(tmp_path: Path) -> None:
    """The cure can be pasted."""
    with pytest.raises(BillError, match=r"invoices\.csv: no column tax, issued_at") as caught:
        read(tmp_path, "aws,1,I,2026-10,A,USD,1", header="provider,billing_account_id,invoice_id,billing_period,issuer,currency,total")
    assert "issued_at[,payment_currency" in caught.value.cure


@pytest.mark.parametrize("content", [b"", f"{HEADER}\n".encode(), b"\xff\xfe\x00", b"\x1f\x8b\x08\x00"])
def test_a_file_without_invoices_is_refused(tmp_path: Path, content: bytes) -> None:
    """Empty, header only or no text at all: said so, never taken as 'no invoices'."""
    (tmp_path / "invoices.csv").write_bytes(content)
    with pytest.raises(BillError, match=r"invoices\.csv"):
        read_invoices(tmp_path / "invoices.csv")


def test_a_file_that_cannot_be_opened_is_the_bills_fault(tmp_path: Path) -> None:
    """It went away, or may not be read."""
    with pytest.raises(BillError, match="cannot be read"):
        read_invoices(tmp_path / "gone.csv")


def test_one_invoice_has_one_currency(tmp_path: Path) -> None:
    """Lines of one id in dollars and euros have no total."""
    with pytest.raises(BillError, match="I-1 differ in currency: EUR, USD"):
        read(tmp_path, LINE, changed(LINE, currency="EUR"))


def test_a_payment_is_stated_on_every_line_or_on_none(tmp_path: Path) -> None:
    """A half-stated payment would pass for the whole."""
    with pytest.raises(BillError, match="differ in payment currency: EUR, none"):
        read(tmp_path, LINE, changed(LINE, payment_currency="EUR", payment_total="100"))


def test_lines_of_one_id_add_up(tmp_path: Path, store: sa.Engine) -> None:
    """Total and tax, in the store as in the file, and every month apart."""
    lines = read(tmp_path, LINE, changed(LINE, total="-20.50", tax="0.00"), changed(LINE, billing_period="2026-09"))
    with store.begin() as connection:
        assert store_invoices(connection, lines, now=NOW).touched == ("2026-09", "2026-10")
        october, september = known_invoices(connection)
        assert (october.total, october.tax, len(october.lines)) == (Decimal(100), Decimal("20.5"), 2)
        assert september.total == Decimal("120.5")
        assert known_invoices(connection, ["2026-09"]) == [september]
        assert known_invoices(connection, []) == []


def test_the_same_invoice_again_changes_nothing(tmp_path: Path, store: sa.Engine) -> None:
    """Not a row, whatever zeros its amounts are written with."""
    with store.begin() as connection:
        store_invoices(connection, read(tmp_path, LINE), now=NOW)
        assert store_invoices(connection, read(tmp_path, changed(LINE, total="120.5000")), now=NOW).touched == ()
        assert connection.execute(sa.text("SELECT count(*) FROM invoice_detail")).scalar() == 1


def test_a_corrected_invoice_replaces_the_old_one_and_keeps_it(tmp_path: Path, store: sa.Engine) -> None:
    """What counts is the newest; what was believed stays readable."""
    with store.begin() as connection:
        store_invoices(connection, read(tmp_path, LINE, changed(LINE, invoice_id="I-2")), now=NOW)
        assert store_invoices(connection, read(tmp_path, changed(LINE, total="99")), now=NOW).touched == ("2026-10",)
        assert {invoice.first.invoice_id: invoice.total for invoice in known_invoices(connection)} == {
            "I-1": Decimal(99),
            "I-2": Decimal("120.5"),
        }
        replaced = connection.execute(sa.text("SELECT total FROM invoice_detail WHERE replaced_at IS NOT NULL")).scalars().all()
        assert replaced == ["120.5"]


@pytest.mark.parametrize("wrong", [{"billing_period": "2026-11"}, {"billing_account_id": "999"}])
def test_an_invoice_given_for_the_wrong_month_or_account_is_taken_back(tmp_path: Path, store: sa.Engine, wrong: dict[str, str]) -> None:
    """The corrected file says where it belongs; another issuer's invoice of the same number stays, and so does the mistake, as history."""
    other = changed(LINE, issuer="Somebody Else", billing_period="2026-08")
    with store.begin() as connection:
        store_invoices(connection, read(tmp_path, changed(LINE, **wrong), other), now=NOW)
        touched = store_invoices(connection, read(tmp_path, LINE), now=NOW).touched
        assert touched == tuple(sorted({"2026-10", wrong.get("billing_period", "2026-10")}))
        counts = {(one.first.issuer, one.first.billing_account_id, one.first.billing_period) for one in known_invoices(connection)}
        assert counts == {("Amazon Web Services Inc.", "111", "2026-10"), ("Somebody Else", "111", "2026-08")}
        assert connection.execute(sa.text("SELECT count(*) FROM invoice_detail")).scalar() == 3


def test_two_versions_in_one_folder_come_to_rest(tmp_path: Path, store: sa.Engine) -> None:
    """An old version given again does not take back the newer one, nor does one that was issued before it."""
    old, new = read(tmp_path, LINE), read(tmp_path, changed(LINE, total="99"))
    earlier = read(tmp_path, changed(LINE, total="77", issued_at="2026-01-01"))
    with store.begin() as connection:
        store_invoices(connection, old, now=NOW)
        store_invoices(connection, new, now=NOW)
        for again in (old, new, earlier):
            assert store_invoices(connection, again, now=NOW).touched == ()
        assert store_invoices(connection, old, now=NOW).passed == ("I-1",)
        assert [invoice.total for invoice in known_invoices(connection)] == [Decimal(99)]


def test_two_issuers_may_use_one_number(tmp_path: Path, store: sa.Engine) -> None:
    """Neither invoice takes the other's place, not even in one account and month."""
    with store.begin() as connection:
        store_invoices(connection, read(tmp_path, LINE), now=NOW)
        store_invoices(connection, read(tmp_path, changed(LINE, issuer="Somebody Else", total="7")), now=NOW)
        assert sorted(invoice.total for invoice in known_invoices(connection)) == [Decimal(7), Decimal("120.5")]
