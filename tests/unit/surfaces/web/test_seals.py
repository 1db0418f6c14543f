from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from bursar.lake.reports import Reconciled
from bursar.surfaces.web.seals import covered, of_invoice, scope, seal


def row(status: str, *, billed: str = "100", invoice: str | None = "100", currency: str = "USD", period: str = "2026-10") -> Reconciled:
    """An invoice as reports tell it."""
    total = None if invoice is None else Decimal(invoice)
    difference = None if total is None else Decimal(billed) - total
    return Reconciled(
        provider="aws", billing_account_id="1", invoice_id="I", invoice_key="K", issuer="AWS", billing_period=period, currency=currency,
        billed_cost=Decimal(billed), invoice_total=total, difference=difference, unexplained=difference, status=status, lines=3, waterfall=(),
        difference_ratio=None if total is None or difference is None else difference / total,
    )  # fmt: skip


NO_INVOICE = row("no_invoice", billed="25", invoice=None)


@pytest.mark.parametrize(
    ("rows", "kind", "text"),
    [
        ([], "none", "no invoice"),
        ([row("reconciled")], "ok", "reconciled to invoice 0.00 %"),
        ([row("reconciled"), NO_INVOICE], "ok", "reconciled to invoice 0.00 % on 80.0 % of it"),
        ([row("reconciled"), row("within_tolerance", invoice="101")], "tol", "within tolerance 0.50 %"),
        ([row("reconciled"), row("open", invoice=None)], "open", "open in part"),
        ([row("open")], "open", "open month"),
        ([NO_INVOICE], "none", "no invoice"),
        ([row("reconciled"), row("out_of_tolerance", billed="120"), row("open")], "bad", "out of tolerance 20.00 %"),
    ],
)
def test_the_worst_word_wins(rows: list[Reconciled], kind: str, text: str) -> None:
    """A total is as good as the worst of its invoices, an open month is never reconciled, and partial cover is said."""
    made = seal(rows)
    assert (made.kind, made.text) == (kind, text)


def test_an_open_month_with_its_invoice_is_still_open() -> None:
    """An early invoice of a month that still changes does not make it reconciled."""
    assert seal([row("open", invoice="100")]).kind == "open"
    assert covered([row("open", invoice="100")]) == 0


def test_invoices_of_another_currency_or_month_say_nothing() -> None:
    """A seal speaks of the invoices of its own currency, month and provider only."""
    rows = [row("reconciled"), row("out_of_tolerance", currency="EUR"), row("open", period="2026-11"), replace(NO_INVOICE, provider="gcp")]
    kept = scope(rows, periods=["2026-10"], currency="USD", providers=frozenset({"aws"}))
    assert kept == rows[:1]


def test_almost_all_is_not_called_all() -> None:
    """A cover that rounds to a hundred is written as 99.9 while anything is missing."""
    tiny = row("no_invoice", billed="0.000001", invoice=None)
    assert seal([row("reconciled"), tiny]).cover == "99.9"


def test_an_invoice_without_total_has_no_ratio() -> None:
    """Where no invoice came, no difference is claimed."""
    assert of_invoice(NO_INVOICE).text == "no invoice"
