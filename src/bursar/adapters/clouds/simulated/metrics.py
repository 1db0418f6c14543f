"""How much business each service did: daily requests by tenant, as a meter would export them."""

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from bursar.adapters.clouds.simulated.draws import PPM, Draws
from bursar.adapters.clouds.simulated.shape import WEEKS
from bursar.domain.periods import Period

HEADER = ("metric", "day", "service", "env", "tenant", "quantity")
SERVICES: tuple[tuple[str, int, str], ...] = (
    ("checkout-api", 4_200_000, "shop"),
    ("storefront", 18_500_000, "shop"),
    ("query", 9_300_000, "shop"),
    ("inference", 2_600_000, "office"),
    ("ledger", 1_100_000, "office"),
)
"""Service, requests on an ordinary day, and the shape of its week."""

TENANTS: tuple[tuple[str, int], ...] = (("northwind", 46), ("contoso", 27), ("fabrikam", 18), ("tailspin", 9))
"""Tenant and its share in percent."""


def write(folder: Path, month: Period, *, seed: int, until: date | None = None) -> None:
    """Write `requests-YYYY-MM.csv`: one row per day before `until`, service and tenant."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"requests-{month}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(_rows(month, seed, min(month.end, until or month.end)))


def _rows(month: Period, seed: int, end: date) -> Iterator[tuple[str, str, str, str, str, int]]:
    for offset in range((end - month.start).days):
        day = month.start + timedelta(days=offset)
        for service, usual, week in SERVICES:
            for tenant, percent in TENANTS:
                noise = Draws(seed, "requests", service, tenant).noise(25_000, day.toordinal())
                quantity = usual * percent // 100 * WEEKS[week][day.weekday()] // PPM * noise // PPM
                yield "requests", day.isoformat(), service, "prod", tenant, quantity
