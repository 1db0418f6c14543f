"""Manifests say what belongs to a delivery, for which month and how new it is; all else beside them is left alone."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bursar.domain.errors import BillError
from bursar.ingestion.manifests import claims_of, is_manifest, newest, read_manifest, slug


def put(root: Path, key: str, content: str | bytes = b"rows") -> Path:
    """A file of the bucket's local copy."""
    path = root / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def cur(assembly: str, *keys: str, **more: object) -> str:
    """A legacy CUR manifest of October."""
    period = {"start": "20261001T000000.000Z", "end": "20261101T000000.000Z"}
    fields = {
        "assemblyId": assembly,
        "account": "123456789012",
        "reportName": "Finance_Report",
        "billingPeriod": period,
        "reportKeys": keys,
    }
    return json.dumps({**fields, **more})


def azure(run: str, submitted: str, *blobs: Mapping[str, object], kind: str = "ActualCost", start: str = "2026-10-01T00:00:00") -> str:
    """An Azure export manifest."""
    scope = "/providers/Microsoft.Billing/billingAccounts/80012345/providers/Microsoft.CostManagement/exports/acme"
    config = {"exportName": "acme", "resourceId": scope, "type": kind}
    return json.dumps({"exportConfig": config, "runInfo": {"runId": run, "submittedTime": submitted, "startDate": start}, "blobs": blobs})


def touch(path: Path, moment: datetime) -> None:
    """Set a file's time."""
    os.utime(path, (moment.timestamp(), moment.timestamp()))


@pytest.mark.parametrize(
    ("name", "is_one"),
    [("manifest.json", True), ("report-Manifest.json", True), ("Manifest.json", True), ("manifest.csv", False), ("mymanifest.json", False)],
)
def test_a_manifest_is_known_by_its_name(name: str, is_one: bool) -> None:
    """Each export names it differently; other JSON is not one."""
    assert is_manifest(Path(name)) == is_one


def test_a_cur_delivery_is_what_the_top_manifest_names(tmp_path: Path) -> None:
    """The assembly it names is live; older assemblies lie there still, and their newer file times mean nothing."""
    month = "cur/Finance_Report/20261001-20261101"
    for assembly in ("aaa", "bbb"):
        put(tmp_path, f"{month}/{assembly}/Finance_Report-1.csv.gz")
        put(tmp_path, f"{month}/{assembly}/Finance_Report-Manifest.json", cur(assembly, f"{month}/{assembly}/Finance_Report-1.csv.gz"))
    top = put(tmp_path, f"{month}/Finance_Report-Manifest.json", cur("bbb", f"{month}/bbb/Finance_Report-1.csv.gz"))
    touch(top, datetime(2026, 11, 2, tzinfo=UTC))
    touch(tmp_path / month / "aaa" / "Finance_Report-Manifest.json", datetime(2026, 11, 9, tzinfo=UTC))
    manifests = [found for path in sorted(tmp_path.rglob("*anifest.json")) if (found := read_manifest(path, root=tmp_path))]
    (live,) = newest(manifests).values()
    assert [part.path.parent.name for part in live.delivery.parts] == ["bbb"]
    assert live.delivery.exported_at == datetime(2026, 11, 2, tzinfo=UTC)
    assert (live.delivery.source, live.delivery.period) == ("aws-cur-finance-report-123456789012", "2026-10")
    assert live.claims == tmp_path / month


def test_a_cur_that_overwrites_has_no_assembly_folders(tmp_path: Path) -> None:
    """Parquet and overwritten reports lie beside their manifest; the assembly's id may tell the time."""
    put(tmp_path, "p/r/r/year=2026/month=10/r-1.snappy.parquet")
    path = put(tmp_path, "p/r/r/year=2026/month=10/r-Manifest.json", cur("20261103T041500Z", "p/r/r/year=2026/month=10/r-1.snappy.parquet"))
    found = read_manifest(path, root=tmp_path)
    assert found is not None
    assert [part.kind for part in found.delivery.parts] == ["parquet"]
    assert found.delivery.exported_at == datetime(2026, 11, 3, 4, 15, tzinfo=UTC)


def test_a_data_export_is_found_in_data_beside_metadata(tmp_path: Path) -> None:
    """CUR 2.0 that creates anew: the partition's own manifest goes before those of its executions; cases may differ."""
    data, meta = "x/finops/data/BILLING_PERIOD=2026-10", "x/finops/metadata/billing_period=2026-10"
    for stamp in ("20261023T041500Z-e1", "20261104T041500Z-e2"):
        put(tmp_path, f"{data}/{stamp}/finops-00001.csv.gz")
        put(
            tmp_path,
            f"{meta}/{stamp}/finops-Manifest.json",
            json.dumps({"dataFiles": [f"s3://acme/x/{data[2:]}/{stamp}/finops-00001.csv.gz"]}),
        )
    put(tmp_path, f"{meta}/finops-Manifest.json", json.dumps({"dataFiles": [f"s3://acme/{data}/20261104T041500Z-e2/finops-00001.csv.gz"]}))
    manifests = [found for path in sorted(tmp_path.rglob("*anifest.json")) if (found := read_manifest(path, root=tmp_path))]
    (live,) = newest(manifests).values()
    assert len(manifests) == 3
    assert [part.path.parent.name for part in live.delivery.parts] == ["20261104T041500Z-e2"]
    assert (live.delivery.source, live.delivery.exported_at) == ("aws-cur2-finops", datetime(2026, 11, 4, 4, 15, tzinfo=UTC))
    assert live.claims == tmp_path / data


def test_the_newest_run_of_an_azure_month_is_the_month(tmp_path: Path) -> None:
    """Runs lie side by side; the time of submission decides, and counts the manifest promises are kept."""
    month = "exports/acme/20261001-20261031"
    for run, submitted in (("r2", "2026-11-10T12:00:00.123Z"), ("r1", "2026-10-23T12:00:00Z")):
        put(tmp_path, f"{month}/{run}/part_0_0001.csv")
        blob = {"blobName": f"root/{month}/{run}/part_0_0001.csv", "byteCount": 4, "dataRowCount": 7}
        put(tmp_path, f"{month}/{run}/manifest.json", azure(run, submitted, blob))
    manifests = [found for path in sorted(tmp_path.rglob("manifest.json")) if (found := read_manifest(path, root=tmp_path))]
    (live,) = newest(manifests).values()
    (part,) = live.delivery.parts
    assert (part.path.parent.name, part.bytes, part.rows, live.delivery.rows) == ("r2", 4, 7, 7)
    assert (live.delivery.source, live.delivery.role, live.delivery.period) == ("azure-80012345", "actual", "2026-10")
    assert live.delivery.exported_at == datetime(2026, 11, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "export", "role", "source_format"),
    [
        ("ActualCost", "x", "actual", "azure-cost"),
        ("AmortizedCost", "x", "amortised", "azure-cost"),
        ("FocusCost", "x", "bill", "azure-focus"),
        ("", "acme-amortized", "amortised", "azure-cost"),
        ("", "acme-daily", "actual", "azure-cost"),
    ],
)
def test_an_azure_export_is_actual_or_amortised(tmp_path: Path, kind: str, export: str, role: str, source_format: str) -> None:
    """By its type; the older flat manifests have none, so their export's name tells."""
    put(tmp_path, f"{export}/20261001-20261031/r/part.csv")
    path = put(
        tmp_path, f"{export}/20261001-20261031/r/manifest.json", azure("r", "2026-11-10T12:00:00Z", {"blobName": "r/part.csv"}, kind=kind)
    )
    found = read_manifest(path, root=tmp_path)
    assert found is not None
    assert (found.delivery.role, found.delivery.format) == (role, source_format)


def test_counts_that_are_not_promised_are_not_checked(tmp_path: Path) -> None:
    """Older manifests say neither bytes nor rows."""
    put(tmp_path, "e/20261001-20261031/r/a.csv")
    path = put(tmp_path, "e/20261001-20261031/r/manifest.json", azure("r", "2026-11-10T12:00:00Z", {"blobName": "r/a.csv"}))
    found = read_manifest(path, root=tmp_path)
    assert found is not None
    assert (found.delivery.rows, found.delivery.parts[0].bytes) == (None, None)


def test_a_part_that_is_not_there_is_a_fault_that_names_it(tmp_path: Path) -> None:
    """Copied half, or manifest before data: the delivery is told with its cure and not read."""
    put(tmp_path, "m/a/r-1.csv.gz")
    path = put(tmp_path, "m/a/r-Manifest.json", cur("a", "m/a/r-1.csv.gz", "m/a/r-2.csv.gz"))
    found = read_manifest(path, root=tmp_path)
    assert found is not None
    assert found.delivery.fault is not None
    assert "r-2.csv.gz" in found.delivery.fault.cause
    assert found.delivery.fault.cure


def test_a_part_named_twice_is_read_once(tmp_path: Path) -> None:
    """The same key again would double its cost."""
    put(tmp_path, "m/a/r-1.csv.gz")
    path = put(tmp_path, "m/a/r-Manifest.json", cur("a", "m/a/r-1.csv.gz", "m/a/r-1.csv.gz"))
    found = read_manifest(path, root=tmp_path)
    assert found is not None
    assert len(found.delivery.parts) == 1


@pytest.mark.parametrize(
    "key",
    [
        "../../secret.csv",
        "a/../../../secret.csv",
        "{root}/secret.csv",
        "s3://b/{root}/secret.csv",
        "s3://b//{root}/secret.csv",
        "secret.csv",
    ],
)
def test_a_manifest_cannot_reach_outside_what_was_given(tmp_path: Path, key: str) -> None:
    """Neither '..' nor an absolute path nor a suffix names a file above the ingested folder."""
    put(tmp_path, "secret.csv", "BilledCost\n1\n")
    root = tmp_path / "given"
    path = put(root, "m/a/r-Manifest.json", cur("a", key.format(root=tmp_path)))
    found = read_manifest(path, root=root)
    assert found is not None
    assert found.delivery.fault is not None
    assert found.delivery.parts == ()


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"\xff\xfe",
        b"[" * 200_000,
        b'{"reportKeys": ["a"]}',
        b'{"reportKeys": null, "assemblyId": "a", "billingPeriod": {"start": "20261001"}, "reportName": "r"}',
        b'{"reportKeys": [], "assemblyId": "a", "billingPeriod": {"start": "soon"}, "reportName": "r"}',
        b'{"reportKeys": [], "assemblyId": "a", "billingPeriod": [], "reportName": "r"}',
        b'{"blobs": [{}]}',
        b'{"dataFiles": []}',
    ],
)
def test_a_damaged_manifest_is_named_with_its_cure(tmp_path: Path, content: bytes) -> None:
    """Cut, hostile or incomplete: the bill's fault, in words, and never another error."""
    path = put(tmp_path, "e/20261001-20261031/r/r-Manifest.json", content)
    with pytest.raises(BillError, match=r"r-Manifest\.json") as caught:
        read_manifest(path, root=tmp_path)
    assert caught.value.cure


@pytest.mark.parametrize("content", ["[]", "{}", '{"name": "package"}', "null"])
def test_other_json_is_no_manifest(tmp_path: Path, content: str) -> None:
    """A file that happens to be called so is none."""
    assert read_manifest(put(tmp_path, "manifest.json", content), root=tmp_path) is None


def test_a_damaged_manifest_still_claims_its_files(tmp_path: Path) -> None:
    """What belongs to a delivery that cannot be read is not ingested piece by piece."""
    data = put(tmp_path, "x/data/BILLING_PERIOD=2026-10/f.csv").parent
    manifest = put(tmp_path, "x/metadata/BILLING_PERIOD=2026-10/x-Manifest.json", "{")
    assert claims_of(manifest) == (manifest.parent, data)
    run = put(tmp_path, "e/20261001-20261031/r/manifest.json", "{")
    assert claims_of(run) == (run.parent,)


@pytest.mark.parametrize(
    ("text", "name"),
    [("AWS/Finance Report", "aws-finance-report"), ("../..", "unnamed"), ("ümlaut", "mlaut"), ("a" * 200, "a" * 96), (".x.", "x")],
)
def test_a_source_is_a_safe_folder_name(text: str, name: str) -> None:
    """Whatever a stranger calls an export, the folder is lower case and stays inside the lake."""
    assert slug(text) == name
