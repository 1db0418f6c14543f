"""Lines of AWS as a legacy Cost and Usage Report: csv.gz in an assembly folder, the manifest beside and within."""

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from bursar.adapters.clouds.simulated import packed
from bursar.adapters.clouds.simulated.amounts import UNIT, text
from bursar.adapters.clouds.simulated.aws.cur2 import Execution, stretch
from bursar.adapters.clouds.simulated.aws.lines import Item, Run
from bursar.adapters.clouds.simulated.draws import Draws
from bursar.domain.periods import Period

REPORT = "globex"
_ODD = {
    "pricing_currency": "pricing/currency", "pricing_term": "pricing/term", "pricing_unit": "pricing/unit",
    "pricing_public_on_demand_cost": "pricing/publicOnDemandCost", "pricing_public_on_demand_rate": "pricing/publicOnDemandRate",
    "product_product_name": "product/ProductName", "savings_plan_savings_plan_a_r_n": "savingsPlan/SavingsPlanARN",
    "reservation_reservation_a_r_n": "reservation/ReservationARN",
}  # fmt: skip
_CATEGORIES = {
    "identity": "identity", "bill": "bill", "line_item": "lineItem", "product": "product", "pricing": "pricing",
    "reservation": "reservation", "savings_plan": "savingsPlan", "split_line_item": "splitLineItem",
}  # fmt: skip
_VARYING = (
    "identity_line_item_id", "identity_time_interval", "line_item_usage_start_date", "line_item_usage_end_date",
    "line_item_usage_amount", "line_item_unblended_cost", "line_item_blended_cost", "line_item_net_unblended_cost",
    "pricing_public_on_demand_cost", "reservation_effective_cost", "reservation_net_effective_cost",
    "savings_plan_savings_plan_effective_cost", "savings_plan_net_savings_plan_effective_cost",
)  # fmt: skip
_CONSTANT = (
    "bill_invoice_id", "bill_invoicing_entity", "bill_billing_entity", "bill_bill_type", "bill_payer_account_id",
    "bill_billing_period_start_date", "bill_billing_period_end_date", "line_item_usage_account_id", "line_item_line_item_type",
    "line_item_product_code", "line_item_usage_type", "line_item_operation", "line_item_availability_zone",
    "line_item_resource_id", "line_item_currency_code", "line_item_unblended_rate", "line_item_blended_rate",
    "line_item_line_item_description", "line_item_tax_type", "line_item_legal_entity", "product_product_name",
    "product_instance_type", "product_location", "product_location_type", "product_operation", "product_product_family",
    "product_region_code", "product_servicecode", "product_sku", "product_usagetype", "pricing_lease_contract_length",
    "pricing_offering_class", "pricing_purchase_option", "pricing_rate_code", "pricing_rate_id", "pricing_currency",
    "pricing_public_on_demand_rate", "pricing_term", "pricing_unit", "reservation_reservation_a_r_n",
    "reservation_amortized_upfront_fee_for_billing_period", "reservation_net_amortized_upfront_fee_for_billing_period",
    "reservation_end_time", "reservation_start_time", "reservation_number_of_reservations", "reservation_subscription_id",
    "reservation_total_reserved_units", "reservation_units_per_reservation", "reservation_unused_quantity",
    "reservation_unused_amortized_upfront_fee_for_billing_period", "reservation_unused_recurring_fee",
    "reservation_net_unused_amortized_upfront_fee_for_billing_period", "reservation_net_unused_recurring_fee",
    "reservation_upfront_value", "reservation_net_upfront_value", "savings_plan_total_commitment_to_date",
    "savings_plan_used_commitment", "savings_plan_savings_plan_a_r_n", "savings_plan_savings_plan_rate",
    "savings_plan_amortized_upfront_commitment_for_billing_period", "savings_plan_recurring_commitment_for_billing_period",
    "savings_plan_net_amortized_upfront_commitment_for_billing_period", "savings_plan_net_recurring_commitment_for_billing_period",
    "savings_plan_start_time", "savings_plan_end_time", "savings_plan_offering_type", "savings_plan_payment_option",
    "savings_plan_purchase_term", "savings_plan_region", "split_line_item_parent_resource_id", "split_line_item_actual_usage",
    "split_line_item_reserved_usage", "split_line_item_split_usage", "split_line_item_split_usage_ratio",
    "split_line_item_split_cost", "split_line_item_unused_cost", "split_line_item_net_split_cost", "split_line_item_net_unused_cost",
    "split_line_item_public_on_demand_split_cost", "split_line_item_public_on_demand_unused_cost",
)  # fmt: skip
_TAGS = (
    "aws:autoscaling:groupName", "aws:createdBy", "aws:eks:cluster-name", "aws:eks:namespace", "user:CostCenter",
    "user:Environment", "user:Name", "user:Owner", "user:Service", "user:Team", "user:kubernetes.io/created-for/pvc/name", "user:team",
)  # fmt: skip
_COST_CATEGORIES = ("Team",)


def header(name: str) -> str:
    """A CUR 2.0 column name as the legacy report writes it: `line_item_usage_type` → `lineItem/UsageType`."""
    if name in _ODD:
        return _ODD[name]
    prefix = max((prefix for prefix in _CATEGORIES if name.startswith(f"{prefix}_")), key=len)
    words = name.removeprefix(f"{prefix}_").split("_")
    camel = "".join(word.capitalize() for word in words)
    if prefix in {"product", "pricing"} and name != "product_product_name":
        camel = camel if prefix == "pricing" else camel[0].lower() + camel[1:]
    return f"{_CATEGORIES[prefix]}/{camel}"


def headers() -> list[str]:
    """The header line's names, in order."""
    return [
        *(header(name) for name in (*_VARYING, *_CONSTANT)),
        *(f"resourceTags/{tag}" for tag in _TAGS),
        *(f"costCategory/{name}" for name in _COST_CATEGORIES),
    ]


def write(root: Path, month: Period, runs: Iterable[Run], *, execution: Execution, chunk_rows: int, account: str) -> int:
    """Write one assembly and, last of all, the manifest in it and beside it, as old as the export. Returns the number of native rows.

    No legacy report says when it ran; what was synced from a bucket keeps its time.
    """
    period = f"{month.start:%Y%m%d}-{month.end:%Y%m%d}"
    folder = root / REPORT / period
    keys: list[str] = []
    rows = 0
    assembly, at = execution.ident, execution.at.timestamp()
    lines = _lines(month, runs, assembly)
    while chunk := list(islice(lines, chunk_rows)):
        name = f"{REPORT}-{len(keys) + 1:05d}.csv.gz"
        packed.write(folder / assembly / name, [_row(headers()), *chunk])
        keys.append(f"cur/{REPORT}/{period}/{assembly}/{name}")
        rows += len(chunk)
    manifest = _manifest(month, keys, assembly=assembly, account=account)
    for target in (folder / assembly, folder):
        file = target / f"{REPORT}-Manifest.json"
        file.write_text(manifest, encoding="utf-8")
        os.utime(file, (at, at))
    return rows


def _lines(month: Period, runs: Iterable[Run], assembly: str) -> Iterator[str]:
    number = 0
    prefix = Draws(0, "lines", month, assembly).text(20)
    known: tuple[Item | None, str] = (None, "")
    for run in runs:
        if run.item is not known[0]:
            known = (run.item, _row(_constants(run.item)))
        for values in _varying(month, run):
            number += 1
            yield f"{prefix}{number:012d},{values},{known[1]}"


def _varying(month: Period, run: Run) -> Iterator[str]:
    """The changing columns of a run's lines, in the order of `_VARYING` without the line's id."""
    item = run.item
    is_plan, is_reserved = item.type == "SavingsPlanCoveredUsage", item.type == "DiscountedUsage"
    for index, moment in enumerate(run.moments):
        starts, ends = stretch(month, moment)
        cost, public = run.cost[index], run.public[index]
        quantity = text((cost or public) * UNIT // item.rate) if item.rate else "1"
        effective = (text(run.gross[index]), text(run.effective[index]))
        values = (
            f"{starts}/{ends}", starts, ends, quantity, text(cost), text(cost * 98 // 100), _net(run, index),
            text(public) if public else "", *(effective if is_reserved else ("", "")), *(effective if is_plan else ("", "")),
        )  # fmt: skip
        yield ",".join(values)


def _net(run: Run, index: int) -> str:
    """Net cost; left empty where AWS leaves it empty: on taxes, and on every other discount line."""
    if run.item.type == "Tax" or (run.item.type.endswith("Discount") and run.moments[index] // 24_000 % 2):
        return ""
    return text(run.net[index])


def _constants(item: Item) -> list[str]:
    return [
        *(item.columns.get(name, "") for name in _CONSTANT),
        *(item.tags.get(tag, "") for tag in _TAGS),
        *(item.categories.get(name, "") for name in _COST_CATEGORIES),
    ]


def _row(values: Sequence[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(values)
    return buffer.getvalue()


def _manifest(month: Period, keys: list[str], *, assembly: str, account: str) -> str:
    pairs = [name.split("/", 1) for name in headers()]
    return json.dumps(
        {
            "assemblyId": assembly,
            "account": account,
            "columns": [{"category": category, "name": name} for category, name in pairs],
            "charset": "UTF-8",
            "compression": "GZIP",
            "contentType": "text/csv",
            "reportId": Draws(0, "report", REPORT).text(64),
            "reportName": REPORT,
            "billingPeriod": {"start": f"{month.start:%Y%m%d}T000000.000Z", "end": f"{month.end:%Y%m%d}T000000.000Z"},
            "bucket": "globex-billing",
            "reportKeys": keys,
            "additionalArtifactKeys": [],
        },
        indent=2,
    )
