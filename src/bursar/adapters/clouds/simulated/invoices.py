"""The invoices of a month as finance would hand them over: one line each, in whole cents."""

import csv
from pathlib import Path

from bursar.adapters.clouds.simulated.amounts import CENT
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
    total = cents(ledger.billed(invoice.key))
    tax = cents(ledger.billed(invoice.key, category="Tax"))
    return [
        invoice.provider, invoice.billing_account, invoice.printed, invoice.period, invoice.issuer,
        invoice.currency, total, tax, invoice.issued_at,
    ]  # fmt: skip


def cents(amount: int) -> str:
    """An amount of whole cents as invoices print it. Raises ValueError if it is none: the events are wrong then."""
    whole, rest = divmod(abs(amount), CENT)
    if rest:
        raise ValueError(f"an invoice of {amount} units is not in whole cents")
    return f"{'-' if amount < 0 else ''}{whole // 100}.{whole % 100:02d}"
