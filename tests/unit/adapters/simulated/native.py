"""Native files read with plain arithmetic, apart from both the events and the reader of bills."""

import csv
import gzip
import io
import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

ZERO = Decimal(0)


def cur2(bills: Path, period: str) -> list[dict[str, Any]]:
    """The rows the top manifest of a CUR 2.0 partition names; money as text."""
    aws = bills / "aws" / "cur2"
    manifest = json.loads((aws / f"finops/metadata/BILLING_PERIOD={period}/finops-Manifest.json").read_text())
    files = [str(aws / uri.split("/cur2/", 1)[1]) for uri in manifest["dataFiles"]]
    return parquet(files)


def parquet(files: Sequence[str]) -> list[dict[str, Any]]:
    """Rows of Parquet files, DOUBLE as the shortest text."""
    with duckdb.connect() as connection:
        result = connection.execute(
            "SELECT * REPLACE (line_item_unblended_cost::VARCHAR AS line_item_unblended_cost) FROM read_parquet(?)", [list(files)]
        )
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def cur(bills: Path, period: str) -> list[dict[str, str]]:
    """The rows the top manifest of a legacy report names."""
    folder = next((bills / "aws/cur/globex").glob(f"{period.replace('-', '')}01-*"))
    manifest = json.loads((folder / "globex-Manifest.json").read_text())
    return [row for key in manifest["reportKeys"] for row in _csv(bills / "aws" / key)]


def gcp(bills: Path) -> list[dict[str, Any]]:
    """All rows of the billing export, numbers as Decimal."""
    rows: list[dict[str, Any]] = []
    for path in sorted((bills / "gcp").rglob("*.json.gz")):
        text = gzip.decompress(path.read_bytes()).decode()
        rows += [json.loads(line, parse_float=Decimal, parse_int=Decimal) for line in text.splitlines()]
    return rows


def azure(bills: Path, scope: str, kind: str, *, period: str) -> list[dict[str, str]]:
    """The rows of the latest run of an export for a month, column names in lower case."""
    folder = bills / "azure" / scope / f"acme-{scope}-{kind}"
    manifests = [json.loads(path.read_text()) for path in folder.glob(f"{period.replace('-', '')}01-*/**/manifest.json")]
    latest = max(manifests, key=lambda manifest: manifest["runInfo"]["submittedTime"])
    rows = [row for blob in latest["blobs"] for row in _csv(bills / "azure" / blob["blobName"])]
    assert len(rows) == latest["dataRowCount"]
    return [{name.lower(): value for name, value in row.items()} for row in rows]


def money(values: Iterator[str] | Sequence[str]) -> Decimal:
    """The sum of amounts given as text; empty is nothing."""
    return sum((Decimal(value) for value in values if value), ZERO)


def _csv(path: Path) -> list[dict[str, str]]:
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))
