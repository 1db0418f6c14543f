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
from bursar.domain.periods import Period

SHARD_ROWS = 50_000


def write(root: Path, months: Sequence[Period], estate: Estate) -> None:
    """Write every row of the months into one table's folder. Shards know nothing of months."""
    shard_rows = min(SHARD_ROWS, max(1_000, estate.rows["gcp"] * 3 // 5))
    rows = (row for month in months for row in month_rows(month, estate))
    export.write(root / TABLE, rows, shard_rows=shard_rows)


def month_rows(month: Period, estate: Estate) -> Iterator[Row]:
    """Every row of an invoice month, told to the ledger as it passes."""
    usage = Usage(Desk(month, estate.seed, estate.ledger), estate.shape, estate.rows["gcp"])
    charges = Charges(usage)
    for phase in (usage.all_rows(), charges.rows(), charges.closing()):
        for row in phase:
            estate.ledger.post(row.postings())
            if row.item.waste:
                _note_waste(estate, row)
            yield row


def _note_waste(estate: Estate, row: Row) -> None:
    resource = row.item.columns["resource"]
    name = resource["global_name"] if isinstance(resource, dict) else ""
    estate.note_waste("gcp", row.item.waste, str(name), period=row.item.key.period, amount=row.cost)
