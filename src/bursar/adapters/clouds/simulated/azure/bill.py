"""Both scopes' months of Azure: events in, a pair of exports out, the ledger told of every charge."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from bursar.adapters.clouds.simulated.azure import export
from bursar.adapters.clouds.simulated.azure.catalogue import SCOPES, Scope
from bursar.adapters.clouds.simulated.azure.desk import Desk
from bursar.adapters.clouds.simulated.azure.lines import Row
from bursar.adapters.clouds.simulated.azure.usage import Usage
from bursar.adapters.clouds.simulated.draws import Draws
from bursar.adapters.clouds.simulated.estate import Estate
from bursar.adapters.clouds.simulated.variant import Delivery
from bursar.adapters.clouds.simulated.waste import DISK_WASTE
from bursar.domain.periods import Period

PART_ROWS = 50_000
KINDS = ("ActualCost", "AmortizedCost")


def write(root: Path, months: Sequence[Period], estate: Estate) -> None:
    """Write both scopes' final exports of the months, each with an older run left behind."""
    for month in months:
        for scope in SCOPES[: estate.organisations]:
            rows, variant = estate.rows["azure"] * scope.percent // 100, estate.variant(month)
            if not variant.is_final:
                running = Delivery(month=month, rows=rows, run="running", at=on(estate.as_of or month.end), variant=variant)
                deliver(root, estate, scope, delivery=running)
                continue
            older = Delivery(month=month, rows=200, run="older", at=after(month, days=-9))
            final = Delivery(month=month, rows=rows, run="final", at=after(month, days=9))
            deliver(root, estate.aside(), scope, delivery=older)
            deliver(root, estate, scope, delivery=final)


def deliver(root: Path, estate: Estate, scope: Scope, *, delivery: Delivery, kinds: Sequence[str] = KINDS) -> None:
    """Write one run of a scope's exports, both or one of the pair."""
    month = delivery.month
    idents = {kind: Draws(estate.seed, "azure", scope.name, month, kind, delivery.run).uuid() for kind in kinds}
    runs = tuple(export.Run(kind=kind, at=delivery.at, ident=ident, root=scope.name) for kind, ident in idents.items())
    part_rows = min(PART_ROWS, max(1_000, delivery.rows * 3 // 5))
    export.pair(root, scope, month, runs=runs, rows=month_rows(estate, scope, delivery, kinds=kinds), part_rows=part_rows)


def month_rows(estate: Estate, scope: Scope, delivery: Delivery, *, kinds: Sequence[str] = KINDS) -> Iterator[Row]:
    """Every row of a month, told to the ledger as it passes: as the pair says it, or the actual export alone."""
    desk = Desk(scope, delivery.month, estate.seed, estate.ledger, delivery.variant.is_final)
    usage = Usage(desk, estate.shape, delivery.rows, delivery.variant)
    for row in usage.all_rows():
        estate.ledger.post(row.postings() if len(kinds) > 1 else row.actual_postings())
        resource = row.item.columns["resourceid"].lower()
        if "/disks/" in resource:
            estate.disks.note(resource, row.item.key, row.cost, day=row.day, tags={}, is_waste=row.item.waste == DISK_WASTE)
        if row.item.waste:
            estate.waste.note(row.item.waste, row.item.key, resource, [(row.cost, datetime.combine(row.day, time()), 24)])
        yield row


def after(month: Period, *, days: int) -> datetime:
    """The hour the export runs, so many days after the month's end."""
    return on(month.end + timedelta(days=days))


def on(day: date) -> datetime:
    """The hour the export runs on a day."""
    return datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=12)
