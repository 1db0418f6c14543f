"""A native file as rows of one spelling, whatever the file's kind: CSV, CSV.gz, Parquet, JSON lines.

AWS rows use the snake names of CUR 2.0 with ARNs ending `_arn`; tags and cost categories are gathered in
`resource_tags` and `cost_category` whatever their form. GCP rows use dotted names, arrays are lists of records.
Azure rows use lower-cased names without spaces. FOCUS rows keep their names.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TextIO, cast

import pyarrow.parquet as pq
from reference.values import Row, plain

csv.field_size_limit(2**24)

CAPITAL = re.compile(r"(?<!^)([A-Z])")
IN_PARENTHESES = re.compile(r".*\((?P<english>[^()]+)\)\s*$")
GCP_ARRAYS = ("labels", "project.labels", "system_labels", "tags", "credits", "project.ancestors")
AWS_MAPS = {
    "resourceTags/": "resource_tags",
    "resource_tags_": "resource_tags",
    "costCategory/": "cost_category",
    "cost_category_": "cost_category",
}


def native_rows(path: Path) -> list[dict[str, object]]:
    """The rows of one file under the names it uses itself; a number of JSON or Parquet keeps all its digits."""
    name = path.name.removesuffix(".gz")
    if name.endswith(".parquet"):
        return cast("list[dict[str, object]]", pq.read_table(path).to_pylist(maps_as_pydicts="strict"))
    with _opened(path) as lines:
        if name.endswith((".json", ".jsonl", ".ndjson")):
            return [json.loads(line, parse_float=Decimal) for line in lines if line.strip()]
        return [dict(row) for row in csv.DictReader(lines)]


def _opened(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return cast("TextIO", gzip.open(path, "rt", encoding="utf-8-sig", newline=""))
    return path.open(encoding="utf-8-sig", newline="")


def folder_rows(paths: Iterable[Path]) -> list[dict[str, object]]:
    """The rows of all files, in the order of their names."""
    return [row for path in sorted(paths) for row in native_rows(path)]


def snake(name: str) -> str:
    """`lineItem/UsageStartDate` as `line_item_usage_start_date`; `SavingsPlanARN` and `savings_plan_a_r_n` as `savings_plan_arn`."""
    parts = (CAPITAL.sub(r"_\1", part[:1].lower() + part[1:]).lower() for part in name.split("/"))
    return re.sub("_a_r_n$", "_arn", "_".join(parts))


def aws_row(row: Row) -> dict[str, object]:
    """A row of a legacy CUR (CSV or Parquet) or of CUR 2.0 under the names of CUR 2.0, tags and products unnested."""
    folded: dict[str, object] = {"resource_tags": {}, "cost_category": {}}
    for name, value in row.items():
        home = next((prefix for prefix in AWS_MAPS if name.startswith(prefix)), None)
        if home:
            if value not in (None, ""):
                cast("dict[str, object]", folded[AWS_MAPS[home]])[name.removeprefix(home)] = value
        elif name in ("resource_tags", "cost_category", "product", "reservation", "discount"):
            _unnest(folded, name, plain(value))
        else:
            folded[snake(name)] = value
    return folded


def _unnest(folded: dict[str, object], name: str, value: object) -> None:
    pairs = cast("Mapping[str, object]", value if isinstance(value, Mapping) else {})
    if name in ("resource_tags", "cost_category"):
        cast("dict[str, object]", folded[name]).update(pairs)
        return
    for key, inner in pairs.items():
        folded.setdefault(f"{name}_{key}", inner)


def gcp_row(row: Row) -> dict[str, object]:
    """A row of the BigQuery export with dotted names; arrays as lists of records."""
    folded: dict[str, object] = {}
    for name, value in _dotted("", row):
        folded[name] = plain(value) if name in GCP_ARRAYS else value
    return folded


def _dotted(prefix: str, record: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for name, value in record.items():
        if isinstance(value, Mapping):
            yield from _dotted(f"{prefix}{name}.", cast("Mapping[str, object]", value))
        else:
            yield prefix + name, value


def azure_row(row: Row) -> dict[str, object]:
    """A row of Azure cost details with lower-cased names; a local name gives way to its English in parentheses."""
    return {azure_name(name): value for name, value in row.items() if name}


def azure_name(name: str) -> str:
    """`Maßeinheit (UnitOfMeasure)` as `unitofmeasure`."""
    found = IN_PARENTHESES.match(name)
    return re.sub(r"[^a-z0-9]", "", (found["english"] if found else name).lower())
