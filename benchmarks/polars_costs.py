"""The first half of polars' way: what kind of line it is, its four costs and its prices, by the table of docs/focus.md."""

import polars as pl
from polars import coalesce, col, lit, when

FEES = ("RIFee", "SavingsPlanRecurringFee")
KINDS = {
    "Usage": "usage",
    "SavingsPlanCoveredUsage": "covered",
    "DiscountedUsage": "reserved",
    **dict.fromkeys(FEES, "recurring fee"),
    "SavingsPlanUpfrontFee": "upfront fee",
    "Fee": "fee",
    "FlatRateSubscription": "subscription",
    "Tax": "tax",
    "Credit": "credit",
    "Refund": "refund",
    **dict.fromkeys(("EdpDiscount", "PrivateRateDiscount"), "negotiated"),
    **dict.fromkeys(("BundledDiscount", "SppDiscount"), "discount"),
}
UNUSED_FEE = ("reservation_unused_amortized_upfront_fee_for_billing_period", "reservation_unused_recurring_fee")
COMMITTED, COMMITMENT_FEES = ["covered", "reserved", "unused"], ["recurring fee", "upfront fee", "fee refund"]


def case(*cases: tuple[pl.Expr, pl.Expr | str | float], other: pl.Expr | str | float | None = None) -> pl.Expr:
    """CASE WHEN … THEN … ELSE … END; a text is a text and no column."""
    result = lit(other) if not isinstance(other, pl.Expr) else other
    for test, value in reversed(cases):
        result = when(test).then(value if isinstance(value, pl.Expr) else lit(value)).otherwise(result)
    return result


def number(name: str) -> pl.Expr:
    """A number delivered as text."""
    return col(name).cast(pl.Float64)


def parts(raw: pl.LazyFrame) -> pl.LazyFrame:
    """The lines that count, and a second one for what nobody used of a recurring fee."""
    operation, line_type = col("line_item_operation"), col("line_item_line_item_type")
    counted = line_type.ne_missing("SavingsPlanNegation") & ~operation.is_in(["EKSPod-EC2", "ECSTask-EC2"]).fill_null(value=False)
    whole = raw.filter(counted & col("split_line_item_parent_resource_id").is_null()).with_columns(unused=lit(value=False))
    return pl.concat([whole, raw.filter(line_type.is_in(FEES)).with_columns(unused=lit(value=True))])


def costed(lines: pl.LazyFrame) -> pl.LazyFrame:
    """The kind of every line, then its four costs and its category."""
    line_type, kind, arn = col("line_item_line_item_type"), col("kind"), col("reservation_reservation_a_r_n")
    named = case(
        (col("unused"), "unused"),
        ((line_type == "Fee") & arn.is_not_null(), "upfront fee"),
        ((line_type == "Refund") & col("commitment").is_not_null(), "fee refund"),
        other=line_type.replace_strict(KINDS, default="unknown", return_dtype=pl.String),
    )
    left_over = number("savings_plan_total_commitment_to_date").fill_null(0) - number("savings_plan_used_commitment").fill_null(0)
    cost, public = col("line_item_unblended_cost").fill_null(0), col("pricing_public_on_demand_cost")
    public = case((public != 0, public), other=cost)
    effective = case(
        (kind == "covered", col("savings_plan_savings_plan_effective_cost").fill_null(0)),
        (kind == "reserved", col("reservation_effective_cost").fill_null(0)),
        (kind == "unused", case((line_type == "RIFee", pl.sum_horizontal(UNUSED_FEE)), other=left_over)),
        (kind.is_in(COMMITMENT_FEES), 0.0),
        other=cost,
    )
    not_contracted, not_listed = ["unused", "discount", "fee refund"], ["unused", "negotiated", "discount", "fee refund"]
    is_tax = (kind == "tax") | ((kind == "refund") & col("line_item_tax_type").is_not_null())
    purchase = kind.is_in([*COMMITMENT_FEES, "fee", "subscription"])
    return (
        lines.with_columns(commitment=coalesce("savings_plan_savings_plan_a_r_n", arn))
        .with_columns(kind=named)
        .with_columns(
            billed=case((kind.is_in(["covered", "unused"]), 0.0), other=cost),
            effective=effective,
            contracted=case((kind == "reserved", public), (kind.is_in(not_contracted), 0.0), other=cost),
            listed=case((kind.is_in(["usage", "covered", "reserved", "unknown"]), public), (kind.is_in(not_listed), 0.0), other=cost),
            category=case((purchase, "Purchase"), (is_tax, "Tax"), (kind == "credit", "Credit"), other="Usage"),
        )
    )


def priced(lines: pl.LazyFrame) -> pl.LazyFrame:
    """Quantity, SKU and unit prices."""
    amount, not_tax, public = col("line_item_usage_amount"), col("category") != "Tax", col("public_rate")
    one = case((col("billed") < 0, -1.0), other=1.0)
    ended = col("line_item_usage_end_date")
    return (
        lines.with_columns(rate=number("line_item_unblended_rate"), public_rate=number("pricing_public_on_demand_rate"))
        .with_columns(
            has_rate=coalesce("rate", "public_rate").is_not_null() & amount.is_not_null(),
            usage_end=case((ended.dt.second() == 59, ended.dt.truncate("1s").dt.offset_by("1s")), other=ended),
            sku=case((not_tax, coalesce("product_sku", "line_item_product_code"))),
        )
        .with_columns(quantity=case((not_tax, case((col("has_rate"), amount), other=one))))
        .with_columns(
            contracted_price=_price("contracted", case((col("kind") == "reserved", public), other=col("rate"))),
            list_price=_price("listed", public),
        )
    )


def _price(amount: str, price: pl.Expr) -> pl.Expr:
    """The stated price where it explains the amount, else the one that does."""
    explains = (price * col("quantity") - col(amount)).abs() <= 0.000001 * col(amount).abs()
    return case((explains, price), (col("quantity") != 0, col(amount) / col("quantity")))
