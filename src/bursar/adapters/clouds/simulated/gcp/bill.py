"""The billing account's export over all months: append-only shards, the last of a month holding the next one's first."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import cast

from bursar.adapters.clouds.simulated.estate import Estate
from bursar.adapters.clouds.simulated.gcp import export
from bursar.adapters.clouds.simulated.gcp.catalogue import MAIN, Account
from bursar.adapters.clouds.simulated.gcp.charges import Charges
from bursar.adapters.clouds.simulated.gcp.desk import Desk
from bursar.adapters.clouds.simulated.gcp.lines import Row
from bursar.adapters.clouds.simulated.gcp.usage import Usage
from bursar.adapters.clouds.simulated.variant import Variant
from bursar.adapters.clouds.simulated.waste import DISK_WASTE
from bursar.domain.periods import Period

SHARD_ROWS = 50_000


def write(root: Path, months: Sequence[Period], estate: Estate) -> None:
    """Write every row of the months into one table's folder. Shards know nothing of months."""
    rows = (row for month in months for row in month_rows(estate, month, rows=estate.rows["gcp"], variant=estate.variant(month)))
    export.write(root / MAIN.table, rows, shard_rows=min(SHARD_ROWS, max(1_000, estate.rows["gcp"] * 3 // 5)))


def deliver(root: Path, estate: Estate, account: Account, *, month: Period, rows: int, variant: Variant) -> None:
    """Extract an account's table as it is at one moment of a month."""
    told = month_rows(estate, month, rows=rows, variant=variant, account=account)
    export.write(root / account.table, told, shard_rows=SHARD_ROWS)


def month_rows(
    estate: Estate,
    month: Period,
    *,
    rows: int,
    variant: Variant = Variant(),  # noqa: B008  frozen
    account: Account = MAIN,
) -> Iterator[Row]:
    """Every row of an invoice month, told to the ledger as it passes."""
    usage = Usage(Desk(month, estate.seed, estate.ledger, variant.is_final, account), estate.shape, rows, variant)
    charges = Charges(usage)
    phases = (usage.all_rows(), charges.rows(), charges.closing()) if variant.is_final else (usage.all_rows(), charges.rows())
    for phase in phases:
        for row in phase:
            estate.ledger.post(row.postings())
            if "/disks/" in row.item.resource:
                tags = {pair["key"]: pair["value"] for pair in cast("list[dict[str, str]]", row.item.columns["labels"])}
                amount = row.cost + sum(row.credits)
                estate.disks.note(
                    row.item.resource, row.item.key, amount, day=row.starts.date(), tags=tags, is_waste=row.item.waste == DISK_WASTE
                )
            if row.item.waste:
                _note_waste(estate, row)
            yield row


def _note_waste(estate: Estate, row: Row) -> None:
    hours = (row.ends - row.starts) // timedelta(hours=1)
    estate.waste.note(row.item.waste, row.item.key, row.item.resource, [(row.cost, row.starts, hours)])
