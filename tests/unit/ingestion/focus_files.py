"""FOCUS files made by hand, for tests that take bills in."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path


def charge(cost: str = "1.5", *, day: str = "2026-10-01", account: str = "111", **more: str) -> dict[str, str]:
    """One FOCUS line."""
    month = f"{day[:7]}-01T00:00:00Z"
    return {
        **dict.fromkeys(("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"), cost),
        "BillingCurrency": "USD",
        "BillingAccountId": account,
        "BillingPeriodStart": month,
        "BillingPeriodEnd": f"{day[:5]}{int(day[5:7]) + 1:02d}-01T00:00:00Z",
        "ChargePeriodStart": f"{day}T00:00:00Z",
        "ChargePeriodEnd": f"{day}T01:00:00Z",
        "ChargeCategory": "Usage",
        "ServiceName": "Compute",
        "ServiceCategory": "Compute",
        "ProviderName": "Acme",
        "PublisherName": "Acme",
        "InvoiceIssuerName": "Acme",
        **more,
    }


def write(path: Path, *rows: dict[str, str]) -> Path:
    """A CSV of these lines, packed if its name says so."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0] if rows else charge()))
    writer.writeheader()
    writer.writerows(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.getvalue().encode()) if path.suffix == ".gz" else text.getvalue().encode())
    return path
