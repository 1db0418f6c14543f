"""The same cases in the other spellings a provider has: CSV for Parquet, Parquet for CSV, arrays as text.

Each entry of `DIALECTS` writes several cases of one format as one delivery, told apart as in `reference.native`.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

import pyarrow as pa
import pyarrow.parquet as pq
from reference.case import Case
from reference.native import BIGQUERY, REPORT, chunk, columns, cur2_places, cur_manifest, exported, nested, parquet, written
from reference.values import Row, moment

PAIRS = pa.list_(pa.struct([("key", pa.string()), ("value", pa.string())]))
OWN_TAGS = pa.list_(pa.struct([("key", pa.string()), ("value", pa.string()), ("inherited", pa.bool_()), ("namespace", pa.string())]))
CREDITS = pa.list_(
    pa.struct([("name", pa.string()), ("amount", pa.float64()), ("full_name", pa.string()), ("id", pa.string()), ("type", pa.string())])
)
ANCESTORS = pa.list_(pa.struct([("resource_name", pa.string()), ("display_name", pa.string())]))
ARRAYS = {"labels": PAIRS, "system_labels": PAIRS, "tags": OWN_TAGS, "credits": CREDITS}
NESTED = {
    "service": ("id", "description"),
    "sku": ("id", "description"),
    "location": ("location", "country", "region", "zone"),
    "invoice": ("month", "publisher_type"),
    "adjustment_info": ("id", "description", "mode", "type"),
    "subscription": ("instance_id",),
    "consumption_model": ("id", "description"),
    "resource": ("name", "global_name"),
}
FLOATS = ("cost", "cost_at_list", "cost_at_effective_price_default", "currency_conversion_rate")
STAMPS = ("usage_start_time", "usage_end_time", "export_time")


def _gcp_type(name: str) -> pa.DataType:
    if name in NESTED:
        return pa.struct([(inner, pa.string()) for inner in NESTED[name]])
    if name == "project":
        plain = [(inner, pa.string()) for inner in ("id", "number", "name")]
        return pa.struct([*plain, ("labels", PAIRS), ("ancestors", ANCESTORS)])
    if name == "usage":
        return pa.struct(
            [("amount", pa.float64()), ("unit", pa.string()), ("amount_in_pricing_units", pa.float64()), ("pricing_unit", pa.string())]
        )
    if name in STAMPS:
        return pa.timestamp("us", tz="UTC")
    return ARRAYS.get(name) or (pa.float64() if name in FLOATS else pa.string())


def _typed(name: str, value: object) -> object:
    if value is None or name in NESTED or name == "project":
        return value
    if name in STAMPS:
        return moment(value)
    if name == "usage":
        usage = cast("Mapping[str, object]", value)
        return {key: float(str(cell)) if key.startswith("amount") else cell for key, cell in usage.items()}
    if name == "credits":
        return [{**one, "amount": float(str(one["amount"]))} for one in cast("list[dict[str, object]]", value)]
    return float(str(value)) if name in FLOATS else value


def gcp_parquet(cases: Sequence[Case], folder: Path) -> None:
    """The BigQuery table exported as Parquet: structs, lists, doubles, stamps with a zone."""
    rows = [{name: _typed(name, value) for name, value in row.items()} for row in exported(cases)]
    schema = pa.schema([(name, _gcp_type(name)) for name in columns(rows)])
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), folder / f"{BIGQUERY}.parquet")


def gcp_csv(cases: Sequence[Case], folder: Path) -> None:
    """A dump with dotted names and arrays as JSON."""
    _dump(cases, folder, as_text=json.dumps)


def gcp_csv_single_quoted(cases: Sequence[Case], folder: Path) -> None:
    """A dump as Python writes it: arrays in single quotes, None and True."""
    _dump(cases, folder, as_text=repr)


def _dump(cases: Sequence[Case], folder: Path, *, as_text: Callable[[object], str]) -> None:
    rows = [dict(_dotted("", row, as_text)) for row in exported(cases)]
    (folder / f"{BIGQUERY}.csv").write_text(written(rows))


def _dotted(prefix: str, row: Row, as_text: Callable[[object], str]) -> Iterator[tuple[str, object]]:
    for name, value in row.items():
        if isinstance(value, Mapping):
            yield from _dotted(f"{prefix}{name}.", cast("Row", value), as_text)
        elif isinstance(value, list):
            yield prefix + name, as_text(_numbered(cast("list[dict[str, object]]", value)))
        elif value is not None:
            yield prefix + name, value


def _numbered(items: list[dict[str, object]]) -> list[dict[str, object]]:
    """Amounts as numbers, which is how dumps hold them."""
    return [{key: float(str(cell)) if key == "amount" else cell for key, cell in item.items()} for item in items]


def cur2_csv(cases: Sequence[Case], folder: Path) -> None:
    """CUR 2.0 as CSV: the maps as JSON text."""
    bodies = [[{name: _json(value) for name, value in nested(row).items()} for row in case.rows or ()] for case in cases]
    places = cur2_places(folder, len(cases), suffix="csv.gz", rows=[row for rows in bodies for row in rows])
    for path, rows in zip(places, bodies, strict=True):
        path.write_bytes(gzip.compress(written(rows).encode(), mtime=0))


def _json(value: object) -> object:
    return json.dumps(value) if isinstance(value, Mapping) else value


def cur_parquet(cases: Sequence[Case], folder: Path) -> None:
    """A legacy report as Parquet: snake names, a column for each tag, the month's folder overwritten."""
    root = folder / "cur" / REPORT / REPORT / "year=2026" / "month=10"
    root.mkdir(parents=True)
    keys = [f"cur/{REPORT}/{REPORT}/year=2026/month=10/{REPORT}{chunk(index)}.snappy.parquet" for index in range(len(cases))]
    named: dict[str, None] = {}
    for key, case in zip(keys, cases, strict=True):
        rows = [_flat(row) for row in case.rows or ()]
        named |= dict.fromkeys(columns(rows))
        parquet(folder / key, rows)
    top = folder / "cur" / REPORT / "20261001-20261101"
    top.mkdir(parents=True)
    for at in (top, root):
        cur_manifest(at, keys, [("", name) for name in named], compression="Parquet")


def _flat(row: Row) -> dict[str, object]:
    tags = cast("Mapping[str, str]", row.get("resource_tags") or {})
    plain = {name: value for name, value in nested(row).items() if name not in ("resource_tags", "product", "cost_category", "discount")}
    plain["product_product_name"] = row["product_product_name"]
    return plain | {f"resource_tags_{key.replace(':', '_').replace(' ', '_').lower()}": value for key, value in tags.items()}


DIALECTS: dict[str, tuple[str, Callable[[Sequence[Case], Path], None]]] = {
    "CUR 2.0 as CSV": ("aws-cur2", cur2_csv),
    "legacy CUR as Parquet": ("aws-cur", cur_parquet),
    "GCP as Parquet": ("gcp-detailed", gcp_parquet),
    "GCP as CSV": ("gcp-detailed", gcp_csv),
    "GCP as single-quoted CSV": ("gcp-detailed", gcp_csv_single_quoted),
}
