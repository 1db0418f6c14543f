"""A case written as a delivery of its format, with the layout and manifests the provider would leave in a bucket."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import cast

import pyarrow as pa
import pyarrow.parquet as pq
from reference.case import Case
from reference.values import Row, moment

BIGQUERY = "gcp_billing_export_resource_v1_01A2B3_C4D5E6_F70819"
REPORT, MONTH, ASSEMBLY = "finops", "20261001-20261101", "0aa1b2c3-0000-4000-8000-000000000001"
AWS_CATEGORIES = {
    "identity_": "identity",
    "bill_": "bill",
    "split_line_item_": "splitLineItem",
    "line_item_": "lineItem",
    "product_": "product",
    "pricing_": "pricing",
    "reservation_": "reservation",
    "savings_plan_": "savingsPlan",
}
LOWER_FIRST = ("product_", "pricing_")
STAMPS = ("bill_billing_period_start_date", "bill_billing_period_end_date", "line_item_usage_start_date", "line_item_usage_end_date")
DOUBLES = ("_cost", "_amount", "_fee", "_fee_for_billing_period", "_commitment_for_billing_period")
NUMBER = re.compile(r'(?P<key>"(?:cost|cost_at_\w+|amount\w*|currency_conversion_rate)": )"(?P<digits>-?[\d.Ee-]+)"')
ALWAYS = (
    "line_item_resource_id",
    "line_item_tax_type",
    "line_item_unblended_rate",
    "pricing_public_on_demand_cost",
    "pricing_public_on_demand_rate",
    "reservation_reservation_arn",
    "reservation_effective_cost",
    "reservation_amortized_upfront_fee_for_billing_period",
    "reservation_unused_amortized_upfront_fee_for_billing_period",
    "reservation_unused_recurring_fee",
    "savings_plan_savings_plan_arn",
    "savings_plan_savings_plan_effective_cost",
    "savings_plan_total_commitment_to_date",
    "savings_plan_used_commitment",
    "savings_plan_amortized_upfront_commitment_for_billing_period",
    "savings_plan_recurring_commitment_for_billing_period",
)


def write_native(case: Case, folder: Path) -> Path:
    """The folder that stands for the bucket, holding one complete delivery of the case."""
    return write_together([case], folder)


def write_together(cases: Sequence[Case], folder: Path) -> Path:
    """One delivery of several cases of a format.

    Each case has a file of its own; for GCP an export minute (`export_time`), for FOCUS a sub-account of its name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    WRITERS[cases[0].format](cases, folder)
    return folder


def chunk(index: int) -> str:
    """What tells the file of the case at this place among its fellows."""
    return f"-{index + 1:05d}"


def export_time(index: int) -> datetime:
    """When the rows of the case at this place among its fellows were exported."""
    return datetime(2026, 11, 3) + timedelta(minutes=index)  # noqa: DTZ001 naive means UTC here


def data_files(folder: Path) -> list[Path]:
    """The files of a delivery that hold rows."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in found if path.name.endswith((".csv.gz", ".csv", ".parquet", ".jsonl")))


def legacy_name(name: str) -> str:
    """`line_item_usage_start_date` as `lineItem/UsageStartDate`, the header of a legacy CUR."""
    prefix = next(prefix for prefix in AWS_CATEGORIES if name.startswith(prefix))
    words = name.removeprefix(prefix).split("_")
    spelt = "".join("ARN" if word == "arn" else word.capitalize() for word in words)
    if prefix in LOWER_FIRST and name != "product_product_name":
        spelt = spelt[0].lower() + spelt[1:]
    return f"{AWS_CATEGORIES[prefix]}/{spelt}"


def columns(rows: Iterable[Row]) -> list[str]:
    """Every column that some row has, in the order they are met."""
    return list(dict.fromkeys(name for row in rows for name in row))


def _cur(cases: Sequence[Case], folder: Path) -> None:
    root = folder / "cur" / REPORT / MONTH
    (root / ASSEMBLY).mkdir(parents=True)
    bodies = [[_legacy_row(row) for row in case.rows or ()] for case in cases]
    keys = [f"cur/{REPORT}/{MONTH}/{ASSEMBLY}/{REPORT}{chunk(index)}.csv.gz" for index in range(len(cases))]
    for key, rows in zip(keys, bodies, strict=True):
        (folder / key).write_bytes(gzip.compress(written(rows).encode(), mtime=0))
    for at in (root, root / ASSEMBLY):
        cur_manifest(at, keys, [name.split("/", 1) for name in columns(chain(*bodies))], compression="GZIP")


def cur_manifest(at: Path, keys: Sequence[str], named: Iterable[Sequence[str]], *, compression: str) -> None:
    """The manifest of a legacy report; columns as pairs of category and name."""
    manifest = {
        "assemblyId": ASSEMBLY,
        "account": "000123456789",
        "columns": [{"category": category, "name": name} for category, name in named],
        "charset": "UTF-8",
        "compression": compression,
        "contentType": "text/csv" if compression == "GZIP" else "Parquet",
        "reportId": "r",
        "reportName": REPORT,
        "billingPeriod": {"start": "20261001T000000.000Z", "end": "20261101T000000.000Z"},
        "bucket": "bills",
        "reportKeys": keys,
    }
    (at / f"{REPORT}-Manifest.json").write_text(json.dumps(manifest))


def _legacy_row(row: Row) -> dict[str, object]:
    row = {**dict.fromkeys(ALWAYS, ""), **row}
    tags = cast("Mapping[str, object]", row.get("resource_tags") or {})
    plain = {legacy_name(name): value for name, value in row.items() if name != "resource_tags"}
    return plain | {f"resourceTags/{key}": value for key, value in tags.items()}


def _cur2(cases: Sequence[Case], folder: Path) -> None:
    bodies = [[nested(row) for row in case.rows or ()] for case in cases]
    for path, rows in zip(cur2_places(folder, len(cases), suffix="snappy.parquet", rows=chain(*bodies)), bodies, strict=True):
        parquet(path, rows)


def cur2_places(folder: Path, count: int, *, suffix: str, rows: Iterable[Row]) -> list[Path]:
    """The data files of one CUR 2.0 export, with the manifest that names them already written."""
    export, partition = folder / "exports" / REPORT, "BILLING_PERIOD=2026-10"
    (export / "data" / partition).mkdir(parents=True)
    (export / "metadata" / partition).mkdir(parents=True)
    names = [f"{REPORT}{chunk(index)}.{suffix}" for index in range(count)]
    manifest = {
        "exportName": REPORT,
        "billingPeriod": {"start": "2026-10-01T00:00:00.000Z", "end": "2026-11-01T00:00:00.000Z"},
        "dataFiles": [f"s3://bills/exports/{REPORT}/data/{partition}/{name}" for name in names],
        "compression": "PARQUET" if suffix.endswith("parquet") else "GZIP",
        "contentType": "Parquet" if suffix.endswith("parquet") else "text/csv",
        "executionId": ASSEMBLY,
        "columns": [{"category": "", "name": column} for column in columns(rows)],
    }
    (export / "metadata" / partition / f"{REPORT}-Manifest.json").write_text(json.dumps(manifest))
    return [export / "data" / partition / name for name in names]


def parquet(path: Path, rows: Sequence[Row]) -> None:
    """Rows of a CUR as Parquet: costs double, stamps milliseconds, the rest text and maps."""
    schema = pa.schema([(column, _type(column)) for column in columns(rows)])
    table = pa.Table.from_pylist([{key: _typed(key, value) for key, value in row.items()} for row in rows], schema=schema)
    pq.write_table(table, path)


def nested(row: Row) -> dict[str, object]:
    """A row of CUR 2.0: the tags in a map, the product's name and region in another, ARNs spelt out."""
    row = {**dict.fromkeys(ALWAYS, ""), **row}
    inner = {"product_product_name": "product_name", "product_region_code": "region"}
    named = {name.replace("_arn", "_a_r_n"): value for name, value in row.items() if name != "product_product_name"}
    return named | {"product": {key: row[name] for name, key in inner.items() if name in row}, "cost_category": {}, "discount": {}}


def _type(name: str) -> pa.DataType:
    if name in ("resource_tags", "product", "cost_category"):
        return pa.map_(pa.string(), pa.string())
    if name == "discount":
        return pa.map_(pa.string(), pa.float64())
    if name in STAMPS:
        return pa.timestamp("ms")
    return pa.float64() if name.endswith(DOUBLES) else pa.string()


def _typed(name: str, value: object) -> object:
    if isinstance(value, Mapping):
        return list(cast("Mapping[str, object]", value).items())
    if value in ("", None):
        return None
    if name in STAMPS:
        return moment(value)
    return float(str(value)) if name.endswith(DOUBLES) else value


def _bigquery(cases: Sequence[Case], folder: Path) -> None:
    lines = (
        NUMBER.sub(r"\g<key>\g<digits>", json.dumps({name: value for name, value in row.items() if value is not None}))
        for row in exported(cases)
    )
    (folder / f"{BIGQUERY}.jsonl").write_text("".join(line + "\n" for line in lines))


def exported(cases: Sequence[Case]) -> list[dict[str, object]]:
    """The rows of GCP cases, each stamped with its case's export time."""
    return [
        {**row, "export_time": f"{export_time(index):%Y-%m-%d %H:%M:%S} UTC"} for index, case in enumerate(cases) for row in case.rows or ()
    ]


def _cost_details(cases: Sequence[Case], folder: Path) -> None:
    for kind, runs in (("ActualCost", [case.rows for case in cases]), ("AmortizedCost", [case.amortised for case in cases])):
        if None not in runs:
            headers = [columns(chain(case.rows or (), case.amortised or ())) for case in cases]
            _azure_run(
                folder, kind, [(written(rows or (), header=header), len(rows or ())) for rows, header in zip(runs, headers, strict=True)]
            )


def _azure_run(folder: Path, kind: str, texts: list[tuple[str, int]]) -> None:
    run = f"00000000-0000-4000-8000-{len(kind):012d}"
    at = f"costs/{kind.lower()}/20261001-20261031/{run}"
    (folder / at).mkdir(parents=True)
    blobs: list[dict[str, object]] = []
    for index, (text, count) in enumerate(texts):
        blob, body = f"{at}/part{chunk(index)}.csv", ("\ufeff" + text).encode()
        (folder / blob).write_bytes(body)
        blobs.append({"blobName": blob, "byteCount": len(body), "dataRowCount": count})
    manifest = {
        "manifestVersion": "2024-04-01",
        "exportConfig": {
            "exportName": kind.lower(),
            "resourceId": f"/providers/Microsoft.Billing/billingAccounts/8611537/providers/Microsoft.CostManagement/exports/{kind.lower()}",
            "dataVersion": "2021-10-01",
            "type": kind,
            "timeFrame": "MonthToDate",
        },
        "deliveryConfig": {"partitionData": True, "dataOverwriteBehavior": "CreateNewReport", "fileFormat": "Csv", "containerUri": "c"},
        "runInfo": {
            "executionType": "Scheduled",
            "submittedTime": "2026-11-07T08:00:00Z",
            "runId": run,
            "startDate": "2026-10-01T00:00:00",
            "endDate": "2026-10-31T00:00:00",
        },
        "blobs": blobs,
    }
    (folder / at / "manifest.json").write_text(json.dumps(manifest))


def written(rows: Iterable[Row], header: list[str] | None = None) -> str:
    """Rows as CSV text."""
    kept = list(rows)
    out = io.StringIO()
    writer = csv.DictWriter(out, header or columns(kept), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(dict(row) for row in kept)
    return out.getvalue()


def _focus(cases: Sequence[Case], folder: Path) -> None:
    (folder / "focus.csv").write_text(written(chain(*(case.rows or () for case in cases))))


WRITERS: dict[str, Callable[[Sequence[Case], Path], None]] = {
    "aws-cur": _cur,
    "aws-cur2": _cur2,
    "gcp-detailed": _bigquery,
    "azure-cost": _cost_details,
    "focus": _focus,
}
