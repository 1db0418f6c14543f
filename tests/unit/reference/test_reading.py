"""Headers, cells and stamps, in every spelling a provider has."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from reference.azure import block_size
from reference.case import utc
from reference.native import legacy_name
from reference.reading import aws_row, azure_name, gcp_row, snake
from reference.values import WrongBill, exclusive, moment, month_end, number, plain, text, twelve


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("lineItem/UsageStartDate", "line_item_usage_start_date"),
        ("product/ProductName", "product_product_name"),
        ("product/servicecode", "product_servicecode"),
        ("pricing/publicOnDemandCost", "pricing_public_on_demand_cost"),
        ("savingsPlan/SavingsPlanARN", "savings_plan_savings_plan_arn"),
        ("savingsPlan/SavingsPlanArn", "savings_plan_savings_plan_arn"),
        ("savings_plan_savings_plan_a_r_n", "savings_plan_savings_plan_arn"),
        ("reservation_reservation_arn", "reservation_reservation_arn"),
    ],
)
def test_aws_names_fold_to_one_spelling(written: str, read: str) -> None:
    """Legacy CSV, legacy Parquet and CUR 2.0 name the same column the same way once folded."""
    assert snake(written) == read


@pytest.mark.parametrize(
    "name", ["line_item_unblended_cost", "savings_plan_savings_plan_arn", "pricing_public_on_demand_rate", "product_sku"]
)
def test_a_legacy_name_folds_back(name: str) -> None:
    """What is written as a legacy header is read as the name it came from."""
    assert snake(legacy_name(name)) == name


def test_aws_tags_are_gathered() -> None:
    """A column for each tag, a prefix for each tag and a map hold the same tags."""
    assert aws_row({"resourceTags/user:Team": "a", "costCategory/Unit": "b", "resourceTags/user:x": ""}) == {
        "resource_tags": {"user:Team": "a"},
        "cost_category": {"Unit": "b"},
    }
    assert aws_row({"resource_tags": '{"user_team": "a"}', "product": {"product_name": "EC2"}}) == {
        "resource_tags": {"user_team": "a"},
        "cost_category": {},
        "product_product_name": "EC2",
    }


def test_gcp_structs_become_dotted_names() -> None:
    """A nested row and a flat dump have the same names."""
    nested = {"service": {"id": "1"}, "project": {"id": "p", "labels": []}, "credits": [{"amount": 1}]}
    flat = {"service.id": "1", "project.id": "p", "project.labels": "[]", "credits": "[{'amount': 1}]"}
    assert gcp_row(nested) == gcp_row(flat)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("\ufeffCostInBillingCurrency".lstrip("\ufeff"), "costinbillingcurrency"),
        ("Maßeinheit (UnitOfMeasure)", "unitofmeasure"),
        ("meterSubcategory", "metersubcategory"),
    ],
)
def test_azure_names_fold_to_one_spelling(written: str, read: str) -> None:
    """Case, language and marks do not matter."""
    assert azure_name(written) == read


@pytest.mark.parametrize(
    ("unit", "size"),
    [("1 Hour", 1), ("100 Hours", 100), ("10K", 10_000), ("1M", 1_000_000), ("1 MB", 1), ("1/Month", 1), ("1 GB/Month", 1), ("Hours", 1)],
)
def test_how_many_units_a_block_holds(unit: str, size: int) -> None:
    """A block is its leading number, times its multiple."""
    assert block_size(unit) == size


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("1.23E-8", "0.000000012300"),
        (1.23e-8, "0.000000012300"),
        ("0.0000000000005", "0.000000000001"),
        ("-0.0000000000005", "-0.000000000001"),
        ("0.00000000000049", "0.000000000000"),
        (3, "3.000000000000"),
        (0.1, "0.100000000000"),
        ("-2", "-2.000000000000"),
    ],
)
def test_numbers_keep_twelve_digits(written: object, read: str) -> None:
    """Text, integers and doubles become Decimals, half up at the twelfth digit, and -2 is a number of money."""
    assert number({"cost": written}, "cost") == Decimal(read)


@pytest.mark.parametrize("nothing", ["", "NULL", "null", "N/A", " ", None])
def test_words_for_nothing(nothing: object) -> None:
    """What means no value is no number and no text."""
    assert number({"cost": nothing}, "cost") is None
    assert text({"id": nothing}, "id") is None


def test_ids_that_are_none() -> None:
    """-2 and Unassigned are no ids, leading zeros stay."""
    assert text({"a": "-2", "b": "Unassigned", "c": "000123"}, "a", "b", "c") == "000123"


def test_a_number_that_is_none_is_an_error() -> None:
    """Money that does not parse is never zero."""
    with pytest.raises(WrongBill, match="no number"):
        number({"cost": "1,5"}, "cost")


@pytest.mark.parametrize(
    "written",
    [
        "2026-10-07T04:00:00Z",
        "2026-10-07T04:00:00.000Z",
        "2026-10-07 04:00:00 UTC",
        "2026-10-07 06:00:00+02:00",
        "2026-10-07T04:00:00",
        datetime(2026, 10, 7, 4, tzinfo=UTC),
    ],
)
def test_stamps_are_utc(written: object) -> None:
    """Zone or none, fraction or none: the same moment."""
    assert moment(written) == utc("2026-10-07 04:00")


@pytest.mark.parametrize("written", ["10/07/2026", "10/7/2026", "10/7/26", "2026-10-07", date(2026, 10, 7)])
def test_days_in_every_spelling(written: object) -> None:
    """Month before day where there are slashes."""
    assert moment(written) == utc("2026-10-07")


def test_ends_are_exclusive() -> None:
    """The last second of an hour stands for the next hour, all other ends for themselves."""
    assert exclusive(utc("2026-10-31 23:59:59")) == utc("2026-11-01")
    assert exclusive(utc("2026-10-31 23:59:00")) == utc("2026-10-31 23:59:00")
    assert month_end(utc("2026-12-31 05:00")) == utc("2027-01-01")


def test_arrays_as_text() -> None:
    """JSON and single-quoted text hold the same array."""
    assert plain("[{'a': None, 'b': True}]") == plain('[{"a": null, "b": true}]')
    assert plain("no array") is None


@pytest.mark.parametrize(
    ("ratio", "read"),
    [(Fraction(2, 3), "0.666666666667"), (Fraction(-2, 3), "-0.666666666667"), (Fraction(1, 2 * 10**12), "0.000000000001")],
)
def test_ratios_end_at_twelve_digits(ratio: Fraction, read: str) -> None:
    """What never ends is rounded half up, away from zero."""
    assert twelve(ratio) == Decimal(read)
