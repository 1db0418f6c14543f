"""Invoices as the user gives them: a CSV, one line per invoice or per part of one.

Header: provider, billing_account_id, invoice_id, billing_period, issuer, currency, total, tax, issued_at and, where
known, payment_currency, payment_total, charge_category. `total` is what is due, tax included; lines of one id add up.
"""

import csv
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import sqlalchemy as sa

from bursar.domain.errors import BillError, ConfigError
from bursar.domain.money import cost, plain, total
from bursar.domain.periods import Period, stamp
from bursar.ingestion.currencies import check_currency
from bursar.store.schema import invoice_detail

REQUIRED = ("provider", "billing_account_id", "invoice_id", "billing_period", "issuer", "currency", "total", "tax", "issued_at")
OPTIONAL = ("payment_currency", "payment_total", "charge_category")


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLine:
    """One line of an invoice file. Amounts in `currency`; `tax` is the part of `total` that is tax."""

    provider: str
    billing_account_id: str
    invoice_id: str
    billing_period: str
    issuer: str
    currency: str
    total: Decimal
    tax: Decimal
    issued_at: str
    payment_currency: str | None = None
    payment_total: Decimal | None = None
    charge_category: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What a file of invoices did: the billing periods it touched, and the ids it gave in a version that was replaced before."""

    touched: tuple[str, ...]
    passed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """All lines of one issuer's invoice id, account and billing period."""

    lines: tuple[InvoiceLine, ...]

    @property
    def first(self) -> InvoiceLine:
        """The line that names it."""
        return self.lines[0]

    @property
    def total(self) -> Decimal:
        """What is due, tax included."""
        return total(line.total for line in self.lines)

    @property
    def tax(self) -> Decimal:
        """The tax within the total."""
        return total(line.tax for line in self.lines)


def read_invoices(path: Path) -> list[InvoiceLine]:
    """Every line of an invoice file. Raises BillError naming file, line and column of the first thing that is wrong."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = [name for name in REQUIRED if name not in (reader.fieldnames or ())]
            if missing:
                raise BillError(
                    f"{path.name}: no column {', '.join(missing)}", cure=f"The header must be: {','.join(REQUIRED)}[,{','.join(OPTIONAL)}]"
                )
            lines = [_line(path.name, reader.line_num, row) for row in reader]
    except OSError as error:
        raise BillError(f"{path.name}: cannot be read: {error.strerror}", cure="Check the file's permissions.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise BillError(f"{path.name}: not a CSV in UTF-8: {error}", cure="Save it as CSV, UTF-8.") from error
    if not lines:
        raise BillError(f"{path.name}: holds no invoice", cure="Add one line per invoice.")
    for invoice in group(lines):
        _check_one_currency(path.name, invoice)
    return lines


def store_invoices(connection: sa.Connection, lines: Iterable[InvoiceLine], *, now: datetime) -> Stored:
    """Make a file's invoices count, each whole and in place of what was given under its provider, issuer and id before.

    So a corrected file takes back an invoice of a wrong month or account. What says nothing new, was issued before
    what counts, or was given before and replaced since, changes nothing. What is replaced is kept.
    """
    at = stamp(now)
    given: defaultdict[tuple[str, str, str], list[InvoiceLine]] = defaultdict(list)
    for line in lines:
        given[line.provider, line.issuer, line.invoice_id].append(line)
    touched: set[str] = set()
    passed: list[str] = []
    for (provider, issuer, ident), mine in given.items():
        table = invoice_detail.c
        same = (table.provider == provider, table.issuer == issuer, table.invoice_id == ident)
        counting, versions = _versions(connection, same)
        if mine == counting:
            continue
        if mine in versions or max(line.issued_at for line in mine) < max((line.issued_at for line in counting), default=""):
            passed.append(ident)
            continue
        connection.execute(invoice_detail.update().where(*same, table.replaced_at.is_(None)).values(replaced_at=at))
        connection.execute(invoice_detail.insert(), [_to_row(line, at) for line in mine])
        touched.update(line.billing_period for line in (*counting, *mine))
    return Stored(touched=tuple(sorted(touched)), passed=tuple(passed))


def _versions(connection: sa.Connection, same: Sequence[sa.ColumnElement[bool]]) -> tuple[list[InvoiceLine], list[list[InvoiceLine]]]:
    """The lines of an invoice that count, and each set of lines that counted before."""
    replaced: defaultdict[tuple[str, str], list[InvoiceLine]] = defaultdict(list)
    counting: list[InvoiceLine] = []
    for row in connection.execute(sa.select(invoice_detail).where(*same).order_by(invoice_detail.c.seq)).mappings():
        held = counting if row["replaced_at"] is None else replaced[row["received_at"], row["replaced_at"]]
        held.append(_from_row(row))
    return counting, list(replaced.values())


def known_invoices(connection: sa.Connection, periods: Sequence[str] | None = None) -> list[Invoice]:
    """The invoices that count, of these billing periods or of all."""
    query = sa.select(invoice_detail).where(invoice_detail.c.replaced_at.is_(None)).order_by(invoice_detail.c.seq)
    if periods is not None:
        query = query.where(invoice_detail.c.billing_period.in_(periods))
    return group(_from_row(row) for row in connection.execute(query).mappings())


def group(lines: Iterable[InvoiceLine]) -> list[Invoice]:
    """Lines by invoice, in order of first appearance."""
    found: dict[tuple[str, str, str, str, str], list[InvoiceLine]] = {}
    for line in lines:
        place = (line.provider, line.issuer, line.billing_account_id, line.invoice_id, line.billing_period)
        found.setdefault(place, []).append(line)
    return [Invoice(lines=tuple(entry)) for entry in found.values()]


def _check_one_currency(file: str, invoice: Invoice) -> None:
    """Lines add up only within one currency, and a payment only if every line states it."""
    for what, told in (
        ("currency", {line.currency for line in invoice.lines}),
        ("payment currency", {line.payment_currency if line.payment_total is not None else None for line in invoice.lines}),
    ):
        if len(told) > 1:
            named = ", ".join(sorted(one or "none" for one in told))
            raise BillError(
                f"{file}: the lines of invoice {invoice.first.invoice_id} differ in {what}: {named}",
                cure="Give every line of one invoice in the same currency; none of the file was taken.",
            )


def _line(file: str, number: int, row: dict[str, str | None]) -> InvoiceLine:
    values = {name: (row.get(name) or "").strip() for name in (*REQUIRED, *OPTIONAL)}
    empty = [name for name in REQUIRED if not values[name] and name != "tax"]
    if empty:
        raise BillError(f"{file}, line {number}: {empty[0]} is empty", cure="Every invoice line names all of: " + ", ".join(REQUIRED))
    try:
        payment = values["payment_total"]
        return InvoiceLine(
            provider=values["provider"].lower(),
            billing_account_id=values["billing_account_id"],
            invoice_id=values["invoice_id"],
            billing_period=str(Period.parse(values["billing_period"])),
            issuer=values["issuer"],
            currency=check_currency(values["currency"]),
            total=cost(values["total"]),
            tax=cost(values["tax"] or "0"),
            issued_at=_day(values["issued_at"]),
            payment_currency=check_currency(values["payment_currency"]) if values["payment_currency"] or payment else None,
            payment_total=cost(payment) if payment else None,
            charge_category=values["charge_category"] or None,
        )
    except (BillError, ConfigError, ValueError) as error:
        raise BillError(f"{file}, line {number}: {error}", cure="Mend the line and ingest the file again; none of it was taken.") from error


def _day(text: str) -> str:
    try:
        return str(date.fromisoformat(text[:10]))
    except ValueError as error:
        raise BillError(f"issued_at is not a date: {text[:40]!r}", cure="Write it as YYYY-MM-DD.") from error


def _to_row(line: InvoiceLine, at: str) -> dict[str, object]:
    row: dict[str, object] = {name: getattr(line, name) for name in (*REQUIRED, *OPTIONAL)}
    for name in ("total", "tax", "payment_total"):
        row[name] = None if row[name] is None else plain(getattr(line, name))
    return {**row, "received_at": at}


def _from_row(row: sa.RowMapping) -> InvoiceLine:
    values = {name: row[name] for name in (*REQUIRED, *OPTIONAL)}
    for name in ("total", "tax", "payment_total"):
        values[name] = None if values[name] is None else cost(values[name])
    return InvoiceLine(**values)
