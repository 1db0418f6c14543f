"""An estate's file taken in: what is there at its end, and what was seen before."""

import json
import sqlite3
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

from bursar.adapters.clouds.simulated.control_rows import put, rows_of, run
from bursar.domain.errors import BillError
from bursar.domain.estates import Observed, Resource, State


def replace_estate(connection: sqlite3.Connection, told: Mapping[str, object], mark: str) -> None:
    """The estate as a newer file has it; what was done by token stays known."""
    as_of, resources = str(told["as_of"]), cast("list[dict[str, object]]", told["resources"])
    run(connection, "DELETE FROM clock")
    put(connection, "clock", id=1, as_of=as_of, seed=cast("int", told["seed"]), digest=mark)
    listed = {(str(one["provider"]), str(one["id"])) for one in resources}
    there = rows_of(connection, "SELECT provider, id FROM resource WHERE kind <> 'snapshot' AND gone_at IS NULL")
    for row in there:
        if (row["provider"], row["id"]) not in listed:
            run(connection, "UPDATE resource SET gone_at = ? WHERE provider = ? AND id = ?", as_of, str(row["provider"]), str(row["id"]))
    for one in resources:
        _upsert(connection, one, as_of)


def _upsert(connection: sqlite3.Connection, one: Mapping[str, object], as_of: str) -> None:
    price = json.dumps(one["monthly"]) if "monthly" in one else None
    run(
        connection,
        "INSERT INTO resource (provider, id, account, region, kind, state, price, made_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (provider, id) DO UPDATE SET state = excluded.state, price = excluded.price, "
        "back_at = CASE WHEN gone_at IS NULL THEN back_at ELSE excluded.made_at END, gone_at = NULL",
        *(str(one[name]) for name in ("provider", "id", "account", "region", "kind")),
        json.dumps(one["state"]),
        price,
        as_of,
    )


def past_of(told: Mapping[str, object]) -> list[Observed]:
    """What was seen of one resource on earlier days, once a day."""
    resource = Resource(**{name: str(told[name]) for name in ("provider", "account", "region", "kind", "id")})
    seen: list[Observed] = []
    for span in cast("list[dict[str, object]]", told["history"]):
        first, end = (datetime.fromisoformat(f"{span[name]}T00:00:00+00:00") for name in ("start", "end"))
        days = [first + timedelta(days=step) for step in range((end - first).days)]
        seen += [Observed(resource=resource, at=day, state=cast("State", span["state"])) for day in days]
    return seen


def read_estate(file: Path) -> dict[str, object]:
    """An estate's file. Raises BillError for anything else."""
    try:
        told = json.loads(file.read_text("utf-8"))
        if told["schema"] == "bursar.estate/1" and isinstance(told["resources"], list):
            return cast("dict[str, object]", told)
    except (ValueError, KeyError, TypeError) as error:
        raise BillError(f"{file.name}: not an estate: {error}", cure="Write one with: bursar simulate") from error
    raise BillError(f"{file.name}: not an estate of this version", cure="Write one with: bursar simulate")
