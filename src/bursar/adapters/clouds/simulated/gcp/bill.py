"""The billing account's export over all months: append-only shards, the last of a month holding the next one's first."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from bursar.adapters.clouds.simulated.estate import Estate
from bursar.adapters.clouds.simulated.gcp import export
from bursar.adapters.clouds.simulated.gcp.catalogue import TABLE
from bursar.adapters.clouds.simulated.gcp.charges import Charges
from bursar.adapters.clouds.simulated.gcp.desk import Desk
from bursar.adapters.clouds.simulated.gcp.lines import Row
from bursar.adapters.clouds.simulated.gcp.usage import Usage
from bursar.adapters.clouds.simulated.variant import Variant
from bursar.domain.periods import Period

SHARD_ROWS = 50_000


def write(root: Path, months: Sequence[Period], estate: Estate) -> None:
    """Write every row of the months into one table's folder. Shards know nothing of months."""
    rows = (row for month in months for row in month_rows(estate, month, rows=estate.rows["gcp"]))
    export.write(root / TABLE, rows, shard_rows=min(SHARD_ROWS, max(1_000, estate.rows["gcp"] * 3 // 5)))


def deliver(root: Path, estate: Estate, month: Period, *, rows: int, variant: Variant) -> None:
    """Extract the table as it is at one moment of a month."""
    export.write(root / TABLE, month_rows(estate, month, rows=rows, variant=variant), shard_rows=SHARD_ROWS)


def month_rows(estate: Estate, month: Period, *, rows: int, variant: Variant = Variant()) -> Iterator[Row]:  # noqa: B008  frozen
    """Every row of an invoice month, told to the ledger as it passes."""
    usage = Usage(Desk(month, estate.seed, estate.ledger, variant.is_final), estate.shape, rows, variant)
    charges = Charges(usage)
    phases = (usage.all_rows(), charges.rows(), charges.closing()) if variant.is_final else (usage.all_rows(), charges.rows())
    for phase in phases:
        for row in phase:
            estate.ledger.post(row.postings())
            if row.item.waste:
                _note_waste(estate, row)
            yield row


def _note_waste(estate: Estate, row: Row) -> None:
    estate.note_waste("gcp", row.item.waste, row.item.resource, period=row.item.key.period, amount=row.cost)
