"""Both scopes' months of Azure: events in, a pair of exports out, the ledger told of every charge."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bursar.adapters.clouds.simulated.azure import export
from bursar.adapters.clouds.simulated.azure.catalogue import SCOPES, Scope
from bursar.adapters.clouds.simulated.azure.desk import Desk
from bursar.adapters.clouds.simulated.azure.lines import Row
from bursar.adapters.clouds.simulated.azure.usage import Usage
from bursar.adapters.clouds.simulated.draws import Draws
from bursar.adapters.clouds.simulated.estate import Estate
from bursar.domain.periods import Period

PART_ROWS = 50_000
KINDS = ("ActualCost", "AmortizedCost")


def write(root: Path, months: Sequence[Period], estate: Estate) -> None:
    """Write both scopes' final exports of the months, each with an older run left behind."""
    for month in months:
        for scope in SCOPES:
            rows = estate.rows["azure"] * scope.percent // 100
            deliver(root, month, estate.aside(), scope, rows=200, at=_after(month, days=-9))
            deliver(root, month, estate, scope, rows=rows, at=_after(month, days=9))


def deliver(root: Path, month: Period, estate: Estate, scope: Scope, *, rows: int, at: datetime, kinds: Sequence[str] = KINDS) -> None:
    """Write one run of a scope's exports."""
    runs = tuple(
        export.Run(kind=kind, at=at, ident=Draws(estate.seed, "azure", scope.name, month, kind, at).uuid(), root=scope.name)
        for kind in kinds
    )
    part_rows = min(PART_ROWS, max(1_000, rows * 3 // 5))
    export.pair(root, scope, month, runs=runs, rows=month_rows(month, estate, scope, rows=rows), part_rows=part_rows)


def month_rows(month: Period, estate: Estate, scope: Scope, *, rows: int) -> Iterator[Row]:
    """Every row of a month, told to the ledger as it passes."""
    usage = Usage(Desk(scope, month, estate.seed, estate.ledger), estate.shape, rows)
    for row in usage.all_rows():
        estate.ledger.post(row.postings())
        if row.item.waste:
            resource = row.item.columns["resourceid"].lower()
            estate.note_waste("azure", row.item.waste, resource, period=row.item.key.period, amount=row.cost)
        yield row


def _after(month: Period, *, days: int) -> datetime:
    return datetime.combine(month.end, datetime.min.time(), UTC) + timedelta(days=days, hours=12)
