"""A case written as a delivery of its format, with the layout and manifests the provider would leave in a bucket."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import cast

import pyarrow as pa
import pyarrow.parquet as pq

from tests.reference.case import Case
from tests.reference.values import Row, moment

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
ALWAYS = (
    "line_item_resource_id",
    "line_item_tax_type",
    "line_item_unblended_rate",
    "line_item_unblended_cost",
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
    {"aws-cur": _cur, "aws-cur2": _cur2, "gcp-detailed": _bigquery, "azure-cost": _cost_details}[case.format](case, folder)
    return folder


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


def _cur(case: Case, folder: Path) -> None:
    rows = [_legacy_row({**dict.fromkeys(ALWAYS, ""), **row}) for row in case.rows or ()]
    root = folder / "cur" / REPORT / MONTH
    key = f"cur/{REPORT}/{MONTH}/{ASSEMBLY}/{REPORT}-00001.csv.gz"
    (root / ASSEMBLY).mkdir(parents=True)
    (folder / key).write_bytes(gzip.compress(_csv(rows).encode(), mtime=0))
    manifest = {
        "assemblyId": ASSEMBLY,
        "account": "000123456789",
        "columns": [{"category": name.split("/")[0], "name": name.split("/", 1)[1]} for name in columns(rows)],
        "charset": "UTF-8",
        "compression": "GZIP",
        "contentType": "text/csv",
        "reportId": "r",
        "reportName": REPORT,
        "billingPeriod": {"start": "20261001T000000.000Z", "end": "20261101T000000.000Z"},
        "bucket": "bills",
        "reportKeys": [key],
    }
    for at in (root, root / ASSEMBLY):
        (at / f"{REPORT}-Manifest.json").write_text(json.dumps(manifest))


def _legacy_row(row: Row) -> dict[str, object]:
    tags = cast("Mapping[str, object]", row.get("resource_tags") or {})
    plain = {legacy_name(name): value for name, value in row.items() if name != "resource_tags"}
    return plain | {f"resourceTags/{key}": value for key, value in tags.items()}


def _cur2(case: Case, folder: Path) -> None:
    rows = [_nested({**dict.fromkeys(ALWAYS, ""), **row}) for row in case.rows or ()]
    export, partition = folder / "exports" / REPORT, "BILLING_PERIOD=2026-10"
    name = f"{REPORT}-00001.snappy.parquet"
    (export / "data" / partition).mkdir(parents=True)
    (export / "metadata" / partition).mkdir(parents=True)
    schema = pa.schema([(name, _type(name)) for name in columns(rows)])
    table = pa.Table.from_pylist([{key: _typed(key, value) for key, value in row.items()} for row in rows], schema=schema)
    pq.write_table(table, export / "data" / partition / name)  # pyright: ignore[reportUnknownMemberType]
    manifest = {
        "exportName": REPORT,
        "billingPeriod": {"start": "2026-10-01T00:00:00.000Z", "end": "2026-11-01T00:00:00.000Z"},
        "dataFiles": [f"s3://bills/exports/{REPORT}/data/{partition}/{name}"],
        "compression": "PARQUET",
        "contentType": "Parquet",
        "executionId": ASSEMBLY,
        "columns": [{"category": "", "name": column} for column in columns(rows)],
    }
    (export / "metadata" / partition / f"{REPORT}-Manifest.json").write_text(json.dumps(manifest))


def _nested(row: Row) -> dict[str, object]:
    """CUR 2.0 keeps the tags in a map, the product's name and region in another, and spells ARNs out."""
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


def _bigquery(case: Case, folder: Path) -> None:
    account = str((case.rows or ({},))[0].get("billing_account_id")).replace("-", "_")
    folder.mkdir(parents=True, exist_ok=True)
    lines = (json.dumps({name: value for name, value in row.items() if value is not None}) for row in case.rows or ())
    (folder / f"gcp_billing_export_resource_v1_{account}.jsonl").write_text("".join(line + "\n" for line in lines))


def _cost_details(case: Case, folder: Path) -> None:
    for kind, rows in (("ActualCost", case.rows), ("AmortizedCost", case.amortised)):
        if rows is not None:
            header = columns([*(case.rows or ()), *(case.amortised or ())])
            _azure_run(folder, kind, _csv(rows, header=header), count=len(rows))


def _azure_run(folder: Path, kind: str, text: str, *, count: int) -> None:
    run = f"00000000-0000-4000-8000-{len(kind):012d}"
    at = f"costs/{kind.lower()}/20261001-20261031/{run}"
    (folder / at).mkdir(parents=True)
    blob = f"{at}/part_0_0001.csv"
    written = ("\ufeff" + text).encode()
    (folder / blob).write_bytes(written)
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
        "blobs": [{"blobName": blob, "byteCount": len(written), "dataRowCount": count}],
    }
    (folder / at / "manifest.json").write_text(json.dumps(manifest))


def _csv(rows: Iterable[Row], header: list[str] | None = None) -> str:
    kept = list(rows)
    out = io.StringIO()
    writer = csv.DictWriter(out, header or columns(kept), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(dict(row) for row in kept)
    return out.getvalue()
