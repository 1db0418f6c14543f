"""Reads the newest generation over and over until its stdin closes; started by test_kill.py under the Python of the command.

Every reading takes a generation once and sums its bills and two of its marts, as a dashboard would. Prints one JSON document:
how many readings, and every distinct (generation, billed, by owner, by account) seen.
"""

import json
import select
import sys
from pathlib import Path

from bursar.adapters.warehouses.duckdb import DuckDBWarehouse
from bursar.lake.generations import Generation, Lake
from bursar.store.database import open_store, sqlite_url

SUMS = {"cost_and_usage": "BilledCost", "cost_daily_owner": "allocated_billed_cost", "cost_daily_account": "billed_cost"}


def main() -> None:
    """Read until told to stop."""
    home = Path(sys.argv[1])
    lake = Lake(home / "lake", open_store(sqlite_url(home / "bursar.sqlite")))
    warehouse = DuckDBWarehouse(home / "reader")
    seen: set[tuple[int, ...]] = set()
    readings = 0
    print("ready", flush=True)  # noqa: T201 - the sign to begin
    while not select.select([sys.stdin], [], [], 0)[0]:
        head = lake.head()
        if head is None:
            continue
        seen.add((head.n, *(total(head, warehouse, table, column) for table, column in SUMS.items())))
        readings += 1
    print(json.dumps({"readings": readings, "seen": sorted(seen)}))  # noqa: T201 - the answer


def total(head: Generation, warehouse: DuckDBWarehouse, table: str, column: str) -> int:
    """The sum of one table of the generation, in cents."""
    paths = tuple(file.path for file in head.of(table))
    listed = ", ".join(f"'{path}'" for path in paths)
    (row,) = warehouse.rows(f"SELECT CAST(sum({column}) * 100 AS BIGINT) FROM read_parquet([{listed}])", reads=paths).rows
    return int(str(row[0]))


if __name__ == "__main__":
    main()
