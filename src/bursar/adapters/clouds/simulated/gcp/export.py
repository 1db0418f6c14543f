"""Rows of Google Cloud as JSON lines of the detailed export, the way BigQuery's `bq extract` writes them."""

import json
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from itertools import islice
from pathlib import Path

from bursar.adapters.clouds.simulated import packed
from bursar.adapters.clouds.simulated.amounts import text
from bursar.adapters.clouds.simulated.draws import PPM
from bursar.adapters.clouds.simulated.gcp.lines import Item, Row


def write(folder: Path, rows: Iterable[Row], *, shard_rows: int) -> int:
    """Append the rows as numbered shards. Returns how many rows; files already there stay."""
    total = 0
    iterator = iter(rows)
    shard = len(list(folder.glob("*.json.gz"))) if folder.exists() else 0
    while chunk := list(islice(iterator, shard_rows)):
        # by the shard: resources come and go, and a month has many
        prefixes: dict[int, tuple[Item, str]] = {}
        packed.write(folder / f"{shard:012d}.json.gz", (_line(row, prefixes) for row in chunk))
        shard += 1
        total += len(chunk)
    return total


def _line(row: Row, prefixes: dict[int, tuple[Item, str]]) -> str:
    known = prefixes.get(id(row.item))
    if known is None:
        known = (row.item, _constant(row.item))
        prefixes[id(row.item)] = known
    fields = [
        known[1],
        f'"usage_start_time":"{stamp(row.starts)}"',
        f'"usage_end_time":"{stamp(row.ends)}"',
        f'"export_time":"{stamp(row.exported)}"',
        f'"cost":{text(row.cost)}',
        _prices(row),
        _usage(row),
        f'"credits":[{_credits(row)}]',
    ]
    return "{" + ",".join(fields) + "}\n"


def _constant(item: Item) -> str:
    columns = {name: value for name, value in item.columns.items() if name != "is_contract_adjustment"}
    columns["cost_type"] = item.cost_type
    return json.dumps(columns, separators=(",", ":"))[1:-1]


def _prices(row: Row) -> str:
    if not row.item.has_prices:
        return '"cost_at_list":null,"cost_at_effective_price_default":null'
    return f'"cost_at_list":{text(row.at_list)},"cost_at_effective_price_default":{text(row.at_default)}'


def _usage(row: Row) -> str:
    item = row.item
    if not item.rate:
        return '"usage":{"amount":0,"unit":null,"amount_in_pricing_units":0,"pricing_unit":null}'
    priced = row.cost * PPM * 10_000 // item.rate
    return (
        f'"usage":{{"amount":{text(priced * item.per)},"unit":"{item.unit}",'
        f'"amount_in_pricing_units":{text(priced)},"pricing_unit":"{item.pricing_unit}"}}'
    )


def _credits(row: Row) -> str:
    return ",".join(
        f'{{"name":{json.dumps(credit.name)},"amount":{text(amount)},"full_name":{json.dumps(credit.name)},'
        f'"id":"{credit.id}","type":"{credit.type}"}}'
        for credit, amount in zip(row.item.credits, row.credits, strict=True)
    )


@lru_cache(maxsize=4096)
def stamp(moment: datetime) -> str:
    """A moment as BigQuery prints a TIMESTAMP."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
