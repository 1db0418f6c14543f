"""What `ingestion/focus/aws.sql` does, in polars: the yardstick of the normalise measurement.

It gives the same 88 columns. What it leaves out is in its favour: only this layout of CUR 2.0 is read (no aliases, no net columns),
empty texts stay texts, amounts are floats until they are written (inexact above 9,000), discounts, of which the month has none,
are not made JSON, the file is named by its path, and the month is looked up once instead of taken from every line.
"""

from collections.abc import Sequence
from pathlib import Path

import polars as pl
from polars import coalesce, col, lit

from benchmarks.polars_costs import COMMITMENT_FEES, COMMITTED, case, costed, number, parts, priced
from bursar.ingestion.columns import focus_columns

MONEY = pl.Decimal(38, 12)
MAP = pl.Map(pl.String, pl.String)
TYPES = {"VARCHAR": pl.String, "DECIMAL(38,12)": MONEY, "TIMESTAMP": pl.Datetime("us"), "MAP(VARCHAR, VARCHAR)": MAP}
REFERENCES = Path(__file__).parents[1] / "src/bursar/ingestion/reference"


def write(files: Sequence[Path], out: Path) -> None:
    """Turn CUR 2.0 files into one Parquet file of FOCUS rows."""
    raw = pl.scan_parquet(list(files), include_file_paths="source_file", hive_partitioning=False)
    month = raw.select(col("bill_billing_period_start_date").first()).collect().item()
    services = pl.scan_csv(REFERENCES / "aws_services.csv", infer_schema=False)
    regions = pl.scan_csv(REFERENCES / "aws_regions.csv", infer_schema=False)
    lines = (
        priced(costed(parts(raw)))
        .join(services, left_on="line_item_product_code", right_on="product_code", how="left")
        .join(regions, left_on="product_region_code", right_on="region_id", how="left")
    )
    given = {**_amounts(), **_charge(), **_commitment(), **_who(f"{month:%Y-%m}"), **_what()}
    columns = [given.get(one.name, lit(None)).cast(TYPES[one.type]).alias(one.name) for one in focus_columns()]
    lines.select(columns).sink_parquet(out, compression="zstd", compression_level=1, maintain_order=False)


def _amounts() -> dict[str, pl.Expr]:
    unit, currency, has_rate = col("pricing_unit").fill_null("Units"), col("line_item_currency_code"), col("has_rate")
    used = (col("category") == "Usage") & (col("kind") != "unused")
    billed, effective, contracted, listed = (col(one).cast(MONEY) for one in ("billed", "effective", "contracted_price", "list_price"))
    return {
        "BilledCost": billed,
        "EffectiveCost": effective,
        "ContractedCost": col("contracted"),
        "ListCost": col("listed"),
        "PricingQuantity": col("quantity"),
        "PricingUnit": case((col("category") != "Tax", case((has_rate, unit), other="Units"))),
        "ContractedUnitPrice": contracted,
        "ListUnitPrice": listed,
        "ConsumedQuantity": case((used, case((has_rate, col("line_item_usage_amount")), other=0.0))),
        "ConsumedUnit": case((used, unit)),
        "BillingCurrency": currency,
        "PricingCurrency": currency,
        "PricingCurrencyEffectiveCost": effective,
        "x_BilledCostInUsd": case((currency == "USD", billed)),
    }


def _charge() -> dict[str, pl.Expr]:
    kind, category, start, usage_type = col("kind"), col("category"), col("line_item_usage_start_date"), col("line_item_usage_type")
    month = col("bill_billing_period_start_date").dt.truncate("1mo")
    spot = usage_type.str.contains("SpotUsage", literal=True)
    return {
        "ChargeCategory": category,
        "ChargeClass": case((kind.is_in(["refund", "fee refund"]) & (start < month), "Correction")),
        "ChargeDescription": col("line_item_line_item_description"),
        "ChargeFrequency": case(
            (kind.is_in(["recurring fee", "subscription"]), "Recurring"), (category == "Usage", "Usage-Based"), other="One-Time"
        ),
        "ChargePeriodStart": start,
        "ChargePeriodEnd": case((col("usage_end") > start, col("usage_end")), other=start.dt.offset_by("1h")),
        "BillingPeriodStart": month,
        "BillingPeriodEnd": month.dt.offset_by("1mo"),
        "PricingCategory": case(
            (kind.is_in(COMMITTED), "Committed"), (category.is_in(["Usage", "Purchase"]), case((spot, "Dynamic"), other="Standard"))
        ),
    }


def _commitment() -> dict[str, pl.Expr]:
    kind, usage_type, amount = col("kind"), col("line_item_usage_type"), col("line_item_usage_amount")
    held = kind.is_in([*COMMITTED, *COMMITMENT_FEES]) & col("commitment").is_not_null()
    spend = held & col("savings_plan_savings_plan_a_r_n").is_not_null()
    total = number("savings_plan_total_commitment_to_date")
    spent = case(
        (kind == "covered", col("savings_plan_savings_plan_effective_cost").fill_null(col("effective"))),
        (kind == "unused", (total - number("savings_plan_used_commitment")).fill_null(0)),
        other=total.fill_null(col("line_item_unblended_cost").abs()),
    )
    units = case(
        (kind == "unused", col("reservation_unused_normalized_unit_quantity")),
        (kind == "reserved", coalesce("line_item_normalized_usage_amount", amount)),
        other=coalesce(number("reservation_total_reserved_normalized_units"), amount),
    )
    hosts = (col("line_item_line_item_type") == "RIFee") & usage_type.str.contains("HostUsage", literal=True)
    return {
        "CommitmentDiscountId": case((held, col("commitment"))),
        "CommitmentDiscountCategory": case((spend, "Spend"), (held, "Usage")),
        "CommitmentDiscountType": case((spend, col("savings_plan_offering_type").fill_null("Savings Plan")), (held, "Reserved Instance")),
        "CommitmentDiscountStatus": case((held & kind.is_in(COMMITTED), case((kind == "unused", "Unused"), other="Used"))),
        "CommitmentDiscountQuantity": case((spend, spent), (held, units.fill_null(0))),
        "CommitmentDiscountUnit": case((spend, col("line_item_currency_code")), (held, "Normalized Units")),
        "x_AmortizationClass": case((((kind == "reserved") & col("reservation_effective_cost").is_null()) | hosts, "None")),
    }


def _who(month: str) -> dict[str, pl.Expr]:
    issuer = coalesce("bill_invoicing_entity", "bill_billing_entity", lit("AWS"))
    payer, account, seller = col("bill_payer_account_id"), col("line_item_usage_account_id"), col("line_item_legal_entity")
    market = col("bill_billing_entity") == "AWS Marketplace"
    open_key = pl.concat_str([payer, lit(month), issuer, lit("open")], separator=":", ignore_nulls=True)
    return {
        "BillingAccountId": payer,
        "BillingAccountName": col("bill_payer_account_name"),
        "BillingAccountType": lit("Management Account"),
        "SubAccountId": account,
        "SubAccountName": col("line_item_usage_account_name"),
        "SubAccountType": case((account.is_not_null(), "Account")),
        "InvoiceId": col("bill_invoice_id"),
        "x_InvoiceKey": coalesce("bill_invoice_id", open_key),
        "x_BillType": col("bill_bill_type"),
        "InvoiceIssuerName": issuer,
        "ProviderName": lit("AWS"),
        "PublisherName": case((market, seller.fill_null("Unknown")), other="AWS"),
        "ServiceProviderName": case((market, seller.fill_null("AWS")), other="AWS"),
        "HostProviderName": case((market | (col("category") == "Tax"), "Not Applicable"), other="AWS"),
        "x_Provider": lit("aws"),
        "x_SourceFormat": lit("aws-cur2"),
        "x_SnapshotId": lit("0" * 64),
        "x_SourceFile": col("source_file"),
    }


def _what() -> dict[str, pl.Expr]:
    product, resource, region, sku = col("line_item_product_code"), col("line_item_resource_id"), col("product_region_code"), col("sku")
    code, usage_type = col("pricing_rate_code"), col("line_item_usage_type")
    price_id = pl.concat_str([sku, coalesce(code, "pricing_rate_id", usage_type)], separator=".", ignore_nulls=True)
    key, value = pl.element().struct.field("key"), pl.element().struct.field("value")
    owned = key.str.strip_prefix("user_").str.replace("^aws_", "aws:")
    tags = col("resource_tags").map.entries().list.eval(pl.struct(key=owned, value=value)).list.to_map()
    return {
        "ServiceName": coalesce(col("product").map.get(lit("product_name")), "service_name", product, lit("AWS")),
        "ServiceCategory": col("service_category").fill_null("Other"),
        "ServiceSubcategory": col("service_subcategory").fill_null("Other (Other)"),
        "x_ServiceCode": product,
        "SkuId": sku,
        "SkuPriceId": case((code.str.starts_with(sku), code), (sku.is_not_null(), price_id)),
        "SkuMeter": case((col("category") != "Tax", usage_type)),
        "ResourceId": resource,
        "ResourceType": case((resource.is_not_null(), coalesce("product_product_family", product))),
        "RegionId": region,
        "RegionName": coalesce("region_name", region),
        "AvailabilityZone": col("line_item_availability_zone"),
        "Tags": case((col("resource_tags").map.len() > 0, tags)),
        "x_CostCategories": case((col("cost_category").map.len() > 0, col("cost_category"))),
        "x_Discounts": case((col("discount").map.len() > 0, col("discount"))),
        "x_UsageType": usage_type,
        "x_Operation": col("line_item_operation"),
        "x_SourceChargeType": col("line_item_line_item_type"),
    }
