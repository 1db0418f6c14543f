"""The invoices of a month as finance would hand them over: one line each, in whole cents or yen."""

import csv
from pathlib import Path

from bursar.adapters.clouds.simulated.amounts import UNIT, minor
from bursar.adapters.clouds.simulated.ledger import Invoice, Ledger
from bursar.domain.periods import Period

HEADER = ("provider", "billing_account_id", "invoice_id", "billing_period", "issuer", "currency", "total", "tax", "issued_at")


def write(folder: Path, month: Period, ledger: Ledger) -> None:
    """Write `invoices-YYYY-MM.csv` with every invoice registered for the month; none registered, no file."""
    issued = [invoice for invoice in ledger.invoices.values() if invoice.period == str(month)]
    if not issued:
        return
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"invoices-{month}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(_row(invoice, ledger) for invoice in sorted(issued, key=lambda invoice: (invoice.provider, invoice.key)))


def _row(invoice: Invoice, ledger: Ledger) -> list[str]:
    total = printed(ledger.billed(invoice.key), invoice.currency)
    tax = printed(ledger.billed(invoice.key, category="Tax"), invoice.currency)
    return [
        invoice.provider, invoice.billing_account, invoice.printed, invoice.period, invoice.issuer,
        invoice.currency, total, tax, invoice.issued_at,
    ]  # fmt: skip


def printed(amount: int, currency: str) -> str:
    """An amount as invoices print it. Raises ValueError if it has parts of a cent, or of a yen: the events are wrong then."""
    step = minor(currency)
    whole, rest = divmod(abs(amount), step)
    if rest:
        raise ValueError(f"an invoice of {amount} units is not in whole steps of {currency}")
    sign = "-" if amount < 0 else ""
    return f"{sign}{whole}" if step == UNIT else f"{sign}{whole // 100}.{whole % 100:02d}"
