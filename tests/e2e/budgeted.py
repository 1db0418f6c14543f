"""What may be spent in the made estate, what the month will come to, and what was saved: budgets, forecasts, the savings ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
from e2e import decided
from e2e.decided import HOSTILE, NOW, TODAY
from e2e.made import MadeHouse

from bursar.domain.periods import stamp
from bursar.store import schema

BUDGETS = f"""
- id: estate
  scope: "provider IN ('aws', 'gcp', 'azure')"
  currency: USD
  amounts: {{default: 190000}}
  thresholds: [{{at: 0.5, of: actual, severity: low}}, {{at: 1.0, of: forecast, severity: high}}]
- {{id: ml, parent: estate, owner: ml, scope: "team = 'ml'", currency: USD, amounts: {{default: 12000}}, thresholds: [{{at: 1, of: actual, severity: critical}}]}}
- {{id: search, parent: estate, owner: search, scope: "team = 'search'", currency: USD, amounts: {{default: 26000}}, gate: {{mode: hard}}}}
- {{id: payments, parent: estate, owner: payments, scope: "team = 'payments'", currency: USD, amounts: {{default: 60000, "2026-12": 70000}}}}
- {{id: ml-quarter, scope: "team = 'ml'", currency: USD, period: quarterly, amounts: {{default: 90000}}}}
- {{id: euro, scope: "provider = 'azure'", currency: EUR, amounts: {{default: 90000}}}}
- {{id: misspelt, scope: "team = 'paymets'", currency: USD, amounts: {{default: 500}}}}
- {{id: january, scope: "team = 'web'", currency: USD, amounts: {{"2026-01": 500}}}}
- id: {"long-" * 60}x
  owner: "{HOSTILE.replace(chr(0x202E), chr(92) + "u202e")}"
  scope: "team = 'ml' OR team = '{HOSTILE.replace(chr(0x202E), chr(92) + "u202e")}'"
  currency: USD
  amounts: {{default: 900000}}
"""
FORECASTS: dict[tuple[str, str], tuple[int, ...]] = {
    ("estate", "USD"): (178_000, 4_000), ("estate/USD", "USD"): (171_500, 2_800), ("estate/EUR", "EUR"): (9_800, 300), ("search", "USD"): (26_400, 900),
    ("payments", "USD"): (36_000, 700), ("ml-quarter", "USD"): (24_000, 500, 26_000, 2_500), ("ml", "USD"): (24_000, 500),
}  # fmt: skip
"""By scope id and currency: the middle of November's total and how far a tenth lies from it; December's behind them."""
MONTHS = (date(2026, 11, 1), date(2026, 12, 1))


def budget(made: MadeHouse, home: Path) -> MadeHouse:
    """The same house with a project that budgets, a written forecast, alerts, reservations and savings."""
    project = home / "project"
    project.mkdir(exist_ok=True)
    (project / "budgets.yaml").write_text(BUDGETS, "utf-8")
    forecasts(home / "lake", FORECASTS)
    with made.store.begin() as connection:
        for row in alerts():
            connection.execute(schema.budget_alert.insert().values(**row))
        for row in reservations():
            connection.execute(schema.reservation.insert().values(**row))
        for row in savings():
            connection.execute(schema.saving.insert().values(**row))
    made.acting.measure()
    return replace(made, acting=replace(made.acting, config=made.acting.config.model_copy(update={"project": project})))


def forecasts(lake: Path, rows: Mapping[tuple[str, str], Sequence[int]], *, generation: int = 2) -> None:
    """The forecast file of a generation, as detection writes it: each row's quantiles lie evenly round its middle."""
    file = lake / "scores" / f"g{generation}" / "forecast_month.parquet"
    file.parent.mkdir(parents=True, exist_ok=True)
    db = duckdb.connect()
    db.execute("CREATE TABLE f (scope_id TEXT, scope TEXT, period DATE, currency TEXT, as_of DATE, actual DECIMAL(38,12), p10 DECIMAL(38,12), p50 DECIMAL(38,12), p90 DECIMAL(38,12), quantiles DECIMAL(38,12)[], method TEXT)")  # fmt: skip
    for (scope_id, currency), figures in rows.items():
        for month, middle, tenth in zip(MONTHS, figures[::2], figures[1::2], strict=False):
            points = [Decimal(middle) + Decimal(tenth) * (step - 49) / 40 for step in range(99)]
            edges = [points[place] for place in (9, 49, 89)]
            db.execute("INSERT INTO f VALUES (?, '', ?, ?, ?, ?, ?, ?, ?, ?, ?)", [scope_id, month, currency, TODAY, Decimal(middle) / 2, *edges, points, "log model"])  # fmt: skip
    db.execute(f"COPY f TO '{file}' (FORMAT parquet)")


def alerts() -> list[dict[str, object]]:
    """Two open ones of one budget, and one that is over."""
    base = {"period": "2026-11-01", "status": "open", "cleared_at": None, "generation": 2, "detail": {}}
    return [
        {**base, "budget": "ml", "rule": "threshold:1:actual", "severity": "critical", "opened_at": stamp(NOW - timedelta(days=3))},
        {**base, "budget": "ml", "rule": "burn", "severity": "high", "opened_at": stamp(NOW - timedelta(days=5))},
        {**base, "budget": "ml", "rule": "breach", "severity": "high", "status": "cleared", "opened_at": stamp(NOW - timedelta(days=9)), "cleared_at": stamp(NOW - timedelta(days=8))},
    ]  # fmt: skip


def reservations() -> list[dict[str, object]]:
    """One open, one with a hostile name, one given back."""
    base = {"budget": "search", "head": "0c9c21aa" * 5, "currency": "USD", "at": stamp(NOW - timedelta(days=1))}
    return [
        {**base, "change": "acme/infra#212", "delta_monthly": "310.50", "state": "reserved"},
        {**base, "change": f"acme/{HOSTILE}#1", "delta_monthly": "40", "state": "committed"},
        {**base, "change": "acme/infra#200", "delta_monthly": "999", "state": "released"},
    ]


def saving(name: str, status: str, expected: str | None, realised: tuple[str, str, str] | None = None, **more: object) -> dict[str, object]:
    """One line of the ledger, measured to the end of the bill where it has a realised saving."""
    code = str(more.pop("currency", "USD" if expected else "XXX"))
    days = int(str(more.pop("days", 14)))
    first = date(2026, 11, 18) - timedelta(days=days)
    measured = None
    if realised:
        amount, low, high = realised
        cost = Decimal(400)
        measured = {
            "start": str(first), "end": "2026-11-18", "realised": {"amount": amount, "low": low, "high": high, "currency": code}, "cash": amount,
            "expected_cost": str(cost + Decimal(amount) * days / 30), "actual_cost": str(cost), "donors": 12, "generation": 2, "method": "difference in differences",
        }  # fmt: skip
    row: dict[str, object] = {
        "rfc": name, "title": f"volumes_unattached: 2 × disk on gcp {name}", "owner": "ml", "plan_digests": [decided.DONE.digest], "status": status,
        "expected": {"amount": expected or "0", "low": "0", "high": expected or "0", "currency": code},
        "realised": measured["realised"] if measured else None, "currency": code, "slo_verdict": None,
        "applied_at": None if status in {"proposed", "approved"} else stamp(NOW - timedelta(days=days)), "measured_at": None,
    }  # fmt: skip
    row |= more
    return {
        **row,
        "detail": {
            "resources": [],
            "owners": ["ml"],
            "is_priced": expected is not None,
            "measured": measured,
            "generation": 2,
            "plans": row["plan_digests"],
        },
    }


def savings() -> list[dict[str, object]]:
    """One in every standing, in two currencies, one with a hostile title, one without a price."""
    return [
        saving("RFC-00000000", "verified", "300", ("288.40", "251.10", "320.90")),
        saving(f"RFC-{decided.DONE.digest[:8]}", "measuring", "33", plan_digests=[decided.DONE.digest, decided.BACK.digest], days=2),
        saving("RFC-00000001", "negative", "120", ("-41.20", "-66.00", "-12.50"), plan_digests=[decided.DONE.digest, decided.BACK.digest]),
        saving("RFC-00000002", "measuring", "80", ("75.00", "-20.00", "140.00"), days=3, slo_verdict="no_worse"),
        saving("RFC-00000003", "inconclusive", "55", ("9.10", "-30.00", "41.00"), currency="EUR"),
        saving("RFC-00000004", "regressed", "200", ("190.00", "150.00", "220.00"), slo_verdict="worse", title=f"volumes_unattached: 1 × {HOSTILE}"),
    ]  # fmt: skip
