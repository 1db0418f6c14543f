"""Published months and invoices made by hand, for tests of reconciliation and its gate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from bursar.ingestion.invoices import Invoice, InvoiceLine
from bursar.lake.snapshots import Snapshot

NOW = datetime(2026, 11, 20, tzinfo=UTC)
"""Ten days after October closed."""

EXPORTED = datetime(2026, 11, 4, tzinfo=UTC)
AMAZON = "Amazon Web Services, Inc."


@dataclass(frozen=True)
class Lines:
    """Charges of one key, issuer and category, as a snapshot sums them."""

    billed: str
    key: str = "I-1"
    category: str = "Usage"
    issuer: str = AMAZON
    rows: int = 4
    currency: str = "USD"
    provider: str = "aws"
    account: str = "111"


def month(
    *lines: Lines, ident: str = "a", period: str = "2026-10", source: str = "aws-main", exported_at: datetime | None = EXPORTED
) -> Snapshot:
    """A FOCUS snapshot whose charges are these."""
    entries: list[dict[str, object]] = [
        {
            "x_Provider": one.provider,
            "BillingAccountId": one.account,
            "x_InvoiceKey": one.key,
            "InvoiceIssuerName": one.issuer,
            "ChargeCategory": one.category,
            "BillingCurrency": one.currency,
            "rows": one.rows,
            "billed": one.billed,
        }
        for one in lines
    ]
    return Snapshot(
        id=ident,
        layer="focus",
        source=source,
        period=period,
        format="aws-cur2",
        role="bill",
        state="staged",
        detail={"invoices": entries},
        exported_at=exported_at,
        seen_at=NOW,
    )


LINE = InvoiceLine(
    provider="aws",
    billing_account_id="111",
    invoice_id="I-1",
    billing_period="2026-10",
    issuer=AMAZON,
    currency="USD",
    total=Decimal(100),
    tax=Decimal(0),
    issued_at="2026-11-03",
)


def invoice(*totals: str, **changes: Any) -> Invoice:  # noqa: ANN401 - fields of a line
    """An invoice with one line per total."""
    return Invoice(lines=tuple(replace(LINE, total=Decimal(total), **changes) for total in totals))
