"""A file says what it is in its header, whatever its case, spelling or language."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from bursar.domain.errors import BillError
from bursar.ingestion.families import FAMILIES, family
from bursar.ingestion.signatures import FORMATS, HEADER_BYTES, format_of, header_of, kind_of

HEADERS = {
    "aws-cur": [
        "identity/LineItemId,bill/PayerAccountId,lineItem/LineItemType,lineItem/UnblendedCost,resourceTags/user:Team",
        "identity_line_item_id,bill_payer_account_id,line_item_line_item_type,line_item_unblended_cost,resource_tags_user_team",
    ],
    "aws-cur2": [
        "bill_payer_account_id,line_item_line_item_type,line_item_unblended_cost,resource_tags,product,discount",
        "bill_payer_account_id,bill_payer_account_name,line_item_line_item_type,line_item_unblended_cost",
    ],
    "aws-focus": ["BilledCost,EffectiveCost,ListCost,ChargeCategory,x_ServiceCode,x_Operation,x_UsageType,x_Discounts"],
    "gcp-focus": ["BilledCost,EffectiveCost,ListCost,ChargeCategory,x_ConsumptionModelId,x_Credits"],
    "azure-focus": [
        "BilledCost,EffectiveCost,ListCost,ChargeCategory,x_SkuMeterId,x_ResourceGroupName",
        "billedcost,chargecategory,x_BillingProfileId",
    ],
    "focus": ["BilledCost,EffectiveCost,ListCost,ChargeCategory,ServiceName", "\ufeffBilledCost,ChargeCategory"],
    "gcp-detailed": [
        "billing_account_id,service.description,cost,cost_type,invoice.month,resource.name",
        "billing_account_id,service,cost,cost_type,invoice,credits",
    ],
    "azure-cost": [
        "InvoiceSectionName,AccountName,SubscriptionId,MeterCategory,MeterId,Quantity,CostInBillingCurrency,BillingCurrencyCode,ChargeType",
        "invoiceId,billingProfileId,meterCategory,meterId,costInBillingCurrency,chargeType",
        "SubscriptionGuid,UsageDateTime,MeterCategory,ConsumedService,PreTaxCost,Currency",
        "AbonnementGuid (SubscriptionGuid),Messkategorie (MeterCategory),Kosten (Cost),Datum (Date)",
        "Subscription Id,Meter Category,Cost,Date",
    ],
    "oci": ["lineItem/referenceNo,lineItem/tenantId,cost/myCost,cost/currencyCode"],
    "invoice": ["provider,billing_account_id,invoice_id,billing_period,issuer,currency,total,tax,issued_at"],
    "metrics": ["metric,day,service,env,tenant,quantity"],
}
CASES = [(name, header) for name, headers in HEADERS.items() for header in headers]


@pytest.mark.parametrize(("name", "header"), CASES)
def test_every_format_is_known_by_its_header(tmp_path: Path, name: str, header: str) -> None:
    """Each variant of each format, read from a file, plain and packed."""
    plain, packed = tmp_path / "x.csv", tmp_path / "y.csv.gz"
    plain.write_text(f"{header}\nrest\n", "utf-8")
    packed.write_bytes(gzip.compress(f"{header}\r\nrest\r\n".encode()))
    assert {format_of(header_of(path, "csv")) for path in (plain, packed)} == {name}


def test_every_format_that_may_be_named_is_tested_and_read() -> None:
    """No format is offered that nothing recognises, and every bill's belongs to a family."""
    assert set(HEADERS) == set(FORMATS)
    assert set(FORMATS) - {"invoice", "metrics"} <= {name for one in FAMILIES for name in family(one).formats}


@pytest.mark.parametrize("header", ["", "a,b,c", "cost,total", "BilledCost,Other", "provider,total", "metric,value", "referenceNo,myCost"])
def test_a_header_nobody_writes_is_no_format(header: str) -> None:
    """Half a resemblance is none."""
    assert format_of(header.split(",")) is None


def test_nested_json_keys_are_its_header(tmp_path: Path) -> None:
    """The keys of the first object, members joined by dots."""
    path = tmp_path / "gcp.jsonl"
    path.write_text('{"billing_account_id": "A", "cost_type": "regular", "invoice": {"month": "202610"}, "credits": [{"amount": 1}]}\n{}')
    header = header_of(path, "ndjson")
    assert header == ("billing_account_id", "cost_type", "invoice", "invoice.month", "credits")
    assert format_of(header) == "gcp-detailed"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.csv", "csv"),
        ("A.CSV.GZ", "csv"),
        ("a.txt", "csv"),
        ("a.snappy.parquet", "parquet"),
        ("a.jsonl", "ndjson"),
        ("a.json.gz", "ndjson"),
        ("a.ndjson", "ndjson"),
        ("a.csv.zip", None),
        ("a.pdf", None),
        ("csv", None),
    ],
)
def test_a_name_tells_how_a_file_is_written(name: str, kind: str | None) -> None:
    """By its suffix, packed or not, in any case."""
    assert kind_of(Path(name)) == kind


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cut.csv.gz", gzip.compress(b"BilledCost,ChargeCategory\n" * 200, mtime=0)[:12]),
        ("not.csv.gz", b"plain text"),
        ("empty.csv.gz", b"\x1f\x8b\x08"),
        ("list.jsonl", b"[1, 2"),
        ("array.json", b"[]"),
        ("deep.jsonl", b"[" * 100_000),
        ("long.csv", b'"' + b"x" * 200_000 + b'",b'),
        ("gone.csv", None),
    ],
)
def test_damage_is_the_bills_and_named(tmp_path: Path, name: str, content: bytes | None) -> None:
    """Cut, mislabelled, hostile or unreadable: an error that names the file and what to do."""
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    kind = kind_of(path)
    assert kind is not None
    with pytest.raises(BillError, match=name) as caught:
        header_of(path, kind)
    assert caught.value.cure


@pytest.mark.parametrize("content", ["", "\n", "   \n"])
def test_an_empty_file_has_an_empty_header(tmp_path: Path, content: str) -> None:
    """Nothing to recognise, nothing to break."""
    for name in ("a.csv", "a.jsonl"):
        (tmp_path / name).write_text(content)
        kind = kind_of(tmp_path / name)
        assert kind is not None
        assert header_of(tmp_path / name, kind) == ()


def test_only_the_head_of_a_bomb_is_unpacked(tmp_path: Path) -> None:
    """A header is looked for in the first megabyte, however much a file unpacks to."""
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(b"a," * (32 << 20), compresslevel=1))
    assert sum(len(name) + 1 for name in header_of(path, "csv")) <= HEADER_BYTES + 1
