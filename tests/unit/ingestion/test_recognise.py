"""Everything below a path is a delivery, an invoice, a metric, a leftover or said to be unknown; nothing is counted twice."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from pathlib import Path

import duckdb
import pytest

from bursar.domain.errors import ConfigError
from bursar.ingestion.deliveries import Arrivals, Delivery
from bursar.ingestion.recognise import recognise
from tests.unit.ingestion.conftest import OpenWarehouse

FOCUS = "BilledCost,EffectiveCost,ListCost,ChargeCategory,BillingCurrency\n1,1,1,Usage,USD\n"
AZURE = "SubscriptionGuid,UsageDateTime,MeterCategory,ConsumedService,PreTaxCost,Currency\n"
INVOICE = "provider,billing_account_id,invoice_id,billing_period,issuer,currency,total,tax,issued_at\n"
METRICS = "metric,day,service,env,tenant,quantity\n"


def put(root: Path, *names: str, content: str = FOCUS) -> None:
    """Files below a folder."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)


def found(root: Path, *more: Path, named: str = "auto") -> Arrivals:
    """What lies there."""
    return recognise([root, *more], warehouse=OpenWarehouse(), named=named)


def parts(bills: Iterable[Delivery]) -> list[list[str]]:
    """The files of each delivery."""
    return sorted([part.path.name for part in bill.parts] for bill in bills)


def test_each_kind_of_file_goes_its_way(tmp_path: Path) -> None:
    """Bills, invoices, metrics and what nobody knows, told apart by their headers."""
    put(tmp_path, "bill.csv")
    put(tmp_path, "invoices.csv", content=INVOICE)
    put(tmp_path, "requests.csv", content=METRICS)
    put(tmp_path, "notes.csv", content="a,b\n1,2\n")
    put(tmp_path, "slides.pdf")
    put(tmp_path, "truth.json", ".hidden/bill.csv", ".bill.csv")
    arrived = found(tmp_path)
    assert parts(arrived.bills) == [["bill.csv"]]
    assert [path.name for path in (*arrived.invoices, *arrived.metrics, *arrived.ignored)] == ["invoices.csv", "requests.csv", "truth.json"]
    assert [(path.name, fault.cause.startswith(path.name), bool(fault.cure)) for path, fault in arrived.unknown] == [
        ("notes.csv", True, True),
        ("slides.pdf", True, True),
    ]


def test_an_unknown_file_shows_its_header_and_how_to_name_it(tmp_path: Path) -> None:
    """The reader sees what was read and what to type."""
    put(tmp_path, "notes.csv", content="alpha,beta\n")
    ((_, fault),) = found(tmp_path).unknown
    assert "alpha, beta" in fault.cause
    assert "--format" in fault.cure


@pytest.mark.parametrize(
    ("name", "content"), [("a.csv", b""), ("a.csv", b"\n"), ("a.jsonl", b""), ("a.parquet", b""), ("a.csv.gz", gzip.compress(b"", mtime=0))]
)
def test_an_empty_file_is_told_as_such(tmp_path: Path, name: str, content: bytes) -> None:
    """Not as a format nobody knows: there is nothing to name."""
    (tmp_path / name).write_bytes(content)
    ((_, fault),) = found(tmp_path).unknown
    assert (fault.cause, "--format" in fault.cure) == (f"{name}: is empty, or its first line is", False)


@pytest.mark.parametrize(
    "names",
    [
        ("part_0_0001.csv", "part_1_0001.csv"),
        ("bill-00001.csv", "bill-00002.csv", "bill-00010.csv"),
        ("000000000000.csv", "000000000001.csv"),
        ("Bill.001.csv", "bill.002.csv"),
        ("2026-10-00001.csv", "2026-10-00002.csv"),
    ],
)
def test_numbered_shards_are_one_delivery(tmp_path: Path, names: tuple[str, ...]) -> None:
    """Files of one folder and format that differ only in a number were exported together."""
    put(tmp_path, *names)
    assert [set(each) for each in parts(found(tmp_path).bills)] == [set(names)]


@pytest.mark.parametrize(
    "names",
    [
        ("bill-v1.csv", "bill-v2.csv"),
        ("bill_1.csv", "bill_2.csv"),
        ("bill.csv", "bill-1.csv"),
        ("bill (1).csv", "bill (2).csv"),
        ("bill-2026-09.csv", "bill-2026-10.csv"),
        ("bill_20261015.csv", "bill_20261031.csv"),
        ("a/bill-1.csv", "b/bill-2.csv"),
        ("actual-1.csv", "amortized-1.csv"),
    ],
)
def test_versions_dates_and_folders_are_deliveries_of_their_own(tmp_path: Path, names: tuple[str, ...]) -> None:
    """A month exported twice is not two halves of one: adding them would double it."""
    put(tmp_path, *names)
    assert len(found(tmp_path).bills) == 2


def test_shards_of_two_formats_are_two_deliveries(tmp_path: Path) -> None:
    """The name alone makes no delivery."""
    put(tmp_path, "x-1.csv")
    put(tmp_path, "x-2.csv", content=AZURE)
    assert sorted(bill.format for bill in found(tmp_path).bills) == ["azure-cost", "focus"]


def test_the_same_bill_in_two_kinds_of_file_is_two_deliveries(tmp_path: Path) -> None:
    """A CSV and its Parquet twin are not shards of one another, whatever number their name ends in."""
    put(tmp_path, "bill_180.csv")
    duckdb.sql("SELECT 1 AS BilledCost, 'Usage' AS ChargeCategory").write_parquet(str(tmp_path / "bill_180.parquet"))
    assert parts(found(tmp_path).bills) == [["bill_180.csv"], ["bill_180.parquet"]]


def test_a_file_given_twice_is_counted_once(tmp_path: Path) -> None:
    """Its folder and itself, a link and its target: the same charges are not charged twice."""
    put(tmp_path, "a/bill-1.csv")
    (tmp_path / "a" / "bill-2.csv").symlink_to(tmp_path / "a" / "bill-1.csv")
    arrived = found(tmp_path, tmp_path / "a", tmp_path / "a" / "bill-1.csv")
    assert parts(arrived.bills) == [["bill-1.csv"]]


def test_parquet_tells_by_its_columns(tmp_path: Path) -> None:
    """Read in the box, since a Parquet header is a parser's work."""
    path = tmp_path / "bill.parquet"
    duckdb.sql("SELECT 1 AS BilledCost, 'Usage' AS ChargeCategory").write_parquet(str(path))
    (tmp_path / "cut.parquet").write_bytes(path.read_bytes()[:-20])
    arrived = found(tmp_path)
    assert [bill.format for bill in arrived.bills] == ["focus"]
    ((bad, fault),) = arrived.unknown
    assert bad.name == "cut.parquet"
    assert str(tmp_path) not in fault.cause
    assert "\n" not in fault.cause


def test_a_named_format_is_taken_at_its_word(tmp_path: Path) -> None:
    """`--format` overrules the header of loose files; a name nobody knows is the operator's error."""
    put(tmp_path, "odd.csv", content="a,b\n")
    assert [bill.format for bill in found(tmp_path, named="azure-cost").bills] == ["azure-cost"]
    with pytest.raises(ConfigError, match="unknown format 'excel'"):
        found(tmp_path, named="excel")


def test_a_path_that_is_not_there_stops_before_anything_is_read(tmp_path: Path) -> None:
    """A typo on the command line is told, not passed over."""
    with pytest.raises(ConfigError, match="no such file or folder"):
        found(tmp_path, tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("name", "role"), [("EA_ActualCost.csv", "actual"), ("EA_AmortizedCost.csv", "amortised"), ("october.csv", "actual")]
)
def test_a_loose_azure_file_is_what_its_name_says(tmp_path: Path, name: str, role: str) -> None:
    """Both exports have the same columns."""
    put(tmp_path, name, content=AZURE)
    assert [bill.role for bill in found(tmp_path).bills] == [role]


def data_export(root: Path, *, manifest: str | None) -> None:
    """A data export of FOCUS with two files, one of which its manifest names."""
    put(root, "x/data/BILLING_PERIOD=2026-10/x-00001.csv", "x/data/BILLING_PERIOD=2026-10/x-00002.csv")
    if manifest is not None:
        put(root, "x/metadata/BILLING_PERIOD=2026-10/x-Manifest.json", content=manifest)


def test_files_a_manifest_does_not_name_are_leftovers(tmp_path: Path) -> None:
    """An orphan shard beside the live ones is counted and not read."""
    data_export(tmp_path, manifest=json.dumps({"dataFiles": ["s3://b/x/data/BILLING_PERIOD=2026-10/x-00001.csv"]}))
    put(tmp_path, "loose.csv")
    arrived = found(tmp_path)
    assert parts(arrived.bills) == [["loose.csv"], ["x-00001.csv"]]
    assert arrived.leftovers == 1


@pytest.mark.parametrize(
    ("folder", "names"),
    [
        ("x/data/BILLING_PERIOD=2026-10", ("x-00001.csv", "run/x-00002.csv")),
        ("r/20261001-20261101", ("assembly/r-00001.csv", "assembly/r-00002.csv")),
        ("e/20261001-20261031", ("202611041200/guid/part_0_0001.csv", "guid/part_1_0001.csv")),
    ],
)
def test_an_export_without_its_manifest_waits(tmp_path: Path, folder: str, names: tuple[str, ...]) -> None:
    """It is written last: what came before it is told as waiting and not read, unless a file is named or its format is."""
    put(tmp_path / folder, *names)
    put(tmp_path, "loose.csv")
    arrived = found(tmp_path)
    assert parts(arrived.bills) == [["loose.csv"]]
    assert arrived.leftovers == 0
    ((name, fault),) = arrived.waiting
    assert name == folder
    assert "waits for its manifest: 2 files" in fault.cause
    assert "bursar ingest FILE" in fault.cure
    assert sum(len(bill.parts) for bill in found(tmp_path, named="focus").bills) == 3
    (bill,) = recognise([tmp_path / folder / names[0]], warehouse=OpenWarehouse()).bills
    assert bill.source is None


def test_a_file_its_manifest_names_is_never_a_loose_one_too(tmp_path: Path) -> None:
    """Wherever it lies: legacy reports for Athena keep their manifest in the month's folder and their files elsewhere."""
    put(tmp_path, "r/r/year=2026/month=10/r-00001.csv")
    period = {"start": "20261001T000000.000Z", "end": "20261101T000000.000Z"}
    keys = ["r/r/year=2026/month=10/r-00001.csv"]
    told = {"assemblyId": "a", "account": "1", "reportName": "r", "reportKeys": keys, "billingPeriod": period}
    put(tmp_path, "r/20261001-20261101/r-Manifest.json", content=json.dumps(told))
    (bill,) = found(tmp_path).bills
    assert bill.source == "aws-cur-r-1"


def test_a_data_export_of_focus_is_focus(tmp_path: Path) -> None:
    """Its manifest looks like CUR 2.0's; its first file tells."""
    data_export(tmp_path, manifest=json.dumps({"dataFiles": ["x-00001.csv"]}))
    (bill,) = found(tmp_path).bills
    assert (bill.format, bill.source, bill.period) == ("aws-focus", "aws-cur2-x", "2026-10")


def test_files_of_a_damaged_manifest_are_not_taken_for_loose_ones(tmp_path: Path) -> None:
    """Half a delivery without its list is no bill; the manifest is said to be damaged and all else goes on."""
    data_export(tmp_path, manifest="{")
    put(tmp_path, "good/bill.csv")
    arrived = found(tmp_path)
    assert parts(arrived.bills) == [["bill.csv"]]
    assert [path.name for path, _ in arrived.unknown] == ["x-Manifest.json"]
    assert arrived.leftovers == 2


def test_deliveries_come_in_the_order_they_were_exported(tmp_path: Path) -> None:
    """Older first, and those that do not say by name, so that the same folder is always taken the same way."""
    put(tmp_path, "b.csv", "a.csv")
    for month, moment in (("20261001-20261031", "2026-11-09T00:00:00Z"), ("20260901-20260930", "2026-10-09T00:00:00Z")):
        put(tmp_path, f"e/{month}/r/p.csv", content=AZURE)
        manifest = {"blobs": [{"blobName": "r/p.csv"}], "runInfo": {"submittedTime": moment, "startDate": f"{month[:4]}-{month[4:6]}-01"}}
        put(tmp_path, f"e/{month}/r/manifest.json", content=json.dumps(manifest))
    assert [bill.period or bill.name for bill in found(tmp_path).bills] == ["2026-09", "2026-10", "a.csv", "b.csv"]
